// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Why the ledger refuses, in order of precedence: of two that apply, the one declared first is
// given.

#ifndef SETTLE_LEDGER_REASON_H_
#define SETTLE_LEDGER_REASON_H_

#include <cstdint>
#include <string_view>

#include "settle/base/config.h"
#include "settle/base/reason.h"

SETTLE_NAMESPACE_BEGIN

enum class LedgerReason : std::uint16_t {
  kOk = 0,

  // Time and id. None of these leaves a trace.
  kTimeWentBack = 1,                // log time before that of the last call
  kChainOpen = 55,                  // the batch ends before its chain does
  kChainFailed = 54,                // another transaction of the chain was refused
  kIdTwiceInChain = 58,             // an earlier transaction of the chain has this id
  kExpired = 2,                     // log time is at or past the transaction's valid_until
  kIdAlreadyFailed = 3,             // the id was refused by state before; take a new one
  kExistsWithDifferentClass = 4,    // the id was applied with another class
  kExistsWithDifferentRule = 5,     // ... with another compulsory rule
  kExistsWithDifferentExpiry = 6,   // ... with another valid_until
  kExistsWithDifferentAction = 40,  // ... with another action
  kExistsWithDifferentChain = 57,   // ... with or without a successor
  kExistsWithDifferentTarget = 41,  // ... with another target
  kExistsWithDifferentTerms = 42,   // ... with other terms
  kExistsWithDifferentLegs = 7,     // ... with other legs
  kExistsInOtherChain = 56,         // ... as it is, but not together with the others of its chain

  // Form. None of these leaves a trace.
  kWrongChain = 53,       // what is no plain transaction of a batch is in a chain
  kWrongEntryPoint = 8,   // the class or rule does not belong to the function called
  kWrongTerms = 43,       // terms or a target that the action has not, lacks or cannot have now
  kTooFewLegs = 9,        // fewer than two
  kTooManyLegs = 10,      // more than kMaxLegs
  kZeroAmount = 11,       // a leg that moves nothing
  kUnbalanced = 12,       // the legs of an asset do not sum to zero
  kExpiryTooFar = 13,     // valid_until is beyond the id horizon
  kLegsOverflow = 14,     // an account's legs do not sum within 128 bits
  kHoldNotOpen = 44,      // no such hold: never made, or posted, voided or over by now
  kHoldExists = 45,       // a hold of this id is open
  kNotOfHold = 46,        // a leg that the hold has not, or not in this place
  kExceedsHold = 47,      // a leg of more than is left of the hold's
  kNotConsented = 15,     // an owner who pays did not agree
  kConsentExpired = 16,   // an owner or venue agreed until an earlier instant
  kConsentMismatch = 17,  // the consent is of another transaction, batch, owner or limit
  kUnknownOwner = 18,     // no key is known for the owner or venue
  kOwnerExists = 19,      // the owner or venue has a key already
  kStaleDelegation = 20,  // the owner gave this venue a delegation of the same or a later number
  kIdTableFull = 21,      // more ids within the horizon than the table holds
  kHoldTableFull = 48,    // more open holds than the table holds

  // State. These remember the id as failed.
  kAccountClosed = 49,   // it names an account that is closed
  kDebitsFrozen = 50,    // it would lower a balance that nobody may lower now
  kCreditsFrozen = 51,   // it would raise a balance that nobody may raise now
  kAmountOverflow = 22,  // a balance would leave 128 bits
  kBelowFloor = 23,      // a balance would fall below its account's floor
  kAboveCeiling = 24,    // a balance would rise above its account's ceiling

  // Settings.
  kAccountHeld = 52,  // it cannot be closed: a settlement reserves something of it

  // Maps.
  kDuplicateKey = 29,  // one update or report names a key twice
  kNoSuchKey = 30,     // the map holds nothing under the key

  // Statements.
  kBadPeriod = 70,       // pages or entries that no account has between the two heights
  kEntriesMissing = 71,  // fewer or more entries than the two leaves count

  // Proofs.
  kBadSize = 25,         // the tree size is zero or beyond what the tree has
  kBadIndex = 26,        // the leaf index is not below the tree size
  kPruned = 33,          // what was asked for was pruned
  kBadProofLength = 27,  // the proof has not exactly the hashes that index and size demand
  kNotAbsent = 31,       // the key is there, or the proof does not end where the key leaves the map
  kTotalMismatch = 32,   // the sums do not add up to the total
  kRootMismatch = 28,    // the proof leads to another root

  // Journals.
  kJournalEndsEarly = 60,  // the bytes end before what is known to be durable
  kFrameShort = 61,        // the bytes end within a frame
  kFrameHeader = 62,       // a frame's header does not match its checksum
  kFrameSequence = 63,     // a sound header has another sequence than the next
  kFrameLink = 64,         // a sound header does not follow the frame before it
  kFrameForm = 65,         // a sound frame is one that no writer makes
  kFramePayload = 66,      // a frame's payload does not match its checksum

  // Snapshots, after those of their frames.
  kSnapshotForm = 67,     // a snapshot does not begin with its head or has chunks of another kind
  kSnapshotSize = 68,     // a snapshot's chunks are more or fewer bytes than its head says
  kSnapshotContent = 69,  // a snapshot's state is not what its head says

  // Bookings.
  kExceedsPosition = 90,  // more lots are closed or given up than the position has
  kStillReserved = 91,    // a hold is open on an account that is to be emptied
};

