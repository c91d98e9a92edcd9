// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The whole value of a ledger, as one record: what a snapshot holds and a fingerprint covers.

#ifndef SETTLE_LEDGER_LEDGER_STATE_H_
#define SETTLE_LEDGER_LEDGER_STATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/detail/account_table.h"
#include "settle/ledger/detail/id_table.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// What every replica of a ledger must agree on, besides hash_seed.
struct LedgerOptions {
  // The most ids within the horizon: admitted transactions a second times the horizon's seconds.
  std::size_t id_capacity = std::size_t{1} << 22;
  // The most holds that are open at once.
  std::size_t hold_capacity = std::size_t{1} << 20;
  // How far after log time a timed hold may end.
  Duration hold_horizon{std::uint64_t{30 * 24 * 3600} * 1'000'000'000};
  // How far after log time a transaction's valid_until may lie.
  Duration id_horizon{std::uint64_t{3'600'000'000'000}};
  // Ids are dropped together in periods of this length, or of 1/65,536 of the horizon if that is
  // longer.
  Duration id_period{std::uint64_t{1'000'000'000}};
  // The host's secret against account keys and ids ground to collide; changes no result.
  std::uint64_t hash_seed = 0;
};

// One id whose period has not passed, with its legs as rows of `accounts` and amounts.
struct IdState {
  TransactionHeader header{};
  std::optional<HoldTerms> terms{};
  std::uint16_t refusal_module = 0;
  std::uint16_t refusal_code = 0;  // 0: it was applied
  LogIndex index{};
  Height height{};
  Timestamp time{};
  Bounded<StoredLeg, kMaxLegs> legs{};
  using Fields =
      Members<&IdState::header, &IdState::terms, &IdState::refusal_module, &IdState::refusal_code,
              &IdState::index, &IdState::height, &IdState::time, &IdState::legs>;
};

// One open hold, with what is left of its legs as rows of `accounts` and amounts.
struct HoldState {
  TransactionId id{};
  HoldTerms terms{};
  Bounded<StoredLeg, kMaxLegs> legs{};
  using Fields = Members<&HoldState::id, &HoldState::terms, &HoldState::legs>;
};

// One open hold as anybody can be shown it, with what is left of its legs; a leg that is used up
// stays, at zero.
struct HoldContent {
  TransactionId id{};
  HoldTerms terms{};
  Bounded<Leg, kMaxLegs> legs{};
  using Fields = Members<&HoldContent::id, &HoldContent::terms, &HoldContent::legs>;
};

struct LedgerState {
  static constexpr Kind kKind = Kind::kLedgerState;
  static constexpr std::uint16_t kVersion = 1;

  Height height{};
  Timestamp now{};
  LogIndex next_index{};
  Bounded<AccountState, 0xffffffff> accounts{};  // in the order in which they were opened
  Bounded<IdState, 0xffffffff> ids{};            // by period, then in the order of their coming
  Bounded<HoldState, 0xffffffff> holds{};        // by id
  using Fields = Members<&LedgerState::height, &LedgerState::now, &LedgerState::next_index,
                         &LedgerState::accounts, &LedgerState::ids, &LedgerState::holds>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_LEDGER_STATE_H_
