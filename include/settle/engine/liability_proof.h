// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The proof that a claim is counted in the liabilities which a final header reports, for anyone who
// holds only a validator set.
//
//   claim --sum proof--> head of its asset --inclusion--> liabilities root --> header --> set
//
// At reporting heights the header carries an RFC 6962 tree over the heads of the sum trees
// (settle/ledger/sum_proof.h), one for each asset that anybody is owed, in ascending order. A head
// names the height whose state it counts, which is not after the header's. That all claims are
// counted rests on the quorum, that one is, on its owner's look at it; of reserves nothing is said.
//
//   absl::StatusOr<Verified<CountedLiability>> counted =
//       VerifyLiabilities(set, network, group, epoch, proof);
//   if (counted.ok() && (*counted)->liability.claim == mine) ...

#ifndef SETTLE_ENGINE_LIABILITY_PROOF_H_
#define SETTLE_ENGINE_LIABILITY_PROOF_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/base/verified.h"
#include "settle/crypto/hasher.h"
#include "settle/crypto/sha256.h"
#include "settle/engine/certified_header.h"
#include "settle/engine/fwd.h"
#include "settle/engine/header.h"
#include "settle/engine/reason.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/sum_proof.h"
#include "settle/quorum/validator_set.h"

SETTLE_NAMESPACE_BEGIN

// The tree over the heads of a report: one leaf each, the hash of its encoding. Errors:
// BaseReason::kNotCanonical unless their assets ascend.
template <Hasher H>
[[nodiscard]] Result<Accumulator<H>> LiabilityTree(const H& hasher,
                                                   std::span<const SumHead> heads) {
  Accumulator<H> tree(hasher);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    if (i > 0 && heads[i].asset <= heads[i - 1].asset) return BaseReason::kNotCanonical;
    const Result<LogIndex> index = tree.Append(EncodeFixed(heads[i]));
    if (!index.ok()) return index.reason();
  }
  return tree;
}

// All that a stranger needs to be shown. It proves nothing before VerifyLiabilities says so.
template <typename Scheme>
struct LiabilityProof {
  static constexpr Kind kKind = Kind::kLiabilityProof;
  static constexpr std::uint16_t kVersion = 1;

  CertifiedHeader<Scheme> header{};
  SumHead head{};
  LogIndex index{};       // of the head among those of the report
  InclusionProof path{};  // ... and its way to the header
  Liability liability{};
  SumProof sum{};
  using Fields = Members<&LiabilityProof::header, &LiabilityProof::head, &LiabilityProof::index,
                         &LiabilityProof::path, &LiabilityProof::liability, &LiabilityProof::sum>;
};

// What such a proof shows: `head.total` is owed of `head.asset` as of `head.height`, and
// `liability` is counted in it. Of a claim below zero nothing is counted, and that nothing is all
// that is shown: its claim is zero here.
struct CountedLiability {
  SumHead head{};
  Liability liability{};
  using Fields = Members<&CountedLiability::head, &CountedLiability::liability>;
};

// A head of a report with its way to the header, for the proofs of all its liabilities.
struct ReportedHead {
  SumHead head{};
  LogIndex index{};
  InclusionProof path{};
  using Fields = Members<&ReportedHead::head, &ReportedHead::index, &ReportedHead::path>;
};

// The head of `asset` among those of a report. Errors: those of LiabilityTree, kNoSuchKey for an
// asset that is not reported. Cost: two hashes for each head.
template <Hasher H>
[[nodiscard]] Result<ReportedHead> ProveReportedHead(const H& hasher,
                                                     std::span<const SumHead> heads,
                                                     AssetId asset) {
  const Result<Accumulator<H>> tree = LiabilityTree(hasher, heads);
  if (!tree.ok()) return tree.reason();
  const auto found = std::ranges::lower_bound(heads, asset, {}, &SumHead::asset);
  if (found == heads.end() || found->asset != asset) return LedgerReason::kNoSuchKey;
  const LogIndex index(static_cast<std::uint64_t>(found - heads.begin()));
  const Result<InclusionProof> path = tree->ProveInclusion(index, heads.size());
  if (!path.ok()) return path.reason();
  return ReportedHead{.head = *found, .index = index, .path = *path};
}

namespace detail {

template <typename Scheme>
[[nodiscard]] absl::Status CheckLiability(const LiabilityProof<Scheme>& proof) {
  const Sha256 hasher;
  const Header& header = proof.header.header;
  if (proof.head.height > header.height) {
    return ToStatus(EngineReason::kReceiptTooNew,
                    "report of height " + ToString(proof.head.height) + ", header of height " +
                        ToString(header.height));
  }
  Reason reason = VerifyInclusion(hasher, hasher.HashLeaf(EncodeFixed(proof.head)), proof.index,
                                  header.liabilities, proof.path.path);
  if (reason.ok()) reason = VerifyLiability(hasher, proof.head, proof.liability, proof.sum);
  if (reason.ok()) return absl::OkStatus();
  return ToStatus(reason, ToString(reason) + ": head " + ToString(proof.index) + " of " +
                              ToString(header.liabilities.size) + ", account " +
                              ToString(proof.sum.index) + " of " + ToString(proof.head.size));
}

}  // namespace detail

// The claim and the total that counts it, if `proof` shows that a quorum of `set` made final, on
// this network, group and epoch, a header that reports so. Errors in this order: kWrongDomain,
// kNotCommit, kWrongHeader, kReceiptTooNew, those of VerifyInclusion, of VerifyLiability and of
// VerifyQuorum. Cost: a quorum of signatures and about log2 n hashes.
template <typename Scheme>
[[nodiscard]] absl::StatusOr<Verified<CountedLiability>> VerifyLiabilities(
    const ValidatorSet<Scheme>& set, const NetworkId& network, GroupId group, Epoch epoch,
    const LiabilityProof<Scheme>& proof) {
  const FinalHeaders<Scheme> trusted(set, network, group, epoch);
  return detail::VerifiedBy<CountedLiability>(
      proof,
      [&trusted](const LiabilityProof<Scheme>& shown) -> absl::StatusOr<Proven<CountedLiability>> {
        absl::Status status = trusted.CheckNamed(shown.header.header, shown.header.certificate);
        if (status.ok()) status = detail::CheckLiability(shown);
        if (!status.ok()) return status;
        absl::StatusOr<Binding> binding = trusted.CheckSigned(shown.header.certificate);
        if (!binding.ok()) return binding.status();
        CountedLiability counted{shown.head, shown.liability};
        counted.liability.claim = (std::max)(Amount(), counted.liability.claim);
        return Proven<CountedLiability>{counted, *binding};
      });
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_LIABILITY_PROOF_H_
