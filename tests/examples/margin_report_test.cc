// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/margin_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/generator.h"
#include "settle/base/integer.h"

namespace settle::example {
namespace {

// A stream of which every block is settled.
class Settled {
 public:
  Settled() {
    auto runner = Runner::Create(stream_, {.block_size = 200});
    EXPECT_TRUE(runner.ok()) << runner.status();
    if (!runner.ok()) return;
    runner_ = *std::move(runner);
    while (!runner_->done()) {
      const absl::Status status = runner_->SettleNextBlock();
      EXPECT_TRUE(status.ok()) << status;
      if (!status.ok()) return;
    }
  }
  std::vector<AccountRisk> Nearest(std::size_t count) const {
    const auto nearest = NearestToLimit(*runner_, stream_, count);
    EXPECT_TRUE(nearest.ok()) << nearest.status();
    return *nearest;
  }
  const TradeStream& stream() const { return stream_; }
  const Runner& runner() const { return *runner_; }

 private:
  TradeStream stream_ = GenerateStream({.seed = 3, .trades = 600, .accounts = 60});
  std::unique_ptr<Runner> runner_;
};

struct Sums {
  Int128 equity = 0;
  Int128 notional = 0;
};

// Of every owner, from the last price of each coin in the stream.
std::map<OwnerId, Sums> SumsOf(const Settled& settled) {
  std::vector<std::int64_t> prices;
  for (const Coin& coin : settled.stream().coins) prices.push_back(coin.first_price);
  for (const Trade& trade : settled.stream().trades) prices[trade.coin] = trade.price;
  std::map<OwnerId, Sums> sums;
  settled.runner().engine().ledger().ForEachAccount([&](const AccountState& account) {
    Sums& sum = sums[account.key.owner];
    const Int128 balance = account.balance.value();
    if (account.key.asset == TokenId(kUsdc)) sum.equity += balance;
    if (!IsContract(account.key.asset)) return;
    const Int128 value = balance * prices[account.key.compartment.value() - 1];
    sum.equity += value;
    sum.notional += value < 0 ? -value : value;
  });
  return sums;
}

TEST(MarginReport, HasTheRiskOfEveryAccountAtTheLastPrices) {
  const Settled settled;
  const std::map<OwnerId, Sums> sums = SumsOf(settled);
  const std::vector<AccountRisk> all = settled.Nearest(1'000'000);
  ASSERT_EQ(all.size(), settled.stream().accounts.size());
  std::size_t with_positions = 0;
  for (const AccountRisk& account : all) {
    const Sums& sum = sums.at(OwnerOf(account.account));
    EXPECT_EQ(account.risk.equity.value(), sum.equity);
    EXPECT_EQ(account.risk.maintenance.value(), sum.notional * kMaintenanceMargin.parts());
    EXPECT_EQ(account.risk.initial_headroom.value(),
              sum.equity * 1'000'000 - sum.notional * kInitialMargin.parts());
    with_positions += sum.notional > 0 ? 1 : 0;
  }
  EXPECT_GT(with_positions, 30u);
}

TEST(MarginReport, OpensWithTheNearestAndIsCutToItsLength) {
  const Settled settled;
  const std::vector<AccountRisk> all = settled.Nearest(60);
  ASSERT_EQ(all.size(), 60u);
  for (std::size_t i = 1; i < all.size(); ++i) {
    const auto order = CompareRisk(all[i - 1].risk, all[i].risk);
    EXPECT_TRUE(order > 0 || (order == 0 && all[i - 1].account < all[i].account)) << i;
  }
  const std::vector<AccountRisk> three = settled.Nearest(3);
  ASSERT_EQ(three.size(), 3u);
  for (std::size_t i = 0; i < three.size(); ++i) {
    EXPECT_EQ(three[i].account, all[i].account);
    EXPECT_EQ(three[i].risk, all[i].risk);
  }
  EXPECT_TRUE(settled.Nearest(0).empty());
}

Risk RiskOf(Int128 equity, Int128 maintenance, Int128 headroom) {
  return {.equity = Quanta(equity),
          .maintenance = MicroQuanta(maintenance),
          .initial_headroom = MicroQuanta(headroom)};
}

TEST(MarginReport, IsATableRoundedAgainstTheAccounts) {
  EXPECT_EQ(MarginReportText({}, 7), "");
  // A cent is 10^6 quanta, and 10^12 of their millionths.
  const AccountRisk lines[] = {
      {.account = 9, .risk = RiskOf(-1, 1, -1)},
      {.account = 12'345, .risk = RiskOf(1'234'567'890'123, 1'000'000'000'000'000'001, 0)},
      {.account = 3, .risk = RiskOf(999'999, 0, 999'999'000'000)}};
  EXPECT_EQ(MarginReportText(lines, 7),
            "\nNearest to their limit are, of 7 accounts, in USDC at the last prices (below 100 %: "
            "may be liquidated)\n"
            "  account    equity  maintenance  initial headroom  equity/maintenance\n"
            "        9     -0.01         0.01             -0.01     -100000000.00 %\n"
            "    12345  12345.67     10000.01              0.00            123.45 %\n"
            "        3      0.00         0.00              0.00                   -\n");
}

TEST(MarginReport, HasARatioInHundredthsOfAPercentRoundedDown) {
  EXPECT_EQ(RatioOf(RiskOf(5, 0, 0)), std::nullopt);
  EXPECT_EQ(RatioOf(RiskOf(1, 1'000'000, 0)), Int128{10'000});
  EXPECT_EQ(RatioOf(RiskOf(1, 1'000'001, 0)), Int128{9'999});
  EXPECT_EQ(RatioOf(RiskOf(0, 1'000'000, 0)), Int128{0});
  EXPECT_EQ(RatioOf(RiskOf(-1, 3'000'000, 0)), Int128{-3'334});
  EXPECT_EQ(Hundredths(0), "0.00");
  EXPECT_EQ(Hundredths(7), "0.07");
  EXPECT_EQ(Hundredths(-107), "-1.07");
  EXPECT_EQ(Hundredths(12'345), "123.45");
}

}  // namespace
}  // namespace settle::example
