// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How a trade is booked: its legs, which sum to zero in every asset.
//
//   perpetual   (buyer, coin, lots) +n           (seller, coin, lots) -n
//               (buyer, coin, USDC) -V           (seller, coin, USDC) +V
//   spot        (buyer, cash, base) +s           (seller, cash, base) -s
//               (buyer, cash, USDC) -V           (seller, cash, USDC) +V
//   realised    each side of a perpetual that reduces its position, buyer first:
//               (owner, coin, USDC) -r           (owner, cash, USDC) +r
//   fee         each side, buyer first; a rebate is below zero:
//               (payer, cash, token) -f          (venue, cash, token) +f
//
// A leg of nothing is left out. There are 4 to 12 of them.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_LEGS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_LEGS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/position.h"
#include "examples/settle_trades/stream.h"
#include "settle/ledger/types.h"

namespace settle::example {

inline constexpr std::size_t kMaxTradeLegs = 12;

// The legs of one trade, kept in place.
class TradeLegs {
 public:
  void Add(const AccountKey& account, Int128 amount) {
    legs_[count_++] = {.account = account, .amount = Amount(amount)};
  }
  [[nodiscard]] std::span<const Leg> view() const { return std::span(legs_).first(count_); }

 private:
  std::array<Leg, kMaxTradeLegs> legs_;
  std::size_t count_ = 0;
};

// Books trades of one stream on a book of positions, one after the other. It holds what each
// account has of each coin, and is all that legs depend on: a trade that is not booked leaves no
// trace, and every trade since a mark can be taken back.
class Booking {
 public:
  // Opens with the stream's openings; the stream outlives the booking.
  explicit Booking(const TradeStream& stream);

  // The legs of the trade as the positions stand.
  [[nodiscard]] TradeLegs LegsOf(const Trade& trade) const;
  // What the side realises as the positions stand; nothing when it does not reduce one.
  [[nodiscard]] std::optional<Int128> ProfitOf(const Trade& trade, Direction direction) const;
  // Moves the positions of both sides.
  void Book(const Trade& trade);

  [[nodiscard]] const Position& operator[](std::uint32_t holding) const {
    return positions_[holding];
  }

  // Forgets how to take back what was booked until now.
  void Mark() { undo_.clear(); }
  // Takes back what was booked since the last mark.
  void Revert();

 private:
  struct Undo {
    std::uint32_t holding;
    Position position;
  };

  void BookSide(const Trade& trade, const Side& side, Direction direction);

  const TradeStream& stream_;
  std::vector<OwnerId> owners_;      // beside stream.accounts
  std::vector<Position> positions_;  // beside stream.holdings
  std::vector<Undo> undo_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_LEGS_H_
