// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/collateral.h"

#include <cstddef>

namespace settle::example {

namespace {

constexpr Int128 kTightDeposit = static_cast<Int128>(10'000) * 100'000'000;

struct Account {
  Int128 notional = 0;  // a tenth of which is deposited
  Int128 equity = 0;    // of the opening positions
  Int128 purchases = 0;
};

}  // namespace

std::string_view NameOf(Collateral rule) { return rule == Collateral::kTight ? "tight" : "ample"; }

std::string_view DescriptionOf(Collateral rule) {
  return rule == Collateral::kTight
             ? "10,000 USDC + 10 % of opening notional + opening loss"
             : "10 % of opening and traded notional + opening loss + cost of spot purchases";
}

std::optional<Collateral> ParseCollateral(std::string_view name) {
  for (const Collateral rule : {Collateral::kAmple, Collateral::kTight}) {
    if (NameOf(rule) == name) return rule;
  }
  return std::nullopt;
}

std::vector<Int128> Deposits(const TradeStream& stream, Collateral rule) {
  std::vector<Account> accounts(stream.accounts.size());
  for (const Holding& holding : stream.holdings) {
    if (holding.is_spot) continue;
    Account& account = accounts[holding.account];
    const Int128 value =
        static_cast<Int128>(holding.opening_units) * stream.coins[holding.coin].first_price;
    account.notional += value < 0 ? -value : value;
    account.equity += holding.opening_quote + value;
  }
  if (rule == Collateral::kAmple) {
    for (const Trade& trade : stream.trades) {
      if (stream.coins[trade.coin].is_spot) {
        accounts[trade.buyer.account].purchases += trade.notional;
      } else {
        accounts[trade.buyer.account].notional += trade.notional;
        accounts[trade.seller.account].notional += trade.notional;
      }
    }
  }
  std::vector<Int128> deposits;
  deposits.reserve(accounts.size());
  for (const Account& account : accounts) {
    Int128 deposit = (account.notional + 9) / 10 + account.purchases;
    if (account.equity < 0) deposit -= account.equity;
    if (rule == Collateral::kTight) deposit += kTightDeposit;
    deposits.push_back(deposit);
  }
  return deposits;
}

}  // namespace settle::example
