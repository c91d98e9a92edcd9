// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/vote_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"
#include "tests/quorum/committee.h"
#include "tests/support/allocations.h"
#include "tests/support/fields.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::AllocationCounter;
using ::settle::test::Committee;
using ::settle::test::Random;
using ::settle::test::StatementOf;
using ::settle::test::ToyScheme;
using ::testing::HasSubstr;

using Collector = VoteCollector<ToyScheme, 4>;
using ToyVote = Vote<ToyScheme>;

constexpr Round kLowest{7};
constexpr std::uint64_t kLastRound = ~std::uint64_t{0};

SignerIndex Signer(std::size_t index) { return SignerIndex(static_cast<std::uint16_t>(index)); }

Collector MakeCollector(const Committee<ToyScheme>& committee, Round lowest = kLowest) {
  return *Collector::Create(committee.set(), committee.domain(), lowest);
}

// The vote is refused for this reason and leaves no trace.
void ExpectRefused(Collector& collector, const ToyVote& vote, QuorumReason reason) {
  const Fingerprint before = FingerprintOf(collector);
  const Result<VoteOutcome> outcome = collector.Add(vote);
  EXPECT_EQ(outcome.reason(), Reason(reason));
  EXPECT_EQ(FingerprintOf(collector), before);
}

// Another signature of the same signer under the same statement.
ToyVote WithOtherSignature(const Committee<ToyScheme>& committee, const ToyVote& vote) {
  ToyVote other = vote;
  other.signature =
      committee.key(vote.signer.value()).Sign(BytesToSign(committee.domain(), vote.statement), 99);
  return other;
}

TEST(VoteCollector, CertifiesOnceWhenTheQuorumIsReachedAndThenExtends) {  // Q33
  const Committee<Ed25519> committee({1, 1, 1, 1, 1, 1});                 // quorum 5
  auto collector = *VoteCollector<>::Create(committee.set(), committee.domain(), kLowest);
  const VoteStatement statement = StatementOf(1);
  const VoteOutcome expected[] = {VoteOutcome::kCounted,   VoteOutcome::kCounted,
                                  VoteOutcome::kCounted,   VoteOutcome::kCounted,
                                  VoteOutcome::kCertified, VoteOutcome::kExtended};
  const std::size_t order[] = {3, 0, 5, 1, 4, 2};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(*collector.Add(committee.VoteOf(order[i], statement)), expected[i]);
    EXPECT_EQ(collector.WeightOf(statement), Weight(i + 1));
    const auto certificate =
        collector.CertificateFor(statement.round, statement.kind, statement.digest);
    ASSERT_EQ(certificate.ok(), i >= 4);
    if (!certificate.ok()) {
      EXPECT_EQ(ReasonOf(certificate.status()), Reason(QuorumReason::kTooLittleWeight));
      EXPECT_THAT(std::string(certificate.status().message()),
                  HasSubstr(std::to_string(i + 1) + ", quorum 5"));
      continue;
    }
    std::vector<std::size_t> signers(order, order + i + 1);
    std::sort(signers.begin(), signers.end());
    EXPECT_EQ(*certificate, committee.Certify(statement, signers));
    EXPECT_TRUE(VerifyAll(committee.set(), committee.domain(), *certificate).ok());
  }
}

TEST(VoteCollector, CountsWeightAndNotHeads) {
  const Committee<ToyScheme> committee({67, 11, 11, 11});
  Collector collector = MakeCollector(committee);
  for (const std::size_t signer : {1u, 2u, 3u}) {
    EXPECT_EQ(*collector.Add(committee.VoteOf(signer, StatementOf(1))), VoteOutcome::kCounted);
  }
  EXPECT_EQ(*collector.Add(committee.VoteOf(0, StatementOf(1))), VoteOutcome::kCertified);
  EXPECT_EQ(*collector.Add(committee.VoteOf(0, StatementOf(2, 8))), VoteOutcome::kCertified);
}

TEST(VoteCollector, HasTheSameValueWhateverTheOrderOfVotes) {
  const Committee<ToyScheme> committee({3, 2, 2, 1, 1, 1});
  std::vector<ToyVote> votes;
  for (std::size_t signer = 0; signer < 6; ++signer) {
    votes.push_back(committee.VoteOf(signer, StatementOf(signer % 3, 7)));
    votes.push_back(committee.VoteOf(signer, StatementOf(5, 8, VoteKind::kProposal)));
  }
  Random random;
  Collector first = MakeCollector(committee);
  for (const ToyVote& vote : votes) ASSERT_TRUE(first.Add(vote).ok());
  for (int round = 0; round < 20; ++round) {
    random.Shuffle(votes);
    Collector other = MakeCollector(committee);
    for (const ToyVote& vote : votes) ASSERT_TRUE(other.Add(vote).ok());
    ASSERT_TRUE(other == first);
    ASSERT_EQ(FingerprintOf(other), FingerprintOf(first));
  }
}

