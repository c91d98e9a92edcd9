// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/event_booking.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/ledger/booking_world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr Int128 kMost = kMax<Int128>;
constexpr Int128 kLeast = kMin<Int128>;

TEST(BookOpening, TakesABalanceOutOfTheOutside) {
  Opening opening{.account = Cash(1), .outside = kOutside, .balance = Of(50)};
  const auto recipe = [&opening](LegBuffer& out) { return BookOpening(opening, out); };
  Legs legs;
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 cash usd +50", "0 cash usd -50"}));
  ExpectLegsWholeOrNone(2, recipe);
  opening.balance = Of(-50);  // a debt
  legs.Clear();
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 cash usd -50", "0 cash usd +50"}));
  opening.balance = Of(0);
  ExpectLegsWholeOrNone(0, recipe);
  opening.balance = Of(kLeast);
  ExpectRefusal(BaseReason::kOverflow, recipe);
}

TEST(BookPositionOpening, TakesAPositionWithItsCostOutOfTheOutside) {
  PositionOpening opening{
      .assets = kPerpAssets, .holder = Holder(1), .outside = kOutside, .balance = Holding(-3, 100)};
  const auto recipe = [&opening](LegBuffer& out) { return BookPositionOpening(opening, out); };
  Legs legs;
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp -3", "0 book perp +3", "1 book usd +100", "0 book usd -100"}));
  ExpectLegsWholeOrNone(4, recipe);
  opening.balance = Holding(3, 0);
  ExpectLegsWholeOrNone(2, recipe);
  opening.balance = Holding(0, 0);
  ExpectLegsWholeOrNone(0, recipe);
  opening.balance = Holding(0, 1);  // a closed position has no quote balance
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
  opening.balance = Holding(1, kLeast);
  ExpectRefusal(BaseReason::kOverflow, recipe);
  opening.balance = Holding(1, 1);
  opening.holder.compartment = kCash;
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
  opening.holder = Holder(1);
  opening.assets.contract = kUsd;
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
}

TEST(BookDeposit, AndWithdrawalMoveCashFromAndToTheOutside) {
  CashMovement movement{.asset = kUsd, .holder = Purse(1), .outside = {kOutside}, .amount = Of(9)};
  const auto deposit = [&movement](LegBuffer& out) { return BookDeposit(movement, out); };
  const auto withdrawal = [&movement](LegBuffer& out) { return BookWithdrawal(movement, out); };
  Legs legs;
  ASSERT_TRUE(deposit(legs).ok());
  ASSERT_TRUE(withdrawal(legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 cash usd +9", "0 cash usd -9", "1 cash usd -9", "0 cash usd +9"}));
  for (const Recipe& recipe : {Recipe(deposit), Recipe(withdrawal)}) {
    movement.asset = kUsd;
    movement.amount = Of(kMost);
    ExpectLegsWholeOrNone(2, recipe);
    for (const Int128 amount : {Int128{0}, Int128{-1}, kLeast}) {
      movement.amount = Of(amount);
      ExpectRefusal(BaseReason::kOutOfRange, recipe);
    }
    movement.amount = Of(1);
    movement.asset = kPerp;
    ExpectRefusal(BaseReason::kOutOfRange, recipe);
  }
}

FundingPayment FundingOf(Int128 lots, Int128 since, Int128 now) {
  return {.quote = kUsd,
          .holder = Purse(1),
          .funding = Purse(kFunding),
          .lots = Of(lots),
          .since = FundingPerLot(since),
          .now = FundingPerLot(now)};
}
Recipe RecipeOf(const FundingPayment& payment) {
  return [payment](LegBuffer& out) { return ReasonFrom(BookFunding(payment, out)); };
}

TEST(BookFunding, IsRoundedDownOnceForTheWholePosition) {
  struct Case {
    Int128 lots, since, now, paid;
  };
  const Case cases[] = {
      {3, 1'500'000, 2'000'000, -2},   // floor(-1.5)
      {-3, 1'500'000, 2'000'000, 1},   // floor(1.5)
      {3, 2'000'000, 1'500'000, 1},    // the index fell: who is long gets
      {-3, 2'000'000, 1'500'000, -2},  //
      {4, 1'500'000, 2'000'000, -2},   // whole
      {1, 0, 1, -1},                   // a millionth of a quantum
      {-1, 0, 1, 0},                   //
      {1'000'000, 0, 1, -1},           // a million of them, exactly one
      {0, 0, 5'000'000, 0},
      {7, -250'000, -250'000, 0},
      {2, -1'000'000, 1'000'000, -4},
  };
  for (const Case& row : cases) {
    Legs legs;
    const Result<Amount> paid = BookFunding(FundingOf(row.lots, row.since, row.now), legs);
    ASSERT_TRUE(paid.ok());
    EXPECT_EQ(*paid, Of(row.paid));
    EXPECT_EQ(legs.size(), row.paid == 0 ? 0u : 2u);
  }
  Legs legs;
  ASSERT_TRUE(BookFunding(FundingOf(3, 1'500'000, 2'000'000), legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 cash usd -2", "92 cash usd +2"}));
  ExpectLegsWholeOrNone(2, RecipeOf(FundingOf(3, 1'500'000, 2'000'000)));
}

TEST(BookFunding, IsExactBeyond128BitsAndRefusesWhatDoesNotFit) {
  const Int128 million = 1'000'000;
  Legs legs;
  EXPECT_EQ(*BookFunding(FundingOf(kMost, 0, million), legs), Of(-kMost));
  EXPECT_EQ(*BookFunding(FundingOf(kMost / 3, 0, 3 * million), legs), Of(-(kMost / 3) * 3));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(FundingOf(kMost, 0, million + 1)));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(FundingOf(kLeast, 0, million)));  // pays 2^127
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(FundingOf(1, -1, kMost)));
  FundingPayment payment = FundingOf(1, 0, million);
  payment.quote = kPerp;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(payment));
}

