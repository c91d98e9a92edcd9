// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a lot of each instrument is worth and demands at the prices of a block: made once, read by
// every judgement.
//
// Of a linear instrument within its first tier everything about a position is a product of its
// lots: value, requirement, and what the worse of mark and slow price takes from it. These factors
// are the row of an instrument, of one cache line. Beyond, and for inverse contracts, tokens and
// what belongs to a portfolio, judgements go back to the instrument and the prices.
//
//   Valuation valuation(parameters, prices);          // O(instruments)
//   prices.Set(parameters.instruments, index, price);
//   valuation.Update(index);                          // one row
//
// Derived, and no part of any value. Parameters and prices outlive it.

#ifndef SETTLE_MARGIN_VALUATION_H_
#define SETTLE_MARGIN_VALUATION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// The factors of one lot. Values are in quanta, demands in millionths.
struct alignas(64) ValuationRow {
  // A position of less than this many lots, with those its owner has elsewhere, is the product of
  // its lots and these factors; zero: none is.
  std::uint64_t product_below = 0;
  // While the open interest, in lots, is not above this.
  std::int64_t interest_up_to = 0;
  std::int64_t value = 0;
  std::int64_t maintenance = 0;
  // What initial margin demands, with what the worse of the two prices takes: of a lot held long,
  // and of one held short.
  std::int64_t initial[2] = {0, 0};
  // The value by which profit is counted: of a lot held long that at the lower of the two prices,
  // of one held short that at the higher.
  std::int64_t worse_value[2] = {0, 0};
};
static_assert(sizeof(ValuationRow) == 64, "one cache line an instrument");

class Valuation {
 public:
  Valuation(const MarginParameters& parameters, const MarkPrices& prices)
      : parameters_(&parameters), prices_(&prices), rows_(parameters.instruments.size()) {
    for (std::uint32_t i = 0; i < rows_.size(); ++i) Update(InstrumentIndex(i));
  }

  // Makes the row of an instrument anew, after its prices were set. Does nothing for an index that
  // is not of the table.
  void Update(InstrumentIndex index) {
    if (index.value() >= rows_.size()) return;
    rows_[index.value()] = RowOf(instruments()[index], PricesOf(index));
  }

  [[nodiscard]] const MarginParameters& parameters() const { return *parameters_; }
  [[nodiscard]] const InstrumentTable& instruments() const { return parameters_->instruments; }
  // The prices to judge by: without a slow price the mark twice. The mark may be kNoPrice.
  [[nodiscard]] PricePair PricesOf(InstrumentIndex index) const {
    PricePair pair = prices_->Of(index);
    if (pair.slow == kNoPrice) pair.slow = pair.mark;
    return pair;
  }
  // `index` is one that the table gave, or below size().
  [[nodiscard]] const ValuationRow& operator[](InstrumentIndex index) const {
    return rows_[index.value()];
  }
  [[nodiscard]] std::span<const ValuationRow> rows() const { return rows_; }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  // True where the positions of a portfolio are judged together.
  [[nodiscard]] bool IsInPortfolio(InstrumentIndex index) const {
    return rows_[index.value()].product_below == 0 &&
           instruments()[index].scenario.portfolio != kNoPortfolio;
  }

 private:
  [[nodiscard]] static ValuationRow RowOf(const Instrument& instrument, const PricePair& prices);

  const MarginParameters* parameters_;
  const MarkPrices* prices_;
  std::vector<ValuationRow> rows_;
};

// The greatest value and demand of a position that is judged as a product: of 1,024 of them, and of
// as many quote balances of this size, sums cannot leave 128 bits.
inline constexpr MicroQuanta kMaxProduct{Int128{1} << 116};

namespace detail {

// What initial margin leaves of a lot, in millionths: its value less its demand.
inline Int128 HeadroomOfLot(const RequirementCurve& curve, Int128 value) {
  const Int128 notional = value < 0 ? -value : value;
  return (value - curve.initial_per_lot.value()) * kMicroPerQuantum -
         notional * curve.initial.parts();
}

// How many lots stay within the first tier where one has this notional; `all` if any number does.
inline Int128 LotsWithinFirstTier(const RequirementCurve& curve, Int128 notional, Int128 all) {
  if (curve.tiers.empty() || notional == 0) return all;
  return (std::min)(all, curve.tiers[0].floor.value() / notional);
}

}  // namespace detail

inline ValuationRow Valuation::RowOf(const Instrument& instrument, const PricePair& prices) {
  const bool is_product =
      instrument.kind == InstrumentKind::kLinear || instrument.kind == InstrumentKind::kOption;
  const RequirementCurve& curve = instrument.curve;
  if (!is_product || instrument.scenario.portfolio != kNoPortfolio ||
      curve.premium.scale != Lots(0) || !instrument.Allows(prices.mark) ||
      !instrument.Allows(prices.slow)) {
    return {};
  }
  const Int128 mark = Int128{prices.mark.value()} * instrument.multiplier;
  const Int128 slow = Int128{prices.slow.value()} * instrument.multiplier;
  const Int128 notional = mark < 0 ? -mark : mark;
  const Int128 largest = (std::max)(notional, slow < 0 ? -slow : slow);
  const auto worse = [&](Int128 sign) {
    return (std::min)(detail::HeadroomOfLot(curve, sign * mark),
                      detail::HeadroomOfLot(curve, sign * slow));
  };
  const auto initial_long = CheckedCast<std::int64_t>(mark * kMicroPerQuantum - worse(1));
  const auto initial_short = CheckedCast<std::int64_t>(-mark * kMicroPerQuantum - worse(-1));
  const auto maintenance = CheckedCast<std::int64_t>(
      notional * curve.maintenance.parts() + curve.maintenance_per_lot.value() * kMicroPerQuantum);
  if (!initial_long || !initial_short || !maintenance) return {};
  const Int128 charged = (std::max)({Int128{*initial_long}, Int128{*initial_short}, Int128{1}});
  const Int128 lots =
      (std::min)(detail::LotsWithinFirstTier(curve, largest, instrument.max_lots.value()),
                 kMaxProduct.value() / charged);
  const auto& interest = curve.open_interest;
  const bool is_scaled = interest.upper != Quanta(0) && notional != 0;
  const auto most =
      CheckedCast<std::int64_t>(is_scaled ? interest.lower.value() / notional : kMax<std::int64_t>);
  return {.product_below = static_cast<std::uint64_t>(lots) + 1,
          .interest_up_to = most.value_or(kMax<std::int64_t>),
          .value = static_cast<std::int64_t>(mark),
          .maintenance = *maintenance,
          .initial = {*initial_long, *initial_short},
          .worse_value = {static_cast<std::int64_t>((std::min)(mark, slow)),
                          static_cast<std::int64_t>((std::max)(mark, slow))}};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_VALUATION_H_
