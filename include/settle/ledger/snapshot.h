// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The snapshot: a whole state, framed in chunks, with the position of the journal that it stands
// at. Recovery is a snapshot and the replay of the journal after it.
//
// A snapshot is a run of the journal's frames (settle/ledger/journal.h), numbered from 1, that no
// journal of the same identity can be taken for: their first link is the identity's complement.
//
//   frame 1        SnapshotHead: position, size, fingerprint
//   frames 2 ...   the bytes of the state, in chunks, under the kind of the state
//
// The size says where it ends, the fingerprint (XXH3-128 of all of the state) that it is whole.
// Whatever is cut off, changed, left out or added is refused with a reason and its offset; there is
// no torn snapshot, for a host makes one under another name and renames it when it is durable.
//
//   const std::vector<std::byte> state = EncodeRecord(ledger.State());
//   SnapshotWriter writer(journal.position(), Kind::kLedgerState, state);
//   while (!writer.done()) Write(std::span(buffer).first(*writer.Next(buffer)));
//   ...
//   if (ReadSnapshot(bytes, identity, head, state).ok()) {
//     ...DecodeRecordInto(state, ledger_state), then read the journal from head.position...
//   }

#ifndef SETTLE_LEDGER_SNAPSHOT_H_
#define SETTLE_LEDGER_SNAPSHOT_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/fingerprint.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/ledger/journal.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

// The state's bytes in one frame; those of the last may be fewer.
inline constexpr std::size_t kSnapshotChunk = std::size_t{1} << 16;

// A buffer of so many bytes takes any frame of a snapshot.
inline constexpr std::size_t kSnapshotBuffer = JournalFrameSize(kSnapshotChunk);

struct SnapshotHead {
  static constexpr Kind kKind = Kind::kSnapshotHead;
  static constexpr std::uint16_t kVersion = 1;

  JournalPosition position{};  // the frames up to here are in the state
  std::uint32_t kind = 0;      // of the state
  std::uint64_t size = 0;      // of the state in bytes
  Fingerprint fingerprint{};   // of the state's bytes

  [[nodiscard]] Reason Validate() const {
    const bool good =
        kind != static_cast<std::uint32_t>(Kind::kJournalMark) && !IsSignedKind(Kind{kind});
    return good ? Reason() : Reason(BaseReason::kOutOfRange);
  }
  using Fields = Members<&SnapshotHead::position, &SnapshotHead::kind, &SnapshotHead::size,
                         &SnapshotHead::fingerprint>;
};

namespace detail {
// Before the first frame of a snapshot of the journal of this identity.
[[nodiscard]] inline JournalPosition SnapshotBegin(std::uint64_t identity) {
  return {.identity = identity, .link = ~identity, .last = {}};
}
}  // namespace detail

// Makes a snapshot's frames, one after the other, in the caller's memory. No call allocates.
class SnapshotWriter {
 public:
  // `state` stays the caller's, unchanged until done. `kind` is a record kind or a host's own.
  // Cost: XXH3-128 of the state.
  SnapshotWriter(const JournalPosition& position, Kind kind, ByteView state)
      : head_{.position = position,
              .kind = static_cast<std::uint32_t>(kind),
              .size = state.size(),
              .fingerprint = FingerprintOfBytes(state)},
        left_(state),
        writer_(detail::SnapshotBegin(position.identity)) {}

  [[nodiscard]] bool done() const { return has_head_ && left_.empty(); }
  [[nodiscard]] const SnapshotHead& head() const { return head_; }

  // Writes the next frame to the front of `out` and answers its size; 0 when done. Errors, with
  // nothing changed: kWrongKind for a state of a signed kind or of marks, kFull when `out` is too
  // small (kSnapshotBuffer is enough). Cost: a copy and XXH3 of the chunk.
  Result<std::size_t> Next(std::span<std::byte> out) {
    if (done()) return std::size_t{0};
    if (!head_.Validate().ok()) return BaseReason::kWrongKind;
    if (!has_head_) {
      const Result<std::size_t> size = writer_.Append(head_, out);
      has_head_ = size.ok();
      return size;
    }
    const ByteView chunk = left_.first((std::min)(left_.size(), kSnapshotChunk));
    const Result<std::size_t> size = writer_.Append(Kind{head_.kind}, chunk, out);
    if (size.ok()) left_ = left_.subspan(chunk.size());
    return size;
  }

 private:
  SnapshotHead head_;
  ByteView left_;
  bool has_head_ = false;
  JournalWriter writer_;
};

// What reading came to; where it stopped and the numbers behind it, for all but success.
struct SnapshotOutcome {
  Reason reason{};
  std::size_t offset = 0;
  std::uint64_t found = 0;
  std::uint64_t expected = 0;

  [[nodiscard]] constexpr bool ok() const { return reason.ok(); }
};

// Reads a whole snapshot of the journal of this identity, which must be all of `bytes`: its head
// and the state's bytes, put together. Both outputs mean something only for success. Errors:
//   kFrameShort to kFramePayload   a frame is bad, see JournalReader
//   kSnapshotForm                  no head in front, a chunk of another kind (kinds), or a head
//                                  of another journal than its frames (identities)
//   those of DecodeRecordInto      the head
//   kSnapshotSize                  a chunk too long or short, or too many or few (bytes)
//   kSnapshotContent               every frame is sound, but the state is another
// Cost: XXH3 and XXH3-128 of the input, and one copy: it allocates at most the size of the input.
[[nodiscard]] inline SnapshotOutcome ReadSnapshot(ByteView bytes, std::uint64_t identity,
                                                  SnapshotHead& head,
                                                  std::vector<std::byte>& state) {
  JournalReader reader(bytes, detail::SnapshotBegin(identity), std::nullopt);
  head = {};
  state.clear();
  for (bool has_head = false;; has_head = true) {
    const JournalItem item = reader.Next();
    const JournalFrame& frame = item.frame;
    if (item.verdict == JournalVerdict::kEnd) break;
    if (item.verdict != JournalVerdict::kFrame) {
      return {item.reason, item.offset, item.found, item.expected};
    }
    const Kind expected = has_head ? Kind{head.kind} : Kind::kSnapshotHead;
    if (frame.kind != expected) {
      return {LedgerReason::kSnapshotForm, item.offset, static_cast<std::uint32_t>(frame.kind),
              static_cast<std::uint32_t>(expected)};
    }
    if (!has_head) {
      const DecodeOutcome decoded = DecodeRecordInto(frame.payload, head);
      if (!decoded.ok()) return {decoded.reason, item.offset + kJournalHeaderSize + decoded.offset};
      if (head.position.identity != identity) {
        return {LedgerReason::kSnapshotForm, item.offset, head.position.identity, identity};
      }
      // A head may promise more than the input holds.
      state.reserve((std::min)(head.size, std::uint64_t{bytes.size()}));
      continue;
    }
    const std::uint64_t left = head.size - state.size();
    const std::uint64_t wanted = (std::min)(left, std::uint64_t{kSnapshotChunk});
    if (left == 0 || frame.payload.size() != wanted) {
      return {LedgerReason::kSnapshotSize, item.offset, frame.payload.size(), wanted};
    }
    state.insert(state.end(), frame.payload.begin(), frame.payload.end());
  }
  if (bytes.empty()) return {LedgerReason::kFrameShort, 0, 0, kJournalHeaderSize};
  if (state.size() != head.size) {
    return {LedgerReason::kSnapshotSize, reader.offset(), state.size(), head.size};
  }
  if (FingerprintOfBytes(state) != head.fingerprint) return {LedgerReason::kSnapshotContent};
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_SNAPSHOT_H_
