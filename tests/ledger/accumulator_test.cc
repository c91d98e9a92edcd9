// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/accumulator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/text.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/compact_range.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using Sizes = std::initializer_list<std::size_t>;

using Tree = Accumulator<Sha256, MemoryLevels>;
using test::NumberedLeaves;
using test::ReferencePath;
using test::ReferenceRoot;

static_assert(Revertible<Tree>);

constexpr char kRootsFile[] = "rfc6962/rfc6962_roots.json";
constexpr std::string_view kCtFolder = "ct-navigli2025h2/testdata/navigli2025h2/tile";

Tree TreeOf(std::span<const Digest> leaves) {
  Tree tree;
  EXPECT_EQ(*tree.AppendDigests(leaves), LogIndex(0));
  return tree;
}

// Leaves and every inner node: what == and the fingerprint see, and what is derived from it.
void ExpectSameTree(const Tree& a, const Tree& b) {
  EXPECT_EQ(a, b);
  EXPECT_EQ(FingerprintOf(a), FingerprintOf(b));
  EXPECT_EQ(a.Head(), b.Head());
  for (std::size_t level = 0; level < MemoryLevels::kLevels; ++level) {
    ASSERT_EQ(a.store().Size(level), b.store().Size(level)) << level;
    ASSERT_EQ(a.store().Size(level), a.size() >> level);
    for (std::size_t i = 0; i < a.store().Size(level); ++i) {
      ASSERT_EQ(a.store().Node(level, i), b.store().Node(level, i)) << level << " " << i;
    }
  }
}

std::vector<Digest> PathOf(const Tree& tree, std::uint64_t index, std::uint64_t size) {
  const Result<InclusionProof> proof = tree.ProveInclusion(LogIndex(index), size);
  EXPECT_TRUE(proof.ok());
  return {proof->path.begin(), proof->path.end()};
}

TEST(Accumulator, GivesTheRootsOfRfc6962NowAndLater) {
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kRootsFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kRootsFile);
  const nlohmann::json& inputs = (*vectors)["leaf_inputs_hex"];
  const nlohmann::json& roots = (*vectors)["root_by_size_hex"];
  ASSERT_EQ(inputs.size(), 8u);
  ASSERT_EQ(roots.size(), 9u);
  Tree tree;
  EXPECT_EQ(ToHex(tree.Root().view()), roots[0].get<std::string>());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto bytes = ParseHex(inputs[i].get<std::string>());
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(*tree.Append(*bytes), LogIndex(i));
    EXPECT_EQ(ToHex(tree.Root().view()), roots[i + 1].get<std::string>());
  }
  for (std::size_t size = 0; size < roots.size(); ++size) {
    EXPECT_EQ(ToHex(tree.RootAt(size)->view()), roots[size].get<std::string>());
    EXPECT_EQ(tree.HeadAt(size)->size, size);
    EXPECT_EQ(tree.HeadAt(size)->root, *tree.RootAt(size));
  }
  test::CountVectors("rfc6962/roots", roots.size());
}

TEST(Accumulator, AgreesWithTheDefinitionForEveryIndexAndSizeUpTo130) {
  const std::vector<Digest> leaves = NumberedLeaves(130);
  const Tree tree = TreeOf(leaves);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const auto part = std::span(leaves).first(size);
    const TreeHead head = *tree.HeadAt(size);
    ASSERT_EQ(head, (TreeHead{.size = size, .root = ReferenceRoot(part)}));
    for (std::size_t index = 0; index < size; ++index) {
      const std::vector<Digest> path = PathOf(tree, index, size);
      ASSERT_EQ(path, ReferencePath(index, part)) << index << " of " << size;
      ASSERT_EQ(VerifyInclusion(Sha256(), leaves[index], LogIndex(index), head, path), Reason());
    }
  }
}

TEST(Accumulator, AgreesWithTheDefinitionForRandomIndicesAndSizesBeyond) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(5000);
  const Tree tree = TreeOf(leaves);
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t size = random.Between(131, leaves.size());
    const std::uint64_t index = random.Below(size);
    const auto part = std::span(leaves).first(size);
    ASSERT_EQ(*tree.RootAt(size), ReferenceRoot(part)) << size;
    ASSERT_EQ(PathOf(tree, index, size), ReferencePath(index, part)) << index << " of " << size;
  }
}

