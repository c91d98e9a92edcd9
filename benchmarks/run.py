#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Run the benchmarks of a build and judge them against benchmarks/targets.json.

Every ratio comes from a paired run (benchmarks/paired.h): x_limit is the median of work over
baseline, and a benchmark is met if x_target = x_limit / bound is at most 1. Absolute times are
information.

exit code: 0 if every required benchmark was run and met; 1 if one is missing, skipped, in error,
over its bound, or states another bound than targets.json; 2 if nothing could be judged.
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

MINIMUM_PAIRS = 301
OPTIMISED_BUILD_TYPES = ("Release", "RelWithDebInfo")
# Beyond these the sides disturb each other's cache, and the ratio says little.
ORDER_RANGE = (0.8, 1.25)
# What Google Benchmark appends to a name for how it was registered.
NAME_SUFFIX = re.compile(r"/(iterations:\d+|repeats:\d+|manual_time|real_time|process_time)(?=/|$)")
# What Google Benchmark reports of a run besides its counters.
LIBRARY_FIELDS = re.compile(
    r"(.*index|repetitions|threads|iterations|real_time|cpu_time|error_occurred|skipped)$"
)
PAIRED_COUNTERS = (
    "x_limit", "bound", "x_target", "p05", "p95", "x_order", "work_ns", "baseline_ns",
)  # fmt: skip
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
FINISHED_LINE = re.compile(r'^\s*"name": "(.*)",$')


class UsageError(Exception):
    """Nothing can be judged; the text is the one line that says why."""


@dataclasses.dataclass
class Result:
    """One benchmark of one module, or one that should have been there."""

    module: str
    name: str
    counters: dict = dataclasses.field(default_factory=dict)
    time_ns: float = 0  # of an operation of the work, or of an iteration if it is not paired
    required: bool = False
    verdict: str = "information"  # or met, MISSED, ERROR
    fault: str = ""

    def fail(self, verdict, fault):
        if not self.fault:
            self.verdict, self.fault = verdict, fault


@dataclasses.dataclass
class Plan:
    """What one binary will run: the names as it lists them."""

    module: str
    binary: pathlib.Path
    names: list
    is_whole: bool


def plain_name(name):
    """BM_Apply/10 of BM_Apply/10/iterations:301/manual_time."""
    return NAME_SUFFIX.sub("", name)


# --- targets ---------------------------------------------------------------------------------


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name} is listed twice")
    return dict(pairs)


def read_targets(path):
    try:
        targets = json.loads(path.read_text(), object_pairs_hook=no_duplicates)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error
    if not isinstance(targets, dict) or not all(isinstance(t, dict) for t in targets.values()):
        raise UsageError(f"{path}: expected an object of modules, each an object of bounds")
    for module, bounds in targets.items():
        for name, bound in bounds.items():
            if not is_positive(bound):
                raise UsageError(f"{path}: the bound of {module} {name} is not a positive number")
    return targets


def target_of(bounds, name):
    """The longest entry that is `name` or, for a benchmark with arguments, its beginning."""
    entries = [entry for entry in bounds if name == entry or name.startswith(entry + "/")]
    return max(entries, key=len, default=None)


# --- running ---------------------------------------------------------------------------------


class Progress:
    """A bar on a terminal, silence elsewhere."""

    def __init__(self, total):
        self.total, self.done, self.width = total, 0, 0
        self.is_shown = sys.stderr.isatty()

    def show(self, text):
        if not self.is_shown:
            return
        filled = 20 * self.done // max(self.total, 1)
        line = f"[{'#' * filled}{'.' * (20 - filled)}] {self.done}/{self.total} {text}"
        line = line[: os.get_terminal_size(sys.stderr.fileno()).columns - 1]
        print("\r" + line.ljust(self.width), end="", file=sys.stderr, flush=True)
        self.width = len(line)

    def finish(self, text):
        self.done += 1
        self.show(text)

    def clear(self):
        if self.is_shown:
            print("\r" + " " * self.width + "\r", end="", file=sys.stderr, flush=True)


