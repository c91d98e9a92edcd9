// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The accumulator beside the hashes that RFC 6962 demands, and its proofs beside the nodes and the
// hashes that they consist of.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/base/bytes.h"
#include "settle/base/types.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/consistency.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/level_store.h"

namespace settle::benchmarks {
namespace {

using Tree = Accumulator<Sha256, MemoryLevels>;

constexpr std::size_t kBatch = 1000;
constexpr std::uint64_t kMillion = std::uint64_t{1} << 20;

std::uint64_t WordOf(const Digest& digest) { return FirstWord(digest.bytes()); }

Digest DigestOf(std::mt19937_64& random) {
  Digest digest;
  for (std::size_t i = 0; i < Digest::kSize; ++i) {
    digest.data()[i] = static_cast<std::byte>(random() & 0xff);
  }
  return digest;
}

// A tree of random leaf digests.
Tree MakeTree(std::uint64_t size) {
  std::mt19937_64 random(1);
  std::vector<Digest> leaves(kBatch);
  Tree tree;
  while (tree.size() < size) {
    for (Digest& leaf : leaves) leaf = DigestOf(random);
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kBatch, size - tree.size()));
    (void)tree.AppendDigests(std::span(leaves).first(count));
  }
  return tree;
}

// Inputs of the two kinds of hashes, each in one piece: a prefix and 64 bytes.
std::vector<NodeInput> MakeInputs(std::byte prefix) {
  std::mt19937_64 random(2);
  std::vector<NodeInput> inputs(kBatch);
  for (NodeInput& input : inputs) {
    for (std::byte& byte : input) byte = static_cast<std::byte>(random() & 0xff);
    input[0] = prefix;
  }
  return inputs;
}

// Hashes `count` inputs, one after the other.
std::uint64_t BareHashes(std::span<const NodeInput> inputs, std::size_t count) {
  Node digest;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) {
    BareHash65(inputs[i % inputs.size()], digest);
    word += FirstWord(digest);
  }
  return word;
}

std::vector<ByteView> LeavesOf(const std::vector<NodeInput>& inputs) {
  std::vector<ByteView> leaves;
  for (const NodeInput& input : inputs) leaves.push_back(ByteView(input).subspan(1));
  return leaves;
}

// Batches of 1,000 leaves of 64 bytes beside a leaf hash and a node hash for each. `before_batch`
// prepares the tree.
void RunAppend(benchmark::State& state, std::optional<double> bound, Tree tree,
               void (*before_batch)(Tree&)) {
  const std::vector<NodeInput> leaf_inputs = MakeInputs(std::byte{0x00});
  const std::vector<NodeInput> node_inputs = MakeInputs(std::byte{0x01});
  const std::vector<ByteView> leaves = LeavesOf(leaf_inputs);
  const auto work = [&]() -> std::uint64_t {
    const Result<LogIndex> index = tree.AppendBatch(leaves);
    return index.ok() ? WordOf(*tree.LeafAt(*index)) : 0;
  };
  const auto baseline = [&] {
    return BareHashes(leaf_inputs, kBatch) + BareHashes(node_inputs, kBatch);
  };
  RunPaired(state,
            {.bound = bound,
             .checksums = Checksums::kUnrelated,
             .work_operations = kBatch,
             .baseline_operations = kBatch,
             .before_pair = [&] { before_batch(tree); }},
            work, baseline);
}

// After the same million leaves each time, into memory that has been in use: what the library does.
void BM_AccumulatorAppend(benchmark::State& state) {
  RunAppend(state, 1.15, MakeTree(1'000'000), [](Tree& tree) { (void)tree.Truncate(1'000'000); });
}
BENCHMARK(BM_AccumulatorAppend)->Apply(Paired);

// Into a tree that grows to 4M leaves and begins anew: the kernel's first touch of each page is
// added, one for 64 leaves.
void BM_AccumulatorGrow(benchmark::State& state) {
  RunAppend(state, std::nullopt, Tree(), [](Tree& tree) {
    if (tree.size() >= 4 * kMillion) tree = Tree();
  });
}
BENCHMARK(BM_AccumulatorGrow)->Apply(Paired);

