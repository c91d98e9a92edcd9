// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The composition that most hosts start from: blocks of transactions in, headers and proofs out.
//
// A block is executed speculatively on top of the last one; validators commit to the digest of its
// header; with their certificate it becomes final. What was executed and not certified can be taken
// back, the latest first, and leaves no trace. Nothing is signed here and nothing is sent: the
// engine decides, the host acts.
//
//   SettlementEngine<TransitionRule<>, OwnerKeys<>, MyAccounts> engine(options, rule, keys);
//   engine.ExecuteGenesis(time, openings, result);
//   ...commit certificate over result.digest...
//   engine.Finalize(*VerifyQuorum(set, result.header.domain(), certificate));
//   engine.Execute(block, result);
//
//        Execute            Execute            Finalize (the oldest)
//   final ------> waiting 1 ------> waiting 2 ------> ...
//     ^-------------- Rollback (the latest, back to a height) --------------

#ifndef SETTLE_ENGINE_SETTLEMENT_ENGINE_H_
#define SETTLE_ENGINE_SETTLEMENT_ENGINE_H_

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/base/verified.h"
#include "settle/crypto/hasher.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/engine/balance_proof.h"
#include "settle/engine/engine_state.h"
#include "settle/engine/fwd.h"
#include "settle/engine/header.h"
#include "settle/engine/liability_proof.h"
#include "settle/engine/market_event.h"
#include "settle/engine/reason.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/changes.h"
#include "settle/ledger/compact_range.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/state_commitment.h"
#include "settle/ledger/sum_proof.h"
#include "settle/ledger/transaction.h"
#include "settle/ledger/types.h"
#include "settle/quorum/vote.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxBlockTransactions = std::size_t{1} << 20;

struct EngineOptions {
  NetworkId network{};
  GroupId group{};
  Epoch epoch{};
  ValidatorSetId validator_set{};
  LedgerOptions ledger{};
};

// What the host learns of an executed block, in buffers that it owns and reuses.
struct BlockResult {
  Header header{};
  Digest digest{};                    // of the header: what validators commit to
  StateCommitment state{};            // what its state root is the digest of
  LedgerChanges changes{};            // every account and hold that it wrote, with the entries
  std::vector<Transaction> events{};  // made of the block's market events, and all applied
  std::vector<Verdict> verdicts{};    // one for each transaction of the block, and none of events
  std::vector<Receipt> receipts{};    // of all that were applied now, in order: events' first
};

template <LedgerInvariant Invariant, Authority AuthorityPolicy, AccountPolicy Accounts,
          typename HasherT>
class SettlementEngine {
  static_assert(RequireHasher<HasherT>());

 public:
  using LedgerType = Ledger<Invariant, AuthorityPolicy, Accounts>;
  using Context = typename Invariant::Context;
  using Credentials = typename AuthorityPolicy::Credentials;
  using Update = typename AuthorityPolicy::Update;

  // A block as it comes out of agreement. All of it stays the caller's.
  struct Block {
    Timestamp time;                                   // log time, never before the last block's
    std::span<const TransactionView> transactions{};  // of class kChosen
    std::span<const Update> updates{};                // changes of the authority, applied first
    std::span<const AccountSettings> settings{};      // what is set of accounts, applied next
    // Funding, daily settlement and expiry by certified prices, in this order, before any
    // transaction is judged: at most one of each rule and contract.
    std::span<const MarketEvent> events{};
    const Credentials& credentials;  // the consents to the transactions
    const Context& context;          // certified prices and parameters
    Digest parameters{};             // their digests, for the header
    Digest prices{};
    std::span<const SumHead>
        liabilities{};  // a report, at its heights: by asset, see LiabilityTree
  };

  // `authority` knows the owners that the genesis of the network registers.
  explicit SettlementEngine(EngineOptions options, Invariant invariant, AuthorityPolicy authority,
                            Accounts accounts = {})
      : options_(options),
        ledger_(options.ledger, std::move(invariant), std::move(accounts)),
        authority_(std::move(authority)),
        state_(options.ledger.hash_seed) {}

  // Executes the block at height 0: compulsory transactions of rule kGenesis. All are applied or
  // nothing happened. Errors: kGenesisTwice, kTooManyTransactions, kGenesisRefused with the
  // position and the reason.
  absl::Status ExecuteGenesis(Timestamp time, std::span<const TransactionView> transactions,
                              BlockResult& out);

  // Executes a block on top of the last one. A refused transaction is in `out` and takes nothing
  // else with it; a refused block changes nothing, and an event of which anything is refused
  // refuses the block. The transactions of events stand before the block's own in its transactions
  // tree and among the receipts. Errors: kNoGenesis, kTooManySpeculative, kTooManyTransactions
  // (those of events count), kReportRefused, kTimeWentBack, kUpdateRefused, kSettingsRefused,
  // kEventRefused, kCredentialsRefused.
  absl::Status Execute(const Block& block, BlockResult& out);

  // Makes the oldest waiting block final. Errors: kNothingSpeculative, kNotCommit, kWrongHeader,
  // kWrongDomain.
  absl::Status Finalize(const Verified<VoteStatement>& commit);

  // Takes back the waiting blocks from `height` on. Errors: kNoSuchHeight.
  absl::Status Rollback(Height height);

  // The whole value at the last final header, for a snapshot. Errors: kNotFinal while blocks wait,
  // or before genesis is final; BaseReason::kTooMany. Cost: a copy of everything.
  [[nodiscard]] absl::StatusOr<EngineState> Freeze(ReceiptsKept receipts) const;

