// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/state_commitment.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "tests/ledger/world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

HoldTerms TimedUntil(std::uint64_t time) {
  return {.kind = HoldKind::kTimed,
          .in_parts = true,
          .expires_at = Timestamp(time),
          .resolver = OwnerOf(1)};
}

// A ledger and the commitment to it, marked together, and every page there ever was.
class World {
 public:
  explicit World(std::uint64_t seed = 0, const LedgerOptions& options = SmallOptions())
      : ledger_(options), commitment_(seed) {}

  struct Marks {
    Mark ledger;
    Mark commitment;
  };
  Marks Begin() { return {*ledger_.Begin(), *commitment_.Begin()}; }

  // One block: advances, lets `apply` do what it wants, and takes it in.
  template <typename Apply>
  void Block(const Marks& marks, std::uint64_t height, std::uint64_t now, Apply&& apply) {
    ASSERT_TRUE(ledger_.Advance(Height(height), Timestamp(now)).ok());
    apply(ledger_);
    LedgerChanges changes;
    ASSERT_TRUE(ledger_.ChangesSince(marks.ledger, changes).ok());
    ASSERT_TRUE(commitment_.Update(ledger_, marks.ledger, changes).ok());
    std::vector<std::byte> scratch;
    for (const AccountChange& change : changes.accounts) {
      if (change.entry_count == 0) continue;
      Digest& history = histories_[change.account.key];
      history =
          ExtendHistory(Sha256(), history, Height(height), changes.entries_of(change), scratch);
    }
  }
  void Release(const Marks& marks) {
    ASSERT_TRUE(ledger_.Release(marks.ledger).ok());
    ASSERT_TRUE(commitment_.Release(marks.commitment).ok());
  }
  void RevertTo(const Marks& marks) {
    ASSERT_TRUE(ledger_.RevertTo(marks.ledger).ok());
    ASSERT_TRUE(commitment_.RevertTo(marks.commitment).ok());
  }

  std::vector<Digest> Histories() const {
    std::vector<Digest> histories;
    ledger_.ForEachAccount([&](const AccountState& account) {
      const auto found = histories_.find(account.key);
      histories.push_back(found == histories_.end() ? Digest() : found->second);
    });
    return histories;
  }

  TestLedger ledger_;
  LedgerCommitment<> commitment_;
  std::map<AccountKey, Digest> histories_;
};

void SomeBlocks(World& world) {
  world.Block(world.Begin(), 0, 1, [](TestLedger& ledger) {
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      EXPECT_TRUE(Deposit(ledger, 900 + owner, owner, 1000).ok());
    }
  });
  world.Block(world.Begin(), 1, 5, [](TestLedger& ledger) {
    EXPECT_TRUE(ApplyOne(ledger, Pay({.id = 1, .valid_until = 60}, 1, 2, 10)).ok());
    EXPECT_FALSE(ApplyOne(ledger, Pay({.id = 2, .valid_until = 70}, 1, 2, 5000)).ok());
    Transaction hold =
        Pay({.id = 3, .valid_until = 61, .action = TransactionAction::kHold}, 2, 4, 70);
    hold.terms = TimedUntil(40);
    EXPECT_TRUE(ApplyOne(ledger, hold).ok());
  });
}

