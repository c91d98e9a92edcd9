// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A final chain about which a fuzz target claims something: with its validators nothing but the
// truth may be accepted, and what is true is asked of the engines themselves, one for each height.

#ifndef SETTLE_TESTS_FUZZ_KNOWN_CHAIN_H_
#define SETTLE_TESTS_FUZZ_KNOWN_CHAIN_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/engine/balance_proof.h"
#include "settle/engine/engine_state.h"
#include "settle/engine/liability_proof.h"
#include "settle/engine/statement_proof.h"
#include "settle/ledger/sum_tree.h"
#include "tests/engine/chain.h"

namespace settle::test {

// The chain of the tests of engine/, and a last block with a hold, a burnt id, settings, a
// delegation and a report of liabilities.
class KnownChain : public Chain {
 public:
  static const KnownChain& Get() {
    static const KnownChain chain;
    return chain;
  }
  void TestBody() override {}

  using Chain::domain;
  using Chain::set;
  [[nodiscard]] const std::vector<CertifiedHeader<>>& headers() const { return headers_; }
  [[nodiscard]] const TestEngine& engine() const { return engines_.back(); }

  // Every proof of one kind that is true of owners 1 to 4, of whom the last has nothing.
  [[nodiscard]] std::vector<BalanceProof<>> Balances() const {
    std::vector<BalanceProof<>> proofs;
    for (std::size_t height = 0; height < headers_.size(); ++height) {
      for (std::uint64_t owner = 1; owner <= 4; ++owner) proofs.push_back(At(height, owner));
    }
    return proofs;
  }
  [[nodiscard]] std::vector<StatementProof<>> Statements() const {
    std::vector<StatementProof<>> proofs;
    for (std::uint64_t owner = 1; owner <= 4; ++owner) {
      for (std::size_t until = 0; until < headers_.size(); until += 2) {
        StatementProof<>& whole = proofs.emplace_back();
        whole.closing = At(until, owner);
        whole.pages = PagesOf(whole);
        StatementProof<>& part = proofs.emplace_back();
        part.opening = At(until / 2, owner);
        part.closing = At(until, owner);
        part.pages = PagesOf(part);
      }
    }
    return proofs;
  }
  [[nodiscard]] std::vector<LiabilityProof<>> Liabilities() const {
    std::vector<LiabilityProof<>> proofs;
    for (std::size_t at = 0; at < trees_.size(); ++at) {
      for (const Liability& claim : ClaimsOf(heads_[at].asset)) {
        const Result<ReportedHead> reported = HeadOf(heads_[at].asset);
        proofs.push_back({.header = headers_.back(),
                          .head = reported->head,
                          .index = reported->index,
                          .path = reported->path,
                          .liability = claim,
                          .sum = *trees_[at].Prove(claim)});
      }
    }
    return proofs;
  }

  [[nodiscard]] bool IsTrue(const BalanceProof<>& proof) const {
    const std::uint64_t height = proof.header.header.height.value();
    if (height >= headers_.size() || !(proof.header == headers_[height])) return false;
    AccountProof known;
    return engines_[height].ProveAccount(proof.account.account, known).ok() &&
           known == proof.account;
  }
  [[nodiscard]] bool IsTrue(const StatementProof<>& proof) const {
    if (!IsTrue(proof.closing)) return false;
    if (proof.opening) {
      if (!IsTrue(*proof.opening)) return false;
      if (proof.opening->account.account != proof.closing.account.account) return false;
      if (proof.opening->header.header.height > proof.closing.header.header.height) return false;
    }
    return proof.pages == PagesOf(proof);
  }
  [[nodiscard]] bool IsTrue(const LiabilityProof<>& proof) const {
    if (!(proof.header == headers_.back())) return false;
    const Result<ReportedHead> reported = HeadOf(proof.head.asset);
    if (!reported.ok() || !(reported->head == proof.head) || reported->index != proof.index ||
        !(reported->path == proof.path)) {
      return false;
    }
    const Result<SumProof> sum = trees_[proof.index.value()].Prove(proof.liability);
    return sum.ok() && *sum == proof.sum;
  }

  // The last certificate, verified, and an engine that could become the one it is of.
  [[nodiscard]] Verified<VoteStatement> Commit() const {
    return *VerifyQuorum(set(), domain(), headers_.back().certificate);
  }
  [[nodiscard]] TestEngine EmptyEngine() const {
    LedgerOptions ledger = SmallOptions();
    ledger.id_capacity = 64;
    return TestEngine({.network = domain().network,
                       .group = domain().group,
                       .epoch = domain().epoch,
                       .validator_set = domain().set,
                       .ledger = ledger},
                      Unmargined{}, Keys(domain().network, domain().group));
  }

 private:
  KnownChain() {
    // The engines at the heights before, from their blocks again: digests are the same.
    EngineWorld again;
    (void)again.Start();
    engines_.push_back(again.engine());
    BlockResult block;
    for (std::uint64_t k = 1; k <= 5; ++k) {
      EXPECT_TRUE(again.Execute(1000 + k, Payments(k), block).ok());
      EXPECT_EQ(block.digest, HeaderDigest(Sha256(), headers_[k].header));
      EXPECT_TRUE(again.Finalize(block).ok());
      engines_.push_back(again.engine());
    }
    for (const AssetId asset : {kUsd, kBtc, TokenId(9)}) {
      trees_.push_back(*SumTree<>::Create(asset, Height(5), ClaimsOf(asset)));
      heads_.push_back(trees_.back().Head());
    }
    ExecuteOfEverything(block, heads_);
    EXPECT_TRUE(world_.Finalize(block).ok());
    Keep(block);
    engines_.push_back(world_.engine());
  }

  [[nodiscard]] Result<ReportedHead> HeadOf(AssetId asset) const {
    return ProveReportedHead(Sha256(), std::span(heads_), asset);
  }
  [[nodiscard]] BalanceProof<> At(std::size_t height, std::uint64_t owner) const {
    BalanceProof<> proof{.header = headers_[height]};
    EXPECT_TRUE(engines_[height].ProveAccount(Cash(owner), proof.account).ok());
    return proof;
  }
  // The pages of the account between the two heights of the proof.
  [[nodiscard]] Bounded<StatementPage, kMaxStatementPages> PagesOf(
      const StatementProof<>& proof) const {
    Bounded<StatementPage, kMaxStatementPages> pages;
    const auto known = pages_.find(proof.closing.account.account);
    if (known == pages_.end()) return pages;
    for (const StatementPage& page : known->second) {
      if (proof.opening && page.height <= proof.opening->header.header.height) continue;
      if (page.height > proof.closing.header.header.height) continue;
      (void)pages.Add(page);
    }
    return pages;
  }

  std::vector<TestEngine> engines_;  // by height
  std::vector<SumTree<>> trees_;
  std::vector<SumHead> heads_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_FUZZ_KNOWN_CHAIN_H_
