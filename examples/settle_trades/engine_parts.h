// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What SettlementEngine::Execute consists of: the library's parts, called one by one.
//
// The engine is one call and has no clock. To see where its time goes, and which hashes it makes,
// its blocks are executed once more by parts of their own, in the engine's order, and each header
// is compared with the engine's: what is measured here is what the engine does.
//
//   EngineParts<> parts(stream, keys);
//   absl::Status status = parts.FollowGenesis(transactions, result);
//   status = parts.Follow(block, result, [&](EnginePart part) { stopwatch.Enter(part); });

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_ENGINE_PARTS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_ENGINE_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "examples/settle_trades/genesis.h"
#include "examples/settle_trades/runner.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/crypto/sha256.h"
#include "settle/engine/balance_proof.h"
#include "settle/engine/header.h"
#include "settle/engine/settlement_engine.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/changes.h"
#include "settle/ledger/compact_range.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/owner_keys.h"
#include "settle/ledger/state_commitment.h"
#include "settle/ledger/transaction.h"
#include "settle/ledger/types.h"

namespace settle::example {

enum class EnginePart : std::uint8_t {
  kDigests = 0,   // of the transactions' contents
  kConsent = 1,   // the venue's signature and the tree over the contents
  kApply = 2,     // form, limits, margin and the balances
  kReceipts = 3,  // the trees of transactions and of receipts
  kChanges = 4,   // what was written, read off the undo log
  kState = 5,     // histories and the state maps
  kHeader = 6,    // the header's digest, and what no block can take back any more
};
inline constexpr std::size_t kEnginePartCount = 7;

// All hashes are made by H.
template <typename H = Sha256>
class EngineParts {
 public:
  using Block = Runner::Engine::Block;

  // The engine of a runner of this stream, with the same keys.
  EngineParts(const TradeStream& stream, OwnerKeys<> keys, H hasher = {})
      : hasher_(hasher),
        ledger_(LedgerOptions{.id_capacity = SizeOf(stream).ids}),
        authority_(std::move(keys)),
        receipts_(hasher),
        state_(0, hasher) {
    ledger_.Reserve(SizeOf(stream).accounts, SizeOf(stream).ids);
    state_.Reserve(SizeOf(stream).accounts);
  }

  // Genesis, which the engine executed. Errors: Internal where another header comes out.
  absl::Status FollowGenesis(std::span<const TransactionView> transactions,
                             const BlockResult& expected) {
    const Marks marks = Begin();
    (void)ledger_.Advance(expected.header.height, expected.header.time);
    verdicts_.clear();
    for (const TransactionView& transaction : transactions) {
      verdicts_.push_back(ledger_.ApplyCompulsory(transaction));
    }
    MakeDigests(transactions);
    return Conclude(transactions, marks, expected, [](EnginePart) {});
  }

  // The next block, which the engine executed; `enter(part)` is called when a part begins. Errors:
  // Internal where another header comes out.
  template <typename Enter>
  absl::Status Follow(const Block& block, const BlockResult& expected, Enter&& enter) {
    enter(EnginePart::kApply);
    const Marks marks = Begin();
    (void)ledger_.Advance(expected.header.height, block.time);
    enter(EnginePart::kDigests);
    MakeDigests(block.transactions);
    enter(EnginePart::kConsent);
    const auto witness = authority_.Examine(block.credentials, contents_, block.time);
    if (!witness.ok()) return absl::InternalError("the venue's consent does not stand");
    enter(EnginePart::kApply);
    verdicts_.resize(block.transactions.size());
    ledger_.Apply(block.transactions, contents_,
                  {.context = block.context, .authority = authority_, .witness = *witness},
                  verdicts_);
    return Conclude(block.transactions, marks, expected, enter);
  }

 private:
  struct Marks {
    Mark ledger;
    Mark authority;
    Mark receipts;
    Mark state;
  };

  Marks Begin() {
    return {*ledger_.Begin(), *authority_.Begin(), *receipts_.Begin(), *state_.Begin()};
  }
  void Release(const Marks& marks) {
    (void)ledger_.Release(marks.ledger);
    (void)authority_.Release(marks.authority);
    (void)receipts_.Release(marks.receipts);
    (void)state_.Release(marks.state);
  }

  void MakeDigests(std::span<const TransactionView> transactions) {
    contents_.clear();
    for (const TransactionView& transaction : transactions) {
      contents_.push_back(TransactionDigest(hasher_, transaction, bytes_));
    }
  }

  template <typename Enter>
  absl::Status Conclude(std::span<const TransactionView> transactions, const Marks& marks,
                        const BlockResult& expected, Enter&& enter) {
    enter(EnginePart::kReceipts);
    Header header = expected.header;
    AddReceipts(transactions, header);
    enter(EnginePart::kChanges);
    Reason reason = ledger_.ChangesSince(marks.ledger, changes_);
    enter(EnginePart::kState);
    if (reason.ok()) reason = state_.Update(ledger_, marks.ledger, changes_);
    if (!reason.ok()) return absl::InternalError(ToString(reason));
    header.state = StateTreeHead(hasher_, state_.Head(authority_.root()));
    enter(EnginePart::kHeader);
    const Digest digest = HeaderDigest(hasher_, header);
    Release(marks);
    if (digest == expected.digest) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("the parts make header ", ToString(digest),
                                            ", the engine ", ToString(expected.digest)));
  }

  void AddReceipts(std::span<const TransactionView> transactions, Header& header) {
    CompactRange<H> entries(hasher_);
    leaves_.clear();
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      const TransactionId& id = transactions[i].header.id;
      const Verdict& verdict = verdicts_[i];
      (void)entries.Append(EncodeRecord(
          TransactionEntry{.id = id,
                           .content = contents_[i],
                           .disposition = verdict.disposition,
                           .module = static_cast<std::uint16_t>(verdict.reason.module()),
                           .code = verdict.reason.code()}));
      if (verdict.disposition != Disposition::kApplied) continue;
      leaves_.push_back(ReceiptLeaf(hasher_, {.id = id,
                                              .content = contents_[i],
                                              .index = verdict.index,
                                              .height = verdict.height,
                                              .time = verdict.time}));
    }
    (void)receipts_.AppendDigests(leaves_);
    header.transactions = entries.Head();
    header.receipts = receipts_.Head();
  }

  H hasher_;
  Runner::Engine::LedgerType ledger_;
  OwnerKeys<> authority_;
  Accumulator<H> receipts_;
  LedgerCommitment<H> state_;

  // Of one block.
  LedgerChanges changes_;
  std::vector<Verdict> verdicts_;
  std::vector<Digest> contents_;
  std::vector<Digest> leaves_;
  std::vector<std::byte> bytes_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_ENGINE_PARTS_H_
