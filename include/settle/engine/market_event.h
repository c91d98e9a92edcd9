// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What happens to every position of a contract at once: funding, daily settlement, expiry.
//
//   kFunding     each holder gets a = floor(-F * q) out of the funding account, F being what a lot
//                has accrued since the last event; what rounding leaves stays there
//   kVariation   daily settlement: r = C + worth(q) goes from each position to its holder's cash
//   kExpiry      each position is closed against the house at what it is worth, and realised; then
//                nobody has lots, the house neither, and what rounding leaves is the house's
//
// What q lots are worth follows from the event's terms: q * S for a linear contract, minus
// q * multiplier / price for an inverse one, q * payoff for an option. The legs are those of
// settle/ledger/event_booking.h.
//
// An event is a certified input of a block, SettlementEngine::Block::events. The engine makes its
// transactions out of the ledger, by these functions: compulsory ones, as many as are needed, each
// whole in itself. Everybody who has lots of the contract takes part, the outside too and in
// whatever compartment the lots lie: with the quote balance beside them, and `cash` for the money.
// So a compartment holds the positions of one contract. Lots that lie among cash have no cost of
// their own: daily settlement leaves them, and at expiry they are paid where they lie. What holds
// reserve is not looked at: who lets a contract expire ends its holds first, or their posts bring
// lots of it again.
//
//   const MarketEvent funding{.rule = CompulsoryRule::kFunding,
//                             .terms = FundingPerLot(1'500'000),   // a lot paid 1.5 quanta
//                             .assets = {.contract = perpetual, .quote = usd},
//                             .house = funding_of_perpetual};
//   engine.Execute({.time = now, .events = {&funding, 1}, ...}, block);

#ifndef SETTLE_ENGINE_MARKET_EVENT_H_
#define SETTLE_ENGINE_MARKET_EVENT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/booking.h"
#include "settle/ledger/event_booking.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/leg_buffer.h"
#include "settle/ledger/position.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxBlockEvents = std::size_t{1} << 16;

// The settlement price of a linear contract: quote quanta for one lot, below zero where prices can
// be.
struct LinearPrice {
  Amount per_lot{};
  using Fields = Members<&LinearPrice::per_lot>;
};

// What one lot of an option pays who holds it, in quote quanta: not below zero.
struct OptionPayoff {
  Amount per_lot{};
  using Fields = Members<&OptionPayoff::per_lot>;
};

// By the rule: kFunding has the first, kVariation the second or third, kExpiry any but the first.
using MarketTerms = std::variant<FundingPerLot, LinearPrice, InversePrice, OptionPayoff>;

struct MarketEvent {
  static constexpr Kind kKind = Kind::kMarketEvent;
  static constexpr std::uint16_t kVersion = 1;

  CompulsoryRule rule = CompulsoryRule::kFunding;
  MarketTerms terms{};
  ContractAssets assets{};
  Compartment cash = kCash;  // of every holder, and of the house
  OwnerId house{};           // kFunding: of the funding account; kExpiry: who closes; else zero
  Compartment book{};        // kExpiry: where the house holds what it closes; else zero
  using Fields = Members<&MarketEvent::rule, &MarketEvent::terms, &MarketEvent::assets,
                         &MarketEvent::cash, &MarketEvent::house, &MarketEvent::book>;

  // The house's accounts.
  [[nodiscard]] constexpr CashHolder funding() const { return {house, cash}; }
  [[nodiscard]] constexpr PositionHolder clearing() const { return {house, book, cash}; }

  // Errors: kOutOfRange for a rule of no event, terms of another rule or that mean no price, and as
  // ContractAssets and PositionHolder have it; kNotCanonical for a house or book of a rule that has
  // none.
  [[nodiscard]] Reason Validate() const;
};

// Where in the log an event takes place.
struct EventPlace {
  Digest parent{};  // of the header before its block's
  Height height{};
  Timestamp now{};  // the block's
};

// What the transactions of one event come to.
struct EventTally {
  std::uint64_t positions = 0;
  Amount residue{};  // of rounding: what the funding account or the house got from all together
};

// Who has lots of the events' contracts, in the ledger's order, found in one pass over its accounts
// for all of them.
class ContractHolders {
 public:
  template <typename LedgerType>
  ContractHolders(const LedgerType& ledger, std::span<const MarketEvent> events);

  // The accounts of their lots. None of a contract of no event.
  [[nodiscard]] std::span<const AccountKey> Of(AssetId contract) const;

 private:
  [[nodiscard]] std::size_t PlaceOf(AssetId contract) const {
    return static_cast<std::size_t>(
        std::lower_bound(contracts_.begin(), contracts_.end(), contract) - contracts_.begin());
  }

  std::vector<AssetId> contracts_;  // ascending
  std::vector<std::vector<AccountKey>> holders_;
};

// The first event that is refused, and why.
struct EventRefusal {
  Reason reason{};
  std::size_t event = 0;
};

// Looks at the events of one block by themselves. Errors: kTooMany, those of Validate,
// kNotCanonical for the second event of one rule and contract.
[[nodiscard]] inline EventRefusal CheckEvents(std::span<const MarketEvent> events);

// The id of transaction number `number` of an event: 16 bytes of a hash over place, rule, contract
// and number. The parent is in it, so that no one can know an id before the block and use it up.
template <Hasher H>
[[nodiscard]] TransactionId EventTransactionId(const H& hasher, const EventPlace& place,
                                               const MarketEvent& event, std::uint32_t number);

// Appends the transactions of an event to `out`, made from what the ledger holds now, at most
// kMaxLegs legs each. Their ids are the event's alone, so that the ledger applies none of them
// twice. Errors, with `out` as it was: kOverflow where an amount leaves 128 bits or time ends, and
// kUnbalanced where the tally is not what CheckTally allows. Cost: three look-ups and up to six
// legs a position.
template <typename LedgerType, Hasher H>
Result<EventTally> BookMarketEvent(const LedgerType& ledger, const MarketEvent& event,
                                   std::span<const AccountKey> holders, const EventPlace& place,
                                   const H& hasher, std::vector<Transaction>& out);

// What rounding may leave: nothing where prices are whole, less than a quantum of each position in
// the funding account, at most one of each with the house that closes inverse ones.
// Errors: kUnbalanced.
[[nodiscard]] inline Reason CheckTally(const MarketEvent& event, const EventTally& tally);

// What holds in the ledger once the event's transactions are applied: nobody has lots of an expired
// contract, and the house no quote balance beside them. Errors: kUnbalanced.
template <typename LedgerType>
[[nodiscard]] Reason CheckAfter(const LedgerType& ledger, const MarketEvent& event);

SETTLE_NAMESPACE_END

#include "settle/engine/detail/market_event_impl.h"

#endif  // SETTLE_ENGINE_MARKET_EVENT_H_
