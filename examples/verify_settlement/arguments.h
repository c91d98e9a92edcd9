// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The command line of verify_settlement.

#ifndef SETTLE_EXAMPLES_VERIFY_SETTLEMENT_ARGUMENTS_H_
#define SETTLE_EXAMPLES_VERIFY_SETTLEMENT_ARGUMENTS_H_

#include <string>
#include <variant>

namespace settle::example {

struct VerifyArguments {
  std::string trust;
  std::string proof;
};

// What to do instead of running: the text was printed.
struct VerifyExitCode {
  int code = 0;
};

// Prints help to stdout (0) or what is wrong to stderr (2).
[[nodiscard]] std::variant<VerifyArguments, VerifyExitCode> ParseVerifyArguments(
    int argc, const char* const* argv);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_VERIFY_SETTLEMENT_ARGUMENTS_H_
