// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The transition rule inside the ledger: trades that the rule refuses leave the ledger as it was.

#include "settle/ledger/ledger.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "settle/base/types.h"
#include "settle/ledger/authority.h"
#include "settle/margin/reason.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"

namespace settle {
namespace {

using test::Book;
using test::Perpetual;

constexpr std::uint64_t kOutside = 1'000;

// Owners below kOutside have one margin account each; kOutside has none and no limits.
struct Accounts {
  std::optional<MarginGroup> GroupOf(const AccountKey& key) const {
    if (key.owner == OwnerId::FromNumber(kOutside)) return std::nullopt;
    return MarginGroup(0);
  }
  Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
};

class MarginInTheLedger : public ::testing::Test {
 protected:
  MarginInTheLedger() : book_({Perpetual(1)}), ledger_({.id_capacity = 1'024}) {
    book_.SetPrice(1, 100);
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1)).ok());
  }

  static Leg LegOf(std::uint64_t owner, Compartment compartment, AssetId asset, Int128 amount) {
    return {.account = {.owner = OwnerId::FromNumber(owner),
                        .compartment = compartment,
                        .asset = asset},
            .amount = Amount(amount)};
  }

  Verdict Apply(const std::vector<Leg>& legs) {
    const TransactionView transaction{.header = {.id = TransactionId::FromNumber(++last_id_),
                                                 .transaction_class = TransactionClass::kChosen,
                                                 .rule = CompulsoryRule::kNone,
                                                 .valid_until = Timestamp(1'000)},
                                      .legs = legs};
    Verdict verdict;
    ledger_.Apply({&transaction, 1},
                  {.context = book_.context(), .authority = HostVouches(), .witness = {}},
                  {&verdict, 1});
    return verdict;
  }

  Verdict Deposit(std::uint64_t owner, Int128 quanta) {
    return Apply(
        {LegOf(owner, kCash, test::kQuote, quanta), LegOf(kOutside, kCash, test::kQuote, -quanta)});
  }

  // Reserves `quanta` of one owner's cash for another.
  Reason Hold(std::uint64_t from, std::uint64_t to, Int128 quanta) {
    const std::vector<Leg> legs = {LegOf(from, kCash, test::kQuote, -quanta),
                                   LegOf(to, kCash, test::kQuote, quanta)};
    const HoldTerms terms{.expires_at = Timestamp(500), .resolver = OwnerId::FromNumber(from)};
    const TransactionView transaction{.header = {.id = TransactionId::FromNumber(++last_id_),
                                                 .valid_until = Timestamp(1'000),
                                                 .action = TransactionAction::kHold},
                                      .legs = legs,
                                      .terms = &terms};
    Verdict verdict;
    ledger_.Apply({&transaction, 1},
                  {.context = book_.context(), .authority = HostVouches(), .witness = {}},
                  {&verdict, 1});
    return verdict.reason;
  }

  // A trade of `lots` at 100, without what a reduction realises: cost stays with the position.
  Verdict Trade(std::uint64_t buyer, std::uint64_t seller, Int128 lots) {
    const Compartment here(1);
    return Apply({LegOf(buyer, here, ContractId(1), lots),
                  LegOf(seller, here, ContractId(1), -lots),
                  LegOf(buyer, here, test::kQuote, -100 * lots),
                  LegOf(seller, here, test::kQuote, 100 * lots)});
  }

  // The balances of all accounts, in order; an account that a refusal opened would show.
  std::vector<Int128> Everything() const {
    std::vector<Int128> balances;
    ledger_.ForEachAccount(
        [&](const auto& account) { balances.push_back(account.balance.value()); });
    return balances;
  }

  Book book_;
  Ledger<TransitionRule<ExactPpm>, HostVouches, Accounts> ledger_;
  std::uint64_t last_id_ = 0;
};

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
