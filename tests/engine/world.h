// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// An engine for the tests of engine/, with everybody who signs: four validators of equal weight,
// owners 1 to 3 with 1000 USD each, and a venue that they have delegated to. Nothing is mocked:
// blocks carry the venue's signature, headers become final by certificates of collected votes.

#ifndef SETTLE_TESTS_ENGINE_WORLD_H_
#define SETTLE_TESTS_ENGINE_WORLD_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/fingerprint.h"
#include "settle/base/types.h"
#include "settle/base/verified.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/engine/settlement_engine.h"
#include "settle/engine/settlement_proof.h"
#include "settle/ledger/consent.h"
#include "settle/ledger/owner_keys.h"
#include "settle/ledger/transaction.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote_collector.h"
#include "tests/ledger/world.h"
#include "tests/quorum/committee.h"

namespace settle::test {

using Keys = OwnerKeys<>;
using TestEngine = SettlementEngine<Unmargined, Keys, TestAccounts>;

inline constexpr std::uint64_t kVenue = 90;
inline constexpr std::uint64_t kGenesisTime = 1000;

// The key of an owner or venue.
inline TestKey<Ed25519> KeyOf(std::uint64_t owner) { return TestKey<Ed25519>(1000 + owner); }

// On the network and in the group of DomainOn.
inline Domain TestOwnerDomain() {
  const Domain domain = DomainOn({});
  return OwnerDomain(domain.network, domain.group);
}

inline Keys::SignedDelegation SignDelegation(const Delegation& delegation, std::uint64_t signer,
                                             const Domain& domain = TestOwnerDomain()) {
  return {delegation, KeyOf(signer).Sign(BytesToSign(domain, delegation))};
}

// Owners 1 to 3 and the venue, to whom the owners have delegated everything.
inline Keys TestKeys(std::uint64_t hash_seed = 0) {
  Keys keys(TestOwnerDomain().network, TestOwnerDomain().group, hash_seed);
  for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, kVenue}) {
    EXPECT_TRUE(keys.Register({OwnerOf(owner), KeyOf(owner).bytes()}).ok());
  }
  for (std::uint64_t owner = 1; owner <= 3; ++owner) {
    const Delegation delegation{.owner = OwnerOf(owner),
                                .venue = OwnerOf(kVenue),
                                .until = Timestamp(std::uint64_t{1'000'000}),
                                .number = 1};
    EXPECT_TRUE(keys.Delegate(SignDelegation(delegation, owner)).ok());
  }
  return keys;
}

inline std::vector<TransactionView> ViewsOf(const std::vector<Transaction>& transactions) {
  std::vector<TransactionView> views;
  for (const Transaction& transaction : transactions) views.push_back(transaction.view());
  return views;
}

inline std::vector<Digest> ContentsOf(const std::vector<Transaction>& transactions) {
  std::vector<Digest> contents;
  for (const Transaction& transaction : transactions) {
    contents.push_back(TransactionDigest(Sha256(), transaction.view()));
  }
  return contents;
}

// The venue's consent to these transactions.
inline Keys::SignedVenueConsent SignBatch(const std::vector<Digest>& contents,
                                          std::uint64_t valid_until,
                                          const Domain& domain = TestOwnerDomain()) {
  const VenueConsent consent{.venue = OwnerOf(kVenue),
                             .root = Keys::RootOf(contents),
                             .count = contents.size(),
                             .valid_until = Timestamp(valid_until)};
  return {consent, KeyOf(kVenue).Sign(BytesToSign(domain, consent))};
}

// All that an engine shows of its value.
struct Shown {
  Fingerprint ledger;
  Fingerprint authority;
  Digest final_digest;
  std::size_t speculative = 0;
  friend bool operator==(const Shown&, const Shown&) = default;
};

class EngineWorld {
 public:
  using Commit = absl::StatusOr<Verified<VoteStatement>>;

  explicit EngineWorld(std::uint64_t hash_seed = 0)
      : engine_(OptionsOf(committee_.domain(), hash_seed), Unmargined{}, TestKeys(hash_seed)) {}

  TestEngine& engine() { return engine_; }
  const Committee<Ed25519>& committee() const { return committee_; }

