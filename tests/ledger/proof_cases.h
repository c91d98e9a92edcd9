// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the tests of all kinds of proofs share: the published cases, and how to spoil a proof.

#ifndef SETTLE_TESTS_LEDGER_PROOF_CASES_H_
#define SETTLE_TESTS_LEDGER_PROOF_CASES_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle::test {

inline Digest WithBitFlipped(Digest digest, std::size_t bit) {
  digest.data()[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  return digest;
}

// The bytes of standard base64 with padding; nothing for other text.
inline std::optional<std::vector<std::byte>> FromBase64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::vector<std::byte> bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char letter : text) {
    const std::size_t value = kAlphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::byte>((bits >> held) & 0xff));
  }
  return bytes;
}

// Nothing for what is no digest, null and text of another length included.
inline std::optional<Digest> DigestOf(const nlohmann::json& text) {
  if (!text.is_string()) return std::nullopt;
  const auto bytes = FromBase64(text.get<std::string>());
  return bytes ? Digest::From(*bytes) : std::nullopt;
}

// The nodes of a published proof, none for null; nothing where one is no digest.
inline std::optional<std::vector<Digest>> PathOf(const nlohmann::json& proof) {
  std::vector<Digest> path;
  if (proof.is_null()) return path;
  for (const nlohmann::json& text : proof) {
    const std::optional<Digest> node = DigestOf(text);
    if (!node) return std::nullopt;
    path.push_back(*node);
  }
  return path;
}

// How many published cases of a folder were accepted and refused, and how many have a hash that is
// no digest and so cannot even be put to the verifier.
struct Verdicts {
  std::size_t accepted = 0;
  std::size_t refused = 0;
  std::size_t not_a_digest = 0;
  friend bool operator==(const Verdicts&, const Verdicts&) = default;
};

// Puts every case of `folder` to `verify`, which answers nothing where a hash is no digest, and
// expects the published verdict.
template <typename Verify>
Verdicts JudgeAll(std::string_view folder, const std::vector<std::string>& files, Verify verify) {
  Verdicts verdicts;
  for (const std::string& file : files) {
    const std::optional<nlohmann::json> one = ReadVectorJson(file);
    if (!one) continue;
    const std::optional<bool> accepted = verify(*one);
    EXPECT_EQ(accepted.value_or(false), !(*one)["wantErr"].template get<bool>()) << file;
    verdicts.not_a_digest += accepted ? 0 : 1;
    verdicts.accepted += accepted.value_or(false) ? 1 : 0;
    verdicts.refused += accepted && !*accepted ? 1 : 0;
  }
  CountVectors(folder, files.size());
  return verdicts;
}

// Each way in which a list of digests can be spoiled: a bit of one, one dropped, one doubled, two
// neighbours swapped. Calls expect_refused(path) with each.
template <typename Expect>
void SpoilEach(Random& random, const std::vector<Digest>& path, Expect expect_refused) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    std::vector<Digest> wrong = path;
    wrong[i] = WithBitFlipped(wrong[i], random.Below(256));
    expect_refused(wrong);
    wrong = path;
    wrong.erase(wrong.begin() + static_cast<std::ptrdiff_t>(i));
    expect_refused(wrong);
    wrong = path;
    wrong.insert(wrong.begin() + static_cast<std::ptrdiff_t>(i), path[i]);
    expect_refused(wrong);
    if (i + 1 < path.size()) {
      wrong = path;
      std::swap(wrong[i], wrong[i + 1]);
      expect_refused(wrong);
    }
  }
  std::vector<Digest> wrong = path;
  wrong.push_back(random.Fixed<Digest>());
  expect_refused(wrong);
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_PROOF_CASES_H_
