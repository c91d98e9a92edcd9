// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/claims.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/ledger/sum_tree.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

const AccountKey kPosition1{OwnerOf(1), kPerpBook, kPerp};
const AccountKey kPosition2{OwnerOf(2), kPerpBook, kPerp};
const AccountKey kCost1{OwnerOf(1), kPerpBook, kUsd};
const AccountKey kCost2{OwnerOf(2), kPerpBook, kUsd};

Result<LotsValue> ValueAt(std::int64_t price, Amount lots) {
  return LotsValue{kUsd, Of(lots.value() * price)};
}
BlindingNonce NonceOf(const MarginAccountId& account) {
  return BlindingNonce::FromNumber(std::to_integer<std::uint64_t>(account.owner[15]) + 77);
}

// Owners 1 and 2 have 1000 USD each and hold 10 perps against each other at 50; 3 has BTC alone.
class ClaimsTest : public testing::Test {
 protected:
  ClaimsTest() {
    EXPECT_TRUE(ledger_.Advance(Height(4), Timestamp(std::uint64_t{1})).ok());
    EXPECT_TRUE(Deposit(ledger_, 901, 1, 1000).ok());
    EXPECT_TRUE(Deposit(ledger_, 902, 2, 1000).ok());
    EXPECT_TRUE(Deposit(ledger_, 903, 3, 5, kBtc).ok());
    const Transaction trade =
        Make({.id = 1, .valid_until = 50},
             {{kPosition1, Of(10)}, {kPosition2, Of(-10)}, {kCost1, Of(-500)}, {kCost2, Of(500)}});
    EXPECT_TRUE(ApplyOne(ledger_, trade).ok());
  }
  Result<std::vector<Liability>> ClaimsAt(std::int64_t price, AssetId asset = kUsd) const {
    return ClaimsOf(
        ledger_, asset, [price](AssetId, Amount lots) { return ValueAt(price, lots); }, NonceOf);
  }

  TestLedger ledger_{SmallOptions()};
};

TEST_F(ClaimsTest, CountCashCostAndLotsAtThePrice) {
  const auto claims = ClaimsAt(60);
  ASSERT_TRUE(claims.ok());
  ASSERT_EQ(claims->size(), 2u);
  EXPECT_EQ((*claims)[0].account, (MarginAccountId{OwnerOf(1), MarginGroup(0)}));
  EXPECT_EQ((*claims)[0].claim, Of(1000 - 500 + 600));
  EXPECT_EQ((*claims)[1].claim, Of(1000 + 500 - 600));
  EXPECT_EQ((*claims)[1].nonce, NonceOf((*claims)[1].account));
  const auto of_btc = ClaimsAt(60, kBtc);
  ASSERT_TRUE(of_btc.ok());
  ASSERT_EQ(of_btc->size(), 1u);
  EXPECT_EQ((*of_btc)[0].claim, Of(5));
}

TEST_F(ClaimsTest, OfADebtorAreBelowZeroAndOffsetNothingInTheTotal) {
  const auto claims = ClaimsAt(400);
  ASSERT_TRUE(claims.ok());
  EXPECT_EQ((*claims)[1].claim, Of(1500 - 4000));
  const auto tree = SumTree<>::Create(kUsd, ledger_.height(), *claims);
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree->Head().total, Of(500 + 4000));
  for (const Liability& claim : *claims) {
    EXPECT_TRUE(VerifyLiability(Sha256(), tree->Head(), claim, *tree->Prove(claim)).ok());
  }
}

TEST_F(ClaimsTest, LeaveOutWhoBelongsToNoMarginAccount) {
  const auto claims = ClaimsAt(60);
  ASSERT_TRUE(claims.ok());
  for (const Liability& claim : *claims) EXPECT_NE(claim.account.owner, kOutside);
}

TEST_F(ClaimsTest, AreRefusedWithoutAPriceAndBeyond128Bits) {
  const auto unpriced = ClaimsOf(
      ledger_, kUsd, [](AssetId, Amount) -> Result<LotsValue> { return BaseReason::kOutOfRange; },
      NonceOf);
  EXPECT_EQ(unpriced.reason(), BaseReason::kOutOfRange);
  const auto valued_at = [this](Int128 most) {
    return ClaimsOf(
        ledger_, kUsd,
        [most](AssetId, Amount lots) -> Result<LotsValue> {
          return LotsValue{kUsd, lots.value() > 0 ? Of(most) : Of(0)};
        },
        NonceOf);
  };
  // 1000 of cash less 500 of cost are added.
  EXPECT_TRUE(valued_at(kMax<Int128> - 500).ok());
  EXPECT_EQ(valued_at(kMax<Int128> - 499).reason(), BaseReason::kOverflow);
}

}  // namespace
}  // namespace settle::test
