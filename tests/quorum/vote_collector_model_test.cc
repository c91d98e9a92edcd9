// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The collector against a slow one that is right by its shortness, and against copies of the slow
// one with a fault planted: random votes tell each of them from the real one.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"
#include "settle/quorum/vote_collector.h"
#include "tests/quorum/committee.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::Committee;
using ::settle::test::Random;
using ::settle::test::ToyScheme;

constexpr std::size_t kWindow = 3;
using Collector = VoteCollector<ToyScheme, kWindow>;
using ToyVote = Vote<ToyScheme>;

enum class Fault {
  kNone,
  kCountsDuplicates,
  kCountsAnotherSignature,
  kTakesAnotherSignatureForAConflict,
  kCountsConflicts,
  kConflictsDisplace,
  kConflictsWithdraw,
  kForgedConflictsWithdraw,
  kKeepsTheLastConflict,
  kNeedsMoreThanTheQuorum,
  kTakesTwoThirds,
  kCertifiesAgain,
  kMixesKinds,
  kMixesRounds,
  kMixesParentRounds,
  kTakesUnverified,
  kForgetsTheSetId,
  kHasNoWindow,
  kWindowIsOneMore,
  kCountsHeads,
};
constexpr Fault kFaults[] = {Fault::kCountsDuplicates,
                             Fault::kCountsAnotherSignature,
                             Fault::kCountsConflicts,
                             Fault::kTakesAnotherSignatureForAConflict,
                             Fault::kConflictsDisplace,
                             Fault::kConflictsWithdraw,
                             Fault::kForgedConflictsWithdraw,
                             Fault::kKeepsTheLastConflict,
                             Fault::kNeedsMoreThanTheQuorum,
                             Fault::kTakesTwoThirds,
                             Fault::kCertifiesAgain,
                             Fault::kMixesKinds,
                             Fault::kMixesRounds,
                             Fault::kMixesParentRounds,
                             Fault::kTakesUnverified,
                             Fault::kForgetsTheSetId,
                             Fault::kHasNoWindow,
                             Fault::kWindowIsOneMore,
                             Fault::kCountsHeads};

class SlowCollector {
 public:
  SlowCollector(const Committee<ToyScheme>& committee, Round lowest, Fault fault)
      : set_(committee.set()), domain_(committee.domain()), lowest_(lowest), fault_(fault) {}

  // "refused", or the outcome.
  std::string Add(const ToyVote& vote) {
    const VoteStatement& statement = vote.statement;
    if (!IsKnownEnumerator(statement.kind) || !IsOpen(statement.round)) return "refused";
    if (vote.signer.value() >= set_.size()) return "refused";
    const Place place{PlaceOf(statement), vote.signer.value()};
    const auto counted = counted_.find(place);
    if (!IsGood(vote)) {
      if (fault_ == Fault::kForgedConflictsWithdraw && counted != counted_.end()) {
        counted_.erase(counted);
      }
      return "refused";
    }
    if (counted == counted_.end()) return Count(place, vote);
    if (Says(counted->second) == Says(vote)) return Repeat(place, vote);
    return Contradict(place, vote);
  }

  void AdvanceTo(Round lowest) {
    lowest_ = lowest;
    std::erase_if(counted_, [this](const auto& one) { return IsClosed(one.second); });
    std::erase_if(conflicts_, [this](const auto& one) { return IsClosed(one.second); });
  }

  std::uint64_t WeightOf(const VoteStatement& statement) const {
    std::uint64_t weight = 0;
    for (const auto& [place, vote] : counted_) {
      if (Says(vote) != Says({statement, vote.signer, vote.signature})) continue;
      if (std::get<0>(place) != PlaceOf(statement)) continue;
      weight += fault_ == Fault::kCountsHeads ? 1 : set_.Find(vote.signer)->weight.value();
    }
    if (const auto extra = extra_.find(Says({statement, SignerIndex{}, {}}));
        extra != extra_.end()) {
      weight += extra->second;
    }
    return weight;
  }

  std::optional<ToyVote> ConflictOf(std::uint16_t signer, Round round, VoteKind kind) const {
    const auto conflict = conflicts_.find({PlaceOf({kind, round, {}, {}}), signer});
    if (conflict == conflicts_.end()) return std::nullopt;
    return conflict->second;
  }

