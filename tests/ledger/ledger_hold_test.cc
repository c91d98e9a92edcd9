// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Holds: what they reserve, how they end, and what they refuse.

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "settle/ledger/hold.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

constexpr std::uint64_t kShop = 9;

HoldTerms Until(std::uint64_t time, bool in_parts = false) {
  return {.in_parts = in_parts, .expires_at = Timestamp(time), .resolver = OwnerOf(kShop)};
}

// Owners 1 to 3 have 1000 USD each at time 1010.
class LedgerHold : public testing::Test {
 protected:
  LedgerHold() {
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1000)).ok());
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      EXPECT_TRUE(Deposit(ledger_, 900 + owner, owner, 1000).ok());
    }
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1010)).ok());
  }

  // 400 from owner 1 to owner 2 by default.
  static Transaction HoldOf(std::uint64_t id, const HoldTerms& terms = Until(1040),
                            Int128 amount = 400, std::uint64_t from = 1, std::uint64_t to = 2) {
    return Pay({.id = id, .valid_until = 1050, .action = TransactionAction::kHold, .terms = terms},
               from, to, amount);
  }
  static Transaction End(TransactionAction action, std::uint64_t id, std::uint64_t target,
                         std::initializer_list<Leg> legs = {}) {
    return Make({.id = id,
                 .valid_until = 1060,
                 .transaction_class = TransactionClass::kPromised,
                 .action = action,
                 .target = target},
                legs);
  }
  static Transaction Post(std::uint64_t id, std::uint64_t target) {
    return End(TransactionAction::kPost, id, target);
  }
  static Transaction PostPart(std::uint64_t id, std::uint64_t target, Int128 amount) {
    return End(TransactionAction::kPost, id, target,
               {{Cash(1), Of(-amount)}, {Cash(2), Of(amount)}});
  }
  static Transaction Void(std::uint64_t id, std::uint64_t target) {
    return End(TransactionAction::kVoid, id, target);
  }
  Verdict Do(const Transaction& transaction) { return ApplyOne(ledger_, transaction); }
  void AdvanceTo(std::uint64_t time) {
    ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(time)).ok());
  }

  void ExpectNoTrace(const Transaction& transaction, Reason reason,
                     const OwnersUpTo& authority = {}) {
    const LedgerState before = ledger_.State();
    const Verdict verdict = ApplyOne(ledger_, transaction, {}, authority);
    EXPECT_EQ(verdict.disposition, Disposition::kRefused);
    EXPECT_EQ(verdict.reason, reason);
    EXPECT_TRUE(ledger_.State() == before);
  }
  void ExpectBurnt(const Transaction& transaction, Reason reason) {
    LedgerState before = ledger_.State();
    EXPECT_EQ(Do(transaction).reason, reason);
    LedgerState after = ledger_.State();
    ASSERT_EQ(after.ids.size(), before.ids.size() + 1);
    after.ids.PopBack();
    EXPECT_TRUE(after == before);
  }
  void ExpectBalances(Int128 first, Int128 second) {
    EXPECT_EQ(ledger_.BalanceOf(Cash(1)), Of(first));
    EXPECT_EQ(ledger_.BalanceOf(Cash(2)), Of(second));
    EXPECT_TRUE(Imbalances(ledger_).empty());
  }
  void ExpectPending(Int128 debits_of_first, Int128 credits_of_second) {
    EXPECT_EQ(ledger_.PendingOf(Cash(1)).debits, Of(debits_of_first));
    EXPECT_EQ(ledger_.PendingOf(Cash(1)).credits, Of(0));
    EXPECT_EQ(ledger_.PendingOf(Cash(2)).credits, Of(credits_of_second));
    EXPECT_EQ(ledger_.PendingOf(Cash(2)).debits, Of(0));
  }

  TestLedger ledger_{SmallOptions()};
};

