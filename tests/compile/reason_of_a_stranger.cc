// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Only an enum that says whose reasons it lists is a reason.
// expect: could not convert || no viable conversion || conversion from

#include <cstdint>

#include "settle/base/reason.h"

enum class Color : std::uint16_t { kTruncated };

using settle::BaseReason;

settle::Reason Give() {
#ifdef SETTLE_REJECT
  return Color::kTruncated;
#else
  return BaseReason::kTruncated;
#endif
}
