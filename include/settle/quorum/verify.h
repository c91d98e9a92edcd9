// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Whether a certificate proves its statement.
//
// There are two questions, and so two functions with two answers. `VerifyQuorum` asks whether a
// quorum signed: it stops as soon as it knows, and its answer, a Verified<VoteStatement>, names no
// signers, since the signatures that it never looked at may be anybody's. `VerifyAll` asks who
// signed: it checks every signature, and its answer is a Verified<Certificate>. Rewards, blame and
// whatever else depends on the signers take only the second.
//
//   absl::StatusOr<Verified<VoteStatement>> proven = VerifyQuorum(set, domain, certificate);
//   if (!proven.ok()) return proven.status();  // "TooLittleWeight: signed weight 40, quorum 67"
//   if (proven->value().kind != VoteKind::kCommit || proven->value().digest != header_digest) ...
//
// The domain, the sizes and the weight that the certificate claims are compared before the first
// signature, and each signature is checked at most once.

#ifndef SETTLE_QUORUM_VERIFY_H_
#define SETTLE_QUORUM_VERIFY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/verified.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/detail/sentence.h"
#include "settle/quorum/fwd.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/signer_set.h"
#include "settle/quorum/types.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/vote.h"

SETTLE_NAMESPACE_BEGIN

// What a verification saw.
struct VerifyReport {
  // Of all the signers that the certificate names, before any signature was checked.
  Weight claimed_weight;
  // Of the signers whose signatures were checked and are good.
  Weight signed_weight;
  Weight quorum;
  // How many signatures were checked.
  std::size_t checked = 0;
  // The first signer, in the order of the set, whose signature is bad; nothing was checked after.
  std::optional<SignerIndex> first_bad;
};

namespace detail {

enum class Coverage : std::uint8_t { kUntilQuorum = 1, kEverySignature = 2 };

// Both verifications, up to how far they go.
template <typename Scheme>
class CertificateCheck {
 public:
  CertificateCheck(const ValidatorSet<Scheme>& set, const Domain& domain)
      : set_(set), domain_(domain) {}

  [[nodiscard]] Result<Binding> Run(const Certificate<Scheme>& certificate, Coverage coverage) {
    report_ = VerifyReport();
    report_.quorum = set_.quorum().weight();
    if (Reason reason = CheckForm(certificate); !reason.ok()) return reason;
    for (std::uint16_t i = 0; i < set_.size(); ++i) {
      if (certificate.signers.Contains(SignerIndex(i))) {
        (void)AddTo(report_.claimed_weight, set_.members()[i].weight);
      }
    }
    if (!set_.quorum().IsReachedBy(report_.claimed_weight)) return QuorumReason::kTooLittleWeight;
    const auto bytes = BytesToSign(domain_, certificate.statement);
    if (Reason reason = CheckSignatures(certificate, bytes, coverage); !reason.ok()) return reason;
    return Binding{.set = set_.id(), .statement = Sha256().Hash(bytes.view())};
  }

  [[nodiscard]] const VerifyReport& report() const { return report_; }

  // The refusal of the last Run as a status, with both numbers in its text.
  [[nodiscard]] absl::Status Explain(Reason reason, const Certificate<Scheme>& certificate) const {
    if (reason.module() != Module::kQuorum) return ToStatus(reason, ToString(reason));
    const auto code = static_cast<QuorumReason>(reason.code());
    return ToStatus(code, Text(code, certificate));
  }

 private:
  // In the order of the reasons. O(n / 8).
  Reason CheckForm(const Certificate<Scheme>& certificate) const {
    if (!IsKnownEnumerator(certificate.statement.kind)) return QuorumReason::kUnknownKind;
    if (certificate.group != domain_.group) return QuorumReason::kWrongGroup;
    if (certificate.epoch != domain_.epoch) return QuorumReason::kWrongEpoch;
    if (certificate.set != set_.id() || domain_.set != set_.id()) return QuorumReason::kWrongSet;
    if (certificate.signers.members() != set_.size()) return QuorumReason::kWrongSignerBits;
    return certificate.Validate();
  }

  // The bits come in the order of the set, so the heavier signers come first.
  Reason CheckSignatures(const Certificate<Scheme>& certificate, StatementView statement,
                         Coverage coverage) {
    for (std::uint16_t i = 0; i < set_.size(); ++i) {
      const SignerIndex signer(i);
      if (!certificate.signers.Contains(signer)) continue;
      if (coverage == Coverage::kUntilQuorum && set_.quorum().IsReachedBy(report_.signed_weight)) {
        return {};
      }
      const auto& signature = certificate.signatures[report_.checked++];
      if (!VerifyStatement<Scheme>(*set_.FindKey(signer), statement, signature).ok()) {
        report_.first_bad = signer;
        return QuorumReason::kBadSignature;
      }
      (void)AddTo(report_.signed_weight, set_.members()[i].weight);
    }
    return {};
  }

