// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/ledger_state.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "settle/base/status.h"
#include "tests/ledger/world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

// A ledger at time 1004, height 4: accounts of three owners in two assets, one applied id and two
// failed ones within the horizon, one of which has expired while its period has not passed.
class LedgerStateTest : public testing::Test {
 protected:
  LedgerStateTest() {
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(std::uint64_t{990})).ok());
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      EXPECT_TRUE(Deposit(ledger_, 900 + owner, owner, 1000).ok());
      EXPECT_TRUE(Deposit(ledger_, 910 + owner, owner, 10, kBtc).ok());
    }
    EXPECT_TRUE(ledger_.Advance(Height(3), Timestamp(std::uint64_t{1002})).ok());
    EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 1, .valid_until = 1100}, 1, 2, 5)).ok());
    EXPECT_FALSE(ApplyOne(ledger_, Pay({.id = 2, .valid_until = 1003}, 1, 2, 5000)).ok());
    EXPECT_FALSE(ApplyOne(ledger_, Pay({.id = 3, .valid_until = 1050}, 1, 2, 5000)).ok());
    EXPECT_TRUE(ledger_.Advance(Height(4), Timestamp(std::uint64_t{1004})).ok());
    state_ = ledger_.State();
    EXPECT_EQ(state_.ids.size(), 3u);
    EXPECT_EQ(state_.ids[0].header.id, TransactionId::FromNumber(2)) << "by period";
  }

  static Result<TestLedger> Recover(const LedgerState& state,
                                    const LedgerOptions& options = SmallOptions()) {
    return TestLedger::Recover(state, options);
  }
  static void ExpectRefused(Reason reason, const LedgerState& state,
                            const LedgerOptions& options = SmallOptions()) {
    const Result<TestLedger> ledger = Recover(state, options);
    EXPECT_EQ(ledger.reason(), reason);
  }
  // The id number `id` of the state.
  IdState& IdOf(std::uint64_t id) {
    std::size_t at = 0;
    while (state_.ids[at].header.id != TransactionId::FromNumber(id)) ++at;
    return state_.ids[at];
  }

  TestLedger ledger_{SmallOptions()};
  LedgerState state_;
};

TEST_F(LedgerStateTest, SurvivesItsRecordAndRecovers) {
  const std::vector<std::byte> bytes = EncodeRecord(state_);
  const auto decoded = DecodeRecord<LedgerState>(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == state_);
  const Result<TestLedger> recovered = Recover(*decoded);
  ASSERT_TRUE(recovered.ok());
  EXPECT_TRUE(recovered->State() == state_);
  EXPECT_EQ(recovered->fingerprint(), ledger_.fingerprint());
  EXPECT_EQ(recovered->BalanceOf(Cash(2)), Of(1005));
  EXPECT_EQ(recovered->id_count(), ledger_.id_count());
  EXPECT_EQ(recovered->next_index(), ledger_.next_index());
}

// Amounts of more than 96 bits are kept apart from the others; nobody sees it.
TEST_F(LedgerStateTest, KeepsAmountsOfAnySizeUnderTheirId) {
  struct Unlimited : TestAccounts {
    [[nodiscard]] Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
  };
  using WideLedger = Ledger<TotalAtLeast, OwnersUpTo, Unlimited>;
  WideLedger ledger(SmallOptions());
  ASSERT_TRUE(ledger.Advance(Height(1), Timestamp(std::uint64_t{1000})).ok());
  const auto pay = [](std::uint64_t id, Int128 amount) {
    return Pay({.id = id, .valid_until = 1050}, 1, 2, amount);
  };
  const std::vector<Int128> amounts{1, (Int128{1} << 95) - 1, Int128{1} << 95, Int128{1} << 110};
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    ASSERT_EQ(ApplyOne(ledger, pay(i + 1, amounts[i])).disposition, Disposition::kApplied) << i;
  }
  const LedgerState state = ledger.State();
  const Result<Mark> mark = ledger.Begin();
  ASSERT_TRUE(mark.ok());
  ASSERT_TRUE(ApplyOne(ledger, pay(9, Int128{1} << 100)).ok());
  ASSERT_TRUE(ledger.RevertTo(*mark).ok());
  EXPECT_TRUE(ledger.State() == state);
  Result<WideLedger> recovered = WideLedger::Recover(state, SmallOptions());
  ASSERT_TRUE(recovered.ok());
  EXPECT_TRUE(recovered->State() == state);
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    EXPECT_EQ(ApplyOne(*recovered, pay(i + 1, amounts[i])).disposition, Disposition::kRepeated);
    EXPECT_EQ(ApplyOne(*recovered, pay(i + 1, amounts[i] + 1)).reason,
              Reason(LedgerReason::kExistsWithDifferentLegs));
  }
}

