// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/state_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/types.h"
#include "tests/ledger/reference_trie.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using Key = std::uint64_t;
using Value = std::uint64_t;
using Map = StateMap<Key, Value>;
using Watched = StateMap<Key, Value, test::WatchedSha256>;
using Change = StateChange<Key, Value>;
using Content = std::map<Key, Value>;

static_assert(Revertible<Map>);

std::vector<Change> ChangesTo(const Content& content) {
  std::vector<Change> changes;
  for (const auto& [key, value] : content) changes.push_back({key, value});
  return changes;
}

Content Numbered(std::size_t count) {
  Content content;
  for (Key key = 0; key < count; ++key) content[key] = 1000 + key;
  return content;
}

Map MapOf(const Content& content) {
  Map map;
  EXPECT_TRUE(map.Update(ChangesTo(content)).ok());
  return map;
}

// Everything that anyone can see of a map.
template <typename M>
std::vector<std::byte> SeenOf(const M& map, Key keys) {
  std::vector<std::byte> seen = Encode(map.Head());
  for (const auto& entry : map.Freeze()) AppendEncoding(seen, entry);
  for (Key key = 0; key < keys; ++key) {
    if (map.Find(key) != nullptr) {
      AppendEncoding(seen, *map.ProvePresent(key));
    } else {
      AppendEncoding(seen, *map.ProveAbsent(key));
    }
  }
  return seen;
}

TEST(StateMap, HasTheRootsOfTheDefinitionForEverySizeUpTo64) {
  for (std::size_t size = 0; size <= 64; ++size) {
    const Content content = Numbered(size);
    const Map map = MapOf(content);
    EXPECT_EQ(map.Root(), test::ReferenceMapRoot(Sha256(), content)) << size;
    EXPECT_EQ(map.Head(), (StateHead{1, size, map.Root()}));
  }
}

TEST(StateMap, HasTheEmptyTreesRootWhileItIsEmptyAndTheLeafsForOneEntry) {
  const Sha256 hasher;
  Map map;
  EXPECT_EQ(map.Root(), hasher.EmptyRoot());
  ASSERT_TRUE(map.Update(std::array{Change{7, 8}}).ok());
  const Digest path = test::ReferencePath(hasher, Key{7});
  const Digest content = test::ReferenceHash(hasher, 3, 0, {Encode(Key{7}), Encode(Value{8})});
  EXPECT_EQ(map.Root(), test::ReferenceHash(hasher, 4, 0, {path.view(), content.view()}));
  ASSERT_TRUE(map.Update(std::array{Change{7, std::nullopt}}).ok());
  EXPECT_EQ(map.Root(), hasher.EmptyRoot());
  EXPECT_EQ(map.size(), 0u);
}

TEST(StateMap, HasOneRootWhateverTheOrderAndTheBatches) {
  test::Random random;
  const Content content = Numbered(200);
  const Digest root = MapOf(content).Root();
  for (const std::size_t batch : {std::size_t{1}, std::size_t{7}, std::size_t{200}}) {
    std::vector<Change> changes = ChangesTo(content);
    random.Shuffle(changes);
    Map map;
    for (std::size_t at = 0; at < changes.size(); at += batch) {
      const std::size_t count = std::min(batch, changes.size() - at);
      ASSERT_TRUE(map.Update(std::span(changes).subspan(at, count)).ok());
    }
    EXPECT_EQ(map.Root(), root) << batch;
    EXPECT_EQ(map.version(), (changes.size() + batch - 1) / batch);
  }
}

TEST(StateMap, IsBackAtTheEarlierRootAfterWhatWasAddedIsErased) {
  test::Random random;
  Map map = MapOf(Numbered(50));
  std::vector<Digest> roots;
  for (Key key = 50; key < 100; ++key) {
    roots.push_back(map.Root());
    ASSERT_TRUE(map.Update(std::array{Change{key, 1}}).ok());
  }
  for (Key key = 100; key-- > 50;) {
    ASSERT_TRUE(map.Update(std::array{Change{key, std::nullopt}}).ok());
    EXPECT_EQ(map.Root(), roots[key - 50]) << key;
  }
}

TEST(StateMap, FindsWhatItHolds) {
  Map map = MapOf(Numbered(100));
  ASSERT_TRUE(map.Update(std::array{Change{3, 33}, Change{4, std::nullopt}, Change{200, 20}}).ok());
  ASSERT_NE(map.Find(3), nullptr);
  EXPECT_EQ(*map.Find(3), 33u);
  EXPECT_EQ(map.Find(4), nullptr);
  EXPECT_EQ(*map.Find(200), 20u);
  EXPECT_EQ(*map.Find(5), 1005u);
  EXPECT_EQ(map.Find(100), nullptr);
  EXPECT_EQ(map.size(), 100u);
}

