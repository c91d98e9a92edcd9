// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/types.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <type_traits>

#include "settle/base/codec.h"

namespace settle {
namespace {

TEST(Types, SizesAreThoseOfTheWireFormat) {
  static_assert(kEncodedSize<NetworkId> == 32);
  static_assert(kEncodedSize<GroupId> == 4);
  static_assert(kEncodedSize<ValidatorSetId> == 32);
  static_assert(kEncodedSize<OwnerId> == 16);
  static_assert(kEncodedSize<TransactionId> == 16);
  static_assert(kEncodedSize<SettlementId> == 32);
  static_assert(kEncodedSize<Digest> == 32);
  static_assert(kEncodedSize<Epoch> == 8);
  static_assert(kEncodedSize<Round> == 8);
  static_assert(kEncodedSize<Height> == 8);
  static_assert(kEncodedSize<LogIndex> == 8);
  static_assert(kEncodedSize<Timestamp> == 8);
  static_assert(kEncodedSize<Duration> == 8);
  static_assert(kEncodedSize<Kind> == 4);
}

TEST(Types, NamesOfOneSizeAreDistinct) {
  static_assert(!std::is_same_v<Digest, NetworkId>);
  static_assert(!std::is_constructible_v<Digest, NetworkId>);
  static_assert(!std::is_constructible_v<OwnerId, TransactionId>);
  static_assert(!std::is_constructible_v<Round, Epoch>);
  static_assert(!std::is_constructible_v<Timestamp, Duration>);
}

template <typename A, typename B>
concept Add = requires(A a, B b) {
  CheckedAdd(a, b);
};

TEST(Types, InstantsAreMovedByDurationsAndNeverAdded) {
  static_assert(Add<Timestamp, Duration>);
  static_assert(Add<Duration, Duration>);
  static_assert(!Add<Timestamp, Timestamp>);
  static_assert(!Add<Duration, Timestamp>);
  static_assert(!Add<Height, Height>);
  EXPECT_EQ(CheckedAdd(Timestamp(5), Duration(7)), Timestamp(12));
}

TEST(Types, NoInstantIsPastTheEndOfTime) {
  const Timestamp last(kMax<std::uint64_t>);
  EXPECT_EQ(CheckedAdd(last, Duration(0)), last);
  EXPECT_EQ(CheckedAdd(last, Duration(1)), std::nullopt);
  EXPECT_EQ(CheckedAdd(Timestamp(1), Duration(kMax<std::uint64_t>)), std::nullopt);
}

TEST(Types, HeightsRoundsAndEpochsFollowEachOther) {
  EXPECT_EQ(Next(Height(0)), Height(1));
  EXPECT_EQ(Next(Round(0)), Round(1));
  EXPECT_EQ(Next(Epoch(kMax<std::uint64_t>)), std::nullopt);
  EXPECT_EQ(Next(LogIndex(41)), LogIndex(42));
}

}  // namespace
}  // namespace settle
