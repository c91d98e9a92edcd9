// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The accumulator without its oldest leaves: what is gone is refused, all else is as it was. And
// with its nodes in a store of the host's own.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/compact_range.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using Tree = Accumulator<Sha256, MemoryLevels>;
using test::NumberedLeaves;

// Nodes in a map, two siblings a place, as a host may keep them in a table of its database.
class MapStore {
 public:
  static constexpr std::uint64_t kMaxLeaves = 100'000;
  static constexpr std::size_t kLevels = 40;

  std::size_t Size(std::size_t level) const { return sizes_[level]; }
  const Digest& Node(std::size_t level, std::size_t index) const {
    const auto place = pairs_.find({level, index / 2});
    if (place == pairs_.end() || index >= sizes_[level]) {
      ADD_FAILURE() << "no node " << index << " at level " << level;
      return kNone;
    }
    return place->second[index % 2];
  }
  std::span<const Digest> Run(std::size_t level, std::size_t index) const {
    return {&Node(level, index), (std::min)(2 - index % 2, sizes_[level] - index)};
  }
  std::span<Digest> Extend(std::size_t level, std::size_t count) {
    const std::size_t index = sizes_[level];
    std::array<Digest, 2>& pair = pairs_[{level, index / 2}];
    const std::size_t added = (std::min)(count, 2 - index % 2);
    sizes_[level] += added;
    return std::span(pair).subspan(index % 2, added);
  }
  void Truncate(std::size_t level, std::size_t count) {
    sizes_[level] = count;
    pairs_.erase(pairs_.lower_bound({level, (count + 1) / 2}), pairs_.lower_bound({level + 1, 0}));
  }
  void Prune(std::size_t leaves) {
    for (std::size_t level = 0; level < kLevels; ++level) {
      pairs_.erase(pairs_.lower_bound({level, 0}),
                   pairs_.lower_bound({level, FirstKept(level, leaves) / 2}));
    }
  }
  void Restart(std::size_t leaves) {
    pairs_.clear();
    for (std::size_t level = 0; level < kLevels; ++level) sizes_[level] = FirstKept(level, leaves);
  }
  friend bool operator==(const MapStore&, const MapStore&) = default;

  std::size_t pairs() const { return pairs_.size(); }

 private:
  static constexpr Digest kNone{};
  std::map<std::pair<std::size_t, std::size_t>, std::array<Digest, 2>> pairs_;
  std::array<std::size_t, kLevels> sizes_{};
};
using MapTree = Accumulator<Sha256, MapStore>;
static_assert(LevelStore<MapStore>);

template <typename Proof>
void ExpectSameProof(const Result<Proof>& a, const Result<Proof>& b) {
  ASSERT_EQ(a.reason(), b.reason());
  if (!a.ok()) return;
  ASSERT_EQ(*a, *b);
}

