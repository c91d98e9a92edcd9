// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What is set of accounts: closed, frozen, limits of their own; and what is not touched by it.

#include "settle/ledger/account_settings.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/status.h"
#include "settle/ledger/hold.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

constexpr AccountFlags kNoFlags;
constexpr AccountFlags kShut{AccountFlag::kClosed};
constexpr AccountFlags kNoDebits{AccountFlag::kDebitsFrozen};
constexpr AccountFlags kNoCredits{AccountFlag::kCreditsFrozen};

AccountKey Position(std::uint64_t owner) { return {OwnerOf(owner), kPerpBook, kPerp}; }

// Owners 1 to 3 have 1000 USD each at time 1010.
class AccountSettingsTest : public testing::Test {
 protected:
  AccountSettingsTest() {
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1000)).ok());
    for (std::uint64_t owner = 1; owner <= 3; ++owner) {
      EXPECT_TRUE(Deposit(ledger_, 900 + owner, owner, 1000).ok());
    }
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1010)).ok());
  }

  static LedgerOptions Options() {
    LedgerOptions options = SmallOptions();
    options.id_capacity = 1000;
    return options;
  }
  Wanted Next() { return {.id = ++last_id_, .valid_until = 1050}; }
  Transaction PayNext(std::uint64_t from, std::uint64_t to, Int128 amount) {
    return Pay(Next(), from, to, amount);
  }
  // A hold over at 1040 that the resolver of no name ends.
  Transaction HoldNext(std::uint64_t from, std::uint64_t to, Int128 amount, bool in_parts = false) {
    Wanted wanted = Next();
    wanted.action = TransactionAction::kHold;
    wanted.terms = HoldTerms{.in_parts = in_parts, .expires_at = Timestamp(1040)};
    return Pay(wanted, from, to, amount);
  }
  Transaction EndNext(TransactionAction action, const Transaction& hold,
                      std::initializer_list<Leg> legs = {}) {
    Wanted wanted = Next();
    wanted.transaction_class = TransactionClass::kPromised;
    wanted.action = action;
    Transaction end = Make(wanted, legs);
    end.header.target = hold.header.id;
    return end;
  }
  Transaction PostNext(const Transaction& hold, std::initializer_list<Leg> legs = {}) {
    return EndNext(TransactionAction::kPost, hold, legs);
  }
  Transaction VoidNext(const Transaction& hold) { return EndNext(TransactionAction::kVoid, hold); }
  // The hold of a settlement.
  Transaction SettlementNext(std::uint64_t from, std::uint64_t to, Int128 amount) {
    Transaction hold = HoldNext(from, to, amount);
    hold.terms =
        HoldTerms{.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(1)};
    return hold;
  }
  Verdict ReserveFor(const Transaction& hold) {
    return ledger_.Reserve(hold.view(), Digest(),
                           {.context = context_, .authority = authority_, .witness = {}});
  }

  void Set(const AccountKey& account, AccountFlags flags, std::optional<Limits> limits = {}) {
    EXPECT_TRUE(ledger_.Configure({account, flags, limits}).ok());
  }
  void ExpectDone(const Transaction& transaction) {
    EXPECT_EQ(ApplyOne(ledger_, transaction).disposition, Disposition::kApplied);
  }
  // Refused by state: the id is remembered and nothing else changes, for the second use neither.
  void ExpectBurnt(const Transaction& transaction, LedgerReason reason) {
    LedgerState before = ledger_.State();
    EXPECT_EQ(ApplyOne(ledger_, transaction).reason, Reason(reason));
    LedgerState after = ledger_.State();
    ASSERT_EQ(after.ids.size(), before.ids.size() + 1);
    EXPECT_EQ(ApplyOne(ledger_, transaction).reason, Reason(LedgerReason::kIdAlreadyFailed));
    EXPECT_TRUE(ledger_.State() == after);
    after.ids.Clear();
    before.ids.Clear();
    EXPECT_TRUE(after == before);
  }
  void ExpectRefused(const AccountSettings& settings, Reason reason) {
    const LedgerState before = ledger_.State();
    EXPECT_EQ(ledger_.Configure(settings), reason);
    EXPECT_TRUE(ledger_.State() == before);
  }
  [[nodiscard]] TestLedger Recovered() const {
    Result<TestLedger> recovered = TestLedger::Recover(ledger_.State(), Options());
    EXPECT_TRUE(recovered.ok());
    EXPECT_TRUE(recovered->State() == ledger_.State());
    return *std::move(recovered);
  }
  [[nodiscard]] Int128 Has(std::uint64_t owner) const {
    return ledger_.BalanceOf(Cash(owner)).value();
  }

  TestLedger ledger_{Options()};
  TotalAtLeast::Context context_;
  OwnersUpTo authority_;
  std::uint64_t last_id_ = 0;
};

