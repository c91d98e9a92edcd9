// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/detail/account_table.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/ledger/world.h"

namespace settle::test {
namespace {

// Every account has limits of its own.
struct LimitsOfItsOwn : TestAccounts {
  [[nodiscard]] Limits LimitsOf(const AccountKey& key) const {
    return {Of(key.compartment.value()), Of(kMax<Int128>)};
  }
};

template <typename Policy>
std::uint32_t Open(detail::AccountTable<Policy>& table, const AccountKey& key) {
  return table.Open(key, table.HashOf(key));
}

// The rows of the owner's margin account, the latest first.
template <typename Policy>
std::vector<std::uint32_t> RowsOf(const detail::AccountTable<Policy>& table, std::uint32_t row) {
  std::vector<std::uint32_t> rows;
  const std::uint32_t account = table[row].margin_account;
  for (std::uint32_t at = table.margin_account(account).last_row; at != detail::kNoRow;
       at = table[at].previous) {
    rows.push_back(at);
  }
  return rows;
}

TEST(AccountTable, ClosesTheLastAccountAsIfItHadNeverBeenOpened) {
  detail::AccountTable<TestAccounts> table({}, 0);
  EXPECT_EQ(Open(table, Cash(1)), 0u);
  EXPECT_EQ(Open(table, Cash(2)), 1u);
  EXPECT_EQ(Open(table, Cash(1, kBtc)), 2u);
  EXPECT_EQ(RowsOf(table, 0), (std::vector<std::uint32_t>{2, 0}));
  table.CloseLast();
  EXPECT_EQ(RowsOf(table, 0), (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(table.Find(Cash(1, kBtc), table.HashOf(Cash(1, kBtc))), detail::kNoRow);
  table.CloseLast();
  EXPECT_EQ(Open(table, Cash(3)), 1u);
  EXPECT_EQ(table.margin_account(table[1].margin_account).id.owner, OwnerOf(3));
  EXPECT_EQ(RowsOf(table, 1), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(RowsOf(table, 0), (std::vector<std::uint32_t>{0}));
}

TEST(AccountTable, HoldsEachAccountToItsOwnLimits) {
  detail::AccountTable<LimitsOfItsOwn> table({}, 0);
  for (std::uint32_t i = 0; i < 40; ++i) Open(table, {OwnerOf(1), Compartment(i), kUsd});
  for (int closed = 0; closed < 30; ++closed) table.CloseLast();
  for (std::uint32_t i = 10; i < 50; ++i) Open(table, {OwnerOf(1), Compartment(100 + i), kUsd});
  for (std::uint32_t row = 0; row < table.size(); ++row) {
    EXPECT_EQ(table.LimitsOf(table[row]).floor, Of(table[row].key.compartment.value())) << row;
  }
}

// A transaction that is refused names owners at no cost to who sends it.
TEST(AccountTable, NamingStrangersInVainTakesNoMemory) {
  detail::AccountTable<LimitsOfItsOwn> table({}, 0);
  for (std::uint32_t i = 0; i < 20; ++i) Open(table, {OwnerOf(i), Compartment(i), kUsd});
  const std::size_t before = table.bytes();
  for (std::uint32_t i = 20; i < 20'000; ++i) {
    Open(table, {OwnerOf(i), Compartment(i), kUsd});
    table.CloseLast();
  }
  EXPECT_LE(table.bytes(), 2 * before);
}

TEST(AccountTable, TakesNoMoreMemoryHoweverOftenLimitsAreSet) {
  detail::AccountTable<TestAccounts> table({}, 0);
  for (std::uint64_t owner = 1; owner <= 20; ++owner) Open(table, Cash(owner));
  const auto set_all = [&table](std::int64_t floor) {
    for (std::uint32_t row = 0; row < table.size(); ++row) {
      table.Set(row, {.limits = Limits{Of(floor - row), Of(kMax<Int128>)}});
    }
  };
  set_all(-1);
  const std::size_t bytes = table.bytes();
  for (std::int64_t floor = -2; floor > -2000; --floor) set_all(floor);
  for (std::uint32_t row = 0; row < table.size(); ++row) {
    EXPECT_EQ(table.LimitsOf(table[row]).floor, Of(-1999 - Int128(row)));
  }
  EXPECT_LE(table.bytes(), bytes + 32 * sizeof(std::uint32_t)) << "of places that fell free once";
}

}  // namespace
}  // namespace settle::test
