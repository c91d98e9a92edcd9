// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Runs 100,000 steps and compares their digest with the one that every compiler, at every level of
// optimisation, must come to. Prints it, and what the run was made of; exit code 1 for another.
//
//   run_digest [STEPS]     another number of steps has a digest of its own, which is only printed

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "settle/base/text.h"
#include "tests/margin/digest_run.h"

namespace {

constexpr std::uint64_t kSteps = 100'000;
constexpr char kExpected[] = "7e4b5d870d56ec59eff03f0d1b69e1ac92451eb3aeef46b47d209ee17b1c7fcc";

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t steps = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : kSteps;
  settle::test::DigestRun run;
  for (std::uint64_t step = 0; step < steps; ++step) run.Step();
  const std::string digest = settle::ToHex(run.digest().view());
  std::printf("%s  %llu steps: applied %llu, repeated %llu, refused %llu, for margin %llu\n",
              digest.c_str(), static_cast<unsigned long long>(steps),
              static_cast<unsigned long long>(run.applied()),
              static_cast<unsigned long long>(run.repeated()),
              static_cast<unsigned long long>(run.refused()),
              static_cast<unsigned long long>(run.refused_for_margin()));
  if (steps != kSteps || digest == kExpected) return 0;
  std::printf("expected %s\n", kExpected);
  return 1;
}
