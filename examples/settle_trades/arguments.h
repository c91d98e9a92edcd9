// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The command line of settle_trades.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_ARGUMENTS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_ARGUMENTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "examples/settle_trades/collateral.h"

namespace settle::example {

struct Arguments {
  std::optional<std::string> fills;  // nothing: the generated stream
  std::size_t validators = 4;
  std::size_t block_size = 1'000;
  Collateral collateral = Collateral::kAmple;
  std::optional<std::string> out;
  bool quiet = false;
  bool json = false;
  bool stats = false;
  std::size_t margin_report = 0;  // how many accounts; 0: no report
};

// What to do instead of running: the text was printed.
struct ExitCode {
  int code = 0;
};

// Prints help to stdout (0) or what is wrong to stderr (2).
[[nodiscard]] std::variant<Arguments, ExitCode> ParseArguments(int argc, const char* const* argv);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_ARGUMENTS_H_
