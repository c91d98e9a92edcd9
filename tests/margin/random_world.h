// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A random world of margin: instruments of every kind with every feature, prices that may be
// missing, accounts, and beside them what the slow model needs to know.

#ifndef SETTLE_TESTS_MARGIN_RANDOM_WORLD_H_
#define SETTLE_TESTS_MARGIN_RANDOM_WORLD_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/ledger/types.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/instrument.h"
#include "settle/margin/owner_lots.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"
#include "tests/margin/books.h"
#include "tests/margin/slow_model.h"
#include "tests/support/random.h"

namespace settle::test {

// 0 to most, often one of the two or few.
inline std::int64_t UpTo(Random& random, std::int64_t most) {
  switch (random.Below(6)) {
    case 0:
      return most;
    case 1:
      return 0;
    case 2:
      return std::min(static_cast<std::int64_t>(random.Below(10)), most);
    default:
      return static_cast<std::int64_t>(random.Between(0, static_cast<std::uint64_t>(most)));
  }
}

// Above zero, of up to so many bits, small as often as large.
inline std::int64_t Positive(Random& random, int bits) {
  return static_cast<std::int64_t>(random.Edge<std::uint64_t>() >> (64 - bits)) | 1;
}

// Of either sign, below 2^90 from zero.
inline Int128 RandomQuanta(Random& random) { return random.Edge<Int128>() >> 38; }

inline void AddFeatures(Random& random, Instrument& contract) {
  RequirementCurve& curve = contract.curve;
  std::int64_t initial = curve.initial.parts();
  std::int64_t maintenance = curve.maintenance.parts();
  Int128 floor = 0;
  for (std::uint64_t left = random.Chance(1, 2) ? random.Below(5) : 0; left > 0; --left) {
    floor += Positive(random, 60);
    initial += UpTo(random, 1'000'000 - initial);
    maintenance += UpTo(random, initial - maintenance);
    EXPECT_TRUE(curve.tiers.Add({Quanta(floor), RatePpm(initial), RatePpm(maintenance)}));
  }
  if (random.Chance(1, 4)) {
    curve.initial_per_lot = Quanta(Int128{Positive(random, 30)});
    curve.maintenance_per_lot =
        Quanta(Int128{UpTo(random, static_cast<std::int64_t>(curve.initial_per_lot.value()))});
  }
  if (random.Chance(1, 4)) {
    const std::int64_t premium = UpTo(random, 1'000'000);
    curve.premium = {.scale = Lots(contract.max_lots.value() / 4 + 1),
                     .initial = RatePpm(premium),
                     .maintenance = RatePpm(UpTo(random, premium))};
  }
  if (random.Chance(1, 3)) {
    const Int128 lower = Positive(random, 62);
    curve.open_interest = {.lower = Quanta(lower), .upper = Quanta(lower + Positive(random, 62))};
  }
}

// Contract number `n`, of numbers that are small, ordinary, or as large as they may be.
inline Instrument RandomContract(Random& random, std::uint32_t n) {
  while (true) {
    Instrument contract = Perpetual(n);
    contract.kind = static_cast<InstrumentKind>(1 + random.Below(3));
    const bool is_inverse = contract.kind == InstrumentKind::kInverse;
    contract.multiplier = random.Chance(1, 2) && !is_inverse ? 1 : Positive(random, 20);
    contract.max_price = PriceTicks(Positive(random, 42));
    contract.max_lots = Lots(Positive(random, 62));
    if (is_inverse) contract.min_price = PriceTicks(1 + UpTo(random, contract.max_price.value()));
    if (contract.kind == InstrumentKind::kLinear && random.Chance(1, 3)) {
      contract.min_price = PriceTicks(-UpTo(random, contract.max_price.value()));
    }
    const std::int64_t initial = UpTo(random, 1'000'000);
    contract.curve = FlatCurve(initial, UpTo(random, initial));
    if (random.Chance(1, 2)) AddFeatures(random, contract);
    if (contract.Validate().ok()) return contract;
  }
}

inline constexpr std::uint32_t kFirstToken = 100;

inline Instrument RandomToken(Random& random, std::uint32_t n) {
  Instrument token = SpotToken(kFirstToken + n);
  token.multiplier = Positive(random, 12);
  token.max_price = PriceTicks(Positive(random, 30));
  token.collateral.lot_size = random.Chance(1, 2) ? 1 : Positive(random, 40);
  const std::int64_t haircut = UpTo(random, 1'000'000);
  token.collateral.initial_haircut = RatePpm(haircut);
  token.collateral.maintenance_haircut = RatePpm(UpTo(random, haircut));
  token.collateral.cap = Quanta(random.Edge<Int128>() & ((Int128{1} << 90) - 1));
  token.collateral.issuer = OwnerId::FromNumber(random.Below(6));
  EXPECT_EQ(token.Validate(), Reason());
  return token;
}

// Instruments 0 to contracts - 1 are contracts number 1 and so on; then come the tokens.
class RandomWorld {
 public:
  static constexpr std::uint64_t kOwners = 4;

