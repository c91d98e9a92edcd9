// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The main job of examples/settle_trades beside what it cannot do without: a block of 1,000
// generated trades booked, consented to, executed with margin, certified by four validators and
// made final, every receipt proved and one in 100 verified as a stranger would.
//
// The baseline does the same hashes over inputs of the same lengths, the same number of signatures
// and verifications, and touches the same number of account rows and id slots, block for block.
// The engine's are counted by its parts with a hasher that counts, which make every header again:
// what is counted is what the work does. Booking, margin, look-ups, the proofs' copies and
// everything else is the work's own.

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "benchmarks/baseline.h"
#include "benchmarks/counted_hashes.h"
#include "benchmarks/paired.h"
#include "examples/settle_trades/engine_parts.h"
#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/genesis.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/types.h"
#include "settle/engine/header.h"
#include "settle/engine/settlement_engine.h"
#include "settle/ledger/compact_range.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/owner_keys.h"
#include "settle/ledger/transaction.h"
#include "settle/ledger/types.h"

namespace settle::benchmarks {
namespace {

constexpr std::size_t kBlock = 1000;
constexpr std::size_t kValidators = 4;
constexpr std::size_t kQuorum = 3;

std::unique_ptr<example::Runner> NewRunner(const example::TradeStream& stream) {
  auto runner = example::Runner::Create(stream, {.block_size = kBlock});
  return runner.ok() ? *std::move(runner) : nullptr;
}

// The runner, begun anew when its stream is used up, which is outside the timing.
class World {
 public:
  explicit World(const example::TradeStream& stream)
      : stream_(stream), runner_(NewRunner(stream)) {}

  // Answers the number of the next block of the stream.
  std::size_t BeginIfDone() {
    if (runner_ == nullptr || runner_->done()) runner_ = NewRunner(stream_);
    return runner_ == nullptr ? 0 : runner_->blocks();
  }

  // One block: how many trades it settled, or 0 when it did not settle.
  std::uint64_t Step() {
    if (runner_ == nullptr || runner_->done()) return 0;
    if (!runner_->SettleNextBlock().ok()) return 0;
    return runner_->result().receipts.size();
  }

 private:
  const example::TradeStream& stream_;
  std::unique_ptr<example::Runner> runner_;
};

// What one block costs at least.
struct Cost {
  HashCounts hashes;
  std::size_t signatures = 0;
  std::size_t verifications = 0;
  std::size_t touches = 0;
};

// Counts what `runner` did for its last block beside the engine's execution.
class Counter {
 public:
  void Add(const example::Runner& runner, Cost& cost) {
    const CountingSha256 hasher(&cost.hashes);
    // The venue digests every transaction. It and the engine each build the tree over the digests.
    for (const TransactionView& transaction : runner.transactions()) {
      (void)TransactionDigest(hasher, transaction, bytes_);
      cost.touches += transaction.legs.size() + 2;
    }
    for (int twice = 0; twice < 2; ++twice) CountTree(runner.transactions().size(), hasher);
    const std::size_t proofs = runner.proofs_verified() - proofs_before_;
    proofs_before_ = runner.proofs_verified();
    for (std::size_t i = 0; i < proofs; ++i) CountProof(runner, hasher);
    // Votes and the venue's consent; votes, the certificate, the consent, and the certificate of
    // each proof.
    cost.signatures = kValidators + 1;
    cost.verifications = kValidators + kQuorum + 1 + proofs * kQuorum;
  }

 private:
  static void CountTree(std::size_t leaves, const CountingSha256& hasher) {
    CompactRange<CountingSha256> tree(hasher);
    for (std::size_t i = 0; i < leaves; ++i) (void)tree.Append(Digest().view());
    (void)tree.Root();
  }

  // What VerifySettlement hashes: content, receipt, path and header.
  void CountProof(const example::Runner& runner, const CountingSha256& hasher) {
    const BlockResult& result = runner.result();
    (void)TransactionDigest(hasher, runner.transactions().front(), bytes_);
    const Receipt& receipt = result.receipts.front();
    (void)VerifyInclusion(hasher, ReceiptLeaf(hasher, receipt), receipt.index,
                          result.header.receipts, runner.paths().front().path);
    (void)HeaderDigest(hasher, result.header);
  }

