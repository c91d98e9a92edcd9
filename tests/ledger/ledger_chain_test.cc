// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Chains: transactions of a batch that succeed or fail together.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/ledger/changes.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

constexpr Disposition kApplied = Disposition::kApplied;
constexpr Disposition kRepeated = Disposition::kRepeated;

Transaction Chained(Transaction transaction) {
  transaction.header.chained = true;
  return transaction;
}

// Owners 1 to 3 have 1000 USD each at time 1010.
class LedgerChain : public testing::Test {
 protected:
  LedgerChain() {
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1000)).ok());
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      EXPECT_TRUE(Deposit(ledger_, 900 + owner, owner, 1000).ok());
    }
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1010)).ok());
  }
  static LedgerOptions Options() {
    LedgerOptions options = SmallOptions();
    options.id_capacity = 100;
    return options;
  }
  static Transaction Pay(std::uint64_t id, std::uint64_t from, std::uint64_t to, Int128 amount) {
    return test::Pay({.id = id, .valid_until = 1050}, from, to, amount);
  }

  std::vector<Verdict> Apply(const std::vector<Transaction>& batch,
                             const TotalAtLeast::Context& context = {},
                             const OwnersUpTo& authority = {}) {
    std::vector<TransactionView> views;
    for (const Transaction& transaction : batch) views.push_back(transaction.view());
    std::vector<Verdict> verdicts(batch.size());
    ledger_.Apply(views, {.context = context, .authority = authority, .witness = {}}, verdicts);
    return verdicts;
  }
  static std::vector<Reason> ReasonsOf(const std::vector<Verdict>& verdicts) {
    std::vector<Reason> reasons;
    for (const Verdict& verdict : verdicts) reasons.push_back(verdict.reason);
    return reasons;
  }
  // Refused with these reasons, and no trace.
  void ExpectNoTrace(const std::vector<Transaction>& batch, const std::vector<Reason>& reasons,
                     const OwnersUpTo& authority = {}) {
    const LedgerState before = ledger_.State();
    EXPECT_EQ(ReasonsOf(Apply(batch, {}, authority)), reasons);
    EXPECT_TRUE(ledger_.State() == before);
  }
  // Refused by state: `reason` for the member, whose id is remembered and nothing else.
  void ExpectBurnt(const std::vector<Transaction>& batch, std::size_t member, Reason reason,
                   const TotalAtLeast::Context& context = {}) {
    LedgerState before = ledger_.State();
    std::vector<Reason> reasons(batch.size(), LedgerReason::kChainFailed);
    reasons[member] = reason;
    EXPECT_EQ(ReasonsOf(Apply(batch, context)), reasons);
    LedgerState after = ledger_.State();
    ASSERT_EQ(after.ids.size(), before.ids.size() + 1);
    EXPECT_EQ(after.ids[after.ids.size() - 1].header.id, batch[member].header.id);
    after.ids.Clear();
    before.ids.Clear();
    EXPECT_TRUE(after == before);
    // Again: the one has failed for good, the others are as if they had never come.
    reasons[member] = LedgerReason::kIdAlreadyFailed;
    ExpectNoTrace(batch, reasons);
  }
  void ExpectApplied(const std::vector<Transaction>& batch,
                     const TotalAtLeast::Context& context = {}) {
    for (const Verdict& verdict : Apply(batch, context)) {
      EXPECT_EQ(verdict.disposition, kApplied) << verdict.reason.code();
    }
    EXPECT_TRUE(Imbalances(ledger_).empty());
  }
  [[nodiscard]] Int128 Has(std::uint64_t owner) const {
    return ledger_.BalanceOf(Cash(owner)).value();
  }

  TestLedger ledger_{Options()};
};

constexpr LedgerReason kFailed = LedgerReason::kChainFailed;