TEST_F(LedgerStateTest, ChangesNothingWithTheHostsSeed) {
  LedgerOptions seeded = SmallOptions();
  seeded.hash_seed = 0x5eed;
  const Result<TestLedger> recovered = Recover(state_, seeded);
  ASSERT_TRUE(recovered.ok());
  EXPECT_EQ(recovered->fingerprint(), ledger_.fingerprint());
}

TEST_F(LedgerStateTest, RecoveredLedgerAnswersAsTheOneThatWasNeverStopped) {
  Result<TestLedger> recovered = Recover(state_);
  ASSERT_TRUE(recovered.ok());
  // C6 to C8 after a restart: repeated, different, failed for good, expired and taken again.
  for (const Transaction& transaction :
       {Pay({.id = 1, .valid_until = 1100}, 1, 2, 5), Pay({.id = 1, .valid_until = 1100}, 1, 2, 6),
        Pay({.id = 3, .valid_until = 1050}, 1, 2, 1), Pay({.id = 2, .valid_until = 1003}, 1, 2, 1),
        Pay({.id = 2, .valid_until = 1060}, 1, 2, 1), Pay({.id = 4, .valid_until = 1104}, 2, 4, 9),
        Pay({.id = 5, .valid_until = 1104}, 4, 2, 10)}) {
    const Verdict expected = ApplyOne(ledger_, transaction);
    const Verdict actual = ApplyOne(*recovered, transaction);
    EXPECT_EQ(actual.disposition, expected.disposition);
    EXPECT_EQ(actual.reason, expected.reason);
    EXPECT_EQ(actual.index, expected.index);
    EXPECT_EQ(actual.height, expected.height);
    EXPECT_EQ(actual.time, expected.time);
    EXPECT_EQ(recovered->fingerprint(), ledger_.fingerprint());
  }
}

// Two ledgers, one of which is stopped and recovered after every step, over random payments.
TEST_F(LedgerStateTest, StoppingAfterAnyStepChangesNothing) {
  Random random(5);
  std::uint64_t now = 1004;
  TestLedger stopped = *Recover(state_);
  std::size_t applied = 0;
  for (std::uint64_t step = 0; step < 400; ++step) {
    if (random.Below(3) == 0) {
      now += random.Below(15);
      ASSERT_TRUE(ledger_.Advance(Height(5), Timestamp(now)).ok());
      ASSERT_TRUE(stopped.Advance(Height(5), Timestamp(now)).ok());
    }
    const Transaction payment =
        Pay({.id = random.Below(40), .valid_until = now + 1 + random.Below(100)},
            1 + random.Below(5), 6 + random.Below(3), 1 + Int128{random.Below(300)});
    const Verdict verdict = ApplyOne(ledger_, payment);
    EXPECT_EQ(ApplyOne(stopped, payment).reason, verdict.reason);
    applied += verdict.ok() ? 1 : 0;
    stopped = *Recover(stopped.State());
    ASSERT_EQ(stopped.fingerprint(), ledger_.fingerprint()) << step;
  }
  EXPECT_GT(applied, 20u);
  EXPECT_LT(applied, 380u);
}

// --- hostile states -----------------------------------------------------------------------------

TEST_F(LedgerStateTest, RefusesAnAccountThatStandsTwice) {
  state_.accounts[2].key = state_.accounts[1].key;
  ExpectRefused(BaseReason::kNotCanonical, state_);
}

