# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
#
# Toolchain of the preset "s390x": Debian's cross compiler, with the libraries that
# tests/s390x/run.sh has unpacked into SETTLE_S390X_ROOT, and programs run under qemu.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_LIBRARY_ARCHITECTURE s390x-linux-gnu)
set(CMAKE_CXX_COMPILER s390x-linux-gnu-g++)

set(SETTLE_S390X_ROOT "${CMAKE_CURRENT_LIST_DIR}/../build/s390x-root")
cmake_path(NORMAL_PATH SETTLE_S390X_ROOT)
set(CMAKE_FIND_ROOT_PATH "${SETTLE_S390X_ROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# The compiler has its own C library; only what was unpacked is searched besides.
set(CMAKE_CXX_FLAGS_INIT
    "-isystem ${SETTLE_S390X_ROOT}/usr/include -isystem ${SETTLE_S390X_ROOT}/usr/include/s390x-linux-gnu")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${SETTLE_S390X_ROOT}/usr/lib/s390x-linux-gnu")

set(CMAKE_CROSSCOMPILING_EMULATOR
    qemu-s390x -L /usr/s390x-linux-gnu -E
    "LD_LIBRARY_PATH=${SETTLE_S390X_ROOT}/usr/lib/s390x-linux-gnu:/usr/s390x-linux-gnu/lib")