// All that can be asked of `tree` is answered as `whole` answers it, or refused with kPruned where,
// and only where, it is about the first `pruned` leaves.
template <typename T>
void ExpectAnswersOf(const Tree& whole, const T& tree, std::uint64_t pruned) {
  constexpr Reason kGone = LedgerReason::kPruned;
  ASSERT_EQ(tree.size(), whole.size());
  ASSERT_EQ(tree.pruned(), pruned);
  ASSERT_EQ(tree.Head(), whole.Head());
  for (std::uint64_t size = 1; size <= whole.size(); ++size) {
    if (size < pruned) {
      ASSERT_EQ(tree.RootAt(size).reason(), kGone);
      ASSERT_EQ(tree.EdgeAt(size).reason(), kGone);
      ASSERT_EQ(tree.Freeze(size).reason(), kGone);
      ASSERT_EQ(tree.ProveConsistency({.older = size, .newer = whole.size()}).reason(), kGone);
      ASSERT_EQ(tree.LeafAt(LogIndex(size - 1)).reason(), kGone);
      continue;
    }
    ASSERT_EQ(*tree.HeadAt(size), *whole.HeadAt(size));
    ASSERT_EQ(tree.EdgeAt(size)->Head(), *whole.HeadAt(size));
    ASSERT_EQ(*tree.Freeze(size), *whole.Freeze(size));
    for (std::uint64_t older = 1; older <= size; ++older) {
      const TreeSizes sizes{.older = older, .newer = size};
      if (older < pruned && older < size) {
        ASSERT_EQ(tree.ProveConsistency(sizes).reason(), kGone);
      } else {
        ExpectSameProof(tree.ProveConsistency(sizes), whole.ProveConsistency(sizes));
      }
    }
    const Result<TreeEdge> edge = tree.EdgeAt(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const LogIndex leaf(index);
      const std::array<LogIndex, 2> leaves = {leaf, LogIndex(size - 1)};
      const auto few = std::span(leaves).first(index + 1 == size ? 1 : 2);
      const LeafRange range{.first = leaf, .count = (size - index + 1) / 2};
      if (index < pruned) {
        ASSERT_EQ(tree.ProveInclusion(leaf, size).reason(), kGone);
        ASSERT_EQ(tree.ProveRange(range, size).reason(), kGone);
        ASSERT_EQ(tree.ProveLeaves(few, size).reason(), kGone);
        continue;
      }
      ASSERT_EQ(*tree.LeafAt(leaf), *whole.LeafAt(leaf));
      ExpectSameProof(tree.ProveInclusion(leaf, size), whole.ProveInclusion(leaf, size));
      ExpectSameProof(tree.ProveRange(range, size), whole.ProveRange(range, size));
      ExpectSameProof(tree.ProveLeaves(few, size), whole.ProveLeaves(few, size));
      std::array<Digest, kMaxPathLength> path;
      const auto count = tree.ProveInclusion(leaf, *edge, path);
      ASSERT_TRUE(count.ok());
      ASSERT_TRUE(std::ranges::equal(std::span(path).first(*count),
                                     whole.ProveInclusion(leaf, size)->path));
    }
  }
}

template <typename T>
void ExpectSubtreesOf(const Tree& whole, const T& tree, std::uint64_t pruned) {
  const std::uint64_t size = whole.size();
  for (std::uint64_t start = 0; start < size; ++start) {
    for (std::uint64_t end = start + 1; end <= size; ++end) {
      const Subtree subtree{start, end};
      if (!whole.SubtreeRoot(subtree).ok()) continue;
      if (start >= pruned) {
        ASSERT_EQ(*tree.SubtreeRoot(subtree), *whole.SubtreeRoot(subtree));
        ExpectSameProof(tree.ProveSubtreeInclusion(LogIndex(start), subtree),
                        whole.ProveSubtreeInclusion(LogIndex(start), subtree));
      } else {
        ASSERT_EQ(tree.SubtreeRoot(subtree).reason(), LedgerReason::kPruned);
      }
      const auto proof = tree.ProveSubtreeConsistency(subtree, size);
      if (proof.ok() || end > pruned) {
        ExpectSameProof(proof, whole.ProveSubtreeConsistency(subtree, size));
      } else {
        ASSERT_EQ(proof.reason(), LedgerReason::kPruned);
      }
    }
  }
}

template <typename T>
T TreeOf(std::span<const Digest> leaves) {
  T tree;
  EXPECT_EQ(*tree.AppendDigests(leaves), LogIndex(0));
  return tree;
}

TEST(AccumulatorPrune, AnswersAsBeforeForAllThatIsNotPruned) {
  const std::vector<Digest> leaves = NumberedLeaves(40);
  for (const std::size_t size : {1u, 2u, 7u, 16u, 33u, 40u}) {
    const Tree whole = TreeOf<Tree>(std::span(leaves).first(size));
    for (std::uint64_t pruned = 0; pruned <= size; ++pruned) {
      Tree tree = whole;
      ASSERT_TRUE(tree.Prune(pruned).ok());
      ExpectAnswersOf(whole, tree, pruned);
      ExpectSubtreesOf(whole, tree, pruned);
    }
  }
}

