// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What every margin account is owed of one asset: the leaves of a report of liabilities.
//
//   claim = cash + quote balances of positions + lots at the settlement price
//
// The ledger holds no price: what lots are worth is asked of the host, which takes it from the
// certified prices of the height that it reports. A claim below zero stays one account's debt and
// never offsets what another is owed (settle/ledger/sum_proof.h). Accounts that belong to no margin
// account, as the house's and the outside's do, are owed nothing here.
//
//   Result<std::vector<Liability>> claims = ClaimsOf(ledger, usd, value_of, nonce_of);
//   Result<SumTree<>> tree = SumTree<>::Create(usd, ledger.height(), *claims);
//   ...tree->Head() into the next block's liabilities, tree->Prove(claim) to its owner...

#ifndef SETTLE_LEDGER_CLAIMS_H_
#define SETTLE_LEDGER_CLAIMS_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/ledger/detail/account_table.h"
#include "settle/ledger/sum_proof.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// What lots of a contract are worth, of which asset.
struct LotsValue {
  AssetId asset{};
  Amount amount{};
};

// The claims on `asset` of every margin account that has any of it or of a contract that is valued
// in it, by margin account. `value_of(contract, lots)` answers Result<LotsValue> for lots other
// than none, `nonce_of(account)` the BlindingNonce of a margin account, fresh for each report.
// Errors: those of `value_of`, and BaseReason::kOverflow for a claim beyond 128 bits. Cost: a look
// at every account and a sort.
template <typename LedgerT, typename ValueOf, typename NonceOf>
requires requires(ValueOf& value_of, NonceOf& nonce_of, AssetId contract, Amount lots,
                  const MarginAccountId& account) {
  { value_of(contract, lots) } -> std::same_as<Result<LotsValue>>;
  { nonce_of(account) } -> std::same_as<BlindingNonce>;
}
[[nodiscard]] Result<std::vector<Liability>> ClaimsOf(const LedgerT& ledger, AssetId asset,
                                                      ValueOf&& value_of, NonceOf&& nonce_of) {
  std::vector<Liability> parts;
  Reason refusal;
  ledger.ForEachAccount([&](const AccountState& account) {
    const std::optional<MarginGroup> group = ledger.policy().GroupOf(account.key);
    if (!group || !refusal.ok()) return;
    LotsValue part{account.key.asset, account.balance};
    if (IsContract(account.key.asset) && account.balance != Amount()) {
      const Result<LotsValue> value = value_of(account.key.asset, account.balance);
      if (!value.ok()) {
        refusal = value.reason();
        return;
      }
      part = *value;
    }
    if (part.asset == asset) {
      parts.push_back({.account = {account.key.owner, *group}, .nonce = {}, .claim = part.amount});
    }
  });
  if (!refusal.ok()) return refusal;
  // Debts first: then no sum of a claim that fits leaves 128 bits on the way above, and a claim is
  // refused only where its debts or the whole do.
  std::ranges::sort(parts, [](const Liability& a, const Liability& b) {
    return a.account != b.account ? a.account < b.account : a.claim < b.claim;
  });
  std::vector<Liability> claims;
  for (const Liability& part : parts) {
    if (claims.empty() || claims.back().account != part.account) {
      claims.push_back({.account = part.account, .nonce = nonce_of(part.account), .claim = {}});
    }
    if (!AddTo(claims.back().claim, part.claim)) return BaseReason::kOverflow;
  }
  return claims;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_CLAIMS_H_
