#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Checks the rules that the headers keep and a compiler cannot check.

Prints one line for each violation, `file:line: rule: what`, and exits 1 if there is any. RULES says
what each rule is. tests/rules/check_rules_test.py plants a violation of each.
"""

import argparse
import pathlib
import re
import sys
from typing import NamedTuple

RULES = {
    "head": "a file opens with the two lines of licence and copyright",
    "guard": "a header is guarded by SETTLE_<PATH>_H_ and by nothing else",
    "namespace": "a header opens and closes the namespace through base/config.h",
    "length": "a file has fewer than 500 lines",
    "include": "a header includes only what decides and never what acts",
    "spelling": 'our headers are included as "settle/...", those of others as <...> or "absl/..."',
    "arrow": "modules include each other only along the arrows; detail/ stays in its module",
    "vocabulary": "a vocabulary header does not reach Abseil",
    "umbrella": "settle.h reaches every public header",
    "float": "no floating point",
    "exception": "no exception, abort or assert; no run-time type information",
    "absl": "std's string_view, optional, variant, not Abseil's",
    "state": "no mutable member, no mutable global or static, no thread_local",
    "effect": "no input or output, clock, environment, randomness or thread",
    "macro": "no macro outside base/config.h, and there only SETTLE_; no conditional compilation",
    "test": "each header has a test named for it",
}

# What each module may include of others. The value is a set of modules, or of single headers.
ARROWS = {
    "base": set(),
    "crypto": {"base"},
    "quorum": {"base", "crypto"},
    "ledger": {"base", "crypto"},
    "market": {"base", "crypto", "quorum"},
    "margin": {"base", "ledger/fwd.h", "ledger/types.h", "ledger/invariant.h"},
    "commit": {"base", "crypto", "quorum", "ledger"},
    "consensus": {"base", "crypto", "quorum"},
    "engine": {"base", "crypto", "quorum", "ledger", "market", "margin", "commit", "consensus"},
}

# The headers of the standard library that only compute.
STANDARD = set(
    """algorithm array bit bitset charconv climits compare concepts cstddef cstdint cstring deque
    functional initializer_list iterator limits list map memory new numeric optional ranges set
    span string string_view tuple type_traits unordered_map unordered_set utility variant vector
    version""".split())
ABSEIL = ("absl/algorithm/", "absl/base/attributes.h", "absl/base/nullability.h",
          "absl/container/", "absl/functional/", "absl/hash/", "absl/numeric/bits.h",
          "absl/status/", "absl/strings/", "absl/types/span.h")

# The one place where Abseil's own string_view becomes std's, and where a status carries a payload.
ABSEIL_BOUNDARY = "base/status.h"

MAX_LINES = 500
HEAD = ("SPDX-License-Identifier: Apache-2.0", "Copyright the settle authors.")

DIRECTIVE_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]')
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)[ \t]*(.*)$")

# (rule, pattern, what) over code without comments, literals and directives.
PATTERNS = [(rule, re.compile(pattern), what) for rule, pattern, what in (
    ("float", r"\b(?:float|double|_?Float\d+\w*|floating_point|float_t|double_t|__float128)\b",
     "a floating-point type"),
    ("float", r"(?<![\w.])(?:\d[\d']*\.[\d']*|\.\d[\d']*|\d[\d']*[eE][+-]?\d)(?!\.)\w*",
     "a floating-point literal"),
    ("exception", r"\b(?:throw|try|catch)\b", "an exception"),
    ("exception", r"\b(?:abort|terminate|quick_exit|_Exit|unreachable|__builtin_unreachable"
                  r"|__builtin_trap|raise|longjmp|setjmp)\s*\(", "an abort"),
    ("exception", r"\b(?:std::|::)exit\s*\(|(?<![\w.>:])exit\s*\(", "an exit"),
    ("exception", r"(?<!\w)(?:assert|ABSL_\w*CHECK\w*|ABSL_\w*ASSERT\w*|CHECK\w*|DCHECK\w*"
                  r"|ABSL_RAW_\w+|ABSL_LOG)\s*\(", "an assert"),
    ("exception", r"(?:\.|->)at\s*\(", "at(), which throws"),
    ("exception", r"\b(?:dynamic_cast|typeid)\b", "run-time type information"),
    ("absl", r"\babsl::(?:string_view|optional|variant|any|bad_\w+|nullopt|get_if|visit)\b",
     "a type that is Abseil's own where Abseil is old"),
    ("state", r"\bthread_local\b", "thread_local"),
    ("state", r"(?<!\) )(?<!\))\bmutable\b", "a mutable member"),
    ("state", r"\bvolatile\b|\bstd::atomic\w*", "shared mutable state"),
    ("state", r"(?m)^[ \t]*(?:inline[ \t]+)?static[ \t]+(?:inline[ \t]+)?(?!const\b|constexpr\b"
              r"|consteval\b|constinit\b|inline\b)[^;={}()]*[;={]", "a static that is not const"),
    ("state", r"(?m)^[ \t]*(?:extern|inline)[ \t]+(?!const\b|constexpr\b|consteval\b|constinit\b"
              r"|namespace\b|static\b|template\b|\"C)[^;={}()]*[;={]", "a global that is not const"),
    ("state", r"\bconstinit\b", "a global that is not const"),
    ("effect", r"\bstd::(?:cout|cerr|clog|cin|chrono|thread|jthread|mutex|\w*_mutex|async|future"
               r"|condition_variable\w*|random_device|mt19937\w*|filesystem|locale|getenv|time"
               r"|rand|srand|clock|f?printf|puts|f?open|system|osyncstream|source_location)\b",
     "an effect of the standard library"),
    ("effect", r"(?<![\w.>:])(?:getenv|secure_getenv|time|clock|clock_gettime|gettimeofday|rand"
               r"|srand|random|getrandom|printf|fprintf|puts|fopen|open|read|write|socket"
               r"|pthread_\w+|usleep|sleep|nanosleep|system|fork|setlocale|RAND_\w+"
               r"|EVP_PKEY_\w*keygen\w*|EVP_PKEY_Q_keygen|EVP_RAND_\w+)\s*\(", "an effect"),
    ("effect", r"\b(?:__TIME__|__DATE__|__TIMESTAMP__|__FILE__|__LINE__|__COUNTER__"
               r"|__builtin_(?:FILE|LINE|ia32_\w+|readcyclecounter))\b",
     "what differs between builds"),
    ("macro", r"\b(?:min|max)\s*\(", "a host may have a macro of this name, write (std::min)(a, b)"),
)]


class Violation(NamedTuple):
    path: str
    line: int
    rule: str
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


LITERALS = re.compile(
    r"""(?P<line>//(?:[^\n\\]|\\.|\\\n)*)
      | (?P<block>/\*.*?\*/)
      | (?P<raw>R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)")
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<char>(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+')""", re.VERBOSE | re.DOTALL)


def blank(match):
    """What takes the place of a comment or literal: as many lines, and no words."""
    text = match.group(0)
    newlines = "\n" * text.count("\n")
    if match.lastgroup in ("line", "block"):
        return " " + newlines
    return '""' + newlines


def without_comments(text):
    return LITERALS.sub(lambda m: blank(m) if m.group("line") or m.group("block") else m.group(0),
                        text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Header:
    """One header, read once: its text, its includes, its code without comments and literals."""

    def __init__(self, path, include):
        self.path = path
        self.name = path.relative_to(include).as_posix()  # settle/base/bytes.h
        self.short = self.name.removeprefix("settle/")  # base/bytes.h
        self.parts = self.short.split("/")
        self.module = self.parts[0] if len(self.parts) > 1 else None
        self.text = path.read_text(encoding="utf-8")
        # A directive may go on over lines that end in a backslash.
        lines = re.sub(r"\\\n", "\\\n", without_comments(self.text)).split("\n")
        self.includes, self.directives, code = [], [], []
        continued = False
        for number, line in enumerate(lines, 1):
            if continued or DIRECTIVE.match(line):
                if not continued:
                    include_match = DIRECTIVE_INCLUDE.match(line)
                    if include_match:
                        self.includes.append((number, *include_match.groups()))
                    self.directives.append((number, *DIRECTIVE.match(line).groups()))
                continued = line.endswith("\\")
                code.append("")
            else:
                code.append(line)
        self.code = LITERALS.sub(blank, "\n".join(code))

    @property
    def is_config(self):
        return self.short == "base/config.h"

    @property
    def is_umbrella(self):
        return self.name == "settle/settle.h"

    @property
    def is_detail(self):
        return "detail" in self.parts[:-1]

    @property
    def is_vocabulary(self):
        base = self.module == "base" and self.short != "base/status.h"
        return base or self.parts[-1] in ("types.h", "fwd.h")

    @property
    def guard(self):
        return re.sub(r"\W", "_", self.name).upper() + "_"


def check_guard(header):
    found = [(kind, rest.split()[0] if rest.split() else "")
             for _, kind, rest in header.directives if kind not in ("include", "pragma")]
    wanted = [("ifndef", header.guard), ("define", header.guard)]
    if found[:2] != wanted or not found or found[-1][0] != "endif":
        yield 1, "guard", f"expected the guard {header.guard}"
    for number, kind, rest in header.directives:
        if kind == "pragma" and rest.split()[:1] == ["once"]:
            yield number, "guard", "#pragma once"


def check_macros(header):
    # The first two directives and the last are the guard, see check_guard.
    for number, kind, rest in header.directives[2:-1]:
        word = re.match(r"\w*", rest).group(0)
        if kind == "include":
            continue
        if kind == "pragma":
            if not re.match(r"GCC diagnostic (push|pop|ignored)\b", rest):
                yield number, "macro", f"#pragma {rest}"
        elif not header.is_config:
            yield number, "macro", f"#{kind} {rest}".rstrip()
        elif kind in ("define", "undef") and not word.startswith("SETTLE_"):
            yield number, "macro", f"#{kind} {word}, which is not SETTLE_"
    if not header.is_config:
        for match in re.finditer(r"\b_Pragma\b", header.code):
            yield line_of(header.code, match.start()), "macro", "_Pragma"


def check_include(header, number, quote, name):
    if name.startswith("settle/"):
        if quote != '"':
            yield number, "spelling", f"<{name}> is our own: quote it"
        return
    if "/" not in name and quote == '"' or name.startswith("."):
        yield number, "spelling", f'"{name}" is neither ours by its whole name nor another\'s'
        return
    if name in STANDARD or name == "xxhash.h":
        return
    if name.startswith(ABSEIL) and ("cord" not in name or header.short == ABSEIL_BOUNDARY):
        return
    if name.startswith("openssl/") and header.module == "crypto" and name != "openssl/rand.h":
        return
    yield number, "include", f"<{name}> is not among what a header of {header.module} may include"


def check_arrow(header, number, name):
    target = name.removeprefix("settle/")
    module = target.split("/")[0] if "/" in target else None
    if header.is_umbrella:
        if "/detail/" in target:
            yield number, "arrow", f"{name} is internal"
        return
    if header.module not in ARROWS:
        yield number, "arrow", f"{header.module} is not a module"
        return
    if module == header.module:
        return
    allowed = ARROWS[header.module]
    if module not in allowed and target not in allowed:
        yield number, "arrow", f"{header.module} may not include {name}"
    elif "/detail/" in target:
        yield number, "arrow", f"{name} is internal to {module}"


def check_header(header):
    """Every violation that the header shows by itself."""
    lines = header.text.split("\n")
    if tuple(lines[:2]) != tuple("// " + line for line in HEAD):
        yield 1, "head", "the two lines of licence and copyright are missing"
    yield from check_guard(header)
    yield from check_macros(header)
    for number, quote, name in header.includes:
        yield from check_include(header, number, quote, name)
        if name.startswith("settle/"):
            yield from check_arrow(header, number, name)
    for rule, pattern, what in PATTERNS:
        for match in pattern.finditer(header.code):
            # A pattern for whole lines may begin on the blank lines before.
            start = match.start() + len(match.group(0)) - len(match.group(0).lstrip())
            found = " ".join(match.group(0).split())
            if header.short == ABSEIL_BOUNDARY and found == "absl::string_view":
                continue
            yield line_of(header.code, start), rule, f"{what}: {found}"
    if not header.is_config and not header.is_umbrella:
        words = re.findall(r"\bSETTLE_NAMESPACE_(BEGIN|END)\b", header.code)
        if not words or words != ["BEGIN", "END"] * (len(words) // 2):
            yield 1, "namespace", "SETTLE_NAMESPACE_BEGIN and _END are missing or unpaired"
        for match in re.finditer(r"\bnamespace\s+settle\b", header.code):
            yield (line_of(header.code, match.start()), "namespace",
                   "the namespace is opened by hand")


def reaches(start, headers):
    """Every name that `start` includes, directly or through our headers."""
    seen, todo = set(), [start]
    while todo:
        for _, _, name in headers[todo.pop()].includes:
            if name not in seen:
                seen.add(name)
                if name in headers:
                    todo.append(name)
    return seen


def check_together(headers):
    """Violations that need all headers."""
    for header in headers.values():
        for number, _, name in header.includes:
            if name.startswith("settle/") and name not in headers:
                yield header.name, number, "spelling", f"{name} does not exist"
        if header.is_vocabulary:
            found = sorted(n for n in reaches(header.name, headers) if n.startswith("absl/"))
            if found:
                yield header.name, 1, "vocabulary", f"reaches {found[0]}"
    umbrella = "settle/settle.h"
    if umbrella not in headers:
        yield umbrella, 1, "umbrella", "does not exist"
        return
    missing = set(headers) - reaches(umbrella, headers) - {umbrella}
    for name in sorted(missing):
        if not headers[name].is_detail:
            yield umbrella, 1, "umbrella", f"does not reach {name}"


def check_tests(headers, root):
    """tests/ mirrors include/: X.h has X_test.cc, or one or more X_<part>_test.cc."""
    for header in headers.values():
        stem = header.parts[-1].removesuffix(".h")
        if header.is_umbrella or header.is_detail or stem == "fwd":
            continue
        folder = root / "tests" / "/".join(header.parts[:-1])
        if not (folder / f"{stem}_test.cc").exists() and not any(folder.glob(f"{stem}_*_test.cc")):
            yield header.name, 1, "test", f"tests/{header.short[:-2]}_test.cc is missing"


SOURCES = {".h": "// ", ".cc": "// ", ".py": "# ", ".cmake": "# ", ".sh": "# "}


def check_sources(root):
    """What holds for every source file, not only for the library's headers."""
    for folder in ("include", "tests", "benchmarks", "examples", "cmake"):
        for path in sorted((root / folder).rglob("*")):
            comment = SOURCES.get(path.suffix)
            if comment is None or not path.is_file() or "__pycache__" in path.parts:
                continue
            lines = path.read_text(encoding="utf-8").split("\n")
            name = path.relative_to(root).as_posix()
            if len(lines) > MAX_LINES:
                yield name, MAX_LINES, "length", f"{len(lines) - 1} lines"
            head = [line for line in lines[:3] if not line.startswith("#!")][:2]
            if folder != "include" and head != [comment + line for line in HEAD]:
                yield name, 1, "head", "the two lines of licence and copyright are missing"


def check(root):
    """Every violation in the project at `root`, sorted."""
    root = pathlib.Path(root)
    include = root / "include"
    headers = {}
    for path in sorted(include.rglob("*.h")):
        header = Header(path, include)
        headers[header.name] = header
    if not headers:
        return [Violation("include", 1, "include", "no header found")]
    violations = []
    for header in headers.values():
        violations += [Violation("include/" + header.name, *found)
                       for found in check_header(header)]
    for check_all in (check_together(headers), check_tests(headers, root)):
        violations += [Violation("include/" + name, *found) for name, *found in check_all]
    violations += [Violation(*found) for found in check_sources(root)]
    return sorted(violations)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2])
    violations = check(parser.parse_args().root)
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
