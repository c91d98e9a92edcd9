// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bytes of margin/, against tests/golden/margin.json.

#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "settle/base/codec.h"
#include "settle/margin/instrument.h"
#include "settle/margin/prices.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"

namespace settle {
namespace {

TEST(MarginGolden, BytesAreThoseOfTheTables) {
  const LinearPerpetual instruments[] = {
      {.compartment = Compartment(1),
       .contract = ContractId(1),
       .quote = TokenId(5),
       .quanta_per_lot_tick = 100,
       .initial = RatePpm(50'000),
       .maintenance = RatePpm(25'000),
       .max_price = PriceTicks(std::int64_t{1} << 40),
       .max_lots = Lots(std::int64_t{1} << 41)},
      {.compartment = Compartment(0x01020304),
       .contract = ContractId(0x05060708),
       .quote = TokenId(5),
       .quanta_per_lot_tick = 0x0102030405,
       .initial = RatePpm(1'000'000),
       .maintenance = RatePpm(0),
       .max_price = PriceTicks(0x060708),
       .max_lots = Lots(0x090a0b0c0d)},
  };
  const Result<InstrumentTable> table = InstrumentTable::Create(TokenId(5), instruments);
  ASSERT_EQ(table.reason(), Reason());
  MarkPrices prices(*table);
  ASSERT_EQ(prices.Set(*table, InstrumentIndex(0), PriceTicks(0x0102030405)), Reason());
  const RiskSum sum{.equity = Quanta(Int128{-3} << 70),
                    .initial = MicroQuanta(Int128{5} << 80),
                    .maintenance = MicroQuanta(Int128{7})};
  const Risk risk{.equity = Quanta(Int128{-1}),
                  .maintenance = MicroQuanta(Int128{2}),
                  .initial_headroom = MicroQuanta(Int128{-1'000'003})};
  EXPECT_EQ(test::GoldenDifferences("margin", {{"no instruments", EncodeRecord(InstrumentTable())},
                                               {"two instruments", EncodeRecord(*table)},
                                               {"no prices", EncodeRecord(MarkPrices())},
                                               {"a price and none", EncodeRecord(prices)},
                                               {"sum of contributions", Encode(sum)},
                                               {"risk of an account", Encode(risk)}}),
            "");
}

}  // namespace
}  // namespace settle
