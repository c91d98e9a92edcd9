#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Writes a header that includes what the library's headers are or need.

  list_includes.py --include DIR --headers OUT   every header of the library, settle.h first
  list_includes.py --include DIR --system OUT    every header of others that the library includes
"""

import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')


def own_headers(include):
    names = sorted(path.relative_to(include).as_posix() for path in include.rglob("*.h"))
    return sorted(names, key=lambda name: name != "settle/settle.h")


def foreign_headers(include):
    found = set()
    for path in include.rglob("*.h"):
        for line in path.read_text(encoding="utf-8").splitlines():
            match = INCLUDE.match(line)
            if match and not match.group(1).startswith("settle/"):
                found.add(match.group(1))
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--include", type=pathlib.Path, required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--headers", type=pathlib.Path, metavar="OUT")
    what.add_argument("--system", type=pathlib.Path, metavar="OUT")
    arguments = parser.parse_args()
    if arguments.headers:
        names, out = own_headers(arguments.include), arguments.headers
    else:
        names, out = foreign_headers(arguments.include), arguments.system
    if not names:
        sys.exit(f"no header under {arguments.include}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(f"#include <{name}>\n" for name in names), encoding="utf-8")


if __name__ == "__main__":
    main()
