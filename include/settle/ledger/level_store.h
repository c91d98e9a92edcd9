// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Where an accumulator keeps the nodes of its tree.
//
// Node i of level 0 is the digest of leaf i; node i of level l + 1 is the parent of the nodes 2i
// and 2i + 1 of level l. Only nodes whose leaves are all there are kept, so that none ever changes:
// levels grow and shrink at their ends, and a tree of n leaves has n >> l nodes at level l.
//
//   Accumulator<Sha256, MemoryLevels> receipts;

#ifndef SETTLE_LEDGER_LEVEL_STORE_H_
#define SETTLE_LEDGER_LEVEL_STORE_H_

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/ledger/detail/digest_level.h"
#include "settle/ledger/detail/merkle_path.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a regular type whose value is the sequence of its leaves, and which offers
//   kMaxLeaves, kLevels    how many leaves it may hold, and bit_width of that
//   Size(level)            how many nodes level has
//   Node(level, index)     one of them, index < Size(level)
//   Run(level, index)      the nodes from index on as far as they lie in one piece, which ends with
//                          the level or between two pairs
//   Extend(level, count)   adds one to count nodes, as many as lie in one piece, for the caller to
//                          write; invalidates runs of this level
//   Truncate(level, count) takes away all but the first count, count <= Size(level)
// None of them checks level < kLevels nor anything else: the accumulator has.
template <typename S>
concept LevelStore = std::regular<S> &&
    requires(S& store, const S& held, std::size_t level, std::size_t count) {
  { S::kMaxLeaves } -> std::convertible_to<std::uint64_t>;
  { S::kLevels } -> std::convertible_to<std::size_t>;
  { held.Size(level) } -> std::same_as<std::size_t>;
  { held.Node(level, count) } -> std::convertible_to<const Digest&>;
  { held.Run(level, count) } -> std::same_as<std::span<const Digest>>;
  { store.Extend(level, count) } -> std::same_as<std::span<Digest>>;
  { store.Truncate(level, count) } -> std::same_as<void>;
};

// For the head of a class that takes a store: says in one sentence what is missing.
template <typename S>
consteval bool RequireLevelStore() {
  static_assert(LevelStore<S>, "a store offers the members listed in settle/ledger/level_store.h");
  return true;
}

// At most kBound leaves in memory: 64 bytes a leaf, in chunks of 32 KiB that begin at cache lines
// and are never moved. Room not yet used and the tables of chunks are less than 1 % beyond 2^20
// leaves. Its value is the sequence of its leaves, encoded as a Bounded<Digest, kBound> is;
// decoding leaves the levels above empty, for the accumulator to rebuild.
template <std::size_t kBound>
class BoundedLevels {
  static_assert(kBound > 0 && kBound <= 0xffffffff, "a sequence's length is encoded in four bytes");

 public:
  static constexpr std::uint64_t kMaxLeaves = kBound;
  static constexpr std::size_t kLevels = detail::BitWidth(kBound);

  [[nodiscard]] std::size_t Size(std::size_t level) const { return levels_[level].size(); }
  [[nodiscard]] const Digest& Node(std::size_t level, std::size_t index) const {
    return levels_[level][index];
  }
  [[nodiscard]] std::span<const Digest> Run(std::size_t level, std::size_t index) const {
    return levels_[level].Run(index);
  }
  [[nodiscard]] std::span<Digest> Extend(std::size_t level, std::size_t count) {
    return levels_[level].Extend(count);
  }
  void Truncate(std::size_t level, std::size_t count) { levels_[level].Truncate(count); }

  // What is allocated, tables included.
  [[nodiscard]] std::size_t allocated_bytes() const {
    std::size_t bytes = 0;
    for (const detail::DigestLevel& level : levels_) bytes += level.allocated_bytes();
    return bytes;
  }

  // The sequence of leaves, as the codec sees it.
  using value_type = Digest;
  static constexpr std::size_t kMax = kBound;

  [[nodiscard]] std::size_t size() const { return Size(0); }
  [[nodiscard]] auto begin() const { return levels_[0].begin(); }
  [[nodiscard]] auto end() const { return levels_[0].end(); }
  [[nodiscard]] auto begin() { return levels_[0].begin(); }
  [[nodiscard]] auto end() { return levels_[0].end(); }

  // No node at any level.
  void Clear() {
    for (detail::DigestLevel& level : levels_) level.Truncate(0);
  }

  // `count` leaves to be written, and nothing above them; false above the bound.
  [[nodiscard]] bool Resize(std::size_t count) {
    if (count > kBound) return false;
    Clear();
    while (size() < count) (void)Extend(0, count - size());
    return true;
  }

  friend bool operator==(const BoundedLevels& a, const BoundedLevels& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size();) {
      const std::span<const Digest> run = a.Run(0, i);
      // Chunks of equal leaves end at equal places.
      if (!std::ranges::equal(run, b.Run(0, i))) return false;
      i += run.size();
    }
    return true;
  }

 private:
  std::array<detail::DigestLevel, kLevels> levels_;
};

// As many leaves as one encoding can hold.
using MemoryLevels = BoundedLevels<0xffffffff>;

namespace detail {
template <std::size_t kBound>
inline constexpr bool kIsBounded<BoundedLevels<kBound>> = true;
}  // namespace detail

static_assert(LevelStore<MemoryLevels>);

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_LEVEL_STORE_H_
