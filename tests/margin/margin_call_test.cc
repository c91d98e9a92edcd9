// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/margin_call.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/margin/random_world.h"
#include "tests/support/big_integer.h"
#include "tests/support/fields.h"
#include "tests/support/golden.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;
using test::Random;

constexpr MarginAccountId kAccount{.owner = OwnerId::FromNumber(7), .group = MarginGroup(3)};
constexpr RatePpm kMaintenance{0};
constexpr RatePpm kInitial = kWholeRate;
constexpr std::uint64_t kIssued = 1'000;
constexpr std::uint64_t kDeadline = 2'000;

MarginCallTerms Terms(RatePpm target) {
  return {.target = target, .issued_at = Timestamp(kIssued), .deadline = Timestamp(kDeadline)};
}

// Of an account with so much equity, where so much is demanded.
Risk RiskOf(Int128 equity, Int128 maintenance_micro, Int128 initial_micro) {
  return *Finish({.equity = Quanta(equity),
                  .initial = MicroQuanta(initial_micro),
                  .maintenance = MicroQuanta(maintenance_micro)});
}

Risk Paid(Risk risk, Int128 quanta) {
  risk.equity = Quanta(risk.equity.value() + quanta);
  risk.initial_headroom = MicroQuanta(risk.initial_headroom.value() + quanta * kMicroPerQuantum);
  return risk;
}

Result<Quanta> Asked(const Risk& risk, RatePpm target) {
  const Result<MarginCall> call = IssueCall(kAccount, risk, Terms(target));
  if (!call.ok()) return call.reason();
  EXPECT_EQ(call->Validate(), Reason());
  EXPECT_EQ(call->state, MarginCallState::kOpen);
  EXPECT_EQ(call->account, kAccount);
  EXPECT_EQ(call->terms, Terms(target));
  return call->amount;
}

MarginCallState StateAt(const MarginCall& call, const Risk& risk, std::uint64_t now) {
  const Result<MarginCall> judged = Judge(call, risk, Timestamp(now));
  EXPECT_EQ(judged.reason(), Reason());
  MarginCall expected = call;
  expected.state = judged->state;
  EXPECT_EQ(*judged, expected);  // nothing else changes
  return judged->state;
}

