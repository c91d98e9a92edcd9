// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/decimal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace settle::example {
namespace {

TEST(ReadDecimal, CountsNoZerosAtTheEnd) {
  const struct {
    const char* text;
    int digits;
    int decimals;
  } kCases[] = {
      {"255.0", 255, 0}, {"0.15021", 15021, 5},  {"-2684.0", -2684, 0}, {"100", 100, 0},
      {"0.0", 0, 0},     {"-0.000383", -383, 6}, {"1.10", 11, 1},       {"100.00", 100, 0},
  };
  for (const auto& one : kCases) {
    const Result<Decimal> number = ReadDecimal(one.text);
    ASSERT_TRUE(number.ok()) << one.text;
    EXPECT_EQ(number->digits, Int128{one.digits}) << one.text;
    EXPECT_EQ(number->decimals, one.decimals) << one.text;
  }
}

TEST(ReadDecimal, RefusesWhatIsNoDecimalNumber) {
  for (const char* text :
       {"", "abc", "1e5", ".5", "5.", "1.2.3", " 1", "1 ", "--1", "0x10", "nan", "1,5", "-", "."}) {
    const Result<Decimal> number = ReadDecimal(text);
    ASSERT_FALSE(number.ok()) << text;
    EXPECT_TRUE(number.reason().Is(BaseReason::kNotANumber)) << text;
  }
}

TEST(ReadDecimal, ReadsEighteenDecimalsAndNoMore) {
  const std::string most = "0." + std::string(17, '0') + "1";
  ASSERT_TRUE(ReadDecimal(most).ok());
  EXPECT_EQ(ReadDecimal(most)->decimals, 18);
  EXPECT_TRUE(
      ReadDecimal("0." + std::string(18, '0') + "1").reason().Is(BaseReason::kSurplusDecimals));
  // Zeros at the end are no decimals however many.
  EXPECT_TRUE(ReadDecimal("7." + std::string(60, '0')).ok());
}

TEST(ReadDecimal, RefusesMoreThan128Bits) {
  EXPECT_TRUE(ReadDecimal(std::string(60, '9')).reason().Is(BaseReason::kOverflow));
}

TEST(ToUnits, ScalesExactlyOrRefuses) {
  EXPECT_EQ(*ToUnits({.digits = 15021, .decimals = 5}, 8), 15'021'000);
  EXPECT_EQ(*ToUnits({.digits = -5, .decimals = 0}, 2), -500);
  EXPECT_TRUE(
      ToUnits({.digits = 15021, .decimals = 5}, 4).reason().Is(BaseReason::kSurplusDecimals));
}

TEST(ToUnits, StopsAtTheLargestUnits) {
  EXPECT_EQ(*ToUnits({.digits = kMaxUnits, .decimals = 0}, 0), kMaxUnits);
  EXPECT_EQ(*ToUnits({.digits = -static_cast<Int128>(kMaxUnits), .decimals = 0}, 0), -kMaxUnits);
  EXPECT_TRUE(ToUnits({.digits = static_cast<Int128>(kMaxUnits) + 1, .decimals = 0}, 0)
                  .reason()
                  .Is(BaseReason::kOutOfRange));
  EXPECT_TRUE(
      ToUnits({.digits = kMax<Int128>, .decimals = 0}, 18).reason().Is(BaseReason::kOutOfRange));
}

TEST(ToNearestUnits, RoundsToTheNearestAndAHalfAwayFromZero) {
  const struct {
    const char* text;
    int decimals;
    std::int64_t units;
  } kCases[] = {
      {"3792.2", 0, 3792},
      {"-81598.96", 1, -815990},
      {"2.5", 0, 3},
      {"-2.5", 0, -3},
      {"2.49999", 0, 2},
      {"12.3400000007", 2, 1234},
      {"-12.3399999993", 2, -1234},
      {"0.4", 0, 0},
      {"7.0", 3, 7000},
  };
  for (const auto& one : kCases) {
    const Result<std::int64_t> units = ToNearestUnits(*ReadDecimal(one.text), one.decimals);
    ASSERT_TRUE(units.ok()) << one.text;
    EXPECT_EQ(*units, one.units) << one.text;
  }
}

}  // namespace
}  // namespace settle::example
