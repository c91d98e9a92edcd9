// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A price that somebody drives up within minutes lends him nothing and liquidates nobody else
// (CASES M1): slow prices and caps on profit, on accounts and through the transition rule.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/reason.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::Option;
using test::Perpetual;
using test::Position;

using Rule = TransitionRule<ExactPpm>;

MarginParameters Capped(Int128 profit_cap, Int128 withdrawal_cap) {
  return {.profit_cap = Quanta(profit_cap),
          .withdrawal_profit_cap = Quanta(withdrawal_cap),
          .instruments = test::TableOf({Perpetual(1), Perpetual(2)})};
}

// Bought at an entry of 100.
Balances Bought(Int128 cash, Int128 lots) {
  return {Cash(cash), Position(1, lots), Cost(1, -100 * lots)};
}

Reason Admit(const Book& book, const Balances& before, const Balances& after) {
  return Rule().Admit(book.context(), test::View(before), test::View(after));
}

// The most that the rule lets a long of `lots` with 10,000 of cash withdraw.
Int128 Withdrawable(const Book& book, Int128 lots) {
  Int128 least = 0;
  Int128 most = 1'000'000;
  while (least < most) {
    const Int128 half = (least + most + 1) / 2;
    const bool admitted = Admit(book, Bought(10'000, lots), Bought(10'000 - half, lots)).ok();
    (admitted ? least : most) = admitted ? half : half - 1;
  }
  return least;
}

