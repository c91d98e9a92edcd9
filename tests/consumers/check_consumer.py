#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Builds and runs a user's program, in one of the ways that users have.

  check_consumer.py WAY --source ROOT --cmake CMAKE --compiler CXX --build BUILD --work SCRATCH

  add_subdirectory  the sources stand beneath the user's project
  find_package      installed into a prefix that is then moved, found as a CMake package
  pkg_config        installed and moved likewise, found with pkg-config
  include           no more than -I include, with the flags of the dependencies from pkg-config
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

PROGRAM = "tests/package/package_test.cc"


def run(*command, **extra):
    words = [str(word) for word in command]
    print("+", " ".join(words), flush=True)
    done = subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **extra)
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        sys.exit(f"failed: {words[0]}")
    return done.stdout


def expect_output(arguments, text):
    config = (arguments.source / "include/settle/base/config.h").read_text(encoding="utf-8")
    version = ".".join(re.search(rf"SETTLE_VERSION_{part} (\d+)", config).group(1)
                       for part in ("MAJOR", "MINOR", "PATCH"))
    if f"settle {version}: " not in text:
        sys.exit(f"the program does not say that it uses settle {version}")


def cmake_consumer(arguments, project, *options):
    build = arguments.work / "build"
    run(arguments.cmake, "-S", project, "-B", build, "-G", "Ninja",
        f"-DCMAKE_CXX_COMPILER={arguments.compiler}", "-DCMAKE_BUILD_TYPE=Release", *options)
    run(arguments.cmake, "--build", build)
    expect_output(arguments, run(build / "package_test"))
    return build


def install_and_move(arguments):
    """Installs, then moves the tree, so that nothing may depend on where it was installed."""
    first, moved = arguments.work / "installed", arguments.work / "moved/prefix"
    run(arguments.cmake, "--install", arguments.build, "--prefix", first)
    moved.parent.mkdir(parents=True)
    first.rename(moved)
    for path in moved.rglob("*"):
        if path.is_file() and path.suffix in (".cmake", ".pc"):
            text = path.read_text(encoding="utf-8")
            for place in (first, arguments.source, arguments.build):
                if str(place) in text:
                    sys.exit(f"{path} names {place}: it is not relocatable")
    return moved


def add_subdirectory(arguments):
    cmake_consumer(arguments, arguments.source / "tests/consumers/add_subdirectory",
                   f"-DSETTLE_SOURCE_DIR={arguments.source}")


def find_package(arguments):
    prefix = install_and_move(arguments)
    # The program is copied: beside it stands nothing of ours but the installed package.
    project = arguments.work / "project"
    project.mkdir()
    for name in ("CMakeLists.txt", "package_test.cc"):
        shutil.copy(arguments.source / "tests/package" / name, project)
    build = cmake_consumer(arguments, project, f"-DCMAKE_PREFIX_PATH={prefix}")
    used = (build / "build.ninja").read_text(encoding="utf-8")
    if str(arguments.source / "include") in used:
        sys.exit("the consumer uses the checkout, not the installed headers")


def compile_and_run(arguments, flags):
    program = arguments.work / "package_test"
    source = arguments.work / "package_test.cc"
    shutil.copy(arguments.source / PROGRAM, source)
    run(arguments.compiler, "-std=c++20", source, "-o", program, *flags)
    expect_output(arguments, run(program))


def pkg_config(arguments):
    prefix = install_and_move(arguments)
    environment = os.environ | {"PKG_CONFIG_PATH": str(prefix / "share/pkgconfig")}
    found = run("pkg-config", "--variable=prefix", "settle", env=environment).strip()
    if pathlib.Path(found).resolve() != prefix.resolve():
        sys.exit(f"settle.pc says that its prefix is {found}, not {prefix}")
    flags = run("pkg-config", "--cflags", "--libs", "settle", env=environment).split()
    compile_and_run(arguments, flags)


def include(arguments):
    # The dependencies that settle.pc requires, and no settle.pc.
    text = (arguments.build / "settle.pc").read_text(encoding="utf-8")
    required = re.search(r"^Requires: (.+)$", text, re.MULTILINE).group(1)
    names = [name.split()[0] for name in required.split(", ")]
    flags = run("pkg-config", "--cflags", "--libs", *names).split()
    compile_and_run(arguments, ["-I", arguments.source / "include", *flags])


WAYS = {way.__name__: way for way in (add_subdirectory, find_package, pkg_config, include)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    WAYS[arguments.way](arguments)


if __name__ == "__main__":
    main()