 private:
  using RoundAndKind = std::tuple<std::uint64_t, int>;
  using Place = std::tuple<RoundAndKind, std::uint16_t>;
  using Said = std::tuple<RoundAndKind, Digest, std::uint64_t>;

  RoundAndKind PlaceOf(const VoteStatement& statement) const {
    return {fault_ == Fault::kMixesRounds ? 0 : statement.round.value(),
            fault_ == Fault::kMixesKinds ? 0 : static_cast<int>(statement.kind)};
  }
  Said Says(const ToyVote& vote) const {
    return {PlaceOf(vote.statement), vote.statement.digest,
            fault_ == Fault::kMixesParentRounds ? 0 : vote.statement.parent_round.value()};
  }
  bool IsOpen(Round round) const {
    if (round < lowest_) return false;
    if (fault_ == Fault::kHasNoWindow) return true;
    const std::uint64_t open = kWindow + (fault_ == Fault::kWindowIsOneMore ? 1 : 0);
    return round.value() < lowest_.value() + open;
  }
  bool IsClosed(const ToyVote& vote) const { return vote.statement.round < lowest_; }

  bool IsGood(const ToyVote& vote) const {
    if (fault_ == Fault::kTakesUnverified) return true;
    const auto verify = [&](const Domain& domain) {
      return ToyScheme::Verify(*set_.FindKey(vote.signer),
                               BytesToSign(domain, vote.statement).view(), vote.signature);
    };
    Domain without_set = domain_;
    without_set.set = test::DomainOn(ValidatorSetId::FromNumber(77)).set;
    return verify(domain_) || (fault_ == Fault::kForgetsTheSetId && verify(without_set));
  }

  bool Reaches(std::uint64_t weight) const {
    const std::uint64_t total =
        fault_ == Fault::kCountsHeads ? set_.size() : set_.total_weight().value();
    if (fault_ == Fault::kTakesTwoThirds) return 3 * weight >= 2 * total;
    if (fault_ == Fault::kNeedsMoreThanTheQuorum) return 3 * (weight - 1) > 2 * total;
    return 3 * weight > 2 * total;
  }

  std::string Outcome(std::uint64_t before, std::uint64_t after) const {
    const bool reached_before = Reaches(before) && before > 0;
    if (!Reaches(after)) return "counted";
    return reached_before && fault_ != Fault::kCertifiesAgain ? "extended" : "certified";
  }

  std::string Count(const Place& place, const ToyVote& vote) {
    const std::uint64_t before = WeightOf(vote.statement);
    counted_.insert_or_assign(place, vote);
    return Outcome(before, WeightOf(vote.statement));
  }

  std::string Repeat(const Place& place, const ToyVote& vote) {
    const bool same_bytes = counted_.at(place).signature == vote.signature;
    if (fault_ == Fault::kTakesAnotherSignatureForAConflict && !same_bytes) {
      return Contradict(place, vote);
    }
    if (fault_ == Fault::kCountsDuplicates ||
        (fault_ == Fault::kCountsAnotherSignature && !same_bytes)) {
      const std::uint64_t before = WeightOf(vote.statement);
      extra_[Says(vote)] += set_.Find(vote.signer)->weight.value();
      return Outcome(before, WeightOf(vote.statement));
    }
    return "duplicate";
  }

  std::string Contradict(const Place& place, const ToyVote& vote) {
    if (fault_ == Fault::kConflictsDisplace) return Count(place, vote);
    if (fault_ == Fault::kConflictsWithdraw) counted_.erase(place);
    if (conflicts_.contains(place) && fault_ != Fault::kKeepsTheLastConflict) return "refused";
    conflicts_.insert_or_assign(place, vote);
    if (fault_ == Fault::kCountsConflicts) {
      extra_[Says(vote)] += set_.Find(vote.signer)->weight.value();
    }
    return "conflict";
  }

  const ValidatorSet<ToyScheme> set_;
  const Domain domain_;
  Round lowest_;
  const Fault fault_;
  std::map<Place, ToyVote> counted_;
  std::map<Place, ToyVote> conflicts_;
  std::map<Said, std::uint64_t> extra_;
};

