// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What an account cannot take out beside something that makes it safer.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/owner_lots.h"
#include "settle/margin/reason.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::Perpetual;
using test::Position;

const Reason kRefused = MarginReason::kInitialMargin;
const Reason kTaken = MarginReason::kProfitTaken;

Reason Admit(const Book& book, const Balances& before, const Balances& after) {
  return TransitionRule<ExactPpm>().Admit(book.context(), test::View(before), test::View(after));
}

BalanceView Tokens(Int128 units) { return test::Balance(kCash, TokenId(3), units); }

// CASES M1. Equity at the mark covers maintenance a hundred times over; at the slow price next to
// nothing is there. A withdrawal alone is refused, and so is one beside closing what has
// maintenance.
TEST(TransitionAttacks, ClosingPositionsTakesOutNothingThatASlowPriceKeeps) {
  Book book({Perpetual(1), test::SpotToken(3)});
  book.SetPrice(1, 100);
  book.SetPriceOf(TokenId(3), 1'000);
  book.SetSlowPriceOf(TokenId(3), 10);
  const auto account = [](Int128 cash, Int128 lots) {
    return Balances{Cash(cash), Tokens(10'000), Position(1, lots), Cost(1, -100 * lots)};
  };
  // 100,000 at the slow price, of which 1,000 lots demand 10,000.
  const Balances before = account(0, 1'000);
  EXPECT_EQ(Admit(book, before, account(-90'000, 1'000)), Reason());
  EXPECT_EQ(Admit(book, before, account(-90'001, 1'000)), kRefused);
  for (const Int128 lots : {999, 500, 1}) {
    EXPECT_EQ(Admit(book, before, account(-9'000'000, lots)), kRefused);
  }
  EXPECT_EQ(Admit(book, before, account(-99'990, 1)), Reason());
  EXPECT_EQ(Admit(book, before, account(-99'991, 1)), kRefused);
  // Who is below initial margin may close, and take nothing.
  const Balances below = account(-95'000, 1'000);
  EXPECT_EQ(Admit(book, below, account(-95'000, 900)), Reason());
  EXPECT_EQ(Admit(book, below, account(-95'501, 900)), Reason(MarginReason::kMaintenanceWorsens));
}

TEST(TransitionAttacks, ClosingPositionsTakesOutNothingThatAHaircutKeeps) {
  Instrument token = test::SpotToken(3);
  token.collateral.initial_haircut = RatePpm(800'000);
  token.collateral.maintenance_haircut = RatePpm(100'000);
  Book book({Perpetual(1), token});
  book.SetPrice(1, 100);
  book.SetPriceOf(TokenId(3), 1);
  const auto account = [](Int128 cash, Int128 lots) {
    return Balances{Cash(cash), Tokens(10'000), Position(1, lots), Cost(1, -100 * lots)};
  };
  EXPECT_EQ(Admit(book, account(0, 200), account(-8'900, 1)), kRefused);
  EXPECT_EQ(Admit(book, account(0, 200), account(-1'990, 1)), Reason());
}

// Where nothing demands maintenance, a gain of one quantum is no leave to open what initial margin
// does not cover.
TEST(TransitionAttacks, WithoutMaintenanceAQuantumGainedOpensNothing) {
  Instrument free = Perpetual(1);
  free.curve.maintenance = RatePpm(0);
  Book book({free});
  book.SetPrice(1, 100);
  const Balances before = {Cash(-1'000), Position(1, 0), Cost(1, 0)};
  EXPECT_EQ(Admit(book, before, {Cash(-1'000), Position(1, -1'000), Cost(1, 100'001)}),
            Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Admit(book, before, {Cash(-999), Position(1, 0), Cost(1, 0)}), Reason());
}

MarginParameters Capped(Int128 profit_cap, Int128 withdrawal_cap) {
  return {.profit_cap = Quanta(profit_cap),
          .withdrawal_profit_cap = Quanta(withdrawal_cap),
          .instruments = test::TableOf({Perpetual(1)})};
}

// Profit is a position's only as long as it lies beside the lots.
TEST(TransitionAttacks, ProfitStaysInItsPositionUntilThatIsClosed) {
  Book book(Capped(100, 0));
  book.SetPrice(1, 100);
  const auto account = [](Int128 cash, Int128 lots, Int128 quote) {
    return Balances{Cash(cash), Position(1, lots), Cost(1, quote)};
  };
  // 1,000 lots bought at 10: a profit of 90,000.
  const Balances before = account(20'000, 1'000, -10'000);
  EXPECT_EQ(Admit(book, before, account(110'000, 1'000, -100'000)), kTaken);
  EXPECT_EQ(Admit(book, before, account(20'001, 1'000, -10'001)), kTaken);
  EXPECT_EQ(Admit(book, before, account(19'999, 1'000, -9'999)), Reason());  // paid in
  // Half of them closed at the mark: 45,000 are realised, and no more leaves.
  EXPECT_EQ(Admit(book, before, account(65'000, 500, -5'000)), Reason());
  EXPECT_EQ(Admit(book, before, account(65'000 + 5'000, 500, -10'000)), Reason());
  // So much may be lost in the trade: 500 lots demand 5,000.
  EXPECT_EQ(Admit(book, before, account(65'000 + 5'001, 500, -10'001)), kTaken);
  // All of them, and a flip: nothing of the old position is left.
  EXPECT_EQ(Admit(book, before, account(110'000, 0, 0)), Reason());
  EXPECT_EQ(Admit(book, before, account(110'000, -10, 1'000)), Reason());
  // Without a cap a balance may lie wherever its owner likes.
  Book free({Perpetual(1)});
  free.SetPrice(1, 100);
  EXPECT_EQ(Admit(free, before, account(110'000, 1'000, -100'000)), Reason());
}

// A position that cannot be judged can be closed, with caps and without.
TEST(TransitionAttacks, WhatCannotBeJudgedCanBeClosed) {
  MarginParameters parameters = Capped(100, 0);
  for (const bool is_capped : {true, false}) {
    if (!is_capped) parameters.profit_cap = parameters.withdrawal_profit_cap = kMaxEquity;
    const Book book(parameters);  // without a price
    EXPECT_EQ(Admit(book, {Cash(100), Position(1, 5), Cost(1, 0)},
                    {Cash(100), Position(1, 0), Cost(1, 0)}),
              Reason())
        << is_capped;
  }
}

// Tiers of an owner and a rate that open interest raises: the part on top of what is elsewhere is
// never charged less to open than to keep.
TEST(TransitionAttacks, WhatIsOnTopOfOtherAccountsDemandsInitiallyNoLessThanMaintenance) {
  Instrument instrument = Perpetual(1);
  instrument.curve = test::FlatCurve(50'000, 25'000);
  ASSERT_TRUE(
      instrument.curve.tiers.Add({Quanta(Int128{1'000}), RatePpm(500'000), RatePpm(400'000)}));
  instrument.curve.open_interest = {Quanta(), Quanta(Int128{100'000})};
  Book book({instrument});
  book.SetPrice(1, 1);
  OwnerLots owners;
  owners.Add({.owner = test::View({}).id.owner, .group = MarginGroup(1)}, ContractId(1),
             Lots(1'000));
  BalanceView position = Position(1, 100);
  position.open_interest = Amount(Int128{27'000});
  const Balances account = {Cash(35), position, Cost(1, -100)};
  const MarginContext context{.valuation = book.valuation(), .owner_lots = &owners};
  const Result<Risk> risk = Evaluate<ExactPpm>(context, test::View(account));
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(risk->maintenance, MicroQuanta(Int128{40'000'000}));
  EXPECT_EQ(risk->initial_headroom, MicroQuanta(Int128{-5'000'000}));
}

}  // namespace
}  // namespace settle
