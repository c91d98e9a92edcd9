// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Who may move what: asked before anything is applied, and never absent.
//
// For every owner of whom an account falls or a position changes, the ledger asks an `Authority`
// once per transaction. The policy is an argument without a default: a ledger cannot be had without
// naming one. Shipped are `OwnerKeys` (signed consents and delegations, see
// settle/ledger/owner_keys.h) and `HostVouches`, the explicit name for "the host has checked".

#ifndef SETTLE_LEDGER_AUTHORITY_H_
#define SETTLE_LEDGER_AUTHORITY_H_

#include <concepts>
#include <cstddef>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// What an owner is asked to agree to. Digest and legs are of the same transaction: `content` binds
// the id, the class, the time and every leg.
struct Intent {
  Digest content;  // TransactionDigest, or zero where the policy needs none
  TransactionView transaction;
  Timestamp now;         // log time
  std::size_t position;  // of the transaction in the batch that is applied
};

// Satisfied by a policy with
//   using Witness = ...;                     what came with the batch: signatures, tickets
//   static constexpr bool kNeedsContent;     whether it reads Intent::content
//   Reason Authorize(const OwnerId&, const Intent&, const Witness&) const;
template <typename A>
concept Authority = requires(const A& authority, const OwnerId& owner, const Intent& intent,
                             const typename A::Witness& witness) {
  { authority.Authorize(owner, intent, witness) } -> std::same_as<Reason>;
  { A::kNeedsContent } -> std::convertible_to<bool>;
};

// The host has checked, by means of its own, that every owner agrees.
struct HostVouches {
  struct Witness {};
  static constexpr bool kNeedsContent = false;
  [[nodiscard]] Reason Authorize(const OwnerId&, const Intent&, const Witness&) const { return {}; }
};
static_assert(Authority<HostVouches>);

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_AUTHORITY_H_
