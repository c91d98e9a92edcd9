// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Real market data for tests of margin: rows of comma separated files, and their decimal numbers as
// integers.

#ifndef SETTLE_TESTS_MARGIN_DATA_FILE_H_
#define SETTLE_TESTS_MARGIN_DATA_FILE_H_

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/integer.h"
#include "tests/support/vectors.h"

namespace settle::test {

// One row by the names of its columns.
using DataRow = std::map<std::string, std::string, std::less<>>;

inline std::vector<std::string> SplitAt(std::string_view line, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// The rows of `file`, whose first line names the columns; nothing where it is not there.
inline std::optional<std::vector<DataRow>> ReadRows(std::string_view file) {
  const std::optional<std::string> text = ReadDataText(file);
  if (!text) return std::nullopt;
  std::vector<DataRow> rows;
  std::vector<std::string> names;
  for (const std::string& line : SplitAt(*text, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string> parts = SplitAt(line, ',');
    if (names.empty()) {
      names = parts;
      continue;
    }
    DataRow row;
    for (std::size_t i = 0; i < names.size() && i < parts.size(); ++i) row[names[i]] = parts[i];
    rows.push_back(row);
  }
  return rows;
}

// A decimal number times 10^scale, to the nearest integer, halves away from zero. Of the digits
// after its point 18 count.
inline Int128 Scaled(std::string_view text, int scale) {
  constexpr int kDigits = 18;
  const std::size_t exponent = text.find('e');
  if (exponent != std::string_view::npos) {
    scale += std::atoi(std::string(text.substr(exponent + 1)).c_str());
    text = text.substr(0, exponent);
  }
  const bool is_negative = !text.empty() && text.front() == '-';
  if (is_negative) text.remove_prefix(1);
  Int128 number = 0;
  int digits = 0;
  bool is_after_point = false;
  for (const char c : text) {
    if (c == '.') {
      is_after_point = true;
    } else if (digits < kDigits) {
      number = number * 10 + (c - '0');
      digits += is_after_point ? 1 : 0;
    }
  }
  for (; digits < kDigits; ++digits) number *= 10;
  Int128 unit = 1;
  for (int power = scale; power < kDigits; ++power) unit *= 10;
  const Int128 nearest = (number + unit / 2) / unit;
  return is_negative ? -nearest : nearest;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_DATA_FILE_H_
