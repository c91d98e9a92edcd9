// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How market events become transactions: included by settle/engine/market_event.h alone.

#ifndef SETTLE_ENGINE_DETAIL_MARKET_EVENT_IMPL_H_
#define SETTLE_ENGINE_DETAIL_MARKET_EVENT_IMPL_H_

#include "settle/engine/market_event.h"

SETTLE_NAMESPACE_BEGIN

inline Reason MarketEvent::Validate() const {
  if (Reason reason = assets.Validate(); !reason.ok()) return reason;
  const bool has_funding = std::holds_alternative<FundingPerLot>(terms);
  const OptionPayoff* const payoff = std::get_if<OptionPayoff>(&terms);
  if (payoff != nullptr && payoff->per_lot < Amount(0)) return BaseReason::kOutOfRange;
  const InversePrice* const inverse = std::get_if<InversePrice>(&terms);
  if (inverse != nullptr && (inverse->multiplier <= 0 || inverse->price <= 0)) {
    return BaseReason::kOutOfRange;
  }
  if (rule != CompulsoryRule::kExpiry && book != Compartment()) return BaseReason::kNotCanonical;
  if (rule == CompulsoryRule::kFunding) {
    return has_funding ? Reason() : Reason(BaseReason::kOutOfRange);
  }
  if (has_funding) return BaseReason::kOutOfRange;
  if (rule == CompulsoryRule::kExpiry) return clearing().Validate();
  if (rule != CompulsoryRule::kVariation || payoff != nullptr) return BaseReason::kOutOfRange;
  return house.IsZero() ? Reason() : Reason(BaseReason::kNotCanonical);
}

template <typename LedgerType>
ContractHolders::ContractHolders(const LedgerType& ledger, std::span<const MarketEvent> events) {
  for (const MarketEvent& event : events) contracts_.push_back(event.assets.contract);
  std::sort(contracts_.begin(), contracts_.end());
  contracts_.erase(std::unique(contracts_.begin(), contracts_.end()), contracts_.end());
  holders_.resize(contracts_.size());
  ledger.ForEachAccount([this](const AccountState& account) {
    const AssetId asset = account.key.asset;
    if (!IsContract(asset) || account.balance == Amount()) return;
    const std::size_t at = PlaceOf(asset);
    if (at < contracts_.size() && contracts_[at] == asset) holders_[at].push_back(account.key);
  });
}

inline std::span<const AccountKey> ContractHolders::Of(AssetId contract) const {
  const std::size_t at = PlaceOf(contract);
  if (at == contracts_.size() || contracts_[at] != contract) return {};
  return holders_[at];
}

inline EventRefusal CheckEvents(std::span<const MarketEvent> events) {
  if (events.size() > kMaxBlockEvents) return {BaseReason::kTooMany, kMaxBlockEvents};
  std::vector<std::tuple<AssetId, CompulsoryRule, std::size_t>> seen;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (Reason reason = events[i].Validate(); !reason.ok()) return {reason, i};
    seen.emplace_back(events[i].assets.contract, events[i].rule, i);
  }
  std::sort(seen.begin(), seen.end());
  EventRefusal refusal{.event = events.size()};
  for (std::size_t i = 1; i < seen.size(); ++i) {
    const auto& [contract, rule, at] = seen[i];
    if (contract != std::get<0>(seen[i - 1]) || rule != std::get<1>(seen[i - 1])) continue;
    if (at < refusal.event) refusal = {BaseReason::kNotCanonical, at};
  }
  return refusal;
}

