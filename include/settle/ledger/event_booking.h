// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How it is booked what happens to accounts without a trade.
//
//   opening           (account) +b                    (outside's account of its kind) -b
//   deposit           (holder, cash, token) +d        (outside, cash, token) -d
//   withdrawal        (holder, cash, token) -d        (outside, cash, token) +d
//   funding           (holder, cash, quote) +a        (funding, cash, quote) -a
//   daily settlement  (holder, P, quote) -r           (holder, cash, quote) +r
//   option exercise   (holder, P, contract) -n        (writer, P, contract) +n
//                     (holder, cash, quote) +payoff   (writer, cash, quote) -payoff
//                     then, of an option on a future, the legs of its trade
//
// Openings belong to a genesis; funding, daily settlement and exercise are compulsory: nobody asks
// whether their owner wants them (CompulsoryRule says by which rule).
//
//   const Result<Amount> paid = BookFunding({.quote = usd,
//                                            .holder = {alice},
//                                            .funding = {funding_of_bitcoin},
//                                            .lots = Amount(3),
//                                            .since = FundingPerLot(1'500'000),
//                                            .now = FundingPerLot(2'000'000)},
//                                           legs);  // 0.5 quanta a lot: 3 long pay 2
//
// As in settle/ledger/booking.h legs come in this order, those of nothing are left out, a refusal
// leaves the buffer as it was, and each function knows the errors kOverflow and kFull.

#ifndef SETTLE_LEDGER_EVENT_BOOKING_H_
#define SETTLE_LEDGER_EVENT_BOOKING_H_

#include <cstddef>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
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

// What an account begins with, below zero too: got from the outside, which is everybody who is not
// in the ledger and has no limits.
struct Opening {
  AccountKey account{};
  OwnerId outside{};
  Amount balance{};
};

// The same for both accounts of a position.
struct PositionOpening {
  ContractAssets assets{};
  PositionHolder holder{};
  OwnerId outside{};
  PositionBalance balance{};  // without lots there is no quote balance either
};

// Money that comes from the outside, or leaves for it.
struct CashMovement {
  AssetId asset{};
  CashHolder holder{};
  CashHolder outside{};
  Amount amount{};  // above zero
};

struct FundingPerLotTag {};
// What one lot held long since the contract began has paid, in millionths of a quote quantum: the
// index F of its funding.
using FundingPerLot = Fixed<FundingPerLotTag, Int128, 1'000'000>;

struct FundingPayment {
  AssetId quote{};
  CashHolder holder{};
  CashHolder funding{};   // of this contract: between those who pay and those who get
  Amount lots{};          // q, since the last payment
  FundingPerLot since{};  // F at the last payment, or when the position was opened
  FundingPerLot now{};
};

struct DailySettlement {
  ContractAssets assets{};
  TradeSide position{};
  Amount price{};  // S: quote quanta for one lot; below zero where prices can be
};

struct InverseDailySettlement {
  ContractAssets assets{};
  TradeSide position{};
  InversePrice price{};
};

struct OptionSide {
  PositionHolder holder{};
  Amount lots{};  // before: above zero of who exercises, below zero of the writer
};

struct OptionExercise {
  ContractAssets option{};
  OptionSide holder{};
  OptionSide writer{};
  std::optional<PositionHolder> house{};
  Amount lots{};    // n: exercised, or expired with a payoff of zero
  Amount payoff{};  // of all of them, not below zero
};

// An option on a future: a call makes its holder the buyer of `future` at the strike, a put the
// seller.
struct FutureExercise {
  OptionExercise exercise{};
  ContractTrade future{};
};

// Books the balance of an account out of the outside's account of the same compartment and asset:
// 2 legs, or none for zero.
inline Reason BookOpening(const Opening& opening, LegBuffer& out) {
  const AccountKey& to = opening.account;
  detail::LegDraft draft(out);
  draft.Move({.to = to, .from = {opening.outside, to.compartment, to.asset}}, opening.balance);
  return draft.Finish();
}

