// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What every account must have held before its first fill of a stream.
//
// Units: the start_position of its first row. Quote balance: none for a flat position; else solved
// from the first fill that closes some of it, whose realised profit the file states,
//
//   C = ceil((closed_pnl - sign(q) * c * price) * |q| / c)     at that moment,
//
// and worked back through the fills that only opened before it; for a position that never closes,
// the cost at the coin's first price. Rounding up is the inverse of the floor in RealisedProfit:
// the fill that was solved from then realises exactly what the file says.
//
// A row whose start_position is not what the account's row before it left is a continuity gap; it
// is counted, and the position follows the fills.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_OPENINGS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_OPENINGS_H_

#include "absl/status/status.h"
#include "examples/settle_trades/stream.h"

namespace settle::example {

// The largest opening quote balance, in quanta.
inline constexpr Int128 kMaxOpeningQuote = static_cast<Int128>(kMaxUnits) * 1'000'000;

// Fills in the openings of `stream.holdings` and `stream.continuity` from its trades. Errors:
// InvalidArgument "file:line: what" for an opening out of range.
[[nodiscard]] absl::Status FindOpenings(TradeStream& stream);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_OPENINGS_H_
