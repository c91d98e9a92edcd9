// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The accounts of a ledger: one cache line each, in the order in which they were opened.
//
// That order is the same on every replica and is the order of the encoding. Rows are never moved
// and leave only in the reverse order of their coming, when a block is taken back.

#ifndef SETTLE_LEDGER_DETAIL_ACCOUNT_TABLE_H_
#define SETTLE_LEDGER_DETAIL_ACCOUNT_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/types.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/detail/limits_table.h"
#include "settle/ledger/detail/open_interest.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// What of an account is state: see Ledger::Accounts.
struct AccountState {
  AccountKey key{};
  Amount balance{};
  std::uint64_t entries = 0;  // transactions that posted to it
  AccountFlags flags{};
  // Whether it has limits of its own; without, they are not those of the AccountPolicy but written
  // as kUnlimited: every account takes as many bytes.
  bool has_limits = false;
  Limits limits = kUnlimited;
  using Fields = Members<&AccountState::key, &AccountState::balance, &AccountState::entries,
                         &AccountState::flags, &AccountState::has_limits, &AccountState::limits>;

  [[nodiscard]] AccountSettings settings() const {
    return {key, flags, has_limits ? std::optional(limits) : std::nullopt};
  }
  // Errors: those of AccountSettings, kNotCanonical for limits where it has none.
  [[nodiscard]] Reason Validate() const {
    if (!has_limits && limits != kUnlimited) return BaseReason::kNotCanonical;
    return settings().Validate();
  }
};

namespace detail {

// All but key, balance and entries is derived. What is set of an account is kept beside its row.
struct alignas(64) AccountRow {
  AccountKey key{};
  std::uint32_t limits : 29 = 0;          // which of the table's distinct limits
  std::uint32_t marks : 3 = 0;            // of those below
  std::uint32_t margin_account = kNoRow;  // which margin account, or none
  Int128 balance = 0;
  std::uint64_t entries = 0;
  std::uint32_t previous = kNoRow;  // the margin account's row opened before this one
  std::uint32_t scratch = 0;        // position among the accounts touched, see TouchedSet

  static constexpr std::uint32_t kReserved = 1;    // it has pending sums
  static constexpr std::uint32_t kRestricted = 2;  // it has a flag of kRestricting
  static constexpr std::uint32_t kContract = 4;    // it is of a contract
  [[nodiscard]] bool Is(std::uint32_t mark) const { return (marks & mark) != 0; }
  void Mark(std::uint32_t mark, bool set) {
    marks = ((marks & ~mark) | (set ? mark : 0)) & (kReserved | kRestricted | kContract);
  }
};
static_assert(sizeof(AccountRow) == 64, "one cache line an account");

// Keys have no padding: three words are compared, where == would compare member by member.
[[nodiscard]] inline bool SameKey(const AccountKey& a, const AccountKey& b) {
  return std::memcmp(&a, &b, sizeof(AccountKey)) == 0;
}

// What was set of an account.
struct Settings {
  AccountFlags flags{};
  std::optional<Limits> limits{};
};

struct MarginAccountRow {
  MarginAccountId id{};
  std::uint32_t last_row = kNoRow;  // its rows, the latest first, through AccountRow::previous
  std::uint32_t scratch = 0;
};

template <AccountPolicy Policy>
class AccountTable {
 public:
  AccountTable(Policy policy, std::uint64_t seed)
      : policy_(policy), index_(seed), margin_index_(seed), open_interest_(seed) {}

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] const AccountRow& operator[](std::uint32_t row) const { return rows_[row]; }
  [[nodiscard]] AccountRow& operator[](std::uint32_t row) { return rows_[row]; }
  // What is reserved of a row. Rows without are many, and their sums are not kept.
  [[nodiscard]] Pending PendingOf(std::uint32_t row) const {
    return rows_[row].Is(AccountRow::kReserved) ? pending_[row] : Pending();
  }
  // Balances and pending sums are written by these two alone: open interest follows them.
  void SetBalance(std::uint32_t row, Int128 balance) {
    AccountRow& account = rows_[row];
    if (account.Is(AccountRow::kContract)) return SetLots(row, balance);
    account.balance = balance;
  }
  void SetPending(std::uint32_t row, const Pending& pending) {
    const AccountRow& account = rows_[row];
    if (!IsContract(account.key.asset)) return WritePending(row, pending);
    const Interest before = InterestOf(row);
    WritePending(row, pending);
    open_interest_.Replace(account.key.asset, before, InterestOf(row));
  }
  // What the row adds to the open interest of its contract, and of all rows.
  [[nodiscard]] Interest InterestOf(std::uint32_t row) const {
    return detail::InterestOf(rows_[row].balance, PendingOf(row).credits.value());
  }
  [[nodiscard]] const OpenInterest& open_interest() const { return open_interest_; }

