// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The accumulator as a value: encoding, marks and memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using Sizes = std::initializer_list<std::size_t>;

using Tree = Accumulator<Sha256, MemoryLevels>;
using test::NumberedLeaves;
using test::ReferenceRoot;

Tree TreeOf(std::span<const Digest> leaves) {
  Tree tree;
  EXPECT_TRUE(tree.AppendDigests(leaves).ok());
  return tree;
}

// Before the leaves come the number of those pruned, no root, and the number of leaves.
constexpr std::size_t kHeadSize = 8 + 4 + 4;

// Every node that is kept.
std::vector<Digest> NodesOf(const Tree& tree) {
  std::vector<Digest> nodes;
  for (std::size_t level = 0; level < MemoryLevels::kLevels; ++level) {
    for (std::size_t i = 0; i < tree.store().Size(level); ++i) {
      nodes.push_back(tree.store().Node(level, i));
    }
  }
  return nodes;
}

TEST(Accumulator, DecodesToTheSameTreeWithEveryInnerNode) {
  const std::vector<Digest> leaves = NumberedLeaves(2100);
  for (const std::size_t size : Sizes{0, 1, 2, 3, 4, 63, 64, 65, 1023, 1024, 1025, 2100}) {
    const Tree tree = TreeOf(std::span(leaves).first(size));
    const std::vector<std::byte> bytes = Encode(tree);
    EXPECT_EQ(bytes.size(), kHeadSize + 32 * size);
    Tree decoded = TreeOf(std::span(leaves).last(37));
    ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
    EXPECT_EQ(decoded, tree);
    EXPECT_EQ(FingerprintOf(decoded), FingerprintOf(tree));
    EXPECT_EQ(NodesOf(decoded), NodesOf(tree));
    EXPECT_EQ(Encode(decoded), bytes);
  }
}

TEST(Accumulator, HasAnotherFingerprintForEveryFlippedByteOfALeaf) {
  const std::vector<Digest> leaves = NumberedLeaves(9);
  const Tree tree = TreeOf(leaves);
  const std::vector<std::byte> bytes = Encode(tree);
  for (std::size_t i = kHeadSize; i < bytes.size(); ++i) {
    std::vector<std::byte> other = bytes;
    other[i] ^= std::byte{0x80};
    Tree decoded;
    ASSERT_TRUE(DecodeInto(other, decoded).ok());
    EXPECT_NE(decoded, tree);
    EXPECT_NE(FingerprintOf(decoded), FingerprintOf(tree));
    EXPECT_NE(decoded.Root(), tree.Root());
  }
}

TEST(Accumulator, RefusesHostileEncodings) {
  const std::vector<std::byte> bytes = Encode(TreeOf(NumberedLeaves(6)));
  Tree decoded;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeInto(ByteView(bytes).first(size), decoded).reason, BaseReason::kTruncated);
  }
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_EQ(DecodeInto(longer, decoded).reason, BaseReason::kTrailingBytes);
  std::vector<std::byte> fewer = bytes;
  fewer[kHeadSize - 4] = std::byte{5};
  EXPECT_EQ(DecodeInto(fewer, decoded).reason, BaseReason::kTrailingBytes);
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<std::byte> more = bytes;
    more[kHeadSize - 4 + i] = std::byte{0xff};
    const test::AllocationCounter counter;
    const Reason reason = DecodeInto(more, decoded).reason;
    const std::size_t allocated = counter.bytes();
    EXPECT_EQ(reason, BaseReason::kTruncated);
    EXPECT_EQ(allocated, 0u);
  }
}

TEST(Accumulator, AllocatesALimitedMultipleOfWhatItDecodes) {
  for (const std::size_t size : Sizes{1, 10, 1000, 1025, 5000}) {
    const std::vector<std::byte> bytes = Encode(TreeOf(NumberedLeaves(size)));
    Tree decoded;
    const test::AllocationCounter counter;
    const bool ok = DecodeInto(bytes, decoded).ok();
    const std::size_t allocated = counter.bytes();
    EXPECT_TRUE(ok);
    // 64 bytes a leaf of 32 encoded, and what the last tile of each row has left.
    EXPECT_LE(allocated, 3 * bytes.size() + 4096) << size;
  }
}

