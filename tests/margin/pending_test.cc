// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/pending.h"

#include <gtest/gtest.h>

#include <algorithm>
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
using test::Perpetual;
using test::Random;

constexpr InstrumentIndex kFirst{0};

PendingTrade Trade(std::int64_t lots, std::int64_t quote) {
  return {.instrument = kFirst, .lots = Lots(lots), .quote = Quanta(Int128{quote})};
}

Int128 HeadroomOf(const RiskSum& sum) {
  return sum.equity.value() * kMicroPerQuantum - sum.initial.value();
}

// The worst of each number over all subsets of the trades, one after the other.
struct Worst {
  Int128 equity = kMax<Int128>;
  Int128 headroom = kMax<Int128>;
  Int128 maintenance = 0;
};
template <RequirementPolicy Policy = ExactPpm>
Worst WorstOfAllSubsets(const Book& book, const MarginPosition& position,
                        const std::vector<PendingTrade>& trades) {
  Worst worst;
  for (std::size_t subset = 0; subset < (std::size_t{1} << trades.size()); ++subset) {
    MarginPosition after = position;
    for (std::size_t i = 0; i < trades.size(); ++i) {
      if ((subset >> i & 1) == 0) continue;
      EXPECT_TRUE(AddTo(after.lots, trades[i].lots) && AddTo(after.quote, trades[i].quote));
    }
    const Result<RiskSum> sum = ContributionOf<Policy>(book.valuation(), after);
    EXPECT_EQ(sum.reason(), Reason());
    worst.equity = std::min(worst.equity, sum->equity.value());
    worst.headroom = std::min(worst.headroom, HeadroomOf(*sum));
    worst.maintenance = std::max(worst.maintenance, sum->maintenance.value());
  }
  return worst;
}

PendingSums SumsOf(const Book& book, const std::vector<PendingTrade>& trades) {
  PendingSums sums;
  for (const PendingTrade& trade : trades) EXPECT_TRUE(AddTo(book.valuation(), trade, sums).ok());
  return sums;
}

std::vector<PendingTrade> RandomOrders(Random& random, const Book& book) {
  std::vector<PendingTrade> orders;
  for (std::uint64_t left = random.Below(9); left > 0; --left) {
    orders.push_back(test::RandomOrder(random, book, kFirst));
  }
  return orders;
}

