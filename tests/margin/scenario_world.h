// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Portfolios judged by scenarios, for tests: contracts with their exact profits, and their margin
// once more, slowly: from the exact profits, in integers of 384 bits, every rule a line of its own.
//
//   ScenarioWorld world(Portfolio({1'000'000, 350'000}));
//   world.Add({.profits = {-5'000'000, 7'500'001}, .terms = FutureTerms(0)});
//   world.Publish();
//   ScenarioPosition position = world.Position(0, -3);

#ifndef SETTLE_TESTS_MARGIN_SCENARIO_WORLD_H_
#define SETTLE_TESTS_MARGIN_SCENARIO_WORLD_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/scenario_margin.h"
#include "tests/support/big_integer.h"

namespace settle::test {

struct ScenarioContract {
  std::vector<Int128> profits;  // of one long lot, in millionths of a quantum
  ScenarioTerms terms;
};

// These covers, in ppm, two months and no charges.
inline PortfolioTerms Portfolio(const std::vector<std::int64_t>& covers) {
  PortfolioTerms terms;
  terms.id = PortfolioId(1);
  terms.months = 2;
  for (const std::int64_t cover : covers) (void)terms.covers.Add(RatePpm(cover));
  return terms;
}

// Moves like one unit of the underlying.
inline ScenarioTerms FutureTerms(std::uint32_t month) {
  return {.portfolio = PortfolioId(1),
          .delta = RatePpm(1'000'000),
          .month = MonthBucket(month),
          .strike = kNoStrike,
          .is_option = false};
}

// Without delta, so that it is charged for no spread.
inline ScenarioTerms OptionTerms(std::uint32_t strike) {
  return {.portfolio = PortfolioId(1),
          .delta = {},
          .month = {},
          .strike = StrikeBucket(strike),
          .is_option = true};
}

class ScenarioWorld {
 public:
  explicit ScenarioWorld(PortfolioTerms terms) : portfolio(std::move(terms)) {}

  void Add(ScenarioContract contract) { contracts.push_back(std::move(contract)); }

  // Makes the arrays of the contracts: number n has contract n.
  void Publish() {
    std::vector<std::vector<MicroQuanta>> exact;
    for (const ScenarioContract& contract : contracts) {
      exact.emplace_back();
      for (const Int128 profit : contract.profits) exact.back().push_back(MicroQuanta(profit));
    }
    std::vector<ExactRiskRow> rows;
    for (std::uint32_t n = 0; n < exact.size(); ++n) {
      rows.push_back({.contract = ContractId(n), .profits = exact[n]});
    }
    const RiskArraysHead head{.round = 1,
                              .valid_from = {},
                              .scenarios = static_cast<std::uint32_t>(portfolio.covers.size())};
    const Result<RiskArrays> result = RiskArrays::Create(head, rows);
    ASSERT_EQ(result.reason(), Reason());
    arrays = *result;
  }

  // The arrays and the contracts outlive it.
  [[nodiscard]] ScenarioPosition Position(std::size_t contract, std::int64_t lots) const {
    const auto row = arrays.Find(ContractId(static_cast<std::uint32_t>(contract)));
    EXPECT_TRUE(row.has_value());
    return {
        .row = row.value_or(RiskRow()), .terms = &contracts[contract].terms, .lots = Lots(lots)};
  }

  PortfolioTerms portfolio;
  std::vector<ScenarioContract> contracts;
  RiskArrays arrays;
};

// So many lots of a contract.
using Holdings = std::vector<std::pair<std::size_t, std::int64_t>>;

struct SlowPortfolio {
  std::vector<BigInteger> columns;  // in quanta
  BigInteger scanning;              // all in millionths
  BigInteger inter_month;
  BigInteger net_short;
  BigInteger minimum;
  BigInteger maintenance;
  BigInteger initial;
};

// A profit of so many millionths in whole quanta, rounded down.
inline Int128 WholeQuanta(Int128 micro) {
  return micro / 1'000'000 - (micro % 1'000'000 < 0 ? 1 : 0);
}

inline SlowPortfolio SlowScenarios(const ScenarioWorld& world, const Holdings& holdings) {
  const BigInteger zero;
  const BigInteger million(1'000'000);
  const PortfolioTerms& terms = world.portfolio;
  SlowPortfolio result;
  for (std::size_t s = 0; s < terms.covers.size(); ++s) {
    BigInteger column;
    for (const auto& [number, lots] : holdings) {
      // The profit of that side, rounded down: of a short it is that of a long turned round.
      const Int128 exact = world.contracts[number].profits[s];
      const BigInteger times(lots < 0 ? -Int128{lots} : Int128{lots});
      column = column + times * BigInteger(WholeQuanta(lots < 0 ? -exact : exact));
    }
    result.columns.push_back(column);
    result.scanning = (std::max)(result.scanning, -column * BigInteger(terms.covers[s].parts()));
  }
  std::map<std::uint32_t, BigInteger> months;
  std::map<std::uint32_t, BigInteger> strikes;
  BigInteger sold;
  for (const auto& [number, lots] : holdings) {
    const ScenarioTerms& contract = world.contracts[number].terms;
    BigInteger& month = months[contract.month.value()];
    month = month + BigInteger(lots) * BigInteger(contract.delta.parts());
    if (!contract.is_option) continue;
    if (lots < 0) sold = sold - BigInteger(lots);
    BigInteger& strike = strikes[contract.strike.value()];
    if (contract.strike != kNoStrike) strike = strike + BigInteger(lots);
  }
  BigInteger longs;
  BigInteger shorts;
  for (const auto& [month, delta] : months) {
    if (delta < zero) shorts = shorts - delta;
    if (zero < delta) longs = longs + delta;
  }
  result.inter_month = (std::min)(longs, shorts) * BigInteger(terms.inter_month_charge.value());
  BigInteger naked;
  for (const auto& [strike, net] : strikes) naked = naked + (std::max)(zero, -net);
  result.net_short = naked * BigInteger(terms.net_short_charge.value()) * million;
  result.minimum = sold * BigInteger(terms.short_option_minimum.value()) * million;
  result.maintenance =
      (std::max)(result.scanning + result.inter_month + result.net_short, result.minimum);
  // Rounded up: the negative of the negative rounded down.
  result.initial =
      -FloorDivide(-(result.maintenance * BigInteger(terms.initial_factor.parts())), million);
  return result;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_SCENARIO_WORLD_H_
