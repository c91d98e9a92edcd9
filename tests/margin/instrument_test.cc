// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/instrument.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/integer.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/fields.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Perpetual;
using test::TableOf;

constexpr std::int64_t kInt64Max = kMax<std::int64_t>;

Reason CreateReason(const std::vector<Instrument>& instruments) {
  return InstrumentTable::Create(test::kQuote, instruments).reason();
}

struct Flaw {
  std::string name;
  std::function<void(Instrument&)> plant;
  MarginReason reason;
};

// In order of precedence.
const std::vector<Flaw>& Flaws() {
  static const std::vector<Flaw> flaws = {
      {"a token as contract", [](auto& p) { p.asset = TokenId(1); }, MarginReason::kWrongAssetKind},
      {"a contract as quote", [](auto& p) { p.quote = ContractId(0); },
       MarginReason::kWrongAssetKind},
      {"positions in cash", [](auto& p) { p.compartment = kCash; },
       MarginReason::kWrongCompartment},
      {"no multiplier", [](auto& p) { p.multiplier = 0; }, MarginReason::kBadMultiplier},
      {"negative multiplier", [](auto& p) { p.multiplier = -1; }, MarginReason::kBadMultiplier},
      {"negative maintenance", [](auto& p) { p.curve.maintenance = RatePpm(-1); },
       MarginReason::kBadRate},
      {"maintenance above initial",
       [](auto& p) { p.curve.maintenance = RatePpm(p.curve.initial.parts() + 1); },
       MarginReason::kBadRate},
      {"initial above 100 %", [](auto& p) { p.curve.initial = RatePpm(1'000'001); },
       MarginReason::kBadRate},
      {"no price", [](auto& p) { p.max_price = PriceTicks(0); }, MarginReason::kBadBounds},
      {"no lots", [](auto& p) { p.max_lots = Lots(0); }, MarginReason::kBadBounds},
      {"fewest lots", [](auto& p) { p.max_lots = Lots(kMin<std::int64_t>); },
       MarginReason::kBadBounds},
      {"a lot beyond 64 bits",
       [](auto& p) {
         p.max_price = PriceTicks(kInt64Max);
         p.multiplier = 2;
         p.max_lots = Lots(1);
       },
       MarginReason::kBadBounds},
      {"another quote", [](auto& p) { p.quote = test::kOtherToken; }, MarginReason::kWrongQuote},
  };
  return flaws;
}

TEST(Instrument, RefusesEachFlawByName) {
  for (const Flaw& flaw : Flaws()) {
    Instrument instrument = Perpetual(1);
    ASSERT_EQ(CreateReason({instrument}), Reason());
    flaw.plant(instrument);
    EXPECT_EQ(CreateReason({instrument}), Reason(flaw.reason)) << flaw.name;
    EXPECT_EQ(CreateReason({Perpetual(2), instrument}), Reason(flaw.reason)) << flaw.name;
  }
}

TEST(Instrument, NamesTheFirstOfTwoFlawsWhereverTheyAre) {
  for (const Flaw& a : Flaws()) {
    for (const Flaw& b : Flaws()) {
      const Reason first = FirstOf(a.reason, b.reason);
      std::vector<Instrument> two = {Perpetual(1), Perpetual(2)};
      a.plant(two[0]);
      b.plant(two[1]);
      EXPECT_EQ(CreateReason(two), first) << a.name << ", " << b.name;
    }
  }
}

TEST(Instrument, AcceptsRatesAtBothEnds) {
  Instrument instrument = Perpetual(1);
  instrument.curve.initial = instrument.curve.maintenance = RatePpm(1'000'000);
  EXPECT_EQ(CreateReason({instrument}), Reason());
  instrument.curve.initial = instrument.curve.maintenance = RatePpm(0);
  EXPECT_EQ(CreateReason({instrument}), Reason());
}

TEST(Instrument, BoundsTheNotionalExactly) {
  Instrument instrument = Perpetual(1);
  instrument.max_price = PriceTicks(std::int64_t{1} << 30);
  instrument.multiplier = 1 << 10;
  instrument.max_lots = Lots(std::int64_t{1} << 56);
  EXPECT_EQ(instrument.Validate(), Reason());  // 2^96
  EXPECT_EQ(*instrument.ValueOf(instrument.max_lots, instrument.max_price), kMaxNotional);
  instrument.max_lots = Lots((std::int64_t{1} << 56) + 1);
  EXPECT_EQ(instrument.Validate(), Reason(MarginReason::kBadBounds));
  instrument.max_lots = Lots(std::int64_t{1} << 56);
  instrument.max_price = PriceTicks((std::int64_t{1} << 30) + 1);
  EXPECT_EQ(instrument.Validate(), Reason(MarginReason::kBadBounds));
  // The greatest lot.
  const auto most = static_cast<std::int64_t>(kMaxLotValue.value());
  instrument.max_price = PriceTicks(most / 7);
  instrument.multiplier = 7;
  instrument.max_lots = Lots(std::int64_t{1} << 37);
  EXPECT_EQ(instrument.Validate(), Reason());
  instrument.max_price = PriceTicks(most / 7 + 1);
  EXPECT_EQ(instrument.Validate(), Reason(MarginReason::kBadBounds));
}

