// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/settlement_proof.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/status.h"
#include "settle/quorum/reason.h"
#include "tests/engine/world.h"

namespace settle::test {
namespace {

// A final chain of five blocks of three payments each, with all that their proofs are made of.
class SettlementProofTest : public testing::Test {
 protected:
  SettlementProofTest() {
    world_.Start();
    for (std::uint64_t k = 1; k <= 5; ++k) {
      const std::vector<Transaction> payments = {
          Pay({.id = 10 * k, .valid_until = 1050}, 1, 2, k),
          Pay({.id = 10 * k + 1, .valid_until = 1050}, 2, 3, k + 100),
          Pay({.id = 10 * k + 2, .valid_until = 1050}, 3, 1, k + 200)};
      EXPECT_TRUE(world_.Execute(1000 + k, payments, block_).ok());
      EXPECT_TRUE(world_.Finalize(block_).ok());
      EXPECT_EQ(block_.receipts.size(), 3u);
      transactions_.insert(transactions_.end(), payments.begin(), payments.end());
      receipts_.insert(receipts_.end(), block_.receipts.begin(), block_.receipts.end());
    }
    certificate_ = world_.CertificateOf(block_.header, block_.digest);
  }

  // The proof of payment `i`, under the last header.
  SettlementProof<> ProofOf(std::size_t i) {
    SettlementProof<> proof{.header = block_.header,
                            .certificate = certificate_,
                            .receipt = receipts_[i],
                            .transaction = transactions_[i]};
    EXPECT_TRUE(world_.engine().ProveReceipt(receipts_[i].index, proof.path).ok());
    return proof;
  }

  absl::StatusOr<Verified<Receipt>> Verify(const SettlementProof<>& proof) const {
    return VerifyIn(world_.committee().domain(), world_.committee().set(), proof);
  }
  static absl::StatusOr<Verified<Receipt>> VerifyIn(const Domain& domain, const ValidatorSet<>& set,
                                                    const SettlementProof<>& proof) {
    return VerifySettlement(set, domain.network, domain.group, domain.epoch, proof);
  }
  void ExpectRefused(Reason reason, const SettlementProof<>& proof) const {
    const auto settled = Verify(proof);
    EXPECT_EQ(ReasonOf(settled.status()), reason) << settled.status();
  }

  EngineWorld world_;
  BlockResult block_;
  Certificate<> certificate_;
  std::vector<Transaction> transactions_;
  std::vector<Receipt> receipts_;
};

TEST_F(SettlementProofTest, VerifiesForEveryReceiptAndSaysBySetAndStatement) {
  for (std::size_t i = 0; i < receipts_.size(); ++i) {
    const auto settled = Verify(ProofOf(i));
    ASSERT_TRUE(settled.ok()) << settled.status();
    EXPECT_TRUE(settled->value() == receipts_[i]);
    EXPECT_EQ(settled->set_id(), world_.committee().set().id());
    EXPECT_EQ(settled->statement_digest(),
              StatementDigest(Sha256(), block_.header.domain(), certificate_.statement));
  }
}

TEST_F(SettlementProofTest, SurvivesItsRecord) {
  const SettlementProof<> proof = ProofOf(7);
  const auto decoded = DecodeRecord<SettlementProof<>>(EncodeRecord(proof));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == proof);
  EXPECT_TRUE(Verify(*decoded).ok());
}

// The certificate names exactly a quorum, so that every one of its signatures is needed.
TEST_F(SettlementProofTest, EveryByteChangedIsRefused) {
  const std::vector<std::byte> bytes = EncodeRecord(ProofOf(4));
  std::size_t decoded_otherwise = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::vector<std::byte> changed = bytes;
      changed[i] ^= static_cast<std::byte>(change);
      const auto decoded = DecodeRecord<SettlementProof<>>(changed);
      if (!decoded.ok()) continue;
      ++decoded_otherwise;
      EXPECT_FALSE(Verify(*decoded).ok()) << "byte " << i << " of " << bytes.size();
    }
  }
  EXPECT_GT(decoded_otherwise, bytes.size());
}

TEST_F(SettlementProofTest, TruncatedOrExtendedIsNoProof) {
  std::vector<std::byte> bytes = EncodeRecord(ProofOf(0));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeRecord<SettlementProof<>>(ByteView(bytes.data(), size)).ok()) << size;
  }
  bytes.push_back(std::byte{0});
  EXPECT_EQ(ReasonOf(DecodeRecord<SettlementProof<>>(bytes).status()),
            Reason(BaseReason::kTrailingBytes));
}

TEST_F(SettlementProofTest, HoldsForTheTrustedDomainAlone) {
  const SettlementProof<> proof = ProofOf(3);
  const ValidatorSet<>& set = world_.committee().set();
  const Domain trusted = world_.committee().domain();
  Domain network = trusted;
  network.network = NetworkId::FromNumber(99);
  Domain group = trusted;
  group.group = GroupId(99);
  Domain epoch = trusted;
  epoch.epoch = Epoch(99);
  for (const Domain& domain : {network, group, epoch}) {
    EXPECT_EQ(ReasonOf(VerifyIn(domain, set, proof).status()), Reason(EngineReason::kWrongDomain));
  }
  const Committee<Ed25519> strangers({1, 1, 1, 1}, FaultModel::kByzantine, 500);
  EXPECT_EQ(ReasonOf(VerifyIn(trusted, strangers.set(), proof).status()),
            Reason(EngineReason::kWrongDomain));
  EXPECT_TRUE(VerifyIn(trusted, set, proof).ok());
}

