// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A signer signs statements; there is no way to have it sign bytes.
// expect: cannot convert || no viable conversion

#include "settle/crypto/signer.h"

struct Final {
  settle::Height height;
  static constexpr settle::Kind SignedKind() { return settle::Kind::kCommit; }
  using Fields = settle::Members<&Final::height>;
};

auto Sign(const settle::Ed25519Signer& signer,
          [[maybe_unused]] const settle::StatementBytes<Final>& statement,
          [[maybe_unused]] settle::ByteView bytes) {
#ifdef SETTLE_REJECT
  return signer.Sign(bytes);
#else
  return signer.Sign(statement);
#endif
}
