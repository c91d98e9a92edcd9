// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Presence in a map and absence from it: whatever is accepted is true and is the one proof of it.

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/ledger/state_map.h"
#include "settle/ledger/state_proof.h"
#include "tests/fuzz/fuzz_target.h"

namespace settle::test {
namespace {

using Map = StateMap<std::uint64_t, std::uint64_t>;

// Every third number below 300.
const Map& KnownMap() {
  static const Map map = [] {
    Map made;
    std::vector<Map::Change> changes;
    for (std::uint64_t key = 0; key < 300; key += 3) changes.push_back({key, 1000 + key});
    (void)made.Update(changes);
    return made;
  }();
  return map;
}

struct Presence {
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  PresenceProof proof{};
  using Fields = Members<&Presence::key, &Presence::value, &Presence::proof>;
};

struct Absence {
  std::uint64_t key = 0;
  AbsenceProof proof{};
  using Fields = Members<&Absence::key, &Absence::proof>;
};

struct Claim {
  std::variant<Presence, Absence> of{};
  using Fields = Members<&Claim::of>;
};

bool IsTrue(const Presence& claim) {
  const std::uint64_t* const value = KnownMap().Find(claim.key);
  return value != nullptr && *value == claim.value &&
         *KnownMap().ProvePresent(claim.key) == claim.proof;
}
bool IsTrue(const Absence& claim) {
  return KnownMap().Find(claim.key) == nullptr && *KnownMap().ProveAbsent(claim.key) == claim.proof;
}

bool IsAccepted(const Presence& claim) {
  const Digest root = KnownMap().Root();
  return VerifyPresent(Sha256(), root, claim.key, claim.value, claim.proof).ok();
}
bool IsAccepted(const Absence& claim) {
  return VerifyAbsent(Sha256(), KnownMap().Root(), claim.key, claim.proof).ok();
}

int FuzzStateProof(const std::uint8_t* data, std::size_t size) {
  Claim claim;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), claim, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const bool agree =
      std::visit([](const auto& of) { return IsAccepted(of) == IsTrue(of); }, claim.of);
  return agree ? 0 : 2;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (std::uint64_t key = 0; key < 60; ++key) {
    const std::uint64_t* const value = KnownMap().Find(key);
    if (value != nullptr) {
      seeds.push_back(Encode(Claim{Presence{key, *value, *KnownMap().ProvePresent(key)}}));
    } else {
      seeds.push_back(Encode(Claim{Absence{key, *KnownMap().ProveAbsent(key)}}));
    }
  }
  return seeds;
}

const FuzzTarget kTarget("StateProof", FuzzStateProof, Seeds);

}  // namespace
}  // namespace settle::test
