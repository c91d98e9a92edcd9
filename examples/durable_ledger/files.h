// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The files of one folder, as few operations as a durable log needs: what a host implements, and
// what a test replaces by a disk that loses power.
//
// What a power loss may do is the contract. Until `Sync(name)` has answered, any part of what was
// written to the file since the last one may be missing. Until `SyncDirectory()` has answered, any
// of the files made, renamed or removed since the last one may be as it was before, however well
// the file itself is synced.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_FILES_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_FILES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bytes.h"

namespace settle::example {

using Bytes = std::vector<std::byte>;

class Files {
 public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  virtual ~Files() = default;

  // The names of all files, in any order.
  [[nodiscard]] virtual absl::StatusOr<std::vector<std::string>> List() const = 0;
  [[nodiscard]] virtual absl::StatusOr<Bytes> Read(const std::string& name) const = 0;

  // Makes an empty file; one that has the name is emptied.
  virtual absl::Status Create(const std::string& name) = 0;
  virtual absl::Status Append(const std::string& name, ByteView bytes) = 0;
  virtual absl::Status Truncate(const std::string& name, std::size_t size) = 0;
  // After an error nothing is known of the file but what was synced before: reload, never retry.
  virtual absl::Status Sync(const std::string& name) = 0;

  // Replaces a file that has the name `to`.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& name) = 0;
  virtual absl::Status SyncDirectory() = 0;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_FILES_H_
