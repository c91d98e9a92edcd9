// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Margin accounts for tests: a table of instruments with prices, and balances that are written down
// in one line each.
//
//   Book book({Perpetual(1), Perpetual(2)});
//   book.SetPrice(1, 100);
//   Balances account = {Cash(1'000), Position(1, -5), Cost(1, 500)};
//   Result<Risk> risk = book.Evaluate(account);

#ifndef SETTLE_TESTS_MARGIN_BOOKS_H_
#define SETTLE_TESTS_MARGIN_BOOKS_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/instrument.h"
#include "settle/margin/prices.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"

namespace settle::test {

inline constexpr AssetId kQuote{TokenId(0)};
inline constexpr AssetId kOtherToken{TokenId(7)};

// A balance without anything reserved.
inline BalanceView Balance(Compartment compartment, AssetId asset, Int128 posted) {
  return {.compartment = compartment,
          .asset = asset,
          .posted = Amount(posted),
          .pending_debits = {},
          .pending_credits = {}};
}

// Instrument number `n` has compartment n and contract n.
inline BalanceView Cash(Int128 quanta) { return Balance(kCash, kQuote, quanta); }
inline BalanceView Position(std::uint32_t n, Int128 lots) {
  return Balance(Compartment(n), ContractId(n), lots);
}
inline BalanceView Cost(std::uint32_t n, Int128 quanta) {
  return Balance(Compartment(n), kQuote, quanta);
}

// One quantum a lot and tick, 10 % initial, 5 % maintenance, 2^40 of lots and of ticks.
inline LinearPerpetual Perpetual(std::uint32_t n) {
  return {.compartment = Compartment(n),
          .contract = ContractId(n),
          .quote = kQuote,
          .quanta_per_lot_tick = 1,
          .initial = RatePpm(100'000),
          .maintenance = RatePpm(50'000),
          .max_price = PriceTicks(std::int64_t{1} << 40),
          .max_lots = Lots(std::int64_t{1} << 40)};
}

inline InstrumentTable TableOf(const std::vector<LinearPerpetual>& instruments) {
  const Result<InstrumentTable> table = InstrumentTable::Create(kQuote, instruments);
  EXPECT_EQ(table.reason(), Reason());
  return *table;
}

using Balances = std::vector<BalanceView>;

inline OwnerView View(const Balances& balances) { return {.id = {}, .balances = balances}; }

class Book {
 public:
  explicit Book(const std::vector<LinearPerpetual>& instruments)
      : table_(TableOf(instruments)), prices_(table_) {}

  void SetPrice(std::uint32_t n, std::int64_t ticks) {
    const auto index = table_.FindByContract(ContractId(n));
    ASSERT_TRUE(index.has_value());
    EXPECT_EQ(prices_.Set(table_, *index, PriceTicks(ticks)), Reason());
  }
  void ClearPrice(std::uint32_t n) { prices_.Clear(*table_.FindByContract(ContractId(n))); }

  const InstrumentTable& table() const { return table_; }
  MarkPrices& prices() { return prices_; }
  const MarkPrices& prices() const { return prices_; }
  MarginContext context() const { return {.instruments = table_, .prices = prices_}; }

  Result<RiskSum> Sum(const Balances& balances) const {
    return SumOf<ExactPpm>(context(), View(balances));
  }
  Result<Risk> Evaluate(const Balances& balances) const {
    return settle::Evaluate<ExactPpm>(context(), View(balances));
  }

 private:
  InstrumentTable table_;
  MarkPrices prices_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_BOOKS_H_
