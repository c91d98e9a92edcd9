// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Checked integers of 8 to 128 bits and division whose rounding has a name.
//
// Nothing here wraps: every operation that can leave the range of its type answers an empty
// optional, and a division says in which direction it rounds. The 256-bit intermediate of
// `MulDiv` and `CompareProducts` means that a ratio of two 128-bit amounts is compared and scaled
// exactly.
//
//   std::optional<Int128> notional = CheckedMul<Int128>(lots, price);
//   std::optional<Int128> fee = MulDiv(*notional, rate_ppm, 1'000'000, Rounding::kUp);
//   if (CompareProducts(equity_a, margin_b, equity_b, margin_a) < 0) ...  // a is riskier than b

#ifndef SETTLE_BASE_INTEGER_H_
#define SETTLE_BASE_INTEGER_H_

#include <compare>
#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

// The compiler's own 128-bit integers. The standard traits do not know them in strict modes, so the
// library never asks `std::integral` or `std::numeric_limits`: it asks `CheckedInteger` and
// `kMin`/`kMax` below, which answer alike in every dialect.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

// Satisfied by the standard signed and unsigned integers of 8 to 64 bits and by the two of 128.
// Not by bool and the character types.
template <typename T>
concept CheckedInteger = std::same_as<T, std::int8_t> || std::same_as<T, std::int16_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t> || std::same_as<T, Int128> ||
    std::same_as<T, std::uint8_t> || std::same_as<T, std::uint16_t> ||
    std::same_as<T, std::uint32_t> || std::same_as<T, std::uint64_t> || std::same_as<T, UInt128> ||
    std::same_as<T, long long> || std::same_as<T, unsigned long long>;

template <CheckedInteger T>
inline constexpr bool kIsSigned = static_cast<T>(-1) < static_cast<T>(0);

// The unsigned integer as wide as T.
template <CheckedInteger T>
using UnsignedOf = std::conditional_t<
    sizeof(T) == 16, UInt128,
    std::conditional_t<
        sizeof(T) == 8, std::uint64_t,
        std::conditional_t<sizeof(T) == 4, std::uint32_t,
                           std::conditional_t<sizeof(T) == 2, std::uint16_t, std::uint8_t>>>>;

template <CheckedInteger T>
inline constexpr T kMax = kIsSigned<T> ? static_cast<T>(static_cast<UnsignedOf<T>>(-1) >> 1)
                                       : static_cast<T>(-1);
template <CheckedInteger T>
inline constexpr T kMin = kIsSigned<T> ? static_cast<T>(-kMax<T> - 1) : static_cast<T>(0);

