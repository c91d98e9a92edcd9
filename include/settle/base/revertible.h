// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The one rollback mechanism: marks over a log of undone field writes.
//
// A block is executed before it is certified, and may have to be taken back. A machine that takes
// part is `Revertible`: `Begin` sets a mark, `RevertTo(mark)` undoes every write since, in reverse
// order, and `Release(mark)` forgets the mark, keeping the writes. Marks nest, at most eight deep.
// The log is no part of a machine's value: after RevertTo its fingerprint is the one at Begin.
//
//   Result<Mark> mark = ledger.Begin();
//   ...apply a block...
//   if (!certified) ledger.RevertTo(*mark); else ledger.Release(*mark);

#ifndef SETTLE_BASE_REVERTIBLE_H_
#define SETTLE_BASE_REVERTIBLE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/reason.h"

SETTLE_NAMESPACE_BEGIN

// Names one Begin. Serial numbers are never used twice by one log.
struct Mark {
  std::uint64_t serial = 0;
  friend constexpr bool operator==(const Mark&, const Mark&) = default;
};

inline constexpr std::size_t kMaxMarks = 8;

template <typename T>
concept Revertible = requires(T& machine, Mark mark) {
  { machine.Begin() } -> std::same_as<Result<Mark>>;
  { machine.RevertTo(mark) } -> std::same_as<Reason>;
  { machine.Release(mark) } -> std::same_as<Reason>;
};

// The log of one machine. Entry says how to undo one write; the machine knows how to apply it.
template <typename Entry>
class UndoLog {
 public:
  // Errors: kTooManyMarks.
  [[nodiscard]] Result<Mark> Begin() {
    if (marks_.size() == kMaxMarks) return BaseReason::kTooManyMarks;
    const Mark mark{++last_serial_};
    marks_.push_back({mark, entries_.size()});
    return mark;
  }

  // True while a mark is set: only then must writes be recorded.
  [[nodiscard]] bool recording() const { return !marks_.empty(); }
  [[nodiscard]] std::size_t marks() const { return marks_.size(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  // The writes that some mark can still undo, the earliest first.
  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }

  // Those since the mark. Errors: kNoSuchMark.
  [[nodiscard]] Result<std::span<const Entry>> entries_since(Mark mark) const {
    const std::size_t at = Find(mark);
    if (at == marks_.size()) return BaseReason::kNoSuchMark;
    return std::span<const Entry>(entries_).subspan(marks_[at].size);
  }

  // Remembers how to undo one write. Without a mark nothing is kept.
  void Record(Entry entry) {
    if (recording()) entries_.push_back(std::move(entry));
  }

  // Calls `undo(entry)` for each write since the mark, the latest first, and forgets this mark and
  // those set after it. Errors: kNoSuchMark, with nothing undone.
  template <typename Undo>
  Reason RevertTo(Mark mark, Undo&& undo) {
    const std::size_t at = Find(mark);
    if (at == marks_.size()) return BaseReason::kNoSuchMark;
    while (entries_.size() > marks_[at].size) {
      undo(entries_.back());
      entries_.pop_back();
    }
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(at), marks_.end());
    return {};
  }

  // Forgets the mark and keeps the writes; what no remaining mark can undo is dropped. Errors:
  // kNoSuchMark.
  Reason Release(Mark mark) {
    const std::size_t at = Find(mark);
    if (at == marks_.size()) return BaseReason::kNoSuchMark;
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(at));
    const std::size_t needless = marks_.empty() ? entries_.size() : marks_.front().size;
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(needless));
    for (Set& set : marks_) set.size -= needless;
    return {};
  }

  // Forgets all marks and writes, for a machine that became another value; serials go on.
  void Clear() {
    entries_.clear();
    marks_.clear();
  }

 private:
  struct Set {
    Mark mark;
    std::size_t size;  // of the log when the mark was set
  };

  [[nodiscard]] std::size_t Find(Mark mark) const {
    std::size_t at = 0;
    while (at < marks_.size() && marks_[at].mark != mark) ++at;
    return at;
  }

  std::vector<Entry> entries_;
  std::vector<Set> marks_;
  std::uint64_t last_serial_ = 0;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_REVERTIBLE_H_
