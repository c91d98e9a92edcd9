// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/base/verified.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/vote.h"
#include "tests/quorum/committee.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::Committee;
using ::settle::test::DomainOn;
using ::settle::test::Random;
using ::settle::test::StatementOf;
using ::settle::test::ToyScheme;
using ::testing::HasSubstr;

using ToyCertificate = Certificate<ToyScheme>;

// Both verifications refuse, for the same reason and with the same text.
template <typename Scheme>
void ExpectRefused(const ValidatorSet<Scheme>& set, const Domain& domain,
                   const Certificate<Scheme>& certificate, QuorumReason reason,
                   const std::string& text = "") {
  const absl::Status quorum = VerifyQuorum(set, domain, certificate).status();
  const absl::Status all = VerifyAll(set, domain, certificate).status();
  EXPECT_EQ(ReasonOf(quorum), Reason(reason)) << quorum;
  EXPECT_EQ(ReasonOf(all), Reason(reason)) << all;
  EXPECT_THAT(std::string(quorum.message()), HasSubstr(text));
  EXPECT_THAT(std::string(all.message()), HasSubstr(text));
}

TEST(Verify, TellsWhatWasProvedAndAgainstWhat) {
  const Committee<Ed25519> committee({1, 1, 1, 1});
  const VoteStatement statement = StatementOf(5);
  const Certificate<> certificate = committee.Certify(statement, {0, 1, 3});
  const Digest digest = StatementDigest(Sha256(), committee.domain(), statement);

  const auto proven = VerifyQuorum(committee.set(), committee.domain(), certificate);
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_EQ(proven->value(), statement);
  EXPECT_EQ(proven->set_id(), committee.set().id());
  EXPECT_EQ(proven->statement_digest(), digest);

  const auto whole = VerifyAll(committee.set(), committee.domain(), certificate);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->value(), certificate);
  EXPECT_EQ(whole->set_id(), committee.set().id());
  EXPECT_EQ(whole->statement_digest(), digest);
}

TEST(Verify, NeedsStrictlyMoreThanTwoThirds) {  // Q17
  const Committee<ToyScheme> committee({1, 1, 1});
  ExpectRefused(committee.set(), committee.domain(), committee.Certify(StatementOf(1), {0, 1}),
                QuorumReason::kTooLittleWeight, "TooLittleWeight: signed weight 2, quorum 3");
  EXPECT_TRUE(VerifyQuorum(committee.set(), committee.domain(),
                           committee.Certify(StatementOf(1), {0, 1, 2}))
                  .ok());
}

TEST(Verify, CountsWeightAndNotHeads) {
  const Committee<ToyScheme> committee({67, 11, 11, 11});
  EXPECT_TRUE(
      VerifyQuorum(committee.set(), committee.domain(), committee.Certify(StatementOf(1), {0}))
          .ok());
  ExpectRefused(committee.set(), committee.domain(), committee.Certify(StatementOf(1), {1, 2, 3}),
                QuorumReason::kTooLittleWeight, "signed weight 33, quorum 67");
}

// One vote short, exactly at the threshold and above it, for every size up to 30 and every model.
TEST(Verify, TurnsExactlyAtTheQuorum) {
  for (const FaultModel model : {FaultModel::kByzantine, FaultModel::kCrashOnly}) {
    for (std::size_t members = 1; members <= 30; ++members) {
      const Committee<ToyScheme> committee(std::vector<std::uint64_t>(members, 1), model);
      std::vector<std::size_t> signers;
      for (std::size_t signed_by = 0; signed_by <= members; ++signed_by) {
        const bool is_quorum = signed_by >= committee.set().quorum().weight().value();
        const ToyCertificate certificate = committee.Certify(StatementOf(1), signers);
        ASSERT_EQ(VerifyQuorum(committee.set(), committee.domain(), certificate).ok(), is_quorum);
        ASSERT_EQ(VerifyAll(committee.set(), committee.domain(), certificate).ok(), is_quorum);
        signers.push_back(signed_by);
      }
    }
  }
}

