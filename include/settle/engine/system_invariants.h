// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What always holds of all accounts together, for a host to assert at every height.
//
//   conservation   the balances of every asset sum to zero, exactly
//   rounding pool  is never below zero
//   valuation      0 <= vault - (equities + funds) <= positions whose value was rounded
//   debts          no margin account with nothing left to close owes, but those the host names
//   headroom       initial_headroom <= equity - maintenance, for every margin account as it stands
//
// The vault is what the outside owes in the quote asset: all that was paid in and not paid out.
// Members and funds claim it, each balance as it is posted and each position at its mark. Lots sum
// to zero, so that what some gain others lose: the claims come to the vault exactly, but for
// inverse positions, whose values are rounded down and so come to less than one quantum less each.
// Tokens other than the quote asset are claims on themselves and no part of it.
//
//   const SystemFinding finding = CheckSystem<ExactPpm>(ledger, {.valuation = valuation}, policy);
//   if (!finding.ok()) Halt(ToStatus(finding));
//
// No transaction that the ledger takes can make the first, the third or the last false, and none
// that the transition rule admits the fourth: a finding is a fault of settle, of its host or of
// memory, or a loss that no waterfall has met yet.

#ifndef SETTLE_ENGINE_SYSTEM_INVARIANTS_H_
#define SETTLE_ENGINE_SYSTEM_INVARIANTS_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/engine/reason.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/instrument.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN

// Whose an account is.
enum class AccountHolder : std::uint8_t {
  kMember = 1,        // somebody's: a part of the margin account that GroupOf says, if any
  kFund = 2,          // the venue's: fees, funding, insurance, a house; it may owe
  kRoundingPool = 3,  // a fund into which residues are swept
  kOutside = 4,       // everybody beyond the ledger
};
[[nodiscard]] constexpr bool IsKnownEnumerator(AccountHolder value) {
  return value >= AccountHolder::kMember && value <= AccountHolder::kOutside;
}

// Satisfied by an AccountPolicy that also says whose an account is, and of which margin accounts a
// waterfall knows that they owe. Both are functions of the key alone while a check runs.
template <typename P>
concept SystemPolicy = AccountPolicy<P> &&
    requires(const P& policy, const AccountKey& key, const MarginAccountId& account) {
  { policy.HolderOf(key) } -> std::same_as<AccountHolder>;
  { policy.MayOwe(account) } -> std::same_as<bool>;
};

// Satisfied by what lists accounts, as a Ledger does.
template <typename L>
concept AccountSource = requires(const L& ledger, AssetId contract,
                                 void (*visit)(const AccountState&)) {
  ledger.ForEachAccount(visit);
  { ledger.OpenInterestOf(contract) } -> std::same_as<Amount>;
};

// What does not hold, where, and by which numbers; the least and the greatest number of 128 bits
// stand for all beyond.
struct SystemFinding {
  Reason reason{};     // success: everything holds
  AccountKey place{};  // of an asset or an owner as a whole the rest is zero
  Int128 found = 0;
  Int128 bound = 0;  // what it must be, or not be beyond
  [[nodiscard]] bool ok() const { return reason.ok(); }
};

// What a vault is claimed by.
struct ValuationTally {
  Quanta vault{};             // minus what the outside has, its positions too
  Quanta equities{};          // of members
  Quanta funds{};             // of the venue
  std::uint64_t rounded = 0;  // positions whose value was rounded
};

// The finding as a status: "VaultShort: asset 0: found -3, bound 0".
[[nodiscard]] absl::Status ToStatus(const SystemFinding& finding);

// Every asset sums to zero. Of several that do not, finds the one with the least id. Errors:
// kAssetUnbalanced. O(accounts x log assets); allocates.
template <AccountSource Source>
[[nodiscard]] SystemFinding CheckConservation(const Source& ledger);

// No balance of the rounding pool is below zero. Errors: kRoundingPoolNegative. O(accounts).
template <AccountSource Source, SystemPolicy Policy>
[[nodiscard]] SystemFinding CheckRoundingPool(const Source& ledger, const Policy& policy);

// 0 <= vault - (equities + funds) <= rounded. Errors: kVaultShort, kVaultExceeds, kMarginOverflow.
[[nodiscard]] inline SystemFinding CheckValuation(const ValuationTally& tally);

