// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The verdict on every way in which a log can come back other than it was written (case C15).

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "settle/ledger/journal.h"
#include "settle/ledger/reason.h"
#include "tests/ledger/journal_log.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Acknowledged;
using test::Bytes;
using test::JournalLog;
using test::ReadAll;
using test::Stop;

// How often each verdict was given: a sweep that never meets one of them shows nothing of it.
class Tally {
 public:
  void Add(const Stop& stop) { ++counts_[std::string(test::NameOf(stop.verdict))]; }
  ~Tally() {
    for (const char* name : {"Torn", "Damaged"}) EXPECT_GT(counts_[name], 0) << name;
  }

 private:
  std::map<std::string, int> counts_;
};

void Append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

TEST(JournalDamage, EveryCutHasItsVerdict) {
  const JournalLog log = test::LogOfAllKinds();
  Tally tally;
  for (std::size_t size = 0; size <= log.bytes().size(); ++size) {
    for (const Acknowledged& known : test::AllAcknowledged(log)) {
      const Stop stop = ReadAll(ByteView(log.bytes()).first(size), known);
      ASSERT_EQ(stop, test::ExpectedOfCut(log, size, known)) << "cut at " << size;
      tally.Add(stop);
    }
  }
}

TEST(JournalDamage, EveryFlippedBitHasItsVerdict) {
  const JournalLog log = test::LogOfAllKinds();
  const std::vector<Acknowledged> few = {std::nullopt, JournalSequence(0)};
  Tally tally;
  Bytes bytes = log.bytes();
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    for (const Acknowledged& known : bit % 8 == 0 ? test::AllAcknowledged(log) : few) {
      const Stop stop = ReadAll(bytes, known);
      ASSERT_EQ(stop, test::ExpectedOfChange(log, bytes, known)) << "bit " << bit;
      tally.Add(stop);
    }
    bytes[bit / 8] = log.bytes()[bit / 8];
  }
}

TEST(JournalDamage, EveryZeroedTailHasItsVerdict) {
  const JournalLog log = test::LogOfAllKinds();
  Tally tally;
  for (std::size_t from = 0; from <= log.bytes().size(); ++from) {
    Bytes bytes = log.bytes();
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), std::byte{});
    for (const Acknowledged& known : test::AllAcknowledged(log)) {
      const Stop stop = ReadAll(bytes, known);
      ASSERT_EQ(stop, test::ExpectedOfChange(log, bytes, known)) << "zeros from " << from;
      tally.Add(stop);
    }
  }
}

// A file that was made longer before its bytes came, or in advance.
TEST(JournalDamage, ZerosAfterTheLastFrameAreTornWhenTheHostKnowsWhatItAcknowledged) {
  const JournalLog log = test::LogOfAllKinds();
  for (const std::size_t zeros : {1u, 39u, 40u, 41u, 512u, 5000u}) {
    Bytes bytes = log.bytes();
    bytes.resize(bytes.size() + zeros);
    const bool short_of_a_header = zeros < kJournalHeaderSize;
    const Reason reason =
        short_of_a_header ? LedgerReason::kFrameShort : LedgerReason::kFrameHeader;
    const std::size_t frames = log.frames().size();
    const Stop torn{frames, JournalVerdict::kTorn, reason, log.bytes().size()};
    Stop damaged = torn;
    damaged.verdict = JournalVerdict::kDamaged;
    EXPECT_EQ(ReadAll(bytes, JournalSequence(frames)), torn) << zeros;
    EXPECT_EQ(ReadAll(bytes, JournalSequence(0)), torn) << zeros;
    EXPECT_EQ(ReadAll(bytes, JournalSequence(frames + 1)), damaged) << zeros;
    EXPECT_EQ(ReadAll(bytes, std::nullopt), short_of_a_header ? torn : damaged) << zeros;
  }
}

// What a power loss leaves of frames that were written together: any of their sectors.
TEST(JournalDamage, AnySectorsMayBeMissingFromWhatFollowsTheLastMark) {
  constexpr std::size_t kSector = 32;
  const JournalLog log = test::LogOfAllKinds();
  std::size_t last_mark = 0;
  while (log.frames()[log.frames().size() - 1 - last_mark].kind != Kind::kJournalMark) ++last_mark;
  const std::size_t durable = log.frames().size() - last_mark;  // frames, the mark itself included
  const std::size_t start = log.frames()[durable - 1].end();
  const std::size_t sectors = (log.bytes().size() - start + kSector - 1) / kSector;
  ASSERT_GE(sectors, 5u);
  for (std::uint32_t missing = 1; missing < (1u << sectors); ++missing) {
    Bytes bytes = log.bytes();
    for (std::size_t sector = 0; sector < sectors; ++sector) {
      if ((missing >> sector & 1) == 0) continue;
      for (std::size_t i = 0; i < kSector && start + sector * kSector + i < bytes.size(); ++i) {
        bytes[start + sector * kSector + i] = std::byte{};
      }
    }
    const Stop stop = ReadAll(bytes, JournalSequence(0));
    ASSERT_EQ(stop, test::ExpectedOfChange(log, bytes, JournalSequence(0))) << missing;
    ASSERT_TRUE(stop.verdict == JournalVerdict::kTorn || bytes == log.bytes()) << missing;
  }
}

