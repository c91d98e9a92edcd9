// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The rows of a file of fills, checked by themselves and against the other side of their trade.
//
// A trade is two rows that stand together, one of the buyer and one of the seller, equal in coin,
// price, size and time, with one taker. A trade that stands in the file a second time, letter for
// letter, is left out and counted; one that returns with other content is refused.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_FILLS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_FILLS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/settle_trades/csv.h"
#include "examples/settle_trades/decimal.h"

namespace settle::example {

// What each of them means stands in settle_trades/README.md.
inline constexpr std::array<std::string_view, 18> kFillColumns = {
    "block", "time_ms",   "coin",  "trade_id",    "order_id",       "account",
    "side",  "px",        "sz",    "dir",         "start_position", "closed_pnl",
    "fee",   "fee_token", "taker", "liq_mark_px", "liq_method",     "liq_account"};

struct Fill {
  std::size_t line = 0;
  std::uint64_t time_ms = 0;
  std::uint64_t trade_id = 0;
  std::uint64_t account = 0;
  std::string coin;
  std::string fee_token;
  bool is_buyer = false;
  bool is_taker = false;
  bool is_spot = false;
  Decimal px;
  Decimal sz;
  Decimal start_position;
  Decimal closed_pnl;
  Decimal fee;
};

struct FillPair {
  Fill buyer;
  Fill seller;
};

struct FillFile {
  std::size_t fills_read = 0;
  std::size_t repeated_trades = 0;
  std::vector<FillPair> trades;  // in the order of the file
};

// Errors: InvalidArgument "file:line: what".
[[nodiscard]] absl::StatusOr<FillFile> ReadFills(const std::string& path);
[[nodiscard]] absl::StatusOr<FillFile> ReadFills(const CsvTable& table);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_FILLS_H_
