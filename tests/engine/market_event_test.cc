// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/market_event.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/text.h"
#include "tests/engine/event_world.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

constexpr AssetId kOther = ContractId(2);
constexpr Int128 kMost = kMax<Int128>;

Reason ReasonFrom(const Result<EventTally>& tally) {
  return tally.ok() ? Reason() : tally.reason();
}

// Every transaction has at most kMaxLegs legs, which sum to zero in each asset, and an id of its
// own.
void ExpectSound(const std::vector<Transaction>& transactions, CompulsoryRule rule) {
  std::vector<TransactionId> ids;
  for (const Transaction& transaction : transactions) {
    ids.push_back(transaction.header.id);
    EXPECT_EQ(transaction.header.rule, rule);
    EXPECT_EQ(transaction.header.transaction_class, TransactionClass::kCompulsory);
    EXPECT_LE(transaction.legs.size(), kMaxLegs);
    std::map<AssetId, Int128> sums;
    for (const Leg& leg : transaction.legs) sums[leg.account.asset] += leg.amount.value();
    for (const auto& [asset, sum] : sums) EXPECT_EQ(sum, 0);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_TRUE(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST(MarketEvent, IsRefusedWhereItsTermsAreNotOfItsRule) {
  struct Case {
    MarketEvent event;
    Reason reason;
  };
  const auto with = [](MarketEvent event, const std::function<void(MarketEvent&)>& change) {
    change(event);
    return event;
  };
  const auto quote_is_contract = [](MarketEvent& event) { event.assets.quote = kOther; };
  const Case cases[] = {
      {FundingEvent(-5), {}},
      {VariationEvent(Linear(-5)), {}},
      {VariationEvent(Inverse(1, 1)), {}},
      {ExpiryEvent(Linear(-5)), {}},
      {ExpiryEvent(Inverse(1, 1)), {}},
      {ExpiryEvent(Payoff(0)), {}},
      {ExpiryEvent(Payoff(-1)), BaseReason::kOutOfRange},
      {ExpiryEvent(Inverse(0, 1)), BaseReason::kOutOfRange},
      {ExpiryEvent(Inverse(1, 0)), BaseReason::kOutOfRange},
      {VariationEvent(Inverse(-1, 1)), BaseReason::kOutOfRange},
      {VariationEvent(Payoff(1)), BaseReason::kOutOfRange},
      {VariationEvent(FundingPerLot(1)), BaseReason::kOutOfRange},
      {ExpiryEvent(FundingPerLot(1)), BaseReason::kOutOfRange},
      {with(FundingEvent(1), [](MarketEvent& event) { event.terms = Linear(1); }),
       BaseReason::kOutOfRange},
      {with(FundingEvent(1), quote_is_contract), BaseReason::kOutOfRange},
      {with(ExpiryEvent(Linear(1)), quote_is_contract), BaseReason::kOutOfRange},
      {with(ExpiryEvent(Linear(1)), [](MarketEvent& event) { event.book = event.cash; }),
       BaseReason::kOutOfRange},
      {with(FundingEvent(1), [](MarketEvent& event) { event.book = kPerpBook; }),
       BaseReason::kNotCanonical},
      {with(VariationEvent(Linear(1)), [](MarketEvent& event) { event.book = kPerpBook; }),
       BaseReason::kNotCanonical},
      {with(VariationEvent(Linear(1)), [](MarketEvent& event) { event.house = OwnerOf(1); }),
       BaseReason::kNotCanonical},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(row.event.Validate(), row.reason) << &row - cases;
  }
  for (const int rule : {0, 1, 4, 6, 7, 8, 9, 255}) {
    MarketEvent event = VariationEvent(Linear(1));
    event.rule = static_cast<CompulsoryRule>(rule);
    EXPECT_EQ(event.Validate(), BaseReason::kOutOfRange) << rule;
  }
}

TEST(MarketEvent, IsReadAgainAndNoOtherBytesAreTakenForIt) {
  for (const MarketEvent& event :
       {FundingEvent(-5), VariationEvent(Linear(-5)), VariationEvent(Inverse(4, 3)),
        ExpiryEvent(Linear(7)), ExpiryEvent(Payoff(7))}) {
    const std::vector<std::byte> bytes = EncodeRecord(event);
    MarketEvent decoded;
    ASSERT_TRUE(DecodeRecordInto(bytes, decoded).ok());
    EXPECT_TRUE(decoded == event);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      ASSERT_FALSE(DecodeRecordInto(ByteView(bytes).first(length), decoded).ok());
    }
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::vector<std::byte> spoilt = bytes;
      spoilt[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      if (!DecodeRecordInto(spoilt, decoded).ok()) continue;
      ASSERT_TRUE(decoded.Validate().ok());
      ASSERT_FALSE(decoded == event);
      ASSERT_EQ(EncodeRecord(decoded), spoilt);
    }
  }
}

TEST(MarketEvent, MayComeOnceOfEachRuleAndContractInABlock) {
  MarketEvent other = FundingEvent(1);
  other.assets.contract = kOther;
  std::vector<MarketEvent> events{FundingEvent(1), VariationEvent(Linear(1)),
                                  ExpiryEvent(Linear(1)), other};
  EXPECT_TRUE(CheckEvents(events).reason.ok());
  events.push_back(VariationEvent(Linear(2)));
  events.push_back(FundingEvent(1));
  EXPECT_EQ(CheckEvents(events).reason, BaseReason::kNotCanonical);
  EXPECT_EQ(CheckEvents(events).event, 4u) << "the first that is one too many";
  events[1].terms = Payoff(1);
  EXPECT_EQ(CheckEvents(events).reason, BaseReason::kOutOfRange);
  EXPECT_EQ(CheckEvents(events).event, 1u);
  std::vector<MarketEvent> many(kMaxBlockEvents, FundingEvent(1));
  for (std::uint32_t i = 0; i < kMaxBlockEvents; ++i) many[i].assets.contract = ContractId(i);
  EXPECT_TRUE(CheckEvents(many).reason.ok());
  many.push_back(VariationEvent(Linear(1)));
  EXPECT_EQ(CheckEvents(many).reason, BaseReason::kTooMany);
}

TEST(ContractHolders, AreThoseWithLotsInTheOrderOfTheLedger) {
  EventWorld world;
  world.OpenPosition(3, 5, -100, 7);
  world.OpenPosition(1, -2, 40);
  world.OpenPosition(2, 4, 0);
  world.OpenPosition(2, -4, 0);  // closed
  world.Open(BookOf(4, kOther, Compartment(9)), 6);
  world.Open(BookOf(4, ContractId(3)), 6);
  MarketEvent other = VariationEvent(Linear(1));
  other.assets.contract = kOther;
  const std::vector<MarketEvent> events{other, FundingEvent(1), ExpiryEvent(Linear(1))};
  const ContractHolders holders(world.ledger(), events);
  const auto of = [&holders](AssetId contract) {
    const std::span<const AccountKey> keys = holders.Of(contract);
    return std::vector<AccountKey>(keys.begin(), keys.end());
  };
  const AccountKey outside{kOutside, kPerpBook, kPerp};
  EXPECT_EQ(of(kPerp), (std::vector{BookOf(3, kPerp), outside, BookOf(1, kPerp)}));
  EXPECT_EQ(of(kOther), (std::vector{BookOf(4, kOther, Compartment(9)),
                                     AccountKey{kOutside, Compartment(9), kOther}}));
  EXPECT_TRUE(of(ContractId(3)).empty()) << "of no event";
}

TEST(EventTransactionId, IsAHashOfAllThatNamesIt) {
  const EventPlace place{.parent = Digest::FromNumber(1), .height = Height(2), .now = {}};
  const MarketEvent event = FundingEvent(1);
  const auto id = [](const EventPlace& at, const MarketEvent& of, std::uint32_t number) {
    return EventTransactionId(Sha256(), at, of, number);
  };
  // SHA-256 of "settle/event", the parent, 2, rule 2, contract 2^31 + 1 and number 3.
  EXPECT_EQ(ToHex(id(place, event, 3).view()), "356b71b4199a1ab10bf1dd2e1dbf7bff");
  EventPlace other = place;
  other.parent = Digest::FromNumber(2);
  EXPECT_NE(id(other, event, 3), id(place, event, 3));
  other = place;
  other.height = Height(3);
  EXPECT_NE(id(other, event, 3), id(place, event, 3));
  EXPECT_NE(id(place, ExpiryEvent(Linear(1)), 3), id(place, event, 3));
  MarketEvent of_other = event;
  of_other.assets.contract = kOther;
  EXPECT_NE(id(place, of_other, 3), id(place, event, 3));
  EXPECT_NE(id(place, event, 4), id(place, event, 3));
  // What it does is not in it: another event of that name is refused and never applied beside it.
  EXPECT_EQ(id(place, FundingEvent(2), 3), id(place, event, 3));
}

TEST(FundingEventTest, PaysEachHolderRoundedDownAndKeepsLessThanAQuantumOfEach) {
  Random random;
  for (int round = 0; round < 40; ++round) {
    EventWorld world;
    std::map<std::uint64_t, Int128> lots;
    Int128 outside = 0;
    const std::uint64_t owners = random.Between(1, 60);
    for (std::uint64_t owner = 1; owner <= owners; ++owner) {
      lots[owner] = static_cast<Int128>(random.Below(2'000)) - 1'000;
      outside -= lots[owner];
      world.OpenPosition(owner, lots[owner], 0, 50);
    }
    const Int128 outside_before = world.Balance({kOutside, kCash, kUsd});
    const Int128 accrued = static_cast<Int128>(random.Below(10'000'000)) - 5'000'000;
    EventTally tally;
    ExpectSound(world.Run(FundingEvent(accrued), &tally), CompulsoryRule::kFunding);
    const auto paid = [accrued](Int128 held) {
      const Int128 owed = -accrued * held;
      return owed / 1'000'000 - (owed % 1'000'000 < 0 ? 1 : 0);  // floor
    };
    for (const auto& [owner, held] : lots) {
      ASSERT_EQ(world.Balance(Cash(owner)), 50 + paid(held));
      ASSERT_EQ(world.Balance(BookOf(owner, kPerp)), held) << "lots stay";
    }
    ASSERT_EQ(world.Balance({kOutside, kCash, kUsd}), outside_before + paid(outside));
    const Int128 kept = world.Balance(Cash(kFundingOwner));
    ASSERT_EQ(Amount(kept), tally.residue);
    ASSERT_GE(kept, 0);
    ASSERT_TRUE(kept == 0 || kept < static_cast<Int128>(tally.positions));
  }
}

// M15: 1,000,000 of margin, and 20,002,000 of funding owed by it.
TEST(FundingEventTest, M15MayTakeMoreThanThereIsAndLeavesANegativeInteger) {
  EventWorld world;
  world.OpenPosition(1, 1'000, 0, 1'000'000);
  world.OpenPosition(2, -1'000, 0, 1'000'000);
  EventTally tally;
  world.Run(FundingEvent(Int128{20'002} * 1'000'000), &tally);
  EXPECT_EQ(world.Balance(Cash(1)), 1'000'000 - 20'002'000);
  EXPECT_EQ(world.Balance(Cash(2)), 1'000'000 + 20'002'000);
  EXPECT_EQ(tally.residue, Amount(0));
}

TEST(FundingEventTest, TakesPartInWhateverCompartmentLotsLieButPaysItselfNothing) {
  EventWorld world;
  world.Open(BookOf(1, kPerp, Compartment(7)), 3);
  world.Open(Cash(2, kPerp), 4);  // among cash
  world.Open(BookOf(kFundingOwner, kPerp), -7);
  const std::vector<Transaction> transactions = world.Run(FundingEvent(1'000'000));
  EXPECT_EQ(world.Balance(Cash(1)), -3);
  EXPECT_EQ(world.Balance(Cash(2)), -4);
  EXPECT_EQ(world.Balance({kOutside, kCash, kUsd}), 0) << "long 7 and short 7, in three places";
  EXPECT_EQ(world.Balance(Cash(kFundingOwner)), 7);
}

TEST(VariationEventTest, MovesGainsToCashAndTwiceAtOnePriceMovesNothingMore) {
  EventWorld world;
  world.OpenPosition(1, 3, -100, 5);
  world.OpenPosition(2, -3, 110);
  world.Open(Cash(3, kPerp), 2);  // no cost of its own, and nothing to settle
  std::vector<Transaction> first = world.Run(VariationEvent(Linear(40)));
  ExpectSound(first, CompulsoryRule::kVariation);
  EXPECT_EQ(world.Balance(Cash(1)), 5 + 20);
  EXPECT_EQ(world.Balance(BookOf(1, kUsd)), -120);
  EXPECT_EQ(world.Balance(Cash(2)), -10);
  EXPECT_EQ(world.Balance(BookOf(2, kUsd)), 120);
  EXPECT_EQ(world.Balance(Cash(3)), 0);
  std::vector<Transaction> second;
  const Result<EventTally> tally = world.Make(VariationEvent(Linear(40)), second);
  ASSERT_TRUE(tally.ok());
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(tally->positions, 4u) << "the outside has none in the book, and two lots short in cash";
}

TEST(VariationEventTest, TurnsTheSignsOfAnInverseContract) {
  EventWorld world;
  world.OpenPosition(1, 4, 10);  // bought for 10 coins; 8 at this price
  world.Run(VariationEvent(Inverse(6, 3)));
  EXPECT_EQ(world.Balance(Cash(1)), 2);
  EXPECT_EQ(world.Balance(BookOf(1, kUsd)), 8);
}

struct Holder {
  Int128 lots = 0;
  Int128 quote = 0;
  Int128 cash = 0;
};

// What `lots` are worth, by rationals rounded to the nearest, ties to even, where they are not
// whole.
Int128 SlowWorth(const MarketTerms& terms, Int128 lots) {
  if (const auto* price = std::get_if<LinearPrice>(&terms)) return lots * price->per_lot.value();
  if (const auto* payoff = std::get_if<OptionPayoff>(&terms)) return lots * payoff->per_lot.value();
  const InversePrice inverse = std::get<InversePrice>(terms);
  const Int128 whole = lots * inverse.multiplier;
  const bool below = whole < 0;
  Int128 quotient = (below ? -whole : whole) / inverse.price;
  const Int128 rest = 2 * ((below ? -whole : whole) % inverse.price);
  if (rest > inverse.price || (rest == inverse.price && quotient % 2 == 1)) ++quotient;
  return below ? quotient : -quotient;
}

void ExpectExpired(const MarketTerms& terms, Random& random) {
  EventWorld world;
  std::map<std::uint64_t, Holder> holders;
  const std::uint64_t owners = random.Between(1, 40);
  const bool option = std::holds_alternative<OptionPayoff>(terms);
  for (std::uint64_t owner = 1; owner <= owners; ++owner) {
    const Int128 lots = static_cast<Int128>(random.Below(2'000)) - 1'000;
    const Int128 quote =
        lots == 0 || option ? 0 : static_cast<Int128>(random.Below(90'000)) - 45'000;
    holders[owner] = {lots, quote, static_cast<Int128>(random.Below(50))};
    world.OpenPosition(owner, lots, quote, holders[owner].cash);
  }
  const bool house_holds = random.Chance(1, 3);
  Holder house{house_holds ? Int128{11} : Int128{0}, house_holds ? Int128{-70} : Int128{0}, 0};
  world.OpenPosition(kHouseOwner, house.lots, house.quote);
  Holder outside{world.Balance({kOutside, kPerpBook, kPerp}),
                 world.Balance({kOutside, kPerpBook, kUsd}),
                 world.Balance({kOutside, kCash, kUsd})};

  EventTally tally;
  ExpectSound(world.Run(ExpiryEvent(terms), &tally), CompulsoryRule::kExpiry);
  Int128 paid = 0;
  const auto expect = [&](const OwnerId& owner, const Holder& before) {
    ASSERT_EQ(world.Balance({owner, kPerpBook, kPerp}), 0);
    const Int128 worth = SlowWorth(terms, before.lots);
    paid += worth;
    if (before.lots == 0) return;
    ASSERT_EQ(world.Balance({owner, kPerpBook, kUsd}), 0);
    ASSERT_EQ(world.Balance({owner, kCash, kUsd}), before.cash + before.quote + worth);
  };
  for (const auto& [owner, before] : holders) expect(OwnerOf(owner), before);
  expect(kOutside, outside);
  ASSERT_EQ(world.Balance(BookOf(kHouseOwner, kPerp)), 0);
  ASSERT_EQ(world.Balance(BookOf(kHouseOwner, kUsd)), 0);
  ASSERT_EQ(world.Balance(Cash(kHouseOwner)), house.quote - paid);
  ASSERT_EQ(tally.residue, Amount(-paid - SlowWorth(terms, house.lots)));
  ASSERT_EQ(world.ledger().OpenInterestOf(kPerp), Amount());
  if (std::holds_alternative<InversePrice>(terms)) {
    const auto most = static_cast<Int128>(tally.positions);
    ASSERT_LE(tally.residue, Amount(most));
    ASSERT_GE(tally.residue, Amount(-most));
  } else {
    ASSERT_EQ(tally.residue, Amount());
  }
}

TEST(ExpiryEventTest, LeavesNoLotsAnywhereAndTheCashThatASlowModelSays) {
  Random random;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const Int128 price = static_cast<Int128>(random.Below(2'000)) - 500;
    ASSERT_NO_FATAL_FAILURE(ExpectExpired(Linear(price), random));
    ASSERT_NO_FATAL_FAILURE(ExpectExpired(Payoff(Int128{random.Below(300)}), random));
    const MarketTerms inverse =
        Inverse(Int128{random.Between(1, 10'000)}, Int128{random.Between(1, 5'000)});
    ASSERT_NO_FATAL_FAILURE(ExpectExpired(inverse, random));
  }
}

TEST(ExpiryEventTest, OfAnOptionPaysWhoIsLongOutOfWhoWrote) {
  EventWorld world;
  world.OpenPosition(1, 5, 0, 10);
  world.OpenPosition(2, -5, 0, 10);
  world.Run(ExpiryEvent(Payoff(7)));
  EXPECT_EQ(world.Balance(Cash(1)), 45);
  EXPECT_EQ(world.Balance(Cash(2)), -25);
  EXPECT_EQ(world.Balance(Cash(kHouseOwner)), 0);
}

TEST(ExpiryEventTest, PaysLotsAmongCashWhereTheyLieAndThoseOfTheHouseInOtherPlaces) {
  EventWorld world;
  world.Open(Cash(1, kPerp), 4);
  world.Open(Cash(1), 100);
  world.Open(BookOf(kHouseOwner, kPerp, Compartment(9)), -4);
  world.Open(BookOf(kHouseOwner, kUsd, Compartment(9)), 90);
  world.Run(ExpiryEvent(Linear(30)));
  EXPECT_EQ(world.Balance(Cash(1)), 220);
  EXPECT_EQ(world.Balance(Cash(kHouseOwner)), -30);
  EXPECT_EQ(world.Balance(BookOf(kHouseOwner, kUsd, Compartment(9))), 0);
  EXPECT_EQ(world.ledger().OpenInterestOf(kPerp), Amount());
}

TEST(MarketEvent, FillsAsManyTransactionsAsItNeeds) {
  EventWorld world;
  for (std::uint64_t owner = 100; owner < 1'600; ++owner) {
    world.OpenPosition(owner, owner % 2 == 0 ? 3 : -3, owner % 2 == 0 ? -30 : 30);
  }
  const std::vector<Transaction> funding = world.Run(FundingEvent(2'000'000));
  ASSERT_EQ(funding.size(), 3u);  // 3,000 legs
  EXPECT_EQ(funding[0].legs.size(), kMaxLegs);
  EXPECT_EQ(funding[1].legs.size(), kMaxLegs);
  EXPECT_EQ(funding[2].legs.size(), 3'000 - 2 * kMaxLegs);
  ExpectSound(funding, CompulsoryRule::kFunding);
  const std::vector<Transaction> variation = world.Run(VariationEvent(Linear(11)));
  EXPECT_EQ(variation.size(), 3u);
  const std::vector<Transaction> expiry = world.Run(ExpiryEvent(Linear(12)));
  ASSERT_EQ(expiry.size(), 9u);  // 9,000 legs, 170 positions of six in each
  EXPECT_EQ(expiry[0].legs.size(), 1'020u);
  ExpectSound(expiry, CompulsoryRule::kExpiry);
  for (std::uint64_t owner = 100; owner < 1'600; ++owner) {
    ASSERT_EQ(world.Balance(Cash(owner)), owner % 2 == 0 ? -6 + 3 + 3 : 6 - 3 - 3);
  }
  EXPECT_EQ(world.Balance(Cash(kFundingOwner)), 0);
}

TEST(MarketEvent, IsNeverAppliedTwice) {
  EventWorld world;
  world.OpenPosition(1, 3, -100, 5);
  const std::vector<Transaction> transactions = world.Run(ExpiryEvent(Linear(40)));
  ASSERT_EQ(transactions.size(), 1u);
  const Fingerprint once = world.ledger().fingerprint();
  const Verdict again = world.ledger().ApplyCompulsory(transactions[0].view());
  EXPECT_EQ(again.disposition, Disposition::kRepeated);
  EXPECT_EQ(world.ledger().fingerprint(), once);
  // Nor any other event under its name.
  world.OpenPosition(1, 3, -100, 5);
  std::vector<Transaction> other;
  ASSERT_TRUE(world.Make(ExpiryEvent(Linear(41)), other).ok());
  EXPECT_EQ(world.ledger().ApplyCompulsory(other[0].view()).reason,
            LedgerReason::kExistsWithDifferentLegs);
}

TEST(MarketEvent, OfAContractThatNobodyHoldsIsNothing) {
  EventWorld world;
  world.OpenPosition(1, 3, -100, 5);
  for (MarketEvent event :
       {FundingEvent(1'000'000), VariationEvent(Linear(4)), ExpiryEvent(Linear(4))}) {
    event.assets.contract = kOther;
    EventTally tally;
    EXPECT_TRUE(world.Run(event, &tally).empty());
    EXPECT_EQ(tally.positions, 0u);
  }
}

TEST(MarketEvent, RefusesAmountsThatDoNotFitAndLeavesTheListAsItWas) {
  EventWorld world;
  for (std::uint64_t owner = 10; owner < 700; ++owner) world.OpenPosition(owner, 1, 0);
  world.OpenPosition(1, kMost / 2, 0);
  std::vector<Transaction> out(2);
  for (const MarketEvent& event :
       {FundingEvent(Int128{3'000'000}), VariationEvent(Linear(3)), ExpiryEvent(Linear(3)),
        ExpiryEvent(Payoff(3)), ExpiryEvent(Inverse(3, 1))}) {
    EXPECT_EQ(ReasonFrom(world.Make(event, out)), BaseReason::kOverflow);
    EXPECT_EQ(out.size(), 2u);
  }
  EventPlace end = EventWorld::Place();
  end.now = Timestamp(kMax<std::uint64_t>);
  const MarketEvent event = FundingEvent(1);
  EXPECT_EQ(ReasonFrom(BookMarketEvent(world.ledger(), event, {}, end, Sha256(), out)),
            BaseReason::kOverflow);
}

TEST(CheckTally, AllowsWhatRoundingCanLeaveAndNoMore) {
  const auto check = [](const MarketEvent& event, Int128 residue, std::uint64_t positions) {
    return CheckTally(event, {.positions = positions, .residue = Amount(residue)}).ok();
  };
  EXPECT_TRUE(check(FundingEvent(1), 0, 0) && check(FundingEvent(1), 4, 5));
  EXPECT_FALSE(check(FundingEvent(1), 5, 5) || check(FundingEvent(1), -1, 5));
  EXPECT_FALSE(check(FundingEvent(1), 1, 0));
  const MarketEvent inverse = ExpiryEvent(Inverse(1, 1));
  EXPECT_TRUE(check(inverse, 5, 5) && check(inverse, -5, 5));
  EXPECT_FALSE(check(inverse, 6, 5) || check(inverse, -6, 5));
  for (const MarketEvent& event :
       {ExpiryEvent(Linear(1)), ExpiryEvent(Payoff(1)), VariationEvent(Linear(1))}) {
    EXPECT_TRUE(check(event, 0, 5));
    EXPECT_FALSE(check(event, 1, 5) || check(event, -1, 5));
  }
}

TEST(CheckAfter, FindsWhatAnExpiryLeft) {
  EventWorld world;
  const MarketEvent expiry = ExpiryEvent(Linear(1));
  EXPECT_TRUE(CheckAfter(world.ledger(), expiry).ok());
  world.Open(BookOf(kHouseOwner, kUsd), 1);
  EXPECT_EQ(CheckAfter(world.ledger(), expiry), LedgerReason::kUnbalanced);
  world.Open(BookOf(kHouseOwner, kUsd), -1);
  EXPECT_TRUE(CheckAfter(world.ledger(), expiry).ok());
  world.OpenPosition(1, 1, 0);
  EXPECT_EQ(CheckAfter(world.ledger(), expiry), LedgerReason::kUnbalanced);
  EXPECT_TRUE(CheckAfter(world.ledger(), FundingEvent(1)).ok());
}

}  // namespace
}  // namespace settle::test
