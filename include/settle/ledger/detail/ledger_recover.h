// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A ledger as one record and back: included by settle/ledger/ledger.h alone.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_RECOVER_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_RECOVER_H_

#include "settle/ledger/detail/asset_sum.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/detail/touched.h"
#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

template <LedgerInvariant I, Authority A, AccountPolicy P>
LedgerState Ledger<I, A, P>::State() const {
  LedgerState state{.height = height_, .now = now_, .next_index = next_index_};
  for (std::uint32_t row = 0; row < accounts_.size(); ++row) {
    (void)state.accounts.Add(StateOf(row));
  }
  ForEachId([&state](std::uint64_t, const IdState& id) { (void)state.ids.Add(id); });
  holds_.ForEach([&state](const detail::Hold& hold) {
    HoldState open{.id = hold.id, .terms = hold.terms, .legs = {}};
    for (const StoredLeg& leg : hold.legs) (void)open.legs.Add(leg);
    (void)state.holds.Add(std::move(open));
  });
  return state;
}

// Writes the state of an id over `id`.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::Describe(const detail::IdRecord& record, const detail::LegsView& legs,
                               IdState& id) const {
  const detail::IdRest rest = ids_.RestOf(record);
  id.header = {.id = record.id,
               .transaction_class = record.transaction_class,
               .rule = record.rule,
               .valid_until = record.valid_until,
               .action = record.action,
               .target = rest.target,
               .chained = record.chained};
  id.terms = rest.terms;
  id.refusal_module = static_cast<std::uint16_t>(record.refusal.module());
  id.refusal_code = record.refusal.code();
  id.index = record.index;
  id.height = record.height;
  id.time = record.time;
  id.legs.Clear();
  for (std::size_t i = 0; i < legs.size(); ++i) (void)id.legs.Add(legs[i]);
}

namespace detail {

// The balances of one asset, and of those the ones above zero.
struct BalanceSums {
  AssetSum all{};
  AssetSum open{};
};

// Exact: balances that sum to 2^128 are not balanced. The state may name as many assets as
// accounts, so each is found by its hash. Errors: kUnbalanced; kAmountOverflow for a contract of
// which the open interest leaves 128 bits.
inline LedgerReason CheckBalances(const LedgerState& state, std::uint64_t hash_seed) {
  std::vector<BalanceSums> sums;
  RowIndex by_asset(hash_seed);
  for (const AccountState& account : state.accounts) {
    const AssetId asset = account.key.asset;
    const std::uint64_t hash = by_asset.HashOf(asset);
    std::uint32_t row =
        by_asset.Find(hash, [&](std::uint32_t at) { return sums[at].all.asset == asset; });
    if (row == kNoRow) {
      row = static_cast<std::uint32_t>(sums.size());
      sums.push_back({.all = {.asset = asset}});
      by_asset.Insert(hash, row);
    }
    sums[row].all.Add(account.balance.value());
    if (IsContract(asset)) sums[row].open.Add((std::max)(account.balance.value(), Int128{0}));
  }
  const auto balances = [](const BalanceSums& sum) { return sum.all.IsZero(); };
  if (!std::all_of(sums.begin(), sums.end(), balances)) return LedgerReason::kUnbalanced;
  const auto fits = [](const BalanceSums& sum) { return sum.open.IsPlainAmount(); };
  return std::all_of(sums.begin(), sums.end(), fits) ? LedgerReason::kOk
                                                     : LedgerReason::kAmountOverflow;
}

}  // namespace detail

