// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/validator_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/sha256.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "tests/quorum/committee.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::Committee;
using ::settle::test::Flipped;
using ::settle::test::Random;
using ::settle::test::TestKey;
using ::settle::test::ToyScheme;
using ::testing::HasSubstr;

using Set = ValidatorSet<ToyScheme>;
using Members = std::vector<Validator<ToyScheme>>;

constexpr std::uint64_t kMostWeight = (std::uint64_t{1} << 63) - 1;

Validator<ToyScheme> Member(std::uint64_t key, std::uint64_t weight) {
  return {ToyScheme::KeyBytes::FromNumber(key), Weight(weight)};
}

void ExpectRefused(const absl::StatusOr<Set>& set, QuorumReason reason, std::string_view text) {
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(ReasonOf(set.status()), Reason(reason)) << set.status();
  EXPECT_THAT(std::string(set.status().message()), HasSubstr(std::string(text)));
}

absl::StatusOr<Set> Create(const Members& members) {
  return Set::Create(FaultModel::kByzantine, members);
}

TEST(ValidatorSet, HasItsMembersInOneOrderWhateverOrderTheyAreGivenIn) {
  Random random;
  Members members = {Member(5, 1), Member(4, 9), Member(3, 9), Member(2, 3), Member(1, 1)};
  const Set first = *Create(members);
  const std::vector<std::uint64_t> expected = {3, 4, 2, 1, 5};
  for (std::uint16_t i = 0; i < 5; ++i) {
    const auto key = ToyScheme::KeyBytes::FromNumber(expected[i]);
    EXPECT_EQ(first.Find(SignerIndex(i))->key, key);
    EXPECT_EQ(first.FindKey(SignerIndex(i))->bytes(), key);
    EXPECT_EQ(first.IndexOf(key), SignerIndex(i));
  }
  for (int round = 0; round < 50; ++round) {
    random.Shuffle(members);
    const Set other = *Create(members);
    ASSERT_EQ(other.id(), first.id());
    ASSERT_EQ(other.Encode(), first.Encode());
    ASSERT_TRUE(other == first);
  }
}

TEST(ValidatorSet, KnowsItsThresholds) {
  const Set byzantine = *Create({Member(1, 50), Member(2, 30), Member(3, 20)});
  EXPECT_EQ(byzantine.total_weight(), Weight(100));
  EXPECT_EQ(byzantine.quorum().weight(), Weight(67));
  EXPECT_EQ(byzantine.blocking().weight(), Weight(34));
  EXPECT_EQ(byzantine.size(), 3);
  const Set crash_only = *Set::Create(FaultModel::kCrashOnly, byzantine.members());
  EXPECT_EQ(crash_only.quorum().weight(), Weight(51));
  EXPECT_EQ(crash_only.blocking().weight(), Weight(50));
}

TEST(ValidatorSet, RefusesToBeEmpty) {  // Q13
  ExpectRefused(Create({}), QuorumReason::kEmptySet, "0 members");
}

TEST(ValidatorSet, RefusesMoreMembersThanItsIndicesCount) {
  Members members;
  for (std::uint64_t i = 1; i <= kMaxMembers; ++i) members.push_back(Member(i, 1));
  const auto largest = Create(members);
  ASSERT_TRUE(largest.ok());
  EXPECT_EQ(largest->size(), 65535);
  EXPECT_NE(largest->Find(SignerIndex(std::uint16_t{65534})), nullptr);
  EXPECT_EQ(largest->Find(SignerIndex(std::uint16_t{65535})), nullptr);
  EXPECT_EQ(Set::Decode(largest->Encode())->id(), largest->id());
  members.push_back(Member(kMaxMembers + 1, 1));
  ExpectRefused(Create(members), QuorumReason::kTooManyMembers, "65536 members, at most 65535");
}

TEST(ValidatorSet, RefusesAnUnknownFaultModel) {
  for (const int number : {0, 3, 255}) {
    ExpectRefused(Set::Create(static_cast<FaultModel>(number), {Member(1, 1)}),
                  QuorumReason::kUnknownFaultModel, "fault model " + std::to_string(number));
  }
}

TEST(ValidatorSet, RefusesAMemberWithoutWeight) {  // Q18
  ExpectRefused(Create({Member(1, 1), Member(2, 0)}), QuorumReason::kZeroWeight,
                "member 1 has weight 0");
}

