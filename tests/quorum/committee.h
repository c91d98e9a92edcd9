// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Committees for the tests of quorum/: a validator set whose secrets the test holds.
//
//   Committee<Ed25519> committee({1, 1, 1, 1});
//   Vote<> vote = committee.VoteOf(0, statement);
//   Certificate<> certificate = committee.Certify(statement, {0, 1, 2});
//
// Certificates are put together here by hand, without the collector that is under test. ToyScheme
// signs with a hash, so that tests can afford a million votes, and counts its verifications.

#ifndef SETTLE_TESTS_QUORUM_COMMITTEE_H_
#define SETTLE_TESTS_QUORUM_COMMITTEE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/signer.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/types.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/vote.h"

namespace settle::test {

// A signature is a salt and the hash of key, salt and message: anybody can make one, and each
// message has as many as there are salts.
struct ToyScheme {
  struct KeyTag {};
  struct SignatureTag {};
  using KeyBytes = FixedBytes<KeyTag, 16>;
  using Signature = FixedBytes<SignatureTag, 40>;
  struct SecretKey {};

  class PublicKey {
   public:
    // The key of zeros is the bad one.
    static Result<PublicKey> From(ByteView bytes) {
      const auto key = KeyBytes::From(bytes);
      if (!key) return CryptoReason::kWrongLength;
      if (key->IsZero()) return CryptoReason::kNotAPoint;
      return PublicKey(*key);
    }
    const KeyBytes& bytes() const { return bytes_; }
    friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.bytes_ == b.bytes_; }

   private:
    explicit PublicKey(const KeyBytes& bytes) : bytes_(bytes) {}
    KeyBytes bytes_;
  };

  static Signature Sign(const KeyBytes& key, ByteView message, std::uint64_t salt) {
    const auto salt_bytes = EncodeFixed(salt);
    const Digest hash = Sha256().Hash(key.view(), ByteView(salt_bytes), message);
    Signature signature;
    std::memcpy(signature.data(), salt_bytes.data(), 8);
    std::memcpy(signature.data() + 8, hash.data(), 32);
    return signature;
  }

  static bool Verify(const PublicKey& key, ByteView message, const Signature& signature) {
    ++verifications;
    std::uint64_t salt = 0;
    return DecodeInto(signature.view().first(8), salt).ok() &&
           Sign(key.bytes(), message, salt) == signature;
  }

  static inline std::size_t verifications = 0;
};
static_assert(RequireSignatureScheme<ToyScheme>());

// The key number `number`, never 0, and signatures under it.
template <typename Scheme>
class TestKey;

template <>
class TestKey<ToyScheme> {
 public:
  explicit TestKey(std::uint64_t number) : bytes_(ToyScheme::KeyBytes::FromNumber(number)) {}
  const ToyScheme::KeyBytes& bytes() const { return bytes_; }
  ToyScheme::Signature Sign(StatementView statement, std::uint64_t salt = 0) const {
    return ToyScheme::Sign(bytes_, statement.view(), salt);
  }

 private:
  ToyScheme::KeyBytes bytes_;
};

template <>
class TestKey<Ed25519> {
 public:
  explicit TestKey(std::uint64_t number) : signer_(Make(number)) {}
  const Ed25519::KeyBytes& bytes() const { return signer_.public_key().bytes(); }
  Ed25519::Signature Sign(StatementView statement) const { return *signer_.Sign(statement); }

 private:
  static Ed25519Signer Make(std::uint64_t number) {
    const Digest seed = Digest::FromNumber(number);
    auto secret = Ed25519SecretKey::From(seed.view());
    return *Ed25519Signer::From(*std::move(secret));
  }
  Ed25519Signer signer_;
};

inline Domain DomainOn(const ValidatorSetId& set) {
  return {.network = NetworkId::FromNumber(1), .group = GroupId(2), .epoch = Epoch(3), .set = set};
}

template <typename Scheme>
class Committee {
 public:
  using Weights = std::vector<std::uint64_t>;

  // Key number i + `first_key` has the i-th weight. Members are then named by their place in the
  // set, heaviest first.
  explicit Committee(const Weights& weights, FaultModel model = FaultModel::kByzantine,
                     std::uint64_t first_key = 1)
      : set_(MakeSet(weights, model, first_key)), domain_(DomainOn(set_.id())) {
    std::map<typename Scheme::KeyBytes, TestKey<Scheme>> keys;
    for (std::uint64_t i = 0; i < weights.size(); ++i) {
      TestKey<Scheme> key(i + first_key);
      const auto bytes = key.bytes();
      keys.emplace(bytes, std::move(key));
    }
    for (const Validator<Scheme>& member : set_.members()) {
      keys_.push_back(std::move(keys.find(member.key)->second));
    }
  }

  const ValidatorSet<Scheme>& set() const { return set_; }
  const Domain& domain() const { return domain_; }
  const TestKey<Scheme>& key(std::size_t signer) const { return keys_[signer]; }

  Vote<Scheme> VoteOf(std::size_t signer, const VoteStatement& statement) const {
    return VoteIn(domain_, signer, statement);
  }
  Vote<Scheme> VoteIn(const Domain& domain, std::size_t signer,
                      const VoteStatement& statement) const {
    return {statement, SignerIndex(static_cast<std::uint16_t>(signer)),
            keys_[signer].Sign(BytesToSign(domain, statement))};
  }

  // The signers in ascending order.
  Certificate<Scheme> Certify(const VoteStatement& statement,
                              const std::vector<std::size_t>& signers) const {
    Certificate<Scheme> certificate{domain_.group, domain_.epoch,          domain_.set,
                                    statement,     SignerSet(set_.size()), {}};
    for (const std::size_t signer : signers) {
      const Vote<Scheme> vote = VoteOf(signer, statement);
      EXPECT_TRUE(certificate.signers.Add(vote.signer));
      EXPECT_TRUE(certificate.signatures.Add(vote.signature));
    }
    return certificate;
  }

 private:
  static ValidatorSet<Scheme> MakeSet(const Weights& weights, FaultModel model,
                                      std::uint64_t first_key) {
    std::vector<Validator<Scheme>> members;
    for (std::uint64_t i = 0; i < weights.size(); ++i) {
      members.push_back({TestKey<Scheme>(i + first_key).bytes(), Weight(weights[i])});
    }
    return *ValidatorSet<Scheme>::Create(model, members);
  }

  ValidatorSet<Scheme> set_;
  Domain domain_;
  std::vector<TestKey<Scheme>> keys_;
};

// A statement for a round, told apart by a number.
inline VoteStatement StatementOf(std::uint64_t digest, std::uint64_t round = 7,
                                 VoteKind kind = VoteKind::kCommit) {
  return {kind, Round(round), Digest::FromNumber(digest), Round(round - 1)};
}

inline std::vector<std::byte> Flipped(std::vector<std::byte> bytes, std::size_t bit) {
  bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  return bytes;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_QUORUM_COMMITTEE_H_