// The same of all accounts, as posted and at the marks: members' positions as margin values them.
// Contracts that are not of the table have no value. Errors: those of ContributionOf too.
// O(accounts), no allocation.
template <AccountSource Source, SystemPolicy Policy>
[[nodiscard]] SystemFinding CheckValuation(const Source& ledger, const Valuation& valuation,
                                           const Policy& policy);

// A margin account without lots, and without collateral that the table lists, has no balance below
// zero: of the quote asset all compartments together. Errors: kDebtWithoutPosition.
[[nodiscard]] SystemFinding CheckDebt(const OwnerView& account, const InstrumentTable& table);

// initial_headroom <= equity - maintenance. Errors: kHeadroomTooLarge.
[[nodiscard]] SystemFinding CheckHeadroom(const MarginAccountId& account, const Risk& risk);

// Debts and headroom of every margin account, in the order of their ids, by what is posted: of what
// is reserved each number is the worst by itself, and the worst of two need not belong together.
// Errors: those of CheckDebt, CheckHeadroom and Evaluate. O(accounts x log accounts); allocates.
template <RequirementPolicy Requirement, AccountSource Source, SystemPolicy Policy>
[[nodiscard]] SystemFinding CheckMarginAccounts(const Source& ledger, const MarginContext& context,
                                                const Policy& policy);

// All of these, and the first finding in the order of the list above.
template <RequirementPolicy Requirement, AccountSource Source, SystemPolicy Policy>
[[nodiscard]] SystemFinding CheckSystem(const Source& ledger, const MarginContext& context,
                                        const Policy& policy) {
  SystemFinding finding = CheckConservation(ledger);
  if (finding.ok()) finding = CheckRoundingPool(ledger, policy);
  if (finding.ok()) finding = CheckValuation(ledger, context.valuation, policy);
  if (finding.ok()) finding = CheckMarginAccounts<Requirement>(ledger, context, policy);
  return finding;
}

namespace detail {

// A sum that no order of fewer than 2^62 amounts can overflow, in two halves.
class WideSum {
 public:
  void Add(Int128 amount) {
    high_ += amount >> 64;
    low_ += static_cast<Int128>(static_cast<std::uint64_t>(amount));
  }
  // Nothing where it leaves 128 bits.
  [[nodiscard]] std::optional<Int128> Value() const {
    const Int128 high = high_ + (low_ >> 64);
    const auto shifted = CheckedMul(high, Int128{1} << 64);
    if (!shifted) return std::nullopt;
    return *shifted + static_cast<Int128>(static_cast<std::uint64_t>(low_));
  }
  [[nodiscard]] Int128 Saturated() const {
    return Value().value_or(high_ + (low_ >> 64) < 0 ? kMin<Int128> : kMax<Int128>);
  }

 private:
  Int128 high_ = 0;
  Int128 low_ = 0;
};

[[nodiscard]] inline AccountKey PlaceOf(AssetId asset) { return {.owner = {}, .asset = asset}; }

// What lots are worth that no table bounds, of an account that margin does not judge.
[[nodiscard]] inline Result<Quanta> WorthOfAnyLots(const Instrument& instrument, Lots lots,
                                                   PriceTicks mark) {
  if (mark == kNoPrice) return MarginReason::kMissingPrice;
  if (!instrument.Allows(mark)) return MarginReason::kPriceOutOfRange;
  return instrument.ValueOfAllowed(lots, mark);
}

// True when what the lots are worth is no whole number of quanta.
[[nodiscard]] inline bool IsRounded(const Instrument& instrument, Lots lots, PriceTicks mark) {
  return instrument.kind == InstrumentKind::kInverse && mark > PriceTicks(0) &&
         Int128{lots.value()} * instrument.multiplier % mark.value() != 0;
}

// Adds up what claims a vault.
template <SystemPolicy Policy>
class VaultTally {
 public:
  VaultTally(const Valuation& valuation, const Policy& policy)
      : valuation_(valuation), policy_(policy) {}

  void Add(const AccountState& account) {
    const AccountHolder holder = policy_.HolderOf(account.key);
    Int128 claim = 0;
    if (account.key.asset == valuation_.instruments().quote()) {
      claim = account.balance.value();
    } else if (IsContract(account.key.asset) && account.balance != Amount()) {
      const Result<Quanta> worth = WorthOf(account, holder);
      if (!worth.ok()) return Note(account, worth.reason());
      claim = worth->value();
    }
    WideSum& sum = holder == AccountHolder::kOutside  ? outside_
                   : holder == AccountHolder::kMember ? equities_
                                                      : funds_;
    sum.Add(claim);
  }

