// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/consistency.h"

#include <gtest/gtest.h>

#include <array>
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
#include "settle/ledger/accumulator.h"
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

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

TreeHead HeadOf(std::span<const Digest> leaves, std::size_t size) {
  return {.size = size, .root = ReferenceRoot(leaves.first(size))};
}

SubtreeHead SubtreeHeadOf(std::span<const Digest> leaves, const Subtree& subtree) {
  return {.leaves = subtree,
          .root = ReferenceRoot(leaves.subspan(subtree.start, subtree.end - subtree.start))};
}

bool Verifies(const SubtreeHead& subtree, const TreeHead& head, std::span<const Digest> path) {
  return VerifySubtreeConsistency(Sha256(), subtree, head, path).ok();
}

// By the definition's own words, not by bits.
bool IsDefinedSubtree(const Subtree& subtree) {
  if (subtree.start >= subtree.end) return false;
  std::uint64_t power = 1;
  while (power < subtree.end - subtree.start) power *= 2;
  return subtree.start % power == 0;
}

// Every subtree of a tree of `size` leaves.
std::vector<Subtree> SubtreesOf(std::uint64_t size) {
  std::vector<Subtree> all;
  for (std::uint64_t start = 0; start < size; ++start) {
    for (std::uint64_t end = start + 1; end <= size; ++end) {
      if (IsDefinedSubtree({start, end})) all.push_back({start, end});
    }
  }
  return all;
}

TEST(Consistency, GivesThePublishedVerdictOnEveryConsistencyProofOfTransparencyDev) {
  constexpr std::string_view kFolder = "transparency-dev-merkle/testdata/consistency";
  const std::vector<std::string> files = test::ListVectors(kFolder, ".json");
  if (files.empty()) GTEST_SKIP() << test::Missing(kFolder);
  const auto verdicts = test::JudgeAll(
      "transparency-dev-merkle/consistency", files,
      [](const nlohmann::json& one) -> std::optional<bool> {
        const auto older = DigestOf(one["root1"]);
        const auto newer = DigestOf(one["root2"]);
        const auto path = test::PathOf(one["proof"]);
        // One good case has the same short text for both roots: what matters is their equality.
        if (one["root1"] == one["root2"] && !older) {
          const TreeHead head{.size = one["size1"].get<std::uint64_t>(), .root = Digest()};
          const TreeHead other{.size = one["size2"].get<std::uint64_t>(), .root = Digest()};
          return VerifyConsistency(Sha256(), {.older = head, .newer = other}, *path).ok();
        }
        if (!older || !newer || !path) return std::nullopt;
        const TreeHeads heads{.older = {.size = one["size1"].get<std::uint64_t>(), .root = *older},
                              .newer = {.size = one["size2"].get<std::uint64_t>(), .root = *newer}};
        return VerifyConsistency(Sha256(), heads, *path).ok();
      });
  EXPECT_EQ(files.size(), 98u);
  EXPECT_EQ(verdicts.accepted, 6u);
  EXPECT_EQ(verdicts.refused + verdicts.not_a_digest, 92u);
  EXPECT_GE(verdicts.refused, 60u);
}

TEST(Consistency, GivesThePublishedVerdictOnEverySubtreeConsistencyProofOfTransparencyDev) {
  constexpr std::string_view kFolder = "transparency-dev-merkle/testdata/subtreeconsistency";
  const std::vector<std::string> files = test::ListVectors(kFolder, ".json");
  if (files.empty()) GTEST_SKIP() << test::Missing(kFolder);
  const auto verdicts = test::JudgeAll(
      "transparency-dev-merkle/subtreeconsistency", files,
      [](const nlohmann::json& one) -> std::optional<bool> {
        // Roots are text of any length in some cases: a stand-in for each text keeps what is equal
        // equal and all else different.
        const auto root = [](const nlohmann::json& text) {
          const auto digest = DigestOf(text);
          return digest ? *digest : Sha256().Hash(AsBytes(text.get<std::string>()));
        };
        const auto path = test::PathOf(one["proof"]);
        if (!path) return std::nullopt;
        const SubtreeHead subtree{.leaves = {.start = one["start"].get<std::uint64_t>(),
                                             .end = one["end"].get<std::uint64_t>()},
                                  .root = root(one["root1"])};
        const TreeHead head{.size = one["size"].get<std::uint64_t>(), .root = root(one["root2"])};
        return Verifies(subtree, head, *path);
      });
  EXPECT_EQ(files.size(), 118u);
  EXPECT_EQ(verdicts.accepted, 12u);
  EXPECT_EQ(verdicts.refused + verdicts.not_a_digest, 106u);
  EXPECT_GE(verdicts.refused, 70u);
}