// The same of a store that really forgets each node that may go, and fails if one is asked for.
TEST(AccumulatorPrune, AsksNoStoreForANodeThatMayBeGone) {
  const std::vector<Digest> leaves = NumberedLeaves(40);
  for (const std::size_t size : {1u, 6u, 16u, 31u, 40u}) {
    const Tree whole = TreeOf<Tree>(std::span(leaves).first(size));
    for (std::uint64_t pruned = 0; pruned <= size; ++pruned) {
      MapTree tree = TreeOf<MapTree>(std::span(leaves).first(size));
      ASSERT_TRUE(tree.Prune(pruned).ok());
      ExpectAnswersOf(whole, tree, pruned);
      ExpectSubtreesOf(whole, tree, pruned);
      // At most a pair of each level stays besides those of the leaves kept.
      EXPECT_LE(tree.store().pairs(), size - pruned + 7) << size << " " << pruned;
    }
  }
}

TEST(AccumulatorPrune, GrowsOnAsIfNothingHadBeenPruned) {
  const std::vector<Digest> leaves = NumberedLeaves(90);
  for (std::uint64_t pruned = 0; pruned <= 40; pruned += 3) {
    Tree whole = TreeOf<Tree>(std::span(leaves).first(40));
    Tree tree = whole;
    MapTree map = TreeOf<MapTree>(std::span(leaves).first(40));
    ASSERT_TRUE(tree.Prune(pruned).ok());
    ASSERT_TRUE(map.Prune(pruned).ok());
    for (std::size_t i = 40; i < 44; ++i) {
      ASSERT_EQ(*whole.AppendDigest(leaves[i]), *tree.AppendDigest(leaves[i]));
      ASSERT_TRUE(map.AppendDigest(leaves[i]).ok());
    }
    const auto rest = std::span(leaves).subspan(44);
    ASSERT_EQ(*whole.AppendDigests(rest), *tree.AppendDigests(rest));
    ASSERT_TRUE(map.AppendDigests(rest).ok());
    ExpectAnswersOf(whole, tree, pruned);
    ExpectAnswersOf(whole, map, pruned);
    const MapTree copy = map;
    EXPECT_EQ(copy.store(), map.store());
    // Pruned further, and taken back to where nothing but the frontier is left.
    ASSERT_TRUE(tree.Prune(pruned + 20).ok());
    ExpectAnswersOf(whole, tree, pruned + 20);
    ASSERT_TRUE(tree.Truncate(pruned + 20).ok());
    ASSERT_TRUE(whole.Truncate(pruned + 20).ok());
    ExpectAnswersOf(whole, tree, pruned + 20);
    EXPECT_EQ(tree.Truncate(pruned + 19), LedgerReason::kPruned);
    ASSERT_TRUE(tree.AppendDigests(rest).ok());
    ASSERT_TRUE(whole.AppendDigests(rest).ok());
    ExpectAnswersOf(whole, tree, pruned + 20);
  }
}

TEST(AccumulatorPrune, ThawsTheFrontierOfEverySizeAndGrowsOn) {
  const std::vector<Digest> leaves = NumberedLeaves(80);
  for (std::size_t size = 0; size <= 64; ++size) {
    Tree whole = TreeOf<Tree>(std::span(leaves).first(size));
    const Result<CompactRange<Sha256>> frozen = whole.Freeze(size);
    ASSERT_TRUE(frozen.ok());
    CompactRange<Sha256> range;
    for (const Digest& leaf : std::span(leaves).first(size)) range.AppendDigest(leaf);
    ASSERT_EQ(*frozen, range);
    Result<Tree> tree = Tree::Thaw(range);
    Result<MapTree> map = MapTree::Thaw(range);
    ASSERT_TRUE(tree.ok() && map.ok());
    ExpectAnswersOf(whole, *tree, size);
    const auto rest = std::span(leaves).subspan(size);
    ASSERT_EQ(*tree->AppendDigests(rest), LogIndex(size));
    ASSERT_TRUE(map->AppendDigests(rest).ok());
    ASSERT_TRUE(whole.AppendDigests(rest).ok());
    ExpectAnswersOf(whole, *tree, size);
    ExpectAnswersOf(whole, *map, size);
    Tree pruned = whole;
    ASSERT_TRUE(pruned.Prune(size).ok());
    EXPECT_EQ(*tree, pruned);
  }
}