// M1: 38 cents to 91 in minutes; here 100 to 2,400.
TEST(SlowPrices, LendNothingAgainstAPump) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 100);
  book.SetSlowPrice(1, 100);
  EXPECT_EQ(Withdrawable(book, 100), 9'000);
  std::int64_t mark = 100;
  for (int minute = 0; minute < 10; ++minute) {
    mark = std::min<std::int64_t>(mark * 3 / 2, 2'400);
    book.SetPrice(1, mark);
    EXPECT_EQ(Withdrawable(book, 100), 9'000) << "at " << mark;
    EXPECT_EQ(book.Evaluate(Bought(10'000, 100))->initial_headroom.value(), 9'000'000'000);
  }
  EXPECT_EQ(mark, 2'400);
  // As the slow price follows, so does what may leave.
  book.SetSlowPrice(1, 110);
  EXPECT_EQ(Withdrawable(book, 100), 9'900);
  // Without one the pump could be carried off.
  Book naive({Perpetual(1)});
  naive.SetPrice(1, 2'400);
  EXPECT_EQ(Withdrawable(naive, 100), 216'000);
}

TEST(SlowPrices, HoldUpWhoBelievesInAFallingPrice) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 50);
  book.SetSlowPrice(1, 100);
  // A short at the mark is worth 50 a lot more than at the slow price.
  EXPECT_EQ(book.Evaluate(Bought(10'000, -100))->initial_headroom.value(), 9'000'000'000);
  EXPECT_EQ(book.Evaluate(Bought(10'000, -100))->equity.value(), 15'000);
  // A long is judged by the mark.
  EXPECT_EQ(book.Evaluate(Bought(10'000, 100))->initial_headroom.value(), 4'500'000'000);
}

// Liquidation looks at the mark alone: neither price of the two keeps anybody alive, or kills.
TEST(SlowPrices, DoNotMoveWhereAPositionIsLiquidated) {
  test::Random random;
  for (int round = 0; round < 2'000; ++round) {
    Book plain({Perpetual(1)});
    Book slow({Perpetual(1)});
    const auto mark = static_cast<std::int64_t>(random.Below(300));
    plain.SetPrice(1, mark);
    slow.SetPrice(1, mark);
    slow.SetSlowPrice(1, static_cast<std::int64_t>(random.Below(300)));
    const Int128 lots = static_cast<Int128>(random.Below(201)) - 100;
    const Balances account = Bought(static_cast<Int128>(random.Below(10'000)), lots);
    const Risk without = *plain.Evaluate(account);
    const Risk with = *slow.Evaluate(account);
    ASSERT_EQ(with.equity, without.equity);
    ASSERT_EQ(with.maintenance, without.maintenance);
    ASSERT_EQ(IsLiquidatable(with), IsLiquidatable(without));
    ASSERT_LE(with.initial_headroom, without.initial_headroom);
  }
}

// Of two prices the worse for the position as a whole: value and demand together.
TEST(SlowPrices, AreTheWorseForValueAndDemandTogether) {
  test::Random random;
  for (int round = 0; round < 5'000; ++round) {
    Instrument contract = random.Chance(1, 2) ? Perpetual(1) : Option(1);
    if (contract.kind == InstrumentKind::kLinear) contract.min_price = PriceTicks(-300);
    const auto initial = static_cast<std::int64_t>(random.Below(1'000'001));
    contract.curve = test::FlatCurve(initial, initial / 2);
    const auto price = [&] {
      const auto above = static_cast<std::int64_t>(random.Below(300));
      return contract.min_price.value() < 0 && random.Chance(1, 2) ? -above : above;
    };
    const std::int64_t mark = price();
    const std::int64_t slow = price();
    const Balances account = {Position(1, static_cast<Int128>(random.Below(201)) - 100)};
    const auto headroom = [&](std::int64_t at, std::int64_t slow_at) {
      Book book({contract});
      book.SetPrice(1, at);
      book.SetSlowPrice(1, slow_at);
      return book.Evaluate(account)->initial_headroom;
    };
    ASSERT_EQ(headroom(mark, slow), std::min(headroom(mark, mark), headroom(slow, slow)));
  }
}

TEST(SlowPrices, AreTheMarkWhereThereIsNone) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 70);
  const Risk alone = *book.Evaluate(Bought(10'000, 3));
  book.SetSlowPrice(1, 70);
  EXPECT_EQ(*book.Evaluate(Bought(10'000, 3)), alone);
}

TEST(SlowPrices, StandInForNoMark) {
  Book book({Perpetual(1)});
  book.SetSlowPrice(1, 70);
  EXPECT_EQ(book.Evaluate(Bought(10'000, 3)).reason(), Reason(MarginReason::kMissingPrice));
}

// --- caps on profit -----------------------------------------------------------------------------

TEST(ProfitCaps, LetNoMoreProfitCountForInitialMargin) {
  Book book(Capped(700, 300));
  book.SetPrice(1, 100);
  book.SetPrice(2, 100);
  // A profit of 1,000 in the first contract and a loss of 50 in the second; notionals of 2,000 and
  // 100 demand 210.
  const Balances account = {Cash(500), Position(1, 20), Cost(1, -1'000), Position(2, 1),
                            Cost(2, -150)};
  const Risk risk = *book.Evaluate(account);
  EXPECT_EQ(risk.equity.value(), 1'450);
  EXPECT_EQ(risk.maintenance.value(), 105'000'000);
  EXPECT_EQ(risk.initial_headroom.value(), (1'450 - 300 - 210) * 1'000'000);
  // A loss elsewhere does not make room for profit.
  EXPECT_EQ(book.Sum(account)->profit.value(), 1'000);
}

TEST(ProfitCaps, CountProfitAtTheWorsePrice) {
  Book book(Capped(0, 0));
  book.SetPrice(1, 2'400);
  book.SetSlowPrice(1, 150);
  const RiskSum sum = *book.Sum(Bought(0, 10));
  EXPECT_EQ(sum.profit.value(), 500);
  // What is left is the demand of the position at the slow price.
  EXPECT_EQ(Finish(sum, Quanta())->initial_headroom.value(), -150'000'000);
}

TEST(ProfitCaps, TakeNothingFromAnAccountWithoutProfit) {
  Book capped(Capped(0, 0));
  Book plain({Perpetual(1)});
  for (Book* book : {&capped, &plain}) book->SetPrice(1, 90);
  EXPECT_EQ(*capped.Evaluate(Bought(500, 10)), *plain.Evaluate(Bought(500, 10)));
  EXPECT_EQ(capped.Evaluate(Bought(500, 10))->initial_headroom.value(), 310'000'000);
}

// What lies beside a position that is closed is as good as cash.
TEST(ProfitCaps, LeaveWhatAClosedPositionLeftBehind) {
  Book book(Capped(0, 0));
  const Balances account = {Cash(5), Position(1, 0), Cost(1, 1'000)};
  EXPECT_EQ(book.Evaluate(account)->initial_headroom.value(), 1'005'000'000);
  const MarginPosition closed{.quote = Quanta(Int128{1'000})};
  EXPECT_EQ(*ContributionOf<ExactPpm>(book.valuation(), closed), *book.Sum({Cost(1, 1'000)}));
}

TEST(ProfitCaps, AreTakenExactlyAtTheirEdges) {
  Book book(Capped(500, 500));
  book.SetPrice(1, 150);
  // 10 lots have a profit of 500 and demand 150.
  const auto headroom = [&] { return book.Evaluate(Bought(0, 10))->initial_headroom.value(); };
  EXPECT_EQ(headroom(), 350'000'000);
  book.SetPrice(1, 151);
  EXPECT_EQ(headroom(), 349'000'000);  // a profit of 510 counts 500; demand is 151
}

// M1: what may leave is never more than cash, less demand, and the cap for withdrawals.
TEST(ProfitCaps, HoldBackWithdrawalsAtTheCapForThem) {
  Book book(Capped(5'000, 1'000));
  book.SetPrice(1, 100);
  EXPECT_EQ(Withdrawable(book, 100), 9'000);
  book.SetPrice(1, 105);  // a profit of 500, demand of 1,050
  EXPECT_EQ(Withdrawable(book, 100), 10'000 + 500 - 1'050);
  book.SetPrice(1, 110);  // exactly the cap
  EXPECT_EQ(Withdrawable(book, 100), 10'000 + 1'000 - 1'100);
  book.SetPrice(1, 2'400);
  EXPECT_EQ(Withdrawable(book, 50), 0);  // 12,000 are demanded
  EXPECT_EQ(Withdrawable(book, 10), 10'000 + 1'000 - 2'400);
  for (const std::int64_t mark : {100, 500, 2'400, 1'000'000}) {
    book.SetPrice(1, mark);
    EXPECT_LE(Withdrawable(book, 10), 11'000);
  }
}

TEST(ProfitCaps, JudgeATradeByTheWiderCap) {
  Book book(Capped(800, 300));
  book.SetPrice(1, 200);
  // 10 lots from 100 have a profit of 1,000. Of what is then left another position may use 800.
  const auto with = [](Int128 cash, Int128 first, Int128 second) {
    return Balances{Cash(cash), Position(1, first), Cost(1, -100 * 10 - 200 * (first - 10)),
                    Position(2, second), Cost(2, 0)};
  };
  book.SetPrice(2, 0);
  // 200 are demanded by the ten; each further lot demands 20.
  EXPECT_EQ(Admit(book, with(0, 10, 0), with(0, 40, 0)), Reason());
  EXPECT_EQ(Admit(book, with(0, 10, 0), with(0, 41, 0)), Reason(MarginReason::kInitialMargin));
  // A withdrawal may use 300 of it.
  EXPECT_EQ(Admit(book, with(0, 10, 0), with(-100, 10, 0)), Reason());
  EXPECT_EQ(Admit(book, with(0, 10, 0), with(-101, 10, 0)), Reason(MarginReason::kInitialMargin));
}

// A lot bought beside it makes no trade of a withdrawal: more leaves than what could be lost in it.
TEST(ProfitCaps, JudgeAWithdrawalWithATradeBesideItAsAWithdrawal) {
  Book book(Capped(800, 300));
  book.SetPrice(1, 200);
  const Balances before = {Cash(0), Position(1, 10), Cost(1, -1'000)};
  // Of 11 lots with a profit of 1,000 that demand 220, 80 may leave where 300 of it count. A lot
  // demands 20 initially, and so much may be lost in its trade.
  const auto buying = [&](Int128 leaves) {
    const Balances after = {Cash(-leaves), Position(1, 11), Cost(1, -1'200)};
    return Admit(book, before, after);
  };
  EXPECT_EQ(buying(19), Reason());
  EXPECT_EQ(buying(80), Reason());
  EXPECT_EQ(buying(81), Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(buying(500), Reason(MarginReason::kInitialMargin));
  // A trade that loses less than its margin is one, and 800 count: 39 lots demand 780.
  const auto trading = [&](Int128 more, Int128 fee) {
    const Balances after = {Cash(-fee), Position(1, 10 + more), Cost(1, -1'000 - 200 * more)};
    return Admit(book, before, after);
  };
  EXPECT_EQ(trading(29, 19), Reason());
  EXPECT_EQ(trading(29, 21), Reason(MarginReason::kInitialMargin));
}

TEST(ProfitCaps, JudgeAHoldOfLotsAsATradeAndAHoldOfCashAsAWithdrawal) {
  Book book(Capped(800, 300));
  book.SetPrice(1, 200);
  const Balances before = {Cash(0), Position(1, 10), Cost(1, -1'000)};
  Balances after = before;
  after[0].pending_debits = Amount(Int128{101});
  EXPECT_EQ(Admit(book, before, after), Reason(MarginReason::kInitialMargin));
  after[0].pending_debits = Amount(Int128{100});
  EXPECT_EQ(Admit(book, before, after), Reason());
  // Thirty more lots demand 800 with those that there are, and their value is profit.
  after = before;
  after[1].pending_credits = Amount(Int128{30});
  EXPECT_EQ(Admit(book, before, after), Reason());
  after[1].pending_credits = Amount(Int128{31});
  EXPECT_EQ(Admit(book, before, after), Reason(MarginReason::kInitialMargin));
}

TEST(ProfitCaps, AreRefusedOutOfOrder) {
  const auto validate = [](Int128 profit, Int128 withdrawal) {
    return Capped(profit, withdrawal).Validate();
  };
  const Reason bad = MarginReason::kBadParameters;
  EXPECT_EQ(validate(0, 0), Reason());
  EXPECT_EQ(validate(5, 5), Reason());
  EXPECT_EQ(validate(5, 6), bad);
  EXPECT_EQ(validate(5, -1), bad);
  EXPECT_EQ(validate(kMaxEquity.value(), kMaxEquity.value()), Reason());
  EXPECT_EQ(validate(kMaxEquity.value() + 1, 0), bad);
}

}  // namespace
}  // namespace settle
