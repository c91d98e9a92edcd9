// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A small ledger with something of everything, to which a fuzz target does what a stranger asks:
// owners 1 to 3 with tokens, a contract, holds of both kinds, chains, burnt ids, and accounts that
// are closed, frozen and limited.

#ifndef SETTLE_TESTS_FUZZ_KNOWN_LEDGER_H_
#define SETTLE_TESTS_FUZZ_KNOWN_LEDGER_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/state_commitment.h"
#include "tests/ledger/world.h"

namespace settle::test {

inline LedgerOptions KnownOptions() {
  LedgerOptions options = SmallOptions();
  options.id_capacity = 32;
  options.hold_capacity = 8;
  return options;
}

inline TestLedger::Judgement KnownJudgement() {
  static const TotalAtLeast::Context context{};
  static const OwnersUpTo authority{.most = 8};
  static const OwnersUpTo::Witness witness{};
  return {.context = context, .authority = authority, .witness = witness};
}

// What the ledger answers to a batch of chosen transactions.
inline std::vector<Verdict> ApplyBatch(TestLedger& ledger,
                                       std::span<const Transaction> transactions) {
  std::vector<TransactionView> views;
  for (const Transaction& transaction : transactions) views.push_back(transaction.view());
  std::vector<Verdict> verdicts(views.size());
  ledger.Apply(views, KnownJudgement(), verdicts);
  return verdicts;
}

inline std::vector<Transaction> KnownTransactions() {
  const HoldTerms timed{.kind = HoldKind::kTimed,
                        .in_parts = true,
                        .expires_at = Timestamp(std::uint64_t{1050}),
                        .resolver = OwnerOf(2)};
  return {Pay({.id = 1, .valid_until = 1060}, 1, 2, 5),
          Pay({.id = 2, .valid_until = 1060, .chained = true}, 1, 3, 900),
          Pay({.id = 3, .valid_until = 1060}, 3, 2, 1000, kBtc),  // takes the one before with it
          Pay({.id = 4, .valid_until = 1060, .chained = true}, 2, 1, 1100),
          Pay({.id = 5, .valid_until = 1060}, 1, 2, 700),
          Make({.id = 6, .valid_until = 1070},
               {{{OwnerOf(1), kPerpBook, kPerp}, Of(3)}, {{OwnerOf(2), kPerpBook, kPerp}, Of(-3)}}),
          Pay({.id = 7, .valid_until = 1080, .action = TransactionAction::kHold, .terms = timed}, 1,
              2, 50),
          Make({.id = 8,
                .valid_until = 1080,
                .transaction_class = TransactionClass::kPromised,
                .action = TransactionAction::kPost,
                .target = 7},
               {{Cash(1), Of(-20)}, {Cash(2), Of(20)}})};
}

inline Transaction KnownReservation() {
  return Pay({.id = 9,
              .valid_until = 1080,
              .action = TransactionAction::kHold,
              .terms = HoldTerms{.kind = HoldKind::kSettlement,
                                 .settlement = SettlementId::FromNumber(4)}},
             2, 3, 30);
}

inline std::vector<AccountSettings> KnownSettings() {
  return {{.account = Cash(3), .flags = {AccountFlag::kHistory}, .limits = kNotNegative},
          {.account = Cash(4), .flags = {AccountFlag::kClosed}, .limits = {}},
          {.account = Cash(3, kBtc),
           .flags = {AccountFlag::kDebitsFrozen, AccountFlag::kCreditsFrozen},
           .limits = Limits{Of(-5), Of(5'000)}}};
}

// The ledger and the commitment to it, at time 1001 and height 2.
struct CommittedLedger {
  TestLedger ledger{KnownOptions()};
  LedgerCommitment<> commitment;
};

inline const CommittedLedger& KnownLedger() {
  static const CommittedLedger known = [] {
    CommittedLedger made;
    const auto block = [&made](std::uint64_t height, auto&& change) {
      TestLedger& ledger = made.ledger;
      const Mark mark = *ledger.Begin();
      EXPECT_TRUE(ledger.Advance(Height(height), Timestamp(999 + height)).ok());
      change(ledger);
      LedgerChanges changes;
      EXPECT_TRUE(ledger.ChangesSince(mark, changes).ok());
      EXPECT_TRUE(made.commitment.Update(ledger, mark, changes).ok());
      EXPECT_TRUE(ledger.Release(mark).ok());
    };
    block(1, [](TestLedger& ledger) {
      for (std::uint64_t owner = 1; owner <= 3; ++owner) {
        EXPECT_TRUE(Deposit(ledger, 900 + owner, owner, 1000).ok());
        EXPECT_TRUE(Deposit(ledger, 910 + owner, owner, 10, kBtc).ok());
      }
    });
    block(2, [](TestLedger& ledger) {
      (void)ApplyBatch(ledger, KnownTransactions());
      const Transaction reservation = KnownReservation();
      EXPECT_TRUE(ledger.Reserve(reservation.view(), Digest(), KnownJudgement()).ok());
      for (const AccountSettings& settings : KnownSettings()) {
        EXPECT_TRUE(ledger.Configure(settings).ok());
      }
    });
    EXPECT_EQ(made.ledger.hold_count(), 2u);
    return made;
  }();
  return known;
}

// Whether all that must be so of every ledger is so of this one: it sums to zero, and its state
// alone makes it again.
inline bool IsSound(const TestLedger& ledger) {
  if (!Imbalances(ledger).empty()) return false;
  const Result<TestLedger> again = TestLedger::Recover(ledger.State(), KnownOptions());
  return again.ok() && again->fingerprint() == ledger.fingerprint();
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_FUZZ_KNOWN_LEDGER_H_
