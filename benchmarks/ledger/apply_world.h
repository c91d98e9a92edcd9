// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A ledger at work: accounts with 128-bit balances and a floor each, a table of ids that is full,
// so that each batch drops as many as it adds, and batches of 1,000 transactions of which one in a
// hundred is a duplicate and one in a hundred refused by a floor.
//
//   ApplyWorld world({.legs = 2});
//   world.Prepare();                     // the sender's work, outside the timing
//   if (world.Step() == 0) ...           // Advance and Apply; 0: not as it should be

#ifndef SETTLE_BENCHMARKS_LEDGER_APPLY_WORLD_H_
#define SETTLE_BENCHMARKS_LEDGER_APPLY_WORLD_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "benchmarks/baseline.h"
#include "settle/base/types.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/types.h"

namespace settle::benchmarks {

inline constexpr std::size_t kBatch = 1000;
inline constexpr std::size_t kBatches = 64;  // distinct ones, used in turn
inline constexpr std::uint64_t kPeriod = 1'000'000'000;

struct WorldOptions {
  std::size_t legs = 2;  // of a transaction
  bool zipf = false;     // whether accounts follow Zipf's law
  std::size_t accounts = 1'000'000;
  std::size_t ids = 4'000'000;
};

struct FlooredAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey&) const { return std::nullopt; }
  [[nodiscard]] Limits LimitsOf(const AccountKey& key) const {
    return key.owner.IsZero() ? kUnlimited : kNotNegative;
  }
};
using BenchLedger = Ledger<Unmargined, HostVouches, FlooredAccounts>;

inline AccountKey KeyOf(std::size_t account) {
  return {OwnerId::FromNumber(account + 1), kCash, TokenId(1)};
}

// Numbers below `count`: alike, or number n with a chance in proportion to 1 / (n + 1), spread over
// the table so that neighbours in rank are no neighbours in memory.
class Draw {
 public:
  Draw(const WorldOptions& options, std::uint64_t seed)
      : zipf_(options.zipf), count_(options.accounts), random_(seed) {}
  std::size_t operator()() {
    if (!zipf_) return random_() % count_;
    const double u = static_cast<double>(random_() >> 11) / 9007199254740992.0;
    const auto rank =
        static_cast<std::size_t>(std::exp(u * std::log(static_cast<double>(count_)))) - 1;
    return rank * 7919 % count_;
  }

 private:
  bool zipf_;
  std::size_t count_;
  std::mt19937_64 random_;
};

struct Batch {
  std::vector<Leg> legs;
  std::vector<std::size_t> accounts;  // of the legs
  std::vector<TransactionView> transactions;
};

inline Batch MakeBatch(Draw& draw, std::size_t legs) {
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

// A period of log time for each batch.
class ApplyWorld {
 public:
  explicit ApplyWorld(const WorldOptions& options)
      : options_(options), horizon_periods_(options.ids / kBatch) {
    LedgerOptions of_ledger;
    of_ledger.id_capacity = options.ids + 2 * kBatch;
    of_ledger.id_horizon = Duration(horizon_periods_ * kPeriod);
    of_ledger.id_period = Duration(kPeriod);
    ledger_ = std::make_unique<BenchLedger>(of_ledger);
    ledger_->Reserve(options.accounts + 1, options.ids + 2 * kBatch);
    Fund();
    Draw draw(options, 7);
    for (std::size_t i = 0; i < kBatches; ++i) batches_.push_back(MakeBatch(draw, options.legs));
    verdicts_.resize(kBatch);
    for (std::size_t i = 0; i < horizon_periods_ + kBatches; ++i) {
      Prepare();
      (void)Step();
    }
  }

  // Gives the next batch its ids and its time, which is the sender's work and not the ledger's.
  void Prepare() {
    Batch& batch = batches_[++steps_ % kBatches];
    const Timestamp until(steps_ * kPeriod + horizon_periods_ * kPeriod);
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

  // A block for a batch that is made elsewhere, and ids for it, a period after the last one.
  struct Slot {
    Height height{};
    Timestamp now{};
    Timestamp valid_until{};
    std::uint64_t first_id = 0;
  };
  Slot TakeSlot() {
    const Timestamp now(++steps_ * kPeriod);
    const std::uint64_t first_id = std::exchange(next_id_, next_id_ + kBatch);
    return {Height(steps_), now, Timestamp(now.value() + horizon_periods_ * kPeriod), first_id};
  }

  // One batch. Answers how many transactions were applied; 0 when not all but two in a hundred, as
  // when the batch has not been prepared.
  std::uint64_t Step() {
    const std::uint64_t now = steps_ * kPeriod;
    if (!ledger_->Advance(Height(steps_), Timestamp(now)).ok()) return 0;
    ledger_->Apply(batch().transactions, {.context = {}, .authority = {}, .witness = {}},
                   verdicts_);
    std::uint64_t applied = 0;
    for (const Verdict& verdict : verdicts_) {
      applied += verdict.disposition == Disposition::kApplied ? 1 : 0;
    }
    return applied == kBatch - 20 ? applied : 0;
  }

  // The batch of the last Prepare, and the verdicts of the last Step.
  [[nodiscard]] const Batch& batch() const { return batches_[steps_ % kBatches]; }
  [[nodiscard]] std::span<const Verdict> verdicts() const { return verdicts_; }
  [[nodiscard]] const std::vector<Batch>& batches() const { return batches_; }
  [[nodiscard]] const WorldOptions& options() const { return options_; }
  [[nodiscard]] BenchLedger& ledger() { return *ledger_; }

 private:
  // Every account gets so much that a floor is met by those that ask for too much alone.
  void Fund() {
    (void)ledger_->Advance(Height(0), Timestamp(kPeriod / 2));
    std::vector<Leg> legs;
    for (std::size_t account = 0; account < options_.accounts; account += 500) {
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

  WorldOptions options_;
  std::uint64_t horizon_periods_;
  std::unique_ptr<BenchLedger> ledger_;
  std::vector<Batch> batches_;
  std::vector<Verdict> verdicts_;
  std::uint64_t next_id_ = 1;
  std::uint64_t steps_ = 0;
};

// Baseline: the lines that a batch must touch, in tables of the same sizes: the rows of its legs'
// accounts, and of each transaction the id that comes and the id that goes.
class ApplyLines {
 public:
  explicit ApplyLines(const ApplyWorld& world)
      : rows_(world.options().accounts * 8), slots_(2 * world.options().ids) {
    const std::size_t legs = world.options().legs;
    std::mt19937_64 random(11);
    for (const Batch& batch : world.batches()) {
      std::vector<std::uint64_t*>& lines = lines_.emplace_back();
      for (std::size_t i = 0; i < kBatch; ++i) {
        lines.push_back(&slots_[random() % slots_.size()]);
        lines.push_back(&slots_[random() % slots_.size()]);
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

}  // namespace settle::benchmarks

#endif  // SETTLE_BENCHMARKS_LEDGER_APPLY_WORLD_H_
