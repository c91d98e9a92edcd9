// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/consent.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

Delegation Sample() {
  Delegation delegation{.owner = OwnerOf(1),
                        .venue = OwnerOf(2),
                        .until = Timestamp(std::uint64_t{100}),
                        .number = 1};
  for (const std::uint32_t compartment : {0u, 1u, 5u}) {
    (void)delegation.compartments.Add(Compartment(compartment));
  }
  (void)delegation.limits.Add({kUsd, Of(10)});
  (void)delegation.limits.Add({kPerp, Of(0)});
  return delegation;
}

TEST(OwnerDomain, IsTheNetworkAndGroupAndNoValidatorSet) {
  const Domain domain = OwnerDomain(NetworkId::FromNumber(1), GroupId(2));
  EXPECT_EQ(domain.network, NetworkId::FromNumber(1));
  EXPECT_EQ(domain.group, GroupId(2));
  EXPECT_EQ(domain.epoch, Epoch(0));
  EXPECT_TRUE(domain.set.IsZero());
}

TEST(Consent, StatementsOfOneOwnerNeverShareSignedBytes) {
  const Domain domain = OwnerDomain(NetworkId::FromNumber(1), GroupId(2));
  const Consent consent{.content = Digest::FromNumber(1),
                        .owner = OwnerOf(2),
                        .valid_until = Timestamp(std::uint64_t{3})};
  std::vector<Consent> consents(4, consent);
  consents[1].content = Digest::FromNumber(9);
  consents[2].owner = OwnerOf(9);
  consents[3].valid_until = Timestamp(std::uint64_t{9});
  const VenueConsent venue{.venue = OwnerOf(2),
                           .root = Digest::FromNumber(1),
                           .count = 4,
                           .valid_until = Timestamp(std::uint64_t{3})};
  std::vector<VenueConsent> venues(5, venue);
  venues[1].venue = OwnerOf(9);
  venues[2].root = Digest::FromNumber(9);
  venues[3].count = 9;
  venues[4].valid_until = Timestamp(std::uint64_t{9});
  std::vector<Delegation> delegations(7, Sample());
  delegations[1].owner = OwnerOf(9);
  delegations[2].venue = OwnerOf(9);
  (void)delegations[3].compartments.Add(Compartment(9));
  delegations[4].limits[0].most = Of(9);
  delegations[5].until = Timestamp(std::uint64_t{9});
  delegations[6].number = 9;
  std::set<Digest> digests;
  for (const Consent& one : consents) digests.insert(StatementDigest(Sha256(), domain, one));
  for (const VenueConsent& one : venues) digests.insert(StatementDigest(Sha256(), domain, one));
  for (const Delegation& one : delegations) digests.insert(StatementDigest(Sha256(), domain, one));
  EXPECT_EQ(digests.size(), 16u);
}

TEST(Delegation, ValidatesItsListsAsStrictlyAscending) {
  EXPECT_TRUE(Delegation().Validate().ok());
  EXPECT_TRUE(Sample().Validate().ok());
  Delegation delegation = Sample();
  delegation.compartments[2] = Compartment(1);
  EXPECT_TRUE(delegation.Validate().Is(BaseReason::kNotCanonical));
  delegation.compartments[2] = Compartment(0);
  EXPECT_TRUE(delegation.Validate().Is(BaseReason::kNotCanonical));
  delegation = Sample();
  delegation.limits[1].asset = kUsd;
  EXPECT_TRUE(delegation.Validate().Is(BaseReason::kNotCanonical));
  delegation.limits[1].asset = AssetId(0);
  EXPECT_TRUE(delegation.Validate().Is(BaseReason::kNotCanonical));
  delegation = Sample();
  delegation.limits[1].most = Of(-1);
  EXPECT_TRUE(delegation.Validate().Is(BaseReason::kOutOfRange));
}

TEST(Delegation, DecodesOnlyWhatIsValid) {
  Delegation decoded;
  ASSERT_TRUE(DecodeInto(Encode(Sample()), decoded).ok());
  EXPECT_TRUE(decoded == Sample());
  Delegation bad = Sample();
  bad.limits[0].most = Of(-1);
  EXPECT_TRUE(DecodeInto(Encode(bad), decoded).reason.Is(BaseReason::kOutOfRange));
}

// Whether a delegation of owner 1 with these limits permits these legs.
struct PermitRow {
  const char* what;
  bool permitted;
  std::vector<std::uint32_t> compartments;
  std::vector<DelegationLimit> limits;
  std::vector<Leg> legs;
};

TEST(Delegation, PermitsWhatLiesInItsCompartmentsAndLimits) {
  const AccountKey cash = Cash(1);
  const AccountKey book{OwnerOf(1), kPerpBook, kUsd};
  const AccountKey others{OwnerOf(2), Compartment(7), kUsd};
  const std::vector<PermitRow> rows = {
      {"everything", true, {}, {}, {{cash, Of(kMin<Int128>)}, {book, Of(kMin<Int128>)}}},
      {"no leg of the owner's", true, {3}, {{kUsd, Of(0)}}, {{others, Of(-5)}}},
      {"inside the compartment", true, {0}, {}, {{cash, Of(-5)}, {others, Of(5)}}},
      {"outside the compartment", false, {0}, {}, {{cash, Of(-5)}, {book, Of(5)}}},
      {"between two compartments", false, {0, 2}, {}, {{book, Of(5)}}},
      {"exactly the limit", true, {}, {{kUsd, Of(5)}}, {{cash, Of(-5)}, {others, Of(5)}}},
      {"one above the limit", false, {}, {{kUsd, Of(5)}}, {{cash, Of(-6)}, {others, Of(6)}}},
      {"receiving counts too", false, {}, {{kUsd, Of(5)}}, {{cash, Of(6)}}},
      {"sizes add and do not cancel", false, {}, {{kUsd, Of(5)}}, {{cash, Of(3)}, {book, Of(-3)}}},
      {"a limit of zero", false, {}, {{kUsd, Of(0)}}, {{cash, Of(1)}}},
      {"an asset without a limit", true, {}, {{kBtc, Of(0)}}, {{cash, Of(-1000)}}},
      {"the second of two limits",
       false,
       {},
       {{kUsd, Of(9)}, {kBtc, Of(1)}},
       {{cash, Of(-9)}, {Cash(1, kBtc), Of(2)}}},
      {"the largest limit", true, {}, {{kUsd, Of(kMax<Int128>)}}, {{cash, Of(-kMax<Int128>)}}},
      {"the least amount exceeds the largest limit",
       false,
       {},
       {{kUsd, Of(kMax<Int128>)}},
       {{cash, Of(kMin<Int128>)}}},
      {"sizes whose sum leaves 128 bits",
       false,
       {},
       {{kUsd, Of(kMax<Int128>)}},
       {{cash, Of(kMin<Int128>)}, {book, Of(kMin<Int128>)}}},
  };
  for (const PermitRow& row : rows) {
    Delegation delegation{.owner = OwnerOf(1)};
    for (const std::uint32_t compartment : row.compartments) {
      (void)delegation.compartments.Add(Compartment(compartment));
    }
    for (const DelegationLimit& limit : row.limits) (void)delegation.limits.Add(limit);
    ASSERT_TRUE(delegation.Validate().ok()) << row.what;
    EXPECT_EQ(delegation.Permits(row.legs), row.permitted) << row.what;
  }
}

}  // namespace
}  // namespace settle::test
