// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A certificate: one statement and the signatures of members of one validator set under it.
//
// It holds one bit for each member of the set and one signature for each set bit, in the order of
// the bits, so that no signer can be in it twice. It says by itself for which group, epoch and set
// it was made, so that a wrong one is refused by name and not as a bad signature; the network is
// context that both sides have and is not stored. Its record takes at most 64 bytes a signer (with
// Ed25519) + n / 8 + 160 for a set of n.
//
// A certificate that exists proves nothing: settle/quorum/verify.h makes a Verified of it.

#ifndef SETTLE_QUORUM_CERTIFICATE_H_
#define SETTLE_QUORUM_CERTIFICATE_H_

#include <cstdint>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/fwd.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/signer_set.h"
#include "settle/quorum/types.h"
#include "settle/quorum/vote.h"

SETTLE_NAMESPACE_BEGIN

template <typename Scheme>
struct Certificate {
  static_assert(RequireSignatureScheme<Scheme>());

  GroupId group;
  Epoch epoch;
  ValidatorSetId set;
  VoteStatement statement;
  SignerSet signers;
  // One for each of `signers`, in ascending order of their indices.
  Bounded<typename Scheme::Signature, kMaxMembers> signatures;

  // The form alone. Errors: kUnknownKind, kBitmapMalformed, kWrongSignatureCount. O(n / 8).
  [[nodiscard]] Reason Validate() const {
    if (!IsKnownEnumerator(statement.kind)) return QuorumReason::kUnknownKind;
    if (Reason reason = signers.Validate(); !reason.ok()) return reason;
    if (signers.count() != signatures.size()) return QuorumReason::kWrongSignatureCount;
    return {};
  }

  static constexpr Kind kKind = Kind::kCertificate;
  static constexpr std::uint16_t kVersion = 1;
  using Fields = Members<&Certificate::group, &Certificate::epoch, &Certificate::set,
                         &Certificate::statement, &Certificate::signers, &Certificate::signatures>;
};

// The domain that a certificate says it was made in, on `network`.
template <typename Scheme>
[[nodiscard]] Domain DomainOf(const Certificate<Scheme>& certificate, const NetworkId& network) {
  return {network, certificate.group, certificate.epoch, certificate.set};
}

// True when both certify the same, whoever signed: certificates of one statement differ in bytes.
template <typename Scheme>
[[nodiscard]] bool SameStatement(const Certificate<Scheme>& a, const Certificate<Scheme>& b) {
  return a.group == b.group && a.epoch == b.epoch && a.set == b.set &&
         SameStatement(a.statement, b.statement);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_CERTIFICATE_H_
