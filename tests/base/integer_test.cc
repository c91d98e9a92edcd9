// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/integer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "tests/support/big_integer.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;

// --- the types ----------------------------------------------------------------------------------

TEST(Integer, EveryWidthIsCheckedInEveryDialectAndNothingElseIs) {
  static_assert(CheckedInteger<std::int8_t> && CheckedInteger<std::uint8_t>);
  static_assert(CheckedInteger<std::int16_t> && CheckedInteger<std::uint16_t>);
  static_assert(CheckedInteger<std::int32_t> && CheckedInteger<std::uint32_t>);
  static_assert(CheckedInteger<std::int64_t> && CheckedInteger<std::uint64_t>);
  static_assert(CheckedInteger<long long> && CheckedInteger<unsigned long long>);
  static_assert(CheckedInteger<Int128> && CheckedInteger<UInt128> && CheckedInteger<std::size_t>);
  static_assert(!CheckedInteger<bool> && !CheckedInteger<char> && !CheckedInteger<wchar_t>);
  static_assert(!CheckedInteger<char8_t> && !CheckedInteger<double> && !CheckedInteger<int*>);
  static_assert(!CheckedInteger<const int> && !CheckedInteger<int&>);
}

TEST(Integer, LimitsAreThoseOfTwosComplement) {
  static_assert(kMin<std::int8_t> == -128 && kMax<std::int8_t> == 127);
  static_assert(kMin<std::uint8_t> == 0 && kMax<std::uint8_t> == 255);
  static_assert(kMin<std::int16_t> == INT16_MIN && kMax<std::int16_t> == INT16_MAX);
  static_assert(kMin<std::int32_t> == INT32_MIN && kMax<std::int32_t> == INT32_MAX);
  static_assert(kMin<std::int64_t> == INT64_MIN && kMax<std::int64_t> == INT64_MAX);
  static_assert(kMin<long long> == INT64_MIN && kMax<unsigned long long> == UINT64_MAX);
  static_assert(kMax<std::uint64_t> == UINT64_MAX);
  static_assert(kMax<UInt128> == ((UInt128{UINT64_MAX} << 64) | UINT64_MAX));
  static_assert(kMax<Int128> == static_cast<Int128>(kMax<UInt128> / 2));
  static_assert(kMin<Int128> + kMax<Int128> == -1);
  static_assert(kIsSigned<Int128> && !kIsSigned<UInt128> && kIsSigned<std::int8_t>);
  static_assert(std::is_same_v<UnsignedOf<Int128>, UInt128>);
  static_assert(std::is_same_v<UnsignedOf<long long>, std::uint64_t>);
  static_assert(std::is_same_v<UnsignedOf<std::int8_t>, std::uint8_t>);
}

// --- addition, subtraction, multiplication, negation --------------------------------------------

// All values of an 8-bit type.
template <typename T>
std::vector<T> All() {
  std::vector<T> values;
  for (int i = kMin<T>; i <= kMax<T>; ++i) values.push_back(static_cast<T>(i));
  return values;
}

template <typename T>
void ExpectExact(int exact, std::optional<T> actual) {
  ASSERT_EQ(actual.has_value(), exact >= kMin<T> && exact <= kMax<T>) << exact;
  ASSERT_EQ(actual ? *actual : exact, exact);
}

template <typename T, typename U>
void ExpectExactForAllPairs() {
  for (const T a : All<T>()) {
    for (const U b : All<U>()) {
      ExpectExact<T>(a + b, CheckedAdd(a, b));
      ExpectExact<T>(a - b, CheckedSub(a, b));
      ExpectExact<T>(a * b, CheckedMul(a, b));
      T total = a;
      const bool added = AddTo(total, b);
      ASSERT_EQ(added, a + b >= kMin<T> && a + b <= kMax<T>);
      ASSERT_EQ(int{total}, added ? a + b : a);
    }
  }
}

