// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Proof of many leaves at once: of a run of neighbours, or of any set of indices.
//
// The proof consists of the largest subtrees of the tree that hold none of the leaves, from left to
// right, and of nothing else: for one set of indices and one size there is exactly one. Indices and
// size alone say how many there are and where each stands.
//
//   Leaves 2 and 5 of 7: {[0,2), [3,4), [4,5), [6,7)}
//
//                 o
//            /         \              .
//          o             o
//        /   \         /   \          .
//     [0,2)   o       o    [6,7)
//            / \     / \              .
//           2   3   4   5
//
//   Result<MultiProof> proof = receipts.ProveLeaves(indices, head.size);
//   Reason reason = VerifyLeaves(Sha256(), indices, leaves, head, proof->path);

#ifndef SETTLE_LEDGER_MULTI_PROOF_H_
#define SETTLE_LEDGER_MULTI_PROOF_H_

#include <array>
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

// `count` leaves from `first` on.
struct LeafRange {
  LogIndex first{};
  std::uint64_t count = 0;
  using Fields = Members<&LeafRange::first, &LeafRange::count>;
};

// No proof of a run is longer: at most a node of each height on either side.
inline constexpr std::size_t kMaxRangeLength = 2 * kMaxPathLength;

// What a proof of many leaves may have at most.
inline constexpr std::size_t kMaxMultiLength = std::size_t{1} << 16;

// The subtrees on the left of a run of leaves and on its right, from left to right.
struct RangeProof {
  Bounded<Digest, kMaxRangeLength> path{};
  using Fields = Members<&RangeProof::path>;
};

// The subtrees without a leaf of the set, from left to right.
struct MultiProof {
  Bounded<Digest, kMaxMultiLength> path{};
  using Fields = Members<&MultiProof::path>;
};

namespace detail {

// A run of indices, as a set of them.
struct RunOfIndices {
  std::uint64_t first;
  std::size_t count;
  [[nodiscard]] std::size_t size() const { return count; }
  [[nodiscard]] LogIndex operator[](std::size_t i) const { return LogIndex(first + i); }
};

// Between two leaves of the set, a < b: below the level on which their ways meet, the right
// siblings on the way of a and then the left ones on the way of b.
[[nodiscard]] constexpr std::size_t MeetingLevel(std::uint64_t a, std::uint64_t b) {
  return BitWidth(a ^ b) - 1;
}

// How many subtrees of a tree of `size` leaves hold none of `indices`. Errors in this order:
// kBadSize for an empty tree; kBadIndex for no index or one not below the size; kNotCanonical
// unless each is above the one before.
template <typename Indices>
[[nodiscard]] Result<std::size_t> MultiLength(const Indices& indices, std::uint64_t size) {
  if (size == 0) return LedgerReason::kBadSize;
  if (indices.size() == 0) return LedgerReason::kBadIndex;
  std::size_t length = Ones(indices[0].value());
  bool ascending = true;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::uint64_t index = indices[i].value();
    if (index >= size) return LedgerReason::kBadIndex;
    const bool is_last = i + 1 == indices.size();
    const std::uint64_t next = is_last ? size - 1 : indices[i + 1].value();
    if (!is_last && next <= index) ascending = false;
    if (!ascending) continue;
    const std::size_t below = is_last ? BitWidth(index ^ next) : MeetingLevel(index, next);
    length += below - Ones(index & LowBits(below));
    if (!is_last) length += Ones(next & LowBits(below));
  }
  if (!ascending) return BaseReason::kNotCanonical;
  return length;
}

// Calls visit(level, index) for each node of the proof, in order; only the last may be incomplete.
// What MultiLength refuses must not come here.
template <typename Indices, typename Visit>
void ForEachSubtreeOutside(const Indices& indices, std::uint64_t size, const Visit& visit) {
  const auto left_of = [&visit](std::uint64_t index, std::size_t below) {
    for (std::size_t level = below; level-- > 0;) {
      if (((index >> level) & 1) != 0) visit(level, (index >> level) - 1);
    }
  };
  const auto right_of = [&visit](std::uint64_t index, std::size_t below) {
    for (std::size_t level = 0; level < below; ++level) {
      if (((index >> level) & 1) == 0) visit(level, (index >> level) + 1);
    }
  };
  left_of(indices[0].value(), 64);
  for (std::size_t i = 1; i < indices.size(); ++i) {
    const std::size_t below = MeetingLevel(indices[i - 1].value(), indices[i].value());
    right_of(indices[i - 1].value(), below);
    left_of(indices[i].value(), below);
  }
  const std::uint64_t last = indices[indices.size() - 1].value();
  right_of(last, BitWidth(last ^ (size - 1)));
}

