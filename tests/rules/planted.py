#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Plants faults in the headers, one at a time: the named test must fail with each.

  planted.py --build BUILD --target TARGET [--jobs 2] [--self-test]

A fault is one exact text in one header and what takes its place. Its test source is compiled against
a copy of the headers with that one change, with the command that the build has for it, and run with
its filter. Each of these is an error: the text does not stand in the header exactly once, the change
leaves the object code as it was, it does not compile, the test passes with it, or the test does not
pass without it. TARGET is a test binary of the Ninja build BUILD of which all sources named here are
part; the build need not have made it.
"""

import argparse
import concurrent.futures
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from planted_faults import FAULTS, Fault

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSED = re.compile(r"\[  PASSED  \] (\d+) tests?\.")


class Failed(Exception):
    """A fault is not noticed, or the planting itself went wrong."""


# Two plantings that must be errors, for --self-test, of the smallest source.
SMALL = ("ledger/account_table_test.cc", "AccountTable.*")
WITHOUT_EFFECT = Fault(
    "only a comment", "ledger/detail/account_table.h", "// Undoes the latest Open,",
    "// undoes the latest open,", *SMALL)  # fmt: skip
GONE = Fault("a text that is gone", "ledger/types.h", "no such text", "", *SMALL)
UNNOTICED = Fault(
    "a change that no test minds", "ledger/detail/limits_table.h", "kShared = 16;",
    "kShared = 17;", *SMALL)  # fmt: skip


def run(command, **options):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)  # fmt: skip


class Planter:
    """Compiles and runs test sources as the build does, against other headers."""

    def __init__(self, build, target, scratch):
        self.build, self.scratch = build, scratch
        listed = run(["ninja", "-C", str(build), "-t", "commands", target])
        if listed.returncode != 0:
            raise Failed(f"ninja knows no commands of {target}:\n{listed.stdout}")
        lines = [line for line in listed.stdout.splitlines() if "&&" in line or " -c " in line]
        self.compiling = {}
        for line in lines:
            words = shlex.split(line)
            if "-c" in words:
                source = pathlib.Path(words[words.index("-c") + 1])
                self.compiling[(build / source).resolve()] = words
        links = [line for line in lines if " -c " not in line]
        self.linking = shlex.split(links[-1].split("&&", 1)[1].rsplit("&&", 1)[0])

    def include_of(self, name, change=None):
        """A copy of the headers, with `change` made."""
        include = self.scratch / name / "include"
        shutil.copytree(ROOT / "include", include)
        if change is not None:
            path = include / "settle" / change.header
            text = path.read_text(encoding="utf-8")
            if text.count(change.old) != 1:
                raise Failed(f"{change.header} has {text.count(change.old)} times: {change.old}")
            path.write_text(text.replace(change.old, change.new), encoding="utf-8")
        return include

    def object_of(self, source, include):
        words = self.compiling.get(ROOT / "tests" / source)
        if words is None:
            raise Failed(f"the build does not compile {source}")
        words = [re.sub(rf"{re.escape(str(ROOT))}/include$", str(include), word) for word in words]
        if not any(str(include) in word for word in words):
            raise Failed(f"the command for {source} does not name the headers: {words}")
        result = include.parent / (pathlib.Path(source).stem + ".o")
        words[words.index("-o") + 1] = str(result)
        # Dependencies go nowhere; names that the compiler draws by lot are the same every time.
        kept = [w for i, w in enumerate(words) if w not in ("-MD", "-MF", "-MT")
                and words[i - 1] not in ("-MF", "-MT")]  # fmt: skip
        # Not through a launcher: a cache keeps nothing of worth here.
        launcher = [i for i, word in enumerate(kept) if pathlib.Path(word).name == "ccache"]
        if launcher:
            kept = kept[launcher[0] + 1 :]
        done = run([*kept, "-O0", "-frandom-seed=planted"], cwd=self.build)
        if done.returncode != 0:
            raise Failed(f"{source} does not compile:\n{done.stdout[-3000:]}")
        return result

    def outcome(self, compiled, test):
        """The exit status of the test, and how many tests passed."""
        binary = compiled.with_suffix("")
        words = list(self.linking)
        words[words.index("-o") + 1] = str(binary)
        own = [i for i, w in enumerate(words) if w.endswith(".o")]
        linked = [str(compiled) if i == own[0] else w for i, w in enumerate(words)
                  if i == own[0] or i not in own]  # fmt: skip
        done = run(linked, cwd=self.build)
        if done.returncode != 0:
            raise Failed(f"{compiled.name} does not link:\n{done.stdout[-3000:]}")
        # An address that the test's fault may loop over is no reason to wait for ever.
        try:
            done = run([str(binary), f"--gtest_filter={test}"], cwd=self.scratch, timeout=120)
        except subprocess.TimeoutExpired:
            return 1, 0
        passed = PASSED.search(done.stdout)
        return done.returncode, int(passed.group(1)) if passed else 0

    def sound(self, source, tests):
        """The object of a source without a fault, with which each of the tests passes."""
        name = "sound-" + pathlib.Path(source).stem
        compiled = self.object_of(source, self.include_of(name))
        for test in tests:
            status, passed = self.outcome(compiled, test)
            if status != 0 or passed == 0:
                raise Failed(f"without a fault {test} ends with {status}, {passed} passed")
        return compiled.read_bytes()

    def plant(self, fault, sound):
        """Nothing when the fault is noticed."""
        folder = re.sub(r"\W+", "-", fault.name)
        compiled = self.object_of(fault.source, self.include_of(folder, fault))
        if compiled.read_bytes() == sound:
            raise Failed("the change leaves the object code as it was")
        status, passed = self.outcome(compiled, fault.test)
        if status == 0:
            raise Failed(f"{fault.test} passes with it, {passed} passed")
        shutil.rmtree(self.scratch / folder)


def plant_all(planter, faults, jobs):
    """The complaints, by name of the fault."""
    complaints = {}
    sources = sorted({fault.source for fault in faults})
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        sound = {
            source: pool.submit(planter.sound, source,
                                sorted({f.test for f in faults if f.source == source}))
            for source in sources}  # fmt: skip
        objects = {}
        for source, future in sound.items():
            try:
                objects[source] = future.result()
            except Failed as failed:
                complaints[source] = str(failed)
        planted = {fault: pool.submit(planter.plant, fault, objects[fault.source])
                   for fault in faults if fault.source in objects}  # fmt: skip
        for fault, future in planted.items():
            try:
                future.result()
            except Failed as failed:
                complaints[fault.name] = str(failed)
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--self-test", action="store_true", help="plant what must be an error")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        planter = Planter(arguments.build.resolve(), arguments.target, pathlib.Path(folder))
        faults = [WITHOUT_EFFECT, GONE, UNNOTICED] if arguments.self_test else FAULTS
        complaints = plant_all(planter, faults, arguments.jobs)
    for name, complaint in complaints.items():
        print(f"{name}: {complaint}")
    if arguments.self_test:
        expected = {WITHOUT_EFFECT.name: "object code", GONE.name: "has 0 times",
                    UNNOTICED.name: "passes with it"}  # fmt: skip
        good = complaints.keys() == expected.keys() and all(
            text in complaints[name] for name, text in expected.items())
        print("each was an error" if good else "NOT each was an error as expected")
        return 0 if good else 1
    print(f"{len(faults) - len(complaints)} of {len(faults)} planted faults are noticed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
