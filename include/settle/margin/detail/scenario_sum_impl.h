// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The members of ScenarioSum.
//
// Why nothing overflows: gross_lots_ is below 2^63, so that net options, options sold, and net
// deltas (lots times 64 bits) are within 2^126 of zero. gross_profit_ is at most kMaxGrossProfit
// and never less than the magnitude of a column or of a sum on the way to one, so that columns
// times a cover are 128 bits. SubtractPosition keeps both true whatever it is given. All else is
// checked.

#ifndef SETTLE_MARGIN_DETAIL_SCENARIO_SUM_IMPL_H_
#define SETTLE_MARGIN_DETAIL_SCENARIO_SUM_IMPL_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/margin/detail/net_list.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/reason.h"
#include "settle/margin/scenario_margin.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// What is above zero and what is below, each added up and without sign.
struct NetSides {
  Int128 above = 0;
  Int128 below = 0;

  // False, with a part of it added, when a side leaves 128 bits.
  [[nodiscard]] bool Add(Int128 net) {
    return AddTo(above, (std::max)(net, Int128{0})) &&
           AddTo(below, Magnitude((std::min)(net, Int128{0})));
  }
};

// So many positions at a time become plain arrays on the stack.
inline constexpr std::size_t kPositionsOfBlock = 16;

inline constexpr std::uint64_t kMaxWord = static_cast<std::uint64_t>(kMax<std::int64_t>);

}  // namespace detail

template <std::size_t kScenarios, std::size_t kMonths, std::size_t kStrikes>
Reason ScenarioSum<kScenarios, kMonths, kStrikes>::AddPositions(
    std::span<const ScenarioPosition> positions) {
  Gross gross{.lots = gross_lots_, .profit = gross_profit_};
  bool fits = true;
  bool months_agree = true;
  bool counts_agree = scenarios_ > 0;
  for (const ScenarioPosition& position : positions) {
    const Gross part = GrossOf(position);
    fits &= AddTo(gross.lots, part.lots) && AddTo(gross.profit, part.profit);
    months_agree &= position.terms->month.value() < months_;
    counts_agree &= position.row.scenarios == scenarios_;
  }
  if (!fits || detail::kMaxWord < gross.lots ||
      static_cast<UInt128>(kMaxGrossProfit.value()) < gross.profit) {
    return MarginReason::kMarginOverflow;
  }
  if (!months_agree) return MarginReason::kBadMonth;
  if (!counts_agree) return MarginReason::kWrongScenarioCount;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const ScenarioPosition& position = positions[i];
    if (!HasStrike(position)) continue;
    const Reason reason = strikes_.Add(position.terms->strike.value(), position.lots.value());
    if (reason.ok()) continue;
    for (const ScenarioPosition& added : positions.first(i)) {
      if (HasStrike(added)) {
        (void)strikes_.Subtract(added.terms->strike.value(), added.lots.value());
      }
    }
    return reason;
  }
  // After this point nothing refuses.
  for (const ScenarioPosition& position : positions) {
    deltas_[position.terms->month.value()] += DeltaOf(position);
    options_sold_ += OptionsSold(position);
  }
  gross_lots_ = gross.lots;
  SetGrossProfit(gross.profit);
  AddToColumns(positions);
  return {};
}

template <std::size_t kScenarios, std::size_t kMonths, std::size_t kStrikes>
void ScenarioSum<kScenarios, kMonths, kStrikes>::SetGrossProfit(UInt128 gross_profit) {
  const bool was_narrow = IsNarrow();
  gross_profit_ = gross_profit;
  if (was_narrow == IsNarrow()) return;
  for (std::size_t s = 0; s < scenarios_; ++s) {
    if (was_narrow) {
      wide_[s] = narrow_[s];
    } else {
      narrow_[s] = static_cast<std::int64_t>(wide_[s]);
    }
  }
}

template <std::size_t kScenarios, std::size_t kMonths, std::size_t kStrikes>
void ScenarioSum<kScenarios, kMonths, kStrikes>::AddToColumns(std::int64_t lots,
                                                              const ScenarioPosition& position) {
  const std::span<const std::int64_t> row = position.row.ProfitsOf(position.lots);
  if (IsNarrow()) {
    AddScenarioRow<std::int64_t>(lots, row, {narrow_.data(), scenarios_});
  } else {
    AddScenarioRow<Int128>(lots, row, {wide_.data(), scenarios_});
  }
}

