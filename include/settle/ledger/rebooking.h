// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How what was booked is changed afterwards: always by another transaction, never by taking one
// back, and its header names the one that it compensates.
//
//   bust              each leg of the applied transaction, in its order, with the other sign
//   price adjustment  V becomes V': D = V' - V from the buyer to the seller, of which o / n stays
//                     in the positions, rounded down, for the o of its n lots that are still open
//                     (buyer, P, quote) -floor(D * o / n)   (seller, P, quote) +...
//                     and the rest is realised
//                     (buyer, cash, quote) -...             (seller, cash, quote) +...
//   give-up           m of |q| lots go to another account with their cost R (CostOf)
//                     (from, P, contract) -m                (to, P, contract) +m   of a long
//                     (from, P, quote) -R                   (to, P, quote) +R
//                     and a receiver that reduces a position by them realises its profit
//   porting           each balance b of an owner's accounts, in the order given
//                     (from, A, asset) -b                   (to, B, asset) +b
//
// A bust is exact whatever happened since: balances are then what they would be if the trade's legs
// had never been added. What others have realised since stays where it is; where a position without
// lots is left with a quote balance, BookDailySettlement moves it to cash.
//
//   std::optional<TransactionHeader> header = Compensating(TransactionHeader{.id = bust}, trade);
//   Reason reason = BookBust(applied.legs, legs);
//
// As in settle/ledger/booking.h legs come in this order, those of nothing are left out, a refusal
// leaves the buffer as it was, and each function knows the errors kOverflow and kFull.

#ifndef SETTLE_LEDGER_REBOOKING_H_
#define SETTLE_LEDGER_REBOOKING_H_

#include <cstddef>
#include <optional>
#include <span>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/base/types.h"
#include "settle/ledger/booking.h"
#include "settle/ledger/detail/leg_draft.h"
#include "settle/ledger/leg_buffer.h"
#include "settle/ledger/position.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// A trade of a contract or of spot whose price was wrong. The values are what the buyer's quote
// balance paid, as BookContractTrade takes them: those of an inverse contract are below zero.
struct PriceAdjustment {
  ContractAssets assets{};
  TradeSide buyer{};  // with what the position holds now, whatever happened since the trade
  TradeSide seller{};
  Amount lots{};  // n of the trade, above zero
  Amount old_value{};
  Amount new_value{};
};

struct SpotPriceAdjustment {
  AssetId quote{};
  CashHolder buyer{};
  CashHolder seller{};
  Amount old_value{};
  Amount new_value{};
};

// The positions after a price adjustment.
struct AdjustedPositions {
  PositionBalance buyer{};
  PositionBalance seller{};
};

struct GiveUp {
  ContractAssets assets{};
  TradeSide from{};
  TradeSide to{};
  Amount lots{};  // m, above zero: how many of the position's, long or short
};

struct GiveUpEffects {
  PositionBalance from{};
  PositionEffect to{};
};

// What an account holds, and what holds have reserved of it.
struct PortedBalance {
  AccountKey account{};
  Amount balance{};
  Pending pending{};
};

struct CompartmentPair {
  Compartment from{};
  Compartment to{};
};

// An owner's accounts on their way to another: a client's, kept apart in compartments of a member
// that failed, to another member.
struct Porting {
  OwnerId from{};
  OwnerId to{};
  // All compartments that are ported; none to port every balance to the compartment of its own.
  std::span<const CompartmentPair> compartments{};
  // All accounts of these compartments: lots without their quote balance would be another position.
  std::span<const PortedBalance> balances{};
};

// `header` as that of a transaction that compensates the applied transaction `target`; nothing when
// the target is none or the transaction itself. Class, rule and time stay as they are: whoever may
// correct a trade says by which right.
[[nodiscard]] constexpr std::optional<TransactionHeader> Compensating(TransactionHeader header,
                                                                      const TransactionId& target) {
  if (target.IsZero() || target == header.id) return std::nullopt;
  header.action = TransactionAction::kApply;
  header.target = target;
  return header;
}

// Books the bust of a transaction: as many legs as it had. They may lie in the same storage as the
// buffer's. Errors: kTooFewLegs for what the ledger cannot have applied.
inline Reason BookBust(std::span<const Leg> applied, LegBuffer& out) {
  if (applied.size() < 2) return LedgerReason::kTooFewLegs;
  detail::LegDraft draft(out);
  for (const Leg& leg : applied) draft.AddNegated(leg.account, leg.amount);
  return draft.Finish();
}

