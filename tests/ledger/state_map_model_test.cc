// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The state map beside std::map and a trie that is built anew each time, over random operations.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/ledger/state_map.h"
#include "settle/ledger/state_proof.h"
#include "tests/ledger/reference_trie.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using Key = std::uint64_t;
using Value = std::uint64_t;
using Change = StateChange<Key, Value>;
using Content = std::map<Key, Value>;
using Map = StateMap<Key, Value, test::WatchedSha256>;

bool IsNightly() {
  const char* const text = std::getenv("SETTLE_NIGHTLY");
  return text != nullptr && std::string_view(text) == "1";
}

class Model {
 public:
  Model(std::uint64_t keys, test::WatchedSha256 hasher)
      : keys_(keys), hasher_(hasher), map_(keys, hasher) {}

  void Step() {
    switch (random_.Below(12)) {
      case 0:
        return Begin();
      case 1:
        return Revert();
      case 2:
        return Release();
      case 3:
        return Thaw();
      case 4:
        return UpdateTwice();
      default:
        return Update();
    }
  }

  void Check() {
    const Digest root = test::ReferenceMapRoot(hasher_, content_);
    ASSERT_EQ(map_.Head(), (StateHead{version_, content_.size(), root}));
    const Key key = random_.Below(keys_);
    const auto held = content_.find(key);
    const Value* const found = map_.Find(key);
    ASSERT_EQ(found != nullptr, held != content_.end());
    if (found == nullptr) {
      const Result<AbsenceProof> proof = map_.ProveAbsent(key);
      ASSERT_TRUE(proof.ok());
      ASSERT_EQ(VerifyAbsent(hasher_, root, key, *proof), Reason());
      ASSERT_EQ(map_.ProvePresent(key).reason(), LedgerReason::kNoSuchKey);
    } else {
      ASSERT_EQ(*found, held->second);
      const Result<PresenceProof> proof = map_.ProvePresent(key);
      ASSERT_TRUE(proof.ok());
      ASSERT_EQ(VerifyPresent(hasher_, root, key, *found, *proof), Reason());
      ASSERT_EQ(map_.ProveAbsent(key).reason(), LedgerReason::kNotAbsent);
    }
  }

  // The order of the entries, all of them.
  void CheckEntries() {
    std::vector<StateEntry<Key, Value>> expected;
    for (const auto& [key, value] : content_) expected.push_back({key, value});
    ASSERT_EQ(map_.Freeze(), expected);
  }

 private:
  struct Kept {
    Mark mark;
    Content content;
    std::uint64_t version;
  };

  std::vector<Change> RandomChanges() {
    std::map<Key, std::optional<Value>> changes;
    const std::size_t count = random_.Below(random_.Chance(1, 8) ? 100 : 6);
    for (std::size_t i = 0; i < count; ++i) {
      // Few values, so that some changes change nothing.
      changes[random_.Below(keys_)] =
          random_.Chance(2, 5) ? std::nullopt : std::optional<Value>(random_.Below(3));
    }
    std::vector<Change> result;
    for (const auto& [key, value] : changes) result.push_back({key, value});
    random_.Shuffle(result);
    return result;
  }

  void Update() {
    const std::vector<Change> changes = RandomChanges();
    ASSERT_EQ(map_.Update(changes), Reason());
    ++version_;
    for (const Change& change : changes) {
      if (change.value) {
        content_[change.key] = *change.value;
      } else {
        content_.erase(change.key);
      }
    }
  }

  void UpdateTwice() {
    std::vector<Change> changes = RandomChanges();
    if (changes.empty()) return;
    changes.push_back({random_.Pick(changes).key, random_.Below(3)});
    random_.Shuffle(changes);
    ASSERT_EQ(map_.Update(changes), LedgerReason::kDuplicateKey);
  }

  void Begin() {
    const Result<Mark> mark = map_.Begin();
    ASSERT_EQ(mark.ok(), marks_.size() < kMaxMarks);
    if (mark.ok()) marks_.push_back({*mark, content_, version_});
  }

  void Revert() {
    if (marks_.empty()) return;
    const std::size_t at = random_.Below(marks_.size());
    ASSERT_EQ(map_.RevertTo(marks_[at].mark), Reason());
    content_ = marks_[at].content;
    version_ = marks_[at].version;
    marks_.resize(at);
  }

  void Release() {
    if (marks_.empty()) return;
    const std::size_t at = random_.Below(marks_.size());
    ASSERT_EQ(map_.Release(marks_[at].mark), Reason());
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void Thaw() {
    if (!random_.Chance(1, 4)) return;
    Map thawed(random_(), hasher_);
    ASSERT_EQ(thawed.Thaw(map_.Freeze(), map_.Head()), Reason());
    map_ = std::move(thawed);
    marks_.clear();
  }

  std::uint64_t keys_;
  test::WatchedSha256 hasher_;
  test::Random random_;
  Map map_;
  Content content_;
  std::uint64_t version_ = 0;
  std::vector<Kept> marks_;
};

void Compare(std::uint64_t keys, test::WatchedSha256 hasher, int steps) {
  Model model(keys, hasher);
  for (int step = 0; step < steps; ++step) {
    model.Step();
    model.Check();
    if (step % 16 == 0) model.CheckEntries();
    if (::testing::Test::HasFatalFailure()) FAIL() << "at step " << step << " of " << keys;
  }
}

TEST(StateMapModel, AgreesWithAMapThatIsHashedAnewEachTime) {
  const int steps = IsNightly() ? 20000 : 600;
  for (const std::uint64_t keys : {2u, 5u, 30u, 400u}) Compare(keys, test::WatchedSha256(), steps);
}

// Keys are chosen by whoever opens accounts: of these a fifth have the same 64 bits in front, and
// some of those the same 240.
TEST(StateMapModel, AgreesWithItForKeysThatWereGround) {
  test::WatchedSha256::Watch watch;
  for (int first = 0; first < 256; first += 5) {
    std::vector<std::byte>& prefix = watch.prefixes[static_cast<std::byte>(first)];
    prefix.assign(first % 3 == 0 ? 30 : 8, std::byte{0xa5});
  }
  for (const std::uint64_t keys : {40u, 200u}) {
    Compare(keys, test::WatchedSha256(&watch), IsNightly() ? 10000 : 400);
  }
}

}  // namespace
}  // namespace settle
