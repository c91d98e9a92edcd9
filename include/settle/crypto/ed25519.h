// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Ed25519 (RFC 8032) through OpenSSL.
//
// What is judged where, so that every copy of the library gives the same verdict:
//   when a key is made   its length; that it is the one encoding of its point (y < p); that the
//                        point is none of the eight of small order, under which signatures mean
//                        nothing; that it is a point at all. OpenSSL imports all of these.
//   when it verifies     S < L, so that nobody turns one signature into another, and the equation
//                        without cofactor, R = S B - h A, compared as bytes. A key of mixed order
//                        is a key like others: only who knows its secret can sign under it.
//
//   Result<Ed25519::PublicKey> key = Ed25519::PublicKey::From(bytes);
//   if (!key.ok()) return key.reason();
//   const bool good = Ed25519::Verify(*key, message, signature);

#ifndef SETTLE_CRYPTO_ED25519_H_
#define SETTLE_CRYPTO_ED25519_H_

#include <compare>
#include <memory>
#include <optional>
#include <utility>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/crypto/detail/ed25519_point.h"
#include "settle/crypto/detail/openssl.h"
#include "settle/crypto/fwd.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/scheme.h"

SETTLE_NAMESPACE_BEGIN

struct Ed25519KeyTag {};
struct Ed25519SignatureTag {};

struct Ed25519 {
  // The encoded point.
  using KeyBytes = FixedBytes<Ed25519KeyTag, 32>;
  // R and S, in this order.
  using Signature = FixedBytes<Ed25519SignatureTag, 64>;
  // See settle/crypto/signer.h.
  using SecretKey = Ed25519SecretKey;
  class PublicKey;

  // True when `signature` is `key`'s over exactly `message`. May be called by any number of
  // threads. Within 2 % of OpenSSL's own verification with a kept context, which is 60 us and up;
  // settle allocates nothing, OpenSSL under 1 KiB during the call (without it the answer is false).
  [[nodiscard]] static bool Verify(const PublicKey& key, ByteView message,
                                   const Signature& signature);
};

// A parsed key that passed all of the checks above. Copies share it and cost one reference count;
// a parsed key takes 1 KiB.
class Ed25519::PublicKey {
 public:
  // Errors, the first that applies: kWrongLength, kNotCanonicalKey, kSmallOrderKey, kNotAPoint,
  // kLibraryFailure. About 40 us.
  [[nodiscard]] static Result<PublicKey> From(ByteView bytes);
  [[nodiscard]] static Result<PublicKey> From(const KeyBytes& bytes) { return From(bytes.view()); }

  // Moving copies, so that no handle is ever without a key.
  PublicKey(const PublicKey&) = default;
  PublicKey& operator=(const PublicKey&) = default;
  ~PublicKey() = default;

  // What is stored, sent and compared.
  [[nodiscard]] const KeyBytes& bytes() const { return parsed_->bytes; }

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.bytes() == b.bytes(); }
  friend std::strong_ordering operator<=>(const PublicKey& a, const PublicKey& b) {
    return a.bytes() <=> b.bytes();
  }
  template <typename H>
  friend H AbslHashValue(H state, const PublicKey& key) {
    return H::combine(std::move(state), key.bytes());
  }

 private:
  friend struct Ed25519;

  struct Parsed {
    KeyBytes bytes;
    detail::UniqueKey key;
    // Ready to verify with `key`, and never used itself: a verification works on a copy, which
    // costs a tenth of making a context ready and needs no lock.
    detail::UniqueDigestContext ready;
  };

  explicit PublicKey(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

  std::shared_ptr<const Parsed> parsed_;
};

inline Result<Ed25519::PublicKey> Ed25519::PublicKey::From(ByteView bytes) {
  const std::optional<KeyBytes> key = KeyBytes::From(bytes);
  if (!key) return CryptoReason::kWrongLength;
  const detail::ErrorQueueGuard guard;
  const CryptoReason fault = detail::CheckEd25519Key(key->bytes());
  if (fault != CryptoReason::kOk) return fault;

  Parsed parsed;
  parsed.bytes = *key;
  parsed.key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, detail::Raw(key->data()),
                                               KeyBytes::kSize));
  parsed.ready.reset(EVP_MD_CTX_new());
  const detail::UniqueDigestContext copy(EVP_MD_CTX_new());
  if (!parsed.key || !parsed.ready || !copy ||
      EVP_DigestVerifyInit(parsed.ready.get(), nullptr, nullptr, nullptr, parsed.key.get()) != 1 ||
      EVP_MD_CTX_copy_ex(copy.get(), parsed.ready.get()) != 1) {
    return CryptoReason::kLibraryFailure;
  }
  return PublicKey(std::make_shared<const Parsed>(std::move(parsed)));
}

inline bool Ed25519::Verify(const PublicKey& key, ByteView message, const Signature& signature) {
  const detail::ErrorQueueGuard guard;
  const detail::UniqueDigestContext context(EVP_MD_CTX_new());
  return context && EVP_MD_CTX_copy_ex(context.get(), key.parsed_->ready.get()) == 1 &&
         EVP_DigestVerify(context.get(), detail::Raw(signature.data()), Signature::kSize,
                          detail::Raw(message.data()), message.size()) == 1;
}

static_assert(RequireSignatureScheme<Ed25519>());

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_ED25519_H_
