// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Bookings run through a real ledger beside an obvious model of them: a map of balances that is
// moved by hand. Random events, the seed in every failure (see tests/support/random.h).

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "settle/ledger/booking.h"
#include "settle/ledger/event_booking.h"
#include "settle/ledger/rebooking.h"
#include "tests/ledger/booking_venue.h"
#include "tests/ledger/booking_world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

Int128 Floor(Int128 a, Int128 b) { return a / b - (a % b < 0 ? 1 : 0); }  // b > 0
Int128 NearestEven(Int128 a, Int128 b) {                                  // a >= 0, b > 0
  const Int128 down = a / b;
  const Int128 twice = 2 * (a % b);
  return down + (twice > b || (twice == b && down % 2 != 0) ? 1 : 0);
}
Int128 Size(Int128 a) { return a < 0 ? -a : a; }

// What each account should hold. Everything is moved in pairs but fills, whose other half is the
// other side's.
struct Model {
  Balances balances;

  void Move(const AccountKey& to, const AccountKey& from, Int128 amount) {
    balances[to] += amount;
    balances[from] -= amount;
  }
  [[nodiscard]] Int128 ClosedBy(const PositionHolder& holder, const Listed& listed, Int128 lots) {
    const Int128 held = balances[holder.In(listed.assets.contract)];
    const bool reduces = (held > 0 && lots < 0) || (held < 0 && lots > 0);
    return reduces ? std::min(Size(held), Size(lots)) : Int128{0};
  }
  // One side of a trade of `lots` that moves its quote balance by `flow`, of which `closed_flow`
  // belongs to what it closes.
  void Fill(std::uint64_t owner, const Listed& listed, Int128 lots, Int128 flow,
            Int128 closed_flow) {
    const PositionHolder holder = listed.Of(owner);
    Int128& held = balances[holder.In(listed.assets.contract)];
    Int128& quote = balances[holder.In(listed.assets.quote)];
    const Int128 closed = ClosedBy(holder, listed, lots);
    Int128 profit = 0;
    if (closed != 0) {
      profit = closed_flow + (closed == Size(held) ? quote : Floor(quote * closed, Size(held)));
    }
    held += lots;
    quote += flow - profit;
    balances[holder.CashIn(listed.assets.quote)] += profit;
  }
  [[nodiscard]] Balances NotZero() const {
    Balances all = balances;
    std::erase_if(all, [](const auto& balance) { return balance.second == 0; });
    return all;
  }
};

constexpr std::uint64_t kTraders = 5;  // owners 1 to 5

// Every kind of event, in a ledger and by hand.
class BookedMarket : public ::testing::Test {
 public:
  Int128 Number(std::uint64_t most) { return static_cast<Int128>(random_.Below(most)); }
  void PickTwo() {
    a_ = random_.Between(1, kTraders);
    b_ = 1 + (a_ + random_.Between(0, kTraders - 2)) % kTraders;
    ASSERT_NE(a_, b_);
  }
  Int128 LotsOf(std::uint64_t owner, const Listed& listed) {
    return model_.balances[listed.Of(owner).In(listed.assets.contract)];
  }

