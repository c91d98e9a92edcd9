// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The Merkle tree of RFC 6962 section 2.1 as its text defines it: recursive, slow, and sharing no
// code with the accumulator but the hash of concatenated bytes.

#ifndef SETTLE_TESTS_LEDGER_REFERENCE_TREE_H_
#define SETTLE_TESTS_LEDGER_REFERENCE_TREE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"

namespace settle::test {

inline Digest ReferenceLeaf(ByteView data) {
  const std::array prefix = {std::byte{0}};
  return Sha256().Hash(ByteView(prefix), data);
}

// The largest power of two below `size`, which is over 1.
inline std::size_t ReferenceSplit(std::size_t size) {
  std::size_t split = 1;
  while (2 * split < size) split *= 2;
  return split;
}

// MTH of leaves whose digests are given.
inline Digest ReferenceRoot(std::span<const Digest> leaves) {
  if (leaves.empty()) return Sha256().Hash(ByteView());
  if (leaves.size() == 1) return leaves[0];
  const std::size_t split = ReferenceSplit(leaves.size());
  const Digest left = ReferenceRoot(leaves.first(split));
  const Digest right = ReferenceRoot(leaves.subspan(split));
  const std::array prefix = {std::byte{1}};
  return Sha256().Hash(ByteView(prefix), left.view(), right.view());
}

// PATH(index, leaves).
inline std::vector<Digest> ReferencePath(std::size_t index, std::span<const Digest> leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t split = ReferenceSplit(leaves.size());
  const bool left = index < split;
  std::vector<Digest> path = left ? ReferencePath(index, leaves.first(split))
                                  : ReferencePath(index - split, leaves.subspan(split));
  path.push_back(ReferenceRoot(left ? leaves.subspan(split) : leaves.first(split)));
  return path;
}

// The digests of `count` leaves, each of which is its number in eight bytes.
inline std::vector<Digest> NumberedLeaves(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(ReferenceLeaf(EncodeFixed(i)));
  return leaves;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_REFERENCE_TREE_H_
