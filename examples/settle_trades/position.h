// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A position and what a trade does to it.
//
// Entry cost lives in the position's quote balance C: minus the cost of a long, plus the proceeds
// of a short. A side that reduces the position q by c = min(|q|, n) lots realises
//
//   R = C                    when it closes all of it, so that nothing is left behind
//       floor(C * c / |q|)   else
//   r = sign(q) * c * price + R
//
// and r leaves C for cash. A flip from long to short needs no rule of its own: what remains of the
// notional is the entry cost of the new position.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_POSITION_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_POSITION_H_

#include <cstdint>
#include <optional>

#include "examples/settle_trades/stream.h"
#include "settle/base/integer.h"

namespace settle::example {

struct Position {
  Int128 units = 0;  // lots, negative when short; of spot: quanta of the token
  Int128 quote = 0;  // C, in quanta of USDC; of spot: zero
  friend bool operator==(const Position&, const Position&) = default;
};

enum class Direction : std::int8_t { kBuy = 1, kSell = -1 };

// The lots of the position that the side of `trade` closes; zero when it opens.
[[nodiscard]] inline Int128 ClosedLots(const Position& position, const Trade& trade,
                                       Direction direction) {
  const bool reduces = Sign(position.units) * static_cast<int>(direction) < 0;
  if (!reduces) return 0;
  const Int128 held = position.units < 0 ? -position.units : position.units;
  return held < trade.lots ? held : trade.lots;
}

// r above, in quanta; nothing when the side closes nothing.
[[nodiscard]] inline std::optional<Int128> RealisedProfit(const Position& position,
                                                          const Trade& trade, Direction direction) {
  const Int128 closed = ClosedLots(position, trade, direction);
  if (closed == 0) return std::nullopt;
  const Int128 held = position.units < 0 ? -position.units : position.units;
  const Int128 exit = closed * trade.price * Sign(position.units);
  if (closed == held) return exit + position.quote;
  // closed < held, so the quotient is smaller than C.
  return exit + *MulDiv(position.quote, closed, held, Rounding::kDown);
}

// The position after one side of a trade of a perpetual, of which it realised `profit`.
[[nodiscard]] inline Position AfterTrade(const Position& position, const Trade& trade,
                                         Direction direction, Int128 profit) {
  const auto sign = static_cast<int>(direction);
  return {.units = position.units + sign * static_cast<Int128>(trade.lots),
          .quote = position.quote - sign * static_cast<Int128>(trade.notional) - profit};
}

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_POSITION_H_