// --- the values ---------------------------------------------------------------------------------

TEST_F(AccountSettingsTest, DecodesKnownFlagsAndOrderedLimitsAlone) {
  std::vector<std::byte> bytes = EncodeRecord(AccountSettings{.account = Cash(1)});
  const std::size_t at = bytes.size() - 2;
  for (unsigned bits = 0; bits <= 255; ++bits) {
    bytes[at] = static_cast<std::byte>(bits);
    const auto decoded = DecodeRecord<AccountSettings>(bytes);
    ASSERT_EQ(decoded.ok(), bits <= 15) << bits;
    if (!decoded.ok()) {
      EXPECT_TRUE(ReasonOf(decoded.status()).Is(BaseReason::kUnknownEnumerator));
    } else {
      EXPECT_EQ(decoded->flags, AccountFlags::FromBits(static_cast<std::uint8_t>(bits)));
      EXPECT_EQ(EncodeRecord(*decoded), bytes);
    }
  }
  const AccountSettings one_point{.account = Cash(1), .limits = Limits{Of(5), Of(5)}};
  EXPECT_TRUE(DecodeRecord<AccountSettings>(EncodeRecord(one_point)).ok());
  const AccountSettings none{.account = Cash(1), .limits = Limits{Of(6), Of(5)}};
  EXPECT_TRUE(ReasonOf(DecodeRecord<AccountSettings>(EncodeRecord(none)).status())
                  .Is(BaseReason::kOutOfRange));
}

TEST_F(AccountSettingsTest, AreAValueThatMayBeSetTwice) {
  const AccountSettings settings{
      Cash(1), {AccountFlag::kHistory, AccountFlag::kCreditsFrozen}, Limits{Of(-5), Of(5)}};
  EXPECT_TRUE(ledger_.SettingsOf(Cash(1)) == AccountSettings{.account = Cash(1)});
  EXPECT_TRUE(ledger_.Configure(settings).ok());
  EXPECT_TRUE(ledger_.SettingsOf(Cash(1)) == settings);
  EXPECT_TRUE(ledger_.SettingsOf(Cash(2)) == AccountSettings{.account = Cash(2)});
  const Fingerprint once = ledger_.fingerprint();
  EXPECT_TRUE(ledger_.Configure(settings).ok());
  EXPECT_EQ(ledger_.fingerprint(), once);
  EXPECT_EQ(Has(1), 1000);
}

TEST_F(AccountSettingsTest, OpenTheAccountWhereNeedBe) {
  const std::size_t before = ledger_.account_count();
  Set(Cash(7), kShut);
  EXPECT_EQ(ledger_.account_count(), before + 1);
  EXPECT_EQ(ledger_.SettingsOf(Cash(7)).flags, kShut);
  EXPECT_EQ(Has(7), 0);
  ExpectBurnt(PayNext(1, 7, 1), LedgerReason::kAccountClosed);
}

