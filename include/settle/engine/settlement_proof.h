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
#include "settle/engine/certified_header.h"
#include "settle/engine/fwd.h"
#include "settle/engine/header.h"
#include "settle/engine/reason.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/transaction.h"
#include "settle/ledger/types.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/validator_set.h"

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

namespace detail {

// Whether the receipt is of the transaction and stands under the header.
template <typename Scheme>
[[nodiscard]] absl::Status CheckReceipt(const SettlementProof<Scheme>& proof) {
  const Sha256 hasher;
  const Receipt& receipt = proof.receipt;
  const Digest content = TransactionDigest(hasher, proof.transaction.view());
  if (receipt.content != content || receipt.id != proof.transaction.header.id) {
    return ToStatus(EngineReason::kContentMismatch,
                    "receipt of transaction " + ToString(receipt.id) + " with content " +
                        ToString(receipt.content) + ", shown is " +
                        ToString(proof.transaction.header.id) + " with " + ToString(content));
  }
  if (receipt.height > proof.header.height || receipt.time > proof.header.time) {
    return ToStatus(EngineReason::kReceiptTooNew, "receipt of height " + ToString(receipt.height) +
                                                      ", header of height " +
                                                      ToString(proof.header.height));
  }
  const Reason reason = VerifyInclusion(hasher, ReceiptLeaf(hasher, receipt), receipt.index,
                                        proof.header.receipts, proof.path.path);
  if (reason.ok()) return absl::OkStatus();
  return ToStatus(static_cast<LedgerReason>(reason.code()),
                  "receipt " + ToString(receipt.index) + " of " +
                      ToString(proof.header.receipts.size) + " with a path of " +
                      ToString(std::uint64_t{proof.path.path.size()}));
}

}  // namespace detail

// The receipt of a settled transaction, if `proof` shows that a quorum of `set` made final, on this
// network, group and epoch, a header under which the receipt of exactly this transaction stands.
// Errors in this order: kWrongDomain, kNotCommit, kWrongHeader, kContentMismatch, kReceiptTooNew,
// those of VerifyInclusion and of VerifyQuorum. Cost: a quorum of signatures and about 25 hashes.
template <typename Scheme>
[[nodiscard]] absl::StatusOr<Verified<Receipt>> VerifySettlement(
    const ValidatorSet<Scheme>& set, const NetworkId& network, GroupId group, Epoch epoch,
    const SettlementProof<Scheme>& proof) {
  const FinalHeaders<Scheme> trusted(set, network, group, epoch);
  return detail::VerifiedBy<Receipt>(
      proof, [&trusted](const SettlementProof<Scheme>& shown) -> absl::StatusOr<Proven<Receipt>> {
        absl::Status status = trusted.CheckNamed(shown.header, shown.certificate);
        if (status.ok()) status = detail::CheckReceipt(shown);
        if (!status.ok()) return status;
        absl::StatusOr<Binding> binding = trusted.CheckSigned(shown.certificate);
        if (!binding.ok()) return binding.status();
        return Proven<Receipt>{shown.receipt, *binding};
      });
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_SETTLEMENT_PROOF_H_
