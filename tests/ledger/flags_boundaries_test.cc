// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// C2: every set of flags on two accounts, with every amount at a boundary, in every kind of
// request, beside every kind of reservation. Each is answered as a rule written down here says; a
// refusal changes nothing but the id that is remembered; and what comes of it recovers to the same
// value.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/base/integer.h"
#include "settle/base/text.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/reason.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

constexpr Int128 kLowest = kMin<Int128>;
constexpr Int128 kHighest = kMax<Int128>;
constexpr Int128 kBalance = 50;  // of both
// Four different distances: 150 down and 160 up, 170 down and 130 up.
constexpr Limits kFirstLimits{Amount(Int128{-100}), Amount(Int128{210})};
constexpr Limits kSecondLimits{Amount(Int128{-120}), Amount(Int128{180})};

struct TwoAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey&) const { return {}; }
  [[nodiscard]] Limits LimitsOf(const AccountKey& key) const {
    if (key.owner == OwnerOf(1)) return kFirstLimits;
    return key.owner == OwnerOf(2) ? kSecondLimits : kUnlimited;
  }
};
using SmallLedger = Ledger<TotalAtLeast, OwnersUpTo, TwoAccounts>;

// From the first account to the second.
constexpr Int128 kAmounts[] = {0,    1,        -1,           129,     130,        131,  149,
                               150,  151,      -159,         -160,    -161,       -169, -170,
                               -171, kHighest, kHighest - 1, kLowest, kLowest + 1};

enum class What { kPlain, kChained, kCompulsory, kTimed, kInParts, kSettlement };
enum class Beside { kNothing, kTimedHold, kSettlementHold };

// One account as the rule sees it.
struct Side {
  AccountFlags flags{};
  Limits limits{};
  Int128 debits = 0;   // reserved
  Int128 credits = 0;  // reserved
  Int128 change = 0;
  Int128 more_debits = 0;
  Int128 more_credits = 0;

  [[nodiscard]] bool falls() const { return change < 0 || more_debits > 0; }
  [[nodiscard]] bool rises() const { return change > 0 || more_credits > 0; }
  // The least and the most that the balance may come to, or nothing beyond 128 bits.
  [[nodiscard]] std::optional<Int128> least() const {
    const auto after = CheckedAdd(kBalance, change);
    const auto down = CheckedAdd(debits, more_debits);
    return after && down ? CheckedSub(*after, *down) : std::nullopt;
  }
  [[nodiscard]] std::optional<Int128> most() const {
    const auto after = CheckedAdd(kBalance, change);
    const auto up = CheckedAdd(credits, more_credits);
    return after && up ? CheckedAdd(*after, *up) : std::nullopt;
  }
};

Reason StateReason(const Side& first, const Side& second, bool compulsory) {
  const Side* const sides[] = {&first, &second};
  const auto any = [&sides](auto&& test) { return test(*sides[0]) || test(*sides[1]); };
  const auto has = [](AccountFlag flag) {
    return [flag](const Side& side) { return side.flags.Has(flag); };
  };
  if (!compulsory) {
    if (any(has(AccountFlag::kClosed))) return LedgerReason::kAccountClosed;
    if (any([](const Side& side) {
          return side.flags.Has(AccountFlag::kDebitsFrozen) && side.falls();
        })) {
      return LedgerReason::kDebitsFrozen;
    }
    if (any([](const Side& side) {
          return side.flags.Has(AccountFlag::kCreditsFrozen) && side.rises();
        })) {
      return LedgerReason::kCreditsFrozen;
    }
  }
  if (any([](const Side& side) { return !side.least() || !side.most(); })) {
    return LedgerReason::kAmountOverflow;
  }
  if (compulsory) return {};
  if (any([](const Side& side) {
        return side.falls() && *side.least() < side.limits.floor.value();
      })) {
    return LedgerReason::kBelowFloor;
  }
  if (any([](const Side& side) {
        return side.rises() && *side.most() > side.limits.ceiling.value();
      })) {
    return LedgerReason::kAboveCeiling;
  }
  return {};
}

