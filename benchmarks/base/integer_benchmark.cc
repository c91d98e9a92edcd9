// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What checking costs: sums of products in 128 bits beside the same multiplies and adds unchecked.

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/base/integer.h"

namespace settle::benchmarks {
namespace {

constexpr std::size_t kTerms = 1000;

struct Terms {
  std::vector<std::int64_t> left;
  std::vector<std::int64_t> right;
};

Terms MakeTerms() {
  std::mt19937_64 random(1);
  Terms terms;
  for (std::size_t i = 0; i < kTerms; ++i) {
    terms.left.push_back(static_cast<std::int64_t>(random()));
    terms.right.push_back(static_cast<std::int64_t>(random()) >> 16);
  }
  return terms;
}

// The two halves, added, as BareMulAdd answers them; 0 if a step overflowed.
std::uint64_t WordOf(Int128 sum, bool ok) {
  const auto bits = static_cast<UInt128>(sum);
  return ok ? static_cast<std::uint64_t>(bits) + static_cast<std::uint64_t>(bits >> 64) : 0;
}

// Products of two 64-bit factors, which cannot overflow, and checked sums.
void BM_CheckedSum(benchmark::State& state) {
  const Terms terms = MakeTerms();
  const auto work = [&] {
    Int128 sum = 0;
    bool ok = true;
    for (std::size_t i = 0; i < kTerms; ++i) {
      ok &= AddTo(sum, static_cast<Int128>(terms.left[i]) * terms.right[i]);
    }
    return WordOf(sum, ok);
  };
  RunPaired(state, {.work_operations = kTerms, .baseline_operations = kTerms}, work,
            [&] { return BareMulAdd(terms.left, terms.right); });
}
BENCHMARK(BM_CheckedSum)->Apply(Paired);

// Checked products of a 128-bit and a 64-bit factor, and checked sums.
void BM_CheckedMulAdd(benchmark::State& state) {
  const Terms terms = MakeTerms();
  const auto work = [&] {
    Int128 sum = 0;
    bool ok = true;
    for (std::size_t i = 0; i < kTerms; ++i) {
      const auto product = CheckedMul(static_cast<Int128>(terms.left[i]), terms.right[i]);
      ok = ok && product && AddTo(sum, *product);
    }
    return WordOf(sum, ok);
  };
  RunPaired(state, {.work_operations = kTerms, .baseline_operations = kTerms}, work,
            [&] { return BareMulAdd(terms.left, terms.right); });
}
BENCHMARK(BM_CheckedMulAdd)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
