// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/members.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/fixed.h"
#include "settle/base/strong.h"
#include "settle/base/types.h"
#include "tests/support/fields.h"

namespace settle {

struct MembersPair {
  std::uint32_t first = 0;
  std::uint64_t second = 0;
  using Fields = Members<&MembersPair::first, &MembersPair::second>;
};

// One of every shape that a member may have: each counts once.
struct MembersAll {
  std::optional<std::uint32_t> maybe;
  std::variant<MembersPair, Epoch> either;
  std::variant<MembersPair> only;
  Bounded<MembersPair, 4> list;
  Bounded<Bounded<std::byte, 3>, 4> lists;
  std::array<std::uint16_t, 3> three;
  std::array<MembersPair, 2> two;
  OwnerId owner;
  Epoch epoch;
  RatePpm rate;
  Rounding rounding{};
  bool flag = false;
  std::byte byte{};
  MembersPair inner;
  std::optional<MembersPair> maybe_inner;
  std::optional<Bounded<MembersPair, 2>> maybe_list;
  Int128 wide = 0;
};

class MembersPrivate {
 public:
  MembersPrivate() = default;
  MembersPrivate(std::uint32_t number, std::uint8_t small) : small_(small), number_(number) {}
  void Touch() { ++cache_; }

 private:
  std::uint8_t small_ = 0;
  std::uint32_t number_ = 0;
  std::uint64_t cache_ = 0;

 public:
  using Fields = Members<&MembersPrivate::number_, &MembersPrivate::small_>;
  using Derived = Members<&MembersPrivate::cache_>;
};

class MembersForgetful {
 public:
  void Set(std::uint64_t number) { forgotten_ = number; }

 private:
  std::uint64_t listed_ = 0;
  std::uint64_t forgotten_ = 0;
  std::uint32_t small_ = 0;

 public:
  using Fields = Members<&MembersForgetful::listed_, &MembersForgetful::small_>;
};

// As MembersForgetful, in a place where padding could be.
class MembersForgetfulInAGap {
 public:
  void Set(std::uint32_t number) { forgotten_ = number; }

 private:
  std::uint64_t wide_ = 0;
  std::uint32_t listed_ = 0;
  std::uint32_t forgotten_ = 0;

 public:
  using Fields = Members<&MembersForgetfulInAGap::wide_, &MembersForgetfulInAGap::listed_>;
};

struct MembersSigned {
  static constexpr Kind kKind = Kind::kVote;
  static constexpr std::uint16_t kVersion = 1;
  std::uint8_t number = 0;
  using Fields = Members<&MembersSigned::number>;
};

}  // namespace settle

namespace another_library {

// A type outside of settle calls FieldsEqual in its own ==.
struct Foreign {
  std::uint32_t number = 0;
  settle::MembersPair pair;
  using Fields = settle::Members<&Foreign::number, &Foreign::pair>;
  friend bool operator==(const Foreign& a, const Foreign& b) { return settle::FieldsEqual(a, b); }
};

}  // namespace another_library

namespace settle {

struct MembersOfForeign {
  another_library::Foreign foreign;
  using Fields = Members<&MembersOfForeign::foreign>;
};

namespace {

TEST(Members, ListIsFoundByItsAlias) {
  static_assert(HasFields<MembersPair>);
  static_assert(HasFields<MembersPrivate>);
  static_assert(!HasFields<MembersAll>);
  static_assert(!HasFields<int>);
  static_assert(!HasFields<OwnerId>);
  static_assert(MembersPair::Fields::kCount == 2);
}

TEST(Members, EveryShapeOfMemberCountsOnce) {
  static_assert(detail::CountAggregate<MembersAll>() == 17);
  static_assert(detail::CountAggregate<MembersPair>() == 2);
  struct Empty {};
  static_assert(detail::CountAggregate<Empty>() == 0);
}

TEST(Members, EqualityIsThatOfTheListedMembers) {
  EXPECT_EQ((MembersPair{1, 2}), (MembersPair{1, 2}));
  EXPECT_NE((MembersPair{1, 2}), (MembersPair{1, 3}));
  EXPECT_NE((MembersPair{1, 2}), (MembersPair{0, 2}));
  static_assert(MembersPair{1, 2} == MembersPair{1, 2});
  static_assert(!FieldsEqual(MembersPair{1, 2}, MembersPair{2, 2}));
}

TEST(Members, EqualityIgnoresWhatIsDerived) {
  MembersPrivate touched(5, 6);
  touched.Touch();
  EXPECT_EQ(touched, MembersPrivate(5, 6));
  EXPECT_NE(touched, MembersPrivate(5, 7));
}

TEST(Members, EqualityReachesTypesOfOtherNamespaces) {
  const another_library::Foreign one{1, {2, 3}};
  EXPECT_TRUE(one == one);
  EXPECT_FALSE(one == (another_library::Foreign{1, {2, 4}}));
  EXPECT_TRUE((MembersOfForeign{one}) == (MembersOfForeign{one}));
  EXPECT_FALSE((MembersOfForeign{one}) == (MembersOfForeign{{2, {2, 3}}}));
}

TEST(Members, RecordSaysItsKindAndVersion) {
  static_assert(RecordType<MembersSigned>);
  static_assert(!RecordType<MembersPair>);
}

TEST(Members, EnumIsEncodedOnlyWithItsListOfEnumerators) {
  static_assert(CodecEnum<Kind>);
  static_assert(!CodecEnum<Module>);
  static_assert(!CodecEnum<int>);
}

TEST(Members, BytesOfAClassAreListedDerivedOrPadding) {
  EXPECT_EQ(test::UncountedBytes(MembersPrivate(1, 2)), "");
  EXPECT_EQ(test::UncountedBytes(MembersPair{1, 2}), "");
  EXPECT_EQ(test::FlipsWithoutEffect(MembersPrivate(1, 2)), "");
  EXPECT_EQ(test::FlipsWithoutEffect(MembersPair{1, 2}), "");
}

TEST(Members, ForgottenMemberOfAClassIsNoticed) {
  EXPECT_EQ(test::UncountedBytes(MembersForgetful()), " 8 9 10 11 12 13 14 15");
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)
  EXPECT_EQ(test::UncountedBytes(MembersForgetfulInAGap()), " 12 13 14 15");
#endif
}

}  // namespace
}  // namespace settle
