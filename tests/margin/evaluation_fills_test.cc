// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// No sequence of fills, however small, makes the traders richer together (CASES M19): of linear and
// of inverse contracts, without fees and with fees of a quantum or more.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::Inverse;
using test::Perpetual;
using test::Position;
using test::Random;

Instrument WithMultiplier(std::int64_t multiplier) {
  Instrument contract = Inverse(1);
  contract.multiplier = multiplier;
  return contract;
}

// The floor of a / b for b > 0.
Int128 Floor(Int128 a, Int128 b) { return *Divide(a, b, Rounding::kDown); }

// A trader of one instrument, whose trades are booked as realised profit demands: see Trade.
struct Trader {
  Int128 sign = 1;  // of what a purchase costs: -1 where the contract is inverse
  Int128 cash = 0;
  Int128 cost = 0;
  Int128 lots = 0;

  // Buys (or sells) |change| lots for `value` quanta; what is closed realises its profit.
  void Trade(Int128 change, Int128 value) {
    const Int128 bought = change > 0 ? 1 : -1;
    const Int128 size = change * bought;
    const Int128 held = lots < 0 ? -lots : lots;
    const bool reduces = lots != 0 && (lots > 0) != (change > 0);
    const Int128 closed = reduces ? (held < size ? held : size) : 0;
    Int128 realised = 0;
    if (closed > 0) {
      const Int128 entry = closed == held ? cost : Floor(cost * closed, held);
      realised = -sign * bought * Floor(value * closed, size) + entry;
    }
    lots += change;
    cost += -sign * bought * value - realised;
    cash += realised;
  }

  Balances Account() const { return {Cash(cash), Cost(1, cost), Position(1, lots)}; }
};

struct Market {
  Instrument instrument;
  Int128 fee = 0;           // for each side of a fill, at least; to nobody who is counted
  std::int64_t prices = 0;  // 1 to so many
};

class Fills : public ::testing::TestWithParam<Market> {
 protected:
  static constexpr Int128 kDeposit = 1'000;

  Fills() : book_({GetParam().instrument}) {
    const bool is_inverse = GetParam().instrument.kind == InstrumentKind::kInverse;
    for (Trader& trader : traders_) trader = {.sign = is_inverse ? -1 : 1, .cash = kDeposit};
  }

  // What so many lots are worth at the price of a fill: for both sides the same, however rounded.
  Int128 ValueAt(Int128 lots, Int128 price) {
    const Int128 multiplier = GetParam().instrument.multiplier;
    if (traders_[0].sign > 0) return lots * price * multiplier;
    return *Divide(lots * multiplier, price,
                   random_.Chance(1, 2) ? Rounding::kUp : Rounding::kDown);
  }

  // 1 to 9 lots, or quanta, of two traders.
  void Fill() {
    auto buyer = static_cast<std::size_t>(random_.Below(traders_.size()));
    auto seller = (buyer + 1 + static_cast<std::size_t>(random_.Below(traders_.size() - 1))) %
                  traders_.size();
    // Who holds more sells: positions stay small, are closed and turn.
    if (traders_[buyer].lots > traders_[seller].lots) std::swap(buyer, seller);
    const auto size = static_cast<Int128>(1 + random_.Below(9));
    const auto price =
        static_cast<Int128>(1 + random_.Below(static_cast<std::uint64_t>(GetParam().prices)));
    const Int128 value = ValueAt(size, price);
    traders_[buyer].Trade(size, value);
    traders_[seller].Trade(-size, value);
    for (const std::size_t side : {buyer, seller}) {
      const Int128 fee = GetParam().fee == 0 ? 0 : GetParam().fee + value / 1'000;
      traders_[side].cash -= fee;
      fees_ += fee;
    }
  }

  Int128 SumOfEquity() {
    Int128 total = 0;
    for (const Trader& trader : traders_) {
      total += book_.Evaluate(trader.Account())->equity.value();
    }
    return total;
  }

  Random random_;
  Book book_;
  std::array<Trader, 5> traders_;
  Int128 fees_ = 0;
};

TEST_P(Fills, NeverRaiseTheSumOfEquity) {
  const Int128 deposits = kDeposit * static_cast<Int128>(traders_.size());
  const bool is_exact = traders_[0].sign > 0;
  std::uint64_t closed_flat = 0;
  for (int fill = 0; fill < 100'000; ++fill) {
    Fill();
    book_.SetPrice(1, static_cast<std::int64_t>(
                          1 + random_.Below(static_cast<std::uint64_t>(GetParam().prices))));
    const Int128 total = SumOfEquity() + fees_;
    ASSERT_LE(total, deposits) << "fill " << fill;
    // Each inverse position is worth less than a quantum less than it is.
    ASSERT_GT(total, deposits - (is_exact ? 1 : static_cast<Int128>(traders_.size())));
    for (const Trader& trader : traders_) {
      if (trader.lots != 0) continue;
      ASSERT_EQ(trader.cost, 0) << "a closed position leaves nothing behind";
      ++closed_flat;
    }
  }
  EXPECT_GT(closed_flat, 1'000u);
  EXPECT_GE(fees_, 200'000 * GetParam().fee);
}

INSTANTIATE_TEST_SUITE_P(
    OfEveryKind, Fills,
    ::testing::Values(Market{.instrument = Perpetual(1), .prices = 9},
                      Market{.instrument = Perpetual(1), .fee = 1, .prices = 9},
                      Market{.instrument = test::Option(1), .fee = 1, .prices = 9},
                      Market{.instrument = WithMultiplier(7), .prices = 19},
                      Market{.instrument = WithMultiplier(1'000), .fee = 1, .prices = 999}));

}  // namespace
}  // namespace settle
