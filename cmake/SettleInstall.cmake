# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
#
# cmake --install: headers, a relocatable CMake package, a relocatable pkg-config file, the licence.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(settle_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/settle")
set(settle_pc_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

install(TARGETS settle EXPORT settleTargets FILE_SET HEADERS)
install(EXPORT settleTargets NAMESPACE settle:: DESTINATION "${settle_cmake_dir}")

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/settleConfig.cmake.in" "${PROJECT_BINARY_DIR}/settleConfig.cmake"
  INSTALL_DESTINATION "${settle_cmake_dir}")
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/settleConfigVersion.cmake" COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(
  FILES "${PROJECT_BINARY_DIR}/settleConfig.cmake"
        "${PROJECT_BINARY_DIR}/settleConfigVersion.cmake"
        "${CMAKE_CURRENT_LIST_DIR}/FindxxHash.cmake"
  DESTINATION "${settle_cmake_dir}")

# The prefix is found from where the file lies, so that the tree can be moved.
set(settle_pc_from "/prefix/${settle_pc_dir}")
set(SETTLE_PC_PREFIX "/prefix")
cmake_path(RELATIVE_PATH SETTLE_PC_PREFIX BASE_DIRECTORY "${settle_pc_from}")
list(TRANSFORM settle_absl_components PREPEND "absl_" OUTPUT_VARIABLE settle_pc_requires)
list(APPEND settle_pc_requires "libcrypto >= 3" "libxxhash >= 0.8")
list(JOIN settle_pc_requires ", " SETTLE_PC_REQUIRES)
configure_file("${CMAKE_CURRENT_LIST_DIR}/settle.pc.in" "${PROJECT_BINARY_DIR}/settle.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/settle.pc" DESTINATION "${settle_pc_dir}")

install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/settle")
