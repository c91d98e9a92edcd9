// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/verify_settlement/arguments.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace settle::example {

std::variant<VerifyArguments, VerifyExitCode> ParseVerifyArguments(int argc,
                                                                   const char* const* argv) {
  VerifyArguments arguments;
  CLI::App app(
      "Verifies that a transaction was settled, knowing nothing but a validator set: a quorum of "
      "it\ncommitted to a block under which the receipt of exactly this transaction stands.\n"
      "Exit code: 0 it was, 1 the proof does not show it, 2 a file cannot be read, or usage.",
      "verify_settlement");
  app.add_option("--trust", arguments.trust, "the validator set that is trusted: validators.set")
      ->type_name("VALIDATOR_SET")
      ->required();
  app.add_option("--proof", arguments.proof, "the proof: proofs/<height>/<id>.proof")
      ->type_name("FILE")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return VerifyExitCode{app.exit(error)};
    std::cerr << "verify_settlement: " << error.what() << "; see --help\n";
    return VerifyExitCode{2};
  }
  return arguments;
}

}  // namespace settle::example
