// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/vote.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/kinds.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/types.h"
#include "tests/quorum/committee.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::AllocationCounter;
using ::settle::test::Committee;
using ::settle::test::Flipped;
using ::settle::test::Random;
using ::settle::test::StatementOf;
using ::settle::test::ToyScheme;

constexpr VoteKind kAllKinds[] = {VoteKind::kProposal, VoteKind::kCommit, VoteKind::kStatementRoot};

std::vector<std::byte> SignedBytes(const Domain& domain, const VoteStatement& statement) {
  const auto bytes = BytesToSign(domain, statement);
  return {bytes.view().begin(), bytes.view().end()};
}

TEST(VoteKind, IsASignedKindOfItsOwn) {
  std::set<Kind> kinds;
  for (const VoteKind kind : kAllKinds) {
    EXPECT_TRUE(IsKnownEnumerator(kind));
    EXPECT_TRUE(IsSignedKind(SignedKindOf(kind)));
    EXPECT_TRUE(IsKnownEnumerator(SignedKindOf(kind)));
    kinds.insert(SignedKindOf(kind));
  }
  EXPECT_EQ(kinds.size(), kVoteKinds);
}

TEST(VoteKind, OfAnUnknownNumberIsNoKind) {
  for (const int number : {0, 4, 16, 255}) {
    EXPECT_FALSE(IsKnownEnumerator(static_cast<VoteKind>(number)));
    EXPECT_FALSE(IsKnownEnumerator(SignedKindOf(static_cast<VoteKind>(number))));
  }
}

// What is signed differs as soon as anything differs that the vote or its domain says: network,
// group, epoch, set, kind, round, digest, parent round. Changed one bit at a time.
TEST(Vote, SignsEveryBitOfItsStatementAndDomain) {  // Q10, Q21
  Random random;
  const Domain domain = {.network = random.Fixed<NetworkId>(),
                         .group = GroupId(random.Any<std::uint32_t>()),
                         .epoch = Epoch(random.Any<std::uint64_t>()),
                         .set = random.Fixed<ValidatorSetId>()};
  const VoteStatement statement = {VoteKind::kCommit, Round(random.Any<std::uint64_t>()),
                                   random.Fixed<Digest>(), Round(random.Any<std::uint64_t>())};
  const std::vector<std::byte> signed_bytes = SignedBytes(domain, statement);
  EXPECT_EQ(signed_bytes.size(), 88u + 48u);
  std::set<std::string> all = {ToHex(signed_bytes)};
  std::size_t changes = 0;
  const std::vector<std::byte> domain_bytes = Encode(domain);
  for (std::size_t bit = 0; bit < 8 * domain_bytes.size(); ++bit, ++changes) {
    Domain other;
    ASSERT_TRUE(DecodeInto(Flipped(domain_bytes, bit), other).ok());
    all.insert(ToHex(SignedBytes(other, statement)));
  }
  const std::vector<std::byte> statement_bytes = Encode(statement);
  for (std::size_t bit = 8; bit < 8 * statement_bytes.size(); ++bit, ++changes) {
    VoteStatement other;
    ASSERT_TRUE(DecodeInto(Flipped(statement_bytes, bit), other).ok());
    all.insert(ToHex(SignedBytes(domain, other)));
  }
  for (const VoteKind kind : {VoteKind::kProposal, VoteKind::kStatementRoot}) {
    VoteStatement other = statement;
    other.kind = kind;
    all.insert(ToHex(SignedBytes(domain, other)));
    ++changes;
  }
  EXPECT_EQ(all.size(), 1 + changes);
}

// Two kinds differ in the kind's own bytes, whatever the rest says.
TEST(Vote, OfTwoKindsNeverSharesBytes) {  // Q21
  for (const VoteKind a : kAllKinds) {
    for (const VoteKind b : kAllKinds) {
      if (a == b) continue;
      const auto bytes_a = SignedBytes(Domain(), StatementOf(1, 7, a));
      const auto bytes_b = SignedBytes(Domain(), StatementOf(1, 7, b));
      EXPECT_FALSE(std::equal(bytes_a.begin() + 8, bytes_a.begin() + 12, bytes_b.begin() + 8));
    }
  }
}

TEST(Vote, HasADigestOfWhatIsSigned) {
  const Domain domain = test::DomainOn(ValidatorSetId::FromNumber(4));
  EXPECT_EQ(StatementDigest(Sha256(), domain, StatementOf(5)),
            Sha256().Hash(SignedBytes(domain, StatementOf(5))));
}

TEST(Vote, IsSignedWithoutAllocation) {
  const Domain domain = test::DomainOn(ValidatorSetId::FromNumber(4));
  const VoteStatement statement = StatementOf(5);
  const AllocationCounter counter;
  const Digest digest = StatementDigest(Sha256(), domain, statement);
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_FALSE(digest.IsZero());
}

TEST(Vote, DecodesToItself) {
  const Committee<Ed25519> committee({1, 1, 1, 1});
  for (const VoteKind kind : kAllKinds) {
    const Vote<> vote = committee.VoteOf(2, StatementOf(5, 9, kind));
    const std::vector<std::byte> record = EncodeRecord(vote);
    EXPECT_EQ(record.size(), 6u + 49u + 2u + 64u);
    const auto decoded = DecodeRecord<Vote<>>(record);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, vote);
    for (std::size_t size = 0; size < record.size(); ++size) {
      ASSERT_FALSE(DecodeRecord<Vote<>>(ByteView(record).first(size)).ok()) << size;
    }
    for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
      const auto other = DecodeRecord<Vote<>>(Flipped(record, bit));
      if (other.ok()) {
        ASSERT_FALSE(*other == vote) << bit;
      }
    }
  }
}

TEST(Vote, RefusesToDecodeAnUnknownKind) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  std::vector<std::byte> record = EncodeRecord(committee.VoteOf(2, StatementOf(5)));
  for (const int number : {0, 4, 255}) {
    record[6] = static_cast<std::byte>(number);
    EXPECT_EQ(ReasonOf(DecodeRecord<Vote<ToyScheme>>(record).status()),
              Reason(BaseReason::kUnknownEnumerator));
  }
}

TEST(Vote, SaysTheSameAsAnotherSignersVote) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  const auto vote = committee.VoteOf(0, StatementOf(5));
  EXPECT_TRUE(SameStatement(vote, committee.VoteOf(1, StatementOf(5))));
  EXPECT_FALSE(vote == committee.VoteOf(1, StatementOf(5)));
  EXPECT_FALSE(SameStatement(vote, committee.VoteOf(0, StatementOf(6))));
  VoteStatement other_parent = StatementOf(5);
  other_parent.parent_round = Round(1);
  EXPECT_FALSE(SameStatement(vote, committee.VoteOf(0, other_parent)));
}

}  // namespace
}  // namespace settle
