// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The risk of a margin account: its equity, and what its positions demand.
//
// Every balance contributes on its own and contributions add up, so that the risk of an account is
// one pass over its balances in any order, and a changed balance is a subtraction and an addition
// that give the same bits as the whole pass.
//   - Cash in the quote asset counts as it is.
//   - In an instrument's compartment the quote balance counts as it is (minus the entry cost of a
//     long, plus the proceeds of a short), and lots count lots * mark * multiplier; |that| times
//     the rates is the initial and the maintenance requirement.
//   - Of a token that is reserved, debits count as gone and credits as not come: so little remains
//     at the least, whichever part is posted. Anybody may promise somebody a token, and nobody is
//     judged otherwise for it. What is reserved of a contract is refused.
//   - No other token has value as collateral, and a debt in one is refused: its size is unknown.
//   - A contract that the table does not place in that compartment is refused, never left out.
// A balance of zero is as one that was never opened: it needs neither instrument nor price.
//
//   Result<Risk> risk = Evaluate<ExactPpm>({.instruments = table, .prices = prices}, account);
//   if (risk.ok() && InitialMarginHolds(*risk)) ...

#ifndef SETTLE_MARGIN_RISK_H_
#define SETTLE_MARGIN_RISK_H_

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/instrument.h"
#include "settle/margin/prices.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// By what accounts are judged, fixed for a block: made anew for each at no cost. Both outlive it.
struct MarginContext {
  const InstrumentTable& instruments;
  const MarkPrices& prices;
};

// The additive part of risk: that of one balance, of several, of an account.
struct RiskSum {
  Quanta equity;
  MicroQuanta initial;      // 0 or above
  MicroQuanta maintenance;  // 0 to initial
  using Fields = Members<&RiskSum::equity, &RiskSum::initial, &RiskSum::maintenance>;
};

// The risk of an account. initial_headroom is equity less the initial requirement, and never above
// equity less maintenance.
struct Risk {
  Quanta equity;
  MicroQuanta maintenance;
  MicroQuanta initial_headroom;
  using Fields = Members<&Risk::equity, &Risk::maintenance, &Risk::initial_headroom>;
};

// The largest balance of the quote asset, of either sign, that is judged: its millionths fit 128
// bits. It and kMaxNotional keep fewer than 2^19 contributions, in any order, within 128 bits.
inline constexpr Quanta kMaxEquity{kMax<Int128> / kMicroPerQuantum};
static_assert(kMaxNotional < kMaxEquity && kMaxEquity <= Quanta(kMax<Int128> >> 19));

// Adds `part` to `total`; false, with `total` untouched, when a sum leaves 128 bits.
[[nodiscard]] constexpr bool AddTo(RiskSum& total, const RiskSum& part) {
  RiskSum sum = total;
  if (!AddTo(sum.equity, part.equity) || !AddTo(sum.initial, part.initial) ||
      !AddTo(sum.maintenance, part.maintenance)) {
    return false;
  }
  total = sum;
  return true;
}

// Takes `part`, which was added before, out of `total`; false, with `total` untouched, when it
// cannot have been: equity leaves 128 bits or a requirement falls below zero.
[[nodiscard]] constexpr bool SubtractFrom(RiskSum& total, const RiskSum& part) {
  const auto equity = CheckedSub(total.equity, part.equity);
  const auto initial = CheckedSub(total.initial, part.initial);
  const auto maintenance = CheckedSub(total.maintenance, part.maintenance);
  if (!equity || !initial || !maintenance || Sign(*initial) < 0 || Sign(*maintenance) < 0) {
    return false;
  }
  total = {.equity = *equity, .initial = *initial, .maintenance = *maintenance};
  return true;
}

