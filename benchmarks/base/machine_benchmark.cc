// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the baselines themselves cost on this machine, as information: each beside BareHash65, so
// that x_limit reads as "so many node hashes". BM_SameCode is the control of the whole method: the
// same code on both sides, whose x_limit says how far 1 may be off here and now.

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"

namespace settle::benchmarks {
namespace {

// One node hash per call, of a few inputs in turn.
auto OneHash65() {
  std::array<NodeInput, 16> inputs{};
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].fill(static_cast<std::byte>(i));
  return [inputs, next = std::size_t{0}]() mutable {
    Node digest;
    BareHash65(inputs[next++ % inputs.size()], digest);
    return FirstWord(digest);
  };
}

void BM_SameCode(benchmark::State& state) { RunPaired(state, {}, OneHash65(), OneHash65()); }
BENCHMARK(BM_SameCode)->Apply(Paired);

// So many bytes in one hash.
void BM_BareHash(benchmark::State& state) {
  const std::vector<std::byte> input(static_cast<std::size_t>(state.range(0)), std::byte{7});
  const auto work = [&] {
    Node digest;
    BareHash(input, digest);
    return FirstWord(digest);
  };
  RunPaired(state, {.checksums = Checksums::kUnrelated}, work, OneHash65());
}
BENCHMARK(BM_BareHash)->Apply(Paired)->Arg(32)->Arg(128)->Arg(256)->Arg(512)->Arg(4096);

constexpr std::array<std::byte, 32> kSeed{std::byte{1}};
constexpr std::array<std::byte, 128> kMessage{std::byte{2}};

void BM_BareSign(benchmark::State& state) {
  BareSign sign(kSeed);
  SignatureBytes signature;
  const auto work = [&] { return sign(kMessage, signature); };
  RunPaired(state, {.checksums = Checksums::kUnrelated}, work, OneHash65());
}
BENCHMARK(BM_BareSign)->Apply(Paired);

void BM_BareVerify(benchmark::State& state) {
  BareSign sign(kSeed);
  BareVerify verify(sign.PublicKey());
  SignatureBytes signature;
  sign(kMessage, signature);
  const auto work = [&] { return verify(kMessage, signature); };
  RunPaired(state, {.checksums = Checksums::kUnrelated}, work, OneHash65());
}
BENCHMARK(BM_BareVerify)->Apply(Paired);

// Per line, random lines of so many megabytes.
void BM_BareTouch(benchmark::State& state) {
  constexpr std::size_t kWordsPerLine = 8;
  constexpr std::size_t kLinesPerCall = 1000;
  constexpr std::size_t kCalls = 1000;
  const std::size_t lines = static_cast<std::size_t>(state.range(0)) * (std::size_t{1} << 20) / 64;
  std::vector<std::uint64_t> memory(lines * kWordsPerLine, 1);
  std::vector<std::uint64_t*> order;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < kCalls * kLinesPerCall; ++i) {
    order.push_back(&memory[random() % lines * kWordsPerLine]);
  }
  const auto work = [&, call = std::size_t{0}]() mutable {
    call = (call + 1) % kCalls;
    return BareTouch(std::span(order).subspan(call * kLinesPerCall, kLinesPerCall));
  };
  RunPaired(state, {.checksums = Checksums::kUnrelated, .work_operations = kLinesPerCall}, work,
            OneHash65());
}
BENCHMARK(BM_BareTouch)->Apply(Paired)->Arg(1)->Arg(64)->Arg(512);

// Per node, 20 nodes of a path, from random places of 64 MB.
void BM_BareGather(benchmark::State& state) {
  constexpr std::size_t kPath = 20;
  constexpr std::size_t kPaths = 10'000;
  std::vector<Node> tree(std::size_t{2} << 20, Node{std::byte{1}});
  std::vector<const Node*> paths;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < kPaths * kPath; ++i) paths.push_back(&tree[random() % tree.size()]);
  std::array<Node, kPath> out;
  const auto work = [&, path = std::size_t{0}]() mutable {
    path = (path + 1) % kPaths;
    return BareGather(std::span(paths).subspan(path * kPath, kPath), out);
  };
  RunPaired(state, {.checksums = Checksums::kUnrelated, .work_operations = kPath}, work,
            OneHash65());
}
BENCHMARK(BM_BareGather)->Apply(Paired);

// Per 64 bytes, of so many kilobytes in order.
void BM_BareSum(benchmark::State& state) {
  const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)) << 10, std::byte{3});
  const auto work = [&] { return BareSum(bytes); };
  RunPaired(state,
            {.checksums = Checksums::kUnrelated,
             .work_operations = static_cast<double>(bytes.size()) / 64},
            work, OneHash65());
}
BENCHMARK(BM_BareSum)->Apply(Paired)->Arg(16)->Arg(64 << 10);

// Per multiply and add.
void BM_BareMulAdd(benchmark::State& state) {
  constexpr std::size_t kTerms = 1000;
  const std::vector<std::int64_t> left(kTerms, 0x123456789abcdef);
  const std::vector<std::int64_t> right(kTerms, -0x123456789);
  const auto work = [&] { return BareMulAdd(left, right); };
  RunPaired(state, {.checksums = Checksums::kUnrelated, .work_operations = kTerms}, work,
            OneHash65());
}
BENCHMARK(BM_BareMulAdd)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
