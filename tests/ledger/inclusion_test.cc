// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/inclusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "tests/ledger/proof_cases.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::DigestOf;
using test::NumberedLeaves;
using test::ReferencePath;
using test::ReferenceRoot;
using test::WithBitFlipped;

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

// One case of a verifier, complete.
struct Claim {
  Digest leaf;
  LogIndex index;
  TreeHead head;
  std::vector<Digest> path;

  Reason Verify() const { return VerifyInclusion(Sha256(), leaf, index, head, path); }
};

Claim TrueClaim(std::size_t index, std::span<const Digest> leaves) {
  return {.leaf = leaves[index],
          .index = LogIndex(index),
          .head = {.size = leaves.size(), .root = ReferenceRoot(leaves)},
          .path = ReferencePath(index, leaves)};
}

// The claim that a published case makes; nothing where a hash is not one.
std::optional<Claim> ClaimOf(const nlohmann::json& one) {
  const std::optional<Digest> leaf = DigestOf(one["leafHash"]);
  const std::optional<Digest> root = DigestOf(one["root"]);
  if (!leaf || !root) return std::nullopt;
  Claim claim{.leaf = *leaf,
              .index = LogIndex(one["leafIdx"].get<std::uint64_t>()),
              .head = {.size = one["treeSize"].get<std::uint64_t>(), .root = *root},
              .path = {}};
  const auto path = test::PathOf(one["proof"]);
  if (!path) return std::nullopt;
  claim.path = *path;
  return claim;
}

TEST(Inclusion, GivesThePublishedVerdictOnEveryProofOfTransparencyDev) {
  constexpr std::string_view kFolder = "transparency-dev-merkle/testdata/inclusion";
  const std::vector<std::string> files = test::ListVectors(kFolder, ".json");
  if (files.empty()) GTEST_SKIP() << test::Missing(kFolder);
  std::size_t good = 0;
  std::size_t refused = 0;
  std::size_t not_a_digest = 0;
  for (const std::string& file : files) {
    const std::optional<nlohmann::json> one = test::ReadVectorJson(file);
    ASSERT_TRUE(one) << file;
    const bool expected = !(*one)["wantErr"].get<bool>();
    const std::optional<Claim> claim = ClaimOf(*one);
    const bool accepted = claim && claim->Verify().ok();
    EXPECT_EQ(accepted, expected) << file;
    good += accepted ? 1 : 0;
    refused += claim && !accepted ? 1 : 0;
    not_a_digest += claim ? 0 : 1;
  }
  test::CountVectors("transparency-dev-merkle/inclusion", files.size());
  EXPECT_EQ(files.size(), 98u);
  EXPECT_EQ(good, 6u);
  EXPECT_EQ(refused, 66u);
  EXPECT_EQ(not_a_digest, 26u);
}

TEST(Inclusion, AcceptsTheDefinedPathOfEveryIndexAndSizeUpTo130) {
  const std::vector<Digest> leaves = NumberedLeaves(130);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      const Claim claim = TrueClaim(index, std::span(leaves).first(size));
      ASSERT_EQ(claim.Verify(), Reason()) << index << " of " << size;
      ASSERT_EQ(*InclusionPathLength(claim.index, size), claim.path.size());
    }
  }
}

TEST(Inclusion, HoldsForNoOtherIndexAndNoOtherTree) {
  const std::vector<Digest> leaves = NumberedLeaves(20);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      const Claim claim = TrueClaim(index, std::span(leaves).first(size));
      for (std::uint64_t other = 0; other < size + 2; ++other) {
        if (other == index) continue;
        Claim wrong = claim;
        wrong.index = LogIndex(other);
        EXPECT_FALSE(wrong.Verify().ok()) << index << " as " << other << " of " << size;
      }
      for (std::size_t other = 0; other <= leaves.size(); ++other) {
        if (other == size) continue;
        Claim wrong = claim;
        wrong.head = {.size = other, .root = ReferenceRoot(std::span(leaves).first(other))};
        EXPECT_FALSE(wrong.Verify().ok()) << index << " of " << size << " as " << other;
      }
    }
  }
}

