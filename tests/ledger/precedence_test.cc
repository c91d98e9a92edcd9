// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Of two reasons that apply, the one declared first is given.
//
// For each entry of the ledger one request that is wrong in every way in which it can be wrong at
// once. The reason given is taken out of it and it comes again, until it is applied: each step is a
// request for which its own reason and all later ones of the list apply. A list goes down the enum,
// and together they give every reason that a transaction can meet.
//
// Never together: the kExistsWith... (one applied transaction has the id) and those of form; too
// few legs and too many, or any of what legs must be; kHoldNotOpen and kNotOfHold or kExceedsHold
// (of no hold); kHoldExists and kHoldNotOpen (a hold and its end); kAccountClosed and limits at the
// post of a hold (limits are not asked again). Reasons of authority other than kNotConsented are
// the policy's to order, see owner_keys_test.cc.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "settle/ledger/ledger.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

constexpr std::uint64_t kNow = 1010;
constexpr std::uint64_t kStranger = 90;  // owners above 50 agree to nothing

AccountKey Outside(std::uint32_t number) { return {kOutside, Compartment(number), kUsd}; }

std::size_t RankOf(Reason reason) {
  std::size_t rank = 0;
  for (const detail::LedgerReasonName& row : detail::kLedgerReasonNames) {
    if (reason == Reason(row.reason)) return rank;
    ++rank;
  }
  return rank;  // of a host's invariant: after all
}

