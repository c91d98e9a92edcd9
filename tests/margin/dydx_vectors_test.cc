// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// dYdX v4's worked cases, those that concern linear perpetuals at a flat rate. Its requirements are
// rounded up to whole quanta for each position; ours are exact, and rounded up here to compare.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/margin/reason.h"
#include "settle/margin/risk.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::Cash;
using test::Perpetual;
using test::Position;

constexpr char kFile[] = "margin/dydx_v4_vectors.json";

class DydxVectors : public ::testing::Test {
 protected:
  void SetUp() override {
    json_ = test::ReadVectorJson(kFile);
    if (!json_) GTEST_SKIP() << test::Missing(kFile);
  }

  // The cases of `table`, which are `expected` in number.
  const nlohmann::json& Cases(const std::string& table, std::size_t expected) {
    const nlohmann::json& cases = (*json_)["vectors"][table]["cases"];
    EXPECT_EQ(cases.size(), expected) << table;
    test::CountVectors("margin/dydx_v4/" + table, cases.size());
    return cases;
  }

  std::optional<nlohmann::json> json_;
};

std::int64_t Number(const nlohmann::json& one, const char* key) {
  return one[key].get<std::int64_t>();
}

std::string Name(const nlohmann::json& one) { return one["name"].get<std::string>(); }

// Whole quanta in millionths, and back: up.
MicroQuanta Micro(std::int64_t quanta) { return MicroQuanta(Int128{quanta} * kMicroPerQuantum); }
Int128 QuantaUp(MicroQuanta micro) {
  return *Divide(micro.value(), kMicroPerQuantum, Rounding::kUp);
}

Risk RiskOf(std::int64_t collateral, std::int64_t initial, std::int64_t maintenance) {
  const Result<Risk> risk = Finish({.equity = Quanta(Int128{collateral}),
                                    .initial = Micro(initial),
                                    .maintenance = Micro(maintenance)});
  EXPECT_TRUE(risk.ok());
  return *risk;
}

// Every table, with what those that are not read here are about.
TEST_F(DydxVectors, AreTheTablesThatThisTestKnows) {
  const std::set<std::string> read = {
      "im_by_liquidity_tier",
      "is_liquidatable",
      "margin_requirements",
      "risk_IsInitialCollateralized",
      "risk_IsLiquidatable",
      "risk_IsMaintenanceCollateralized",
      "risk_add",
      "risk_cmp",
      "subaccount_risk",
      "undercollateralized_transition_zero_mmr",
  };
  const std::map<std::string, std::string> not_read = {
      {"maintenance_margin_ppm", "a rate derived from rates: here it is a parameter"},
      {"oi_scaled_imf_ppm", "open interest"},
      {"net_notional", "prices of fractions of a quantum: here a notional is exact"},
      {"funding_clamp_ppm", "funding"},
      {"funding_settlement_ppm", "funding"},
      {"bankruptcy_price_quote", "liquidation"},
      {"fillable_price", "liquidation"},
      {"insurance_fund_delta", "liquidation"},
      {"insurance_delta_valid", "liquidation"},
      {"min_max_liquidatable_notional", "liquidation"},
      {"deleveraging", "deleveraging"},
      {"deleveraging_rounding_prime_price", "deleveraging"},
  };
  std::size_t tables = 0;
  std::size_t cases = 0;
  for (const auto& [table, content] : (*json_)["vectors"].items()) {
    EXPECT_EQ(read.contains(table) + not_read.contains(table), 1) << table;
    ++tables;
    cases += content["cases"].size();
  }
  EXPECT_EQ(tables, read.size() + not_read.size());
  EXPECT_EQ(tables, 22u);
  EXPECT_EQ(cases, 203u);
}

TEST_F(DydxVectors, RisksAddUp) {
  const auto sum_of = [](const nlohmann::json& one) {
    return RiskSum{.equity = Quanta(Int128{Number(one, "NC")}),
                   .initial = Micro(Number(one, "IMR")),
                   .maintenance = Micro(Number(one, "MMR"))};
  };
  for (const nlohmann::json& one : Cases("risk_add", 4)) {
    RiskSum sum = sum_of(one["a"]);
    ASSERT_TRUE(AddTo(sum, sum_of(one["b"])));
    EXPECT_EQ(sum, sum_of(one["expected"])) << Name(one);
  }
}