TEST(LedgerCommitment, HoldsAccountsHoldsAndIds) {
  World world;
  SomeBlocks(world);
  const AccountLeaf* leaf = world.commitment_.accounts().Find(Cash(2));
  ASSERT_NE(leaf, nullptr);
  EXPECT_EQ(leaf->balance, Of(1010));
  EXPECT_EQ(leaf->pending, (Pending{Of(70), Of(0)}));
  EXPECT_EQ(leaf->entries, 2u);
  EXPECT_EQ(leaf->history, world.histories_[Cash(2)]);
  // Opened by the promise alone.
  leaf = world.commitment_.accounts().Find(Cash(4));
  ASSERT_NE(leaf, nullptr);
  EXPECT_EQ(*leaf, (AccountLeaf{.pending = {Of(0), Of(70)}, .number = 4}));
  EXPECT_EQ(world.commitment_.accounts().Find(Cash(5)), nullptr);

  std::vector<std::byte> input(16);
  input[0] = std::byte{0x0a};
  AppendEncoding(input, *world.ledger_.HoldOf(TransactionId::FromNumber(3)));
  ASSERT_NE(world.commitment_.holds().Find(TransactionId::FromNumber(3)), nullptr);
  EXPECT_EQ(*world.commitment_.holds().Find(TransactionId::FromNumber(3)),
            Sha256().Hash(ByteView(input)));

  // Periods of ten: the last instants of the ids are 59, 69 and 60.
  ASSERT_NE(world.commitment_.ids().Find(5), nullptr);
  EXPECT_EQ(world.commitment_.ids().Find(5)->count, 1u);
  EXPECT_EQ(world.commitment_.ids().Find(6)->count, 2u);
  input.assign(16, std::byte{0});
  input[0] = std::byte{0x09};
  AppendEncoding(input, Digest());
  const LedgerState state = world.ledger_.State();
  AppendEncoding(input, state.ids[4]);
  AppendEncoding(input, state.ids[5]);
  EXPECT_EQ(state.ids[4].header.id, TransactionId::FromNumber(2));
  EXPECT_EQ(world.commitment_.ids().Find(6)->chain, Sha256().Hash(ByteView(input)));
}

TEST(LedgerCommitment, DropsHoldsThatAreOverAndPeriodsThatHavePassed) {
  World world;
  SomeBlocks(world);
  const World::Marks marks = world.Begin();
  const StateCommitment before = world.commitment_.Head(Digest());
  world.Block(marks, 2, 40, [](TestLedger&) {});
  EXPECT_EQ(world.commitment_.holds().size(), 0u);
  EXPECT_EQ(world.commitment_.ids().Find(0), nullptr);  // the deposits'
  EXPECT_NE(world.commitment_.ids().Find(5), nullptr);
  EXPECT_EQ(world.commitment_.accounts().Find(Cash(2))->pending, Pending());
  const World::Marks later = world.Begin();
  world.Block(later, 3, kMax<std::uint64_t>, [](TestLedger&) {});  // however far log time jumps
  EXPECT_EQ(world.commitment_.ids().size(), 0u);
  world.RevertTo(marks);
  EXPECT_EQ(world.commitment_.Head(Digest()), before);
  EXPECT_NE(world.commitment_.ids().Find(0), nullptr);
}

TEST(LedgerCommitment, DropsThePeriodsBeforeTheEndOfTime) {
  LedgerOptions options = SmallOptions();
  options.id_period = Duration(1);
  World world(0, options);
  const std::uint64_t now = kMax<std::uint64_t> - 90;
  world.Block(world.Begin(), 0, now,
              [](TestLedger& ledger) { EXPECT_TRUE(Deposit(ledger, 1, 1, 1000).ok()); });
  EXPECT_EQ(world.commitment_.ids().size(), 1u);
  world.Block(world.Begin(), 1, now + 10, [](TestLedger&) {});
  EXPECT_EQ(world.commitment_.ids().size(), 0u);
}

TEST(LedgerCommitment, ChangesWithEveryPartOfIt) {
  World world;
  SomeBlocks(world);
  const StateCommitment head = world.commitment_.Head(Digest::FromNumber(1));
  EXPECT_NE(Encode(head), Encode(world.commitment_.Head(Digest::FromNumber(2))));
}