class Precedence {
 public:
  Precedence() {
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(kNow - 10)).ok());
    for (std::uint64_t owner = 1; owner <= 4; ++owner) {
      EXPECT_TRUE(Deposit(ledger_, 900 + owner, owner, 1000).ok());
    }
    // Id 700 failed, 701 was applied, 704 as a member of a chain. Of ids that have passed there are
    // two open holds, which is all that there may be: 702, and 703 of a settlement.
    EXPECT_FALSE(ApplyOne(ledger_, Pay({.id = 700, .valid_until = 1050}, 1, 2, 5000)).ok());
    EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = 701, .valid_until = 1050}, 1, 2, 1)).ok());
    Transaction first = Pay({.id = 704, .valid_until = 1050, .chained = true}, 1, 2, 1);
    EXPECT_TRUE(Chain(first, Pay({.id = 705, .valid_until = 1050}, 1, 2, 1).view()).ok());
    Transaction hold = Pay({.id = 702,
                            .valid_until = kNow,
                            .action = TransactionAction::kHold,
                            .terms = HoldTerms{.in_parts = true,
                                               .expires_at = Timestamp(1045),
                                               .resolver = OwnerOf(kStranger)}},
                           1, 2, 10);
    EXPECT_TRUE(ApplyOne(ledger_, hold).ok());
    hold = Pay(
        {.id = 703, .valid_until = kNow, .action = TransactionAction::kHold, .terms = Settlement()},
        3, 1, 10);
    EXPECT_TRUE(ledger_.Reserve(hold.view(), {}, By()).ok());
    EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(kNow)).ok());
    authority_.most = 50;
  }

  void OfTheFieldsOfAKnownId();
  void OfAPayment();
  void OfACompulsoryTransaction();
  void OfASettlementsHold();
  void OfAPost();
  void OfAVoid();
  void OfAMemberOfAChain();

  std::set<std::size_t> met;  // the ranks of what was refused

 private:
  struct Step {
    Reason reason;
    std::function<void()> repair;
  };
  using Apply = std::function<Verdict(const TransactionView&)>;

  static LedgerOptions Options() {
    LedgerOptions options = SmallOptions();
    options.id_capacity = 40;
    options.hold_capacity = 2;
    return options;
  }
  static HoldTerms Settlement() {
    return {.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(1)};
  }
  [[nodiscard]] TestLedger::Judgement By() const {
    return {.context = context_, .authority = authority_, .witness = witness_};
  }
  // The verdict on the second.
  Verdict Chain(const Transaction& first, const TransactionView& second) {
    const TransactionView batch[] = {first.view(), second};
    Verdict verdicts[2];
    ledger_.Apply(batch, By(), verdicts);
    EXPECT_EQ(verdicts[0].reason, verdicts[1].ok() ? Reason() : Reason(LedgerReason::kChainFailed));
    return verdicts[1];
  }
  Apply InABatch() {
    return [this](const TransactionView& transaction) {
      Verdict verdict;
      ledger_.Apply(std::span(&transaction, 1), By(), std::span(&verdict, 1));
      return verdict;
    };
  }

  // Takes each reason out and goes on, until the request is applied. A refusal by state remembers
  // the id and no other leaves a trace.
  void Run(const Apply& apply, std::initializer_list<std::vector<Step>> lists) {
    std::size_t rank = 0;
    const auto view = [this] {
      TransactionView result = request_.view();
      if (!wide_.empty()) result.legs = wide_;
      return result;
    };
    for (const std::vector<Step>& steps : lists) {
      for (const Step& step : steps) {
        SCOPED_TRACE("expected " + std::to_string(step.reason.code()));
        EXPECT_LT(rank, RankOf(step.reason)) << "a list goes down the enum";
        rank = RankOf(step.reason);
        met.insert(rank);
        const LedgerState before = ledger_.State();
        EXPECT_EQ(apply(view()).reason, step.reason);
        const bool burnt = rank >= RankOf(LedgerReason::kAccountClosed);
        EXPECT_EQ(ledger_.id_count(), before.ids.size() + (burnt ? 1 : 0));
        EXPECT_EQ(ledger_.State() == before, !burnt);
        if (burnt) SetId(++last_id_);
        step.repair();
      }
    }
    EXPECT_EQ(apply(view()).reason, Reason());
  }

  void SetLegs(std::initializer_list<Leg> legs) {
    request_.legs.Clear();
    wide_.clear();
    for (const Leg& leg : legs) EXPECT_TRUE(request_.legs.Add(leg));
  }
  void SetId(std::uint64_t id) { request_.header.id = TransactionId::FromNumber(id); }
  void SetNewId() { SetId(++last_id_); }
  void Set(std::uint64_t owner, AccountFlags flags) {
    EXPECT_TRUE(ledger_.Configure({.account = Cash(owner), .flags = flags}).ok());
  }
  void FillIds(std::size_t room = 0) {
    for (std::uint64_t id = 800; ledger_.id_count() + room < Options().id_capacity; ++id) {
      EXPECT_TRUE(ApplyOne(ledger_, Pay({.id = id, .valid_until = 1020}, 1, 2, 1)).ok());
    }
  }
  // Lets what it was filled with pass.
  void EmptyIds() { EXPECT_TRUE(ledger_.Advance(Height(1), Timestamp(1021)).ok()); }

  // Of an id that failed, at the time at which it ends; then with what `repair` makes of it.
  std::vector<Step> IdentitySteps(std::function<void()> repair) {
    return {
        {LedgerReason::kExpired, [this] { request_.header.valid_until = Timestamp(2000); }},
        {LedgerReason::kIdAlreadyFailed, std::move(repair)},
    };
  }
  // From terms that do not belong and one leg of zero to legs of a good form.
  std::vector<Step> FormSteps(std::function<void()> repair_terms,
                              std::function<void()> repair_expiry) {
    static constexpr Int128 kMost = kMax<Int128>;
    return {
        {LedgerReason::kWrongTerms, std::move(repair_terms)},
        {LedgerReason::kTooFewLegs,
         [this] {
           wide_.assign(kMaxLegs + 1, Leg{Cash(kStranger), Amount()});
           wide_[0].amount = Of(1);
         }},
        {LedgerReason::kTooManyLegs,
         [this] {
           SetLegs({{Cash(1), Of(0)}, {Cash(kStranger), Of(kMost)}, {Cash(kStranger), Of(kMost)}});
         }},
        {LedgerReason::kZeroAmount,
         [this] {
           SetLegs({{Cash(kStranger), Of(kMost)}, {Cash(kStranger), Of(kMost)}});
         }},
        {LedgerReason::kUnbalanced,
         [this] {
           SetLegs({{Cash(kStranger), Of(kMost)},
                    {Cash(kStranger), Of(kMost)},
                    {Cash(4), Of(-kMost)},
                    {Cash(4), Of(-kMost)}});
         }},
        {LedgerReason::kExpiryTooFar, std::move(repair_expiry)},
    };
  }
  void SetOneLegOfZero() { SetLegs({{Cash(kStranger), Of(0)}}); }
  void SetGoodExpiry() { request_.header.valid_until = Timestamp(1050); }

  // Everything of state at once: owner 4 is closed, 2 pays and is frozen, 3 is paid and is frozen,
  // 5 of the outside has almost all.
  void SetLegsOfState(Int128 from_2, Int128 to_3, Int128 to_outside) {
    SetLegs({{Cash(4), Of(1)},
             {Cash(2), Of(-from_2)},
             {Cash(3), Of(to_3)},
             {Outside(5), Of(to_outside)},
             {Outside(7), Of(from_2 - 1 - to_3 - to_outside)}});
  }
  void SetUpState() {
    EmptyIds();
    const Int128 almost = kMax<Int128> - 5;
    const Transaction mint = Make({.id = 500, .valid_until = 1050},
                                  {{Outside(5), Of(almost)}, {Outside(6), Of(-almost)}});
    EXPECT_TRUE(ApplyOne(ledger_, mint).ok());
    Set(4, {AccountFlag::kClosed});
    Set(2, {AccountFlag::kDebitsFrozen});
    Set(3, {AccountFlag::kCreditsFrozen});
    context_.least = 1'000'000'000;
    SetLegsOfState(5000, 2'000'000, 10);
  }
  std::vector<Step> StateSteps() {
    return {
        {LedgerReason::kAccountClosed, [this] { Set(4, {}); }},
        {LedgerReason::kDebitsFrozen, [this] { Set(2, {}); }},
        {LedgerReason::kCreditsFrozen, [this] { Set(3, {}); }},
        {LedgerReason::kAmountOverflow, [this] { SetLegsOfState(5000, 2'000'000, 5); }},
        {LedgerReason::kBelowFloor, [this] { SetLegsOfState(5, 2'000'000, 5); }},
        {LedgerReason::kAboveCeiling, [this] { SetLegsOfState(5, 1, 5); }},
        {Reason(Module::kHost, 1), [this] { context_ = {}; }},
    };
  }

  TestLedger ledger_{Options()};
  TotalAtLeast::Context context_;
  OwnersUpTo authority_;
  OwnersUpTo::Witness witness_;
  Transaction request_ = Make({.id = 700, .valid_until = kNow}, {});
  std::vector<Leg> wide_;  // in place of the request's legs
  std::uint64_t last_id_ = 0;
};

