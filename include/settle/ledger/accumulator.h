// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The append-only Merkle tree of RFC 6962 section 2.1: one digest, its root, stands for every leaf
// ever appended, and any leaf is proved to a stranger by a logarithmic number of hashes.
//
// Only perfect subtrees are kept, none of which ever changes. Whatever lies on the right edge of
// the tree at some size is folded from them when it is asked for, so that the root and the proofs
// at every past size are there as they are at the present one.
//
//   size 7:   level 2          o            .
//             level 1       o     o      o     .       kept: o    folded: .
//             level 0      o o   o o    o o   o
//
//   Accumulator<> receipts;                                       // of SHA-256, in memory
//   Result<LogIndex> index = receipts.Append(Encode(receipt));
//   TreeHead head = receipts.Head();                              // into the block's header
//   Result<InclusionProof> proof = receipts.ProveInclusion(*index, head.size);
//   Reason reason = VerifyInclusion(Sha256(), leaf, *index, head, proof->path);
//
// A machine of base/revertible.h: what was appended since a mark is taken back exactly.

#ifndef SETTLE_LEDGER_ACCUMULATOR_H_
#define SETTLE_LEDGER_ACCUMULATOR_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/detail/climbing_node.h"
#include "settle/ledger/detail/merkle_path.h"
#include "settle/ledger/detail/size_marks.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/level_store.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

// The right edge of a tree at one size, which its root and all its proofs share: whoever makes many
// proofs at one size has it hashed once. Made by Accumulator::EdgeAt.
class TreeEdge {
 public:
  TreeEdge(std::uint64_t size, const std::array<Digest, kMaxPathLength + 1>& nodes)
      : size_(size), nodes_(nodes) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // The root of those leaves that the subtree of height `level` over the last leaf holds.
  // level <= 64
  [[nodiscard]] const Digest& node(std::size_t level) const { return nodes_[level]; }
  [[nodiscard]] TreeHead Head() const { return {.size = size_, .root = nodes_.back()}; }

 private:
  std::uint64_t size_;
  std::array<Digest, kMaxPathLength + 1> nodes_;
};

template <typename H, typename Store>
class Accumulator {
  static_assert(RequireHasher<H>());
  static_assert(RequireLevelStore<Store>());

 public:
  static constexpr std::uint64_t kMaxLeaves = Store::kMaxLeaves;

  // The empty tree.
  Accumulator() = default;
  explicit Accumulator(H hasher) : hasher_(std::move(hasher)) {}

  // Leaves.
  [[nodiscard]] std::uint64_t size() const { return store_.Size(0); }
  [[nodiscard]] const Store& store() const { return store_; }

  // Adds a leaf and answers its index. Errors: BaseReason::kFull at kMaxLeaves. Cost: the leaf hash
  // and one node hash on average, at most log2 n.
  Result<LogIndex> Append(ByteView leaf) { return AppendDigest(hasher_.HashLeaf(leaf)); }

  // Adds a leaf whose digest is known, otherwise as Append. A copy: a node of this tree may move.
  Result<LogIndex> AppendDigest(Digest leaf) {
    if (size() == kMaxLeaves) return BaseReason::kFull;
    const LogIndex index(size());
    store_.Extend(0, 1).front() = leaf;
    HashParents();
    return index;
  }

  // Adds leaves, none of which lies in this tree's store, in order and answers the index of the
  // first. Errors: BaseReason::kFull, with none added, if all would be more than kMaxLeaves. Cost:
  // the hashes of as many Appends, level by level through HashLeaves and HashNodes.
  Result<LogIndex> AppendBatch(std::span<const ByteView> leaves) {
    if (leaves.size() > kMaxLeaves - size()) return BaseReason::kFull;
    const LogIndex index(size());
    while (!leaves.empty()) {
      const std::span<Digest> added = store_.Extend(0, leaves.size());
      hasher_.HashLeaves(leaves.first(added.size()), added);
      leaves = leaves.subspan(added.size());
    }
    HashParents();
    return index;
  }

  // Adds leaves whose digests are known, otherwise as AppendBatch.
  Result<LogIndex> AppendDigests(std::span<const Digest> leaves) {
    if (leaves.size() > kMaxLeaves - size()) return BaseReason::kFull;
    const LogIndex index(size());
    while (!leaves.empty()) {
      const std::span<Digest> added = store_.Extend(0, leaves.size());
      std::ranges::copy(leaves.first(added.size()), added.begin());
      leaves = leaves.subspan(added.size());
    }
    HashParents();
    return index;
  }

