// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/tiles.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/tree_view.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::NumberedLeaves;

// A directory of tiles, as a host writes it and anybody reads it.
using Directory = std::map<std::string, std::vector<Digest>>;

void WriteTiles(Directory& directory, const Accumulator<>& tree, const TreeSizes& sizes) {
  ForEachNewTile(sizes, [&](const Tile& tile) {
    std::vector<Digest> digests;
    for (std::uint32_t i = 0; i < tile.width; ++i) {
      digests.push_back(tree.store().Node(kTileHeight * tile.level, FirstNode(tile) + i));
    }
    const auto [place, added] = directory.emplace(TilePath(tile), digests);
    EXPECT_TRUE(added) << place->first << " was written already";
  });
}

// The complete nodes of a tree of which there are only tiles.
class TileReader {
 public:
  TileReader(const Directory& directory, std::uint64_t size) : directory_(directory), size_(size) {}

  Digest Node(std::size_t level, std::uint64_t index) const {
    const Result<NodePlace> place = PlaceOf(level, index, size_);
    EXPECT_TRUE(place.ok()) << level << " " << index;
    const auto file = directory_.find(TilePath(place->tile));
    if (file == directory_.end() || file->second.size() != place->tile.width) {
      ADD_FAILURE() << "not there: " << TilePath(place->tile);
      return Digest();
    }
    return test::ReferenceRoot(std::span(file->second).subspan(place->first, place->count));
  }

 private:
  const Directory& directory_;
  std::uint64_t size_;
};

TEST(Tiles, ServeATreeThatIsReadBackWithAllItsProofs) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(70'000);
  Accumulator<> tree;
  Directory directory;
  for (const std::uint64_t size :
       {1u, 255u, 256u, 257u, 1000u, 5000u, 65'535u, 65'536u, 66'000u, 70'000u}) {
    const std::uint64_t before = tree.size();
    ASSERT_TRUE(tree.AppendDigests(std::span(leaves).subspan(before, size - before)).ok());
    WriteTiles(directory, tree, {.older = before, .newer = size});
    const Sha256 hasher;
    const TileReader nodes(directory, size);
    const TreeView view(hasher, nodes, size);
    ASSERT_EQ(view.Head(), tree.Head());
    for (int round = 0; round < 10; ++round) {
      std::array<Digest, kMaxRangeLength> path;
      const LogIndex index(random.Below(size));
      auto length = view.ProveInclusion(index, path);
      ASSERT_TRUE(length.ok());
      EXPECT_EQ(VerifyInclusion(hasher, leaves[index.value()], index, tree.Head(),
                                std::span(path).first(*length)),
                Reason());
      const std::uint64_t older = random.Between(1, size);
      length = view.ProveConsistency({0, older}, path);
      ASSERT_TRUE(length.ok());
      EXPECT_EQ(VerifyConsistency(hasher, {.older = *tree.HeadAt(older), .newer = tree.Head()},
                                  std::span(path).first(*length)),
                Reason());
    }
  }
  EXPECT_TRUE(directory.contains("tile/0/000.p/1"));
  EXPECT_TRUE(directory.contains("tile/0/272"));
  EXPECT_TRUE(directory.contains("tile/1/001.p/17"));
  EXPECT_TRUE(directory.contains("tile/2/000.p/1"));
}

