// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "tests/support/vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>
#include <utility>

namespace settle::test {
namespace {

std::string EnvironmentOr(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : fallback;
}

std::filesystem::path VectorsDir() {
  return EnvironmentOr("SETTLE_VECTORS_DIR", SETTLE_DEFAULT_VECTORS_DIR);
}

std::filesystem::path DataDir() {
  return EnvironmentOr("SETTLE_DATA_DIR", SETTLE_DEFAULT_DATA_DIR);
}

std::optional<std::string> Find(const std::filesystem::path& directory, std::string_view file) {
  const std::filesystem::path path = directory / file;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return path.string();
  if (DataRequired()) ADD_FAILURE() << "required file is missing: " << path;
  return std::nullopt;
}

std::optional<std::string> ReadText(const std::optional<std::string>& path) {
  if (!path) return std::nullopt;
  std::ifstream stream(*path, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  if (!stream.is_open() || stream.bad()) {
    ADD_FAILURE() << "cannot read " << *path;
    return std::nullopt;
  }
  return std::move(content).str();
}

std::map<std::string, std::size_t, std::less<>>& Counts() {
  static std::map<std::string, std::size_t, std::less<>> counts;
  return counts;
}

// Prints the counts once all tests have run.
class VectorReport : public ::testing::Environment {
 public:
  void TearDown() override {
    const std::string log_name = EnvironmentOr("SETTLE_VECTORS_LOG", "");
    std::ofstream log;
    if (!log_name.empty()) log.open(log_name, std::ios::app);
    for (const auto& [set, count] : Counts()) {
      std::cout << "vectors read: " << set << ' ' << count << '\n';
      if (log.is_open()) log << set + ' ' + std::to_string(count) + '\n';
    }
  }
};

[[maybe_unused]] const ::testing::Environment* const kReport =
    ::testing::AddGlobalTestEnvironment(new VectorReport);

}  // namespace

bool DataRequired() { return EnvironmentOr("SETTLE_REQUIRE_DATA", "0") == "1"; }

std::optional<std::string> FindVector(std::string_view file) { return Find(VectorsDir(), file); }

std::optional<std::string> FindData(std::string_view file) { return Find(DataDir(), file); }

std::optional<std::string> ReadVectorText(std::string_view file) {
  return ReadText(FindVector(file));
}

std::optional<std::string> ReadDataText(std::string_view file) { return ReadText(FindData(file)); }

std::optional<nlohmann::json> ReadVectorJson(std::string_view file) {
  const std::optional<std::string> text = ReadVectorText(file);
  if (!text) return std::nullopt;
  nlohmann::json json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    ADD_FAILURE() << file << " is not JSON";
    return std::nullopt;
  }
  return json;
}

std::vector<std::string> ListVectors(std::string_view folder, std::string_view suffix) {
  const std::filesystem::path directory = VectorsDir();
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(directory / folder, error), end;
       !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().lexically_relative(directory).generic_string();
    if (name.ends_with(suffix) && entry->is_regular_file(error)) files.push_back(std::move(name));
  }
  std::sort(files.begin(), files.end());
  if (files.empty() && DataRequired()) {
    ADD_FAILURE() << "no " << suffix << " file in " << directory / folder;
  }
  return files;
}

std::string Missing(std::string_view file) {
  return "not there: " + std::string(file) + " (SETTLE_VECTORS_DIR, SETTLE_DATA_DIR)";
}

void CountVectors(std::string_view set, std::size_t count) {
  const auto [entry, added] = Counts().try_emplace(std::string(set), 0);
  entry->second += count;
}

}  // namespace settle::test