TEST(LedgerCommitment, IsRecoveredFromTheLedgerAndTheHistoriesAndFromNothingElse) {
  World world;
  SomeBlocks(world);
  const StateCommitment head = world.commitment_.Head(Digest());
  const LedgerState state = world.ledger_.State();
  const auto recover = [&](const LedgerState& from, std::vector<Digest> histories,
                           const StateCommitment& expected) {
    const auto ledger = TestLedger::Recover(from, SmallOptions());
    EXPECT_TRUE(ledger.ok());
    LedgerCommitment<> recovered(77);
    const StateCommitment empty = recovered.Head(Digest());
    const Reason reason = recovered.Recover(*ledger, histories, expected);
    EXPECT_EQ(recovered.Head(Digest()), reason.ok() ? head : empty);
    return reason;
  };
  EXPECT_TRUE(recover(state, world.Histories(), head).ok());

  std::vector<Digest> histories = world.Histories();
  histories[1] = Digest::FromNumber(1);
  EXPECT_EQ(recover(state, histories, head), LedgerReason::kRootMismatch);
  histories.pop_back();
  EXPECT_EQ(recover(state, histories, head), LedgerReason::kBadSize);

  LedgerState other = state;
  ASSERT_TRUE(AddTo(other.accounts[1].balance, Of(1)));
  ASSERT_TRUE(AddTo(other.accounts[2].balance, Of(-1)));
  EXPECT_EQ(recover(other, world.Histories(), head), LedgerReason::kRootMismatch);
  other = state;
  ++other.accounts[1].entries;
  EXPECT_EQ(recover(other, world.Histories(), head), LedgerReason::kRootMismatch);
  other = state;
  other.accounts[2].flags = {AccountFlag::kHistory};
  EXPECT_EQ(recover(other, world.Histories(), head), LedgerReason::kRootMismatch);
  // The same accounts in another order, in which the ids would name others.
  other = state;
  histories = world.Histories();
  std::swap(other.accounts[1], other.accounts[3]);
  std::swap(histories[1], histories[3]);
  EXPECT_EQ(recover(other, histories, head), LedgerReason::kRootMismatch);
  other = state;
  other.holds[0].terms.resolver = OwnerOf(2);
  EXPECT_EQ(recover(other, world.Histories(), head), LedgerReason::kRootMismatch);
  other = state;
  other.ids[3].legs[0].amount = Of(-11);
  EXPECT_EQ(recover(other, world.Histories(), head), LedgerReason::kRootMismatch);
  other = state;
  other.ids[4].refusal_code = 24;
  EXPECT_EQ(recover(other, world.Histories(), head), LedgerReason::kRootMismatch);
}

// Random blocks, some taken back: what is kept up block by block is what is built of the whole.
TEST(LedgerCommitment, IsThatOfTheWholeLedgerAfterEveryBlock) {
  Random random;
  World world(5);
  std::uint64_t id = 1;
  std::uint64_t now = 1;
  for (std::uint64_t height = 0; height < 250; ++height) {
    const World::Marks marks = world.Begin();
    const std::map<AccountKey, Digest> histories = world.histories_;
    const StateCommitment before = world.commitment_.Head(Digest());
    now += random.Below(9);
    world.Block(marks, height, now, [&](TestLedger& ledger) {
      for (std::uint64_t i = random.Below(7); i > 0; --i, ++id) {
        const std::uint64_t from = 1 + random.Below(9);
        const std::uint64_t to = 1 + (from + random.Below(8)) % 9;
        const auto amount = static_cast<int>(1 + random.Below(90));
        if (random.Below(3) == 0) {
          (void)Deposit(ledger, id, to, amount);
          continue;
        }
        if (random.Below(5) == 0) {
          AccountSettings settings{.account = Cash(from), .flags = {AccountFlag::kHistory}};
          if (random.Below(2) == 0) settings.limits = Limits{Of(-amount), Of(amount)};
          (void)ledger.Configure(settings);
          continue;
        }
        Transaction pay =
            Pay({.id = id, .valid_until = now + 1 + random.Below(99)}, from, to, amount);
        if (random.Below(3) == 0) {
          pay.header.action = TransactionAction::kHold;
          pay.terms = TimedUntil(now + 1 + random.Below(30));
        }
        (void)ApplyOne(ledger, pay);
      }
    });
    LedgerCommitment<> whole;
    ASSERT_TRUE(
        whole.Recover(world.ledger_, world.Histories(), world.commitment_.Head(Digest())).ok());
    if (random.Below(4) == 0) {
      world.RevertTo(marks);
      world.histories_ = histories;
      ASSERT_EQ(world.commitment_.Head(Digest()), before);
    } else {
      world.Release(marks);
    }
  }
}

}  // namespace
}  // namespace settle::test
