// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/journal.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/ledger/detail/header_checksum.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/snapshot.h"
#include "settle/ledger/types.h"
#include "tests/ledger/journal_log.h"
#include "tests/ledger/world.h"
#include "tests/support/allocations.h"
#include "tests/support/fields.h"
#include "tests/support/golden.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Bytes;
using test::JournalLog;
using test::LogStart;

Bytes BytesOf(ByteView view) { return {view.begin(), view.end()}; }

TEST(Journal, YieldsEveryFrameAsItWasAppended) {
  const JournalLog log = test::LogOfAllKinds();
  JournalReader reader(log.bytes(), LogStart(), JournalSequence(log.frames().size()));
  std::uint64_t sequence = 0;
  for (const JournalLog::Frame& frame : log.frames()) {
    const JournalItem item = reader.Next();
    ASSERT_EQ(item.verdict, JournalVerdict::kFrame);
    EXPECT_TRUE(item.reason.ok());
    EXPECT_EQ(item.offset, frame.offset);
    EXPECT_EQ(item.frame.sequence, JournalSequence(++sequence));
    EXPECT_EQ(item.frame.kind, frame.kind);
    EXPECT_EQ(item.frame.payload.data(), log.bytes().data() + frame.offset + kJournalHeaderSize);
    EXPECT_EQ(item.frame.payload.size(), frame.size - kJournalHeaderSize);
  }
  const JournalItem end = reader.Next();
  EXPECT_EQ(end.verdict, JournalVerdict::kEnd);
  EXPECT_EQ(end.offset, log.bytes().size());
  EXPECT_EQ(reader.position(), log.position());
  EXPECT_EQ(reader.durable(), JournalSequence(log.frames().size()));
  EXPECT_EQ(reader.Next().verdict, JournalVerdict::kEnd);
}

TEST(Journal, ALogOfNothingEndsAtOnceUnlessSomethingWasAcknowledged) {
  EXPECT_EQ(test::ReadAll({}, std::nullopt).verdict, JournalVerdict::kEnd);
  EXPECT_EQ(test::ReadAll({}, JournalSequence(0)).verdict, JournalVerdict::kEnd);
  EXPECT_EQ(test::ReadAll({}, JournalSequence(1)),
            (test::Stop{0, JournalVerdict::kDamaged, LedgerReason::kJournalEndsEarly, 0}));
}

TEST(Journal, ARecordIsEncodedInPlaceWithItsKindAndVersion) {
  const Transaction payment = test::Pay({.id = 7, .valid_until = 9}, 1, 2, 30);
  Bytes bytes(1000, std::byte{0xee});
  JournalWriter writer(LogStart());
  const Result<std::size_t> size = writer.Append(payment, bytes);
  ASSERT_TRUE(size.ok());
  bytes.resize(*size);
  JournalReader reader(bytes, LogStart(), std::nullopt);
  const JournalItem item = reader.Next();
  ASSERT_EQ(item.verdict, JournalVerdict::kFrame);
  EXPECT_EQ(item.frame.kind, Kind::kTransaction);
  EXPECT_EQ(BytesOf(item.frame.payload), EncodeRecord(payment));
  Transaction copy;
  EXPECT_TRUE(DecodeRecordInto(item.frame.payload, copy).ok());
  EXPECT_EQ(copy, payment);

  // The same frame as from the record's bytes.
  JournalLog log;
  log.Add(Kind::kTransaction, EncodeRecord(payment));
  EXPECT_EQ(log.bytes(), bytes);
}