void Precedence::OfTheFieldsOfAKnownId() {
  TransactionHeader& header = request_.header;
  header.transaction_class = TransactionClass::kCompulsory;
  header.rule = CompulsoryRule::kFunding;
  header.action = TransactionAction::kVoid;
  header.target = TransactionId::FromNumber(1);
  request_.terms = HoldTerms{};
  SetOneLegOfZero();
  Run(InABatch(),
      {IdentitySteps([this] { SetId(701); }),
       {{LedgerReason::kExistsWithDifferentClass,
         [&] { header.transaction_class = TransactionClass::kChosen; }},
        {LedgerReason::kExistsWithDifferentRule, [&] { header.rule = CompulsoryRule::kNone; }},
        {LedgerReason::kExistsWithDifferentExpiry, [this] { SetGoodExpiry(); }},
        {LedgerReason::kExistsWithDifferentAction,
         [&] {
           header.action = TransactionAction::kApply;
           SetId(704);
         }},
        {LedgerReason::kExistsWithDifferentChain, [this] { SetId(701); }},
        {LedgerReason::kExistsWithDifferentTarget, [&] { header.target = TransactionId(); }},
        {LedgerReason::kExistsWithDifferentTerms, [this] { request_.terms.reset(); }},
        {LedgerReason::kExistsWithDifferentLegs, [this] {
           SetLegs({{Cash(1), Of(-1)}, {Cash(2), Of(1)}});
         }}}});
}

void Precedence::OfAPayment() {
  request_.header.transaction_class = TransactionClass::kPromised;
  request_.terms = HoldTerms{};
  SetOneLegOfZero();
  Run(InABatch(), {IdentitySteps([this] {
                     SetNewId();
                     FillIds();
                   }),
                   {{LedgerReason::kWrongEntryPoint,
                     [this] { request_.header.transaction_class = TransactionClass::kChosen; }}},
                   FormSteps([this] { request_.terms.reset(); }, [this] { SetGoodExpiry(); }),
                   {{LedgerReason::kLegsOverflow,
                     [this] {
                       SetLegs({{Cash(kStranger), Of(-1)}, {Cash(4), Of(1)}});
                     }},
                    {LedgerReason::kNotConsented,
                     [this] {
                       SetLegs({{Cash(1), Of(-1)}, {Cash(4), Of(1)}});
                     }},
                    {LedgerReason::kIdTableFull, [this] { SetUpState(); }}},
                   StateSteps()});
}

