// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Open orders: trades that may still happen, any of them or none, each for itself.
//
// A pending trade moves the lots of a position by x and its quote balance by f. What an account
// could come to at the worst is the least over all subsets of its pending trades, and is known from
// sums to which each trade adds once. For a position that is the product of its lots q, headroom
// per lot is A for a long and B for a short, and A is not above B, so that for every subset T
//
//   headroom = f_T + min over c in {A, B} of c * (q + x_T)
//   worst    = min over c in {A, B} of (c * q + sum over all trades of min(0, f_i + c * x_i))
//
// which is exact: two sums an instrument. Where demand is no product (tiers, premiums, inverse
// contracts) the losses of all trades that lose at the mark count, and the larger demand of all
// bought and all sold: never better than any subset, as demand is convex.
// A trade's terms depend on the prices: a book is made anew when these change.
//
//   PendingSums sums;
//   Reason reason = AddTo(valuation, {.instrument = bitcoin, .lots = Lots(5), .quote = cost},
//   sums); Result<RiskSum> worst = WorstContributionOf<ExactPpm>(valuation, position, sums);

#ifndef SETTLE_MARGIN_PENDING_H_
#define SETTLE_MARGIN_PENDING_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/margin/detail/position_risk.h"
#include "settle/margin/instrument.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN

struct PendingTrade {
  InstrumentIndex instrument{};
  Lots lots{};     // bought, or below zero: sold
  Quanta quote{};  // minus what they cost, plus what they bring, with fees
  using Fields = Members<&PendingTrade::instrument, &PendingTrade::lots, &PendingTrade::quote>;
};

// What all pending trades of one instrument add up to, at the prices of one valuation.
struct PendingSums {
  Lots bought{};           // 0 or above
  Lots sold{};             // 0 or above
  Quanta losses{};         // at the mark, of those that lose; 0 or below
  MicroQuanta if_long{};   // of min(0, f + A * x); 0 or below
  MicroQuanta if_short{};  // of min(0, f + B * x); 0 or below
  using Fields = Members<&PendingSums::bought, &PendingSums::sold, &PendingSums::losses,
                         &PendingSums::if_long, &PendingSums::if_short>;
};

namespace detail {

// What a lot leaves of headroom, in millionths: held long, and short.
struct LotHeadroom {
  Int128 if_long = 0;   // A
  Int128 if_short = 0;  // B
};
constexpr LotHeadroom HeadroomOf(const ValuationRow& row) {
  const Int128 value = Int128{row.value} * kMicroPerQuantum;
  return {.if_long = value - row.initial[0], .if_short = value + row.initial[1]};
}

// min(0, quote + slope * lots), in millionths.
constexpr std::optional<Int128> LossAt(Int128 slope, const PendingTrade& trade) {
  // A slope is within 1.5 * 2^63 of zero, so that it times lots is 128 bits.
  const Int128 gained = slope * trade.lots.value();
  const Int128 quote = trade.quote.value();
  Int128 gain = 0;
  if (quote < -kMaxEquity.value() || kMaxEquity.value() < quote ||
      __builtin_add_overflow(gained, quote * kMicroPerQuantum, &gain)) {
    return std::nullopt;
  }
  return (std::min)(gain, Int128{0});
}

// What a trade contributes to the sums of its instrument.
inline Reason SumsOf(const Valuation& valuation, const PendingTrade& trade, PendingSums& out) {
  if (trade.instrument.value() >= valuation.size()) return MarginReason::kUnknownInstrument;
  if (trade.lots.value() == kMin<std::int64_t>) return MarginReason::kPositionTooLarge;
  const ValuationRow& row = valuation[trade.instrument];
  Int128 value = Int128{trade.lots.value()} * row.value;
  if (row.product_below == 0) {
    const Instrument& instrument = valuation.instruments()[trade.instrument];
    const PriceTicks mark = valuation.PricesOf(trade.instrument).mark;
    const Result<Quanta> worth = mark == kNoPrice ? Result<Quanta>(MarginReason::kMissingPrice)
                                                  : instrument.ValueOf(trade.lots, mark);
    if (!worth.ok()) return worth.reason();
    value = worth->value();
  }
  const LotHeadroom slopes = HeadroomOf(row);
  const auto if_long = LossAt(slopes.if_long, trade);
  const auto if_short = LossAt(slopes.if_short, trade);
  const auto gain = CheckedAdd(trade.quote.value(), value);
  if (!if_long || !if_short || !gain) return MarginReason::kMarginOverflow;
  const Lots none(0);
  out = {.bought = (std::max)(trade.lots, none),
         .sold = (std::max)(Lots(-trade.lots.value()), none),
         .losses = Quanta((std::min)(*gain, Int128{0})),
         .if_long = MicroQuanta(*if_long),
         .if_short = MicroQuanta(*if_short)};
  return {};
}

}  // namespace detail

