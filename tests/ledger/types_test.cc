// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/types.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/status.h"
#include "tests/ledger/world.h"
#include "tests/support/fields.h"

namespace settle::test {
namespace {

TEST(AssetId, TokenAndContractOfOneNumberDiffer) {
  for (const std::uint32_t number : {0u, 1u, 0x7fffffffu}) {
    EXPECT_FALSE(IsContract(TokenId(number)));
    EXPECT_TRUE(IsContract(ContractId(number)));
    EXPECT_NE(TokenId(number), ContractId(number));
    EXPECT_EQ(TokenId(number).value(), number);
    EXPECT_EQ(ContractId(number).value(), number | 0x80000000u);
  }
  // The highest bit of the number is not one of the number's.
  EXPECT_EQ(TokenId(0x80000001u), TokenId(1));
  EXPECT_EQ(ContractId(0x80000001u), ContractId(1));
}

TEST(AccountKey, OrdersByOwnerThenCompartmentThenAsset) {
  const AccountKey least{OwnerOf(1), Compartment(9), AssetId(9)};
  EXPECT_LT(least, (AccountKey{OwnerOf(2), Compartment(0), AssetId(0)}));
  EXPECT_LT((AccountKey{OwnerOf(1), Compartment(8), AssetId(10)}), least);
  EXPECT_LT((AccountKey{OwnerOf(1), Compartment(9), AssetId(8)}), least);
  EXPECT_EQ(least, (AccountKey{OwnerOf(1), Compartment(9), AssetId(9)}));
}

TEST(LedgerTypes, EveryByteOfEveryFieldIsInTheEncoding) {
  EXPECT_EQ(FlipsWithoutEffect(AccountKey{OwnerOf(1), Compartment(2), AssetId(3)}), "");
  EXPECT_EQ(FlipsWithoutEffect(Leg{Cash(1), Of(-4)}), "");
  EXPECT_EQ(FlipsWithoutEffect(kNotNegative), "");
  EXPECT_EQ(FlipsWithoutEffect(MarginAccountId{OwnerOf(1), MarginGroup(2)}), "");
  EXPECT_EQ(FlipsWithoutEffect(Pay({.id = 1, .valid_until = 2}, 1, 2, 3).header), "");
  EXPECT_EQ(FlipsWithoutEffect(Receipt{.id = TransactionId::FromNumber(1)}), "");
}

TEST(Limits, NamedOnesAreWhatTheySay) {
  EXPECT_EQ(kUnlimited.floor, Of(kMin<Int128>));
  EXPECT_EQ(kUnlimited.ceiling, Of(kMax<Int128>));
  EXPECT_EQ(kNotNegative.floor, Of(0));
  EXPECT_EQ(kNotNegative.ceiling, Of(kMax<Int128>));
}

TEST(Transaction, ViewShowsHeaderAndLegsWhereTheyAre) {
  const Transaction transaction = Pay({.id = 1, .valid_until = 2}, 1, 2, 3);
  const TransactionView view = transaction.view();
  EXPECT_TRUE(view.header == transaction.header);
  EXPECT_EQ(view.legs.data(), transaction.legs.data());
  EXPECT_EQ(view.legs.size(), 2u);
  EXPECT_EQ(view.terms, nullptr);
}

TEST(Transaction, ViewShowsItsTermsWhereTheyAre) {
  Transaction hold = Pay({.id = 1, .valid_until = 2}, 1, 2, 3);
  hold.terms = HoldTerms{.expires_at = Timestamp(7)};
  EXPECT_EQ(hold.view().terms, &*hold.terms);
}

// Record: kind 4, version 2, id 16, class 1, rule 1, valid_until 8, action 1, target 16, terms 1,
// count 4, legs of 40.
TEST(Transaction, DecodesNoUnknownClassOrRuleAndNoMoreLegsThanTheBound) {
  const std::vector<std::byte> bytes = EncodeRecord(Pay({.id = 1, .valid_until = 2}, 1, 2, 3));
  ASSERT_EQ(bytes.size(), 6u + 44u + 1u + 4u + 2u * 40u);
  const auto with = [&bytes](std::size_t at, int value) {
    std::vector<std::byte> changed = bytes;
    changed[at] = static_cast<std::byte>(value);
    return ReasonOf(DecodeRecord<Transaction>(changed).status());
  };
  for (const int known : {1, 2, 3}) EXPECT_TRUE(with(22, known).ok()) << known;
  for (const int unknown : {0, 4, 255}) {
    EXPECT_TRUE(with(22, unknown).Is(BaseReason::kUnknownEnumerator)) << unknown;
  }
  for (int known = 0; known <= 8; ++known) EXPECT_TRUE(with(23, known).ok()) << known;
  for (const int unknown : {9, 255}) {
    EXPECT_TRUE(with(23, unknown).Is(BaseReason::kUnknownEnumerator)) << unknown;
  }
  for (int known = 1; known <= 4; ++known) EXPECT_TRUE(with(32, known).ok()) << known;
  for (const int unknown : {0, 5, 255}) {
    EXPECT_TRUE(with(32, unknown).Is(BaseReason::kUnknownEnumerator)) << unknown;
  }
  EXPECT_TRUE(with(49, 1).ok());  // chained
  EXPECT_TRUE(with(49, 2).Is(BaseReason::kNotCanonical));
  EXPECT_FALSE(with(50, 1).ok());  // terms are said to follow
  EXPECT_TRUE(with(51, 3).Is(BaseReason::kTruncated));
  EXPECT_TRUE(with(51, 1).Is(BaseReason::kTrailingBytes));
  EXPECT_TRUE(with(52, 5).Is(BaseReason::kTooMany));
  EXPECT_TRUE(with(0, 0).Is(BaseReason::kWrongKind));
  EXPECT_TRUE(with(4, 2).Is(BaseReason::kUnknownVersion));
}

TEST(Disposition, KnowsItsEnumeratorsAlone) {
  EXPECT_FALSE(IsKnownEnumerator(Disposition{0}));
  EXPECT_TRUE(IsKnownEnumerator(Disposition::kApplied));
  EXPECT_TRUE(IsKnownEnumerator(Disposition::kRefused));
  EXPECT_FALSE(IsKnownEnumerator(Disposition{4}));
}

TEST(Verdict, IsARefusalUntilItIsGiven) {
  EXPECT_FALSE(Verdict().ok());
  EXPECT_TRUE(Verdict{.disposition = Disposition::kApplied}.ok());
  EXPECT_TRUE(Verdict{.disposition = Disposition::kRepeated}.ok());
}

}  // namespace
}  // namespace settle::test