TEST_F(AccountSettingsTest, AreRefusedWholeWhereTheyAreNone) {
  ExpectRefused({Cash(1), AccountFlags::FromBits(16), {}}, BaseReason::kUnknownEnumerator);
  ExpectRefused({Cash(1), kShut, Limits{Of(1), Of(0)}}, BaseReason::kOutOfRange);
  ExpectRefused({Cash(8), kShut, Limits{Of(1), Of(0)}}, BaseReason::kOutOfRange);
}

// --- closing ------------------------------------------------------------------------------------

TEST_F(AccountSettingsTest, NothingChosenNamesAClosedAccount) {
  Set(Cash(2), kShut);
  ExpectBurnt(PayNext(1, 2, 1), LedgerReason::kAccountClosed);
  ExpectBurnt(PayNext(2, 1, 1), LedgerReason::kAccountClosed);
  ExpectBurnt(Make(Next(), {{Cash(2), Of(1)}, {Cash(2), Of(-1)}}), LedgerReason::kAccountClosed);
  ExpectBurnt(HoldNext(1, 2, 1), LedgerReason::kAccountClosed);
  ExpectBurnt(HoldNext(2, 1, 1), LedgerReason::kAccountClosed);
  EXPECT_EQ(ReserveFor(SettlementNext(1, 2, 1)).reason, Reason(LedgerReason::kAccountClosed));
  ExpectDone(PayNext(1, 3, 1));
}

TEST_F(AccountSettingsTest, AnIdThatMetAClosedAccountFailsForGood) {
  Set(Cash(2), kShut);
  const Transaction payment = PayNext(1, 2, 5);
  EXPECT_EQ(ApplyOne(ledger_, payment).reason, Reason(LedgerReason::kAccountClosed));
  Set(Cash(2), kNoFlags);
  EXPECT_EQ(ApplyOne(ledger_, payment).reason, Reason(LedgerReason::kIdAlreadyFailed));
  ExpectDone(PayNext(1, 2, 5));
}

TEST_F(AccountSettingsTest, WhatWasAppliedBeforeIsAnsweredAsThen) {
  const Transaction payment = PayNext(1, 2, 5);
  const Verdict first = ApplyOne(ledger_, payment);
  Set(Cash(2), kShut);
  const Verdict again = ApplyOne(ledger_, payment);
  EXPECT_EQ(again.disposition, Disposition::kRepeated);
  EXPECT_EQ(again.index, first.index);
}

TEST_F(AccountSettingsTest, CompulsoryTransactionsIgnoreFlags) {
  for (std::uint8_t bits = 0; bits <= 15; ++bits) {
    Set(Cash(1), AccountFlags::FromBits(bits));
    Set(Cash(2), AccountFlags::FromBits(bits));
    Wanted wanted = Next();
    wanted.transaction_class = TransactionClass::kCompulsory;
    wanted.rule = CompulsoryRule::kFunding;
    EXPECT_TRUE(ledger_.ApplyCompulsory(Pay(wanted, 1, 2, 1).view()).ok()) << int{bits};
  }
  EXPECT_EQ(Has(2), 1016);
}

// C13, with settings in place of closing transfers.
TEST_F(AccountSettingsTest, C13ClosesAndReopens) {
  const Transaction into = HoldNext(1, 2, 100);
  const Transaction out_of = HoldNext(2, 1, 100);
  const Transaction expiring = HoldNext(2, 3, 100);
  for (const Transaction& hold : {into, out_of, expiring}) ExpectDone(hold);
  Set(Cash(2), kShut);
  Set(Cash(2), kShut);
  ExpectBurnt(PostNext(into), LedgerReason::kAccountClosed);
  ExpectBurnt(PostNext(out_of), LedgerReason::kAccountClosed);
  ExpectBurnt(PostNext(out_of, {{Cash(2), Of(-1)}, {Cash(1), Of(1)}}),
              LedgerReason::kAccountClosed);
  EXPECT_EQ(ledger_.hold_count(), 3u);
  // Voiding and expiry still work, and give back what was reserved.
  ExpectDone(VoidNext(into));
  EXPECT_EQ(ledger_.PendingOf(Cash(1)).debits, Of(0));
  Set(Cash(2), kNoFlags);
  ExpectDone(PostNext(out_of));
  EXPECT_EQ(Has(1), 1100);
  Set(Cash(2), kShut);
  ASSERT_TRUE(ledger_.Advance(Height(2), Timestamp(1040)).ok());
  EXPECT_EQ(ledger_.hold_count(), 0u);
  EXPECT_EQ(ledger_.PendingOf(Cash(2)).debits, Of(0));
  Set(Cash(2), kNoFlags);
  ExpectDone(PayNext(2, 1, 900));
}