TEST(Accumulator, RevertsToExactlyWhatItWasAtTheMark) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(3000);
  for (int round = 0; round < 40; ++round) {
    Tree tree = TreeOf(std::span(leaves).first(random.Below(2000)));
    const Tree before = tree;
    const Result<Mark> mark = tree.Begin();
    ASSERT_TRUE(mark.ok());
    EXPECT_EQ(tree, before);
    ASSERT_TRUE(tree.AppendDigests(std::span(leaves).first(random.Below(2000))).ok());
    ASSERT_TRUE(tree.RevertTo(*mark).ok());
    EXPECT_EQ(FingerprintOf(tree), FingerprintOf(before));
    EXPECT_EQ(NodesOf(tree), NodesOf(before));
    EXPECT_EQ(tree.RevertTo(*mark), BaseReason::kNoSuchMark);
  }
}

TEST(Accumulator, NestsEightMarksAndRefusesTheNinth) {
  Tree tree;
  std::vector<Mark> marks;
  std::vector<TreeHead> heads;
  for (std::uint64_t i = 0; i < kMaxMarks; ++i) {
    heads.push_back(tree.Head());
    const Result<Mark> mark = tree.Begin();
    ASSERT_TRUE(mark.ok());
    marks.push_back(*mark);
    ASSERT_TRUE(tree.Append(EncodeFixed(i)).ok());
  }
  EXPECT_EQ(tree.Begin().reason(), BaseReason::kTooManyMarks);
  ASSERT_TRUE(tree.RevertTo(marks[5]).ok());
  EXPECT_EQ(tree.Head(), heads[5]);
  EXPECT_EQ(tree.RevertTo(marks[6]), BaseReason::kNoSuchMark);
  ASSERT_TRUE(tree.Release(marks[0]).ok());
  EXPECT_EQ(tree.Head(), heads[5]);
  EXPECT_EQ(tree.Release(marks[0]), BaseReason::kNoSuchMark);
  ASSERT_TRUE(tree.RevertTo(marks[1]).ok());
  EXPECT_EQ(tree.Head(), heads[1]);
  const Result<Mark> later = tree.Begin();
  for (const Mark& mark : marks) EXPECT_NE(*later, mark);
}

TEST(Accumulator, DoesNotTruncateWhatTheLastMarkProtects) {
  const std::vector<Digest> leaves = NumberedLeaves(10);
  Tree tree = TreeOf(std::span(leaves).first(4));
  const Result<Mark> outer = tree.Begin();
  ASSERT_TRUE(tree.AppendDigests(std::span(leaves).subspan(4, 3)).ok());
  const Result<Mark> inner = tree.Begin();
  ASSERT_TRUE(tree.AppendDigests(std::span(leaves).subspan(7)).ok());

  const Digest root = tree.Root();
  EXPECT_EQ(tree.Truncate(6), LedgerReason::kBadSize);
  EXPECT_EQ(tree.Root(), root);
  EXPECT_TRUE(tree.Truncate(7).ok());
  EXPECT_EQ(tree.Truncate(6), LedgerReason::kBadSize);
  ASSERT_TRUE(tree.Release(*inner).ok());
  EXPECT_TRUE(tree.Truncate(6).ok());
  EXPECT_EQ(tree.Truncate(3), LedgerReason::kBadSize);
  ASSERT_TRUE(tree.RevertTo(*outer).ok());
  EXPECT_TRUE(tree.Truncate(3).ok());
  EXPECT_EQ(tree.Root(), ReferenceRoot(std::span(leaves).first(3)));
}

TEST(Accumulator, RebuildsTheSameInnerNodesFromItsLeaves) {
  Tree tree = TreeOf(NumberedLeaves(2100));
  const Tree before = tree;
  ASSERT_TRUE(tree.Rebuild().ok());
  EXPECT_EQ(tree, before);
  EXPECT_EQ(NodesOf(tree), NodesOf(before));
}