def list_benchmarks(binary):
    try:
        listing = subprocess.run(
            [binary, "--benchmark_list_tests=true"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise UsageError(f"{binary}: cannot be run: {error.strerror}") from error
    if listing.returncode != 0:
        raise UsageError(f"{binary}: cannot list its benchmarks: {how_it_ended(listing.returncode)}")
    return listing.stdout.splitlines()


def how_it_ended(code):
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def make_plans(build, selected):
    """A plan for each binary that has a benchmark whose plain name is selected."""
    plans = []
    for binary in sorted((build / "benchmarks").glob("*_benchmark")):
        if not binary.is_file():
            continue
        listed = list_benchmarks(binary)
        names = [name for name in listed if selected(plain_name(name))]
        if names:
            module = binary.name.removesuffix("_benchmark")
            plans.append(Plan(module, binary, names, is_whole=len(names) == len(listed)))
    return plans


def run_plan(plan, progress):
    """The runs that the binary reported by name, and what went wrong with the binary, if so."""
    command = [plan.binary, "--benchmark_format=json"]
    if not plan.is_whole:
        command.append("--benchmark_filter=^(" + "|".join(map(re.escape, plan.names)) + ")$")
    progress.show(plan.module)
    lines = []
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=errors, text=True
    ) as process:
        for line in process.stdout:
            lines.append(line)
            finished = FINISHED_LINE.match(line)
            if finished:
                progress.finish(f"{plan.module} {plain_name(finished.group(1))}")
        code = process.wait()
    if code != 0:
        return {}, f"{plan.binary.name}: {how_it_ended(code)}"
    try:
        runs = json.loads("".join(lines))["benchmarks"]
        return {run["name"]: run for run in runs if run.get("run_type") != "aggregate"}, ""
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}, f"{plan.binary.name}: its output is not the expected JSON"


# --- judging ---------------------------------------------------------------------------------


