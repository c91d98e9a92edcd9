// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The prices by which margin is judged: for each instrument of a table its mark, and a slow price
// beside it, or none yet.
//
//   MarkPrices prices(table);
//   Reason reason = prices.Set(table, InstrumentIndex(0), PriceTicks(42'159));
//   reason = prices.SetSlow(table, InstrumentIndex(0), PriceTicks(42'000));
//
// Positions are worth their mark, and are kept or liquidated by it alone. What opens a position or
// leaves an account is judged by whichever of the two is worse for the account, so that a price
// that somebody drives up within minutes lends him nothing (Mango Markets, October 2022). An
// instrument without a slow price is judged by its mark. They are fixed for a block: the ledger
// stores no price, and the block's header carries the digest of what its accounts were judged by.

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

// The prices of one instrument; either may be kNoPrice.
struct PricePair {
  PriceTicks mark = kNoPrice;
  PriceTicks slow = kNoPrice;
  using Fields = Members<&PricePair::mark, &PricePair::slow>;
};

class MarkPrices {
 public:
  static constexpr Kind kKind = Kind::kPriceBatch;
  static constexpr std::uint16_t kVersion = 2;

  // Of no instrument at all.
  MarkPrices() = default;

  // No price yet for each instrument of `instruments`.
  explicit MarkPrices(const InstrumentTable& instruments) {
    (void)pairs_.Resize(instruments.size());
  }

  // Errors, with nothing changed: kUnknownInstrument when the index is not of the table or the
  // prices are of a smaller one, kPriceOutOfRange outside the instrument's range.
  Reason Set(const InstrumentTable& instruments, InstrumentIndex index, PriceTicks price) {
    const Reason reason = Check(instruments, index, price);
    if (reason.ok()) pairs_[index.value()].mark = price;
    return reason;
  }
  Reason SetSlow(const InstrumentTable& instruments, InstrumentIndex index, PriceTicks price) {
    const Reason reason = Check(instruments, index, price);
    if (reason.ok()) pairs_[index.value()].slow = price;
    return reason;
  }

  // The instrument has no prices any more: its positions cannot be judged until it has a mark.
  void Clear(InstrumentIndex index) {
    if (index.value() < pairs_.size()) pairs_[index.value()] = {};
  }

  // The prices, each or kNoPrice. Outside the instrument's range only when they were decoded or set
  // by another table.
  [[nodiscard]] PricePair Of(InstrumentIndex index) const {
    return index.value() < pairs_.size() ? pairs_[index.value()] : PricePair();
  }
  [[nodiscard]] PriceTicks Get(InstrumentIndex index) const { return Of(index).mark; }

  [[nodiscard]] std::size_t size() const { return pairs_.size(); }

 private:
  [[nodiscard]] Reason Check(const InstrumentTable& instruments, InstrumentIndex index,
                             PriceTicks price) const {
    if (index.value() >= instruments.size() || index.value() >= pairs_.size()) {
      return MarginReason::kUnknownInstrument;
    }
    return instruments[index].Allows(price) ? Reason() : MarginReason::kPriceOutOfRange;
  }

  Bounded<PricePair, kMaxInstruments> pairs_;

 public:
  using Fields = Members<&MarkPrices::pairs_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_PRICES_H_
