// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a run came to: for people and for programs.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_SUMMARY_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_SUMMARY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "examples/settle_trades/audit.h"
#include "examples/settle_trades/balances.h"
#include "examples/settle_trades/collateral.h"
#include "examples/settle_trades/margin_report.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/statistics.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/reason.h"

namespace settle::example {

struct Refusal {
  std::size_t trade = 0;  // index in the stream
  Reason reason;
};

struct Run {
  const TradeStream& stream;
  const Runner& runner;
  const Audit& audit;
  Collateral collateral = Collateral::kAmple;
  std::size_t block_size = 0;
  bool is_from_file = false;
  std::vector<Refusal> refusals;
  double settling_seconds = 0;       // booking to proofs, of all blocks but genesis
  double total_seconds = 0;          // of the program until now
  BalanceProofs balances{};          // after the last block
  Statistics* statistics = nullptr;  // if they were asked for
  std::size_t margin_report = 0;     // of how many accounts
  std::vector<AccountRisk> nearest_to_limit{};
};

// True when all that must hold held.
[[nodiscard]] bool Passed(const Run& run);

// Lines for a terminal; long lists are cut and say so.
[[nodiscard]] std::string SummaryText(const Run& run);
// One line.
[[nodiscard]] std::string SummaryLine(const Run& run);
// One JSON object, complete.
[[nodiscard]] std::string SummaryJson(const Run& run);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_SUMMARY_H_
