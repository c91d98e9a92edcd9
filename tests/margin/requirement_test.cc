// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/requirement.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/margin/types.h"
#include "tests/margin/books.h"
#include "tests/support/big_integer.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;
using test::FlatCurve;

// Planted: rounds each requirement down to whole quanta.
struct TruncatingPpm {
  static constexpr bool kIsExact = false;
  static constexpr Rounding kRateRounding = Rounding::kDown;
  static std::optional<Requirement> Round(const Requirement& exact, const RequirementCurve&,
                                          Quanta) {
    const auto down = [](MicroQuanta micro) {
      return MicroQuanta(micro.value() - micro.value() % kMicroPerQuantum);
    };
    return Requirement{down(exact.initial), down(exact.maintenance)};
  }
};
static_assert(RequirementPolicy<TruncatingPpm>);

template <RequirementPolicy Policy>
Requirement Charge(Int128 notional, const RequirementCurve& curve) {
  const auto exact = curve.Of({.notional = Quanta(notional), .lots = Lots(1)});
  return *Policy::Round(*exact, curve, Quanta(notional));
}

// How often of 20,000 times a position is charged less in pieces than whole (M17), at a flat rate.
template <RequirementPolicy Policy>
int CountCheaperInPieces() {
  test::Random random;
  int cheaper = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto initial = static_cast<std::int64_t>(1 + random.Below(1'000'000));
    const RequirementCurve curve = FlatCurve(
        initial, static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(initial + 1))));
    const auto pieces = static_cast<Int128>(1 + random.Below(7));
    const auto notional = static_cast<Int128>(random.Edge<std::uint64_t>());
    Int128 opened = 0;
    Int128 kept = 0;
    Int128 left = notional;
    for (Int128 piece = pieces; piece > 0; --piece) {
      const Int128 part =
          piece == 1 ? left : static_cast<Int128>(random.Any<std::uint64_t>()) % (left + 1);
      const Requirement charge = Charge<Policy>(part, curve);
      opened += charge.initial.value();
      kept += charge.maintenance.value();
      left -= part;
    }
    const Requirement whole = Charge<Policy>(notional, curve);
    if (opened < whole.initial.value() || kept < whole.maintenance.value()) ++cheaper;
  }
  return cheaper;
}

TEST(RequirementPolicies, NeverChargeLessInPiecesThanWhole) {
  EXPECT_EQ(CountCheaperInPieces<ExactPpm>(), 0);
  EXPECT_EQ(CountCheaperInPieces<CeilPerLeg>(), 0);
  EXPECT_GT(CountCheaperInPieces<TruncatingPpm>(), 1'000);
}

TEST(ExactPpm, IsTheProduct) {
  test::Random random;
  for (int round = 0; round < 20'000; ++round) {
    const auto notional = static_cast<Int128>(random.Edge<UInt128>() >> 32);
    const auto rate = static_cast<std::int64_t>(random.Below(1'000'001));
    const Requirement charge = Charge<ExactPpm>(notional, FlatCurve(rate, rate));
    ASSERT_EQ(BigInteger(charge.initial.value()), BigInteger(notional) * BigInteger(rate));
    ASSERT_EQ(charge.initial, charge.maintenance);
  }
}

// dYdX: ceil(ceil(7 * 30 %) * 50 %) = ceil(3 * 0.5) = 2, where one rounding would give 2 too, and
// ceil(ceil(7 * 10 %) * 10 %) = 1 where the product is 0.07.
TEST(CeilPerLeg, RoundsInitialUpAndMaintenanceOfItUpAgain) {
  EXPECT_EQ(Charge<CeilPerLeg>(7, FlatCurve(300'000, 150'000)),
            (Requirement{MicroQuanta(Int128{3'000'000}), MicroQuanta(Int128{2'000'000})}));
  EXPECT_EQ(Charge<CeilPerLeg>(7, FlatCurve(100'000, 10'000)),
            (Requirement{MicroQuanta(Int128{1'000'000}), MicroQuanta(Int128{1'000'000})}));
  // 21 * 10 % = 2.1, up to 3; half of that 1.5, up to 2, and not ceil(1.05) = 2: of 41 it differs.
  EXPECT_EQ(Charge<CeilPerLeg>(41, FlatCurve(100'000, 50'000)),
            (Requirement{MicroQuanta(Int128{5'000'000}), MicroQuanta(Int128{3'000'000})}));
  EXPECT_EQ(Charge<CeilPerLeg>(41, FlatCurve(0, 0)), Requirement());
}

TEST(CeilPerLeg, IsNeverBelowTheExactDemand) {
  test::Random random;
  for (int round = 0; round < 20'000; ++round) {
    const auto initial = static_cast<std::int64_t>(random.Below(1'000'001));
    const RequirementCurve curve = FlatCurve(
        initial, static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(initial + 1))));
    const auto notional = static_cast<Int128>(random.Edge<UInt128>() >> 32);
    const Requirement exact = Charge<ExactPpm>(notional, curve);
    const Requirement charge = Charge<CeilPerLeg>(notional, curve);
    ASSERT_GE(charge.initial, exact.initial);
    ASSERT_GE(charge.maintenance, exact.maintenance);
    ASSERT_LE(charge.maintenance, charge.initial);
    ASSERT_LT(charge.initial.value() - exact.initial.value(), kMicroPerQuantum);
    ASSERT_LT(charge.maintenance.value() - exact.maintenance.value(), 2 * kMicroPerQuantum);
    ASSERT_EQ(charge.initial.value() % kMicroPerQuantum, 0);
    ASSERT_EQ(charge.maintenance.value() % kMicroPerQuantum, 0);
  }
}

}  // namespace
}  // namespace settle
