// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Paired runs: how every ratio that this project states is measured, and the only way to export
// one. The rule: a ratio of two windows measured one after the other is noise on a shared machine
// (with identical code it passes 1.02 in one loaded run of three), so work and baseline run
// alternately in chunks of about a tenth of a millisecond, the order swapped with each pair, and
// the result is the median of at least 301 ratios of neighbours.
//
//   void BM_HashNode(benchmark::State& state) {
//     std::vector<NodeInput> inputs = ...;                  // the same for both sides
//     RunPaired(state, {.bound = 1.05},
//               [&, i = 0u]() mutable {                     // work: one node per call
//                 return FirstWord(Sha256().HashNode(...));
//               },
//               [&, i = 0u]() mutable {                     // baseline: the bare calls
//                 Node digest;
//                 BareHash65(inputs[i++ % inputs.size()], digest);
//                 return FirstWord(digest);
//               });
//   }
//   BENCHMARK(BM_HashNode)->Apply(Paired);
//
// Counters: x_limit (median of work / baseline), bound, x_target = x_limit / bound (met if at most
// 1), p05 and p95 of the ratios, x_order, and as information the median nanoseconds per operation
// of each side, work_ns and baseline_ns. benchmarks/run.py judges them against targets.json.
//
// A run that cannot be trusted is an error of the benchmark and exports nothing: a ratio that is
// zero or not a number, a call that reports failure (checksum 0), checksums that should be equal
// and are not, a chunk too short to be timed, too few pairs.

#ifndef SETTLE_BENCHMARKS_PAIRED_H_
#define SETTLE_BENCHMARKS_PAIRED_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace settle::benchmarks {

// One side of a pair: called without arguments, it does its operations and answers a checksum of
// what they computed; 0 says that one of them failed.
template <typename T>
concept PairedSide = std::invocable<T&> && std::same_as<std::invoke_result_t<T&>, std::uint64_t>;

// Whether both sides compute the same thing.
enum class Checksums {
  // Call for call they answer the same words: both then run the same number of calls per chunk,
  // from the same start, and every chunk is compared.
  kEqual,
  // They do different things (a ledger's apply beside the touches that it costs): each side has
  // its own number of calls per chunk, and only failure is looked for.
  kUnrelated,
};

struct PairedOptions {
  // The greatest x_limit that is met. Without one the benchmark is information: it exports neither
  // bound nor x_target, and the runner refuses that for a benchmark of targets.json.
  std::optional<double> bound = std::nullopt;

  Checksums checksums = Checksums::kEqual;

  // How many operations one call of a side does, over 0; the ratio is per operation. A baseline may
  // so be stated for less or more than one call of the work: 0.1 signatures per settlement is one
  // signature in a call of ten operations. With Checksums::kEqual both are the same.
  double work_operations = 1;
  double baseline_operations = 1;

  // Called before each pair and outside the timing, for example to empty what the work fills.
  std::function<void()> before_pair = nullptr;
};

inline constexpr std::int64_t kMinimumPairs = 301;

// How long a chunk should be, and how short it may turn out. The clock costs some 50 ns a reading;
// at 20 us that is a quarter of a percent on both sides.
inline constexpr double kChunkSeconds = 100e-6;
inline constexpr double kShortestChunkSeconds = 10e-6;

// Registers a benchmark as a paired run: BENCHMARK(BM_Name)->Apply(Paired).
inline void Paired(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseManualTime()->Iterations(kMinimumPairs);
}

// Makes the optimiser believe that this changed `value`, a word or a pointer, and all memory that
// anything points at. Not benchmark::DoNotOptimize, which g++ 12 miscompiles at -O1 with the
// address sanitizer (its constraint "+m,r" then reads a place that was never written).
template <typename T>
void Opaque(T& value) {
  static_assert(sizeof(T) == sizeof(std::uint64_t));
  asm volatile("" : "+r"(value) : : "memory");
}

// Joins the words that calls answer, in order, into one that is 0 if one of them was.
class ChecksumOfCalls {
 public:
  void Add(std::uint64_t word) {
    failed_ |= word == 0;
    joined_ = (joined_ ^ word) * 0x9e3779b97f4a7c15u + 1;
  }
  std::uint64_t Word() const { return failed_ ? 0 : joined_ | 1; }

 private:
  std::uint64_t joined_ = 0;
  bool failed_ = false;
};

// A side which is the calls of several, one after the other: the sum of named baseline parts.
//   InSequence(Repeat(17, hash), Repeat(4, verify), touch_rows)
template <PairedSide... Sides>
auto InSequence(Sides... sides) {
  return [... sides = std::move(sides)]() mutable -> std::uint64_t {
    ChecksumOfCalls checksum;
    (checksum.Add(sides()), ...);
    return checksum.Word();
  };
}

