// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The proof of an account's statement: every entry between two final headers, and nothing left out,
// for anyone who holds only a validator set.
//
//   opening leaf --pages--> closing leaf, each leaf under a certified header
//
// Which pages there are leaves no choice to whoever shows them: see settle/ledger/statement.h. An
// entry names the receipt of its transaction, which VerifySettlement proves where it is wanted.
//
//   absl::StatusOr<Verified<AccountStatement>> statement =
//       VerifyStatement(set, network, group, epoch, proof);

#ifndef SETTLE_ENGINE_STATEMENT_PROOF_H_
#define SETTLE_ENGINE_STATEMENT_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/base/verified.h"
#include "settle/crypto/sha256.h"
#include "settle/engine/balance_proof.h"
#include "settle/engine/certified_header.h"
#include "settle/engine/fwd.h"
#include "settle/engine/reason.h"
#include "settle/ledger/statement.h"
#include "settle/ledger/types.h"
#include "settle/quorum/validator_set.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxStatementPages = std::size_t{1} << 20;

// All that a stranger needs to be shown. It proves nothing before VerifyStatement says so.
template <typename Scheme>
struct StatementProof {
  static constexpr Kind kKind = Kind::kStatementProof;
  static constexpr std::uint16_t kVersion = 1;

  std::optional<BalanceProof<Scheme>> opening{};  // nothing: from genesis, its block included
  BalanceProof<Scheme> closing{};
  Bounded<StatementPage, kMaxStatementPages> pages{};
  using Fields =
      Members<&StatementProof::opening, &StatementProof::closing, &StatementProof::pages>;
};

// What such a proof shows: the entries after one height and until another.
struct AccountStatement {
  AccountKey account{};
  StatementEnds ends{};
  Bounded<StatementPage, kMaxStatementPages> pages{};
  using Fields =
      Members<&AccountStatement::account, &AccountStatement::ends, &AccountStatement::pages>;
};

namespace detail {

template <typename Scheme>
[[nodiscard]] absl::StatusOr<Proven<AccountStatement>> ProveStatement(
    const FinalHeaders<Scheme>& trusted, const StatementProof<Scheme>& proof) {
  const Sha256 hasher;
  const AccountKey& account = proof.closing.account.account;
  if (proof.opening && proof.opening->account.account != account) {
    return ToStatus(EngineReason::kWrongAccount,
                    "opening of owner " + ToString(proof.opening->account.account.owner) +
                        ", closing of owner " + ToString(account.owner) +
                        ", or of another compartment or asset");
  }
  AccountStatement statement{.account = account, .pages = proof.pages};
  for (const BalanceProof<Scheme>* end :
       {proof.opening ? &*proof.opening : nullptr, &proof.closing}) {
    if (end == nullptr) continue;
    const Header& header = end->header.header;
    absl::Status status = trusted.CheckNamed(header, end->header.certificate);
    if (status.ok()) status = CheckAccount(hasher, header, end->account);
    if (!status.ok()) return status;
  }
  if (proof.opening) {
    const Header& header = proof.opening->header.header;
    statement.ends.opening = BalanceOf(header, proof.opening->account).leaf;
    statement.ends.after = header.height;
  }
  const Header& header = proof.closing.header.header;
  statement.ends.closing = BalanceOf(header, proof.closing.account).leaf;
  statement.ends.until = header.height;
  const Reason reason =
      CheckStatement(hasher, statement.ends, std::span(proof.pages.data(), proof.pages.size()));
  if (!reason.ok()) {
    return ToStatus(reason, ToString(reason) + ": " + ToString(std::uint64_t{proof.pages.size()}) +
                                " pages from entry " + ToString(statement.ends.opening.entries) +
                                " to entry " + ToString(statement.ends.closing.entries));
  }
  // The signatures last: they cost most.
  if (proof.opening) {
    const auto opened = trusted.CheckSigned(proof.opening->header.certificate);
    if (!opened.ok()) return opened.status();
  }
  const auto binding = trusted.CheckSigned(proof.closing.header.certificate);
  if (!binding.ok()) return binding.status();
  return Proven<AccountStatement>{std::move(statement), *binding};
}

}  // namespace detail

// The statement, if `proof` shows that quorums of `set` made final, on this network, group and
// epoch, two headers, or one where it begins at genesis, between which exactly these entries were
// made to the account. It is bound to the certificate of the closing header. Errors in this order:
// kWrongAccount, those of VerifyBalance but the signatures' for the opening and then for the
// closing, those of CheckStatement, those of VerifyQuorum. Cost: two quorums of signatures, two
// balance proofs and one hash a page.
template <typename Scheme>
[[nodiscard]] absl::StatusOr<Verified<AccountStatement>> VerifyStatement(
    const ValidatorSet<Scheme>& set, const NetworkId& network, GroupId group, Epoch epoch,
    const StatementProof<Scheme>& proof) {
  const FinalHeaders<Scheme> trusted(set, network, group, epoch);
  return detail::VerifiedBy<AccountStatement>(proof,
                                              [&trusted](const StatementProof<Scheme>& shown) {
                                                return detail::ProveStatement(trusted, shown);
                                              });
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_STATEMENT_PROOF_H_
