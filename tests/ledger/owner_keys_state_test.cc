// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/revertible.h"
#include "tests/ledger/owner_keys_world.h"

namespace settle::test {
namespace {

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

}  // namespace
}  // namespace settle::test