// The root after every leaf, from a million leaves on, beside the hashes on its path: the leaf, the
// trailing one-bits of the size before, and one less than the one-bits of the size after.
void BM_AccumulatorAppendRootEach(benchmark::State& state) {
  constexpr std::uint64_t kStart = 1'000'000;
  constexpr std::size_t kAppends = 100;
  const std::vector<NodeInput> inputs = MakeInputs(std::byte{0x00});
  const std::vector<ByteView> leaves = LeavesOf(inputs);
  std::size_t hashes = 0;
  for (std::uint64_t size = kStart; size < kStart + kAppends; ++size) {
    hashes += static_cast<std::size_t>(1 + std::countr_one(size) + std::popcount(size + 1) - 1);
  }
  Tree tree = MakeTree(kStart);
  const auto work = [&]() -> std::uint64_t {
    ChecksumOfCalls roots;
    if (!tree.Truncate(kStart).ok()) return 0;
    for (std::size_t i = 0; i < kAppends; ++i) {
      if (!tree.Append(leaves[i]).ok()) return 0;
      roots.Add(WordOf(tree.Root()));
    }
    return roots.Word();
  };
  RunPaired(state,
            {.bound = 1.2,
             .checksums = Checksums::kUnrelated,
             .work_operations = kAppends,
             .baseline_operations = kAppends},
            work, [&] { return BareHashes(inputs, hashes); });
}
BENCHMARK(BM_AccumulatorAppendRootEach)->Apply(Paired);

// Where the nodes of the path of `index` in a complete tree lie.
template <typename T>
void AppendPath(const T& tree, std::uint64_t index, std::vector<const Node*>& nodes) {
  for (std::size_t level = 0; (std::uint64_t{1} << level) < tree.size(); ++level) {
    nodes.push_back(&tree.store().Node(level, (index >> level) ^ 1).bytes());
  }
}

// The proofs of random leaves of a complete tree, beside copies of the nodes of as many. Each side
// has its own random leaves, so that neither finds the other's in the cache.
template <typename T>
void RunProofs(benchmark::State& state, std::optional<double> bound, const T& tree) {
  constexpr std::size_t kProofs = std::size_t{1} << 14;
  std::mt19937_64 random(3);
  std::vector<LogIndex> indices;
  std::vector<const Node*> nodes;
  for (std::size_t i = 0; i < kProofs; ++i) {
    indices.push_back(LogIndex(random() % tree.size()));
    AppendPath(tree, random() % tree.size(), nodes);
  }
  const std::size_t length = nodes.size() / kProofs;
  std::array<Digest, kMaxPathLength> path;
  std::array<Node, kMaxPathLength> gathered;
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    const Result<std::size_t> count =
        tree.ProveInclusion(indices[i++ % kProofs], tree.size(), path);
    return count.ok() && *count == length ? WordOf(path[*count - 1]) : 0;
  };
  const auto baseline = [&, i = std::size_t{0}]() mutable {
    return BareGather(std::span(nodes).subspan(i++ % kProofs * length, length), gathered);
  };
  RunPaired(state, {.bound = bound, .checksums = Checksums::kUnrelated}, work, baseline);
  state.counters["bytes_per_leaf"] =
      static_cast<double>(tree.store().allocated_bytes()) / static_cast<double>(tree.size());
}

void BM_InclusionProof(benchmark::State& state) { RunProofs(state, 1.3, MakeTree(kMillion)); }
BENCHMARK(BM_InclusionProof)->Apply(Paired);

// As cheap as a hasher can be: what a tree costs besides its hashes.
struct CheapHasher {
  static Digest Mix(const Digest& a, const Digest& b) {
    Digest digest = a;
    digest.data()[0] ^= b[1];
    return digest;
  }
  template <typename... Parts>
  Digest Hash(const Parts&...) const {
    return Digest();
  }
  Digest HashLeaf(ByteView) const { return Digest(); }
  Digest HashNode(const Digest& left, const Digest& right) const { return Mix(left, right); }
  void HashNodes(std::span<const Digest> children, std::span<Digest> parents) const {
    for (std::size_t i = 0; i < parents.size(); ++i) {
      parents[i] = Mix(children[2 * i], children[2 * i + 1]);
    }
  }
  void HashLeaves(std::span<const ByteView>, std::span<Digest>) const {}
  Digest EmptyRoot() const { return Digest(); }
};
using CheapTree = Accumulator<CheapHasher, MemoryLevels>;

// A tree of `size` leaves; `append_ns` for each of them, the first touch of its memory included,
// and the most bytes that it had allocated.
CheapTree MakeCheapTree(std::uint64_t size, double* append_ns, std::size_t* most_bytes) {
  std::mt19937_64 random(5);
  std::vector<Digest> leaves(kBatch);
  for (Digest& leaf : leaves) leaf = DigestOf(random);
  CheapTree tree;
  *most_bytes = 0;
  const auto start = std::chrono::steady_clock::now();
  while (tree.size() < size) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kBatch, size - tree.size()));
    (void)tree.AppendDigests(std::span(leaves).first(count));
    *most_bytes = std::max(*most_bytes, tree.store().allocated_bytes());
  }
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  *append_ns = time.count() / static_cast<double>(size);
  return tree;
}

