// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Collects votes, in any order and from anybody, until they make a certificate.
//
// What it keeps, for each (round, kind) of a window of rounds and for each validator:
//   the first vote that verified, which counts and which nothing ever displaces or withdraws;
//   the first that verified and says something else, which does not count and is the proof that
//   its signer lies. A third says nothing new and is refused unread.
// So nothing that one signer sends touches what another has sent, and memory has a ceiling,
// MemoryCeiling(n), that no flood passes: rooms are made by verified votes alone.
//
//   VoteCollector<> collector = *VoteCollector<>::Create(set, domain, Round(1));
//   Result<VoteOutcome> outcome = collector.Add(vote);
//   if (outcome.ok() && *outcome == VoteOutcome::kCertified) {
//     Send(*collector.CertificateFor(statement.round, statement.kind, statement.digest));
//   }
//
// A collector is a value: the votes that it keeps. The weights are derived from them.

#ifndef SETTLE_QUORUM_VOTE_COLLECTOR_H_
#define SETTLE_QUORUM_VOTE_COLLECTOR_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/status.h"
#include "settle/base/types.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/statement.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/detail/sentence.h"
#include "settle/quorum/detail/vote_box.h"
#include "settle/quorum/fwd.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/vote.h"

SETTLE_NAMESPACE_BEGIN

// What became of a vote that was not refused.
enum class VoteOutcome : std::uint8_t {
  kCounted = 1,    // counts; its statement has no quorum yet
  kCertified = 2,  // counts, and with it its statement has a quorum: once for each statement
  kExtended = 3,   // counts, for a statement that had its quorum before
  kDuplicate = 4,  // says what the signer's counted vote says; nothing changed
  kConflict = 5,   // says otherwise than the signer's counted vote: kept beside it, not counted
};

// `kWindow` is how many rounds are open at a time.
template <typename Scheme, std::size_t kWindow>
class VoteCollector {
  static_assert(RequireSignatureScheme<Scheme>());
  static_assert(kWindow >= 1, "a collector has at least one round open");

 public:
  // For votes of members of `set` in `domain`, of the kWindow rounds from `lowest` on. Errors:
  // kWrongSet when the domain is of another set.
  [[nodiscard]] static absl::StatusOr<VoteCollector> Create(const ValidatorSet<Scheme>& set,
                                                            const Domain& domain, Round lowest) {
    if (domain.set != set.id()) {
      return ToStatus(
          QuorumReason::kWrongSet,
          detail::Sentence("domain of validator set ", domain.set, ", expected ", set.id()));
    }
    return VoteCollector(set, domain, lowest);
  }

  // The collector whose encoding, `Encode(collector)`, is exactly `bytes`: a record of the host's
  // own, whose signatures are not verified again. Errors: those of decoding; kWrongNetwork,
  // kWrongGroup, kWrongEpoch, kWrongSet when it was made for another domain; kWrongSignerBits,
  // kUnknownSigner, kRoundOutsideWindow and kNotCanonical for votes that no collector keeps so.
  // Memory: at most 128 times the size of `bytes`.
  [[nodiscard]] static absl::StatusOr<VoteCollector> Recover(const ValidatorSet<Scheme>& set,
                                                             const Domain& domain, ByteView bytes) {
    absl::StatusOr<VoteCollector> collector = Create(set, domain, Round(0));
    if (!collector.ok()) return collector;
    if (absl::Status status = CheckDomain(domain, bytes); !status.ok()) return status;
    const DecodeOutcome outcome = DecodeInto(bytes, *collector);
    if (!outcome.ok()) return detail::DecodeStatus<QuorumReason>(outcome, bytes.size());
    return collector;
  }

  // Takes one vote. Errors, in this order: kUnknownKind, kRoundOutsideWindow, kUnknownSigner,
  // kConflictingVote, kBadSignature; a refused vote changes nothing. Cost: one verification, none
  // for a copy of a counted vote or a third statement of a signer; no allocation once each room of
  // the window has been used, unless signers of one room contradict each other or themselves more
  // than ever before.
  [[nodiscard]] Result<VoteOutcome> Add(const Vote<Scheme>& vote) {
    const VoteStatement& statement = vote.statement;
    const QuorumReason reason = CheckRoom(statement.round, statement.kind);
    if (reason != QuorumReason::kOk) return reason;
    const Validator<Scheme>* signer = set_.Find(vote.signer);
    if (signer == nullptr) return QuorumReason::kUnknownSigner;

    const std::size_t room = RoomOf(statement.round, statement.kind);
    detail::VoteBox<Scheme>& box = boxes_[room];
    const detail::KeptVote<Scheme>* counted = box.Counted(vote.signer);
    const bool says_the_same = counted != nullptr && counted->Says(statement);
    if (says_the_same && counted->signature == vote.signature) return VoteOutcome::kDuplicate;
    if (counted != nullptr && !says_the_same && box.Conflict(vote.signer) != nullptr) {
      return QuorumReason::kConflictingVote;
    }
    const auto bytes = BytesToSign(domain_, statement);
    if (!VerifyStatement<Scheme>(*set_.FindKey(vote.signer), bytes, vote.signature).ok()) {
      return QuorumReason::kBadSignature;
    }
    // Another signature under the same statement is no other statement.
    if (says_the_same) return VoteOutcome::kDuplicate;

    // After this point it must succeed.
    const detail::KeptVote<Scheme> kept{statement.digest, statement.parent_round, vote.signature};
    if (counted != nullptr) {
      box.KeepConflict(vote.signer, kept);
      return VoteOutcome::kConflict;
    }
    box.Count(set_.size(), vote.signer, kept);
    Weight& weight = tallies_[room].Of(kept.digest, kept.parent_round).weight;
    const Weight before = weight;
    (void)AddTo(weight, signer->weight);  // at most the total of the set
    if (set_.quorum().IsCrossedBetween(before, weight)) return VoteOutcome::kCertified;
    return set_.quorum().IsReachedBy(before) ? VoteOutcome::kExtended : VoteOutcome::kCounted;
  }

