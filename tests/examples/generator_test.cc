// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/generator.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/text.h"
#include "settle/crypto/sha256.h"

namespace settle::example {
namespace {

// Every number of the stream, as text.
std::string Fingerprint(const TradeStream& stream) {
  std::string text;
  const auto add = [&text](auto... numbers) {
    ((text += ToString(numbers) + " "), ...);
    text += "\n";
  };
  for (const Holding& holding : stream.holdings) {
    add(holding.account, holding.coin, holding.opening_units, holding.opening_quote);
  }
  for (const Trade& trade : stream.trades) {
    add(trade.id, trade.time_ms, trade.coin, trade.lots, trade.price, trade.notional);
    for (const Side* side : {&trade.buyer, &trade.seller}) {
      add(side->account, side->holding, side->fee_token, side->start, side->fee);
    }
  }
  return ToHex(Sha256().Hash(AsBytes(text)).view());
}

TEST(GenerateStream, IsTheSameEverywhere) {
  EXPECT_EQ(Fingerprint(GenerateStream({.seed = 1, .trades = 5'000, .accounts = 100})),
            "16ecd450243b4ffe50e334a00ef4aff9f5ddcc7490f14f84eb454bc906e723f4");
}

TEST(GenerateStream, IsAnotherForAnotherSeed) {
  EXPECT_NE(Fingerprint(GenerateStream({.seed = 1, .trades = 10, .accounts = 10})),
            Fingerprint(GenerateStream({.seed = 2, .trades = 10, .accounts = 10})));
}

TEST(GenerateStream, MakesTradesAsAFileHasThem) {
  const TradeStream stream = GenerateStream({});
  EXPECT_EQ(stream.trades.size(), 100'000u);
  EXPECT_EQ(stream.fills_read, 200'000u);
  EXPECT_EQ(stream.accounts.size(), 1'000u);
  EXPECT_EQ(stream.asset_count(), 6u);
  std::set<std::uint64_t> ids;
  std::uint64_t time = 0;
  std::vector<std::size_t> of_coin(stream.coins.size());
  for (const Trade& trade : stream.trades) {
    ASSERT_TRUE(ids.insert(trade.id).second);
    ASSERT_GE(trade.time_ms, time);
    ASSERT_NE(trade.buyer.account, trade.seller.account);
    ASSERT_NE(trade.buyer.is_taker, trade.seller.is_taker);
    ASSERT_GT(trade.lots, 0);
    ASSERT_EQ(static_cast<Int128>(trade.lots) * trade.price, trade.notional);
    ASSERT_EQ(trade.price % stream.coins[trade.coin].tick_value, 0);
    for (const Side* side : {&trade.buyer, &trade.seller}) {
      ASSERT_EQ(stream.holdings[side->holding].account, side->account);
      ASSERT_EQ(stream.holdings[side->holding].coin, trade.coin);
    }
    time = trade.time_ms;
    ++of_coin[trade.coin];
  }
  for (const std::size_t count : of_coin) EXPECT_GT(count, 19'000u);
}

TEST(GenerateStream, NeverSellsMoreOfATokenThanThereIs) {
  const TradeStream stream = GenerateStream({});
  for (const Trade& trade : stream.trades) {
    if (!stream.coins[trade.coin].is_spot) continue;
    ASSERT_GE(trade.seller.start, UnitsOf(stream, trade));
  }
}

}  // namespace
}  // namespace settle::example