  // Its own, or those of the policy.
  [[nodiscard]] const Limits& LimitsOf(const AccountRow& row) const { return limits_[row.limits]; }

  // The row as State gives it.
  [[nodiscard]] AccountState StateOf(std::uint32_t row) const {
    const AccountRow& account = rows_[row];
    const Settings settings = SettingsOf(row);
    return {.key = account.key,
            .balance = Amount(account.balance),
            .entries = account.entries,
            .flags = settings.flags,
            .has_limits = settings.limits.has_value(),
            .limits = settings.limits.value_or(kUnlimited)};
  }

  // What was set of a row: of most rows nothing, which is not kept.
  [[nodiscard]] Settings SettingsOf(std::uint32_t row) const {
    if (row >= settings_.size()) return {};
    const std::uint8_t bits = settings_[row];
    return {AccountFlags::FromBits(bits & kFlagBits),
            (bits & kOwnLimitsBit) != 0 ? std::optional(limits_[rows_[row].limits]) : std::nullopt};
  }
  void Set(std::uint32_t row, const Settings& settings) {
    AccountRow& account = rows_[row];
    limits_.Drop(account.limits);
    account.limits = kMaxLimits & (settings.limits ? limits_.AddOwn(*settings.limits)
                                                   : limits_.Add(policy_.LimitsOf(account.key)));
    account.Mark(AccountRow::kRestricted, (settings.flags.bits() & kRestricting.bits()) != 0);
    if (settings_.size() <= row) settings_.resize(rows_.size());
    settings_[row] =
        static_cast<std::uint8_t>(settings.flags.bits() | (settings.limits ? kOwnLimitsBit : 0));
  }
  [[nodiscard]] const MarginAccountRow& margin_account(std::uint32_t at) const {
    return margin_rows_[at];
  }
  [[nodiscard]] MarginAccountRow& margin_account(std::uint32_t at) { return margin_rows_[at]; }

  [[nodiscard]] std::uint64_t HashOf(const AccountKey& key) const { return index_.HashOf(key); }
  void PrefetchSlot(std::uint64_t hash) const { index_.Prefetch(hash); }
  // The row that `hash` most likely leads to, or kNoRow; whether it is the key's is for
  // FindOrOpen to see.
  [[nodiscard]] std::uint32_t Candidate(std::uint64_t hash) const { return index_.Candidate(hash); }
  void PrefetchRow(std::uint32_t row) const {
    if (row < rows_.size()) __builtin_prefetch(&rows_[row], 1, 3);
  }

  // The key's account, opened if need be. `row` is a Candidate of earlier and becomes its row.
  [[nodiscard]] AccountRow& FindOrOpen(const AccountKey& key, std::uint64_t hash,
                                       std::uint32_t& row) {
    if (row >= rows_.size() || !SameKey(rows_[row].key, key)) {
      row = Find(key, hash);
      if (row == kNoRow) row = Open(key, hash);
    }
    return rows_[row];
  }

  // The key's row, or kNoRow.
  [[nodiscard]] std::uint32_t Find(const AccountKey& key, std::uint64_t hash) const {
    return index_.Find(hash, [&](std::uint32_t row) { return SameKey(rows_[row].key, key); });
  }

  // Afterwards so many accounts can be opened without moving a row.
  void MakeRoom(std::size_t accounts) {
    if (rows_.capacity() - rows_.size() >= accounts) return;
    rows_.reserve((std::max)(rows_.size() + accounts, 2 * rows_.size()));
  }

