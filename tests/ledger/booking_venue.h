// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A real ledger to which what is booked is applied, one event after the other.

#ifndef SETTLE_TESTS_LEDGER_BOOKING_VENUE_H_
#define SETTLE_TESTS_LEDGER_BOOKING_VENUE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "settle/ledger/authority.h"
#include "settle/ledger/booking.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/rebooking.h"
#include "tests/ledger/booking_world.h"

namespace settle::test {

using Balances = std::map<AccountKey, Int128>;

struct NoLimits {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey&) const { return std::nullopt; }
  [[nodiscard]] Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
};
using BookLedger = Ledger<Unmargined, HostVouches, NoLimits>;

// A contract and where its positions lie.
struct Listed {
  ContractAssets assets{};
  Compartment book{};
  [[nodiscard]] PositionHolder Of(std::uint64_t owner) const { return Holder(owner, book); }
};
inline constexpr Listed kPerpetual{kPerpAssets, kPerpBook};
inline constexpr Listed kInverse{kInverseAssets, Compartment(5)};
inline constexpr Listed kOption{{.contract = ContractId(9), .quote = kUsd}, Compartment(9)};

// Every transaction must be applied, and leaves every asset at zero.
class Venue {
 public:
  Venue() : ledger_(Options()) { EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1)).ok()); }

  // Where the next event is booked; Apply empties it.
  [[nodiscard]] Legs& legs() { return legs_; }
  [[nodiscard]] BookLedger& ledger() { return ledger_; }
  // The id of the last transaction.
  [[nodiscard]] TransactionId last_id() const { return TransactionId::FromNumber(last_id_); }

  [[nodiscard]] PositionBalance PositionOf(std::uint64_t owner, const Listed& listed) const {
    const PositionHolder holder = listed.Of(owner);
    return {.lots = ledger_.BalanceOf(holder.In(listed.assets.contract)),
            .quote = ledger_.BalanceOf(holder.In(listed.assets.quote))};
  }
  [[nodiscard]] TradeSide SideOf(std::uint64_t owner, const Listed& listed) const {
    return {.holder = listed.Of(owner), .before = PositionOf(owner, listed)};
  }
  [[nodiscard]] Int128 CashOf(std::uint64_t owner, AssetId token = kUsd) const {
    return ledger_.BalanceOf(Cash(owner, token)).value();
  }

  // Applies what legs() holds: as chosen, or as compulsory by a rule.
  Verdict Apply(CompulsoryRule rule = CompulsoryRule::kNone, const TransactionId& target = {}) {
    const bool is_chosen = rule == CompulsoryRule::kNone;
    TransactionHeader header{
        .id = TransactionId::FromNumber(++last_id_),
        .transaction_class = is_chosen ? TransactionClass::kChosen : TransactionClass::kCompulsory,
        .rule = rule,
        .valid_until = Timestamp(1'000)};
    if (!target.IsZero()) header = *Compensating(header, target);
    const Verdict verdict = Submit({.header = header, .legs = legs_.view()});
    EXPECT_EQ(verdict.disposition, Disposition::kApplied) << verdict.reason.code();
    EXPECT_TRUE(Imbalances(ledger_).empty());
    legs_.Clear();
    return verdict;
  }
  Verdict Submit(const TransactionView& transaction) {
    if (transaction.header.transaction_class == TransactionClass::kCompulsory) {
      return ledger_.ApplyCompulsory(transaction);
    }
    Verdict verdict;
    ledger_.Apply(std::span(&transaction, 1), {.context = {}, .authority = {}, .witness = {}},
                  std::span(&verdict, 1));
    return verdict;
  }

  // Trades at a price of whole quanta for one lot, by a house where there is one.
  struct Trade {
    std::uint64_t buyer = 0;
    std::uint64_t seller = 0;
    Int128 lots = 0;
    Int128 price = 0;
    bool by_house = false;
  };
  void Book(const Trade& trade) {
    TradeParties parties{.assets = kPerpetual.assets,
                         .buyer = SideOf(trade.buyer, kPerpetual),
                         .seller = SideOf(trade.seller, kPerpetual)};
    if (trade.by_house) parties.house = kPerpetual.Of(kHouse);
    ASSERT_TRUE(
        BookContractTrade(
            {.parties = parties, .lots = Of(trade.lots), .value = Of(trade.lots * trade.price)},
            legs_)
            .ok());
    EXPECT_TRUE(CheckNetsToZero(legs_.view(), OwnerOf(kHouse)).ok());
  }

  // Every balance that is not zero.
  [[nodiscard]] Balances balances() const {
    Balances all;
    ledger_.ForEachAccount([&all](const AccountState& account) {
      if (account.balance != Amount()) all[account.key] = account.balance.value();
    });
    return all;
  }

 private:
  static LedgerOptions Options() {
    LedgerOptions options;
    options.id_capacity = 4'096;
    options.id_horizon = Duration(10'000);
    options.id_period = Duration(10);
    return options;
  }

  BookLedger ledger_;
  Legs legs_{kMaxLegs};
  std::uint64_t last_id_ = 0;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_BOOKING_VENUE_H_