  // Becomes the engine that was frozen, before any block was executed here; the authority is one of
  // the same network and group. Everything is checked against the header, and that against its
  // certificate. Errors, with nothing changed: kGenesisTwice, those of Finalize, kStateMismatch,
  // those of Ledger::Recover, of decoding, and of LedgerCommitment::Recover. Cost: two to four
  // hashes for each account, one for each id, hold and receipt.
  absl::Status Recover(const EngineState& state, const Verified<VoteStatement>& commit);

  // The path from the receipt at `index` to the last final header. Errors: kNotFinal. Copies only.
  absl::Status ProveReceipt(LogIndex index, InclusionProof& out) const;

  // Forgets the receipts below `before`, which can then not be proved here any more; changes no
  // root. A host that keeps engines running prunes: 2^32 - 1 receipts are held at most. Errors:
  // kNotFinal for receipts that are not final. Cost: a copy of log2 n hashes.
  absl::Status PruneReceipts(LogIndex before);

  // What the account has after the latest executed block, whose header is `latest_header()`: with
  // its certificate, once it is final, a BalanceProof. Errors: kNoGenesis. Cost: two look-ups and a
  // cache line a step; a hash a step for an account that was never opened.
  absl::Status ProveAccount(const AccountKey& account, AccountProof& out) const;

  // The header of the latest executed block, final or not, or nullptr.
  [[nodiscard]] const Header* latest_header() const { return Tip() ? &Tip()->header : nullptr; }
  // The last final header and its digest, or nullptr before genesis is final.
  [[nodiscard]] const Header* final_header() const { return final_ ? &final_->header : nullptr; }
  [[nodiscard]] Digest final_digest() const { return final_ ? final_->digest : Digest(); }
  [[nodiscard]] std::size_t speculative() const { return waiting_.size(); }
  [[nodiscard]] const LedgerType& ledger() const { return ledger_; }
  [[nodiscard]] const AuthorityPolicy& authority() const { return authority_; }
  [[nodiscard]] const LedgerCommitment<HasherT>& state() const { return state_; }
  // Room for so many accounts and ids, so that nothing is allocated before.
  void Reserve(std::size_t accounts, std::size_t ids) {
    ledger_.Reserve(accounts, ids);
    state_.Reserve(accounts);
  }

 private:
  static constexpr bool kAuthorityReverts = Revertible<AuthorityPolicy>;
  static constexpr bool kAuthorityIsEncoded = requires { typename AuthorityPolicy::Fields; };
  static constexpr bool kAuthorityIsCommitted = requires(const AuthorityPolicy& policy) {
    { policy.root() } -> std::convertible_to<Digest>;
  };
  static_assert(!kAuthorityIsEncoded || (kAuthorityReverts && kAuthorityIsCommitted),
                "an authority with state reverts with its block and stands under the state root");

  struct Executed {
    Header header;
    Digest digest;
  };
  struct Marks {
    Mark ledger;
    Mark authority;
    Mark receipts;
    Mark state;
  };
  struct Waiting {
    Executed block;
    Marks marks;
  };

  [[nodiscard]] const Executed* Tip() const {
    if (!waiting_.empty()) return &waiting_.back().block;
    return final_ ? &*final_ : nullptr;
  }
  Marks Begin();
  void RevertTo(const Marks& marks);
  void Release(const Marks& marks);
  [[nodiscard]] absl::Status Conclude(const Header& header,
                                      std::span<const TransactionView> transactions,
                                      const Marks& marks, BlockResult& out);
  [[nodiscard]] absl::Status Judge(const Block& block, Height height, BlockResult& out);
  [[nodiscard]] absl::Status ApplyEvents(const Block& block, Height height, BlockResult& out);
  [[nodiscard]] Reason ApplyEvent(const MarketEvent& event, const ContractHolders& holders,
                                  const EventPlace& place, BlockResult& out);
  void AddEntry(const TransactionId& id, const Digest& content, const Verdict& verdict,
                CompactRange<HasherT>& entries, BlockResult& out);
  void AddReceipts(std::span<const TransactionView> transactions, BlockResult& out);
  [[nodiscard]] absl::StatusOr<TreeHead> ReportHead(std::span<const SumHead> heads) const;
  [[nodiscard]] static Digest DigestOf(const AuthorityPolicy& authority);
  [[nodiscard]] absl::Status CheckCommit(const Executed& block,
                                         const Verified<VoteStatement>& commit) const;
  void MakeFinal(const Executed& block);
  [[nodiscard]] absl::Status RecoverAuthority(const EngineState& state,
                                              AuthorityPolicy& authority) const;
  [[nodiscard]] Header NextHeader(Timestamp time) const;
  void DigestContents(std::span<const TransactionView> transactions);
  [[nodiscard]] absl::Status CheckSize(std::size_t transactions) const;

  EngineOptions options_;
  SETTLE_NO_UNIQUE_ADDRESS HasherT hasher_;
  LedgerType ledger_;
  AuthorityPolicy authority_;
  Accumulator<HasherT> receipts_;
  LedgerCommitment<HasherT> state_;
  std::optional<Executed> final_;
  std::optional<TreeEdge> final_edge_;  // derived: of the receipts under the final header
  std::vector<Waiting> waiting_;

  // Scratch, no part of the value.
  std::vector<std::byte> bytes_;
  std::vector<Digest> contents_;
  std::vector<Digest> leaves_;
  std::vector<Verdict> event_verdicts_;
};

SETTLE_NAMESPACE_END

#include "settle/engine/detail/settlement_engine_events.h"
#include "settle/engine/detail/settlement_engine_impl.h"
#include "settle/engine/detail/settlement_engine_recover.h"

#endif  // SETTLE_ENGINE_SETTLEMENT_ENGINE_H_
