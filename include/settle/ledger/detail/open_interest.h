// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The open interest of every contract: the sum of its balances above zero. As a contract's balances
// sum to zero, it is half of the lots that all accounts have together, long and short.
//
// Derived: the accounts' table moves the sums with every balance and every reservation that it
// writes, whoever writes it and whatever for, so that what is taken back is taken out again. Never
// iterated; a contract that nobody holds any more keeps its row, with zero.
//
// Balances are checked one by one, and many that fit 128 bits can have a sum that does not. No sum
// wraps unnoticed: what would take `reachable` out of 128 bits is refused as kAmountOverflow, by
// the ledger's entry points and by Recover. Posts and releases of holds, which nothing may refuse,
// only move credits into balances or drop them: `reachable` never rises by them, and `open` is
// never more than it.

#ifndef SETTLE_LEDGER_DETAIL_OPEN_INTEREST_H_
#define SETTLE_LEDGER_DETAIL_OPEN_INTEREST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/ledger/detail/asset_sum.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// Of one account, or of all accounts of a contract.
struct Interest {
  Int128 open = 0;       // of balances above zero
  Int128 reachable = 0;  // the same, as if all credits were posted and none of the debits
};

// What an account adds. Between the members of a chain, which are judged once by what all come to,
// the sum may wrap; the next write takes the same out of the contract's sum again.
[[nodiscard]] inline Interest InterestOf(Int128 balance, Int128 credits) {
  const auto most =
      static_cast<Int128>(static_cast<UInt128>(balance) + static_cast<UInt128>(credits));
  return {(std::max)(balance, Int128{0}), (std::max)(most, Int128{0})};
}

class OpenInterest {
 public:
  explicit OpenInterest(std::uint64_t seed) : index_(seed) {}

  // Zero of a contract that nobody ever held.
  [[nodiscard]] Interest Of(AssetId contract) const {
    const std::uint32_t row = Find(contract);
    if (row == kNoRow) return {};
    return {static_cast<Int128>(rows_[row].open), static_cast<Int128>(rows_[row].reachable)};
  }

  // An account's part of the sums becomes another.
  void Replace(AssetId contract, const Interest& before, const Interest& after) {
    // Trades come in pairs of legs of one contract.
    if (last_ >= rows_.size() || rows_[last_].contract != contract) last_ = FindOrAdd(contract);
    Row& row = rows_[last_];
    row.open += static_cast<UInt128>(after.open) - static_cast<UInt128>(before.open);
    row.reachable += static_cast<UInt128>(after.reachable) - static_cast<UInt128>(before.reachable);
  }

  [[nodiscard]] std::size_t bytes() const {
    return rows_.capacity() * sizeof(Row) + index_.bytes();
  }

 private:
  // Sums modulo 2^128, and so exact whenever they are in range.
  struct Row {
    AssetId contract{};
    UInt128 open = 0;
    UInt128 reachable = 0;
  };

  [[nodiscard]] std::uint32_t Find(AssetId contract) const {
    return index_.Find(index_.HashOf(contract), [this, contract](std::uint32_t row) {
      return rows_[row].contract == contract;
    });
  }
  std::uint32_t FindOrAdd(AssetId contract) {
    const std::uint32_t found = Find(contract);
    if (found != kNoRow) return found;
    const auto added = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back({.contract = contract});
    index_.Insert(index_.HashOf(contract), added);
    return added;
  }

  std::vector<Row> rows_;
  RowIndex index_;
  std::uint32_t last_ = 0;
};

// The sums of the contracts that one transaction touches, as it would leave them.
class ProjectedInterest {
 public:
  void Clear() { sums_.clear(); }

  // One account's part of the sums would become another.
  void Replace(const OpenInterest& now, AssetId contract, const Interest& before,
               const Interest& after) {
    Sums& sums = FindOrAdd(now, contract);
    // None is below zero, so that their difference fits.
    sums.open.Add(after.open - before.open);
    sums.reachable.Add(after.reachable - before.reachable);
  }

  [[nodiscard]] bool IsInRange() const {
    return std::all_of(sums_.begin(), sums_.end(),
                       [](const Sums& sums) { return IsInRange(sums); });
  }
  [[nodiscard]] bool IsInRange(AssetId contract) const {
    const Sums* const sums = Find(contract);
    return sums == nullptr || IsInRange(*sums);
  }
  // The open interest of the contract, which is in range; `now` of one that is not touched.
  [[nodiscard]] Amount OpenOr(Amount now, AssetId contract) const {
    const Sums* const sums = Find(contract);
    return sums == nullptr ? now : Amount(static_cast<Int128>(sums->open.low));
  }

 private:
  struct Sums {
    AssetSum open{};
    AssetSum reachable{};
  };
  [[nodiscard]] static bool IsInRange(const Sums& sums) { return sums.reachable.IsPlainAmount(); }

  [[nodiscard]] const Sums* Find(AssetId contract) const {
    const auto found = std::find_if(sums_.begin(), sums_.end(), [contract](const Sums& sums) {
      return sums.open.asset == contract;
    });
    return found == sums_.end() ? nullptr : &*found;
  }
  Sums& FindOrAdd(const OpenInterest& now, AssetId contract) {
    for (Sums& sums : sums_) {
      if (sums.open.asset == contract) return sums;
    }
    const Interest start = now.Of(contract);
    Sums& added = sums_.emplace_back();
    added.open.asset = contract;
    added.open.Add(start.open);
    added.reachable.asset = contract;
    added.reachable.Add(start.reachable);
    return added;
  }

  std::vector<Sums> sums_;  // as few as a transaction's contracts
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_OPEN_INTEREST_H_
