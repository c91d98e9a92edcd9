// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Margin once more, slowly: integers of 384 bits, instruments in a list that is searched, every
// rule a line of its own. Nothing here can overflow, and nothing of the library's arithmetic is
// used.

#ifndef SETTLE_TESTS_MARGIN_SLOW_MODEL_H_
#define SETTLE_TESTS_MARGIN_SLOW_MODEL_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/instrument.h"
#include "tests/support/big_integer.h"

namespace settle::test {

inline BigInteger Magnitude(const BigInteger& a) { return a < BigInteger() ? -a : a; }

struct SlowRisk {
  BigInteger equity;
  BigInteger initial;      // in millionths
  BigInteger maintenance;  // in millionths
};

// One row of the model's world: an instrument and its price, if it has one.
struct SlowMarket {
  Instrument instrument;
  std::optional<std::int64_t> price;
};

// The risk of an account, or nothing where some balance has no value.
inline std::optional<SlowRisk> SlowEvaluate(const std::vector<SlowMarket>& markets,
                                            const std::vector<BalanceView>& balances) {
  SlowRisk risk;
  for (const BalanceView& balance : balances) {
    const BigInteger amount = BigInteger(balance.posted.value());
    const bool owed = amount < BigInteger();
    if (amount == BigInteger()) continue;
    const SlowMarket* here = nullptr;
    for (const SlowMarket& market : markets) {
      if (market.instrument.compartment == balance.compartment) here = &market;
    }
    if (!IsContract(balance.asset)) {
      const bool counts = balance.asset == markets.front().instrument.quote &&
                          (balance.compartment == kCash || here != nullptr);
      if (counts) risk.equity = risk.equity + amount;
      if (!counts && owed) return std::nullopt;
      continue;
    }
    if (here == nullptr || here->instrument.asset != balance.asset || !here->price) {
      return std::nullopt;
    }
    if (BigInteger(here->instrument.max_lots.value()) < Magnitude(amount)) return std::nullopt;
    const BigInteger worth =
        amount * BigInteger(*here->price) * BigInteger(here->instrument.multiplier);
    risk.equity = risk.equity + worth;
    risk.initial =
        risk.initial + Magnitude(worth) * BigInteger(here->instrument.curve.initial.parts());
    risk.maintenance = risk.maintenance +
                       Magnitude(worth) * BigInteger(here->instrument.curve.maintenance.parts());
  }
  return risk;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_SLOW_MODEL_H_