TEST(Integer, ArithmeticIsExactOrRefusedForAllPairsOfEightBits) {
  ExpectExactForAllPairs<std::int8_t, std::int8_t>();
  ExpectExactForAllPairs<std::uint8_t, std::uint8_t>();
}

TEST(Integer, OperandsOfOtherSignAreNeitherNarrowedNorReinterpreted) {
  ExpectExactForAllPairs<std::int8_t, std::uint8_t>();
  ExpectExactForAllPairs<std::uint8_t, std::int8_t>();
}

TEST(Integer, WiderOperandsAreNeverNarrowed) {
  EXPECT_EQ(CheckedAdd(std::int32_t{1}, std::int64_t{1} << 32), std::nullopt);
  EXPECT_EQ(CheckedSub(std::int32_t{1}, std::int64_t{1} << 32), std::nullopt);
  EXPECT_EQ(CheckedMul(std::int32_t{1}, std::int64_t{1} << 32), std::nullopt);
  EXPECT_EQ(CheckedMul(std::int32_t{0}, kMax<UInt128>), 0);
  EXPECT_EQ(CheckedAdd(std::int64_t{-1}, UInt128{1} << 63), kMax<std::int64_t>);
  std::int32_t total = 1;
  EXPECT_FALSE(AddTo(total, Int128{1} << 64));
  EXPECT_EQ(total, 1);
}

TEST(Integer, NegationAndMagnitudeAreExactForAllOfEightBits) {
  for (const std::int8_t a : All<std::int8_t>()) {
    ExpectExact<std::int8_t>(-a, CheckedNegate(a));
    EXPECT_EQ(int{Magnitude(a)}, a < 0 ? -a : a);
    EXPECT_EQ(Sign(a), a < 0 ? -1 : a > 0 ? 1 : 0);
  }
  for (const std::uint8_t a : All<std::uint8_t>()) {
    ExpectExact<std::uint8_t>(-a, CheckedNegate(a));
    EXPECT_EQ(Magnitude(a), a);
    EXPECT_EQ(Sign(a), a > 0 ? 1 : 0);
  }
}

TEST(Integer, LeastValueHasAMagnitudeAndNoNegative) {
  static_assert(Magnitude(kMin<Int128>) == UInt128{1} << 127);
  static_assert(Magnitude(kMin<std::int64_t>) == std::uint64_t{1} << 63);
  static_assert(!CheckedNegate(kMin<Int128>).has_value());
  static_assert(*CheckedNegate(kMax<Int128>) == kMin<Int128> + 1);
  static_assert(*CheckedNegate(UInt128{0}) == 0 && !CheckedNegate(UInt128{1}).has_value());
}

TEST(Integer, ArithmeticOfEveryWidthStopsExactlyAtTheLimits) {
  const auto check = []<typename T>(T one) {
    EXPECT_EQ(CheckedAdd(kMax<T>, one), std::nullopt);
    EXPECT_EQ(CheckedAdd(static_cast<T>(kMax<T> - 1), one), kMax<T>);
    EXPECT_EQ(CheckedSub(kMin<T>, one), std::nullopt);
    EXPECT_EQ(CheckedSub(static_cast<T>(kMin<T> + 1), one), kMin<T>);
    EXPECT_EQ(CheckedMul(kMax<T>, one), kMax<T>);
    EXPECT_EQ(CheckedMul(kMin<T>, one), kMin<T>);
    EXPECT_EQ(CheckedMul(kMax<T>, static_cast<T>(2)), std::nullopt);
    T total = kMax<T>;
    EXPECT_FALSE(AddTo(total, one));
    EXPECT_EQ(total, kMax<T>);
  };
  check(std::int8_t{1});
  check(std::uint8_t{1});
  check(std::int16_t{1});
  check(std::uint16_t{1});
  check(std::int32_t{1});
  check(std::uint32_t{1});
  check(std::int64_t{1});
  check(std::uint64_t{1});
  check(1LL);
  check(1ULL);
  check(Int128{1});
  check(UInt128{1});
}

