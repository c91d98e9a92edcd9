// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A collector as bytes and back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "settle/quorum/vote.h"
#include "settle/quorum/vote_collector.h"
#include "tests/quorum/committee.h"

namespace settle {
namespace {

using ::settle::test::Committee;
using ::settle::test::Flipped;
using ::settle::test::StatementOf;
using ::settle::test::ToyScheme;

using Collector = VoteCollector<ToyScheme, 2>;

// Where the parts of an encoding stand, and how large they are.
constexpr std::size_t kDomainSize = 32 + 4 + 8 + 32;
constexpr std::size_t kLowestAt = kDomainSize;
constexpr std::size_t kBoxesAt = kLowestAt + 8;
constexpr std::size_t kEmptyBox = 4 + 4;
constexpr std::size_t kKeptSize = 32 + 8 + 40;

class VoteCollectorRecover : public ::testing::Test {
 protected:
  VoteCollectorRecover()
      : collector_(*Collector::Create(committee_.set(), committee_.domain(), Round(8))) {
    for (const std::size_t signer : {0u, 2u, 3u}) {
      EXPECT_TRUE(collector_.Add(committee_.VoteOf(signer, StatementOf(signer, 8))).ok());
    }
    for (const std::size_t signer : {3u, 0u}) {
      EXPECT_TRUE(collector_.Add(committee_.VoteOf(signer, StatementOf(50, 8))).ok());
    }
    for (const std::size_t signer : {0u, 3u}) {
      EXPECT_TRUE(collector_.Add(committee_.VoteOf(signer, StatementOf(9, 9))).ok());
    }
  }

  Reason RecoverReason(const std::vector<std::byte>& bytes) const {
    return ReasonOf(Collector::Recover(committee_.set(), committee_.domain(), bytes).status());
  }
  Reason RecoverReason(const Domain& domain) const {
    return ReasonOf(Collector::Recover(committee_.set(), domain, Encode(collector_)).status());
  }

  const Committee<ToyScheme> committee_{{4, 3, 2, 1}};  // quorum 7
  Collector collector_;
};

TEST_F(VoteCollectorRecover, GivesTheSameCollectorWithItsWeights) {
  const std::vector<std::byte> bytes = Encode(collector_);
  auto recovered = Collector::Recover(committee_.set(), committee_.domain(), bytes);
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_TRUE(*recovered == collector_);
  EXPECT_EQ(FingerprintOf(*recovered), FingerprintOf(collector_));
  EXPECT_EQ(recovered->lowest(), Round(8));
  EXPECT_EQ(recovered->WeightOf(StatementOf(9, 9)), Weight(5));
  EXPECT_EQ(recovered->WeightOf(StatementOf(50, 8)), Weight(0));
  EXPECT_TRUE(recovered->ConflictOf(SignerIndex(std::uint16_t{3}), Round(8), VoteKind::kCommit)
                  .has_value());
  EXPECT_EQ(*recovered->Add(committee_.VoteOf(2, StatementOf(9, 9))), VoteOutcome::kCertified);
  EXPECT_EQ(*collector_.Add(committee_.VoteOf(2, StatementOf(9, 9))), VoteOutcome::kCertified);
  EXPECT_TRUE(*recovered == collector_);
}

TEST_F(VoteCollectorRecover, NamesThePartOfTheDomainThatIsAnother) {
  Domain domain = committee_.domain();
  domain.network = NetworkId::FromNumber(9);
  EXPECT_EQ(RecoverReason(domain), Reason(QuorumReason::kWrongNetwork));
  domain = committee_.domain();
  domain.group = GroupId(9);
  EXPECT_EQ(RecoverReason(domain), Reason(QuorumReason::kWrongGroup));
  domain = committee_.domain();
  domain.epoch = Epoch(9);
  EXPECT_EQ(RecoverReason(domain), Reason(QuorumReason::kWrongEpoch));
  const Committee<ToyScheme> other({1, 1, 1, 2});
  EXPECT_EQ(ReasonOf(Collector::Recover(other.set(), other.domain(), Encode(collector_)).status()),
            Reason(QuorumReason::kWrongSet));
}

TEST_F(VoteCollectorRecover, RefusesEveryOtherLength) {
  std::vector<std::byte> bytes = Encode(collector_);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_FALSE(RecoverReason(cut).ok()) << size;
  }
  bytes.push_back(std::byte{0});
  EXPECT_EQ(RecoverReason(bytes), Reason(BaseReason::kTrailingBytes));
}

// Whatever decodes encodes to the bytes it came from: there is one encoding of each value.
TEST_F(VoteCollectorRecover, WithAnyBitFlippedIsRefusedOrAnotherValue) {
  const std::vector<std::byte> bytes = Encode(collector_);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const std::vector<std::byte> flipped = Flipped(bytes, bit);
    const auto other = Collector::Recover(committee_.set(), committee_.domain(), flipped);
    if (other.ok()) {
      ASSERT_EQ(Encode(*other), flipped) << bit;
      ASSERT_FALSE(*other == collector_) << bit;
    }
  }
}

