// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of Ledger that take a batch apart, into transactions and chains, and fetch ahead what
// they will need: included by settle/ledger/ledger.h alone.

#ifndef SETTLE_LEDGER_DETAIL_LEDGER_BATCH_H_
#define SETTLE_LEDGER_DETAIL_LEDGER_BATCH_H_

#include "settle/ledger/ledger.h"

SETTLE_NAMESPACE_BEGIN

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::Apply(std::span<const TransactionView> batch,
                            std::span<const Digest> contents, const Judgement& by,
                            std::span<Verdict> verdicts) {
  const bool has_contents = contents.size() == batch.size();
  if (verdicts.size() != batch.size() || (A::kNeedsContent && !has_contents)) {
    for (Verdict& verdict : verdicts) Refuse(LedgerReason::kWrongEntryPoint, verdict);
    return;
  }
  MakeRoom(batch);
  Ahead slots;
  std::size_t rows = 0;  // the legs of which the rows have been fetched
  std::size_t leg = 0;
  const auto intent_of = [&](std::size_t at) -> Intent {
    return {.content = has_contents ? contents[at] : Digest(),
            .transaction = batch[at],
            .now = now_,
            .position = at};
  };
  for (std::size_t i = 0, end = 0; i < batch.size(); i = end) {
    const bool chained = batch[i].header.chained;
    end = chained ? EndOfChain(batch, i) : i + 1;
    std::size_t legs = batch[i].legs.size();
    for (std::size_t member = i + 1; member < end; ++member) legs += batch[member].legs.size();
    FetchSlots(batch, leg + legs + 2 * kFetch, slots);
    const std::size_t until = (std::min)(leg + legs + kFetch, slots.leg);
    FetchRows(rows, until);
    rows = until;
    if (!chained) {
      ApplyChosen(ItemAt(batch, i, leg), intent_of(i), by, verdicts[i]);
    } else {
      ListChain(batch.subspan(0, end), i, leg);
      ApplyChain(i, intent_of, by, verdicts.subspan(i, end - i));
    }
    leg += legs;
  }
}

// One past the end of the chain that begins at `begin`.
template <LedgerInvariant I, Authority A, AccountPolicy P>
std::size_t Ledger<I, A, P>::EndOfChain(std::span<const TransactionView> batch, std::size_t begin) {
  std::size_t last = begin;
  while (last + 1 < batch.size() && batch[last].header.chained) ++last;
  return last + 1;
}

// Lists in chain_ the last transactions of the batch, from number `at`, of which the first leg is
// number `leg` of all its legs.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::ListChain(std::span<const TransactionView> batch, std::size_t at,
                                std::size_t leg) {
  chain_.clear();
  for (; at < batch.size(); ++at) {
    chain_.push_back(ItemAt(batch, at, leg));
    leg += batch[at].legs.size();
  }
}

// The transaction of the batch of which the first leg is number `leg` of all its legs.
template <LedgerInvariant I, Authority A, AccountPolicy P>
auto Ledger<I, A, P>::ItemAt(std::span<const TransactionView> batch, std::size_t at,
                             std::size_t leg) -> Item {
  const std::size_t legs = batch[at].legs.size();
  return {.view = &batch[at],
          .id_hash = id_hashes_[at],
          .leg_hashes = std::span(leg_hashes_).subspan(leg, legs),
          .leg_rows = std::span(leg_rows_).subspan(leg, legs)};
}

// A batch of one.
template <LedgerInvariant I, Authority A, AccountPolicy P>
auto Ledger<I, A, P>::ItemOf(const TransactionView& transaction) -> Item {
  const std::span batch(&transaction, 1);
  MakeRoom(batch);
  Ahead slots;
  FetchSlots(batch, 1, slots);
  FetchRows(0, slots.leg);
  return {.view = &transaction,
          .id_hash = id_hashes_[0],
          .leg_hashes = leg_hashes_,
          .leg_rows = leg_rows_};
}

template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::MakeRoom(std::span<const TransactionView> batch) {
  std::size_t legs = 0;
  for (const TransactionView& transaction : batch) legs += transaction.legs.size();
  if (id_hashes_.size() < batch.size()) id_hashes_.resize(batch.size());
  if (leg_hashes_.size() < legs) {
    leg_hashes_.resize(legs);
    leg_rows_.resize(legs);
  }
}

// Hashes the keys of the transactions that begin before leg `until` of the batch and fetches the
// index slots that they lead to.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::FetchSlots(std::span<const TransactionView> batch, std::size_t until,
                                 Ahead& at) {
  for (; at.transaction < batch.size() && at.leg < until; ++at.transaction) {
    const TransactionView& transaction = batch[at.transaction];
    const std::uint64_t id_hash = ids_.HashOf(transaction.header.id);
    id_hashes_[at.transaction] = id_hash;
    ids_.PrefetchSlot(id_hash);
    std::uint64_t* leg_hash = leg_hashes_.data() + at.leg;
    for (const Leg& leg : transaction.legs) {
      const std::uint64_t hash = accounts_.HashOf(leg.account);
      *leg_hash++ = hash;
      accounts_.PrefetchSlot(hash);
    }
    at.leg += transaction.legs.size();
  }
}

// Fetches the account rows that the slots of the legs before `until` lead to.
template <LedgerInvariant I, Authority A, AccountPolicy P>
void Ledger<I, A, P>::FetchRows(std::size_t from, std::size_t until) {
  for (std::size_t leg = from; leg < until; ++leg) {
    // Kept, and so no dead code: g++ drops calls that only prefetch.
    leg_rows_[leg] = accounts_.Candidate(leg_hashes_[leg]);
    accounts_.PrefetchRow(leg_rows_[leg]);
  }
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_LEDGER_BATCH_H_
