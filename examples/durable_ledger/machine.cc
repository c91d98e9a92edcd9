// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/durable_ledger/machine.h"

#include <span>
#include <utility>

#include "settle/base/codec.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/reason.h"

namespace settle::example {

LedgerOptions PaymentMachine::Options() {
  LedgerOptions options;
  options.id_capacity = std::size_t{1} << 16;
  options.id_horizon = Duration(std::uint64_t{5'000'000'000});
  return options;
}

Result<PaymentMachine> PaymentMachine::Recover(ByteView state) {
  LedgerState decoded;
  if (const DecodeOutcome outcome = DecodeRecordInto(state, decoded); !outcome.ok()) {
    return outcome.reason;
  }
  Result<PaymentLedger> ledger = PaymentLedger::Recover(decoded, Options());
  if (!ledger.ok()) return ledger.reason();
  return PaymentMachine(*std::move(ledger));
}

Bytes PaymentMachine::State() const { return EncodeRecord(ledger_.State()); }

Result<Acknowledgement> PaymentMachine::Replay(const PaymentBlock& block) {
  if (Next(ledger_.height()) != block.height) return BaseReason::kOutOfRange;
  if (Reason reason = ledger_.Advance(block.height, block.time); !reason.ok()) return reason;
  Acknowledgement result{.height = block.height};
  const auto count = [&result](const Verdict& verdict) {
    ++(verdict.ok() ? result.applied : result.refused);
  };
  batch_.clear();
  for (const Transaction& transaction : block.transactions) {
    if (transaction.header.transaction_class == TransactionClass::kCompulsory) {
      count(ledger_.ApplyCompulsory(transaction.view()));
    } else {
      batch_.push_back(transaction.view());
    }
  }
  verdicts_.assign(batch_.size(), {});
  ledger_.Apply(batch_, {.context = {}, .authority = {}, .witness = {}}, verdicts_);
  for (const Verdict& verdict : verdicts_) count(verdict);
  return result;
}

Reason PaymentMachine::Step(const PaymentBlock& block, Effects<PaymentMachine>& effects) {
  const std::optional<Ticket> ticket = Next(last_ticket_);
  if (effects.room() < 2 || !ticket) return BaseReason::kFull;
  const Result<Acknowledgement> done = Replay(block);
  if (!done.ok()) return done.reason();
  last_ticket_ = *ticket;
  const bool added = effects.Add(Persist<Record>{.ticket = *ticket, .record = Encode(block)}) &&
                     effects.Add(Report<Notice>{.after = *ticket, .notice = *done});
  return added ? Reason() : Reason(BaseReason::kFull);
}

}  // namespace settle::example
