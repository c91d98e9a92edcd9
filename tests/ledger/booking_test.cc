// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/booking.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "tests/ledger/booking_world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr Int128 kMost = kMax<Int128>;
constexpr Int128 kLeast = kMin<Int128>;

ContractTrade TradeOf(Int128 lots, Int128 value, const TradeParties& parties = Parties()) {
  return {.parties = parties, .lots = Of(lots), .value = Of(value)};
}
Recipe RecipeOf(const ContractTrade& trade) {
  return [trade](LegBuffer& out) { return ReasonFrom(BookContractTrade(trade, out)); };
}

TEST(BookContractTrade, OpensBothSides) {
  Legs legs;
  const Result<TradeEffects> effects = BookContractTrade(TradeOf(5, 500), legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp +5", "2 book perp -5", "1 book usd -500", "2 book usd +500"}));
  EXPECT_EQ(effects->buyer, (PositionEffect{.after = Holding(5, -500)}));
  EXPECT_EQ(effects->seller, (PositionEffect{.after = Holding(-5, 500)}));
  ExpectLegsWholeOrNone(4, RecipeOf(TradeOf(5, 500)));
}

TEST(BookContractTrade, RealisesOfTheSideThatReducesItsPartOfTheCostRoundedDown) {
  // 3 short sold for 100 in all; 2 bought back at 20: R = floor(100 * 2 / 3) = 66, r = -40 + 66.
  // 3 long bought for 100; 2 sold at 20: R = floor(-100 * 2 / 3) = -67, r = 40 - 67.
  const ContractTrade trade = TradeOf(2, 40, Parties(Holding(-3, 100), Holding(3, -100)));
  Legs legs;
  const Result<TradeEffects> effects = BookContractTrade(trade, legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp +2", "2 book perp -2", "1 book usd -40", "2 book usd +40",
                   "1 book usd -26", "1 cash usd +26", "2 book usd +27", "2 cash usd -27"}));
  EXPECT_EQ(effects->buyer.after, Holding(-1, 34));
  EXPECT_EQ(effects->seller.after, Holding(1, -33));
  ExpectLegsWholeOrNone(8, RecipeOf(trade));
}

TEST(BookContractTrade, LeavesNothingBehindOfAPositionThatCloses) {
  const ContractTrade trade = TradeOf(3, 60, Parties(Holding(-3, 100), Holding(3, -100)));
  Legs legs;
  const Result<TradeEffects> effects = BookContractTrade(trade, legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp +3", "2 book perp -3", "1 book usd -60", "2 book usd +60",
                   "1 book usd -40", "1 cash usd +40", "2 book usd +40", "2 cash usd -40"}));
  EXPECT_EQ(effects->buyer.after, PositionBalance());
  EXPECT_EQ(effects->seller.after, PositionBalance());
}

TEST(BookContractTrade, KeepsTheRestOfTheValueAsTheCostOfAFlippedPosition) {
  const ContractTrade trade = TradeOf(5, 150, Parties(Holding(-2, 50)));
  Legs legs;
  const Result<TradeEffects> effects = BookContractTrade(trade, legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 book perp +5", "2 book perp -5", "1 book usd -150",
                                "2 book usd +150", "1 book usd +10", "1 cash usd -10"}));
  EXPECT_EQ(effects->buyer.after, Holding(3, -90));
  EXPECT_EQ(effects->buyer.closed, Of(2));
  ExpectLegsWholeOrNone(6, RecipeOf(trade));
}

TEST(BookContractTrade, LeavesOutLegsOfNothing) {
  ExpectLegsWholeOrNone(4, RecipeOf(TradeOf(2, 60, Parties(Holding(-2, 60)))));  // no profit
  ExpectLegsWholeOrNone(2, RecipeOf(TradeOf(2, 0)));                             // at no price
}

TEST(BookContractTrade, TakesPricesBelowZero) {
  Legs legs;
  ASSERT_TRUE(BookContractTrade(TradeOf(4, -8, Parties({}, Holding(4, 12))), legs).ok());
  // Bought at -3 and sold at -2.
  EXPECT_EQ(Texts(legs), (Lines{"1 book perp +4", "2 book perp -4", "1 book usd +8",
                                "2 book usd -8", "2 book usd -4", "2 cash usd +4"}));
}