MarginPosition RandomPosition(Random& random, const Book& book) {
  const std::int64_t lots = test::Between(random, -500, 500);
  return {.instrument = kFirst,
          .lots = Lots(lots),
          .quote = test::CostAt(book.table()[kFirst], lots, test::Between(random, 1, 1'000))};
}

// DECISIONS: an upper bound over all subsets of up to 8; where the demand is a product, the worst
// itself, of each number.
TEST(PendingTrades, AtAFlatRateAreTheWorstOfAllSubsets) {
  Random random;
  for (int round = 0; round < 3'000; ++round) {
    Book book({test::RandomInstrument(random, 1, true)});
    test::SetRandomPrices(random, 1, book);
    const MarginPosition position = RandomPosition(random, book);
    const std::vector<PendingTrade> orders = RandomOrders(random, book);
    const auto sum =
        WorstContributionOf<ExactPpm>(book.valuation(), position, SumsOf(book, orders));
    ASSERT_TRUE(sum.ok());
    const Worst worst = WorstOfAllSubsets(book, position, orders);
    ASSERT_EQ(MicroQuanta(HeadroomOf(*sum)), MicroQuanta(worst.headroom));
    ASSERT_EQ(sum->equity.value(), worst.equity);
    ASSERT_EQ(sum->maintenance.value(), worst.maintenance);
  }
}

template <RequirementPolicy Policy>
void ExpectNeverBetterThanASubset() {
  Random random;
  for (int round = 0; round < 1'500; ++round) {
    Book book({test::RandomInstrument(random, 1, false)});
    test::SetRandomPrices(random, 1, book);
    const MarginPosition position = RandomPosition(random, book);
    const std::vector<PendingTrade> orders = RandomOrders(random, book);
    const auto sum = WorstContributionOf<Policy>(book.valuation(), position, SumsOf(book, orders));
    ASSERT_TRUE(sum.ok());
    const Worst worst = WorstOfAllSubsets<Policy>(book, position, orders);
    ASSERT_LE(HeadroomOf(*sum), worst.headroom);
    ASSERT_LE(sum->equity.value(), worst.equity);
    ASSERT_GE(sum->maintenance.value(), worst.maintenance);
    ASSERT_GE(sum->initial.value(), 0);
  }
}

TEST(PendingTrades, WithTiersPremiumsAndInverseAreNeverBetterThanASubset) {
  ExpectNeverBetterThanASubset<ExactPpm>();
}
TEST(PendingTrades, RoundedByLegAreNeverBetterThanASubset) {
  ExpectNeverBetterThanASubset<CeilPerLeg>();
}

// What is pending gains no more than it adds to what is capped.
TEST(PendingTrades, WhereProfitIsCappedAreNeverBetterThanASubset) {
  Random random;
  for (int round = 0; round < 3'000; ++round) {
    MarginParameters parameters;
    parameters.profit_cap = Quanta(Int128{test::Between(random, 0, 100'000)});
    parameters.withdrawal_profit_cap = Quanta();
    parameters.instruments =
        test::TableOf({test::RandomInstrument(random, 1, random.Chance(1, 2))});
    Book book(parameters);
    test::SetRandomPrices(random, 1, book);
    const MarginPosition position = RandomPosition(random, book);
    const std::vector<PendingTrade> orders = RandomOrders(random, book);
    const auto sum =
        WorstContributionOf<ExactPpm>(book.valuation(), position, SumsOf(book, orders));
    ASSERT_TRUE(sum.ok());
    for (std::size_t subset = 0; subset < (std::size_t{1} << orders.size()); ++subset) {
      MarginPosition after = position;
      for (std::size_t i = 0; i < orders.size(); ++i) {
        if ((subset >> i & 1) == 0) continue;
        ASSERT_TRUE(AddTo(after.lots, orders[i].lots) && AddTo(after.quote, orders[i].quote));
      }
      const Result<RiskSum> one = ContributionOf<ExactPpm>(book.valuation(), after);
      ASSERT_TRUE(one.ok());
      ASSERT_LE(Finish(*sum, parameters.profit_cap)->initial_headroom,
                Finish(*one, parameters.profit_cap)->initial_headroom);
    }
  }
}

// What each of two orders demands alone adds up to less than both: tiers are progressive. 10 % up
// to 100,000 and 25 % beyond, each order of 50,000 on a position of 50,000.
TEST(PendingTrades, OfATieredInstrumentDemandMoreTogetherThanOneByOne) {
  Instrument instrument = Perpetual(1);
  ASSERT_TRUE(
      instrument.curve.tiers.Add({Quanta(Int128{100'000}), RatePpm(250'000), RatePpm(50'000)}));
  Book book({instrument});
  book.SetPrice(1, 100);
  const MarginPosition held{.instrument = kFirst, .lots = Lots(500)};
  const std::vector<PendingTrade> orders = {Trade(500, -50'000), Trade(500, -50'000)};
  const auto initial = [&](const std::vector<PendingTrade>& pending) {
    return WorstContributionOf<ExactPpm>(book.valuation(), held, SumsOf(book, pending))
        ->initial.value();
  };
  const Int128 none = initial({});
  EXPECT_EQ(none, Int128{5'000} * kMicroPerQuantum);
  EXPECT_EQ(initial({orders[0]}) - none, Int128{5'000} * kMicroPerQuantum);
  EXPECT_EQ(initial(orders) - none, Int128{17'500} * kMicroPerQuantum);  // not 10,000
}

TEST(PendingTrades, JudgeOpenInterestAsItWouldBeAfterThem) {
  Instrument instrument = Perpetual(1);
  instrument.curve.open_interest = {Quanta(Int128{1'000}), Quanta(Int128{2'000})};
  Book book({instrument});
  book.SetPrice(1, 100);
  const MarginPosition none{.instrument = kFirst, .open_interest = Lots(5)};
  const auto initial = [&](std::int64_t lots) {
    return WorstContributionOf<ExactPpm>(book.valuation(), none,
                                         SumsOf(book, {Trade(lots, -100 * lots)}))
        ->initial.value();
  };
  EXPECT_EQ(initial(5), 500 * 100'000);  // 1,000 of open interest: the base rate
  EXPECT_EQ(initial(10), Int128{1'000} * 550'000);
  EXPECT_EQ(initial(15), Int128{1'500} * 1'000'000);
}

TEST(PendingSums, AreAsIfATradeHadNeverBeenOnceItIsTakenOut) {
  Random random;
  for (int round = 0; round < 2'000; ++round) {
    Book book({test::RandomInstrument(random, 1, random.Chance(1, 2))});
    test::SetRandomPrices(random, 1, book);
    std::vector<PendingTrade> orders = RandomOrders(random, book);
    PendingSums sums = SumsOf(book, orders);
    while (!orders.empty()) {
      const std::size_t at = random.Below(orders.size());
      ASSERT_EQ(SubtractFrom(book.valuation(), orders[at], sums), Reason());
      orders.erase(orders.begin() + static_cast<std::ptrdiff_t>(at));
      ASSERT_EQ(sums, SumsOf(book, orders));
    }
    ASSERT_EQ(sums, PendingSums());
  }
}

TEST(PendingSums, RefuseATradeThatWasNotAdded) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 100);
  PendingSums sums = SumsOf(book, {Trade(5, -500)});
  const PendingSums before = sums;
  for (const PendingTrade& trade : {Trade(6, -500), Trade(-1, 100), Trade(5, -1'000)}) {
    EXPECT_EQ(SubtractFrom(book.valuation(), trade, sums), Reason(MarginReason::kNotInSum));
    EXPECT_EQ(sums, before);
  }
}

TEST(PendingSums, RefuseWhatCannotBeJudgedAndStayAsTheyAre) {
  Book book({Perpetual(1), Perpetual(2)});
  book.SetPrice(1, 100);
  PendingSums sums = SumsOf(book, {Trade(5, -500)});
  const PendingSums before = sums;
  const auto refused = [&](PendingTrade trade, Reason reason) {
    EXPECT_EQ(AddTo(book.valuation(), trade, sums), reason);
    EXPECT_EQ(sums, before);
  };
  refused({.instrument = InstrumentIndex(2)}, MarginReason::kUnknownInstrument);
  refused({.instrument = InstrumentIndex(1), .lots = Lots(1)}, MarginReason::kMissingPrice);
  refused(Trade(kMin<std::int64_t>, 0), MarginReason::kPositionTooLarge);
  refused(Trade(kMax<std::int64_t>, 0), MarginReason::kPositionTooLarge);  // with the 5
  refused({.instrument = kFirst, .lots = Lots(1), .quote = Quanta(kMin<Int128>)},
          MarginReason::kMarginOverflow);
}

TEST(WorstContributionOf, RefusesWhatAPositionMayBecomeBeyondItsLargest) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 100);
  const std::int64_t most = book.table()[kFirst].max_lots.value();
  const MarginPosition held{.instrument = kFirst, .lots = Lots(1)};
  const auto reason = [&](std::int64_t lots) {
    return WorstContributionOf<ExactPpm>(book.valuation(), held, SumsOf(book, {Trade(lots, -100)}))
        .reason();
  };
  EXPECT_EQ(reason(most - 1), Reason());
  EXPECT_EQ(reason(most), Reason(MarginReason::kPositionTooLarge));
  EXPECT_EQ(reason(-most - 1), Reason());
  EXPECT_EQ(reason(-most - 2), Reason(MarginReason::kPositionTooLarge));
  EXPECT_EQ(WorstContributionOf<ExactPpm>(book.valuation(), {.instrument = InstrumentIndex(1)}, {})
                .reason(),
            Reason(MarginReason::kUnknownInstrument));
}

}  // namespace
}  // namespace settle
