// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How a trade is booked: its legs, which sum to zero in every asset.
//
//   contract, lots    (buyer, P, contract) +n         (seller, P, contract) -n
//   contract, cost    (buyer, P, quote) -V            (seller, P, quote) +V
//   inverse, cost     (buyer, P, coin) +V             (seller, P, coin) -V
//   realised          each side that reduces its position, buyer first:
//                     (owner, P, quote) -r            (owner, cash, quote) +r
//   option            (buyer, P, contract) +n         (seller, P, contract) -n
//                     (buyer, cash, quote) -premium   (seller, cash, quote) +premium
//   spot              (buyer, cash, base) +s          (seller, cash, base) -s
//                     (buyer, cash, quote) -V         (seller, cash, quote) +V
//   fee               (payer, cash, token) -f         (fees, cash, token) +f
//
// Legs come in this order; a leg of nothing is left out, as the ledger takes none. P is the
// compartment of the position; settle/ledger/position.h says what r is and where cost lives.
// Where a house stands between the two, as a clearing house does by novation, each leg of the
// buyer's but those of r is followed by (house, ...) giving as much and (house, ...) getting it
// from the seller: the house ends with nothing in every account.
//
//   const Result<TradeEffects> trade = BookContractTrade(
//       {.parties = {.assets = {.contract = perpetual, .quote = usd},
//                    .buyer = {.holder = {.owner = alice, .compartment = book}, .before = hers},
//                    .seller = {.holder = {.owner = bob, .compartment = book}, .before = his}},
//        .lots = Amount(5),
//        .value = Amount(500)},
//       legs);
//
// These functions are pure: they know no ledger, and their caller says what positions hold. What
// happens to accounts without a trade is in settle/ledger/event_booking.h, and what changes an
// earlier booking in settle/ledger/rebooking.h. After a refusal the buffer is what it was. Errors
// of each are kOverflow, for an amount that would leave 128 bits, and kFull, for more legs than the
// buffer has room for. A trade takes 70 to 160 ns and allocates nothing.

#ifndef SETTLE_LEDGER_BOOKING_H_
#define SETTLE_LEDGER_BOOKING_H_

#include <optional>
#include <span>

#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/base/types.h"
#include "settle/ledger/detail/leg_draft.h"
#include "settle/ledger/leg_buffer.h"
#include "settle/ledger/position.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// Whose cash, and in which of the owner's compartments it lies.
struct CashHolder {
  OwnerId owner{};
  Compartment compartment = kCash;
  using Fields = Members<&CashHolder::owner, &CashHolder::compartment>;

  [[nodiscard]] constexpr AccountKey In(AssetId token) const { return {owner, compartment, token}; }
};

// Whose position: the compartment of its lots and quote balance, and the one of the cash to which
// its profits go.
struct PositionHolder {
  OwnerId owner{};
  Compartment compartment{};
  Compartment cash = kCash;
  using Fields =
      Members<&PositionHolder::owner, &PositionHolder::compartment, &PositionHolder::cash>;

  [[nodiscard]] constexpr AccountKey In(AssetId asset) const { return {owner, compartment, asset}; }
  [[nodiscard]] constexpr AccountKey CashIn(AssetId token) const { return {owner, cash, token}; }

  // Errors: kOutOfRange for a position among its cash, where nobody could tell C from it.
  [[nodiscard]] constexpr Reason Validate() const {
    return compartment == cash ? Reason(BaseReason::kOutOfRange) : Reason();
  }
};

// What a position counts, and the token in which it is settled: of an inverse contract the coin.
struct ContractAssets {
  AssetId contract{};
  AssetId quote{};
  using Fields = Members<&ContractAssets::contract, &ContractAssets::quote>;

  // Errors: kOutOfRange for a token in the place of the contract, or a contract in the other.
  [[nodiscard]] constexpr Reason Validate() const {
    const bool is_right = IsContract(contract) && !IsContract(quote);
    return is_right ? Reason() : Reason(BaseReason::kOutOfRange);
  }
};

// One side of a trade, and what its position holds before.
struct TradeSide {
  PositionHolder holder{};
  PositionBalance before{};
};