// A header rewritten for the verifier's domain is another header, and its signers are not its own.
TEST_F(SettlementProofTest, StrangersCannotSignForATrustedSet) {
  const Committee<Ed25519> strangers({1, 1, 1, 1}, FaultModel::kByzantine, 500);
  SettlementProof<> proof = ProofOf(3);
  const VoteStatement statement = certificate_.statement;
  proof.certificate = strangers.Certify(statement, {0, 1, 2});
  ExpectRefused(QuorumReason::kWrongSet, proof);
  proof.certificate.set = world_.committee().set().id();
  ExpectRefused(QuorumReason::kBadSignature, proof);
}

TEST_F(SettlementProofTest, NeedsACommitOfAQuorumForExactlyThisHeader) {
  SettlementProof<> proof = ProofOf(3);
  for (const VoteKind kind : {VoteKind::kProposal, VoteKind::kStatementRoot}) {
    proof.certificate = world_.CertificateOf(block_.header, block_.digest, kind);
    ExpectRefused(EngineReason::kNotCommit, proof);
    // Relabelled, the signatures are of something else.
    proof.certificate.statement.kind = VoteKind::kCommit;
    ExpectRefused(QuorumReason::kBadSignature, proof);
  }
  proof.certificate = world_.committee().Certify(certificate_.statement, {0, 1});
  ExpectRefused(QuorumReason::kTooLittleWeight, proof);
  proof.certificate = world_.CertificateOf(block_.header, Digest::FromNumber(1));
  ExpectRefused(EngineReason::kWrongHeader, proof);
  proof.certificate = certificate_;
  proof.header.time = Timestamp(std::uint64_t{1006});
  ExpectRefused(EngineReason::kWrongHeader, proof);
}

TEST_F(SettlementProofTest, NeedsTheReceiptOfExactlyThisTransaction) {
  SettlementProof<> proof = ProofOf(3);
  proof.transaction = transactions_[4];
  ExpectRefused(EngineReason::kContentMismatch, proof);
  proof.transaction = transactions_[3];
  proof.transaction.legs[0].amount = Of(-999);
  ExpectRefused(EngineReason::kContentMismatch, proof);
  // A receipt made up for another transaction is under no header.
  proof = ProofOf(3);
  proof.transaction.header.id = TransactionId::FromNumber(5);
  proof.receipt.id = proof.transaction.header.id;
  proof.receipt.content = TransactionDigest(Sha256(), proof.transaction.view());
  ExpectRefused(LedgerReason::kRootMismatch, proof);
  proof = ProofOf(3);
  proof.receipt.id = TransactionId::FromNumber(5);
  ExpectRefused(EngineReason::kContentMismatch, proof);
  // The right receipt at another place.
  proof = ProofOf(3);
  proof.path = ProofOf(4).path;
  ExpectRefused(LedgerReason::kRootMismatch, proof);
  proof = ProofOf(3);
  proof.path.path.PopBack();
  ExpectRefused(LedgerReason::kBadProofLength, proof);
  proof = ProofOf(3);
  proof.receipt.index = LogIndex(18);
  ExpectRefused(LedgerReason::kBadIndex, proof);
}

TEST_F(SettlementProofTest, ReceiptIsNeverNewerThanItsHeader) {
  SettlementProof<> proof = ProofOf(14);
  ASSERT_EQ(proof.receipt.height, proof.header.height);
  ASSERT_EQ(proof.receipt.time, proof.header.time);
  proof.receipt.height = Height(6);
  ExpectRefused(EngineReason::kReceiptTooNew, proof);
  proof = ProofOf(14);
  proof.receipt.time = Timestamp(std::uint64_t{1006});
  ExpectRefused(EngineReason::kReceiptTooNew, proof);
}

TEST_F(SettlementProofTest, ProofOfAnEarlierHeaderStaysGood) {
  SettlementProof<> proof = ProofOf(2);
  ASSERT_TRUE(world_.Execute(1006, {Pay({.id = 99, .valid_until = 1050}, 1, 2, 1)}, block_).ok());
  ASSERT_TRUE(world_.Finalize(block_).ok());
  EXPECT_TRUE(Verify(proof).ok());
  // The new path leads to the new header's root only.
  ASSERT_TRUE(world_.engine().ProveReceipt(receipts_[2].index, proof.path).ok());
  EXPECT_FALSE(Verify(proof).ok());
  proof.header = block_.header;
  proof.certificate = world_.CertificateOf(block_.header, block_.digest);
  EXPECT_TRUE(Verify(proof).ok());
}

TEST_F(SettlementProofTest, VerifiesFromARecordedTrustRoot) {
  const Domain domain = world_.committee().domain();
  TrustRoot root{.network = domain.network, .group = domain.group, .epoch = domain.epoch};
  for (const std::byte byte : world_.committee().set().Encode()) {
    ASSERT_TRUE(root.validator_set.Add(byte));
  }
  const auto decoded = DecodeRecord<TrustRoot>(EncodeRecord(root));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == root);
  const auto set =
      ValidatorSet<>::Decode({decoded->validator_set.data(), decoded->validator_set.size()});
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_TRUE(
      VerifySettlement(*set, decoded->network, decoded->group, decoded->epoch, ProofOf(0)).ok());
}

TEST_F(SettlementProofTest, RefusalSaysBothNumbers) {
  SettlementProof<> proof = ProofOf(3);
  proof.certificate = world_.committee().Certify(certificate_.statement, {0, 1});
  const auto settled = Verify(proof);
  EXPECT_EQ(settled.status().message(), "TooLittleWeight: signed weight 2, quorum 3");
}

}  // namespace
}  // namespace settle::test
