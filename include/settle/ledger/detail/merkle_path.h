// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Where the nodes of a proof stand, by index and size alone.

#ifndef SETTLE_LEDGER_DETAIL_MERKLE_PATH_H_
#define SETTLE_LEDGER_DETAIL_MERKLE_PATH_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"
#include "settle/base/members.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// std::bit_width, whose result type differs between versions of the standard library.
constexpr std::size_t BitWidth(std::uint64_t number) {
  return 64 - static_cast<std::size_t>(std::countl_zero(number));
}

// 2^count - 1, count <= 64.
constexpr std::uint64_t LowBits(std::size_t count) {
  return count == 0 ? 0 : ~std::uint64_t{0} >> (64 - count);
}

constexpr std::size_t Ones(std::uint64_t number) {
  return static_cast<std::size_t>(std::popcount(number));
}

// The siblings of node `index` of some level, where `size` is the number of nodes there are, the
// last perhaps incomplete; index < size. Up to the highest bit in which the index and that of the
// last node differ there is one at each level, on the side that the bit of the index says; the last
// of these holds the last leaf. Above, both go the same way, where a node has a sibling only if it
// is a right child.
struct PathShape {
  constexpr PathShape(std::uint64_t index, std::uint64_t size)
      : inner(BitWidth(index ^ (size - 1))), border(Ones(index & ~LowBits(inner))) {}

  [[nodiscard]] constexpr std::size_t length() const { return inner + border; }

  std::size_t inner;
  std::size_t border;
};

// The leaves [begin, end).
struct LeafRun {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend constexpr bool operator==(const LeafRun&, const LeafRun&) = default;
  using Fields = Members<&LeafRun::begin, &LeafRun::end>;
};

// The height of the largest subtree that begins with leaf `begin` and ends by `end`; begin < end.
constexpr std::size_t LargestSubtree(std::uint64_t begin, std::uint64_t end) {
  const std::size_t fits = BitWidth(end - begin) - 1;
  const auto aligned = static_cast<std::size_t>(std::countr_zero(begin));  // 64 for 0
  return fits < aligned ? fits : aligned;
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_MERKLE_PATH_H_
