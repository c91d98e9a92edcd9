// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What must never change, pinned by files in tests/golden/: the numbers of reasons and kinds, and
// the bytes of example values.
//
//   EXPECT_EQ(test::GoldenDifferences("ledger", {{"leg", Encode(leg)}, ...}), "");
//
// tests/golden/<module>.json describes the module's types in tables and gives examples with their
// bytes; tests/golden/check.py encodes the same examples from the tables, in another language.

#ifndef SETTLE_TESTS_SUPPORT_GOLDEN_H_
#define SETTLE_TESTS_SUPPORT_GOLDEN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/reason.h"

namespace settle::test {

using GoldenBytes = std::map<std::string, std::vector<std::byte>>;

// What differs between `actual` and the examples of tests/golden/<file>.json, one line for each
// example that is missing on either side or has other bytes; empty when nothing does.
std::string GoldenDifferences(std::string_view file, const GoldenBytes& actual);

// The lines of tests/golden/<file> without those that begin with '#'; a failure when it is not
// there.
std::vector<std::string> GoldenLines(std::string_view file);

// Numbers and names of module E's reasons, "<module> <code> <name>" each: all codes up to 4095
// whose name is not that of an unknown one.
template <ReasonEnum E>
std::vector<std::string> ReasonLines(std::string_view module) {
  const std::string_view unknown = ReasonName(static_cast<E>(0xffff));
  std::vector<std::string> lines;
  for (std::uint16_t code = 0; code < 4096; ++code) {
    const std::string_view name = ReasonName(static_cast<E>(code));
    if (name == unknown) continue;
    lines.push_back(std::string(module) + " " + std::to_string(code) + " " + std::string(name));
  }
  return lines;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_SUPPORT_GOLDEN_H_
