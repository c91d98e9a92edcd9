// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/ledger/journal.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/reason.h"
#include "tests/ledger/journal_log.h"
#include "tests/ledger/world.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Bytes;

JournalPosition SomePosition() {
  JournalPosition position = test::LogStart();
  position.link = 12345;
  position.last = JournalSequence(17);
  return position;
}
const std::uint64_t kIdentity = SomePosition().identity;

Bytes SnapshotOf(ByteView state, const JournalPosition& position = SomePosition()) {
  Bytes bytes;
  Bytes buffer(kSnapshotBuffer);
  SnapshotWriter writer(position, Kind::kLedgerState, state);
  while (!writer.done()) {
    const Result<std::size_t> size = writer.Next(buffer);
    EXPECT_TRUE(size.ok() && *size > 0);
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*size));
  }
  EXPECT_EQ(*writer.Next(buffer), 0u);
  return bytes;
}

struct Read {
  SnapshotOutcome outcome;
  SnapshotHead head;
  Bytes state;
};
Read ReadBack(ByteView bytes, std::uint64_t identity = kIdentity) {
  Read read;
  read.outcome = ReadSnapshot(bytes, identity, read.head, read.state);
  return read;
}

Bytes Pattern(std::size_t size) {
  test::Random random(3);
  return random.Bytes(size);
}

TEST(Snapshot, GivesBackTheStateAndItsPosition) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kSnapshotChunk - 1, kSnapshotChunk,
                                 kSnapshotChunk + 1, 3 * kSnapshotChunk, 3 * kSnapshotChunk + 7}) {
    const Bytes state = Pattern(size);
    const Read read = ReadBack(SnapshotOf(state));
    ASSERT_TRUE(read.outcome.ok()) << size;
    EXPECT_EQ(read.state, state);
    EXPECT_EQ(read.head.position, SomePosition());
    EXPECT_EQ(read.head.kind, static_cast<std::uint32_t>(Kind::kLedgerState));
    EXPECT_EQ(read.head.size, size);
    EXPECT_EQ(read.head.fingerprint, FingerprintOfBytes(state));
  }
}

TEST(Snapshot, EveryCutIsRefusedAtTheFrameThatIsMissing) {
  const Bytes bytes = SnapshotOf(Pattern(200));
  const std::size_t head = bytes.size() - JournalFrameSize(200);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const SnapshotOutcome outcome = ReadBack(ByteView(bytes).first(size)).outcome;
    ASSERT_EQ(outcome.reason,
              Reason(size == head ? LedgerReason::kSnapshotSize : LedgerReason::kFrameShort))
        << size;
    ASSERT_EQ(outcome.offset, size < head ? 0 : head);
  }
}

TEST(Snapshot, EveryFlippedBitIsRefusedAtItsFrame) {
  Bytes bytes = SnapshotOf(Pattern(200));
  const std::size_t head = bytes.size() - JournalFrameSize(200);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const std::size_t at = bit / 8;
    bytes[at] ^= static_cast<std::byte>(1u << (bit % 8));
    const SnapshotOutcome outcome = ReadBack(bytes).outcome;
    const std::size_t frame = at < head ? 0 : head;
    ASSERT_EQ(outcome.reason,
              Reason(at - frame < kJournalHeaderSize ? LedgerReason::kFrameHeader
                                                     : LedgerReason::kFramePayload));
    ASSERT_EQ(outcome.offset, frame);
    bytes[at] ^= static_cast<std::byte>(1u << (bit % 8));
  }
}

TEST(Snapshot, OfManyChunksIsRefusedWhereverItIsCutOrChanged) {
  Bytes bytes = SnapshotOf(Pattern(3 * kSnapshotChunk + 7));
  test::Random random;
  for (int i = 0; i < 500; ++i) {
    const auto at = static_cast<std::size_t>(random.Below(bytes.size()));
    EXPECT_FALSE(ReadBack(ByteView(bytes).first(at)).outcome.ok()) << at;
    const auto bit = static_cast<std::byte>(1u << random.Below(8));
    bytes[at] ^= bit;
    EXPECT_FALSE(ReadBack(bytes).outcome.ok()) << at;
    bytes[at] ^= bit;
  }
  EXPECT_TRUE(ReadBack(bytes).outcome.ok());
}

TEST(Snapshot, ChunksSwappedRepeatedOrMissingAreRefused) {
  const Bytes bytes = SnapshotOf(Pattern(3 * kSnapshotChunk));
  const std::size_t head = bytes.size() - 3 * kSnapshotBuffer;
  const auto with = [&](std::initializer_list<std::size_t> chunks) {
    Bytes made(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head));
    for (const std::size_t chunk : chunks) {
      const auto frame = ByteView(bytes).subspan(head + chunk * kSnapshotBuffer, kSnapshotBuffer);
      made.insert(made.end(), frame.begin(), frame.end());
    }
    return ReadBack(made).outcome;
  };
  EXPECT_TRUE(with({0, 1, 2}).ok());
  EXPECT_EQ(with({1, 0, 2}).reason, LedgerReason::kFrameSequence);
  EXPECT_EQ(with({0, 0, 1, 2}).reason, LedgerReason::kFrameSequence);
  EXPECT_EQ(with({0, 2}).reason, LedgerReason::kFrameSequence);
  EXPECT_EQ(with({0, 1, 2, 2}).reason, LedgerReason::kFrameSequence);
  const SnapshotOutcome without_last = with({0, 1});
  EXPECT_EQ(without_last.reason, LedgerReason::kSnapshotSize);
  EXPECT_EQ(without_last.found, 2 * kSnapshotChunk);
  EXPECT_EQ(without_last.expected, 3 * kSnapshotChunk);
}

