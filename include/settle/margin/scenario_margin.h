// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The margin of a portfolio by scenarios, after SPAN.
//
//   scanning     = max(0, the largest of  -(sum of lots * profit in scenario s) * cover of s)
//   inter-month  = charge * min(sum of the positive, sum of the negative net deltas of the months)
//   net short    = charge * sum over strikes of max(0, options sold - options held)
//   minimum      = charge * options sold, those that are covered included
//   maintenance  = max(scanning + inter-month + net short, minimum)
//   initial      = maintenance * initial factor, rounded up to a millionth of a quantum
//
// Sources: CME SPAN as in McMillan, Options as a Strategic Investment, pp. 668-670: scanning risk
// over 16 scenarios of which two extreme moves are covered in part, the charge for spreads between
// months, and the short option minimum, of which the larger counts. The charge for net short
// options of a strike is that of Deribit's portfolio margin. There is neither a delivery charge nor
// a credit between portfolios: both would be further terms beside the inter-month charge.
//
// What is rounded: profits in the risk arrays, against each side (settle/margin/risk_arrays.h), and
// `initial`, up. A quantum times parts per million is whole millionths of a quantum, as is a
// millionth of a unit of delta times quanta: everything else is exact. So a ScenarioSum adds up in
// any order, and what is taken out leaves the same bits as if it had never been there. An account
// whose position is counted in pieces demands no less than one where it is counted whole: pieces of
// one side come to the same, and pieces of both sides are rounded more and sell more options.
//
//   ScenarioSum<> sum(portfolio);
//   Reason reason = sum.AddPosition({.row = *arrays.Find(contract), .terms = &terms, .lots =
//   lots}); Result<PortfolioRisk> risk = sum.Finish(portfolio);

#ifndef SETTLE_MARGIN_SCENARIO_MARGIN_H_
#define SETTLE_MARGIN_SCENARIO_MARGIN_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/margin/detail/net_list.h"
#include "settle/margin/fwd.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/reason.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// The most that the positions of a sum may gain or lose together, each in its worst scenario: its
// millionths are 128 bits.
inline constexpr Quanta kMaxGrossProfit{kMax<Int128> / kMicroPerQuantum};

// The greatest requirement of a portfolio: that of a position of the greatest notional, at 100 %.
inline constexpr MicroQuanta kMaxPortfolioRequirement{kMaxNotional.value() * kMicroPerQuantum};

// What a portfolio demands. 0 <= maintenance <= initial <= kMaxPortfolioRequirement.
struct PortfolioRisk {
  MicroQuanta maintenance;
  MicroQuanta initial;
  using Fields = Members<&PortfolioRisk::maintenance, &PortfolioRisk::initial>;
};

// A position in a contract of the portfolio. The row and the terms outlive it.
struct ScenarioPosition {
  RiskRow row;
  const ScenarioTerms* terms = nullptr;
  Lots lots;
};

// One position in all scenarios: adds lots * row[s] to columns[s], for a Word of 64 bits or Int128.
// The caller knows that the product and the sum fit a Word.
//
// In 64 bits compilers make vectors of it, g++ 12 at -O3 and clang++ 16 at -O2: of four columns a
// vpmullq with x86-64-v4, and three vpmuludq of halves with x86-64-v3, which has no vpmullq. Of
// Int128 no machine has vectors.
template <CheckedInteger Word>
void AddScenarioRow(std::int64_t lots, std::span<const std::int64_t> row, std::span<Word> columns) {
  const Word times = lots;
  for (std::size_t s = 0; s < columns.size(); ++s) columns[s] += times * row[s];
}

// One account in all scenarios: the same for each of `lots` and its row, which has a number for
// each column. The caller knows that the magnitudes of all these products and of the column add up
// within a Word.
//
// The columns go four at a time through registers, and each is read and written once. That is worth
// more than vectors: 64 positions in 16 scenarios took 1.3 times as long row by row with vpmullq,
// and 1.9 times without vectors.
template <CheckedInteger Word>
void AddScenarioColumns(std::span<const std::int64_t> lots,
                        std::span<const std::int64_t* const> rows, std::span<Word> columns) {
  std::size_t s = 0;
  // Four variables and not an array, which g++ 12 keeps in memory at -O2.
  for (; s + 4 <= columns.size(); s += 4) {
    Word a = 0;
    Word b = 0;
    Word c = 0;
    Word d = 0;
    for (std::size_t i = 0; i < lots.size(); ++i) {
      const Word times = lots[i];
      const std::int64_t* const row = rows[i] + s;
      a += times * row[0];
      b += times * row[1];
      c += times * row[2];
      d += times * row[3];
    }
    columns[s] += a;
    columns[s + 1] += b;
    columns[s + 2] += c;
    columns[s + 3] += d;
  }
  for (; s < columns.size(); ++s) {
    for (std::size_t i = 0; i < lots.size(); ++i) columns[s] += Word{lots[i]} * rows[i][s];
  }
}