TEST(BookContractTrade, KeepsEachSidesCompartments) {
  TradeParties parties = Parties(Holding(-1, 10), Holding(1, -10));
  parties.buyer.holder = {
      .owner = OwnerOf(1), .compartment = Compartment(7), .cash = Compartment(8)};
  Legs legs;
  ASSERT_TRUE(BookContractTrade(TradeOf(1, 4, parties), legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1.7 perp +1", "2 book perp -1", "1.7 usd -4", "2 book usd +4",
                                "1.7 usd -6", "1.8 usd +6", "2 book usd +6", "2 cash usd -6"}));
}

TEST(BookContractTrade, TakesOneHolderOnBothSides) {
  // 3 long at 10; 2 sold to itself at 14 realise 8, and cost 14 each from now on.
  TradeParties parties = Parties(Holding(3, -30), Holding(3, -30));
  parties.seller.holder = parties.buyer.holder;
  Legs legs;
  const Result<TradeEffects> effects = BookContractTrade(TradeOf(2, 28, parties), legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 book perp +2", "1 book perp -2", "1 book usd -28",
                                "1 book usd +28", "1 book usd -8", "1 cash usd +8"}));
  EXPECT_EQ(effects->buyer.after, Holding(3, -38));
  EXPECT_EQ(effects->seller.after, Holding(3, -38));
  // A short buys from itself.
  parties.buyer.before = parties.seller.before = Holding(-3, 30);
  EXPECT_EQ(BookContractTrade(TradeOf(2, 28, parties), legs)->seller.after, Holding(-3, 38));
  // Its cash may lie in two places: the position is the same.
  parties.seller.holder.cash = Compartment(8);
  EXPECT_EQ(BookContractTrade(TradeOf(2, 28, parties), legs)->seller.after, Holding(-3, 38));
}

TEST(BookContractTrade, RefusesWhatIsNoTradeAndWhatDoesNotFit) {
  const Reason range = BaseReason::kOutOfRange;
  const Reason overflow = BaseReason::kOverflow;
  ExpectRefusal(range, RecipeOf(TradeOf(0, 0)));
  ExpectRefusal(range, RecipeOf(TradeOf(-1, 10)));
  TradeParties parties = Parties();
  parties.assets.contract = kUsd;
  ExpectRefusal(range, RecipeOf(TradeOf(1, 1, parties)));
  parties = Parties();
  parties.assets.quote = kPerp;
  ExpectRefusal(range, RecipeOf(TradeOf(1, 1, parties)));
  parties = Parties();
  parties.buyer.holder.compartment = kCash;
  ExpectRefusal(range, RecipeOf(TradeOf(1, 1, parties)));
  parties = Parties();
  parties.seller.holder.cash = kPerpBook;
  ExpectRefusal(range, RecipeOf(TradeOf(1, 1, parties)));
  parties = Parties();
  parties.house = Holder(kHouse, kCash);
  ExpectRefusal(range, RecipeOf(TradeOf(1, 1, parties)));

  ExpectLegsWholeOrNone(4, RecipeOf(TradeOf(1, kLeast + 1)));
  ExpectRefusal(overflow, RecipeOf(TradeOf(1, kLeast)));
  ExpectLegsWholeOrNone(4, RecipeOf(TradeOf(1, 1, Parties(Holding(kMost - 1, 0)))));
  ExpectRefusal(overflow, RecipeOf(TradeOf(1, 1, Parties(Holding(kMost, 0)))));
  ExpectRefusal(overflow, RecipeOf(TradeOf(1, 1, Parties({}, Holding(kLeast, 0)))));
  // A profit of the least amount has no negative.
  ExpectRefusal(overflow, RecipeOf(TradeOf(1, 1, Parties(Holding(-1, kLeast + 1)))));
}

TEST(BookContractTrade, ByAHouseNetsItToZeroInEveryAccount) {
  TradeParties parties = Parties(Holding(-3, 100), Holding(3, -100));
  parties.house = Holder(kHouse);
  const ContractTrade trade = TradeOf(2, 40, parties);
  Legs legs;
  ASSERT_TRUE(BookContractTrade(trade, legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp +2", "90 book perp -2", "90 book perp +2", "2 book perp -2",
                   "1 book usd -40", "90 book usd +40", "90 book usd -40", "2 book usd +40",
                   "1 book usd -26", "1 cash usd +26", "2 book usd +27", "2 cash usd -27"}));
  EXPECT_TRUE(CheckNetsToZero(legs.view(), OwnerOf(kHouse)).ok());
  ExpectLegsWholeOrNone(12, RecipeOf(trade));
}

