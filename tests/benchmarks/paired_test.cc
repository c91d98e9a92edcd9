// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "benchmarks/paired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/baseline.h"

namespace settle::benchmarks {
namespace {

using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

// What one benchmark reported.
struct Outcome {
  std::string error;
  benchmark::UserCounters counters;

  double operator[](const char* counter) const {
    const auto found = counters.find(counter);
    return found == counters.end() ? std::nan("") : double{found->second};
  }
};

class OutcomeReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      outcome.error = ErrorOf(run);
      outcome.counters = run.counters;
      ++reported;
    }
  }

  Outcome outcome;
  int reported = 0;

 private:
  // Google Benchmark renamed the field in 1.8.
  template <typename AnyRun>
  static std::string ErrorOf(const AnyRun& run) {
    if constexpr (requires { run.error_message; }) {
      return run.error_message;
    } else {
      return run.skip_message;
    }
  }
};

template <typename Work, typename Baseline>
Outcome Measure(PairedOptions options, Work work, Baseline baseline,
                std::int64_t pairs = kMinimumPairs) {
  benchmark::RegisterBenchmark(
      "BM_Test", [&](benchmark::State& state) { RunPaired(state, options, work, baseline); })
      ->Apply(Paired)
      ->Iterations(pairs);
  OutcomeReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter, ".");
  benchmark::ClearRegisteredBenchmarks();
  EXPECT_EQ(reporter.reported, 1);
  return reporter.outcome;
}

// Measures until the ratio is within `tolerance` of `expected`, at most ten times: other programs
// may disturb one measurement, and a wrong ratio stays wrong.
template <typename MakeOutcome>
Outcome MeasureNear(double expected, double tolerance, MakeOutcome make) {
  Outcome outcome;
  for (int attempt = 0; attempt < 10; ++attempt) {
    outcome = make();
    if (!outcome.error.empty() || std::abs(outcome["x_limit"] - expected) <= tolerance) break;
  }
  EXPECT_EQ(outcome.error, "");
  EXPECT_NEAR(outcome["x_limit"], expected, tolerance);
  return outcome;
}

// A side of real work: hashes a few inputs in turn. They are not written between calls, as reading
// back what was just written takes a time of its own.
auto Hash() {
  std::array<NodeInput, 16> inputs{};
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].fill(static_cast<std::byte>(i));
  return [inputs, next = std::size_t{0}]() mutable {
    Node digest;
    BareHash65(inputs[next++ % inputs.size()], digest);
    return FirstWord(digest);
  };
}

// The same, so long that what joins several sides costs next to nothing in any build.
auto LongHash() { return Repeat(20, Hash()); }

