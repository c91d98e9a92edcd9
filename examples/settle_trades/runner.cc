// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/runner.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "examples/settle_trades/keys.h"
#include "examples/settle_trades/reasons.h"
#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/transaction.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/valuation.h"
#include "settle/quorum/verify.h"
#include "settle/quorum/vote.h"

namespace settle::example {

namespace {

constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;
// How long after its block's log time a transaction may still be applied.
constexpr std::uint64_t kValidFor = 60'000 * kNanosecondsPerMillisecond;

Timestamp TimeOf(const Trade& trade) {
  return Timestamp(trade.time_ms * kNanosecondsPerMillisecond);
}

absl::Status Failed(const char* what, Reason reason) {
  return absl::InternalError(absl::StrCat(what, ": ", NameOf(reason)));
}

}  // namespace

struct Runner::Parts {
  Validators validators;
  Ed25519Signer venue;
  Market market;
  OwnerKeys<> keys;
  VoteCollector<> collector;
  Domain domain;
};

absl::StatusOr<std::unique_ptr<Runner>> Runner::Create(const TradeStream& stream,
                                                       const RunnerOptions& options) {
  absl::StatusOr<Validators> validators = MakeValidators(options.validators);
  if (!validators.ok()) return validators.status();
  Result<Ed25519Signer> venue = DemonstrationSigner("venue", 0);
  if (!venue.ok()) return Failed("venue", venue.reason());
  absl::StatusOr<Market> market = MakeMarket(stream);
  if (!market.ok()) return market.status();
  absl::StatusOr<OwnerKeys<>> keys = MakeOwnerKeys(stream);
  if (!keys.ok()) return keys.status();
  const Domain domain{.network = DemonstrationNetwork(),
                      .group = kGroup,
                      .epoch = kEpoch,
                      .set = validators->set.id()};
  absl::StatusOr<VoteCollector<>> collector =
      VoteCollector<>::Create(validators->set, domain, Round(0));
  if (!collector.ok()) return collector.status();
  std::unique_ptr<Runner> runner(new Runner(stream, options,
                                            {.validators = *std::move(validators),
                                             .venue = *std::move(venue),
                                             .market = *std::move(market),
                                             .keys = *std::move(keys),
                                             .collector = *std::move(collector),
                                             .domain = domain}));
  if (absl::Status status = runner->RunGenesis(); !status.ok()) return status;
  return runner;
}

Runner::Runner(const TradeStream& stream, const RunnerOptions& options, Parts parts)
    : stream_(stream),
      options_(options),
      signers_(std::move(parts.validators.signers)),
      validators_(parts.validators.set),
      venue_(std::move(parts.venue)),
      market_(std::move(parts.market)),
      domain_(parts.domain),
      engine_({.network = parts.domain.network,
               .group = parts.domain.group,
               .epoch = parts.domain.epoch,
               .validator_set = parts.domain.set,
               .ledger = {.id_capacity = SizeOf(stream).ids}},
              {}, std::move(parts.keys)),
      collector_(std::move(parts.collector)),
      booking_(stream),
      parameters_(Sha256().Hash(EncodeRecord(market_.parameters))) {
  engine_.Reserve(SizeOf(stream).accounts, SizeOf(stream).ids);
}

absl::Status Runner::RunGenesis() {
  if (!stream_.trades.empty()) time_ = TimeOf(stream_.trades.front());
  Openings openings = BookOpenings(stream_, options_.collateral);
  booked_ = {.legs = std::move(openings.legs), .ends = std::move(openings.ends)};
  MakeTransactions([](std::size_t i) {
    return TransactionHeader{.id = GenesisId(i + 1),
                             .transaction_class = TransactionClass::kCompulsory,
                             .rule = CompulsoryRule::kGenesis};
  });
  absl::Status status = engine_.ExecuteGenesis(time_, transactions_, result_);
  if (status.ok()) status = Certify();
  if (status.ok()) status = ProveReceipts();
  return status;
}

absl::Status Runner::SettleNextBlock() {
  Enter(Stage::kBooking);
  first_trade_ = next_trade_;
  next_trade_ = std::min(first_trade_ + options_.block_size, stream_.trades.size());
  for (const Trade& trade : Trades()) time_ = std::max(time_, TimeOf(trade));
  absl::Status status = ExecuteUntilStable();
  if (status.ok()) status = Certify();
  if (status.ok()) status = ProveReceipts();
  Enter(Stage::kBooking);
  booking_.Mark();
  MovePrices();
  ++blocks_;
  return status;
}

std::span<const Trade> Runner::Trades() const {
  return std::span(stream_.trades).subspan(first_trade_, next_trade_ - first_trade_);
}

// Books the block's trades from the last block's positions.
void Runner::BookTrades(Booked& out) {
  const std::span<const Trade> trades = Trades();
  out.legs.clear();
  out.ends.clear();
  for (std::size_t i = 0; i < trades.size(); ++i) {
    const TradeLegs legs = booking_.LegsOf(trades[i]);
    out.legs.insert(out.legs.end(), legs.view().begin(), legs.view().end());
    out.ends.push_back(out.legs.size());
    if (assumed_refused_[i] == 0) booking_.Book(trades[i]);
  }
}

// One transaction for each of what is booked; `header_of(i)` is all but its legs and its time.
template <typename HeaderOf>
void Runner::MakeTransactions(HeaderOf&& header_of) {
  const Timestamp valid_until(time_.value() + kValidFor);
  const std::span<const Leg> legs(booked_.legs);
  transactions_.clear();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < booked_.ends.size(); ++i) {
    TransactionHeader header = header_of(i);
    header.valid_until = valid_until;
    transactions_.push_back(
        {.header = header, .legs = legs.subspan(begin, booked_.ends[i] - begin)});
    begin = booked_.ends[i];
  }
}

