// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/prices.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/fields.h"

namespace settle {
namespace {

using test::Perpetual;
using test::TableOf;

constexpr InstrumentIndex kFirst{0};
constexpr InstrumentIndex kSecond{1};

TEST(MarkPrices, BeginWithoutAnyPrice) {
  const MarkPrices prices(TableOf({Perpetual(1), Perpetual(2)}));
  EXPECT_EQ(prices.size(), 2u);
  EXPECT_EQ(prices.Get(kFirst), kNoPrice);
  EXPECT_EQ(prices.Get(kSecond), kNoPrice);
  EXPECT_EQ(prices.Get(InstrumentIndex(2)), kNoPrice);
  EXPECT_EQ(MarkPrices().Get(kFirst), kNoPrice);
}

TEST(MarkPrices, AcceptZeroToTheLargestOfTheInstrument) {
  const InstrumentTable table = TableOf({Perpetual(1), Perpetual(2)});
  const std::int64_t most = table[kFirst].max_price.value();
  MarkPrices prices(table);
  for (const std::int64_t ticks : {std::int64_t{0}, std::int64_t{1}, most}) {
    EXPECT_EQ(prices.Set(table, kFirst, PriceTicks(ticks)), Reason());
    EXPECT_EQ(prices.Get(kFirst), PriceTicks(ticks));
  }
  const MarkPrices before = prices;
  for (const std::int64_t ticks : {std::int64_t{-1}, most + 1, kMin<std::int64_t>}) {
    EXPECT_EQ(prices.Set(table, kFirst, PriceTicks(ticks)), Reason(MarginReason::kPriceOutOfRange));
  }
  EXPECT_EQ(prices, before);
  EXPECT_EQ(prices.Get(kSecond), kNoPrice);
}

TEST(MarkPrices, RefuseAnIndexOutsideTableOrPrices) {
  const InstrumentTable one = TableOf({Perpetual(1)});
  const InstrumentTable two = TableOf({Perpetual(1), Perpetual(2)});
  MarkPrices prices(one);
  const MarkPrices before = prices;
  EXPECT_EQ(prices.Set(two, kSecond, PriceTicks(1)), Reason(MarginReason::kUnknownInstrument));
  EXPECT_EQ(prices.Set(one, kSecond, PriceTicks(1)), Reason(MarginReason::kUnknownInstrument));
  EXPECT_EQ(MarkPrices(two).Set(one, kSecond, PriceTicks(1)),
            Reason(MarginReason::kUnknownInstrument));
  prices.Clear(kSecond);
  EXPECT_EQ(prices, before);
}

TEST(MarkPrices, ForgetAPriceThatIsCleared) {
  const InstrumentTable table = TableOf({Perpetual(1), Perpetual(2)});
  MarkPrices prices(table);
  ASSERT_TRUE(prices.Set(table, kFirst, PriceTicks(5)).ok());
  ASSERT_TRUE(prices.Set(table, kSecond, PriceTicks(6)).ok());
  prices.Clear(kFirst);
  EXPECT_EQ(prices.Get(kFirst), kNoPrice);
  EXPECT_EQ(prices.Get(kSecond), PriceTicks(6));
}

TEST(MarkPrices, AreAValue) {
  const InstrumentTable table = TableOf({Perpetual(1), Perpetual(2)});
  MarkPrices prices(table);
  EXPECT_FALSE(prices == MarkPrices(TableOf({Perpetual(1)})));
  ASSERT_TRUE(prices.Set(table, kSecond, PriceTicks(6)).ok());
  EXPECT_FALSE(prices == MarkPrices(table));
  EXPECT_EQ(test::UncountedBytes(prices), "");
  const std::vector<std::byte> bytes = EncodeRecord(prices);
  MarkPrices copy;
  ASSERT_EQ(DecodeRecordInto(bytes, copy).reason, Reason());
  EXPECT_EQ(copy, prices);
}

TEST(MarkPrices, KeepASlowPriceBesideTheMark) {
  const InstrumentTable table = TableOf({Perpetual(1), Perpetual(2)});
  MarkPrices prices(table);
  ASSERT_TRUE(prices.SetSlow(table, kFirst, PriceTicks(4)).ok());
  EXPECT_EQ(prices.Of(kFirst), (PricePair{.mark = kNoPrice, .slow = PriceTicks(4)}));
  ASSERT_TRUE(prices.Set(table, kFirst, PriceTicks(5)).ok());
  EXPECT_EQ(prices.Of(kFirst), (PricePair{.mark = PriceTicks(5), .slow = PriceTicks(4)}));
  const MarkPrices before = prices;
  EXPECT_EQ(prices.SetSlow(table, kFirst, PriceTicks(-1)), Reason(MarginReason::kPriceOutOfRange));
  EXPECT_EQ(prices.SetSlow(table, InstrumentIndex(2), PriceTicks(1)),
            Reason(MarginReason::kUnknownInstrument));
  EXPECT_EQ(prices, before);
  prices.Clear(kFirst);
  EXPECT_EQ(prices.Of(kFirst), PricePair());
}

// M14: a linear instrument may allow prices below zero; none stands apart from all of them.
TEST(MarkPrices, BelowZeroAreAllowedWhereTheInstrumentSaysSo) {
  Instrument oil = Perpetual(1);
  oil.min_price = PriceTicks(-5'000);
  const InstrumentTable table = TableOf({oil});
  MarkPrices prices(table);
  EXPECT_EQ(prices.Set(table, kFirst, PriceTicks(-3'763)), Reason());
  EXPECT_EQ(prices.Get(kFirst), PriceTicks(-3'763));
  EXPECT_EQ(prices.Set(table, kFirst, PriceTicks(-5'001)), Reason(MarginReason::kPriceOutOfRange));
  EXPECT_EQ(prices.Set(table, kFirst, kNoPrice), Reason(MarginReason::kPriceOutOfRange));
}

}  // namespace
}  // namespace settle
