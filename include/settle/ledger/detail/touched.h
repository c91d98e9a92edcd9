// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The accounts that one transaction touches, each once, with the sum of its legs.
//
// A sparse set: an account row remembers its position here, and the memory of another transaction
// is recognised because the entry at that position names another row. Nothing is cleared between
// transactions and nothing is searched.

#ifndef SETTLE_LEDGER_DETAIL_TOUCHED_H_
#define SETTLE_LEDGER_DETAIL_TOUCHED_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/ledger/detail/account_table.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

struct Touched {
  AccountRow* account = nullptr;
  std::uint32_t legs = 0;
  Int128 change = 0;
  Int128 after = 0;  // the balance with the change
};

// The sum of an asset's legs, exact in whatever order they come: high * 2^128 + low.
struct AssetSum {
  AssetId asset{};
  std::int32_t high = 0;
  UInt128 low = 0;

  void Add(Int128 amount) {
    const bool carried = __builtin_add_overflow(low, static_cast<UInt128>(amount), &low);
    high += (carried ? 1 : 0) - (amount < 0 ? 1 : 0);
  }
  [[nodiscard]] bool IsZero() const { return low == 0 && high == 0; }
};

class TouchedSet {
 public:
  // For transactions of at most `legs` legs.
  void Begin(std::size_t legs) {
    if (entries_.size() < legs) entries_.resize(legs);
    size_ = 0;
  }
  [[nodiscard]] std::span<Touched> entries() { return {entries_.data(), size_}; }
  [[nodiscard]] std::span<const Touched> entries() const { return {entries_.data(), size_}; }

  // What the account's entry is, or nullptr when it is not touched.
  [[nodiscard]] const Touched* Find(const AccountRow& account) const {
    const std::uint32_t at = account.scratch;
    return at < size_ && entries_[at].account == &account ? &entries_[at] : nullptr;
  }

  // Adds one leg; false when the sum of the account's legs leaves 128 bits.
  [[nodiscard]] bool Add(AccountRow& account, Int128 amount) {
    const std::uint32_t at = account.scratch;
    if (at < size_ && entries_[at].account == &account) {
      ++entries_[at].legs;
      return AddTo(entries_[at].change, amount);
    }
    account.scratch = static_cast<std::uint32_t>(size_);
    Touched& added = entries_[size_++];
    added.account = &account;
    added.legs = 1;
    added.change = amount;
    return true;
  }

 private:
  std::vector<Touched> entries_;  // the first size_ of them
  std::size_t size_ = 0;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_TOUCHED_H_
