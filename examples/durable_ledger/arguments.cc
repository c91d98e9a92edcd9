// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/durable_ledger/arguments.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace settle::example {

std::variant<DurableArguments, DurableExitCode> ParseDurableArguments(int argc,
                                                                      const char* const* argv) {
  DurableArguments arguments;
  CLI::App app(
      "Keeps a ledger in ordinary files: a journal of blocks and snapshots of the state. Nothing\n"
      "is acknowledged before it is durable, and nothing acknowledged is lost, whenever the\n"
      "process is killed or the power fails.\n"
      "Exit code: 0 all is well, 1 something is lost or damaged, 2 bad usage or unusable files.",
      "durable_ledger");
  app.require_subcommand(1);

  CLI::App* run = app.add_subcommand("run", "recovers the ledger and settles generated payments");
  run->add_option("DIR", arguments.folder, "folder of the ledger; made if it is not there")
      ->required();
  run->add_option("--transactions", arguments.transactions, "how many payments to settle")
      ->capture_default_str()
      ->type_name("N");
  run->add_option("--block-size", arguments.stream.block_size, "payments in a block")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 1'000));
  run->add_option("--owners", arguments.stream.owners, "between how many owners they are")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 4'096));
  run->add_option("--group", arguments.group, "blocks that are made durable together")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 1'000));
  run->add_option("--snapshot-every", arguments.host.snapshot_every, "blocks between snapshots")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  run->add_flag("--acknowledge", arguments.acknowledge,
                "one line for each block once it is durable");

  CLI::App* check = app.add_subcommand("check", "checks the files and changes nothing");
  check->add_option("DIR", arguments.folder, "folder of the ledger")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return DurableExitCode{app.exit(error)};
    std::cerr << "durable_ledger: " << error.what() << "; see --help\n";
    return DurableExitCode{2};
  }
  arguments.command =
      check->parsed() ? DurableArguments::Command::kCheck : DurableArguments::Command::kRun;
  return arguments;
}

}  // namespace settle::example