constexpr Module ReasonModule(LedgerReason) { return Module::kLedger; }

namespace detail {
struct LedgerReasonName {
  LedgerReason reason;
  std::string_view name;
};
// In the order of declaration, which is that of precedence.
inline constexpr LedgerReasonName kLedgerReasonNames[] = {
    {LedgerReason::kOk, "Ok"},
    {LedgerReason::kTimeWentBack, "TimeWentBack"},
    {LedgerReason::kChainOpen, "ChainOpen"},
    {LedgerReason::kChainFailed, "ChainFailed"},
    {LedgerReason::kIdTwiceInChain, "IdTwiceInChain"},
    {LedgerReason::kExpired, "Expired"},
    {LedgerReason::kIdAlreadyFailed, "IdAlreadyFailed"},
    {LedgerReason::kExistsWithDifferentClass, "ExistsWithDifferentClass"},
    {LedgerReason::kExistsWithDifferentRule, "ExistsWithDifferentRule"},
    {LedgerReason::kExistsWithDifferentExpiry, "ExistsWithDifferentExpiry"},
    {LedgerReason::kExistsWithDifferentAction, "ExistsWithDifferentAction"},
    {LedgerReason::kExistsWithDifferentChain, "ExistsWithDifferentChain"},
    {LedgerReason::kExistsWithDifferentTarget, "ExistsWithDifferentTarget"},
    {LedgerReason::kExistsWithDifferentTerms, "ExistsWithDifferentTerms"},
    {LedgerReason::kExistsWithDifferentLegs, "ExistsWithDifferentLegs"},
    {LedgerReason::kExistsInOtherChain, "ExistsInOtherChain"},
    {LedgerReason::kWrongChain, "WrongChain"},
    {LedgerReason::kWrongEntryPoint, "WrongEntryPoint"},
    {LedgerReason::kWrongTerms, "WrongTerms"},
    {LedgerReason::kTooFewLegs, "TooFewLegs"},
    {LedgerReason::kTooManyLegs, "TooManyLegs"},
    {LedgerReason::kZeroAmount, "ZeroAmount"},
    {LedgerReason::kUnbalanced, "Unbalanced"},
    {LedgerReason::kExpiryTooFar, "ExpiryTooFar"},
    {LedgerReason::kLegsOverflow, "LegsOverflow"},
    {LedgerReason::kHoldNotOpen, "HoldNotOpen"},
    {LedgerReason::kHoldExists, "HoldExists"},
    {LedgerReason::kNotOfHold, "NotOfHold"},
    {LedgerReason::kExceedsHold, "ExceedsHold"},
    {LedgerReason::kNotConsented, "NotConsented"},
    {LedgerReason::kConsentExpired, "ConsentExpired"},
    {LedgerReason::kConsentMismatch, "ConsentMismatch"},
    {LedgerReason::kUnknownOwner, "UnknownOwner"},
    {LedgerReason::kOwnerExists, "OwnerExists"},
    {LedgerReason::kStaleDelegation, "StaleDelegation"},
    {LedgerReason::kIdTableFull, "IdTableFull"},
    {LedgerReason::kHoldTableFull, "HoldTableFull"},
    {LedgerReason::kAccountClosed, "AccountClosed"},
    {LedgerReason::kDebitsFrozen, "DebitsFrozen"},
    {LedgerReason::kCreditsFrozen, "CreditsFrozen"},
    {LedgerReason::kAmountOverflow, "AmountOverflow"},
    {LedgerReason::kBelowFloor, "BelowFloor"},
    {LedgerReason::kAboveCeiling, "AboveCeiling"},
    {LedgerReason::kAccountHeld, "AccountHeld"},
    {LedgerReason::kDuplicateKey, "DuplicateKey"},
    {LedgerReason::kNoSuchKey, "NoSuchKey"},
    {LedgerReason::kBadPeriod, "BadPeriod"},
    {LedgerReason::kEntriesMissing, "EntriesMissing"},
    {LedgerReason::kBadSize, "BadSize"},
    {LedgerReason::kBadIndex, "BadIndex"},
    {LedgerReason::kPruned, "Pruned"},
    {LedgerReason::kBadProofLength, "BadProofLength"},
    {LedgerReason::kNotAbsent, "NotAbsent"},
    {LedgerReason::kTotalMismatch, "TotalMismatch"},
    {LedgerReason::kRootMismatch, "RootMismatch"},
    {LedgerReason::kJournalEndsEarly, "JournalEndsEarly"},
    {LedgerReason::kFrameShort, "FrameShort"},
    {LedgerReason::kFrameHeader, "FrameHeader"},
    {LedgerReason::kFrameSequence, "FrameSequence"},
    {LedgerReason::kFrameLink, "FrameLink"},
    {LedgerReason::kFrameForm, "FrameForm"},
    {LedgerReason::kFramePayload, "FramePayload"},
    {LedgerReason::kSnapshotForm, "SnapshotForm"},
    {LedgerReason::kSnapshotSize, "SnapshotSize"},
    {LedgerReason::kSnapshotContent, "SnapshotContent"},
    {LedgerReason::kExceedsPosition, "ExceedsPosition"},
    {LedgerReason::kStillReserved, "StillReserved"},
};
}  // namespace detail

constexpr std::string_view ReasonName(LedgerReason reason) {
  for (const detail::LedgerReasonName& row : detail::kLedgerReasonNames) {
    if (row.reason == reason) return row.name;
  }
  return "UnknownLedgerReason";
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_REASON_H_
