// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The ids of the transactions within the horizon, with what became of each.
//
// A record counts while log time is before its valid_until: that is decided by comparison whenever
// it is looked at, not by whether a sweep has run. Records whose valid_until fall into one period
// of log time share a bucket, and a bucket is freed whole once its period has passed. The number
// of records that limits admission counts those of periods that have not passed: a function of
// what was applied and of log time alone, equal on every replica.
//
// While a block may still be taken back, passed buckets are set aside, so that they can return.

#ifndef SETTLE_LEDGER_DETAIL_ID_TABLE_H_
#define SETTLE_LEDGER_DETAIL_ID_TABLE_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/detail/leg_store.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// One cache line a transaction.
struct alignas(64) IdRecord {
  TransactionId id{};
  Timestamp valid_until{};
  LogIndex index{};
  Height height{};
  Timestamp time{};
  Reason refusal{};  // success: it was applied
  TransactionClass transaction_class : 3 = TransactionClass::kChosen;
  TransactionAction action : 4 = TransactionAction::kApply;
  bool chained : 1 = false;
  CompulsoryRule rule = CompulsoryRule::kNone;
  std::uint16_t legs = 0;       // at most kMaxLegs
  std::uint32_t first_leg = 0;  // in its bucket
  std::uint32_t rest = 0;       // one more than its place among the bucket's rests, or 0: none
};
static_assert(sizeof(IdRecord) == 64);

// What else an applied transaction of few kinds has for the comparison with a later use of its id.
struct IdRest {
  TransactionId target{};
  std::optional<HoldTerms> terms{};
};

class IdTable {
 public:
  // No more than this many periods within the horizon: a shorter period is made longer.
  static constexpr std::uint64_t kMaxPeriods = 65'536;

  IdTable(std::size_t capacity, Duration horizon, Duration period, std::uint64_t seed)
      : capacity_(capacity),
        period_((std::max)(period.value(), horizon.value() / kMaxPeriods + 1)),
        index_(seed) {}

  [[nodiscard]] std::uint64_t HashOf(const TransactionId& id) const { return index_.HashOf(id); }
  void PrefetchSlot(std::uint64_t hash) const { index_.Prefetch(hash); }

  // The record of `id` that still counts at `now`, or nullptr.
  [[nodiscard]] const IdRecord* Find(const TransactionId& id, std::uint64_t hash,
                                     Timestamp now) const {
    const std::uint32_t row = index_.Find(hash, [&](std::uint32_t at) {
      return records_[at].id == id && records_[at].valid_until > now;
    });
    return row == kNoRow ? nullptr : &records_[row];
  }

  // The rest of an applied record: of most it is empty.
  [[nodiscard]] IdRest RestOf(const IdRecord& record) const {
    if (record.rest == 0) return {};
    return At(BucketOf(record.valid_until)).rests[record.rest - 1];
  }

  // The legs of an applied record, until the next Insert.
  [[nodiscard]] LegsView LegsOf(const IdRecord& record) const {
    return {At(BucketOf(record.valid_until)).legs, record.first_leg, record.legs};
  }

