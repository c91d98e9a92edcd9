// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Open interest beside a sum over all accounts that is made anew after every operation, and what
// the invariant is shown beside sums with the legs added. Random transactions, chains, holds,
// times, marks and recoveries, with amounts up to those of which few fit 128 bits together; the
// seed in every failure (see tests/support/random.h); SETTLE_NIGHTLY=1 runs a million.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/interest_world.h"
#include "tests/ledger/model_run.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr std::uint64_t kOwners = 6;
constexpr std::uint64_t kContracts = 3;

// A sum of amounts not below zero, of which no carry is lost.
struct Wide {
  UInt128 low = 0;
  std::uint64_t high = 0;
  void Add(Int128 amount) {
    const auto part = static_cast<UInt128>(amount);
    low += part;
    high += low < part ? 1 : 0;
  }
  [[nodiscard]] bool Fits() const { return high == 0 && low <= static_cast<UInt128>(kMax<Int128>); }
};

struct Account {
  Int128 balance = 0;
  Int128 debits = 0;  // reserved
  Int128 credits = 0;
};
using Accounts = std::map<AccountKey, Account>;

Accounts AccountsOf(const InterestLedger& ledger) {
  Accounts accounts;
  ledger.ForEachAccount([&](const AccountState& account) {
    const Pending pending = ledger.PendingOf(account.key);
    accounts[account.key] = {account.balance.value(), pending.debits.value(),
                             pending.credits.value()};
  });
  return accounts;
}

// The slow sum.
Wide OpenOf(const Accounts& accounts, AssetId contract) {
  Wide open;
  for (const auto& [key, account] : accounts) {
    if (key.asset == contract && account.balance > 0) open.Add(account.balance);
  }
  return open;
}
// The same with all credits that are reserved; `fits` becomes false where one account overflows.
Wide ReachableOf(const Accounts& accounts, AssetId contract, bool& fits) {
  Wide reachable;
  for (const auto& [key, account] : accounts) {
    const auto most = CheckedAdd(account.balance, account.credits);
    fits &= most.has_value() && CheckedSub(account.balance, account.debits).has_value();
    if (key.asset == contract && most && *most > 0) reachable.Add(*most);
  }
  return reachable;
}

class OpenInterestModel : public testing::Test {
 protected:
  static LedgerOptions Options() {
    LedgerOptions options;
    options.id_capacity = 1'000;
    options.id_horizon = Duration(60);
    options.id_period = Duration(7);
    return options;
  }
  static AssetId Contract(std::uint64_t number) {
    return ContractId(static_cast<std::uint32_t>(number) + 1);
  }

  TransactionHeader NewHeader(TransactionAction action) {
    const bool ends = action == TransactionAction::kPost || action == TransactionAction::kVoid;
    return {.id = TransactionId::FromNumber(++last_id_),
            .transaction_class = ends ? TransactionClass::kPromised : TransactionClass::kChosen,
            .valid_until = Timestamp(ledger_.now().value() + random_.Between(1, 60)),
            .action = action};
  }
  Int128 AnyAmount() {
    if (random_.Chance(1, 6)) return kMax<Int128> - Int128(random_.Below(3));
    if (random_.Chance(1, 6)) return kMax<Int128> / 2 + Int128(random_.Below(3));
    return Int128(random_.Between(1, 20));
  }
  // Trades of one to three contracts, and now and then of a token.
  std::vector<Leg> AnyLegs() {
    std::vector<Leg> legs;
    for (std::uint64_t pairs = random_.Between(1, 3); pairs > 0; --pairs) {
      const AssetId asset = random_.Chance(1, 5) ? kUsd : Contract(random_.Below(kContracts));
      // Mostly back towards zero, or everything would be full for ever.
      Int128 amount = AnyAmount();
      AccountKey to = Lots(random_.Below(kOwners), asset);
      const AccountKey from = Lots(random_.Below(kOwners), asset);
      const auto owed = CheckedNegate(ledger_.BalanceOf(to).value());
      if (random_.Chance(1, 2) && owed && *owed > 0) amount = *owed;
      legs.push_back({from, Amount(-amount)});
      legs.push_back({to, Amount(amount)});
    }
    return legs;
  }
  Transaction With(const TransactionHeader& header, const std::vector<Leg>& legs) {
    Transaction transaction{.header = header};
    for (const Leg& leg : legs) (void)transaction.legs.Add(leg);
    if (header.action == TransactionAction::kHold) {
      transaction.terms =
          HoldTerms{.in_parts = true,
                    .expires_at = Timestamp(ledger_.now().value() + random_.Between(1, 40)),
                    .resolver = OwnerOf(1)};
    }
    return transaction;
  }

