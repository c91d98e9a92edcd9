// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Some levels of a Merkle tree in memory, cut into tiles: what lies above 512 neighbours of the
// lowest level lies beside them. A path to the root then meets one tile for nine levels, so that
// finding its nodes costs little beyond the nodes themselves.
//
//        +-----------+-----------+-----+
//        |     o     |     o     |     |      tiles of two levels; the next row of tiles begins
//        |   o   o   |   o   o   | o   |      with the parents of their tops
//        +-----------+-----------+-----+

#ifndef SETTLE_LEDGER_DETAIL_DIGEST_TILES_H_
#define SETTLE_LEDGER_DETAIL_DIGEST_TILES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// A row of tiles. Its levels are counted from 0, their nodes from the tree's left edge. Nodes come
// and go at the end of a level; tiles go at the left edge too and never move.
//
// In a tile with room for n nodes of level 0, node i of level l stands in slot (n + i) >> l, as in
// a heap: each pair of siblings in one cache line, and a node's slot is half of its child's. The
// first tile doubles from one pair, because trees are often small: all have the room of 512 nodes
// once there is a second. At 32 KiB a tile, the room not used of the last tile of each row and the
// table of tiles come to less than a quarter of a byte a leaf from 2^20 leaves on, and nothing
// larger than a tile is ever copied but that table.
class TileRow {
 public:
  static constexpr std::size_t kHeight = 9;
  static constexpr std::size_t kWidth = std::size_t{1} << kHeight;
  static constexpr std::size_t kAlignment = 64;

  TileRow() = default;
  TileRow(const TileRow& other)
      : sizes_(other.sizes_), first_tile_(other.first_tile_), room_(other.room_) {
    tiles_.reserve(other.tiles_.size());
    for (const Tile& tile : other.tiles_) {
      tiles_.push_back(MakeTile(room_));
      std::copy_n(tile.get(), Slots(room_), tiles_.back().get());
    }
  }
  TileRow(TileRow&& other) noexcept { Swap(other); }
  TileRow& operator=(TileRow other) noexcept {
    Swap(other);
    return *this;
  }
  ~TileRow() = default;

  // How many nodes `level` has, those before the first tile counted. level < kHeight
  [[nodiscard]] std::size_t Size(std::size_t level) const { return sizes_[level]; }

  // index < Size(level), and not before the first tile
  [[nodiscard]] const Digest& Node(std::size_t level, std::size_t index) const {
    return *Slot(level, index);
  }
  [[nodiscard]] Digest& Node(std::size_t level, std::size_t index) { return *Slot(level, index); }

  // The nodes from `index` on as far as they lie in one piece, which ends with the level or between
  // two pairs.
  [[nodiscard]] std::span<const Digest> Run(std::size_t level, std::size_t index) const {
    const std::size_t width = kWidth >> level;
    return {Slot(level, index), (std::min)(width - index % width, sizes_[level] - index)};
  }

  // Adds between one and `count` nodes, as many as lie in one piece, and answers where they are,
  // for the caller to write. count > 0
  [[nodiscard]] std::span<Digest> Extend(std::size_t level, std::size_t count) {
    const std::size_t index = sizes_[level];
    if (room_ < kWidth && index == room_ >> level) Grow(index + count);
    if ((index >> (kHeight - level)) == first_tile_ + tiles_.size()) {
      tiles_.push_back(MakeTile(kWidth));
    }
    const std::size_t width = kWidth >> level;
    const std::size_t added = (std::min)(count, (room_ >> level) - index % width);
    sizes_[level] += added;
    return {Slot(level, index), added};
  }

  // Takes away all but the first `count` nodes; that of level 0 frees the tiles after them, so the
  // levels above must follow. count <= Size(level)
  void Truncate(std::size_t level, std::size_t count) {
    sizes_[level] = count;
    if (level > 0) return;
    tiles_.resize((count + kWidth - 1) / kWidth - first_tile_);
    if (tiles_.empty() && first_tile_ == 0) room_ = 0;
  }

