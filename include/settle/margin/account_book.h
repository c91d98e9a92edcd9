// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// One margin account with its open orders, judged in constant time at each change.
//
// For front ends and matching engines that must answer, before an order is accepted, whether the
// account can bear it in whatever way it and the others fill. The ledger stays the only holder of
// positions: a book is derived from it, never stored, and made anew when prices change.
//
//   AccountBook<> book(cash);
//   const Result<std::size_t> place = book.PlaceOf(bitcoin);
//   Reason reason = book.SetPosition(valuation, *place, held);
//   reason = book.AddOrder(valuation, *place, {bitcoin, Lots(5), cost_of_5});  // or kInitialMargin
//   reason = book.FillOrder(valuation, *place, {.order = all, .rest = rest, .fill = executed});
//
// Every call but PlaceOf and Reprice is a few products and sums, however many positions and orders
// there are, and allocates nothing. A refused call changes nothing.

#ifndef SETTLE_MARGIN_ACCOUNT_BOOK_H_
#define SETTLE_MARGIN_ACCOUNT_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/fwd.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/pending.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/transition_rule.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxBookPositions = 1'024;

// An order that is filled in part or whole: `order` was pending, `rest` is from now on (none: no
// lots), and the position moves by `fill`, at the order's terms or better ones.
struct OrderFill {
  PendingTrade order{};
  PendingTrade rest{};
  PendingTrade fill{};
};

template <typename Policy>
class AccountBook {
  static_assert(RequirementPolicy<Policy>, "an account is judged by a policy of requirements");

 public:
  // A position with its pending trades, and what both add to the account's risk.
  struct Entry {
    MarginPosition position{};
    PendingSums pending{};
    RiskSum held{};   // of the position alone
    RiskSum worst{};  // with what is pending
  };

  // An account with so much cash in the quote asset, at most kMaxEquity of either sign.
  explicit AccountBook(Quanta cash = {}) : cash_(cash) { held_.equity = worst_.equity = cash; }

  // Where the instrument's position stands, from now on: without lots at first. Errors:
  // kTooManyPositions. O(positions).
  [[nodiscard]] Result<std::size_t> PlaceOf(InstrumentIndex instrument) {
    for (std::size_t place = 0; place < entries_.size(); ++place) {
      if (entries_[place].position.instrument == instrument) return place;
    }
    if (entries_.size() == kMaxBookPositions) return MarginReason::kTooManyPositions;
    entries_.emplace_back().position.instrument = instrument;
    return entries_.size() - 1;
  }

  // Cash that came or went, already booked. Errors: kMarginOverflow.
  [[nodiscard]] Reason SetCash(Quanta cash) {
    if (cash < Quanta(-kMaxEquity.value()) || kMaxEquity < cash) {
      return MarginReason::kMarginOverflow;
    }
    Reason reason = ReplaceBase({.equity = cash_}, {.equity = cash});
    if (reason.ok()) cash_ = cash;
    return reason;
  }

  // What the tokens that the account holds contribute: the sum of ContributionOf of their balances.
  // It depends on prices, and is set anew when these change. Errors: kMarginOverflow.
  [[nodiscard]] Reason SetCollateral(const RiskSum& collateral) {
    Reason reason = ReplaceBase(collateral_, collateral);
    if (reason.ok()) collateral_ = collateral;
    return reason;
  }

  // The position as the ledger has it now; what is pending stays. `place` is one that PlaceOf gave
  // for its instrument. Errors: kUnknownInstrument where it is not, those of WorstContributionOf.
  [[nodiscard]] Reason SetPosition(const Valuation& valuation, std::size_t place,
                                   const MarginPosition& position) {
    if (position.instrument != entries_[place].position.instrument) {
      return MarginReason::kUnknownInstrument;
    }
    return Become(valuation, place, {.position = position, .pending = entries_[place].pending});
  }

  // Whether an order can be added: whether the account, in the worst of all that its orders may
  // become, keeps initial margin, or else is no worse off by the transition rule. Errors: those of
  // WorstContributionOf and of CheckTransition.
  [[nodiscard]] Reason JudgeOrder(const Valuation& valuation, std::size_t place,
                                  const PendingTrade& order) const {
    Pending pending;
    return Judge(valuation, place, order, pending);
  }

