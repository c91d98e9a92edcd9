// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// dYdX v4's worked cases, but for those of liquidation and deleveraging. Its requirements are
// rounded up to whole quanta for each position, as the policy CeilPerLeg does.

#include <gtest/gtest.h>

#include <compare>
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
#include "settle/margin/evaluation.h"
#include "settle/margin/funding.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/requirement_curve.h"
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

// Whole quanta in millionths.
MicroQuanta Micro(std::int64_t quanta) { return MicroQuanta(Int128{quanta} * kMicroPerQuantum); }

Risk RiskOf(std::int64_t collateral, std::int64_t initial, std::int64_t maintenance) {
  const Result<Risk> risk = Finish({.equity = Quanta(Int128{collateral}),
                                    .profit = Quanta(),
                                    .initial = Micro(initial),
                                    .maintenance = Micro(maintenance)});
  EXPECT_TRUE(risk.ok());
  return *risk;
}

// Every table, with what those that are not read here are about.
TEST_F(DydxVectors, AreTheTablesThatThisTestKnows) {
  const std::set<std::string> read = {
      "funding_clamp_ppm",
      "funding_settlement_ppm",
      "im_by_liquidity_tier",
      "is_liquidatable",
      "maintenance_margin_ppm",
      "margin_requirements",
      "oi_scaled_imf_ppm",
      "risk_IsInitialCollateralized",
      "risk_IsLiquidatable",
      "risk_IsMaintenanceCollateralized",
      "risk_add",
      "risk_cmp",
      "subaccount_risk",
      "undercollateralized_transition_zero_mmr",
  };
  const std::map<std::string, std::string> not_read = {
      {"net_notional", "two of three are fractions of a quantum: here a notional is whole"},
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
                   .profit = Quanta(),
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

// Theirs is -1 where the first is less risky.
TEST_F(DydxVectors, OrderOfRisk) {
  for (const nlohmann::json& one : Cases("risk_cmp", 16)) {
    const Risk first = RiskOf(Number(one, "NC1"), 0, Number(one, "MMR1"));
    const Risk second = RiskOf(Number(one, "NC2"), 0, Number(one, "MMR2"));
    const std::strong_ordering expected = one["expected"].get<int>() <=> 0;
    EXPECT_EQ(CompareRisk(first, second), expected) << Name(one);
    EXPECT_EQ(CompareRisk(second, first), 0 <=> expected) << Name(one);
    if (Number(one, "MMR1") == 0 || Number(one, "MMR2") == 0) continue;
    // A change from the riskier to the other keeps the ratio.
    if (expected <= 0) {
      EXPECT_TRUE(EquityRatioHolds(second, first)) << Name(one);
    }
    if (expected >= 0) {
      EXPECT_TRUE(EquityRatioHolds(first, second)) << Name(one);
    }
  }
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
  Instrument bitcoin = Perpetual(1);
  bitcoin.curve.initial = RatePpm(200'000);
  bitcoin.curve.maintenance = RatePpm(100'000);
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

RequirementCurve CurveOf(const nlohmann::json& one) {
  RequirementCurve curve = test::FlatCurve(Number(one, "imf_ppm"), 0);
  curve.open_interest = {.lower = Quanta(Int128{Number(one, "oi_lower")}),
                         .upper = Quanta(Int128{Number(one, "oi_upper")})};
  EXPECT_EQ(curve.Validate(), Reason()) << Name(one);
  return curve;
}

RatePpm RateAt(const RequirementCurve& curve, const nlohmann::json& one) {
  return curve.InitialRateAt(Quanta(Int128{Number(one, "oi_notional")}), CeilPerLeg::kRateRounding);
}

TEST_F(DydxVectors, RatesScaledByOpenInterest) {
  for (const nlohmann::json& one : Cases("oi_scaled_imf_ppm", 7)) {
    EXPECT_EQ(RateAt(CurveOf(one), one).parts(), Number(one, "expected_ppm")) << Name(one);
  }
}

TEST_F(DydxVectors, InitialMarginOfANotional) {
  for (const nlohmann::json& one : Cases("im_by_liquidity_tier", 9)) {
    const RequirementCurve curve = CurveOf(one);
    const Quanta notional(Int128{Number(one, "notional")});
    const auto exact = curve.Of({.notional = notional, .lots = Lots(1)}, RateAt(curve, one));
    EXPECT_EQ(CeilPerLeg::Round(*exact, curve, notional)->initial,
              Micro(Number(one, "expected_im")))
        << Name(one);
  }
}

TEST_F(DydxVectors, MaintenanceRates) {
  for (const nlohmann::json& one : Cases("maintenance_margin_ppm", 7)) {
    EXPECT_EQ(RatePpm(Number(one, "imf_ppm")).Of(Number(one, "mf_ppm"), Rounding::kDown),
              Int128{Number(one, "expected_mmf_ppm")})
        << Name(one);
  }
}

TEST_F(DydxVectors, FundingClamps) {
  for (const nlohmann::json& one : Cases("funding_clamp_ppm", 7)) {
    const std::int64_t initial = Number(one, "imf_ppm");
    // Theirs is of the exact fraction, which in each case is whole or rounds away in the clamp.
    const Int128 kept = *RatePpm(initial).Of(Number(one, "mf_ppm"), Rounding::kDown);
    const RequirementCurve curve = test::FlatCurve(initial, static_cast<std::int64_t>(kept));
    EXPECT_EQ(FundingClamp(curve, RatePpm(Number(one, "clamp_factor_ppm"))),
              RatePpm(Number(one, "expected_clamp_ppm")))
        << Name(one);
  }
}

TEST_F(DydxVectors, FundingSettlements) {
  for (const nlohmann::json& one : Cases("funding_settlement_ppm", 13)) {
    const FundingPeriod period{.since = FundingIndex(Int128{Number(one, "position_index")}),
                               .now = FundingIndex(Int128{Number(one, "funding_index_now")})};
    const Lots lots(Number(one, "quantums"));
    const Int128 exact = Number(one, "expected_settlement_ppm");
    EXPECT_EQ(AccruedFundingMicro(period, lots), MicroQuanta(exact)) << Name(one);
    EXPECT_EQ(AccruedFunding(period, lots),
              Quanta(*Divide(exact, kMicroPerQuantum, Rounding::kDown)))
        << Name(one);
  }
}

// An instrument and a price whose product is theirs: price * 10^(exponent + resolution + 6) quanta
// for each base quantum, which is whole in all of the cases. Where a base quantum is worth more
// than a lot may be, it is several lots.
struct Market {
  Instrument instrument;
  std::int64_t ticks = 0;
  std::int64_t lots_per_quantum = 1;
};
Market MarketOf(const nlohmann::json& one) {
  Market market{.instrument = Perpetual(1), .ticks = Number(one, "price")};
  std::int64_t exponent = Number(one, "price_exp") + Number(one, "atomic_resolution") + 6;
  for (; exponent < 0; ++exponent) {
    EXPECT_EQ(market.ticks % 10, 0) << Name(one);
    market.ticks /= 10;
  }
  Int128 lot = market.ticks;
  for (; exponent > 0; --exponent) lot *= 10;
  for (; lot > kMaxLotValue.value(); lot /= 10) {
    EXPECT_EQ(lot % 10, 0) << Name(one);
    market.lots_per_quantum *= 10;
  }
  market.ticks = static_cast<std::int64_t>(lot);
  market.instrument.max_price = PriceTicks(static_cast<std::int64_t>(kMaxLotValue.value()));
  market.instrument.max_lots = Lots(std::int64_t{1} << 53);
  return market;
}

TEST_F(DydxVectors, MarginRequirements) {
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
    Market market = MarketOf(one);
    const std::int64_t initial = Number(one, "imf_ppm");
    const std::int64_t maintenance = initial * Number(one, "mf_ppm");
    ASSERT_EQ(maintenance % 1'000'000, 0) << Name(one);
    market.instrument.curve = CurveOf(one);
    market.instrument.curve.maintenance = RatePpm(maintenance / 1'000'000);
    Book book({market.instrument});
    book.SetPrice(1, market.ticks);
    BalanceView position = Position(1, Int128{Number(one, "quantums")} * market.lots_per_quantum);
    position.open_interest = Amount(Int128{Number(one, "open_interest")} * market.lots_per_quantum);
    const Balances account = {position};
    const Result<RiskSum> sum = SumOf<CeilPerLeg>(book.context(), test::View(account));
    ASSERT_TRUE(sum.ok()) << Name(one) << " " << sum.reason().code();
    EXPECT_EQ(sum->maintenance, Micro(Number(one, "expected_mm"))) << Name(one);
    EXPECT_EQ(sum->initial, Micro(Number(one, "expected_im"))) << Name(one);
  }
  EXPECT_EQ(overflowing, 1u);
}

}  // namespace
}  // namespace settle