// The two may be one holder, whose lots the trade then leaves alone.
struct TradeParties {
  ContractAssets assets{};
  TradeSide buyer{};
  TradeSide seller{};
  std::optional<PositionHolder> house{};

  // Errors: kOutOfRange, as assets and holders have it.
  [[nodiscard]] constexpr Reason Validate() const {
    Reason reason = assets.Validate();
    if (reason.ok()) reason = buyer.holder.Validate();
    if (reason.ok()) reason = seller.holder.Validate();
    if (reason.ok() && house) reason = house->Validate();
    return reason;
  }
};

struct TradeEffects {
  PositionEffect buyer{};
  PositionEffect seller{};
};

// A trade of a linear contract: a perpetual or a future.
struct ContractTrade {
  TradeParties parties{};
  Amount lots{};   // n, above zero
  Amount value{};  // V: what the buyer owes for them; below zero at a price below zero
};

// A trade of an inverse contract.
struct InverseTrade {
  TradeParties parties{};
  Amount lots{};  // n, above zero
  InversePrice price{};
};

// A trade of an option, whose position has no quote balance: its premium is paid at once.
struct OptionTrade {
  ContractAssets assets{};
  PositionHolder buyer{};
  PositionHolder seller{};
  std::optional<PositionHolder> house{};
  Amount lots{};     // n, above zero
  Amount premium{};  // of all of them, not below zero
};

struct SpotTrade {
  AssetId base{};
  AssetId quote{};
  CashHolder buyer{};
  CashHolder seller{};
  std::optional<CashHolder> house{};
  Amount amount{};  // s: quanta of the base, above zero
  Amount value{};   // V: quanta of the quote, not below zero
};

// What one pays another; a rebate is below zero. The account of fees may go below zero too.
struct Fee {
  AssetId asset{};
  CashHolder payer{};
  CashHolder fees{};
  Amount amount{};
};

namespace detail {

// r leaves the position for its owner's cash.
inline void Realise(const PositionHolder& holder, AssetId quote, Amount profit, LegDraft& draft) {
  draft.AddNegated(holder.In(quote), profit);
  draft.Add(holder.CashIn(quote), profit);
}

// `amount` of `asset` from the seller's position to the buyer's.
inline void MoveToBuyer(const TradeParties& parties, AssetId asset, Amount amount,
                        LegDraft& draft) {
  Route route{.to = parties.buyer.holder.In(asset), .from = parties.seller.holder.In(asset)};
  if (parties.house) route.through = parties.house->In(asset);
  draft.Move(route, amount);
}

// Whether the two have one position, be it with cash in two places.
[[nodiscard]] constexpr bool IsOnePosition(const PositionHolder& a, const PositionHolder& b) {
  return a.owner == b.owner && a.compartment == b.compartment;
}

// Where one holder is on both sides at most one of them reduces the position, and its lots stay.
[[nodiscard]] constexpr Reason JoinEffects(const TradeParties& parties, TradeEffects& effects) {
  if (!IsOnePosition(parties.buyer.holder, parties.seller.holder)) return {};
  const PositionBalance& before = parties.buyer.before;
  const bool buyer_reduces = effects.buyer.closed != Amount();
  const Amount profit = buyer_reduces ? effects.buyer.profit : effects.seller.profit;
  const std::optional<Amount> quote = CheckedSub(before.quote, profit);
  if (!quote) return BaseReason::kOverflow;
  effects.buyer.after = effects.seller.after = {.lots = before.lots, .quote = *quote};
  return {};
}

// The legs of a trade of `lots` that moves the buyer's quote balance by `quote`.
inline Result<TradeEffects> BookTrade(const TradeParties& parties, const PositionChange& bought,
                                      TradeEffects effects, LegBuffer& out) {
  if (Reason reason = JoinEffects(parties, effects); !reason.ok()) return reason;
  LegDraft draft(out);
  MoveToBuyer(parties, parties.assets.contract, bought.lots, draft);
  MoveToBuyer(parties, parties.assets.quote, bought.quote, draft);
  Realise(parties.buyer.holder, parties.assets.quote, effects.buyer.profit, draft);
  Realise(parties.seller.holder, parties.assets.quote, effects.seller.profit, draft);
  if (Reason reason = draft.Finish(); !reason.ok()) return reason;
  return effects;
}

// Where the lots of an inverse trade are cut: what one side and then the other closes with it.
struct InverseCuts {
  Amount first{};   // zero at least
  Amount second{};  // not less, and not more than the lots
};
// The value until each cut and of the whole, each piece rounded by itself.
struct InversePieces {
  Amount until_first{};
  Amount until_second{};
  Amount whole{};
};

[[nodiscard]] constexpr Result<InversePieces> ValueInPieces(const InverseTrade& trade,
                                                            const InverseCuts& cuts) {
  const Result<Amount> to_first = InverseValue(cuts.first, trade.price);
  if (!to_first.ok()) return to_first.reason();
  const Result<Amount> to_second = InverseValue(*CheckedSub(cuts.second, cuts.first), trade.price);
  if (!to_second.ok()) return to_second.reason();
  const Result<Amount> to_end = InverseValue(*CheckedSub(trade.lots, cuts.second), trade.price);
  if (!to_end.ok()) return to_end.reason();
  const std::optional<Amount> until_second = CheckedAdd(*to_first, *to_second);
  const std::optional<Amount> whole = Sum(until_second, *to_end);
  if (!whole) return BaseReason::kOverflow;
  return InversePieces{.until_first = *to_first, .until_second = *until_second, .whole = *whole};
}

}  // namespace detail

