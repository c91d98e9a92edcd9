// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/ledger.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/base/revertible.h"
#include "tests/ledger/world.h"
#include "tests/support/allocations.h"

namespace settle::test {
namespace {

static_assert(Revertible<TestLedger>);

// A ledger at time 1000, height 1, in which owners 1 to 3 have 1000 USD and 10 BTC each.
class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(std::uint64_t{1000})).ok());
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      EXPECT_TRUE(Deposit(ledger_, 900 + owner, owner, 1000).ok());
      EXPECT_TRUE(Deposit(ledger_, 910 + owner, owner, 10, kBtc).ok());
    }
    // The deposits' ids fall out of the table.
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(std::uint64_t{1010})).ok());
    EXPECT_EQ(ledger_.id_count(), 0u);
  }

  // Expects a refusal that leaves no trace at all.
  void ExpectNoTrace(const Transaction& transaction, LedgerReason reason,
                     const OwnersUpTo& authority = {}) {
    const Fingerprint before = ledger_.fingerprint();
    const Verdict verdict = ApplyOne(ledger_, transaction, {}, authority);
    EXPECT_EQ(verdict.disposition, Disposition::kRefused);
    EXPECT_EQ(verdict.reason, Reason(reason)) << ReasonName(reason);
    EXPECT_EQ(ledger_.fingerprint(), before);
  }

  // Expects a refusal that leaves everything as it was but for the id, which is burnt.
  void ExpectBurnt(const Transaction& transaction, Reason reason,
                   const TotalAtLeast::Context& context = {}) {
    LedgerState before = ledger_.State();
    const Verdict verdict = ApplyOne(ledger_, transaction, context);
    EXPECT_EQ(verdict.disposition, Disposition::kRefused);
    EXPECT_EQ(verdict.reason, reason);
    LedgerState after = ledger_.State();
    ASSERT_EQ(after.ids.size(), before.ids.size() + 1);
    after.ids.PopBack();
    EXPECT_TRUE(after == before);
    EXPECT_EQ(ApplyOne(ledger_, transaction, {}).reason, Reason(LedgerReason::kIdAlreadyFailed));
  }

  TestLedger ledger_{SmallOptions()};
};

TEST_F(LedgerTest, MovesWhatTheLegsSayAndAnswersWhereItStands) {
  const Verdict verdict = ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1050}, 1, 2, 400));
  EXPECT_EQ(verdict.disposition, Disposition::kApplied);
  EXPECT_EQ(verdict.index, LogIndex(6));  // after six deposits
  EXPECT_EQ(verdict.height, Height(1));
  EXPECT_EQ(verdict.time, Timestamp(1010));
  EXPECT_EQ(ledger_.BalanceOf(Cash(1)), Of(600));
  EXPECT_EQ(ledger_.BalanceOf(Cash(2)), Of(1400));
  EXPECT_EQ(ledger_.BalanceOf(Cash(9)), Of(0));
  EXPECT_TRUE(Imbalances(ledger_).empty());
}

TEST_F(LedgerTest, SettlesEveryLegOfATransactionOrNone) {
  const auto exchange = [](std::uint64_t id, Int128 usd, Int128 btc) {
    return Make({.id = id, .valid_until = 1050}, {{Cash(1), Of(-usd)},
                                                  {Cash(2), Of(usd)},
                                                  {Cash(2, kBtc), Of(-btc)},
                                                  {Cash(1, kBtc), Of(btc)}});
  };
  ExpectBurnt(exchange(1, 100, 11), LedgerReason::kBelowFloor);
  EXPECT_EQ(ledger_.BalanceOf(Cash(1)), Of(1000));
  EXPECT_TRUE(ApplyOne(ledger_, exchange(2, 100, 10)).ok());
  EXPECT_EQ(ledger_.BalanceOf(Cash(2, kBtc)), Of(0));
  EXPECT_EQ(ledger_.BalanceOf(Cash(1, kBtc)), Of(20));
}

TEST_F(LedgerTest, JudgesTheSumOfAnAccountsLegsAndNotEachLeg) {
  // 1500 out and 600 in: neither order of legs may matter.
  EXPECT_TRUE(
      ApplyOne(ledger_, Make({.id = 1, .valid_until = 1050},
                             {{Cash(1), Of(-1500)}, {Cash(2), Of(900)}, {Cash(1), Of(600)}}))
          .ok());
  EXPECT_EQ(ledger_.BalanceOf(Cash(1)), Of(100));
}