// The root that leaves and proof lead to; the proof has exactly MultiLength nodes.
template <typename H, typename Indices>
[[nodiscard]] Digest MultiRoot(const H& hasher, const Indices& indices,
                               std::span<const Digest> leaves, std::uint64_t size,
                               std::span<const Digest> path) {
  // Of each height the node that waits, on the left, for its sibling to be known.
  std::array<Digest, 64> waiting;
  std::size_t used = 0;
  const auto take_left_of = [&](std::uint64_t index, std::size_t below) {
    for (std::size_t level = below; level-- > 0;) {
      if (((index >> level) & 1) != 0) waiting[level] = path[used++];
    }
  };
  take_left_of(indices[0].value(), 64);
  for (std::size_t i = 0;; ++i) {
    const std::uint64_t index = indices[i].value();
    const bool is_last = i + 1 == indices.size();
    const std::uint64_t next = is_last ? size - 1 : indices[i + 1].value();
    const std::size_t below = is_last ? BitWidth(index ^ next) : MeetingLevel(index, next);
    ClimbingNode node(leaves[i]);
    for (std::size_t level = 0; level < below; ++level) {
      const bool is_right = ((index >> level) & 1) != 0;
      node.Join(hasher, is_right ? waiting[level] : path[used++], is_right);
    }
    if (is_last) {
      for (std::size_t level = below; level < 64; ++level) {
        if (((index >> level) & 1) != 0) node.JoinLeft(hasher, waiting[level]);
      }
      return node.node();
    }
    waiting[below] = node.node();
    take_left_of(next, below);
  }
}

template <typename H, typename Indices>
[[nodiscard]] Reason VerifyMulti(const H& hasher, const Indices& indices,
                                 std::span<const Digest> leaves, const TreeHead& head,
                                 std::span<const Digest> path) {
  static_assert(RequireHasher<H>());
  const Result<std::size_t> length = MultiLength(indices, head.size);
  if (!length.ok()) return length.reason();
  if (leaves.size() != indices.size()) return LedgerReason::kBadProofLength;
  if (path.size() != *length) return LedgerReason::kBadProofLength;
  if (MultiRoot(hasher, indices, leaves, head.size, path) != head.root) {
    return LedgerReason::kRootMismatch;
  }
  return {};
}

// Reason why `range` is none of a tree of `size` leaves: kBadSize, kBadIndex.
[[nodiscard]] constexpr Reason CheckRange(const LeafRange& range, std::uint64_t size) {
  if (size == 0) return LedgerReason::kBadSize;
  if (range.count == 0 || range.count > size) return LedgerReason::kBadIndex;
  if (range.first.value() > size - range.count) return LedgerReason::kBadIndex;
  return {};
}

}  // namespace detail

// How many subtrees stand beside a run of leaves. Errors in this order: kBadSize for an empty tree,
// kBadIndex for no leaf or one that the tree does not have. Cost: O(1).
[[nodiscard]] constexpr Result<std::size_t> RangePathLength(const LeafRange& range,
                                                            std::uint64_t size) {
  if (const Reason reason = detail::CheckRange(range, size); !reason.ok()) return reason;
  const std::uint64_t last = range.first.value() + (range.count - 1);
  const std::size_t below = detail::BitWidth(last ^ (size - 1));
  return detail::Ones(range.first.value()) + below - detail::Ones(last & detail::LowBits(below));
}

// How many subtrees hold none of the leaves. Errors in this order: kBadSize for an empty tree,
// kBadIndex for no index or one not below the size, BaseReason::kNotCanonical unless each index is
// above the one before. Cost: O(1) an index.
[[nodiscard]] inline Result<std::size_t> MultiPathLength(std::span<const LogIndex> indices,
                                                         std::uint64_t size) {
  return detail::MultiLength(indices, size);
}

// Whether `leaves` (their digests) stand at `first` and after it in the tree of which `head` tells.
// Errors in this order, the first three before the first hash: kBadSize, kBadIndex,
// kBadProofLength, kRootMismatch. Cost: a node hash for each leaf but one and for each node of the
// proof, no allocation.
template <typename H>
[[nodiscard]] Reason VerifyRange(const H& hasher, LogIndex first, std::span<const Digest> leaves,
                                 const TreeHead& head, std::span<const Digest> path) {
  const Result<std::size_t> length =
      RangePathLength({.first = first, .count = leaves.size()}, head.size);
  if (!length.ok()) return length.reason();
  const detail::RunOfIndices indices{first.value(), leaves.size()};
  return detail::VerifyMulti(hasher, indices, leaves, head, path);
}

// Whether `leaves` (their digests) stand at `indices`, one each. Errors in this order, all but the
// last before the first hash: those of MultiPathLength, kBadProofLength for a path of another
// length or unless there is a leaf for each index, kRootMismatch. Cost as of VerifyRange.
template <typename H>
[[nodiscard]] Reason VerifyLeaves(const H& hasher, std::span<const LogIndex> indices,
                                  std::span<const Digest> leaves, const TreeHead& head,
                                  std::span<const Digest> path) {
  return detail::VerifyMulti(hasher, indices, leaves, head, path);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_MULTI_PROOF_H_
