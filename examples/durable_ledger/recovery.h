// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the folder holds, and the machine that it gives: the newest good snapshot and the journal
// after it. Nothing is written here.
//
//   snapshot-<sequence>      the state after frame <sequence> of the journal
//   journal-<sequence>       the frames from <sequence> on; each file begins after a snapshot
//   *.partial                a snapshot that was not finished
//
// A file of the journal is begun when the one before it is durable, and a snapshot gets its name
// when it and all that it holds is; so their names alone say what was durable.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_RECOVERY_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_RECOVERY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/durable_ledger/files.h"
#include "examples/durable_ledger/machine.h"
#include "settle/ledger/journal.h"

namespace settle::example {

// Before the first frame. A host whose clients write what they like into its records would take a
// secret name, see settle/ledger/journal.h.
[[nodiscard]] JournalPosition JournalStart();

[[nodiscard]] std::string SnapshotName(JournalSequence last);
[[nodiscard]] std::string SegmentName(JournalSequence first);
[[nodiscard]] std::string PartialName(const std::string& name);

struct Layout {
  std::vector<JournalSequence> snapshots;  // the newest first
  std::vector<JournalSequence> segments;   // the oldest first
  std::vector<std::string> partials;
};
// Files of other names are nothing of ours and are left alone.
[[nodiscard]] absl::StatusOr<Layout> ReadLayout(const Files& files);

struct Recovered {
  PaymentMachine machine;
  JournalPosition position;    // where the journal goes on
  JournalSequence snapshot;    // what it was recovered from; 0: from nothing
  JournalSequence durable;     // frames up to here are marked durable
  JournalSequence last_block;  // the last frame that is a block, and no mark
  std::uint64_t blocks = 0;    // replayed
  std::string segment;         // the last file of the journal after the snapshot; empty: none
  std::size_t good_size = 0;   // of that file
  std::size_t torn_size = 0;   // what is behind it, and was never acknowledged
  std::vector<std::string> damaged_snapshots;  // why each newer one could not be used
};

// Recovers from the newest good snapshot, or from the one that is named (0: from the first frame
// on). Errors: DataLoss, with file, byte and numbers, where something is lost that may have been
// acknowledged.
[[nodiscard]] absl::StatusOr<Recovered> Recover(const Files& files,
                                                std::optional<JournalSequence> from = {});

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_RECOVERY_H_
