// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Trees and frontiers as they come from a stranger: what is decoded has one encoding, keeps its
// root, and grows on.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/ledger/compact_range.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_tree.h"

namespace settle::test {
namespace {

int CheckTree(ByteView input) {
  Accumulator<> tree;
  bool violated = false;
  const bool decoded = DecodesCanonically(input, tree, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  // A frontier fed with the same leaves says the same of it.
  Result<CompactRange<>> range = tree.Freeze(tree.pruned());
  if (!range.ok()) return 2;
  for (std::uint64_t i = tree.pruned(); i < tree.size(); ++i) {
    range->AppendDigest(*tree.LeafAt(LogIndex(i)));
  }
  if (range->Head() != tree.Head()) return 3;
  if (tree.AppendDigest(Digest()).ok()) {
    range->AppendDigest(Digest());
    if (range->Head() != tree.Head()) return 4;
    const LogIndex last(tree.size() - 1);
    const Result<InclusionProof> proof = tree.ProveInclusion(last, tree.size());
    if (!proof.ok()) return 5;
    if (!VerifyInclusion(Sha256(), Digest(), last, tree.Head(), proof->path).ok()) return 6;
  }
  return 0;
}

int CheckFrontiers(ByteView input) {
  bool violated = false;
  CompactRange<> range;
  if (DecodesCanonically(input, range, violated)) {
    range.AppendDigest(Digest());
    if (!range.Validate().ok() && range.size() >> 63 == 0) return 7;
  }
  CompactSegment<> segment;
  if (DecodesCanonically(input, segment, violated)) {
    CompactSegment<> before(segment.begin());
    if (!before.Merge(segment).ok() || before != segment) return 8;
  }
  return violated ? 9 : 0;
}

int FuzzAccumulator(const std::uint8_t* data, std::size_t size) {
  const ByteView input = InputOf(data, size);
  const int reason = CheckTree(input);
  return reason != 0 ? reason : CheckFrontiers(input);
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (const std::uint64_t pruned : {0u, 1u, 6u, 7u, 64u, 99u, 100u}) {
    Accumulator<> tree = KnownTree();
    (void)tree.Prune(pruned);
    seeds.push_back(Encode(tree));
    seeds.push_back(Encode(*tree.Freeze(tree.size())));
    CompactSegment<> segment{LogIndex(pruned)};
    for (std::uint64_t i = pruned; i < kKnownLeaves; ++i) {
      segment.AppendDigest(*tree.LeafAt(LogIndex(i)));
    }
    seeds.push_back(Encode(segment));
  }
  return seeds;
}

const FuzzTarget kTarget("Accumulator", FuzzAccumulator, Seeds);

}  // namespace
}  // namespace settle::test
