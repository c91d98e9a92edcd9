// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of SettlementEngine that concern market events: included by
// settle/engine/settlement_engine.h alone.

#ifndef SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_EVENTS_H_
#define SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_EVENTS_H_

#include "settle/engine/settlement_engine.h"

SETTLE_NAMESPACE_BEGIN

// The events of a block, one after the other. The caller reverts when this refuses.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::ApplyEvents(const Block& block, Height height,
                                                       BlockResult& out) {
  out.events.clear();
  event_verdicts_.clear();
  if (block.events.empty()) return absl::OkStatus();
  const auto refused = [](std::size_t event, Reason reason) {
    return ToStatus(EngineReason::kEventRefused,
                    "event " + ToString(std::uint64_t{event}) + ": " + ToString(reason));
  };
  const EventRefusal form = CheckEvents(block.events);
  if (!form.reason.ok()) return refused(form.event, form.reason);
  const ContractHolders holders(ledger_, block.events);
  const EventPlace place{.parent = Tip()->digest, .height = height, .now = block.time};
  for (std::size_t i = 0; i < block.events.size(); ++i) {
    const Reason reason = ApplyEvent(block.events[i], holders, place, out);
    if (!reason.ok()) return refused(i, reason);
  }
  return CheckSize(out.events.size() + block.transactions.size());
}

// Books one event on what the last one left, and applies it.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
Reason SettlementEngine<I, A, P, H>::ApplyEvent(const MarketEvent& event,
                                                const ContractHolders& holders,
                                                const EventPlace& place, BlockResult& out) {
  const std::size_t begin = out.events.size();
  const Result<EventTally> tally = BookMarketEvent(
      ledger_, event, holders.Of(event.assets.contract), place, hasher_, out.events);
  if (!tally.ok()) return tally.reason();
  for (std::size_t i = begin; i < out.events.size(); ++i) {
    const Verdict verdict = ledger_.ApplyCompulsory(out.events[i].view());
    if (!verdict.ok()) return verdict.reason;
    event_verdicts_.push_back(verdict);
  }
  return CheckAfter(ledger_, event);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_EVENTS_H_
