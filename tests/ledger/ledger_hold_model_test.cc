// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Holds beside an obvious model of them: maps that are copied whole, and pending sums that are
// added up anew from the open holds whenever they are needed. Random operations, the seed in every
// failure (see tests/support/random.h); SETTLE_NIGHTLY=1 runs a million.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/ledger/hold.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/model_run.h"
#include "tests/ledger/world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

using Wide = std::map<AccountKey, Int128>;

struct ModelHold {
  HoldTerms terms{};
  std::vector<Leg> left{};
};

// What holds and balances should be. Ids are never used twice: the other model knows about those.
struct Model {
  Wide balances;
  std::map<AccountKey, std::uint64_t> entries;
  std::map<TransactionId, ModelHold> holds;
  std::uint64_t next_index = 0;
  std::uint64_t now = 0;

  [[nodiscard]] Int128 BalanceOf(const AccountKey& key) const {
    const auto found = balances.find(key);
    return found == balances.end() ? 0 : found->second;
  }
  [[nodiscard]] Pending PendingOf(const AccountKey& key) const {
    Int128 debits = 0;
    Int128 credits = 0;
    for (const auto& [id, hold] : holds) {
      for (const Leg& leg : hold.left) {
        if (leg.account != key) continue;
        (leg.amount.value() < 0 ? debits : credits) +=
            leg.amount.value() < 0 ? -leg.amount.value() : leg.amount.value();
      }
    }
    return {Of(debits), Of(credits)};
  }

  void Advance(std::uint64_t time) {
    now = time;
    std::erase_if(holds, [this](const auto& hold) {
      return hold.second.terms.kind == HoldKind::kTimed &&
             hold.second.terms.expires_at.value() <= now;
    });
  }

  // What plain legs, or a hold of them, meet of the limits.
  [[nodiscard]] Reason CheckLimits(const std::vector<Leg>& legs, bool reserves) const {
    Reason reason;
    for (const Leg& touched : legs) {
      Int128 change = 0;
      Int128 debits = PendingOf(touched.account).debits.value();
      Int128 credits = PendingOf(touched.account).credits.value();
      bool falls = false;
      bool rises = false;
      for (const Leg& leg : legs) {
        if (leg.account != touched.account) continue;
        const Int128 amount = leg.amount.value();
        if (!reserves) {
          change += amount;
        } else if (amount < 0) {
          debits -= amount;
          falls = true;
        } else {
          credits += amount;
          rises = true;
        }
      }
      falls |= change < 0;
      rises |= change > 0;
      const Limits limits = TestAccounts().LimitsOf(touched.account);
      const Int128 after = BalanceOf(touched.account) + change;
      if (falls && after - debits < limits.floor.value()) return LedgerReason::kBelowFloor;
      if (rises && after + credits > limits.ceiling.value()) reason = LedgerReason::kAboveCeiling;
    }
    return reason;
  }

  void Move(const std::vector<Leg>& legs) {
    std::set<AccountKey> named;
    for (const Leg& leg : legs) {
      balances[leg.account] += leg.amount.value();
      named.insert(leg.account);
    }
    for (const AccountKey& account : named) ++entries[account];
    ++next_index;
  }

  Reason Pay(const std::vector<Leg>& legs, bool compulsory) {
    if (Reason reason = CheckLimits(legs, false); !compulsory && !reason.ok()) return reason;
    Move(legs);
    return {};
  }
  Reason Hold(const TransactionId& id, const HoldTerms& terms, const std::vector<Leg>& legs) {
    if (Reason reason = CheckLimits(legs, true); !reason.ok()) return reason;
    for (const Leg& leg : legs) balances.try_emplace(leg.account, 0);
    holds[id] = {terms, legs};
    ++next_index;
    return {};
  }

