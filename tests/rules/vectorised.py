#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Checks that compilers make vectors of the loops that are written for it.

  vectorised.py --compiler CXX --include DIRECTORY

Each source of the folder vectorised/ is compiled for processors with and without such vectors, and
the assembly is looked through for their multiplications. A processor without must have none: so
the check can fail.
"""

import argparse
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().with_suffix("")

# What each source is compiled for, and the multiplication that must be in it, if any: of words of 64
# bits, or of their halves where a processor has none of the whole.
CASES = (
    ("scenario.cc", "x86-64", None),
    ("scenario.cc", "x86-64-v3", "vpmuludq"),
    ("scenario.cc", "x86-64-v4", "vpmullq"),
)
MULTIPLICATION = re.compile(r"^\s*(v?pmul\w+)\s.*%[yz]mm", re.MULTILINE)


def multiplications(compiler, include, source, machine):
    """The vector multiplications, of 256 bits or more, in the assembly of `source`."""
    # g++ 12 makes vectors of such loops from -O3 on, clang++ from -O2.
    command = [compiler, "-std=c++20", "-O3", f"-march={machine}", f"-I{include}", "-S", "-o", "-",
               str(FOLDER / source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return MULTIPLICATION.findall(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", required=True)
    arguments = parser.parse_args()
    missed = 0
    for source, machine, wanted in CASES:
        found = multiplications(arguments.compiler, arguments.include, source, machine)
        is_met = wanted in found if wanted else not found
        missed += not is_met
        names = ", ".join(f"{found.count(name)} {name}" for name in sorted(set(found))) or "none"
        print(f"{source}, {machine}: {names}{'' if is_met else f', and not as it should: {wanted}'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