  void TradePerpetual() {
    const Int128 lots = 1 + Number(12);
    const Int128 price = Number(1'000) - 200;
    venue_.Book({a_, b_, lots, price, random_.Chance(1, 3)});
    const Int128 bought = model_.ClosedBy(kPerpetual.Of(a_), kPerpetual, lots);
    const Int128 sold = model_.ClosedBy(kPerpetual.Of(b_), kPerpetual, -lots);
    model_.Fill(a_, kPerpetual, lots, -lots * price, -bought * price);
    model_.Fill(b_, kPerpetual, -lots, lots * price, sold * price);
    Fees();
    venue_.Apply();
  }

  void TradeInverse() {
    const Int128 lots = 1 + Number(12);
    const InversePrice price{.multiplier = 1 + Number(40), .price = 1 + Number(20)};
    InverseTrade trade{.parties = {.assets = kInverse.assets,
                                   .buyer = venue_.SideOf(a_, kInverse),
                                   .seller = venue_.SideOf(b_, kInverse)},
                       .lots = Of(lots),
                       .price = price};
    if (random_.Chance(1, 3)) trade.parties.house = kInverse.Of(kHouse);
    ASSERT_TRUE(BookInverseTrade(trade, venue_.legs()).ok());
    ASSERT_TRUE(CheckNetsToZero(venue_.legs().view(), OwnerOf(kHouse)).ok());
    // Lot by lot: a piece ends where a side has closed its position, and each piece is rounded.
    const Int128 bought = model_.ClosedBy(kInverse.Of(a_), kInverse, lots);
    const Int128 sold = model_.ClosedBy(kInverse.Of(b_), kInverse, -lots);
    std::map<Int128, Int128> value_until = {{0, 0}};
    Int128 piece = 0;
    Int128 value = 0;
    for (Int128 lot = 1; lot <= lots; ++lot) {
      ++piece;
      if (lot != bought && lot != sold && lot != lots) continue;
      value += NearestEven(piece * price.multiplier, price.price);
      piece = 0;
      value_until[lot] = value;
    }
    model_.Fill(a_, kInverse, lots, value, value_until[bought]);
    model_.Fill(b_, kInverse, -lots, -value, -value_until[sold]);
    venue_.Apply();
  }

  void TradeSpot() {
    const Int128 amount = 1 + Number(50);
    const Int128 value = Number(5'000);
    ASSERT_TRUE(BookSpotTrade({.base = kBtc,
                               .quote = kUsd,
                               .buyer = Purse(a_),
                               .seller = Purse(b_),
                               .amount = Of(amount),
                               .value = Of(value)},
                              venue_.legs())
                    .ok());
    model_.Move(Cash(a_, kBtc), Cash(b_, kBtc), amount);
    model_.Move(Cash(b_), Cash(a_), value);
    Fees();
    venue_.Apply();
  }

  void Fees() {
    const Int128 fee = Number(9) - 3;
    ASSERT_TRUE(
        BookFee({.asset = kUsd, .payer = Purse(a_), .fees = Purse(kFees), .amount = Of(fee)},
                venue_.legs())
            .ok());
    model_.Move(Cash(kFees), Cash(a_), fee);
  }

  void TradeOption() {
    const Int128 lots = 1 + Number(9);
    const Int128 premium = Number(300);
    ASSERT_TRUE(BookOptionTrade({.assets = kOption.assets,
                                 .buyer = kOption.Of(a_),
                                 .seller = kOption.Of(b_),
                                 .lots = Of(lots),
                                 .premium = Of(premium)},
                                venue_.legs())
                    .ok());
    const AssetId option = kOption.assets.contract;
    model_.Move(kOption.Of(a_).In(option), kOption.Of(b_).In(option), lots);
    model_.Move(Cash(b_), Cash(a_), premium);
    venue_.Apply();
  }

  // In cash, or into the perpetual at a strike.
  void ExerciseOption() {
    const Int128 lots = std::min(LotsOf(a_, kOption), -LotsOf(b_, kOption));
    const OptionExercise exercise{
        .option = kOption.assets,
        .holder = {.holder = kOption.Of(a_), .lots = Of(LotsOf(a_, kOption))},
        .writer = {.holder = kOption.Of(b_), .lots = Of(LotsOf(b_, kOption))},
        .lots = Of(lots < 1 ? Int128{1} : lots),
        .payoff = Of(Number(300))};
    if (lots < 1) {
      EXPECT_EQ(BookExercise(exercise, venue_.legs()), Reason(LedgerReason::kExceedsPosition));
      return;
    }
    const Int128 strike = Number(500);
    if (random_.Chance(1, 2)) {
      ASSERT_TRUE(
          BookFutureExercise({.exercise = exercise,
                              .future = {.parties = {.assets = kPerpetual.assets,
                                                     .buyer = venue_.SideOf(a_, kPerpetual),
                                                     .seller = venue_.SideOf(b_, kPerpetual)},
                                         .lots = Of(lots),
                                         .value = Of(lots * strike)}},
                             venue_.legs())
              .ok());
      const Int128 bought = model_.ClosedBy(kPerpetual.Of(a_), kPerpetual, lots);
      const Int128 sold = model_.ClosedBy(kPerpetual.Of(b_), kPerpetual, -lots);
      model_.Fill(a_, kPerpetual, lots, -lots * strike, -bought * strike);
      model_.Fill(b_, kPerpetual, -lots, lots * strike, sold * strike);
    } else {
      ASSERT_TRUE(BookExercise(exercise, venue_.legs()).ok());
    }
    const AssetId option = kOption.assets.contract;
    model_.Move(kOption.Of(b_).In(option), kOption.Of(a_).In(option), lots);
    model_.Move(Cash(a_), Cash(b_), exercise.payoff.value());
    venue_.Apply(CompulsoryRule::kAssignment);
  }

  // Of all positions at once, since the last payment.
  void PayFunding() {
    const Int128 now = index_ + Number(4'000'000) - 2'000'000;
    for (std::uint64_t owner = 1; owner <= kTraders; ++owner) {
      const Int128 lots = LotsOf(owner, kPerpetual);
      ASSERT_TRUE(BookFunding({.quote = kUsd,
                               .holder = Purse(owner),
                               .funding = Purse(kFunding),
                               .lots = Of(lots),
                               .since = FundingPerLot(index_),
                               .now = FundingPerLot(now)},
                              venue_.legs())
                      .ok());
      model_.Move(Cash(owner), Cash(kFunding), Floor(-(now - index_) * lots, 1'000'000));
    }
    index_ = now;
    if (venue_.legs().size() != 0) venue_.Apply(CompulsoryRule::kFunding);
    EXPECT_GE(venue_.CashOf(kFunding), 0);
  }

  void SettleDaily() {
    const Int128 price = Number(1'000);
    const InversePrice inverse{.multiplier = 1 + Number(40), .price = 1 + Number(20)};
    const auto settle = [this](std::uint64_t owner, const Listed& listed, Int128 worth) {
      const PositionHolder holder = listed.Of(owner);
      Int128& quote = model_.balances[holder.In(listed.assets.quote)];
      model_.balances[holder.CashIn(listed.assets.quote)] += quote + worth;
      quote = -worth;
    };
    for (std::uint64_t owner = 1; owner <= kTraders; ++owner) {
      ASSERT_TRUE(BookDailySettlement({.assets = kPerpetual.assets,
                                       .position = venue_.SideOf(owner, kPerpetual),
                                       .price = Of(price)},
                                      venue_.legs())
                      .ok());
      settle(owner, kPerpetual, LotsOf(owner, kPerpetual) * price);
      ASSERT_TRUE(BookInverseDailySettlement({.assets = kInverse.assets,
                                              .position = venue_.SideOf(owner, kInverse),
                                              .price = inverse},
                                             venue_.legs())
                      .ok());
      const Int128 lots = LotsOf(owner, kInverse);
      const Int128 value = NearestEven(Size(lots) * inverse.multiplier, inverse.price);
      settle(owner, kInverse, lots < 0 ? value : -value);
    }
    if (venue_.legs().size() != 0) venue_.Apply(CompulsoryRule::kVariation);
  }

  void GiveUpLots() {
    const Int128 held = LotsOf(a_, kPerpetual);
    if (held == 0) return;
    const Int128 lots = 1 + Number(static_cast<std::uint64_t>(Size(held)));
    ASSERT_TRUE(BookGiveUp({.assets = kPerpetual.assets,
                            .from = venue_.SideOf(a_, kPerpetual),
                            .to = venue_.SideOf(b_, kPerpetual),
                            .lots = Of(lots)},
                           venue_.legs())
                    .ok());
    Int128& quote = model_.balances[kPerpetual.Of(a_).In(kUsd)];
    const Int128 cost = lots == Size(held) ? quote : Floor(quote * lots, Size(held));
    const Int128 moved = held < 0 ? -lots : lots;
    quote -= cost;
    model_.balances[kPerpetual.Of(a_).In(kPerp)] -= moved;
    const Int128 closed = model_.ClosedBy(kPerpetual.Of(b_), kPerpetual, moved);
    model_.Fill(b_, kPerpetual, moved, cost, Floor(cost * closed, lots));
    venue_.Apply();
  }

  void MoveCash() {
    const CashMovement movement{.asset = random_.Chance(1, 2) ? kUsd : kBtc,
                                .holder = Purse(a_),
                                .outside = {kOutside},
                                .amount = Of(1 + Number(1'000))};
    const bool comes_in = random_.Chance(1, 2);
    ASSERT_TRUE(
        (comes_in ? BookDeposit(movement, venue_.legs()) : BookWithdrawal(movement, venue_.legs()))
            .ok());
    const Int128 amount = movement.amount.value();
    model_.Move(Cash(a_, movement.asset), {kOutside, kCash, movement.asset},
                comes_in ? amount : -amount);
    venue_.Apply();
  }

  // A closed position has no quote balance: of flat positions that have some, none.
  void CheckFlat() {
    for (const Listed& listed : {kPerpetual, kInverse, kOption}) {
      for (std::uint64_t owner = 1; owner <= kTraders; ++owner) {
        const PositionBalance position = venue_.PositionOf(owner, listed);
        if (position.lots != Amount()) continue;
        ++flat_;
        ASSERT_EQ(position.quote, Amount());
      }
    }
  }

  Random random_;
  Venue venue_;
  Model model_;
  std::uint64_t a_ = 1;
  std::uint64_t b_ = 2;
  Int128 index_ = 0;  // of funding, in millionths of a quantum
  std::size_t flat_ = 0;
};

TEST_F(BookedMarket, HoldsWhatAModelMovedByHandHolds) {
  using Event = void (BookedMarket::*)();
  const std::vector<Event> events = {
      &BookedMarket::TradePerpetual, &BookedMarket::TradePerpetual, &BookedMarket::TradePerpetual,
      &BookedMarket::TradeInverse,   &BookedMarket::TradeInverse,   &BookedMarket::TradeSpot,
      &BookedMarket::TradeOption,    &BookedMarket::ExerciseOption, &BookedMarket::GiveUpLots,
      &BookedMarket::MoveCash,       &BookedMarket::PayFunding,     &BookedMarket::SettleDaily};
  for (int i = 0; i < 3'000; ++i) {
    PickTwo();
    (this->*random_.Pick(events))();
    ASSERT_EQ(venue_.balances(), model_.NotZero()) << "event " << i;
    CheckFlat();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(flat_, 500u);
}

TEST_F(BookedMarket, RealisesOverALifeWhatWasSoldLessWhatWasBought) {
  std::vector<Int128> sold_less_bought(kTraders + 1, 0);
  const auto trade = [&](Int128 lots, Int128 price) {
    venue_.Book({a_, b_, lots, price, random_.Chance(1, 3)});
    venue_.Apply();
    sold_less_bought[a_] -= lots * price;
    sold_less_bought[b_] += lots * price;
  };
  for (int i = 0; i < 1'000; ++i) {
    PickTwo();
    trade(1 + Number(12), Number(1'000));
  }
  // Everybody closes against owner 1, who is then flat as well.
  for (std::uint64_t owner = 2; owner <= kTraders; ++owner) {
    const Int128 lots = venue_.PositionOf(owner, kPerpetual).lots.value();
    if (lots == 0) continue;
    a_ = lots < 0 ? owner : 1;
    b_ = lots < 0 ? 1 : owner;
    trade(Size(lots), Number(1'000));
  }
  for (std::uint64_t owner = 1; owner <= kTraders; ++owner) {
    EXPECT_EQ(venue_.PositionOf(owner, kPerpetual), PositionBalance());
    EXPECT_EQ(venue_.CashOf(owner), sold_less_bought[owner]);
  }
}

TEST_F(BookedMarket, OpensFromTheOutsideAndStaysAtZero) {
  for (std::uint64_t owner = 1; owner <= kTraders; ++owner) {
    const Int128 lots = Number(9) - 4;
    const Int128 quote = lots == 0 ? Int128{0} : Number(500) - 250;
    ASSERT_TRUE(BookPositionOpening({.assets = kPerpetual.assets,
                                     .holder = kPerpetual.Of(owner),
                                     .outside = kOutside,
                                     .balance = Holding(lots, quote)},
                                    venue_.legs())
                    .ok());
    ASSERT_TRUE(BookOpening({.account = Cash(owner), .outside = kOutside, .balance = Of(owner)},
                            venue_.legs())
                    .ok());
    model_.Move(kPerpetual.Of(owner).In(kPerp), {kOutside, kPerpBook, kPerp}, lots);
    model_.Move(kPerpetual.Of(owner).In(kUsd), {kOutside, kPerpBook, kUsd}, quote);
    model_.Move(Cash(owner), {kOutside, kCash, kUsd}, static_cast<Int128>(owner));
  }
  venue_.Apply(CompulsoryRule::kGenesis);
  EXPECT_EQ(venue_.balances(), model_.NotZero());
}

}  // namespace
}  // namespace settle::test
