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

// SUBTREE_SUBPROOF(start, end, leaves, known) of Merkle Tree Certificates, of which SUBPROOF of RFC
// 6962 is the case of a subtree that begins with the first leaf.
inline std::vector<Digest> ReferenceSubproof(std::size_t start, std::size_t end,
                                             std::span<const Digest> leaves, bool known) {
  if (start == 0 && end == leaves.size()) {
    return known ? std::vector<Digest>() : std::vector{ReferenceRoot(leaves)};
  }
  const std::size_t split = ReferenceSplit(leaves.size());
  const auto left = leaves.first(split);
  const auto right = leaves.subspan(split);
  std::vector<Digest> proof;
  if (end <= split) {
    proof = ReferenceSubproof(start, end, left, known);
    proof.push_back(ReferenceRoot(right));
  } else if (start >= split) {
    proof = ReferenceSubproof(start - split, end - split, right, known);
    proof.push_back(ReferenceRoot(left));
  } else {
    proof = ReferenceSubproof(0, end - split, right, false);
    proof.push_back(ReferenceRoot(left));
  }
  return proof;
}

// PROOF(older, leaves).
inline std::vector<Digest> ReferenceConsistency(std::size_t older, std::span<const Digest> leaves) {
  return ReferenceSubproof(0, older, leaves, true);
}

// The largest subtrees without a marked leaf, from left to right.
inline std::vector<Digest> ReferenceOutside(const std::vector<bool>& marked, std::size_t begin,
                                            std::span<const Digest> leaves) {
  bool any = false;
  for (std::size_t i = 0; i < leaves.size(); ++i) any = any || marked[begin + i];
  if (!any) return {ReferenceRoot(leaves)};
  if (leaves.size() == 1) return {};
  const std::size_t split = ReferenceSplit(leaves.size());
  std::vector<Digest> all = ReferenceOutside(marked, begin, leaves.first(split));
  const std::vector<Digest> right = ReferenceOutside(marked, begin + split, leaves.subspan(split));
  all.insert(all.end(), right.begin(), right.end());
  return all;
}

// The digests of `count` leaves, each of which is its number in eight bytes.
inline std::vector<Digest> NumberedLeaves(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(ReferenceLeaf(EncodeFixed(i)));
  return leaves;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_REFERENCE_TREE_H_