TEST_F(LedgerTest, C6RepeatsTheVerdictOfACommittedTransactionAndNothingElse) {
  const Transaction payment = Pay({.id = 1, .valid_until = 1050}, 1, 2, 400);
  const Verdict first = ApplyOne(ledger_, payment);
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1020)).ok());
  const Fingerprint before = ledger_.fingerprint();
  const Verdict again = ApplyOne(ledger_, payment);
  EXPECT_EQ(again.disposition, Disposition::kRepeated);
  EXPECT_EQ(again.index, first.index);
  EXPECT_EQ(again.height, first.height);
  EXPECT_EQ(again.time, first.time);
  EXPECT_EQ(ledger_.fingerprint(), before);
}

TEST_F(LedgerTest, C8NamesTheFirstFieldInWhichAnIdsSecondUseDiffers) {
  ASSERT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1050}, 1, 2, 400)).ok());
  const Wanted same{.id = 1, .valid_until = 1050};
  Wanted wanted = same;
  wanted.transaction_class = TransactionClass::kPromised;
  ExpectNoTrace(Pay(wanted, 1, 2, 400), LedgerReason::kExistsWithDifferentClass);
  wanted.rule = CompulsoryRule::kFunding;
  wanted.valid_until = 1051;
  ExpectNoTrace(Pay(wanted, 1, 2, 401), LedgerReason::kExistsWithDifferentClass);
  wanted.transaction_class = TransactionClass::kChosen;
  ExpectNoTrace(Pay(wanted, 1, 2, 401), LedgerReason::kExistsWithDifferentRule);
  wanted.rule = CompulsoryRule::kNone;
  ExpectNoTrace(Pay(wanted, 1, 2, 401), LedgerReason::kExistsWithDifferentExpiry);
  ExpectNoTrace(Pay(same, 1, 2, 401), LedgerReason::kExistsWithDifferentLegs);
  ExpectNoTrace(Pay(same, 1, 3, 400), LedgerReason::kExistsWithDifferentLegs);
  ExpectNoTrace(Pay(same, 1, 2, 400, kBtc), LedgerReason::kExistsWithDifferentLegs);
  // The same legs in another order are another transaction; so are fewer and more.
  ExpectNoTrace(Make(same, {{Cash(2), Of(400)}, {Cash(1), Of(-400)}}),
                LedgerReason::kExistsWithDifferentLegs);
  ExpectNoTrace(Make(same, {{Cash(1), Of(-400)}}), LedgerReason::kExistsWithDifferentLegs);
  ExpectNoTrace(Make(same, {{Cash(1), Of(-400)}, {Cash(2), Of(400)}, {Cash(3), Of(1)}}),
                LedgerReason::kExistsWithDifferentLegs);
}

TEST_F(LedgerTest, C7RefusesAFailedIdForeverWithinItsTimeAlthoughTheCauseVanished) {
  const Transaction payment = Pay({.id = 1, .valid_until = 1050}, 1, 2, 1001);
  ExpectBurnt(payment, LedgerReason::kBelowFloor);
  ASSERT_TRUE(Deposit(ledger_, 2, 1, 1).ok());
  EXPECT_EQ(ApplyOne(ledger_, payment).reason, Reason(LedgerReason::kIdAlreadyFailed));
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 3, .valid_until = 1050}, 1, 2, 1001)).ok());
}

TEST_F(LedgerTest, RefusesAtTheInstantOfValidUntilAndNotBefore) {
  ExpectNoTrace(Pay({.id = 1, .valid_until = 1010}, 1, 2, 1), LedgerReason::kExpired);
  ExpectNoTrace(Pay({.id = 1, .valid_until = 0}, 1, 2, 1), LedgerReason::kExpired);
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1011}, 1, 2, 1)).ok());
  // Expired comes first, even for an id that was applied.
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1011)).ok());
  ExpectNoTrace(Pay({.id = 1, .valid_until = 1011}, 1, 2, 1), LedgerReason::kExpired);
}

