// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Who may vote, and with what weight.
//
// A validator is its key: there is no other id that could disagree with it. A set is its fault
// model and its (key, weight) pairs in the one canonical order, weight descending and then key
// ascending, so that the members that verification meets first are those that reach a quorum
// soonest, and so that a signer's index means one key for everybody. Its id is the SHA-256 of its
// record and stands in all that its members sign.
//
//   record = kind u32 | version u16 | fault model u8 | count u32 | (key, weight u64) x count
//
//   absl::StatusOr<ValidatorSet<>> set =
//       ValidatorSet<>::Create(FaultModel::kByzantine, {{key_a, Weight(1)}, {key_b, Weight(1)}});
//   set->quorum().weight();                            // 2
//   set->Find(SignerIndex(1))->key;                    // the greater of the two keys
//
// A ValidatorSet is a cheap handle of data that never change, equal to another when the ids are.

#ifndef SETTLE_QUORUM_VALIDATOR_SET_H_
#define SETTLE_QUORUM_VALIDATOR_SET_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/base/types.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/scheme.h"
#include "settle/crypto/sha256.h"
#include "settle/quorum/detail/sentence.h"
#include "settle/quorum/fwd.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"

SETTLE_NAMESPACE_BEGIN

// A member of a set: its key, as bytes that nobody has judged yet, and its weight.
template <typename Scheme>
struct Validator {
  static_assert(RequireSignatureScheme<Scheme>());

  typename Scheme::KeyBytes key;
  Weight weight;
  using Fields = Members<&Validator::key, &Validator::weight>;
};

namespace detail {

// A set as it is encoded. Its keys are not yet parsed.
template <typename Scheme>
struct ValidatorSetRecord {
  FaultModel fault_model = FaultModel::kByzantine;
  Bounded<Validator<Scheme>, kMaxMembers> members;

  static constexpr Kind kKind = Kind::kValidatorSet;
  static constexpr std::uint16_t kVersion = 1;
  using Fields = Members<&ValidatorSetRecord::fault_model, &ValidatorSetRecord::members>;
};

// The canonical order of a set's members.
template <typename Scheme>
bool ComesBefore(const Validator<Scheme>& a, const Validator<Scheme>& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.key < b.key;
}

}  // namespace detail

template <typename Scheme>
class ValidatorSet {
  static_assert(RequireSignatureScheme<Scheme>());

 public:
  using Member = Validator<Scheme>;
  using PublicKey = typename Scheme::PublicKey;

  // A set of `members`, given in any order. Errors, in this order: kEmptySet, kTooManyMembers,
  // kUnknownFaultModel, kZeroWeight, kWeightOverflow, kDuplicateKey, kBadKey; the text names the
  // member by its position in `members`. O(n log n), and n keys are parsed, which is most of it.
  [[nodiscard]] static absl::StatusOr<ValidatorSet> Create(FaultModel fault_model,
                                                           std::span<const Member> members) {
    if (absl::Status status = CheckMembers(fault_model, members); !status.ok()) return status;
    std::vector<Member> sorted(members.begin(), members.end());
    std::sort(sorted.begin(), sorted.end(), detail::ComesBefore<Scheme>);
    std::vector<PublicKey> keys;
    keys.reserve(sorted.size());
    for (const Member& member : sorted) {
      Result<PublicKey> key = PublicKey::From(member.key.view());
      if (!key.ok()) return BadKey(members, member, key.reason());
      keys.push_back(*std::move(key));
    }
    // After this point it must succeed: the members were checked above.
    detail::ValidatorSetRecord<Scheme> record;
    record.fault_model = fault_model;
    record.members = *Bounded<Member, kMaxMembers>::From(std::move(sorted));
    return ValidatorSet(std::move(record), std::move(keys));
  }
  [[nodiscard]] static absl::StatusOr<ValidatorSet> Create(FaultModel fault_model,
                                                           std::initializer_list<Member> members) {
    return Create(fault_model, std::span<const Member>(members.begin(), members.size()));
  }

  // The set whose record is exactly `bytes`. Errors: those of decoding, kWrongOrder for members
  // that are not in canonical order, those of Create. The keys are parsed last; memory is at most
  // 4 times the size of `bytes` before that, and a parsed key for each member after.
  [[nodiscard]] static absl::StatusOr<ValidatorSet> Decode(ByteView bytes) {
    detail::ValidatorSetRecord<Scheme> record;
    const DecodeOutcome outcome = DecodeRecordInto(bytes, record);
    if (!outcome.ok()) return detail::DecodeStatus<QuorumReason>(outcome, bytes.size());
    const std::span<const Member> members(record.members.data(), record.members.size());
    for (std::size_t i = 1; i < members.size(); ++i) {
      // Of equal members neither comes before the other: Create says so with a better name.
      if (detail::ComesBefore(members[i], members[i - 1])) {
        return ToStatus(QuorumReason::kWrongOrder,
                        detail::Sentence("member ", i, " belongs before member ", i - 1));
      }
    }
    return Create(record.fault_model, members);
  }

  // Moving copies, so that no handle is ever without a set.
  ValidatorSet(const ValidatorSet&) = default;
  ValidatorSet& operator=(const ValidatorSet&) = default;
  ~ValidatorSet() = default;

