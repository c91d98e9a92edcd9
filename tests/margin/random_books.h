// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Random instruments with prices, positions in them and trades at prices near the mark.

#ifndef SETTLE_TESTS_MARGIN_RANDOM_BOOKS_H_
#define SETTLE_TESTS_MARGIN_RANDOM_BOOKS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "settle/base/fixed.h"
#include "settle/margin/instrument.h"
#include "settle/margin/pending.h"
#include "settle/margin/types.h"
#include "tests/margin/books.h"
#include "tests/support/random.h"

namespace settle::test {

inline std::int64_t Between(Random& random, std::int64_t least, std::int64_t most) {
  return least +
         static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(most - least) + 1));
}

// Contract number `n`: at a flat rate, or with whatever else a curve may have.
inline Instrument RandomInstrument(Random& random, std::uint32_t n, bool flat) {
  Instrument instrument = Perpetual(n);
  instrument.multiplier = Between(random, 1, 20);
  const std::int64_t initial = Between(random, 1, 300'000);
  instrument.curve = FlatCurve(initial, Between(random, 0, initial));
  instrument.max_price = PriceTicks(100'000);
  instrument.max_lots = Lots(1'000'000'000);
  if (flat) return instrument;
  if (random.Chance(1, 4)) {
    instrument.kind = InstrumentKind::kInverse;
    instrument.min_price = PriceTicks(1);
    instrument.multiplier *= 1'000;
  }
  if (random.Chance(1, 2)) {
    EXPECT_TRUE(instrument.curve.tiers.Add(
        {Quanta(Int128{Between(random, 1, 50'000)}), RatePpm(400'000), RatePpm(350'000)}));
  }
  if (random.Chance(1, 3)) {
    instrument.curve.premium = {Lots(Between(random, 1, 5'000)), RatePpm(20'000), RatePpm(10'000)};
  }
  if (random.Chance(1, 3)) {
    instrument.curve.open_interest = {Quanta(Int128{20'000}), Quanta(Int128{200'000})};
  }
  return instrument;
}

// A mark of 1 to 1,000 ticks, and often a slow price near it.
inline void SetRandomPrices(Random& random, std::uint32_t n, Book& book) {
  const std::int64_t mark = Between(random, 1, 1'000);
  book.SetPrice(n, mark);
  if (random.Chance(1, 2)) book.SetSlowPrice(n, Between(random, mark / 2 + 1, mark * 3 / 2 + 1));
}

// What so many lots cost at a price, with the sign of a quote balance.
inline Quanta CostAt(const Instrument& instrument, std::int64_t lots, std::int64_t ticks) {
  return Quanta(-instrument.ValueOf(Lots(lots), PriceTicks(ticks))->value());
}

// An order of 1 to 200 lots at a price near the mark of the instrument at `index`.
inline PendingTrade RandomOrder(Random& random, const Book& book, InstrumentIndex index) {
  const std::int64_t lots = Between(random, 1, 200) * (random.Chance(1, 2) ? 1 : -1);
  const std::int64_t mark = book.prices().Get(index).value();
  const std::int64_t price = Between(random, mark * 8 / 10 + 1, mark * 12 / 10 + 1);
  return {
      .instrument = index, .lots = Lots(lots), .quote = CostAt(book.table()[index], lots, price)};
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_RANDOM_BOOKS_H_
