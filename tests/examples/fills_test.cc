// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/fills.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "examples/settle_trades/csv.h"
#include "examples/settle_trades/importer.h"
#include "tests/examples/fills_text.h"

namespace settle::example {
namespace {

using test::FileOf;
using test::FillText;
using test::kFillHeader;
using test::SellerOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

absl::StatusOr<FillFile> Parse(const std::string& text) {
  const absl::StatusOr<CsvTable> table = CsvTable::Parse("f.csv", text, kFillColumns);
  if (!table.ok()) return table.status();
  return ReadFills(*table);
}

absl::StatusOr<TradeStream> Import(const std::string& text) {
  const absl::StatusOr<FillFile> file = Parse(text);
  if (!file.ok()) return file.status();
  return ImportFills("f.csv", *file);
}

const FillText kBuyer;
const FillText kSeller = SellerOf(kBuyer);

FillText With(FillText row, std::string FillText::*field, const std::string& value) {
  row.*field = value;
  return row;
}

TEST(ReadFills, PairsTheTwoSidesOfATrade) {
  const absl::StatusOr<FillFile> file = Parse(FileOf({kBuyer, kSeller}));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->fills_read, 2u);
  ASSERT_EQ(file->trades.size(), 1u);
  EXPECT_EQ(file->trades[0].buyer.account, 1u);
  EXPECT_EQ(file->trades[0].buyer.line, 2u);
  EXPECT_EQ(file->trades[0].seller.account, 2u);
  EXPECT_EQ(file->trades[0].seller.line, 3u);
}

TEST(ReadFills, TakesTheSellerFirstToo) {
  const absl::StatusOr<FillFile> file = Parse(FileOf({kSeller, kBuyer}));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->trades[0].buyer.account, 1u);
  EXPECT_EQ(file->trades[0].buyer.line, 3u);
}

TEST(ReadFills, TakesColumnsInAnyOrder) {
  std::string text = FileOf({kBuyer, kSeller});
  // The first two columns change places, in every line.
  std::string swapped = "time_ms,block," + kFillHeader.substr(std::string("block,time_ms,").size());
  for (const FillText& row : {kBuyer, kSeller}) {
    swapped +=
        row.time + "," + row.block + row.Line().substr(row.block.size() + 1 + row.time.size());
  }
  const absl::StatusOr<FillFile> file = Parse(swapped);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->trades[0].buyer.time_ms, 1000u);
}

TEST(ReadFills, LeavesOutATradeThatStandsThereTwiceLetterForLetter) {
  const absl::StatusOr<FillFile> file = Parse(FileOf({kBuyer, kSeller, kBuyer, kSeller}));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->trades.size(), 1u);
  EXPECT_EQ(file->repeated_trades, 1u);
  EXPECT_EQ(file->fills_read, 4u);
}

struct BadFile {
  const char* name;
  std::string text;
  const char* message;  // how the refusal begins
};

void PrintTo(const BadFile& bad, std::ostream* out) { *out << bad.name; }

std::string CaseName(const ::testing::TestParamInfo<BadFile>& one) { return one.param.name; }

class RefusedFile : public ::testing::TestWithParam<BadFile> {};

TEST_P(RefusedFile, WithFileAndLine) {
  const absl::StatusOr<TradeStream> stream = Import(GetParam().text);
  ASSERT_FALSE(stream.ok());
  const std::string message(stream.status().message());
  EXPECT_THAT(message, StartsWith(GetParam().message));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("\n")));
}

std::string HeaderWithout(const std::string& column) {
  std::string header = kFillHeader;
  header.erase(header.find(column), column.size());
  return header;
}