  // What the accounts would be with these legs posted, or reserved. False when a sum overflows.
  static bool Add(const std::vector<Leg>& legs, bool reserves, Accounts& accounts) {
    bool fits = true;
    std::map<AccountKey, std::pair<Int128, Int128>> sums;  // below and above zero
    for (const Leg& leg : legs) {
      auto& [below, above] = sums[leg.account];
      const Int128 amount = leg.amount.value();
      if (reserves) {
        fits &= AddTo(amount < 0 ? below : above, amount);
      } else {
        fits &= AddTo(above, amount);
      }
    }
    for (const auto& [key, sum] : sums) {
      Account& account = accounts[key];
      if (!reserves) {
        fits &= AddTo(account.balance, sum.second);
      } else {
        const auto debits = CheckedNegate(sum.first);
        fits &= debits && AddTo(account.debits, *debits) && AddTo(account.credits, sum.second);
      }
    }
    return fits;
  }
  static bool IsInRange(const Accounts& accounts) {
    bool fits = true;
    for (std::uint64_t i = 0; i < kContracts; ++i) {
      fits &= ReachableOf(accounts, Contract(i), fits).Fits();
    }
    return fits;
  }

  // Whether what the invariant was shown is what the legs come to.
  void ExpectShown(const Accounts& before, const Accounts& after) {
    for (const ShownInterest& shown : shown_) {
      if (!IsContract(shown.asset)) {
        ASSERT_EQ(shown.before, Amount());
        ASSERT_EQ(shown.after, Amount());
        continue;
      }
      ASSERT_EQ(static_cast<UInt128>(shown.before.value()), OpenOf(before, shown.asset).low);
      ASSERT_EQ(static_cast<UInt128>(shown.after.value()), OpenOf(after, shown.asset).low);
      moved_ += shown.before != shown.after ? 1 : 0;
    }
    shown_.clear();
  }
  InterestUpTo::Context AnyContext() {
    return {.most = random_.Chance(1, 4) ? Int128(30) : kMax<Int128>, .shown = &shown_};
  }

  void ApplyOrHold(TransactionAction action) {
    const std::vector<Leg> legs = AnyLegs();
    const Transaction transaction = With(NewHeader(action), legs);
    const bool reserves = action == TransactionAction::kHold;
    const Accounts before = AccountsOf(ledger_);
    Accounts reserved = before;
    const bool fits = Add(legs, reserves, reserved) && IsInRange(reserved);
    const Verdict verdict = ApplyOne(ledger_, transaction, AnyContext());
    ASSERT_EQ(verdict.reason.Is(LedgerReason::kAmountOverflow) ||
                  verdict.reason.Is(LedgerReason::kLegsOverflow),
              !fits)
        << verdict.reason.code();
    if (!fits) {
      ++refused_;
      ASSERT_TRUE(shown_.empty());
      return;
    }
    Accounts posted = before;
    (void)Add(legs, false, posted);
    ExpectShown(before, posted);
    if (reserves && verdict.ok()) held_.push_back(transaction.header.id);
  }
  void ApplyCompulsory() {
    const std::vector<Leg> legs = AnyLegs();
    Transaction transaction = With(NewHeader(TransactionAction::kApply), legs);
    transaction.header.transaction_class = TransactionClass::kCompulsory;
    transaction.header.rule = CompulsoryRule::kLiquidation;
    Accounts after = AccountsOf(ledger_);
    const bool fits = Add(legs, false, after) && IsInRange(after);
    ASSERT_EQ(ledger_.ApplyCompulsory(transaction.view()).ok(), fits);
  }
  void ApplyChain() {
    std::vector<Transaction> chain;
    std::vector<Leg> legs;
    for (std::uint64_t i = random_.Between(2, 4); i > 0; --i) {
      const std::vector<Leg> own = AnyLegs();
      legs.insert(legs.end(), own.begin(), own.end());
      chain.push_back(With(NewHeader(TransactionAction::kApply), own));
      chain.back().header.chained = i > 1;
    }
    std::vector<TransactionView> views;
    for (const Transaction& transaction : chain) views.push_back(transaction.view());
    std::vector<Verdict> verdicts(chain.size());
    const Accounts before = AccountsOf(ledger_);
    const InterestUpTo::Context context = AnyContext();
    ledger_.Apply(views, {.context = context, .authority = {}, .witness = {}}, verdicts);
    Accounts after = before;
    const bool fits = Add(legs, false, after);
    ASSERT_TRUE(fits || shown_.empty());
    ASSERT_TRUE(!verdicts[0].ok() || IsInRange(after));
    ExpectShown(before, after);
  }

