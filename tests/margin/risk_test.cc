// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/risk.h"

#include <gtest/gtest.h>

#include <compare>

#include "settle/base/integer.h"
#include "settle/margin/reason.h"

namespace settle {
namespace {

Risk Of(Int128 equity, Int128 maintenance) {
  return {.equity = Quanta(equity), .maintenance = MicroQuanta(maintenance)};
}

TEST(RiskSum, AddsAndSubtractsWholeOrNotAtAll) {
  const RiskSum part{.equity = Quanta(Int128{-5}),
                     .profit = Quanta(Int128{2}),
                     .initial = MicroQuanta(Int128{4}),
                     .maintenance = MicroQuanta(Int128{3})};
  RiskSum sum = part;
  ASSERT_TRUE(AddTo(sum, part));
  EXPECT_EQ(sum.equity.value(), -10);
  EXPECT_EQ(sum.profit.value(), 4);
  EXPECT_EQ(sum.initial.value(), 8);
  EXPECT_EQ(sum.maintenance.value(), 6);
  ASSERT_TRUE(SubtractFrom(sum, part));
  EXPECT_EQ(sum, part);

  const auto refuses_to_add = [&](RiskSum total) {
    const RiskSum before = total;
    return !AddTo(total, part) && total == before;
  };
  RiskSum full;
  full.equity = Quanta(kMin<Int128> + 4);
  EXPECT_TRUE(refuses_to_add(full));
  full = {};
  full.profit = Quanta(kMax<Int128> - 1);
  EXPECT_TRUE(refuses_to_add(full));
  full = {};
  full.initial = MicroQuanta(kMax<Int128> - 3);
  EXPECT_TRUE(refuses_to_add(full));
  full = {};
  full.maintenance = MicroQuanta(kMax<Int128> - 2);
  EXPECT_TRUE(refuses_to_add(full));

  // What was never added is not taken out.
  const auto refuses_to_subtract = [&](RiskSum total) {
    const RiskSum before = total;
    return !SubtractFrom(total, part) && total == before;
  };
  RiskSum less = part;
  less.profit = Quanta(Int128{1});
  EXPECT_TRUE(refuses_to_subtract(less));
  less = part;
  less.initial = MicroQuanta(Int128{3});
  EXPECT_TRUE(refuses_to_subtract(less));
  less = part;
  less.maintenance = MicroQuanta(Int128{2});
  EXPECT_TRUE(refuses_to_subtract(less));
  less = part;
  less.equity = Quanta(kMax<Int128> - 4);
  EXPECT_TRUE(refuses_to_subtract(less));
}

// CASES M1: profit that nobody has realised counts no further than its cap.
TEST(Finish, TakesTheProfitBeyondItsCapOutOfTheHeadroomAlone) {
  const RiskSum sum{.equity = Quanta(Int128{1'000}),
                    .profit = Quanta(Int128{700}),
                    .initial = MicroQuanta(Int128{200'000'000}),
                    .maintenance = MicroQuanta(Int128{100'000'000})};
  const auto headroom = [&](Int128 cap) {
    const Result<Risk> risk = Finish(sum, Quanta(cap));
    EXPECT_EQ(risk->equity, sum.equity);
    EXPECT_EQ(risk->maintenance, sum.maintenance);
    return risk->initial_headroom.value();
  };
  EXPECT_EQ(headroom(700), 800'000'000);
  EXPECT_EQ(headroom(699), 799'000'000);
  EXPECT_EQ(headroom(0), 100'000'000);
  EXPECT_EQ(Finish(sum)->initial_headroom.value(), 800'000'000);
}

TEST(Finish, RefusesWhatLeaves128Bits) {
  const Reason overflow = MarginReason::kMarginOverflow;
  EXPECT_TRUE(Finish({.equity = kMaxEquity}).ok());
  EXPECT_EQ(Finish({.equity = Quanta(kMaxEquity.value() + 1)}).reason(), overflow);
  EXPECT_EQ(
      Finish({.equity = Quanta(-kMaxEquity.value()), .initial = MicroQuanta(Int128{1} << 120)})
          .reason(),
      overflow);
  EXPECT_EQ(
      Finish({.equity = Quanta(kMin<Int128> + 5), .profit = Quanta(Int128{6})}, Quanta()).reason(),
      overflow);
}

TEST(CompareRisk, IsGreaterForLessEquityOverMaintenance) {
  EXPECT_EQ(CompareRisk(Of(99, 100), Of(100, 100)), std::strong_ordering::greater);
  EXPECT_EQ(CompareRisk(Of(-1, 100), Of(1, 100)), std::strong_ordering::greater);
  EXPECT_EQ(CompareRisk(Of(-100, 50), Of(-100, 100)), std::strong_ordering::greater);
  EXPECT_EQ(CompareRisk(Of(100, 100), Of(200, 200)), std::strong_ordering::less);
  EXPECT_EQ(CompareRisk(Of(5, 0), Of(6, 0)), std::strong_ordering::greater);
  EXPECT_EQ(CompareRisk(Of(5, 1), Of(5, 1)), std::strong_ordering::equal);
  // No product of these fits 128 bits.
  EXPECT_EQ(CompareRisk(Of(kMax<Int128> - 1, kMax<Int128>), Of(kMax<Int128>, kMax<Int128>)),
            std::strong_ordering::greater);
}

TEST(IsLiquidatable, NeedsSomethingThatDemandsMaintenance) {
  EXPECT_FALSE(IsLiquidatable(Of(-5, 0)));  // M21
  EXPECT_TRUE(IsLiquidatable(Of(0, 1)));
  EXPECT_FALSE(IsLiquidatable(Of(1, 1'000'000)));
  EXPECT_TRUE(IsLiquidatable(Of(1, 1'000'001)));
}

}  // namespace
}  // namespace settle