  // Closes the rounds below `lowest`, forgetting their votes, and opens as many above. Errors:
  // kRoundOutsideWindow when `lowest` would fall. O(1) for each round closed, at most kWindow.
  [[nodiscard]] Reason AdvanceTo(Round lowest) {
    if (lowest < lowest_) return QuorumReason::kRoundOutsideWindow;
    const std::uint64_t closed = std::min<std::uint64_t>(lowest.value() - lowest_.value(), kWindow);
    for (std::uint64_t i = 0; i < closed; ++i) {
      for (std::size_t kind = 0; kind < kVoteKinds; ++kind) {
        const std::size_t room = FirstRoomOf(Round(lowest_.value() + i)) + kind;
        boxes_[room].Clear();
        tallies_[room].Clear();
      }
    }
    lowest_ = lowest;
    return {};
  }

  // All votes that count for what was voted on with this digest. Errors: kUnknownKind,
  // kRoundOutsideWindow, kTooLittleWeight while no statement has a quorum. O(n).
  [[nodiscard]] absl::StatusOr<Certificate<Scheme>> CertificateFor(Round round, VoteKind kind,
                                                                   const Digest& digest) const {
    if (const QuorumReason reason = CheckRoom(round, kind); reason != QuorumReason::kOk) {
      return ToStatus(reason,
                      detail::Sentence("vote kind ", static_cast<std::uint8_t>(kind), " of round ",
                                       round, ", ", kWindow, " rounds are open from ", lowest_));
    }
    const detail::Tally heaviest = tallies_[RoomOf(round, kind)].HeaviestOf(digest);
    if (!set_.quorum().IsReachedBy(heaviest.weight)) {
      return ToStatus(
          QuorumReason::kTooLittleWeight,
          detail::Sentence("signed weight ", heaviest.weight, ", quorum ", set_.quorum().weight()));
    }
    Certificate<Scheme> certificate;
    certificate.group = domain_.group;
    certificate.epoch = domain_.epoch;
    certificate.set = domain_.set;
    certificate.statement = {kind, round, digest, heaviest.parent_round};
    certificate.signers = SignerSet(set_.size());
    for (std::uint16_t i = 0; i < set_.size(); ++i) {
      const auto* counted = boxes_[RoomOf(round, kind)].Counted(SignerIndex(i));
      if (counted == nullptr || !counted->Says(certificate.statement)) continue;
      (void)certificate.signers.Add(SignerIndex(i));
      (void)certificate.signatures.Add(counted->signature);
    }
    return certificate;
  }

  // The weight of the votes that count for exactly `statement`.
  [[nodiscard]] Weight WeightOf(const VoteStatement& statement) const {
    if (CheckRoom(statement.round, statement.kind) != QuorumReason::kOk) return {};
    const detail::TallyList& tallies = tallies_[RoomOf(statement.round, statement.kind)];
    return tallies.WeightOf(statement.digest, statement.parent_round);
  }

  // Both votes of a signer that said two things in one (round, kind), or nothing.
  [[nodiscard]] std::optional<ConflictingVotes<Scheme>> ConflictOf(SignerIndex signer, Round round,
                                                                   VoteKind kind) const {
    if (CheckRoom(round, kind) != QuorumReason::kOk) return std::nullopt;
    const detail::VoteBox<Scheme>& box = boxes_[RoomOf(round, kind)];
    const detail::KeptVote<Scheme>* counted = box.Counted(signer);
    const detail::KeptVote<Scheme>* conflict = box.Conflict(signer);
    if (counted == nullptr || conflict == nullptr) return std::nullopt;
    return ConflictingVotes<Scheme>{VoteOf(signer, round, kind, *counted),
                                    VoteOf(signer, round, kind, *conflict)};
  }

  [[nodiscard]] const ValidatorSet<Scheme>& set() const { return set_; }
  [[nodiscard]] const Domain& domain() const { return domain_; }
  // The open rounds are the kWindow from here on.
  [[nodiscard]] Round lowest() const { return lowest_; }

