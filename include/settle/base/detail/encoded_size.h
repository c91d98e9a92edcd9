// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the codec knows of a type before it sees a value: its shape, its smallest encoding, whether
// every value's encoding is as long, and that it nests no deeper than the stack allows.

#ifndef SETTLE_BASE_DETAIL_ENCODED_SIZE_H_
#define SETTLE_BASE_DETAIL_ENCODED_SIZE_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <variant>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/strong.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

template <typename T>
inline constexpr bool kIsBounded = false;
template <typename T, std::size_t kBound>
inline constexpr bool kIsBounded<Bounded<T, kBound>> = true;
template <typename T>
inline constexpr bool kIsStdArray = false;
template <typename T, std::size_t N>
inline constexpr bool kIsStdArray<std::array<T, N>> = true;
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVariant = false;
template <typename... Ts>
inline constexpr bool kIsVariant<std::variant<Ts...>> = true;
template <typename T>
inline constexpr bool kAlwaysFalse = false;

// The smallest and, where every value has it, the only encoded size of a T.
template <typename T>
constexpr std::size_t MinimumSize();
template <typename T>
constexpr bool IsFixedSize();

struct MinimumSizer {
  template <typename T>
  constexpr std::size_t operator()() const {
    return MinimumSize<T>();
  }
};
struct FixedSizeTest {
  template <typename T>
  constexpr bool operator()() const {
    return IsFixedSize<T>();
  }
};

template <typename T>
constexpr std::size_t MinimumSize() {
  if constexpr (CheckedInteger<T> || std::is_enum_v<T>) {
    return sizeof(T);
  } else if constexpr (std::same_as<T, bool> || std::same_as<T, std::byte> || kIsOptional<T> ||
                       kIsVariant<T>) {
    return 1;
  } else if constexpr (StrongType<T> || FixedType<T>) {
    return sizeof(typename T::RepType);
  } else if constexpr (kIsFixedBytes<T>) {
    return T::kSize;
  } else if constexpr (kIsStdArray<T>) {
    return std::tuple_size_v<T> * MinimumSize<typename T::value_type>();
  } else if constexpr (kIsBounded<T>) {
    return 4;
  } else if constexpr (HasFields<T>) {
    return FieldsOf<typename T::Fields>::Sum(MinimumSizer{});
  } else {
    static_assert(kAlwaysFalse<T>, "a type is encoded by its `using Fields = Members<...>;`");
  }
}

template <typename T>
constexpr bool IsFixedSize() {
  if constexpr (kIsOptional<T> || kIsBounded<T> || kIsVariant<T>) {
    return false;
  } else if constexpr (kIsStdArray<T>) {
    return IsFixedSize<typename T::value_type>();
  } else if constexpr (HasFields<T>) {
    return FieldsOf<typename T::Fields>::All(FixedSizeTest{});
  } else {
    return true;
  }
}

// How deeply an encoded type may nest. An input chooses the depth of a type that contains itself,
// and with it how much stack decoding takes: such a type nests without end and is refused.
inline constexpr int kMaxNesting = 32;

template <typename T, int kRoom>
constexpr bool NestsWithin();

template <int kRoom>
struct NestingTest {
  template <typename T>
  constexpr bool operator()() const {
    return NestsWithin<T, kRoom>();
  }
};

template <int kRoom, typename... Ts>
constexpr bool AlternativesNestWithin(std::type_identity<std::variant<Ts...>>) {
  return (... && NestsWithin<Ts, kRoom>());
}

template <typename T, int kRoom>
constexpr bool NestsWithin() {
  if constexpr (kRoom == 0) {
    return false;
  } else if constexpr (kIsOptional<T> || kIsStdArray<T> || kIsBounded<T>) {
    return NestsWithin<typename T::value_type, kRoom - 1>();
  } else if constexpr (kIsVariant<T>) {
    return AlternativesNestWithin<kRoom - 1>(std::type_identity<T>());
  } else if constexpr (HasFields<T>) {
    return FieldsOf<typename T::Fields>::All(NestingTest<kRoom - 1>());
  } else {
    return true;
  }
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_DETAIL_ENCODED_SIZE_H_
