// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The one list of a type's members, from which encoding, hash and equality come.
//
//   struct Transfer {
//     AccountKey from, to;
//     Quanta amount;
//     using Fields = Members<&Transfer::from, &Transfer::to, &Transfer::amount>;
//   };
//
// What is not in the list is no part of the value: an index, a cache, a parsed key. An aggregate
// that forgets a member does not compile. A class is tested: each of its bytes belongs to a listed
// member, is padding, or belongs to what it names in `using Derived = Members<...>;`.

#ifndef SETTLE_BASE_MEMBERS_H_
#define SETTLE_BASE_MEMBERS_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/reason.h"

SETTLE_NAMESPACE_BEGIN

// The members of a type, in encoding order. Private members may be named by the type itself.
template <auto... kMembers>
struct Members {
  static constexpr std::size_t kCount = sizeof...(kMembers);
};

template <typename T>
concept HasFields = requires {
  typename T::Fields;
};

// A top-level value that says what it is: kind and version come first.
template <typename T>
concept RecordType = HasFields<T> && requires {
  { T::kKind } -> std::convertible_to<Kind>;
  { T::kVersion } -> std::convertible_to<std::uint16_t>;
};

// An enum with `constexpr bool IsKnownEnumerator(E)` beside it; decoding refuses the others.
template <typename T>
concept CodecEnum = std::is_enum_v<T> && requires(T e) {
  { IsKnownEnumerator(e) } -> std::same_as<bool>;
};

namespace detail {

template <typename M>
struct MemberOf;
template <typename C, typename T>
struct MemberOf<T C::*> {
  using Type = T;
  using Class = C;
};

// A class cannot have the same base twice, nor a list the same member.
template <auto kMember>
struct MemberListedOnce {};
template <auto... kMembers>
struct DistinctMembers : MemberListedOnce<kMembers>... {};

// Counts an aggregate's members: how many values of any type initialise it.
struct AnyValue {
  template <typename T>
  operator T() const;
};
template <typename T, typename... Values>
constexpr std::size_t CountAggregate() {
  if constexpr (requires { T{Values{}..., AnyValue{}}; }) {
    return CountAggregate<T, Values..., AnyValue>();
  } else {
    return sizeof...(Values);
  }
}

template <typename T>
struct FieldsOf;
template <auto... kMembers>
struct FieldsOf<Members<kMembers...>> {
  template <typename T, typename F>
  static constexpr void ForEach(T& value, F&& each) {
    (each(value.*kMembers), ...);
  }
  // Stops at the first refusal.
  template <typename T, typename F>
  static constexpr Reason Until(T& value, F&& each) {
    Reason reason;
    (void)((reason = each(value.*kMembers), reason.ok()) && ...);
    return reason;
  }
  template <typename T>
  static constexpr bool Equal(const T& a, const T& b) {
    return (... && (a.*kMembers == b.*kMembers));
  }
  template <typename Sizer>
  static constexpr std::size_t Sum([[maybe_unused]] Sizer sizer) {
    return (std::size_t{0} + ... +
            sizer.template operator()<typename MemberOf<decltype(kMembers)>::Type>());
  }
  template <typename Test>
  static constexpr bool All([[maybe_unused]] Test test) {
    return (... && test.template operator()<typename MemberOf<decltype(kMembers)>::Type>());
  }
  // No member of a base, whose list T may have inherited.
  template <typename T>
  static constexpr bool AllAreOf() {
    return (... && std::same_as<typename MemberOf<decltype(kMembers)>::Class, T>);
  }
  static constexpr bool kAreDistinct = sizeof(DistinctMembers<kMembers...>) > 0;
};

template <HasFields T>
constexpr void RequireAllMembers() {
  using Fields = FieldsOf<typename T::Fields>;
  static_assert(Fields::template AllAreOf<T>(), "Fields must be a type's own list");
  static_assert(Fields::kAreDistinct, "Fields must list a member once");
  if constexpr (std::is_aggregate_v<T>) {
    static_assert(T::Fields::kCount == CountAggregate<T>(),
                  "Fields must list every member of the aggregate");
  }
}

// Readers accept exactly the versions of the table.
template <RecordType T>
constexpr void RequireRecord() {
  static_assert(IsRecordOfTable(T::kKind, T::kVersion),
                "a record's kind and version must be those of a record in the table of kinds");
}

}  // namespace detail

// Equality of the members in the list, and of nothing else.
template <HasFields T>
[[nodiscard]] constexpr bool FieldsEqual(const T& a, const T& b) {
  detail::RequireAllMembers<T>();
  return detail::FieldsOf<typename T::Fields>::Equal(a, b);
}

// `==` for the library's own types; a type of another namespace calls FieldsEqual in its own.
template <HasFields T>
[[nodiscard]] constexpr bool operator==(const T& a, const T& b) {
  return FieldsEqual(a, b);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_MEMBERS_H_