  // `parts`: of every leg of the hold so much; nothing: all that is left.
  Reason Post(const TransactionId& id, HoldKind kind, const std::vector<Int128>* parts) {
    const auto found = holds.find(id);
    if (found == holds.end()) return LedgerReason::kHoldNotOpen;
    if (found->second.terms.kind != kind) return LedgerReason::kWrongEntryPoint;
    std::vector<Leg> moved;
    bool anything = false;
    for (std::size_t i = 0; i < found->second.left.size(); ++i) {
      Leg& left = found->second.left[i];
      const Int128 part = parts == nullptr ? left.amount.value() : (*parts)[i];
      if (part != 0) moved.push_back({left.account, Of(part)});
      left.amount = Of(left.amount.value() - part);
      anything |= left.amount != Of(0);
    }
    Move(moved);
    if (!anything || !found->second.terms.in_parts) holds.erase(found);
    return {};
  }
  Reason Void(const TransactionId& id, HoldKind kind) {
    const auto found = holds.find(id);
    if (found == holds.end()) return LedgerReason::kHoldNotOpen;
    if (found->second.terms.kind != kind) return LedgerReason::kWrongEntryPoint;
    holds.erase(found);
    ++next_index;
    return {};
  }
};

class LedgerHoldModel : public testing::Test {
 protected:
  static LedgerOptions Options() {
    LedgerOptions options;
    options.id_capacity = 1'000;
    options.id_horizon = Duration(60);
    options.id_period = Duration(7);
    return options;
  }
  TransactionHeader NewHeader(TransactionAction action) {
    return {.id = TransactionId::FromNumber(++last_id_),
            .transaction_class =
                action == TransactionAction::kApply || action == TransactionAction::kHold
                    ? TransactionClass::kChosen
                    : TransactionClass::kPromised,
            .valid_until = Timestamp(model_.now + random_.Between(1, 60)),
            .action = action};
  }

  // Pairs that sum to zero, some on one account with both signs.
  std::vector<Leg> AnyLegs() {
    std::vector<Leg> legs;
    for (std::uint64_t pairs = random_.Between(1, 4); pairs > 0; --pairs) {
      const AssetId asset = random_.Chance(1, 3) ? kBtc : kUsd;
      const Int128 amount(random_.Between(1, random_.Chance(1, 10) ? 900'000 : 3'000));
      legs.push_back({{OwnerOf(random_.Below(5)), kCash, asset}, Of(-amount)});
      legs.push_back({{OwnerOf(random_.Below(5)), kCash, asset}, Of(amount)});
    }
    random_.Shuffle(legs);
    return legs;
  }
  static Transaction With(const TransactionHeader& header, const std::vector<Leg>& legs,
                          const std::optional<HoldTerms>& terms = {}) {
    Transaction transaction{.header = header, .terms = terms};
    for (const Leg& leg : legs) (void)transaction.legs.Add(leg);
    return transaction;
  }
  static TestLedger::Judgement By() {
    static const TotalAtLeast::Context context{};
    static const OwnersUpTo authority{};
    static const OwnersUpTo::Witness witness{};
    return {.context = context, .authority = authority, .witness = witness};
  }

  void Expect(const Verdict& actual, Reason expected) {
    ASSERT_EQ(actual.reason, expected) << actual.reason.code() << " and " << expected.code();
    ++seen_[{actual.reason.module(), actual.reason.code()}];
  }

  void Pay() {
    const bool compulsory = random_.Chance(1, 3);
    Transaction transaction = With(NewHeader(TransactionAction::kApply), AnyLegs());
    if (compulsory) {
      transaction.header.transaction_class = TransactionClass::kCompulsory;
      transaction.header.rule = CompulsoryRule::kFunding;
    }
    const std::vector<Leg> legs(transaction.legs.begin(), transaction.legs.end());
    const Reason expected = model_.Pay(legs, compulsory);
    Expect(
        compulsory ? ledger_.ApplyCompulsory(transaction.view()) : ApplyOne(ledger_, transaction),
        expected);
  }