// The venue's one signature for all owners of the block.
absl::Status Runner::ConsentAsVenue() {
  contents_.clear();
  for (const TransactionView& transaction : transactions_) {
    contents_.push_back(TransactionDigest(Sha256(), transaction, bytes_));
  }
  const VenueConsent consent{.venue = kVenue,
                             .root = OwnerKeys<>::RootOf(contents_),
                             .count = contents_.size(),
                             .valid_until = Timestamp(time_.value() + kValidFor)};
  const Result<Ed25519::Signature> signature =
      venue_.Sign(BytesToSign(engine_.authority().domain(), consent));
  if (!signature.ok()) return Failed("the venue's signature", signature.reason());
  credentials_.venue = {.consent = consent, .signature = *signature};
  return absl::OkStatus();
}

absl::Status Runner::ExecuteUntilStable() {
  const std::span<const Trade> trades = Trades();
  const Digest prices = Sha256().Hash(EncodeRecord(market_.prices));
  const Valuation valuation(market_.parameters, market_.prices);
  const MarginContext context{.valuation = valuation};
  assumed_refused_.assign(trades.size(), 0);
  BookTrades(booked_);
  // Each round fixes the outcome of one more trade at least.
  for (std::size_t round = 0; round <= trades.size(); ++round) {
    MakeTransactions([trades](std::size_t i) {
      return TransactionHeader{.id = TransactionId::FromNumber(trades[i].id)};
    });
    Enter(Stage::kConsent);
    if (absl::Status status = ConsentAsVenue(); !status.ok()) return status;
    Enter(Stage::kExecution);
    const Engine::Block block{.time = time_,
                              .transactions = transactions_,
                              .updates = {},
                              .credentials = credentials_,
                              .context = context,
                              .parameters = parameters_,
                              .prices = prices};
    if (absl::Status status = engine_.Execute(block, result_); !status.ok()) return status;
    Enter(Stage::kBooking);
    if (TakeVerdicts()) return ShowExecuted(block);
    booking_.Revert();
    BookTrades(rebooked_);
    // What was executed is already what follows from these verdicts.
    if (rebooked_ == booked_) return ShowExecuted(block);
    Enter(Stage::kExecution);
    if (absl::Status status = engine_.Rollback(result_.header.height); !status.ok()) return status;
    Enter(Stage::kBooking);
    std::swap(booked_, rebooked_);
    ++rollbacks_;
  }
  return absl::InternalError("a block does not come to rest");
}

bool Runner::TakeVerdicts() {
  bool as_assumed = true;
  for (std::size_t i = 0; i < result_.verdicts.size(); ++i) {
    const std::uint8_t refused = result_.verdicts[i].ok() ? 0 : 1;
    as_assumed = as_assumed && assumed_refused_[i] == refused;
    assumed_refused_[i] = refused;
  }
  return as_assumed;
}

