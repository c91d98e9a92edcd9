// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/state_proof.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/state_map.h"
#include "tests/ledger/reference_trie.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using Key = std::uint64_t;
using Value = std::uint64_t;
using Change = StateChange<Key, Value>;
using Content = std::map<Key, Value>;
using Map = StateMap<Key, Value, test::WatchedSha256>;

constexpr Key kAbsent = 1'000'000;  // this key and those above are in no map

Content Numbered(std::size_t count) {
  Content content;
  for (Key key = 0; key < count; ++key) content[key] = 1000 + key;
  return content;
}

Map MapOf(const Content& content, test::WatchedSha256 hasher = {}) {
  std::vector<Change> changes;
  for (const auto& [key, value] : content) changes.push_back({key, value});
  Map map(0, hasher);
  EXPECT_TRUE(map.Update(changes).ok());
  return map;
}

Reason Present(const Map& map, Key key, Value value, const PresenceProof& proof) {
  return VerifyPresent(Sha256(), map.Root(), key, value, proof);
}
Reason Absent(const Map& map, Key key, const AbsenceProof& proof) {
  return VerifyAbsent(Sha256(), map.Root(), key, proof);
}

bool EndsAtLeaf(const AbsenceProof& proof) {
  return proof.end && std::holds_alternative<OtherLeaf>(*proof.end);
}

// An absent key whose way ends as asked for.
Key AbsentKey(const Map& map, bool at_leaf) {
  Key key = kAbsent;
  while (EndsAtLeaf(*map.ProveAbsent(key)) != at_leaf) ++key;
  return key;
}

StateSteps StepsOf(std::initializer_list<StateStep> steps) {
  StateSteps result;
  for (const StateStep& step : steps) EXPECT_TRUE(result.Add(step));
  return result;
}

// Steps from the root down to where the range holds `path` alone, or `path` leaves it.
test::ReferenceRange Descend(test::ReferenceRange range, const Digest& path,
                             std::vector<StateStep>& steps) {
  while (range.size() > 1) {
    const std::size_t bit = test::ReferenceBranchBit(range);
    const Digest& any = range.front().first;
    if (test::ReferencePrefix(any, bit) != test::ReferencePrefix(path, bit)) break;
    const std::size_t split = test::ReferenceSplitAt(range, bit);
    const bool right = test::ReferenceBit(path, bit);
    const test::ReferenceRange other = right ? range.first(split) : range.subspan(split);
    steps.insert(steps.begin(),
                 {static_cast<std::uint8_t>(bit), test::ReferenceTrieRoot(Sha256(), other)});
    range = right ? range.subspan(split) : range.first(split);
  }
  return range;
}

TEST(StateProof, IsTheOneOfTheDefinitionForPresentAndAbsentKeys) {
  std::size_t leaves = 0;
  std::size_t branches = 0;
  for (const std::size_t size : {0u, 1u, 2u, 3u, 10u, 60u}) {
    const Content content = Numbered(size);
    const Map map = MapOf(content);
    const auto sorted = test::ReferenceSorted(test::ReferencePathsOf(Sha256(), content));
    for (Key key = 0; key < 2 * size + 10; ++key) {
      std::vector<StateStep> steps;
      const test::ReferenceRange end = Descend(sorted, test::ReferencePath(Sha256(), key), steps);
      const StateSteps expected = *StateSteps::From(steps);
      if (content.contains(key)) {
        const Result<PresenceProof> proof = map.ProvePresent(key);
        ASSERT_TRUE(proof.ok());
        EXPECT_EQ(proof->steps, expected);
        EXPECT_EQ(Present(map, key, content.at(key), *proof), Reason());
        continue;
      }
      const Result<AbsenceProof> proof = map.ProveAbsent(key);
      ASSERT_TRUE(proof.ok());
      EXPECT_EQ(proof->steps, expected);
      EXPECT_EQ(Absent(map, key, *proof), Reason());
      ASSERT_EQ(proof->end.has_value(), size > 0);
      if (size == 0) continue;
      leaves += end.size() == 1 ? 1 : 0;
      branches += end.size() == 1 ? 0 : 1;
      EXPECT_EQ(EndsAtLeaf(*proof), end.size() == 1);
      if (end.size() > 1) {
        const auto& branch = std::get<OtherBranch>(*proof->end);
        EXPECT_EQ(branch.bit, test::ReferenceBranchBit(end));
        EXPECT_EQ(branch.prefix, test::ReferencePrefix(end.front().first, branch.bit));
      } else {
        EXPECT_EQ(std::get<OtherLeaf>(*proof->end),
                  (OtherLeaf{end.front().first, end.front().second}));
      }
    }
  }
  EXPECT_GT(leaves, 20u);
  EXPECT_GT(branches, 5u);
}