TEST(Accumulator, AgreesWithTheCompactRangeAfterEveryLeaf) {
  Tree tree;
  CompactRange<Sha256> range;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    ASSERT_EQ(*tree.Append(EncodeFixed(i)), range.Append(EncodeFixed(i)));
    ASSERT_EQ(tree.Head(), range.Head());
  }
}

TEST(Accumulator, ProvesFromAnEdgeAsWithoutOne) {
  const std::vector<Digest> leaves = NumberedLeaves(200);
  const Tree tree = TreeOf(leaves);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const Result<TreeEdge> edge = tree.EdgeAt(size);
    ASSERT_TRUE(edge.ok());
    ASSERT_EQ(edge->Head(), *tree.HeadAt(size));
    for (std::size_t index = 0; index < size; ++index) {
      std::array<Digest, kMaxPathLength> path;
      const Result<std::size_t> count = tree.ProveInclusion(LogIndex(index), *edge, path);
      ASSERT_TRUE(count.ok());
      ASSERT_EQ(std::vector<Digest>(path.begin(), path.begin() + static_cast<int>(*count)),
                PathOf(tree, index, size));
    }
  }
  EXPECT_EQ(tree.EdgeAt(0).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.EdgeAt(201).reason(), LedgerReason::kBadSize);
}

TEST(Accumulator, HashesRealCertificateTransparencyLeaves) {
  const std::vector<std::string> tiles = test::ListVectors(std::string(kCtFolder) + "/data", "");
  if (tiles.empty()) GTEST_SKIP() << test::Missing(kCtFolder);
  // An entry of static-ct-api: the timestamped entry of RFC 6962 section 3.4, which the leaf
  // repeats behind two zero bytes, then for a precertificate the precertificate, and the chain.
  std::vector<std::string> leaves;
  std::string hashes;
  for (int tile = 0; tile < 4; ++tile) {
    const std::string name = "00" + std::to_string(tile);
    const auto data = test::ReadVectorText(std::string(kCtFolder) + "/data/" + name);
    const auto level = test::ReadVectorText(std::string(kCtFolder) + "/0/" + name);
    ASSERT_TRUE(data && level);
    hashes += *level;
    const auto number = [&](std::size_t at, std::size_t size) {
      std::size_t value = 0;
      for (std::size_t i = 0; i < size; ++i) {
        value =
            value << 8 | (at + i < data->size() ? static_cast<unsigned char>((*data)[at + i]) : 0);
      }
      return value;
    };
    for (std::size_t at = 0; at < data->size();) {
      const bool precertificate = number(at + 8, 2) == 1;
      std::size_t end = at + 10 + (precertificate ? 32 : 0);
      end += 3 + number(end, 3);  // the certificate or what of it was to be signed
      end += 2 + number(end, 2);  // extensions
      ASSERT_LE(end, data->size());
      leaves.push_back(std::string(2, '\0') + data->substr(at, end - at));
      if (precertificate) end += 3 + number(end, 3);
      end += 2 + number(end, 2);  // fingerprints of the chain
      at = end;
    }
  }
  ASSERT_EQ(leaves.size(), 1024u);
  std::vector<ByteView> views;
  for (const std::string& leaf : leaves) views.push_back(AsBytes(leaf));
  Tree tree;
  ASSERT_TRUE(tree.AppendBatch(views).ok());
  std::vector<Digest> expected;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    expected.push_back(*Digest::From(AsBytes(hashes).subspan(32 * i, 32)));
    EXPECT_EQ(*tree.LeafAt(LogIndex(i)), expected[i]) << i;
  }
  EXPECT_EQ(tree.Root(), ReferenceRoot(expected));
  test::CountVectors("ct-navigli2025h2/leaves", leaves.size());
}