  // The record: the one encoding of this set.
  [[nodiscard]] std::vector<std::byte> Encode() const { return EncodeRecord(data_->record); }

  [[nodiscard]] const ValidatorSetId& id() const { return data_->id; }
  [[nodiscard]] FaultModel fault_model() const { return data_->record.fault_model; }
  // 1 to kMaxMembers.
  [[nodiscard]] std::uint16_t size() const { return static_cast<std::uint16_t>(members().size()); }
  [[nodiscard]] Weight total_weight() const { return data_->total; }
  [[nodiscard]] const Quorum& quorum() const { return data_->quorum; }
  [[nodiscard]] const Blocking& blocking() const { return data_->blocking; }

  // In canonical order: the position of a member is its SignerIndex.
  [[nodiscard]] std::span<const Member> members() const {
    return {data_->record.members.data(), data_->record.members.size()};
  }

  // The member of this index and its parsed key, or nullptr when no member has it.
  [[nodiscard]] const Member* Find(SignerIndex signer) const {
    return signer.value() < size() ? &members()[signer.value()] : nullptr;
  }
  [[nodiscard]] const PublicKey* FindKey(SignerIndex signer) const {
    return signer.value() < size() ? &data_->keys[signer.value()] : nullptr;
  }

  // The index of the member with this key, or nothing. O(n).
  [[nodiscard]] std::optional<SignerIndex> IndexOf(const typename Scheme::KeyBytes& key) const {
    for (std::uint16_t i = 0; i < size(); ++i) {
      if (members()[i].key == key) return SignerIndex(i);
    }
    return std::nullopt;
  }

  friend bool operator==(const ValidatorSet& a, const ValidatorSet& b) { return a.id() == b.id(); }

 private:
  struct Data {
    detail::ValidatorSetRecord<Scheme> record;
    std::vector<PublicKey> keys;
    ValidatorSetId id;
    Weight total;
    Quorum quorum;
    Blocking blocking;
  };

  // Of checked and sorted members.
  ValidatorSet(detail::ValidatorSetRecord<Scheme> record, std::vector<PublicKey> keys) {
    Weight total;
    for (const Member& member : record.members) (void)AddTo(total, member.weight);
    const ValidatorSetId id(Sha256().Hash(EncodeRecord(record)).bytes());
    const Result<Quorum> quorum = Quorum::Of(record.fault_model, total);
    const Result<Blocking> blocking = Blocking::Of(record.fault_model, total);
    data_ = std::make_shared<const Data>(
        Data{std::move(record), std::move(keys), id, total, *quorum, *blocking});
  }

  // Everything but the keys themselves.
  static absl::Status CheckMembers(FaultModel fault_model, std::span<const Member> members) {
    if (members.empty()) return ToStatus(QuorumReason::kEmptySet, "0 members, at least 1");
    if (members.size() > kMaxMembers) {
      return ToStatus(QuorumReason::kTooManyMembers,
                      detail::Sentence(members.size(), " members, at most ", kMaxMembers));
    }
    if (!IsKnownEnumerator(fault_model)) {
      return ToStatus(QuorumReason::kUnknownFaultModel,
                      detail::Sentence("fault model ", static_cast<std::uint8_t>(fault_model),
                                       ", known are 1 and 2"));
    }
    Weight total;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].weight == Weight(0)) {
        return ToStatus(QuorumReason::kZeroWeight,
                        detail::Sentence("member ", i, " has weight 0, at least 1"));
      }
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].weight.value() > kMaxTotalWeight.value() - total.value()) {
        return ToStatus(
            QuorumReason::kWeightOverflow,
            detail::Sentence("member ", i, " of weight ", members[i].weight, " on top of ", total,
                             ", total at most ", kMaxTotalWeight));
      }
      (void)AddTo(total, members[i].weight);
    }
    return CheckDistinct(members);
  }

  static absl::Status CheckDistinct(std::span<const Member> members) {
    std::vector<std::uint32_t> by_key(members.size());
    for (std::uint32_t i = 0; i < by_key.size(); ++i) by_key[i] = i;
    std::sort(by_key.begin(), by_key.end(), [members](std::uint32_t a, std::uint32_t b) {
      return members[a].key != members[b].key ? members[a].key < members[b].key : a < b;
    });
    for (std::size_t i = 1; i < by_key.size(); ++i) {
      const Member& member = members[by_key[i]];
      if (member.key == members[by_key[i - 1]].key) {
        return ToStatus(QuorumReason::kDuplicateKey,
                        detail::Sentence("members ", by_key[i - 1], " and ", by_key[i],
                                         " have one key, ", member.key));
      }
    }
    return absl::OkStatus();
  }

  static absl::Status BadKey(std::span<const Member> members, const Member& bad, Reason reason) {
    std::size_t i = 0;
    while (i < members.size() && !(members[i] == bad)) ++i;

    const std::string why = reason.module() == Module::kCrypto
                                ? std::string(ReasonName(static_cast<CryptoReason>(reason.code())))
                                : ToString(reason);
    return ToStatus(
        QuorumReason::kBadKey,
        detail::Sentence("member ", i, " has a key that the scheme refuses, ", why, ": ", bad.key));
  }

  std::shared_ptr<const Data> data_;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_VALIDATOR_SET_H_
