// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Division, MulDiv and CompareProducts against a slow integer of 384 bits and against definitions
// of the roundings that share nothing with the code.

#include <gtest/gtest.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "settle/base/integer.h"
#include "tests/support/big_integer.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;

constexpr std::array kRoundings = {Rounding::kDown, Rounding::kUp, Rounding::kTowardZero,
                                   Rounding::kAwayFromZero, Rounding::kNearestEven};

// The definition of each rounding of n / d by the floor of n / d, for d above zero.
template <typename Number, typename IsEven>
Number RoundedFrom(const Number& floor, const Number& n, const Number& d, Rounding rounding,
                   IsEven is_even) {
  const bool whole = floor * d == n;
  const Number ceiling = whole ? floor : floor + Number(1);
  const bool negative = n < Number(0);
  switch (rounding) {
    case Rounding::kDown:
      return floor;
    case Rounding::kUp:
      return ceiling;
    case Rounding::kTowardZero:
      return negative ? ceiling : floor;
    case Rounding::kAwayFromZero:
      return negative ? floor : ceiling;
    case Rounding::kNearestEven: {
      const Number below = n - floor * d;
      const Number above = ceiling * d - n;
      if (below != above) return below < above ? floor : ceiling;
      return is_even(floor) ? floor : ceiling;
    }
  }
  ADD_FAILURE();
  return floor;
}

// Judges what is given for n / d by every rounding; d is not zero.
class Judge {
 public:
  Judge(const BigInteger& n, const BigInteger& d)
      : n_(d < BigInteger(0) ? -n : n), d_(d < BigInteger(0) ? -d : d) {
    floor_ = FloorDivide(n_, d_);
    // What makes it the floor.
    EXPECT_TRUE(floor_ * d_ <= n_ && n_ < (floor_ + BigInteger(1)) * d_);
  }

  [[nodiscard]] bool Accepts(std::optional<Int128> answer, Rounding rounding) const {
    const BigInteger quotient =
        RoundedFrom(floor_, n_, d_, rounding, [](const BigInteger& x) { return x.IsEven(); });
    if (answer) return BigInteger(*answer) == quotient;
    return quotient < BigInteger(kMin<Int128>) || quotient > BigInteger(kMax<Int128>);
  }

 private:
  BigInteger n_;
  BigInteger d_;
  BigInteger floor_;
};

// Numbers at which 128-bit arithmetic goes wrong first.
std::vector<Int128> Edges() {
  std::vector<Int128> edges = {0};
  for (const Int128 base : {Int128{1}, Int128{3}, Int128{10}, Int128{1} << 32, Int128{1} << 63,
                            Int128{1} << 64, Int128{1} << 96, Int128{1} << 126, kMax<Int128>}) {
    for (const Int128 near : {base - 1, base}) {
      edges.push_back(near);
      edges.push_back(-near);
    }
  }
  edges.push_back(kMin<Int128>);
  return edges;
}

TEST(Division, RoundsAsNamedForAllPairsOfEightBits) {
  for (int a = -128; a < 128; ++a) {
    for (int divisor = -128; divisor < 128; ++divisor) {
      if (divisor == 0) continue;
      const int n = divisor < 0 ? -a : a;
      const int d = divisor < 0 ? -divisor : divisor;
      int floor = -200;
      while ((floor + 1) * d <= n) ++floor;  // the largest whole number that is at most n / d
      for (const Rounding rounding : kRoundings) {
        const int expected = RoundedFrom(floor, n, d, rounding, [](int x) { return x % 2 == 0; });
        ASSERT_EQ(Divide(a, divisor, rounding), expected)
            << a << " / " << divisor << " rounding " << static_cast<int>(rounding);
      }
    }
  }
}

TEST(Division, OfAProductRoundsOnceForAllSmallTriples) {
  for (int a = -12; a <= 12; ++a) {
    for (int b = -12; b <= 12; ++b) {
      for (int d = -12; d <= 12; ++d) {
        for (const Rounding rounding : kRoundings) {
          ASSERT_EQ(MulDiv(a, b, d, rounding), Divide(a * b, d, rounding));
        }
      }
    }
  }
}

TEST(Division, ByZeroIsRefused) {
  for (const Rounding rounding : kRoundings) {
    EXPECT_EQ(Divide(0, 0, rounding), std::nullopt);
    EXPECT_EQ(Divide(kMin<Int128>, 0, rounding), std::nullopt);
    EXPECT_EQ(MulDiv(0, 0, 0, rounding), std::nullopt);
    EXPECT_EQ(MulDiv(kMax<Int128>, kMax<Int128>, 0, rounding), std::nullopt);
  }
}

