// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A small world for the tests of the ledger: owners 1, 2, 3 ..., the outside, tokens and contracts,
// and short ways to write transactions.

#ifndef SETTLE_TESTS_LEDGER_WORLD_H_
#define SETTLE_TESTS_LEDGER_WORLD_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/types.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"

namespace settle::test {

inline OwnerId OwnerOf(std::uint64_t number) { return OwnerId::FromNumber(number); }
inline const OwnerId kOutside{};
inline constexpr AssetId kUsd = TokenId(1);
inline constexpr AssetId kBtc = TokenId(2);
inline constexpr AssetId kPerp = ContractId(1);
inline constexpr Compartment kPerpBook{1};

inline AccountKey Cash(std::uint64_t owner, AssetId asset = kUsd) {
  return {OwnerOf(owner), kCash, asset};
}

inline Amount Of(Int128 amount) { return Amount(amount); }

// Owners from 1: cash of tokens from 0 to 1,000,000; contracts and what lies in their books from
// -1,000,000; the outside as it likes. Cash and books of one owner are one margin account.
struct TestAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey& key) const {
    if (key.owner == kOutside) return std::nullopt;
    return MarginGroup(0);
  }
  [[nodiscard]] Limits LimitsOf(const AccountKey& key) const {
    if (key.owner == kOutside) return kUnlimited;
    if (key.compartment != kCash) return {Of(-1'000'000), Of(1'000'000)};
    return {Of(0), Of(1'000'000)};
  }
};

// Refuses a transition when the owner's total of all balances falls below the context's `least`,
// and counts how often it was asked.
struct TotalAtLeast {
  struct Context {
    Int128 least = kMin<Int128>;
    int* asked = nullptr;
  };
  [[nodiscard]] static Int128 TotalOf(const OwnerView& view) {
    Int128 total = 0;
    for (const BalanceView& balance : view.balances) total += balance.posted.value();
    return total;
  }
  [[nodiscard]] Reason Admit(const Context& context, const OwnerView& before,
                             const OwnerView& after) const {
    if (context.asked != nullptr) ++*context.asked;
    if (before.balances.size() != after.balances.size()) return Reason(Module::kHost, 2);
    return TotalOf(after) < context.least ? Reason(Module::kHost, 1) : Reason();
  }
};

// Refuses owners above `most`, and counts how often it was asked.
struct OwnersUpTo {
  struct Credentials {};
  struct Witness {};
  struct Update {};
  static constexpr bool kNeedsContent = false;

  std::uint64_t most = kMax<std::uint64_t>;
  int* asked = nullptr;

  Reason Apply(const Update&) { return {}; }
  [[nodiscard]] Result<Witness> Examine(const Credentials&, std::span<const Digest>,
                                        Timestamp) const {
    return Witness{};
  }
  [[nodiscard]] Reason Authorize(const OwnerId& owner, const Intent&, const Witness&) const {
    if (asked != nullptr) ++*asked;
    return owner > OwnerOf(most) ? Reason(LedgerReason::kNotConsented) : Reason();
  }
};

using TestLedger = Ledger<TotalAtLeast, OwnersUpTo, TestAccounts>;

// A small ledger: 16 ids at most, a horizon of 100, periods of 10.
inline LedgerOptions SmallOptions() {
  LedgerOptions options;
  options.id_capacity = 16;
  options.id_horizon = Duration(100);
  options.id_period = Duration(10);
  return options;
}

struct Wanted {
  std::uint64_t id = 0;
  std::uint64_t valid_until = 0;
  TransactionClass transaction_class = TransactionClass::kChosen;
  CompulsoryRule rule = CompulsoryRule::kNone;
  TransactionAction action = TransactionAction::kApply;
  std::uint64_t target = 0;
  std::optional<HoldTerms> terms{};
  bool chained = false;
};

// A transaction with its legs.
inline Transaction Make(const Wanted& wanted, std::initializer_list<Leg> legs) {
  Transaction transaction;
  transaction.header = {.id = TransactionId::FromNumber(wanted.id),
                        .transaction_class = wanted.transaction_class,
                        .rule = wanted.rule,
                        .valid_until = Timestamp(wanted.valid_until),
                        .action = wanted.action,
                        .target = TransactionId::FromNumber(wanted.target),
                        .chained = wanted.chained};
  transaction.terms = wanted.terms;
  for (const Leg& leg : legs) (void)transaction.legs.Add(leg);
  return transaction;
}

// `amount` of `asset` from one owner's cash to another's.
inline Transaction Pay(const Wanted& wanted, std::uint64_t from, std::uint64_t to, Int128 amount,
                       AssetId asset = kUsd) {
  return Make(wanted, {{Cash(from, asset), Of(-amount)}, {Cash(to, asset), Of(amount)}});
}

// Applies one chosen transaction.
template <typename L>
Verdict ApplyOne(L& ledger, const Transaction& transaction, const typename L::Context& context = {},
                 const OwnersUpTo& authority = {}) {
  const TransactionView view = transaction.view();
  Verdict verdict;
  ledger.Apply(std::span(&view, 1),
               {.context = context, .authority = authority, .witness = OwnersUpTo::Witness{}},
               std::span(&verdict, 1));
  return verdict;
}

// `amount` out of the outside, by a genesis transaction.
template <typename L>
Verdict Deposit(L& ledger, std::uint64_t id, std::uint64_t owner, Int128 amount,
                AssetId asset = kUsd) {
  const Transaction deposit =
      Make({.id = id,
            .valid_until = ledger.now().value() + 1,
            .transaction_class = TransactionClass::kCompulsory,
            .rule = CompulsoryRule::kGenesis},
           {{{kOutside, kCash, asset}, Of(-amount)}, {Cash(owner, asset), Of(amount)}});
  return ledger.ApplyCompulsory(deposit.view());
}

// The sum over all accounts of each asset that does not sum to zero: nothing, always.
template <typename L>
std::map<std::uint32_t, Int128> Imbalances(const L& ledger) {
  std::map<std::uint32_t, Int128> sums;
  ledger.ForEachAccount([&sums](const AccountState& account) {
    sums[account.key.asset.value()] += account.balance.value();
  });
  std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
  return sums;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_WORLD_H_
