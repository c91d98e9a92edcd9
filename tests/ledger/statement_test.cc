// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/statement.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

StatementPage Page(std::uint64_t height, std::vector<AccountEntry> entries) {
  return {Height(height), *Bounded<AccountEntry, kMaxPageEntries>::From(std::move(entries))};
}
AccountEntry Entry(std::uint64_t index, Int128 amount) { return {LogIndex(index), Of(amount)}; }

struct Statement {
  StatementEnds ends{};
  std::vector<StatementPage> pages{};

  [[nodiscard]] Reason Check() const { return CheckStatement(Sha256(), ends, pages); }
};

// Two entries before, then three pages of 1, 2 and 1 entries at heights 12, 13 and 20.
Statement SomeStatement() {
  Statement statement;
  std::vector<std::byte> scratch;
  AccountLeaf leaf{.balance = Of(100), .entries = 2, .history = Digest::FromNumber(7)};
  statement.ends = {.opening = leaf, .after = Height(11), .until = Height(20)};
  statement.pages = {Page(12, {Entry(40, -30)}), Page(13, {Entry(41, 5), Entry(47, 0)}),
                     Page(20, {Entry(60, 25)})};
  for (const StatementPage& page : statement.pages) {
    leaf.history = ExtendHistory(Sha256(), leaf.history, page.height, page.entries, scratch);
    leaf.entries += page.entries.size();
  }
  leaf.balance = Of(100);
  statement.ends.closing = leaf;
  return statement;
}

TEST(Statement, HoldsForExactlyTheEntriesBetween) { EXPECT_TRUE(SomeStatement().Check().ok()); }

TEST(Statement, OfNothingHoldsWhereNothingHappened) {
  Statement statement = SomeStatement();
  statement.pages.clear();
  statement.ends.closing = statement.ends.opening;
  EXPECT_TRUE(statement.Check().ok());
  statement.ends.until = *statement.ends.after;
  EXPECT_TRUE(statement.Check().ok());
  statement.ends.until = Height(10);
  EXPECT_EQ(statement.Check(), LedgerReason::kBadPeriod);
}

TEST(Statement, FromGenesisBeginsWithTheBlockAtHeightZero) {
  Statement statement;
  std::vector<std::byte> scratch;
  statement.pages = {Page(0, {Entry(0, 9)})};
  statement.ends.until = Height(0);
  statement.ends.closing = {
      .balance = Of(9),
      .entries = 1,
      .history = ExtendHistory(Sha256(), Digest(), Height(0), statement.pages[0].entries, scratch)};
  EXPECT_TRUE(statement.Check().ok());
  statement.ends.after = Height(0);
  EXPECT_EQ(statement.Check(), LedgerReason::kBadPeriod);
}

TEST(Statement, TheHistoryIsTheHashThatIsDocumented) {
  const StatementPage page = Page(3, {Entry(1, -2), Entry(5, 7)});
  std::vector<std::byte> input(16);
  input[0] = std::byte{0x08};
  AppendEncoding(input, Digest::FromNumber(9));
  AppendEncoding(input, page);
  std::vector<std::byte> scratch;
  EXPECT_EQ(ExtendHistory(Sha256(), Digest::FromNumber(9), page.height, page.entries, scratch),
            Sha256().Hash(ByteView(input)));
}

struct Forgery {
  const char* name;
  std::function<void(Statement&)> forge;
  LedgerReason reason;
};

// Every way in which an entry can be left out, added, changed, moved or told in another order.
const std::vector<Forgery>& Forgeries() {
  static const std::vector<Forgery> forgeries = {
      {"the first page is left out", [](Statement& s) { s.pages.erase(s.pages.begin()); },
       LedgerReason::kEntriesMissing},
      {"the last page is left out", [](Statement& s) { s.pages.pop_back(); },
       LedgerReason::kEntriesMissing},
      {"an entry of nothing is left out", [](Statement& s) { s.pages[1].entries.PopBack(); },
       LedgerReason::kEntriesMissing},
      {"an entry is left out and another doubled",
       [](Statement& s) {
         s.pages[1].entries.PopBack();
         EXPECT_TRUE(s.pages[2].entries.Add(Entry(61, 0)));
       },
       LedgerReason::kRootMismatch},
      {"an amount is changed", [](Statement& s) { s.pages[0].entries[0].amount = Of(-29); },
       LedgerReason::kTotalMismatch},
      {"two amounts are changed",
       [](Statement& s) {
         s.pages[0].entries[0].amount = Of(-29);
         s.pages[2].entries[0].amount = Of(24);
       },
       LedgerReason::kRootMismatch},
      {"a receipt is changed",
       [](Statement& s) { s.pages[1].entries[0].index = LogIndex(std::uint64_t{42}); },
       LedgerReason::kRootMismatch},
      {"receipts do not rise",
       [](Statement& s) { s.pages[1].entries[1].index = LogIndex(std::uint64_t{41}); },
       LedgerReason::kBadPeriod},
      {"receipts fall from page to page",
       [](Statement& s) { s.pages[2].entries[0].index = LogIndex(std::uint64_t{46}); },
       LedgerReason::kBadPeriod},
      {"a page is moved to another height", [](Statement& s) { s.pages[1].height = Height(14); },
       LedgerReason::kRootMismatch},
      {"a page lies before the period", [](Statement& s) { s.pages[0].height = Height(11); },
       LedgerReason::kBadPeriod},
      {"a page lies after the period", [](Statement& s) { s.ends.until = Height(19); },
       LedgerReason::kBadPeriod},
      {"two pages are of one height", [](Statement& s) { s.pages[1].height = Height(12); },
       LedgerReason::kBadPeriod},
      {"two pages are made one",
       [](Statement& s) {
         EXPECT_TRUE(s.pages[1].entries.Add(s.pages[2].entries[0]));
         s.pages.pop_back();
       },
       LedgerReason::kRootMismatch},
      {"a page is empty", [](Statement& s) { s.pages[0].entries.Clear(); },
       LedgerReason::kBadPeriod},
      {"the opening balance is another", [](Statement& s) { s.ends.opening.balance = Of(99); },
       LedgerReason::kTotalMismatch},
      {"the opening history is another",
       [](Statement& s) { s.ends.opening.history = Digest::FromNumber(8); },
       LedgerReason::kRootMismatch},
      {"the opening count is another", [](Statement& s) { s.ends.opening.entries = 1; },
       LedgerReason::kEntriesMissing},
  };
  return forgeries;
}

TEST(Statement, IsRefusedWhereAnythingIsForged) {
  for (const Forgery& forgery : Forgeries()) {
    Statement statement = SomeStatement();
    forgery.forge(statement);
    EXPECT_EQ(statement.Check(), forgery.reason) << forgery.name;
  }
}

TEST(Statement, OfABalanceThatLeaves128BitsOverflows) {
  Statement statement = SomeStatement();
  statement.ends.opening.balance = Of(kMin<Int128>);
  EXPECT_EQ(statement.Check(), BaseReason::kOverflow);
}

}  // namespace
}  // namespace settle::test
