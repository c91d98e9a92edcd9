// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a hold promises besides its legs.
//
// A hold reserves a whole set of legs, both what they take and what they give: overflow, floors,
// ceilings and the invariant are judged when it is made and never again, whichever part of it is
// posted. It ends by being posted, voided or, if it is timed, by log time alone.
//
//   HoldTerms terms{.kind = HoldKind::kTimed, .expires_at = Timestamp(...), .resolver = shop};
//
// After two-phase transfers as TigerBeetle has them, for sets of legs instead of pairs.

#ifndef SETTLE_LEDGER_HOLD_H_
#define SETTLE_LEDGER_HOLD_H_

#include <cstdint>

#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"

SETTLE_NAMESPACE_BEGIN

enum class HoldKind : std::uint8_t {
  kTimed = 1,       // released at expires_at
  kSettlement = 2,  // never expires; ended by the decision of its settlement alone
};
[[nodiscard]] constexpr bool IsKnownEnumerator(HoldKind value) {
  return value >= HoldKind::kTimed && value <= HoldKind::kSettlement;
}

struct HoldTerms {
  HoldKind kind = HoldKind::kTimed;
  // Whether it may be posted in several parts; otherwise the first post ends it and releases what
  // it leaves.
  bool in_parts = false;
  // kTimed: the hold is over at this instant and after, which lies within the ledger's hold
  // horizon. Otherwise zero.
  Timestamp expires_at{};
  // kTimed: who posts and voids it. Otherwise zero.
  OwnerId resolver{};
  // kSettlement: whose decision ends it. Otherwise zero.
  SettlementId settlement{};
  using Fields = Members<&HoldTerms::kind, &HoldTerms::in_parts, &HoldTerms::expires_at,
                         &HoldTerms::resolver, &HoldTerms::settlement>;

  // Errors: kNotCanonical for an unknown kind, a field that the kind does not use, or one that it
  // lacks.
  [[nodiscard]] Reason Validate() const {
    if (!IsKnownEnumerator(kind)) return BaseReason::kNotCanonical;
    const bool timed = kind == HoldKind::kTimed;
    const bool has_time = expires_at != Timestamp();
    if (timed != has_time || timed != settlement.IsZero()) return BaseReason::kNotCanonical;
    if (!timed && (!resolver.IsZero() || in_parts)) return BaseReason::kNotCanonical;
    return {};
  }
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_HOLD_H_
