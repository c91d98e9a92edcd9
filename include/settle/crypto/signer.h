// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Who signs: the host. A `Signer` may be a file with a key, a hardware module or a remote service;
// the library asks it to sign the bytes of a typed statement and knows no secret.
//
// `Ed25519Signer` is the signer that is shipped, and this header the only code that touches a
// secret. No rule assumes that signing a statement twice gives the same bytes: another valid
// signature of one statement says nothing new.
//
//   Result<Ed25519SecretKey> secret = Ed25519SecretKey::From(seed);     // then wipe `seed`
//   Result<Ed25519Signer> signer = Ed25519Signer::From(*std::move(secret));
//   Result<Ed25519::Signature> signature = signer->Sign(BytesToSign(domain, statement));

#ifndef SETTLE_CRYPTO_SIGNER_H_
#define SETTLE_CRYPTO_SIGNER_H_

#include <openssl/crypto.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <utility>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/crypto/detail/openssl.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/statement.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a host's type with
//   Scheme                   the signature scheme
//   public_key()             whose signatures it makes
//   Sign(StatementView)      Result<Scheme::Signature>; takes the StatementBytes of any statement
template <typename T>
concept Signer = requires {
  typename T::Scheme;
}
&&SignatureScheme<typename T::Scheme>&& requires(T& signer, StatementView statement) {
  { signer.public_key() } -> std::convertible_to<const typename T::Scheme::PublicKey&>;
  { signer.Sign(statement) } -> std::same_as<Result<typename T::Scheme::Signature>>;
};

// For the head of a class that takes a signer: `static_assert(RequireSigner<S>());`.
template <typename T>
consteval bool RequireSigner() {
  static_assert(Signer<T>, "a signer offers the members listed in settle/crypto/signer.h");
  return true;
}

// The 32 seed bytes that RFC 8032 calls the private key. It moves and does nothing else: there is
// no copy, comparison, hash, encoding or text of it, and its bytes are wiped when it goes.
class Ed25519SecretKey {
 public:
  static constexpr std::size_t kSize = 32;

  // Takes a copy; the caller wipes its own. The bytes come from a random source or a key file of
  // the host. Errors: kWrongLength.
  [[nodiscard]] static Result<Ed25519SecretKey> From(ByteView seed) {
    if (seed.size() != kSize) return CryptoReason::kWrongLength;
    return Ed25519SecretKey(seed);
  }

  Ed25519SecretKey(Ed25519SecretKey&& other) noexcept { Take(other); }
  Ed25519SecretKey& operator=(Ed25519SecretKey&& other) noexcept {
    if (this != &other) Take(other);
    return *this;
  }
  ~Ed25519SecretKey() { Wipe(); }

 private:
  friend class Ed25519Signer;

  explicit Ed25519SecretKey(ByteView seed) : present_(true) {
    for (std::size_t i = 0; i < kSize; ++i) seed_[i] = seed[i];
  }

  void Take(Ed25519SecretKey& other) {
    seed_ = other.seed_;
    present_ = other.present_;
    other.Wipe();
  }
  void Wipe() {
    OPENSSL_cleanse(seed_.data(), seed_.size());
    present_ = false;
  }

  std::array<std::byte, kSize> seed_{};
  // False after a move: the zeros that are left are no secret.
  bool present_ = false;
};

// Signs statements with a key in memory that OpenSSL wipes when the signer goes. It moves and does
// not copy. Sign may be called by any number of threads.
class Ed25519Signer {
 public:
  using Scheme = Ed25519;

  // Takes the secret over. Errors: kNoSecret when it was moved elsewhere, kLibraryFailure.
  [[nodiscard]] static Result<Ed25519Signer> From(Ed25519SecretKey secret) {
    if (!secret.present_) return CryptoReason::kNoSecret;
    const detail::ErrorQueueGuard guard;
    detail::UniqueKey key(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, detail::Raw(secret.seed_.data()), secret.seed_.size()));
    Ed25519::KeyBytes bytes;
    std::size_t size = Ed25519::KeyBytes::kSize;
    if (!key || EVP_PKEY_get_raw_public_key(key.get(), detail::Raw(bytes.data()), &size) != 1) {
      return CryptoReason::kLibraryFailure;
    }
    Result<Ed25519::PublicKey> public_key = Ed25519::PublicKey::From(bytes);
    if (!public_key.ok()) return public_key.reason();
    return Ed25519Signer(std::move(key), *public_key);
  }

  [[nodiscard]] const Ed25519::PublicKey& public_key() const { return public_key_; }

  // The signature of the statement's bytes. Errors: kNoSecret when the signer was moved elsewhere,
  // kLibraryFailure. About 25 us.
  [[nodiscard]] Result<Ed25519::Signature> Sign(StatementView statement) const {
    if (!key_) return CryptoReason::kNoSecret;
    const detail::ErrorQueueGuard guard;
    const detail::UniqueDigestContext context(EVP_MD_CTX_new());
    Ed25519::Signature signature;
    std::size_t size = Ed25519::Signature::kSize;
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), detail::Raw(signature.data()), &size,
                       detail::Raw(statement.view().data()), statement.view().size()) != 1 ||
        size != Ed25519::Signature::kSize) {
      return CryptoReason::kLibraryFailure;
    }
    return signature;
  }

 private:
  Ed25519Signer(detail::UniqueKey key, const Ed25519::PublicKey& public_key)
      : key_(std::move(key)), public_key_(public_key) {}

  detail::UniqueKey key_;
  Ed25519::PublicKey public_key_;
};

static_assert(RequireSigner<Ed25519Signer>());

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_SIGNER_H_