TEST(StateMap, FindsManyKeysAsItFindsEach) {
  const Map map = MapOf(Numbered(100));
  for (std::size_t count = 0; count < 200; ++count) {
    // Every other one is absent, some stand there twice.
    const auto key_of = [](std::size_t i) -> Key { return i % 2 == 0 ? i % 80 : 100 + i; };
    std::size_t next = 0;
    map.FindEach(count, key_of, [&](std::size_t i, const Value* value) {
      EXPECT_EQ(i, next++);
      EXPECT_EQ(value, map.Find(key_of(i))) << i;
      EXPECT_EQ(value == nullptr, i % 2 == 1) << i;
    });
    EXPECT_EQ(next, count);
  }
  Map().FindEach(
      3, [](std::size_t i) -> Key { return i; },
      [](std::size_t, const Value* value) { EXPECT_EQ(value, nullptr); });
}

TEST(StateMap, GoesThroughItsEntriesInTheOrderOfTheKeys) {
  test::Random random;
  Content content;
  for (int i = 0; i < 300; ++i) content[random()] = random();
  std::vector<Change> changes = ChangesTo(content);
  random.Shuffle(changes);
  Map map;
  ASSERT_TRUE(map.Update(changes).ok());
  Content::const_iterator expected = content.begin();
  map.ForEach([&](const Key& key, const Value& value) {
    ASSERT_NE(expected, content.end());
    EXPECT_EQ(key, expected->first);
    EXPECT_EQ(value, expected->second);
    ++expected;
  });
  EXPECT_EQ(expected, content.end());
}

TEST(StateMap, RefusesAKeyNamedTwiceAndStaysAsItWas) {
  Map map = MapOf(Numbered(20));
  const std::vector<std::byte> before = SeenOf(map, 60);
  const std::vector<std::vector<Change>> refused = {
      {{3, 1}, {4, 1}, {3, 2}},                         // there
      {{3, 1}, {3, std::nullopt}},                      // there, erased
      {{40, 1}, {3, 9}, {40, 1}},                       // new
      {{40, 1}, {5, std::nullopt}, {40, {}}},           // new and erased
      {{41, std::nullopt}, {6, 1}, {41, std::nullopt}}  // not there at all
  };
  for (const std::vector<Change>& changes : refused) {
    EXPECT_EQ(map.Update(changes), LedgerReason::kDuplicateKey);
    EXPECT_EQ(SeenOf(map, 60), before);
  }
  EXPECT_TRUE(map.Update(std::array{Change{3, 1}, Change{40, 1}, Change{41, {}}}).ok());
}

// Nobody finds two such keys for SHA-256; a host's hash may be weaker.
TEST(StateMap, RefusesTwoKeysOfOnePathAndStaysAsItWas) {
  test::WatchedSha256::Watch watch;
  watch.prefixes[std::byte{1}] = std::vector<std::byte>(32, std::byte{5});
  watch.prefixes[std::byte{2}] = std::vector<std::byte>(32, std::byte{5});
  Watched map(0, test::WatchedSha256(&watch));
  EXPECT_EQ(map.Update(std::array{Change{1, 1}, Change{2, 2}}), LedgerReason::kDuplicateKey);
  ASSERT_TRUE(map.Update(std::array{Change{1, 1}, Change{3, 3}}).ok());
  const std::vector<std::byte> before = Encode(map.Head());
  EXPECT_EQ(map.Update(std::array{Change{3, 4}, Change{2, 2}}), LedgerReason::kDuplicateKey);
  EXPECT_EQ(Encode(map.Head()), before);
  EXPECT_EQ(*map.Find(3), 3u);
  EXPECT_EQ(map.Find(2), nullptr);
  EXPECT_EQ(map.ProveAbsent(2).reason(), LedgerReason::kNotAbsent);
  EXPECT_EQ(map.ProvePresent(2).reason(), LedgerReason::kNoSuchKey);
}

TEST(StateMap, HashesNothingForChangesThatChangeNothing) {
  test::WatchedSha256::Watch watch;
  Watched map(0, test::WatchedSha256(&watch));
  ASSERT_TRUE(map.Update(ChangesTo(Numbered(100))).ok());
  const Digest root = map.Root();
  watch.hashes.clear();
  ASSERT_TRUE(map.Update(std::array{Change{3, 1003}, Change{4, 1004}}).ok());
  EXPECT_TRUE(watch.hashes.empty());
  ASSERT_TRUE(map.Update(std::array{Change{500, std::nullopt}}).ok());
  EXPECT_EQ(watch.hashes.size(), 1u);  // where it would be
  EXPECT_EQ(watch.hashes[0x02], 1u);
  EXPECT_EQ(map.Root(), root);
  EXPECT_EQ(map.version(), 3u);
}

