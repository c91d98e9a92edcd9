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
#include <optional>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a policy with a static `Of(notional, rate) -> std::optional<MicroQuanta>`: what part
// `rate`, from 0 to 100 %, of a notional that is not negative demands. Never less than the exact
// product, never less for two parts together than for the whole; nothing when it is beyond 128
// bits.
template <typename P>
concept RequirementPolicy = requires(Quanta notional, RatePpm rate) {
  { P::Of(notional, rate) } -> std::same_as<std::optional<MicroQuanta>>;
};

// The exact product.
struct ExactPpm {
  static_assert(RatePpm::kScale == kMicroPerQuantum, "a rate of a quantum is whole millionths");

  [[nodiscard]] static constexpr std::optional<MicroQuanta> Of(Quanta notional, RatePpm rate) {
    return detail::Wrap<MicroQuanta>(CheckedMul(notional.value(), rate.parts()));
  }
};
static_assert(RequirementPolicy<ExactPpm>);

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_REQUIREMENT_H_
