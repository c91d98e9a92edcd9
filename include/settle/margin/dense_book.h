// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Many accounts at one set of prices: after a price move, the risk of all of them.
//
// A dense book is a table of lots, a row for each account and a column for each instrument, that a
// host keeps beside the ledger. Repricing goes through it once, in the order of memory. Where an
// instrument is linear, has at most two tiers and one price, a position is three multiplications
// without a branch: of 64 bits while an account's notionals are small enough for that, else of 128.
// Others are judged as everywhere else. In every case the bits are those of Evaluate.
//
//   DenseBook book(accounts, columns);
//   book.SetLots(account, column, lots);
//   book.SetMoney(account, cash_and_quote_balances);
//   Reason reason = book.Reprice(valuation, risks);   // one Risk for each account
//
// Derived, never stored, and no part of any value.

#ifndef SETTLE_MARGIN_DENSE_BOOK_H_
#define SETTLE_MARGIN_DENSE_BOOK_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/margin/detail/position_risk.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN

class DenseBook {
 public:
  // Accounts without positions in these instruments, each named once. 8 bytes for each account and
  // instrument and 16 for each account.
  DenseBook(std::size_t accounts, std::span<const InstrumentIndex> instruments)
      : instruments_(instruments.begin(), instruments.end()),
        most_lots_(instruments.size()),
        lots_(accounts * instruments.size()),
        money_(accounts) {
    factors_.reserve(instruments.size());
  }

  // `account` and `column` are below the numbers that the book was made for.
  void SetLots(std::size_t account, std::size_t column, Lots lots) {
    lots_[account * instruments_.size() + column] = lots.value();
    most_lots_[column] = (std::max)(most_lots_[column], Magnitude(lots.value()));
  }
  // Cash in the quote asset and the quote balances of all positions, together.
  void SetMoney(std::size_t account, Quanta money) { money_[account] = money; }

  [[nodiscard]] std::size_t accounts() const { return money_.size(); }

  // The risk of every account, by account. Exact (ExactPpm), without what is pending. Errors, after
  // which `risks` is meaningless: kBadParameters where profit is capped, which needs quote balances
  // one by one, or a rate rises with open interest; kInPortfolio for an instrument of a portfolio;
  // kUnknownInstrument, kPositionTooLarge, kMissingPrice, kPriceOutOfRange, kMarginOverflow. O(1)
  // for each account and instrument, no allocation.
  [[nodiscard]] Reason Reprice(const Valuation& valuation, std::span<Risk> risks);

 private:
  // What a notional is multiplied with, and what that demands too much, in millionths.
  struct Tier {
    std::uint64_t initial = 0;
    std::uint64_t maintenance = 0;
    std::uint64_t initial_less = 0;
    std::uint64_t maintenance_less = 0;
  };
  // Of a column: all zero where it is judged position by position.
  struct Factors {
    std::int64_t value = 0;                     // of a lot
    std::uint64_t floor = kMax<std::uint64_t>;  // of the second tier, in quanta
    Tier tiers[2];
  };
  // What the columns with factors come to.
  struct Sums {
    std::int64_t value = 0;
    UInt128 initial = 0;
    UInt128 maintenance = 0;
  };

  [[nodiscard]] Reason CheckColumn(const Valuation& valuation, InstrumentIndex index) const;
  [[nodiscard]] std::optional<Factors> FactorsOf(const Valuation& valuation,
                                                 std::size_t column) const;
  template <CheckedInteger Word>
  [[nodiscard]] static std::uint64_t AddColumns(std::span<const Factors> factors,
                                                const std::int64_t* lots, Sums& sums);
  [[nodiscard]] Sums SumOf(const std::int64_t* lots) const;
  [[nodiscard]] std::uint64_t NarrowBelow() const;
  [[nodiscard]] static bool IsSmall(Int128 money) {
    return -(Int128{1} << 100) < money && money < Int128{1} << 100;
  }
  [[nodiscard]] Reason JudgeSlowly(const Valuation& valuation, std::size_t account,
                                   const Sums& sums, Risk& out) const;
  [[nodiscard]] Reason AddOneByOne(const Valuation& valuation, const std::int64_t* lots,
                                   RiskSum& sum) const;