// Books a trade of a linear contract: 4 to 8 legs, and 4 more with a house. The cost of a part of
// a position is rounded down, so is V * c / n where V is no multiple of n and the position flips:
// both against the owner's profit, whose position keeps the rest.
// Errors: kOutOfRange for lots not above zero and as Validate has it.
inline Result<TradeEffects> BookContractTrade(const ContractTrade& trade, LegBuffer& out) {
  const TradeParties& parties = trade.parties;
  if (Reason reason = parties.Validate(); !reason.ok()) return reason;
  if (trade.lots <= Amount(0)) return BaseReason::kOutOfRange;
  const std::optional<Amount> owed = CheckedNegate(trade.value);
  if (!owed) return BaseReason::kOverflow;
  const PositionChange bought{.lots = trade.lots, .quote = *owed};
  const PositionChange sold{.lots = *CheckedNegate(trade.lots), .quote = trade.value};
  const Result<PositionEffect> buyer = EffectOf(parties.buyer.before, bought);
  if (!buyer.ok()) return buyer.reason();
  const Result<PositionEffect> seller = EffectOf(parties.seller.before, sold);
  if (!seller.ok()) return seller.reason();
  return detail::BookTrade(parties, bought, {.buyer = *buyer, .seller = *seller}, out);
}

// Books a trade of an inverse contract: 4 to 8 legs, and 4 more with a house. V is InverseValue of
// the lots, rounded once. Where a side flips, what it closes and what it opens are rounded
// separately, as if they were two trades at one price, and V is their sum.
// Errors: kOutOfRange for lots not above zero, as Validate has it and as InverseValue has it.
inline Result<TradeEffects> BookInverseTrade(const InverseTrade& trade, LegBuffer& out) {
  const TradeParties& parties = trade.parties;
  if (Reason reason = parties.Validate(); !reason.ok()) return reason;
  if (trade.lots <= Amount(0)) return BaseReason::kOutOfRange;
  const Amount sold_lots = *CheckedNegate(trade.lots);
  const Result<Amount> bought_back = ClosedLots(parties.buyer.before, trade.lots);
  if (!bought_back.ok()) return bought_back.reason();
  const Result<Amount> sold_off = ClosedLots(parties.seller.before, sold_lots);
  if (!sold_off.ok()) return sold_off.reason();
  const bool buyer_first = *bought_back < *sold_off;
  const Result<detail::InversePieces> value =
      detail::ValueInPieces(trade, {.first = buyer_first ? *bought_back : *sold_off,
                                    .second = buyer_first ? *sold_off : *bought_back});
  if (!value.ok()) return value.reason();

  // None of the values is the least amount, since none is below zero.
  const PositionChange bought{.lots = trade.lots, .quote = value->whole};
  const PositionChange sold{.lots = sold_lots, .quote = *CheckedNegate(value->whole)};
  const Amount bought_value = buyer_first ? value->until_first : value->until_second;
  const Amount sold_value = buyer_first ? value->until_second : value->until_first;
  const Result<PositionEffect> buyer = detail::EffectOfParts(
      parties.buyer.before, bought, {.lots = *bought_back, .quote = bought_value});
  if (!buyer.ok()) return buyer.reason();
  const Result<PositionEffect> seller = detail::EffectOfParts(
      parties.seller.before, sold, {.lots = *sold_off, .quote = *CheckedNegate(sold_value)});
  if (!seller.ok()) return seller.reason();
  return detail::BookTrade(parties, bought, {.buyer = *buyer, .seller = *seller}, out);
}

