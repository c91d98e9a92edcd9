// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/level_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using Sizes = std::initializer_list<std::size_t>;

static_assert(LevelStore<BoundedLevels<1>>);
static_assert(!LevelStore<std::vector<Digest>>);
static_assert(FirstKept(0, 7) == 6 && FirstKept(0, 6) == 6 && FirstKept(1, 7) == 2 &&
              FirstKept(2, 7) == 0 && FirstKept(63, ~std::uint64_t{0}) == 0);

// Leaves in a tile, and what a whole tile takes.
constexpr std::size_t kTile = 512;
constexpr std::size_t kTileBytes = 2 * kTile * 32;

Digest Numbered(std::uint64_t number) { return Digest::FromNumber(number); }

// Adds `count` digests, numbered from the level's size on.
void Extend(MemoryLevels& store, std::size_t level, std::size_t count) {
  while (count > 0) {
    std::size_t number = store.Size(level);
    const std::span<Digest> added = store.Extend(level, count);
    ASSERT_GE(added.size(), 1u);
    ASSERT_LE(added.size(), count);
    for (Digest& digest : added) digest = Numbered(number++);
    count -= added.size();
  }
}

TEST(LevelStore, KeepsWhatWasAddedAtEveryLevel) {
  MemoryLevels store;
  const std::vector<std::size_t> sizes = {5000, 2500, 1250, 600, 300, 150, 75, 37, 18, 9, 4, 2, 1};
  for (std::size_t level = 0; level < sizes.size(); ++level) Extend(store, level, sizes[level]);
  for (std::size_t level = 0; level < sizes.size(); ++level) {
    ASSERT_EQ(store.Size(level), sizes[level]);
    for (std::size_t i = 0; i < sizes[level]; ++i) ASSERT_EQ(store.Node(level, i), Numbered(i));
  }
}

TEST(LevelStore, RunsCoverALevelBeginAtCacheLinesAndSplitNoPair) {
  for (const std::size_t size :
       Sizes{1, 2, 3, 64, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 5001}) {
    MemoryLevels store;
    Extend(store, 0, size);
    for (std::size_t at = 0; at < size;) {
      const std::span<const Digest> run = store.Run(0, at);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(run.data()) % 64, 0u);
      for (std::size_t i = 0; i < run.size(); ++i) ASSERT_EQ(run[i], Numbered(at + i));
      at += run.size();
      EXPECT_TRUE(at == size || at % 2 == 0);
      ASSERT_LE(at, size);
    }
  }
}

TEST(LevelStore, NeverMovesAWholeTile) {
  MemoryLevels store;
  Extend(store, 0, kTile);
  const Digest* const first = &store.Node(0, 0);
  Extend(store, 0, 20 * kTile);
  EXPECT_EQ(&store.Node(0, 0), first);
}

TEST(LevelStore, TruncatesToExactlyTheFirstNodes) {
  for (const std::size_t size : Sizes{1, 2, 5, 1024, 1025, 3000}) {
    for (const std::size_t kept : Sizes{0, 1, 2, 4, 1023, 1024, 1025, 2048, 2999}) {
      if (kept > size) continue;
      MemoryLevels store;
      MemoryLevels fresh;
      Extend(store, 0, size);
      Extend(fresh, 0, kept);
      store.Truncate(0, kept);
      EXPECT_EQ(store, fresh) << size << " to " << kept;
      Extend(store, 0, 1500);
      Extend(fresh, 0, 1500);
      EXPECT_EQ(store, fresh) << size << " to " << kept;
    }
  }
}

TEST(LevelStore, GivesBackTheMemoryOfWholeTiles) {
  MemoryLevels store;
  EXPECT_EQ(store.allocated_bytes(), 0u);
  Extend(store, 0, 10 * kTile);
  const std::size_t full = store.allocated_bytes();
  EXPECT_GE(full, 10 * kTileBytes);
  store.Truncate(0, 3 * kTile + 1);
  EXPECT_EQ(store.allocated_bytes(), full - 6 * kTileBytes);
}

// Every node of a tree of numbered leaves; its number and level in its bytes.
Digest Node(std::size_t level, std::uint64_t index) { return Numbered(1'000'000 * level + index); }

void Fill(MemoryLevels& store, std::size_t leaves) {
  for (std::size_t level = 0; level < 20; ++level) {
    while (store.Size(level) < leaves >> level) {
      const std::size_t index = store.Size(level);
      std::size_t next = index;
      for (Digest& digest : store.Extend(level, (leaves >> level) - index)) {
        digest = Node(level, next++);
      }
    }
  }
}

TEST(LevelStore, KeepsTheNumbersOfWhatIsNotPrunedAndFreesTheRest) {
  for (const std::size_t pruned : Sizes{0, 1, 511, 512, 513, 1024, 4095, 4096, 5000, 5120}) {
    MemoryLevels store;
    Fill(store, 5120);
    const std::size_t before = store.allocated_bytes();
    store.Prune(pruned);
    EXPECT_EQ(store.allocated_bytes(), before - pruned / kTile * kTileBytes);
    EXPECT_EQ(store.size(), 5120 - pruned);
    Fill(store, 6000);
    MemoryLevels restarted;
    restarted.Restart(pruned);
    Fill(restarted, 6000);
    for (std::size_t level = 0; level < 20; ++level) {
      ASSERT_EQ(restarted.Size(level), std::size_t{6000} >> level);
      for (std::size_t i = FirstKept(level, pruned); i < store.Size(level); ++i) {
        ASSERT_EQ(store.Node(level, i), Node(level, i)) << level << " " << i;
        ASSERT_EQ(restarted.Node(level, i), Node(level, i)) << level << " " << i;
      }
    }
    EXPECT_EQ(restarted, store);
    std::size_t leaf = pruned;
    for (const Digest& digest : store) ASSERT_EQ(digest, Node(0, leaf++));
    EXPECT_EQ(leaf, 6000u);
  }
}

