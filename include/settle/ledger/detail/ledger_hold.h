// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of Ledger that concern holds: included by settle/ledger/ledger.h alone.
//
// What is reserved of an account are two sums, of the debits and of the credits that may still be
// posted. Every transaction is judged as if all of the one and none of the other came, and the
// other way round: then any part of any holds can be posted later, and nothing need be asked again.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_HOLD_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_HOLD_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

// A transaction of a batch that is no plain one.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::ApplyOnHold(const Item& item, const Intent& intent, const Judgement& by,
                                  Verdict& verdict) {
  switch (item.transaction().header.action) {
    case TransactionAction::kApply:
      break;
    case TransactionAction::kHold:
      return ApplyHold(item, intent, by, HoldKind::kTimed, verdict);
    case TransactionAction::kPost:
    case TransactionAction::kVoid:
      return EndHold(
          item, HoldKind::kTimed,
          [this, &intent, &by](const detail::Hold& hold) {
            return by.authority.Authorize(hold.terms.resolver, EndingIntent(intent, hold),
                                          by.witness);
          },
          verdict);
  }
  Refuse(LedgerReason::kWrongEntryPoint, verdict);
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::ApplyHold(const Item& item, const Intent& intent, const Judgement& by,
                                HoldKind kind, Verdict& verdict) {
  if (CheckIdentity(item, verdict)) return;
  const TransactionView& transaction = item.transaction();
  Reason reason = CheckTerms(transaction, kind);
  if (reason.ok()) reason = CheckForm(transaction);
  if (!reason.ok()) return Refuse(reason, verdict);
  const std::size_t accounts_before = accounts_.size();
  reason = SumReserved(item);
  if (reason.ok() && holds_.Find(transaction.header.id) != nullptr) {
    reason = LedgerReason::kHoldExists;
  }
  if (reason.ok()) reason = CheckAuthority(intent, by);
  if (reason.ok() && ids_.full()) reason = LedgerReason::kIdTableFull;
  if (reason.ok() && holds_.full()) reason = LedgerReason::kHoldTableFull;
  if (!reason.ok()) {
    CloseTo(accounts_before);
    return Refuse(reason, verdict);
  }
  if (reason = CheckState(by.context); !reason.ok()) {
    return Remember(item, reason, accounts_before, verdict);
  }
  if (undo_.recording()) {
    for (std::size_t i = accounts_before; i < accounts_.size(); ++i) undo_.Record(Undo::OfOpen());
  }
  CommitPending();
  detail::Hold hold{.id = transaction.header.id, .terms = *transaction.terms, .legs = {}};
  for (std::size_t i = 0; i < transaction.legs.size(); ++i) {
    hold.legs.push_back({item.leg_rows[i], transaction.legs[i].amount});
  }
  holds_.Open(std::move(hold));
  Conclude(item, verdict);
}

// Entry point and terms of a hold.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckTerms(const TransactionView& transaction, HoldKind kind) const {
  const TransactionHeader& header = transaction.header;
  const HoldTerms* const terms = transaction.terms;
  if (header.chained) return LedgerReason::kWrongChain;
  if (header.transaction_class != TransactionClass::kChosen ||
      header.rule != CompulsoryRule::kNone || header.action != TransactionAction::kHold) {
    return LedgerReason::kWrongEntryPoint;
  }
  if (terms != nullptr && IsKnownEnumerator(terms->kind) && terms->kind != kind) {
    return LedgerReason::kWrongEntryPoint;
  }
  if (terms == nullptr || !terms->Validate().ok() || !header.target.IsZero()) {
    return LedgerReason::kWrongTerms;
  }
  if (kind != HoldKind::kTimed) return {};
  // Not an addition: now + horizon may be past the end of time.
  const bool is_over = terms->expires_at <= now_;
  if (is_over || terms->expires_at.value() - now_.value() > options_.hold_horizon.value()) {
    return LedgerReason::kWrongTerms;
  }
  return {};
}

// Sums the legs of a hold by account. Errors: kLegsOverflow.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::SumReserved(const Item& item) {
  const std::span<const Leg> legs = item.transaction().legs;
  touched_.BeginReserving(legs.size());
  accounts_.MakeRoom(legs.size());
  for (std::size_t i = 0; i < legs.size(); ++i) {
    std::uint32_t& row = item.leg_rows[i];
    detail::AccountRow& account = accounts_.FindOrOpen(legs[i].account, item.leg_hashes[i], row);
    if (!touched_.AddPending(account, row, legs[i].amount.value(), 1)) {
      return LedgerReason::kLegsOverflow;
    }
  }
  return {};
}