TEST_F(LedgerChain, AppliesItsMembersInOrderWithReceiptsOfTheirOwn) {
  const std::vector<Verdict> verdicts = Apply(
      {Pay(1, 3, 1, 1), Chained(Pay(2, 1, 2, 600)), Chained(Pay(3, 2, 3, 1500)), Pay(4, 3, 1, 1)});
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    EXPECT_EQ(verdicts[i].disposition, kApplied);
    EXPECT_EQ(verdicts[i].index, LogIndex(3 + i));
    EXPECT_EQ(verdicts[i].time, Timestamp(1010));
  }
  EXPECT_EQ(Has(1), 402);
  EXPECT_EQ(Has(2), 100);
  EXPECT_EQ(Has(3), 2498);
  EXPECT_EQ(ledger_.id_count(), 4u);
}

TEST_F(LedgerChain, IsJudgedByWhatAllMembersComeTo) {
  // Neither could be first by itself.
  ExpectApplied({Chained(Pay(1, 1, 2, 1500)), Pay(2, 2, 1, 700)});
  EXPECT_EQ(Has(1), 200);
  // Each could be applied by itself.
  ExpectBurnt({Chained(Pay(3, 1, 2, 101)), Pay(4, 1, 3, 100)}, 1, LedgerReason::kBelowFloor);
  ExpectApplied({Chained(Pay(3, 1, 2, 101)), Pay(5, 1, 3, 99)});
}

TEST_F(LedgerChain, C3AnOpenChainIsRefusedAndOthersAreNot) {
  ExpectNoTrace({Chained(Pay(1, 1, 2, 1))}, {LedgerReason::kChainOpen});
  const auto open = [](Transaction broken) {
    return std::vector{Pay(2, 1, 2, 1), Chained(Pay(3, 1, 2, 1)), Pay(4, 1, 2, 1),
                       Chained(std::move(broken)), Chained(Pay(6, 1, 2, 1))};
  };
  const std::vector<Verdict> verdicts = Apply(open(Pay(5, 1, 2, 1)));
  EXPECT_EQ(ReasonsOf(verdicts),
            (std::vector<Reason>{{}, {}, {}, kFailed, LedgerReason::kChainOpen}));
  EXPECT_EQ(Has(2), 1003);
  // Also where the chain is broken already.
  const std::vector<Verdict> again = Apply(open(Pay(5, 1, 2, 0)));
  EXPECT_EQ(again[2].disposition, kRepeated);
  EXPECT_EQ(again[3].reason, Reason(kFailed));
  EXPECT_EQ(again[4].reason, Reason(LedgerReason::kChainOpen));
  ExpectApplied({Chained(Pay(5, 1, 2, 1)), Pay(6, 1, 2, 1)});
}

TEST_F(LedgerChain, C4TheEndOfABatchEndsEveryChain) {
  ExpectNoTrace({Chained(Pay(1, 1, 2, 1)), Chained(Pay(2, 1, 2, 1))},
                {kFailed, LedgerReason::kChainOpen});
  const std::vector<Verdict> next = Apply({Pay(3, 1, 2, 5000), Pay(4, 1, 2, 1)});
  EXPECT_EQ(next[0].reason, Reason(LedgerReason::kBelowFloor));
  EXPECT_EQ(next[1].disposition, kApplied);
}

TEST_F(LedgerChain, C5FailsInTheMiddleAndBurnsOneId) {
  const auto chain = [](Int128 amount) {
    return std::vector{Chained(Pay(1, 1, 2, 5)), Chained(Pay(2, 3, 2, amount)), Pay(3, 1, 77, 5)};
  };
  const std::size_t accounts = ledger_.account_count();
  ExpectBurnt(chain(1001), 1, LedgerReason::kBelowFloor);
  EXPECT_EQ(ledger_.account_count(), accounts);
  ExpectNoTrace(chain(1), {kFailed, LedgerReason::kIdAlreadyFailed, kFailed});
  ExpectApplied({Chained(Pay(1, 1, 2, 5)), Pay(3, 1, 77, 5)});
  // What has no form leaves no trace.
  ExpectNoTrace({Chained(Pay(4, 1, 2, 5)), Chained(Pay(5, 1, 2, 0)), Pay(6, 1, 78, 0)},
                {kFailed, LedgerReason::kZeroAmount, kFailed});
  EXPECT_EQ(ledger_.account_count(), accounts + 1);
}

