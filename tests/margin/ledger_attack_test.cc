// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Attacks on a venue's margin, through the ledger: a pump to borrow against (CASES M1), a market
// that fills up (M2, M3), debts (M15, M21, M22).

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "settle/margin/parameters.h"
#include "settle/margin/reason.h"
#include "settle/margin/risk.h"
#include "tests/margin/books.h"
#include "tests/margin/margin_ledger.h"

namespace settle {
namespace {

using test::Book;
using test::kOutside;
using test::MarginInTheLedger;
using test::Perpetual;

const Reason kRefused = MarginReason::kInitialMargin;

// --- a pump -------------------------------------------------------------------------------------

MarginParameters Capped(Int128 profit_cap, Int128 withdrawal_cap) {
  return {.profit_cap = Quanta(profit_cap),
          .withdrawal_profit_cap = Quanta(withdrawal_cap),
          .instruments = test::TableOf({Perpetual(1)})};
}

// Owners 1 and 2 are one attacker with 5,000 in each account, who trades 100 lots with himself at
// 100 and then drives the mark to 24 times that within minutes.
class Pump : public MarginInTheLedger {
 protected:
  explicit Pump(Book book) : MarginInTheLedger(std::move(book)) {
    book_.SetSlowPrice(1, 100);
    EXPECT_TRUE(Deposit(1, 5'000).ok());
    EXPECT_TRUE(Deposit(2, 5'000).ok());
    EXPECT_TRUE(Trade(1, 2, 100).ok());
    book_.SetPrice(1, 2'400);
  }

  // Takes out all that the ledger lets go, with one quantum more refused at every size, and nothing
  // changed by that.
  Int128 WithdrawAll(std::uint64_t owner, Reason refusal = kRefused) {
    Int128 withdrawn = 0;
    for (Int128 piece = Int128{1} << 40; piece > 0; piece /= 2) {
      while (true) {
        const std::vector<Int128> before = Everything();
        const Reason reason = Withdraw(owner, piece).reason;
        if (!reason.ok()) {
          EXPECT_EQ(reason, refusal);
          EXPECT_EQ(Everything(), before);
          break;
        }
        withdrawn += piece;
      }
    }
    return withdrawn;
  }
};

class PumpOfASlowPrice : public Pump {
 protected:
  PumpOfASlowPrice() : Pump(Book({Perpetual(1)})) {}
};

TEST_F(PumpOfASlowPrice, LendsNothing) {
  EXPECT_EQ(RiskOf(1).equity.value(), 5'000 + 100 * 2'300);
  EXPECT_TRUE(IsLiquidatable(RiskOf(2)));
  // What was free before the pump, and no more.
  EXPECT_EQ(WithdrawAll(1), 4'000);
  EXPECT_EQ(WithdrawAll(2, MarginReason::kMaintenanceWorsens), 0);
}

TEST_F(PumpOfASlowPrice, OpensNothingThatWasNotPaidForBefore) {
  ASSERT_TRUE(Deposit(3, 10'000'000).ok());
  // 4,000 are free; a lot at 100 that is worth 100 demands 10 where it is judged for a long.
  EXPECT_EQ(Trade(1, 3, 401).reason, kRefused);
  EXPECT_EQ(Trade(1, 3, 400).reason, Reason());
}

class PumpOfACap : public Pump {
 protected:
  // A slow price that has followed all the way.
  PumpOfACap() : Pump(Book(Capped(300'000, 50'000))) { book_.SetSlowPrice(1, 2'400); }
};

TEST_F(PumpOfACap, LendsNoMoreThanTheCapForWithdrawals) {
  // 5,000 of cash and 50,000 of 230,000 of profit, of which 24,000 are demanded.
  EXPECT_EQ(WithdrawAll(1), 5'000 + 50'000 - 24'000);
  EXPECT_EQ(Withdraw(1, 1).reason, kRefused);
}

// A trade may use profit up to the other cap, with no balance of a contract left as it was.
TEST_F(PumpOfACap, JudgesATradeByTheWiderCap) {
  ASSERT_EQ(WithdrawAll(1), 31'000);
  ASSERT_TRUE(Deposit(3, 1'000'000).ok());
  // Bought at 100: 10 lots more demand 2,400, and add 23,000 of profit.
  EXPECT_EQ(Trade(1, 3, 10).reason, Reason());
  EXPECT_EQ(RiskOf(1).initial_headroom.value(),
            (Int128{-26'000} + 253'000 - 110 * 240) * 1'000'000);
  EXPECT_EQ(Withdraw(1, 1).reason, Reason(MarginReason::kMaintenanceWorsens));
}

TEST_F(PumpOfACap, CountsNoHoldOfCashAsATrade) {
  EXPECT_EQ(Hold(1, 2, 31'001), kRefused);
  EXPECT_EQ(Hold(1, 2, 31'000), Reason());
  EXPECT_EQ(Withdraw(1, 1).reason, kRefused);
}

// --- a market that fills up ---------------------------------------------------------------------

// 10 % and 5 %; the initial rate rises to 100 % between 1,000 and 4,000 of open interest at 100.
Instrument Crowded() {
  Instrument contract = Perpetual(1);
  contract.curve.open_interest = {.lower = Quanta(Int128{100'000}),
                                  .upper = Quanta(Int128{400'000})};
  return contract;
}

class CrowdedMarket : public MarginInTheLedger {
 protected:
  CrowdedMarket() : MarginInTheLedger(Book({Crowded()})) {
    for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{2}})
      EXPECT_TRUE(Deposit(owner, 9'990).ok());
    // One lot below the lower end.
    EXPECT_TRUE(Trade(1, 2, 999).ok());
    EXPECT_EQ(ledger_.OpenInterestOf(ContractId(1)), Amount(Int128{999}));
  }
};

// M3: from one lot below the lower end to one beyond the upper in one trade: of both sides all of
// the notional is demanded.
TEST_F(CrowdedMarket, JudgesATradeByTheOpenInterestItLeaves) {
  constexpr Int128 kLots = 4'001 - 999;
  ASSERT_TRUE(Deposit(3, 100 * kLots).ok());
  ASSERT_TRUE(Deposit(4, 100 * kLots - 1).ok());
  const std::vector<Int128> before = Everything();
  EXPECT_EQ(Trade(3, 4, kLots).reason, kRefused);
  EXPECT_EQ(Trade(4, 3, kLots).reason, kRefused);
  EXPECT_EQ(Everything(), before);
  ASSERT_TRUE(Deposit(4, 1).ok());
  EXPECT_EQ(Trade(3, 4, kLots).reason, Reason());
  EXPECT_EQ(ledger_.OpenInterestOf(ContractId(1)), Amount(Int128{4'001}));
}

TEST_F(CrowdedMarket, DemandsTheSameRateOfBothSides) {
  // One lot to the lower end at 10 %; half way to the upper 55 %.
  ASSERT_TRUE(Deposit(3, 10).ok());
  ASSERT_TRUE(Deposit(4, 10).ok());
  EXPECT_EQ(Trade(3, 4, 1).reason, Reason());
  ASSERT_TRUE(Deposit(3, 1'501 * 55 - 10).ok());
  ASSERT_TRUE(Deposit(4, 1'501 * 55 - 11).ok());
  EXPECT_EQ(Trade(3, 4, 1'500).reason, kRefused);
  ASSERT_TRUE(Deposit(4, 1).ok());
  EXPECT_EQ(Trade(3, 4, 1'500).reason, Reason());
}

// M2: the crowd takes nobody's position, and lets nobody carry off his profit.
TEST_F(CrowdedMarket, LiquidatesNobodyWhoWasThereAndLetsNothingLeave) {
  const Int128 maintenance = RiskOf(1).maintenance.value();
  ASSERT_TRUE(Deposit(3, 1'000'000).ok());
  ASSERT_TRUE(Deposit(4, 1'000'000).ok());
  ASSERT_TRUE(Trade(3, 4, 3'001).ok());
  for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{2}}) {
    EXPECT_EQ(RiskOf(owner).maintenance.value(), maintenance);
    EXPECT_FALSE(IsLiquidatable(RiskOf(owner)));
    EXPECT_FALSE(InitialMarginHolds(RiskOf(owner)));
    EXPECT_FALSE(Withdraw(owner, 1).ok());
  }
  EXPECT_EQ(Trade(1, 3, 1).reason, Reason(MarginReason::kMaintenanceRises));
  EXPECT_EQ(Trade(3, 1, 1).reason, Reason()) << "who reduces is let go";
  // The threshold is where it was: 5 % of the notional.
  book_.SetPrice(1, 95);
  EXPECT_FALSE(IsLiquidatable(RiskOf(1)));
  book_.SetPrice(1, 94);
  EXPECT_TRUE(IsLiquidatable(RiskOf(1)));
}

// --- debts --------------------------------------------------------------------------------------

// M15: 1,000,000 of margin and a payment of 20,002,000.
TEST_F(MarginInTheLedger, AFundingPaymentBeyondAllMarginLeavesADebtThatIsANumber) {
  ASSERT_TRUE(Deposit(1, 1'000'000).ok());
  ASSERT_TRUE(Deposit(2, 1'000'000).ok());
  ASSERT_TRUE(Trade(1, 2, 10).ok());
  const auto pay = [&](Int128 quanta) {
    return Apply({LegOf(1, kCash, test::kQuote, -quanta), LegOf(2, kCash, test::kQuote, quanta)},
                 CompulsoryRule::kFunding);
  };
  EXPECT_EQ(pay(20'002'000).reason, Reason());
  EXPECT_EQ(RiskOf(1).equity.value(), -19'002'000);
  EXPECT_EQ(RiskOf(2).equity.value(), 21'002'000);
  EXPECT_TRUE(IsLiquidatable(RiskOf(1)));
  EXPECT_FALSE(IsLiquidatable(RiskOf(2)));
}

// M22, M21: an account below zero is not closed by whoever holds it, but by a rule; then it owes.
TEST_F(MarginInTheLedger, AnAccountBelowZeroIsClosedByARuleAlone) {
  ASSERT_TRUE(Deposit(1, 100).ok());
  ASSERT_TRUE(Deposit(2, 1'000).ok());
  ASSERT_TRUE(Trade(1, 2, 10).ok());
  book_.SetPrice(1, 80);
  ASSERT_EQ(RiskOf(1).equity.value(), -100);
  // At the mark, with the loss of 200 taken from cash.
  const Compartment here(1);
  const std::vector<Leg> close = {
      LegOf(1, here, ContractId(1), -10),      LegOf(2, here, ContractId(1), 10),
      LegOf(1, here, test::kQuote, 800 + 200), LegOf(2, here, test::kQuote, -800 - 200),
      LegOf(1, kCash, test::kQuote, -200),     LegOf(2, kCash, test::kQuote, 200)};
  EXPECT_EQ(Apply(close).reason, Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Apply(close, CompulsoryRule::kLiquidation).reason, Reason());
  EXPECT_EQ(RiskOf(1), (Risk{.equity = Quanta(Int128{-100}),
                             .maintenance = {},
                             .initial_headroom = MicroQuanta(Int128{-100'000'000})}));
  EXPECT_FALSE(IsLiquidatable(RiskOf(1)));
  // What is left only shrinks.
  EXPECT_EQ(Trade(1, 2, 1).reason, Reason(MarginReason::kMaintenanceRises));
  EXPECT_EQ(Withdraw(1, 1).reason, Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Deposit(1, 40).reason, Reason());
  EXPECT_EQ(Deposit(1, 60).reason, Reason());
  EXPECT_EQ(RiskOf(1), Risk());
}

}  // namespace
}  // namespace settle
