// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The vocabulary of quorums: weight, the fault model, and how much weight is enough for what.
//
// Three thresholds that are easily taken for each other are three types. A `Quorum` is the smallest
// weight of which any two holders share an honest member. `Blocking` is the smallest weight without
// which no quorum is possible. A `TrustLevel` is a fraction that must be *exceeded*. For a total of
// 3 and the Byzantine model they are 3, 1 and, at a third, 2.
//
//   Result<Quorum> quorum = Quorum::Of(FaultModel::kByzantine, Weight(100));   // 67
//   if (quorum->IsReachedBy(signed_weight)) ...
//
// Every formula is in integers and cannot overflow: `total * 2 / 3 + 1` overflows first.

#ifndef SETTLE_QUORUM_TYPES_H_
#define SETTLE_QUORUM_TYPES_H_

#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/quorum/reason.h"

SETTLE_NAMESPACE_BEGIN

struct WeightTag : Additive {};
// What a validator's vote counts; the sum over a set is at most kMaxTotalWeight.
using Weight = Strong<WeightTag, std::uint64_t>;

inline constexpr Weight kMaxTotalWeight{static_cast<std::uint64_t>(kMax<std::int64_t>)};

// A set's largest size: a signer's index fits two bytes with one number to spare.
inline constexpr std::size_t kMaxMembers = 65'535;

struct SignerIndexTag : Identifier {};
// The position of a validator in the canonical order of its set.
using SignerIndex = Strong<SignerIndexTag, std::uint16_t>;

// What the members of a set that fail may do. It is in the set's id and so in all that they sign.
enum class FaultModel : std::uint8_t {
  kByzantine = 1,  // anything: less than a third of the weight may lie
  kCrashOnly = 2,  // stop, but never lie: less than half of the weight may be down
};

constexpr bool IsKnownEnumerator(FaultModel model) {
  switch (model) {
    case FaultModel::kByzantine:
    case FaultModel::kCrashOnly:
      return true;
  }
  return false;
}

// The smallest weight that decides. With f = total - quorum, the weight that may be faulty, the
// honest rest reaches it alone, and any two of it share more than f (Byzantine) or share a member
// (CrashOnly).
class Quorum {
 public:
  // Byzantine: total - (total - 1) / 3, the smallest weight strictly over two thirds. CrashOnly:
  // total / 2 + 1. Errors: kEmptySet for a total of zero, kUnknownFaultModel, kWeightOverflow above
  // kMaxTotalWeight.
  [[nodiscard]] static constexpr Result<Quorum> Of(FaultModel model, Weight total) {
    const std::uint64_t all = total.value();
    if (all == 0) return QuorumReason::kEmptySet;
    if (!IsKnownEnumerator(model)) return QuorumReason::kUnknownFaultModel;
    if (total > kMaxTotalWeight) return QuorumReason::kWeightOverflow;
    switch (model) {
      case FaultModel::kByzantine:
        return Quorum(Weight(all - (all - 1) / 3));
      case FaultModel::kCrashOnly:
        return Quorum(Weight(all / 2 + 1));
    }
    return QuorumReason::kUnknownFaultModel;
  }

  [[nodiscard]] constexpr Weight weight() const { return weight_; }
  [[nodiscard]] constexpr bool IsReachedBy(Weight weight) const { return weight >= weight_; }

  // True for exactly one of the additions that lead from nothing to everything: the one that
  // reaches the quorum.
  [[nodiscard]] constexpr bool IsCrossedBetween(Weight before, Weight after) const {
    return !IsReachedBy(before) && IsReachedBy(after);
  }

  friend constexpr bool operator==(const Quorum&, const Quorum&) = default;

 private:
  explicit constexpr Quorum(Weight weight) : weight_(weight) {}
  Weight weight_;
};

// The smallest weight without which the rest is no quorum: total - quorum + 1. In the Byzantine
// model it contains an honest member whoever lies.
class Blocking {
 public:
  // Errors: as Quorum::Of.
  [[nodiscard]] static constexpr Result<Blocking> Of(FaultModel model, Weight total) {
    const Result<Quorum> quorum = Quorum::Of(model, total);
    if (!quorum.ok()) return quorum.reason();
    return Blocking(Weight(total.value() - quorum->weight().value() + 1));
  }

  [[nodiscard]] constexpr Weight weight() const { return weight_; }
  [[nodiscard]] constexpr bool IsReachedBy(Weight weight) const { return weight >= weight_; }

  friend constexpr bool operator==(const Blocking&, const Blocking&) = default;

 private:
  explicit constexpr Blocking(Weight weight) : weight_(weight) {}
  Weight weight_;
};

// numerator / denominator.
struct Fraction {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
  friend constexpr bool operator==(const Fraction&, const Fraction&) = default;
};

// Some of a whole.
struct Share {
  Weight part;
  Weight total;
};

// A fraction of at least a third and at most one, that the weight which is trusted must exceed.
class TrustLevel {
 public:
  // Errors: kBadTrustLevel outside [1/3, 1] and for a denominator of zero.
  [[nodiscard]] static constexpr Result<TrustLevel> Of(Fraction fraction) {
    const UInt128 thirds = static_cast<UInt128>(fraction.numerator) * 3;
    if (fraction.denominator == 0 || fraction.numerator > fraction.denominator ||
        thirds < fraction.denominator) {
      return QuorumReason::kBadTrustLevel;
    }
    return TrustLevel(fraction);
  }

  // More than a third.
  [[nodiscard]] static constexpr TrustLevel Third() { return TrustLevel({1, 3}); }

  [[nodiscard]] constexpr Fraction fraction() const { return fraction_; }

  // part / total > the fraction, strictly and exactly. Never for a total of zero, nor, since no
  // part exceeds its whole, at a level of one.
  [[nodiscard]] constexpr bool IsExceededBy(Share share) const {
    return static_cast<UInt128>(share.part.value()) * fraction_.denominator >
           static_cast<UInt128>(share.total.value()) * fraction_.numerator;
  }

  friend constexpr bool operator==(const TrustLevel&, const TrustLevel&) = default;

 private:
  explicit constexpr TrustLevel(Fraction fraction) : fraction_(fraction) {}
  Fraction fraction_;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_TYPES_H_