TEST_F(LedgerChain, C6IsAnsweredWholeWhenItComesAgain) {
  const std::vector<Transaction> chain{Chained(Pay(1, 1, 2, 5)), Chained(Pay(2, 2, 3, 6)),
                                       Pay(3, 3, 1, 7)};
  const std::vector<Verdict> first = Apply(chain);
  ASSERT_TRUE(ledger_.Advance(Height(9), Timestamp(1020)).ok());
  const Fingerprint before = ledger_.fingerprint();
  std::vector<Transaction> batch = chain;
  batch.insert(batch.begin(), Pay(4, 1, 2, 5000));
  const std::vector<Verdict> again = Apply(batch);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    EXPECT_EQ(again[i + 1].disposition, kRepeated);
    EXPECT_EQ(again[i + 1].index, first[i].index);
    EXPECT_EQ(again[i + 1].height, first[i].height);
    EXPECT_EQ(again[i + 1].time, first[i].time);
  }
  EXPECT_NE(ledger_.fingerprint(), before) << "the payment before it failed";
  // Truncated, and as other transactions.
  ExpectNoTrace({chain[0], chain[1]}, {kFailed, LedgerReason::kChainOpen});
  ExpectNoTrace({chain[0], Pay(2, 2, 3, 6)}, {kFailed, LedgerReason::kExistsWithDifferentChain});
  ExpectNoTrace({Pay(1, 1, 2, 5)}, {LedgerReason::kExistsWithDifferentChain});
  ExpectNoTrace({Chained(Pay(3, 3, 1, 7)), Pay(5, 1, 2, 1)},
                {LedgerReason::kExistsWithDifferentChain, kFailed});
  ExpectNoTrace({chain[0], chain[1], Pay(3, 3, 1, 8)},
                {kFailed, kFailed, LedgerReason::kExistsWithDifferentLegs});
}

TEST_F(LedgerChain, IsNotAnsweredByReceiptsOfOtherChains) {
  const Transaction a = Chained(Pay(1, 1, 2, 5));
  const Transaction b = Pay(2, 2, 3, 6);
  const Transaction c = Chained(Pay(3, 1, 2, 5));
  const Transaction d = Pay(4, 2, 3, 6);
  ExpectApplied({a, b, c, d});
  constexpr LedgerReason kOther = LedgerReason::kExistsInOtherChain;
  ExpectNoTrace({a, Pay(5, 1, 2, 1)}, {kOther, kFailed});
  ExpectNoTrace({Chained(Pay(5, 1, 2, 1)), b}, {kFailed, kOther});
  ExpectNoTrace({a, Chained(Pay(5, 1, 2, 0)), b}, {kOther, kFailed, kOther});
  // All of them known, but not as one chain.
  ExpectNoTrace({a, d}, {kOther, kOther});
  ExpectNoTrace({c, b}, {kOther, kOther});
  ExpectNoTrace({c, a, b}, {kOther, kOther, kOther});
}

TEST_F(LedgerChain, C8NamesTheFirstFieldInWhichAMemberDiffers) {
  const std::vector<Transaction> chain{Chained(Pay(1, 1, 2, 5)), Chained(Pay(2, 2, 3, 6)),
                                       Pay(3, 3, 1, 7)};
  ExpectApplied(chain);
  // In the order of precedence; each row changes the fields of all rows below it too.
  std::vector<std::pair<LedgerReason, Transaction>> rows;
  Transaction other = chain[1];
  const auto add = [&](LedgerReason reason) { rows.emplace_back(reason, other); };
  other.legs[0].amount = Of(-7);
  add(LedgerReason::kExistsWithDifferentLegs);
  other.terms = HoldTerms{};
  add(LedgerReason::kExistsWithDifferentTerms);
  other.header.target = TransactionId::FromNumber(1);
  add(LedgerReason::kExistsWithDifferentTarget);
  other.header.action = TransactionAction::kHold;
  add(LedgerReason::kExistsWithDifferentAction);
  other.header.valid_until = Timestamp(1051);
  add(LedgerReason::kExistsWithDifferentExpiry);
  other.header.rule = CompulsoryRule::kFunding;
  add(LedgerReason::kExistsWithDifferentRule);
  other.header.transaction_class = TransactionClass::kCompulsory;
  add(LedgerReason::kExistsWithDifferentClass);
  other.header.valid_until = Timestamp(1010);
  add(LedgerReason::kExpired);
  for (const auto& [reason, changed] : rows) {
    ExpectNoTrace({chain[0], changed, chain[2]}, {kFailed, reason, kFailed});
  }
}

