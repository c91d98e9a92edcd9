// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// One changed position of an account whose sum is kept.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/margin/random_books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Book;
using test::Random;

template <RequirementPolicy Policy>
void ExpectExchangesToBeWholePasses(bool with_cap) {
  Random random;
  for (int round = 0; round < 100; ++round) {
    std::vector<Instrument> instruments;
    for (std::uint32_t n = 1; n <= 5; ++n) {
      instruments.push_back(test::RandomInstrument(random, n, random.Chance(1, 2)));
    }
    MarginParameters parameters;
    parameters.instruments = test::TableOf(instruments);
    if (with_cap) parameters.withdrawal_profit_cap = Quanta();
    Book book(parameters);
    std::vector<MarginPosition> positions;
    for (std::uint32_t n = 1; n <= 5; ++n) {
      test::SetRandomPrices(random, n, book);
      positions.push_back({.instrument = InstrumentIndex(n - 1)});
    }
    const Quanta cash(Int128{1'000});
    RiskSum kept = *SumOf<Policy>(book.valuation(), cash, positions);
    for (int step = 0; step < 50; ++step) {
      MarginPosition& position = positions[random.Below(positions.size())];
      const MarginPosition old = position;
      position.lots = Lots(test::Between(random, -100'000, 100'000));
      // Often quote balances beyond what is a product.
      position.quote = Quanta(random.Edge<Int128>() >> 20);
      ASSERT_EQ(Exchange<Policy>(book.valuation(), old, position, kept), Reason());
      ASSERT_TRUE(kept == *SumOf<Policy>(book.valuation(), cash, positions)) << step;
    }
  }
}

TEST(Exchange, IsTheBitsOfAWholePass) {
  ExpectExchangesToBeWholePasses<ExactPpm>(false);
  ExpectExchangesToBeWholePasses<ExactPpm>(true);
  ExpectExchangesToBeWholePasses<CeilPerLeg>(false);
}

TEST(Exchange, RefusesWhatCannotBeAndChangesNothing) {
  Book book({test::Perpetual(1), test::Perpetual(2)});
  book.SetPrice(1, 100);
  const MarginPosition held{.instrument = InstrumentIndex(0), .lots = Lots(10)};
  const MarginPosition more{.instrument = InstrumentIndex(0), .lots = Lots(11)};
  RiskSum sum = *ContributionOf<ExactPpm>(book.valuation(), held);
  const RiskSum before = sum;
  const auto refused = [&](const MarginPosition& old, const MarginPosition& now, Reason reason) {
    EXPECT_EQ(Exchange<ExactPpm>(book.valuation(), old, now, sum), reason);
    EXPECT_EQ(sum, before);
  };
  refused(more, held, MarginReason::kMarginOverflow);  // more than was added
  refused(held, {.instrument = InstrumentIndex(1), .lots = Lots(1)}, MarginReason::kMissingPrice);
  refused(held, {.instrument = InstrumentIndex(2), .lots = Lots(1)},
          MarginReason::kUnknownInstrument);
  refused(held, {.instrument = InstrumentIndex(0), .lots = Lots(kMin<std::int64_t>)},
          MarginReason::kPositionTooLarge);
}

// A charge for each lot so large that its products could leave 128 bits is added with checks.
TEST(Evaluation, ChecksSumsOfDemandsThatAreNoProducts) {
  std::vector<Instrument> instruments;
  std::vector<MarginPosition> positions;
  for (std::uint32_t n = 1; n <= 5; ++n) {
    Instrument dear = test::Perpetual(n);
    dear.max_price = PriceTicks(1);
    dear.max_lots = Lots(kMax<std::int64_t>);
    dear.curve.initial_per_lot = dear.curve.maintenance_per_lot = kMaxLotValue;
    instruments.push_back(dear);
    positions.push_back({.instrument = InstrumentIndex(n - 1), .lots = dear.max_lots});
  }
  Book book(instruments);
  for (std::uint32_t n = 1; n <= 5; ++n) book.SetPrice(n, 1);
  const auto reason = [&](std::size_t count) {
    return Evaluate<ExactPpm>(book.context(), Quanta(), std::span(positions).first(count)).reason();
  };
  EXPECT_EQ(reason(3), Reason());  // each demands nearly 2^125
  EXPECT_EQ(reason(5), Reason(MarginReason::kMarginOverflow));
}

}  // namespace
}  // namespace settle
