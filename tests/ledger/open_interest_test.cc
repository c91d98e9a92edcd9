// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the ledger tells of open interest, and what it refuses for it.

#include "settle/ledger/detail/open_interest.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/interest_world.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

constexpr AssetId kOther = ContractId(2);
constexpr Int128 kMost = kMax<Int128>;

class OpenInterest : public testing::Test {
 protected:
  OpenInterest() { EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(50)).ok()); }

  struct Trade {
    std::uint64_t buyer = 0;
    std::uint64_t seller = 0;
    Int128 lots = 0;
    AssetId contract = kPerp;
  };
  static Transaction Of(const Wanted& wanted, std::initializer_list<Trade> trades) {
    Transaction transaction = Make(wanted, {});
    for (const Trade& trade : trades) {
      (void)transaction.legs.Add({Lots(trade.buyer, trade.contract), Amount(trade.lots)});
      (void)transaction.legs.Add({Lots(trade.seller, trade.contract), Amount(-trade.lots)});
    }
    return transaction;
  }
  Wanted Next() { return {.id = ++last_id_, .valid_until = 140}; }
  Wanted NextHold(std::uint64_t expires_at = 90) {
    Wanted wanted = Next();
    wanted.action = TransactionAction::kHold;
    wanted.terms = HoldTerms{.in_parts = true, .expires_at = Timestamp(expires_at)};
    return wanted;
  }
  Wanted NextEnd(std::uint64_t hold, TransactionAction action = TransactionAction::kPost) {
    Wanted wanted = Next();
    wanted.transaction_class = TransactionClass::kPromised;
    wanted.action = action;
    wanted.target = hold;
    return wanted;
  }
  Wanted NextCompulsory() {
    Wanted wanted = Next();
    wanted.transaction_class = TransactionClass::kCompulsory;
    wanted.rule = CompulsoryRule::kLiquidation;
    return wanted;
  }

  // Applies a chosen transaction and keeps what the invariant was shown.
  Reason Apply(const Transaction& transaction, Int128 most = kMost) {
    shown_.clear();
    return ApplyOne(ledger_, transaction, {.most = most, .shown = &shown_}).reason;
  }
  Reason Apply(std::initializer_list<Trade> trades, Int128 most = kMost) {
    return Apply(Of(Next(), trades), most);
  }
  std::vector<Verdict> ApplyAll(const std::vector<Transaction>& batch, Int128 most = kMost) {
    std::vector<TransactionView> views;
    for (const Transaction& transaction : batch) views.push_back(transaction.view());
    std::vector<Verdict> verdicts(batch.size());
    shown_.clear();
    const InterestUpTo::Context context{.most = most, .shown = &shown_};
    ledger_.Apply(views, {.context = context, .authority = {}, .witness = {}}, verdicts);
    return verdicts;
  }
  // So many accounts were shown, all with these two.
  void ExpectShown(std::size_t accounts, Int128 before, Int128 after) {
    EXPECT_EQ(shown_.size(), accounts);
    for (const ShownInterest& shown : shown_) {
      EXPECT_EQ(shown.before, Amount(before));
      EXPECT_EQ(shown.after, Amount(after));
    }
  }
  [[nodiscard]] Int128 Open(AssetId contract = kPerp) const {
    return ledger_.OpenInterestOf(contract).value();
  }

  InterestLedger ledger_{SmallOptions()};
  std::vector<ShownInterest> shown_;
  std::uint64_t last_id_ = 0;
};

TEST_F(OpenInterest, IsShownToBothSidesOfATradeAsItWillBe) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 5}}).ok());
  ExpectShown(2, 0, 5);
  EXPECT_EQ(Open(), 5);
}

TEST_F(OpenInterest, StaysWhenAPositionPassesFromOneToAnother) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 5}}).ok());
  ASSERT_TRUE(Apply({{.buyer = 3, .seller = 1, .lots = 5}}).ok());
  ExpectShown(2, 5, 5);
  ASSERT_TRUE(Apply({{.buyer = 2, .seller = 4, .lots = 2}}).ok());  // a short one, and in part
  ExpectShown(2, 5, 5);
  EXPECT_EQ(Open(), 5);
}