TEST(JournalDamage, AMarkBehindABadFrameTellsThatItWasDurable) {
  JournalLog log;
  log.Add(Kind::kTransaction, Bytes(10));
  log.Add(Kind::kTransaction, Bytes(11));
  log.AddMark();
  log.Add(Kind::kTransaction, Bytes(12));
  for (std::size_t sequence = 1; sequence <= 4; ++sequence) {
    for (const std::size_t at : {std::size_t{3}, kJournalHeaderSize}) {  // header and payload
      Bytes bytes = log.bytes();
      bytes[log.frames()[sequence - 1].offset + at] ^= std::byte{1};
      const Stop stop = ReadAll(bytes, JournalSequence(0));
      EXPECT_EQ(stop.frames, sequence - 1);
      EXPECT_EQ(stop.verdict, sequence <= 2 ? JournalVerdict::kDamaged : JournalVerdict::kTorn);
    }
  }
}

TEST(JournalDamage, AMarkAtTheVeryEndIsFound) {
  JournalLog log;
  log.Add(Kind::kTransaction, Bytes(10));
  log.AddMark();
  Bytes bytes = log.bytes();
  bytes[0] ^= std::byte{1};
  EXPECT_EQ(ReadAll(bytes, JournalSequence(0)).verdict, JournalVerdict::kDamaged);
  bytes.pop_back();
  EXPECT_EQ(ReadAll(bytes, JournalSequence(0)).verdict, JournalVerdict::kTorn);
}

TEST(JournalDamage, AMarkOfAnotherJournalTellsNothing) {
  JournalLog other(JournalPosition::Begin(AsBytes("another log")));
  other.Add(Kind::kTransaction, Bytes(10));
  other.AddMark();
  JournalLog log;
  log.Add(Kind::kTransaction, other.bytes());  // a client's payload
  Bytes bytes = log.bytes();
  bytes[0] ^= std::byte{1};
  EXPECT_EQ(ReadAll(bytes, JournalSequence(0)).verdict, JournalVerdict::kTorn);
}

// --- frames that are sound, but not the next one ------------------------------------------------

// Damage whatever is acknowledged: a torn write cannot leave them.
void ExpectForeign(const Bytes& bytes, std::size_t frames, std::size_t offset,
                   LedgerReason reason) {
  const Stop expected{frames, JournalVerdict::kDamaged, reason, offset};
  for (const Acknowledged& known :
       {Acknowledged(), Acknowledged(JournalSequence(0)), Acknowledged(JournalSequence(1000))}) {
    EXPECT_EQ(ReadAll(bytes, known), expected);
  }
}

TEST(JournalDamage, SwappedFramesAreDamage) {
  const JournalLog log = test::LogOfAllKinds();
  for (std::size_t first = 1; first <= log.frames().size(); ++first) {
    for (std::size_t second = first + 1; second <= log.frames().size(); ++second) {
      Bytes bytes;
      for (std::size_t i = 1; i <= log.frames().size(); ++i) {
        Append(bytes, log.FrameBytes(i == first ? second : i == second ? first : i));
      }
      ExpectForeign(bytes, first - 1, log.frames()[first - 1].offset, LedgerReason::kFrameSequence);
    }
  }
}

TEST(JournalDamage, ARepeatedFrameIsDamage) {
  const JournalLog log = test::LogOfAllKinds();
  for (std::size_t twice = 1; twice <= log.frames().size(); ++twice) {
    Bytes bytes;
    for (std::size_t i = 1; i <= log.frames().size(); ++i) {
      Append(bytes, log.FrameBytes(i));
      if (i == twice) Append(bytes, log.FrameBytes(i));
    }
    ExpectForeign(bytes, twice, log.frames()[twice - 1].end(), LedgerReason::kFrameSequence);
  }
}

TEST(JournalDamage, AMissingFrameIsDamageAndAMissingLastOneIsWhenItWasAcknowledged) {
  const JournalLog log = test::LogOfAllKinds();
  const std::size_t count = log.frames().size();
  for (std::size_t left_out = 1; left_out <= count; ++left_out) {
    Bytes bytes;
    for (std::size_t i = 1; i <= count; ++i) {
      if (i != left_out) Append(bytes, log.FrameBytes(i));
    }
    const std::size_t offset = log.frames()[left_out - 1].offset;
    if (left_out < count) {
      ExpectForeign(bytes, left_out - 1, offset, LedgerReason::kFrameSequence);
    } else {
      EXPECT_EQ(ReadAll(bytes, JournalSequence(count - 1)).verdict, JournalVerdict::kEnd);
      EXPECT_EQ(
          ReadAll(bytes, JournalSequence(count)),
          (Stop{count - 1, JournalVerdict::kDamaged, LedgerReason::kJournalEndsEarly, offset}));
    }
  }
}

