// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How long the random runs beside a model are, and what they say of themselves:
//
//   const std::uint64_t operations = OperationsOf({.usual = 50'000, .nightly = 1'000'000});
//   for (std::uint64_t i = 0; i < operations; ++i) ...
//   SayWhatRan(operations);   // 50000 operations agreed, SETTLE_TEST_SEED=1

#ifndef SETTLE_TESTS_LEDGER_MODEL_RUN_H_
#define SETTLE_TESTS_LEDGER_MODEL_RUN_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/support/random.h"

namespace settle::test {

struct RunLength {
  std::uint64_t usual = 0;
  std::uint64_t nightly = 0;  // with SETTLE_NIGHTLY=1
};

inline std::uint64_t OperationsOf(const RunLength& length) {
  const char* const nightly = std::getenv("SETTLE_NIGHTLY");
  return nightly != nullptr && std::string_view(nightly) == "1" ? length.nightly : length.usual;
}

// Prints what ran, and with which seed it can be run again; both stand in the test's report too.
inline void SayWhatRan(std::uint64_t operations) {
  const std::string count = std::to_string(operations);
  const std::string seed = std::to_string(TestSeed());
  testing::Test::RecordProperty("operations", count);
  testing::Test::RecordProperty("seed", seed);
  std::printf("%s operations agreed, SETTLE_TEST_SEED=%s\n", count.c_str(), seed.c_str());
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_MODEL_RUN_H_
