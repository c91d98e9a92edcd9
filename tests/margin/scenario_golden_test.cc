// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bytes of margin by scenarios, against tests/golden/scenario.json.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/statement.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/scenario_margin.h"
#include "tests/support/golden.h"

namespace settle {
namespace {

RiskArrays SomeArrays() {
  const std::vector<MicroQuanta> future = {MicroQuanta(Int128{-2'000'000}), MicroQuanta(Int128{0}),
                                           MicroQuanta(Int128{0x0102030405} * 1'000'000)};
  const std::vector<MicroQuanta> call = {MicroQuanta(Int128{-1}), MicroQuanta(Int128{1}),
                                         MicroQuanta(Int128{-7'500'000})};
  const ExactRiskRow rows[] = {{.contract = ContractId(1), .profits = future},
                               {.contract = ContractId(0x05060708), .profits = call}};
  return *RiskArrays::Create({.round = 0x0102030405060708,
                              .valid_from = Timestamp(std::uint64_t{1'000'000'007}),
                              .scenarios = 3},
                             rows);
}

PortfolioTerms SomePortfolio() {
  PortfolioTerms terms;
  terms.id = PortfolioId(0x01020304);
  (void)terms.covers.Add(RatePpm(1'000'000));
  (void)terms.covers.Add(RatePpm(350'000));
  terms.months = 12;
  terms.inter_month_charge = Quanta(Int128{5} << 64);
  terms.short_option_minimum = Quanta(Int128{6});
  terms.net_short_charge = Quanta(Int128{7});
  terms.initial_factor = RatePpm(1'250'000);
  return terms;
}

TEST(ScenarioGolden, BytesAreThoseOfTheTables) {
  const ScenarioTerms terms{.portfolio = PortfolioId(0x01020304),
                            .delta = RatePpm(-4'200),
                            .month = MonthBucket(3),
                            .strike = StrikeBucket(0x05060708),
                            .is_option = true};
  const PortfolioRisk risk{.maintenance = MicroQuanta(Int128{3} << 70),
                           .initial = MicroQuanta(Int128{5} << 70)};
  const Domain domain{.network = NetworkId::FromNumber(0x11),
                      .group = GroupId(3),
                      .epoch = Epoch(std::uint64_t{4}),
                      .set = ValidatorSetId::FromNumber(0x12)};
  const StatementBytes<RiskArraysStatement> bytes =
      BytesToSign(domain, StatementOf(SomeArrays(), Digest::FromNumber(0x52)));
  const std::vector<std::byte> signed_bytes(bytes.view().begin(), bytes.view().end());
  EXPECT_EQ(
      test::GoldenDifferences("scenario", {{"no rows", EncodeRecord(RiskArrays())},
                                           {"a future and a call", EncodeRecord(SomeArrays())},
                                           {"statement of arrays", signed_bytes},
                                           {"terms of a portfolio", Encode(SomePortfolio())},
                                           {"terms of an option", Encode(terms)},
                                           {"risk of a portfolio", Encode(risk)}}),
      "");
}

}  // namespace
}  // namespace settle