TEST(Consistency, GivesThePublishedVerdictOnEverySubtreeInclusionProofOfTransparencyDev) {
  constexpr std::string_view kFolder = "transparency-dev-merkle/testdata/subtreeinclusion";
  const std::vector<std::string> files = test::ListVectors(kFolder, ".json");
  if (files.empty()) GTEST_SKIP() << test::Missing(kFolder);
  const auto verdicts = test::JudgeAll(
      "transparency-dev-merkle/subtreeinclusion", files,
      [](const nlohmann::json& one) -> std::optional<bool> {
        const auto leaf = DigestOf(one["leafHash"]);
        const auto root = DigestOf(one["root"]);
        const auto path = test::PathOf(one["proof"]);
        if (!leaf || !root || !path) return std::nullopt;
        const SubtreeHead subtree{.leaves = {.start = one["start"].get<std::uint64_t>(),
                                             .end = one["end"].get<std::uint64_t>()},
                                  .root = *root};
        const LogIndex index(one["leafIdx"].get<std::uint64_t>());
        return VerifySubtreeInclusion(Sha256(), *leaf, index, subtree, *path).ok();
      });
  EXPECT_EQ(files.size(), 204u);
  EXPECT_EQ(verdicts.accepted, 12u);
  EXPECT_EQ(verdicts.refused + verdicts.not_a_digest, 192u);
  EXPECT_GE(verdicts.refused, 130u);
}

TEST(Consistency, AgreesWithTheDefinitionForEveryPairOfSizesUpTo130) {
  const std::vector<Digest> leaves = NumberedLeaves(130);
  Accumulator<> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  std::vector<TreeHead> heads;
  for (std::size_t size = 0; size <= leaves.size(); ++size) heads.push_back(HeadOf(leaves, size));
  for (std::size_t newer = 1; newer <= leaves.size(); ++newer) {
    for (std::size_t older = 1; older <= newer; ++older) {
      const auto proof = tree.ProveConsistency({.older = older, .newer = newer});
      ASSERT_TRUE(proof.ok());
      const std::vector<Digest> path(proof->path.begin(), proof->path.end());
      ASSERT_EQ(path, test::ReferenceConsistency(older, std::span(leaves).first(newer)))
          << older << " " << newer;
      ASSERT_EQ(*ConsistencyPathLength({0, older}, newer), path.size());
      ASSERT_EQ(VerifyConsistency(Sha256(), {.older = heads[older], .newer = heads[newer]}, path),
                Reason());
    }
  }
}

TEST(Consistency, AgreesWithTheDefinitionForEverySubtreeOfEverySizeUpTo70) {
  const std::vector<Digest> leaves = NumberedLeaves(70);
  Accumulator<> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const TreeHead head = HeadOf(leaves, size);
    for (const Subtree& subtree : SubtreesOf(size)) {
      const SubtreeHead expected = SubtreeHeadOf(leaves, subtree);
      ASSERT_EQ(*tree.SubtreeRoot(subtree), expected.root);
      const auto proof = tree.ProveSubtreeConsistency(subtree, size);
      ASSERT_TRUE(proof.ok());
      const std::vector<Digest> path(proof->path.begin(), proof->path.end());
      ASSERT_EQ(path, test::ReferenceSubproof(subtree.start, subtree.end,
                                              std::span(leaves).first(size), true))
          << subtree.start << " " << subtree.end << " of " << size;
      ASSERT_TRUE(Verifies(expected, head, path));
    }
  }
}

TEST(Consistency, ProvesEveryLeafOfEverySubtreeAsOfATreeOfItsOwn) {
  const std::vector<Digest> leaves = NumberedLeaves(70);
  Accumulator<> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  for (const Subtree& subtree : SubtreesOf(leaves.size())) {
    const SubtreeHead head = SubtreeHeadOf(leaves, subtree);
    const auto own = std::span(leaves).subspan(subtree.start, subtree.end - subtree.start);
    for (std::uint64_t index = subtree.start; index < subtree.end; ++index) {
      const auto proof = tree.ProveSubtreeInclusion(LogIndex(index), subtree);
      ASSERT_TRUE(proof.ok());
      const std::vector<Digest> path(proof->path.begin(), proof->path.end());
      ASSERT_EQ(path, ReferencePath(index - subtree.start, own));
      ASSERT_TRUE(
          VerifySubtreeInclusion(Sha256(), leaves[index], LogIndex(index), head, path).ok());
      ASSERT_FALSE(
          VerifySubtreeInclusion(Sha256(), leaves[index], LogIndex(index ^ 1), head, path).ok() &&
          subtree.end - subtree.start > 1);
    }
    EXPECT_EQ(tree.ProveSubtreeInclusion(LogIndex(subtree.end), subtree).reason(),
              LedgerReason::kBadIndex);
  }
}