  // The digest of one leaf. Errors: LedgerReason::kBadIndex.
  [[nodiscard]] Result<Digest> LeafAt(LogIndex index) const {
    if (index.value() >= size()) return LedgerReason::kBadIndex;
    return store_.Node(0, index.value());
  }

  // The root, now or when there were `size` leaves; H("") for none. Cost: popcount(size) - 1 node
  // hashes. Errors: LedgerReason::kBadSize for more leaves than there are.
  [[nodiscard]] Digest Root() const { return RootOf(size()); }
  [[nodiscard]] Result<Digest> RootAt(std::uint64_t size) const {
    if (size > this->size()) return LedgerReason::kBadSize;
    return RootOf(size);
  }

  // Size and root, at the cost and with the errors of Root and RootAt.
  [[nodiscard]] TreeHead Head() const { return {.size = size(), .root = Root()}; }
  [[nodiscard]] Result<TreeHead> HeadAt(std::uint64_t size) const {
    if (size > this->size()) return LedgerReason::kBadSize;
    return TreeHead{.size = size, .root = RootOf(size)};
  }

  // The right edge when there were `size` leaves, for many proofs at that size. Errors:
  // LedgerReason::kBadSize for none or more than there are. Cost: popcount(size) - 1 node hashes.
  [[nodiscard]] Result<TreeEdge> EdgeAt(std::uint64_t size) const;

  // The proof that leaf `index` stands in the tree of `size` leaves. Errors in this order:
  // LedgerReason::kBadSize for none or more than there are, kBadIndex for an index not below the
  // size. Cost: log2(size) copies, and up to popcount(size) - 1 node hashes where the path meets
  // the right edge, none if size is a power of two.
  [[nodiscard]] Result<InclusionProof> ProveInclusion(LogIndex index, std::uint64_t size) const;

  // The same into a buffer of the caller: answers how many siblings it wrote. Errors as above, and
  // kBadProofLength, with nothing written, for a buffer that has no room for them; kMaxPathLength
  // always is enough. Allocates nothing.
  [[nodiscard]] Result<std::size_t> ProveInclusion(LogIndex index, std::uint64_t size,
                                                   std::span<Digest> path) const;

  // The same at the size of `edge`, which must be of this tree: copies only, no hash.
  [[nodiscard]] Result<std::size_t> ProveInclusion(LogIndex index, const TreeEdge& edge,
                                                   std::span<Digest> path) const;

  // Takes away all but the first `size` leaves: exactly the tree of these. Errors:
  // LedgerReason::kBadSize for more leaves than there are or fewer than at the last mark, with
  // nothing changed. Cost: O(log n), and a free for each chunk of nodes.
  Reason Truncate(std::uint64_t size) {
    if (size > this->size() || size < marks_.floor()) return LedgerReason::kBadSize;
    Cut(size);
    return {};
  }

  // Marks, see settle/base/revertible.h: O(log n) each and no log of writes.
  [[nodiscard]] Result<Mark> Begin() { return marks_.Begin(size()); }
  Reason RevertTo(Mark mark) {
    const Result<std::uint64_t> size = marks_.RevertTo(mark);
    if (size.ok()) Cut(*size);
    return size.reason();
  }
  Reason Release(Mark mark) { return marks_.Release(mark); }

  // What decode does after reading the leaves: hashes all that stands above them. No mark remains.
  Reason Rebuild() {
    marks_.Clear();
    for (std::size_t level = 1; level < Store::kLevels; ++level) store_.Truncate(level, 0);
    HashParents();
    return {};
  }

 private:
  // Hashes each parent that is not there and whose children are, level by level.
  void HashParents() {
    for (std::size_t level = 0; level + 1 < Store::kLevels; ++level) {
      const std::size_t wanted = store_.Size(level) / 2;
      std::size_t parent = store_.Size(level + 1);
      if (parent == wanted) return;
      while (parent < wanted) {
        const std::span<const Digest> children = store_.Run(level, 2 * parent);
        const std::size_t count = (std::min)(wanted - parent, children.size() / 2);
        const std::span<Digest> parents = store_.Extend(level + 1, count);
        hasher_.HashNodes(children.first(2 * parents.size()), parents);
        parent += parents.size();
      }
    }
  }

  void Cut(std::uint64_t size) {
    for (std::size_t level = 0; level < Store::kLevels; ++level) {
      store_.Truncate(level, size >> level);
    }
  }

  // The last node of `level` that is kept for `size` leaves: bits `level` and above of `size` are
  // not all zero.
  [[nodiscard]] const Digest& LastNode(std::size_t level, std::uint64_t size) const {
    return store_.Node(level, (size >> level) - 1);
  }

