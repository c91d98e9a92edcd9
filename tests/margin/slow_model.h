// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Margin once more, slowly: integers of 384 bits, instruments in a list that is searched, every
// rule a line of its own. Nothing here can overflow, and nothing of the library's arithmetic is
// used. Lots that are reserved are not modelled here: evaluation_reserved_test.cc posts every
// subset of them.

#ifndef SETTLE_TESTS_MARGIN_SLOW_MODEL_H_
#define SETTLE_TESTS_MARGIN_SLOW_MODEL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/instrument.h"
#include "tests/support/big_integer.h"

namespace settle::test {

inline BigInteger Magnitude(const BigInteger& a) { return a < BigInteger() ? -a : a; }
inline BigInteger CeilDivide(const BigInteger& a, const BigInteger& divisor) {
  return -FloorDivide(-a, divisor);
}

struct SlowRisk {
  BigInteger equity;
  BigInteger profit;
  BigInteger initial;      // in millionths
  BigInteger maintenance;  // in millionths
};

// One row of the model's world: an instrument and its prices, if it has any.
struct SlowMarket {
  Instrument instrument;
  std::optional<std::int64_t> mark;
  std::optional<std::int64_t> slow;
};

struct SlowWorld {
  AssetId quote{TokenId(0)};
  std::vector<SlowMarket> markets;
  BigInteger profit_cap;
  std::map<std::pair<OwnerId, AssetId>, BigInteger> elsewhere;
};

// What all lots of an owner demand at one price: tier for tier, each with its rates.
struct SlowDemand {
  BigInteger initial;
  BigInteger maintenance;
};

inline BigInteger SlowNotional(const Instrument& instrument, const BigInteger& lots,
                               std::int64_t price) {
  const BigInteger multiplier(instrument.multiplier);
  if (instrument.kind == InstrumentKind::kInverse) {
    return CeilDivide(Magnitude(lots) * multiplier, BigInteger(price));
  }
  return Magnitude(lots * multiplier * BigInteger(price));
}

inline BigInteger SlowValue(const Instrument& instrument, const BigInteger& lots,
                            std::int64_t price) {
  const BigInteger multiplier(instrument.multiplier);
  if (instrument.kind == InstrumentKind::kInverse) {
    return FloorDivide(-(lots * multiplier), BigInteger(price));
  }
  return lots * multiplier * BigInteger(price);
}

// The initial rate of a market that is as crowded as this.
inline BigInteger SlowMarketRate(const RequirementCurve& curve, const BigInteger& interest) {
  const BigInteger base(curve.initial.parts());
  const BigInteger lower(curve.open_interest.lower.value());
  const BigInteger upper(curve.open_interest.upper.value());
  if (upper == BigInteger() || interest <= lower) return base;
  if (interest >= upper) return BigInteger(1'000'000);
  return base + CeilDivide((BigInteger(1'000'000) - base) * (interest - lower), upper - lower);
}

inline SlowDemand SlowDemandOf(const RequirementCurve& curve, const BigInteger& notional,
                               const BigInteger& lots, const BigInteger& market_rate) {
  struct Step {
    BigInteger floor;
    BigInteger initial;
    BigInteger maintenance;
  };
  std::vector<Step> steps = {
      {BigInteger(), BigInteger(curve.initial.parts()), BigInteger(curve.maintenance.parts())}};
  for (const MarginTier& tier : curve.tiers) {
    steps.push_back({BigInteger(tier.floor.value()), BigInteger(tier.initial.parts()),
                     BigInteger(tier.maintenance.parts())});
  }
  SlowDemand demand;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool is_last = i + 1 == steps.size();
    const BigInteger top = is_last || notional < steps[i + 1].floor ? notional : steps[i + 1].floor;
    if (top <= steps[i].floor) break;
    demand.initial = demand.initial + (top - steps[i].floor) * steps[i].initial;
    demand.maintenance = demand.maintenance + (top - steps[i].floor) * steps[i].maintenance;
  }
  demand.initial = (std::max)(demand.initial, notional * market_rate);
  const BigInteger million(1'000'000);
  demand.initial = demand.initial + lots * BigInteger(curve.initial_per_lot.value()) * million;
  demand.maintenance =
      demand.maintenance + lots * BigInteger(curve.maintenance_per_lot.value()) * million;
  if (curve.premium.scale.value() != 0) {
    const BigInteger scale(curve.premium.scale.value());
    demand.initial = demand.initial +
                     CeilDivide(notional * lots * BigInteger(curve.premium.initial.parts()), scale);
    demand.maintenance =
        demand.maintenance +
        CeilDivide(notional * lots * BigInteger(curve.premium.maintenance.parts()), scale);
  }
  return demand;
}

// What lots are charged where the owner has others elsewhere: all less those.
inline SlowDemand SlowCharge(const SlowMarket& market, std::int64_t price, const BigInteger& lots,
                             const BigInteger& elsewhere, const BigInteger& interest) {
  const Instrument& instrument = market.instrument;
  const BigInteger rate =
      SlowMarketRate(instrument.curve, SlowNotional(instrument, interest, *market.mark));
  const BigInteger there = SlowNotional(instrument, elsewhere, price);
  const SlowDemand others = SlowDemandOf(instrument.curve, there, elsewhere, rate);
  const SlowDemand all =
      SlowDemandOf(instrument.curve, there + SlowNotional(instrument, lots, price),
                   elsewhere + Magnitude(lots), rate);
  return {all.initial - others.initial, all.maintenance - others.maintenance};
}

