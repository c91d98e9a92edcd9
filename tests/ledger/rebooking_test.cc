// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/rebooking.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/ledger/booking_world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr Int128 kMost = kMax<Int128>;
constexpr Int128 kLeast = kMin<Int128>;

TEST(Compensating, NamesTheTransactionThatItCompensates) {
  const TransactionHeader bust{.id = TransactionId::FromNumber(2),
                               .transaction_class = TransactionClass::kCompulsory,
                               .rule = CompulsoryRule::kWaterfall,
                               .valid_until = Timestamp(9)};
  const TransactionId trade = TransactionId::FromNumber(1);
  const std::optional<TransactionHeader> header = Compensating(bust, trade);
  ASSERT_TRUE(header);
  TransactionHeader expected = bust;
  expected.target = trade;
  EXPECT_EQ(*header, expected);
  EXPECT_FALSE(Compensating(bust, bust.id));
  EXPECT_FALSE(Compensating(bust, TransactionId()));
}

TEST(BookBust, TurnsEveryLegInItsOrder) {
  Legs legs;
  ASSERT_TRUE(BookContractTrade(
                  {.parties = Parties(Holding(-3, 100)), .lots = Of(2), .value = Of(40)}, legs)
                  .ok());
  ASSERT_TRUE(
      BookFee({.asset = kUsd, .payer = Purse(1), .fees = Purse(kFees), .amount = Of(1)}, legs)
          .ok());
  const std::vector<Leg> applied(legs.view().begin(), legs.view().end());
  legs.Clear();
  ASSERT_TRUE(BookBust(applied, legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp -2", "2 book perp +2", "1 book usd +40", "2 book usd -40",
                   "1 book usd +26", "1 cash usd -26", "1 cash usd +1", "91 cash usd -1"}));
  // Of legs in the same storage: a bust of the bust behind it.
  ASSERT_TRUE(BookBust(legs.view(), legs).ok());
  EXPECT_EQ(Texts(legs.view().subspan(applied.size())), Texts(applied));
  ExpectLegsWholeOrNone(applied.size(),
                        [&applied](LegBuffer& out) { return BookBust(applied, out); });
}

TEST(BookBust, RefusesWhatNoLedgerApplied) {
  const std::vector<Leg> one = {{Cash(1), Of(1)}};
  ExpectRefusal(LedgerReason::kTooFewLegs, [](LegBuffer& out) { return BookBust({}, out); });
  ExpectRefusal(LedgerReason::kTooFewLegs, [&](LegBuffer& out) { return BookBust(one, out); });
  const std::vector<Leg> least = {{Cash(1), Of(1)}, {Cash(1), Of(kLeast)}};
  ExpectRefusal(BaseReason::kOverflow, [&](LegBuffer& out) { return BookBust(least, out); });
}

PriceAdjustment AdjustmentOf(const PositionBalance& buyer, const PositionBalance& seller,
                             Int128 new_value) {
  return {.assets = kPerpAssets,
          .buyer = SideOf(1, buyer),
          .seller = SideOf(2, seller),
          .lots = Of(5),
          .old_value = Of(500),
          .new_value = Of(new_value)};
}
Recipe RecipeOf(const PriceAdjustment& adjustment) {
  return [adjustment](LegBuffer& out) { return ReasonFrom(BookPriceAdjustment(adjustment, out)); };
}

TEST(BookPriceAdjustment, ChangesTheCostOfWhatIsStillOpen) {
  // 5 at 100 were 5 at 102: the buyer owes 10 more.
  const PriceAdjustment adjustment = AdjustmentOf(Holding(5, -500), Holding(-7, 711), 510);
  Legs legs;
  const Result<AdjustedPositions> after = BookPriceAdjustment(adjustment, legs);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 book usd -10", "2 book usd +10"}));
  EXPECT_EQ(after->buyer, Holding(5, -510));
  EXPECT_EQ(after->seller, Holding(-7, 721));
  ExpectLegsWholeOrNone(2, RecipeOf(adjustment));
}

