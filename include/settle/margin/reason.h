// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Why margin refuses, in order of precedence: of two that apply, the one declared first is given,
// in whatever order an account's balances are looked at.

#ifndef SETTLE_MARGIN_REASON_H_
#define SETTLE_MARGIN_REASON_H_

#include <cstdint>
#include <string_view>

#include "settle/base/config.h"
#include "settle/base/reason.h"

SETTLE_NAMESPACE_BEGIN

enum class MarginReason : std::uint16_t {
  kOk = 0,

  // Registration of instruments.
  kTooManyInstruments = 1,   // more than kMaxInstruments
  kWrongAssetKind = 2,       // a contract where a token belongs, or a token where a contract does
  kWrongCompartment = 3,     // positions cannot lie in the cash compartment
  kBadMultiplier = 4,        // one lot and tick is worth less than one quantum
  kBadRate = 5,              // not 0 <= maintenance <= initial <= 100 %, or such a charge
  kBadBounds = 6,            // a largest price or position below 1, or a notional too wide
  kWrongQuote = 7,           // the instrument is quoted in another asset than its table
  kDuplicateInstrument = 8,  // its compartment or asset belongs to another instrument
  kBadTiers = 9,             // floors or rates that do not rise, or an open interest without order
  kBadCollateral = 19,       // not a token's haircuts and cap, or terms of a token on a contract
  kBadParameters = 20,       // a cap below zero, or one for withdrawals above that for positions

  // Valuation of an account.
  kUnknownInstrument = 10,  // a contract that is not registered, or not in that compartment
  kUnvaluedDebt = 11,       // an asset without value here is owed
  kPositionTooLarge = 12,   // more lots than the instrument's largest position
  kMissingPrice = 13,       // a position in an instrument without a mark price
  kPriceOutOfRange = 14,    // a mark price below zero or above the instrument's largest
  kInPortfolio = 22,  // lots that only their whole portfolio could judge are reserved or ordered
  kMissingScenarios = 23,  // a position in a portfolio's instrument without a risk array
  kTooManyPositions = 21,  // more than kMaxBookPositions in a book
  kMarginOverflow = 15,    // equity or a requirement would leave 128 bits

  // Transition of an account.
  kInitialMargin = 16,       // initial margin held before and does not hold after
  kMaintenanceRises = 17,    // initial margin holds neither before nor after: maintenance rises
  kMaintenanceWorsens = 18,  // ... or equity, or what initial margin leaves, falls against it
  kProfitTaken = 24,         // profit that is capped leaves a position that is not closed

  // Portfolios judged by scenarios.
  kBadScenarioCount = 40,    // not 1 to kMaxScenarios
  kWrongRowLength = 41,      // a row of another number of scenarios than its arrays
  kRowsNotAscending = 42,    // contracts of rows that do not rise strictly
  kProfitOutOfRange = 43,    // what a lot gains or loses is beyond 64 bits
  kBadMonth = 44,            // not one of 1 to kMaxMonths months, or not of the portfolio's
  kBadCover = 45,            // the part of a loss that counts is not 0 to 100 %
  kBadCharge = 46,           // a charge below zero or above kMaxNotional
  kBadInitialFactor = 47,    // initial below maintenance
  kBadScenarioTerms = 48,    // a strike of what is no option
  kWrongScenarioCount = 49,  // a row or a portfolio of another number of scenarios than the sum
  kTooManyStrikes = 50,      // options of more strikes than the sum has room for
  kNotInSum = 51,            // a position is taken out that was not added

  // Parameters over time.
  kWrongVersion = 60,  // not the version after the last one
  kNotInFuture = 61,   // announced parameters would already apply
  kNotAfterLast = 62,  // they would apply no later than those before them
  kScheduleFull = 63,  // kMaxAnnouncedParameters are announced

  // Margin calls.
  kBadCall = 70,       // a target that is not 0 to 100 %, no later deadline, or an amount of 0
  kNoCallNeeded = 71,  // the account holds the target
};

constexpr Module ReasonModule(MarginReason) { return Module::kMargin; }

constexpr std::string_view ReasonName(MarginReason reason) {
  switch (reason) {
    case MarginReason::kOk:
      return "Ok";
    case MarginReason::kTooManyInstruments:
      return "TooManyInstruments";
    case MarginReason::kWrongAssetKind:
      return "WrongAssetKind";
    case MarginReason::kWrongCompartment:
      return "WrongCompartment";
    case MarginReason::kBadMultiplier:
      return "BadMultiplier";
    case MarginReason::kBadRate:
      return "BadRate";
    case MarginReason::kBadBounds:
      return "BadBounds";
    case MarginReason::kWrongQuote:
      return "WrongQuote";
    case MarginReason::kDuplicateInstrument:
      return "DuplicateInstrument";
    case MarginReason::kBadTiers:
      return "BadTiers";
    case MarginReason::kBadCollateral:
      return "BadCollateral";
    case MarginReason::kBadParameters:
      return "BadParameters";
    case MarginReason::kUnknownInstrument:
      return "UnknownInstrument";
    case MarginReason::kUnvaluedDebt:
      return "UnvaluedDebt";
    case MarginReason::kPositionTooLarge:
      return "PositionTooLarge";
    case MarginReason::kMissingPrice:
      return "MissingPrice";
    case MarginReason::kPriceOutOfRange:
      return "PriceOutOfRange";
    case MarginReason::kInPortfolio:
      return "InPortfolio";
    case MarginReason::kMissingScenarios:
      return "MissingScenarios";
    case MarginReason::kTooManyPositions:
      return "TooManyPositions";
    case MarginReason::kMarginOverflow:
      return "MarginOverflow";
    case MarginReason::kInitialMargin:
      return "InitialMargin";
    case MarginReason::kMaintenanceRises:
      return "MaintenanceRises";
    case MarginReason::kMaintenanceWorsens:
      return "MaintenanceWorsens";
    case MarginReason::kProfitTaken:
      return "ProfitTaken";
    case MarginReason::kBadScenarioCount:
      return "BadScenarioCount";
    case MarginReason::kWrongRowLength:
      return "WrongRowLength";
    case MarginReason::kRowsNotAscending:
      return "RowsNotAscending";
    case MarginReason::kProfitOutOfRange:
      return "ProfitOutOfRange";
    case MarginReason::kBadMonth:
      return "BadMonth";
    case MarginReason::kBadCover:
      return "BadCover";
    case MarginReason::kBadCharge:
      return "BadCharge";
    case MarginReason::kBadInitialFactor:
      return "BadInitialFactor";
    case MarginReason::kBadScenarioTerms:
      return "BadScenarioTerms";
    case MarginReason::kWrongScenarioCount:
      return "WrongScenarioCount";
    case MarginReason::kTooManyStrikes:
      return "TooManyStrikes";
    case MarginReason::kNotInSum:
      return "NotInSum";
    case MarginReason::kWrongVersion:
      return "WrongVersion";
    case MarginReason::kNotInFuture:
      return "NotInFuture";
    case MarginReason::kNotAfterLast:
      return "NotAfterLast";
    case MarginReason::kScheduleFull:
      return "ScheduleFull";
    case MarginReason::kBadCall:
      return "BadCall";
    case MarginReason::kNoCallNeeded:
      return "NoCallNeeded";
  }
  return "UnknownMarginReason";
}

// The one of two outcomes of margin that takes precedence; success gives way to any refusal.
constexpr Reason FirstOf(Reason a, Reason b) {
  if (a.ok() || b.ok()) return a.ok() ? b : a;
  return a.code() <= b.code() ? a : b;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_REASON_H_