// The largest of the losses, each as far as it has to be covered, or zero: scanning risk. A column
// below zero is a loss, and within kMaxGrossProfit of zero; there is a cover, 0 to 100 %, for each.
template <CheckedInteger Word>
[[nodiscard]] MicroQuanta WorstLoss(std::span<const Word> columns,
                                    std::span<const RatePpm> covers) {
  const auto covered = [&](std::size_t s) { return Int128{columns[s]} * covers[s].parts(); };
  // Two minima, so that one comparison need not wait for the other.
  Int128 even = 0;
  Int128 odd = 0;
  std::size_t s = 0;
  for (; s + 2 <= columns.size(); s += 2) {
    even = (std::min)(even, covered(s));
    odd = (std::min)(odd, covered(s + 1));
  }
  if (s < columns.size()) even = (std::min)(even, covered(s));
  return MicroQuanta(-(std::min)(even, odd));
}

// The positions of one account in one portfolio, added up. It sets and reads only as much of its
// room as is used, and allocates nothing. The template arguments are the most scenarios, months and
// strikes that it has room for.
template <std::size_t kScenarios, std::size_t kMonths, std::size_t kStrikes>
class ScenarioSum {
  static_assert(1 <= kScenarios && kScenarios <= kMaxScenarios, "scenarios are 1 to kMaxScenarios");
  static_assert(1 <= kMonths && kMonths <= kMaxMonths, "months are 1 to kMaxMonths");
  static_assert(1 <= kStrikes, "there is room for a strike");

 public:
  // No positions yet, for a portfolio of these terms. Of terms that are not valid, or for which
  // there is no room, it makes a sum that takes no position and that Finish refuses.
  explicit ScenarioSum(const PortfolioTerms& terms) {
    if (kScenarios < terms.covers.size() || kMonths < terms.months) return;
    scenarios_ = terms.covers.size();
    months_ = terms.months;
    std::fill_n(narrow_.begin(), scenarios_, std::int64_t{0});
    std::fill_n(deltas_.begin(), months_, Int128{0});
  }
  ScenarioSum(const ScenarioSum& other) { *this = other; }
  ScenarioSum& operator=(const ScenarioSum& other) {
    scenarios_ = other.scenarios_;
    gross_lots_ = other.gross_lots_;
    gross_profit_ = other.gross_profit_;
    options_sold_ = other.options_sold_;
    months_ = other.months_;
    strikes_ = other.strikes_;
    std::copy_n(other.deltas_.begin(), months_, deltas_.begin());
    if (IsNarrow()) {
      std::copy_n(other.narrow_.begin(), scenarios_, narrow_.begin());
    } else {
      std::copy_n(other.wide_.begin(), scenarios_, wide_.begin());
    }
    return *this;
  }

  [[nodiscard]] std::size_t scenarios() const { return scenarios_; }
  // What the positions come to in a scenario below scenarios(): below zero a loss, before it is
  // dampened.
  [[nodiscard]] Int128 column(std::size_t scenario) const {
    return IsNarrow() ? narrow_[scenario] : wide_[scenario];
  }
  // The net delta of each month, in millionths of a unit.
  [[nodiscard]] std::span<const Int128> deltas() const { return {deltas_.data(), months_}; }

  // Adds a position. Errors, with nothing changed: kMarginOverflow when all lots together are
  // beyond 64 bits or all profits beyond kMaxGrossProfit, kBadMonth, kWrongScenarioCount,
  // kTooManyStrikes. The terms are valid. O(scenarios).
  [[nodiscard]] Reason AddPosition(const ScenarioPosition& position) {
    return AddPositions({&position, 1});
  }