TEST(BookFunding, LeavesTheFundingAccountUnderAQuantumOfEachPayment) {
  Random random;
  for (int round = 0; round < 2'000; ++round) {
    // Positions that sum to zero, as all of a contract do.
    Int128 last = 0;
    Int128 kept = 0;
    const auto holders = static_cast<Int128>(random.Between(2, 20));
    const auto now = static_cast<Int128>(random.Below(10'000'000)) - 5'000'000;
    for (Int128 i = 0; i < holders; ++i) {
      const Int128 lots =
          i + 1 == holders ? -last : static_cast<Int128>(random.Below(2'000)) - 1'000;
      last += lots;
      Legs legs;
      kept -= BookFunding(FundingOf(lots, 0, now), legs)->value();
    }
    ASSERT_GE(kept, 0);
    ASSERT_LT(kept, holders);
  }
}

DailySettlement DailyOf(const PositionBalance& before, Int128 price) {
  return {.assets = kPerpAssets, .position = SideOf(1, before), .price = Of(price)};
}
Recipe RecipeOf(const DailySettlement& settlement) {
  return [settlement](LegBuffer& out) { return ReasonFrom(BookDailySettlement(settlement, out)); };
}

TEST(BookDailySettlement, MovesTheGainToCashAndTheCostToTheSettlementPrice) {
  Legs legs;
  const Result<PositionEffect> effect = BookDailySettlement(DailyOf(Holding(3, -100), 40), legs);
  ASSERT_TRUE(effect.ok());
  EXPECT_EQ(*effect, (PositionEffect{.profit = Of(20), .after = Holding(3, -120)}));
  EXPECT_EQ(Texts(legs), (Lines{"1 book usd -20", "1 cash usd +20"}));
  legs.Clear();
  EXPECT_EQ(*BookDailySettlement(DailyOf(Holding(-3, 100), 40), legs),
            (PositionEffect{.profit = Of(-20), .after = Holding(-3, 120)}));
  EXPECT_EQ(Texts(legs), (Lines{"1 book usd +20", "1 cash usd -20"}));
  ExpectLegsWholeOrNone(2, RecipeOf(DailyOf(Holding(-3, 100), 40)));
  ExpectLegsWholeOrNone(0, RecipeOf(DailyOf(Holding(3, -120), 40)));  // again at the same price
  // Below zero, and what is left of a position without lots.
  EXPECT_EQ(BookDailySettlement(DailyOf(Holding(3, -30), -2), legs)->profit, Of(-36));
  EXPECT_EQ(*BookDailySettlement(DailyOf(Holding(0, -25), 40), legs),
            (PositionEffect{.profit = Of(-25), .after = Holding(0, 0)}));
}

TEST(BookDailySettlement, RefusesWhatDoesNotFit) {
  ExpectLegsWholeOrNone(2, RecipeOf(DailyOf(Holding(1, 1), kMost - 1)));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(DailyOf(Holding(1, 1), kMost)));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(DailyOf(Holding(2, 0), kMost / 2 + 1)));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(DailyOf(Holding(1, 5), kLeast)));
  DailySettlement settlement = DailyOf(Holding(1, 5), 7);
  settlement.position.holder.compartment = kCash;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(settlement));
  settlement = DailyOf(Holding(1, 5), 7);
  settlement.assets.quote = kPerp;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(settlement));
}

TEST(BookInverseDailySettlement, TurnsTheSigns) {
  // Bought for 10 coins; 8 now: the price rose and the long gained 2.
  InverseDailySettlement settlement{.assets = kInverseAssets,
                                    .position = SideOf(1, Holding(4, 10)),
                                    .price = {.multiplier = 6, .price = 3}};
  const auto recipe = [&settlement](LegBuffer& out) {
    return ReasonFrom(BookInverseDailySettlement(settlement, out));
  };
  Legs legs;
  EXPECT_EQ(*BookInverseDailySettlement(settlement, legs),
            (PositionEffect{.profit = Of(2), .after = Holding(4, 8)}));
  EXPECT_EQ(Texts(legs), (Lines{"1 book btc -2", "1 cash btc +2"}));
  ExpectLegsWholeOrNone(2, recipe);
  settlement.position.before = Holding(-4, -10);
  EXPECT_EQ(*BookInverseDailySettlement(settlement, legs),
            (PositionEffect{.profit = Of(-2), .after = Holding(-4, -8)}));
  settlement.price.price = 0;
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
  settlement.price = {.multiplier = 2, .price = 1};
  settlement.position.before = Holding(kMost, 0);
  ExpectRefusal(BaseReason::kOverflow, recipe);
}