TEST(Instrument, ValuesPositionsWithTheirSign) {
  Instrument instrument = Perpetual(1);
  instrument.multiplier = 100;
  EXPECT_EQ(*instrument.ValueOf(Lots(3), PriceTicks(42'159)), Quanta(Int128{12'647'700}));
  EXPECT_EQ(*instrument.ValueOf(Lots(-3), PriceTicks(42'159)), Quanta(Int128{-12'647'700}));
  EXPECT_EQ(*instrument.ValueOf(Lots(3), PriceTicks(0)), Quanta());
  EXPECT_EQ(*instrument.ValueOf(Lots(0), PriceTicks(42'159)), Quanta());
}

TEST(Instrument, ValuesNothingBeyondItsBounds) {
  const Instrument instrument = Perpetual(1);
  const std::int64_t lots = instrument.max_lots.value();
  const std::int64_t ticks = instrument.max_price.value();
  const Int128 most = Int128{lots} * ticks;
  EXPECT_EQ(*instrument.ValueOf(Lots(lots), PriceTicks(ticks)), Quanta(most));
  EXPECT_EQ(*instrument.ValueOf(Lots(-lots), PriceTicks(ticks)), Quanta(-most));
  const Reason too_large = MarginReason::kPositionTooLarge;
  for (const std::int64_t beyond : {lots + 1, -lots - 1, kInt64Max, kMin<std::int64_t>}) {
    EXPECT_EQ(instrument.ValueOf(Lots(beyond), PriceTicks(1)).reason(), too_large) << beyond;
    EXPECT_EQ(instrument.ValueOf(Lots(beyond), PriceTicks(-1)).reason(), too_large) << beyond;
  }
  for (const std::int64_t beyond : {ticks + 1, std::int64_t{-1}, kInt64Max, kMin<std::int64_t>}) {
    EXPECT_EQ(instrument.ValueOf(Lots(1), PriceTicks(beyond)).reason(),
              Reason(MarginReason::kPriceOutOfRange))
        << beyond;
  }
  EXPECT_FALSE(instrument.Allows(kNoPrice));
}

TEST(InstrumentTable, RefusesASecondUseOfACompartmentOrContract) {
  Instrument second = Perpetual(2);
  second.compartment = Compartment(1);
  EXPECT_EQ(CreateReason({Perpetual(1), second}), Reason(MarginReason::kDuplicateInstrument));
  second = Perpetual(2);
  second.asset = ContractId(1);
  EXPECT_EQ(CreateReason({Perpetual(1), second}), Reason(MarginReason::kDuplicateInstrument));
  EXPECT_EQ(CreateReason({Perpetual(1), Perpetual(2)}), Reason());
}

TEST(InstrumentTable, RefusesAContractAsItsQuote) {
  EXPECT_EQ(InstrumentTable::Create(ContractId(0), {}).reason(),
            Reason(MarginReason::kWrongAssetKind));
}

TEST(InstrumentTable, HoldsExactlyItsBoundOfInstruments) {
  std::vector<Instrument> instruments;
  for (std::uint32_t n = 1; n <= kMaxInstruments; ++n) instruments.push_back(Perpetual(n));
  const Result<InstrumentTable> table = InstrumentTable::Create(test::kQuote, instruments);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->FindByCompartment(Compartment(65'536)), InstrumentIndex(65'535));
  instruments.push_back(Perpetual(65'537));
  EXPECT_EQ(CreateReason(instruments), Reason(MarginReason::kTooManyInstruments));
}

TEST(InstrumentTable, FindsWhatAMapFinds) {
  test::Random random;
  for (int round = 0; round < 200; ++round) {
    // Few distinct low bits, all high bits, and runs of neighbours.
    const auto draw = [&]() -> std::uint32_t {
      switch (random.Below(3)) {
        case 0:
          return static_cast<std::uint32_t>(1 + random.Below(64));
        case 1:
          return static_cast<std::uint32_t>(random.Below(64) << 20) + 1;
        default:
          return random.Any<std::uint32_t>() | 1;
      }
    };
    std::map<std::uint32_t, std::uint32_t> compartments;
    std::map<std::uint32_t, std::uint32_t> contracts;
    std::vector<Instrument> instruments;
    for (std::uint64_t left = random.Below(300); left > 0; --left) {
      Instrument instrument = Perpetual(1);
      instrument.compartment = Compartment(draw());
      instrument.asset = ContractId(draw());
      const auto place = static_cast<std::uint32_t>(instruments.size());
      if (compartments.contains(instrument.compartment.value()) ||
          contracts.contains(instrument.asset.value())) {
        continue;
      }
      compartments[instrument.compartment.value()] = place;
      contracts[instrument.asset.value()] = place;
      instruments.push_back(instrument);
    }
    const InstrumentTable table = TableOf(instruments);
    for (int probe = 0; probe < 300; ++probe) {
      const std::uint32_t number = draw();
      const auto by_compartment = table.FindByCompartment(Compartment(number));
      ASSERT_EQ(by_compartment.has_value(), compartments.contains(number)) << number;
      if (by_compartment) {
        ASSERT_EQ(by_compartment->value(), compartments[number]);
      }
      const auto by_contract = table.FindByAsset(ContractId(number));
      const std::uint32_t id = ContractId(number).value();
      ASSERT_EQ(by_contract.has_value(), contracts.contains(id)) << number;
      if (by_contract) {
        ASSERT_EQ(by_contract->value(), contracts[id]);
      }
    }
    for (const auto& [number, place] : compartments) {
      ASSERT_EQ(table.FindByCompartment(Compartment(number)), InstrumentIndex(place));
    }
  }
}

TEST(InstrumentTable, FindsNothingWhenEmpty) {
  const InstrumentTable table;
  EXPECT_EQ(table.size(), 0u);
  for (std::uint32_t number = 0; number < 100; ++number) {
    EXPECT_FALSE(table.FindByCompartment(Compartment(number)).has_value());
    EXPECT_FALSE(table.FindByAsset(ContractId(number)).has_value());
  }
}

TEST(InstrumentTable, StaysUsableAfterItWasMovedFrom) {
  InstrumentTable table = TableOf({Perpetual(1), Perpetual(2)});
  const InstrumentTable other = std::move(table);
  EXPECT_EQ(other.FindByCompartment(Compartment(2)), InstrumentIndex(1));
  EXPECT_EQ(table.FindByCompartment(Compartment(2)), InstrumentIndex(1));
  EXPECT_EQ(table[InstrumentIndex(1)].asset, ContractId(2));
}

TEST(InstrumentTable, DecodesToAnEqualTableThatFindsTheSame) {
  const InstrumentTable table = TableOf({Perpetual(5), Perpetual(3)});
  const std::vector<std::byte> bytes = Encode(table);
  InstrumentTable copy;
  ASSERT_EQ(DecodeInto(bytes, copy).reason, Reason());
  EXPECT_EQ(copy, table);
  EXPECT_EQ(copy.FindByCompartment(Compartment(3)), InstrumentIndex(1));
  EXPECT_EQ(copy.FindByAsset(ContractId(5)), InstrumentIndex(0));
  EXPECT_FALSE(copy == TableOf({Perpetual(3), Perpetual(5)}));
  EXPECT_EQ(test::UncountedBytes(table), "");
  EXPECT_EQ(test::UncountedBytes(Perpetual(1)), "");
}

TEST(InstrumentTable, RefusesToDecodeWhatCreateRefuses) {
  const auto decode = [](const Instrument& instrument) {
    // The encoding of a table: its quote, then the instruments.
    std::vector<std::byte> bytes = Encode(test::kQuote);
    AppendEncoding(bytes, std::uint32_t{2});
    AppendEncoding(bytes, Perpetual(1));
    AppendEncoding(bytes, instrument);
    InstrumentTable table;
    return DecodeInto(bytes, table).reason;
  };
  EXPECT_EQ(decode(Perpetual(2)), Reason());
  EXPECT_EQ(decode(Perpetual(1)), Reason(MarginReason::kDuplicateInstrument));
  for (const Flaw& flaw : Flaws()) {
    Instrument instrument = Perpetual(2);
    flaw.plant(instrument);
    EXPECT_EQ(decode(instrument), Reason(flaw.reason)) << flaw.name;
  }
}

TEST(InstrumentTable, RefusesEveryTruncationOfItsEncoding) {
  const std::vector<std::byte> bytes = Encode(TableOf({Perpetual(1), Perpetual(2)}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    InstrumentTable table;
    EXPECT_FALSE(DecodeInto(ByteView(bytes.data(), size), table).ok()) << size;
  }
}

}  // namespace
}  // namespace settle
