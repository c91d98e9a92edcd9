// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Accounts whose contracts belong to portfolios, judged with everything else that they have.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/margin/account_book.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/fwd.h"
#include "settle/margin/reason.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/scenario_margin.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::Cash;
using test::Perpetual;
using test::Position;

constexpr PortfolioId kPortfolio{3};

// Of two scenarios: all falls by 10, all rises by 10. Contract 1 is a future, 2 a call on it, 3 is
// in no portfolio.
MarginParameters Parameters() {
  std::vector<Instrument> instruments = {Perpetual(1), Perpetual(2), Perpetual(3)};
  for (Instrument* instrument : {&instruments[0], &instruments[1]}) {
    instrument->curve = {};
    instrument->scenario.portfolio = kPortfolio;
  }
  instruments[1].kind = InstrumentKind::kOption;
  instruments[1].scenario.is_option = true;
  MarginParameters parameters;
  parameters.instruments = test::TableOf(instruments);
  PortfolioTerms terms;
  terms.id = kPortfolio;
  EXPECT_TRUE(terms.covers.Add(kWholeRate) && terms.covers.Add(kWholeRate));
  terms.initial_factor = RatePpm(1'500'000);
  EXPECT_TRUE(parameters.portfolios.Add(terms));
  EXPECT_EQ(parameters.Validate(), Reason());
  return parameters;
}

RiskArrays Arrays() {
  const MicroQuanta future[] = {MicroQuanta(Int128{-10'000'000}), MicroQuanta(Int128{10'000'000})};
  const MicroQuanta call[] = {MicroQuanta(Int128{-2'000'000}), MicroQuanta(Int128{6'000'000})};
  const ExactRiskRow rows[] = {{.contract = ContractId(1), .profits = future},
                               {.contract = ContractId(2), .profits = call}};
  return *RiskArrays::Create({.round = 1, .valid_from = Timestamp(1), .scenarios = 2}, rows);
}

class Portfolios : public ::testing::Test {
 protected:
  Portfolios() : book_(Parameters()), arrays_(Arrays()) {
    book_.SetPrice(1, 100);
    book_.SetPrice(2, 5);
    book_.SetPrice(3, 100);
  }
  MarginContext context() const { return {.valuation = book_.valuation(), .arrays = &arrays_}; }
  Result<Risk> Evaluate(const Balances& account) const {
    return settle::Evaluate<ExactPpm>(context(), test::View(account));
  }

  Book book_;
  RiskArrays arrays_;
};

