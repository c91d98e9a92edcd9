// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Ledger::Apply beside the cache lines that it cannot do without: the account rows of the legs and
// the two id slots of a transaction, the one that is taken and the one that falls free.
//
// A million accounts and four million ids, see apply_world.h; no margin. What comes on top in a
// block is in block_benchmark.cc.
// Arguments: legs of a transaction; 1 where the accounts follow Zipf's law, 0 where they are alike.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "benchmarks/ledger/apply_world.h"
#include "benchmarks/paired.h"

namespace settle::benchmarks {
namespace {

void RunApply(benchmark::State& state, std::optional<double> bound, ApplyWorld& world) {
  ApplyLines lines(world);
  RunPaired(
      state,
      {.bound = bound,
       .checksums = Checksums::kUnrelated,
       .work_operations = kBatch,
       .baseline_operations = kBatch,
       .before_pair = [&world] { world.Prepare(); }},
      [&world] { return world.Step(); }, [&lines] { return lines.Step(); });
}

void BM_LedgerApply(benchmark::State& state) {
  ApplyWorld world({.legs = static_cast<std::size_t>(state.range(0)), .zipf = state.range(1) != 0});
  RunApply(state, 3, world);
}
BENCHMARK(BM_LedgerApply)
    ->ArgNames({"legs", "zipf"})
    ->ArgsProduct({{2, 10}, {0, 1}})
    ->Apply(Paired);

// What the program has allocated, in bytes.
std::size_t AllocatedBytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// How the cost grows with the accounts, as information: flat but for the memory that is farther
// away. 64,000 ids, so that the accounts decide. Ten million take 2 GB.
void BM_LedgerApplyGrowth(benchmark::State& state) {
  const auto accounts = static_cast<std::size_t>(state.range(0));
  const std::size_t before = AllocatedBytes();
  ApplyWorld empty({.accounts = 500, .ids = 64'000});
  const std::size_t between = AllocatedBytes();
  ApplyWorld world({.accounts = accounts, .ids = 64'000});
  const std::size_t after = AllocatedBytes();
  RunApply(state, std::nullopt, world);
  const auto bytes = static_cast<double>(after - between) - static_cast<double>(between - before);
  state.counters["bytes_per_account"] = bytes / static_cast<double>(accounts - 500);
}
BENCHMARK(BM_LedgerApplyGrowth)
    ->Apply(Paired)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Arg(10'000'000);

}  // namespace
}  // namespace settle::benchmarks