TEST_F(AccountSettingsTest, PostsWhatDoesNotTouchTheClosedAccount) {
  Transaction hold = HoldNext(1, 2, 10, true);
  EXPECT_TRUE(hold.legs.Add({Cash(1), Of(-20)}) && hold.legs.Add({Cash(3), Of(20)}));
  ExpectDone(hold);
  Set(Cash(2), kShut);
  ExpectBurnt(PostNext(hold), LedgerReason::kAccountClosed);
  ExpectDone(PostNext(hold, {{Cash(1), Of(-5)}, {Cash(3), Of(5)}}));
  EXPECT_EQ(Has(3), 1005);
}

TEST_F(AccountSettingsTest, CannotCloseWhatASettlementReserves) {
  const Transaction hold = SettlementNext(1, 2, 100);
  EXPECT_TRUE(ReserveFor(hold).ok());
  ExpectDone(HoldNext(3, 1, 5));
  ExpectRefused({Cash(1), kShut, {}}, LedgerReason::kAccountHeld);
  ExpectRefused({Cash(2), {AccountFlag::kClosed, AccountFlag::kHistory}, {}},
                LedgerReason::kAccountHeld);
  Set(Cash(3), kShut);  // which a timed hold reserves
  // Freezing may be, and the decision posts in spite of it.
  Set(Cash(1), kNoDebits);
  Set(Cash(2), kNoCredits);
  EXPECT_TRUE(ledger_.Resolve(PostNext(hold).view()).ok());
  EXPECT_EQ(Has(1), 900);
  EXPECT_EQ(Has(2), 1100);
  Set(Cash(1), kShut);
  Set(Cash(2), kShut);
}

// --- freezing -----------------------------------------------------------------------------------

TEST_F(AccountSettingsTest, FrozenDebitsLowerNothing) {
  const Transaction before = HoldNext(1, 2, 100);
  ExpectDone(before);
  Set(Cash(1), kNoDebits);
  ExpectBurnt(PayNext(1, 2, 1), LedgerReason::kDebitsFrozen);
  ExpectBurnt(HoldNext(1, 2, 1), LedgerReason::kDebitsFrozen);
  ExpectBurnt(Make(Next(), {{Cash(1), Of(4)}, {Cash(1), Of(-5)}, {Cash(2), Of(1)}}),
              LedgerReason::kDebitsFrozen);
  // A hold may post its debit alone, whatever credit stands beside it.
  Transaction both = HoldNext(1, 2, 1);
  EXPECT_TRUE(both.legs.Add({Cash(1), Of(9)}) && both.legs.Add({Cash(2), Of(-9)}));
  ExpectBurnt(both, LedgerReason::kDebitsFrozen);
  ExpectDone(PayNext(2, 1, 1));
  ExpectDone(HoldNext(2, 1, 1));
  ExpectDone(Make(Next(), {{Cash(1), Of(-4)}, {Cash(1), Of(5)}, {Cash(2), Of(-1)}}));
  ExpectDone(Make(Next(), {{Cash(1), Of(-4)}, {Cash(1), Of(4)}}));
  ExpectDone(PostNext(before));
  EXPECT_EQ(Has(1), 902);
}