TEST(BookPriceAdjustment, SettlesInCashWhatWasClosedMeanwhile) {
  // The buyer has 3 of the 5 left: floor(-11 * 3 / 5) = -7 stays in the position, -4 is realised.
  // The seller has 1: floor(11 / 5) = 2 stays and 9 is realised.
  Legs legs;
  const AdjustedPositions after =
      *BookPriceAdjustment(AdjustmentOf(Holding(3, -300), Holding(-1, 90), 511), legs);
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book usd -7", "2 book usd +2", "1 cash usd -4", "2 cash usd +9"}));
  EXPECT_EQ(after.buyer, Holding(3, -307));
  EXPECT_EQ(after.seller, Holding(-1, 92));
  ExpectLegsWholeOrNone(4, RecipeOf(AdjustmentOf(Holding(3, -300), Holding(-1, 90), 511)));
  // One closed and one turned since: all of it is realised, and what is closed stays at zero.
  legs.Clear();
  const AdjustedPositions closed =
      *BookPriceAdjustment(AdjustmentOf(Holding(0, 0), Holding(4, -9), 489), legs);
  EXPECT_EQ(Texts(legs), (Lines{"1 cash usd +11", "2 cash usd -11"}));
  EXPECT_EQ(closed.buyer, Holding(0, 0));
  EXPECT_EQ(closed.seller, Holding(4, -9));
  // Nothing changed.
  ExpectLegsWholeOrNone(0, RecipeOf(AdjustmentOf(Holding(3, 0), Holding(0, 0), 500)));
}

TEST(BookPriceAdjustment, TakesOneHolderOnBothSides) {
  for (const Int128 lots : {Int128{3}, Int128{-3}}) {
    PriceAdjustment adjustment = AdjustmentOf(Holding(lots, 30), Holding(lots, 30), 510);
    adjustment.seller.holder = adjustment.buyer.holder;
    if (lots < 0) adjustment.seller.holder.cash = Compartment(8);
    Legs legs;
    const AdjustedPositions after = *BookPriceAdjustment(adjustment, legs);
    // 6 of the 10 are for lots that are open.
    EXPECT_EQ(after.buyer, Holding(lots, lots > 0 ? 24 : 36));
    EXPECT_EQ(after.seller, after.buyer);
    ASSERT_TRUE(Imbalances(legs.view()).empty());
  }
}

TEST(BookPriceAdjustment, OfAPositionThatOnlyGrewIsAsIfThePriceHadBeenRight) {
  Random random;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = [&random] { return static_cast<Int128>(random.Below(2'000)) - 500; };
    const Int128 lots = static_cast<Int128>(random.Between(1, 9));
    const Int128 wrong = value();
    const Int128 right = value();
    PositionBalance adjusted;
    PositionBalance expected;
    const auto trade = [&](Int128 wrong_value, Int128 right_value, Int128 traded) {
      adjusted = EffectOf(adjusted, {Of(traded), Of(-wrong_value)})->after;
      expected = EffectOf(expected, {Of(traded), Of(-right_value)})->after;
    };
    trade(wrong, right, lots);
    const Int128 same = value();
    trade(same, same, static_cast<Int128>(random.Between(1, 9)));
    PriceAdjustment adjustment = AdjustmentOf(adjusted, {}, right);
    adjustment.lots = Of(lots);
    adjustment.old_value = Of(wrong);
    Legs legs;
    ASSERT_EQ(BookPriceAdjustment(adjustment, legs)->buyer, expected);
    ASSERT_TRUE(Imbalances(legs.view()).empty());
  }
}

TEST(BookSpotPriceAdjustment, MovesTheDifferenceInCash) {
  SpotPriceAdjustment adjustment{.quote = kUsd,
                                 .buyer = Purse(1),
                                 .seller = Purse(2),
                                 .old_value = Of(50),
                                 .new_value = Of(47)};
  const auto recipe = [&adjustment](LegBuffer& out) {
    return BookSpotPriceAdjustment(adjustment, out);
  };
  Legs legs;
  ASSERT_TRUE(recipe(legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 cash usd +3", "2 cash usd -3"}));
  ExpectLegsWholeOrNone(2, recipe);
  adjustment.new_value = Of(-1);
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
  adjustment.new_value = Of(kMost);
  ExpectLegsWholeOrNone(2, recipe);
  adjustment.old_value = Of(kMost);
  ExpectLegsWholeOrNone(0, recipe);
  adjustment.quote = kPerp;
  ExpectRefusal(BaseReason::kOutOfRange, recipe);
}

TEST(BookPriceAdjustment, RefusesWhatIsNoTradeAndWhatDoesNotFit) {
  PriceAdjustment adjustment = AdjustmentOf(Holding(5, 0), Holding(-5, 0), 510);
  adjustment.lots = Of(0);
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(adjustment));
  adjustment.lots = Of(1);
  adjustment.assets.contract = kUsd;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(adjustment));
  adjustment.assets = kPerpAssets;
  adjustment.buyer.holder.compartment = kCash;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(adjustment));
  adjustment = AdjustmentOf(Holding(5, 0), Holding(-5, 0), kMost);
  adjustment.old_value = Of(0);
  ExpectLegsWholeOrNone(2, RecipeOf(adjustment));
  adjustment.old_value = Of(-1);
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(adjustment));
  adjustment.new_value = Of(kLeast);
  adjustment.old_value = Of(0);
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(adjustment));
  ExpectRefusal(BaseReason::kOverflow,
                RecipeOf(AdjustmentOf(Holding(5, 0), Holding(-5, kMost - 9), 510)));
  ExpectRefusal(BaseReason::kOverflow,
                RecipeOf(AdjustmentOf(Holding(5, kLeast + 9), Holding(-5, 0), 510)));
}