// Adds a trade to the sums of its instrument. Errors, with the sums untouched: kUnknownInstrument,
// kPositionTooLarge, kMissingPrice, kPriceOutOfRange, kMarginOverflow. Three products.
[[nodiscard]] inline Reason AddTo(const Valuation& valuation, const PendingTrade& trade,
                                  PendingSums& sums) {
  PendingSums part;
  if (Reason reason = detail::SumsOf(valuation, trade, part); !reason.ok()) return reason;
  PendingSums sum = sums;
  if (!AddTo(sum.bought, part.bought) || !AddTo(sum.sold, part.sold)) {
    return MarginReason::kPositionTooLarge;
  }
  if (!AddTo(sum.losses, part.losses) || !AddTo(sum.if_long, part.if_long) ||
      !AddTo(sum.if_short, part.if_short)) {
    return MarginReason::kMarginOverflow;
  }
  sums = sum;
  return {};
}

// Takes out a trade that was added at the same prices: the sums are then as if it had never been.
// Errors, with the sums untouched: those of AddTo, kNotInSum for one that cannot have been added.
[[nodiscard]] inline Reason SubtractFrom(const Valuation& valuation, const PendingTrade& trade,
                                         PendingSums& sums) {
  PendingSums part;
  if (Reason reason = detail::SumsOf(valuation, trade, part); !reason.ok()) return reason;
  const auto bought = CheckedSub(sums.bought, part.bought);
  const auto sold = CheckedSub(sums.sold, part.sold);
  const auto losses = CheckedSub(sums.losses, part.losses);
  const auto if_long = CheckedSub(sums.if_long, part.if_long);
  const auto if_short = CheckedSub(sums.if_short, part.if_short);
  const bool was_added = bought && sold && losses && if_long && if_short && Sign(*bought) >= 0 &&
                         Sign(*sold) >= 0 && Sign(*losses) <= 0 && Sign(*if_long) <= 0 &&
                         Sign(*if_short) <= 0;
  if (!was_added) return MarginReason::kNotInSum;
  sums = {.bought = *bought,
          .sold = *sold,
          .losses = *losses,
          .if_long = *if_long,
          .if_short = *if_short};
  return {};
}

