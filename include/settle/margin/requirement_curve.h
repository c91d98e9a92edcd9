// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a position demands, as a function of its size: rates, tiers, a charge for each lot, a
// premium on size, and a rate that rises with the open interest of all.
//
//   requirement(N, s) = sum over tiers of rate_k * (the part of N between floor_k and floor_(k+1))
//                       + per_lot * s + N * premium * s / scale
//
// for a notional of N quanta and s lots, exact in millionths of a quantum but for the premium, of
// which the one division is rounded up. Tiers are marginal, so that a requirement has no jumps; the
// published form N * rate_k - amount_k is the same number where its amounts are continuous. It is
// convex and zero at zero: two parts of a position never demand more than the whole, so that tiers
// are evaluated over all that one owner has, see `Above`.
// Sources: Binance USD-M maintenance tiers; dYdX v4 liquidity tiers, GetInitialMarginQuoteQuantums
// (open interest); Synthetix v3 perpetuals, skew scale (premium); CME margins (per lot).
//
//   const RequirementCurve flat{.initial = RatePpm(50'000), .maintenance = RatePpm(25'000)};
//   RequirementCurve tiered = flat;
//   (void)tiered.tiers.Add({.floor = Quanta(50'000'000'000),
//                     .initial = RatePpm(100'000), .maintenance = RatePpm(50'000)});

#ifndef SETTLE_MARGIN_REQUIREMENT_CURVE_H_
#define SETTLE_MARGIN_REQUIREMENT_CURVE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr RatePpm kWholeRate{RatePpm::kScale};

// What a position demands, or a part of one.
struct Requirement {
  MicroQuanta initial{};      // to open it, and for every transition
  MicroQuanta maintenance{};  // to keep it
  using Fields = Members<&Requirement::initial, &Requirement::maintenance>;
};

// The rates of the part of a notional above `floor`, up to the next tier.
struct MarginTier {
  Quanta floor{};
  RatePpm initial{};
  RatePpm maintenance{};
  using Fields = Members<&MarginTier::floor, &MarginTier::initial, &MarginTier::maintenance>;
};
inline constexpr std::size_t kMaxMarginTiers = 64;

// The rates rise with the size of the position: at `scale` lots by these, in proportion below and
// beyond. A scale of zero is no premium.
struct SizePremium {
  Lots scale{};
  RatePpm initial{};
  RatePpm maintenance{};
  using Fields = Members<&SizePremium::scale, &SizePremium::initial, &SizePremium::maintenance>;
};

// The initial rate of the whole market rises with its open interest, from the first rate at `lower`
// to 100 % at `upper`, both notionals at the mark. Maintenance does not: nobody is liquidated
// because others trade. An upper end of zero is no scaling.
struct OpenInterestScale {
  Quanta lower{};
  Quanta upper{};
  using Fields = Members<&OpenInterestScale::lower, &OpenInterestScale::upper>;
};

// A position whose requirement is asked for: |lots| of it, and their notional.
struct PositionSize {
  Quanta notional{};  // 0 or above; at most that of 2^63 lots of kMaxLotValue
  Lots lots{};        // 0 or above
};

struct RequirementCurve {
  // Of the first tier, from a notional of zero.
  RatePpm initial{};
  RatePpm maintenance{};
  Quanta initial_per_lot{};
  Quanta maintenance_per_lot{};
  Bounded<MarginTier, kMaxMarginTiers> tiers{};  // those above the first
  SizePremium premium{};
  OpenInterestScale open_interest{};

  // Errors: kBadRate for rates, per-lot charges or a premium not 0 <= maintenance <= initial <= 100
  // % (a charge: kMaxLotValue), kBadTiers for floors or rates that do not rise, or an open interest
  // not 0 <= lower < upper.
  [[nodiscard]] Reason Validate() const;

  // True when only rates of the first tier and charges for each lot apply, however large.
  [[nodiscard]] bool IsFlat() const { return tiers.empty() && premium.scale == Lots(0); }

  // The initial rate of the market at this open interest, rounded as named. Errors: none; an open
  // interest at or beyond `upper` is 100 %.
  [[nodiscard]] RatePpm InitialRateAt(Quanta interest, Rounding rounding) const {
    const auto& [lower, upper] = open_interest;
    if (upper == Quanta(0) || interest <= lower) return initial;
    if (interest >= upper) return kWholeRate;
    const Int128 room = RatePpm::kScale - initial.parts();
    // Below `room`, as the interest is below the upper end.
    const Int128 rise =
        *MulDiv(room, interest.value() - lower.value(), upper.value() - lower.value(), rounding);
    return RatePpm(static_cast<std::int64_t>(initial.parts() + rise));
  }

  // What a position of this size demands where the market's initial rate is `floor_rate` or, with
  // none, that of the first tier. Nothing where it leaves 128 bits.
  [[nodiscard]] std::optional<Requirement> Of(const PositionSize& size,
                                              RatePpm floor_rate = RatePpm(0)) const;

  // What `size` demands on top of `elsewhere`, which the same owner has in other margin accounts:
  // the difference of both together and the latter, and initially no less than to be kept. The
  // charges of all of the owner's accounts are never less than what all of the positions demand in
  // one, but for a millionth of a quantum each where a premium was rounded.
  [[nodiscard]] std::optional<Requirement> Above(const PositionSize& elsewhere,
                                                 const PositionSize& size,
                                                 RatePpm floor_rate = RatePpm(0)) const;