TEST_F(LedgerTest, TakesAnIdAgainOnceItsTimeHasPassedWhetherOrNotItsPeriodHas) {
  ASSERT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1023}, 1, 2, 1)).ok());
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1022)).ok());
  ExpectNoTrace(Pay({.id = 1, .valid_until = 1060}, 1, 2, 1),
                LedgerReason::kExistsWithDifferentExpiry);
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1023)).ok());
  EXPECT_EQ(ledger_.id_count(), 1u);  // its period ends at 1030
  EXPECT_EQ(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1060}, 1, 2, 2)).disposition,
            Disposition::kApplied);
  EXPECT_EQ(ledger_.id_count(), 2u);
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1030)).ok());
  EXPECT_EQ(ledger_.id_count(), 1u);
  EXPECT_EQ(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1060}, 1, 2, 2)).disposition,
            Disposition::kRepeated);
}

TEST_F(LedgerTest, AdmitsValidUntilUpToTheHorizonAndNotBeyond) {
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1110}, 1, 2, 1)).ok());
  ExpectNoTrace(Pay({.id = 2, .valid_until = 1111}, 1, 2, 1), LedgerReason::kExpiryTooFar);
  ExpectNoTrace(Pay({.id = 2, .valid_until = kMax<std::uint64_t>}, 1, 2, 1),
                LedgerReason::kExpiryTooFar);
}

TEST_F(LedgerTest, WorksAtTheEndOfTime) {
  const std::uint64_t end = kMax<std::uint64_t>;
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(end - 1)).ok());
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = end}, 1, 2, 1)).ok());
  ASSERT_TRUE(ledger_.Advance(Height(3), Timestamp(end)).ok());
  ExpectNoTrace(Pay({.id = 2, .valid_until = end}, 1, 2, 1), LedgerReason::kExpired);
}

TEST_F(LedgerTest, RefusesLogTimeAndHeightThatGoBack) {
  const Fingerprint before = ledger_.fingerprint();
  EXPECT_EQ(ledger_.Advance(Height(1), Timestamp(1009)), Reason(LedgerReason::kTimeWentBack));
  EXPECT_EQ(ledger_.Advance(Height(0), Timestamp(1011)), Reason(LedgerReason::kTimeWentBack));
  EXPECT_EQ(ledger_.fingerprint(), before);
  EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1010)).ok());
}

TEST_F(LedgerTest, RefusesEveryMalformedTransactionWithoutATrace) {
  const Wanted wanted{.id = 1, .valid_until = 1050};
  ExpectNoTrace(Make(wanted, {}), LedgerReason::kTooFewLegs);
  ExpectNoTrace(Make(wanted, {{Cash(1), Of(-1)}}), LedgerReason::kTooFewLegs);
  ExpectNoTrace(Make(wanted, {{Cash(1), Of(0)}, {Cash(2), Of(0)}}), LedgerReason::kZeroAmount);
  ExpectNoTrace(Make(wanted, {{Cash(1), Of(-1)}, {Cash(2), Of(2)}}), LedgerReason::kUnbalanced);
  ExpectNoTrace(Make(wanted, {{Cash(1), Of(-1)}, {Cash(2, kBtc), Of(1)}}),
                LedgerReason::kUnbalanced);
  // A contract and a token of one number are different assets.
  ExpectNoTrace(Make(wanted, {{Cash(1, TokenId(1)), Of(-1)}, {Cash(2, ContractId(1)), Of(1)}}),
                LedgerReason::kUnbalanced);
  Wanted compulsory = wanted;
  compulsory.transaction_class = TransactionClass::kCompulsory;
  compulsory.rule = CompulsoryRule::kFunding;
  ExpectNoTrace(Pay(compulsory, 1, 2, 1), LedgerReason::kWrongEntryPoint);
  compulsory.transaction_class = TransactionClass::kChosen;
  ExpectNoTrace(Pay(compulsory, 1, 2, 1), LedgerReason::kWrongEntryPoint);
  Wanted unknown = wanted;
  unknown.transaction_class = static_cast<TransactionClass>(77);
  ExpectNoTrace(Pay(unknown, 1, 2, 1), LedgerReason::kWrongEntryPoint);
}

