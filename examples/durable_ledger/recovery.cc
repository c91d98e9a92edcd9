// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/durable_ledger/recovery.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "settle/base/codec.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/snapshot.h"

namespace settle::example {
namespace {

constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::string_view kSegmentPrefix = "journal-";
constexpr std::string_view kPartialSuffix = ".partial";
constexpr std::size_t kDigits = 20;

// The sequence in a name that is the prefix and 20 digits.
std::optional<JournalSequence> SequenceIn(std::string_view name, std::string_view prefix) {
  if (name.size() != prefix.size() + kDigits || !name.starts_with(prefix)) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + prefix.size(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return JournalSequence(number);
}

std::string NameOf(Reason reason) {
  if (reason.module() == Module::kLedger) {
    return std::string(ReasonName(static_cast<LedgerReason>(reason.code())));
  }
  if (reason.module() == Module::kBase) {
    return std::string(ReasonName(static_cast<BaseReason>(reason.code())));
  }
  return ToString(reason);
}

std::string Describe(const std::string& file, std::size_t offset, Reason reason,
                     std::uint64_t found, std::uint64_t expected) {
  return absl::StrFormat("%s: damaged at byte %d: %s: found %u, expected %u", file, offset,
                         NameOf(reason), found, expected);
}

std::string Describe(const std::string& file, Reason reason) {
  return absl::StrCat(file, ": ", NameOf(reason));
}

// Where replaying begins.
struct Base {
  PaymentMachine machine;
  JournalPosition position = JournalStart();
};

absl::StatusOr<Base> LoadSnapshot(const Files& files, JournalSequence sequence) {
  const std::string name = SnapshotName(sequence);
  const absl::StatusOr<Bytes> bytes = files.Read(name);
  if (!bytes.ok()) return bytes.status();
  SnapshotHead head;
  Bytes state;
  const SnapshotOutcome read = ReadSnapshot(*bytes, JournalStart().identity, head, state);
  if (!read.ok()) {
    return absl::DataLossError(Describe(name, read.offset, read.reason, read.found, read.expected));
  }
  if (head.position.last != sequence) {
    return absl::DataLossError(Describe(name, 0, LedgerReason::kFrameSequence,
                                        head.position.last.value(), sequence.value()));
  }
  Result<PaymentMachine> machine = PaymentMachine::Recover(state);
  if (!machine.ok()) return absl::DataLossError(Describe(name, machine.reason()));
  return Base{.machine = *std::move(machine), .position = head.position};
}

absl::StatusOr<Base> LoadNewest(const Files& files, const Layout& layout,
                                std::vector<std::string>& damaged) {
  for (const JournalSequence sequence : layout.snapshots) {
    absl::StatusOr<Base> base = LoadSnapshot(files, sequence);
    if (base.ok() || base.status().code() != absl::StatusCode::kDataLoss) return base;
    damaged.push_back(std::string(base.status().message()));
  }
  return Base{};
}

// Applies the block of one frame; marks are the reader's.
absl::Status Replay(const JournalItem& item, const std::string& name, Recovered& out) {
  if (item.frame.kind == Kind::kJournalMark) return absl::OkStatus();
  const std::string where = absl::StrCat(name, ": frame at byte ", item.offset);
  if (item.frame.kind != kPaymentBlock) {
    return absl::DataLossError(Describe(where, BaseReason::kWrongKind));
  }
  PaymentBlock block;
  if (const DecodeOutcome decoded = DecodeInto(item.frame.payload, block); !decoded.ok()) {
    return absl::DataLossError(Describe(where, decoded.reason));
  }
  const Result<Acknowledgement> applied = out.machine.Replay(block);
  if (!applied.ok()) return absl::DataLossError(Describe(where, applied.reason()));
  ++out.blocks;
  out.last_block = item.frame.sequence;
  return absl::OkStatus();
}

// Reads the file of the journal that begins at out.position. `durable`: what names say of it.
absl::Status ReadSegment(const Files& files, const std::string& name, JournalSequence durable,
                         Recovered& out) {
  const absl::StatusOr<Bytes> bytes = files.Read(name);
  if (!bytes.ok()) return bytes.status();
  JournalReader reader(*bytes, out.position, durable);
  JournalItem item = reader.Next();
  for (; item.verdict == JournalVerdict::kFrame; item = reader.Next()) {
    if (absl::Status status = Replay(item, name, out); !status.ok()) return status;
  }
  if (item.verdict == JournalVerdict::kDamaged) {
    return absl::DataLossError(Describe(name, item.offset, item.reason, item.found, item.expected));
  }
  out.position = reader.position();
  out.durable = std::max(out.durable, reader.durable());
  out.segment = name;
  out.good_size = item.offset;
  out.torn_size = bytes->size() - item.offset;
  return absl::OkStatus();
}

}  // namespace

JournalPosition JournalStart() { return JournalPosition::Begin(AsBytes("durable_ledger")); }

std::string SnapshotName(JournalSequence last) {
  return absl::StrFormat("%s%0*u", std::string(kSnapshotPrefix), static_cast<int>(kDigits),
                         last.value());
}
std::string SegmentName(JournalSequence first) {
  return absl::StrFormat("%s%0*u", std::string(kSegmentPrefix), static_cast<int>(kDigits),
                         first.value());
}
std::string PartialName(const std::string& name) {
  return absl::StrCat(name, std::string(kPartialSuffix));
}

absl::StatusOr<Layout> ReadLayout(const Files& files) {
  const absl::StatusOr<std::vector<std::string>> names = files.List();
  if (!names.ok()) return names.status();
  Layout layout;
  for (const std::string& name : *names) {
    if (const auto snapshot = SequenceIn(name, kSnapshotPrefix)) {
      layout.snapshots.push_back(*snapshot);
    } else if (const auto segment = SequenceIn(name, kSegmentPrefix)) {
      layout.segments.push_back(*segment);
    } else if (std::string_view(name).ends_with(kPartialSuffix) &&
               std::string_view(name).starts_with(kSnapshotPrefix)) {
      layout.partials.push_back(name);
    }
  }
  std::sort(layout.snapshots.begin(), layout.snapshots.end(), std::greater<>());
  std::sort(layout.segments.begin(), layout.segments.end());
  return layout;
}

absl::StatusOr<Recovered> Recover(const Files& files, std::optional<JournalSequence> from) {
  const absl::StatusOr<Layout> layout = ReadLayout(files);
  if (!layout.ok()) return layout.status();
  std::vector<std::string> damaged;
  absl::StatusOr<Base> base = !from                        ? LoadNewest(files, *layout, damaged)
                              : *from == JournalSequence() ? Base{}
                                                           : LoadSnapshot(files, *from);
  if (!base.ok()) return base.status();
  Recovered out{.machine = std::move(base->machine),
                .position = base->position,
                .snapshot = base->position.last,
                .durable = base->position.last,
                .last_block = base->position.last,
                .segment = {},
                .damaged_snapshots = std::move(damaged)};
  const auto newest = layout->snapshots.empty() ? JournalSequence() : layout->snapshots.front();

  for (std::size_t i = 0; i < layout->segments.size(); ++i) {
    const JournalSequence first = layout->segments[i];
    if (first <= out.snapshot) continue;
    const JournalSequence wanted(out.position.last.value() + 1);
    if (first != wanted || out.torn_size > 0) {
      return absl::DataLossError(Describe(SegmentName(first), 0, LedgerReason::kFrameSequence,
                                          first.value(), wanted.value()));
    }
    const bool is_last = i + 1 == layout->segments.size();
    const JournalSequence before_next(is_last ? 0 : layout->segments[i + 1].value() - 1);
    absl::Status status =
        ReadSegment(files, SegmentName(first), std::max(newest, before_next), out);
    if (!status.ok()) return status;
  }
  if (out.position.last < newest) {
    return absl::DataLossError(Describe(SegmentName(out.position.last), 0,
                                        LedgerReason::kJournalEndsEarly, out.position.last.value(),
                                        newest.value()));
  }
  return out;
}

}  // namespace settle::example
