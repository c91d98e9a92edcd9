// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A thousand transfers of two legs held in one block and posted whole in the next, beside the cache
// lines that this cannot do without: in either block the two account rows of each transfer, the id
// that comes and the one that falls free, and the hold.
//
// A million accounts that are alike and four million ids, see apply_world.h.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/ledger/apply_world.h"
#include "benchmarks/paired.h"
#include "settle/base/types.h"
#include "settle/ledger/hold.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/types.h"

namespace settle::benchmarks {
namespace {

constexpr std::uint64_t kHeldFor = 10 * kPeriod;

class HoldWorld {
 public:
  explicit HoldWorld(const WorldOptions& options) : world_(options), verdicts_(kBatch) {
    Draw draw(options, 9);
    for (std::size_t i = 0; i < kBatches; ++i) batches_.push_back(MakeBatch(draw, 2));
    for (Batch& batch : batches_) {
      for (Leg& leg : batch.legs) {  // nobody asks for more than there is
        leg.amount = Amount(leg.amount < Amount() ? Int128{-1} : Int128{1});
      }
    }
    posts_.resize(kBatch);
  }

  // Gives the next batch and its posts their ids and times: the sender's work.
  void Prepare() {
    selected_ = (selected_ + 1) % kBatches;
    hold_slot_ = world_.TakeSlot();
    post_slot_ = world_.TakeSlot();
    terms_ = {.expires_at = Timestamp(hold_slot_.now.value() + kHeldFor),
              .resolver = OwnerId::FromNumber(1)};
    for (std::size_t i = 0; i < kBatch; ++i) {
      TransactionView& hold = batches_[selected_].transactions[i];
      hold.header = HeaderOf(hold_slot_, i);
      hold.header.action = TransactionAction::kHold;
      hold.terms = &terms_;
      posts_[i].header = HeaderOf(post_slot_, i);
      posts_[i].header.transaction_class = TransactionClass::kPromised;
      posts_[i].header.action = TransactionAction::kPost;
      posts_[i].header.target = hold.header.id;
    }
  }

  // Both blocks. Answers 0 when a hold or a post is refused.
  std::uint64_t Step() {
    const bool good = Apply(hold_slot_, batches_[selected_].transactions) &&
                      world_.ledger().hold_count() == kBatch && Apply(post_slot_, posts_) &&
                      world_.ledger().hold_count() == 0;
    return good ? 1 : 0;
  }

  [[nodiscard]] const std::vector<Batch>& batches() const { return batches_; }

 private:
  static TransactionHeader HeaderOf(const ApplyWorld::Slot& slot, std::size_t i) {
    TransactionHeader header{.valid_until = slot.valid_until};
    const std::uint64_t id = slot.first_id + i;
    std::memcpy(header.id.data(), &id, sizeof(id));
    return header;
  }

  bool Apply(const ApplyWorld::Slot& slot, const std::vector<TransactionView>& transactions) {
    BenchLedger& ledger = world_.ledger();
    if (!ledger.Advance(slot.height, slot.now).ok()) return false;
    ledger.Apply(transactions, {.context = {}, .authority = {}, .witness = {}}, verdicts_);
    for (const Verdict& verdict : verdicts_) {
      if (verdict.disposition != Disposition::kApplied) return false;
    }
    return true;
  }

  ApplyWorld world_;
  std::vector<Batch> batches_;
  std::vector<TransactionView> posts_;
  HoldTerms terms_;
  ApplyWorld::Slot hold_slot_;
  ApplyWorld::Slot post_slot_;
  std::size_t selected_ = 0;
  std::vector<Verdict> verdicts_;
};

class HoldLines {
 public:
  HoldLines(const HoldWorld& world, const WorldOptions& options)
      : rows_(options.accounts * 8), slots_(2 * options.ids), holds_(kBatch * 8) {
    std::mt19937_64 random(13);
    for (const Batch& batch : world.batches()) {
      std::vector<std::uint64_t*>& lines = lines_.emplace_back();
      for (int block = 0; block < 2; ++block) {
        for (std::size_t i = 0; i < kBatch; ++i) {
          lines.push_back(&slots_[random() % slots_.size()]);
          lines.push_back(&slots_[random() % slots_.size()]);
          lines.push_back(&rows_[batch.accounts[2 * i] * 8]);
          lines.push_back(&rows_[batch.accounts[2 * i + 1] * 8]);
          lines.push_back(&holds_[i * 8]);
        }
      }
    }
  }

  std::uint64_t Step() { return BareTouch(lines_[++steps_ % lines_.size()]) | 1; }

 private:
  std::vector<std::uint64_t> rows_;
  std::vector<std::uint64_t> slots_;
  std::vector<std::uint64_t> holds_;
  std::vector<std::vector<std::uint64_t*>> lines_;
  std::uint64_t steps_ = 0;
};

void BM_HoldPost(benchmark::State& state) {
  const WorldOptions options;
  HoldWorld world(options);
  HoldLines lines(world, options);
  RunPaired(
      state,
      {.bound = 3,
       .checksums = Checksums::kUnrelated,
       .work_operations = kBatch,
       .baseline_operations = kBatch,
       .before_pair = [&world] { world.Prepare(); }},
      [&world] { return world.Step(); }, [&lines] { return lines.Step(); });
}
BENCHMARK(BM_HoldPost)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