TEST(StateProof, HoldsForNoOtherKeyValueOrRoot) {
  const Map map = MapOf(Numbered(40));
  const Map other = MapOf(Numbered(41));
  for (Key key = 0; key < 40; ++key) {
    const PresenceProof proof = *map.ProvePresent(key);
    EXPECT_EQ(Present(map, key, 1001 + key, proof), LedgerReason::kRootMismatch);
    EXPECT_EQ(Present(other, key, 1000 + key, proof), LedgerReason::kRootMismatch);
    for (Key another = 0; another < 45; ++another) {
      if (another == key) continue;
      EXPECT_EQ(Present(map, another, 1000 + key, proof), LedgerReason::kRootMismatch);
      EXPECT_EQ(Present(map, another, 1000 + another, proof), LedgerReason::kRootMismatch);
    }
  }
}

TEST(StateProof, OfAbsenceHoldsForNoKeyThatIsThereAndForNoOtherRoot) {
  const Map map = MapOf(Numbered(40));
  const Map other = MapOf(Numbered(41));
  for (Key absent = kAbsent; absent < kAbsent + 100; ++absent) {
    const AbsenceProof proof = *map.ProveAbsent(absent);
    ASSERT_EQ(Absent(map, absent, proof), Reason());
    for (Key key = 0; key < 40; ++key) EXPECT_FALSE(Absent(map, key, proof).ok());
    // The other map differs in the leaf that hangs somewhere: its root is another.
    EXPECT_EQ(Absent(other, absent, proof), LedgerReason::kRootMismatch);
  }
}

// What a liar can say of a key that is there: an end that is somewhere else in the same map.
TEST(StateProof, OfAbsenceRefusesEveryEndOfTheMapForAKeyThatIsThere) {
  const Content content = Numbered(12);
  const Map map = MapOf(content);
  const auto sorted = test::ReferenceSorted(test::ReferencePathsOf(Sha256(), content));
  std::vector<AbsenceProof> honest;
  for (Key key = kAbsent; key < kAbsent + 300; ++key) honest.push_back(*map.ProveAbsent(key));
  std::size_t not_absent = 0;
  std::size_t mismatch = 0;
  for (Key key = 0; key < 12; ++key) {
    const PresenceProof own = *map.ProvePresent(key);
    for (const AbsenceProof& proof : honest) {
      for (std::size_t drop = 0; drop <= own.steps.size(); ++drop) {
        // The end of another proof under the top of this key's own steps.
        AbsenceProof lie{.end = proof.end};
        for (std::size_t i = drop; i < own.steps.size(); ++i) {
          ASSERT_TRUE(lie.steps.Add(own.steps[i]));
        }
        const Reason reason = Absent(map, key, lie);
        ASSERT_FALSE(reason.ok());
        not_absent += reason == LedgerReason::kNotAbsent ? 1 : 0;
        mismatch += reason == LedgerReason::kRootMismatch ? 1 : 0;
      }
    }
    for (const auto& [path, content_digest] : sorted) {
      EXPECT_FALSE(Absent(map, key, {OtherLeaf{path, content_digest}, own.steps}).ok());
    }
  }
  EXPECT_GT(not_absent, 1000u);
  EXPECT_GT(mismatch, 1000u);
}

