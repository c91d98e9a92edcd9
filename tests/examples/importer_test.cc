// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/importer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "examples/settle_trades/collateral.h"
#include "examples/settle_trades/csv.h"
#include "settle/base/text.h"
#include "tests/examples/fills_text.h"
#include "tests/support/vectors.h"

namespace settle::example {
namespace {

using test::FileOf;
using test::FillText;
using test::SellerOf;

TradeStream Import(std::initializer_list<FillText> rows) {
  const absl::StatusOr<CsvTable> table = CsvTable::Parse("f.csv", FileOf(rows), kFillColumns);
  EXPECT_TRUE(table.ok()) << table.status();
  const absl::StatusOr<FillFile> file = ReadFills(*table);
  EXPECT_TRUE(file.ok()) << file.status();
  absl::StatusOr<TradeStream> stream = ImportFills("f.csv", *file);
  EXPECT_TRUE(stream.ok()) << stream.status();
  return *std::move(stream);
}

const Holding& HoldingOf(const TradeStream& stream, std::uint64_t account) {
  for (const Holding& holding : stream.holdings) {
    if (stream.accounts[holding.account] == account) return holding;
  }
  ADD_FAILURE() << "account " << account << " holds nothing";
  return stream.holdings.front();
}

TEST(ImportFills, CountsLotsTicksAndQuantaByTheMostDecimals) {
  const FillText one = {.px = "0.15021", .sz = "255.0"};
  const FillText two = {.id = "2", .px = "0.1502", .sz = "0.5"};
  const TradeStream stream = Import({one, SellerOf(one), two, SellerOf(two)});
  ASSERT_EQ(stream.coins.size(), 1u);
  EXPECT_EQ(stream.coins[0].lot_decimals, 1);
  EXPECT_EQ(stream.coins[0].price_decimals, 5);
  EXPECT_EQ(stream.coins[0].tick_value, 100);  // 10^(8 - 1 - 5)
  EXPECT_EQ(stream.trades[0].lots, 2550);
  EXPECT_EQ(stream.trades[0].price, 1'502'100);         // quanta for a tenth of a coin
  EXPECT_EQ(stream.trades[0].notional, 3'830'355'000);  // 38.30355 USDC
  EXPECT_EQ(stream.trades[1].lots, 5);
  EXPECT_EQ(stream.coins[0].first_price, 1'502'100);
}

TEST(ImportFills, TakesTheUnitOfATokenFromItsFeesToo) {
  const FillText buyer = {.coin = "@107",
                          .px = "47.26",
                          .sz = "12.5",
                          .start = "1.00000004",
                          .dir = "Buy",
                          .fee = "0.0087500",
                          .fee_token = "HYPE"};
  FillText seller = SellerOf(buyer);
  seller.fee = "0.1";
  seller.fee_token = "USDC";
  const TradeStream stream = Import({buyer, seller});
  ASSERT_EQ(stream.tokens.size(), 2u);
  EXPECT_EQ(stream.tokens[kUsdc].name, "USDC");
  EXPECT_EQ(stream.tokens[1].name, "HYPE");
  EXPECT_EQ(stream.tokens[1].decimals, 5);
  EXPECT_TRUE(stream.coins[0].is_spot);
  EXPECT_EQ(stream.coins[0].token, 1u);
  EXPECT_EQ(stream.coins[0].units_per_lot, 10'000);  // a lot is a tenth
  EXPECT_EQ(stream.trades[0].buyer.fee, 875);
  EXPECT_EQ(stream.trades[0].buyer.fee_token, 1u);
  EXPECT_EQ(stream.trades[0].seller.fee, 10'000'000);
  EXPECT_EQ(stream.trades[0].seller.fee_token, kUsdc);
  EXPECT_EQ(stream.trades[0].buyer.start, 100'000);  // noise rounded away
  EXPECT_EQ(stream.asset_count(), 2u);
}

TEST(ImportFills, NamesTheTokenAfterAPairWhoseFeesAreAllInUsdc) {
  const FillText buyer = {.coin = "PURR", .dir = "Buy"};
  const TradeStream stream = Import({buyer, SellerOf(buyer)});
  EXPECT_EQ(stream.tokens[stream.coins[0].token].name, "PURR");
}

TEST(ImportFills, KeepsAPerpetualAndATokenOfOneNameApart) {
  const FillText perpetual = {.coin = "HYPE"};
  const FillText spot = {
      .coin = "@107", .id = "2", .dir = "Buy", .fee = "0.01", .fee_token = "HYPE"};
  const TradeStream stream = Import({perpetual, SellerOf(perpetual), spot, SellerOf(spot)});
  EXPECT_EQ(stream.coins.size(), 2u);
  EXPECT_EQ(stream.asset_count(), 3u);  // the contract, the token and USDC
  EXPECT_EQ(stream.holdings.size(), 4u);
}

TEST(ImportFills, SharesTheTokenAmongThePairsThatHaveIt) {
  const FillText one = {.coin = "@1", .dir = "Buy", .fee = "0.01", .fee_token = "AAA"};
  FillText two = {.coin = "@2", .id = "2", .start = "0.99", .dir = "Buy"};
  two.fee_token = "AAA";
  FillText two_seller = SellerOf(two);
  two_seller.start = "-1.01";
  const TradeStream stream = Import({one, SellerOf(one), two, two_seller});
  EXPECT_EQ(stream.tokens.size(), 2u);
  EXPECT_EQ(stream.holdings.size(), 2u);
  EXPECT_EQ(stream.continuity.checks, 2u);
  EXPECT_EQ(stream.continuity.gaps, 0u);
}

// Account 1 is 10 long, buys 2 at 100 and then sells 5 at 110, which the file says made 12.34.
TEST(FindOpenings, SolvesTheCostFromTheFirstClosingFill) {
  const FillText opens = {.px = "100.0", .sz = "2.0", .start = "10.0"};
  const FillText closes = {.id = "2", .account = "3", .px = "110.0", .sz = "5.0", .start = "0.0"};
  FillText closing_seller = SellerOf(closes);
  closing_seller.account = "1";
  closing_seller.start = "12.0";
  closing_seller.dir = "Close Long";
  closing_seller.pnl = "12.34";
  const TradeStream stream = Import({opens, SellerOf(opens), closes, closing_seller});
  const Holding& holding = HoldingOf(stream, 1);
  EXPECT_EQ(holding.source, Holding::Source::kSolved);
  EXPECT_EQ(holding.solved_at, 1u);
  EXPECT_EQ(holding.opening_units, 10);
  // C = (12.34 - 5 * 110) * 12 / 5 = -1290.384 when it closes, of which -200 were paid for the 2.
  EXPECT_EQ(FormatDecimal(holding.opening_quote, 8), "-1090.384");
  EXPECT_EQ(stream.continuity.checks, 1u);
  EXPECT_EQ(stream.continuity.gaps, 0u);
}

// 3 short, of which 1 is bought back at 100 for a profit of 0.00000001: C = 100.00000001 * 3.
TEST(FindOpenings, RoundsTheSolvedCostUp) {
  FillText buyer = {.px = "100.0", .sz = "2.0", .start = "-3.0", .dir = "Close Short"};
  buyer.pnl = "0.00000001";
  FillText seller = SellerOf(buyer);
  seller.start = "0.0";
  seller.dir = "Open Short";
  seller.pnl = "0.0";
  const TradeStream stream = Import({buyer, seller});
  // (0.00000001 + 2 * 100) * 3 / 2 = 300.000000015
  EXPECT_EQ(FormatDecimal(HoldingOf(stream, 1).opening_quote, 8), "300.00000002");
}

TEST(FindOpenings, TakesTheFirstPriceWherePositionsNeverClose) {
  const FillText first = {.account = "5", .px = "100.0"};
  FillText later = {.id = "2", .account = "1", .px = "120.0", .start = "7.0"};
  FillText later_seller = SellerOf(later);
  later_seller.account = "6";
  later_seller.start = "-4.0";
  const TradeStream stream = Import({first, SellerOf(first), later, later_seller});
  EXPECT_EQ(HoldingOf(stream, 1).source, Holding::Source::kFirstPrice);
  EXPECT_EQ(FormatDecimal(HoldingOf(stream, 1).opening_quote, 8), "-700");
  EXPECT_EQ(FormatDecimal(HoldingOf(stream, 6).opening_quote, 8), "400");
  EXPECT_EQ(HoldingOf(stream, 5).source, Holding::Source::kFlat);
  EXPECT_EQ(HoldingOf(stream, 5).opening_quote, Int128{0});
}

TEST(FindOpenings, CountsARowThatDoesNotContinueTheOneBeforeItOnce) {
  const FillText one = {.sz = "1.0", .start = "0.0"};
  const FillText two = {.id = "2", .sz = "1.0", .start = "5.0"};    // 1 expected: a gap
  const FillText three = {.id = "3", .sz = "1.0", .start = "6.0"};  // continues row two
  FillText seller_two = SellerOf(two);
  seller_two.start = "-1.0";
  FillText seller_three = SellerOf(three);
  seller_three.start = "-2.0";
  const TradeStream stream = Import({one, SellerOf(one), two, seller_two, three, seller_three});
  EXPECT_EQ(stream.continuity.checks, 4u);
  EXPECT_EQ(stream.continuity.gaps, 1u);
}

TEST(FindOpenings, TakesFeesInTheTokenOutOfWhatASpotRowLeaves) {
  const FillText one = {
      .coin = "@7", .sz = "10.0", .start = "0.0", .dir = "Buy", .fee = "0.1", .fee_token = "AAA"};
  FillText two = one;
  two.id = "2";
  two.start = "9.9";
  FillText seller_one = SellerOf(one);  // a rebate adds
  seller_one.fee = "-0.1";
  seller_one.start = "100.0";
  FillText seller_two = seller_one;
  seller_two.id = "2";
  seller_two.start = "90.1";
  const TradeStream stream = Import({one, seller_one, two, seller_two});
  EXPECT_EQ(stream.continuity.checks, 2u);
  EXPECT_EQ(stream.continuity.gaps, 0u);
  EXPECT_EQ(HoldingOf(stream, 2).opening_units, 1000);
  EXPECT_EQ(HoldingOf(stream, 2).source, Holding::Source::kToken);
}

TEST(FindOpenings, RefusesAnOpeningCostOutOfRange) {
  const FillText buyer = {.px = "100.0", .start = "999999999999999999.0"};
  const absl::StatusOr<CsvTable> table =
      CsvTable::Parse("f.csv", FileOf({buyer, SellerOf(buyer)}), kFillColumns);
  const absl::StatusOr<FillFile> file = ReadFills(*table);
  const absl::StatusOr<TradeStream> stream = ImportFills("f.csv", *file);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(std::string(stream.status().message()),
            "f.csv:2: start_position and closed_pnl of account 1 give an opening cost out of "
            "range");
}

TEST(RealFills, OpenAsThePrototypeOpensThem) {
  constexpr const char* kFile = "hyperliquid_fills_20251027T1700Z.csv";
  const std::optional<std::string> path = test::FindData(kFile);
  if (!path) GTEST_SKIP() << test::Missing(kFile);
  const absl::StatusOr<TradeStream> stream = ImportFills(*path);
  ASSERT_TRUE(stream.ok()) << stream.status();
  test::CountVectors("hyperliquid_fills", stream->fills_read);
  EXPECT_EQ(stream->fills_read, 7282u);
  EXPECT_EQ(stream->repeated_trades, 0u);
  EXPECT_EQ(stream->trades.size(), 3641u);
  EXPECT_EQ(stream->accounts.size(), 899u);
  EXPECT_EQ(stream->asset_count(), 188u);
  EXPECT_EQ(stream->tokens.size(), 19u);
  EXPECT_EQ(stream->holdings.size(), 1992u);
  EXPECT_EQ(stream->continuity.checks, 5290u);
  EXPECT_EQ(stream->continuity.gaps, 0u);

  std::size_t by_source[4] = {};
  Int128 quote = 0;
  for (const Holding& holding : stream->holdings) {
    ++by_source[static_cast<std::size_t>(holding.source)];
    quote += holding.opening_quote;
  }
  EXPECT_EQ(by_source[static_cast<std::size_t>(Holding::Source::kFlat)], 164u);
  EXPECT_EQ(by_source[static_cast<std::size_t>(Holding::Source::kSolved)], 1046u);
  EXPECT_EQ(by_source[static_cast<std::size_t>(Holding::Source::kFirstPrice)], 637u);
  EXPECT_EQ(by_source[static_cast<std::size_t>(Holding::Source::kToken)], 145u);
  EXPECT_EQ(ToString(quote), "35879881753793500");

  const auto total = [&stream](Collateral rule) {
    Int128 sum = 0;
    for (const Int128 deposit : Deposits(*stream, rule)) sum += deposit;
    return ToString(sum);
  };
  EXPECT_EQ(total(Collateral::kAmple), "6848201085948123");
  EXPECT_EQ(total(Collateral::kTight), "7560523843435760");
}

}  // namespace
}  // namespace settle::example
