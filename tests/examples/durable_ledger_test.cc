// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/durable_ledger/check.h"
#include "examples/durable_ledger/disk_files.h"
#include "examples/durable_ledger/host.h"
#include "settle_programs.h"
#include "tests/examples/durable_world.h"
#include "tests/examples/program.h"
#include "tests/examples/simulated_disk.h"

namespace settle {
namespace {

using example::Acknowledgement;
using example::Bytes;
using example::DiskFiles;
using example::DurableLedger;
using example::HostOptions;
using example::SegmentName;
using example::SnapshotName;
using test::SimulatedDisk;
using testing::HasSubstr;

using Contents = std::map<std::string, Bytes>;

std::unique_ptr<DurableLedger> OpenHost(example::Files& files, std::uint64_t snapshot_every,
                                        std::vector<Acknowledgement>* told = nullptr) {
  auto host = DurableLedger::Open(files, {.snapshot_every = snapshot_every},
                                  [told](const Acknowledgement& block) {
                                    if (told != nullptr) told->push_back(block);
                                  });
  EXPECT_TRUE(host.ok()) << host.status();
  return host.ok() ? *std::move(host) : nullptr;
}

void Settle(DurableLedger& host, std::uint64_t blocks) {
  std::uint64_t height = host.machine().ledger().height().value();
  for (std::uint64_t i = 0; i < blocks; ++i) {
    ASSERT_TRUE(host.Submit(test::SmallBlock(++height)).ok());
    ASSERT_TRUE(host.Commit().ok());
  }
}

// The disk after so many blocks, with a snapshot after every fifth.
Contents AfterBlocks(std::uint64_t blocks) {
  SimulatedDisk disk;
  Settle(*OpenHost(disk, 5), blocks);
  return disk.Contents();
}

absl::StatusOr<example::Recovered> RecoverFrom(const Contents& contents) {
  const SimulatedDisk disk(contents);
  return example::Recover(disk);
}

TEST(DurableLedger, TellsOfABlockOnlyOnceItIsCommitted) {
  SimulatedDisk disk;
  std::vector<Acknowledgement> told;
  const auto host = OpenHost(disk, 100, &told);
  ASSERT_TRUE(host->Submit(test::SmallBlock(1)).ok());
  ASSERT_TRUE(host->Submit(test::SmallBlock(2)).ok());
  EXPECT_TRUE(told.empty());
  ASSERT_TRUE(host->Commit().ok());
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].height, Height(1));
  EXPECT_EQ(told[0].applied, test::kSmallStream.owners);
  EXPECT_EQ(told[1].applied + told[1].refused, test::kSmallStream.block_size);
  ASSERT_TRUE(host->Commit().ok());
  EXPECT_EQ(told.size(), 2u);
}