TEST(Consistency, AgreesWithTheDefinitionForRandomSizesBeyond) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(4000);
  Accumulator<> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t size = random.Between(131, leaves.size());
    const std::uint64_t end = random.Between(1, size);
    std::uint64_t start = random.Chance(1, 2) ? 0 : random.Below(end);
    while (!IsDefinedSubtree({start, end})) start &= start - 1;
    const auto proof = tree.ProveSubtreeConsistency({start, end}, size);
    ASSERT_TRUE(proof.ok());
    EXPECT_EQ(std::vector<Digest>(proof->path.begin(), proof->path.end()),
              test::ReferenceSubproof(start, end, std::span(leaves).first(size), true));
    EXPECT_TRUE(Verifies(SubtreeHeadOf(leaves, {start, end}), HeadOf(leaves, size), proof->path));
  }
}

// Every spoiled proof, another root, another subtree, another size: refused.
TEST(Consistency, RefusesWhateverIsNotExactlyTheProof) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(24);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const TreeHead head = HeadOf(leaves, size);
    for (const Subtree& subtree : SubtreesOf(size)) {
      const SubtreeHead part = SubtreeHeadOf(leaves, subtree);
      const std::vector<Digest> path =
          test::ReferenceSubproof(subtree.start, subtree.end, std::span(leaves).first(size), true);
      ASSERT_TRUE(Verifies(part, head, path));
      test::SpoilEach(random, path, [&](const std::vector<Digest>& wrong) {
        EXPECT_FALSE(Verifies(part, head, wrong)) << subtree.start << " " << subtree.end;
      });
      SubtreeHead other = part;
      other.root = test::WithBitFlipped(part.root, random.Below(256));
      EXPECT_FALSE(Verifies(other, head, path));
      TreeHead other_head = head;
      other_head.root = test::WithBitFlipped(head.root, random.Below(256));
      EXPECT_FALSE(Verifies(part, other_head, path));
      for (const Subtree& moved : SubtreesOf(size)) {
        if (moved == subtree) continue;
        other = {.leaves = moved, .root = part.root};
        EXPECT_FALSE(Verifies(other, head, path));
      }
    }
  }
}

TEST(Consistency, HoldsForNoOtherPairOfTrees) {
  const std::vector<Digest> leaves = NumberedLeaves(20);
  std::vector<TreeHead> heads;
  for (std::size_t size = 0; size <= leaves.size(); ++size) heads.push_back(HeadOf(leaves, size));
  for (std::size_t newer = 1; newer <= leaves.size(); ++newer) {
    for (std::size_t older = 1; older <= newer; ++older) {
      const auto path = test::ReferenceConsistency(older, std::span(leaves).first(newer));
      for (const TreeHead& a : heads) {
        for (const TreeHead& b : heads) {
          const bool same = a.size == older && b.size == newer;
          // Of equal trees the proof is empty, whatever their size.
          const bool equal = path.empty() && a.size == b.size && a.size > 0;
          EXPECT_EQ(VerifyConsistency(Sha256(), {.older = a, .newer = b}, path).ok(),
                    same || equal);
        }
      }
    }
  }
}