  using Fields = Members<&RequirementCurve::initial, &RequirementCurve::maintenance,
                         &RequirementCurve::initial_per_lot, &RequirementCurve::maintenance_per_lot,
                         &RequirementCurve::tiers, &RequirementCurve::premium,
                         &RequirementCurve::open_interest>;
};

namespace detail {

constexpr bool AreRates(RatePpm initial, RatePpm maintenance) {
  return RatePpm(0) <= maintenance && maintenance <= initial && initial <= kWholeRate;
}

// rate * notional in millionths of a quantum. Of lots that fit 64 bits the notional is at most
// 2^63 * kMaxLotValue, and this half of what fits.
constexpr Int128 AtRate(Int128 notional, RatePpm rate) { return notional * rate.parts(); }

// The premium of a size at `rate`: ceil(notional * rate * lots / scale).
constexpr std::optional<Int128> PremiumOf(const PositionSize& size, RatePpm rate, Lots scale) {
  return MulDiv(AtRate(size.notional.value(), rate), size.lots.value(), scale.value(),
                Rounding::kUp);
}

}  // namespace detail

inline Reason RequirementCurve::Validate() const {
  const auto are_charges = [](Quanta first, Quanta second) {
    return Quanta(0) <= second && second <= first && first <= kMaxLotValue;
  };
  if (!detail::AreRates(initial, maintenance) ||
      !are_charges(initial_per_lot, maintenance_per_lot) ||
      !detail::AreRates(premium.initial, premium.maintenance) || premium.scale < Lots(0)) {
    return MarginReason::kBadRate;
  }
  MarginTier below{.floor = Quanta(0), .initial = initial, .maintenance = maintenance};
  for (const MarginTier& tier : tiers) {
    const bool rises = below.floor < tier.floor && below.initial <= tier.initial &&
                       below.maintenance <= tier.maintenance;
    if (!rises || !detail::AreRates(tier.initial, tier.maintenance)) return MarginReason::kBadTiers;
    below = tier;
  }
  const auto& [lower, upper] = open_interest;
  const bool is_scale = lower < upper ? Quanta(0) <= lower : lower == Quanta(0) && upper == lower;
  return is_scale ? Reason() : MarginReason::kBadTiers;
}

inline std::optional<Requirement> RequirementCurve::Of(const PositionSize& size,
                                                       RatePpm floor_rate) const {
  const Int128 notional = size.notional.value();
  Int128 opened = detail::AtRate(notional, initial);
  Int128 kept = detail::AtRate(notional, maintenance);
  // Each tier demands what its rates exceed those below by, of all above its floor.
  RatePpm initial_below = initial;
  RatePpm maintenance_below = maintenance;
  for (const MarginTier& tier : tiers) {
    if (size.notional <= tier.floor) break;
    const Int128 above = notional - tier.floor.value();
    opened += above * (tier.initial.parts() - initial_below.parts());
    kept += above * (tier.maintenance.parts() - maintenance_below.parts());
    initial_below = tier.initial;
    maintenance_below = tier.maintenance;
  }
  if (const Int128 least = detail::AtRate(notional, floor_rate); opened < least) opened = least;
  // Charges are at most kMaxLotValue a lot: below 2^43 * 2^20 * 2^63.
  opened += initial_per_lot.value() * kMicroPerQuantum * size.lots.value();
  kept += maintenance_per_lot.value() * kMicroPerQuantum * size.lots.value();
  if (premium.scale != Lots(0)) {
    const auto initial_premium = detail::PremiumOf(size, premium.initial, premium.scale);
    const auto maintenance_premium = detail::PremiumOf(size, premium.maintenance, premium.scale);
    if (!initial_premium || !maintenance_premium || !AddTo(opened, *initial_premium) ||
        !AddTo(kept, *maintenance_premium)) {
      return std::nullopt;
    }
  }
  return Requirement{.initial = MicroQuanta(opened), .maintenance = MicroQuanta(kept)};
}

inline std::optional<Requirement> RequirementCurve::Above(const PositionSize& elsewhere,
                                                          const PositionSize& size,
                                                          RatePpm floor_rate) const {
  if (elsewhere.lots == Lots(0)) return Of(size, floor_rate);
  const auto notional = CheckedAdd(elsewhere.notional, size.notional);
  const auto lots = CheckedAdd(elsewhere.lots, size.lots);
  if (!notional || !lots) return std::nullopt;
  const std::optional<Requirement> whole = Of({.notional = *notional, .lots = *lots}, floor_rate);
  const std::optional<Requirement> part = Of(elsewhere, floor_rate);
  if (!whole || !part) return std::nullopt;
  // Not below zero: the curve rises. Where the market's rate is above the tiers of what is
  // elsewhere, the part on top of it may have a higher rate of maintenance than of initial margin.
  const Int128 kept = whole->maintenance.value() - part->maintenance.value();
  const Int128 opened = (std::max)(whole->initial.value() - part->initial.value(), kept);
  return Requirement{.initial = MicroQuanta(opened), .maintenance = MicroQuanta(kept)};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_REQUIREMENT_CURVE_H_