TEST_F(LedgerHold, EndsWithinTheHorizonOfHolds) {
  const std::uint64_t horizon = SmallOptions().hold_horizon.value();
  ExpectNoTrace(HoldOf(1, Until(1010 + horizon + 1)), LedgerReason::kWrongTerms);
  ExpectNoTrace(HoldOf(1, Until(kMax<std::uint64_t>)), LedgerReason::kWrongTerms);
  ExpectNoTrace(HoldOf(1, Until(1010)), LedgerReason::kWrongTerms);
  EXPECT_TRUE(Do(HoldOf(1, Until(1010 + horizon))).ok());
  EXPECT_TRUE(Do(HoldOf(2, Until(1011))).ok());
}

TEST_F(LedgerHold, ReservesBothSidesAndMovesNothing) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  ExpectBalances(1000, 1000);
  ExpectPending(400, 400);
  EXPECT_EQ(ledger_.hold_count(), 1u);
  // What is reserved cannot be spent, nor what is only promised.
  ExpectBurnt(Pay({.id = 2, .valid_until = 1050}, 1, 3, 601), LedgerReason::kBelowFloor);
  ExpectBurnt(Pay({.id = 3, .valid_until = 1050}, 2, 3, 1001), LedgerReason::kBelowFloor);
  EXPECT_TRUE(Do(Pay({.id = 4, .valid_until = 1050}, 1, 3, 600)).ok());
}

