// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The proof of what an account has, or that it was never opened, for anyone who holds only a
// validator set.
//
//   account --leaf--> accounts' root --> state root --> header --commit certificate--> validator
//   set
//
//   absl::StatusOr<Verified<AccountBalance>> balance =
//       VerifyBalance(set, network, group, epoch, proof);
//   if (balance.ok() && (*balance)->leaf.balance >= wanted) ...

#ifndef SETTLE_ENGINE_BALANCE_PROOF_H_
#define SETTLE_ENGINE_BALANCE_PROOF_H_

#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bytes.h"
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
#include "settle/ledger/inclusion.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/state_commitment.h"
#include "settle/ledger/state_proof.h"
#include "settle/ledger/statement.h"
#include "settle/ledger/types.h"
#include "settle/quorum/validator_set.h"

SETTLE_NAMESPACE_BEGIN

// What a header says of the state: its root is the hash of the commitment's record, its size the
// number of accounts. Cost: one hash of 182 bytes.
template <Hasher H>
[[nodiscard]] TreeHead StateTreeHead(const H& hasher, const StateCommitment& state) {
  return {.size = state.accounts.size, .root = hasher.Hash(ByteView(EncodeRecord(state)))};
}

// An account that was opened: its leaf and the way from it to the root.
struct OpenedAccount {
  AccountLeaf leaf{};
  PresenceProof path{};
  using Fields = Members<&OpenedAccount::leaf, &OpenedAccount::path>;
};

// An account under the state of one header, without the header.
struct AccountProof {
  AccountKey account{};
  StateCommitment state{};
  std::variant<OpenedAccount, AbsenceProof> found{};
  using Fields = Members<&AccountProof::account, &AccountProof::state, &AccountProof::found>;
};

// All that a stranger needs to be shown. It proves nothing before VerifyBalance says so.
template <typename Scheme>
struct BalanceProof {
  static constexpr Kind kKind = Kind::kBalanceProof;
  static constexpr std::uint16_t kVersion = 1;

  CertifiedHeader<Scheme> header{};
  AccountProof account{};
  using Fields = Members<&BalanceProof::header, &BalanceProof::account>;
};

// What such a proof shows.
struct AccountBalance {
  AccountKey account{};
  bool opened = false;
  AccountLeaf leaf{};  // of zeros where the account was not opened
  Height height{};     // after the block of this height
  Timestamp time{};
  using Fields = Members<&AccountBalance::account, &AccountBalance::opened, &AccountBalance::leaf,
                         &AccountBalance::height, &AccountBalance::time>;
};

namespace detail {

// Whether the account stands, or does not, under the header's state.
template <Hasher H>
[[nodiscard]] absl::Status CheckAccount(const H& hasher, const Header& header,
                                        const AccountProof& proof) {
  const TreeHead state = StateTreeHead(hasher, proof.state);
  if (state != header.state) {
    return ToStatus(EngineReason::kStateMismatch, "header of state " + ToString(header.state.root) +
                                                      ", shown is " + ToString(state.root));
  }
  const Digest& root = proof.state.accounts.root;
  const auto* const opened = std::get_if<OpenedAccount>(&proof.found);
  const Reason reason =
      opened != nullptr
          ? VerifyPresent(hasher, root, proof.account, opened->leaf, opened->path)
          : VerifyAbsent(hasher, root, proof.account, std::get<AbsenceProof>(proof.found));
  if (reason.ok()) return absl::OkStatus();
  return ToStatus(reason, ToString(reason) + ": account of owner " + ToString(proof.account.owner) +
                              " compartment " + ToString(proof.account.compartment) + " asset " +
                              ToString(proof.account.asset) + " under accounts " + ToString(root));
}

[[nodiscard]] inline AccountBalance BalanceOf(const Header& header, const AccountProof& proof) {
  const auto* const opened = std::get_if<OpenedAccount>(&proof.found);
  return {.account = proof.account,
          .opened = opened != nullptr,
          .leaf = opened != nullptr ? opened->leaf : AccountLeaf(),
          .height = header.height,
          .time = header.time};
}

}  // namespace detail

// What the account has, if `proof` shows that a quorum of `set` made final, on this network, group
// and epoch, a header whose state holds exactly this of the account. Errors in this order:
// kWrongDomain, kNotCommit, kWrongHeader, kStateMismatch, those of VerifyPresent, VerifyAbsent and
// VerifyQuorum. Cost: a quorum of signatures and 4 + log2 n hashes.
template <typename Scheme>
[[nodiscard]] absl::StatusOr<Verified<AccountBalance>> VerifyBalance(
    const ValidatorSet<Scheme>& set, const NetworkId& network, GroupId group, Epoch epoch,
    const BalanceProof<Scheme>& proof) {
  const FinalHeaders<Scheme> trusted(set, network, group, epoch);
  return detail::VerifiedBy<AccountBalance>(
      proof,
      [&trusted](const BalanceProof<Scheme>& shown) -> absl::StatusOr<Proven<AccountBalance>> {
        const Header& header = shown.header.header;
        absl::Status status = trusted.CheckNamed(header, shown.header.certificate);
        if (status.ok()) status = detail::CheckAccount(Sha256(), header, shown.account);
        if (!status.ok()) return status;
        absl::StatusOr<Binding> binding = trusted.CheckSigned(shown.header.certificate);
        if (!binding.ok()) return binding.status();
        return Proven<AccountBalance>{detail::BalanceOf(header, shown.account), *binding};
      });
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_BALANCE_PROOF_H_
