// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// All that can be read off a Merkle tree of one size, from whoever holds its complete nodes: roots
// and proofs. An accumulator answers with it; a host that keeps the nodes elsewhere, in the tiles
// of settle/ledger/tiles.h perhaps, serves the same proofs with it.
//
// A node is complete when all its leaves are there, and then never changes. Those on the right edge
// are not, and are folded here from complete ones.
//
//   struct Tiles {                                   // a NodeSource
//     Digest Node(std::size_t level, std::uint64_t index) const;
//   };
//   TreeView view(Sha256(), tiles, head.size);
//   std::array<Digest, kMaxPathLength> path;
//   Result<std::size_t> length = view.ProveInclusion(index, path);

#ifndef SETTLE_LEDGER_TREE_VIEW_H_
#define SETTLE_LEDGER_TREE_VIEW_H_

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/consistency.h"
#include "settle/ledger/detail/climbing_node.h"
#include "settle/ledger/detail/merkle_path.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/multi_proof.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by what answers the complete nodes of a tree: Node(level, index) is the root of the
// 2^level leaves from index * 2^level on. It is asked for no other.
template <typename S>
concept NodeSource = requires(const S& source, std::size_t level, std::size_t index) {
  { source.Node(level, index) } -> std::convertible_to<const Digest&>;
};

// The right edge of a tree at one size, which its root and all its proofs share: whoever makes many
// proofs at one size has it hashed once. Made by TreeView::Edge and Accumulator::EdgeAt.
class TreeEdge {
 public:
  TreeEdge(std::uint64_t size, const std::array<Digest, kMaxPathLength + 1>& nodes)
      : size_(size), nodes_(nodes) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // The root of those leaves that the subtree of height `level` over the last leaf holds; zero
  // where that is pruned. level <= 64
  [[nodiscard]] const Digest& node(std::size_t level) const { return nodes_[level]; }
  [[nodiscard]] TreeHead Head() const { return {.size = size_, .root = nodes_.back()}; }

 private:
  std::uint64_t size_;
  std::array<Digest, kMaxPathLength + 1> nodes_;
};

// Refers to its hasher and nodes, which must outlive it. All functions write proofs into a buffer
// of the caller and answer how many nodes they wrote; one without room for them is refused with
// kBadProofLength and left alone, as it is by every refusal. None allocates.
template <typename H, typename Nodes>
class TreeView {
  static_assert(RequireHasher<H>());
  static_assert(NodeSource<Nodes>, "the nodes are asked for by Node(level, index)");

