// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/bounded.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tests/support/allocations.h"

namespace settle {
namespace {

using Three = Bounded<int, 3>;

TEST(Bounded, TakesElementsUpToItsBoundAndNoFurther) {
  Three list;
  EXPECT_TRUE(list.empty());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(list.Add(i));
  const Three full = list;
  EXPECT_FALSE(list.Add(3));
  EXPECT_EQ(list, full);
  EXPECT_EQ(list.size(), Three::kMax);
  EXPECT_EQ(list[2], 2);
}

TEST(Bounded, IsMadeFromAVectorWithinTheBoundOnly) {
  const std::optional<Three> exactly = Three::From({1, 2, 3});
  ASSERT_TRUE(exactly.has_value());
  EXPECT_EQ(exactly->size(), 3u);
  EXPECT_FALSE(Three::From({1, 2, 3, 4}).has_value());
  EXPECT_TRUE(Three::From({}).has_value());
}

TEST(Bounded, ResizesWithinTheBoundOnly) {
  Three list = *Three::From({1, 2, 3});
  EXPECT_FALSE(list.Resize(4));
  EXPECT_EQ(list, *Three::From({1, 2, 3}));
  EXPECT_TRUE(list.Resize(1));
  EXPECT_EQ(list, *Three::From({1}));
  EXPECT_TRUE(list.Resize(3));
  EXPECT_EQ(list, *Three::From({1, 0, 0}));
}

TEST(Bounded, ResizeFarBeyondTheBoundAllocatesNothing) {
  Bounded<std::uint64_t, 1000> list;
  const test::AllocationCounter counter;
  const bool resized = list.Resize(static_cast<std::size_t>(-1));
  const std::size_t calls = counter.calls();
  EXPECT_FALSE(resized);
  EXPECT_EQ(calls, 0u);
}

TEST(Bounded, OfNoneTakesNothing) {
  Bounded<int, 0> none;
  EXPECT_FALSE(none.Add(1));
  EXPECT_FALSE(none.Resize(1));
  EXPECT_TRUE(none.Resize(0));
  EXPECT_TRUE(none.empty());
}

TEST(Bounded, PopsUntilEmptyAndThenDoesNothing) {
  Three list = *Three::From({1, 2});
  list.PopBack();
  EXPECT_EQ(list, *Three::From({1}));
  list.PopBack();
  list.PopBack();
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(list.Add(7));
  list.Clear();
  EXPECT_EQ(list, Three());
}

TEST(Bounded, IsIteratedChangedAndViewed) {
  Three list = *Three::From({1, 2, 3});
  for (int& element : list) element *= 10;
  list[0] = 5;
  const std::span<const int> view = list;
  EXPECT_EQ(std::accumulate(view.begin(), view.end(), 0), 55);
  EXPECT_EQ(list.data(), view.data());
}

TEST(Bounded, HoldsWhatOnlyMoves) {
  Bounded<std::unique_ptr<int>, 2> list;
  EXPECT_TRUE(list.Add(std::make_unique<int>(1)));
  Bounded<std::unique_ptr<int>, 2> moved = std::move(list);
  EXPECT_EQ(*moved[0], 1);
}

TEST(Bounded, DiffersByElementAndByLength) {
  EXPECT_NE(*Three::From({1, 2}), *Three::From({1, 3}));
  EXPECT_NE(*Three::From({1, 2}), *Three::From({1, 2, 0}));
}

}  // namespace
}  // namespace settle
