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
// Leaves on the left can be pruned: what is asked of them is then refused with kPruned, and
// everything about the others is answered as before. A tree of which all is pruned is its frontier,
// a CompactRange of log2 n digests: freezing makes one, and thawing makes a tree of it that grows
// on. The whole tree is frozen by its encoding: the frontier of what is pruned, and the leaves.
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
#include "settle/ledger/compact_range.h"
#include "settle/ledger/consistency.h"
#include "settle/ledger/detail/size_marks.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/level_store.h"
#include "settle/ledger/multi_proof.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/tree_view.h"

SETTLE_NAMESPACE_BEGIN

template <typename H, typename Store>
class Accumulator {
  static_assert(RequireHasher<H>());
  static_assert(RequireLevelStore<Store>());

 public:
  // How many leaves it holds at most at a time, those pruned not counted.
  static constexpr std::uint64_t kMaxLeaves = Store::kMaxLeaves;

  // The empty tree.
  Accumulator() = default;
  explicit Accumulator(H hasher) : hasher_(std::move(hasher)) {}

  // The tree whose frontier was frozen, all of it pruned. Errors: BaseReason::kOutOfRange for one
  // of more leaves than the store has levels for.
  [[nodiscard]] static Result<Accumulator> Thaw(const CompactRange<H>& frontier, H hasher = H()) {
    if (frontier.size() > kLastSize) return BaseReason::kOutOfRange;
    Accumulator tree(std::move(hasher));
    tree.pruned_ = frontier;
    tree.Restart();
    return tree;
  }

  // Leaves, those pruned counted, and how many are pruned.
  [[nodiscard]] std::uint64_t size() const { return store_.Size(0); }
  [[nodiscard]] std::uint64_t pruned() const { return pruned_.size(); }
  [[nodiscard]] const Store& store() const { return store_; }

  // Adds a leaf and answers its index. Errors: BaseReason::kFull when kMaxLeaves are held. Cost:
  // the leaf hash and one node hash on average, at most log2 n.
  Result<LogIndex> Append(ByteView leaf) { return AppendDigest(hasher_.HashLeaf(leaf)); }

  // Adds a leaf whose digest is known, otherwise as Append. A copy: a node of this tree may move.
  Result<LogIndex> AppendDigest(Digest leaf) {
    if (Room() == 0) return BaseReason::kFull;
    const LogIndex index(size());
    store_.Extend(0, 1).front() = leaf;
    HashParents();
    return index;
  }

  // Adds leaves, none of which lies in this tree's store, in order and answers the index of the
  // first. Errors: BaseReason::kFull, with none added, if all would be more than there is room for.
  // Cost: the hashes of as many Appends, level by level through HashLeaves and HashNodes.
  Result<LogIndex> AppendBatch(std::span<const ByteView> leaves) {
    if (leaves.size() > Room()) return BaseReason::kFull;
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
    if (leaves.size() > Room()) return BaseReason::kFull;
    const LogIndex index(size());
    CopyLeaves(leaves);
    HashParents();
    return index;
  }

  // The digest of one leaf. Errors in this order: LedgerReason::kBadIndex, kPruned.
  [[nodiscard]] Result<Digest> LeafAt(LogIndex index) const {
    if (index.value() >= size()) return LedgerReason::kBadIndex;
    if (index.value() < pruned()) return LedgerReason::kPruned;
    return Digest(store_.Node(0, index.value()));
  }

  // The root, now or when there were `size` leaves; H("") for none. Cost: popcount(size) - 1 node
  // hashes. Errors in this order: LedgerReason::kBadSize for more leaves than there are, kPruned
  // for fewer than are pruned.
  [[nodiscard]] Digest Root() const { return View(size()).Root(); }
  [[nodiscard]] Result<Digest> RootAt(std::uint64_t size) const {
    if (const Reason reason = CheckSize(size); !reason.ok()) return reason;
    return View(size).Root();
  }

  // Size and root, at the cost and with the errors of Root and RootAt.
  [[nodiscard]] TreeHead Head() const { return View(size()).Head(); }
  [[nodiscard]] Result<TreeHead> HeadAt(std::uint64_t size) const {
    if (const Reason reason = CheckSize(size); !reason.ok()) return reason;
    return View(size).Head();
  }

  // The right edge when there were `size` leaves, for many proofs at that size. Errors as of
  // RootAt, and kBadSize for none. Cost: popcount(size) - 1 node hashes.
  [[nodiscard]] Result<TreeEdge> EdgeAt(std::uint64_t size) const {
    if (size == 0) return LedgerReason::kBadSize;
    if (const Reason reason = CheckSize(size); !reason.ok()) return reason;
    return View(size).Edge(pruned());
  }