  RandomWorld(Random& random, std::uint32_t contracts, std::uint32_t tokens)
      : contracts_(contracts) {
    std::vector<Instrument> instruments;
    for (std::uint32_t n = 1; n <= contracts; ++n) {
      instruments.push_back(RandomContract(random, n));
    }
    for (std::uint32_t n = 0; n < tokens; ++n) instruments.push_back(RandomToken(random, n));
    MarginParameters parameters{.instruments = TableOf(instruments)};
    if (random.Chance(1, 2)) {
      parameters.profit_cap = Quanta(Int128{Positive(random, 62)});
      parameters.withdrawal_profit_cap =
          Quanta(Int128{UpTo(random, static_cast<std::int64_t>(parameters.profit_cap.value()))});
    }
    EXPECT_EQ(parameters.Validate(), Reason());
    parts_ = std::make_unique<Parts>(parameters);
    slow_.profit_cap = BigInteger(parameters.profit_cap.value());
    for (const Instrument& instrument : instruments) {
      slow_.markets.push_back({.instrument = instrument, .mark = {}, .slow = {}});
    }
    for (std::uint32_t i = 0; i < instruments.size(); ++i) SetRandomPrices(random, i);
  }

  void SetRandomPrices(Random& random, std::uint32_t i) {
    const InstrumentIndex index(i);
    const Instrument& instrument = table()[index];
    SlowMarket& market = slow_.markets[i];
    const auto price = [&] {
      const std::int64_t width = static_cast<std::int64_t>(Int128{instrument.max_price.value()} -
                                                           instrument.min_price.value());
      return instrument.min_price.value() + UpTo(random, width);
    };
    market.mark = price();
    market.slow.reset();
    parts_->prices.Clear(index);
    EXPECT_EQ(parts_->prices.Set(table(), index, PriceTicks(*market.mark)), Reason());
    if (random.Chance(1, 2)) {
      market.slow = price();
      EXPECT_EQ(parts_->prices.SetSlow(table(), index, PriceTicks(*market.slow)), Reason());
    }
    parts_->valuation.Update(index);
  }
  void ClearPrices(std::uint32_t i) {
    slow_.markets[i].mark.reset();
    slow_.markets[i].slow.reset();
    parts_->prices.Clear(InstrumentIndex(i));
    parts_->valuation.Update(InstrumentIndex(i));
  }

  // Lots of contract `i`, counted from zero, that may be held.
  Int128 RandomLots(Random& random, std::uint32_t i) const {
    const std::int64_t lots = UpTo(random, table()[InstrumentIndex(i)].max_lots.value());
    return random.Chance(1, 2) ? Int128{lots} : -Int128{lots};
  }

  // What an owner's other accounts have of a contract, told to both models.
  void SetElsewhere(const OwnerId& owner, std::uint32_t i, std::int64_t lots) {
    parts_->owner_lots.Add({.owner = owner, .group = MarginGroup(9)},
                           table()[InstrumentIndex(i)].asset, Lots(lots));
    BigInteger& all = slow_.elsewhere[{owner, table()[InstrumentIndex(i)].asset}];
    all = all + BigInteger(lots);
  }

  std::uint32_t contracts() const { return contracts_; }
  std::uint32_t tokens() const { return static_cast<std::uint32_t>(table().size()) - contracts_; }
  const MarginParameters& parameters() const { return parts_->parameters; }
  const InstrumentTable& table() const { return parts_->parameters.instruments; }
  const Valuation& valuation() const { return parts_->valuation; }
  const OwnerLots& owner_lots() const { return parts_->owner_lots; }
  MarginContext context() const {
    return {.valuation = parts_->valuation, .owner_lots = &parts_->owner_lots};
  }
  const SlowWorld& slow() const { return slow_; }

 private:
  struct Parts {
    explicit Parts(const MarginParameters& of)
        : parameters(of), prices(parameters.instruments), valuation(parameters, prices) {}
    MarginParameters parameters;
    MarkPrices prices;
    Valuation valuation;
    OwnerLots owner_lots;
  };
  std::uint32_t contracts_;
  std::unique_ptr<Parts> parts_;
  SlowWorld slow_;
};

// Cash, lots with their open interest, the quote balances beside them, and tokens.
inline Balances RandomAccount(Random& random, const RandomWorld& world) {
  Balances account = {Cash(RandomQuanta(random))};
  for (std::uint32_t i = 0; i < world.contracts(); ++i) {
    if (random.Chance(1, 3)) continue;
    account.push_back(Position(i + 1, world.RandomLots(random, i)));
    account.back().open_interest = Amount(random.Edge<Int128>() & kMax<std::int64_t>);
    account.push_back(Cost(i + 1, RandomQuanta(random)));
  }
  for (std::uint32_t i = 0; i < world.tokens(); ++i) {
    if (random.Chance(1, 3)) continue;
    const Int128 units = random.Edge<Int128>() & kMax<Int128>;
    account.push_back(Balance(kCash, TokenId(kFirstToken + i), units));
  }
  for (BalanceView& balance : account) {
    if (IsContract(balance.asset) || random.Chance(3, 4)) continue;
    const Int128 posted = balance.posted.value();
    balance.pending_debits = Amount(posted > 0 ? posted / 3 : 0);
    balance.pending_credits = Amount(random.Edge<Int128>() & kMax<Int128>);
  }
  return account;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_RANDOM_WORLD_H_