TEST(JournalDamage, AFrameOfAnotherHistoryIsDamage) {
  // Two journals of one identity that differ in their second frame only.
  JournalLog log;
  JournalLog other;
  for (JournalLog* each : {&log, &other}) {
    each->Add(Kind::kTransaction, Bytes(5));
    each->Add(Kind::kTransaction, Bytes(5, each == &log ? std::byte{1} : std::byte{2}));
    each->Add(Kind::kReceipt, Bytes(7));
  }
  Bytes bytes = log.bytes();
  std::copy(other.FrameBytes(3).begin(), other.FrameBytes(3).end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(log.frames()[2].offset));
  ExpectForeign(bytes, 2, log.frames()[2].offset, LedgerReason::kFrameLink);
}

TEST(JournalDamage, ALogOfAnotherIdentityOrAnotherStartYieldsNoFrame) {
  const JournalLog log = test::LogOfAllKinds();
  const JournalPosition other = JournalPosition::Begin(AsBytes("another log"));
  EXPECT_EQ(ReadAll(log.bytes(), std::nullopt, other),
            (Stop{0, JournalVerdict::kDamaged, LedgerReason::kFrameHeader, 0}));
  JournalPosition start = test::LogStart();
  start.link ^= 1;
  EXPECT_EQ(ReadAll(log.bytes(), std::nullopt, start),
            (Stop{0, JournalVerdict::kDamaged, LedgerReason::kFrameLink, 0}));
  start = test::LogStart();
  start.last = JournalSequence(1);
  EXPECT_EQ(ReadAll(log.bytes(), std::nullopt, start),
            (Stop{0, JournalVerdict::kDamaged, LedgerReason::kFrameSequence, 0}));
}

TEST(JournalDamage, BytesBetweenFramesAreDamageForThereIsNoPadding) {
  const JournalLog log = test::LogOfAllKinds();
  for (std::size_t after = 1; after < log.frames().size(); ++after) {
    for (const std::size_t count : {1u, 7u, 40u}) {
      Bytes bytes = log.bytes();
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(log.frames()[after - 1].end()),
                   count, std::byte{});
      const Stop stop = ReadAll(bytes, std::nullopt);
      EXPECT_EQ(stop.frames, after);
      EXPECT_EQ(stop.verdict, JournalVerdict::kDamaged);
      EXPECT_EQ(stop.reason, LedgerReason::kFrameHeader);
    }
  }
}

// --- hostile bytes ------------------------------------------------------------------------------

TEST(JournalDamage, RandomBytesYieldNoFrameAndNoAllocation) {
  test::Random random;
  std::size_t frames = 0;
  std::size_t allocations = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Bytes bytes = random.Bytes(static_cast<std::size_t>(random.Below(300)));
    const Acknowledged known =
        random.Chance(1, 2) ? Acknowledged() : JournalSequence(random.Below(3));
    const test::AllocationCounter counter;
    JournalReader reader(bytes, test::LogStart(), known);
    const JournalItem item = reader.Next();
    allocations += counter.calls();
    frames += item.verdict == JournalVerdict::kFrame;
  }
  EXPECT_EQ(frames, 0u);
  EXPECT_EQ(allocations, 0u);
}

TEST(JournalDamage, RandomlySpoiltLogsYieldOnlyFramesThatWereWritten) {
  const JournalLog log = test::LogOfAllKinds();
  test::Random random;
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = log.bytes();
    for (std::uint64_t change = random.Between(1, 4); change > 0; --change) {
      const auto at = static_cast<std::size_t>(random.Below(bytes.size()));
      const auto count = static_cast<std::size_t>(random.Between(1, bytes.size() - at));
      switch (random.Below(4)) {
        case 0:
          random.Fill(std::span(bytes).subspan(at, std::min<std::size_t>(count, 64)));
          break;
        case 1:
          bytes.resize(at + 1);
          break;
        case 2:
          bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      bytes.begin() + static_cast<std::ptrdiff_t>(at + count));
          if (bytes.empty()) bytes.resize(1);
          break;
        default:
          Append(bytes, Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at)));
      }
    }
    JournalReader reader(bytes, test::LogStart(), JournalSequence(random.Below(20)));
    std::size_t end = 0;
    JournalItem item = reader.Next();
    for (; item.verdict == JournalVerdict::kFrame; item = reader.Next()) {
      const JournalLog::Frame& frame = log.frames()[item.frame.sequence.value() - 1];
      ASSERT_EQ(item.offset, end);
      end += frame.size;
      ASSERT_TRUE(std::equal(bytes.begin() + static_cast<std::ptrdiff_t>(item.offset),
                             bytes.begin() + static_cast<std::ptrdiff_t>(end),
                             log.bytes().begin() + static_cast<std::ptrdiff_t>(frame.offset)));
    }
    ASSERT_EQ(item.offset, end);
    ASSERT_EQ(reader.offset(), end);
    const JournalItem again = reader.Next();
    ASSERT_EQ(again.verdict, item.verdict);
    ASSERT_EQ(again.reason, item.reason);
  }
}

}  // namespace
}  // namespace settle
