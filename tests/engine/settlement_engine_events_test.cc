// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Market events in blocks: when they take place, what they leave in the block and what refuses it.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/engine/settlement_engine.h"
#include "settle/engine/settlement_proof.h"
#include "tests/engine/event_world.h"
#include "tests/engine/world.h"

namespace settle::test {
namespace {

constexpr Int128 kMost = kMax<Int128>;

// Nobody's cash may fall below zero by what somebody chose.
struct CashAtLeastZero {
  struct Context {
    int* asked = nullptr;
  };
  [[nodiscard]] Reason Admit(const Context& context, const OwnerView&,
                             const OwnerView& after) const {
    if (context.asked != nullptr) ++*context.asked;
    for (const BalanceView& balance : after.balances) {
      if (balance.compartment == kCash && balance.posted < Amount(0)) {
        return Reason(Module::kHost, 1);
      }
    }
    return {};
  }
};
using AskingEngine = SettlementEngine<CashAtLeastZero, OwnersUpTo, WideAccounts>;

// An engine of which every question is counted: owner 1 is long 10 for 100, owner 2 short, both
// have 50, and 3 has 50 and no position.
class EngineEvents : public testing::Test {
 protected:
  EngineEvents() : engine_(Options(), {}, OwnersUpTo{.asked = &asked_}) {
    const std::vector<Transaction> openings{OpeningOf(1, 1001,
                                                      {{BookOf(1, kPerp), Amount(10)},
                                                       {BookOf(1, kUsd), Amount(-100)},
                                                       {Cash(1), Amount(50)},
                                                       {BookOf(2, kPerp), Amount(-10)},
                                                       {BookOf(2, kUsd), Amount(100)},
                                                       {Cash(2), Amount(50)},
                                                       {Cash(3), Amount(50)}})};
    EXPECT_TRUE(engine_.ExecuteGenesis(Timestamp(1000), ViewsOf(openings), block_).ok());
    EXPECT_TRUE(block_.events.empty());
  }
  static EngineOptions Options() {
    LedgerOptions ledger = SmallOptions();
    ledger.id_capacity = 10'000;
    return {.ledger = ledger};
  }

  absl::Status Execute(const std::vector<MarketEvent>& events,
                       const std::vector<Transaction>& members = {}) {
    const std::vector<TransactionView> views = ViewsOf(members);
    const CashAtLeastZero::Context context{.asked = &asked_};
    return engine_.Execute({.time = Timestamp(1001),
                            .transactions = views,
                            .events = events,
                            .credentials = {},
                            .context = context},
                           block_);
  }
  [[nodiscard]] Int128 Balance(const AccountKey& key) const {
    return engine_.ledger().BalanceOf(key).value();
  }
  // Refused as kEventRefused with this text, and nothing happened.
  void ExpectRefused(const std::vector<MarketEvent>& events, const std::string& text) {
    const Fingerprint ledger = engine_.ledger().fingerprint();
    const Digest root = engine_.state().Head(Digest()).accounts.root;
    const Digest tip = block_.digest;
    const std::size_t speculative = engine_.speculative();
    const absl::Status status = Execute(events, {Pay({.id = 77, .valid_until = 1050}, 3, 2, 1)});
    EXPECT_EQ(ReasonOf(status), Reason(EngineReason::kEventRefused)) << status;
    EXPECT_NE(std::string(status.message()).find(text), std::string::npos) << status;
    EXPECT_EQ(engine_.ledger().fingerprint(), ledger);
    EXPECT_EQ(engine_.state().Head(Digest()).accounts.root, root);
    EXPECT_EQ(engine_.speculative(), speculative);
    EXPECT_EQ(HeaderDigest(Sha256(), *engine_.latest_header()), tip);
  }

