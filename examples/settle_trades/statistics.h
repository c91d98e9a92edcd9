// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Where the time of a run goes.
//
// The stages of settling are timed while it settles. The engine's Execute is one of them and one
// call: what it spends on which part is timed in a second run over the same blocks, by parts of its
// own (settle_trades/engine_parts.h), whose sum therefore comes near the engine's time and is not
// it.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_STATISTICS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_STATISTICS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/settle_trades/engine_parts.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/stopwatch.h"
#include "examples/settle_trades/stream.h"

namespace settle::example {

using StageTimes = Stopwatch<Stage, kStageCount>;
using EnginePartTimes = Stopwatch<EnginePart, kEnginePartCount>;

struct Statistics {
  StageTimes stages;           // of all blocks but genesis
  EnginePartTimes parts;       // of the same blocks in a second run
  double balance_seconds = 0;  // of the proofs of all balances, which are no part of settling
};

// Settles the stream once more, and answers the times of the engine's parts. Errors: those of the
// runner, Internal where the parts do not make the engine's headers.
[[nodiscard]] absl::StatusOr<EnginePartTimes> MeasureEngineParts(const TradeStream& stream,
                                                                 const RunnerOptions& options);

// One line of the breakdown.
struct StatisticsLine {
  std::string name;  // for people
  std::string key;   // for programs
  double seconds = 0;
  bool is_part = false;  // of the stage above, from the second run
};
[[nodiscard]] std::vector<StatisticsLine> LinesOf(const Statistics& statistics);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_STATISTICS_H_
