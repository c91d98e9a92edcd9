// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/types.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/quorum/reason.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::Random;

constexpr FaultModel kModels[] = {FaultModel::kByzantine, FaultModel::kCrashOnly};
constexpr std::uint64_t kMostWeight = (std::uint64_t{1} << 63) - 1;

std::uint64_t QuorumOf(FaultModel model, std::uint64_t total) {
  return Quorum::Of(model, Weight(total))->weight().value();
}
std::uint64_t BlockingOf(FaultModel model, std::uint64_t total) {
  return Blocking::Of(model, Weight(total))->weight().value();
}

// The most weight that may be faulty, from the definition of the model and not from the quorum:
// less than a third, or less than a half.
std::uint64_t MostFaulty(FaultModel model, std::uint64_t total) {
  return (total - 1) / (model == FaultModel::kByzantine ? 3 : 2);
}

// What a formula for the quorum must keep for one total; the name of the first that it does not.
// The slow arithmetic is in 128 bits and by definition, not by the formula.
template <typename Formula>
const char* BrokenRule(FaultModel model, std::uint64_t total, Formula formula) {
  const UInt128 quorum = formula(model, total);
  const UInt128 faulty = MostFaulty(model, total);
  const UInt128 all = total;
  if (quorum == 0 || quorum > all) return "a quorum is some of the total";
  if (quorum > all - faulty) return "the honest reach it without the faulty";
  if (2 * quorum <= all) return "two quorums share a member";
  if (model == FaultModel::kByzantine) {
    if (2 * quorum - all <= faulty) return "two quorums share more than the faulty";
    if (3 * quorum <= 2 * all) return "it is more than two thirds";
    if (3 * (quorum - 1) > 2 * all) return "nothing less is more than two thirds";
  } else if (2 * (quorum - 1) > all) {
    return "nothing less is more than a half";
  }
  return nullptr;
}

TEST(Quorum, KeepsItsRulesForEveryTotalUpTo200AndForAnyOther) {  // Q14, Q17
  for (const FaultModel model : kModels) {
    for (std::uint64_t total = 1; total <= 200; ++total) {
      ASSERT_EQ(BrokenRule(model, total, QuorumOf), nullptr) << total;
    }
    Random random;
    for (int i = 0; i < 200'000; ++i) {
      const std::uint64_t total = random.Edge<std::uint64_t>() & kMostWeight;
      if (total != 0) {
        ASSERT_EQ(BrokenRule(model, total, QuorumOf), nullptr) << total;
      }
    }
    ASSERT_EQ(BrokenRule(model, kMostWeight, QuorumOf), nullptr);
  }
}

// Formulas that others shipped: each breaks a rule for some total up to 200.
TEST(Quorum, RulesCatchTheFormulasThatOthersGotWrong) {  // Q14
  const auto broken_somewhere = [](auto formula) {
    for (std::uint64_t total = 1; total <= 200; ++total) {
      if (BrokenRule(FaultModel::kByzantine, total, formula) != nullptr) return true;
    }
    return false;
  };
  EXPECT_FALSE(broken_somewhere(QuorumOf));
  EXPECT_TRUE(broken_somewhere([](FaultModel, std::uint64_t n) { return 2 * ((n - 1) / 3) + 1; }));
  EXPECT_TRUE(broken_somewhere([](FaultModel, std::uint64_t n) { return 2 * n / 3; }));
  EXPECT_TRUE(broken_somewhere([](FaultModel, std::uint64_t n) { return (2 * n + 2) / 3; }));
  EXPECT_TRUE(broken_somewhere([](FaultModel, std::uint64_t n) { return n - n / 3; }));
  EXPECT_TRUE(broken_somewhere([](FaultModel, std::uint64_t n) { return 2 * n / 3 + 2; }));
  EXPECT_TRUE(broken_somewhere([](FaultModel, std::uint64_t n) { return n / 2 + 1; }));
}

