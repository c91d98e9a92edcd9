// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of Ledger, but those of batches, holds, chains and settings: included by
// settle/ledger/ledger.h alone. Read CheckIdentity, CheckForm, CheckAuthority and CheckState in
// this order: it is the order of precedence.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_APPLY_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_APPLY_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::ApplyChosen(const Item& item, const Intent& intent, const Judgement& by,
                                  Verdict& verdict) {
  if (CheckIdentity(item, verdict)) return;
  const TransactionHeader& header = item.transaction().header;
  if (header.action != TransactionAction::kApply) return ApplyOnHold(item, intent, by, verdict);
  if (!IsPlainlyChosen(header)) return Refuse(LedgerReason::kWrongEntryPoint, verdict);
  if (Reason reason = CheckForm(item.transaction()); !reason.ok()) return Refuse(reason, verdict);
  // Accounts that the transaction names first are opened now and closed again on a refusal.
  const std::size_t accounts_before = accounts_.size();
  Reason reason = SumByAccount(item);
  if (reason.ok()) reason = CheckAuthority(intent, by);
  if (reason.ok() && ids_.full()) reason = LedgerReason::kIdTableFull;
  if (!reason.ok()) {
    CloseTo(accounts_before);
    return Refuse(reason, verdict);
  }
  if (reason = CheckState(by.context); !reason.ok()) {
    return Remember(item, reason, accounts_before, verdict);
  }
  Commit(item, accounts_before, verdict);
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::ApplyCompulsory(const TransactionView& transaction, Verdict& verdict) {
  const Item item = ItemOf(transaction);
  if (CheckIdentity(item, verdict)) return;
  const TransactionHeader& header = transaction.header;
  if (header.chained) return Refuse(LedgerReason::kWrongChain, verdict);
  if (header.transaction_class != TransactionClass::kCompulsory ||
      header.rule == CompulsoryRule::kNone || !IsKnownEnumerator(header.rule) ||
      header.action != TransactionAction::kApply) {
    return Refuse(LedgerReason::kWrongEntryPoint, verdict);
  }
  if (Reason reason = CheckForm(transaction); !reason.ok()) return Refuse(reason, verdict);
  const std::size_t accounts_before = accounts_.size();
  Reason reason = SumByAccount(item);
  if (reason.ok() && ids_.full()) reason = LedgerReason::kIdTableFull;
  if (!reason.ok()) {
    CloseTo(accounts_before);
    return Refuse(reason, verdict);
  }
  Projection projection = Project();
  if (projection.reserved) projection = ProjectReserved(projection);
  if (projection.overflows || (projection.on_contract && !ProjectInterest())) {
    return Remember(item, LedgerReason::kAmountOverflow, accounts_before, verdict);
  }
  Commit(item, accounts_before, verdict);
}

// Expired first, whatever is known of the id; then what became of it before. False when nothing is
// known, with no verdict given.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::CheckIdentity(const Item& item, Verdict& verdict) const {
  const TransactionHeader& header = item.transaction().header;
  const detail::IdRecord* record = nullptr;
  Reason refusal;
  if (header.valid_until <= now_) {
    refusal = LedgerReason::kExpired;
  } else {
    record = ids_.Find(header.id, item.id_hash, now_);
    if (record == nullptr) return false;
    refusal = record->refusal.ok() ? SameContent(item.transaction(), *record)
                                   : Reason(LedgerReason::kIdAlreadyFailed);
  }
  if (refusal.ok()) {
    verdict = {.disposition = Disposition::kRepeated,
               .reason = {},
               .index = record->index,
               .height = record->height,
               .time = record->time};
  } else {
    Refuse(refusal, verdict);
  }
  return true;
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
  if (header.action != record.action) return LedgerReason::kExistsWithDifferentAction;
  if (header.chained != record.chained) return LedgerReason::kExistsWithDifferentChain;
  if (Reason reason = SameRest(transaction, record); !reason.ok()) return reason;
  const detail::LegsView legs = ids_.LegsOf(record);
  bool same = legs.size() == transaction.legs.size();
  for (std::size_t i = 0; same && i < legs.size(); ++i) {
    const StoredLeg stored = legs[i];
    const Leg& leg = transaction.legs[i];
    same = stored.amount == leg.amount && accounts_[stored.row].key == leg.account;
  }
  return same ? Reason() : Reason(LedgerReason::kExistsWithDifferentLegs);
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::SameRest(const TransactionView& transaction,
                                 const detail::IdRecord& record) const {
  const detail::IdRest rest = ids_.RestOf(record);
  if (transaction.header.target != rest.target) return LedgerReason::kExistsWithDifferentTarget;
  const bool has_terms = transaction.terms != nullptr;
  if (has_terms != rest.terms.has_value() || (has_terms && *transaction.terms != *rest.terms)) {
    return LedgerReason::kExistsWithDifferentTerms;
  }
  return {};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckForm(const TransactionView& transaction, std::size_t most_legs) {
  const bool holds = transaction.header.action == TransactionAction::kHold;
  if (holds != (transaction.terms != nullptr)) return LedgerReason::kWrongTerms;
  if (transaction.legs.size() < 2) return LedgerReason::kTooFewLegs;
  if (transaction.legs.size() > most_legs) return LedgerReason::kTooManyLegs;
  sums_.clear();
  detail::AssetSum sum{.asset = transaction.legs.front().account.asset};
  for (const Leg& leg : transaction.legs) {
    if (leg.amount == Amount()) return LedgerReason::kZeroAmount;
    if (leg.account.asset != sum.asset) sum = ExchangeSum(sum, leg.account.asset);
    sum.Add(leg.amount.value());
  }
  bool balanced = sum.IsZero();
  for (const detail::AssetSum& other : sums_) balanced &= other.IsZero();
  if (!balanced) return LedgerReason::kUnbalanced;
  return CheckHorizon(transaction.header);
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckHorizon(const TransactionHeader& header) const {
  // Not an addition: now + horizon may be past the end of time.
  if (header.valid_until.value() - now_.value() > options_.id_horizon.value()) {
    return LedgerReason::kExpiryTooFar;
  }
  return {};
}

// Sets a sum aside and answers that of another asset, as far as it has come.
template <LedgerInvariant I, Authority A, AccountPolicy P>
detail::AssetSum Ledger<I, A, P>::ExchangeSum(const detail::AssetSum& sum, AssetId asset) {
  for (detail::AssetSum& other : sums_) {
    if (other.asset == asset) return std::exchange(other, sum);
  }
  sums_.push_back(sum);
  return {.asset = asset};
}

// Sums the legs by account. Errors: kLegsOverflow.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::SumByAccount(const Item& item) {
  const std::span<const Leg> legs = item.transaction().legs;
  touched_.Begin(legs.size());
  accounts_.MakeRoom(legs.size());
  for (std::size_t i = 0; i < legs.size(); ++i) {
    std::uint32_t& row = item.leg_rows[i];
    detail::AccountRow& account = accounts_.FindOrOpen(legs[i].account, item.leg_hashes[i], row);
    if (!touched_.Add(account, row, legs[i].amount.value())) return LedgerReason::kLegsOverflow;
  }
  return {};
}

// Computes what each balance would be, and how the balances would stand to what limits them.
// Without branches: what is found of an account says nothing of the next.
template <LedgerInvariant I, Authority A, AccountPolicy P>
auto Ledger<I, A, P>::Project() -> Projection {
  interest_.Clear();
  Projection projection;
  std::uint32_t marks = 0;
  for (detail::Touched& touched : touched_.entries()) {
    const detail::AccountRow& account = accounts_[touched.row];
    const Limits& limits = accounts_.LimitsOf(account);
    Int128 after;
    projection.overflows |= __builtin_add_overflow(account.balance, touched.change, &after);
    touched.after = after;
    // A balance outside its limits may always move towards them.
    const bool below_floor = after < limits.floor.value();
    const bool above_ceiling = after > limits.ceiling.value();
    projection.below_floor |= below_floor & (touched.change < 0);
    projection.above_ceiling |= above_ceiling & (touched.change > 0);
    projection.on_margin |= account.margin_account != detail::kNoRow;
    marks |= account.marks;
  }
  projection.reserved = (marks & detail::AccountRow::kReserved) != 0;
  projection.on_contract = (marks & detail::AccountRow::kContract) != 0;
  projection.restricted = (marks & detail::AccountRow::kRestricted) != 0;
  return projection;
}

// Every owner of whom an account falls or a position changes is asked once; and of whom an account
// is named by legs that cancel, or a stranger could have receipts for them, and burn ids, for free.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckAuthority(const Intent& intent, const Judgement& by) {
  owners_.clear();
  for (const detail::Touched& touched : touched_.entries()) {
    const AccountKey& key = accounts_[touched.row].key;
    const bool receives = Receives(touched) && !IsContract(key.asset);
    if (receives || std::find(owners_.begin(), owners_.end(), key.owner) != owners_.end()) continue;
    owners_.push_back(key.owner);
    if (Reason reason = by.authority.Authorize(key.owner, intent, by.witness); !reason.ok()) {
      return reason;
    }
  }
  return {};
}

// Every account, then the invariant of every margin account that is weakened.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckState(const Context& context) {
  const Projection projection = Project();
  if (Reason reason = CheckAccounts(projection); !reason.ok()) return reason;
  if (!projection.on_margin) return {};
  ListWeakened();
  for (const std::uint32_t margin_account : margin_accounts_) {
    if (Reason reason = CheckMargin(margin_account, context); !reason.ok()) return reason;
  }
  return {};
}

