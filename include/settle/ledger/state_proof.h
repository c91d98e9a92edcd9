// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Proof that a map holds a value under a key, or nothing, checked against nothing but its root.
//
// The map is a Patricia trie (Morrison, "PATRICIA", JACM 15, 1968) over the hashes of its keys: a
// branch stands only where keys part, so that there is one less than there are entries, and whoever
// chooses keys cannot make the trie deep without grinding hashes, and then only under his own keys.
// The trie is a function of the content alone.
//
//   path(key)   H(0x02 0^15 || key)
//   content     H(0x03 0^15 || key || value)
//   leaf        H(0x04 0^15 || path || content)
//   branch      H(0x05 bit 0^14 || the path's bits before `bit`, then zeros || left || right)
//   empty map   H("")
//
// A branch commits to the bit in which its sides differ and to all bits before it, which its leaves
// have in common: it can stand at one place only, and neither a step nor the end of a proof can be
// moved to another depth or to another key's way. A leaf commits to its path beside the content, so
// that the leaf which shows that another key is absent gives away neither its key nor its value.
//
//   bit 0        o           Keys that begin with 0, 10, 1100 and 1101. The key 1110... leaves the
//              /   \         map at the edge to x, below which all begin with 110: bit 2 parts
//   bit 1     a     o        them. The key 0111... ends at the leaf a, which is another's.
//                 /   \      .
//   bit 3        b     x
//
//   const Digest root = ...;                                 // certified by a quorum
//   Reason reason = VerifyPresent(Sha256(), root, key, value, proof);
//   Reason absent = VerifyAbsent(Sha256(), root, other_key, other_proof);
//
// A key has exactly one proof in a map: any other set of steps leads to another root.

#ifndef SETTLE_LEDGER_STATE_PROOF_H_
#define SETTLE_LEDGER_STATE_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/detail/state_digest.h"
#include "settle/ledger/reason.h"

SETTLE_NAMESPACE_BEGIN

// A branch on the way to the root: the bit in which its sides differ, and the side not taken.
struct StateStep {
  std::uint8_t bit = 0;
  Digest sibling{};
  using Fields = Members<&StateStep::bit, &StateStep::sibling>;
};

// No way is longer: its branches differ in their bits. About log2 n + 0.3 for n keys that nobody
// ground, of 33 bytes each.
using StateSteps = Bounded<StateStep, detail::kPathBits>;

// The branches above an entry, the deepest first.
struct PresenceProof {
  StateSteps steps{};
  [[nodiscard]] Reason Validate() const;
  using Fields = Members<&PresenceProof::steps>;
};

// Where an absent key's way ends: at the leaf of another key.
struct OtherLeaf {
  Digest path{};
  Digest content{};
  using Fields = Members<&OtherLeaf::path, &OtherLeaf::content>;
};

// Where an absent key's way ends: before a branch whose keys all differ from it in an earlier bit.
struct OtherBranch {
  std::uint8_t bit = 0;
  Digest prefix{};  // the bits before `bit`, and zeros
  Digest left{};
  Digest right{};
  using Fields =
      Members<&OtherBranch::bit, &OtherBranch::prefix, &OtherBranch::left, &OtherBranch::right>;
};

// What stands where the key leaves the map, nothing for the empty map, and the branches above it,
// the deepest first.
struct AbsenceProof {
  std::optional<std::variant<OtherLeaf, OtherBranch>> end{};
  StateSteps steps{};
  [[nodiscard]] Reason Validate() const;
  using Fields = Members<&AbsenceProof::end, &AbsenceProof::steps>;
};

namespace detail {

// BaseReason::kNotCanonical unless the bits fall from step to step.
[[nodiscard]] inline Reason CheckSteps(const StateSteps& steps) {
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].bit >= steps[i - 1].bit) return BaseReason::kNotCanonical;
  }
  return {};
}

[[nodiscard]] inline Reason CheckEnd(const AbsenceProof& proof) {
  if (!proof.end) return proof.steps.empty() ? Reason() : BaseReason::kNotCanonical;
  const auto* branch = std::get_if<OtherBranch>(&*proof.end);
  if (branch == nullptr) return {};
  if (PrefixOf(branch->prefix, branch->bit) != branch->prefix) return BaseReason::kNotCanonical;
  if (!proof.steps.empty() && proof.steps[0].bit >= branch->bit) return BaseReason::kNotCanonical;
  return {};
}