template <std::size_t kScenarios, std::size_t kMonths, std::size_t kStrikes>
void ScenarioSum<kScenarios, kMonths, kStrikes>::AddToColumns(
    std::span<const ScenarioPosition> positions) {
  if (positions.size() == 1) return AddToColumns(positions[0].lots.value(), positions[0]);
  std::array<std::int64_t, detail::kPositionsOfBlock> lots;
  std::array<const std::int64_t*, detail::kPositionsOfBlock> rows;
  while (!positions.empty()) {
    const std::size_t size = (std::min)(positions.size(), detail::kPositionsOfBlock);
    for (std::size_t i = 0; i < size; ++i) {
      lots[i] = positions[i].lots.value();
      rows[i] = positions[i].row.ProfitsOf(positions[i].lots).data();
    }
    if (IsNarrow()) {
      AddScenarioColumns<std::int64_t>({lots.data(), size}, {rows.data(), size},
                                       {narrow_.data(), scenarios_});
    } else {
      AddScenarioColumns<Int128>({lots.data(), size}, {rows.data(), size},
                                 {wide_.data(), scenarios_});
    }
    positions = positions.subspan(size);
  }
}

template <std::size_t kScenarios, std::size_t kMonths, std::size_t kStrikes>
Reason ScenarioSum<kScenarios, kMonths, kStrikes>::SubtractPosition(
    const ScenarioPosition& position) {
  if (months_ <= position.terms->month.value()) return MarginReason::kBadMonth;
  if (scenarios_ == 0 || position.row.scenarios != scenarios_) {
    return MarginReason::kWrongScenarioCount;
  }
  const Gross part = GrossOf(position);
  Int128& delta = deltas_[position.terms->month.value()];
  if (gross_lots_ < part.lots || gross_profit_ < part.profit ||
      options_sold_ < OptionsSold(position)) {
    return MarginReason::kNotInSum;
  }
  const Gross left{.lots = gross_lots_ - part.lots, .profit = gross_profit_ - part.profit};
  // A month has no more delta than all lots at 2^63 each.
  if (Magnitude(delta - DeltaOf(position)) > UInt128{left.lots} << 63) {
    return MarginReason::kNotInSum;
  }
  const Int128 lots = position.lots.value();
  const std::int64_t* const row = position.row.ProfitsOf(position.lots).data();
  for (std::size_t s = 0; s < scenarios_; ++s) {
    if (Magnitude(column(s) - lots * row[s]) > left.profit) return MarginReason::kNotInSum;
  }
  if (HasStrike(position)) {
    const Reason reason = strikes_.Subtract(position.terms->strike.value(), lots);
    if (!reason.ok()) return reason;
  }
  // After this point nothing refuses.
  gross_lots_ = left.lots;
  delta -= DeltaOf(position);
  options_sold_ -= OptionsSold(position);
  // In the width that they have, of which what is left may need less.
  AddToColumns(-position.lots.value(), position);
  SetGrossProfit(left.profit);
  return {};
}

template <std::size_t kScenarios, std::size_t kMonths, std::size_t kStrikes>
Result<PortfolioRisk> ScenarioSum<kScenarios, kMonths, kStrikes>::Finish(
    const PortfolioTerms& terms) const {
  if (scenarios_ == 0 || terms.covers.size() != scenarios_ || terms.months != months_) {
    return MarginReason::kWrongScenarioCount;
  }
  const std::span<const RatePpm> covers(terms.covers);
  Int128 total = IsNarrow() ? WorstLoss<std::int64_t>(Narrow(), covers).value()
                            : WorstLoss<Int128>(Wide(), covers).value();
  detail::NetSides deltas;
  detail::NetSides strikes;
  bool fits = true;
  for (const Int128 delta : this->deltas()) fits = fits && deltas.Add(delta);
  for (const detail::NetEntry& entry : strikes_.entries()) fits = fits && strikes.Add(entry.net);
  // Millionths of a unit times quanta a unit, and lots times quanta a lot.
  const auto spreads =
      CheckedMul((std::min)(deltas.above, deltas.below), terms.inter_month_charge.value());
  const auto net_short = CheckedMul(strikes.below, terms.net_short_charge.value());
  const auto minimum = CheckedMul(Int128{options_sold_}, terms.short_option_minimum.value());
  if (!fits || !spreads || !net_short || !minimum || kMaxNotional.value() < *net_short ||
      kMaxNotional.value() < *minimum || !AddTo(total, *spreads) ||
      !AddTo(total, *net_short * kMicroPerQuantum)) {
    return MarginReason::kMarginOverflow;
  }
  const Int128 maintenance = (std::max)(total, *minimum * kMicroPerQuantum);
  const auto initial = terms.initial_factor.Of(maintenance, Rounding::kUp);
  if (!initial || kMaxPortfolioRequirement.value() < *initial) return MarginReason::kMarginOverflow;
  return PortfolioRisk{.maintenance = MicroQuanta(maintenance), .initial = MicroQuanta(*initial)};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_DETAIL_SCENARIO_SUM_IMPL_H_
