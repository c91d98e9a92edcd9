// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Who may move what: asked before anything is applied, and never absent.
//
// For every owner of whom an account is named and does more than receive a token (it falls, a
// position changes, or legs cancel in it), the ledger asks an `Authority` once per transaction.
// The policy is an argument without a default: a ledger cannot be had without naming one. Shipped
// are `OwnerKeys` (signed consents and delegations, see settle/ledger/owner_keys.h) and
// `HostVouches`, the explicit name for "the host has checked".

#ifndef SETTLE_LEDGER_AUTHORITY_H_
#define SETTLE_LEDGER_AUTHORITY_H_

#include <concepts>
#include <cstddef>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// What an owner is asked to agree to. Digest and legs are of the same transaction: `content` binds
// the id, the class, the time and every leg.
// Where it ends a hold without naming legs, the legs are what is left of the hold, while `content`
// is of the transaction as it was signed.
struct Intent {
  Digest content;  // TransactionDigest, or zero where the policy needs none
  TransactionView transaction;
  Timestamp now;         // log time
  std::size_t position;  // of the transaction in the batch that is applied
};

// Satisfied by a policy with
//   using Credentials = ...;                 what comes with a batch, unverified: signatures
//   using Update = ...;                      a change of what it knows, part of a block
//   Reason Apply(const Update&);             all of it or nothing
//   using Witness = ...;                     the same after Examine, for Authorize to look at
//   static constexpr bool kNeedsContent;     whether it reads Intent::content
//   Result<Witness> Examine(const Credentials&, std::span<const Digest> contents, Timestamp) const;
//                                            once per batch; contents are TransactionDigests
//   Reason Authorize(const OwnerId&, const Intent&, const Witness&) const;
//                                            once per transaction and owner
template <typename A>
concept Authority = requires(A& machine, const typename A::Update& update, const A& authority,
                             const OwnerId& owner, const Intent& intent,
                             const typename A::Credentials& credentials,
                             std::span<const Digest> contents, Timestamp now,
                             const typename A::Witness& witness) {
  { machine.Apply(update) } -> std::same_as<Reason>;
  { authority.Examine(credentials, contents, now) } -> std::same_as<Result<typename A::Witness>>;
  { authority.Authorize(owner, intent, witness) } -> std::same_as<Reason>;
  { A::kNeedsContent } -> std::convertible_to<bool>;
};

// The host has checked, by means of its own, that every owner agrees.
struct HostVouches {
  struct Update {};
  struct Credentials {};
  struct Witness {};
  static constexpr bool kNeedsContent = false;
  Reason Apply(const Update&) { return {}; }
  [[nodiscard]] Result<Witness> Examine(const Credentials&, std::span<const Digest>,
                                        Timestamp) const {
    return Witness{};
  }
  [[nodiscard]] Reason Authorize(const OwnerId&, const Intent&, const Witness&) const { return {}; }
};
static_assert(Authority<HostVouches>);

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_AUTHORITY_H_
