// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What one position, or one token, contributes to the risk of its account.
//
// Two ways with one result: the product of lots and the factors of the instrument's row, and the
// way through instrument, prices and curve for what is no product.

#ifndef SETTLE_MARGIN_DETAIL_POSITION_RISK_H_
#define SETTLE_MARGIN_DETAIL_POSITION_RISK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/ledger/types.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// A position without its quote balance. Values are within kMaxNotional of zero; demands are 0 or
// above.
struct PositionRisk {
  Int128 value = 0;        // at the mark, in quanta
  Int128 worse_value = 0;  // by which profit is counted: at the worse of mark and slow price
  Int128 initial = 0;      // in millionths
  Int128 maintenance = 0;
};

// Open interest in lots, the greatest number of them for all beyond.
constexpr Lots SaturatedLots(Amount interest) {
  return LotsOf(interest).value_or(Lots(kMax<std::int64_t>));
}

// Of lots: 0 long, 1 short; and how many there are. Signs are as random as accounts, and no branch
// is taken on one.
constexpr std::size_t SideOf(Lots lots) { return static_cast<std::uint64_t>(lots.value()) >> 63; }
constexpr std::uint64_t SizeOf(Lots lots) {
  const auto word = static_cast<std::uint64_t>(lots.value());
  const std::uint64_t sign = std::uint64_t{0} - (word >> 63);
  return (word ^ sign) - sign;
}

// True when the position is the product of its lots and the row's factors.
constexpr bool IsProduct(const ValuationRow& row, const MarginPosition& position) {
  // An `elsewhere` below zero, which nobody has, is larger than any number of lots here.
  const std::uint64_t size = SizeOf(position.lots);
  const auto elsewhere = static_cast<std::uint64_t>(position.elsewhere.value());
  return size < row.product_below && elsewhere < row.product_below - size &&
         position.open_interest.value() <= row.interest_up_to;
}

// The way of products, for a position that IsProduct.
constexpr PositionRisk ProductsOf(const ValuationRow& row, const MarginPosition& position) {
  const std::int64_t lots = position.lots.value();
  const std::size_t side = SideOf(position.lots);
  const auto size = static_cast<std::int64_t>(SizeOf(position.lots));
  return {.value = Int128{lots} * row.value,
          .worse_value = Int128{lots} * row.worse_value[side],
          .initial = Int128{size} * row.initial[side],
          .maintenance = Int128{size} * row.maintenance};
}

// The notional of open interest at the mark, which may be beyond that of any position.
inline Quanta NotionalOfInterest(const Instrument& instrument, Lots interest, PriceTicks mark) {
  const Int128 lots = interest.value();
  const auto notional =
      instrument.kind == InstrumentKind::kInverse
          ? MulDiv(lots, instrument.multiplier, mark.value(), Rounding::kUp)
          : CheckedMul(
                lots, static_cast<Int128>(Magnitude(Int128{mark.value()} * instrument.multiplier)));
  return Quanta(notional.value_or(kMax<Int128>));
}

// What the position is charged where its instrument has this price.
template <RequirementPolicy Policy>
std::optional<Requirement> DemandOf(const Instrument& instrument, const MarginPosition& position,
                                    PriceTicks price, RatePpm floor_rate) {
  const auto size = static_cast<std::int64_t>(Magnitude(position.lots.value()));
  const PositionSize own{.notional = instrument.NotionalOfAllowed(position.lots, price),
                         .lots = Lots(size)};
  const PositionSize elsewhere{.notional = instrument.NotionalOfAllowed(position.elsewhere, price),
                               .lots = position.elsewhere};
  const std::optional<Requirement> exact = instrument.curve.Above(elsewhere, own, floor_rate);
  if (!exact) return std::nullopt;
  return Policy::Round(*exact, instrument.curve, own.notional);
}

