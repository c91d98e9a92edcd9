// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of Ledger: included by settle/ledger/ledger.h alone. Read CheckIdentity, CheckForm,
// CheckAuthority and CheckState in this order: it is the order of precedence.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_APPLY_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_APPLY_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

// Computes the hashes of the next window of transactions and fetches the cache lines they lead to:
// first the index slots, then, once those arrive, the account rows. Returns the window's end.
template <LedgerInvariant I, Authority A, AccountPolicy P>
std::size_t Ledger<I, A, P>::Prefetch(std::span<const TransactionView> batch, std::size_t first) {
  id_hashes_.clear();
  leg_hashes_.clear();
  std::size_t end = first;
  while (end < batch.size() && end - first < kWindow) {
    const TransactionView& transaction = batch[end];
    if (end > first && leg_hashes_.size() + transaction.legs.size() > kWindowLegs) break;
    id_hashes_.push_back(ids_.HashOf(transaction.header.id));
    ids_.PrefetchSlot(id_hashes_.back());
    for (const Leg& leg : transaction.legs) {
      leg_hashes_.push_back(accounts_.HashOf(leg.account));
      accounts_.PrefetchSlot(leg_hashes_.back());
    }
    ++end;
  }
  for (const std::uint64_t hash : leg_hashes_) accounts_.PrefetchRow(hash);
  return end;
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Verdict Ledger<I, A, P>::ApplyChosen(const Item& item, const Intent& intent, const Judgement& by) {
  if (const auto known = CheckIdentity(item)) return *known;
  if (item.transaction.header.transaction_class != TransactionClass::kChosen ||
      item.transaction.header.rule != CompulsoryRule::kNone) {
    return Refusal(LedgerReason::kWrongEntryPoint);
  }
  if (Reason reason = CheckForm(item.transaction); !reason.ok()) return Refusal(reason);
  // Accounts that the transaction names first are opened now and closed again on a refusal.
  const std::size_t accounts_before = accounts_.size();
  Reason reason = Compute(item);
  if (reason.ok()) reason = CheckAuthority(intent, by);
  if (reason.ok() && ids_.full()) reason = LedgerReason::kIdTableFull;
  if (!reason.ok()) {
    CloseTo(accounts_before);
    return Refusal(reason);
  }
  if (reason = CheckState(by.context); !reason.ok()) {
    return Remember(item, reason, accounts_before);
  }
  return Commit(item, accounts_before);
}

// Expired first, whatever is known of the id; then what became of it before.
template <LedgerInvariant I, Authority A, AccountPolicy P>
std::optional<Verdict> Ledger<I, A, P>::CheckIdentity(const Item& item) const {
  const TransactionHeader& header = item.transaction.header;
  if (header.valid_until <= now_) return Refusal(LedgerReason::kExpired);
  const detail::IdRecord* record = ids_.Find(header.id, item.id_hash, now_);
  if (record == nullptr) return std::nullopt;
  if (!record->refusal.ok()) return Refusal(LedgerReason::kIdAlreadyFailed);
  if (Reason reason = SameContent(item.transaction, *record); !reason.ok()) {
    return Refusal(reason);
  }
  return Verdict{.disposition = Disposition::kRepeated,
                 .reason = {},
                 .index = record->index,
                 .height = record->height,
                 .time = record->time};
}

// The first field in which the transaction differs from the one applied under its id.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::SameContent(const TransactionView& transaction,
                                    const detail::IdRecord& record) const {
  const TransactionHeader& header = transaction.header;
  if (header.transaction_class != record.transaction_class) {
    return LedgerReason::kExistsWithDifferentClass;
  }
  if (header.rule != record.rule) return LedgerReason::kExistsWithDifferentRule;
  if (header.valid_until != record.valid_until) return LedgerReason::kExistsWithDifferentExpiry;
  const std::span<const detail::StoredLeg> legs = ids_.LegsOf(record);
  const bool same =
      std::equal(legs.begin(), legs.end(), transaction.legs.begin(), transaction.legs.end(),
                 [this](const detail::StoredLeg& stored, const Leg& leg) {
                   return stored.amount == leg.amount && accounts_[stored.row].key == leg.account;
                 });
  return same ? Reason() : Reason(LedgerReason::kExistsWithDifferentLegs);
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckForm(const TransactionView& transaction) {
  if (transaction.legs.size() < 2) return LedgerReason::kTooFewLegs;
  if (transaction.legs.size() > kMaxLegs) return LedgerReason::kTooManyLegs;
  sums_.clear();
  bool overflow = false;
  for (const Leg& leg : transaction.legs) {
    if (leg.amount == Amount()) return LedgerReason::kZeroAmount;
    const AssetId asset = leg.account.asset;
    auto sum = std::find_if(sums_.begin(), sums_.end(),
                            [asset](const detail::AssetSum& s) { return s.asset == asset; });
    if (sum == sums_.end()) sum = sums_.insert(sum, {.asset = asset});
    overflow |= !AddTo(sum->sum, leg.amount.value());
  }
  const bool balanced =
      std::all_of(sums_.begin(), sums_.end(), [](const detail::AssetSum& s) { return s.sum == 0; });
  if (overflow || !balanced) return LedgerReason::kUnbalanced;
  // Not an addition: now + horizon may be past the end of time.
  if (transaction.header.valid_until.value() - now_.value() > options_.id_horizon.value()) {
    return LedgerReason::kExpiryTooFar;
  }
  return {};
}

// Sums the legs by account. Errors: kLegsOverflow.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::Compute(const Item& item) {
  touched_.Clear();
  leg_rows_.clear();
  for (std::size_t i = 0; i < item.transaction.legs.size(); ++i) {
    const Leg& leg = item.transaction.legs[i];
    std::uint32_t row = accounts_.Find(leg.account, item.leg_hashes[i]);
    if (row == detail::kNoRow) row = accounts_.Open(leg.account, item.leg_hashes[i]);
    leg_rows_.push_back(row);
    if (!touched_.Add(row, accounts_[row], leg.amount.value())) return LedgerReason::kLegsOverflow;
  }
  return {};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckOverflow() const {
  for (const detail::Touched& touched : touched_) {
    if (!CheckedAdd(accounts_[touched.row].balance, touched.change)) {
      return LedgerReason::kAmountOverflow;
    }
  }
  return {};
}

// Every owner of whom an account falls or a position changes is asked once.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckAuthority(const Intent& intent, const Judgement& by) {
  owners_.clear();
  for (const detail::Touched& touched : touched_) {
    const AccountKey& key = accounts_[touched.row].key;
    const bool pays = touched.change < 0 || (touched.change != 0 && IsContract(key.asset));
    if (!pays || std::find(owners_.begin(), owners_.end(), key.owner) != owners_.end()) continue;
    owners_.push_back(key.owner);
    if (Reason reason = by.authority.Authorize(key.owner, intent, by.witness); !reason.ok()) {
      return reason;
    }
  }
  return {};
}