 public:
  // The tree of the first `size` leaves.
  TreeView(const H& hasher, const Nodes& nodes, std::uint64_t size)
      : hasher_(hasher), nodes_(nodes), size_(size) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }

  // H("") for no leaf. Cost: popcount(size) - 1 node hashes.
  [[nodiscard]] Digest Root() const {
    if (size_ == 0) return hasher_.EmptyRoot();
    return EdgeNode(detail::BitWidth(size_));
  }
  [[nodiscard]] TreeHead Head() const { return {.size = size_, .root = Root()}; }

  // The right edge, without the nodes below the first of each level that is kept where the first
  // `pruned` leaves are gone; of a tree that is not empty. Cost: popcount(size) - 1 node hashes.
  [[nodiscard]] TreeEdge Edge(std::uint64_t pruned = 0) const;

  // The root of a subtree: as of a tree of its leaves alone. Errors: kBadSize for what is no
  // subtree or not within the tree. Cost: at most log2 of its size node hashes.
  [[nodiscard]] Result<Digest> SubtreeRoot(const Subtree& subtree) const;

  // That leaf `index` stands in this tree. Errors in this order: kBadSize for the empty tree,
  // kBadIndex, kBadProofLength; kMaxPathLength always is enough. Cost: log2(size) copies, and up to
  // popcount(size) - 1 node hashes where the path meets the right edge, none if size is a power of
  // two or with `edge`, which must be that of this tree.
  [[nodiscard]] Result<std::size_t> ProveInclusion(LogIndex index, std::span<Digest> path) const {
    return WriteInclusion(index, path, [this](std::size_t level) { return EdgeNode(level); });
  }
  [[nodiscard]] Result<std::size_t> ProveInclusion(LogIndex index, std::span<Digest> path,
                                                   const TreeEdge& edge) const {
    return WriteInclusion(index, path, [&edge](std::size_t level) { return edge.node(level); });
  }

  // That `subtree` stands in this tree; an older tree is the subtree of its leaves. Errors in this
  // order: kBadSize, kBadProofLength; kMaxConsistencyLength always is enough. Cost as above.
  [[nodiscard]] Result<std::size_t> ProveConsistency(const Subtree& subtree,
                                                     std::span<Digest> path) const;

  // That leaf `index` stands in `subtree`. Errors in this order: kBadSize, kBadIndex,
  // kBadProofLength. Cost as above.
  [[nodiscard]] Result<std::size_t> ProveSubtreeInclusion(LogIndex index, const Subtree& subtree,
                                                          std::span<Digest> path) const;

  // That the leaves of `range` stand in this tree. Errors in this order: kBadSize, kBadIndex,
  // kBadProofLength; kMaxRangeLength always is enough. Cost as above.
  [[nodiscard]] Result<std::size_t> ProveRange(const LeafRange& range,
                                               std::span<Digest> path) const {
    if (const Reason reason = detail::CheckRange(range, size_); !reason.ok()) return reason;
    const auto count = static_cast<std::size_t>(range.count);
    return WriteMulti(detail::RunOfIndices{range.first.value(), count}, path);
  }

  // That the leaves `indices` stand in this tree. Errors in this order: those of MultiPathLength,
  // kBadProofLength. Cost: a copy for each node, and the hashes of the right edge as above.
  [[nodiscard]] Result<std::size_t> ProveLeaves(std::span<const LogIndex> indices,
                                                std::span<Digest> path) const {
    return WriteMulti(indices, path);
  }

 private:
  // The last complete node of `level`; bits `level` and above of the size are not all zero.
  [[nodiscard]] decltype(auto) LastNode(std::size_t level) const {
    return nodes_.Node(level, (size_ >> level) - 1);
  }

  // The root of those leaves that the subtree of height `level` over the last leaf holds, size > 0.
  // Up to the lowest one-bit of the size it is complete. Above, it grows by a sibling on the left
  // at each one-bit.
  [[nodiscard]] Digest EdgeNode(std::size_t level) const {
    const auto complete = static_cast<std::size_t>(std::countr_zero(size_));
    if (level <= complete) return LastNode(level);
    detail::ClimbingNode node(LastNode(complete));
    for (std::size_t at = complete + 1; at < level; ++at) {
      if (((size_ >> at) & 1) != 0) node.JoinLeft(hasher_, LastNode(at));
    }
    return node.node();
  }

  // The siblings of a leaf's ancestors on the levels [from, end), all of which are complete.
  // Answers where the next goes.
  Digest* CopySiblings(std::uint64_t index, std::size_t from, std::size_t end, Digest* out) const {
    if constexpr (requires { nodes_.CopySiblings(index, end, out); }) {
      if (from == 0) {
        nodes_.CopySiblings(index, end, out);
        return out + end;
      }
    }
    for (; from < end; ++from) *out++ = nodes_.Node(from, (index >> from) ^ 1);
    return out;
  }

  // The siblings of leaf `index` and of its ancestors from level `from` on. Answers where the next
  // would go.
  template <typename EdgeOf>
  Digest* WriteSiblings(std::uint64_t index, std::size_t from, Digest* out,
                        const EdgeOf& edge) const;

  template <typename EdgeOf>
  [[nodiscard]] Result<std::size_t> WriteInclusion(LogIndex index, std::span<Digest> path,
                                                   const EdgeOf& edge) const {
    if (size_ == 0) return LedgerReason::kBadSize;
    if (index.value() >= size_) return LedgerReason::kBadIndex;
    // To count the siblings costs a tenth of copying them: not where there must be room.
    if (path.size() < detail::BitWidth(size_ - 1) &&
        path.size() < detail::PathShape(index.value(), size_).length()) {
      return LedgerReason::kBadProofLength;
    }
    return static_cast<std::size_t>(WriteSiblings(index.value(), 0, path.data(), edge) -
                                    path.data());
  }

  template <typename Indices>
  [[nodiscard]] Result<std::size_t> WriteMulti(const Indices& indices,
                                               std::span<Digest> path) const {
    const Result<std::size_t> length = detail::MultiLength(indices, size_);
    if (!length.ok()) return length.reason();
    if (path.size() < *length) return LedgerReason::kBadProofLength;
    Digest* out = path.data();
    detail::ForEachSubtreeOutside(indices, size_, [&](std::size_t level, std::uint64_t index) {
      const bool complete = index < size_ >> level;
      *out++ = complete ? Digest(nodes_.Node(level, index)) : EdgeNode(level);
    });
    return *length;
  }

  const H& hasher_;
  const Nodes& nodes_;
  std::uint64_t size_;
};

