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
//
// A run of leaves in the middle of a tree has such roots too: those of the largest subtrees of the
// tree within it. Whoever hashes one, on another machine perhaps, hands on a CompactSegment; the
// segments of all leaves merge into the tree.
//
//   CompactSegment<> mine(LogIndex(4096));   // begins with this leaf
//   for (...) mine.Append(leaf);
//   Reason reason = entries.Merge(mine);     // when all that is before it has been merged

#ifndef SETTLE_LEDGER_COMPACT_RANGE_H_
#define SETTLE_LEDGER_COMPACT_RANGE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/detail/climbing_node.h"
#include "settle/ledger/detail/merkle_path.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// Into `roots`, those of the largest subtrees within the leaves [begin, end) of a tree, appends the
// subtree of height `level` over the leaves from `end` on. Where it completes a larger one within
// the run, that takes the place of both.
template <typename H, std::size_t kBound>
void PushSubtree(const H& hasher, Bounded<Digest, kBound>& roots, const LeafRun& run,
                 std::size_t level, const Digest& root) {
  ClimbingNode node(root);
  for (std::uint64_t at = run.end >> level; (at & 1) != 0; at >>= 1, ++level) {
    if ((at - 1) << level < run.begin) break;
    node.JoinLeft(hasher, roots[roots.size() - 1]);
    roots.PopBack();
  }
  (void)roots.Add(node.node());  // at most one of each height on either flank: there is room
}

}  // namespace detail

// The leaves [begin, end) of a tree, wherever they stand in it.
template <typename H>
class CompactSegment {
  static_assert(RequireHasher<H>());

 public:
  // No leaf, and the next is number `begin`.
  explicit CompactSegment(LogIndex begin = LogIndex(0), H hasher = H())
      : run_{begin.value(), begin.value()}, hasher_(std::move(hasher)) {}

  [[nodiscard]] LogIndex begin() const { return LogIndex(run_.begin); }
  [[nodiscard]] LogIndex end() const { return LogIndex(run_.end); }
  // Of the largest subtrees of the tree within the segment, from left to right.
  [[nodiscard]] std::span<const Digest> roots() const { return roots_; }

  // As of CompactRange.
  LogIndex Append(ByteView leaf) { return AppendDigest(hasher_.HashLeaf(leaf)); }
  LogIndex AppendDigest(const Digest& leaf) {
    detail::PushSubtree(hasher_, roots_, run_, 0, leaf);
    return LogIndex(run_.end++);
  }

  // Appends all leaves of `next`. Errors: LedgerReason::kBadIndex, with nothing changed, unless it
  // begins where this one ends. Cost: O(log n) node hashes.
  Reason Merge(const CompactSegment& next) {
    if (next.run_.begin != run_.end) return LedgerReason::kBadIndex;
    for (const Digest& root : next.roots_) {
      const std::size_t level = detail::LargestSubtree(run_.end, next.run_.end);
      detail::PushSubtree(hasher_, roots_, run_, level, root);
      run_.end += std::uint64_t{1} << level;
    }
    return {};
  }

  // What decode demands. Errors: kOutOfRange for an end before the beginning or beyond 2^63 - 1;
  // kNotCanonical unless there is one root for each of the largest subtrees.
  [[nodiscard]] Reason Validate() const {
    if (run_.begin > run_.end || run_.end >> 63 != 0) return BaseReason::kOutOfRange;
    std::size_t subtrees = 0;
    for (std::uint64_t at = run_.begin; at < run_.end; ++subtrees) {
      at += std::uint64_t{1} << detail::LargestSubtree(at, run_.end);
    }
    return roots_.size() == subtrees ? Reason() : BaseReason::kNotCanonical;
  }

 private:
  detail::LeafRun run_;
  Bounded<Digest, 128> roots_;
  SETTLE_NO_UNIQUE_ADDRESS H hasher_{};

 public:
  using Fields = Members<&CompactSegment::run_, &CompactSegment::roots_>;
};

template <typename H>
class CompactRange {
  static_assert(RequireHasher<H>());

 public:
  // The empty tree.
  CompactRange() = default;
  explicit CompactRange(H hasher) : hasher_(std::move(hasher)) {}

  // The tree of `size` leaves of which these are the roots. Errors: as of Validate.
  [[nodiscard]] static Result<CompactRange> From(std::uint64_t size, std::span<const Digest> roots,
                                                 H hasher = H()) {
    CompactRange range(std::move(hasher));
    range.size_ = size;
    for (const Digest& root : roots) {
      if (!range.roots_.Add(root)) return BaseReason::kNotCanonical;
    }
    if (const Reason reason = range.Validate(); !reason.ok()) return reason;
    return range;
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Of the perfect subtrees, the largest first.
  [[nodiscard]] std::span<const Digest> roots() const { return roots_; }

  // Adds a leaf and answers its index. Never refuses: see Validate. Cost: the leaf hash and as many
  // node hashes as `size` ends in one-bits, one on average.
  LogIndex Append(ByteView leaf) { return AppendDigest(hasher_.HashLeaf(leaf)); }

  // Adds a leaf whose digest is known, otherwise as Append.
  LogIndex AppendDigest(const Digest& leaf) {
    detail::PushSubtree(hasher_, roots_, {0, size_}, 0, leaf);
    return LogIndex(size_++);
  }

  // Appends all leaves of `next`. Errors: LedgerReason::kBadIndex, with nothing changed, unless it
  // begins with the leaf that is next. Cost: O(log n) node hashes.
  Reason Merge(const CompactSegment<H>& next) {
    if (next.begin() != LogIndex(size_)) return LedgerReason::kBadIndex;
    for (const Digest& root : next.roots()) {
      const std::size_t level = detail::LargestSubtree(size_, next.end().value());
      detail::PushSubtree(hasher_, roots_, {0, size_}, level, root);
      size_ += std::uint64_t{1} << level;
    }
    return {};
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
