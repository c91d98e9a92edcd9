// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A sum of amounts of one asset that no order of them can overflow.

#ifndef SETTLE_LEDGER_DETAIL_ASSET_SUM_H_
#define SETTLE_LEDGER_DETAIL_ASSET_SUM_H_

#include <cstdint>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// Exact in whatever order the amounts come: high * 2^128 + low.
struct AssetSum {
  AssetId asset{};
  std::int64_t high = 0;
  UInt128 low = 0;

  void Add(Int128 amount) {
    const bool carried = __builtin_add_overflow(low, static_cast<UInt128>(amount), &low);
    high += (carried ? 1 : 0) - (amount < 0 ? 1 : 0);
  }
  [[nodiscard]] bool IsZero() const { return low == 0 && high == 0; }
  // Whether the sum is an amount that is not below zero: `low` is it.
  [[nodiscard]] bool IsPlainAmount() const { return high == 0 && low >> 127 == 0; }
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_ASSET_SUM_H_