TEST(Verify, WithTheLargestWeightsIsExact) {  // Q15
  const std::uint64_t third = std::uint64_t{3074457345618258602};
  const Committee<ToyScheme> committee({third + 1, third, third});
  ASSERT_EQ(committee.set().total_weight(), kMaxTotalWeight);
  EXPECT_TRUE(
      VerifyAll(committee.set(), committee.domain(), committee.Certify(StatementOf(1), {0, 1}))
          .ok());
  ExpectRefused(committee.set(), committee.domain(), committee.Certify(StatementOf(1), {1, 2}),
                QuorumReason::kTooLittleWeight,
                "signed weight 6148914691236517204, quorum 6148914691236517205");
}

TEST(Verify, RefusesACertificateThatNobodySigned) {  // Q8
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  ExpectRefused(committee.set(), committee.domain(), committee.Certify(StatementOf(1), {}),
                QuorumReason::kTooLittleWeight, "signed weight 0, quorum 3");
}

TEST(Verify, RefusesAnotherGroupEpochSetAndNetwork) {  // Q7, Q20, Q21
  const Committee<Ed25519> committee({1, 1, 1, 1});
  const Certificate<> certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  Domain domain = committee.domain();
  domain.group = GroupId(9);
  ExpectRefused(committee.set(), domain, certificate, QuorumReason::kWrongGroup,
                "WrongGroup: group 2, expected 9");
  domain = committee.domain();
  domain.epoch = Epoch(4);
  ExpectRefused(committee.set(), domain, certificate, QuorumReason::kWrongEpoch,
                "WrongEpoch: epoch 3, expected 4");
  domain = committee.domain();
  domain.network = NetworkId::FromNumber(9);
  ExpectRefused(committee.set(), domain, certificate, QuorumReason::kBadSignature, "signer 0");
  domain = committee.domain();
  domain.set = ValidatorSetId::FromNumber(9);
  ExpectRefused(committee.set(), domain, certificate, QuorumReason::kWrongSet,
                "domain of validator set");

  // The same keys with other weights: other indices, another set.
  const Committee<Ed25519> other({1, 1, 1, 2});
  ExpectRefused(other.set(), other.domain(), certificate, QuorumReason::kWrongSet,
                "certificate of validator set");
  // Who writes the wanted group, epoch and set into it still lacks the signatures.
  Certificate<> forged = certificate;
  forged.set = other.set().id();
  ExpectRefused(other.set(), other.domain(), forged, QuorumReason::kBadSignature);
  forged = certificate;
  forged.epoch = Epoch(4);
  domain = committee.domain();
  domain.epoch = Epoch(4);
  ExpectRefused(committee.set(), domain, forged, QuorumReason::kBadSignature);
  forged = certificate;
  forged.group = GroupId(9);
  domain = committee.domain();
  domain.group = GroupId(9);
  ExpectRefused(committee.set(), domain, forged, QuorumReason::kBadSignature);
}

// The same keys and weights in a set of the other fault model need less weight: it is another set.
TEST(Verify, RefusesTheSetOfAnotherFaultModel) {
  const Committee<ToyScheme> byzantine({1, 1, 1, 1, 1});
  const Committee<ToyScheme> crash_only({1, 1, 1, 1, 1}, FaultModel::kCrashOnly);
  const ToyCertificate certificate = crash_only.Certify(StatementOf(1), {0, 1, 2});
  EXPECT_TRUE(VerifyAll(crash_only.set(), crash_only.domain(), certificate).ok());
  ExpectRefused(byzantine.set(), byzantine.domain(), certificate, QuorumReason::kWrongSet);
  const ToyCertificate whole = crash_only.Certify(StatementOf(1), {0, 1, 2, 3, 4});
  ToyCertificate forged = whole;
  forged.set = byzantine.set().id();
  ExpectRefused(byzantine.set(), byzantine.domain(), forged, QuorumReason::kBadSignature);
}