TEST_F(DydxVectors, InitialMargin) {
  for (const nlohmann::json& one : Cases("risk_IsInitialCollateralized", 5)) {
    EXPECT_EQ(InitialMarginHolds(RiskOf(Number(one, "NC"), Number(one, "req"), 0)),
              one["expected"].get<bool>())
        << Name(one);
  }
}

TEST_F(DydxVectors, MaintenanceMargin) {
  for (const nlohmann::json& one : Cases("risk_IsMaintenanceCollateralized", 5)) {
    const std::int64_t required = Number(one, "req");
    EXPECT_EQ(MaintenanceMarginHolds(RiskOf(Number(one, "NC"), required, required)),
              one["expected"].get<bool>())
        << Name(one);
  }
}

TEST_F(DydxVectors, Liquidatable) {
  for (const nlohmann::json& one : Cases("risk_IsLiquidatable", 8)) {
    const std::int64_t required = Number(one, "req");
    EXPECT_EQ(IsLiquidatable(RiskOf(Number(one, "NC"), required, required)),
              one["expected"].get<bool>())
        << Name(one);
  }
}

// The riskier of two accounts has the lower ratio: a change from the riskier to the other keeps
// it. What dYdX's order adds for ties and for accounts without positions is for liquidation.
TEST_F(DydxVectors, RiskierHasTheLowerRatio) {
  std::size_t compared = 0;
  for (const nlohmann::json& one : Cases("risk_cmp", 16)) {
    if (Number(one, "MMR1") == 0 || Number(one, "MMR2") == 0) continue;
    ++compared;
    const Risk first = RiskOf(Number(one, "NC1"), 0, Number(one, "MMR1"));
    const Risk second = RiskOf(Number(one, "NC2"), 0, Number(one, "MMR2"));
    const int riskier = one["expected"].get<int>();
    if (riskier <= 0) {
      EXPECT_TRUE(EquityRatioHolds(second, first)) << Name(one);
    }
    if (riskier >= 0) {
      EXPECT_TRUE(EquityRatioHolds(first, second)) << Name(one);
    }
  }
  EXPECT_EQ(compared, 11u);
}

// Asked only about accounts that do not hold initial margin after.
TEST_F(DydxVectors, TransitionsFromOrToAMaintenanceOfZero) {
  for (const nlohmann::json& one : Cases("undercollateralized_transition_zero_mmr", 7)) {
    const Risk before = RiskOf(Number(one, "oldNC"), Number(one, "oldIMR"), Number(one, "oldMMR"));
    Risk after = RiskOf(Number(one, "newNC"), 0, Number(one, "newMMR"));
    after.initial_headroom = MicroQuanta(Int128{-1});
    EXPECT_EQ(CheckTransition(before, after).ok(), one["expected_valid"].get<bool>()) << Name(one);
  }
}

TEST_F(DydxVectors, RiskOfAnAccount) {
  for (const nlohmann::json& one : Cases("subaccount_risk", 3)) {
    Book book({Perpetual(1), Perpetual(2)});  // 10 % and 5 %, as theirs
    Balances account = {Cash(Number(one, "usdc"))};
    std::uint32_t n = 0;
    for (const nlohmann::json& perp : one["perps"]) {
      book.SetPrice(++n, Number(perp, "price"));
      account.push_back(Position(n, Number(perp, "q")));
    }
    const Result<RiskSum> sum = book.Sum(account);
    ASSERT_TRUE(sum.ok()) << Name(one);
    EXPECT_EQ(sum->equity.value(), Number(one["expected"], "NC")) << Name(one);
    EXPECT_EQ(sum->initial, Micro(Number(one["expected"], "IMR"))) << Name(one);
    EXPECT_EQ(sum->maintenance, Micro(Number(one["expected"], "MMR"))) << Name(one);
  }
}

