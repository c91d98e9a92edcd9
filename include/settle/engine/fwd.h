// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Forward declarations of engine/, and the home of its default template arguments.

#ifndef SETTLE_ENGINE_FWD_H_
#define SETTLE_ENGINE_FWD_H_

#include <cstdint>

#include "settle/base/config.h"
#include "settle/crypto/fwd.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/invariant.h"

SETTLE_NAMESPACE_BEGIN

enum class EngineReason : std::uint16_t;
struct Header;
struct TransactionEntry;
struct TrustRoot;
struct EngineOptions;
struct BlockResult;
struct EngineState;
struct LinearPrice;
struct OptionPayoff;
struct MarketEvent;
struct EventPlace;
struct EventTally;
class ContractHolders;
enum class AccountHolder : std::uint8_t;
struct SystemFinding;
struct ValuationTally;
template <typename Scheme = Ed25519>
struct SettlementProof;
template <typename Scheme = Ed25519>
struct CertifiedHeader;
template <typename Scheme = Ed25519>
class FinalHeaders;
template <typename Scheme = Ed25519>
struct BalanceProof;
template <typename Scheme = Ed25519>
struct StatementProof;
template <typename Scheme = Ed25519>
struct LiabilityProof;
template <LedgerInvariant Invariant, Authority AuthorityPolicy, AccountPolicy Accounts,
          typename HasherT = Sha256>
class SettlementEngine;

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_FWD_H_
