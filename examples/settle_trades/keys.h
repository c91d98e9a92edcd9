// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The keys of this demonstration: real Ed25519 keys made from published labels, so that a second
// run signs with the same ones. A host draws its keys from a random source and keeps them secret.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_KEYS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_KEYS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/reason.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/signer.h"

namespace settle::example {

// The signer whose seed is the SHA-256 of "settle_trades <role> <number>".
[[nodiscard]] inline Result<Ed25519Signer> DemonstrationSigner(std::string_view role,
                                                               std::uint64_t number) {
  const std::string label = "settle_trades " + std::string(role) + " " + std::to_string(number);
  const Digest seed = Sha256().Hash(AsBytes(label));
  Result<Ed25519SecretKey> secret = Ed25519SecretKey::From(seed.view());
  if (!secret.ok()) return secret.reason();
  return Ed25519Signer::From(*std::move(secret));
}

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_KEYS_H_
