// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/multi_proof.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"
#include "tests/ledger/proof_cases.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::NumberedLeaves;
using test::ReferenceRoot;

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

Accumulator<> TreeOf(std::span<const Digest> leaves) {
  Accumulator<> tree;
  EXPECT_TRUE(tree.AppendDigests(leaves).ok());
  return tree;
}

// A claim about a set of leaves, complete.
struct Claim {
  std::vector<LogIndex> indices;
  std::vector<Digest> leaves;
  TreeHead head;
  std::vector<Digest> path;

  Reason Verify() const { return VerifyLeaves(Sha256(), indices, leaves, head, path); }
};

// By the definition: the largest subtrees that hold none of the leaves.
Claim TrueClaim(const std::vector<std::uint64_t>& indices, std::span<const Digest> leaves) {
  Claim claim{.indices = {},
              .leaves = {},
              .head = {.size = leaves.size(), .root = ReferenceRoot(leaves)},
              .path = {}};
  std::vector<bool> marked(leaves.size());
  for (const std::uint64_t index : indices) {
    claim.indices.push_back(LogIndex(index));
    claim.leaves.push_back(leaves[index]);
    marked[index] = true;
  }
  claim.path = test::ReferenceOutside(marked, 0, leaves);
  return claim;
}

std::vector<std::uint64_t> RandomSet(test::Random& random, std::uint64_t size) {
  std::vector<std::uint64_t> indices;
  const std::uint64_t of = random.Between(1, 40);
  for (std::uint64_t i = 0; i < size; ++i) {
    if (random.Chance(1, of)) indices.push_back(i);
  }
  if (indices.empty()) indices.push_back(random.Below(size));
  return indices;
}

void ExpectProvedAsDefined(const Accumulator<>& tree, const Claim& claim) {
  const auto proof = tree.ProveLeaves(claim.indices, claim.head.size);
  ASSERT_TRUE(proof.ok());
  ASSERT_EQ(std::vector<Digest>(proof->path.begin(), proof->path.end()), claim.path);
  ASSERT_EQ(*MultiPathLength(claim.indices, claim.head.size), claim.path.size());
  ASSERT_EQ(claim.Verify(), Reason());
}

TEST(MultiProof, AgreesWithTheDefinitionForEverySetOfEverySizeUpTo9) {
  const std::vector<Digest> leaves = NumberedLeaves(9);
  const Accumulator<> tree = TreeOf(leaves);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    for (std::uint32_t set = 1; set < std::uint32_t{1} << size; ++set) {
      std::vector<std::uint64_t> indices;
      for (std::size_t i = 0; i < size; ++i) {
        if (((set >> i) & 1) != 0) indices.push_back(i);
      }
      ExpectProvedAsDefined(tree, TrueClaim(indices, std::span(leaves).first(size)));
    }
  }
}

TEST(MultiProof, AgreesWithTheDefinitionForEveryPairUpTo40AndEveryLeafUpTo130) {
  const std::vector<Digest> leaves = NumberedLeaves(130);
  const Accumulator<> tree = TreeOf(leaves);
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::uint64_t a = 0; a < size; ++a) {
      for (std::uint64_t b = a + 1; b < size; ++b) {
        ExpectProvedAsDefined(tree, TrueClaim({a, b}, std::span(leaves).first(size)));
      }
    }
  }
  for (std::size_t size = 1; size <= leaves.size(); size += size < 64 ? 1 : 7) {
    for (std::uint64_t a = 0; a < size; ++a) {
      ExpectProvedAsDefined(tree, TrueClaim({a}, std::span(leaves).first(size)));
    }
  }
}

TEST(MultiProof, AgreesWithTheDefinitionForRandomSetsBeyond) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(3000);
  const Accumulator<> tree = TreeOf(leaves);
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t size = random.Between(41, leaves.size());
    ExpectProvedAsDefined(tree, TrueClaim(RandomSet(random, size), std::span(leaves).first(size)));
  }
}

TEST(MultiProof, ProvesEveryRunOfEverySizeUpTo48AsTheSetOfItsIndices) {
  const std::vector<Digest> leaves = NumberedLeaves(48);
  const Accumulator<> tree = TreeOf(leaves);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const TreeHead head{.size = size, .root = ReferenceRoot(std::span(leaves).first(size))};
    for (std::uint64_t first = 0; first < size; ++first) {
      std::vector<bool> marked(size);
      for (std::uint64_t count = 1; first + count <= size; ++count) {
        marked[first + count - 1] = true;
        const LeafRange range{.first = LogIndex(first), .count = count};
        const auto proof = tree.ProveRange(range, size);
        ASSERT_TRUE(proof.ok());
        const std::vector<Digest> path(proof->path.begin(), proof->path.end());
        ASSERT_EQ(path, test::ReferenceOutside(marked, 0, std::span(leaves).first(size)));
        ASSERT_EQ(*RangePathLength(range, size), path.size());
        const auto run = std::span(leaves).subspan(first, count);
        ASSERT_EQ(VerifyRange(Sha256(), range.first, run, head, path), Reason());
        ASSERT_FALSE(VerifyRange(Sha256(), LogIndex(first + 1), run, head, path).ok());
      }
    }
  }
}

