// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/account_queries.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/integer.h"
#include "settle/margin/reason.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"
#include "tests/margin/random_books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Book;
using test::Perpetual;
using test::Random;

constexpr InstrumentIndex kFirst{0};

// Three instruments, positions in some of them, and perhaps orders.
struct World {
  World(Random& random, Quanta profit_cap) : book(Make(random, profit_cap)), account(Quanta()) {
    for (std::uint32_t n = 1; n <= 3; ++n) test::SetRandomPrices(random, n, book);
    EXPECT_TRUE(account.SetCash(Quanta(Int128{test::Between(random, -20'000, 500'000)})).ok());
    for (std::uint32_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(account.PlaceOf(InstrumentIndex(i)).ok());
      if (random.Chance(1, 3)) continue;
      const std::int64_t lots = test::Between(random, -300, 300);
      const Instrument& instrument = book.table()[InstrumentIndex(i)];
      const std::int64_t mark = book.prices().Get(InstrumentIndex(i)).value();
      const MarginPosition position{
          .instrument = InstrumentIndex(i),
          .lots = Lots(lots),
          .quote = test::CostAt(instrument, lots, test::Between(random, mark / 2 + 1, mark * 2))};
      EXPECT_TRUE(account.SetPosition(book.valuation(), i, position).ok());
    }
  }

  // The account as the ledger would show it.
  test::Balances Balances() const {
    test::Balances balances = {test::Cash(account.cash().value())};
    for (const auto& entry : account.entries()) {
      const std::uint32_t n = entry.position.instrument.value() + 1;
      balances.push_back(test::Position(n, entry.position.lots.value()));
      balances.push_back(test::Cost(n, entry.position.quote.value()));
    }
    return balances;
  }

  static Book Make(Random& random, Quanta profit_cap) {
    std::vector<Instrument> instruments;
    for (std::uint32_t n = 1; n <= 3; ++n) {
      instruments.push_back(test::RandomInstrument(random, n, random.Chance(1, 2)));
    }
    MarginParameters parameters;
    parameters.profit_cap = profit_cap;
    parameters.withdrawal_profit_cap = Quanta(profit_cap.value() / 2);
    parameters.instruments = test::TableOf(instruments);
    return Book(parameters);
  }

  Book book;
  AccountBook<> account;
};

