// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The legs of applied transactions, kept until their ids are dropped, in half the memory of a leg
// as it comes: what is written once for every leg and almost never read should be small. Any amount
// of 128 bits comes back as it went in.

#ifndef SETTLE_LEDGER_DETAIL_LEG_STORE_H_
#define SETTLE_LEDGER_DETAIL_LEG_STORE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// One leg of an applied transaction, for the comparison with a later use of its id.
struct StoredLeg {
  std::uint32_t row = 0;
  Amount amount{};
  using Fields = Members<&StoredLeg::row, &StoredLeg::amount>;
};

namespace detail {

// A leg as it is kept: its amount in 96 bits. An amount that does not fit lies apart, and `low`
// says where.
struct PackedLeg {
  static constexpr std::int32_t kApart = kMin<std::int32_t>;

  std::uint32_t row;
  std::int32_t high;
  std::uint64_t low;
};
static_assert(sizeof(PackedLeg) == 16);

// The legs of the records of one bucket, in the order of their coming.
class LegStore {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] StoredLeg operator[](std::size_t at) const {
    const PackedLeg& leg = legs_[at];
    if (leg.high == PackedLeg::kApart) return {leg.row, Amount(apart_[leg.low])};
    const Int128 high = leg.high;
    return {leg.row, Amount(static_cast<Int128>(static_cast<UInt128>(high) << 64 | leg.low))};
  }

  // Adds so many legs, of which `leg_at(i)` answers number i.
  template <typename LegAt>
  void Add(std::size_t count, LegAt&& leg_at) {
    if (legs_.size() - size_ < count) legs_.resize((std::max)(2 * legs_.size(), size_ + count));
    PackedLeg* const added = legs_.data() + size_;
    for (std::size_t i = 0; i < count; ++i) {
      const StoredLeg& leg = leg_at(i);
      const Int128 amount = leg.amount.value();
      const auto high = static_cast<std::int64_t>(amount >> 64);
      const auto short_high = static_cast<std::int32_t>(high);
      const bool fits = short_high == high && short_high != PackedLeg::kApart;
      added[i] = fits ? PackedLeg{leg.row, short_high, static_cast<std::uint64_t>(amount)}
                      : PackApart(leg);
    }
    size_ += count;
    Prefetch(count);
  }

  // Drops the last legs, until so many are left.
  void Truncate(std::size_t size) {
    for (; size_ > size; --size_) {
      if (legs_[size_ - 1].high == PackedLeg::kApart) apart_.pop_back();
    }
  }

  void Clear() {
    size_ = 0;
    apart_.clear();
  }

 private:
  // Apart in the code too, so that what is always done stays small enough to be inlined.
  [[nodiscard]] PackedLeg PackApart(const StoredLeg& leg) {
    apart_.push_back(leg.amount.value());
    return {leg.row, PackedLeg::kApart, apart_.size() - 1};
  }

  // Fetches memory for so many legs that come soon: a store that misses holds up all after it.
  void Prefetch(std::size_t count) const {
    constexpr std::size_t kAhead = 32;
    constexpr std::size_t kPerLine = 64 / sizeof(PackedLeg);
    const std::size_t end = (std::min)(size_ + kAhead + count, legs_.size());
    for (std::size_t at = size_ + kAhead; at < end; at += kPerLine)
      __builtin_prefetch(&legs_[at], 1, 3);
  }

  std::vector<PackedLeg> legs_;  // the first size_ of them
  std::size_t size_ = 0;
  std::vector<Int128> apart_;
};

// The legs of one record.
class LegsView {
 public:
  LegsView(const LegStore& store, std::size_t first, std::size_t size)
      : store_(store), first_(first), size_(size) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] StoredLeg operator[](std::size_t i) const { return store_[first_ + i]; }

 private:
  const LegStore& store_;
  std::size_t first_;
  std::size_t size_;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEG_STORE_H_
