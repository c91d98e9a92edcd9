// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/engine_state.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "tests/engine/chain.h"

namespace settle::test {
namespace {

// A chain with holds, burnt ids, settings and a new delegation in its last block, and its state.
class EngineStateTest : public Chain {
 protected:
  EngineStateTest() {
    BlockResult block;
    ExecuteOfEverything(block);
    EXPECT_TRUE(world_.Finalize(block).ok());
    Keep(block);
    state_ = *world_.engine().Freeze(ReceiptsKept::kAll);
  }

  TestEngine EmptyEngine(std::uint64_t hash_seed = 7) const {
    LedgerOptions ledger = SmallOptions();
    ledger.id_capacity = 64;
    ledger.hash_seed = hash_seed;
    return TestEngine({.network = domain().network,
                       .group = domain().group,
                       .epoch = domain().epoch,
                       .validator_set = domain().set,
                       .ledger = ledger},
                      Unmargined{}, Keys(domain().network, domain().group, hash_seed));
  }
  Verified<VoteStatement> Commit(std::size_t height) const {
    return *VerifyQuorum(set(), domain(), headers_[height].certificate);
  }
  Shown ShowOf(const TestEngine& engine) const {
    return {engine.ledger().fingerprint(), FingerprintOf(engine.authority()), engine.final_digest(),
            engine.speculative()};
  }

