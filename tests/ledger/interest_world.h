// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A ledger for the tests of open interest: accounts without limits, and an invariant that writes
// down what it is shown of every contract.

#ifndef SETTLE_TESTS_LEDGER_INTEREST_WORLD_H_
#define SETTLE_TESTS_LEDGER_INTEREST_WORLD_H_

#include <optional>
#include <vector>

#include "settle/ledger/ledger.h"
#include "tests/ledger/world.h"

namespace settle::test {

// Everybody but the outside has one margin account, and nobody a limit.
struct WideAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey& key) const {
    if (key.owner == kOutside) return std::nullopt;
    return MarginGroup(0);
  }
  [[nodiscard]] Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
};

// What was shown of one account.
struct ShownInterest {
  OwnerId owner{};
  AssetId asset{};
  Amount before{};
  Amount after{};
};

inline void Look(const OwnerView& before, const OwnerView& after,
                 std::vector<ShownInterest>* shown) {
  if (shown == nullptr) return;
  for (std::size_t i = 0; i < before.balances.size(); ++i) {
    shown->push_back({before.id.owner, before.balances[i].asset, before.balances[i].open_interest,
                      after.balances[i].open_interest});
  }
}

// Refuses when a contract's open interest would be above the context's `most`.
struct InterestUpTo {
  static constexpr bool kReadsOpenInterest = true;
  struct Context {
    Int128 most = kMax<Int128>;
    std::vector<ShownInterest>* shown = nullptr;
  };
  [[nodiscard]] Reason Admit(const Context& context, const OwnerView& before,
                             const OwnerView& after) const {
    Look(before, after, context.shown);
    for (const BalanceView& balance : after.balances) {
      if (balance.open_interest.value() > context.most) return Reason(Module::kHost, 1);
    }
    return {};
  }
};

// Asks for nothing.
struct WithoutInterest {
  using Context = InterestUpTo::Context;
  [[nodiscard]] Reason Admit(const Context& context, const OwnerView& before,
                             const OwnerView& after) const {
    Look(before, after, context.shown);
    return {};
  }
};

using InterestLedger = Ledger<InterestUpTo, OwnersUpTo, WideAccounts>;

inline AccountKey Lots(std::uint64_t owner, AssetId contract = kPerp) {
  return {OwnerOf(owner), kPerpBook, contract};
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_INTEREST_WORLD_H_
