// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/owner_lots.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <tuple>

#include "settle/base/integer.h"
#include "tests/support/random.h"

namespace settle {
namespace {

MarginAccountId Account(std::uint64_t owner, std::uint32_t group) {
  return {.owner = OwnerId::FromNumber(owner), .group = MarginGroup(group)};
}

TEST(OwnerLots, CountsWhatTheOwnersOtherAccountsHave) {
  OwnerLots lots;
  lots.Add(Account(1, 0), ContractId(5), Lots(10));
  lots.Add(Account(1, 1), ContractId(5), Lots(-4));
  lots.Add(Account(1, 2), ContractId(6), Lots(7));
  lots.Add(Account(2, 0), ContractId(5), Lots(100));
  EXPECT_EQ(lots.Elsewhere(Account(1, 0), ContractId(5)), Lots(4));
  EXPECT_EQ(lots.Elsewhere(Account(1, 1), ContractId(5)), Lots(10));
  EXPECT_EQ(lots.Elsewhere(Account(1, 2), ContractId(5)), Lots(14));
  EXPECT_EQ(lots.Elsewhere(Account(1, 2), ContractId(6)), Lots(0));
  EXPECT_EQ(lots.Elsewhere(Account(2, 0), ContractId(5)), Lots(0));
  EXPECT_EQ(lots.Elsewhere(Account(3, 0), ContractId(5)), Lots(0));
  lots.Clear();
  EXPECT_EQ(lots.Elsewhere(Account(1, 0), ContractId(5)), Lots(0));
}

TEST(OwnerLots, AnswersTheGreatestNumberForAllBeyond) {
  OwnerLots lots;
  lots.Add(Account(1, 0), ContractId(5), Lots(kMin<std::int64_t>));
  EXPECT_EQ(lots.Elsewhere(Account(1, 1), ContractId(5)), Lots(kMax<std::int64_t>));
  lots.Add(Account(1, 2), ContractId(5), Lots(kMax<std::int64_t>));
  EXPECT_EQ(lots.Elsewhere(Account(1, 1), ContractId(5)), Lots(kMax<std::int64_t>));
}

TEST(OwnerLots, AgreesWithASumOverAllPositions) {
  test::Random random;
  OwnerLots lots;
  std::map<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>, std::int64_t> all;
  for (int step = 0; step < 3'000; ++step) {
    const std::uint64_t owner = random.Below(5);
    const auto group = static_cast<std::uint32_t>(random.Below(3));
    const auto contract = static_cast<std::uint32_t>(random.Below(4));
    const auto size = static_cast<std::int64_t>(random.Below(2'001)) - 1'000;
    lots.Add(Account(owner, group), ContractId(contract), Lots(size));
    all[{owner, group, contract}] += size < 0 ? -size : size;
    std::int64_t expected = 0;
    for (const auto& [key, held] : all) {
      const auto& [of, in, what] = key;
      if (of == owner && in != group && what == contract) expected += held;
    }
    ASSERT_EQ(lots.Elsewhere(Account(owner, group), ContractId(contract)), Lots(expected));
  }
}

}  // namespace
}  // namespace settle
