// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Instruments: what a position is worth at a price, and what it demands.
//
//   kLinear   perpetual or dated future: lots * ticks * multiplier quanta of the quote, exactly
//   kInverse  the same, settled in the coin: minus lots * multiplier / ticks quanta of the coin,
//             rounded down; `quote` is the coin
//   kOption   lots * ticks * multiplier, paid as a premium; its risk is in scenarios
//   kSpot     a token that is no debt and counts as collateral: units * ticks * multiplier /
//             lot_size, rounded down, less a haircut
//
// A contract's compartment holds the lots and the quote balance that its trades leave behind (minus
// the cost of a long, plus the proceeds of a short; the signs turned where it is inverse); no other
// instrument uses that compartment. Tokens lie in the cash compartment.
//
//   const Instrument bitcoin{.compartment = Compartment(1),
//                            .asset = ContractId(1),
//                            .quote = TokenId(0),
//                            .multiplier = 100,
//                            .curve = {.initial = RatePpm(50'000),       // 5 %
//                                      .maintenance = RatePpm(25'000)},  // 2.5 %
//                            .max_price = PriceTicks(std::int64_t{1} << 32),
//                            .max_lots = Lots(std::int64_t{1} << 40)};
//   Result<InstrumentTable> table = InstrumentTable::Create(TokenId(0), {&bitcoin, 1});

#ifndef SETTLE_MARGIN_INSTRUMENT_H_
#define SETTLE_MARGIN_INSTRUMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/types.h"
#include "settle/margin/detail/id_index.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxInstruments = 65'536;

enum class InstrumentKind : std::uint8_t { kLinear = 1, kInverse = 2, kOption = 3, kSpot = 4 };
[[nodiscard]] constexpr bool IsKnownEnumerator(InstrumentKind value) {
  return value >= InstrumentKind::kLinear && value <= InstrumentKind::kSpot;
}

// The greatest value of a token, or balance of the quote asset of either sign, that is judged: its
// millionths fit 128 bits, and so do those of fewer than 2^19 of them.
inline constexpr Quanta kMaxEquity{kMax<Int128> / kMicroPerQuantum};
static_assert(kMaxNotional < kMaxEquity && kMaxEquity <= Quanta(kMax<Int128> >> 19));

// How a token counts as collateral.
struct CollateralTerms {
  std::int64_t lot_size = 1;  // units of the token in a lot; above 0
  // The parts of its value that do not count for initial and for maintenance margin.
  RatePpm initial_haircut = kWholeRate;
  RatePpm maintenance_haircut = kWholeRate;
  // No more of its value than this counts in one account, before the haircut: a large holding could
  // not be sold at its price.
  Quanta cap = kMaxEquity;
  // Whose own token it is: for its issuer it counts nothing, who could make any amount of it. That
  // of the venue counts for nobody: its haircuts are 100 %.
  OwnerId issuer{};
  using Fields = Members<&CollateralTerms::lot_size, &CollateralTerms::initial_haircut,
                         &CollateralTerms::maintenance_haircut, &CollateralTerms::cap,
                         &CollateralTerms::issuer>;
};

struct Instrument {
  InstrumentKind kind = InstrumentKind::kLinear;
  Compartment compartment{};
  AssetId asset{};  // what a balance of it counts: a contract, or a token where it is spot
  AssetId quote{};
  std::int64_t multiplier = 0;  // above 0
  RequirementCurve curve{};     // none where it is spot
  // The mark prices and the largest position that are judged; beyond, they are refused. Only a
  // linear instrument may have prices below zero, and an inverse one has none of zero.
  PriceTicks min_price{0};
  PriceTicks max_price{};
  Lots max_lots{};               // zero where it is spot
  CollateralTerms collateral{};  // of spot alone
  Timestamp expiry{};            // of a dated future or an option; zero has none
  // Where it belongs to a portfolio, which demands beside the curve; of no spot.
  ScenarioTerms scenario{};

  // Errors: kUnknownEnumerator, kWrongAssetKind, kWrongCompartment, kBadMultiplier, those of
  // RequirementCurve::Validate and of ScenarioTerms::Validate, kBadCollateral, kBadBounds.
  [[nodiscard]] Reason Validate() const;

  // True when a position is not larger, and a mark price not beyond, what is judged.
  [[nodiscard]] constexpr bool Allows(Lots lots) const {
    // ~max is -max - 1, which exists for every max.
    return ~max_lots.value() < lots.value() && lots <= max_lots;
  }
  [[nodiscard]] constexpr bool Allows(PriceTicks price) const {
    return min_price <= price && price <= max_price;
  }

