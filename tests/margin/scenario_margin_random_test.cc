// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Random portfolios: the margin of each agrees with the slow model, with itself in any order and in
// any parts, and with what is kept up to date position by position.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/scenario_margin.h"
#include "tests/margin/scenario_world.h"
#include "tests/support/big_integer.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;
using test::Holdings;
using test::Random;
using test::ScenarioWorld;
using test::SlowPortfolio;

constexpr std::int64_t kInt64Max = kMax<std::int64_t>;

// Of small numbers, of ordinary ones, or near the limits of everything.
enum class Size { kSmall, kOrdinary, kHuge };

std::int64_t Number(Random& random, Size size) {
  switch (size) {
    case Size::kSmall:
      return static_cast<std::int64_t>(random.Below(9)) - 4;
    case Size::kOrdinary:
      return static_cast<std::int64_t>(random.Below(2'000'001)) - 1'000'000;
    case Size::kHuge:
      return random.Edge<std::int64_t>();
  }
  return 0;
}

ScenarioWorld RandomWorld(Random& random, Size size) {
  PortfolioTerms terms;
  terms.id = PortfolioId(1);
  const std::uint64_t scenarios = 1 + random.Below(random.Chance(1, 8) ? 80 : 7);
  for (std::uint64_t s = 0; s < scenarios; ++s) {
    const std::uint64_t cover = random.Chance(1, 2) ? 1'000'000 : random.Below(1'000'001);
    (void)terms.covers.Add(RatePpm(static_cast<std::int64_t>(cover)));
  }
  terms.months = static_cast<std::uint32_t>(1 + random.Below(4));
  for (Quanta PortfolioTerms::*charge :
       {&PortfolioTerms::inter_month_charge, &PortfolioTerms::short_option_minimum,
        &PortfolioTerms::net_short_charge}) {
    const Int128 value = size == Size::kHuge
                             ? Int128{random.Edge<std::int64_t>()} << random.Below(34)
                             : Int128{Number(random, size)};
    terms.*charge = Quanta(value < 0 ? Int128{0} : value);
  }
  if (random.Chance(1, 2)) {
    terms.initial_factor = RatePpm(static_cast<std::int64_t>(1'000'000 + random.Below(2'000'000)));
  }
  EXPECT_EQ(terms.Validate(), Reason());
  const std::uint32_t months = terms.months;
  ScenarioWorld world(std::move(terms));
  for (std::uint64_t left = 1 + random.Below(10); left > 0; --left) {
    test::ScenarioContract contract;
    for (std::uint64_t s = 0; s < scenarios; ++s) {
      const Int128 whole = Number(random, size);
      const auto part = static_cast<Int128>(random.Chance(1, 2) ? 0 : random.Below(1'000'000));
      contract.profits.push_back(whole == kInt64Max ? whole * 1'000'000 : whole * 1'000'000 + part);
    }
    contract.terms = {.portfolio = PortfolioId(1),
                      .delta = RatePpm(random.Chance(1, 3) ? 0 : Number(random, size)),
                      .month = MonthBucket(static_cast<std::uint32_t>(random.Below(months))),
                      .strike = kNoStrike,
                      .is_option = random.Chance(2, 3)};
    if (contract.terms.is_option) {
      contract.terms.strike = StrikeBucket(static_cast<std::uint32_t>(random.Below(5)));
    }
    EXPECT_EQ(contract.terms.Validate(), Reason());
    world.Add(std::move(contract));
  }
  world.Publish();
  return world;
}

Holdings RandomHoldings(Random& random, const ScenarioWorld& world, Size size) {
  Holdings holdings;
  for (std::uint64_t left = random.Below(24); left > 0; --left) {
    const auto contract = static_cast<std::size_t>(random.Below(world.contracts.size()));
    std::int64_t lots = Number(random, random.Chance(1, 2) ? Size::kOrdinary : size);
    // Many of them near 2^63 never fit together.
    if (size == Size::kHuge) lots >>= static_cast<int>(random.Below(40));
    holdings.push_back({contract, lots});
  }
  return holdings;
}

std::vector<ScenarioPosition> PositionsOf(const ScenarioWorld& world, const Holdings& holdings) {
  std::vector<ScenarioPosition> positions;
  for (const auto& [contract, lots] : holdings) positions.push_back(world.Position(contract, lots));
  return positions;
}

// Whether all lots, and all profits, are within what a sum holds.
bool FitsASum(const ScenarioWorld& world, const Holdings& holdings) {
  BigInteger all_lots;
  BigInteger all_profits;
  for (const auto& [contract, lots] : holdings) {
    const BigInteger times(lots < 0 ? -Int128{lots} : Int128{lots});
    Int128 largest = 0;
    for (const Int128 profit : world.contracts[contract].profits) {
      const Int128 floor = test::WholeQuanta(profit);
      const Int128 ceiling = -test::WholeQuanta(-profit);
      largest = (std::max)({largest, floor, -floor, ceiling, -ceiling});
    }
    all_lots = all_lots + times;
    all_profits = all_profits + times * BigInteger(largest);
  }
  return all_lots <= BigInteger(kInt64Max) && all_profits <= BigInteger(kMaxGrossProfit.value());
}