TEST_F(AccountSettingsTest, FrozenCreditsRaiseNothing) {
  const Transaction before = HoldNext(2, 1, 100);
  ExpectDone(before);
  Set(Cash(1), kNoCredits);
  ExpectBurnt(PayNext(2, 1, 1), LedgerReason::kCreditsFrozen);
  ExpectBurnt(HoldNext(2, 1, 1), LedgerReason::kCreditsFrozen);
  ExpectBurnt(Make(Next(), {{Cash(1), Of(5)}, {Cash(1), Of(-4)}, {Cash(2), Of(-1)}}),
              LedgerReason::kCreditsFrozen);
  Transaction both = HoldNext(1, 2, 9);
  EXPECT_TRUE(both.legs.Add({Cash(1), Of(1)}) && both.legs.Add({Cash(2), Of(-1)}));
  ExpectBurnt(both, LedgerReason::kCreditsFrozen);
  ExpectDone(PayNext(1, 2, 1));
  ExpectDone(HoldNext(1, 2, 1));
  ExpectDone(Make(Next(), {{Cash(1), Of(4)}, {Cash(1), Of(-4)}}));
  ExpectDone(PostNext(before));
  EXPECT_EQ(Has(1), 1099);
}

TEST_F(AccountSettingsTest, FrozenPositionsMoveOneWay) {
  const auto trade = [this](std::uint64_t seller, std::uint64_t buyer) {
    return Make(Next(), {{Position(seller), Of(-1)}, {Position(buyer), Of(1)}});
  };
  ExpectDone(trade(1, 2));
  Set(Position(1), kNoDebits);
  ExpectBurnt(trade(1, 2), LedgerReason::kDebitsFrozen);
  ExpectDone(trade(2, 1));
  Set(Position(1), kNoCredits);
  ExpectBurnt(trade(2, 1), LedgerReason::kCreditsFrozen);
  ExpectDone(trade(1, 2));
  // The cash of the same owner is another account.
  ExpectDone(PayNext(2, 1, 1));
}

TEST_F(AccountSettingsTest, KeepingHistoryForbidsNothing) {
  Set(Cash(1), {AccountFlag::kHistory});
  ExpectDone(PayNext(1, 2, 1));
  ExpectDone(PayNext(2, 1, 1));
  ExpectDone(HoldNext(1, 2, 1));
  EXPECT_EQ(Has(1), 1000);
}

TEST_F(AccountSettingsTest, RefusesInOrderOfPrecedenceWhateverTheOrderOfAccounts) {
  Set(Cash(1), kNoDebits);
  Set(Cash(2), kNoCredits);
  Set(Cash(3), kShut);
  const auto legs = [this](Amount first, Amount second, Amount third, bool reversed) {
    return reversed ? Make(Next(), {{Cash(3), third}, {Cash(2), second}, {Cash(1), first}})
                    : Make(Next(), {{Cash(1), first}, {Cash(2), second}, {Cash(3), third}});
  };
  for (const bool reversed : {false, true}) {
    // All of them would fall below their floors too.
    ExpectBurnt(legs(Of(-5000), Of(4999), Of(1), reversed), LedgerReason::kAccountClosed);
    Transaction frozen = PayNext(reversed ? 1 : 4, reversed ? 2 : 5, 5000);
    EXPECT_TRUE(frozen.legs.Add({Cash(reversed ? 4 : 1), Of(-5000)}) &&
                frozen.legs.Add({Cash(reversed ? 5 : 2), Of(5000)}));
    ExpectBurnt(frozen, LedgerReason::kDebitsFrozen);
    ExpectBurnt(PayNext(4, 2, 5000), LedgerReason::kCreditsFrozen);
  }
  ExpectBurnt(PayNext(4, 5, 5000), LedgerReason::kBelowFloor);
}

// --- limits -------------------------------------------------------------------------------------

