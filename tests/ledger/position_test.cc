// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/position.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>

#include "tests/ledger/booking_world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr Int128 kMost = kMax<Int128>;
constexpr Int128 kLeast = kMin<Int128>;

PositionChange Change(Int128 lots, Int128 quote) { return {Of(lots), Of(quote)}; }
PositionEffect Effect(Int128 closed, Int128 profit, const PositionBalance& after) {
  return {.closed = Of(closed), .profit = Of(profit), .after = after};
}

struct Case {
  PositionBalance before;
  PositionChange change;
  PositionEffect effect;
};

TEST(EffectOf, FollowsTheRuleByHand) {
  const Case cases[] = {
      // Opened long and short; added to.
      {Holding(0, 0), Change(5, -500), Effect(0, 0, Holding(5, -500))},
      {Holding(0, 0), Change(-5, 500), Effect(0, 0, Holding(-5, 500))},
      {Holding(5, -500), Change(5, -600), Effect(0, 0, Holding(10, -1'100))},
      {Holding(-5, 500), Change(-5, 600), Effect(0, 0, Holding(-10, 1'100))},
      // 3 short sold for 100 in all; 2 bought back at 20: floor(100 * 2 / 3) = 66, -40 + 66 = 26.
      {Holding(-3, 100), Change(2, -40), Effect(2, 26, Holding(-1, 34))},
      // 3 long bought for 100; 2 sold at 20: floor(-100 * 2 / 3) = -67, 40 - 67 = -27.
      {Holding(3, -100), Change(-2, 40), Effect(2, -27, Holding(1, -33))},
      // All of it.
      {Holding(3, -100), Change(-3, 60), Effect(3, -40, Holding(0, 0))},
      {Holding(-3, 100), Change(3, -60), Effect(3, 40, Holding(0, 0))},
      // Flips: 2 of 5 close, 3 are new at 30.
      {Holding(-2, 50), Change(5, -150), Effect(2, 50 - 60, Holding(3, -90))},
      {Holding(2, -50), Change(-5, 150), Effect(2, 60 - 50, Holding(-3, 90))},
      // A flip at no whole price, 5 for 151: floor(151 * 2 / 5) = 60 and floor(-151 * 2 / 5) = -61
      // belong to what closes.
      {Holding(2, -50), Change(-5, 151), Effect(2, 10, Holding(-3, 91))},
      {Holding(-2, 50), Change(5, -151), Effect(2, -11, Holding(3, -90))},
      // A price below zero: bought at -2, sold at -3.
      {Holding(4, 8), Change(-4, -12), Effect(4, -4, Holding(0, 0))},
  };
  for (const Case& row : cases) {
    const Result<PositionEffect> effect = EffectOf(row.before, row.change);
    ASSERT_TRUE(effect.ok());
    EXPECT_EQ(*effect, row.effect)
        << ToString(row.before.lots) << " by " << ToString(row.change.lots);
  }
}

TEST(EffectOf, RefusesAChangeByNoLots) {
  EXPECT_EQ(EffectOf(Holding(3, -100), Change(0, 7)).reason(), Reason(BaseReason::kOutOfRange));
  EXPECT_EQ(EffectOf(Holding(0, 0), Change(0, 0)).reason(), Reason(BaseReason::kOutOfRange));
}

TEST(ClosedLots, IsTheLesserOfWhatIsHeldAndWhatComesAgainstIt) {
  EXPECT_EQ(*ClosedLots(Holding(5, 0), Of(3)), Of(0));
  EXPECT_EQ(*ClosedLots(Holding(-5, 0), Of(-3)), Of(0));
  EXPECT_EQ(*ClosedLots(Holding(0, 0), Of(3)), Of(0));
  EXPECT_EQ(*ClosedLots(Holding(5, 0), Of(0)), Of(0));
  EXPECT_EQ(*ClosedLots(Holding(5, 0), Of(-3)), Of(3));
  EXPECT_EQ(*ClosedLots(Holding(-5, 0), Of(3)), Of(3));
  EXPECT_EQ(*ClosedLots(Holding(5, 0), Of(-9)), Of(5));
  EXPECT_EQ(*ClosedLots(Holding(-5, 0), Of(9)), Of(5));
  EXPECT_EQ(*ClosedLots(Holding(kLeast, 0), Of(kMost)), Of(kMost));
  EXPECT_EQ(*ClosedLots(Holding(kMost, 0), Of(kLeast)), Of(kMost));
}

TEST(CostOf, IsAllOfItForAllLotsAndAPartRoundedDownForFewer) {
  EXPECT_EQ(*CostOf(Holding(3, -100), Of(0)), Of(0));
  EXPECT_EQ(*CostOf(Holding(3, -100), Of(1)), Of(-34));
  EXPECT_EQ(*CostOf(Holding(3, -100), Of(2)), Of(-67));
  EXPECT_EQ(*CostOf(Holding(3, -100), Of(3)), Of(-100));
  EXPECT_EQ(*CostOf(Holding(-3, 100), Of(2)), Of(66));
  EXPECT_EQ(*CostOf(Holding(0, 0), Of(0)), Of(0));
  EXPECT_EQ(*CostOf(Holding(kLeast, kLeast), Of(kMost)), Of(kLeast + 1));
  EXPECT_EQ(CostOf(Holding(3, -100), Of(4)).reason(), Reason(LedgerReason::kExceedsPosition));
  EXPECT_EQ(CostOf(Holding(0, 0), Of(1)).reason(), Reason(LedgerReason::kExceedsPosition));
  EXPECT_EQ(CostOf(Holding(3, -100), Of(-1)).reason(), Reason(BaseReason::kOutOfRange));
}

TEST(CostOf, IsExactWhereTheProductNeedsMoreThan128Bits) {
  // (2^127 - 1) * 2 / 3, which is 2^128 / 3 - 2 / 3.
  const Int128 expected = static_cast<Int128>(~UInt128{0} / 3 - 1);
  EXPECT_EQ(*CostOf(Holding(3, kMost), Of(2)), Of(expected));
  EXPECT_EQ(*CostOf(Holding(-3, -kMost), Of(2)), Of(-expected - 1));  // not whole: one further down
}

TEST(EffectOf, RefusesWhatLeaves128BitsByOne) {
  const Reason overflow = BaseReason::kOverflow;
  // Lots.
  EXPECT_TRUE(EffectOf(Holding(kMost - 1, 0), Change(1, 0)).ok());
  EXPECT_EQ(EffectOf(Holding(kMost, 0), Change(1, 0)).reason(), overflow);
  EXPECT_TRUE(EffectOf(Holding(kLeast + 1, 0), Change(-1, 0)).ok());
  EXPECT_EQ(EffectOf(Holding(kLeast, 0), Change(-1, 0)).reason(), overflow);
  // The quote balance.
  EXPECT_TRUE(EffectOf(Holding(1, kMost - 5), Change(1, 5)).ok());
  EXPECT_EQ(EffectOf(Holding(1, kMost - 4), Change(1, 5)).reason(), overflow);
  EXPECT_TRUE(EffectOf(Holding(1, kLeast + 5), Change(1, -5)).ok());
  EXPECT_EQ(EffectOf(Holding(1, kLeast + 4), Change(1, -5)).reason(), overflow);
  // The profit.
  EXPECT_EQ(*EffectOf(Holding(1, kMost - 5), Change(-1, 5)), Effect(1, kMost, Holding(0, 0)));
  EXPECT_EQ(EffectOf(Holding(1, kMost - 4), Change(-1, 5)).reason(), overflow);
  // The lots closed.
  EXPECT_EQ(EffectOf(Holding(kMost, 7), Change(kLeast, 9))->after, Holding(-1, 1));
  EXPECT_EQ(EffectOf(Holding(kLeast, 7), Change(kMost, -9))->closed, Of(kMost));
}

TEST(EffectOf, NeedsNoMoreThanItsResultHas) {
  // The cost and what the sale brings each come to 2^127, their sum to nothing.
  EXPECT_EQ(*EffectOf(Holding(2, kLeast), Change(-2, kMost)), Effect(2, -1, Holding(0, 0)));
  // C + f would leave 128 bits, but what is left of C after r does not.
  EXPECT_EQ(*EffectOf(Holding(-4, kLeast), Change(2, kMost)),
            Effect(2, kMost + kLeast / 2, Holding(-2, kLeast / 2)));
}

TEST(InverseValue, RoundsToTheNearestAndTiesToEven) {
  const InversePrice half{.multiplier = 1, .price = 2};
  const Int128 expected[] = {0, 0, 1, 2, 2, 2, 3, 4, 4};  // of 0, 1, 2 ... lots of a half
  for (int lots = 0; lots <= 8; ++lots) {
    EXPECT_EQ(*InverseValue(Of(lots), half), Of(expected[lots]));
    EXPECT_EQ(*InverseValue(Of(-lots), half), Of(-expected[lots]));
  }
  const InversePrice third{.multiplier = 1, .price = 3};
  EXPECT_EQ(*InverseValue(Of(4), third), Of(1));
  EXPECT_EQ(*InverseValue(Of(5), third), Of(2));
  // 7 lots of 100 USD at 50,000.5 USD a bitcoin of 10^8: 7 * 100 * 10^8 * 2 / 100,001.
  const InversePrice bitcoin{.multiplier = 20'000'000'000, .price = 100'001};
  EXPECT_EQ(*InverseValue(Of(7), bitcoin), Of(1'399'986));
}

TEST(InverseValue, RefusesWhatIsNoPriceAndWhatDoesNotFit) {
  for (const InversePrice& price : {InversePrice{1, 0}, InversePrice{1, -1}, InversePrice{0, 1},
                                    InversePrice{-1, 1}, InversePrice{}}) {
    EXPECT_EQ(InverseValue(Of(1), price).reason(), Reason(BaseReason::kOutOfRange));
  }
  EXPECT_EQ(*InverseValue(Of(kMost), {.multiplier = kMost, .price = kMost}), Of(kMost));
  EXPECT_EQ(*InverseValue(Of(kMost / 2), {.multiplier = 2, .price = 1}), Of(kMost - 1));
  EXPECT_EQ(InverseValue(Of(kMost / 2 + 1), {.multiplier = 2, .price = 1}).reason(),
            Reason(BaseReason::kOverflow));
}

// A fraction in lowest terms, or nothing once it needs more than 128 bits.
struct Fraction {
  Int128 numerator = 0;
  Int128 denominator = 1;
};
using Exact = std::optional<Fraction>;

Int128 GreatestDivisor(Int128 a, Int128 b) {
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a < 0 ? -a : a;
}

Exact Reduced(std::optional<Int128> numerator, std::optional<Int128> denominator) {
  if (!numerator || !denominator) return std::nullopt;
  const Int128 divisor = GreatestDivisor(*numerator, *denominator);
  return Fraction{*numerator / divisor, *denominator / divisor};
}
Exact Plus(const Exact& a, Int128 b) {
  if (!a) return std::nullopt;
  const std::optional<Int128> scaled = CheckedMul(a->denominator, b);
  if (!scaled) return std::nullopt;
  return Reduced(CheckedAdd(a->numerator, *scaled), a->denominator);
}
Exact Times(const Exact& a, const Fraction& b) {
  if (!a) return std::nullopt;
  return Reduced(CheckedMul(a->numerator, b.numerator), CheckedMul(a->denominator, b.denominator));
}
// -1, 0 or 1 as a is below, at or above b.
int Compare(const Fraction& a, Int128 b) {
  const auto order = CompareProducts(a.numerator, 1, b, a.denominator);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

// Average cost by the book: fractions instead of rounding, one fill after the other.
struct AverageCost {
  Int128 lots = 0;
  Exact quote = Fraction{};  // C
  int roundings = 0;         // how often the position was reduced, and not closed, since it opened

  void Fill(Int128 change, Int128 price) {
    const bool reduces = (lots < 0) != (change < 0) && lots != 0;
    const Int128 held = lots < 0 ? -lots : lots;
    const Int128 size = change < 0 ? -change : change;
    const Int128 closed = reduces ? (held < size ? held : size) : Int128{0};
    if (closed != 0) {
      quote = Times(quote, {held - closed, held});
      roundings = closed == held ? 0 : roundings + 1;
    }
    const Int128 opened = (change < 0 ? -1 : 1) * (size - closed);
    quote = Plus(quote, -opened * price);
    lots += change;
  }
};

TEST(EffectOf, StaysWithinARoundingOfExactAverageCost) {
  Random random;
  std::size_t compared = 0;
  for (int life = 0; life < 2'000; ++life) {
    AverageCost model;
    PositionBalance position;
    for (int fill = 0; fill < 24 && model.quote; ++fill) {
      const auto lots = static_cast<Int128>(random.Between(1, 9));
      const auto price = static_cast<Int128>(random.Between(0, 1'000)) - 100;
      const Int128 change = random.Chance(1, 2) ? lots : -lots;
      model.Fill(change, price);
      const Result<PositionEffect> effect = EffectOf(position, Change(change, -change * price));
      ASSERT_TRUE(effect.ok());
      position = effect->after;
      ASSERT_EQ(position.lots, Of(model.lots));
      if (!model.quote) break;
      ++compared;
      // Each reduction rounds the cost that it takes down, so that the rest is above the exact one
      // by less than one for each.
      const Int128 quote = position.quote.value();
      ASSERT_LE(Compare(*model.quote, quote), 0);
      ASSERT_GE(Compare(*model.quote, quote - model.roundings), 0);
      if (model.lots == 0) {
        ASSERT_EQ(position, PositionBalance());
      }
    }
  }
  EXPECT_GT(compared, 20'000u);
}

TEST(EffectOf, RealisesOverALifeWhatWasSoldLessWhatWasBought) {
  Random random;
  for (int life = 0; life < 2'000; ++life) {
    PositionBalance position;
    Int128 realised = 0;
    Int128 flows = 0;
    std::size_t flat = 0;
    const auto fill = [&](Int128 change, Int128 quote) {
      const Result<PositionEffect> effect = EffectOf(position, Change(change, quote));
      ASSERT_TRUE(effect.ok());
      position = effect->after;
      realised += effect->profit.value();
      flows += quote;
      ASSERT_EQ(realised + position.quote.value(), flows);  // nothing is made or lost
      if (position.lots == Amount()) {
        ++flat;
        ASSERT_EQ(position.quote, Amount());
        ASSERT_EQ(realised, flows);
      }
    };
    for (int i = 0; i < 30; ++i) {
      // Values that are no multiples of the lots too.
      const auto lots = static_cast<Int128>(random.Between(1, 6));
      const auto value = static_cast<Int128>(random.Below(1'000));
      random.Chance(1, 2) ? fill(lots, -value) : fill(-lots, value);
    }
    if (position.lots != Amount()) fill(-position.lots.value(), 12'345);
    EXPECT_GT(flat, 0u);
  }
}

TEST(EffectOf, NeverChangesWhatTheOwnerHasWhateverTheNumbers) {
  Random random;
  std::size_t accepted = 0;
  std::size_t closed = 0;
  for (int i = 0; i < 100'000; ++i) {
    const PositionBalance before = Holding(random.Edge<Int128>(), random.Edge<Int128>());
    PositionChange change = Change(random.Edge<Int128>(), random.Edge<Int128>());
    if (random.Chance(1, 4)) change.lots = CheckedNegate(before.lots).value_or(change.lots);
    if (change.lots == Amount()) continue;
    const Result<PositionEffect> effect = EffectOf(before, change);
    if (!effect.ok()) {
      ASSERT_EQ(effect.reason(), Reason(BaseReason::kOverflow));
      continue;
    }
    ++accepted;
    // C + f = C' + r, modulo 2^128 where the sums do not fit.
    const auto wide = [](Amount amount) { return static_cast<UInt128>(amount.value()); };
    ASSERT_EQ(wide(before.quote) + wide(change.quote),
              wide(effect->after.quote) + wide(effect->profit));
    ASSERT_EQ(wide(before.lots) + wide(change.lots), wide(effect->after.lots));
    ASSERT_GE(effect->closed, Amount());
    if (effect->after.lots == Amount()) {
      ++closed;
      ASSERT_EQ(effect->after.quote, Amount());
    }
  }
  EXPECT_GT(accepted, 50'000u);
  EXPECT_GT(closed, 10'000u);
}

}  // namespace
}  // namespace settle::test
