// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What each account deposits before the first trade, in quanta of USDC.
//
//   ample   10 % of (opening notional + traded notional of perpetuals), rounded up
//           + opening loss + the cost of its spot purchases: every trade settles
//   tight   10,000 USDC + 10 % of opening notional, rounded up + opening loss: some do not
//
// Opening notional is |units| at the coin's first price; the opening loss is what the account's
// opening positions together are below zero at those prices.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_COLLATERAL_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_COLLATERAL_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "examples/settle_trades/stream.h"
#include "settle/base/integer.h"

namespace settle::example {

enum class Collateral : std::uint8_t { kAmple = 0, kTight = 1 };

[[nodiscard]] std::string_view NameOf(Collateral rule);
// One sentence, for the summary.
[[nodiscard]] std::string_view DescriptionOf(Collateral rule);
[[nodiscard]] std::optional<Collateral> ParseCollateral(std::string_view name);

// One deposit for each of the stream's accounts.
[[nodiscard]] std::vector<Int128> Deposits(const TradeStream& stream, Collateral rule);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_COLLATERAL_H_