TEST_F(AccountSettingsTest, OwnLimitsHoldToTheLastUnit) {
  Set(Cash(1), kNoFlags, Limits{Of(-500), Of(1200)});
  ExpectBurnt(PayNext(1, 2, 1501), LedgerReason::kBelowFloor);
  ExpectDone(PayNext(1, 2, 1500));
  ExpectBurnt(PayNext(1, 2, 1), LedgerReason::kBelowFloor);
  ExpectBurnt(PayNext(2, 1, 1701), LedgerReason::kAboveCeiling);
  ExpectDone(PayNext(2, 1, 1700));
  ExpectBurnt(PayNext(3, 1, 1), LedgerReason::kAboveCeiling);
  // Back to what the policy says.
  Set(Cash(1), kNoFlags);
  ExpectDone(PayNext(3, 1, 1));
  ExpectBurnt(PayNext(1, 2, 1202), LedgerReason::kBelowFloor);
  ExpectDone(PayNext(1, 2, 1201));
}

TEST_F(AccountSettingsTest, ABalanceOutsideNewLimitsMovesTowardsThem) {
  Set(Cash(1), kNoFlags, Limits{Of(2000), Of(3000)});
  ExpectBurnt(PayNext(1, 2, 1), LedgerReason::kBelowFloor);
  ExpectDone(PayNext(2, 1, 1));
  Set(Cash(1), kNoFlags, Limits{Of(0), Of(500)});
  ExpectBurnt(PayNext(2, 1, 1), LedgerReason::kAboveCeiling);
  ExpectDone(PayNext(1, 2, 1));
  EXPECT_EQ(Has(1), 1000);
}

TEST_F(AccountSettingsTest, WhatIsReservedStaysPromisedUnderNewLimits) {
  const Transaction out_of = HoldNext(1, 2, 600);
  const Transaction into = HoldNext(3, 1, 300);
  ExpectDone(out_of);
  ExpectDone(into);
  Set(Cash(1), kNoFlags, Limits{Of(1000), Of(1000)});
  ExpectBurnt(HoldNext(1, 2, 1), LedgerReason::kBelowFloor);
  ExpectDone(PostNext(out_of));
  ExpectDone(PostNext(into));
  EXPECT_EQ(Has(1), 700);
}

TEST_F(AccountSettingsTest, EveryAccountIsHeldToLimitsOfItsOwn) {
  for (std::uint64_t owner = 10; owner < 60; ++owner) {
    Set(Cash(owner), kNoFlags, Limits{Of(-Int128(owner)), Of(1000)});
  }
  for (std::uint64_t owner = 10; owner < 60; owner += 2) {
    Set(Cash(owner), kNoFlags, Limits{Of(-1), Of(1000)});
  }
  for (std::uint64_t owner = 10; owner < 60; ++owner) {
    const Int128 most = owner % 2 == 0 ? 1 : Int128(owner);
    ExpectBurnt(PayNext(owner, 1, most + 1), LedgerReason::kBelowFloor);
    ExpectDone(PayNext(owner, 1, most));
  }
}

// --- rollback and recovery ----------------------------------------------------------------------