  // Adds an order if JudgeOrder admits it.
  [[nodiscard]] Reason AddOrder(const Valuation& valuation, std::size_t place,
                                const PendingTrade& order) {
    Pending pending;
    Reason reason = Judge(valuation, place, order, pending);
    if (reason.ok()) Assign(place, pending);
    return reason;
  }

  // Takes out an order that was added at these prices, or a part of one that was reduced. Errors:
  // kNotInSum, those of WorstContributionOf.
  [[nodiscard]] Reason CancelOrder(const Valuation& valuation, std::size_t place,
                                   const PendingTrade& order) {
    if (!IsOf(order, place)) return MarginReason::kUnknownInstrument;
    Pending pending{.sums = entries_[place].pending};
    Reason reason = SubtractFrom(valuation, order, pending.sums);
    if (reason.ok()) reason = Conclude(valuation, place, pending);
    if (reason.ok()) Assign(place, pending);
    return reason;
  }

  // Moves what was filled from the order to the position. It was judged when the order was added,
  // and is not again: at the order's terms or better ones the worst cannot be worse. Errors: those
  // of CancelOrder, kPositionTooLarge.
  [[nodiscard]] Reason FillOrder(const Valuation& valuation, std::size_t place,
                                 const OrderFill& fill) {
    if (!IsOf(fill.order, place) || !IsOf(fill.rest, place) || !IsOf(fill.fill, place)) {
      return MarginReason::kUnknownInstrument;
    }
    Entry entry = entries_[place];
    Reason reason = SubtractFrom(valuation, fill.order, entry.pending);
    if (reason.ok()) reason = AddTo(valuation, fill.rest, entry.pending);
    if (!reason.ok()) return reason;
    if (!AddTo(entry.position.lots, fill.fill.lots) ||
        !AddTo(entry.position.quote, fill.fill.quote)) {
      return MarginReason::kPositionTooLarge;
    }
    return Become(valuation, place, entry);
  }

  // Everything but collateral anew at other prices; `orders` are all that are open. Errors, with
  // nothing changed: those of WorstContributionOf, kUnknownInstrument for an order without a place.
  // O(positions * orders).
  [[nodiscard]] Reason Reprice(const Valuation& valuation, std::span<const PendingTrade> orders) {
    AccountBook book(cash_);
    if (Reason reason = book.SetCollateral(collateral_); !reason.ok()) return reason;
    for (const Entry& entry : entries_) {
      Entry anew{.position = entry.position};
      for (const PendingTrade& order : orders) {
        if (order.instrument != entry.position.instrument) continue;
        if (Reason reason = AddTo(valuation, order, anew.pending); !reason.ok()) return reason;
      }
      book.entries_.emplace_back().position.instrument = entry.position.instrument;
      Reason reason = book.Become(valuation, book.entries_.size() - 1, anew);
      if (!reason.ok()) return reason;
    }
    for (const PendingTrade& order : orders) {
      if (!Has(order.instrument)) return MarginReason::kUnknownInstrument;
    }
    *this = std::move(book);
    return {};
  }

  [[nodiscard]] Quanta cash() const { return cash_; }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  // Of the positions alone, by which an account is liquidated, and with all that is pending.
  [[nodiscard]] const RiskSum& held() const { return held_; }
  [[nodiscard]] const RiskSum& worst() const { return worst_; }

 private:
  struct Totals {
    RiskSum held{};
    RiskSum worst{};
  };

  // What is neither position nor order: in both sums.
  [[nodiscard]] Reason ReplaceBase(const RiskSum& old, const RiskSum& now) {
    Totals totals{.held = held_, .worst = worst_};
    if (!Exchange(totals.held, totals.worst, {old, old}, {now, now})) {
      return MarginReason::kMarginOverflow;
    }
    held_ = totals.held;
    worst_ = totals.worst;
    return {};
  }
  [[nodiscard]] bool IsOf(const PendingTrade& trade, std::size_t place) const {
    return trade.instrument == entries_[place].position.instrument;
  }
  [[nodiscard]] bool Has(InstrumentIndex instrument) const {
    for (const Entry& entry : entries_) {
      if (entry.position.instrument == instrument) return true;
    }
    return false;
  }