template <typename H, typename Nodes>
TreeEdge TreeView<H, Nodes>::Edge(std::uint64_t pruned) const {
  std::array<Digest, kMaxPathLength + 1> nodes;
  const auto complete = static_cast<std::size_t>(std::countr_zero(size_));
  for (std::size_t level = 0; level <= complete; ++level) {
    if (level == complete || size_ >> (level + 1) > pruned >> (level + 1)) {
      nodes[level] = LastNode(level);
    }
  }
  for (std::size_t level = complete; level < kMaxPathLength; ++level) {
    const bool grows = level > complete && ((size_ >> level) & 1) != 0;
    nodes[level + 1] = grows ? hasher_.HashNode(LastNode(level), nodes[level]) : nodes[level];
  }
  return TreeEdge(size_, nodes);
}

template <typename H, typename Nodes>
Result<Digest> TreeView<H, Nodes>::SubtreeRoot(const Subtree& subtree) const {
  if (subtree.end > size_ || !detail::IsSubtree(subtree)) return LedgerReason::kBadSize;
  const TreeView until(hasher_, nodes_, subtree.end);
  return until.EdgeNode(detail::BitWidth(subtree.end - subtree.start - 1));
}

template <typename H, typename Nodes>
template <typename EdgeOf>
Digest* TreeView<H, Nodes>::WriteSiblings(std::uint64_t index, std::size_t from, Digest* out,
                                          const EdgeOf& edge) const {
  // Where the ways of this leaf and of the last one meet.
  const std::size_t inner = detail::BitWidth((index >> from) ^ ((size_ - 1) >> from)) + from;
  // Up to the lowest one-bit of the size every node has a complete sibling. Elsewhere all below
  // `inner` but the highest have, which holds the last leaf.
  const std::size_t height = detail::BitWidth(size_ - 1);
  std::size_t level = (std::min)(height, static_cast<std::size_t>(std::countr_zero(size_)));
  if (level + 1 < inner) level = inner - 1;
  if (level < from) level = from;
  out = CopySiblings(index, from, level, out);
  if (level < inner) *out++ = edge(level++);
  for (; level < height; ++level) {
    const std::uint64_t at = index >> level;
    if ((at & 1) != 0) *out++ = nodes_.Node(level, at - 1);
  }
  return out;
}

template <typename H, typename Nodes>
Result<std::size_t> TreeView<H, Nodes>::ProveConsistency(const Subtree& subtree,
                                                         std::span<Digest> path) const {
  const Result<std::size_t> length = ConsistencyPathLength(subtree, size_);
  if (!length.ok()) return length.reason();
  if (path.size() < *length) return LedgerReason::kBadProofLength;
  if (*length == 0) return length;
  const detail::ConsistencyShape shape(subtree, size_);
  const std::uint64_t last = subtree.end - 1;
  Digest* out = path.data();
  if (shape.seeded) *out++ = nodes_.Node(shape.from, last >> shape.from);
  WriteSiblings(last, shape.from, out, [this](std::size_t level) { return EdgeNode(level); });
  return length;
}

template <typename H, typename Nodes>
Result<std::size_t> TreeView<H, Nodes>::ProveSubtreeInclusion(LogIndex index,
                                                              const Subtree& subtree,
                                                              std::span<Digest> path) const {
  if (subtree.end > size_ || !detail::IsSubtree(subtree)) return LedgerReason::kBadSize;
  if (index.value() < subtree.start || index.value() >= subtree.end) return LedgerReason::kBadIndex;
  const std::uint64_t index_within = index.value() - subtree.start;
  const detail::PathShape shape(index_within, subtree.end - subtree.start);
  if (path.size() < shape.length()) return LedgerReason::kBadProofLength;
  // In the tree that ends with it, the subtree's nodes are the lowest of the path.
  std::array<Digest, kMaxPathLength> whole;
  const TreeView until(hasher_, nodes_, subtree.end);
  const Result<std::size_t> length = until.ProveInclusion(index, whole);
  if (!length.ok()) return length.reason();
  std::copy_n(whole.begin(), shape.length(), path.begin());
  return shape.length();
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_TREE_VIEW_H_