TEST(Verify, RefusesEveryOtherStatementUnderTheSameSignatures) {  // Q2, Q10, Q21
  const Committee<Ed25519> committee({1, 1, 1, 1});
  const Certificate<> certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  Certificate<> other = certificate;
  other.statement.kind = VoteKind::kProposal;
  ExpectRefused(committee.set(), committee.domain(), other, QuorumReason::kBadSignature);
  other = certificate;
  other.statement.round = Round(100);
  ExpectRefused(committee.set(), committee.domain(), other, QuorumReason::kBadSignature);
  other = certificate;
  other.statement.parent_round = Round(5);
  ExpectRefused(committee.set(), committee.domain(), other, QuorumReason::kBadSignature);
  other = certificate;
  other.statement.digest = Digest::FromNumber(2);
  ExpectRefused(committee.set(), committee.domain(), other, QuorumReason::kBadSignature);
  other = certificate;
  other.statement.kind = VoteKind{77};
  ExpectRefused(committee.set(), committee.domain(), other, QuorumReason::kUnknownKind, "kind 77");
}

TEST(Verify, RefusesSignaturesInAnotherOrder) {
  const Committee<Ed25519> committee({1, 1, 1, 1});
  Certificate<> certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  std::swap(certificate.signatures[0], certificate.signatures[1]);
  ExpectRefused(committee.set(), committee.domain(), certificate, QuorumReason::kBadSignature,
                "BadSignature: signer 0, signed weight 0, quorum 3");
}

// A signer who signs in the place of others, with as many valid signatures as it likes.
TEST(Verify, RefusesASignersSignaturesInOtherSignersPlaces) {  // Q1, Q4
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  ToyCertificate certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  for (std::size_t i = 1; i < 3; ++i) {
    certificate.signatures[i] =
        committee.key(0).Sign(BytesToSign(committee.domain(), certificate.statement), i);
  }
  ExpectRefused(committee.set(), committee.domain(), certificate, QuorumReason::kBadSignature,
                "signer 1, signed weight 1, quorum 3");
}

TEST(Verify, RefusesBitsForAnotherNumberOfMembers) {  // Q12
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  const ToyCertificate good = committee.Certify(StatementOf(1), {0, 1, 2});
  for (const std::uint16_t members : {std::uint16_t{3}, std::uint16_t{5}, std::uint16_t{65535}}) {
    ToyCertificate certificate = good;
    certificate.signers = SignerSet(members);
    for (std::uint16_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(certificate.signers.Add(SignerIndex(i)));
    }
    ExpectRefused(committee.set(), committee.domain(), certificate, QuorumReason::kWrongSignerBits,
                  "signer bits " + std::to_string(members) + ", expected 4");
  }
}

TEST(Verify, RefusesAnotherNumberOfSignatures) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  ToyCertificate certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  certificate.signatures.PopBack();
  ExpectRefused(committee.set(), committee.domain(), certificate,
                QuorumReason::kWrongSignatureCount, "signatures 2, expected 3");
  certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  ASSERT_TRUE(certificate.signatures.Add(certificate.signatures[0]));
  ExpectRefused(committee.set(), committee.domain(), certificate,
                QuorumReason::kWrongSignatureCount, "signatures 4, expected 3");
}

// Where VerifyQuorum has enough it does not look further; VerifyAll looks at every signature.
TEST(Verify, OfTheQuorumStopsThereAndOfAllDoesNot) {      // Q3
  const Committee<ToyScheme> committee({5, 4, 3, 2, 1});  // quorum 11
  ToyCertificate certificate = committee.Certify(StatementOf(1), {0, 1, 2, 3, 4});
  certificate.signatures[3] = ToyScheme::Signature();
  certificate.signatures[4] = ToyScheme::Signature();

  QuorumVerifier<ToyScheme> quorum(committee.set(), committee.domain());
  ToyScheme::verifications = 0;
  EXPECT_TRUE(Verified<VoteStatement>::By(quorum, certificate).ok());
  EXPECT_EQ(ToyScheme::verifications, 3u);
  EXPECT_EQ(quorum.report().checked, 3u);
  EXPECT_EQ(quorum.report().signed_weight, Weight(12));
  EXPECT_EQ(quorum.report().claimed_weight, Weight(15));
  EXPECT_EQ(quorum.report().quorum, Weight(11));
  EXPECT_FALSE(quorum.report().first_bad.has_value());

  CertificateVerifier<ToyScheme> all(committee.set(), committee.domain());
  const auto refused = Verified<ToyCertificate>::By(all, certificate);
  EXPECT_EQ(refused.reason(), Reason(QuorumReason::kBadSignature));
  EXPECT_EQ(all.report().first_bad, SignerIndex(std::uint16_t{3}));
  EXPECT_EQ(all.report().signed_weight, Weight(12));
  EXPECT_EQ(all.report().checked, 4u);
}