  // The root of a subtree. Errors in this order: kBadSize for what is no subtree or beyond the
  // tree, kPruned where its first leaf is pruned. Cost: log2 of its size node hashes.
  [[nodiscard]] Result<Digest> SubtreeRoot(const Subtree& subtree) const {
    if (detail::IsSubtree(subtree) && subtree.start < pruned()) return LedgerReason::kPruned;
    return View(size()).SubtreeRoot(subtree);
  }

  // Proofs, each as a value and into a buffer of the caller: that answers how many nodes it wrote,
  // allocates nothing, and is refused with kBadProofLength, and left alone, where it has no room
  // for them. All refuse sizes with kBadSize and what is pruned with kPruned. Cost: a copy for each
  // node, and up to popcount(size) - 1 node hashes where the proof meets the right edge.

  // That leaf `index` stands in the tree of `size` leaves. Errors in this order: kBadSize for none
  // or more than there are, kBadIndex for an index not below the size, kPruned, kBadProofLength;
  // kMaxPathLength always is enough.
  [[nodiscard]] Result<InclusionProof> ProveInclusion(LogIndex index, std::uint64_t size) const {
    return Own<InclusionProof>([&](auto path) { return ProveInclusion(index, size, path); });
  }
  [[nodiscard]] Result<std::size_t> ProveInclusion(LogIndex index, std::uint64_t size,
                                                   std::span<Digest> path) const {
    if (const Reason reason = CheckLeaf(index.value(), size); !reason.ok()) return reason;
    return View(size).ProveInclusion(index, path);
  }
  // The same at the size of `edge`, which must be of this tree: copies only, no hash.
  [[nodiscard]] Result<std::size_t> ProveInclusion(LogIndex index, const TreeEdge& edge,
                                                   std::span<Digest> path) const {
    if (const Reason reason = CheckLeaf(index.value(), edge.size()); !reason.ok()) return reason;
    return View(edge.size()).ProveInclusion(index, path, edge);
  }

  // That the tree of `sizes.newer` leaves begins with that of `sizes.older`. Errors in this order:
  // kBadSize for none, more than there are or older above newer; kPruned, kBadProofLength;
  // kMaxConsistencyLength always is enough.
  [[nodiscard]] Result<ConsistencyProof> ProveConsistency(const TreeSizes& sizes) const {
    return Own<ConsistencyProof>([&](auto path) { return ProveConsistency(sizes, path); });
  }
  [[nodiscard]] Result<std::size_t> ProveConsistency(const TreeSizes& sizes,
                                                     std::span<Digest> path) const {
    if (sizes.older == 0) return LedgerReason::kBadSize;
    return ProveSubtreeConsistency({.start = 0, .end = sizes.older}, sizes.newer, path);
  }

  // That `subtree` stands in the tree of `size` leaves. Errors as of ProveConsistency.
  [[nodiscard]] Result<ConsistencyProof> ProveSubtreeConsistency(const Subtree& subtree,
                                                                 std::uint64_t size) const {
    return Own<ConsistencyProof>(
        [&](auto path) { return ProveSubtreeConsistency(subtree, size, path); });
  }
  [[nodiscard]] Result<std::size_t> ProveSubtreeConsistency(const Subtree& subtree,
                                                            std::uint64_t size,
                                                            std::span<Digest> path) const;

  // That leaf `index` stands in `subtree`. Errors in this order: kBadSize, kBadIndex, kPruned,
  // kBadProofLength.
  [[nodiscard]] Result<InclusionProof> ProveSubtreeInclusion(LogIndex index,
                                                             const Subtree& subtree) const {
    return Own<InclusionProof>(
        [&](auto path) { return ProveSubtreeInclusion(index, subtree, path); });
  }
  [[nodiscard]] Result<std::size_t> ProveSubtreeInclusion(LogIndex index, const Subtree& subtree,
                                                          std::span<Digest> path) const {
    if (detail::IsSubtree(subtree) && index.value() >= subtree.start) {
      const Reason reason = CheckLeaf(index.value(), subtree.end);
      if (!reason.ok()) return reason;
    }
    return View(size()).ProveSubtreeInclusion(index, subtree, path);
  }

