// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/balances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/importer.h"
#include "tests/support/vectors.h"

namespace settle::example {
namespace {

using ::testing::HasSubstr;

// Follows a block as the program does.
void FollowBlock(const Runner& runner, Audit& audit) {
  for (std::size_t i = 0; i < runner.transactions().size(); ++i) {
    const std::span<const Leg> legs = runner.transactions()[i].legs;
    if (runner.blocks() == 0) {
      audit.FollowGenesis(legs);
    } else {
      audit.Follow(legs, runner.result().verdicts[i].ok() ? Audit::Outcome::kSettled
                                                          : Audit::Outcome::kRefused);
    }
  }
}

// A runner and the audit that follows it.
class Followed {
 public:
  Followed(TradeStream stream, const RunnerOptions& options) : stream_(std::move(stream)) {
    auto runner = Runner::Create(stream_, options);
    if (!runner.ok()) {
      ADD_FAILURE() << runner.status();
      return;
    }
    runner_ = *std::move(runner);
    FollowBlock(*runner_, audit_);
  }
  // False at the end of the stream, or after a failure.
  bool SettleBlock() {
    if (runner_ == nullptr || runner_->done()) return false;
    const absl::Status status = runner_->SettleNextBlock();
    EXPECT_TRUE(status.ok()) << status;
    FollowBlock(*runner_, audit_);
    return status.ok();
  }
  [[nodiscard]] absl::StatusOr<BalanceProofs> Prove() const {
    return ProveBalances(*runner_, audit_);
  }
  [[nodiscard]] const Runner& runner() const { return *runner_; }
  Audit& audit() { return audit_; }

 private:
  TradeStream stream_;
  Audit audit_{stream_, Audit::Profit::kIgnored};
  std::unique_ptr<Runner> runner_;
};

TradeStream SmallStream() { return GenerateStream({.seed = 3, .trades = 600, .accounts = 60}); }

TEST(Balances, AreProvedForEveryAccountAfterEveryBlock) {
  Followed world(SmallStream(), {.block_size = 200});
  do {
    const absl::StatusOr<BalanceProofs> proofs = world.Prove();
    ASSERT_TRUE(proofs.ok()) << proofs.status();
    const std::size_t accounts = world.runner().engine().ledger().account_count();
    EXPECT_GT(accounts, 60u);
    EXPECT_EQ(proofs->proved, accounts);
    EXPECT_EQ(proofs->whole, (accounts + 99) / 100);
    EXPECT_EQ(proofs->absent, 1u);
  } while (world.SettleBlock());
  EXPECT_EQ(world.runner().blocks(), 3u);
}

TEST(Balances, AreProvedWhereTradesAreRefused) {
  TradeStream stream = GenerateStream({.seed = 3, .trades = 4'000, .accounts = 12});
  for (Trade& trade : stream.trades) trade.time_ms /= 2;
  Followed world(std::move(stream), {.block_size = 400, .collateral = Collateral::kTight});
  while (world.SettleBlock()) {
  }
  EXPECT_GT(world.runner().rollbacks(), 0u);
  const absl::StatusOr<BalanceProofs> proofs = world.Prove();
  ASSERT_TRUE(proofs.ok()) << proofs.status();
  EXPECT_EQ(proofs->proved, world.runner().engine().ledger().account_count());
}

TEST(Balances, AreRefusedWhereOneIsNotTheBooks) {
  Followed world(SmallStream(), {.block_size = 600});
  ASSERT_TRUE(world.SettleBlock());
  ASSERT_TRUE(world.Prove().ok());
  // The last account of all, by one quantum.
  AccountKey last;
  world.runner().engine().ledger().ForEachAccount([&last](const AccountState& a) { last = a.key; });
  world.audit().FollowGenesis(std::vector<Leg>{{last, Amount(Int128{1})}});
  const absl::StatusOr<BalanceProofs> proofs = world.Prove();
  EXPECT_EQ(proofs.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(proofs.status().message()), HasSubstr("in the book "));
}

TEST(Balances, AreRefusedWhereTheBookHasAnAccountOfNobody) {
  Followed world(SmallStream(), {.block_size = 600});
  const AccountKey nobody = CashAccount(kNobody, kUsdc);
  world.audit().FollowGenesis(std::vector<Leg>{{nobody, Amount(Int128{1})}});
  EXPECT_EQ(world.Prove().status().code(), absl::StatusCode::kInternal);
}

TEST(RealFills, HaveAProofOfEveryBalance) {
  constexpr const char* kFile = "hyperliquid_fills_20251027T1700Z.csv";
  const std::optional<std::string> path = test::FindData(kFile);
  if (!path) GTEST_SKIP() << test::Missing(kFile);
  for (const Collateral collateral : {Collateral::kAmple, Collateral::kTight}) {
    absl::StatusOr<TradeStream> stream = ImportFills(*path);
    ASSERT_TRUE(stream.ok()) << stream.status();
    Followed world(*std::move(stream), {.collateral = collateral});
    while (world.SettleBlock()) {
    }
    EXPECT_EQ(world.runner().blocks(), 4u);
    const absl::StatusOr<BalanceProofs> proofs = world.Prove();
    ASSERT_TRUE(proofs.ok()) << proofs.status();
    EXPECT_EQ(proofs->proved, world.runner().engine().ledger().account_count());
    EXPECT_GT(proofs->proved, 899u);  // owners
  }
}

}  // namespace
}  // namespace settle::example
