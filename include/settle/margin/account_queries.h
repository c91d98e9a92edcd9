// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The questions that every front end asks of an account, each answered exactly: the answer is
// accepted and one unit more is refused.
//
//   largest order       the most lots that AddOrder would take at a price
//   withdrawable        the most cash that may leave
//   liquidation price   the first price, from the mark on, at which maintenance is not covered
//   bankruptcy price    the last price, from the mark on, at which equity is not below zero
//
// Each is found by asking, at most 64 times, what would be asked of the real thing: there is no
// second formula that could disagree with the first.

#ifndef SETTLE_MARGIN_ACCOUNT_QUERIES_H_
#define SETTLE_MARGIN_ACCOUNT_QUERIES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/margin/account_book.h"
#include "settle/margin/detail/position_risk.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/pending.h"
#include "settle/margin/prices.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// The greatest n of 0 to `most` for which `holds`, which holds for none above one for which it does
// not; zero is taken to hold.
template <typename Predicate>
std::int64_t GreatestThat(std::int64_t most, Predicate holds) {
  std::int64_t yes = 0;
  std::int64_t no = most;
  if (most > 0 && holds(most)) return most;
  while (no - yes > 1) {
    const std::int64_t middle = yes + (no - yes) / 2;
    (holds(middle) ? yes : no) = middle;
  }
  return yes;
}

// What the account has and must keep where the position at a place has another price.
struct AtPrice {
  Int128 equity = 0;
  Int128 maintenance = 0;
};

// The account's positions with another price of one of them. Only the mark counts.
template <RequirementPolicy Policy>
class Repriced {
 public:
  // `entry` is one of the book's.
  Repriced(const Valuation& valuation, const AccountBook<Policy>& book,
           const typename AccountBook<Policy>::Entry& entry)
      : instrument_(valuation.instruments()[entry.position.instrument]),
        position_(entry.position),
        mark_(valuation.PricesOf(entry.position.instrument).mark),
        others_(book.held()) {
    fits_ = SubtractFrom(others_, entry.held);
  }

  // Nothing where it leaves 128 bits or the instrument does not allow the price.
  [[nodiscard]] std::optional<AtPrice> At(PriceTicks price) const {
    PositionRisk risk;
    const PricePair prices{.mark = price, .slow = price};
    if (!fits_ || !RiskByCurve<Policy>(instrument_, prices, position_, risk).ok()) {
      return std::nullopt;
    }
    RiskSum sum = others_;
    if (!AddPositionTo(sum, risk) || !AddTo(sum.equity, position_.quote)) return std::nullopt;
    return AtPrice{.equity = sum.equity.value(), .maintenance = sum.maintenance.value()};
  }

  [[nodiscard]] bool has_lots() const { return position_.lots != Lots(0); }
  [[nodiscard]] PriceTicks mark() const {
    return mark_;
  }  // or kNoPrice, at which nothing is judged
  // The tick by which the position loses.
  [[nodiscard]] std::int64_t away() const { return position_.lots < Lots(0) ? 1 : -1; }

  // Of the prices from the mark on in the direction in which the position loses, the last one for
  // which `holds`; nothing where it does not hold at the mark, or at every price.
  template <typename Predicate>
  [[nodiscard]] std::optional<PriceTicks> LastThat(Predicate holds) const {
    const std::int64_t end =
        away() > 0 ? instrument_.max_price.value() : instrument_.min_price.value();
    const auto at = [&](std::int64_t steps) {
      const auto state = At(PriceTicks(mark_.value() + away() * steps));
      return state && holds(*state);
    };
    if (!at(0)) return std::nullopt;
    // Both are prices that the instrument allows, so that their distance is 64 bits.
    const std::int64_t most = away() > 0 ? end - mark_.value() : mark_.value() - end;
    if (at(most)) return std::nullopt;
    return PriceTicks(mark_.value() + away() * GreatestThat(most, at));
  }

 private:
  const Instrument& instrument_;
  MarginPosition position_;
  PriceTicks mark_;
  RiskSum others_;
  bool fits_ = false;
};

}  // namespace detail