TEST(Division, UnknownRoundingIsRefusedEvenWhereNothingIsRounded) {
  for (const int number : {5, 6, 255}) {
    EXPECT_EQ(Divide(7, 2, static_cast<Rounding>(number)), std::nullopt);
    EXPECT_EQ(Divide(8, 2, static_cast<Rounding>(number)), std::nullopt);
    EXPECT_EQ(MulDiv(7, 5, 2, static_cast<Rounding>(number)), std::nullopt);
    EXPECT_EQ(MulDiv(kMax<Int128>, 2, 2, static_cast<Rounding>(number)), std::nullopt);
  }
}

TEST(Division, IsExactAtTheLimitsOf128Bits) {
  constexpr Int128 kLow = kMin<Int128>;
  constexpr Int128 kHigh = kMax<Int128>;
  static_assert(!Divide(kLow, -1, Rounding::kDown).has_value());
  static_assert(*Divide(kLow, 1, Rounding::kUp) == kLow);
  static_assert(*Divide(kLow, kLow, Rounding::kUp) == 1);
  static_assert(*Divide(kHigh, kLow, Rounding::kDown) == -1);
  static_assert(*Divide(kHigh, kLow, Rounding::kUp) == 0);
  static_assert(*MulDiv(kLow, kLow, kLow, Rounding::kDown) == kLow);
  static_assert(!MulDiv(kLow, kLow, kHigh, Rounding::kDown).has_value());
  static_assert(*MulDiv(kHigh, kHigh, kHigh, Rounding::kDown) == kHigh);
  static_assert(*MulDiv(kHigh, kLow, kHigh, Rounding::kDown) == kLow);
  static_assert(!MulDiv(kLow, kLow, 1, Rounding::kDown).has_value());
  static_assert(*MulDiv(kHigh, 3, 3, Rounding::kNearestEven) == kHigh);
}

TEST(Division, AgreesWithWideNumbersAtAllEdges) {
  const std::vector<Int128> edges = Edges();
  for (const Int128 a : edges) {
    for (const Int128 d : edges) {
      if (d == 0) continue;
      const Judge judge(a, d);
      for (const Rounding rounding : kRoundings) {
        ASSERT_TRUE(judge.Accepts(Divide(a, d, rounding), rounding));
      }
    }
  }
}

TEST(Division, OfAProductAgreesWithWideNumbers) {
  test::Random random;
  const std::vector<Int128> edges = Edges();
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto pick = [&] {
      return random.Chance(1, 3) ? random.Pick(edges) : random.Edge<Int128>();
    };
    const Int128 a = pick();
    const Int128 b = pick();
    const Int128 d = pick();
    if (d == 0) continue;
    const Judge judge(BigInteger(a) * b, d);
    for (const Rounding rounding : kRoundings) {
      const std::optional<Int128> answer = MulDiv(a, b, d, rounding);
      ASSERT_TRUE(judge.Accepts(answer, rounding));
      refused += answer ? 0 : 1;
    }
  }
  // Both outcomes were met, and often.
  EXPECT_GT(refused, 1500);
  EXPECT_LT(refused, 12000);
}

TEST(Division, OfAProductAgreesWhereTheQuotientIsNearestToItsLimits) {
  int fit = 0;
  int refused = 0;
  for (const Int128 limit : {kMin<Int128>, kMax<Int128>}) {
    for (Int128 d = 2; d <= 9; ++d) {
      // a * (d + 1) / d is within a few of the limit, on both sides of it.
      const Int128 middle = limit / (d + 1) * d;
      for (Int128 a = middle - 12; a <= middle + 12; ++a) {
        const Judge judge(BigInteger(a) * BigInteger(d + 1), d);
        for (const Rounding rounding : kRoundings) {
          const std::optional<Int128> answer = MulDiv(a, d + 1, d, rounding);
          ASSERT_TRUE(judge.Accepts(answer, rounding));
          ++(answer ? fit : refused);
        }
      }
    }
  }
  EXPECT_GT(fit, 500);
  EXPECT_GT(refused, 500);
}

TEST(Division, RoundingAloneDecidesWhetherTheLargestQuotientFits) {
  // (2^127 - 1) * 2 + 1 = 2^128 - 1, over 2: exactly one half above the largest Int128. As a
  // product: (2^64 - 1) * (2^64 + 1).
  constexpr Int128 kA = (Int128{1} << 64) - 1;
  constexpr Int128 kB = (Int128{1} << 64) + 1;
  EXPECT_EQ(MulDiv(kA, kB, 2, Rounding::kDown), kMax<Int128>);
  EXPECT_EQ(MulDiv(kA, kB, 2, Rounding::kTowardZero), kMax<Int128>);
  EXPECT_EQ(MulDiv(kA, kB, 2, Rounding::kUp), std::nullopt);
  EXPECT_EQ(MulDiv(kA, kB, 2, Rounding::kAwayFromZero), std::nullopt);
  EXPECT_EQ(MulDiv(kA, kB, 2, Rounding::kNearestEven), std::nullopt);
  // The negative: one half below -(2^127 - 1), whose other neighbour is the least Int128.
  EXPECT_EQ(MulDiv(-kA, kB, 2, Rounding::kDown), kMin<Int128>);
  EXPECT_EQ(MulDiv(-kA, kB, 2, Rounding::kUp), kMin<Int128> + 1);
  EXPECT_EQ(MulDiv(-kA, kB, 2, Rounding::kNearestEven), kMin<Int128>);
}

