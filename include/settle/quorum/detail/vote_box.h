// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a VoteCollector keeps of one (round, kind): a place for each member of the set, and beside
// them a conflicting vote of each that contradicted itself.

#ifndef SETTLE_QUORUM_DETAIL_VOTE_BOX_H_
#define SETTLE_QUORUM_DETAIL_VOTE_BOX_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"
#include "settle/quorum/vote.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

// A verified vote without what its place says: signer, round and kind.
template <typename Scheme>
struct KeptVote {
  Digest digest;
  Round parent_round;
  typename Scheme::Signature signature;

  [[nodiscard]] bool Says(const VoteStatement& statement) const {
    return digest == statement.digest && parent_round == statement.parent_round;
  }
  [[nodiscard]] bool SaysTheSame(const KeptVote& other) const {
    return digest == other.digest && parent_round == other.parent_round;
  }

  using Fields = Members<&KeptVote::digest, &KeptVote::parent_round, &KeptVote::signature>;
  friend bool operator==(const KeptVote& a, const KeptVote& b) { return FieldsEqual(a, b); }
};

template <typename Scheme>
struct KeptConflict {
  SignerIndex signer;
  KeptVote<Scheme> vote;
  using Fields = Members<&KeptConflict::signer, &KeptConflict::vote>;
  friend bool operator==(const KeptConflict& a, const KeptConflict& b) { return FieldsEqual(a, b); }
};

template <typename Scheme>
struct VoteBox {
  using Place = std::optional<KeptVote<Scheme>>;

  // By signer; without any place until the first vote.
  Bounded<Place, kMaxMembers> places;
  // Ascending by signer, each of whom has a counted vote that says otherwise.
  Bounded<KeptConflict<Scheme>, kMaxMembers> conflicts;

  // The vote of `signer` that counts, or nullptr.
  [[nodiscard]] const KeptVote<Scheme>* Counted(SignerIndex signer) const {
    const std::size_t i = signer.value();
    return i < places.size() && places[i] ? &*places[i] : nullptr;
  }
  [[nodiscard]] const KeptVote<Scheme>* Conflict(SignerIndex signer) const {
    const std::size_t i = PositionOf(signer);
    return i < conflicts.size() && conflicts[i].signer == signer ? &conflicts[i].vote : nullptr;
  }

  // The signer is one of `members` and has no counted vote.
  void Count(std::size_t members, SignerIndex signer, const KeptVote<Scheme>& vote) {
    if (places.empty()) (void)places.Resize(members);
    places[signer.value()] = vote;
  }
  // The signer has a counted vote and no conflict.
  void KeepConflict(SignerIndex signer, const KeptVote<Scheme>& vote) {
    const auto at = static_cast<std::ptrdiff_t>(PositionOf(signer));
    if (conflicts.Add({signer, vote})) {
      std::rotate(conflicts.begin() + at, conflicts.end() - 1, conflicts.end());
    }
  }
  // Keeps the memory for the next round that moves in.
  void Clear() {
    places.Clear();
    conflicts.Clear();
  }

  // What decoding cannot see by itself, for a set of `members`. Errors: kWrongSignerBits for
  // another number of places, kUnknownSigner for a conflict of nobody, kNotCanonical for places
  // without a vote, conflicts out of order, and conflicts that are none.
  [[nodiscard]] Reason CheckFor(std::size_t members) const {
    if (!places.empty() && places.size() != members) return QuorumReason::kWrongSignerBits;
    const bool any = std::any_of(places.begin(), places.end(),
                                 [](const Place& place) { return place.has_value(); });
    if (!places.empty() && !any) return BaseReason::kNotCanonical;
    for (std::size_t i = 0; i < conflicts.size(); ++i) {
      const KeptConflict<Scheme>& conflict = conflicts[i];
      const KeptVote<Scheme>* counted = Counted(conflict.signer);
      if (counted == nullptr) return QuorumReason::kUnknownSigner;
      if (counted->SaysTheSame(conflict.vote)) return BaseReason::kNotCanonical;
      if (i > 0 && conflicts[i - 1].signer.value() >= conflict.signer.value()) {
        return BaseReason::kNotCanonical;
      }
    }
    return {};
  }

  using Fields = Members<&VoteBox::places, &VoteBox::conflicts>;
  friend bool operator==(const VoteBox& a, const VoteBox& b) { return FieldsEqual(a, b); }

 private:
  // Where the conflict of `signer` is or would be.
  [[nodiscard]] std::size_t PositionOf(SignerIndex signer) const {
    const auto at = std::lower_bound(conflicts.begin(), conflicts.end(), signer,
                                     [](const KeptConflict<Scheme>& conflict, SignerIndex index) {
                                       return conflict.signer.value() < index.value();
                                     });
    return static_cast<std::size_t>(at - conflicts.begin());
  }
};

// The weight that counts for one statement of a (round, kind).
struct Tally {
  Digest digest;
  Round parent_round;
  Weight weight;
};

// The tallies of one box, derived from its places. Sorted, so that signers who each say something
// else cannot make the others' votes slow to count.
class TallyList {
 public:
  // The tally of this statement, of weight zero if it is new.
  Tally& Of(const Digest& digest, Round parent_round) {
    const std::size_t at = PositionOf(digest, parent_round);
    if (at == tallies_.size() || !IsOf(tallies_[at], digest, parent_round)) {
      tallies_.insert(tallies_.begin() + static_cast<std::ptrdiff_t>(at),
                      Tally{digest, parent_round, Weight(0)});
    }
    return tallies_[at];
  }

  [[nodiscard]] Weight WeightOf(const Digest& digest, Round parent_round) const {
    const std::size_t at = PositionOf(digest, parent_round);
    return at < tallies_.size() && IsOf(tallies_[at], digest, parent_round) ? tallies_[at].weight
                                                                            : Weight(0);
  }

  // The heaviest of the statements with this digest; weight zero when there is none.
  [[nodiscard]] Tally HeaviestOf(const Digest& digest) const {
    Tally heaviest{.digest = digest, .parent_round = Round(0), .weight = Weight(0)};
    for (std::size_t at = PositionOf(digest, Round(0));
         at < tallies_.size() && tallies_[at].digest == digest; ++at) {
      if (tallies_[at].weight > heaviest.weight) heaviest = tallies_[at];
    }
    return heaviest;
  }

  void Clear() { tallies_.clear(); }

 private:
  static bool IsOf(const Tally& tally, const Digest& digest, Round parent_round) {
    return tally.digest == digest && tally.parent_round == parent_round;
  }

  [[nodiscard]] std::size_t PositionOf(const Digest& digest, Round parent_round) const {
    const auto at = std::partition_point(
        tallies_.begin(), tallies_.end(), [&digest, parent_round](const Tally& tally) {
          return tally.digest != digest ? tally.digest < digest : tally.parent_round < parent_round;
        });
    return static_cast<std::size_t>(at - tallies_.begin());
  }

  std::vector<Tally> tallies_;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_DETAIL_VOTE_BOX_H_