// The most lots of an order that AddOrder would admit, where `lot` is the order of a single lot (of
// +1 or -1 lots); zero where it admits none. Errors: those of AddOrder for reasons other than
// margin, of a single lot. At most 64 judgements.
template <RequirementPolicy Policy>
[[nodiscard]] Result<Lots> LargestOrder(const Valuation& valuation, const AccountBook<Policy>& book,
                                        std::size_t place, const PendingTrade& lot) {
  if (lot.instrument.value() >= valuation.size()) return MarginReason::kUnknownInstrument;
  if (lot.lots != Lots(1) && lot.lots != Lots(-1)) return MarginReason::kPositionTooLarge;
  const auto admits = [&](std::int64_t lots) {
    const auto quote = CheckedMul(lot.quote, lots);
    return quote && book.JudgeOrder(valuation, place,
                                    {.instrument = lot.instrument,
                                     .lots = Lots(lots * lot.lots.value()),
                                     .quote = *quote})
                        .ok();
  };
  const Reason first = book.JudgeOrder(valuation, place, lot);
  const bool is_margin = first == Reason(MarginReason::kInitialMargin) ||
                         first == Reason(MarginReason::kMaintenanceRises) ||
                         first == Reason(MarginReason::kMaintenanceWorsens);
  if (!first.ok() && !is_margin) return first;
  // From all of a short to all of a long.
  const auto most = CheckedMul(valuation.instruments()[lot.instrument].max_lots.value(), 2);
  return Lots(detail::GreatestThat(most.value_or(kMax<std::int64_t>), admits));
}

// The most cash that may leave the account without a trade: what initial margin leaves with all
// that is pending, and with no more unrealised profit than the cap for withdrawals. Errors:
// kMarginOverflow.
template <RequirementPolicy Policy>
[[nodiscard]] Result<Quanta> WithdrawableAmount(const MarginParameters& parameters,
                                                const AccountBook<Policy>& book) {
  const Result<Risk> risk = Finish(book.worst(), parameters.withdrawal_profit_cap);
  if (!risk.ok()) return risk.reason();
  const auto whole = Divide(risk->initial_headroom.value(), kMicroPerQuantum, Rounding::kDown);
  return Quanta((std::max)(whole.value_or(0), Int128{0}));
}

// The first price of the position's instrument, from its mark on in the direction in which the
// position loses, at which the account's equity does not cover its maintenance; other prices and
// positions stay. The mark itself where it does not even there; nothing where there are no lots, no
// mark, or every price leaves it covered. At most 64 evaluations. Maintenance must not rise faster
// than the value falls, as with rates up to 100 % it never does.
template <RequirementPolicy Policy>
[[nodiscard]] std::optional<PriceTicks> LiquidationPrice(const Valuation& valuation,
                                                         const AccountBook<Policy>& book,
                                                         std::size_t place) {
  const detail::Repriced<Policy> account(valuation, book, book.entries()[place]);
  const auto is_covered = [](const detail::AtPrice& state) {
    return CompareProducts(state.equity, kMicroPerQuantum, state.maintenance, 1) >= 0;
  };
  const auto at_mark = account.At(account.mark());
  if (!account.has_lots() || !at_mark) return std::nullopt;
  if (!is_covered(*at_mark)) return account.mark();
  const auto last = account.LastThat(is_covered);
  if (!last) return std::nullopt;
  return PriceTicks(last->value() + account.away());
}

// The last price of the position's instrument, from its mark on in the direction in which the
// position loses, at which the account's equity is not below zero: closed there, it leaves no debt.
// Nothing where equity is below zero at the mark, there are no lots or no mark, or no price takes
// it below zero. At most 64 evaluations.
template <RequirementPolicy Policy>
[[nodiscard]] std::optional<PriceTicks> BankruptcyPrice(const Valuation& valuation,
                                                        const AccountBook<Policy>& book,
                                                        std::size_t place) {
  const detail::Repriced<Policy> account(valuation, book, book.entries()[place]);
  if (!account.has_lots()) return std::nullopt;
  return account.LastThat([](const detail::AtPrice& state) { return state.equity >= 0; });
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_ACCOUNT_QUERIES_H_
