// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/leg_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <type_traits>

#include "tests/ledger/world.h"

namespace settle::test {
namespace {

static_assert(!std::is_copy_constructible_v<LegBuffer> && !std::is_copy_assignable_v<LegBuffer>,
              "two lists in one storage would overwrite each other");

TEST(LegBuffer, KeepsLegsInTheCallersStorage) {
  std::array<Leg, 3> storage;
  LegBuffer legs(storage);
  EXPECT_EQ(legs.size(), 0u);
  EXPECT_EQ(legs.room(), 3u);
  EXPECT_TRUE(legs.view().empty());
  ASSERT_TRUE(legs.Add({Cash(1), Of(-4)}).ok());
  ASSERT_TRUE(legs.Add({Cash(2), Of(4)}).ok());
  EXPECT_EQ(legs.view().data(), storage.data());
  ASSERT_EQ(legs.view().size(), 2u);
  EXPECT_EQ(legs.view()[0], (Leg{Cash(1), Of(-4)}));
  EXPECT_EQ(legs.view()[1], (Leg{Cash(2), Of(4)}));
  EXPECT_EQ(legs.room(), 1u);
}

TEST(LegBuffer, RefusesALegWithoutRoomAndStaysAsItWas) {
  std::array<Leg, 1> storage;
  LegBuffer legs(storage);
  ASSERT_TRUE(legs.Add({Cash(1), Of(1)}).ok());
  EXPECT_EQ(legs.Add({Cash(2), Of(2)}), Reason(BaseReason::kFull));
  ASSERT_EQ(legs.size(), 1u);
  EXPECT_EQ(legs.view()[0], (Leg{Cash(1), Of(1)}));
  LegBuffer none({});
  EXPECT_EQ(none.Add({Cash(2), Of(2)}), Reason(BaseReason::kFull));
}

TEST(LegBuffer, TakesBackWhatWasAddedSince) {
  std::array<Leg, 4> storage;
  LegBuffer legs(storage);
  for (int i = 1; i <= 3; ++i) ASSERT_TRUE(legs.Add({Cash(1), Of(i)}).ok());
  legs.Truncate(3);
  legs.Truncate(9);  // it never grows
  EXPECT_EQ(legs.size(), 3u);
  legs.Truncate(1);
  ASSERT_EQ(legs.size(), 1u);
  EXPECT_EQ(legs.view()[0].amount, Of(1));
  legs.Clear();
  EXPECT_EQ(legs.size(), 0u);
  EXPECT_EQ(legs.room(), 4u);
}

}  // namespace
}  // namespace settle::test
