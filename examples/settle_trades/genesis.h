// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What stands before the first trade: keys, instruments, and the transactions of genesis.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_GENESIS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_GENESIS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/settle_trades/collateral.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/fixed.h"
#include "settle/base/types.h"
#include "settle/crypto/signer.h"
#include "settle/ledger/owner_keys.h"
#include "settle/ledger/types.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/quorum/validator_set.h"

namespace settle::example {

inline constexpr RatePpm kInitialMargin{50'000};
inline constexpr RatePpm kMaintenanceMargin{25'000};

// The one network of this demonstration.
[[nodiscard]] NetworkId DemonstrationNetwork();
inline constexpr GroupId kGroup{1};
inline constexpr Epoch kEpoch{1};

struct Validators {
  ValidatorSet<> set;
  std::vector<Ed25519Signer> signers;  // in the order of the set
};

// `count` validators of weight 1.
[[nodiscard]] absl::StatusOr<Validators> MakeValidators(std::size_t count);

// The keys of the venue and of every owner, each of whom delegates to the venue.
[[nodiscard]] absl::StatusOr<OwnerKeys<>> MakeOwnerKeys(const TradeStream& stream);

struct Market {
  MarginParameters parameters;
  std::vector<InstrumentIndex> instrument_of;  // beside stream.coins; of spot pairs meaningless
  MarkPrices prices;                           // each at its coin's first price
};

[[nodiscard]] absl::StatusOr<Market> MakeMarket(const TradeStream& stream);

// Openings and deposits against everyone outside, account by account, as legs of transactions that
// sum to zero each: one for an account, more only where it has more legs than one may have.
struct Openings {
  std::vector<Leg> legs;
  std::vector<std::size_t> ends;  // of each transaction's legs
};
[[nodiscard]] Openings BookOpenings(const TradeStream& stream, Collateral collateral);

// How many accounts and ids a stream comes to at most, openings included.
struct LedgerSize {
  std::size_t accounts = 0;
  std::size_t ids = 0;
};
[[nodiscard]] LedgerSize SizeOf(const TradeStream& stream);

// The id of the transaction `number` of genesis; no trade has it.
[[nodiscard]] TransactionId GenesisId(std::uint64_t number);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_GENESIS_H_
