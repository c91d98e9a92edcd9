// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Contracts that are settled in the coin: what counts for an account is rounded down, what it must
// cover up.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/big_integer.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;
using test::Book;
using test::Cash;
using test::Cost;
using test::FlatCurve;
using test::Inverse;
using test::Position;
using test::Random;

Instrument WithMultiplier(std::int64_t multiplier) {
  Instrument contract = Inverse(1);
  contract.multiplier = multiplier;
  return contract;
}

Book At(const Instrument& contract, std::int64_t price) {
  Book book({contract});
  book.SetPrice(1, price);
  return book;
}

// Cost has its signs turned: who buys is credited the coins of the entry, and owes those of the
// mark.
TEST(InverseContracts, GainForALongWhatThePriceRises) {
  // 10 lots at an entry of 100: 10 * 10^6 / 100 coins.
  const auto equity = [](Int128 side, std::int64_t mark) {
    return At(Inverse(1), mark)
        .Evaluate({Cash(5'000), Position(1, 10 * side), Cost(1, 100'000 * side)})
        ->equity.value();
  };
  EXPECT_EQ(equity(1, 100), 5'000);
  EXPECT_EQ(equity(1, 125), 5'000 + 20'000);
  EXPECT_EQ(equity(1, 80), 5'000 - 25'000);
  EXPECT_EQ(equity(-1, 125), 5'000 - 20'000);
  EXPECT_EQ(equity(-1, 80), 5'000 + 25'000);
}

TEST(InverseContracts, RoundTheirValueDownForBothSidesAndTheirNotionalUp) {
  const Book book = At(WithMultiplier(10), 3);  // a lot is worth 3 1/3 coins
  const auto sum = [&](Int128 lots) { return *book.Sum({Position(1, lots)}); };
  EXPECT_EQ(sum(1).equity.value(), -4);
  EXPECT_EQ(sum(-1).equity.value(), 3);
  EXPECT_EQ(sum(2).equity.value(), -7);
  EXPECT_EQ(sum(-2).equity.value(), 6);
  EXPECT_EQ(sum(3).equity.value(), -10);
  EXPECT_EQ(sum(-3).equity.value(), 10);
  for (const Int128 side : {1, -1}) {
    EXPECT_EQ(sum(side).initial.value(), 4 * 100'000);
    EXPECT_EQ(sum(2 * side).initial.value(), 7 * 100'000);
    EXPECT_EQ(sum(2 * side).maintenance.value(), 7 * 50'000);
    EXPECT_EQ(sum(3 * side).initial.value(), 10 * 100'000);
  }
}

TEST(InverseContracts, AreWorthACoinOfRoundingLessThanNothingToBothSidesTogether) {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    const auto multiplier = static_cast<std::int64_t>(1 + random.Below(1'000'000));
    const auto price = static_cast<std::int64_t>(1 + random.Below(1'000));
    const auto lots = static_cast<Int128>(random.Below(1'000'000));
    const Book book = At(WithMultiplier(multiplier), price);
    const Int128 both = book.Sum({Position(1, lots)})->equity.value() +
                        book.Sum({Position(1, -lots)})->equity.value();
    ASSERT_EQ(both, lots * multiplier % price == 0 ? 0 : -1);
  }
}

// M17.
TEST(InverseContracts, DemandAtLeastTheExactNumberAndInPiecesNeverLess) {
  Random random;
  for (int round = 0; round < 5'000; ++round) {
    Instrument contract = WithMultiplier(static_cast<std::int64_t>(1 + random.Below(1'000)));
    const auto rate = static_cast<std::int64_t>(1 + random.Below(1'000'000));
    contract.curve = FlatCurve(rate, rate / 2);
    const auto price = static_cast<std::int64_t>(1 + random.Below(10'000));
    const Book book = At(contract, price);
    Int128 left = 1 + static_cast<Int128>(random.Below(100));
    const RiskSum whole = *book.Sum({Position(1, left)});
    ASSERT_GE(BigInteger(whole.initial.value()) * BigInteger(price),
              BigInteger(left) * BigInteger(contract.multiplier) * BigInteger(rate));
    RiskSum pieces;
    while (left > 0) {
      const Int128 piece = 1 + static_cast<Int128>(random.Below(static_cast<std::uint64_t>(left)));
      ASSERT_TRUE(AddTo(pieces, *book.Sum({Position(1, piece)})));
      left -= piece;
    }
    ASSERT_GE(pieces.initial, whole.initial);
    ASSERT_GE(pieces.maintenance, whole.maintenance);
    ASSERT_LE(pieces.equity, whole.equity);
  }
}

TEST(InverseContracts, OfOneOwnerDemandInSeveralAccountsNeverLessThanInOne) {
  Random random;
  int tiers_matter = 0;
  for (int round = 0; round < 3'000; ++round) {
    Instrument contract = WithMultiplier(static_cast<std::int64_t>(1 + random.Below(50)));
    ASSERT_TRUE(contract.curve.tiers.Add(
        {Quanta(static_cast<Int128>(1 + random.Below(100))), RatePpm(400'000), RatePpm(300'000)}));
    const Book book = At(contract, static_cast<std::int64_t>(1 + random.Below(100)));
    std::vector<std::int64_t> pieces;
    std::int64_t all = 0;
    for (std::uint64_t left = 1 + random.Below(5); left > 0; --left) {
      pieces.push_back(static_cast<std::int64_t>(1 + random.Below(100)));
      all += pieces.back();
    }
    RiskSum charged;
    RiskSum alone;
    for (const std::int64_t piece : pieces) {
      const MarginPosition position{.lots = Lots(piece), .elsewhere = Lots(all - piece)};
      ASSERT_TRUE(AddTo(charged, *ContributionOf<ExactPpm>(book.valuation(), position)));
      ASSERT_TRUE(AddTo(alone, *book.Sum({Position(1, piece)})));
    }
    const RiskSum whole = *book.Sum({Position(1, all)});
    ASSERT_GE(charged.initial, whole.initial);
    ASSERT_GE(charged.maintenance, whole.maintenance);
    if (alone.initial < whole.initial) ++tiers_matter;
  }
  EXPECT_GT(tiers_matter, 500);
}

// A book in which everything counts in the coin.
TEST(InverseContracts, AreHeldByCoinsExactlyToTheRequirement) {
  Book book({Inverse(1), Inverse(2)});
  book.SetPrice(1, 100);
  book.SetPrice(2, 40);
  // Notionals of 50,000 and 75,000 coins at 10 % and 5 %, bought and sold at the mark.
  const auto account = [](Int128 coins) {
    return test::Balances{Cash(coins), Position(1, 5), Cost(1, 50'000), Position(2, -3),
                          Cost(2, -75'000)};
  };
  EXPECT_EQ(book.Evaluate(account(12'500))->initial_headroom, MicroQuanta());
  EXPECT_TRUE(InitialMarginHolds(*book.Evaluate(account(12'500))));
  EXPECT_FALSE(InitialMarginHolds(*book.Evaluate(account(12'499))));
  EXPECT_FALSE(IsLiquidatable(*book.Evaluate(account(6'250))));
  EXPECT_TRUE(IsLiquidatable(*book.Evaluate(account(6'249))));
}

TEST(InverseContracts, AreJudgedForInitialMarginByTheWorseOfMarkAndSlowPrice) {
  Book book = At(Inverse(1), 100);
  book.SetSlowPrice(1, 80);
  const auto headroom = [&](Int128 lots, Int128 cost) {
    return book.Evaluate({Position(1, lots), Cost(1, cost)})->initial_headroom.value();
  };
  // At 80 a lot is 12,500 coins and not 10,000: a long owes them.
  EXPECT_EQ(headroom(1, 10'000), -Int128{2'500} * 1'000'000 - Int128{12'500} * 100'000);
  EXPECT_EQ(headroom(-1, -10'000), -Int128{10'000} * 100'000);
  EXPECT_EQ(book.Evaluate({Position(1, 1), Cost(1, 10'000)})->equity, Quanta());
  EXPECT_EQ(book.Sum({Position(1, 1)})->maintenance.value(), Int128{10'000} * 50'000);
}

// M14.
TEST(InverseContracts, KnowNoPriceOfZeroOrBelow) {
  Instrument contract = Inverse(1);
  contract.min_price = PriceTicks(0);
  EXPECT_EQ(contract.Validate(), Reason(MarginReason::kBadBounds));
  contract.min_price = PriceTicks(-1);
  EXPECT_EQ(contract.Validate(), Reason(MarginReason::kBadBounds));
  const Book book = At(Inverse(1), 1);
  MarkPrices prices = book.prices();
  const InstrumentIndex first(0);
  const Reason beyond = MarginReason::kPriceOutOfRange;
  EXPECT_EQ(prices.Set(book.table(), first, PriceTicks(0)), beyond);
  EXPECT_EQ(prices.Set(book.table(), first, PriceTicks(-1)), beyond);
  EXPECT_EQ(prices.SetSlow(book.table(), first, PriceTicks(0)), beyond);
  EXPECT_EQ(prices, book.prices());
  // A price that was set by another table is refused too, and not divided by.
  Book other({test::Perpetual(1)});
  other.SetPrice(1, 0);
  const Valuation valuation(book.parameters(), other.prices());
  EXPECT_EQ(ContributionOf<ExactPpm>(valuation, {.lots = Lots(1)}).reason(), beyond);
}

TEST(InverseContracts, RefusePositionsBeyondTheLargestAndWithoutAPrice) {
  Book book = At(Inverse(1), 1);
  const Int128 most = std::int64_t{1} << 40;
  EXPECT_EQ(book.Sum({Position(1, most)})->equity.value(), -most * 1'000'000);
  EXPECT_EQ(book.Sum({Position(1, -most)})->equity.value(), most * 1'000'000);
  const Reason too_large = MarginReason::kPositionTooLarge;
  EXPECT_EQ(book.Sum({Position(1, most + 1)}).reason(), too_large);
  EXPECT_EQ(book.Sum({Position(1, -most - 1)}).reason(), too_large);
  book.ClearPrice(1);
  EXPECT_EQ(book.Sum({Position(1, 1)}).reason(), Reason(MarginReason::kMissingPrice));
}

TEST(InverseContracts, ReachTheGreatestNotionalAndNoFurther) {
  Instrument contract = WithMultiplier(std::int64_t{1} << 40);
  contract.max_lots = Lots(std::int64_t{1} << 56);
  EXPECT_EQ(contract.Validate(), Reason());
  const Book book = At(contract, 1);
  const RiskSum sum = *book.Sum({Position(1, -(Int128{1} << 56))});
  EXPECT_EQ(sum.equity, kMaxNotional);
  EXPECT_EQ(sum.initial.value(), kMaxNotional.value() * 100'000);
  contract.max_lots = Lots((std::int64_t{1} << 56) + 1);
  EXPECT_EQ(contract.Validate(), Reason(MarginReason::kBadBounds));
}

}  // namespace
}  // namespace settle
