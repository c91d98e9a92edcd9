// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Ledger::Apply beside the cache lines that it cannot do without: the account rows of the legs and
// the two id slots of a transaction, the one that is taken and the one that falls free.
//
// A million accounts with 128-bit balances and a floor each; a table of four million ids that is
// full, so that each batch drops as many ids as it adds; one transaction in a hundred a duplicate
// and one in a hundred refused by a floor. No margin, no receipts, no history.
// Arguments: legs of a transaction; 1 where the accounts follow Zipf's law, 0 where they are alike.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/base/types.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/types.h"

namespace settle::benchmarks {
namespace {

constexpr std::size_t kAccounts = 1'000'000;
constexpr std::size_t kIds = 4'000'000;
constexpr std::size_t kBatch = 1000;
constexpr std::size_t kBatches = 64;  // distinct ones, used in turn
constexpr std::uint64_t kPeriod = 1'000'000'000;
constexpr std::uint64_t kHorizonPeriods = kIds / kBatch;

struct FlooredAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey&) const { return std::nullopt; }
  [[nodiscard]] Limits LimitsOf(const AccountKey& key) const {
    return key.owner.IsZero() ? kUnlimited : kNotNegative;
  }
};
using BenchLedger = Ledger<Unmargined, HostVouches, FlooredAccounts>;

AccountKey KeyOf(std::size_t account) {
  return {OwnerId::FromNumber(account + 1), kCash, TokenId(1)};
}

// Numbers below kAccounts: alike, or number n with a chance in proportion to 1 / (n + 1), spread
// over the table so that neighbours in rank are no neighbours in memory.
class Draw {
 public:
  Draw(bool zipf, std::uint64_t seed) : zipf_(zipf), random_(seed) {}
  std::size_t operator()() {
    if (!zipf_) return random_() % kAccounts;
    const double u = static_cast<double>(random_() >> 11) / 9007199254740992.0;
    const auto rank =
        static_cast<std::size_t>(std::exp(u * std::log(static_cast<double>(kAccounts)))) - 1;
    return rank * 7919 % kAccounts;
  }

 private:
  bool zipf_;
  std::mt19937_64 random_;
};

struct Batch {
  std::vector<Leg> legs;
  std::vector<std::size_t> accounts;  // of the legs
  std::vector<TransactionView> transactions;
};

Batch MakeBatch(Draw& draw, std::size_t legs) {
  Batch batch;
  batch.legs.resize(kBatch * legs);
  for (std::size_t i = 0; i < kBatch; ++i) {
    const std::span<Leg> of = std::span(batch.legs).subspan(i * legs, legs);
    for (std::size_t leg = 0; leg < legs; leg += 2) {
      const std::size_t from = draw();
      std::size_t to = draw();
      while (to == from) to = draw();  // else nothing would move
      // One in a hundred asks for more than anybody has.
      const Amount amount(i % 100 == 50 ? Int128{1} << 100 : Int128{1 + i % 7});
      of[leg] = {KeyOf(from), *CheckedNegate(amount)};
      of[leg + 1] = {KeyOf(to), amount};
      batch.accounts.push_back(from);
      batch.accounts.push_back(to);
    }
    batch.transactions.push_back({.header = {}, .legs = of});
  }
  return batch;
}

// A ledger at work: a period of log time for each batch.
class World {
 public:
  World(std::size_t legs, bool zipf) {
    LedgerOptions options;
    options.id_capacity = kIds + 2 * kBatch;
    options.id_horizon = Duration(kHorizonPeriods * kPeriod);
    options.id_period = Duration(kPeriod);
    ledger_ = std::make_unique<BenchLedger>(options);
    ledger_->Reserve(kAccounts + 1, kIds + 2 * kBatch);
    Fund();
    Draw draw(zipf, 7);
    for (std::size_t i = 0; i < kBatches; ++i) batches_.push_back(MakeBatch(draw, legs));
    verdicts_.resize(kBatch);
    for (std::size_t i = 0; i < kHorizonPeriods + kBatches; ++i) {
      Prepare();
      (void)Step();
    }
  }

