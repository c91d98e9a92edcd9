// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How a Merkle tree is served in files: the tiles of C2SP tlog-tiles (c2sp.org/tlog-tiles). Pure
// arithmetic and text; whoever serves or fetches does the rest.
//
// Tile n of tile level L holds 256 neighbouring nodes of the tree's level 8 L, from node 256 n on:
// their digests, one after the other, and nothing of the levels between, which are hashed from
// them. The last tile of a level may be partial. A whole tile never changes, so that any cache may
// keep it for ever.
//
//   tile/0/x001/x234/067        tile 1234067 of level 0, whole
//   tile/1/004.p/37             tile 4 of level 1, of which there are 37 digests so far
//   tile/entries/x001/234       the 256 leaves themselves, as the host writes them
//
//   ForEachNewTile({.older = 1000, .newer = 1300}, [&](const Tile& tile) {   // after appending
//     Write(TilePath(tile), ...the nodes (8 tile.level, FirstNode(tile) + i), i < tile.width...);
//   });
//   NodePlace place = PlaceOf(level, index, size);                           // before proving
//   ...fetch TilePath(place.tile) and hash place.count digests from place.first on...

#ifndef SETTLE_LEDGER_TILES_H_
#define SETTLE_LEDGER_TILES_H_

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/ledger/consistency.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

// Digests in a whole tile, and the levels of the tree from one tile level to the next.
inline constexpr std::uint32_t kTileWidth = 256;
inline constexpr std::size_t kTileHeight = 8;

// Tile levels are below this: a tree of 2^64 - 1 leaves has digests in eight.
inline constexpr std::uint8_t kTileLevels = 64;

struct Tile {
  std::uint8_t level = 0;            // below kTileLevels
  std::uint64_t index = 0;           // from the left
  std::uint32_t width = kTileWidth;  // digests in it, 1 to kTileWidth
  friend constexpr auto operator<=>(const Tile&, const Tile&) = default;
};

// The number of the tile's first node at the tree's level 8 tile.level; index is below 2^56.
[[nodiscard]] constexpr std::uint64_t FirstNode(const Tile& tile) {
  return tile.index * kTileWidth;
}

// Tile `index` of `level` in a tree of `size` leaves. Errors: LedgerReason::kBadIndex where the
// tree has no digest in it.
[[nodiscard]] constexpr Result<Tile> TileAt(std::uint8_t level, std::uint64_t index,
                                            std::uint64_t size) {
  const std::size_t height = kTileHeight * level;
  const std::uint64_t nodes = height >= 64 ? 0 : size >> height;
  if (index > nodes / kTileWidth || index * kTileWidth == nodes) return LedgerReason::kBadIndex;
  const std::uint64_t width = (std::min<std::uint64_t>)(kTileWidth, nodes - index * kTileWidth);
  return Tile{.level = level, .index = index, .width = static_cast<std::uint32_t>(width)};
}

// Where a complete node is found: it is the root of `count` digests of a tile from `first` on.
struct NodePlace {
  Tile tile{};
  std::uint32_t first = 0;
  std::uint32_t count = 0;  // 2^(level % 8)
};

// The place of node `index` of `level` in a tree of `size` leaves. Errors: LedgerReason::kBadIndex
// where that is not complete.
[[nodiscard]] constexpr Result<NodePlace> PlaceOf(std::size_t level, std::uint64_t index,
                                                  std::uint64_t size) {
  if (level >= 64 || index >= size >> level) return LedgerReason::kBadIndex;
  const std::size_t above = level % kTileHeight;
  const std::uint64_t first = index << above;
  const Result<Tile> tile =
      TileAt(static_cast<std::uint8_t>(level / kTileHeight), first / kTileWidth, size);
  if (!tile.ok()) return tile.reason();
  return NodePlace{.tile = *tile,
                   .first = static_cast<std::uint32_t>(first % kTileWidth),
                   .count = std::uint32_t{1} << above};
}

// Calls visit(tile) for each tile that a tree of `sizes.newer` leaves has and one of `sizes.older`
// has not, or with fewer digests: what a host writes when its tree has grown. Level by level from
// 0, each from left to right.
template <typename Visit>
constexpr void ForEachNewTile(const TreeSizes& sizes, const Visit& visit) {
  for (std::uint8_t level = 0; kTileHeight * level < 64; ++level) {
    const std::uint64_t nodes = sizes.newer >> (kTileHeight * level);
    if (nodes == 0) return;
    std::uint64_t first = sizes.older >> (kTileHeight * level);
    for (; first < nodes; first = (first / kTileWidth + 1) * kTileWidth) {
      visit(*TileAt(level, first / kTileWidth, sizes.newer));
      if (nodes - first <= kTileWidth - first % kTileWidth) break;
    }
  }
}

