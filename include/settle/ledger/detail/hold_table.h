// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The holds that are open, each with what is left of its legs.
//
// Found by id, and the timed ones by the time at which they are over. Rows are reused and their
// numbers mean nothing to anybody else: the value is the set of holds, in the order of their ids.
// A machine of base/revertible.h of its own, whose marks the ledger sets together with its own.

#ifndef SETTLE_LEDGER_DETAIL_HOLD_TABLE_H_
#define SETTLE_LEDGER_DETAIL_HOLD_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/base/types.h"
#include "settle/ledger/detail/id_table.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/hold.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

struct Hold {
  TransactionId id{};
  HoldTerms terms{};
  std::vector<StoredLeg> legs;  // the legs it was made with; a leg that is used up stays, at zero
};

class HoldTable {
 public:
  HoldTable(std::size_t capacity, std::uint64_t seed) : capacity_(capacity), index_(seed) {}

  [[nodiscard]] std::size_t size() const { return rows_.size() - free_.size(); }
  [[nodiscard]] std::size_t expiries() const { return expiries_.size(); }  // for tests
  [[nodiscard]] bool full() const { return size() >= capacity_; }

  // The open hold of this id, or nullptr.
  [[nodiscard]] const Hold* Find(const TransactionId& id) const {
    const std::uint32_t row = RowOf(id);
    return row == kNoRow ? nullptr : &rows_[row].hold;
  }

  // Adds a hold whose id Find does not know.
  void Open(Hold hold) {
    const std::uint32_t row = Place(std::move(hold));
    if (undo_.recording()) undo_.Record({.what = What::kOpened, .row = row});
  }

  // Replaces what is left of the legs of the open hold `id`, of which there are as many.
  void SetLegs(const TransactionId& id, std::span<const StoredLeg> legs) {
    const std::uint32_t row = RowOf(id);
    std::vector<StoredLeg>& left = rows_[row].hold.legs;
    if (undo_.recording()) {
      undo_.Record({.what = What::kReduced, .row = row, .hold = {.legs = left}});
    }
    left.assign(legs.begin(), legs.end());
  }

  // Removes the open hold `id`.
  void Close(const TransactionId& id) {
    const std::uint32_t row = RowOf(id);
    Hold closed = Displace(row);
    if (undo_.recording()) {
      undo_.Record({.what = What::kClosed, .row = row, .hold = std::move(closed)});
    }
  }

  // The open timed hold that is over at `now` and comes first by (expires_at, id), or nullptr.
  // Forgets the times of holds that are no longer open.
  [[nodiscard]] const Hold* NextExpired(Timestamp now) {
    while (!expiries_.empty() && expiries_.front().expires_at <= now) {
      if (IsOpen(expiries_.front())) return &rows_[expiries_.front().row].hold;
      std::pop_heap(expiries_.begin(), expiries_.end());
      expiries_.pop_back();
    }
    return nullptr;
  }

