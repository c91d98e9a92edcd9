// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/genesis.h"

namespace settle::example {
namespace {

using ::testing::ElementsAre;

constexpr double kNap = 0.02;  // seconds
void Sleep() { std::this_thread::sleep_for(std::chrono::duration<double>(kNap)); }

TEST(Stopwatch, GivesAllTimeToTheStageThatWasEnteredLast) {
  Stopwatch<Stage, kStageCount> stopwatch;
  Sleep();  // nobody's
  stopwatch.Enter(Stage::kVotes);
  Sleep();
  stopwatch.Enter(Stage::kProofs);
  stopwatch.Enter(Stage::kVotes);
  Sleep();
  stopwatch.Stop();
  Sleep();  // nobody's
  stopwatch.Stop();
  EXPECT_GE(stopwatch.seconds(Stage::kVotes), 2 * kNap);
  EXPECT_LT(stopwatch.seconds(Stage::kProofs), kNap);
  EXPECT_EQ(stopwatch.seconds(Stage::kBooking), 0);
  EXPECT_EQ(stopwatch.total_seconds(),
            stopwatch.seconds(Stage::kVotes) + stopwatch.seconds(Stage::kProofs));
}

TEST(Stages, BeginInTheOrderOfTheWork) {
  const TradeStream stream = GenerateStream({.trades = 20, .accounts = 10});
  std::vector<Stage> stages;
  const auto runner = Runner::Create(
      stream, {.block_size = 20, .verify_every = 15, .on_stage = [&stages](Stage stage) {
                 stages.push_back(stage);
               }});
  ASSERT_TRUE(runner.ok()) << runner.status();
  // Genesis, with the receipts 0 to 9.
  EXPECT_THAT(stages,
              ElementsAre(Stage::kVotes, Stage::kProofs, Stage::kVerification, Stage::kProofs));
  stages.clear();
  ASSERT_TRUE((*runner)->SettleNextBlock().ok());
  EXPECT_THAT(stages, ElementsAre(Stage::kBooking, Stage::kConsent, Stage::kExecution,
                                  Stage::kBooking, Stage::kVotes, Stage::kProofs,
                                  Stage::kVerification, Stage::kProofs, Stage::kBooking));
}

TEST(EngineParts, MakeTheHeadersOfTheEngineWhateverIsTakenBack) {
  TradeStream stream = GenerateStream({.seed = 3, .trades = 4'000, .accounts = 12});
  for (Trade& trade : stream.trades) trade.time_ms /= 2;
  auto keys = MakeOwnerKeys(stream);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EngineParts<> parts(stream, *std::move(keys));
  std::size_t blocks = 0;
  std::size_t refused = 0;
  const auto runner = Runner::Create(
      stream, {.block_size = 400,
               .collateral = Collateral::kTight,
               .on_executed = [&](const VenueEngine::Block& block, const BlockResult& result) {
                 ++blocks;
                 for (const Verdict& verdict : result.verdicts) refused += verdict.ok() ? 0 : 1;
                 return parts.Follow(block, result, [](EnginePart) {});
               }});
  ASSERT_TRUE(runner.ok()) << runner.status();
  const absl::Status genesis = parts.FollowGenesis((*runner)->transactions(), (*runner)->result());
  ASSERT_TRUE(genesis.ok()) << genesis;
  while (!(*runner)->done()) {
    const absl::Status status = (*runner)->SettleNextBlock();
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_EQ(blocks, 10u);
  EXPECT_GT(refused, 80u);
  EXPECT_GT((*runner)->rollbacks(), 0u);
}

TEST(EngineParts, SayWhenAnotherHeaderComesOut) {
  const TradeStream stream = GenerateStream({.trades = 20, .accounts = 10});
  const TradeStream other = GenerateStream({.trades = 20, .accounts = 11});
  auto keys = MakeOwnerKeys(other);  // one owner too many
  ASSERT_TRUE(keys.ok()) << keys.status();
  EngineParts<> parts(stream, *std::move(keys));
  const auto runner = Runner::Create(stream, {});
  ASSERT_TRUE(runner.ok()) << runner.status();
  EXPECT_EQ(parts.FollowGenesis((*runner)->transactions(), (*runner)->result()).code(),
            absl::StatusCode::kInternal);
}

TEST(Statistics, HaveATimeForEveryStageAndEveryPart) {
  const TradeStream stream = GenerateStream({.trades = 2'000, .accounts = 50});
  const RunnerOptions options{.block_size = 500};
  const absl::StatusOr<EnginePartTimes> parts = MeasureEngineParts(stream, options);
  ASSERT_TRUE(parts.ok()) << parts.status();
  Statistics statistics;
  statistics.parts = *parts;
  RunnerOptions timed = options;
  timed.on_stage = [&statistics](Stage stage) { statistics.stages.Enter(stage); };
  const auto runner = Runner::Create(stream, timed);
  ASSERT_TRUE(runner.ok()) << runner.status();
  while (!(*runner)->done()) ASSERT_TRUE((*runner)->SettleNextBlock().ok());
  statistics.stages.Stop();
  std::set<std::string> keys;
  double stages = 0;
  double of_parts = 0;
  for (const StatisticsLine& line : LinesOf(statistics)) {
    EXPECT_GT(line.seconds, 0) << line.name;
    keys.insert(line.key);
    (line.is_part ? of_parts : stages) += line.seconds;
  }
  EXPECT_EQ(keys.size(), kStageCount + kEnginePartCount);
  EXPECT_NEAR(stages, statistics.stages.total_seconds(), 1e-9);
  EXPECT_NEAR(of_parts, statistics.parts.total_seconds(), 1e-9);
}

}  // namespace
}  // namespace settle::example
