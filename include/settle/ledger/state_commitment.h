// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// All of a ledger's state under one digest: accounts, holds and ids, each in a state map of its
// own.
//
//   header.state.root = H(record of StateCommitment)
//     accounts   AccountKey -> AccountLeaf      balance, what is reserved, entries, history, order
//     holds      TransactionId -> digest of HoldContent
//     ids        period -> IdPeriod             every id that may still be repeated
//     authority  a digest of what the authority knows
//
// The maps are fed with what a block changed and hash each touched node once. With the heads in a
// certified header, any balance, or that an account was never opened, is proved by a presence or
// absence proof (settle/ledger/state_proof.h), and whoever receives a snapshot checks all of it.
//
//   LedgerCommitment<> commitment(options.hash_seed);
//   Mark marks[] = {*ledger.Begin(), *commitment.Begin()};
//   ...advance and apply a block...
//   ledger.ChangesSince(marks[0], changes);
//   commitment.Update(ledger, marks[0], changes);
//   StateCommitment state = commitment.Head(authority_digest);
//
// A machine of settle/base/revertible.h.

#ifndef SETTLE_LEDGER_STATE_COMMITMENT_H_
#define SETTLE_LEDGER_STATE_COMMITMENT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/changes.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/hold.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/state_map.h"
#include "settle/ledger/statement.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// What a header's state root is the digest of.
struct StateCommitment {
  static constexpr Kind kKind = Kind::kStateCommitment;
  static constexpr std::uint16_t kVersion = 1;

  StateHead accounts{};
  StateHead holds{};
  StateHead ids{};
  Digest authority{};  // what it is, is the authority's to say; zero for one without
  using Fields = Members<&StateCommitment::accounts, &StateCommitment::holds, &StateCommitment::ids,
                         &StateCommitment::authority>;
};

// The ids of one period: how many were remembered, and a chain of them in the order of their
// coming, extended once for each block.
//   chain' = H(0x09 0^15 || chain || the encodings of a block's IdStates)
struct IdPeriod {
  std::uint64_t count = 0;
  Digest chain{};
  using Fields = Members<&IdPeriod::count, &IdPeriod::chain>;
};

namespace detail {
inline constexpr std::byte kIdsPrefix{0x09};
inline constexpr std::byte kHoldPrefix{0x0a};
}  // namespace detail

// The digest under which the state map holds an open hold: H(0x0a 0^15 || id || terms || legs).
template <typename H>
[[nodiscard]] Digest HoldDigest(const H& hasher, const HoldContent& hold,
                                std::vector<std::byte>& scratch) {
  static_assert(RequireHasher<H>());
  const detail::InputHead head = detail::HeadOf(detail::kHoldPrefix);
  scratch.clear();
  AppendEncoding(scratch, hold);
  return hasher.Hash(ByteView(head), ByteView(scratch));
}

template <typename H>
class LedgerCommitment {
  static_assert(RequireHasher<H>());

 public:
  using Accounts = StateMap<AccountKey, AccountLeaf, H>;
  using Holds = StateMap<TransactionId, Digest, H>;
  using Ids = StateMap<std::uint64_t, IdPeriod, H>;

  // Of the empty ledger. `hash_seed` is the host's secret, see StateMap.
  explicit LedgerCommitment(std::uint64_t hash_seed = 0, H hasher = {})
      : hasher_(std::move(hasher)),
        accounts_(hash_seed, hasher_),
        holds_(hash_seed, hasher_),
        ids_(hash_seed, hasher_) {}

  // Takes in one block: what `ledger` wrote since `mark`, which `changes` lists. Called once for
  // each block. Errors, with nothing changed: kNoSuchMark, BaseReason::kFull for more than 2^31 - 1
  // accounts. Cost: for each account and hold that changed about 3 + log2(n) / 2 hashes, for each
  // that is posted to one more, for each id about 60 + 20 bytes a leg of one hash.
  template <typename LedgerT>
  Reason Update(const LedgerT& ledger, Mark mark, const LedgerChanges& changes);

  [[nodiscard]] const Accounts& accounts() const { return accounts_; }
  [[nodiscard]] const Holds& holds() const { return holds_; }
  [[nodiscard]] const Ids& ids() const { return ids_; }
  [[nodiscard]] StateCommitment Head(const Digest& authority) const {
    return {accounts_.Head(), holds_.Head(), ids_.Head(), authority};
  }

