// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The accounts that are nearest to their limit, after the last block and at its prices.
//
// Nearest is first: by equity against maintenance, exactly (CompareRisk), and of two that are
// equally near the one with the smaller number. Below 100 % an account may be liquidated.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_MARGIN_REPORT_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_MARGIN_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/integer.h"
#include "settle/margin/risk.h"

namespace settle::example {

struct AccountRisk {
  std::uint64_t account = 0;  // the venue's number
  Risk risk{};
};

// The first `count` of the stream's accounts, or all if they are fewer. Errors: Internal for an
// account that cannot be judged, which is a mistake of this program.
[[nodiscard]] absl::StatusOr<std::vector<AccountRisk>> NearestToLimit(const Runner& runner,
                                                                      const TradeStream& stream,
                                                                      std::size_t count);

// Equity against maintenance in hundredths of a percent, rounded down; nothing where no maintenance
// is demanded.
[[nodiscard]] std::optional<Int128> RatioOf(const Risk& risk);

// For people, a line for each account, in USDC rounded against it to cents; of how many accounts
// they are the nearest. Nothing for none.
[[nodiscard]] std::string MarginReportText(std::span<const AccountRisk> nearest,
                                           std::size_t account_count);

// "1234.50", from hundredths.
[[nodiscard]] std::string Hundredths(Int128 number);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_MARGIN_REPORT_H_