// A changed bit, a digest dropped, doubled or swapped, of the proof or of the leaves: refused.
TEST(MultiProof, RefusesWhateverIsNotExactlyTheProof) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(40);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t size = random.Between(1, leaves.size());
    const Claim claim = TrueClaim(RandomSet(random, size), std::span(leaves).first(size));
    ASSERT_TRUE(claim.Verify().ok());
    test::SpoilEach(random, claim.path, [&](const std::vector<Digest>& wrong) {
      Claim other = claim;
      other.path = wrong;
      EXPECT_FALSE(other.Verify().ok());
    });
    test::SpoilEach(random, claim.leaves, [&](const std::vector<Digest>& wrong) {
      Claim other = claim;
      other.leaves = wrong;
      EXPECT_FALSE(other.Verify().ok());
    });
    Claim other = claim;
    other.head.root = test::WithBitFlipped(claim.head.root, random.Below(256));
    EXPECT_EQ(other.Verify(), LedgerReason::kRootMismatch);
  }
}

// Another index in the place of one, in order or not, and an index more or less.
TEST(MultiProof, HoldsForNoOtherIndices) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(20);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t size = random.Between(2, leaves.size());
    const Claim claim = TrueClaim(RandomSet(random, size), std::span(leaves).first(size));
    for (std::size_t i = 0; i < claim.indices.size(); ++i) {
      for (std::uint64_t index = 0; index <= size + 1; ++index) {
        Claim other = claim;
        other.indices[i] = LogIndex(index);
        if (other.indices == claim.indices) continue;
        EXPECT_FALSE(other.Verify().ok());
      }
      Claim other = claim;
      other.indices.erase(other.indices.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(other.Verify().ok());
      other.leaves.erase(other.leaves.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_FALSE(other.Verify().ok());
    }
    for (std::uint64_t other_size = 0; other_size <= leaves.size(); ++other_size) {
      if (other_size == size) continue;
      Claim other = claim;
      other.head = {.size = other_size, .root = ReferenceRoot(std::span(leaves).first(other_size))};
      EXPECT_FALSE(other.Verify().ok()) << size << " as " << other_size;
    }
  }
}

