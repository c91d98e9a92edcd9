// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Checks a folder without changing it: recovery from each snapshot that is kept, and from the first
// frame until there are two, must come to the same ledger bit for bit, in which every asset sums to
// zero.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_CHECK_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/durable_ledger/files.h"
#include "examples/durable_ledger/recovery.h"
#include "settle/base/fingerprint.h"

namespace settle::example {

struct Checked {
  Recovered recovered;
  Fingerprint fingerprint;
  std::vector<JournalSequence> from;  // other snapshots that came to the same; 0: the first frame
};

// Errors: those of Recover, and DataLoss when two recoveries differ or an asset does not sum to
// zero.
[[nodiscard]] absl::StatusOr<Checked> Check(const Files& files);

// The bytes of all files, and how many they are.
struct DiskUse {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
};
[[nodiscard]] absl::StatusOr<DiskUse> MeasureDisk(const Files& files);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_CHECK_H_