// Of each update: the branches of the new trie above a key that was touched, whether it is still
// there or not, and the keys that are.
TEST(StateMap, HashesEveryTouchedNodeExactlyOnce) {
  test::Random random;
  test::WatchedSha256::Watch watch;
  const Sha256 plain;
  Watched map(0, test::WatchedSha256(&watch));
  Content content = Numbered(500);
  ASSERT_TRUE(map.Update(ChangesTo(content)).ok());
  for (int round = 0; round < 200; ++round) {
    std::map<Key, std::optional<Value>> update;
    const std::size_t count = random.Below(round % 2 == 0 ? 4 : 60);
    while (update.size() < count) {
      const Key key = random.Below(700);
      update[key] = random.Chance(1, 4) ? std::nullopt : std::optional<Value>(random());
    }
    std::vector<Change> changes;
    std::set<Digest> touched;
    std::size_t put = 0;
    std::size_t looked_up = 0;
    for (const auto& [key, value] : update) {
      changes.push_back({key, value});
      const bool was_there = content.contains(key);
      looked_up += was_there ? 0 : 1;
      if (!value && !was_there) continue;
      touched.insert(test::ReferencePath(plain, key));
      put += value ? 1 : 0;
      value ? (void)(content[key] = *value) : (void)content.erase(key);
    }
    random.Shuffle(changes);
    std::set<std::pair<std::size_t, Digest>> branches;
    const Digest root = test::ReferenceTrieRoot(
        plain, test::ReferenceSorted(test::ReferencePathsOf(plain, content)), &branches);
    const auto is_touched = [&](const std::pair<std::size_t, Digest>& branch) {
      return std::ranges::any_of(touched, [&](const Digest& path) {
        return test::ReferencePrefix(path, branch.first) == branch.second;
      });
    };
    watch.hashes.clear();
    ASSERT_TRUE(map.Update(changes).ok());
    EXPECT_EQ(map.Root(), root);
    EXPECT_EQ(watch.hashes[0x02], looked_up);
    EXPECT_EQ(watch.hashes[0x03], put);
    EXPECT_EQ(watch.hashes[0x04], put);
    EXPECT_EQ(watch.hashes[0x05],
              static_cast<std::size_t>(std::ranges::count_if(branches, is_touched)));
  }
}

TEST(StateMap, ComesBackToEveryMarkBitByBit) {
  test::Random random;
  Map map = MapOf(Numbered(40));
  std::vector<std::pair<Mark, std::vector<std::byte>>> marks;
  for (int depth = 0; depth < 6; ++depth) {
    const Result<Mark> mark = map.Begin();
    ASSERT_TRUE(mark.ok());
    marks.push_back({*mark, SeenOf(map, 80)});
    for (int update = 0; update < 3; ++update) {
      std::map<Key, std::optional<Value>> changes;
      for (int i = 0; i < 12; ++i) {
        changes[random.Below(80)] =
            random.Chance(1, 3) ? std::nullopt : std::optional<Value>(random());
      }
      std::vector<Change> batch;
      for (const auto& [key, value] : changes) batch.push_back({key, value});
      ASSERT_TRUE(map.Update(batch).ok());
    }
  }
  const Fingerprint last = map.fingerprint();
  EXPECT_TRUE(map.Release(marks.back().first).ok());
  EXPECT_EQ(map.fingerprint(), last);
  marks.pop_back();
  while (!marks.empty()) {
    ASSERT_TRUE(map.RevertTo(marks.back().first).ok());
    EXPECT_EQ(SeenOf(map, 80), marks.back().second);
    EXPECT_EQ(map.RevertTo(marks.back().first), BaseReason::kNoSuchMark);
    EXPECT_EQ(SeenOf(map, 80), marks.back().second);
    marks.pop_back();
  }
}

TEST(StateMap, SetsAsManyMarksAsTheBoundAllows) {
  Map map;
  for (std::size_t i = 0; i < kMaxMarks; ++i) EXPECT_TRUE(map.Begin().ok());
  EXPECT_EQ(map.Begin().reason(), BaseReason::kTooManyMarks);
  EXPECT_EQ(map.Release(Mark{99}), BaseReason::kNoSuchMark);
}

