// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Of what is reserved any part may be posted: no account is judged better than the worst of all
// subsets would leave it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/risk.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Balance;
using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::Perpetual;
using test::Position;
using test::Random;

// What a hold changes of each balance of an account when it is posted.
using Hold = std::vector<Int128>;

// The account with all holds reserved.
Balances Reserve(Balances account, const std::vector<Hold>& holds) {
  for (const Hold& hold : holds) {
    for (std::size_t i = 0; i < account.size(); ++i) {
      Amount& pending = hold[i] < 0 ? account[i].pending_debits : account[i].pending_credits;
      pending = Amount(pending.value() + (hold[i] < 0 ? -hold[i] : hold[i]));
    }
  }
  return account;
}

// The worst of each number over all subsets that may be posted.
struct Worst {
  Int128 equity = kMax<Int128>;
  Int128 headroom = kMax<Int128>;
  Int128 withdrawable = kMax<Int128>;  // headroom with the cap for withdrawals
  Int128 maintenance = 0;
};
Worst WorstOfAllSubsets(const Book& book, const Balances& account, const std::vector<Hold>& holds) {
  Worst worst;
  for (std::size_t subset = 0; subset < (std::size_t{1} << holds.size()); ++subset) {
    Balances posted = account;
    for (std::size_t h = 0; h < holds.size(); ++h) {
      if ((subset >> h & 1) == 0) continue;
      for (std::size_t i = 0; i < posted.size(); ++i) {
        posted[i].posted = Amount(posted[i].posted.value() + holds[h][i]);
      }
    }
    const RiskSum sum = *book.Sum(posted);
    const Risk risk = *Finish(sum, book.parameters().profit_cap);
    const Risk leaving = *Finish(sum, book.parameters().withdrawal_profit_cap);
    worst.equity = std::min(worst.equity, risk.equity.value());
    worst.headroom = std::min(worst.headroom, risk.initial_headroom.value());
    worst.withdrawable = std::min(worst.withdrawable, leaving.initial_headroom.value());
    worst.maintenance = std::max(worst.maintenance, risk.maintenance.value());
  }
  return worst;
}

Int128 Between(Random& random, std::int64_t least, std::int64_t most) {
  return least + static_cast<Int128>(random.Below(static_cast<std::uint64_t>(most - least) + 1));
}

