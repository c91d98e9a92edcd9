#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Checks a pair of programs, one that must compile and a twin that must not.

  check_pair.py --commands compile_commands.json --source tests/compile/NAME.cc
  check_pair.py --self-test --compiler c++

A pair is one file. The half that must compile is compiled by the build itself; with SETTLE_REJECT
defined it is the other, which differs in exactly one token and must be refused with what the file
expects:

  // expect: a sentence that the compiler must print || the same as another compiler says it
  // at most: 12 lines          (optional: of errors and notes together)

  #ifdef SETTLE_REJECT
  Lots sum = lots + quanta;
  #else
  Lots sum = lots + lots;
  #endif
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

EXPECT = re.compile(r"^// expect: (.+)$", re.MULTILINE)
AT_MOST = re.compile(r"^// at most: (\d+) lines$", re.MULTILINE)
HALVES = re.compile(r"^#ifdef SETTLE_REJECT\n(.*?)^#else\n(.*?)^#endif", re.MULTILINE | re.DOTALL)
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|\w+|[^\w\s]')


class Failed(Exception):
    """The pair is not what it should be."""


def tokens(text):
    return [token for token in TOKEN.findall(text) if not token.startswith("//")]


def check_twin(text):
    """The halves differ in one token, so that nothing else can be why one is refused."""
    halves = HALVES.findall(text)
    if len(halves) != 1 or text.count("SETTLE_REJECT") != 1:
        raise Failed("needs exactly one #ifdef SETTLE_REJECT ... #else ... #endif")
    reject, accept = (tokens(half) for half in halves[0])
    differing = sum(a != b for a, b in zip(reject, accept))
    if len(reject) != len(accept) or differing != 1:
        raise Failed(f"the halves must differ in one token: {' '.join(reject)} | {' '.join(accept)}")


def compile_command(commands, source):
    """The arguments that the build compiles `source` with, less its output, launcher and so on."""
    for entry in json.loads(commands.read_text(encoding="utf-8")):
        file = pathlib.Path(entry["directory"], entry["file"])
        if file.resolve() == source.resolve():
            arguments = entry.get("arguments") or shlex.split(entry["command"])
            break
    else:
        raise Failed(f"{source} is not in {commands}")
    first = next(i for i, word in enumerate(arguments) if re.search(r"(\+\+|cc)(-\d+)?$", word)
                 and "ccache" not in word)
    kept = []
    words = iter(arguments[first:])
    for word in words:
        if word in ("-o", "-MF", "-MT", "-MQ"):
            next(words)
        elif word not in ("-c", "-MD", "-MMD"):
            kept.append(word)
    return kept + ["-fsyntax-only"], entry["directory"]


def run(command, directory):
    # The C locale, so that quotes in messages are plain ones.
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False,
                          env=os.environ | {"LC_ALL": "C"})
    return done.returncode, done.stdout + done.stderr


def check_pair(source, command, directory):
    text = source.read_text(encoding="utf-8")
    expected = EXPECT.findall(text)
    if not expected:
        raise Failed("says nothing that it expects: // expect: ...")
    check_twin(text)
    status, output = run(command + ["-DSETTLE_REJECT"], directory)
    if status == 0:
        raise Failed("the half that must not compile does")
    for sentence in expected:
        if not any(form in output for form in sentence.split(" || ")):
            raise Failed(f"refused, but not with «{sentence}»:\n{output}")
    limit = AT_MOST.search(text)
    lines = len(output.splitlines())
    if limit and lines > int(limit.group(1)):
        raise Failed(f"{lines} lines of output, at most {limit.group(1)} expected:\n{output}")
    return lines


GOOD = """// expect: only numbers add up
// at most: 40 lines
template <typename T> struct Sum { static_assert(sizeof(T) == 4, "only numbers add up"); };
#ifdef SETTLE_REJECT
Sum<char> sum;
#else
Sum<int> sum;
#endif
"""

# What must be noticed, by how GOOD is spoiled.
SPOILED = {
    "must not compile does": ("Sum<char>", "Sum<unsigned>"),
    "refused, but not with": ("expect: only numbers", "expect: only letters"),
    "not with «only letters || only words": ("only numbers add up\n//", "only letters || only words\n//"),
    "lines of output": ("most: 40 lines", "most: 1 lines"),
    "differ in one token": ("Sum<int> sum;", "Sum<int> sum, other;"),
    "says nothing": ("// expect: only numbers add up", "//"),
    "needs exactly one": ("#else", "#endif\n#ifdef SETTLE_REJECT\n#else"),
}


def self_test(compiler):
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch, "pair.cc")
        command = [compiler, "-std=c++20", "-fsyntax-only", str(source)]
        source.write_text(GOOD, encoding="utf-8")
        check_pair(source, command, scratch)
        for complaint, (old, new) in SPOILED.items():
            text = GOOD.replace(old, new)
            assert text != GOOD, f"nothing to replace: {old}"
            source.write_text(text, encoding="utf-8")
            try:
                check_pair(source, command, scratch)
            except Failed as failed:
                assert complaint in str(failed), f"«{complaint}» expected, not: {failed}"
            else:
                raise AssertionError(f"not noticed: {complaint}")
    print(f"one good pair passes, {len(SPOILED)} spoiled ones are noticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--compiler", default="c++")
    arguments = parser.parse_args()
    if arguments.self_test:
        self_test(arguments.compiler)
        return
    try:
        command, directory = compile_command(arguments.commands, arguments.source)
        lines = check_pair(arguments.source, command, directory)
    except Failed as failed:
        sys.exit(f"{arguments.source}: {failed}")
    print(f"refused as expected, in {lines} lines")


if __name__ == "__main__":
    main()
