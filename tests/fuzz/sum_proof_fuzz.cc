// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A claim in a total of liabilities: whatever is accepted is counted and is the one proof of it.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "settle/crypto/sha256.h"
#include "settle/ledger/sum_proof.h"
#include "settle/ledger/sum_tree.h"
#include "tests/fuzz/fuzz_target.h"

namespace settle::test {
namespace {

constexpr std::size_t kSizes[] = {1, 2, 7, 40};

std::vector<Liability> KnownLiabilities(std::size_t count) {
  std::vector<Liability> liabilities;
  for (std::uint64_t i = 0; i < count; ++i) {
    liabilities.push_back({.account = {OwnerId::FromNumber(i), MarginGroup(1)},
                           .nonce = BlindingNonce::FromNumber(i + 1),
                           .claim = Amount(Int128{50} - static_cast<Int128>(i) * 3)});
  }
  return liabilities;
}

// One of a few trees, by its number.
const SumTree<>& KnownTree(std::size_t number) {
  static const std::vector<SumTree<>> trees = [] {
    std::vector<SumTree<>> made;
    for (const std::size_t size : kSizes) {
      made.push_back(*SumTree<>::Create(TokenId(1), Height(5), KnownLiabilities(size)));
    }
    return made;
  }();
  return trees[number % trees.size()];
}

struct Claim {
  std::uint8_t tree = 0;
  Liability liability{};
  SumProof proof{};
  using Fields = Members<&Claim::tree, &Claim::liability, &Claim::proof>;
};

int FuzzSumProof(const std::uint8_t* data, std::size_t size) {
  Claim claim;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), claim, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const SumTree<>& tree = KnownTree(claim.tree);
  const Result<SumProof> proof = tree.Prove(claim.liability);
  const bool is_true = proof.ok() && *proof == claim.proof;
  const bool accepted = VerifyLiability(Sha256(), tree.Head(), claim.liability, claim.proof).ok();
  return accepted == is_true ? 0 : 2;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (std::uint8_t number = 0; number < std::size(kSizes); ++number) {
    for (const Liability& liability : KnownLiabilities(kSizes[number])) {
      seeds.push_back(Encode(Claim{number, liability, *KnownTree(number).Prove(liability)}));
    }
  }
  return seeds;
}

const FuzzTarget kTarget("SumProof", FuzzSumProof, Seeds);

}  // namespace
}  // namespace settle::test
