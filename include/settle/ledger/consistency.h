// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Proof that a tree only grew: that the older tree, or any subtree that somebody holds the root of,
// stands unchanged in the newer one, checked against nothing but the two heads.
//
// Consistency is that of RFC 6962 section 2.1.2 (RFC 9162 section 2.1.4). Subtrees are those of
// Merkle Tree Certificates (draft-ietf-plants-merkle-tree-certs, section 4): the leaves [start,
// end) where start is a multiple of the smallest power of two not below end - start, so that they
// are what a node of the tree holds, or the beginning of that. A tree's first leaves are such a
// subtree, and an older tree is proved as one.
//
// The proof begins with the root of the largest perfect subtree that ends where the older tree
// ends, unless that is the older tree itself. Its siblings on the way to the newer root follow:
// those on the left join into both roots as long as they belong to the older tree, the others into
// the newer root alone. Sizes alone say how many there are and on which side each stands.
//
//   size 6 in size 8: {[4,6), [6,8), [0,4)}          [0,4) and [4,6) make the root of 6,
//                                                    all three make the root of 8
//
//   Reason reason = VerifyConsistency(Sha256(), {.older = kept, .newer = offered}, proof.path);

#ifndef SETTLE_LEDGER_CONSISTENCY_H_
#define SETTLE_LEDGER_CONSISTENCY_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/detail/climbing_node.h"
#include "settle/ledger/detail/merkle_path.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

// The leaves [start, end) of a tree.
struct Subtree {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  using Fields = Members<&Subtree::start, &Subtree::end>;
};

// A subtree and its root, which is that of a tree of its leaves alone.
struct SubtreeHead {
  Subtree leaves{};
  Digest root{};
  using Fields = Members<&SubtreeHead::leaves, &SubtreeHead::root>;
};

// Two sizes of one tree, and two heads.
struct TreeSizes {
  std::uint64_t older = 0;
  std::uint64_t newer = 0;
};
struct TreeHeads {
  TreeHead older{};
  TreeHead newer{};
};

// No proof of consistency is longer: a subtree's root and its siblings.
inline constexpr std::size_t kMaxConsistencyLength = 1 + kMaxPathLength;

// The nodes that lead from a subtree to the root of the tree, lowest first.
struct ConsistencyProof {
  Bounded<Digest, kMaxConsistencyLength> path{};
  using Fields = Members<&ConsistencyProof::path>;
};

namespace detail {

// Where the proof of a subtree that is not empty begins, and how long it is; end <= size.
struct ConsistencyShape {
  constexpr ConsistencyShape(const Subtree& subtree, std::uint64_t size)
      : height(BitWidth(subtree.end - subtree.start - 1)),
        from(subtree.end == size
                 ? height
                 : (std::min)(height, static_cast<std::size_t>(std::countr_zero(subtree.end)))),
        seeded(from < height) {
    // Only a whole tree is so high: there is nothing above it.
    if (from == 64) return;
    const PathShape path((subtree.end - 1) >> from, ((size - 1) >> from) + 1);
    inner = from + path.inner;
    length = path.length() + (seeded ? 1 : 0);
  }

  std::size_t height;      // of the lowest node of a tree that holds the subtree
  std::size_t from;        // the level on which the proof begins to climb, at leaf end - 1
  bool seeded;             // it begins below the subtree's root, with a node of the proof's own
  std::size_t inner = 64;  // from here on the way is that of the last leaf
  std::size_t length = 0;  // of the whole proof
};

constexpr bool IsSubtree(const Subtree& subtree) {
  if (subtree.start >= subtree.end) return false;
  return (subtree.start & LowBits(BitWidth(subtree.end - subtree.start - 1))) == 0;
}

}  // namespace detail

