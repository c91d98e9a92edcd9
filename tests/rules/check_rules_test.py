#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Plants a violation of each rule in a scratch copy of the project and expects it to be found.

A rule without a plant here fails; so does a plant that was already a violation, and an innocent
line that is reported.
"""

import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import check_rules  # noqa: E402  (found through the path above)

BYTES = "include/settle/base/bytes.h"
CONFIG = "include/settle/base/config.h"
STATUS = "include/settle/base/status.h"
TYPES = "include/settle/base/types.h"
UMBRELLA = "include/settle/settle.h"

# Small headers that stand for modules, so that arrows can be planted before every module exists.
MODULES = tuple(sorted(check_rules.ARROWS))


def header(name, body="", includes=()):
    guard = name.removeprefix("include/").replace("/", "_").replace(".", "_").upper() + "_"
    lines = ["// " + line for line in check_rules.HEAD]
    lines += ["", f"#ifndef {guard}", f"#define {guard}", ""]
    lines += [f'#include "{i}"' for i in ("settle/base/config.h", *includes)]
    lines += ["", "SETTLE_NAMESPACE_BEGIN", body, "SETTLE_NAMESPACE_END", "", f"#endif  // {guard}"]
    return "\n".join(lines) + "\n"


# (rule, file, line): the line is put into the namespace of the file, or where it begins with
# "#include" behind the file's last include.
LINES = [
    ("include", BYTES, "#include <thread>"),
    ("include", BYTES, "#include <chrono>"),
    ("include", BYTES, "#include <iostream>"),
    ("include", BYTES, "#include <fstream>"),
    ("include", BYTES, "#include <random>"),
    ("include", BYTES, "#include <cmath>"),
    ("include", BYTES, "#include <cassert>"),
    ("include", BYTES, "#include <exception>"),
    ("include", BYTES, "#include <stdexcept>"),
    ("include", BYTES, "#include <mutex>"),
    ("include", BYTES, "#include <atomic>"),
    ("include", BYTES, "#include <unistd.h>"),
    ("include", BYTES, "#include <sys/socket.h>"),
    ("include", BYTES, "#  include <filesystem>"),
    ("include", BYTES, "#include <openssl/evp.h>"),
    ("include", "include/settle/crypto/planted.h", "#include <openssl/rand.h>"),
    ("include", STATUS, '#include "absl/types/optional.h"'),
    ("include", STATUS, '#include "absl/synchronization/mutex.h"'),
    ("include", STATUS, '#include "absl/time/clock.h"'),
    ("include", BYTES, '#include "absl/strings/cord.h"'),
    ("spelling", BYTES, "#include <settle/base/config.h>"),
    ("spelling", BYTES, '#include "config.h"'),
    ("spelling", BYTES, '#include "../base/config.h"'),
    ("spelling", BYTES, '#include "settle/base/nowhere.h"'),
    ("vocabulary", BYTES, '#include "absl/status/status.h"'),
    ("vocabulary", TYPES, '#include "settle/base/status.h"'),
    ("arrow", BYTES, '#include "settle/crypto/planted.h"'),
    ("arrow", "include/settle/crypto/planted.h", '#include "settle/quorum/planted.h"'),
    ("arrow", "include/settle/quorum/planted.h", '#include "settle/ledger/planted.h"'),
    ("arrow", "include/settle/ledger/planted.h", '#include "settle/margin/planted.h"'),
    ("arrow", "include/settle/ledger/planted.h", '#include "settle/quorum/planted.h"'),
    ("arrow", "include/settle/margin/planted.h", '#include "settle/ledger/planted.h"'),
    ("arrow", "include/settle/margin/planted.h", '#include "settle/crypto/planted.h"'),
    ("arrow", "include/settle/market/planted.h", '#include "settle/ledger/planted.h"'),
    ("arrow", "include/settle/commit/planted.h", '#include "settle/margin/planted.h"'),
    ("arrow", "include/settle/consensus/planted.h", '#include "settle/ledger/planted.h"'),
    ("arrow", "include/settle/market/planted.h", '#include "settle/engine/planted.h"'),
    ("arrow", "include/settle/engine/planted.h", '#include "settle/base/detail/planted.h"'),
    ("arrow", "include/settle/base/planted.h", '#include "settle/settle.h"'),
    ("float", BYTES, "using Planted = double;"),
    ("float", BYTES, "inline float Planted();"),
    ("float", BYTES, "inline long\tdouble Planted();"),
    ("float", BYTES, "template <std::floating_point T> struct Planted {};"),
    ("float", BYTES, "inline constexpr int kPlanted = 1.5;"),
    ("float", BYTES, "inline constexpr int kPlanted = 1e9;"),
    ("float", BYTES, "inline constexpr int kPlanted = 2.;"),
    ("float", BYTES, "inline constexpr int kPlanted = .5;"),
    ("exception", BYTES, "inline void Planted() { throw 1; }"),
    ("exception", BYTES, "inline void Planted() { try { } catch (...) { } }"),
    ("exception", BYTES, "inline void Planted() { std::abort(); }"),
    ("exception", BYTES, "inline void Planted() { std::terminate(); }"),
    ("exception", BYTES, "inline void Planted() { exit(1); }"),
    ("exception", BYTES, "inline void Planted() { assert(true); }"),
    ("exception", BYTES, "inline void Planted() { ABSL_ASSERT(true); }"),
    ("exception", BYTES, "inline void Planted() { CHECK_EQ(1, 1); }"),
    ("exception", BYTES, "inline void Planted() { __builtin_unreachable(); }"),
    ("exception", BYTES, "inline void Planted() { std::unreachable(); }"),
    ("exception", BYTES, "inline int Planted(std::vector<int> v) { return v.at(0); }"),
    ("exception", BYTES, "inline auto& Planted(A* a) { return dynamic_cast<B&>(*a); }"),
    ("exception", BYTES, "inline auto& Planted() { return typeid(int); }"),
    ("absl", BYTES, "inline void Planted(absl::string_view text);"),
    ("absl", STATUS, "inline void Planted(absl::optional<int> number);"),
    ("absl", STATUS, "inline void Planted(absl::variant<int> number);"),
    ("state", BYTES, "inline thread_local int planted = 0;"),
    ("state", BYTES, "struct Planted { mutable int count = 0; };"),
    ("state", BYTES, "inline int Planted() {\n  static int count = 0;\n  return ++count;\n}"),
    ("state", BYTES, "inline int& Planted() {\n  static std::vector<int> all;\n  return all[0];\n}"),
    ("state", BYTES, "inline int planted = 0;"),
    ("state", BYTES, "inline std::vector<int> planted{};"),
    ("state", BYTES, "extern int planted;"),
    ("state", BYTES, "inline constinit int planted = 0;"),
    ("state", BYTES, "inline volatile int* Planted();"),
    ("state", BYTES, "struct Planted { std::atomic<int> count; };"),
    ("effect", BYTES, "inline void Planted() { std::cout << 1; }"),
    ("effect", BYTES, "inline auto Planted() { return std::chrono::system_clock::now(); }"),
    ("effect", BYTES, 'inline auto Planted() { return getenv("HOME"); }'),
    ("effect", BYTES, "inline auto Planted() { return std::getenv(nullptr); }"),
    ("effect", BYTES, "inline auto Planted() { return time(nullptr); }"),
    ("effect", BYTES, "inline void Planted() { RAND_bytes(nullptr, 0); }"),
    ("effect", BYTES, "inline void Planted() { std::thread(); }"),
    ("effect", BYTES, "inline const char* Planted() { return __FILE__; }"),
    ("macro", BYTES, "#define PLANTED 1"),
    ("macro", BYTES, "#define SETTLE_PLANTED 1"),
    ("macro", BYTES, "#undef min"),
    ("macro", BYTES, "#ifdef NDEBUG\n#endif"),
    ("macro", BYTES, "#if defined(__AVX2__)\n#endif"),
    ("macro", BYTES, "#pragma omp parallel"),
    ("macro", BYTES, '_Pragma("omp parallel")'),
    ("macro", BYTES, "inline int Planted(int a) { return std::min(a, 1); }"),
    ("macro", BYTES, "inline constexpr int kPlanted = std::numeric_limits<int>::max();"),
    ("macro", CONFIG, "#define PLANTED 1"),
    ("guard", BYTES, "#pragma once"),
    ("namespace", BYTES, "namespace settle { }"),
    ("namespace", BYTES, "SETTLE_NAMESPACE_END"),
]

# Lines that look like violations and are none.
INNOCENT = [
    "// A float, a double, throw, assert(x), #include <thread>, 1.5, thread_local.",
    "/* A float, a double,\n   throw, assert(x). */",
    'inline constexpr const char* kPlanted = "throw a double, assert(1.5) // \\" float";',
    "static_assert(sizeof(int) == 4);",
    "inline constexpr int kPlanted = 0x1e5;",
    "inline constexpr int kPlanted = 1'000'000;",
    "inline constexpr char kPlanted = '\"';",
    "struct Planted { static constexpr int kOne = 1; static const int kTwo = 2; };",
    "struct Planted { static int Make(int a); static Planted From(int b) { return {}; } };",
    "struct Planted { int doubled = 0; int timeout() { return doubled; } };",
    "inline auto Planted() { return [n = 0]() mutable { return ++n; }; }",
    "inline bool Planted(Timer& timer) { return timer.time() == timer.read(); }",
    "inline constexpr int kVersion = 0;  // 1.5",
    '#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored "-Wdeprecated"\n'
    "#pragma GCC diagnostic pop",
    "template <typename T>\ninline constexpr bool kPlanted = false;",
    "inline namespace planted {}",
    "inline int Planted(int a) { return (std::min)(a, 1) + (std::max<int>)(a, 2); }",
]


def plant(path, line):
    """Puts `line` into the file: includes behind its includes, anything else at its end."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if "#" in line[:1] and "include" in line:
        last = max(i for i, text in enumerate(lines) if text.startswith(("#include", "#define")))
    else:
        ends = [i for i, text in enumerate(lines) if text.strip() == "SETTLE_NAMESPACE_END"]
        last = (ends or [i for i, t in enumerate(lines) if t.startswith("#endif")])[-1] - 1
    lines.insert(last + 1, line)
    path.write_text("\n".join(lines), encoding="utf-8")


class CheckRulesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.planted_rules = {rule for rule, _, _ in LINES}

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        shutil.copytree(ROOT / "include", self.root / "include")
        for module in MODULES:
            self.write(f"include/settle/{module}/planted.h")
        self.write("include/settle/base/detail/planted.h")
        for module, name in (("margin", "ledger/types.h"), ("engine", "margin/planted.h")):
            self.write(f"include/settle/{module}/arrows.h", includes=[f"settle/{name}"])
        self.write("include/settle/ledger/types.h", overwrite=False)
        for path in (self.root / "include").rglob("*.h"):
            relative = path.relative_to(self.root / "include/settle").with_suffix("")
            test = self.root / "tests" / relative.parent / f"{relative.name}_test.cc"
            test.parent.mkdir(parents=True, exist_ok=True)
            test.write_text("// " + "\n// ".join(check_rules.HEAD) + "\n", encoding="utf-8")
        self.write_umbrella()
        self.before = set(check_rules.check(self.root))

    def write(self, name, overwrite=True, **arguments):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if overwrite or not path.exists():
            path.write_text(header(name, **arguments), encoding="utf-8")

    def write_umbrella(self):
        include = self.root / "include"
        names = sorted(p.relative_to(include).as_posix() for p in include.rglob("*.h"))
        names = [n for n in names if "/detail/" not in n and n != "settle/settle.h"]
        (include / "settle/settle.h").write_text(header(UMBRELLA, includes=names), encoding="utf-8")

    def expect(self, rule, name):
        new = set(check_rules.check(self.root)) - self.before
        found = {violation.rule for violation in new if violation.path == name}
        self.assertIn(rule, found, f"not found; new: {sorted(map(str, new))}")
        self.planted_rules.add(rule)

    def test_finds_nothing_in_the_project_itself(self):
        self.assertEqual([], [str(violation) for violation in sorted(self.before)])

    def test_finds_each_planted_line(self):
        for rule, name, line in LINES:
            with self.subTest(rule=rule, file=name, line=line):
                path = self.root / name
                if not path.exists():
                    self.write(name)
                text = path.read_text(encoding="utf-8")
                plant(path, line)
                self.expect(rule, name)
                path.write_text(text, encoding="utf-8")

    def test_lets_innocent_lines_pass(self):
        path = self.root / BYTES
        text = path.read_text(encoding="utf-8")
        for line in INNOCENT:
            with self.subTest(line=line):
                plant(path, line)
                new = set(check_rules.check(self.root)) - self.before
                self.assertEqual([], sorted(map(str, new)))
                path.write_text(text, encoding="utf-8")

    def test_names_the_line(self):
        path = self.root / BYTES
        lines = path.read_text(encoding="utf-8").split("\n")
        plant(path, "using Planted = double;")
        number = path.read_text(encoding="utf-8").split("\n").index("using Planted = double;") + 1
        new = set(check_rules.check(self.root)) - self.before
        self.assertEqual([number], [violation.line for violation in new])
        self.assertLess(number, len(lines) + 1)

    def test_finds_a_wrong_head_and_a_wrong_guard(self):
        path = self.root / BYTES
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("Apache-2.0", "MIT"), encoding="utf-8")
        self.expect("head", BYTES)
        path.write_text(text.replace("SETTLE_BASE_BYTES_H_", "BYTES_H"), encoding="utf-8")
        self.expect("guard", BYTES)

    def test_finds_a_source_without_head_and_one_too_long(self):
        name = "tests/base/planted_test.cc"
        (self.root / name).write_text("int planted;\n", encoding="utf-8")
        self.expect("head", name)
        (self.root / name).write_text("\n" * 500, encoding="utf-8")
        self.expect("length", name)

    def test_finds_a_header_that_the_umbrella_does_not_reach(self):
        self.write("include/settle/base/forgotten.h")
        (self.root / "tests/base/forgotten_part_test.cc").touch()
        self.expect("umbrella", UMBRELLA)

    def test_finds_a_header_without_a_test(self):
        self.write("include/settle/base/untested.h")
        self.expect("test", "include/settle/base/untested.h")

    def test_finds_a_module_without_arrows(self):
        self.write("include/settle/stranger/planted.h", includes=["settle/base/bytes.h"])
        self.expect("arrow", "include/settle/stranger/planted.h")

    def test_finds_a_project_without_headers(self):
        shutil.rmtree(self.root / "include")
        self.assertTrue(check_rules.check(self.root))

    def test_zz_plants_a_violation_of_each_rule(self):
        self.assertEqual(set(check_rules.RULES), self.planted_rules)


if __name__ == "__main__":
    unittest.main()