// A size gives a path its shape and nothing else: of two sizes with one shape only the root says
// which is meant.
TEST(Inclusion, RefusesAWrongSizeBesideTheRightRootExactlyWhereTheShapeDiffers) {
  const std::vector<Digest> leaves = NumberedLeaves(40);
  const auto sides = [](std::size_t index, std::size_t size) {
    std::string shape;
    while (size > 1) {
      const std::size_t split = test::ReferenceSplit(size);
      shape.insert(shape.begin(), index < split ? 'l' : 'r');
      size = index < split ? split : size - split;
      index = index < split ? index : index - split;
    }
    return shape;
  };
  std::size_t refused = 0;
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      const Claim claim = TrueClaim(index, std::span(leaves).first(size));
      for (const std::size_t other : {size - 1, size + 1}) {
        Claim wrong = claim;
        wrong.head.size = other;
        const bool same = index < other && sides(index, other) == sides(index, size);
        EXPECT_EQ(wrong.Verify().ok(), same) << index << " of " << size << " as " << other;
        refused += same ? 0 : 1;
      }
    }
  }
  EXPECT_GT(refused, 100u);
}

TEST(Inclusion, RefusesEveryFlippedBit) {
  const std::vector<Digest> leaves = NumberedLeaves(13);
  for (const std::size_t index :
       {std::size_t{0}, std::size_t{6}, std::size_t{11}, std::size_t{12}}) {
    const Claim claim = TrueClaim(index, leaves);
    ASSERT_TRUE(claim.Verify().ok());
    for (std::size_t bit = 0; bit < 256; ++bit) {
      Claim wrong = claim;
      wrong.leaf = WithBitFlipped(claim.leaf, bit);
      EXPECT_EQ(wrong.Verify(), LedgerReason::kRootMismatch);
      wrong = claim;
      wrong.head.root = WithBitFlipped(claim.head.root, bit);
      EXPECT_EQ(wrong.Verify(), LedgerReason::kRootMismatch);
      for (std::size_t i = 0; i < claim.path.size(); ++i) {
        wrong = claim;
        wrong.path[i] = WithBitFlipped(claim.path[i], bit);
        EXPECT_EQ(wrong.Verify(), LedgerReason::kRootMismatch);
      }
    }
  }
}

TEST(Inclusion, RefusesAPathThatIsLongerOrShorterByOneWhereverTheNodeStands) {
  const std::vector<Digest> leaves = NumberedLeaves(40);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      const Claim claim = TrueClaim(index, std::span(leaves).first(size));
      for (std::size_t at = 0; at <= claim.path.size(); ++at) {
        Claim wrong = claim;
        wrong.path.insert(wrong.path.begin() + static_cast<std::ptrdiff_t>(at), claim.head.root);
        EXPECT_EQ(wrong.Verify(), LedgerReason::kBadProofLength);
        if (at == claim.path.size()) continue;
        wrong = claim;
        wrong.path.erase(wrong.path.begin() + static_cast<std::ptrdiff_t>(at));
        EXPECT_EQ(wrong.Verify(), LedgerReason::kBadProofLength);
      }
    }
  }
}

// The known forgery of verifiers that take no size: an inner node passed off as a leaf.
TEST(Inclusion, DoesNotTakeAnInnerNodeForALeaf) {
  const std::vector<Digest> leaves = NumberedLeaves(8);
  const Claim claim = TrueClaim(4, leaves);
  Claim wrong = claim;
  wrong.leaf = ReferenceRoot(std::span(leaves).subspan(4, 2));
  wrong.path.erase(wrong.path.begin());
  EXPECT_EQ(wrong.Verify(), LedgerReason::kBadProofLength);
  wrong.index = LogIndex(2);
  EXPECT_EQ(wrong.Verify(), LedgerReason::kBadProofLength);
  // It is right for the tree of the pairs, whose size a certified head does not state.
  wrong.head.size = 4;
  EXPECT_TRUE(wrong.Verify().ok());
}