  EngineState state_;
};

TEST_F(EngineStateTest, IsReadAgainAndTheRunGoesOnToTheSameDigests) {
  const auto decoded = DecodeRecord<EngineState>(EncodeRecord(state_));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  TestEngine replica = EmptyEngine();
  const absl::Status status = replica.Recover(*decoded, Commit(6));
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(ShowOf(replica), world_.Show());
  EXPECT_EQ(EncodeRecord(*replica.Freeze(ReceiptsKept::kAll)), EncodeRecord(state_));

  for (std::uint64_t k = 7; k <= 40; ++k) {
    std::vector<Transaction> payments = {Pay({.id = 100 + k, .valid_until = 1050}, 1, 2, 1)};
    if (k == 8) payments.push_back(Pay({.id = 71, .valid_until = 1061}, 1, 2, 100'000'000));
    if (k == 9) payments.push_back(Pay({.id = 72, .valid_until = 1062}, 3, 1, 1));
    const std::vector<TransactionView> views = ViewsOf(payments);
    const Keys::Credentials credentials{.venue = SignBatch(ContentsOf(payments), 1050)};
    const TestEngine::Block block{.time = Timestamp(1000 + k),
                                  .transactions = views,
                                  .updates = {},
                                  .credentials = credentials,
                                  .context = {},
                                  .parameters = {},
                                  .prices = {}};
    BlockResult here;
    BlockResult there;
    ASSERT_TRUE(world_.engine().Execute(block, here).ok());
    ASSERT_TRUE(replica.Execute(block, there).ok());
    ASSERT_EQ(here.digest, there.digest) << k;
    if (k == 8) {
      EXPECT_EQ(there.verdicts[1].reason, LedgerReason::kIdAlreadyFailed);
    }
    if (k == 9) {
      EXPECT_EQ(there.verdicts[1].disposition, Disposition::kRepeated);
      ASSERT_TRUE(replica.Rollback(Height(k)).ok());
      ASSERT_TRUE(replica.Execute(block, there).ok());
      ASSERT_EQ(here.digest, there.digest);
    }
    const auto commit = world_.Certify(here);
    ASSERT_TRUE(world_.engine().Finalize(*commit).ok());
    ASSERT_TRUE(replica.Finalize(*commit).ok());
    InclusionProof old_here;
    InclusionProof old_there;
    ASSERT_TRUE(world_.engine().ProveReceipt(LogIndex(std::uint64_t{3}), old_here).ok());
    ASSERT_TRUE(replica.ProveReceipt(LogIndex(std::uint64_t{3}), old_there).ok());
    EXPECT_EQ(Encode(old_here), Encode(old_there));
  }
}

TEST_F(EngineStateTest, OfTheFrontierProvesWhatComesAndNothingBefore) {
  const EngineState frontier = *world_.engine().Freeze(ReceiptsKept::kFrontier);
  EXPECT_LT(frontier.receipts.size(), state_.receipts.size());
  TestEngine replica = EmptyEngine();
  ASSERT_TRUE(replica.Recover(frontier, Commit(6)).ok());
  InclusionProof proof;
  EXPECT_EQ(ReasonOf(replica.ProveReceipt(LogIndex(std::uint64_t{3}), proof)),
            Reason(LedgerReason::kPruned));
  const std::vector<Transaction> payments = {Pay({.id = 200, .valid_until = 1050}, 1, 2, 1)};
  const std::vector<TransactionView> views = ViewsOf(payments);
  const Keys::Credentials credentials{.venue = SignBatch(ContentsOf(payments), 1050)};
  BlockResult block;
  ASSERT_TRUE(replica
                  .Execute({.time = Timestamp(std::uint64_t{1007}),
                            .transactions = views,
                            .updates = {},
                            .credentials = credentials,
                            .context = {},
                            .parameters = {},
                            .prices = {}},
                           block)
                  .ok());
  ASSERT_TRUE(replica.Finalize(*world_.Certify(block)).ok());
  ASSERT_TRUE(replica.ProveReceipt(block.receipts[0].index, proof).ok());
  EXPECT_TRUE(VerifyInclusion(Sha256(), ReceiptLeaf(Sha256(), block.receipts[0]),
                              block.receipts[0].index, block.header.receipts, proof.path)
                  .ok());
}

TEST_F(EngineStateTest, PrunesFinalReceiptsAndProvesTheOthersAsBefore) {
  const std::uint64_t size = world_.engine().final_header()->receipts.size;
  EXPECT_EQ(ReasonOf(world_.engine().PruneReceipts(LogIndex(size + 1))),
            Reason(EngineReason::kNotFinal));
  InclusionProof before;
  ASSERT_TRUE(world_.engine().ProveReceipt(LogIndex(std::uint64_t{5}), before).ok());
  BlockResult waiting;
  ASSERT_TRUE(world_.ExecuteNumber(7, waiting).ok());
  ASSERT_TRUE(world_.engine().PruneReceipts(LogIndex(std::uint64_t{5})).ok());
  InclusionProof after;
  EXPECT_EQ(ReasonOf(world_.engine().ProveReceipt(LogIndex(std::uint64_t{4}), after)),
            Reason(LedgerReason::kPruned));
  ASSERT_TRUE(world_.engine().ProveReceipt(LogIndex(std::uint64_t{5}), after).ok());
  EXPECT_EQ(Encode(after), Encode(before));
  // The waiting block can still be taken back and executed again.
  ASSERT_TRUE(world_.engine().Rollback(Height(7)).ok());
  BlockResult again;
  ASSERT_TRUE(world_.ExecuteNumber(7, again).ok());
  EXPECT_EQ(again.digest, waiting.digest);
  ASSERT_TRUE(world_.Finalize(again).ok());
  ASSERT_TRUE(world_.engine().PruneReceipts(LogIndex(size)).ok());
}

struct Forgery {
  const char* name;
  std::function<void(EngineState&)> forge;
};

const std::vector<Forgery>& Forgeries() {
  static const std::vector<Forgery> forgeries = {
      {"header", [](EngineState& s) { s.header.prices = Digest::FromNumber(1); }},
      {"state", [](EngineState& s) { ++s.state.holds.size; }},
      {"height", [](EngineState& s) { s.ledger.height = Height(5); }},
      {"time", [](EngineState& s) { s.ledger.now = Timestamp(std::uint64_t{1007}); }},
      {"next receipt",
       [](EngineState& s) { s.ledger.next_index = LogIndex(s.ledger.next_index.value() + 1); }},
      {"balances",
       [](EngineState& s) {
         EXPECT_TRUE(AddTo(s.ledger.accounts[1].balance, Of(-1)));
         EXPECT_TRUE(AddTo(s.ledger.accounts[2].balance, Of(1)));
       }},
      {"flags", [](EngineState& s) { s.ledger.accounts[1].flags = {AccountFlag::kHistory}; }},
      {"the order of accounts",
       [](EngineState& s) {
         std::swap(s.ledger.accounts[0], s.ledger.accounts[3]);
         std::swap(s.histories[0], s.histories[3]);
       }},
      {"entries", [](EngineState& s) { ++s.ledger.accounts[1].entries; }},
      {"a hold", [](EngineState& s) { s.ledger.holds[0].terms.resolver = OwnerOf(1); }},
      {"a hold left out", [](EngineState& s) { s.ledger.holds.PopBack(); }},
      {"an id left out", [](EngineState& s) { s.ledger.ids.PopBack(); }},
      {"an id's legs", [](EngineState& s) { s.ledger.ids[1].legs[0].row ^= 1u; }},
      {"a history", [](EngineState& s) { s.histories[1] = Digest::FromNumber(1); }},
      {"a history left out", [](EngineState& s) { s.histories.PopBack(); }},
      {"a receipt", [](EngineState& s) { s.receipts[s.receipts.size() - 1] ^= std::byte{1}; }},
      {"receipts cut off", [](EngineState& s) { s.receipts.PopBack(); }},
      {"a key", [](EngineState& s) { s.authority[4 + 15] ^= std::byte{64}; }},
      {"a delegation", [](EngineState& s) { s.authority[s.authority.size() - 1] ^= std::byte{1}; }},
      {"no authority", [](EngineState& s) { s.authority.Clear(); }},
  };
  return forgeries;
}

TEST_F(EngineStateTest, IsRefusedWhereAnythingIsForgedAndNothingIsChanged) {
  for (const Forgery& forgery : Forgeries()) {
    EngineState forged = state_;
    forgery.forge(forged);
    TestEngine replica = EmptyEngine();
    const Shown before = ShowOf(replica);
    EXPECT_FALSE(replica.Recover(forged, Commit(6)).ok()) << forgery.name;
    EXPECT_EQ(ShowOf(replica), before) << forgery.name;
    EXPECT_EQ(replica.latest_header(), nullptr) << forgery.name;
    EXPECT_TRUE(replica.Recover(state_, Commit(6)).ok()) << forgery.name;
  }
}

TEST_F(EngineStateTest, NeedsTheCertificateOfItsOwnHeader) {
  TestEngine replica = EmptyEngine();
  EXPECT_EQ(ReasonOf(replica.Recover(state_, Commit(5))), Reason(EngineReason::kWrongHeader));
  // Once recovered, or with a block executed, there is no way back.
  ASSERT_TRUE(replica.Recover(state_, Commit(6)).ok());
  EXPECT_EQ(ReasonOf(replica.Recover(state_, Commit(6))), Reason(EngineReason::kGenesisTwice));
}

TEST_F(EngineStateTest, IsOfAFinalHeaderWithNothingWaiting) {
  BlockResult block;
  ASSERT_TRUE(world_.ExecuteNumber(7, block).ok());
  EXPECT_EQ(ReasonOf(world_.engine().Freeze(ReceiptsKept::kAll).status()),
            Reason(EngineReason::kNotFinal));
  ASSERT_TRUE(world_.Finalize(block).ok());
  EXPECT_TRUE(world_.engine().Freeze(ReceiptsKept::kAll).ok());
  EXPECT_EQ(ReasonOf(EngineWorld().engine().Freeze(ReceiptsKept::kAll).status()),
            Reason(EngineReason::kNotFinal));
  EXPECT_EQ(ReasonOf(world_.engine().Freeze(static_cast<ReceiptsKept>(9)).status()),
            Reason(BaseReason::kUnknownEnumerator));
}

}  // namespace
}  // namespace settle::test
