// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What every account has after the last block, proved as to a stranger who holds only the validator
// set, and compared with the book.
//
// One header commits to all accounts: its certificate is checked once, and then of every account
// the way from what it has to that header. Of one in a hundred the whole proof is verified, as
// whoever asks for one balance would, and so it is that an owner whom nobody knows has no account.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_BALANCES_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_BALANCES_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "examples/settle_trades/audit.h"
#include "examples/settle_trades/runner.h"

namespace settle::example {

struct BalanceProofs {
  std::size_t proved = 0;  // accounts: each that the header counts
  std::size_t whole = 0;   // of them, with the certificate
  std::size_t absent = 0;  // accounts that were never opened
};

// Of the runner's last block, final, which the audit has followed. Errors: Internal for an account
// that is not as the book has it, and for any that cannot be proved.
[[nodiscard]] absl::StatusOr<BalanceProofs> ProveBalances(const Runner& runner, const Audit& audit);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_BALANCES_H_
