// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Who may end a hold: signed consents and limited delegations against posts and voids.

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/ledger/consent.h"
#include "settle/ledger/hold.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/owner_keys.h"
#include "settle/ledger/transaction.h"
#include "tests/ledger/world.h"
#include "tests/quorum/committee.h"

namespace settle::test {
namespace {

using Keys = OwnerKeys<>;
constexpr std::uint64_t kVenue = 90;

TestKey<Ed25519> KeyOf(std::uint64_t owner) { return TestKey<Ed25519>(1000 + owner); }

// Owner 1 has 1000 USD, resolves a hold of 900 for owner 2, and lets the venue move ten USD.
class HoldAuthority : public testing::Test {
 protected:
  HoldAuthority() {
    for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{2}, kVenue}) {
      EXPECT_TRUE(keys_.Register({OwnerOf(owner), KeyOf(owner).bytes()}).ok());
    }
    Permit({.asset = kUsd, .most = Of(10)});
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1000)).ok());
    EXPECT_TRUE(Deposit(ledger_, 900, 1, 1000).ok());
    const HoldTerms terms{.in_parts = true, .expires_at = Timestamp(3000), .resolver = OwnerOf(1)};
    const Transaction hold =
        Pay({.id = 1, .valid_until = 1050, .action = TransactionAction::kHold, .terms = terms}, 1,
            2, 900);
    EXPECT_EQ(ByVenue(hold), Reason(LedgerReason::kConsentMismatch));
    EXPECT_EQ(ByOwner(1, hold), Reason());
  }

  void Permit(const DelegationLimit& limit) {
    Delegation delegation{.owner = OwnerOf(1),
                          .venue = OwnerOf(kVenue),
                          .until = Timestamp(5000),
                          .number = ++number_};
    (void)delegation.limits.Add(limit);
    EXPECT_TRUE(keys_.Delegate({delegation, Sign(1, delegation)}).ok());
  }

  template <typename Statement>
  Ed25519::Signature Sign(std::uint64_t signer, const Statement& statement) const {
    return KeyOf(signer).Sign(BytesToSign(keys_.domain(), statement));
  }

  static Transaction End(TransactionAction action, std::uint64_t id,
                         std::initializer_list<Leg> legs = {}) {
    return Make({.id = id,
                 .valid_until = 1060,
                 .transaction_class = TransactionClass::kPromised,
                 .action = action,
                 .target = 1},
                legs);
  }

  Reason Apply(const Transaction& transaction, const Digest& content,
               const Keys::Credentials& credentials) {
    const TransactionView view = transaction.view();
    const std::span contents(&content, 1);
    const auto witness = keys_.Examine(credentials, contents, ledger_.now());
    if (!witness.ok()) return witness.reason();
    const TotalAtLeast::Context context{};
    Verdict verdict;
    ledger_.Apply(std::span(&view, 1), contents,
                  {.context = context, .authority = keys_, .witness = *witness},
                  std::span(&verdict, 1));
    return verdict.reason;
  }
  Reason ByVenue(const Transaction& transaction) {
    const Digest content = TransactionDigest(Sha256(), transaction.view());
    const VenueConsent consent{.venue = OwnerOf(kVenue),
                               .root = Keys::RootOf(std::span(&content, 1)),
                               .count = 1,
                               .valid_until = Timestamp(2000)};
    return Apply(transaction, content,
                 {.venue = Keys::SignedVenueConsent{consent, Sign(kVenue, consent)}});
  }
  Reason ByOwner(std::uint64_t owner, const Transaction& transaction) {
    const Digest content = TransactionDigest(Sha256(), transaction.view());
    const Consent consent{
        .content = content, .owner = OwnerOf(owner), .valid_until = Timestamp(2000)};
    const Keys::SignedConsent consented{consent, Sign(owner, consent)};
    return Apply(transaction, content, {.consents = std::span(&consented, 1)});
  }

  Keys keys_{NetworkId::FromNumber(1), GroupId(2)};
  Ledger<TotalAtLeast, Keys, TestAccounts> ledger_{SmallOptions()};
  std::uint64_t number_ = 0;
};

TEST_F(HoldAuthority, ALimitedDelegateEndsNoMoreThanItsLimitWhetherItNamesLegsOrNot) {
  const Reason refused = LedgerReason::kConsentMismatch;
  EXPECT_EQ(ByVenue(End(TransactionAction::kPost, 2, {{Cash(1), Of(-11)}, {Cash(2), Of(11)}})),
            refused);
  EXPECT_EQ(ByVenue(End(TransactionAction::kPost, 2)), refused);
  EXPECT_EQ(ByVenue(End(TransactionAction::kVoid, 2)), refused);
  EXPECT_EQ(ledger_.PendingOf(Cash(1)).debits, Of(900));
  EXPECT_EQ(ByVenue(End(TransactionAction::kPost, 2, {{Cash(1), Of(-10)}, {Cash(2), Of(10)}})),
            Reason());
  // What counts is what is left.
  Permit({.asset = kUsd, .most = Of(889)});
  EXPECT_EQ(ByVenue(End(TransactionAction::kPost, 3)), refused);
  Permit({.asset = kUsd, .most = Of(890)});
  EXPECT_EQ(ByVenue(End(TransactionAction::kPost, 3)), Reason());
  EXPECT_EQ(ledger_.BalanceOf(Cash(1)), Of(100));
  EXPECT_EQ(ledger_.BalanceOf(Cash(2)), Of(900));
}

TEST_F(HoldAuthority, OnlyTheResolverEndsAHold) {
  EXPECT_EQ(ByOwner(2, End(TransactionAction::kPost, 2)), Reason(LedgerReason::kNotConsented));
  EXPECT_EQ(ByOwner(2, End(TransactionAction::kVoid, 2)), Reason(LedgerReason::kNotConsented));
  EXPECT_EQ(ByOwner(1, End(TransactionAction::kVoid, 2)), Reason());
  EXPECT_EQ(ledger_.PendingOf(Cash(1)).debits, Of(0));
}

}  // namespace
}  // namespace settle::test
