// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Numbers and bytes as text and back, without locale and without rounding.
//
//   ToString(Int128{-5})                      "-5"
//   FormatDecimal(123450000, 8)               "1.2345"
//   ParseDecimal("1.2345", 8)                 123450000
//   ToHex(digest.view())                      "9f86d0..."

#ifndef SETTLE_BASE_TEXT_H_
#define SETTLE_BASE_TEXT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"

SETTLE_NAMESPACE_BEGIN

// The most decimals that ParseDecimal and FormatDecimal scale by: 10^38 is the largest power of
// ten in 128 bits.
inline constexpr int kMaxDecimals = 38;

namespace detail {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

inline void AppendMagnitude(std::string& out, UInt128 magnitude) {
  std::array<char, 40> digits{};
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
  } while (magnitude != 0);
  out.append(digits.data() + at, digits.size() - at);
}

constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The exponent of a power of ten, or -1.
constexpr int DecimalsOf(std::int64_t scale) {
  int decimals = 0;
  for (; scale % 10 == 0; scale /= 10) ++decimals;
  return scale == 1 ? decimals : -1;
}

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace detail

// Lower-case hexadecimal, two digits a byte.
inline void AppendHex(std::string& out, ByteView bytes) {
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    out.push_back(detail::kHexDigits[value >> 4]);
    out.push_back(detail::kHexDigits[value & 15]);
  }
}

[[nodiscard]] inline std::string ToHex(ByteView bytes) {
  std::string text;
  AppendHex(text, bytes);
  return text;
}

// The bytes of hexadecimal text of either case. Errors: kNotHex for an odd length or another
// character.
[[nodiscard]] inline Result<std::vector<std::byte>> ParseHex(std::string_view text) {
  if (text.size() % 2 != 0) return BaseReason::kNotHex;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = detail::HexValue(text[i]);
    const int low = detail::HexValue(text[i + 1]);
    if (high < 0 || low < 0) return BaseReason::kNotHex;
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

template <CheckedInteger T>
void AppendTo(std::string& out, T value) {
  if (Sign(value) < 0) out.push_back('-');
  detail::AppendMagnitude(out, Magnitude(value));
}

template <StrongType T>
void AppendTo(std::string& out, T value) {
  AppendTo(out, value.value());
}

template <typename Tag, std::size_t N>
void AppendTo(std::string& out, const FixedBytes<Tag, N>& value) {
  AppendHex(out, value.view());
}

// "ledger:17" has no place here: a Reason knows its numbers, its module knows the name. This is
// "module 4 code 17", or "ok".
inline void AppendTo(std::string& out, Reason reason) {
  if (reason.ok()) {
    out += "ok";
    return;
  }
  out += "module ";
  AppendTo(out, static_cast<std::uint16_t>(reason.module()));
  out += " code ";
  AppendTo(out, reason.code());
}

template <typename T>
[[nodiscard]] std::string ToString(const T& value) {
  std::string text;
  AppendTo(text, value);
  return text;
}

// `value` / 10^scale, without trailing zeros: (123450000, 8) is "1.2345", (-5, 1) is "-0.5".
// `scale` is 0 to kMaxDecimals.
[[nodiscard]] inline std::string FormatDecimal(Int128 value, int scale) {
  std::string digits;
  detail::AppendMagnitude(digits, Magnitude(value));
  const auto places = static_cast<std::size_t>(scale < 0 ? 0 : scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  std::string text = value < 0 ? "-" : "";
  const std::size_t point = digits.size() - places;
  const std::size_t last = digits.find_last_not_of('0');
  text.append(digits, 0, point);
  if (last != std::string::npos && last >= point) {
    text.push_back('.');
    text.append(digits, point, last + 1 - point);
  }
  return text;
}

// A rate as a decimal: 50,000 parts per million are "0.05". Its scale is a power of ten.
template <FixedType F>
void AppendTo(std::string& out, F value) {
  constexpr int kScale = detail::DecimalsOf(F::kScale);
  static_assert(kScale >= 0, "a scale that is no power of ten has no decimals");
  out += FormatDecimal(value.parts(), kScale);
}

// The number that `text` writes, times 10^scale, exactly: "-1.25" at scale 3 is -1250. An optional
// sign, digits, and optionally a point with digits; no exponent, no spaces. Errors: kNotANumber,
// kSurplusDecimals when more decimals than `scale` are not zero, kOverflow, kOutOfRange for a scale
// outside 0 to kMaxDecimals.
[[nodiscard]] constexpr Result<Int128> ParseDecimal(std::string_view text, int scale) {
  if (scale < 0 || scale > kMaxDecimals) return BaseReason::kOutOfRange;
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view decimals =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && decimals.empty())) {
    return BaseReason::kNotANumber;
  }
  for (const char c : whole) {
    if (!detail::IsDigit(c)) return BaseReason::kNotANumber;
  }
  for (const char c : decimals) {
    if (!detail::IsDigit(c)) return BaseReason::kNotANumber;
  }
  while (decimals.size() > static_cast<std::size_t>(scale)) {
    if (decimals.back() != '0') return BaseReason::kSurplusDecimals;
    decimals.remove_suffix(1);
  }
  Int128 value = 0;
  // Built on the negative side, whose range is the larger one.
  const auto push = [&value](int digit) {
    const auto shifted = CheckedMul(value, 10);
    if (!shifted) return false;
    const auto next = CheckedSub(*shifted, digit);
    if (next) value = *next;
    return next.has_value();
  };
  for (const char c : whole) {
    if (!push(c - '0')) return BaseReason::kOverflow;
  }
  for (int i = 0; i < scale; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!push(at < decimals.size() ? decimals[at] - '0' : 0)) return BaseReason::kOverflow;
  }
  if (negative) return value;
  const auto positive = CheckedNegate(value);
  if (!positive) return BaseReason::kOverflow;
  return *positive;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_TEXT_H_