  // What a position is worth: exact, or rounded down where it is inverse, and at most kMaxNotional
  // from zero. Errors: kPositionTooLarge, kPriceOutOfRange where one is not allowed,
  // kWrongAssetKind for a token.
  [[nodiscard]] constexpr Result<Quanta> ValueOf(Lots lots, PriceTicks price) const {
    if (kind == InstrumentKind::kSpot) return MarginReason::kWrongAssetKind;
    if (!Allows(lots)) return MarginReason::kPositionTooLarge;
    if (!Allows(price)) return MarginReason::kPriceOutOfRange;
    return ValueOfAllowed(lots, price);
  }

  // The same for lots and a price that are allowed, of an instrument that is valid and no spot.
  [[nodiscard]] constexpr Quanta ValueOfAllowed(Lots lots, PriceTicks price) const {
    if (kind == InstrumentKind::kInverse) {
      const Int128 coins = Int128{lots.value()} * -Int128{multiplier};
      return Quanta(*Divide(coins, price.value(), Rounding::kDown));
    }
    const std::int64_t lot = price.value() * multiplier;
    return Quanta(Int128{lots.value()} * lot);
  }

  // By what a position's requirement is measured: |value|, rounded up.
  [[nodiscard]] constexpr Quanta NotionalOfAllowed(Lots lots, PriceTicks price) const {
    if (kind == InstrumentKind::kInverse) {
      const Int128 coins = Int128{lots.value()} * multiplier;
      return Quanta(*Divide(coins < 0 ? -coins : coins, price.value(), Rounding::kUp));
    }
    const Int128 value = ValueOfAllowed(lots, price).value();
    return Quanta(value < 0 ? -value : value);
  }

  // What so many units of a token are worth, rounded down, without haircut and cap. Nothing where
  // it leaves kMaxEquity.
  [[nodiscard]] constexpr std::optional<Quanta> ValueOfUnits(Amount units, PriceTicks price) const {
    const Int128 lot = Int128{price.value()} * multiplier;
    const auto value = MulDiv(units.value(), lot, collateral.lot_size, Rounding::kDown);
    if (!value || *value < -kMaxEquity.value() || *value > kMaxEquity.value()) return std::nullopt;
    return Quanta(*value);
  }

  using Fields = Members<&Instrument::kind, &Instrument::compartment, &Instrument::asset,
                         &Instrument::quote, &Instrument::multiplier, &Instrument::curve,
                         &Instrument::min_price, &Instrument::max_price, &Instrument::max_lots,
                         &Instrument::collateral, &Instrument::expiry, &Instrument::scenario>;

 private:
  [[nodiscard]] constexpr Reason CheckPlace() const;
  [[nodiscard]] bool CollateralHolds() const;
  [[nodiscard]] constexpr bool BoundsHold() const;
};

inline Reason Instrument::Validate() const {
  if (Reason reason = CheckPlace(); !reason.ok()) return reason;
  if (multiplier <= 0) return MarginReason::kBadMultiplier;
  if (Reason reason = curve.Validate(); !reason.ok()) return reason;
  if (!CollateralHolds()) return MarginReason::kBadCollateral;
  if (Reason reason = scenario.Validate(); !reason.ok()) return reason;
  return BoundsHold() ? Reason() : MarginReason::kBadBounds;
}

constexpr Reason Instrument::CheckPlace() const {
  if (!IsKnownEnumerator(kind)) return BaseReason::kUnknownEnumerator;
  const bool is_spot = kind == InstrumentKind::kSpot;
  if (IsContract(asset) == is_spot || IsContract(quote)) return MarginReason::kWrongAssetKind;
  return (compartment == kCash) == is_spot ? Reason() : MarginReason::kWrongCompartment;
}

// A token has terms and no curve, a contract a curve and no terms.
inline bool Instrument::CollateralHolds() const {
  if (kind != InstrumentKind::kSpot) return collateral == CollateralTerms();
  return collateral.lot_size > 0 &&
         detail::AreRates(collateral.initial_haircut, collateral.maintenance_haircut) &&
         Quanta(0) <= collateral.cap && collateral.cap <= kMaxEquity && asset != quote &&
         curve == RequirementCurve() && scenario == ScenarioTerms();
}

