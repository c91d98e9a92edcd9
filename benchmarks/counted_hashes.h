// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How many hashes a piece of work makes, of inputs of which sizes, and the same hashes through the
// bare calls.
//
//   HashCounts counts;
//   StateMap<Key, Value, CountingSha256> map(seed, CountingSha256(&counts));
//   map.Update(changes);                       // in a run of its own: counting takes time
//   BareHashes hashes(counts);
//   RunPaired(state, options, work, [&] { return hashes.Step(); });
//
// The counting hasher answers what Sha256 answers, so that whatever is counted can be compared with
// what the work computed.

#ifndef SETTLE_BENCHMARKS_COUNTED_HASHES_H_
#define SETTLE_BENCHMARKS_COUNTED_HASHES_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "benchmarks/baseline.h"
#include "settle/base/bytes.h"
#include "settle/crypto/sha256.h"

namespace settle::benchmarks {

// How many inputs of each size were hashed.
class HashCounts {
 public:
  void Add(std::size_t size, std::size_t times = 1) { times_[size] += times; }
  [[nodiscard]] const std::map<std::size_t, std::size_t>& by_size() const { return times_; }
  [[nodiscard]] std::size_t total() const {
    std::size_t total = 0;
    for (const auto& [size, times] : times_) total += times;
    return total;
  }

 private:
  std::map<std::size_t, std::size_t> times_;
};

// Sha256 that counts; `counts` outlives it and its copies. Without counts it only hashes.
class CountingSha256 {
 public:
  CountingSha256() = default;
  explicit CountingSha256(HashCounts* counts) : counts_(counts) {}

  template <std::convertible_to<ByteView>... Parts>
  [[nodiscard]] Digest Hash(const Parts&... parts) const {
    Count((std::size_t{0} + ... + ByteView(parts).size()));
    return Sha256().Hash(ByteView(parts)...);
  }
  [[nodiscard]] Digest HashLeaf(ByteView data) const {
    Count(1 + data.size());
    return Sha256().HashLeaf(data);
  }
  [[nodiscard]] Digest HashNode(const Digest& left, const Digest& right) const {
    Count(1 + 2 * Digest::kSize);
    return Sha256().HashNode(left, right);
  }
  void HashNodes(std::span<const Digest> children, std::span<Digest> parents) const {
    for (std::size_t i = 0; i < parents.size() && 2 * i + 1 < children.size(); ++i) {
      parents[i] = HashNode(children[2 * i], children[2 * i + 1]);
    }
  }
  void HashLeaves(std::span<const ByteView> data, std::span<Digest> leaves) const {
    for (std::size_t i = 0; i < leaves.size() && i < data.size(); ++i) {
      leaves[i] = HashLeaf(data[i]);
    }
  }
  [[nodiscard]] Digest EmptyRoot() const { return Hash(); }

 private:
  void Count(std::size_t size) const {
    if (counts_ != nullptr) counts_->Add(size);
  }

  HashCounts* counts_ = nullptr;
};

// Baseline: one BareHash for each that was counted, over bytes that lie in one piece.
class BareHashes {
 public:
  explicit BareHashes(const HashCounts& counts)
      : times_(counts.by_size().begin(), counts.by_size().end()) {
    std::size_t most = sizeof(Node);
    for (const auto& [size, times] : times_) most = std::max(most, size);
    input_.resize(most);
  }

  std::uint64_t Step() {
    std::uint64_t word = 1;
    Node digest;
    for (const auto& [size, times] : times_) {
      for (std::size_t i = 0; i < times; ++i) {
        BareHash(std::span(input_).first(size), digest);
        input_[0] = digest[0];  // no hash is like the one before
        word += FirstWord(digest);
      }
    }
    return word | 1;
  }

 private:
  std::vector<std::pair<std::size_t, std::size_t>> times_;  // sizes, and how often
  std::vector<std::byte> input_;
};

}  // namespace settle::benchmarks

#endif  // SETTLE_BENCHMARKS_COUNTED_HASHES_H_
