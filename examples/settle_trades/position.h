// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A position and what a trade does to it: settle/ledger/position.h in the units of a stream, whose
// bounds keep every amount within 128 bits.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_POSITION_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_POSITION_H_

#include <cstdint>
#include <optional>

#include "examples/settle_trades/stream.h"
#include "settle/base/integer.h"
#include "settle/ledger/position.h"
#include "settle/ledger/types.h"

namespace settle::example {

struct Position {
  Int128 units = 0;  // lots, negative when short; of spot: quanta of the token
  Int128 quote = 0;  // C, in quanta of USDC; of spot: zero
  friend bool operator==(const Position&, const Position&) = default;
};

enum class Direction : std::int8_t { kBuy = 1, kSell = -1 };

[[nodiscard]] inline PositionBalance BalanceOf(const Position& position) {
  return {.lots = Amount(position.units), .quote = Amount(position.quote)};
}

// What a trade of a perpetual does to a position.
[[nodiscard]] inline PositionEffect EffectOfTrade(const Position& position, const Trade& trade,
                                                  Direction direction) {
  const Int128 sign = static_cast<int>(direction);
  return *EffectOf(BalanceOf(position),
                   {.lots = Amount(sign * trade.lots), .quote = Amount(-sign * trade.notional)});
}

// What the side of `trade` realises, in quanta; nothing when it closes nothing.
[[nodiscard]] inline std::optional<Int128> RealisedProfit(const Position& position,
                                                          const Trade& trade, Direction direction) {
  const PositionEffect effect = EffectOfTrade(position, trade, direction);
  if (effect.closed == Amount()) return std::nullopt;
  return effect.profit.value();
}

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_POSITION_H_