// Overflow and limits of every account, then the invariant of every margin account that is
// weakened.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckState(const Context& context) {
  if (Reason reason = CheckOverflow(); !reason.ok()) return reason;
  margin_accounts_.clear();
  for (const detail::Touched& touched : touched_) {
    const detail::AccountRow& account = accounts_[touched.row];
    const Limits& limits = accounts_.LimitsOf(account);
    const Int128 after = account.balance + touched.change;
    // A balance outside its limits may always move towards them.
    if (touched.change < 0 && after < limits.floor.value()) return LedgerReason::kBelowFloor;
    if (touched.change > 0 && after > limits.ceiling.value()) return LedgerReason::kAboveCeiling;
    const bool weakened =
        touched.change < 0 || (touched.change != 0 && IsContract(account.key.asset));
    if (!weakened || account.margin_account == detail::kNoRow) continue;
    detail::MarginAccountRow& margin = accounts_.margin_account(account.margin_account);
    const bool listed = margin.scratch < margin_accounts_.size() &&
                        margin_accounts_[margin.scratch] == account.margin_account;
    if (listed) continue;
    margin.scratch = static_cast<std::uint32_t>(margin_accounts_.size());
    margin_accounts_.push_back(account.margin_account);
  }
  for (const std::uint32_t margin_account : margin_accounts_) {
    if (Reason reason = CheckMargin(margin_account, context); !reason.ok()) return reason;
  }
  return {};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckMargin(std::uint32_t margin_account, const Context& context) {
  before_.clear();
  after_.clear();
  const detail::MarginAccountRow& margin = accounts_.margin_account(margin_account);
  for (std::uint32_t row = margin.last_row; row != detail::kNoRow; row = accounts_[row].previous) {
    const detail::AccountRow& account = accounts_[row];
    const detail::Touched* touched = touched_.Find(row, account);
    const Int128 change = touched == nullptr ? 0 : touched->change;
    BalanceView view{.compartment = account.key.compartment,
                     .asset = account.key.asset,
                     .posted = Amount(account.balance),
                     .pending_debits = {},
                     .pending_credits = {}};
    before_.push_back(view);
    view.posted = Amount(account.balance + change);
    after_.push_back(view);
  }
  return invariant_.Admit(context, {.id = margin.id, .balances = before_},
                          {.id = margin.id, .balances = after_});
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::CloseTo(std::size_t accounts) {
  while (accounts_.size() > accounts) accounts_.CloseLast();
}

// Remembers the id as failed and nothing else.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Verdict Ledger<I, A, P>::Remember(const Item& item, Reason refusal, std::size_t accounts_before) {
  CloseTo(accounts_before);
  const TransactionHeader& header = item.transaction.header;
  ids_.Insert(RecordOf(header, refusal), item.id_hash, [](std::vector<detail::StoredLeg>&) {});
  undo_.Record(Undo::OfId(header.valid_until));
  return Refusal(refusal);
}

