// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Where the siblings of a leaf stand, by index and size alone.

#ifndef SETTLE_LEDGER_DETAIL_MERKLE_PATH_H_
#define SETTLE_LEDGER_DETAIL_MERKLE_PATH_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// std::bit_width, whose result type differs between versions of the standard library.
constexpr std::size_t BitWidth(std::uint64_t number) {
  return 64 - static_cast<std::size_t>(std::countl_zero(number));
}

// The siblings of leaf `index` in a tree of `size` leaves, index < size. Up to the highest bit in
// which the index and that of the last leaf differ there is one at each level, on the side that the
// bit of the index says; the last of these holds the last leaf. Above, leaf and last leaf go the
// same way, where a node has a sibling only if it is a right child.
struct PathShape {
  constexpr PathShape(std::uint64_t index, std::uint64_t size)
      : inner(BitWidth(index ^ (size - 1))),
        // All 64 bits differ only for an index below 2^63: then there is nothing above.
        border(inner == 64 ? 0 : static_cast<std::size_t>(std::popcount(index >> inner))) {}

  [[nodiscard]] constexpr std::size_t length() const { return inner + border; }

  std::size_t inner;
  std::size_t border;
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_MERKLE_PATH_H_
