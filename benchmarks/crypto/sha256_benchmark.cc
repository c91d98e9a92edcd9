// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a hash costs beside OpenSSL's three calls over bytes that already lie in one piece. The
// children and the data lie apart from each other, as they do in a tree, and stay in the nearest
// cache; both sides hash the same bytes in the same order.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/base/bytes.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/sha256_evp.h"

namespace settle::benchmarks {
namespace {

constexpr std::size_t kNodes = 128;

// The same inputs, once as the library takes them and once in one piece.
struct Nodes {
  std::vector<Digest> children;  // two for each node
  std::vector<NodeInput> in_one_piece;
};

Nodes MakeNodes() {
  Nodes nodes;
  for (std::uint64_t i = 0; i < 2 * kNodes; ++i) {
    nodes.children.push_back(Sha256().Hash(Digest::FromNumber(i).view()));
  }
  for (std::size_t i = 0; i < kNodes; ++i) {
    NodeInput input{std::byte{1}};
    std::ranges::copy(nodes.children[2 * i].view(), input.begin() + 1);
    std::ranges::copy(nodes.children[2 * i + 1].view(), input.begin() + 33);
    nodes.in_one_piece.push_back(input);
  }
  return nodes;
}

std::uint64_t WordOf(const Digest& digest) { return FirstWord(digest.bytes()); }

// Calls hash(i) for i = 0, 1, ... size - 1, 0, ...: one operation a call.
template <typename Hash>
auto InTurn(std::size_t size, Hash hash) {
  return [size, hash, next = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t i = next;
    next = i + 1 == size ? 0 : i + 1;
    return hash(i);
  };
}

auto BareNodes(const Nodes& nodes) {
  return InTurn(kNodes, [&nodes](std::size_t i) {
    Node digest;
    BareHash65(nodes.in_one_piece[i], digest);
    return FirstWord(digest);
  });
}

template <Hasher H>
void HashNodeByNode(benchmark::State& state, const PairedOptions& options) {
  const Nodes nodes = MakeNodes();
  const H hasher;
  RunPaired(
      state, options,
      InTurn(kNodes,
             [&](std::size_t i) {
               return WordOf(hasher.HashNode(nodes.children[2 * i], nodes.children[2 * i + 1]));
             }),
      BareNodes(nodes));
}

void BM_HashNode(benchmark::State& state) { HashNodeByNode<Sha256>(state, {.bound = 1.05}); }
BENCHMARK(BM_HashNode)->Apply(Paired);

void BM_HashNodeEvp(benchmark::State& state) { HashNodeByNode<Sha256Evp>(state, {}); }
BENCHMARK(BM_HashNodeEvp)->Apply(Paired);

// One call of HashNodes for all nodes of a level; per node.
template <Hasher H>
void BM_HashNodes(benchmark::State& state) {
  const Nodes nodes = MakeNodes();
  const H hasher;
  std::vector<Digest> parents(kNodes);
  const auto work = [&] {
    hasher.HashNodes(nodes.children, parents);
    ChecksumOfCalls checksum;
    for (const Digest& parent : parents) checksum.Add(WordOf(parent));
    return checksum.Word();
  };
  RunPaired(state, {.work_operations = kNodes, .baseline_operations = kNodes}, work,
            Repeat(kNodes, BareNodes(nodes)));
}
BENCHMARK(BM_HashNodes<Sha256>)->Apply(Paired);
BENCHMARK(BM_HashNodes<Sha256Evp>)->Apply(Paired);

// A leaf of so many bytes.
void BM_HashLeaf(benchmark::State& state) {
  constexpr std::size_t kLeaves = 16;
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::vector<std::byte>> data;
  std::vector<std::vector<std::byte>> in_one_piece;
  for (std::size_t i = 0; i < kLeaves; ++i) {
    data.emplace_back(size, static_cast<std::byte>(i));
    in_one_piece.push_back(data.back());
    in_one_piece.back().insert(in_one_piece.back().begin(), std::byte{0});
  }
  const Sha256 hasher;
  RunPaired(state, {},
            InTurn(kLeaves, [&](std::size_t i) { return WordOf(hasher.HashLeaf(data[i])); }),
            InTurn(kLeaves, [&](std::size_t i) {
              Node digest;
              BareHash(in_one_piece[i], digest);
              return FirstWord(digest);
            }));
}
BENCHMARK(BM_HashLeaf)->Apply(Paired)->Arg(32)->Arg(64)->Arg(128)->Arg(256)->Arg(1024);

}  // namespace
}  // namespace settle::benchmarks
