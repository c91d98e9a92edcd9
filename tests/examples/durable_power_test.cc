// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The power fails at every moment of a host's work, and every disk that may then be found is
// recovered from: nothing acknowledged is lost, and no block is there by half.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/durable_ledger/check.h"
#include "examples/durable_ledger/host.h"
#include "tests/examples/durable_world.h"
#include "tests/examples/simulated_disk.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using example::Acknowledgement;
using example::Bytes;
using example::DurableLedger;
using example::HostOptions;
using test::CrashPoint;
using test::DiskState;
using test::Expected;
using test::Fault;
using test::SimulatedDisk;

using Contents = std::map<std::string, Bytes>;

constexpr HostOptions kHost{.snapshot_every = 5};

// Opens the host, tells what it found, and settles `blocks` more, `group` in a commit.
absl::Status Work(SimulatedDisk& disk, std::uint64_t blocks, std::uint64_t group) {
  const auto host = DurableLedger::Open(disk, kHost, [&disk](const Acknowledgement& block) {
    disk.Acknowledge(block.height.value());
  });
  if (!host.ok()) return host.status();
  std::uint64_t height = (*host)->machine().ledger().height().value();
  disk.Acknowledge(height);
  for (std::uint64_t i = 1; i <= blocks; ++i) {
    absl::Status status = (*host)->Submit(test::SmallBlock(++height));
    if (status.ok() && (i % group == 0 || i == blocks)) status = (*host)->Commit();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// What recovering from a disk came to.
struct Outcome {
  std::uint64_t disks = 0;
  std::uint64_t refused = 0;  // recovery did not answer a ledger
  std::uint64_t lost = 0;     // it answered one without something acknowledged
  std::uint64_t half = 0;     // ... or with half of something
  std::uint64_t stuck = 0;    // it could not go on
  std::uint64_t torn = 0;     // something was cut off
  std::string first_complaint;

  [[nodiscard]] bool ok() const { return refused + lost + half + stuck == 0; }
};

void Judge(const Contents& found, std::uint64_t acknowledged, Expected& expected,
           Outcome& outcome) {
  ++outcome.disks;
  SimulatedDisk disk(found);
  const auto host = DurableLedger::Open(disk, kHost, [](const Acknowledgement&) {});
  if (!host.ok()) {
    ++outcome.refused;
    if (outcome.first_complaint.empty()) {
      outcome.first_complaint = std::string(host.status().message());
    }
    return;
  }
  const std::uint64_t height = (*host)->machine().ledger().height().value();
  outcome.torn += (*host)->found().torn_size > 0;
  outcome.lost += height < acknowledged;
  outcome.half += (*host)->machine().ledger().fingerprint() != expected.At(height);
  const bool goes_on = (*host)->Submit(test::SmallBlock(height + 1)).ok() && (*host)->Commit().ok();
  outcome.stuck += !goes_on || !example::Check(disk).ok();
}

// Every disk of every moment.
Outcome JudgeAll(const SimulatedDisk& disk, Expected& expected) {
  Outcome outcome;
  for (const CrashPoint& point : disk.crash_points()) {
    test::ForEachDisk(point.state, [&](const Contents& found) {
      Judge(found, point.acknowledged, expected, outcome);
    });
  }
  return outcome;
}

void ExpectNothingLost(const Outcome& outcome) {
  EXPECT_EQ(outcome.refused, 0u) << outcome.first_complaint;
  EXPECT_EQ(outcome.lost, 0u);
  EXPECT_EQ(outcome.half, 0u);
  EXPECT_EQ(outcome.stuck, 0u);
}

TEST(DurablePower, LosesNothingAcknowledgedWheneverItFails) {
  Expected expected;
  SimulatedDisk disk;
  ASSERT_TRUE(Work(disk, 17, 1).ok());
  const Outcome outcome = JudgeAll(disk, expected);
  ExpectNothingLost(outcome);
  EXPECT_GT(disk.crash_points().size(), 80u);
  EXPECT_GT(outcome.disks, 500u);
  EXPECT_GT(outcome.torn, 100u);
}

TEST(DurablePower, LosesNothingWhenBlocksAreMadeDurableTogether) {
  Expected expected;
  SimulatedDisk disk;
  ASSERT_TRUE(Work(disk, 13, 3).ok());
  const Outcome outcome = JudgeAll(disk, expected);
  ExpectNothingLost(outcome);
  EXPECT_GT(outcome.torn, 100u);
}

TEST(DurablePower, LosesNothingWhenItFailsAgainDuringRecovery) {
  Expected expected;
  SimulatedDisk disk;
  ASSERT_TRUE(Work(disk, 7, 2).ok());
  test::Random random;
  Outcome outcome;
  for (const CrashPoint& point : disk.crash_points()) {
    test::ForEachDisk(point.state, [&](const Contents& found) {
      if (!random.Chance(1, 8)) return;
      SimulatedDisk again(found);
      EXPECT_TRUE(Work(again, 1, 1).ok());
      for (const CrashPoint& second : again.crash_points()) {
        test::ForEachDisk(second.state, [&](const Contents& twice) {
          Judge(twice, std::max(point.acknowledged, second.acknowledged), expected, outcome);
        });
      }
    });
  }
  ExpectNothingLost(outcome);
  EXPECT_GT(outcome.disks, 1'000u);
}

TEST(DurablePower, LosesNothingWhenTheProcessWasKilledBefore) {
  Expected expected;
  SimulatedDisk disk;
  ASSERT_TRUE(Work(disk, 7, 2).ok());
  Outcome outcome;
  for (const CrashPoint& killed : disk.crash_points()) {
    SimulatedDisk later(killed.state);
    EXPECT_TRUE(Work(later, 1, 1).ok());
    for (const CrashPoint& point : later.crash_points()) {
      test::ForEachDisk(point.state, [&](const Contents& found) {
        Judge(found, std::max(killed.acknowledged, point.acknowledged), expected, outcome);
      });
    }
  }
  ExpectNothingLost(outcome);
  EXPECT_GT(outcome.disks, 1'000u);
}

// --- faults that must be noticed ----------------------------------------------------------------

class PlantedFault : public testing::TestWithParam<Fault> {};

TEST_P(PlantedFault, IsNoticed) {
  Expected expected;
  SimulatedDisk disk(GetParam());
  ASSERT_TRUE(Work(disk, 7, 1).ok());
  const Outcome outcome = JudgeAll(disk, expected);
  EXPECT_FALSE(outcome.ok());
  EXPECT_GT(outcome.lost, 0u) << "disks: " << outcome.disks;
  EXPECT_EQ(outcome.half, 0u);
}

INSTANTIATE_TEST_SUITE_P(DurablePower, PlantedFault,
                         testing::Values(Fault::kNoSync, Fault::kNoDirectorySync,
                                         Fault::kAcknowledgeBeforeSync),
                         [](const testing::TestParamInfo<Fault>& fault) {
                           return fault.param == Fault::kNoSync            ? "NoSync"
                                  : fault.param == Fault::kNoDirectorySync ? "NoDirectorySync"
                                                                           : "EarlyAcknowledgement";
                         });

// --- damage -------------------------------------------------------------------------------------

// A bit of the disk goes bad besides: it is refused, or it does no harm. Answers how often
// something acknowledged was lost unseen.
std::uint64_t LostUnseen(Fault fault) {
  Expected expected;
  SimulatedDisk disk(fault);
  EXPECT_TRUE(Work(disk, 7, 1).ok());
  test::Random random;
  std::uint64_t lost = 0;
  std::uint64_t refused = 0;
  for (const CrashPoint& point : disk.crash_points()) {
    test::ForEachDisk(point.state, [&](const Contents& found) {
      for (const auto& [name, content] : found) {
        if (content.empty()) continue;
        Contents damaged = found;
        const auto at = static_cast<std::size_t>(random.Below(content.size()));
        damaged[name][at] ^= static_cast<std::byte>(1u << random.Below(8));
        SimulatedDisk after(damaged);
        const absl::StatusOr<example::Recovered> recovered = example::Recover(after);
        if (!recovered.ok()) {
          ++refused;
          EXPECT_EQ(recovered.status().code(), absl::StatusCode::kDataLoss);
          EXPECT_NE(recovered.status().message().find("damaged at byte"), std::string::npos);
          continue;
        }
        const std::uint64_t height = recovered->machine.ledger().height().value();
        EXPECT_EQ(recovered->machine.ledger().fingerprint(), expected.At(height));
        lost += height < point.acknowledged;
      }
    });
  }
  EXPECT_GT(refused, 0u);
  return lost;
}

TEST(DurablePower, ABadBitIsRefusedOrHarmlessAfterAnyPowerLoss) {
  EXPECT_EQ(LostUnseen(Fault::kNone), 0u);
}

// This is what the mark and its sync are for.
TEST(DurablePower, ABadBitLosesWhatWasAcknowledgedWithoutTheSyncOfTheMark) {
  EXPECT_GT(LostUnseen(Fault::kNoSecondSync), 0u);
}

// --- failing writes -----------------------------------------------------------------------------

TEST(DurablePower, AfterAFailedWriteNothingMoreIsAcknowledgedAndNothingIsLost) {
  Expected expected;
  SimulatedDisk whole;
  ASSERT_TRUE(Work(whole, 7, 2).ok());
  for (std::size_t operation = 0; operation < whole.operations(); ++operation) {
    SimulatedDisk disk;
    disk.FailFrom(operation);
    EXPECT_EQ(Work(disk, 7, 2).code(), absl::StatusCode::kUnavailable);
    if (disk.crash_points().empty()) continue;
    Outcome outcome;
    const CrashPoint& last = disk.crash_points().back();
    test::ForEachDisk(last.state, [&](const Contents& found) {
      Judge(found, last.acknowledged, expected, outcome);
    });
    ExpectNothingLost(outcome);
  }
}

TEST(DurablePower, AHostWhoseDiskFailedStaysBroken) {
  SimulatedDisk disk;
  std::uint64_t told = 0;
  const auto host = DurableLedger::Open(disk, kHost, [&](const Acknowledgement&) { ++told; });
  ASSERT_TRUE(host.ok());
  ASSERT_TRUE((*host)->Submit(test::SmallBlock(1)).ok());
  disk.FailFrom(disk.operations());
  EXPECT_EQ((*host)->Commit().code(), absl::StatusCode::kUnavailable);
  disk.FailFrom(disk.operations() + 1'000);
  EXPECT_EQ((*host)->Commit().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ((*host)->Submit(test::SmallBlock(2)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(told, 0u);
}

}  // namespace
}  // namespace settle
