// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The ledger beside an obvious model of it: maps that are copied whole, and no index, no scratch,
// no undo log. Random operations, the seed in every failure (see tests/support/random.h);
// SETTLE_NIGHTLY=1 runs a million.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/model_run.h"
#include "tests/ledger/world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

// What a ledger should be, written for the eye.
class Model {
 public:
  explicit Model(const LedgerOptions& options) : options_(options) {}

  struct Known {
    Transaction transaction;
    Verdict verdict;
  };

  bool Advance(Height height, Timestamp now) {
    if (now < now_ || height < height_) return false;
    now_ = now;
    height_ = height;
    std::erase_if(known_, [this](const Known& known) { return PeriodHasPassed(known); });
    return true;
  }

  Verdict Apply(const Transaction& transaction, const TotalAtLeast::Context& context,
                const OwnersUpTo& authority, bool compulsory) {
    const TransactionHeader& header = transaction.header;
    if (header.valid_until <= now_) return Refused(LedgerReason::kExpired);
    for (const Known& known : known_) {
      const TransactionHeader& other = known.transaction.header;
      if (other.id != header.id || other.valid_until <= now_) continue;
      return Repeat(known, transaction);
    }
    if (Reason reason = CheckForm(transaction, compulsory); !reason.ok()) return Refused(reason);

    std::map<AccountKey, Int128> after = balances_;
    for (const Leg& leg : transaction.legs) after[leg.account] += leg.amount.value();
    if (!compulsory) {
      for (const Leg& leg : transaction.legs) {
        const bool receives =
            after[leg.account] > BalanceOf(leg.account) && !IsContract(leg.account.asset);
        if (!receives && leg.account.owner > OwnerOf(authority.most)) {
          return Refused(LedgerReason::kNotConsented);
        }
      }
    }
    if (known_.size() >= options_.id_capacity) return Refused(LedgerReason::kIdTableFull);
    if (!compulsory) {
      if (Reason reason = CheckState(after, context); !reason.ok()) {
        known_.push_back({transaction, Refused(reason)});
        return known_.back().verdict;
      }
    }
    std::set<AccountKey> named;
    for (const Leg& leg : transaction.legs) named.insert(leg.account);
    for (const AccountKey& key : named) ++entries_[key];
    balances_ = std::move(after);
    known_.push_back({transaction, Verdict{.disposition = Disposition::kApplied,
                                           .reason = {},
                                           .index = LogIndex(next_index_++),
                                           .height = height_,
                                           .time = now_}});
    return known_.back().verdict;
  }

  [[nodiscard]] Int128 BalanceOf(const AccountKey& key) const {
    const auto found = balances_.find(key);
    return found == balances_.end() ? 0 : found->second;
  }
  [[nodiscard]] const std::map<AccountKey, Int128>& balances() const { return balances_; }
  [[nodiscard]] std::uint64_t EntriesOf(const AccountKey& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? 0 : found->second;
  }
  [[nodiscard]] const std::vector<Known>& known() const { return known_; }
  [[nodiscard]] std::uint64_t next_index() const { return next_index_; }
  [[nodiscard]] Timestamp now() const { return now_; }
  [[nodiscard]] Height height() const { return height_; }

 private:
  static Verdict Refused(Reason reason) {
    return {.disposition = Disposition::kRefused, .reason = reason};
  }

  [[nodiscard]] bool PeriodHasPassed(const Known& known) const {
    const std::uint64_t period = options_.id_period.value();
    const std::uint64_t last = known.transaction.header.valid_until.value() - 1;
    return now_.value() >= (last / period + 1) * period;
  }

  [[nodiscard]] static Verdict Repeat(const Known& known, const Transaction& transaction) {
    if (!known.verdict.ok()) return Refused(LedgerReason::kIdAlreadyFailed);
    const TransactionHeader& a = known.transaction.header;
    const TransactionHeader& b = transaction.header;
    if (a.transaction_class != b.transaction_class) {
      return Refused(LedgerReason::kExistsWithDifferentClass);
    }
    if (a.rule != b.rule) return Refused(LedgerReason::kExistsWithDifferentRule);
    if (a.valid_until != b.valid_until) return Refused(LedgerReason::kExistsWithDifferentExpiry);
    if (!(known.transaction.legs == transaction.legs)) {
      return Refused(LedgerReason::kExistsWithDifferentLegs);
    }
    Verdict verdict = known.verdict;
    verdict.disposition = Disposition::kRepeated;
    return verdict;
  }

