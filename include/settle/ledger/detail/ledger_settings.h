// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of Ledger that concern what is set of accounts: included by settle/ledger/ledger.h
// alone.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_SETTINGS_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_SETTINGS_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

template <LedgerInvariant I, Authority A, AccountPolicy P>
Reason Ledger<I, A, P>::Configure(const AccountSettings& settings) {
  if (Reason reason = settings.Validate(); !reason.ok()) return reason;
  const std::uint64_t hash = accounts_.HashOf(settings.account);
  std::uint32_t row = accounts_.Find(settings.account, hash);
  if (row == detail::kNoRow) {
    row = accounts_.Open(settings.account, hash);
    if (undo_.recording()) undo_.Record(Undo::OfOpen());
  } else if (settings.flags.Has(AccountFlag::kClosed) && IsHeldBySettlement(row)) {
    return LedgerReason::kAccountHeld;
  }
  if (undo_.recording()) undo_.Record(Undo::OfSettings(row, accounts_.SettingsOf(row)));
  accounts_.Set(row, {settings.flags, settings.limits});
  return {};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::IsHeldBySettlement(std::uint32_t row) const {
  if (!accounts_[row].Is(detail::AccountRow::kReserved)) return false;
  return holds_.AnyOf([row](const detail::Hold& hold) {
    return hold.terms.kind == HoldKind::kSettlement &&
           std::any_of(hold.legs.begin(), hold.legs.end(),
                       [row](const StoredLeg& leg) { return leg.row == row; });
  });
}

// What closed and frozen accounts allow of the transaction or hold that is summed up.
template <LedgerInvariant I, Authority A, AccountPolicy P>
LedgerReason Ledger<I, A, P>::CheckRestrictions() const {
  bool falls_frozen = false;
  bool rises_frozen = false;
  for (const detail::Touched& touched : touched_.entries()) {
    if (!accounts_[touched.row].Is(detail::AccountRow::kRestricted)) continue;
    const AccountFlags flags = accounts_.SettingsOf(touched.row).flags;
    if (flags.Has(AccountFlag::kClosed)) return LedgerReason::kAccountClosed;
    falls_frozen |= flags.Has(AccountFlag::kDebitsFrozen) && Falls(touched);
    rises_frozen |= flags.Has(AccountFlag::kCreditsFrozen) && Rises(touched);
  }
  if (falls_frozen) return LedgerReason::kDebitsFrozen;
  return rises_frozen ? LedgerReason::kCreditsFrozen : LedgerReason::kOk;
}

// Whether what is posted of a hold, see TakeParts, touches an account that is closed.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::PostsToClosed() const {
  for (const StoredLeg& part : parts_) {
    if (part.amount != Amount() && IsClosed(part.row)) return true;
  }
  return false;
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::IsClosed(std::uint32_t row) const {
  return accounts_[row].Is(detail::AccountRow::kRestricted) &&
         accounts_.SettingsOf(row).flags.Has(AccountFlag::kClosed);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_SETTINGS_H_
