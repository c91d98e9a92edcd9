// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/revertible.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tests/support/random.h"

namespace settle {
namespace {

// A machine that is a list of numbers: cells are written, and cells are added at the end.
class Cells {
 public:
  Result<Mark> Begin() { return log_.Begin(); }
  Reason RevertTo(Mark mark) {
    return log_.RevertTo(mark, [this](const Write& write) {
      if (write.added) {
        cells_.pop_back();
      } else {
        cells_[write.at] = write.before;
      }
    });
  }
  Reason Release(Mark mark) { return log_.Release(mark); }

  void Set(std::size_t at, int value) {
    log_.Record({at, cells_[at], false});
    cells_[at] = value;
  }
  void Add(int value) {
    log_.Record({cells_.size(), 0, true});
    cells_.push_back(value);
  }

  [[nodiscard]] const std::vector<int>& cells() const { return cells_; }
  [[nodiscard]] const auto& log() const { return log_; }

 private:
  struct Write {
    std::size_t at;
    int before;
    bool added;
  };
  std::vector<int> cells_;
  UndoLog<Write> log_;
};

static_assert(Revertible<Cells>);
struct NotRevertible {
  Result<Mark> Begin();
  Reason RevertTo(Mark);
};
static_assert(!Revertible<NotRevertible>);

TEST(UndoLog, RevertUndoesEveryWriteSinceTheMarkInReverse) {
  Cells cells;
  cells.Add(1);
  const Mark mark = *cells.Begin();
  cells.Set(0, 2);
  cells.Set(0, 3);
  cells.Add(4);
  cells.Set(1, 5);
  EXPECT_EQ(cells.cells(), (std::vector<int>{3, 5}));
  EXPECT_TRUE(cells.RevertTo(mark).ok());
  EXPECT_EQ(cells.cells(), (std::vector<int>{1}));
  EXPECT_EQ(cells.log().size(), 0u);
  EXPECT_EQ(cells.log().marks(), 0u);
}

TEST(UndoLog, KeepsNothingWithoutAMark) {
  Cells cells;
  cells.Add(1);
  cells.Set(0, 2);
  EXPECT_FALSE(cells.log().recording());
  EXPECT_EQ(cells.log().size(), 0u);
  const Mark mark = *cells.Begin();
  cells.Set(0, 3);
  EXPECT_TRUE(cells.log().recording());
  EXPECT_EQ(cells.log().size(), 1u);
  EXPECT_TRUE(cells.Release(mark).ok());
  EXPECT_FALSE(cells.log().recording());
  EXPECT_EQ(cells.log().size(), 0u);
  EXPECT_EQ(cells.cells(), (std::vector<int>{3}));
}

TEST(UndoLog, RevertToTheMiddleForgetsTheMarksAfterIt) {
  Cells cells;
  const Mark first = *cells.Begin();
  cells.Add(1);
  const Mark second = *cells.Begin();
  cells.Add(2);
  const Mark third = *cells.Begin();
  cells.Add(3);
  EXPECT_TRUE(cells.RevertTo(second).ok());
  EXPECT_EQ(cells.cells(), (std::vector<int>{1}));
  EXPECT_EQ(cells.RevertTo(second), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.RevertTo(third), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.Release(third), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.cells(), (std::vector<int>{1}));
  EXPECT_TRUE(cells.RevertTo(first).ok());
  EXPECT_TRUE(cells.cells().empty());
}

TEST(UndoLog, ReleasingTheOldestKeepsWhatTheOthersUndo) {
  Cells cells;
  const Mark first = *cells.Begin();
  cells.Add(1);
  cells.Add(2);
  const Mark second = *cells.Begin();
  cells.Add(3);
  EXPECT_TRUE(cells.Release(first).ok());
  EXPECT_EQ(cells.log().size(), 1u);  // the two writes that nothing can undo are gone
  EXPECT_EQ(cells.RevertTo(first), BaseReason::kNoSuchMark);
  EXPECT_TRUE(cells.RevertTo(second).ok());
  EXPECT_EQ(cells.cells(), (std::vector<int>{1, 2}));
}

TEST(UndoLog, ReleasingAnInnerMarkLeavesItsWritesToTheOuterOne) {
  Cells cells;
  cells.Add(0);
  const Mark outer = *cells.Begin();
  cells.Set(0, 1);
  const Mark inner = *cells.Begin();
  cells.Set(0, 2);
  const Mark innermost = *cells.Begin();
  cells.Set(0, 3);
  EXPECT_TRUE(cells.Release(inner).ok());
  EXPECT_TRUE(cells.RevertTo(innermost).ok());
  EXPECT_EQ(cells.cells()[0], 2);
  EXPECT_TRUE(cells.RevertTo(outer).ok());
  EXPECT_EQ(cells.cells()[0], 0);
}

TEST(UndoLog, NinthMarkIsRefusedAndChangesNothing) {
  Cells cells;
  std::vector<Mark> marks;
  for (std::size_t i = 0; i < kMaxMarks; ++i) {
    const Result<Mark> mark = cells.Begin();
    ASSERT_TRUE(mark.ok());
    marks.push_back(*mark);
    cells.Add(static_cast<int>(i));
  }
  EXPECT_EQ(kMaxMarks, 8u);
  EXPECT_EQ(cells.Begin().reason(), BaseReason::kTooManyMarks);
  EXPECT_EQ(cells.log().marks(), 8u);
  EXPECT_EQ(cells.log().size(), 8u);
  EXPECT_TRUE(cells.Release(marks[0]).ok());
  EXPECT_TRUE(cells.Begin().ok());
  EXPECT_TRUE(cells.RevertTo(marks[1]).ok());
  EXPECT_EQ(cells.cells(), (std::vector<int>{0}));
}

TEST(UndoLog, MarksThatWereNeverSetAreRefused) {
  Cells cells;
  EXPECT_EQ(cells.RevertTo(Mark{}), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.Release(Mark{}), BaseReason::kNoSuchMark);
  const Mark mark = *cells.Begin();
  cells.Add(1);
  EXPECT_EQ(cells.RevertTo(Mark{}), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.RevertTo(Mark{mark.serial + 1}), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.Release(Mark{mark.serial + 1}), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.cells(), (std::vector<int>{1}));
  EXPECT_EQ(cells.log().marks(), 1u);
}

TEST(UndoLog, SerialOfAMarkIsNeverUsedAgain) {
  Cells cells;
  const Mark reverted = *cells.Begin();
  EXPECT_TRUE(cells.RevertTo(reverted).ok());
  const Mark released = *cells.Begin();
  EXPECT_NE(released, reverted);
  EXPECT_TRUE(cells.Release(released).ok());
  const Mark current = *cells.Begin();
  EXPECT_NE(current, released);
  cells.Add(1);
  EXPECT_EQ(cells.RevertTo(reverted), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.RevertTo(released), BaseReason::kNoSuchMark);
  EXPECT_EQ(cells.cells().size(), 1u);
}

TEST(UndoLog, AgreesWithCopiesUnderAnyOrderOfOperations) {
  // The obvious way: a copy of everything at each mark.
  struct Copy {
    Mark mark;
    std::vector<int> cells;
  };
  test::Random random;
  std::size_t reverts = 0;
  std::size_t releases = 0;
  std::size_t refused = 0;
  for (int run = 0; run < 300; ++run) {
    Cells cells;
    std::vector<int> model;
    std::vector<Copy> copies;
    std::vector<Mark> gone = {Mark{}};
    for (int step = 0; step < 120; ++step) {
      const std::uint64_t choice = random.Below(10);
      const int value = static_cast<int>(random.Below(1000));
      if (choice < 4 && !model.empty()) {
        const auto at = static_cast<std::size_t>(random.Below(model.size()));
        cells.Set(at, value);
        model[at] = value;
      } else if (choice < 6) {
        cells.Add(value);
        model.push_back(value);
      } else if (choice < 8) {
        const Result<Mark> mark = cells.Begin();
        ASSERT_EQ(mark.ok(), copies.size() < kMaxMarks);
        if (mark.ok()) copies.push_back({*mark, model});
        refused += mark.ok() ? 0 : 1;
      } else if (choice == 8) {
        ASSERT_EQ(cells.RevertTo(random.Pick(gone)), BaseReason::kNoSuchMark);
        ASSERT_EQ(cells.Release(random.Pick(gone)), BaseReason::kNoSuchMark);
      } else if (!copies.empty()) {
        const auto at = static_cast<std::ptrdiff_t>(random.Below(copies.size()));
        const auto chosen = copies.begin() + at;
        if (random.Chance(1, 2)) {
          ASSERT_TRUE(cells.RevertTo(chosen->mark).ok());
          model = chosen->cells;
          for (auto later = chosen; later != copies.end(); ++later) gone.push_back(later->mark);
          copies.erase(chosen, copies.end());
          ++reverts;
        } else {
          ASSERT_TRUE(cells.Release(chosen->mark).ok());
          gone.push_back(chosen->mark);
          copies.erase(chosen);
          ++releases;
        }
      }
      ASSERT_EQ(cells.cells(), model);
      ASSERT_EQ(cells.log().marks(), copies.size());
      ASSERT_EQ(cells.log().recording(), !copies.empty());
      ASSERT_TRUE(!copies.empty() || cells.log().size() == 0);
    }
  }
  EXPECT_GT(reverts, 500u);
  EXPECT_GT(releases, 500u);
  EXPECT_GT(refused, 10u);
}

}  // namespace
}  // namespace settle
