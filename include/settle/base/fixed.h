// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Fixed-point rates: a whole number of 1/kScale parts, never a floating-point value.
//
// A rate is exact; applying it to an amount divides once, by the scale, and the caller names the
// rounding. Rule of the house: a requirement and a fee round up, collateral rounds down, and a
// funding payment rounds to the floor.
//
//   constexpr RatePpm kInitial(50'000);                                 // 5 %
//   std::optional<Int128> margin = kInitial.Of(notional, Rounding::kUp);

#ifndef SETTLE_BASE_FIXED_H_
#define SETTLE_BASE_FIXED_H_

#include <compare>
#include <concepts>
#include <cstdint>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/integer.h"

SETTLE_NAMESPACE_BEGIN

template <typename Tag, CheckedInteger Rep, std::int64_t kParts>
class Fixed {
 public:
  static_assert(kParts > 0, "a fixed-point type counts parts of one");
  static_assert(!std::same_as<Rep, UInt128>, "parts are at most 2^127 - 1, so that Of is exact");
  using RepType = Rep;
  static constexpr std::int64_t kScale = kParts;

  constexpr Fixed() = default;
  // `parts` / kScale, from exactly the representation: a floating-point, narrowing or sign-changing
  // argument does not compile.
  template <CheckedInteger T>
  requires requires(T t) { Rep{t}; }
  explicit constexpr Fixed(T parts) : parts_{parts} {}
  // From a literal, whose fit the compiler checks.
  template <std::same_as<int> T>
  requires(!requires(T t) { Rep{t}; }) explicit consteval Fixed(T parts)
      : parts_(CheckedCast<Rep>(parts).value()) {}

  [[nodiscard]] constexpr Rep parts() const { return parts_; }

  // amount * parts / kScale rounded once as named, exact in 256 bits; nothing when the result is no
  // Int128.
  [[nodiscard]] constexpr std::optional<Int128> Of(Int128 amount, Rounding rounding) const {
    return MulDiv(amount, static_cast<Int128>(parts_), kScale, rounding);
  }

  friend constexpr bool operator==(const Fixed& a, const Fixed& b) { return a.parts_ == b.parts_; }
  friend constexpr std::strong_ordering operator<=>(const Fixed& a, const Fixed& b) {
    return a.parts_ < b.parts_   ? std::strong_ordering::less
           : a.parts_ > b.parts_ ? std::strong_ordering::greater
                                 : std::strong_ordering::equal;
  }

 private:
  Rep parts_{};
};

template <typename T>
inline constexpr bool kIsFixed = false;
template <typename Tag, typename Rep, std::int64_t kParts>
inline constexpr bool kIsFixed<Fixed<Tag, Rep, kParts>> = true;

template <typename T>
concept FixedType = kIsFixed<T>;

template <FixedType F>
[[nodiscard]] constexpr std::optional<F> CheckedAdd(F a, F b) {
  const auto sum = CheckedAdd(a.parts(), b.parts());
  if (!sum) return std::nullopt;
  return F(*sum);
}

template <FixedType F>
[[nodiscard]] constexpr std::optional<F> CheckedSub(F a, F b) {
  const auto difference = CheckedSub(a.parts(), b.parts());
  if (!difference) return std::nullopt;
  return F(*difference);
}

struct RatePpmTag {};
// Parts per million: margin rates, haircuts, fees. 1,000,000 is one.
using RatePpm = Fixed<RatePpmTag, std::int64_t, 1'000'000>;

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_FIXED_H_
