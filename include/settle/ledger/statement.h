// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a stranger can be shown of one account: its state as of a header, and that nothing was left
// out of its history between two headers.
//
// The state map of a ledger keeps an AccountLeaf for every account. Beside the balance it has the
// number of entries since the account was opened and a running hash over all of them, extended once
// for each block that posts to the account:
//
//   history' = H(0x08 0^15 || history || StatementPage)      the first history is zero
//
// Two leaves of one account, under two certified headers, therefore leave no choice of what lies
// between them: CheckStatement accepts the pages of exactly the blocks that posted to the account.
// After the account history of banks' statements: opening balance, entries, closing balance.
//
//   Reason reason = CheckStatement(Sha256(), opening, closing, pages);

#ifndef SETTLE_LEDGER_STATEMENT_H_
#define SETTLE_LEDGER_STATEMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/changes.h"
#include "settle/ledger/detail/state_digest.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// What the state map of a ledger holds for one account. That of an account that was never opened is
// the default value, and the map has none.
struct AccountLeaf {
  Amount balance{};
  Pending pending{};          // what holds reserve of it
  std::uint64_t entries = 0;  // since the account was opened
  AccountFlags flags{};
  bool has_limits = false;  // ... of its own: without, they are the host's and stand as kUnlimited
  Limits limits = kUnlimited;
  Digest history{};  // of all entries
  // How many accounts were opened before it: ids name accounts by this number, so that a state with
  // the same accounts in another order is another one.
  std::uint32_t number = 0;
  using Fields = Members<&AccountLeaf::balance, &AccountLeaf::pending, &AccountLeaf::entries,
                         &AccountLeaf::flags, &AccountLeaf::has_limits, &AccountLeaf::limits,
                         &AccountLeaf::history, &AccountLeaf::number>;
};

// The leaf of an account in this state, the one that was opened after `number` others.
[[nodiscard]] inline AccountLeaf LeafOf(const AccountState& account, const Pending& pending,
                                        const Digest& history, std::uint32_t number) {
  return {.balance = account.balance,
          .pending = pending,
          .entries = account.entries,
          .flags = account.flags,
          .has_limits = account.has_limits,
          .limits = account.limits,
          .history = history,
          .number = number};
}

// The entries of one account in one block, in the order of receipts.
inline constexpr std::size_t kMaxPageEntries = std::size_t{1} << 20;
struct StatementPage {
  Height height{};
  Bounded<AccountEntry, kMaxPageEntries> entries{};
  using Fields = Members<&StatementPage::height, &StatementPage::entries>;
};

namespace detail {

inline constexpr std::byte kHistoryPrefix{0x08};

// H(prefix 0^15 || before || appended).
template <typename H>
[[nodiscard]] Digest ExtendChain(const H& hasher, std::byte prefix, const Digest& before,
                                 ByteView appended) {
  const InputHead head = HeadOf(prefix);
  return hasher.Hash(ByteView(head), before.view(), appended);
}

}  // namespace detail

// The history with a block's entries, of which there are some, added. `scratch` is reused memory.
// Cost: one hash of 60 + 24 n bytes.
template <typename H>
[[nodiscard]] Digest ExtendHistory(const H& hasher, const Digest& history, Height height,
                                   std::span<const AccountEntry> entries,
                                   std::vector<std::byte>& scratch) {
  static_assert(RequireHasher<H>());
  scratch.resize(kEncodedSize<Height> + kEncodedSize<std::uint32_t> +
                 entries.size() * kEncodedSize<AccountEntry>);
  BufferSink sink(scratch.data());
  EncodeTo(sink, height);
  EncodeTo(sink, static_cast<std::uint32_t>(entries.size()));
  for (const AccountEntry& entry : entries) EncodeTo(sink, entry);
  return detail::ExtendChain(hasher, detail::kHistoryPrefix, history, ByteView(scratch));
}

// Two leaves of one account, as of two heights.
struct StatementEnds {
  AccountLeaf opening{};
  std::optional<Height> after{};  // entries of this block are in `opening`; nothing: from genesis
  AccountLeaf closing{};
  Height until{};  // entries of this block are in `closing`
  using Fields = Members<&StatementEnds::opening, &StatementEnds::after, &StatementEnds::closing,
                         &StatementEnds::until>;
};

// Whether `pages` are exactly the entries that lead from the opening leaf to the closing one.
// Errors in this order: kBadPeriod for pages whose heights do not rise within (after, until], a
// page without entries or entries whose receipts do not rise; BaseReason::kOverflow; then
// kEntriesMissing where the number of entries, and kTotalMismatch where their sum, is not the
// difference of the leaves; kRootMismatch where their hash is not the closing leaf's history. Cost:
// one hash a page; no allocation but for the largest page's bytes.
template <typename H>
[[nodiscard]] Reason CheckStatement(const H& hasher, const StatementEnds& ends,
                                    std::span<const StatementPage> pages) {
  if (ends.after && ends.until < *ends.after) return LedgerReason::kBadPeriod;
  std::optional<Height> height = ends.after;
  std::optional<LogIndex> index;
  for (const StatementPage& page : pages) {
    if ((height && page.height <= *height) || page.height > ends.until || page.entries.empty()) {
      return LedgerReason::kBadPeriod;
    }
    height = page.height;
    for (const AccountEntry& entry : page.entries) {
      if (index && entry.index <= *index) return LedgerReason::kBadPeriod;
      index = entry.index;
    }
  }
  Amount balance = ends.opening.balance;
  std::uint64_t entries = ends.opening.entries;
  for (const StatementPage& page : pages) {
    for (const AccountEntry& entry : page.entries) {
      if (!AddTo(balance, entry.amount)) return BaseReason::kOverflow;
    }
    entries += page.entries.size();
  }
  if (entries != ends.closing.entries) return LedgerReason::kEntriesMissing;
  if (balance != ends.closing.balance) return LedgerReason::kTotalMismatch;
  Digest history = ends.opening.history;
  std::vector<std::byte> scratch;
  for (const StatementPage& page : pages) {
    history = ExtendHistory(hasher, history, page.height, page.entries, scratch);
  }
  return history == ends.closing.history ? Reason() : Reason(LedgerReason::kRootMismatch);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_STATEMENT_H_
