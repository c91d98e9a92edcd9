// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/owner_keys.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/status.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/transaction.h"
#include "tests/ledger/owner_keys_world.h"

namespace settle::test {
namespace {

// --- registration -------------------------------------------------------------------------------

TEST_F(OwnerKeysTest, RegistersAnOwnerOnceAndOnlyWithAKeyThatIsOne) {
  const Fingerprint before = FingerprintOf(keys_);
  EXPECT_TRUE(keys_.Register({OwnerOf(1), KeyOf(7).bytes()}).Is(LedgerReason::kOwnerExists));
  EXPECT_EQ(keys_.Register({OwnerOf(7), {}}).module(), Module::kCrypto);
  EXPECT_EQ(FingerprintOf(keys_), before);
  EXPECT_EQ(keys_.owner_count(), 5u);
  EXPECT_TRUE(keys_.Register({OwnerOf(7), KeyOf(1).bytes()}).ok()) << "two owners may share a key";
  EXPECT_EQ(keys_.owner_count(), 6u);
  EXPECT_NE(FingerprintOf(keys_), before);
}

// --- delegations --------------------------------------------------------------------------------

TEST_F(OwnerKeysTest, TakesADelegationSignedByItsOwnerForThisNetworkAndGroup) {
  const Fingerprint before = FingerprintOf(keys_);
  const Delegation delegation = DelegationOf(1);
  const auto refused = [&](const Ed25519::Signature& signature) {
    const Reason reason = keys_.Delegate({delegation, signature});
    EXPECT_EQ(FingerprintOf(keys_), before);
    return reason.Is(CryptoReason::kBadSignature);
  };
  EXPECT_TRUE(refused(Sign(delegation, 2)));
  EXPECT_TRUE(refused(Sign(delegation, kVenue)));
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused(Sign(delegation, 1, OwnerDomain(NetworkId::FromNumber(9), GroupId(2)))));
  EXPECT_TRUE(refused(Sign(delegation, 1, OwnerDomain(NetworkId::FromNumber(1), GroupId(9)))));
  Delegation wider = delegation;
  wider.until = At(501);
  EXPECT_TRUE(refused(Sign(wider, 1)));
  EXPECT_TRUE(keys_.Delegate({delegation, Sign(delegation, 1)}).ok());
  EXPECT_NE(FingerprintOf(keys_), before);
}

TEST_F(OwnerKeysTest, RefusesADelegationOfOrToAnUnknownOwner) {
  EXPECT_TRUE(Delegate(DelegationOf(8)).Is(LedgerReason::kUnknownOwner));
  Delegation to_unknown = DelegationOf(1);
  to_unknown.venue = OwnerOf(8);
  EXPECT_TRUE(Delegate(to_unknown).Is(LedgerReason::kUnknownOwner));
}

TEST_F(OwnerKeysTest, RefusesADelegationThatIsNotCanonical) {
  Delegation delegation = DelegationOf(1);
  (void)delegation.compartments.Add(Compartment(1));
  (void)delegation.compartments.Add(Compartment(1));
  EXPECT_TRUE(Delegate(delegation).Is(BaseReason::kNotCanonical));
  delegation = DelegationOf(1);
  (void)delegation.limits.Add({kUsd, Of(-1)});
  EXPECT_TRUE(Delegate(delegation).Is(BaseReason::kOutOfRange));
}

TEST_F(OwnerKeysTest, NeverGoesBackToAnOlderDelegation) {
  const Delegation first = DelegationOf(1, 5);
  ASSERT_TRUE(Delegate(first).ok());
  EXPECT_TRUE(Delegate(first).Is(LedgerReason::kStaleDelegation));
  EXPECT_TRUE(Delegate(DelegationOf(1, 4)).Is(LedgerReason::kStaleDelegation));
  Delegation revocation = DelegationOf(1, 6);
  revocation.until = At(0);
  ASSERT_TRUE(Delegate(revocation).ok());
  EXPECT_TRUE(Delegate(first).Is(LedgerReason::kStaleDelegation)) << "replay after revocation";
  EXPECT_TRUE(ByVenue(1, 0).Is(LedgerReason::kConsentExpired));
  ASSERT_TRUE(Delegate(DelegationOf(1, 7)).ok());
  EXPECT_TRUE(ByVenue(1, 0).ok());
  // Another venue counts for itself.
  Delegation other = DelegationOf(1, 1);
  other.venue = OwnerOf(kOtherVenue);
  EXPECT_TRUE(Delegate(other).ok());
}

// --- a venue's consent to a batch ---------------------------------------------------------------

TEST_F(OwnerKeysTest, ExaminesTheVenuesSignatureOverExactlyThisBatch) {
  EXPECT_TRUE(Examine(Signed(BatchConsent())).ok());
  EXPECT_TRUE(Examine(Signed(BatchConsent(), 1)).Is(CryptoReason::kBadSignature));
  EXPECT_TRUE(Examine(Signed(BatchConsent(), kOtherVenue)).Is(CryptoReason::kBadSignature));
  for (const Domain& domain : {OwnerDomain(NetworkId::FromNumber(9), GroupId(2)),
                               OwnerDomain(NetworkId::FromNumber(1), GroupId(9))}) {
    EXPECT_TRUE(Examine(Signed(BatchConsent(), kVenue, domain)).Is(CryptoReason::kBadSignature));
  }
  VenueConsent unknown = BatchConsent();
  unknown.venue = OwnerOf(8);
  EXPECT_TRUE(Examine(Signed(unknown, 8)).Is(LedgerReason::kUnknownOwner));

  VenueConsent wrong = BatchConsent();
  ++wrong.count;
  EXPECT_TRUE(Examine(Signed(wrong)).Is(LedgerReason::kConsentMismatch));
  wrong = BatchConsent();
  wrong.root = Digest::FromNumber(1);
  EXPECT_TRUE(Examine(Signed(wrong)).Is(LedgerReason::kConsentMismatch));
  const auto of_fewer =
      keys_.Examine({.venue = Signed(BatchConsent())}, std::span(contents_).first(2), At(10));
  EXPECT_TRUE(of_fewer.reason().Is(LedgerReason::kConsentMismatch));
  std::swap(contents_[0], contents_[1]);
  VenueConsent before_swap = BatchConsent();
  std::swap(contents_[0], contents_[1]);
  EXPECT_TRUE(Examine(Signed(before_swap)).Is(LedgerReason::kConsentMismatch));
}

TEST_F(OwnerKeysTest, VenuesConsentEndsAtItsInstant) {
  EXPECT_TRUE(Examine(Signed(BatchConsent(50)), 49).ok());
  EXPECT_TRUE(Examine(Signed(BatchConsent(50)), 50).Is(LedgerReason::kConsentExpired));
  ASSERT_TRUE(Delegate(DelegationOf(1)).ok());
  EXPECT_TRUE(ByVenue(1, 0, 49).ok());
  EXPECT_TRUE(ByVenue(1, 0, 50).Is(LedgerReason::kConsentExpired));
  EXPECT_TRUE(ByVenue(kVenue, 0, 49).ok()) << "the venue for itself";
  EXPECT_TRUE(ByVenue(kVenue, 0, 50).Is(LedgerReason::kConsentExpired));
}

TEST_F(OwnerKeysTest, VenueSpeaksForThoseWhoDelegatedToItUntilTheInstantTheySaid) {
  EXPECT_TRUE(ByVenue(1, 0).Is(LedgerReason::kNotConsented));
  Delegation delegation = DelegationOf(1);
  delegation.until = At(20);
  ASSERT_TRUE(Delegate(delegation).ok());
  EXPECT_TRUE(ByVenue(1, 0, 19).ok());
  EXPECT_TRUE(ByVenue(1, 0, 20).Is(LedgerReason::kConsentExpired));
  EXPECT_TRUE(ByVenue(2, 1).Is(LedgerReason::kNotConsented)) << "who has not delegated";
  Delegation to_other = DelegationOf(2);
  to_other.venue = OwnerOf(kOtherVenue);
  ASSERT_TRUE(Delegate(to_other).ok());
  EXPECT_TRUE(ByVenue(2, 1).Is(LedgerReason::kNotConsented)) << "delegated to another venue";
}

TEST_F(OwnerKeysTest, WitnessBindsEveryPositionToItsTransaction) {
  ASSERT_TRUE(Delegate(DelegationOf(1)).ok());
  const Keys::Witness witness = WitnessOfVenue();
  Intent intent = IntentOf(0);
  EXPECT_TRUE(keys_.Authorize(OwnerOf(1), intent, witness).ok());
  for (const std::size_t position : {std::size_t{1}, std::size_t{3}, kMax<std::size_t>}) {
    intent.position = position;
    EXPECT_TRUE(keys_.Authorize(OwnerOf(1), intent, witness).Is(LedgerReason::kNotConsented));
    EXPECT_TRUE(keys_.Authorize(OwnerOf(kVenue), intent, witness).Is(LedgerReason::kNotConsented));
  }
  intent = IntentOf(0);
  intent.content = Digest::FromNumber(1);
  EXPECT_TRUE(keys_.Authorize(OwnerOf(1), intent, witness).Is(LedgerReason::kNotConsented));
  EXPECT_TRUE(
      keys_.Authorize(OwnerOf(1), IntentOf(0), Keys::Witness()).Is(LedgerReason::kNotConsented));
}

TEST_F(OwnerKeysTest, NobodyIsTheVenueWithoutOne) {
  // The owner of zeros is the one that an empty witness names.
  const Intent intent = IntentOf(0, 0);
  EXPECT_TRUE(keys_.Authorize(OwnerId(), intent, Keys::Witness()).Is(LedgerReason::kNotConsented));
}

TEST_F(OwnerKeysTest, DelegationHoldsInItsCompartmentsAndUpToItsLimits) {
  // Transaction 1 moves three perps and nine USD in book 1; transaction 0 ten USD in cash.
  Delegation delegation = DelegationOf(1);
  (void)delegation.compartments.Add(kPerpBook);
  (void)delegation.limits.Add({kUsd, Of(9)});
  (void)delegation.limits.Add({kPerp, Of(3)});
  ASSERT_TRUE(Delegate(delegation).ok());
  EXPECT_TRUE(ByVenue(1, 1).ok());
  EXPECT_TRUE(ByVenue(1, 0).Is(LedgerReason::kConsentMismatch)) << "another compartment";
  delegation.limits[0].most = Of(8);
  delegation.number = 2;
  ASSERT_TRUE(Delegate(delegation).ok());
  EXPECT_TRUE(ByVenue(1, 1).Is(LedgerReason::kConsentMismatch)) << "one USD too much";
  delegation.limits[0].most = Of(9);
  delegation.limits[1].most = Of(2);
  delegation.number = 3;
  ASSERT_TRUE(Delegate(delegation).ok());
  EXPECT_TRUE(ByVenue(1, 1).Is(LedgerReason::kConsentMismatch)) << "one lot too much";
}

// --- an owner's own consent ---------------------------------------------------------------------

TEST_F(OwnerKeysTest, OwnerConsentsToOneTransactionUntilTheInstantItSaid) {
  EXPECT_TRUE(Directly(1, 0, {}).Is(LedgerReason::kNotConsented));
  EXPECT_TRUE(Directly(1, 0, {ConsentOf(1, 0)}, 49).ok());
  EXPECT_TRUE(Directly(1, 0, {ConsentOf(1, 0)}, 50).Is(LedgerReason::kConsentExpired));
  EXPECT_TRUE(Directly(1, 1, {ConsentOf(1, 0)}).Is(LedgerReason::kNotConsented));
  EXPECT_TRUE(Directly(2, 0, {ConsentOf(1, 0)}).Is(LedgerReason::kNotConsented));
}

TEST_F(OwnerKeysTest, OwnersConsentIsSignedByTheOwnerForThisNetworkAndGroup) {
  Keys::SignedConsent consent = ConsentOf(1, 0);
  consent.signature = Sign(consent.consent, 2);
  EXPECT_TRUE(Directly(1, 0, {consent}).Is(CryptoReason::kBadSignature));
  for (const Domain& domain : {OwnerDomain(NetworkId::FromNumber(9), GroupId(2)),
                               OwnerDomain(NetworkId::FromNumber(1), GroupId(9))}) {
    consent.signature = Sign(consent.consent, 1, domain);
    EXPECT_TRUE(Directly(1, 0, {consent}).Is(CryptoReason::kBadSignature));
  }
  consent = ConsentOf(1, 0, 50);
  consent.consent.valid_until = At(5000);
  EXPECT_TRUE(Directly(1, 0, {consent}).Is(CryptoReason::kBadSignature)) << "prolonged";
  EXPECT_TRUE(Directly(8, 0, {ConsentOf(8, 0)}).Is(LedgerReason::kUnknownOwner));
}

TEST_F(OwnerKeysTest, DirectConsentsAscendAndNoneStandsTwice) {
  std::vector<Keys::SignedConsent> consents;
  for (std::size_t position = 0; position < 3; ++position) {
    for (const std::uint64_t owner : {2u, 1u, 3u}) consents.push_back(ConsentOf(owner, position));
  }
  EXPECT_TRUE(Directly(1, 0, consents).Is(LedgerReason::kConsentMismatch));
  std::sort(consents.begin(), consents.end(), [](const auto& a, const auto& b) {
    return a.consent.content != b.consent.content ? a.consent.content < b.consent.content
                                                  : a.consent.owner < b.consent.owner;
  });
  for (std::size_t position = 0; position < 3; ++position) {
    for (const std::uint64_t owner : {1u, 2u, 3u}) {
      EXPECT_TRUE(Directly(owner, position, consents).ok()) << owner << " " << position;
    }
  }
  consents.insert(consents.begin() + 4, consents[4]);
  EXPECT_TRUE(Directly(1, 0, consents).Is(LedgerReason::kConsentMismatch));
}

TEST_F(OwnerKeysTest, OwnersConsentReplacesAVenuesThatDoesNotReach) {
  Delegation delegation = DelegationOf(1);
  (void)delegation.limits.Add({kUsd, Of(1)});
  ASSERT_TRUE(Delegate(delegation).ok());
  const std::vector<Keys::SignedConsent> consents = {ConsentOf(1, 0)};
  const auto witness =
      keys_.Examine({.venue = Signed(BatchConsent()), .consents = consents}, contents_, At(10));
  ASSERT_TRUE(witness.ok());
  EXPECT_TRUE(keys_.Authorize(OwnerOf(1), IntentOf(0), *witness).ok());
  EXPECT_TRUE(ByVenue(1, 0).Is(LedgerReason::kConsentMismatch)) << "the venue's refusal is named";
  EXPECT_TRUE(keys_.Authorize(OwnerOf(3), IntentOf(2), *witness).Is(LedgerReason::kNotConsented));
}

// --- in a ledger --------------------------------------------------------------------------------

TEST_F(OwnerKeysTest, ALedgerMovesNothingOfWhoDidNotConsent) {
  Ledger<Unmargined, Keys, TestAccounts> ledger(SmallOptions());
  ASSERT_TRUE(ledger.Advance(Height(1), At(10)).ok());
  ASSERT_TRUE(Deposit(ledger, 900, 1, 100).ok());
  ASSERT_TRUE(Deposit(ledger, 901, 3, 100, kBtc).ok());
  ASSERT_TRUE(Delegate(DelegationOf(1)).ok());
  const Keys::Witness witness = WitnessOfVenue();
  std::vector<TransactionView> views;
  for (const Transaction& transaction : batch_) views.push_back(transaction.view());
  std::vector<Verdict> verdicts(3);
  ledger.Apply(views, contents_, {.context = {}, .authority = keys_, .witness = witness}, verdicts);
  EXPECT_EQ(verdicts[0].disposition, Disposition::kApplied);
  // Owner 2 takes a position in transaction 1, owner 3 pays in transaction 2.
  EXPECT_EQ(verdicts[1].reason, Reason(LedgerReason::kNotConsented));
  EXPECT_EQ(verdicts[2].reason, Reason(LedgerReason::kNotConsented));
  EXPECT_EQ(ledger.BalanceOf(Cash(2)), Of(10));
  // Without the digests nothing can be agreed to.
  ledger.Apply(views, {}, {.context = {}, .authority = keys_, .witness = witness}, verdicts);
  for (const Verdict& verdict : verdicts) {
    EXPECT_EQ(verdict.reason, Reason(LedgerReason::kWrongEntryPoint));
  }
}

// Legs that cancel each other move nothing, but take an id, a receipt and accounts.
TEST_F(OwnerKeysTest, NobodyNamesAnAccountForNothingWithoutItsOwner) {
  Ledger<Unmargined, Keys, TestAccounts> ledger(SmallOptions());
  ASSERT_TRUE(ledger.Advance(Height(1), At(10)).ok());
  for (const AssetId asset : {kUsd, kPerp}) {
    const AccountKey account{OwnerOf(1), kPerpBook, asset};
    const Transaction nothing =
        Make({.id = 50, .valid_until = 60}, {{account, Of(5)}, {account, Of(-5)}});
    const TransactionView view = nothing.view();
    const Digest content = TransactionDigest(Sha256(), view);
    const Fingerprint before = ledger.fingerprint();
    Verdict verdict;
    ledger.Apply(std::span(&view, 1), std::span(&content, 1),
                 {.context = {}, .authority = keys_, .witness = Keys::Witness()},
                 std::span(&verdict, 1));
    EXPECT_EQ(verdict.reason, Reason(LedgerReason::kNotConsented));
    EXPECT_EQ(ledger.fingerprint(), before);
  }
}

}  // namespace
}  // namespace settle::test