namespace detail {

// "x001/x234/067": three digits an element, an x before each but the last.
inline void AppendTileIndex(std::string& path, std::uint64_t index) {
  std::uint64_t unit = 1;
  while (index / unit >= 1000) unit *= 1000;
  for (; unit > 0; unit /= 1000) {
    const std::uint64_t element = index / unit % 1000;
    path += unit > 1 ? "/x" : "/";
    path += static_cast<char>('0' + element / 100);
    path += static_cast<char>('0' + element / 10 % 10);
    path += static_cast<char>('0' + element % 10);
  }
}

inline void AppendNumber(std::string& path, std::uint32_t number) {
  if (number >= 10) AppendNumber(path, number / 10);
  path += static_cast<char>('0' + number % 10);
}

inline std::string TileName(std::string_view folder, std::uint64_t index, std::uint32_t width) {
  std::string path(folder);
  AppendTileIndex(path, index);
  if (width < kTileWidth) {
    path += ".p/";
    AppendNumber(path, width);
  }
  return path;
}

// A reader of names, from the front. What it does not accept leaves it where it was.
class NameReader {
 public:
  explicit NameReader(std::string_view rest) : rest_(rest) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }

  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  // A number of at most `digits` digits without a leading zero.
  [[nodiscard]] Result<std::uint32_t> TakeNumber(std::size_t digits) {
    std::uint32_t number = 0;
    std::size_t used = 0;
    for (; used < rest_.size() && used < digits && IsDigit(rest_[used]); ++used) {
      number = 10 * number + Value(rest_[used]);
    }
    if (used == 0 || (used > 1 && rest_[0] == '0')) return BaseReason::kNotANumber;
    rest_.remove_prefix(used);
    return number;
  }

  // What AppendTileIndex writes. Errors: kNotANumber, kNotCanonical for a leading element of zeros,
  // kOverflow.
  [[nodiscard]] Result<std::uint64_t> TakeIndex() {
    std::uint64_t index = 0;
    for (bool first = true, last = false; !last; first = false) {
      if (!Take("/")) return BaseReason::kNotANumber;
      last = !Take("x");
      if (rest_.size() < 3 || !IsDigit(rest_[0]) || !IsDigit(rest_[1]) || !IsDigit(rest_[2])) {
        return BaseReason::kNotANumber;
      }
      const std::uint32_t element = 100 * Value(rest_[0]) + 10 * Value(rest_[1]) + Value(rest_[2]);
      rest_.remove_prefix(3);
      if (first && !last && element == 0) return BaseReason::kNotCanonical;
      if (__builtin_mul_overflow(index, std::uint64_t{1000}, &index) ||
          __builtin_add_overflow(index, std::uint64_t{element}, &index)) {
        return BaseReason::kOverflow;
      }
    }
    return index;
  }

  // ".p/37" or nothing, to the end of the name.
  [[nodiscard]] Result<std::uint32_t> TakeWidth() {
    std::uint32_t width = kTileWidth;
    if (Take(".p/")) {
      const Result<std::uint32_t> number = TakeNumber(3);
      if (!number.ok()) return number;
      width = *number;
      if (width == 0 || width >= kTileWidth) return BaseReason::kOutOfRange;
    }
    if (!empty()) return BaseReason::kTrailingBytes;
    return width;
  }

 private:
  static bool IsDigit(char letter) { return letter >= '0' && letter <= '9'; }
  static std::uint32_t Value(char digit) { return static_cast<std::uint32_t>(digit - '0'); }

  std::string_view rest_;
};

inline constexpr std::string_view kTileFolder = "tile/";
inline constexpr std::string_view kEntriesFolder = "tile/entries";

}  // namespace detail

// The path of a tile: "tile/0/x001/x234/067.p/5". level < kTileLevels, 0 < width <= kTileWidth.
[[nodiscard]] inline std::string TilePath(const Tile& tile) {
  std::string folder(detail::kTileFolder);
  detail::AppendNumber(folder, tile.level);
  return detail::TileName(folder, tile.index, tile.width);
}

// The path of the leaves whose digests stand in a tile of level 0; the level is not looked at.
[[nodiscard]] inline std::string EntriesPath(const Tile& tile) {
  return detail::TileName(detail::kEntriesFolder, tile.index, tile.width);
}

// The tile of a path that TilePath writes, and of no other. Errors: BaseReason::kNotANumber where
// the form is wrong, kOutOfRange for a level or width that no tile has, kNotCanonical for zeros in
// front of an index, kOverflow for one beyond 64 bits, kTrailingBytes for what follows.
[[nodiscard]] inline Result<Tile> ParseTilePath(std::string_view path) {
  detail::NameReader reader(path);
  if (!reader.Take(detail::kTileFolder)) return BaseReason::kNotANumber;
  const Result<std::uint32_t> level = reader.TakeNumber(2);
  if (!level.ok()) return level.reason();
  if (*level >= kTileLevels) return BaseReason::kOutOfRange;
  const Result<std::uint64_t> index = reader.TakeIndex();
  if (!index.ok()) return index.reason();
  const Result<std::uint32_t> width = reader.TakeWidth();
  if (!width.ok()) return width.reason();
  return Tile{.level = static_cast<std::uint8_t>(*level), .index = *index, .width = *width};
}

// The same of a path that EntriesPath writes, as the tile of level 0.
[[nodiscard]] inline Result<Tile> ParseEntriesPath(std::string_view path) {
  detail::NameReader reader(path);
  if (!reader.Take(detail::kEntriesFolder)) return BaseReason::kNotANumber;
  const Result<std::uint64_t> index = reader.TakeIndex();
  if (!index.ok()) return index.reason();
  const Result<std::uint32_t> width = reader.TakeWidth();
  if (!width.ok()) return width.reason();
  return Tile{.level = 0, .index = *index, .width = *width};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_TILES_H_
