// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "tests/ledger/world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

LogIndex At(std::uint64_t index) { return LogIndex(index); }

// What a block would have posted: per owner's cash, entries of these receipts and amounts.
class Changes {
 public:
  explicit Changes(std::map<AccountKey, Int128>& balances) : balances_(balances) {}
  Changes& Post(std::uint64_t owner, std::vector<AccountEntry> entries,
                AccountFlags flags = {AccountFlag::kHistory}) {
    AccountChange change{.first_entry = value.entries.size(), .entry_count = entries.size()};
    change.account.key = Cash(owner);
    change.account.flags = flags;
    Int128& balance = balances_[Cash(owner)];
    for (const AccountEntry& entry : entries) balance += entry.amount.value();
    change.account.balance = Of(balance);
    value.accounts.push_back(change);
    value.entries.insert(value.entries.end(), entries.begin(), entries.end());
    return *this;
  }
  LedgerChanges value;

 private:
  std::map<AccountKey, Int128>& balances_;
};

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    Changes first(balances_);
    first.Post(1, {{At(0), Of(100)}, {At(2), Of(-30)}}).Post(2, {{At(2), Of(30)}}, {});
    EXPECT_TRUE(history_.Append(first.value, Height(1), Timestamp(std::uint64_t{10})).ok());
    Changes second(balances_);
    second.Post(1, {{At(3), Of(0)}}).Post(3, {{At(3), Of(5)}, {At(4), Of(6)}});
    EXPECT_TRUE(history_.Append(second.value, Height(2), Timestamp(std::uint64_t{10})).ok());
    Changes third(balances_);
    third.Post(1, {{At(9), Of(7)}});
    EXPECT_TRUE(history_.Append(third.value, Height(5), Timestamp(std::uint64_t{30})).ok());
  }
  std::vector<HistoryLine> Ask(const HistoryQuery& query, std::size_t most = 100) const {
    std::vector<HistoryLine> lines(most);
    const Result<std::size_t> count = history_.Query(query, lines);
    EXPECT_TRUE(count.ok());
    lines.resize(*count);
    return lines;
  }
  std::vector<std::uint64_t> Indexes(const HistoryQuery& query, std::size_t most = 100) const {
    std::vector<std::uint64_t> indexes;
    for (const HistoryLine& line : Ask(query, most)) indexes.push_back(line.index.value());
    return indexes;
  }

  std::map<AccountKey, Int128> balances_;
  History history_{{.capacity = 7, .hash_seed = 3}};
};

TEST_F(HistoryTest, KeepsTheEntriesOfAccountsThatWantItWithTheBalanceAfterEach) {
  const std::vector<HistoryLine> lines = Ask({.account = Cash(1)});
  ASSERT_EQ(lines.size(), 4u);
  const std::int64_t balances[] = {100, 70, 70, 77};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(lines[i].balance, Of(balances[i]));
  EXPECT_EQ(lines[1],
            (HistoryLine{At(2), Height(1), Timestamp(std::uint64_t{10}), Of(-30), Of(70)}));
  EXPECT_TRUE(Ask({.account = Cash(2)}).empty());
  EXPECT_TRUE(Ask({.account = Cash(4)}).empty());
  EXPECT_EQ(history_.size(), 6u);
}