// After this point nothing is refused.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Verdict Ledger<I, A, P>::Commit(const Item& item, std::size_t accounts_before) {
  for (std::size_t i = accounts_before; i < accounts_.size(); ++i) undo_.Record(Undo::OfOpen());
  for (const detail::Touched& touched : touched_) {
    detail::AccountRow& account = accounts_[touched.row];
    undo_.Record(Undo::OfBalance(touched, account.balance));
    account.balance += touched.change;
    account.entries += touched.legs;
  }
  const LogIndex index = next_index_;
  const auto add_legs = [&](std::vector<detail::StoredLeg>& legs) {
    for (std::size_t i = 0; i < leg_rows_.size(); ++i) {
      legs.push_back({.row = leg_rows_[i], .amount = item.transaction.legs[i].amount});
    }
  };
  const TransactionHeader& header = item.transaction.header;
  ids_.Insert(RecordOf(header, {}), item.id_hash, add_legs);
  undo_.Record(Undo::OfId(header.valid_until));
  undo_.Record(Undo::OfIndex());
  next_index_ = LogIndex(index.value() + 1);
  return {.disposition = Disposition::kApplied,
          .reason = {},
          .index = index,
          .height = height_,
          .time = now_};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
detail::IdRecord Ledger<I, A, P>::RecordOf(const TransactionHeader& header, Reason refusal) const {
  return {.id = header.id,
          .valid_until = header.valid_until,
          .index = refusal.ok() ? next_index_ : LogIndex(),
          .height = height_,
          .time = now_,
          .refusal = refusal,
          .transaction_class = header.transaction_class,
          .rule = header.rule};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::Apply(const Undo& undo) {
  switch (undo.what) {
    case Undo::What::kTime:
      height_ = undo.height;
      now_ = undo.time;
      ids_.Restore(undo.ids);
      return;
    case Undo::What::kOpen:
      accounts_.CloseLast();
      return;
    case Undo::What::kBalance:
      accounts_[undo.row].balance = undo.balance;
      accounts_[undo.row].entries -= undo.legs;
      return;
    case Undo::What::kId:
      ids_.RemoveLast(undo.time);
      return;
    case Undo::What::kIndex:
      next_index_ = LogIndex(next_index_.value() - 1);
      return;
  }
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_APPLY_H_