TEST(StateProof, OfAbsenceDoesNotTakeTheKeysOwnLeafOrItsOwnBranch) {
  const Content content = Numbered(20);
  const Map map = MapOf(content);
  for (const auto& [key, value] : content) {
    const PresenceProof own = *map.ProvePresent(key);
    const Digest path = test::ReferencePath(Sha256(), key);
    const Digest digest = test::ReferenceHash(Sha256(), 3, 0, {Encode(key), Encode(value)});
    EXPECT_EQ(Absent(map, key, {OtherLeaf{path, digest}, own.steps}), LedgerReason::kNotAbsent);
    // The branch right above it, which the key goes through.
    const StateStep step = own.steps[0];
    const Digest leaf = test::ReferenceHash(Sha256(), 4, 0, {path.view(), digest.view()});
    const bool right = test::ReferenceBit(path, step.bit);
    AbsenceProof lie{.end = OtherBranch{step.bit, test::ReferencePrefix(path, step.bit),
                                        right ? step.sibling : leaf, right ? leaf : step.sibling}};
    for (std::size_t i = 1; i < own.steps.size(); ++i) ASSERT_TRUE(lie.steps.Add(own.steps[i]));
    EXPECT_EQ(Absent(map, key, lie), LedgerReason::kNotAbsent);
  }
}

// Flips every bit of the proof's bytes: what decodes is another proof, and none is good.
template <typename Proof, typename Verify>
void ExpectNoOtherBytes(const Proof& proof, const Verify& verify) {
  const std::vector<std::byte> bytes = Encode(proof);
  ASSERT_TRUE(verify(proof).ok());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::vector<std::byte> flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    Proof decoded;
    if (!DecodeInto(ByteView(flipped), decoded).ok()) continue;
    EXPECT_FALSE(verify(decoded).ok()) << bit;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Proof decoded;
    EXPECT_FALSE(DecodeInto(ByteView(bytes).first(size), decoded).ok());
  }
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  Proof decoded;
  EXPECT_EQ(DecodeInto(ByteView(longer), decoded).reason, BaseReason::kTrailingBytes);
}

TEST(StateProof, RefusesEveryFlippedBitAndEveryOtherLength) {
  const Map map = MapOf(Numbered(25));
  ExpectNoOtherBytes(*map.ProvePresent(7),
                     [&](const PresenceProof& proof) { return Present(map, 7, 1007, proof); });
  for (const bool at_leaf : {false, true}) {
    const Key key = AbsentKey(map, at_leaf);
    ExpectNoOtherBytes(*map.ProveAbsent(key),
                       [&](const AbsenceProof& proof) { return Absent(map, key, proof); });
  }
  const Map empty;
  ExpectNoOtherBytes(*empty.ProveAbsent(7),
                     [&](const AbsenceProof& proof) { return Absent(empty, 7, proof); });
}

TEST(StateProof, RefusesStepsThatAreMissingAddedOrMovedToAnotherDepth) {
  const Map map = MapOf(Numbered(25));
  for (Key key = 0; key < 25; ++key) {
    const PresenceProof proof = *map.ProvePresent(key);
    const std::vector<StateStep> steps(proof.steps.begin(), proof.steps.end());
    for (std::size_t at = 0; at < steps.size(); ++at) {
      std::vector<StateStep> fewer = steps;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
      EXPECT_EQ(Present(map, key, 1000 + key, {*StateSteps::From(fewer)}),
                LedgerReason::kRootMismatch);
      std::vector<StateStep> twice = steps;
      twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(at), steps[at]);
      EXPECT_EQ(Present(map, key, 1000 + key, {*StateSteps::From(twice)}),
                BaseReason::kNotCanonical);
      for (unsigned bit = 0; bit < 256; ++bit) {
        if (bit == steps[at].bit) continue;
        std::vector<StateStep> moved = steps;
        moved[at].bit = static_cast<std::uint8_t>(bit);
        EXPECT_FALSE(Present(map, key, 1000 + key, {*StateSteps::From(moved)}).ok());
      }
    }
  }
}

