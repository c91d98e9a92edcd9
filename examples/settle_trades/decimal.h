// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A number as a file writes it, exactly: an integer and how many of its digits are decimals.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_DECIMAL_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_DECIMAL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "examples/settle_trades/stream.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"

namespace settle::example {

// "255.0" has no decimals: zeros at the end are none. At most this many are read.
inline constexpr int kMostDecimals = 18;

struct Decimal {
  Int128 digits = 0;
  int decimals = 0;
};

// Errors: kNotANumber, kSurplusDecimals, kOverflow.
[[nodiscard]] inline Result<Decimal> ReadDecimal(std::string_view text) {
  std::size_t count = 0;
  if (const std::size_t point = text.find('.'); point != std::string_view::npos) {
    const std::size_t last = text.find_last_not_of('0');
    count = last - point;  // the point itself is not a zero
  }
  const int decimals = static_cast<int>(std::min<std::size_t>(count, kMostDecimals));
  const Result<Int128> digits = ParseDecimal(text, decimals);
  if (!digits.ok()) return digits.reason();
  return Decimal{.digits = *digits, .decimals = decimals};
}

[[nodiscard]] constexpr Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// `number` as whole units of 10^-decimals. Errors: kSurplusDecimals, kOutOfRange beyond kMaxUnits.
[[nodiscard]] constexpr Result<std::int64_t> ToUnits(const Decimal& number, int decimals) {
  if (number.decimals > decimals) return BaseReason::kSurplusDecimals;
  const std::optional<Int128> units =
      CheckedMul(number.digits, PowerOfTen(decimals - number.decimals));
  if (!units || Magnitude(*units) > static_cast<UInt128>(kMaxUnits)) return BaseReason::kOutOfRange;
  return static_cast<std::int64_t>(*units);
}

// The same, rounded to the nearest unit, a half away from zero. Errors: kOutOfRange.
[[nodiscard]] constexpr Result<std::int64_t> ToNearestUnits(const Decimal& number, int decimals) {
  if (number.decimals <= decimals) return ToUnits(number, decimals);
  const Int128 divisor = PowerOfTen(number.decimals - decimals);
  const Int128 half = number.digits < 0 ? -(divisor / 2) : divisor / 2;
  const std::optional<Int128> moved = CheckedAdd(number.digits, half);
  if (!moved) return BaseReason::kOutOfRange;
  return ToUnits({.digits = *moved / divisor, .decimals = decimals}, decimals);
}

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_DECIMAL_H_