// Restrictions, overflow and limits.
template <LedgerInvariant I, Authority A, AccountPolicy P>
LedgerReason Ledger<I, A, P>::CheckAccounts(Projection projection) {
  if (projection.restricted) {
    if (const LedgerReason reason = CheckRestrictions(); reason != LedgerReason::kOk) return reason;
  }
  if (projection.reserved || touched_.reserves()) projection = ProjectReserved(projection);
  if (projection.overflows || (projection.on_contract && !ProjectInterest())) {
    return LedgerReason::kAmountOverflow;
  }
  if (projection.below_floor) return LedgerReason::kBelowFloor;
  return projection.above_ceiling ? LedgerReason::kAboveCeiling : LedgerReason::kOk;
}

// Lists in margin_accounts_ those that may be worse off.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::ListWeakened() {
  margin_accounts_.clear();
  for (const detail::Touched& touched : touched_.entries()) {
    const detail::AccountRow& account = accounts_[touched.row];
    if (account.margin_account == detail::kNoRow) continue;
    if (!Weakens(touched, account)) continue;
    detail::MarginAccountRow& margin = accounts_.margin_account(account.margin_account);
    const bool listed = margin.scratch < margin_accounts_.size() &&
                        margin_accounts_[margin.scratch] == account.margin_account;
    if (listed) continue;
    margin.scratch = static_cast<std::uint32_t>(margin_accounts_.size());
    margin_accounts_.push_back(account.margin_account);
  }
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckMargin(std::uint32_t margin_account, const Context& context) {
  before_.clear();
  after_.clear();
  const detail::MarginAccountRow& margin = accounts_.margin_account(margin_account);
  for (std::uint32_t row = margin.last_row; row != detail::kNoRow; row = accounts_[row].previous) {
    const detail::AccountRow& account = accounts_[row];
    const detail::Touched* touched = touched_.Find(account, row);
    const Pending pending = accounts_.PendingOf(row);
    BalanceView view{.compartment = account.key.compartment,
                     .asset = account.key.asset,
                     .posted = Amount(account.balance),
                     .pending_debits = pending.debits,
                     .pending_credits = pending.credits};
    if constexpr (ReadsOpenInterest<I>()) view.open_interest = OpenInterestOf(view.asset);
    before_.push_back(view);
    if (touched != nullptr) {
      const Pending reserved = PendingAfter(*touched);
      view.posted = Amount(touched->after);
      view.pending_debits = reserved.debits;
      view.pending_credits = reserved.credits;
    }
    if constexpr (ReadsOpenInterest<I>()) {
      view.open_interest = interest_.OpenOr(view.open_interest, view.asset);
    }
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
void Ledger<I, A, P>::Remember(const Item& item, Reason refusal, std::size_t accounts_before,
                               Verdict& verdict) {
  CloseTo(accounts_before);
  detail::IdRecord& record = ids_.Insert(item.transaction().header.valid_until, item.id_hash, 0,
                                         [](std::size_t) { return StoredLeg(); });
  Fill(record, item.transaction().header, refusal);
  if (undo_.recording()) undo_.Record(Undo::OfId(record.valid_until));
  Refuse(refusal, verdict);
}

// Records how to undo what Commit writes to accounts.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::RecordAccounts(std::size_t accounts_before) {
  for (std::size_t i = accounts_before; i < accounts_.size(); ++i) undo_.Record(Undo::OfOpen());
  for (const detail::Touched& touched : touched_.entries()) {
    const detail::AccountRow& account = accounts_[touched.row];
    undo_.Record(Undo::OfBalance(touched.row, touched.legs, account.balance));
  }
}

// After this point nothing is refused.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::Commit(const Item& item, std::size_t accounts_before, Verdict& verdict) {
  if (undo_.recording()) RecordAccounts(accounts_before);
  CommitBalances();
  Conclude(item, verdict);
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::CommitBalances() {
  for (const detail::Touched& touched : touched_.entries()) {
    accounts_.SetBalance(touched.row, touched.after);
    accounts_[touched.row].entries += touched.legs != 0 ? 1 : 0;
  }
}

// The id, the receipt and the verdict of an applied transaction.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::Conclude(const Item& item, Verdict& verdict) {
  const TransactionHeader& header = item.transaction().header;
  const auto leg_at = [&item](std::size_t i) -> StoredLeg {
    return {item.leg_rows[i], item.transaction().legs[i].amount};
  };
  detail::IdRecord& record =
      ids_.Insert(header.valid_until, item.id_hash, item.transaction().legs.size(), leg_at);
  Fill(record, header, {});
  const HoldTerms* const terms = item.transaction().terms;
  if (terms != nullptr || !header.target.IsZero()) {
    ids_.AddRest(record, {header.target, terms == nullptr ? std::nullopt : std::optional(*terms)});
  }
  if (undo_.recording()) {
    undo_.Record(Undo::OfId(header.valid_until));
    undo_.Record(Undo::OfIndex());
  }
  verdict.disposition = Disposition::kApplied;
  verdict.reason = {};
  verdict.index = next_index_;
  verdict.height = height_;
  verdict.time = now_;
  next_index_ = LogIndex(next_index_.value() + 1);
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::Fill(detail::IdRecord& record, const TransactionHeader& header,
                           Reason refusal) const {
  record.id = header.id;
  record.index = refusal.ok() ? next_index_ : LogIndex();
  record.height = height_;
  record.time = now_;
  record.refusal = refusal;
  record.transaction_class = header.transaction_class;
  record.rule = header.rule;
  record.action = header.action;
  record.chained = header.chained;
}

// Frees the ids that no mark can bring back: those dropped before the earliest Advance that may
// still be undone. A host whose next block always waits never is without a mark.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::TrimIds() {
  const std::span<const Undo> writes = undo_.entries();
  const auto advance = std::find_if(writes.begin(), writes.end(), [](const Undo& undo) {
    return undo.what == Undo::What::kTime;
  });
  ids_.Trim(advance == writes.end() ? ids_.position() : advance->ids);
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
      accounts_.SetBalance(undo.row, undo.balance);
      accounts_[undo.row].entries -= undo.legs != 0 ? 1 : 0;
      return;
    case Undo::What::kPending:
      accounts_.SetPending(undo.row, {Amount(undo.balance), Amount(undo.credits)});
      return;
    case Undo::What::kSettings:
      accounts_.Set(undo.row,
                    {undo.flags, undo.has_limits ? std::optional(Limits{Amount(undo.balance),
                                                                        Amount(undo.credits)})
                                                 : std::nullopt});
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
