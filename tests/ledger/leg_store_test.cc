// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/detail/leg_store.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/ledger/types.h"

namespace settle::test {
namespace {

constexpr Int128 kOne = 1;

// At and beside every edge of what is kept in place.
std::vector<Int128> Amounts() {
  std::vector<Int128> amounts{0, kMin<Int128>, kMin<Int128> + 1, kMax<Int128>};
  for (const int bits : {31, 32, 63, 64, 94, 95, 96, 126}) {
    for (const Int128 by : {-1, 0, 1}) {
      amounts.push_back((kOne << bits) + by);
      amounts.push_back(-(kOne << bits) + by);
    }
  }
  return amounts;
}

void AddAll(detail::LegStore& store, const std::vector<Int128>& amounts) {
  store.Add(amounts.size(), [&amounts](std::size_t i) {
    return StoredLeg{static_cast<std::uint32_t>(i + 7), Amount(amounts[i])};
  });
}

void ExpectLegs(const detail::LegsView& legs, const std::vector<Int128>& amounts) {
  ASSERT_EQ(legs.size(), amounts.size());
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    EXPECT_EQ(legs[i].row, i + 7) << i;
    EXPECT_EQ(legs[i].amount, Amount(amounts[i])) << i;
  }
}

TEST(LegStore, GivesBackEveryAmount) {
  detail::LegStore store;
  const std::vector<Int128> amounts = Amounts();
  AddAll(store, amounts);
  AddAll(store, amounts);
  ExpectLegs({store, 0, amounts.size()}, amounts);
  ExpectLegs({store, amounts.size(), amounts.size()}, amounts);
}

TEST(LegStore, KeepsWhatComesBeforeALegThatIsDropped) {
  const std::vector<Int128> amounts = Amounts();
  for (std::size_t kept = 0; kept <= amounts.size(); ++kept) {
    detail::LegStore store;
    AddAll(store, amounts);
    store.Truncate(kept);
    EXPECT_EQ(store.size(), kept);
    AddAll(store, amounts);
    ExpectLegs({store, 0, kept}, {amounts.begin(), amounts.begin() + static_cast<long>(kept)});
    ExpectLegs({store, kept, amounts.size()}, amounts);
  }
}

TEST(LegStore, StartsAgainWhenCleared) {
  detail::LegStore store;
  AddAll(store, Amounts());
  store.Clear();
  EXPECT_EQ(store.size(), 0u);
  AddAll(store, {kMax<Int128>, 1});
  ExpectLegs({store, 0, 2}, {kMax<Int128>, 1});
}

}  // namespace
}  // namespace settle::test
