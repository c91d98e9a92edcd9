// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of Ledger that concern chains: included by settle/ledger/ledger.h alone.
//
// All that can be refused of a member by itself is looked at before anything is summed up; then the
// legs of all members are one sum, judged as that of one transaction is; then each member is
// committed as if it were alone, with an id, a receipt and entries of its own.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_CHAIN_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_CHAIN_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

// Applies the members in chain_, of which the first stands at `position` in its batch.
template <LedgerInvariant I, Authority A, AccountPolicy P>
template <typename IntentOf>
void Ledger<I, A, P>::ApplyChain(std::size_t position, IntentOf&& intent_of, const Judgement& by,
                                 std::span<Verdict> verdicts) {
  for (Verdict& verdict : verdicts) Refuse(LedgerReason::kChainFailed, verdict);
  if (chain_.back().transaction().header.chained) {
    return Refuse(LedgerReason::kChainOpen, verdicts.back());
  }
  if (CheckChainIdentity(verdicts)) return;
  const std::size_t accounts_before = accounts_.size();
  ChainRefusal refusal = CheckMembers(position, intent_of, by);
  std::size_t overflowing = chain_.size();
  if (refusal.reason.ok()) refusal = SumChain(overflowing);
  if (!refusal.reason.ok()) {
    CloseTo(accounts_before);
    return Refuse(refusal.reason, verdicts[refusal.member]);
  }
  refusal = CheckChainState(overflowing, by.context);
  if (!refusal.reason.ok()) {
    return Remember(chain_[refusal.member], refusal.reason, accounts_before,
                    verdicts[refusal.member]);
  }
  std::size_t known = accounts_before;
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    (void)SumByAccount(chain_[i]);
    (void)Project();
    Commit(chain_[i], known, verdicts[i]);
    known = accounts_.size();
  }
}

// Time and id of every member. False when nothing is known of any, with no verdict given.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::CheckChainIdentity(std::span<Verdict> verdicts) {
  const std::size_t repeated = FirstRepeatedId();
  std::size_t known = 0;
  bool together = true;  // whether their receipts follow one another
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    Verdict verdict;
    if (i == repeated) {
      Refuse(LedgerReason::kIdTwiceInChain, verdict);
    } else if (!CheckIdentity(chain_[i], verdict)) {
      continue;
    }
    if (!verdict.ok()) {
      for (Verdict& other : verdicts) Refuse(LedgerReason::kChainFailed, other);
      verdicts[i] = verdict;
      return true;
    }
    together &= verdict.index.value() == verdicts[0].index.value() + i || i == 0;
    verdicts[i] = verdict;
    ++known;
  }
  if (known == 0) return false;
  if (known == chain_.size() && together) return true;
  for (Verdict& verdict : verdicts) {
    if (verdict.ok()) Refuse(LedgerReason::kExistsInOtherChain, verdict);
  }
  return true;
}

// The first member with an id that an earlier one has, or the number of members.
template <LedgerInvariant I, Authority A, AccountPolicy P>
std::size_t Ledger<I, A, P>::FirstRepeatedId() {
  chain_ids_.clear();
  for (const Item& item : chain_) {
    chain_ids_.emplace_back(item.transaction().header.id, chain_ids_.size());
  }
  std::sort(chain_ids_.begin(), chain_ids_.end());
  std::size_t first = chain_.size();
  for (std::size_t i = 1; i < chain_ids_.size(); ++i) {
    if (chain_ids_[i].first != chain_ids_[i - 1].first) continue;
    first = (std::min)(first, chain_ids_[i].second);
  }
  return first;
}

// Form and authority of each member by itself, and room for all of them.
template <LedgerInvariant I, Authority A, AccountPolicy P>
template <typename IntentOf>
auto Ledger<I, A, P>::CheckMembers(std::size_t position, IntentOf&& intent_of, const Judgement& by)
    -> ChainRefusal {
  std::size_t most_legs = kMaxLegs;
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    const TransactionView& transaction = chain_[i].transaction();
    if (transaction.header.action != TransactionAction::kApply) {
      return {LedgerReason::kWrongChain, i};
    }
    if (!IsPlainlyChosen(transaction.header)) return {LedgerReason::kWrongEntryPoint, i};
    Reason reason = CheckForm(transaction, most_legs);
    if (reason.ok()) reason = SumByAccount(chain_[i]);
    if (reason.ok()) reason = CheckAuthority(intent_of(position + i), by);
    if (reason.ok() && !ids_.HasRoomFor(i + 1)) reason = LedgerReason::kIdTableFull;
    if (!reason.ok()) return {reason, i};
    most_legs -= transaction.legs.size();
  }
  return {};
}