// The way through curve and prices.
template <RequirementPolicy Policy>
Reason RiskByCurve(const Instrument& instrument, const PricePair& prices,
                   const MarginPosition& position, PositionRisk& out) {
  out = {};
  if (position.lots == Lots(0)) return {};  // needs no price
  if (position.elsewhere < Lots(0)) return MarginReason::kPositionTooLarge;
  // Of what is elsewhere no size is refused: an account must stay one that can be judged.
  if (!instrument.Allows(position.lots)) return MarginReason::kPositionTooLarge;
  if (prices.mark == kNoPrice) return MarginReason::kMissingPrice;
  if (!instrument.Allows(prices.mark) || !instrument.Allows(prices.slow)) {
    return MarginReason::kPriceOutOfRange;
  }
  RatePpm floor_rate{0};
  if (instrument.curve.open_interest.upper != Quanta(0)) {
    floor_rate = instrument.curve.InitialRateAt(
        NotionalOfInterest(instrument, position.open_interest, prices.mark), Policy::kRateRounding);
  }
  const auto at_mark = DemandOf<Policy>(instrument, position, prices.mark, floor_rate);
  const auto at_slow = DemandOf<Policy>(instrument, position, prices.slow, floor_rate);
  if (!at_mark || !at_slow) return MarginReason::kMarginOverflow;
  const Int128 value = instrument.ValueOfAllowed(position.lots, prices.mark).value();
  const Int128 slow_value = instrument.ValueOfAllowed(position.lots, prices.slow).value();
  // What the slow price demands more than the mark: by its requirement and by the value it takes.
  const auto by_slow =
      CheckedAdd(at_slow->initial.value(), (value - slow_value) * kMicroPerQuantum);
  if (!by_slow) return MarginReason::kMarginOverflow;
  out = {.value = value,
         .worse_value = (std::min)(value, slow_value),
         .initial = (std::max)(at_mark->initial.value(), *by_slow),
         .maintenance = at_mark->maintenance.value()};
  return {};
}

// Errors: kUnknownInstrument, kPositionTooLarge, kMissingPrice, kPriceOutOfRange, kMarginOverflow.
template <RequirementPolicy Policy>
Reason RiskOfPosition(const Valuation& valuation, const MarginPosition& position,
                      PositionRisk& out) {
  if (position.instrument.value() >= valuation.size()) return MarginReason::kUnknownInstrument;
  const ValuationRow& row = valuation[position.instrument];
  if (Policy::kIsExact && IsProduct(row, position)) [[likely]] {
    out = ProductsOf(row, position);
    return {};
  }
  const Instrument& instrument = valuation.instruments()[position.instrument];
  if (instrument.kind == InstrumentKind::kSpot) return MarginReason::kUnknownInstrument;
  return RiskByCurve<Policy>(instrument, valuation.PricesOf(position.instrument), position, out);
}

// Of each number the worse of two that a position may become. What is worth less leaves as much
// less headroom, so that the sum is one of equity and demand that is never better than either.
constexpr PositionRisk WorseOf(const PositionRisk& a, const PositionRisk& b) {
  const Int128 value = (std::min)(a.value, b.value);
  const auto demand = [&](const PositionRisk& one) {
    return one.initial - (one.value - value) * kMicroPerQuantum;
  };
  return {.value = value,
          .worse_value = (std::min)(a.worse_value, b.worse_value),
          .initial = (std::max)(demand(a), demand(b)),
          .maintenance = (std::max)(a.maintenance, b.maintenance)};
}

// Of a position that may become `a` or `b` and would then have these profits, 0 or above, how much
// of its headroom is profit: so much that with any part of it left out, too, there remains as
// little as of the worse of the two. Rounded up. Nothing where it leaves 128 bits.
constexpr std::optional<Int128> ProfitOfEither(const PositionRisk& a, Int128 profit_a,
                                               const PositionRisk& b, Int128 profit_b) {
  const Int128 common = (std::min)(profit_a, profit_b);
  const auto headroom_a = CheckedSub(a.value * kMicroPerQuantum, a.initial);
  const auto headroom_b = CheckedSub(b.value * kMicroPerQuantum, b.initial);
  const auto more_a = CheckedMul(profit_a - common, kMicroPerQuantum);
  const auto more_b = CheckedMul(profit_b - common, kMicroPerQuantum);
  if (!more_a || !more_b || !headroom_a || !headroom_b) return std::nullopt;
  const auto without_a = CheckedSub(*headroom_a, *more_a);
  const auto without_b = CheckedSub(*headroom_b, *more_b);
  if (!without_a || !without_b) return std::nullopt;
  const auto profit =
      CheckedSub((std::min)(*headroom_a, *headroom_b), (std::min)(*without_a, *without_b));
  if (!profit) return std::nullopt;
  return CheckedAdd(common, *Divide(*profit, kMicroPerQuantum, Rounding::kUp));
}

// False when a sum leaves 128 bits; `sum` is then meaningless.
constexpr bool AddPositionTo(RiskSum& sum, const PositionRisk& risk) {
  return AddTo(sum, {.equity = Quanta(risk.value),
                     .initial = MicroQuanta(risk.initial),
                     .maintenance = MicroQuanta(risk.maintenance)});
}

// Adds the profit of a position with this quote balance, where profit is capped. False when the sum
// leaves 128 bits; `sum` is then meaningless.
inline bool AddProfit(const Valuation& valuation, Quanta quote, const PositionRisk& risk,
                      RiskSum& sum) {
  if (!valuation.parameters().CapsProfit()) return true;
  const auto profit = CheckedAdd(risk.worse_value, quote.value());
  return profit && (*profit <= 0 || AddTo(sum.profit, Quanta(*profit)));
}

