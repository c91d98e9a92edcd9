// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/requirement_curve.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/integer.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/fields.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::FlatCurve;
using test::Random;

PositionSize Size(Int128 notional, std::int64_t lots = 1) {
  return {.notional = Quanta(notional), .lots = Lots(lots)};
}

// 5 % and 2.5 %, from 1,000 quanta on 10 % and 5 %, from 10,000 on 50 % and 25 %.
RequirementCurve Tiered() {
  RequirementCurve curve = FlatCurve(50'000, 25'000);
  EXPECT_TRUE(curve.tiers.Add({Quanta(Int128{1'000}), RatePpm(100'000), RatePpm(50'000)}));
  EXPECT_TRUE(curve.tiers.Add({Quanta(Int128{10'000}), RatePpm(500'000), RatePpm(250'000)}));
  return curve;
}

TEST(RequirementCurve, IsTheProductAtAFlatRate) {
  const Requirement demand = *FlatCurve(50'000, 25'000).Of(Size(1'234'567));
  EXPECT_EQ(demand.initial.value(), Int128{1'234'567} * 50'000);
  EXPECT_EQ(demand.maintenance.value(), Int128{1'234'567} * 25'000);
  EXPECT_EQ(*FlatCurve(0, 0).Of(Size(kMaxNotional.value())), Requirement());
  EXPECT_EQ(FlatCurve(1'000'000, 0).Of(Size(kMaxNotional.value()))->initial.value(),
            kMaxNotional.value() * 1'000'000);
}

TEST(RequirementCurve, ChargesEachTierForItsPartOfTheNotional) {
  const RequirementCurve curve = Tiered();
  EXPECT_EQ(curve.Of(Size(1'000))->initial.value(), 1'000 * 50'000);
  EXPECT_EQ(curve.Of(Size(1'001))->initial.value(), 1'000 * 50'000 + 100'000);
  EXPECT_EQ(curve.Of(Size(10'000))->initial.value(), 1'000 * 50'000 + 9'000 * 100'000);
  EXPECT_EQ(curve.Of(Size(10'002))->initial.value(),
            1'000 * 50'000 + 9'000 * 100'000 + 2 * 500'000);
  EXPECT_EQ(curve.Of(Size(10'002))->maintenance.value(),
            1'000 * 25'000 + 9'000 * 50'000 + 2 * 250'000);
}

TEST(RequirementCurve, ChargesForEachLot) {
  RequirementCurve curve = FlatCurve(0, 0);
  curve.initial_per_lot = Quanta(Int128{7});
  curve.maintenance_per_lot = Quanta(Int128{5});
  EXPECT_EQ(curve.Of(Size(1'000, 3))->initial.value(), 21'000'000);
  EXPECT_EQ(curve.Of(Size(1'000, 3))->maintenance.value(), 15'000'000);
}

TEST(RequirementCurve, AddsAPremiumInProportionToSizeRoundedUp) {
  RequirementCurve curve = FlatCurve(50'000, 25'000);
  curve.premium = {
      .scale = Lots(1'000), .initial = RatePpm(20'000), .maintenance = RatePpm(10'000)};
  // At 500 lots half of the premium: 1 % and 0.5 %.
  EXPECT_EQ(curve.Of(Size(10'000, 500))->initial.value(), 10'000 * 60'000);
  EXPECT_EQ(curve.Of(Size(10'000, 500))->maintenance.value(), 10'000 * 30'000);
  // 1 * 20,000 * 1 / 1,000 = 20, and of 7 at 3 lots 7 * 20,000 * 3 / 1,000 = 420.
  EXPECT_EQ(curve.Of(Size(7, 3))->initial.value(), 7 * 50'000 + 420);
  curve.premium.scale = Lots(999);
  EXPECT_EQ(curve.Of(Size(7, 3))->initial.value(), 7 * 50'000 + 421);  // 420.42
}

// CASES M2, M3: the rate rises between two open interests, and only that of initial margin.
TEST(RequirementCurve, RaisesTheInitialRateWithOpenInterest) {
  RequirementCurve curve = FlatCurve(200'000, 100'000);
  curve.open_interest = {.lower = Quanta(Int128{1'000}), .upper = Quanta(Int128{4'000})};
  const auto rate = [&](Int128 interest, Rounding rounding = Rounding::kUp) {
    return curve.InitialRateAt(Quanta(interest), rounding).parts();
  };
  EXPECT_EQ(rate(0), 200'000);
  EXPECT_EQ(rate(1'000), 200'000);
  EXPECT_EQ(rate(1'001), 200'267);  // 200,000 + 800,000 / 3,000
  EXPECT_EQ(rate(1'001, Rounding::kDown), 200'266);
  EXPECT_EQ(rate(2'500), 600'000);
  EXPECT_EQ(rate(3'999), 999'734);
  EXPECT_EQ(rate(4'000), 1'000'000);
  EXPECT_EQ(rate(kMax<Int128>), 1'000'000);
  const Requirement demand = *curve.Of(Size(500), RatePpm(600'000));
  EXPECT_EQ(demand.initial.value(), 500 * 600'000);
  EXPECT_EQ(demand.maintenance.value(), 500 * 100'000);
  curve.open_interest = {};
  EXPECT_EQ(rate(kMax<Int128>), 200'000);
}

TEST(RequirementCurve, TakesTheHigherOfTiersAndOpenInterest) {
  const RequirementCurve curve = Tiered();
  EXPECT_EQ(curve.Of(Size(10'002), RatePpm(60'000))->initial, curve.Of(Size(10'002))->initial);
  EXPECT_EQ(curve.Of(Size(10'002), RatePpm(900'000))->initial.value(), Int128{10'002} * 900'000);
}

struct Flaw {
  std::string name;
  std::function<void(RequirementCurve&)> plant;
  MarginReason reason;
};

TEST(RequirementCurve, RefusesEachFlawByName) {
  const std::vector<Flaw> flaws = {
      {"a charge below zero", [](auto& c) { c.maintenance_per_lot = Quanta(Int128{-1}); },
       MarginReason::kBadRate},
      {"a charge for keeping above that for opening",
       [](auto& c) { c.maintenance_per_lot = Quanta(Int128{1}); }, MarginReason::kBadRate},
      {"a charge beyond a lot's greatest value",
       [](auto& c) { c.initial_per_lot = Quanta(kMaxLotValue.value() + 1); },
       MarginReason::kBadRate},
      {"a premium above 100 %",
       [](auto& c) {
         c.premium = {Lots(1), RatePpm(1'000'001), RatePpm(0)};
       },
       MarginReason::kBadRate},
      {"a premium of a negative scale",
       [](auto& c) {
         c.premium = {Lots(-1), RatePpm(1), RatePpm(0)};
       },
       MarginReason::kBadRate},
      {"a second tier from zero", [](auto& c) { c.tiers[0].floor = Quanta(); },
       MarginReason::kBadTiers},
      {"tiers that do not rise", [](auto& c) { c.tiers[1].floor = c.tiers[0].floor; },
       MarginReason::kBadTiers},
      {"a rate that falls", [](auto& c) { c.tiers[1].initial = RatePpm(99'999); },
       MarginReason::kBadTiers},
      {"a maintenance that falls", [](auto& c) { c.tiers[1].maintenance = RatePpm(49'999); },
       MarginReason::kBadTiers},
      {"a tier above 100 %", [](auto& c) { c.tiers[1].initial = RatePpm(1'000'001); },
       MarginReason::kBadTiers},
      {"maintenance above initial in a tier",
       [](auto& c) { c.tiers[0].maintenance = RatePpm(100'001); }, MarginReason::kBadTiers},
      {"an open interest without room",
       [](auto& c) {
         c.open_interest = {Quanta(Int128{5}), Quanta(Int128{5})};
       },
       MarginReason::kBadTiers},
      {"an open interest upside down",
       [](auto& c) {
         c.open_interest = {Quanta(Int128{5}), Quanta(Int128{4})};
       },
       MarginReason::kBadTiers},
      {"an open interest below zero",
       [](auto& c) {
         c.open_interest = {Quanta(Int128{-1}), Quanta(Int128{4})};
       },
       MarginReason::kBadTiers},
  };
  for (const Flaw& flaw : flaws) {
    RequirementCurve curve = Tiered();
    ASSERT_EQ(curve.Validate(), Reason());
    flaw.plant(curve);
    EXPECT_EQ(curve.Validate(), Reason(flaw.reason)) << flaw.name;
  }
}

RequirementCurve RandomCurve(Random& random) {
  RequirementCurve curve = FlatCurve(0, 0);
  std::int64_t initial = 1 + static_cast<std::int64_t>(random.Below(50'000));
  std::int64_t maintenance =
      static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(initial)));
  curve.initial = RatePpm(initial);
  curve.maintenance = RatePpm(maintenance);
  Int128 floor = 0;
  for (std::uint64_t left = random.Below(6); left > 0; --left) {
    floor += 1 + static_cast<Int128>(random.Below(5'000));
    initial += static_cast<std::int64_t>(random.Below(150'000));
    maintenance += static_cast<std::int64_t>(
        random.Below(static_cast<std::uint64_t>(initial - maintenance + 1)));
    EXPECT_TRUE(curve.tiers.Add({Quanta(floor), RatePpm(initial), RatePpm(maintenance)}));
  }
  if (random.Chance(1, 2)) curve.initial_per_lot = Quanta(Int128{3});
  if (random.Chance(1, 2)) {
    curve.premium = {Lots(1 + static_cast<std::int64_t>(random.Below(900))), RatePpm(30'000),
                     RatePpm(10'000)};
  }
  EXPECT_EQ(curve.Validate(), Reason());
  return curve;
}

// What one owner is charged in several margin accounts is never less than in one (M17), whatever
// the tiers; without the others' positions, tiers would be paid several times from the first.
TEST(RequirementCurve, ChargesPiecesOfOneOwnerNeverLessThanTheWhole) {
  Random random;
  int cheaper_alone = 0;
  for (int round = 0; round < 20'000; ++round) {
    const RequirementCurve curve = RandomCurve(random);
    const auto price = static_cast<Int128>(1 + random.Below(50));
    std::vector<std::int64_t> pieces;
    std::int64_t all = 0;
    for (std::uint64_t left = 1 + random.Below(4); left > 0; --left) {
      pieces.push_back(static_cast<std::int64_t>(random.Below(300)));
      all += pieces.back();
    }
    const auto size = [&](std::int64_t lots) { return Size(price * lots, lots); };
    const Requirement whole = *curve.Of(size(all));
    Int128 charged = 0;
    Int128 kept = 0;
    Int128 alone = 0;
    for (const std::int64_t piece : pieces) {
      const Requirement part = *curve.Above(size(all - piece), size(piece));
      charged += part.initial.value();
      kept += part.maintenance.value();
      alone += curve.Of(size(piece))->initial.value();
    }
    // A premium is rounded up by under a millionth each time.
    const auto slack = static_cast<Int128>(pieces.size());
    ASSERT_GE(charged + slack, whole.initial.value());
    ASSERT_GE(kept + slack, whole.maintenance.value());
    cheaper_alone += alone < whole.initial.value() ? 1 : 0;
  }
  EXPECT_GT(cheaper_alone, 1'000);
}

TEST(RequirementCurve, RisesWithSizeAndIsConvex) {
  Random random;
  for (int round = 0; round < 2'000; ++round) {
    const RequirementCurve curve = RandomCurve(random);
    const auto at = [&](std::int64_t lots) { return curve.Of(Size(Int128{7} * lots, lots)); };
    const auto lots = static_cast<std::int64_t>(1 + random.Below(3'000));
    const Requirement below = *at(lots - 1);
    const Requirement here = *at(lots);
    const Requirement above = *at(lots + 1);
    ASSERT_LE(below.initial, here.initial);
    ASSERT_LE(here.maintenance, here.initial);
    // One of the three may be rounded up by under a millionth more than the others.
    ASSERT_GE(above.initial.value() - here.initial.value() + 2,
              here.initial.value() - below.initial.value());
  }
}

// M28: never a smaller requirement.
TEST(RequirementCurve, AnswersNothingBeyond128Bits) {
  RequirementCurve curve = FlatCurve(1'000'000, 1'000'000);
  curve.premium = {Lots(1), RatePpm(1'000'000), RatePpm(1'000'000)};
  EXPECT_FALSE(curve.Of(Size(kMaxNotional.value(), kMax<std::int64_t>)).has_value());
  EXPECT_TRUE(curve.Of(Size(kMaxNotional.value(), 1'000)).has_value());
  EXPECT_FALSE(FlatCurve(1, 1).Above(Size(1, kMax<std::int64_t>), Size(1, 1)).has_value());
}

// What lies elsewhere has no largest size: an owner whose accounts together hold more than one of
// them may hold must still be judged, and can still be liquidated.
TEST(RequirementCurve, ChargesAboveEverySizeElsewhere) {
  const Int128 lots = kMax<std::int64_t>;
  RequirementCurve curve = FlatCurve(1'000'000, 1'000'000);
  curve.initial_per_lot = curve.maintenance_per_lot = kMaxLotValue;
  const PositionSize most = Size((lots - 1) * kMaxLotValue.value(), kMax<std::int64_t> - 1);
  const auto charge = curve.Above(most, Size(kMaxLotValue.value(), 1));
  ASSERT_TRUE(charge.has_value());
  EXPECT_EQ(charge->initial.value(), 2 * kMaxLotValue.value() * 1'000'000);
  EXPECT_EQ(charge->maintenance, charge->initial);
  EXPECT_FALSE(curve.Above(most, Size(2, 2)).has_value()) << "more lots than 64 bits";
}

TEST(RequirementCurve, IsAValueThatDecodesStrictly) {
  const RequirementCurve curve = Tiered();
  const std::vector<std::byte> bytes = Encode(curve);
  RequirementCurve copy;
  ASSERT_EQ(DecodeInto(bytes, copy).reason, Reason());
  EXPECT_EQ(copy, curve);
  EXPECT_EQ(test::UncountedBytes(curve), "");
  RequirementCurve flawed = curve;
  flawed.tiers[1].floor = Quanta();
  EXPECT_EQ(DecodeInto(Encode(flawed), copy).reason, Reason(MarginReason::kBadTiers));
}

}  // namespace
}  // namespace settle