TEST_F(LedgerHold, KeepsRoomBelowTheCeilingForWhatItPromises) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  ASSERT_TRUE(Deposit(ledger_, 2, 3, 998'601).ok());
  ExpectBurnt(Pay({.id = 3, .valid_until = 1050}, 3, 2, 998'601), LedgerReason::kAboveCeiling);
  EXPECT_TRUE(Do(Pay({.id = 4, .valid_until = 1050}, 3, 2, 998'600)).ok());
}

TEST_F(LedgerHold, PostsAllOfItOnce) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  const Verdict posted = Do(Post(2, 1));
  EXPECT_EQ(posted.disposition, Disposition::kApplied);
  ExpectBalances(600, 1400);
  ExpectPending(0, 0);
  EXPECT_EQ(ledger_.hold_count(), 0u);
  ExpectNoTrace(Post(3, 1), LedgerReason::kHoldNotOpen);
  ExpectNoTrace(Void(4, 1), LedgerReason::kHoldNotOpen);
  // The same post again is answered as then.
  const Verdict again = Do(Post(2, 1));
  EXPECT_EQ(again.disposition, Disposition::kRepeated);
  EXPECT_EQ(again.index, posted.index);
}

TEST_F(LedgerHold, PostsAPartAndReleasesTheRest) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  ASSERT_TRUE(Do(PostPart(2, 1, 150)).ok());
  ExpectBalances(850, 1150);
  ExpectPending(0, 0);
  ExpectNoTrace(Post(3, 1), LedgerReason::kHoldNotOpen);
}

TEST_F(LedgerHold, PostsInPartsWhereItsTermsSaySo) {
  ASSERT_TRUE(Do(HoldOf(1, Until(1040, true))).ok());
  ASSERT_TRUE(Do(PostPart(2, 1, 150)).ok());
  ExpectPending(250, 250);
  ExpectNoTrace(PostPart(3, 1, 251), LedgerReason::kExceedsHold);
  ASSERT_TRUE(Do(PostPart(4, 1, 100)).ok());
  ASSERT_TRUE(Do(Post(5, 1)).ok());
  ExpectBalances(600, 1400);
  ExpectPending(0, 0);
  EXPECT_EQ(ledger_.hold_count(), 0u);
}

TEST_F(LedgerHold, EndsWhenItsLastPartIsPosted) {
  ASSERT_TRUE(Do(HoldOf(1, Until(1040, true))).ok());
  ASSERT_TRUE(Do(PostPart(2, 1, 400)).ok());
  EXPECT_EQ(ledger_.hold_count(), 0u);
}

TEST_F(LedgerHold, VoidsWhatIsLeft) {
  ASSERT_TRUE(Do(HoldOf(1, Until(1040, true))).ok());
  ASSERT_TRUE(Do(PostPart(2, 1, 150)).ok());
  ASSERT_TRUE(Do(Void(3, 1)).ok());
  ExpectBalances(850, 1150);
  ExpectPending(0, 0);
}

TEST_F(LedgerHold, C9TwoRaceForOneBalanceAndTheLoserStaysRefused) {
  ASSERT_TRUE(Do(HoldOf(1, Until(1040), 700)).ok());
  ExpectBurnt(HoldOf(2, Until(1040), 301), LedgerReason::kBelowFloor);
  ASSERT_TRUE(Do(Void(3, 1)).ok());
  EXPECT_EQ(Do(HoldOf(2, Until(1040), 301)).reason, Reason(LedgerReason::kIdAlreadyFailed));
  EXPECT_TRUE(Do(HoldOf(4, Until(1040), 1000)).ok());
  ExpectPending(1000, 1000);
}

TEST_F(LedgerHold, C10ReleasesAtItsTimeAndNeverBefore) {
  ASSERT_TRUE(Do(HoldOf(1, Until(1030))).ok());
  ASSERT_TRUE(Do(HoldOf(2, Until(1031))).ok());
  AdvanceTo(1029);
  ExpectPending(800, 800);
  AdvanceTo(1030);
  ExpectPending(400, 400);
  AdvanceTo(1031);
  ExpectPending(0, 0);
  ExpectBalances(1000, 1000);
}

TEST_F(LedgerHold, C1RefusesAPostAfterTheTimeAndChangesNothing) {
  ASSERT_TRUE(Do(HoldOf(1, Until(1030))).ok());
  AdvanceTo(1030);
  ExpectNoTrace(Post(2, 1), LedgerReason::kHoldNotOpen);
  ExpectNoTrace(Post(2, 1), LedgerReason::kHoldNotOpen);
}

TEST_F(LedgerHold, AsksWhoPaysWhenItIsMadeAndItsResolverWhenItEnds) {
  int asked = 0;
  ExpectNoTrace(HoldOf(1, Until(1040), 400, 2, 1), LedgerReason::kNotConsented,
                {.most = 1, .asked = &asked});
  ASSERT_TRUE(ApplyOne(ledger_, HoldOf(1), {}, {.most = 1, .asked = &asked}).ok());
  EXPECT_EQ(asked, 2);  // the receiver was not
  ExpectNoTrace(Post(2, 1), LedgerReason::kNotConsented, {.most = kShop - 1});
  ExpectNoTrace(Void(3, 1), LedgerReason::kNotConsented, {.most = kShop - 1});
  asked = 0;
  EXPECT_TRUE(ApplyOne(ledger_, Post(4, 1), {}, {.most = kShop, .asked = &asked}).ok());
  EXPECT_EQ(asked, 1);
}

TEST_F(LedgerHold, RefusesWhatIsNoPartOfTheHold) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  const auto post = [](std::initializer_list<Leg> legs) {
    return End(TransactionAction::kPost, 2, 1, legs);
  };
  ExpectNoTrace(PostPart(2, 1, 401), LedgerReason::kExceedsHold);
  ExpectNoTrace(PostPart(2, 1, -1), LedgerReason::kNotOfHold);
  ExpectNoTrace(post({{Cash(1), Of(-1)}, {Cash(3), Of(1)}}), LedgerReason::kNotOfHold);
  ExpectNoTrace(post({{Cash(2), Of(1)}, {Cash(1), Of(-1)}}), LedgerReason::kNotOfHold);
  ExpectNoTrace(post({{Cash(1), Of(-1)}, {Cash(1), Of(-1)}, {Cash(2), Of(2)}}),
                LedgerReason::kNotOfHold);
  ExpectNoTrace(post({{Cash(1), Of(-2)}, {Cash(2), Of(1)}}), LedgerReason::kUnbalanced);
  ExpectNoTrace(post({{Cash(1), Of(-1)}}), LedgerReason::kTooFewLegs);
  ExpectNoTrace(End(TransactionAction::kVoid, 2, 1, {{Cash(1), Of(-1)}, {Cash(2), Of(1)}}),
                LedgerReason::kTooManyLegs);
  ExpectNoTrace(Post(2, 77), LedgerReason::kHoldNotOpen);
}

TEST_F(LedgerHold, RefusesTermsAndTargetsThatDoNotBelong) {
  const HoldTerms terms = Until(1040);
  Wanted hold{.id = 1, .valid_until = 1050, .action = TransactionAction::kHold, .terms = terms};
  const auto refused = [&](const Wanted& wanted, LedgerReason reason) {
    ExpectNoTrace(Pay(wanted, 1, 2, 400), reason);
  };
  Wanted wrong = hold;
  wrong.terms.reset();
  refused(wrong, LedgerReason::kWrongTerms);
  wrong = hold;
  wrong.target = 5;
  refused(wrong, LedgerReason::kWrongTerms);
  wrong = hold;
  wrong.terms->expires_at = Timestamp(1010);  // now
  refused(wrong, LedgerReason::kWrongTerms);
  wrong.terms->expires_at = Timestamp();
  refused(wrong, LedgerReason::kWrongTerms);
  wrong = hold;
  wrong.action = TransactionAction::kApply;
  refused(wrong, LedgerReason::kWrongTerms);
  // A settlement's hold has an entry of its own: anybody could lock up what is theirs forever.
  wrong = hold;
  wrong.terms = HoldTerms{.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(1)};
  refused(wrong, LedgerReason::kWrongEntryPoint);
  // Classes.
  wrong = hold;
  wrong.transaction_class = TransactionClass::kPromised;
  refused(wrong, LedgerReason::kWrongEntryPoint);
  ASSERT_TRUE(Do(Pay(hold, 1, 2, 400)).ok());
  Transaction post = Post(2, 1);
  post.header.transaction_class = TransactionClass::kChosen;
  ExpectNoTrace(post, LedgerReason::kWrongEntryPoint);
  post = Post(2, 1);
  post.terms = terms;
  ExpectNoTrace(post, LedgerReason::kWrongTerms);
}

TEST_F(LedgerHold, C8NamesTheFirstFieldInWhichARetryDiffers) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  EXPECT_EQ(Do(HoldOf(1)).disposition, Disposition::kRepeated);
  ExpectNoTrace(Pay({.id = 1, .valid_until = 1050}, 1, 2, 400),
                LedgerReason::kExistsWithDifferentAction);
  ExpectNoTrace(HoldOf(1, Until(1041)), LedgerReason::kExistsWithDifferentTerms);
  ExpectNoTrace(HoldOf(1, Until(1040, true)), LedgerReason::kExistsWithDifferentTerms);
  ExpectNoTrace(HoldOf(1, Until(1040), 401), LedgerReason::kExistsWithDifferentLegs);
  ASSERT_TRUE(Do(HoldOf(2)).ok());
  ASSERT_TRUE(Do(Post(3, 1)).ok());
  ExpectNoTrace(Post(3, 2), LedgerReason::kExistsWithDifferentTarget);
}

TEST_F(LedgerHold, RefusesTheIdOfAnOpenHoldAlthoughItsTimeAsAnIdIsOver) {
  ASSERT_TRUE(Do(HoldOf(1, Until(5000))).ok());
  AdvanceTo(2000);
  Transaction again = HoldOf(1, Until(5000));
  again.header.valid_until = Timestamp(2050);
  ExpectNoTrace(again, LedgerReason::kHoldExists);
  // And it can still be posted.
  Transaction post = Post(2, 1);
  post.header.valid_until = Timestamp(2050);
  EXPECT_TRUE(Do(post).ok());
}

TEST_F(LedgerHold, ASettlementsHoldEndsByItsDecisionAlone) {
  Transaction hold = HoldOf(1);
  hold.terms = HoldTerms{.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(1)};
  const TotalAtLeast::Context context{};
  const OwnersUpTo authority{};
  const OwnersUpTo::Witness witness{};
  const TestLedger::Judgement by{.context = context, .authority = authority, .witness = witness};
  ASSERT_TRUE(ledger_.Reserve(hold.view(), Digest(), by).ok());
  ExpectPending(400, 400);
  ExpectNoTrace(Post(2, 1), LedgerReason::kWrongEntryPoint);
  ExpectNoTrace(Void(2, 1), LedgerReason::kWrongEntryPoint);
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1'000'000)).ok());
  ExpectPending(400, 400);
  Transaction post = Post(2, 1);
  post.header.valid_until = Timestamp(1'000'050);
  EXPECT_TRUE(ledger_.Resolve(post.view()).ok());
  ExpectBalances(600, 1400);
  ExpectPending(0, 0);
}

