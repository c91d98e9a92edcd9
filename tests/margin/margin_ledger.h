// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A ledger that keeps the transition rule, for tests: owners with one margin account each, and one
// outside who has none.

#ifndef SETTLE_TESTS_MARGIN_MARGIN_LEDGER_H_
#define SETTLE_TESTS_MARGIN_MARGIN_LEDGER_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "settle/base/types.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/ledger.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/transition_rule.h"
#include "tests/margin/books.h"

namespace settle::test {

inline constexpr std::uint64_t kOutside = 1'000;

// Owners below kOutside have one margin account each; kOutside has none and no limits.
struct MarginAccounts {
  std::optional<MarginGroup> GroupOf(const AccountKey& key) const {
    if (key.owner == OwnerId::FromNumber(kOutside)) return std::nullopt;
    return MarginGroup(0);
  }
  Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
};

class MarginInTheLedger : public ::testing::Test {
 protected:
  MarginInTheLedger() : MarginInTheLedger(Book({Perpetual(1)})) {}
  explicit MarginInTheLedger(Book book) : book_(std::move(book)), ledger_({.id_capacity = 1'024}) {
    book_.SetPrice(1, 100);
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1)).ok());
  }

  static Leg LegOf(std::uint64_t owner, Compartment compartment, AssetId asset, Int128 amount) {
    return {.account = {.owner = OwnerId::FromNumber(owner),
                        .compartment = compartment,
                        .asset = asset},
            .amount = Amount(amount)};
  }

  Verdict Apply(const std::vector<Leg>& legs, CompulsoryRule rule = CompulsoryRule::kNone) {
    const bool is_chosen = rule == CompulsoryRule::kNone;
    const TransactionView transaction{
        .header = {.id = TransactionId::FromNumber(++last_id_),
                   .transaction_class =
                       is_chosen ? TransactionClass::kChosen : TransactionClass::kCompulsory,
                   .rule = rule,
                   .valid_until = Timestamp(1'000)},
        .legs = legs};
    if (!is_chosen) return ledger_.ApplyCompulsory(transaction);
    Verdict verdict;
    ledger_.Apply({&transaction, 1},
                  {.context = book_.context(), .authority = HostVouches(), .witness = {}},
                  {&verdict, 1});
    return verdict;
  }

  Verdict Deposit(std::uint64_t owner, Int128 quanta) {
    return Apply({LegOf(owner, kCash, kQuote, quanta), LegOf(kOutside, kCash, kQuote, -quanta)});
  }

  Verdict Withdraw(std::uint64_t owner, Int128 quanta) { return Deposit(owner, -quanta); }

  // Reserves `quanta` of one owner's cash for another.
  Reason Hold(std::uint64_t from, std::uint64_t to, Int128 quanta) {
    const std::vector<Leg> legs = {LegOf(from, kCash, kQuote, -quanta),
                                   LegOf(to, kCash, kQuote, quanta)};
    const HoldTerms terms{.expires_at = Timestamp(500), .resolver = OwnerId::FromNumber(from)};
    const TransactionView transaction{.header = {.id = TransactionId::FromNumber(++last_id_),
                                                 .valid_until = Timestamp(1'000),
                                                 .action = TransactionAction::kHold},
                                      .legs = legs,
                                      .terms = &terms};
    Verdict verdict;
    ledger_.Apply({&transaction, 1},
                  {.context = book_.context(), .authority = HostVouches(), .witness = {}},
                  {&verdict, 1});
    return verdict.reason;
  }

  // A trade of `lots` at 100, without what a reduction realises: cost stays with the position.
  Verdict Trade(std::uint64_t buyer, std::uint64_t seller, Int128 lots) {
    const Compartment here(1);
    return Apply(
        {LegOf(buyer, here, ContractId(1), lots), LegOf(seller, here, ContractId(1), -lots),
         LegOf(buyer, here, kQuote, -100 * lots), LegOf(seller, here, kQuote, 100 * lots)});
  }

  // The balances of all accounts, in order; an account that a refusal opened would show.
  std::vector<Int128> Everything() const {
    std::vector<Int128> balances;
    ledger_.ForEachAccount(
        [&](const auto& account) { balances.push_back(account.balance.value()); });
    return balances;
  }

  // What the rule would read of an owner's margin account.
  Balances AccountOf(std::uint64_t owner) const {
    Balances account;
    ledger_.ForEachAccount([&](const auto& one) {
      if (one.key.owner != OwnerId::FromNumber(owner)) return;
      account.push_back(Balance(one.key.compartment, one.key.asset, one.balance.value()));
      account.back().open_interest = ledger_.OpenInterestOf(one.key.asset);
    });
    return account;
  }
  Risk RiskOf(std::uint64_t owner) const { return *book_.Evaluate(AccountOf(owner)); }

  Book book_;
  Ledger<TransitionRule<ExactPpm>, HostVouches, MarginAccounts> ledger_;
  std::uint64_t last_id_ = 0;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_MARGIN_MARGIN_LEDGER_H_