TEST(VoteCollector, TakesACopyOfACountedVoteAsADuplicateWithoutVerifyingIt) {  // Q31
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  const ToyVote vote = committee.VoteOf(0, StatementOf(1));
  ASSERT_EQ(*collector.Add(vote), VoteOutcome::kCounted);
  const Fingerprint before = FingerprintOf(collector);
  ToyScheme::verifications = 0;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*collector.Add(vote), VoteOutcome::kDuplicate);
  EXPECT_EQ(ToyScheme::verifications, 0u);
  EXPECT_EQ(FingerprintOf(collector), before);
  EXPECT_EQ(collector.WeightOf(StatementOf(1)), Weight(1));
}

TEST(VoteCollector, TakesAnotherSignatureOfTheSameVoteAsADuplicate) {  // Q1, Q31
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  const ToyVote vote = committee.VoteOf(0, StatementOf(1));
  ASSERT_EQ(*collector.Add(vote), VoteOutcome::kCounted);
  const Fingerprint before = FingerprintOf(collector);
  EXPECT_EQ(*collector.Add(WithOtherSignature(committee, vote)), VoteOutcome::kDuplicate);
  EXPECT_EQ(FingerprintOf(collector), before);
  EXPECT_EQ(collector.WeightOf(StatementOf(1)), Weight(1));
  EXPECT_FALSE(collector.ConflictOf(Signer(0), Round(7), VoteKind::kCommit).has_value());
}

TEST(VoteCollector, KeepsOneConflictingVoteAndCountsOnlyTheFirst) {  // Q34
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  const ToyVote first = committee.VoteOf(2, StatementOf(1));
  const ToyVote second = committee.VoteOf(2, StatementOf(2));
  const ToyVote third = committee.VoteOf(2, StatementOf(3));
  EXPECT_EQ(*collector.Add(first), VoteOutcome::kCounted);
  EXPECT_EQ(*collector.Add(second), VoteOutcome::kConflict);
  EXPECT_EQ(collector.WeightOf(StatementOf(1)), Weight(1));
  EXPECT_EQ(collector.WeightOf(StatementOf(2)), Weight(0));
  const auto pair = collector.ConflictOf(Signer(2), Round(7), VoteKind::kCommit);
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(pair->counted, first);
  EXPECT_EQ(pair->conflicting, second);
  // Nothing new: neither a third statement nor the second once more.
  ToyScheme::verifications = 0;
  ExpectRefused(collector, third, QuorumReason::kConflictingVote);
  ExpectRefused(collector, second, QuorumReason::kConflictingVote);
  EXPECT_EQ(ToyScheme::verifications, 0u);
  EXPECT_EQ(*collector.Add(first), VoteOutcome::kDuplicate);
  // The liar's first vote still counts for what it said.
  EXPECT_EQ(*collector.Add(committee.VoteOf(0, StatementOf(1))), VoteOutcome::kCounted);
  EXPECT_EQ(*collector.Add(committee.VoteOf(1, StatementOf(1))), VoteOutcome::kCertified);
  const auto certificate =
      collector.CertificateFor(Round(7), VoteKind::kCommit, Digest::FromNumber(1));
  ASSERT_TRUE(certificate.ok());
  EXPECT_TRUE(VerifyAll(committee.set(), committee.domain(), *certificate).ok());
}

TEST(VoteCollector, TellsStatementsApartThatDifferOnlyInTheParentRound) {  // Q44
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  VoteStatement other = StatementOf(1);
  other.parent_round = Round(2);
  EXPECT_EQ(*collector.Add(committee.VoteOf(0, other)), VoteOutcome::kCounted);
  EXPECT_EQ(*collector.Add(committee.VoteOf(0, StatementOf(1))), VoteOutcome::kConflict);
  for (const std::size_t signer : {1u, 2u}) {
    EXPECT_EQ(*collector.Add(committee.VoteOf(signer, StatementOf(1))), VoteOutcome::kCounted);
  }
  EXPECT_EQ(*collector.Add(committee.VoteOf(3, StatementOf(1))), VoteOutcome::kCertified);
  const auto certificate =
      collector.CertificateFor(Round(7), VoteKind::kCommit, Digest::FromNumber(1));
  ASSERT_TRUE(certificate.ok());
  EXPECT_EQ(certificate->statement, StatementOf(1));
  EXPECT_FALSE(certificate->signers.Contains(Signer(0)));
}

