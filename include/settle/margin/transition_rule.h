// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The rule between a margin account before and after a transaction that somebody chose.
//
// A transition is admitted when
//   1. initial margin holds after it, or
//   2. the maintenance requirement does not rise, and neither equity / maintenance nor what initial
//      margin leaves / maintenance falls.
// So an account with enough margin may do what it can pay for, and one without may only do what
// makes it safer. Ratios are compared by cross multiplication in 256 bits, without division. Where
// one of the two requirements is zero there is no ratio: only zero to zero with equity strictly
// rising is then admitted, which leaves closing an account below zero to liquidation.
// Source: dYdX v4, IsValidStateTransitionForUndercollateralizedSubaccount. That has one equity;
// here initial margin may count less of it, by slow prices, haircuts and caps, and must not be
// taken out beside what makes an account safer. Where these take nothing and all instruments have
// one ratio of initial to maintenance, the two are one. From an account that holds initial margin
// nothing else is admitted than what leaves it.
//
//   Ledger<TransitionRule<ExactPpm>, OwnerKeys, Accounts> ledger(options);
//   ledger.Apply(batch, {.context = {.valuation = valuation}, ...}, verdicts);

#ifndef SETTLE_MARGIN_TRANSITION_RULE_H_
#define SETTLE_MARGIN_TRANSITION_RULE_H_

#include <algorithm>
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

// The same of what initial margin leaves, and where there is no ratio, when it does not fall.
// Equity counts at the mark, and all of its profit: without this, who closes positions could take
// out what slow prices, haircuts and caps keep.
[[nodiscard]] constexpr bool HeadroomRatioHolds(const Risk& before, const Risk& after) {
  if (Sign(before.maintenance) == 0 || Sign(after.maintenance) == 0) {
    return before.maintenance == after.maintenance &&
           before.initial_headroom <= after.initial_headroom;
  }
  return CompareProducts(after.initial_headroom.value(), before.maintenance.value(),
                         before.initial_headroom.value(), after.maintenance.value()) >= 0;
}

// Judges two risks at the same prices. Errors: kInitialMargin, kMaintenanceRises,
// kMaintenanceWorsens.
[[nodiscard]] constexpr Reason CheckTransition(const Risk& before, const Risk& after) {
  if (InitialMarginHolds(after)) return {};
  const bool was_held = InitialMarginHolds(before);
  if (before.maintenance < after.maintenance) {
    return was_held ? MarginReason::kInitialMargin : MarginReason::kMaintenanceRises;
  }
  if (!EquityRatioHolds(before, after) || !HeadroomRatioHolds(before, after)) {
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
      if (TakesProfit(context.valuation, before, after)) return MarginReason::kProfitTaken;
      if (!IsTrade(context, before, after)) cap = parameters.withdrawal_profit_cap;
    }
    const Result<Risk> risk_after = Evaluate<Requirement>(context, after, cap);
    if (!risk_after.ok()) return risk_after.reason();
    if (InitialMarginHolds(*risk_after)) return {};
    const Result<Risk> risk_before = Evaluate<Requirement>(context, before, cap);
    if (!risk_before.ok()) return risk_before.reason();
    return CheckTransition(*risk_before, *risk_after);
  }

 private:
  // Both list the same accounts in the same order. False too for what cannot be judged.
  [[nodiscard]] static bool IsTrade(const Context& context, const OwnerView& before,
                                    const OwnerView& after) {
    const Result<RiskSum> sum_after = SumOf<Requirement>(context, after);
    const Result<RiskSum> sum_before = SumOf<Requirement>(context, before);
    if (!sum_after.ok() || !sum_before.ok()) return false;
    const auto lost = CheckedSub(sum_before->equity.value(), sum_after->equity.value());
    Int128 traded = 0;  // initial margin of what changes hands, in millionths
    for (std::size_t i = 0; i < after.balances.size(); ++i) {
      const std::optional<Int128> part =
          InitialOfChange(context.valuation, before.balances[i], after.balances[i]);
      if (!part || !AddTo(traded, *part)) return false;
    }
    return lost && CompareProducts(*lost, kMicroPerQuantum, traded, 1) < 0;
  }

  // True when the profit of a position leaves it by more than lots are closed: what is moved from
  // its quote balance to cash would be profit no more, and be held back by no cap. Of lots that
  // change, as much may be lost as they demand initially.
  [[nodiscard]] static bool TakesProfit(const Valuation& valuation, const OwnerView& before,
                                        const OwnerView& after) {
    for (std::size_t i = 0; i < after.balances.size(); ++i) {
      const BalanceView& old = before.balances[i];
      if (!IsContract(old.asset) || old.posted == Amount()) continue;
      const auto index = valuation.instruments().FindByCompartment(old.compartment);
      if (!index || !valuation.instruments()[*index].Allows(valuation.PricesOf(*index).mark)) {
        continue;
      }
      if (TakesProfitOf(valuation, *index, {old, QuoteOf(valuation, before, old.compartment)},
                        {after.balances[i], QuoteOf(valuation, after, old.compartment)})) {
        return true;
      }
    }
    return false;
  }

  // A position's two balances.
  struct Pair {
    const BalanceView& lots;
    std::optional<Int128> quote;
  };
  [[nodiscard]] static bool TakesProfitOf(const Valuation& valuation, InstrumentIndex index,
                                          const Pair& before, const Pair& after) {
    const auto profit_before = ProfitOf(valuation, index, before);
    const auto profit_after = ProfitOf(valuation, index, after);
    const auto traded = InitialOfChange(valuation, before.lots, after.lots);
    if (!profit_before || !profit_after || !traded) return false;  // judged, and refused, elsewhere
    if (*profit_before <= 0) return false;
    const Int128 held = before.lots.posted.value();
    const Int128 now = after.lots.posted.value();
    const bool is_closed = Sign(held) * Sign(now) <= 0;
    const UInt128 left = is_closed ? 0 : (std::min)(Magnitude(held), Magnitude(now));
    // Within 2^96, as both positions are judged.
    const auto kept = MulDiv(*profit_before, static_cast<Int128>(left),
                             static_cast<Int128>(Magnitude(held)), Rounding::kDown);
    const auto least = kept ? CheckedSub(*kept, *traded / kMicroPerQuantum) : std::nullopt;
    return least && *profit_after < *least;
  }

  // What a position has gained and not realised, at its mark; nothing for one that is not judged.
  [[nodiscard]] static std::optional<Int128> ProfitOf(const Valuation& valuation,
                                                      InstrumentIndex index, const Pair& pair) {
    const auto lots = LotsOf(pair.lots.posted);
    if (!lots || !pair.quote) return std::nullopt;
    const Result<Quanta> value =
        valuation.instruments()[index].ValueOf(*lots, valuation.PricesOf(index).mark);
    return value.ok() ? CheckedAdd(value->value(), *pair.quote) : std::nullopt;
  }

  // The quote balance beside a position, with what is reserved of it gone.
  [[nodiscard]] static std::optional<Int128> QuoteOf(const Valuation& valuation,
                                                     const OwnerView& account,
                                                     Compartment compartment) {
    const AssetId quote = valuation.instruments().quote();
    for (const BalanceView& balance : account.balances) {
      if (balance.compartment != compartment || balance.asset != quote) continue;
      return CheckedSub(balance.posted.value(), balance.pending_debits.value());
    }
    return Int128{0};
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
