// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The one table of kinds: what a run of bytes is, said in its first four bytes.
//
// A signed kind and a record kind never share a number, so that nothing that was stored can be
// taken for something that was signed. A signed kind never changes its fields: it gets a new kind.
// A record kind may get a new version; readers accept exactly the version of their table.

#ifndef SETTLE_BASE_KINDS_H_
#define SETTLE_BASE_KINDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

enum class Kind : std::uint32_t {
  // Signed statements: 1 to 4095.
  kProposal = 1,       // a validator's vote for a proposal
  kCommit = 2,         // a validator's vote that makes a header final
  kStatementRoot = 3,  // a validator's vote for a batch of statements, by their Merkle root
  kConsent = 16,       // an owner agrees to one transaction or settlement
  kVenueConsent = 17,  // a venue agrees to a batch of transactions, for owners who delegated to it
  kDelegation = 18,    // an owner lets a venue agree for it
  kRiskArraysStatement = 19,  // a validator's vote for a round of risk arrays, by their digest
  kParametersStatement = 20,  // a validator's vote for margin parameters, by their digest

  // Records: 4096 and above.
  kValidatorSet = 4096,
  kVote = 4097,
  kCertificate = 4098,
  kTransaction = 4112,
  kReceipt = 4113,
  kTransactionEntry = 4114,
  kLedgerState = 4115,
  kStateCommitment = 4116,
  kAccountSettings = 4117,
  kJournalMark = 4120,
  kSnapshotHead = 4121,
  kHistory = 4122,
  kHeader = 4128,
  kSettlementProof = 4129,
  kParameters = 4130,
  kPriceBatch = 4131,
  kTrustRoot = 4132,
  kBalanceProof = 4133,
  kStatementProof = 4134,
  kLiabilityProof = 4135,
  kEngineState = 4136,
  kRiskArrays = 4137,
  kMarketEvent = 4138,
  kParameterSchedule = 4139,
  kMarginCall = 4140,
};

struct KindEntry {
  Kind kind;
  std::uint16_t version;  // of records; 0 for signed kinds, which have none
  std::string_view name;
};

inline constexpr std::array kKinds = {
    KindEntry{Kind::kProposal, 0, "Proposal"},
    KindEntry{Kind::kCommit, 0, "Commit"},
    KindEntry{Kind::kStatementRoot, 0, "StatementRoot"},
    KindEntry{Kind::kConsent, 0, "Consent"},
    KindEntry{Kind::kVenueConsent, 0, "VenueConsent"},
    KindEntry{Kind::kDelegation, 0, "Delegation"},
    KindEntry{Kind::kRiskArraysStatement, 0, "RiskArraysStatement"},
    KindEntry{Kind::kParametersStatement, 0, "ParametersStatement"},
    KindEntry{Kind::kValidatorSet, 1, "ValidatorSet"},
    KindEntry{Kind::kVote, 1, "Vote"},
    KindEntry{Kind::kCertificate, 1, "Certificate"},
    KindEntry{Kind::kTransaction, 1, "Transaction"},
    KindEntry{Kind::kReceipt, 1, "Receipt"},
    KindEntry{Kind::kTransactionEntry, 1, "TransactionEntry"},
    KindEntry{Kind::kLedgerState, 1, "LedgerState"},
    KindEntry{Kind::kStateCommitment, 1, "StateCommitment"},
    KindEntry{Kind::kAccountSettings, 1, "AccountSettings"},
    KindEntry{Kind::kJournalMark, 1, "JournalMark"},
    KindEntry{Kind::kSnapshotHead, 1, "SnapshotHead"},
    KindEntry{Kind::kHistory, 1, "History"},
    KindEntry{Kind::kHeader, 1, "Header"},
    KindEntry{Kind::kSettlementProof, 1, "SettlementProof"},
    KindEntry{Kind::kParameters, 2, "Parameters"},
    KindEntry{Kind::kPriceBatch, 2, "PriceBatch"},
    KindEntry{Kind::kTrustRoot, 1, "TrustRoot"},
    KindEntry{Kind::kBalanceProof, 1, "BalanceProof"},
    KindEntry{Kind::kStatementProof, 1, "StatementProof"},
    KindEntry{Kind::kLiabilityProof, 1, "LiabilityProof"},
    KindEntry{Kind::kEngineState, 1, "EngineState"},
    KindEntry{Kind::kRiskArrays, 1, "RiskArrays"},
    KindEntry{Kind::kMarketEvent, 1, "MarketEvent"},
    KindEntry{Kind::kParameterSchedule, 1, "ParameterSchedule"},
    KindEntry{Kind::kMarginCall, 1, "MarginCall"},
};

inline constexpr std::uint32_t kFirstRecordKind = 4096;

[[nodiscard]] constexpr bool IsSignedKind(Kind kind) {
  return static_cast<std::uint32_t>(kind) < kFirstRecordKind;
}

// The row of `kind`, or nullptr for a number that names none.
[[nodiscard]] constexpr const KindEntry* FindKind(Kind kind) {
  for (const KindEntry& entry : kKinds) {
    if (entry.kind == kind) return &entry;
  }
  return nullptr;
}

// Compares no pointers, which the undefined-behaviour sanitizer of g++ 12 takes for no constant.
[[nodiscard]] constexpr bool IsKnownEnumerator(Kind kind) {
  for (const KindEntry& entry : kKinds) {
    if (entry.kind == kind) return true;
  }
  return false;
}

namespace detail {
// True when the table has a record of this kind and version. Compares no pointers either.
constexpr bool IsRecordOfTable(Kind kind, std::uint16_t version) {
  for (const KindEntry& entry : kKinds) {
    if (entry.kind == kind) return !IsSignedKind(kind) && entry.version == version;
  }
  return false;
}

// Ascending, so distinct; a version exactly where the kind is a record.
constexpr bool KindTableIsSound() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (i > 0 && kKinds[i - 1].kind >= kKinds[i].kind) return false;
    if (IsSignedKind(kKinds[i].kind) != (kKinds[i].version == 0)) return false;
  }
  return true;
}
static_assert(KindTableIsSound(), "every kind has its own number, and records a version");
}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_KINDS_H_