TEST_F(LedgerTest, TakesAsManyLegsAsTheBoundAndNotOneMore) {
  std::vector<Leg> legs;
  for (std::size_t i = 0; i < kMaxLegs; ++i) {
    legs.push_back({Cash(1 + i % 2), Of(i % 2 == 0 ? -1 : 1)});
  }
  const auto apply = [this](std::uint64_t id, std::span<const Leg> with) {
    const TransactionView view{
        .header = {.id = TransactionId::FromNumber(id), .valid_until = Timestamp(1050)},
        .legs = with};
    Verdict verdict;
    ledger_.Apply(std::span(&view, 1), {.context = {}, .authority = {}, .witness = {}},
                  std::span(&verdict, 1));
    return verdict;
  };
  EXPECT_TRUE(apply(1, legs).ok());
  EXPECT_EQ(ledger_.BalanceOf(Cash(1)), Of(1000 - 512));
  legs.push_back({Cash(1), Of(1)});
  EXPECT_EQ(apply(2, legs).reason, Reason(LedgerReason::kTooManyLegs));
}

TEST_F(LedgerTest, C12RefusesLegsAndBalancesThatLeave128BitsByOne) {
  const Int128 max = kMax<Int128>;
  const Wanted wanted{.id = 1, .valid_until = 1050};
  const AccountKey outside{kOutside, kCash, kUsd};
  const AccountKey other{kOutside, kPerpBook, kUsd};
  // The legs of one account.
  ExpectNoTrace(
      Make(wanted, {{outside, Of(max)}, {other, Of(-max)}, {outside, Of(1)}, {other, Of(-1)}}),
      LedgerReason::kLegsOverflow);
  // Four times 2^126 is 2^128: zero to a sum that wraps around.
  const AccountKey third{kOutside, Compartment(77), kUsd};
  const AccountKey fourth{kOutside, Compartment(78), kUsd};
  const Amount quarter = Of(Int128{1} << 126);
  ExpectNoTrace(
      Make(wanted, {{outside, quarter}, {other, quarter}, {third, quarter}, {fourth, quarter}}),
      LedgerReason::kUnbalanced);
  // A balance: the outside has -3000, so its least is 3000 above the least of all.
  ExpectBurnt(Make({.id = 2, .valid_until = 1050},
                   {{outside, Of(kMin<Int128> + 2999)}, {other, Of(max)}, {other, Of(-2998)}}),
              LedgerReason::kAmountOverflow);
  EXPECT_TRUE(
      ApplyOne(ledger_,
               Make({.id = 3, .valid_until = 1050},
                    {{outside, Of(kMin<Int128> + 3000)}, {other, Of(max)}, {other, Of(-2999)}}))
          .ok());
  EXPECT_EQ(ledger_.BalanceOf(outside), Of(kMin<Int128>));
}

TEST_F(LedgerTest, BalancesLegsWhateverTheirOrder) {
  const auto of = [](std::uint32_t number, Int128 amount) {
    return Leg{{kOutside, Compartment(number), kUsd}, Of(amount)};
  };
  for (const Int128 amount : {kMax<Int128>, -kMax<Int128>}) {  // leaves 128 bits on the way
    EXPECT_TRUE(
        ApplyOne(ledger_, Make({.id = amount > 0 ? 1u : 2u, .valid_until = 1050},
                               {of(1, amount), of(2, amount), of(3, -amount), of(4, -amount)}))
            .ok());
  }
}

TEST_F(LedgerTest, HoldsBalancesWithinTheirLimitsExactly) {
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1050}, 1, 2, 1000)).ok());
  ExpectBurnt(Pay({.id = 2, .valid_until = 1050}, 1, 2, 1), LedgerReason::kBelowFloor);
  ASSERT_TRUE(Deposit(ledger_, 3, 3, 999'000).ok());
  EXPECT_EQ(ledger_.BalanceOf(Cash(3)), Of(1'000'000));
  ExpectBurnt(Pay({.id = 4, .valid_until = 1050}, 2, 3, 1), LedgerReason::kAboveCeiling);
}

TEST_F(LedgerTest, LetsABalanceOutsideItsLimitsMoveTowardsThem) {
  // Compulsory transactions are not judged by limits: the owner ends 500 below the floor.
  ASSERT_TRUE(ledger_
                  .ApplyCompulsory(Make({.id = 1,
                                         .valid_until = 1050,
                                         .transaction_class = TransactionClass::kCompulsory,
                                         .rule = CompulsoryRule::kFunding},
                                        {{Cash(1), Of(-1500)}, {Cash(2), Of(1500)}})
                                       .view())
                  .ok());
  EXPECT_EQ(ledger_.BalanceOf(Cash(1)), Of(-500));
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 2, .valid_until = 1050}, 2, 1, 100)).ok());
  ExpectBurnt(Pay({.id = 3, .valid_until = 1050}, 1, 2, 1), LedgerReason::kBelowFloor);
}