  [[nodiscard]] bool full() const { return !HasRoomFor(1); }
  [[nodiscard]] bool HasRoomFor(std::size_t ids) const {
    return counted_ <= capacity_ && capacity_ - counted_ >= ids;
  }
  [[nodiscard]] std::size_t counted() const { return counted_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  // Adds a record of this id, whose valid_until is after the time of the last Advance, with so many
  // legs, of which `leg_at(i)` answers number i. The caller fills in the rest of what is answered.
  template <typename LegAt>
  [[nodiscard]] IdRecord& Insert(Timestamp valid_until, std::uint64_t hash, std::size_t legs,
                                 LegAt&& leg_at) {
    Bucket& bucket = OpenBucket(BucketOf(valid_until));
    const std::uint32_t row = NewRow();
    IdRecord& record = records_[row];
    record.valid_until = valid_until;
    record.legs = static_cast<std::uint16_t>(legs);
    record.first_leg = static_cast<std::uint32_t>(bucket.legs.size());
    bucket.legs.Add(legs, leg_at);
    bucket.slots.push_back(index_.Insert(hash, row));
    record.rest = 0;
    ++counted_;
    return record;
  }

  // Adds the rest of the record that was inserted last.
  void AddRest(IdRecord& record, const IdRest& rest) {
    std::vector<IdRest>& rests = At(BucketOf(record.valid_until)).rests;
    rests.push_back(rest);
    record.rest = static_cast<std::uint32_t>(rests.size());
  }

  // Undoes the latest Insert into the bucket of `valid_until`.
  void RemoveLast(Timestamp valid_until) {
    Bucket& bucket = At(BucketOf(valid_until));
    const RowIndex::Slot slot = bucket.slots.back();
    index_.Erase(slot);
    bucket.legs.Truncate(records_[RowIndex::RowOf(slot)].first_leg);
    if (records_[RowIndex::RowOf(slot)].rest != 0) bucket.rests.pop_back();
    bucket.slots.pop_back();
    --counted_;
    free_.push_back(RowIndex::RowOf(slot));
    while (end_bucket_ > first_bucket_ && At(end_bucket_ - 1).slots.empty()) --end_bucket_;
  }

  // What Advance changed, for its undoing.
  struct Position {
    std::uint64_t counted_from = 0;
    std::size_t counted = 0;
    std::uint64_t retired = 0;  // how many buckets were set aside so far
  };
  [[nodiscard]] Position position() const {
    return {counted_from_, counted_, trimmed_ + retired_.size()};
  }
  // The position is not before one to which Trim has been called.
  void Restore(Position position) {
    counted_from_ = position.counted_from;
    counted_ = position.counted;
    for (; trimmed_ + retired_.size() > position.retired; retired_.pop_back()) {
      std::swap(OpenBucket(retired_.back().number), retired_.back().bucket);
    }
  }

  // Log time is now `now`: the periods that have passed no longer count, and their buckets leave
  // the ring, so that it never spans more than the horizon however far log time jumps.
  void Advance(Timestamp now) {
    const std::uint64_t passed = now.value() / period_;
    if (passed <= counted_from_) return;
    const std::uint64_t end = (std::min)(passed, end_bucket_);
    for (; first_bucket_ < end; ++first_bucket_) {
      Bucket& bucket = At(first_bucket_);
      if (bucket.slots.empty()) continue;
      counted_ -= bucket.slots.size();
      retired_.push_back({first_bucket_, std::exchange(bucket, {})});
    }
    counted_from_ = passed;
  }

  // Whether a record of this valid_until belongs to a period that has passed.
  [[nodiscard]] bool HasPassed(Timestamp valid_until) const {
    return valid_until == Timestamp() || BucketOf(valid_until) < counted_from_;
  }

  // Frees the records of the periods that had passed at `position`. Called when nothing can bring
  // them back.
  void Trim(Position position) {
    const std::uint64_t count = position.retired - trimmed_;
    for (auto& [number, bucket] : std::span(retired_).first(count)) {
      constexpr std::size_t kRun = 64;  // slots fetched at once
      for (std::size_t i = 0; i < bucket.slots.size(); ++i) {
        if (i % kRun == 0) {
          const std::size_t end = (std::min)(i + kRun, bucket.slots.size());
          for (std::size_t j = i; j < end; ++j) index_.Prefetch(bucket.slots[j]);
        }
        index_.Erase(bucket.slots[i]);
        free_.push_back(RowIndex::RowOf(bucket.slots[i]));
      }
      // The memory serves the bucket that takes its place.
      bucket.slots.clear();
      bucket.legs.Clear();
      bucket.rests.clear();
      if (At(number).slots.capacity() == 0) std::swap(At(number), bucket);
    }
    retired_.erase(retired_.begin(), retired_.begin() + static_cast<std::ptrdiff_t>(count));
    trimmed_ = position.retired;
  }

  // Visits the counted records, by period and then in the order of their coming.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (std::uint64_t number = first_bucket_; number < end_bucket_; ++number) {
      for (const RowIndex::Slot slot : At(number).slots) {
        const IdRecord& record = records_[RowIndex::RowOf(slot)];
        visit(record, LegsOf(record));
      }
    }
  }

  // Visits the last `count` records of a period that has not passed, in the order of their coming.
  template <typename Visit>
  void ForEachLast(std::uint64_t period, std::size_t count, Visit&& visit) const {
    const std::span<const RowIndex::Slot> slots = At(period).slots;
    for (const RowIndex::Slot slot : slots.last(count)) {
      const IdRecord& record = records_[RowIndex::RowOf(slot)];
      visit(record, LegsOf(record));
    }
  }

  // The number of the period in which a record of this valid_until, not zero, stops counting.
  [[nodiscard]] std::uint64_t PeriodOf(Timestamp valid_until) const {
    return BucketOf(valid_until);
  }
  // The first period that has not passed.
  [[nodiscard]] std::uint64_t first_period() const { return counted_from_; }

  void Reserve(std::size_t records) {
    records_.reserve(records);
    index_.Reserve(records);
  }

 private:
  struct Bucket {
    std::vector<RowIndex::Slot> slots;  // of its records, in the order of their coming
    LegStore legs;
    std::vector<IdRest> rests;
  };

  struct Retired {
    std::uint64_t number = 0;
    Bucket bucket;
  };

  // The period in which a record stops counting: it has passed when `now` is at or past the end of
  // the period that contains the last instant at which the record counts.
  [[nodiscard]] std::uint64_t BucketOf(Timestamp valid_until) const {
    return (valid_until.value() - 1) / period_;
  }

  // Buckets lie in a ring: number n at position n modulo its size, a power of two.
  [[nodiscard]] const Bucket& At(std::uint64_t number) const {
    return ring_[number & (ring_.size() - 1)];
  }
  [[nodiscard]] Bucket& At(std::uint64_t number) { return ring_[number & (ring_.size() - 1)]; }

  Bucket& OpenBucket(std::uint64_t number) {
    if (number < first_bucket_ || number >= end_bucket_) Span(number);
    return At(number);
  }

  // Makes the bucket one of those from first_bucket_ to end_bucket_ - 1.
  void Span(std::uint64_t number) {
    if (first_bucket_ == end_bucket_) first_bucket_ = end_bucket_ = number;
    const std::uint64_t first = (std::min)(first_bucket_, number);
    const std::uint64_t end = (std::max)(end_bucket_, number + 1);
    if (end - first > ring_.size()) {
      std::vector<Bucket> larger(std::bit_ceil(end - first));
      for (std::uint64_t i = first_bucket_; i < end_bucket_; ++i) {
        std::swap(larger[i & (larger.size() - 1)], At(i));
      }
      ring_.swap(larger);
    }
    first_bucket_ = first;
    end_bucket_ = end;
  }

  std::uint32_t NewRow() {
    if (!free_.empty()) {
      const std::uint32_t row = free_.back();
      free_.pop_back();
      constexpr std::size_t kAhead = 8;  // records fetched before they are written
      if (free_.size() > kAhead) {
        __builtin_prefetch(&records_[free_[free_.size() - kAhead]], 1, 3);
      }
      return row;
    }
    records_.emplace_back();
    return static_cast<std::uint32_t>(records_.size() - 1);
  }

  std::size_t capacity_;
  std::uint64_t period_;
  RowIndex index_;
  std::vector<IdRecord> records_;
  std::vector<std::uint32_t> free_;
  std::vector<Retired> retired_;  // passed, and not yet trimmed
  std::uint64_t trimmed_ = 0;     // how many were before these
  std::vector<Bucket> ring_ = std::vector<Bucket>(16);
  std::uint64_t first_bucket_ = 0;  // the buckets are first_bucket_ to end_bucket_ - 1
  std::uint64_t end_bucket_ = 0;
  std::uint64_t counted_from_ = 0;  // the first period that has not passed
  std::size_t counted_ = 0;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_ID_TABLE_H_