  void Hold() {
    HoldTerms terms;
    const bool timed = random_.Chance(4, 5);
    if (timed) {
      terms.expires_at = Timestamp(model_.now + random_.Between(1, 100));
      terms.resolver = OwnerOf(1);
      terms.in_parts = random_.Chance(2, 3);
    } else {
      terms.kind = HoldKind::kSettlement;
      terms.settlement = SettlementId::FromNumber(1);
    }
    const std::vector<Leg> legs = AnyLegs();
    const Transaction hold = With(NewHeader(TransactionAction::kHold), legs, terms);
    const Reason expected = model_.Hold(hold.header.id, terms, legs);
    Expect(timed ? ApplyOne(ledger_, hold) : ledger_.Reserve(hold.view(), Digest(), By()),
           expected);
    if (expected.ok()) held_.push_back(hold.header.id);
  }

  // So much of one debit and of one credit of the same asset, in the order of the hold's legs. Legs
  // of the same account and sign before them could be meant too, so that such are not chosen.
  std::optional<std::vector<Int128>> AnyParts(const std::vector<Leg>& left) {
    std::vector<Int128> parts(left.size());
    const std::size_t debit = random_.Below(left.size());
    const std::size_t credit = random_.Below(left.size());
    const Int128 most = (std::min)(-left[debit].amount.value(), left[credit].amount.value());
    if (most <= 0 || left[debit].account.asset != left[credit].account.asset) return {};
    for (const std::size_t chosen : {debit, credit}) {
      for (std::size_t i = 0; i < chosen; ++i) {
        const bool alike = Sign(left[i].amount) == Sign(left[chosen].amount);
        if (alike && left[i].account == left[chosen].account) return {};
      }
    }
    const auto whole = static_cast<std::uint64_t>(most);
    const Int128 part(random_.Chance(1, 3) ? whole : random_.Between(1, whole));
    parts[debit] = -part;
    parts[credit] = part;
    return parts;
  }

  // One of the last that were made, open or over, or any that is open: those of settlements would
  // pile up otherwise.
  TransactionId AnyHold() {
    if (model_.holds.empty() || random_.Chance(1, 2)) {
      return held_[held_.size() - 1 - random_.Below((std::min)(held_.size(), std::size_t{20}))];
    }
    return std::next(model_.holds.begin(),
                     static_cast<std::ptrdiff_t>(random_.Below(model_.holds.size())))
        ->first;
  }
  void End() {
    if (held_.empty()) return;
    const TransactionId target = AnyHold();
    const bool voids = random_.Chance(1, 6);
    TransactionHeader header =
        NewHeader(voids ? TransactionAction::kVoid : TransactionAction::kPost);
    header.target = target;
    const auto open = model_.holds.find(target);
    const HoldKind kind = random_.Chance(1, 5) ? HoldKind::kSettlement : HoldKind::kTimed;
    std::vector<Leg> legs;
    std::optional<std::vector<Int128>> parts;
    if (!voids && open != model_.holds.end() && random_.Chance(4, 5)) {
      parts = AnyParts(open->second.left);
      for (std::size_t i = 0; parts && i < parts->size(); ++i) {
        if ((*parts)[i] != 0) legs.push_back({open->second.left[i].account, Of((*parts)[i])});
      }
    }
    const Transaction end = With(header, legs);
    const Reason expected =
        voids ? model_.Void(target, kind) : model_.Post(target, kind, parts ? &*parts : nullptr);
    Expect(kind == HoldKind::kTimed ? ApplyOne(ledger_, end) : ledger_.Resolve(end.view()),
           expected);
  }

  void Advance() {
    const std::uint64_t now = model_.now + random_.Below(random_.Chance(1, 30) ? 150 : 6);
    model_.Advance(now);
    ASSERT_TRUE(ledger_.Advance(Height(1), Timestamp(now)).ok());
  }

