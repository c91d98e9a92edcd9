// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/changes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "settle/base/codec.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr std::uint64_t kSoon = 50;

HoldTerms TimedUntil(std::uint64_t time, bool in_parts = false) {
  return {.kind = HoldKind::kTimed,
          .in_parts = in_parts,
          .expires_at = Timestamp(time),
          .resolver = OwnerOf(1)};
}

struct World {
  TestLedger ledger{SmallOptions()};
  Mark mark{};

  World() {
    EXPECT_TRUE(ledger.Advance(Height(1), Timestamp(std::uint64_t{1})).ok());
    EXPECT_TRUE(Deposit(ledger, 901, 1, 1000).ok());
    EXPECT_TRUE(Deposit(ledger, 902, 2, 1000).ok());
    mark = *ledger.Begin();
  }
  Verdict Apply(const Transaction& transaction) { return ApplyOne(ledger, transaction); }
  LedgerChanges Changes() {
    LedgerChanges changes;
    EXPECT_TRUE(ledger.ChangesSince(mark, changes).ok());
    return changes;
  }
};

std::vector<AccountEntry> EntriesOf(const LedgerChanges& changes, const AccountKey& key) {
  for (const AccountChange& change : changes.accounts) {
    if (change.account.key != key) continue;
    const auto entries = changes.entries_of(change);
    return {entries.begin(), entries.end()};
  }
  return {};
}

TEST(LedgerChanges, AreNoneWhereNothingWasWritten) {
  World world;
  const LedgerChanges changes = world.Changes();
  EXPECT_TRUE(changes.accounts.empty());
  EXPECT_TRUE(changes.entries.empty());
  EXPECT_TRUE(changes.holds.empty());
}

TEST(LedgerChanges, GiveEachAccountsEntriesInTheOrderOfReceipts) {
  World world;
  EXPECT_TRUE(world.Apply(Pay({.id = 1, .valid_until = kSoon}, 1, 2, 10)).ok());  // index 2
  EXPECT_TRUE(world.Apply(Pay({.id = 2, .valid_until = kSoon}, 2, 3, 25)).ok());  // index 3
  EXPECT_FALSE(world.Apply(Pay({.id = 3, .valid_until = kSoon}, 3, 1, 999)).ok());
  EXPECT_TRUE(world.Apply(Pay({.id = 4, .valid_until = kSoon}, 1, 2, 7)).ok());  // index 4
  const LedgerChanges changes = world.Changes();
  ASSERT_EQ(changes.accounts.size(), 3u);
  const std::vector<AccountEntry> first = {{LogIndex(std::uint64_t{2}), Of(-10)},
                                           {LogIndex(std::uint64_t{4}), Of(-7)}};
  const std::vector<AccountEntry> second = {{LogIndex(std::uint64_t{2}), Of(10)},
                                            {LogIndex(std::uint64_t{3}), Of(-25)},
                                            {LogIndex(std::uint64_t{4}), Of(7)}};
  const std::vector<AccountEntry> third = {{LogIndex(std::uint64_t{3}), Of(25)}};
  EXPECT_EQ(EntriesOf(changes, Cash(1)), first);
  EXPECT_EQ(EntriesOf(changes, Cash(2)), second);
  EXPECT_EQ(EntriesOf(changes, Cash(3)), third);
  EXPECT_EQ(changes.accounts[0].account.entries, 3u);  // with the deposit before the mark
  EXPECT_EQ(changes.accounts[0].account.balance, Of(983));
}

TEST(LedgerChanges, CountSeveralLegsOfOneTransactionAsOneEntry) {
  World world;
  const Transaction transaction = Make({.id = 1, .valid_until = kSoon}, {{Cash(1), Of(-5)},
                                                                         {Cash(2), Of(9)},
                                                                         {Cash(1), Of(-4)},
                                                                         {Cash(3), Of(2)},
                                                                         {Cash(3), Of(-2)}});
  EXPECT_TRUE(world.Apply(transaction).ok());
  const LedgerChanges changes = world.Changes();
  const LogIndex index(std::uint64_t{2});
  EXPECT_EQ(EntriesOf(changes, Cash(1)), (std::vector<AccountEntry>{{index, Of(-9)}}));
  EXPECT_EQ(EntriesOf(changes, Cash(3)), (std::vector<AccountEntry>{{index, Of(0)}}));
}

TEST(LedgerChanges, NameReservationsWithoutEntriesAndPostsWithThem) {
  World world;
  Transaction hold =
      Pay({.id = 1, .valid_until = kSoon, .action = TransactionAction::kHold}, 1, 2, 100);
  hold.terms = TimedUntil(kSoon, true);
  EXPECT_TRUE(world.Apply(hold).ok());
  LedgerChanges changes = world.Changes();
  ASSERT_EQ(changes.accounts.size(), 2u);
  EXPECT_EQ(changes.accounts[0].entry_count, 0u);
  EXPECT_EQ(changes.accounts[0].pending.debits, Of(100));
  EXPECT_EQ(changes.holds, std::vector{TransactionId::FromNumber(1)});

  const Transaction post = Pay({.id = 2,
                                .valid_until = kSoon,
                                .transaction_class = TransactionClass::kPromised,
                                .action = TransactionAction::kPost,
                                .target = 1},
                               1, 2, 60);
  EXPECT_TRUE(world.Apply(post).ok());
  changes = world.Changes();
  EXPECT_EQ(EntriesOf(changes, Cash(1)),
            (std::vector<AccountEntry>{{LogIndex(std::uint64_t{3}), Of(-60)}}));
  EXPECT_EQ(changes.accounts[0].pending.debits, Of(40));
  EXPECT_EQ(changes.holds.size(), 1u);
}