TEST(RunPaired, IdenticalSidesGiveARatioOfOne) {
  const Outcome outcome =
      MeasureNear(1, 0.02, [] { return Measure({.bound = 1.25}, Hash(), Hash()); });
  EXPECT_EQ(outcome["bound"], 1.25);
  EXPECT_DOUBLE_EQ(outcome["x_target"], outcome["x_limit"] / 1.25);
  EXPECT_LE(outcome["p05"], outcome["x_limit"]);
  EXPECT_GE(outcome["p95"], outcome["x_limit"]);
  EXPECT_GT(outcome["work_ns"], 10);
  EXPECT_LT(outcome["work_ns"], 100'000);
}

TEST(RunPaired, TwiceTheWorkGivesARatioOfTwo) {
  const Outcome outcome = MeasureNear(2, 0.2, [] {
    return Measure({.bound = 1, .checksums = Checksums::kUnrelated}, Repeat(2, LongHash()),
                   LongHash());
  });
  EXPECT_NEAR(outcome["x_target"], 2, 0.2);
}

TEST(RunPaired, TheRatioIsPerOperation) {
  MeasureNear(0.5, 0.05, [] {
    return Measure(
        {.checksums = Checksums::kUnrelated, .work_operations = 10, .baseline_operations = 0.5},
        Repeat(10, LongHash()), LongHash());
  });
}

TEST(RunPaired, ASumOfPartsCostsTheSumOfItsParts) {
  MeasureNear(1, 0.05, [] {
    return Measure({.checksums = Checksums::kUnrelated}, Repeat(5, LongHash()),
                   InSequence(Repeat(2, LongHash()), LongHash(), Repeat(2, LongHash())));
  });
}

// So many rounds of mixing, without a loop: what an optimiser moves out of a loop when it can.
template <std::size_t... rounds>
std::uint64_t Mix(std::uint64_t word, std::index_sequence<rounds...>) {
  ((word = (word ^ word >> 29) * (0x9e3779b97f4a7c15u + 2 * rounds)), ...);
  return word;
}

TEST(RunPaired, TheOptimiserCannotServeACallByAnEarlierOne) {
  std::uint64_t input = 12345;  // never changes, and the optimiser must not know
  const Outcome outcome = Measure(
      {.checksums = Checksums::kUnrelated},
      [&] { return Mix(input, std::make_index_sequence<256>()); },
      [&] { return Mix(input, std::make_index_sequence<128>()); });
  EXPECT_EQ(outcome.error, "");
  // Calls overlap in the processor, so not exactly 2; it is 1 if both sides do nothing.
  EXPECT_GT(outcome["x_limit"], 1.5);
}

TEST(RunPaired, WithoutABoundTheRatioIsInformation) {
  const Outcome outcome = Measure({}, Hash(), Hash());
  EXPECT_EQ(outcome.error, "");
  EXPECT_THAT(outcome.counters,
              UnorderedElementsAre(Key("x_limit"), Key("p05"), Key("p95"), Key("x_order"),
                                   Key("work_ns"), Key("baseline_ns")));
}

TEST(RunPaired, UnequalChecksumsFail) {
  auto other = Repeat(1, Hash());
  other();  // one call ahead
  const Outcome outcome = Measure({.bound = 2}, other, Repeat(1, Hash()));
  EXPECT_THAT(outcome.error, HasSubstr("checksums differ"));
  EXPECT_TRUE(outcome.counters.empty());
}

TEST(RunPaired, OneUnequalCallAmongManyFails) {
  int calls = 0;
  const auto wrong_once = [&calls, hash = Hash()]() mutable {
    return hash() ^ (++calls == 50'000 ? 1u : 0u);
  };
  const Outcome outcome = Measure({.bound = 2}, wrong_once, Hash());
  EXPECT_THAT(outcome.error, HasSubstr("checksums differ"));
  EXPECT_TRUE(outcome.counters.empty());
  EXPECT_GE(calls, 50'000);
}

TEST(RunPaired, UnequalChecksumsOfUnrelatedSidesAreNoError) {
  auto other = Hash();
  other();
  EXPECT_EQ(Measure({.checksums = Checksums::kUnrelated}, other, Hash()).error, "");
}

TEST(RunPaired, ACallThatAnswersZeroFails) {
  for (const Checksums checksums : {Checksums::kEqual, Checksums::kUnrelated}) {
    const auto failing = [] {
      return [calls = 0, hash = Hash()]() mutable {
        const std::uint64_t word = hash();
        return ++calls == 50'000 ? 0 : word;
      };
    };
    EXPECT_THAT(Measure({.checksums = checksums}, failing(), Hash()).error,
                HasSubstr("call of the work failed"));
    EXPECT_THAT(Measure({.checksums = checksums}, Hash(), failing()).error,
                HasSubstr("call of the baseline failed"));
    EXPECT_THAT(Measure({.checksums = checksums}, failing(), failing()).error, HasSubstr("failed"));
  }
}

TEST(RunPaired, ABoundThatIsNotAPositiveNumberFails) {
  for (const double bound : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    const Outcome outcome = Measure({.bound = bound}, Hash(), Hash());
    EXPECT_THAT(outcome.error, HasSubstr("the bound is not a positive number")) << bound;
    EXPECT_TRUE(outcome.counters.empty());
  }
}

TEST(RunPaired, OperationsThatAreNotAPositiveNumberFail) {
  for (const double operations : {0.0, -1.0, std::nan("")}) {
    EXPECT_THAT(Measure({.work_operations = operations}, Hash(), Hash()).error,
                HasSubstr("operations per call are not"));
    EXPECT_THAT(Measure({.baseline_operations = operations}, Hash(), Hash()).error,
                HasSubstr("operations per call are not"));
  }
  EXPECT_THAT(Measure({.work_operations = 2}, Hash(), Hash()).error,
              HasSubstr("equal operations per call"));
}

TEST(RunPaired, FewerPairsThanTheMinimumFail) {
  EXPECT_THAT(Measure({}, Hash(), Hash(), kMinimumPairs - 1).error, HasSubstr("too few pairs"));
}

TEST(RunPaired, ASideTooShortToBeTimedFails) {
  auto short_side = [word = std::uint64_t{1}]() mutable { return ++word; };
  const auto long_side = [short_side, hash = Repeat(2000, Hash())]() mutable {
    hash();
    return short_side();
  };
  EXPECT_THAT(Measure({}, long_side, short_side).error, HasSubstr("too short"));
  EXPECT_EQ(Measure({.checksums = Checksums::kUnrelated}, long_side, short_side).error, "");
}

TEST(RunPaired, SidesAlternateAndSwapTheirOrderWithEachPair) {
  std::string order;  // a letter a chunk, '|' before each pair
  const auto side = [&](char letter) {
    return [&, letter, hash = Repeat(1000, Hash())]() mutable {
      if (order.empty() || order.back() != letter) order += letter;
      return hash();
    };
  };
  const Outcome outcome = Measure({.before_pair = [&] { order += '|'; }}, side('w'), side('b'));
  EXPECT_EQ(outcome.error, "");
  std::string expected;
  for (int pair = 0; pair < kMinimumPairs; ++pair) expected += pair % 2 == 0 ? "|wb" : "|bw";
  ASSERT_GE(order.size(), expected.size());
  EXPECT_EQ(order.substr(order.size() - expected.size()), expected);
}

TEST(RunPaired, BeforePairIsOutsideTheTiming) {
  auto slow = Repeat(20'000, Hash());
  const Outcome outcome = MeasureNear(
      1, 0.05, [&] { return Measure({.before_pair = [&] { slow(); }}, Hash(), Hash()); });
  EXPECT_LT(outcome["work_ns"], 100'000);
}

TEST(ChecksumOfCalls, DependsOnEachWordAndTheirOrder) {
  const auto word_of = [](std::vector<std::uint64_t> words) {
    ChecksumOfCalls checksum;
    for (const std::uint64_t word : words) checksum.Add(word);
    return checksum.Word();
  };
  EXPECT_EQ(word_of({1, 2, 3}), word_of({1, 2, 3}));
  EXPECT_NE(word_of({1, 2, 3}), word_of({1, 3, 2}));
  EXPECT_NE(word_of({1, 2, 3}), word_of({1, 2}));
  EXPECT_NE(word_of({1, 2, 3}), word_of({1, 2, 2}));
  EXPECT_NE(word_of(std::vector<std::uint64_t>(128, 1)), 0u);
  EXPECT_NE(word_of({}), 0u);
  EXPECT_EQ(word_of({1, 0, 3}), 0u);
}

TEST(Summarise, GivesMedianPercentilesAndTheEffectOfTheOrder) {
  std::vector<detail::Pair> pairs;
  for (int i = 0; i <= 300; ++i) {
    pairs.push_back({.work = 2.0 * (100 + i), .baseline = 2.0});
  }
  const auto summary = detail::Summarise(pairs);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->x_limit, 250);
  EXPECT_EQ(summary->p05, 115);
  EXPECT_EQ(summary->p95, 385);
  EXPECT_EQ(summary->work, 500);
  EXPECT_EQ(summary->baseline, 2);
  EXPECT_NEAR(summary->x_order, 1, 0.01);
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i].work = i % 2 == 0 ? 6 : 2;
  EXPECT_EQ(detail::Summarise(pairs)->x_order, 3);
}

TEST(Summarise, RefusesAZeroAndWhatIsNotANumber) {
  const std::vector<detail::Pair> good(301, {.work = 1, .baseline = 1});
  ASSERT_TRUE(detail::Summarise(good).has_value());
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    std::vector<detail::Pair> pairs = good;
    pairs[17].work = bad;
    EXPECT_FALSE(detail::Summarise(pairs).has_value()) << bad;
    pairs[17] = {.work = 1, .baseline = bad};
    EXPECT_FALSE(detail::Summarise(pairs).has_value()) << bad;
  }
  EXPECT_FALSE(detail::Summarise({}).has_value());
  EXPECT_FALSE(detail::Summarise(std::span(good).first(1)).has_value());
}

}  // namespace
}  // namespace settle::benchmarks
