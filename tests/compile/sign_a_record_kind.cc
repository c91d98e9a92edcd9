// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What is signed has a signed kind: a record's is none.
// expect: a statement's kind is one of the signed kinds of settle/base/kinds.h

#include "settle/crypto/statement.h"

struct Final {
  settle::Height height;
#ifdef SETTLE_REJECT
  static constexpr settle::Kind SignedKind() { return settle::Kind::kVote; }
#else
  static constexpr settle::Kind SignedKind() { return settle::Kind::kCommit; }
#endif
  using Fields = settle::Members<&Final::height>;
};

auto Bytes(const settle::Domain& domain, const Final& statement) {
  return settle::BytesToSign(domain, statement);
}
