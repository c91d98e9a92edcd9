// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the worst that signers can send does to a collector: nothing to the votes of others, and no
// more memory than its ceiling.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/types.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"
#include "settle/quorum/vote_collector.h"
#include "tests/quorum/committee.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::AllocationCounter;
using ::settle::test::Committee;
using ::settle::test::Random;
using ::settle::test::ToyScheme;

constexpr std::size_t kMembers = 40;  // quorum 27, so 13 may lie
constexpr std::size_t kLiars = 13;
constexpr std::uint64_t kWindow = 3;
using Collector = VoteCollector<ToyScheme, kWindow>;

constexpr VoteKind kAllKinds[] = {VoteKind::kProposal, VoteKind::kCommit, VoteKind::kStatementRoot};

class VoteCollectorFlood : public ::testing::Test {
 protected:
  // A vote of `signer` for something that nobody else votes for.
  Vote<ToyScheme> RandomVote(std::size_t signer, VoteKind kind, std::uint64_t round) {
    return committee_.VoteOf(
        signer, {kind, Round(round), random_.Fixed<Digest>(), Round(random_.Any<std::uint64_t>())});
  }

  // `signers` sign whatever is worst, for each kind, in and around the window.
  void Flood(Collector& collector, std::size_t signers, int votes_each) {
    const std::uint64_t lowest = collector.lowest().value();
    for (std::uint64_t round = lowest < 2 ? 0 : lowest - 2; round < lowest + kWindow + 2; ++round) {
      for (const VoteKind kind : kAllKinds) {
        for (std::size_t signer = 0; signer < signers; ++signer) {
          for (int i = 0; i < votes_each; ++i) {
            (void)collector.Add(RandomVote(signer, kind, round));
            // In the name of somebody else.
            Vote<ToyScheme> forged = RandomVote(signer, kind, round);
            forged.signer = SignerIndex(static_cast<std::uint16_t>(random_.Below(70'000) & 0xffff));
            if (forged.signer.value() != signer) {
              EXPECT_FALSE(collector.Add(forged).ok());
            }
          }
        }
      }
    }
    for (const std::uint64_t round : {~std::uint64_t{0}, std::uint64_t{1} << 63}) {
      EXPECT_FALSE(collector.Add(RandomVote(0, VoteKind::kCommit, round)).ok());
    }
  }

  Random random_;
  const Committee<ToyScheme> committee_{std::vector<std::uint64_t>(kMembers, 1)};
};

TEST_F(VoteCollectorFlood, HoldsNoMoreThanItsCeiling) {  // Q27, Q28, Q29, Q38
  const AllocationCounter counter;
  Collector collector = *Collector::Create(committee_.set(), committee_.domain(), Round(5));
  std::int64_t most = 0;
  for (std::uint64_t lowest = 5; lowest < 5 + 4 * kWindow; ++lowest) {
    ASSERT_TRUE(collector.AdvanceTo(Round(lowest)).ok());
    Flood(collector, kMembers, 4);
    most = std::max(most, counter.held());
  }
  // What the heap rounds up to: three vectors in each of nine rooms.
  const std::int64_t rounding = 3 * 9 * 32;
  const auto ceiling = static_cast<std::int64_t>(Collector::MemoryCeiling(kMembers));
  EXPECT_LE(most + static_cast<std::int64_t>(sizeof(Collector)), ceiling + rounding);
  // The ceiling is no idle number: the flood comes near it.
  EXPECT_GE(2 * most, ceiling);
}

TEST_F(VoteCollectorFlood, LeavesTheHonestTheirCertificates) {  // Q27, Q32, Q34
  Collector collector = *Collector::Create(committee_.set(), committee_.domain(), Round(5));
  Flood(collector, kLiars, 5);
  for (std::uint64_t round = 5; round < 5 + kWindow; ++round) {
    for (const VoteKind kind : kAllKinds) {
      const VoteStatement statement = {kind, Round(round), Digest::FromNumber(1), Round(4)};
      int certified = 0;
      for (std::size_t signer = kLiars; signer < kMembers; ++signer) {
        const auto outcome = collector.Add(committee_.VoteOf(signer, statement));
        ASSERT_TRUE(outcome.ok());
        certified += *outcome == VoteOutcome::kCertified ? 1 : 0;
        Flood(collector, 1, 1);
      }
      EXPECT_EQ(certified, 1);
      const auto certificate = collector.CertificateFor(Round(round), kind, statement.digest);
      ASSERT_TRUE(certificate.ok()) << certificate.status();
      EXPECT_TRUE(VerifyAll(committee_.set(), committee_.domain(), *certificate).ok());
    }
  }
}

// Every liar's pair is kept, and each proves by itself that its signer signed both.
TEST_F(VoteCollectorFlood, ExposesEveryLiar) {
  Collector collector = *Collector::Create(committee_.set(), committee_.domain(), Round(5));
  Flood(collector, kLiars, 2);
  for (std::size_t signer = 0; signer < kMembers; ++signer) {
    const SignerIndex index(static_cast<std::uint16_t>(signer));
    const auto pair = collector.ConflictOf(index, Round(6), VoteKind::kCommit);
    ASSERT_EQ(pair.has_value(), signer < kLiars);
    if (!pair) continue;
    for (const Vote<ToyScheme>& vote : {pair->counted, pair->conflicting}) {
      EXPECT_EQ(vote.signer, index);
      const auto bytes = BytesToSign(committee_.domain(), vote.statement);
      EXPECT_TRUE(
          VerifyStatement<ToyScheme>(*committee_.set().FindKey(index), bytes, vote.signature).ok());
    }
    EXPECT_FALSE(SameStatement(pair->counted, pair->conflicting));
  }
}

// A large set, where each member says something else: the collector stays quick and within bounds.
TEST(VoteCollectorSize, TakesTenThousandMembersWhoNeverAgree) {
  constexpr std::size_t kMany = 10'000;
  const Committee<ToyScheme> committee(std::vector<std::uint64_t>(kMany, 1));
  using One = VoteCollector<ToyScheme, 1>;
  std::vector<Vote<ToyScheme>> votes;
  Random random;
  for (std::size_t i = 0; i < 2 * kMany; ++i) {
    votes.push_back(committee.VoteOf(
        i % kMany, {VoteKind::kCommit, Round(5), random.Fixed<Digest>(), Round(4)}));
  }
  const AllocationCounter counter;
  One collector = *One::Create(committee.set(), committee.domain(), Round(5));
  std::size_t taken = 0;
  for (const Vote<ToyScheme>& vote : votes) taken += collector.Add(vote).ok() ? 1 : 0;
  const std::int64_t held = counter.held();
  EXPECT_EQ(taken, 2 * kMany);
  EXPECT_LE(held, static_cast<std::int64_t>(One::MemoryCeiling(kMany)));
  EXPECT_GE(6 * held, static_cast<std::int64_t>(One::MemoryCeiling(kMany)));  // one kind of three
}

}  // namespace
}  // namespace settle
