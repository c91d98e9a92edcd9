// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/types.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <type_traits>

#include "settle/base/integer.h"

namespace settle {
namespace {

template <typename A, typename B>
concept AddsTo = requires(A a, B b) {
  CheckedAdd(a, b);
};

TEST(MarginTypes, AddUpOnlyWithTheirOwnKind) {
  static_assert(AddsTo<Lots, Lots> && AddsTo<Quanta, Quanta> && AddsTo<MicroQuanta, MicroQuanta>);
  static_assert(!AddsTo<Lots, PriceTicks> && !AddsTo<Lots, Quanta> && !AddsTo<Quanta, Amount>);
  static_assert(!AddsTo<Quanta, MicroQuanta> && !AddsTo<MicroQuanta, FundingIndex>);
  static_assert(!AddsTo<InstrumentIndex, InstrumentIndex>);
  static_assert(!std::is_convertible_v<Amount, Quanta> && !std::is_convertible_v<Quanta, Amount>);
  SUCCEED();
}

TEST(MarginTypes, CountLotsOfABalanceUpToTheLimitsOf64Bits) {
  constexpr Int128 kMost = kMax<std::int64_t>;
  constexpr Int128 kLeast = kMin<std::int64_t>;
  EXPECT_EQ(LotsOf(Amount(kMost)), Lots(kMax<std::int64_t>));
  EXPECT_EQ(LotsOf(Amount(kLeast)), Lots(kMin<std::int64_t>));
  EXPECT_EQ(LotsOf(Amount(kMost + 1)), std::nullopt);
  EXPECT_EQ(LotsOf(Amount(kLeast - 1)), std::nullopt);
  EXPECT_EQ(LotsOf(Amount(Int128{1} << 64)), std::nullopt);
}

TEST(MarginTypes, ConvertToAmountsAndBackExactly) {
  for (const Int128 value : {Int128{0}, Int128{-1}, kMax<Int128>, kMin<Int128>}) {
    EXPECT_EQ(AmountOf(QuantaOf(Amount(value))), Amount(value));
  }
  EXPECT_EQ(AmountOf(Lots(kMin<std::int64_t>)), Amount(Int128{kMin<std::int64_t>}));
}

}  // namespace
}  // namespace settle