TEST_F(AccountSettingsTest, AreTakenBackWithTheirBlock) {
  Set(Cash(1), kNoDebits, Limits{Of(-5), Of(1'500)});
  const LedgerState before = ledger_.State();
  const Result<Mark> outer = ledger_.Begin();
  ASSERT_TRUE(outer.ok());
  Set(Cash(1), kNoFlags);
  Set(Cash(2), kShut, Limits{Of(1), Of(2)});
  const LedgerState between = ledger_.State();
  const Result<Mark> inner = ledger_.Begin();
  ASSERT_TRUE(inner.ok());
  Set(Cash(70), kNoCredits, Limits{Of(-70), Of(70)});
  ExpectDone(PayNext(1, 71, 10));
  Set(Cash(71), kShut);
  Set(Cash(1), kShut, Limits{Of(7), Of(8)});
  ASSERT_TRUE(ledger_.RevertTo(*inner).ok());
  EXPECT_TRUE(ledger_.State() == between);
  (void)Recovered();
  ASSERT_TRUE(ledger_.RevertTo(*outer).ok());
  EXPECT_TRUE(ledger_.State() == before);
  // What is derived is back too: flags and limits rule as they did.
  ExpectBurnt(PayNext(1, 2, 1), LedgerReason::kDebitsFrozen);
  ExpectBurnt(PayNext(2, 1, 501), LedgerReason::kAboveCeiling);
  ExpectDone(PayNext(2, 1, 500));
  ExpectDone(PayNext(3, 70, 71));
  ExpectDone(PayNext(3, 71, 1));
  TestLedger recovered = Recovered();
  EXPECT_EQ(ApplyOne(recovered, PayNext(3, 1, 1)).reason, Reason(LedgerReason::kAboveCeiling));
}

TEST_F(AccountSettingsTest, AreAmongTheChangesOfTheirBlock) {
  const Result<Mark> mark = ledger_.Begin();
  ASSERT_TRUE(mark.ok());
  Set(Cash(2), kShut);
  Set(Cash(70), kNoCredits, Limits{Of(-70), Of(70)});
  LedgerChanges changes;
  ASSERT_TRUE(ledger_.ChangesSince(*mark, changes).ok());
  ASSERT_EQ(changes.accounts.size(), 2u);
  EXPECT_TRUE(changes.accounts[0].account.settings() == ledger_.SettingsOf(Cash(2)));
  EXPECT_TRUE(changes.accounts[1].account.settings() == ledger_.SettingsOf(Cash(70)));
  EXPECT_TRUE(changes.entries.empty());
}

TEST_F(AccountSettingsTest, ARecoveredLedgerKeepsThem) {
  Set(Cash(1), kNoDebits);
  Set(Cash(2), {AccountFlag::kHistory}, Limits{Of(990), Of(1010)});
  const Fingerprint open = ledger_.fingerprint();
  Set(Cash(3), kShut);
  EXPECT_NE(ledger_.fingerprint(), open) << "they are part of the value";
  TestLedger recovered = Recovered();
  EXPECT_TRUE(recovered.SettingsOf(Cash(2)) == ledger_.SettingsOf(Cash(2)));
  for (const Transaction& transaction : {PayNext(1, 2, 1), PayNext(2, 1, 10), PayNext(2, 1, 1),
                                         PayNext(4, 2, 1), PayNext(2, 3, 0), PayNext(2, 3, 1)}) {
    EXPECT_EQ(ApplyOne(recovered, transaction).reason, ApplyOne(ledger_, transaction).reason);
  }
  EXPECT_TRUE(recovered.State() == ledger_.State());
}

TEST_F(AccountSettingsTest, RecoversNoSettingsThatConfigureRefuses) {
  EXPECT_TRUE(ReserveFor(SettlementNext(1, 2, 100)).ok());
  const LedgerState good = ledger_.State();
  const auto reason_with = [&good](auto&& change) {
    LedgerState hostile = good;
    for (std::size_t i = 0; i < hostile.accounts.size(); ++i) {
      if (hostile.accounts[i].key == Cash(1)) change(hostile.accounts[i]);
    }
    return TestLedger::Recover(hostile, Options()).reason();
  };
  EXPECT_TRUE(reason_with([](AccountState&) {}).ok());
  EXPECT_TRUE(reason_with([](AccountState& account) { account.flags = kNoDebits; }).ok());
  EXPECT_TRUE(reason_with([](AccountState& account) { account.has_limits = true; }).ok());
  EXPECT_EQ(reason_with([](AccountState& account) { account.flags = AccountFlags::FromBits(16); }),
            Reason(BaseReason::kUnknownEnumerator));
  EXPECT_EQ(reason_with([](AccountState& account) { account.limits = kNotNegative; }),
            Reason(BaseReason::kNotCanonical));
  EXPECT_EQ(reason_with([](AccountState& account) {
              account.has_limits = true;
              account.limits = {Of(1), Of(0)};
            }),
            Reason(BaseReason::kOutOfRange));
  EXPECT_EQ(reason_with([](AccountState& account) { account.flags = kShut; }),
            Reason(LedgerReason::kAccountHeld));
}

}  // namespace
}  // namespace settle::test
