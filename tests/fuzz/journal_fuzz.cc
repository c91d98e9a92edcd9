// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The journal's reader: the frames that it yields are those that a writer would have written, and
// what it leaves after a cut is a whole journal.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/kinds.h"
#include "settle/ledger/journal.h"
#include "settle/ledger/reason.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/journal_frames.h"

namespace settle::test {
namespace {

// The frame as a writer makes it; empty when it refuses.
Bytes Written(JournalWriter& writer, const JournalFrame& frame) {
  Bytes out(JournalFrameSize(frame.payload.size()));
  if (frame.kind != Kind::kJournalMark) {
    return writer.Append(frame.kind, frame.payload, out).ok() ? out : Bytes();
  }
  JournalMark mark;
  const bool good =
      DecodeRecordInto(frame.payload, mark).ok() && writer.AppendMark(mark.durable, out).ok();
  return good ? out : Bytes();
}

int FuzzJournal(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Bytes bytes(InputOf(data + 1, size - 1).begin(), InputOf(data + 1, size - 1).end());
  Mend(data[0], Start(), bytes);
  const bool is_known = (data[0] & kKnown) != 0;
  JournalReader reader(bytes, Start(), is_known ? std::optional(JournalSequence(0)) : std::nullopt);
  JournalWriter writer(Start());
  std::size_t end = 0;
  JournalItem item = reader.Next();
  for (; item.verdict == JournalVerdict::kFrame; item = reader.Next()) {
    const Bytes written = Written(writer, item.frame);
    if (item.offset != end || written.empty() || bytes.size() - end < written.size()) return 1;
    if (!std::equal(written.begin(), written.end(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(end))) {
      return 2;
    }
    end += written.size();
  }
  if (item.offset != end || reader.offset() != end) return 3;
  if (reader.position() != writer.position()) return 4;
  if ((item.verdict == JournalVerdict::kEnd) != (end == bytes.size())) return 5;
  if (item.reason.ok() != (item.verdict == JournalVerdict::kEnd)) return 6;
  const bool is_short = item.reason == LedgerReason::kFrameShort;
  if (item.verdict == JournalVerdict::kTorn && !is_known && !is_short) return 7;
  const JournalItem again = reader.Next();
  if (again.verdict != item.verdict || again.reason != item.reason) return 8;
  // What is left after the cut is a whole journal.
  JournalReader cut(ByteView(bytes).first(end), Start(), std::nullopt);
  while (cut.Next().verdict == JournalVerdict::kFrame) continue;
  return cut.Next().verdict == JournalVerdict::kEnd && cut.offset() == end ? 0 : 9;
}

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  for (const unsigned mend : {0u, 4u, 5u, 6u, 7u, 8u, 12u, 13u, 14u, 15u}) {
    for (std::size_t frames = 0; frames <= 6; ++frames) {
      Bytes seed = {static_cast<std::byte>(mend)};
      JournalWriter writer(Start());
      for (std::size_t i = 0; i < frames; ++i) {
        Bytes out(JournalFrameSize(40));
        const Result<std::size_t> size =
            i % 3 == 2 ? writer.AppendMark(writer.position().last, out)
                       : writer.Append(Kind::kReceipt, Content(20 * (i % 3)), out);
        seed.insert(seed.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*size));
      }
      seeds.push_back(std::move(seed));
    }
  }
  return seeds;
}

const FuzzTarget kTarget("Journal", FuzzJournal, Seeds);

}  // namespace
}  // namespace settle::test
