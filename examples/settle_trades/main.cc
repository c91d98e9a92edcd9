// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Settles a stream of trades, end to end. See --help, and settle_trades/runner.h for how.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/settle_trades/arguments.h"
#include "examples/settle_trades/audit.h"
#include "examples/settle_trades/balances.h"
#include "examples/settle_trades/generator.h"
#include "examples/settle_trades/importer.h"
#include "examples/settle_trades/margin_report.h"
#include "examples/settle_trades/output.h"
#include "examples/settle_trades/progress.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/statistics.h"
#include "examples/settle_trades/summary.h"

namespace settle::example {
namespace {

constexpr int kFine = 0;
constexpr int kCheckFailed = 1;
constexpr int kBadInput = 2;
constexpr int kInterrupted = 130;

volatile std::sig_atomic_t interrupted = 0;

using Clock = std::chrono::steady_clock;
double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int Fail(int code, const absl::Status& status) {
  std::fprintf(stderr, "settle_trades: %s\n", std::string(status.message()).c_str());
  return code;
}

// Hands the runner's last block to the audit.
void AuditBlock(const Runner& runner, Audit& audit, Run& run) {
  const bool is_genesis = runner.blocks() == 0;
  for (std::size_t i = 0; i < runner.transactions().size(); ++i) {
    const TransactionView& transaction = runner.transactions()[i];
    const Verdict& verdict = runner.result().verdicts[i];
    if (is_genesis) {
      audit.FollowGenesis(transaction.legs);
      continue;
    }
    if (!verdict.ok()) run.refusals.push_back({runner.first_trade() + i, verdict.reason});
    audit.Follow(transaction.legs,
                 verdict.ok() ? Audit::Outcome::kSettled : Audit::Outcome::kRefused);
  }
  audit.CompareLedger(runner.engine().ledger());
}

// Settles, audits and writes every block, and proves all balances after the last. Errors of writing
// are told apart from all others by `code`.
absl::Status SettleAll(Runner& runner, Audit& audit, Run& run, OutputFolder* folder,
                       ProgressBar& bar, int& code) {
  for (bool is_genesis = true; is_genesis || !runner.done(); is_genesis = false) {
    code = kCheckFailed;
    if (!is_genesis) {
      const Clock::time_point start = Clock::now();
      if (absl::Status status = runner.SettleNextBlock(); !status.ok()) return status;
      if (run.statistics != nullptr) run.statistics->stages.Stop();
      run.settling_seconds += SecondsSince(start);
    }
    AuditBlock(runner, audit, run);
    code = kBadInput;
    if (folder != nullptr) {
      absl::Status status = WriteBlock(*folder, run.stream, runner);
      if (!status.ok()) return status;
    }
    bar.Show(audit.trade_count(), run.stream.trades.size());
    code = kInterrupted;
    if (interrupted != 0) return absl::CancelledError("interrupted; nothing was written");
  }
  code = kCheckFailed;
  const Clock::time_point start = Clock::now();
  const absl::StatusOr<BalanceProofs> balances = ProveBalances(runner, audit);
  if (!balances.ok()) return balances.status();
  run.balances = *balances;
  if (run.statistics != nullptr) run.statistics->balance_seconds = SecondsSince(start);
  const auto nearest = NearestToLimit(runner, run.stream, run.margin_report);
  if (nearest.ok()) run.nearest_to_limit = *nearest;
  return nearest.status();
}

// What is printed for people.
std::string TextOf(const Run& run, const Arguments& arguments) {
  return (arguments.quiet ? SummaryLine(run) : SummaryText(run)) +
         MarginReportText(run.nearest_to_limit, run.stream.accounts.size());
}

int Main(int argc, const char* const* argv) {
  const Clock::time_point start = Clock::now();
  const std::variant<Arguments, ExitCode> parsed = ParseArguments(argc, argv);
  if (const auto* exit = std::get_if<ExitCode>(&parsed)) return exit->code;
  const Arguments& arguments = *std::get_if<Arguments>(&parsed);

  std::unique_ptr<OutputFolder> folder;
  if (arguments.out) {
    absl::StatusOr<std::unique_ptr<OutputFolder>> made = OutputFolder::Create(*arguments.out);
    if (!made.ok()) return Fail(kBadInput, made.status());
    folder = *std::move(made);
  }
  TradeStream stream;
  if (arguments.fills) {
    absl::StatusOr<TradeStream> imported = ImportFills(*arguments.fills);
    if (!imported.ok()) return Fail(kBadInput, imported.status());
    stream = *std::move(imported);
  } else {
    stream = GenerateStream({});
  }

  Statistics statistics;
  RunnerOptions options{.validators = arguments.validators,
                        .block_size = arguments.block_size,
                        .collateral = arguments.collateral};
  if (arguments.stats) {
    options.on_stage = [&statistics](Stage stage) { statistics.stages.Enter(stage); };
  }
  const absl::StatusOr<std::unique_ptr<Runner>> runner = Runner::Create(stream, options);
  if (!runner.ok()) return Fail(kCheckFailed, runner.status());
  Audit audit(stream, arguments.fills ? Audit::Profit::kCompared : Audit::Profit::kIgnored);
  Run run{.stream = stream,
          .runner = **runner,
          .audit = audit,
          .collateral = arguments.collateral,
          .block_size = arguments.block_size,
          .is_from_file = arguments.fills.has_value(),
          .refusals = {},
          .statistics = arguments.stats ? &statistics : nullptr,
          .margin_report = arguments.margin_report};
  statistics.stages = {};  // without genesis
  int code = kFine;
  {
    ProgressBar bar(arguments.quiet ? ProgressBar::Visible::kNever
                                    : ProgressBar::Visible::kOnTerminal);
    const absl::Status status = SettleAll(**runner, audit, run, folder.get(), bar, code);
    if (!status.ok()) {
      folder.reset();
      return Fail(code, status);
    }
  }
  run.total_seconds = SecondsSince(start);
  if (arguments.stats) {
    const absl::StatusOr<EnginePartTimes> parts = MeasureEngineParts(stream, options);
    if (!parts.ok()) return Fail(kCheckFailed, parts.status());
    statistics.parts = *parts;
  }
  const std::string json = SummaryJson(run);
  if (folder != nullptr) {
    absl::Status status = folder->Write("summary.json", AsBytes(json));
    if (status.ok()) status = folder->Publish();
    if (!status.ok()) return Fail(kBadInput, status);
  }
  std::fputs((arguments.json ? json : TextOf(run, arguments)).c_str(), stdout);
  return Passed(run) ? kFine : kCheckFailed;
}

}  // namespace
}  // namespace settle::example

int main(int argc, char** argv) {
  const auto interrupt = [](int) { settle::example::interrupted = 1; };
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  return settle::example::Main(argc, argv);
}
