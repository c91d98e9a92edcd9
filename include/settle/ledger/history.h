// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The entries of accounts, kept for whoever asks for them later: by account, and by receipt, height
// and time.
//
// A host that wants it feeds it every block's LedgerChanges; it keeps the entries of accounts with
// the flag kHistory and of no others. It is no part of the ledger's state and proves nothing by
// itself: with two account proofs its pages are a statement that a stranger can check
// (settle/ledger/statement.h).
//
//   History history({.capacity = 10'000'000});
//   Reason reason = history.Append(block.changes, header.height, header.time);
//   std::array<HistoryLine, 100> page;
//   Result<std::size_t> count = history.Query({.account = account}, page);
//
// The lines of an account ascend by receipt, by height and by time alike, so that all three bounds
// of a query are one range. A machine of settle/base/revertible.h.

#ifndef SETTLE_LEDGER_HISTORY_H_
#define SETTLE_LEDGER_HISTORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/base/types.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/changes.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/statement.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// One entry of an account, with what stood there after it.
struct HistoryLine {
  LogIndex index{};  // of the transaction's receipt
  Height height{};
  Timestamp time{};
  Amount amount{};
  Amount balance{};
  using Fields = Members<&HistoryLine::index, &HistoryLine::height, &HistoryLine::time,
                         &HistoryLine::amount, &HistoryLine::balance>;
};

enum class HistorySide : std::uint8_t {
  kAll = 1,
  kDebits = 2,   // entries below zero
  kCredits = 3,  // entries above zero
};
[[nodiscard]] constexpr bool IsKnownEnumerator(HistorySide value) {
  return value >= HistorySide::kAll && value <= HistorySide::kCredits;
}
enum class HistoryOrder : std::uint8_t { kOldestFirst = 1, kNewestFirst = 2 };
[[nodiscard]] constexpr bool IsKnownEnumerator(HistoryOrder value) {
  return value >= HistoryOrder::kOldestFirst && value <= HistoryOrder::kNewestFirst;
}

// Which lines of an account: those that meet every condition. Each range is half open.
struct HistoryQuery {
  AccountKey account{};
  LogIndex from_index{};
  LogIndex until_index{kMax<std::uint64_t>};
  Height from_height{};
  Height until_height{kMax<std::uint64_t>};
  Timestamp from_time{};
  Timestamp until_time{kMax<std::uint64_t>};
  HistorySide side = HistorySide::kAll;
  HistoryOrder order = HistoryOrder::kOldestFirst;
};

// What was posted on each side: both are zero or positive.
struct Turnover {
  Amount debits{};
  Amount credits{};
  std::uint64_t entries = 0;  // those of zero counted
  using Fields = Members<&Turnover::debits, &Turnover::credits, &Turnover::entries>;
};

struct HistoryOptions {
  std::size_t capacity = std::size_t{1} << 24;  // lines of all accounts together, 56 bytes each
  std::uint64_t hash_seed = 0;                  // the host's secret, see StateMap
};

class History {
 public:
  static constexpr Kind kKind = Kind::kHistory;
  static constexpr std::uint16_t kVersion = 1;

  explicit History(HistoryOptions options = {})
      : capacity_(options.capacity), by_account_(options.hash_seed) {}

  [[nodiscard]] std::size_t size() const { return size_; }

  // Adds what a block at `height` and `time` posted to accounts with the flag kHistory. Blocks come
  // in order. Errors, with nothing changed: BaseReason::kFull beyond the capacity, kBadPeriod for a
  // block that is not after the last one. Cost: linear in the entries.
  Reason Append(const LedgerChanges& changes, Height height, Timestamp time) {
    if (has_block_ && (height <= height_ || time < time_)) return LedgerReason::kBadPeriod;
    std::size_t added = 0;
    for (const AccountChange& change : changes.accounts) {
      if (change.account.flags.Has(AccountFlag::kHistory)) added += change.entry_count;
    }
    if (added > capacity_ - size_) return BaseReason::kFull;
    // From here on nothing is refused.
    undo_.Record({.what = What::kBlock, .has_block = has_block_, .height = height_, .time = time_});
    for (const AccountChange& change : changes.accounts) {
      if (!change.account.flags.Has(AccountFlag::kHistory) || change.entry_count == 0) continue;
      Add(change, changes.entries_of(change), height, time);
    }
    has_block_ = true;
    height_ = height;
    time_ = time;
    return {};
  }

