#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Runs the Conan recipes against a stand-in for Conan that has only documented names.

What a recipe uses and Conan does not document is an AttributeError or an ImportError here. Checks
too that recipe, CMakeLists.txt and headers name the same version and the same parts of Abseil.
"""

import importlib.util
import pathlib
import re
import shutil
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = "include/settle/base/config.h"


class CppInfo:
    """What package_info() fills; __slots__ refuses any other name."""

    __slots__ = ("properties", "includedirs", "bindirs", "libdirs", "requires", "libs",
                 "system_libs", "defines", "components")

    def __init__(self):
        self.properties = {}
        self.includedirs, self.bindirs, self.libdirs = ["include"], ["bin"], ["lib"]
        self.requires, self.libs, self.system_libs, self.defines = [], [], [], []
        self.components = {}

    def set_property(self, name, value):
        self.properties[name] = value


class Info:
    cleared = False

    def clear(self):
        self.cleared = True


class ConanFile:
    """The parts of the base class that a recipe may use."""

    ATTRIBUTES = set("""name version description license author topics url homepage package_type
        settings options default_options generators no_copy_source test_package_folder exports
        exports_sources set_version layout requirements build_requirements validate package
        package_id package_info configure config_options generate build test source""".split())

    def __init__(self, folder):
        self.recipe_folder = str(folder)
        self.source_folder = str(folder)
        self.cpp_info = CppInfo()
        self.info = Info()
        self.required, self.test_required = {}, []
        self.min_cppstd = self.laid_out = None
        self.tested_reference_str = "settle/0"
        build = types.SimpleNamespace(bindir="bin")
        self.cpp = types.SimpleNamespace(build=build)
        self.ran = []

    def requires(self, reference, *, transitive_headers=None, transitive_libs=None):
        self.required[reference] = (transitive_headers, transitive_libs)

    def test_requires(self, reference):
        self.test_required.append(reference)

    def run(self, command, env=""):
        self.ran.append((command, env))


class CMake:
    def __init__(self, conanfile):
        self.conanfile = conanfile

    def configure(self):
        self.conanfile.ran.append("configure")

    def build(self):
        self.conanfile.ran.append("build")


def copy(conanfile, pattern, src, dst):
    del conanfile
    copied = []
    for path in sorted(pathlib.Path(src).rglob(pattern)):
        target = pathlib.Path(dst, path.relative_to(src))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        copied.append(str(target))
    return copied


def load(conanfile, path):
    del conanfile
    return pathlib.Path(path).read_text(encoding="utf-8")


def check_min_cppstd(conanfile, cppstd):
    conanfile.min_cppstd = str(cppstd)


def cmake_layout(conanfile):
    conanfile.laid_out = "cmake"


MODULES = {
    "conan": {"ConanFile": ConanFile},
    "conan.tools": {},
    "conan.tools.build": {"check_min_cppstd": check_min_cppstd, "can_run": lambda conanfile: True},
    "conan.tools.cmake": {"CMake": CMake, "cmake_layout": cmake_layout},
    "conan.tools.files": {"copy": copy, "load": load},
}


def load_recipe(path):
    """The one recipe class of the file, with the stand-in for Conan in place."""
    for name, members in MODULES.items():
        module = types.ModuleType(name)
        vars(module).update(members)
        sys.modules[name] = module
    spec = importlib.util.spec_from_file_location("recipe", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    classes = [value for value in vars(module).values()
               if isinstance(value, type) and issubclass(value, ConanFile) and
               value is not ConanFile]
    assert len(classes) == 1, classes
    return classes[0]


def version_in(config):
    return ".".join(re.search(rf"SETTLE_VERSION_{part} (\d+)", config).group(1)
                    for part in ("MAJOR", "MINOR", "PATCH"))


def abseil_part(header):
    """The part of Abseil, as its CMake and pkg-config names have it, that owns a header."""
    folder, _, name = header.removeprefix("absl/").removesuffix(".h").partition("/")
    if folder == "strings" and name not in ("cord", "str_format"):
        return "strings"
    return name


class RecipeTest(unittest.TestCase):
    def setUp(self):
        sys.dont_write_bytecode = True
        self.type = load_recipe(ROOT / "conanfile.py")
        self.recipe = self.type(ROOT)

    def test_uses_documented_attributes_only(self):
        own = {name for name in vars(self.type) if not name.startswith("_")}
        self.assertEqual(set(), own - ConanFile.ATTRIBUTES)

    def test_reads_the_version_from_its_one_place(self):
        config = (ROOT / CONFIG).read_text(encoding="utf-8")
        self.recipe.set_version()
        self.assertEqual(version_in(config), self.recipe.version)
        with tempfile.TemporaryDirectory() as scratch:
            other = pathlib.Path(scratch, CONFIG)
            other.parent.mkdir(parents=True)
            other.write_text(re.sub(r"(VERSION_MINOR) \d+", r"\1 77", config), encoding="utf-8")
            recipe = self.type(scratch)
            recipe.set_version()
            self.assertEqual("77", recipe.version.split(".")[1])
        # The header goes along with the recipe, wherever that is copied to.
        self.assertEqual(CONFIG, self.type.exports)
        self.assertFalse(hasattr(self.type, "version"))

    def test_is_a_header_library(self):
        self.assertEqual("header-library", self.type.package_type)
        self.assertIs(True, self.type.no_copy_source)
        self.assertEqual("Apache-2.0", self.type.license)
        self.assertEqual("tests/package", self.type.test_package_folder)
        self.recipe.package_id()
        self.assertTrue(self.recipe.info.cleared)
        self.recipe.layout()
        self.assertEqual("cmake", self.recipe.laid_out)
        self.recipe.validate()
        self.assertEqual("20", self.recipe.min_cppstd)

    def test_packages_headers_and_licence_and_nothing_else(self):
        with tempfile.TemporaryDirectory() as scratch:
            source, package = pathlib.Path(scratch, "source"), pathlib.Path(scratch, "package")
            for pattern in self.type.exports_sources:
                for path in ROOT.glob(pattern.replace("/*", "/**/*")):
                    if path.is_file():
                        target = source / path.relative_to(ROOT)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy(path, target)
            self.recipe.source_folder, self.recipe.package_folder = str(source), str(package)
            self.recipe.package()
            packaged = {p.relative_to(package).as_posix() for p in package.rglob("*")
                        if p.is_file()}
        headers = {p.relative_to(ROOT).as_posix() for p in (ROOT / "include").rglob("*.h")}
        self.assertEqual(headers | {"licenses/LICENSE"}, packaged)

    def test_says_how_it_is_found(self):
        self.recipe.package_info()
        info = self.recipe.cpp_info
        self.assertEqual("settle", info.properties["cmake_file_name"])
        self.assertEqual("settle::settle", info.properties["cmake_target_name"])
        self.assertEqual(([], []), (info.bindirs, info.libdirs))
        self.assertEqual(["include"], info.includedirs)

    def test_requires_what_it_uses_and_hands_it_on(self):
        self.recipe.requirements()
        self.recipe.build_requirements()
        self.recipe.package_info()
        names = {reference.split("/")[0] for reference in self.recipe.required}
        self.assertEqual({"abseil", "openssl", "xxhash"}, names)
        self.assertEqual({(True, True)}, set(self.recipe.required.values()))
        self.assertEqual({"gtest", "benchmark"},
                         {reference.split("/")[0] for reference in self.recipe.test_required})
        parts = self.recipe.cpp_info.requires
        self.assertEqual(names, {part.split("::")[0] for part in parts})
        self.assertIn("openssl::crypto", parts)
        self.assertIn("xxhash::libxxhash", parts)

    def test_recipe_and_cmake_name_the_parts_of_abseil_that_the_headers_include(self):
        included = set()
        for path in (ROOT / "include").rglob("*.h"):
            text = path.read_text(encoding="utf-8")
            included |= {abseil_part(name) for name in
                         re.findall(r'^#include ["<](absl/[\w/]+\.h)[">]', text, re.MULTILINE)}
        cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
        named = re.search(r"set\(settle_absl_components ([^)]*)\)", cmake).group(1).split()
        self.assertEqual(included, set(named))
        self.recipe.package_info()
        required = [part for part in self.recipe.cpp_info.requires if part.startswith("abseil::")]
        self.assertEqual({f"abseil::absl_{name}" for name in included}, set(required))

    def test_the_package_test_builds_and_runs_its_program(self):
        package_test = load_recipe(ROOT / "tests/package/conanfile.py")
        own = {name for name in vars(package_test) if not name.startswith("_")}
        self.assertEqual(set(), own - ConanFile.ATTRIBUTES)
        recipe = package_test(ROOT / "tests/package")
        recipe.requirements()
        self.assertIn(recipe.tested_reference_str, recipe.required)
        recipe.layout()
        recipe.build()
        recipe.test()
        self.assertEqual(["configure", "build", ("bin/package_test", "conanrun")], recipe.ran)
        cmake = (ROOT / "tests/package/CMakeLists.txt").read_text(encoding="utf-8")
        self.assertIn("add_executable(package_test ", cmake)


if __name__ == "__main__":
    unittest.main()
