// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Random accounts and books of every kind of instrument: the risk of each agrees with the slow
// model, with itself in any order, whichever way it is asked for, and with what is kept up to date
// change by change. SETTLE_NIGHTLY=1 runs twenty times as many changes.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/risk.h"
#include "tests/margin/books.h"
#include "tests/margin/random_world.h"
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
using test::RandomWorld;

std::uint64_t Steps(std::uint64_t usual) {
  const char* const nightly = std::getenv("SETTLE_NIGHTLY");
  return nightly != nullptr && std::string_view(nightly) == "1" ? 20 * usual : usual;
}

// Rarely something that is refused.
void Spoil(Random& random, const RandomWorld& world, Balances& account) {
  if (random.Chance(1, 10)) account.push_back(Balance(kCash, test::kOtherToken, 17));
  if (random.Chance(1, 60)) account.push_back(Balance(kCash, test::kOtherToken, -17));
  if (random.Chance(1, 60)) account.push_back(Balance(kCash, TokenId(test::kFirstToken), -1));
  if (random.Chance(1, 60)) account.push_back(Position(1'000, 1));
  if (random.Chance(1, 60)) {
    const Int128 beyond = Int128{world.table()[InstrumentIndex(0)].max_lots.value()} + 1;
    account.push_back(Position(1, random.Chance(1, 2) ? beyond : -beyond));
  }
}

// A world of which some instruments have no price, and of which the owners have lots elsewhere.
RandomWorld WorldOf(Random& random, std::uint32_t contracts, std::uint32_t tokens) {
  RandomWorld world(random, contracts, tokens);
  for (std::uint32_t i = 0; i < contracts + tokens; ++i) {
    if (random.Chance(1, 60)) world.ClearPrices(i);
  }
  for (std::uint32_t i = 0; i < contracts; ++i) {
    if (random.Chance(1, 2)) continue;
    const auto lots = static_cast<std::int64_t>(world.RandomLots(random, i));
    world.SetElsewhere(OwnerId::FromNumber(random.Below(RandomWorld::kOwners)), i,
                       lots < 0 ? -lots : lots);
  }
  return world;
}

OwnerView ViewOf(std::uint64_t owner, const Balances& balances) {
  return {.id = {.owner = OwnerId::FromNumber(owner), .group = {}}, .balances = balances};
}

void ExpectSlow(const RandomWorld& world, const RiskSum& sum, const test::SlowRisk& slow) {
  ASSERT_EQ(BigInteger(sum.equity.value()), slow.equity);
  ASSERT_EQ(BigInteger(sum.initial.value()), slow.initial);
  ASSERT_EQ(BigInteger(sum.maintenance.value()), slow.maintenance);
  const Quanta cap = world.parameters().profit_cap;
  const Result<Risk> risk = Finish(sum, cap);
  ASSERT_TRUE(risk.ok());
  const BigInteger headroom = test::SlowHeadroom(slow, world.slow().profit_cap);
  ASSERT_EQ(BigInteger(risk->initial_headroom.value()), headroom);
  ASSERT_EQ(InitialMarginHolds(*risk), !(headroom < BigInteger()));
  const BigInteger kept = slow.equity * BigInteger(1'000'000) - slow.maintenance;
  ASSERT_EQ(MaintenanceMarginHolds(*risk), !(kept < BigInteger()));
  ASSERT_FALSE(kept < headroom) << "initial margin is never less than maintenance";
}

TEST(RiskOfRandomAccounts, AgreesWithTheSlowModel) {
  Random random;
  int valued = 0;
  int refused = 0;
  int capped = 0;
  for (int round = 0; round < 1'500; ++round) {
    const RandomWorld world = WorldOf(random, static_cast<std::uint32_t>(1 + random.Below(6)),
                                      static_cast<std::uint32_t>(random.Below(3)));
    for (int turn = 0; turn < 5; ++turn) {
      Balances account = test::RandomAccount(random, world);
      Spoil(random, world, account);
      const OwnerView view = ViewOf(random.Below(RandomWorld::kOwners), account);
      const auto slow = test::SlowAccount(world.slow(), view).Evaluate();
      const Result<RiskSum> sum = SumOf<ExactPpm>(world.context(), view);
      ASSERT_EQ(sum.ok(), slow.has_value()) << sum.reason().code();
      (sum.ok() ? valued : refused)++;
      if (!sum.ok()) continue;
      ASSERT_NO_FATAL_FAILURE(ExpectSlow(world, *sum, *slow));
      if (world.parameters().profit_cap < sum->profit) ++capped;
    }
  }
  EXPECT_GT(valued, 4'000);
  EXPECT_GT(refused, 500);
  EXPECT_GT(capped, 500);
}

TEST(RiskOfRandomAccounts, IsTheSameInAnyOrder) {
  Random random;
  for (int round = 0; round < 1'000; ++round) {
    const RandomWorld world = WorldOf(random, 5, 2);
    Balances account = test::RandomAccount(random, world);
    Spoil(random, world, account);
    const Result<RiskSum> sum = SumOf<ExactPpm>(world.context(), test::View(account));
    for (int turn = 0; turn < 5; ++turn) {
      random.Shuffle(account);
      const Result<RiskSum> shuffled = SumOf<ExactPpm>(world.context(), test::View(account));
      ASSERT_EQ(shuffled.reason(), sum.reason());
      ASSERT_TRUE(!sum.ok() || *shuffled == *sum);
    }
  }
}

// The same account as positions: of each contract in order, with the quote balance beside it.
std::vector<MarginPosition> PositionsOf(const RandomWorld& world, const OwnerView& account) {
  std::vector<MarginPosition> positions;
  for (std::uint32_t i = 0; i < world.contracts(); ++i) {
    const Instrument& contract = world.table()[InstrumentIndex(i)];
    MarginPosition position{.instrument = InstrumentIndex(i),
                            .elsewhere = world.owner_lots().Elsewhere(account.id, contract.asset)};
    for (const BalanceView& balance : account.balances) {
      if (balance.compartment != contract.compartment) continue;
      if (IsContract(balance.asset)) {
        position.lots = *LotsOf(balance.posted);
        position.open_interest = *LotsOf(balance.open_interest);
      } else {
        position.quote = QuantaOf(balance.posted);
      }
    }
    positions.push_back(position);
  }
  return positions;
}

TEST(RiskOfRandomAccounts, IsTheSameOfBalancesAndOfPositions) {
  Random random;
  int valued = 0;
  for (int round = 0; round < 4'000; ++round) {
    const RandomWorld world = WorldOf(random, 4, 0);
    Balances account = test::RandomAccount(random, world);
    for (BalanceView& balance : account) balance.pending_debits = balance.pending_credits = {};
    const OwnerView view = ViewOf(random.Below(RandomWorld::kOwners), account);
    const std::vector<MarginPosition> positions = PositionsOf(world, view);
    const Result<RiskSum> by_balances = SumOf<ExactPpm>(world.context(), view);
    const Result<RiskSum> by_positions =
        SumOf<ExactPpm>(world.valuation(), QuantaOf(account[0].posted), positions);
    ASSERT_EQ(by_balances.reason(), by_positions.reason());
    if (!by_balances.ok()) continue;
    ASSERT_EQ(*by_balances, *by_positions);
    ++valued;
    for (const MarginPosition& position : positions) {
      const auto one = ContributionOf<ExactPpm>(world.valuation(), position);
      RiskSum both;
      for (const BalanceView& balance : account) {
        if (balance.compartment != world.table()[position.instrument].compartment) continue;
        ASSERT_TRUE(AddTo(both, *ContributionOf<ExactPpm>(world.context(), view, balance)));
      }
      ASSERT_EQ(both, *one);
    }
  }
  EXPECT_GT(valued, 3'000);
}

// Each step changes one position, or the price of all in one instrument.
TEST(RiskOfRandomBooks, KeptUpToDateEqualsTheWhole) {
  Random random;
  constexpr std::uint32_t kContracts = 4;
  std::uint64_t steps = 0;
  for (const std::uint64_t all = Steps(1'000'000); steps < all;) {
    RandomWorld world(random, kContracts, 0);
    std::vector<MarginPosition> positions(kContracts);
    RiskSum kept;
    for (std::uint32_t i = 0; i < kContracts; ++i) positions[i].instrument = InstrumentIndex(i);
    for (int turn = 0; turn < 2'000; ++turn, ++steps) {
      const auto at = static_cast<std::uint32_t>(random.Below(kContracts));
      MarginPosition& position = positions[at];
      const auto old = ContributionOf<ExactPpm>(world.valuation(), position);
      if (random.Chance(1, 20)) {
        world.SetRandomPrices(random, at);
      } else {
        position.lots = Lots(static_cast<std::int64_t>(world.RandomLots(random, at)));
        position.quote = Quanta(test::RandomQuanta(random));
        position.open_interest = Lots(test::UpTo(random, kMax<std::int64_t>));
      }
      const auto now = ContributionOf<ExactPpm>(world.valuation(), position);
      ASSERT_TRUE(old.ok() && now.ok());
      ASSERT_TRUE(SubtractFrom(kept, *old) && AddTo(kept, *now));
      const Result<RiskSum> whole = SumOf<ExactPpm>(world.valuation(), Quanta(), positions);
      ASSERT_TRUE(whole.ok() && kept == *whole) << "step " << steps;
    }
  }
}

// Each step changes one balance of a contract or beside it, or of a token.
TEST(RiskOfRandomAccounts, KeptUpToDateEqualsTheWhole) {
  Random random;
  std::uint64_t steps = 0;
  for (const std::uint64_t all = Steps(60'000); steps < all;) {
    const RandomWorld world(random, 3, 2);
    Balances account = {Cash(0)};
    for (std::uint32_t i = 0; i < 2; ++i) {
      account.push_back(Balance(kCash, TokenId(test::kFirstToken + i), 0));
    }
    for (std::uint32_t n = 1; n <= 3; ++n) {
      account.push_back(Position(n, 0));
      account.push_back(Cost(n, 0));
    }
    const OwnerView view = test::View(account);
    RiskSum kept;
    for (int turn = 0; turn < 1'000; ++turn, ++steps) {
      const auto at = static_cast<std::size_t>(random.Below(account.size()));
      // Where profit is capped, that of a position is of both its balances.
      const auto contributions = [&] {
        RiskSum sum;
        for (std::size_t i = 0; i < account.size(); ++i) {
          const bool is_beside =
              account[at].compartment != kCash && account[i].compartment == account[at].compartment;
          if (i != at && !is_beside) continue;
          const auto part = ContributionOf<ExactPpm>(world.context(), view, account[i]);
          EXPECT_TRUE(part.ok() && AddTo(sum, *part));
        }
        return sum;
      };
      const RiskSum old = contributions();
      BalanceView& balance = account[at];
      if (IsContract(balance.asset)) {
        balance.posted = Amount(world.RandomLots(random, balance.compartment.value() - 1));
      } else {
        const Int128 quanta = test::RandomQuanta(random);
        balance.posted = Amount(balance.asset == test::kQuote || quanta > 0 ? quanta : -quanta);
      }
      ASSERT_TRUE(SubtractFrom(kept, old) && AddTo(kept, contributions()));
      const Result<RiskSum> whole = SumOf<ExactPpm>(world.context(), view);
      ASSERT_TRUE(whole.ok() && kept == *whole) << "step " << steps;
    }
  }
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

}  // namespace
}  // namespace settle
