// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What positions come to in each of a few buckets: options by strike.
//
// Entries stand in the order of their buckets and stay as long as a position counts in them, also
// while positions come to zero. So the list depends only on which positions count in it, not on the
// order in which they came and went, and taking out what was put in never needs room.

#ifndef SETTLE_MARGIN_DETAIL_NET_LIST_H_
#define SETTLE_MARGIN_DETAIL_NET_LIST_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/margin/reason.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// Trivial, so that a list sets nothing that it does not use.
struct NetEntry {
  std::uint32_t bucket;
  std::uint32_t positions;
  Int128 net;

  friend bool operator==(const NetEntry&, const NetEntry&) = default;
};

// At most kCapacity buckets. Each call is O(buckets), and quick where buckets come in order.
template <std::size_t kCapacity>
class NetList {
 public:
  NetList() {}
  NetList(const NetList& other) { *this = other; }
  NetList& operator=(const NetList& other) {
    size_ = other.size_;
    std::copy_n(other.entries_.begin(), size_, entries_.begin());
    return *this;
  }

  // Counts a position of `amount` in `bucket`. Errors, with nothing changed: kTooManyStrikes,
  // kMarginOverflow.
  [[nodiscard]] Reason Add(std::uint32_t bucket, Int128 amount) {
    const std::size_t at = PlaceOf(bucket);
    if (at == size_ || entries_[at].bucket != bucket) {
      if (size_ == kCapacity) return MarginReason::kTooManyStrikes;
      for (std::size_t i = size_; i > at; --i) entries_[i] = entries_[i - 1];
      entries_[at] = {.bucket = bucket, .positions = 1, .net = amount};
      ++size_;
      return {};
    }
    if (!AddTo(entries_[at].net, amount)) return MarginReason::kMarginOverflow;
    ++entries_[at].positions;
    return {};
  }

  // Counts it no more. Errors, with nothing changed: kNotInSum when it cannot have been counted.
  [[nodiscard]] Reason Subtract(std::uint32_t bucket, Int128 amount) {
    const std::size_t at = PlaceOf(bucket);
    if (at == size_ || entries_[at].bucket != bucket) return MarginReason::kNotInSum;
    const auto net = CheckedSub(entries_[at].net, amount);
    const bool is_last = entries_[at].positions == 1;
    if (!net || (is_last && *net != 0)) return MarginReason::kNotInSum;
    if (is_last) {
      for (std::size_t i = at + 1; i < size_; ++i) entries_[i - 1] = entries_[i];
      --size_;
      return {};
    }
    entries_[at].net = *net;
    --entries_[at].positions;
    return {};
  }

  [[nodiscard]] std::span<const NetEntry> entries() const { return {entries_.data(), size_}; }

 private:
  // The place of `bucket`, or the one where it would be inserted.
  [[nodiscard]] std::size_t PlaceOf(std::uint32_t bucket) const {
    std::size_t at = size_;
    while (at > 0 && entries_[at - 1].bucket >= bucket) --at;
    return at;
  }

  std::size_t size_ = 0;
  // Beyond size_ nothing is ever set or read.
  std::array<NetEntry, kCapacity> entries_;
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_DETAIL_NET_LIST_H_
