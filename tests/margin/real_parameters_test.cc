// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Margin parameters of real exchanges: Binance's maintenance tiers as curves, CME's margins as
// versions that follow each other.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/parameters.h"
#include "settle/margin/requirement_curve.h"
#include "tests/margin/books.h"
#include "tests/margin/data_file.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::Book;
using test::DataRow;
using test::Scaled;

// --- Binance USD-M ------------------------------------------------------------------------------

constexpr char kTiers[] = "binance_usdm_maintenance_tiers.csv";

// A published tier, in millionths of its currency and parts per million: up to `cap` the
// maintenance of a notional N is N * rate - amount.
struct Published {
  Int128 floor = 0;
  Int128 cap = 0;
  std::int64_t rate = 0;
  std::int64_t initial = 0;
  Int128 amount = 0;
};
using Symbols = std::map<std::string, std::vector<Published>>;

Symbols SymbolsOf(const std::vector<DataRow>& rows) {
  Symbols symbols;
  for (const DataRow& row : rows) {
    Published tier{.floor = Scaled(row.at("notional_floor"), 6),
                   .cap = Scaled(row.at("notional_cap"), 6),
                   .rate = static_cast<std::int64_t>(Scaled(row.at("maint_margin_rate"), 6)),
                   .initial = 0,
                   .amount = Scaled(row.at("cum_maint_amount"), 6)};
    // Of the greatest leverage what has to be put up, rounded up.
    const auto leverage = static_cast<std::int64_t>(Scaled(row.at("max_leverage"), 0));
    tier.initial = (1'000'000 + leverage - 1) / leverage;
    symbols[row.at("symbol")].push_back(tier);
  }
  return symbols;
}

RequirementCurve CurveOf(const std::vector<Published>& tiers) {
  RequirementCurve curve = test::FlatCurve(tiers[0].initial, tiers[0].rate);
  for (std::size_t i = 1; i < tiers.size(); ++i) {
    EXPECT_TRUE(curve.tiers.Add(
        {Quanta(tiers[i].floor), RatePpm(tiers[i].initial), RatePpm(tiers[i].rate)}));
  }
  return curve;
}

