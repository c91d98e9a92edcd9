// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Published vectors of Ed25519, and our verdict for each of the edge cases that libraries differ
// on.

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/crypto/detail/openssl.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/reason.h"
#include "tests/crypto/hex.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::FromHex;

// What the library says of one case: of the key, or if that is good, of the signature.
Reason Verdict(ByteView key, ByteView message, ByteView signature) {
  const Result<Ed25519::PublicKey> parsed = Ed25519::PublicKey::From(key);
  if (!parsed.ok()) return parsed.reason();
  const auto bytes = Ed25519::Signature::From(signature);
  if (!bytes || !Ed25519::Verify(*parsed, message, *bytes)) return CryptoReason::kBadSignature;
  return {};
}

// What OpenSSL alone would say.
bool OpensslAccepts(ByteView key, ByteView message, ByteView signature) {
  const detail::ErrorQueueGuard guard;
  const detail::UniqueKey parsed(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, detail::Raw(key.data()), key.size()));
  const detail::UniqueDigestContext context(EVP_MD_CTX_new());
  return parsed &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, parsed.get()) == 1 &&
         EVP_DigestVerify(context.get(), detail::Raw(signature.data()), signature.size(),
                          detail::Raw(message.data()), message.size()) == 1;
}

TEST(Ed25519Vectors, AcceptsThoseOfRfc8032AndNothingNearThem) {
  constexpr std::string_view kFile = "ed25519/rfc8032_ed25519.json";
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kFile);
  for (const nlohmann::json& one : *vectors) {
    const std::vector<std::byte> key = FromHex(one, "public");
    std::vector<std::byte> message = FromHex(one, "msg");
    const std::vector<std::byte> signature = FromHex(one, "sig");
    EXPECT_TRUE(Verdict(key, message, signature).ok()) << one["name"];
    message.push_back(std::byte{0});
    EXPECT_EQ(Verdict(key, message, signature), CryptoReason::kBadSignature) << one["name"];
  }
  test::CountVectors("ed25519/rfc8032", vectors->size());
  EXPECT_EQ(vectors->size(), 5u);
}

TEST(Ed25519Vectors, GivesTheVerdictsOfWycheproof) {
  constexpr std::string_view kFile = "wycheproof/ed25519_test.json";
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kFile);
  std::size_t valid = 0;
  std::size_t invalid = 0;
  for (const nlohmann::json& group : (*vectors)["testGroups"]) {
    const std::vector<std::byte> key = FromHex(group["publicKey"], "pk");
    for (const nlohmann::json& one : group["tests"]) {
      const std::string result = one["result"].get<std::string>();
      ASSERT_TRUE(result == "valid" || result == "invalid") << result;
      ++(result == "valid" ? valid : invalid);
      EXPECT_EQ(Verdict(key, FromHex(one, "msg"), FromHex(one, "sig")).ok(), result == "valid")
          << one["tcId"] << ": " << one["comment"];
    }
  }
  test::CountVectors("wycheproof/ed25519", valid + invalid);
  EXPECT_EQ(valid, 88u);
  EXPECT_EQ(invalid, 63u);
}

// The cases of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (2020), table 5. Where a
// verdict may differ between libraries it must not differ within one certificate: ours is pinned
// here, and a version of OpenSSL that judges otherwise must not pass unseen.
struct SpeccheckCase {
  Reason verdict;
  bool openssl_accepts;
  std::string_view why;
};
const std::array<SpeccheckCase, 12> kSpeccheck = {{
    {CryptoReason::kSmallOrderKey, true, "A and R of small order, S = 0: signs any message"},
    {CryptoReason::kSmallOrderKey, true, "A of small order, R of mixed order"},
    {{}, true, "A of mixed order, R of small order: only who knows the secret can make it"},
    {{}, true, "A and R of mixed order, and the equation without cofactor holds"},
    {CryptoReason::kBadSignature, false, "the equation holds only when multiplied by 8"},
    {CryptoReason::kBadSignature, false, "holds only when multiplied by 8 after reducing 8 h"},
    {CryptoReason::kBadSignature, false, "S = L + the reduced scalar: a second signature"},
    {CryptoReason::kBadSignature, false, "S far above L"},
    {CryptoReason::kBadSignature, false, "R is not canonical, hashed as it is reduced"},
    {CryptoReason::kBadSignature, false, "R is not canonical, hashed as it stands"},
    {CryptoReason::kSmallOrderKey, false, "A is a second encoding of order 2, hashed reduced"},
    {CryptoReason::kSmallOrderKey, true, "A is a second encoding of order 2, hashed as it stands"},
}};

