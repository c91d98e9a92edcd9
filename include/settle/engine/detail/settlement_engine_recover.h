// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Freezing and recovering an engine: included by settle/engine/settlement_engine.h alone.

#ifndef SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_RECOVER_H_
#define SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_RECOVER_H_

#include "settle/engine/settlement_engine.h"

SETTLE_NAMESPACE_BEGIN

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::StatusOr<EngineState> SettlementEngine<I, A, P, H>::Freeze(ReceiptsKept receipts) const {
  if (!IsKnownEnumerator(receipts)) {
    return ToStatus(BaseReason::kUnknownEnumerator,
                    "receipts kept: " + ToString(static_cast<std::uint8_t>(receipts)));
  }
  if (!final_ || !waiting_.empty()) {
    return ToStatus(EngineReason::kNotFinal,
                    ToString(std::uint64_t{waiting_.size()}) + " blocks wait, final is height " +
                        (final_ ? ToString(final_->header.height) : std::string("none")));
  }
  EngineState state{.header = final_->header, .state = state_.Head(DigestOf(authority_))};
  state.ledger = ledger_.State();
  for (const AccountState& account : state.ledger.accounts) {
    (void)state.histories.Add(state_.accounts().Find(account.key)->history);
  }
  std::vector<std::byte> bytes;
  if (receipts == ReceiptsKept::kAll) {
    AppendEncoding(bytes, receipts_);
  } else {
    AppendEncoding(bytes, *Accumulator<H>::Thaw(*receipts_.Freeze(receipts_.size()), hasher_));
  }
  auto kept = Bounded<std::byte, 0xffffffff>::From(std::move(bytes));
  if (!kept) return ToStatus(BaseReason::kTooMany, "receipts of 2^32 bytes and more");
  state.receipts = *std::move(kept);
  if constexpr (kAuthorityIsEncoded) {
    auto encoded = Bounded<std::byte, 0xffffffff>::From(Encode(authority_));
    if (!encoded) return ToStatus(BaseReason::kTooMany, "an authority of 2^32 bytes and more");
    state.authority = *std::move(encoded);
  }
  return state;
}

// The header first, then every part beside what the header says of it; only then is anything
// changed.
template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::Recover(const EngineState& state,
                                                   const Verified<VoteStatement>& commit) {
  if (Tip() != nullptr) return ToStatus(EngineReason::kGenesisTwice, "a block was executed");
  const Executed block{state.header, HeaderDigest(hasher_, state.header)};
  if (absl::Status status = CheckCommit(block, commit); !status.ok()) return status;
  const Domain domain = state.header.domain();
  if (domain.network != options_.network || domain.group != options_.group) {
    return ToStatus(EngineReason::kWrongDomain, "state of group " + ToString(domain.group) +
                                                    ", engine of group " +
                                                    ToString(options_.group));
  }
  if (StateTreeHead(hasher_, state.state) != state.header.state) {
    return ToStatus(EngineReason::kStateMismatch, "the state commitment is not the header's");
  }
  Result<LedgerType> ledger =
      LedgerType::Recover(state.ledger, options_.ledger, ledger_.invariant(), ledger_.policy());
  if (!ledger.ok()) return ToStatus(ledger.reason(), "ledger: " + ToString(ledger.reason()));
  if (ledger->height() != state.header.height || ledger->now() != state.header.time ||
      ledger->next_index().value() != state.header.receipts.size) {
    return ToStatus(EngineReason::kStateMismatch,
                    "ledger of height " + ToString(ledger->height()) + ", header of height " +
                        ToString(state.header.height) + ", or of another time or receipt");
  }
  Accumulator<H> receipts(hasher_);
  if (const DecodeOutcome decoded = DecodeInto(ByteView(state.receipts), receipts); !decoded.ok()) {
    return ToStatus(decoded.reason, "receipts: " + ToString(decoded.reason));
  }
  if (receipts.Head() != state.header.receipts) {
    return ToStatus(EngineReason::kStateMismatch, "the receipts are not the header's");
  }
  A authority = authority_;
  if (absl::Status status = RecoverAuthority(state, authority); !status.ok()) return status;
  LedgerCommitment<H> commitment(options_.ledger.hash_seed, hasher_);
  const Reason reason = commitment.Recover(
      *ledger, std::span(state.histories.data(), state.histories.size()), state.state);
  if (!reason.ok()) return ToStatus(reason, "state: " + ToString(reason));
  // From here on nothing is refused.
  ledger_ = *std::move(ledger);
  receipts_ = std::move(receipts);
  authority_ = std::move(authority);
  state_ = std::move(commitment);
  MakeFinal(block);
  return absl::OkStatus();
}

template <LedgerInvariant I, Authority A, AccountPolicy P, typename H>
absl::Status SettlementEngine<I, A, P, H>::RecoverAuthority(const EngineState& state,
                                                            A& authority) const {
  if constexpr (kAuthorityIsEncoded) {
    const DecodeOutcome decoded = DecodeInto(ByteView(state.authority), authority);
    if (!decoded.ok()) {
      return ToStatus(decoded.reason, "authority: " + ToString(decoded.reason));
    }
  } else if (!state.authority.empty()) {
    return ToStatus(BaseReason::kNotCanonical, "an authority that has no state");
  }
  if (DigestOf(authority) == state.state.authority) return absl::OkStatus();
  return ToStatus(EngineReason::kStateMismatch, "the authority is not the header's");
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_DETAIL_SETTLEMENT_ENGINE_RECOVER_H_