// Posts or voids an open hold of this kind, with the consent of its resolver.
template <LedgerInvariant I, Authority A, AccountPolicy P>
template <typename Authorize>
void Ledger<I, A, P>::EndHold(const Item& item, HoldKind kind, Authorize&& authorize,
                              Verdict& verdict) {
  if (CheckIdentity(item, verdict)) return;
  const TransactionView& transaction = item.transaction();
  const TransactionId target = transaction.header.target;
  const detail::Hold* const hold = holds_.Find(target);
  const bool other_kind = hold != nullptr && hold->terms.kind != kind;
  Reason reason = CheckEnd(transaction, other_kind);
  if (reason.ok() && hold == nullptr) reason = LedgerReason::kHoldNotOpen;
  if (!reason.ok()) return Refuse(reason, verdict);
  reason = TakeParts(item, *hold);
  if (reason.ok()) reason = authorize(*hold);
  if (reason.ok() && ids_.full()) reason = LedgerReason::kIdTableFull;
  if (!reason.ok()) return Refuse(reason, verdict);
  if (kind == HoldKind::kTimed && PostsToClosed()) {
    return Remember(item, LedgerReason::kAccountClosed, accounts_.size(), verdict);
  }

  // The hold is over, or what is posted is taken off what is left of it.
  left_.assign(hold->legs.begin(), hold->legs.end());
  const bool is_over = transaction.header.action == TransactionAction::kVoid ||
                       !hold->terms.in_parts ||
                       std::equal(left_.begin(), left_.end(), parts_.begin(), parts_.end());
  touched_.BeginReserving(left_.size());
  for (std::size_t i = 0; i < left_.size(); ++i) {
    detail::AccountRow& account = accounts_[left_[i].row];
    const Int128 part = parts_[i].amount.value();
    const Int128 released = is_over ? left_[i].amount.value() : part;
    // Neither leaves 128 bits: it was reserved.
    (void)touched_.AddPending(account, left_[i].row, released, -1);
    if (part != 0) (void)touched_.Add(account, left_[i].row, part);
    left_[i].amount = Amount(left_[i].amount.value() - part);
  }
  (void)Project();
  if (undo_.recording()) RecordAccounts(accounts_.size());
  CommitBalances();
  CommitPending();
  if (is_over) {
    holds_.Close(target);
  } else {
    holds_.SetLegs(target, left_);
  }
  Conclude(item, verdict);
}

// What the resolver is asked to agree to. A post of all and a void name no legs, but concern all
// that is left: a permission that is limited by legs is judged by those.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Intent Ledger<I, A, P>::EndingIntent(Intent intent, const detail::Hold& hold) {
  if (!intent.transaction.legs.empty()) return intent;
  ending_legs_.clear();
  for (const StoredLeg& leg : hold.legs) {
    if (leg.amount != Amount()) ending_legs_.push_back({accounts_[leg.row].key, leg.amount});
  }
  intent.transaction.legs = ending_legs_;
  return intent;
}

// Entry point and form of a post or a void, perhaps of a hold of another kind.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::CheckEnd(const TransactionView& transaction, bool other_kind) {
  const TransactionHeader& header = transaction.header;
  const bool posts = header.action == TransactionAction::kPost;
  if (header.chained) return LedgerReason::kWrongChain;
  if (other_kind || header.transaction_class != TransactionClass::kPromised ||
      header.rule != CompulsoryRule::kNone ||
      (!posts && header.action != TransactionAction::kVoid)) {
    return LedgerReason::kWrongEntryPoint;
  }
  if (transaction.terms != nullptr) return LedgerReason::kWrongTerms;
  if (!transaction.legs.empty()) {
    return posts ? CheckForm(transaction) : Reason(LedgerReason::kTooManyLegs);
  }
  return CheckHorizon(header);
}