namespace detail {

// What the id of an event's transaction is hashed from.
struct EventTransactionName {
  Digest parent{};
  Height height{};
  CompulsoryRule rule = CompulsoryRule::kNone;
  AssetId contract{};
  std::uint32_t number = 0;
  using Fields = Members<&EventTransactionName::parent, &EventTransactionName::height,
                         &EventTransactionName::rule, &EventTransactionName::contract,
                         &EventTransactionName::number>;
};

// A position, and what it holds now.
struct HeldPosition {
  PositionHolder holder{};
  PositionBalance before{};
  // Among cash there is no quote balance of its own.
  [[nodiscard]] bool is_among_cash() const { return holder.compartment == holder.cash; }
};

template <typename LedgerType>
[[nodiscard]] HeldPosition PositionIn(const LedgerType& ledger, const MarketEvent& event,
                                      const AccountKey& key) {
  HeldPosition held{.holder = {key.owner, key.compartment, event.cash},
                    .before = {.lots = ledger.BalanceOf(key), .quote = {}}};
  if (!held.is_among_cash()) {
    held.before.quote = ledger.BalanceOf(held.holder.In(event.assets.quote));
  }
  return held;
}

// What so many lots would bring. Errors: kOverflow.
[[nodiscard]] inline Result<Amount> WorthOf(const MarketTerms& terms, Amount lots) {
  std::optional<Amount> worth;
  if (const InversePrice* const inverse = std::get_if<InversePrice>(&terms); inverse != nullptr) {
    const Result<Amount> value = InverseValue(lots, *inverse);
    if (!value.ok()) return value.reason();
    worth = CheckedNegate(*value);
  } else if (const LinearPrice* const price = std::get_if<LinearPrice>(&terms); price != nullptr) {
    worth = CheckedMul(lots, price->per_lot.value());
  } else if (const OptionPayoff* const payoff = std::get_if<OptionPayoff>(&terms);
             payoff != nullptr) {
    worth = CheckedMul(lots, payoff->per_lot.value());
  }
  if (!worth) return BaseReason::kOverflow;
  return *worth;
}

// What each of these books is answered by what the house, or the funding account, gets of it.
[[nodiscard]] inline Result<Amount> BookFundingOf(const MarketEvent& event,
                                                  const HeldPosition& held, LegBuffer& out) {
  const std::size_t begin = out.size();
  const CashHolder holder{held.holder.owner, event.cash};
  const Result<Amount> paid = BookFunding({.quote = event.assets.quote,
                                           .holder = holder,
                                           .funding = event.funding(),
                                           .lots = held.before.lots,
                                           .since = FundingPerLot(),
                                           .now = *std::get_if<FundingPerLot>(&event.terms)},
                                          out);
  if (!paid.ok()) return paid.reason();
  if (holder == event.funding()) out.Truncate(begin);  // it pays nobody
  return *CheckedNegate(*paid);                        // the opposite was an amount before
}

[[nodiscard]] inline Result<Amount> BookVariationOf(const MarketEvent& event,
                                                    const HeldPosition& held, LegBuffer& out) {
  if (held.is_among_cash()) return Amount();
  const Result<Amount> worth = WorthOf(event.terms, held.before.lots);
  if (!worth.ok()) return worth.reason();
  const Result<PositionEffect> effect =
      SettleDaily({.assets = event.assets,
                   .position = {.holder = held.holder, .before = held.before},
                   .worth = *worth},
                  out);
  if (!effect.ok()) return effect.reason();
  return Amount();
}

[[nodiscard]] inline Result<Amount> BookExpiryOf(const MarketEvent& event, const HeldPosition& held,
                                                 LegBuffer& out) {
  const PositionHolder house = event.clearing();
  const auto& [contract, quote] = event.assets;
  const Result<Amount> worth = WorthOf(event.terms, held.before.lots);
  if (!worth.ok()) return worth.reason();
  const std::optional<Amount> profit = CheckedAdd(held.before.quote, *worth);
  const std::optional<Amount> to_house = CheckedNegate(*worth);
  if (!profit || !to_house) return BaseReason::kOverflow;
  LegDraft draft(out);
  draft.Move({.to = house.In(contract), .from = held.holder.In(contract)}, held.before.lots);
  draft.Move({.to = held.holder.In(quote), .from = house.In(quote)}, *worth);
  if (!held.is_among_cash()) Realise(held.holder, quote, *profit, draft);
  if (Reason reason = draft.Finish(); !reason.ok()) return reason;
  return *to_house;
}

[[nodiscard]] inline Result<Amount> BookPosition(const MarketEvent& event, const HeldPosition& held,
                                                 LegBuffer& out) {
  if (event.rule == CompulsoryRule::kFunding) return BookFundingOf(event, held, out);
  if (event.rule == CompulsoryRule::kVariation) return BookVariationOf(event, held, out);
  return BookExpiryOf(event, held, out);
}

// Fills transactions with legs: those of one position stand in one transaction.
template <Hasher H>
class EventDraft {
 public:
  EventDraft(const MarketEvent& event, const EventPlace& place, Timestamp valid_until,
             const H& hasher, std::vector<Transaction>& out)
      : event_(event), place_(place), valid_until_(valid_until), hasher_(hasher), out_(out) {}

  // `book(legs)` answers a Result.
  template <typename Book>
  auto Add(Book&& book) {
    auto booked = book(legs_);
    if (!booked.ok() && booked.reason().Is(BaseReason::kFull)) {
      Close();
      booked = book(legs_);
    }
    return booked;
  }

  // Ends the transaction that is being filled.
  void Close() {
    if (legs_.size() == 0) return;
    Transaction& transaction = out_.emplace_back();
    transaction.header = {.id = EventTransactionId(hasher_, place_, event_, number_++),
                          .transaction_class = TransactionClass::kCompulsory,
                          .rule = event_.rule,
                          .valid_until = valid_until_};
    const std::span<const Leg> legs = legs_.view();
    transaction.legs = *Bounded<Leg, kMaxLegs>::From({legs.begin(), legs.end()});
    legs_.Clear();
  }