// Books a trade of an option: 2 to 4 legs, and as many more with a house.
// Errors: kOutOfRange for lots not above zero, a premium below zero and as Validate has it.
inline Reason BookOptionTrade(const OptionTrade& trade, LegBuffer& out) {
  const TradeParties parties{.assets = trade.assets,
                             .buyer = {.holder = trade.buyer},
                             .seller = {.holder = trade.seller},
                             .house = trade.house};
  if (Reason reason = parties.Validate(); !reason.ok()) return reason;
  if (trade.lots <= Amount(0) || trade.premium < Amount(0)) return BaseReason::kOutOfRange;
  detail::LegDraft draft(out);
  detail::MoveToBuyer(parties, trade.assets.contract, trade.lots, draft);
  detail::Route premium{.to = trade.buyer.CashIn(trade.assets.quote),
                        .from = trade.seller.CashIn(trade.assets.quote)};
  if (trade.house) premium.through = trade.house->CashIn(trade.assets.quote);
  draft.Move(premium, *CheckedNegate(trade.premium));
  return draft.Finish();
}

// Books a spot trade: 2 to 4 legs, and as many more with a house.
// Errors: kOutOfRange for an amount not above zero, a value below zero, a contract, or an asset
// traded for itself.
inline Reason BookSpotTrade(const SpotTrade& trade, LegBuffer& out) {
  const bool are_tokens = !IsContract(trade.base) && !IsContract(trade.quote);
  if (!are_tokens || trade.base == trade.quote) return BaseReason::kOutOfRange;
  if (trade.amount <= Amount(0) || trade.value < Amount(0)) return BaseReason::kOutOfRange;
  detail::LegDraft draft(out);
  const auto move_to_buyer = [&](AssetId asset, Amount amount) {
    detail::Route route{.to = trade.buyer.In(asset), .from = trade.seller.In(asset)};
    if (trade.house) route.through = trade.house->In(asset);
    draft.Move(route, amount);
  };
  move_to_buyer(trade.base, trade.amount);
  move_to_buyer(trade.quote, *CheckedNegate(trade.value));
  return draft.Finish();
}

// Books a fee: 2 legs, or none for a fee of zero. Errors: kOutOfRange for a contract.
inline Reason BookFee(const Fee& fee, LegBuffer& out) {
  if (IsContract(fee.asset)) return BaseReason::kOutOfRange;
  const std::optional<Amount> paid = CheckedNegate(fee.amount);
  if (!paid) return BaseReason::kOverflow;
  detail::LegDraft draft(out);
  draft.Move({.to = fee.payer.In(fee.asset), .from = fee.fees.In(fee.asset)}, *paid);
  return draft.Finish();
}

// What a clearing house asserts of every novated transaction: that the legs of `owner` come to
// nothing in each account, and so in every asset. Errors: kUnbalanced; kOverflow where what an
// account gets does not add up in 128 bits. O(n^2) in the owner's legs.
[[nodiscard]] inline Reason CheckNetsToZero(std::span<const Leg> legs, const OwnerId& owner) {
  for (const Leg& named : legs) {
    if (named.account.owner != owner) continue;
    UInt128 given = 0;
    UInt128 got = 0;
    for (const Leg& leg : legs) {
      if (leg.account != named.account) continue;
      UInt128& sum = Sign(leg.amount) < 0 ? given : got;
      if (!AddTo(sum, Magnitude(leg.amount.value()))) return BaseReason::kOverflow;
    }
    if (given != got) return LedgerReason::kUnbalanced;
  }
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_BOOKING_H_