  [[nodiscard]] Reason CheckForm(const Transaction& transaction, bool compulsory) const {
    const TransactionHeader& header = transaction.header;
    const bool right = compulsory ? header.transaction_class == TransactionClass::kCompulsory &&
                                        header.rule != CompulsoryRule::kNone
                                  : header.transaction_class == TransactionClass::kChosen &&
                                        header.rule == CompulsoryRule::kNone;
    if (!right) return LedgerReason::kWrongEntryPoint;
    if (transaction.legs.size() < 2) return LedgerReason::kTooFewLegs;
    std::map<std::uint32_t, Int128> sums;
    for (const Leg& leg : transaction.legs) {
      if (leg.amount == Of(0)) return LedgerReason::kZeroAmount;
      sums[leg.account.asset.value()] += leg.amount.value();
    }
    for (const auto& [asset, sum] : sums) {
      if (sum != 0) return LedgerReason::kUnbalanced;
    }
    if (header.valid_until.value() > now_.value() + options_.id_horizon.value()) {
      return LedgerReason::kExpiryTooFar;
    }
    return {};
  }

  [[nodiscard]] bool Weakens(const AccountKey& key, Int128 after) const {
    const Int128 before = BalanceOf(key);
    return after < before || (after != before && IsContract(key.asset));
  }

  [[nodiscard]] Reason CheckState(const std::map<AccountKey, Int128>& after,
                                  const TotalAtLeast::Context& context) const {
    for (const auto& [key, balance] : after) {
      const Limits limits = TestAccounts().LimitsOf(key);
      const Int128 before = BalanceOf(key);
      if (balance < before && balance < limits.floor.value()) return LedgerReason::kBelowFloor;
    }
    for (const auto& [key, balance] : after) {
      const Limits limits = TestAccounts().LimitsOf(key);
      if (balance > BalanceOf(key) && balance > limits.ceiling.value()) {
        return LedgerReason::kAboveCeiling;
      }
    }
    for (const auto& [weakened, unused] : after) {
      if (!TestAccounts().GroupOf(weakened) || !Weakens(weakened, unused)) continue;
      Int128 total = 0;
      for (const auto& [key, balance] : after) {
        if (key.owner == weakened.owner) total += balance;
      }
      if (total < context.least) return Reason(Module::kHost, 1);
    }
    return {};
  }

  LedgerOptions options_;
  std::map<AccountKey, Int128> balances_;
  std::map<AccountKey, std::uint64_t> entries_;
  std::vector<Known> known_;
  std::uint64_t next_index_ = 0;
  Timestamp now_;
  Height height_;
};

class LedgerModelTest : public testing::Test {
 protected:
  static LedgerOptions Options() {
    LedgerOptions options;
    options.id_capacity = 40;
    options.id_horizon = Duration(60);
    options.id_period = Duration(7);
    return options;
  }

  AccountKey AnyAccount() {
    const std::uint64_t owner = random_.Below(6);  // 0 is the outside
    if (random_.Chance(1, 3))
      return {OwnerOf(owner), kPerpBook, random_.Chance(1, 2) ? kPerp : kUsd};
    return {OwnerOf(owner), kCash, random_.Chance(1, 3) ? kBtc : kUsd};
  }

  // Mostly sound, sometimes not.
  Transaction AnyTransaction() {
    Wanted wanted{.id = random_.Between(1, 60),
                  .valid_until = model_.now().value() + random_.Below(64)};
    if (random_.Chance(1, 40)) wanted.transaction_class = TransactionClass::kPromised;
    if (random_.Chance(1, 40)) wanted.rule = CompulsoryRule::kFunding;
    Transaction transaction = Make(wanted, {});
    for (std::uint64_t pairs = random_.Between(1, 4); pairs > 0; --pairs) {
      const AccountKey from = AnyAccount();
      AccountKey to = AnyAccount();
      if (!random_.Chance(1, 60)) to.asset = from.asset;
      const Int128 amount = random_.Chance(1, 8)
                                ? Int128(random_.Below(2'000'000))
                                : Int128(random_.Below(random_.Chance(1, 20) ? 2 : 5000));
      (void)transaction.legs.Add({from, Of(-amount)});
      (void)transaction.legs.Add({to, Of(amount)});
    }
    return transaction;
  }

  // A transaction seen before, as it was or with a change.
  Transaction Again() {
    if (model_.known().empty()) return AnyTransaction();
    Transaction again = model_.known()[random_.Below(model_.known().size())].transaction;
    if (random_.Chance(1, 4)) again.header.valid_until = Timestamp(model_.now().value() + 20);
    if (random_.Chance(1, 8)) again.legs[0].amount = Of(1);
    return again;
  }