  // Takes what was there out of both totals and adds what is instead; false when one leaves 128
  // bits, and they are then meaningless.
  [[nodiscard]] static bool Exchange(RiskSum& held, RiskSum& worst, const Totals& old,
                                     const Totals& now) {
    return SubtractFrom(held, old.held) && AddTo(held, now.held) &&
           SubtractFrom(worst, old.worst) && AddTo(worst, now.worst);
  }

  // What the account comes to where the entry at `place` becomes `entry`, whose contributions are
  // filled in.
  [[nodiscard]] Reason TotalsWith(const Valuation& valuation, std::size_t place, Entry& entry,
                                  Totals& totals) const {
    const Result<RiskSum> held = ContributionOf<Policy>(valuation, entry.position);
    if (!held.ok()) return held.reason();
    const Result<RiskSum> worst =
        WorstContributionOf<Policy>(valuation, entry.position, entry.pending);
    if (!worst.ok()) return worst.reason();
    entry.held = *held;
    entry.worst = *worst;
    totals = {.held = held_, .worst = worst_};
    const Entry& old = entries_[place];
    const bool fits = Exchange(totals.held, totals.worst, {old.held, old.worst}, {*held, *worst});
    return fits ? Reason() : MarginReason::kMarginOverflow;
  }

  // What is pending of an instrument, what its position comes to with that, and the account.
  struct Pending {
    PendingSums sums{};
    RiskSum worst{};
    RiskSum total{};
  };

  // Fills in what the sums of `pending` come to.
  [[nodiscard]] Reason Conclude(const Valuation& valuation, std::size_t place,
                                Pending& pending) const {
    const Entry& entry = entries_[place];
    const Result<RiskSum> worst =
        WorstContributionOf<Policy>(valuation, entry.position, pending.sums);
    if (!worst.ok()) return worst.reason();
    pending.worst = *worst;
    pending.total = worst_;
    const bool fits =
        SubtractFrom(pending.total, entry.worst) && AddTo(pending.total, pending.worst);
    return fits ? Reason() : MarginReason::kMarginOverflow;
  }

  [[nodiscard]] Reason Judge(const Valuation& valuation, std::size_t place,
                             const PendingTrade& order, Pending& pending) const {
    pending.sums = entries_[place].pending;
    if (!IsOf(order, place)) return MarginReason::kUnknownInstrument;
    if (Reason reason = AddTo(valuation, order, pending.sums); !reason.ok()) return reason;
    if (Reason reason = Conclude(valuation, place, pending); !reason.ok()) return reason;
    const Quanta cap = valuation.parameters().profit_cap;
    const Result<Risk> after = Finish(pending.total, cap);
    if (!after.ok()) return after.reason();
    if (InitialMarginHolds(*after)) return {};
    const Result<Risk> before = Finish(worst_, cap);
    return before.ok() ? CheckTransition(*before, *after) : before.reason();
  }

  void Assign(std::size_t place, const Pending& pending) {
    entries_[place].pending = pending.sums;
    entries_[place].worst = pending.worst;
    worst_ = pending.total;
  }

  [[nodiscard]] Reason Become(const Valuation& valuation, std::size_t place, Entry entry) {
    Totals totals;
    Reason reason = TotalsWith(valuation, place, entry, totals);
    if (reason.ok()) Assign(place, entry, totals);
    return reason;
  }

  void Assign(std::size_t place, const Entry& entry, const Totals& totals) {
    entries_[place] = entry;
    held_ = totals.held;
    worst_ = totals.worst;
  }

  Quanta cash_;
  RiskSum collateral_{};
  std::vector<Entry> entries_;
  RiskSum held_{};
  RiskSum worst_{};
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_ACCOUNT_BOOK_H_
