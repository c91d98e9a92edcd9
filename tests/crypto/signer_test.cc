// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/crypto/signer.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/kinds.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/statement.h"
#include "tests/crypto/hex.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::FromHex;

struct Final {
  Height height;
  static constexpr Kind SignedKind() { return Kind::kCommit; }
  using Fields = Members<&Final::height>;
};
struct Batch {
  Bounded<std::uint16_t, 100> items;
  static constexpr Kind SignedKind() { return Kind::kStatementRoot; }
  using Fields = Members<&Batch::items>;
};

constexpr std::string_view kSeed =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

Result<Ed25519Signer> SignerOf(ByteView seed) {
  Result<Ed25519SecretKey> secret = Ed25519SecretKey::From(seed);
  if (!secret.ok()) return secret.reason();
  return Ed25519Signer::From(*std::move(secret));
}

TEST(Ed25519Signer, HasThePublicKeysOfRfc8032) {
  constexpr std::string_view kFile = "ed25519/rfc8032_ed25519.json";
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kFile);
  for (const nlohmann::json& one : *vectors) {
    const Result<Ed25519Signer> signer = SignerOf(FromHex(one, "seed"));
    ASSERT_TRUE(signer.ok()) << one["name"];
    EXPECT_EQ(ToHex(signer->public_key().bytes().view()), one["public"].get<std::string>())
        << one["name"];
  }
  test::CountVectors("ed25519/rfc8032 seeds", vectors->size());
  EXPECT_EQ(vectors->size(), 5u);
}

TEST(Ed25519Signer, SignsStatementsOfAnyType) {
  const Result<Ed25519Signer> signer = SignerOf(FromHex(kSeed));
  ASSERT_TRUE(signer.ok());
  Batch batch;
  ASSERT_TRUE(batch.items.Add(7));
  const auto expect_signed = [&signer](const auto& statement) {
    const auto bytes = BytesToSign(Domain(), statement);
    const Result<Ed25519::Signature> signature = signer->Sign(bytes);
    ASSERT_TRUE(signature.ok());
    EXPECT_TRUE(VerifyStatement<Ed25519>(signer->public_key(), bytes, *signature).ok());
    EXPECT_FALSE(Ed25519::Verify(signer->public_key(), bytes.view().subspan(8), *signature))
        << "without its tag";
  };
  expect_signed(Final{Height(1)});
  expect_signed(batch);
}

// The signature that RFC 8032 prescribes for these bytes, made by an implementation of its own.
TEST(Ed25519Signer, SignatureIsTheGoldenOne) {
  const Result<Ed25519Signer> signer = SignerOf(FromHex(kSeed));
  ASSERT_TRUE(signer.ok());
  const Result<Ed25519::Signature> signature =
      signer->Sign(BytesToSign(Domain(), Final{Height(1)}));
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(ToHex(signature->view()),
            "7adbd7289eef43865633d855c5c407d7649223375c96366581c614159eb34867"
            "98f9ffade77383d6d8b98f6efbc8c03a0ec6aeb91d23cbe2e1333da76575a606");
}

TEST(Ed25519SecretKey, IsMadeOfThirtyTwoBytesOnly) {
  const std::vector<std::byte> seed(64);
  for (std::size_t size = 0; size <= seed.size(); ++size) {
    EXPECT_EQ(Ed25519SecretKey::From(ByteView(seed).first(size)).reason(),
              size == 32 ? CryptoReason::kOk : CryptoReason::kWrongLength)
        << size;
  }
}

