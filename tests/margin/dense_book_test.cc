// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/dense_book.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/margin/random_books.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Book;
using test::FlatCurve;
using test::Perpetual;
using test::Random;

// The lots of some accounts, twice: in a dense book and one by one.
struct World {
  World(const Book& of, std::size_t accounts)
      : book(of), lots(accounts, std::vector<std::int64_t>(of.table().size())), money(accounts) {
    for (std::uint32_t i = 0; i < book.table().size(); ++i) columns.emplace_back(i);
  }

  DenseBook Dense() const {
    DenseBook dense(lots.size(), columns);
    for (std::size_t account = 0; account < lots.size(); ++account) {
      dense.SetMoney(account, Quanta(money[account]));
      for (std::size_t i = 0; i < columns.size(); ++i) {
        dense.SetLots(account, i, Lots(lots[account][i]));
      }
    }
    return dense;
  }

  Result<Risk> OneByOne(std::size_t account) const {
    std::vector<MarginPosition> positions;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      positions.push_back({.instrument = columns[i], .lots = Lots(lots[account][i])});
    }
    return Evaluate<ExactPpm>(book.context(), Quanta(money[account]), positions);
  }

  // True when both give the same for every account.
  bool Agrees() const {
    DenseBook dense = Dense();
    std::vector<Risk> risks(lots.size());
    const Reason reason = dense.Reprice(book.valuation(), risks);
    for (std::size_t account = 0; account < lots.size(); ++account) {
      const Result<Risk> risk = OneByOne(account);
      if (!reason.ok() || !risk.ok() || !(*risk == risks[account])) return false;
    }
    return true;
  }

  const Book& book;
  std::vector<InstrumentIndex> columns;
  std::vector<std::vector<std::int64_t>> lots;
  std::vector<Int128> money;
};

void Fill(Random& random, std::int64_t most, World& world) {
  for (std::size_t account = 0; account < world.lots.size(); ++account) {
    world.money[account] = random.Edge<std::int64_t>() >> 8;
    for (std::int64_t& lots : world.lots[account]) {
      lots = random.Chance(1, 3) ? 0 : test::Between(random, -most, most);
    }
  }
}

