// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Forward declarations of ledger/, and the home of its default template arguments.

#ifndef SETTLE_LEDGER_FWD_H_
#define SETTLE_LEDGER_FWD_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"
#include "settle/crypto/fwd.h"

SETTLE_NAMESPACE_BEGIN

enum class LedgerReason : std::uint16_t;
enum class AccountFlag : std::uint8_t;
enum class HoldKind : std::uint8_t;
enum class TransactionAction : std::uint8_t;
enum class TransactionClass : std::uint8_t;
enum class CompulsoryRule : std::uint8_t;
enum class Disposition : std::uint8_t;
struct AccountKey;
class AccountFlags;
struct AccountSettings;
struct Leg;
struct Limits;
struct TransactionHeader;
struct TransactionView;
struct Transaction;
struct Verdict;
struct Receipt;
struct OwnerView;
struct Intent;
struct HostVouches;
struct Unmargined;
struct Consent;
struct VenueConsent;
struct Delegation;
struct LedgerOptions;
struct LedgerState;
struct LedgerChanges;
struct AccountLeaf;
struct StatementPage;
struct StateCommitment;
struct JournalPosition;
struct JournalMark;
struct JournalItem;
class JournalWriter;
class JournalReader;
struct SnapshotHead;
class SnapshotWriter;
class History;
class LegBuffer;
struct PositionBalance;
struct PositionChange;
struct PositionEffect;
struct InversePrice;
struct CashHolder;
struct PositionHolder;
struct ContractAssets;
struct TradeSide;
struct TradeParties;
struct TradeEffects;
struct ContractTrade;
struct InverseTrade;
struct OptionTrade;
struct SpotTrade;
struct Fee;
struct Opening;
struct PositionOpening;
struct CashMovement;
struct FundingPayment;
struct DailySettlement;
struct InverseDailySettlement;
struct OptionSide;
struct OptionExercise;
struct FutureExercise;
struct PriceAdjustment;
struct SpotPriceAdjustment;
struct AdjustedPositions;
struct GiveUp;
struct GiveUpEffects;
struct PortedBalance;
struct CompartmentPair;
struct Porting;
template <typename Scheme = Ed25519, typename HasherT = Sha256>
class OwnerKeys;
template <std::size_t kBound>
class BoundedLevels;
template <typename H = Sha256, typename Store = BoundedLevels<0xffffffff>>
class Accumulator;
template <typename H = Sha256>
class CompactRange;
template <typename H = Sha256>
class CompactSegment;
template <typename Key, typename Value, typename H = Sha256>
class StateMap;
template <typename H = Sha256>
class LedgerCommitment;
template <typename H = Sha256>
class SumTree;

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_FWD_H_
