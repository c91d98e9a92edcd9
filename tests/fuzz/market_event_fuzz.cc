// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Market events as they come from strangers: what is decoded is booked in balanced transactions and
// applied, or refused with nothing done, and can be taken back.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/engine/market_event.h"
#include "tests/engine/event_world.h"
#include "tests/fuzz/fuzz_target.h"

namespace settle::test {
namespace {

using Several = Bounded<MarketEvent, 8>;

EventWorld NewWorld() {
  EventWorld world;
  world.OpenPosition(1, 10, -100, 50);
  world.OpenPosition(2, -7, 90, 20);
  world.Open(Cash(3, kPerp), 4);
  world.OpenPosition(kHouseOwner, 2, -5);
  world.Open(BookOf(4, ContractId(2)), 3);
  return world;
}

// 0, or the number of what does not hold. `applied` becomes false where the ledger refuses.
int ApplyEvent(InterestLedger& ledger, const MarketEvent& event, const ContractHolders& holders,
               bool& applied) {
  const Fingerprint before = ledger.fingerprint();
  std::vector<Transaction> made;
  const auto tally = BookMarketEvent(ledger, event, holders.Of(event.assets.contract),
                                     EventWorld::Place(), Sha256(), made);
  if (ledger.fingerprint() != before) return 2;
  if (!tally.ok()) {
    applied = false;
    return made.empty() ? 0 : 3;
  }
  for (const Transaction& transaction : made) {
    const Verdict verdict = ledger.ApplyCompulsory(transaction.view());
    if (verdict.ok()) continue;
    // What was made is well-formed, and a single balance may still be too large.
    applied = false;
    return verdict.reason.Is(LedgerReason::kAmountOverflow) ||
                   verdict.reason.Is(LedgerReason::kLegsOverflow)
               ? 0
               : 4;
  }
  return CheckAfter(ledger, event).ok() ? 0 : 5;
}

int FuzzMarketEvents(const std::uint8_t* data, std::size_t size) {
  Several several;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), several, violated);
  if (violated) return 1;
  const std::span<const MarketEvent> events(several.data(), several.size());
  if (!decoded || !CheckEvents(events).reason.ok()) return 0;
  static const EventWorld kWorld = NewWorld();
  EventWorld world = kWorld;
  InterestLedger& ledger = world.ledger();
  const Fingerprint before = ledger.fingerprint();
  const Mark mark = *ledger.Begin();
  const ContractHolders holders(ledger, events);
  bool applied = true;
  for (std::size_t i = 0; applied && i < events.size(); ++i) {
    if (const int wrong = ApplyEvent(ledger, events[i], holders, applied); wrong != 0) return wrong;
    if (!Imbalances(ledger).empty()) return 6;
  }
  return ledger.RevertTo(mark).ok() && ledger.fingerprint() == before ? 0 : 7;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  Several all;
  for (const MarketEvent& event :
       {FundingEvent(1'500'000), VariationEvent(Linear(12)), ExpiryEvent(Linear(-3)),
        ExpiryEvent(Inverse(600, 7), {.contract = ContractId(2), .quote = kUsd}),
        VariationEvent(Inverse(5, 2), {.contract = ContractId(2), .quote = kBtc}),
        ExpiryEvent(Payoff(9), {.contract = ContractId(3), .quote = kUsd})}) {
    (void)all.Add(event);
    Several one;
    (void)one.Add(event);
    seeds.push_back(Encode(one));
  }
  seeds.push_back(Encode(all));
  return seeds;
}

const FuzzTarget kTarget("MarketEvent", FuzzMarketEvents, Seeds);

}  // namespace
}  // namespace settle::test