TEST_F(LedgerChain, RefusesAnIdThatStandsInItTwice) {
  constexpr LedgerReason kTwice = LedgerReason::kIdTwiceInChain;
  const Transaction a = Chained(Pay(1, 1, 2, 5));
  ExpectNoTrace({a, a, Pay(2, 1, 2, 5)}, {kFailed, kTwice, kFailed});
  ExpectNoTrace({a, Pay(1, 1, 2, 5)}, {kFailed, kTwice});
  ExpectNoTrace({a, Chained(Pay(2, 1, 2, 5)), Chained(Pay(2, 1, 2, 5)), Pay(1, 1, 2, 5)},
                {kFailed, kFailed, kTwice, kFailed});
  ExpectApplied({a, Pay(2, 1, 2, 5)});
  ExpectNoTrace({a, a, Pay(2, 1, 2, 5)}, {kFailed, kTwice, kFailed});
  // In two chains of one batch it is a retry.
  const Transaction c = Chained(Pay(3, 1, 2, 5));
  const std::vector<Verdict> twice = Apply({c, Pay(4, 1, 2, 5), c, Pay(4, 1, 2, 5)});
  EXPECT_EQ(twice[1].disposition, kApplied);
  EXPECT_EQ(twice[3].disposition, kRepeated);
  EXPECT_EQ(twice[3].index, twice[1].index);
}

TEST_F(LedgerChain, HasPlainChosenMembersAlone) {
  const Transaction plain = Pay(1, 1, 2, 5);
  Transaction hold = Pay(2, 1, 2, 5);
  hold.header.action = TransactionAction::kHold;
  hold.terms = HoldTerms{.expires_at = Timestamp(1040)};
  Transaction post = Make({.id = 3,
                           .valid_until = 1050,
                           .transaction_class = TransactionClass::kPromised,
                           .action = TransactionAction::kPost,
                           .target = 2},
                          {});
  for (const Transaction& wrong : {hold, post}) {
    ExpectNoTrace({Chained(plain), wrong}, {kFailed, LedgerReason::kWrongChain});
    ExpectNoTrace({Chained(wrong), plain}, {LedgerReason::kWrongChain, kFailed});
  }
  Transaction compulsory = Pay(4, 1, 2, 5);
  compulsory.header.transaction_class = TransactionClass::kCompulsory;
  compulsory.header.rule = CompulsoryRule::kFunding;
  ExpectNoTrace({Chained(plain), compulsory}, {kFailed, LedgerReason::kWrongEntryPoint});
  // Nor are there chains of anything else.
  const LedgerState before = ledger_.State();
  EXPECT_EQ(ledger_.ApplyCompulsory(Chained(compulsory).view()).reason,
            Reason(LedgerReason::kWrongChain));
  hold.terms = HoldTerms{.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(1)};
  const TotalAtLeast::Context context;
  const OwnersUpTo authority;
  EXPECT_EQ(ledger_
                .Reserve(Chained(hold).view(), {},
                         {.context = context, .authority = authority, .witness = {}})
                .reason,
            Reason(LedgerReason::kWrongChain));
  EXPECT_EQ(ledger_.Resolve(Chained(post).view()).reason, Reason(LedgerReason::kWrongChain));
  EXPECT_TRUE(ledger_.State() == before);
}

TEST_F(LedgerChain, HasNoMoreLegsThanATransactionMayHave) {
  const auto member = [](std::uint64_t id, std::size_t legs) {
    Transaction transaction = Make({.id = id, .valid_until = 1050}, {});
    for (std::size_t i = 0; i < legs; i += 2) {
      EXPECT_TRUE(transaction.legs.Add({Cash(1), Of(-1)}) &&
                  transaction.legs.Add({Cash(2), Of(1)}));
    }
    return transaction;
  };
  ExpectNoTrace({Chained(member(1, 512)), Chained(member(2, 510)), member(3, 4)},
                {kFailed, kFailed, LedgerReason::kTooManyLegs});
  ExpectNoTrace({Chained(member(1, 1024)), member(2, 2)}, {kFailed, LedgerReason::kTooManyLegs});
  ExpectApplied({Chained(member(1, 512)), Chained(member(2, 510)), member(3, 2)});
  EXPECT_EQ(Has(2), 1512);
}

