// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The main job of examples/settle_trades beside what it cannot do without: a block of 1,000
// generated trades booked, consented to, executed with margin, certified by four validators and
// made final, every receipt proved and one in 100 verified as a stranger would.
//
// The baseline does the same hashes over inputs of the same lengths, the same number of signatures
// and verifications, and touches the same number of account rows and id slots, block for block.
// They are counted by a replica that makes every header again with a hasher that counts, and is
// compared with the runner's own: what is counted is what the work does. Booking, margin, look-ups,
// the proofs' copies and everything else is the work's own.

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/counted_hashes.h"
#include "benchmarks/paired.h"
#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/codec.h"
#include "settle/crypto/signer.h"
#include "settle/engine/balance_proof.h"
#include "settle/engine/header.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/compact_range.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/state_commitment.h"
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

// Does a runner's blocks once more, without margin, consents and votes, and counts.
class Replica {
 public:
  Replica() : hasher_(&cost_.hashes), receipts_(hasher_), state_(0, hasher_) {}

  // The runner's last block, genesis first. False when another header comes out.
  bool Follow(const example::Runner& runner) {
    const BlockResult& result = runner.result();
    cost_ = Cost();
    const Result<Mark> marks[] = {ledger_.Begin(), state_.Begin()};
    if (!Apply(runner) || !ledger_.ChangesSince(*marks[0], changes_).ok() ||
        !state_.Update(ledger_, *marks[0], changes_).ok()) {
      return false;
    }
    const StateCommitment state = state_.Head(result.state.authority);
    const Header header = HeaderOf(runner, state);
    const bool same = HeaderDigest(hasher_, header) == result.digest;
    return ledger_.Release(*marks[0]).ok() && state_.Release(*marks[1]).ok() && same;
  }

  // Of the last block.
  Cost CostOf(const example::Runner& runner) {
    // The venue and the engine each digest every transaction and build the tree over them whose
    // root the venue signs.
    for (int twice = 0; twice < 2; ++twice) CountConsent(runner);
    const std::size_t proofs = runner.proofs_verified() - proofs_before_;
    proofs_before_ = runner.proofs_verified();
    for (std::size_t i = 0; i < proofs; ++i) CountProof(runner);
    for (const TransactionView& transaction : runner.transactions()) {
      cost_.touches += transaction.legs.size() + 2;
    }
    // Votes and the venue's consent; votes, the certificate, the consent, and the certificate of
    // each proof.
    cost_.signatures = kValidators + 1;
    cost_.verifications = kValidators + kQuorum + 1 + proofs * kQuorum;
    return cost_;
  }

  [[nodiscard]] std::size_t accounts() const { return ledger_.account_count(); }
  [[nodiscard]] std::size_t ids() const { return ledger_.id_count(); }

 private:
  bool Apply(const example::Runner& runner) {
    const Header& header = runner.result().header;
    const std::span<const TransactionView> transactions = runner.transactions();
    if (!ledger_.Advance(header.height, header.time).ok()) return false;
    verdicts_.resize(transactions.size());
    if (header.height == Height(0)) {
      for (std::size_t i = 0; i < transactions.size(); ++i) {
        verdicts_[i] = ledger_.ApplyCompulsory(transactions[i]);
      }
    } else {
      ledger_.Apply(transactions, {.context = {}, .authority = {}, .witness = {}}, verdicts_);
    }
    return true;
  }

  // The runner's header with the replica's roots.
  Header HeaderOf(const example::Runner& runner, const StateCommitment& state) {
    Header header = runner.result().header;
    CompactRange<CountingSha256> entries(hasher_);
    std::vector<Digest> leaves;
    const std::span<const TransactionView> transactions = runner.transactions();
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      const Digest content = TransactionDigest(Sha256(), transactions[i], bytes_);
      const Verdict& verdict = verdicts_[i];
      (void)entries.Append(EncodeRecord(
          TransactionEntry{.id = transactions[i].header.id,
                           .content = content,
                           .disposition = verdict.disposition,
                           .module = static_cast<std::uint16_t>(verdict.reason.module()),
                           .code = verdict.reason.code()}));
      if (verdict.disposition != Disposition::kApplied) continue;
      leaves.push_back(ReceiptLeaf(hasher_, {.id = transactions[i].header.id,
                                             .content = content,
                                             .index = verdict.index,
                                             .height = verdict.height,
                                             .time = verdict.time}));
    }
    (void)receipts_.AppendDigests(leaves);
    header.transactions = entries.Head();
    header.receipts = receipts_.Head();
    header.state = StateTreeHead(hasher_, state);
    return header;
  }

  void CountConsent(const example::Runner& runner) {
    CompactRange<CountingSha256> tree(hasher_);
    for (const TransactionView& transaction : runner.transactions()) {
      (void)tree.Append(TransactionDigest(hasher_, transaction, bytes_).view());
    }
    (void)tree.Root();
  }

  // What VerifySettlement hashes: content, receipt, path and header.
  void CountProof(const example::Runner& runner) {
    const BlockResult& result = runner.result();
    (void)TransactionDigest(hasher_, runner.transactions().front(), bytes_);
    const Receipt& receipt = result.receipts.front();
    (void)VerifyInclusion(hasher_, ReceiptLeaf(hasher_, receipt), receipt.index,
                          result.header.receipts, runner.paths().front().path);
    (void)HeaderDigest(hasher_, result.header);
  }

  Cost cost_;
  CountingSha256 hasher_;
  Ledger<Unmargined, HostVouches, example::VenueAccounts> ledger_{LedgerOptions()};
  Accumulator<CountingSha256> receipts_;
  LedgerCommitment<CountingSha256> state_;
  std::size_t proofs_before_ = 0;
  LedgerChanges changes_;
  std::vector<Verdict> verdicts_;
  std::vector<std::byte> bytes_;
};

constexpr std::array<std::byte, 32> kSeed{std::byte{7}};

// The baseline: what each block of the stream costs at least.
class Counted {
 public:
  // Settles the whole stream once. False when it does not settle or is not what is counted.
  bool Count(const example::TradeStream& stream) {
    const std::unique_ptr<example::Runner> runner = NewRunner(stream);
    Replica replica;
    if (runner == nullptr || !replica.Follow(*runner)) return false;
    (void)replica.CostOf(*runner);
    std::vector<std::size_t> touches;
    while (!runner->done()) {
      if (!runner->SettleNextBlock().ok() || !replica.Follow(*runner)) return false;
      const Cost cost = replica.CostOf(*runner);
      blocks_.push_back({BareHashes(cost.hashes), cost.signatures, cost.verifications, {}});
      touches.push_back(cost.touches);
      hashes_ += cost.hashes.total();
    }
    memory_.resize(replica.accounts() * 8 + replica.ids() * 2);
    std::mt19937_64 random(5);
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      for (std::size_t i = 0; i < touches[block]; ++i) {
        blocks_[block].lines.push_back(&memory_[random() % memory_.size()]);
      }
    }
    return true;
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
  Counted counted;
  if (!counted.Count(stream)) return state.SkipWithError("the stream does not settle as counted");
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
