// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/transition_rule.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/allocations.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::Perpetual;
using test::Position;

using Rule = TransitionRule<ExactPpm>;
static_assert(std::is_empty_v<Rule> && std::is_default_constructible_v<Rule>);
static_assert(LedgerInvariant<Rule>);

Risk RiskOf(Int128 equity, Int128 maintenance, Int128 headroom) {
  return {.equity = Quanta(equity),
          .maintenance = MicroQuanta(maintenance),
          .initial_headroom = MicroQuanta(headroom)};
}

// --- the rule alone, over a small universe ------------------------------------------------------

// a / b <=> c / d for b, d > 0 by comparing whole parts and turning the rests over: no products.
int CompareByContinuedFractions(Int128 a, Int128 b, Int128 c, Int128 d) {
  const Int128 left = *Divide(a, b, Rounding::kDown);
  const Int128 right = *Divide(c, d, Rounding::kDown);
  if (left != right) return left < right ? -1 : 1;
  const Int128 left_rest = a - left * b;
  const Int128 right_rest = c - right * d;
  if (left_rest == 0 || right_rest == 0) return Sign(left_rest) - Sign(right_rest);
  return CompareByContinuedFractions(d, right_rest, b, left_rest);
}

// What the rule says in words.
Reason InWords(const Risk& before, const Risk& after) {
  const bool holds = after.initial_headroom.value() >= 0;
  if (holds) return {};
  const bool held = before.initial_headroom.value() >= 0;
  const Int128 old_maintenance = before.maintenance.value();
  const Int128 new_maintenance = after.maintenance.value();
  if (new_maintenance > old_maintenance) {
    return held ? MarginReason::kInitialMargin : MarginReason::kMaintenanceRises;
  }
  bool no_worse = false;
  if (old_maintenance == 0 && new_maintenance == 0) {
    no_worse = after.equity.value() > before.equity.value() &&
               after.initial_headroom.value() >= before.initial_headroom.value();
  } else if (old_maintenance != 0 && new_maintenance != 0) {
    no_worse = CompareByContinuedFractions(after.equity.value(), new_maintenance,
                                           before.equity.value(), old_maintenance) >= 0 &&
               CompareByContinuedFractions(after.initial_headroom.value(), new_maintenance,
                                           before.initial_headroom.value(), old_maintenance) >= 0;
  }
  if (no_worse) return {};
  return held ? MarginReason::kInitialMargin : MarginReason::kMaintenanceWorsens;
}

// In how many transitions of the universe `rule` answers other than the words do.
template <typename RuleFunction>
int CountDifferences(RuleFunction rule) {
  int differences = 0;
  for (int old_equity = -6; old_equity <= 6; ++old_equity) {
    for (int new_equity = -6; new_equity <= 6; ++new_equity) {
      for (int old_maintenance = 0; old_maintenance <= 6; ++old_maintenance) {
        for (int new_maintenance = 0; new_maintenance <= 6; ++new_maintenance) {
          for (int old_headroom = -3; old_headroom <= 1; ++old_headroom) {
            for (int new_headroom = -3; new_headroom <= 1; ++new_headroom) {
              const Risk before = RiskOf(old_equity, old_maintenance, old_headroom);
              const Risk after = RiskOf(new_equity, new_maintenance, new_headroom);
              if (rule(before, after) != InWords(before, after)) ++differences;
            }
          }
        }
      }
    }
  }
  return differences;
}

// The rule with one line replaced.
struct Twin {
  bool (*initial_holds)(const Risk&) = InitialMarginHolds;
  bool (*maintenance_rises)(const Risk&, const Risk&) = [](const Risk& before, const Risk& after) {
    return before.maintenance < after.maintenance;
  };
  bool (*ratio_holds)(const Risk&, const Risk&) = EquityRatioHolds;
  bool (*headroom_holds)(const Risk&, const Risk&) = HeadroomRatioHolds;

  Reason operator()(const Risk& before, const Risk& after) const {
    if (initial_holds(after)) return {};
    const bool held = initial_holds(before);
    if (maintenance_rises(before, after)) {
      return held ? MarginReason::kInitialMargin : MarginReason::kMaintenanceRises;
    }
    if (!ratio_holds(before, after) || !headroom_holds(before, after)) {
      return held ? MarginReason::kInitialMargin : MarginReason::kMaintenanceWorsens;
    }
    return {};
  }
};

