// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bodies of SettlementEngine: included by settle/engine/settlement_engine.h alone.

#ifndef SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_IMPL_H_
#define SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_IMPL_H_

#include "settle/engine/settlement_engine.h"

SETTLE_NAMESPACE_BEGIN

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::CheckSize(std::size_t transactions) const {
  const std::uint64_t held = receipts_.size() - receipts_.pruned();
  const std::uint64_t most =
      std::min<std::uint64_t>(kMaxBlockTransactions, Accumulator<H>::kMaxLeaves - held);
  if (transactions <= most) return absl::OkStatus();
  return ToStatus(
      EngineReason::kTooManyTransactions,
      ToString(std::uint64_t{transactions}) + " transactions, at most " + ToString(most));
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
typename SettlementEngine<I, A, P, H>::Marks SettlementEngine<I, A, P, H>::Begin() {
  // None is refused: each machine has as many marks as there are waiting blocks.
  Marks marks{.ledger = *ledger_.Begin(),
              .authority = {},
              .receipts = *receipts_.Begin(),
              .state = *state_.Begin()};
  if constexpr (kAuthorityReverts) marks.authority = *authority_.Begin();
  return marks;
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
void SettlementEngine<I, A, P, H>::RevertTo(const Marks& marks) {
  (void)ledger_.RevertTo(marks.ledger);
  (void)receipts_.RevertTo(marks.receipts);
  (void)state_.RevertTo(marks.state);
  if constexpr (kAuthorityReverts) (void)authority_.RevertTo(marks.authority);
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
void SettlementEngine<I, A, P, H>::Release(const Marks& marks) {
  (void)ledger_.Release(marks.ledger);
  (void)receipts_.Release(marks.receipts);
  (void)state_.Release(marks.state);
  if constexpr (kAuthorityReverts) (void)authority_.Release(marks.authority);
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
Header SettlementEngine<I, A, P, H>::NextHeader(Timestamp time) const {
  const Executed* tip = Tip();
  Header header{.network = options_.network,
                .group = options_.group,
                .time = time,
                .epoch = options_.epoch,
                .validator_set = options_.validator_set,
                .next_validator_set = options_.validator_set,
                .liabilities = {.size = 0, .root = hasher_.EmptyRoot()}};
  if (tip != nullptr) {
    header.height = Height(tip->header.height.value() + 1);
    header.parent = tip->digest;
  }
  return header;
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
void SettlementEngine<I, A, P, H>::DigestContents(std::span<const TransactionView> transactions) {
  contents_.clear();
  for (const TransactionView& transaction : transactions) {
    contents_.push_back(TransactionDigest(hasher_, transaction, bytes_));
  }
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::ExecuteGenesis(
    Timestamp time, std::span<const TransactionView> transactions, BlockResult& out) {
  if (Tip() != nullptr) return ToStatus(EngineReason::kGenesisTwice, "height 0 was executed");
  if (absl::Status status = CheckSize(transactions.size()); !status.ok()) return status;
  const Header header = NextHeader(time);
  const Marks marks = Begin();
  Reason refusal = ledger_.Advance(header.height, time);
  out.events.clear();
  event_verdicts_.clear();
  out.verdicts.clear();
  for (std::size_t i = 0; refusal.ok() && i < transactions.size(); ++i) {
    const bool is_genesis = transactions[i].header.rule == CompulsoryRule::kGenesis;
    Verdict verdict;
    verdict.reason = LedgerReason::kWrongEntryPoint;
    if (is_genesis) verdict = ledger_.ApplyCompulsory(transactions[i]);
    refusal = verdict.reason;
    out.verdicts.push_back(verdict);
  }
  if (!refusal.ok()) {
    RevertTo(marks);
    return ToStatus(EngineReason::kGenesisRefused,
                    "transaction " + ToString(std::uint64_t{out.verdicts.size()}) + " of " +
                        ToString(std::uint64_t{transactions.size()}) + ": " + ToString(refusal));
  }
  DigestContents(transactions);
  return Conclude(header, transactions, marks, out);
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::Execute(const Block& block, BlockResult& out) {
  if (Tip() == nullptr) return ToStatus(EngineReason::kNoGenesis, "height 0 comes first");
  if (waiting_.size() == kMaxMarks) {
    return ToStatus(EngineReason::kTooManySpeculative, ToString(std::uint64_t{waiting_.size()}) +
                                                           " blocks wait, at most " +
                                                           ToString(std::uint64_t{kMaxMarks}));
  }
  if (absl::Status status = CheckSize(block.transactions.size()); !status.ok()) return status;
  Header header = NextHeader(block.time);
  header.parameters = block.parameters;
  header.prices = block.prices;
  const absl::StatusOr<TreeHead> liabilities = ReportHead(block.liabilities);
  if (!liabilities.ok()) return liabilities.status();
  header.liabilities = *liabilities;
  const Marks marks = Begin();
  if (absl::Status status = Judge(block, header.height, out); !status.ok()) {
    RevertTo(marks);
    return status;
  }
  return Conclude(header, block.transactions, marks, out);
}

// A report is of a state that is known: that of an earlier height.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::StatusOr<TreeHead> SettlementEngine<I, A, P, H>::ReportHead(
    std::span<const SumHead> heads) const {
  const Result<Accumulator<H>> tree = LiabilityTree(hasher_, heads);
  if (!tree.ok()) {
    return ToStatus(EngineReason::kReportRefused,
                    ToString(std::uint64_t{heads.size()}) + " heads: " + ToString(tree.reason()));
  }
  for (const SumHead& head : heads) {
    if (head.height <= Tip()->header.height) continue;
    return ToStatus(EngineReason::kReportRefused, "report of height " + ToString(head.height) +
                                                      ", latest is height " +
                                                      ToString(Tip()->header.height));
  }
  return tree->Head();
}

// Applies updates, settings, events and transactions. The caller reverts when this refuses.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::Judge(const Block& block, Height height,
                                                 BlockResult& out) {
  if (Reason reason = ledger_.Advance(height, block.time); !reason.ok()) {
    return ToStatus(LedgerReason::kTimeWentBack,
                    "block time " + ToString(block.time) + ", ledger " + ToString(ledger_.now()));
  }
  for (std::size_t i = 0; i < block.updates.size(); ++i) {
    if (Reason reason = authority_.Apply(block.updates[i]); !reason.ok()) {
      return ToStatus(EngineReason::kUpdateRefused,
                      "update " + ToString(std::uint64_t{i}) + ": " + ToString(reason));
    }
  }
  for (std::size_t i = 0; i < block.settings.size(); ++i) {
    if (Reason reason = ledger_.Configure(block.settings[i]); !reason.ok()) {
      return ToStatus(EngineReason::kSettingsRefused,
                      "settings " + ToString(std::uint64_t{i}) + ": " + ToString(reason));
    }
  }
  if (absl::Status status = ApplyEvents(block, height, out); !status.ok()) return status;
  DigestContents(block.transactions);
  const auto witness = authority_.Examine(block.credentials, contents_, block.time);
  if (!witness.ok()) {
    return ToStatus(EngineReason::kCredentialsRefused, ToString(witness.reason()));
  }
  out.verdicts.resize(block.transactions.size());
  ledger_.Apply(block.transactions, contents_,
                {.context = block.context, .authority = authority_, .witness = *witness},
                out.verdicts);
  return absl::OkStatus();
}

// The entries and receipts of a block's transactions, those of its events first.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
void SettlementEngine<I, A, P, H>::AddReceipts(std::span<const TransactionView> transactions,
                                               BlockResult& out) {
  CompactRange<H> entries(hasher_);
  out.receipts.clear();
  leaves_.clear();
  for (std::size_t i = 0; i < out.events.size(); ++i) {
    const TransactionView event = out.events[i].view();
    AddEntry(event.header.id, TransactionDigest(hasher_, event, bytes_), event_verdicts_[i],
             entries, out);
  }
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    AddEntry(transactions[i].header.id, contents_[i], out.verdicts[i], entries, out);
  }
  (void)receipts_.AppendDigests(leaves_);  // CheckSize saw to the room
  out.header.transactions = entries.Head();
  out.header.receipts = receipts_.Head();
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
void SettlementEngine<I, A, P, H>::AddEntry(const TransactionId& id, const Digest& content,
                                            const Verdict& verdict, CompactRange<H>& entries,
                                            BlockResult& out) {
  const TransactionEntry entry{.id = id,
                               .content = content,
                               .disposition = verdict.disposition,
                               .module = static_cast<std::uint16_t>(verdict.reason.module()),
                               .code = verdict.reason.code()};
  std::array<std::byte, kEncodedSize<detail::RecordHead> + kEncodedSize<TransactionEntry>> leaf{};
  BufferSink sink(leaf.data());
  EncodeRecordTo(sink, entry);
  (void)entries.Append(leaf);
  if (verdict.disposition != Disposition::kApplied) return;
  out.receipts.push_back({.id = id,
                          .content = content,
                          .index = verdict.index,
                          .height = verdict.height,
                          .time = verdict.time});
  leaves_.push_back(ReceiptLeaf(hasher_, out.receipts.back()));
}

// Receipts, roots and header of a block whose transactions have their verdicts. Refused, and
// reverted, only where the state has more accounts than there is room for.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::Conclude(const Header& header,
                                                    std::span<const TransactionView> transactions,
                                                    const Marks& marks, BlockResult& out) {
  out.header = header;
  AddReceipts(transactions, out);
  Reason reason = ledger_.ChangesSince(marks.ledger, out.changes);
  if (reason.ok()) reason = state_.Update(ledger_, marks.ledger, out.changes);
  if (!reason.ok()) {
    RevertTo(marks);
    return ToStatus(reason, ToString(reason) + ": " +
                                ToString(std::uint64_t{ledger_.account_count()}) + " accounts");
  }
  out.state = state_.Head(DigestOf(authority_));
  out.header.state = StateTreeHead(hasher_, out.state);
  out.digest = HeaderDigest(hasher_, out.header);
  waiting_.push_back({.block = {out.header, out.digest}, .marks = marks});
  return absl::OkStatus();
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
Digest SettlementEngine<I, A, P, H>::DigestOf(const A& authority) {
  if constexpr (requires { authority.root(); }) return authority.root();
  return {};
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::ProveAccount(const AccountKey& account,
                                                        AccountProof& out) const {
  if (Tip() == nullptr) return ToStatus(EngineReason::kNoGenesis, "0 blocks were executed");
  out.account = account;
  out.state = state_.Head(DigestOf(authority_));
  const auto& accounts = state_.accounts();
  if (const AccountLeaf* const leaf = accounts.Find(account); leaf != nullptr) {
    out.found = OpenedAccount{*leaf, *accounts.ProvePresent(account)};
  } else {
    out.found = *accounts.ProveAbsent(account);
  }
  return absl::OkStatus();
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::Finalize(const Verified<VoteStatement>& commit) {
  if (waiting_.empty()) {
    return ToStatus(EngineReason::kNothingSpeculative, "0 blocks wait for a certificate");
  }
  const Executed oldest = waiting_.front().block;
  if (absl::Status status = CheckCommit(oldest, commit); !status.ok()) return status;
  Release(waiting_.front().marks);
  waiting_.erase(waiting_.begin());
  MakeFinal(oldest);
  return absl::OkStatus();
}

// Whether the certificate makes this block final.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::CheckCommit(
    const Executed& block, const Verified<VoteStatement>& commit) const {
  if (commit->kind != VoteKind::kCommit) {
    return ToStatus(EngineReason::kNotCommit,
                    "vote kind " + ToString(static_cast<std::uint8_t>(commit->kind)) +
                        ", commit is " + ToString(static_cast<std::uint8_t>(VoteKind::kCommit)));
  }
  if (commit->digest != block.digest) {
    return ToStatus(EngineReason::kWrongHeader,
                    "certificate of " + ToString(commit->digest) + ", the header is of height " +
                        ToString(block.header.height) + " with " + ToString(block.digest));
  }
  const Domain domain = block.header.domain();
  if (commit.set_id() != domain.set ||
      commit.statement_digest() != StatementDigest(hasher_, domain, *commit)) {
    return ToStatus(EngineReason::kWrongDomain, "certificate by set " + ToString(commit.set_id()) +
                                                    ", header's set " + ToString(domain.set));
  }
  return absl::OkStatus();
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
void SettlementEngine<I, A, P, H>::MakeFinal(const Executed& block) {
  final_ = block;
  final_edge_.reset();
  if (const auto edge = receipts_.EdgeAt(final_->header.receipts.size); edge.ok()) {
    final_edge_ = *edge;
  }
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::ProveReceipt(LogIndex index, InclusionProof& out) const {
  if (!final_edge_ || index.value() >= final_edge_->size()) {
    return ToStatus(EngineReason::kNotFinal,
                    "receipt " + ToString(index) + ", final are " +
                        ToString(final_edge_ ? final_edge_->size() : std::uint64_t{0}));
  }
  std::array<Digest, kMaxPathLength> path;
  const Result<std::size_t> length = receipts_.ProveInclusion(index, *final_edge_, path);
  if (!length.ok()) return ToStatus(length.reason(), "receipts tree");
  (void)out.path.Resize(*length);
  std::copy_n(path.begin(), *length, out.path.begin());
  return absl::OkStatus();
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::PruneReceipts(LogIndex before) {
  const std::uint64_t final_size = final_edge_ ? final_edge_->size() : 0;
  if (before.value() > final_size) {
    return ToStatus(EngineReason::kNotFinal,
                    "receipt " + ToString(before) + ", final are " + ToString(final_size));
  }
  const Reason reason = receipts_.Prune(before.value());
  return reason.ok() ? absl::OkStatus() : ToStatus(reason, "receipts tree");
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::Rollback(Height height) {
  const auto from = std::find_if(
      waiting_.begin(), waiting_.end(),
      [height](const Waiting& waiting) { return waiting.block.header.height == height; });
  if (from == waiting_.end()) {
    return ToStatus(EngineReason::kNoSuchHeight,
                    "height " + ToString(height) + ", waiting are " +
                        ToString(std::uint64_t{waiting_.size()}) + " blocks after height " +
                        (final_ ? ToString(final_->header.height) : std::string("none")));
  }
  RevertTo(from->marks);
  waiting_.erase(from, waiting_.end());
  return absl::OkStatus();
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_IMPL_H_
