// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/sum_proof.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/sum_tree.h"
#include "tests/support/allocations.h"

namespace settle {
namespace {

constexpr AssetId kAsset = TokenId(3);
constexpr Height kHeight{1000};

Liability NumberedLiability(std::uint64_t number, Int128 claim) {
  return {.account = {OwnerId::FromNumber(number), MarginGroup(1)},
          .nonce = BlindingNonce::FromNumber(7000 + number),
          .claim = Amount(claim)};
}

std::vector<Liability> Numbered(std::size_t count) {
  std::vector<Liability> liabilities;
  for (std::size_t i = 0; i < count; ++i) {
    liabilities.push_back(NumberedLiability(i, static_cast<Int128>(100 + i)));
  }
  return liabilities;
}

SumTree<> TreeOf(std::span<const Liability> liabilities) {
  const Result<SumTree<>> tree = SumTree<>::Create(kAsset, kHeight, liabilities);
  EXPECT_TRUE(tree.ok());
  return *tree;
}

Reason Verify(const SumHead& head, const Liability& liability, const SumProof& proof) {
  return VerifyLiability(Sha256(), head, liability, proof);
}

TEST(SumProof, HoldsForEveryAccountOfEverySizeUpTo40) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const std::vector<Liability> liabilities = Numbered(size);
    const SumTree<> tree = TreeOf(liabilities);
    std::set<std::uint64_t> indices;
    for (const Liability& liability : liabilities) {
      const Result<SumProof> proof = tree.Prove(liability);
      ASSERT_TRUE(proof.ok());
      EXPECT_EQ(Verify(tree.Head(), liability, *proof), Reason()) << size;
      indices.insert(proof->index.value());
    }
    EXPECT_EQ(indices.size(), size);
  }
}

TEST(SumProof, HoldsForNoOtherAccountNonceClaimIndexAssetOrHeight) {
  const std::vector<Liability> liabilities = Numbered(21);
  const SumTree<> tree = TreeOf(liabilities);
  const SumHead head = tree.Head();
  for (const Liability& liability : liabilities) {
    const SumProof proof = *tree.Prove(liability);
    Liability wrong = liability;
    wrong.account.group = MarginGroup(2);
    EXPECT_EQ(Verify(head, wrong, proof), LedgerReason::kRootMismatch);
    wrong = liability;
    wrong.nonce.data()[0] ^= std::byte{1};
    EXPECT_EQ(Verify(head, wrong, proof), LedgerReason::kRootMismatch);
    wrong = liability;
    wrong.claim = Amount(liability.claim.value() + 1);
    EXPECT_EQ(Verify(head, wrong, proof), LedgerReason::kTotalMismatch);
    for (std::uint64_t index = 0; index < 23; ++index) {
      if (index == proof.index.value()) continue;
      SumProof moved = proof;
      moved.index = LogIndex(index);
      EXPECT_FALSE(Verify(head, liability, moved).ok());
    }
    SumHead other = head;
    other.asset = TokenId(4);
    EXPECT_EQ(Verify(other, liability, proof), LedgerReason::kRootMismatch);
    other = head;
    other.height = Height(1001);
    EXPECT_EQ(Verify(other, liability, proof), LedgerReason::kRootMismatch);
    other = head;
    other.total = Amount(head.total.value() - 1);
    EXPECT_EQ(Verify(other, liability, proof), LedgerReason::kTotalMismatch);
  }
}

TEST(SumProof, RefusesEveryFlippedBitAndEveryOtherLength) {
  const std::vector<Liability> liabilities = Numbered(13);
  const SumTree<> tree = TreeOf(liabilities);
  const SumProof proof = *tree.Prove(liabilities[5]);
  const std::vector<std::byte> bytes = Encode(proof);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::vector<std::byte> flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    SumProof decoded;
    if (!DecodeInto(ByteView(flipped), decoded).ok()) continue;
    EXPECT_FALSE(Verify(tree.Head(), liabilities[5], decoded).ok()) << bit;
  }
  for (std::size_t at = 0; at < proof.path.size(); ++at) {
    SumProof other{.index = proof.index};
    for (std::size_t i = 0; i < proof.path.size(); ++i) {
      if (i == at) continue;
      ASSERT_TRUE(other.path.Add(proof.path[i]));
    }
    EXPECT_EQ(Verify(tree.Head(), liabilities[5], other), LedgerReason::kBadProofLength);
  }
  SumProof longer = proof;
  ASSERT_TRUE(longer.path.Add(SumNode{}));
  EXPECT_EQ(Verify(tree.Head(), liabilities[5], longer), LedgerReason::kBadProofLength);
}