TEST(BinanceTiers, AreValidCurvesAsTheyArePublished) {
  const auto rows = test::ReadRows(kTiers);
  if (!rows) GTEST_SKIP() << test::Missing(kTiers);
  const Symbols symbols = SymbolsOf(*rows);
  for (const auto& [symbol, tiers] : symbols) {
    EXPECT_EQ(CurveOf(tiers).Validate(), Reason()) << symbol;
    EXPECT_EQ(tiers[0].floor, 0) << symbol;
    for (std::size_t i = 1; i < tiers.size(); ++i) {
      EXPECT_EQ(tiers[i].floor, tiers[i - 1].cap) << symbol;
    }
  }
  test::CountVectors("data/binance_usdm_maintenance_tiers", rows->size());
  EXPECT_EQ(rows->size(), 2'805u);
  EXPECT_EQ(symbols.size(), 349u);
}

// At each floor and cap, one quantum to either side of them, and between.
TEST(BinanceTiers, DemandWhatIsPublishedToTheLastDigit) {
  const auto rows = test::ReadRows(kTiers);
  if (!rows) GTEST_SKIP() << test::Missing(kTiers);
  test::Random random;
  for (const auto& [symbol, tiers] : SymbolsOf(*rows)) {
    const RequirementCurve curve = CurveOf(tiers);
    for (const Published& tier : tiers) {
      std::vector<Int128> notionals = {tier.floor, tier.floor + 1, tier.cap - 1, tier.cap};
      for (int i = 0; i < 20; ++i) {
        const auto any = static_cast<Int128>(random.Any<UInt128>() >> 1);
        notionals.push_back(tier.floor + any % (tier.cap - tier.floor));
      }
      for (const Int128 notional : notionals) {
        const auto demand = curve.Of({.notional = Quanta(notional), .lots = Lots(1)});
        ASSERT_TRUE(demand.has_value());
        ASSERT_EQ(demand->maintenance.value(), notional * tier.rate - tier.amount * 1'000'000)
            << symbol;
        ASSERT_GE(demand->initial, demand->maintenance);
      }
    }
  }
}

// The same through an account: a contract of each symbol, a quantum a lot.
TEST(BinanceTiers, JudgePositionsInAllSymbolsAtOnce) {
  const auto rows = test::ReadRows(kTiers);
  if (!rows) GTEST_SKIP() << test::Missing(kTiers);
  const Symbols symbols = SymbolsOf(*rows);
  std::vector<Instrument> instruments;
  for (const auto& [symbol, tiers] : symbols) {
    Instrument contract = test::Perpetual(static_cast<std::uint32_t>(instruments.size() + 1));
    contract.curve = CurveOf(tiers);
    contract.max_price = PriceTicks(1'000);
    contract.max_lots = Lots(std::int64_t{1} << 62);
    instruments.push_back(contract);
  }
  Book book(instruments);
  test::Random random;
  for (int round = 0; round < 20; ++round) {
    test::Balances account;
    Int128 expected = 0;
    std::uint32_t n = 0;
    for (const auto& [symbol, tiers] : symbols) {
      const Published& tier = random.Pick(tiers);
      const Int128 most = std::min<Int128>(tier.cap, Int128{1} << 62);
      const auto width = static_cast<std::uint64_t>(most - tier.floor);
      const Int128 lots = tier.floor + static_cast<Int128>(random.Below(width));
      account.push_back(test::Position(++n, random.Chance(1, 2) ? lots : -lots));
      book.SetPrice(n, 1);
      expected += lots * tier.rate - tier.amount * 1'000'000;
    }
    EXPECT_EQ(book.Sum(account)->maintenance.value(), expected);
  }
}

// --- CME ----------------------------------------------------------------------------------------

constexpr char kMargins[] = "cme_BTC_margins.csv";

Timestamp MidnightOf(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days days(std::chrono::year(year) / static_cast<int>(month) /
                                   static_cast<int>(day));
  const std::chrono::nanoseconds since = days.time_since_epoch();
  return Timestamp(static_cast<std::uint64_t>(since.count()));
}

// One version for each change, of dollars a contract.
std::vector<MarginParameters> VersionsOf(const std::vector<DataRow>& rows) {
  std::vector<MarginParameters> versions;
  for (const DataRow& row : rows) {
    const auto date = static_cast<int>(Scaled(row.at("date"), 0));
    Instrument future = test::Perpetual(1);
    future.curve = test::FlatCurve(0, 0);
    future.curve.initial_per_lot = Quanta(Scaled(row.at("initial"), 6));
    future.curve.maintenance_per_lot = Quanta(Scaled(row.at("maintenance"), 6));
    versions.push_back(
        {.version = versions.size() + 1,
         .effective_from = MidnightOf(date / 10'000, static_cast<unsigned>(date / 100 % 100),
                                      static_cast<unsigned>(date % 100)),
         .instruments = test::TableOf({future})});
    EXPECT_EQ(versions.back().Validate(), Reason()) << date;
  }
  return versions;
}

// The last version that is effective at an instant; null before the first.
const MarginParameters* VersionAt(const std::vector<MarginParameters>& versions, Timestamp at) {
  const auto next = std::upper_bound(
      versions.begin(), versions.end(), at,
      [](Timestamp time, const MarginParameters& one) { return time < one.effective_from; });
  return next == versions.begin() ? nullptr : &*std::prev(next);
}

TEST(CmeMargins, FollowEachOtherAsVersions) {
  const auto rows = test::ReadRows(kMargins);
  if (!rows) GTEST_SKIP() << test::Missing(kMargins);
  const std::vector<MarginParameters> versions = VersionsOf(*rows);
  test::CountVectors("data/cme_BTC_margins", rows->size());
  EXPECT_EQ(versions.size(), 163u);
  for (std::size_t i = 1; i < versions.size(); ++i) {
    EXPECT_LT(versions[i - 1].effective_from, versions[i].effective_from);
    EXPECT_LT(versions[i - 1].version, versions[i].version);
  }
  for (const MarginParameters& version : versions) {
    MarginParameters copy;
    ASSERT_EQ(DecodeInto(Encode(version), copy).reason, Reason());
    ASSERT_EQ(copy, version);
  }
}

TEST(CmeMargins, DemandOfThreeContractsWhatHeldOnTheDay) {
  const auto rows = test::ReadRows(kMargins);
  if (!rows) GTEST_SKIP() << test::Missing(kMargins);
  const std::vector<MarginParameters> versions = VersionsOf(*rows);
  struct Case {
    Timestamp day;
    std::int64_t initial;  // dollars
    std::int64_t maintenance;
  };
  const Timestamp last_instant(MidnightOf(2017, 12, 19).value() - 1);
  const std::vector<Case> cases = {
      {MidnightOf(2017, 12, 18), 3 * 45'172, 3 * 41'065},
      {last_instant, 3 * 45'172, 3 * 41'065},
      {MidnightOf(2017, 12, 19), 3 * 43'245, 3 * 39'313},
      {MidnightOf(2017, 12, 20), 3 * 40'561, 3 * 36'873},
      {MidnightOf(2022, 2, 9), 3 * 7'907, 3 * 7'188},
      {MidnightOf(2022, 2, 11), 3 * 7'471, 3 * 6'791},
      {MidnightOf(2024, 1, 1), 3 * 7'471, 3 * 6'791},
  };
  for (const Case& one : cases) {
    const MarginParameters* version = VersionAt(versions, one.day);
    ASSERT_NE(version, nullptr);
    Book book(*version);
    // A charge for each lot is the same at every price, long or short.
    for (const std::int64_t price : {1, 65'000}) {
      book.SetPrice(1, price);
      for (const Int128 lots : {3, -3}) {
        const RiskSum sum = *book.Sum({test::Position(1, lots)});
        EXPECT_EQ(sum.initial.value(), Int128{one.initial} * 1'000'000 * 1'000'000);
        EXPECT_EQ(sum.maintenance.value(), Int128{one.maintenance} * 1'000'000 * 1'000'000);
      }
    }
  }
  EXPECT_EQ(VersionAt(versions, MidnightOf(2017, 12, 17)), nullptr);
}

}  // namespace
}  // namespace settle