TEST(Inclusion, GivesTheReasonsInTheirOrder) {
  const std::vector<Digest> leaves = NumberedLeaves(5);
  Claim claim = TrueClaim(2, leaves);
  claim.head.root = Digest();
  EXPECT_EQ(claim.Verify(), LedgerReason::kRootMismatch);
  claim.path.pop_back();
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadProofLength);
  claim.index = LogIndex(5);
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadIndex);
  claim.head.size = 0;
  EXPECT_EQ(claim.Verify(), LedgerReason::kBadSize);
  EXPECT_EQ(InclusionPathLength(LogIndex(5), 5).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(InclusionPathLength(LogIndex(0), 0).reason(), LedgerReason::kBadSize);
}

TEST(Inclusion, KnowsThePathLengthsOfTheLargestTrees) {
  EXPECT_EQ(*InclusionPathLength(LogIndex(0), 1), 0u);
  EXPECT_EQ(*InclusionPathLength(LogIndex(0), kLargest), 64u);
  EXPECT_EQ(*InclusionPathLength(LogIndex(kLargest - 2), kLargest), 64u);
  // The last leaf of 2^64 - 1 stands alone: 63 complete subtrees are on its left.
  EXPECT_EQ(*InclusionPathLength(LogIndex(kLargest - 1), kLargest), 63u);
  EXPECT_EQ(*InclusionPathLength(LogIndex(std::uint64_t{1} << 63), (std::uint64_t{1} << 63) + 1),
            1u);
  EXPECT_EQ(InclusionPathLength(LogIndex(kLargest), kLargest).reason(), LedgerReason::kBadIndex);
}

// At sizes that no reference tree reaches: a path determines a root, and every part of the claim
// changes it.
TEST(Inclusion, FoldsPathsOfTreesOfAnySize) {
  test::Random random;
  for (int round = 0; round < 200; ++round) {
    const auto size = random.Between(1, kLargest);
    Claim claim{.leaf = random.Fixed<Digest>(),
                .index = LogIndex(random.Below(size)),
                .head = {.size = size, .root = {}},
                .path = {}};
    claim.path.resize(*InclusionPathLength(claim.index, size));
    for (Digest& node : claim.path) node = random.Fixed<Digest>();
    claim.head.root = *InclusionRoot(Sha256(), claim.leaf, claim.index, size, claim.path);
    ASSERT_TRUE(claim.Verify().ok());
    if (claim.path.empty()) continue;
    Claim wrong = claim;
    Digest& node = wrong.path[random.Below(wrong.path.size())];
    node = WithBitFlipped(node, random.Below(256));
    EXPECT_EQ(wrong.Verify(), LedgerReason::kRootMismatch);
    wrong = claim;
    wrong.index = LogIndex(claim.index.value() ^ 1);
    EXPECT_FALSE(wrong.Verify().ok());
  }
}

TEST(Inclusion, VerifiesWithoutAllocation) {
  const std::vector<Digest> leaves = NumberedLeaves(100);
  const Claim claim = TrueClaim(37, leaves);
  Claim wrong = claim;
  wrong.path.pop_back();
  const test::AllocationCounter counter;
  const Reason accepted = claim.Verify();
  const Reason refused = wrong.Verify();
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(accepted.ok());
  EXPECT_FALSE(refused.ok());
}

TEST(Inclusion, EncodesAProofAndRefusesOneThatIsTooLong) {
  const std::vector<Digest> leaves = NumberedLeaves(7);
  InclusionProof proof;
  for (const Digest& node : ReferencePath(4, leaves)) ASSERT_TRUE(proof.path.Add(node));
  const std::vector<std::byte> bytes = Encode(proof);
  EXPECT_EQ(bytes.size(), 4u + 3 * 32);
  InclusionProof decoded;
  ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
  EXPECT_EQ(decoded, proof);

  std::vector<std::byte> longest(4 + 64 * 32);
  longest[0] = std::byte{64};
  EXPECT_TRUE(DecodeInto(longest, decoded).ok());
  std::vector<std::byte> too_long(4 + 65 * 32);
  too_long[0] = std::byte{65};
  EXPECT_EQ(DecodeInto(too_long, decoded).reason, BaseReason::kTooMany);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeInto(ByteView(bytes).first(size), decoded).reason, BaseReason::kTruncated);
  }
}

}  // namespace
}  // namespace settle
