// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/tree_view.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/level_store.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::NumberedLeaves;

// Nodes that answer by value, as a store on disk does, and only those asked for that are complete.
class DefinedNodes {
 public:
  DefinedNodes(std::span<const Digest> leaves, std::size_t size) : leaves_(leaves), size_(size) {}
  Digest Node(std::size_t level, std::size_t index) const {
    const std::size_t width = std::size_t{1} << level;
    EXPECT_LE((index + 1) * width, size_) << level << " " << index;
    return test::ReferenceRoot(leaves_.subspan(index * width, width));
  }

 private:
  std::span<const Digest> leaves_;
  std::size_t size_;
};

static_assert(NodeSource<DefinedNodes> && NodeSource<MemoryLevels> && !NodeSource<Sha256>);

// What an accumulator answers a view does of any nodes, and asks for none that is not complete.
TEST(TreeView, AnswersFromForeignNodesAsAnAccumulatorDoes) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(70);
  Accumulator<> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  const Sha256 hasher;
  EXPECT_EQ(TreeView(hasher, DefinedNodes(leaves, 0), 0).Head(), *tree.HeadAt(0));
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const DefinedNodes nodes(leaves, size);
    const TreeView view(hasher, nodes, size);
    ASSERT_EQ(view.Head(), *tree.HeadAt(size));
    ASSERT_EQ(view.Edge().Head(), *tree.HeadAt(size));
    std::array<Digest, kMaxRangeLength> path;
    const auto expect_same = [&](const Result<std::size_t>& length, const auto& proof) {
      ASSERT_TRUE(length.ok());
      ASSERT_EQ(std::vector<Digest>(path.begin(), path.begin() + std::ptrdiff_t(*length)),
                std::vector<Digest>(proof->path.begin(), proof->path.end()));
    };
    const LogIndex index(random.Below(size));
    expect_same(view.ProveInclusion(index, path), tree.ProveInclusion(index, size));
    expect_same(view.ProveInclusion(index, path, view.Edge()), tree.ProveInclusion(index, size));
    const std::uint64_t older = random.Between(1, size);
    expect_same(view.ProveConsistency({0, older}, path),
                tree.ProveConsistency({.older = older, .newer = size}));
    const LeafRange range{.first = index, .count = random.Between(1, size - index.value())};
    expect_same(view.ProveRange(range, path), tree.ProveRange(range, size));
    const std::array<LogIndex, 1> indices = {index};
    expect_same(view.ProveLeaves(indices, path), tree.ProveLeaves(indices, size));
    ASSERT_EQ(*view.SubtreeRoot({0, older}), *tree.RootAt(older));
    expect_same(view.ProveSubtreeInclusion(LogIndex(older - 1), {0, older}, path),
                tree.ProveSubtreeInclusion(LogIndex(older - 1), {0, older}));
  }
}

TEST(TreeView, RefusesInTheOrderOfTheReasons) {
  const std::vector<Digest> leaves = NumberedLeaves(6);
  const Sha256 hasher;
  const DefinedNodes nodes(leaves, 6);
  const TreeView view(hasher, nodes, 6);
  const TreeView empty(hasher, nodes, 0);
  std::array<Digest, kMaxPathLength> path;
  EXPECT_EQ(empty.ProveInclusion(LogIndex(0), path).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(empty.ProveRange({LogIndex(0), 1}, path).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(empty.ProveLeaves({}, path).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(view.ProveInclusion(LogIndex(6), path).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(view.ProveInclusion(LogIndex(5), std::span(path).first(1)).reason(),
            LedgerReason::kBadProofLength);
  EXPECT_EQ(view.ProveConsistency({0, 7}, path).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(view.SubtreeRoot({4, 7}).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(view.ProveSubtreeInclusion(LogIndex(3), {4, 6}, path).reason(),
            LedgerReason::kBadIndex);
  EXPECT_EQ(view.ProveSubtreeInclusion(LogIndex(4), {4, 6}, {}).reason(),
            LedgerReason::kBadProofLength);
}

}  // namespace
}  // namespace settle