TEST(Journal, GoesOnWhereAReaderStopped) {
  const JournalLog log = test::LogOfAllKinds();
  for (std::size_t cut = 0; cut < log.bytes().size(); ++cut) {
    JournalReader reader(ByteView(log.bytes()).first(cut), LogStart(), JournalSequence(0));
    std::size_t frames = 0;
    while (reader.Next().verdict == JournalVerdict::kFrame) ++frames;
    // Cut off what is torn, and append what is missing.
    Bytes bytes(log.bytes().begin(),
                log.bytes().begin() + static_cast<std::ptrdiff_t>(reader.offset()));
    JournalWriter writer(reader.position());
    for (; frames < log.frames().size(); ++frames) {
      const JournalLog::Frame& frame = log.frames()[frames];
      const ByteView payload = log.FrameBytes(frames + 1).subspan(kJournalHeaderSize);
      const std::size_t before = bytes.size();
      bytes.resize(before + frame.size);
      const auto out = std::span(bytes).subspan(before);
      const bool is_mark = frame.kind == Kind::kJournalMark;
      ASSERT_TRUE((is_mark ? writer.AppendMark(JournalSequence(frame.durable), out)
                           : writer.Append(frame.kind, payload, out))
                      .ok());
    }
    ASSERT_EQ(bytes, log.bytes()) << cut;
  }
}

TEST(Journal, APartIsReadFromThePositionBeforeIt) {
  const JournalLog log = test::LogOfAllKinds();
  JournalReader reader(log.bytes(), LogStart(), std::nullopt);
  for (std::size_t frames = 0; frames <= log.frames().size(); ++frames) {
    const auto rest = ByteView(log.bytes()).subspan(reader.offset());
    const test::Stop stop =
        test::ReadAll(rest, JournalSequence(log.frames().size()), reader.position());
    EXPECT_EQ(stop,
              (test::Stop{log.frames().size() - frames, JournalVerdict::kEnd, {}, rest.size()}));
    (void)reader.Next();
  }
}

// --- refusals of the writer ---------------------------------------------------------------------

struct Refused {
  Kind kind;
  std::size_t payload;
  std::size_t room;
  JournalSequence last;
  BaseReason reason;
};

TEST(Journal, RefusesInItsOrderAndChangesNothing) {
  constexpr JournalSequence kLast(kMax<std::uint64_t>);
  const Refused table[] = {
      {Kind::kProposal, kMaxJournalPayload + 1, 0, kLast, BaseReason::kWrongKind},
      {Kind{4095}, 1, 100, {}, BaseReason::kWrongKind},
      {Kind::kJournalMark, 14, 100, {}, BaseReason::kWrongKind},
      {Kind::kReceipt, kMaxJournalPayload + 1, 0, kLast, BaseReason::kTooMany},
      {Kind::kReceipt, kMaxJournalPayload, kMaxJournalPayload + 39, kLast, BaseReason::kFull},
      {Kind::kReceipt, 0, 39, {}, BaseReason::kFull},
      {Kind::kReceipt, 60, 99, {}, BaseReason::kFull},
      {Kind::kReceipt, 60, 100, kLast, BaseReason::kOverflow},
  };
  const Bytes payload(kMaxJournalPayload + 1);
  for (const Refused& row : table) {
    Bytes out(row.room, std::byte{0xee});
    JournalPosition position = LogStart();
    position.last = row.last;
    JournalWriter writer(position);
    const auto size = writer.Append(row.kind, ByteView(payload).first(row.payload), out);
    EXPECT_EQ(size.reason(), row.reason);
    EXPECT_EQ(writer.position(), position);
    EXPECT_EQ(out, Bytes(row.room, std::byte{0xee}));
  }
}

TEST(Journal, TakesExactlyTheLargestPayloadTheLeastRoomAndTheLastSequence) {
  const Bytes payload(kMaxJournalPayload, std::byte{5});
  Bytes out(JournalFrameSize(payload.size()));
  JournalPosition position = LogStart();
  position.last = JournalSequence(kMax<std::uint64_t> - 1);
  JournalWriter writer(position);
  EXPECT_EQ(*writer.Append(Kind{4096}, payload, out), out.size());
  EXPECT_EQ(writer.position().last, JournalSequence(kMax<std::uint64_t>));
  EXPECT_EQ(test::ReadAll(out, std::nullopt, position).frames, 1u);
  EXPECT_EQ(writer.Append(Kind{4096}, {}, out).reason(), BaseReason::kOverflow);
}

