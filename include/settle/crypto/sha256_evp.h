// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// SHA-256 through OpenSSL's provider interface, for a host that must hash with a certain provider
// or must not call what OpenSSL calls deprecated. The results are those of Sha256.
//
// The digest is fetched and the context made once, when the hasher is made. A node then costs twice
// what Sha256 takes, 1.5 times in HashNodes, a fifth of it for leaving the host's error queue as it
// was; the one-shot interface costs four times. An object belongs to one thread: a copy for another
// thread has a context of its own.
//
//   const Sha256Evp hasher;
//   hasher.HashLeaves(data, leaves);

#ifndef SETTLE_CRYPTO_SHA256_EVP_H_
#define SETTLE_CRYPTO_SHA256_EVP_H_

#include <concepts>
#include <cstddef>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/crypto/detail/openssl.h"
#include "settle/crypto/detail/rfc6962_input.h"
#include "settle/crypto/hasher.h"
#include "settle/crypto/sha256.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// One hash in the making, in a context that is kept between hashes.
class EvpStream {
 public:
  EvpStream(EVP_MD_CTX* context, const EVP_MD* type)
      : context_(context),
        ok_(context != nullptr && type != nullptr &&
            EVP_DigestInit_ex2(context, type, nullptr) == 1) {}

  void Update(ByteView bytes) {
    ok_ = ok_ && EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
  }

  // False when OpenSSL refused any of the calls.
  [[nodiscard]] bool Finish(Digest& digest) {
    unsigned int size = 0;
    return ok_ && EVP_DigestFinal_ex(context_, Raw(digest.data()), &size) == 1 &&
           size == Digest::kSize;
  }

 private:
  EVP_MD_CTX* context_;
  bool ok_;
};

}  // namespace detail

// Hashing never fails: where OpenSSL refuses, because it has no provider of SHA-256 or no memory,
// Sha256 answers instead, with the same bytes.
class Sha256Evp {
 public:
  Sha256Evp() {
    const detail::ErrorQueueGuard guard;
    type_.reset(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    context_.reset(EVP_MD_CTX_new());
  }
  // Moving copies, so that no hasher is ever without a context.
  Sha256Evp(const Sha256Evp&) : Sha256Evp() {}
  Sha256Evp& operator=(const Sha256Evp&) { return *this; }
  ~Sha256Evp() = default;

  // H of the parts, one after the other.
  template <std::convertible_to<ByteView>... Parts>
  [[nodiscard]] Digest Hash(const Parts&... parts) const {
    const detail::ErrorQueueGuard guard;
    detail::EvpStream stream(context_.get(), type_.get());
    if constexpr (sizeof...(Parts) > 0) detail::FeedParts(stream, ByteView(parts)...);
    Digest digest;
    return stream.Finish(digest) ? digest : Sha256().Hash(parts...);
  }

  [[nodiscard]] Digest HashLeaf(ByteView data) const {
    const detail::ErrorQueueGuard guard;
    return Leaf(data);
  }

  [[nodiscard]] Digest HashNode(const Digest& left, const Digest& right) const {
    const detail::ErrorQueueGuard guard;
    return Node(left, right);
  }

  void HashNodes(std::span<const Digest> children, std::span<Digest> parents) const {
    const detail::ErrorQueueGuard guard;
    for (std::size_t i = 0; i < parents.size() && 2 * i + 1 < children.size(); ++i) {
      parents[i] = Node(children[2 * i], children[2 * i + 1]);
    }
  }

  void HashLeaves(std::span<const ByteView> data, std::span<Digest> leaves) const {
    const detail::ErrorQueueGuard guard;
    for (std::size_t i = 0; i < leaves.size() && i < data.size(); ++i) leaves[i] = Leaf(data[i]);
  }

  [[nodiscard]] Digest EmptyRoot() const { return Hash(); }

 private:
  [[nodiscard]] Digest Leaf(ByteView data) const {
    detail::EvpStream stream(context_.get(), type_.get());
    detail::FeedLeaf(stream, data);
    Digest digest;
    return stream.Finish(digest) ? digest : Sha256().HashLeaf(data);
  }

  [[nodiscard]] Digest Node(const Digest& left, const Digest& right) const {
    detail::EvpStream stream(context_.get(), type_.get());
    detail::FeedNode(stream, left, right);
    Digest digest;
    return stream.Finish(digest) ? digest : Sha256().HashNode(left, right);
  }

  detail::UniqueDigestType type_;
  detail::UniqueDigestContext context_;
};

static_assert(RequireHasher<Sha256Evp>());

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_SHA256_EVP_H_