TEST(StateProof, RefusesFormsThatNoMapHas) {
  const Map map = MapOf(Numbered(25));
  const StateStep high{3, Digest::FromNumber(1)};
  const StateStep low{9, Digest::FromNumber(2)};
  EXPECT_EQ(PresenceProof{StepsOf({low, high})}.Validate(), Reason());
  EXPECT_EQ(PresenceProof{StepsOf({high, low})}.Validate(), BaseReason::kNotCanonical);
  EXPECT_EQ(PresenceProof{StepsOf({low, low})}.Validate(), BaseReason::kNotCanonical);
  // Nothing is above nothing.
  EXPECT_EQ(Absent(map, 1, {std::nullopt, StepsOf({low})}), BaseReason::kNotCanonical);
  EXPECT_EQ(Absent(map, 1, {std::nullopt, {}}), LedgerReason::kRootMismatch);
  // A prefix ends before its branch's bit, which is behind those of the steps.
  OtherBranch branch{.bit = 9};
  branch.prefix.data()[1] = std::byte{0x80};
  EXPECT_EQ((AbsenceProof{branch, StepsOf({high})}.Validate()), Reason());
  EXPECT_EQ((AbsenceProof{branch, StepsOf({low})}.Validate()), BaseReason::kNotCanonical);
  branch.prefix.data()[1] = std::byte{0x40};
  EXPECT_EQ((AbsenceProof{branch, StepsOf({high})}.Validate()), BaseReason::kNotCanonical);
  const std::vector<std::byte> bytes = Encode(PresenceProof{StepsOf({high, low})});
  PresenceProof decoded;
  EXPECT_EQ(DecodeInto(ByteView(bytes), decoded).reason, BaseReason::kNotCanonical);
}

TEST(StateProof, AnswersInTheOrderOfTheReasons) {
  const Map map = MapOf(Numbered(25));
  const Key key = AbsentKey(map, true);
  AbsenceProof proof = *map.ProveAbsent(key);
  proof.steps[0].sibling = Digest();
  EXPECT_EQ(Absent(map, key, proof), LedgerReason::kRootMismatch);
  std::get<OtherLeaf>(*proof.end).path = test::ReferencePath(Sha256(), key);
  EXPECT_EQ(Absent(map, key, proof), LedgerReason::kNotAbsent);
  proof.steps[1] = proof.steps[0];
  EXPECT_EQ(Absent(map, key, proof), BaseReason::kNotCanonical);
}

TEST(StateProof, IsVerifiedWithoutAllocation) {
  const Map map = MapOf(Numbered(100));
  const PresenceProof present = *map.ProvePresent(3);
  const Key at_leaf = AbsentKey(map, true);
  const Key at_branch = AbsentKey(map, false);
  const AbsenceProof leaf = *map.ProveAbsent(at_leaf);
  const AbsenceProof branch = *map.ProveAbsent(at_branch);
  const test::AllocationCounter counter;
  const bool good = Present(map, 3, 1003, present).ok() && Absent(map, at_leaf, leaf).ok() &&
                    Absent(map, at_branch, branch).ok();
  const bool bad = Present(map, 4, 1004, present).ok() || Absent(map, 3, leaf).ok();
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(good);
  EXPECT_FALSE(bad);
}