class FlagsBoundaries : public testing::Test {
 protected:
  FlagsBoundaries() {
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1000)).ok());
    EXPECT_TRUE(Deposit(ledger_, 901, 1, kBalance).ok());
    EXPECT_TRUE(Deposit(ledger_, 902, 2, kBalance).ok());
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1010)).ok());
  }

  // Legs of an amount that has no opposite do not sum to zero.
  static Transaction Move(std::uint64_t id, Int128 amount) {
    const auto opposite = static_cast<Int128>(-static_cast<UInt128>(amount));
    return Make({.id = id, .valid_until = 1050}, {{Cash(1), Of(opposite)}, {Cash(2), Of(amount)}});
  }
  static Transaction HoldOf(std::uint64_t id, Int128 amount, What what) {
    Transaction hold = Move(id, amount);
    hold.header.action = TransactionAction::kHold;
    hold.terms = HoldTerms{.in_parts = what == What::kInParts, .expires_at = Timestamp(1040)};
    if (what == What::kSettlement) {
      hold.terms =
          HoldTerms{.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(1)};
    }
    return hold;
  }
  Verdict MakeHold(const Transaction& hold) {
    const bool timed = hold.terms->kind == HoldKind::kTimed;
    return timed ? ApplyOne(ledger_, hold)
                 : ledger_.Reserve(hold.view(), {},
                                   {.context = context_, .authority = authority_, .witness = {}});
  }
  // Sets the flags, where they may be set, and answers those that are.
  AccountFlags Set(std::uint64_t owner, std::uint8_t bits, bool held) {
    const AccountFlags flags = AccountFlags::FromBits(bits);
    const bool refused = held && flags.Has(AccountFlag::kClosed);
    EXPECT_EQ(ledger_.Configure({.account = Cash(owner), .flags = flags}),
              refused ? Reason(LedgerReason::kAccountHeld) : Reason());
    return refused ? AccountFlags() : flags;
  }

  // The verdict is this one; if it is no success, nothing but one remembered id is new; and the
  // state recovers.
  template <typename Request>
  void Expect(Reason reason, Request&& request) {
    const LedgerState before = ledger_.State();
    const Verdict verdict = request();
    ASSERT_EQ(verdict.reason, reason)
        << ReasonName(static_cast<LedgerReason>(verdict.reason.code())) << ", not "
        << ReasonName(static_cast<LedgerReason>(reason.code()));
    LedgerState after = ledger_.State();
    const Fingerprint fingerprint = FingerprintOf(after);
    const Result<SmallLedger> recovered = SmallLedger::Recover(after, Options());
    ASSERT_TRUE(recovered.ok());
    ASSERT_EQ(recovered->fingerprint(), fingerprint);
    ++count_;
    if (reason.ok()) return;
    const bool burnt = RankOf(reason) >= RankOf(LedgerReason::kAccountClosed);
    ASSERT_EQ(after.ids.size(), before.ids.size() + (burnt ? 1 : 0));
    if (burnt) after.ids.PopBack();
    ASSERT_TRUE(after == before);
  }
  static std::size_t RankOf(Reason reason) {
    std::size_t rank = 0;
    while (reason != Reason(detail::kLedgerReasonNames[rank].reason)) ++rank;
    return rank;
  }

  // What the rule says of a new transaction or hold. Where it is chained, the second has given the
  // first one unit before.
  static Reason Rule(What what, Int128 amount, Side first, Side second) {
    if (amount == 0) return LedgerReason::kZeroAmount;
    if (amount == kLowest) return LedgerReason::kUnbalanced;
    if (what == What::kTimed || what == What::kInParts || what == What::kSettlement) {
      first.more_debits = amount > 0 ? amount : 0;
      first.more_credits = amount < 0 ? -amount : 0;
      second.more_debits = first.more_credits;
      second.more_credits = first.more_debits;
      return StateReason(first, second, false);
    }
    first.change = -amount;
    second.change = amount;
    if (what == What::kChained) {
      if (amount == kLowest + 1) return LedgerReason::kLegsOverflow;
      first.change += 1;
      second.change -= 1;
    }
    return StateReason(first, second, what == What::kCompulsory);
  }
  Verdict Do(What what, Int128 amount) {
    Transaction move = Move(1, amount);
    if (what == What::kPlain) return ApplyOne(ledger_, move);
    if (what == What::kChained) {
      Transaction give = Move(2, -1);
      give.header.chained = true;
      const TransactionView batch[] = {give.view(), move.view()};
      Verdict verdicts[2];
      ledger_.Apply(batch, {.context = context_, .authority = authority_, .witness = {}}, verdicts);
      EXPECT_EQ(verdicts[0].ok(), verdicts[1].ok());
      return verdicts[1];
    }
    if (what == What::kCompulsory) {
      move.header.transaction_class = TransactionClass::kCompulsory;
      move.header.rule = CompulsoryRule::kFunding;
      return ledger_.ApplyCompulsory(move.view());
    }
    return MakeHold(HoldOf(1, amount, what));
  }

  static LedgerOptions Options() { return SmallOptions(); }
  SmallLedger ledger_{Options()};
  TotalAtLeast::Context context_;
  OwnersUpTo authority_;
  int count_ = 0;
};