TEST_F(LedgerChain, NeedsRoomForTheIdsOfAllMembers) {
  for (std::uint64_t id = 10; ledger_.id_count() < 98; ++id) ExpectApplied({Pay(id, 1, 2, 1)});
  ExpectNoTrace({Chained(Pay(1, 1, 2, 1)), Chained(Pay(2, 1, 2, 1)), Pay(3, 1, 2, 1)},
                {kFailed, kFailed, LedgerReason::kIdTableFull});
  ExpectApplied({Chained(Pay(1, 1, 2, 1)), Pay(2, 1, 2, 1)});
  ExpectNoTrace({Chained(Pay(3, 1, 2, 1)), Pay(4, 1, 2, 1)}, {LedgerReason::kIdTableFull, kFailed});
}

TEST_F(LedgerChain, AsksForEveryMemberByItself) {
  int asked = 0;
  const OwnersUpTo authority{.most = 2, .asked = &asked};
  // Owner 3 pays in the second member, and gets more in the first.
  ExpectNoTrace({Chained(Pay(1, 1, 3, 9)), Pay(2, 3, 2, 1)}, {kFailed, LedgerReason::kNotConsented},
                authority);
  EXPECT_EQ(asked, 2);
  Apply({Chained(Pay(1, 1, 3, 9)), Chained(Pay(2, 1, 3, 9)), Pay(4, 2, 3, 1)}, {}, authority);
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(Has(3), 1019);
}

// What an authority is asked about, in order.
struct Listens {
  struct Credentials {};
  struct Witness {};
  struct Update {};
  static constexpr bool kNeedsContent = true;
  std::vector<std::pair<std::size_t, Digest>>* heard = nullptr;

  Reason Apply(const Update&) { return {}; }
  [[nodiscard]] Result<Witness> Examine(const Credentials&, std::span<const Digest>,
                                        Timestamp) const {
    return Witness{};
  }
  [[nodiscard]] Reason Authorize(const OwnerId&, const Intent& intent, const Witness&) const {
    heard->emplace_back(intent.position, intent.content);
    return {};
  }
};

TEST_F(LedgerChain, TellsTheAuthorityWhereEachMemberStandsInItsBatch) {
  Ledger<TotalAtLeast, Listens, TestAccounts> ledger(Options());
  ASSERT_TRUE(ledger.Advance(Height(1), Timestamp(1010)).ok());
  ASSERT_TRUE(Deposit(ledger, 901, 1, 1000).ok());
  std::vector<std::pair<std::size_t, Digest>> expected;
  std::vector<Digest> contents;
  const std::vector<Transaction> batch{Pay(1, 1, 2, 1), Chained(Pay(2, 1, 2, 1)),
                                       Chained(Pay(3, 1, 2, 1)), Pay(4, 1, 2, 1), Pay(5, 1, 2, 1)};
  std::vector<TransactionView> views;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    views.push_back(batch[i].view());
    contents.push_back(Digest::FromNumber(i + 1));
    expected.emplace_back(i, contents.back());
  }
  std::vector<std::pair<std::size_t, Digest>> heard;
  std::vector<Verdict> verdicts(batch.size());
  ledger.Apply(views, contents, {.context = {}, .authority = {.heard = &heard}, .witness = {}},
               verdicts);
  EXPECT_EQ(heard, expected);
}