// A side which calls another `count` times.
template <PairedSide Side>
auto Repeat(std::size_t count, Side side) {
  return [count, side = std::move(side)]() mutable -> std::uint64_t {
    ChecksumOfCalls checksum;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t word = side();
      Opaque(word);
      checksum.Add(word);
    }
    return checksum.Word();
  };
}

namespace detail {

struct Chunk {
  double seconds = 0;
  std::uint64_t checksum = 0;  // of all its calls; 0 if one failed
};

// Times `calls` calls of a side. Not inlined, so that both sides run in a loop of the same code.
template <PairedSide Side>
[[gnu::noinline]] Chunk RunChunk(Side& side, std::int64_t calls) {
  // The optimiser must take it that whatever the side can reach changes at each call: then no call
  // can be moved out of the loop or be served by the result of an earlier one.
  Side* escaped = &side;
  Opaque(escaped);
  ChecksumOfCalls checksum;
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < calls; ++i) {
    std::uint64_t word = (*escaped)();
    Opaque(word);
    checksum.Add(word);
  }
  const auto end = std::chrono::steady_clock::now();
  return {std::chrono::duration<double>(end - start).count(), checksum.Word()};
}

// The seconds per operation of two neighbouring chunks.
struct Pair {
  double work = 0;
  double baseline = 0;
};

struct Summary {
  double x_limit = 0;   // the median ratio
  double p05 = 0;       // 5 % of the ratios are less
  double p95 = 0;       // 5 % of the ratios are greater
  double x_order = 0;   // the median ratio where the work ran first, over that where it ran second
  double work = 0;      // the median seconds per operation
  double baseline = 0;  // the median seconds per operation
};

