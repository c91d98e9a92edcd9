// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Batches with chains beside an obvious model of them: maps, and sums that are added up anew for
// every question. Random batches, holds, settings and marks, the seed in every failure (see
// tests/support/random.h); SETTLE_NIGHTLY=1 runs two million transactions.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/ledger/ledger.h"
#include "tests/ledger/model_run.h"
#include "tests/ledger/world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr std::uint64_t kPayers = 4;  // owners above agree to nothing
constexpr Int128 kLeast = 200;        // what an owner must keep in all, if it gets less

struct Known {
  Transaction transaction{};
  bool failed = false;
  std::uint64_t index = 0;
};
struct Expected {
  Reason reason = LedgerReason::kChainFailed;
  bool repeated = false;
  std::uint64_t index = 0;
};

struct Model {
  std::map<AccountKey, Int128> balances;
  std::map<AccountKey, Int128> debits;  // reserved
  std::map<AccountKey, Int128> credits;
  std::map<AccountKey, AccountSettings> settings;
  std::map<TransactionId, Known> ids;
  std::uint64_t next_index = 0;
  std::size_t capacity = 0;

  using Members = std::span<const Transaction>;

  [[nodiscard]] static Int128 NetOf(const Transaction& transaction, const AccountKey& account) {
    Int128 net = 0;
    for (const Leg& leg : transaction.legs) {
      if (leg.account == account) net += leg.amount.value();
    }
    return net;
  }
  [[nodiscard]] static Int128 NetOf(Members members, const AccountKey& account) {
    Int128 net = 0;
    for (const Transaction& member : members) net += NetOf(member, account);
    return net;
  }
  [[nodiscard]] static bool Names(const Transaction& transaction, const AccountKey& account) {
    return std::any_of(transaction.legs.begin(), transaction.legs.end(),
                       [&account](const Leg& leg) { return leg.account == account; });
  }
  [[nodiscard]] static std::vector<AccountKey> AccountsOf(Members members) {
    std::vector<AccountKey> accounts;  // in the order in which they come
    for (const Transaction& member : members) {
      for (const Leg& leg : member.legs) {
        if (std::find(accounts.begin(), accounts.end(), leg.account) == accounts.end()) {
          accounts.push_back(leg.account);
        }
      }
    }
    return accounts;
  }

  // What one member meets by itself.
  [[nodiscard]] Reason Identity(const Transaction& member, std::uint64_t now) const {
    if (member.header.valid_until.value() <= now) return LedgerReason::kExpired;
    const auto known = ids.find(member.header.id);
    if (known == ids.end()) return {};
    if (known->second.failed) return LedgerReason::kIdAlreadyFailed;
    const Transaction& first = known->second.transaction;
    if (member.header.valid_until != first.header.valid_until) {
      return LedgerReason::kExistsWithDifferentExpiry;
    }
    if (member.header.chained != first.header.chained) {
      return LedgerReason::kExistsWithDifferentChain;
    }
    return member.legs == first.legs ? Reason() : LedgerReason::kExistsWithDifferentLegs;
  }
  [[nodiscard]] Reason Form(const Transaction& member, std::size_t room) const {
    if (member.header.action != TransactionAction::kApply) return LedgerReason::kWrongChain;
    Int128 sum = 0;  // all are of one asset
    for (const Leg& leg : member.legs) {
      if (leg.amount == Amount()) return LedgerReason::kZeroAmount;
      sum += leg.amount.value();
    }
    if (sum != 0) return LedgerReason::kUnbalanced;
    for (const AccountKey& account : AccountsOf({&member, 1})) {
      if (NetOf(member, account) <= 0 && account.owner > OwnerOf(kPayers)) {
        return LedgerReason::kNotConsented;
      }
    }
    return room == 0 ? Reason(LedgerReason::kIdTableFull) : Reason();
  }

  [[nodiscard]] Int128 Balance(const AccountKey& account) const {
    const auto found = balances.find(account);
    return found == balances.end() ? 0 : found->second;
  }
  [[nodiscard]] static Int128 At(const std::map<AccountKey, Int128>& map, const AccountKey& key) {
    const auto found = map.find(key);
    return found == map.end() ? 0 : found->second;
  }
  [[nodiscard]] AccountSettings SettingsOf(const AccountKey& account) const {
    const auto found = settings.find(account);
    return found == settings.end() ? AccountSettings{.account = account} : found->second;
  }
  // Whether an account that changes by `net` is refused for this reason.
  [[nodiscard]] bool Fails(const AccountKey& account, Int128 net, LedgerReason reason) const {
    const AccountSettings set = SettingsOf(account);
    const Limits limits = set.limits.value_or(TestAccounts().LimitsOf(account));
    const Int128 after = Balance(account) + net;
    if (reason == LedgerReason::kAccountClosed) return set.flags.Has(AccountFlag::kClosed);
    if (reason == LedgerReason::kDebitsFrozen) {
      return net < 0 && set.flags.Has(AccountFlag::kDebitsFrozen);
    }
    if (reason == LedgerReason::kCreditsFrozen) {
      return net > 0 && set.flags.Has(AccountFlag::kCreditsFrozen);
    }
    if (reason == LedgerReason::kBelowFloor) {
      return net < 0 && after - At(debits, account) < limits.floor.value();
    }
    return net > 0 && after + At(credits, account) > limits.ceiling.value();
  }