TEST_F(OpenInterest, FallsWhenBothSidesClose) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 5}}).ok());
  ASSERT_TRUE(Apply({{.buyer = 2, .seller = 1, .lots = 3}}).ok());
  ExpectShown(2, 5, 2);
  ASSERT_TRUE(Apply({{.buyer = 2, .seller = 1, .lots = 2}}).ok());
  ExpectShown(2, 2, 0);
  EXPECT_EQ(Open(), 0);
}

TEST_F(OpenInterest, CountsWhatAFlipLeavesOnEachSide) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 5}}).ok());
  ASSERT_TRUE(Apply({{.buyer = 2, .seller = 1, .lots = 12}}).ok());  // 1 is short 7, 2 long 7
  ExpectShown(2, 5, 7);
}

// M3: from below a bound to above it in one trade.
TEST_F(OpenInterest, IsJudgedAfterTheTradeAndARefusalLeavesIt) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 9}}, 10).ok());
  const Fingerprint before = ledger_.fingerprint();
  const std::size_t ids = ledger_.id_count();
  EXPECT_EQ(Apply({{.buyer = 3, .seller = 4, .lots = 2}}, 10), Reason(Module::kHost, 1));
  ExpectShown(1, 9, 11);  // the first who is asked refuses
  EXPECT_EQ(Open(), 9);
  EXPECT_EQ(ledger_.id_count(), ids + 1);
  EXPECT_NE(ledger_.fingerprint(), before);  // the id is burnt, and nothing else
  ASSERT_TRUE(Apply({{.buyer = 3, .seller = 4, .lots = 1}}, 10).ok());
  ExpectShown(2, 9, 10);
}

TEST_F(OpenInterest, IsOfEachContractByItself) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 5}}).ok());
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 4},
                     {.buyer = 2, .seller = 1, .lots = 7, .contract = kOther}})
                  .ok());
  ASSERT_EQ(shown_.size(), 4u);
  for (const ShownInterest& shown : shown_) {
    EXPECT_EQ(shown.before, Amount(Int128{shown.asset == kPerp ? 5 : 0}));
    EXPECT_EQ(shown.after, Amount(Int128{shown.asset == kPerp ? 9 : 7}));
  }
}

TEST_F(OpenInterest, OfAContractThatIsNotTouchedIsShownAsItStands) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 5}}).ok());
  ASSERT_TRUE(Apply(Pay(Next(), 1, 2, 100)).ok());  // owner 1 pays, who has a position
  ASSERT_EQ(shown_.size(), 2u);
  for (const ShownInterest& shown : shown_) {
    EXPECT_EQ(shown.before, Amount(Int128{shown.asset == kPerp ? 5 : 0})) << "a token has none";
    EXPECT_EQ(shown.after, shown.before);
  }
  EXPECT_EQ(ledger_.OpenInterestOf(kUsd), Amount());
}

TEST_F(OpenInterest, OfAChainIsWhatAllOfItsMembersComeTo) {
  Wanted first = Next();
  first.chained = true;
  const std::vector<Transaction> chain{
      Of(first, {{.buyer = 1, .seller = 2, .lots = 5}}),
      Of(Next(), {{.buyer = 3, .seller = 1, .lots = 3}, {.buyer = 3, .seller = 2, .lots = 1}})};
  std::vector<Verdict> verdicts = ApplyAll(chain, 5);
  EXPECT_EQ(verdicts[0].reason, Reason(LedgerReason::kChainFailed));
  EXPECT_EQ(verdicts[1].reason, Reason(Module::kHost, 1));
  EXPECT_EQ(Open(), 0);
  first.id = ++last_id_;
  verdicts = ApplyAll(
      {Of(first, {{.buyer = 1, .seller = 2, .lots = 5}}),
       Of(Next(), {{.buyer = 3, .seller = 1, .lots = 3}, {.buyer = 3, .seller = 2, .lots = 1}})},
      6);
  EXPECT_TRUE(verdicts[0].ok() && verdicts[1].ok());
  ExpectShown(3, 0, 6);
  EXPECT_EQ(Open(), 6);
}