namespace detail {

// What a side gets by a price adjustment: what stays in its position, and what goes to cash.
struct Adjustment {
  Amount quote{};
  Amount cash{};
};

// Splits what comes to a side by how many of the lots it traded it has open. Lots are not told
// apart: it is as many as a trade of as many the other way would close.
[[nodiscard]] constexpr Result<Adjustment> SplitAdjustment(const PositionBalance& now,
                                                           const PositionChange& traded) {
  const Result<Amount> open = ClosedLots(now, *CheckedNegate(traded.lots));
  if (!open.ok()) return open.reason();
  // A part of the amount, and the rest of it: neither overflows.
  const Amount quote = PartOf(traded.quote, *open, traded.lots);
  return Adjustment{.quote = quote, .cash = *CheckedSub(traded.quote, quote)};
}

// The change of a position's quote balance alone.
[[nodiscard]] constexpr std::optional<PositionBalance> WithQuote(const PositionBalance& position,
                                                                 Amount change) {
  const std::optional<Amount> quote = CheckedAdd(position.quote, change);
  if (!quote) return std::nullopt;
  return PositionBalance{.lots = position.lots, .quote = *quote};
}

}  // namespace detail

// Books that a trade of a contract had another price: up to 4 legs, of which the buyer's and the
// seller's come to -(new - old) and +(new - old). The part for lots that a side still has open goes
// to its quote balance, and changes what it will realise; the rest was realised, and goes to cash.
// A side without lots has all of it in cash, so that its closed position stays at zero.
// Errors: kOutOfRange for lots not above zero and as assets and holders have it.
inline Result<AdjustedPositions> BookPriceAdjustment(const PriceAdjustment& adjustment,
                                                     LegBuffer& out) {
  const TradeParties parties{
      .assets = adjustment.assets, .buyer = adjustment.buyer, .seller = adjustment.seller};
  if (Reason reason = parties.Validate(); !reason.ok()) return reason;
  if (adjustment.lots <= Amount(0)) return BaseReason::kOutOfRange;
  const std::optional<Amount> more = CheckedSub(adjustment.new_value, adjustment.old_value);
  if (!more || !CheckedNegate(*more)) return BaseReason::kOverflow;
  const Result<detail::Adjustment> buyer = detail::SplitAdjustment(
      adjustment.buyer.before, {.lots = adjustment.lots, .quote = *CheckedNegate(*more)});
  if (!buyer.ok()) return buyer.reason();
  const Result<detail::Adjustment> seller = detail::SplitAdjustment(
      adjustment.seller.before, {.lots = *CheckedNegate(adjustment.lots), .quote = *more});
  if (!seller.ok()) return seller.reason();
  auto buyer_after = detail::WithQuote(adjustment.buyer.before, buyer->quote);
  auto seller_after = detail::WithQuote(adjustment.seller.before, seller->quote);
  if (!buyer_after || !seller_after) return BaseReason::kOverflow;
  // Of one holder on both sides one has nothing open of such a trade, and gets nothing there.
  if (detail::IsOnePosition(adjustment.buyer.holder, adjustment.seller.holder)) {
    const auto both = buyer->quote == Amount() ? seller_after : buyer_after;
    buyer_after = seller_after = both;
  }

  const AssetId quote = adjustment.assets.quote;
  detail::LegDraft draft(out);
  draft.Add(adjustment.buyer.holder.In(quote), buyer->quote);
  draft.Add(adjustment.seller.holder.In(quote), seller->quote);
  draft.Add(adjustment.buyer.holder.CashIn(quote), buyer->cash);
  draft.Add(adjustment.seller.holder.CashIn(quote), seller->cash);
  if (Reason reason = draft.Finish(); !reason.ok()) return reason;
  return AdjustedPositions{.buyer = *buyer_after, .seller = *seller_after};
}

// The same of a spot trade: 2 legs in cash, or none. Errors: kOutOfRange for a contract in the
// place of the token and a value below zero.
inline Reason BookSpotPriceAdjustment(const SpotPriceAdjustment& adjustment, LegBuffer& out) {
  const bool are_values = adjustment.old_value >= Amount(0) && adjustment.new_value >= Amount(0);
  if (IsContract(adjustment.quote) || !are_values) return BaseReason::kOutOfRange;
  // The difference of two that are not below zero.
  const Amount less = *CheckedSub(adjustment.old_value, adjustment.new_value);
  detail::LegDraft draft(out);
  draft.Move(
      {.to = adjustment.buyer.In(adjustment.quote), .from = adjustment.seller.In(adjustment.quote)},
      less);
  return draft.Finish();
}

