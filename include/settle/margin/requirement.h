// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How the demand of one position becomes what its account must cover: the one place where it could
// be rounded.
//
// The policy is a template parameter of all that judges an account. `ExactPpm` rounds nothing, so
// that requirements add up in any order, one changed position is a subtraction and an addition, and
// splitting a position at a flat rate changes nothing. `CeilPerLeg` rounds each position up to
// whole quanta and gives dYdX v4's numbers.

#ifndef SETTLE_MARGIN_REQUIREMENT_H_
#define SETTLE_MARGIN_REQUIREMENT_H_

#include <concepts>
#include <cstdint>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a policy with
//   kIsExact        true where Round changes nothing
//   kRateRounding   of an initial rate that open interest scales, to whole parts per million
//   Round(exact, curve, notional)   what a position of this notional is charged: never less than
//                   its curve demands but by one quantum's rounding of the rate, and for two
//                   positions together never less than for one of their size at a flat rate;
//                   nothing where it leaves 128 bits
template <typename P>
concept RequirementPolicy = requires(const Requirement& exact, const RequirementCurve& curve,
                                     Quanta notional) {
  { P::kIsExact } -> std::convertible_to<bool>;
  { P::kRateRounding } -> std::convertible_to<Rounding>;
  { P::Round(exact, curve, notional) } -> std::same_as<std::optional<Requirement>>;
};

// The exact product.
struct ExactPpm {
  static constexpr bool kIsExact = true;
  static constexpr Rounding kRateRounding = Rounding::kUp;
  [[nodiscard]] static std::optional<Requirement> Round(const Requirement& exact,
                                                        const RequirementCurve&, Quanta) {
    return exact;
  }
};
static_assert(RequirementPolicy<ExactPpm>);
static_assert(RatePpm::kScale == kMicroPerQuantum, "a rate of a quantum is whole millionths");

// Whole quanta for each position, up; at a flat rate maintenance is the fraction maintenance /
// initial of what the first rate demands in whole quanta, rounded up once more. A rate that open
// interest scales is rounded down to parts per million, as dYdX does. Source: dYdX v4,
// GetMarginRequirementsInQuoteQuantums.
struct CeilPerLeg {
  static constexpr bool kIsExact = false;
  static constexpr Rounding kRateRounding = Rounding::kDown;
  [[nodiscard]] static std::optional<Requirement> Round(const Requirement& exact,
                                                        const RequirementCurve& curve,
                                                        Quanta notional) {
    const std::optional<Int128> opened = QuantaUp(exact.initial.value());
    std::optional<Int128> kept = QuantaUp(exact.maintenance.value());
    const bool is_fraction = curve.IsFlat() && curve.initial_per_lot == Quanta(0);
    if (is_fraction && curve.initial != RatePpm(0)) {
      const auto base = curve.initial.Of(notional.value(), Rounding::kUp);
      kept =
          MulDiv(base.value_or(0), curve.maintenance.parts(), curve.initial.parts(), Rounding::kUp);
      if (!base) return std::nullopt;
    }
    const auto initial = Micro(opened);
    const auto maintenance = Micro(kept);
    if (!initial || !maintenance) return std::nullopt;
    return Requirement{.initial = *initial, .maintenance = *maintenance};
  }

 private:
  [[nodiscard]] static constexpr std::optional<Int128> QuantaUp(Int128 micro) {
    return Divide(micro, kMicroPerQuantum, Rounding::kUp);
  }
  [[nodiscard]] static constexpr std::optional<MicroQuanta> Micro(std::optional<Int128> quanta) {
    if (!quanta) return std::nullopt;
    return detail::Wrap<MicroQuanta>(CheckedMul(*quanta, kMicroPerQuantum));
  }
};
static_assert(RequirementPolicy<CeilPerLeg>);

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_REQUIREMENT_H_
