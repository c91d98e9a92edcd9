// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The names that every module shares: who, where, when. Sizes are part of the wire format.

#ifndef SETTLE_BASE_TYPES_H_
#define SETTLE_BASE_TYPES_H_

#include <cstdint>
#include <optional>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/strong.h"

SETTLE_NAMESPACE_BEGIN

struct NetworkIdTag {};
// A deployment, by the digest of its genesis: what is signed for one network is void on another.
using NetworkId = FixedBytes<NetworkIdTag, 32>;

struct GroupIdTag : Identifier {};
// One replicated group (a venue, a shard, a registrar) within a network.
using GroupId = Strong<GroupIdTag, std::uint32_t>;

struct ValidatorSetIdTag {};
// The digest of a validator set: its fault model, keys and weights in canonical order.
using ValidatorSetId = FixedBytes<ValidatorSetIdTag, 32>;

struct OwnerIdTag {};
// Who owns accounts; opaque to the library.
using OwnerId = FixedBytes<OwnerIdTag, 16>;

struct TransactionIdTag {};
// Chosen by the client, once for every intention; a retry repeats it.
using TransactionId = FixedBytes<TransactionIdTag, 16>;

struct SettlementIdTag {};
// The digest of a settlement's whole manifest.
using SettlementId = FixedBytes<SettlementIdTag, 32>;

struct EpochTag : Ordinal {};
// A period of one validator set in one group.
using Epoch = Strong<EpochTag, std::uint64_t>;

struct RoundTag : Ordinal {};
// One attempt to agree within an epoch.
using Round = Strong<RoundTag, std::uint64_t>;

struct HeightTag : Ordinal {};
// The number of a block; genesis is 0.
using Height = Strong<HeightTag, std::uint64_t>;

struct LogIndexTag : Ordinal {};
// The position of an entry in a replicated log, or of a leaf in an accumulator.
using LogIndex = Strong<LogIndexTag, std::uint64_t>;

struct DurationTag : Additive {};
// Nanoseconds between two instants of log time.
using Duration = Strong<DurationTag, std::uint64_t>;

struct TimestampTag : Identifier {};
// Nanoseconds of log time: agreed by the group, never read from a clock by the library.
using Timestamp = Strong<TimestampTag, std::uint64_t>;

// The instant `after` later, or nothing past the end of time.
[[nodiscard]] constexpr std::optional<Timestamp> CheckedAdd(Timestamp from, Duration after) {
  return detail::Wrap<Timestamp>(CheckedAdd(from.value(), after.value()));
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_TYPES_H_