 private:
  const MarketEvent& event_;
  const EventPlace& place_;
  Timestamp valid_until_;
  const H& hasher_;
  std::vector<Transaction>& out_;
  std::vector<Leg> storage_ = std::vector<Leg>(kMaxLegs);
  LegBuffer legs_{storage_};
  std::uint32_t number_ = 0;
};

// What the house has beside the lots that it closed goes to its cash; it is answered by what is
// rounding of it, and no value of lots that it had itself.
template <typename LedgerType, Hasher H>
[[nodiscard]] Result<EventTally> BookHouse(const LedgerType& ledger, const MarketEvent& event,
                                           EventTally tally, EventDraft<H>& draft) {
  const PositionHolder house = event.clearing();
  const Amount lots = ledger.BalanceOf(house.In(event.assets.contract));
  const Result<Amount> worth = WorthOf(event.terms, lots);
  if (!worth.ok()) return worth.reason();
  const std::optional<Amount> quote =
      CheckedAdd(ledger.BalanceOf(house.In(event.assets.quote)), tally.residue);
  const std::optional<Amount> residue = CheckedSub(tally.residue, *worth);
  if (!quote || !residue) return BaseReason::kOverflow;
  const Result<Amount> realised = draft.Add([&](LegBuffer& legs) -> Result<Amount> {
    LegDraft pair(legs);
    Realise(house, event.assets.quote, *quote, pair);
    if (Reason reason = pair.Finish(); !reason.ok()) return reason;
    return *quote;
  });
  if (!realised.ok()) return realised.reason();
  return EventTally{.positions = tally.positions + (lots == Amount() ? 0u : 1u),
                    .residue = *residue};
}

template <typename LedgerType, Hasher H>
[[nodiscard]] Result<EventTally> BookPositions(const LedgerType& ledger, const MarketEvent& event,
                                               std::span<const AccountKey> holders,
                                               EventDraft<H>& draft) {
  EventTally tally;
  const bool closes = event.rule == CompulsoryRule::kExpiry;
  for (const AccountKey& key : holders) {
    if (closes && key == event.clearing().In(event.assets.contract)) continue;
    const HeldPosition held = PositionIn(ledger, event, key);
    if (held.before.lots == Amount()) continue;  // an earlier event of the block closed it
    const Result<Amount> to_house =
        draft.Add([&](LegBuffer& legs) { return BookPosition(event, held, legs); });
    if (!to_house.ok()) return to_house.reason();
    ++tally.positions;
    if (!AddTo(tally.residue, *to_house)) return BaseReason::kOverflow;
  }
  if (!closes) return tally;
  return BookHouse(ledger, event, tally, draft);
}

}  // namespace detail

template <Hasher H>
TransactionId EventTransactionId(const H& hasher, const EventPlace& place, const MarketEvent& event,
                                 std::uint32_t number) {
  const detail::EventTransactionName name{.parent = place.parent,
                                          .height = place.height,
                                          .rule = event.rule,
                                          .contract = event.assets.contract,
                                          .number = number};
  const Digest digest =
      hasher.Hash(AsBytes("settle/event"), ByteView(EncodeFixed(name)), ByteView());
  TransactionId id;
  std::copy_n(digest.data(), id.size(), id.data());
  return id;
}

template <typename LedgerType, Hasher H>
Result<EventTally> BookMarketEvent(const LedgerType& ledger, const MarketEvent& event,
                                   std::span<const AccountKey> holders, const EventPlace& place,
                                   const H& hasher, std::vector<Transaction>& out) {
  const std::size_t begin = out.size();
  // Nobody sends them again: the shortest life keeps the table of ids short.
  const std::optional<Timestamp> valid_until = CheckedAdd(place.now, Duration(1));
  if (!valid_until) return BaseReason::kOverflow;
  detail::EventDraft<H> draft(event, place, *valid_until, hasher, out);
  const Result<EventTally> tally = detail::BookPositions(ledger, event, holders, draft);
  Reason reason = tally.ok() ? CheckTally(event, *tally) : tally.reason();
  if (!reason.ok()) {
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end());
    return reason;
  }
  draft.Close();
  return tally;
}

inline Reason CheckTally(const MarketEvent& event, const EventTally& tally) {
  Int128 least = 0;
  Int128 most = 0;
  if (event.rule == CompulsoryRule::kFunding) {
    most = tally.positions == 0 ? Int128{0} : Int128{tally.positions} - 1;
  } else if (std::holds_alternative<InversePrice>(event.terms)) {
    most = Int128{tally.positions};
    least = -most;
  }
  const bool holds = tally.residue >= Amount(least) && tally.residue <= Amount(most);
  return holds ? Reason() : Reason(LedgerReason::kUnbalanced);
}

template <typename LedgerType>
Reason CheckAfter(const LedgerType& ledger, const MarketEvent& event) {
  if (event.rule != CompulsoryRule::kExpiry) return {};
  const bool is_over = ledger.OpenInterestOf(event.assets.contract) == Amount() &&
                       ledger.BalanceOf(event.clearing().In(event.assets.quote)) == Amount();
  return is_over ? Reason() : Reason(LedgerReason::kUnbalanced);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_DETAIL_MARKET_EVENT_IMPL_H_