TEST(ValidatorSet, RefusesATotalAboveItsLimitAndTakesExactlyTheLimit) {  // Q15
  EXPECT_EQ(Create({Member(1, kMostWeight)})->total_weight(), kMaxTotalWeight);
  EXPECT_EQ(Create({Member(1, kMostWeight - 1), Member(2, 1)})->total_weight(), kMaxTotalWeight);
  ExpectRefused(Create({Member(1, kMostWeight + 1)}), QuorumReason::kWeightOverflow,
                "9223372036854775808");
  ExpectRefused(Create({Member(1, kMostWeight), Member(2, 1)}), QuorumReason::kWeightOverflow,
                "member 1 of weight 1 on top of 9223372036854775807, total at most "
                "9223372036854775807");
  // The sum wraps to 6 in 64 bits.
  ExpectRefused(Create({Member(1, ~std::uint64_t{0}), Member(2, 7)}), QuorumReason::kWeightOverflow,
                "18446744073709551615");
}

TEST(ValidatorSet, RefusesAKeyTwiceEvenWithOtherWeights) {  // Q18
  ExpectRefused(Create({Member(1, 5), Member(2, 4), Member(1, 3)}), QuorumReason::kDuplicateKey,
                "members 0 and 2 have one key, 00000000000000000000000000000001");
  ExpectRefused(Create({Member(1, 5), Member(1, 5)}), QuorumReason::kDuplicateKey, "members 0 and");
}

TEST(ValidatorSet, RefusesAKeyThatTheSchemeRefuses) {  // Q18
  ExpectRefused(Create({Member(7, 5), Member(0, 9)}), QuorumReason::kBadKey,
                "member 1 has a key that the scheme refuses, NotAPoint");
}

TEST(ValidatorSet, RefusesEd25519KeysUnderWhichAnybodySigns) {  // Q18
  const auto with = [](std::string_view hex) {
    const auto key = Ed25519::KeyBytes::From(*ParseHex(hex)).value();
    return ValidatorSet<>::Create(FaultModel::kByzantine,
                                  {{TestKey<Ed25519>(1).bytes(), Weight(2)}, {key, Weight(1)}});
  };
  const std::string zeros(56, '0');
  const auto identity = with("0100" + zeros + "0000");
  ASSERT_FALSE(identity.ok());
  EXPECT_EQ(ReasonOf(identity.status()), Reason(QuorumReason::kBadKey));
  EXPECT_THAT(std::string(identity.status().message()), HasSubstr("SmallOrderKey"));
  const auto not_canonical = with("eeff" + std::string(56, 'f') + "ff7f");
  ASSERT_FALSE(not_canonical.ok());
  EXPECT_THAT(std::string(not_canonical.status().message()), HasSubstr("NotCanonicalKey"));
  const auto no_point = with("0200" + zeros + "0000");
  ASSERT_FALSE(no_point.ok());
  EXPECT_THAT(std::string(no_point.status().message()), HasSubstr("NotAPoint"));
}

// Of several faults the one declared first is told.
TEST(ValidatorSet, TellsTheFirstOfItsReasons) {
  const Members every_fault = {Member(0, 0), Member(3, ~std::uint64_t{0}), Member(3, 1)};
  ExpectRefused(Set::Create(FaultModel{9}, every_fault), QuorumReason::kUnknownFaultModel, "9");
  ExpectRefused(Create(every_fault), QuorumReason::kZeroWeight, "member 0");
  ExpectRefused(Create({Member(0, 1), Member(3, ~std::uint64_t{0}), Member(3, 1)}),
                QuorumReason::kWeightOverflow, "member 1");
  ExpectRefused(Create({Member(0, 1), Member(3, 1), Member(3, 1)}), QuorumReason::kDuplicateKey,
                "members 1 and 2");
}

TEST(ValidatorSet, HasAnIdOverEveryPartOfIt) {  // Q24
  const Members members = {Member(1, 5), Member(2, 4), Member(3, 3), Member(4, 2)};
  std::set<ValidatorSetId> ids = {Create(members)->id(),
                                  Set::Create(FaultModel::kCrashOnly, members)->id()};
  for (std::size_t i = 0; i < members.size(); ++i) {
    Members other = members;
    other[i].weight = Weight(other[i].weight.value() + 10);
    ids.insert(Create(other)->id());
    other = members;
    other[i].key = ToyScheme::KeyBytes::FromNumber(100);
    ids.insert(Create(other)->id());
    other = members;
    other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
    ids.insert(Create(other)->id());
  }
  EXPECT_EQ(ids.size(), 2 + 3 * members.size());
  const Set set = *Create(members);
  EXPECT_EQ(set.id().bytes(), Sha256().Hash(set.Encode()).bytes());
}

