// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/durable_ledger/host.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "settle/base/text.h"
#include "settle/ledger/snapshot.h"

namespace settle::example {

absl::StatusOr<std::unique_ptr<DurableLedger>> DurableLedger::Open(Files& files,
                                                                   const HostOptions& options,
                                                                   OnAcknowledged on_acknowledged) {
  absl::StatusOr<Recovered> found = Recover(files);
  if (!found.ok()) return found.status();
  std::unique_ptr<DurableLedger> host(
      new DurableLedger(files, options, std::move(on_acknowledged), *std::move(found)));
  if (absl::Status status = host->Repair(); !status.ok()) return status;
  return host;
}

// What a killed process left in the page cache was read as if it were on the disk; it may be lost
// still, and must not once it has been shown.
absl::Status DurableLedger::Repair() {
  const absl::StatusOr<Layout> layout = ReadLayout(files_);
  if (!layout.ok()) return layout.status();
  for (const std::string& partial : layout->partials) {
    if (absl::Status status = files_.Remove(partial); !status.ok()) return status;
  }
  blocks_since_snapshot_ = found_.blocks;
  if (!segment_.empty()) {
    if (found_.torn_size > 0) {
      absl::Status status = files_.Truncate(segment_, found_.good_size);
      if (!status.ok()) return status;
    }
    if (absl::Status status = files_.Sync(segment_); !status.ok()) return status;
  }
  if (absl::Status status = files_.SyncDirectory(); !status.ok()) return status;
  if (found_.last_block > found_.durable) {
    if (absl::Status status = Mark(); !status.ok()) return status;
  }
  const auto older = std::find_if(layout->snapshots.begin(), layout->snapshots.end(),
                                  [this](JournalSequence each) { return each < snapshot_; });
  return older == layout->snapshots.end() ? absl::OkStatus() : RemoveOld(*older);
}

absl::Status DurableLedger::Submit(const PaymentBlock& block) {
  if (!broken_.ok()) return broken_;
  effects_.Clear();
  if (Reason reason = found_.machine.Step(block, effects_); !reason.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the block is refused: ", ToString(reason)));
  }
  released_.clear();
  if (Reason reason = gate_.Take(effects_, released_); !reason.ok()) {
    return Break(absl::InternalError(absl::StrCat("the gate is full: ", ToString(reason))));
  }
  for (const Effect<PaymentMachine>& effect : released_) {
    const auto* const persist = std::get_if<Persist<Bytes>>(&effect);
    if (persist == nullptr) continue;
    if (absl::Status status = WriteRecord(persist->record); !status.ok()) return Break(status);
  }
  ++blocks_since_snapshot_;
  return absl::OkStatus();
}

absl::Status DurableLedger::Commit() {
  if (!broken_.ok()) return broken_;
  if (gate_.issued() == gate_.confirmed()) return absl::OkStatus();
  if (absl::Status status = files_.Sync(segment_); !status.ok()) return Break(status);
  if (absl::Status status = Mark(); !status.ok()) return Break(status);
  released_.clear();
  if (Reason reason = gate_.Confirm(gate_.issued(), released_); !reason.ok()) {
    return Break(absl::InternalError(absl::StrCat("the gate refuses: ", ToString(reason))));
  }
  for (const Effect<PaymentMachine>& effect : released_) {
    if (const auto* report = std::get_if<Report<Acknowledgement>>(&effect)) {
      on_acknowledged_(report->notice);
    }
  }
  if (blocks_since_snapshot_ < options_.snapshot_every) return absl::OkStatus();
  absl::Status status = Snapshot();
  return status.ok() ? status : Break(status);
}

// Writes the first `size` bytes of frame_. The first frame after a snapshot begins a file.
absl::Status DurableLedger::WriteFrame(std::size_t size) {
  return files_.Append(segment_, ByteView(frame_).first(size));
}

absl::Status DurableLedger::WriteRecord(ByteView record) {
  if (segment_.empty()) {
    const std::string name = SegmentName(JournalSequence(writer_.position().last.value() + 1));
    if (absl::Status status = files_.Create(name); !status.ok()) return status;
    if (absl::Status status = files_.SyncDirectory(); !status.ok()) return status;
    segment_ = name;
  }
  if (frame_.size() < JournalFrameSize(record.size())) {
    frame_.resize(JournalFrameSize(record.size()));
  }
  const Result<std::size_t> size = writer_.Append(kPaymentBlock, record, frame_);
  if (!size.ok()) return absl::InternalError(ToString(size.reason()));
  return WriteFrame(*size);
}

// States that all that was written is durable, durably: call it when it is.
absl::Status DurableLedger::Mark() {
  frame_.resize(std::max(frame_.size(), kJournalMarkFrameSize));
  const Result<std::size_t> size = writer_.AppendMark(writer_.position().last, frame_);
  if (!size.ok()) return absl::InternalError(ToString(size.reason()));
  if (absl::Status status = WriteFrame(*size); !status.ok()) return status;
  return files_.Sync(segment_);
}

// The name says that it is whole and durable: it gets it last.
absl::Status DurableLedger::Snapshot() {
  const std::string name = SnapshotName(writer_.position().last);
  const std::string partial = PartialName(name);
  if (absl::Status status = files_.Create(partial); !status.ok()) return status;
  const Bytes state = found_.machine.State();
  SnapshotWriter writer(writer_.position(), Kind::kLedgerState, state);
  Bytes buffer(kSnapshotBuffer);
  while (!writer.done()) {
    const Result<std::size_t> size = writer.Next(buffer);
    if (!size.ok()) return absl::InternalError(ToString(size.reason()));
    absl::Status status = files_.Append(partial, ByteView(buffer).first(*size));
    if (!status.ok()) return status;
  }
  if (absl::Status status = files_.Sync(partial); !status.ok()) return status;
  if (absl::Status status = files_.Rename(partial, name); !status.ok()) return status;
  if (absl::Status status = files_.SyncDirectory(); !status.ok()) return status;
  segment_.clear();
  blocks_since_snapshot_ = 0;
  ++snapshots_written_;
  return RemoveOld(std::exchange(snapshot_, writer_.position().last));
}

// Removes what is neither the newest good snapshot, nor the older one, nor the journal after that;
// newer ones, which are damaged, stay to be looked at until there is another. Nobody needs what is
// removed, so that it may come back after a power loss.
absl::Status DurableLedger::RemoveOld(JournalSequence older) {
  const absl::StatusOr<Layout> layout = ReadLayout(files_);
  if (!layout.ok()) return layout.status();
  for (const JournalSequence each : layout->snapshots) {
    if (each >= snapshot_ || each == older) continue;
    if (absl::Status status = files_.Remove(SnapshotName(each)); !status.ok()) return status;
  }
  for (const JournalSequence first : layout->segments) {
    if (first > older) break;
    if (absl::Status status = files_.Remove(SegmentName(first)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// After a failed write nothing is known of what is durable. Nothing that waits may ever be told.
absl::Status DurableLedger::Break(absl::Status status) {
  if (gate_.confirmed() < gate_.issued()) (void)gate_.Fail(gate_.issued());
  broken_ = std::move(status);
  return broken_;
}

}  // namespace settle::example
