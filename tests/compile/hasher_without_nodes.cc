// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What does not satisfy a concept is told so in one sentence.
// expect: a hasher offers the const members listed in settle/crypto/hasher.h
// at most: 32 lines

#include "settle/crypto/hasher.h"
#include "settle/crypto/sha256.h"

struct NoNodes {
  [[nodiscard]] settle::Digest Hash(settle::ByteView) const { return {}; }
};
using settle::Sha256;

template <typename H>
struct Tree {
  static_assert(settle::RequireHasher<H>());
};

#ifdef SETTLE_REJECT
Tree<NoNodes> tree;
#else
Tree<Sha256> tree;
#endif
