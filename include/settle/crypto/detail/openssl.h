// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What every call of OpenSSL here has around it: owners for what it allocates, its bytes for ours,
// and its error queue left as it was found.

#ifndef SETTLE_CRYPTO_DETAIL_OPENSSL_H_
#define SETTLE_CRYPTO_DETAIL_OPENSSL_H_

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <cstddef>
#include <memory>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// The error queue belongs to the host: what OpenSSL adds while this lives is taken off again, what
// stood there before stays. The queue holds 15 entries and a call here adds a handful.
class ErrorQueueGuard {
 public:
  // On an empty queue this marks nothing, and popping to no mark empties it: the same result.
  ErrorQueueGuard() { ERR_set_mark(); }
  ~ErrorQueueGuard() { ERR_pop_to_mark(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

struct OpensslFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};

using UniqueKey = std::unique_ptr<EVP_PKEY, OpensslFree>;
using UniqueDigestType = std::unique_ptr<EVP_MD, OpensslFree>;
using UniqueDigestContext = std::unique_ptr<EVP_MD_CTX, OpensslFree>;
using UniqueNumberContext = std::unique_ptr<BN_CTX, OpensslFree>;
using UniqueNumber = std::unique_ptr<BIGNUM, OpensslFree>;

inline const unsigned char* Raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}
inline unsigned char* Raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_DETAIL_OPENSSL_H_
