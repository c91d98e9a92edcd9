// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/signer_set.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "tests/quorum/committee.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using ::settle::test::Flipped;
using ::settle::test::Random;

TEST(SignerSet, CountsEachSignerOnce) {  // Q1
  SignerSet signers(5);
  EXPECT_TRUE(signers.Add(SignerIndex(std::uint16_t{3})));
  EXPECT_FALSE(signers.Add(SignerIndex(std::uint16_t{3})));
  EXPECT_EQ(signers.count(), 1u);
}

TEST(SignerSet, HasNoBitForAnIndexThatNoMemberHas) {  // Q12, Q25
  for (const std::uint32_t number : {0u, 1u, 7u, 8u, 9u, 65535u}) {
    const auto members = static_cast<std::uint16_t>(number);
    SignerSet signers(members);
    for (const std::uint32_t index : {std::uint32_t{members}, std::uint32_t{members} + 1,
                                      std::uint32_t{65534}, std::uint32_t{65535}}) {
      if (index < members || index > 65535) continue;
      const SignerIndex signer(static_cast<std::uint16_t>(index));
      EXPECT_FALSE(signers.Add(signer));
      EXPECT_FALSE(signers.Contains(signer));
    }
    EXPECT_EQ(signers.count(), 0u);
    EXPECT_TRUE(signers.Validate().ok());
  }
}

TEST(SignerSet, IsASetOfNumbers) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    const auto members = static_cast<std::uint16_t>(random.Between(1, 70));
    SignerSet signers(members);
    std::set<std::uint16_t> model;
    for (int i = 0; i < 40; ++i) {
      const auto index = static_cast<std::uint16_t>(random.Below(80));
      const bool is_new = index < members && model.insert(index).second;
      ASSERT_EQ(signers.Add(SignerIndex(index)), is_new);
    }
    ASSERT_EQ(signers.count(), model.size());
    for (std::uint16_t i = 0; i < 80; ++i) {
      ASSERT_EQ(signers.Contains(SignerIndex(i)), model.count(i) == 1);
    }
    SignerSet copy;
    ASSERT_TRUE(DecodeInto(Encode(signers), copy).ok());
    ASSERT_EQ(copy, signers);
  }
}

TEST(SignerSet, EncodesAsItsSizeAndItsBits) {
  SignerSet signers(11);
  EXPECT_TRUE(signers.Add(SignerIndex(std::uint16_t{0})));
  EXPECT_TRUE(signers.Add(SignerIndex(std::uint16_t{9})));
  EXPECT_TRUE(signers.Add(SignerIndex(std::uint16_t{10})));
  EXPECT_EQ(ToHex(Encode(signers)),
            "0b00"
            "02000000"
            "0106");
}

Reason DecodeReason(std::string_view hex) {
  SignerSet signers;
  return DecodeInto(*ParseHex(hex), signers).reason;
}

TEST(SignerSet, RefusesEveryOtherFormOfItsBits) {  // Q12
  const Reason malformed = QuorumReason::kBitmapMalformed;
  EXPECT_TRUE(DecodeReason("0b00"
                           "02000000"
                           "0106")
                  .ok());
  EXPECT_TRUE(DecodeReason("0000"
                           "00000000")
                  .ok());
  EXPECT_EQ(DecodeReason("0b00"
                         "02000000"
                         "010e"),
            malformed);  // bit 11 of 11
  EXPECT_EQ(DecodeReason("0b00"
                         "02000000"
                         "0186"),
            malformed);  // bit 15
  EXPECT_EQ(DecodeReason("0b00"
                         "01000000"
                         "01"),
            malformed);  // a byte too few
  EXPECT_EQ(DecodeReason("0b00"
                         "03000000"
                         "010600"),
            malformed);  // a byte too many
  EXPECT_EQ(DecodeReason("0000"
                         "01000000"
                         "00"),
            malformed);
  EXPECT_EQ(DecodeReason("0800"
                         "00000000"),
            malformed);
  EXPECT_EQ(DecodeReason("ffff"
                         "01200000"),
            Reason(BaseReason::kTooMany));
  EXPECT_EQ(DecodeReason("ffff"
                         "00200000"
                         "01"),
            Reason(BaseReason::kTruncated));
}

TEST(SignerSet, HasOneEncodingForEachValue) {
  SignerSet signers(11);
  EXPECT_TRUE(signers.Add(SignerIndex(std::uint16_t{4})));
  const std::vector<std::byte> bytes = Encode(signers);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    SignerSet other;
    if (DecodeInto(Flipped(bytes, bit), other).ok()) {
      EXPECT_FALSE(other == signers) << bit;
    }
  }
}

}  // namespace
}  // namespace settle