Instrument RandomContract(Random& random, std::uint32_t n) {
  Instrument contract = Perpetual(n);
  contract.kind = static_cast<InstrumentKind>(1 + random.Below(3));
  if (contract.kind == InstrumentKind::kInverse) {
    contract.min_price = PriceTicks(1);
    contract.multiplier = static_cast<std::int64_t>(Between(random, 1, 5'000));
  }
  const auto initial = static_cast<std::int64_t>(Between(random, 0, 1'000'000));
  contract.curve = test::FlatCurve(initial, initial / 2);
  if (random.Chance(1, 3)) {
    contract.curve.initial_per_lot = Quanta(Between(random, 0, 50));
  }
  if (random.Chance(1, 3)) {
    const RatePpm most(1'000'000);
    EXPECT_TRUE(
        contract.curve.tiers.Add({Quanta(Between(random, 1, 2'000)), most, RatePpm(initial)}));
  }
  if (random.Chance(1, 3)) {
    contract.curve.premium = {.scale = Lots(static_cast<std::int64_t>(Between(random, 500, 2'000))),
                              .initial = RatePpm(500'000),
                              .maintenance = RatePpm(100'000)};
  }
  return contract;
}

Book RandomBook(Random& random) {
  std::vector<Instrument> instruments = {RandomContract(random, 1), RandomContract(random, 2)};
  Instrument token = test::SpotToken(3);
  token.collateral.initial_haircut = RatePpm(150'000);
  token.collateral.maintenance_haircut = RatePpm(50'000);
  instruments.push_back(token);
  MarginParameters parameters{.instruments = test::TableOf(instruments)};
  if (random.Chance(2, 3)) {
    parameters.profit_cap = Quanta(Between(random, 0, 2'000));
    parameters.withdrawal_profit_cap =
        random.Chance(1, 2) ? Quanta() : Quanta(parameters.profit_cap.value() / 2);
  }
  Book book(parameters);
  for (const Instrument& instrument : instruments) {
    const auto price = [&] { return static_cast<std::int64_t>(Between(random, 1, 60)); };
    book.SetPriceOf(instrument.asset, price());
    if (random.Chance(1, 2)) book.SetSlowPriceOf(instrument.asset, price());
  }
  return book;
}

// Cash, two positions with their cost, and a token.
Balances RandomAccount(Random& random) {
  return {Cash(Between(random, -5'000, 5'000)),
          Position(1, Between(random, -50, 50)),
          Cost(1, Between(random, -2'000, 2'000)),
          Position(2, Between(random, -50, 50)),
          Cost(2, Between(random, -2'000, 2'000)),
          Balance(kCash, TokenId(3), Between(random, 400, 1'000))};
}

Hold RandomHold(Random& random) {
  Hold hold(6);
  // A trade in one of the two, rarely in both; or tokens, or cash.
  const std::size_t first = random.Chance(1, 2) ? 1 : 3;
  for (const std::size_t at : {std::size_t{1}, std::size_t{3}}) {
    if (at != first && random.Chance(3, 4)) continue;
    hold[at] = Between(random, -20, 20);
    hold[at + 1] = Between(random, -1'000, 1'000);
  }
  if (random.Chance(1, 4)) hold[0] = Between(random, -500, 500);
  if (random.Chance(1, 4)) hold[5] = Between(random, -50, 50);
  return hold;
}

TEST(WhatIsReserved, IsNeverJudgedBetterThanTheWorstSubset) {
  Random random;
  int no_better = 0;
  int tight = 0;
  for (int round = 0; round < 3'000; ++round) {
    const Book book = RandomBook(random);
    const Balances account = RandomAccount(random);
    std::vector<Hold> holds;
    for (std::uint64_t left = random.Below(9); left > 0; --left) {
      holds.push_back(RandomHold(random));
    }
    const Worst worst = WorstOfAllSubsets(book, account, holds);
    const RiskSum sum = *book.Sum(Reserve(account, holds));
    const Risk risk = *Finish(sum, book.parameters().profit_cap);
    const Risk leaving = *Finish(sum, book.parameters().withdrawal_profit_cap);
    ASSERT_LE(risk.equity.value(), worst.equity);
    ASSERT_GE(risk.maintenance.value(), worst.maintenance);
    ASSERT_LE(risk.initial_headroom.value(), worst.headroom) << round;
    ASSERT_LE(leaving.initial_headroom.value(), worst.withdrawable) << round;
    ++no_better;
    if (risk.initial_headroom.value() == worst.headroom) ++tight;
  }
  EXPECT_EQ(no_better, 3'000);
  EXPECT_GT(tight, 300) << "without holds, and with holds of one sign";
}

// Each of the ways of being wrong by rounding alone: positions and prices of a few units.
TEST(WhatIsReserved, OfInverseContractsIsRoundedAgainstTheAccountBetweenTheEnds) {
  for (std::int64_t multiplier = 1; multiplier <= 7; ++multiplier) {
    for (std::int64_t price = 1; price <= 7; ++price) {
      for (std::int64_t rate = 0; rate <= 1'000'000; rate += 250'000) {
        Instrument contract = test::Inverse(1);
        contract.multiplier = multiplier;
        contract.curve = test::FlatCurve(rate, rate);
        Book book({contract});
        book.SetPrice(1, price);
        for (Int128 lots = -5; lots <= 5; ++lots) {
          for (Int128 size = -3; size <= 3; ++size) {
            const std::vector<Hold> holds = {{size}, {size}, {size}};
            const Balances account = {Position(1, lots)};
            const Worst worst = WorstOfAllSubsets(book, account, holds);
            const Risk risk = *book.Evaluate(Reserve(account, holds));
            ASSERT_LE(risk.initial_headroom.value(), worst.headroom);
            ASSERT_GE(risk.initial_headroom.value() + 2'000'000, worst.headroom);
            ASSERT_LE(risk.equity.value(), worst.equity);
            ASSERT_GE(risk.maintenance.value(), worst.maintenance);
          }
        }
      }
    }
  }
}

// An order to sell everything at a profit must not hide that all of the profit is beyond its cap:
// the order may be withdrawn as soon as something has left the account.
TEST(WhatIsReserved, HidesNoProfitFromItsCap) {
  MarginParameters parameters{.profit_cap = Quanta(),
                              .withdrawal_profit_cap = Quanta(),
                              .instruments = test::TableOf({Perpetual(1)})};
  Book book(parameters);
  book.SetPrice(1, 100);
  // Ten lots that cost nothing: of their value nothing counts, and they demand 100.
  const Balances account = {Cash(100), Position(1, 10), Cost(1, 0)};
  EXPECT_EQ(book.Evaluate(account)->initial_headroom, MicroQuanta());
  const Balances for_sale = Reserve(account, {{0, -10, 1'000}});
  EXPECT_EQ(book.Evaluate(for_sale)->initial_headroom, MicroQuanta());
}

}  // namespace
}  // namespace settle
