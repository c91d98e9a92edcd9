// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a block costs on top of Ledger::Apply: that it can be taken back, what it changed and the
// histories of accounts, the state's roots, and receipts. Each beside the apply of the same batches
// in a ledger of its own and the hashes that the formats demand, counted in a run of their own and
// made through the bare calls.
//
// A million accounts that are alike and four million ids, see apply_world.h.
// Argument: legs of a transaction.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/counted_hashes.h"
#include "benchmarks/ledger/apply_world.h"
#include "benchmarks/paired.h"
#include "settle/base/types.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/changes.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/state_commitment.h"
#include "settle/ledger/statement.h"
#include "settle/ledger/transaction.h"
#include "settle/ledger/types.h"

namespace settle::benchmarks {
namespace {

WorldOptions OptionsOf(const benchmark::State& state) {
  return {.legs = static_cast<std::size_t>(state.range(0))};
}

// A part of a block on top of apply, made with the hasher H.
template <template <typename> typename Part, typename H>
class Block {
 public:
  Block(const WorldOptions& options, H hasher) : world_(options), part_(world_, hasher) {}
  void Prepare() { world_.Prepare(); }
  std::uint64_t Step() {
    const Result<Mark> mark = world_.ledger().Begin();
    const bool good = mark.ok() && world_.Step() != 0 && part_.Step(world_, *mark) &&
                      world_.ledger().Release(*mark).ok();
    return good ? 1 : 0;
  }

 private:
  ApplyWorld world_;
  Part<H> part_;
};

// What the block changed, and the history of every account that it posted to.
template <typename H>
class Histories {
 public:
  Histories(ApplyWorld& world, H hasher)
      : hasher_(hasher), histories_(world.ledger().account_count()) {}
  bool Step(ApplyWorld& world, Mark mark) {
    if (!world.ledger().ChangesSince(mark, changes_).ok()) return false;
    const Height height = world.ledger().height();
    for (const AccountChange& change : changes_.accounts) {
      // Accounts are numbered from one on; zero is where the money came from.
      const OwnerId& owner = change.account.key.owner;
      std::uint64_t number;
      std::memcpy(&number, owner.data(), sizeof(number));
      Digest& history = histories_[number];
      history = ExtendHistory(hasher_, history, height, changes_.entries_of(change), scratch_);
    }
    return !changes_.accounts.empty();
  }

 private:
  H hasher_;
  std::vector<Digest> histories_;
  LedgerChanges changes_;
  std::vector<std::byte> scratch_;
};

// What the block changed, and the roots of accounts, holds and ids after it.
template <typename H>
class StateRoots {
 public:
  StateRoots(ApplyWorld& world, H hasher) : state_(0, hasher) {
    // Takes in all accounts, as if one block had opened them.
    state_.Reserve(world.ledger().account_count());
    LedgerChanges opened;
    world.ledger().ForEachAccount([&opened](const AccountState& account) {
      opened.accounts.push_back({.account = account});
    });
    const Result<Mark> mark = world.ledger().Begin();
    (void)state_.Update(world.ledger(), *mark, opened);
    (void)world.ledger().Release(*mark);
  }
  bool Step(ApplyWorld& world, Mark mark) {
    const Result<Mark> own = state_.Begin();
    return world.ledger().ChangesSince(mark, changes_).ok() &&
           state_.Update(world.ledger(), mark, changes_).ok() && state_.Release(*own).ok();
  }

 private:
  LedgerCommitment<H> state_;
  LedgerChanges changes_;
};

// A receipt of everything that was applied, and the root of all receipts.
template <typename H>
class Receipts {
 public:
  Receipts(ApplyWorld&, H hasher) : hasher_(hasher), receipts_(hasher) {}
  bool Step(ApplyWorld& world, Mark) {
    leaves_.clear();
    const std::span<const TransactionView> transactions = world.batch().transactions;
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      const Verdict& verdict = world.verdicts()[i];
      if (verdict.disposition != Disposition::kApplied) continue;
      const Receipt receipt{.id = transactions[i].header.id,
                            .content = TransactionDigest(hasher_, transactions[i], scratch_),
                            .index = verdict.index,
                            .height = verdict.height,
                            .time = verdict.time};
      leaves_.push_back(ReceiptLeaf(hasher_, receipt));
    }
    return receipts_.AppendDigests(leaves_).ok() && !receipts_.Root().IsZero();
  }