void Precedence::OfACompulsoryTransaction() {
  TransactionHeader& header = request_.header;
  header.chained = true;
  request_.terms = HoldTerms{};
  SetOneLegOfZero();
  Run([this](const TransactionView& view) { return ledger_.ApplyCompulsory(view); },
      {IdentitySteps([this] {
         SetNewId();
         FillIds();
       }),
       {{LedgerReason::kWrongChain, [&] { header.chained = false; }},
        {LedgerReason::kWrongEntryPoint,
         [&] {
           header.transaction_class = TransactionClass::kCompulsory;
           header.rule = CompulsoryRule::kFunding;
         }}},
       FormSteps([this] { request_.terms.reset(); }, [this] { SetGoodExpiry(); }),
       {{LedgerReason::kLegsOverflow,
         [this] {
           SetLegs({{Cash(1), Of(-1)}, {Cash(4), Of(1)}});
         }},
        {LedgerReason::kIdTableFull, [this] { SetUpState(); }},
        {LedgerReason::kAmountOverflow, [this] { SetLegsOfState(5000, 2'000'000, 5); }}}});
}

void Precedence::OfASettlementsHold() {
  TransactionHeader& header = request_.header;
  header.chained = true;
  header.action = TransactionAction::kHold;
  request_.terms = HoldTerms{};  // a timed one, and without its time
  SetOneLegOfZero();
  Run([this](const TransactionView& view) { return ledger_.Reserve(view, {}, By()); },
      {IdentitySteps([this] {
         SetId(702);
         FillIds();
       }),
       {{LedgerReason::kWrongChain, [&] { header.chained = false; }},
        {LedgerReason::kWrongEntryPoint,
         [this] {
           request_.terms = Settlement();
           request_.terms->resolver = OwnerOf(1);
         }}},
       FormSteps([this] { request_.terms = Settlement(); }, [this] { SetGoodExpiry(); }),
       {{LedgerReason::kLegsOverflow,
         [this] {
           SetLegs({{Cash(kStranger), Of(-1)}, {Cash(4), Of(1)}});
         }},
        {LedgerReason::kHoldExists, [this] { SetNewId(); }},
        {LedgerReason::kNotConsented,
         [this] {
           SetLegs({{Cash(1), Of(-1)}, {Cash(4), Of(1)}});
         }},
        {LedgerReason::kIdTableFull, [this] { SetUpState(); }},
        {LedgerReason::kHoldTableFull,
         [this] {
           const Transaction end = Make({.id = 501,
                                         .valid_until = 1050,
                                         .transaction_class = TransactionClass::kPromised,
                                         .action = TransactionAction::kVoid,
                                         .target = 702},
                                        {});
           EXPECT_TRUE(ApplyOne(ledger_, end).ok());
         }}},
       StateSteps()});
}

void Precedence::OfAPost() {
  TransactionHeader& header = request_.header;
  header.transaction_class = TransactionClass::kPromised;
  header.action = TransactionAction::kPost;
  header.target = TransactionId::FromNumber(703);  // a settlement's
  request_.terms = HoldTerms{};
  SetOneLegOfZero();
  Run(InABatch(),
      {IdentitySteps([this] {
         SetNewId();
         FillIds();
       }),
       {{LedgerReason::kWrongEntryPoint, [&] { header.target = TransactionId::FromNumber(9); }}},
       FormSteps([this] { request_.terms.reset(); }, [this] { SetGoodExpiry(); }),
       {{LedgerReason::kHoldNotOpen,
         [&] {
           header.target = TransactionId::FromNumber(702);
           SetLegs({{Cash(1), Of(-11)}, {Cash(3), Of(11)}});
         }},
        {LedgerReason::kNotOfHold,
         [this] {
           SetLegs({{Cash(1), Of(-11)}, {Cash(2), Of(11)}});
         }},
        {LedgerReason::kExceedsHold,
         [this] {
           SetLegs({{Cash(1), Of(-9)}, {Cash(2), Of(9)}});
         }},
        {LedgerReason::kNotConsented, [this] { authority_.most = kStranger; }},
        {LedgerReason::kIdTableFull,
         [this] {
           EmptyIds();
           Set(2, {AccountFlag::kClosed});
         }},
        {LedgerReason::kAccountClosed, [this] { Set(2, {}); }}}});
}

void Precedence::OfAVoid() {
  TransactionHeader& header = request_.header;
  header.chained = true;
  header.transaction_class = TransactionClass::kPromised;
  header.action = TransactionAction::kVoid;
  header.target = TransactionId::FromNumber(702);  // a timed one
  request_.terms = HoldTerms{};
  SetOneLegOfZero();
  Run([this](const TransactionView& view) { return ledger_.Resolve(view); },
      {IdentitySteps([this] {
         SetNewId();
         FillIds();
       }),
       {{LedgerReason::kWrongChain, [&] { header.chained = false; }},
        {LedgerReason::kWrongEntryPoint, [&] { header.target = TransactionId::FromNumber(9); }},
        {LedgerReason::kWrongTerms, [this] { request_.terms.reset(); }},
        {LedgerReason::kTooManyLegs, [this] { SetLegs({}); }},
        {LedgerReason::kExpiryTooFar, [this] { SetGoodExpiry(); }},
        {LedgerReason::kHoldNotOpen, [&] { header.target = TransactionId::FromNumber(703); }},
        {LedgerReason::kIdTableFull, [this] { EmptyIds(); }}}});
}

