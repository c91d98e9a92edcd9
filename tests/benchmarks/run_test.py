#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Tests of benchmarks/run.py against made-up benchmark binaries, each with one thing wrong."""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUNNER = ROOT / "benchmarks" / "run.py"
PAIRED_SUFFIX = "/iterations:301/manual_time"

# Behaves like a Google Benchmark binary that runs what is in RUNS.
BINARY = """\
    #!{python} -IS
    import json, re, sys
    RUNS = json.loads({runs!r})
    LISTED = json.loads({listed!r})
    pattern = "."
    for argument in sys.argv[1:]:
        if argument.startswith("--benchmark_filter="):
            pattern = argument.partition("=")[2]
    if "--benchmark_list_tests=true" in sys.argv:
        print("\\n".join(LISTED))
        sys.exit(0)
    assert "--benchmark_format=json" in sys.argv
    runs = [run for run in RUNS if re.search(pattern, run["name"])]
    text = json.dumps({{"context": {{}}, "benchmarks": runs}}, indent=2)
    print(text[:{printed_characters}])
    {end}
"""


def paired(name, x_limit=1.0, bound=None, **changes):
    """A run as a correct binary reports it."""
    run = {
        "name": name + PAIRED_SUFFIX,
        "run_name": name + PAIRED_SUFFIX,
        "run_type": "iteration",
        "repetition_index": 0,
        "iterations": 301,
        "real_time": 80.0,
        "cpu_time": 2e5,
        "time_unit": "ns",
        "x_limit": x_limit,
        "p05": x_limit * 0.9,
        "p95": x_limit * 1.1,
        "x_order": 1.0,
        "work_ns": 80.0 * x_limit,
        "baseline_ns": 80.0,
    }
    if bound is not None:
        run |= {"bound": bound, "x_target": x_limit / bound}
    run |= changes
    return {name: value for name, value in run.items() if value is not None}


TARGETS = {"crypto": {"BM_Hash": 1.05, "BM_Verify": 1.02}, "ledger": {"BM_Apply": 3}}
GOOD = {
    "crypto": [paired("BM_Hash", 1.01, 1.05), paired("BM_Verify", 1.0, 1.02)],
    "ledger": [
        paired("BM_Apply/2", 2.0, 3),
        paired("BM_Apply/10", 2.5, 3),
        paired("BM_Other", 7.0),
    ],
}


class RunnerTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.build = self.directory / "build"
        (self.build / "benchmarks").mkdir(parents=True)
        self.targets = self.directory / "targets.json"
        self.targets.write_text(json.dumps(TARGETS))
        self.runs = copy.deepcopy(GOOD)

    def write_binaries(self, **options):
        for module in self.runs:
            self.write_binary(module, **options)

    def write_binary(self, module, listed=None, printed_characters=None, end="", text=None):
        runs = self.runs[module]
        path = self.build / "benchmarks" / f"{module}_benchmark"
        path.write_text(
            text
            if text is not None
            else textwrap.dedent(BINARY).format(
                python=sys.executable,
                runs=json.dumps(runs),
                listed=json.dumps(listed or [run["name"] for run in runs]),
                printed_characters=printed_characters,
                end=end,
            )
        )
        path.chmod(0o755)

    def run_runner(self, *arguments):
        result = subprocess.run(
            [sys.executable, RUNNER, "--build", self.build, "--targets", self.targets, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertNotIn("Traceback", result.stderr)
        return result

    def expect_flagged(self, text, *arguments, write=True):
        if write:
            self.write_binaries()
        result = self.run_runner(*arguments)
        self.assertIn(text, result.stdout)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)

    def expect_refused(self, text, *arguments):
        result = self.run_runner(*arguments)
        self.assertIn(text, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, "not one line: " + result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.returncode, 2)

    # --- what is met ---

    def test_passes_when_every_required_benchmark_is_met(self):
        self.write_binaries()
        result = self.run_runner()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("4 of 4 required benchmarks met", result.stdout)
        self.assertEqual(result.stderr, "")
        lines = [line.split() for line in result.stdout.splitlines()]
        self.assertIn(
            ["crypto", "BM_Hash", "1.010", "1.05", "0.962", "met", "0.909..1.111",
             "80.8", "ns", "80", "ns"], lines)  # fmt: skip
        self.assertIn("BM_Other", result.stdout)

    def test_exactly_at_the_bound_is_met(self):
        self.runs["crypto"][0] = paired("BM_Hash", 1.05, 1.05)
        self.write_binaries()
        self.assertEqual(self.run_runner().returncode, 0)

    def test_an_unpaired_benchmark_is_information(self):
        self.runs["crypto"].append(
            {"name": "BM_Plain", "run_type": "iteration", "iterations": 9, "real_time": 1.5,
             "cpu_time": 1.5, "time_unit": "ms", "trades_per_second": 123456.0})  # fmt: skip
        self.write_binaries()
        result = self.run_runner()
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("1.5 ms", result.stdout)
        self.assertIn("information: crypto BM_Plain: trades_per_second = 123,456", result.stdout)

    def test_notes_when_the_order_of_the_sides_decides_the_ratio(self):
        self.runs["crypto"][0]["x_order"] = 1.6
        self.write_binaries()
        result = self.run_runner()
        self.assertEqual(result.returncode, 0)
        self.assertIn("note: crypto BM_Hash: the ratio changes by 1.60", result.stdout)

    # --- what is flagged ---

    def test_flags_a_benchmark_over_its_bound(self):
        self.runs["crypto"][0] = paired("BM_Hash", 1.051, 1.05)
        self.expect_flagged("MISSED: crypto BM_Hash: x_limit 1.051 is over 1.05")

    def test_flags_one_argument_over_the_bound_of_all(self):
        self.runs["ledger"][1] = paired("BM_Apply/10", 3.1, 3)
        self.expect_flagged("MISSED: ledger BM_Apply/10: x_limit 3.100 is over 3")

    def test_an_entry_with_arguments_has_its_own_bound(self):
        self.targets.write_text(json.dumps(TARGETS | {"ledger": {"BM_Apply": 3, "BM_Apply/10": 4}}))
        self.runs["ledger"][1] = paired("BM_Apply/10", 3.5, 4)
        self.write_binaries()
        self.assertEqual(self.run_runner().returncode, 0)
        del self.runs["ledger"][1]
        self.expect_flagged("ERROR: ledger BM_Apply/10: missing: not in ledger_benchmark")

    def test_flags_a_missing_benchmark(self):
        del self.runs["crypto"][0]
        self.expect_flagged("ERROR: crypto BM_Hash: missing: not in crypto_benchmark")

    def test_a_name_that_only_begins_alike_does_not_stand_in(self):
        self.runs["crypto"][0] = paired("BM_HashNode")
        self.expect_flagged("ERROR: crypto BM_Hash: missing")

    def test_flags_a_missing_binary(self):
        del self.runs["ledger"]
        self.expect_flagged("ERROR: ledger BM_Apply: missing: there is no")

    def test_flags_a_benchmark_in_error(self):
        self.runs["crypto"][1] = {
            "name": "BM_Verify" + PAIRED_SUFFIX, "run_type": "iteration",
            "error_occurred": True, "error_message": "their checksums differ", "iterations": 0,
            "real_time": 0, "cpu_time": 0, "time_unit": "ns"}  # fmt: skip
        self.expect_flagged("ERROR: crypto BM_Verify: their checksums differ")

    def test_flags_a_skipped_benchmark(self):
        self.runs["crypto"][1] |= {"skipped": True, "skip_message": "no such processor"}
        self.expect_flagged("ERROR: crypto BM_Verify: no such processor")

    def test_flags_an_error_of_a_benchmark_that_is_not_required(self):
        self.runs["ledger"][2] |= {"error_occurred": True, "error_message": "too short"}
        self.expect_flagged("ERROR: ledger BM_Other: too short")

    def test_flags_a_changed_bound(self):
        self.runs["crypto"][0] = paired("BM_Hash", 1.01, 1.5)
        self.expect_flagged("states the bound 1.5, targets.json says 1.05")

    def test_flags_a_required_benchmark_without_a_bound(self):
        self.runs["crypto"][0] = paired("BM_Hash", 1.01)
        self.expect_flagged("states no bound, targets.json says 1.05")

    def test_flags_a_bound_that_the_targets_do_not_list(self):
        self.runs["ledger"][2] = paired("BM_Other", 1.0, 1.2)
        self.expect_flagged("states the bound 1.2, which targets.json does not list")

    def test_flags_a_required_benchmark_that_is_not_paired(self):
        for name in ("x_limit", "x_target", "bound"):
            del self.runs["crypto"][0][name]
        self.expect_flagged("BM_Hash: exports no x_limit")

    def test_flags_too_few_pairs(self):
        self.runs["crypto"][0]["iterations"] = 300
        self.expect_flagged("BM_Hash: 300 pairs, at least 301")

    def test_flags_zero_negative_and_what_is_not_a_number(self):
        bounds, runs = {}, []
        for counter in ("x_limit", "p05", "p95", "work_ns", "baseline_ns"):
            for value in (0, -1.0, float("nan"), float("inf")):
                name = f"BM_{counter}_{len(runs)}"
                bounds[name] = 1.05
                runs.append(paired(name, 1.01, 1.05) | {counter: value})
        self.targets.write_text(json.dumps({"crypto": bounds}))
        self.runs = {"crypto": runs}
        self.write_binaries()
        result = self.run_runner()
        self.assertEqual(result.returncode, 1)
        self.assertIn("0 of 20 required", result.stdout)
        for name in bounds:
            self.assertRegex(result.stdout, rf"ERROR: crypto {name}: \w+ is .*not a positive number")

    def test_flags_a_ratio_that_was_not_made_by_a_paired_run(self):
        self.runs["crypto"][0] = paired("BM_Hash", 1.3, 1.05, x_target=0.9)
        self.expect_flagged("BM_Hash: x_target is 0.9, not x_limit / bound")

    def test_flags_a_benchmark_that_is_listed_and_not_reported(self):
        self.write_binary("ledger")
        names = [run["name"] for run in self.runs["crypto"]]
        del self.runs["crypto"][1]
        self.write_binary("crypto", listed=names)
        self.expect_flagged("BM_Verify: listed by its binary, but not reported", write=False)

    def test_flags_a_binary_that_dies(self):
        self.write_binary("ledger")
        self.write_binary("crypto", printed_characters=200, end="import os; os.abort()")
        self.expect_flagged("BM_Hash: crypto_benchmark: killed by signal 6", write=False)

    def test_flags_a_binary_that_fails(self):
        self.write_binary("ledger")
        self.write_binary("crypto", end="sys.exit(3)")
        self.expect_flagged("BM_Verify: crypto_benchmark: exit code 3", write=False)

    def test_flags_output_that_breaks_off(self):
        self.write_binary("ledger")
        self.write_binary("crypto", printed_characters=200)
        self.expect_flagged("crypto_benchmark: its output is not the expected JSON", write=False)

    def test_an_aggregate_does_not_stand_in_for_a_run(self):
        self.runs["crypto"][0]["run_type"] = "aggregate"
        self.expect_flagged("BM_Hash: listed by its binary, but not reported")

    # --- the filter ---

    def test_with_a_filter_only_the_selected_are_run_and_required(self):
        del self.runs["ledger"]
        self.runs["crypto"][1] = paired("BM_Verify", 9, 1.02)
        self.write_binaries()
        result = self.run_runner("--filter", "Hash$")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("1 of 1 required benchmarks met", result.stdout)
        self.assertNotIn("BM_Verify", result.stdout)

    def test_a_selected_benchmark_is_required(self):
        del self.runs["crypto"][0]
        self.expect_flagged("ERROR: crypto BM_Hash: missing", "--filter", "Hash")

    def test_a_filter_selects_by_the_name_shown(self):
        self.write_binaries()
        result = self.run_runner("--filter", "BM_Apply/2")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("1 of 1 required", result.stdout)

    def test_refuses_a_filter_that_selects_nothing(self):
        self.write_binaries()
        self.expect_refused("no benchmark matches --filter Nothing", "--filter", "Nothing")

    def test_refuses_a_filter_that_is_no_expression(self):
        self.expect_refused("--filter (:", "--filter", "(")

    # --- bad surroundings ---

    def test_refuses_a_build_directory_that_is_not_there(self):
        self.expect_refused("no such build directory", "--build", self.directory / "none")

    def test_refuses_a_build_that_is_not_optimised(self):
        self.write_binaries()
        cache = self.build / "CMakeCache.txt"
        cache.write_text("X:BOOL=ON\nCMAKE_BUILD_TYPE:STRING=Debug\n")
        self.expect_refused("a Debug build is not optimised")
        cache.write_text("CMAKE_BUILD_TYPE:STRING=Release\n")
        self.assertEqual(self.run_runner().returncode, 0)

    def test_refuses_targets_that_cannot_be_read(self):
        for text, message in (
            ("{", "targets.json: "),
            ("[]", "expected an object of modules"),
            ('{"crypto": 1}', "expected an object of modules"),
            ('{"crypto": {"BM_Hash": "1"}}', "crypto BM_Hash is not a positive number"),
            ('{"crypto": {"BM_Hash": 0}}', "crypto BM_Hash is not a positive number"),
            ('{"crypto": {"BM_Hash": NaN}}', "crypto BM_Hash is not a positive number"),
            ('{"crypto": {"BM_Hash": true}}', "crypto BM_Hash is not a positive number"),
            ('{"crypto": {"BM_Hash": 1, "BM_Hash": 2}}', "BM_Hash is listed twice"),
        ):
            with self.subTest(text=text):
                self.targets.write_text(text)
                self.expect_refused(message)
        self.targets.unlink()
        self.expect_refused("targets.json: No such file")

    def test_refuses_a_binary_that_cannot_run(self):
        self.write_binary("crypto", text="\x7fELF but not really")
        self.expect_refused("crypto_benchmark: cannot")
        self.write_binary("crypto", text=f"#!{sys.executable}\nimport sys; sys.exit(5)\n")
        self.expect_refused("cannot list its benchmarks: exit code 5")

    # --- the file ---

    def test_writes_what_it_judged(self):
        self.runs["crypto"][0] = paired("BM_Hash", 1.2, 1.05)
        self.write_binaries()
        out = self.directory / "out.json"
        self.assertEqual(self.run_runner("--json", out).returncode, 1)
        document = json.loads(out.read_text())
        self.assertFalse(document["ok"])
        by_name = {result["name"]: result for result in document["benchmarks"]}
        self.assertEqual(by_name["BM_Hash"]["verdict"], "MISSED")
        self.assertEqual(by_name["BM_Hash"]["counters"]["x_limit"], 1.2)
        self.assertEqual(by_name["BM_Verify"]["verdict"], "met")
        self.assertEqual(by_name["BM_Other"]["verdict"], "information")
        self.assertEqual(os.listdir(self.directory).count("out.json"), 1)
        self.assertNotIn("out.json.partial", os.listdir(self.directory))

    def test_refuses_a_file_that_cannot_be_written_before_it_runs_anything(self):
        self.write_binaries()
        self.expect_refused("cannot be written", "--json", self.directory / "none" / "out.json")

    # --- the project's own ---

    def test_the_targets_of_the_project_can_be_read(self):
        self.targets = ROOT / "benchmarks" / "targets.json"
        self.runs = {}
        result = self.run_runner()
        self.assertEqual(result.returncode, 1, result.stderr)
        for name in ("BM_HashNode", "BM_Ed25519Verify", "BM_LedgerApply", "BM_SettleTrades"):
            self.assertIn(f"{name}: missing", result.stdout)

    def test_help_explains_the_exit_codes(self):
        result = self.run_runner("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("exit code:", result.stdout)


if __name__ == "__main__":
    unittest.main()
