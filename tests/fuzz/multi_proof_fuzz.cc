// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Proofs of sets and runs of leaves: whatever is accepted is true and is the one proof of it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_tree.h"

namespace settle::test {
namespace {

struct Claim {
  std::uint64_t size = 0;
  Bounded<LogIndex, 64> indices{};
  Bounded<Digest, 64> leaves{};
  MultiProof proof{};
  using Fields = Members<&Claim::size, &Claim::indices, &Claim::leaves, &Claim::proof>;
};

bool LeavesAreTrue(const Claim& claim) {
  if (claim.leaves.size() != claim.indices.size()) return false;
  for (std::size_t i = 0; i < claim.leaves.size(); ++i) {
    const Result<Digest> leaf = KnownTree().LeafAt(claim.indices[i]);
    if (!leaf.ok() || *leaf != claim.leaves[i]) return false;
  }
  return true;
}

int FuzzMultiProof(const std::uint8_t* data, std::size_t size) {
  Claim claim;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), claim, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const Sha256 hasher;
  const Accumulator<>& tree = KnownTree();
  const TreeHead head = KnownHead(claim.size);
  const Result<MultiProof> proof = tree.ProveLeaves(claim.indices, claim.size);
  const bool is_true = proof.ok() && *proof == claim.proof && LeavesAreTrue(claim);
  if (VerifyLeaves(hasher, claim.indices, claim.leaves, head, claim.proof.path).ok() != is_true) {
    return 2;
  }
  // The same nodes as a proof of the run that begins with the first index.
  if (claim.indices.empty()) return 0;
  const LogIndex first = claim.indices[0];
  const Result<RangeProof> range =
      tree.ProveRange({.first = first, .count = claim.leaves.size()}, claim.size);
  bool run_is_true = range.ok() && SamePath<std::span<const Digest>>(range->path, claim.proof.path);
  for (std::size_t i = 0; run_is_true && i < claim.leaves.size(); ++i) {
    run_is_true = *tree.LeafAt(LogIndex(first.value() + i)) == claim.leaves[i];
  }
  const bool accepted = VerifyRange(hasher, first, claim.leaves, head, claim.proof.path).ok();
  return accepted == run_is_true ? 0 : 3;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  const std::vector<std::vector<std::uint64_t>> sets = {{0},          {6},    {0, 1, 2, 3}, {2, 5},
                                                        {3, 4, 5, 6}, {0, 6}, {1, 3, 5}};
  for (const std::uint64_t size : {7u, 64u, 100u}) {
    for (const std::vector<std::uint64_t>& set : sets) {
      Claim claim{.size = size, .indices = {}, .leaves = {}, .proof = {}};
      for (const std::uint64_t index : set) {
        (void)claim.indices.Add(LogIndex(index));
        (void)claim.leaves.Add(*KnownTree().LeafAt(LogIndex(index)));
      }
      claim.proof = *KnownTree().ProveLeaves(claim.indices, size);
      seeds.push_back(Encode(claim));
    }
  }
  return seeds;
}

const FuzzTarget kTarget("MultiProof", FuzzMultiProof, Seeds);

}  // namespace
}  // namespace settle::test
