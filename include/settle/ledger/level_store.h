// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Where an accumulator keeps the nodes of its tree.
//
// Node i of level 0 is the digest of leaf i; node i of level l + 1 is the parent of the nodes 2i
// and 2i + 1 of level l. Only nodes whose leaves are all there are kept, so that none ever changes:
// levels grow and shrink at their ends, and a tree of n leaves has n >> l nodes at level l. Leaves
// on the left may be pruned; the nodes that remain keep their numbers.
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
#include "settle/ledger/detail/digest_tiles.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a regular type whose value is the sequence of its leaves, and which offers
//   kMaxLeaves, kLevels    how many leaves it may hold at a time, and how many levels it has: a
//   tree
//                          has fewer than 2^kLevels leaves
//   Size(level)            how many nodes level has, those that are pruned counted
//   Node(level, index)     one of them, index < Size(level)
//   Run(level, index)      the nodes from index on as far as they lie in one piece, which ends with
//                          the level or between two pairs
//   Extend(level, count)   adds one to count nodes, as many as lie in one piece, for the caller to
//                          write; invalidates runs of this level
//   Truncate(level, count) takes away all but the first count, count <= Size(level); called for the
//                          levels from 0 on
//   Prune(leaves)          of each level the nodes before FirstKept(level, leaves) may go
//   Restart(leaves)        takes away all; each level begins with node FirstKept(level, leaves)
// and perhaps
//   CopySiblings(leaf, levels, out)   copies the siblings of a leaf and of its ancestors, which all
//                          are there, for so many levels
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
  { store.Prune(count) } -> std::same_as<void>;
  { store.Restart(count) } -> std::same_as<void>;
};

// Of a tree whose first `leaves` leaves are pruned, the first node of `level` that anything asked
// of the others needs: the parent of the first leaf kept, or its sibling on the left.
[[nodiscard]] constexpr std::uint64_t FirstKept(std::size_t level, std::uint64_t leaves) {
  return level >= 63 ? 0 : leaves >> (level + 1) << 1;
}

// For the head of a class that takes a store: says in one sentence what is missing.
template <typename S>
consteval bool RequireLevelStore() {
  static_assert(LevelStore<S>, "a store offers the members listed in settle/ledger/level_store.h");
  return true;
}

// At most kBound leaves at a time in memory: 64 bytes a leaf, in tiles of 32 KiB that begin at
// cache lines and are never moved, pruned a tile at a time. Room not yet used and the tables of
// tiles are less than 1 % beyond 2^20 leaves. Its value is the sequence of its leaves, those kept,
// encoded as a Bounded<Digest, kBound> is; decoding numbers them from 0 and leaves the levels above
// empty, for the accumulator to rebuild.
template <std::size_t kBound>
class BoundedLevels {
  static_assert(kBound > 0 && kBound <= 0xffffffff, "a sequence's length is encoded in four bytes");
  static constexpr std::size_t kHeight = detail::TileRow::kHeight;

 public:
  static constexpr std::uint64_t kMaxLeaves = kBound;
  static constexpr std::size_t kLevels = 63;

  [[nodiscard]] std::size_t Size(std::size_t level) const {
    return rows_[level / kHeight].Size(level % kHeight);
  }
  [[nodiscard]] const Digest& Node(std::size_t level, std::size_t index) const {
    return rows_[level / kHeight].Node(level % kHeight, index);
  }
  [[nodiscard]] std::span<const Digest> Run(std::size_t level, std::size_t index) const {
    return rows_[level / kHeight].Run(level % kHeight, index);
  }
  [[nodiscard]] std::span<Digest> Extend(std::size_t level, std::size_t count) {
    return rows_[level / kHeight].Extend(level % kHeight, count);
  }
  void Truncate(std::size_t level, std::size_t count) {
    rows_[level / kHeight].Truncate(level % kHeight, count);
  }

  void Prune(std::size_t leaves) {
    pruned_ = leaves;
    for (std::size_t row = 0; row < kRows; ++row) rows_[row].Prune(leaves >> kHeight * (row + 1));
  }

  void Restart(std::size_t leaves) {
    pruned_ = leaves;
    for (std::size_t row = 0; row < kRows; ++row) {
      std::array<std::size_t, kHeight> sizes;
      for (std::size_t level = 0; level < kHeight; ++level) {
        sizes[level] = FirstKept(row * kHeight + level, leaves);
      }
      rows_[row].Restart(sizes, leaves >> kHeight * (row + 1));
    }
  }

  void CopySiblings(std::size_t leaf, std::size_t levels, Digest* out) const {
    const detail::TileRow* row = rows_.data();
    for (; levels >= kHeight; levels -= kHeight, leaf >>= kHeight, out += kHeight) {
      (row++)->CopySiblings(leaf, kHeight, out);
    }
    if (levels > 0) row->CopySiblings(leaf, levels, out);
  }

  // What is allocated, tables included.
  [[nodiscard]] std::size_t allocated_bytes() const {
    std::size_t bytes = 0;
    for (const detail::TileRow& row : rows_) bytes += row.allocated_bytes();
    return bytes;
  }

  // The sequence of the leaves kept, as the codec sees it.
  using value_type = Digest;
  static constexpr std::size_t kMax = kBound;

  [[nodiscard]] std::size_t size() const { return Size(0) - pruned_; }
  [[nodiscard]] auto begin() const { return Iterator<const detail::TileRow>{&rows_[0], pruned_}; }
  [[nodiscard]] auto end() const { return Iterator<const detail::TileRow>{&rows_[0], Size(0)}; }
  [[nodiscard]] auto begin() { return Iterator<detail::TileRow>{&rows_[0], pruned_}; }
  [[nodiscard]] auto end() { return Iterator<detail::TileRow>{&rows_[0], Size(0)}; }

  // No node at any level.
  void Clear() { Restart(0); }

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
      const std::span<const Digest> left = a.Run(0, a.pruned_ + i);
      const std::span<const Digest> right = b.Run(0, b.pruned_ + i);
      const std::size_t both = (std::min)(left.size(), right.size());
      if (!std::ranges::equal(left.first(both), right.first(both))) return false;
      i += both;
    }
    return true;
  }

 private:
  static constexpr std::size_t kRows = (kLevels + kHeight - 1) / kHeight;

  // From one leaf to the next, for range loops.
  template <typename Row>
  struct Iterator {
    Row* row;
    std::size_t index;
    auto& operator*() const { return row->Node(0, index); }
    Iterator& operator++() {
      ++index;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index == b.index; }
  };

  std::array<detail::TileRow, kRows> rows_;
  std::size_t pruned_ = 0;
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