TEST(Journal, RefusesAMarkOfWhatIsNotWritten) {
  JournalWriter writer(LogStart());
  std::array<std::byte, kJournalMarkFrameSize> out{};
  EXPECT_EQ(writer.AppendMark(JournalSequence(1), out).reason(), BaseReason::kOutOfRange);
  EXPECT_EQ(writer.AppendMark(JournalSequence(0), std::span(out).first(out.size() - 1)).reason(),
            BaseReason::kFull);
  EXPECT_EQ(writer.Append(JournalMark{}, out).reason(), BaseReason::kWrongKind);
  EXPECT_EQ(writer.position(), LogStart());
  EXPECT_EQ(*writer.AppendMark(JournalSequence(0), out), out.size());
  EXPECT_EQ(writer.AppendMark(JournalSequence(2), out).reason(), BaseReason::kOutOfRange);
  EXPECT_TRUE(writer.AppendMark(JournalSequence(1), out).ok());
}

TEST(Journal, NeitherWriterNorReaderAllocates) {
  const Transaction payment = test::Pay({.id = 7, .valid_until = 9}, 1, 2, 30);
  const Bytes payload(128, std::byte{1});
  Bytes out(1 << 16);
  bool good = true;
  const test::AllocationCounter counter;
  JournalWriter writer(LogStart());
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    for (int what = 0; what < 3; ++what) {
      const auto room = std::span(out).subspan(at);
      const Result<std::size_t> size = what == 0 ? writer.Append(payment, room)
                                       : what == 1
                                           ? writer.Append(Kind::kReceipt, payload, room)
                                           : writer.AppendMark(writer.position().last, room);
      good &= size.ok();
      at += size.ok() ? *size : 0;
    }
  }
  JournalReader reader(ByteView(out).first(at), LogStart(), JournalSequence(150));
  int frames = 0;
  while (reader.Next().verdict == JournalVerdict::kFrame) ++frames;
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(good);
  EXPECT_EQ(frames, 150);
  EXPECT_EQ(calls, 0u);
}

// --- headers that no writer makes ---------------------------------------------------------------

