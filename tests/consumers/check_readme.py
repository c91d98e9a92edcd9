#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Compiles and runs every whole program that README.md shows.

A block of C++ that has a main is a program. It must compile without a warning, run, and print
exactly what the next block of text shows, if the text between the two ends with "prints:".
"""

import argparse
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAX_LINES = 20


def programs(text):
    """(program, what it must print or None) for each program of the text."""
    blocks = list(BLOCK.finditer(text))
    for i, block in enumerate(blocks):
        language, code = block.groups()
        if language not in ("cpp", "c++") or not re.search(r"\bint main\(", code):
            continue
        expected = None
        if i + 1 < len(blocks):
            between = text[block.end():blocks[i + 1].start()]
            if between.strip().lower().endswith("prints:"):
                expected = blocks[i + 1].group(2)
        yield code, expected


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readme", type=pathlib.Path, required=True)
    parser.add_argument("--include", type=pathlib.Path, required=True)
    parser.add_argument("--pc", type=pathlib.Path, required=True, help="the build's settle.pc")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    required = re.search(r"^Requires: (.+)$", arguments.pc.read_text(encoding="utf-8"), re.MULTILINE)
    names = [name.split()[0] for name in required.group(1).split(", ")]
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *names], check=True, text=True,
                           capture_output=True).stdout.split()
    arguments.work.mkdir(parents=True, exist_ok=True)
    found = list(programs(arguments.readme.read_text(encoding="utf-8")))
    if not found:
        sys.exit(f"no program in {arguments.readme}")
    for number, (code, expected) in enumerate(found):
        source = arguments.work / f"program{number}.cc"
        program = arguments.work / f"program{number}"
        source.write_text(code, encoding="utf-8")
        if len(code.splitlines()) > MAX_LINES:
            sys.exit(f"program {number} has more than {MAX_LINES} lines")
        subprocess.run([arguments.compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-I",
                        str(arguments.include), str(source), "-o", str(program), *flags],
                       check=True)
        done = subprocess.run([str(program)], check=True, text=True, capture_output=True)
        print(done.stdout, end="")
        if expected is not None and done.stdout != expected:
            sys.exit(f"program {number} prints this, and README.md says:\n{expected}")
    print(f"{len(found)} programs of {arguments.readme.name} compile and run")


if __name__ == "__main__":
    main()