TEST_F(HistoryTest, AnswersEveryConditionInBothOrdersAndPages) {
  using Indices = std::vector<std::uint64_t>;
  const HistoryOrder newest = HistoryOrder::kNewestFirst;
  EXPECT_EQ(Indexes({.account = Cash(1)}), (Indices{0, 2, 3, 9}));
  EXPECT_EQ(Indexes({.account = Cash(1), .order = newest}, 2), (Indices{9, 3}));
  EXPECT_EQ(Indexes({.account = Cash(1), .until_index = At(3), .order = newest}), (Indices{2, 0}));
  EXPECT_EQ(Indexes({.account = Cash(1), .from_index = At(2), .until_height = Height(5)}),
            (Indices{2, 3}));
  EXPECT_EQ(Indexes({.account = Cash(1), .from_time = Timestamp(std::uint64_t{11})}), (Indices{9}));
  EXPECT_EQ(Indexes({.account = Cash(1), .side = HistorySide::kDebits}), (Indices{2}));
  EXPECT_EQ(Indexes({.account = Cash(1), .side = HistorySide::kCredits, .order = newest}, 1),
            (Indices{9}));
  EXPECT_EQ(Indexes({.account = Cash(1), .from_index = At(5), .until_index = At(4)}), Indices());
  EXPECT_EQ(Indexes({.account = Cash(1)}, 0), Indices());
  std::vector<HistoryLine> lines(1);
  EXPECT_EQ(
      history_.Query({.account = Cash(1), .side = static_cast<HistorySide>(0)}, lines).reason(),
      BaseReason::kUnknownEnumerator);
  EXPECT_EQ(
      history_.Query({.account = Cash(1), .order = static_cast<HistoryOrder>(3)}, lines).reason(),
      BaseReason::kUnknownEnumerator);
}

TEST_F(HistoryTest, AddsUpWhatWasPostedOnEachSide) {
  const auto all = history_.TurnoverOf({.account = Cash(1)});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(*all, (Turnover{.debits = Of(30), .credits = Of(107), .entries = 4}));
  const auto later = history_.TurnoverOf({.account = Cash(1), .from_index = At(3)});
  ASSERT_TRUE(later.ok());
  EXPECT_EQ(*later, (Turnover{.debits = Of(0), .credits = Of(7), .entries = 2}));
  const auto debits = history_.TurnoverOf({.account = Cash(1), .side = HistorySide::kDebits});
  ASSERT_TRUE(debits.ok());
  EXPECT_EQ(*debits, (Turnover{.debits = Of(30), .entries = 1}));
  EXPECT_EQ(history_.TurnoverOf({.account = Cash(1), .side = static_cast<HistorySide>(9)}).reason(),
            BaseReason::kUnknownEnumerator);

  History history;
  std::map<AccountKey, Int128> balances;
  Changes changes(balances);
  changes.Post(1, {{At(0), Of(kMax<Int128>)}, {At(1), Of(-1)}, {At(2), Of(1)}});
  ASSERT_TRUE(history.Append(changes.value, Height(1), Timestamp(std::uint64_t{1})).ok());
  EXPECT_EQ(history.TurnoverOf({.account = Cash(1)}).reason(), BaseReason::kOverflow);
  EXPECT_TRUE(history.TurnoverOf({.account = Cash(1), .until_index = At(2)}).ok());
}

TEST_F(HistoryTest, RefusesABlockThatIsNotAfterTheLastAndMoreThanItHasRoomFor) {
  const Fingerprint before = FingerprintOf(history_);
  Changes one(balances_);
  one.Post(3, {{At(10), Of(1)}});
  EXPECT_EQ(history_.Append(one.value, Height(5), Timestamp(std::uint64_t{40})),
            LedgerReason::kBadPeriod);
  EXPECT_EQ(history_.Append(one.value, Height(6), Timestamp(std::uint64_t{29})),
            LedgerReason::kBadPeriod);
  Changes two(balances_);
  two.Post(3, {{At(10), Of(1)}, {At(11), Of(1)}});
  EXPECT_EQ(history_.Append(two.value, Height(6), Timestamp(std::uint64_t{30})), BaseReason::kFull);
  EXPECT_EQ(FingerprintOf(history_), before);
  EXPECT_TRUE(history_.Append(one.value, Height(6), Timestamp(std::uint64_t{30})).ok());
}

TEST_F(HistoryTest, ForgetsWhatIsBeforeAReceiptButNotWhileAMarkIsSet) {
  const Mark mark = *history_.Begin();
  EXPECT_EQ(history_.Forget(At(3)).reason(), BaseReason::kTooManyMarks);
  ASSERT_TRUE(history_.Release(mark).ok());
  const Result<std::size_t> forgotten = history_.Forget(At(3));
  ASSERT_TRUE(forgotten.ok());
  EXPECT_EQ(*forgotten, 2u);
  EXPECT_EQ(Indexes({.account = Cash(1)}), (std::vector<std::uint64_t>{3, 9}));
  EXPECT_EQ(history_.size(), 4u);
}

