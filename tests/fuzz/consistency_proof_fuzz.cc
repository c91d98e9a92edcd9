// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Consistency of a subtree, and so of an older tree: whatever is accepted is the one proof of it.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_tree.h"

namespace settle::test {
namespace {

struct Claim {
  SubtreeHead subtree{};
  std::uint64_t size = 0;
  ConsistencyProof proof{};
  using Fields = Members<&Claim::subtree, &Claim::size, &Claim::proof>;
};

// Of a subtree of the known tree, or of the empty one.
Digest RootOf(const Subtree& subtree) {
  if (subtree.start == subtree.end) return Sha256().EmptyRoot();
  const Result<Digest> root = KnownTree().SubtreeRoot(subtree);
  return root.ok() ? *root : Digest();
}

int FuzzConsistencyProof(const std::uint8_t* data, std::size_t size) {
  Claim claim;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), claim, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  // Nothing is known of larger trees but that they do not crash the verifier.
  const TreeHead head = KnownHead(claim.size);
  const Subtree leaves = claim.subtree.leaves;
  const bool accepted =
      VerifySubtreeConsistency(Sha256(), claim.subtree, head, claim.proof.path).ok();
  if (claim.size > kKnownLeaves) return 0;
  const Result<ConsistencyProof> proof = KnownTree().ProveSubtreeConsistency(leaves, claim.size);
  const bool is_true = proof.ok() && *proof == claim.proof && claim.subtree.root == RootOf(leaves);
  if (accepted != is_true) return 2;
  if (leaves.start != 0) return 0;
  const TreeHead older{.size = leaves.end, .root = claim.subtree.root};
  const bool older_accepted =
      VerifyConsistency(Sha256(), {.older = older, .newer = head}, claim.proof.path).ok();
  return older_accepted == (accepted && leaves.end > 0) ? 0 : 3;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (const Subtree& subtree : {Subtree{0, 1}, Subtree{0, 6}, Subtree{0, 64}, Subtree{0, 99},
                                 Subtree{8, 11}, Subtree{64, 96}, Subtree{5, 5}, Subtree{0, 0}}) {
    for (const std::uint64_t size : {subtree.end, std::uint64_t{99}, std::uint64_t{100}}) {
      seeds.push_back(Encode(Claim{.subtree = {.leaves = subtree, .root = RootOf(subtree)},
                                   .size = size,
                                   .proof = *KnownTree().ProveSubtreeConsistency(subtree, size)}));
    }
  }
  return seeds;
}

const FuzzTarget kTarget("ConsistencyProof", FuzzConsistencyProof, Seeds);

}  // namespace
}  // namespace settle::test