bool SomeZero(const Risk& a, const Risk& b) {
  return a.maintenance.value() == 0 || b.maintenance.value() == 0;
}

TEST(CheckTransition, SaysWhatTheWordsSayInASmallUniverse) {
  EXPECT_EQ(CountDifferences(CheckTransition), 0);
  EXPECT_EQ(CountDifferences(Twin{}), 0) << "the twin without a fault is the rule";
}

TEST(CheckTransition, IsToldFromEachFaultyTwin) {
  Twin without_headroom;
  without_headroom.headroom_holds = [](const Risk&, const Risk&) { return true; };
  EXPECT_GT(CountDifferences(without_headroom), 0);

  Twin headroom_may_not_fall;
  headroom_may_not_fall.headroom_holds = [](const Risk& before, const Risk& after) {
    return before.initial_headroom <= after.initial_headroom;
  };
  EXPECT_GT(CountDifferences(headroom_may_not_fall), 0);

  Twin more_than_initial;
  more_than_initial.initial_holds = [](const Risk& risk) {
    return Sign(risk.initial_headroom) > 0;
  };
  EXPECT_GT(CountDifferences(more_than_initial), 0);

  Twin must_fall;
  must_fall.maintenance_rises = [](const Risk& before, const Risk& after) {
    return before.maintenance <= after.maintenance;
  };
  EXPECT_GT(CountDifferences(must_fall), 0);

  Twin may_rise;
  may_rise.maintenance_rises = [](const Risk&, const Risk&) { return false; };
  EXPECT_GT(CountDifferences(may_rise), 0);

  Twin strict_ratio;
  strict_ratio.ratio_holds = [](const Risk& before, const Risk& after) {
    if (SomeZero(before, after)) return EquityRatioHolds(before, after);
    return CompareProducts(after.equity.value(), before.maintenance.value(), before.equity.value(),
                           after.maintenance.value()) > 0;
  };
  EXPECT_GT(CountDifferences(strict_ratio), 0);

  Twin divided;
  divided.ratio_holds = [](const Risk& before, const Risk& after) {
    if (SomeZero(before, after)) return EquityRatioHolds(before, after);
    return after.equity.value() / after.maintenance.value() >=
           before.equity.value() / before.maintenance.value();
  };
  EXPECT_GT(CountDifferences(divided), 0);

  Twin equity_alone;
  equity_alone.ratio_holds = [](const Risk& before, const Risk& after) {
    if (SomeZero(before, after)) return EquityRatioHolds(before, after);
    return before.equity <= after.equity;
  };
  EXPECT_GT(CountDifferences(equity_alone), 0);

  Twin zero_is_not_special;
  zero_is_not_special.ratio_holds = [](const Risk& before, const Risk& after) {
    return CompareProducts(after.equity.value(), before.maintenance.value(), before.equity.value(),
                           after.maintenance.value()) >= 0;
  };
  EXPECT_GT(CountDifferences(zero_is_not_special), 0);

  Twin equal_debt;
  equal_debt.ratio_holds = [](const Risk& before, const Risk& after) {
    if (!SomeZero(before, after)) return EquityRatioHolds(before, after);
    return before.maintenance == after.maintenance && before.equity <= after.equity;
  };
  EXPECT_GT(CountDifferences(equal_debt), 0);
}

TEST(EquityRatioHolds, KnowsNoRatioFromOrToAMaintenanceOfZero) {
  EXPECT_FALSE(EquityRatioHolds(RiskOf(-1, 0, -1), RiskOf(100, 1, -1)));
  EXPECT_FALSE(EquityRatioHolds(RiskOf(-2, 1, -1), RiskOf(-1, 0, -1)));
  EXPECT_FALSE(EquityRatioHolds(RiskOf(-1, 0, -1), RiskOf(-1, 0, -1)));
  EXPECT_TRUE(EquityRatioHolds(RiskOf(-2, 0, -1), RiskOf(-1, 0, -1)));
}

