// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/bytes.h"

#include <absl/hash/hash.h>
#include <absl/hash/hash_testing.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <type_traits>
#include <vector>

namespace settle {
namespace {

struct OneTag {};
using One = FixedBytes<OneTag, 9>;
struct TwoTag {};
using Two = FixedBytes<TwoTag, 9>;
struct ShortTag {};
using Short = FixedBytes<ShortTag, 4>;

std::vector<std::byte> Counting(std::size_t count) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(i + 1));
  return bytes;
}

template <typename F>
concept HasFromNumber = requires {
  F::FromNumber(1);
};

TEST(FixedBytes, IsZeroUntilGivenBytes) {
  constexpr One kZero;
  static_assert(kZero.IsZero());
  static_assert(sizeof(One) == 9 && std::is_trivially_copyable_v<One>);
  One one;
  one.data()[8] = std::byte{1};
  EXPECT_FALSE(one.IsZero());
}

TEST(FixedBytes, IsMadeFromExactlyItsLength) {
  for (std::size_t length = 0; length <= 20; ++length) {
    const std::vector<std::byte> bytes = Counting(length);
    const std::optional<One> made = One::From(bytes);
    ASSERT_EQ(made.has_value(), length == 9);
    if (!made) continue;
    EXPECT_EQ(std::vector<std::byte>(made->view().begin(), made->view().end()), bytes);
    EXPECT_EQ((*made)[3], std::byte{4});
    EXPECT_EQ(One(made->bytes()), *made);
  }
}

TEST(FixedBytes, HasNoConversionToAnotherName) {
  static_assert(!std::is_constructible_v<One, Two>);
  static_assert(!std::is_assignable_v<One&, Two>);
  static_assert(!std::is_convertible_v<std::array<std::byte, 9>, One>);
}

TEST(FixedBytes, NumberStandsInTheLastBytesMostSignificantFirst) {
  constexpr One kNumber = One::FromNumber(0x0102030405060708);
  static_assert(kNumber[0] == std::byte{0} && kNumber[1] == std::byte{1} &&
                kNumber[8] == std::byte{8});
  static_assert(HasFromNumber<One> && !HasFromNumber<Short>);
  EXPECT_LT(One::FromNumber(255), One::FromNumber(256));
  EXPECT_LT(One::FromNumber(256), One::FromNumber(~std::uint64_t{0}));
}

TEST(FixedBytes, IsOrderedAsUnsignedBytesAlikeAtCompileTimeAndAtRunTime) {
  constexpr One kLow = One::FromNumber(std::uint64_t{0x7f} << 56);
  constexpr One kHigh = One::FromNumber(std::uint64_t{0x80} << 56);
  static_assert(kLow < kHigh && kLow != kHigh && kLow == kLow);
  One low = kLow;
  One high = kHigh;
  EXPECT_LT(low, high);
  EXPECT_NE(low, high);
  high = low;
  EXPECT_EQ(low, high);
  EXPECT_EQ(low <=> high, std::strong_ordering::equal);
  // The first byte that differs decides.
  low.data()[0] = std::byte{1};
  EXPECT_GT(low, kHigh);
}

TEST(FixedBytes, EveryByteCountsInEqualityAndHash) {
  const One zero;
  std::set<std::size_t> hashes = {absl::HashOf(zero)};
  for (std::size_t i = 0; i < One::size(); ++i) {
    One one;
    one.data()[i] = std::byte{1};
    EXPECT_NE(one, zero);
    hashes.insert(absl::HashOf(one));
  }
  EXPECT_EQ(hashes.size(), 10u);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {zero, One::FromNumber(1), One::FromNumber(256), One::FromNumber(~std::uint64_t{0})}));
}

TEST(Bytes, TextIsSeenAsItsBytes) {
  const ByteView view = AsBytes("a\xff");
  ASSERT_EQ(view.size(), 2u);
  EXPECT_EQ(view[0], std::byte{'a'});
  EXPECT_EQ(view[1], std::byte{0xff});
  EXPECT_TRUE(AsBytes("").empty());
}

TEST(Bytes, OnlyFixedBytesAreFixedBytes) {
  static_assert(kIsFixedBytes<Digest>);
  static_assert(!kIsFixedBytes<std::array<std::byte, 32>>);
  static_assert(Digest::kSize == 32);
}

}  // namespace
}  // namespace settle
