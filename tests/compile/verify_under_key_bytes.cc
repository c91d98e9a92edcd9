// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A signature is verified under a key that was parsed and judged, not under its bytes.
// expect: cannot convert || no viable conversion

#include "settle/crypto/ed25519.h"

bool Verify([[maybe_unused]] const settle::Ed25519::PublicKey& key,
            [[maybe_unused]] const settle::Ed25519::KeyBytes& bytes, settle::ByteView message,
            const settle::Ed25519::Signature& signature) {
#ifdef SETTLE_REJECT
  return settle::Ed25519::Verify(bytes, message, signature);
#else
  return settle::Ed25519::Verify(key, message, signature);
#endif
}
