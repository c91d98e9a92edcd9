// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/collateral.h"

#include <gtest/gtest.h>

#include <vector>

namespace settle::example {
namespace {

// Account 0 opens 5 long, with a cost of 700 and a first price of 101, and buys spot for 40;
// account 1 opens 4 short at a gain; account 2 has nothing.
TradeStream Stream() {
  TradeStream stream;
  stream.tokens = {{.name = "USDC"}, {.name = "AAA"}};
  stream.coins = {{.name = "BTC", .first_price = 101},
                  {.name = "@1", .is_spot = true, .token = 1, .first_price = 7}};
  stream.accounts = {1, 2, 3};
  stream.holdings = {
      {.account = 0, .coin = 0, .opening_units = 5, .opening_quote = -700},
      {.account = 1, .coin = 0, .opening_units = -4, .opening_quote = 500},
      {.account = 0, .coin = 1, .is_spot = true, .opening_units = 1'000'000},
  };
  Trade perpetual{.coin = 0, .notional = 1'000};
  perpetual.buyer.account = 0;
  perpetual.seller.account = 1;
  Trade spot{.coin = 1, .notional = 40};
  spot.buyer.account = 0;
  spot.seller.account = 1;
  stream.trades = {perpetual, spot};
  return stream;
}

TEST(Deposits, AmpleCoversTradedNotionalLossesAndSpotPurchases) {
  // 0: (505 + 1000) / 10 rounded up + loss 195 + 40; 1: (404 + 1000) / 10 rounded up.
  EXPECT_EQ(Deposits(Stream(), Collateral::kAmple), (std::vector<Int128>{151 + 195 + 40, 141, 0}));
}

TEST(Deposits, TightIsTenThousandUsdcAndWhatPositionsAtTheStartDemand) {
  constexpr Int128 kTenThousand = 1'000'000'000'000;
  EXPECT_EQ(Deposits(Stream(), Collateral::kTight),
            (std::vector<Int128>{kTenThousand + 51 + 195, kTenThousand + 41, kTenThousand}));
}

TEST(Deposits, AGainInOneCoinPaysForALossInAnother) {
  TradeStream stream = Stream();
  stream.holdings.push_back({.account = 0, .coin = 0, .opening_units = 0, .opening_quote = 150});
  EXPECT_EQ(Deposits(stream, Collateral::kAmple)[0], Int128{151 + 45 + 40});
}

TEST(ParseCollateral, KnowsTheTwoRules) {
  EXPECT_EQ(ParseCollateral("ample"), Collateral::kAmple);
  EXPECT_EQ(ParseCollateral("tight"), Collateral::kTight);
  EXPECT_EQ(ParseCollateral("Tight"), std::nullopt);
  EXPECT_EQ(ParseCollateral(""), std::nullopt);
}

}  // namespace
}  // namespace settle::example
