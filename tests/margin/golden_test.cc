// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bytes of margin/, against tests/golden/margin.json.

#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"

namespace settle {
namespace {

TEST(MarginGolden, BytesAreThoseOfTheTables) {
  Instrument linear;
  linear.compartment = Compartment(1);
  linear.asset = ContractId(1);
  linear.quote = TokenId(5);
  linear.multiplier = 100;
  linear.curve.initial = RatePpm(50'000);
  linear.curve.maintenance = RatePpm(25'000);
  linear.curve.initial_per_lot = Quanta(Int128{9});
  linear.curve.maintenance_per_lot = Quanta(Int128{8});
  ASSERT_TRUE(
      linear.curve.tiers.Add({Quanta(Int128{50'000'000'000}), RatePpm(100'000), RatePpm(50'000)}));
  linear.curve.premium = {Lots(1'000), RatePpm(20'000), RatePpm(10'000)};
  linear.curve.open_interest = {Quanta(Int128{25'000'000'000'000}),
                                Quanta(Int128{50'000'000'000'000})};
  linear.min_price = PriceTicks(-5'000);
  linear.max_price = PriceTicks(std::int64_t{1} << 32);
  linear.max_lots = Lots(std::int64_t{1} << 41);
  linear.scenario = {
      .portfolio = PortfolioId(7), .delta = RatePpm(-4'200), .month = MonthBucket(2)};
  Instrument inverse;
  inverse.kind = InstrumentKind::kInverse;
  inverse.compartment = Compartment(0x01020304);
  inverse.asset = ContractId(0x05060708);
  inverse.quote = TokenId(5);
  inverse.multiplier = 0x0102030405;
  inverse.curve.initial = RatePpm(1'000'000);
  inverse.min_price = PriceTicks(10);
  inverse.max_price = PriceTicks(0x060708);
  inverse.max_lots = Lots(0x0708090a0b);
  inverse.expiry = Timestamp(0x0102030405060708u);
  Instrument token;
  token.kind = InstrumentKind::kSpot;
  token.asset = TokenId(6);
  token.quote = TokenId(5);
  token.multiplier = 1;
  token.max_price = PriceTicks(std::int64_t{1} << 40);
  token.collateral = {.lot_size = 100'000'000,
                      .initial_haircut = RatePpm(200'000),
                      .maintenance_haircut = RatePpm(100'000),
                      .cap = Quanta(Int128{1'000'000'000'000}),
                      .issuer = OwnerId::FromNumber(7)};
  const Result<InstrumentTable> table =
      InstrumentTable::Create(TokenId(5), std::vector{linear, inverse, token});
  ASSERT_EQ(table.reason(), Reason());
  PortfolioTerms portfolio;
  portfolio.id = PortfolioId(7);
  ASSERT_TRUE(portfolio.covers.Add(RatePpm(1'000'000)) && portfolio.covers.Add(RatePpm(350'000)));
  portfolio.months = 3;
  portfolio.inter_month_charge = Quanta(Int128{30});
  portfolio.short_option_minimum = Quanta(Int128{1'000});
  portfolio.net_short_charge = Quanta(Int128{500});
  portfolio.initial_factor = RatePpm(1'250'000);
  MarginParameters parameters{.version = 3,
                              .effective_from = Timestamp(1'767'225'600'000'000'000u),
                              .profit_cap = Quanta(Int128{1'000'000'000}),
                              .withdrawal_profit_cap = Quanta(),
                              .instruments = *table};
  ASSERT_TRUE(parameters.portfolios.Add(portfolio));
  ASSERT_EQ(parameters.Validate(), Reason());
  MarkPrices prices(
      InstrumentTable(*InstrumentTable::Create(TokenId(5), std::vector{linear, inverse})));
  ASSERT_EQ(prices.Set(*table, InstrumentIndex(0), PriceTicks(4'294'967'295)), Reason());
  ASSERT_EQ(prices.SetSlow(*table, InstrumentIndex(0), PriceTicks(-5'000)), Reason());
  const RiskSum sum{.equity = Quanta(Int128{-3} << 70),
                    .profit = Quanta(Int128{1} << 66),
                    .initial = MicroQuanta(Int128{5} << 80),
                    .maintenance = MicroQuanta(Int128{7})};
  const Risk risk{.equity = Quanta(Int128{-1}),
                  .maintenance = MicroQuanta(Int128{2}),
                  .initial_headroom = MicroQuanta(Int128{-1'000'003})};
  EXPECT_EQ(test::GoldenDifferences("margin", {{"no instruments", EncodeRecord(MarginParameters())},
                                               {"three instruments", EncodeRecord(parameters)},
                                               {"no prices", EncodeRecord(MarkPrices())},
                                               {"prices and none", EncodeRecord(prices)},
                                               {"sum of contributions", Encode(sum)},
                                               {"risk of an account", Encode(risk)}}),
            "");
}

}  // namespace
}  // namespace settle