// A sibling of sum -100 would hide a hundred of what others are owed.
TEST(SumProof, RefusesANegativeSumAtEveryLevel) {
  const std::vector<Liability> liabilities = Numbered(16);
  const SumTree<> tree = TreeOf(liabilities);
  const SumProof proof = *tree.Prove(liabilities[3]);
  ASSERT_EQ(proof.path.size(), 4u);
  for (std::size_t level = 0; level < 4; ++level) {
    for (const Int128 negative : {Int128{-1}, Int128{-100}, kMin<Int128>}) {
      SumProof lie = proof;
      lie.path[level].sum = Amount(negative);
      EXPECT_EQ(Verify(tree.Head(), liabilities[3], lie), BaseReason::kOutOfRange);
    }
  }
}

// The same lie by whoever makes the tree: the root is that of nodes with a negative sum.
TEST(SumProof, RefusesANegativeSumThatTheRootCommitsTo) {
  const Sha256 hasher;
  const Liability owner = NumberedLiability(1, 100);
  const SumNode leaf = detail::SumLeaf(hasher, kAsset, kHeight, owner);
  const SumNode hiding{.digest = Digest::FromNumber(9), .sum = Amount(Int128{-60})};
  const SumHead head{.asset = kAsset,
                     .height = kHeight,
                     .size = 2,
                     .total = Amount(Int128{40}),
                     .root = detail::HashSumInput(hasher, detail::kSumNodePrefix, leaf, hiding)};
  SumProof proof;
  ASSERT_TRUE(proof.path.Add(hiding));
  EXPECT_EQ(Verify(head, owner, proof), BaseReason::kOutOfRange);
}

TEST(SumProof, RefusesAnOverflowExactlyBeyondTheBound) {
  const Sha256 hasher;
  const Liability owner = NumberedLiability(1, 100);
  const SumNode leaf = detail::SumLeaf(hasher, kAsset, kHeight, owner);
  for (const Int128 beyond : {Int128{0}, Int128{1}}) {
    const SumNode other{.digest = Digest::FromNumber(9),
                        .sum = Amount(kMax<Int128> - Int128{100} + beyond)};
    const SumHead head{.asset = kAsset,
                       .height = kHeight,
                       .size = 2,
                       .total = Amount(kMax<Int128>),
                       .root = detail::HashSumInput(hasher, detail::kSumNodePrefix, leaf, other)};
    SumProof proof;
    ASSERT_TRUE(proof.path.Add(other));
    EXPECT_EQ(Verify(head, owner, proof), beyond == 0 ? Reason() : BaseReason::kOverflow);
  }
}

// A tree whose nodes commit to the sum of their children alone, as many have been built.
struct NaiveTree {
  static Digest Parent(const Digest& left, const Digest& right, Int128 sum) {
    std::vector<std::byte> input;
    AppendEncoding(input, left);
    AppendEncoding(input, right);
    AppendEncoding(input, sum);
    return Sha256().Hash(ByteView(input));
  }
  // The check of an owner who is shown the sibling's digest and sum.
  static bool Verify(const Digest& root, Int128 total, const SumNode& own, const SumNode& sibling,
                     bool is_right) {
    if (own.sum.value() + sibling.sum.value() != total) return false;
    return Parent(is_right ? sibling.digest : own.digest, is_right ? own.digest : sibling.digest,
                  total) == root;
  }
};