namespace detail {

// Adds what a balance of a contract, not zero, contributes.
template <RequirementPolicy Requirement>
[[nodiscard]] Reason AddPosition(const MarginContext& context, const BalanceView& balance,
                                 RiskSum& sum) {
  const auto index = context.instruments.FindByCompartment(balance.compartment);
  if (!index || context.instruments[*index].contract != balance.asset) {
    return MarginReason::kUnknownInstrument;
  }
  const LinearPerpetual& instrument = context.instruments[*index];
  const auto lots = LotsOf(balance.posted);
  if (!lots || !instrument.Allows(*lots)) return MarginReason::kPositionTooLarge;
  const PriceTicks price = context.prices.Get(*index);
  if (!instrument.Allows(price)) {
    return price == kNoPrice ? MarginReason::kMissingPrice : MarginReason::kPriceOutOfRange;
  }
  const Quanta value = instrument.ValueOfAllowed(*lots, price);
  // The negative exists: a value is within kMaxNotional of zero.
  const Quanta notional(Sign(value) < 0 ? -value.value() : value.value());
  if (!AddTo(sum.equity, value) || !Requirement::Add(sum.initial, notional, instrument.initial) ||
      !Requirement::Add(sum.maintenance, notional, instrument.maintenance)) {
    return MarginReason::kMarginOverflow;
  }
  return {};
}

// Adds what a balance of a token contributes.
[[nodiscard]] inline Reason AddToken(const MarginContext& context, const BalanceView& balance,
                                     RiskSum& sum) {
  const bool counts =
      balance.asset == context.instruments.quote() &&
      (balance.compartment == kCash || context.instruments.FindByCompartment(balance.compartment));
  const auto least = CheckedSub(balance.posted.value(), balance.pending_debits.value());
  if (!counts) return !least || *least < 0 ? MarginReason::kUnvaluedDebt : Reason();
  if (!least || *least > kMaxEquity.value() || *least < -kMaxEquity.value() ||
      !AddTo(sum.equity, Quanta(*least))) {
    return MarginReason::kMarginOverflow;
  }
  return {};
}

// Adds what one balance contributes. After a refusal `sum` is meaningless.
template <RequirementPolicy Requirement>
[[nodiscard]] Reason AddBalance(const MarginContext& context, const BalanceView& balance,
                                RiskSum& sum) {
  if (!IsContract(balance.asset)) return AddToken(context, balance, sum);
  if ((balance.pending_debits.value() | balance.pending_credits.value()) != 0) {
    return MarginReason::kPendingNotJudged;
  }
  return balance.posted.value() == 0 ? Reason() : AddPosition<Requirement>(context, balance, sum);
}

}  // namespace detail

// What one balance adds to the risk of its account. Errors: kPendingNotJudged, kUnknownInstrument,
// kUnvaluedDebt, kPositionTooLarge, kMissingPrice, kPriceOutOfRange, kMarginOverflow. One probe of
// the table, no allocation.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskSum> ContributionOf(const MarginContext& context,
                                             const BalanceView& balance) {
  RiskSum sum;
  const Reason reason = detail::AddBalance<Requirement>(context, balance, sum);
  if (!reason.ok()) return reason;
  return sum;
}

// The contributions of all balances of an account. Errors: those of ContributionOf, of all balances
// the one that takes precedence, so that their order changes nothing. O(balances).
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskSum> SumOf(const MarginContext& context, const OwnerView& account) {
  RiskSum sum;
  Reason refusal;
  for (const BalanceView& balance : account.balances) {
    const Reason reason = detail::AddBalance<Requirement>(context, balance, sum);
    if (!reason.ok()) refusal = FirstOf(refusal, reason);
  }
  if (!refusal.ok()) return refusal;
  return sum;
}

// The risk that a sum of contributions comes to. Errors: kMarginOverflow.
[[nodiscard]] constexpr Result<Risk> Finish(const RiskSum& sum) {
  const auto equity = CheckedMul(sum.equity.value(), kMicroPerQuantum);
  if (!equity) return MarginReason::kMarginOverflow;
  const auto headroom = CheckedSub(MicroQuanta(*equity), sum.initial);
  if (!headroom) return MarginReason::kMarginOverflow;
  return Risk{.equity = sum.equity, .maintenance = sum.maintenance, .initial_headroom = *headroom};
}

// The risk of an account. Errors: those of SumOf and Finish. O(balances), no allocation.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<Risk> Evaluate(const MarginContext& context, const OwnerView& account) {
  const Result<RiskSum> sum = SumOf<Requirement>(context, account);
  if (!sum.ok()) return sum.reason();
  return Finish(*sum);
}

// Equity covers the initial requirement, to the last millionth of a quantum.
[[nodiscard]] constexpr bool InitialMarginHolds(const Risk& risk) {
  return Sign(risk.initial_headroom) >= 0;
}

// Equity covers the maintenance requirement.
[[nodiscard]] constexpr bool MaintenanceMarginHolds(const Risk& risk) {
  return CompareProducts(risk.equity.value(), kMicroPerQuantum, risk.maintenance.value(), 1) >= 0;
}

// The account has positions that demand margin, and its equity does not cover it. An account
// without positions is never liquidatable, however much it owes: there is nothing to close.
[[nodiscard]] constexpr bool IsLiquidatable(const Risk& risk) {
  return Sign(risk.maintenance) > 0 && !MaintenanceMarginHolds(risk);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_RISK_H_
