// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Paths of tiles: what is read is what would be written.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settle/ledger/tiles.h"
#include "tests/fuzz/fuzz_target.h"

namespace settle::test {
namespace {

int FuzzTilePath(const std::uint8_t* data, std::size_t size) {
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  if (const Result<Tile> tile = ParseTilePath(path); tile.ok()) {
    if (TilePath(*tile) != path) return 1;
    if (tile->level >= kTileLevels || tile->width == 0 || tile->width > kTileWidth) return 2;
  }
  if (const Result<Tile> tile = ParseEntriesPath(path); tile.ok()) {
    if (EntriesPath(*tile) != path) return 3;
  }
  return 0;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (const std::string_view path :
       {"tile/0/000", "tile/63/x001/x234/067.p/5", "tile/7/x018/x446/x744/x073/x709/x551/615",
        "tile/entries/x001/000.p/255"}) {
    const ByteView bytes = AsBytes(path);
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

const FuzzTarget kTarget("TilePath", FuzzTilePath, Seeds);

}  // namespace
}  // namespace settle::test
