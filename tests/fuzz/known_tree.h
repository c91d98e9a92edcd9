// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A tree of known leaves, about which a fuzz target claims something: with its true root nothing
// but the truth may be accepted, so that every accepted input can be checked.

#ifndef SETTLE_TESTS_FUZZ_KNOWN_TREE_H_
#define SETTLE_TESTS_FUZZ_KNOWN_TREE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"

namespace settle::test {

inline constexpr std::uint64_t kKnownLeaves = 100;

inline const Accumulator<>& KnownTree() {
  static const Accumulator<> tree = [] {
    Accumulator<> made;
    for (std::uint64_t i = 0; i < kKnownLeaves; ++i) (void)made.Append(EncodeFixed(i));
    return made;
  }();
  return tree;
}

// Its head at that size; of a larger tree a root that no path is known to lead to.
inline TreeHead KnownHead(std::uint64_t size) {
  if (size > kKnownLeaves) return {.size = size, .root = Digest()};
  return *KnownTree().HeadAt(size);
}

template <typename Path>
bool SamePath(const Path& a, const Path& b) {
  return std::vector<Digest>(a.begin(), a.end()) == std::vector<Digest>(b.begin(), b.end());
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_FUZZ_KNOWN_TREE_H_
