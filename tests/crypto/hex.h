// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Bytes written as hexadecimal text.

#ifndef SETTLE_TESTS_CRYPTO_HEX_H_
#define SETTLE_TESTS_CRYPTO_HEX_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/text.h"

namespace settle::test {

// Text that is no hexadecimal number is a recorded failure.
inline std::vector<std::byte> FromHex(std::string_view text) {
  Result<std::vector<std::byte>> bytes = ParseHex(text);
  EXPECT_TRUE(bytes.ok()) << text;
  return *bytes;
}

// The bytes that the text value `key` of `object` writes.
inline std::vector<std::byte> FromHex(const nlohmann::json& object, const char* key) {
  return FromHex(object[key].get_ref<const std::string&>());
}

inline Digest DigestFromHex(std::string_view text) {
  const std::vector<std::byte> bytes = FromHex(text);
  EXPECT_EQ(bytes.size(), Digest::kSize) << text;
  return Digest::From(bytes).value_or(Digest());
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_CRYPTO_HEX_H_