TEST(MarginCall, AsksForTheTargetRoundedUpToWholeQuanta) {
  const Risk risk = RiskOf(100, 150'000'000, 200'000'000);
  EXPECT_EQ(*Asked(risk, kInitial), Quanta(Int128{100}));
  EXPECT_EQ(*Asked(risk, kMaintenance), Quanta(Int128{50}));
  EXPECT_EQ(*Asked(risk, RatePpm(500'000)), Quanta(Int128{75}));
  EXPECT_EQ(*Asked(risk, RatePpm(500'001)), Quanta(Int128{76}));
  // A millionth of a quantum more.
  EXPECT_EQ(*Asked(RiskOf(100, 150'000'000, 200'000'001), kInitial), Quanta(Int128{101}));
  EXPECT_EQ(*Asked(RiskOf(100, 150'000'001, 200'000'000), kMaintenance), Quanta(Int128{51}));
  EXPECT_EQ(*Asked(RiskOf(-100, 0, 1), kInitial), Quanta(Int128{101}));
  EXPECT_EQ(*Asked(RiskOf(-100, 0, 0), kInitial), Quanta(Int128{100}));
}

TEST(MarginCall, IsNotMadeOfAnAccountThatHoldsTheTarget) {
  const Reason none = MarginReason::kNoCallNeeded;
  EXPECT_EQ(Asked(RiskOf(200, 150'000'000, 200'000'000), kInitial).reason(), none);
  EXPECT_EQ(*Asked(RiskOf(199, 150'000'000, 200'000'000), kInitial), Quanta(Int128{1}));
  EXPECT_EQ(Asked(RiskOf(150, 150'000'000, 200'000'000), kMaintenance).reason(), none);
  EXPECT_EQ(*Asked(RiskOf(149, 150'000'000, 200'000'000), kMaintenance), Quanta(Int128{1}));
  EXPECT_EQ(Asked(RiskOf(175, 150'000'000, 200'000'000), RatePpm(500'000)).reason(), none);
  EXPECT_EQ(Asked(RiskOf(0, 0, 0), kInitial).reason(), none);
}

TEST(MarginCall, IsNotMadeOnBadTermsOrBeyond128Bits) {
  const Risk risk = RiskOf(100, 150'000'000, 200'000'000);
  const Reason bad = MarginReason::kBadCall;
  EXPECT_EQ(Asked(risk, RatePpm(-1)).reason(), bad);
  EXPECT_EQ(Asked(risk, RatePpm(1'000'001)).reason(), bad);
  MarginCallTerms terms = Terms(kInitial);
  terms.deadline = terms.issued_at;
  EXPECT_EQ(IssueCall(kAccount, risk, terms).reason(), bad);
  terms.deadline = Timestamp(kIssued + 1);
  EXPECT_EQ(IssueCall(kAccount, risk, terms).reason(), Reason());
  const Reason overflow = MarginReason::kMarginOverflow;
  const Risk least{.equity = Quanta(-kMaxEquity.value())};
  EXPECT_EQ(ShortfallOf(least, kInitial).reason(), Reason());
  const Risk beyond{.equity = Quanta(-kMaxEquity.value() - 1)};
  EXPECT_EQ(ShortfallOf(beyond, kInitial).reason(), overflow);
  EXPECT_EQ(ShortfallOf(beyond, RatePpm(-1)).reason(), overflow);  // which comes first
  EXPECT_EQ(IssueCall(kAccount, beyond, terms).reason(), overflow);
  const Int128 micro = kMaxEquity.value() * kMicroPerQuantum;
  const Int128 room = kMax<Int128> - micro;
  Risk demands = least;
  demands.maintenance = MicroQuanta(room + 1);
  demands.initial_headroom = MicroQuanta(-micro - room - 1);
  EXPECT_EQ(*ShortfallOf(demands, kMaintenance), Quanta(kMaxEquity.value() + 1));
  EXPECT_EQ(*ShortfallOf(demands, kInitial), Quanta(kMaxEquity.value() + 1));
  demands.maintenance = MicroQuanta(room + 2);
  EXPECT_EQ(ShortfallOf(demands, kMaintenance).reason(), overflow);
  Risk far{.initial_headroom = MicroQuanta(kMin<Int128>)};
  EXPECT_EQ(ShortfallOf(far, kInitial).reason(), overflow);
  far.equity = Quanta(-1);
  EXPECT_EQ(*ShortfallOf(far, kInitial), Quanta(kMaxEquity.value() + 1));
}

TEST(MarginCall, IsMetBeforeItsDeadlineOrNever) {
  const Risk less = RiskOf(100, 150'000'000, 200'000'000);
  const Risk enough = Paid(less, 100);
  const MarginCall open = *IssueCall(kAccount, less, Terms(kInitial));
  EXPECT_EQ(StateAt(open, less, kIssued), MarginCallState::kOpen);
  EXPECT_EQ(StateAt(open, less, kDeadline - 1), MarginCallState::kOpen);
  EXPECT_EQ(StateAt(open, less, kDeadline), MarginCallState::kFailed);
  EXPECT_EQ(StateAt(open, enough, kIssued), MarginCallState::kMet);
  EXPECT_EQ(StateAt(open, enough, kDeadline - 1), MarginCallState::kMet);
  EXPECT_EQ(StateAt(open, enough, kDeadline), MarginCallState::kFailed);  // too late
  EXPECT_EQ(StateAt(open, enough, kMax<std::uint64_t>), MarginCallState::kFailed);
  // A smaller position does as well as a payment.
  EXPECT_EQ(StateAt(open, RiskOf(100, 75'000'000, 100'000'000), kIssued), MarginCallState::kMet);
}

TEST(MarginCall, StaysMetAndStaysFailedForever) {
  const Risk less = RiskOf(100, 150'000'000, 200'000'000);
  MarginCall call = *IssueCall(kAccount, less, Terms(kInitial));
  for (const MarginCallState state : {MarginCallState::kMet, MarginCallState::kFailed}) {
    call.state = state;
    for (const std::uint64_t now : {std::uint64_t{0}, kIssued, kDeadline, kMax<std::uint64_t>}) {
      EXPECT_EQ(StateAt(call, less, now), state);
      EXPECT_EQ(StateAt(call, Paid(less, 100), now), state);
      EXPECT_EQ(StateAt(call, {.equity = Quanta(kMin<Int128>)}, now), state);
    }
  }
  call.state = static_cast<MarginCallState>(4);
  EXPECT_EQ(Judge(call, less, Timestamp(kIssued)).reason(), Reason(BaseReason::kUnknownEnumerator));
}

TEST(MarginCall, IsNotJudgedByARiskBeyond128BitsUnlessItHasFailed) {
  const MarginCall call =
      *IssueCall(kAccount, RiskOf(100, 150'000'000, 200'000'000), Terms(kInitial));
  const Risk beyond{.equity = Quanta(kMax<Int128>)};
  EXPECT_EQ(Judge(call, beyond, Timestamp(kIssued)).reason(),
            Reason(MarginReason::kMarginOverflow));
  EXPECT_EQ(StateAt(call, beyond, kDeadline), MarginCallState::kFailed);
}

// To the quantum: of any account, at every target. The definition, in integers without bound: the
// target is held when equity * 10^12 >= maintenance * 10^6 + (initial - maintenance) * target.
TEST(MarginCall, IsMetByItsAmountAndNotByAQuantumLess) {
  Random random;
  int made = 0;
  for (int round = 0; round < 50'000; ++round) {
    const auto some = [&] {
      return (random.Edge<Int128>() & kMax<Int128>) >> (23 + random.Below(80));
    };
    const Int128 maintenance = some();
    const Int128 between = random.Chance(1, 4) ? Int128{0} : some();
    const Int128 equity = (random.Chance(1, 2) ? some() : -some()) / kMicroPerQuantum;
    const Risk risk = RiskOf(equity, maintenance, maintenance + between);
    const RatePpm target(random.Chance(1, 2)
                             ? 1'000'000 * static_cast<std::int64_t>(random.Below(2))
                             : static_cast<std::int64_t>(random.Below(1'000'001)));
    const auto holds = [&](Int128 paid) {
      const BigInteger million(Int128{1'000'000});
      const BigInteger has = (BigInteger(equity) + BigInteger(paid)) * million * million;
      return has >= BigInteger(maintenance) * million +
                        BigInteger(between) * BigInteger(Int128{target.parts()});
    };
    const Result<MarginCall> call = IssueCall(kAccount, risk, Terms(target));
    if (holds(0)) {
      ASSERT_EQ(call.reason(), Reason(MarginReason::kNoCallNeeded));
      continue;
    }
    ASSERT_EQ(call.reason(), Reason());
    const Int128 amount = call->amount.value();
    ASSERT_TRUE(holds(amount));
    ASSERT_FALSE(holds(amount - 1));
    ASSERT_EQ(StateAt(*call, Paid(risk, amount), kIssued), MarginCallState::kMet);
    ASSERT_EQ(StateAt(*call, Paid(risk, amount - 1), kIssued), MarginCallState::kOpen);
    ++made;
  }
  EXPECT_GT(made, 20'000);
}

// The same of accounts with positions, whose payment is cash that the ledger's view has.
TEST(MarginCall, OfAnAccountWithPositionsIsMetByCash) {
  Random random;
  int made = 0;
  for (int round = 0; round < 300; ++round) {
    const test::RandomWorld world(random, 3, 1);
    test::Balances account = test::RandomAccount(random, world);
    const auto risk = [&](Int128 paid) {
      test::Balances with = account;
      with.push_back(test::Cash(paid));
      return Evaluate<ExactPpm>(world.context(), test::View(with));
    };
    const Result<Risk> before = risk(0);
    if (!before.ok()) continue;
    const Result<MarginCall> call = IssueCall(
        kAccount, *before, Terms(RatePpm(static_cast<std::int64_t>(random.Below(1'000'001)))));
    if (!call.ok()) continue;
    const Result<Risk> after = risk(call->amount.value());
    const Result<Risk> short_of = risk(call->amount.value() - 1);
    if (!after.ok() || !short_of.ok()) continue;
    ASSERT_EQ(StateAt(*call, *after, kIssued), MarginCallState::kMet);
    ASSERT_EQ(StateAt(*call, *short_of, kIssued), MarginCallState::kOpen);
    ++made;
  }
  EXPECT_GT(made, 50);
}

TEST(MarginCall, DecodesToTheSameAndNothingElse) {
  const MarginCall call =
      *IssueCall(kAccount, RiskOf(100, 150'000'000, 200'000'000), Terms(RatePpm(250'000)));
  EXPECT_EQ(test::FlipsWithoutEffect(call), "");
  const std::vector<std::byte> bytes = EncodeRecord(call);
  MarginCall copy;
  ASSERT_EQ(DecodeRecordInto(bytes, copy).reason, Reason());
  EXPECT_EQ(copy, call);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeRecordInto(ByteView(bytes.data(), size), copy).ok()) << size;
  }
  const auto reason = [&](auto&& spoil) {
    MarginCall spoiled = call;
    spoil(spoiled);
    MarginCall decoded;
    return DecodeRecordInto(EncodeRecord(spoiled), decoded).reason;
  };
  const Reason bad = MarginReason::kBadCall;
  EXPECT_EQ(reason([](MarginCall& one) { one.amount = Quanta(0); }), bad);
  EXPECT_EQ(reason([](MarginCall& one) { one.amount = Quanta(-1); }), bad);
  EXPECT_EQ(reason([](MarginCall& one) { one.terms.target = RatePpm(-1); }), bad);
  EXPECT_EQ(reason([](MarginCall& one) { one.terms.target = RatePpm(1'000'001); }), bad);
  EXPECT_EQ(reason([](MarginCall& one) { one.terms.deadline = one.terms.issued_at; }), bad);
  EXPECT_EQ(reason([](MarginCall& one) { one.state = static_cast<MarginCallState>(0); }),
            Reason(BaseReason::kUnknownEnumerator));
  EXPECT_EQ(reason([](MarginCall& one) { one.state = static_cast<MarginCallState>(4); }),
            Reason(BaseReason::kUnknownEnumerator));
  EXPECT_EQ(reason([](MarginCall& one) { one.state = MarginCallState::kFailed; }), Reason());
}

TEST(MarginCallGolden, BytesAreThoseOfTheTables) {
  const MarginCall call{
      .account = {.owner = OwnerId::FromNumber(7), .group = MarginGroup(0x01020304)},
      .terms = {.target = RatePpm(250'000),
                .issued_at = Timestamp(std::uint64_t{1'767'225'600'000'000'000}),
                .deadline = Timestamp(std::uint64_t{1'767'229'200'000'000'000})},
      .amount = Quanta((Int128{5} << 64) + 1),
      .state = MarginCallState::kFailed};
  EXPECT_EQ(test::GoldenDifferences("margin_call", {{"a call that failed", EncodeRecord(call)}}),
            "");
}

}  // namespace
}  // namespace settle
