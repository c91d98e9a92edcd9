// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/genesis.h"
#include "settle/ledger/ledger_state.h"

namespace settle::example {
namespace {

using ::testing::HasSubstr;

// Stands for the ledger: what the audit's callers moved.
struct Accounts {
  std::vector<std::pair<AccountKey, Int128>> balances;

  void Apply(std::span<const Leg> legs) {
    for (const Leg& leg : legs) {
      auto at = balances.begin();
      while (at != balances.end() && at->first != leg.account) ++at;
      if (at == balances.end()) at = balances.insert(at, {leg.account, 0});
      at->second += leg.amount.value();
    }
  }
  template <typename Visit>
  void ForEachAccount(Visit&& visit) const {
    for (const auto& [key, balance] : balances) {
      visit(AccountState{.key = key, .balance = Amount(balance)});
    }
  }
};

// A generated stream whose trades are all settled, and faults put in on the way.
class AuditedStream : public ::testing::Test {
 protected:
  AuditedStream()
      : stream_(GenerateStream({.seed = 7, .trades = 300, .accounts = 5})),
        audit_(stream_, Audit::Profit::kIgnored),
        booking_(stream_) {
    const Openings openings = BookOpenings(stream_, Collateral::kAmple);
    std::size_t begin = 0;
    for (const std::size_t end : openings.ends) {
      const auto legs = std::span(openings.legs).subspan(begin, end - begin);
      audit_.FollowGenesis(legs);
      ledger_.Apply(legs);
      begin = end;
    }
  }

  std::vector<Leg> NextLegs() const {
    const TradeLegs legs = booking_.LegsOf(stream_.trades[audit_.trade_count()]);
    return {legs.view().begin(), legs.view().end()};
  }
  void Settle(const std::vector<Leg>& legs) {
    booking_.Book(stream_.trades[audit_.trade_count()]);
    ledger_.Apply(legs);
    audit_.Follow(legs, Audit::Outcome::kSettled);
  }
  void SettleUntil(std::size_t count) {
    while (audit_.trade_count() < count) Settle(NextLegs());
  }

