// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The journal beside a copy and a checksum of the same bytes. Argument: the bytes of a record.

#include <benchmark/benchmark.h>
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/base/bytes.h"
#include "settle/base/kinds.h"
#include "settle/base/reason.h"
#include "settle/ledger/journal.h"

namespace settle::benchmarks {
namespace {

// Enough for neither side to find its next place in the nearest cache; less than a host's buffer.
constexpr std::size_t kLogSize = std::size_t{1} << 20;
constexpr std::size_t kRecords = 64;

std::vector<std::byte> RandomBytes(std::size_t size) {
  std::mt19937_64 random(1);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
  return bytes;
}

// Records of one size, one after the other, each from another place.
class Records {
 public:
  explicit Records(std::size_t size) : size_(size), bytes_(RandomBytes(size * kRecords)) {}
  std::span<const std::byte> Next() {
    return std::span(bytes_).subspan(next_++ % kRecords * size_, size_);
  }

 private:
  std::size_t size_;
  std::vector<std::byte> bytes_;
  std::size_t next_ = 0;
};

// A log that begins anew when it is full.
class Log {
 public:
  Log() : bytes_(kLogSize) {}
  std::span<std::byte> Room(std::size_t size) {
    if (bytes_.size() - at_ < size) at_ = 0;
    at_ += size;
    return std::span(bytes_).subspan(at_ - size, size);
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t at_ = 0;
};

void BM_JournalAppend(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Records records(size);
  Records bare_records(size);
  Log log;
  Log bare_log;
  JournalWriter writer(JournalPosition::Begin(AsBytes("benchmark")));
  const auto work = [&]() -> std::uint64_t {
    const Result<std::size_t> frame =
        writer.Append(Kind::kTransaction, records.Next(), log.Room(JournalFrameSize(size)));
    return frame.ok() ? writer.position().link : 0;
  };
  const auto baseline = [&] { return BareLog(bare_records.Next(), bare_log.Room(size).data()); };
  RunPaired(state, {.bound = 1.5, .checksums = Checksums::kUnrelated}, work, baseline);
}
BENCHMARK(BM_JournalAppend)->Apply(Paired)->Arg(128)->Arg(4096);

// What recovery costs: a log of such records read from front to end, beside their checksums.
void BM_JournalRead(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::size_t frames = kLogSize / JournalFrameSize(size);
  const JournalPosition start = JournalPosition::Begin(AsBytes("benchmark"));
  Records records(size);
  std::vector<std::byte> log(frames * JournalFrameSize(size));
  JournalWriter writer(start);
  for (std::size_t i = 0; i < frames; ++i) {
    const auto out = std::span(log).subspan(i * JournalFrameSize(size));
    if (!writer.Append(Kind::kTransaction, records.Next(), out).ok()) {
      return state.SkipWithError("a record was refused");
    }
  }
  const auto work = [&]() -> std::uint64_t {
    JournalReader reader(log, start, JournalSequence(frames));
    JournalItem item = reader.Next();
    while (item.verdict == JournalVerdict::kFrame) item = reader.Next();
    return item.verdict == JournalVerdict::kEnd ? reader.position().last.value() : 0;
  };
  const auto baseline = [&] {
    ChecksumOfCalls sum;
    for (std::size_t i = 0; i < frames; ++i) {
      sum.Add(XXH3_64bits(log.data() + i * JournalFrameSize(size) + kJournalHeaderSize, size));
    }
    return sum.Word();
  };
  const auto operations = static_cast<double>(frames);
  RunPaired(state,
            {.checksums = Checksums::kUnrelated,
             .work_operations = operations,
             .baseline_operations = operations},
            work, baseline);
}
BENCHMARK(BM_JournalRead)->Apply(Paired)->Arg(128)->Arg(4096);

}  // namespace
}  // namespace settle::benchmarks
