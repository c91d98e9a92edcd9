// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/legs.h"

#include "settle/ledger/booking.h"

namespace settle::example {

Booking::Booking(const TradeStream& stream) : stream_(stream) {
  owners_.reserve(stream.accounts.size());
  for (const std::uint64_t account : stream.accounts) owners_.push_back(OwnerOf(account));
  positions_.reserve(stream.holdings.size());
  for (const Holding& holding : stream.holdings) {
    positions_.push_back({.units = holding.opening_units, .quote = holding.opening_quote});
  }
}

// The bounds of a stream let nothing be refused; a trade without legs would be, by the ledger.
TradeLegs Booking::LegsOf(const Trade& trade) const {
  TradeLegs legs;
  LegBuffer buffer(legs.storage);
  if (BookLegs(trade, buffer).ok()) legs.count = buffer.size();
  return legs;
}

Reason Booking::BookLegs(const Trade& trade, LegBuffer& out) const {
  const Coin& coin = stream_.coins[trade.coin];
  const OwnerId& buyer = owners_[trade.buyer.account];
  const OwnerId& seller = owners_[trade.seller.account];
  const Amount value(Int128{trade.notional});
  Reason reason;
  if (coin.is_spot) {
    reason = BookSpotTrade({.base = TokenId(coin.token),
                            .quote = TokenId(kUsdc),
                            .buyer = {buyer},
                            .seller = {seller},
                            .amount = Amount(UnitsOf(stream_, trade)),
                            .value = value},
                           out);
  } else {
    const TradeParties parties{
        .assets = {.contract = ContractId(trade.coin), .quote = TokenId(kUsdc)},
        .buyer = SideOf(trade, trade.buyer),
        .seller = SideOf(trade, trade.seller)};
    reason = BookContractTrade(
                 {.parties = parties, .lots = Amount(Int128{trade.lots}), .value = value}, out)
                 .reason();
  }
  for (const Side* side : {&trade.buyer, &trade.seller}) {
    if (!reason.ok()) return reason;
    reason = BookFee({.asset = TokenId(side->fee_token),
                      .payer = {owners_[side->account]},
                      .fees = {kVenue},
                      .amount = Amount(Int128{side->fee})},
                     out);
  }
  return reason;
}

TradeSide Booking::SideOf(const Trade& trade, const Side& side) const {
  return {.holder = {.owner = owners_[side.account], .compartment = CompartmentOf(trade.coin)},
          .before = BalanceOf(positions_[side.holding])};
}

std::optional<Int128> Booking::ProfitOf(const Trade& trade, Direction direction) const {
  if (stream_.coins[trade.coin].is_spot) return std::nullopt;
  const Side& side = direction == Direction::kBuy ? trade.buyer : trade.seller;
  return RealisedProfit(positions_[side.holding], trade, direction);
}

void Booking::Book(const Trade& trade) {
  BookSide(trade, trade.buyer, Direction::kBuy);
  BookSide(trade, trade.seller, Direction::kSell);
}

void Booking::BookSide(const Trade& trade, const Side& side, Direction direction) {
  Position& position = positions_[side.holding];
  undo_.push_back({.holding = side.holding, .position = position});
  if (stream_.coins[trade.coin].is_spot) {
    position.units +=
        static_cast<int>(direction) * UnitsOf(stream_, trade) - FeeInUnits(stream_, trade, side);
  } else {
    const PositionBalance after = EffectOfTrade(position, trade, direction).after;
    position = {.units = after.lots.value(), .quote = after.quote.value()};
  }
}

void Booking::Revert() {
  while (!undo_.empty()) {
    positions_[undo_.back().holding] = undo_.back().position;
    undo_.pop_back();
  }
}

}  // namespace settle::example
