// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/certificate.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"
#include "tests/quorum/committee.h"
#include "tests/support/allocations.h"

namespace settle {
namespace {

using ::settle::test::Committee;
using ::settle::test::Flipped;
using ::settle::test::StatementOf;
using ::settle::test::ToyScheme;

// Where the parts of a record stand.
constexpr std::size_t kStatementAt = 6 + 4 + 8 + 32;
constexpr std::size_t kMembersAt = kStatementAt + 49;
constexpr std::size_t kBitsAt = kMembersAt + 2 + 4;

Reason DecodeReason(const std::vector<std::byte>& record) {
  return ReasonOf(DecodeRecord<Certificate<>>(record).status());
}

std::vector<std::size_t> FirstOf(std::size_t count) {
  std::vector<std::size_t> signers(count);
  for (std::size_t i = 0; i < count; ++i) signers[i] = i;
  return signers;
}

TEST(Certificate, DecodesToItselfWithinItsStatedSize) {
  for (const std::size_t members : {1u, 4u, 7u, 8u, 9u, 16u, 17u}) {
    const Committee<Ed25519> committee(std::vector<std::uint64_t>(members, 1));
    for (const std::size_t signers : {std::size_t{0}, members / 2, members}) {
      const Certificate<> certificate = committee.Certify(StatementOf(1), FirstOf(signers));
      const std::vector<std::byte> record = EncodeRecord(certificate);
      EXPECT_LE(record.size(), 64 * signers + members / 8 + 160);
      const auto decoded = DecodeRecord<Certificate<>>(record);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(*decoded, certificate);
    }
  }
}

TEST(Certificate, StoresItsDomainButNotTheNetwork) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  const auto certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  EXPECT_EQ(DomainOf(certificate, committee.domain().network), committee.domain());
  EXPECT_FALSE(DomainOf(certificate, NetworkId::FromNumber(9)) == committee.domain());
}

TEST(Certificate, OfAnySizeThatIsNotExactlyItsOwnIsRefused) {
  const Committee<Ed25519> committee({1, 1, 1, 1});
  std::vector<std::byte> record = EncodeRecord(committee.Certify(StatementOf(1), {0, 1, 2}));
  for (std::size_t size = 0; size < record.size(); ++size) {
    const std::vector<std::byte> cut(record.begin(),
                                     record.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(DecodeReason(cut), Reason(BaseReason::kTruncated)) << size;
  }
  record.push_back(std::byte{0});
  EXPECT_EQ(DecodeReason(record), Reason(BaseReason::kTrailingBytes));
}

// Each flipped bit is refused, or gives another value that proves nothing.
TEST(Certificate, WithAnyBitFlippedProvesNothing) {
  const Committee<Ed25519> committee({1, 1, 1, 1});
  const Certificate<> certificate = committee.Certify(StatementOf(1), {0, 1, 3});
  ASSERT_TRUE(VerifyAll(committee.set(), committee.domain(), certificate).ok());
  const std::vector<std::byte> record = EncodeRecord(certificate);
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    const auto other = DecodeRecord<Certificate<>>(Flipped(record, bit));
    if (!other.ok()) {
      ++refused;
      continue;
    }
    ASSERT_FALSE(*other == certificate) << bit;
    ASSERT_FALSE(VerifyQuorum(committee.set(), committee.domain(), *other).ok()) << bit;
  }
  EXPECT_GE(refused, 8u * (6 + 1 + 2 + 4 + 1 + 4) - 8);  // head, kind, sizes, bits
}

TEST(Certificate, RefusesAnUnknownKind) {
  const Committee<Ed25519> committee({1, 1, 1, 1});
  std::vector<std::byte> record = EncodeRecord(committee.Certify(StatementOf(1), {0, 1, 2}));
  record[kStatementAt] = std::byte{4};
  EXPECT_EQ(DecodeReason(record), Reason(BaseReason::kUnknownEnumerator));
  Certificate<> certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  certificate.statement.kind = VoteKind{0};
  EXPECT_EQ(certificate.Validate(), Reason(QuorumReason::kUnknownKind));
}

TEST(Certificate, RefusesBitsBehindItsLastMember) {  // Q12
  const Committee<Ed25519> committee({1, 1, 1, 1});
  std::vector<std::byte> record = EncodeRecord(committee.Certify(StatementOf(1), {0, 1, 2}));
  ASSERT_EQ(record[kMembersAt], std::byte{4});
  ASSERT_EQ(record[kBitsAt], std::byte{0x07});
  for (int bit = 4; bit < 8; ++bit) {
    std::vector<std::byte> padded = record;
    padded[kBitsAt] |= std::byte{1} << bit;
    EXPECT_EQ(DecodeReason(padded), Reason(QuorumReason::kBitmapMalformed)) << bit;
    // As many bits as signatures, one of them for nobody.
    padded[kBitsAt] &= ~std::byte{1};
    EXPECT_EQ(DecodeReason(padded), Reason(QuorumReason::kBitmapMalformed)) << bit;
  }
}

TEST(Certificate, RefusesMoreOrFewerSignaturesThanSigners) {  // Q1, Q12
  const Committee<Ed25519> committee({1, 1, 1, 1});
  const Certificate<> good = committee.Certify(StatementOf(1), {0, 1, 2});
  Certificate<> fewer = good;
  fewer.signatures.PopBack();
  EXPECT_EQ(fewer.Validate(), Reason(QuorumReason::kWrongSignatureCount));
  EXPECT_EQ(DecodeReason(EncodeRecord(fewer)), Reason(QuorumReason::kWrongSignatureCount));
  // A signer's signature once more: there is no bit that it could belong to.
  Certificate<> more = good;
  ASSERT_TRUE(more.signatures.Add(more.signatures[0]));
  EXPECT_EQ(more.Validate(), Reason(QuorumReason::kWrongSignatureCount));
  EXPECT_EQ(DecodeReason(EncodeRecord(more)), Reason(QuorumReason::kWrongSignatureCount));
  EXPECT_FALSE(more.signers.Add(SignerIndex(std::uint16_t{0})));
}

TEST(Certificate, DoesNotReserveForSignaturesThatTheRecordCannotHold) {
  const Committee<Ed25519> committee({1, 1, 1, 1});
  std::vector<std::byte> record = EncodeRecord(committee.Certify(StatementOf(1), {0, 1, 2}));
  record[kBitsAt + 1] = std::byte{0xff};
  record[kBitsAt + 2] = std::byte{0xff};
  Certificate<> out;
  const test::AllocationCounter counter;
  const DecodeOutcome outcome = DecodeRecordInto(record, out);
  const std::size_t bytes = counter.bytes();
  EXPECT_EQ(outcome.reason, Reason(BaseReason::kTruncated));
  EXPECT_LE(bytes, record.size());
}

TEST(Certificate, SaysTheSameAsOneWithOtherSigners) {
  const Committee<ToyScheme> committee({1, 1, 1, 1});
  const auto certificate = committee.Certify(StatementOf(1), {0, 1, 2});
  EXPECT_TRUE(SameStatement(certificate, committee.Certify(StatementOf(1), {1, 2, 3})));
  EXPECT_FALSE(certificate == committee.Certify(StatementOf(1), {1, 2, 3}));
  EXPECT_FALSE(SameStatement(certificate, committee.Certify(StatementOf(2), {0, 1, 2})));
  auto other = certificate;
  other.epoch = Epoch(99);
  EXPECT_FALSE(SameStatement(certificate, other));
  other = certificate;
  other.group = GroupId(99);
  EXPECT_FALSE(SameStatement(certificate, other));
  other = certificate;
  other.set = ValidatorSetId::FromNumber(99);
  EXPECT_FALSE(SameStatement(certificate, other));
}

}  // namespace
}  // namespace settle