TEST_F(LedgerChain, SumsTakeAwayWhatIsReserved) {
  Transaction hold = Pay(1, 1, 2, 400);
  hold.header.action = TransactionAction::kHold;
  hold.terms = HoldTerms{.expires_at = Timestamp(1040)};
  ASSERT_TRUE(ApplyOne(ledger_, hold).ok());
  ASSERT_TRUE(Deposit(ledger_, 2, 3, 998'000).ok());
  ExpectBurnt({Chained(Pay(3, 1, 3, 300)), Chained(Pay(4, 1, 3, 301)), Pay(5, 3, 2, 1)}, 1,
              LedgerReason::kBelowFloor);
  ExpectBurnt({Chained(Pay(6, 3, 2, 998'599)), Chained(Pay(7, 3, 2, 2)), Pay(8, 3, 4, 1)}, 1,
              LedgerReason::kAboveCeiling);
  ExpectApplied({Chained(Pay(9, 1, 3, 300)), Chained(Pay(10, 1, 3, 301)), Pay(11, 2, 1, 1)});
  EXPECT_EQ(ledger_.PendingOf(Cash(1)).debits, Of(400));
}

TEST_F(LedgerChain, ClosedAndFrozenAccountsAreJudgedByTheSum) {
  ASSERT_TRUE(ledger_.Configure({.account = Cash(1), .flags = {AccountFlag::kDebitsFrozen}}).ok());
  ASSERT_TRUE(ledger_.Configure({.account = Cash(2), .flags = {AccountFlag::kCreditsFrozen}}).ok());
  ExpectApplied({Chained(Pay(1, 1, 3, 5)), Pay(2, 3, 1, 5)});
  ExpectBurnt({Chained(Pay(3, 1, 3, 4)), Chained(Pay(4, 1, 3, 2)), Pay(5, 3, 1, 5)}, 1,
              LedgerReason::kDebitsFrozen);
  ExpectBurnt({Chained(Pay(6, 2, 3, 5)), Chained(Pay(7, 3, 2, 7)), Pay(8, 2, 3, 1)}, 1,
              LedgerReason::kCreditsFrozen);
  ASSERT_TRUE(ledger_.Configure({.account = Cash(3), .flags = {AccountFlag::kClosed}}).ok());
  // Naming a closed account is enough, and every other reason comes after.
  ExpectBurnt({Chained(Pay(9, 3, 4, 5)), Chained(Pay(10, 4, 3, 5)), Pay(11, 1, 2, 9)}, 1,
              LedgerReason::kAccountClosed);
}

TEST_F(LedgerChain, AsksForEachMarginAccountOnce) {
  int asked = 0;
  TotalAtLeast::Context context{.least = 500, .asked = &asked};
  // The first alone would leave 100 of 1000.
  ExpectApplied({Chained(Pay(1, 1, 2, 900)), Chained(Pay(2, 2, 1, 600)), Pay(3, 3, 1, 1)}, context);
  EXPECT_EQ(asked, 2) << "owners 1 and 3: owner 2 has more than before";
  // Each alone would leave 500.
  ExpectBurnt({Chained(Pay(4, 1, 2, 201)), Chained(Pay(5, 1, 3, 1)), Pay(6, 3, 2, 5)}, 1,
              Reason(Module::kHost, 1), context);
  ExpectApplied({Chained(Pay(4, 1, 2, 200)), Pay(7, 1, 3, 1)}, context);
}

TEST_F(LedgerChain, RefusesOverflowOnTheWay) {
  const auto account = [](std::uint32_t number) {
    return AccountKey{kOutside, Compartment(number), kUsd};
  };
  const auto move = [&](std::uint64_t id, std::uint32_t from, std::uint32_t to, Int128 amount) {
    return Make({.id = id, .valid_until = 1050},
                {{account(from), Of(-amount)}, {account(to), Of(amount)}});
  };
  constexpr Int128 kMost = kMax<Int128>;
  ExpectApplied({move(1, 5, 6, kMost - 5)});
  // What comes last would fit.
  ExpectBurnt({Chained(move(2, 7, 6, 5)), Chained(move(3, 7, 6, 1)), move(4, 6, 7, 9)}, 1,
              LedgerReason::kAmountOverflow);
  ExpectBurnt({Chained(move(5, 5, 7, 7)), move(6, 7, 5, 7)}, 0, LedgerReason::kAmountOverflow);
  ExpectBurnt({Chained(move(7, 6, 7, 1)), move(8, 7, 6, 7)}, 1, LedgerReason::kAmountOverflow);
  // Legs that do not sum are of no form, though each balance could stand them.
  ExpectNoTrace({Chained(move(9, 6, 8, kMost)), Chained(move(10, 6, 9, 3)), move(11, 9, 6, 3)},
                {kFailed, LedgerReason::kLegsOverflow, kFailed});
  ExpectApplied({Chained(move(12, 6, 7, 9)), move(13, 7, 6, 9)});
  // What is reserved counts: the last that raises the account is refused.
  Transaction hold = move(14, 11, 10, kMost - 10);
  hold.header.action = TransactionAction::kHold;
  hold.terms = HoldTerms{.expires_at = Timestamp(1040)};
  ASSERT_TRUE(ApplyOne(ledger_, hold).ok());
  ExpectBurnt({Chained(move(15, 12, 10, 9)), Chained(move(16, 12, 10, 3)), move(17, 10, 12, 1)}, 1,
              LedgerReason::kAmountOverflow);
  ExpectApplied({Chained(move(15, 12, 10, 9)), Chained(move(18, 12, 10, 3)), move(19, 10, 12, 2)});
}

TEST_F(LedgerChain, IsTakenBackWithItsBlockAndReadOffIt) {
  const std::vector<Transaction> chain{Chained(Pay(1, 1, 50, 5)), Chained(Pay(2, 50, 51, 4)),
                                       Pay(3, 1, 50, 7)};
  const LedgerState before = ledger_.State();
  Mark mark = *ledger_.Begin();
  ExpectApplied(chain);
  LedgerChanges changes;
  ASSERT_TRUE(ledger_.ChangesSince(mark, changes).ok());
  ASSERT_EQ(changes.accounts.size(), 3u);
  const auto entries = changes.entries_of(changes.accounts[1]);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_TRUE(entries[0] == (AccountEntry{LogIndex(std::uint64_t{3}), Of(5)}));
  EXPECT_TRUE(entries[1] == (AccountEntry{LogIndex(std::uint64_t{4}), Of(-4)}));
  EXPECT_TRUE(entries[2] == (AccountEntry{LogIndex(std::uint64_t{5}), Of(7)}));
  const LedgerState after = ledger_.State();
  ASSERT_TRUE(ledger_.RevertTo(mark).ok());
  EXPECT_TRUE(ledger_.State() == before);
  mark = *ledger_.Begin();
  ExpectBurnt({chain[0], chain[1], Pay(4, 1, 50, 5000)}, 2, LedgerReason::kBelowFloor);
  ASSERT_TRUE(ledger_.RevertTo(mark).ok());
  EXPECT_TRUE(ledger_.State() == before);
  ExpectApplied(chain);
  EXPECT_TRUE(ledger_.State() == after);
}

TEST_F(LedgerChain, IsInTheStateAndBackFromIt) {
  const std::vector<Transaction> chain{Chained(Pay(1, 1, 2, 5)), Pay(2, 2, 3, 6)};
  ExpectApplied(chain);
  LedgerState state = ledger_.State();
  Result<TestLedger> recovered = TestLedger::Recover(state, Options());
  ASSERT_TRUE(recovered.ok());
  EXPECT_TRUE(recovered->State() == state);
  ledger_ = *std::move(recovered);
  for (const Verdict& verdict : Apply(chain)) EXPECT_EQ(verdict.disposition, kRepeated);
  const auto reason_with = [&state](auto&& change) {
    LedgerState hostile = state;
    for (std::size_t i = 0; i < hostile.ids.size(); ++i) {
      if (hostile.ids[i].header.chained) change(hostile.ids[i]);
    }
    return TestLedger::Recover(hostile, Options()).reason();
  };
  EXPECT_TRUE(reason_with([](IdState&) {}).ok());
  EXPECT_EQ(
      reason_with([](IdState& id) { id.header.transaction_class = TransactionClass::kPromised; }),
      Reason(BaseReason::kNotCanonical));
  EXPECT_EQ(reason_with([](IdState& id) { id.header.action = TransactionAction::kHold; }),
            Reason(BaseReason::kNotCanonical));
}

}  // namespace
}  // namespace settle::test