// A frame with any header, and the checksum that belongs to it.
Bytes Forged(detail::JournalHeader header, ByteView payload) {
  header.checksum = detail::HeaderChecksum(header, LogStart().identity);
  Bytes bytes = Encode(header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

detail::JournalHeader FirstHeader(Kind kind, ByteView payload) {
  return {.checksum = 0,
          .link = LogStart().link,
          .sequence = 1,
          .payload = XXH3_64bits(payload.data(), payload.size()),
          .kind = static_cast<std::uint32_t>(kind),
          .length = static_cast<std::uint32_t>(payload.size())};
}

TEST(Journal, RefusesASoundHeaderOfASignedKindOrOfTooMuch) {
  EXPECT_EQ(test::ReadAll(Forged(FirstHeader(Kind::kReceipt, {}), {}), std::nullopt).frames, 1u);
  detail::JournalHeader longest = FirstHeader(Kind::kReceipt, {});
  longest.length = kMaxJournalPayload;
  detail::JournalHeader too_long = longest;
  ++too_long.length;
  const auto reason = [](const Bytes& bytes) {
    JournalReader reader(bytes, LogStart(), JournalSequence(0));
    const JournalItem item = reader.Next();
    EXPECT_NE(item.verdict, JournalVerdict::kFrame);
    return item.reason;
  };
  EXPECT_EQ(reason(Forged(FirstHeader(Kind::kCommit, {}), {})), LedgerReason::kFrameForm);
  EXPECT_EQ(reason(Forged(too_long, {})), LedgerReason::kFrameForm);
  EXPECT_EQ(reason(Forged(longest, {})), LedgerReason::kFrameShort);
}

TEST(Journal, NothingFollowsTheLastSequenceAndZeroLeastOfAll) {
  JournalPosition position = LogStart();
  position.last = JournalSequence(kMax<std::uint64_t>);
  detail::JournalHeader header = FirstHeader(Kind::kReceipt, {});
  header.sequence = 0;
  EXPECT_EQ(test::ReadAll(Forged(header, {}), std::nullopt, position),
            (test::Stop{0, JournalVerdict::kDamaged, LedgerReason::kFrameSequence, 0}));
}

TEST(Journal, RefusesAMarkThatNoWriterMakes) {
  const auto read = [](const Bytes& payload) {
    return test::ReadAll(Forged(FirstHeader(Kind::kJournalMark, payload), payload),
                         JournalSequence(0));
  };
  const test::Stop bad{0, JournalVerdict::kDamaged, LedgerReason::kFrameForm, 0};
  EXPECT_EQ(read(EncodeRecord(JournalMark{})).frames, 1u);
  EXPECT_EQ(read(EncodeRecord(JournalMark{.durable = JournalSequence(1)})), bad);
  Bytes record = EncodeRecord(JournalMark{});
  record[4] ^= std::byte{2};  // another version
  EXPECT_EQ(read(record), bad);
  record.pop_back();
  EXPECT_EQ(read(record), bad);
  EXPECT_EQ(read({}), bad);
}

TEST(Journal, SaysBothNumbers) {
  JournalLog log;
  log.Add(Kind::kReceipt, Bytes(8));
  log.Add(Kind::kReceipt, Bytes(9));
  const auto item = [&](ByteView bytes, JournalSequence acknowledged) {
    JournalReader reader(bytes, LogStart(), acknowledged);
    JournalItem last = reader.Next();
    while (last.verdict == JournalVerdict::kFrame) last = reader.Next();
    return last;
  };
  JournalItem found = item(log.FrameBytes(2), JournalSequence(0));
  EXPECT_EQ(found.found, 2u);
  EXPECT_EQ(found.expected, 1u);
  found = item(ByteView(log.bytes()).first(60), JournalSequence(0));
  EXPECT_EQ(found.found, 12u);
  EXPECT_EQ(found.expected, 40u);
  found = item(ByteView(log.bytes()).first(90), JournalSequence(0));
  EXPECT_EQ(found.found, 42u);
  EXPECT_EQ(found.expected, 49u);
  found = item(log.bytes(), JournalSequence(5));
  EXPECT_EQ(found.found, 2u);
  EXPECT_EQ(found.expected, 5u);
}

// --- values -------------------------------------------------------------------------------------

TEST(Journal, AWriterIsItsPosition) {
  JournalWriter writer(LogStart());
  EXPECT_EQ(test::UncountedBytes(writer), "");
  EXPECT_EQ(test::FlipsWithoutEffect(writer), "");
  EXPECT_EQ(Encode(writer), Encode(LogStart()));
}

TEST(Journal, BytesAreThoseOfTheTables) {
  const std::array payload = {std::byte{1}, std::byte{2}, std::byte{3}};
  Bytes frame(JournalFrameSize(payload.size()));
  JournalWriter writer(JournalPosition::Begin(AsBytes("golden")));
  EXPECT_TRUE(writer.Append(Kind{kFirstHostKind + 7}, payload, frame).ok());
  const SnapshotWriter snapshot({.identity = 71, .link = 72, .last = JournalSequence(73)},
                                Kind::kLedgerState, payload);
  const test::GoldenBytes actual = {
      {"first frame", frame},
      {"journal mark", EncodeRecord(JournalMark{.durable = JournalSequence(70)})},
      {"snapshot head", EncodeRecord(snapshot.head())},
  };
  EXPECT_EQ(test::GoldenDifferences("journal", actual), "");
}

TEST(Journal, TheHeadersChecksumIsThatOfTheLibrary) {
  test::Random random;
  for (int i = 0; i < 10'000; ++i) {
    std::array<std::uint64_t, 4> words{};
    for (std::uint64_t& word : words) word = random.Edge<std::uint64_t>();
    const auto seed = random.Edge<std::uint64_t>();
    const auto bytes = EncodeFixed(words);
    ASSERT_EQ(detail::Xxh3OfWords(words, seed),
              XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
  }
}

TEST(Journal, TheChecksumIsOfTheHeadersOwnBytes) {
  JournalLog log;
  log.Add(Kind::kReceipt, Bytes(8, std::byte{3}));
  const auto checksum = detail::FromLittleEndian<std::uint64_t>(ByteView(log.bytes()).first(8));
  EXPECT_EQ(checksum, XXH3_64bits_withSeed(log.bytes().data() + 8, 32, LogStart().identity));
}

}  // namespace
}  // namespace settle
