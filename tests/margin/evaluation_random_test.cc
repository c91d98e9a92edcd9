// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Random accounts and books: the risk of each agrees with the slow model, with itself in any order,
// and with what is kept up to date change by change.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/risk.h"
#include "tests/margin/books.h"
#include "tests/margin/slow_model.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Balance;
using test::Balances;
using test::BigInteger;
using test::Book;
using test::Cash;
using test::Cost;
using test::Perpetual;
using test::Position;
using test::Random;

// A valid instrument whose numbers are small, ordinary, or as large as they may be.
Instrument RandomPerpetual(Random& random, std::uint32_t n) {
  Instrument instrument = Perpetual(n);
  do {
    const auto positive = [&](int bits) {
      return static_cast<std::int64_t>(random.Edge<std::uint64_t>() >> (64 - bits)) | 1;
    };
    instrument.multiplier = random.Chance(1, 2) ? 1 : positive(20);
    instrument.max_price = PriceTicks(positive(42));
    instrument.max_lots = Lots(positive(62));
    const std::uint64_t initial = random.Below(1'000'001);
    instrument.curve.initial = RatePpm(static_cast<std::int64_t>(initial));
    instrument.curve.maintenance = RatePpm(static_cast<std::int64_t>(random.Below(initial + 1)));
  } while (!instrument.Validate().ok());
  return instrument;
}

// 0 to most, often one of the two.
std::int64_t UpTo(Random& random, std::int64_t most) {
  switch (random.Below(6)) {
    case 0:
      return most;
    case 1:
      return 0;
    case 2:
      return static_cast<std::int64_t>(random.Below(10)) % (most + 1);
    default:
      return static_cast<std::int64_t>(random.Between(0, static_cast<std::uint64_t>(most)));
  }
}

struct RandomWorld {
  explicit RandomWorld(Random& random, std::uint32_t count) {
    std::vector<Instrument> instruments;
    for (std::uint32_t n = 1; n <= count; ++n) instruments.push_back(RandomPerpetual(random, n));
    book.emplace(instruments);
    for (const Instrument& instrument : instruments) {
      markets.push_back({.instrument = instrument, .price = std::nullopt});
      if (random.Chance(1, 40)) continue;
      markets.back().price = UpTo(random, instrument.max_price.value());
      book->SetPrice(static_cast<std::uint32_t>(markets.size()), *markets.back().price);
    }
  }

  Int128 RandomLots(Random& random, std::uint32_t n) const {
    const std::int64_t lots = UpTo(random, markets[n - 1].instrument.max_lots.value());
    return random.Chance(1, 2) ? Int128{lots} : -Int128{lots};
  }

  std::optional<Book> book;
  std::vector<test::SlowMarket> markets;
};

// Of either sign, below 2^90 from zero.
Int128 RandomQuanta(Random& random) { return random.Edge<Int128>() >> 38; }

