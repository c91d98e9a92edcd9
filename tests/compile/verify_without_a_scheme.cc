// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A class that takes a signature scheme says in one sentence what is missing.
// expect: a signature scheme offers the types and functions listed in settle/crypto/scheme.h
// at most: 60 lines

#include "settle/crypto/ed25519.h"
#include "settle/crypto/sha256.h"

using settle::Ed25519;
using settle::Sha256;

template <typename S>
class Collector {
  static_assert(settle::RequireSignatureScheme<S>());
};

#ifdef SETTLE_REJECT
Collector<Sha256> collector;
#else
Collector<Ed25519> collector;
#endif