TEST(ValidatorSet, DecodesToItself) {
  const Committee<Ed25519> committee({1, 2, 2, 3});
  const auto decoded = ValidatorSet<>::Decode(committee.set().Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == committee.set());
  EXPECT_EQ(decoded->Encode(), committee.set().Encode());
  EXPECT_EQ(decoded->quorum(), committee.set().quorum());
}

TEST(ValidatorSet, RefusesARecordInAnotherOrder) {
  const Set set = *Create({Member(1, 5), Member(2, 5), Member(3, 4)});
  const std::vector<std::byte> record = set.Encode();
  const std::size_t head = 4 + 2 + 1 + 4;
  const std::size_t size = 16 + 8;
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<std::byte> swapped = record;
    const auto at = swapped.begin() + static_cast<std::ptrdiff_t>(head + i * size);
    std::swap_ranges(at, at + size, at + size);
    ExpectRefused(Set::Decode(swapped), QuorumReason::kWrongOrder, "belongs before member");
  }
  // The same member twice in a row is in no wrong order.
  std::vector<std::byte> twice = record;
  std::copy_n(twice.begin() + head, size, twice.begin() + head + size);
  ExpectRefused(Set::Decode(twice), QuorumReason::kDuplicateKey, "members 0 and 1");
}

TEST(ValidatorSet, RefusesARecordThatIsNotExactlyOne) {
  std::vector<std::byte> record = Create({Member(1, 5), Member(2, 4)})->Encode();
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto cut = Set::Decode(ByteView(record).first(size));
    ASSERT_FALSE(cut.ok());
    ASSERT_EQ(ReasonOf(cut.status()), Reason(BaseReason::kTruncated)) << size;
  }
  record.push_back(std::byte{0});
  EXPECT_EQ(ReasonOf(Set::Decode(record).status()), Reason(BaseReason::kTrailingBytes));
}

TEST(ValidatorSet, WithAnyBitFlippedIsRefusedOrAnotherSet) {
  const Set set = *Create({Member(1, 5), Member(2, 4), Member(3, 4)});
  const std::vector<std::byte> record = set.Encode();
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    const auto other = Set::Decode(Flipped(record, bit));
    if (other.ok()) {
      ASSERT_NE(other->id(), set.id()) << bit;
    }
  }
}

// A record that claims many members and holds few asks for no memory for them.
TEST(ValidatorSet, DoesNotReserveForMembersThatTheRecordCannotHold) {
  std::vector<std::byte> record = Create({Member(1, 5)})->Encode();
  record[7] = std::byte{0xff};
  record[8] = std::byte{0xff};
  EXPECT_EQ(ReasonOf(Set::Decode(record).status()), Reason(BaseReason::kTruncated));
}

TEST(ValidatorSet, HasNoMemberForAnIndexBehindItsLast) {  // Q25
  const Set set = *Create({Member(1, 5), Member(2, 4)});
  for (const std::uint32_t index : {2u, 3u, 32767u, 32768u, 65534u, 65535u}) {
    EXPECT_EQ(set.Find(SignerIndex(static_cast<std::uint16_t>(index))), nullptr);
    EXPECT_EQ(set.FindKey(SignerIndex(static_cast<std::uint16_t>(index))), nullptr);
  }
  EXPECT_EQ(set.IndexOf(ToyScheme::KeyBytes::FromNumber(9)), std::nullopt);
}

TEST(ValidatorSet, IsAHandleThatIsNeverWithoutASet) {
  static_assert(!std::is_default_constructible_v<Set>);
  static_assert(sizeof(Set) == 2 * sizeof(void*));
  // Moving from it copies the handle, so that what was moved from still has a set.
  static_assert(std::is_nothrow_copy_constructible_v<Set>);
  Set set = *Create({Member(1, 5), Member(2, 4)});
  Set* const moved_from = &set;
  const Set moved = std::move(set);
  EXPECT_TRUE(*moved_from == moved);
  EXPECT_EQ(moved_from->size(), 2);
}

}  // namespace
}  // namespace settle