TEST(LevelStore, CopiesTheSiblingsOfEveryLeafForEveryNumberOfLevels) {
  for (const std::size_t leaves : Sizes{2, 4, 64, 256, 512, 2048, 1 << 13}) {
    MemoryLevels store;
    Fill(store, leaves);
    for (std::size_t leaf = 0; leaf<leaves; leaf += leaves> 600 ? 101 : 1) {
      for (std::size_t levels = 0; std::size_t{1} << levels <= leaves; ++levels) {
        std::vector<Digest> siblings(levels + 1, Numbered(7));
        store.CopySiblings(leaf, levels, siblings.data());
        for (std::size_t level = 0; level < levels; ++level) {
          ASSERT_EQ(siblings[level], Node(level, (leaf >> level) ^ 1)) << leaf << " " << level;
        }
        ASSERT_EQ(siblings[levels], Numbered(7));
      }
    }
  }
}

TEST(LevelStore, ComparesTheLeavesAndNothingElse) {
  MemoryLevels a;
  MemoryLevels b;
  Extend(a, 0, 2500);
  Extend(b, 0, 2500);
  Extend(b, 1, 7);
  EXPECT_EQ(a, b);
  b.Truncate(0, 2499);
  EXPECT_NE(a, b);
  *b.Extend(0, 1).data() = Numbered(0);
  EXPECT_NE(a, b);
}

TEST(LevelStore, CopiesAreIndependentAndMovesLeaveNothing) {
  MemoryLevels store;
  Extend(store, 0, 1500);
  MemoryLevels copy = store;
  EXPECT_EQ(copy, store);
  Extend(copy, 0, 1);
  EXPECT_EQ(store.Size(0), 1500u);
  EXPECT_EQ(copy.Node(0, 1499), Numbered(1499));
  const MemoryLevels moved = std::move(copy);
  EXPECT_EQ(moved.Size(0), 1501u);
  copy = store;
  EXPECT_EQ(copy, store);
  MemoryLevels& alias = copy;
  copy = alias;
  EXPECT_EQ(copy, store);
}

TEST(LevelStore, StatesWhatItAllocates) {
  MemoryLevels store;
  Extend(store, 0, 5000);
  Extend(store, 1, 37);
  const test::AllocationCounter counter;
  const MemoryLevels copy = store;
  const std::size_t bytes = counter.bytes();
  EXPECT_EQ(copy.allocated_bytes(), bytes);
  // The original's table has grown by doubling: at most 16 bytes for a tile of 32 KiB.
  EXPECT_LE(store.allocated_bytes(), bytes + 10 * 8);
}

TEST(LevelStore, EncodesAsTheBoundedSequenceOfItsLeaves) {
  MemoryLevels store;
  Extend(store, 0, 2100);
  Bounded<Digest, 0xffffffff> sequence;
  for (std::uint64_t i = 0; i < 2100; ++i) ASSERT_TRUE(sequence.Add(Numbered(i)));
  const std::vector<std::byte> bytes = Encode(store);
  EXPECT_EQ(bytes, Encode(sequence));
  MemoryLevels decoded;
  Extend(decoded, 0, 3);
  Extend(decoded, 1, 1);
  ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
  EXPECT_EQ(decoded, store);
  EXPECT_EQ(decoded.Size(1), 0u);
}

TEST(LevelStore, RefusesMoreLeavesThanItsBoundBeforeItAllocates) {
  std::vector<std::byte> bytes = Encode(std::uint32_t{9});
  bytes.resize(4 + 9 * 32);
  BoundedLevels<8> small;
  EXPECT_EQ(DecodeInto(bytes, small).reason, BaseReason::kTooMany);
  BoundedLevels<9> enough;
  EXPECT_TRUE(DecodeInto(bytes, enough).ok());
  EXPECT_FALSE(small.Resize(9));

  // A claim of 4 billion leaves in 36 bytes.
  const std::vector<std::byte> hostile(36, std::byte{0xff});
  MemoryLevels large;
  const test::AllocationCounter counter;
  const Reason reason = DecodeInto(hostile, large).reason;
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_EQ(reason, BaseReason::kTruncated);
}

TEST(LevelStore, DoesAsAVectorDoesOverRandomExtensionsAndTruncations) {
  test::Random random;
  MemoryLevels store;
  std::vector<Digest> model;
  for (int step = 0; step < 400; ++step) {
    if (random.Chance(2, 3)) {
      std::size_t count = random.Below(random.Chance(1, 2) ? 4 : 3000);
      while (count > 0) {
        const std::span<Digest> added = store.Extend(0, count);
        for (Digest& digest : added) model.push_back(digest = random.Fixed<Digest>());
        count -= added.size();
      }
    } else {
      const std::size_t kept =
          random.Chance(1, 8) ? 0 : random.Between(model.size() / 2, model.size());
      store.Truncate(0, kept);
      model.resize(kept);
    }
    ASSERT_EQ(store.Size(0), model.size());
    ASSERT_TRUE(std::equal(model.begin(), model.end(), store.begin()));
  }
}

}  // namespace
}  // namespace settle