  std::vector<InstrumentIndex> instruments_;
  std::vector<std::uint64_t> most_lots_;  // of each column, so far
  std::vector<std::int64_t> lots_;        // by account, then by column
  std::vector<Quanta> money_;

  // Scratch of Reprice.
  std::vector<Factors> factors_;
  // Notionals below this, a power of two, add up in 64 bits at all rates.
  std::uint64_t narrow_below_ = 0;
  std::vector<std::size_t> one_by_one_;  // the columns without factors
};

inline Reason DenseBook::CheckColumn(const Valuation& valuation, InstrumentIndex index) const {
  if (index.value() >= valuation.size()) return MarginReason::kUnknownInstrument;
  if (valuation.IsInPortfolio(index)) return MarginReason::kInPortfolio;
  const bool is_scaled = valuation.instruments()[index].curve.open_interest.upper != Quanta(0);
  return is_scaled ? Reason(MarginReason::kBadParameters) : Reason();
}

inline std::optional<DenseBook::Factors> DenseBook::FactorsOf(const Valuation& valuation,
                                                              std::size_t column) const {
  const Instrument& instrument = valuation.instruments()[instruments_[column]];
  const RequirementCurve& curve = instrument.curve;
  const PricePair prices = valuation.PricesOf(instruments_[column]);
  const bool is_simple =
      instrument.kind != InstrumentKind::kInverse && instrument.kind != InstrumentKind::kSpot &&
      instrument.Allows(prices.mark) && prices.mark == prices.slow && curve.tiers.size() <= 1 &&
      curve.premium.scale == Lots(0) && curve.initial_per_lot == Quanta(0);
  const std::uint64_t most = most_lots_[column];
  if (!is_simple || static_cast<std::uint64_t>(instrument.max_lots.value()) < most) {
    return std::nullopt;
  }
  Factors factors;
  factors.value = prices.mark.value() * instrument.multiplier;
  // All columns together stay within 64 bits, their notionals and what the tiers take back.
  const auto room = static_cast<UInt128>(kMax<std::int64_t>) / instruments_.size();
  if (UInt128{Magnitude(factors.value)} * most > room) return std::nullopt;
  const auto rate = [](RatePpm of) { return static_cast<std::uint64_t>(of.parts()); };
  factors.tiers[0] = {.initial = rate(curve.initial), .maintenance = rate(curve.maintenance)};
  factors.tiers[1] = factors.tiers[0];
  if (curve.tiers.empty()) return factors;
  const auto floor = static_cast<UInt128>(curve.tiers[0].floor.value());
  if (floor > room) return factors;  // no position reaches it
  factors.floor = static_cast<std::uint64_t>(floor);
  Tier& second = factors.tiers[1];
  second.initial = rate(curve.tiers[0].initial);
  second.maintenance = rate(curve.tiers[0].maintenance);
  const UInt128 initial_less = floor * (second.initial - factors.tiers[0].initial);
  const UInt128 maintenance_less = floor * (second.maintenance - factors.tiers[0].maintenance);
  if (initial_less > room || maintenance_less > room) return std::nullopt;
  second.initial_less = static_cast<std::uint64_t>(initial_less);
  second.maintenance_less = static_cast<std::uint64_t>(maintenance_less);
  return factors;
}

// Adds up in a Word of 64 or 128 bits, of which sums may wrap on the way but not at the end.
// Answers the bits that are set in any notional.
template <CheckedInteger Word>
std::uint64_t DenseBook::AddColumns(std::span<const Factors> factors, const std::int64_t* lots,
                                    Sums& sums) {
  std::int64_t value = 0;
  std::uint64_t notionals = 0;
  Word initial = 0;
  Word maintenance = 0;
  for (const Factors& of : factors) {
    const std::int64_t worth = *lots++ * of.value;
    // Signs and tiers of positions are as random as accounts: no branch is taken on either.
    const auto sign = static_cast<std::uint64_t>(worth >> 63);
    const std::uint64_t notional = (static_cast<std::uint64_t>(worth) ^ sign) - sign;
    const Tier& tier = of.tiers[static_cast<std::size_t>(of.floor < notional)];
    value += worth;
    notionals |= notional;
    initial += Word{notional} * tier.initial - tier.initial_less;
    maintenance += Word{notional} * tier.maintenance - tier.maintenance_less;
  }
  sums = {.value = value, .initial = initial, .maintenance = maintenance};
  return notionals;
}

