// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/settle_trades/audit.h"
#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/importer.h"
#include "settle/base/codec.h"
#include "settle/base/text.h"
#include "settle/margin/reason.h"
#include "tests/support/vectors.h"

namespace settle::example {
namespace {

// Trades among few accounts with little to lose, so that refusals and what depends on them are
// common: each trade is many times what the accounts can carry in the long run.
TradeStream CrowdedStream() {
  TradeStream stream = GenerateStream({.seed = 3, .trades = 4'000, .accounts = 12});
  for (Trade& trade : stream.trades) trade.time_ms /= 2;
  return stream;
}

struct Outcome {
  std::vector<std::size_t> refused;
  std::vector<Digest> digests;  // of the headers, genesis first
  std::size_t rollbacks = 0;
  std::size_t proofs = 0;
  std::size_t proofs_verified = 0;
  bool audit_ok = false;
  Weight weight;
};

// Settles the stream and checks, block by block, that what was certified is what comes out when
// trades are booked one by one and the refused ones leave no trace.
Outcome Settle(const TradeStream& stream, const RunnerOptions& options) {
  Outcome outcome;
  absl::StatusOr<std::unique_ptr<Runner>> made = Runner::Create(stream, options);
  if (!made.ok()) {
    ADD_FAILURE() << made.status();
    return outcome;
  }
  Runner& runner = **made;
  Audit audit(stream, Audit::Profit::kCompared);
  for (const TransactionView& opening : runner.transactions()) audit.FollowGenesis(opening.legs);
  outcome.digests.push_back(runner.result().digest);
  Booking one_by_one(stream);
  while (!runner.done()) {
    const absl::Status status = runner.SettleNextBlock();
    if (!status.ok()) {
      ADD_FAILURE() << status;
      return outcome;
    }
    for (std::size_t i = 0; i < runner.transactions().size(); ++i) {
      const std::size_t index = runner.first_trade() + i;
      const Trade& trade = stream.trades[index];
      const std::span<const Leg> legs = runner.transactions()[i].legs;
      const TradeLegs expected = one_by_one.LegsOf(trade);
      EXPECT_TRUE(
          std::equal(legs.begin(), legs.end(), expected.view().begin(), expected.view().end()))
          << "trade " << index;
      const bool settled = runner.result().verdicts[i].ok();
      if (settled) one_by_one.Book(trade);
      if (!settled) outcome.refused.push_back(index);
      audit.Follow(legs, settled ? Audit::Outcome::kSettled : Audit::Outcome::kRefused);
    }
    audit.CompareLedger(runner.engine().ledger());
    EXPECT_EQ(runner.paths().size(), runner.result().receipts.size());
    EXPECT_EQ(runner.engine().final_digest(), runner.result().digest);
    EXPECT_EQ(runner.engine().speculative(), 0u);
    outcome.proofs += runner.paths().size();
    outcome.digests.push_back(runner.result().digest);
  }
  outcome.rollbacks = runner.rollbacks();
  outcome.proofs_verified = runner.proofs_verified();
  outcome.audit_ok = audit.ok();
  if (!audit.ok()) ADD_FAILURE() << audit.faults().front();
  outcome.weight = runner.certificate_weight();
  return outcome;
}

TEST(Runner, SettlesEveryTradeUnderAmpleCollateral) {
  const TradeStream stream = GenerateStream({.trades = 5'000});
  const Outcome outcome = Settle(stream, {});
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(outcome.digests.size(), 1u + 5u);
  EXPECT_EQ(outcome.proofs, 5'000u);
  // Of genesis (1,000 receipts) and trades, one in a hundred.
  EXPECT_EQ(outcome.proofs_verified, 60u);
  EXPECT_EQ(outcome.weight, Weight(4));
}

TEST(Runner, GivesTheSameHeadersASecondTime) {
  const TradeStream stream = GenerateStream({.trades = 2'000, .accounts = 50});
  EXPECT_EQ(Settle(stream, {}).digests, Settle(stream, {}).digests);
}

TEST(Runner, GivesOtherHeadersForOtherValidators) {
  const TradeStream stream = GenerateStream({.trades = 100, .accounts = 10});
  EXPECT_NE(Settle(stream, {.validators = 4}).digests, Settle(stream, {.validators = 5}).digests);
}

TEST(Runner, TakesBlocksBackUntilTheyAreAsOneByOne) {
  const TradeStream stream = CrowdedStream();
  for (const std::size_t block_size : {50u, 400u, 4000u}) {
    SCOPED_TRACE(block_size);
    const Outcome outcome =
        Settle(stream, {.block_size = block_size, .collateral = Collateral::kTight});
    EXPECT_TRUE(outcome.audit_ok);
    EXPECT_GT(outcome.refused.size(), 80u);
    EXPECT_GT(outcome.rollbacks, 0u);
  }
}

TEST(Runner, NeedsNoRollbackForBlocksOfOneTrade) {
  TradeStream stream = CrowdedStream();
  stream.trades.resize(300);
  const Outcome outcome = Settle(stream, {.block_size = 1, .collateral = Collateral::kTight});
  EXPECT_EQ(outcome.rollbacks, 0u);
  EXPECT_EQ(outcome.digests.size(), 301u);
}

TEST(Runner, EndsWithTheBlockThatTheStreamFillsInPart) {
  const TradeStream stream = GenerateStream({.trades = 25, .accounts = 10});
  const Outcome outcome = Settle(stream, {.block_size = 10});
  EXPECT_EQ(outcome.digests.size(), 1u + 3u);
}

TEST(Runner, ReachesAQuorumWithOneValidatorAndWithMany) {
  const TradeStream stream = GenerateStream({.trades = 10, .accounts = 10});
  EXPECT_EQ(Settle(stream, {.validators = 1}).weight, Weight(1));
  EXPECT_EQ(Settle(stream, {.validators = 31}).weight, Weight(31));
}

TEST(Runner, ProvesEveryReceiptOfABlock) {
  const TradeStream stream = GenerateStream({.trades = 60, .accounts = 10});
  const auto runner = Runner::Create(stream, {.block_size = 60});
  ASSERT_TRUE(runner.ok()) << runner.status();
  ASSERT_TRUE((*runner)->SettleNextBlock().ok());
  const TrustRoot root = (*runner)->trust_root();
  for (std::size_t i = 0; i < 60; ++i) {
    const SettlementProof<> proof = (*runner)->ProofOf(i);
    EXPECT_EQ(proof.transaction.header.id, TransactionId::FromNumber(stream.trades[i].id));
    const auto settled =
        VerifySettlement((*runner)->validators(), root.network, root.group, root.epoch, proof);
    EXPECT_TRUE(settled.ok()) << settled.status();
  }
}

// The file's figures, of the nine that are refused too, whatever the block size.
TEST(RealFills, RefusesTheSameNineUnderTightCollateralInBlocksOfAnySize) {
  constexpr const char* kFile = "hyperliquid_fills_20251027T1700Z.csv";
  const std::optional<std::string> path = test::FindData(kFile);
  if (!path) GTEST_SKIP() << test::Missing(kFile);
  const absl::StatusOr<TradeStream> stream = ImportFills(*path);
  ASSERT_TRUE(stream.ok()) << stream.status();
  const std::vector<std::size_t> kNine = {349, 350, 1957, 2155, 2193, 2195, 2711, 3367, 3638};
  const struct {
    std::size_t block_size;
    std::size_t rollbacks;  // where a later trade of a block depends on a refused one
  } kCases[] = {{97, 0}, {1'000, 1}, {4'000, 1}};
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.block_size);
    const Outcome outcome =
        Settle(*stream, {.block_size = one.block_size, .collateral = Collateral::kTight});
    EXPECT_EQ(outcome.refused, kNine);
    EXPECT_TRUE(outcome.audit_ok);
    EXPECT_EQ(outcome.rollbacks, one.rollbacks);
  }
}

}  // namespace
}  // namespace settle::example
