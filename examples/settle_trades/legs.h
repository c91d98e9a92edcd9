// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The legs of the trades of a stream, which sum to zero in every asset: of a perpetual what
// BookContractTrade gives, of spot what BookSpotTrade gives (settle/ledger/booking.h), and then the
// buyer's fee and the seller's. There are 4 to 12 of them.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_LEGS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_LEGS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/position.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/reason.h"
#include "settle/ledger/booking.h"
#include "settle/ledger/leg_buffer.h"
#include "settle/ledger/types.h"

namespace settle::example {

inline constexpr std::size_t kMaxTradeLegs = 12;

// The legs of one trade, kept in place.
struct TradeLegs {
  std::array<Leg, kMaxTradeLegs> storage{};
  std::size_t count = 0;
  [[nodiscard]] std::span<const Leg> view() const { return std::span(storage).first(count); }
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

  [[nodiscard]] TradeSide SideOf(const Trade& trade, const Side& side) const;
  Reason BookLegs(const Trade& trade, LegBuffer& out) const;
  void BookSide(const Trade& trade, const Side& side, Direction direction);

  const TradeStream& stream_;
  std::vector<OwnerId> owners_;      // beside stream.accounts
  std::vector<Position> positions_;  // beside stream.holdings
  std::vector<Undo> undo_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_LEGS_H_
