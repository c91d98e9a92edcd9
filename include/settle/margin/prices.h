// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The mark prices by which margin is judged: one for each instrument of a table, or none yet.
//
//   MarkPrices prices(table);
//   Reason reason = prices.Set(table, InstrumentIndex(0), PriceTicks(42'159));
//
// They are fixed for a block: the ledger stores no price, and the block's header carries the digest
// of what its accounts were judged by.

#ifndef SETTLE_MARGIN_PRICES_H_
#define SETTLE_MARGIN_PRICES_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/margin/instrument.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

class MarkPrices {
 public:
  static constexpr Kind kKind = Kind::kPriceBatch;
  static constexpr std::uint16_t kVersion = 1;

  // Of no instrument at all.
  MarkPrices() = default;

  // No price yet for each instrument of `instruments`.
  explicit MarkPrices(const InstrumentTable& instruments) {
    (void)ticks_.Resize(instruments.size());
    for (PriceTicks& ticks : ticks_) ticks = kNoPrice;
  }

  // Errors, with nothing changed: kUnknownInstrument when the index is not of the table or the
  // prices are of a smaller one, kPriceOutOfRange outside 0 to the instrument's largest.
  Reason Set(const InstrumentTable& instruments, InstrumentIndex index, PriceTicks price) {
    if (index.value() >= instruments.size() || index.value() >= ticks_.size()) {
      return MarginReason::kUnknownInstrument;
    }
    if (!instruments[index].Allows(price)) return MarginReason::kPriceOutOfRange;
    ticks_[index.value()] = price;
    return {};
  }

  // The instrument has no price any more: its positions cannot be judged until it has one.
  void Clear(InstrumentIndex index) {
    if (index.value() < ticks_.size()) ticks_[index.value()] = kNoPrice;
  }

  // The price, or kNoPrice. Never otherwise below zero; above the instrument's largest only when
  // the prices were decoded or set by another table.
  [[nodiscard]] PriceTicks Get(InstrumentIndex index) const {
    return index.value() < ticks_.size() ? ticks_[index.value()] : kNoPrice;
  }

  [[nodiscard]] std::size_t size() const { return ticks_.size(); }

  // Errors: kPriceOutOfRange.
  [[nodiscard]] Reason Validate() const {
    for (const PriceTicks ticks : ticks_) {
      if (ticks < kNoPrice) return MarginReason::kPriceOutOfRange;
    }
    return {};
  }

 private:
  Bounded<PriceTicks, kMaxInstruments> ticks_;

 public:
  using Fields = Members<&MarkPrices::ticks_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_PRICES_H_