TEST_F(HistoryTest, MakesThePagesOfAStatement) {
  Bounded<StatementPage, 2> pages;
  ASSERT_TRUE(history_.Pages(Cash(1), Height(1), Height(2), pages).ok());
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(pages[0].height, Height(1));
  EXPECT_EQ(pages[0].entries.size(), 2u);
  EXPECT_EQ(pages[1].entries[0], (AccountEntry{At(3), Of(0)}));
  EXPECT_EQ(history_.Pages(Cash(1), Height(0), Height(9), pages), BaseReason::kTooMany);
}

TEST_F(HistoryTest, IsReadAgainFromItsBytesAndFromNoOthersThatBlocksDoNotMake) {
  const std::vector<std::byte> bytes = Encode(history_);
  History decoded({.capacity = 7});
  ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
  EXPECT_EQ(FingerprintOf(decoded), FingerprintOf(history_));
  EXPECT_EQ(decoded.size(), history_.size());
  History small({.capacity = 5});
  EXPECT_EQ(DecodeInto(bytes, small).reason, BaseReason::kFull);
  // Bytes: has_block, height 8, time 8, count 4; key 24, count 4, lines of 56.
  const std::size_t first_line = 1 + 8 + 8 + 4 + 24 + 4;
  for (const std::size_t at : {std::size_t{0}, first_line, first_line + 8, first_line + 16}) {
    std::vector<std::byte> hostile = bytes;
    hostile[at] = at == 0 ? std::byte{0} : std::byte{99};
    EXPECT_EQ(DecodeInto(hostile, decoded).reason, BaseReason::kNotCanonical) << at;
  }
  // The second account under the first one's key.
  std::vector<std::byte> hostile = bytes;
  const std::size_t second = first_line + 4 * 56;
  std::copy_n(bytes.begin() + 21, 24, hostile.begin() + static_cast<std::ptrdiff_t>(second));
  EXPECT_EQ(DecodeInto(hostile, decoded).reason, BaseReason::kNotCanonical);
}

