// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What owners and venues sign.
//
// An owner consents to one transaction by its digest, or delegates to a venue, which then consents
// for all owners who delegated to it with one signature over a whole batch: the root of the RFC
// 6962 tree of the transactions' digests. All are statements of an owner and not of a validator
// set, so their domain is the network and the group, with epoch 0 and an all-zero set id.

#ifndef SETTLE_LEDGER_CONSENT_H_
#define SETTLE_LEDGER_CONSENT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/statement.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

[[nodiscard]] inline Domain OwnerDomain(const NetworkId& network, GroupId group) {
  return {.network = network, .group = group, .epoch = Epoch(), .set = ValidatorSetId()};
}

// `owner` agrees to the transaction of this digest, before `valid_until`.
struct Consent {
  Digest content{};
  OwnerId owner{};
  Timestamp valid_until{};
  static constexpr Kind SignedKind() { return Kind::kConsent; }
  using Fields = Members<&Consent::content, &Consent::owner, &Consent::valid_until>;
};

// `venue` agrees, for itself and for those who delegated to it, to the `count` transactions whose
// digests are the leaves of the tree with this root, before `valid_until`.
struct VenueConsent {
  OwnerId venue{};
  Digest root{};
  std::uint64_t count = 0;
  Timestamp valid_until{};
  static constexpr Kind SignedKind() { return Kind::kVenueConsent; }
  using Fields = Members<&VenueConsent::venue, &VenueConsent::root, &VenueConsent::count,
                         &VenueConsent::valid_until>;
};

// The most of an asset that one transaction may move in the owner's accounts: the sizes of its legs
// in the asset, summed.
struct DelegationLimit {
  AssetId asset{};
  Amount most{};
  using Fields = Members<&DelegationLimit::asset, &DelegationLimit::most>;
};

// `owner` lets `venue` consent for it before `until`. A later number replaces an earlier one of the
// same owner and venue; one with `until` 0 takes the permission back.
struct Delegation {
  OwnerId owner{};
  OwnerId venue{};
  Bounded<Compartment, 256> compartments{};  // ascending; empty: all
  Bounded<DelegationLimit, 256> limits{};    // ascending by asset; an asset without: no limit
  Timestamp until{};
  std::uint64_t number = 0;

  // Errors: kNotCanonical when a list is not strictly ascending, kOutOfRange for a limit below 0.
  [[nodiscard]] Reason Validate() const {
    for (std::size_t i = 1; i < compartments.size(); ++i) {
      if (compartments[i - 1] >= compartments[i]) return BaseReason::kNotCanonical;
    }
    for (std::size_t i = 0; i < limits.size(); ++i) {
      if (i > 0 && limits[i - 1].asset >= limits[i].asset) return BaseReason::kNotCanonical;
      if (Sign(limits[i].most) < 0) return BaseReason::kOutOfRange;
    }
    return {};
  }

  // Whether the owner permits these legs: those of the owner lie in the compartments, and for each
  // limit the sizes of its legs in the asset sum to no more than it. O(legs x limits).
  [[nodiscard]] bool Permits(std::span<const Leg> legs) const {
    for (const Leg& leg : legs) {
      if (leg.account.owner == owner && !compartments.empty() &&
          !std::binary_search(compartments.begin(), compartments.end(), leg.account.compartment)) {
        return false;
      }
    }
    for (const DelegationLimit& limit : limits) {
      UInt128 moved = 0;
      for (const Leg& leg : legs) {
        if (leg.account.owner != owner || leg.account.asset != limit.asset) continue;
        if (!AddTo(moved, Magnitude(leg.amount.value()))) return false;
      }
      if (moved > static_cast<UInt128>(limit.most.value())) return false;
    }
    return true;
  }

  static constexpr Kind SignedKind() { return Kind::kDelegation; }
  using Fields = Members<&Delegation::owner, &Delegation::venue, &Delegation::compartments,
                         &Delegation::limits, &Delegation::until, &Delegation::number>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_CONSENT_H_