// How many nodes the proof has that `subtree` stands in a tree of `size` leaves; none for an empty
// one. Errors: kBadSize for leaves that are no subtree or that the tree does not have.
[[nodiscard]] constexpr Result<std::size_t> ConsistencyPathLength(const Subtree& subtree,
                                                                  std::uint64_t size) {
  if (subtree.end > size) return LedgerReason::kBadSize;
  if (subtree.start == subtree.end) return std::size_t{0};
  if (!detail::IsSubtree(subtree)) return LedgerReason::kBadSize;
  return detail::ConsistencyShape(subtree, size).length;
}

// Whether the tree of which `head` tells has the subtree of which `subtree` tells. The empty one is
// in every tree: of it only its root is checked, and nothing is said of the tree's. Errors in this
// order, the first two before the first hash: kBadSize, kBadProofLength, kRootMismatch for either
// root. Cost: up to two node hashes for a node of the proof, no allocation.
template <typename H>
[[nodiscard]] Reason VerifySubtreeConsistency(const H& hasher, const SubtreeHead& subtree,
                                              const TreeHead& head, std::span<const Digest> path) {
  static_assert(RequireHasher<H>());
  const Result<std::size_t> length = ConsistencyPathLength(subtree.leaves, head.size);
  if (!length.ok()) return length.reason();
  if (path.size() != *length) return LedgerReason::kBadProofLength;
  if (subtree.leaves.start == subtree.leaves.end) {
    return subtree.root == hasher.EmptyRoot() ? Reason() : LedgerReason::kRootMismatch;
  }

  const detail::ConsistencyShape shape(subtree.leaves, head.size);
  const std::uint64_t last = subtree.leaves.end - 1;
  detail::ClimbingNode older(shape.seeded ? path[0] : subtree.root);
  detail::ClimbingNode newer(older.node());
  std::size_t next = shape.seeded ? 1 : 0;
  for (std::size_t level = shape.from; next < path.size(); ++level) {
    const bool is_right = ((last >> level) & 1) != 0;
    // Above, a node that is no right child has no sibling.
    if (!is_right && level >= shape.inner) continue;
    if (is_right && level < shape.height) older.JoinLeft(hasher, path[next]);
    newer.Join(hasher, path[next++], is_right);
  }
  if (older.node() != subtree.root) return LedgerReason::kRootMismatch;
  if (newer.node() != head.root) return LedgerReason::kRootMismatch;
  return {};
}

// Whether the newer tree begins with all leaves of the older one. Errors in this order: kBadSize
// for an older tree that is empty, of which there is nothing to prove, or larger than the newer;
// kBadProofLength, kRootMismatch. Cost as of VerifySubtreeConsistency. RFC 9162 section 2.1.4.2.
template <typename H>
[[nodiscard]] Reason VerifyConsistency(const H& hasher, const TreeHeads& heads,
                                       std::span<const Digest> path) {
  if (heads.older.size == 0) return LedgerReason::kBadSize;
  const SubtreeHead older{.leaves = {.start = 0, .end = heads.older.size},
                          .root = heads.older.root};
  return VerifySubtreeConsistency(hasher, older, heads.newer, path);
}

// Whether `leaf` (a leaf's digest) is number `index` of the tree in which the subtree stands, and
// so one of the subtree's. Errors in this order: kBadSize for leaves that are no subtree, kBadIndex
// for a leaf outside, kBadProofLength, kRootMismatch. Cost: one node hash a sibling, no allocation.
template <typename H>
[[nodiscard]] Reason VerifySubtreeInclusion(const H& hasher, const Digest& leaf, LogIndex index,
                                            const SubtreeHead& subtree,
                                            std::span<const Digest> path) {
  const auto& [start, end] = subtree.leaves;
  if (!detail::IsSubtree(subtree.leaves)) return LedgerReason::kBadSize;
  if (index.value() < start) return LedgerReason::kBadIndex;
  const TreeHead alone{.size = end - start, .root = subtree.root};
  return VerifyInclusion(hasher, leaf, LogIndex(index.value() - start), alone, path);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_CONSISTENCY_H_