  // Of the tree of `size` > 0 leaves, the root of those in the subtree of height `level` over the
  // last leaf. Up to the lowest one-bit of the size it is kept. Above, it grows by a sibling on the
  // left at each one-bit.
  [[nodiscard]] Digest EdgeNode(std::size_t level, std::uint64_t size) const {
    const auto kept = static_cast<std::size_t>(std::countr_zero(size));
    if (level <= kept) return LastNode(level, size);
    detail::ClimbingNode node(LastNode(kept, size));
    for (std::size_t at = kept + 1; at < level; ++at) {
      if (((size >> at) & 1) != 0) node.JoinLeft(hasher_, LastNode(at, size));
    }
    return node.node();
  }

  [[nodiscard]] Digest RootOf(std::uint64_t size) const {
    if (size == 0) return hasher_.EmptyRoot();
    return EdgeNode(detail::BitWidth(size), size);
  }

  // Writes the path of `index` in the tree of `size` leaves, of which `edge(level)` is EdgeNode.
  template <typename Edge>
  [[nodiscard]] Result<std::size_t> WritePath(LogIndex index, std::uint64_t size,
                                              std::span<Digest> path, const Edge& edge) const;

  Store store_;
  detail::SizeMarks marks_;
  SETTLE_NO_UNIQUE_ADDRESS H hasher_{};

 public:
  using Fields = Members<&Accumulator::store_>;
};

template <typename H, typename Store>
template <typename Edge>
Result<std::size_t> Accumulator<H, Store>::WritePath(LogIndex index, std::uint64_t size,
                                                     std::span<Digest> path,
                                                     const Edge& edge) const {
  if (size > this->size()) return LedgerReason::kBadSize;
  if (size == 0) return LedgerReason::kBadSize;
  if (index.value() >= size) return LedgerReason::kBadIndex;
  const std::size_t height = detail::BitWidth(size - 1);
  if (path.size() < height && path.size() < *InclusionPathLength(index, size)) {
    return LedgerReason::kBadProofLength;
  }

  // Up to the lowest one-bit of the size every subtree is complete and has a sibling.
  const auto complete = (std::min)(height, static_cast<std::size_t>(std::countr_zero(size)));
  std::uint64_t at = index.value();
  for (std::size_t level = 0; level < complete; ++level, at >>= 1) {
    path[level] = store_.Node(level, at ^ 1);
  }
  // Above, the last subtree may be incomplete, and has a sibling only if it stands on the right.
  std::size_t count = complete;
  for (std::size_t level = complete; level < height; ++level, at >>= 1) {
    const std::uint64_t last = (size - 1) >> level;
    const std::uint64_t sibling = at ^ 1;
    if (sibling == last) {
      path[count++] = edge(level);
    } else if (sibling < last) {
      path[count++] = store_.Node(level, sibling);
    }
  }
  return count;
}

template <typename H, typename Store>
Result<std::size_t> Accumulator<H, Store>::ProveInclusion(LogIndex index, std::uint64_t size,
                                                          std::span<Digest> path) const {
  return WritePath(index, size, path,
                   [this, size](std::size_t level) { return EdgeNode(level, size); });
}

template <typename H, typename Store>
Result<std::size_t> Accumulator<H, Store>::ProveInclusion(LogIndex index, const TreeEdge& edge,
                                                          std::span<Digest> path) const {
  return WritePath(index, edge.size(), path,
                   [&edge](std::size_t level) { return edge.node(level); });
}

template <typename H, typename Store>
Result<InclusionProof> Accumulator<H, Store>::ProveInclusion(LogIndex index,
                                                             std::uint64_t size) const {
  std::array<Digest, kMaxPathLength> path;
  const Result<std::size_t> count = ProveInclusion(index, size, path);
  if (!count.ok()) return count.reason();
  InclusionProof proof;
  if (!proof.path.Resize(*count)) return LedgerReason::kBadProofLength;
  std::copy_n(path.begin(), *count, proof.path.begin());
  return proof;
}

template <typename H, typename Store>
Result<TreeEdge> Accumulator<H, Store>::EdgeAt(std::uint64_t size) const {
  if (size == 0 || size > this->size()) return LedgerReason::kBadSize;
  std::array<Digest, kMaxPathLength + 1> nodes;
  const auto kept = static_cast<std::size_t>(std::countr_zero(size));
  for (std::size_t level = 0; level <= kept; ++level) nodes[level] = LastNode(level, size);
  for (std::size_t level = kept; level < kMaxPathLength; ++level) {
    const bool grows = level > kept && ((size >> level) & 1) != 0;
    nodes[level + 1] = grows ? hasher_.HashNode(LastNode(level, size), nodes[level]) : nodes[level];
  }
  return TreeEdge(size, nodes);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_ACCUMULATOR_H_