TEST(VoteCollector, KeepsRoundsAndKindsApart) {  // Q21, Q35, Q44
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  for (const VoteKind kind : {VoteKind::kProposal, VoteKind::kCommit, VoteKind::kStatementRoot}) {
    for (std::uint64_t round = 7; round < 11; ++round) {
      const auto digest = Digest::FromNumber(round * 10 + static_cast<std::uint64_t>(kind));
      const VoteStatement statement = {kind, Round(round), digest, Round(1)};
      EXPECT_EQ(*collector.Add(committee.VoteOf(0, statement)), VoteOutcome::kCounted);
      EXPECT_EQ(*collector.Add(committee.VoteOf(1, statement)), VoteOutcome::kCounted);
      EXPECT_EQ(*collector.Add(committee.VoteOf(2, statement)), VoteOutcome::kCertified);
      EXPECT_FALSE(collector.ConflictOf(Signer(0), Round(round), kind).has_value());
    }
  }
  const auto proposal =
      collector.CertificateFor(Round(7), VoteKind::kProposal, Digest::FromNumber(71));
  ASSERT_TRUE(proposal.ok());
  EXPECT_EQ(proposal->statement.kind, VoteKind::kProposal);
  EXPECT_FALSE(collector.CertificateFor(Round(7), VoteKind::kCommit, Digest::FromNumber(71)).ok());
}

TEST(VoteCollector, RefusesAForgedVoteWithoutAllocationAndTakesTheRealOneAfter) {  // Q27, Q32
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  const ToyVote real = committee.VoteOf(1, StatementOf(1));
  ToyVote forged = committee.VoteOf(1, StatementOf(2));
  forged.signature = committee.VoteOf(3, StatementOf(2)).signature;  // signer 3 signs as 1
  const AllocationCounter counter;
  const Result<VoteOutcome> refused = collector.Add(forged);
  const std::size_t calls = counter.calls();
  EXPECT_EQ(refused.reason(), Reason(QuorumReason::kBadSignature));
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(collector == MakeCollector(committee));
  EXPECT_EQ(*collector.Add(real), VoteOutcome::kCounted);
  // Nor does a forged vote displace, withdraw or contradict the real one, or copy it.
  ExpectRefused(collector, forged, QuorumReason::kBadSignature);
  ToyVote garbled = real;
  garbled.signature.data()[30] ^= std::byte{1};
  ExpectRefused(collector, garbled, QuorumReason::kBadSignature);
  EXPECT_EQ(collector.WeightOf(StatementOf(1)), Weight(1));
  EXPECT_FALSE(collector.ConflictOf(Signer(1), Round(7), VoteKind::kCommit).has_value());
}

TEST(VoteCollector, RefusesVotesThatWereSignedForSomethingElse) {  // Q2, Q20, Q21
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  Domain domain = committee.domain();
  domain.network = NetworkId::FromNumber(9);
  ExpectRefused(collector, committee.VoteIn(domain, 0, StatementOf(1)),
                QuorumReason::kBadSignature);
  domain = committee.domain();
  domain.group = GroupId(9);
  ExpectRefused(collector, committee.VoteIn(domain, 0, StatementOf(1)),
                QuorumReason::kBadSignature);
  domain = committee.domain();
  domain.epoch = Epoch(4);
  ExpectRefused(collector, committee.VoteIn(domain, 0, StatementOf(1)),
                QuorumReason::kBadSignature);
  domain = committee.domain();
  domain.set = ValidatorSetId::FromNumber(9);
  ExpectRefused(collector, committee.VoteIn(domain, 0, StatementOf(1)),
                QuorumReason::kBadSignature);
  for (const VoteKind other : {VoteKind::kProposal, VoteKind::kStatementRoot}) {
    ToyVote vote = committee.VoteOf(0, StatementOf(1));
    vote.statement.kind = other;
    ExpectRefused(collector, vote, QuorumReason::kBadSignature);
  }
  ToyVote vote = committee.VoteOf(0, StatementOf(1));
  vote.signer = Signer(1);
  ExpectRefused(collector, vote, QuorumReason::kBadSignature);
}