// The same for the lots of a position, then its quote balance: up to 4 legs.
// Errors: kOutOfRange for a quote balance without lots and as assets and holder have it.
inline Reason BookPositionOpening(const PositionOpening& opening, LegBuffer& out) {
  if (Reason reason = opening.assets.Validate(); !reason.ok()) return reason;
  if (Reason reason = opening.holder.Validate(); !reason.ok()) return reason;
  const PositionBalance& balance = opening.balance;
  if (balance.lots == Amount() && balance.quote != Amount()) return BaseReason::kOutOfRange;
  const PositionHolder outside{.owner = opening.outside, .compartment = opening.holder.compartment};
  detail::LegDraft draft(out);
  const auto take = [&](AssetId asset, Amount amount) {
    draft.Move({.to = opening.holder.In(asset), .from = outside.In(asset)}, amount);
  };
  take(opening.assets.contract, balance.lots);
  take(opening.assets.quote, balance.quote);
  return draft.Finish();
}

namespace detail {

struct CashMove {
  const CashMovement& movement;
  Amount to_holder{};
};

inline Reason MoveCash(const CashMove& move, LegBuffer& out) {
  const CashMovement& movement = move.movement;
  if (IsContract(movement.asset) || movement.amount <= Amount(0)) return BaseReason::kOutOfRange;
  LegDraft draft(out);
  draft.Move(
      {.to = movement.holder.In(movement.asset), .from = movement.outside.In(movement.asset)},
      move.to_holder);
  return draft.Finish();
}

}  // namespace detail

// Books money that comes in, and that goes out: 2 legs each, the holder's first.
// Errors: kOutOfRange for an amount not above zero or a contract.
inline Reason BookDeposit(const CashMovement& deposit, LegBuffer& out) {
  return detail::MoveCash({.movement = deposit, .to_holder = deposit.amount}, out);
}
inline Reason BookWithdrawal(const CashMovement& withdrawal, LegBuffer& out) {
  const std::optional<Amount> to_holder = CheckedNegate(withdrawal.amount);
  if (!to_holder) return BaseReason::kOutOfRange;  // the least amount is below zero
  return detail::MoveCash({.movement = withdrawal, .to_holder = *to_holder}, out);
}

// Books a payment of funding and answers a, what the holder gets: 2 legs, or none for zero.
//
//   a = floor(-(F_now - F_since) * q)
//
// with one division for the whole position, exact in 256 bits. Rounded against the holder, so that
// the funding account keeps under a quantum of each payment and never pays more than it got.
// Errors: kOutOfRange for a contract in the place of the token.
inline Result<Amount> BookFunding(const FundingPayment& payment, LegBuffer& out) {
  if (IsContract(payment.quote)) return BaseReason::kOutOfRange;
  const std::optional<FundingPerLot> accrued = CheckedSub(payment.now, payment.since);
  if (!accrued) return BaseReason::kOverflow;
  const std::optional<Int128> owed = accrued->Of(payment.lots.value(), Rounding::kUp);
  if (!owed) return BaseReason::kOverflow;
  const std::optional<Amount> paid = CheckedNegate(Amount(*owed));
  if (!paid) return BaseReason::kOverflow;
  detail::LegDraft draft(out);
  draft.Move({.to = payment.holder.In(payment.quote), .from = payment.funding.In(payment.quote)},
             *paid);
  if (Reason reason = draft.Finish(); !reason.ok()) return reason;
  return *paid;
}

namespace detail {

// A position that is worth `worth`, of which nothing is closed.
struct Worth {
  const ContractAssets& assets;
  const TradeSide& position;
  Amount worth{};  // what the lots would bring
};

inline Result<PositionEffect> SettleDaily(const Worth& at, LegBuffer& out) {
  if (Reason reason = at.position.holder.Validate(); !reason.ok()) return reason;
  const PositionBalance& before = at.position.before;
  const std::optional<Amount> profit = CheckedAdd(before.quote, at.worth);
  const std::optional<Amount> quote = CheckedNegate(at.worth);
  if (!profit || !quote) return BaseReason::kOverflow;
  LegDraft draft(out);
  Realise(at.position.holder, at.assets.quote, *profit, draft);
  if (Reason reason = draft.Finish(); !reason.ok()) return reason;
  return PositionEffect{.profit = *profit, .after = {.lots = before.lots, .quote = *quote}};
}

}  // namespace detail

