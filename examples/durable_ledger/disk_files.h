// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Files in a folder of the file system, by POSIX calls.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_DISK_FILES_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_DISK_FILES_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/durable_ledger/files.h"

namespace settle::example {

class DiskFiles : public Files {
 public:
  enum class Access { kRead, kWrite };

  // To write, makes the folder if it is not there. One process may write, or several may read: the
  // lock goes with the process, however it ends.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DiskFiles>> Open(const std::string& path,
                                                                       Access access);
  ~DiskFiles() override;

  [[nodiscard]] absl::StatusOr<std::vector<std::string>> List() const override;
  [[nodiscard]] absl::StatusOr<Bytes> Read(const std::string& name) const override;
  absl::Status Create(const std::string& name) override;
  absl::Status Append(const std::string& name, ByteView bytes) override;
  absl::Status Truncate(const std::string& name, std::size_t size) override;
  absl::Status Sync(const std::string& name) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& name) override;
  absl::Status SyncDirectory() override;

 private:
  DiskFiles(std::string path, int folder) : path_(std::move(path)), folder_(folder) {}

  // Keeps one file open, the one that is written to: an error of writing it back is told to those
  // alone who had it open then.
  absl::Status OpenToWrite(const std::string& name, int flags);
  void Close();

  std::string path_;
  int folder_;
  std::string open_name_;
  int open_file_ = -1;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_DISK_FILES_H_
