# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
#
# What only a build of settle itself uses; nothing here reaches a user of the library.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

if(NOT DEFINED CMAKE_CXX_EXTENSIONS)
  set(CMAKE_CXX_EXTENSIONS OFF)
endif()
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Every header compiles alone: target all_verify_interface_header_sets.
if(NOT DEFINED CMAKE_VERIFY_INTERFACE_HEADER_SETS)
  set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
endif()

# ccache, when it is there. The sloppiness is what it needs to cache with a precompiled header; with
# paths relative to the checkout, one checkout finds what another compiled.
find_program(SETTLE_CCACHE ccache)
mark_as_advanced(SETTLE_CCACHE)
if(SETTLE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${SETTLE_CCACHE}")
endif()

# The warnings that tests, benchmarks and examples compile with.
set(SETTLE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  # What a sanitizer adds to the code makes g++ see paths that do not exist.
  list(APPEND SETTLE_WARNINGS -Wno-maybe-uninitialized)
endif()
# g++ 12 at -O2 takes the concatenation of std::string for a copy out of bounds (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  list(APPEND SETTLE_WARNINGS -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow
       -Wno-stringop-overread)
endif()
add_library(settle_developer INTERFACE)
target_compile_options(settle_developer INTERFACE ${SETTLE_WARNINGS})

# Published vectors and real market data stand beside the checkout and are never part of it.
set(SETTLE_DEFAULT_VECTORS_DIR "${PROJECT_SOURCE_DIR}/../shared/vectors")
set(SETTLE_DEFAULT_DATA_DIR "${PROJECT_SOURCE_DIR}/../shared/data")
cmake_path(NORMAL_PATH SETTLE_DEFAULT_VECTORS_DIR)
cmake_path(NORMAL_PATH SETTLE_DEFAULT_DATA_DIR)
