// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/valuation.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "settle/base/integer.h"
#include "settle/margin/detail/position_risk.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Book;
using test::FlatCurve;
using test::Perpetual;
using test::Random;

constexpr InstrumentIndex kFirst{0};

TEST(Valuation, FactorsOfALotAreItsValueAndDemands) {
  Instrument instrument = Perpetual(1);
  instrument.multiplier = 3;
  Book book({instrument});
  book.SetPrice(1, 100);
  const ValuationRow& row = book.valuation()[kFirst];
  EXPECT_EQ(row.value, 300);
  EXPECT_EQ(row.maintenance, 300 * 50'000);
  EXPECT_EQ(row.initial[0], 300 * 100'000);
  EXPECT_EQ(row.initial[1], 300 * 100'000);
  EXPECT_EQ(row.product_below, (std::uint64_t{1} << 40) + 1);
  EXPECT_EQ(row.interest_up_to, kMax<std::int64_t>);
}

TEST(Valuation, TheWorseOfMarkAndSlowPriceIsInTheInitialDemand) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 100);
  book.SetSlowPrice(1, 80);
  const ValuationRow& row = book.valuation()[kFirst];
  // A long could be worth 80, of which 8 are demanded; a short at the mark is worse.
  EXPECT_EQ(row.initial[0], 100'000'000 - (80'000'000 - 8'000'000));
  EXPECT_EQ(row.initial[1], 100 * 100'000);
  EXPECT_EQ(row.maintenance, 100 * 50'000);
  EXPECT_EQ(row.worse_value[0], 80);
  EXPECT_EQ(row.worse_value[1], 100);
}

TEST(Valuation, NoProductBeyondTheFirstTier) {
  Instrument instrument = Perpetual(1);
  ASSERT_TRUE(
      instrument.curve.tiers.Add({Quanta(Int128{1'000}), RatePpm(200'000), RatePpm(60'000)}));
  Book book({instrument});
  book.SetPrice(1, 70);
  EXPECT_EQ(book.valuation()[kFirst].product_below, 15u);  // 14 * 70 = 980, 15 * 70 = 1,050
  book.SetSlowPrice(1, 101);
  EXPECT_EQ(book.valuation()[kFirst].product_below, 10u);  // by the larger of the two
  book.SetPrice(1, 0);
  book.SetSlowPrice(1, 0);
  EXPECT_EQ(book.valuation()[kFirst].product_below, (std::uint64_t{1} << 40) + 1);
}

TEST(Valuation, NoProductOfWhatHasNoPriceIsInverseSpotOrHasAPremium) {
  Book book({Perpetual(1)});
  EXPECT_EQ(book.valuation()[kFirst].product_below, 0u);
  book.SetPrice(1, 5);
  EXPECT_NE(book.valuation()[kFirst].product_below, 0u);
  book.ClearPrice(1);
  EXPECT_EQ(book.valuation()[kFirst].product_below, 0u);
  Instrument inverse = Perpetual(1);
  inverse.kind = InstrumentKind::kInverse;
  inverse.min_price = PriceTicks(1);
  Book inverse_book({inverse});
  inverse_book.SetPrice(1, 5);
  EXPECT_EQ(inverse_book.valuation()[kFirst].product_below, 0u);
  Instrument dear = Perpetual(1);
  dear.curve.premium = {Lots(5), RatePpm(1), RatePpm(0)};
  Book dear_book({dear});
  dear_book.SetPrice(1, 5);
  EXPECT_EQ(dear_book.valuation()[kFirst].product_below, 0u);
}

// Lots elsewhere below zero, which nobody has, make no product of a position that is too large.
TEST(Valuation, NoProductOfLotsElsewhereBelowZero) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 100);
  const MarginPosition huge{.instrument = kFirst,
                            .lots = Lots(kMax<std::int64_t>),
                            .elsewhere = Lots(1 - kMax<std::int64_t>)};
  EXPECT_FALSE(detail::IsProduct(book.valuation()[kFirst], huge));
  EXPECT_EQ(ContributionOf<ExactPpm>(book.valuation(), huge).reason(),
            Reason(MarginReason::kPositionTooLarge));
  const MarginPosition small{.instrument = kFirst, .lots = Lots(1), .elsewhere = Lots(-1)};
  EXPECT_EQ(ContributionOf<ExactPpm>(book.valuation(), small).reason(),
            Reason(MarginReason::kPositionTooLarge));
}

// Both ways of judging a position give the same numbers wherever the way of products is taken, to
// the edges of all that is allowed.
TEST(Valuation, ProductsAreWhatTheCurveDemands) {
  Random random;
  int products = 0;
  for (int round = 0; round < 30'000; ++round) {
    Instrument instrument = Perpetual(1);
    const auto up_to = [&](std::int64_t most) {
      return random.Chance(1, 4)
                 ? most
                 : static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(most) + 1));
    };
    const std::int64_t initial = up_to(1'000'000);
    instrument.curve = FlatCurve(initial, up_to(initial));
    instrument.multiplier = 1 + up_to(99);
    instrument.max_price =
        PriceTicks(static_cast<std::int64_t>(kMaxLotValue.value()) / instrument.multiplier);
    if (random.Chance(1, 2)) instrument.min_price = PriceTicks(-instrument.max_price.value());
    instrument.max_lots = Lots(std::int64_t{1} << 52);
    if (random.Chance(1, 2)) instrument.curve.initial_per_lot = Quanta(Int128{up_to(1'000)});
    if (random.Chance(1, 2)) {
      instrument.curve.maintenance_per_lot = Quanta(
          Int128{up_to(static_cast<std::int64_t>(instrument.curve.initial_per_lot.value()))});
    }
    if (random.Chance(1, 2)) {
      ASSERT_TRUE(instrument.curve.tiers.Add(
          {Quanta(Int128{1} + random.Below(1'000'000'000)), kWholeRate, kWholeRate}));
    }
    if (random.Chance(1, 2)) {
      instrument.curve.open_interest = {Quanta(Int128{random.Below(1'000)}),
                                        Quanta(Int128{1'000'000})};
    }
    ASSERT_EQ(instrument.Validate(), Reason());
    Book book({instrument});
    const auto price = [&] {
      const std::int64_t ticks =
          random.Chance(1, 2) ? up_to(1'000) : up_to(instrument.max_price.value());
      return instrument.min_price < PriceTicks(0) && random.Chance(1, 2) ? -ticks : ticks;
    };
    book.SetPrice(1, price());
    if (random.Chance(1, 2)) book.SetSlowPrice(1, price());
    const std::int64_t lots =
        random.Chance(1, 2) ? up_to(1'000) : up_to(instrument.max_lots.value());
    const MarginPosition position{.instrument = kFirst,
                                  .lots = Lots(random.Chance(1, 2) ? lots : -lots),
                                  .open_interest = Lots(up_to(100)),
                                  .elsewhere = Lots(random.Chance(1, 2) ? up_to(100) : 0)};
    const ValuationRow& row = book.valuation()[kFirst];
    if (!detail::IsProduct(row, position)) continue;
    ++products;
    const detail::PositionRisk by_product = detail::ProductsOf(row, position);
    detail::PositionRisk by_curve;
    ASSERT_EQ(detail::RiskByCurve<ExactPpm>(instrument, book.valuation().PricesOf(kFirst), position,
                                            by_curve),
              Reason());
    ASSERT_EQ(Quanta(by_product.value), Quanta(by_curve.value));
    ASSERT_EQ(Quanta(by_product.worse_value), Quanta(by_curve.worse_value));
    ASSERT_EQ(MicroQuanta(by_product.initial), MicroQuanta(by_curve.initial));
    ASSERT_EQ(MicroQuanta(by_product.maintenance), MicroQuanta(by_curve.maintenance));
  }
  EXPECT_GT(products, 3'000);
}

}  // namespace
}  // namespace settle
