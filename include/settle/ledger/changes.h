// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a block did to a ledger: every account, hold and id that it wrote, and for each account the
// entries that its transactions made, in order.
//
// It is read off the undo log, which has every write since a mark, so that nothing is kept twice
// and nothing can be forgotten: what a rollback restores is what a block changed.
//
//   Mark mark = *ledger.Begin();
//   ledger.Advance(height, now);
//   ledger.Apply(batch, judgement, verdicts);
//   LedgerChanges changes;                                     // reused from block to block
//   ledger.ChangesSince(mark, changes);

#ifndef SETTLE_LEDGER_CHANGES_H_
#define SETTLE_LEDGER_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/types.h"
#include "settle/ledger/detail/account_table.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// One line of an account's history: what one transaction made of its balance. All of the
// transaction's legs on the account are one entry, of zero where they cancel.
struct AccountEntry {
  LogIndex index{};  // of the transaction's receipt
  Amount amount{};
  using Fields = Members<&AccountEntry::index, &AccountEntry::amount>;
};

// One account that was written: as it is now, and its entries since the mark.
struct AccountChange {
  AccountState account{};
  Pending pending{};
  std::uint32_t number = 0;     // how many accounts were opened before it
  std::size_t first_entry = 0;  // in LedgerChanges::entries
  std::size_t entry_count = 0;
};

struct LedgerChanges {
  std::vector<AccountChange> accounts{};  // each once, in the order of their first writes
  std::vector<AccountEntry> entries{};    // account by account, each in the order of receipts
  std::vector<TransactionId> holds{};     // opened, posted or ended: each once, by id

  [[nodiscard]] std::span<const AccountEntry> entries_of(const AccountChange& change) const {
    return std::span(entries).subspan(change.first_entry, change.entry_count);
  }
  void Clear() {
    accounts.clear();
    entries.clear();
    holds.clear();
  }
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_CHANGES_H_