  // The reason and the member whose fault it is, or success.
  [[nodiscard]] std::pair<Reason, std::size_t> State(Members members) const {
    const std::vector<AccountKey> accounts = AccountsOf(members);
    for (const LedgerReason reason :
         {LedgerReason::kAccountClosed, LedgerReason::kDebitsFrozen, LedgerReason::kCreditsFrozen,
          LedgerReason::kBelowFloor, LedgerReason::kAboveCeiling}) {
      std::size_t fault = members.size();
      for (const AccountKey& account : accounts) {
        const Int128 net = NetOf(members, account);
        if (!Fails(account, net, reason)) continue;
        for (std::size_t i = 0; i < members.size(); ++i) {
          const Int128 own = NetOf(members[i], account);
          const bool its = reason == LedgerReason::kAccountClosed ? Names(members[i], account)
                           : net < 0                              ? own < 0
                                                                  : own > 0;
          if (its && (fault == members.size() || i > fault)) fault = i;
        }
      }
      if (fault != members.size()) return {reason, fault};
    }
    return Margin(members, accounts);
  }
  [[nodiscard]] std::pair<Reason, std::size_t> Margin(
      Members members, const std::vector<AccountKey>& accounts) const {
    std::set<OwnerId> asked;
    for (const AccountKey& account : accounts) {
      if (NetOf(members, account) >= 0 || account.owner == kOutside) continue;
      if (!asked.insert(account.owner).second) continue;
      Int128 total = 0;
      for (const auto& [key, balance] : balances) total += key.owner == account.owner ? balance : 0;
      for (const AccountKey& key : accounts) {
        if (key.owner == account.owner) total += NetOf(members, key);
      }
      if (total >= kLeast) continue;
      std::size_t fault = 0;
      for (std::size_t i = 0; i < members.size(); ++i) {
        for (const AccountKey& key : accounts) {
          if (key.owner == account.owner && NetOf(members[i], key) < 0) fault = i;
        }
      }
      return {Reason(Module::kHost, 1), fault};
    }
    return {};
  }

  // One chain, or one transaction by itself.
  std::vector<Expected> Apply(Members members, std::uint64_t now) {
    std::vector<Expected> out(members.size());
    if (members.back().header.chained) {
      out.back().reason = LedgerReason::kChainOpen;
      return out;
    }
    std::size_t known = 0;
    std::set<TransactionId> seen;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const bool first = seen.insert(members[i].header.id).second;
      const Reason reason =
          first ? Identity(members[i], now) : Reason(LedgerReason::kIdTwiceInChain);
      if (!reason.ok()) {
        out[i].reason = reason;
        return out;
      }
      known += ids.contains(members[i].header.id) ? 1 : 0;
    }
    if (known > 0) return Repeat(members, std::move(out));
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::size_t used = ids.size() + i;
      const Reason reason = Form(members[i], capacity > used ? capacity - used : 0);
      if (reason.ok()) continue;
      out[i].reason = reason;
      return out;
    }
    if (const auto [reason, fault] = State(members); !reason.ok()) {
      out[fault].reason = reason;
      ids[members[fault].header.id] = {members[fault], true, 0};
      return out;
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (const Leg& leg : members[i].legs) balances[leg.account] += leg.amount.value();
      out[i] = {.reason = {}, .index = next_index};
      ids[members[i].header.id] = {members[i], false, next_index++};
    }
    return out;
  }
  [[nodiscard]] std::vector<Expected> Repeat(Members members, std::vector<Expected> out) const {
    bool whole = true;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto known = ids.find(members[i].header.id);
      whole &= known != ids.end() && known->second.index == ids.at(members[0].header.id).index + i;
      if (!whole) break;
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto known = ids.find(members[i].header.id);
      if (known == ids.end()) continue;
      out[i].reason = whole ? Reason() : Reason(LedgerReason::kExistsInOtherChain);
      out[i].repeated = whole;
      out[i].index = whole ? known->second.index : 0;
    }
    return out;
  }
};