def is_positive(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0


def judge(result, run, bound):
    """Sets the verdict on what a binary reported; `bound` is that of targets.json or None."""
    counters = result.counters
    if run.get("error_occurred") or run.get("skipped"):
        message = run.get("error_message") or run.get("skip_message") or "no message"
        return result.fail("ERROR", message)
    if "x_limit" not in counters:
        if bound is not None or "x_target" in counters or "bound" in counters:
            result.fail("ERROR", "exports no x_limit: it is not a paired run")
        return None
    if run.get("iterations", 0) < MINIMUM_PAIRS:
        result.fail("ERROR", f"{run.get('iterations')} pairs, at least {MINIMUM_PAIRS} are needed")
    for name in ("x_limit", "p05", "p95", "work_ns", "baseline_ns"):
        if not is_positive(counters.get(name)):
            result.fail("ERROR", f"{name} is {counters.get(name)}, not a positive number")
    stated = counters.get("bound")
    if bound is None and stated is not None:
        result.fail("ERROR", f"states the bound {stated:g}, which targets.json does not list")
    if bound is None:
        return None
    if stated is None:
        return result.fail("ERROR", f"states no bound, targets.json says {bound:g}")
    if stated != bound:
        return result.fail("ERROR", f"states the bound {stated:g}, targets.json says {bound:g}")
    if result.fault:
        return None
    expected = counters["x_limit"] / bound
    if not math.isclose(counters.get("x_target", math.nan), expected, rel_tol=1e-6):
        return result.fail("ERROR", f"x_target is {counters.get('x_target')}, not x_limit / bound")
    if expected > 1:
        return result.fail("MISSED", f"x_limit {counters['x_limit']:.3f} is over {bound:g}")
    result.verdict = "met"
    return None


def counters_of(run):
    return {
        name: value
        for name, value in run.items()
        if isinstance(value, (int, float)) and not LIBRARY_FIELDS.match(name)
    }


def results_of(plan, runs, broken, bounds):
    """One result for each benchmark that the binary lists."""
    results = []
    for listed in plan.names:
        name = plain_name(listed)
        entry = target_of(bounds, name)
        result = Result(plan.module, name, required=entry is not None)
        if listed in runs:
            run = runs[listed]
            result.counters = counters_of(run)
            result.time_ns = run.get("real_time", 0) * NANOSECONDS.get(run.get("time_unit"), 0)
            judge(result, run, bounds[entry] if entry else None)
        else:
            result.fail("ERROR", broken or "listed by its binary, but not reported")
        results.append(result)
    return results


def missing_results(build, targets, selected, results):
    """One result for each selected entry of targets.json for which there is none yet."""
    found = {(r.module, target_of(targets.get(r.module, {}), r.name)) for r in results}
    missing = []
    for module, bounds in targets.items():
        for name in bounds:
            if not selected(name) or (module, name) in found:
                continue
            binary = build / "benchmarks" / f"{module}_benchmark"
            result = Result(module, name, required=True)
            where = f"not in {binary.name}" if binary.exists() else f"there is no {binary}"
            result.fail("ERROR", f"missing: {where}")
            missing.append(result)
    return missing


# --- showing ---------------------------------------------------------------------------------


def show_ns(ns):
    if not is_positive(ns):
        return "-"
    for unit, size in (("ns", 1e3), ("us", 1e6), ("ms", 1e9)):
        if ns < size:
            break
    return f"{ns / size * 1e3:.4g} {unit}"


def show_number(value):
    return f"{value:.3f}" if is_positive(value) else "-"


def row_of(result):
    counters = result.counters
    spread = "-"
    if "p05" in counters and "p95" in counters:
        spread = f"{show_number(counters['p05'])}..{show_number(counters['p95'])}"
    bound = counters.get("bound")
    return [
        result.module,
        result.name,
        show_number(counters.get("x_limit")),
        f"{bound:g}" if is_positive(bound) else "-",
        show_number(counters.get("x_target")),
        result.verdict,
        spread,
        show_ns(counters.get("work_ns", result.time_ns)),
        show_ns(counters.get("baseline_ns")),
    ]


def print_table(results):
    head = ["module", "benchmark", "x_limit", "bound", "x_target", "", "p05..p95", "work",
            "baseline"]  # fmt: skip
    rows = [head] + [row_of(result) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    is_text = [True, True, False, False, False, True, False, False, False]
    for row in rows:
        cells = [
            cell.ljust(width) if text else cell.rjust(width)
            for cell, width, text in zip(row, widths, is_text)
        ]
        print("  ".join(cells).rstrip())


def print_summary(results):
    for result in results:
        for name, value in result.counters.items():
            if name not in PAIRED_COUNTERS:
                print(f"information: {result.module} {result.name}: {name} = {value:,.6g}")
        order = result.counters.get("x_order", 1)
        if not ORDER_RANGE[0] <= order <= ORDER_RANGE[1]:
            print(f"note: {result.module} {result.name}: the ratio changes by {order:.2f} with "
                  "the order of the sides: they share a cache")  # fmt: skip
    for result in results:
        if result.fault:
            print(f"{result.verdict}: {result.module} {result.name}: {result.fault}")
    required = [result for result in results if result.required]
    met = sum(result.verdict == "met" for result in required)
    print(f"{met} of {len(required)} required benchmarks met")


def write_json(path, results, ok):
    """Whole or not at all: a temporary name first."""
    document = {"ok": ok, "benchmarks": [dataclasses.asdict(result) for result in results]}
    temporary = path.with_name(path.name + ".partial")
    try:
        temporary.write_text(json.dumps(document, indent=2) + "\n")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


# --- main ------------------------------------------------------------------------------------


def parse_arguments(arguments):
    here = pathlib.Path(__file__).resolve().parent
    description, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--build", type=pathlib.Path, default=here.parent / "build" / "release",
                        metavar="DIR", help="build directory (default: build/release)")  # fmt: skip
    parser.add_argument("--filter", default="", metavar="REGEX",
                        help="run and require only benchmarks whose name it finds")  # fmt: skip
    parser.add_argument("--json", type=pathlib.Path, metavar="OUT",
                        help="also write the results to this file")  # fmt: skip
    parser.add_argument("--targets", type=pathlib.Path, default=here / "targets.json",
                        metavar="FILE", help="bounds (default: targets.json beside this program)")  # fmt: skip
    return parser.parse_args(arguments)


def check_build(build):
    if not build.is_dir():
        raise UsageError(f"{build}: no such build directory; build the release preset first")
    cache = build / "CMakeCache.txt"
    if cache.is_file():
        kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache.read_text(), re.MULTILINE)
        if kind and kind.group(1) not in OPTIMISED_BUILD_TYPES:
            raise UsageError(f"{build}: a {kind.group(1) or 'plain'} build is not optimised; "
                             "use the release preset")  # fmt: skip


def run(options):
    try:
        pattern = re.compile(options.filter)
    except re.error as error:
        raise UsageError(f"--filter {options.filter}: {error}") from error

    def selected(name):
        return pattern.search(name) is not None

    targets = read_targets(options.targets)
    check_build(options.build)
    if options.json and not os.access(options.json.resolve().parent, os.W_OK):
        raise UsageError(f"{options.json}: its directory cannot be written")

    plans = make_plans(options.build, selected)
    progress = Progress(sum(len(plan.names) for plan in plans))
    results = []
    for plan in plans:
        runs, broken = run_plan(plan, progress)
        results += results_of(plan, runs, broken, targets.get(plan.module, {}))
    progress.clear()
    results += missing_results(options.build, targets, selected, results)
    if not results:
        raise UsageError(f"no benchmark matches --filter {options.filter}")

    ok = not any(result.fault for result in results)
    print_table(results)
    print_summary(results)
    if options.json:
        write_json(options.json, results, ok)
    return 0 if ok else 1


def main():
    try:
        return run(parse_arguments(sys.argv[1:]))
    except UsageError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nrun.py: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