// Cash, then lots and cost of each instrument, rarely something that is refused.
Balances RandomAccount(Random& random, const RandomWorld& world) {
  Balances account = {Cash(RandomQuanta(random))};
  for (std::uint32_t n = 1; n <= world.markets.size(); ++n) {
    if (random.Chance(1, 3)) continue;
    account.push_back(Position(n, world.RandomLots(random, n)));
    account.push_back(Cost(n, RandomQuanta(random)));
  }
  if (random.Chance(1, 10)) account.push_back(Balance(kCash, test::kOtherToken, 17));
  if (random.Chance(1, 40)) account.push_back(Balance(kCash, test::kOtherToken, -17));
  if (random.Chance(1, 40)) account.push_back(Position(1'000, 1));
  if (random.Chance(1, 40)) {
    const Int128 beyond = Int128{world.markets[0].instrument.max_lots.value()} + 1;
    account.push_back(Position(1, random.Chance(1, 2) ? beyond : -beyond));
  }
  return account;
}

TEST(RiskOfRandomAccounts, AgreesWithTheSlowModel) {
  Random random;
  int valued = 0;
  int refused = 0;
  for (int round = 0; round < 600; ++round) {
    const RandomWorld world(random, static_cast<std::uint32_t>(1 + random.Below(6)));
    for (int turn = 0; turn < 5; ++turn) {
      const Balances account = RandomAccount(random, world);
      const auto slow = test::SlowEvaluate(world.markets, account);
      const Result<RiskSum> sum = world.book->Sum(account);
      ASSERT_EQ(sum.ok(), slow.has_value()) << sum.reason().code();
      (sum.ok() ? valued : refused)++;
      if (!sum.ok()) continue;
      ASSERT_EQ(BigInteger(sum->equity.value()), slow->equity);
      ASSERT_EQ(BigInteger(sum->initial.value()), slow->initial);
      ASSERT_EQ(BigInteger(sum->maintenance.value()), slow->maintenance);
      const Result<Risk> risk = Finish(*sum);
      ASSERT_TRUE(risk.ok());
      const BigInteger micro_equity = slow->equity * BigInteger(1'000'000);
      ASSERT_EQ(BigInteger(risk->initial_headroom.value()), micro_equity - slow->initial);
      ASSERT_EQ(InitialMarginHolds(*risk), !(micro_equity < slow->initial));
      ASSERT_EQ(MaintenanceMarginHolds(*risk), !(micro_equity < slow->maintenance));
      // Valuation invariant: initial headroom <= equity - maintenance.
      ASSERT_FALSE(micro_equity - slow->maintenance < BigInteger(risk->initial_headroom.value()));
    }
  }
  EXPECT_GT(valued, 1'000);
  EXPECT_GT(refused, 100);
}

TEST(RiskOfRandomAccounts, IsTheSameInAnyOrder) {
  Random random;
  for (int round = 0; round < 2'000; ++round) {
    const RandomWorld world(random, 5);
    Balances account = RandomAccount(random, world);
    const Result<RiskSum> sum = world.book->Sum(account);
    for (int turn = 0; turn < 5; ++turn) {
      random.Shuffle(account);
      const Result<RiskSum> shuffled = world.book->Sum(account);
      ASSERT_EQ(shuffled.reason(), sum.reason());
      ASSERT_TRUE(!sum.ok() || *shuffled == *sum);
    }
  }
}

TEST(RiskOfRandomAccounts, KeptUpToDateEqualsTheWhole) {
  Random random;
  std::uint64_t steps = 0;
  for (int round = 0; round < 100; ++round) {
    RandomWorld world(random, 6);
    for (std::uint32_t n = 1; n <= 6; ++n) {
      world.book->SetPrice(n, UpTo(random, world.markets[n - 1].instrument.max_price.value()));
    }
    Balances account = {Cash(0)};
    for (std::uint32_t n = 1; n <= 6; ++n) {
      account.push_back(Position(n, 0));
      account.push_back(Cost(n, 0));
    }
    RiskSum kept;
    for (int turn = 0; turn < 2'000; ++turn, ++steps) {
      const auto at = static_cast<std::size_t>(random.Below(account.size()));
      BalanceView& balance = account[at];
      const auto old =
          ContributionOf<ExactPpm>(world.book->context(), test::View(account), balance);
      balance.posted =
          Amount(IsContract(balance.asset) ? world.RandomLots(random, balance.compartment.value())
                                           : RandomQuanta(random));
      const auto now =
          ContributionOf<ExactPpm>(world.book->context(), test::View(account), balance);
      ASSERT_TRUE(old.ok() && now.ok());
      ASSERT_TRUE(SubtractFrom(kept, *old) && AddTo(kept, *now));
      const Result<RiskSum> whole = world.book->Sum(account);
      ASSERT_TRUE(whole.ok() && kept == *whole) << "step " << turn;
      ASSERT_TRUE(*Finish(kept) == *Finish(*whole));
    }
  }
  EXPECT_EQ(steps, 200'000u);
}

// M17, on whole accounts: the pieces of a position, held by one owner each, demand together what
// the whole does.
TEST(RiskOfRandomAccounts, OfPiecesIsNeverLessThanOfTheWhole) {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    Book book({Perpetual(1)});
    book.SetPrice(1, 1 + UpTo(random, 1'000));
    Int128 left = 1 + static_cast<Int128>(random.Below(100));
    const auto whole = book.Sum({Position(1, left)});
    RiskSum pieces;
    while (left > 0) {
      const Int128 piece = 1 + static_cast<Int128>(random.Below(static_cast<std::uint64_t>(left)));
      ASSERT_TRUE(AddTo(pieces, *book.Sum({Position(1, piece)})));
      left -= piece;
    }
    ASSERT_GE(pieces.initial, whole->initial);
    ASSERT_GE(pieces.maintenance, whole->maintenance);
    ASSERT_TRUE(pieces == *whole);
  }
}

// The floor of a / b for b > 0.
Int128 Floor(Int128 a, Int128 b) { return *Divide(a, b, Rounding::kDown); }

// A trader of one instrument, whose trades are booked as realised profit demands: see Trade.
struct Trader {
  Int128 cash = 0;
  Int128 cost = 0;
  Int128 lots = 0;

  // Buys (or sells) |change| lots for `value` quanta; what is closed realises its profit.
  void Trade(Int128 change, Int128 value) {
    const Int128 bought = change > 0 ? 1 : -1;
    const Int128 size = change * bought;
    const Int128 held = lots < 0 ? -lots : lots;
    const bool reduces = lots != 0 && (lots > 0) != (change > 0);
    const Int128 closed = reduces ? (held < size ? held : size) : 0;
    Int128 realised = 0;
    if (closed > 0) {
      const Int128 entry = closed == held ? cost : Floor(cost * closed, held);
      realised = (lots > 0 ? 1 : -1) * (value / size * closed) + entry;
    }
    lots += change;
    cost += -bought * value - realised;
    cash += realised;
  }

  Balances Account() const { return {Cash(cash), Cost(1, cost), Position(1, lots)}; }
};

// M19: fills of 1 to 9 lots at 1 to 9 quanta, 100,000 of them, at any mark.
TEST(RiskOfRandomAccounts, GainsNothingTogetherFromAnySequenceOfFills) {
  Random random;
  constexpr Int128 kDeposit = 1'000;
  std::array<Trader, 5> traders;
  for (Trader& trader : traders) trader.cash = kDeposit;
  Book book({Perpetual(1)});
  std::uint64_t closed_flat = 0;
  for (int fill = 0; fill < 100'000; ++fill) {
    auto buyer = static_cast<std::size_t>(random.Below(traders.size()));
    auto seller =
        (buyer + 1 + static_cast<std::size_t>(random.Below(traders.size() - 1))) % traders.size();
    // Who holds more sells: positions stay small, are closed and turn.
    if (traders[buyer].lots > traders[seller].lots) std::swap(buyer, seller);
    const auto size = static_cast<Int128>(1 + random.Below(9));
    const Int128 value = size * static_cast<Int128>(1 + random.Below(9));
    traders[buyer].Trade(size, value);
    traders[seller].Trade(-size, value);
    book.SetPrice(1, static_cast<std::int64_t>(random.Below(20)));
    Int128 total = 0;
    for (const Trader& trader : traders) {
      total += book.Evaluate(trader.Account())->equity.value();
      if (trader.lots == 0) {
        ASSERT_EQ(trader.cost, 0) << "a closed position leaves nothing behind";
        ++closed_flat;
      }
    }
    ASSERT_EQ(total, kDeposit * static_cast<Int128>(traders.size())) << "fill " << fill;
  }
  EXPECT_GT(closed_flat, 1'000u);
}

}  // namespace
}  // namespace settle