// A hundred keys that were ground to have their first 64 bits in common.
TEST(StateProof, GrowsForGroundKeysAndByAtMostOneStepForAllOthers) {
  test::WatchedSha256::Watch watch;
  const test::WatchedSha256 hasher(&watch);
  Content content;
  for (Key key = 0; key < 2000; ++key) content[(key << 8) | 1] = key;
  const Map before = MapOf(content, hasher);
  watch.prefixes[std::byte{2}].assign(8, std::byte{0x5a});
  Map map = before;
  std::vector<Change> ground;
  for (Key key = 0; key < 100; ++key) ground.push_back({(key << 8) | 2, key});
  ASSERT_TRUE(map.Update(ground).ok());

  std::size_t grown = 0;
  for (const auto& [key, value] : content) {
    const std::size_t steps = map.ProvePresent(key)->steps.size();
    const std::size_t old_steps = before.ProvePresent(key)->steps.size();
    EXPECT_LE(steps, old_steps + 1);
    grown += steps > old_steps ? 1 : 0;
  }
  EXPECT_LT(grown, 20u);
  for (Key key = 0; key < 2000; ++key) {  // absent ones
    EXPECT_LE(map.ProveAbsent((key << 8) | 3)->steps.size(),
              before.ProveAbsent((key << 8) | 3)->steps.size() + 1);
  }
  for (const Change& change : ground) {
    const PresenceProof proof = *map.ProvePresent(change.key);
    EXPECT_GE(proof.steps[0].bit, 64u);
    EXPECT_LE(proof.steps.size(), 45u);
    EXPECT_EQ(VerifyPresent(hasher, map.Root(), change.key, *change.value, proof), Reason());
  }
}

// The deepest trie: of 257 paths each goes with the first for one bit more.
TEST(StateProof, HoldsForTheLongestWayThereIs) {
  test::WatchedSha256::Watch watch;
  const test::WatchedSha256 hasher(&watch);
  const auto path_of = [](std::size_t bit) {
    std::vector<std::byte> path(32);
    if (bit < 256) path[bit / 8] = static_cast<std::byte>(0x80u >> (bit % 8));
    return path;
  };
  // One key at a time: a key's first byte alone chooses its path, and there are 257 of them.
  Map map(0, hasher);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    watch.prefixes[std::byte{1}] = path_of(bit);
    ASSERT_TRUE(map.Update(std::vector<Change>{{(bit << 8) | 1, bit}}).ok());
  }
  watch.prefixes[std::byte{2}] = path_of(256);
  ASSERT_TRUE(map.Update(std::vector<Change>{{2, 77}}).ok());
  const PresenceProof proof = *map.ProvePresent(2);
  ASSERT_EQ(proof.steps.size(), 256u);
  EXPECT_EQ(VerifyPresent(hasher, map.Root(), Key{2}, Value{77}, proof), Reason());
  PresenceProof decoded;
  ASSERT_TRUE(DecodeInto(ByteView(Encode(proof)), decoded).ok());
  EXPECT_EQ(decoded, proof);
  ASSERT_TRUE(map.Update(std::vector<Change>{{2, std::nullopt}}).ok());
  const AbsenceProof absence = *map.ProveAbsent(2);
  EXPECT_EQ(absence.steps.size(), 255u);
  EXPECT_EQ(VerifyAbsent(hasher, map.Root(), Key{2}, absence), Reason());
}

TEST(StateProof, IsAsShortAsTheNumberOfKeysAllows) {
  const char* const text = std::getenv("SETTLE_NIGHTLY");
  const bool nightly = text != nullptr && std::string_view(text) == "1";
  const std::size_t bits = nightly ? 20 : 14;
  const std::size_t count = std::size_t{1} << bits;
  const Map map = MapOf(Numbered(count));
  std::size_t sum = 0;
  std::size_t most = 0;
  for (Key key = 0; key < count; ++key) {
    const std::size_t size = EncodedSize(*map.ProvePresent(key));
    sum += size;
    most = std::max(most, size);
  }
  EXPECT_LE(sum, 32 * (bits + 2) * count);
  EXPECT_LE(most, 32 * (bits + 8));
  RecordProperty("mean", static_cast<int>(sum / count));
  RecordProperty("most", static_cast<int>(most));
}

}  // namespace
}  // namespace settle
