// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Distinct integer types, so that a price is never added to a weight.
//
// `Strong<Tag, Rep>` is one integer with a name. What may be done with it is said by its tag:
//   Identifier   compared only                     (asset, compartment, group)
//   Ordinal      compared, and followed by `Next`  (height, round, epoch, sequence)
//   Additive     compared, added, subtracted, scaled by an integer, each checked
// Nothing converts implicitly in either direction and there is no unchecked `+`.
//
//   struct LotsTag : Additive {};
//   using Lots = Strong<LotsTag, std::int64_t>;
//   std::optional<Lots> after = CheckedAdd(before, Lots(3));

#ifndef SETTLE_BASE_STRONG_H_
#define SETTLE_BASE_STRONG_H_

#include <compare>
#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>

#include "settle/base/config.h"
#include "settle/base/integer.h"

SETTLE_NAMESPACE_BEGIN

struct Identifier {};
struct Ordinal {};
struct Additive {};

template <typename Tag, CheckedInteger Rep>
class Strong {
 public:
  using TagType = Tag;
  using RepType = Rep;

  constexpr Strong() = default;
  // From exactly the representation: a narrowing or sign-changing argument does not compile.
  template <typename T>
  requires(CheckedInteger<T> &&
           (!std::same_as<T, int> || std::same_as<Rep, int>)&&requires(T t) {
             Rep{t};
           }) explicit constexpr Strong(T value)
      : value_{value} {}
  // From a literal, whose fit the compiler checks.
  template <std::same_as<int> T>
  requires(!std::same_as<Rep, int>) explicit consteval Strong(T value)
      : value_(CheckedCast<Rep>(value).value()) {}

  [[nodiscard]] constexpr Rep value() const { return value_; }

  friend constexpr bool operator==(const Strong& a, const Strong& b) {
    return a.value_ == b.value_;
  }
  friend constexpr std::strong_ordering operator<=>(const Strong& a, const Strong& b) {
    return a.value_ < b.value_   ? std::strong_ordering::less
           : a.value_ > b.value_ ? std::strong_ordering::greater
                                 : std::strong_ordering::equal;
  }
  // As halves of 64 bits, the widest that every dialect hashes.
  template <typename H>
  friend H AbslHashValue(H state, const Strong& value) {
    if constexpr (sizeof(Rep) == 16) {
      const auto bits = static_cast<UInt128>(value.value_);
      return H::combine(std::move(state), static_cast<std::uint64_t>(bits >> 64),
                        static_cast<std::uint64_t>(bits));
    } else {
      return H::combine(std::move(state), value.value_);
    }
  }

 private:
  Rep value_{};
};

template <typename T>
inline constexpr bool kIsStrong = false;
template <typename Tag, typename Rep>
inline constexpr bool kIsStrong<Strong<Tag, Rep>> = true;

template <typename T>
concept StrongType = kIsStrong<T>;
template <typename T>
concept OrdinalType = StrongType<T> && std::derived_from<typename T::TagType, Ordinal>;
template <typename T>
concept AdditiveType = StrongType<T> && std::derived_from<typename T::TagType, Additive>;

namespace detail {
template <typename S>
constexpr std::optional<S> Wrap(std::optional<typename S::RepType> value) {
  if (!value) return std::nullopt;
  return S(*value);
}
}  // namespace detail

// The ordinal after this one, or nothing at the end of its range.
template <OrdinalType S>
[[nodiscard]] constexpr std::optional<S> Next(S value) {
  return detail::Wrap<S>(CheckedAdd(value.value(), typename S::RepType{1}));
}

template <AdditiveType S>
[[nodiscard]] constexpr std::optional<S> CheckedAdd(S a, S b) {
  return detail::Wrap<S>(CheckedAdd(a.value(), b.value()));
}

template <AdditiveType S>
[[nodiscard]] constexpr std::optional<S> CheckedSub(S a, S b) {
  return detail::Wrap<S>(CheckedSub(a.value(), b.value()));
}

template <AdditiveType S, CheckedInteger U>
[[nodiscard]] constexpr std::optional<S> CheckedMul(S a, U times) {
  return detail::Wrap<S>(CheckedMul(a.value(), times));
}

template <AdditiveType S>
[[nodiscard]] constexpr std::optional<S> CheckedNegate(S a) {
  return detail::Wrap<S>(CheckedNegate(a.value()));
}

// Adds `amount` to `total`; false, with `total` untouched, on overflow.
template <AdditiveType S>
[[nodiscard]] constexpr bool AddTo(S& total, S amount) {
  typename S::RepType sum = total.value();
  if (!AddTo(sum, amount.value())) return false;
  total = S(sum);
  return true;
}

template <StrongType S>
[[nodiscard]] constexpr int Sign(S a) {
  return Sign(a.value());
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_STRONG_H_
