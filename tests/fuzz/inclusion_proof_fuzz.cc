// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Inclusion in a tree and in a subtree: whatever is accepted is true and is the one proof of it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_tree.h"

namespace settle::test {
namespace {

struct Claim {
  LogIndex index{};
  Digest leaf{};
  Subtree subtree{};  // that of a whole tree begins with 0
  InclusionProof proof{};
  using Fields = Members<&Claim::index, &Claim::leaf, &Claim::subtree, &Claim::proof>;
};

int FuzzInclusionProof(const std::uint8_t* data, std::size_t size) {
  Claim claim;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), claim, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const Sha256 hasher;
  const Accumulator<>& tree = KnownTree();
  const auto is_true = [&](const Result<InclusionProof>& proof) {
    return proof.ok() && *proof == claim.proof && *tree.LeafAt(claim.index) == claim.leaf;
  };
  const TreeHead head = KnownHead(claim.subtree.end);
  if (VerifyInclusion(hasher, claim.leaf, claim.index, head, claim.proof.path).ok() !=
      is_true(tree.ProveInclusion(claim.index, claim.subtree.end))) {
    return 2;
  }
  const Result<Digest> root = tree.SubtreeRoot(claim.subtree);
  const SubtreeHead part{.leaves = claim.subtree, .root = *root};
  if (VerifySubtreeInclusion(hasher, claim.leaf, claim.index, part, claim.proof.path).ok() !=
      is_true(tree.ProveSubtreeInclusion(claim.index, claim.subtree))) {
    return 3;
  }
  return 0;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  const Accumulator<>& tree = KnownTree();
  for (const std::uint64_t size : {1u, 2u, 7u, 64u, 99u, 100u}) {
    for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) {
      seeds.push_back(Encode(Claim{.index = LogIndex(index),
                                   .leaf = *tree.LeafAt(LogIndex(index)),
                                   .subtree = {0, size},
                                   .proof = *tree.ProveInclusion(LogIndex(index), size)}));
    }
  }
  for (const Subtree& subtree : {Subtree{4, 7}, Subtree{64, 99}, Subtree{96, 97}}) {
    const LogIndex index(subtree.end - 1);
    seeds.push_back(Encode(Claim{.index = index,
                                 .leaf = *tree.LeafAt(index),
                                 .subtree = subtree,
                                 .proof = *tree.ProveSubtreeInclusion(index, subtree)}));
  }
  return seeds;
}

const FuzzTarget kTarget("InclusionProof", FuzzInclusionProof, Seeds);

}  // namespace
}  // namespace settle::test
