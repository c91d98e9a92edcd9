// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The whole value of an engine at a final header: what a snapshot holds and a new replica starts
// from, be it from its own disk or from a stranger.
//
// Nothing of it is trusted. SettlementEngine::Recover takes it with the certificate of its header
// and rebuilds every root that the header carries: accounts, histories, holds, ids, the authority's
// knowledge and the receipts. Whatever differs from what the quorum certified is refused.
//
//   absl::StatusOr<EngineState> state = engine.Freeze(ReceiptsKept::kAll);
//   ...EncodeRecord(*state), SnapshotWriter, disk or wire, DecodeRecord...
//   SettlementEngine<...> replica(options, invariant, OwnerKeys<>(network, group), accounts);
//   absl::Status status = replica.Recover(*state, *VerifyQuorum(set, domain, certificate));

#ifndef SETTLE_ENGINE_ENGINE_STATE_H_
#define SETTLE_ENGINE_ENGINE_STATE_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/engine/header.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/state_commitment.h"

SETTLE_NAMESPACE_BEGIN

// Which receipts a frozen engine can prove when it is recovered.
enum class ReceiptsKept : std::uint8_t {
  kAll = 1,       // 32 bytes each
  kFrontier = 2,  // those to come alone; 32 bytes times log2 n in all
};
[[nodiscard]] constexpr bool IsKnownEnumerator(ReceiptsKept value) {
  return value >= ReceiptsKept::kAll && value <= ReceiptsKept::kFrontier;
}

struct EngineState {
  static constexpr Kind kKind = Kind::kEngineState;
  static constexpr std::uint16_t kVersion = 1;

  Header header{};
  StateCommitment state{};  // what the header's state root is the digest of
  LedgerState ledger{};
  Bounded<Digest, 0xffffffff> histories{};     // of the accounts, in the order of their opening
  Bounded<std::byte, 0xffffffff> receipts{};   // the encoding of the Accumulator
  Bounded<std::byte, 0xffffffff> authority{};  // the authority's, if it has one
  using Fields = Members<&EngineState::header, &EngineState::state, &EngineState::ledger,
                         &EngineState::histories, &EngineState::receipts, &EngineState::authority>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_ENGINE_STATE_H_