TEST_F(FlagsBoundaries, C2EveryNewRequestIsAnsweredByTheRule) {
  for (const Beside beside : {Beside::kNothing, Beside::kTimedHold, Beside::kSettlementHold}) {
    const Mark outer = *ledger_.Begin();
    Side first{.limits = kFirstLimits};
    Side second{.limits = kSecondLimits};
    if (beside == Beside::kTimedHold) {
      ASSERT_TRUE(MakeHold(HoldOf(9, 20, What::kInParts)).ok());
      first.debits = second.credits = 20;
    } else if (beside == Beside::kSettlementHold) {
      ASSERT_TRUE(MakeHold(HoldOf(9, -30, What::kSettlement)).ok());
      first.credits = second.debits = 30;
    }
    for (unsigned bits = 0; bits < 256; ++bits) {
      const Mark flags_mark = *ledger_.Begin();
      const bool held = beside == Beside::kSettlementHold;
      first.flags = Set(1, static_cast<std::uint8_t>(bits % 16), held);
      second.flags = Set(2, static_cast<std::uint8_t>(bits / 16), held);
      for (const What what : {What::kPlain, What::kChained, What::kCompulsory, What::kTimed,
                              What::kInParts, What::kSettlement}) {
        for (const Int128 amount : kAmounts) {
          SCOPED_TRACE("beside " + std::to_string(static_cast<int>(beside)) + ", flags " +
                       std::to_string(bits) + ", request " +
                       std::to_string(static_cast<int>(what)) + ", amount " + ToString(amount));
          const Mark mark = *ledger_.Begin();
          ASSERT_NO_FATAL_FAILURE(
              Expect(Rule(what, amount, first, second), [&] { return Do(what, amount); }));
          ASSERT_TRUE(ledger_.RevertTo(mark).ok());
        }
      }
      ASSERT_TRUE(ledger_.RevertTo(flags_mark).ok());
    }
    ASSERT_TRUE(ledger_.RevertTo(outer).ok());
  }
  EXPECT_EQ(count_, 3 * 256 * 6 * 19);
}

TEST_F(FlagsBoundaries, C2EveryEndOfAHoldIsAnsweredByTheRule) {
  struct End {
    TransactionAction action;
    Int128 amount;  // 0: no legs
    Reason reason;  // where nothing is closed
    Int128 moved;
  };
  const End ends[] = {
      {TransactionAction::kPost, 0, {}, 20},
      {TransactionAction::kPost, 20, {}, 20},
      {TransactionAction::kPost, 19, {}, 19},
      {TransactionAction::kPost, 1, {}, 1},
      {TransactionAction::kPost, 21, LedgerReason::kExceedsHold, 0},
      {TransactionAction::kPost, kHighest, LedgerReason::kExceedsHold, 0},
      {TransactionAction::kPost, kLowest, LedgerReason::kUnbalanced, 0},
      {TransactionAction::kPost, -1, LedgerReason::kNotOfHold, 0},
      {TransactionAction::kVoid, 0, {}, 0},
      {TransactionAction::kVoid, 20, LedgerReason::kTooManyLegs, 0},
  };
  for (const What what : {What::kTimed, What::kInParts, What::kSettlement}) {
    const Mark outer = *ledger_.Begin();
    ASSERT_TRUE(MakeHold(HoldOf(9, 20, what)).ok());
    const bool held = what == What::kSettlement;
    for (unsigned bits = 0; bits < 256; ++bits) {
      const Mark flags_mark = *ledger_.Begin();
      const AccountFlags first = Set(1, static_cast<std::uint8_t>(bits % 16), held);
      const AccountFlags second = Set(2, static_cast<std::uint8_t>(bits / 16), held);
      const bool closed = first.Has(AccountFlag::kClosed) || second.Has(AccountFlag::kClosed);
      for (const End& end : ends) {
        SCOPED_TRACE("hold " + std::to_string(static_cast<int>(what)) + ", flags " +
                     std::to_string(bits) + ", amount " + ToString(end.amount));
        const Mark mark = *ledger_.Begin();
        Transaction request = Move(1, end.amount);
        if (end.amount == 0) request.legs.Clear();
        request.header.transaction_class = TransactionClass::kPromised;
        request.header.action = end.action;
        request.header.target = TransactionId::FromNumber(9);
        const bool refused = closed && end.reason.ok() && end.moved != 0;
        ASSERT_NO_FATAL_FAILURE(Expect(
            refused ? Reason(LedgerReason::kAccountClosed) : end.reason,
            [&] { return held ? ledger_.Resolve(request.view()) : ApplyOne(ledger_, request); }));
        ASSERT_EQ(ledger_.BalanceOf(Cash(2)), Of(kBalance + (refused ? 0 : end.moved)));
        ASSERT_TRUE(ledger_.RevertTo(mark).ok());
      }
      ASSERT_TRUE(ledger_.RevertTo(flags_mark).ok());
    }
    ASSERT_TRUE(ledger_.RevertTo(outer).ok());
  }
  EXPECT_EQ(count_, 3 * 256 * 10);
}

}  // namespace
}  // namespace settle::test