// The root above `node`, which hangs from the first step on the way along `path`.
template <typename H>
[[nodiscard]] Digest ClimbSteps(const H& hasher, const Digest& path, Digest node,
                                const StateSteps& steps) {
  for (const StateStep& step : steps) {
    const bool right = BitOf(path, step.bit) == 1;
    node = StateBranch(hasher, step.bit, path, right ? step.sibling : node,
                       right ? node : step.sibling);
  }
  return node;
}

// The first bit in which `path` differs from all that is below the end; kPathBits if it does not.
[[nodiscard]] inline std::size_t BitOfLeaving(const Digest& path, const OtherLeaf& leaf) {
  return FirstDifference(path, leaf.path);
}
[[nodiscard]] inline std::size_t BitOfLeaving(const Digest& path, const OtherBranch& branch) {
  const std::size_t bit = FirstDifference(path, branch.prefix);
  return bit < branch.bit ? bit : kPathBits;
}

template <typename H>
[[nodiscard]] Digest DigestOf(const H& hasher, const OtherLeaf& leaf) {
  return StateLeaf(hasher, leaf.path, leaf.content);
}
template <typename H>
[[nodiscard]] Digest DigestOf(const H& hasher, const OtherBranch& branch) {
  return StateBranch(hasher, branch.bit, branch.prefix, branch.left, branch.right);
}

}  // namespace detail

inline Reason PresenceProof::Validate() const { return detail::CheckSteps(steps); }

inline Reason AbsenceProof::Validate() const {
  if (const Reason reason = detail::CheckSteps(steps); !reason.ok()) return reason;
  return detail::CheckEnd(*this);
}

// Whether the map with this root holds `value` under `key`. Errors in this order:
// BaseReason::kNotCanonical for steps whose bits do not fall, kRootMismatch. Cost: three hashes and
// one for each step; no allocation.
template <typename H, typename Key, typename Value>
[[nodiscard]] Reason VerifyPresent(const H& hasher, const Digest& root, const Key& key,
                                   const Value& value, const PresenceProof& proof) {
  static_assert(RequireHasher<H>());
  if (const Reason reason = proof.Validate(); !reason.ok()) return reason;
  const Digest path = detail::StatePath(hasher, key);
  const Digest leaf = detail::StateLeaf(hasher, path, detail::StateContent(hasher, key, value));
  if (detail::ClimbSteps(hasher, path, leaf, proof.steps) != root) {
    return LedgerReason::kRootMismatch;
  }
  return {};
}

// Whether the map with this root holds nothing under `key`. Errors in this order:
// BaseReason::kNotCanonical for steps or an end that no map has, kNotAbsent for an end that the key
// does not leave right below the first step, kRootMismatch. Cost: two hashes and one for each step;
// no allocation.
template <typename H, typename Key>
[[nodiscard]] Reason VerifyAbsent(const H& hasher, const Digest& root, const Key& key,
                                  const AbsenceProof& proof) {
  static_assert(RequireHasher<H>());
  if (const Reason reason = proof.Validate(); !reason.ok()) return reason;
  if (!proof.end) return root == hasher.EmptyRoot() ? Reason() : LedgerReason::kRootMismatch;

  const Digest path = detail::StatePath(hasher, key);
  const std::size_t bit =
      std::visit([&](const auto& end) { return detail::BitOfLeaving(path, end); }, *proof.end);
  if (bit == detail::kPathBits) return LedgerReason::kNotAbsent;
  // The key takes the same side as the end at every step: it leaves below all of them.
  if (!proof.steps.empty() && bit <= proof.steps[0].bit) return LedgerReason::kNotAbsent;
  const Digest node =
      std::visit([&](const auto& end) { return detail::DigestOf(hasher, end); }, *proof.end);
  if (detail::ClimbSteps(hasher, path, node, proof.steps) != root) {
    return LedgerReason::kRootMismatch;
  }
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_STATE_PROOF_H_
