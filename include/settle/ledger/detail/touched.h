// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The accounts that one transaction touches, each once, with the sum of its legs.
//
// A sparse set: an account row remembers its position here, counted from a start that moves on with
// each transaction, so that the memory of another transaction almost never is a position of this
// one; where it is, the entry there names another row. Nothing is cleared between transactions and
// nothing is searched.

#ifndef SETTLE_LEDGER_DETAIL_TOUCHED_H_
#define SETTLE_LEDGER_DETAIL_TOUCHED_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/ledger/detail/account_table.h"
#include "settle/ledger/detail/asset_sum.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

struct Touched {
  std::uint32_t row = kNoRow;
  std::uint32_t legs = 0;
  Int128 change = 0;
  Int128 after = 0;  // the balance with the change
};

// What a transaction does to what is reserved of an account: more of it, or less.
struct PendingChange {
  Int128 debits = 0;
  Int128 credits = 0;
};

class TouchedSet {
 public:
  // For transactions of at most `legs` legs that reserve nothing.
  void Begin(std::size_t legs) {
    if (entries_.size() < legs) entries_.resize(legs);
    start_ += size_;
    size_ = 0;
    reserves_ = false;
  }
  // For others.
  void BeginReserving(std::size_t legs) {
    Begin(legs);
    reserves_ = true;
    pending_.assign(legs, {});
  }
  // Whether pending_change is of this transaction.
  [[nodiscard]] bool reserves() const { return reserves_; }
  [[nodiscard]] PendingChange pending_change(const Touched& touched) const {
    return reserves_ ? pending_[PositionOf(touched)] : PendingChange();
  }
  [[nodiscard]] std::span<Touched> entries() { return {entries_.data(), size_}; }
  [[nodiscard]] std::span<const Touched> entries() const { return {entries_.data(), size_}; }

  [[nodiscard]] std::size_t PositionOf(const Touched& touched) const {
    return static_cast<std::size_t>(&touched - entries_.data());
  }

  // The entry of the account in `row`, or nullptr when it is not touched.
  [[nodiscard]] const Touched* Find(const AccountRow& account, std::uint32_t row) const {
    const std::uint32_t at = account.scratch - start_;
    return at < size_ && entries_[at].row == row ? &entries_[at] : nullptr;
  }

  // The entry of the account in `row`, added without a leg where it is not touched yet.
  Touched& Touch(AccountRow& account, std::uint32_t row) {
    const std::uint32_t at = account.scratch - start_;
    if (at < size_ && entries_[at].row == row) return entries_[at];
    account.scratch = start_ + size_;
    entries_[size_] = {.row = row};
    return entries_[size_++];
  }

  // Adds one leg of the account in `row`; false when the sum of its legs leaves 128 bits.
  [[nodiscard]] bool Add(AccountRow& account, std::uint32_t row, Int128 amount) {
    const std::uint32_t at = account.scratch - start_;
    if (at < size_ && entries_[at].row == row) {
      ++entries_[at].legs;
      return AddTo(entries_[at].change, amount);
    }
    account.scratch = start_ + size_;
    Touched& added = entries_[size_++];
    added.row = row;
    added.legs = 1;
    added.change = amount;
    return true;
  }

  // Reserves (sign 1) or releases (sign -1) one leg of the account in `row`, after BeginReserving;
  // false as of Add.
  [[nodiscard]] bool AddPending(AccountRow& account, std::uint32_t row, Int128 amount, int sign) {
    const Touched& touched = Touch(account, row);
    if (amount == kMin<Int128>) return false;  // which has no opposite
    PendingChange& change = pending_[PositionOf(touched)];
    return amount < 0 ? AddTo(change.debits, -sign * amount) : AddTo(change.credits, sign * amount);
  }

 private:
  std::vector<Touched> entries_;  // the first size_ of them
  std::uint32_t size_ = 0;
  std::uint32_t start_ = 0;             // wraps around
  std::vector<PendingChange> pending_;  // beside the entries, while reserves_
  bool reserves_ = false;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_TOUCHED_H_