// The state comes from a disk or a peer: everything that the ledger relies on is checked.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Result<Ledger<I, A, P>> Ledger<I, A, P>::Recover(const LedgerState& state, LedgerOptions options,
                                                 I invariant, P accounts) {
  Ledger ledger(options, std::move(invariant), std::move(accounts));
  for (const AccountState& account : state.accounts) {
    if (Reason reason = account.Validate(); !reason.ok()) return reason;
    const std::uint64_t hash = ledger.accounts_.HashOf(account.key);
    if (ledger.accounts_.Find(account.key, hash) != detail::kNoRow) {
      return BaseReason::kNotCanonical;
    }
    const std::uint32_t row = ledger.accounts_.Open(account.key, hash);
    ledger.accounts_.SetBalance(row, account.balance.value());
    ledger.accounts_[row].entries = account.entries;
    const AccountSettings settings = account.settings();
    if (settings.flags != AccountFlags() || settings.limits) {
      ledger.accounts_.Set(row, {settings.flags, settings.limits});
    }
  }
  if (const LedgerReason reason = detail::CheckBalances(state, options.hash_seed);
      reason != LedgerReason::kOk) {
    return reason;
  }
  // There is always a number for the next receipt, however long the ledger goes on.
  if (state.next_index.value() >> 63 != 0) return BaseReason::kOutOfRange;
  ledger.height_ = state.height;
  ledger.now_ = state.now;
  ledger.next_index_ = state.next_index;
  ledger.ids_.Advance(state.now);
  for (const IdState& id : state.ids) {
    if (Reason reason = ledger.RecoverId(id); !reason.ok()) return reason;
  }
  // A value has one encoding: ids stand in the order in which State gives them.
  std::size_t at = 0;
  bool ordered = true;
  ledger.ids_.ForEach([&](const detail::IdRecord& record, const detail::LegsView&) {
    const TransactionHeader& header = state.ids[at++].header;
    ordered &= header.id == record.id && header.valid_until == record.valid_until;
  });
  if (!ordered) return BaseReason::kNotCanonical;
  const TransactionId* last = nullptr;
  for (const HoldState& hold : state.holds) {
    if (last != nullptr && hold.id <= *last) return BaseReason::kNotCanonical;
    last = &hold.id;
    if (Reason reason = ledger.RecoverHold(hold); !reason.ok()) return reason;
  }
  return ledger;
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::RecoverId(const IdState& id) {
  const Reason refusal(static_cast<Module>(id.refusal_module), id.refusal_code);
  if (ids_.HasPassed(id.header.valid_until) || id.time > now_ || id.height > height_ ||
      (refusal.ok() && id.index >= next_index_)) {
    return BaseReason::kOutOfRange;
  }
  for (const StoredLeg& leg : id.legs) {
    if (leg.row >= accounts_.size()) return BaseReason::kOutOfRange;
  }
  // A record has no room for an unknown class or action. Success is of no module, and a refusal has
  // neither legs nor a receipt. Of chains there are chosen transactions alone.
  if (!IsKnownEnumerator(id.header.transaction_class) || !IsKnownEnumerator(id.header.action) ||
      refusal.module() != static_cast<Module>(id.refusal_module) ||
      (id.header.chained && (id.header.transaction_class != TransactionClass::kChosen ||
                             id.header.action != TransactionAction::kApply)) ||
      (!refusal.ok() &&
       (!id.legs.empty() || id.index != LogIndex() || id.terms || !id.header.target.IsZero()))) {
    return BaseReason::kNotCanonical;
  }
  if (id.header.valid_until.value() > now_.value() &&
      id.header.valid_until.value() - now_.value() > options_.id_horizon.value()) {
    return LedgerReason::kExpiryTooFar;
  }
  const std::uint64_t hash = ids_.HashOf(id.header.id);
  if (ids_.Find(id.header.id, hash, now_) != nullptr) return BaseReason::kNotCanonical;
  if (ids_.full()) return LedgerReason::kIdTableFull;
  detail::IdRecord& record =
      ids_.Insert(id.header.valid_until, hash, id.legs.size(),
                  [&id](std::size_t i) -> const StoredLeg& { return id.legs[i]; });
  record.id = id.header.id;
  record.index = id.index;
  record.height = id.height;
  record.time = id.time;
  record.refusal = refusal;
  record.transaction_class = id.header.transaction_class;
  record.rule = id.header.rule;
  record.action = id.header.action;
  record.chained = id.header.chained;
  if (id.terms || !id.header.target.IsZero()) ids_.AddRest(record, {id.header.target, id.terms});
  return {};
}

// What a hold reserved is summed up again: it is derived.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::RecoverHold(const HoldState& hold) {
  if (Reason reason = hold.terms.Validate(); !reason.ok()) return reason;
  if (hold.terms.kind == HoldKind::kTimed && hold.terms.expires_at <= now_) {
    return BaseReason::kOutOfRange;
  }
  // A hold without anything left is over, and legs are used up one by one only where parts are.
  const auto is_left = [](const StoredLeg& leg) { return leg.amount != Amount(); };
  const auto left = std::count_if(hold.legs.begin(), hold.legs.end(), is_left);
  if (left == 0 || (!hold.terms.in_parts && static_cast<std::size_t>(left) != hold.legs.size())) {
    return BaseReason::kNotCanonical;
  }
  if (holds_.full()) return LedgerReason::kHoldTableFull;
  std::vector<detail::AssetSum> sums;
  for (const StoredLeg& leg : hold.legs) {
    if (leg.row >= accounts_.size()) return BaseReason::kOutOfRange;
    if (hold.terms.kind == HoldKind::kSettlement && IsClosed(leg.row)) {
      return LedgerReason::kAccountHeld;
    }
    const AssetId asset = accounts_[leg.row].key.asset;
    const auto known = std::find_if(sums.begin(), sums.end(), [asset](const detail::AssetSum& sum) {
      return sum.asset == asset;
    });
    detail::AssetSum& sum = known != sums.end() ? *known : sums.emplace_back();
    sum.asset = asset;
    sum.Add(leg.amount.value());
  }
  if (!std::all_of(sums.begin(), sums.end(),
                   [](const detail::AssetSum& sum) { return sum.IsZero(); })) {
    return LedgerReason::kUnbalanced;
  }
  touched_.BeginReserving(hold.legs.size());
  for (const StoredLeg& leg : hold.legs) {
    if (!touched_.AddPending(accounts_[leg.row], leg.row, leg.amount.value(), 1)) {
      return LedgerReason::kLegsOverflow;
    }
  }
  if (ProjectReserved(Project()).overflows || !ProjectInterest())
    return LedgerReason::kAmountOverflow;
  CommitPending();
  holds_.Open({hold.id, hold.terms, {hold.legs.begin(), hold.legs.end()}});
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_RECOVER_H_