// The zeros that a moved secret leaves behind are a seed that everybody knows.
TEST(Ed25519SecretKey, WhatWasMovedFromMakesNoSigner) {
  Result<Ed25519SecretKey> secret = Ed25519SecretKey::From(FromHex(kSeed));
  ASSERT_TRUE(secret.ok());
  Ed25519SecretKey moved = *std::move(secret);
  EXPECT_EQ(Ed25519Signer::From(*std::move(secret)).reason(), CryptoReason::kNoSecret);
  Result<Ed25519SecretKey> other = Ed25519SecretKey::From(std::vector<std::byte>(32));
  *other = std::move(moved);
  EXPECT_EQ(Ed25519Signer::From(std::move(moved)).reason(), CryptoReason::kNoSecret);
  const Result<Ed25519Signer> signer = Ed25519Signer::From(*std::move(other));
  ASSERT_TRUE(signer.ok());
  EXPECT_EQ(ToHex(signer->public_key().bytes().view()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

TEST(Ed25519SecretKey, SurvivesBeingMovedToItself) {
  Result<Ed25519SecretKey> secret = Ed25519SecretKey::From(FromHex(kSeed));
  Ed25519SecretKey& self = *secret;
  *secret = std::move(self);
  EXPECT_TRUE(Ed25519Signer::From(*std::move(secret)).ok());
}

// Whether any 8 bytes of the seed are among the bytes of `memory`.
bool HoldsSeed(ByteView memory, ByteView seed) {
  for (std::size_t at = 0; at + 8 <= memory.size(); ++at) {
    for (std::size_t from = 0; from + 8 <= seed.size(); ++from) {
      if (std::equal(seed.begin() + static_cast<std::ptrdiff_t>(from),
                     seed.begin() + static_cast<std::ptrdiff_t>(from) + 8,
                     memory.begin() + static_cast<std::ptrdiff_t>(at))) {
        return true;
      }
    }
  }
  return false;
}

TEST(Ed25519SecretKey, LeavesNoBytesBehindWhenItGoesOrMoves) {
  const std::vector<std::byte> seed = FromHex(kSeed);
  alignas(Ed25519SecretKey) std::array<std::byte, sizeof(Ed25519SecretKey)> room{};
  Result<Ed25519SecretKey> made = Ed25519SecretKey::From(seed);
  auto* key = ::new (static_cast<void*>(room.data())) Ed25519SecretKey(*std::move(made));
  EXPECT_TRUE(HoldsSeed(room, seed));
  EXPECT_FALSE(HoldsSeed(std::as_bytes(std::span(&made, 1)), seed)) << "moved from";
  std::destroy_at(key);
  EXPECT_FALSE(HoldsSeed(room, seed)) << "destroyed";
}

TEST(Ed25519Signer, WhatWasMovedFromSignsNothing) {
  Result<Ed25519Signer> signer = SignerOf(FromHex(kSeed));
  ASSERT_TRUE(signer.ok());
  const Ed25519Signer moved = *std::move(signer);
  EXPECT_EQ(signer->Sign(BytesToSign(Domain(), Final())).reason(), CryptoReason::kNoSecret);
  EXPECT_TRUE(moved.Sign(BytesToSign(Domain(), Final())).ok());
}

TEST(Ed25519Signer, SaysWhenOpensslOffersNoSuchAlgorithm) {
  const std::vector<std::byte> seed = FromHex(kSeed);
  ERR_clear_error();
  ASSERT_EQ(EVP_set_default_properties(nullptr, "settle.absent=yes"), 1);
  const Reason reason = SignerOf(seed).reason();
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  EXPECT_EQ(reason, CryptoReason::kLibraryFailure);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(Ed25519Signer, LeavesTheErrorQueueAsItWas) {
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 100);
  const Result<Ed25519Signer> signer = SignerOf(FromHex(kSeed));
  ASSERT_TRUE(signer.ok());
  EXPECT_TRUE(signer->Sign(BytesToSign(Domain(), Final())).ok());
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), 100);
  EXPECT_EQ(ERR_get_error(), 0u);
}

TEST(Ed25519Signer, SignsInManyThreads) {
  const Result<Ed25519Signer> signer = SignerOf(FromHex(kSeed));
  ASSERT_TRUE(signer.ok());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&wrong, &signer, i] {
      for (std::uint64_t round = 0; round < 25; ++round) {
        const auto bytes = BytesToSign(Domain(), Final{Height(100 * i + round)});
        const Result<Ed25519::Signature> signature = signer->Sign(bytes);
        if (!signature.ok() ||
            !VerifyStatement<Ed25519>(signer->public_key(), bytes, *signature).ok()) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// A host's own signer: not const, with a key for each kind.
struct RemoteSigner {
  using Scheme = Ed25519;
  std::vector<Kind> asked;
  Ed25519Signer inner;
  [[nodiscard]] Ed25519::PublicKey public_key() const { return inner.public_key(); }
  Result<Ed25519::Signature> Sign(StatementView statement) {
    asked.push_back(statement.kind());
    return inner.Sign(statement);
  }
};

TEST(Signer, SeesTheKindOfWhatItSigns) {
  Result<Ed25519Signer> inner = SignerOf(FromHex(kSeed));
  ASSERT_TRUE(inner.ok());
  RemoteSigner signer{.asked = {}, .inner = *std::move(inner)};
  EXPECT_TRUE(signer.Sign(BytesToSign(Domain(), Final())).ok());
  EXPECT_TRUE(signer.Sign(BytesToSign(Domain(), Batch())).ok());
  EXPECT_EQ(signer.asked, (std::vector{Kind::kCommit, Kind::kStatementRoot}));
}

static_assert(RequireSigner<Ed25519Signer>() && RequireSigner<RemoteSigner>());
static_assert(!Signer<Ed25519> && !Signer<int>);

// There is no way to sign bytes that are no statement.
static_assert(!std::is_invocable_v<decltype(&Ed25519Signer::Sign), const Ed25519Signer&, ByteView>);

// A secret moves and does nothing else.
template <typename T>
concept Printable = requires(std::string& out, const T& value) {
  AppendTo(out, value);
};
template <typename T>
concept Hashable = requires(const T& value) {
  std::hash<T>()(value);
};
template <typename T>
concept HasBytes = requires(const T& value) {
  value.view();
}
|| requires(const T& value) { value.bytes(); }
|| requires(const T& value) { value.data(); };
template <typename T>
inline constexpr bool kOnlyMoves =
    std::movable<T> && !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    !std::equality_comparable<T> && !std::is_default_constructible_v<T> && !HasFields<T> &&
    !Printable<T> && !Hashable<T> && !HasBytes<T>;
static_assert(kOnlyMoves<Ed25519SecretKey>);
static_assert(kOnlyMoves<Ed25519Signer>);
static_assert(!std::is_trivially_destructible_v<Ed25519SecretKey>, "it is wiped");
static_assert(!std::is_trivially_copyable_v<Ed25519SecretKey>);
static_assert(Printable<Ed25519::KeyBytes> && HasBytes<Ed25519::KeyBytes>, "the concepts can hold");

}  // namespace
}  // namespace settle
