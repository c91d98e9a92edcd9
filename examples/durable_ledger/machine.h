// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The machine that the host drives: a ledger of payments that takes blocks and asks, as effects,
// for each block to be made durable before anybody is told of it.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_MACHINE_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "examples/durable_ledger/files.h"
#include "settle/base/bounded.h"
#include "settle/base/effects.h"
#include "settle/base/fingerprint.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/journal.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/types.h"

namespace settle::example {

// Nobody but the outside may owe.
struct PaymentAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey&) const { return std::nullopt; }
  [[nodiscard]] Limits LimitsOf(const AccountKey& account) const {
    return account.owner.IsZero() ? kUnlimited : kNotNegative;
  }
};

using PaymentLedger = Ledger<Unmargined, HostVouches, PaymentAccounts>;

// What is journaled: one block is one frame, so that it is there whole or not at all.
struct PaymentBlock {
  Height height{};
  Timestamp time{};
  Bounded<Transaction, 4096> transactions{};
  using Fields = Members<&PaymentBlock::height, &PaymentBlock::time, &PaymentBlock::transactions>;
};
inline constexpr Kind kPaymentBlock{kFirstHostKind + 1};

// What became of a block; told once it is durable.
struct Acknowledgement {
  Height height{};
  std::uint64_t applied = 0;
  std::uint64_t refused = 0;
  using Fields =
      Members<&Acknowledgement::height, &Acknowledgement::applied, &Acknowledgement::refused>;
};

class PaymentMachine {
 public:
  // A record is a block's encoding; nothing is sent but acknowledgements.
  using Record = Bytes;
  using Address = std::uint32_t;
  using Message = std::uint32_t;
  using Notice = Acknowledgement;

  PaymentMachine() : ledger_(Options()) {}

  // The machine whose ledger has this state: a record of kind LedgerState. Errors: those of
  // decoding and of Ledger::Recover.
  [[nodiscard]] static Result<PaymentMachine> Recover(ByteView state);
  [[nodiscard]] Bytes State() const;

  // Applies the block after the last one; `effects` gets its Persist and, waiting for that, its
  // Acknowledgement. Errors, with nothing changed: kFull without room for two effects, kOutOfRange
  // for a block of another height, kTimeWentBack.
  Reason Step(const PaymentBlock& block, Effects<PaymentMachine>& effects);

  // Applies a block that is durable already. Errors as Step.
  Result<Acknowledgement> Replay(const PaymentBlock& block);

  [[nodiscard]] const PaymentLedger& ledger() const { return ledger_; }

 private:
  explicit PaymentMachine(PaymentLedger ledger) : ledger_(std::move(ledger)) {}
  [[nodiscard]] static LedgerOptions Options();

  PaymentLedger ledger_;
  Ticket last_ticket_;
  std::vector<Verdict> verdicts_;       // scratch
  std::vector<TransactionView> batch_;  // scratch
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_MACHINE_H_