TEST_F(LedgerStateTest, RefusesBalancesThatDoNotSumToZero) {
  for (const Int128 by : {Int128{1}, Int128{-1}, kMax<Int128>}) {
    LedgerState hostile = state_;
    hostile.accounts[1].balance = Of(static_cast<Int128>(
        static_cast<UInt128>(hostile.accounts[1].balance.value()) + static_cast<UInt128>(by)));
    ExpectRefused(LedgerReason::kUnbalanced, hostile);
  }
  // Twice -2^127 is zero modulo 2^128, and four times 2^126 is.
  LedgerState wrapping;
  wrapping.now = state_.now;
  for (std::uint64_t owner = 1; owner <= 2; ++owner) {
    (void)wrapping.accounts.Add({Cash(owner), Of(kMin<Int128>), 1});
  }
  ExpectRefused(LedgerReason::kUnbalanced, wrapping);
  wrapping.accounts.Clear();
  for (std::uint64_t owner = 1; owner <= 4; ++owner) {
    (void)wrapping.accounts.Add({Cash(owner), Of(Int128{1} << 126), 1});
  }
  ExpectRefused(LedgerReason::kUnbalanced, wrapping);
  wrapping.accounts.Clear();
  (void)wrapping.accounts.Add({Cash(1), Of(kMin<Int128>), 1});
  (void)wrapping.accounts.Add({Cash(2), Of(kMax<Int128>), 1});
  (void)wrapping.accounts.Add({Cash(3), Of(1), 1});
  EXPECT_TRUE(Recover(wrapping).ok());
  // Two assets that are out by the same amount in opposite directions are still out.
  LedgerState hostile = state_;
  for (std::size_t i = 0; i < hostile.accounts.size(); ++i) {
    AccountState& account = hostile.accounts[i];
    if (account.key == Cash(1)) account.balance = Of(account.balance.value() + 1);
    if (account.key == Cash(1, kBtc)) account.balance = Of(account.balance.value() - 1);
  }
  ExpectRefused(LedgerReason::kUnbalanced, hostile);
}