TEST_F(Portfolios, DemandTheWorstScenarioOfWhatIsHeldTogether) {
  // 3 futures and 2 calls sold: -30 + 4 where it falls, +30 - 12 where it rises.
  const Result<Risk> risk = Evaluate({Cash(1'000), Position(1, 3), Position(2, -2)});
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(risk->equity, Quanta(Int128{1'000 + 300 - 10}));
  EXPECT_EQ(risk->maintenance, MicroQuanta(Int128{26'000'000}));
  EXPECT_EQ(risk->initial_headroom, MicroQuanta(Int128{1'290'000'000 - 39'000'000}));
}

TEST_F(Portfolios, DemandBesideThePositionsOfNoPortfolio) {
  const Risk alone = *Evaluate({Position(3, 10)});
  const Risk both = *Evaluate({Position(3, 10), Position(1, 1)});
  EXPECT_EQ(both.maintenance.value() - alone.maintenance.value(), 10'000'000);
  EXPECT_EQ(alone.maintenance.value(), 50'000'000);
}

TEST_F(Portfolios, AreTheSameForBalancesAndForPositions) {
  const std::vector<MarginPosition> positions = {
      {.instrument = InstrumentIndex(0), .lots = Lots(3), .quote = Quanta(Int128{-290})},
      {.instrument = InstrumentIndex(1), .lots = Lots(-2)},
      {.instrument = InstrumentIndex(2), .lots = Lots(4)}};
  const auto risk = settle::Evaluate<ExactPpm>(context(), Quanta(Int128{7}), positions);
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(*risk, *Evaluate({Cash(7), Position(1, 3), test::Cost(1, -290), Position(2, -2),
                              Position(3, 4)}));
}

TEST_F(Portfolios, RefuseAPositionWithoutARow) {
  const Balances account = {Cash(1'000), Position(1, 1)};
  const auto reason = [&](const RiskArrays* arrays) {
    const MarginContext other{.valuation = book_.valuation(), .arrays = arrays};
    return settle::Evaluate<ExactPpm>(other, test::View(account)).reason();
  };
  EXPECT_EQ(reason(nullptr), Reason(MarginReason::kMissingScenarios));
  const MicroQuanta profits[] = {MicroQuanta(), MicroQuanta()};
  const ExactRiskRow row{.contract = ContractId(2), .profits = profits};
  const RiskArrays others =
      *RiskArrays::Create({.round = 1, .valid_from = Timestamp(1), .scenarios = 2}, {&row, 1});
  EXPECT_EQ(reason(&others), Reason(MarginReason::kMissingScenarios));
  const ExactRiskRow short_row{.contract = ContractId(1), .profits = {profits, 1}};
  const RiskArrays narrow = *RiskArrays::Create(
      {.round = 1, .valid_from = Timestamp(1), .scenarios = 1}, {&short_row, 1});
  EXPECT_EQ(reason(&narrow), Reason(MarginReason::kWrongScenarioCount));
  EXPECT_EQ(reason(&arrays_), Reason());
}

TEST_F(Portfolios, RefuseReservedLotsAndOrdersThatOnlyTheWholeCouldJudge) {
  BalanceView reserved = Position(1, 1);
  reserved.pending_credits = Amount(Int128{1});
  EXPECT_EQ(Evaluate({Cash(1'000), reserved}).reason(), Reason(MarginReason::kInPortfolio));
  AccountBook<> account(Quanta(Int128{1'000}));
  const std::size_t place = *account.PlaceOf(InstrumentIndex(0));
  EXPECT_EQ(account.AddOrder(book_.valuation(), place,
                             {.instrument = InstrumentIndex(0), .lots = Lots(1)}),
            Reason(MarginReason::kInPortfolio));
}

TEST_F(Portfolios, AreJudgedByTheTransitionRule) {
  const TransitionRule<ExactPpm> rule;
  const Balances before = {Cash(29), test::Cost(1, -200), Position(1, 2)};
  // Two futures demand 20 and initially 30.
  const auto admit = [&](Int128 cash, Int128 lots) {
    const Balances after = {Cash(cash), test::Cost(1, -100 * lots), Position(1, lots)};
    return rule.Admit(context(), test::View(before), test::View(after));
  };
  EXPECT_EQ(admit(30, 2), Reason());
  EXPECT_EQ(admit(29, 3), Reason(MarginReason::kMaintenanceRises));
  EXPECT_EQ(admit(28, 2), Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(admit(29, 1), Reason());
}

TEST(PortfolioParameters, RefuseWhatDoesNotFitTogether) {
  MarginParameters parameters = Parameters();
  parameters.portfolios.Clear();
  EXPECT_EQ(parameters.Validate(), Reason(MarginReason::kBadScenarioTerms));
  parameters = Parameters();
  parameters.portfolios[0].id = PortfolioId(4);
  EXPECT_EQ(parameters.Validate(), Reason(MarginReason::kBadScenarioTerms));
  parameters.portfolios[0].id = kNoPortfolio;
  EXPECT_EQ(parameters.Validate(), Reason(MarginReason::kBadParameters));
  parameters = Parameters();
  ASSERT_TRUE(parameters.portfolios.Add(parameters.portfolios[0]));
  EXPECT_EQ(parameters.Validate(), Reason(MarginReason::kBadParameters));
  parameters = Parameters();
  parameters.portfolios[0].initial_factor = RatePpm(999'999);
  EXPECT_EQ(parameters.Validate(), Reason(MarginReason::kBadInitialFactor));
  Instrument late = Perpetual(1);
  late.scenario = {.portfolio = kPortfolio, .month = MonthBucket(1)};
  parameters = Parameters();
  parameters.instruments = test::TableOf({late});
  EXPECT_EQ(parameters.Validate(), Reason(MarginReason::kBadMonth));
}

}  // namespace
}  // namespace settle
