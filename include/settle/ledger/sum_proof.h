// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Proof that a claim is counted in a total of liabilities, checked against nothing but the head of
// a Merkle-sum tree (after Maxwell and Todd; Dagher and others, "Provisions", CCS 2015).
//
//   leaf    digest H(0x06 0^15 || asset || height || account || nonce), sum max(0, claim)
//   node    digest H(0x07 0^15 || left digest || left sum || right digest || right sum),
//           sum left sum + right sum
//
// Leaves stand in the order of their digests and the tree has the shape of RFC 6962, so that index
// and size alone say which siblings a proof has. Every node commits to the sums of BOTH its
// children. A tree that commits to their sum alone can be made to count the larger of two claims
// instead of both: each owner is shown a smaller sibling (Chalkias, Chatzigiannis and Ji, "Broken
// Proofs of Solvency", 2022). No sum is negative, and none overflows 128 bits: a verifier checks
// both at each step, for a negative sibling would hide what others are owed.
//
// One tree for each asset, and not one with a sum for each asset in every node: a proof is of the
// size of one asset whatever their number, an owner's proof shows the sums of no asset that he does
// not hold, and an asset that nobody holds costs nothing.
//
// What it proves: the total counts this claim. A leaf names its account, so that two owners cannot
// be shown the same one. That all claims are counted rests on the quorum that certified the head;
// of reserves for the total nothing is said here. The height in the leaf and a nonce, fresh for
// each account and height, keep one report from telling about another, and siblings from telling
// whose they are; that a sibling's sum is shown is the price of such a tree.
//
//   const SumHead head = ...;                               // certified by a quorum
//   Reason reason = VerifyLiability(Sha256(), head, {my_account, my_nonce, my_claim}, proof);

#ifndef SETTLE_LEDGER_SUM_PROOF_H_
#define SETTLE_LEDGER_SUM_PROOF_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

struct BlindingNonceTag {};
// 32 bytes from a generator that nobody can predict, for one account at one height.
using BlindingNonce = FixedBytes<BlindingNonceTag, 32>;

// What one margin account is owed. Claims are netted within an account and never between two: a
// negative one counts as zero.
struct Liability {
  MarginAccountId account{};
  BlindingNonce nonce{};
  Amount claim{};
  using Fields = Members<&Liability::account, &Liability::nonce, &Liability::claim>;
};

// All that a verifier needs of a tree: it is of one asset, as of one height.
struct SumHead {
  AssetId asset{};
  Height height{};
  std::uint64_t size = 0;  // accounts
  Amount total{};
  Digest root{};  // the digest of the topmost node; H("") for no account
  using Fields =
      Members<&SumHead::asset, &SumHead::height, &SumHead::size, &SumHead::total, &SumHead::root>;
};

struct SumNode {
  Digest digest{};
  Amount sum{};
  using Fields = Members<&SumNode::digest, &SumNode::sum>;
};

inline constexpr std::size_t kMaxSumPathLength = 64;

// Where the account's leaf stands and the siblings on its way to the root, lowest first.
struct SumProof {
  LogIndex index{};
  Bounded<SumNode, kMaxSumPathLength> path{};
  using Fields = Members<&SumProof::index, &SumProof::path>;
};

namespace detail {

inline constexpr std::byte kSumLeafPrefix{0x06};
inline constexpr std::byte kSumNodePrefix{0x07};

// The block in front of each input, see detail/state_digest.h.
constexpr std::array<std::byte, 16> SumInputHead(std::byte prefix) {
  std::array<std::byte, 16> head{};
  head[0] = prefix;
  return head;
}

template <typename H, typename... Parts>
[[nodiscard]] Digest HashSumInput(const H& hasher, std::byte prefix, const Parts&... parts) {
  std::array<std::byte, 16 + (std::size_t{0} + ... + kEncodedSize<Parts>)> input;
  BufferSink sink(input.data());
  sink.Write(SumInputHead(prefix));
  (EncodeTo(sink, parts), ...);
  return hasher.Hash(std::span<const std::byte, input.size()>(input));
}

template <typename H>
[[nodiscard]] SumNode SumLeaf(const H& hasher, AssetId asset, Height height,
                              const Liability& liability) {
  return {HashSumInput(hasher, kSumLeafPrefix, asset, height, liability.account, liability.nonce),
          Amount((std::max)(Int128{0}, liability.claim.value()))};
}

// Errors: BaseReason::kOutOfRange for a negative sum, BaseReason::kOverflow.
template <typename H>
[[nodiscard]] Result<SumNode> JoinSums(const H& hasher, const SumNode& left, const SumNode& right) {
  if (left.sum.value() < 0 || right.sum.value() < 0) return BaseReason::kOutOfRange;
  SumNode parent{.sum = left.sum};
  if (!AddTo(parent.sum, right.sum)) return BaseReason::kOverflow;
  parent.digest = HashSumInput(hasher, kSumNodePrefix, left, right);
  return parent;
}

// On which side a node's sibling stands among `last + 1` nodes; the last of an odd number has none
// and is its own parent.
enum class SumSibling : std::uint8_t { kLeft, kRight, kNone };
constexpr SumSibling SiblingOf(std::uint64_t index, std::uint64_t last) {
  if (index % 2 == 1) return SumSibling::kLeft;
  return index < last ? SumSibling::kRight : SumSibling::kNone;
}

constexpr std::size_t SumPathLength(std::uint64_t index, std::uint64_t last) {
  std::size_t length = 0;
  for (; last > 0; index /= 2, last /= 2) {
    if (SiblingOf(index, last) != SumSibling::kNone) ++length;
  }
  return length;
}

}  // namespace detail

// Whether the total of `head`, which must come from somewhere trusted, counts `liability`. Errors
// in this order: kBadSize for a head of no account, kBadIndex, kBadProofLength for a path of
// another length than index and size demand; then from the leaf up BaseReason::kOutOfRange for a
// negative sum and BaseReason::kOverflow; kTotalMismatch, kRootMismatch. Cost: a hash and one for
// each sibling; no allocation.
template <typename H>
[[nodiscard]] Reason VerifyLiability(const H& hasher, const SumHead& head,
                                     const Liability& liability, const SumProof& proof) {
  static_assert(RequireHasher<H>());
  if (head.size == 0) return LedgerReason::kBadSize;
  std::uint64_t index = proof.index.value();
  std::uint64_t last = head.size - 1;
  if (index > last) return LedgerReason::kBadIndex;
  if (proof.path.size() != detail::SumPathLength(index, last)) return LedgerReason::kBadProofLength;

  Result<SumNode> node = detail::SumLeaf(hasher, head.asset, head.height, liability);
  std::size_t at = 0;
  for (; last > 0; index /= 2, last /= 2) {
    const detail::SumSibling side = detail::SiblingOf(index, last);
    if (side == detail::SumSibling::kNone) continue;
    const SumNode& sibling = proof.path[at++];
    const bool is_right = side == detail::SumSibling::kLeft;
    node = detail::JoinSums(hasher, is_right ? sibling : *node, is_right ? *node : sibling);
    if (!node.ok()) return node.reason();
  }
  if (node->sum != head.total) return LedgerReason::kTotalMismatch;
  if (node->digest != head.root) return LedgerReason::kRootMismatch;
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_SUM_PROOF_H_