  void Compare() {
    ASSERT_TRUE(Imbalances(ledger_).empty());
    std::size_t opened = 0;
    ledger_.ForEachAccount([&](const AccountState& account) {
      ++opened;
      ASSERT_EQ(account.balance.value(), model_.BalanceOf(account.key));
      const auto entries = model_.entries.find(account.key);
      ASSERT_EQ(account.entries, entries == model_.entries.end() ? 0u : entries->second);
      ASSERT_EQ(ledger_.PendingOf(account.key).debits, model_.PendingOf(account.key).debits);
      ASSERT_EQ(ledger_.PendingOf(account.key).credits, model_.PendingOf(account.key).credits);
    });
    ASSERT_EQ(opened, model_.balances.size());
    ASSERT_EQ(ledger_.next_index(), LogIndex(model_.next_index));
    ASSERT_EQ(ledger_.hold_count(), model_.holds.size());
    auto expected = model_.holds.begin();
    ledger_.ForEachHold([&](const HoldContent& hold) {
      ASSERT_EQ(hold.id, expected->first);
      ASSERT_EQ(hold.terms, expected->second.terms);
      ASSERT_EQ(hold.legs.size(), expected->second.left.size());
      for (std::size_t i = 0; i < hold.legs.size(); ++i) {
        ASSERT_EQ(hold.legs[i].amount, expected->second.left[i].amount);
      }
      ++expected;
    });
  }

  void Rebuild() {
    Result<TestLedger> rebuilt = TestLedger::Recover(ledger_.State(), Options());
    ASSERT_TRUE(rebuilt.ok());
    ASSERT_EQ(rebuilt->fingerprint(), ledger_.fingerprint());
    if (marks_.empty()) ledger_ = *std::move(rebuilt);
  }

  struct Set {
    Mark mark;
    Model model;
    Fingerprint fingerprint;
  };
  void SetMark() {
    const Result<Mark> mark = ledger_.Begin();
    ASSERT_EQ(mark.ok(), marks_.size() < kMaxMarks);
    if (mark.ok()) marks_.push_back({*mark, model_, ledger_.fingerprint()});
  }
  void Revert() {
    if (marks_.empty()) return;
    const std::size_t to = random_.Below(marks_.size());
    ASSERT_TRUE(ledger_.RevertTo(marks_[to].mark).ok());
    ASSERT_EQ(ledger_.fingerprint(), marks_[to].fingerprint);
    model_ = marks_[to].model;
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(to), marks_.end());
  }
  void Release() {
    if (marks_.empty()) return;
    const std::size_t which = random_.Below(marks_.size());
    ASSERT_TRUE(ledger_.Release(marks_[which].mark).ok());
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void Step() {
    const std::uint64_t kind = random_.Below(100);
    if (kind < 20) return Pay();
    if (kind < 45) return Hold();
    if (kind < 75) return End();
    if (kind < 85) return Advance();
    if (kind < 91) return SetMark();
    if (kind < 93) return Revert();
    if (kind < 98) return Release();
    return Rebuild();
  }

  Random random_;
  TestLedger ledger_{Options()};
  Model model_;
  std::vector<Set> marks_;
  std::vector<TransactionId> held_;
  std::uint64_t last_id_ = 0;
  std::map<std::pair<Module, std::uint16_t>, int> seen_;
};

TEST_F(LedgerHoldModel, AgreesOverRandomOperationsWithMarksAndJumpsOfTime) {
  const std::uint64_t operations = OperationsOf({.usual = 100'000, .nightly = 1'000'000});
  for (std::uint64_t i = 0; i < operations; ++i) {
    SCOPED_TRACE("operation " + std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(Step());
    ASSERT_NO_FATAL_FAILURE(Compare());
  }
  SayWhatRan(operations);
  for (const LedgerReason met :
       {LedgerReason::kOk, LedgerReason::kHoldNotOpen, LedgerReason::kWrongEntryPoint,
        LedgerReason::kBelowFloor, LedgerReason::kAboveCeiling}) {
    const Reason reason = met;
    EXPECT_GT((seen_[{reason.module(), reason.code()}]), 0) << ReasonName(met);
  }
}

}  // namespace
}  // namespace settle::test
