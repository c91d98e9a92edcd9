// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What two translation units, built with different macros and flags, hand to each other.
//
// Each holds one of every kind of stateful type. If the layout or an inline body of one of them
// depended on NDEBUG, on -O, on -march or on whether there are exceptions, one unit would read what
// the other never wrote, and the address sanitizer or the comparison of bytes would say so.

#ifndef SETTLE_TESTS_RULES_MIXED_WORLD_H_
#define SETTLE_TESTS_RULES_MIXED_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "settle/settle.h"

namespace settle::test {

struct Record {
  Height height;
  OwnerId owner;
  std::optional<Digest> parent;
  Bounded<std::uint64_t, 8> weights;
  using Fields = Members<&Record::height, &Record::owner, &Record::parent, &Record::weights>;
};

struct MachineTypes {
  using Record = settle::test::Record;
  using Address = GroupId;
  using Message = Record;
  using Notice = Height;
};

// Every account of an owner is one margin account, without limits.
struct OneGroup {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey&) const {
    return MarginGroup(0);
  }
  [[nodiscard]] Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
};

struct World {
  Record record;
  Sha256 sha256;
  Sha256Evp sha256_evp;
  UndoLog<std::uint64_t> log;
  std::optional<Mark> mark;
  Effects<MachineTypes> effects{8};
  EffectGate<MachineTypes, 8> gate;
  std::vector<Effect<MachineTypes>> released;
  Ledger<Unmargined, HostVouches, OneGroup> ledger{LedgerOptions{.id_capacity = 64}};
  std::vector<Verdict> verdicts;
  Accumulator<> receipts;
  std::optional<Ed25519Signer> signer;
  std::optional<ValidatorSet<>> set;
  std::optional<VoteCollector<>> collector;
  std::vector<VoteOutcome> votes;
  absl::StatusOr<Record> decoded = absl::UnknownError("not decoded");
};

// The functions of one unit.
struct Unit {
  std::string name;
  std::vector<std::size_t> (*layout)();
  std::unique_ptr<World> (*make)();
  void (*change)(World& world);
  std::vector<std::byte> (*describe)(const World& world);
  void (*destroy)(std::unique_ptr<World> world);
};

Unit PlainUnit();
Unit OptimizedUnit();

}  // namespace settle::test

#endif  // SETTLE_TESTS_RULES_MIXED_WORLD_H_