// One lot is worth half a quantum of the coin at a price of 2.
InverseTrade InverseOf(Int128 lots, const TradeParties& parties, const InversePrice& price) {
  InverseTrade trade{.parties = parties, .lots = Of(lots), .price = price};
  trade.parties.assets = kInverseAssets;
  return trade;
}
Recipe RecipeOf(const InverseTrade& trade) {
  return [trade](LegBuffer& out) { return ReasonFrom(BookInverseTrade(trade, out)); };
}
constexpr InversePrice kHalf{.multiplier = 1, .price = 2};

TEST(BookInverseTrade, TurnsTheSignsOfTheCoin) {
  // 7 lots of 100 USD at 50,000.5 USD are 1,399,986.0003 quanta of 10^-8 bitcoin.
  const InversePrice opened{.multiplier = 20'000'000'000, .price = 100'001};
  Legs legs;
  const Result<TradeEffects> effects = BookInverseTrade(InverseOf(7, Parties(), opened), legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 book inverse +7", "2 book inverse -7", "1 book btc +1399986",
                                "2 book btc -1399986"}));
  EXPECT_EQ(effects->buyer.after, Holding(7, 1'399'986));
  // The price rises to 60,000 USD: 2 of the 7 are worth 333,333.33 then, and were 399,996 when they
  // were bought. The long sells them and gains 66,663.
  const InversePrice closed{.multiplier = 20'000'000'000, .price = 120'000};
  legs.Clear();
  ASSERT_TRUE(
      BookInverseTrade(InverseOf(2, Parties({}, Holding(7, 1'399'986)), closed), legs).ok());
  EXPECT_EQ(legs.view()[4].amount, Of(-(399'996 - 333'333)));
  EXPECT_EQ(legs.view()[5].account, (AccountKey{OwnerOf(2), kCash, kBtc}));
  EXPECT_EQ(legs.view()[5].amount, Of(399'996 - 333'333));
}

TEST(BookInverseTrade, RoundsTheValueOnce) {
  Legs legs;
  // 3 lots of a half are worth 1.5, to even 2, although each alone is worth nothing.
  EXPECT_EQ(BookInverseTrade(InverseOf(3, Parties(), kHalf), legs)->buyer.after, Holding(3, 2));
  // A side that reduces does not cut it: R = floor(5 * 3 / 9) = 1, r = 1 - 2.
  const PositionEffect seller =
      BookInverseTrade(InverseOf(3, Parties({}, Holding(9, 5)), kHalf), legs)->seller;
  EXPECT_EQ(seller, (PositionEffect{.closed = Of(3), .profit = Of(-1), .after = Holding(6, 4)}));
}

TEST(BookInverseTrade, RoundsWhatAFlipClosesAndWhatItOpensSeparately) {
  Legs legs;
  // 3 lots: 1 closes, worth a half and to even 0; 2 open, worth 1. As a whole it would be 2.
  const TradeEffects one = *BookInverseTrade(InverseOf(3, Parties(Holding(-1, -4)), kHalf), legs);
  EXPECT_EQ(one.buyer, (PositionEffect{.closed = Of(1), .profit = Of(-4), .after = Holding(2, 1)}));
  EXPECT_EQ(one.seller.after, Holding(-3, -1));
  // Both flip: 6 lots in pieces of 1, 2 and 3 are worth 0, 1 and 2.
  legs.Clear();
  const TradeEffects both =
      *BookInverseTrade(InverseOf(6, Parties(Holding(-1, -4), Holding(3, 9)), kHalf), legs);
  EXPECT_EQ(both.buyer,
            (PositionEffect{.closed = Of(1), .profit = Of(-4), .after = Holding(5, 3)}));
  EXPECT_EQ(both.seller,
            (PositionEffect{.closed = Of(3), .profit = Of(9 - 1), .after = Holding(-3, -2)}));
  ExpectLegsWholeOrNone(8, RecipeOf(InverseOf(6, Parties(Holding(-1, -4), Holding(3, 9)), kHalf)));
}

