// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The state map beside the hashes that its format demands, counted in a run of their own: two for
// each entry that changes and one for each branch above any of them.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/members.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/state_map.h"
#include "settle/ledger/state_proof.h"
#include "settle/ledger/types.h"

namespace settle::benchmarks {
namespace {

// What a ledger says of an account: its balance, how many entries it has, and their running hash.
struct Balance {
  Amount amount{};
  std::uint64_t entries = 0;
  Digest history{};
  using Fields = Members<&Balance::amount, &Balance::entries, &Balance::history>;
};

// Counts hashes and does not compute them.
class Counter {
 public:
  Counter() = default;
  explicit Counter(std::size_t* count) : count_(count) {}
  template <std::convertible_to<ByteView>... Parts>
  Digest Hash(const Parts&... parts) const {
    if (count_ != nullptr) ++*count_;
    // Distinct paths for distinct keys.
    std::uint64_t word = 0x9e3779b97f4a7c15u;
    [[maybe_unused]] const auto join = [&word](ByteView part) {
      for (const std::byte byte : part) {
        word = (word ^ std::to_integer<std::uint64_t>(byte)) * 0xff51afd7ed558ccdu;
        word ^= word >> 32;
      }
    };
    (join(parts), ...);
    Digest digest;
    for (std::size_t i = 0; i < Digest::kSize; ++i) {
      digest.data()[i] = static_cast<std::byte>(word >> (8 * (i % 8)) & 0xff);
    }
    return digest;
  }
  Digest HashLeaf(ByteView data) const { return Hash(data); }
  Digest HashNode(const Digest& left, const Digest& right) const {
    return Hash(left.view(), right.view());
  }
  void HashNodes(std::span<const Digest>, std::span<Digest>) const {}
  void HashLeaves(std::span<const ByteView>, std::span<Digest>) const {}
  Digest EmptyRoot() const { return Hash(); }

