// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/legs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "settle/base/text.h"

namespace settle::example {
namespace {

constexpr std::uint32_t kPerpetual = 0;
constexpr std::uint32_t kSpot = 1;
constexpr std::uint32_t kBase = 1;  // the token

// Two accounts, 11 and 12; a perpetual and a spot pair whose lot is 100 quanta of its token.
TradeStream Stream(Position buyer, Position seller) {
  TradeStream stream;
  stream.tokens = {{.name = "USDC", .decimals = 8}, {.name = "AAA", .decimals = 4}};
  stream.coins = {{.name = "BTC"}, {.name = "@1", .is_spot = true, .token = kBase}};
  stream.coins[kSpot].units_per_lot = 100;
  stream.accounts = {11, 12};
  for (const std::uint32_t coin : {kPerpetual, kSpot}) {
    for (const std::uint32_t account : {0u, 1u}) {
      Holding holding{.account = account, .coin = coin, .is_spot = coin == kSpot};
      const Position& opening = account == 0 ? buyer : seller;
      if (coin == kPerpetual) {
        holding.opening_units = static_cast<std::int64_t>(opening.units);
        holding.opening_quote = opening.quote;
      }
      stream.holdings.push_back(holding);
    }
  }
  return stream;
}

Trade TradeOf(std::uint32_t coin, std::int64_t lots, std::int64_t price) {
  Trade trade{.coin = coin, .lots = lots, .price = price, .notional = lots * price};
  trade.buyer = {.account = 0, .holding = 2 * coin};
  trade.seller = {.account = 1, .holding = 2 * coin + 1};
  return trade;
}

// "11 BTC lots +5", in the order in which they were booked.
std::vector<std::string> Texts(const TradeLegs& legs) {
  std::vector<std::string> texts;
  for (const Leg& leg : legs.view()) {
    const OwnerId& owner = leg.account.owner;
    std::string text = owner == kVenue ? "venue" : owner == OwnerOf(11) ? "11" : "12";
    text += leg.account.compartment == kCash ? " cash " : " BTC ";
    text += IsContract(leg.account.asset)         ? "lots "
            : leg.account.asset == TokenId(kBase) ? "AAA "
                                                  : "USDC ";
    text += (Sign(leg.amount) > 0 ? "+" : "") + ToString(leg.amount);
    texts.push_back(text);
  }
  return texts;
}

using Lines = std::vector<std::string>;

TEST(LegsOf, APerpetualThatOpensBothSides) {
  const TradeStream stream = Stream({}, {});
  EXPECT_EQ(Texts(Booking(stream).LegsOf(TradeOf(kPerpetual, 5, 100))),
            (Lines{"11 BTC lots +5", "12 BTC lots -5", "11 BTC USDC -500", "12 BTC USDC +500"}));
}

TEST(LegsOf, ASideThatReducesRealisesItsPartOfTheCostRoundedDown) {
  // 3 short sold for 100 in all; 2 bought back at 20: R = floor(100 * 2 / 3) = 66, r = -40 + 66.
  // 3 long bought for 100; 2 sold at 20: R = floor(-100 * 2 / 3) = -67, r = 40 - 67.
  const TradeStream stream = Stream({.units = -3, .quote = 100}, {.units = 3, .quote = -100});
  EXPECT_EQ(Texts(Booking(stream).LegsOf(TradeOf(kPerpetual, 2, 20))),
            (Lines{"11 BTC lots +2", "12 BTC lots -2", "11 BTC USDC -40", "12 BTC USDC +40",
                   "11 BTC USDC -26", "11 cash USDC +26", "12 BTC USDC +27", "12 cash USDC -27"}));
}

TEST(LegsOf, ASideThatClosesAllLeavesNothingBehind) {
  const TradeStream stream = Stream({.units = -3, .quote = 100}, {.units = 3, .quote = -100});
  Booking booking(stream);
  const Trade trade = TradeOf(kPerpetual, 3, 20);
  EXPECT_EQ(Texts(booking.LegsOf(trade)),
            (Lines{"11 BTC lots +3", "12 BTC lots -3", "11 BTC USDC -60", "12 BTC USDC +60",
                   "11 BTC USDC -40", "11 cash USDC +40", "12 BTC USDC +40", "12 cash USDC -40"}));
  booking.Book(trade);
  EXPECT_EQ(booking[0], Position());
  EXPECT_EQ(booking[1], Position());
}

TEST(LegsOf, AFlipKeepsTheRestOfTheNotionalAsTheNewCost) {
  const TradeStream stream = Stream({.units = -2, .quote = 50}, {});
  Booking booking(stream);
  const Trade trade = TradeOf(kPerpetual, 5, 30);
  EXPECT_EQ(*booking.ProfitOf(trade, Direction::kBuy), Int128{50 - 60});
  EXPECT_FALSE(booking.ProfitOf(trade, Direction::kSell));
  booking.Book(trade);
  EXPECT_EQ(booking[0], (Position{.units = 3, .quote = -90}));  // 3 lots at 30
  EXPECT_EQ(booking[1], (Position{.units = -5, .quote = 150}));
}

TEST(LegsOf, LeavesOutAProfitOfZero) {
  const TradeStream stream = Stream({.units = -2, .quote = 60}, {});
  EXPECT_EQ(Texts(Booking(stream).LegsOf(TradeOf(kPerpetual, 2, 30))).size(), 4u);
}

TEST(LegsOf, SpotMovesTheTokenAndTheNotionalInCash) {
  const TradeStream stream = Stream({}, {});
  Booking booking(stream);
  const Trade trade = TradeOf(kSpot, 3, 50);
  EXPECT_EQ(Texts(booking.LegsOf(trade)), (Lines{"11 cash AAA +300", "12 cash AAA -300",
                                                 "11 cash USDC -150", "12 cash USDC +150"}));
  booking.Book(trade);
  EXPECT_EQ(booking[2], (Position{.units = 300}));
  EXPECT_EQ(booking[3], (Position{.units = -300}));
}

TEST(LegsOf, FeesAndRebatesGoToTheVenueInTheirOwnToken) {
  const TradeStream stream = Stream({}, {});
  Booking booking(stream);
  Trade trade = TradeOf(kSpot, 3, 50);
  trade.buyer.fee = 7;
  trade.buyer.fee_token = kBase;
  trade.seller.fee = -2;
  EXPECT_EQ(
      Texts(booking.LegsOf(trade)),
      (Lines{"11 cash AAA +300", "12 cash AAA -300", "11 cash USDC -150", "12 cash USDC +150",
             "11 cash AAA -7", "venue cash AAA +7", "12 cash USDC +2", "venue cash USDC -2"}));
  booking.Book(trade);
  EXPECT_EQ(booking[2], (Position{.units = 293}));
  EXPECT_EQ(booking[3], (Position{.units = -300}));
}

TEST(LegsOf, HasTwelveLegsAtMost) {
  const TradeStream stream = Stream({.units = -3, .quote = 100}, {.units = 3, .quote = -100});
  Trade trade = TradeOf(kPerpetual, 2, 20);
  trade.buyer.fee = 1;
  trade.seller.fee = 1;
  EXPECT_EQ(Booking(stream).LegsOf(trade).view().size(), kMaxTradeLegs);
}

TEST(Booking, TakesBackWhatItBookedSinceTheMark) {
  const TradeStream stream = Stream({.units = -3, .quote = 100}, {.units = 3, .quote = -100});
  Booking booking(stream);
  booking.Book(TradeOf(kPerpetual, 1, 25));
  booking.Mark();
  const Position buyer = booking[0];
  const Position seller = booking[1];
  for (int i = 0; i < 5; ++i) booking.Book(TradeOf(kPerpetual, 2, 30 + i));
  booking.Book(TradeOf(kSpot, 2, 30));
  EXPECT_NE(booking[0], buyer);
  booking.Revert();
  EXPECT_EQ(booking[0], buyer);
  EXPECT_EQ(booking[1], seller);
  EXPECT_EQ(booking[2], Position());
  booking.Revert();  // nothing more
  EXPECT_EQ(booking[0], buyer);
}

TEST(RealisedProfit, IsExactWhereTheProductNeedsMoreThan128Bits) {
  const Int128 cost = static_cast<Int128>(kMaxUnits) * kMaxUnits;
  const Position position{.units = 3 * static_cast<Int128>(kMaxLots), .quote = -cost};
  const Trade trade{.lots = kMaxLots, .price = 1, .notional = kMaxLots};
  const Int128 third = -(cost / 3) - 1;  // 10^36 / 3 rounded down, away from zero
  EXPECT_EQ(*RealisedProfit(position, trade, Direction::kSell), kMaxLots + third);
}

}  // namespace
}  // namespace settle::example