TEST(AccumulatorPrune, KeepsTheProofsOfALargeTreeAcrossTiles) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(6000);
  const Tree whole = TreeOf<Tree>(leaves);
  for (const std::uint64_t pruned : {511u, 512u, 513u, 1024u, 3000u, 4096u, 5999u, 6000u}) {
    Tree tree = whole;
    ASSERT_TRUE(tree.Prune(pruned).ok());
    std::vector<std::byte> bytes = Encode(tree);
    EXPECT_LE(bytes.size(), 32 * (6000 - pruned + 13) + 16);
    Tree decoded;
    ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
    EXPECT_EQ(decoded, tree);
    EXPECT_EQ(FingerprintOf(decoded), FingerprintOf(tree));
    for (int round = 0; round < 200 && pruned < 6000; ++round) {
      const std::uint64_t size = random.Between(pruned + 1, 6000);
      const LogIndex index(random.Between(pruned, size - 1));
      ExpectSameProof(tree.ProveInclusion(index, size), whole.ProveInclusion(index, size));
      ExpectSameProof(decoded.ProveInclusion(index, size), whole.ProveInclusion(index, size));
      const TreeSizes sizes{.older = random.Between(pruned, size), .newer = size};
      ExpectSameProof(tree.ProveConsistency(sizes), whole.ProveConsistency(sizes));
    }
    EXPECT_LE(tree.store().allocated_bytes(),
              whole.store().allocated_bytes() - pruned / 512 * 512 * 64);
  }
}

// All of a tile is gone and nothing of the next is there yet.
TEST(AccumulatorPrune, GrowsOnFromBetweenTwoTiles) {
  const std::vector<Digest> leaves = NumberedLeaves(2000);
  const Tree whole = TreeOf<Tree>(leaves);
  for (const std::uint64_t pruned : {511u, 512u, 513u, 1024u, 1536u}) {
    Tree tree = whole;
    ASSERT_TRUE(tree.Prune(pruned).ok());
    ASSERT_TRUE(tree.Truncate(pruned).ok());
    ASSERT_EQ(tree.Head(), *whole.HeadAt(pruned));
    Result<Tree> thawed = Tree::Thaw(*tree.Freeze(pruned));
    ASSERT_TRUE(thawed.ok());
    const auto rest = std::span(leaves).subspan(pruned);
    ASSERT_TRUE(tree.AppendDigest(rest[0]).ok());
    ASSERT_TRUE(tree.AppendDigests(rest.subspan(1)).ok());
    ASSERT_TRUE(thawed->AppendDigests(rest).ok());
    EXPECT_EQ(tree.Head(), whole.Head());
    EXPECT_EQ(*thawed, tree);
    for (std::uint64_t index = pruned; index < leaves.size(); index += 97) {
      ExpectSameProof(tree.ProveInclusion(LogIndex(index), leaves.size()),
                      whole.ProveInclusion(LogIndex(index), leaves.size()));
    }
  }
}

TEST(AccumulatorPrune, DecodesWhatIsPrunedAndRefusesOtherEncodings) {
  const std::vector<Digest> leaves = NumberedLeaves(23);
  const Tree whole = TreeOf<Tree>(leaves);
  for (std::uint64_t pruned = 0; pruned <= 23; ++pruned) {
    Tree tree = whole;
    ASSERT_TRUE(tree.Prune(pruned).ok());
    const std::vector<std::byte> bytes = Encode(tree);
    Tree decoded;
    ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
    ASSERT_EQ(decoded, tree);
    ASSERT_EQ(Encode(decoded), bytes);
    ExpectAnswersOf(whole, decoded, pruned);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_EQ(DecodeInto(ByteView(bytes).first(size), decoded).reason, BaseReason::kTruncated);
    }
    // Another number of pruned leaves needs another number of roots, or is another tree.
    for (std::size_t bit = 0; bit < 64; ++bit) {
      std::vector<std::byte> other = bytes;
      other[bit / 8] ^= std::byte(1 << (bit % 8));
      const Reason reason = DecodeInto(other, decoded).reason;
      EXPECT_EQ(reason, bit == 63 ? BaseReason::kOutOfRange : BaseReason::kNotCanonical);
    }
  }
}

