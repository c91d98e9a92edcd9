// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "settle/base/integer.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/allocations.h"

namespace settle {
namespace {

using test::Balance;
using test::Balances;
using test::Book;
using test::Cash;
using test::Cost;
using test::Perpetual;
using test::Position;

// Two perpetuals, marked at 100 and 30.
Book TwoMarkets() {
  Book book({Perpetual(1), Perpetual(2)});
  book.SetPrice(1, 100);
  book.SetPrice(2, 30);
  return book;
}

Risk RiskOf(Int128 equity, Int128 maintenance, Int128 headroom) {
  return {.equity = Quanta(equity),
          .maintenance = MicroQuanta(maintenance),
          .initial_headroom = MicroQuanta(headroom)};
}

TEST(Evaluation, CountsCashCostAndPositions) {
  const Book book = TwoMarkets();
  // 10 lots long bought at 90 and 20 lots short sold at 33.
  const Balances account = {Cash(500), Cost(1, -900), Position(1, 10), Cost(2, 660),
                            Position(2, -20)};
  const Result<Risk> risk = book.Evaluate(account);
  ASSERT_TRUE(risk.ok());
  // 500 + (1000 - 900) + (660 - 600); notionals 1000 and 600 at 10 % and 5 %.
  EXPECT_EQ(*risk, RiskOf(660, 80'000'000, 500'000'000));
  EXPECT_TRUE(InitialMarginHolds(*risk));
}

TEST(Evaluation, IsTheSameForALongAndAShortButForTheSignOfTheirValue) {
  const Book book = TwoMarkets();
  const Result<RiskSum> held_long = book.Sum({Position(1, 7)});
  const Result<RiskSum> held_short = book.Sum({Position(1, -7)});
  ASSERT_TRUE(held_long.ok() && held_short.ok());
  EXPECT_EQ(held_long->equity, Quanta(Int128{700}));
  EXPECT_EQ(held_short->equity, Quanta(Int128{-700}));
  EXPECT_EQ(held_long->initial, held_short->initial);
  EXPECT_EQ(held_long->maintenance, held_short->maintenance);
}

TEST(Evaluation, OfAPriceOfZeroIsNoRequirement) {
  Book book = TwoMarkets();
  book.SetPrice(1, 0);
  const Result<Risk> risk = book.Evaluate({Cash(5), Position(1, 10), Cost(1, -900)});
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(*risk, RiskOf(-895, 0, -895'000'000));
}

TEST(Evaluation, OfNothingIsZero) {
  const Result<Risk> risk = TwoMarkets().Evaluate({});
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(*risk, Risk{});
  EXPECT_TRUE(InitialMarginHolds(*risk));
  EXPECT_TRUE(MaintenanceMarginHolds(*risk));
  EXPECT_FALSE(IsLiquidatable(*risk));
}

TEST(Evaluation, KeepsMillionthsOfAQuantum) {
  Book book({Perpetual(1)});
  book.SetPrice(1, 1);
  // One quantum of notional demands a tenth of a quantum.
  const Result<Risk> without = book.Evaluate({Position(1, 1), Cost(1, -1)});
  ASSERT_TRUE(without.ok());
  EXPECT_EQ(*without, RiskOf(0, 50'000, -100'000));
  EXPECT_FALSE(InitialMarginHolds(*without));
  EXPECT_FALSE(MaintenanceMarginHolds(*without));
  const Result<Risk> with = book.Evaluate({Position(1, 1), Cost(1, -1), Cash(1)});
  ASSERT_TRUE(with.ok());
  EXPECT_EQ(*with, RiskOf(1, 50'000, 900'000));
}

TEST(Evaluation, HoldsInitialMarginExactlyAtTheRequirement) {
  const Book book = TwoMarkets();
  const auto headroom = [&](Int128 cash) {
    return book.Evaluate({Cash(cash), Position(1, 10), Cost(1, -1'000)});
  };
  EXPECT_TRUE(InitialMarginHolds(*headroom(100)));
  EXPECT_FALSE(InitialMarginHolds(*headroom(99)));
  EXPECT_TRUE(MaintenanceMarginHolds(*headroom(50)));
  EXPECT_FALSE(IsLiquidatable(*headroom(50)));
  EXPECT_FALSE(MaintenanceMarginHolds(*headroom(49)));
  EXPECT_TRUE(IsLiquidatable(*headroom(49)));
}

// M15: a funding payment larger than all of the margin.
TEST(Evaluation, FallsBelowZeroAndStaysANumber) {
  const Book book = TwoMarkets();
  const Result<Risk> risk =
      book.Evaluate({Cash(1'000'000 - 20'002'000), Position(1, 10), Cost(1, -1'000)});
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(risk->equity, Quanta(Int128{-19'002'000}));
  EXPECT_TRUE(IsLiquidatable(*risk));
}

// M21.
TEST(Evaluation, OfADebtWithoutPositionsIsNotLiquidatable) {
  const Result<Risk> risk = TwoMarkets().Evaluate({Cash(-5), Position(1, 0)});
  ASSERT_TRUE(risk.ok());
  EXPECT_FALSE(InitialMarginHolds(*risk));
  EXPECT_FALSE(MaintenanceMarginHolds(*risk));
  EXPECT_FALSE(IsLiquidatable(*risk));
}

TEST(Evaluation, TakesABalanceOfZeroForNone) {
  Book book = TwoMarkets();
  book.ClearPrice(1);
  const Result<Risk> risk = book.Evaluate({Cash(5), Position(1, 0), Position(99, 0), Cost(1, 0),
                                           Balance(Compartment(2), test::kOtherToken, 0)});
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(*risk, RiskOf(5, 0, 5'000'000));
}

TEST(Evaluation, RefusesAContractThatIsNotTheInstrumentsInItsCompartment) {
  const Book book = TwoMarkets();
  const Reason unknown = MarginReason::kUnknownInstrument;
  EXPECT_EQ(book.Evaluate({Position(3, 1)}).reason(), unknown);
  EXPECT_EQ(book.Evaluate({Position(3, -1)}).reason(), unknown);
  EXPECT_EQ(book.Evaluate({Balance(kCash, ContractId(1), 1)}).reason(), unknown);
  EXPECT_EQ(book.Evaluate({Balance(Compartment(2), ContractId(1), 1)}).reason(), unknown);
  EXPECT_EQ(book.Evaluate({Balance(Compartment(3), ContractId(1), 1)}).reason(), unknown);
}

TEST(Evaluation, GivesOtherTokensNoValue) {
  const Book book = TwoMarkets();
  for (const BalanceView& idle :
       {Balance(kCash, test::kOtherToken, 1'000), Balance(Compartment(1), test::kOtherToken, 1'000),
        Balance(Compartment(77), test::kQuote, 1'000)}) {
    const Result<Risk> risk = book.Evaluate({Cash(3), idle});
    ASSERT_TRUE(risk.ok());
    EXPECT_EQ(*risk, RiskOf(3, 0, 3'000'000));
  }
}

TEST(Evaluation, RefusesADebtThatHasNoValue) {
  const Book book = TwoMarkets();
  for (const BalanceView& debt :
       {Balance(kCash, test::kOtherToken, -1), Balance(Compartment(1), test::kOtherToken, -1),
        Balance(Compartment(77), test::kQuote, -1)}) {
    EXPECT_EQ(book.Evaluate({Cash(1'000), debt}).reason(), Reason(MarginReason::kUnvaluedDebt));
  }
}

TEST(Evaluation, RefusesAPositionWithoutAPrice) {
  Book book = TwoMarkets();
  book.ClearPrice(2);
  EXPECT_EQ(book.Evaluate({Cash(1'000), Position(2, 1)}).reason(),
            Reason(MarginReason::kMissingPrice));
  EXPECT_TRUE(book.Evaluate({Cash(1'000), Position(1, 1), Cost(2, 5)}).ok());
}

TEST(Evaluation, RefusesPricesOfAnotherTable) {
  Instrument cheap = Perpetual(1);
  cheap.max_price = PriceTicks(99);
  const InstrumentTable table = test::TableOf({cheap});
  const Book book = TwoMarkets();
  const MarginParameters parameters{.instruments = table};
  const Balances account = {Position(1, 1)};
  const auto evaluate = [&](const MarkPrices& prices) {
    const Valuation valuation(parameters, prices);
    return Evaluate<ExactPpm>({.valuation = valuation}, test::View(account));
  };
  EXPECT_EQ(evaluate(book.prices()).reason(), Reason(MarginReason::kPriceOutOfRange));
  EXPECT_EQ(evaluate(MarkPrices()).reason(), Reason(MarginReason::kMissingPrice));
}

TEST(Evaluation, RefusesPositionsBeyondTheLargest) {
  const Book book = TwoMarkets();
  const Int128 most = std::int64_t{1} << 40;
  EXPECT_TRUE(book.Evaluate({Position(1, most)}).ok());
  EXPECT_TRUE(book.Evaluate({Position(1, -most)}).ok());
  for (const Int128 lots :
       {most + 1, -most - 1, Int128{1} << 64, Int128{1} << 126, kMax<Int128>, kMin<Int128>}) {
    EXPECT_EQ(book.Evaluate({Position(1, lots)}).reason(), Reason(MarginReason::kPositionTooLarge));
  }
}

TEST(Evaluation, CountsATokenThatIsReservedAsGoneAndOneThatIsPromisedAsNotCome) {
  const Book book = TwoMarkets();
  BalanceView cash = Cash(1'000);
  cash.pending_credits = Amount(kMax<Int128>);
  EXPECT_EQ(book.Evaluate({cash})->equity, Quanta(Int128{1'000}));
  cash.pending_debits = Amount(Int128{300});
  EXPECT_EQ(book.Evaluate({cash})->equity, Quanta(Int128{700}));
  cash.posted = Amount();
  EXPECT_EQ(book.Evaluate({cash})->equity, Quanta(Int128{-300}));
  cash.posted = Amount(Int128{-2});
  cash.pending_debits = Amount(kMax<Int128>);
  EXPECT_EQ(book.Evaluate({cash}).reason(), Reason(MarginReason::kMarginOverflow));
  BalanceView other = Balance(kCash, test::kOtherToken, 5);
  other.pending_credits = Amount(Int128{9});
  other.pending_debits = Amount(Int128{5});
  EXPECT_EQ(book.Evaluate({other})->equity, Quanta());
  other.pending_debits = Amount(Int128{6});
  EXPECT_EQ(book.Evaluate({other}).reason(), Reason(MarginReason::kUnvaluedDebt));
}

TEST(Evaluation, CountsOfReservedLotsTheWorseEndForEachNumber) {
  const Book book = TwoMarkets();
  BalanceView position = Position(1, 2);
  position.pending_debits = Amount(Int128{5});
  position.pending_credits = Amount(Int128{4});
  // It may become anything from -3 to 6 lots at 100: worth -300 at the least; the larger demands.
  const Result<RiskSum> sum = book.Sum({position});
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(sum->equity, Quanta(Int128{-300}));
  EXPECT_EQ(sum->maintenance, MicroQuanta(Int128{30'000'000}));
  // -3 lots leave -330 of headroom, less than any other.
  EXPECT_EQ(Finish(*sum)->initial_headroom, MicroQuanta(Int128{-330'000'000}));
  position.pending_credits = Amount(Int128{1} << 100);
  EXPECT_EQ(book.Evaluate({position}).reason(), Reason(MarginReason::kPositionTooLarge));
  BalanceView unknown = Position(99, 0);
  unknown.pending_credits = Amount(Int128{1});
  EXPECT_EQ(book.Evaluate({unknown}).reason(), Reason(MarginReason::kUnknownInstrument));
}

// M28.
TEST(Evaluation, RefusesEquityWhoseMillionthsLeave128Bits) {
  const Book book = TwoMarkets();
  const Int128 most = kMaxEquity.value();
  EXPECT_EQ(book.Evaluate({Cash(most)})->initial_headroom.value(), most * 1'000'000);
  EXPECT_EQ(book.Evaluate({Cash(-most)})->initial_headroom.value(), -most * 1'000'000);
  const Reason overflow = MarginReason::kMarginOverflow;
  EXPECT_EQ(book.Evaluate({Cash(most + 1)}).reason(), overflow);
  EXPECT_EQ(book.Evaluate({Cash(-most - 1)}).reason(), overflow);
  EXPECT_EQ(book.Evaluate({Cash(kMin<Int128>)}).reason(), overflow);
  // Each balance by itself, before anything is made of the sum.
  EXPECT_TRUE(book.Sum({Cash(most)}).ok() && book.Sum({Cash(-most)}).ok());
  EXPECT_EQ(book.Sum({Cash(most + 1)}).reason(), overflow);
  EXPECT_EQ(book.Sum({Cash(-most - 1)}).reason(), overflow);
  // Of several balances it is the sum that counts, in whatever order.
  EXPECT_EQ(book.Evaluate({Cash(most), Cost(1, 1)}).reason(), overflow);
  EXPECT_EQ(book.Evaluate({Cash(most), Cost(1, 1), Cost(2, -1)})->equity, kMaxEquity);
  EXPECT_EQ(book.Evaluate({Cost(1, 1), Cost(2, -1), Cash(most)})->equity, kMaxEquity);
}

TEST(Evaluation, RefusesHeadroomThatLeaves128Bits) {
  const Book book = TwoMarkets();
  // The requirement of 100 lots at 100 is a thousand quanta below a debt of almost all.
  const Int128 most = kMaxEquity.value();
  EXPECT_TRUE(book.Evaluate({Cash(-most + 20'000), Position(1, 100)}).ok());
  EXPECT_EQ(book.Evaluate({Cash(-most + 9'000), Position(1, -100)}).reason(),
            Reason(MarginReason::kMarginOverflow));
}

TEST(Evaluation, RefusesRequirementsWhoseSumLeaves128Bits) {
  std::vector<Instrument> instruments;
  Balances account;
  constexpr std::uint32_t kTooMany = 2'148;  // 2^127 / (2^96 * 10^6), rounded up
  for (std::uint32_t n = 1; n <= kTooMany; ++n) {
    Instrument instrument = Perpetual(n);
    instrument.curve.initial = instrument.curve.maintenance = RatePpm(1'000'000);
    instrument.max_price = PriceTicks(std::int64_t{1} << 41);
    instrument.max_lots = Lots(std::int64_t{1} << 55);
    instruments.push_back(instrument);
    account.push_back(Position(n, Int128{1} << 55));
  }
  Book book(instruments);
  for (std::uint32_t n = 1; n <= kTooMany; ++n) book.SetPrice(n, std::int64_t{1} << 41);
  EXPECT_EQ(book.Evaluate(account).reason(), Reason(MarginReason::kMarginOverflow));
  account.pop_back();
  const Result<Risk> risk = book.Evaluate(account);
  ASSERT_TRUE(risk.ok());
  EXPECT_EQ(risk->maintenance.value(), kMaxNotional.value() * (kTooMany - 1) * 1'000'000);
  EXPECT_EQ(risk->initial_headroom, MicroQuanta());
}

TEST(Evaluation, NamesTheFirstReasonWhateverTheOrderOfBalances) {
  Book book({Perpetual(1), Perpetual(2), Perpetual(3)});
  book.SetPrice(1, 1);
  book.SetPrice(3, 1);
  // In order of precedence.
  const std::vector<std::pair<BalanceView, MarginReason>> flaws = {
      {Position(99, 1), MarginReason::kUnknownInstrument},
      {Balance(kCash, test::kOtherToken, -1), MarginReason::kUnvaluedDebt},
      {Position(3, kMax<Int128>), MarginReason::kPositionTooLarge},
      {Position(2, 1), MarginReason::kMissingPrice},
      {Cost(3, kMax<Int128>), MarginReason::kMarginOverflow},
  };
  for (std::size_t a = 0; a < flaws.size(); ++a) {
    for (std::size_t b = 0; b < flaws.size(); ++b) {
      const Balances account = {Cost(1, 5), flaws[a].first, Position(1, 2), flaws[b].first};
      EXPECT_EQ(book.Evaluate(account).reason(), Reason(flaws[std::min(a, b)].second));
    }
  }
}

TEST(Evaluation, IsEvaluatedWithoutAllocation) {
  const Book book = TwoMarkets();
  const Balances account = {Cash(500), Cost(1, -900), Position(1, 10), Position(2, -20)};
  const MarginContext context = book.context();
  const test::AllocationCounter counter;
  const bool ok = Evaluate<ExactPpm>(context, test::View(account)).ok();
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(ok);
  EXPECT_EQ(calls, 0u);
}

}  // namespace
}  // namespace settle
