// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A log for the tests of the journal: a frame of every record kind, of a host's kind and of no
// bytes, with marks between them; and what a reader must say of it, from the frames' places alone.

#ifndef SETTLE_TESTS_LEDGER_JOURNAL_LOG_H_
#define SETTLE_TESTS_LEDGER_JOURNAL_LOG_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/kinds.h"
#include "settle/ledger/journal.h"
#include "settle/ledger/reason.h"
#include "tests/support/random.h"

namespace settle::test {

using Bytes = std::vector<std::byte>;
using Acknowledged = std::optional<JournalSequence>;

inline constexpr Kind kHostKind{kFirstHostKind + 5};

inline JournalPosition LogStart() { return JournalPosition::Begin(AsBytes("a log of tests")); }

// Frames and where they stand.
class JournalLog {
 public:
  struct Frame {
    std::size_t offset = 0;
    std::size_t size = 0;
    Kind kind{};
    std::uint64_t durable = 0;  // of a mark
    [[nodiscard]] std::size_t end() const { return offset + size; }
  };

  explicit JournalLog(JournalPosition start = LogStart()) : writer_(start) {}

  void Add(Kind kind, ByteView payload) {
    Bytes frame(JournalFrameSize(payload.size()));
    const Result<std::size_t> size = writer_.Append(kind, payload, frame);
    EXPECT_TRUE(size.ok() && *size == frame.size());
    Push(frame, kind, 0);
  }
  void AddMark() {
    Bytes frame(kJournalMarkFrameSize);
    const JournalSequence durable = writer_.position().last;
    EXPECT_TRUE(writer_.AppendMark(durable, frame).ok());
    Push(frame, Kind::kJournalMark, durable.value());
  }

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }
  [[nodiscard]] const JournalPosition& position() const { return writer_.position(); }
  // The bytes of frame `sequence`, counted from 1.
  [[nodiscard]] ByteView FrameBytes(std::size_t sequence) const {
    const Frame& frame = frames_[sequence - 1];
    return ByteView(bytes_).subspan(frame.offset, frame.size);
  }

 private:
  void Push(const Bytes& frame, Kind kind, std::uint64_t durable) {
    frames_.push_back({bytes_.size(), frame.size(), kind, durable});
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
  }

  JournalWriter writer_;
  Bytes bytes_;
  std::vector<Frame> frames_;
};

// A frame of every record kind, as often a mark; the last frames are after the last mark.
inline JournalLog LogOfAllKinds() {
  JournalLog log;
  Random random(7);
  std::size_t count = 0;
  for (const KindEntry& entry : kKinds) {
    if (IsSignedKind(entry.kind)) continue;
    if (entry.kind == Kind::kJournalMark) {
      log.AddMark();
    } else {
      log.Add(entry.kind, random.Bytes(static_cast<std::size_t>(random.Between(1, 20))));
    }
    if (++count % 4 == 0) log.AddMark();
  }
  log.AddMark();
  log.Add(kHostKind, random.Bytes(33));
  log.Add(Kind::kTransaction, {});
  log.Add(Kind::kReceipt, random.Bytes(20));
  return log;
}

inline std::string_view NameOf(JournalVerdict verdict) {
  switch (verdict) {
    case JournalVerdict::kFrame:
      return "Frame";
    case JournalVerdict::kEnd:
      return "End";
    case JournalVerdict::kTorn:
      return "Torn";
    case JournalVerdict::kDamaged:
      return "Damaged";
  }
  return "no verdict";
}

// What a reader comes to: how many frames it yields, and how it stops.
struct Stop {
  std::size_t frames = 0;
  JournalVerdict verdict = JournalVerdict::kFrame;
  Reason reason{};
  std::size_t offset = 0;

  friend bool operator==(const Stop&, const Stop&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Stop& stop) {
    return out << stop.frames << " frames, then " << NameOf(stop.verdict) << " at " << stop.offset
               << ": " << ReasonName(static_cast<LedgerReason>(stop.reason.code()));
  }
};

inline Stop ReadAll(ByteView bytes, Acknowledged acknowledged, JournalPosition start = LogStart()) {
  JournalReader reader(bytes, start, acknowledged);
  Stop stop;
  JournalItem item = reader.Next();
  for (; item.verdict == JournalVerdict::kFrame; item = reader.Next()) ++stop.frames;
  stop.verdict = item.verdict;
  stop.reason = item.reason;
  stop.offset = item.offset;
  return stop;
}

// What must be said of the log when its first `size` bytes are left.
inline Stop ExpectedOfCut(const JournalLog& log, std::size_t size, Acknowledged acknowledged) {
  Stop stop;
  while (stop.frames < log.frames().size() && log.frames()[stop.frames].end() <= size) {
    stop.offset = log.frames()[stop.frames++].end();
  }
  const bool cut_in_frame = stop.offset < size;
  const bool lost = acknowledged && acknowledged->value() > stop.frames;
  if (cut_in_frame) {
    stop.verdict = lost ? JournalVerdict::kDamaged : JournalVerdict::kTorn;
    stop.reason = LedgerReason::kFrameShort;
  } else {
    stop.verdict = lost ? JournalVerdict::kDamaged : JournalVerdict::kEnd;
    if (lost) stop.reason = LedgerReason::kJournalEndsEarly;
  }
  return stop;
}

// What must be said when the log has become `changed`, of the same size: the first frame that
// differs decides, and the marks behind it that do not.
inline Stop ExpectedOfChange(const JournalLog& log, const Bytes& changed,
                             Acknowledged acknowledged) {
  const auto& frames = log.frames();
  const auto differs = [&](std::size_t from, std::size_t to) {
    return !std::equal(changed.begin() + static_cast<std::ptrdiff_t>(from),
                       changed.begin() + static_cast<std::ptrdiff_t>(to),
                       log.bytes().begin() + static_cast<std::ptrdiff_t>(from));
  };
  std::size_t bad = 0;
  while (bad < frames.size() && !differs(frames[bad].offset, frames[bad].end())) ++bad;
  if (bad == frames.size()) return ExpectedOfCut(log, log.bytes().size(), acknowledged);
  std::uint64_t durable = acknowledged ? acknowledged->value() : 0;
  for (std::size_t i = bad + 1; i < frames.size(); ++i) {
    if (!differs(frames[i].offset, frames[i].end())) durable = std::max(durable, frames[i].durable);
  }
  const std::size_t header_end = frames[bad].offset + kJournalHeaderSize;
  return {
      .frames = bad,
      .verdict = !acknowledged || durable > bad ? JournalVerdict::kDamaged : JournalVerdict::kTorn,
      .reason = differs(frames[bad].offset, header_end) ? LedgerReason::kFrameHeader
                                                        : LedgerReason::kFramePayload,
      .offset = frames[bad].offset};
}

// Not known, nothing, each frame.
inline std::vector<Acknowledged> AllAcknowledged(const JournalLog& log) {
  std::vector<Acknowledged> all = {std::nullopt};
  for (std::uint64_t i = 0; i <= log.frames().size(); ++i) all.push_back(JournalSequence(i));
  return all;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_JOURNAL_LOG_H_
