// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A node on its way to the root, hashed with one sibling after the other.

#ifndef SETTLE_LEDGER_DETAIL_CLIMBING_NODE_H_
#define SETTLE_LEDGER_DETAIL_CLIMBING_NODE_H_

#include <array>
#include <cstddef>
#include <new>

#include "settle/base/bytes.h"
#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// Each node is made where the next hash reads it. To assign it would be to read it once more while
// its bytes, which the hash writes four at a time, still wait to be stored: 10 ns of 120.
class ClimbingNode {
 public:
  explicit ClimbingNode(const Digest& node) : nodes_{node, Digest()} {}

  [[nodiscard]] const Digest& node() const { return nodes_[at_]; }

  template <typename H>
  void JoinLeft(const H& hasher, const Digest& left) {
    Make(hasher, left, node());
  }
  // `sibling` to the left if this node is a right child, else to the right.
  template <typename H>
  void Join(const H& hasher, const Digest& sibling, bool is_right) {
    // Two selections rather than a branch, which would go the wrong way half of the time.
    const Digest& left = is_right ? sibling : node();
    const Digest& right = is_right ? node() : sibling;
    Make(hasher, left, right);
  }

 private:
  template <typename H>
  void Make(const H& hasher, const Digest& left, const Digest& right) {
    at_ ^= 1;
    ::new (&nodes_[at_]) Digest(hasher.HashNode(left, right));
  }

  std::array<Digest, 2> nodes_;
  std::size_t at_ = 0;
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_CLIMBING_NODE_H_
