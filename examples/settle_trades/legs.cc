// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/legs.h"

#include <optional>

namespace settle::example {

Booking::Booking(const TradeStream& stream) : stream_(stream) {
  owners_.reserve(stream.accounts.size());
  for (const std::uint64_t account : stream.accounts) owners_.push_back(OwnerOf(account));
  positions_.reserve(stream.holdings.size());
  for (const Holding& holding : stream.holdings) {
    positions_.push_back({.units = holding.opening_units, .quote = holding.opening_quote});
  }
}

TradeLegs Booking::LegsOf(const Trade& trade) const {
  TradeLegs legs;
  const Coin& coin = stream_.coins[trade.coin];
  const OwnerId& buyer = owners_[trade.buyer.account];
  const OwnerId& seller = owners_[trade.seller.account];
  const Int128 notional = trade.notional;
  if (coin.is_spot) {
    const Int128 units = UnitsOf(stream_, trade);
    legs.Add(CashAccount(buyer, coin.token), units);
    legs.Add(CashAccount(seller, coin.token), -units);
    legs.Add(CashAccount(buyer, kUsdc), -notional);
    legs.Add(CashAccount(seller, kUsdc), notional);
  } else {
    legs.Add(LotsAccount(buyer, trade.coin), trade.lots);
    legs.Add(LotsAccount(seller, trade.coin), -static_cast<Int128>(trade.lots));
    legs.Add(QuoteAccount(buyer, trade.coin), -notional);
    legs.Add(QuoteAccount(seller, trade.coin), notional);
  }
  const auto realised = [&](const OwnerId& owner, Direction direction) {
    const Int128 profit = ProfitOf(trade, direction).value_or(0);
    if (profit == 0) return;
    legs.Add(QuoteAccount(owner, trade.coin), -profit);
    legs.Add(CashAccount(owner, kUsdc), profit);
  };
  realised(buyer, Direction::kBuy);
  realised(seller, Direction::kSell);
  const auto fee = [&](const OwnerId& payer, const Side& side) {
    if (side.fee == 0) return;
    legs.Add(CashAccount(payer, side.fee_token), -static_cast<Int128>(side.fee));
    legs.Add(CashAccount(kVenue, side.fee_token), side.fee);
  };
  fee(buyer, trade.buyer);
  fee(seller, trade.seller);
  return legs;
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
    const Int128 profit = RealisedProfit(position, trade, direction).value_or(0);
    position = AfterTrade(position, trade, direction, profit);
  }
}

void Booking::Revert() {
  while (!undo_.empty()) {
    positions_[undo_.back().holding] = undo_.back().position;
    undo_.pop_back();
  }
}

}  // namespace settle::example