TEST(BookInverseTrade, IsAFlipAsTheTradesThatCloseAndOpen) {
  Random random;
  for (int i = 0; i < 20'000; ++i) {
    const auto number = [&](std::uint64_t most) { return static_cast<Int128>(random.Below(most)); };
    const PositionBalance buyer = Holding(-1 - number(9), number(99) - 50);
    const InversePrice price{.multiplier = 1 + number(50), .price = 1 + number(50)};
    const Int128 closed = -buyer.lots.value();
    const Int128 opened = 1 + number(9);
    Legs legs;
    const TradeEffects flip =
        *BookInverseTrade(InverseOf(closed + opened, Parties(buyer), price), legs);
    const TradeEffects first = *BookInverseTrade(InverseOf(closed, Parties(buyer), price), legs);
    const TradeEffects second = *BookInverseTrade(
        InverseOf(opened, Parties(first.buyer.after, first.seller.after), price), legs);
    ASSERT_EQ(first.buyer.after, PositionBalance());
    ASSERT_EQ(flip.buyer.profit, first.buyer.profit);
    ASSERT_EQ(flip.buyer.after, second.buyer.after);
    ASSERT_EQ(flip.seller.after, second.seller.after);
  }
}

TEST(BookInverseTrade, RefusesWhatIsNoTradeAndWhatDoesNotFit) {
  const Reason range = BaseReason::kOutOfRange;
  ExpectRefusal(range, RecipeOf(InverseOf(0, Parties(), kHalf)));
  ExpectRefusal(range, RecipeOf(InverseOf(-1, Parties(), kHalf)));
  ExpectRefusal(range, RecipeOf(InverseOf(1, Parties(), {.multiplier = 1, .price = 0})));
  ExpectRefusal(range, RecipeOf(InverseOf(1, Parties(), {.multiplier = -1, .price = 1})));
  TradeParties parties = Parties();
  parties.seller.holder.compartment = kCash;
  ExpectRefusal(range, RecipeOf(InverseOf(1, parties, kHalf)));
  const InversePrice twice{.multiplier = 2, .price = 1};
  ExpectLegsWholeOrNone(4, RecipeOf(InverseOf(kMost / 2, Parties(), twice)));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(InverseOf(kMost / 2 + 1, Parties(), twice)));
  ExpectRefusal(BaseReason::kOverflow,
                RecipeOf(InverseOf(3, Parties(Holding(kMost - 2, 0)), kHalf)));
  // Each piece fits, but not their sum.
  ExpectRefusal(BaseReason::kOverflow,
                RecipeOf(InverseOf(kMost / 2 + 1, Parties(Holding(-9, 0)), twice)));
}

TEST(BookOptionTrade, MovesThePremiumInCashAndTheLotsInTheBook) {
  OptionTrade trade{.assets = kPerpAssets,
                    .buyer = Holder(1),
                    .seller = Holder(2),
                    .lots = Of(3),
                    .premium = Of(21)};
  const auto recipe = [&trade](LegBuffer& out) { return BookOptionTrade(trade, out); };
  Legs legs;
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp +3", "2 book perp -3", "1 cash usd -21", "2 cash usd +21"}));
  ExpectLegsWholeOrNone(4, recipe);
  trade.house = Holder(kHouse);
  legs.Clear();
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp +3", "90 book perp -3", "90 book perp +3", "2 book perp -3",
                   "1 cash usd -21", "90 cash usd +21", "90 cash usd -21", "2 cash usd +21"}));
  EXPECT_TRUE(CheckNetsToZero(legs.view(), OwnerOf(kHouse)).ok());
  ExpectLegsWholeOrNone(8, recipe);
  trade.house.reset();
  trade.premium = Of(0);
  ExpectLegsWholeOrNone(2, recipe);
  trade.premium = Of(-1);
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
  trade.premium = Of(1);
  trade.lots = Of(0);
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
  trade.lots = Of(1);
  trade.buyer.compartment = kCash;
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
}

