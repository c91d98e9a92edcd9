// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What crypto/ refuses.
//
// The numbers never change and their order is the order of precedence: of two reasons that apply,
// the one declared first is given. `Ed25519::PublicKey::From` of 31 bytes answers kWrongLength
// whatever the bytes are.

#ifndef SETTLE_CRYPTO_REASON_H_
#define SETTLE_CRYPTO_REASON_H_

#include <cstdint>
#include <string_view>

#include "settle/base/config.h"
#include "settle/base/reason.h"

SETTLE_NAMESPACE_BEGIN

enum class CryptoReason : std::uint16_t {
  kOk = 0,
  kWrongLength = 1,      // a key or seed of another length than the scheme's
  kNotCanonicalKey = 2,  // a second encoding of a key that has another one
  kSmallOrderKey = 3,    // a key for which anybody can make signatures
  kNotAPoint = 4,        // bytes that are no point of the curve
  kNoSecret = 5,         // the secret was moved elsewhere
  kBadSignature = 6,     // the signature is not the key's over these bytes
  kLibraryFailure = 7,   // OpenSSL has no such algorithm enabled, or no memory
};

constexpr Module ReasonModule(CryptoReason) { return Module::kCrypto; }

constexpr std::string_view ReasonName(CryptoReason reason) {
  switch (reason) {
    case CryptoReason::kOk:
      return "Ok";
    case CryptoReason::kWrongLength:
      return "WrongLength";
    case CryptoReason::kNotCanonicalKey:
      return "NotCanonicalKey";
    case CryptoReason::kSmallOrderKey:
      return "SmallOrderKey";
    case CryptoReason::kNotAPoint:
      return "NotAPoint";
    case CryptoReason::kNoSecret:
      return "NoSecret";
    case CryptoReason::kBadSignature:
      return "BadSignature";
    case CryptoReason::kLibraryFailure:
      return "LibraryFailure";
  }
  return "UnknownCryptoReason";
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_REASON_H_
