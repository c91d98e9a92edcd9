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
import dataclasses
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSED = re.compile(r"\[  PASSED  \] (\d+) tests?\.")


class Failed(Exception):
    """A fault is not noticed, or the planting itself went wrong."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One change to one header, and the test that must notice it."""

    name: str
    header: str  # below include/settle
    old: str
    new: str
    source: str  # below tests
    test: str  # a filter of GoogleTest


FAULTS = [
    Fault(
        "nobody is asked for consent",
        "ledger/detail/ledger_apply.h",
        "if (reason.ok()) reason = CheckAuthority(intent, by);",
        "if (reason.ok()) (void)intent;",
        "ledger/owner_keys_test.cc",
        "OwnerKeysTest.ALedgerMovesNothingOfWhoDidNotConsent",
    ),
    Fault(
        "a delegation may be replayed",
        "ledger/owner_keys.h",
        "delegation.number <= delegations_[known].number",
        "delegation.number < delegations_[known].number",
        "ledger/owner_keys_test.cc",
        "OwnerKeysTest.NeverGoesBackToAnOlderDelegation",
    ),
    Fault(
        "a venue's consent holds an instant too long",
        "ledger/owner_keys.h",
        "if (now >= consent.valid_until) return LedgerReason::kConsentExpired;",
        "if (now > consent.valid_until) return LedgerReason::kConsentExpired;",
        "ledger/owner_keys_test.cc",
        "OwnerKeysTest.VenuesConsentEndsAtItsInstant",
    ),
    Fault(
        "legs need not sum to zero",
        "ledger/detail/ledger_apply.h",
        "if (!balanced) return LedgerReason::kUnbalanced;",
        "if (!balanced && balanced) return LedgerReason::kUnbalanced;",
        "ledger/ledger_test.cc",
        "LedgerTest.RefusesEveryMalformedTransactionWithoutATrace",
    ),
    Fault(
        "a refused account leaves its margin account",
        "ledger/detail/account_table.h",
        "if (row.previous == kNoRow) RemoveLastMarginAccount();",
        "if (row.previous == kNoRow && margin_rows_.empty()) RemoveLastMarginAccount();",
        "ledger/account_table_test.cc",
        "AccountTable.NamingStrangersInVainTakesNoMemory",
    ),
    Fault(
        "a transaction lives an instant too long",
        "ledger/detail/ledger_apply.h",
        "if (header.valid_until <= now_) {",
        "if (header.valid_until < now_) {",
        "engine/settlement_engine_test.cc",
        "SettlementEngineTest.GenesisRefusedHalfwayLeavesNothingAndMayBeTriedAgain",
    ),
    Fault(
        "what is held can be spent",
        "ledger/detail/ledger_hold.h",
        "falls && *least < limits.floor.value()",
        "falls && touched.after < limits.floor.value()",
        "ledger/ledger_hold_test.cc",
        "LedgerHold.C9TwoRaceForOneBalanceAndTheLoserStaysRefused",
    ),
    Fault(
        "open interest is judged before the trade",
        "ledger/detail/ledger_apply.h",
        "view.open_interest = interest_.OpenOr(view.open_interest, view.asset);",
        "(void)interest_;",
        "ledger/open_interest_test.cc",
        "OpenInterest.IsJudgedAfterTheTradeAndARefusalLeavesIt",
    ),
    Fault(
        "what is taken back stays in open interest",
        "ledger/detail/ledger_apply.h",
        "accounts_.SetBalance(undo.row, undo.balance);",
        "accounts_[undo.row].balance = undo.balance;",
        "ledger/open_interest_test.cc",
        "OpenInterest.FollowsCompulsoryTransactionsAndTheirTakingBack",
    ),
    Fault(
        "a sum of balances forgets what is beyond 64 bits",
        "engine/system_invariants.h",
        "const Int128 high = high_ + (low_ >> 64);",
        "const Int128 high = high_;",
        "engine/system_invariants_test.cc",
        "Conservation.HoldsOfSumsThatAreZeroByWayOfNumbersBeyond128Bits",
    ),
    Fault(
        "the value of an inverse position is rounded up",
        "margin/instrument.h",
        "return Quanta(*Divide(coins, price.value(), Rounding::kDown));",
        "return Quanta(*Divide(coins, price.value(), Rounding::kUp));",
        "engine/system_invariants_test.cc",
        "SystemInvariants.HoldAfterEveryStepOfARun",
    ),
    Fault(
        "the outside takes no part in market events",
        "engine/detail/market_event_impl.h",
        "if (!IsContract(asset) || account.balance == Amount()) return;",
        "if (!IsContract(asset) || account.key.owner.IsZero()) return;",
        "engine/market_event_test.cc",
        "ExpiryEventTest.LeavesNoLotsAnywhereAndTheCashThatASlowModelSays",
    ),
    Fault(
        "a block stands where one of its events is refused",
        "engine/detail/settlement_engine_events.h",
        "if (!verdict.ok()) return verdict.reason;",
        "if (!verdict.ok() && verdict.reason.ok()) return verdict.reason;",
        "engine/settlement_engine_events_test.cc",
        "EngineEvents.RefuseTheWholeBlockWhereAnythingOfThemIsRefused",
    ),
    Fault(
        "a hold lives an instant too long",
        "ledger/detail/hold_table.h",
        "expiries_.front().expires_at <= now",
        "expiries_.front().expires_at < now",
        "ledger/ledger_hold_test.cc",
        "LedgerHold.C10ReleasesAtItsTimeAndNeverBefore",
    ),
    Fault(
        "anybody may end a hold",
        "ledger/detail/ledger_hold.h",
        "if (reason.ok()) reason = authorize(*hold);",
        "if (reason.ok()) (void)authorize;",
        "ledger/ledger_hold_test.cc",
        "LedgerHold.AsksWhoPaysWhenItIsMadeAndItsResolverWhenItEnds",
    ),
    Fault(
        "opened accounts stay when a block is taken back",
        "ledger/detail/ledger_apply.h",
        "    case Undo::What::kOpen:\n      accounts_.CloseLast();\n",
        "    case Undo::What::kOpen:\n",
        "engine/settlement_engine_test.cc",
        "SettlementEngineTest.GenesisMayBeTakenBackAndBeAnother",
    ),
    Fault(
        "a refused block is not taken back",
        "engine/detail/settlement_engine_impl.h",
        "!status.ok()) {\n    RevertTo(marks);\n    return status;",
        "!status.ok()) {\n    return status;",
        "engine/settlement_engine_test.cc",
        "SettlementEngineTest.RefusedBlockLeavesEverythingBitIdentical",
    ),
    Fault(
        "a certificate of any header is final",
        "engine/detail/settlement_engine_impl.h",
        "if (commit->digest != block.digest) {",
        "if (commit->digest != commit->digest) {",
        "engine/settlement_engine_test.cc",
        "SettlementEngineTest.FinalizesInOrderAndOnlyByCommits",
    ),
    Fault(
        "a receipt need not be under the header",
        "engine/settlement_proof.h",
        "  if (reason.ok()) return absl::OkStatus();\n",
        "  if (reason.ok() || !reason.ok()) return absl::OkStatus();\n",
        "engine/settlement_proof_test.cc",
        "SettlementProofTest.NeedsTheReceiptOfExactlyThisTransaction",
    ),
    Fault(
        "half of the weight is a quorum",
        "quorum/types.h",
        "return Quorum(Weight(all - (all - 1) / 3));",
        "return Quorum(Weight(all - all / 2));",
        "engine/settlement_proof_test.cc",
        "SettlementProofTest.NeedsACommitOfAQuorumForExactlyThisHeader",
    ),
    Fault(
        "entries are not in the history",
        "ledger/state_commitment.h",
        "    if (change.entry_count > 0) {\n",
        "    if (change.entry_count > 1'000'000) {\n",
        "ledger/state_commitment_test.cc",
        "LedgerCommitment.IsThatOfTheWholeLedgerAfterEveryBlock",
    ),
    Fault(
        "nobody commits to what is reserved",
        "ledger/state_commitment.h",
        "LeafOf(change.account, change.pending, history, change.number)",
        "LeafOf(change.account, Pending(), history, change.number)",
        "ledger/state_commitment_test.cc",
        "LedgerCommitment.HoldsAccountsHoldsAndIds",
    ),
    Fault(
        "histories come back as anybody says",
        "ledger/state_commitment.h",
        "reason = new_accounts.Thaw(accounts, head.accounts); !reason.ok()) return reason;",
        "reason = new_accounts.Thaw(accounts, head.accounts); !reason.ok()) reason = {};",
        "ledger/state_commitment_test.cc",
        "LedgerCommitment.IsRecoveredFromTheLedgerAndTheHistoriesAndFromNothingElse",
    ),
    Fault(
        "a statement may have any number of entries",
        "ledger/statement.h",
        "if (entries != ends.closing.entries) return LedgerReason::kEntriesMissing;",
        "(void)entries;",
        "ledger/statement_test.cc",
        "Statement.IsRefusedWhereAnythingIsForged",
    ),
    Fault(
        "a statement may have two pages of one height",
        "ledger/statement.h",
        "(height && page.height <= *height)",
        "(height && page.height < *height)",
        "ledger/statement_test.cc",
        "Statement.IsRefusedWhereAnythingIsForged",
    ),
    Fault(
        "a chain is judged by its last member",
        "ledger/detail/ledger_chain.h",
        "  touched_.Begin(kMaxLegs);\n  for (std::size_t i = 0; i < chain_.size(); ++i) {\n",
        "  for (std::size_t i = 0; i < chain_.size(); ++i) {\n    touched_.Begin(kMaxLegs);\n",
        "ledger/ledger_chain_test.cc",
        "LedgerChain.IsJudgedByWhatAllMembersComeTo",
    ),
    Fault(
        "a refused chain burns two ids",
        "ledger/detail/ledger_chain.h",
        "    return Remember(chain_[refusal.member], refusal.reason, accounts_before,\n",
        "    Remember(chain_.back(), refusal.reason, accounts_before, verdicts.back());\n"
        "    return Remember(chain_[refusal.member], refusal.reason, accounts_before,\n",
        "ledger/ledger_chain_test.cc",
        "LedgerChain.C5FailsInTheMiddleAndBurnsOneId",
    ),
    Fault(
        "a chain may be open where its batch ends",
        "ledger/detail/ledger_chain.h",
        "if (chain_.back().transaction().header.chained) {",
        "if (chain_.size() == 1 && chain_.back().transaction().header.chained) {",
        "ledger/ledger_chain_test.cc",
        "LedgerChain.C3AnOpenChainIsRefusedAndOthersAreNot",
    ),
    Fault(
        "an account may be closed of which a settlement reserves something",
        "ledger/detail/ledger_settings.h",
        "} else if (settings.flags.Has(AccountFlag::kClosed) && IsHeldBySettlement(row)) {",
        "} else if (settings.flags == AccountFlags() && IsHeldBySettlement(row)) {",
        "ledger/account_settings_test.cc",
        "AccountSettingsTest.CannotCloseWhatASettlementReserves",
    ),
    Fault(
        "holds reserve of frozen debits",
        "ledger/detail/ledger_settings.h",
        "flags.Has(AccountFlag::kDebitsFrozen) && Falls(touched);",
        "flags.Has(AccountFlag::kDebitsFrozen) && touched.change < 0;",
        "ledger/account_settings_test.cc",
        "AccountSettingsTest.FrozenDebitsLowerNothing",
    ),
    Fault(
        "realised cost is rounded up",
        "ledger/position.h",
        "whole.value(), Rounding::kDown));",
        "whole.value(), Rounding::kUp));",
        "ledger/position_test.cc",
        "CostOf.IsAllOfItForAllLotsAndAPartRoundedDownForFewer",
    ),
    Fault(
        "a position that flips closes more than it has",
        "ledger/position.h",
        "CheckedCast<Int128>(held < changed ? held : changed);",
        "CheckedCast<Int128>(held < changed ? changed : changed);",
        "ledger/position_test.cc",
        "ClosedLots.IsTheLesserOfWhatIsHeldAndWhatComesAgainstIt",
    ),
    Fault(
        "a balance need not be under the header",
        "engine/balance_proof.h",
        "if (state != header.state) {",
        "if (state.size != header.state.size) {",
        "engine/balance_proof_test.cc",
        "BalanceProofTest.IsRefusedForAnythingThatIsNotSo",
    ),
    Fault(
        "a statement may open with another's account",
        "engine/statement_proof.h",
        "if (proof.opening && proof.opening->account.account != account) {",
        "if (proof.opening && proof.closing.account.account != account) {",
        "engine/statement_proof_test.cc",
        "StatementProofTest.IsRefusedWithAPageLeftOutOrOfAnotherOwner",
    ),
    Fault(
        "a short is worth what a long is",
        "margin/risk_arrays.h",
        "return {lots < Lots(0) ? ceilings : floors, scenarios};",
        "return {lots < Lots(0) ? floors : floors, scenarios};",
        "margin/risk_arrays_test.cc",
        "RiskArrays.UnderstateTheLossOfNeitherSide",
    ),
    Fault(
        "an option far out of the money is sold for nothing",
        "margin/detail/scenario_sum_impl.h",
        "const Int128 maintenance = (std::max)(total, *minimum * kMicroPerQuantum);",
        "const Int128 maintenance = total;",
        "margin/scenario_margin_test.cc",
        "ScenarioMargin.OfAShortOptionFarOutOfTheMoneyIsItsMinimum",
    ),
    Fault(
        "a haircut is rounded in its holder's favour",
        "margin/detail/position_risk.h",
        "(std::min)(worth, terms.cap).value(), Rounding::kDown)",
        "(std::min)(worth, terms.cap).value(), Rounding::kUp)",
        "margin/evaluation_collateral_test.cc",
        "Collateral.IsRoundedDownEveryTime",
    ),
    Fault(
        "others who trade raise what keeps a position",
        "margin/requirement_curve.h",
        "opened < least) opened = least;",
        "opened < least) kept = opened = least;",
        "margin/evaluation_kinds_test.cc",
        "OpenInterest.LiquidatesNobody",
    ),
    Fault(
        "a tier begins a quantum late",
        "margin/requirement_curve.h",
        "const Int128 above = notional - tier.floor.value();",
        "const Int128 above = notional - tier.floor.value() - 1;",
        "margin/evaluation_kinds_test.cc",
        "Tiers.DemandMoreFromTheirFloorOn",
    ),
    Fault(
        "initial margin believes the better of two prices",
        "margin/valuation.h",
        "return (std::min)(detail::HeadroomOfLot(curve, sign * mark),",
        "return (std::max)(detail::HeadroomOfLot(curve, sign * mark),",
        "margin/evaluation_slow_price_test.cc",
        "SlowPrices.LendNothingAgainstAPump",
    ),
    Fault(
        "a withdrawal may use the profit that a trade may",
        "margin/transition_rule.h",
        "? parameters.withdrawal_profit_cap",
        "? parameters.profit_cap",
        "margin/evaluation_slow_price_test.cc",
        "ProfitCaps.HoldBackWithdrawalsAtTheCapForThem",
    ),
    Fault(
        "of what is reserved the better end counts",
        "margin/detail/position_risk.h",
        ".initial = (std::max)(demand(a), demand(b)),",
        ".initial = (std::min)(demand(a), demand(b)),",
        "margin/evaluation_reserved_test.cc",
        "WhatIsReserved.IsNeverJudgedBetterThanTheWorstSubset",
    ),
    Fault(
        "an order hides profit from its cap",
        "margin/detail/position_risk.h",
        "(std::min)(*without_a, *without_b)",
        "(std::max)(*without_a, *without_b)",
        "margin/evaluation_reserved_test.cc",
        "WhatIsReserved.HidesNoProfitFromItsCap",
    ),
    Fault(
        "nothing is rounded between what an inverse position may become",
        "margin/evaluation.h",
        "worst.initial += 2 * kMicroPerQuantum;",
        "worst.initial += 0 * kMicroPerQuantum;",
        "margin/evaluation_reserved_test.cc",
        "WhatIsReserved.OfInverseContractsIsRoundedAgainstTheAccountBetweenTheEnds",
    ),
]

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
