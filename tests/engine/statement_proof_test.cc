// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/statement_proof.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/quorum/reason.h"
#include "tests/engine/chain.h"

namespace settle::test {
namespace {

class StatementProofTest : public Chain {
 protected:
  absl::StatusOr<Verified<AccountStatement>> Verify(const StatementProof<>& proof) const {
    return VerifyStatement(set(), domain().network, domain().group, domain().epoch, proof);
  }
  void ExpectRefused(Reason reason, const StatementProof<>& proof) const {
    const auto statement = Verify(proof);
    EXPECT_EQ(ReasonOf(statement.status()), reason) << statement.status();
  }
};

TEST_F(StatementProofTest, ShowsEveryPeriodOfEveryOwner) {
  for (std::uint64_t owner = 1; owner <= 4; ++owner) {
    for (std::size_t after = 0; after <= 5; ++after) {
      for (std::size_t until = after; until <= 5; ++until) {
        const auto statement = Verify(StatementOf(owner, after, until));
        ASSERT_TRUE(statement.ok())
            << owner << " " << after << " " << until << ": " << statement.status();
        EXPECT_EQ((*statement)->account, Cash(owner));
        EXPECT_EQ((*statement)->ends.after, Height(after));
        EXPECT_EQ((*statement)->ends.until, Height(until));
      }
    }
  }
  const auto statement = Verify(StatementOf(1, 2, 5));
  ASSERT_TRUE(statement.ok());
  EXPECT_EQ((*statement)->pages.size(), 3u);
  EXPECT_EQ((*statement)->pages[0].entries.size(), 2u);
  EXPECT_EQ((*statement)->ends.opening.balance, Of(1000 - 11 - 2));
  EXPECT_EQ((*statement)->ends.closing.balance, Of(1000 - 11 - 2 - 33 - 4 - 55));
}

TEST_F(StatementProofTest, BeginsAtGenesisWithoutAnOpening) {
  StatementProof<> proof{.closing = BalanceAt(5, 1)};
  AddPages(proof, 1, 0, 5);
  const auto statement = Verify(proof);
  ASSERT_TRUE(statement.ok()) << statement.status();
  EXPECT_EQ((*statement)->pages.size(), 6u);
  EXPECT_EQ((*statement)->pages[0].entries[0].amount, Of(1000));

  proof.pages.Clear();
  AddPages(proof, 1, 1, 5);
  ExpectRefused(LedgerReason::kEntriesMissing, proof);
}

TEST_F(StatementProofTest, IsRefusedWithAPageLeftOutOrOfAnotherOwner) {
  StatementProof<> proof = StatementOf(1, 1, 5);
  proof.pages.PopBack();
  ExpectRefused(LedgerReason::kEntriesMissing, proof);

  proof = StatementOf(1, 1, 5);
  proof.pages = StatementOf(2, 1, 5).pages;
  EXPECT_FALSE(Verify(proof).ok());

  proof = StatementOf(1, 1, 5);
  proof.opening = BalanceAt(1, 2);
  ExpectRefused(EngineReason::kWrongAccount, proof);

  // The opening of a later header than the closing.
  proof = StatementOf(1, 4, 5);
  proof.opening = BalanceAt(5, 1);
  proof.closing = BalanceAt(4, 1);
  ExpectRefused(LedgerReason::kBadPeriod, proof);

  // An opening that claims more was there before.
  proof = StatementOf(1, 1, 5);
  proof.opening = BalanceAt(2, 1);
  ExpectRefused(LedgerReason::kBadPeriod, proof);
}

TEST_F(StatementProofTest, NeedsBothQuorums) {
  StatementProof<> proof = StatementOf(2, 1, 5);
  proof.opening->header.certificate.signatures[0].data()[3] ^= std::byte{1};
  ExpectRefused(QuorumReason::kBadSignature, proof);
  proof = StatementOf(2, 1, 5);
  proof.closing.header.certificate.signatures[0].data()[3] ^= std::byte{1};
  ExpectRefused(QuorumReason::kBadSignature, proof);
  proof = StatementOf(2, 1, 5);
  std::swap(proof.opening->header.certificate, proof.closing.header.certificate);
  ExpectRefused(EngineReason::kWrongHeader, proof);
}

TEST_F(StatementProofTest, IsRefusedForEveryFlippedBitOfItsBytes) {
  const std::vector<std::byte> bytes = EncodeRecord(StatementOf(2, 1, 4));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::vector<std::byte> flipped = bytes;
    flipped[i] ^= static_cast<std::byte>(1u << (i % 8));
    const auto proof = DecodeRecord<StatementProof<>>(flipped);
    if (!proof.ok()) continue;
    EXPECT_FALSE(Verify(*proof).ok()) << "byte " << i;
  }
  const auto decoded = DecodeRecord<StatementProof<>>(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(Verify(*decoded).ok());
}

}  // namespace
}  // namespace settle::test