TEST_F(LedgerStateTest, TakesNoLongerForManyAssetsThanForOne) {
  constexpr std::uint32_t kAccounts = 100'000;
  const auto seconds_with = [this](std::uint32_t assets) {
    LedgerState state;
    state.now = state_.now;
    for (std::uint32_t i = 0; i < kAccounts; ++i) {
      (void)state.accounts.Add({Cash(i + 1, TokenId(i % assets)), Of(0), 1});
    }
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(Recover(state).ok());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  // A peer's snapshot may name as many assets as accounts: searching all for each takes 1000 times
  // as long.
  EXPECT_LT(seconds_with(kAccounts), 30 * seconds_with(1));
}

TEST_F(LedgerStateTest, RefusesALegOfARowThatDoesNotExist) {
  const auto rows = static_cast<std::uint32_t>(state_.accounts.size());
  IdOf(1).legs[0].row = rows - 1;
  EXPECT_TRUE(Recover(state_).ok()) << "the last row is one";
  IdOf(1).legs[0].row = rows;
  ExpectRefused(BaseReason::kOutOfRange, state_);
  IdOf(1).legs[0].row = 0xffffffff;
  ExpectRefused(BaseReason::kOutOfRange, state_);
}

TEST_F(LedgerStateTest, RefusesAReceiptThatWasNotGivenYet) {
  IdOf(1).index = LogIndex(state_.next_index.value() - 1);
  EXPECT_TRUE(Recover(state_).ok());
  IdOf(1).index = state_.next_index;
  ExpectRefused(BaseReason::kOutOfRange, state_);
}

TEST_F(LedgerStateTest, LeavesNumbersForTheReceiptsToCome) {
  state_.next_index = LogIndex((std::uint64_t{1} << 63) - 1);
  EXPECT_TRUE(Recover(state_).ok());
  state_.next_index = LogIndex(std::uint64_t{1} << 63);
  ExpectRefused(BaseReason::kOutOfRange, state_);
}

TEST_F(LedgerStateTest, RefusesWhatHappenedInTheFuture) {
  IdOf(1).time = state_.now;
  IdOf(1).height = state_.height;
  EXPECT_TRUE(Recover(state_).ok());
  IdOf(1).time = Timestamp(state_.now.value() + 1);
  ExpectRefused(BaseReason::kOutOfRange, state_);
  IdOf(1).time = state_.now;
  IdOf(1).height = Height(state_.height.value() + 1);
  ExpectRefused(BaseReason::kOutOfRange, state_);
}

TEST_F(LedgerStateTest, RefusesAnIdWhosePeriodHasPassedOrIsBeyondTheHorizon) {
  for (const std::uint64_t passed : {0u, 1u, 999u, 1000u}) {
    LedgerState hostile = state_;
    hostile.ids[0].header.valid_until = Timestamp(passed);
    ExpectRefused(BaseReason::kOutOfRange, hostile);
  }
  state_.ids[0].header.valid_until = Timestamp(std::uint64_t{1001});
  EXPECT_TRUE(Recover(state_).ok()) << "of the period at work";
  IdOf(1).header.valid_until = Timestamp(std::uint64_t{1104});
  EXPECT_TRUE(Recover(state_).ok());
  IdOf(1).header.valid_until = Timestamp(std::uint64_t{1105});
  ExpectRefused(LedgerReason::kExpiryTooFar, state_);
  IdOf(1).header.valid_until = Timestamp(kMax<std::uint64_t>);
  ExpectRefused(LedgerReason::kExpiryTooFar, state_);
}

TEST_F(LedgerStateTest, RefusesAnIdThatCountsTwice) {
  IdOf(3).header.id = TransactionId::FromNumber(1);
  ExpectRefused(BaseReason::kNotCanonical, state_);
}

TEST_F(LedgerStateTest, KeepsAnExpiredIdBesideItsSecondUse) {
  IdOf(2).header.id = TransactionId::FromNumber(1);
  const Result<TestLedger> recovered = Recover(state_);
  ASSERT_TRUE(recovered.ok());
  EXPECT_TRUE(recovered->State() == state_);
}

TEST_F(LedgerStateTest, RefusesMoreIdsThanTheTableHolds) {
  LedgerOptions options = SmallOptions();
  options.id_capacity = 3;
  EXPECT_TRUE(Recover(state_, options).ok());
  options.id_capacity = 2;
  ExpectRefused(LedgerReason::kIdTableFull, state_, options);
}

// A value has one encoding: what recovers is what the recovered ledger says of itself.
TEST_F(LedgerStateTest, WhatRecoversIsSaidAgainInTheSameBytes) {
  const std::vector<std::byte> bytes = EncodeRecord(state_);
  std::size_t recovered = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::vector<std::byte> changed = bytes;
    changed[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto decoded = DecodeRecord<LedgerState>(changed);
    if (!decoded.ok()) continue;
    const Result<TestLedger> ledger = Recover(*decoded);
    if (!ledger.ok()) continue;
    ++recovered;
    ASSERT_EQ(EncodeRecord(ledger->State()), changed) << "bit " << bit;
  }
  EXPECT_GT(recovered, 0u);
}

TEST_F(LedgerStateTest, RefusesIdsThatAreNotAsStateGivesThem) {
  LedgerState hostile = state_;
  std::swap(hostile.ids[0], hostile.ids[1]);
  ExpectRefused(BaseReason::kNotCanonical, hostile);
  hostile = state_;
  hostile.ids[0].index = LogIndex(1);
  ExpectRefused(BaseReason::kNotCanonical, hostile);
  hostile = state_;
  hostile.ids[0].legs = IdOf(1).legs;
  ExpectRefused(BaseReason::kNotCanonical, hostile);
  IdOf(1).refusal_module = 4;
  ExpectRefused(BaseReason::kNotCanonical, state_);
}

TEST_F(LedgerStateTest, RefusesHostileBytes) {
  const std::vector<std::byte> bytes = EncodeRecord(state_);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(ReasonOf(DecodeRecord<LedgerState>(ByteView(bytes.data(), size)).status())
                    .Is(BaseReason::kTruncated));
  }
  // The count of accounts stands behind kind, version, height, time and index.
  std::vector<std::byte> hostile = bytes;
  std::fill_n(hostile.begin() + 6 + 24, 4, std::byte{0xff});
  EXPECT_TRUE(ReasonOf(DecodeRecord<LedgerState>(hostile).status()).Is(BaseReason::kTruncated));
}

}  // namespace
}  // namespace settle::test