  // That the leaves of `range` stand in the tree of `size` leaves. Errors in this order: kBadSize,
  // kBadIndex for no leaf or one beyond the size, kPruned, kBadProofLength; kMaxRangeLength always
  // is enough.
  [[nodiscard]] Result<RangeProof> ProveRange(const LeafRange& range, std::uint64_t size) const {
    return Own<RangeProof>([&](auto path) { return ProveRange(range, size, path); });
  }
  [[nodiscard]] Result<std::size_t> ProveRange(const LeafRange& range, std::uint64_t size,
                                               std::span<Digest> path) const {
    if (size > this->size()) return LedgerReason::kBadSize;
    if (const Reason reason = detail::CheckRange(range, size); !reason.ok()) return reason;
    if (range.first.value() < pruned()) return LedgerReason::kPruned;
    return View(size).ProveRange(range, path);
  }

  // That the leaves `indices`, each above the one before, stand in the tree of `size` leaves.
  // Errors in this order: kBadSize, kBadIndex for no index or one not below the size,
  // BaseReason::kNotCanonical for another order, kPruned, BaseReason::kTooMany for a proof of more
  // than kMaxMultiLength nodes, kBadProofLength. Cost: O(1) an index besides that of its proof.
  [[nodiscard]] Result<MultiProof> ProveLeaves(std::span<const LogIndex> indices,
                                               std::uint64_t size) const;
  [[nodiscard]] Result<std::size_t> ProveLeaves(std::span<const LogIndex> indices,
                                                std::uint64_t size, std::span<Digest> path) const {
    if (const Reason reason = CheckLeaves(indices, size); !reason.ok()) return reason;
    return View(size).ProveLeaves(indices, path);
  }

  // Takes away all but the first `size` leaves: exactly the tree of these. Errors in this order:
  // LedgerReason::kBadSize for more leaves than there are or fewer than at the last mark, kPruned
  // for fewer than are pruned, with nothing changed. Cost: O(log n), and a free for each chunk of
  // nodes.
  Reason Truncate(std::uint64_t size) {
    if (size > this->size() || size < marks_.highest()) return LedgerReason::kBadSize;
    if (size < pruned()) return LedgerReason::kPruned;
    Cut(size);
    return {};
  }

  // Forgets the first `size` leaves, and all nodes that only proofs about them need. What is asked
  // of the others, and of sizes from here on, stays as it was. No mark brings them back. Errors:
  // LedgerReason::kBadSize for more leaves than there are or than at the first mark. Cost: as of
  // Freeze, and what the store's Prune takes.
  Reason Prune(std::uint64_t size) {
    if (size > this->size() || size > marks_.lowest()) return LedgerReason::kBadSize;
    if (size <= pruned()) return {};
    const Result<CompactRange<H>> frontier = Freeze(size);
    if (!frontier.ok()) return frontier.reason();
    pruned_ = *frontier;
    store_.Prune(size);
    return {};
  }

  // The frontier when there were `size` leaves, of which Thaw makes a tree again. Errors as of
  // RootAt. Cost: a copy for each one-bit of the size.
  [[nodiscard]] Result<CompactRange<H>> Freeze(std::uint64_t size) const;

  // Marks, see settle/base/revertible.h: O(log n) each and no log of writes.
  [[nodiscard]] Result<Mark> Begin() { return marks_.Begin(size()); }
  Reason RevertTo(Mark mark) {
    const Result<std::uint64_t> size = marks_.RevertTo(mark);
    if (size.ok()) Cut(*size);
    return size.reason();
  }
  Reason Release(Mark mark) { return marks_.Release(mark); }

  // What decode does after reading the leaves: hashes all that stands above them. No mark remains.
  // Errors: BaseReason::kOutOfRange for more leaves than the store has levels for. Cost: a node
  // hash a leaf; where leaves are pruned a copy of the others too.
  Reason Rebuild();

 private:
  static_assert(Store::kLevels > 0 && Store::kLevels < 64);
  static constexpr std::uint64_t kLastSize = (std::uint64_t{1} << Store::kLevels) - 1;

  [[nodiscard]] TreeView<H, Store> View(std::uint64_t size) const {
    return TreeView<H, Store>(hasher_, store_, size);
  }

  // How many leaves more there may be.
  [[nodiscard]] std::uint64_t Room() const {
    const std::uint64_t held = size() - pruned();
    return (std::min)(kMaxLeaves - held, kLastSize - size());
  }

  [[nodiscard]] Reason CheckSize(std::uint64_t size) const {
    if (size > this->size()) return LedgerReason::kBadSize;
    return size < pruned() ? LedgerReason::kPruned : Reason();
  }
  // For what the view refuses too: all but a size beyond the tree and a leaf that is pruned.
  [[nodiscard]] Reason CheckLeaf(std::uint64_t index, std::uint64_t size) const {
    if (size > this->size()) return LedgerReason::kBadSize;
    return index < size && index < pruned() ? LedgerReason::kPruned : Reason();
  }
  [[nodiscard]] Reason CheckLeaves(std::span<const LogIndex> indices, std::uint64_t size) const {
    if (size > this->size()) return LedgerReason::kBadSize;
    const Result<std::size_t> length = MultiPathLength(indices, size);
    if (!length.ok()) return length.reason();
    return indices[0].value() < pruned() ? LedgerReason::kPruned : Reason();
  }

