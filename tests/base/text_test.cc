// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/text.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/types.h"
#include "settle/ledger/reason.h"
#include "tests/support/random.h"

namespace settle {
namespace {

constexpr std::string_view kLeast = "-170141183460469231731687303715884105728";
constexpr std::string_view kLargest = "170141183460469231731687303715884105727";

Reason WhyNot(std::string_view text, int scale) {
  const Result<Int128> result = ParseDecimal(text, scale);
  EXPECT_FALSE(result.ok()) << text;
  return result.reason();
}

Int128 Parsed(std::string_view text, int scale) {
  const Result<Int128> result = ParseDecimal(text, scale);
  EXPECT_TRUE(result.ok()) << text;
  return *result;
}

// --- numbers to text ----------------------------------------------------------------------------

TEST(Text, WritesIntegersOfEveryWidth) {
  EXPECT_EQ(ToString(std::int8_t{-128}), "-128");
  EXPECT_EQ(ToString(std::uint8_t{255}), "255");
  EXPECT_EQ(ToString(std::uint16_t{0}), "0");
  EXPECT_EQ(ToString(-5), "-5");
  EXPECT_EQ(ToString(kMin<std::int64_t>), "-9223372036854775808");
  EXPECT_EQ(ToString(kMax<std::uint64_t>), "18446744073709551615");
  EXPECT_EQ(ToString(kMin<Int128>), kLeast);
  EXPECT_EQ(ToString(kMax<Int128>), kLargest);
  EXPECT_EQ(ToString(kMax<UInt128>), "340282366920938463463374607431768211455");
}

TEST(Text, WritesNamesAsTheirNumbersOrBytes) {
  EXPECT_EQ(ToString(Height(7)), "7");
  EXPECT_EQ(ToString(OwnerId::FromNumber(0xab)), "000000000000000000000000000000ab");
  EXPECT_EQ(ToString(Reason()), "ok");
  EXPECT_EQ(ToString(Reason(LedgerReason::kUnbalanced)), "module 4 code 12");
  std::string text = "height ";
  AppendTo(text, Height(3));
  EXPECT_EQ(text, "height 3");
}

TEST(Text, WritesRatesAsDecimals) {
  struct ThousandthsTag {};
  EXPECT_EQ(ToString(RatePpm(50'000)), "0.05");
  EXPECT_EQ(ToString(RatePpm(-1)), "-0.000001");
  EXPECT_EQ(ToString(RatePpm(2'000'000)), "2");
  EXPECT_EQ(ToString(Fixed<ThousandthsTag, std::int16_t, 1000>(1250)), "1.25");
  EXPECT_EQ(ToString(Fixed<ThousandthsTag, std::int16_t, 1>(12)), "12");
  static_assert(detail::DecimalsOf(1000) == 3 && detail::DecimalsOf(1) == 0);
  static_assert(detail::DecimalsOf(20) == -1 && detail::DecimalsOf(3) == -1);
}

TEST(FormatDecimal, WritesNoTrailingZerosAndNoBarePoint) {
  EXPECT_EQ(FormatDecimal(123450000, 8), "1.2345");
  EXPECT_EQ(FormatDecimal(-5, 1), "-0.5");
  EXPECT_EQ(FormatDecimal(0, 8), "0");
  EXPECT_EQ(FormatDecimal(0, 0), "0");
  EXPECT_EQ(FormatDecimal(100, 2), "1");
  EXPECT_EQ(FormatDecimal(-100, 0), "-100");
  EXPECT_EQ(FormatDecimal(1, 38), "0.00000000000000000000000000000000000001");
  EXPECT_EQ(FormatDecimal(1010, 3), "1.01");
  EXPECT_EQ(FormatDecimal(kMin<Int128>, 0), kLeast);
  EXPECT_EQ(FormatDecimal(kMin<Int128>, 38), "-1.70141183460469231731687303715884105728");
}

// --- text to numbers ----------------------------------------------------------------------------

TEST(ParseDecimal, ReadsExactlyWhatIsWritten) {
  EXPECT_EQ(Parsed("-1.25", 3), -1250);
  EXPECT_EQ(Parsed("1.2345", 8), 123450000);
  EXPECT_EQ(Parsed("0", 0), 0);
  EXPECT_EQ(Parsed("-0", 5), 0);
  EXPECT_EQ(Parsed("-0.0", 1), 0);
  EXPECT_EQ(Parsed("+7", 2), 700);
  EXPECT_EQ(Parsed("007.50", 2), 750);
  EXPECT_EQ(Parsed("0.1", 38) * 10, Parsed("1", 38));
  static_assert(*ParseDecimal("12.5", 1) == 125);
}

TEST(ParseDecimal, DecimalsBeyondTheScaleMustBeZero) {
  EXPECT_EQ(Parsed("1.2500", 2), 125);
  EXPECT_EQ(Parsed("3.000000000000000000000000000000000000000000000000", 0), 3);
  EXPECT_EQ(WhyNot("1.251", 2), BaseReason::kSurplusDecimals);
  EXPECT_EQ(WhyNot("0.1", 0), BaseReason::kSurplusDecimals);
  EXPECT_EQ(WhyNot("1.2501000", 2), BaseReason::kSurplusDecimals);
}

TEST(ParseDecimal, ReadsTheLeastAndTheLargestAndNothingBeyond) {
  EXPECT_EQ(Parsed(kLeast, 0), kMin<Int128>);
  EXPECT_EQ(Parsed(kLargest, 0), kMax<Int128>);
  EXPECT_EQ(Parsed("-1.70141183460469231731687303715884105728", 38), kMin<Int128>);
  EXPECT_EQ(Parsed("1.70141183460469231731687303715884105727", 38), kMax<Int128>);
  EXPECT_EQ(WhyNot("-170141183460469231731687303715884105729", 0), BaseReason::kOverflow);
  EXPECT_EQ(WhyNot("170141183460469231731687303715884105728", 0), BaseReason::kOverflow);
  EXPECT_EQ(WhyNot("-1.70141183460469231731687303715884105729", 38), BaseReason::kOverflow);
  EXPECT_EQ(WhyNot("1.70141183460469231731687303715884105728", 38), BaseReason::kOverflow);
  EXPECT_EQ(WhyNot("2", 38), BaseReason::kOverflow);
  EXPECT_EQ(WhyNot(std::string(1000, '9'), 0), BaseReason::kOverflow);
  EXPECT_EQ(Parsed(std::string(1000, '0') + "5", 0), 5);
}

TEST(ParseDecimal, JunkIsNoNumber) {
  for (const std::string_view text :
       {"",      "-",     "+",    ".",    "-.",   "1.",   ".5",      "-.5",   "--1",
        "+-1",   "1.2.3", "1..2", "1e5",  "0x10", " 1",   "1 ",      "1 000", "1,5",
        "1_000", "inf",   "nan",  "-nan", "1.-5", "1.+5", "\xd9\xa1"}) {
    EXPECT_EQ(WhyNot(text, 2), BaseReason::kNotANumber) << text;
  }
  EXPECT_EQ(WhyNot(std::string_view("1\0", 2), 2), BaseReason::kNotANumber);
  EXPECT_EQ(WhyNot(std::string_view("1.\0", 3), 2), BaseReason::kNotANumber);
}

TEST(ParseDecimal, EveryByteBehindADigitIsADigitAPointOrJunk) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'1', static_cast<char>(byte)};
    EXPECT_EQ(ParseDecimal(text, 0).ok(), byte >= '0' && byte <= '9') << byte;
  }
}

TEST(ParseDecimal, ScaleIsAtMostTheLargestPowerOfTen) {
  EXPECT_EQ(WhyNot("1", -1), BaseReason::kOutOfRange);
  EXPECT_EQ(WhyNot("1", 39), BaseReason::kOutOfRange);
  EXPECT_EQ(Parsed("1", 38), Parsed("100000000000000000000000000000000000000", 0));
}

TEST(ParseDecimal, ReadsBackWhatFormatDecimalWritesAtEveryScale) {
  test::Random random;
  for (int scale = 0; scale <= kMaxDecimals; ++scale) {
    for (int i = 0; i < 100; ++i) {
      const auto value = random.Edge<Int128>();
      ASSERT_EQ(Parsed(FormatDecimal(value, scale), scale), value);
    }
    for (const Int128 value : {kMin<Int128>, kMax<Int128>, Int128{0}, Int128{-1}, Int128{1}}) {
      ASSERT_EQ(Parsed(FormatDecimal(value, scale), scale), value);
    }
  }
}

TEST(ParseDecimal, ReadsIntegersThatToStringWrites) {
  test::Random random;
  for (int i = 0; i < 2000; ++i) {
    const auto value = random.Edge<Int128>();
    ASSERT_EQ(Parsed(ToString(value), 0), value);
    const auto small = random.Edge<std::int64_t>();
    ASSERT_EQ(ToString(small), std::to_string(small));
  }
}

// --- hexadecimal --------------------------------------------------------------------------------

TEST(Hex, EveryByteComesBackFromEitherCase) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<std::byte>(i));
  const std::string text = ToHex(bytes);
  EXPECT_EQ(text.substr(0, 8), "00010203");
  EXPECT_EQ(text.substr(508), "feff");
  EXPECT_EQ(*ParseHex(text), bytes);
  std::string upper;
  for (const char c : text) upper.push_back(c >= 'a' ? static_cast<char>(c - 32) : c);
  EXPECT_EQ(*ParseHex(upper), bytes);
  EXPECT_TRUE(ParseHex("")->empty());
  EXPECT_EQ(ToHex({}), "");
}

TEST(Hex, OddLengthAndOtherCharactersAreRefused) {
  for (const std::string_view text : {"0", "012", "0g", "g0", "0x", " 0", "0 ", "--", "\xff\xff"}) {
    EXPECT_EQ(ParseHex(text).reason(), BaseReason::kNotHex) << text;
  }
  int digits = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'0', static_cast<char>(byte)};
    digits += ParseHex(text).ok() ? 1 : 0;
  }
  EXPECT_EQ(digits, 22);
}

}  // namespace
}  // namespace settle
