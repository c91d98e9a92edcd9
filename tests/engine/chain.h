// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A final chain for the tests of proofs: genesis and five blocks, with what a host keeps of them.

#ifndef SETTLE_TESTS_ENGINE_CHAIN_H_
#define SETTLE_TESTS_ENGINE_CHAIN_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "settle/base/status.h"
#include "settle/engine/balance_proof.h"
#include "settle/engine/certified_header.h"
#include "settle/engine/settlement_engine.h"
#include "settle/engine/statement_proof.h"
#include "tests/engine/world.h"

namespace settle::test {

class Chain : public testing::Test {
 protected:
  Chain() {
    Keep(world_.Start());
    BlockResult block;
    for (std::uint64_t k = 1; k <= 5; ++k) {
      EXPECT_TRUE(world_.Execute(1000 + k, Payments(k), block).ok());
      EXPECT_TRUE(world_.Finalize(block).ok());
      Keep(block);
    }
  }

  // Owner 1 pays owner 2 in every block, twice in odd ones; owner 3 gets something in block 4
  // alone.
  static std::vector<Transaction> Payments(std::uint64_t k) {
    std::vector<Transaction> payments = {Pay({.id = 10 * k, .valid_until = 1050}, 1, 2, k)};
    if (k % 2 == 1) payments.push_back(Pay({.id = 10 * k + 1, .valid_until = 1050}, 1, 2, 10 * k));
    if (k == 4) payments.push_back(Pay({.id = 10 * k + 2, .valid_until = 1050}, 2, 3, 7));
    return payments;
  }

  void Keep(const BlockResult& block) {
    headers_.push_back({block.header, world_.CertificateOf(block.header, block.digest)});
    for (const AccountChange& change : block.changes.accounts) {
      if (change.entry_count == 0) continue;
      StatementPage page{.height = block.header.height};
      for (const AccountEntry& entry : block.changes.entries_of(change)) {
        EXPECT_TRUE(page.entries.Add(entry));
      }
      pages_[change.account.key].push_back(page);
    }
    auto& proofs = accounts_.emplace_back();
    for (std::uint64_t owner = 1; owner <= 4; ++owner) {
      EXPECT_TRUE(world_.engine().ProveAccount(Cash(owner), proofs[Cash(owner)]).ok());
    }
  }

  // What owner `owner` has in cash after the block at `height`.
  BalanceProof<> BalanceAt(std::size_t height, std::uint64_t owner) const {
    return {headers_[height], accounts_[height].at(Cash(owner))};
  }
  // The owner's statement of the blocks after `after` until `until`.
  StatementProof<> StatementOf(std::uint64_t owner, std::size_t after, std::size_t until) const {
    StatementProof<> proof{.opening = BalanceAt(after, owner), .closing = BalanceAt(until, owner)};
    AddPages(proof, owner, after + 1, until);
    return proof;
  }
  void AddPages(StatementProof<>& proof, std::uint64_t owner, std::size_t from,
                std::size_t until) const {
    const auto pages = pages_.find(Cash(owner));
    if (pages == pages_.end()) return;
    for (const StatementPage& page : pages->second) {
      if (page.height.value() < from || page.height.value() > until) continue;
      EXPECT_TRUE(proof.pages.Add(page));
    }
  }

  const ValidatorSet<>& set() const { return world_.committee().set(); }
  const Domain& domain() const { return world_.committee().domain(); }

  EngineWorld world_;
  std::vector<CertifiedHeader<>> headers_;                    // by height
  std::vector<std::map<AccountKey, AccountProof>> accounts_;  // by height
  std::map<AccountKey, std::vector<StatementPage>> pages_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_ENGINE_CHAIN_H_