TEST(AccumulatorPrune, RefusesToPruneWhatAMarkProtects) {
  const std::vector<Digest> leaves = NumberedLeaves(20);
  Tree tree = TreeOf<Tree>(std::span(leaves).first(8));
  EXPECT_EQ(tree.Prune(9), LedgerReason::kBadSize);
  const Result<Mark> outer = tree.Begin();
  ASSERT_TRUE(tree.AppendDigests(std::span(leaves).subspan(8)).ok());
  const Result<Mark> inner = tree.Begin();
  const Fingerprint before = FingerprintOf(tree);
  EXPECT_EQ(tree.Prune(9), LedgerReason::kBadSize);
  EXPECT_EQ(FingerprintOf(tree), before);
  ASSERT_TRUE(tree.Prune(8).ok());
  ASSERT_TRUE(tree.Prune(3).ok());
  EXPECT_EQ(tree.pruned(), 8u);
  ASSERT_TRUE(tree.RevertTo(*outer).ok());
  EXPECT_EQ(tree.RevertTo(*inner), BaseReason::kNoSuchMark);
  ExpectAnswersOf(TreeOf<Tree>(std::span(leaves).first(8)), tree, 8);
}

TEST(AccumulatorPrune, MakesRoomInAStoreThatIsFull) {
  const std::vector<Digest> leaves = NumberedLeaves(30);
  Accumulator<Sha256, BoundedLevels<7>> tree;
  ASSERT_TRUE(tree.AppendDigests(std::span(leaves).first(7)).ok());
  EXPECT_EQ(tree.AppendDigest(leaves[7]).reason(), BaseReason::kFull);
  for (std::size_t i = 7; i < leaves.size(); ++i) {
    ASSERT_TRUE(tree.Prune(i - 6).ok());
    ASSERT_TRUE(tree.AppendDigest(leaves[i]).ok());
    ASSERT_EQ(tree.AppendDigest(leaves[i]).reason(), BaseReason::kFull);
    ASSERT_EQ(tree.Root(), test::ReferenceRoot(std::span(leaves).first(i + 1)));
  }
}

TEST(AccumulatorPrune, ThawsTreesOfAnySizeThatHasRoomLeft) {
  // 2^62 + 5 leaves; no store has to hold them.
  const std::uint64_t size = (std::uint64_t{1} << 62) + 5;
  const std::vector<Digest> roots = NumberedLeaves(3);
  const auto range = CompactRange<Sha256>::From(size, roots);
  ASSERT_TRUE(range.ok());
  Result<Tree> tree = Tree::Thaw(*range);
  ASSERT_TRUE(tree.ok());
  CompactRange<Sha256> model = *range;
  for (const Digest& leaf : NumberedLeaves(1500)) {
    ASSERT_EQ(*tree->AppendDigest(leaf), model.AppendDigest(leaf));
    ASSERT_EQ(tree->Head(), model.Head());
  }
  const LogIndex index(size + 700);
  const auto proof = tree->ProveInclusion(index, tree->size());
  ASSERT_TRUE(proof.ok());
  EXPECT_TRUE(
      VerifyInclusion(Sha256(), *tree->LeafAt(index), index, tree->Head(), proof->path).ok());
  // The last leaf that fits, and none after it.
  const std::uint64_t last = (std::uint64_t{1} << 63) - 2;
  const auto most = CompactRange<Sha256>::From(last, NumberedLeaves(62));
  ASSERT_TRUE(most.ok());
  Result<Tree> full = Tree::Thaw(*most);
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->AppendDigests(NumberedLeaves(2)).reason(), BaseReason::kFull);
  EXPECT_EQ(*full->AppendDigest(Digest()), LogIndex(last));
  EXPECT_EQ(full->AppendDigest(Digest()).reason(), BaseReason::kFull);
  // The map has levels for fewer.
  EXPECT_EQ(MapTree::Thaw(*range).reason(), BaseReason::kOutOfRange);
}

}  // namespace
}  // namespace settle
