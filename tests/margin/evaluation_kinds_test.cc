// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Options and prices below zero; requirements of every shape: charges for lots, premiums on size,
// tiers over all accounts of an owner, open interest.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/owner_lots.h"
#include "settle/margin/reason.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::FlatCurve;
using test::Option;
using test::Perpetual;
using test::Position;

// --- options ------------------------------------------------------------------------------------

TEST(Options, AreWorthTheirMark) {
  Book book({Option(1)});
  book.SetPrice(1, 7);
  // Bought for a premium of 5 each, and sold for it.
  const Risk held_long = *book.Evaluate({Cash(0), Position(1, 10), Cost(1, -50)});
  EXPECT_EQ(held_long.equity.value(), 20);
  EXPECT_EQ(held_long.maintenance.value(), 70 * 50'000);
  EXPECT_EQ(held_long.initial_headroom.value(), 20'000'000 - 70 * 100'000);
  EXPECT_EQ(book.Evaluate({Position(1, -10), Cost(1, 50)})->equity.value(), -20);
  book.SetPrice(1, 0);
  const Risk worthless = *book.Evaluate({Cash(50), Position(1, 10), Cost(1, -50)});
  EXPECT_EQ(worthless, Risk());
}

// --- prices below zero (M14) --------------------------------------------------------------------

TEST(PricesBelowZero, AreAllowedOfLinearContractsAlone) {
  Instrument linear = Perpetual(1);
  linear.min_price = PriceTicks(-100);
  EXPECT_EQ(linear.Validate(), Reason());
  for (Instrument other : {Option(1), test::SpotToken(1), test::Inverse(1)}) {
    other.min_price = PriceTicks(-1);
    EXPECT_EQ(other.Validate(), Reason(MarginReason::kBadBounds));
  }
  Book book({linear, Option(2), Perpetual(3)});
  MarkPrices prices = book.prices();
  const Reason beyond = MarginReason::kPriceOutOfRange;
  EXPECT_EQ(prices.Set(book.table(), InstrumentIndex(0), PriceTicks(-100)), Reason());
  EXPECT_EQ(prices.Set(book.table(), InstrumentIndex(0), PriceTicks(-101)), beyond);
  EXPECT_EQ(prices.Set(book.table(), InstrumentIndex(1), PriceTicks(-1)), beyond);
  EXPECT_EQ(prices.Set(book.table(), InstrumentIndex(2), PriceTicks(-1)), beyond);
}

// West Texas Intermediate, 20 April 2020: -37.63 dollars.
TEST(PricesBelowZero, TurnTheValueAndNotTheDemand) {
  Instrument oil = Perpetual(1);
  oil.min_price = PriceTicks(-10'000);
  oil.max_price = PriceTicks(20'000);
  Book book({oil});
  book.SetPrice(1, -3'763);
  // Bought at 1,827 a lot.
  const Risk held_long = *book.Evaluate({Cash(60'000), Position(1, 10), Cost(1, -18'270)});
  EXPECT_EQ(held_long.equity.value(), 60'000 - 18'270 - 37'630);
  EXPECT_EQ(held_long.maintenance.value(), Int128{37'630} * 50'000);
  const Risk held_short = *book.Evaluate({Position(1, -10), Cost(1, 18'270)});
  EXPECT_EQ(held_short.equity.value(), 18'270 + 37'630);
  EXPECT_EQ(held_short.maintenance, held_long.maintenance);
  EXPECT_EQ(held_short.initial_headroom.value(),
            Int128{55'900} * 1'000'000 - Int128{37'630} * 100'000);
  book.SetPrice(1, 0);
  EXPECT_EQ(book.Evaluate({Position(1, 10), Cost(1, -18'270)})->maintenance, MicroQuanta());
}

TEST(PricesBelowZero, OfATokenByAnotherTableCountNothing) {
  Book book({test::SpotToken(3)});
  Instrument linear = Perpetual(1);
  linear.min_price = PriceTicks(-100);
  Book other({linear});
  other.SetPrice(1, -50);
  const Valuation valuation(book.parameters(), other.prices());
  const Balances account = {test::Balance(kCash, TokenId(3), 1'000), Cash(2)};
  EXPECT_EQ(Evaluate<ExactPpm>({.valuation = valuation}, test::View(account))->equity.value(), 2);
}

// --- charges for lots, and premiums -------------------------------------------------------------

TEST(ChargesForLots, AddToTheDemandWhateverThePrice) {
  Instrument contract = Perpetual(1);
  contract.curve.initial_per_lot = Quanta(Int128{7});
  contract.curve.maintenance_per_lot = Quanta(Int128{5});
  Book book({contract});
  for (const std::int64_t price : {0, 100}) {
    book.SetPrice(1, price);
    for (const Int128 lots : {Int128{3}, Int128{-3}}) {
      const RiskSum sum = *book.Sum({Position(1, lots)});
      EXPECT_EQ(sum.initial.value(), 3 * (price * 100'000 + 7'000'000));
      EXPECT_EQ(sum.maintenance.value(), 3 * (price * 50'000 + 5'000'000));
    }
  }
}

TEST(SizePremiums, MakeALargePositionDearer) {
  Instrument contract = Perpetual(1);
  contract.curve.premium = {
      .scale = Lots(1'000), .initial = RatePpm(200'000), .maintenance = RatePpm(100'000)};
  Book book({contract});
  book.SetPrice(1, 100);
  const auto demand = [&](Int128 lots) { return book.Sum({Position(1, lots)})->initial.value(); };
  EXPECT_EQ(demand(1), 100 * 100'000 + 100 * 200);
  EXPECT_EQ(demand(500), Int128{50'000} * (100'000 + 100'000));
  EXPECT_EQ(demand(-1'000), Int128{100'000} * (100'000 + 200'000));
  EXPECT_EQ(demand(2'000), Int128{200'000} * (100'000 + 400'000));
  EXPECT_EQ(book.Sum({Position(1, 500)})->maintenance.value(), Int128{50'000} * (50'000 + 50'000));
}

// M28: never a smaller demand.
TEST(SizePremiums, BeyondAllBoundsAreRefused) {
  Instrument contract = Perpetual(1);
  contract.curve.premium = {
      .scale = Lots(1), .initial = RatePpm(1'000'000), .maintenance = RatePpm(0)};
  Book book({contract});
  book.SetPrice(1, std::int64_t{1} << 40);
  EXPECT_TRUE(book.Sum({Position(1, 1 << 20)}).ok());
  EXPECT_EQ(book.Sum({Position(1, Int128{1} << 40)}).reason(),
            Reason(MarginReason::kMarginOverflow));
}

// --- tiers, over all accounts of an owner -------------------------------------------------------

// 10 % and 5 %, from a notional of 1,000 on 50 % and 25 %.
Instrument Tiered() {
  Instrument contract = Perpetual(1);
  EXPECT_TRUE(
      contract.curve.tiers.Add({Quanta(Int128{1'000}), RatePpm(500'000), RatePpm(250'000)}));
  return contract;
}

TEST(Tiers, DemandMoreFromTheirFloorOn) {
  Book book({Tiered()});
  book.SetPrice(1, 1);
  for (const Int128 side : {1, -1}) {
    const auto sum = [&](Int128 lots) { return *book.Sum({Position(1, side * lots)}); };
    EXPECT_EQ(sum(999).initial.value(), 999 * 100'000);
    EXPECT_EQ(sum(1'000).initial.value(), 1'000 * 100'000);
    EXPECT_EQ(sum(1'001).initial.value(), 1'000 * 100'000 + 500'000);
    EXPECT_EQ(sum(1'001).maintenance.value(), 1'000 * 50'000 + 250'000);
  }
}

TEST(Tiers, AreOfTheOwnerWhereverHisPositionsLie) {
  Book book({Tiered()});
  book.SetPrice(1, 1);
  OwnerLots owners;
  const auto id = [](std::uint64_t owner, std::uint32_t group) {
    return MarginAccountId{.owner = OwnerId::FromNumber(owner), .group = MarginGroup(group)};
  };
  for (std::uint32_t group = 0; group < 4; ++group) {
    owners.Add(id(1, group), ContractId(1), Lots(std::int64_t{group == 3 ? -500 : 500}));
  }
  const Balances isolated = {Position(1, 500)};
  const auto charge = [&](const MarginAccountId& account, const OwnerLots* lots) {
    const MarginContext context{.valuation = book.valuation(), .owner_lots = lots};
    return SumOf<ExactPpm>(context, {.id = account, .balances = isolated})->initial.value();
  };
  EXPECT_EQ(charge(id(1, 0), nullptr), 500 * 100'000);
  // Above 1,500 elsewhere everything is in the second tier; a short counts as a long.
  EXPECT_EQ(charge(id(1, 0), &owners), 500 * 500'000);
  EXPECT_EQ(charge(id(2, 0), &owners), 500 * 100'000);
  const Int128 whole = book.Sum({Position(1, 2'000)})->initial.value();
  EXPECT_EQ(whole, 1'000 * 100'000 + 1'000 * 500'000);
  EXPECT_GE(4 * charge(id(1, 0), &owners), whole);
}

TEST(Tiers, ChargeIsolatedAccountsTogetherNeverLessThanOne) {
  test::Random random;
  for (int round = 0; round < 3'000; ++round) {
    Book book({Tiered()});
    book.SetPrice(1, static_cast<std::int64_t>(random.Below(30)));
    OwnerLots owners;
    std::vector<std::int64_t> pieces;
    std::int64_t all = 0;
    for (std::uint32_t group = 0; group < 1 + random.Below(5); ++group) {
      pieces.push_back(static_cast<std::int64_t>(random.Below(200)));
      owners.Add({.owner = {}, .group = MarginGroup(group)}, ContractId(1), Lots(pieces.back()));
      all += pieces.back();
    }
    RiskSum charged;
    for (std::uint32_t group = 0; group < pieces.size(); ++group) {
      const Balances account = {Position(1, pieces[group])};
      const MarginContext context{.valuation = book.valuation(), .owner_lots = &owners};
      const auto sum = SumOf<ExactPpm>(
          context, {.id = {.owner = {}, .group = MarginGroup(group)}, .balances = account});
      ASSERT_TRUE(AddTo(charged, *sum));
    }
    const RiskSum whole = *book.Sum({Position(1, all)});
    ASSERT_GE(charged.initial, whole.initial);
    ASSERT_GE(charged.maintenance, whole.maintenance);
  }
}

// Who holds more in several accounts than one may hold can still be judged, and so liquidated.
TEST(Tiers, JudgeAnAccountHoweverMuchItsOwnerHasElsewhere) {
  Instrument contract = Tiered();
  contract.max_lots = Lots(1'000);
  Book book({contract});
  book.SetPrice(1, 1);
  const auto demand = [&](std::int64_t lots, std::int64_t elsewhere) {
    return ContributionOf<ExactPpm>(book.valuation(),
                                    {.lots = Lots(lots), .elsewhere = Lots(elsewhere)});
  };
  EXPECT_EQ(demand(1'000, 1'001)->initial.value(), 1'000 * 500'000);
  EXPECT_EQ(demand(1'000, std::int64_t{1} << 60)->initial.value(), 1'000 * 500'000);
  EXPECT_EQ(demand(1'001, 0).reason(), Reason(MarginReason::kPositionTooLarge));
  EXPECT_EQ(demand(1, kMax<std::int64_t>).reason(), Reason(MarginReason::kMarginOverflow));
}

// --- open interest (M2, M3) ---------------------------------------------------------------------

// 20 % and 10 %; the initial rate rises to 100 % between 1,000 and 4,000 of open interest.
Instrument Crowded() {
  Instrument contract = Perpetual(1);
  contract.curve = FlatCurve(200'000, 100'000);
  contract.curve.open_interest = {.lower = Quanta(Int128{1'000}), .upper = Quanta(Int128{4'000})};
  return contract;
}

BalanceView Among(Int128 lots, Int128 interest) {
  BalanceView position = Position(1, lots);
  position.open_interest = Amount(interest);
  return position;
}

TEST(OpenInterest, RaisesTheInitialRateAloneAndForBothSidesAlike) {
  Book book({Crowded()});
  book.SetPrice(1, 2);  // 500 lots are the lower end, 2,000 the upper
  const auto rate = [&](Int128 lots, Int128 interest) {
    const RiskSum sum = *book.Sum({Among(lots, interest)});
    EXPECT_EQ(sum.maintenance.value(), 20 * 100'000);
    return sum.initial.value() / 20;
  };
  for (const Int128 lots : {Int128{10}, Int128{-10}}) {
    EXPECT_EQ(rate(lots, 0), 200'000);
    EXPECT_EQ(rate(lots, 500), 200'000);
    EXPECT_EQ(rate(lots, 501), 200'534);  // 800,000 * 2 / 3,000, up
    EXPECT_EQ(rate(lots, 1'250), 600'000);
    EXPECT_EQ(rate(lots, 1'999), 999'467);
    EXPECT_EQ(rate(lots, 2'000), 1'000'000);
    EXPECT_EQ(rate(lots, kMax<Int128>), 1'000'000);
  }
}

TEST(OpenInterest, OfInverseContractsIsCountedInCoins) {
  Instrument contract = test::Inverse(1);
  contract.multiplier = 100;
  contract.curve = Crowded().curve;
  Book book({contract});
  book.SetPrice(1, 10);  // ten coins a lot
  const auto rate = [&](Int128 interest) {
    return book.Sum({Among(1, interest)})->initial.value() / 10;
  };
  EXPECT_EQ(rate(100), 200'000);
  EXPECT_EQ(rate(250), 600'000);
  EXPECT_EQ(rate(400), 1'000'000);
}

TEST(OpenInterest, MayBeBeyondTheNotionalOfAnyPosition) {
  Instrument contract = Crowded();
  contract.curve.open_interest = {.lower = kMaxNotional, .upper = Quanta(3 * kMaxNotional.value())};
  Book book({contract});
  book.SetPrice(1, std::int64_t{1} << 40);
  const auto rate = [&](Int128 interest) {
    return book.Sum({Among(1, interest)})->initial.value() >> 40;
  };
  EXPECT_EQ(rate(Int128{1} << 56), 200'000);
  EXPECT_EQ(rate(Int128{1} << 57), 600'000);
  EXPECT_EQ(rate(Int128{3} << 56), 1'000'000);
}

// The rule judges what a trade makes of open interest: `after` carries it.
TEST(OpenInterest, IsJudgedAsTheTradeLeavesIt) {
  Book book({Crowded()});
  book.SetPrice(1, 1);
  const auto admit = [&](Int128 cash, Int128 interest_before, Int128 interest_after) {
    const Balances before = {Cash(cash), Among(0, interest_before), Cost(1, 0)};
    const Balances after = {Cash(cash), Among(100, interest_after), Cost(1, -100)};
    return TransitionRule<ExactPpm>().Admit(book.context(), test::View(before), test::View(after));
  };
  EXPECT_EQ(admit(20, 900, 1'000), Reason());
  EXPECT_EQ(admit(19, 900, 1'000), Reason(MarginReason::kInitialMargin));
  // From one below the lower end to beyond the upper in one trade.
  EXPECT_EQ(admit(99, 999, 4'001), Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(admit(100, 999, 4'001), Reason());
}

TEST(OpenInterest, LiquidatesNobody) {
  Book book({Crowded()});
  book.SetPrice(1, 1);
  for (const Int128 cash : {Int128{10}, Int128{9}}) {
    const auto is_liquidatable = [&](Int128 interest) {
      return IsLiquidatable(*book.Evaluate({Cash(cash), Among(100, interest), Cost(1, -100)}));
    };
    EXPECT_EQ(is_liquidatable(100), cash < 10);
    EXPECT_EQ(is_liquidatable(1'000'000), cash < 10);
  }
}

}  // namespace
}  // namespace settle