// Frames that are sound, put together by another writer.
class Forged {
 public:
  Forged() : writer_(detail::SnapshotBegin(kIdentity)) {}
  Forged& Add(Kind kind, ByteView payload) {
    Bytes frame(JournalFrameSize(payload.size()));
    EXPECT_TRUE(writer_.Append(kind, payload, frame).ok());
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    return *this;
  }
  Forged& Head(const SnapshotHead& head) { return Add(Kind::kSnapshotHead, EncodeRecord(head)); }
  [[nodiscard]] Reason reason() const { return ReadBack(bytes_).outcome.reason; }

 private:
  JournalWriter writer_;
  Bytes bytes_;
};

TEST(Snapshot, SoundFramesThatNoWriterMakesAreRefused) {
  const Bytes state = Pattern(10);
  const SnapshotHead head = SnapshotWriter(SomePosition(), Kind::kLedgerState, state).head();
  EXPECT_TRUE(Forged().Head(head).Add(Kind::kLedgerState, state).reason().ok());

  EXPECT_EQ(Forged().Add(Kind::kLedgerState, state).reason(), LedgerReason::kSnapshotForm);
  EXPECT_EQ(Forged().Head(head).Add(Kind::kReceipt, state).reason(), LedgerReason::kSnapshotForm);
  EXPECT_EQ(Forged().Head(head).Head(head).reason(), LedgerReason::kSnapshotForm);
  EXPECT_EQ(Forged().Head(head).Add(Kind::kLedgerState, ByteView(state).first(9)).reason(),
            LedgerReason::kSnapshotSize);
  EXPECT_EQ(Forged().Head(head).Add(Kind::kLedgerState, Pattern(11)).reason(),
            LedgerReason::kSnapshotSize);
  EXPECT_EQ(Forged().Head(head).Add(Kind::kLedgerState, state).Add(Kind::kLedgerState, {}).reason(),
            LedgerReason::kSnapshotSize);
  Bytes other = state;
  other[9] ^= std::byte{1};
  EXPECT_EQ(Forged().Head(head).Add(Kind::kLedgerState, other).reason(),
            LedgerReason::kSnapshotContent);
  Bytes record = EncodeRecord(head);
  record.push_back(std::byte{});
  EXPECT_EQ(Forged().Add(Kind::kSnapshotHead, record).reason(), BaseReason::kTrailingBytes);
  SnapshotHead other_journal = head;
  other_journal.position.identity ^= 1;
  EXPECT_EQ(Forged().Head(other_journal).Add(Kind::kLedgerState, state).reason(),
            LedgerReason::kSnapshotForm);
  for (const Kind kind : {Kind::kJournalMark, Kind::kCommit}) {
    SnapshotHead other_kind = SnapshotWriter(SomePosition(), kind, {}).head();
    EXPECT_EQ(Forged().Head(other_kind).reason(), BaseReason::kOutOfRange);
  }
}

TEST(Snapshot, AHeadThatPromisesMoreThanThereIsReservesNothing) {
  SnapshotHead head{.position = SomePosition()};
  head.kind = static_cast<std::uint32_t>(Kind::kLedgerState);
  head.size = std::uint64_t{1} << 40;
  Bytes frame(200);
  JournalWriter writer(detail::SnapshotBegin(kIdentity));
  frame.resize(*writer.Append(head, frame));
  SnapshotHead read;
  Bytes state;
  const test::AllocationCounter counter;
  const SnapshotOutcome outcome = ReadSnapshot(frame, kIdentity, read, state);
  const std::size_t bytes = counter.bytes();
  EXPECT_EQ(outcome.reason, LedgerReason::kSnapshotSize);
  EXPECT_LE(bytes, frame.size());
}

TEST(Snapshot, IsOfItsJournalAndNoJournalItself) {
  const Bytes bytes = SnapshotOf(Pattern(10));
  EXPECT_EQ(ReadBack(bytes, kIdentity ^ 1).outcome.reason, LedgerReason::kFrameHeader);
  EXPECT_EQ(test::ReadAll(bytes, JournalSequence(0)),
            (test::Stop{0, JournalVerdict::kDamaged, LedgerReason::kFrameLink, 0}));
  EXPECT_EQ(ReadBack(test::LogOfAllKinds().bytes()).outcome.reason, LedgerReason::kFrameLink);
}

