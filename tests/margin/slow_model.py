#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the settle authors.
"""Compares margin with a model in exact fractions, on random books: every number and every refusal.

  slow_model.py --program MARGIN_JSON [--seed 1] [--books 5000]
  slow_model.py --program MARGIN_JSON --self-test

The model is slow_rules.py and slow_transition.py, the books are random_books.py's, and
margin_json.cc judges them with the library. A failure prints the book, both answers, and the seed that makes it again; where none is
given SETTLE_TEST_SEED is the seed, and SETTLE_NIGHTLY=1 takes 200,000 books. All refusals must have
come up, or the books show too little.

The self-test plants one wrong rounding or threshold after the other in the model: each must differ
from the program on some book.
"""

import argparse
import collections
import dataclasses
import json
import os
import random
import subprocess
import sys
from math import ceil, floor, trunc

import random_books
import slow_rules
import slow_transition

BATCH = 5_000
NIGHTLY = 200_000
EXPECTED = (slow_rules.REGISTRATION + slow_rules.VALUATION + slow_rules.TRANSITION + ("Ok",))

PLANTS = {
    "the value of an inverse position truncated": {"inverse_value": trunc},
    "the value of an inverse position up": {"inverse_value": ceil},
    "the notional of an inverse position down": {"inverse_notional": floor},
    "the premium down": {"premium": floor},
    "the value of a token up": {"token_value": ceil},
    "the haircut down": {"token_counted": ceil},
    "the market's rate down": {"rate": floor},
    "the market's rate up where requirements are per leg": {"rate_per_leg": ceil},
    "the requirement of a leg down": {"requirement_per_leg": floor},
    "maintenance of a leg rounded once": {"maintenance_rounds_twice": False},
    "a tier one quantum late": {"tier_begins": 1},
    "no slow price": {"uses_slow": False},
    "debits that count": {"debits_are_gone": False},
    "reserved lots that do not count": {"lots_may_move": False},
    "tiers of accounts and not of owners": {"counts_elsewhere": False},
    "collateral of one's own making": {"issuer_counts": True},
    "a position of one lot more": {"largest_position": 1},
    "an inverse position of exact value between two sizes": {"quanta_between_ends": 0},
    "the profit of reserved lots down": {"profit_of_either": floor},
    "profit one quantum beyond its cap": {"profit_beyond": 1},
    "initial margin above zero": {"initial_is_strict": True},
    "a ratio that must rise": {"ratio_is_strict": True},
    "one cap for trades and withdrawals": {"withdrawals_have_a_cap": False},
    "profit may be moved to cash": {"profit_stays": False},
    "a ratio of equity alone": {"headroom_counts": False},
    "the last reason": {"precedence": max},
}


def in_digits(value):
    """A book for JSON: numbers are strings."""
    if isinstance(value, dict):
        return {name: in_digits(member) for name, member in value.items()}
    if isinstance(value, list):
        return [in_digits(element) for element in value]
    return str(value) if isinstance(value, int) else value


def answers_of(program, books):
    """What the program answers to each."""
    lines = "".join(json.dumps(in_digits(book)) + "\n" for book in books)
    done = subprocess.run([program, "--json"], input=lines, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{program}: exit code {done.returncode}: {done.stderr.strip()}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(books):
        raise RuntimeError(f"{program}: {len(answers)} answers to {len(books)} books")
    return answers


def random_batches(seed, count):
    """Lists of random books, `count` in all."""
    books = random_books.Books(random.Random(seed))
    while count > 0:
        batch = [books.book() for _ in range(min(count, BATCH))]
        count -= len(batch)
        yield batch


def outcomes_in(answer):
    """The refusals and verdicts that an answer has."""
    yield answer.get("refused")
    yield answer["before"].get("reason") if "before" in answer else None
    yield answer.get("verdict")


def compare(program, seed, count):
    """Returns a complaint, or None when all agree."""
    seen = collections.Counter()
    number = 0
    for batch in random_batches(seed, count):
        for book, answer in zip(batch, answers_of(program, batch)):
            number += 1
            expected = slow_transition.judge(book)
            if answer != expected:
                return (f"book {number} of seed {seed}:\n{json.dumps(in_digits(book))}\n"
                        f"program: {json.dumps(answer, sort_keys=True)}\n"
                        f"model:   {json.dumps(expected, sort_keys=True)}")
            seen.update(filter(None, outcomes_in(answer)))
    missing = [name for name in EXPECTED if not seen[name]]
    if missing and count >= BATCH:
        return f"no book of seed {seed} came to {', '.join(missing)}"
    print(f"seed {seed}: {number} books agree; "
          + ", ".join(f"{name} {seen[name]}" for name in EXPECTED))
    return None


def self_test(program, seed, count):
    """Returns a complaint, or None when every plant is noticed."""
    batches = [list(zip(batch, answers_of(program, batch)))
               for batch in random_batches(seed, count)]
    unnoticed = []
    for name, change in PLANTS.items():
        planted = dataclasses.replace(slow_rules.Rules(), **change)
        number = 0
        for number, (book, answer) in enumerate((one for batch in batches for one in batch), 1):
            if slow_transition.judge(book, planted) != answer:
                print(f"noticed at book {number}: {name}")
                break
        else:
            unnoticed.append(name)
    return f"seed {seed}: {count} books do not notice {unnoticed}" if unnoticed else None


def seed_of(text):
    """As tests/support/random.h has it: 1 where there is none, another each time for "random"."""
    return random.SystemRandom().getrandbits(64) if text == "random" else int(text or 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--seed", type=int, default=seed_of(os.environ.get("SETTLE_TEST_SEED")))
    parser.add_argument("--books", type=int)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    run = self_test if arguments.self_test else compare
    is_long = os.environ.get("SETTLE_NIGHTLY") == "1" and not arguments.self_test
    count = arguments.books or (NIGHTLY if is_long else BATCH)
    complaint = run(arguments.program, arguments.seed, count)
    if complaint:
        print(complaint, file=sys.stderr)
    return 1 if complaint else 0


if __name__ == "__main__":
    sys.exit(main())