TEST(BookSpotTrade, MovesTheTokenAndTheValueInCash) {
  SpotTrade trade{.base = kBtc,
                  .quote = kUsd,
                  .buyer = Purse(1),
                  .seller = Purse(2),
                  .amount = Of(300),
                  .value = Of(150)};
  const auto recipe = [&trade](LegBuffer& out) { return BookSpotTrade(trade, out); };
  Legs legs;
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 cash btc +300", "2 cash btc -300", "1 cash usd -150", "2 cash usd +150"}));
  ExpectLegsWholeOrNone(4, recipe);
  trade.house = Purse(kHouse);
  legs.Clear();
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 cash btc +300", "90 cash btc -300", "90 cash btc +300", "2 cash btc -300",
                   "1 cash usd -150", "90 cash usd +150", "90 cash usd -150", "2 cash usd +150"}));
  EXPECT_TRUE(CheckNetsToZero(legs.view(), OwnerOf(kHouse)).ok());
  trade.house.reset();
  trade.value = Of(0);
  ExpectLegsWholeOrNone(2, recipe);
  trade.amount = trade.value = Of(kMost);
  ExpectLegsWholeOrNone(4, recipe);
  const Reason range = BaseReason::kOutOfRange;
  for (const auto& [amount, value] : {PositionChange{Of(0), Of(1)}, PositionChange{Of(-1), Of(1)},
                                      PositionChange{Of(1), Of(-1)}}) {
    trade.amount = amount;
    trade.value = value;
    ExpectRefusal(range, recipe);
  }
  trade.amount = trade.value = Of(1);
  for (const auto& [base, quote] :
       {ContractAssets{kUsd, kUsd}, ContractAssets{kPerp, kUsd}, ContractAssets{kUsd, kPerp}}) {
    trade.base = base;
    trade.quote = quote;
    ExpectRefusal(range, recipe);
  }
}

TEST(BookFee, TakesAFeeAndGivesARebateInAnyToken) {
  Fee fee{.asset = kBtc, .payer = Purse(1), .fees = Purse(kFees), .amount = Of(7)};
  const auto recipe = [&fee](LegBuffer& out) { return BookFee(fee, out); };
  Legs legs;
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 cash btc -7", "91 cash btc +7"}));
  ExpectLegsWholeOrNone(2, recipe);
  fee.asset = kUsd;
  fee.amount = Of(-2);
  legs.Clear();
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 cash usd +2", "91 cash usd -2"}));
  fee.amount = Of(0);
  ExpectLegsWholeOrNone(0, recipe);
  fee.amount = Of(kLeast + 1);
  ExpectLegsWholeOrNone(2, recipe);
  fee.amount = Of(kLeast);
  ExpectRefusal(BaseReason::kOverflow, recipe);
  fee.amount = Of(1);
  fee.asset = kPerp;
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
}

TEST(CheckNetsToZero, FindsWhatAnOwnerIsLeftWith) {
  const std::vector<Leg> legs = {
      {Cash(1), Of(5)},  {Cash(2), Of(-5)}, {Cash(1, kBtc), Of(-1)}, {Cash(2, kBtc), Of(1)},
      {Cash(1), Of(-5)}, {Cash(3), Of(5)},  {Cash(1, kBtc), Of(1)},  {Cash(3, kBtc), Of(-1)}};
  EXPECT_TRUE(CheckNetsToZero(legs, OwnerOf(1)).ok());
  EXPECT_TRUE(CheckNetsToZero(legs, OwnerOf(4)).ok());  // who is not there
  EXPECT_TRUE(CheckNetsToZero({}, OwnerOf(1)).ok());
  EXPECT_EQ(CheckNetsToZero(legs, OwnerOf(2)), Reason(LedgerReason::kUnbalanced));  // owes
  EXPECT_EQ(CheckNetsToZero(std::span(legs).first(2), OwnerOf(1)),
            Reason(LedgerReason::kUnbalanced));  // has
  // Nothing in the asset, but in two accounts.
  const std::vector<Leg> moved = {{Cash(1), Of(5)}, {Holder(1).In(kUsd), Of(-5)}};
  EXPECT_EQ(CheckNetsToZero(moved, OwnerOf(1)), Reason(LedgerReason::kUnbalanced));
  // Sums that would wrap to zero.
  const std::vector<Leg> wraps(2, {Cash(1), Of(kLeast)});
  EXPECT_EQ(CheckNetsToZero(wraps, OwnerOf(1)), Reason(BaseReason::kOverflow));
}

}  // namespace
}  // namespace settle::test
