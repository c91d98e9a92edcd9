// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/owner_keys.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/base/revertible.h"
#include "settle/base/status.h"
#include "settle/crypto/reason.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/transaction.h"
#include "tests/ledger/world.h"
#include "tests/quorum/committee.h"

namespace settle::test {
namespace {

using Keys = OwnerKeys<>;
static_assert(Authority<Keys> && Revertible<Keys>);

constexpr std::uint64_t kVenue = 90;
constexpr std::uint64_t kOtherVenue = 91;

Timestamp At(std::uint64_t time) { return Timestamp(time); }
TestKey<Ed25519> KeyOf(std::uint64_t owner) { return TestKey<Ed25519>(1000 + owner); }
Domain Home() { return OwnerDomain(NetworkId::FromNumber(1), GroupId(2)); }

template <typename Statement>
Ed25519::Signature Sign(const Statement& statement, std::uint64_t signer,
                        const Domain& domain = Home()) {
  return KeyOf(signer).Sign(BytesToSign(domain, statement));
}

// Everything to the venue until 500, by owner `owner`.
Delegation DelegationOf(std::uint64_t owner, std::uint64_t number = 1) {
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

// --- rollback, bytes ----------------------------------------------------------------------------

TEST_F(OwnerKeysTest, RevertsRegistrationsDelegationsAndReplacements) {
  ASSERT_TRUE(Delegate(DelegationOf(1)).ok());
  const Fingerprint before = FingerprintOf(keys_);
  const Result<Mark> outer = keys_.Begin();
  ASSERT_TRUE(outer.ok());
  ASSERT_TRUE(keys_.Register({OwnerOf(4), KeyOf(4).bytes()}).ok());
  ASSERT_TRUE(Delegate(DelegationOf(4)).ok());
  const Fingerprint between = FingerprintOf(keys_);
  const Result<Mark> inner = keys_.Begin();
  Delegation revocation = DelegationOf(1, 2);
  revocation.until = At(0);
  ASSERT_TRUE(Delegate(revocation).ok());
  ASSERT_TRUE(Delegate(DelegationOf(2)).ok());
  EXPECT_TRUE(ByVenue(1, 0).Is(LedgerReason::kConsentExpired));
  ASSERT_TRUE(keys_.RevertTo(*inner).ok());
  EXPECT_EQ(FingerprintOf(keys_), between);
  EXPECT_TRUE(ByVenue(1, 0).ok());
  EXPECT_TRUE(ByVenue(2, 1).Is(LedgerReason::kNotConsented));
  ASSERT_TRUE(keys_.RevertTo(*outer).ok());
  EXPECT_EQ(FingerprintOf(keys_), before);
  EXPECT_EQ(keys_.owner_count(), 5u);
  EXPECT_TRUE(Delegate(DelegationOf(4)).Is(LedgerReason::kUnknownOwner));
  // What was derived is as if nothing had been: all of it can happen again.
  ASSERT_TRUE(keys_.Register({OwnerOf(4), KeyOf(4).bytes()}).ok());
  ASSERT_TRUE(Delegate(DelegationOf(4)).ok());
  EXPECT_EQ(FingerprintOf(keys_), between);
}

TEST_F(OwnerKeysTest, TheRootCommitsToContentAndNotToOrder) {
  Keys one = keys_;
  Keys other = keys_;
  const auto sign = [](const Delegation& delegation, std::uint64_t owner) {
    return Keys::SignedDelegation{delegation, Sign(delegation, owner)};
  };
  ASSERT_TRUE(one.Delegate(sign(DelegationOf(1), 1)).ok());
  EXPECT_NE(one.root(), keys_.root());
  ASSERT_TRUE(one.Delegate(sign(DelegationOf(2), 2)).ok());
  ASSERT_TRUE(other.Delegate(sign(DelegationOf(2), 2)).ok());
  ASSERT_TRUE(other.Delegate(sign(DelegationOf(1), 1)).ok());
  EXPECT_EQ(one.root(), other.root());

  // A later delegation of the pair takes the place of the earlier, and comes back by a rollback.
  Delegation narrower = DelegationOf(1);
  narrower.number = 2;
  ASSERT_TRUE(narrower.compartments.Add(kCash));
  const Mark mark = *other.Begin();
  const Digest before = other.root();
  ASSERT_TRUE(other.Delegate(sign(narrower, 1)).ok());
  EXPECT_NE(other.root(), before);
  ASSERT_TRUE(other.Register({OwnerOf(70), KeyOf(70).bytes()}).ok());
  ASSERT_TRUE(other.RevertTo(mark).ok());
  EXPECT_EQ(other.root(), before);
}

TEST_F(OwnerKeysTest, TheRootIsMadeAgainOfTheEncodingAlone) {
  ASSERT_TRUE(Delegate(DelegationOf(1)).ok());
  Keys decoded(NetworkId::FromNumber(1), GroupId(2), 99);
  ASSERT_TRUE(decoded.Register({OwnerOf(60), KeyOf(60).bytes()}).ok());
  (void)*decoded.Begin();  // its serials go on
  ASSERT_TRUE(DecodeInto(Encode(keys_), decoded).ok());
  EXPECT_EQ(decoded.root(), keys_.root());
  const Mark mark = *decoded.Begin();
  ASSERT_TRUE(decoded.Register({OwnerOf(61), KeyOf(61).bytes()}).ok());
  EXPECT_NE(decoded.root(), keys_.root());
  ASSERT_TRUE(decoded.RevertTo(mark).ok());
  EXPECT_EQ(decoded.root(), keys_.root());
}

TEST_F(OwnerKeysTest, SurvivesItsEncodingWithAllThatIsDerived) {
  ASSERT_TRUE(Delegate(DelegationOf(1)).ok());
  const std::vector<std::byte> bytes = Encode(keys_);
  // The seed is the host's and changes no result.
  Keys decoded(NetworkId::FromNumber(1), GroupId(2), 0x5eed);
  ASSERT_TRUE(decoded.Register({OwnerOf(77), KeyOf(77).bytes()}).ok()) << "what was there goes";
  ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
  EXPECT_EQ(Encode(decoded), bytes);
  keys_ = decoded;
  EXPECT_TRUE(ByVenue(1, 0).ok());
  EXPECT_TRUE(ByVenue(2, 1).Is(LedgerReason::kNotConsented));
  EXPECT_TRUE(keys_.Register({OwnerOf(1), KeyOf(1).bytes()}).Is(LedgerReason::kOwnerExists));
  EXPECT_TRUE(keys_.Register({OwnerOf(77), KeyOf(77).bytes()}).ok());
  EXPECT_TRUE(Delegate(DelegationOf(1)).Is(LedgerReason::kStaleDelegation));
}

// Bytes: count, (owner 16, key 32) each; count, delegations.
TEST_F(OwnerKeysTest, NoMarkOutlivesADecodingIntoIt) {
  const std::vector<std::byte> empty = Encode(Keys(NetworkId::FromNumber(1), GroupId(2)));
  const Mark mark = *keys_.Begin();
  ASSERT_TRUE(keys_.Register({OwnerOf(7), KeyOf(7).bytes()}).ok());
  ASSERT_TRUE(DecodeInto(empty, keys_).ok());
  EXPECT_EQ(keys_.RevertTo(mark), Reason(BaseReason::kNoSuchMark));
  EXPECT_EQ(Encode(keys_), empty);
  EXPECT_NE(*keys_.Begin(), mark) << "serials are not used again";
}

TEST_F(OwnerKeysTest, RefusesHostileBytes) {
  ASSERT_TRUE(Delegate(DelegationOf(1)).ok());
  ASSERT_TRUE(Delegate(DelegationOf(2)).ok());
  const std::vector<std::byte> bytes = Encode(keys_);
  const std::size_t delegations = 4 + 5 * 48 + 4;
  const std::size_t delegation_size = 16 + 16 + 4 + 4 + 8 + 8;
  ASSERT_EQ(bytes.size(), delegations + 2 * delegation_size);
  const auto decode = [&](std::vector<std::byte> hostile) {
    Keys decoded(NetworkId::FromNumber(1), GroupId(2));
    return DecodeInto(hostile, decoded).reason;
  };
  const auto with_copy = [&](std::size_t from, std::size_t to, std::size_t size) {
    std::vector<std::byte> hostile = bytes;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), size,
                hostile.begin() + static_cast<std::ptrdiff_t>(to));
    return hostile;
  };
  EXPECT_TRUE(decode(bytes).ok());
  EXPECT_TRUE(decode(with_copy(4, 4 + 48, 16)).Is(BaseReason::kNotCanonical)) << "owner twice";
  EXPECT_TRUE(decode(with_copy(delegations, delegations + delegation_size, 16))
                  .Is(BaseReason::kNotCanonical))
      << "pair twice";
  std::vector<std::byte> hostile = bytes;
  hostile[delegations + 15] = std::byte{8};
  EXPECT_TRUE(decode(hostile).Is(LedgerReason::kUnknownOwner));
  hostile = bytes;
  hostile[delegations + 31] = std::byte{8};
  EXPECT_TRUE(decode(hostile).Is(LedgerReason::kUnknownOwner));
  hostile = bytes;
  std::fill_n(hostile.begin() + 4 + 16, 32, std::byte{0});
  EXPECT_EQ(decode(hostile).module(), Module::kCrypto);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(decode({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)})
                    .Is(BaseReason::kTruncated));
  }
  hostile = bytes;
  std::fill_n(hostile.begin(), 4, std::byte{0xff});
  EXPECT_TRUE(decode(hostile).Is(BaseReason::kTooMany));
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
