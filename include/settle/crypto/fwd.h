// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Forward declarations of crypto/.

#ifndef SETTLE_CRYPTO_FWD_H_
#define SETTLE_CRYPTO_FWD_H_

#include <cstdint>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

enum class CryptoReason : std::uint16_t;
class Sha256;
class Sha256Evp;
struct Domain;
class StatementView;
struct Ed25519;
class Ed25519SecretKey;
class Ed25519Signer;

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_FWD_H_
