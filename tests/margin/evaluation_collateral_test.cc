// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Tokens as collateral: their value up to a cap, less a haircut, always rounded down, and nothing
// for who made them.

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Balance;
using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::Perpetual;
using test::Position;
using test::SpotToken;

constexpr std::uint32_t kCoin = 3;
constexpr AssetId kCoinAsset = TokenId(kCoin);

BalanceView Coins(Int128 units) { return Balance(kCash, kCoinAsset, units); }

// 20 % off for initial margin, 10 % for maintenance.
Instrument Coin() {
  Instrument token = SpotToken(kCoin);
  token.collateral.initial_haircut = RatePpm(200'000);
  token.collateral.maintenance_haircut = RatePpm(100'000);
  return token;
}

Book At(const Instrument& token, std::int64_t price) {
  Book book({token, Perpetual(1)});
  book.SetPriceOf(kCoinAsset, price);
  book.SetPrice(1, 100);
  return book;
}

TEST(Collateral, CountsLessItsHaircuts) {
  const Book book = At(Coin(), 7);
  const Risk risk = *book.Evaluate({Coins(100)});
  EXPECT_EQ(risk.equity.value(), 630);
  EXPECT_EQ(risk.initial_headroom.value(), 560'000'000);
  EXPECT_EQ(risk.maintenance, MicroQuanta());
}

TEST(Collateral, CoversAPositionExactlyToItsHaircut) {
  const Book book = At(Coin(), 1);
  // 10 lots at 100 demand 100 and 50.
  const auto judge = [&](Int128 units) {
    return *book.Evaluate({Coins(units), Position(1, 10), Cost(1, -1'000)});
  };
  EXPECT_TRUE(InitialMarginHolds(judge(125)));
  EXPECT_FALSE(InitialMarginHolds(judge(124)));
  EXPECT_FALSE(IsLiquidatable(judge(56)));  // 50.4, down to 50
  EXPECT_TRUE(IsLiquidatable(judge(55)));   // 49.5, down to 49
}

TEST(Collateral, IsRoundedDownEveryTime) {
  Instrument token = Coin();
  token.collateral.lot_size = 10;
  const Book book = At(token, 3);
  // 33 units are 9.9 quanta, down to 9; 8.1 and 7.2 of them, down to 8 and 7.
  EXPECT_EQ(book.Evaluate({Coins(33)})->equity.value(), 8);
  EXPECT_EQ(book.Evaluate({Coins(33)})->initial_headroom.value(), 7'000'000);
  EXPECT_EQ(book.Evaluate({Coins(3)})->equity.value(), 0);
  // 4 units are 1.2, down to 1, of which 0.9 and 0.8 are left.
  EXPECT_EQ(*book.Evaluate({Coins(4)}), Risk());
}

TEST(Collateral, CountsByLotsOfTheToken) {
  Instrument token = SpotToken(kCoin);
  token.multiplier = 5;
  token.max_price = PriceTicks(10);
  token.collateral.lot_size = 1'000;
  const Book book = At(token, 4);
  EXPECT_EQ(book.Evaluate({Coins(999)})->equity.value(), 19);
  EXPECT_EQ(book.Evaluate({Coins(1'000)})->equity.value(), 20);
}

// The cap comes before the haircut.
TEST(Collateral, CountsNoMoreThanItsCap) {
  Instrument token = Coin();
  token.collateral.cap = Quanta(Int128{1'000});
  const Book book = At(token, 1);
  const auto equity = [&](Int128 units) { return book.Evaluate({Coins(units)})->equity.value(); };
  EXPECT_EQ(equity(999), 899);
  EXPECT_EQ(equity(1'000), 900);
  EXPECT_EQ(equity(1'001), 900);
  EXPECT_EQ(equity(1'000'000'000), 900);
  EXPECT_EQ(book.Evaluate({Coins(1'000'000)})->initial_headroom.value(), 800'000'000);
  token.collateral.cap = Quanta();
  EXPECT_EQ(*At(token, 1).Evaluate({Coins(1'000'000)}), Risk());
}

// Whoever issues a token could send it in any number, and must not stop an account from being
// judged.
TEST(Collateral, IsNeverTooMuchToBeJudged) {
  Instrument token = Coin();
  token.collateral.cap = Quanta(Int128{1'000});
  Book book = At(token, std::int64_t{1} << 40);
  EXPECT_EQ(book.Evaluate({Coins(kMax<Int128>)})->equity.value(), 900);
  book.SetSlowPriceOf(kCoinAsset, 1);
  EXPECT_EQ(book.Evaluate({Coins(kMax<Int128>)})->initial_headroom.value(), 800'000'000);
  // Without a cap all of kMaxEquity counts.
  const Book uncapped = At(SpotToken(kCoin), std::int64_t{1} << 40);
  EXPECT_EQ(uncapped.Evaluate({Coins(kMax<Int128>)})->equity, kMaxEquity);
  EXPECT_EQ(uncapped.Evaluate({Coins(kMax<Int128>), Cash(1)}).reason(),
            Reason(MarginReason::kMarginOverflow));
}

// FTX and its own token: whoever can make it may not borrow against it.
TEST(Collateral, OfItsIssuerCountsNothing) {
  Instrument token = Coin();
  token.collateral.issuer = OwnerId::FromNumber(5);
  const Book book = At(token, 1);
  const Balances balances = {Coins(1'000'000), Cash(3)};
  const auto equity = [&](std::uint64_t owner) {
    const MarginAccountId id{.owner = OwnerId::FromNumber(owner), .group = MarginGroup(2)};
    return Evaluate<ExactPpm>(book.context(), {.id = id, .balances = balances})->equity.value();
  };
  EXPECT_EQ(equity(5), 3);
  EXPECT_EQ(equity(4), 900'003);
  EXPECT_EQ(equity(6), 900'003);
}

TEST(Collateral, OfTheVenuesTokenCountsNothingForAnybody) {
  Instrument token = SpotToken(kCoin);
  token.collateral.initial_haircut = token.collateral.maintenance_haircut = RatePpm(1'000'000);
  EXPECT_EQ(*At(token, 1'000).Evaluate({Coins(1'000'000)}), Risk());
  token.collateral.maintenance_haircut = RatePpm(999'999);
  const Risk risk = *At(token, 1'000).Evaluate({Coins(1'000'000)});
  EXPECT_EQ(risk.equity.value(), 1'000);
  EXPECT_EQ(risk.initial_headroom, MicroQuanta());
}

TEST(Collateral, WithoutAPriceCountsNothing) {
  Book book = At(Coin(), 1);
  book.SetSlowPriceOf(kCoinAsset, 1);
  EXPECT_EQ(book.Evaluate({Coins(100), Cash(1)})->equity.value(), 91);
  const Book without({Coin(), Perpetual(1)});
  EXPECT_EQ(without.Evaluate({Coins(100), Cash(1)})->equity.value(), 1);
  EXPECT_EQ(At(Coin(), 0).Evaluate({Coins(100), Cash(1)})->equity.value(), 1);
}

TEST(Collateral, AtAPriceThatIsNotItsOwnCountsNothing) {
  Instrument cheap = Coin();
  cheap.max_price = PriceTicks(5);
  const Book narrow = At(cheap, 5);
  for (const auto& [mark, slow] : {std::pair{6, 5}, std::pair{5, 6}}) {
    Book wide = At(Coin(), mark);
    wide.SetSlowPriceOf(kCoinAsset, slow);
    const Valuation valuation(narrow.parameters(), wide.prices());
    const Balances balances = {Coins(100), Cash(1)};
    EXPECT_EQ(Evaluate<ExactPpm>({.valuation = valuation}, test::View(balances))->equity.value(),
              1);
  }
}

TEST(Collateral, IsNeverOwed) {
  const Book book = At(Coin(), 1);
  const Reason debt = MarginReason::kUnvaluedDebt;
  EXPECT_EQ(book.Evaluate({Cash(1'000'000), Coins(-1)}).reason(), debt);
  EXPECT_EQ(book.Evaluate({Cash(1'000'000), Coins(kMin<Int128>)}).reason(), debt);
  // Also where it would count nothing: for its issuer, and without a price.
  EXPECT_EQ(Book({Coin()}).Evaluate({Coins(-1)}).reason(), debt);
  BalanceView reserved = Coins(10);
  reserved.pending_debits = Amount(Int128{11});
  EXPECT_EQ(book.Evaluate({Cash(1'000'000), reserved}).reason(), debt);
  reserved.pending_debits = Amount(Int128{10});
  EXPECT_EQ(book.Evaluate({reserved})->equity, Quanta());
}

TEST(Collateral, ThatIsReservedCountsAsGoneAndPromisedAsNotCome) {
  const Book book = At(Coin(), 1);
  BalanceView coins = Coins(1'000);
  coins.pending_debits = Amount(Int128{400});
  coins.pending_credits = Amount(kMax<Int128>);
  EXPECT_EQ(book.Evaluate({coins})->equity.value(), 540);
}

TEST(Collateral, LiesInCashAlone) {
  const Book book = At(Coin(), 1);
  const BalanceView beside = Balance(Compartment(1), kCoinAsset, 1'000);
  EXPECT_EQ(*book.Evaluate({beside}), Risk());
  EXPECT_EQ(book.Evaluate({Balance(Compartment(1), kCoinAsset, -1)}).reason(),
            Reason(MarginReason::kUnvaluedDebt));
}

TEST(Collateral, IsLentAgainstAtTheWorseOfMarkAndSlowPrice) {
  Book book = At(Coin(), 10);
  book.SetSlowPriceOf(kCoinAsset, 4);
  const Risk dear = *book.Evaluate({Coins(100)});
  EXPECT_EQ(dear.equity.value(), 900);  // of the mark, as liquidation would sell it
  EXPECT_EQ(dear.initial_headroom.value(), 320'000'000);
  book.SetSlowPriceOf(kCoinAsset, 25);
  EXPECT_EQ(book.Evaluate({Coins(100)})->initial_headroom.value(), 800'000'000);
}

TEST(Collateral, IsRefusedTermsWithoutOrder) {
  const auto validate = [](std::int64_t initial, std::int64_t maintenance, Int128 cap,
                           std::int64_t lot_size) {
    Instrument token = Coin();
    token.collateral.initial_haircut = RatePpm(initial);
    token.collateral.maintenance_haircut = RatePpm(maintenance);
    token.collateral.cap = Quanta(cap);
    token.collateral.lot_size = lot_size;
    return token.Validate();
  };
  const Reason bad = MarginReason::kBadCollateral;
  const Int128 most = kMaxEquity.value();
  EXPECT_EQ(validate(1'000'000, 1'000'000, most, 1), Reason());
  EXPECT_EQ(validate(0, 0, 0, kMax<std::int64_t>), Reason());
  EXPECT_EQ(validate(1'000'001, 0, 0, 1), bad);
  EXPECT_EQ(validate(100, 101, 0, 1), bad);
  EXPECT_EQ(validate(100, -1, 0, 1), bad);
  EXPECT_EQ(validate(100, 0, most + 1, 1), bad);
  EXPECT_EQ(validate(100, 0, -1, 1), bad);
  EXPECT_EQ(validate(100, 0, 0, 0), bad);
  Instrument contract = Perpetual(1);
  contract.collateral.initial_haircut = RatePpm(0);
  EXPECT_EQ(contract.Validate(), bad);
  Instrument token = Coin();
  token.curve.initial = RatePpm(1);
  EXPECT_EQ(token.Validate(), bad);
  token = Coin();
  token.asset = test::kQuote;
  EXPECT_EQ(token.Validate(), bad);
  token = Coin();
  token.min_price = PriceTicks(-1);
  EXPECT_EQ(token.Validate(), Reason(MarginReason::kBadBounds));
}

// In pieces it never counts for more than whole, and never for more than it is worth.
TEST(Collateral, InPiecesIsNeverMoreThanWhole) {
  test::Random random;
  for (int round = 0; round < 5'000; ++round) {
    Instrument token = Coin();
    const std::uint64_t initial = random.Below(1'000'001);
    token.collateral.initial_haircut = RatePpm(static_cast<std::int64_t>(initial));
    token.collateral.maintenance_haircut =
        RatePpm(static_cast<std::int64_t>(random.Below(initial + 1)));
    token.collateral.lot_size = static_cast<std::int64_t>(1 + random.Below(50));
    const auto price = static_cast<std::int64_t>(1 + random.Below(50));
    const Book book = At(token, price);
    const auto first = static_cast<Int128>(random.Below(1'000));
    const auto second = static_cast<Int128>(random.Below(1'000));
    const Risk whole = *book.Evaluate({Coins(first + second)});
    const Risk one = *book.Evaluate({Coins(first)});
    const Risk two = *book.Evaluate({Coins(second)});
    ASSERT_LE(one.equity.value() + two.equity.value(), whole.equity.value());
    ASSERT_LE(one.initial_headroom.value() + two.initial_headroom.value(),
              whole.initial_headroom.value());
    ASSERT_LE(whole.initial_headroom.value(), whole.equity.value() * 1'000'000);
    ASSERT_LE(whole.equity.value() * token.collateral.lot_size, (first + second) * price);
  }
}

}  // namespace
}  // namespace settle
