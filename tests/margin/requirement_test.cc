// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/requirement.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/margin/types.h"
#include "tests/support/big_integer.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;

// Planted: rounds each requirement down to whole quanta.
struct TruncatingPpm {
  static bool Add(MicroQuanta& sum, Quanta notional, RatePpm rate) {
    const Int128 exact = notional.value() * rate.parts();
    return AddTo(sum, MicroQuanta(exact - exact % kMicroPerQuantum));
  }
};
static_assert(RequirementPolicy<TruncatingPpm>);

template <RequirementPolicy Policy>
Int128 Requirement(Int128 notional, RatePpm rate) {
  MicroQuanta sum;
  EXPECT_TRUE(Policy::Add(sum, Quanta(notional), rate));
  return sum.value();
}

// How often of 20,000 times a position demands less in pieces than whole (M17).
template <RequirementPolicy Policy>
int CountCheaperInPieces() {
  test::Random random;
  int cheaper = 0;
  for (int round = 0; round < 20'000; ++round) {
    const RatePpm rate(static_cast<std::int64_t>(random.Below(1'000'001)));
    const auto pieces = static_cast<Int128>(1 + random.Below(7));
    const auto notional = static_cast<Int128>(random.Edge<std::uint64_t>());
    MicroQuanta sum;
    Int128 left = notional;
    for (Int128 piece = 1; piece < pieces; ++piece) {
      const Int128 part = static_cast<Int128>(random.Any<std::uint64_t>()) % (left + 1);
      EXPECT_TRUE(Policy::Add(sum, Quanta(part), rate));
      left -= part;
    }
    EXPECT_TRUE(Policy::Add(sum, Quanta(left), rate));
    if (sum.value() < Requirement<Policy>(notional, rate)) ++cheaper;
  }
  return cheaper;
}

TEST(ExactPpm, IsTheProduct) {
  EXPECT_EQ(Requirement<ExactPpm>(1, RatePpm(50'000)), 50'000);
  EXPECT_EQ(Requirement<ExactPpm>(0, RatePpm(1'000'000)), 0);
  EXPECT_EQ(Requirement<ExactPpm>(12'345, RatePpm(0)), 0);
  test::Random random;
  for (int round = 0; round < 20'000; ++round) {
    const auto notional = static_cast<Int128>(random.Edge<UInt128>() >> 28);
    const RatePpm rate(static_cast<std::int64_t>(random.Below(1'000'001)));
    ASSERT_EQ(BigInteger(Requirement<ExactPpm>(notional, rate)),
              BigInteger(notional) * BigInteger(rate.parts()));
  }
}

TEST(ExactPpm, NeverDemandsLessInPiecesThanWhole) {
  EXPECT_EQ(CountCheaperInPieces<ExactPpm>(), 0);
  EXPECT_GT(CountCheaperInPieces<TruncatingPpm>(), 1'000);
}

TEST(ExactPpm, AddsNothingBeyondItsRanges) {
  MicroQuanta sum(Int128{5});
  EXPECT_TRUE(ExactPpm::Add(sum, kMaxNotional, RatePpm(1'000'000)));
  EXPECT_EQ(sum.value(), kMaxNotional.value() * 1'000'000 + 5);
  const MicroQuanta before = sum;
  EXPECT_FALSE(ExactPpm::Add(sum, Quanta(kMaxNotional.value() + 1), RatePpm(1)));
  EXPECT_FALSE(ExactPpm::Add(sum, Quanta(Int128{-1}), RatePpm(1)));
  EXPECT_FALSE(ExactPpm::Add(sum, Quanta(Int128{1}), RatePpm(1'000'001)));
  EXPECT_FALSE(ExactPpm::Add(sum, Quanta(Int128{1}), RatePpm(-1)));
  EXPECT_EQ(sum, before);
}

TEST(ExactPpm, AddsNothingThatLeaves128Bits) {
  MicroQuanta sum(kMax<Int128> - 7);
  EXPECT_FALSE(ExactPpm::Add(sum, Quanta(Int128{8}), RatePpm(1)));
  EXPECT_EQ(sum.value(), kMax<Int128> - 7);
  EXPECT_TRUE(ExactPpm::Add(sum, Quanta(Int128{7}), RatePpm(1)));
  EXPECT_EQ(sum.value(), kMax<Int128>);
}

}  // namespace
}  // namespace settle