absl::Status Runner::Certify() {
  Enter(Stage::kVotes);
  const std::uint64_t height = result_.header.height.value();
  const VoteStatement statement{.kind = VoteKind::kCommit,
                                .round = Round(height),
                                .digest = result_.digest,
                                .parent_round = Round(height == 0 ? 0 : height - 1)};
  const auto bytes = BytesToSign(domain_, statement);
  if (Reason reason = collector_.AdvanceTo(statement.round); !reason.ok()) {
    return Failed("collector", reason);
  }
  for (std::size_t i = 0; i < signers_.size(); ++i) {
    const Result<Ed25519::Signature> signature = signers_[i].Sign(bytes);
    if (!signature.ok()) return Failed("a validator's signature", signature.reason());
    const SignerIndex signer(static_cast<std::uint16_t>(i));
    const Result<VoteOutcome> added = collector_.Add({statement, signer, *signature});
    if (!added.ok()) return Failed("a vote", added.reason());
  }
  absl::StatusOr<Certificate<>> certificate =
      collector_.CertificateFor(statement.round, statement.kind, statement.digest);
  if (!certificate.ok()) return certificate.status();
  certificate_ = *std::move(certificate);
  const auto commit = VerifyQuorum(validators_, domain_, certificate_);
  if (!commit.ok()) return commit.status();
  return engine_.Finalize(*commit);
}

absl::Status Runner::ProveReceipts() {
  Enter(Stage::kProofs);
  applied_.clear();
  for (std::size_t i = 0; i < result_.verdicts.size(); ++i) {
    if (result_.verdicts[i].disposition == Disposition::kApplied) applied_.push_back(i);
  }
  if (paths_.size() < applied_.size()) paths_.resize(applied_.size());
  for (std::size_t i = 0; i < applied_.size(); ++i) {
    const LogIndex index = result_.receipts[i].index;
    if (absl::Status status = engine_.ProveReceipt(index, paths_[i]); !status.ok()) return status;
    if (index.value() % options_.verify_every != 0) continue;
    Enter(Stage::kVerification);
    const auto settled =
        VerifySettlement(validators_, domain_.network, domain_.group, domain_.epoch, ProofOf(i));
    if (!settled.ok()) return settled.status();
    ++proofs_verified_;
    Enter(Stage::kProofs);
  }
  return absl::OkStatus();
}

SettlementProof<> Runner::ProofOf(std::size_t number) const {
  const TransactionView& view = transactions_[applied_[number]];
  SettlementProof<> proof{.header = result_.header,
                          .certificate = certificate_,
                          .receipt = result_.receipts[number],
                          .path = paths_[number]};
  proof.transaction.header = view.header;
  (void)proof.transaction.legs.Resize(view.legs.size());  // the engine admits no more than fit
  std::copy(view.legs.begin(), view.legs.end(), proof.transaction.legs.begin());
  return proof;
}

TrustRoot Runner::trust_root() const {
  TrustRoot root{.network = domain_.network, .group = domain_.group, .epoch = domain_.epoch};
  const std::vector<std::byte> set = validators_.Encode();
  (void)root.validator_set.Resize(set.size());  // 40 bytes for each of 65,535 members fit
  std::copy(set.begin(), set.end(), root.validator_set.begin());
  return root;
}

Weight Runner::certificate_weight() const {
  Weight weight;
  for (std::uint16_t i = 0; i < validators_.size(); ++i) {
    if (certificate_.signers.Contains(SignerIndex(i))) {
      (void)AddTo(weight, validators_.members()[i].weight);
    }
  }
  return weight;
}

// A refused trade was still a trade at its price: the mark is the last price of the stream.
void Runner::MovePrices() {
  for (const Trade& trade : Trades()) {
    const Coin& coin = stream_.coins[trade.coin];
    if (coin.is_spot) continue;
    // Every price of a stream is within the instrument's bounds.
    (void)market_.prices.Set(market_.parameters.instruments, market_.instrument_of[trade.coin],
                             PriceTicks(trade.price / coin.tick_value));
  }
}

}  // namespace settle::example