// "Broken Proofs of Solvency": 100 and 70 are owed, and a total of 100 is claimed.
TEST(SumProof, WithstandsTheAttackThatTreesOfTheParentsSumAloneFallTo) {
  const Sha256 hasher;
  const Liability alice = NumberedLiability(1, 100);
  const Liability bob = NumberedLiability(2, 70);
  const SumNode left = detail::SumLeaf(hasher, kAsset, kHeight, alice);
  const SumNode right = detail::SumLeaf(hasher, kAsset, kHeight, bob);

  // There it works: each owner is shown the other with what is left of 100.
  const Digest naive_root = NaiveTree::Parent(left.digest, right.digest, 100);
  EXPECT_TRUE(NaiveTree::Verify(naive_root, 100, left, {right.digest, Amount(0)}, false));
  EXPECT_TRUE(NaiveTree::Verify(naive_root, 100, right, {left.digest, Amount(30)}, true));

  // Here every head that alice accepts with some sibling, and bob with some, counts both.
  std::size_t accepted = 0;
  for (std::int64_t shown_to_alice = 0; shown_to_alice <= 200; ++shown_to_alice) {
    const SumNode sibling{right.digest, Amount(Int128{shown_to_alice})};
    const Result<SumNode> top = detail::JoinSums(hasher, left, sibling);
    ASSERT_TRUE(top.ok());
    const SumHead head{kAsset, kHeight, 2, top->sum, top->digest};
    SumProof to_alice{.index = LogIndex(0)};
    ASSERT_TRUE(to_alice.path.Add(sibling));
    ASSERT_EQ(Verify(head, alice, to_alice), Reason());
    for (std::int64_t shown_to_bob = 0; shown_to_bob <= 200; ++shown_to_bob) {
      SumProof to_bob{.index = LogIndex(1)};
      ASSERT_TRUE(to_bob.path.Add({left.digest, Amount(Int128{shown_to_bob})}));
      if (!Verify(head, bob, to_bob).ok()) continue;
      EXPECT_EQ(head.total, Amount(170));
      ++accepted;
    }
  }
  EXPECT_EQ(accepted, 1u);
}

TEST(SumProof, AnswersInTheOrderOfTheReasons) {
  const std::vector<Liability> liabilities = Numbered(5);
  const SumTree<> tree = TreeOf(liabilities);
  SumHead head = tree.Head();
  SumProof proof = *tree.Prove(liabilities[2]);
  head.root = Digest();
  EXPECT_EQ(Verify(head, liabilities[2], proof), LedgerReason::kRootMismatch);
  head.total = Amount(1);
  EXPECT_EQ(Verify(head, liabilities[2], proof), LedgerReason::kTotalMismatch);
  proof.path[0].sum = Amount(kMax<Int128>);
  EXPECT_EQ(Verify(head, liabilities[2], proof), BaseReason::kOverflow);
  proof.path[0].sum = Amount(-1);
  EXPECT_EQ(Verify(head, liabilities[2], proof), BaseReason::kOutOfRange);
  ASSERT_TRUE(proof.path.Add(SumNode{}));
  EXPECT_EQ(Verify(head, liabilities[2], proof), LedgerReason::kBadProofLength);
  proof.index = LogIndex(5);
  EXPECT_EQ(Verify(head, liabilities[2], proof), LedgerReason::kBadIndex);
  head.size = 0;
  EXPECT_EQ(Verify(head, liabilities[2], proof), LedgerReason::kBadSize);
}

TEST(SumProof, KnowsThePathLengthsOfTheLargestTrees) {
  constexpr std::uint64_t kLargest = ~std::uint64_t{0};
  EXPECT_EQ(detail::SumPathLength(0, 0), 0u);
  EXPECT_EQ(detail::SumPathLength(0, kLargest), 64u);
  EXPECT_EQ(detail::SumPathLength(kLargest, kLargest), 64u);
  EXPECT_EQ(detail::SumPathLength(kLargest - 1, kLargest - 1), 63u);
  EXPECT_EQ(detail::SumPathLength(std::uint64_t{1} << 63, std::uint64_t{1} << 63), 1u);
  SumHead head = TreeOf(Numbered(1)).Head();
  head.size = kLargest;
  SumProof proof{.index = LogIndex(kLargest)};
  EXPECT_EQ(Verify(head, Numbered(1)[0], proof), LedgerReason::kBadIndex);
}

TEST(SumProof, IsVerifiedWithoutAllocation) {
  const std::vector<Liability> liabilities = Numbered(50);
  const SumTree<> tree = TreeOf(liabilities);
  const SumHead head = tree.Head();
  const SumProof proof = *tree.Prove(liabilities[30]);
  const test::AllocationCounter counter;
  const bool good = Verify(head, liabilities[30], proof).ok();
  const bool bad = Verify(head, liabilities[31], proof).ok();
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(good);
  EXPECT_FALSE(bad);
}

}  // namespace
}  // namespace settle
