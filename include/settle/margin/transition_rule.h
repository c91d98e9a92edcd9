// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The rule between a margin account before and after a transaction that somebody chose.
//
// A transition is admitted when
//   1. initial margin holds after it, or
//   2. the maintenance requirement does not rise, and equity / maintenance does not fall.
// So an account with enough margin may do what it can pay for, and one without may only do what
// makes it safer. Ratios are compared by cross multiplication in 256 bits, without division. Where
// one of the two requirements is zero there is no ratio: only zero to zero with equity strictly
// rising is then admitted, which leaves closing an account below zero to liquidation.
// Source: dYdX v4, IsValidStateTransitionForUndercollateralizedSubaccount.
//
//   Ledger<TransitionRule<ExactPpm>, OwnerKeys, Accounts> ledger(options);
//   ledger.Apply(batch, {.context = {.valuation = valuation}, ...}, verdicts);

#ifndef SETTLE_MARGIN_TRANSITION_RULE_H_
#define SETTLE_MARGIN_TRANSITION_RULE_H_

#include <cstddef>
#include <optional>
#include <utility>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/parameters.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// True when equity / maintenance is not less after than before; where one of them has no ratio,
// when neither has and equity is greater.
[[nodiscard]] constexpr bool EquityRatioHolds(const Risk& before, const Risk& after) {
  if (Sign(before.maintenance) == 0 || Sign(after.maintenance) == 0) {
    return before.maintenance == after.maintenance && before.equity < after.equity;
  }
  return CompareProducts(after.equity.value(), before.maintenance.value(), before.equity.value(),
                         after.maintenance.value()) >= 0;
}

// Judges two risks at the same prices. Errors: kInitialMargin, kMaintenanceRises,
// kMaintenanceWorsens.
[[nodiscard]] constexpr Reason CheckTransition(const Risk& before, const Risk& after) {
  if (InitialMarginHolds(after)) return {};
  const bool was_held = InitialMarginHolds(before);
  if (before.maintenance < after.maintenance) {
    return was_held ? MarginReason::kInitialMargin : MarginReason::kMaintenanceRises;
  }
  if (!EquityRatioHolds(before, after)) {
    return was_held ? MarginReason::kInitialMargin : MarginReason::kMaintenanceWorsens;
  }
  return {};
}

// The ledger's invariant. It has no state of its own: parameters and prices are the context's.
template <RequirementPolicy Requirement>
struct TransitionRule {
  using Context = MarginContext;
  // Each contract's open interest comes with the balances, as it is after the transaction: a rate
  // that rises with it is judged at what a trade makes of it.
  static constexpr bool kReadsOpenInterest = true;

  // Judges the account `before` and `after`. Errors: those of Evaluate and of CheckTransition.
  // `before` is looked at only when initial margin does not hold after. O(balances), no allocation.
  //
  // Where profit is capped, what leaves an account may be the profit itself: then no more of it
  // counts than the cap for withdrawals. Nothing leaves in a trade but what it costs against the
  // mark, with fees. As long as that is less than initial margin of the lots that change hands, it
  // is a trade, and the cap for positions counts; so a lot more or less does not make a withdrawal
  // one.
  [[nodiscard]] Reason Admit(const Context& context, const OwnerView& before,
                             const OwnerView& after) const {
    const MarginParameters& parameters = context.valuation.parameters();
    Quanta cap = parameters.profit_cap;
    if (parameters.CapsProfit()) {
      const Result<bool> is_trade = IsTrade(context, before, after);
      if (!is_trade.ok()) return is_trade.reason();
      if (!*is_trade) cap = parameters.withdrawal_profit_cap;
    }
    const Result<Risk> risk_after = Evaluate<Requirement>(context, after, cap);
    if (!risk_after.ok()) return risk_after.reason();
    if (InitialMarginHolds(*risk_after)) return {};
    const Result<Risk> risk_before = Evaluate<Requirement>(context, before, cap);
    if (!risk_before.ok()) return risk_before.reason();
    return CheckTransition(*risk_before, *risk_after);
  }

 private:
  // Both list the same accounts in the same order.
  [[nodiscard]] static Result<bool> IsTrade(const Context& context, const OwnerView& before,
                                            const OwnerView& after) {
    const Result<RiskSum> sum_after = SumOf<Requirement>(context, after);
    if (!sum_after.ok()) return sum_after.reason();
    const Result<RiskSum> sum_before = SumOf<Requirement>(context, before);
    if (!sum_before.ok()) return sum_before.reason();
    const auto lost = CheckedSub(sum_before->equity.value(), sum_after->equity.value());
    if (!lost) return MarginReason::kMarginOverflow;
    Int128 traded = 0;  // initial margin of what changes hands, in millionths
    for (std::size_t i = 0; i < after.balances.size(); ++i) {
      const std::optional<Int128> part =
          InitialOfChange(context.valuation, before.balances[i], after.balances[i]);
      if (!part || !AddTo(traded, *part)) return MarginReason::kMarginOverflow;
    }
    return CompareProducts(*lost, kMicroPerQuantum, traded, 1) < 0;
  }

  // What the first rate of the instrument demands of the lots by which a balance, or what is
  // reserved of it, changes; zero for a token. The instrument is of the table.
  [[nodiscard]] static std::optional<Int128> InitialOfChange(const Valuation& valuation,
                                                             const BalanceView& before,
                                                             const BalanceView& after) {
    if (!IsContract(after.asset)) return Int128{0};
    const auto index = valuation.instruments().FindByCompartment(after.compartment);
    Int128 traded = 0;
    for (const auto& [old, now] : {std::pair{before.posted, after.posted},
                                   std::pair{before.pending_debits, after.pending_debits},
                                   std::pair{before.pending_credits, after.pending_credits}}) {
      const auto change = CheckedSub(now.value(), old.value());
      const auto lots = change ? LotsOf(Amount(*change)) : std::nullopt;
      if (!lots) return std::nullopt;
      if (*lots == Lots(0) || !index) continue;
      const Instrument& instrument = valuation.instruments()[*index];
      const PriceTicks mark = valuation.PricesOf(*index).mark;
      if (!instrument.Allows(*lots) || !instrument.Allows(mark)) continue;
      const Quanta notional = instrument.NotionalOfAllowed(*lots, mark);
      traded += detail::AtRate(notional.value(), instrument.curve.initial);
    }
    return traded;
  }
};
static_assert(LedgerInvariant<TransitionRule<ExactPpm>>,
              "the transition rule is what the ledger asks of an invariant");

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_TRANSITION_RULE_H_
