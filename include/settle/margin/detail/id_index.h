// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Where an identifier of 32 bits stands in a list: one probe, in memory of a few times the list.
//
// Derived from the list and never iterated: it has no influence on any result.

#ifndef SETTLE_MARGIN_DETAIL_ID_INDEX_H_
#define SETTLE_MARGIN_DETAIL_ID_INDEX_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

class IdIndex {
 public:
  // Forgets everything and makes room for `count` identifiers, at most 2^30.
  void Reset(std::size_t count) {
    // At most half full, so that a probe for what is not there ends soon.
    slots_.assign(std::bit_ceil(2 * count + 2), Slot{});
    shift_ = 32 - std::countr_zero(slots_.size());
  }

  // Notes that `id` stands at `place`, which is below 2^30; false when it is there already.
  [[nodiscard]] bool Insert(std::uint32_t id, std::uint32_t place) {
    std::size_t at = Home(id);
    for (; slots_[at].place_plus_one != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].id == id) return false;
    }
    slots_[at] = {.id = id, .place_plus_one = place + 1};
    return true;
  }

  [[nodiscard]] std::optional<std::uint32_t> Find(std::uint32_t id) const {
    for (std::size_t at = Home(id); slots_[at].place_plus_one != 0;
         at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].id == id) return slots_[at].place_plus_one - 1;
    }
    return std::nullopt;
  }

 private:
  struct Slot {
    std::uint32_t id = 0;
    std::uint32_t place_plus_one = 0;  // 0: nothing is here
  };

  // Multiplication by the golden ratio spreads consecutive numbers evenly.
  [[nodiscard]] std::size_t Home(std::uint32_t id) const { return (id * 0x9e3779b1u) >> shift_; }

  std::vector<Slot> slots_ = std::vector<Slot>(2);
  int shift_ = 31;
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_DETAIL_ID_INDEX_H_
