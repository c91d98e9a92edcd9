// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/scenario_margin.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/reason.h"
#include "settle/margin/risk_arrays.h"
#include "tests/margin/scenario_world.h"
#include "tests/support/allocations.h"

namespace settle {
namespace {

using test::FutureTerms;
using test::Holdings;
using test::OptionTerms;
using test::Portfolio;
using test::ScenarioWorld;

constexpr std::int64_t kInt64Max = kMax<std::int64_t>;
constexpr std::int64_t kInt64Min = kMin<std::int64_t>;
constexpr Int128 kMicro = 1'000'000;

// The world of one contract.
ScenarioWorld WorldOf(const PortfolioTerms& terms, const std::vector<Int128>& profits,
                      const ScenarioTerms& contract) {
  ScenarioWorld world(terms);
  world.Add({.profits = profits, .terms = contract});
  world.Publish();
  return world;
}

Result<PortfolioRisk> Judge(const ScenarioWorld& world, const Holdings& holdings) {
  ScenarioSum<> sum(world.portfolio);
  for (const auto& [contract, lots] : holdings) {
    const Reason reason = sum.AddPosition(world.Position(contract, lots));
    if (!reason.ok()) return reason;
  }
  return sum.Finish(world.portfolio);
}

Int128 Maintenance(const ScenarioWorld& world, const Holdings& holdings) {
  const Result<PortfolioRisk> risk = Judge(world, holdings);
  EXPECT_EQ(risk.reason(), Reason());
  return risk->maintenance.value();
}

// Two futures of one underlying, a call and a put, by hand.
TEST(ScenarioMargin, IsTheWorstScenarioWithItsCharges) {
  PortfolioTerms terms = Portfolio({1'000'000, 1'000'000, 350'000});
  terms.inter_month_charge = Quanta(Int128{7});
  terms.short_option_minimum = Quanta(Int128{2});
  terms.net_short_charge = Quanta(Int128{3});
  terms.initial_factor = RatePpm(1'250'000);
  ScenarioWorld world(terms);
  world.Add({.profits = {-100 * kMicro, 100 * kMicro, 300 * kMicro}, .terms = FutureTerms(0)});
  world.Add({.profits = {-90 * kMicro, 95 * kMicro, 280 * kMicro}, .terms = FutureTerms(1)});
  world.Add({.profits = {-20'500'000, 60 * kMicro, 290 * kMicro}, .terms = OptionTerms(1)});
  world.Publish();
  // Long 3 near, short 2 far, short 1 call:
  //   -300 + 180 + 20 = -100;  300 - 190 - 60 = 50;  900 - 560 - 290 = 50.
  // Scanning 100. Two units of delta are spread: 14. One option is sold and not covered: 3.
  EXPECT_EQ(Maintenance(world, {{0, 3}, {1, -2}, {2, -1}}), 117 * kMicro);
  EXPECT_EQ(Judge(world, {{0, 3}, {1, -2}, {2, -1}})->initial,
            MicroQuanta(146'250'000 * Int128{1}));
  // Short 1 near and long 2 calls: 100 - 42 = 58;  -100 + 120 = 20;  -300 + 580: no loss at all.
  EXPECT_EQ(Maintenance(world, {{0, -1}, {2, 2}}), 0);
  // Short 1 call: 20 is the floor of 20.5, rounded against a short; -60; -290 of which 101.5 count.
  EXPECT_EQ(Maintenance(world, {{2, -1}}), 101'500'000 + 3 * kMicro);
}

TEST(ScenarioMargin, OfNothingIsNothing) {
  const ScenarioWorld world = WorldOf(Portfolio({1'000'000}), {-5 * kMicro}, FutureTerms(0));
  EXPECT_EQ(Maintenance(world, {}), 0);
  EXPECT_EQ(Maintenance(world, {{0, 0}}), 0);
  EXPECT_EQ(Maintenance(world, {{0, -1}}), 0) << "no scenario is a loss";
}

TEST(ScenarioMargin, RoundsProfitsAgainstEachSide) {
  const ScenarioWorld world =
      WorldOf(Portfolio({1'000'000, 1'000'000}), {-1'500'000, 1'500'000}, FutureTerms(0));
  EXPECT_EQ(Maintenance(world, {{0, 1}}), 2 * kMicro);
  EXPECT_EQ(Maintenance(world, {{0, -1}}), 2 * kMicro);
  EXPECT_EQ(Maintenance(world, {{0, 1'000}}), 2'000 * kMicro);
  const ScenarioWorld whole =
      WorldOf(Portfolio({1'000'000, 1'000'000}), {-2'000'000, 2'000'000}, FutureTerms(0));
  EXPECT_EQ(Maintenance(whole, {{0, 1}}), 2 * kMicro);
  EXPECT_EQ(Maintenance(whole, {{0, -1}}), 2 * kMicro);
}

TEST(ScenarioMargin, CountsOfEachScenarioThePartThatIsCovered) {
  const std::vector<Int128> profits = {-10 * kMicro, -100 * kMicro};
  const auto of = [&](std::int64_t extreme) {
    return Maintenance(WorldOf(Portfolio({1'000'000, extreme}), profits, FutureTerms(0)), {{0, 1}});
  };
  EXPECT_EQ(of(1'000'000), 100 * kMicro);
  EXPECT_EQ(of(350'000), 35 * kMicro);
  // One millionth more or less than where the two are equal.
  EXPECT_EQ(of(100'001), 10'000'100);
  EXPECT_EQ(of(100'000), 10 * kMicro);
  EXPECT_EQ(of(99'999), 10 * kMicro);
  EXPECT_EQ(of(0), 10 * kMicro);
}

TEST(ScenarioMargin, OfACalendarSpreadIsMoreThanNothingAndLessThanTwoOutrights) {
  PortfolioTerms terms = Portfolio({1'000'000, 1'000'000});
  terms.inter_month_charge = Quanta(Int128{10});
  ScenarioWorld world(terms);
  world.Add({.profits = {-100 * kMicro, 100 * kMicro}, .terms = FutureTerms(0)});
  world.Add({.profits = {-100 * kMicro, 100 * kMicro}, .terms = FutureTerms(1)});
  world.Publish();
  const Int128 spread = Maintenance(world, {{0, 4}, {1, -4}});
  EXPECT_EQ(spread, 40 * kMicro);
  EXPECT_GT(spread, 0);
  EXPECT_LT(spread, Maintenance(world, {{0, 4}}) + Maintenance(world, {{1, -4}}));
  // The smaller side is what is spread.
  EXPECT_EQ(Maintenance(world, {{0, 4}, {1, -1}}), 300 * kMicro + 10 * kMicro);
  // Within a month there is no spread.
  EXPECT_EQ(Maintenance(world, {{0, 4}, {0, -4}}), 0);
}

TEST(ScenarioMargin, ChargesAMillionthOfAUnitOfSpreadToTheMillionth) {
  PortfolioTerms terms = Portfolio({1'000'000});
  terms.inter_month_charge = Quanta(Int128{7});
  ScenarioWorld world(terms);
  world.Add({.profits = {0}, .terms = FutureTerms(0)});
  world.Add({.profits = {0}, .terms = FutureTerms(1)});
  world.contracts[0].terms.delta = RatePpm(3);
  world.contracts[1].terms.delta = RatePpm(-2);
  world.Publish();
  EXPECT_EQ(Maintenance(world, {{0, 1}, {1, 1}}), 14);
  EXPECT_EQ(Maintenance(world, {{0, 1}, {1, 2}}), 21);
  EXPECT_EQ(Maintenance(world, {{0, 1}, {1, -2}}), 0);
}

TEST(ScenarioMargin, OfAShortOptionFarOutOfTheMoneyIsItsMinimum) {
  PortfolioTerms terms = Portfolio({1'000'000, 1'000'000});
  terms.short_option_minimum = Quanta(Int128{5});
  ScenarioWorld world(terms);
  // Nothing happens to it in any scenario.
  world.Add({.profits = {0, 0}, .terms = OptionTerms(1)});
  world.Add({.profits = {-9 * kMicro, 9 * kMicro}, .terms = FutureTerms(0)});
  world.Publish();
  EXPECT_EQ(Maintenance(world, {{0, -2}}), 10 * kMicro);
  EXPECT_EQ(Maintenance(world, {{0, 2}}), 0) << "a long option has none";
  EXPECT_EQ(Maintenance(world, {{1, -2}}), 18 * kMicro) << "a future has none";
  // It is a floor and not a charge: the greater of the two counts.
  EXPECT_EQ(Maintenance(world, {{0, -2}, {1, 1}}), 10 * kMicro);
  EXPECT_EQ(Maintenance(world, {{0, -2}, {1, 2}}), 18 * kMicro);
}

TEST(ScenarioMargin, LetsTheMinimumAndTheRestMeetExactly) {
  PortfolioTerms terms = Portfolio({1'000'000});
  terms.short_option_minimum = Quanta(Int128{5});
  const auto of = [&](Int128 charge, Int128 loss) {
    terms.net_short_charge = Quanta(charge);
    return Maintenance(WorldOf(terms, {loss}, OptionTerms(1)), {{0, -1}});
  };
  EXPECT_EQ(of(2, 2 * kMicro), 5 * kMicro);
  EXPECT_EQ(of(2, 3 * kMicro), 5 * kMicro);
  EXPECT_EQ(of(2, 3 * kMicro + 1), 6 * kMicro);
  EXPECT_EQ(of(3, 3 * kMicro), 6 * kMicro);
}

TEST(ScenarioMargin, ChargesForOptionsThatTheirStrikeDoesNotCover) {
  PortfolioTerms terms = Portfolio({1'000'000});
  terms.net_short_charge = Quanta(Int128{3});
  ScenarioWorld world(terms);
  world.Add({.profits = {0}, .terms = OptionTerms(1)});  // a call and
  world.Add({.profits = {0}, .terms = OptionTerms(1)});  // a put of one strike
  world.Add({.profits = {0}, .terms = OptionTerms(2)});
  world.Add({.profits = {0}, .terms = OptionTerms(0)});  // charged for no strike
  world.Publish();
  EXPECT_EQ(Maintenance(world, {{0, -5}}), 15 * kMicro);
  EXPECT_EQ(Maintenance(world, {{0, -5}, {1, 4}}), 3 * kMicro);
  EXPECT_EQ(Maintenance(world, {{0, -5}, {1, 5}}), 0);
  EXPECT_EQ(Maintenance(world, {{0, -5}, {1, 6}}), 0);
  EXPECT_EQ(Maintenance(world, {{0, -5}, {2, 5}}), 15 * kMicro) << "another strike covers nothing";
  EXPECT_EQ(Maintenance(world, {{0, -5}, {2, -1}}), 18 * kMicro);
  EXPECT_EQ(Maintenance(world, {{3, -5}}), 0);
}

TEST(ScenarioMargin, RoundsTheInitialRequirementUp) {
  PortfolioTerms terms = Portfolio({1});
  const auto initial = [&](std::int64_t factor) {
    terms.initial_factor = RatePpm(factor);
    return Judge(WorldOf(terms, {-3 * kMicro}, FutureTerms(0)), {{0, 1}})->initial.value();
  };
  EXPECT_EQ(initial(1'000'000), 3);
  EXPECT_EQ(initial(1'000'001), 4);
  EXPECT_EQ(initial(1'333'333), 4);
  EXPECT_EQ(initial(1'333'334), 5);
}

// M17: a position that is counted in pieces never demands less than the whole.
TEST(ScenarioMargin, OfPiecesIsNeverLessThanOfTheWhole) {
  PortfolioTerms terms = Portfolio({1'000'000, 500'000});
  terms.short_option_minimum = Quanta(Int128{1});
  terms.net_short_charge = Quanta(Int128{2});
  const ScenarioWorld world = WorldOf(terms, {-1'700'000, 2'300'000}, OptionTerms(1));
  for (const std::int64_t whole : {-7, -1, 1, 7}) {
    const Int128 one = Maintenance(world, {{0, whole}});
    for (std::int64_t piece = -9; piece <= 9; ++piece) {
      const bool same_side = (piece <= 0) == (whole < 0) || piece == 0;
      const bool rest_too = (whole - piece < 0) == (whole < 0) || whole == piece;
      const Int128 two = Maintenance(world, {{0, piece}, {0, whole - piece}});
      if (same_side && rest_too) {
        EXPECT_EQ(two, one) << whole << ", " << piece;
      } else {
        EXPECT_GE(two, one) << whole << ", " << piece;
      }
    }
  }
}

// What is refused leaves `sum` as it was.
void ExpectRefused(ScenarioSum<>& sum, const ScenarioPosition& position, MarginReason reason) {
  const ScenarioSum<> before = sum;
  EXPECT_EQ(sum.AddPosition(position), Reason(reason));
  EXPECT_TRUE(sum == before);
}

TEST(ScenarioSum, HoldsLotsOf64BitsTogether) {
  const ScenarioWorld world = WorldOf(Portfolio({1'000'000}), {0}, FutureTerms(0));
  ScenarioSum<> sum(world.portfolio);
  ExpectRefused(sum, world.Position(0, kInt64Min), MarginReason::kMarginOverflow);
  ASSERT_EQ(sum.AddPosition(world.Position(0, -kInt64Max)), Reason());
  ExpectRefused(sum, world.Position(0, 1), MarginReason::kMarginOverflow);
  ExpectRefused(sum, world.Position(0, -1), MarginReason::kMarginOverflow);
  EXPECT_EQ(sum.AddPosition(world.Position(0, 0)), Reason());
}

TEST(ScenarioSum, HoldsProfitsUpToItsBoundTogether) {
  // 2^61 lots at 2^46 and one of the rest: kMaxGrossProfit exactly, and with a lot of one beyond.
  const std::int64_t high = std::int64_t{1} << 61;
  const std::int64_t profit = std::int64_t{1} << 46;
  const Int128 rest = kMaxGrossProfit.value() - Int128{high} * profit;
  ASSERT_GT(rest, 0);
  const auto lots = static_cast<std::int64_t>(rest / profit);
  const auto last = static_cast<std::int64_t>(rest % profit);
  ASSERT_GT(last, 0);
  ScenarioWorld world(Portfolio({1'000'000, 1'000'000}));
  world.Add({.profits = {-Int128{profit} * kMicro, 0}, .terms = FutureTerms(0)});
  world.Add({.profits = {-Int128{last} * kMicro, 0}, .terms = FutureTerms(0)});
  world.Add({.profits = {0, -kMicro}, .terms = FutureTerms(0)});
  world.Publish();
  ScenarioSum<> sum(world.portfolio);
  ASSERT_EQ(sum.AddPosition(world.Position(0, high)), Reason());
  ASSERT_EQ(sum.AddPosition(world.Position(0, lots)), Reason());
  ExpectRefused(sum, world.Position(0, 1), MarginReason::kMarginOverflow);
  ASSERT_EQ(sum.AddPosition(world.Position(1, 1)), Reason());
  EXPECT_EQ(sum.column(0), -kMaxGrossProfit.value());
  ExpectRefused(sum, world.Position(2, 1), MarginReason::kMarginOverflow);
  ExpectRefused(sum, world.Position(2, -1), MarginReason::kMarginOverflow);
  EXPECT_EQ(sum.Finish(world.portfolio).reason(), Reason(MarginReason::kMarginOverflow));
}

TEST(ScenarioSum, DemandsUpToTheGreatestRequirement) {
  const std::int64_t profit = std::int64_t{1} << 46;
  const auto lots = static_cast<std::int64_t>(kMaxNotional.value() / profit);
  ScenarioWorld world(Portfolio({1'000'000}));
  world.Add({.profits = {-Int128{profit} * kMicro}, .terms = FutureTerms(0)});
  world.Add({.profits = {-kMicro}, .terms = FutureTerms(0)});
  world.Publish();
  EXPECT_EQ(Maintenance(world, {{0, lots}}), kMaxPortfolioRequirement.value());
  const Reason overflow = MarginReason::kMarginOverflow;
  EXPECT_EQ(Judge(world, {{0, lots}, {1, 1}}).reason(), overflow);
  world.portfolio.initial_factor = RatePpm(1'000'001);
  EXPECT_EQ(Judge(world, {{0, lots}}).reason(), overflow) << "the initial one";
  world.portfolio.initial_factor = RatePpm(kInt64Max);
  EXPECT_EQ(Judge(world, {{0, lots}}).reason(), overflow) << "beyond 128 bits";
}

TEST(ScenarioSum, RefusesEachChargeBeyondTheGreatestRequirement) {
  const auto of = [](Quanta PortfolioTerms::*charge, const ScenarioTerms& contract, Int128 value,
                     std::int64_t lots) {
    PortfolioTerms terms = Portfolio({1'000'000});
    terms.*charge = Quanta(value);
    ScenarioWorld world(terms);
    world.Add({.profits = {0}, .terms = contract});
    world.Add({.profits = {0}, .terms = FutureTerms(1)});
    world.Publish();
    return Judge(world, {{0, -lots}, {1, lots}});
  };
  const Int128 most = kMaxNotional.value();
  const Reason overflow = MarginReason::kMarginOverflow;
  const struct {
    Quanta PortfolioTerms::*charge;
    ScenarioTerms contract;
  } kinds[] = {{&PortfolioTerms::inter_month_charge, FutureTerms(0)},
               {&PortfolioTerms::short_option_minimum, OptionTerms(1)},
               {&PortfolioTerms::net_short_charge, OptionTerms(1)}};
  for (const auto& [charge, contract] : kinds) {
    EXPECT_EQ(of(charge, contract, most, 1)->maintenance, kMaxPortfolioRequirement);
    EXPECT_EQ(of(charge, contract, most, 2).reason(), overflow);
    EXPECT_EQ(of(charge, contract, most / 2 + 1, 2).reason(), overflow);
    EXPECT_EQ(of(charge, contract, most / 2, 2)->maintenance, kMaxPortfolioRequirement);
    EXPECT_EQ(of(charge, contract, most, kInt64Max / 2).reason(), overflow);
  }
}

// Columns are held in 64 bits as long as they cannot leave them: just at, and just beyond.
TEST(ScenarioSum, CrossesFrom64To128BitsAndBack) {
  ScenarioWorld world(Portfolio({1'000'000, 1'000'000, 1'000'000, 1'000'000, 1'000'000}));
  const Int128 most = Int128{kInt64Max} * kMicro;
  world.Add({.profits = {-most, most, 0, 7 * kMicro, -most}, .terms = FutureTerms(0)});
  world.Add({.profits = {-kMicro, kMicro, kMicro, 0, -kMicro}, .terms = FutureTerms(0)});
  world.Publish();
  ScenarioSum<> sum(world.portfolio);
  ScenarioSum<> narrow(world.portfolio);
  ASSERT_EQ(sum.AddPosition(world.Position(0, 1)), Reason());
  ASSERT_EQ(narrow.AddPosition(world.Position(0, 1)), Reason());
  EXPECT_EQ(sum.column(0), -Int128{kInt64Max});
  EXPECT_EQ(sum.Finish(world.portfolio)->maintenance, MicroQuanta(most));
  ASSERT_EQ(sum.AddPosition(world.Position(1, 1)), Reason());
  EXPECT_EQ(sum.column(0), -Int128{kInt64Max} - 1);
  EXPECT_EQ(sum.column(1), Int128{kInt64Max} + 1);
  EXPECT_EQ(sum.column(2), 1);
  EXPECT_EQ(sum.column(3), 7);
  EXPECT_EQ(sum.Finish(world.portfolio)->maintenance, MicroQuanta(most + kMicro));
  ScenarioSum<> both(world.portfolio);
  const ScenarioPosition positions[] = {world.Position(1, 1), world.Position(0, 1)};
  ASSERT_EQ(both.AddPositions(positions), Reason());
  EXPECT_TRUE(both == sum);
  ScenarioSum<> copy = sum;
  EXPECT_TRUE(copy == sum);
  EXPECT_FALSE(copy == narrow);
  ASSERT_EQ(copy.SubtractPosition(world.Position(1, 1)), Reason());
  EXPECT_TRUE(copy == narrow);
  ASSERT_EQ(sum.SubtractPosition(world.Position(0, 1)), Reason());
  EXPECT_EQ(sum.column(0), -1);
  EXPECT_EQ(sum.column(3), 0);
}

TEST(ScenarioSum, RefusesWhatDoesNotBelongToItsPortfolio) {
  const ScenarioWorld world = WorldOf(Portfolio({1'000'000, 0}), {-1, 1}, FutureTerms(1));
  const ScenarioWorld other = WorldOf(Portfolio({1'000'000}), {-1}, FutureTerms(1));
  const ScenarioWorld late = WorldOf(Portfolio({1'000'000, 0}), {-1, 1}, FutureTerms(2));
  ScenarioSum<> sum(world.portfolio);
  ASSERT_EQ(sum.AddPosition(world.Position(0, 1)), Reason());
  ExpectRefused(sum, other.Position(0, 1), MarginReason::kWrongScenarioCount);
  ExpectRefused(sum, late.Position(0, 1), MarginReason::kBadMonth);
  EXPECT_EQ(sum.SubtractPosition(other.Position(0, 1)), Reason(MarginReason::kWrongScenarioCount));
  EXPECT_EQ(sum.SubtractPosition(late.Position(0, 1)), Reason(MarginReason::kBadMonth));
  EXPECT_EQ(sum.Finish(other.portfolio).reason(), Reason(MarginReason::kWrongScenarioCount));
  PortfolioTerms longer = world.portfolio;
  longer.months = 3;
  EXPECT_EQ(sum.Finish(longer).reason(), Reason(MarginReason::kWrongScenarioCount));
  EXPECT_EQ(sum.Finish(world.portfolio).reason(), Reason());
}

TEST(ScenarioSum, TakesNothingOfTermsForWhichItHasNoRoom) {
  PortfolioTerms none;
  for (PortfolioTerms terms : {none, Portfolio({1, 2, 3}), Portfolio({1, 2})}) {
    if (terms.covers.size() == 2) terms.months = 3;
    ScenarioSum<2, 2, 1> sum(terms);
    const ScenarioWorld world = WorldOf(Portfolio({1, 2}), {-1, 1}, FutureTerms(0));
    EXPECT_FALSE(sum.AddPosition(world.Position(0, 1)).ok());
    EXPECT_EQ(sum.Finish(terms).reason(), Reason(MarginReason::kWrongScenarioCount));
  }
  const ScenarioWorld world = WorldOf(Portfolio({1, 2}), {-1, 1}, OptionTerms(1));
  ScenarioSum<2, 2, 1> sum(world.portfolio);
  EXPECT_EQ(sum.AddPosition(world.Position(0, 1)), Reason());
  EXPECT_EQ(sum.Finish(world.portfolio).reason(), Reason());
}

TEST(ScenarioSum, HasRoomForItsStrikesAndGetsItBack) {
  ScenarioWorld world(Portfolio({1'000'000}));
  for (std::uint32_t strike = 1; strike <= 4; ++strike) {
    world.Add({.profits = {kMicro}, .terms = OptionTerms(strike)});
    world.contracts.back().terms.delta = RatePpm(1);
  }
  world.Publish();
  ScenarioSum<1, 2, 3> sum(world.portfolio);
  const ScenarioPosition three[] = {world.Position(2, 1), world.Position(0, -1),
                                    world.Position(1, 1)};
  ASSERT_EQ(sum.AddPositions(three), Reason());
  const ScenarioSum<1, 2, 3> before = sum;
  const Reason full = MarginReason::kTooManyStrikes;
  EXPECT_EQ(sum.AddPosition(world.Position(3, 1)), full);
  // Two of them fit, and are taken out again with the third.
  const ScenarioPosition more[] = {world.Position(0, 1), world.Position(1, 7),
                                   world.Position(3, 1)};
  EXPECT_EQ(sum.AddPositions(more), full);
  EXPECT_TRUE(sum == before);
  // A strike at zero keeps its place as long as a position counts in it.
  ASSERT_EQ(sum.AddPosition(world.Position(0, 1)), Reason());
  EXPECT_EQ(sum.AddPosition(world.Position(3, 1)), full);
  ASSERT_EQ(sum.SubtractPosition(world.Position(0, -1)), Reason());
  ASSERT_EQ(sum.SubtractPosition(world.Position(0, 1)), Reason());
  EXPECT_EQ(sum.AddPosition(world.Position(3, 1)), Reason());
}

TEST(ScenarioSum, NamesOneReasonInAnyOrder) {
  ScenarioWorld world(Portfolio({1'000'000}));
  world.Add({.profits = {Int128{kInt64Max} * kMicro}, .terms = FutureTerms(0)});
  world.Add({.profits = {0}, .terms = FutureTerms(5)});
  world.Add({.profits = {0}, .terms = OptionTerms(1)});
  world.Add({.profits = {0}, .terms = OptionTerms(2)});
  world.Publish();
  const ScenarioWorld other = WorldOf(Portfolio({1, 2}), {0, 0}, FutureTerms(0));
  std::vector<ScenarioPosition> flaws = {world.Position(0, kInt64Max), world.Position(1, 1),
                                         other.Position(0, 1), world.Position(2, 1)};
  const MarginReason reasons[] = {MarginReason::kMarginOverflow, MarginReason::kBadMonth,
                                  MarginReason::kWrongScenarioCount, MarginReason::kTooManyStrikes};
  for (std::size_t a = 0; a < flaws.size(); ++a) {
    for (std::size_t b = 0; b < flaws.size(); ++b) {
      ScenarioSum<1, 2, 1> sum(world.portfolio);
      ASSERT_EQ(sum.AddPosition(world.Position(3, 1)), Reason());
      const ScenarioPosition two[] = {flaws[a], flaws[b]};
      EXPECT_EQ(sum.AddPositions(two), FirstOf(reasons[a], reasons[b])) << a << ", " << b;
    }
  }
}

TEST(ScenarioSum, TakesOutNothingThatWasNotPutIn) {
  ScenarioWorld world(Portfolio({1'000'000, 1'000'000}));
  world.Add({.profits = {-5 * kMicro, 3 * kMicro}, .terms = OptionTerms(1)});
  world.Add({.profits = {-5 * kMicro, 3 * kMicro}, .terms = OptionTerms(2)});
  world.Add({.profits = {5 * kMicro, -3 * kMicro}, .terms = OptionTerms(1)});
  world.Add({.profits = {-5 * kMicro, 3 * kMicro}, .terms = FutureTerms(1)});
  world.contracts[0].terms.delta = RatePpm(4);
  world.contracts[2].terms.delta = RatePpm(kInt64Min);
  world.Publish();
  ScenarioSum<> sum(world.portfolio);
  ASSERT_EQ(sum.AddPosition(world.Position(0, 2)), Reason());
  ASSERT_EQ(sum.AddPosition(world.Position(0, 0)), Reason());
  const ScenarioSum<> before = sum;
  const std::pair<std::size_t, std::int64_t> others[] = {
      {0, 3},   // more lots
      {0, 1},   // a part: the strike would be left with no position and one lot
      {0, -2},  // the other side
      {1, 2},   // another strike
      {2, 2},   // profits that would leave a greater column than all lots have
      {3, 2},   // no option: delta without lots
  };
  for (const auto& [contract, lots] : others) {
    EXPECT_EQ(sum.SubtractPosition(world.Position(contract, lots)), Reason(MarginReason::kNotInSum))
        << contract << ", " << lots;
    EXPECT_TRUE(sum == before);
  }
  ASSERT_EQ(sum.SubtractPosition(world.Position(0, 2)), Reason());
  EXPECT_TRUE(sum == ScenarioSum<>(world.portfolio));
  EXPECT_EQ(sum.SubtractPosition(world.Position(0, 2)), Reason(MarginReason::kNotInSum));
}

TEST(ScenarioSum, AllocatesNothing) {
  ScenarioWorld world(Portfolio(std::vector<std::int64_t>(256, 900'000)));
  for (std::uint32_t n = 0; n < 64; ++n) {
    world.Add(
        {.profits = std::vector<Int128>(256, -Int128{n} * kMicro - n), .terms = OptionTerms(n)});
  }
  world.Publish();
  std::vector<ScenarioPosition> positions;
  for (std::size_t n = 0; n < 64; ++n) {
    positions.push_back(world.Position(n, n % 3 == 0 ? -5 : kInt64Max / 1'000));
  }
  const test::AllocationCounter counter;
  ScenarioSum<> sum(world.portfolio);
  bool is_good = sum.AddPositions(positions).ok();
  is_good = is_good && sum.SubtractPosition(positions[9]).ok();
  is_good = is_good && sum.AddPosition(positions[9]).ok();
  const Result<PortfolioRisk> risk = sum.Finish(world.portfolio);
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(is_good && risk.ok());
  EXPECT_EQ(calls, 0u);
}

}  // namespace
}  // namespace settle