  // Whether `test` holds of any open hold.
  template <typename Test>
  [[nodiscard]] bool AnyOf(Test&& test) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&test](const Row& row) { return row.open && test(row.hold); });
  }

  // Visits the open holds in the order of their ids.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    std::vector<const Hold*> open;
    open.reserve(size());
    for (const Row& row : rows_) {
      if (row.open) open.push_back(&row.hold);
    }
    std::sort(open.begin(), open.end(), [](const Hold* a, const Hold* b) { return a->id < b->id; });
    for (const Hold* hold : open) visit(*hold);
  }

  // The ids of the holds that were opened, reduced or closed since the mark, each once and in
  // order. Errors: kNoSuchMark.
  Reason IdsSince(Mark mark, std::vector<TransactionId>& out) const {
    const auto writes = undo_.entries_since(mark);
    if (!writes.ok()) return writes.reason();
    out.clear();
    for (const Undo& undo : *writes) {
      // A row that was written and is not open was closed since, by a write of its own.
      if (undo.what == What::kClosed) {
        out.push_back(undo.hold.id);
      } else if (rows_[undo.row].open) {
        out.push_back(rows_[undo.row].hold.id);
      }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return {};
  }

  [[nodiscard]] Result<Mark> Begin() { return undo_.Begin(); }
  Reason RevertTo(Mark mark) {
    return undo_.RevertTo(mark, [this](Undo& undo) { Apply(undo); });
  }
  Reason Release(Mark mark) { return undo_.Release(mark); }

 private:
  struct Row {
    bool open = false;
    Hold hold{};
  };

  // An entry of the heap. It outlives its hold: whether that is still there is looked up.
  struct Expiry {
    Timestamp expires_at{};
    TransactionId id{};
    std::uint32_t row = 0;
    // The heap's greatest is the earliest.
    friend bool operator<(const Expiry& a, const Expiry& b) {
      return std::tie(a.expires_at, a.id) > std::tie(b.expires_at, b.id);
    }
  };

  enum class What : std::uint8_t { kOpened, kReduced, kClosed };
  struct Undo {
    What what = What::kOpened;
    std::uint32_t row = 0;
    Hold hold{};  // what it was; kReduced: its legs alone
  };

  static constexpr std::size_t kSpareExpiries = 64;

  [[nodiscard]] std::uint32_t RowOf(const TransactionId& id) const {
    return index_.Find(index_.HashOf(id),
                       [&](std::uint32_t at) { return rows_[at].hold.id == id; });
  }

  std::uint32_t Place(Hold hold) {
    auto row = static_cast<std::uint32_t>(rows_.size());
    if (free_.empty()) {
      rows_.emplace_back();
    } else {
      row = free_.back();
      free_.pop_back();
    }
    index_.Insert(index_.HashOf(hold.id), row);
    const bool timed = hold.terms.kind == HoldKind::kTimed;
    const Expiry expiry{.expires_at = hold.terms.expires_at, .id = hold.id, .row = row};
    rows_[row] = {.open = true, .hold = std::move(hold)};
    if (!timed) return row;
    if (expiries_.size() >= 2 * size() + kSpareExpiries) ForgetOldExpiries();
    expiries_.push_back(expiry);
    std::push_heap(expiries_.begin(), expiries_.end());
    return row;
  }

  // Keeps one entry for each hold that is open: a hold that was closed and came back with a block
  // taken back has several.
  void ForgetOldExpiries() {
    std::erase_if(expiries_, [this](const Expiry& expiry) { return !IsOpen(expiry); });
    std::sort(expiries_.begin(), expiries_.end());
    const auto is_same = [](const Expiry& a, const Expiry& b) { return a.id == b.id; };
    expiries_.erase(std::unique(expiries_.begin(), expiries_.end(), is_same), expiries_.end());
    std::make_heap(expiries_.begin(), expiries_.end());
  }

  [[nodiscard]] bool IsOpen(const Expiry& expiry) const {
    const Row& row = rows_[expiry.row];  // which another hold of this id may have by now
    return row.open && row.hold.id == expiry.id && row.hold.terms.expires_at == expiry.expires_at;
  }

  Hold Displace(std::uint32_t row) {
    index_.Erase(index_.HashOf(rows_[row].hold.id), row);
    free_.push_back(row);
    rows_[row].open = false;
    return std::exchange(rows_[row].hold, {});
  }

  void Apply(Undo& undo) {
    switch (undo.what) {
      case What::kOpened:
        (void)Displace(undo.row);
        return;
      case What::kReduced:
        rows_[undo.row].hold.legs.swap(undo.hold.legs);
        return;
      case What::kClosed:
        // The latest row to fall free is this one.
        (void)Place(std::move(undo.hold));
        return;
    }
  }

  std::size_t capacity_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> free_;
  RowIndex index_;
  std::vector<Expiry> expiries_;  // a heap of the timed holds, and of some that are over
  UndoLog<Undo> undo_;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_HOLD_TABLE_H_
