# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
#
# Toolchain of the preset "clang": the newest clang++ from 16 to 19 (older ones lack C++20 that
# libstdc++ needs). -DSETTLE_CLANG=/path/to/clang++ names another.

find_program(SETTLE_CLANG NAMES clang++-19 clang++-18 clang++-17 clang++-16)
if(NOT SETTLE_CLANG)
  message(FATAL_ERROR "no clang++-16 ... clang++-19 on the path; ./dev test installs one")
endif()
set(CMAKE_CXX_COMPILER "${SETTLE_CLANG}")
