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
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/ledger/detail/account_table.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

struct Touched {
  std::uint32_t row = kNoRow;
  std::uint32_t legs = 0;
  Int128 change = 0;
};

struct AssetSum {
  AssetId asset{};
  Int128 sum = 0;
};

class TouchedSet {
 public:
  // For transactions of at most `legs` legs.
  void Begin(std::size_t legs) {
    if (entries_.size() < legs) entries_.resize(legs);
    size_ = 0;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const Touched* begin() const { return entries_.data(); }
  [[nodiscard]] const Touched* end() const { return entries_.data() + size_; }

  // The change of `row` so far, or nullptr when it is not touched.
  [[nodiscard]] const Touched* Find(std::uint32_t row, const AccountRow& account) const {
    const std::uint32_t at = account.scratch;
    return at < size_ && entries_[at].row == row ? &entries_[at] : nullptr;
  }

  // Adds one leg; false when the sum leaves 128 bits.
  [[nodiscard]] bool Add(std::uint32_t row, AccountRow& account, Int128 amount) {
    const std::uint32_t at = account.scratch;
    if (at < size_ && entries_[at].row == row) {
      ++entries_[at].legs;
      return AddTo(entries_[at].change, amount);
    }
    account.scratch = static_cast<std::uint32_t>(size_);
    entries_[size_++] = {.row = row, .legs = 1, .change = amount};
    return true;
  }

 private:
  std::vector<Touched> entries_;  // the first size_ of them
  std::size_t size_ = 0;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_TOUCHED_H_
