// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Corrections through a real ledger, after any later history: a bust gives what there would be
// without the trade, a price adjustment comes to what the right price would have come to, and a
// ported client goes on as if nothing had happened.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/ledger/booking.h"
#include "settle/ledger/event_booking.h"
#include "settle/ledger/rebooking.h"
#include "tests/ledger/booking_venue.h"
#include "tests/ledger/booking_world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr std::uint64_t kTraders = 4;  // owners 1 to 4

Venue::Trade AnyTrade(Random& random) {
  const std::uint64_t buyer = random.Between(1, kTraders);
  const std::uint64_t seller = 1 + (buyer + random.Between(0, kTraders - 2)) % kTraders;
  return {.buyer = buyer,
          .seller = seller,
          .lots = static_cast<Int128>(random.Between(1, 9)),
          .price = static_cast<Int128>(random.Below(1'000)),
          .by_house = random.Chance(1, 4)};
}

std::vector<Leg> CopyOf(Legs& legs) { return {legs.view().begin(), legs.view().end()}; }
void Add(const std::vector<Leg>& legs, Venue& venue) {
  LegBuffer& buffer = venue.legs();
  for (const Leg& leg : legs) ASSERT_TRUE(buffer.Add(leg).ok());
}

// What cash, positions and quote balances of an owner come to at a price.
Int128 EquityOf(const Venue& venue, std::uint64_t owner, Int128 price) {
  const PositionBalance position = venue.PositionOf(owner, kPerpetual);
  return venue.CashOf(owner) + position.quote.value() + position.lots.value() * price;
}

TEST(Bust, GivesWhatThereWouldBeWithoutTheTradeWhateverHappenedSince) {
  Random random;
  for (int life = 0; life < 100; ++life) {
    Venue venue;
    Venue without;
    const std::size_t trades = random.Between(1, 40);
    const std::size_t busted = random.Below(trades);
    std::vector<Leg> applied;
    TransactionId id;
    for (std::size_t i = 0; i < trades; ++i) {
      venue.Book(AnyTrade(random));
      const std::vector<Leg> legs = CopyOf(venue.legs());
      venue.Apply();
      if (i == busted) {
        applied = legs;
        id = venue.last_id();
      } else {
        Add(legs, without);
        without.Apply();
      }
    }
    ASSERT_TRUE(BookBust(applied, venue.legs()).ok());
    venue.Apply(CompulsoryRule::kNone, id);
    ASSERT_EQ(venue.balances(), without.balances());
    // What it leaves of positions without lots goes to cash, and nobody gains or loses by it.
    for (std::uint64_t owner = 1; owner <= kTraders; ++owner) {
      const Int128 before = EquityOf(venue, owner, 77);
      const TradeSide side = venue.SideOf(owner, kPerpetual);
      if (side.before.lots != Amount() || side.before.quote == Amount()) continue;
      ASSERT_TRUE(BookDailySettlement({.assets = kPerpetual.assets, .position = side, .price = {}},
                                      venue.legs())
                      .ok());
      venue.Apply(CompulsoryRule::kVariation);
      ASSERT_EQ(venue.PositionOf(owner, kPerpetual), PositionBalance());
      ASSERT_EQ(EquityOf(venue, owner, 77), before);
    }
  }
}

TEST(Bust, CanItselfBeBustedAndIsAppliedOnce) {
  Venue venue;
  venue.Book({.buyer = 1, .seller = 2, .lots = 5, .price = 100});
  const std::vector<Leg> trade = CopyOf(venue.legs());
  venue.Apply();
  const TransactionId id = venue.last_id();
  const Balances traded = venue.balances();
  ASSERT_TRUE(BookBust(trade, venue.legs()).ok());
  const std::vector<Leg> bust = CopyOf(venue.legs());
  const TransactionHeader header =
      *Compensating({.id = TransactionId::FromNumber(50), .valid_until = Timestamp(9)}, id);
  EXPECT_EQ(venue.Submit({.header = header, .legs = bust}).disposition, Disposition::kApplied);
  EXPECT_TRUE(venue.balances().empty());
  EXPECT_EQ(venue.Submit({.header = header, .legs = bust}).disposition, Disposition::kRepeated);
  EXPECT_TRUE(venue.balances().empty());
  // The ledger keeps which transaction it compensates: the same id for another is another.
  const TransactionHeader other = *Compensating(header, TransactionId::FromNumber(7));
  EXPECT_EQ(venue.Submit({.header = other, .legs = bust}).reason,
            Reason(LedgerReason::kExistsWithDifferentTarget));
  venue.legs().Clear();
  ASSERT_TRUE(BookBust(bust, venue.legs()).ok());
  venue.Apply(CompulsoryRule::kNone, header.id);
  EXPECT_EQ(venue.balances(), traded);
}

// Closes every position against owner 1 at one price.
void CloseAll(Venue& venue, Int128 price) {
  for (std::uint64_t owner = 2; owner <= kTraders; ++owner) {
    const Int128 lots = venue.PositionOf(owner, kPerpetual).lots.value();
    if (lots == 0) continue;
    const bool is_short = lots < 0;
    venue.Book({.buyer = is_short ? owner : 1,
                .seller = is_short ? 1 : owner,
                .lots = is_short ? -lots : lots,
                .price = price});
    venue.Apply();
  }
}

TEST(PriceAdjustment, ComesToWhatTheRightPriceWouldHaveComeTo) {
  Random random;
  for (int life = 0; life < 200; ++life) {
    Venue venue;
    Venue right;
    const auto trade_both = [&](const Venue::Trade& trade) {
      venue.Book(trade);
      venue.Apply();
      right.Book(trade);
      right.Apply();
    };
    const auto trade_some = [&] {
      for (std::uint64_t i = random.Below(12); i > 0; --i) trade_both(AnyTrade(random));
    };
    trade_some();
    const Venue::Trade wrong = AnyTrade(random);
    Venue::Trade corrected = wrong;
    corrected.price = static_cast<Int128>(random.Below(1'000));
    venue.Book(wrong);
    venue.Apply();
    const TransactionId id = venue.last_id();
    right.Book(corrected);
    right.Apply();
    trade_some();
    const PriceAdjustment adjustment{.assets = kPerpetual.assets,
                                     .buyer = venue.SideOf(wrong.buyer, kPerpetual),
                                     .seller = venue.SideOf(wrong.seller, kPerpetual),
                                     .lots = Of(wrong.lots),
                                     .old_value = Of(wrong.lots * wrong.price),
                                     .new_value = Of(wrong.lots * corrected.price)};
    const Result<AdjustedPositions> after = BookPriceAdjustment(adjustment, venue.legs());
    ASSERT_TRUE(after.ok());
    if (venue.legs().size() != 0) venue.Apply(CompulsoryRule::kNone, id);
    ASSERT_EQ(venue.PositionOf(wrong.buyer, kPerpetual), after->buyer);
    ASSERT_EQ(venue.PositionOf(wrong.seller, kPerpetual), after->seller);
    // At once in equity, whichever part stays in the position ...
    for (std::uint64_t owner = 1; owner <= kTraders; ++owner) {
      ASSERT_EQ(EquityOf(venue, owner, 500), EquityOf(right, owner, 500));
      if (venue.PositionOf(owner, kPerpetual).lots == Amount()) {
        ASSERT_EQ(venue.PositionOf(owner, kPerpetual), PositionBalance());
      }
    }
    // ... and in cash once all is closed.
    trade_some();
    CloseAll(venue, 321);
    CloseAll(right, 321);
    ASSERT_EQ(venue.balances(), right.balances());
  }
}

// Of owner `from`: what its accounts hold, and what is reserved of them.
std::vector<PortedBalance> BalancesOf(Venue& venue, std::uint64_t from) {
  std::vector<PortedBalance> balances;
  venue.ledger().ForEachAccount([&](const AccountState& account) {
    if (account.key.owner != OwnerOf(from)) return;
    balances.push_back({.account = account.key,
                        .balance = account.balance,
                        .pending = venue.ledger().PendingOf(account.key)});
  });
  return balances;
}

constexpr std::uint64_t kMember = 30;  // to whom the client comes

Reason Port(Venue& venue, std::uint64_t client) {
  const std::vector<PortedBalance> balances = BalancesOf(venue, client);
  return BookPorting({.from = OwnerOf(client), .to = OwnerOf(kMember), .balances = balances},
                     venue.legs());
}

TEST(Porting, TakesPositionsAndCollateralWhichGoOnAsBefore) {
  Random random;
  for (int life = 0; life < 100; ++life) {
    Venue venue;
    Venue unported;
    const auto trade_some = [&](bool is_ported) {
      for (std::uint64_t i = random.Between(1, 20); i > 0; --i) {
        Venue::Trade trade = AnyTrade(random);
        unported.Book(trade);
        unported.Apply();
        if (is_ported && trade.buyer == 1) trade.buyer = kMember;
        if (is_ported && trade.seller == 1) trade.seller = kMember;
        venue.Book(trade);
        venue.Apply();
      }
    };
    for (Venue* each : {&venue, &unported}) {
      ASSERT_TRUE(
          BookDeposit(
              {.asset = kBtc, .holder = Purse(1), .outside = {kOutside}, .amount = Of(1'000)},
              each->legs())
              .ok());
      each->Apply();
    }
    trade_some(false);
    ASSERT_TRUE(Port(venue, 1).ok());
    venue.Apply(CompulsoryRule::kWaterfall);
    for (const PortedBalance& left : BalancesOf(venue, 1)) ASSERT_EQ(left.balance, Amount());
    trade_some(true);
    Balances renamed;
    for (const auto& [key, balance] : unported.balances()) {
      AccountKey to = key;
      if (to.owner == OwnerOf(1)) to.owner = OwnerOf(kMember);
      renamed[to] = balance;
    }
    ASSERT_EQ(venue.balances(), renamed);
  }
}

TEST(Porting, WaitsForTheClientsHolds) {
  Venue venue;
  ASSERT_TRUE(
      BookDeposit({.asset = kUsd, .holder = Purse(1), .outside = {kOutside}, .amount = Of(100)},
                  venue.legs())
          .ok());
  venue.Apply();
  venue.Book({.buyer = 1, .seller = 2, .lots = 5, .price = 10});
  venue.Apply();
  const HoldTerms terms{.expires_at = Timestamp(500), .resolver = OwnerOf(3)};
  const std::vector<Leg> promised = {{Cash(1), Of(-40)}, {Cash(3), Of(40)}};
  const TransactionHeader hold{.id = TransactionId::FromNumber(60),
                               .valid_until = Timestamp(400),
                               .action = TransactionAction::kHold};
  ASSERT_TRUE(venue.Submit({.header = hold, .legs = promised, .terms = &terms}).ok());
  EXPECT_EQ(Port(venue, 1), Reason(LedgerReason::kStillReserved));
  EXPECT_EQ(Port(venue, 3), Reason(LedgerReason::kStillReserved));  // who is to get it neither
  EXPECT_EQ(venue.legs().size(), 0u);
  ASSERT_TRUE(venue.ledger().Advance(Height(2), Timestamp(500)).ok());  // the hold is over
  ASSERT_TRUE(Port(venue, 1).ok());
  EXPECT_EQ(Texts(venue.legs()), (Lines{"1 cash usd -100", "30 cash usd +100", "1 book perp -5",
                                        "30 book perp +5", "1 book usd +50", "30 book usd -50"}));
  venue.Apply(CompulsoryRule::kWaterfall);
  EXPECT_EQ(venue.PositionOf(kMember, kPerpetual), Holding(5, -50));
  EXPECT_EQ(venue.CashOf(kMember), 100);
}

}  // namespace
}  // namespace settle::test