  // Becomes the commitment to `ledger`, which was recovered and whose accounts have these histories
  // in the order of their opening; no mark remains. Errors, with nothing changed: kRootMismatch
  // where the ledger, or a history, is not what `head` commits to, kBadSize for another number of
  // histories. Cost: that of updates which touch everything.
  template <typename LedgerT>
  Reason Recover(const LedgerT& ledger, std::span<const Digest> histories,
                 const StateCommitment& head);

  void Reserve(std::size_t accounts) { accounts_.Reserve(accounts); }

  // Rollback, see settle/base/revertible.h.
  [[nodiscard]] Result<Mark> Begin() {
    // The same mark for all: they are marked together and never alone.
    (void)accounts_.Begin();
    (void)holds_.Begin();
    (void)ids_.Begin();
    return undo_.Begin();
  }
  Reason RevertTo(Mark mark) {
    (void)accounts_.RevertTo(mark);
    (void)holds_.RevertTo(mark);
    (void)ids_.RevertTo(mark);
    return undo_.RevertTo(mark, [this](std::uint64_t period) { first_period_ = period; });
  }
  Reason Release(Mark mark) {
    (void)accounts_.Release(mark);
    (void)holds_.Release(mark);
    (void)ids_.Release(mark);
    return undo_.Release(mark);
  }

 private:
  // Gathers ids, period by period, into one change for each.
  class IdGatherer {
   public:
    // `known` is what the chains go on from; nothing: all begin.
    IdGatherer(const H& hasher, const Ids* known, std::vector<typename Ids::Change>& changes)
        : hasher_(hasher), known_(known), changes_(changes) {}
    void Add(std::uint64_t period, const IdState& id) {
      if (count_ > 0 && (period != period_ || id.height != height_)) Flush();
      period_ = period;
      height_ = id.height;
      ++count_;
      AppendEncoding(bytes_, id);
    }
    // After the last one.
    void Flush();

   private:
    const H& hasher_;
    const Ids* known_;
    std::vector<typename Ids::Change>& changes_;
    std::uint64_t period_ = 0;
    Height height_{};
    std::uint64_t count_ = 0;  // gathered and not yet in a chain
    std::vector<std::byte> bytes_;
  };

  void GatherAccounts(const LedgerChanges& changes, Height height);
  template <typename LedgerT>
  void GatherHolds(const LedgerT& ledger, std::span<const TransactionId> holds);
  void GatherPassed(std::uint64_t first_period);

  SETTLE_NO_UNIQUE_ADDRESS H hasher_;
  Accounts accounts_;
  Holds holds_;
  Ids ids_;
  std::uint64_t first_period_ = 0;  // the map has no ids of periods before
  UndoLog<std::uint64_t> undo_;     // of first_period_

  // Of one update; kept for their room.
  std::vector<typename Accounts::Change> account_changes_;
  std::vector<typename Holds::Change> hold_changes_;
  std::vector<typename Ids::Change> id_changes_;
  std::vector<std::byte> scratch_;
};

template <typename H>
template <typename LedgerT>
Reason LedgerCommitment<H>::Update(const LedgerT& ledger, Mark mark, const LedgerChanges& changes) {
  GatherAccounts(changes, ledger.height());
  GatherHolds(ledger, changes.holds);
  GatherPassed(ledger.first_id_period());
  IdGatherer ids(hasher_, &ids_, id_changes_);
  Reason reason = ledger.ForEachIdSince(
      mark, [&ids](std::uint64_t period, const IdState& id) { ids.Add(period, id); });
  if (!reason.ok()) return reason;
  ids.Flush();
  // The only refusal that is left is that of too many accounts: each key is named once, and holds
  // and periods are fewer.
  if (reason = accounts_.Update(account_changes_); !reason.ok()) return reason;
  (void)holds_.Update(hold_changes_);
  (void)ids_.Update(id_changes_);
  undo_.Record(std::exchange(first_period_, ledger.first_id_period()));
  return {};
}