  void ApplyBoth() {
    Transaction transaction = random_.Chance(1, 5) ? Again() : AnyTransaction();
    const bool compulsory = random_.Chance(1, 6);
    if (compulsory && random_.Chance(9, 10)) {
      transaction.header.transaction_class = TransactionClass::kCompulsory;
      transaction.header.rule = CompulsoryRule::kGenesis;
    }
    const TotalAtLeast::Context context{.least = random_.Chance(1, 2) ? kMin<Int128> : Int128{0}};
    const OwnersUpTo authority{.most = random_.Chance(1, 10) ? std::uint64_t{3} : std::uint64_t{9}};
    const Verdict expected = model_.Apply(transaction, context, authority, compulsory);
    const Verdict actual = compulsory ? ledger_.ApplyCompulsory(transaction.view())
                                      : ApplyOne(ledger_, transaction, context, authority);
    ASSERT_EQ(actual.disposition, expected.disposition);
    ASSERT_EQ(actual.reason, expected.reason)
        << ReasonName(static_cast<LedgerReason>(actual.reason.code())) << " and "
        << ReasonName(static_cast<LedgerReason>(expected.reason.code()));
    ASSERT_EQ(actual.index, expected.index);
    ASSERT_EQ(actual.height, expected.height);
    ASSERT_EQ(actual.time, expected.time);
    ++seen_[{actual.reason.module(), actual.reason.code()}];
  }

  void AdvanceBoth() {
    const Timestamp now(model_.now().value() + random_.Below(random_.Chance(1, 30) ? 200 : 8));
    const Height height(model_.height().value() + random_.Below(2));
    ASSERT_TRUE(model_.Advance(height, now));
    ASSERT_TRUE(ledger_.Advance(height, now).ok());
  }

  void Compare() {
    ASSERT_TRUE(Imbalances(ledger_).empty());
    std::size_t opened = 0;
    ledger_.ForEachAccount([&](const AccountState& account) {
      ++opened;
      ASSERT_EQ(account.balance.value(), model_.BalanceOf(account.key));
      ASSERT_EQ(account.entries, model_.EntriesOf(account.key));
    });
    ASSERT_EQ(opened, model_.balances().size());
    ASSERT_EQ(ledger_.id_count(), model_.known().size());
    ASSERT_EQ(ledger_.next_index(), LogIndex(model_.next_index()));
  }

  // A ledger rebuilt from its state alone is the same and goes on alike.
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
    const std::size_t which = random_.Chance(3, 4) ? 0 : random_.Below(marks_.size());
    ASSERT_TRUE(ledger_.Release(marks_[which].mark).ok());
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  Random random_;
  TestLedger ledger_{Options()};
  Model model_{Options()};
  std::vector<Set> marks_;
  std::map<std::pair<Module, std::uint16_t>, int> seen_;
};

TEST_F(LedgerModelTest, AgreesOverRandomOperationsWithMarksAndJumpsOfTime) {
  const std::uint64_t operations = OperationsOf({.usual = 50'000, .nightly = 1'000'000});
  ASSERT_NO_FATAL_FAILURE(AdvanceBoth());
  for (std::uint64_t i = 0; i < operations; ++i) {
    SCOPED_TRACE("operation " + std::to_string(i));
    const std::uint64_t kind = random_.Below(100);
    if (kind < 78) {
      ASSERT_NO_FATAL_FAILURE(ApplyBoth());
    } else if (kind < 88) {
      ASSERT_NO_FATAL_FAILURE(AdvanceBoth());
    } else if (kind < 92) {
      ASSERT_NO_FATAL_FAILURE(SetMark());
    } else if (kind < 94) {
      ASSERT_NO_FATAL_FAILURE(Revert());
    } else if (kind < 98) {
      ASSERT_NO_FATAL_FAILURE(Release());
    } else {
      ASSERT_NO_FATAL_FAILURE(Rebuild());
    }
    ASSERT_NO_FATAL_FAILURE(Compare());
  }
  SayWhatRan(operations);
  // Every verdict that the model knows was met.
  for (const LedgerReason reason :
       {LedgerReason::kOk, LedgerReason::kExpired, LedgerReason::kIdAlreadyFailed,
        LedgerReason::kExistsWithDifferentClass, LedgerReason::kExistsWithDifferentRule,
        LedgerReason::kExistsWithDifferentExpiry, LedgerReason::kExistsWithDifferentLegs,
        LedgerReason::kWrongEntryPoint, LedgerReason::kZeroAmount, LedgerReason::kUnbalanced,
        LedgerReason::kExpiryTooFar, LedgerReason::kNotConsented, LedgerReason::kIdTableFull,
        LedgerReason::kBelowFloor, LedgerReason::kAboveCeiling}) {
    const Reason met = reason;
    EXPECT_GT((seen_[{met.module(), met.code()}]), 0) << ReasonName(reason);
  }
  EXPECT_GT((seen_[{Module::kHost, 1}]), 0);
}

}  // namespace
}  // namespace settle::test