// Books the daily settlement (variation) of a position and answers what became of it: r = C + q * S
// goes to cash, and C becomes -q * S, as if all were closed and opened again at S. 2 legs, or none
// where nothing was gained. Of a position without lots it moves what is left to cash.
// Errors: kOutOfRange as assets and holder have it.
inline Result<PositionEffect> BookDailySettlement(const DailySettlement& settlement,
                                                  LegBuffer& out) {
  if (Reason reason = settlement.assets.Validate(); !reason.ok()) return reason;
  const std::optional<Amount> worth =
      CheckedMul(settlement.position.before.lots, settlement.price.value());
  if (!worth) return BaseReason::kOverflow;
  return detail::SettleDaily(
      {.assets = settlement.assets, .position = settlement.position, .worth = *worth}, out);
}

// The same for an inverse contract: r = C - InverseValue(q), and C becomes that value.
// Errors: those of InverseValue too.
inline Result<PositionEffect> BookInverseDailySettlement(const InverseDailySettlement& settlement,
                                                         LegBuffer& out) {
  if (Reason reason = settlement.assets.Validate(); !reason.ok()) return reason;
  const Result<Amount> value = InverseValue(settlement.position.before.lots, settlement.price);
  if (!value.ok()) return value.reason();
  const std::optional<Amount> worth = CheckedNegate(*value);
  if (!worth) return BaseReason::kOverflow;
  return detail::SettleDaily(
      {.assets = settlement.assets, .position = settlement.position, .worth = *worth}, out);
}

// Books the exercise of an option that is settled in cash, or its expiry without payoff: 2 to 4
// legs, and as many more with a house.
// Errors: kOutOfRange for lots not above zero, a payoff below zero and as assets and holders have
// it; kExceedsPosition for more lots than the holder has or the writer wrote.
inline Reason BookExercise(const OptionExercise& exercise, LegBuffer& out) {
  const PositionHolder& holder = exercise.holder.holder;
  const PositionHolder& writer = exercise.writer.holder;
  const TradeParties parties{.assets = exercise.option,
                             .buyer = {.holder = holder},
                             .seller = {.holder = writer},
                             .house = exercise.house};
  if (Reason reason = parties.Validate(); !reason.ok()) return reason;
  const bool pays = exercise.payoff >= Amount(0);
  if (exercise.lots <= Amount(0) || !pays) return BaseReason::kOutOfRange;
  const Amount given = *CheckedNegate(exercise.lots);
  if (exercise.holder.lots < exercise.lots || exercise.writer.lots > given) {
    return LedgerReason::kExceedsPosition;
  }
  detail::LegDraft draft(out);
  detail::MoveToBuyer(parties, exercise.option.contract, given, draft);
  const AssetId quote = exercise.option.quote;
  detail::Route payoff{.to = holder.CashIn(quote), .from = writer.CashIn(quote)};
  if (exercise.house) payoff.through = exercise.house->CashIn(quote);
  draft.Move(payoff, exercise.payoff);
  return draft.Finish();
}

// Books the exercise of an option on a future: the option's lots go, and what BookContractTrade
// gives for the future comes. Errors: those of both; kOutOfRange where the future's two owners are
// not the option's.
inline Result<TradeEffects> BookFutureExercise(const FutureExercise& delivery, LegBuffer& out) {
  const OwnerId& holder = delivery.exercise.holder.holder.owner;
  const OwnerId& writer = delivery.exercise.writer.holder.owner;
  const OwnerId& buyer = delivery.future.parties.buyer.holder.owner;
  const OwnerId& seller = delivery.future.parties.seller.holder.owner;
  const bool is_call = buyer == holder && seller == writer;
  const bool is_put = buyer == writer && seller == holder;
  if (!is_call && !is_put) return BaseReason::kOutOfRange;
  const std::size_t begin = out.size();
  if (Reason reason = BookExercise(delivery.exercise, out); !reason.ok()) return reason;
  const Result<TradeEffects> trade = BookContractTrade(delivery.future, out);
  if (!trade.ok()) out.Truncate(begin);
  return trade;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_EVENT_BOOKING_H_