// For sets of up to 9 members of weights 1 to 9, all pairs of subsets: the thresholds hold for
// members, who cannot be divided.
TEST(Quorum, OfMembersWithRandomWeightsIntersectsInMoreThanTheFaulty) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> weights(random.Between(1, 9));
    for (std::uint64_t& weight : weights) weight = random.Between(1, 9);
    const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    const auto weigh = [&weights](std::size_t subset) {
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < weights.size(); ++i) sum += (subset >> i) % 2 * weights[i];
      return sum;
    };
    const Quorum quorum = *Quorum::Of(FaultModel::kByzantine, Weight(total));
    const Blocking blocking = *Blocking::Of(FaultModel::kByzantine, Weight(total));
    const std::uint64_t faulty = MostFaulty(FaultModel::kByzantine, total);
    const std::size_t subsets = std::size_t{1} << weights.size();
    for (std::size_t a = 0; a < subsets; ++a) {
      const bool rest_is_quorum = quorum.IsReachedBy(Weight(total - weigh(a)));
      ASSERT_EQ(blocking.IsReachedBy(Weight(weigh(a))), !rest_is_quorum);
      if (weigh(a) <= faulty) {
        ASSERT_TRUE(rest_is_quorum);
      }
      if (!quorum.IsReachedBy(Weight(weigh(a)))) continue;
      for (std::size_t b = a; b < subsets; ++b) {
        if (quorum.IsReachedBy(Weight(weigh(b)))) {
          ASSERT_GT(weigh(a & b), faulty);
        }
      }
    }
  }
}

TEST(Quorum, IsNotReachedByExactlyTwoThirds) {  // Q17
  for (std::uint64_t third = 1; third <= 66; ++third) {
    const Quorum quorum = *Quorum::Of(FaultModel::kByzantine, Weight(3 * third));
    EXPECT_FALSE(quorum.IsReachedBy(Weight(2 * third)));
    EXPECT_TRUE(quorum.IsReachedBy(Weight(2 * third + 1)));
  }
}

TEST(Quorum, IsExactAtTheLargestTotal) {  // Q15
  EXPECT_EQ(QuorumOf(FaultModel::kByzantine, kMostWeight), 6148914691236517205u);
  EXPECT_EQ(BlockingOf(FaultModel::kByzantine, kMostWeight), 3074457345618258603u);
  EXPECT_EQ(QuorumOf(FaultModel::kCrashOnly, kMostWeight), 4611686018427387904u);
  EXPECT_EQ(Quorum::Of(FaultModel::kByzantine, Weight(kMostWeight + 1)).reason(),
            Reason(QuorumReason::kWeightOverflow));
  EXPECT_EQ(Blocking::Of(FaultModel::kCrashOnly, Weight(~std::uint64_t{0})).reason(),
            Reason(QuorumReason::kWeightOverflow));
}

TEST(Quorum, OfNothingDoesNotExist) {  // Q13
  for (const FaultModel model : kModels) {
    EXPECT_EQ(Quorum::Of(model, Weight(0)).reason(), Reason(QuorumReason::kEmptySet));
    EXPECT_EQ(Blocking::Of(model, Weight(0)).reason(), Reason(QuorumReason::kEmptySet));
  }
}

TEST(Quorum, RefusesAnUnknownFaultModel) {
  for (const int number : {0, 3, 255}) {
    const auto model = static_cast<FaultModel>(number);
    EXPECT_FALSE(IsKnownEnumerator(model));
    EXPECT_EQ(Quorum::Of(model, Weight(4)).reason(), Reason(QuorumReason::kUnknownFaultModel));
    EXPECT_EQ(Blocking::Of(model, Weight(4)).reason(), Reason(QuorumReason::kUnknownFaultModel));
  }
}

TEST(Quorum, IsCrossedByExactlyOneOfTheAdditionsThatLeadToTheTotal) {  // Q33
  Random random;
  for (int round = 0; round < 500; ++round) {
    std::vector<std::uint64_t> weights(random.Between(1, 30));
    for (std::uint64_t& weight : weights) weight = random.Between(1, 1000);
    const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
    const Quorum quorum = *Quorum::Of(kModels[random.Below(2)], Weight(total));
    int crossings = 0;
    std::uint64_t sum = 0;
    for (const std::uint64_t weight : weights) {
      crossings += quorum.IsCrossedBetween(Weight(sum), Weight(sum + weight)) ? 1 : 0;
      sum += weight;
    }
    ASSERT_EQ(crossings, 1);
  }
}