inline DenseBook::Sums DenseBook::SumOf(const std::int64_t* lots) const {
  Sums sums;
  if (AddColumns<std::uint64_t>(factors_, lots, sums) >= narrow_below_) {
    (void)AddColumns<UInt128>(factors_, lots, sums);
  }
  return sums;
}

// The largest power of two so that notionals below it, in all columns at the highest rate, demand
// less than 2^64.
inline std::uint64_t DenseBook::NarrowBelow() const {
  std::uint64_t highest = 1;
  for (const Factors& of : factors_) highest = (std::max)(highest, of.tiers[1].initial);
  const std::uint64_t most = kMax<std::uint64_t> / highest / (factors_.size() + 1);
  return std::bit_floor(most);
}

inline Reason DenseBook::AddOneByOne(const Valuation& valuation, const std::int64_t* lots,
                                     RiskSum& sum) const {
  for (const std::size_t column : one_by_one_) {
    if (lots[column] == 0) continue;
    const MarginPosition position{.instrument = instruments_[column], .lots = Lots(lots[column])};
    Reason reason = detail::AddPosition<ExactPpm>(valuation, position, sum);
    if (!reason.ok()) return reason;
  }
  return {};
}

// The same with every sum checked, and with the columns that are judged one by one.
inline Reason DenseBook::JudgeSlowly(const Valuation& valuation, std::size_t account,
                                     const Sums& sums, Risk& out) const {
  RiskSum sum{.equity = Quanta(sums.value),
              .initial = MicroQuanta(static_cast<Int128>(sums.initial)),
              .maintenance = MicroQuanta(static_cast<Int128>(sums.maintenance))};
  if (!AddTo(sum.equity, money_[account])) return MarginReason::kMarginOverflow;
  const std::int64_t* lots = lots_.data() + account * instruments_.size();
  if (Reason reason = AddOneByOne(valuation, lots, sum); !reason.ok()) return reason;
  const Result<Risk> risk = Finish(sum);
  if (!risk.ok()) return risk.reason();
  out = *risk;
  return {};
}

inline Reason DenseBook::Reprice(const Valuation& valuation, std::span<Risk> risks) {
  if (valuation.parameters().CapsProfit()) return MarginReason::kBadParameters;
  factors_.clear();
  one_by_one_.clear();
  for (std::size_t column = 0; column < instruments_.size(); ++column) {
    if (Reason reason = CheckColumn(valuation, instruments_[column]); !reason.ok()) return reason;
    const std::optional<Factors> factors = FactorsOf(valuation, column);
    factors_.push_back(factors.value_or(Factors()));
    if (!factors) one_by_one_.push_back(column);
  }
  narrow_below_ = NarrowBelow();
  const std::int64_t* lots = lots_.data();
  for (std::size_t account = 0; account < money_.size(); ++account) {
    const Sums sums = SumOf(lots);
    const Int128 money = money_[account].value();
    if (one_by_one_.empty() && IsSmall(money)) [[likely]] {
      // Nothing here comes near 128 bits.
      const Int128 equity = money + sums.value;
      const auto initial = static_cast<Int128>(sums.initial);
      risks[account] = {.equity = Quanta(equity),
                        .maintenance = MicroQuanta(static_cast<Int128>(sums.maintenance)),
                        .initial_headroom = MicroQuanta(equity * kMicroPerQuantum - initial)};
    } else if (Reason reason = JudgeSlowly(valuation, account, sums, risks[account]);
               !reason.ok()) {
      return reason;
    }
    lots += instruments_.size();
  }
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_DENSE_BOOK_H_
