// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/account_book.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/fwd.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/margin/random_books.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Book;
using test::Perpetual;
using test::Random;

constexpr InstrumentIndex kFirst{0};
constexpr Reason kInitialMargin = MarginReason::kInitialMargin;

PendingTrade Order(std::int64_t lots, std::int64_t quote) {
  return {.instrument = kFirst, .lots = Lots(lots), .quote = Quanta(Int128{quote})};
}

// Everything by which two books can differ.
bool Same(const AccountBook<>& a, const AccountBook<>& b) {
  if (a.entries().size() != b.entries().size() || a.cash() != b.cash()) return false;
  for (std::size_t i = 0; i < a.entries().size(); ++i) {
    const auto& one = a.entries()[i];
    const auto& other = b.entries()[i];
    if (!(one.position == other.position && one.pending == other.pending &&
          one.held == other.held && one.worst == other.worst)) {
      return false;
    }
  }
  return a.held() == b.held() && a.worst() == b.worst();
}

class OneMarket : public ::testing::Test {
 protected:
  OneMarket() : book_({Perpetual(1)}), account_(Quanta(Int128{100})) {
    book_.SetPrice(1, 100);
    place_ = *account_.PlaceOf(kFirst);
  }
  const Valuation& valuation() const { return book_.valuation(); }

  Book book_;
  AccountBook<> account_;
  std::size_t place_ = 0;
};