  // Writes as many of the query's lines as `out` has room for, in the query's order, and answers
  // how many. The next page begins where the last line says. Errors: kUnknownEnumerator. Cost:
  // O(log n), and for one side of them the lines that are passed over.
  Result<std::size_t> Query(const HistoryQuery& query, std::span<HistoryLine> out) const {
    if (!IsKnownEnumerator(query.side) || !IsKnownEnumerator(query.order)) {
      return BaseReason::kUnknownEnumerator;
    }
    const std::span<const HistoryLine> lines = LinesOf(query);
    std::size_t count = 0;
    for (std::size_t i = 0; i < lines.size() && count < out.size(); ++i) {
      const bool newest = query.order == HistoryOrder::kNewestFirst;
      const HistoryLine& line = newest ? lines[lines.size() - 1 - i] : lines[i];
      if (IsOfSide(line, query.side)) out[count++] = line;
    }
    return count;
  }

  // What the query's lines add up to on each side. Errors: kUnknownEnumerator,
  // BaseReason::kOverflow for a side beyond 128 bits. Cost: linear in the lines.
  [[nodiscard]] Result<Turnover> TurnoverOf(const HistoryQuery& query) const {
    if (!IsKnownEnumerator(query.side)) return BaseReason::kUnknownEnumerator;
    Turnover turnover;
    for (const HistoryLine& line : LinesOf(query)) {
      if (!IsOfSide(line, query.side)) continue;
      ++turnover.entries;
      const bool debit = Sign(line.amount) < 0;
      const auto magnitude = debit ? CheckedNegate(line.amount.value()) : line.amount.value();
      if (!magnitude || !AddTo(debit ? turnover.debits : turnover.credits, Amount(*magnitude))) {
        return BaseReason::kOverflow;
      }
    }
    return turnover;
  }

  // The pages of an account's statement from the block at `from` until that at `until`, both
  // included, into `out`. Whether they are all there is for CheckStatement to say: nothing is kept
  // of the time before the account had the flag. Errors: BaseReason::kTooMany for more pages than
  // a statement has.
  template <std::size_t kPages>
  Reason Pages(const AccountKey& account, Height from, Height until,
               Bounded<StatementPage, kPages>& out) const {
    out.Clear();
    const std::uint32_t row = Find(account);
    if (row == detail::kNoRow) return {};
    for (const HistoryLine& line : accounts_[row].lines) {
      if (line.height < from || line.height > until) continue;
      if (out.empty() || out[out.size() - 1].height != line.height) {
        if (!out.Add({.height = line.height})) return BaseReason::kTooMany;
      }
      (void)out[out.size() - 1].entries.Add({line.index, line.amount});
    }
    return {};
  }

  // Forgets the lines of receipts below `before`, and answers how many they were. Errors:
  // BaseReason::kTooManyMarks while any mark is set.
  Result<std::size_t> Forget(LogIndex before) {
    if (undo_.marks() > 0) return BaseReason::kTooManyMarks;
    std::size_t forgotten = 0;
    for (AccountHistory& account : accounts_) {
      const auto end = std::ranges::lower_bound(account.lines, before, {}, &HistoryLine::index);
      const auto count = static_cast<std::size_t>(end - account.lines.begin());
      std::vector<HistoryLine> kept(end, account.lines.end());
      account.lines = *Lines::From(std::move(kept));
      forgotten += count;
    }
    size_ -= forgotten;
    return forgotten;
  }

  // Rollback, see settle/base/revertible.h.
  [[nodiscard]] Result<Mark> Begin() { return undo_.Begin(); }
  Reason RevertTo(Mark mark) {
    return undo_.RevertTo(mark, [this](const Undo& undo) { TakeBack(undo); });
  }
  Reason Release(Mark mark) { return undo_.Release(mark); }

 private:
  static constexpr std::size_t kMaxLines = 0xffffffff;
  using Lines = Bounded<HistoryLine, kMaxLines>;
  struct AccountHistory {
    AccountKey key{};
    Lines lines{};
    using Fields = Members<&AccountHistory::key, &AccountHistory::lines>;
  };
  enum class What : std::uint8_t { kBlock, kOpened, kLines };
  struct Undo {
    What what = What::kBlock;
    bool has_block = false;
    std::uint32_t row = 0;
    std::uint32_t lines = 0;
    Height height{};
    Timestamp time{};
  };