TEST_F(LedgerTest, AsksTheAuthorityOncePerOwnerWhoPaysOrWhosePositionChanges) {
  int asked = 0;
  const OwnersUpTo all{.asked = &asked};
  const auto legs_of = [](std::uint64_t id) {
    return Make({.id = id, .valid_until = 1050}, {{{OwnerOf(1), kPerpBook, kPerp}, Of(5)},
                                                  {{OwnerOf(2), kPerpBook, kPerp}, Of(-5)},
                                                  {Cash(1), Of(-10)},
                                                  {Cash(3), Of(10)},
                                                  {Cash(1, kBtc), Of(-1)},
                                                  {Cash(2, kBtc), Of(1)}});
  };
  EXPECT_TRUE(ApplyOne(ledger_, legs_of(1), {}, all).ok());
  EXPECT_EQ(asked, 2);  // owner 1 pays and buys, owner 2 sells; owner 3 only receives
  ExpectNoTrace(legs_of(2), LedgerReason::kNotConsented, {.most = 1});
  EXPECT_TRUE(
      ApplyOne(ledger_, Pay({.id = 3, .valid_until = 1050}, 1, 9, 1), {}, {.most = 1}).ok());
}

TEST_F(LedgerTest, LegsThatCancelInAnAccountNeedItsOwnersConsentAsWell) {
  const auto through = [](std::uint64_t id, const AccountKey& account) {
    return Make({.id = id, .valid_until = 1050}, {{account, Of(1000)}, {account, Of(-1000)}});
  };
  // A stranger gets no receipt for them, opens nobody's account and burns no id.
  ExpectNoTrace(through(1, Cash(2)), LedgerReason::kNotConsented, {.most = 1});
  ExpectNoTrace(through(1, Cash(77)), LedgerReason::kNotConsented, {.most = 1});
  ExpectNoTrace(through(1, {OwnerOf(2), kPerpBook, kPerp}), LedgerReason::kNotConsented,
                {.most = 1});
  // Nor by hiding them behind a payment of his own.
  ExpectNoTrace(
      Make({.id = 1, .valid_until = 1050},
           {{Cash(1), Of(-1)}, {Cash(3), Of(1)}, {Cash(2), Of(1000)}, {Cash(2), Of(-1000)}}),
      LedgerReason::kNotConsented, {.most = 1});
  EXPECT_TRUE(ApplyOne(ledger_, through(1, Cash(2)), {}, {.most = 2}).ok());
}

TEST_F(LedgerTest, NobodyBurnsAnIdWithoutTheConsentOfThoseWhoWouldPay) {
  // It would fail by state too: too much, from an owner who did not agree.
  ExpectNoTrace(Pay({.id = 1, .valid_until = 1050}, 2, 1, 5000), LedgerReason::kNotConsented,
                {.most = 1});
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1050}, 2, 1, 500)).ok());
}

TEST_F(LedgerTest, AsksTheInvariantOnceForEachMarginAccountThatIsWeakened) {
  int asked = 0;
  const TotalAtLeast::Context counting{.asked = &asked};
  const Transaction trade =
      Make({.id = 1, .valid_until = 1050}, {{{OwnerOf(1), kPerpBook, kPerp}, Of(5)},
                                            {{OwnerOf(2), kPerpBook, kPerp}, Of(-5)},
                                            {Cash(1), Of(-10)},
                                            {Cash(3), Of(10)}});
  EXPECT_TRUE(ApplyOne(ledger_, trade, counting).ok());
  EXPECT_EQ(asked, 2);
  // The first refusal wins, and is the invariant's own.
  ExpectBurnt(Pay({.id = 2, .valid_until = 1050}, 1, 2, 1), Reason(Module::kHost, 1),
              {.least = 2000});
}