// What the transaction posts of each leg of the hold, into parts_: its own legs stand in the order
// of the hold's. Errors: kNotOfHold, kExceedsHold.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::TakeParts(const Item& item, const detail::Hold& hold) {
  const std::span<const Leg> legs = item.transaction().legs;
  parts_.assign(hold.legs.begin(), hold.legs.end());
  if (item.transaction().header.action == TransactionAction::kPost && legs.empty()) return {};
  for (StoredLeg& part : parts_) part.amount = Amount();
  std::size_t at = 0;
  bool exceeds = false;
  for (std::size_t i = 0; i < legs.size(); ++i, ++at) {
    const Int128 amount = legs[i].amount.value();
    const auto matches = [&](const StoredLeg& leg) {
      return Sign(leg.amount) == (amount < 0 ? -1 : 1) && accounts_[leg.row].key == legs[i].account;
    };
    while (at < hold.legs.size() && !matches(hold.legs[at])) ++at;
    if (at == hold.legs.size()) return LedgerReason::kNotOfHold;
    const Int128 left = hold.legs[at].amount.value();
    exceeds |= amount < 0 ? amount < left : amount > left;
    parts_[at].amount = legs[i].amount;
    item.leg_rows[i] = hold.legs[at].row;
  }
  return exceeds ? Reason(LedgerReason::kExceedsHold) : Reason();
}

// Whether an account only gets something, or the promise of it.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::Receives(const detail::Touched& touched) const {
  if (!touched_.reserves()) return touched.change > 0;
  const detail::PendingChange change = touched_.pending_change(touched);
  return change.debits == 0 && change.credits > 0;
}

// Whether an account may be lower afterwards, or higher, by what is posted or promised.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::Falls(const detail::Touched& touched) const {
  return touched.change < 0 || touched_.pending_change(touched).debits > 0;
}
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::Rises(const detail::Touched& touched) const {
  return touched.change > 0 || touched_.pending_change(touched).credits > 0;
}

// Whether the account's margin account may be worse off.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::Weakens(const detail::Touched& touched,
                              const detail::AccountRow& account) const {
  return Falls(touched) || (IsContract(account.key.asset) && Rises(touched));
}

// What would be reserved of the account. Only where ProjectReserved found no overflow.
template <LedgerInvariant I, Authority A, AccountPolicy P>
Pending Ledger<I, A, P>::PendingAfter(const detail::Touched& touched) const {
  const Pending before = accounts_.PendingOf(touched.row);
  const detail::PendingChange change = touched_.pending_change(touched);
  return {Amount(before.debits.value() + change.debits),
          Amount(before.credits.value() + change.credits)};
}

// Project's answer where something is reserved: limits hold with all that may still be posted.
template <LedgerInvariant I, Authority A, AccountPolicy P>
auto Ledger<I, A, P>::ProjectReserved(Projection projection) const -> Projection {
  projection.below_floor = false;
  projection.above_ceiling = false;
  for (const detail::Touched& touched : touched_.entries()) {
    const Pending before = accounts_.PendingOf(touched.row);
    const detail::PendingChange change = touched_.pending_change(touched);
    const auto debits = CheckedAdd(before.debits.value(), change.debits);
    const auto credits = CheckedAdd(before.credits.value(), change.credits);
    const auto least = debits ? CheckedSub(touched.after, *debits) : std::nullopt;
    const auto most = credits ? CheckedAdd(touched.after, *credits) : std::nullopt;
    if (!least || !most) {
      projection.overflows = true;
      return projection;
    }
    const Limits& limits = accounts_.LimitsOf(accounts_[touched.row]);
    const bool falls = Falls(touched);
    projection.below_floor |= falls && *least < limits.floor.value();
    projection.above_ceiling |= Rises(touched) && *most > limits.ceiling.value();
  }
  return projection;
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::CommitPending() {
  for (const detail::Touched& touched : touched_.entries()) {
    if (undo_.recording()) {
      undo_.Record(Undo::OfPending(touched.row, accounts_.PendingOf(touched.row)));
    }
    accounts_.SetPending(touched.row, PendingAfter(touched));
  }
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::ReleaseExpired() {
  while (const detail::Hold* const hold = holds_.NextExpired(now_)) {
    touched_.BeginReserving(hold->legs.size());
    for (const StoredLeg& leg : hold->legs) {
      (void)touched_.AddPending(accounts_[leg.row], leg.row, leg.amount.value(), -1);
    }
    CommitPending();
    holds_.Close(TransactionId(hold->id));
  }
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_HOLD_H_