namespace detail {

// The two ends of what a position may become, and how much open interest may be by then.
struct PendingEnds {
  MarginPosition all_sold{};
  MarginPosition all_bought{};
};

inline std::optional<PendingEnds> EndsOf(const MarginPosition& position, const PendingSums& sums) {
  PendingEnds ends{.all_sold = position, .all_bought = position};
  const auto sold = CheckedSub(position.lots, sums.sold);
  const auto bought = CheckedAdd(position.lots, sums.bought);
  if (!sold || !bought) return std::nullopt;
  ends.all_sold.lots = *sold;
  ends.all_bought.lots = *bought;
  const Lots interest = CheckedAdd(position.open_interest, (std::max)(sums.bought, sums.sold))
                            .value_or(Lots(kMax<std::int64_t>));
  ends.all_sold.open_interest = ends.all_bought.open_interest = interest;
  return ends;
}

// True for a position that is a product at both ends of what it may become, and so between them.
inline bool IsProductAtBothEnds(const ValuationRow& row, const MarginPosition& position,
                                const PendingSums& sums) {
  MarginPosition sold = position;
  MarginPosition bought = position;
  // Neither term of the interest is below zero, so that they add up in 64 bits.
  const auto moved = static_cast<std::uint64_t>((std::max)(sums.bought, sums.sold).value());
  const auto interest = static_cast<std::uint64_t>(position.open_interest.value()) + moved;
  if (!AddTo(bought.lots, sums.bought) || !AddTo(sold.lots, Lots(-sums.sold.value())) ||
      static_cast<std::uint64_t>(row.interest_up_to) < interest) {
    return false;
  }
  sold.open_interest = bought.open_interest = Lots(0);
  return IsProduct(row, sold) && IsProduct(row, bought);
}

// Exact, for a position that IsProductAtBothEnds. False when a sum leaves 128 bits; `out` is then
// meaningless.
inline bool WorstProduct(const ValuationRow& row, const MarginPosition& position,
                         const PendingSums& sums, PositionRisk& out) {
  const LotHeadroom slopes = HeadroomOf(row);
  const Int128 lots = position.lots.value();
  Int128 as_long = 0;
  Int128 as_short = 0;
  int refused = __builtin_add_overflow(slopes.if_long * lots, sums.if_long.value(), &as_long);
  refused |= __builtin_add_overflow(slopes.if_short * lots, sums.if_short.value(), &as_short);
  refused |= __builtin_add_overflow(lots * row.value, sums.losses.value(), &out.value);
  // Its millionths leave 128 bits beyond.
  refused |= out.value < -kMaxEquity.value() || kMaxEquity.value() < out.value ? 1 : 0;
  if (refused != 0 || __builtin_sub_overflow(out.value * kMicroPerQuantum,
                                             (std::min)(as_long, as_short), &out.initial)) {
    return false;
  }
  const std::uint64_t size = (std::max)(SizeOf(Lots(position.lots.value() - sums.sold.value())),
                                        SizeOf(Lots(position.lots.value() + sums.bought.value())));
  out.maintenance = static_cast<Int128>(size) * row.maintenance;
  return true;
}

template <RequirementPolicy Policy>
Reason WorstByEnds(const Valuation& valuation, const MarginPosition& position,
                   const PendingSums& sums, PositionRisk& out) {
  if (valuation.IsInPortfolio(position.instrument)) return MarginReason::kInPortfolio;
  const std::optional<PendingEnds> ends = EndsOf(position, sums);
  if (!ends) return MarginReason::kPositionTooLarge;
  PositionRisk sold;
  PositionRisk bought;
  Reason refusal = RiskOfPosition<Policy>(valuation, position, out);
  refusal = FirstOf(refusal, RiskOfPosition<Policy>(valuation, ends->all_sold, sold));
  refusal = FirstOf(refusal, RiskOfPosition<Policy>(valuation, ends->all_bought, bought));
  if (!refusal.ok()) return refusal;
  const auto value = CheckedAdd(out.value, sums.losses.value());
  if (!value) return MarginReason::kMarginOverflow;
  out.value = *value;
  out.initial = (std::max)(sold.initial, bought.initial);
  out.maintenance = (std::max)(sold.maintenance, bought.maintenance);
  const Instrument& instrument = valuation.instruments()[position.instrument];
  if (instrument.kind == InstrumentKind::kInverse && ends->all_sold.lots != ends->all_bought.lots) {
    // Values are rounded between the two ends as well.
    out.initial += 2 * kMicroPerQuantum;
  }
  return {};
}

// What is left of headroom, in millionths, where none of the position's profit counts: not above
// zero.
constexpr Int128 HeadroomWithoutProfit(const PositionRisk& risk) {
  return (risk.value - risk.worse_value) * kMicroPerQuantum - risk.initial;
}

// The value by which profit must be counted of what is never better than several possibilities,
// each number for itself, where `least` is their least headroom without profit: of an account with
// a cap on profit, headroom is the lesser of that with all profit and that with the cap instead.
constexpr std::optional<Int128> ProfitValue(const PositionRisk& worst, Int128 least) {
  const auto micro = CheckedMul(worst.value, kMicroPerQuantum);
  const auto with_profit = micro ? CheckedSub(*micro, worst.initial) : std::nullopt;
  const auto profit = with_profit ? CheckedSub(*with_profit, least) : std::nullopt;
  if (!profit) return std::nullopt;
  return Divide(*profit, kMicroPerQuantum, Rounding::kUp);
}

// Adds the profit of a position where it is capped: what is pending may gain, and its gains are
// profit too. Both ends were judged before. False when a sum leaves 128 bits.
template <RequirementPolicy Policy>
bool AddPendingProfit(const Valuation& valuation, const MarginPosition& position,
                      const PendingSums& sums, PositionRisk risk, RiskSum& sum) {
  const std::optional<PendingEnds> ends = EndsOf(position, sums);
  PositionRisk sold;
  PositionRisk bought;
  if (!ends || !RiskOfPosition<Policy>(valuation, ends->all_sold, sold).ok() ||
      !RiskOfPosition<Policy>(valuation, ends->all_bought, bought).ok()) {
    return false;
  }
  if (ends->all_sold.lots == Lots(0) && ends->all_bought.lots == Lots(0)) return true;
  const auto value =
      ProfitValue(risk, (std::min)(HeadroomWithoutProfit(sold), HeadroomWithoutProfit(bought)));
  risk.worse_value = value.value_or(0);
  return value && AddProfit(valuation, position.quote, risk, sum);
}

}  // namespace detail

// What a position with its pending trades adds to the risk of its account at the worst, each number
// for itself; without pending trades what ContributionOf answers. Errors: those of ContributionOf,
// of the position and of what it may become; kInPortfolio where only the positions of a portfolio
// together could be judged. O(1), no allocation.
template <RequirementPolicy Policy>
[[nodiscard]] Result<RiskSum> WorstContributionOf(const Valuation& valuation,
                                                  const MarginPosition& position,
                                                  const PendingSums& sums) {
  if (position.instrument.value() >= valuation.size()) return MarginReason::kUnknownInstrument;
  detail::PositionRisk risk;
  const ValuationRow& row = valuation[position.instrument];
  if (Policy::kIsExact && detail::IsProductAtBothEnds(row, position, sums)) [[likely]] {
    if (!detail::WorstProduct(row, position, sums, risk)) return MarginReason::kMarginOverflow;
  } else {
    Reason reason = detail::WorstByEnds<Policy>(valuation, position, sums, risk);
    if (!reason.ok()) return reason;
  }
  RiskSum sum;
  const bool fits = detail::AddPositionTo(sum, risk) && AddTo(sum.equity, position.quote) &&
                    (!valuation.parameters().CapsProfit() ||
                     detail::AddPendingProfit<Policy>(valuation, position, sums, risk, sum));
  if (!fits) return MarginReason::kMarginOverflow;
  return sum;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_PENDING_H_