// a + b, a - b, a * b and -a, or nothing when the exact result is not a T. The second operand may
// be of any width and sign: it is never narrowed to a T first.
template <CheckedInteger T, CheckedInteger U>
[[nodiscard]] constexpr std::optional<T> CheckedAdd(T a, U b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <CheckedInteger T, CheckedInteger U>
[[nodiscard]] constexpr std::optional<T> CheckedSub(T a, U b) {
  T difference{};
  if (__builtin_sub_overflow(a, b, &difference)) return std::nullopt;
  return difference;
}

template <CheckedInteger T, CheckedInteger U>
[[nodiscard]] constexpr std::optional<T> CheckedMul(T a, U b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

template <CheckedInteger T>
[[nodiscard]] constexpr std::optional<T> CheckedNegate(T a) {
  return CheckedSub<T>(static_cast<T>(0), a);
}

// Adds `amount` to `total`; false, with `total` untouched, when the sum is not a T. For loops that
// must not branch on an optional of 32 bytes.
template <CheckedInteger T, CheckedInteger U>
[[nodiscard]] constexpr bool AddTo(T& total, U amount) {
  T sum{};
  if (__builtin_add_overflow(total, amount, &sum)) return false;
  total = sum;
  return true;
}

// `value` as a To, or nothing when To cannot hold it.
template <CheckedInteger To, CheckedInteger From>
[[nodiscard]] constexpr std::optional<To> CheckedCast(From value) {
  To result{};
  // Adding zero through the builtin compares in infinite precision.
  if (__builtin_add_overflow(value, static_cast<From>(0), &result)) return std::nullopt;
  return result;
}

// The magnitude of a, exact for every a (the least signed value included).
template <CheckedInteger T>
[[nodiscard]] constexpr UnsignedOf<T> Magnitude(T a) {
  using U = UnsignedOf<T>;
  if constexpr (kIsSigned<T>) {
    return a < 0 ? static_cast<U>(static_cast<U>(0) - static_cast<U>(a)) : static_cast<U>(a);
  } else {
    return a;
  }
}

// -1, 0 or 1.
template <CheckedInteger T>
[[nodiscard]] constexpr int Sign(T a) {
  if constexpr (kIsSigned<T>) {
    if (a < 0) return -1;
  }
  return a == 0 ? 0 : 1;
}

// The direction in which a quotient that is not whole is rounded.
enum class Rounding : std::uint8_t {
  kDown = 0,          // toward minus infinity
  kUp = 1,            // toward plus infinity
  kTowardZero = 2,    // toward zero
  kAwayFromZero = 3,  // away from zero
  kNearestEven = 4,   // to the nearest, ties to the even one
};

namespace detail {

// An unsigned 256-bit product.
struct UInt256 {
  UInt128 high = 0;
  UInt128 low = 0;
  friend constexpr bool operator==(const UInt256&, const UInt256&) = default;
  friend constexpr std::strong_ordering operator<=>(const UInt256& a, const UInt256& b) {
    if (a.high != b.high) {
      return a.high < b.high ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    if (a.low != b.low) {
      return a.low < b.low ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    return std::strong_ordering::equal;
  }
};

constexpr UInt256 WideMul(UInt128 a, UInt128 b) {
  constexpr UInt128 kLow = static_cast<UInt128>(~std::uint64_t{0});
  const UInt128 ll = (a & kLow) * (b & kLow);
  const UInt128 lh = (a & kLow) * (b >> 64);
  const UInt128 hl = (a >> 64) * (b & kLow);
  const UInt128 hh = (a >> 64) * (b >> 64);
  const UInt128 middle = (ll >> 64) + (lh & kLow) + (hl & kLow);
  return {hh + (lh >> 64) + (hl >> 64) + (middle >> 64), (middle << 64) | (ll & kLow)};
}

struct Quotient {
  UInt128 quotient = 0;
  UInt128 remainder = 0;
};

// n / d for d > 0, or nothing when the quotient needs more than 128 bits. One shift and subtract a
// bit when the numerator is wider than 128 bits; the machine's own division otherwise.
constexpr std::optional<Quotient> WideDiv(UInt256 n, UInt128 d) {
  if (n.high >= d) return std::nullopt;
  if (n.high == 0) return Quotient{n.low / d, n.low % d};
  UInt128 remainder = n.high;
  UInt128 quotient = 0;
  for (int bit = 127; bit >= 0; --bit) {
    const bool carry = (remainder >> 127) != 0;
    remainder = (remainder << 1) | ((n.low >> bit) & 1);
    quotient <<= 1;
    if (carry || remainder >= d) {
      remainder -= d;
      quotient |= 1;
    }
  }
  return Quotient{quotient, remainder};
}

// True when a quotient with this remainder moves one away from zero under `rounding`; nothing when
// `rounding` names none.
constexpr std::optional<bool> RoundsAway(Quotient q, UInt128 divisor, bool negative,
                                         Rounding rounding) {
  const bool inexact = q.remainder != 0;
  switch (rounding) {
    case Rounding::kDown:
      return inexact && negative;
    case Rounding::kUp:
      return inexact && !negative;
    case Rounding::kTowardZero:
      return false;
    case Rounding::kAwayFromZero:
      return inexact;
    case Rounding::kNearestEven: {
      const UInt128 rest = divisor - q.remainder;
      return q.remainder > rest || (q.remainder == rest && (q.quotient & 1) != 0);
    }
  }
  return std::nullopt;
}

// The signed value of a magnitude, or nothing when it does not fit 128 bits.
constexpr std::optional<Int128> WithSign(UInt128 magnitude, bool negative) {
  constexpr UInt128 kLimit = static_cast<UInt128>(kMax<Int128>);
  if (magnitude > kLimit + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<Int128>(negative ? UInt128{0} - magnitude : magnitude);
}

constexpr std::optional<Int128> DivideMagnitudes(UInt256 n, UInt128 d, bool negative,
                                                 Rounding rounding) {
  std::optional<Quotient> q = WideDiv(n, d);
  if (!q) return std::nullopt;
  const std::optional<bool> away = RoundsAway(*q, d, negative, rounding);
  if (!away) return std::nullopt;
  if (*away) {
    if (q->quotient == kMax<UInt128>) return std::nullopt;
    ++q->quotient;
  }
  return WithSign(q->quotient, negative);
}

}  // namespace detail

// a / divisor rounded as named; nothing when the divisor is zero, the quotient is no Int128 or the
// rounding is none of the enumerators.
[[nodiscard]] constexpr std::optional<Int128> Divide(Int128 a, Int128 divisor, Rounding rounding) {
  if (divisor == 0) return std::nullopt;
  return detail::DivideMagnitudes({0, Magnitude(a)}, Magnitude(divisor), (a < 0) != (divisor < 0),
                                  rounding);
}

// a * b / divisor with an exact 256-bit product, rounded once as named; nothing where Divide gives
// nothing. About 6 ns while the product fits 128 bits, 200 ns beyond.
[[nodiscard]] constexpr std::optional<Int128> MulDiv(Int128 a, Int128 b, Int128 divisor,
                                                     Rounding rounding) {
  if (divisor == 0) return std::nullopt;
  const bool negative = ((a < 0) != (b < 0)) != (divisor < 0);
  return detail::DivideMagnitudes(detail::WideMul(Magnitude(a), Magnitude(b)), Magnitude(divisor),
                                  negative, rounding);
}

// The order of a * b and c * d, exact: no product can overflow.
[[nodiscard]] constexpr std::strong_ordering CompareProducts(Int128 a, Int128 b, Int128 c,
                                                             Int128 d) {
  const int left = Sign(a) * Sign(b);
  const int right = Sign(c) * Sign(d);
  if (left != right) return left <=> right;
  const auto magnitude =
      detail::WideMul(Magnitude(a), Magnitude(b)) <=> detail::WideMul(Magnitude(c), Magnitude(d));
  return left < 0 ? 0 <=> magnitude : magnitude;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_INTEGER_H_