class LedgerChainModel : public testing::Test {
 protected:
  static constexpr std::uint64_t kNow = 1000;

  // Six owners with 2000 each.
  void Begin() {
    ledger_ = TestLedger(Options());
    model_ = Model();
    made_.clear();
    last_batch_.clear();
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(kNow)).ok());
    model_.capacity = Options().id_capacity;
    for (std::uint64_t owner = 1; owner <= 6; ++owner) {
      std::vector<Transaction> deposit{
          Make({.id = owner, .valid_until = kNow + 90},
               {{{kOutside, kCash, kUsd}, Of(-2000)}, {Cash(owner), Of(2000)}})};
      EXPECT_EQ(ApplyBoth(deposit, 100).size(), 1u);
    }
    last_id_ = 6;
  }
  static LedgerOptions Options() {
    LedgerOptions options;
    options.id_capacity = 60;
    options.id_horizon = Duration(100);
    options.id_period = Duration(10);
    return options;
  }

  std::vector<Leg> AnyLegs() {
    std::vector<Leg> legs;
    for (std::uint64_t pairs = random_.Between(1, 3); pairs > 0; --pairs) {
      const Int128 amount(random_.Chance(1, 40) ? 0 : random_.Between(1, 900));
      const std::uint64_t payer = random_.Below(random_.Chance(1, 15) ? 7 : 5);
      legs.push_back({Cash(payer), Of(-amount)});
      legs.push_back({Cash(random_.Below(8)), Of(amount)});
    }
    return legs;
  }
  // New, or one of the last ones again, as it was or changed.
  Transaction AnyTransaction() {
    Transaction transaction;
    if (!made_.empty() && random_.Chance(1, 8)) {
      transaction = made_[made_.size() - 1 - random_.Below((std::min)(made_.size(), 12ul))];
      if (random_.Chance(1, 3)) transaction.legs[0].amount = Of(-901);
      if (random_.Chance(1, 4)) transaction.header.valid_until = Timestamp(kNow + 91);
      return transaction;
    }
    transaction =
        Make({.id = ++last_id_, .valid_until = kNow + (random_.Chance(1, 60) ? 0 : 90)}, {});
    for (const Leg& leg : AnyLegs()) (void)transaction.legs.Add(leg);
    transaction.header.chained = random_.Chance(1, 2);
    if (transaction.header.chained && random_.Chance(1, 40)) {
      transaction.header.action = TransactionAction::kPost;
    }
    return transaction;
  }

  std::vector<Verdict> ApplyBoth(const std::vector<Transaction>& batch, std::uint64_t most) {
    std::vector<TransactionView> views;
    for (const Transaction& transaction : batch) views.push_back(transaction.view());
    std::vector<Verdict> verdicts(batch.size());
    const TotalAtLeast::Context context{.least = kLeast};
    const OwnersUpTo authority{.most = most};
    operations_ += batch.size();
    ledger_.Apply(views, {.context = context, .authority = authority, .witness = {}}, verdicts);
    for (std::size_t i = 0, end = 0; i < batch.size(); i = end) {
      end = i + 1;
      while (end < batch.size() && batch[end - 1].header.chained) ++end;
      const std::vector<Expected> expected =
          model_.Apply(std::span(batch).subspan(i, end - i), kNow);
      for (std::size_t member = i; member < end; ++member) {
        const Expected& wanted = expected[member - i];
        const Verdict& verdict = verdicts[member];
        EXPECT_EQ(verdict.reason, wanted.reason) << member << " from " << i << " to " << end;
        EXPECT_EQ(verdict.disposition, !wanted.reason.ok() ? Disposition::kRefused
                                       : wanted.repeated   ? Disposition::kRepeated
                                                           : Disposition::kApplied);
        if (wanted.reason.ok()) {
          EXPECT_EQ(verdict.index, LogIndex(wanted.index));
        }
        ++seen_[{end - i > 1, verdict.reason.code()}];
      }
    }
    return verdicts;
  }

  void Batch() {
    std::vector<Transaction> batch;
    for (std::uint64_t count = random_.Between(1, 9); count > 0; --count) {
      batch.push_back(AnyTransaction());
    }
    // The chains of the last batch once more, whole.
    if (random_.Chance(1, 5)) batch.insert(batch.begin(), last_batch_.begin(), last_batch_.end());
    ApplyBoth(batch, kPayers);
    made_.insert(made_.end(), batch.begin(), batch.end());
    last_batch_ = std::move(batch);
  }
  void Hold() {
    const std::uint64_t from = random_.Between(1, 4);
    const std::uint64_t to = random_.Between(1, 6);
    const Int128 amount(random_.Between(1, 400));
    Transaction hold = Pay({.id = ++last_id_,
                            .valid_until = kNow + 90,
                            .action = TransactionAction::kHold,
                            .terms = HoldTerms{.expires_at = Timestamp(kNow + 50)}},
                           from, to, amount);
    if (model_.ids.size() >= model_.capacity || !ApplyOne(ledger_, hold).ok()) {
      if (ledger_.id_count() > model_.ids.size()) model_.ids[hold.header.id] = {hold, true, 0};
      return;
    }
    model_.debits[Cash(from)] += amount;
    model_.credits[Cash(to)] += amount;
    model_.ids[hold.header.id] = {hold, false, model_.next_index++};
  }
  void Configure() {
    AccountSettings settings{.account = Cash(random_.Below(8))};
    if (random_.Chance(1, 3)) {
      settings.flags = AccountFlags::FromBits(static_cast<std::uint8_t>(random_.Below(16)));
    }
    if (random_.Chance(1, 3)) settings.limits = Limits{Of(-300), Of(3000)};
    ASSERT_TRUE(ledger_.Configure(settings).ok());
    model_.settings[settings.account] = settings;
    model_.balances.try_emplace(settings.account, 0);
  }
  void Compare() {
    ASSERT_TRUE(Imbalances(ledger_).empty());
    ledger_.ForEachAccount([this](const AccountState& account) {
      ASSERT_EQ(account.balance.value(), model_.Balance(account.key));
      ASSERT_TRUE(account.settings() == model_.SettingsOf(account.key));
    });
    ASSERT_EQ(ledger_.id_count(), model_.ids.size());
    ASSERT_EQ(ledger_.next_index(), LogIndex(model_.next_index));
  }
  void Round(std::uint64_t number) {
    const Mark mark = *ledger_.Begin();
    const Fingerprint before = ledger_.fingerprint();
    const Model model = model_;
    for (std::uint64_t steps = random_.Between(1, 12); steps > 0; --steps) {
      SCOPED_TRACE("round " + std::to_string(number));
      const std::uint64_t kind = random_.Below(20);
      if (kind == 0) {
        Hold();
      } else if (kind < 3) {
        ASSERT_NO_FATAL_FAILURE(Configure());
      } else {
        Batch();
      }
      ASSERT_NO_FATAL_FAILURE(Compare());
      ASSERT_FALSE(HasFailure());
    }
    const Result<TestLedger> rebuilt = TestLedger::Recover(ledger_.State(), Options());
    ASSERT_TRUE(rebuilt.ok());
    ASSERT_EQ(rebuilt->fingerprint(), ledger_.fingerprint());
    // Most rounds are taken back: the others start from many states.
    if (random_.Chance(4, 5)) {
      ASSERT_TRUE(ledger_.RevertTo(mark).ok());
      ASSERT_EQ(ledger_.fingerprint(), before);
      model_ = model;
    } else {
      ASSERT_TRUE(ledger_.Release(mark).ok());
    }
  }

  Random random_;
  TestLedger ledger_{Options()};
  Model model_;
  std::vector<Transaction> made_;
  std::vector<Transaction> last_batch_;
  std::uint64_t last_id_ = 0;
  std::uint64_t operations_ = 0;  // transactions that both were given
  std::map<std::pair<bool, std::uint16_t>, int> seen_;
};