std::vector<BadFile> HeadersAndLines() {
  const std::string good = FileOf({kBuyer, kSeller});
  return {
      {"Empty", "", "f.csv:1: the file is empty"},
      {"HeaderOnly", kFillHeader, "f.csv:1: no fills"},
      {"ColumnMissing", HeaderWithout(",fee_token"), "f.csv:1: column \"fee_token\" is missing"},
      {"ColumnUnknown", "colour," + good, "f.csv:1: unknown column \"colour\""},
      {"ColumnTwice", "block," + good, "f.csv:1: column \"block\" stands there twice"},
      {"FieldMissing", FileOf({kBuyer}) + "9,1000,BTC\n", "f.csv:3: 3 fields, expected 18"},
      {"FieldTooMany", kFillHeader + "0," + kBuyer.Line(), "f.csv:2: 19 fields, expected 18"},
      {"EmptyLine", FileOf({kBuyer, kSeller}) + "\n", "f.csv:4: 1 fields, expected 18"},
      {"NoEndOfLastLine", good.substr(0, good.size() - 1), "f.csv:3: the last line is truncated"},
      {"CutInTheLastLine", good.substr(0, good.size() - 20), "f.csv:3: the last line is truncated"},
  };
}
INSTANTIATE_TEST_SUITE_P(HeadersAndLines, RefusedFile, ::testing::ValuesIn(HeadersAndLines()),
                         CaseName);

// Both rows have the same wrong value where the two must agree.
BadFile BadField(const char* name, std::string FillText::*field, const char* value,
                 const char* message) {
  return {name, FileOf({With(kBuyer, field, value), With(kSeller, field, value)}), message};
}

std::vector<BadFile> Fields() {
  return {
      BadField("PriceNoNumber", &FillText::px, "12e3", "f.csv:2: px \"12e3\": not a number"),
      BadField("PriceZero", &FillText::px, "0.0", "f.csv:2: px \"0.0\": out of range"),
      BadField("PriceNegative", &FillText::px, "-1.0", "f.csv:2: px \"-1.0\": out of range"),
      BadField("PriceTooLarge", &FillText::px, "1000000000.0", "f.csv:2: px: out of range"),
      BadField("SizeZero", &FillText::sz, "0", "f.csv:2: sz \"0\": out of range"),
      BadField("SizeTooLarge", &FillText::sz, "9999999999999999999.0", "f.csv:2: sz: out of range"),
      BadField("NotionalTooLarge", &FillText::sz, "1000000000.0", "f.csv:2: px * sz: out of range"),
      BadField("PositionTooLarge", &FillText::start, "9999999999999999999.0",
               "f.csv:2: start_position: out of range"),
      BadField("PriceDecimals", &FillText::px, "1.123456789",
               "f.csv:2: surplus decimals: sz of BTC has 0 (line 2) and px has 9 (line 2), "
               "together at most 8"),
      BadField("SizeAndPriceDecimals", &FillText::sz, "1.123456781",
               "f.csv:2: surplus decimals: sz of BTC has 9"),
      BadField("ProfitDecimals", &FillText::pnl, "0.000000001",
               "f.csv:2: closed_pnl has 9 decimals, surplus over 8"),
      BadField("FeeDecimals", &FillText::fee, "0.000000001",
               "f.csv:2: fee has 9 decimals, surplus over 8"),
      BadField("FeeTokenOfAPerpetual", &FillText::fee_token, "HYPE",
               "f.csv:2: fee_token HYPE, but fees of perpetuals are in USDC"),
      BadField("TimeNoNumber", &FillText::time, "now", "f.csv:2: time_ms \"now\": not a whole"),
      BadField("TimeTooLarge", &FillText::time, "99999999999999",
               "f.csv:2: time_ms \"99999999999999\": out of range, 0 to 9000000000000"),
      BadField("IdNegative", &FillText::id, "-1", "f.csv:2: trade_id \"-1\": out of range"),
      BadField("IdTooLarge", &FillText::id, "9223372036854775808",
               "f.csv:2: trade_id \"9223372036854775808\": out of range"),
      BadField("CoinEmpty", &FillText::coin, "", "f.csv:2: coin \"\": empty"),
      BadField("SideUnknown", &FillText::side, "S", "f.csv:2: side \"S\": neither B nor A"),
      BadField("TakerUnknown", &FillText::taker, "2", "f.csv:2: taker \"2\": neither 1 nor 0"),
      BadField("DirectionUnknown", &FillText::dir, "Hold", "f.csv:2: dir \"Hold\": unknown"),
      BadField("SpotPairWithPerpetualDirection", &FillText::coin, "@7",
               "f.csv:2: dir \"Open Long\": of a perpetual, but @7 is a spot pair"),
  };
}
INSTANTIATE_TEST_SUITE_P(Fields, RefusedFile, ::testing::ValuesIn(Fields()), CaseName);

