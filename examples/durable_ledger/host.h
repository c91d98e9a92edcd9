// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The host: it drives the machine, keeps its blocks in a journal, and tells nobody of a block
// before it is durable.
//
//   Submit   the machine applies the block; the gate lets out its record and holds back its
//            acknowledgement; the record is written, which makes nothing durable
//   Commit   sync; a mark that what was written is durable; sync; the gate lets the
//            acknowledgements go
//
// Why two syncs. After a power loss the end of the journal may be unreadable, and whether it was
// acknowledged decides between cutting it off and refusing to start. With the mark durable before
// anything is acknowledged, the journal itself knows: see settle/ledger/journal.h. Blocks that are
// submitted together share both.
//
// Every so many blocks the state is written as a snapshot and the journal goes on in a new file;
// two snapshots are kept, and the journal after the older one.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_HOST_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_HOST_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/durable_ledger/files.h"
#include "examples/durable_ledger/machine.h"
#include "examples/durable_ledger/recovery.h"
#include "settle/base/effects.h"
#include "settle/ledger/journal.h"

namespace settle::example {

struct HostOptions {
  std::uint64_t snapshot_every = 256;  // blocks
};

class DurableLedger {
 public:
  using OnAcknowledged = std::function<void(const Acknowledgement&)>;

  // Recovers what the folder holds, cuts off what is torn, and makes what was found durable before
  // anybody is told of it. Errors: those of Recover; Unavailable when files cannot be used.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<DurableLedger>> Open(
      Files& files, const HostOptions& options, OnAcknowledged on_acknowledged);

  // Errors: InvalidArgument, with nothing changed, when the machine refuses the block; and after
  // any failure to write that failure, for ever: open anew.
  absl::Status Submit(const PaymentBlock& block);
  absl::Status Commit();

  [[nodiscard]] const PaymentMachine& machine() const { return found_.machine; }
  // What Open found; its machine goes on.
  [[nodiscard]] const Recovered& found() const { return found_; }
  [[nodiscard]] std::uint64_t snapshots_written() const { return snapshots_written_; }

 private:
  DurableLedger(Files& files, const HostOptions& options, OnAcknowledged on_acknowledged,
                Recovered found)
      : files_(files),
        options_(options),
        on_acknowledged_(std::move(on_acknowledged)),
        found_(std::move(found)),
        writer_(found_.position),
        segment_(found_.segment),
        snapshot_(found_.snapshot) {}

  absl::Status Repair();
  absl::Status WriteRecord(ByteView record);
  absl::Status WriteFrame(std::size_t size);
  absl::Status Mark();
  absl::Status Snapshot();
  absl::Status RemoveOld(JournalSequence older);
  absl::Status Break(absl::Status status);

  Files& files_;
  HostOptions options_;
  OnAcknowledged on_acknowledged_;
  Recovered found_;
  JournalWriter writer_;
  std::string segment_;       // that is written to; empty: the next frame begins one
  JournalSequence snapshot_;  // the newest good one
  Effects<PaymentMachine> effects_{2};
  EffectGate<PaymentMachine> gate_;
  std::vector<Effect<PaymentMachine>> released_;
  Bytes frame_;  // scratch
  std::uint64_t blocks_since_snapshot_ = 0;
  std::uint64_t snapshots_written_ = 0;
  absl::Status broken_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_HOST_H_