TEST_F(LedgerTest, ShowsTheInvariantTheSameAccountsBeforeAndAfter) {
  // 1000 + 10 before; 1 short of 1009 is refused and 1009 itself is not.
  ExpectBurnt(Pay({.id = 1, .valid_until = 1050}, 1, 2, 2), Reason(Module::kHost, 1),
              {.least = 1009});
  EXPECT_TRUE(
      ApplyOne(ledger_, Pay({.id = 2, .valid_until = 1050}, 1, 2, 1), {.least = 1009}).ok());
}

TEST_F(LedgerTest, CountsIdsOfPeriodsThatHaveNotPassedAgainstTheCapacity) {
  for (std::uint64_t id = 1; id <= 16; ++id) {
    EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = id, .valid_until = 1011}, 1, 2, 1)).ok()) << id;
  }
  ExpectNoTrace(Pay({.id = 17, .valid_until = 1050}, 1, 2, 1), LedgerReason::kIdTableFull);
  // Even one that fails by state leaves no trace then: there is no room to remember it.
  ExpectNoTrace(Pay({.id = 17, .valid_until = 1050}, 1, 2, 5000), LedgerReason::kIdTableFull);
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1019)).ok());
  ExpectNoTrace(Pay({.id = 17, .valid_until = 1050}, 1, 2, 1), LedgerReason::kIdTableFull);
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1020)).ok());
  EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 17, .valid_until = 1050}, 1, 2, 1)).ok());
}

TEST_F(LedgerTest, CompulsoryTransactionsAskNobodyAndHaveTheirOwnEntryPoint) {
  const Wanted wanted{.id = 1,
                      .valid_until = 1050,
                      .transaction_class = TransactionClass::kCompulsory,
                      .rule = CompulsoryRule::kLiquidation};
  for (const auto& [transaction_class, rule] :
       {std::pair{TransactionClass::kChosen, CompulsoryRule::kNone},
        std::pair{TransactionClass::kChosen, CompulsoryRule::kFunding},
        std::pair{TransactionClass::kPromised, CompulsoryRule::kFunding},
        std::pair{TransactionClass::kCompulsory, CompulsoryRule::kNone},
        std::pair{TransactionClass::kCompulsory, static_cast<CompulsoryRule>(9)}}) {
    Wanted wrong = wanted;
    wrong.transaction_class = transaction_class;
    wrong.rule = rule;
    const Fingerprint before = ledger_.fingerprint();
    EXPECT_EQ(ledger_.ApplyCompulsory(Pay(wrong, 1, 2, 1).view()).reason,
              Reason(LedgerReason::kWrongEntryPoint));
    EXPECT_EQ(ledger_.fingerprint(), before);
  }
  const Verdict first = ledger_.ApplyCompulsory(Pay(wanted, 1, 2, 1).view());
  EXPECT_EQ(first.disposition, Disposition::kApplied);
  EXPECT_EQ(ledger_.ApplyCompulsory(Pay(wanted, 1, 2, 1).view()).disposition,
            Disposition::kRepeated);
  EXPECT_EQ(ledger_.ApplyCompulsory(Pay(wanted, 1, 2, 2).view()).reason,
            Reason(LedgerReason::kExistsWithDifferentLegs));
  EXPECT_EQ(ledger_.ApplyCompulsory(Make(wanted, {{Cash(1), Of(-1)}}).view()).reason,
            Reason(LedgerReason::kExistsWithDifferentLegs));
}

TEST_F(LedgerTest, RefusesABatchWhoseVerdictsDoNotFit) {
  const Transaction payment = Pay({.id = 1, .valid_until = 1050}, 1, 2, 1);
  const std::vector<TransactionView> batch(2, payment.view());
  std::vector<Verdict> verdicts(1);
  const Fingerprint before = ledger_.fingerprint();
  ledger_.Apply(batch, {.context = {}, .authority = {}, .witness = {}}, verdicts);
  EXPECT_EQ(verdicts[0].reason, Reason(LedgerReason::kWrongEntryPoint));
  EXPECT_EQ(ledger_.fingerprint(), before);
}

