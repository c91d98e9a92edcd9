// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/fixed.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <type_traits>

#include "settle/base/integer.h"

namespace settle {
namespace {

struct TenthsTag {};
using Tenths = Fixed<TenthsTag, std::int8_t, 10>;
struct OtherTag {};
using Other = Fixed<OtherTag, std::int64_t, 1'000'000>;

TEST(Fixed, IsMadeFromPartsAndNeverFromAFloatingPointNumber) {
  static_assert(std::is_constructible_v<RatePpm, std::int64_t>);
  static_assert(std::is_constructible_v<RatePpm, int>);
  static_assert(!std::is_constructible_v<RatePpm, double>);
  static_assert(!std::is_constructible_v<RatePpm, float>);
  static_assert(!std::is_constructible_v<RatePpm, std::uint64_t>);
  static_assert(!std::is_constructible_v<RatePpm, Int128>);
  static_assert(!std::is_constructible_v<RatePpm, bool>);
  static_assert(!std::is_constructible_v<RatePpm, Other>);
  static_assert(!std::is_convertible_v<std::int64_t, RatePpm>);
  static_assert(!std::is_convertible_v<RatePpm, std::int64_t>);
}

TEST(Fixed, NarrowRepresentationTakesLiteralsThatFit) {
  static_assert(Tenths(127).parts() == 127 && Tenths(-128).parts() == -128);
  static_assert(!std::is_constructible_v<Tenths, std::int64_t>);
  const int parts = 7;
  EXPECT_EQ(RatePpm(parts).parts(), 7);
}

TEST(Fixed, IsOrderedByItsParts) {
  static_assert(RatePpm(-1) < RatePpm());
  static_assert(RatePpm(50'000) == RatePpm(50'000));
  static_assert(RatePpm(50'000).parts() == 50'000 && RatePpm::kScale == 1'000'000);
}

TEST(Fixed, AppliesItsRateWithTheNamedRounding) {
  constexpr RatePpm kFivePercent(50'000);
  EXPECT_EQ(kFivePercent.Of(1'000, Rounding::kDown), 50);
  EXPECT_EQ(kFivePercent.Of(1'001, Rounding::kDown), 50);
  EXPECT_EQ(kFivePercent.Of(1'001, Rounding::kUp), 51);
  EXPECT_EQ(kFivePercent.Of(-1'001, Rounding::kDown), -51);
  EXPECT_EQ(kFivePercent.Of(-1'001, Rounding::kUp), -50);
  EXPECT_EQ(kFivePercent.Of(-1'001, Rounding::kTowardZero), -50);
  EXPECT_EQ(kFivePercent.Of(1'010, Rounding::kNearestEven), 50);  // 50.5
  EXPECT_EQ(kFivePercent.Of(1'030, Rounding::kNearestEven), 52);  // 51.5
  EXPECT_EQ(RatePpm(-1).Of(1, Rounding::kDown), -1);
  static_assert(RatePpm(1'000'000).Of(7, Rounding::kUp) == 7);
}

TEST(Fixed, AppliesToTheLargestAmountsExactly) {
  EXPECT_EQ(RatePpm(1'000'000).Of(kMax<Int128>, Rounding::kUp), kMax<Int128>);
  EXPECT_EQ(RatePpm(1'000'000).Of(kMin<Int128>, Rounding::kDown), kMin<Int128>);
  EXPECT_EQ(RatePpm(-1'000'000).Of(kMin<Int128>, Rounding::kUp), std::nullopt);
  EXPECT_EQ(RatePpm(1'000'001).Of(kMax<Int128>, Rounding::kDown), std::nullopt);
  EXPECT_EQ(RatePpm(kMin<std::int64_t>).Of(kMin<Int128>, Rounding::kDown), std::nullopt);
  EXPECT_EQ(RatePpm(kMin<std::int64_t>).Of(0, Rounding::kAwayFromZero), 0);
}

TEST(Fixed, AddsAndSubtractsForAllPairsOfEightBits) {
  for (int a = -128; a < 128; ++a) {
    for (int b = -128; b < 128; ++b) {
      const Tenths x(static_cast<std::int8_t>(a));
      const Tenths y(static_cast<std::int8_t>(b));
      const auto expect = [](int exact, std::optional<Tenths> actual) {
        ASSERT_EQ(actual.has_value(), exact >= -128 && exact <= 127);
        ASSERT_EQ(actual ? actual->parts() : exact, exact);
      };
      expect(a + b, CheckedAdd(x, y));
      expect(a - b, CheckedSub(x, y));
    }
  }
}

}  // namespace
}  // namespace settle