TEST(Thresholds, OfThreeAreThreeDifferentWeights) {
  EXPECT_EQ(QuorumOf(FaultModel::kByzantine, 3), 3u);
  EXPECT_EQ(BlockingOf(FaultModel::kByzantine, 3), 1u);
  EXPECT_FALSE(TrustLevel::Third().IsExceededBy({.part = Weight(1), .total = Weight(3)}));
  EXPECT_TRUE(TrustLevel::Third().IsExceededBy({.part = Weight(2), .total = Weight(3)}));
}

TEST(Thresholds, AreNotEachOther) {
  static_assert(!std::is_convertible_v<Quorum, Blocking>);
  static_assert(!std::is_convertible_v<Blocking, Quorum>);
  static_assert(!std::is_convertible_v<Quorum, Weight>);
  static_assert(!std::is_convertible_v<Weight, Quorum>);
  static_assert(!std::is_default_constructible_v<Quorum>);
  static_assert(!std::is_default_constructible_v<TrustLevel>);
}

TEST(Blocking, IsWhatAQuorumCannotDoWithout) {
  for (const FaultModel model : kModels) {
    for (std::uint64_t total = 1; total <= 200; ++total) {
      ASSERT_EQ(BlockingOf(model, total), MostFaulty(model, total) + 1) << total;
      ASSERT_GE(3 * BlockingOf(model, total), total) << total;
    }
  }
}

TEST(TrustLevel, IsBetweenAThirdAndOne) {  // Q16
  const auto reason = [](std::uint64_t numerator, std::uint64_t denominator) {
    return TrustLevel::Of({.numerator = numerator, .denominator = denominator}).reason();
  };
  const Reason bad = QuorumReason::kBadTrustLevel;
  EXPECT_TRUE(reason(1, 3).ok());
  EXPECT_TRUE(reason(2, 3).ok());
  EXPECT_TRUE(reason(1, 1).ok());
  EXPECT_TRUE(reason(kMax<std::uint64_t>, kMax<std::uint64_t>).ok());
  EXPECT_TRUE(reason(kMax<std::uint64_t> / 3, kMax<std::uint64_t>).ok());  // 2^64 - 1 = 3 * 5 * ...
  EXPECT_EQ(reason(0, 0), bad);
  EXPECT_EQ(reason(1, 0), bad);
  EXPECT_EQ(reason(0, 1), bad);
  EXPECT_EQ(reason(1, 4), bad);
  EXPECT_EQ(reason(4, 3), bad);
  EXPECT_EQ(reason(333, 1000), bad);
  EXPECT_EQ(reason(std::uint64_t{1} << 63, 1), bad);
  EXPECT_EQ(reason(kMax<std::uint64_t> / 3 - 1, kMax<std::uint64_t>), bad);
  // 3 * numerator wraps to 2 in 64 bits.
  EXPECT_EQ(reason(6148914691236517206u, 1), bad);
}

TEST(TrustLevel, IsExceededStrictlyAndExactly) {  // Q17
  const TrustLevel third = TrustLevel::Third();
  for (std::uint64_t part = 1; part <= 66; ++part) {
    EXPECT_FALSE(third.IsExceededBy({.part = Weight(part), .total = Weight(3 * part)}));
    EXPECT_TRUE(third.IsExceededBy({.part = Weight(part + 1), .total = Weight(3 * part)}));
    EXPECT_TRUE(third.IsExceededBy({.part = Weight(part), .total = Weight(3 * part - 1)}));
  }
  EXPECT_FALSE(third.IsExceededBy({.part = Weight(0), .total = Weight(0)}));
  // Products beyond 64 bits.
  const TrustLevel fine =
      *TrustLevel::Of({.numerator = kMostWeight / 3 + 1, .denominator = kMostWeight});
  EXPECT_FALSE(
      fine.IsExceededBy({.part = Weight(kMostWeight / 3 + 1), .total = Weight(kMostWeight)}));
  EXPECT_TRUE(
      fine.IsExceededBy({.part = Weight(kMostWeight / 3 + 2), .total = Weight(kMostWeight)}));
  const TrustLevel whole = *TrustLevel::Of({.numerator = 1, .denominator = 1});
  EXPECT_FALSE(whole.IsExceededBy({.part = Weight(5), .total = Weight(5)}));
}

}  // namespace
}  // namespace settle