TEST(CheckTransition, ComparesRatiosWhoseProductsLeave128Bits) {
  const Int128 wide = Int128{1} << 120;
  const auto check = [&](Int128 new_equity) {
    return CheckTransition(RiskOf(wide - 1, wide, -2), RiskOf(new_equity, wide - 2, -1));
  };
  // (wide - 1)(wide - 2) / wide = wide - 3 + 2 / wide.
  EXPECT_EQ(check(wide - 2), Reason());
  EXPECT_EQ(check(wide - 3), Reason(MarginReason::kMaintenanceWorsens));
}

// --- the rule on accounts -----------------------------------------------------------------------

class TransitionRuleTest : public ::testing::Test {
 protected:
  TransitionRuleTest() : book_({Perpetual(1), Perpetual(2)}) {
    book_.SetPrice(1, 100);
    book_.SetPrice(2, 30);
  }

  Reason Admit(const Balances& before, const Balances& after) const {
    return Rule().Admit(book_.context(), test::View(before), test::View(after));
  }

  Book book_;
};

// A long of `lots` bought at the mark of 100.
Balances Long(Int128 cash, Int128 lots) {
  return {Cash(cash), Cost(1, -100 * lots), Position(1, lots)};
}

TEST_F(TransitionRuleTest, AdmitsWhatInitialMarginCoversExactly) {
  EXPECT_EQ(Admit(Long(100, 0), Long(100, 10)), Reason());
  EXPECT_EQ(Admit(Long(99, 0), Long(99, 10)), Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(Admit(Long(100, 0), Long(100, -10)), Reason());
  EXPECT_EQ(Admit(Long(99, 0), Long(99, -10)), Reason(MarginReason::kInitialMargin));
}

TEST_F(TransitionRuleTest, AdmitsAWithdrawalDownToInitialMargin) {
  EXPECT_EQ(Admit(Long(500, 10), Long(100, 10)), Reason());
  EXPECT_EQ(Admit(Long(500, 10), Long(99, 10)), Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(Admit(Long(500, 0), Long(0, 0)), Reason());
  EXPECT_EQ(Admit(Long(500, 0), Long(-1, 0)), Reason(MarginReason::kInitialMargin));
}

TEST_F(TransitionRuleTest, AdmitsWhatChangesNothingBelowInitialMargin) {
  EXPECT_EQ(Admit(Long(60, 10), Long(60, 10)), Reason());
  EXPECT_EQ(Admit(Long(-60, 10), Long(-60, 10)), Reason());
}

TEST_F(TransitionRuleTest, AdmitsOnlyWhatMakesAnAccountBelowInitialMarginSafer) {
  EXPECT_EQ(Admit(Long(60, 10), Long(60, 9)), Reason());
  EXPECT_EQ(Admit(Long(60, 10), Long(60, 11)), Reason(MarginReason::kMaintenanceRises));
  EXPECT_EQ(Admit(Long(60, 10), Long(61, 10)), Reason());
  EXPECT_EQ(Admit(Long(60, 10), Long(59, 10)), Reason(MarginReason::kMaintenanceWorsens));
  // Turning a long of 10 into a short of 9 lowers the requirement too.
  EXPECT_EQ(Admit(Long(60, 10), Long(60, -9)), Reason());
  EXPECT_EQ(Admit(Long(60, 10), Long(60, -10)), Reason());
  EXPECT_EQ(Admit(Long(60, 10), Long(60, -11)), Reason(MarginReason::kMaintenanceRises));
}

TEST_F(TransitionRuleTest, LetsAReductionCostWhatKeepsTheRatio) {
  // 60 / 10 lots is 54 / 9 lots.
  EXPECT_EQ(Admit(Long(60, 10), Long(54, 9)), Reason());
  EXPECT_EQ(Admit(Long(60, 10), Long(53, 9)), Reason(MarginReason::kMaintenanceWorsens));
  // 61 / 10 lots is 54.9 / 9 lots: a division of whole numbers would let 54 pass.
  EXPECT_EQ(Admit(Long(61, 10), Long(55, 9)), Reason());
  EXPECT_EQ(Admit(Long(61, 10), Long(54, 9)), Reason(MarginReason::kMaintenanceWorsens));
}

// M22, and its partial form: an account below zero cannot shrink itself at the mark, as its debt
// would weigh more on what is left. That is left to liquidation.
TEST_F(TransitionRuleTest, RefusesToCloseAnAccountBelowZero) {
  EXPECT_EQ(Admit(Long(-10, 10), Long(-10, 0)), Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Admit(Long(-10, 10), Long(-1, 0)), Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Admit(Long(-10, 10), Long(0, 0)), Reason());
  EXPECT_EQ(Admit(Long(-10, 10), Long(-10, 9)), Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Admit(Long(-10, 10), Long(-9, 9)), Reason());
}

// M21.
TEST_F(TransitionRuleTest, LetsADebtWithoutPositionsOnlyShrink) {
  EXPECT_EQ(Admit({Cash(-5)}, {Cash(-4)}), Reason());
  EXPECT_EQ(Admit({Cash(-5)}, {Cash(-5)}), Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Admit({Cash(-5)}, {Cash(-6)}), Reason(MarginReason::kMaintenanceWorsens));
  EXPECT_EQ(Admit(Long(-5, 0), Long(-4, 1)), Reason(MarginReason::kMaintenanceRises));
}

TEST_F(TransitionRuleTest, NamesInitialMarginForAnAccountThatHeldIt) {
  // From well covered to below, with less maintenance: cash left, and half of the position.
  EXPECT_EQ(Admit(Long(500, 10), Long(20, 5)), Reason(MarginReason::kInitialMargin));
  EXPECT_EQ(Admit(Long(100, 10), Long(90, 11)), Reason(MarginReason::kInitialMargin));
}

TEST_F(TransitionRuleTest, WeighsAllInstrumentsTogether) {
  const auto account = [](Int128 first, Int128 second) {
    return Balances{Cash(60), Cost(1, -100 * first), Position(1, first), Cost(2, -30 * second),
                    Position(2, second)};
  };
  // Below initial margin: 10 lots of the first demand as much as 33 1/3 of the second.
  EXPECT_EQ(Admit(account(10, 0), account(0, 33)), Reason());
  EXPECT_EQ(Admit(account(10, 0), account(0, 34)), Reason(MarginReason::kMaintenanceRises));
}

TEST_F(TransitionRuleTest, NeedsNoPriceForAPositionThatIsClosed) {
  book_.ClearPrice(2);
  const Balances with = {Cash(100), Position(2, 3), Cost(2, -90)};
  const Balances without = {Cash(100), Position(2, 0), Cost(2, 0)};
  EXPECT_EQ(Admit(with, without), Reason());
  EXPECT_EQ(Admit(without, with), Reason(MarginReason::kMissingPrice));
  // When initial margin does not hold after, what was before must have a value.
  const Balances in_debt = {Cash(-1), Position(2, 0), Cost(2, 0)};
  EXPECT_EQ(Admit(with, in_debt), Reason(MarginReason::kMissingPrice));
}

TEST_F(TransitionRuleTest, RefusesAnUnknownContractHoweverRichTheAccount) {
  EXPECT_EQ(Admit({Cash(1'000'000'000), Position(9, 0)}, {Cash(1'000'000'000), Position(9, 1)}),
            Reason(MarginReason::kUnknownInstrument));
}

// M28.
TEST_F(TransitionRuleTest, RefusesOverflowAndNeverTakesItForLess) {
  const Int128 most = kMaxEquity.value();
  EXPECT_EQ(Admit({Cash(0), Cost(1, 0)}, {Cash(most), Cost(1, 1)}),
            Reason(MarginReason::kMarginOverflow));
  EXPECT_EQ(Admit({Cash(most), Cost(1, 1)}, {Cash(-1), Cost(1, 0)}),
            Reason(MarginReason::kMarginOverflow));
}

TEST_F(TransitionRuleTest, AdmitsWithoutAllocation) {
  const Balances before = Long(60, 10);
  const Balances after = Long(60, 9);
  const MarginContext context = book_.context();
  const test::AllocationCounter counter;
  const bool admitted = Rule().Admit(context, test::View(before), test::View(after)).ok();
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(admitted);
  EXPECT_EQ(calls, 0u);
}

}  // namespace
}  // namespace settle
