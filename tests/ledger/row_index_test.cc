// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/detail/row_index.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>

namespace settle::test {
namespace {

using detail::kNoRow;
using detail::RowIndex;

// What an index must do: every row is found under its own hash and under no other.
class Model {
 public:
  void Insert(std::uint64_t hash, std::uint32_t row) {
    slots_[row] = index_.Insert(hash, row);
    hashes_[row] = hash;
  }
  void Erase(std::uint32_t row) {
    index_.Erase(slots_.at(row));
    slots_.erase(row);
    hashes_.erase(row);
  }
  [[nodiscard]] std::uint32_t Find(std::uint64_t hash, std::uint32_t row) const {
    return index_.Find(hash, [row](std::uint32_t at) { return at == row; });
  }
  void ExpectAllFound() const {
    for (const auto& [row, hash] : hashes_) {
      ASSERT_EQ(Find(hash, row), row);
      const std::uint32_t candidate = index_.Candidate(hash);
      ASSERT_TRUE(hashes_.contains(candidate));
      ASSERT_EQ(hashes_.at(candidate) >> 32, hash >> 32);
    }
  }
  [[nodiscard]] const std::map<std::uint32_t, std::uint64_t>& hashes() const { return hashes_; }

 private:
  RowIndex index_{0};
  std::map<std::uint32_t, RowIndex::Slot> slots_;
  std::map<std::uint32_t, std::uint64_t> hashes_;
};

// Rows come and go; the fewer bits the hashes differ in, the more of them pass full lines.
TEST(RowIndex, FindsEveryRowThatCameAndNoneThatWent) {
  for (const std::uint64_t distinct : {1u, 2u, 3u, 7u, 50u, 100'000u}) {
    std::mt19937_64 random(distinct);
    Model model;
    std::uint32_t next = 0;
    for (int step = 0; step < 3000; ++step) {
      const bool grows = model.hashes().size() < 100 ? random() % 8 != 0 : random() % 2 == 0;
      if (grows || model.hashes().empty()) {
        model.Insert((random() % distinct) * 0x9e3779b97f4a7c15, next++);
      } else {
        auto at = model.hashes().begin();
        std::advance(at, static_cast<long>(random() % model.hashes().size()));
        const auto [row, hash] = *at;
        model.Erase(row);
        ASSERT_EQ(model.Find(hash, row), kNoRow);
      }
      if (step % 100 == 0) model.ExpectAllFound();
    }
    while (!model.hashes().empty()) {
      model.Erase(model.hashes().begin()->first);
      if (model.hashes().size() % 50 == 0) model.ExpectAllFound();
    }
  }
}

// More rows of one hash than a line can count as having passed it.
TEST(RowIndex, HoldsAThousandRowsOfOneHash) {
  constexpr std::uint64_t kHash = 0x1234567800000000;
  Model model;
  for (std::uint32_t row = 0; row < 1000; ++row) model.Insert(kHash, row);
  model.ExpectAllFound();
  for (std::uint32_t row = 0; row < 1000; row += 2) model.Erase(row);
  model.ExpectAllFound();
  EXPECT_EQ(model.Find(kHash, 0), kNoRow);
  for (std::uint32_t row = 1; row < 1000; row += 2) model.Erase(row);
  EXPECT_EQ(model.Find(kHash, 1), kNoRow);
  for (std::uint32_t row = 0; row < 1000; ++row) model.Insert(kHash, row);
  model.ExpectAllFound();
}

TEST(RowIndex, ErasesNothingThatIsAbsent) {
  RowIndex index(0);
  const RowIndex::Slot slot = index.Insert(0x1234567800000000, 1);
  index.Erase(0x1234567800000000, 2);
  index.Erase(0x1234567900000000, 1);
  EXPECT_EQ(index.Candidate(0x1234567800000000), 1u);
  index.Erase(slot);
  index.Erase(slot);
  EXPECT_EQ(index.Candidate(0x1234567800000000), kNoRow);
}

TEST(RowIndex, ReservesSoThatNothingGrowsLater) {
  RowIndex index(0);
  index.Reserve(1000);
  const std::size_t bytes = index.bytes();
  for (std::uint32_t row = 0; row < 1000; ++row) index.Insert(index.HashOf(row), row);
  EXPECT_EQ(index.bytes(), bytes);
  index.Clear();
  EXPECT_EQ(index.Candidate(index.HashOf(std::uint32_t{1})), kNoRow);
}

}  // namespace
}  // namespace settle::test
