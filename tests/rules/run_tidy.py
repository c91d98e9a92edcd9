#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Runs clang-tidy within a time: first over all headers together, then over the programs.

What was not reached in the time is said; a finding is a failure.
"""

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# In this order: one unit that includes every header, whole programs, then the tests.
ORDER = ("tests/support/odr_a.cc", "examples/", "benchmarks/", "tests/")
SKIPPED = ("tests/support/odr_b.cc", "tests/compile/")


def sources(build):
    """The sources of the build, each once, the most telling first."""
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    found = set()
    for entry in entries:
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(ROOT) and not path.is_relative_to(build.resolve()):
            found.add(path.relative_to(ROOT).as_posix())
    ranked = []
    for name in sorted(found):
        if not name.startswith(SKIPPED):
            rank = next((i for i, start in enumerate(ORDER) if name.startswith(start)), len(ORDER))
            ranked.append((rank, name))
    return [name for _, name in sorted(ranked)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tidy", default="clang-tidy")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.seconds

    def run(name):
        left = deadline - time.monotonic()
        if left <= 0:
            return name, None, ""
        command = [arguments.tidy, "-p", str(arguments.build), "--quiet", name]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False,
                                  timeout=left)
        except subprocess.TimeoutExpired:
            return name, None, ""
        return name, done.returncode, done.stdout + (done.stderr if done.returncode else "")

    names = sources(arguments.build)
    if not names:
        sys.exit(f"no source in {arguments.build}/compile_commands.json")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(run, names))
    late = [name for name, status, _ in results if status is None]
    bad = [name for name, status, _ in results if status]
    for _, status, output in results:
        if status:
            print(output)
    print(f"clang-tidy: {len(results) - len(late)} of {len(results)} sources checked, "
          f"{len(bad)} with findings")
    if late:
        print("not reached in the time:", " ".join(late))
    if names[0] in late:
        sys.exit("not even the headers were reached: give more time")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