// C14: several conditions at once, in both orders, with limits, beside a scan of everything. Bounds
// are often equal to what is stored.
TEST(HistoryModel, C14_AnswersAsAScanOfEverythingDoes) {
  Random random;
  std::map<AccountKey, Int128> balances;
  std::map<AccountKey, std::vector<HistoryLine>> model;
  History history({.capacity = 100'000});
  std::uint64_t index = 0;
  std::uint64_t height = 0;
  std::uint64_t time = 0;
  for (int block = 0; block < 200; ++block) {
    height += 1 + random.Below(3);
    time += random.Below(3);
    Changes changes(balances);
    for (std::uint64_t owner = 1; owner <= 4; ++owner) {
      std::vector<AccountEntry> entries;
      for (std::uint64_t i = random.Below(4); i > 0; --i) {
        index += random.Below(3) + (entries.empty() ? 0 : 1);
        entries.push_back({At(index), Of(static_cast<std::int64_t>(random.Below(5)) - 2)});
      }
      ++index;
      const bool keeps = owner < 4 || random.Below(2) == 0;
      Int128 balance = balances[Cash(owner)];
      for (const AccountEntry& entry : entries) {
        balance += entry.amount.value();
        if (!keeps) continue;
        model[Cash(owner)].push_back(
            {entry.index, Height(height), Timestamp(time), entry.amount, Of(balance)});
      }
      changes.Post(owner, entries, keeps ? AccountFlags{AccountFlag::kHistory} : AccountFlags());
    }
    const bool takes_back = random.Below(4) == 0;
    const Fingerprint before = FingerprintOf(history);
    const Mark mark = *history.Begin();
    ASSERT_TRUE(history.Append(changes.value, Height(height), Timestamp(time)).ok());
    if (takes_back) {
      ASSERT_TRUE(history.RevertTo(mark).ok());
      ASSERT_EQ(FingerprintOf(history), before);
      ASSERT_TRUE(history.Append(changes.value, Height(height), Timestamp(time)).ok());
    } else {
      ASSERT_TRUE(history.Release(mark).ok());
    }
  }
  for (int i = 0; i < 5000; ++i) {
    HistoryQuery query{.account = Cash(1 + random.Below(5))};
    if (random.Below(2) == 0) query.from_index = At(random.Below(index + 2));
    if (random.Below(2) == 0) query.until_index = At(random.Below(index + 2));
    if (random.Below(2) == 0) query.from_height = Height(random.Below(height + 2));
    if (random.Below(2) == 0) query.until_height = Height(random.Below(height + 2));
    if (random.Below(2) == 0) query.from_time = Timestamp(random.Below(time + 2));
    if (random.Below(2) == 0) query.until_time = Timestamp(random.Below(time + 2));
    query.side = static_cast<HistorySide>(1 + random.Below(3));
    query.order = static_cast<HistoryOrder>(1 + random.Below(2));
    std::vector<HistoryLine> expected;
    for (const HistoryLine& line : model[query.account]) {
      const bool meets = line.index >= query.from_index && line.index < query.until_index &&
                         line.height >= query.from_height && line.height < query.until_height &&
                         line.time >= query.from_time && line.time < query.until_time;
      const bool is_side = query.side == HistorySide::kAll ||
                           (query.side == HistorySide::kDebits && line.amount < Of(0)) ||
                           (query.side == HistorySide::kCredits && line.amount > Of(0));
      if (meets && is_side) expected.push_back(line);
    }
    if (query.order == HistoryOrder::kNewestFirst) std::ranges::reverse(expected);
    const std::size_t most = random.Below(2) == 0 ? random.Below(20) : 10'000;
    expected.resize(std::min(most, expected.size()));
    std::vector<HistoryLine> lines(most);
    const Result<std::size_t> count = history.Query(query, lines);
    ASSERT_TRUE(count.ok());
    lines.resize(*count);
    ASSERT_EQ(lines, expected);
  }
}

// --- looking up by id ---------------------------------------------------------------------------

TEST(LedgerLookUp, GivesTheVerdictAndTheTransactionOfAnIdUntilItsPeriodHasPassed) {
  TestLedger ledger(SmallOptions());
  ASSERT_TRUE(ledger.Advance(Height(1), Timestamp(std::uint64_t{1})).ok());
  ASSERT_TRUE(Deposit(ledger, 900, 1, 100).ok());
  Transaction hold = Pay({.id = 1, .valid_until = 50, .action = TransactionAction::kHold}, 1, 2, 9);
  hold.terms = HoldTerms{.expires_at = Timestamp(std::uint64_t{40}), .resolver = OwnerOf(1)};
  const Verdict applied = ApplyOne(ledger, hold);
  ASSERT_TRUE(applied.ok());
  const Transaction burnt = Pay({.id = 2, .valid_until = 50}, 1, 2, 900);
  ASSERT_FALSE(ApplyOne(ledger, burnt).ok());

  const auto verdict = ledger.VerdictOf(TransactionId::FromNumber(1));
  ASSERT_TRUE(verdict.has_value());
  EXPECT_EQ(verdict->disposition, Disposition::kRepeated);
  EXPECT_EQ(verdict->index, applied.index);
  EXPECT_EQ(verdict->height, applied.height);
  EXPECT_EQ(Encode(*ledger.TransactionOf(TransactionId::FromNumber(1))), Encode(hold));
  EXPECT_EQ(ledger.VerdictOf(TransactionId::FromNumber(2))->reason, LedgerReason::kBelowFloor);
  EXPECT_FALSE(ledger.TransactionOf(TransactionId::FromNumber(2)).has_value());
  EXPECT_FALSE(ledger.VerdictOf(TransactionId::FromNumber(3)).has_value());

  ASSERT_TRUE(ledger.Advance(Height(2), Timestamp(std::uint64_t{50})).ok());
  EXPECT_FALSE(ledger.VerdictOf(TransactionId::FromNumber(1)).has_value());
  EXPECT_FALSE(ledger.TransactionOf(TransactionId::FromNumber(1)).has_value());
}

}  // namespace
}  // namespace settle::test
