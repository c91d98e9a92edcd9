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
#include "settle/ledger/account_settings.h"
#include "settle/ledger/sum_proof.h"
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

  // The block at height 6, not final: a hold, a burnt id, settings and a new delegation, and the
  // report of `heads`.
  void ExecuteOfEverything(BlockResult& out, const std::vector<SumHead>& heads = {}) {
    Transaction hold =
        Pay({.id = 70, .valid_until = 1060, .action = TransactionAction::kHold}, 1, 2, 50);
    hold.terms = HoldTerms{.kind = HoldKind::kTimed,
                           .in_parts = true,
                           .expires_at = Timestamp(std::uint64_t{1030}),
                           .resolver = OwnerOf(2)};
    const std::vector<Transaction> transactions = {
        hold, Pay({.id = 71, .valid_until = 1061}, 1, 2, 100'000'000),
        Pay({.id = 72, .valid_until = 1062}, 3, 1, 1)};
    const std::vector<TransactionView> views = ViewsOf(transactions);
    const Keys::Credentials credentials{.venue = SignBatch(ContentsOf(transactions), 1010)};
    const std::vector<AccountSettings> settings = {
        {.account = Cash(3), .flags = {AccountFlag::kHistory}, .limits = kNotNegative}};
    const Delegation delegation{.owner = OwnerOf(3),
                                .venue = OwnerOf(kVenue),
                                .until = Timestamp(std::uint64_t{2'000'000}),
                                .number = 2};
    const std::vector<Keys::SignedDelegation> updates = {SignDelegation(delegation, 3)};
    EXPECT_TRUE(world_.engine()
                    .Execute({.time = Timestamp(std::uint64_t{1006}),
                              .transactions = views,
                              .updates = updates,
                              .settings = settings,
                              .credentials = credentials,
                              .context = {},
                              .parameters = {},
                              .prices = {},
                              .liabilities = heads},
                             out)
                    .ok());
    EXPECT_EQ(out.verdicts[1].reason, LedgerReason::kBelowFloor);
  }

  // What owners 1 to 3 are owed of an asset, 3 a debt.
  static std::vector<Liability> ClaimsOf(AssetId asset) {
    std::vector<Liability> claims;
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      const Int128 claim = owner == 3 ? -50 : Int128{100 * owner + asset.value()};
      claims.push_back({.account = {OwnerOf(owner), MarginGroup(0)},
                        .nonce = BlindingNonce::FromNumber(1000 * asset.value() + owner),
                        .claim = Of(claim)});
    }
    return claims;
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
