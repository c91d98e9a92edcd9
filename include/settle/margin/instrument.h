// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Instruments: what a position is worth at a price, and the margin it demands.
//
// A linear perpetual is worth lots * ticks * quanta_per_lot_tick quanta of its quote asset,
// exactly. Its compartment holds the lots and the quote balance that its trades leave behind (minus
// the cost of a long, plus the proceeds of a short); no other instrument uses that compartment.
//
//   const LinearPerpetual bitcoin{.compartment = Compartment(1),
//                                 .contract = ContractId(1),
//                                 .quote = TokenId(0),
//                                 .quanta_per_lot_tick = 100,
//                                 .initial = RatePpm(50'000),       // 5 %
//                                 .maintenance = RatePpm(25'000),   // 2.5 %
//                                 .max_price = PriceTicks(std::int64_t{1} << 40),
//                                 .max_lots = Lots(std::int64_t{1} << 40)};
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
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/ledger/types.h"
#include "settle/margin/detail/id_index.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxInstruments = 65'536;

struct LinearPerpetual {
  Compartment compartment;
  AssetId contract;
  AssetId quote;
  std::int64_t quanta_per_lot_tick = 0;  // above 0
  // The parts of the notional that must be covered to open a position, and to keep it.
  RatePpm initial;
  RatePpm maintenance;
  // The greatest mark price and the largest position that are judged; beyond, they are refused.
  PriceTicks max_price;
  Lots max_lots;

  // Errors: kWrongAssetKind, kWrongCompartment, kBadMultiplier, kBadRate, kBadBounds.
  [[nodiscard]] constexpr Reason Validate() const {
    if (!IsContract(contract) || IsContract(quote)) return MarginReason::kWrongAssetKind;
    if (compartment == kCash) return MarginReason::kWrongCompartment;
    if (quanta_per_lot_tick <= 0) return MarginReason::kBadMultiplier;
    if (maintenance < RatePpm(0) || initial < maintenance || RatePpm(RatePpm::kScale) < initial) {
      return MarginReason::kBadRate;
    }
    return BoundsHold() ? Reason() : MarginReason::kBadBounds;
  }

  // True when a position is not larger, and a mark price not beyond, what is judged.
  [[nodiscard]] constexpr bool Allows(Lots lots) const {
    // ~max is -max - 1, which exists for every max.
    return ~max_lots.value() < lots.value() && lots <= max_lots;
  }
  [[nodiscard]] constexpr bool Allows(PriceTicks price) const {
    return PriceTicks(0) <= price && price <= max_price;
  }

  // lots * price * quanta_per_lot_tick, with the sign of the position: exact, at most kMaxNotional
  // from zero. Errors: kPositionTooLarge, kPriceOutOfRange where one is not allowed.
  [[nodiscard]] constexpr Result<Quanta> ValueOf(Lots lots, PriceTicks price) const {
    if (!Allows(lots)) return MarginReason::kPositionTooLarge;
    if (!Allows(price)) return MarginReason::kPriceOutOfRange;
    return ValueOfAllowed(lots, price);
  }

  // The same for lots and a price that are allowed, of an instrument that is valid.
  [[nodiscard]] constexpr Quanta ValueOfAllowed(Lots lots, PriceTicks price) const {
    const std::int64_t lot = price.value() * quanta_per_lot_tick;
    return Quanta(Int128{lots.value()} * lot);
  }

  using Fields = Members<&LinearPerpetual::compartment, &LinearPerpetual::contract,
                         &LinearPerpetual::quote, &LinearPerpetual::quanta_per_lot_tick,
                         &LinearPerpetual::initial, &LinearPerpetual::maintenance,
                         &LinearPerpetual::max_price, &LinearPerpetual::max_lots>;

 private:
  // A lot is worth at most 64 bits of quanta, and a position at most kMaxNotional.
  [[nodiscard]] constexpr bool BoundsHold() const {
    if (max_price < PriceTicks(1) || max_lots < Lots(1)) return false;
    const auto lot = CheckedMul<std::int64_t>(max_price.value(), quanta_per_lot_tick);
    return lot && Quanta(Int128{*lot} * max_lots.value()) <= kMaxNotional;
  }
};

// The instruments of one margin system, which counts in one quote asset. An immutable value: a
// change of parameters is another table.
class InstrumentTable {
 public:
  static constexpr Kind kKind = Kind::kParameters;
  static constexpr std::uint16_t kVersion = 1;

  // No instruments, and the quote asset of number 0.
  InstrumentTable() = default;
  // Moves copy: what was moved from still agrees with its index.
  InstrumentTable(const InstrumentTable&) = default;
  InstrumentTable& operator=(const InstrumentTable&) = default;

  // The table of these instruments, in this order. Errors: kTooManyInstruments, those of
  // LinearPerpetual::Validate for any of them, kWrongQuote, kDuplicateInstrument.
  [[nodiscard]] static Result<InstrumentTable> Create(
      AssetId quote, std::span<const LinearPerpetual> instruments) {
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
  [[nodiscard]] const LinearPerpetual& operator[](InstrumentIndex index) const {
    return instruments_[index.value()];
  }

  // The instrument whose positions lie in `compartment`, and the one of `contract`. One probe.
  [[nodiscard]] std::optional<InstrumentIndex> FindByCompartment(Compartment compartment) const {
    return Wrap(by_compartment_.Find(compartment.value()));
  }
  [[nodiscard]] std::optional<InstrumentIndex> FindByContract(AssetId contract) const {
    return Wrap(by_contract_.Find(contract.value()));
  }

  // The rules of the whole table but for duplicates, which Rebuild finds.
  [[nodiscard]] Reason Validate() const {
    Reason refusal = IsContract(quote_) ? MarginReason::kWrongAssetKind : MarginReason::kOk;
    for (const LinearPerpetual& instrument : instruments_) {
      refusal = FirstOf(refusal, instrument.Validate());
      if (instrument.quote != quote_) refusal = FirstOf(refusal, MarginReason::kWrongQuote);
    }
    return refusal;
  }

  // Makes the derived part anew from the members. Errors: kDuplicateInstrument.
  Reason Rebuild() {
    by_compartment_.Reset(size());
    by_contract_.Reset(size());
    for (std::uint32_t i = 0; i < size(); ++i) {
      const LinearPerpetual& instrument = instruments_[i];
      if (!by_compartment_.Insert(instrument.compartment.value(), i) ||
          !by_contract_.Insert(instrument.contract.value(), i)) {
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
  Bounded<LinearPerpetual, kMaxInstruments> instruments_;
  detail::IdIndex by_compartment_;
  detail::IdIndex by_contract_;

 public:
  using Fields = Members<&InstrumentTable::quote_, &InstrumentTable::instruments_>;
  using Derived = Members<&InstrumentTable::by_compartment_, &InstrumentTable::by_contract_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_INSTRUMENT_H_
