// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/balance_proof.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/quorum/reason.h"
#include "tests/engine/chain.h"

namespace settle::test {
namespace {

class BalanceProofTest : public Chain {
 protected:
  absl::StatusOr<Verified<AccountBalance>> Verify(const BalanceProof<>& proof) const {
    return VerifyBalance(set(), domain().network, domain().group, domain().epoch, proof);
  }
  void ExpectRefused(Reason reason, const BalanceProof<>& proof) const {
    const auto balance = Verify(proof);
    EXPECT_EQ(ReasonOf(balance.status()), reason) << balance.status();
  }
};

TEST_F(BalanceProofTest, ShowsEveryBalanceAtEveryHeight) {
  Int128 paid = 0;
  for (std::size_t height = 0; height <= 5; ++height) {
    paid += static_cast<int>(height * (height % 2 == 1 ? 11 : 1));
    const Int128 given = height >= 4 ? 7 : 0;
    const Int128 expected[] = {0, 1000 - paid, 1000 + paid - given, 1000 + given};
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      const auto balance = Verify(BalanceAt(height, owner));
      ASSERT_TRUE(balance.ok()) << balance.status();
      EXPECT_TRUE((*balance)->opened);
      EXPECT_EQ((*balance)->account, Cash(owner));
      EXPECT_EQ((*balance)->leaf.balance, Of(expected[owner]));
      EXPECT_EQ((*balance)->height, Height(height));
      EXPECT_EQ((*balance)->time, headers_[height].header.time);
      EXPECT_EQ(balance->set_id(), set().id());
    }
  }
}

TEST_F(BalanceProofTest, ShowsThatAnAccountWasNeverOpened) {
  const auto balance = Verify(BalanceAt(5, 4));
  ASSERT_TRUE(balance.ok()) << balance.status();
  EXPECT_FALSE((*balance)->opened);
  EXPECT_EQ((*balance)->leaf, AccountLeaf());
}

TEST_F(BalanceProofTest, IsReadAgainFromItsBytes) {
  for (const std::uint64_t owner : {1u, 4u}) {
    const std::vector<std::byte> bytes = EncodeRecord(BalanceAt(3, owner));
    const auto decoded = DecodeRecord<BalanceProof<>>(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(Verify(*decoded).ok());
    EXPECT_EQ(EncodeRecord(*decoded), bytes);
  }
}

TEST_F(BalanceProofTest, OfAnOpenedAccountIsNoneOfAbsence) {
  BalanceProof<> proof = BalanceAt(5, 1);
  proof.account.found = std::get<AbsenceProof>(BalanceAt(5, 4).account.found);
  const auto balance = Verify(proof);
  EXPECT_FALSE(balance.ok());
  proof = BalanceAt(5, 4);
  proof.account.found = BalanceAt(5, 1).account.found;
  ExpectRefused(LedgerReason::kRootMismatch, proof);
}

TEST_F(BalanceProofTest, IsRefusedForAnythingThatIsNotSo) {
  BalanceProof<> proof = BalanceAt(5, 1);
  std::get<OpenedAccount>(proof.account.found).leaf.balance = Of(5000);
  ExpectRefused(LedgerReason::kRootMismatch, proof);

  proof = BalanceAt(5, 1);
  std::get<OpenedAccount>(proof.account.found).leaf.pending.debits = Of(1);
  ExpectRefused(LedgerReason::kRootMismatch, proof);

  proof = BalanceAt(5, 1);
  ++std::get<OpenedAccount>(proof.account.found).leaf.entries;
  ExpectRefused(LedgerReason::kRootMismatch, proof);

  proof = BalanceAt(5, 1);
  proof.account.account = Cash(2);
  ExpectRefused(LedgerReason::kRootMismatch, proof);

  // Of yesterday, under today's header.
  proof = BalanceAt(5, 1);
  proof.account = BalanceAt(3, 1).account;
  ExpectRefused(EngineReason::kStateMismatch, proof);

  // The holds' map instead of the accounts'.
  proof = BalanceAt(5, 1);
  std::swap(proof.account.state.accounts, proof.account.state.holds);
  ExpectRefused(EngineReason::kStateMismatch, proof);

  proof = BalanceAt(5, 1);
  proof.account.state.authority = Digest::FromNumber(3);
  ExpectRefused(EngineReason::kStateMismatch, proof);

  proof = BalanceAt(5, 1);
  proof.header.header.state.root = Digest::FromNumber(3);
  ExpectRefused(EngineReason::kWrongHeader, proof);

  proof = BalanceAt(5, 1);
  proof.header.certificate = headers_[4].certificate;
  ExpectRefused(EngineReason::kWrongHeader, proof);

  proof = BalanceAt(5, 1);
  proof.header.certificate.statement.kind = VoteKind::kProposal;
  ExpectRefused(EngineReason::kNotCommit, proof);
}

TEST_F(BalanceProofTest, IsRefusedByAnotherDomainAndWithoutAQuorum) {
  const BalanceProof<> proof = BalanceAt(5, 1);
  const auto other = VerifyBalance(set(), domain().network, domain().group,
                                   Epoch(domain().epoch.value() + 1), proof);
  EXPECT_EQ(ReasonOf(other.status()), Reason(EngineReason::kWrongDomain));

  BalanceProof<> forged = proof;
  forged.header.certificate.signatures[1].data()[7] ^= std::byte{1};
  ExpectRefused(QuorumReason::kBadSignature, forged);
}

TEST_F(BalanceProofTest, IsRefusedForEveryFlippedBitOfItsBytes) {
  const std::vector<std::byte> bytes = EncodeRecord(BalanceAt(5, 2));
  std::size_t decoded = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::vector<std::byte> flipped = bytes;
    flipped[i] ^= static_cast<std::byte>(1u << (i % 8));
    const auto proof = DecodeRecord<BalanceProof<>>(flipped);
    if (!proof.ok()) continue;
    ++decoded;
    EXPECT_FALSE(Verify(*proof).ok()) << "byte " << i;
  }
  EXPECT_GT(decoded, bytes.size() / 2);
}

TEST_F(BalanceProofTest, IsOfTheLatestBlockFinalOrNot) {
  BlockResult block;
  ASSERT_TRUE(world_.Execute(1006, {Pay({.id = 60, .valid_until = 1050}, 1, 2, 100)}, block).ok());
  AccountProof account;
  ASSERT_TRUE(world_.engine().ProveAccount(Cash(1), account).ok());
  EXPECT_EQ(*world_.engine().latest_header(), block.header);
  const BalanceProof<> proof{{block.header, world_.CertificateOf(block.header, block.digest)},
                             account};
  EXPECT_TRUE(Verify(proof).ok());
  // Taken back, the account is proved under the block before again.
  ASSERT_TRUE(world_.engine().Rollback(Height(6)).ok());
  ASSERT_TRUE(world_.engine().ProveAccount(Cash(1), account).ok());
  EXPECT_EQ(Encode(account), Encode(BalanceAt(5, 1).account));
}

TEST(BalanceProof, IsRefusedBeforeGenesis) {
  EngineWorld world;
  AccountProof account;
  EXPECT_EQ(ReasonOf(world.engine().ProveAccount(Cash(1), account)),
            Reason(EngineReason::kNoGenesis));
  EXPECT_EQ(world.engine().latest_header(), nullptr);
}

}  // namespace
}  // namespace settle::test