  void End() {
    if (held_.empty()) return;
    const std::size_t which = random_.Below(held_.size());
    const auto hold = ledger_.HoldOf(held_[which]);
    TransactionHeader header =
        NewHeader(random_.Chance(1, 5) ? TransactionAction::kVoid : TransactionAction::kPost);
    header.target = held_[which];
    std::vector<Leg> part;
    if (hold && header.action == TransactionAction::kPost && hold->legs.size() > 2 &&
        random_.Chance(1, 2)) {
      part.assign(hold->legs.begin(), hold->legs.begin() + 2);  // the first trade alone
      if (part[0].amount == Amount() || part[1].amount == Amount()) part.clear();
    }
    const Verdict verdict = ApplyOne(ledger_, With(header, part));
    if (!hold) {
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    } else if (part.empty()) {
      ASSERT_TRUE(verdict.ok()) << "what was promised is never refused";
    }
  }

  void Advance() {
    const std::uint64_t now = ledger_.now().value() + random_.Below(9);
    ASSERT_TRUE(ledger_.Advance(Height(1), Timestamp(now)).ok());
  }
  void SetMark() {
    const Result<Mark> mark = ledger_.Begin();
    if (mark.ok()) marks_.push_back(*mark);
  }
  void Revert() {
    if (marks_.empty()) return;
    const std::size_t to = random_.Below(marks_.size());
    ASSERT_TRUE(ledger_.RevertTo(marks_[to]).ok());
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(to), marks_.end());
  }
  void Release() {
    if (marks_.empty()) return;
    const std::size_t which = random_.Below(marks_.size());
    ASSERT_TRUE(ledger_.Release(marks_[which]).ok());
    marks_.erase(marks_.begin() + static_cast<std::ptrdiff_t>(which));
  }
  void Rebuild() {
    Result<InterestLedger> rebuilt = InterestLedger::Recover(ledger_.State(), Options());
    ASSERT_TRUE(rebuilt.ok()) << rebuilt.reason().code();
    Compare(*rebuilt);
    if (marks_.empty()) ledger_ = *std::move(rebuilt);
  }

  static void Compare(const InterestLedger& ledger) {
    const Accounts accounts = AccountsOf(ledger);
    ASSERT_TRUE(IsInRange(accounts));
    for (std::uint64_t i = 0; i < kContracts; ++i) {
      const Wide open = OpenOf(accounts, Contract(i));
      ASSERT_EQ(open.high, 0u);
      ASSERT_EQ(static_cast<UInt128>(ledger.OpenInterestOf(Contract(i)).value()), open.low);
    }
  }

  void Step() {
    const std::uint64_t kind = random_.Below(100);
    if (kind < 20) return ApplyOrHold(TransactionAction::kApply);
    if (kind < 35) return ApplyOrHold(TransactionAction::kHold);
    if (kind < 45) return ApplyCompulsory();
    if (kind < 60) return ApplyChain();
    if (kind < 75) return End();
    if (kind < 83) return Advance();
    if (kind < 90) return SetMark();
    if (kind < 94) return Revert();
    if (kind < 98) return Release();
    return Rebuild();
  }

  Random random_;
  InterestLedger ledger_{Options()};
  std::vector<ShownInterest> shown_;
  std::vector<Mark> marks_;
  std::vector<TransactionId> held_;
  std::uint64_t last_id_ = 0;
  std::uint64_t moved_ = 0;
  std::uint64_t refused_ = 0;
};

TEST_F(OpenInterestModel, IsTheSumOverAllAccountsAfterEveryOperation) {
  const std::uint64_t operations = OperationsOf({.usual = 40'000, .nightly = 1'000'000});
  for (std::uint64_t i = 0; i < operations; ++i) {
    SCOPED_TRACE("operation " + std::to_string(i));
    ASSERT_NO_FATAL_FAILURE(Step());
    ASSERT_NO_FATAL_FAILURE(Compare(ledger_));
  }
  SayWhatRan(operations);
  EXPECT_GT(moved_, operations / 50);
  EXPECT_GT(refused_, operations / 100);
}

}  // namespace
}  // namespace settle::test