// Encodings of an empty collector in which one box is replaced.
class VoteCollectorBox : public VoteCollectorRecover {
 protected:
  std::vector<std::byte> WithBox(std::size_t room, const std::vector<std::byte>& box,
                                 Round lowest = Round(8)) const {
    std::vector<std::byte> bytes =
        Encode(*Collector::Create(committee_.set(), committee_.domain(), lowest));
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(kBoxesAt + room * kEmptyBox);
    bytes.erase(at, at + kEmptyBox);
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(kBoxesAt + room * kEmptyBox),
                 box.begin(), box.end());
    return bytes;
  }
  // `voted` is a place for each letter, with a vote for digest 1 where it is not '.'.
  static std::vector<std::byte> Box(const std::string& voted,
                                    const std::vector<std::uint16_t>& conflicts,
                                    std::uint8_t conflict_digest = 2) {
    std::vector<std::byte> box;
    AppendEncoding(box, static_cast<std::uint32_t>(voted.size()));
    for (const char letter : voted) {
      box.push_back(static_cast<std::byte>(letter == '.' ? 0 : 1));
      if (letter != '.') AppendKept(box, 1);
    }
    AppendEncoding(box, static_cast<std::uint32_t>(conflicts.size()));
    for (const std::uint16_t signer : conflicts) {
      AppendEncoding(box, signer);
      AppendKept(box, conflict_digest);
    }
    return box;
  }

 private:
  static void AppendKept(std::vector<std::byte>& box, std::uint8_t digest) {
    box.push_back(std::byte{digest});
    box.resize(box.size() + kKeptSize - 1);
  }
};

TEST_F(VoteCollectorBox, IsTakenInItsOneForm) {
  EXPECT_TRUE(RecoverReason(WithBox(0, Box("", {}))).ok());
  EXPECT_TRUE(RecoverReason(WithBox(0, Box("v...", {}))).ok());
  EXPECT_TRUE(RecoverReason(WithBox(5, Box("v.vv", {0, 2, 3}))).ok());
}

TEST_F(VoteCollectorBox, HasAPlaceForEachMember) {
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v..", {}))), Reason(QuorumReason::kWrongSignerBits));
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v....", {}))), Reason(QuorumReason::kWrongSignerBits));
}

TEST_F(VoteCollectorBox, HasNoPlacesWithoutAVote) {
  EXPECT_EQ(RecoverReason(WithBox(0, Box("....", {}))), Reason(BaseReason::kNotCanonical));
}

TEST_F(VoteCollectorBox, HasConflictsOfThoseWhoVotedOtherwiseInOrder) {
  EXPECT_EQ(RecoverReason(WithBox(0, Box("", {0}))), Reason(QuorumReason::kUnknownSigner));
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v...", {1}))), Reason(QuorumReason::kUnknownSigner));
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v...", {4}))), Reason(QuorumReason::kUnknownSigner));
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v...", {65535}))), Reason(QuorumReason::kUnknownSigner));
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v.vv", {2, 0}))), Reason(BaseReason::kNotCanonical));
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v.vv", {2, 2}))), Reason(BaseReason::kNotCanonical));
  EXPECT_EQ(RecoverReason(WithBox(0, Box("v...", {0}, 1))), Reason(BaseReason::kNotCanonical));
}

TEST_F(VoteCollectorBox, BelongsToARoundThatExists) {
  // Rounds 2^64 - 1 (odd, rooms 3 to 5) and then none.
  const Round last(~std::uint64_t{0});
  EXPECT_TRUE(RecoverReason(WithBox(4, Box("v...", {}), last)).ok());
  EXPECT_EQ(RecoverReason(WithBox(1, Box("v...", {}), last)),
            Reason(QuorumReason::kRoundOutsideWindow));
}

}  // namespace
}  // namespace settle
