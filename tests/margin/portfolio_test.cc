// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/portfolio.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/integer.h"
#include "settle/margin/reason.h"
#include "tests/margin/scenario_world.h"

namespace settle {
namespace {

using test::FutureTerms;
using test::OptionTerms;
using test::Portfolio;

const Quanta kBeyondCharge(kMaxNotional.value() + 1);

struct Flaw {
  std::string name;
  std::function<void(PortfolioTerms&)> plant;
  MarginReason reason;
};

// In order of precedence.
const std::vector<Flaw>& Flaws() {
  static const std::vector<Flaw> flaws = {
      {"no scenario", [](auto& p) { p.covers.Clear(); }, MarginReason::kBadScenarioCount},
      {"no month", [](auto& p) { p.months = 0; }, MarginReason::kBadMonth},
      {"a month too many", [](auto& p) { p.months = 65; }, MarginReason::kBadMonth},
      {"a cover below zero", [](auto& p) { p.covers[1] = RatePpm(-1); }, MarginReason::kBadCover},
      {"a cover above 100 %", [](auto& p) { p.covers[0] = RatePpm(1'000'001); },
       MarginReason::kBadCover},
      {"a spread that pays", [](auto& p) { p.inter_month_charge = Quanta(Int128{-1}); },
       MarginReason::kBadCharge},
      {"a spread without bound", [](auto& p) { p.inter_month_charge = kBeyondCharge; },
       MarginReason::kBadCharge},
      {"a minimum that pays", [](auto& p) { p.short_option_minimum = Quanta(Int128{-1}); },
       MarginReason::kBadCharge},
      {"a minimum without bound", [](auto& p) { p.short_option_minimum = kBeyondCharge; },
       MarginReason::kBadCharge},
      {"a strike that pays", [](auto& p) { p.net_short_charge = Quanta(Int128{-1}); },
       MarginReason::kBadCharge},
      {"a strike without bound", [](auto& p) { p.net_short_charge = kBeyondCharge; },
       MarginReason::kBadCharge},
      {"initial below maintenance", [](auto& p) { p.initial_factor = RatePpm(999'999); },
       MarginReason::kBadInitialFactor},
  };
  return flaws;
}

TEST(PortfolioTerms, RefusesEachFlawByName) {
  for (const Flaw& flaw : Flaws()) {
    PortfolioTerms terms = Portfolio({1'000'000, 350'000});
    ASSERT_EQ(terms.Validate(), Reason());
    flaw.plant(terms);
    EXPECT_EQ(terms.Validate(), Reason(flaw.reason)) << flaw.name;
    PortfolioTerms decoded;
    EXPECT_EQ(DecodeInto(Encode(terms), decoded).reason, Reason(flaw.reason)) << flaw.name;
  }
}

TEST(PortfolioTerms, NamesTheFirstOfTwoFlaws) {
  for (std::size_t a = 1; a < Flaws().size(); ++a) {
    for (std::size_t b = a + 1; b < Flaws().size(); ++b) {
      PortfolioTerms terms = Portfolio({1'000'000, 350'000});
      Flaws()[b].plant(terms);
      Flaws()[a].plant(terms);
      const Reason first = FirstOf(Flaws()[a].reason, Flaws()[b].reason);
      EXPECT_EQ(terms.Validate(), first) << Flaws()[a].name << ", " << Flaws()[b].name;
    }
  }
}

TEST(PortfolioTerms, AcceptsEveryNumberAtBothEnds) {
  PortfolioTerms least = Portfolio({0});
  least.months = 1;
  EXPECT_EQ(least.Validate(), Reason());
  PortfolioTerms most = Portfolio(std::vector<std::int64_t>(kMaxScenarios, 1'000'000));
  most.months = kMaxMonths;
  most.inter_month_charge = most.short_option_minimum = most.net_short_charge = kMaxNotional;
  most.initial_factor = RatePpm(kMax<std::int64_t>);
  EXPECT_EQ(most.Validate(), Reason());
  EXPECT_FALSE(most.covers.Add(RatePpm(0)));
  PortfolioTerms decoded;
  ASSERT_EQ(DecodeInto(Encode(most), decoded).reason, Reason());
  EXPECT_TRUE(decoded == most);
}

TEST(ScenarioTerms, GiveAStrikeToOptionsOnly) {
  EXPECT_EQ(FutureTerms(0).Validate(), Reason());
  EXPECT_EQ(OptionTerms(7).Validate(), Reason());
  // An option that is charged for no strike.
  EXPECT_EQ(OptionTerms(0).Validate(), Reason());
  ScenarioTerms terms = FutureTerms(0);
  terms.strike = StrikeBucket(1);
  EXPECT_EQ(terms.Validate(), Reason(MarginReason::kBadScenarioTerms));
}

TEST(ScenarioTerms, AreOfAMonthThatAPortfolioCanHave) {
  EXPECT_EQ(FutureTerms(kMaxMonths - 1).Validate(), Reason());
  EXPECT_EQ(FutureTerms(kMaxMonths).Validate(), Reason(MarginReason::kBadMonth));
  ScenarioTerms both = FutureTerms(kMaxMonths);
  both.strike = StrikeBucket(1);
  EXPECT_EQ(both.Validate(), Reason(MarginReason::kBadMonth));
  ScenarioTerms decoded;
  EXPECT_EQ(DecodeInto(Encode(both), decoded).reason, Reason(MarginReason::kBadMonth));
}

}  // namespace
}  // namespace settle
