# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""The Conan 2 recipe. `conan create .` packages the headers and runs tests/package."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class SettleConan(ConanFile):
    name = "settle"
    description = "Header-only fault-tolerant settlement primitives"
    license = "Apache-2.0"
    topics = ("settlement", "ledger", "quorum", "merkle", "margin", "header-only")

    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps", "CMakeToolchain"
    no_copy_source = True
    test_package_folder = "tests/package"

    # The version is written once, in this header; it goes along with the recipe.
    exports = "include/settle/base/config.h"
    exports_sources = "include/*", "LICENSE"

    def set_version(self):
        config = load(self, os.path.join(self.recipe_folder, "include/settle/base/config.h"))
        self.version = ".".join(
            re.search(rf"^#define SETTLE_VERSION_{part} (\d+)$", config, re.MULTILINE).group(1)
            for part in ("MAJOR", "MINOR", "PATCH"))

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("abseil/[>=20240116.1 <20270101]", transitive_headers=True,
                      transitive_libs=True)
        self.requires("openssl/[>=3 <5]", transitive_headers=True, transitive_libs=True)
        self.requires("xxhash/[>=0.8 <0.9]", transitive_headers=True, transitive_libs=True)

    def build_requirements(self):
        self.test_requires("gtest/[>=1.12 <2]")
        self.test_requires("benchmark/[>=1.7 <2]")

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.h", os.path.join(self.source_folder, "include"),
             os.path.join(self.package_folder, "include"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "settle")
        self.cpp_info.set_property("cmake_target_name", "settle::settle")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.requires = [
            "abseil::absl_status",
            "abseil::absl_statusor",
            "abseil::absl_strings",
            "abseil::absl_cord",
            "abseil::absl_flat_hash_map",
            "openssl::crypto",
            "xxhash::libxxhash",
        ]