TEST(DenseBook, GivesTheBitsOfEvaluateForInstrumentsOfAllKinds) {
  Random random;
  for (int round = 0; round < 400; ++round) {
    std::vector<Instrument> instruments;
    for (std::uint32_t n = 1; n <= 1 + random.Below(20); ++n) {
      instruments.push_back(test::RandomInstrument(random, n, random.Chance(1, 2)));
      instruments.back().curve.open_interest = {};
      if (random.Chance(1, 3)) {
        instruments.back().curve.tiers.Clear();
        ASSERT_TRUE(
            instruments.back().curve.tiers.Add({Quanta(Int128{test::Between(random, 1, 100'000)}),
                                                RatePpm(500'000), RatePpm(400'000)}));
      }
    }
    Book book(instruments);
    for (std::uint32_t n = 1; n <= instruments.size(); ++n) test::SetRandomPrices(random, n, book);
    World world(book, 20);
    Fill(random, random.Chance(1, 2) ? 500 : 1'000'000'000, world);
    ASSERT_TRUE(world.Agrees()) << "round " << round;
  }
}

// Notionals around the largest of which all rates are 64 bits, and around 64 bits themselves.
TEST(DenseBook, GivesTheBitsOfEvaluateForNotionalsOfAllSizes) {
  Random random;
  for (int bits = 20; bits <= 54; ++bits) {
    std::vector<Instrument> instruments = {Perpetual(1), Perpetual(2), Perpetual(3)};
    for (Instrument& instrument : instruments) instrument.max_lots = Lots(std::int64_t{1} << 55);
    instruments[1].curve = FlatCurve(1'000'000, 1'000'000);
    ASSERT_TRUE(
        instruments[2].curve.tiers.Add({Quanta(Int128{1} << (bits + 8)), kWholeRate, kWholeRate}));
    Book book(instruments);
    for (std::uint32_t n = 1; n <= 3; ++n) book.SetPrice(n, 1'000);
    World world(book, 50);
    Fill(random, std::int64_t{1} << bits, world);
    ASSERT_TRUE(world.Agrees()) << bits;
  }
}

TEST(DenseBook, JudgesMoneyToTheEndOfItsRange) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 100);
  World world(book, 3);
  world.money = {kMaxEquity.value(), -kMaxEquity.value(), Int128{1} << 100};
  EXPECT_TRUE(world.Agrees());
  world.money[0] += 1;
  std::vector<Risk> risks(3);
  EXPECT_EQ(world.Dense().Reprice(book.valuation(), risks), Reason(MarginReason::kMarginOverflow));
}

TEST(DenseBook, FollowsPositionsAndPrices) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 100);
  const InstrumentIndex column(0);
  DenseBook dense(1, {&column, 1});
  std::vector<Risk> risks(1);
  dense.SetLots(0, 0, Lots(-5));
  dense.SetMoney(0, Quanta(Int128{600}));
  ASSERT_EQ(dense.Reprice(book.valuation(), risks), Reason());
  EXPECT_EQ(risks[0].equity, Quanta(Int128{100}));
  book.SetPrice(1, 110);
  ASSERT_EQ(dense.Reprice(book.valuation(), risks), Reason());
  EXPECT_EQ(risks[0].equity, Quanta(Int128{50}));
  dense.SetLots(0, 0, Lots(2));
  ASSERT_EQ(dense.Reprice(book.valuation(), risks), Reason());
  EXPECT_EQ(risks[0].equity, Quanta(Int128{820}));
}

TEST(DenseBook, RefusesWhatItCannotJudge) {
  const auto reason_of = [](const Book& book, std::int64_t lots) {
    World world(book, 2);
    world.lots[1][0] = lots;
    std::vector<Risk> risks(2);
    return world.Dense().Reprice(book.valuation(), risks);
  };
  Book priced({Perpetual(1)});
  priced.SetPrice(1, 100);
  EXPECT_EQ(reason_of(priced, 1), Reason());
  EXPECT_EQ(reason_of(priced, (std::int64_t{1} << 40) + 1),
            Reason(MarginReason::kPositionTooLarge));
  EXPECT_EQ(reason_of(priced, kMin<std::int64_t>), Reason(MarginReason::kPositionTooLarge));
  const Book unpriced({Perpetual(1)});
  EXPECT_EQ(reason_of(unpriced, 1), Reason(MarginReason::kMissingPrice));
  EXPECT_EQ(reason_of(unpriced, 0), Reason());
  Instrument scaled = Perpetual(1);
  scaled.curve.open_interest = {Quanta(), Quanta(Int128{5})};
  EXPECT_EQ(reason_of(Book({scaled}), 0), Reason(MarginReason::kBadParameters));
  MarginParameters capped;
  capped.instruments = priced.table();
  capped.withdrawal_profit_cap = Quanta();
  EXPECT_EQ(reason_of(Book(capped), 0), Reason(MarginReason::kBadParameters));
  const InstrumentIndex beyond(1);
  DenseBook dense(1, {&beyond, 1});
  std::vector<Risk> risks(1);
  EXPECT_EQ(dense.Reprice(priced.valuation(), risks), Reason(MarginReason::kUnknownInstrument));
}

TEST(DenseBook, IsRepricedWithoutAllocationOnceItWas) {
  Book book({Perpetual(1), Perpetual(2)});
  book.SetPrice(1, 100);
  book.SetPrice(2, 100);
  book.SetSlowPrice(2, 90);
  World world(book, 10);
  Random random;
  Fill(random, 1'000, world);
  DenseBook dense = world.Dense();
  std::vector<Risk> risks(10);
  ASSERT_EQ(dense.Reprice(book.valuation(), risks), Reason());
  const test::AllocationCounter counter;
  const bool ok = dense.Reprice(book.valuation(), risks).ok();
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(ok);
  EXPECT_EQ(calls, 0u);
}

}  // namespace
}  // namespace settle