  TradeStream stream_;
  Audit audit_;
  Booking booking_;
  Accounts ledger_;
};

TEST_F(AuditedStream, PassesWhenEverythingHolds) {
  SettleUntil(300);
  audit_.CompareLedger(ledger_);
  EXPECT_TRUE(audit_.ok()) << audit_.faults().front();
  EXPECT_TRUE(audit_.conserved());
  EXPECT_EQ(audit_.trade_count(), 300u);
  EXPECT_EQ(audit_.CountFinalDifferences(), 0u);
}

TEST_F(AuditedStream, SeesLegsThatDoNotSumToZero) {
  SettleUntil(10);
  std::vector<Leg> legs = NextLegs();
  legs[1].amount = Amount(legs[1].amount.value() + 1);
  Settle(legs);
  EXPECT_FALSE(audit_.conserved());
  ASSERT_FALSE(audit_.ok());
  EXPECT_THAT(audit_.faults().front(), HasSubstr("trade 10: asset"));
}

TEST_F(AuditedStream, SeesAmountsThatBalanceButAreNotTheTrades) {
  SettleUntil(10);
  std::vector<Leg> legs = NextLegs();
  legs[0].amount = Amount(legs[0].amount.value() + 1);
  legs[1].amount = Amount(legs[1].amount.value() - 1);
  Settle(legs);
  EXPECT_TRUE(audit_.conserved());
  ASSERT_FALSE(audit_.ok());
  EXPECT_THAT(audit_.faults().front(), HasSubstr("trade 10: the ledger's legs"));
}

TEST_F(AuditedStream, SeesTheRightAmountsInTheWrongCompartment) {
  SettleUntil(10);
  std::vector<Leg> legs = NextLegs();
  // A pair that moves a balance between two compartments of one owner.
  legs.push_back({legs[2].account, Amount(Int128{5})});
  AccountKey elsewhere = legs[2].account;
  elsewhere.compartment = Compartment(99);
  legs.push_back({elsewhere, Amount(Int128{-5})});
  Settle(legs);
  EXPECT_FALSE(audit_.ok());
}

TEST_F(AuditedStream, AllowsOtherLegsOfTheSameAmountsAfterARefusalOfThatPosition) {
  // The first trade that closes something, refused; then it comes once more and settles.
  std::size_t at = 0;
  const auto closes = [this](std::size_t i) {
    return booking_.ProfitOf(stream_.trades[i], Direction::kBuy).value_or(0) != 0;
  };
  while (!closes(at)) {
    Settle(NextLegs());
    ++at;
  }
  ASSERT_LT(at + 1, stream_.trades.size());
  stream_.trades[at + 1] = stream_.trades[at];
  audit_.Follow(NextLegs(), Audit::Outcome::kRefused);
  // The ledger realises what the book had realised one trade earlier.
  std::vector<Leg> legs = NextLegs();
  Settle(legs);
  EXPECT_TRUE(audit_.ok()) << audit_.faults().front();
  audit_.CompareLedger(ledger_);
  EXPECT_TRUE(audit_.ok()) << audit_.faults().front();
}

TEST_F(AuditedStream, SeesALedgerThatHasOtherBalances) {
  SettleUntil(20);
  ledger_.balances[3].second += 1;
  audit_.CompareLedger(ledger_);
  ASSERT_FALSE(audit_.ok());
  EXPECT_FALSE(audit_.conserved());
  EXPECT_THAT(audit_.faults().front(), HasSubstr("the settled legs give"));
}

TEST_F(AuditedStream, SeesALedgerThatLacksAnAccount) {
  SettleUntil(20);
  ledger_.balances.erase(ledger_.balances.begin() + 4);
  audit_.CompareLedger(ledger_);
  EXPECT_FALSE(audit_.ok());
}

TEST_F(AuditedStream, SeesALedgerThatHasAnAccountTooMany) {
  SettleUntil(20);
  const AccountKey key = LotsAccount(OwnerOf(77), 3);
  ledger_.balances.push_back({key, 4});
  audit_.CompareLedger(ledger_);
  EXPECT_FALSE(audit_.ok());
  EXPECT_FALSE(audit_.conserved());
}

TEST_F(AuditedStream, KeepsTheFirstTenFaults) {
  for (int i = 0; i < 30; ++i) {
    std::vector<Leg> legs = NextLegs();
    legs[0].amount = Amount(legs[0].amount.value() + 1);
    Settle(legs);
  }
  EXPECT_EQ(audit_.faults().size(), 10u);
}

TEST(Audit, ListsProfitThatIsNotTheFilesByMoreThanAHundredThousandth) {
  // 2 long for 100 each, sold in two halves at 150.
  TradeStream stream;
  stream.tokens = {{.name = "USDC"}};
  stream.coins = {{.name = "BTC"}};
  stream.accounts = {1, 2};
  stream.holdings = {{.account = 0,
                      .coin = 0,
                      .opening_units = 2,
                      .opening_quote = -20'000'000,
                      .source = Holding::Source::kFirstPrice},
                     {.account = 1, .coin = 0}};
  Trade trade{.coin = 0, .lots = 1, .price = 15'000'000, .notional = 15'000'000};
  trade.buyer = {.account = 1, .holding = 1};
  trade.seller = {.account = 0, .holding = 0};
  trade.seller.closed_pnl = 5'000'000 + 150;  // 1e-5 of the notional: not more
  stream.trades = {trade, trade};
  stream.trades[1].seller.closed_pnl = 5'000'000 - 151;
  Audit audit(stream, Audit::Profit::kCompared);
  Booking booking(stream);
  for (const Trade& one : stream.trades) {
    audit.Follow(booking.LegsOf(one).view(), Audit::Outcome::kSettled);
    booking.Book(one);
  }
  EXPECT_EQ(audit.profits_compared(), 2u);
  ASSERT_EQ(audit.differences().size(), 1u);
  EXPECT_EQ(audit.differences()[0].trade, 1u);
  EXPECT_EQ(audit.differences()[0].side, Direction::kSell);
  EXPECT_EQ(audit.differences()[0].book, Int128{5'000'000});
  EXPECT_EQ(audit.closed_to_zero(), 1u);
  EXPECT_EQ(audit.total_profit(), Int128{10'000'000});
}

TEST(Audit, DoesNotCompareTheFillThatACostWasSolvedFrom) {
  TradeStream stream;
  stream.tokens = {{.name = "USDC"}};
  stream.coins = {{.name = "BTC"}};
  stream.accounts = {1, 2};
  stream.holdings = {{.account = 0,
                      .coin = 0,
                      .opening_units = 2,
                      .opening_quote = -20,
                      .source = Holding::Source::kSolved,
                      .solved_at = 0},
                     {.account = 1, .coin = 0}};
  Trade trade{.coin = 0, .lots = 1, .price = 15, .notional = 15};
  trade.buyer = {.account = 1, .holding = 1};
  trade.seller = {.account = 0, .holding = 0};
  stream.trades = {trade};
  Audit audit(stream, Audit::Profit::kCompared);
  audit.Follow(Booking(stream).LegsOf(trade).view(), Audit::Outcome::kSettled);
  EXPECT_EQ(audit.profits_compared(), 0u);
}

}  // namespace
}  // namespace settle::example