  // Opens an account that Find does not know, with a balance of zero.
  std::uint32_t Open(const AccountKey& key, std::uint64_t hash) {
    const auto row = static_cast<std::uint32_t>(rows_.size());
    AccountRow& added = rows_.emplace_back();
    added.key = key;
    added.Mark(AccountRow::kContract, IsContract(key.asset));
    added.limits = limits_.Add(policy_.LimitsOf(key)) & kMaxLimits;
    if (const std::optional<MarginGroup> group = policy_.GroupOf(key)) {
      added.margin_account = FindOrAddMarginAccount({key.owner, *group});
      MarginAccountRow& account = margin_rows_[added.margin_account];
      added.previous = account.last_row;
      account.last_row = row;
    }
    index_.Insert(hash, row);
    return row;
  }

  // Undoes the latest Open, whose margin account and limits go with it where it brought them: a
  // transaction that is refused leaves nothing of the strangers that it named.
  void CloseLast() {
    const AccountRow& row = rows_.back();
    index_.Erase(HashOf(row.key), static_cast<std::uint32_t>(rows_.size() - 1));
    if (row.margin_account != kNoRow) {
      margin_rows_[row.margin_account].last_row = row.previous;
      if (row.previous == kNoRow) RemoveLastMarginAccount();
    }
    limits_.Drop(row.limits);
    rows_.pop_back();
  }

  void Reserve(std::size_t rows) {
    rows_.reserve(rows);
    index_.Reserve(rows);
  }

  [[nodiscard]] std::size_t bytes() const {
    return rows_.capacity() * sizeof(AccountRow) + pending_.capacity() * sizeof(Pending) +
           index_.bytes() + margin_index_.bytes() +
           margin_rows_.capacity() * sizeof(MarginAccountRow) + limits_.bytes() +
           settings_.capacity() + open_interest_.bytes();
  }

 private:
  // Out of line, so that payments, of which the balances are no lots, do not pay for it.
  [[gnu::noinline]] void SetLots(std::uint32_t row, Int128 lots) {
    const Interest before = InterestOf(row);
    rows_[row].balance = lots;
    open_interest_.Replace(rows_[row].key.asset, before, InterestOf(row));
  }
  void WritePending(std::uint32_t row, const Pending& pending) {
    rows_[row].Mark(AccountRow::kReserved, pending != Pending());
    if (pending == Pending()) return;
    if (pending_.size() <= row) pending_.resize(rows_.size());
    pending_[row] = pending;
  }

  static constexpr std::uint32_t kMaxLimits = (std::uint32_t{1} << 29) - 1;
  static constexpr std::uint8_t kFlagBits = 15;
  static constexpr std::uint8_t kOwnLimitsBit = 128;

  std::uint32_t FindOrAddMarginAccount(const MarginAccountId& id) {
    const std::uint64_t hash = margin_index_.HashOf(id);
    const std::uint32_t found =
        margin_index_.Find(hash, [&](std::uint32_t at) { return margin_rows_[at].id == id; });
    if (found != kNoRow) return found;
    const auto added = static_cast<std::uint32_t>(margin_rows_.size());
    margin_rows_.push_back({.id = id});
    margin_index_.Insert(hash, added);
    return added;
  }

  // Accounts close in the reverse order of their opening, so the last margin account is that of
  // which the first row closes.
  void RemoveLastMarginAccount() {
    const MarginAccountId& id = margin_rows_.back().id;
    margin_index_.Erase(margin_index_.HashOf(id),
                        static_cast<std::uint32_t>(margin_rows_.size() - 1));
    margin_rows_.pop_back();
  }

  [[no_unique_address]] Policy policy_;
  std::vector<AccountRow> rows_;
  std::vector<Pending> pending_;  // of rows, as many as were needed so far
  RowIndex index_;
  LimitsTable limits_;
  std::vector<std::uint8_t> settings_;  // of rows, as many as were needed so far
  std::vector<MarginAccountRow> margin_rows_;
  RowIndex margin_index_;
  OpenInterest open_interest_;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_ACCOUNT_TABLE_H_