  // The proof that `prove` writes into a buffer.
  template <typename Proof, typename Prove>
  [[nodiscard]] static Result<Proof> Own(const Prove& prove) {
    std::array<Digest, decltype(Proof::path)::kMax> path;
    const Result<std::size_t> count = prove(std::span<Digest>(path));
    if (!count.ok()) return count.reason();
    Proof proof;
    if (!proof.path.Resize(*count)) return LedgerReason::kBadProofLength;
    std::copy_n(path.begin(), *count, proof.path.begin());
    return proof;
  }

  void CopyLeaves(std::span<const Digest> leaves) {
    while (!leaves.empty()) {
      const std::span<Digest> added = store_.Extend(0, leaves.size());
      std::ranges::copy(leaves.first(added.size()), added.begin());
      leaves = leaves.subspan(added.size());
    }
  }

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
      const std::uint64_t count = size >> level;
      if (store_.Size(level) == count) return;
      store_.Truncate(level, count);
    }
  }

  // Leaves nothing in the store but the frontier of what is pruned.
  void Restart() {
    store_.Restart(pruned());
    std::size_t next = 0;
    for (std::size_t level = Store::kLevels; level-- > 0;) {
      if (((pruned() >> level) & 1) == 0) continue;
      store_.Extend(level, 1).front() = pruned_.roots()[next++];
    }
  }

  CompactRange<H> pruned_;
  Store store_;
  detail::SizeMarks marks_;
  SETTLE_NO_UNIQUE_ADDRESS H hasher_{};

 public:
  using Fields = Members<&Accumulator::pruned_, &Accumulator::store_>;
};

template <typename H, typename Store>
Result<std::size_t> Accumulator<H, Store>::ProveSubtreeConsistency(const Subtree& subtree,
                                                                   std::uint64_t size,
                                                                   std::span<Digest> path) const {
  if (size > this->size()) return LedgerReason::kBadSize;
  const Result<std::size_t> length = ConsistencyPathLength(subtree, size);
  if (!length.ok()) return length.reason();
  // The proof climbs from the subtree's last leaf. Where all leaves are pruned and no other, only
  // the frontier is left: the nodes that end there and make the tree of these leaves.
  const bool kept = subtree.end > pruned() || (subtree.end == pruned() && subtree.start == 0);
  if (*length > 0 && !kept) return LedgerReason::kPruned;
  return View(size).ProveConsistency(subtree, path);
}

template <typename H, typename Store>
Result<MultiProof> Accumulator<H, Store>::ProveLeaves(std::span<const LogIndex> indices,
                                                      std::uint64_t size) const {
  if (const Reason reason = CheckLeaves(indices, size); !reason.ok()) return reason;
  MultiProof proof;
  if (!proof.path.Resize(*MultiPathLength(indices, size))) return BaseReason::kTooMany;
  const Result<std::size_t> count = View(size).ProveLeaves(indices, proof.path);
  if (!count.ok()) return count.reason();
  return proof;
}

template <typename H, typename Store>
Result<CompactRange<H>> Accumulator<H, Store>::Freeze(std::uint64_t size) const {
  if (const Reason reason = CheckSize(size); !reason.ok()) return reason;
  std::array<Digest, 64> roots;
  std::size_t count = 0;
  for (std::size_t level = Store::kLevels; level-- > 0;) {
    if (((size >> level) & 1) == 0) continue;
    roots[count++] = store_.Node(level, (size >> level) - 1);
  }
  return CompactRange<H>::From(size, std::span(roots).first(count), hasher_);
}

template <typename H, typename Store>
Reason Accumulator<H, Store>::Rebuild() {
  marks_.Clear();
  if (pruned() == 0) {
    for (std::size_t level = 1; level < Store::kLevels; ++level) store_.Truncate(level, 0);
  } else {
    if (pruned() > kLastSize || store_.Size(0) > kLastSize - pruned()) {
      return BaseReason::kOutOfRange;
    }
    // The leaves were numbered from 0, and move to where they belong.
    const Store leaves = std::exchange(store_, Store());
    Restart();
    for (std::size_t i = 0; i < leaves.Size(0);) {
      const std::span<const Digest> run = leaves.Run(0, i);
      CopyLeaves(run);
      i += run.size();
    }
  }
  HashParents();
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_ACCUMULATOR_H_