TEST_F(LedgerChainModel, AgreesOverRandomBatches) {
  const std::uint64_t operations = OperationsOf({.usual = 100'000, .nightly = 2'000'000});
  for (std::uint64_t round = 0; operations_ < operations; ++round) {
    if (round % 40 == 0) Begin();
    ASSERT_NO_FATAL_FAILURE(Round(round));
  }
  SayWhatRan(operations_);
  for (const LedgerReason met :
       {LedgerReason::kOk, LedgerReason::kChainOpen, LedgerReason::kChainFailed,
        LedgerReason::kIdTwiceInChain, LedgerReason::kExpired, LedgerReason::kIdAlreadyFailed,
        LedgerReason::kExistsWithDifferentExpiry, LedgerReason::kExistsWithDifferentLegs,
        LedgerReason::kExistsInOtherChain, LedgerReason::kWrongChain, LedgerReason::kZeroAmount,
        LedgerReason::kNotConsented, LedgerReason::kIdTableFull, LedgerReason::kAccountClosed,
        LedgerReason::kDebitsFrozen, LedgerReason::kCreditsFrozen, LedgerReason::kBelowFloor,
        LedgerReason::kAboveCeiling}) {
    EXPECT_GT((seen_[{true, static_cast<std::uint16_t>(met)}]), 0) << ReasonName(met);
  }
}

}  // namespace
}  // namespace settle::test