World MakeWorld(Random& random) {
  return {random, random.Chance(1, 2) ? kMaxEquity : Quanta(Int128{random.Below(50'000)})};
}

TEST(LargestOrder, IsAdmittedAndOneLotMoreIsRefused) {
  Random random;
  int largest_above_zero = 0;
  for (int round = 0; round < 2'000; ++round) {
    World world = MakeWorld(random);
    for (int orders = 0; orders < 3; ++orders) {
      const InstrumentIndex index(static_cast<std::uint32_t>(random.Below(3)));
      (void)world.account.AddOrder(world.book.valuation(), index.value(),
                                   test::RandomOrder(random, world.book, index));
    }
    const InstrumentIndex index(static_cast<std::uint32_t>(random.Below(3)));
    const std::int64_t side = random.Chance(1, 2) ? 1 : -1;
    const std::int64_t price = world.book.prices().Get(index).value();
    const Quanta lot = test::CostAt(world.book.table()[index], side, price);
    const auto order = [&](std::int64_t lots) {
      return PendingTrade{
          .instrument = index, .lots = Lots(side * lots), .quote = Quanta(lot.value() * lots)};
    };
    const auto answer =
        LargestOrder(world.book.valuation(), world.account, index.value(), order(1));
    ASSERT_TRUE(answer.ok());
    const std::int64_t lots = answer->value();
    largest_above_zero += lots > 0 ? 1 : 0;
    const auto admits = [&](std::int64_t of) {
      return world.account.JudgeOrder(world.book.valuation(), index.value(), order(of)).ok();
    };
    if (lots > 0) {
      ASSERT_TRUE(admits(lots));
    }
    ASSERT_FALSE(admits(lots + 1));
  }
  EXPECT_GT(largest_above_zero, 500);
}

TEST(LargestOrder, RefusesWhatIsNoSingleLotOfAnInstrument) {
  Book book({Perpetual(1), Perpetual(2)});
  book.SetPrice(1, 100);
  AccountBook<> account(Quanta(Int128{100}));
  const std::size_t place = *account.PlaceOf(kFirst);
  const auto reason = [&](const PendingTrade& lot) {
    return LargestOrder(book.valuation(), account, place, lot).reason();
  };
  EXPECT_EQ(reason({.instrument = InstrumentIndex(9), .lots = Lots(1)}),
            Reason(MarginReason::kUnknownInstrument));
  EXPECT_EQ(reason({.instrument = kFirst, .lots = Lots(2)}),
            Reason(MarginReason::kPositionTooLarge));
  book.ClearPrice(1);
  EXPECT_EQ(reason({.instrument = kFirst, .lots = Lots(1)}), Reason(MarginReason::kMissingPrice));
}

// By the rule that the ledger asks.
TEST(WithdrawableAmount, MayLeaveAndOneQuantumMoreMayNot) {
  Random random;
  const TransitionRule<ExactPpm> rule;
  int above_zero = 0;
  for (int round = 0; round < 3'000; ++round) {
    World world = MakeWorld(random);
    const Result<Quanta> amount = WithdrawableAmount(world.book.parameters(), world.account);
    ASSERT_TRUE(amount.ok());
    const test::Balances before = world.Balances();
    const auto leaves = [&](Int128 quanta) {
      test::Balances after = before;
      after[0].posted = Amount(after[0].posted.value() - quanta);
      return rule.Admit(world.book.context(), test::View(before), test::View(after)).ok();
    };
    if (amount->value() > 0) {
      ++above_zero;
      ASSERT_TRUE(leaves(amount->value()));
    }
    ASSERT_FALSE(leaves(amount->value() + 1));
  }
  EXPECT_GT(above_zero, 500);
}

// CASES M1: what was gained and not realised leaves no further than its cap.
TEST(WithdrawableAmount, OfProfitIsAtMostItsCap) {
  MarginParameters parameters;
  parameters.profit_cap = Quanta(Int128{1'000'000});
  parameters.withdrawal_profit_cap = Quanta(Int128{500});
  parameters.instruments = test::TableOf({Perpetual(1)});
  Book book(parameters);
  book.SetPrice(1, 24);  // bought at 1
  AccountBook<> account(Quanta(Int128{100}));
  const std::size_t place = *account.PlaceOf(kFirst);
  ASSERT_TRUE(
      account
          .SetPosition(book.valuation(), place,
                       {.instrument = kFirst, .lots = Lots(100), .quote = Quanta(Int128{-100})})
          .ok());
  // 100 of cash and 500 of 2,300 of profit, less 240 demanded.
  EXPECT_EQ(*WithdrawableAmount(book.parameters(), account), Quanta(Int128{360}));
}

// Prices of another table, which the instrument does not allow.
TEST(LiquidationPrice, IsNoneWhereTheMarkIsNotThePositions) {
  Instrument low = Perpetual(1);
  low.min_price = PriceTicks(-5);
  MarginParameters parameters;
  parameters.instruments = test::TableOf({low});
  MarkPrices prices;
  std::vector<std::byte> bytes = Encode(std::uint32_t{1});
  AppendEncoding(bytes, PricePair{.mark = PriceTicks(kMax<std::int64_t>), .slow = kNoPrice});
  ASSERT_EQ(DecodeInto(bytes, prices).reason, Reason());
  Book priced(parameters);
  priced.SetPrice(1, 100);
  AccountBook<> account(Quanta(Int128{100}));
  const std::size_t place = *account.PlaceOf(kFirst);
  ASSERT_TRUE(
      account.SetPosition(priced.valuation(), place, {.instrument = kFirst, .lots = Lots(1)}).ok());
  const Valuation valuation(parameters, prices);
  EXPECT_FALSE(LiquidationPrice(valuation, account, place).has_value());
  EXPECT_FALSE(BankruptcyPrice(valuation, account, place).has_value());
}

// The account with another mark of one instrument, from the beginning.
Risk RiskAt(World& world, std::uint32_t n, PriceTicks price) {
  world.book.SetPrice(n, price.value());
  const Result<Risk> risk = world.book.Evaluate(world.Balances());
  EXPECT_TRUE(risk.ok());
  return *risk;
}

TEST(LiquidationPrice, LeavesMaintenanceUncoveredAndOneTickNearerCovered) {
  Random random;
  int found = 0;
  for (int round = 0; round < 3'000; ++round) {
    World world = MakeWorld(random);
    const auto place = static_cast<std::size_t>(random.Below(3));
    const auto n = static_cast<std::uint32_t>(place) + 1;
    const MarginPosition position = world.account.entries()[place].position;
    const PriceTicks mark = world.book.prices().Get(position.instrument);
    const Instrument& instrument = world.book.table()[position.instrument];
    const auto price = LiquidationPrice(world.book.valuation(), world.account, place);
    const bool is_short = position.lots < Lots(0);
    if (!price) {
      if (position.lots == Lots(0)) continue;
      const PriceTicks end = is_short ? instrument.max_price : instrument.min_price;
      ASSERT_TRUE(MaintenanceMarginHolds(RiskAt(world, n, end)));
      continue;
    }
    ++found;
    ASSERT_FALSE(MaintenanceMarginHolds(RiskAt(world, n, *price)));
    if (*price == mark) continue;
    ASSERT_EQ(is_short, mark < *price);
    const PriceTicks nearer(price->value() + (is_short ? -1 : 1));
    ASSERT_TRUE(MaintenanceMarginHolds(RiskAt(world, n, nearer)));
  }
  EXPECT_GT(found, 500);
}

TEST(BankruptcyPrice, LeavesNoDebtAndOneTickFurtherDoes) {
  Random random;
  int found = 0;
  for (int round = 0; round < 3'000; ++round) {
    World world = MakeWorld(random);
    const auto place = static_cast<std::size_t>(random.Below(3));
    const auto n = static_cast<std::uint32_t>(place) + 1;
    const MarginPosition position = world.account.entries()[place].position;
    const PriceTicks mark = world.book.prices().Get(position.instrument);
    const Instrument& instrument = world.book.table()[position.instrument];
    const bool is_short = position.lots < Lots(0);
    const auto price = BankruptcyPrice(world.book.valuation(), world.account, place);
    if (!price) {
      if (position.lots == Lots(0)) continue;
      const PriceTicks end = is_short ? instrument.max_price : instrument.min_price;
      ASSERT_TRUE(RiskAt(world, n, mark).equity < Quanta(0) ||
                  RiskAt(world, n, end).equity >= Quanta(0));
      continue;
    }
    ++found;
    ASSERT_GE(RiskAt(world, n, *price).equity, Quanta(0));
    const PriceTicks further(price->value() + (is_short ? 1 : -1));
    ASSERT_LT(RiskAt(world, n, further).equity, Quanta(0));
  }
  EXPECT_GT(found, 300);
}

}  // namespace
}  // namespace settle