TEST(Verify, OfTheQuorumExposesNoSigners) {  // Q3
  using Proof = decltype(VerifyQuorum(std::declval<ValidatorSet<>>(), Domain(), Certificate<>()));
  static_assert(std::is_same_v<Proof, absl::StatusOr<Verified<VoteStatement>>>);
  static_assert(!std::is_constructible_v<Verified<Certificate<>>, Verified<VoteStatement>>);
  static_assert(!std::is_constructible_v<Verified<VoteStatement>, VoteStatement>);
  static_assert(!std::is_default_constructible_v<Verified<VoteStatement>>);
}

// What sizes and weights already show costs no signature.
TEST(Verify, ChecksSizesAndWeightBeforeTheFirstSignature) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  Domain domain = committee.domain();
  domain.epoch = Epoch(4);
  ToyCertificate one_more = committee.Certify(StatementOf(1), {0, 1, 2});
  ASSERT_TRUE(one_more.signatures.Add(one_more.signatures[0]));
  ToyCertificate wrong_bits = committee.Certify(StatementOf(1), {0, 1, 2});
  wrong_bits.signers = SignerSet(9);
  const ToyCertificate too_few = committee.Certify(StatementOf(1), {0, 1});
  const ToyCertificate good = committee.Certify(StatementOf(1), {0, 1, 2});
  ToyScheme::verifications = 0;
  EXPECT_FALSE(VerifyAll(committee.set(), committee.domain(), one_more).ok());
  EXPECT_FALSE(VerifyAll(committee.set(), committee.domain(), wrong_bits).ok());
  EXPECT_FALSE(VerifyAll(committee.set(), committee.domain(), too_few).ok());
  EXPECT_FALSE(VerifyAll(committee.set(), domain, good).ok());
  EXPECT_EQ(ToyScheme::verifications, 0u);
  EXPECT_TRUE(VerifyAll(committee.set(), committee.domain(), good).ok());
  EXPECT_EQ(ToyScheme::verifications, 3u);
}

TEST(Verify, NamesTheFirstBadSigner) {
  const Committee<Ed25519> committee({1, 1, 1, 1, 1, 1, 1});
  for (std::size_t bad = 0; bad < 7; ++bad) {
    Certificate<> certificate = committee.Certify(StatementOf(1), {0, 1, 2, 3, 4, 5, 6});
    for (std::size_t i = bad; i < 7; ++i) certificate.signatures[i].data()[40] ^= std::byte{1};
    const absl::Status status =
        VerifyAll(committee.set(), committee.domain(), certificate).status();
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("signer " + std::to_string(bad) + ", signed weight " +
                          std::to_string(bad) + ", quorum 5"));
  }
}

// A verifier by definition, with faults that can be planted.
enum class Fault {
  kNone,
  kCountsSignersNotWeight,
  kTakesExactlyTwoThirds,
  kCountsBadSignatures,
  kIgnoresEpoch,
  kIgnoresSet,
  kIgnoresKind,
  kCountsDuplicates,
};

// A certificate as a list of (signer, signature), which can name a signer twice.
struct Claim {
  Domain domain;
  VoteStatement statement;
  std::vector<Vote<ToyScheme>> votes;
};

