// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a signature scheme offers to the library, which verifies; the host signs (settle/crypto/
// signer.h). settle/crypto/ed25519.h is one.
//
// A public key is parsed and judged once, when it is made, and then kept: a key that exists is one
// whose signatures mean something. A scheme is one verifier: libraries differ in what they accept
// at the edges (cofactors, encodings), so all signatures of one certificate are judged by one
// scheme, and a batch answers exactly what its single verifications would.

#ifndef SETTLE_CRYPTO_SCHEME_H_
#define SETTLE_CRYPTO_SCHEME_H_

#include <concepts>
#include <cstddef>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/statement.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a type with
//   KeyBytes, Signature      FixedBytes: what is stored, compared, hashed and sent
//   PublicKey                a cheap, copyable handle of a parsed key, equal by its bytes:
//                              static Result<PublicKey> From(ByteView)
//                              const KeyBytes& bytes() const
//   SecretKey                the seed of a signer; only settle/crypto/signer.h looks into it
//   static bool Verify(key, message, signature)
//                            true when `signature` is the key's over exactly `message`; may be
//                            called by any number of threads
template <typename S>
concept SignatureScheme = requires {
  typename S::KeyBytes;
  typename S::Signature;
  typename S::PublicKey;
  typename S::SecretKey;
}
&&kIsFixedBytes<typename S::KeyBytes>&& kIsFixedBytes<typename S::Signature>&&
    std::copyable<typename S::PublicKey>&&
        std::equality_comparable<typename S::PublicKey>&& requires(
            const typename S::PublicKey& key, ByteView bytes,
            const typename S::Signature& signature) {
  { S::PublicKey::From(bytes) } -> std::same_as<Result<typename S::PublicKey>>;
  { key.bytes() } -> std::same_as<const typename S::KeyBytes&>;
  { S::Verify(key, bytes, signature) } -> std::same_as<bool>;
};

// For the head of a class that takes a scheme: `static_assert(RequireSignatureScheme<S>());`.
template <typename S>
consteval bool RequireSignatureScheme() {
  static_assert(SignatureScheme<S>,
                "a signature scheme offers the types and functions listed in "
                "settle/crypto/scheme.h");
  return true;
}

// One signature to judge; what it points to outlives the call.
template <SignatureScheme S>
struct SignatureCheck {
  const typename S::PublicKey* key = nullptr;
  ByteView message;
  const typename S::Signature* signature = nullptr;
};

// A scheme that judges many signatures in less time than one after the other:
//   static void VerifyMany(checks, valid)   valid[i] = Verify(*checks[i].key, ...), for every i for
//                                           which both exist
// A batch equation that accepts what Verify refuses, or the other way round, does not satisfy this.
template <typename S>
concept BatchVerifyingScheme = SignatureScheme<S> &&
    requires(std::span<const SignatureCheck<S>> checks, std::span<bool> valid) {
  { S::VerifyMany(checks, valid) } -> std::same_as<void>;
};

// A scheme whose signatures of one message join into one:
//   AggregateSignature       FixedBytes
//   static Result<AggregateSignature> Aggregate(signatures)
//   static bool VerifyAggregate(keys, message, aggregate)
//                            true when the owner of every key signed exactly `message`
// Keys that enter an aggregate have proved that their owners hold the secrets (rogue keys), and
// signatures are judged one by one when an aggregate is refused.
template <typename S>
concept AggregatingScheme = SignatureScheme<S> && requires {
  typename S::AggregateSignature;
} && kIsFixedBytes<typename S::AggregateSignature> &&
    requires(std::span<const typename S::Signature> signatures,
             std::span<const typename S::PublicKey> keys, ByteView message,
             const typename S::AggregateSignature& aggregate) {
  { S::Aggregate(signatures) } -> std::same_as<Result<typename S::AggregateSignature>>;
  { S::VerifyAggregate(keys, message, aggregate) } -> std::same_as<bool>;
};

// Judges `signature` over a statement. Errors: kBadSignature. Cost: one verification.
template <SignatureScheme S>
[[nodiscard]] Reason VerifyStatement(const typename S::PublicKey& key, StatementView statement,
                                     const typename S::Signature& signature) {
  if (!S::Verify(key, statement.view(), signature)) return CryptoReason::kBadSignature;
  return {};
}

// Judges each check by itself: valid[i] for every i for which both exist. At once where the scheme
// can, else one after the other; does not allocate.
template <SignatureScheme S>
void VerifyEach(std::span<const SignatureCheck<S>> checks, std::span<bool> valid) {
  if constexpr (BatchVerifyingScheme<S>) {
    S::VerifyMany(checks, valid);
  } else {
    for (std::size_t i = 0; i < valid.size() && i < checks.size(); ++i) {
      valid[i] = S::Verify(*checks[i].key, checks[i].message, *checks[i].signature);
    }
  }
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_SCHEME_H_