TEST_F(LedgerHold, ATimedHoldIsNotResolvedByADecision) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  EXPECT_EQ(ledger_.Resolve(Post(2, 1).view()).reason, Reason(LedgerReason::kWrongEntryPoint));
}

TEST_F(LedgerHold, IsTakenBackWithTheBlockThatMadeOrEndedIt) {
  ASSERT_TRUE(Do(HoldOf(1, Until(1030))).ok());
  ASSERT_TRUE(Do(HoldOf(2, Until(1040, true))).ok());
  const LedgerState before = ledger_.State();
  const Mark mark = *ledger_.Begin();
  ASSERT_TRUE(Do(HoldOf(3, Until(1040), 100)).ok());
  ASSERT_TRUE(Do(PostPart(4, 2, 10)).ok());
  AdvanceTo(1030);
  ASSERT_TRUE(Do(Post(5, 2)).ok());
  ExpectPending(100, 100);
  ASSERT_TRUE(ledger_.RevertTo(mark).ok());
  EXPECT_TRUE(ledger_.State() == before);
  ExpectPending(800, 800);
  AdvanceTo(1030);  // the time is still known
  ExpectPending(400, 400);
}

TEST_F(LedgerHold, IsInTheStateAndBackFromIt) {
  ASSERT_TRUE(Do(HoldOf(2, Until(1030, true))).ok());
  ASSERT_TRUE(Do(HoldOf(1, Until(1040), 100)).ok());
  ASSERT_TRUE(Do(PostPart(3, 2, 10)).ok());
  const LedgerState state = ledger_.State();
  ASSERT_EQ(state.holds.size(), 2u);
  auto recovered = TestLedger::Recover(state, SmallOptions());
  ASSERT_TRUE(recovered.ok());
  EXPECT_TRUE(recovered->State() == state);
  ledger_ = *recovered;
  ExpectPending(490, 490);
  EXPECT_EQ(Do(HoldOf(1, Until(1040), 100)).disposition, Disposition::kRepeated);
  AdvanceTo(1030);
  ExpectPending(100, 100);
}

