// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the portfolios of an account demand, beside what its positions demand one by one.

#ifndef SETTLE_MARGIN_DETAIL_PORTFOLIO_PASS_H_
#define SETTLE_MARGIN_DETAIL_PORTFOLIO_PASS_H_

#include <optional>

#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/margin/fwd.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/reason.h"
#include "settle/margin/risk.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/scenario_margin.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// Adds what one portfolio demands of the positions that `for_each` visits with their instrument,
// which is of the table, and lots.
template <typename ForEach>
[[nodiscard]] Reason AddPortfolio(const Valuation& valuation, const RiskArrays* arrays,
                                  const PortfolioTerms& terms, const ForEach& for_each,
                                  RiskSum& sum) {
  ScenarioSum<> scenarios(terms);
  Reason refusal;
  bool has_positions = false;
  for_each([&](InstrumentIndex index, Lots lots) {
    const Instrument& instrument = valuation.instruments()[index];
    if (instrument.scenario.portfolio != terms.id || lots == Lots(0)) return;
    has_positions = true;
    const auto row = arrays == nullptr ? std::nullopt : arrays->Find(instrument.asset);
    const Reason reason =
        row ? scenarios.AddPosition({.row = *row, .terms = &instrument.scenario, .lots = lots})
            : Reason(MarginReason::kMissingScenarios);
    if (!reason.ok()) refusal = FirstOf(refusal, reason);
  });
  if (!refusal.ok() || !has_positions) return refusal;
  const Result<PortfolioRisk> risk = scenarios.Finish(terms);
  if (!risk.ok()) return risk.reason();
  const bool fits = AddTo(sum.initial, risk->initial) && AddTo(sum.maintenance, risk->maintenance);
  return fits ? Reason() : MarginReason::kMarginOverflow;
}

// The same for all portfolios, in the order of their ids. Of several refusals the first in order of
// precedence.
template <typename ForEach>
[[nodiscard]] Reason AddPortfolios(const Valuation& valuation, const RiskArrays* arrays,
                                   const ForEach& for_each, RiskSum& sum) {
  Reason refusal;
  for (const PortfolioTerms& terms : valuation.parameters().portfolios) {
    refusal = FirstOf(refusal, AddPortfolio(valuation, arrays, terms, for_each, sum));
  }
  return refusal;
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_DETAIL_PORTFOLIO_PASS_H_
