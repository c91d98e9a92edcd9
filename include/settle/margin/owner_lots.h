// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What an owner has in other margin accounts, for tiers that are of owners.
//
// Where tiers are of margin accounts, an owner with several of them, as with isolated positions,
// pays the lower tiers several times and less than for one position. With this table each account
// is charged what its position demands on top of the owner's others (RequirementCurve::Above); the
// sum is never less than what one account would be charged.
//
//   OwnerLots owners;                      // at the beginning of a block, from the ledger
//   for (each position) owners.Add({owner, group}, contract, lots);
//   const MarginContext context{.valuation = valuation, .owner_lots = &owners};
//
// It is of one instant: positions that change within the block are seen by the owner's other
// accounts from the next block on. Derived, and never iterated.

#ifndef SETTLE_MARGIN_OWNER_LOTS_H_
#define SETTLE_MARGIN_OWNER_LOTS_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/types.h"
#include "settle/ledger/types.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

class OwnerLots {
 public:
  // Counts a position, long or short, of a margin account. One probe or two.
  void Add(const MarginAccountId& account, AssetId contract, Lots lots) {
    const Int128 size = static_cast<Int128>(Magnitude(Int128{lots.value()}));
    owners_[{account.owner, contract}] += size;
    accounts_[{account, contract}] += size;
  }
  void Clear() {
    owners_.clear();
    accounts_.clear();
  }

  // |lots| of the contract in all margin accounts of the owner but this one; the greatest number of
  // lots for all beyond. Two probes.
  [[nodiscard]] Lots Elsewhere(const MarginAccountId& account, AssetId contract) const {
    const auto all = owners_.find(OfOwner{account.owner, contract});
    if (all == owners_.end()) return Lots(0);
    const auto own = accounts_.find(OfAccount{account, contract});
    const Int128 rest = all->second - (own == accounts_.end() ? Int128{0} : own->second);
    return LotsOf(Amount(rest)).value_or(Lots(kMax<std::int64_t>));
  }

 private:
  struct OfOwner {
    OwnerId owner;
    AssetId contract;
    friend bool operator==(const OfOwner&, const OfOwner&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const OfOwner& key) {
      return H::combine(std::move(state), key.owner, key.contract);
    }
  };
  struct OfAccount {
    MarginAccountId account;
    AssetId contract;
    friend bool operator==(const OfAccount&, const OfAccount&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const OfAccount& key) {
      return H::combine(std::move(state), key.account.owner, key.account.group, key.contract);
    }
  };

  absl::flat_hash_map<OfOwner, Int128> owners_;
  absl::flat_hash_map<OfAccount, Int128> accounts_;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_OWNER_LOTS_H_
