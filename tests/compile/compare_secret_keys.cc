// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Secret keys are not compared; public keys are.
// expect: no match for 'operator==' || invalid operands to binary expression

#include "settle/crypto/signer.h"

bool Same([[maybe_unused]] const settle::Ed25519SecretKey& secret,
          [[maybe_unused]] const settle::Ed25519::PublicKey& known) {
#ifdef SETTLE_REJECT
  const auto& key = secret;
#else
  const auto& key = known;
#endif
  return key == key;
}