TEST(Consistency, GivesTheReasonsInTheirOrder) {
  const std::vector<Digest> leaves = NumberedLeaves(7);
  TreeHeads heads{.older = HeadOf(leaves, 3), .newer = HeadOf(leaves, 7)};
  std::vector<Digest> path = test::ReferenceConsistency(3, leaves);
  const auto verify = [&] { return VerifyConsistency(Sha256(), heads, path); };
  ASSERT_EQ(verify(), Reason());
  heads.older.root = Digest();
  EXPECT_EQ(verify(), LedgerReason::kRootMismatch);
  path.pop_back();
  EXPECT_EQ(verify(), LedgerReason::kBadProofLength);
  heads.older.size = 8;
  EXPECT_EQ(verify(), LedgerReason::kBadSize);
  heads.older.size = 0;
  EXPECT_EQ(verify(), LedgerReason::kBadSize);

  Accumulator<> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  EXPECT_EQ(tree.ProveConsistency({.older = 0, .newer = 7}).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.ProveConsistency({.older = 5, .newer = 4}).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.ProveConsistency({.older = 5, .newer = 8}).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.ProveSubtreeConsistency({1, 3}, 7).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.SubtreeRoot({2, 5}).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(tree.SubtreeRoot({4, 8}).reason(), LedgerReason::kBadSize);
  std::vector<Digest> buffer(3, Digest::FromNumber(9));
  EXPECT_EQ(tree.ProveConsistency({.older = 3, .newer = 7}, buffer).reason(),
            LedgerReason::kBadProofLength);
  EXPECT_EQ(buffer, std::vector<Digest>(3, Digest::FromNumber(9)));
}

// Lengths are known for every size that fits, and nothing is read or hashed for a hostile one.
TEST(Consistency, JudgesHostileSizesByTheirShapeAlone) {
  EXPECT_EQ(*ConsistencyPathLength({0, kLargest}, kLargest), 0u);
  EXPECT_EQ(*ConsistencyPathLength({0, 1}, kLargest), 64u);
  EXPECT_EQ(*ConsistencyPathLength({0, kLargest - 1}, kLargest), 64u);
  EXPECT_EQ(*ConsistencyPathLength({0, 3}, kLargest), 65u);
  EXPECT_EQ(*ConsistencyPathLength({0, (kLargest >> 1) + 1}, kLargest), 1u);
  EXPECT_EQ(*ConsistencyPathLength({kLargest - 1, kLargest}, kLargest), 63u);
  EXPECT_EQ(*ConsistencyPathLength({kLargest, kLargest}, kLargest), 0u);
  EXPECT_EQ(ConsistencyPathLength({1, kLargest}, kLargest).reason(), LedgerReason::kBadSize);
  EXPECT_EQ(ConsistencyPathLength({kLargest, 0}, kLargest).reason(), LedgerReason::kBadSize);
  test::Random random;
  for (int round = 0; round < 2000; ++round) {
    const Subtree subtree{random.Edge<std::uint64_t>(), random.Edge<std::uint64_t>()};
    const TreeHead head{.size = random.Edge<std::uint64_t>(), .root = random.Fixed<Digest>()};
    std::vector<Digest> path(random.Below(70));
    const Result<std::size_t> length = ConsistencyPathLength(subtree, head.size);
    if (length.ok()) {
      EXPECT_LE(*length, kMaxConsistencyLength);
      if (random.Chance(1, 2)) path.resize(*length);
    }
    const SubtreeHead part{.leaves = subtree, .root = random.Fixed<Digest>()};
    EXPECT_FALSE(Verifies(part, head, path));
    EXPECT_FALSE(
        VerifySubtreeInclusion(Sha256(), Digest(), LogIndex(subtree.start), part, path).ok());
  }
}

TEST(Consistency, ProvesAndVerifiesWithoutAllocation) {
  const std::vector<Digest> leaves = NumberedLeaves(100);
  Accumulator<> tree;
  ASSERT_TRUE(tree.AppendDigests(leaves).ok());
  const TreeHeads heads{.older = HeadOf(leaves, 57), .newer = HeadOf(leaves, 100)};
  std::array<Digest, kMaxConsistencyLength> path;
  const test::AllocationCounter counter;
  const auto length = tree.ProveConsistency({.older = 57, .newer = 100}, path);
  const Reason reason = VerifyConsistency(Sha256(), heads, std::span(path).first(*length));
  const Reason refused = VerifyConsistency(Sha256(), heads, std::span(path).first(*length - 1));
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(reason.ok());
  EXPECT_FALSE(refused.ok());
}

TEST(Consistency, EncodesAProofAndRefusesOneThatIsTooLong) {
  ConsistencyProof proof;
  for (const Digest& node : test::ReferenceConsistency(3, NumberedLeaves(7))) {
    ASSERT_TRUE(proof.path.Add(node));
  }
  const std::vector<std::byte> bytes = Encode(proof);
  EXPECT_EQ(bytes.size(), 4u + 4 * 32);
  ConsistencyProof decoded;
  ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
  EXPECT_EQ(decoded, proof);
  std::vector<std::byte> longest(4 + 65 * 32);
  longest[0] = std::byte{65};
  EXPECT_TRUE(DecodeInto(longest, decoded).ok());
  std::vector<std::byte> too_long(4 + 66 * 32);
  too_long[0] = std::byte{66};
  EXPECT_EQ(DecodeInto(too_long, decoded).reason, BaseReason::kTooMany);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeInto(ByteView(bytes).first(size), decoded).reason, BaseReason::kTruncated);
  }
}

}  // namespace
}  // namespace settle