TEST(VoteCollector, RefusesSignersThatNoMemberIs) {  // Q25
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  ASSERT_TRUE(collector.Add(committee.VoteOf(3, StatementOf(1))).ok());
  for (const std::size_t index : {4u, 5u, 32767u, 32768u, 65534u, 65535u}) {
    ToyVote vote = committee.VoteOf(0, StatementOf(1));
    vote.signer = Signer(index);
    ExpectRefused(collector, vote, QuorumReason::kUnknownSigner);
    EXPECT_FALSE(collector.ConflictOf(vote.signer, Round(7), VoteKind::kCommit).has_value());
  }
}

TEST(VoteCollector, RefusesRoundsOutsideItsWindow) {  // Q27, Q36
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  for (const std::uint64_t round : {std::uint64_t{1}, std::uint64_t{6}, std::uint64_t{11},
                                    std::uint64_t{1} << 63, kLastRound - 3, kLastRound}) {
    ExpectRefused(collector, committee.VoteOf(0, StatementOf(1, round)),
                  QuorumReason::kRoundOutsideWindow);
    EXPECT_EQ(collector.WeightOf(StatementOf(1, round)), Weight(0));
    EXPECT_EQ(
        ReasonOf(collector.CertificateFor(Round(round), VoteKind::kCommit, Digest::FromNumber(1))
                     .status()),
        Reason(QuorumReason::kRoundOutsideWindow));
  }
  EXPECT_TRUE(collector.Add(committee.VoteOf(0, StatementOf(1, 7))).ok());
  EXPECT_TRUE(collector.Add(committee.VoteOf(0, StatementOf(1, 10))).ok());
}

TEST(VoteCollector, RefusesUnknownKinds) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  for (const int number : {0, 4, 255}) {
    const auto kind = static_cast<VoteKind>(number);
    ExpectRefused(collector, committee.VoteOf(0, StatementOf(1, 7, kind)),
                  QuorumReason::kUnknownKind);
    EXPECT_EQ(ReasonOf(collector.CertificateFor(Round(7), kind, Digest()).status()),
              Reason(QuorumReason::kUnknownKind));
    EXPECT_EQ(collector.WeightOf(StatementOf(1, 7, kind)), Weight(0));
    EXPECT_FALSE(collector.ConflictOf(Signer(0), Round(7), kind).has_value());
  }
}

TEST(VoteCollector, RefusesADomainOfAnotherSet) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Domain domain = committee.domain();
  domain.set = ValidatorSetId::FromNumber(9);
  EXPECT_EQ(ReasonOf(Collector::Create(committee.set(), domain, kLowest).status()),
            Reason(QuorumReason::kWrongSet));
}

TEST(VoteCollector, ForgetsRoundsThatCloseAndIsThenAsNew) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  for (std::uint64_t round = 7; round < 11; ++round) {
    ASSERT_TRUE(collector.Add(committee.VoteOf(0, StatementOf(1, round))).ok());
    ASSERT_TRUE(collector.Add(committee.VoteOf(0, StatementOf(2, round))).ok());
  }
  EXPECT_EQ(collector.AdvanceTo(Round(6)), Reason(QuorumReason::kRoundOutsideWindow));
  ASSERT_TRUE(collector.AdvanceTo(Round(7)).ok());
  ASSERT_TRUE(collector.AdvanceTo(Round(9)).ok());
  ExpectRefused(collector, committee.VoteOf(0, StatementOf(1, 8)),
                QuorumReason::kRoundOutsideWindow);
  Collector expected = MakeCollector(committee, Round(9));
  for (const std::uint64_t round : {9u, 10u}) {
    ASSERT_TRUE(expected.Add(committee.VoteOf(0, StatementOf(1, round))).ok());
    ASSERT_TRUE(expected.Add(committee.VoteOf(0, StatementOf(2, round))).ok());
  }
  EXPECT_TRUE(collector == expected);
  EXPECT_EQ(*collector.Add(committee.VoteOf(0, StatementOf(3, 12))), VoteOutcome::kCounted);
  ASSERT_TRUE(collector.AdvanceTo(Round(kLastRound - 1)).ok());
  EXPECT_TRUE(collector == MakeCollector(committee, Round(kLastRound - 1)));
}

TEST(VoteCollector, CollectsUpToTheLastRound) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee, Round(kLastRound - 1));
  for (const std::uint64_t round : {kLastRound - 1, kLastRound}) {
    for (const std::size_t signer : {0u, 1u, 2u}) {
      EXPECT_TRUE(collector.Add(committee.VoteOf(signer, StatementOf(1, round))).ok());
    }
    EXPECT_EQ(collector.WeightOf(StatementOf(1, round)), Weight(3));
  }
  // The rounds that would follow, 0 and 1, are not in the window.
  ExpectRefused(collector, committee.VoteOf(0, StatementOf(1, 1)),
                QuorumReason::kRoundOutsideWindow);
  ASSERT_TRUE(collector.AdvanceTo(Round(kLastRound)).ok());
  EXPECT_EQ(collector.WeightOf(StatementOf(1, kLastRound - 1)), Weight(0));
  EXPECT_EQ(collector.WeightOf(StatementOf(1, kLastRound)), Weight(3));
}

