// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A ledger in ordinary files. See --help, and durable_ledger/host.h for how.

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "examples/durable_ledger/arguments.h"
#include "examples/durable_ledger/check.h"
#include "examples/durable_ledger/disk_files.h"
#include "examples/durable_ledger/host.h"
#include "examples/durable_ledger/stream.h"
#include "settle/base/text.h"

namespace settle::example {
namespace {

constexpr int kFine = 0;
constexpr int kLost = 1;
constexpr int kUnusable = 2;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "durable_ledger: %s\n", std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kDataLoss ? kLost : kUnusable;
}

std::string DescribeRecovery(const Recovered& found, std::uint64_t height) {
  std::string text = absl::StrFormat(
      "  recovered        height %u: %s and %u blocks of the journal after it\n", height,
      found.snapshot == JournalSequence() ? "nothing" : SnapshotName(found.snapshot), found.blocks);
  if (found.torn_size > 0) {
    absl::StrAppendFormat(&text,
                          "  torn             %u bytes at the end of %s, never acknowledged\n",
                          found.torn_size, found.segment);
  }
  for (const std::string& damage : found.damaged_snapshots) {
    absl::StrAppendFormat(&text, "  not used         %s\n", damage);
  }
  return text;
}

std::string DescribeLedger(const PaymentLedger& ledger, const DiskUse& disk) {
  return absl::StrFormat(
      "  ledger           height %u, %u accounts, fingerprint %s\n"
      "  disk             %u bytes in %u files\n",
      ledger.height().value(), ledger.account_count(), ToHex(ledger.fingerprint().view()),
      disk.bytes, disk.files);
}

int Run(const DurableArguments& arguments) {
  const auto files = DiskFiles::Open(arguments.folder, DiskFiles::Access::kWrite);
  if (!files.ok()) return Fail(files.status());
  Acknowledgement total;
  std::uint64_t blocks = 0;
  const auto on_acknowledged = [&](const Acknowledgement& block) {
    ++blocks;
    total.applied += block.applied;
    total.refused += block.refused;
    if (!arguments.acknowledge) return;
    std::printf("acknowledged %llu\n", static_cast<unsigned long long>(block.height.value()));
    std::fflush(stdout);
  };
  const auto host = DurableLedger::Open(**files, arguments.host, on_acknowledged);
  if (!host.ok()) return Fail(host.status());
  const PaymentLedger& ledger = (*host)->machine().ledger();
  const std::string recovered = DescribeRecovery((*host)->found(), ledger.height().value());

  const auto start = std::chrono::steady_clock::now();
  std::uint64_t submitted = 0;
  for (std::uint64_t block = 1; submitted < arguments.transactions; ++block) {
    const Height height(ledger.height().value() + 1);
    const PaymentBlock next = BlockAt(height, arguments.stream);
    if (absl::Status status = (*host)->Submit(next); !status.ok()) return Fail(status);
    if (height != Height(1)) submitted += next.transactions.size();
    if (block % arguments.group != 0) continue;
    if (absl::Status status = (*host)->Commit(); !status.ok()) return Fail(status);
  }
  if (absl::Status status = (*host)->Commit(); !status.ok()) return Fail(status);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const absl::StatusOr<DiskUse> disk = MeasureDisk(**files);
  if (!disk.ok()) return Fail(disk.status());
  std::printf("%s", recovered.c_str());
  std::printf("  acknowledged     %llu transactions in %llu blocks, %llu refused; %llu snapshots\n",
              static_cast<unsigned long long>(total.applied + total.refused),
              static_cast<unsigned long long>(blocks),
              static_cast<unsigned long long>(total.refused),
              static_cast<unsigned long long>((*host)->snapshots_written()));
  std::printf("%s", DescribeLedger(ledger, *disk).c_str());
  std::printf("  time             %.3f s\n", seconds);
  return kFine;
}

int RunCheck(const DurableArguments& arguments) {
  const auto files = DiskFiles::Open(arguments.folder, DiskFiles::Access::kRead);
  if (!files.ok()) return Fail(files.status());
  const absl::StatusOr<Checked> checked = Check(**files);
  if (!checked.ok()) return Fail(checked.status());
  const absl::StatusOr<DiskUse> disk = MeasureDisk(**files);
  if (!disk.ok()) return Fail(disk.status());
  const PaymentLedger& ledger = checked->recovered.machine.ledger();
  std::printf("%s", DescribeRecovery(checked->recovered, ledger.height().value()).c_str());
  for (const JournalSequence from : checked->from) {
    std::printf("  the same from    %s\n",
                from == JournalSequence() ? "the first frame" : SnapshotName(from).c_str());
  }
  std::printf("  conservation     every asset sums to zero\n");
  std::printf("%s", DescribeLedger(ledger, *disk).c_str());
  return checked->recovered.damaged_snapshots.empty() ? kFine : kLost;
}

int Main(int argc, const char* const* argv) {
  const auto parsed = ParseDurableArguments(argc, argv);
  if (const auto* exit = std::get_if<DurableExitCode>(&parsed)) return exit->code;
  const DurableArguments& arguments = *std::get_if<DurableArguments>(&parsed);
  return arguments.command == DurableArguments::Command::kRun ? Run(arguments)
                                                              : RunCheck(arguments);
}

}  // namespace
}  // namespace settle::example

int main(int argc, char** argv) { return settle::example::Main(argc, argv); }