// What a token is worth as collateral at one price, less a haircut.
inline BigInteger SlowCollateral(const Instrument& token, const BigInteger& units,
                                 std::int64_t price, RatePpm haircut) {
  const BigInteger worth = FloorDivide(units * BigInteger(token.multiplier) * BigInteger(price),
                                       BigInteger(token.collateral.lot_size));
  const BigInteger capped = (std::min)(worth, BigInteger(token.collateral.cap.value()));
  return FloorDivide(capped * BigInteger(1'000'000 - haircut.parts()), BigInteger(1'000'000));
}

// The rules for one account.
class SlowAccount {
 public:
  SlowAccount(const SlowWorld& world, const OwnerView& account)
      : world_(world), account_(account) {}

  // The sum of all, or nothing where some balance has no value.
  std::optional<SlowRisk> Evaluate() {
    for (const BalanceView& balance : account_.balances) {
      const bool judged = IsContract(balance.asset) ? AddContract(balance) : AddToken(balance);
      if (!judged) return std::nullopt;
    }
    return risk_;
  }

 private:
  static BigInteger LeastOf(const BalanceView& balance) {
    return BigInteger(balance.posted.value()) - BigInteger(balance.pending_debits.value());
  }

  bool AddToken(const BalanceView& balance) {
    const BigInteger least = LeastOf(balance);
    const bool is_quote = balance.asset == world_.quote;
    if (is_quote && (balance.compartment == kCash || Contract(balance) != nullptr)) {
      risk_.equity = risk_.equity + least;
      return Magnitude(least) * BigInteger(1'000'000) <= BigInteger(kMax<Int128>);
    }
    if (least < BigInteger()) return false;
    if (is_quote || balance.compartment != kCash) return true;
    for (const SlowMarket& market : world_.markets) {
      const Instrument& token = market.instrument;
      const bool counts = token.asset == balance.asset && market.mark &&
                          token.collateral.issuer != account_.id.owner;
      if (!counts) continue;
      const std::int64_t worse = (std::min)(*market.mark, market.slow.value_or(*market.mark));
      const CollateralTerms& terms = token.collateral;
      const BigInteger kept = SlowCollateral(token, least, *market.mark, terms.maintenance_haircut);
      const BigInteger lent = SlowCollateral(token, least, worse, terms.initial_haircut);
      risk_.equity = risk_.equity + kept;
      risk_.initial = risk_.initial + (kept - lent) * BigInteger(1'000'000);
    }
    return true;
  }

  const SlowMarket* Contract(const BalanceView& balance) const {
    for (const SlowMarket& market : world_.markets) {
      const bool is_contract = market.instrument.kind != InstrumentKind::kSpot;
      if (is_contract && market.instrument.compartment == balance.compartment) return &market;
    }
    return nullptr;
  }

  bool AddContract(const BalanceView& balance) {
    const BigInteger lots(balance.posted.value());
    if (lots.IsZero()) return true;
    const SlowMarket* market = Contract(balance);
    if (market == nullptr || market->instrument.asset != balance.asset || !market->mark ||
        BigInteger(market->instrument.max_lots.value()) < Magnitude(lots)) {
      return false;
    }
    const auto others = world_.elsewhere.find({account_.id.owner, balance.asset});
    const BigInteger elsewhere = others == world_.elsewhere.end() ? BigInteger() : others->second;
    const BigInteger interest(balance.open_interest.value());
    const std::int64_t mark = *market->mark;
    const std::int64_t slow = market->slow.value_or(mark);
    const SlowDemand at_mark = SlowCharge(*market, mark, lots, elsewhere, interest);
    const SlowDemand at_slow = SlowCharge(*market, slow, lots, elsewhere, interest);
    const BigInteger value = SlowValue(market->instrument, lots, mark);
    const BigInteger slow_value = SlowValue(market->instrument, lots, slow);
    // Initial margin: the price that leaves less.
    const BigInteger million(1'000'000);
    const BigInteger left =
        (std::min)(value * million - at_mark.initial, slow_value * million - at_slow.initial);
    risk_.equity = risk_.equity + value;
    risk_.initial = risk_.initial + (value * million - left);
    risk_.maintenance = risk_.maintenance + at_mark.maintenance;
    AddProfit(balance.compartment, (std::min)(value, slow_value));
    return true;
  }

  void AddProfit(Compartment compartment, BigInteger profit) {
    for (const BalanceView& balance : account_.balances) {
      const bool is_beside = balance.compartment == compartment && balance.asset == world_.quote;
      if (is_beside) profit = profit + LeastOf(balance);
    }
    if (BigInteger() < profit) risk_.profit = risk_.profit + profit;
  }

  const SlowWorld& world_;
  const OwnerView& account_;
  SlowRisk risk_;
};

// What initial margin leaves of an account, in millionths, where no more profit counts.
inline BigInteger SlowHeadroom(const SlowRisk& risk, const BigInteger& profit_cap) {
  const BigInteger excess = profit_cap < risk.profit ? risk.profit - profit_cap : BigInteger();
  return (risk.equity - excess) * BigInteger(1'000'000) - risk.initial;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_SLOW_MODEL_H_