  // Frees the tiles before number `tile`, which all are whole.
  void Prune(std::size_t tile) {
    const auto count = static_cast<std::ptrdiff_t>(tile - first_tile_);
    tiles_.erase(tiles_.begin(), tiles_.begin() + count);
    first_tile_ = tile;
  }

  // No node, and the next of each level is number `sizes[level]`, in tile `first_tile`.
  void Restart(const std::array<std::size_t, kHeight>& sizes, std::size_t first_tile) {
    tiles_.clear();
    sizes_ = sizes;
    first_tile_ = first_tile;
    room_ = sizes[0] == 0 && first_tile == 0 ? 0 : kWidth;
  }

  // Writes the siblings of node `index` of level 0 and of its ancestors, `levels` in all, which all
  // are there. levels <= kHeight
  void CopySiblings(std::size_t index, std::size_t levels, Digest* out) const {
    const Digest* const tile = tiles_[index / kWidth - first_tile_].get();
    const std::size_t slot = room_ + index % kWidth;
    constexpr auto kAll = std::make_index_sequence<kHeight>();
    if (levels == kHeight) {
      CopyAll(tile, slot, out, kAll);
    } else {
      CopyFirst(tile, slot, levels, out, kAll);
    }
  }

  // What is allocated, the table of tiles included.
  [[nodiscard]] std::size_t allocated_bytes() const {
    return tiles_.size() * Slots(room_) * sizeof(Digest) + tiles_.capacity() * sizeof(Tile);
  }

 private:
  struct Free {
    void operator()(Digest* tile) const { ::operator delete (tile, std::align_val_t{kAlignment}); }
  };
  using Tile = std::unique_ptr<Digest[], Free>;

  [[nodiscard]] static constexpr std::size_t Slots(std::size_t room) { return 2 * room; }

  [[nodiscard]] static Tile MakeTile(std::size_t room) {
    void* const memory =
        ::operator new (Slots(room) * sizeof(Digest), std::align_val_t{kAlignment});
    auto* const first = static_cast<Digest*>(memory);
    std::uninitialized_default_construct_n(first, Slots(room));
    return Tile(first);
  }

  // Neither has a loop, whose end a processor would guess wrong: that, and a few instructions a
  // level, cost as much as the copies, which otherwise overlap with those of the next path.
  template <std::size_t... kLevel>
  static void CopyAll(const Digest* tile, std::size_t slot, Digest* out,
                      std::index_sequence<kLevel...>) {
    ((out[kLevel] = tile[(slot >> kLevel) ^ 1]), ...);
  }
  template <std::size_t... kLevel>
  static void CopyFirst(const Digest* tile, std::size_t slot, std::size_t levels, Digest* out,
                        std::index_sequence<kLevel...>) {
    (void)((kLevel < levels && (out[kLevel] = tile[(slot >> kLevel) ^ 1], true)) && ...);
  }

  [[nodiscard]] Digest* Slot(std::size_t level, std::size_t index) const {
    return tiles_[(index >> (kHeight - level)) - first_tile_].get() + (room_ >> level) +
           index % (kWidth >> level);
  }

  // The first tile, larger: room for at least one node more, and for `wanted` if a tile has it.
  void Grow(std::size_t wanted) {
    std::size_t room = (std::max<std::size_t>)(2, 2 * room_);
    while (room < kWidth && room < wanted) room *= 2;
    Tile larger = MakeTile(room);
    for (std::size_t level = 0; level < kHeight && !tiles_.empty(); ++level) {
      std::copy_n(tiles_[0].get() + (room_ >> level), sizes_[level],
                  larger.get() + (room >> level));
    }
    tiles_.resize(1);
    tiles_[0] = std::move(larger);
    room_ = room;
  }

  void Swap(TileRow& other) noexcept {
    tiles_.swap(other.tiles_);
    sizes_.swap(other.sizes_);
    std::swap(first_tile_, other.first_tile_);
    std::swap(room_, other.room_);
  }

  std::vector<Tile> tiles_;
  std::array<std::size_t, kHeight> sizes_{};
  std::size_t first_tile_ = 0;  // the number of tiles_[0]
  std::size_t room_ = 0;        // nodes of level 0 that each tile holds
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_DIGEST_TILES_H_