TEST(Division, RoundingUpAQuotientOf128OnesDoesNotWrapToZero) {
  constexpr UInt128 kX = (UInt128{1} << 63) + (UInt128{1} << 40);
  constexpr UInt128 kTwoTo127 = UInt128{1} << 127;
  constexpr auto kA = static_cast<Int128>(kTwoTo127 - kX);
  constexpr auto kB = static_cast<Int128>(kTwoTo127 - (kX + 1));
  constexpr auto kD = static_cast<Int128>((UInt128{1} << 126) - kX);
  const std::optional<detail::Quotient> quotient =
      detail::WideDiv(detail::WideMul(Magnitude(kA), Magnitude(kB)), Magnitude(kD));
  ASSERT_TRUE(quotient.has_value());
  ASSERT_TRUE(quotient->quotient == kMax<UInt128> && quotient->remainder != 0);
  for (const Rounding rounding : kRoundings) {
    EXPECT_EQ(MulDiv(kA, kB, kD, rounding), std::nullopt);
    EXPECT_EQ(MulDiv(kA, -kB, kD, rounding), std::nullopt);
  }
}

TEST(CompareProducts, AgreesWithWideNumbersAtAllEdges) {
  const std::vector<Int128> edges = {
      kMin<Int128>,          kMin<Int128> + 1, -(Int128{1} << 64), -1,          0, 1,
      (Int128{1} << 64) - 1, Int128{1} << 64,  kMax<Int128> - 1,   kMax<Int128>};
  for (const Int128 a : edges) {
    for (const Int128 b : edges) {
      const BigInteger left = BigInteger(a) * b;
      for (const Int128 c : edges) {
        for (const Int128 d : edges) {
          ASSERT_EQ(CompareProducts(a, b, c, d), left <=> BigInteger(c) * d);
        }
      }
    }
  }
}

TEST(CompareProducts, AgreesWithWideNumbersAtRandom) {
  test::Random random;
  for (int i = 0; i < 20000; ++i) {
    const auto a = random.Edge<Int128>();
    const auto b = random.Edge<Int128>();
    // Often the same factors again, or nearly so: the products differ late.
    const Int128 c = random.Chance(1, 2) ? b : random.Edge<Int128>();
    const Int128 d = random.Chance(1, 2) ? a : random.Edge<Int128>();
    ASSERT_EQ(CompareProducts(a, b, c, d), (BigInteger(a) * b) <=> (BigInteger(c) * d));
  }
}

TEST(CompareProducts, IsUsableInConstantExpressions) {
  static_assert(CompareProducts(kMin<Int128>, kMin<Int128>, kMax<Int128>, kMax<Int128>) > 0);
  static_assert(CompareProducts(kMin<Int128>, kMax<Int128>, kMax<Int128>, kMin<Int128>) == 0);
  static_assert(CompareProducts(-1, 1, 0, 5) < 0);
}

BigInteger Big(UInt128 value) {
  return BigInteger(static_cast<Int128>(value >> 1)) * BigInteger(2) +
         BigInteger(static_cast<Int128>(value & 1));
}
BigInteger Big(detail::UInt256 value) {
  const BigInteger two_to_64 = BigInteger(Int128{1} << 64);
  return Big(value.high) * two_to_64 * two_to_64 + Big(value.low);
}

TEST(WideProduct, IsThatOfWideNumbers) {
  test::Random random;
  for (int i = 0; i < 5000; ++i) {
    const auto a = random.Edge<UInt128>();
    const auto b = random.Edge<UInt128>();
    ASSERT_TRUE(Big(detail::WideMul(a, b)) == Big(a) * Big(b));
  }
}

TEST(WideQuotient, IsThatOfWideNumbersForEveryDivisor) {
  test::Random random;
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    const detail::UInt256 n{random.Edge<UInt128>(), random.Edge<UInt128>()};
    // Divisors above 2^127 too, which no Int128 has.
    const UInt128 d = random.Edge<UInt128>() | UInt128{random.Below(2)} << 127;
    if (d == 0) continue;
    const std::optional<detail::Quotient> q = detail::WideDiv(n, d);
    ASSERT_EQ(q.has_value(), n.high < d);
    refused += q ? 0 : 1;
    if (!q) continue;
    ASSERT_TRUE(q->remainder < d);
    ASSERT_TRUE(Big(q->quotient) * Big(d) + Big(q->remainder) == Big(n));
  }
  EXPECT_GT(refused, 500);
  EXPECT_LT(refused, 4500);
}

}  // namespace
}  // namespace settle
