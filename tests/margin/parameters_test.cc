// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/parameters.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "settle/base/codec.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/fields.h"

namespace settle {
namespace {

using test::Perpetual;

MarginParameters Sound() {
  return {.version = 7,
          .effective_from = Timestamp(1'000),
          .profit_cap = Quanta(Int128{500}),
          .withdrawal_profit_cap = Quanta(Int128{100}),
          .instruments = test::TableOf({Perpetual(1), Perpetual(2)})};
}

TEST(MarginParameters, RefuseCapsThatAreNotInOrder) {
  EXPECT_EQ(Sound().Validate(), Reason());
  EXPECT_EQ(MarginParameters().Validate(), Reason());
  const Reason bad = MarginReason::kBadParameters;
  MarginParameters parameters = Sound();
  parameters.withdrawal_profit_cap = Quanta(Int128{501});
  EXPECT_EQ(parameters.Validate(), bad);
  parameters.withdrawal_profit_cap = Quanta(Int128{500});
  EXPECT_EQ(parameters.Validate(), Reason());
  parameters.withdrawal_profit_cap = Quanta(Int128{-1});
  EXPECT_EQ(parameters.Validate(), bad);
  parameters = Sound();
  parameters.profit_cap = Quanta(kMaxEquity.value() + 1);
  EXPECT_EQ(parameters.Validate(), bad);
}

TEST(MarginParameters, CapProfitWhereEitherCapIsOne) {
  EXPECT_FALSE(MarginParameters().CapsProfit());
  EXPECT_TRUE(Sound().CapsProfit());
  MarginParameters parameters;
  parameters.withdrawal_profit_cap = Quanta(kMaxEquity.value() - 1);
  EXPECT_TRUE(parameters.CapsProfit());
}

TEST(MarginParameters, DecodeToEqualOnesThatFindTheSame) {
  const MarginParameters parameters = Sound();
  const std::vector<std::byte> bytes = EncodeRecord(parameters);
  MarginParameters copy;
  ASSERT_EQ(DecodeRecordInto(bytes, copy).reason, Reason());
  EXPECT_EQ(copy, parameters);
  EXPECT_EQ(copy.instruments.FindByCompartment(Compartment(2)), InstrumentIndex(1));
  EXPECT_EQ(test::UncountedBytes(parameters), "");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeRecordInto(ByteView(bytes.data(), size), copy).ok()) << size;
  }
}

TEST(MarginParameters, EveryBitThatChangesIsRefusedOrAnotherValue) {
  const MarginParameters parameters = Sound();
  std::vector<std::byte> bytes = EncodeRecord(parameters);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const std::byte mask{static_cast<unsigned char>(1u << (bit % 8))};
    bytes[bit / 8] ^= mask;
    MarginParameters other;
    const bool decodes = DecodeRecordInto(bytes, other).ok();
    EXPECT_FALSE(decodes && other == parameters) << bit;
    bytes[bit / 8] ^= mask;
  }
}

}  // namespace
}  // namespace settle
