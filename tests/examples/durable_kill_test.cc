// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A host in a process of its own is killed at random moments, again and again in the same folder:
// what it had acknowledged is there, whole.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "examples/durable_ledger/check.h"
#include "examples/durable_ledger/disk_files.h"
#include "examples/durable_ledger/host.h"
#include "settle_programs.h"
#include "tests/examples/durable_world.h"
#include "tests/examples/program.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using example::Acknowledgement;
using example::DiskFiles;
using example::DurableLedger;

// The child: settles blocks until it is killed, and writes each height that is acknowledged, and
// the one that it found, to the pipe.
[[noreturn]] void SettleUntilKilled(const std::string& folder, int pipe, std::uint64_t group) {
  const auto tell = [pipe](std::uint64_t height) {
    if (::write(pipe, &height, sizeof(height)) != sizeof(height)) ::_exit(3);
  };
  const auto files = DiskFiles::Open(folder, DiskFiles::Access::kWrite);
  if (!files.ok()) ::_exit(4);
  const auto host =
      DurableLedger::Open(**files, {.snapshot_every = 7},
                          [&](const Acknowledgement& block) { tell(block.height.value()); });
  if (!host.ok()) ::_exit(5);
  std::uint64_t height = (*host)->machine().ledger().height().value();
  tell(height);
  for (;;) {
    for (std::uint64_t i = 0; i < group; ++i) {
      if (!(*host)->Submit(test::SmallBlock(++height)).ok()) ::_exit(6);
    }
    if (!(*host)->Commit().ok()) ::_exit(7);
  }
}

// Lets a child run for so long, kills it, and answers the most that it has acknowledged. The time
// counts from the child's beginning, or from the moment at which it has recovered what it found.
std::uint64_t RunAndKill(const std::string& folder, bool from_recovery,
                         std::chrono::microseconds for_so_long, std::uint64_t group) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return 0;
  const pid_t child = ::fork();
  if (child < 0) {  // which kill() would take for every process that there is
    ADD_FAILURE() << "cannot fork";
    return 0;
  }
  if (child == 0) {
    ::close(pipe[0]);
    SettleUntilKilled(folder, pipe[1], group);
  }
  ::close(pipe[1]);
  std::uint64_t acknowledged = 0;
  if (from_recovery) {
    EXPECT_EQ(::read(pipe[0], &acknowledged, sizeof(acknowledged)), ssize_t{sizeof(acknowledged)});
  }
  std::this_thread::sleep_for(for_so_long);
  ::kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
      << "it ended by itself: " << status;
  std::uint64_t height = 0;
  while (::read(pipe[0], &height, sizeof(height)) == sizeof(height)) {
    acknowledged = std::max(acknowledged, height);
  }
  ::close(pipe[0]);
  return acknowledged;
}

// How long a commit takes here, and with it how long a child must live to get to work.
std::chrono::microseconds TimeOfACommit(const std::string& folder) {
  const auto files = DiskFiles::Open(folder, DiskFiles::Access::kWrite);
  EXPECT_TRUE(files.ok()) << files.status();
  const auto host = DurableLedger::Open(**files, {}, [](const Acknowledgement&) {});
  EXPECT_TRUE(host.ok()) << host.status();
  constexpr std::uint64_t kCommits = 5;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t height = 1; height <= kCommits; ++height) {
    EXPECT_TRUE((*host)->Submit(test::SmallBlock(height)).ok() && (*host)->Commit().ok());
  }
  const auto all = std::chrono::steady_clock::now() - start;
  return std::chrono::duration_cast<std::chrono::microseconds>(all) / kCommits;
}

// Over 200 kills, of which most meet a child at work.
TEST(DurableKill, LosesNothingAcknowledgedWheneverItIsKilled) {
  const std::uint64_t kills = std::getenv("SETTLE_NIGHTLY") != nullptr ? 2'000 : 220;
  const test::TemporaryFolder folder;
  const std::string path = folder.File("ledger");
  test::Expected expected;
  test::Random random;
  std::uint64_t before = 0;
  std::uint64_t kills_at_work = 0;
  std::uint64_t most_files = 0;
  constexpr std::chrono::microseconds kLongest = std::chrono::milliseconds(50);
  auto longest = std::clamp<std::chrono::microseconds>(6 * TimeOfACommit(path),
                                                       std::chrono::milliseconds(5), kLongest);
  for (std::uint64_t kill = 0; kill < kills; ++kill) {
    const std::chrono::microseconds time(random.Below(static_cast<std::uint64_t>(longest.count())));
    const bool from_recovery = kill % 4 != 0;
    const std::uint64_t acknowledged = RunAndKill(path, from_recovery, time, random.Between(1, 3));
    const auto files = DiskFiles::Open(path, DiskFiles::Access::kRead);
    ASSERT_TRUE(files.ok()) << files.status();
    const absl::StatusOr<example::Checked> checked = example::Check(**files);
    ASSERT_TRUE(checked.ok()) << checked.status();
    const std::uint64_t height = checked->recovered.machine.ledger().height().value();
    ASSERT_GE(height, std::max(acknowledged, before)) << "kill " << kill;
    ASSERT_EQ(checked->fingerprint, expected.At(height)) << "kill " << kill;
    kills_at_work += acknowledged > before;
    // On a busy machine a child gets less done in a time: then it is given more.
    if (from_recovery && acknowledged <= before) longest = std::min(longest * 2, kLongest);
    before = height;
    const absl::StatusOr<example::DiskUse> use = example::MeasureDisk(**files);
    ASSERT_TRUE(use.ok());
    most_files = std::max(most_files, use->files);
  }
  EXPECT_GT(kills_at_work, kills / 5);
  EXPECT_GT(before, 100u);
  // A third snapshot and the journal before the second are there until the next start at the
  // latest.
  EXPECT_LE(most_files, 3u + 3u);
}

TEST(DurableKill, TheProgramGoesOnAfterItWasKilled) {
  const test::TemporaryFolder folder;
  const std::string path = folder.File("ledger");
  for (const int milliseconds : {30, 60, 90, 120}) {
    test::RunningProgram program(DURABLE_LEDGER_PROGRAM,
                                 {"run", path, "--transactions", "100000000", "--block-size", "20",
                                  "--snapshot-every", "5"});
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    ASSERT_EQ(program.End(SIGKILL), 128 + SIGKILL);
  }
  const test::ProgramResult check = test::RunProgram(DURABLE_LEDGER_PROGRAM, {"check", path});
  EXPECT_EQ(check.exit_code, 0) << check.err;
  EXPECT_NE(check.out.find("every asset sums to zero"), std::string::npos);
}

}  // namespace
}  // namespace settle
