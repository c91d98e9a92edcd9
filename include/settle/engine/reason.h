// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Why the engine refuses, in order of precedence.

#ifndef SETTLE_ENGINE_REASON_H_
#define SETTLE_ENGINE_REASON_H_

#include <cstdint>
#include <string_view>

#include "settle/base/config.h"
#include "settle/base/reason.h"

SETTLE_NAMESPACE_BEGIN

enum class EngineReason : std::uint16_t {
  kOk = 0,

  // Blocks.
  kNoGenesis = 1,           // the first block is the genesis block
  kGenesisTwice = 2,        // there is a genesis block already
  kTooManySpeculative = 3,  // too many blocks wait for their certificates
  kTooManyTransactions =
      4,                  // more than kMaxBlockTransactions, or than the receipts tree has room for
  kGenesisRefused = 5,    // a transaction of the genesis block was refused
  kReportRefused = 16,    // the heads of a liability report do not ascend or are of a later height
  kUpdateRefused = 6,     // a change of the authority was refused
  kSettingsRefused = 19,  // what is set of an account was refused
  kEventRefused = 20,     // a market event of the block was refused
  kCredentialsRefused = 7,  // the consents that came with the block were refused
  kNothingSpeculative = 8,  // no block waits for a certificate
  kNotCommit = 9,           // the certificate is not of kind Commit
  kWrongHeader = 10,        // the certificate is of another header than the oldest waiting
  kWrongDomain = 11,        // ... of another network, group, epoch or validator set
  kNoSuchHeight = 12,       // no waiting block has this height
  kNotFinal = 13,           // the receipt is not under a final header

  // Proofs.
  kContentMismatch = 14,  // the receipt names another transaction than the proof shows
  kReceiptTooNew = 15,    // the receipt is of a later height than the header
  kStateMismatch = 17,    // the state shown is not what the header commits to
  kWrongAccount = 18,     // the parts of the proof are of several accounts or reports

  // What always holds of all accounts together.
  kAssetUnbalanced = 21,       // the balances of an asset do not sum to zero
  kRoundingPoolNegative = 22,  // a balance of the rounding pool is below zero
  kVaultShort = 23,            // equities and funds come to more than the vault
  kVaultExceeds = 24,          // ... or to less, by more than rounding takes
  kDebtWithoutPosition = 25,   // a margin account owes and has nothing left to close
  kHeadroomTooLarge = 26,      // initial headroom is above equity less maintenance
};

constexpr Module ReasonModule(EngineReason) { return Module::kEngine; }

constexpr std::string_view ReasonName(EngineReason reason) {
  switch (reason) {
    case EngineReason::kOk:
      return "Ok";
    case EngineReason::kNoGenesis:
      return "NoGenesis";
    case EngineReason::kGenesisTwice:
      return "GenesisTwice";
    case EngineReason::kTooManySpeculative:
      return "TooManySpeculative";
    case EngineReason::kTooManyTransactions:
      return "TooManyTransactions";
    case EngineReason::kGenesisRefused:
      return "GenesisRefused";
    case EngineReason::kReportRefused:
      return "ReportRefused";
    case EngineReason::kUpdateRefused:
      return "UpdateRefused";
    case EngineReason::kSettingsRefused:
      return "SettingsRefused";
    case EngineReason::kEventRefused:
      return "EventRefused";
    case EngineReason::kCredentialsRefused:
      return "CredentialsRefused";
    case EngineReason::kNothingSpeculative:
      return "NothingSpeculative";
    case EngineReason::kNotCommit:
      return "NotCommit";
    case EngineReason::kWrongHeader:
      return "WrongHeader";
    case EngineReason::kWrongDomain:
      return "WrongDomain";
    case EngineReason::kNoSuchHeight:
      return "NoSuchHeight";
    case EngineReason::kNotFinal:
      return "NotFinal";
    case EngineReason::kContentMismatch:
      return "ContentMismatch";
    case EngineReason::kReceiptTooNew:
      return "ReceiptTooNew";
    case EngineReason::kStateMismatch:
      return "StateMismatch";
    case EngineReason::kWrongAccount:
      return "WrongAccount";
    case EngineReason::kAssetUnbalanced:
      return "AssetUnbalanced";
    case EngineReason::kRoundingPoolNegative:
      return "RoundingPoolNegative";
    case EngineReason::kVaultShort:
      return "VaultShort";
    case EngineReason::kVaultExceeds:
      return "VaultExceeds";
    case EngineReason::kDebtWithoutPosition:
      return "DebtWithoutPosition";
    case EngineReason::kHeadroomTooLarge:
      return "HeadroomTooLarge";
  }
  return "UnknownEngineReason";
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_REASON_H_