TEST(Tiles, AreNewExactlyWhereATreeHasGrown) {
  const auto tiles_of = [](std::uint64_t size) {
    std::set<Tile> tiles;
    for (std::uint8_t level = 0; level < 8; ++level) {
      for (std::uint64_t index = 0;; ++index) {
        const Result<Tile> tile = TileAt(level, index, size);
        if (!tile.ok()) break;
        tiles.insert(*tile);
      }
    }
    return tiles;
  };
  test::Random random;
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t older = random.Below(70'000);
    const std::uint64_t newer = older + random.Below(random.Chance(1, 2) ? 600 : 70'000);
    const std::set<Tile> had = tiles_of(older);
    std::set<Tile> expected = tiles_of(newer);
    for (const Tile& tile : had) expected.erase(tile);
    std::set<Tile> visited;
    ForEachNewTile({.older = older, .newer = newer},
                   [&](const Tile& tile) { EXPECT_TRUE(visited.insert(tile).second); });
    ASSERT_EQ(visited, expected) << older << " to " << newer;
  }
}

TEST(Tiles, HoldEveryCompleteNodeOnce) {
  for (const std::uint64_t size : {1u, 200u, 256u, 700u, 70'000u}) {
    for (std::size_t level = 0; size >> level != 0; ++level) {
      for (std::uint64_t index = 0; index < size >> level; index += level < 4 ? 37 : 1) {
        const Result<NodePlace> place = PlaceOf(level, index, size);
        ASSERT_TRUE(place.ok());
        ASSERT_LE(place->first + place->count, place->tile.width);
        // Its digests are those of its leaves.
        const std::size_t below = kTileHeight * place->tile.level;
        ASSERT_EQ((FirstNode(place->tile) + place->first) << below, index << level);
        ASSERT_EQ(std::uint64_t{place->count} << below, std::uint64_t{1} << level);
      }
      EXPECT_EQ(PlaceOf(level, size >> level, size).reason(), LedgerReason::kBadIndex);
    }
    EXPECT_EQ(PlaceOf(64, 0, size).reason(), LedgerReason::kBadIndex);
  }
}

TEST(Tiles, AreThereForTheLargestTree) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(TileAt(0, kLargest / 256, kLargest)->width, 255u);
  EXPECT_EQ(TileAt(0, kLargest / 256 + 1, kLargest).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(TileAt(0, kLargest, kLargest).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(TileAt(7, 0, kLargest)->width, 255u);
  EXPECT_EQ(TileAt(8, 0, kLargest).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(TileAt(63, 0, kLargest).reason(), LedgerReason::kBadIndex);
  EXPECT_EQ(PlaceOf(63, 0, kLargest)->count, 128u);
  EXPECT_EQ(PlaceOf(0, kLargest, kLargest).reason(), LedgerReason::kBadIndex);
  std::vector<Tile> last;
  ForEachNewTile({.older = kLargest - 1, .newer = kLargest},
                 [&](const Tile& tile) { last.push_back(tile); });
  EXPECT_EQ(last.size(), 1u);
}

struct Path {
  Tile tile;
  std::string_view path;
  std::string_view entries;
};

constexpr Path kPaths[] = {
    {{0, 0, 256}, "tile/0/000", "tile/entries/000"},
    {{0, 7, 1}, "tile/0/007.p/1", "tile/entries/007.p/1"},
    {{1, 999, 255}, "tile/1/999.p/255", "tile/entries/999.p/255"},
    {{2, 1000, 256}, "tile/2/x001/000", "tile/entries/x001/000"},
    {{0, 1'234'067, 256}, "tile/0/x001/x234/067", "tile/entries/x001/x234/067"},
    {{63, 1'234'067, 5}, "tile/63/x001/x234/067.p/5", "tile/entries/x001/x234/067.p/5"},
    {{7, std::numeric_limits<std::uint64_t>::max(), 256},
     "tile/7/x018/x446/x744/x073/x709/x551/615",
     "tile/entries/x018/x446/x744/x073/x709/x551/615"},
};

TEST(Tiles, HaveThePathsOfC2spAndAreReadBackFromThem) {
  for (const Path& row : kPaths) {
    EXPECT_EQ(TilePath(row.tile), row.path);
    EXPECT_EQ(EntriesPath(row.tile), row.entries);
    const Result<Tile> tile = ParseTilePath(row.path);
    ASSERT_TRUE(tile.ok()) << row.path;
    EXPECT_EQ(*tile, row.tile);
    const Result<Tile> entries = ParseEntriesPath(row.entries);
    ASSERT_TRUE(entries.ok()) << row.entries;
    EXPECT_EQ(*entries, (Tile{0, row.tile.index, row.tile.width}));
  }
  test::Random random;
  for (int round = 0; round < 2000; ++round) {
    const Tile tile{static_cast<std::uint8_t>(random.Below(64)), random.Edge<std::uint64_t>(),
                    static_cast<std::uint32_t>(random.Between(1, 256))};
    ASSERT_EQ(*ParseTilePath(TilePath(tile)), tile);
  }
}

TEST(Tiles, RefuseEveryOtherSpellingOfAPath) {
  constexpr struct {
    std::string_view path;
    BaseReason reason;
  } kRefused[] = {
      {"", BaseReason::kNotANumber},
      {"tile/", BaseReason::kNotANumber},
      {"/tile/0/000", BaseReason::kNotANumber},
      {"tiles/0/000", BaseReason::kNotANumber},
      {"tile/0", BaseReason::kNotANumber},
      {"tile/0/", BaseReason::kNotANumber},
      {"tile/x/000", BaseReason::kNotANumber},
      {"tile/-1/000", BaseReason::kNotANumber},
      {"tile/+1/000", BaseReason::kNotANumber},
      {"tile/00/000", BaseReason::kNotANumber},
      {"tile/01/000", BaseReason::kNotANumber},
      {"tile/100/000", BaseReason::kNotANumber},
      {"tile/64/000", BaseReason::kOutOfRange},
      {"tile/0/0", BaseReason::kNotANumber},
      {"tile/0/00", BaseReason::kNotANumber},
      {"tile/0/x001", BaseReason::kNotANumber},
      {"tile/0/x001/", BaseReason::kNotANumber},
      {"tile/0/001/000", BaseReason::kTrailingBytes},
      {"tile/0/x000/001", BaseReason::kNotCanonical},
      {"tile/0/X001/000", BaseReason::kNotANumber},
      {"tile/0/0000", BaseReason::kTrailingBytes},
      {"tile/0/000.p", BaseReason::kTrailingBytes},
      {"tile/0/000.p/", BaseReason::kNotANumber},
      {"tile/0/000.p/0", BaseReason::kOutOfRange},
      {"tile/0/000.p/05", BaseReason::kNotANumber},
      {"tile/0/000.p/256", BaseReason::kOutOfRange},
      {"tile/0/000.p/999", BaseReason::kOutOfRange},
      {"tile/0/000.p/1000", BaseReason::kTrailingBytes},
      {"tile/0/000.p/5/", BaseReason::kTrailingBytes},
      {"tile/0/000 ", BaseReason::kTrailingBytes},
      {"tile/7/x018/x446/x744/x073/x709/x551/616", BaseReason::kOverflow},
      {"tile/7/x001/x000/x000/x000/x000/x000/x000/000", BaseReason::kOverflow},
  };
  for (const auto& row : kRefused) {
    EXPECT_EQ(ParseTilePath(row.path).reason(), row.reason) << row.path;
  }
  EXPECT_FALSE(ParseEntriesPath("tile/0/000").ok());
  EXPECT_FALSE(ParseEntriesPath("tile/entries").ok());
  EXPECT_FALSE(ParseTilePath("tile/entries/000").ok());
}

// Whatever is read is what would be written: one spelling for each tile.
TEST(Tiles, AcceptNoMutatedPathButThatOfAnotherTile) {
  test::Random random;
  constexpr std::string_view kLetters = "0123456789x/.p";
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string path(kPaths[random.Below(std::size(kPaths))].path);
    for (std::uint64_t i = random.Between(1, 3); i > 0; --i) {
      const std::size_t at = random.Below(path.size());
      const char letter = kLetters[random.Below(kLetters.size())];
      const std::uint64_t how = random.Below(3);
      if (how == 0) path[at] = letter;
      if (how == 1) path.insert(at, 1, letter);
      if (how == 2) path.erase(at, 1);
    }
    const Result<Tile> tile = ParseTilePath(path);
    if (!tile.ok()) continue;
    ++accepted;
    ASSERT_EQ(TilePath(*tile), path);
  }
  EXPECT_GT(accepted, 500u);
}

TEST(Tiles, AreNamedAsThoseOfARealLog) {
  constexpr std::string_view kFolder = "ct-navigli2025h2/testdata/navigli2025h2";
  const std::vector<std::string> files = test::ListVectors(std::string(kFolder) + "/tile/0", "");
  if (files.empty()) GTEST_SKIP() << test::Missing(kFolder);
  for (const std::string& file : files) {
    const std::string_view path = std::string_view(file).substr(kFolder.size() + 1);
    const Result<Tile> tile = ParseTilePath(path);
    ASSERT_TRUE(tile.ok()) << path;
    EXPECT_EQ(TilePath(*tile), path);
    EXPECT_EQ(test::ReadVectorText(file)->size(), Digest::kSize * tile->width) << path;
  }
  EXPECT_EQ(files.size(), 5u);
  test::CountVectors("ct-navigli2025h2/tiles", files.size());
}

}  // namespace
}  // namespace settle
