// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What judging an account by scenarios costs beside its bare arithmetic, one multiply and add in
// 128 bits for each position and scenario.
//
// BM_ScenarioMargin is the scan: the columns, each dampened, and the worst of them. It takes less
// time than the baseline because sums that are known to fit 64 bits are made in 64 bits.
//
// BM_ScenarioPortfolio is all that an account takes from its holdings on: besides, for each
// position a probe and some cache lines, its bound in 128 bits, its delta and its strike, and once
// the charges and a division. None of that depends on the number of scenarios: it is more than the
// scan at 16 of them, and little beside it at 256.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/scenario_margin.h"

namespace settle::benchmarks {
namespace {

constexpr std::uint32_t kContracts = 1'000;
constexpr std::size_t kAccounts = 64;

struct Holding {
  std::uint32_t contract;
  Lots lots;
};

// Accounts with some positions each among many contracts, half of them options, and the factors of
// their arithmetic.
struct World {
  RiskArrays arrays;
  PortfolioTerms portfolio;
  std::vector<ScenarioTerms> terms;
  std::vector<std::vector<Holding>> accounts;
  std::vector<std::int64_t> lots;
  std::vector<const std::int64_t*> rows;
  std::vector<std::int64_t> left;
  std::vector<std::int64_t> right;
};

// Lots times profits are below `largest_lots` * 10^6.
World MakeWorld(std::size_t scenarios, std::size_t positions, std::uint64_t largest_lots) {
  World world;
  std::mt19937_64 random(1);
  std::vector<MicroQuanta> profits(kContracts * scenarios);
  std::vector<ExactRiskRow> rows;
  for (std::uint32_t n = 0; n < kContracts; ++n) {
    const std::span<MicroQuanta> row = std::span(profits).subspan(n * scenarios, scenarios);
    for (MicroQuanta& profit : row) {
      profit = MicroQuanta(static_cast<Int128>(random() % 2'000'000'000'000) - 1'000'000'000'000);
    }
    rows.push_back({.contract = ContractId(n), .profits = row});
    world.terms.push_back(
        {.portfolio = PortfolioId(1),
         .delta = RatePpm(static_cast<std::int64_t>(random() % 2'000'001) - 1'000'000),
         .month = MonthBucket(n % 4),
         .strike = StrikeBucket(n % 2 == 0 ? 0 : n),
         .is_option = n % 2 != 0});
  }
  world.arrays = *RiskArrays::Create(
      {.round = 1, .valid_from = {}, .scenarios = static_cast<std::uint32_t>(scenarios)}, rows);
  world.portfolio = {.id = PortfolioId(1),
                     .covers = *Bounded<RatePpm, kMaxScenarios>::From(
                         std::vector<RatePpm>(scenarios, RatePpm(900'000))),
                     .months = 4,
                     .inter_month_charge = Quanta(Int128{10'000}),
                     .short_option_minimum = Quanta(Int128{1'000}),
                     .net_short_charge = Quanta(Int128{500}),
                     .initial_factor = RatePpm(1'250'000)};
  for (std::size_t account = 0; account < kAccounts; ++account) {
    std::vector<Holding> holdings;
    std::uint32_t n = static_cast<std::uint32_t>(random() % kContracts);
    for (std::size_t i = 0; i < positions; ++i) {
      n = (n + 1 + static_cast<std::uint32_t>(random() % 10)) % kContracts;
      const auto lots = static_cast<std::int64_t>(random() % largest_lots);
      holdings.push_back({.contract = n, .lots = Lots(random() % 2 == 0 ? lots : -lots)});
      const RiskRow row = *world.arrays.Find(ContractId(n));
      world.lots.push_back(holdings.back().lots.value());
      world.rows.push_back(row.ProfitsOf(holdings.back().lots).data());
      for (std::size_t s = 0; s < scenarios; ++s) {
        world.left.push_back(holdings.back().lots.value());
        world.right.push_back(world.rows.back()[s]);
      }
    }
    world.accounts.push_back(holdings);
  }
  return world;
}

std::uint64_t WordOf(const Result<PortfolioRisk>& risk) {
  return risk.ok() ? static_cast<std::uint64_t>(risk->maintenance.value()) | 1 : 0;
}

// The scanning risk of an account whose lots and rows are plain arrays: what the baseline does, its
// sums by scenario, each dampened, and the worst of them.
std::uint64_t Scan(const World& world, std::span<const std::int64_t> lots,
                   std::span<const std::int64_t* const> rows) {
  std::array<std::int64_t, kMaxScenarios> columns;
  const std::size_t scenarios = world.arrays.scenarios();
  std::fill_n(columns.begin(), scenarios, std::int64_t{0});
  AddScenarioColumns<std::int64_t>(lots, rows, {columns.data(), scenarios});
  const MicroQuanta loss =
      WorstLoss<std::int64_t>({columns.data(), scenarios}, world.portfolio.covers);
  return static_cast<std::uint64_t>(loss.value()) | 1;
}

// Member by member: a copy of the whole would wait for the stores of its parts.
void Look(const World& world, const Holding& holding, ScenarioPosition& position) {
  const std::optional<RiskRow> row = world.arrays.Find(ContractId(holding.contract));
  position.row.floors = row->floors;
  position.row.ceilings = row->ceilings;
  position.row.largest = row->largest;
  position.row.scenarios = row->scenarios;
  position.terms = &world.terms[holding.contract];
  position.lots = holding.lots;
}

// All of an account: a probe of the arrays for each position, then all of them together.
std::uint64_t JudgeWhole(const World& world, std::size_t account,
                         std::vector<ScenarioPosition>& positions) {
  std::size_t count = 0;
  for (const Holding& holding : world.accounts[account]) {
    Look(world, holding, positions[count++]);
  }
  ScenarioSum<> sum(world.portfolio);
  return sum.AddPositions(positions).ok() ? WordOf(sum.Finish(world.portfolio)) : 0;
}

template <typename Judge>
void RunScenarios(benchmark::State& state, const PairedOptions& options, std::uint64_t largest_lots,
                  Judge judge) {
  const auto scenarios = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const World world = MakeWorld(scenarios, count, largest_lots);
  const std::span<const std::int64_t> left(world.left);
  const std::span<const std::int64_t> right(world.right);
  const std::size_t terms = scenarios * count;
  std::vector<ScenarioPosition> positions(count);
  const auto work = [&, i = std::size_t{0}]() mutable {
    return judge(world, i++ % kAccounts, positions);
  };
  const auto baseline = [&, i = std::size_t{0}]() mutable {
    const std::size_t at = (i++ % kAccounts) * terms;
    return BareMulAdd(left.subspan(at, terms), right.subspan(at, terms)) | 1;
  };
  RunPaired(state, options, work, baseline);
}

constexpr std::uint64_t kOrdinaryLots = 1'000'000;
// Beyond 64 bits together.
constexpr std::uint64_t kHugeLots = std::uint64_t{1} << 60;

// From lots and rows to the scanning risk.
void RunScan(benchmark::State& state, const PairedOptions& options) {
  const auto scan = [](const World& world, std::size_t account, auto&) {
    const std::size_t count = world.accounts[account].size();
    return Scan(world, std::span(world.lots).subspan(account * count, count),
                std::span(world.rows).subspan(account * count, count));
  };
  RunScenarios(state, options, kOrdinaryLots, scan);
}

void BM_ScenarioMargin(benchmark::State& state) {
  RunScan(state, {.bound = 1.3, .checksums = Checksums::kUnrelated});
}
BENCHMARK(BM_ScenarioMargin)->Args({16, 8})->Apply(Paired);

// How it grows with scenarios and with positions.
void BM_ScenarioMarginGrowth(benchmark::State& state) {
  RunScan(state, {.checksums = Checksums::kUnrelated});
}
BENCHMARK(BM_ScenarioMarginGrowth)
    ->Args({16, 1})
    ->Args({16, 64})
    ->Args({64, 8})
    ->Args({256, 8})
    ->Args({256, 64})
    ->Apply(Paired);

// From holdings to the requirement: besides, a probe of the arrays for each position, every bound,
// deltas by month, options by strike, the charges and initial margin.
void BM_ScenarioPortfolio(benchmark::State& state) {
  RunScenarios(state, {.checksums = Checksums::kUnrelated}, kOrdinaryLots, JudgeWhole);
}
BENCHMARK(BM_ScenarioPortfolio)
    ->Args({16, 1})
    ->Args({16, 8})
    ->Args({16, 64})
    ->Args({256, 8})
    ->Args({256, 64})
    ->Apply(Paired);

// The same with sums beyond 64 bits.
void BM_ScenarioPortfolioHuge(benchmark::State& state) {
  RunScenarios(state, {.checksums = Checksums::kUnrelated}, kHugeLots, JudgeWhole);
}
BENCHMARK(BM_ScenarioPortfolioHuge)->Args({16, 8})->Apply(Paired);

// One position changed in a sum that is kept: taken out, put in, judged.
void BM_ScenarioChange(benchmark::State& state) {
  const auto scenarios = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const World world = MakeWorld(scenarios, count, kOrdinaryLots);
  std::vector<ScenarioPosition> positions(count);
  std::vector<ScenarioSum<>> sums;
  for (const std::vector<Holding>& account : world.accounts) {
    sums.emplace_back(world.portfolio);
    for (const Holding& holding : account) {
      Look(world, holding, positions[0]);
      (void)sums.back().AddPosition(positions[0]);
    }
  }
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    ScenarioSum<>& sum = sums[i % kAccounts];
    ScenarioPosition position;
    Look(world, world.accounts[i++ % kAccounts].back(), position);
    const bool is_good = sum.SubtractPosition(position).ok() && sum.AddPosition(position).ok();
    return is_good ? WordOf(sum.Finish(world.portfolio)) : 0;
  };
  const auto baseline = [&, i = std::size_t{0}]() mutable {
    return JudgeWhole(world, i++ % kAccounts, positions);
  };
  RunPaired(state, {.checksums = Checksums::kUnrelated}, work, baseline);
}
BENCHMARK(BM_ScenarioChange)->Args({16, 8})->Args({16, 64})->Args({256, 64})->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