TEST(DurableLedger, RefusesABlockOfAnotherHeightAndGoesOn) {
  SimulatedDisk disk;
  const auto host = OpenHost(disk, 100);
  EXPECT_EQ(host->Submit(test::SmallBlock(2)).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(host->Submit(test::SmallBlock(1)).ok());
  EXPECT_EQ(host->Submit(test::SmallBlock(1)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(host->Commit().ok());
  EXPECT_EQ(RecoverFrom(disk.Contents())->blocks, 1u);
}

TEST(DurableLedger, KeepsTwoSnapshotsAndTheJournalAfterTheOlderOne) {
  std::size_t most = 0;
  SimulatedDisk disk;
  const auto host = OpenHost(disk, 5);
  for (int i = 0; i < 60; ++i) {
    Settle(*host, 1);
    most = std::max(most, disk.Contents().size());
  }
  EXPECT_LE(most, 5u);
  EXPECT_EQ(host->snapshots_written(), 12u);
  const absl::StatusOr<example::Checked> checked = example::Check(disk);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->from.size(), 1u);
}

TEST(DurableLedger, ADamagedSnapshotIsReplacedByTheOlderOneAndMoreJournal) {
  test::Expected expected;
  Contents contents = AfterBlocks(23);
  const absl::StatusOr<example::Recovered> sound = RecoverFrom(contents);
  ASSERT_TRUE(sound.ok());
  Bytes& snapshot = contents[SnapshotName(sound->snapshot)];
  for (std::size_t at = 0; at < snapshot.size(); at += 11) {
    snapshot[at] ^= std::byte{4};
    const absl::StatusOr<example::Recovered> recovered = RecoverFrom(contents);
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    EXPECT_LT(recovered->snapshot, sound->snapshot);
    EXPECT_EQ(recovered->position, sound->position);
    EXPECT_EQ(recovered->machine.ledger().fingerprint(), expected.At(23));
    ASSERT_EQ(recovered->damaged_snapshots.size(), 1u);
    EXPECT_THAT(recovered->damaged_snapshots[0], HasSubstr("damaged at byte"));
    snapshot[at] ^= std::byte{4};
  }
}

TEST(DurableLedger, ASnapshotUnderAnotherNameIsRefused) {
  Contents contents = AfterBlocks(23);
  const JournalSequence newest = RecoverFrom(contents)->snapshot;
  contents[SnapshotName(JournalSequence(newest.value() + 1))] = contents[SnapshotName(newest)];
  contents.erase(SnapshotName(newest));
  const absl::StatusOr<example::Recovered> recovered = RecoverFrom(contents);
  EXPECT_EQ(recovered.status().code(), absl::StatusCode::kDataLoss) << recovered.status();
}

TEST(DurableLedger, EveryMissingFileOfTheJournalIsNoticed) {
  Contents contents = AfterBlocks(23);
  const absl::StatusOr<example::Recovered> sound = RecoverFrom(contents);
  ASSERT_TRUE(sound.ok());
  std::vector<std::string> segments;
  for (const auto& [name, content] : contents) {
    if (name.starts_with("journal-")) segments.push_back(name);
  }
  ASSERT_EQ(segments.size(), 2u);
  // The newest snapshot stands for what is before it; without that too, nothing does.
  Contents without_first = contents;
  without_first.erase(segments[0]);
  EXPECT_TRUE(RecoverFrom(without_first).ok());
  without_first[SnapshotName(sound->snapshot)][60] ^= std::byte{1};
  EXPECT_EQ(RecoverFrom(without_first).status().code(), absl::StatusCode::kDataLoss);
  // And all that is left is older than a snapshot was.
  Contents only_older = contents;
  only_older.erase(segments[0]);
  only_older.erase(segments[1]);
  only_older[SnapshotName(sound->snapshot)][60] ^= std::byte{1};
  EXPECT_EQ(RecoverFrom(only_older).status().code(), absl::StatusCode::kDataLoss);
}

TEST(DurableLedger, SaysWhereTheJournalIsDamagedAndByHowMuch) {
  Contents contents = AfterBlocks(3);
  contents[SegmentName(JournalSequence(1))][700] ^= std::byte{1};
  const absl::StatusOr<example::Recovered> recovered = RecoverFrom(contents);
  EXPECT_EQ(recovered.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(recovered.status().message()),
              testing::MatchesRegex("journal-0+1: damaged at byte [0-9]+: Frame(Payload|Header): "
                                    "found [0-9]+, expected [0-9]+"));
}

TEST(DurableLedger, CutsOffATornEndOnceAndGoesOn) {
  test::Expected expected;
  Contents contents = AfterBlocks(3);
  Bytes& segment = contents[SegmentName(JournalSequence(1))];
  const std::size_t size = segment.size();
  segment.resize(size + 1'000, std::byte{0x55});
  SimulatedDisk disk(contents);
  const auto host = OpenHost(disk, 5);
  ASSERT_NE(host, nullptr);
  EXPECT_EQ(host->found().torn_size, 1'000u);
  EXPECT_EQ(disk.Contents()[SegmentName(JournalSequence(1))].size(), size);
  Settle(*host, 1);
  const absl::StatusOr<example::Recovered> recovered = RecoverFrom(disk.Contents());
  ASSERT_TRUE(recovered.ok());
  EXPECT_EQ(recovered->torn_size, 0u);
  EXPECT_EQ(recovered->machine.ledger().fingerprint(), expected.At(4));
}

TEST(DurableLedger, OpeningRemovesWhatAKilledProcessLeftBehind) {
  const Contents contents = AfterBlocks(23);
  Contents with_old = contents;
  with_old[SnapshotName(JournalSequence(2))] =
      contents.at(SnapshotName(RecoverFrom(contents)->snapshot));
  with_old[SegmentName(JournalSequence(1))] = Bytes(10);
  with_old[SegmentName(JournalSequence(3))] = Bytes(10);
  SimulatedDisk disk(with_old);
  EXPECT_NE(OpenHost(disk, 5), nullptr);
  EXPECT_EQ(disk.Contents(), contents);
}

TEST(DurableLedger, OpeningAgainAndAgainChangesNothing) {
  const Contents contents = AfterBlocks(8);
  SimulatedDisk disk(contents);
  for (int i = 0; i < 3; ++i) EXPECT_NE(OpenHost(disk, 5), nullptr);
  EXPECT_EQ(disk.Contents(), contents);
}

TEST(DurableLedger, BlocksThatWereFoundUnmarkedAreMarkedBeforeAnythingElse) {
  SimulatedDisk disk;
  const auto host = OpenHost(disk, 5);
  ASSERT_TRUE(host->Submit(test::SmallBlock(1)).ok());
  const Contents killed = disk.Contents();
  EXPECT_EQ(RecoverFrom(killed)->durable, JournalSequence(0));
  SimulatedDisk after(killed);
  EXPECT_NE(OpenHost(after, 5), nullptr);
  EXPECT_EQ(RecoverFrom(after.Contents())->durable, JournalSequence(1));
}

TEST(DurableLedger, LeavesFilesOfOtherNamesAlone) {
  Contents contents = AfterBlocks(3);
  contents["notes.txt"] = Bytes(10);
  contents["journal-1"] = Bytes(10);
  contents["snapshot-00000000000000000009.partial"] = Bytes(10);
  SimulatedDisk disk(contents);
  Settle(*OpenHost(disk, 2), 3);
  const Contents after = disk.Contents();
  EXPECT_EQ(after.count("notes.txt"), 1u);
  EXPECT_EQ(after.count("journal-1"), 1u);
  EXPECT_EQ(after.count("snapshot-00000000000000000009.partial"), 0u);
}

// --- real files and the program -----------------------------------------------------------------

TEST(DurableLedger, DoesTheSameInRealFilesAsInTheSimulation) {
  const test::TemporaryFolder folder;
  const std::string path = folder.File("ledger");
  {
    const auto files = DiskFiles::Open(path, DiskFiles::Access::kWrite);
    ASSERT_TRUE(files.ok()) << files.status();
    Settle(*OpenHost(**files, 5), 23);
  }
  const auto files = DiskFiles::Open(path, DiskFiles::Access::kRead);
  ASSERT_TRUE(files.ok()) << files.status();
  const absl::StatusOr<std::vector<std::string>> names = (*files)->List();
  ASSERT_TRUE(names.ok());
  Contents contents;
  for (const std::string& name : *names) contents[name] = *(*files)->Read(name);
  EXPECT_EQ(contents, AfterBlocks(23));
}

TEST(DurableLedger, OneProcessWritesOrSeveralRead) {
  const test::TemporaryFolder folder;
  const std::string path = folder.File("ledger");
  EXPECT_FALSE(DiskFiles::Open(path, DiskFiles::Access::kRead).ok());
  {
    const auto writer = DiskFiles::Open(path, DiskFiles::Access::kWrite);
    ASSERT_TRUE(writer.ok());
    EXPECT_FALSE(DiskFiles::Open(path, DiskFiles::Access::kWrite).ok());
    EXPECT_FALSE(DiskFiles::Open(path, DiskFiles::Access::kRead).ok());
  }
  const auto reader = DiskFiles::Open(path, DiskFiles::Access::kRead);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(DiskFiles::Open(path, DiskFiles::Access::kRead).ok());
  EXPECT_FALSE(DiskFiles::Open(path, DiskFiles::Access::kWrite).ok());
}

TEST(DurableLedgerProgram, RunsGoesOnAndChecks) {
  const test::TemporaryFolder folder;
  const std::string path = folder.File("ledger");
  const std::vector<std::string> run = {"run", path, "--transactions", "300", "--snapshot-every",
                                        "2"};
  const test::ProgramResult first = test::RunProgram(DURABLE_LEDGER_PROGRAM, run);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("acknowledged     400 transactions in 4 blocks"));
  std::vector<std::string> told = run;
  told.push_back("--acknowledge");
  const test::ProgramResult second = test::RunProgram(DURABLE_LEDGER_PROGRAM, told);
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("recovered        height 4: snapshot-"));
  EXPECT_THAT(second.out, HasSubstr("acknowledged 5\nacknowledged 6\nacknowledged 7\n"));
  const test::ProgramResult check = test::RunProgram(DURABLE_LEDGER_PROGRAM, {"check", path});
  EXPECT_EQ(check.exit_code, 0) << check.err;
  EXPECT_THAT(check.out, HasSubstr("the same from    snapshot-"));
  EXPECT_THAT(check.out, HasSubstr("height 7, 101 accounts, fingerprint "));
}

TEST(DurableLedgerProgram, RefusesWhatIsDamagedWithExitCodeOne) {
  const test::TemporaryFolder folder;
  const std::string path = folder.File("ledger");
  ASSERT_EQ(
      test::RunProgram(DURABLE_LEDGER_PROGRAM, {"run", path, "--transactions", "300"}).exit_code,
      0);
  const std::string journal = path + "/" + SegmentName(JournalSequence(1));
  std::string text = test::ReadText(journal);
  text[1'000] = static_cast<char>(text[1'000] ^ 1);
  test::WriteText(journal, text);
  for (const char* command : {"check", "run"}) {
    const test::ProgramResult result = test::RunProgram(DURABLE_LEDGER_PROGRAM, {command, path});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("durable_ledger: journal-00000000000000000001: damaged at"));
  }
  EXPECT_EQ(test::ReadText(journal), text);
}

TEST(DurableLedgerProgram, ExplainsItselfAndRefusesBadUsage) {
  const test::ProgramResult help = test::RunProgram(DURABLE_LEDGER_PROGRAM, {"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Exit code: 0"));
  for (const std::vector<std::string>& bad : {std::vector<std::string>{},
                                              {"run"},
                                              {"run", "x", "--group", "0"},
                                              {"walk", "x"},
                                              {"check", "/nonexistent/folder"},
                                              {"run", "/nonexistent/folder"}}) {
    const test::ProgramResult result = test::RunProgram(DURABLE_LEDGER_PROGRAM, bad);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr("durable_ledger: "));
  }
}

}  // namespace
}  // namespace settle