 private:
  std::size_t* count_ = nullptr;
};

template <typename H>
using Balances = StateMap<AccountKey, Balance, H>;
using Change = StateChange<AccountKey, Balance>;

AccountKey KeyOf(std::uint64_t number) { return {OwnerId::FromNumber(number), kCash, TokenId(1)}; }

// Accounts 0 to size - 1, opened in ten batches of no order.
template <typename H>
Balances<H> MakeMap(std::size_t size, H hasher) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> numbers(size);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  std::shuffle(numbers.begin(), numbers.end(), random);
  Balances<H> map(random(), hasher);
  map.Reserve(size);
  const std::size_t batch = (size + 9) / 10;
  for (std::size_t at = 0; at < size; at += batch) {
    std::vector<Change> changes;
    for (std::size_t i = at; i < std::min(size, at + batch); ++i) {
      changes.push_back({KeyOf(numbers[i]), Balance{.entries = numbers[i]}});
    }
    (void)map.Update(changes);
  }
  return map;
}

// Changes of `count` different accounts below `size`.
std::vector<Change> MakeBatch(std::mt19937_64& random, std::size_t size, std::size_t count) {
  std::vector<Change> changes;
  std::vector<bool> taken(size);
  while (changes.size() < count) {
    const std::size_t number = random() % size;
    if (taken[number]) continue;
    taken[number] = true;
    changes.push_back({KeyOf(number), Balance{.entries = random()}});
  }
  return changes;
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

std::vector<NodeInput> MakeInputs() {
  std::mt19937_64 random(2);
  std::vector<NodeInput> inputs(1000);
  for (NodeInput& input : inputs) {
    for (std::byte& byte : input) byte = static_cast<std::byte>(random() & 0xff);
  }
  return inputs;
}

// A block's changes of `count` among `size` accounts, with a mark set so that it can be taken back,
// beside the hashes of the nodes above them.
void RunBatch(benchmark::State& state, std::size_t size, std::size_t count,
              std::optional<double> bound) {
  std::mt19937_64 random(3);
  std::vector<std::vector<Change>> batches;
  for (int i = 0; i < 16; ++i) batches.push_back(MakeBatch(random, size, count));

  std::size_t hashes = 0;
  {
    Balances<Counter> counted = MakeMap(size, Counter(&hashes));
    hashes = 0;
    for (const std::vector<Change>& batch : batches) (void)counted.Update(batch);
    hashes /= batches.size();
  }

  Balances<Sha256> map = MakeMap(size, Sha256());
  const std::vector<NodeInput> inputs = MakeInputs();
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    std::vector<Change>& batch = batches[i++ % batches.size()];
    const Result<Mark> mark = map.Begin();
    const bool good = mark.ok() && map.Update(batch).ok() && map.Release(*mark).ok();
    return good ? FirstWord(map.Root().bytes()) : 0;
  };
  const auto change_all = [&] {
    for (std::vector<Change>& batch : batches) {
      for (Change& change : batch) ++change.value->entries;
    }
  };
  RunPaired(state,
            {.bound = bound,
             .checksums = Checksums::kUnrelated,
             .work_operations = static_cast<double>(count),
             .baseline_operations = static_cast<double>(count),
             .before_pair = change_all},
            work, [&] { return BareHashes(inputs, hashes); });
  state.counters["hashes_per_key"] = static_cast<double>(hashes) / static_cast<double>(count);
  state.counters["bytes_per_entry"] =
      static_cast<double>(map.allocated_bytes()) / static_cast<double>(map.size());
}

void BM_StateMapBatch(benchmark::State& state) { RunBatch(state, 1'000'000, 10'000, 1.2); }
BENCHMARK(BM_StateMapBatch)->Apply(Paired);

// How the cost grows, as information: entries, and keys in a batch.
void BM_StateMapBatchOf(benchmark::State& state) {
  RunBatch(state, static_cast<std::size_t>(state.range(0)),
           static_cast<std::size_t>(state.range(1)), std::nullopt);
}
BENCHMARK(BM_StateMapBatchOf)
    ->Args({1'000, 100})
    ->Args({10'000, 1'000})
    ->Args({100'000, 1'000})
    ->Args({1'000'000, 100})
    ->Args({1'000'000, 1'000})
    ->Apply(Paired)
    ->Apply([](benchmark::internal::Benchmark* benchmark) {
      // On demand alone: it takes 20 seconds and 4 GB.
      if (std::getenv("SETTLE_BENCHMARK_LARGE") != nullptr) benchmark->Args({10'000'000, 1'000});
    });

// A thousand accounts opened and closed again in a map of a million, as information.
void BM_StateMapOpenAndClose(benchmark::State& state) {
  constexpr std::size_t kSize = 1'000'000;
  constexpr std::size_t kCount = 1000;
  std::vector<Change> opened;
  std::vector<Change> closed;
  for (std::uint64_t number = kSize; number < kSize + kCount; ++number) {
    opened.push_back({KeyOf(number), Balance{.entries = number}});
    closed.push_back({KeyOf(number), std::nullopt});
  }
  std::size_t hashes = 0;
  {
    Balances<Counter> counted = MakeMap(kSize, Counter(&hashes));
    hashes = 0;
    (void)counted.Update(opened);
    (void)counted.Update(closed);
  }
  Balances<Sha256> map = MakeMap(kSize, Sha256());
  const std::vector<NodeInput> inputs = MakeInputs();
  const auto work = [&]() -> std::uint64_t {
    return map.Update(opened).ok() && map.Update(closed).ok() ? FirstWord(map.Root().bytes()) : 0;
  };
  RunPaired(state,
            {.checksums = Checksums::kUnrelated,
             .work_operations = kCount,
             .baseline_operations = kCount},
            work, [&] { return BareHashes(inputs, hashes); });
}
BENCHMARK(BM_StateMapOpenAndClose)->Apply(Paired);

// The check of a value among a million beside its hashes: path, content, leaf and one for each
// step.
void BM_StateMapVerify(benchmark::State& state) {
  constexpr std::size_t kSize = 1'000'000;
  constexpr std::size_t kProofs = 1000;
  const Balances<Sha256> map = MakeMap(kSize, Sha256());
  std::mt19937_64 random(4);
  struct Claim {
    AccountKey key;
    Balance value;
    PresenceProof proof;
  };
  std::vector<Claim> claims;
  std::size_t steps = 0;
  for (std::size_t i = 0; i < kProofs; ++i) {
    const AccountKey key = KeyOf(random() % kSize);
    claims.push_back({key, *map.Find(key), *map.ProvePresent(key)});
    steps += claims.back().proof.steps.size();
  }
  const Digest root = map.Root();
  const std::vector<NodeInput> inputs = MakeInputs();
  const auto work = [&]() -> std::uint64_t {
    for (const Claim& claim : claims) {
      if (!VerifyPresent(Sha256(), root, claim.key, claim.value, claim.proof).ok()) return 0;
    }
    return 1;
  };
  RunPaired(state,
            {.checksums = Checksums::kUnrelated,
             .work_operations = kProofs,
             .baseline_operations = kProofs},
            work, [&] { return BareHashes(inputs, steps + 3 * kProofs); });
  state.counters["steps"] = static_cast<double>(steps) / kProofs;

  std::size_t bytes = 0;
  std::size_t most = 0;
  for (std::uint64_t number = 0; number < kSize; number += 7) {
    const std::size_t size = EncodedSize(*map.ProvePresent(KeyOf(number)));
    bytes += size;
    most = std::max(most, size);
  }
  state.counters["proof_bytes"] = static_cast<double>(bytes) / std::ceil(kSize / 7.0);
  state.counters["proof_bytes_most"] = static_cast<double>(most);
}
BENCHMARK(BM_StateMapVerify)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