TEST(MultiProof, GivesTheReasonsInTheirOrder) {
  const std::vector<Digest> leaves = NumberedLeaves(9);
  Claim claim = TrueClaim({2, 5, 7}, leaves);
  claim.head.root = Digest();
  EXPECT_EQ(claim.Verify(), LedgerReason::kRootMismatch);
  claim.path.pop_back();
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadProofLength);
  claim.path.push_back(Digest());
  claim.leaves.pop_back();
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadProofLength);
  claim.indices[1] = claim.indices[0];
  EXPECT_EQ(claim.Verify(), BaseReason::kNotCanonical);
  claim.indices[2] = LogIndex(9);
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadIndex);
  claim.indices.clear();
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadIndex);
  claim.head.size = 0;
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadSize);

  EXPECT_EQ(RangePathLength({LogIndex(0), 1}, 0).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(RangePathLength({LogIndex(0), 0}, 5).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(RangePathLength({LogIndex(5), 1}, 5).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(RangePathLength({LogIndex(4), 2}, 5).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(RangePathLength({LogIndex(0), 6}, 5).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(RangePathLength({LogIndex(0), kLargest}, 5).reason(), LedgerReason::kBadIndex);
  const Accumulator<> tree = TreeOf(leaves);
  EXPECT_EQ(tree.ProveRange({LogIndex(0), 1}, 10).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.ProveRange({LogIndex(8), 2}, 9).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(tree.ProveLeaves({}, 9).reason(), LedgerReason::kBadIndex);
  const std::array<LogIndex, 2> descending = {LogIndex(3), LogIndex(2)};
  EXPECT_EQ(tree.ProveLeaves(descending, 9).reason(), BaseReason::kNotCanonical);
  EXPECT_EQ(tree.ProveLeaves(descending, 10).reason(), LedgerReason::kBadSize);
  std::vector<Digest> buffer(2, Digest::FromNumber(9));
  EXPECT_EQ(tree.ProveRange({LogIndex(3), 1}, 9, buffer).reason(), LedgerReason::kBadProofLength);
  EXPECT_EQ(buffer, std::vector<Digest>(2, Digest::FromNumber(9)));
}

TEST(MultiProof, JudgesHostileSizesAndIndicesByTheirShapeAlone) {
  EXPECT_EQ(*RangePathLength({LogIndex(0), kLargest}, kLargest), 0u);
  EXPECT_EQ(*RangePathLength({LogIndex(0), 1}, kLargest), 64u);
  EXPECT_EQ(*RangePathLength({LogIndex(kLargest / 2), 2}, kLargest), 126u);
  EXPECT_EQ(RangePathLength({LogIndex(kLargest), kLargest}, kLargest).reason(),
            LedgerReason::kBadIndex);
  EXPECT_EQ(RangePathLength({LogIndex(2), kLargest - 1}, kLargest).reason(),
            LedgerReason::kBadIndex);
  test::Random random;
  for (int round = 0; round < 3000; ++round) {
    const TreeHead head{.size = random.Edge<std::uint64_t>(), .root = random.Fixed<Digest>()};
    std::vector<LogIndex> indices(random.Below(6));
    for (LogIndex& index : indices) index = LogIndex(random.Edge<std::uint64_t>());
    std::ranges::sort(indices);
    std::vector<Digest> leaves(indices.size());
    std::vector<Digest> path(random.Below(70));
    const Result<std::size_t> length = MultiPathLength(indices, head.size);
    if (length.ok()) {
      EXPECT_LE(*length, kMaxPathLength * indices.size());
      if (random.Chance(3, 4)) path.resize(*length);
    }
    EXPECT_FALSE(VerifyLeaves(Sha256(), indices, leaves, head, path).ok());
    const LogIndex first(random.Edge<std::uint64_t>());
    const Result<std::size_t> range = RangePathLength({first, leaves.size()}, head.size);
    if (range.ok()) {
      EXPECT_LE(*range, kMaxRangeLength);
      path.resize(*range);
    }
    EXPECT_FALSE(VerifyRange(Sha256(), first, leaves, head, path).ok());
  }
}

TEST(MultiProof, ProvesAndVerifiesWithoutAllocation) {
  const std::vector<Digest> leaves = NumberedLeaves(300);
  const Accumulator<> tree = TreeOf(leaves);
  const Claim claim = TrueClaim({0, 17, 18, 255, 299}, leaves);
  std::array<Digest, 64> path;
  const test::AllocationCounter counter;
  const auto length = tree.ProveLeaves(claim.indices, 300, path);
  const Reason reason = claim.Verify();
  const auto range = tree.ProveRange({LogIndex(7), 100}, 300, path);
  const Reason verified = VerifyRange(Sha256(), LogIndex(7), std::span(leaves).subspan(7, 100),
                                      claim.head, std::span(path).first(*range));
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_EQ(*length, claim.path.size());
  EXPECT_TRUE(reason.ok());
  EXPECT_TRUE(verified.ok());
}

TEST(MultiProof, RefusesToProveMoreThanAProofMayHave) {
  // One leaf of each pair: as many nodes as leaves.
  const std::size_t most = kMaxMultiLength;
  Accumulator<> tree;
  std::vector<Digest> leaves(2 * most + 2);
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  std::vector<LogIndex> indices;
  for (std::size_t i = 0; i < most; ++i) indices.push_back(LogIndex(2 * i));
  const auto proof = tree.ProveLeaves(indices, 2 * most);
  ASSERT_TRUE(proof.ok());
  EXPECT_EQ(proof->path.size(), most);
  indices.push_back(LogIndex(2 * most));
  EXPECT_EQ(tree.ProveLeaves(indices, 2 * most + 2).reason(), BaseReason::kTooMany);
}

template <typename Proof>
void ExpectBoundKept(std::uint32_t most) {
  std::vector<std::byte> bytes;
  AppendEncoding(bytes, most);
  bytes.resize(4 + std::size_t{most} * 32);
  Proof proof;
  EXPECT_TRUE(DecodeInto(bytes, proof).ok());
  EXPECT_EQ(Encode(proof), bytes);
  EXPECT_EQ(DecodeInto(ByteView(bytes).first(bytes.size() - 1), proof).reason,
            BaseReason::kTruncated);
  bytes.push_back(std::byte{0});
  EXPECT_EQ(DecodeInto(bytes, proof).reason, BaseReason::kTrailingBytes);
  bytes.clear();
  AppendEncoding(bytes, most + 1);
  bytes.resize(4 + (std::size_t{most} + 1) * 32);
  EXPECT_EQ(DecodeInto(bytes, proof).reason, BaseReason::kTooMany);
}

TEST(MultiProof, EncodesProofsAndRefusesThoseThatAreTooLong) {
  ExpectBoundKept<RangeProof>(kMaxRangeLength);
  ExpectBoundKept<MultiProof>(kMaxMultiLength);
}

}  // namespace
}  // namespace settle
