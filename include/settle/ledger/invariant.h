// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the ledger asks before it lets a chosen transaction weaken a margin account.
//
// The ledger holds the positions and knows no price. A `LedgerInvariant` is a policy that judges
// one margin account before and after a transaction, once per margin account of which a balance
// falls or a position changes, after all legs are computed and before anything is written.
// What it judges by (certified prices, rates) is its `Context`: an argument of Apply, the same for
// a whole block, whose digest the block's header carries.
//
//   struct CashOnly {                                   // no debt, no positions
//     struct Context {};
//     Reason Admit(const Context&, const OwnerView&, const OwnerView& after) const;
//   };

#ifndef SETTLE_LEDGER_INVARIANT_H_
#define SETTLE_LEDGER_INVARIANT_H_

#include <concepts>
#include <optional>
#include <span>

#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// One account of a margin account. Pending sums are of what is reserved and not yet posted: each is
// zero or positive, and any subset of it may still be posted.
struct BalanceView {
  Compartment compartment{};
  AssetId asset{};
  Amount posted{};
  Amount pending_debits{};
  Amount pending_credits{};
  // Of a contract, the sum of all balances of it above zero in the whole ledger: in `before` as it
  // stands, in `after` as it would be after all legs, of a hold as if they were posted. Zero for a
  // token, and for an invariant that does not read it (see ReadsOpenInterest).
  Amount open_interest{};
};

// The accounts of one margin account at one instant. Accounts that were never opened are absent and
// count as zero; the order is deterministic and means nothing.
struct OwnerView {
  MarginAccountId id{};
  std::span<const BalanceView> balances{};
};

// Satisfied by a policy with a `Context` type and
// `Reason Admit(const Context&, const OwnerView& before, const OwnerView& after) const`: success
// admits the transition. `before` and `after` list the same accounts in the same order.
template <typename I>
concept LedgerInvariant = std::copyable<I> &&
    requires(const I& invariant, const typename I::Context& context, const OwnerView& before,
             const OwnerView& after) {
  { invariant.Admit(context, before, after) } -> std::same_as<Reason>;
};

// Whether the invariant asks for open interest, by a member
// `static constexpr bool kReadsOpenInterest = true`. Without one it costs nothing.
template <LedgerInvariant I>
[[nodiscard]] constexpr bool ReadsOpenInterest() {
  if constexpr (requires { I::kReadsOpenInterest; }) return I::kReadsOpenInterest;
  return false;
}

// Satisfied by a policy that says, of an account, which margin account it belongs to (nothing: it
// is judged by its limits alone, as the house's and the outside's are) and within which limits its
// balance must stay. Both are functions of the key alone. Anybody may pay into any account, and a
// judgement reads every account of a margin account: a policy gives no margin account to keys that
// its invariant does not value, or strangers make it as long and as slow as their dust allows.
template <typename A>
concept AccountPolicy = std::copyable<A> && requires(const A& accounts, const AccountKey& key) {
  { accounts.GroupOf(key) } -> std::same_as<std::optional<MarginGroup>>;
  { accounts.LimitsOf(key) } -> std::same_as<Limits>;
};

// The explicit name for "no margin here": a pure payment ledger, judged by limits alone.
struct Unmargined {
  struct Context {};
  [[nodiscard]] Reason Admit(const Context&, const OwnerView&, const OwnerView&) const {
    return {};
  }
};
static_assert(LedgerInvariant<Unmargined>);

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_INVARIANT_H_