// Every order of seven votes, among them a lie, a copy and a forgery: what must hold in each.
TEST(VoteCollector, HoldsItsPromisesInEveryOrderOfAFewVotes) {  // Q31, Q32, Q33
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  std::vector<ToyVote> votes = {
      committee.VoteOf(0, StatementOf(1)), committee.VoteOf(1, StatementOf(1)),
      committee.VoteOf(2, StatementOf(1)), committee.VoteOf(3, StatementOf(1)),
      committee.VoteOf(3, StatementOf(2)), committee.VoteOf(0, StatementOf(1)),
      committee.VoteOf(1, StatementOf(2))};
  votes[6].signature.data()[9] ^= std::byte{1};
  std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5, 6};
  std::size_t orders = 0;
  do {
    Collector collector = MakeCollector(committee);
    int certified = 0;
    int duplicates = 0;
    int conflicts = 0;
    for (const std::size_t i : order) {
      const Result<VoteOutcome> outcome = collector.Add(votes[i]);
      ASSERT_EQ(outcome.ok(), i != 6);
      if (!outcome.ok()) continue;
      certified += *outcome == VoteOutcome::kCertified ? 1 : 0;
      duplicates += *outcome == VoteOutcome::kDuplicate ? 1 : 0;
      conflicts += *outcome == VoteOutcome::kConflict ? 1 : 0;
    }
    ASSERT_EQ(certified, 1);
    ASSERT_EQ(duplicates, 1);
    ASSERT_EQ(conflicts, 1);
    ASSERT_GE(collector.WeightOf(StatementOf(1)), Weight(3));
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(orders, 5040u);
}

TEST(VoteCollector, AddsWithoutAllocationOnceItsRoomsHaveBeenUsed) {
  const Committee<Ed25519> committee({1, 1, 1, 1, 1, 1, 1});
  auto collector =
      *VoteCollector<Ed25519, 2>::Create(committee.set(), committee.domain(), Round(1));
  for (std::uint64_t round = 1; round <= 8; ++round) {
    std::vector<Vote<>> votes;
    for (std::size_t signer = 0; signer < 7; ++signer) {
      votes.push_back(committee.VoteOf(signer, StatementOf(round, round)));
    }
    votes.push_back(committee.VoteOf(2, StatementOf(99, round)));
    ASSERT_TRUE(collector.AdvanceTo(Round(round)).ok());
    const AllocationCounter counter;
    bool good = true;
    for (const Vote<>& vote : votes) good = collector.Add(vote).ok() && good;
    const std::size_t calls = counter.calls();
    EXPECT_TRUE(good);
    if (round > 2) {
      EXPECT_EQ(calls, 0u) << round;
    }
  }
}

TEST(VoteCollector, ForgetsNoMemberInItsList) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  EXPECT_EQ(test::UncountedBytes(collector), "");
  const Fingerprint empty = FingerprintOf(collector);
  ASSERT_TRUE(collector.Add(committee.VoteOf(0, StatementOf(1))).ok());
  const Fingerprint one = FingerprintOf(collector);
  EXPECT_NE(one, empty);
  ASSERT_TRUE(collector.Add(committee.VoteOf(0, StatementOf(2))).ok());
  EXPECT_NE(FingerprintOf(collector), one);
  EXPECT_NE(FingerprintOf(MakeCollector(committee, Round(8))), empty);
}

TEST(VoteCollector, IsCopiedWhole) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Collector collector = MakeCollector(committee);
  for (const std::size_t signer : {0u, 1u}) {
    ASSERT_TRUE(collector.Add(committee.VoteOf(signer, StatementOf(1))).ok());
  }
  Collector copy = collector;
  EXPECT_TRUE(copy == collector);
  EXPECT_EQ(*copy.Add(committee.VoteOf(2, StatementOf(1))), VoteOutcome::kCertified);
  EXPECT_FALSE(copy == collector);
  EXPECT_EQ(*collector.Add(committee.VoteOf(3, StatementOf(1))), VoteOutcome::kCertified);
}

}  // namespace
}  // namespace settle
