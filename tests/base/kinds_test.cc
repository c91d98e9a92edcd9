// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/kinds.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/support/golden.h"

namespace settle {
namespace {

TEST(Kinds, TableIsThatOfTheGoldenFile) {
  std::vector<std::string> lines;
  for (const KindEntry& entry : kKinds) {
    lines.push_back(std::to_string(static_cast<std::uint32_t>(entry.kind)) + " " +
                    std::to_string(entry.version) + " " + std::string(entry.name));
  }
  EXPECT_EQ(lines, test::GoldenLines("kinds.txt"));
}

TEST(Kinds, EveryNumberOfTheEnumHasARowAndNoOtherNumberHas) {
  std::size_t found = 0;
  for (std::uint32_t number = 0; number < 70000; ++number) {
    const KindEntry* entry = FindKind(Kind{number});
    EXPECT_EQ(IsKnownEnumerator(Kind{number}), entry != nullptr);
    if (entry == nullptr) continue;
    EXPECT_EQ(entry->kind, Kind{number});
    ++found;
  }
  EXPECT_EQ(found, kKinds.size());
  EXPECT_EQ(FindKind(Kind{0}), nullptr);
  EXPECT_EQ(FindKind(Kind{0xffffffff}), nullptr);
}

TEST(Kinds, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (const KindEntry& entry : kKinds) names.insert(entry.name);
  EXPECT_EQ(names.size(), kKinds.size());
}

TEST(Kinds, SignedAndStoredNeverShareANumber) {
  EXPECT_TRUE(IsSignedKind(Kind{4095}));
  EXPECT_FALSE(IsSignedKind(Kind{4096}));
  for (const KindEntry& entry : kKinds) {
    EXPECT_EQ(IsSignedKind(entry.kind), entry.version == 0) << entry.name;
  }
  static_assert(IsSignedKind(Kind::kCommit) && !IsSignedKind(Kind::kHeader));
}

TEST(Kinds, FirstBytesOfARecordAreNeverThoseOfSignedBytes) {
  // "sett", little-endian: signed bytes begin with a tag and not with a kind.
  EXPECT_EQ(FindKind(Kind{0x74746573}), nullptr);
}

}  // namespace
}  // namespace settle