std::string Name(const Result<VoteOutcome>& outcome) {
  if (!outcome.ok()) return "refused";
  switch (*outcome) {
    case VoteOutcome::kCounted:
      return "counted";
    case VoteOutcome::kCertified:
      return "certified";
    case VoteOutcome::kExtended:
      return "extended";
    case VoteOutcome::kDuplicate:
      return "duplicate";
    case VoteOutcome::kConflict:
      return "conflict";
  }
  return "unknown";
}

// A vote of few different ones, so that votes repeat, agree and contradict each other; one in five
// is spoiled.
ToyVote RandomVote(Random& random, const Committee<ToyScheme>& committee, Round lowest) {
  const auto kind = static_cast<VoteKind>(random.Between(1, 3));
  const std::uint64_t first = lowest.value() < 2 ? 0 : lowest.value() - 1;
  const VoteStatement statement = {kind, Round(random.Between(first, lowest.value() + kWindow)),
                                   Digest::FromNumber(random.Chance(4, 5) ? 1 : random.Below(3)),
                                   Round(random.Chance(9, 10) ? 1u : 2u)};
  const std::size_t signer = random.Below(committee.set().size());
  Domain domain = committee.domain();
  if (random.Chance(1, 15)) domain.set = ValidatorSetId::FromNumber(77);
  ToyVote vote = committee.VoteIn(domain, signer, statement);
  if (random.Chance(1, 8)) {
    vote.signature = committee.key(signer).Sign(BytesToSign(domain, statement), 1);
  }
  if (random.Chance(1, 20)) vote.signature.data()[random.Between(8, 39)] ^= std::byte{4};
  if (random.Chance(1, 30)) vote.signer = SignerIndex(static_cast<std::uint16_t>(random.Below(9)));
  if (random.Chance(1, 60)) vote.statement.kind = static_cast<VoteKind>(random.Below(5));
  return vote;
}

// What of a collector can be seen of one vote's statement differs from the slow one.
bool LooksDifferent(const Collector& collector, const SlowCollector& slow, const ToyVote& vote,
                    const Committee<ToyScheme>& committee) {
  const VoteStatement& statement = vote.statement;
  if (collector.WeightOf(statement).value() != slow.WeightOf(statement)) return true;
  const auto conflict = collector.ConflictOf(vote.signer, statement.round, statement.kind);
  const auto expected = slow.ConflictOf(vote.signer.value(), statement.round, statement.kind);
  if (conflict.has_value() != expected.has_value()) return true;
  if (conflict && !(conflict->conflicting == *expected)) return true;
  const auto certificate =
      collector.CertificateFor(statement.round, statement.kind, statement.digest);
  if (certificate.ok()) {
    EXPECT_TRUE(VerifyAll(committee.set(), committee.domain(), *certificate).ok());
  }
  return false;
}

// The step of some random run at which the library and the slow collector differ, or nothing.
std::optional<int> FirstDifference(Fault fault) {
  Random random;
  for (int run = 0; run < 60; ++run) {
    std::vector<std::uint64_t> weights(random.Between(1, 7));
    for (std::uint64_t& weight : weights) weight = random.Between(1, 3);
    const Committee<ToyScheme> committee(weights);
    Round lowest(random.Below(4));
    Collector collector = *Collector::Create(committee.set(), committee.domain(), lowest);
    SlowCollector slow(committee, lowest, fault);
    for (int step = 0; step < 250; ++step) {
      if (random.Chance(1, 40)) {
        lowest = Round(lowest.value() + random.Below(kWindow + 2));
        EXPECT_TRUE(collector.AdvanceTo(lowest).ok());
        slow.AdvanceTo(lowest);
      }
      const ToyVote vote = RandomVote(random, committee, lowest);
      if (Name(collector.Add(vote)) != slow.Add(vote)) return run * 250 + step;
      if (LooksDifferent(collector, slow, vote, committee)) return run * 250 + step;
    }
  }
  return std::nullopt;
}

TEST(VoteCollectorModel, AgreesWithASlowCollector) {
  EXPECT_EQ(FirstDifference(Fault::kNone), std::nullopt);
}

TEST(VoteCollectorModel, DiffersFromEveryPlantedFault) {  // Q1, Q14, Q17, Q27, Q31-Q35
  for (const Fault fault : kFaults) {
    EXPECT_NE(FirstDifference(fault), std::nullopt) << "fault " << static_cast<int>(fault);
  }
}

}  // namespace
}  // namespace settle
