// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Proof that a leaf stands at an index of a Merkle tree, checked against nothing but the tree's
// head: its size and its root.
//
// Trees and proofs are those of RFC 6962 section 2.1 (RFC 9162 section 2.1.3). A tree of n leaves
// is split at the largest power of two below n; the proof of a leaf is the sibling of each node on
// its way to the root, lowest first. Index and size alone say how many siblings there are and on
// which side each stands: the verifier takes neither from the proof, which can choose neither. Of
// the size only that shape enters; which size is meant is for the root to say, so size and root
// come from one certified head.
//
// The path of leaf 4 in a tree of size 7 is {5, 6, h}. 4 ^ (size - 1) = 0b010: below bit 2 the way
// of leaf 4 and that of the last leaf differ, and there is a sibling at each level; above, the ways
// are one and every sibling is on the left.
//
//            root
//         /        \         .
//        h          o
//      /   \      /   \      .
//     o     o    o     6
//    / \   / \  / \          .
//    0 1   2 3  4 5
//
//   const TreeHead head = ...;                        // certified by a quorum
//   Reason reason = VerifyInclusion(Sha256(), leaf, index, head, proof.path);

#ifndef SETTLE_LEDGER_INCLUSION_H_
#define SETTLE_LEDGER_INCLUSION_H_

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
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

// All that a verifier needs of a tree. The head of the empty tree is {0, hasher.EmptyRoot()}.
struct TreeHead {
  std::uint64_t size = 0;  // leaves
  Digest root{};
  using Fields = Members<&TreeHead::size, &TreeHead::root>;
};

// No path is longer: sizes are below 2^64.
inline constexpr std::size_t kMaxPathLength = 64;

// The siblings on a leaf's way to the root, lowest first.
struct InclusionProof {
  Bounded<Digest, kMaxPathLength> path{};
  using Fields = Members<&InclusionProof::path>;
};

// How many siblings the leaf `index` of a tree of `size` leaves has: at most bit_width(size - 1).
// Errors: kBadSize for an empty tree, kBadIndex for an index not below the size.
[[nodiscard]] constexpr Result<std::size_t> InclusionPathLength(LogIndex index,
                                                                std::uint64_t size) {
  if (size == 0) return LedgerReason::kBadSize;
  if (index.value() >= size) return LedgerReason::kBadIndex;
  return detail::PathShape(index.value(), size).length();
}

// The root that the tree of `size` leaves has if `leaf` (a leaf's digest, see Hasher::HashLeaf)
// stands at `index` and `path` are its siblings. Errors: kBadSize, kBadIndex, kBadProofLength for a
// path of any but InclusionPathLength siblings, all before the first hash. Cost: one node hash a
// sibling, no allocation. RFC 9162 section 2.1.3.2.
template <typename H>
[[nodiscard]] Result<Digest> InclusionRoot(const H& hasher, const Digest& leaf, LogIndex index,
                                           std::uint64_t size, std::span<const Digest> path) {
  static_assert(RequireHasher<H>());
  const Result<std::size_t> length = InclusionPathLength(index, size);
  if (!length.ok()) return length.reason();
  if (path.size() != *length) return LedgerReason::kBadProofLength;

  const std::size_t inner = detail::PathShape(index.value(), size).inner;
  detail::ClimbingNode node(leaf);
  for (std::size_t level = 0; level < inner; ++level) {
    node.Join(hasher, path[level], ((index.value() >> level) & 1) != 0);
  }
  for (std::size_t i = inner; i < path.size(); ++i) node.JoinLeft(hasher, path[i]);
  return node.node();
}

// Whether `leaf` (a leaf's digest) stands at `index` of the tree of which `head` tells. The head
// must come from somewhere trusted: it is what the proof is checked against. Errors in this order:
// kBadSize, kBadIndex, kBadProofLength, kRootMismatch. Cost as of InclusionRoot.
template <typename H>
[[nodiscard]] Reason VerifyInclusion(const H& hasher, const Digest& leaf, LogIndex index,
                                     const TreeHead& head, std::span<const Digest> path) {
  const Result<Digest> root = InclusionRoot(hasher, leaf, index, head.size, path);
  if (!root.ok()) return root.reason();
  if (*root != head.root) return LedgerReason::kRootMismatch;
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_INCLUSION_H_