TEST_F(OpenInterest, OfAHoldIsJudgedAsIfItWerePostedAndMovesWhenItIs) {
  const Wanted hold = NextHold();
  ASSERT_TRUE(Apply(Of(hold, {{.buyer = 1, .seller = 2, .lots = 5}}), 5).ok());
  ExpectShown(2, 0, 5);
  EXPECT_EQ(Open(), 0);
  ASSERT_TRUE(Apply({{.buyer = 3, .seller = 4, .lots = 1}}, 5).ok());
  ExpectShown(2, 0, 1);  // the hold is shown as pending, and not counted again
  ASSERT_TRUE(Apply(Of(NextEnd(hold.id), {{.buyer = 1, .seller = 2, .lots = 2}})).ok());
  EXPECT_EQ(Open(), 3);
  EXPECT_TRUE(shown_.empty()) << "a post is not judged";
  ASSERT_TRUE(Apply(Of(NextEnd(hold.id), {})).ok());
  EXPECT_EQ(Open(), 6);
  EXPECT_EQ(Apply(Of(NextHold(), {{.buyer = 1, .seller = 2, .lots = 1}}), 6),
            Reason(Module::kHost, 1));
  EXPECT_EQ(Open(), 6);
}

TEST_F(OpenInterest, DoesNotMoveWhenAHoldIsVoidedOrItsTimeIsOver) {
  const Wanted voided = NextHold();
  ASSERT_TRUE(Apply(Of(voided, {{.buyer = 1, .seller = 2, .lots = 5}})).ok());
  ASSERT_TRUE(Apply(Of(NextHold(60), {{.buyer = 1, .seller = 2, .lots = 5}})).ok());
  ASSERT_TRUE(Apply(Of(NextEnd(voided.id, TransactionAction::kVoid), {})).ok());
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(60)).ok());
  EXPECT_EQ(ledger_.hold_count(), 0u);
  EXPECT_EQ(Open(), 0);
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = kMost}}).ok()) << "nothing is reserved";
}

TEST_F(OpenInterest, FollowsCompulsoryTransactionsAndTheirTakingBack) {
  const Mark mark = *ledger_.Begin();
  ASSERT_TRUE(
      ledger_.ApplyCompulsory(Of(NextCompulsory(), {{.buyer = 1, .seller = 2, .lots = 5}}).view())
          .ok());
  EXPECT_EQ(Open(), 5);
  ASSERT_TRUE(ledger_.RevertTo(mark).ok());
  EXPECT_EQ(Open(), 0);
}

TEST_F(OpenInterest, IsNotShownToAnInvariantThatDoesNotAskForIt) {
  static_assert(ReadsOpenInterest<InterestUpTo>());
  static_assert(!ReadsOpenInterest<WithoutInterest>());
  static_assert(!ReadsOpenInterest<Unmargined>());
  Ledger<WithoutInterest, OwnersUpTo, WideAccounts> ledger(SmallOptions());
  ASSERT_TRUE(ledger.Advance(Height(1), Timestamp(50)).ok());
  const Transaction trade = Of(Next(), {{.buyer = 1, .seller = 2, .lots = 5}});
  ASSERT_TRUE(ApplyOne(ledger, trade, {.shown = &shown_}).ok());
  ExpectShown(2, 0, 0);
  EXPECT_EQ(ledger.OpenInterestOf(kPerp), Amount(5));
}

// Every balance fits 128 bits, and their sum would not.
TEST_F(OpenInterest, IsNeverBeyond128BitsWhateverAsksForIt) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = kMost - 1}}).ok());
  const Trade two{.buyer = 3, .seller = 4, .lots = 2};
  EXPECT_EQ(Apply({two}), LedgerReason::kAmountOverflow);
  EXPECT_TRUE(shown_.empty()) << "overflow comes before the invariant";
  EXPECT_EQ(Apply(Of(NextHold(), {two})), LedgerReason::kAmountOverflow);
  EXPECT_EQ(ledger_.ApplyCompulsory(Of(NextCompulsory(), {two}).view()).reason,
            LedgerReason::kAmountOverflow);
  EXPECT_EQ(Open(), kMost - 1);
  // One more is the last that fits; what passes from one to another adds nothing.
  ASSERT_TRUE(Apply({{.buyer = 3, .seller = 4, .lots = 1}}).ok());
  EXPECT_EQ(Open(), kMost);
  ASSERT_TRUE(Apply({{.buyer = 5, .seller = 1, .lots = 7}}).ok());
  ExpectShown(2, kMost, kMost);
  EXPECT_EQ(Apply({{.buyer = 5, .seller = 6, .lots = 1}}), LedgerReason::kAmountOverflow);
  ASSERT_TRUE(Apply({{.buyer = 5, .seller = 6, .lots = 1, .contract = kOther}}).ok());
}