  [[nodiscard]] static bool IsOfSide(const HistoryLine& line, HistorySide side) {
    if (side == HistorySide::kAll) return true;
    return Sign(line.amount) == (side == HistorySide::kDebits ? -1 : 1);
  }
  [[nodiscard]] std::uint32_t Find(const AccountKey& key) const {
    return by_account_.Find(by_account_.HashOf(key),
                            [&](std::uint32_t row) { return accounts_[row].key == key; });
  }

  void Add(const AccountChange& change, std::span<const AccountEntry> entries, Height height,
           Timestamp time) {
    const AccountKey& key = change.account.key;
    std::uint32_t row = Find(key);
    if (row == detail::kNoRow) {
      row = static_cast<std::uint32_t>(accounts_.size());
      (void)accounts_.Add({.key = key});
      by_account_.Insert(by_account_.HashOf(key), row);
      undo_.Record({.what = What::kOpened, .row = row});
    }
    Lines& lines = accounts_[row].lines;
    undo_.Record(
        {.what = What::kLines, .row = row, .lines = static_cast<std::uint32_t>(entries.size())});
    // Neither leaves 128 bits: these are balances that the account had.
    Int128 balance = change.account.balance.value();
    for (std::size_t i = entries.size(); i-- > 0;) balance -= entries[i].amount.value();
    for (const AccountEntry& entry : entries) {
      balance += entry.amount.value();
      (void)lines.Add({entry.index, height, time, entry.amount, Amount(balance)});
    }
    size_ += entries.size();
  }

  // The lines of the query's account within all of its ranges.
  [[nodiscard]] std::span<const HistoryLine> LinesOf(const HistoryQuery& query) const {
    const std::uint32_t row = Find(query.account);
    if (row == detail::kNoRow) return {};
    const Lines& lines = accounts_[row].lines;
    const std::span<const HistoryLine> all(lines.data(), lines.size());
    const auto begin = std::ranges::partition_point(all, [&query](const HistoryLine& line) {
      return line.index < query.from_index || line.height < query.from_height ||
             line.time < query.from_time;
    });
    const auto end = std::ranges::partition_point(all, [&query](const HistoryLine& line) {
      return line.index < query.until_index && line.height < query.until_height &&
             line.time < query.until_time;
    });
    return begin < end ? std::span(begin, end) : std::span<const HistoryLine>();
  }

  void TakeBack(const Undo& undo) {
    switch (undo.what) {
      case What::kBlock:
        has_block_ = undo.has_block;
        height_ = undo.height;
        time_ = undo.time;
        return;
      case What::kOpened:
        by_account_.Erase(by_account_.HashOf(accounts_[undo.row].key), undo.row);
        accounts_.PopBack();
        return;
      case What::kLines:
        for (std::uint32_t i = 0; i < undo.lines; ++i) accounts_[undo.row].lines.PopBack();
        size_ -= undo.lines;
        return;
    }
  }

  std::size_t capacity_;
  bool has_block_ = false;
  Height height_{};                               // of the last block
  Timestamp time_{};                              // ... and its time
  Bounded<AccountHistory, 0xffffffff> accounts_;  // in the order of their first lines
  // Derived.
  std::size_t size_ = 0;
  detail::RowIndex by_account_;
  UndoLog<Undo> undo_;

 public:
  // Decoded into a value of the same capacity.
  using Fields =
      Members<&History::has_block_, &History::height_, &History::time_, &History::accounts_>;

  // After decoding; no mark remains. Errors: kNotCanonical for an account that stands twice or
  // lines that no blocks make, kFull for more than the capacity.
  Reason Rebuild();
};

inline Reason History::Rebuild() {
  undo_.Clear();
  by_account_.Clear();
  size_ = 0;
  for (std::uint32_t row = 0; row < accounts_.size(); ++row) {
    const AccountHistory& account = accounts_[row];
    if (Find(account.key) != detail::kNoRow) return BaseReason::kNotCanonical;
    by_account_.Insert(by_account_.HashOf(account.key), row);
    if (account.lines.size() > capacity_ - size_) return BaseReason::kFull;
    size_ += account.lines.size();
    for (std::size_t i = 0; i < account.lines.size(); ++i) {
      const HistoryLine& line = account.lines[i];
      if (!has_block_ || line.height > height_ || line.time > time_) {
        return BaseReason::kNotCanonical;
      }
      if (i == 0) continue;
      const HistoryLine& before = account.lines[i - 1];
      if (line.index <= before.index || line.height < before.height || line.time < before.time) {
        return BaseReason::kNotCanonical;
      }
    }
  }
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_HISTORY_H_