  std::string Text(QuorumReason code, const Certificate<Scheme>& certificate) const {
    switch (code) {
      case QuorumReason::kUnknownKind:
        return Sentence("vote kind ", static_cast<std::uint8_t>(certificate.statement.kind));
      case QuorumReason::kWrongGroup:
        return Sentence("group ", certificate.group, ", expected ", domain_.group);
      case QuorumReason::kWrongEpoch:
        return Sentence("epoch ", certificate.epoch, ", expected ", domain_.epoch);
      case QuorumReason::kWrongSet:
        return certificate.set != set_.id()
                   ? Sentence("certificate of validator set ", certificate.set, ", expected ",
                              set_.id())
                   : Sentence("domain of validator set ", domain_.set, ", expected ", set_.id());
      case QuorumReason::kWrongSignerBits:
        return Sentence("signer bits ", certificate.signers.members(), ", expected ", set_.size());
      case QuorumReason::kBitmapMalformed:
        return Sentence("signer bits of ", certificate.signers.members(), " members");
      case QuorumReason::kWrongSignatureCount:
        return Sentence("signatures ", certificate.signatures.size(), ", expected ",
                        certificate.signers.count());
      case QuorumReason::kTooLittleWeight:
        return Sentence("signed weight ", report_.claimed_weight, ", quorum ", report_.quorum);
      case QuorumReason::kBadSignature:
        return Sentence("signer ", report_.first_bad.value_or(SignerIndex(0)), ", signed weight ",
                        report_.signed_weight, ", quorum ", report_.quorum);
      case QuorumReason::kOk:
      case QuorumReason::kEmptySet:
      case QuorumReason::kTooManyMembers:
      case QuorumReason::kUnknownFaultModel:
      case QuorumReason::kZeroWeight:
      case QuorumReason::kWeightOverflow:
      case QuorumReason::kDuplicateKey:
      case QuorumReason::kWrongOrder:
      case QuorumReason::kBadKey:
      case QuorumReason::kBadTrustLevel:
      case QuorumReason::kWrongNetwork:
      case QuorumReason::kRoundOutsideWindow:
      case QuorumReason::kUnknownSigner:
      case QuorumReason::kConflictingVote:
        break;  // never given by Run
    }
    return {};
  }

  const ValidatorSet<Scheme> set_;
  const Domain domain_;
  VerifyReport report_;
};

}  // namespace detail

// Verifies that a quorum signed, for `Verified<VoteStatement>::By`. A host that wants the report,
// or a Reason without text, uses it directly; others call VerifyQuorum.
template <typename Scheme>
class QuorumVerifier {
 public:
  QuorumVerifier(const ValidatorSet<Scheme>& set, const Domain& domain) : check_(set, domain) {}

  [[nodiscard]] Result<Proven<VoteStatement>> Verify(const Certificate<Scheme>& certificate) {
    const Result<Binding> binding = check_.Run(certificate, detail::Coverage::kUntilQuorum);
    if (!binding.ok()) return binding.reason();
    return Proven<VoteStatement>{certificate.statement, *binding};
  }

  // Of the last Verify.
  [[nodiscard]] const VerifyReport& report() const { return check_.report(); }
  [[nodiscard]] absl::Status Explain(Reason reason, const Certificate<Scheme>& certificate) const {
    return check_.Explain(reason, certificate);
  }

 private:
  detail::CertificateCheck<Scheme> check_;
};

// Verifies every signature, for `Verified<Certificate<Scheme>>::By`.
template <typename Scheme>
class CertificateVerifier {
 public:
  CertificateVerifier(const ValidatorSet<Scheme>& set, const Domain& domain)
      : check_(set, domain) {}

  [[nodiscard]] Result<Proven<Certificate<Scheme>>> Verify(const Certificate<Scheme>& certificate) {
    const Result<Binding> binding = check_.Run(certificate, detail::Coverage::kEverySignature);
    if (!binding.ok()) return binding.reason();
    return Proven<Certificate<Scheme>>{certificate, *binding};
  }

  // Of the last Verify.
  [[nodiscard]] const VerifyReport& report() const { return check_.report(); }
  [[nodiscard]] absl::Status Explain(Reason reason, const Certificate<Scheme>& certificate) const {
    return check_.Explain(reason, certificate);
  }

 private:
  detail::CertificateCheck<Scheme> check_;
};

// The statement of `certificate`, verified to be signed by a quorum of `set` in `domain`. A bad
// signature that is met before the quorum is reached refuses the whole; those after are not
// looked at. Errors: kUnknownKind, kWrongGroup, kWrongEpoch, kWrongSet (of the certificate or of
// the domain), kWrongSignerBits, kBitmapMalformed, kWrongSignatureCount, kTooLittleWeight,
// kBadSignature; a certificate of another network is a kBadSignature. Cost: the fewest signatures,
// of those in the certificate, whose weight is a quorum.
template <typename Scheme>
[[nodiscard]] absl::StatusOr<Verified<VoteStatement>> VerifyQuorum(
    const ValidatorSet<Scheme>& set, const Domain& domain, const Certificate<Scheme>& certificate) {
  QuorumVerifier<Scheme> verifier(set, domain);
  Result<Verified<VoteStatement>> verified = Verified<VoteStatement>::By(verifier, certificate);
  if (!verified.ok()) return verifier.Explain(verified.reason(), certificate);
  return *verified;
}

// `certificate`, every signature of which is verified. Errors: as VerifyQuorum, for any bad
// signature. Cost: one verification for each signer.
template <typename Scheme>
[[nodiscard]] absl::StatusOr<Verified<Certificate<Scheme>>> VerifyAll(
    const ValidatorSet<Scheme>& set, const Domain& domain, const Certificate<Scheme>& certificate) {
  CertificateVerifier<Scheme> verifier(set, domain);
  Result<Verified<Certificate<Scheme>>> verified =
      Verified<Certificate<Scheme>>::By(verifier, certificate);
  if (!verified.ok()) return verifier.Explain(verified.reason(), certificate);
  return *verified;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_VERIFY_H_