TEST_F(OpenInterest, LeavesRoomForAllThatIsReserved) {
  const Wanted hold = NextHold();
  ASSERT_TRUE(Apply(Of(hold, {{.buyer = 1, .seller = 2, .lots = kMost - 3}})).ok());
  EXPECT_EQ(Apply({{.buyer = 3, .seller = 4, .lots = 4}}), LedgerReason::kAmountOverflow);
  ASSERT_TRUE(Apply({{.buyer = 3, .seller = 4, .lots = 3}}).ok());
  ASSERT_TRUE(Apply(Of(NextEnd(hold.id), {})).ok()) << "a promise is kept";
  EXPECT_EQ(Open(), kMost);
}

TEST_F(OpenInterest, OverflowOfAChainIsTheFaultOfItsLastMemberThatRaisesIt) {
  std::vector<Transaction> chain;
  for (int i = 0; i < 3; ++i) {
    Wanted wanted = Next();
    wanted.chained = i < 2;
    const Int128 lots = i == 2 ? 1 : kMost / 2 + 1;
    const auto owner = static_cast<std::uint64_t>(i) * 2 + 1;
    const AssetId contract = i == 2 ? kOther : kPerp;
    chain.push_back(
        Of(wanted, {{.buyer = owner, .seller = owner + 1, .lots = lots, .contract = contract}}));
  }
  const std::vector<Verdict> verdicts = ApplyAll(chain);
  EXPECT_EQ(verdicts[0].reason, LedgerReason::kChainFailed);
  EXPECT_EQ(verdicts[1].reason, LedgerReason::kAmountOverflow);
  EXPECT_EQ(verdicts[2].reason, LedgerReason::kChainFailed);
  EXPECT_EQ(Open(), 0);
}

// Nothing is seen between its members: on the way the sum would be beyond 128 bits.
TEST_F(OpenInterest, OfAChainMayBeAnythingOnTheWay) {
  std::vector<Transaction> chain;
  const std::vector<Trade> trades{{.buyer = 1, .seller = 2, .lots = kMost},
                                  {.buyer = 3, .seller = 4, .lots = kMost},
                                  {.buyer = 4, .seller = 3, .lots = kMost}};
  for (const Trade& trade : trades) {
    Wanted wanted = Next();
    wanted.chained = chain.size() < 2;
    chain.push_back(Of(wanted, {trade}));
  }
  const Mark mark = *ledger_.Begin();
  for (const Verdict& verdict : ApplyAll(chain)) EXPECT_TRUE(verdict.ok());
  EXPECT_EQ(Open(), kMost);
  ASSERT_TRUE(ledger_.RevertTo(mark).ok());
  EXPECT_EQ(Open(), 0);
}

TEST_F(OpenInterest, IsRebuiltByRecoverWhichRefusesWhatIsBeyond128Bits) {
  ASSERT_TRUE(Apply({{.buyer = 1, .seller = 2, .lots = 5}}).ok());
  ASSERT_TRUE(Apply(Of(NextHold(), {{.buyer = 3, .seller = 4, .lots = 2}})).ok());
  LedgerState state = ledger_.State();
  Result<InterestLedger> recovered = InterestLedger::Recover(state, SmallOptions());
  ASSERT_TRUE(recovered.ok());
  EXPECT_EQ(recovered->OpenInterestOf(kPerp), Amount(5));
  const auto with = [&state](Int128 one, Int128 three) {
    state.accounts[0].balance = Amount(one);
    state.accounts[1].balance = Amount(-one);
    state.accounts[2].balance = Amount(three);
    state.accounts[3].balance = Amount(-three);
    const auto result = InterestLedger::Recover(state, SmallOptions());
    return result.ok() ? Reason() : result.reason();
  };
  EXPECT_TRUE(with(kMost - 2, 0).ok());
  EXPECT_EQ(with(kMost - 1, 0), LedgerReason::kAmountOverflow) << "the hold has no room";
  EXPECT_EQ(with(kMost - 5, 4), LedgerReason::kAmountOverflow);
  EXPECT_TRUE(with(kMost - 6, 4).ok());
  EXPECT_EQ(with(kMost, 1), LedgerReason::kAmountOverflow);
  EXPECT_EQ(with(kMost, kMost - 2), LedgerReason::kAmountOverflow) << "a sum of nearly 2^128";
}

}  // namespace
}  // namespace settle::test