// Adds a position with its quote balance. After a refusal `sum` is meaningless.
template <RequirementPolicy Policy>
[[nodiscard]] Reason AddPosition(const Valuation& valuation, const MarginPosition& position,
                                 RiskSum& sum) {
  PositionRisk risk;
  if (Reason reason = RiskOfPosition<Policy>(valuation, position, risk); !reason.ok()) {
    return reason;
  }
  const bool fits = AddPositionTo(sum, risk) && AddTo(sum.equity, position.quote) &&
                    (position.lots == Lots(0) || AddProfit(valuation, position.quote, risk, sum));
  return fits ? Reason() : MarginReason::kMarginOverflow;
}

// A sum over at most kMaxProducts positions that are products, kept in registers. Each of its parts
// is at most kMaxProduct from zero: nothing needs a check.
class ProductSum {
 public:
  static constexpr std::size_t kMaxProducts = 1'024;

  // Adds a position with its quote balance; false, with nothing added, when it is no product.
  [[nodiscard]] bool Add(const Valuation& valuation, const MarginPosition& position) {
    return AddLeading(valuation, {&position, 1}) == 1;
  }

  // Adds positions with their quote balances up to the first that is no product, and answers how
  // many these were. Of up to kMaxProducts in all.
  [[nodiscard]] std::size_t AddLeading(const Valuation& valuation,
                                       std::span<const MarginPosition> positions) {
    const std::span<const ValuationRow> rows = valuation.rows();
    Int128 equity = equity_;
    Int128 initial = initial_;
    Int128 maintenance = maintenance_;
    std::size_t added = 0;
    for (; added < positions.size(); ++added) {
      const MarginPosition& position = positions[added];
      if (position.instrument.value() >= rows.size()) break;
      const ValuationRow& row = rows[position.instrument.value()];
      const Int128 quote = position.quote.value();
      // Within 2^110 of zero.
      const auto high = static_cast<std::uint64_t>(quote >> 64) + (std::uint64_t{1} << 46);
      if (!IsProduct(row, position) || (high >> 47) != 0) break;
      const auto size = static_cast<std::int64_t>(SizeOf(position.lots));
      equity += Int128{position.lots.value()} * row.value + quote;
      initial += Int128{size} * row.initial[SideOf(position.lots)];
      maintenance += Int128{size} * row.maintenance;
    }
    equity_ = equity;
    initial_ = initial;
    maintenance_ = maintenance;
    return added;
  }

  [[nodiscard]] RiskSum sum() const {
    return {.equity = Quanta(equity_),
            .initial = MicroQuanta(initial_),
            .maintenance = MicroQuanta(maintenance_)};
  }

  // The risk of an account that has these positions and cash of less than kMaxNotional of either
  // sign.
  [[nodiscard]] Result<Risk> Finish(Quanta cash) const {
    return settle::Finish({.equity = Quanta(equity_ + cash.value()),
                           .initial = MicroQuanta(initial_),
                           .maintenance = MicroQuanta(maintenance_)});
  }

 private:
  Int128 equity_ = 0;
  Int128 initial_ = 0;
  Int128 maintenance_ = 0;
};

// True where the positions of an account may be such: its demands are exact, its profit counts
// whole, and they are few enough. What belongs to a portfolio is no product.
template <RequirementPolicy Policy>
bool MayBeProducts(const Valuation& valuation, std::size_t positions) {
  const MarginParameters& parameters = valuation.parameters();
  return Policy::kIsExact && positions <= ProductSum::kMaxProducts && !parameters.CapsProfit();
}

// What units of a token, 0 or above, contribute at prices that it allows: their value up to the
// cap, less the haircut. Rounded down, three times. No holding is too large to be judged: anybody
// may be sent one.
inline RiskSum RiskOfCollateral(const Instrument& token, const PricePair& prices, Amount units) {
  const CollateralTerms& terms = token.collateral;
  const Quanta value = token.ValueOfUnits(units, prices.mark).value_or(kMaxEquity);
  const Quanta slow_value = token.ValueOfUnits(units, prices.slow).value_or(kMaxEquity);
  const auto counted = [&](Quanta worth, RatePpm haircut) {
    const RatePpm kept(RatePpm::kScale - haircut.parts());
    return *kept.Of((std::min)(worth, terms.cap).value(), Rounding::kDown);  // at most the worth
  };
  const Int128 kept = counted(value, terms.maintenance_haircut);
  const Int128 lent = counted((std::min)(value, slow_value), terms.initial_haircut);
  return {.equity = Quanta(kept), .initial = MicroQuanta((kept - lent) * kMicroPerQuantum)};
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_DETAIL_POSITION_RISK_H_
