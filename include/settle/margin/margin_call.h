// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A margin call: what an account must bring by when, and what became of it.
//
// A call asks for the least amount of the quote asset with which the account holds its target: the
// initial requirement, the maintenance requirement, or a part of the way from this to that. It is
// judged with the account's risk after each block in which that may have changed. Whatever makes
// the account hold the target meets the call: a payment, a smaller position, another price.
//
//   state    account and time                                    becomes
//   open     at the deadline and after                           failed
//   open     before the deadline, the account holds the target   met
//   open     before the deadline, it does not                    open
//   met      always                                              met
//   failed   always                                              failed
//
//   Result<MarginCall> call =
//       IssueCall(account, risk, {.issued_at = now, .deadline = in_an_hour});
//   call = Judge(*call, risk_later, later);
//   if (call.ok() && call->state == MarginCallState::kFailed) ...   // liquidate

#ifndef SETTLE_MARGIN_MARGIN_CALL_H_
#define SETTLE_MARGIN_MARGIN_CALL_H_

#include <cstdint>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/types.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

enum class MarginCallState : std::uint8_t { kOpen = 1, kMet = 2, kFailed = 3 };

constexpr bool IsKnownEnumerator(MarginCallState state) {
  return MarginCallState::kOpen <= state && state <= MarginCallState::kFailed;
}

// What a host decides of a call.
struct MarginCallTerms {
  // How far above maintenance the account must come, of the way to initial: 0 to 100 %.
  RatePpm target = kWholeRate;
  Timestamp issued_at;
  Timestamp deadline;  // after issued_at; the last instant that is in time is the one before it
  using Fields =
      Members<&MarginCallTerms::target, &MarginCallTerms::issued_at, &MarginCallTerms::deadline>;
};

struct MarginCall {
  static constexpr Kind kKind = Kind::kMarginCall;
  static constexpr std::uint16_t kVersion = 1;

  MarginAccountId account;
  MarginCallTerms terms;
  Quanta amount{};  // asked for when it was issued: above 0
  MarginCallState state = MarginCallState::kOpen;

  // Errors: kBadCall for a target that is not 0 to 100 %, a deadline that is not after the issue,
  // or an amount that is not above zero.
  [[nodiscard]] constexpr Reason Validate() const {
    const bool holds = RatePpm(0) <= terms.target && terms.target <= kWholeRate &&
                       terms.issued_at < terms.deadline && Quanta(0) < amount;
    return holds ? Reason() : MarginReason::kBadCall;
  }

  using Fields =
      Members<&MarginCall::account, &MarginCall::terms, &MarginCall::amount, &MarginCall::state>;
};

// What an account has above the target, rounded down to millionths of a quantum: zero or above
// when it holds it. Errors: kMarginOverflow, kBadCall for a target that is not 0 to 100 %.
[[nodiscard]] constexpr Result<MicroQuanta> HeadroomAbove(const Risk& risk, RatePpm target) {
  const auto equity = CheckedMul(risk.equity.value(), kMicroPerQuantum);
  const auto kept = equity ? CheckedSub(*equity, risk.maintenance.value()) : equity;
  const auto between = kept ? CheckedSub(*kept, risk.initial_headroom.value()) : kept;
  if (!between) return MarginReason::kMarginOverflow;
  if (target < RatePpm(0) || kWholeRate < target) return MarginReason::kBadCall;
  // Of what initial margin demands more, so much is asked for. What it leaves lies between what
  // the two requirements leave, and so within 128 bits.
  const auto asked = target.Of(*between, Rounding::kUp);
  return MicroQuanta(*kept - *asked);
}

// The least whole amount of the quote asset with which the account holds the target; zero when it
// does. Errors: those of HeadroomAbove.
[[nodiscard]] constexpr Result<Quanta> ShortfallOf(const Risk& risk, RatePpm target) {
  const Result<MicroQuanta> headroom = HeadroomAbove(risk, target);
  if (!headroom.ok()) return headroom.reason();
  if (Sign(*headroom) >= 0) return Quanta(0);
  return Quanta(-*Divide(headroom->value(), kMicroPerQuantum, Rounding::kDown));
}

// A call on an account that does not hold the target. Errors: those of ShortfallOf, kBadCall for a
// deadline that is not after the issue, kNoCallNeeded.
[[nodiscard]] constexpr Result<MarginCall> IssueCall(const MarginAccountId& account,
                                                     const Risk& risk,
                                                     const MarginCallTerms& terms) {
  const Result<Quanta> shortfall = ShortfallOf(risk, terms.target);
  if (!shortfall.ok()) return shortfall.reason();
  if (terms.deadline <= terms.issued_at) return MarginReason::kBadCall;
  if (*shortfall == Quanta(0)) return MarginReason::kNoCallNeeded;
  return MarginCall{.account = account, .terms = terms, .amount = *shortfall};
}

// What the call becomes, by the table above, where its account has this risk at `now`. Errors:
// those of HeadroomAbove for a call that is open before its deadline, kUnknownEnumerator (of base).
[[nodiscard]] constexpr Result<MarginCall> Judge(const MarginCall& call, const Risk& risk,
                                                 Timestamp now) {
  MarginCall judged = call;
  switch (call.state) {
    case MarginCallState::kOpen: {
      if (call.terms.deadline <= now) {
        judged.state = MarginCallState::kFailed;
        return judged;
      }
      const Result<MicroQuanta> headroom = HeadroomAbove(risk, call.terms.target);
      if (!headroom.ok()) return headroom.reason();
      if (Sign(*headroom) >= 0) judged.state = MarginCallState::kMet;
      return judged;
    }
    case MarginCallState::kMet:
    case MarginCallState::kFailed:
      return judged;
  }
  return BaseReason::kUnknownEnumerator;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_MARGIN_CALL_H_