// The value below which `part` of the values lie, 0 <= part <= 1, by nearest rank. Not of nothing.
inline double Quantile(std::vector<double> values, double part) {
  const auto rank = std::lround(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

// Nothing if a ratio or a time is zero, infinite or not a number, or if there are fewer than two
// pairs. The pairs come in order: the work ran first in those of even index.
inline std::optional<Summary> Summarise(std::span<const Pair> pairs) {
  std::vector<double> work, baseline, ratios, ratios_by_order[2];
  for (const Pair& pair : pairs) {
    const double ratio = pair.work / pair.baseline;
    for (const double value : {pair.work, pair.baseline, ratio}) {
      if (!std::isfinite(value) || value <= 0) return std::nullopt;
    }
    ratios_by_order[ratios.size() % 2].push_back(ratio);
    ratios.push_back(ratio);
    work.push_back(pair.work);
    baseline.push_back(pair.baseline);
  }
  if (pairs.size() < 2) return std::nullopt;
  return Summary{
      .x_limit = Quantile(ratios, 0.5),
      .p05 = Quantile(ratios, 0.05),
      .p95 = Quantile(ratios, 0.95),
      .x_order = Quantile(ratios_by_order[0], 0.5) / Quantile(ratios_by_order[1], 0.5),
      .work = Quantile(work, 0.5),
      .baseline = Quantile(baseline, 0.5),
  };
}

// The number of calls for which run(calls), which answers seconds, takes kChunkSeconds; at least
// one. The least of three runs counts, so that an interruption does not end the search too soon.
template <typename Run>
std::int64_t CallsPerChunk(Run run) {
  for (std::int64_t calls = 1;; calls *= 2) {
    const double seconds = std::min({run(calls), run(calls), run(calls)});
    if (seconds >= kChunkSeconds / 2) {
      const double wanted = static_cast<double>(calls) * kChunkSeconds / seconds;
      return std::max<std::int64_t>(1, std::llround(wanted));
    }
  }
}

// One run of one benchmark. The first error stays and is its result.
template <PairedSide Work, PairedSide Baseline>
class PairedRun {
 public:
  PairedRun(const PairedOptions& options, Work& work, Baseline& baseline)
      : options_(options), work_(work), baseline_(baseline) {}

  const std::string& error() const { return error_; }

  // Finds how many calls make a chunk; warms up both sides by the way.
  void Calibrate() {
    if (options_.checksums == Checksums::kEqual) {
      // A common number, so that every pair starts with both sides at the same call.
      work_calls_ = baseline_calls_ = CallsPerChunk([this](std::int64_t calls) {
        BeforePair();
        return (RunWork(calls) + RunBaseline(calls)) / 2;
      });
    } else {
      work_calls_ = CallsPerChunk([this](std::int64_t calls) {
        BeforePair();
        return RunWork(calls);
      });
      baseline_calls_ = CallsPerChunk([this](std::int64_t calls) {
        BeforePair();
        return RunBaseline(calls);
      });
    }
  }

  // Times one pair; answers the seconds per operation of the work.
  double MeasurePair() {
    BeforePair();
    const bool work_first = pairs_.size() % 2 == 0;
    Pair pair;
    if (work_first) pair.work = RunWork(work_calls_) / WorkOperations();
    pair.baseline = RunBaseline(baseline_calls_) / BaselineOperations();
    if (!work_first) pair.work = RunWork(work_calls_) / WorkOperations();
    if (options_.checksums == Checksums::kEqual && work_checksum_ != baseline_checksum_) {
      Fail("work and baseline computed different things: their checksums differ");
    }
    pairs_.push_back(pair);
    return pair.work;
  }

  void Export(benchmark::UserCounters& counters) {
    const std::optional<Summary> summary = Summarise(pairs_);
    if (!summary) return Fail("a ratio is zero or not a number");
    if (summary->work * WorkOperations() < kShortestChunkSeconds ||
        summary->baseline * BaselineOperations() < kShortestChunkSeconds) {
      return Fail("a chunk is too short to be timed: the sides differ too much in length");
    }
    counters["x_limit"] = summary->x_limit;
    if (options_.bound) {
      counters["bound"] = *options_.bound;
      counters["x_target"] = summary->x_limit / *options_.bound;
    }
    counters["p05"] = summary->p05;
    counters["p95"] = summary->p95;
    counters["x_order"] = summary->x_order;
    counters["work_ns"] = summary->work * 1e9;
    counters["baseline_ns"] = summary->baseline * 1e9;
  }

 private:
  void Fail(const char* error) {
    if (error_.empty()) error_ = error;
  }

  void BeforePair() const {
    if (options_.before_pair) options_.before_pair();
  }

  double RunWork(std::int64_t calls) {
    const Chunk chunk = RunChunk(work_, calls);
    if (chunk.checksum == 0) Fail("a call of the work failed: it answered 0");
    work_checksum_ = chunk.checksum;
    return chunk.seconds;
  }

  double RunBaseline(std::int64_t calls) {
    const Chunk chunk = RunChunk(baseline_, calls);
    if (chunk.checksum == 0) Fail("a call of the baseline failed: it answered 0");
    baseline_checksum_ = chunk.checksum;
    return chunk.seconds;
  }

  // Operations per chunk.
  double WorkOperations() const {
    return static_cast<double>(work_calls_) * options_.work_operations;
  }
  double BaselineOperations() const {
    return static_cast<double>(baseline_calls_) * options_.baseline_operations;
  }

  const PairedOptions& options_;
  Work& work_;
  Baseline& baseline_;
  std::int64_t work_calls_ = 1;
  std::int64_t baseline_calls_ = 1;
  std::uint64_t work_checksum_ = 0;      // of its last chunk
  std::uint64_t baseline_checksum_ = 0;  // of its last chunk
  std::vector<Pair> pairs_;
  std::string error_;
};

// What is wrong with how a run was asked for; empty if nothing is.
inline std::string ErrorOf(const PairedOptions& options, std::int64_t pairs) {
  const auto is_positive = [](double value) { return std::isfinite(value) && value > 0; };
  if (pairs < kMinimumPairs) return "too few pairs: register it with ->Apply(Paired)";
  if (!is_positive(options.bound.value_or(1))) return "the bound is not a positive number";
  if (!is_positive(options.work_operations) || !is_positive(options.baseline_operations)) {
    return "the operations per call are not a positive number";
  }
  if (options.checksums == Checksums::kEqual &&
      options.work_operations != options.baseline_operations) {
    return "sides with equal checksums do equal operations per call";
  }
  return "";
}

}  // namespace detail

// Runs work and baseline in pairs, one per iteration of `state`, and exports the counters listed at
// the head of this file, or the error that makes the result worthless.
//
// Neither side may find in the cache what the other has just fetched: where they walk more memory
// than the cache holds, let them walk different parts of it. x_order far from 1 shows that they do
// not. Cost: about 0.2 ms a pair, or one call of each side where a call takes longer.
template <PairedSide Work, PairedSide Baseline>
void RunPaired(benchmark::State& state, const PairedOptions& options, Work work,
               Baseline baseline) {
  std::string error = detail::ErrorOf(options, static_cast<std::int64_t>(state.max_iterations));
  detail::PairedRun run(options, work, baseline);
  if (error.empty()) {
    run.Calibrate();
    error = run.error();
  }
  if (!error.empty()) return state.SkipWithError(error.c_str());
  for (auto _ : state) {
    state.SetIterationTime(run.MeasurePair());
    if (!run.error().empty()) break;
  }
  if (run.error().empty()) run.Export(state.counters);
  if (!run.error().empty()) state.SkipWithError(run.error().c_str());
}

}  // namespace settle::benchmarks

#endif  // SETTLE_BENCHMARKS_PAIRED_H_