  // Gives the next batch its ids and its time, which is the sender's work and not the ledger's.
  void Prepare() {
    Batch& batch = batches_[++steps_ % kBatches];
    const Timestamp until(steps_ * kPeriod + kHorizonPeriods * kPeriod);
    for (std::size_t i = 0; i < kBatch; ++i) {
      TransactionHeader& header = batch.transactions[i].header;
      header.valid_until = until;
      std::memcpy(header.id.data(), &next_id_, sizeof(next_id_));
      ++next_id_;
    }
    // One in a hundred repeats the one before it.
    for (std::size_t i = 1; i < kBatch; i += 100) {
      batch.transactions[i] = batch.transactions[i - 1];
    }
  }

  // One batch. Answers how many transactions were applied; 0 when not all but two in a hundred, as
  // when the batch has not been prepared.
  std::uint64_t Step() {
    const Batch& batch = batches_[steps_ % kBatches];
    const std::uint64_t now = steps_ * kPeriod;
    if (!ledger_->Advance(Height(steps_), Timestamp(now)).ok()) return 0;
    ledger_->Apply(batch.transactions, {.context = {}, .authority = {}, .witness = {}}, verdicts_);
    std::uint64_t applied = 0;
    for (const Verdict& verdict : verdicts_) {
      applied += verdict.disposition == Disposition::kApplied ? 1 : 0;
    }
    return applied == kBatch - 20 ? applied : 0;
  }

  [[nodiscard]] const std::vector<Batch>& batches() const { return batches_; }
  [[nodiscard]] const BenchLedger& ledger() const { return *ledger_; }

 private:
  // Every account gets so much that a floor is met by those that ask for too much alone.
  void Fund() {
    (void)ledger_->Advance(Height(0), Timestamp(kPeriod / 2));
    std::vector<Leg> legs;
    for (std::size_t account = 0; account < kAccounts; account += 500) {
      legs.clear();
      for (std::size_t i = account; i < account + 500; ++i) {
        legs.push_back({KeyOf(i), Amount(Int128{1} << 60)});
        legs.push_back({{OwnerId(), kCash, TokenId(1)}, Amount(-(Int128{1} << 60))});
      }
      (void)ledger_->ApplyCompulsory({.header = {.id = TransactionId::FromNumber(next_id_++),
                                                 .transaction_class = TransactionClass::kCompulsory,
                                                 .rule = CompulsoryRule::kGenesis,
                                                 .valid_until = Timestamp(kPeriod)},
                                      .legs = legs});
    }
  }

  std::unique_ptr<BenchLedger> ledger_;
  std::vector<Batch> batches_;
  std::vector<Verdict> verdicts_;
  std::uint64_t next_id_ = 1;
  std::uint64_t steps_ = 0;
};

// The lines that a batch must touch, in tables of the same sizes.
class Lines {
 public:
  Lines(const World& world, std::size_t legs)
      : rows_(kAccounts * 8), slots_(2 * (std::size_t{1} << 22)) {
    std::mt19937_64 random(11);
    for (const Batch& batch : world.batches()) {
      std::vector<std::uint64_t*>& lines = lines_.emplace_back();
      for (std::size_t i = 0; i < kBatch; ++i) {
        lines.push_back(&slots_[random() % slots_.size()]);  // the id that comes
        lines.push_back(&slots_[random() % slots_.size()]);  // the id that goes
        for (std::size_t leg = 0; leg < legs; ++leg) {
          lines.push_back(&rows_[batch.accounts[i * legs + leg] * 8]);
        }
      }
    }
  }

  std::uint64_t Step() { return BareTouch(lines_[++steps_ % lines_.size()]) | 1; }

 private:
  std::vector<std::uint64_t> rows_;
  std::vector<std::uint64_t> slots_;
  std::vector<std::vector<std::uint64_t*>> lines_;
  std::uint64_t steps_ = 0;
};

void BM_LedgerApply(benchmark::State& state) {
  const auto legs = static_cast<std::size_t>(state.range(0));
  World world(legs, state.range(1) != 0);
  Lines lines(world, legs);
  RunPaired(
      state,
      {.bound = 3,
       .checksums = Checksums::kUnrelated,
       .work_operations = kBatch,
       .baseline_operations = kBatch,
       .before_pair = [&world] { world.Prepare(); }},
      [&world] { return world.Step(); }, [&lines] { return lines.Step(); });
}
BENCHMARK(BM_LedgerApply)
    ->ArgNames({"legs", "zipf"})
    ->ArgsProduct({{2, 10}, {0, 1}})
    ->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