 private:
  H hasher_;
  Accumulator<H> receipts_;
  std::vector<Digest> leaves_;
  std::vector<std::byte> scratch_;
};

// The hashes of each of the batches in turn.
template <template <typename> typename Part>
std::vector<HashCounts> CountHashes(const WorldOptions& options) {
  HashCounts counts;
  Block<Part, CountingSha256> block(options, CountingSha256(&counts));
  std::vector<HashCounts> of_batches;
  for (std::size_t i = 0; i < kBatches; ++i) {
    counts = HashCounts();
    block.Prepare();
    if (block.Step() == 0) return {};
    of_batches.push_back(counts);
  }
  return of_batches;
}

template <template <typename> typename Part>
void RunBlock(benchmark::State& state, std::optional<double> bound) {
  const WorldOptions options = OptionsOf(state);
  const std::vector<HashCounts> counts = CountHashes<Part>(options);
  if (counts.empty()) return state.SkipWithError("a block does not do what is counted");
  std::vector<BareHashes> hashes(counts.begin(), counts.end());
  Block<Part, Sha256> block(options, Sha256());
  ApplyWorld apply(options);
  std::size_t batch = kBatches - 1;
  RunPaired(
      state,
      {.bound = bound,
       .checksums = Checksums::kUnrelated,
       .work_operations = kBatch,
       .baseline_operations = kBatch,
       .before_pair =
           [&] {
             block.Prepare();
             apply.Prepare();
             batch = (batch + 1) % kBatches;
           }},
      [&block] { return block.Step(); },
      [&] { return apply.Step() == 0 ? 0 : hashes[batch].Step(); });
  std::size_t total = 0;
  for (const HashCounts& of_batch : counts) total += of_batch.total();
  state.counters["hashes"] = static_cast<double>(total) / static_cast<double>(kBatch * kBatches);
}

// The content's digest, the leaf and the node of each receipt.
void BM_LedgerReceipts(benchmark::State& state) { RunBlock<Receipts>(state, 1.2); }
BENCHMARK(BM_LedgerReceipts)->ArgName("legs")->Arg(2)->Arg(10)->Apply(Paired);

// As information, as is what follows: what apply does not need is no part of the baseline, such as
// the look-up of each account in the maps and the lines that it has there.
void BM_LedgerHistories(benchmark::State& state) { RunBlock<Histories>(state, std::nullopt); }
BENCHMARK(BM_LedgerHistories)->ArgName("legs")->Arg(2)->Arg(10)->Apply(Paired);

void BM_LedgerStateRoots(benchmark::State& state) { RunBlock<StateRoots>(state, std::nullopt); }
BENCHMARK(BM_LedgerStateRoots)->ArgName("legs")->Arg(2)->Arg(10)->Apply(Paired);

// A block applied and taken back, beside the same batch applied in a ledger that keeps it and
// cannot take it back. The bound is that of writing everything twice: each write is noted in a log,
// from its end to its beginning each is undone, and no row has to be looked for.
void BM_RevertBlock(benchmark::State& state) {
  ApplyWorld world(OptionsOf(state));
  ApplyWorld apply(OptionsOf(state));
  world.Prepare();
  const auto work = [&world]() -> std::uint64_t {
    const Result<Mark> mark = world.ledger().Begin();
    const bool good = mark.ok() && world.Step() != 0 && world.ledger().RevertTo(*mark).ok();
    return good ? 1 : 0;
  };
  RunPaired(state,
            {.bound = 2,
             .checksums = Checksums::kUnrelated,
             .work_operations = kBatch,
             .baseline_operations = kBatch,
             .before_pair =
                 [&] {
                   world.Prepare();
                   apply.Prepare();
                 }},
            work, [&apply] { return apply.Step(); });
}
BENCHMARK(BM_RevertBlock)->ArgName("legs")->Arg(2)->Arg(10)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
