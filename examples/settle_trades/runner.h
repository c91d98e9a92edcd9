// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Settles a stream of trades, block by block: the main job, without files, clocks or printing. Who
// has a clock is told when each stage begins.
//
// Genesis holds the openings and deposits, one compulsory transaction for each account; the venue's
// key, every owner's key and every owner's delegation to the venue are in its state. Then each
// block
//
//   1. books its trades as legs (settle_trades/legs.h), one transaction each
//   2. is consented to by the venue with one signature
//   3. is executed speculatively: consent, form, limits and margin are judged
//   4. is voted on by the validators and certified
//   5. is made final, and the receipt of each settled trade is proved; of every hundredth receipt
//      the whole proof is verified as a stranger would
//
// The legs of a trade depend on the positions before it, and a block is booked before it is
// executed: on the assumption that its trades settle. If one is refused whose position a later
// trade of the block has touched, the block is rolled back, booked again with that trade known as
// refused, and executed again. Up to the first trade that comes out otherwise than assumed all is
// as if trades were executed one by one, so each round settles at least one more for good; what is
// certified is exactly the outcome of one by one.
//
//   absl::StatusOr<std::unique_ptr<Runner>> runner = Runner::Create(stream, options);
//   while (!(*runner)->done()) {
//     if (absl::Status status = (*runner)->SettleNextBlock(); !status.ok()) return status;
//   }

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_RUNNER_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/collateral.h"
#include "examples/settle_trades/genesis.h"
#include "examples/settle_trades/legs.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/types.h"
#include "settle/crypto/signer.h"
#include "settle/engine/settlement_engine.h"
#include "settle/engine/settlement_proof.h"
#include "settle/ledger/owner_keys.h"
#include "settle/ledger/types.h"
#include "settle/margin/requirement.h"
#include "settle/margin/transition_rule.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/vote_collector.h"

namespace settle::example {

// What the settling of a block consists of.
enum class Stage : std::uint8_t {
  kBooking = 0,       // trades as legs, and what follows the ledger
  kConsent = 1,       // the venue's digests and its signature
  kExecution = 2,     // SettlementEngine::Execute
  kVotes = 3,         // the validators' signatures, their certificate, and Finalize
  kProofs = 4,        // of every receipt
  kVerification = 5,  // of one proof in a hundred
};
inline constexpr std::size_t kStageCount = 6;

using VenueEngine = SettlementEngine<TransitionRule<ExactPpm>, OwnerKeys<>, VenueAccounts>;

struct RunnerOptions {
  std::size_t validators = 4;
  std::size_t block_size = 1'000;  // at least 1
  Collateral collateral = Collateral::kAmple;
  // The proof of each receipt whose index is a multiple of this is verified.
  std::size_t verify_every = 100;  // at least 1
  // Called when a stage begins.
  std::function<void(Stage)> on_stage = nullptr;
  // Called with each block but genesis as it was executed for good, and with what came out. Errors
  // are those of SettleNextBlock.
  std::function<absl::Status(const VenueEngine::Block&, const BlockResult&)> on_executed = nullptr;
};

class Runner {
 public:
  using Engine = VenueEngine;

  // Executes and certifies genesis. The stream outlives the runner. Errors: those of the engine and
  // of the quorum, which for a stream as described in stream.h are mistakes of this program.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Runner>> Create(const TradeStream& stream,
                                                                      const RunnerOptions& options);

  // Settles the next block_size trades, or what is left. Errors: as Create, and for a proof that
  // does not verify.
  [[nodiscard]] absl::Status SettleNextBlock();
  [[nodiscard]] bool done() const { return next_trade_ == stream_.trades.size(); }

  // Of the last block, at first genesis: its trades are first_trade() and those after it, with a
  // transaction and a verdict for each. There is a receipt and its path for each that settled.
  [[nodiscard]] std::size_t first_trade() const { return first_trade_; }
  [[nodiscard]] const BlockResult& result() const { return result_; }
  [[nodiscard]] std::span<const TransactionView> transactions() const { return transactions_; }
  [[nodiscard]] const Certificate<>& certificate() const { return certificate_; }
  [[nodiscard]] std::span<const InclusionProof> paths() const {
    return std::span(paths_).first(applied_.size());
  }
  // All that a stranger needs for the transaction of the receipt `number` of the last block.
  [[nodiscard]] SettlementProof<> ProofOf(std::size_t number) const;

  [[nodiscard]] const Engine& engine() const { return engine_; }
  // With the prices after the last block, by which the next one is judged.
  [[nodiscard]] const Market& market() const { return market_; }
  [[nodiscard]] const ValidatorSet<>& validators() const { return validators_; }
  [[nodiscard]] TrustRoot trust_root() const;
  [[nodiscard]] Weight certificate_weight() const;
  [[nodiscard]] std::size_t blocks() const { return blocks_; }  // genesis not counted
  // How many blocks were taken back because of what they refused.
  [[nodiscard]] std::size_t rollbacks() const { return rollbacks_; }
  [[nodiscard]] std::size_t proofs_verified() const { return proofs_verified_; }

 private:
  struct Parts;  // what must exist before the engine

  Runner(const TradeStream& stream, const RunnerOptions& options, Parts parts);

  // The legs of the transactions of a block, one after the other.
  struct Booked {
    std::vector<Leg> legs;
    std::vector<std::size_t> ends;  // of each transaction's legs
    friend bool operator==(const Booked&, const Booked&) = default;
  };

  void Enter(Stage stage) const {
    if (options_.on_stage) options_.on_stage(stage);
  }
  [[nodiscard]] absl::Status RunGenesis();
  void BookTrades(Booked& out);
  template <typename HeaderOf>
  void MakeTransactions(HeaderOf&& header_of);
  [[nodiscard]] absl::Status ConsentAsVenue();
  [[nodiscard]] absl::Status ExecuteUntilStable();
  [[nodiscard]] absl::Status ShowExecuted(const Engine::Block& block) const {
    return options_.on_executed ? options_.on_executed(block, result_) : absl::OkStatus();
  }
  // Compares the verdicts with assumed_refused_, which becomes what they are.
  [[nodiscard]] bool TakeVerdicts();
  [[nodiscard]] absl::Status Certify();
  [[nodiscard]] absl::Status ProveReceipts();
  void MovePrices();
  // Of the last block.
  [[nodiscard]] std::span<const Trade> Trades() const;

  const TradeStream& stream_;
  RunnerOptions options_;
  std::vector<Ed25519Signer> signers_;  // in the order of the set
  ValidatorSet<> validators_;
  Ed25519Signer venue_;
  Market market_;
  Domain domain_;
  Engine engine_;
  VoteCollector<> collector_;
  Booking booking_;  // follows the ledger
  Digest parameters_;
  Timestamp time_;

  // The last block.
  std::size_t first_trade_ = 0;
  std::size_t next_trade_ = 0;
  BlockResult result_;
  Booked booked_;
  std::vector<TransactionView> transactions_;
  std::vector<std::uint8_t> assumed_refused_;  // one for each trade of the block
  OwnerKeys<>::Credentials credentials_;
  Certificate<> certificate_;
  std::vector<std::size_t> applied_;   // which transactions have a receipt
  std::vector<InclusionProof> paths_;  // beside applied_, and room from earlier blocks

  std::size_t blocks_ = 0;
  std::size_t rollbacks_ = 0;
  std::size_t proofs_verified_ = 0;

  // Scratch.
  Booked rebooked_;
  std::vector<Digest> contents_;
  std::vector<std::byte> bytes_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_RUNNER_H_
