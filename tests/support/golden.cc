// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "settle/base/text.h"

namespace settle::test {
namespace {

std::string ReadGolden(const std::string& file) {
  const std::string path = std::string(SETTLE_GOLDEN_DIR) + "/" + file;
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) ADD_FAILURE() << "cannot read " << path;
  std::ostringstream content;
  content << stream.rdbuf();
  return std::move(content).str();
}

}  // namespace

std::string GoldenDifferences(std::string_view file, const GoldenBytes& actual) {
  const std::string name = std::string(file) + ".json";
  const nlohmann::json json = nlohmann::json::parse(ReadGolden(name), nullptr, false);
  if (!json.is_object() || !json.contains("examples")) return name + " has no examples\n";
  std::map<std::string, std::string> golden;
  for (const nlohmann::json& example : json["examples"]) {
    golden[example.value("name", "")] = example.value("hex", "");
  }
  std::string differences;
  for (const auto& [example, bytes] : actual) {
    const std::string hex = ToHex(bytes);
    const auto entry = golden.find(example);
    if (entry == golden.end()) {
      differences += example + ": not in " + name + ", its bytes are " + hex + "\n";
    } else if (entry->second != hex) {
      differences += example + ": " + entry->second + " in " + name + ", but " + hex + " here\n";
    }
  }
  for (const auto& [example, hex] : golden) {
    if (!actual.contains(example)) differences += example + ": in " + name + " only\n";
  }
  return differences;
}

std::vector<std::string> GoldenLines(std::string_view file) {
  std::istringstream stream(ReadGolden(std::string(file)));
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

}  // namespace settle::test