  // The most bytes that a collector for a set of `members` ever holds: for each round and kind a
  // place for each member, and a list of conflicts and one of weights with an entry for each, for
  // which a std::vector may take twice the room.
  [[nodiscard]] static constexpr std::size_t MemoryCeiling(std::size_t members) {
    using Box = detail::VoteBox<Scheme>;
    return sizeof(VoteCollector) +
           kRooms * members *
               (sizeof(typename Box::Place) + 2 * sizeof(detail::KeptConflict<Scheme>) +
                2 * sizeof(detail::Tally));
  }

  // Run by decode: checks what was decoded and derives the weights. Errors: see Recover.
  [[nodiscard]] Reason Rebuild() {
    if (domain_.set != set_.id()) return QuorumReason::kWrongSet;
    for (std::size_t room = 0; room < kRooms; ++room) {
      const detail::VoteBox<Scheme>& box = boxes_[room];
      if (Reason reason = box.CheckFor(set_.size()); !reason.ok()) return reason;
      if (!box.places.empty() && !IsRoomOpen(room)) return QuorumReason::kRoundOutsideWindow;
      tallies_[room].Clear();
      for (std::uint16_t i = 0; i < set_.size(); ++i) {
        const detail::KeptVote<Scheme>* counted = box.Counted(SignerIndex(i));
        if (counted == nullptr) continue;
        detail::Tally& tally = tallies_[room].Of(counted->digest, counted->parent_round);
        (void)AddTo(tally.weight, set_.members()[i].weight);
      }
    }
    return {};
  }

 private:
  static constexpr std::size_t kRooms = kWindow * kVoteKinds;

  VoteCollector(const ValidatorSet<Scheme>& set, const Domain& domain, Round lowest)
      : set_(set), domain_(domain), lowest_(lowest) {}

  // Errors: kUnknownKind, kRoundOutsideWindow.
  [[nodiscard]] QuorumReason CheckRoom(Round round, VoteKind kind) const {
    if (!IsKnownEnumerator(kind)) return QuorumReason::kUnknownKind;
    if (round < lowest_ || round.value() - lowest_.value() >= kWindow) {
      return QuorumReason::kRoundOutsideWindow;
    }
    return QuorumReason::kOk;
  }

  // Rounds take turns in the rooms: those of one window never meet.
  static std::size_t FirstRoomOf(Round round) { return round.value() % kWindow * kVoteKinds; }
  static std::size_t RoomOf(Round round, VoteKind kind) {
    return FirstRoomOf(round) + static_cast<std::size_t>(kind) - 1;
  }
  // False for the rooms of rounds past the end of their range.
  [[nodiscard]] bool IsRoomOpen(std::size_t room) const {
    const std::uint64_t turn = room / kVoteKinds;
    const std::uint64_t ahead = (turn + kWindow - lowest_.value() % kWindow) % kWindow;
    return CheckedAdd(lowest_.value(), ahead).has_value();
  }

  // That an encoding begins with this domain: a Reason of its own for each part that differs.
  static absl::Status CheckDomain(const Domain& expected, ByteView bytes) {
    Reader reader(bytes);
    Domain found;
    if (Reason reason = DecodeFrom(reader, found); !reason.ok()) {
      return detail::DecodeStatus<QuorumReason>({.reason = reason, .offset = reader.offset()},
                                                bytes.size());
    }
    const auto refuse = [](QuorumReason code, const auto& is, const auto& should_be) {
      return ToStatus(code, detail::Sentence("collector of ", is, ", expected ", should_be));
    };
    if (found.network != expected.network) {
      return refuse(QuorumReason::kWrongNetwork, found.network, expected.network);
    }
    if (found.group != expected.group) {
      return refuse(QuorumReason::kWrongGroup, found.group, expected.group);
    }
    if (found.epoch != expected.epoch) {
      return refuse(QuorumReason::kWrongEpoch, found.epoch, expected.epoch);
    }
    if (found.set != expected.set) return refuse(QuorumReason::kWrongSet, found.set, expected.set);
    return absl::OkStatus();
  }

  static Vote<Scheme> VoteOf(SignerIndex signer, Round round, VoteKind kind,
                             const detail::KeptVote<Scheme>& kept) {
    return {{kind, round, kept.digest, kept.parent_round}, signer, kept.signature};
  }

  // The handle of what `domain_.set` names; not part of the value.
  ValidatorSet<Scheme> set_;
  Domain domain_;
  Round lowest_;
  std::array<detail::VoteBox<Scheme>, kRooms> boxes_;
  // Derived from boxes_.
  std::array<detail::TallyList, kRooms> tallies_;

 public:
  using Fields = Members<&VoteCollector::domain_, &VoteCollector::lowest_, &VoteCollector::boxes_>;
  using Derived = Members<&VoteCollector::set_, &VoteCollector::tallies_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_VOTE_COLLECTOR_H_
