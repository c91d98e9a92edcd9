// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/settlement_engine.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/quorum/reason.h"
#include "tests/engine/world.h"

namespace settle::test {
namespace {

class SettlementEngineTest : public testing::Test {
 protected:
  // Expects that `act` is refused for `reason` and that the engine's value is the same after.
  template <typename Code>
  void ExpectRefused(Code reason, const std::function<absl::Status()>& act) {
    const Shown before = world_.Show();
    const absl::Status status = act();
    EXPECT_EQ(ReasonOf(status), Reason(reason)) << status;
    EXPECT_TRUE(world_.Show() == before) << ReasonName(reason);
  }

  // Expects that a block executed now is the one that a world without refusals executes.
  void ExpectSameNextBlock(EngineWorld& other, std::uint64_t k) {
    BlockResult mine;
    BlockResult others;
    ASSERT_TRUE(world_.ExecuteNumber(k, mine).ok());
    ASSERT_TRUE(other.ExecuteNumber(k, others).ok());
    EXPECT_EQ(mine.digest, others.digest);
    EXPECT_TRUE(world_.Show() == other.Show());
  }

  EngineWorld world_;
  TestEngine& engine_ = world_.engine();
  BlockResult block_;
};

TEST_F(SettlementEngineTest, MakesGenesisFinalByACommitCertificate) {
  EXPECT_EQ(engine_.final_header(), nullptr);
  ASSERT_TRUE(world_.ExecuteGenesis(block_).ok());
  EXPECT_EQ(engine_.speculative(), 1u);
  EXPECT_EQ(engine_.final_header(), nullptr);
  EXPECT_TRUE(engine_.final_digest().IsZero());
  ASSERT_TRUE(world_.Finalize(block_).ok());
  EXPECT_EQ(engine_.speculative(), 0u);
  ASSERT_NE(engine_.final_header(), nullptr);
  EXPECT_TRUE(*engine_.final_header() == block_.header);
  EXPECT_EQ(engine_.final_digest(), block_.digest);
  EXPECT_EQ(engine_.ledger().BalanceOf(Cash(2)), Of(1000));
}

TEST_F(SettlementEngineTest, HeaderSaysWhereWhenAndOnWhatTheBlockStands) {
  const BlockResult genesis = world_.Start();
  EXPECT_TRUE(genesis.header.parent.IsZero());
  EXPECT_EQ(genesis.header.height, Height(0));
  const std::vector<Transaction> transactions = EngineWorld::Payments(5);
  ASSERT_TRUE(world_.Execute(1005, transactions, block_).ok());
  const Header& header = block_.header;
  EXPECT_TRUE(header.domain() == world_.committee().domain());
  EXPECT_EQ(header.next_validator_set, world_.committee().set().id());
  EXPECT_EQ(header.height, Height(1));
  EXPECT_EQ(header.parent, genesis.digest);
  EXPECT_EQ(header.time, Timestamp(std::uint64_t{1005}));
  EXPECT_EQ(header.parameters, Digest::FromNumber(71));
  EXPECT_EQ(header.prices, Digest::FromNumber(1005));
  EXPECT_EQ(header.state.size, engine_.ledger().account_count());
  EXPECT_EQ(header.liabilities.size, 0u);
  EXPECT_EQ(header.liabilities.root, Sha256().EmptyRoot());
  EXPECT_EQ(block_.digest, HeaderDigest(Sha256(), header));

  // The trees hold what they say.
  const TransactionEntry entry{.id = transactions[0].header.id,
                               .content = ContentsOf(transactions)[0],
                               .disposition = Disposition::kApplied};
  EXPECT_EQ(header.transactions.size, 1u);
  EXPECT_EQ(header.transactions.root, Sha256().HashLeaf(EncodeRecord(entry)));
  CompactRange<> receipts;
  for (const auto& made : {genesis.receipts, block_.receipts}) {
    for (const Receipt& receipt : made) {
      (void)receipts.Append(EncodeRecord(receipt));
    }
  }
  EXPECT_EQ(header.receipts.size, 4u);
  EXPECT_EQ(header.receipts.root, receipts.Root());
}

TEST_F(SettlementEngineTest, NothingComesBeforeGenesisAndGenesisComesOnce) {
  ExpectRefused(EngineReason::kNoGenesis, [&] { return world_.ExecuteNumber(1, block_); });
  ASSERT_TRUE(world_.ExecuteGenesis(block_).ok());
  BlockResult again;
  ExpectRefused(EngineReason::kGenesisTwice, [&] { return world_.ExecuteGenesis(again); });
  ASSERT_TRUE(world_.Finalize(block_).ok());
  ExpectRefused(EngineReason::kGenesisTwice, [&] { return world_.ExecuteGenesis(again); });
}

TEST_F(SettlementEngineTest, GenesisRefusedHalfwayLeavesNothingAndMayBeTriedAgain) {
  const Transaction chosen = Pay({.id = 4, .valid_until = 1010}, 1, 2, 10);
  Transaction funding = EngineWorld::Opening(3);
  funding.header.rule = CompulsoryRule::kFunding;
  Transaction expired = EngineWorld::Opening(3);
  expired.header.valid_until = Timestamp(kGenesisTime);
  Transaction overflowing = EngineWorld::Opening(3);
  overflowing.legs[0].amount = Of(kMin<Int128> + 1);
  overflowing.legs[1].amount = Of(kMax<Int128>);
  for (const Transaction& bad : {chosen, funding, expired, overflowing}) {
    ExpectRefused(EngineReason::kGenesisRefused, [&] {
      return world_.ExecuteGenesis(block_, {EngineWorld::Opening(1), EngineWorld::Opening(2), bad});
    });
    EXPECT_EQ(engine_.ledger().account_count(), 0u);
    EXPECT_EQ(engine_.ledger().next_index(), LogIndex(0));
  }
  EngineWorld fresh;
  BlockResult expected;
  ASSERT_TRUE(fresh.ExecuteGenesis(expected).ok());
  ASSERT_TRUE(world_.ExecuteGenesis(block_).ok());
  EXPECT_EQ(block_.digest, expected.digest);
  EXPECT_TRUE(world_.Show() == fresh.Show());
}

TEST_F(SettlementEngineTest, RefusedGenesisNamesThePositionAndTheReason) {
  const absl::Status status = world_.ExecuteGenesis(
      block_, {EngineWorld::Opening(1), Pay({.id = 4, .valid_until = 1010}, 1, 2, 10)});
  EXPECT_NE(std::string(status.message()).find("transaction 2 of 2"), std::string::npos) << status;
}

TEST_F(SettlementEngineTest, GenesisMayBeTakenBackAndBeAnother) {
  const Shown empty = world_.Show();
  ASSERT_TRUE(world_.ExecuteGenesis(block_).ok());
  const Digest first = block_.digest;
  ASSERT_TRUE(engine_.Rollback(Height(0)).ok());
  EXPECT_TRUE(world_.Show() == empty);
  ASSERT_TRUE(world_.ExecuteGenesis(block_, {EngineWorld::Opening(1, 7)}).ok());
  EXPECT_NE(block_.digest, first);
  ASSERT_TRUE(engine_.Rollback(Height(0)).ok());
  ASSERT_TRUE(world_.ExecuteGenesis(block_).ok());
  EXPECT_EQ(block_.digest, first);
}

TEST_F(SettlementEngineTest, EightBlocksWaitAndANinthIsRefused) {
  const BlockResult genesis = world_.Start();
  std::vector<BlockResult> blocks(8);
  Digest parent = genesis.digest;
  for (std::uint64_t k = 1; k <= 8; ++k) {
    ASSERT_TRUE(world_.ExecuteNumber(k, blocks[k - 1]).ok());
    EXPECT_EQ(blocks[k - 1].header.parent, parent);
    EXPECT_EQ(blocks[k - 1].header.height, Height(k));
    parent = blocks[k - 1].digest;
  }
  ExpectRefused(EngineReason::kTooManySpeculative, [&] { return world_.ExecuteNumber(9, block_); });
  ASSERT_TRUE(world_.Finalize(blocks[0]).ok());
  ASSERT_TRUE(world_.ExecuteNumber(9, block_).ok());
  EXPECT_EQ(block_.header.parent, blocks[7].digest);
  for (std::size_t i = 1; i < 8; ++i) ASSERT_TRUE(world_.Finalize(blocks[i]).ok());
  ASSERT_TRUE(world_.Finalize(block_).ok());
  EXPECT_EQ(engine_.speculative(), 0u);
  EXPECT_EQ(engine_.ledger().BalanceOf(Cash(2)), Of(1000 + 45));
}

TEST_F(SettlementEngineTest, FinalizesInOrderAndOnlyByCommits) {
  world_.Start();
  BlockResult next;
  ExpectRefused(EngineReason::kNothingSpeculative, [&] {
    EngineWorld other;
    EXPECT_TRUE(other.ExecuteGenesis(next).ok());
    return world_.Finalize(next);
  });
  ASSERT_TRUE(world_.ExecuteNumber(1, block_).ok());
  ASSERT_TRUE(world_.ExecuteNumber(2, next).ok());
  ExpectRefused(EngineReason::kWrongHeader, [&] { return world_.Finalize(next); });
  for (const VoteKind kind : {VoteKind::kProposal, VoteKind::kStatementRoot}) {
    ExpectRefused(EngineReason::kNotCommit,
                  [&] { return engine_.Finalize(*world_.Certify(block_, kind)); });
  }
  ASSERT_TRUE(world_.Finalize(block_).ok());
  ExpectRefused(EngineReason::kWrongHeader, [&] { return world_.Finalize(block_); });
  ASSERT_TRUE(world_.Finalize(next).ok());
  ExpectRefused(EngineReason::kNothingSpeculative, [&] { return world_.Finalize(next); });
}

TEST_F(SettlementEngineTest, CertificateOfAnotherDomainFinalizesNothing) {
  world_.Start();
  ASSERT_TRUE(world_.ExecuteNumber(1, block_).ok());
  const Committee<Ed25519>& committee = world_.committee();
  const auto in_domain = [&](const Committee<Ed25519>& signers, const Domain& domain) {
    const VoteStatement statement{VoteKind::kCommit, Round(2), block_.digest, Round(1)};
    Certificate<> certificate = signers.Certify(statement, {});
    certificate.group = domain.group;
    certificate.epoch = domain.epoch;
    certificate.set = domain.set;
    for (std::size_t signer = 0; signer < 3; ++signer) {
      const Vote<> vote = signers.VoteIn(domain, signer, statement);
      EXPECT_TRUE(certificate.signers.Add(vote.signer));
      EXPECT_TRUE(certificate.signatures.Add(vote.signature));
    }
    const auto commit = VerifyQuorum(signers.set(), domain, certificate);
    EXPECT_TRUE(commit.ok()) << commit.status();
    return engine_.Finalize(*commit);
  };
  Domain domain = committee.domain();
  domain.network = NetworkId::FromNumber(77);
  ExpectRefused(EngineReason::kWrongDomain, [&] { return in_domain(committee, domain); });
  domain = committee.domain();
  domain.group = GroupId(77);
  ExpectRefused(EngineReason::kWrongDomain, [&] { return in_domain(committee, domain); });
  domain = committee.domain();
  domain.epoch = Epoch(77);
  ExpectRefused(EngineReason::kWrongDomain, [&] { return in_domain(committee, domain); });
  const Committee<Ed25519> strangers({1, 1, 1, 1}, FaultModel::kByzantine, 500);
  ExpectRefused(EngineReason::kWrongDomain,
                [&] { return in_domain(strangers, strangers.domain()); });
  // The same keys under the weaker fault model are another set.
  const Committee<Ed25519> weaker({1, 1, 1, 1}, FaultModel::kCrashOnly);
  ExpectRefused(EngineReason::kWrongDomain, [&] { return in_domain(weaker, weaker.domain()); });
  EXPECT_TRUE(in_domain(committee, committee.domain()).ok());
}

TEST_F(SettlementEngineTest, RefusedBlockLeavesEverythingBitIdentical) {
  EngineWorld other;
  world_.Start();
  other.Start();
  BlockResult same;
  ASSERT_TRUE(world_.ExecuteNumber(1, block_).ok());
  ASSERT_TRUE(other.ExecuteNumber(1, same).ok());

  const std::vector<Transaction> payments = EngineWorld::Payments(2);
  const std::vector<Digest> contents = ContentsOf(payments);
  const auto with = [&](const Keys::SignedVenueConsent& venue) {
    return [this, &payments, venue] {
      return world_.ExecuteWith({.venue = venue}, 1002, payments, block_);
    };
  };
  Keys::SignedVenueConsent bad = SignBatch(contents, 1010);
  bad.signature.data()[0] ^= std::byte{1};
  ExpectRefused(EngineReason::kCredentialsRefused, with(bad));
  ExpectRefused(EngineReason::kCredentialsRefused, with(SignBatch(contents, 1002)));
  ExpectRefused(EngineReason::kCredentialsRefused, with(SignBatch({}, 1010)));
  ExpectRefused(EngineReason::kCredentialsRefused,
                with(SignBatch({contents[0], contents[0]}, 1010)));
  ExpectRefused(EngineReason::kCredentialsRefused,
                with(SignBatch(contents, 1010, OwnerDomain(NetworkId::FromNumber(9), GroupId(2)))));

  // The first update is good, and is taken back with the second one.
  const Delegation good{.owner = OwnerOf(1), .venue = OwnerOf(kVenue), .number = 2};
  const Delegation stale{.owner = OwnerOf(2), .venue = OwnerOf(kVenue), .number = 1};
  const Delegation unknown{.owner = OwnerOf(8), .venue = OwnerOf(kVenue), .number = 2};
  for (const Keys::SignedDelegation& refused :
       {SignDelegation(stale, 2), SignDelegation(unknown, 8), SignDelegation(good, 2)}) {
    ExpectRefused(EngineReason::kUpdateRefused, [&] {
      return world_.Execute(1002, payments, block_, {SignDelegation(good, 1), refused});
    });
  }
  ExpectRefused(LedgerReason::kTimeWentBack,
                [&] { return world_.Execute(1000, payments, block_); });
  ExpectSameNextBlock(other, 2);
}

TEST_F(SettlementEngineTest, BlockOfMoreTransactionsThanTheBoundIsRefused) {
  const std::vector<TransactionView> views(kMaxBlockTransactions + 1);
  ExpectRefused(EngineReason::kTooManyTransactions,
                [&] { return engine_.ExecuteGenesis(Timestamp(kGenesisTime), views, block_); });
  world_.Start();
  const Keys::Credentials credentials;
  ExpectRefused(EngineReason::kTooManyTransactions, [&] {
    return engine_.Execute({.time = Timestamp(kGenesisTime),
                            .transactions = views,
                            .updates = {},
                            .credentials = credentials,
                            .context = {},
                            .parameters = {},
                            .prices = {}},
                           block_);
  });
}

TEST_F(SettlementEngineTest, RefusedTransactionIsRecordedAndTakesNothingElseWithIt) {
  world_.Start();
  const Transaction good = Pay({.id = 1, .valid_until = 1050}, 1, 2, 10);
  const Transaction too_much = Pay({.id = 2, .valid_until = 1050}, 1, 2, 5000);
  const Transaction last = Pay({.id = 3, .valid_until = 1050}, 2, 3, 1010);
  const std::vector<Transaction> all = {good, too_much, last, good};
  ASSERT_TRUE(world_.Execute(1001, all, block_).ok());
  ASSERT_EQ(block_.verdicts.size(), 4u);
  EXPECT_EQ(block_.verdicts[0].disposition, Disposition::kApplied);
  EXPECT_EQ(block_.verdicts[1].reason, Reason(LedgerReason::kBelowFloor));
  EXPECT_EQ(block_.verdicts[2].disposition, Disposition::kApplied);
  EXPECT_EQ(block_.verdicts[3].disposition, Disposition::kRepeated);
  ASSERT_EQ(block_.receipts.size(), 2u);
  EXPECT_EQ(block_.receipts[0].index, LogIndex(3));
  EXPECT_EQ(block_.receipts[1].index, LogIndex(4));
  EXPECT_EQ(block_.header.receipts.size, 5u);
  CompactRange<> entries;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Verdict& verdict = block_.verdicts[i];
    const TransactionEntry entry{.id = all[i].header.id,
                                 .content = ContentsOf(all)[i],
                                 .disposition = verdict.disposition,
                                 .module = static_cast<std::uint16_t>(verdict.reason.module()),
                                 .code = verdict.reason.code()};
    (void)entries.Append(EncodeRecord(entry));
  }
  EXPECT_TRUE(block_.header.transactions == entries.Head());
  EXPECT_EQ(engine_.ledger().BalanceOf(Cash(3)), Of(2010));
}

TEST_F(SettlementEngineTest, CompulsoryTransactionsHaveNoPlaceInABlock) {
  world_.Start();
  Transaction opening = EngineWorld::Opening(1);
  opening.header.id = TransactionId::FromNumber(1);
  opening.header.valid_until = Timestamp(std::uint64_t{1050});
  const Amount before = engine_.ledger().BalanceOf(Cash(1));
  ASSERT_TRUE(world_.Execute(1001, {opening}, block_).ok());
  EXPECT_EQ(block_.verdicts[0].reason, Reason(LedgerReason::kWrongEntryPoint));
  EXPECT_TRUE(block_.receipts.empty());
  EXPECT_EQ(engine_.ledger().BalanceOf(Cash(1)), before);
}

TEST_F(SettlementEngineTest, TakesBackToAnyHeightAndExecutesTheSameAgain) {
  world_.Start();
  std::vector<Shown> shown = {world_.Show()};
  std::vector<Digest> digests;
  for (std::uint64_t k = 1; k <= 8; ++k) {
    ASSERT_TRUE(world_.ExecuteNumber(k, block_).ok());
    shown.push_back(world_.Show());
    digests.push_back(block_.digest);
  }
  for (const std::uint64_t height : {8u, 5u, 2u, 1u}) {
    ASSERT_TRUE(engine_.Rollback(Height(height)).ok());
    EXPECT_TRUE(world_.Show() == shown[height - 1]) << height;
    for (std::uint64_t k = height; k <= 8; ++k) {
      ASSERT_TRUE(world_.ExecuteNumber(k, block_).ok());
      EXPECT_EQ(block_.digest, digests[k - 1]) << k;
      EXPECT_TRUE(world_.Show() == shown[k]) << k;
    }
  }
  // Another block in the place of the fifth, and what stood there never comes back.
  ASSERT_TRUE(engine_.Rollback(Height(5)).ok());
  ASSERT_TRUE(world_.Execute(1005, {Pay({.id = 5, .valid_until = 1020}, 3, 1, 5)}, block_).ok());
  EXPECT_NE(block_.digest, digests[4]);
  EXPECT_EQ(block_.verdicts[0].disposition, Disposition::kApplied);
}

TEST_F(SettlementEngineTest, TakesBackOnlyWhatWaits) {
  ExpectRefused(EngineReason::kNoSuchHeight, [&] { return engine_.Rollback(Height(0)); });
  world_.Start();
  ExpectRefused(EngineReason::kNoSuchHeight, [&] { return engine_.Rollback(Height(0)); });
  ASSERT_TRUE(world_.ExecuteNumber(1, block_).ok());
  ExpectRefused(EngineReason::kNoSuchHeight, [&] { return engine_.Rollback(Height(2)); });
  ExpectRefused(EngineReason::kNoSuchHeight, [&] { return engine_.Rollback(Height(0)); });
  const BlockResult taken_back = block_;
  ASSERT_TRUE(engine_.Rollback(Height(1)).ok());
  ExpectRefused(EngineReason::kNothingSpeculative, [&] { return world_.Finalize(taken_back); });
}

TEST_F(SettlementEngineTest, UpdatesOfABlockHoldForItAndGoWithIt) {
  world_.Start();
  const Shown before = world_.Show();
  const Delegation revoked{.owner = OwnerOf(1), .venue = OwnerOf(kVenue), .number = 2};
  ASSERT_TRUE(
      world_.Execute(1001, EngineWorld::Payments(1), block_, {SignDelegation(revoked, 1)}).ok());
  EXPECT_EQ(block_.verdicts[0].reason, Reason(LedgerReason::kConsentExpired));
  ASSERT_TRUE(engine_.Rollback(Height(1)).ok());
  EXPECT_TRUE(world_.Show() == before);
  ASSERT_TRUE(world_.ExecuteNumber(1, block_).ok());
  EXPECT_EQ(block_.verdicts[0].disposition, Disposition::kApplied);
}

TEST_F(SettlementEngineTest, ProvesReceiptsUnderTheFinalHeaderOnly) {
  InclusionProof proof;
  ExpectRefused(EngineReason::kNotFinal, [&] { return engine_.ProveReceipt(LogIndex(0), proof); });
  world_.Start();
  ASSERT_TRUE(world_.ExecuteNumber(1, block_).ok());
  EXPECT_TRUE(engine_.ProveReceipt(LogIndex(2), proof).ok());
  ExpectRefused(EngineReason::kNotFinal, [&] { return engine_.ProveReceipt(LogIndex(3), proof); });
  ASSERT_TRUE(world_.Finalize(block_).ok());
  ASSERT_TRUE(engine_.ProveReceipt(LogIndex(3), proof).ok());
  const Digest leaf = ReceiptLeaf(Sha256(), block_.receipts[0]);
  EXPECT_TRUE(
      VerifyInclusion(Sha256(), leaf, LogIndex(3), block_.header.receipts, proof.path).ok());
  ExpectRefused(EngineReason::kNotFinal, [&] { return engine_.ProveReceipt(LogIndex(4), proof); });
}

TEST_F(SettlementEngineTest, ProofsUnderAFinalHeaderStandWhileBlocksComeAndGo) {
  const BlockResult genesis = world_.Start();
  for (std::uint64_t k = 1; k <= 8; ++k) {
    ASSERT_TRUE(world_.ExecuteNumber(k, block_).ok());
    if (k % 3 == 0) {
      ASSERT_TRUE(engine_.Rollback(Height(k)).ok());
      ASSERT_TRUE(world_.ExecuteNumber(k, block_).ok());
    }
    for (const Receipt& receipt : genesis.receipts) {
      InclusionProof proof;
      ASSERT_TRUE(engine_.ProveReceipt(receipt.index, proof).ok());
      EXPECT_TRUE(VerifyInclusion(Sha256(), ReceiptLeaf(Sha256(), receipt), receipt.index,
                                  genesis.header.receipts, proof.path)
                      .ok());
    }
  }
}

TEST_F(SettlementEngineTest, EmptyBlockMovesTimeAlone) {
  const BlockResult genesis = world_.Start();
  ASSERT_TRUE(world_.ExecuteWith({}, 1001, {}, block_).ok());
  EXPECT_TRUE(block_.header.receipts == genesis.header.receipts);
  EXPECT_EQ(block_.header.transactions.size, 0u);
  EXPECT_EQ(block_.header.transactions.root, Sha256().EmptyRoot());
  EXPECT_NE(block_.header.state.root, genesis.header.state.root);
  ASSERT_TRUE(world_.Finalize(block_).ok());
  // Time may stand still.
  ASSERT_TRUE(world_.ExecuteWith({}, 1001, {}, block_).ok());
}

// What every replica computes: pinned, so that no change of the format goes unseen.
TEST_F(SettlementEngineTest, DigestOfASmallRunNeverChanges) {
  for (const std::uint64_t hash_seed : {std::uint64_t{0}, std::uint64_t{0x1234567890}}) {
    EngineWorld world(hash_seed);
    world.Start();
    BlockResult block;
    for (std::uint64_t k = 1; k <= 3; ++k) {
      ASSERT_TRUE(world.ExecuteNumber(k, block).ok());
      ASSERT_TRUE(world.Finalize(block).ok());
    }
    EXPECT_EQ(ToString(block.digest),
              "24b65afa765c8d200f6c53c65ae7744f381cb2ed63a18767f67ebb99a1ae1f44");
  }
}

// --- an authority without a state of its own ----------------------------------------------------

TEST(SettlementEngineOfAHost, RunsWithAnAuthorityThatHasNothingToTakeBack) {
  const Committee<Ed25519> committee({1});
  SettlementEngine<TotalAtLeast, HostVouches, TestAccounts> engine(
      {.network = committee.domain().network,
       .group = committee.domain().group,
       .epoch = committee.domain().epoch,
       .validator_set = committee.domain().set,
       .ledger = SmallOptions()},
      {}, {});
  BlockResult block;
  const std::vector<Transaction> openings = EngineWorld::Openings();
  ASSERT_TRUE(engine.ExecuteGenesis(Timestamp(kGenesisTime), ViewsOf(openings), block).ok());
  const Transaction payment = Pay({.id = 1, .valid_until = 1050}, 1, 2, 400);
  const TransactionView view = payment.view();
  const auto execute = [&](Int128 least) {
    const TotalAtLeast::Context context{.least = least};
    return engine.Execute({.time = Timestamp(kGenesisTime),
                           .transactions = std::span(&view, 1),
                           .updates = {},
                           .credentials = {},
                           .context = context,
                           .parameters = {},
                           .prices = {}},
                          block);
  };
  const Fingerprint before = engine.ledger().fingerprint();
  ASSERT_TRUE(execute(601).ok());
  EXPECT_EQ(block.verdicts[0].reason, Reason(Module::kHost, 1));
  ASSERT_TRUE(engine.Rollback(Height(1)).ok());
  EXPECT_EQ(engine.ledger().fingerprint(), before);
  ASSERT_TRUE(execute(600).ok());
  EXPECT_EQ(block.verdicts[0].disposition, Disposition::kApplied);
}

}  // namespace
}  // namespace settle::test
