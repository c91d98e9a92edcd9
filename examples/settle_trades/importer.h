// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Reads a file of fills into a stream of trades: the first of the two passes over it.
//
// It finds the units, scales every number to them, and works out what each account must have held
// before its first fill (settle_trades/openings.h). The second pass settles the trades.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_IMPORTER_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_IMPORTER_H_

#include <string>

#include "absl/status/statusor.h"
#include "examples/settle_trades/fills.h"
#include "examples/settle_trades/stream.h"

namespace settle::example {

// Errors: InvalidArgument "file:line: what", also for what is wrong with the file as a whole.
[[nodiscard]] absl::StatusOr<TradeStream> ImportFills(const std::string& path);
// The same of fills that were read already; `path` is for messages.
[[nodiscard]] absl::StatusOr<TradeStream> ImportFills(const std::string& path,
                                                      const FillFile& file);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_IMPORTER_H_
