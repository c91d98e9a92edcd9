// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The proof that a transaction was settled, for anyone who holds only a validator set.
//
//   transaction --digest--> receipt --inclusion--> header --commit certificate--> validator set
//
//   absl::StatusOr<Verified<Receipt>> settled = VerifySettlement(set, network, group, proof);

#ifndef SETTLE_ENGINE_SETTLEMENT_PROOF_H_
#define SETTLE_ENGINE_SETTLEMENT_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bounded.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/base/verified.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/sha256.h"
#include "settle/engine/fwd.h"
#include "settle/engine/header.h"
#include "settle/engine/reason.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/transaction.h"
#include "settle/ledger/types.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"

SETTLE_NAMESPACE_BEGIN

// All that a stranger needs to be shown. It proves nothing before VerifySettlement says so.
template <typename Scheme>
struct SettlementProof {
  static constexpr Kind kKind = Kind::kSettlementProof;
  static constexpr std::uint16_t kVersion = 1;

  Header header{};
  Certificate<Scheme> certificate{};
  Receipt receipt{};
  InclusionProof path{};
  Transaction transaction{};
  using Fields =
      Members<&SettlementProof::header, &SettlementProof::certificate, &SettlementProof::receipt,
              &SettlementProof::path, &SettlementProof::transaction>;
};

// What a stranger must hold beforehand: a validator set, and where and when it speaks. `members` is
// the record of the ValidatorSet.
struct TrustRoot {
  static constexpr Kind kKind = Kind::kTrustRoot;
  static constexpr std::uint16_t kVersion = 1;

  NetworkId network{};
  GroupId group{};
  Epoch epoch{};
  Bounded<std::byte, std::size_t{1} << 24> validator_set{};
  using Fields =
      Members<&TrustRoot::network, &TrustRoot::group, &TrustRoot::epoch, &TrustRoot::validator_set>;
};

// Verifies settlement proofs against one validator set; see VerifySettlement.
template <typename Scheme>
class SettlementVerifier {
 public:
  SettlementVerifier(const ValidatorSet<Scheme>& set, const NetworkId& network, GroupId group,
                     Epoch epoch)
      : set_(set), domain_{network, group, epoch, set.id()} {}

  Result<Proven<Receipt>> Verify(const SettlementProof<Scheme>& proof) {
    const Sha256 hasher;
    // The header speaks for the domain that the caller trusts, and for no other.
    if (!(proof.header.domain() == domain_)) {
      return Refuse(EngineReason::kWrongDomain, "header of group " + ToString(proof.header.group) +
                                                    " epoch " + ToString(proof.header.epoch) +
                                                    " set " + ToString(proof.header.validator_set) +
                                                    ", trusted group " + ToString(domain_.group) +
                                                    " epoch " + ToString(domain_.epoch) + " set " +
                                                    ToString(domain_.set));
    }
    const VoteStatement& statement = proof.certificate.statement;
    if (statement.kind != VoteKind::kCommit) {
      return Refuse(EngineReason::kNotCommit,
                    "certificate of vote kind " +
                        ToString(static_cast<std::uint8_t>(statement.kind)) + ", commit is " +
                        ToString(static_cast<std::uint8_t>(VoteKind::kCommit)));
    }
    const Digest digest = HeaderDigest(hasher, proof.header);
    if (statement.digest != digest) {
      return Refuse(
          EngineReason::kWrongHeader,
          "certificate of header " + ToString(statement.digest) + ", shown is " + ToString(digest));
    }
    if (absl::Status status = CheckReceipt(hasher, proof); !status.ok()) {
      return Refuse(std::move(status));
    }
    // The signatures last: they cost most.
    const auto final_statement = VerifyQuorum(set_, domain_, proof.certificate);
    if (!final_statement.ok()) return Refuse(final_statement.status());
    return Proven<Receipt>{proof.receipt,
                           {final_statement->set_id(), final_statement->statement_digest()}};
  }

  // Why the last Verify refused, with both numbers.
  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  template <ReasonEnum E>
  Reason Refuse(E code, const std::string& text) {
    return Refuse(ToStatus(code, text));
  }
  Reason Refuse(absl::Status status) {
    status_ = std::move(status);
    return ReasonOf(status_);
  }

  [[nodiscard]] static absl::Status CheckReceipt(const Sha256& hasher,
                                                 const SettlementProof<Scheme>& proof) {
    const Receipt& receipt = proof.receipt;
    const Digest content = TransactionDigest(hasher, proof.transaction.view());
    if (receipt.content != content || receipt.id != proof.transaction.header.id) {
      return ToStatus(EngineReason::kContentMismatch,
                      "receipt of transaction " + ToString(receipt.id) + " with content " +
                          ToString(receipt.content) + ", shown is " +
                          ToString(proof.transaction.header.id) + " with " + ToString(content));
    }
    if (receipt.height > proof.header.height || receipt.time > proof.header.time) {
      return ToStatus(EngineReason::kReceiptTooNew,
                      "receipt of height " + ToString(receipt.height) + ", header of height " +
                          ToString(proof.header.height));
    }
    const Reason reason = VerifyInclusion(hasher, ReceiptLeaf(hasher, receipt), receipt.index,
                                          proof.header.receipts, proof.path.path);
    if (reason.ok()) return absl::OkStatus();
    const auto code = static_cast<LedgerReason>(reason.code());
    return ToStatus(code, "receipt " + ToString(receipt.index) + " of " +
                              ToString(proof.header.receipts.size) + " with a path of " +
                              ToString(std::uint64_t{proof.path.path.size()}));
  }

  ValidatorSet<Scheme> set_;
  Domain domain_;
  absl::Status status_;
};

// The receipt of a settled transaction, if `proof` shows that a quorum of `set` made final, on this
// network, group and epoch, a header under which the receipt of exactly this transaction stands.
// Errors: kWrongDomain, kNotCommit, kWrongHeader, kContentMismatch, kReceiptTooNew, those of
// VerifyInclusion and of VerifyQuorum. Cost: a quorum of signatures and about 25 hashes.
template <typename Scheme>
[[nodiscard]] absl::StatusOr<Verified<Receipt>> VerifySettlement(
    const ValidatorSet<Scheme>& set, const NetworkId& network, GroupId group, Epoch epoch,
    const SettlementProof<Scheme>& proof) {
  SettlementVerifier<Scheme> verifier(set, network, group, epoch);
  Result<Verified<Receipt>> receipt = Verified<Receipt>::By(verifier, proof);
  if (!receipt.ok()) return verifier.status();
  return *receipt;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_SETTLEMENT_PROOF_H_