TEST(LedgerChanges, NameHoldsThatEndByTimeAlone) {
  World world;
  Transaction hold =
      Pay({.id = 1, .valid_until = kSoon, .action = TransactionAction::kHold}, 1, 2, 100);
  hold.terms = TimedUntil(10);
  EXPECT_TRUE(world.Apply(hold).ok());
  ASSERT_TRUE(world.ledger.Release(world.mark).ok());
  world.mark = *world.ledger.Begin();
  ASSERT_TRUE(world.ledger.Advance(Height(2), Timestamp(std::uint64_t{10})).ok());
  const LedgerChanges changes = world.Changes();
  EXPECT_EQ(changes.accounts.size(), 2u);
  EXPECT_TRUE(changes.entries.empty());
  EXPECT_EQ(changes.holds, std::vector{TransactionId::FromNumber(1)});
}

TEST(LedgerChanges, AreRefusedForAMarkThatIsNotSet) {
  World world;
  ASSERT_TRUE(world.ledger.Release(world.mark).ok());
  LedgerChanges changes;
  EXPECT_EQ(world.ledger.ChangesSince(world.mark, changes), BaseReason::kNoSuchMark);
  EXPECT_EQ(world.ledger.ForEachIdSince(world.mark, [](std::uint64_t, const IdState&) {}),
            BaseReason::kNoSuchMark);
}

TEST(LedgerChanges, VisitTheIdsThatWereRemembered) {
  World world;
  EXPECT_TRUE(world.Apply(Pay({.id = 1, .valid_until = 45}, 1, 2, 10)).ok());
  EXPECT_FALSE(world.Apply(Pay({.id = 2, .valid_until = 15}, 1, 2, 5000)).ok());  // burnt
  EXPECT_FALSE(world.Apply(Pay({.id = 3, .valid_until = 500}, 1, 2, 1)).ok());    // no trace
  EXPECT_TRUE(world.Apply(Pay({.id = 4, .valid_until = 44}, 1, 2, 10)).ok());
  EXPECT_TRUE(world.Apply(Pay({.id = 1, .valid_until = 45}, 1, 2, 10)).ok());  // again
  std::vector<IdState> seen;
  std::vector<std::uint64_t> periods;
  ASSERT_TRUE(world.ledger
                  .ForEachIdSince(world.mark,
                                  [&](std::uint64_t period, const IdState& id) {
                                    seen.push_back(id);
                                    periods.push_back(period);
                                  })
                  .ok());
  EXPECT_EQ(periods, (std::vector<std::uint64_t>{1, 4, 4}));
  const LedgerState state = world.ledger.State();
  ASSERT_EQ(seen.size(), 3u);
  // Those of the deposits, valid until 2, come first in the state.
  ASSERT_EQ(state.ids.size(), 5u);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(Encode(seen[i]), Encode(state.ids[i + 2]));
  }
}

// Between random calls, the changes are the difference of what was and what is.
TEST(LedgerChanges, AreTheDifferenceOfTwoStates) {
  Random random;
  TestLedger ledger(SmallOptions());
  std::uint64_t id = 1;
  for (std::uint64_t round = 1; round < 300; ++round) {
    const Mark mark = *ledger.Begin();
    std::map<AccountKey, AccountState> before;
    ledger.ForEachAccount([&](const AccountState& state) { before[state.key] = state; });
    ASSERT_TRUE(ledger.Advance(Height(round), Timestamp(round * 7)).ok());
    for (std::uint64_t i = random.Below(6); i > 0; --i, ++id) {
      if (random.Below(3) == 0) {
        (void)Deposit(ledger, id, 1 + random.Below(5), 1 + static_cast<int>(random.Below(50)));
        continue;
      }
      Transaction pay =
          Pay({.id = id, .valid_until = ledger.now().value() + 20}, 1 + random.Below(5),
              1 + random.Below(5), 1 + static_cast<int>(random.Below(60)));
      if (random.Below(3) == 0) {
        pay.header.action = TransactionAction::kHold;
        pay.terms = TimedUntil(ledger.now().value() + 1 + random.Below(30));
      }
      (void)ApplyOne(ledger, pay);
    }
    LedgerChanges changes;
    ASSERT_TRUE(ledger.ChangesSince(mark, changes).ok());
    std::map<AccountKey, const AccountChange*> changed;
    for (const AccountChange& change : changes.accounts) {
      ASSERT_TRUE(changed.emplace(change.account.key, &change).second) << "twice";
    }
    std::size_t entries = 0;
    ledger.ForEachAccount([&](const AccountState& now) {
      const auto found = changed.find(now.key);
      if (found == changed.end()) {
        ASSERT_EQ(Encode(now), Encode(before[now.key]));
        return;
      }
      ASSERT_EQ(Encode(now), Encode(found->second->account));
      ASSERT_EQ(found->second->pending, ledger.PendingOf(now.key));
      Amount balance = before[now.key].balance;
      LogIndex last;
      for (const AccountEntry& entry : changes.entries_of(*found->second)) {
        ASSERT_TRUE(AddTo(balance, entry.amount));
        ASSERT_LT(entry.index, ledger.next_index());
        ASSERT_TRUE(last == LogIndex() || last < entry.index);
        last = entry.index;
      }
      ASSERT_EQ(balance, now.balance);
      ASSERT_EQ(before[now.key].entries + found->second->entry_count, now.entries);
      entries += found->second->entry_count;
    });
    ASSERT_EQ(entries, changes.entries.size());
    if (random.Below(4) == 0) {
      ASSERT_TRUE(ledger.RevertTo(mark).ok());
    } else {
      ASSERT_TRUE(ledger.Release(mark).ok());
    }
  }
}

}  // namespace
}  // namespace settle::test
