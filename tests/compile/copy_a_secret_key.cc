// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A secret is in one place: it is moved, never copied.
// expect: use of deleted function || uses deleted function

#include "settle/crypto/signer.h"

using Secret = settle::Ed25519SecretKey;

Secret&& Move(Secret& key);
Secret& Keep(Secret& key);

Secret Hand(Secret& key) {
#ifdef SETTLE_REJECT
  return Secret(Keep(key));
#else
  return Secret(Move(key));
#endif
}