bool SlowVerify(const ValidatorSet<ToyScheme>& set, const Domain& expected, const Claim& claim,
                Fault fault) {
  const auto same = [&](auto member, Fault ignoring) {
    return fault == ignoring || claim.domain.*member == expected.*member;
  };
  if (!same(&Domain::epoch, Fault::kIgnoresEpoch) || !same(&Domain::set, Fault::kIgnoresSet)) {
    return false;
  }
  std::vector<std::size_t> seen(set.size());
  UInt128 weight = 0;
  for (const Vote<ToyScheme>& vote : claim.votes) {
    const std::size_t signer = vote.signer.value();
    VoteStatement statement = claim.statement;
    if (fault == Fault::kIgnoresKind) statement.kind = VoteKind::kCommit;
    Domain domain = expected;
    if (fault == Fault::kIgnoresEpoch) domain.epoch = claim.domain.epoch;
    if (fault == Fault::kIgnoresSet) domain.set = claim.domain.set;
    const bool good = ToyScheme::Verify(*set.FindKey(vote.signer),
                                        BytesToSign(domain, statement).view(), vote.signature);
    if (!good && fault != Fault::kCountsBadSignatures) return false;
    if (seen[signer]++ != 0 && fault != Fault::kCountsDuplicates) return false;
    weight += fault == Fault::kCountsSignersNotWeight ? 1 : set.members()[signer].weight.value();
  }
  UInt128 total = set.total_weight().value();
  if (fault == Fault::kCountsSignersNotWeight) total = set.size();
  return fault == Fault::kTakesExactlyTwoThirds ? 3 * weight >= 2 * total : 3 * weight > 2 * total;
}

// How often the library and the slow verifier differ in 4,000 random claims, most of which have
// something wrong with them.
std::size_t Differences(Fault fault) {
  Random random;
  std::size_t differences = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::vector<std::uint64_t> weights(random.Between(1, 6));
    for (std::uint64_t& weight : weights) weight = random.Between(1, 3);
    const Committee<ToyScheme> committee(weights);
    const Committee<ToyScheme> stranger(weights, FaultModel::kCrashOnly);
    Claim claim = {committee.domain(), StatementOf(1), {}};
    if (random.Chance(1, 6)) claim.domain.epoch = Epoch(4);
    if (random.Chance(1, 6)) claim.domain.set = stranger.set().id();
    if (random.Chance(1, 6)) claim.statement.kind = VoteKind::kProposal;
    const VoteKind signed_kind = random.Chance(1, 8) ? VoteKind::kCommit : claim.statement.kind;
    for (std::size_t signer = 0; signer < weights.size(); ++signer) {
      if (random.Chance(1, 4)) continue;
      VoteStatement signed_statement = claim.statement;
      signed_statement.kind = signed_kind;
      claim.votes.push_back(committee.VoteIn(claim.domain, signer, signed_statement));
      if (random.Chance(1, 30)) claim.votes.back().signature.data()[20] ^= std::byte{1};
    }
    ToyCertificate certificate = {claim.domain.group,
                                  claim.domain.epoch,
                                  claim.domain.set,
                                  claim.statement,
                                  SignerSet(committee.set().size()),
                                  {}};
    for (const Vote<ToyScheme>& vote : claim.votes) {
      EXPECT_TRUE(certificate.signers.Add(vote.signer));
      EXPECT_TRUE(certificate.signatures.Add(vote.signature));
    }
    // Somebody's signature a second time: in the certificate it is one too many.
    if (!claim.votes.empty() && random.Chance(1, 6)) {
      claim.votes.push_back(random.Pick(claim.votes));
      EXPECT_TRUE(certificate.signatures.Add(claim.votes.back().signature));
    }
    const bool all = VerifyAll(committee.set(), committee.domain(), certificate).ok();
    const bool slow = SlowVerify(committee.set(), committee.domain(), claim, fault);
    differences += all != slow ? 1 : 0;
    // What passes whole passes as a quorum.
    if (all) {
      EXPECT_TRUE(VerifyQuorum(committee.set(), committee.domain(), certificate).ok());
    }
  }
  return differences;
}

TEST(Verify, AgreesWithASlowVerifier) { EXPECT_EQ(Differences(Fault::kNone), 0u); }

TEST(Verify, DiffersFromEveryPlantedFault) {  // Q1, Q14, Q17, Q20, Q21
  EXPECT_GT(Differences(Fault::kCountsSignersNotWeight), 0u);
  EXPECT_GT(Differences(Fault::kTakesExactlyTwoThirds), 0u);
  EXPECT_GT(Differences(Fault::kCountsBadSignatures), 0u);
  EXPECT_GT(Differences(Fault::kIgnoresEpoch), 0u);
  EXPECT_GT(Differences(Fault::kIgnoresSet), 0u);
  EXPECT_GT(Differences(Fault::kIgnoresKind), 0u);
  EXPECT_GT(Differences(Fault::kCountsDuplicates), 0u);
}

}  // namespace
}  // namespace settle