std::vector<BadFile> Sides() {
  const FillText other_id = With(kBuyer, &FillText::id, "2");
  const FillText spot = {.coin = "@7", .dir = "Buy", .fee = "0.1", .fee_token = "AAA"};
  return {
      {"SellerMissingAtTheEnd", FileOf({kBuyer}),
       "f.csv:2: trade 1 has one side only: no row of its seller"},
      {"SellerMissingBefore", FileOf({kBuyer, other_id, SellerOf(other_id)}),
       "f.csv:2: trade 1 has one side only: no row of its seller"},
      {"BuyerMissing", FileOf({kSeller, other_id, SellerOf(other_id)}),
       "f.csv:2: trade 1 has one side only: no row of its buyer"},
      {"TwoBuyers",
       FileOf({kBuyer, With(With(kBuyer, &FillText::account, "2"), &FillText::taker, "0")}),
       "f.csv:3: trade 1 has two buyers and no seller"},
      {"TwoTakers", FileOf({kBuyer, With(kSeller, &FillText::taker, "1")}),
       "f.csv:3: trade 1 has two takers"},
      {"NoTaker", FileOf({With(kBuyer, &FillText::taker, "0"), kSeller}),
       "f.csv:3: trade 1 has no taker"},
      {"OtherPrice", FileOf({kBuyer, With(kSeller, &FillText::px, "100.5")}),
       "f.csv:3: two sides of a trade differ: trade 1, px 100.5 here, 100.0 in line 2"},
      {"OtherSize", FileOf({kBuyer, With(kSeller, &FillText::sz, "2.0")}),
       "f.csv:3: two sides of a trade differ: trade 1, sz 2.0 here, 1.0 in line 2"},
      {"OtherCoin", FileOf({kBuyer, With(kSeller, &FillText::coin, "ETH")}),
       "f.csv:3: two sides of a trade differ: trade 1, coin ETH here, BTC in line 2"},
      {"SameAccount", FileOf({kBuyer, With(kSeller, &FillText::account, "1")}),
       "f.csv:3: trade 1 has account 1 on both sides"},
      {"SpotAndPerpetual", FileOf({kBuyer, With(kSeller, &FillText::dir, "Sell")}),
       "f.csv:3: trade 1 has a side in spot and a side in a perpetual"},
      {"DirectionOfTheOtherSide", FileOf({With(kBuyer, &FillText::dir, "Open Short"), kSeller}),
       "f.csv:2: dir \"Open Short\": of a seller, but side is B"},
      {"DuplicateIdOtherContent",
       FileOf({kBuyer, kSeller, With(kBuyer, &FillText::px, "101.0"),
               With(kSeller, &FillText::px, "101.0")}),
       "f.csv:4: trade id again: trade 1, px 101.0 here, 100.0 in line 2"},
      {"DuplicateIdOtherSeller",
       FileOf({kBuyer, kSeller, kBuyer, With(kSeller, &FillText::account, "3")}),
       "f.csv:5: trade id again: trade 1, account 3 here, 2 in line 3"},
      {"DuplicateIdOneSide", FileOf({kBuyer, kSeller, kBuyer}),
       "f.csv:4: trade id 1 again, with one side only; first in line 2"},
      {"TwoBaseTokens", FileOf({spot, With(SellerOf(spot), &FillText::fee_token, "BBB")}),
       "f.csv:3: fee_token BBB, but the base token of @7 is AAA (line 2)"},
  };
}
INSTANTIATE_TEST_SUITE_P(Sides, RefusedFile, ::testing::ValuesIn(Sides()), CaseName);

TEST(ReadFills, RefusesAFileThatCannotBeRead) {
  const absl::StatusOr<FillFile> file = ReadFills(std::string("/nowhere/f.csv"));
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(std::string(file.status().message()), StartsWith("/nowhere/f.csv: cannot be read: "));
  EXPECT_FALSE(ReadFills(std::string("/")).ok());
}

}  // namespace
}  // namespace settle::example