void Precedence::OfAMemberOfAChain() {
  const Transaction first = Make({.id = 600, .valid_until = 1050, .chained = true},
                                 {{Outside(8), Of(-1)}, {Outside(9), Of(1)}});
  TransactionHeader& header = request_.header;
  header.chained = true;
  header.id = first.header.id;
  SetOneLegOfZero();
  const auto break_form = [&] {
    SetNewId();
    header.transaction_class = TransactionClass::kPromised;
    header.action = TransactionAction::kHold;
    header.valid_until = Timestamp(2000);
    request_.terms = HoldTerms{};
    SetOneLegOfZero();
    FillIds(1);  // for the first
  };
  Run([&](const TransactionView& view) { return Chain(first, view); },
      {{{LedgerReason::kChainOpen, [&] { header.chained = false; }},
        {LedgerReason::kIdTwiceInChain, [this] { SetId(700); }}},
       IdentitySteps([this] {
         SetId(704);
         SetGoodExpiry();
       }),
       {{LedgerReason::kExistsWithDifferentChain, [this] { SetId(701); }},
        {LedgerReason::kExistsWithDifferentLegs, break_form},
        {LedgerReason::kWrongChain, [&] { header.action = TransactionAction::kApply; }},
        {LedgerReason::kWrongEntryPoint,
         [&] { header.transaction_class = TransactionClass::kChosen; }}},
       FormSteps([this] { request_.terms.reset(); }, [this] { SetGoodExpiry(); }),
       {{LedgerReason::kLegsOverflow,
         [this] {
           SetLegs({{Cash(kStranger), Of(-1)}, {Cash(4), Of(1)}});
         }},
        {LedgerReason::kNotConsented,
         [this] {
           SetLegs({{Cash(1), Of(-1)}, {Cash(4), Of(1)}});
         }},
        {LedgerReason::kIdTableFull, [this] { SetUpState(); }}},
       StateSteps()});
}

TEST(LedgerPrecedence, OfTheFieldsOfAKnownId) { Precedence().OfTheFieldsOfAKnownId(); }
TEST(LedgerPrecedence, OfAPayment) { Precedence().OfAPayment(); }
TEST(LedgerPrecedence, OfACompulsoryTransaction) { Precedence().OfACompulsoryTransaction(); }
TEST(LedgerPrecedence, OfASettlementsHold) { Precedence().OfASettlementsHold(); }
TEST(LedgerPrecedence, OfAPost) { Precedence().OfAPost(); }
TEST(LedgerPrecedence, OfAVoid) { Precedence().OfAVoid(); }
TEST(LedgerPrecedence, OfAMemberOfAChain) { Precedence().OfAMemberOfAChain(); }

TEST(LedgerPrecedence, EveryReasonOfATransactionIsInSomeList) {
  std::set<std::size_t> met;
  for (const auto list :
       {&Precedence::OfTheFieldsOfAKnownId, &Precedence::OfAPayment,
        &Precedence::OfACompulsoryTransaction, &Precedence::OfASettlementsHold,
        &Precedence::OfAPost, &Precedence::OfAVoid, &Precedence::OfAMemberOfAChain}) {
    Precedence precedence;
    (precedence.*list)();
    met.merge(precedence.met);
  }
  // Of log time, of the other members of a chain, and of policies of authority.
  for (const LedgerReason other :
       {LedgerReason::kOk, LedgerReason::kTimeWentBack, LedgerReason::kChainFailed,
        LedgerReason::kExistsInOtherChain, LedgerReason::kConsentExpired,
        LedgerReason::kConsentMismatch, LedgerReason::kUnknownOwner, LedgerReason::kOwnerExists,
        LedgerReason::kStaleDelegation}) {
    EXPECT_TRUE(met.insert(RankOf(other)).second) << ReasonName(other);
  }
  for (std::size_t rank = 0; rank <= RankOf(LedgerReason::kAboveCeiling); ++rank) {
    EXPECT_TRUE(met.contains(rank)) << detail::kLedgerReasonNames[rank].name;
  }
}

}  // namespace
}  // namespace settle::test