GiveUp GiveUpOf(Int128 lots, const PositionBalance& from, const PositionBalance& to = {}) {
  return {.assets = kPerpAssets, .from = SideOf(1, from), .to = SideOf(2, to), .lots = Of(lots)};
}
Recipe RecipeOf(const GiveUp& given) {
  return [given](LegBuffer& out) { return ReasonFrom(BookGiveUp(given, out)); };
}

TEST(BookGiveUp, MovesLotsWithTheirCost) {
  Legs legs;
  const Result<GiveUpEffects> effects = BookGiveUp(GiveUpOf(2, Holding(3, -100)), legs);
  ASSERT_TRUE(effects.ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp -2", "2 book perp +2", "1 book usd +67", "2 book usd -67"}));
  EXPECT_EQ(effects->from, Holding(1, -33));
  EXPECT_EQ(effects->to.after, Holding(2, -67));
  ExpectLegsWholeOrNone(4, RecipeOf(GiveUpOf(2, Holding(3, -100))));
  // A short, wholly.
  legs.Clear();
  const GiveUpEffects all = *BookGiveUp(GiveUpOf(3, Holding(-3, 100), Holding(-1, 30)), legs);
  EXPECT_EQ(Texts(legs),
            (Lines{"1 book perp +3", "2 book perp -3", "1 book usd -100", "2 book usd +100"}));
  EXPECT_EQ(all.from, Holding(0, 0));
  EXPECT_EQ(all.to, (PositionEffect{.after = Holding(-4, 130)}));
  ExpectLegsWholeOrNone(2, RecipeOf(GiveUpOf(3, Holding(3, 0))));  // lots that cost nothing
}

TEST(BookGiveUp, RealisesOfAReceiverWhosePositionItReduces) {
  // 4 long for 40 come to 3 short for 36: bought back for 30, which realises 6; 1 is new for 10.
  Legs legs;
  const GiveUpEffects effects = *BookGiveUp(GiveUpOf(4, Holding(4, -40), Holding(-3, 36)), legs);
  EXPECT_EQ(Texts(legs), (Lines{"1 book perp -4", "2 book perp +4", "1 book usd +40",
                                "2 book usd -40", "2 book usd -6", "2 cash usd +6"}));
  EXPECT_EQ(effects.from, Holding(0, 0));
  EXPECT_EQ(effects.to,
            (PositionEffect{.closed = Of(3), .profit = Of(6), .after = Holding(1, -10)}));
  ExpectLegsWholeOrNone(6, RecipeOf(GiveUpOf(4, Holding(4, -40), Holding(-3, 36))));
}

TEST(BookGiveUp, RefusesMoreThanThereIsAndOneAccountTwice) {
  ExpectRefusal(LedgerReason::kExceedsPosition, RecipeOf(GiveUpOf(4, Holding(3, -100))));
  ExpectRefusal(LedgerReason::kExceedsPosition, RecipeOf(GiveUpOf(4, Holding(-3, 100))));
  ExpectRefusal(LedgerReason::kExceedsPosition, RecipeOf(GiveUpOf(1, Holding(0, 0))));
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(GiveUpOf(0, Holding(3, -100))));
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(GiveUpOf(-1, Holding(3, -100))));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(GiveUpOf(1, Holding(3, -100), Holding(kMost, 0))));
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(GiveUpOf(3, Holding(3, kLeast))));
  GiveUp given = GiveUpOf(1, Holding(3, -100));
  given.to.holder = given.from.holder;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(given));
  given.to.holder.compartment = Compartment(7);  // of the same owner, elsewhere
  ExpectLegsWholeOrNone(4, RecipeOf(given));
  given.assets.quote = kPerp;
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(given));
}