// BTC at 500 quanta for each base quantum; 20 % and 10 %.
TEST_F(DydxVectors, LiquidatableAccounts) {
  LinearPerpetual bitcoin = Perpetual(1);
  bitcoin.initial = RatePpm(200'000);
  bitcoin.maintenance = RatePpm(100'000);
  Book book({bitcoin});
  book.SetPrice(1, 500);
  for (const nlohmann::json& one : Cases("is_liquidatable", 5)) {
    Balances account = {Cash(Number(one, "usdc"))};
    for (const nlohmann::json& position : one["positions"]) {
      ASSERT_EQ(Number(position, "perp"), 0);
      account.push_back(Position(1, Number(position, "q")));
    }
    const Result<Risk> risk = book.Evaluate(account);
    ASSERT_TRUE(risk.ok()) << Name(one);
    EXPECT_EQ(IsLiquidatable(*risk), one["expected"].get<bool>()) << Name(one);
  }
}

// Open interest at or below the lower cap, or without caps, leaves the rate as it is.
TEST_F(DydxVectors, InitialMarginOfANotional) {
  std::size_t flat = 0;
  for (const nlohmann::json& one : Cases("im_by_liquidity_tier", 9)) {
    if (Number(one, "oi_upper") != 0 && Number(one, "oi_notional") > Number(one, "oi_lower")) {
      continue;  // scaled by open interest
    }
    ++flat;
    MicroQuanta initial;
    ASSERT_TRUE(ExactPpm::Add(initial, Quanta(Int128{Number(one, "notional")}),
                              RatePpm(Number(one, "imf_ppm"))));
    EXPECT_EQ(QuantaUp(initial), Number(one, "expected_im")) << Name(one);
  }
  EXPECT_EQ(flat, 6u);
}

// An instrument and a price whose product is theirs: price * 10^(exponent + resolution + 6) quanta
// for each base quantum, which is whole in all of the cases.
struct Market {
  LinearPerpetual instrument;
  std::int64_t ticks = 0;
};
Market MarketOf(const nlohmann::json& one) {
  Market market{.instrument = Perpetual(1), .ticks = Number(one, "price")};
  std::int64_t exponent = Number(one, "price_exp") + Number(one, "atomic_resolution") + 6;
  for (; exponent > 0; --exponent) market.instrument.quanta_per_lot_tick *= 10;
  for (; exponent < 0; ++exponent) {
    EXPECT_EQ(market.ticks % 10, 0) << Name(one);
    market.ticks /= 10;
  }
  const std::int64_t initial = Number(one, "imf_ppm");
  const std::int64_t maintenance = initial * Number(one, "mf_ppm");
  EXPECT_EQ(maintenance % 1'000'000, 0) << Name(one);
  market.instrument.initial = RatePpm(initial);
  market.instrument.maintenance = RatePpm(maintenance / 1'000'000);
  return market;
}

TEST_F(DydxVectors, MarginRequirements) {
  std::size_t flat = 0;
  std::size_t scaled = 0;
  std::size_t overflowing = 0;
  for (const nlohmann::json& one : Cases("margin_requirements", 19)) {
    if (one["quantums"].get<double>() > 1e18) {
      // M28: price and quantums are the largest of 64 bits. Neither is a price or a position here,
      // and as a balance it is refused.
      ++overflowing;
      EXPECT_FALSE(CheckedCast<std::int64_t>(one["price"].get<std::uint64_t>()).has_value());
      Book book({Perpetual(1)});
      book.SetPrice(1, 1);
      EXPECT_EQ(book.Evaluate({Position(1, one["quantums"].get<std::uint64_t>())}).reason(),
                Reason(MarginReason::kPositionTooLarge));
      continue;
    }
    const Market market = MarketOf(one);
    Book book({market.instrument});
    book.SetPrice(1, market.ticks);
    const Result<RiskSum> sum = book.Sum({Position(1, Number(one, "quantums"))});
    ASSERT_TRUE(sum.ok()) << Name(one) << " " << sum.reason().code();
    EXPECT_EQ(QuantaUp(sum->maintenance), Number(one, "expected_mm")) << Name(one);
    if (Number(one, "oi_upper") != 0) {
      ++scaled;  // theirs is the higher: the rate rises with open interest
      EXPECT_LT(QuantaUp(sum->initial), Number(one, "expected_im")) << Name(one);
      continue;
    }
    ++flat;
    EXPECT_EQ(QuantaUp(sum->initial), Number(one, "expected_im")) << Name(one);
  }
  EXPECT_EQ(flat, 13u);
  EXPECT_EQ(scaled, 5u);
  EXPECT_EQ(overflowing, 1u);
}

}  // namespace
}  // namespace settle
