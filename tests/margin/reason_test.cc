// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "settle/base/reason.h"

namespace settle {
namespace {

// Numbers and names are pinned in tests/golden/reasons.txt.
constexpr std::uint16_t kReasons = 25;
// Those of scenarios.
constexpr std::uint16_t kFirstOfScenarios = 40;
constexpr std::uint16_t kAfterScenarios = 52;
// Those of parameters over time.
constexpr std::uint16_t kFirstOfSchedule = 60;
constexpr std::uint16_t kAfterSchedule = 64;
// Those of margin calls.
constexpr std::uint16_t kFirstOfCalls = 70;
constexpr std::uint16_t kAfterCalls = 72;

TEST(MarginReason, NamesNoNumberOutsideItsOwn) {
  for (std::uint32_t number = 0; number <= 0xffff; ++number) {
    const bool known = ReasonName(static_cast<MarginReason>(number)) != "UnknownMarginReason";
    const bool is_of_scenarios = kFirstOfScenarios <= number && number < kAfterScenarios;
    const bool is_of_schedule = kFirstOfSchedule <= number && number < kAfterSchedule;
    const bool is_of_calls = kFirstOfCalls <= number && number < kAfterCalls;
    ASSERT_EQ(known, number < kReasons || is_of_scenarios || is_of_schedule || is_of_calls)
        << number;
  }
}

TEST(MarginReason, GivesTheFirstOfTwoInEitherOrderAndRefusalsBeforeSuccess) {
  for (std::uint16_t a = 0; a < kReasons; ++a) {
    for (std::uint16_t b = 0; b < kReasons; ++b) {
      const std::uint16_t first = a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
      EXPECT_EQ(FirstOf(Reason(Module::kMargin, a), Reason(Module::kMargin, b)),
                Reason(Module::kMargin, first))
          << a << ", " << b;
    }
  }
}

}  // namespace
}  // namespace settle