  [[nodiscard]] SystemFinding Conclude() const {
    if (!refusal_.ok()) return refusal_;
    const auto outside = outside_.Value();
    const auto vault = outside ? CheckedNegate(*outside) : outside;
    const auto equities = equities_.Value();
    const auto funds = funds_.Value();
    SystemFinding finding{.reason = MarginReason::kMarginOverflow};
    if (vault && equities && funds) {
      finding = CheckValuation({.vault = Quanta(*vault),
                                .equities = Quanta(*equities),
                                .funds = Quanta(*funds),
                                .rounded = rounded_});
    }
    if (!finding.ok()) finding.place = PlaceOf(valuation_.instruments().quote());
    return finding;
  }

 private:
  [[nodiscard]] Result<Quanta> WorthOf(const AccountState& account, AccountHolder holder) {
    const auto index = valuation_.instruments().FindByCompartment(account.key.compartment);
    if (!index || valuation_.instruments()[*index].asset != account.key.asset) return Quanta();
    const auto lots = LotsOf(account.balance);
    if (!lots) return MarginReason::kPositionTooLarge;
    const Instrument& instrument = valuation_.instruments()[*index];
    const PriceTicks mark = valuation_.PricesOf(*index).mark;
    if (IsRounded(instrument, *lots, mark)) ++rounded_;
    if (holder != AccountHolder::kMember) return WorthOfAnyLots(instrument, *lots, mark);
    const Result<RiskSum> risk =
        ContributionOf<ExactPpm>(valuation_, {.instrument = *index, .lots = *lots});
    if (!risk.ok()) return risk.reason();
    return risk->equity;
  }

  // Keeps the first of what could not be valued.
  void Note(const AccountState& account, Reason reason) {
    if (refusal_.ok()) {
      refusal_ = {.reason = reason, .place = account.key, .found = account.balance.value()};
    }
  }

  const Valuation& valuation_;
  const Policy& policy_;
  WideSum outside_;
  WideSum equities_;
  WideSum funds_;
  std::uint64_t rounded_ = 0;
  SystemFinding refusal_;
};

// A balance of a margin account.
struct JudgedBalance {
  MarginAccountId account{};
  BalanceView view{};
};

// The balances of all margin accounts, those of one beside each other.
template <AccountSource Source, SystemPolicy Policy>
std::vector<JudgedBalance> ListBalances(const Source& ledger, const Policy& policy) {
  std::vector<JudgedBalance> balances;
  ledger.ForEachAccount([&](const AccountState& account) {
    const AccountKey& key = account.key;
    const std::optional<MarginGroup> group = policy.GroupOf(key);
    if (!group || policy.HolderOf(key) != AccountHolder::kMember) return;
    balances.push_back({.account = {.owner = key.owner, .group = *group},
                        .view = {.compartment = key.compartment,
                                 .asset = key.asset,
                                 .posted = account.balance,
                                 .pending_debits = {},
                                 .pending_credits = {},
                                 .open_interest = ledger.OpenInterestOf(key.asset)}});
  });
  std::stable_sort(
      balances.begin(), balances.end(),
      [](const JudgedBalance& a, const JudgedBalance& b) { return a.account < b.account; });
  return balances;
}

}  // namespace detail

inline absl::Status ToStatus(const SystemFinding& finding) {
  const AccountKey& key = finding.place;
  std::string text = detail::NameAmong<EngineReason, MarginReason>(finding.reason) + ": ";
  if (!key.owner.IsZero()) text += "owner " + ToString(key.owner) + ", ";
  if (key.compartment != kCash) text += "compartment " + ToString(key.compartment) + ", ";
  text += "asset " + ToString(key.asset) + ": found " + ToString(finding.found) + ", bound " +
          ToString(finding.bound);
  return ToStatus(finding.reason, text);
}

template <AccountSource Source>
SystemFinding CheckConservation(const Source& ledger) {
  std::map<AssetId, detail::WideSum> sums;
  ledger.ForEachAccount(
      [&](const AccountState& account) { sums[account.key.asset].Add(account.balance.value()); });
  for (const auto& [asset, sum] : sums) {
    if (sum.Value() != Int128{0}) {
      return {.reason = EngineReason::kAssetUnbalanced,
              .place = detail::PlaceOf(asset),
              .found = sum.Saturated()};
    }
  }
  return {};
}