TEST(ScenarioMarginOfRandomAccounts, AgreesWithTheSlowModel) {
  Random random;
  std::array<int, 3> judged = {};
  int too_much = 0;
  int too_dear = 0;
  std::array<int, 4> binding = {};
  for (int round = 0; round < 6'000; ++round) {
    const auto size = static_cast<Size>(round % 3);
    const ScenarioWorld world = RandomWorld(random, size);
    const Holdings holdings = RandomHoldings(random, world, size);
    ScenarioSum<> sum(world.portfolio);
    const Reason reason = sum.AddPositions(PositionsOf(world, holdings));
    ASSERT_EQ(reason.ok(), FitsASum(world, holdings)) << reason.code();
    if (!reason.ok()) {
      ++too_much;
      continue;
    }
    const SlowPortfolio slow = test::SlowScenarios(world, holdings);
    for (std::size_t s = 0; s < slow.columns.size(); ++s) {
      ASSERT_EQ(BigInteger(sum.column(s)), slow.columns[s]) << round << ", " << s;
    }
    const Result<PortfolioRisk> risk = sum.Finish(world.portfolio);
    ASSERT_EQ(risk.ok(), slow.initial <= BigInteger(kMaxPortfolioRequirement.value())) << round;
    if (!risk.ok()) {
      ++too_dear;
      continue;
    }
    ++judged[static_cast<std::size_t>(size)];
    ASSERT_EQ(BigInteger(risk->maintenance.value()), slow.maintenance) << round;
    ASSERT_EQ(BigInteger(risk->initial.value()), slow.initial) << round;
    binding[0] += slow.scanning.IsZero() ? 0 : 1;
    binding[1] += slow.inter_month.IsZero() ? 0 : 1;
    binding[2] += slow.net_short.IsZero() ? 0 : 1;
    binding[3] += !slow.minimum.IsZero() && slow.maintenance == slow.minimum ? 1 : 0;
  }
  for (const int count : judged) EXPECT_GT(count, 300);
  for (const int count : binding) EXPECT_GT(count, 300);
  EXPECT_GT(too_much, 100);
  EXPECT_GT(too_dear, 100);
}