TEST(Integer, ArithmeticOf128BitsIsThatOfWiderNumbers) {
  test::Random random;
  const BigInteger low = kMin<Int128>;
  const BigInteger high = kMax<Int128>;
  for (int i = 0; i < 20000; ++i) {
    const auto a = random.Edge<Int128>();
    const auto b = random.Edge<Int128>();
    const auto expect = [&](const BigInteger& exact, std::optional<Int128> actual) {
      ASSERT_EQ(actual.has_value(), exact >= low && exact <= high);
      ASSERT_TRUE(!actual.has_value() || BigInteger(*actual) == exact);
    };
    expect(BigInteger(a) + b, CheckedAdd(a, b));
    expect(BigInteger(a) - b, CheckedSub(a, b));
    expect(BigInteger(a) * b, CheckedMul(a, b));
    expect(-BigInteger(a), CheckedNegate(a));
  }
}

// --- casts --------------------------------------------------------------------------------------

template <typename To, typename From>
void ExpectCast(From value) {
  // Compared as sign and magnitude, which every pair of types has in common.
  const UInt128 magnitude = Magnitude(value);
  const bool fits = Sign(value) < 0 ? magnitude <= UInt128{Magnitude(kMin<To>)}
                                    : magnitude <= UInt128{Magnitude(kMax<To>)};
  const std::optional<To> cast = CheckedCast<To>(value);
  ASSERT_EQ(cast.has_value(), fits);
  if (!fits) return;
  EXPECT_EQ(Sign(*cast), Sign(value));
  EXPECT_TRUE(UInt128{Magnitude(*cast)} == magnitude);
}

template <typename From>
void ExpectCastsOf(From value) {
  ExpectCast<std::int8_t>(value);
  ExpectCast<std::uint8_t>(value);
  ExpectCast<std::int16_t>(value);
  ExpectCast<std::uint16_t>(value);
  ExpectCast<std::int32_t>(value);
  ExpectCast<std::uint32_t>(value);
  ExpectCast<std::int64_t>(value);
  ExpectCast<std::uint64_t>(value);
  ExpectCast<long long>(value);
  ExpectCast<Int128>(value);
  ExpectCast<UInt128>(value);
}

TEST(Integer, CastIsExactOrRefusedForAllOfSixteenBits) {
  for (std::int32_t i = INT16_MIN; i <= INT16_MAX; ++i) {
    const auto value = static_cast<std::int16_t>(i);
    ExpectCast<std::int8_t>(value);
    ExpectCast<std::uint8_t>(value);
    ExpectCast<std::uint16_t>(value);
    ExpectCast<UInt128>(value);
  }
}

TEST(Integer, CastOfEveryWidthStopsExactlyAtTheLimits) {
  test::Random random;
  for (int i = 0; i < 2000; ++i) {
    ExpectCastsOf(random.Edge<std::int8_t>());
    ExpectCastsOf(random.Edge<std::uint16_t>());
    ExpectCastsOf(random.Edge<std::int32_t>());
    ExpectCastsOf(random.Edge<std::int64_t>());
    ExpectCastsOf(random.Edge<std::uint64_t>());
    ExpectCastsOf(random.Edge<Int128>());
    ExpectCastsOf(random.Edge<UInt128>());
  }
  for (int bit = 0; bit < 127; ++bit) {
    for (int near = -2; near <= 2; ++near) {
      ExpectCastsOf((Int128{1} << bit) + near);
      ExpectCastsOf(-(Int128{1} << bit) + near);
      ExpectCastsOf((UInt128{1} << bit) + UInt128{2} + static_cast<UInt128>(near));
    }
  }
  static_assert(!CheckedCast<std::uint8_t>(-1).has_value());
  static_assert(!CheckedCast<Int128>(kMax<UInt128>).has_value());
  static_assert(*CheckedCast<UInt128>(kMax<Int128>) == kMax<UInt128> / 2);
}

}  // namespace
}  // namespace settle