// Sums the legs of all members by account. Sets `overflowing` to the first member after which a
// balance would have left 128 bits: they are committed one by one. Errors: kLegsOverflow.
template <LedgerInvariant I, Authority A, AccountPolicy P>
auto Ledger<I, A, P>::SumChain(std::size_t& overflowing) -> ChainRefusal {
  touched_.Begin(kMaxLegs);
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    const std::span<const Leg> legs = chain_[i].transaction().legs;
    for (std::size_t leg = 0; leg < legs.size(); ++leg) {
      const std::uint32_t row = chain_[i].leg_rows[leg];
      if (!touched_.Add(accounts_[row], row, legs[leg].amount.value())) {
        return {LedgerReason::kLegsOverflow, i};
      }
    }
    for (const std::uint32_t row : chain_[i].leg_rows) {
      const detail::AccountRow& account = accounts_[row];
      if (CheckedAdd(account.balance, touched_.Find(account, row)->change)) continue;
      overflowing = (std::min)(overflowing, i);
    }
  }
  return {};
}

// What CheckState looks at, and whose fault it is: of overflow on the way, the first member's with
// which it comes; otherwise the last member's that moves an account on the way in which it is
// refused, or weakens the margin account that is.
template <LedgerInvariant I, Authority A, AccountPolicy P>
auto Ledger<I, A, P>::CheckChainState(std::size_t overflowing, const Context& context)
    -> ChainRefusal {
  Projection projection = Project();
  projection.overflows |= overflowing < chain_.size();
  const LedgerReason refusal = CheckAccounts(projection);
  if (refusal == LedgerReason::kAmountOverflow && overflowing < chain_.size()) {
    return {refusal, overflowing};
  }
  if (refusal != LedgerReason::kOk) return {refusal, LastRefused(refusal)};
  if (!projection.on_margin) return {};
  ListWeakened();
  for (const std::uint32_t margin_account : margin_accounts_) {
    const Reason reason = CheckMargin(margin_account, context);
    if (reason.ok()) continue;
    return {reason, LastMemberWith([this, margin_account](const detail::Touched& touched) {
              const detail::AccountRow& account = accounts_[touched.row];
              return account.margin_account == margin_account && Weakens(touched, account);
            })};
  }
  return {};
}

// The last member for which CheckAccounts gives `reason`.
template <LedgerInvariant I, Authority A, AccountPolicy P>
std::size_t Ledger<I, A, P>::LastRefused(LedgerReason reason) {
  const auto sign_of = [](Int128 change) { return change < 0 ? -1 : 1; };
  const bool any_way = reason == LedgerReason::kAccountClosed;
  refused_rows_.clear();
  for (const detail::Touched& touched : touched_.entries()) {
    if (!IsRefused(touched, reason)) continue;
    refused_rows_.emplace_back(touched.row, any_way ? 0 : sign_of(touched.change));
  }
  std::sort(refused_rows_.begin(), refused_rows_.end());
  return LastMemberWith([&](const detail::Touched& touched) {
    const auto refused =
        std::lower_bound(refused_rows_.begin(), refused_rows_.end(), std::pair(touched.row, -1));
    if (refused == refused_rows_.end() || refused->first != touched.row) return false;
    return any_way || (touched.change != 0 && sign_of(touched.change) == refused->second);
  });
}

// Whether it is for this account of the chain that CheckAccounts gives `reason`. Chains reserve
// nothing, so that what is reserved stays as it is.
template <LedgerInvariant I, Authority A, AccountPolicy P>
bool Ledger<I, A, P>::IsRefused(const detail::Touched& touched, LedgerReason reason) const {
  const bool falls = touched.change < 0;
  const bool rises = touched.change > 0;
  const AccountFlags flags = accounts_.SettingsOf(touched.row).flags;
  if (reason == LedgerReason::kAccountClosed) return flags.Has(AccountFlag::kClosed);
  if (reason == LedgerReason::kDebitsFrozen) {
    return falls && flags.Has(AccountFlag::kDebitsFrozen);
  }
  if (reason == LedgerReason::kCreditsFrozen) {
    return rises && flags.Has(AccountFlag::kCreditsFrozen);
  }
  const Pending pending = accounts_.PendingOf(touched.row);
  const auto least = CheckedSub(touched.after, pending.debits.value());
  const auto most = CheckedAdd(touched.after, pending.credits.value());
  if (reason == LedgerReason::kAmountOverflow) {
    const AssetId asset = accounts_[touched.row].key.asset;
    return !least || !most || (rises && !interest_.IsInRange(asset));
  }
  const Limits& limits = accounts_.LimitsOf(accounts_[touched.row]);
  if (reason == LedgerReason::kBelowFloor) return falls && *least < limits.floor.value();
  return rises && *most > limits.ceiling.value();
}

// The last member of which an account, summed up for itself, meets the test.
template <LedgerInvariant I, Authority A, AccountPolicy P>
template <typename Test>
std::size_t Ledger<I, A, P>::LastMemberWith(Test&& test) {
  std::size_t at = chain_.size() - 1;
  for (; at > 0; --at) {
    (void)SumByAccount(chain_[at]);
    const std::span<const detail::Touched> touched = touched_.entries();
    if (std::any_of(touched.begin(), touched.end(), test)) break;
  }
  return at;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_CHAIN_H_
