// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The command line of durable_ledger.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_ARGUMENTS_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <variant>

#include "examples/durable_ledger/host.h"
#include "examples/durable_ledger/stream.h"

namespace settle::example {

struct DurableArguments {
  enum class Command { kRun, kCheck };
  Command command = Command::kRun;
  std::string folder;
  std::uint64_t transactions = 10'000;
  std::uint64_t group = 1;  // blocks in one commit
  StreamOptions stream;
  HostOptions host;
  bool acknowledge = false;
};

// What to do instead of running: the text was printed.
struct DurableExitCode {
  int code = 0;
};

// Prints help to stdout (0) or what is wrong to stderr (2).
[[nodiscard]] std::variant<DurableArguments, DurableExitCode> ParseDurableArguments(
    int argc, const char* const* argv);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_ARGUMENTS_H_
