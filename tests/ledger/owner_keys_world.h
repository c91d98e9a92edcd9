// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Owners, venues and a batch of transactions for the tests of OwnerKeys.

#ifndef SETTLE_TESTS_LEDGER_OWNER_KEYS_WORLD_H_
#define SETTLE_TESTS_LEDGER_OWNER_KEYS_WORLD_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/revertible.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/owner_keys.h"
#include "settle/ledger/transaction.h"
#include "tests/ledger/world.h"
#include "tests/quorum/committee.h"

namespace settle::test {

using Keys = OwnerKeys<>;
static_assert(Authority<Keys> && Revertible<Keys>);

inline constexpr std::uint64_t kVenue = 90;
inline constexpr std::uint64_t kOtherVenue = 91;

inline Timestamp At(std::uint64_t time) { return Timestamp(time); }
inline TestKey<Ed25519> KeyOf(std::uint64_t owner) { return TestKey<Ed25519>(1000 + owner); }
inline Domain Home() { return OwnerDomain(NetworkId::FromNumber(1), GroupId(2)); }

template <typename Statement>
Ed25519::Signature Sign(const Statement& statement, std::uint64_t signer,
                        const Domain& domain = Home()) {
  return KeyOf(signer).Sign(BytesToSign(domain, statement));
}

// Everything to the venue until 500, by owner `owner`.
inline Delegation DelegationOf(std::uint64_t owner, std::uint64_t number = 1) {
  return {.owner = OwnerOf(owner), .venue = OwnerOf(kVenue), .until = At(500), .number = number};
}

// Owners 1 to 3 and two venues have keys. A batch of three transactions is at hand:
//   0: 1 pays 2 ten USD; 1: 1 buys three perps from 2 and pays nine USD; 2: 3 pays 1 five BTC
class OwnerKeysTest : public testing::Test {
 protected:
  OwnerKeysTest() {
    for (const std::uint64_t owner :
         {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, kVenue, kOtherVenue}) {
      EXPECT_TRUE(keys_.Register({OwnerOf(owner), KeyOf(owner).bytes()}).ok());
    }
    batch_.push_back(Pay({.id = 1, .valid_until = 100}, 1, 2, 10));
    batch_.push_back(Make({.id = 2, .valid_until = 100}, {{{OwnerOf(1), kPerpBook, kPerp}, Of(3)},
                                                          {{OwnerOf(2), kPerpBook, kPerp}, Of(-3)},
                                                          {{OwnerOf(1), kPerpBook, kUsd}, Of(-9)},
                                                          {{OwnerOf(2), kPerpBook, kUsd}, Of(9)}}));
    batch_.push_back(Pay({.id = 3, .valid_until = 100}, 3, 1, 5, kBtc));
    for (const Transaction& transaction : batch_) {
      contents_.push_back(TransactionDigest(Sha256(), transaction.view()));
    }
  }

  Reason Delegate(const Delegation& delegation) {
    return keys_.Delegate({delegation, Sign(delegation, SignerOf(delegation))});
  }
  static std::uint64_t SignerOf(const Delegation& delegation) {
    return std::to_integer<std::uint64_t>(delegation.owner[OwnerId::kSize - 1]);
  }

  VenueConsent BatchConsent(std::uint64_t valid_until = 50) const {
    return {.venue = OwnerOf(kVenue),
            .root = Keys::RootOf(contents_),
            .count = contents_.size(),
            .valid_until = At(valid_until)};
  }
  static Keys::SignedVenueConsent Signed(const VenueConsent& consent, std::uint64_t signer = kVenue,
                                         const Domain& domain = Home()) {
    return {consent, Sign(consent, signer, domain)};
  }
  Keys::SignedConsent ConsentOf(std::uint64_t owner, std::size_t position,
                                std::uint64_t valid_until = 50) const {
    const Consent consent{
        .content = contents_[position], .owner = OwnerOf(owner), .valid_until = At(valid_until)};
    return {consent, Sign(consent, owner)};
  }

  Reason Examine(const Keys::SignedVenueConsent& venue, std::uint64_t now = 10) const {
    return keys_.Examine({.venue = venue}, contents_, At(now)).reason();
  }
  Keys::Witness WitnessOfVenue() const {
    const auto witness = keys_.Examine({.venue = Signed(BatchConsent())}, contents_, At(10));
    EXPECT_TRUE(witness.ok());
    return *witness;
  }
  Intent IntentOf(std::size_t position, std::uint64_t now = 10) const {
    return {.content = contents_[position],
            .transaction = batch_[position].view(),
            .now = At(now),
            .position = position};
  }
  Reason ByVenue(std::uint64_t owner, std::size_t position, std::uint64_t now = 10) const {
    return keys_.Authorize(OwnerOf(owner), IntentOf(position, now), WitnessOfVenue());
  }
  Reason Directly(std::uint64_t owner, std::size_t position,
                  const std::vector<Keys::SignedConsent>& consents, std::uint64_t now = 10) const {
    const auto witness = keys_.Examine({.consents = consents}, contents_, At(now));
    return witness.ok() ? keys_.Authorize(OwnerOf(owner), IntentOf(position, now), *witness)
                        : witness.reason();
  }

  Keys keys_{NetworkId::FromNumber(1), GroupId(2)};
  std::vector<Transaction> batch_;
  std::vector<Digest> contents_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_OWNER_KEYS_WORLD_H_
