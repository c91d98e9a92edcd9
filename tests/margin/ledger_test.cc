// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The transition rule inside the ledger: trades that the rule refuses leave the ledger as it was.

#include "settle/ledger/ledger.h"

#include <gtest/gtest.h>

#include <vector>

#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/margin/margin_ledger.h"

namespace settle {
namespace {

using test::kOutside;
using test::MarginInTheLedger;

TEST_F(MarginInTheLedger, AdmitsATradeThatBothSidesCover) {
  ASSERT_TRUE(Deposit(1, 100).ok());
  ASSERT_TRUE(Deposit(2, 100).ok());
  EXPECT_EQ(Trade(1, 2, 10).reason, Reason());
}

TEST_F(MarginInTheLedger, RefusesATradeThatOneSideCannotCoverAndChangesNothing) {
  ASSERT_TRUE(Deposit(1, 100).ok());
  ASSERT_TRUE(Deposit(2, 99).ok());
  const std::vector<Int128> before = Everything();
  EXPECT_EQ(Trade(1, 2, 10).reason, Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(Trade(2, 1, 10).reason, Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(Everything(), before);
  EXPECT_TRUE(Trade(2, 1, 9).ok());
}

TEST_F(MarginInTheLedger, JudgesByThePricesOfTheContext) {
  ASSERT_TRUE(Deposit(1, 1'000).ok());
  ASSERT_TRUE(Deposit(2, 1'000).ok());
  ASSERT_TRUE(Trade(1, 2, 100).ok());
  book_.SetPrice(1, 95);  // the buyer has 500 left on a notional of 9,500
  EXPECT_EQ(Trade(1, 2, 1).reason, Reason(MarginReason::kMaintenanceRises));
  EXPECT_EQ(Trade(2, 1, 10).reason, Reason());
  EXPECT_EQ(
      Apply({LegOf(1, kCash, test::kQuote, -1), LegOf(kOutside, kCash, test::kQuote, 1)}).reason,
      Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_TRUE(Deposit(1, 1).ok());
}

TEST_F(MarginInTheLedger, RefusesAWithdrawalBeyondTheHeadroom) {
  ASSERT_TRUE(Deposit(1, 150).ok());
  ASSERT_TRUE(Deposit(2, 150).ok());
  ASSERT_TRUE(Trade(1, 2, 10).ok());
  const auto withdraw = [&](Int128 quanta) {
    return Apply(
        {LegOf(1, kCash, test::kQuote, -quanta), LegOf(kOutside, kCash, test::kQuote, quanta)});
  };
  EXPECT_EQ(withdraw(51).reason, Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(withdraw(50).reason, Reason());
}

TEST_F(MarginInTheLedger, RefusesAContractOfNoInstrument) {
  ASSERT_TRUE(Deposit(1, 1'000'000).ok());
  ASSERT_TRUE(Deposit(2, 1'000'000).ok());
  EXPECT_EQ(Apply({LegOf(1, Compartment(2), ContractId(2), 1),
                   LegOf(2, Compartment(2), ContractId(2), -1)})
                .reason,
            Reason(MarginReason::kUnknownInstrument));
}

// Anybody may promise anybody a token: that must not stop an account from being judged.
TEST_F(MarginInTheLedger, AStrangersPromiseStopsNobodyFromTrading) {
  ASSERT_TRUE(Deposit(1, 100).ok());
  ASSERT_TRUE(Deposit(2, 100).ok());
  ASSERT_TRUE(Deposit(3, 100).ok());
  ASSERT_EQ(Hold(3, 1, 1), Reason());
  EXPECT_EQ(Trade(1, 2, 10).reason, Reason());
}

TEST_F(MarginInTheLedger, WhatIsReservedCoversNoPosition) {
  ASSERT_TRUE(Deposit(1, 100).ok());
  ASSERT_TRUE(Deposit(2, 100).ok());
  ASSERT_EQ(Hold(1, 2, 1), Reason());
  EXPECT_EQ(Trade(1, 2, 10).reason, Reason(MarginReason::kInitialMargin));
  ASSERT_EQ(Trade(1, 2, 9).reason, Reason());
  EXPECT_EQ(Hold(1, 2, 10), Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(Hold(1, 2, 9), Reason());
}

}  // namespace
}  // namespace settle