TEST(StateMap, ThawsToTheSameMapAndRefusesEveryOtherSnapshot) {
  Map map = MapOf(Numbered(70));
  ASSERT_TRUE(map.Update(std::array{Change{9, std::nullopt}}).ok());
  const std::vector<Map::Entry> entries = map.Freeze();
  const StateHead head = map.Head();
  Map thawed(77);
  ASSERT_TRUE(thawed.Update(std::array{Change{1000, 1}}).ok());
  const Result<Mark> mark = thawed.Begin();
  const std::vector<std::byte> before = SeenOf(thawed, 80);

  std::vector<Map::Entry> other = entries;
  other[5].value ^= 1;
  EXPECT_EQ(thawed.Thaw(other, head), LedgerReason::kRootMismatch);
  other = entries;
  other.pop_back();
  EXPECT_EQ(thawed.Thaw(other, head), LedgerReason::kRootMismatch);
  other = entries;
  std::swap(other[3], other[4]);
  EXPECT_EQ(thawed.Thaw(other, head), BaseReason::kNotCanonical);
  other = entries;
  other[4] = other[3];
  EXPECT_EQ(thawed.Thaw(other, head), BaseReason::kNotCanonical);
  StateHead wrong = head;
  wrong.root.data()[31] ^= std::byte{1};
  EXPECT_EQ(thawed.Thaw(entries, wrong), LedgerReason::kRootMismatch);
  wrong = head;
  ++wrong.size;
  EXPECT_EQ(thawed.Thaw(entries, wrong), LedgerReason::kRootMismatch);
  EXPECT_EQ(SeenOf(thawed, 80), before);
  EXPECT_TRUE(thawed.Release(*mark).ok());

  ASSERT_TRUE(thawed.Begin().ok());
  ASSERT_TRUE(thawed.Thaw(entries, head).ok());
  EXPECT_EQ(thawed.Begin()->serial, 3u);  // the mark is gone, and no serial is used twice
  EXPECT_EQ(SeenOf(thawed, 80), SeenOf(map, 80));
  EXPECT_EQ(thawed, map);
  ASSERT_TRUE(map.Update(std::array{Change{9, 1}, Change{500, 2}}).ok());
  ASSERT_TRUE(thawed.Update(std::array{Change{500, 2}, Change{9, 1}}).ok());
  EXPECT_EQ(SeenOf(thawed, 80), SeenOf(map, 80));
}

TEST(StateMap, ThawsTheEmptyMap) {
  Map map = MapOf(Numbered(3));
  ASSERT_TRUE(map.Thaw({}, Map().Head()).ok());
  EXPECT_EQ(map, Map());
}

TEST(StateMap, IsAValue) {
  Map map = MapOf(Numbered(30));
  const Map copy = map;
  EXPECT_EQ(copy, map);
  EXPECT_EQ(copy.fingerprint(), map.fingerprint());
  ASSERT_TRUE(map.Update(std::array{Change{3, 1}}).ok());
  EXPECT_NE(copy, map);
  EXPECT_NE(copy.fingerprint(), map.fingerprint());
  EXPECT_EQ(SeenOf(copy, 40), SeenOf(MapOf(Numbered(30)), 40));
}

// The seed of the table is the host's and differs between replicas.
TEST(StateMap, IsTheSameUnderEverySeed) {
  const Map map = MapOf(Numbered(100));
  Map other(0x123456789abcdef);
  ASSERT_TRUE(other.Update(ChangesTo(Numbered(100))).ok());
  EXPECT_EQ(SeenOf(other, 120), SeenOf(map, 120));
}

TEST(StateMap, UpdatesWithoutAllocationWhileThereIsRoom) {
  Map map = MapOf(Numbered(1000));
  std::vector<Change> changes;
  for (Key key = 100; key < 200; ++key) changes.push_back({key, 1});
  ASSERT_TRUE(map.Update(changes).ok());
  for (Change& change : changes) *change.value = 2;
  const test::AllocationCounter counter;
  const Reason reason = map.Update(changes);
  const bool found = map.Find(100) != nullptr;
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(reason.ok() && found);
}

TEST(StateMap, HoldsTheLedgersKeys) {
  StateMap<AccountKey, Amount> balances;
  std::map<AccountKey, Amount> content;
  std::vector<StateChange<AccountKey, Amount>> changes;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const AccountKey key{OwnerId::FromNumber(i / 2), i % 2 == 0 ? kCash : Compartment(7),
                         TokenId(1)};
    content[key] = Amount(Int128{1} << i);
    changes.push_back({key, content[key]});
  }
  ASSERT_TRUE(balances.Update(changes).ok());
  EXPECT_EQ(balances.Root(), test::ReferenceMapRoot(Sha256(), content));
}

}  // namespace
}  // namespace settle
