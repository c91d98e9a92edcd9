// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/crypto/scheme.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/signer.h"
#include "settle/crypto/statement.h"
#include "tests/support/random.h"

namespace settle {
namespace {

// A scheme with everything a scheme may have: a signature is the hash of key and message, an
// aggregate the hash of all of them.
struct Toy {
  using KeyBytes = OwnerId;
  using Signature = Digest;
  using AggregateSignature = Digest;
  struct SecretKey;
  class PublicKey {
   public:
    static Result<PublicKey> From(ByteView bytes) {
      const auto key = KeyBytes::From(bytes);
      if (!key) return CryptoReason::kWrongLength;
      return PublicKey(*key);
    }
    explicit PublicKey(const KeyBytes& bytes) : bytes_(bytes) {}
    [[nodiscard]] const KeyBytes& bytes() const { return bytes_; }
    friend bool operator==(const PublicKey&, const PublicKey&) = default;

   private:
    KeyBytes bytes_;
  };

  static Signature Sign(const PublicKey& key, ByteView message) {
    return Sha256().Hash(key.bytes().view(), message);
  }
  static bool Verify(const PublicKey& key, ByteView message, const Signature& signature) {
    return Sign(key, message) == signature;
  }
  static inline int batches = 0;  // shows whether VerifyMany was called
  static void VerifyMany(std::span<const SignatureCheck<Toy>> checks, std::span<bool> valid);
  static Result<AggregateSignature> Aggregate(std::span<const Signature> signatures) {
    Digest all;
    for (const Signature& one : signatures) all = Sha256().Hash(all.view(), one.view());
    return all;
  }
  static bool VerifyAggregate(std::span<const PublicKey> keys, ByteView message,
                              const AggregateSignature& aggregate) {
    std::vector<Signature> signatures;
    for (const PublicKey& key : keys) signatures.push_back(Sign(key, message));
    return *Aggregate(signatures) == aggregate;
  }
};

void Toy::VerifyMany(std::span<const SignatureCheck<Toy>> checks, std::span<bool> valid) {
  ++batches;
  for (std::size_t i = 0; i < checks.size() && i < valid.size(); ++i) {
    valid[i] = Verify(*checks[i].key, checks[i].message, *checks[i].signature);
  }
}

static_assert(RequireSignatureScheme<Toy>() && BatchVerifyingScheme<Toy>);
static_assert(AggregatingScheme<Toy>);
static_assert(RequireSignatureScheme<Ed25519>());
static_assert(!BatchVerifyingScheme<Ed25519>, "OpenSSL has no batch, and no other library judges");
static_assert(!AggregatingScheme<Ed25519>);

// Not a scheme: a verdict that is no bool, keys that cannot be compared.
struct NoVerdict : Toy {
  static Reason Verify(const PublicKey&, ByteView, const Signature&) { return {}; }
};
struct NoEquality : Toy {
  class PublicKey {
   public:
    static Result<PublicKey> From(ByteView);
    [[nodiscard]] const KeyBytes& bytes() const;
  };
  static bool Verify(const PublicKey&, ByteView, const Signature&);
};
static_assert(!SignatureScheme<NoVerdict> && !SignatureScheme<NoEquality>);
static_assert(!SignatureScheme<Sha256> && !SignatureScheme<int>);

struct Final {
  Height height;
  static constexpr Kind SignedKind() { return Kind::kCommit; }
  using Fields = Members<&Final::height>;
};

Ed25519Signer SomeSigner(test::Random& random) {
  Result<Ed25519SecretKey> secret = Ed25519SecretKey::From(random.Bytes(32));
  Result<Ed25519Signer> signer = Ed25519Signer::From(*std::move(secret));
  EXPECT_TRUE(signer.ok());
  return *std::move(signer);
}

Domain InEpoch(std::uint64_t epoch) {
  Domain domain;
  domain.epoch = Epoch(epoch);
  return domain;
}

TEST(Scheme, StatementIsVerifiedInItsDomainOnly) {
  test::Random random;
  const Ed25519Signer signer = SomeSigner(random);
  const Ed25519Signer other = SomeSigner(random);
  const Domain domain = InEpoch(7);
  const Result<Ed25519::Signature> signature = signer.Sign(BytesToSign(domain, Final{Height(3)}));
  ASSERT_TRUE(signature.ok());

  const auto verify = [&](const Ed25519Signer& by, const Domain& in, const Final& statement) {
    return VerifyStatement<Ed25519>(by.public_key(), BytesToSign(in, statement), *signature);
  };
  EXPECT_TRUE(verify(signer, domain, Final{Height(3)}).ok());
  EXPECT_EQ(verify(other, domain, Final{Height(3)}), CryptoReason::kBadSignature);
  EXPECT_EQ(verify(signer, InEpoch(8), Final{Height(3)}), CryptoReason::kBadSignature);
  EXPECT_EQ(verify(signer, domain, Final{Height(4)}), CryptoReason::kBadSignature);
}

// CASES Q23: many at once is what they are one by one; two signatures that are good for each
// other's message do not make up for each other.
TEST(Scheme, JudgesEachOfManyByItselfWithoutABatch) {
  test::Random random;
  std::vector<Ed25519Signer> signers;
  std::vector<Ed25519::PublicKey> keys;
  for (int i = 0; i < 3; ++i) {
    signers.push_back(SomeSigner(random));
    keys.push_back(signers.back().public_key());
  }
  // A signer signs statements only, so the messages are made into some.
  struct Message {
    std::array<std::byte, 40> bytes{};
    static constexpr Kind SignedKind() { return Kind::kCommit; }
    using Fields = Members<&Message::bytes>;
  };
  std::vector<StatementBytes<Message>> bytes;
  std::vector<Ed25519::Signature> signatures;
  for (std::size_t i = 0; i < 9; ++i) {
    Message message;
    random.Fill(message.bytes);
    bytes.push_back(BytesToSign(Domain(), message));
    signatures.push_back(*signers[i % 3].Sign(bytes.back()));
  }
  signatures[4].data()[5] ^= std::byte{16};
  std::swap(signatures[0], signatures[3]);  // the same signer, each other's message
  std::vector<SignatureCheck<Ed25519>> checks;
  for (std::size_t i = 0; i < 9; ++i) {
    checks.push_back({&keys[i % 3], bytes[i].view(), &signatures[i]});
  }
  std::array<bool, 9> valid{};
  VerifyEach<Ed25519>(checks, valid);
  EXPECT_EQ(valid, (std::array{false, true, true, false, false, true, true, true, true}));
}

TEST(Scheme, JudgesEachOfManyAtOnceWhereTheSchemeCan) {
  const Toy::PublicKey key(OwnerId::FromNumber(1));
  ASSERT_EQ(*Toy::PublicKey::From(key.bytes().view()), key);
  const std::array<std::byte, 3> messages = {std::byte{1}, std::byte{2}, std::byte{3}};
  std::array<Toy::Signature, 3> signatures;
  std::array<SignatureCheck<Toy>, 3> checks;
  for (std::size_t i = 0; i < 3; ++i) {
    const ByteView message = ByteView(messages).subspan(i, 1);
    signatures[i] = Toy::Sign(key, message);
    checks[i] = {&key, message, &signatures[i]};
  }
  std::swap(signatures[0], signatures[1]);
  std::array<bool, 3> valid{};
  VerifyEach<Toy>(checks, valid);
  EXPECT_EQ(valid, (std::array{false, false, true}));
  EXPECT_EQ(Toy::batches, 1);
}

TEST(Scheme, JudgesOnlyWhatHasAPlaceForTheVerdict) {
  test::Random random;
  const Ed25519Signer signer = SomeSigner(random);
  const StatementBytes<Final> bytes = BytesToSign(Domain(), Final());
  const Ed25519::Signature signature = *signer.Sign(bytes);
  const SignatureCheck<Ed25519> check{&signer.public_key(), bytes.view(), &signature};
  const std::array<SignatureCheck<Ed25519>, 3> checks = {check, check, check};
  std::array<bool, 4> valid{};
  VerifyEach<Ed25519>(checks, std::span(valid).first(2));
  EXPECT_EQ(valid, (std::array{true, true, false, false}));
  VerifyEach<Ed25519>(std::span(checks).first(0), valid);
  EXPECT_EQ(valid, (std::array{true, true, false, false}));
}

}  // namespace
}  // namespace settle
