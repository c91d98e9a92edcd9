// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Positions in BTC and SOL around 10 October 2025, as a book: judged as balances and as positions,
// at the marks of the file.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/risk.h"
#include "tests/margin/books.h"
#include "tests/margin/data_file.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::DataRow;
using test::Scaled;

constexpr char kFile[] = "hyperliquid_positions_btc_sol_20251010.csv";

// A market of the file: decimals of its lots and of its ticks, in millionths of a dollar.
struct Market {
  std::string_view name;
  std::uint32_t contract;
  int lot_decimals;
  int tick_decimals;
  std::int64_t multiplier;  // a lot and tick: 10^(6 - lot - tick decimals)
  std::int64_t initial;
  std::int64_t maintenance;
};
constexpr Market kBitcoin{"BTC", 1, 5, 1, 1, 25'000, 12'500};
constexpr Market kSolana{"SOL", 2, 2, 2, 100, 50'000, 25'000};

Instrument ContractOf(const Market& market) {
  Instrument contract = test::Perpetual(market.contract);
  contract.multiplier = market.multiplier;
  contract.curve = test::FlatCurve(market.initial, market.maintenance);
  contract.max_price = PriceTicks(10'000'000);
  return contract;
}

// What the file says, and what of it does not fit together.
struct Loaded {
  std::map<std::string, Balances> accounts;
  Int128 bought[3] = {};  // lots of each contract
  Int128 sold[3] = {};
  std::size_t closed = 0;
  std::size_t without_entry = 0;
  std::size_t agreeing = 0;  // on the profit that is not realised
  std::size_t disagreeing = 0;
};

// Lots of nothing but noise of floating point are none. A position is entered at its entry price,
// or where the file has none at its mark; its owner has put up initial margin for it, rounded up.
void Load(const DataRow& row, Loaded& loaded) {
  const Market& market = row.at("asset") == kBitcoin.name ? kBitcoin : kSolana;
  const Int128 size = Scaled(row.at("position_size"), market.lot_decimals);
  if (size == 0) {
    ++loaded.closed;
    return;
  }
  const bool is_long = row.at("side") == "LONG";
  const Int128 lots = is_long ? size : -size;
  (is_long ? loaded.bought : loaded.sold)[market.contract] += size;
  const Int128 mark = Scaled(row.at("mark_price"), market.tick_decimals) * market.multiplier;
  const bool has_entry = !row.at("entry_price").empty();
  Int128 quote = -lots * mark;
  if (has_entry) {
    // Dollars to 14 digits; of a lot 10^(6 - lot decimals) millionths.
    Int128 scale = 100'000'000;
    for (int digit = 0; digit < market.lot_decimals; ++digit) scale *= 10;
    quote = *Divide(-lots * Scaled(row.at("entry_price"), 14), scale, Rounding::kDown);
    const Int128 published = Scaled(row.at("unrealized_pnl"), 6);
    const Int128 apart = published - (quote + lots * mark);
    const bool agrees = -100 <= apart && apart <= 100;
    (agrees ? loaded.agreeing : loaded.disagreeing)++;
    EXPECT_TRUE(agrees || published == 0) << row.at("user_address");
  }
  loaded.without_entry += has_entry ? 0 : 1;
  Balances& account = loaded.accounts[row.at("user_address")];
  if (account.empty()) account.push_back(test::Cash(0));
  const Int128 cost = quote < 0 ? -quote : quote;
  const Int128 put_up = *MulDiv(cost, market.initial, 1'000'000, Rounding::kUp);
  account[0].posted = Amount(account[0].posted.value() + put_up);
  account.push_back(test::Position(market.contract, lots));
  account.push_back(test::Cost(market.contract, quote));
}

struct Judged {
  std::size_t liquidatable = 0;
  std::size_t below_initial = 0;
  std::size_t below_zero = 0;
  RiskSum total;
};

