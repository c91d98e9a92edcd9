// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A header and the certificate that makes it final: where every proof to a stranger ends.
//
//   anything --hashes--> header --commit certificate--> validator set
//
// A header speaks for the network, group, epoch and validator set that it names; a verifier trusts
// one of these and takes no header of another. Only a certificate of kind Commit makes it final.
//
//   FinalHeaders<Ed25519> trusted(set, network, group, epoch);
//   absl::Status named = trusted.CheckNamed(header, certificate);    // cheap: one hash
//   ...whatever hangs from the header...
//   absl::StatusOr<Binding> final = trusted.CheckSigned(certificate);   // a quorum of signatures

#ifndef SETTLE_ENGINE_CERTIFIED_HEADER_H_
#define SETTLE_ENGINE_CERTIFIED_HEADER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/base/verified.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/engine/fwd.h"
#include "settle/engine/header.h"
#include "settle/engine/reason.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"

SETTLE_NAMESPACE_BEGIN

template <typename Scheme>
struct CertifiedHeader {
  Header header{};
  Certificate<Scheme> certificate{};
  using Fields = Members<&CertifiedHeader::header, &CertifiedHeader::certificate>;
};

// What a verifier holds beforehand, and the two halves of looking at a header.
template <typename Scheme>
class FinalHeaders {
 public:
  FinalHeaders(const ValidatorSet<Scheme>& set, const NetworkId& network, GroupId group,
               Epoch epoch)
      : set_(set), domain_{network, group, epoch, set.id()} {}

  // Whether the certificate names this header, in the trusted domain. Errors in this order:
  // kWrongDomain, kNotCommit, kWrongHeader.
  [[nodiscard]] absl::Status CheckNamed(const Header& header,
                                        const Certificate<Scheme>& certificate) const {
    if (!(header.domain() == domain_)) {
      return ToStatus(EngineReason::kWrongDomain,
                      "header of group " + ToString(header.group) + " epoch " +
                          ToString(header.epoch) + " set " + ToString(header.validator_set) +
                          ", trusted group " + ToString(domain_.group) + " epoch " +
                          ToString(domain_.epoch) + " set " + ToString(domain_.set));
    }
    const VoteStatement& statement = certificate.statement;
    if (statement.kind != VoteKind::kCommit) {
      return ToStatus(EngineReason::kNotCommit,
                      "certificate of vote kind " +
                          ToString(static_cast<std::uint8_t>(statement.kind)) + ", commit is " +
                          ToString(static_cast<std::uint8_t>(VoteKind::kCommit)));
    }
    const Digest digest = HeaderDigest(Sha256(), header);
    if (statement.digest != digest) {
      return ToStatus(
          EngineReason::kWrongHeader,
          "certificate of header " + ToString(statement.digest) + ", shown is " + ToString(digest));
    }
    return absl::OkStatus();
  }

  // Whether a quorum of the set signed. Called last: signatures cost most. Errors: those of
  // VerifyQuorum.
  [[nodiscard]] absl::StatusOr<Binding> CheckSigned(const Certificate<Scheme>& certificate) const {
    const auto statement = VerifyQuorum(set_, domain_, certificate);
    if (!statement.ok()) return statement.status();
    return Binding{statement->set_id(), statement->statement_digest()};
  }

 private:
  ValidatorSet<Scheme> set_;
  Domain domain_;
};

namespace detail {

// Answers a Verifier for base/verified.h from a function that says yes, with a value, or no, with a
// status; the status of the last refusal is kept for the caller.
template <typename T, typename Evidence, typename Check>
class StatusVerifier {
 public:
  explicit StatusVerifier(const Check& check) : check_(check) {}
  Result<Proven<T>> Verify(const Evidence& evidence) {
    absl::StatusOr<Proven<T>> proven = check_(evidence);
    if (proven.ok()) return *std::move(proven);
    status_ = proven.status();
    return ReasonOf(status_);
  }
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  const Check& check_;
  absl::Status status_;
};

// What `check(evidence)`, an absl::StatusOr<Proven<T>>, proves, as a Verified<T>.
template <typename T, typename Evidence, typename Check>
[[nodiscard]] absl::StatusOr<Verified<T>> VerifiedBy(const Evidence& evidence, const Check& check) {
  StatusVerifier<T, Evidence, Check> verifier(check);
  Result<Verified<T>> verified = Verified<T>::By(verifier, evidence);
  if (!verified.ok()) return verifier.status();
  return *verified;
}

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_CERTIFIED_HEADER_H_
