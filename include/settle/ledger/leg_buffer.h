// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Where the legs of a transaction are put together: a list in storage that the caller owns.
//
// What books an event (settle/ledger/booking.h and its neighbours) appends its legs here, all of
// them or, where it refuses, none. Several events may make up one transaction: a trade and its two
// fees. Nothing is allocated, and the legs stay where they are for a TransactionView to show.
//
//   std::array<Leg, 64> storage;
//   LegBuffer legs(storage);
//   Reason reason = BookFee({.asset = usd, .payer = {alice}, .fees = {venue}, .amount = fee},
//   legs); if (reason.ok()) transactions.push_back({.header = header, .legs = legs.view()});

#ifndef SETTLE_LEDGER_LEG_BUFFER_H_
#define SETTLE_LEDGER_LEG_BUFFER_H_

#include <cstddef>
#include <span>

#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

class LegBuffer {
 public:
  // Empty, with room for as many legs as `storage`, which outlives it. More than kMaxLegs are of no
  // use in one transaction.
  explicit LegBuffer(std::span<Leg> storage) : storage_(storage) {}
  // Two lists in one storage would overwrite each other.
  LegBuffer(const LegBuffer&) = delete;
  LegBuffer& operator=(const LegBuffer&) = delete;

  // The legs, in the order in which they came. They stay while the storage does.
  [[nodiscard]] std::span<const Leg> view() const { return storage_.first(size_); }
  [[nodiscard]] std::size_t size() const { return size_; }
  // How many more legs there is room for.
  [[nodiscard]] std::size_t room() const { return storage_.size() - size_; }

  // Errors: kFull, with nothing changed.
  Reason Add(const Leg& leg) { return Add(leg.account, leg.amount); }
  Reason Add(const AccountKey& account, Amount amount) {
    if (room() == 0) return BaseReason::kFull;
    Leg& leg = storage_[size_++];
    leg.account = account;
    leg.amount = amount;
    return {};
  }
  // Takes back all legs from the one numbered `size` on: what was added since size() was that.
  void Truncate(std::size_t size) {
    if (size < size_) size_ = size;
  }
  void Clear() { size_ = 0; }

 private:
  std::span<Leg> storage_;
  std::size_t size_ = 0;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_LEG_BUFFER_H_