  int asked_ = 0;
  AskingEngine engine_;
  BlockResult block_;
};

TEST_F(EngineEvents, TakePlaceBeforeAnyTransactionIsJudged) {
  const Transaction payment = Pay({.id = 2, .valid_until = 1050}, 1, 3, 45);
  // 10 lots owe a quantum each: of 50 are 40 left, and 45 are too much.
  ASSERT_TRUE(Execute({FundingEvent(1'000'000)}, {payment}).ok());
  EXPECT_EQ(block_.verdicts[0].reason, Reason(Module::kHost, 1));
  EXPECT_EQ(Balance(Cash(1)), 40);
  ASSERT_TRUE(engine_.Rollback(Height(1)).ok());
  ASSERT_TRUE(Execute({}, {payment}).ok());
  EXPECT_TRUE(block_.verdicts[0].ok());
  EXPECT_TRUE(block_.events.empty());
}

TEST_F(EngineEvents, AreNeitherRefusedForMarginNorAskForConsent) {
  MarketEvent other = FundingEvent(7);
  other.assets.contract = ContractId(9);
  ASSERT_TRUE(Execute({FundingEvent(900'000'000), VariationEvent(Linear(-500)),
                       ExpiryEvent(Linear(3)), other})
                  .ok());
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(Balance(Cash(1)), 50 - 9'000 - 100 + 30);  // far below zero
  EXPECT_EQ(Balance(Cash(2)), 50 + 9'000 + 100 - 30);
  EXPECT_EQ(block_.events.size(), 3u) << "of a contract that nobody holds there is none";
  EXPECT_EQ(engine_.ledger().OpenInterestOf(kPerp), Amount());
}

// M15: 1,000,000 of margin and 20,002,000 owed.
TEST_F(EngineEvents, M15LeaveANegativeIntegerAndRefuseNothing) {
  const std::vector<Transaction> more{Pay({.id = 5, .valid_until = 1050}, 3, 2, 1)};
  ASSERT_TRUE(Execute({FundingEvent(Int128{2'000'200} * 1'000'000)}, more).ok());
  EXPECT_EQ(Balance(Cash(1)), 50 - 20'002'000);
  EXPECT_TRUE(block_.verdicts[0].ok()) << "others go on";
}

TEST_F(EngineEvents, StandBeforeTheMembersInTheTreeAndAmongTheReceipts) {
  const std::vector<Transaction> members{Pay({.id = 2, .valid_until = 1050}, 1, 3, 1),
                                         Pay({.id = 3, .valid_until = 1050}, 1, 3, 1'000)};
  ASSERT_TRUE(Execute({VariationEvent(Linear(12)), FundingEvent(500'000)}, members).ok());
  ASSERT_EQ(block_.events.size(), 2u);
  EXPECT_EQ(block_.events[0].header.rule, CompulsoryRule::kVariation);
  EXPECT_EQ(block_.events[1].header.rule, CompulsoryRule::kFunding);
  ASSERT_EQ(block_.verdicts.size(), 2u) << "of members alone";
  ASSERT_EQ(block_.receipts.size(), 3u) << "the second member was refused";
  CompactRange<> entries;
  const auto append = [&](const Transaction& transaction, const Verdict& verdict) {
    const TransactionEntry entry{.id = transaction.header.id,
                                 .content = TransactionDigest(Sha256(), transaction.view()),
                                 .disposition = verdict.disposition,
                                 .module = static_cast<std::uint16_t>(verdict.reason.module()),
                                 .code = verdict.reason.code()};
    (void)entries.Append(EncodeRecord(entry));
  };
  for (std::size_t i = 0; i < 2; ++i) {
    append(block_.events[i], {.disposition = Disposition::kApplied});
    EXPECT_EQ(block_.receipts[i].id, block_.events[i].header.id);
    EXPECT_EQ(block_.receipts[i].index, LogIndex(std::uint64_t{1} + i));
  }
  for (std::size_t i = 0; i < 2; ++i) append(members[i], block_.verdicts[i]);
  EXPECT_EQ(block_.header.transactions, entries.Head());
  EXPECT_EQ(block_.receipts[2].id, members[0].header.id);
  EXPECT_EQ(block_.header.receipts.size, 4u);
}

// Each is booked on what the one before it left.
TEST_F(EngineEvents, TakePlaceInTheirOrder) {
  ASSERT_TRUE(Execute({VariationEvent(Linear(12)), ExpiryEvent(Linear(15))}).ok());
  EXPECT_EQ(Balance(Cash(1)), 50 + 20 + 30);
  EXPECT_EQ(Balance(Cash(2)), 50 - 20 - 30);
  ASSERT_TRUE(engine_.Rollback(Height(1)).ok());
  ASSERT_TRUE(Execute({ExpiryEvent(Linear(15)), FundingEvent(1'000'000)}).ok());
  EXPECT_EQ(Balance(Cash(1)), 50 + 50) << "who has no lots any more pays no funding";
  EXPECT_EQ(block_.events.size(), 1u);
}

TEST_F(EngineEvents, RefuseTheWholeBlockWhereAnythingOfThemIsRefused) {
  ExpectRefused({FundingEvent(1), FundingEvent(2)}, "event 1: module 1 code 6");
  ExpectRefused({FundingEvent(1), VariationEvent(Payoff(2))}, "event 1: module 1 code 8");
  ExpectRefused({FundingEvent(1), VariationEvent(Linear(kMost))}, "event 1: module 1 code 9");
  ExpectRefused(
      {FundingEvent(1'000'000), VariationEvent(Linear(2)), ExpiryEvent(Linear(kMost / 9))},
      "event 2: module 1 code 9");
  // Booked, and refused by the ledger: 1 has half of what there can be, and would get more.
  Transaction gift = OpeningOf(9, 1050, {{Cash(1), Amount(kMost / 2)}});
  gift.header.transaction_class = TransactionClass::kChosen;
  gift.header.rule = CompulsoryRule::kNone;
  ASSERT_TRUE(Execute({}, {gift}).ok());
  ASSERT_TRUE(block_.verdicts[0].ok());
  ExpectRefused({VariationEvent(Linear(kMost / 11))},
                "event 0: " + ToString(Reason(LedgerReason::kAmountOverflow)));
  ASSERT_TRUE(Execute({VariationEvent(Linear(11))}).ok());
}

TEST_F(EngineEvents, CannotBeMembersOfABlock) {
  ASSERT_TRUE(Execute({FundingEvent(1'000'000)}).ok());
  const std::vector<Transaction> made = block_.events;
  const Int128 before = Balance(Cash(1));
  ASSERT_TRUE(engine_.Rollback(Height(1)).ok());
  ASSERT_TRUE(Execute({}, made).ok());
  EXPECT_EQ(block_.verdicts[0].reason, LedgerReason::kWrongEntryPoint);
  EXPECT_EQ(Balance(Cash(1)), before + 10);
}

// Of a block at each height there is one funding, though both say the same.
TEST_F(EngineEvents, HaveNamesOfTheirHeightAndParent) {
  ASSERT_TRUE(Execute({FundingEvent(1'000'000)}).ok());
  const TransactionId first = block_.events[0].header.id;
  ASSERT_TRUE(Execute({FundingEvent(1'000'000)}).ok());
  EXPECT_NE(block_.events[0].header.id, first);
  EXPECT_EQ(Balance(Cash(1)), 30);
}

TEST_F(EngineEvents, AreTakenBackWithTheirBlock) {
  const Fingerprint before = engine_.ledger().fingerprint();
  ASSERT_TRUE(Execute({FundingEvent(1'000'000), ExpiryEvent(Linear(11))}).ok());
  const Digest digest = block_.digest;
  ASSERT_TRUE(Execute({FundingEvent(1'000'000)}).ok());
  ASSERT_TRUE(engine_.Rollback(Height(1)).ok());
  EXPECT_EQ(engine_.ledger().fingerprint(), before);
  EXPECT_EQ(engine_.ledger().OpenInterestOf(kPerp), Amount(10));
  ASSERT_TRUE(Execute({FundingEvent(1'000'000), ExpiryEvent(Linear(11))}).ok());
  EXPECT_EQ(block_.digest, digest) << "the same block again is the same to the last bit";
}

// A chain with positions, certified: its receipts are proved and its state is recovered.
class CertifiedEvents : public testing::Test {
 protected:
  CertifiedEvents() {
    const std::vector<Transaction> openings{
        EngineWorld::Opening(1), EngineWorld::Opening(2),
        OpeningOf(9100, kGenesisTime + 1,
                  {{BookOf(1, kPerp), Amount(10)}, {BookOf(2, kPerp), Amount(-10)}})};
    EXPECT_TRUE(world_.ExecuteGenesis(block_, openings).ok());
    EXPECT_TRUE(world_.Finalize(block_).ok());
  }
  static absl::Status Execute(TestEngine& engine, std::uint64_t time,
                              const std::vector<MarketEvent>& events, BlockResult& out) {
    const std::vector<Transaction> members{Pay({.id = time, .valid_until = time + 5}, 1, 2, 3)};
    const std::vector<TransactionView> views = ViewsOf(members);
    const Keys::Credentials credentials{.venue = SignBatch(ContentsOf(members), time + 1)};
    return engine.Execute({.time = Timestamp(time),
                           .transactions = views,
                           .events = events,
                           .credentials = credentials,
                           .context = {}},
                          out);
  }

  EngineWorld world_;
  BlockResult block_;
};

TEST_F(CertifiedEvents, HaveReceiptsThatAnyoneCanVerify) {
  ASSERT_TRUE(Execute(world_.engine(), 1001, {FundingEvent(2'500'000)}, block_).ok());
  ASSERT_EQ(block_.events.size(), 1u);
  ASSERT_TRUE(world_.Finalize(block_).ok());
  SettlementProof<> proof{.header = block_.header,
                          .certificate = world_.CertificateOf(block_.header, block_.digest),
                          .receipt = block_.receipts[0],
                          .transaction = block_.events[0]};
  ASSERT_TRUE(world_.engine().ProveReceipt(block_.receipts[0].index, proof.path).ok());
  const auto verify = [&] {
    const Domain domain = world_.committee().domain();
    return VerifySettlement(world_.committee().set(), domain.network, domain.group, domain.epoch,
                            proof);
  };
  EXPECT_TRUE(verify().ok());
  proof.transaction.legs[0].amount = Amount(-24);
  EXPECT_EQ(ReasonOf(verify().status()), Reason(EngineReason::kContentMismatch));
}

TEST_F(CertifiedEvents, GoOnAfterRecoveryToTheSameDigests) {
  const std::vector<MarketEvent> first{FundingEvent(2'500'000), VariationEvent(Linear(7))};
  ASSERT_TRUE(Execute(world_.engine(), 1001, first, block_).ok());
  ASSERT_TRUE(world_.Finalize(block_).ok());
  const EngineState state = *world_.engine().Freeze(ReceiptsKept::kAll);
  const Domain domain = world_.committee().domain();
  LedgerOptions ledger = SmallOptions();
  ledger.id_capacity = 64;
  TestEngine replica({.network = domain.network,
                      .group = domain.group,
                      .epoch = domain.epoch,
                      .validator_set = domain.set,
                      .ledger = ledger},
                     Unmargined{}, Keys(domain.network, domain.group, 0));
  ASSERT_TRUE(replica.Recover(state, *world_.Certify(block_)).ok());
  const std::vector<MarketEvent> then{FundingEvent(-1'300'000), ExpiryEvent(Linear(-4))};
  BlockResult other;
  ASSERT_TRUE(Execute(world_.engine(), 1002, then, block_).ok());
  ASSERT_TRUE(Execute(replica, 1002, then, other).ok());
  EXPECT_EQ(other.digest, block_.digest);
  EXPECT_EQ(other.events.size(), 2u);
  EXPECT_EQ(replica.ledger().OpenInterestOf(kPerp), Amount());
}

TEST_F(CertifiedEvents, AreNotExecutedWhereTheCredentialsOfTheBlockAreRefused) {
  const Shown before = world_.Show();
  const std::vector<MarketEvent> events{ExpiryEvent(Linear(7))};
  const std::vector<Transaction> members{Pay({.id = 4, .valid_until = 1050}, 1, 2, 3)};
  const std::vector<TransactionView> views = ViewsOf(members);
  const Keys::Credentials credentials{.venue = SignBatch({Digest()}, 1002)};
  const absl::Status status = world_.engine().Execute({.time = Timestamp(std::uint64_t{1001}),
                                                       .transactions = views,
                                                       .events = events,
                                                       .credentials = credentials,
                                                       .context = {}},
                                                      block_);
  EXPECT_EQ(ReasonOf(status), Reason(EngineReason::kCredentialsRefused)) << status;
  EXPECT_TRUE(world_.Show() == before);
}

}  // namespace
}  // namespace settle::test
