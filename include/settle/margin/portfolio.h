// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The terms of margin by scenarios, after SPAN: what a portfolio charges, and what an instrument
// brings into it.
//
// The positions of an account that belong to one portfolio are judged together: they are worth what
// they come to in each of some scenarios, and the worst of these, dampened, is what has to be
// covered. What scenarios do not show is charged beside them: that months do not move alike, that
// a short option far out of the money is not free, that strikes do not cover each other.
//
//   const PortfolioTerms bitcoin{
//       .id = PortfolioId(1),
//       .covers = ...,                                          // 14 x 100 %, 2 x 35 %
//       .months = 6,
//       .inter_month_charge = Quanta(Int128{30'000'000}),       // per spread of one bitcoin
//       .short_option_minimum = Quanta(Int128{1'000}),          // per option sold
//       .net_short_charge = Quanta(Int128{500}),                // per option sold and not covered
//       .initial_factor = RatePpm(1'250'000)};                  // initial = 125 % of maintenance
//   const ScenarioTerms call{.portfolio = PortfolioId(1),
//                            .delta = RatePpm(4'200),            // a lot moves like 0.0042 bitcoin
//                            .month = MonthBucket(3),
//                            .strike = StrikeBucket(17),
//                            .is_option = true};

#ifndef SETTLE_MARGIN_PORTFOLIO_H_
#define SETTLE_MARGIN_PORTFOLIO_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// The most scenarios in which positions are valued. SPAN has 16.
inline constexpr std::size_t kMaxScenarios = 256;
// The most months of a portfolio.
inline constexpr std::size_t kMaxMonths = 64;

struct PortfolioIdTag : Identifier {};
// What is judged together: the futures and options of one underlying.
using PortfolioId = Strong<PortfolioIdTag, std::uint32_t>;
// Of an instrument that is judged by its own curve alone.
inline constexpr PortfolioId kNoPortfolio{0};

struct MonthBucketTag : Identifier {};
// Positions whose deltas offset each other without charge, those of one expiry: 0 to the
// portfolio's number of months less 1.
using MonthBucket = Strong<MonthBucketTag, std::uint32_t>;

struct StrikeBucketTag : Identifier {};
// Options that cover each other lot by lot. A venue that lets calls and puts of one strike and
// expiry cover each other gives them one bucket, another gives them two.
using StrikeBucket = Strong<StrikeBucketTag, std::uint32_t>;
// The bucket of what is charged for no strike.
inline constexpr StrikeBucket kNoStrike{0};

// What a portfolio charges. See settle/margin/scenario_margin.h for the formula.
struct PortfolioTerms {
  PortfolioId id{};
  // For each scenario the part of its loss that has to be covered, 0 to 100 %: SPAN's two extreme
  // moves count in part.
  Bounded<RatePpm, kMaxScenarios> covers{};
  // The number of its months, 1 to kMaxMonths.
  std::uint32_t months = 1;
  // For a spread of one unit of delta: long a unit in some month, short a unit in another.
  Quanta inter_month_charge{};
  // For each lot of option sold: the portfolio demands no less than these together.
  Quanta short_option_minimum{};
  // For each lot of option sold beyond what is held of its strike.
  Quanta net_short_charge{};
  // What has to be covered to open a position, as a multiple of what is to keep it: 100 % or above.
  RatePpm initial_factor{RatePpm::kScale};

  // Errors: kBadScenarioCount, kBadMonth, kBadCover, kBadCharge, kBadInitialFactor. O(scenarios).
  [[nodiscard]] Reason Validate() const {
    if (covers.empty()) return MarginReason::kBadScenarioCount;
    if (months < 1 || kMaxMonths < months) return MarginReason::kBadMonth;
    for (const RatePpm cover : covers) {
      if (cover < RatePpm(0) || RatePpm(RatePpm::kScale) < cover) return MarginReason::kBadCover;
    }
    for (const Quanta charge : {inter_month_charge, short_option_minimum, net_short_charge}) {
      if (charge < Quanta(0) || kMaxNotional < charge) return MarginReason::kBadCharge;
    }
    if (initial_factor < RatePpm(RatePpm::kScale)) return MarginReason::kBadInitialFactor;
    return {};
  }

  using Fields = Members<&PortfolioTerms::id, &PortfolioTerms::covers, &PortfolioTerms::months,
                         &PortfolioTerms::inter_month_charge, &PortfolioTerms::short_option_minimum,
                         &PortfolioTerms::net_short_charge, &PortfolioTerms::initial_factor>;
};

// What an instrument brings into its portfolio.
struct ScenarioTerms {
  PortfolioId portfolio{};
  // By how many units of the underlying one long lot moves, in millionths of a unit; below zero for
  // a put. As constant as terms are: SPAN's composite delta, not the delta of the moment.
  RatePpm delta{};
  MonthBucket month{};
  StrikeBucket strike{};
  bool is_option = false;

  // Errors: kBadMonth, kBadScenarioTerms.
  [[nodiscard]] constexpr Reason Validate() const {
    if (kMaxMonths <= month.value()) return MarginReason::kBadMonth;
    const bool is_sound = is_option || strike == kNoStrike;
    return is_sound ? Reason() : MarginReason::kBadScenarioTerms;
  }

  using Fields = Members<&ScenarioTerms::portfolio, &ScenarioTerms::delta, &ScenarioTerms::month,
                         &ScenarioTerms::strike, &ScenarioTerms::is_option>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_PORTFOLIO_H_
