// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/arguments.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace settle::example {

std::variant<Arguments, ExitCode> ParseArguments(int argc, const char* const* argv) {
  Arguments arguments;
  std::string fills;
  std::string out;
  std::string collateral = std::string(NameOf(arguments.collateral));

  CLI::App app(
      "Settles a stream of trades: each commits as one transaction whose legs sum to zero, if "
      "both\n"
      "sides have the margin for it; blocks are certified by a quorum of validators, and every\n"
      "settled trade can be proved to a stranger (verify_settlement).\n"
      "Exit code: 0 all is well, 1 something that must hold does not, 2 bad input or usage.",
      "settle_trades");
  const CLI::Option* has_fills =
      app.add_option("--fills", fills, "CSV of fills; without it 100,000 trades are generated")
          ->type_name("FILE");
  app.add_option("--validators", arguments.validators, "how many validators vote")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 1'000));
  app.add_option("--block-size", arguments.block_size, "trades in a block")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--collateral", collateral,
                 "what accounts deposit: 'ample', with which every trade settles, or 'tight'")
      ->capture_default_str()
      ->type_name("RULE")
      ->check(CLI::IsMember({"ample", "tight"}));
  const CLI::Option* has_out =
      app.add_option("--out", out, "folder for headers, certificates, proofs and the validator set")
          ->type_name("DIR");
  app.add_flag("--quiet", arguments.quiet, "one line instead of the summary, and no progress bar");
  app.add_flag("--json", arguments.json, "the summary as one JSON object");
  app.add_flag("--stats", arguments.stats,
               "where the time goes, stage by stage; settles the stream a second time for it");
  app.add_option("--margin-report", arguments.margin_report,
                 "the N accounts nearest to their limit at the end, nearest first")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return ExitCode{app.exit(error)};
    std::cerr << "settle_trades: " << error.what() << "; see --help\n";
    return ExitCode{2};
  }
  if (has_fills->count() > 0) arguments.fills = fills;
  if (has_out->count() > 0) arguments.out = out;
  arguments.collateral = *ParseCollateral(collateral);
  return arguments;
}

}  // namespace settle::example