TEST(Accumulator, AppendsABatchAsItsLeavesForAllSplits) {
  const std::vector<Digest> leaves = NumberedLeaves(35);
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    const auto all = std::span(leaves).first(size);
    Tree single;
    for (const Digest& leaf : all) ASSERT_TRUE(single.AppendDigest(leaf).ok());
    for (std::size_t first = 0; first <= size; ++first) {
      for (std::size_t second = first; second <= size; ++second) {
        Tree batched;
        EXPECT_EQ(*batched.AppendDigests(all.first(first)), LogIndex(0));
        EXPECT_EQ(*batched.AppendDigests(all.subspan(first, second - first)), LogIndex(first));
        EXPECT_EQ(*batched.AppendDigests(all.subspan(second)), LogIndex(second));
        ASSERT_EQ(batched, single);
        ASSERT_EQ(batched.Root(), single.Root());
      }
    }
  }
}

TEST(Accumulator, AppendsALeafThatItHoldsAlreadyAlthoughItsNodesMove) {
  const std::vector<Digest> leaves = NumberedLeaves(1);
  Tree tree = TreeOf(leaves);
  // Room doubles at powers of two, and what the argument refers to goes with the old room.
  for (std::size_t i = 1; i < 300; ++i) {
    ASSERT_TRUE(tree.AppendDigest(tree.store().Node(0, 0)).ok());
    ASSERT_EQ(*tree.LeafAt(LogIndex(std::uint64_t{i})), leaves[0]) << i;
  }
}

TEST(Accumulator, AppendsABatchAcrossChunksAsItsLeaves) {
  std::vector<std::uint64_t> numbers(5000);
  std::vector<ByteView> views;
  Tree single;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = i;
    views.push_back(std::as_bytes(std::span(numbers).subspan(i, 1)));
    ASSERT_TRUE(single.Append(views.back()).ok());
  }
  for (const std::size_t first : Sizes{0, 1, 2, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 5000}) {
    Tree batched;
    ASSERT_TRUE(batched.AppendBatch(std::span(views).first(first)).ok());
    ASSERT_TRUE(batched.AppendBatch(std::span(views).subspan(first)).ok());
    ExpectSameTree(batched, single);
  }
}

TEST(Accumulator, TruncatedAndAppendedToIsAsBuiltAfresh) {
  const std::vector<Digest> leaves = NumberedLeaves(80);
  const std::vector<Digest> others(50, Digest::FromNumber(7));
  for (std::size_t size = 0; size <= 66; size += 3) {
    for (std::size_t kept = 0; kept <= size; ++kept) {
      Tree tree = TreeOf(std::span(leaves).first(size));
      ASSERT_TRUE(tree.Truncate(kept).ok());
      Tree fresh = TreeOf(std::span(leaves).first(kept));
      ExpectSameTree(tree, fresh);
      ASSERT_TRUE(tree.AppendDigests(others).ok());
      ASSERT_TRUE(fresh.AppendDigests(others).ok());
      ExpectSameTree(tree, fresh);
    }
  }
}

TEST(Accumulator, TruncatedAcrossChunksIsAsBuiltAfresh) {
  const std::vector<Digest> leaves = NumberedLeaves(5000);
  for (const std::size_t kept : Sizes{0, 1, 1023, 1024, 1025, 2048, 4096, 4097, 4999, 5000}) {
    Tree tree = TreeOf(leaves);
    ASSERT_TRUE(tree.Truncate(kept).ok());
    ExpectSameTree(tree, TreeOf(std::span(leaves).first(kept)));
    ASSERT_TRUE(tree.AppendDigests(std::span(leaves).subspan(kept)).ok());
    ExpectSameTree(tree, TreeOf(leaves));
  }
}