OptionExercise ExerciseOf(Int128 lots, Int128 payoff) {
  return {.option = kPerpAssets,
          .holder = {.holder = Holder(1), .lots = Of(5)},
          .writer = {.holder = Holder(2), .lots = Of(-4)},
          .lots = Of(lots),
          .payoff = Of(payoff)};
}
Recipe RecipeOf(const OptionExercise& exercise) {
  return [exercise](LegBuffer& out) { return BookExercise(exercise, out); };
}

TEST(BookExercise, TakesTheLotsOutAndPaysInCash) {
  Legs legs;
  ASSERT_TRUE(BookExercise(ExerciseOf(4, 36), legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp -4", "2 book perp +4", "1 cash usd +36", "2 cash usd -36"}));
  ExpectLegsWholeOrNone(4, RecipeOf(ExerciseOf(4, 36)));
  ExpectLegsWholeOrNone(2, RecipeOf(ExerciseOf(4, 0)));  // expired for nothing
  OptionExercise by_house = ExerciseOf(4, 36);
  by_house.house = Holder(kHouse);
  legs.Clear();
  ASSERT_TRUE(BookExercise(by_house, legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp -4", "90 book perp +4", "90 book perp -4", "2 book perp +4",
                   "1 cash usd +36", "90 cash usd -36", "90 cash usd +36", "2 cash usd -36"}));
  EXPECT_TRUE(CheckNetsToZero(legs.view(), OwnerOf(kHouse)).ok());
}

TEST(BookExercise, RefusesMoreThanIsHeldOrWritten) {
  ExpectRefusal(LedgerReason::kExceedsPosition, RecipeOf(ExerciseOf(5, 0)));  // 4 are written
  OptionExercise exercise = ExerciseOf(4, 36);
  exercise.holder.lots = Of(3);
  ExpectRefusal(LedgerReason::kExceedsPosition, RecipeOf(exercise));
  exercise = ExerciseOf(4, 36);
  exercise.writer.lots = Of(4);
  ExpectRefusal(LedgerReason::kExceedsPosition, RecipeOf(exercise));
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(ExerciseOf(0, 1)));
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(ExerciseOf(-1, 1)));
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(ExerciseOf(1, -1)));
  exercise = ExerciseOf(4, 36);
  exercise.option.contract = kUsd;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(exercise));
  exercise = ExerciseOf(4, 36);
  exercise.writer.holder.compartment = kCash;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(exercise));
}

// The option of exercise is contract 9 in compartment 9, on the perpetual.
FutureExercise DeliveryOf(const TradeParties& parties) {
  FutureExercise delivery{.exercise = ExerciseOf(4, 0),
                          .future = {.parties = parties, .lots = Of(4), .value = Of(80)}};
  delivery.exercise.option.contract = ContractId(9);
  delivery.exercise.holder.holder.compartment = Compartment(9);
  delivery.exercise.writer.holder.compartment = Compartment(9);
  return delivery;
}
Recipe RecipeOf(const FutureExercise& delivery) {
  return [delivery](LegBuffer& out) { return ReasonFrom(BookFutureExercise(delivery, out)); };
}

TEST(BookFutureExercise, BringsLotsOfTheFutureAtTheStrike) {
  // A call: its holder buys 4 at 20. Its writer was long 4 at 15 and closes them.
  const FutureExercise call = DeliveryOf(Parties({}, Holding(4, -60)));
  Legs legs;
  const Result<TradeEffects> effects = BookFutureExercise(call, legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1.9 other -4", "2.9 other +4", "1 book perp +4", "2 book perp -4",
                   "1 book usd -80", "2 book usd +80", "2 book usd -20", "2 cash usd +20"}));
  EXPECT_EQ(effects->buyer.after, Holding(4, -80));
  EXPECT_EQ(effects->seller.after, Holding(0, 0));
  ExpectLegsWholeOrNone(8, RecipeOf(call));
  // A put: its holder sells.
  FutureExercise put = DeliveryOf(Parties());
  put.future.parties.buyer.holder = Holder(2);
  put.future.parties.seller.holder = Holder(1);
  ExpectLegsWholeOrNone(6, RecipeOf(put));
}

TEST(BookFutureExercise, RefusesAFutureOfOthersAndOneThatIsRefused) {
  FutureExercise delivery = DeliveryOf(Parties());
  delivery.future.parties.seller.holder = Holder(3);
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(delivery));
  delivery.future.parties.seller.holder = Holder(1);
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(delivery));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(DeliveryOf(Parties(Holding(kMost, 0)))));
  delivery = DeliveryOf(Parties());
  delivery.exercise.lots = Of(6);
  ExpectRefusal(LedgerReason::kExceedsPosition, RecipeOf(delivery));
}

}  // namespace
}  // namespace settle::test