TEST(ScenarioMarginOfRandomAccounts, IsTheSameInAnyOrderAndInAnyParts) {
  Random random;
  int compared = 0;
  for (int round = 0; round < 3'000; ++round) {
    const auto size = static_cast<Size>(round % 3);
    const ScenarioWorld world = RandomWorld(random, size);
    std::vector<ScenarioPosition> positions =
        PositionsOf(world, RandomHoldings(random, world, size));
    ScenarioSum<> whole(world.portfolio);
    if (!whole.AddPositions(positions).ok()) continue;
    for (int turn = 0; turn < 4; ++turn) {
      random.Shuffle(positions);
      ScenarioSum<> parts(world.portfolio);
      std::span<const ScenarioPosition> left = positions;
      while (!left.empty()) {
        const auto count = static_cast<std::size_t>(1 + random.Below(left.size()));
        ASSERT_EQ(parts.AddPositions(left.first(count)), Reason());
        left = left.subspan(count);
      }
      ASSERT_TRUE(parts == whole) << round;
      ++compared;
    }
  }
  EXPECT_GT(compared, 5'000);
}

// A sum of some accounts' positions that come and go, against one made anew after every step.
template <typename Sum>
void KeepUpToDate(Random& random, Size size, int steps) {
  constexpr std::size_t kPositions = 8;
  const ScenarioWorld world = RandomWorld(random, size);
  Sum kept(world.portfolio);
  std::array<ScenarioPosition, kPositions> positions;
  positions.fill(world.Position(0, 0));
  for (const ScenarioPosition& position : positions) {
    ASSERT_EQ(kept.AddPosition(position), Reason());
  }
  for (int step = 0; step < steps; ++step) {
    const auto at = static_cast<std::size_t>(random.Below(kPositions));
    const ScenarioPosition old = positions[at];
    ASSERT_EQ(kept.SubtractPosition(old), Reason()) << step;
    std::int64_t lots = Number(random, size);
    if (size == Size::kHuge) lots >>= static_cast<int>(4 + random.Below(50));
    const auto contract = static_cast<std::size_t>(random.Below(world.contracts.size()));
    positions[at] = world.Position(contract, lots);
    if (const Reason reason = kept.AddPosition(positions[at]); !reason.ok()) {
      ASSERT_EQ(reason, Reason(MarginReason::kMarginOverflow));
      positions[at] = old;
      ASSERT_EQ(kept.AddPosition(old), Reason()) << step;
    }
    Sum whole(world.portfolio);
    ASSERT_EQ(whole.AddPositions(positions), Reason()) << step;
    ASSERT_TRUE(kept == whole) << step;
    const Result<PortfolioRisk> risk = kept.Finish(world.portfolio);
    const Result<PortfolioRisk> again = whole.Finish(world.portfolio);
    ASSERT_EQ(risk.reason(), again.reason()) << step;
    ASSERT_TRUE(!risk.ok() || *risk == *again) << step;
  }
}

TEST(ScenarioMarginOfRandomAccounts, KeptUpToDateEqualsTheWholeOverAMillionSteps) {
  Random random;
  constexpr int kWorlds = 400;
  for (int world = 0; world < kWorlds; ++world) {
    const auto size = static_cast<Size>(world % 3);
    KeepUpToDate<ScenarioSum<>>(random, size, 1'000'000 / kWorlds);
    if (HasFatalFailure()) return;
  }
}

// Positions go in and out that have nothing to do with each other: what is left need not mean
// anything, but nothing overflows, and it can be judged.
TEST(ScenarioMarginOfRandomAccounts, CanBeJudgedWhateverIsTakenOut) {
  Random random;
  int taken_out = 0;
  for (int round = 0; round < 300; ++round) {
    const auto size = static_cast<Size>(round % 3);
    const ScenarioWorld world = RandomWorld(random, size);
    ScenarioSum<256, 4, 3> sum(world.portfolio);
    for (int step = 0; step < 300; ++step) {
      std::int64_t lots = Number(random, size);
      if (size == Size::kHuge) lots >>= static_cast<int>(random.Below(60));
      const auto contract = static_cast<std::size_t>(random.Below(world.contracts.size()));
      const ScenarioPosition position = world.Position(contract, lots);
      if (random.Chance(1, 2)) {
        (void)sum.AddPosition(position);
      } else {
        taken_out += sum.SubtractPosition(position).ok() ? 1 : 0;
      }
      for (std::size_t s = 0; s < sum.scenarios(); ++s) {
        ASSERT_LE(sum.column(s), kMaxGrossProfit.value());
        ASSERT_GE(sum.column(s), -kMaxGrossProfit.value());
      }
      const Result<PortfolioRisk> risk = sum.Finish(world.portfolio);
      if (!risk.ok()) {
        ASSERT_EQ(risk.reason(), Reason(MarginReason::kMarginOverflow));
        continue;
      }
      ASSERT_GE(risk->maintenance, MicroQuanta(0));
      ASSERT_LE(risk->maintenance, risk->initial);
      ASSERT_LE(risk->initial, kMaxPortfolioRequirement);
    }
  }
  EXPECT_GT(taken_out, 5'000);
}

// Every number of columns, those that are left over after blocks of four included.
TEST(ScenarioColumns, AddUpProductsOfEveryLength) {
  Random random;
  for (std::size_t scenarios = 1; scenarios <= 11; ++scenarios) {
    for (std::size_t count = 0; count <= 5; ++count) {
      std::vector<std::int64_t> lots;
      std::vector<std::vector<std::int64_t>> numbers;
      std::vector<const std::int64_t*> rows;
      rows.reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        lots.push_back(Number(random, Size::kOrdinary));
        numbers.emplace_back();
        for (std::size_t s = 0; s < scenarios; ++s) {
          numbers.back().push_back(Number(random, Size::kOrdinary));
        }
      }
      for (const std::vector<std::int64_t>& row : numbers) rows.push_back(row.data());
      std::vector<std::int64_t> narrow(scenarios, 5);
      std::vector<Int128> wide(scenarios, 5);
      std::vector<std::int64_t> by_row = narrow;
      AddScenarioColumns<std::int64_t>(lots, rows, narrow);
      AddScenarioColumns<Int128>(lots, rows, wide);
      for (std::size_t i = 0; i < count; ++i) {
        AddScenarioRow<std::int64_t>(lots[i], numbers[i], by_row);
      }
      ASSERT_EQ(by_row, narrow);
      Int128 lowest = 0;
      for (std::size_t s = 0; s < scenarios; ++s) {
        Int128 expected = 5;
        for (std::size_t i = 0; i < count; ++i) expected += Int128{lots[i]} * numbers[i][s];
        ASSERT_EQ(narrow[s], expected);
        ASSERT_EQ(wide[s], expected);
        lowest = (std::min)(lowest, expected * static_cast<Int128>(100'000 * s));
      }
      std::vector<RatePpm> covers;
      covers.reserve(scenarios);
      for (std::size_t s = 0; s < scenarios; ++s) {
        covers.push_back(RatePpm(static_cast<std::int64_t>(100'000 * s)));
      }
      ASSERT_EQ(WorstLoss<std::int64_t>(narrow, covers), MicroQuanta(-lowest));
      ASSERT_EQ(WorstLoss<Int128>(wide, covers), MicroQuanta(-lowest));
    }
  }
}

}  // namespace
}  // namespace settle
