// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How a rate of a notional becomes a margin requirement: the one place where it could be rounded.
//
// The policy is a template parameter of all that judges an account. `ExactPpm` rounds nothing, so
// that requirements add up in any order, one changed position is a subtraction and an addition, and
// splitting a position never lowers its requirement.

#ifndef SETTLE_MARGIN_REQUIREMENT_H_
#define SETTLE_MARGIN_REQUIREMENT_H_

#include <concepts>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a policy with a static `Add(sum, notional, rate)`, which adds what `rate`, from 0 to
// 100 %, of a notional from 0 to kMaxNotional demands. It is never less than the exact product, and
// for two parts together never less than for the whole. False, with `sum` untouched, for arguments
// outside these ranges and when the sum leaves 128 bits.
template <typename P>
concept RequirementPolicy = requires(MicroQuanta& sum, Quanta notional, RatePpm rate) {
  { P::Add(sum, notional, rate) } -> std::same_as<bool>;
};

// The exact product.
struct ExactPpm {
  static_assert(RatePpm::kScale == kMicroPerQuantum, "a rate of a quantum is whole millionths");

  [[nodiscard]] static constexpr bool Add(MicroQuanta& sum, Quanta notional, RatePpm rate) {
    const bool in_range = Quanta(0) <= notional && notional <= kMaxNotional && RatePpm(0) <= rate &&
                          rate.parts() <= RatePpm::kScale;
    return in_range && AddTo(sum, MicroQuanta(notional.value() * rate.parts()));
  }
};
static_assert(RequirementPolicy<ExactPpm>);

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_REQUIREMENT_H_