const std::vector<PortedBalance>& ClientBalances() {
  static const std::vector<PortedBalance> balances = {
      {.account = Cash(1), .balance = Of(70)},
      {.account = Cash(1, kBtc), .balance = Of(0)},
      {.account = Holder(1).In(kPerp), .balance = Of(-3)},
      {.account = Holder(1).In(kUsd), .balance = Of(100)},
      {.account = Holder(1, Compartment(7)).In(kUsd), .balance = Of(-4)}};
  return balances;
}
Porting PortingOf(std::span<const PortedBalance> balances,
                  std::span<const CompartmentPair> compartments = {}) {
  return {.from = OwnerOf(1), .to = OwnerOf(2), .compartments = compartments, .balances = balances};
}
Recipe RecipeOf(const Porting& porting) {
  return [porting](LegBuffer& out) { return BookPorting(porting, out); };
}

TEST(BookPorting, MovesEveryBalanceToTheSameCompartments) {
  Legs legs;
  ASSERT_TRUE(BookPorting(PortingOf(ClientBalances()), legs).ok());
  EXPECT_EQ(Texts(legs),
            (Lines{"1 cash usd -70", "2 cash usd +70", "1 book perp +3", "2 book perp -3",
                   "1 book usd -100", "2 book usd +100", "1.7 usd +4", "2.7 usd -4"}));
  ExpectLegsWholeOrNone(8, RecipeOf(PortingOf(ClientBalances())));
  ExpectLegsWholeOrNone(0, RecipeOf(PortingOf({})));
}

TEST(BookPorting, MovesToOtherCompartmentsWhereToldTo) {
  const std::vector<CompartmentPair> pairs = {
      {kCash, Compartment(20)}, {kPerpBook, Compartment(21)}, {Compartment(7), Compartment(7)}};
  Legs legs;
  ASSERT_TRUE(BookPorting(PortingOf(ClientBalances(), pairs), legs).ok());
  EXPECT_EQ(Texts(legs), (Lines{"1 cash usd -70", "2.20 usd +70", "1 book perp +3", "2.21 perp -3",
                                "1 book usd -100", "2.21 usd +100", "1.7 usd +4", "2.7 usd -4"}));
  // Within one owner's books.
  Porting porting = PortingOf(std::span(ClientBalances()).first(4), pairs);
  porting.to = porting.from;
  ExpectLegsWholeOrNone(6, RecipeOf(porting));
  porting.balances = ClientBalances();  // of which the last would stay where it is
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(porting));
}

TEST(BookPorting, RefusesWhatIsReservedOrNotToBePorted) {
  std::vector<PortedBalance> balances = ClientBalances();
  balances[1].pending.debits = Of(1);  // of an account without a balance too
  ExpectRefusal(LedgerReason::kStillReserved, RecipeOf(PortingOf(balances)));
  balances[1].pending = {.debits = Of(0), .credits = Of(1)};
  ExpectRefusal(LedgerReason::kStillReserved, RecipeOf(PortingOf(balances)));
  balances = ClientBalances();
  balances[4].account.owner = OwnerOf(3);
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(PortingOf(balances)));
  balances = ClientBalances();
  balances.push_back(balances[0]);
  ExpectRefusal(LedgerReason::kDuplicateKey, RecipeOf(PortingOf(balances)));
  balances = {{.account = Cash(1), .balance = Of(kLeast)}};
  ExpectRefusal(BaseReason::kOverflow, RecipeOf(PortingOf(balances)));

  using Pairs = std::vector<CompartmentPair>;
  const Pairs partial = {{kCash, kCash}, {kPerpBook, kPerpBook}};
  ExpectRefusal(BaseReason::kOutOfRange, RecipeOf(PortingOf(ClientBalances(), partial)));
  const Pairs merging = {{kCash, kCash}, {kPerpBook, kCash}, {Compartment(7), Compartment(7)}};
  ExpectRefusal(LedgerReason::kDuplicateKey, RecipeOf(PortingOf(ClientBalances(), merging)));
  const Pairs split = {{kCash, kCash}, {kCash, kPerpBook}, {Compartment(7), Compartment(7)}};
  ExpectRefusal(LedgerReason::kDuplicateKey, RecipeOf(PortingOf(ClientBalances(), split)));

  const std::vector<PortedBalance> too_many(kMaxLegs + 1);
  ExpectRefusal(BaseReason::kFull, RecipeOf(PortingOf(too_many)));
}

}  // namespace
}  // namespace settle::test