// Books that lots of a position go to another account with their cost, of another owner or in
// another compartment: up to 6 legs. Nothing is realised of who gives them. A receiver gets them as
// if it had traded them at their cost: where that reduces a position it has, it realises, and where
// it has none it goes on where the giver was.
// Errors: kOutOfRange for lots not above zero, accounts that are the same and as assets and holders
// have it; kExceedsPosition for more lots than the position has.
inline Result<GiveUpEffects> BookGiveUp(const GiveUp& given, LegBuffer& out) {
  const TradeParties parties{.assets = given.assets, .buyer = given.to, .seller = given.from};
  if (Reason reason = parties.Validate(); !reason.ok()) return reason;
  const AssetId contract = given.assets.contract;
  if (given.lots <= Amount(0) || given.from.holder.In(contract) == given.to.holder.In(contract)) {
    return BaseReason::kOutOfRange;
  }
  const Result<Amount> cost = CostOf(given.from.before, given.lots);
  if (!cost.ok()) return cost.reason();
  const bool is_short = Sign(given.from.before.lots) < 0;
  const PositionChange moved{.lots = is_short ? *CheckedNegate(given.lots) : given.lots,
                             .quote = *cost};
  const Result<PositionEffect> receiver = EffectOf(given.to.before, moved);
  if (!receiver.ok()) return receiver.reason();

  detail::LegDraft draft(out);
  const auto give = [&](AssetId asset, Amount amount) {
    draft.AddNegated(given.from.holder.In(asset), amount);
    draft.Add(given.to.holder.In(asset), amount);
  };
  give(contract, moved.lots);
  give(given.assets.quote, moved.quote);
  detail::Realise(given.to.holder, given.assets.quote, receiver->profit, draft);
  if (Reason reason = draft.Finish(); !reason.ok()) return reason;
  // What is left is a part of what was there.
  return GiveUpEffects{.from = {.lots = *CheckedSub(given.from.before.lots, moved.lots),
                                .quote = *CheckedSub(given.from.before.quote, moved.quote)},
                       .to = *receiver};
}

namespace detail {

// Where a ported account goes, or nothing for one that is not ported.
[[nodiscard]] inline std::optional<AccountKey> DestinationOf(const Porting& porting,
                                                             const AccountKey& from) {
  if (from.owner != porting.from) return std::nullopt;
  AccountKey to = from;
  to.owner = porting.to;
  if (porting.compartments.empty()) return to;
  for (const CompartmentPair& pair : porting.compartments) {
    if (pair.from != from.compartment) continue;
    to.compartment = pair.to;
    return to;
  }
  return std::nullopt;
}

// No compartment is named twice on one side, and no account.
[[nodiscard]] inline Reason CheckDistinct(const Porting& porting) {
  for (std::size_t i = 0; i < porting.compartments.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const CompartmentPair& a = porting.compartments[i];
      const CompartmentPair& b = porting.compartments[j];
      if (a.from == b.from || a.to == b.to) return LedgerReason::kDuplicateKey;
    }
  }
  for (std::size_t i = 0; i < porting.balances.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (porting.balances[i].account == porting.balances[j].account) {
        return LedgerReason::kDuplicateKey;
      }
    }
  }
  return {};
}

}  // namespace detail

// Books that all balances go to another owner, debts too: 2 legs for each that is not zero. The
// compartments of positions are empty where they go: a position that meets another there is given
// up (BookGiveUp), which realises what it closes. What has anything reserved cannot go, as the hold
// would be posted where nothing is left to post: end its holds first.
// Errors: kOutOfRange for a balance that is not the owner's or in none of the compartments, or
// accounts that stay where they are; kDuplicateKey for an account, or a compartment on one side,
// that is named twice; kStillReserved. O(n^2) in balances and compartments.
inline Reason BookPorting(const Porting& porting, LegBuffer& out) {
  // Before anything is compared with everything.
  if (porting.balances.size() > kMaxLegs || porting.compartments.size() > kMaxLegs) {
    return BaseReason::kFull;
  }
  if (Reason reason = detail::CheckDistinct(porting); !reason.ok()) return reason;
  detail::LegDraft draft(out);
  for (const PortedBalance& ported : porting.balances) {
    const std::optional<AccountKey> to = detail::DestinationOf(porting, ported.account);
    if (!to || *to == ported.account) {
      draft.Refuse(BaseReason::kOutOfRange);
      break;
    }
    if (!(ported.pending == Pending())) draft.Refuse(LedgerReason::kStillReserved);
    draft.AddNegated(ported.account, ported.balance);
    draft.Add(*to, ported.balance);
  }
  return draft.Finish();
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_REBOOKING_H_