  Shown Show() const {
    return {engine_.ledger().fingerprint(), FingerprintOf(engine_.authority()),
            engine_.final_digest(), engine_.speculative()};
  }

  static Transaction Opening(std::uint64_t owner, std::uint64_t amount = 1000) {
    return Make({.id = 9000 + owner,
                 .valid_until = kGenesisTime + 1,
                 .transaction_class = TransactionClass::kCompulsory,
                 .rule = CompulsoryRule::kGenesis},
                {{{kOutside, kCash, kUsd}, Of(-Int128{amount})}, {Cash(owner), Of(amount)}});
  }
  static std::vector<Transaction> Openings() { return {Opening(1), Opening(2), Opening(3)}; }

  absl::Status ExecuteGenesis(BlockResult& out,
                              const std::vector<Transaction>& transactions = Openings()) {
    return engine_.ExecuteGenesis(Timestamp(kGenesisTime), ViewsOf(transactions), out);
  }

  // Executes a block to which the venue consents.
  absl::Status Execute(std::uint64_t time, const std::vector<Transaction>& transactions,
                       BlockResult& out, const std::vector<Keys::SignedDelegation>& updates = {}) {
    Keys::Credentials credentials{.venue = SignBatch(ContentsOf(transactions), time + 1)};
    return ExecuteWith(credentials, time, transactions, out, updates);
  }
  absl::Status ExecuteWith(const Keys::Credentials& credentials, std::uint64_t time,
                           const std::vector<Transaction>& transactions, BlockResult& out,
                           const std::vector<Keys::SignedDelegation>& updates = {}) {
    const std::vector<TransactionView> views = ViewsOf(transactions);
    return engine_.Execute({.time = Timestamp(time),
                            .transactions = views,
                            .updates = updates,
                            .credentials = credentials,
                            .context = {},
                            .parameters = Digest::FromNumber(71),
                            .prices = Digest::FromNumber(time)},
                           out);
  }

  // Block number `k` after genesis: owner 1 pays k to owner 2.
  static std::vector<Transaction> Payments(std::uint64_t k) {
    return {Pay({.id = k, .valid_until = kGenesisTime + k + 10}, 1, 2, k)};
  }
  absl::Status ExecuteNumber(std::uint64_t k, BlockResult& out) {
    return Execute(kGenesisTime + k, Payments(k), out);
  }

  // A certificate over `digest` by validators 0 to 2 in the header's own domain, from their votes.
  Certificate<> CertificateOf(const Header& header, const Digest& digest,
                              VoteKind kind = VoteKind::kCommit) const {
    const Round round(header.height.value() + 1);
    const VoteStatement statement{kind, round, digest, Round(header.height.value())};
    auto collector = *VoteCollector<>::Create(committee_.set(), header.domain(), round);
    for (std::size_t signer = 0; signer < 3; ++signer) {
      EXPECT_TRUE(collector.Add(committee_.VoteIn(header.domain(), signer, statement)).ok());
    }
    return *collector.CertificateFor(round, kind, digest);
  }
  Commit Certify(const BlockResult& block, VoteKind kind = VoteKind::kCommit) const {
    return VerifyQuorum(committee_.set(), block.header.domain(),
                        CertificateOf(block.header, block.digest, kind));
  }
  absl::Status Finalize(const BlockResult& block) {
    const Commit commit = Certify(block);
    return commit.ok() ? engine_.Finalize(*commit) : commit.status();
  }

  // Genesis, executed and final.
  BlockResult Start() {
    BlockResult genesis;
    EXPECT_TRUE(ExecuteGenesis(genesis).ok());
    EXPECT_TRUE(Finalize(genesis).ok());
    return genesis;
  }

 private:
  static EngineOptions OptionsOf(const Domain& domain, std::uint64_t hash_seed) {
    LedgerOptions ledger = SmallOptions();
    ledger.id_capacity = 64;
    ledger.hash_seed = hash_seed;
    return {.network = domain.network,
            .group = domain.group,
            .epoch = domain.epoch,
            .validator_set = domain.set,
            .ledger = ledger};
  }

  Committee<Ed25519> committee_{{1, 1, 1, 1}};
  TestEngine engine_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_ENGINE_WORLD_H_
