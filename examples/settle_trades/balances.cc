// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/balances.h"

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/reasons.h"
#include "settle/base/text.h"
#include "settle/crypto/sha256.h"
#include "settle/engine/balance_proof.h"
#include "settle/engine/certified_header.h"
#include "settle/ledger/state_proof.h"
#include "settle/ledger/types.h"

namespace settle::example {

namespace {

constexpr std::size_t kWholeEvery = 100;

absl::Status Wrong(const AccountKey& account, const std::string& what) {
  return absl::InternalError(absl::StrCat("account of owner ", ToString(account.owner),
                                          ", compartment ", ToString(account.compartment),
                                          ", asset ", ToString(account.asset), ": ", what));
}

class Prover {
 public:
  Prover(const Runner& runner, const Audit& audit)
      : runner_(runner),
        audit_(audit),
        trusted_(runner.trust_root()),
        header_(runner.result().header) {}

  // Whether the quorum made the header final.
  [[nodiscard]] absl::Status CheckHeader() const {
    const FinalHeaders<> final_headers(runner_.validators(), trusted_.network, trusted_.group,
                                       trusted_.epoch);
    absl::Status status = final_headers.CheckNamed(header_, runner_.certificate());
    if (!status.ok()) return status;
    return final_headers.CheckSigned(runner_.certificate()).status();
  }

  // Whether the header's state holds of the account what the book does.
  [[nodiscard]] absl::Status CheckBalance(const AccountKey& account) {
    if (absl::Status status = Prove(account); !status.ok()) return status;
    const auto* const opened = std::get_if<OpenedAccount>(&proof_.found);
    if (opened == nullptr) return Wrong(account, "shown as one that was never opened");
    if (StateTreeHead(Sha256(), proof_.state) != header_.state) {
      return Wrong(account, "shown under another state than the header's");
    }
    const Reason reason =
        VerifyPresent(Sha256(), proof_.state.accounts.root, account, opened->leaf, opened->path);
    if (!reason.ok()) return Wrong(account, std::string(NameOf(reason)));
    return CompareWithBook(account, opened->leaf.balance);
  }

  // The same from the validator set alone; an account that was never opened has nothing in the
  // book.
  [[nodiscard]] absl::Status CheckWhole(const AccountKey& account, bool opened) {
    if (absl::Status status = Prove(account); !status.ok()) return status;
    const auto balance =
        VerifyBalance(runner_.validators(), trusted_.network, trusted_.group, trusted_.epoch,
                      BalanceProof<>{{header_, runner_.certificate()}, proof_});
    if (!balance.ok()) return balance.status();
    if ((*balance)->opened != opened) return Wrong(account, "opened or not, against the book");
    return CompareWithBook(account, (*balance)->leaf.balance);
  }

 private:
  [[nodiscard]] absl::Status Prove(const AccountKey& account) {
    return runner_.engine().ProveAccount(account, proof_);
  }

  [[nodiscard]] absl::Status CompareWithBook(const AccountKey& account, Amount balance) const {
    const Int128 book = audit_.BalanceOf(account);
    if (balance.value() == book) return absl::OkStatus();
    return Wrong(account, absl::StrCat("proved to have ", ToString(balance), ", in the book ",
                                       ToString(book)));
  }

  const Runner& runner_;
  const Audit& audit_;
  TrustRoot trusted_;
  const Header& header_;
  AccountProof proof_;
};

}  // namespace

absl::StatusOr<BalanceProofs> ProveBalances(const Runner& runner, const Audit& audit) {
  Prover prover(runner, audit);
  absl::Status status = prover.CheckHeader();
  BalanceProofs proofs;
  runner.engine().ledger().ForEachAccount([&](const AccountState& account) {
    if (status.ok()) status = prover.CheckBalance(account.key);
    if (status.ok() && proofs.proved++ % kWholeEvery == 0) {
      status = prover.CheckWhole(account.key, true);
      ++proofs.whole;
    }
  });
  if (status.ok()) {
    status = prover.CheckWhole(CashAccount(kNobody, kUsdc), false);
    ++proofs.absent;
  }
  if (!status.ok()) return status;
  const std::uint64_t accounts = runner.result().header.state.size;
  if (proofs.proved != accounts) {
    return absl::InternalError(
        absl::StrCat(proofs.proved, " balances proved, the header counts ", accounts, " accounts"));
  }
  return proofs;
}

}  // namespace settle::example
