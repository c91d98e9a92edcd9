// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// That a class forgot no member in its list.
//
//   EXPECT_EQ(test::UncountedBytes(ledger), "");          // every byte is listed, derived or
//   padding EXPECT_EQ(test::FlipsWithoutEffect(statement), "");   // and every listed byte is in
//   the encoding
//
// An aggregate that forgets a member does not compile; nothing but these notices it in a class.
// What a class derives it names in `using Derived = Members<&T::index_>;` beside its Fields. g++
// knows which bytes are padding; with another compiler a gap that padding could explain passes.

#ifndef SETTLE_TESTS_SUPPORT_FIELDS_H_
#define SETTLE_TESTS_SUPPORT_FIELDS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/base/members.h"

namespace settle::test {

template <typename T>
concept HasDerived = requires {
  typename T::Derived;
};

namespace internal {

enum class Byte : unsigned char { kUncounted, kListed, kDerived, kPadding };

// What each byte of a T is. Members of class type are looked into when they have a list.
template <typename T>
void MarkMembers(const T& value, Byte as, std::size_t base, std::vector<Byte>& map) {
  const auto* const start = reinterpret_cast<const std::byte*>(&value);
  detail::FieldsOf<typename T::Fields>::ForEach(value, [&]<typename M>(const M& member) {
    const auto at = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&member) - start);
    if constexpr (HasFields<M>) {
      MarkMembers(member, as, base + at, map);
    } else {
      std::fill_n(map.begin() + static_cast<std::ptrdiff_t>(base + at), sizeof(M), as);
    }
  });
  if constexpr (HasDerived<T>) {
    detail::FieldsOf<typename T::Derived>::ForEach(value, [&]<typename M>(const M& member) {
      const auto at = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&member) - start);
      std::fill_n(map.begin() + static_cast<std::ptrdiff_t>(base + at), sizeof(M), Byte::kDerived);
    });
  }
}

#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
// Fills the object with ones, has the compiler clear its padding, and puts the object back. No
// member is touched while it is not itself.
template <typename T>
void MarkPadding(const T& value, std::vector<Byte>& map) {
  T object = value;
  std::array<std::byte, sizeof(T)> kept;
  std::array<std::byte, sizeof(T)> cleared;
  auto* const bytes = static_cast<void*>(&object);
  std::memcpy(kept.data(), bytes, sizeof(T));
  std::memset(bytes, 0xff, sizeof(T));
  __builtin_clear_padding(&object);
  std::memcpy(cleared.data(), bytes, sizeof(T));
  std::memcpy(bytes, kept.data(), sizeof(T));
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    if (cleared[i] == std::byte{0} && map[i] == Byte::kUncounted) map[i] = Byte::kPadding;
  }
}
#else
// A gap is padding when it is shorter than the alignment that could ask for it.
template <typename T>
void MarkPadding(const T&, std::vector<Byte>& map) {
  for (std::size_t i = 0; i < map.size();) {
    std::size_t end = i;
    while (end < map.size() && map[end] == Byte::kUncounted) ++end;
    if (end - i < alignof(T)) {
      std::fill_n(map.begin() + static_cast<std::ptrdiff_t>(i), end - i, Byte::kPadding);
    }
    i = end + 1;
  }
}
#endif

template <typename T>
std::vector<Byte> MapOf(const T& value) {
  std::vector<Byte> map(sizeof(T), Byte::kUncounted);
  MarkMembers(value, Byte::kListed, 0, map);
  MarkPadding(value, map);
  return map;
}

}  // namespace internal

// The offsets of the bytes of a T that are neither in its list, nor derived, nor padding, as text;
// empty when there is none. T is copyable.
template <HasFields T>
std::string UncountedBytes(const T& value) {
  const std::vector<internal::Byte> map = internal::MapOf(value);
  std::string text;
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map[i] == internal::Byte::kUncounted) text.append(1, ' ').append(std::to_string(i));
  }
  return text;
}

// The offsets of the listed bytes of a flat value whose lowest bit can be flipped without another
// fingerprint, as text; empty when there is none. Give a value whose optionals are set, and no
// variant: a flipped bit must leave a valid object.
template <HasFields T>
requires std::is_trivially_copyable_v<T> std::string FlipsWithoutEffect(const T& value) {
  const std::vector<internal::Byte> map = internal::MapOf(value);
  const Fingerprint before = FingerprintOf(value);
  std::string text;
  for (std::size_t i = 0; i < map.size(); ++i) {
    T flipped = value;
    auto* const bytes = reinterpret_cast<unsigned char*>(&flipped);
    bytes[i] = static_cast<unsigned char>(bytes[i] ^ 1);
    const bool changed = FingerprintOf(flipped) != before;
    if (changed != (map[i] == internal::Byte::kListed)) {
      text.append(1, ' ').append(std::to_string(i));
    }
  }
  return text;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_SUPPORT_FIELDS_H_