TEST(Accumulator, ForgetsItsMarksWhenItIsDecoded) {
  const std::vector<std::byte> bytes = Encode(TreeOf(NumberedLeaves(3)));
  Tree tree = TreeOf(NumberedLeaves(9));
  const Result<Mark> mark = tree.Begin();
  ASSERT_TRUE(DecodeInto(bytes, tree).ok());
  EXPECT_EQ(tree.RevertTo(*mark), BaseReason::kNoSuchMark);
  EXPECT_TRUE(tree.Truncate(0).ok());
}

// As cheap as a hasher can be: memory is measured with millions of leaves.
struct CheapHasher {
  static Digest Mix(const Digest& a, const Digest& b) {
    Digest digest = a;
    digest.data()[0] ^= b[1];
    return digest;
  }
  template <typename... Parts>
  Digest Hash(const Parts&...) const {
    return Digest();
  }
  Digest HashLeaf(ByteView) const { return Digest(); }
  Digest HashNode(const Digest& left, const Digest& right) const { return Mix(left, right); }
  void HashNodes(std::span<const Digest> children, std::span<Digest> parents) const {
    for (std::size_t i = 0; i < parents.size(); ++i) {
      parents[i] = Mix(children[2 * i], children[2 * i + 1]);
    }
  }
  void HashLeaves(std::span<const ByteView>, std::span<Digest>) const {}
  Digest EmptyRoot() const { return Digest(); }
};
using CheapTree = Accumulator<CheapHasher, MemoryLevels>;

constexpr std::size_t kMillion = std::size_t{1} << 20;
constexpr std::size_t kTileBytes = 2 * 512 * 32;

// The most bytes that the tree can have held at once while `size` leaves came in batches: before
// each batch what it held, and all that the batch allocated.
std::size_t PeakBytes(std::size_t size, std::size_t batch, std::size_t* held) {
  const std::vector<Digest> leaves(batch);
  CheapTree tree;
  std::size_t peak = 0;
  while (tree.size() < size) {
    const std::size_t count = (std::min)(batch, size - static_cast<std::size_t>(tree.size()));
    const std::size_t before = tree.store().allocated_bytes();
    const test::AllocationCounter counter;
    const bool ok = tree.AppendDigests(std::span(leaves).first(count)).ok();
    const std::size_t allocated = counter.bytes();
    EXPECT_TRUE(ok);
    peak = (std::max)(peak, before + allocated);
  }
  *held = tree.store().allocated_bytes();
  return peak;
}

TEST(Accumulator, TakesSixtyFourBytesALeafAtItsPeakToo) {
  for (const std::size_t size :
       {kMillion, kMillion + 1, std::size_t{1'500'000}, 2 * kMillion - 1}) {
    for (const std::size_t batch : {std::size_t{100}, std::size_t{1000}}) {
      std::size_t held = 0;
      const std::size_t peak = PeakBytes(size, batch, &held);
      EXPECT_GE(held, 63 * size) << size;
      EXPECT_LE(held, 64 * size + size / 4 + 64 * 1024) << size;
      EXPECT_LE(peak, 64 * size + size / 4 + 64 * 1024) << size;
      RecordProperty("bytes_held_" + std::to_string(size), std::to_string(held));
    }
  }
}

// What is copied is freed afterwards: what an append allocates beyond what the tree grows by.
TEST(Accumulator, CopiesNoMoreThanOneTileInAnyAppend) {
  CheapTree tree;
  std::size_t most = 0;
  for (std::size_t i = 0; i < kMillion; ++i) {
    const std::size_t before = tree.store().allocated_bytes();
    const test::AllocationCounter counter;
    const bool ok = tree.AppendDigest(Digest()).ok();
    const std::size_t allocated = counter.bytes();
    ASSERT_TRUE(ok);
    most = (std::max)(most, allocated - (tree.store().allocated_bytes() - before));
  }
  // The first tile doubles; beyond, only tables of tiles grow.
  EXPECT_LE(most, kTileBytes);
  EXPECT_EQ(most, 512 * std::size_t{32});
}

}  // namespace
}  // namespace settle
