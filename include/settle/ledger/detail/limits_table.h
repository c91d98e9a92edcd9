// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The distinct limits of the accounts of a ledger: a row names its limits by a small number.
//
// A policy gives few distinct limits: the first ones are shared by search, and stay. Later ones,
// and those that accounts have of their own, take a place for one row each, which is used again.
// The numbers are derived and mean nothing to anybody else.

#ifndef SETTLE_LEDGER_DETAIL_LIMITS_TABLE_H_
#define SETTLE_LEDGER_DETAIL_LIMITS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/config.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

class LimitsTable {
 public:
  static constexpr std::uint32_t kShared = 16;

  [[nodiscard]] const Limits& operator[](std::uint32_t at) const { return limits_[at]; }

  // A place with these limits, shared if it can be.
  [[nodiscard]] std::uint32_t Add(const Limits& limits) {
    for (std::uint32_t i = 0; i < shared_; ++i) {
      if (limits_[i] == limits) return i;
    }
    if (shared_ == kShared) return AddOwn(limits);
    limits_[shared_] = limits;
    return shared_++;
  }

  // A place with these limits for one row.
  [[nodiscard]] std::uint32_t AddOwn(const Limits& limits) {
    if (free_.empty()) {
      limits_.push_back(limits);
      return static_cast<std::uint32_t>(limits_.size() - 1);
    }
    const std::uint32_t at = free_.back();
    free_.pop_back();
    limits_[at] = limits;
    return at;
  }

  // The row that named the place names it no longer.
  void Drop(std::uint32_t at) {
    if (at >= kShared) free_.push_back(at);
  }

  [[nodiscard]] std::size_t bytes() const {
    return limits_.capacity() * sizeof(Limits) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::vector<Limits> limits_ = std::vector<Limits>(kShared);  // the shared ones first
  std::uint32_t shared_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LIMITS_TABLE_H_
