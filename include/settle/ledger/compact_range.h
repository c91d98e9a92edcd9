// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The frontier of a growing Merkle tree (RFC 6962): enough to append and to know the root, without
// the leaves. For hosts that keep none and for trees that are made only for their root.
//
// A tree of n leaves is a row of perfect subtrees, one for each one-bit of n, the largest first;
// the range keeps their roots. An append is an addition with carry: two subtrees of equal size
// become one.
//
//   size 6 = 0b110                     size 7 = 0b111
//
//        a         b                        a         b      c
//      /   \      / \      append         /   \      / \     |
//     o     o    4   5     ------>       o     o    4   5    6
//
//   CompactRange<> entries;
//   for (const Entry& entry : block) entries.Append(Encode(entry));
//   header.entries = entries.Head();

#ifndef SETTLE_LEDGER_COMPACT_RANGE_H_
#define SETTLE_LEDGER_COMPACT_RANGE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/detail/climbing_node.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/inclusion.h"

SETTLE_NAMESPACE_BEGIN

template <typename H>
class CompactRange {
  static_assert(RequireHasher<H>());

 public:
  // The empty tree.
  CompactRange() = default;
  explicit CompactRange(H hasher) : hasher_(std::move(hasher)) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Adds a leaf and answers its index. Never refuses: see Validate. Cost: the leaf hash and as many
  // node hashes as `size` ends in one-bits, one on average.
  LogIndex Append(ByteView leaf) { return AppendDigest(hasher_.HashLeaf(leaf)); }

  // Adds a leaf whose digest is known, otherwise as Append.
  LogIndex AppendDigest(const Digest& leaf) {
    detail::ClimbingNode node(leaf);
    for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
      node.JoinLeft(hasher_, roots_[roots_.size() - 1]);
      roots_.PopBack();
    }
    (void)roots_.Add(node.node());  // one for each one-bit of a size below 2^64: there is room
    return LogIndex(size_++);
  }

  // Cost: popcount(size) - 1 node hashes; H("") for the empty tree.
  [[nodiscard]] Digest Root() const {
    if (roots_.empty()) return hasher_.EmptyRoot();
    detail::ClimbingNode root(roots_[roots_.size() - 1]);
    for (std::size_t i = roots_.size() - 1; i-- > 0;) root.JoinLeft(hasher_, roots_[i]);
    return root.node();
  }

  // Size and root, at the cost of Root.
  [[nodiscard]] TreeHead Head() const { return {.size = size_, .root = Root()}; }

  // What decode demands. Errors: kOutOfRange for 2^63 leaves or more, so that appends to what came
  // from a stranger do not leave 64 bits either; kNotCanonical unless there is one root for each
  // one-bit of the size.
  [[nodiscard]] Reason Validate() const {
    if (size_ >> 63 != 0) return BaseReason::kOutOfRange;
    if (roots_.size() != static_cast<std::size_t>(std::popcount(size_))) {
      return BaseReason::kNotCanonical;
    }
    return {};
  }

 private:
  std::uint64_t size_ = 0;
  Bounded<Digest, 64> roots_;  // of the perfect subtrees, the largest first
  SETTLE_NO_UNIQUE_ADDRESS H hasher_{};

 public:
  using Fields = Members<&CompactRange::size_, &CompactRange::roots_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_COMPACT_RANGE_H_
