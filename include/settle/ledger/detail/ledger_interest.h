// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of Ledger that concern open interest: included by settle/ledger/ledger.h alone.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_INTEREST_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_INTEREST_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

// What open interest would be: of a hold, as if its legs were posted, since it is judged once and
// never again. False where it could leave 128 bits with all that is reserved. Only where
// ProjectReserved found no overflow.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::ProjectInterest() {
  for (const detail::Touched& touched : touched_.entries()) {
    const AssetId asset = accounts_[touched.row].key.asset;
    if (!IsContract(asset)) continue;
    const detail::PendingChange change = touched_.pending_change(touched);
    const Int128 posted = touched.after + change.credits - change.debits;
    const Int128 credits = PendingAfter(touched).credits.value();
    interest_.Replace(accounts_.open_interest(), asset, accounts_.InterestOf(touched.row),
                      {.open = detail::InterestOf(posted, 0).open,
                       .reachable = detail::InterestOf(touched.after, credits).reachable});
  }
  return interest_.IsInRange();
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_INTEREST_H_
