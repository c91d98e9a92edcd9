// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/strong.h"

#include <absl/hash/hash.h>
#include <absl/hash/hash_testing.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <type_traits>

#include "settle/base/integer.h"

namespace settle {
namespace {

struct LotsTag : Additive {};
using Lots = Strong<LotsTag, std::int64_t>;
struct QuantaTag : Additive {};
using Quanta = Strong<QuantaTag, Int128>;
struct WeightTag : Additive {};
using Weight = Strong<WeightTag, std::uint64_t>;
struct SmallTag : Additive {};
using Small = Strong<SmallTag, std::int8_t>;
struct HeightTag : Ordinal {};
using Height = Strong<HeightTag, std::uint64_t>;
struct AssetTag : Identifier {};
using Asset = Strong<AssetTag, std::uint32_t>;
struct IntTag : Additive {};
using Plain = Strong<IntTag, int>;

template <typename S, typename T>
constexpr bool kIsMadeFrom = std::is_constructible_v<S, T>;

TEST(Strong, IsMadeFromItsRepresentationAndFromWhatAlwaysFits) {
  static_assert(kIsMadeFrom<Lots, std::int64_t>);
  static_assert(kIsMadeFrom<Lots, std::int16_t>);
  static_assert(kIsMadeFrom<Lots, std::uint32_t>);
  static_assert(!kIsMadeFrom<Lots, std::uint64_t>);
  static_assert(!kIsMadeFrom<Lots, Int128>);
  static_assert(kIsMadeFrom<Quanta, std::int64_t>);
  static_assert(kIsMadeFrom<Quanta, std::uint64_t>);
  static_assert(!kIsMadeFrom<Quanta, UInt128>);
  static_assert(!kIsMadeFrom<Weight, std::int64_t>);
  static_assert(kIsMadeFrom<Plain, int>);
  static_assert(!kIsMadeFrom<Plain, std::int64_t>);
}

TEST(Strong, IsNotMadeFromBoolCharacterFloatingPointOrAnotherName) {
  static_assert(!kIsMadeFrom<Lots, bool>);
  static_assert(!kIsMadeFrom<Lots, char>);
  static_assert(!kIsMadeFrom<Lots, double>);
  static_assert(!kIsMadeFrom<Lots, Weight>);
  static_assert(!kIsMadeFrom<Weight, Height>);
}

TEST(Strong, NothingConvertsImplicitly) {
  static_assert(!std::is_convertible_v<std::int64_t, Lots>);
  static_assert(!std::is_convertible_v<Lots, std::int64_t>);
  static_assert(!std::is_convertible_v<Lots, bool>);
}

TEST(Strong, LiteralIsCheckedByTheCompiler) {
  constexpr Weight kWeight(3);
  static_assert(kWeight.value() == 3);
  constexpr Small kLeast(-128);
  static_assert(kLeast.value() == -128);
  // Small(128) and Weight(-1) do not compile: tests/compile/literal_out_of_range.cc.
}

TEST(Strong, DefaultIsZeroAndTakesOnlyItsRepresentation) {
  EXPECT_EQ(Quanta().value(), 0);
  static_assert(sizeof(Quanta) == 16 && sizeof(Asset) == 4 && sizeof(Small) == 1);
  static_assert(std::is_trivially_copyable_v<Quanta>);
}

TEST(Strong, IsOrderedAsItsRepresentation) {
  static_assert(Lots(-1) < Lots(0));
  static_assert(Weight(~std::uint64_t{0}) > Weight(1));
  static_assert(Quanta(kMin<Int128>) < Quanta(kMax<Int128>));
  static_assert((Asset(2) <=> Asset(2)) == std::strong_ordering::equal);
  EXPECT_EQ(Lots(4), Lots(4));
  EXPECT_NE(Lots(4), Lots(5));
}

// What a name may do, as the concepts see it.
template <typename S>
concept Adds = requires(S a, S b) {
  CheckedAdd(a, b);
  CheckedSub(a, b);
  CheckedNegate(a);
  CheckedMul(a, 2);
  AddTo(a, b);
};
template <typename S>
concept Follows = requires(S a) {
  Next(a);
};
template <typename A, typename B>
concept AddsTo = requires(A a, B b) {
  CheckedAdd(a, b);
};

TEST(Strong, NameSaysWhatMayBeDone) {
  static_assert(Adds<Lots> && !Follows<Lots>);
  static_assert(!Adds<Height> && Follows<Height>);
  static_assert(!Adds<Asset> && !Follows<Asset>);
  static_assert(!AddsTo<Lots, Quanta>);
  static_assert(!AddsTo<Lots, std::int64_t>);
}

TEST(Strong, ArithmeticIsCheckedForAllPairsOfEightBits) {
  for (int a = -128; a < 128; ++a) {
    const Small x(static_cast<std::int8_t>(a));
    EXPECT_EQ(CheckedNegate(x).has_value(), a != -128);
    for (int b = -128; b < 128; ++b) {
      const Small y(static_cast<std::int8_t>(b));
      const auto expect = [](int exact, std::optional<Small> actual) {
        ASSERT_EQ(actual.has_value(), exact >= -128 && exact <= 127);
        ASSERT_EQ(actual ? actual->value() : exact, exact);
      };
      expect(a + b, CheckedAdd(x, y));
      expect(a - b, CheckedSub(x, y));
      expect(a * b, CheckedMul(x, y.value()));
      Small total = x;
      const bool added = AddTo(total, y);
      ASSERT_EQ(added, CheckedAdd(x, y).has_value());
      ASSERT_EQ(total, added ? *CheckedAdd(x, y) : x);
    }
  }
}

TEST(Strong, ScalesByAnIntegerOfAnyWidthWithoutNarrowingIt) {
  EXPECT_EQ(CheckedMul(Small(1), std::int64_t{1} << 32), std::nullopt);
  EXPECT_EQ(CheckedMul(Small(0), std::int64_t{1} << 32), Small(0));
  EXPECT_EQ(CheckedMul(Weight(5), -1), std::nullopt);
  EXPECT_EQ(CheckedMul(Lots(-5), 3), Lots(-15));
}

TEST(Strong, NextEndsWithTheRange) {
  EXPECT_EQ(Next(Height(7)), Height(8));
  EXPECT_EQ(Next(Height(kMax<std::uint64_t> - 1)), Height(kMax<std::uint64_t>));
  EXPECT_EQ(Next(Height(kMax<std::uint64_t>)), std::nullopt);
}

TEST(Strong, SignIsThatOfTheNumber) {
  EXPECT_EQ(Sign(Quanta(kMin<Int128>)), -1);
  EXPECT_EQ(Sign(Quanta()), 0);
  EXPECT_EQ(Sign(Weight(kMax<std::uint64_t>)), 1);
}

TEST(Strong, HashesAsItCompares) {
  const Int128 wide = static_cast<Int128>(1) << 64;
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {Quanta(0), Quanta(1), Quanta(wide), Quanta(wide + 1), Quanta(-1), Quanta(kMin<Int128>)}));
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly({Asset(0), Asset(1), Asset(2)}));
  EXPECT_NE(absl::HashOf(Quanta(1)), absl::HashOf(Quanta(wide)));
}

}  // namespace
}  // namespace settle