Judged Judge(const Book& book, const Loaded& loaded) {
  Judged judged;
  for (const auto& [user, account] : loaded.accounts) {
    const RiskSum sum = *book.Sum(account);
    std::vector<MarginPosition> positions;
    for (std::size_t i = 1; i + 1 < account.size(); i += 2) {
      positions.push_back({.instrument = InstrumentIndex(account[i].compartment.value() - 1),
                           .lots = *LotsOf(account[i].posted),
                           .quote = QuantaOf(account[i + 1].posted)});
    }
    EXPECT_EQ(*SumOf<ExactPpm>(book.valuation(), QuantaOf(account[0].posted), positions), sum);
    const Risk risk = *Finish(sum);
    EXPECT_EQ(*book.Evaluate(account), risk);
    judged.liquidatable += IsLiquidatable(risk) ? 1 : 0;
    judged.below_initial += InitialMarginHolds(risk) ? 0 : 1;
    judged.below_zero += Sign(risk.equity) < 0 ? 1 : 0;
    EXPECT_TRUE(AddTo(judged.total, sum));
  }
  return judged;
}

TEST(HyperliquidPositions, AreABookThatIsJudgedAtItsMarks) {
  const auto rows = test::ReadRows(kFile);
  if (!rows) GTEST_SKIP() << test::Missing(kFile);
  test::CountVectors("data/hyperliquid_positions_btc_sol_20251010", rows->size());
  EXPECT_EQ(rows->size(), 13'031u);
  Book book({ContractOf(kBitcoin), ContractOf(kSolana)});
  book.SetPrice(kBitcoin.contract, 1'083'400);
  book.SetPrice(kSolana.contract, 16'936);
  Loaded loaded;
  for (const DataRow& row : *rows) Load(row, loaded);

  EXPECT_EQ(loaded.closed, 9'531u);
  EXPECT_EQ(loaded.without_entry, 2'402u);
  EXPECT_EQ(loaded.agreeing + loaded.disagreeing, 13'031u - 9'531 - 2'402);
  EXPECT_EQ(loaded.disagreeing, 17u) << "positions whose profit the file gives as zero";
  EXPECT_EQ(loaded.accounts.size(), 3'232u);
  EXPECT_EQ(loaded.bought[1], 621'905'403);
  EXPECT_EQ(loaded.sold[1], 520'598'786);
  EXPECT_EQ(loaded.bought[2], 46'952'976);
  EXPECT_EQ(loaded.sold[2], 30'444'282);

  const Judged judged = Judge(book, loaded);
  std::printf("%zu accounts, %zu below initial margin, %zu to be liquidated, %zu below zero\n",
              loaded.accounts.size(), judged.below_initial, judged.liquidatable, judged.below_zero);
  EXPECT_EQ(judged.liquidatable, 173u);
  EXPECT_EQ(judged.below_initial, 437u);
  EXPECT_EQ(judged.below_zero, 35u);
  EXPECT_EQ(judged.total.equity.value(), Int128{394'862'198'830} + 37'481'229'409'384);
  EXPECT_EQ(judged.total.maintenance.value(), Int128{18'749'362'883'252} * 1'000'000 + 500'000);
}

TEST(DecimalNumbers, AreReadToTheNearestInteger) {
  EXPECT_EQ(Scaled("0.037680000000000005", 5), 3'768);
  EXPECT_EQ(Scaled("23.509999999999998", 2), 2'351);
  EXPECT_EQ(Scaled("4.440892098500626e-16", 5), 0);
  EXPECT_EQ(Scaled("9.999999999999824e-05", 5), 10);
  EXPECT_EQ(Scaled("-1.757399999999984", 6), -1'757'400);
  EXPECT_EQ(Scaled("0.5", 0), 1);
  EXPECT_EQ(Scaled("0.49", 0), 0);
  EXPECT_EQ(Scaled("108340.0", 1), 1'083'400);
  EXPECT_EQ(Scaled("7", 3), 7'000);
}

}  // namespace
}  // namespace settle
