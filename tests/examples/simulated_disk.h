// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A disk that loses power: Files in memory that know what a sync has made durable, and every disk
// that may be found after the power has failed at any moment.
//
//   SimulatedDisk disk;
//   ...a host works on `disk`, and calls disk.Acknowledge(height) for what it tells others...
//   for (const CrashPoint& point : disk.crash_points()) {
//     ForEachDisk(point, [&](const SimulatedDisk& found) { ...recover from it... });
//   }
//
// What may be found. Of the files made, renamed and removed since the last sync of the directory,
// any. Of the bytes written to a file since its last sync: none, all, the first few writes, and of
// one write the sectors before or after any boundary, or all sectors but one; what is missing is
// cut off or, where the file has its new length, zero.

#ifndef SETTLE_TESTS_EXAMPLES_SIMULATED_DISK_H_
#define SETTLE_TESTS_EXAMPLES_SIMULATED_DISK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/durable_ledger/files.h"

namespace settle::test {

inline constexpr std::size_t kSectorSize = 512;

// What a careless host or a lying disk does. A test that does not notice it tests nothing.
enum class Fault {
  kNone,
  kNoSync,                 // syncs of files do nothing
  kNoDirectorySync,        // syncs of the directory do nothing
  kAcknowledgeBeforeSync,  // syncs of files are done once somebody has been told
  kNoSecondSync,           // of two syncs of a file without an acknowledgement between, the first
};

// The state of a disk: a value.
struct DiskState {
  struct Change {  // of a file: a write at its end, or a cut
    std::optional<std::size_t> cut_to;
    example::Bytes written;
  };
  struct File {
    example::Bytes durable;
    std::vector<Change> pending;
  };
  struct Renaming {  // of the directory: `file` gets the name `to`, or none
    std::size_t file = 0;
    std::string from;  // empty: a new file
    std::string to;    // empty: removed
  };

  std::vector<File> files;
  std::map<std::string, std::size_t> names;          // as a running process sees them
  std::map<std::string, std::size_t> durable_names;  // as they are found after a power loss
  std::vector<Renaming> renamings;                   // since then
};

struct CrashPoint {
  DiskState state;
  std::uint64_t acknowledged = 0;  // the most that anybody was told
};

class SimulatedDisk : public example::Files {
 public:
  explicit SimulatedDisk(Fault fault = Fault::kNone) : fault_(fault) {}
  // The process was killed and the disk goes on: what is pending is still pending.
  explicit SimulatedDisk(DiskState state) : fault_(Fault::kNone), state_(std::move(state)) {}
  // What `contents` hold is durable.
  explicit SimulatedDisk(const std::map<std::string, example::Bytes>& contents);

  // Somebody is told.
  void Acknowledge(std::uint64_t height);

  // After each operation and acknowledgement, in order.
  [[nodiscard]] const std::vector<CrashPoint>& crash_points() const { return crash_points_; }
  // What a running process sees.
  [[nodiscard]] std::map<std::string, example::Bytes> Contents() const;

  [[nodiscard]] absl::StatusOr<std::vector<std::string>> List() const override;
  [[nodiscard]] absl::StatusOr<example::Bytes> Read(const std::string& name) const override;
  absl::Status Create(const std::string& name) override;
  absl::Status Append(const std::string& name, ByteView bytes) override;
  absl::Status Truncate(const std::string& name, std::size_t size) override;
  absl::Status Sync(const std::string& name) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& name) override;
  absl::Status SyncDirectory() override;

  // Every operation from the one of this number on fails, counted from 0.
  void FailFrom(std::size_t operation) { fail_from_ = operation; }
  [[nodiscard]] std::size_t operations() const { return operations_; }

 private:
  absl::Status Begin(const std::string& name, DiskState::File** file);
  absl::Status End();
  void MakeDurable(std::size_t file);

  Fault fault_;
  DiskState state_;
  std::uint64_t acknowledged_ = 0;
  std::vector<std::size_t> late_syncs_;
  std::size_t syncs_since_acknowledged_ = 0;
  std::vector<CrashPoint> crash_points_;
  std::size_t operations_ = 0;
  std::optional<std::size_t> fail_from_;
};

// Calls `visit` with the contents of every disk that may be found.
void ForEachDisk(const DiskState& state,
                 const std::function<void(const std::map<std::string, example::Bytes>&)>& visit);

}  // namespace settle::test

#endif  // SETTLE_TESTS_EXAMPLES_SIMULATED_DISK_H_
