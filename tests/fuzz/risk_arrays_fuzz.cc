// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Risk arrays as they come from strangers: what is decoded has a row for each of its contracts, of
// which neither side sees more than it is worth, and any account can be judged by it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/integer.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/scenario_margin.h"
#include "tests/fuzz/fuzz_target.h"

namespace settle::test {
namespace {

constexpr std::size_t kRows = 32;  // so many of them are looked at

// Whether a row is one: profits rounded up are those rounded down or one more, and none is further
// from zero than the largest.
bool IsSound(const RiskRow& row) {
  for (std::size_t s = 0; s < row.scenarios; ++s) {
    const Int128 step = Int128{row.ceilings[s]} - row.floors[s];
    if (step < 0 || step > 1) return false;
    if (Magnitude(row.floors[s]) > row.largest || Magnitude(row.ceilings[s]) > row.largest) {
      return false;
    }
  }
  return true;
}

int FuzzRiskArrays(const std::uint8_t* data, std::size_t size) {
  RiskArrays arrays;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), arrays, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  PortfolioTerms portfolio;
  for (std::size_t s = 0; s < arrays.scenarios(); ++s) {
    (void)portfolio.covers.Add(RatePpm(RatePpm::kScale));
  }
  const ScenarioTerms terms{};
  std::vector<ScenarioPosition> positions;
  ScenarioSum<> sum(portfolio);
  for (std::size_t i = 0; i < arrays.size() && i < kRows; ++i) {
    const auto row = arrays.Find(arrays.ContractAt(i));
    if (!row || row->scenarios != arrays.scenarios() || !IsSound(*row)) return 2;
    const std::int64_t lots = i % 2 == 0 ? 7 : -7;
    positions.push_back({.row = *row, .terms = &terms, .lots = Lots(lots)});
    if (!sum.AddPosition(positions.back()).ok()) return 3;
  }
  if (!sum.Finish(portfolio).ok()) return 4;
  for (const ScenarioPosition& position : positions) {
    if (!sum.SubtractPosition(position).ok()) return 5;
  }
  return sum == ScenarioSum<>(portfolio) ? 0 : 6;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (const std::uint32_t scenarios : {1u, 3u, 16u, 65u}) {
    std::vector<std::vector<MicroQuanta>> profits;
    for (std::uint32_t n = 0; n < 5; ++n) {
      profits.emplace_back();
      for (std::uint32_t s = 0; s < scenarios; ++s) {
        profits.back().push_back(MicroQuanta((Int128{n} - 2) * s * 777'777));
      }
    }
    std::vector<ExactRiskRow> rows;
    for (std::uint32_t n = 0; n < 5; ++n) {
      rows.push_back({.contract = ContractId(3 * n), .profits = profits[n]});
    }
    const RiskArraysHead head{.round = 1, .valid_from = {}, .scenarios = scenarios};
    seeds.push_back(Encode(*RiskArrays::Create(head, rows)));
  }
  return seeds;
}

const FuzzTarget kTarget("RiskArrays", FuzzRiskArrays, Seeds);

}  // namespace
}  // namespace settle::test