template <typename H>
void LedgerCommitment<H>::GatherAccounts(const LedgerChanges& changes, Height height) {
  account_changes_.clear();
  const auto key_of = [&changes](std::size_t i) -> const AccountKey& {
    return changes.accounts[i].account.key;
  };
  accounts_.FindEach(changes.accounts.size(), key_of, [&](std::size_t i, const AccountLeaf* known) {
    const AccountChange& change = changes.accounts[i];
    Digest history = known == nullptr ? Digest() : known->history;
    if (change.entry_count > 0) {
      history = ExtendHistory(hasher_, history, height, changes.entries_of(change), scratch_);
    }
    account_changes_.push_back(
        {change.account.key, LeafOf(change.account, change.pending, history, change.number)});
  });
}

template <typename H>
template <typename LedgerT>
void LedgerCommitment<H>::GatherHolds(const LedgerT& ledger, std::span<const TransactionId> holds) {
  hold_changes_.clear();
  for (const TransactionId& id : holds) {
    const std::optional<HoldContent> hold = ledger.HoldOf(id);
    hold_changes_.push_back(
        {id, hold ? std::optional(HoldDigest(hasher_, *hold, scratch_)) : std::nullopt});
  }
}

// Ids lie no further ahead than the horizon, which has at most kMaxPeriods periods: whatever jump
// log time makes, no more have to be looked for.
template <typename H>
void LedgerCommitment<H>::GatherPassed(std::uint64_t first_period) {
  id_changes_.clear();
  const std::uint64_t count =
      (std::min)(first_period - first_period_, detail::IdTable::kMaxPeriods + 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t period = first_period_ + i;
    if (ids_.Find(period) != nullptr) id_changes_.push_back({period, std::nullopt});
  }
}

template <typename H>
void LedgerCommitment<H>::IdGatherer::Flush() {
  if (count_ == 0) return;
  const bool follows = !changes_.empty() && changes_.back().key == period_;
  if (!follows) {
    const IdPeriod* const known = known_ == nullptr ? nullptr : known_->Find(period_);
    changes_.push_back({period_, known == nullptr ? IdPeriod() : *known});
  }
  IdPeriod& ids = *changes_.back().value;
  ids.count += count_;
  ids.chain = detail::ExtendChain(hasher_, detail::kIdsPrefix, ids.chain, ByteView(bytes_));
  bytes_.clear();
  count_ = 0;
}

template <typename H>
template <typename LedgerT>
Reason LedgerCommitment<H>::Recover(const LedgerT& ledger, std::span<const Digest> histories,
                                    const StateCommitment& head) {
  if (histories.size() != ledger.account_count()) return LedgerReason::kBadSize;
  std::vector<typename Accounts::Entry> accounts;
  accounts.reserve(histories.size());
  ledger.ForEachAccount([&](const AccountState& account) {
    const auto number = static_cast<std::uint32_t>(accounts.size());
    const Pending pending = ledger.PendingOf(account.key);
    accounts.push_back({account.key, LeafOf(account, pending, histories[number], number)});
  });
  std::ranges::sort(accounts, {}, [](const auto& entry) { return entry.key; });
  std::vector<typename Holds::Entry> holds;
  ledger.ForEachHold([&](const HoldContent& hold) {
    holds.push_back({hold.id, HoldDigest(hasher_, hold, scratch_)});
  });
  std::vector<typename Ids::Change> periods;
  IdGatherer gatherer(hasher_, nullptr, periods);
  ledger.ForEachId(
      [&gatherer](std::uint64_t period, const IdState& id) { gatherer.Add(period, id); });
  gatherer.Flush();
  std::vector<typename Ids::Entry> ids;
  for (const auto& period : periods) ids.push_back({period.key, *period.value});

  // Copies, which keep the seeds of their tables and the serials of their marks.
  Accounts new_accounts = accounts_;
  Holds new_holds = holds_;
  Ids new_ids = ids_;
  if (Reason reason = new_accounts.Thaw(accounts, head.accounts); !reason.ok()) return reason;
  if (Reason reason = new_holds.Thaw(holds, head.holds); !reason.ok()) return reason;
  if (Reason reason = new_ids.Thaw(ids, head.ids); !reason.ok()) return reason;
  // From here on nothing is refused.
  accounts_ = std::move(new_accounts);
  holds_ = std::move(new_holds);
  ids_ = std::move(new_ids);
  undo_.Clear();
  first_period_ = ledger.first_id_period();
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_STATE_COMMITMENT_H_