TEST(Snapshot, TheWriterRefusesAndGoesOn) {
  const Bytes state = Pattern(10);
  Bytes buffer(kSnapshotBuffer);
  for (const Kind kind : {Kind::kCommit, Kind::kJournalMark}) {
    SnapshotWriter signed_kind(SomePosition(), kind, state);
    EXPECT_EQ(signed_kind.Next(buffer).reason(), BaseReason::kWrongKind);
    EXPECT_FALSE(signed_kind.done());
  }
  SnapshotWriter writer(SomePosition(), Kind::kLedgerState, state);
  Bytes bytes;
  while (!writer.done()) {
    // One byte more each time, until the frame fits.
    Bytes room;
    Result<std::size_t> size = writer.Next(room);
    while (!size.ok()) {
      ASSERT_EQ(size.reason(), BaseReason::kFull);
      room.push_back({});
      size = writer.Next(room);
    }
    ASSERT_EQ(*size, room.size());
    bytes.insert(bytes.end(), room.begin(), room.end());
  }
  EXPECT_EQ(bytes, SnapshotOf(state));
}

TEST(Snapshot, TheWriterAllocatesNothing) {
  const Bytes state = Pattern(2 * kSnapshotChunk);
  Bytes buffer(kSnapshotBuffer);
  bool good = true;
  const test::AllocationCounter counter;
  SnapshotWriter writer(SomePosition(), Kind::kLedgerState, state);
  while (!writer.done()) good &= writer.Next(buffer).ok();
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(good);
  EXPECT_EQ(calls, 0u);
}

// --- recovery -----------------------------------------------------------------------------------

// Room for the ids of the last 50 transactions and for more.
LedgerOptions Options() {
  LedgerOptions options = test::SmallOptions();
  options.id_capacity = 128;
  return options;
}

// A ledger, its journal, and a snapshot before every so many transactions.
struct History {
  test::TestLedger ledger{Options()};
  test::JournalLog log;
  std::vector<Bytes> snapshots;
};

// A journaled transaction: applied at the log time that its id says.
void Replay(test::TestLedger& ledger, const Transaction& transaction) {
  const std::uint64_t number = transaction.header.valid_until.value() - 50;
  EXPECT_TRUE(ledger.Advance(Height(number), Timestamp(number)).ok());
  if (transaction.header.transaction_class == TransactionClass::kCompulsory) {
    EXPECT_TRUE(ledger.ApplyCompulsory(transaction.view()).ok());
  } else {
    (void)test::ApplyOne(ledger, transaction);  // some are refused, and burn their ids
  }
}

History MakeHistory() {
  History history;
  test::Random random;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    if (number % 40 == 1) {
      history.snapshots.push_back(
          SnapshotOf(EncodeRecord(history.ledger.State()), history.log.position()));
    }
    Transaction transaction = test::Pay({.id = number, .valid_until = number + 50},
                                        random.Between(1, 4), 5, random.Between(1, 300));
    if (number % 10 == 1) {
      transaction = test::Make({.id = number,
                                .valid_until = number + 50,
                                .transaction_class = TransactionClass::kCompulsory,
                                .rule = CompulsoryRule::kGenesis},
                               {{{test::kOutside, kCash, test::kUsd}, test::Of(-1000)},
                                {test::Cash(random.Between(1, 4)), test::Of(1000)}});
    }
    history.log.Add(Kind::kTransaction, EncodeRecord(transaction));
    Replay(history.ledger, transaction);
    if (number % 7 == 0) history.log.AddMark();
  }
  return history;
}

TEST(Snapshot, AnySnapshotAndTheJournalAfterItGiveTheSameLedgerBitForBit) {
  const History history = MakeHistory();
  ASSERT_EQ(history.snapshots.size(), 5u);
  for (const Bytes& snapshot : history.snapshots) {
    const Read read = ReadBack(snapshot);
    ASSERT_TRUE(read.outcome.ok());
    LedgerState state;
    ASSERT_TRUE(DecodeRecordInto(read.state, state).ok());
    Result<test::TestLedger> ledger = test::TestLedger::Recover(state, Options());
    ASSERT_TRUE(ledger.ok());

    const std::uint64_t last = read.head.position.last.value();
    const std::size_t offset =
        last == 0 ? 0 : history.log.frames()[static_cast<std::size_t>(last) - 1].end();
    JournalReader reader(ByteView(history.log.bytes()).subspan(offset), read.head.position,
                         JournalSequence(history.log.frames().size()));
    JournalItem item = reader.Next();
    for (; item.verdict == JournalVerdict::kFrame; item = reader.Next()) {
      if (item.frame.kind == Kind::kJournalMark) continue;
      Transaction transaction;
      ASSERT_TRUE(DecodeRecordInto(item.frame.payload, transaction).ok());
      Replay(*ledger, transaction);
    }
    EXPECT_EQ(item.verdict, JournalVerdict::kEnd);
    EXPECT_EQ(reader.position(), history.log.position());
    EXPECT_EQ(ledger->fingerprint(), history.ledger.fingerprint());
  }
}

}  // namespace
}  // namespace settle