TEST(Accumulator, RefusesSizesAndIndicesBeyondTheTreeAndChangesNothing) {
  const std::vector<Digest> leaves = NumberedLeaves(5);
  Tree tree = TreeOf(leaves);
  EXPECT_EQ(tree.RootAt(6).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.HeadAt(6).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.LeafAt(LogIndex(5)).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(tree.ProveInclusion(LogIndex(5), 5).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(tree.ProveInclusion(LogIndex(3), 3).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(tree.ProveInclusion(LogIndex(0), 0).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.ProveInclusion(LogIndex(9), 6).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.Truncate(6), LedgerReason::kBadSize);
  ExpectSameTree(tree, TreeOf(leaves));
}

TEST(Accumulator, FillsExactlyTheCallersBufferAndRefusesOneTooShort) {
  const Tree tree = TreeOf(NumberedLeaves(100));
  for (std::uint64_t index = 0; index < 100; ++index) {
    const std::vector<Digest> path = PathOf(tree, index, 100);
    std::vector<Digest> buffer(path.size() + 1, Digest::FromNumber(99));
    const Result<std::size_t> count =
        tree.ProveInclusion(LogIndex(index), 100, std::span(buffer).first(path.size()));
    ASSERT_TRUE(count.ok());
    EXPECT_EQ(*count, path.size());
    EXPECT_EQ(buffer.back(), Digest::FromNumber(99));
    EXPECT_TRUE(std::equal(path.begin(), path.end(), buffer.begin()));

    std::vector<Digest> shorter(path.size() - 1, Digest::FromNumber(99));
    EXPECT_EQ(tree.ProveInclusion(LogIndex(index), 100, shorter).reason(),
              LedgerReason::kBadProofLength);
    EXPECT_EQ(std::ranges::count(shorter, Digest::FromNumber(99)),
              static_cast<std::ptrdiff_t>(shorter.size()));
  }
}

TEST(Accumulator, ProvesAndFoldsIntoBuffersWithoutAllocation) {
  const Tree tree = TreeOf(NumberedLeaves(1000));
  std::array<Digest, kMaxPathLength> path;
  const test::AllocationCounter counter;
  const Digest root = tree.Root();
  const bool proved = tree.ProveInclusion(LogIndex(77), 999, path).ok();
  const Result<TreeEdge> edge = tree.EdgeAt(999);
  const bool proved_again = tree.ProveInclusion(LogIndex(78), *edge, path).ok();
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(proved && proved_again);
  EXPECT_NE(root, Digest());
}

TEST(Accumulator, RefusesLeavesBeyondItsBoundAndStaysAsItWas) {
  const std::vector<Digest> leaves = NumberedLeaves(8);
  Accumulator<Sha256, BoundedLevels<7>> tree;
  ASSERT_TRUE(tree.AppendDigests(std::span(leaves).first(5)).ok());
  const Digest root = tree.Root();
  EXPECT_EQ(tree.AppendDigests(std::span(leaves).subspan(5)).reason(), BaseReason::kFull);
  EXPECT_EQ(tree.AppendBatch(std::vector<ByteView>(3)).reason(), BaseReason::kFull);
  EXPECT_EQ(tree.Root(), root);
  EXPECT_EQ(*tree.AppendDigests(std::span(leaves).subspan(5, 2)), LogIndex(5));
  EXPECT_EQ(tree.AppendDigest(leaves[7]).reason(), BaseReason::kFull);
  EXPECT_EQ(tree.Append(ByteView()).reason(), BaseReason::kFull);
  EXPECT_EQ(tree.Head(), TreeOf(std::span(leaves).first(7)).Head());
}

TEST(Accumulator, WorksAtItsBoundAlsoWhereThatIsAPowerOfTwo) {
  const std::vector<Digest> leaves = NumberedLeaves(8);
  Accumulator<Sha256, BoundedLevels<8>> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  EXPECT_EQ(tree.Root(), ReferenceRoot(leaves));
  EXPECT_EQ(tree.ProveInclusion(LogIndex(3), 8)->path.size(), 3u);
  Accumulator<Sha256, BoundedLevels<1>> one;
  ASSERT_TRUE(one.AppendDigest(leaves[0]).ok());
  EXPECT_EQ(one.Root(), leaves[0]);
  EXPECT_EQ(one.ProveInclusion(LogIndex(0), 1)->path.size(), 0u);
  EXPECT_EQ(one.AppendDigest(leaves[1]).reason(), BaseReason::kFull);
}

TEST(Accumulator, CopiesAreIndependent) {
  const std::vector<Digest> leaves = NumberedLeaves(1500);
  Tree tree = TreeOf(leaves);
  Tree copy = tree;
  ExpectSameTree(copy, tree);
  ASSERT_TRUE(copy.Truncate(700).ok());
  ASSERT_TRUE(copy.AppendDigest(Digest()).ok());
  ExpectSameTree(tree, TreeOf(leaves));
  tree = std::move(copy);
  EXPECT_EQ(tree.size(), 701u);
}

}  // namespace
}  // namespace settle