TEST_F(LedgerHold, AStateWithAHoldThatCannotBeIsNotRecovered) {
  ASSERT_TRUE(Do(HoldOf(1)).ok());
  ASSERT_TRUE(Do(HoldOf(2)).ok());
  const LedgerState good = ledger_.State();
  const auto refused = [](const LedgerState& state) {
    return TestLedger::Recover(state, SmallOptions()).reason();
  };
  LedgerState bad = good;
  std::swap(bad.holds[0], bad.holds[1]);
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
  bad = good;
  bad.holds[1] = bad.holds[0];
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
  bad = good;
  bad.holds[0].terms.expires_at = good.now;
  EXPECT_EQ(refused(bad), Reason(BaseReason::kOutOfRange));
  bad = good;
  bad.holds[0].legs[0].row = 1000;
  EXPECT_EQ(refused(bad), Reason(BaseReason::kOutOfRange));
  bad = good;
  bad.holds[0].legs[0].amount = Of(-399);
  EXPECT_EQ(refused(bad), Reason(LedgerReason::kUnbalanced));
  bad = good;
  bad.holds[0].legs[0].amount = bad.holds[0].legs[1].amount = Of(0);
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
  bad.holds[0].legs.Clear();
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
  bad = good;
  (void)bad.holds[0].legs.Add({0, Of(0)});
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
  bad.holds[0].terms.in_parts = true;
  EXPECT_TRUE(refused(bad).ok());
  bad = good;
  bad.holds[0].terms.kind = static_cast<HoldKind>(7);
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
  bad = good;
  bad.ids[0].header.action = static_cast<TransactionAction>(17);
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
  bad = good;
  bad.ids[0].header.transaction_class = static_cast<TransactionClass>(17);
  EXPECT_EQ(refused(bad), Reason(BaseReason::kNotCanonical));
}

}  // namespace
}  // namespace settle::test