  std::size_t proofs_before_ = 0;
  std::vector<std::byte> bytes_;
};

// Settles the whole stream once and answers what each block costs; nothing where it does not settle
// or where other headers come out of the parts that count.
std::vector<Cost> CountCosts(const example::TradeStream& stream) {
  HashCounts hashes;
  absl::StatusOr<OwnerKeys<>> keys = example::MakeOwnerKeys(stream);
  if (!keys.ok()) return {};
  example::EngineParts<CountingSha256> parts(stream, *std::move(keys), CountingSha256(&hashes));
  const auto runner = example::Runner::Create(
      stream,
      {.block_size = kBlock, .on_executed = [&parts](const auto& block, const auto& result) {
         return parts.Follow(block, result, [](example::EnginePart) {});
       }});
  if (!runner.ok()) return {};
  if (!parts.FollowGenesis((*runner)->transactions(), (*runner)->result()).ok()) return {};
  Counter counter;
  Cost genesis;
  counter.Add(**runner, genesis);
  std::vector<Cost> costs;
  while (!(*runner)->done()) {
    hashes = HashCounts();
    if (!(*runner)->SettleNextBlock().ok()) return {};
    Cost& cost = costs.emplace_back();
    cost.hashes = hashes;
    counter.Add(**runner, cost);
  }
  return costs;
}

constexpr std::array<std::byte, 32> kSeed{std::byte{7}};

// The baseline: what each block of the stream costs at least.
class Counted {
 public:
  // With tables for so many accounts and ids.
  Counted(std::span<const Cost> costs, const example::LedgerSize& size)
      : memory_(size.accounts * 8 + size.ids * 2) {
    std::mt19937_64 random(5);
    for (const Cost& cost : costs) {
      Block& block = blocks_.emplace_back(
          Block{BareHashes(cost.hashes), cost.signatures, cost.verifications, {}});
      for (std::size_t i = 0; i < cost.touches; ++i) {
        block.lines.push_back(&memory_[random() % memory_.size()]);
      }
      hashes_ += cost.hashes.total();
    }
  }

  // Which block the next step does.
  void Select(std::size_t block) { selected_ = block % blocks_.size(); }

  std::uint64_t Step() {
    Block& block = blocks_[selected_];
    std::uint64_t word = block.hashes.Step();
    for (std::size_t i = 0; i < block.signatures; ++i) {
      if (sign_(message_, signature_) == 0) return 0;
    }
    for (std::size_t i = 0; i < block.verifications; ++i) {
      if (verify_(message_, signature_) == 0) return 0;
    }
    word += BareTouch(block.lines);
    return word | 1;
  }

  [[nodiscard]] double hashes_per_trade() const {
    return static_cast<double>(hashes_) / static_cast<double>(kBlock * blocks_.size());
  }

 private:
  struct Block {
    BareHashes hashes;
    std::size_t signatures = 0;
    std::size_t verifications = 0;
    std::vector<std::uint64_t*> lines;
  };

  std::vector<Block> blocks_;
  std::size_t selected_ = 0;
  std::size_t hashes_ = 0;
  BareSign sign_{kSeed};
  BareVerify verify_{sign_.PublicKey()};
  std::array<std::byte, 88 + 48> message_{};  // as long as what is signed for a vote
  SignatureBytes signature_{};
  std::vector<std::uint64_t> memory_;
};

void BM_SettleTrades(benchmark::State& state) {
  const example::TradeStream stream = example::GenerateStream({});
  const std::vector<Cost> costs = CountCosts(stream);
  if (costs.empty()) return state.SkipWithError("the stream does not settle as counted");
  Counted counted(costs, example::SizeOf(stream));
  World world(stream);
  RunPaired(
      state,
      {.bound = 1.5,
       .checksums = Checksums::kUnrelated,
       .work_operations = kBlock,
       .baseline_operations = kBlock,
       .before_pair = [&] { counted.Select(world.BeginIfDone()); }},
      [&world] { return world.Step(); }, [&counted] { return counted.Step(); });
  state.counters["hashes_per_trade"] = counted.hashes_per_trade();
}
BENCHMARK(BM_SettleTrades)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