template <AccountSource Source, SystemPolicy Policy>
SystemFinding CheckRoundingPool(const Source& ledger, const Policy& policy) {
  SystemFinding finding;
  ledger.ForEachAccount([&](const AccountState& account) {
    if (!finding.ok() || Sign(account.balance) >= 0 ||
        policy.HolderOf(account.key) != AccountHolder::kRoundingPool) {
      return;
    }
    finding = {.reason = EngineReason::kRoundingPoolNegative,
               .place = account.key,
               .found = account.balance.value()};
  });
  return finding;
}

inline SystemFinding CheckValuation(const ValuationTally& tally) {
  detail::WideSum left;
  left.Add(tally.vault.value());
  for (const Quanta claim : {tally.equities, tally.funds}) {
    const auto negated = CheckedNegate(claim.value());
    if (!negated) return {.reason = MarginReason::kMarginOverflow, .found = claim.value()};
    left.Add(*negated);
  }
  const Int128 found = left.Saturated();
  if (found < 0) return {.reason = EngineReason::kVaultShort, .found = found};
  const auto bound = static_cast<Int128>(tally.rounded);
  if (found <= bound) return {};
  return {.reason = EngineReason::kVaultExceeds, .found = found, .bound = bound};
}

template <AccountSource Source, SystemPolicy Policy>
SystemFinding CheckValuation(const Source& ledger, const Valuation& valuation,
                             const Policy& policy) {
  detail::VaultTally<Policy> tally(valuation, policy);
  ledger.ForEachAccount([&](const AccountState& account) { tally.Add(account); });
  return tally.Conclude();
}

inline SystemFinding CheckDebt(const OwnerView& account, const InstrumentTable& table) {
  detail::WideSum cash;
  SystemFinding debt;
  for (const BalanceView& balance : account.balances) {
    const bool is_contract = IsContract(balance.asset);
    const bool is_collateral = Sign(balance.posted) > 0 && table.FindByAsset(balance.asset);
    if (balance.posted != Amount() && (is_contract || is_collateral)) return {};
    if (balance.asset == table.quote()) cash.Add(balance.posted.value());
    if (balance.asset == table.quote() || Sign(balance.posted) >= 0 || !debt.ok()) continue;
    debt = {.reason = EngineReason::kDebtWithoutPosition,
            .place = {account.id.owner, balance.compartment, balance.asset},
            .found = balance.posted.value()};
  }
  if (const Int128 owed = cash.Saturated(); owed < 0) {
    debt = {.reason = EngineReason::kDebtWithoutPosition,
            .place = {.owner = account.id.owner, .asset = table.quote()},
            .found = owed};
  }
  return debt;
}

inline SystemFinding CheckHeadroom(const MarginAccountId& account, const Risk& risk) {
  const auto covered = CheckedAdd(risk.initial_headroom, risk.maintenance);
  const bool holds =
      covered && CompareProducts(covered->value(), 1, risk.equity.value(), kMicroPerQuantum) <= 0;
  if (holds) return {};
  const auto equity = CheckedMul(risk.equity.value(), Int128{kMicroPerQuantum});
  const auto most = equity ? CheckedSub(*equity, risk.maintenance.value()) : equity;
  return {.reason = EngineReason::kHeadroomTooLarge,
          .place = {.owner = account.owner},
          .found = risk.initial_headroom.value(),
          .bound = most.value_or(Sign(risk.equity) < 0 ? kMin<Int128> : kMax<Int128>)};
}

template <RequirementPolicy Requirement, AccountSource Source, SystemPolicy Policy>
SystemFinding CheckMarginAccounts(const Source& ledger, const MarginContext& context,
                                  const Policy& policy) {
  const std::vector<detail::JudgedBalance> all = detail::ListBalances(ledger, policy);
  std::vector<BalanceView> views;
  for (std::size_t i = 0; i < all.size();) {
    const MarginAccountId id = all[i].account;
    views.clear();
    for (; i < all.size() && all[i].account == id; ++i) views.push_back(all[i].view);
    const OwnerView account{.id = id, .balances = views};
    SystemFinding finding;
    if (!policy.MayOwe(id)) finding = CheckDebt(account, context.valuation.instruments());
    if (!finding.ok()) return finding;
    const Result<Risk> risk = Evaluate<Requirement>(context, account);
    if (!risk.ok()) return {.reason = risk.reason(), .place = {.owner = id.owner}};
    finding = CheckHeadroom(id, *risk);
    if (!finding.ok()) return finding;
  }
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_SYSTEM_INVARIANTS_H_