TEST_F(LedgerTest, AppliesABatchAsOneTransactionAfterTheOther) {
  TestLedger one_by_one = ledger_;
  std::vector<Transaction> payments;
  for (std::uint64_t id = 1; id <= 10; ++id) {
    // 7 opens an account that 8 pays out of; 3 and 4 are the same; 5 fails.
    payments.push_back(Pay({.id = id == 4 ? 3 : id, .valid_until = 1050}, id == 8 ? 20 : 1,
                           id == 7 ? 20 : 2, id == 5 ? 9000 : 10));
  }
  payments[3] = payments[2];
  std::vector<TransactionView> batch;
  for (const Transaction& payment : payments) batch.push_back(payment.view());
  std::vector<Verdict> verdicts(batch.size());
  ledger_.Apply(batch, {.context = {}, .authority = {}, .witness = {}}, verdicts);
  for (std::size_t i = 0; i < payments.size(); ++i) {
    const Verdict verdict = ApplyOne(one_by_one, payments[i]);
    EXPECT_EQ(verdict.disposition, verdicts[i].disposition) << i;
    EXPECT_EQ(verdict.reason, verdicts[i].reason) << i;
    EXPECT_EQ(verdict.index, verdicts[i].index) << i;
  }
  EXPECT_EQ(ledger_.fingerprint(), one_by_one.fingerprint());
  EXPECT_EQ(ledger_.BalanceOf(Cash(20)), Of(0));
}

TEST_F(LedgerTest, AllocatesNothingWhileItsTablesHaveRoom) {
  std::uint64_t id = 100;
  const auto step = [&] {
    for (int i = 0; i < 5; ++i) {
      const std::uint64_t now = ledger_.now().value();
      EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = ++id, .valid_until = now + 5}, 1, 2, 1)).ok());
      EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = ++id, .valid_until = now + 5}, 2, 1, 1)).ok());
    }
    EXPECT_TRUE(ledger_.Advance(ledger_.height(), Timestamp(ledger_.now().value() + 10)).ok());
  };
  std::size_t calls = 0;
  for (int i = 0; i < 40; ++i) {
    const Transaction payment =
        Pay({.id = ++id, .valid_until = ledger_.now().value() + 5}, 1, 2, 1);
    const TransactionView view = payment.view();
    Verdict verdict;
    const AllocationCounter counter;
    ledger_.Apply(std::span(&view, 1), {.context = {}, .authority = {}, .witness = {}},
                  std::span(&verdict, 1));
    if (i >= 20) calls += counter.calls();
    EXPECT_TRUE(verdict.ok());
    step();
  }
  EXPECT_EQ(calls, 0u);
}

TEST_F(LedgerTest, FreesIdsWhosePeriodHasPassedAlthoughABlockAlwaysWaits) {
  // The next block is executed before the last one is final: there is a mark at every instant.
  Mark waiting = *ledger_.Begin();
  std::uint64_t id = 100;
  const auto step = [&] {
    const Mark next = *ledger_.Begin();
    const std::uint64_t now = ledger_.now().value() + 10;
    EXPECT_TRUE(ledger_.Advance(ledger_.height(), Timestamp(now)).ok());
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = ++id, .valid_until = now + 5}, 1, 2, 1)).ok());
      EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = ++id, .valid_until = now + 5}, 2, 1, 1)).ok());
    }
    EXPECT_TRUE(ledger_.Release(waiting).ok());
    waiting = next;
  };
  for (int i = 0; i < 100; ++i) step();
  const AllocationCounter counter;
  for (int i = 0; i < 400; ++i) step();
  EXPECT_LT(counter.held(), 4096);
  // What the waiting block has dropped is kept until it is final, and comes back with the block.
  const Mark last = *ledger_.Begin();
  const Fingerprint before = ledger_.fingerprint();
  ASSERT_TRUE(ledger_.Advance(ledger_.height(), Timestamp(ledger_.now().value() + 10)).ok());
  ASSERT_TRUE(ledger_.Release(waiting).ok());
  EXPECT_EQ(ledger_.id_count(), 0u);
  ASSERT_TRUE(ledger_.RevertTo(last).ok());
  EXPECT_EQ(ledger_.id_count(), 10u);
  EXPECT_EQ(ledger_.fingerprint(), before);
  const std::uint64_t valid_until = ledger_.now().value() + 5;
  EXPECT_EQ(ApplyOne(ledger_, Pay({.id = id, .valid_until = valid_until}, 2, 1, 1)).disposition,
            Disposition::kRepeated);
}

}  // namespace
}  // namespace settle::test
