// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/liability_proof.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/ledger/sum_tree.h"
#include "settle/quorum/reason.h"
#include "tests/engine/chain.h"

namespace settle::test {
namespace {

// The chain goes on with a block that reports three assets as of height 5.
class LiabilityProofTest : public Chain {
 protected:
  LiabilityProofTest() {
    for (const AssetId asset : {kUsd, kBtc, TokenId(9)}) {
      trees_.push_back(*SumTree<>::Create(asset, Height(5), ClaimsOf(asset)));
      heads_.push_back(trees_.back().Head());
    }
    BlockResult block;
    EXPECT_TRUE(Report(heads_, block).ok());
    EXPECT_TRUE(world_.Finalize(block).ok());
    Keep(block);
  }

  absl::Status Report(const std::vector<SumHead>& heads, BlockResult& out) {
    const Keys::Credentials credentials{.venue = SignBatch({}, 1010)};
    return world_.engine().Execute({.time = Timestamp(std::uint64_t{1006}),
                                    .transactions = {},
                                    .updates = {},
                                    .credentials = credentials,
                                    .context = {},
                                    .parameters = {},
                                    .prices = {},
                                    .liabilities = heads},
                                   out);
  }
  LiabilityProof<> ProofOf(std::size_t at, std::size_t owner) const {
    const Result<ReportedHead> reported =
        ProveReportedHead(Sha256(), std::span(heads_), heads_[at].asset);
    EXPECT_TRUE(reported.ok());
    const Liability liability = ClaimsOf(heads_[at].asset)[owner];
    return {.header = headers_[6],
            .head = reported->head,
            .index = reported->index,
            .path = reported->path,
            .liability = liability,
            .sum = *trees_[at].Prove(liability)};
  }
  absl::StatusOr<Verified<CountedLiability>> Verify(const LiabilityProof<>& proof) const {
    return VerifyLiabilities(set(), domain().network, domain().group, domain().epoch, proof);
  }
  void ExpectRefused(Reason reason, const LiabilityProof<>& proof) const {
    const auto counted = Verify(proof);
    EXPECT_EQ(ReasonOf(counted.status()), reason) << counted.status();
  }

  std::vector<SumTree<>> trees_;
  std::vector<SumHead> heads_;
};

TEST_F(LiabilityProofTest, ShowsEveryClaimOfEveryAsset) {
  EXPECT_EQ(headers_[6].header.liabilities.size, 3u);
  EXPECT_EQ(headers_[5].header.liabilities.size, 0u);
  for (std::size_t at = 0; at < heads_.size(); ++at) {
    for (std::size_t owner = 0; owner < 3; ++owner) {
      const auto counted = Verify(ProofOf(at, owner));
      ASSERT_TRUE(counted.ok()) << counted.status();
      EXPECT_EQ((*counted)->head, heads_[at]);
      // What is owed below zero is not shown: any debt would lead to the same head.
      Liability expected = ClaimsOf(heads_[at].asset)[owner];
      if (owner == 2) expected.claim = Of(0);
      EXPECT_EQ((*counted)->liability, expected);
    }
  }
}

TEST_F(LiabilityProofTest, IsRefusedForAnythingThatIsNotSo) {
  LiabilityProof<> proof = ProofOf(1, 0);
  proof.liability.claim = Of(99);
  ExpectRefused(LedgerReason::kTotalMismatch, proof);

  proof = ProofOf(1, 0);
  proof.liability.account.owner = OwnerOf(2);
  ExpectRefused(LedgerReason::kRootMismatch, proof);

  proof = ProofOf(1, 0);
  proof.head = heads_[0];
  ExpectRefused(LedgerReason::kRootMismatch, proof);

  proof = ProofOf(1, 0);
  proof.head.total = Of(0);
  ExpectRefused(LedgerReason::kRootMismatch, proof);

  proof = ProofOf(1, 0);
  proof.index = LogIndex(std::uint64_t{2});
  EXPECT_FALSE(Verify(proof).ok());

  proof = ProofOf(1, 0);
  proof.head.height = Height(7);
  ExpectRefused(EngineReason::kReceiptTooNew, proof);

  // Of a header that reports nothing.
  proof = ProofOf(1, 0);
  proof.header = headers_[5];
  ExpectRefused(LedgerReason::kBadSize, proof);

  proof = ProofOf(1, 0);
  proof.header.certificate.signatures[0].data()[3] ^= std::byte{1};
  ExpectRefused(QuorumReason::kBadSignature, proof);
}

TEST_F(LiabilityProofTest, IsRefusedForEveryFlippedBitOfItsBytes) {
  const std::vector<std::byte> bytes = EncodeRecord(ProofOf(1, 1));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::vector<std::byte> flipped = bytes;
    flipped[i] ^= static_cast<std::byte>(1u << (i % 8));
    const auto proof = DecodeRecord<LiabilityProof<>>(flipped);
    if (!proof.ok()) continue;
    EXPECT_FALSE(Verify(*proof).ok()) << "byte " << i;
  }
}

TEST_F(LiabilityProofTest, AReportAscendsByAssetAndIsOfAnEarlierHeight) {
  const Shown before = world_.Show();
  BlockResult block;
  std::vector<SumHead> heads = heads_;
  std::swap(heads[0], heads[1]);
  EXPECT_EQ(ReasonOf(Report(heads, block)), Reason(EngineReason::kReportRefused));
  heads = heads_;
  heads[1] = heads[0];
  EXPECT_EQ(ReasonOf(Report(heads, block)), Reason(EngineReason::kReportRefused));
  heads = heads_;
  heads[2].height = Height(7);
  EXPECT_EQ(ReasonOf(Report(heads, block)), Reason(EngineReason::kReportRefused));
  EXPECT_EQ(world_.Show(), before);
  heads[2].height = Height(6);
  EXPECT_TRUE(Report(heads, block).ok());
}

TEST_F(LiabilityProofTest, NoHeadIsFoundForAnAssetThatIsNotReported) {
  EXPECT_EQ(ProveReportedHead(Sha256(), std::span(heads_).first(1), kBtc).reason(),
            LedgerReason::kNoSuchKey);
  EXPECT_EQ(ProveReportedHead(Sha256(), std::span<const SumHead>(), kBtc).reason(),
            LedgerReason::kNoSuchKey);
}

}  // namespace
}  // namespace settle::test
