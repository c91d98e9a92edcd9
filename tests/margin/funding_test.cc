// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/funding.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "settle/base/integer.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

FundingPeriod Period(Int128 since, Int128 now) {
  return {.since = FundingIndex(since), .now = FundingIndex(now)};
}

TEST(AccruedFunding, IsPaidByLongsWhenTheIndexRisesAndByShortsWhenItFalls) {
  EXPECT_EQ(AccruedFunding(Period(1'000'000, 3'000'000), Lots(5)), Quanta(Int128{-10}));
  EXPECT_EQ(AccruedFunding(Period(1'000'000, 3'000'000), Lots(-5)), Quanta(Int128{10}));
  EXPECT_EQ(AccruedFunding(Period(3'000'000, 1'000'000), Lots(5)), Quanta(Int128{10}));
  EXPECT_EQ(AccruedFunding(Period(7, 7), Lots(5)), Quanta());
  EXPECT_EQ(AccruedFunding(Period(0, 1'000'000), Lots(0)), Quanta());
}

// Half a quantum is paid as one and got as none.
TEST(AccruedFunding, RoundsOnceAgainstTheAccount) {
  EXPECT_EQ(AccruedFunding(Period(0, 1), Lots(1)), Quanta(Int128{-1}));
  EXPECT_EQ(AccruedFunding(Period(0, 1), Lots(-1)), Quanta(Int128{0}));
  EXPECT_EQ(AccruedFunding(Period(0, 500'000), Lots(3)), Quanta(Int128{-2}));
  EXPECT_EQ(AccruedFunding(Period(0, 500'000), Lots(-3)), Quanta(Int128{1}));
}

// What all get together is never above zero, whatever the positions, and less than one quantum for
// each payment below.
TEST(AccruedFunding, OfAllPositionsNeverMakesMoney) {
  test::Random random;
  for (int round = 0; round < 5'000; ++round) {
    const FundingPeriod period = Period(random.Edge<std::int64_t>(), random.Edge<std::int64_t>());
    Int128 got = 0;
    std::int64_t open = 0;
    const int positions = 2 + static_cast<int>(random.Below(20));
    for (int i = 1; i <= positions; ++i) {
      const std::int64_t lots =
          i == positions ? -open : static_cast<std::int64_t>(random.Below(2'000'001)) - 1'000'000;
      open += lots;
      got += AccruedFunding(period, Lots(lots))->value();
    }
    ASSERT_LE(got, 0);
    ASSERT_GT(got, -positions);
  }
}

TEST(AccruedFunding, AnswersNothingBeyond128Bits) {
  EXPECT_FALSE(AccruedFunding(Period(kMin<Int128>, kMax<Int128>), Lots(1)).has_value());
  EXPECT_FALSE(AccruedFunding(Period(0, kMax<Int128>), Lots(2)).has_value());
  EXPECT_FALSE(AccruedFunding(Period(0, kMin<Int128>), Lots(1)).has_value());  // of 2^127
  EXPECT_TRUE(AccruedFunding(Period(0, kMax<Int128>), Lots(-1)).has_value());
}

TEST(FundingClamp, IsAFactorOfTheRoomBetweenTheTwoRates) {
  EXPECT_EQ(FundingClamp(test::FlatCurve(150'000, 120'000), RatePpm(6'000'000)), RatePpm(180'000));
  EXPECT_EQ(FundingClamp(test::FlatCurve(3, 2), RatePpm(1'999'999)), RatePpm(1));
  EXPECT_EQ(FundingClamp(test::FlatCurve(50'000, 50'000), RatePpm(6'000'000)), RatePpm(0));
  EXPECT_EQ(FundingClamp(test::FlatCurve(1'000'000, 0), RatePpm(kMax<std::int64_t>)),
            RatePpm(kMax<std::int64_t>));
}

}  // namespace
}  // namespace settle
