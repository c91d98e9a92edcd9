// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The Merkle-sum tree over what all accounts are owed of one asset at one height, made once for a
// report. Which tree it is, what it proves and what not is in settle/ledger/sum_proof.h.
//
//   Result<SumTree<>> tree = SumTree<>::Create(asset, height, liabilities);
//   SumHead head = tree->Head();                                    // certified with the header
//   Result<SumProof> proof = tree->Prove(liabilities[i]);           // to the account's owner

#ifndef SETTLE_LEDGER_SUM_TREE_H_
#define SETTLE_LEDGER_SUM_TREE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/sum_proof.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

template <typename H>
class SumTree {
  static_assert(RequireHasher<H>());

 public:
  // The tree over `liabilities`, in any order. Errors in this order: kDuplicateKey for an account
  // that comes twice with one nonce, BaseReason::kOverflow for a total beyond 128 bits. Cost: two
  // hashes and 96 bytes for each account, and a sort.
  [[nodiscard]] static Result<SumTree> Create(AssetId asset, Height height,
                                              std::span<const Liability> liabilities,
                                              H hasher = {}) {
    SumTree tree(asset, height, std::move(hasher));
    std::vector<SumNode> nodes;
    nodes.reserve(liabilities.size());
    for (const Liability& liability : liabilities) {
      nodes.push_back(detail::SumLeaf(tree.hasher_, asset, height, liability));
    }
    std::ranges::sort(nodes, {}, &SumNode::digest);
    const auto same = [](const SumNode& a, const SumNode& b) { return a.digest == b.digest; };
    if (std::ranges::adjacent_find(nodes, same) != nodes.end()) return LedgerReason::kDuplicateKey;
    tree.levels_.push_back(std::move(nodes));
    while (tree.levels_.back().size() > 1) {
      if (const Reason reason = tree.AddLevel(); !reason.ok()) return reason;
    }
    return tree;
  }

  [[nodiscard]] std::size_t size() const { return levels_.front().size(); }

  [[nodiscard]] SumHead Head() const {
    SumHead head{.asset = asset_, .height = height_, .size = size()};
    if (size() == 0) {
      head.root = hasher_.EmptyRoot();
    } else {
      head.total = levels_.back().front().sum;
      head.root = levels_.back().front().digest;
    }
    return head;
  }

  // The proof that `liability` is counted. Errors: kNoSuchKey for one that is not, in account,
  // nonce or claim. Cost: one hash and O(log n).
  [[nodiscard]] Result<SumProof> Prove(const Liability& liability) const {
    const SumNode leaf = detail::SumLeaf(hasher_, asset_, height_, liability);
    const std::vector<SumNode>& leaves = levels_.front();
    const auto found = std::ranges::lower_bound(leaves, leaf.digest, {}, &SumNode::digest);
    if (found == leaves.end() || *found != leaf) return LedgerReason::kNoSuchKey;
    auto index = static_cast<std::size_t>(found - leaves.begin());
    SumProof proof{.index = LogIndex(index)};
    for (const std::vector<SumNode>& level : levels_) {
      const std::size_t last = level.size() - 1;
      if (last > 0 && detail::SiblingOf(index, last) != detail::SumSibling::kNone) {
        (void)proof.path.Add(level[index ^ 1]);
      }
      index /= 2;
    }
    return proof;
  }

 private:
  SumTree(AssetId asset, Height height, H hasher)
      : asset_(asset), height_(height), hasher_(std::move(hasher)) {}

  // The parents of the topmost level. Errors: BaseReason::kOverflow.
  Reason AddLevel() {
    const std::vector<SumNode>& children = levels_.back();
    std::vector<SumNode> parents;
    parents.reserve((children.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
      const Result<SumNode> parent = detail::JoinSums(hasher_, children[i], children[i + 1]);
      if (!parent.ok()) return parent.reason();
      parents.push_back(*parent);
    }
    if (children.size() % 2 == 1) parents.push_back(children.back());
    levels_.push_back(std::move(parents));
    return {};
  }

  AssetId asset_;
  Height height_;
  std::vector<std::vector<SumNode>> levels_;  // leaves first; the last has the root alone
  SETTLE_NO_UNIQUE_ADDRESS H hasher_;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_SUM_TREE_H_