// A proof takes log n copies, whatever it costs to fetch them: 10 of a thousand leaves, 24 of 16
// million. What an append costs besides its hashes stays as it is.
void BM_InclusionProofGrowth(benchmark::State& state) {
  double append_ns = 0;
  std::size_t most_bytes = 0;
  const auto size = static_cast<std::uint64_t>(state.range(0));
  const CheapTree tree = MakeCheapTree(size, &append_ns, &most_bytes);
  RunProofs(state, std::nullopt, tree);
  state.counters["append_ns"] = append_ns;
}
BENCHMARK(BM_InclusionProofGrowth)
    ->Apply(Paired)
    ->Arg(1 << 10)
    ->Arg(1 << 14)
    ->Arg(1 << 17)
    ->Arg(1 << 20)
    ->Arg(1 << 24);

// What a leaf takes at most while a tree grows to so many, beside 65 bytes a leaf and 64 KiB.
void BM_AccumulatorMemory(benchmark::State& state) {
  const auto size = static_cast<std::uint64_t>(state.range(0));
  std::size_t most_bytes = 0;
  for (auto _ : state) {
    double append_ns = 0;
    const CheapTree tree = MakeCheapTree(size, &append_ns, &most_bytes);
    benchmark::DoNotOptimize(&tree);
  }
  const auto leaves = static_cast<double>(size);
  const auto bytes = static_cast<double>(most_bytes);
  state.counters["bytes_per_leaf"] = bytes / leaves;
  state.counters["of_bound"] = bytes / (65 * leaves + 64 * 1024);
}
BENCHMARK(BM_AccumulatorMemory)
    ->Iterations(1)
    ->Arg(1 << 20)
    ->Arg((1 << 20) + 1)
    ->Arg(1'500'000)
    ->Arg((1 << 21) - 1);

// The check of a leaf of 64 bytes against the root of a million, beside its 21 hashes.
void BM_InclusionVerify(benchmark::State& state) {
  const std::vector<NodeInput> inputs = MakeInputs(std::byte{0x00});
  const std::vector<ByteView> leaves = LeavesOf(inputs);
  Tree tree = MakeTree(kMillion - kBatch);
  if (!tree.AppendBatch(leaves).ok()) return state.SkipWithError("the tree is full");
  const TreeHead head = tree.Head();
  std::vector<InclusionProof> proofs;
  for (std::size_t i = 0; i < kBatch; ++i) {
    proofs.push_back(*tree.ProveInclusion(LogIndex(kMillion - kBatch + i), kMillion));
  }
  const Sha256 hasher;
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t at = i++ % kBatch;
    const LogIndex index(kMillion - kBatch + at);
    return VerifyInclusion(hasher, hasher.HashLeaf(leaves[at]), index, head, proofs[at].path).ok();
  };
  RunPaired(state, {.bound = 1.1, .checksums = Checksums::kUnrelated}, work,
            [&] { return BareHashes(inputs, proofs[0].path.size() + 1); });
}
BENCHMARK(BM_InclusionVerify)->Apply(Paired);

// The check that a tree of about a million leaves begins with one of about half as many, of random
// sizes, beside as many hashes as both roots need.
void BM_ConsistencyVerify(benchmark::State& state) {
  const std::vector<NodeInput> inputs = MakeInputs(std::byte{0x01});
  const Tree tree = MakeTree(kMillion);
  std::mt19937_64 random(4);
  std::vector<TreeHeads> heads;
  std::vector<ConsistencyProof> proofs;
  std::vector<std::size_t> hashes;
  for (std::size_t i = 0; i < kBatch; ++i) {
    const TreeSizes sizes{.older = 1 + random() % (kMillion / 2),
                          .newer = kMillion / 2 + 1 + random() % (kMillion / 2)};
    heads.push_back({.older = *tree.HeadAt(sizes.older), .newer = *tree.HeadAt(sizes.newer)});
    proofs.push_back(*tree.ProveConsistency(sizes));
    // The older root is folded from as many subtrees as its size has one-bits. Of the proof all but
    // the first of these joins into the newer root.
    const bool whole = std::has_single_bit(sizes.older);
    hashes.push_back(static_cast<std::size_t>(std::popcount(sizes.older)) - 1 +
                     proofs[i].path.size() - (whole ? 0 : 1));
  }
  const Sha256 hasher;
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t at = i++ % kBatch;
    return VerifyConsistency(hasher, heads[at], proofs[at].path).ok();
  };
  const auto baseline = [&, i = std::size_t{0}]() mutable {
    return BareHashes(inputs, hashes[i++ % kBatch]);
  };
  RunPaired(state, {.bound = 1.1, .checksums = Checksums::kUnrelated}, work, baseline);
}
BENCHMARK(BM_ConsistencyVerify)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