// A lot is worth at most kMaxLotValue, and a position at most kMaxNotional.
constexpr bool Instrument::BoundsHold() const {
  const bool is_spot = kind == InstrumentKind::kSpot;
  const bool is_inverse = kind == InstrumentKind::kInverse;
  if (max_price < PriceTicks(1) || max_price < min_price) return false;
  if (is_spot ? max_lots != Lots(0) : max_lots < Lots(1)) return false;
  if (is_inverse ? min_price < PriceTicks(1)
                 : kind != InstrumentKind::kLinear && min_price < PriceTicks(0)) {
    return false;
  }
  const Int128 lots = max_lots.value();
  if (is_inverse) {
    // Up, so that rounding leaves no notional beyond the greatest.
    const Int128 lot = *Divide(multiplier, min_price.value(), Rounding::kUp);
    const Int128 notional = *Divide(lots * multiplier, min_price.value(), Rounding::kUp);
    return lot <= kMaxLotValue.value() && notional <= kMaxNotional.value();
  }
  const UInt128 below = Magnitude(Int128{min_price.value()} * multiplier);
  const UInt128 above = Magnitude(Int128{max_price.value()} * multiplier);
  const auto lot = static_cast<Int128>(below < above ? above : below);
  return lot <= kMaxLotValue.value() && lot * lots <= kMaxNotional.value();
}

// The instruments of one margin system, which counts in one quote asset. An immutable value: a
// change of parameters is another table.
class InstrumentTable {
 public:
  // No instruments, and the quote asset of number 0.
  InstrumentTable() = default;
  // Moves copy: what was moved from still agrees with its index.
  InstrumentTable(const InstrumentTable&) = default;
  InstrumentTable& operator=(const InstrumentTable&) = default;

  // The table of these instruments, in this order. Errors: kTooManyInstruments, those of
  // Instrument::Validate for any of them, kWrongQuote, kDuplicateInstrument.
  [[nodiscard]] static Result<InstrumentTable> Create(AssetId quote,
                                                      std::span<const Instrument> instruments) {
    if (instruments.size() > kMaxInstruments) return MarginReason::kTooManyInstruments;
    InstrumentTable table;
    table.quote_ = quote;
    (void)table.instruments_.Resize(instruments.size());
    for (std::size_t i = 0; i < instruments.size(); ++i) table.instruments_[i] = instruments[i];
    if (Reason reason = table.Validate(); !reason.ok()) return reason;
    if (Reason reason = table.Rebuild(); !reason.ok()) return reason;
    return table;
  }

  [[nodiscard]] AssetId quote() const { return quote_; }
  [[nodiscard]] std::size_t size() const { return instruments_.size(); }
  // `index` is one that this table gave, or below size().
  [[nodiscard]] const Instrument& operator[](InstrumentIndex index) const {
    return instruments_[index.value()];
  }

  // The contract whose positions lie in `compartment`, and the instrument of `asset`. One probe.
  [[nodiscard]] std::optional<InstrumentIndex> FindByCompartment(Compartment compartment) const {
    return Wrap(by_compartment_.Find(compartment.value()));
  }
  [[nodiscard]] std::optional<InstrumentIndex> FindByAsset(AssetId asset) const {
    return Wrap(by_asset_.Find(asset.value()));
  }

  // The rules of the whole table but for duplicates, which Rebuild finds.
  [[nodiscard]] Reason Validate() const {
    Reason refusal = IsContract(quote_) ? MarginReason::kWrongAssetKind : MarginReason::kOk;
    for (const Instrument& instrument : instruments_) {
      refusal = FirstOf(refusal, instrument.Validate());
      if (instrument.quote != quote_) refusal = FirstOf(refusal, MarginReason::kWrongQuote);
    }
    return refusal;
  }

  // Makes the derived part anew from the members. Errors: kDuplicateInstrument.
  Reason Rebuild() {
    by_compartment_.Reset(size());
    by_asset_.Reset(size());
    for (std::uint32_t i = 0; i < size(); ++i) {
      const Instrument& instrument = instruments_[i];
      const bool is_token = instrument.kind == InstrumentKind::kSpot;
      if ((!is_token && !by_compartment_.Insert(instrument.compartment.value(), i)) ||
          !by_asset_.Insert(instrument.asset.value(), i)) {
        return MarginReason::kDuplicateInstrument;
      }
    }
    return {};
  }

 private:
  [[nodiscard]] static std::optional<InstrumentIndex> Wrap(std::optional<std::uint32_t> place) {
    if (!place) return std::nullopt;
    return InstrumentIndex(*place);
  }

  AssetId quote_;
  Bounded<Instrument, kMaxInstruments> instruments_;
  detail::IdIndex by_compartment_;
  detail::IdIndex by_asset_;

 public:
  using Fields = Members<&InstrumentTable::quote_, &InstrumentTable::instruments_>;
  using Derived = Members<&InstrumentTable::by_compartment_, &InstrumentTable::by_asset_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_INSTRUMENT_H_
