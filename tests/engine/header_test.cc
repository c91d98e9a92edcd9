// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/header.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "settle/base/status.h"
#include "settle/crypto/sha256.h"
#include "tests/support/fields.h"

namespace settle {
namespace {

Header SampleHeader() {
  return {.network = NetworkId::FromNumber(1),
          .group = GroupId(2),
          .height = Height(3),
          .parent = Digest::FromNumber(4),
          .time = Timestamp(std::uint64_t{5}),
          .epoch = Epoch(6),
          .validator_set = ValidatorSetId::FromNumber(7),
          .next_validator_set = ValidatorSetId::FromNumber(8),
          .transactions = {.size = 9, .root = Digest::FromNumber(10)},
          .receipts = {.size = 11, .root = Digest::FromNumber(12)},
          .state = {.size = 13, .root = Digest::FromNumber(14)},
          .liabilities = {.size = 15, .root = Digest::FromNumber(16)},
          .parameters = Digest::FromNumber(17),
          .prices = Digest::FromNumber(18)};
}

TEST(Header, EveryFieldChangesTheDigest) {
  std::vector<Header> headers(19, SampleHeader());
  headers[1].network = NetworkId::FromNumber(100);
  headers[2].group = GroupId(100);
  headers[3].height = Height(100);
  headers[4].parent = Digest::FromNumber(100);
  headers[5].time = Timestamp(std::uint64_t{100});
  headers[6].epoch = Epoch(100);
  headers[7].validator_set = ValidatorSetId::FromNumber(100);
  headers[8].next_validator_set = ValidatorSetId::FromNumber(100);
  headers[9].transactions.size = 100;
  headers[10].transactions.root = Digest::FromNumber(100);
  headers[11].receipts.size = 100;
  headers[12].receipts.root = Digest::FromNumber(100);
  headers[13].state.size = 100;
  headers[14].state.root = Digest::FromNumber(100);
  headers[15].liabilities.size = 100;
  headers[16].liabilities.root = Digest::FromNumber(100);
  headers[17].parameters = Digest::FromNumber(100);
  headers[18].prices = Digest::FromNumber(100);
  std::set<Digest> digests;
  for (const Header& header : headers) digests.insert(HeaderDigest(Sha256(), header));
  EXPECT_EQ(digests.size(), headers.size());
}

TEST(Header, EveryByteOfEveryFieldIsInTheEncoding) {
  EXPECT_EQ(test::FlipsWithoutEffect(SampleHeader()), "");
  EXPECT_EQ(test::FlipsWithoutEffect(TransactionEntry{.id = TransactionId::FromNumber(1),
                                                      .content = Digest::FromNumber(2),
                                                      .disposition = Disposition::kRepeated,
                                                      .module = 3,
                                                      .code = 4}),
            "");
}

TEST(Header, DigestIsTheHashOfTheRecord) {
  const Header header = SampleHeader();
  EXPECT_EQ(HeaderDigest(Sha256(), header), Sha256().Hash(EncodeRecord(header)));
}

TEST(Header, SurvivesItsRecordAndNoBitOfItCanChangeUnseen) {
  const std::vector<std::byte> bytes = EncodeRecord(SampleHeader());
  const auto decoded = DecodeRecord<Header>(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == SampleHeader());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::vector<std::byte> flipped = bytes;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto other = DecodeRecord<Header>(flipped);
    if (bit < 48) {
      EXPECT_FALSE(other.ok()) << "kind and version, bit " << bit;
    } else {
      ASSERT_TRUE(other.ok()) << other.status();
      EXPECT_NE(HeaderDigest(Sha256(), *other), HeaderDigest(Sha256(), SampleHeader())) << bit;
    }
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ReasonOf(DecodeRecord<Header>(ByteView(bytes.data(), size)).status()),
              Reason(BaseReason::kTruncated));
  }
}

TEST(Header, DomainIsThatOfItsValidators) {
  const Domain domain = SampleHeader().domain();
  EXPECT_EQ(domain.network, NetworkId::FromNumber(1));
  EXPECT_EQ(domain.group, GroupId(2));
  EXPECT_EQ(domain.epoch, Epoch(6));
  EXPECT_EQ(domain.set, ValidatorSetId::FromNumber(7));
}

TEST(TransactionEntry, RefusesADispositionThatIsNone) {
  std::vector<std::byte> bytes = EncodeRecord(TransactionEntry{});
  const std::size_t disposition = 6 + 16 + 32;
  for (const int number : {0, 4, 255}) {
    bytes[disposition] = static_cast<std::byte>(number);
    EXPECT_EQ(ReasonOf(DecodeRecord<TransactionEntry>(bytes).status()),
              Reason(BaseReason::kUnknownEnumerator));
  }
  for (const int number : {1, 2, 3}) {
    bytes[disposition] = static_cast<std::byte>(number);
    EXPECT_TRUE(DecodeRecord<TransactionEntry>(bytes).ok());
  }
}

}  // namespace
}  // namespace settle
