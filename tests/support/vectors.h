// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Published test vectors and real market data, read from files that stand beside the checkout.
//
// A file is looked for in $SETTLE_VECTORS_DIR or $SETTLE_DATA_DIR, else in the default that the
// build gives. When it is missing the test is skipped by name; with SETTLE_REQUIRE_DATA=1 the
// reader has recorded a failure before it returns, and a failure wins over the skip:
//
//   const std::optional<nlohmann::json> cases = test::ReadVectorJson("ed25519/rfc8032.json");
//   if (!cases) GTEST_SKIP() << test::Missing("ed25519/rfc8032.json");
//   for (const nlohmann::json& one : *cases) { ... }
//   test::CountVectors("ed25519/rfc8032", cases->size());
//   EXPECT_EQ(cases->size(), 5u);
//
// Usable with -fno-exceptions: a file that is not JSON is a recorded failure, never a throw.
// Callers that look into the JSON include <nlohmann/json.hpp>.

#ifndef SETTLE_TESTS_SUPPORT_VECTORS_H_
#define SETTLE_TESTS_SUPPORT_VECTORS_H_

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settle::test {

// True when SETTLE_REQUIRE_DATA=1: a missing file is a failure.
bool DataRequired();

// The path of `file` if it exists; else nothing, and a failure when data is required.
std::optional<std::string> FindVector(std::string_view file);
std::optional<std::string> FindData(std::string_view file);

// The whole content of `file`, or nothing as above.
std::optional<std::string> ReadVectorText(std::string_view file);
std::optional<std::string> ReadDataText(std::string_view file);

// The file parsed as JSON, or nothing as above; malformed JSON always is a failure.
std::optional<nlohmann::json> ReadVectorJson(std::string_view file);

// The files under `folder`, at any depth, whose names end in `suffix`, sorted, relative to the
// vectors' directory so that the readers above take them. Empty, and a failure when data is
// required, when there is none.
std::vector<std::string> ListVectors(std::string_view folder, std::string_view suffix);

// What GTEST_SKIP says of a file that is not there.
std::string Missing(std::string_view file);

// Adds to what the end of the run prints as "vectors read: <set> <count>". With
// $SETTLE_VECTORS_LOG set the line is appended to that file too, so that ./dev test can sum up
// tests that ran as processes of their own.
void CountVectors(std::string_view set, std::size_t count);

}  // namespace settle::test

#endif  // SETTLE_TESTS_SUPPORT_VECTORS_H_