  // Adds positions: all of them or, with one of the errors of AddPosition, none. Which error does
  // not depend on their order. Four scenarios at a time over all positions, so that a whole account
  // takes two thirds of the time of one position after the other.
  [[nodiscard]] Reason AddPositions(std::span<const ScenarioPosition> positions);

  // Takes out a position that was added, with the same terms and row. Errors, with nothing changed:
  // kBadMonth, kWrongScenarioCount, kNotInSum for many that cannot have been added. Whatever is
  // taken out, the sum stays one that Finish can judge. O(scenarios).
  [[nodiscard]] Reason SubtractPosition(const ScenarioPosition& position);

  // What the portfolio of these terms, which are valid, demands for the positions. Errors:
  // kMarginOverflow above kMaxPortfolioRequirement, kWrongScenarioCount. O(scenarios + months +
  // strikes).
  [[nodiscard]] Result<PortfolioRisk> Finish(const PortfolioTerms& terms) const;

  // True when nothing that is ever asked of the two could tell them apart.
  friend bool operator==(const ScenarioSum& a, const ScenarioSum& b) {
    return a.gross_lots_ == b.gross_lots_ && a.gross_profit_ == b.gross_profit_ &&
           a.options_sold_ == b.options_sold_ && std::ranges::equal(a.deltas(), b.deltas()) &&
           std::ranges::equal(a.strikes_.entries(), b.strikes_.entries()) &&
           (a.IsNarrow() ? std::ranges::equal(a.Narrow(), b.Narrow())
                         : std::ranges::equal(a.Wide(), b.Wide()));
  }

 private:
  // The magnitudes of all lots, and of all lots times the largest profit of their row: never less
  // than a column, in whatever order it was added up.
  struct Gross {
    std::uint64_t lots = 0;
    UInt128 profit = 0;
  };

  [[nodiscard]] static Gross GrossOf(const ScenarioPosition& position) {
    const std::uint64_t lots = Magnitude(position.lots.value());
    return {.lots = lots, .profit = UInt128{lots} * position.row.largest};
  }
  // Whether columns are held in 64 bits: wherever all that was added cannot leave them.
  [[nodiscard]] static bool IsNarrow(UInt128 gross_profit) {
    return gross_profit <= static_cast<std::uint64_t>(kMax<std::int64_t>);
  }
  [[nodiscard]] bool IsNarrow() const { return IsNarrow(gross_profit_); }
  [[nodiscard]] std::span<const std::int64_t> Narrow() const {
    return {narrow_.data(), scenarios_};
  }
  [[nodiscard]] std::span<const Int128> Wide() const { return {wide_.data(), scenarios_}; }
  // Makes the columns those of another gross profit, which bounds them too.
  void SetGrossProfit(UInt128 gross_profit);
  [[nodiscard]] static Int128 DeltaOf(const ScenarioPosition& position) {
    return Int128{position.lots.value()} * position.terms->delta.parts();
  }
  [[nodiscard]] static bool HasStrike(const ScenarioPosition& position) {
    return position.terms->strike != kNoStrike && position.lots != Lots(0);
  }
  [[nodiscard]] static std::uint64_t OptionsSold(const ScenarioPosition& position) {
    const bool is_sold = position.terms->is_option && position.lots < Lots(0);
    return is_sold ? Magnitude(position.lots.value()) : 0;
  }
  // Adds so many lots in place of those of the position, of whose side they are counted.
  void AddToColumns(std::int64_t lots, const ScenarioPosition& position);
  void AddToColumns(std::span<const ScenarioPosition> positions);

  std::size_t scenarios_ = 0;
  std::size_t months_ = 0;
  std::uint64_t gross_lots_ = 0;  // below 2^63
  UInt128 gross_profit_ = 0;      // at most kMaxGrossProfit
  std::uint64_t options_sold_ = 0;
  detail::NetList<kStrikes> strikes_;
  // Beyond scenarios_ and months_ nothing is set or read.
  std::array<Int128, kMonths> deltas_;
  // The columns are in one of the two. Each is at most gross_profit_ from zero.
  std::array<std::int64_t, kScenarios> narrow_;
  std::array<Int128, kScenarios> wide_;
};

SETTLE_NAMESPACE_END

#include "settle/margin/detail/scenario_sum_impl.h"  // IWYU pragma: export

#endif  // SETTLE_MARGIN_SCENARIO_MARGIN_H_
