// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Positions for the tests of market events: accounts without limits, opened against the outside,
// which so holds the other side of all of them.

#ifndef SETTLE_TESTS_ENGINE_EVENT_WORLD_H_
#define SETTLE_TESTS_ENGINE_EVENT_WORLD_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/engine/market_event.h"
#include "tests/ledger/interest_world.h"
#include "tests/ledger/world.h"

namespace settle::test {

inline constexpr std::uint64_t kFundingOwner = 92;
inline constexpr std::uint64_t kHouseOwner = 93;
inline constexpr ContractAssets kPerpAssets{.contract = kPerp, .quote = kUsd};

inline AccountKey BookOf(std::uint64_t owner, AssetId asset, Compartment book = kPerpBook) {
  return {OwnerOf(owner), book, asset};
}

// F is in millionths of a quantum for one lot.
inline MarketEvent FundingEvent(Int128 accrued, const ContractAssets& assets = kPerpAssets) {
  return {.rule = CompulsoryRule::kFunding,
          .terms = FundingPerLot(accrued),
          .assets = assets,
          .house = OwnerOf(kFundingOwner)};
}
inline MarketEvent VariationEvent(const MarketTerms& terms,
                                  const ContractAssets& assets = kPerpAssets) {
  return {.rule = CompulsoryRule::kVariation, .terms = terms, .assets = assets};
}
inline MarketEvent ExpiryEvent(const MarketTerms& terms,
                               const ContractAssets& assets = kPerpAssets) {
  return {.rule = CompulsoryRule::kExpiry,
          .terms = terms,
          .assets = assets,
          .house = OwnerOf(kHouseOwner),
          .book = kPerpBook};
}
inline MarketTerms Linear(Int128 price) { return LinearPrice{Amount(price)}; }
inline MarketTerms Inverse(Int128 multiplier, Int128 price) {
  return InversePrice{multiplier, price};
}
inline MarketTerms Payoff(Int128 payoff) { return OptionPayoff{Amount(payoff)}; }

// What an account begins with, got from the outside.
inline Transaction OpeningOf(std::uint64_t id, std::uint64_t valid_until,
                             const std::vector<Leg>& balances) {
  Transaction opening = Make({.id = id,
                              .valid_until = valid_until,
                              .transaction_class = TransactionClass::kCompulsory,
                              .rule = CompulsoryRule::kGenesis},
                             {});
  for (const Leg& leg : balances) {
    const AccountKey outside{kOutside, leg.account.compartment, leg.account.asset};
    (void)opening.legs.Add(leg);
    (void)opening.legs.Add({outside, Amount(-leg.amount.value())});
  }
  return opening;
}

// A ledger with positions, and events applied to it without an engine.
class EventWorld {
 public:
  static constexpr std::uint64_t kNow = 1000;

  EventWorld() { EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(kNow)).ok()); }

  InterestLedger& ledger() { return ledger_; }
  [[nodiscard]] Int128 Balance(const AccountKey& key) const {
    return ledger_.BalanceOf(key).value();
  }
  [[nodiscard]] static EventPlace Place() {
    return {.parent = Digest::FromNumber(7), .height = Height(1), .now = Timestamp(kNow)};
  }

  void Open(const AccountKey& key, Int128 amount) {
    if (amount == 0) return;
    const Transaction opening = OpeningOf(++last_id_, kNow + 1, {{key, Amount(amount)}});
    ASSERT_TRUE(ledger_.ApplyCompulsory(opening.view()).ok());
  }
  void OpenPosition(std::uint64_t owner, Int128 lots, Int128 quote, Int128 cash = 0) {
    Open(BookOf(owner, kPerp), lots);
    Open(BookOf(owner, kUsd), quote);
    Open(Cash(owner), cash);
  }

  Result<EventTally> Make(const MarketEvent& event, std::vector<Transaction>& out) {
    const ContractHolders holders(ledger_, std::span(&event, 1));
    return BookMarketEvent(ledger_, event, holders.Of(event.assets.contract), Place(), Sha256(),
                           out);
  }
  // Makes the event's transactions, applies them and answers them.
  std::vector<Transaction> Run(const MarketEvent& event, EventTally* tally = nullptr) {
    std::vector<Transaction> transactions;
    const Result<EventTally> made = Make(event, transactions);
    EXPECT_TRUE(made.ok());
    if (made.ok() && tally != nullptr) *tally = *made;
    for (const Transaction& transaction : transactions) {
      EXPECT_TRUE(ledger_.ApplyCompulsory(transaction.view()).ok());
    }
    EXPECT_TRUE(CheckAfter(ledger_, event).ok());
    EXPECT_TRUE(Imbalances(ledger_).empty());
    return transactions;
  }

 private:
  static LedgerOptions Options() {
    LedgerOptions options;
    options.id_capacity = 100'000;
    options.id_horizon = Duration(100);
    options.id_period = Duration(10);
    return options;
  }

  InterestLedger ledger_{Options()};
  std::uint64_t last_id_ = 0;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_ENGINE_EVENT_WORLD_H_
