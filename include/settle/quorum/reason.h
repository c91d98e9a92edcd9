// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Why a validator set, a vote or a certificate is refused, in order of precedence: of two that
// apply, the one declared first is given. What costs nothing to see is told before what costs a
// signature: kBadSignature is the last.

#ifndef SETTLE_QUORUM_REASON_H_
#define SETTLE_QUORUM_REASON_H_

#include <cstdint>
#include <string_view>

#include "settle/base/config.h"
#include "settle/base/reason.h"

SETTLE_NAMESPACE_BEGIN

enum class QuorumReason : std::uint16_t {
  kOk = 0,

  // Sets and thresholds.
  kEmptySet = 1,           // no members, or a total weight of zero
  kTooManyMembers = 2,     // more than kMaxMembers
  kUnknownFaultModel = 3,  // a number that names no fault model
  kZeroWeight = 4,         // a member without weight
  kWeightOverflow = 5,     // the total is above kMaxTotalWeight
  kDuplicateKey = 6,       // one key twice: its weight would count twice
  kWrongOrder = 7,         // an encoded set that is not in canonical order
  kBadKey = 8,             // the scheme refuses the key
  kBadTrustLevel = 9,      // a fraction outside [1/3, 1]

  // What was signed, and by members of which set.
  kUnknownKind = 10,   // a number that names no vote kind
  kWrongNetwork = 11,  // the statement belongs to another network
  kWrongGroup = 12,    // ... to another group
  kWrongEpoch = 13,    // ... to another epoch
  kWrongSet = 14,      // ... to another validator set

  // The form of a certificate.
  kWrongSignerBits = 15,      // as many signer bits as members are demanded
  kBitmapMalformed = 16,      // too few or too many bytes, or a set bit behind the last member
  kWrongSignatureCount = 17,  // as many signatures as set bits are demanded

  // Votes and weight.
  kRoundOutsideWindow = 18,  // below the lowest round of the collector, or beyond its window
  kUnknownSigner = 19,       // no member has this index
  kConflictingVote = 20,     // the signer voted otherwise, and one such vote is held already
  kTooLittleWeight = 21,     // the signers do not reach the threshold
  kBadSignature = 22,        // a signature does not verify
};

constexpr Module ReasonModule(QuorumReason) { return Module::kQuorum; }

constexpr std::string_view ReasonName(QuorumReason reason) {
  switch (reason) {
    case QuorumReason::kOk:
      return "Ok";
    case QuorumReason::kEmptySet:
      return "EmptySet";
    case QuorumReason::kTooManyMembers:
      return "TooManyMembers";
    case QuorumReason::kUnknownFaultModel:
      return "UnknownFaultModel";
    case QuorumReason::kZeroWeight:
      return "ZeroWeight";
    case QuorumReason::kWeightOverflow:
      return "WeightOverflow";
    case QuorumReason::kDuplicateKey:
      return "DuplicateKey";
    case QuorumReason::kWrongOrder:
      return "WrongOrder";
    case QuorumReason::kBadKey:
      return "BadKey";
    case QuorumReason::kBadTrustLevel:
      return "BadTrustLevel";
    case QuorumReason::kUnknownKind:
      return "UnknownKind";
    case QuorumReason::kWrongNetwork:
      return "WrongNetwork";
    case QuorumReason::kWrongGroup:
      return "WrongGroup";
    case QuorumReason::kWrongEpoch:
      return "WrongEpoch";
    case QuorumReason::kWrongSet:
      return "WrongSet";
    case QuorumReason::kWrongSignerBits:
      return "WrongSignerBits";
    case QuorumReason::kBitmapMalformed:
      return "BitmapMalformed";
    case QuorumReason::kWrongSignatureCount:
      return "WrongSignatureCount";
    case QuorumReason::kRoundOutsideWindow:
      return "RoundOutsideWindow";
    case QuorumReason::kUnknownSigner:
      return "UnknownSigner";
    case QuorumReason::kConflictingVote:
      return "ConflictingVote";
    case QuorumReason::kTooLittleWeight:
      return "TooLittleWeight";
    case QuorumReason::kBadSignature:
      return "BadSignature";
  }
  return "UnknownQuorumReason";
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_REASON_H_
