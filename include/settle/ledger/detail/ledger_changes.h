// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What was written since a mark, read off the undo log, and what became of an id: included by
// settle/ledger/ledger.h alone.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_CHANGES_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_CHANGES_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

// A write of a balance says what it was before: the amount of an entry is the difference to what
// the account's next write says, or to what the balance is now.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::ChangesSince(Mark mark, LedgerChanges& out) {
  const auto writes = undo_.entries_since(mark);
  if (!writes.ok()) return writes.reason();
  out.Clear();
  if (Reason reason = holds_.IdsSince(mark, out.holds); !reason.ok()) return reason;
  const std::uint64_t posted = CountEntries(*writes);

  out.accounts.reserve(touched_.entries().size());
  std::size_t first = 0;
  for (const detail::Touched& touched : touched_.entries()) {
    out.accounts.push_back({.account = StateOf(touched.row),
                            .pending = accounts_.PendingOf(touched.row),
                            .number = touched.row,
                            .first_entry = first});
    first += touched.legs;
  }
  out.entries.resize(first);
  std::uint64_t index = next_index_.value() - posted;
  for (const Undo& undo : *writes) {
    if (undo.what == Undo::What::kIndex) ++index;
    if (!IsPosting(undo)) continue;
    const detail::Touched* touched = touched_.Find(accounts_[undo.row], undo.row);
    AccountChange& change = out.accounts[touched_.PositionOf(*touched)];
    out.entries[change.first_entry + change.entry_count++] = {LogIndex(index),
                                                              Amount(undo.balance)};
  }
  for (const AccountChange& change : out.accounts) {
    Int128 after = change.account.balance.value();
    for (std::size_t i = change.entry_count; i-- > 0;) {
      AccountEntry& entry = out.entries[change.first_entry + i];
      const Int128 before = entry.amount.value();
      // Neither leaves 128 bits: it was the sum of the transaction's legs.
      entry.amount = Amount(after - before);
      after = before;
    }
  }
  return {};
}

// Lists in touched_ the accounts that were written, each with the number of its entries as `legs`,
// and answers how many transactions were posted.
template <LedgerInvariant I, Authority A, AccountPolicy P>
std::uint64_t Ledger<I, A, P>::CountEntries(std::span<const Undo> writes) {
  std::uint64_t posted = 0;
  touched_.Begin(writes.size());
  for (const Undo& undo : writes) {
    if (undo.what == Undo::What::kIndex) ++posted;
    if (!IsOfAccount(undo)) continue;
    touched_.Touch(accounts_[undo.row], undo.row).legs += IsPosting(undo) ? 1 : 0;
  }
  return posted;
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
template <typename Visit>
Reason Ledger<I, A, P>::ForEachIdSince(Mark mark, Visit&& visit) const {
  const auto writes = undo_.entries_since(mark);
  if (!writes.ok()) return writes.reason();
  std::map<std::uint64_t, std::size_t> counts;
  for (const Undo& undo : *writes) {
    if (undo.what != Undo::What::kId || ids_.HasPassed(undo.time)) continue;
    ++counts[ids_.PeriodOf(undo.time)];
  }
  IdState id;
  for (const auto& [period, count] : counts) {
    ids_.ForEachLast(period, count,
                     [&](const detail::IdRecord& record, const detail::LegsView& legs) {
                       Describe(record, legs, id);
                       visit(period, std::as_const(id));
                     });
  }
  return {};
}

// The verdict on a repetition of an applied transaction, or on any use of a burnt id.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Verdict Ledger<I, A, P>::VerdictOn(const detail::IdRecord& record) {
  if (!record.refusal.ok()) return {.reason = record.refusal};
  return {.disposition = Disposition::kRepeated,
          .reason = {},
          .index = record.index,
          .height = record.height,
          .time = record.time};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
std::optional<Verdict> Ledger<I, A, P>::VerdictOf(const TransactionId& id) const {
  const detail::IdRecord* const record = ids_.Find(id, ids_.HashOf(id), now_);
  return record == nullptr ? std::nullopt : std::optional(VerdictOn(*record));
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
std::optional<Transaction> Ledger<I, A, P>::TransactionOf(const TransactionId& id) const {
  const detail::IdRecord* const record = ids_.Find(id, ids_.HashOf(id), now_);
  if (record == nullptr || !record->refusal.ok()) return std::nullopt;
  IdState state;
  Describe(*record, ids_.LegsOf(*record), state);
  Transaction transaction{.header = state.header, .terms = state.terms};
  for (const StoredLeg& leg : state.legs) {
    (void)transaction.legs.Add({accounts_[leg.row].key, leg.amount});
  }
  return transaction;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_CHANGES_H_