TEST_F(OneMarket, AdmitsOrdersToTheLastQuantumOfInitialMargin) {
  // 10 lots at 100 demand 100.
  EXPECT_EQ(account_.AddOrder(valuation(), place_, Order(11, -1'100)), kInitialMargin);
  EXPECT_EQ(account_.AddOrder(valuation(), place_, Order(10, -1'001)), kInitialMargin);
  ASSERT_EQ(account_.AddOrder(valuation(), place_, Order(10, -1'000)), Reason());
  // Both sides are not demanded at once, but the larger.
  ASSERT_EQ(account_.AddOrder(valuation(), place_, Order(-10, 1'000)), Reason());
  EXPECT_EQ(account_.AddOrder(valuation(), place_, Order(1, -100)), kInitialMargin);
  EXPECT_EQ(account_.AddOrder(valuation(), place_, Order(-1, 100)), kInitialMargin);
}

TEST_F(OneMarket, ARefusedOrderLeavesEverythingAsItWas) {
  ASSERT_EQ(account_.AddOrder(valuation(), place_, Order(4, -400)), Reason());
  const AccountBook<> before = account_;
  EXPECT_EQ(account_.AddOrder(valuation(), place_, Order(7, -700)), kInitialMargin);
  EXPECT_EQ(account_.JudgeOrder(valuation(), place_, Order(1, -100)), Reason());
  EXPECT_EQ(account_.CancelOrder(valuation(), place_, Order(5, -500)),
            Reason(MarginReason::kNotInSum));
  EXPECT_EQ(account_.FillOrder(valuation(), place_, {Order(5, -500), Order(0, 0), Order(5, -500)}),
            Reason(MarginReason::kNotInSum));
  EXPECT_EQ(account_.SetCash(Quanta(kMaxEquity.value() + 1)),
            Reason(MarginReason::kMarginOverflow));
  EXPECT_EQ(account_.SetPosition(valuation(), place_,
                                 {.instrument = kFirst, .lots = Lots(kMax<std::int64_t>)}),
            Reason(MarginReason::kPositionTooLarge));
  EXPECT_TRUE(Same(account_, before));
}

TEST_F(OneMarket, AnOrderOfAnotherInstrumentHasNoPlaceHere) {
  PendingTrade other = Order(1, -100);
  other.instrument = InstrumentIndex(1);
  const Reason unknown = MarginReason::kUnknownInstrument;
  EXPECT_EQ(account_.AddOrder(valuation(), place_, other), unknown);
  EXPECT_EQ(account_.CancelOrder(valuation(), place_, other), unknown);
  EXPECT_EQ(account_.FillOrder(valuation(), place_, {other, other, other}), unknown);
  EXPECT_EQ(account_.SetPosition(valuation(), place_, {.instrument = InstrumentIndex(1)}), unknown);
}

// The sum of what is held takes it, and that of the worst does not.
TEST_F(OneMarket, CashThatIsRefusedChangesNeitherSum) {
  AccountBook<> account(Quanta(Int128{2'000}));
  const std::size_t place = *account.PlaceOf(kFirst);
  ASSERT_EQ(account.AddOrder(valuation(), place, Order(0, -1'000)), Reason());
  ASSERT_EQ(account.SetPosition(valuation(), place,
                                {.instrument = kFirst, .quote = Quanta(kMin<Int128> + 98'000)}),
            Reason());
  const AccountBook<> before = account;
  EXPECT_EQ(account.SetCash(Quanta(Int128{2'000 - 99'500})), Reason(MarginReason::kMarginOverflow));
  EXPECT_TRUE(Same(account, before));
  EXPECT_EQ(account.SetCash(Quanta(Int128{2'000 - 99'000})), Reason());
}

TEST_F(OneMarket, ACancelledOrderIsAsIfItHadNeverBeen) {
  const AccountBook<> before = account_;
  ASSERT_EQ(account_.AddOrder(valuation(), place_, Order(4, -400)), Reason());
  EXPECT_FALSE(Same(account_, before));
  ASSERT_EQ(account_.CancelOrder(valuation(), place_, Order(4, -400)), Reason());
  EXPECT_TRUE(Same(account_, before));
}

TEST_F(OneMarket, AFilledOrderBecomesThePosition) {
  ASSERT_EQ(account_.AddOrder(valuation(), place_, Order(10, -1'000)), Reason());
  ASSERT_EQ(
      account_.FillOrder(valuation(), place_, {Order(10, -1'000), Order(6, -600), Order(4, -396)}),
      Reason());
  const auto& entry = account_.entries()[place_];
  EXPECT_EQ(entry.position.lots, Lots(4));
  EXPECT_EQ(entry.position.quote, Quanta(Int128{-396}));
  EXPECT_EQ(entry.pending.bought, Lots(6));
  EXPECT_EQ(account_.held().equity, Quanta(Int128{104}));  // bought 4 below the mark
}

TEST_F(OneMarket, AnAccountBelowItsMarginMayOnlyAddWhatMakesItNoWorse) {
  ASSERT_EQ(account_.SetPosition(
                valuation(), place_,
                {.instrument = kFirst, .lots = Lots(20), .quote = Quanta(Int128{-2'000})}),
            Reason());
  // Less than half of the position closed at the mark, or at a better price.
  EXPECT_EQ(account_.JudgeOrder(valuation(), place_, Order(-20, 2'000)), Reason());
  EXPECT_EQ(account_.JudgeOrder(valuation(), place_, Order(-20, 2'001)), Reason());
  EXPECT_EQ(account_.JudgeOrder(valuation(), place_, Order(-20, 1'999)),
            Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(account_.JudgeOrder(valuation(), place_, Order(-41, 4'100)),
            Reason(MarginReason::kMaintenanceRises));
  EXPECT_EQ(account_.JudgeOrder(valuation(), place_, Order(1, -100)),
            Reason(MarginReason::kMaintenanceRises));
}

TEST_F(OneMarket, IsAllocatedForOnlyWhenAPlaceIsAdded) {
  const test::AllocationCounter counter;
  bool ok = account_.AddOrder(valuation(), place_, Order(4, -400)).ok();
  ok = account_.JudgeOrder(valuation(), place_, Order(1, -100)).ok() && ok;
  ok = account_.FillOrder(valuation(), place_, {Order(4, -400), Order(3, -300), Order(1, -100)})
           .ok() &&
       ok;
  ok = account_.CancelOrder(valuation(), place_, Order(3, -300)).ok() && ok;
  ok = account_.SetCash(Quanta(Int128{99})).ok() && ok;
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(ok);
  EXPECT_EQ(calls, 0u);
}

TEST(AccountBook, CountsCollateralAsItIsJudgedInTheAccount) {
  Instrument token = test::SpotToken(3);
  token.collateral.initial_haircut = RatePpm(500'000);
  token.collateral.maintenance_haircut = RatePpm(200'000);
  Book book({Perpetual(1), token});
  book.SetPrice(1, 100);
  const auto collateral_at = [&](std::int64_t price) {
    book.SetPriceOf(TokenId(3), price);
    const test::Balances balances = {test::Balance(kCash, TokenId(3), 1'000)};
    return *ContributionOf<ExactPpm>(book.context(), test::View(balances), balances[0]);
  };
  AccountBook<> account;
  const std::size_t place = *account.PlaceOf(kFirst);
  EXPECT_EQ(account.AddOrder(book.valuation(), place, Order(1, -100)), kInitialMargin);
  // 2,000 of tokens count 1,000 initially: 100 lots.
  ASSERT_EQ(account.SetCollateral(collateral_at(2)), Reason());
  EXPECT_EQ(account.AddOrder(book.valuation(), place, Order(101, -10'100)), kInitialMargin);
  EXPECT_EQ(account.AddOrder(book.valuation(), place, Order(100, -10'000)), Reason());
  EXPECT_EQ(account.held().equity, Quanta(Int128{1'600}));
  // At twice the price 100 lots more; and as much is there after everything was made anew.
  ASSERT_EQ(account.SetCollateral(collateral_at(4)), Reason());
  const PendingTrade order = Order(100, -10'000);
  ASSERT_EQ(account.Reprice(book.valuation(), {&order, 1}), Reason());
  EXPECT_EQ(account.JudgeOrder(book.valuation(), place, Order(101, -10'100)), kInitialMargin);
  EXPECT_EQ(account.JudgeOrder(book.valuation(), place, order), Reason());
  const AccountBook<> before = account;
  EXPECT_EQ(
      account.SetCollateral({.equity = Quanta(kMax<Int128>), .initial = MicroQuanta(kMax<Int128>)}),
      Reason(MarginReason::kMarginOverflow));
  EXPECT_TRUE(Same(account, before));
}

TEST(AccountBook, HasRoomForItsBoundOfPositions) {
  AccountBook<> account;
  for (std::uint32_t i = 0; i < kMaxBookPositions; ++i) {
    ASSERT_EQ(*account.PlaceOf(InstrumentIndex(i)), i);
  }
  EXPECT_EQ(account.PlaceOf(InstrumentIndex(std::uint32_t{kMaxBookPositions})).reason(),
            Reason(MarginReason::kTooManyPositions));
  EXPECT_EQ(*account.PlaceOf(InstrumentIndex(17)), 17u);
}

TEST(AccountBook, RepricesOnlyOrdersThatHaveAPlace) {
  Book book({Perpetual(1), Perpetual(2)});
  book.SetPrice(1, 100);
  book.SetPrice(2, 100);
  AccountBook<> account(Quanta(Int128{1'000}));
  ASSERT_TRUE(account.PlaceOf(kFirst).ok());
  const AccountBook<> before = account;
  const PendingTrade order{.instrument = InstrumentIndex(1), .lots = Lots(1)};
  EXPECT_EQ(account.Reprice(book.valuation(), {&order, 1}),
            Reason(MarginReason::kUnknownInstrument));
  EXPECT_TRUE(Same(account, before));
}

// Several instruments of all kinds, with the orders that are open: a book that is changed step by
// step is, bit for bit, the one made anew; and a fill at an order's terms takes nothing from the
// worst.
TEST(AccountBook, ChangedStepByStepIsTheOneMadeAnew) {
  Random random;
  for (int round = 0; round < 60; ++round) {
    std::vector<Instrument> instruments;
    for (std::uint32_t n = 1; n <= 4; ++n) {
      instruments.push_back(test::RandomInstrument(random, n, random.Chance(1, 2)));
    }
    Book book(instruments);
    for (std::uint32_t n = 1; n <= 4; ++n) test::SetRandomPrices(random, n, book);
    AccountBook<> account(Quanta(Int128{test::Between(random, 0, 3'000'000)}));
    for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(account.PlaceOf(InstrumentIndex(i)).ok());
    std::vector<PendingTrade> orders;
    int admitted = 0;
    for (int step = 0; step < 400; ++step) {
      const auto place = static_cast<std::size_t>(random.Below(4));
      const InstrumentIndex index(static_cast<std::uint32_t>(place));
      switch (orders.empty() ? 0 : random.Below(4)) {
        case 0:
        case 1: {
          const PendingTrade order = test::RandomOrder(random, book, index);
          if (!account.AddOrder(book.valuation(), place, order).ok()) break;
          ++admitted;
          orders.push_back(order);
          break;
        }
        case 2: {
          const std::size_t at = random.Below(orders.size());
          ASSERT_EQ(
              account.CancelOrder(book.valuation(), orders[at].instrument.value(), orders[at]),
              Reason());
          orders.erase(orders.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        }
        default: {
          const std::size_t at = random.Below(orders.size());
          const PendingTrade order = orders[at];
          const Int128 before = Finish(account.worst())->initial_headroom.value();
          ASSERT_EQ(account.FillOrder(book.valuation(), order.instrument.value(),
                                      {order, {.instrument = order.instrument}, order}),
                    Reason());
          const bool is_product = book.valuation()[order.instrument].product_below > 100'000'000;
          if (is_product) {
            ASSERT_GE(Finish(account.worst())->initial_headroom.value(), before);
          }
          orders.erase(orders.begin() + static_cast<std::ptrdiff_t>(at));
        }
      }
      AccountBook<> anew = account;
      ASSERT_EQ(anew.Reprice(book.valuation(), orders), Reason());
      ASSERT_TRUE(Same(account, anew)) << "step " << step;
    }
    EXPECT_GT(admitted, 0);
  }
}

}  // namespace
}  // namespace settle
