// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/reason.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string_view>

#include "settle/base/reason.h"

namespace settle {
namespace {

struct Row {
  LedgerReason reason;
  std::uint16_t number;
  std::string_view name;
};

// In order of precedence. A number never changes.
constexpr Row kRows[] = {
    {LedgerReason::kOk, 0, "Ok"},
    {LedgerReason::kTimeWentBack, 1, "TimeWentBack"},
    {LedgerReason::kChainOpen, 55, "ChainOpen"},
    {LedgerReason::kChainFailed, 54, "ChainFailed"},
    {LedgerReason::kIdTwiceInChain, 58, "IdTwiceInChain"},
    {LedgerReason::kExpired, 2, "Expired"},
    {LedgerReason::kIdAlreadyFailed, 3, "IdAlreadyFailed"},
    {LedgerReason::kExistsWithDifferentClass, 4, "ExistsWithDifferentClass"},
    {LedgerReason::kExistsWithDifferentRule, 5, "ExistsWithDifferentRule"},
    {LedgerReason::kExistsWithDifferentExpiry, 6, "ExistsWithDifferentExpiry"},
    {LedgerReason::kExistsWithDifferentAction, 40, "ExistsWithDifferentAction"},
    {LedgerReason::kExistsWithDifferentChain, 57, "ExistsWithDifferentChain"},
    {LedgerReason::kExistsWithDifferentTarget, 41, "ExistsWithDifferentTarget"},
    {LedgerReason::kExistsWithDifferentTerms, 42, "ExistsWithDifferentTerms"},
    {LedgerReason::kExistsWithDifferentLegs, 7, "ExistsWithDifferentLegs"},
    {LedgerReason::kExistsInOtherChain, 56, "ExistsInOtherChain"},
    {LedgerReason::kWrongChain, 53, "WrongChain"},
    {LedgerReason::kWrongEntryPoint, 8, "WrongEntryPoint"},
    {LedgerReason::kWrongTerms, 43, "WrongTerms"},
    {LedgerReason::kTooFewLegs, 9, "TooFewLegs"},
    {LedgerReason::kTooManyLegs, 10, "TooManyLegs"},
    {LedgerReason::kZeroAmount, 11, "ZeroAmount"},
    {LedgerReason::kUnbalanced, 12, "Unbalanced"},
    {LedgerReason::kExpiryTooFar, 13, "ExpiryTooFar"},
    {LedgerReason::kLegsOverflow, 14, "LegsOverflow"},
    {LedgerReason::kHoldNotOpen, 44, "HoldNotOpen"},
    {LedgerReason::kHoldExists, 45, "HoldExists"},
    {LedgerReason::kNotOfHold, 46, "NotOfHold"},
    {LedgerReason::kExceedsHold, 47, "ExceedsHold"},
    {LedgerReason::kNotConsented, 15, "NotConsented"},
    {LedgerReason::kConsentExpired, 16, "ConsentExpired"},
    {LedgerReason::kConsentMismatch, 17, "ConsentMismatch"},
    {LedgerReason::kUnknownOwner, 18, "UnknownOwner"},
    {LedgerReason::kOwnerExists, 19, "OwnerExists"},
    {LedgerReason::kStaleDelegation, 20, "StaleDelegation"},
    {LedgerReason::kIdTableFull, 21, "IdTableFull"},
    {LedgerReason::kHoldTableFull, 48, "HoldTableFull"},
    {LedgerReason::kAccountClosed, 49, "AccountClosed"},
    {LedgerReason::kDebitsFrozen, 50, "DebitsFrozen"},
    {LedgerReason::kCreditsFrozen, 51, "CreditsFrozen"},
    {LedgerReason::kAmountOverflow, 22, "AmountOverflow"},
    {LedgerReason::kBelowFloor, 23, "BelowFloor"},
    {LedgerReason::kAboveCeiling, 24, "AboveCeiling"},
    {LedgerReason::kAccountHeld, 52, "AccountHeld"},
    {LedgerReason::kDuplicateKey, 29, "DuplicateKey"},
    {LedgerReason::kNoSuchKey, 30, "NoSuchKey"},
    {LedgerReason::kBadPeriod, 70, "BadPeriod"},
    {LedgerReason::kEntriesMissing, 71, "EntriesMissing"},
    {LedgerReason::kBadSize, 25, "BadSize"},
    {LedgerReason::kBadIndex, 26, "BadIndex"},
    {LedgerReason::kPruned, 33, "Pruned"},
    {LedgerReason::kBadProofLength, 27, "BadProofLength"},
    {LedgerReason::kNotAbsent, 31, "NotAbsent"},
    {LedgerReason::kTotalMismatch, 32, "TotalMismatch"},
    {LedgerReason::kRootMismatch, 28, "RootMismatch"},
    {LedgerReason::kJournalEndsEarly, 60, "JournalEndsEarly"},
    {LedgerReason::kFrameShort, 61, "FrameShort"},
    {LedgerReason::kFrameHeader, 62, "FrameHeader"},
    {LedgerReason::kFrameSequence, 63, "FrameSequence"},
    {LedgerReason::kFrameLink, 64, "FrameLink"},
    {LedgerReason::kFrameForm, 65, "FrameForm"},
    {LedgerReason::kFramePayload, 66, "FramePayload"},
    {LedgerReason::kSnapshotForm, 67, "SnapshotForm"},
    {LedgerReason::kSnapshotSize, 68, "SnapshotSize"},
    {LedgerReason::kSnapshotContent, 69, "SnapshotContent"},
    {LedgerReason::kExceedsPosition, 90, "ExceedsPosition"},
    {LedgerReason::kStillReserved, 91, "StillReserved"},
};

TEST(LedgerReason, KeepsItsNumbersAndNames) {
  for (const Row& row : kRows) {
    EXPECT_EQ(static_cast<std::uint16_t>(row.reason), row.number) << row.name;
    EXPECT_EQ(ReasonName(row.reason), row.name);
    EXPECT_EQ(Reason(row.reason).module(), row.number == 0 ? Module::kNone : Module::kLedger);
    EXPECT_EQ(Reason(row.reason).code(), row.number);
  }
}

TEST(LedgerReason, AreNamedInTheOrderOfPrecedence) {
  ASSERT_EQ(std::size(detail::kLedgerReasonNames), std::size(kRows));
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    EXPECT_EQ(detail::kLedgerReasonNames[i].name, kRows[i].name) << i;
  }
}

TEST(LedgerReason, NamesNoNumberOutsideItsRows) {
  std::set<std::uint32_t> rows;
  for (const Row& row : kRows) rows.insert(row.number);
  EXPECT_EQ(rows.size(), std::size(kRows));
  for (std::uint32_t number = 0; number <= 0xffff; ++number) {
    if (rows.contains(number)) continue;
    ASSERT_EQ(ReasonName(static_cast<LedgerReason>(number)), "UnknownLedgerReason") << number;
  }
}

}  // namespace
}  // namespace settle
