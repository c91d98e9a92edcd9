// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The risk of a margin account: what adds up over its positions, and what it comes to.
//
// A RiskSum is additive: of one position, of several, of an account. A changed position is a
// subtraction and an addition that give the same bits as a whole pass. Finish applies what is not
// additive, the cap on profit, and answers the three numbers by which an account is judged.
//
//   RiskSum account = ...;                    // settle/margin/evaluation.h
//   const Result<Risk> risk = Finish(account, parameters.profit_cap);
//   if (risk.ok() && InitialMarginHolds(*risk)) ...

#ifndef SETTLE_MARGIN_RISK_H_
#define SETTLE_MARGIN_RISK_H_

#include <compare>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/margin/instrument.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// The additive part of risk.
struct RiskSum {
  Quanta equity{};        // at the marks
  Quanta profit{};        // above zero of each position, unrealised; kept where it is capped
  MicroQuanta initial{};  // demanded; with what slow prices and initial haircuts take; 0 or above
  MicroQuanta maintenance{};  // demanded; 0 to initial
  using Fields =
      Members<&RiskSum::equity, &RiskSum::profit, &RiskSum::initial, &RiskSum::maintenance>;
};

// The risk of an account. initial_headroom is what equity, without the profit beyond its cap, has
// above the initial requirement. It is never above equity less maintenance, but where lots are
// reserved or ordered: then each number is the worst of what may become, for itself.
struct Risk {
  Quanta equity{};
  MicroQuanta maintenance{};
  MicroQuanta initial_headroom{};
  using Fields = Members<&Risk::equity, &Risk::maintenance, &Risk::initial_headroom>;
};

// Adds `part` to `total`; false, with `total` untouched, when a sum leaves 128 bits.
[[nodiscard]] constexpr bool AddTo(RiskSum& total, const RiskSum& part) {
  Int128 sums[4] = {};
  // All four without a branch between them.
  int refused = __builtin_add_overflow(total.equity.value(), part.equity.value(), &sums[0]);
  refused |= __builtin_add_overflow(total.profit.value(), part.profit.value(), &sums[1]);
  refused |= __builtin_add_overflow(total.initial.value(), part.initial.value(), &sums[2]);
  refused |= __builtin_add_overflow(total.maintenance.value(), part.maintenance.value(), &sums[3]);
  if (refused != 0) return false;
  total = {.equity = Quanta(sums[0]),
           .profit = Quanta(sums[1]),
           .initial = MicroQuanta(sums[2]),
           .maintenance = MicroQuanta(sums[3])};
  return true;
}

// Takes `part`, which was added before, out of `total`; false, with `total` untouched, when it
// cannot have been: equity leaves 128 bits, or profit or a requirement falls below zero.
[[nodiscard]] constexpr bool SubtractFrom(RiskSum& total, const RiskSum& part) {
  Int128 rests[4] = {};
  int refused = __builtin_sub_overflow(total.equity.value(), part.equity.value(), &rests[0]);
  refused |= __builtin_sub_overflow(total.profit.value(), part.profit.value(), &rests[1]);
  refused |= __builtin_sub_overflow(total.initial.value(), part.initial.value(), &rests[2]);
  refused |= __builtin_sub_overflow(total.maintenance.value(), part.maintenance.value(), &rests[3]);
  if (refused != 0 || (rests[1] | rests[2] | rests[3]) < 0) return false;
  total = {.equity = Quanta(rests[0]),
           .profit = Quanta(rests[1]),
           .initial = MicroQuanta(rests[2]),
           .maintenance = MicroQuanta(rests[3])};
  return true;
}

// The risk that a sum of contributions comes to, where no more of its profit counts than the cap.
// Errors: kMarginOverflow.
[[nodiscard]] constexpr Result<Risk> Finish(const RiskSum& sum, Quanta profit_cap = kMaxEquity) {
  Int128 counted = sum.equity.value();
  if (profit_cap < sum.profit) {
    const auto excess = CheckedSub(sum.profit.value(), profit_cap.value());
    const auto less = excess ? CheckedSub(counted, *excess) : excess;
    if (!less) return MarginReason::kMarginOverflow;
    counted = *less;
  }
  if (counted < -kMaxEquity.value() || kMaxEquity.value() < counted) {
    return MarginReason::kMarginOverflow;  // its millionths leave 128 bits
  }
  Int128 headroom = 0;
  if (__builtin_sub_overflow(counted * kMicroPerQuantum, sum.initial.value(), &headroom)) {
    return MarginReason::kMarginOverflow;
  }
  return Risk{.equity = sum.equity,
              .maintenance = sum.maintenance,
              .initial_headroom = MicroQuanta(headroom)};
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

// The order in which accounts are looked at by who liquidates: greater is riskier, having less
// equity for what must be covered. Of two with the same ratio the one that demands more is riskier,
// and of two that demand nothing the one with less equity. Exact, without division. Source: dYdX
// v4, Risk.Cmp.
[[nodiscard]] constexpr std::strong_ordering CompareRisk(const Risk& a, const Risk& b) {
  const std::strong_ordering ratio = CompareProducts(b.equity.value(), a.maintenance.value(),
                                                     a.equity.value(), b.maintenance.value());
  if (ratio != std::strong_ordering::equal) return ratio;
  if (a.maintenance != b.maintenance) return a.maintenance <=> b.maintenance;
  return Sign(a.maintenance) == 0 ? b.equity <=> a.equity : std::strong_ordering::equal;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_RISK_H_
