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
#include <memory>
#include <vector>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/instrument.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/requirement.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/risk.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

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

inline RequirementCurve FlatCurve(std::int64_t initial, std::int64_t maintenance) {
  RequirementCurve curve;
  curve.initial = RatePpm(initial);
  curve.maintenance = RatePpm(maintenance);
  return curve;
}

// One quantum a lot and tick, 10 % initial, 5 % maintenance, 2^40 of lots and of ticks.
inline Instrument Perpetual(std::uint32_t n) {
  return {.kind = InstrumentKind::kLinear,
          .compartment = Compartment(n),
          .asset = ContractId(n),
          .quote = kQuote,
          .multiplier = 1,
          .curve = FlatCurve(100'000, 50'000),
          .max_price = PriceTicks(std::int64_t{1} << 40),
          .max_lots = Lots(std::int64_t{1} << 40)};
}

// Settled in the quote asset, the coin: a million of its quanta a lot and tick, 10 % and 5 %, from
// one tick and to 2^40 of lots and of ticks.
inline Instrument Inverse(std::uint32_t n) {
  Instrument contract = Perpetual(n);
  contract.kind = InstrumentKind::kInverse;
  contract.multiplier = 1'000'000;
  contract.min_price = PriceTicks(1);
  return contract;
}

inline Instrument Option(std::uint32_t n) {
  Instrument contract = Perpetual(n);
  contract.kind = InstrumentKind::kOption;
  return contract;
}

// Token number `n`, a quantum a unit and tick, without haircut.
inline Instrument SpotToken(std::uint32_t n) {
  Instrument token;
  token.kind = InstrumentKind::kSpot;
  token.asset = TokenId(n);
  token.quote = kQuote;
  token.multiplier = 1;
  token.max_price = PriceTicks(std::int64_t{1} << 40);
  token.collateral.initial_haircut = token.collateral.maintenance_haircut = RatePpm(0);
  return token;
}

inline InstrumentTable TableOf(const std::vector<Instrument>& instruments) {
  const Result<InstrumentTable> table = InstrumentTable::Create(kQuote, instruments);
  EXPECT_EQ(table.reason(), Reason());
  return *table;
}

using Balances = std::vector<BalanceView>;

// Of somebody who issues no token.
inline OwnerView View(const Balances& balances) {
  return {.id = {.owner = OwnerId::FromNumber(1), .group = {}}, .balances = balances};
}

// Instruments with prices, and their valuation at them.
class Book {
 public:
  explicit Book(const std::vector<Instrument>& instruments) {
    MarginParameters parameters;
    parameters.instruments = TableOf(instruments);
    parts_ = std::make_unique<Parts>(parameters);
  }
  explicit Book(const MarginParameters& parameters) : parts_(std::make_unique<Parts>(parameters)) {}

  // Of contract number `n`, or of another asset.
  void SetPrice(std::uint32_t n, std::int64_t ticks) { SetPriceOf(ContractId(n), ticks); }
  void SetPriceOf(AssetId asset, std::int64_t ticks) {
    const auto index = table().FindByAsset(asset);
    ASSERT_TRUE(index.has_value());
    EXPECT_EQ(parts_->prices.Set(table(), *index, PriceTicks(ticks)), Reason());
    parts_->valuation.Update(*index);
  }
  void SetSlowPrice(std::uint32_t n, std::int64_t ticks) { SetSlowPriceOf(ContractId(n), ticks); }
  void SetSlowPriceOf(AssetId asset, std::int64_t ticks) {
    const auto index = table().FindByAsset(asset);
    ASSERT_TRUE(index.has_value());
    EXPECT_EQ(parts_->prices.SetSlow(table(), *index, PriceTicks(ticks)), Reason());
    parts_->valuation.Update(*index);
  }
  void ClearPrice(std::uint32_t n) {
    const InstrumentIndex index = *table().FindByAsset(ContractId(n));
    parts_->prices.Clear(index);
    parts_->valuation.Update(index);
  }

  const MarginParameters& parameters() const { return parts_->parameters; }
  const InstrumentTable& table() const { return parts_->parameters.instruments; }
  const MarkPrices& prices() const { return parts_->prices; }
  const Valuation& valuation() const { return parts_->valuation; }
  MarginContext context() const { return {.valuation = parts_->valuation}; }

  Result<RiskSum> Sum(const Balances& balances) const {
    return SumOf<ExactPpm>(context(), View(balances));
  }
  Result<Risk> Evaluate(const Balances& balances) const {
    return settle::Evaluate<ExactPpm>(context(), View(balances));
  }

 private:
  // At one place for good: the valuation refers to the others.
  struct Parts {
    explicit Parts(const MarginParameters& of)
        : parameters(of), prices(parameters.instruments), valuation(parameters, prices) {}
    MarginParameters parameters;
    MarkPrices prices;
    Valuation valuation;
  };
  std::unique_ptr<Parts> parts_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_BOOKS_H_