TEST(Ed25519Vectors, GivesThePinnedVerdictOnEachEdgeCase) {
  constexpr std::string_view kFile = "ed25519/speccheck_cases.json";
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kFile);
  ASSERT_EQ(vectors->size(), kSpeccheck.size());
  for (std::size_t i = 0; i < kSpeccheck.size(); ++i) {
    const nlohmann::json& one = (*vectors)[i];
    const std::vector<std::byte> key = FromHex(one, "pub_key");
    const std::vector<std::byte> message = FromHex(one, "message");
    const std::vector<std::byte> signature = FromHex(one, "signature");
    EXPECT_EQ(Verdict(key, message, signature), kSpeccheck[i].verdict)
        << i << ": " << kSpeccheck[i].why;
    EXPECT_EQ(OpensslAccepts(key, message, signature), kSpeccheck[i].openssl_accepts) << i;
  }
  test::CountVectors("ed25519/speccheck", vectors->size());
}

// CASES Q18.
TEST(Ed25519Vectors, RefusesEachOfTheFourteenSmallOrderKeys) {
  constexpr std::string_view kFile = "ed25519/ed25519_small_order_public_keys.json";
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kFile);
  std::size_t not_canonical = 0;
  for (const nlohmann::json& one : *vectors) {
    const auto& text = one.get_ref<const std::string&>();
    const Reason reason = Ed25519::PublicKey::From(FromHex(text)).reason();
    not_canonical += reason.Is(CryptoReason::kNotCanonicalKey) ? 1 : 0;
    EXPECT_TRUE(reason.Is(CryptoReason::kNotCanonicalKey) ||
                reason.Is(CryptoReason::kSmallOrderKey))
        << text;
  }
  EXPECT_EQ(not_canonical, 4u);  // y = p and y = p + 1, with either sign
  test::CountVectors("ed25519/small_order_keys", vectors->size());
  EXPECT_EQ(vectors->size(), 14u);
}

// Every small-order key with every small-order R, and S = 0. Each is "valid" where the equation is
// multiplied by 8 (ZIP 215); without cofactor OpenSSL accepts 12 of them; we accept no such key.
TEST(Ed25519Vectors, RefusesAllCasesOfZip215) {
  constexpr std::string_view kFile = "ed25519/zip215.json";
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kFile);
  const ByteView message = AsBytes("Zcash");
  std::size_t accepted = 0;
  std::size_t accepted_by_openssl = 0;
  for (const nlohmann::json& one : *vectors) {
    const std::vector<std::byte> key = FromHex(one[0].get_ref<const std::string&>());
    const std::vector<std::byte> signature = FromHex(one[1].get_ref<const std::string&>());
    accepted += Verdict(key, message, signature).ok() ? 1 : 0;
    accepted_by_openssl += OpensslAccepts(key, message, signature) ? 1 : 0;
  }
  EXPECT_EQ(accepted, 0u);
  EXPECT_EQ(accepted_by_openssl, 12u);
  test::CountVectors("ed25519/zip215", vectors->size());
  EXPECT_EQ(vectors->size(), 196u);
}

// Why the check of small order exists.
TEST(Ed25519Vectors, OpensslAloneAcceptsAnyMessageUnderTheNeutralElement) {
  std::vector<std::byte> neutral(32);
  neutral[0] = std::byte{1};
  std::vector<std::byte> signature = neutral;  // R is neutral too
  signature.resize(64);                        // S = 0
  for (const std::string_view message : {"pay alice", "pay mallory"}) {
    EXPECT_TRUE(OpensslAccepts(neutral, AsBytes(message), signature));
    EXPECT_EQ(Verdict(neutral, AsBytes(message), signature), CryptoReason::kSmallOrderKey);
  }
}

}  // namespace
}  // namespace settle
