// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/sum_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

constexpr AssetId kAsset = TokenId(3);
constexpr Height kHeight{1000};

Liability NumberedLiability(std::uint64_t number, Int128 claim) {
  return {.account = {OwnerId::FromNumber(number), MarginGroup(1)},
          .nonce = BlindingNonce::FromNumber(7000 + number),
          .claim = Amount(claim)};
}

Result<SumTree<>> TreeOf(std::span<const Liability> liabilities) {
  return SumTree<>::Create(kAsset, kHeight, liabilities);
}

Digest HashOf(unsigned prefix, const std::vector<std::vector<std::byte>>& parts) {
  std::vector<std::byte> input(16);
  input[0] = static_cast<std::byte>(prefix);
  for (const auto& part : parts) input.insert(input.end(), part.begin(), part.end());
  return Sha256().Hash(ByteView(input));
}

// The tree as it is defined: leaves sorted by digest, split as RFC 6962 says.
std::pair<Digest, Int128> ReferenceTop(std::span<const std::pair<Digest, Int128>> leaves) {
  if (leaves.size() == 1) return leaves.front();
  const std::size_t split = test::ReferenceSplit(leaves.size());
  const auto left = ReferenceTop(leaves.first(split));
  const auto right = ReferenceTop(leaves.subspan(split));
  return {HashOf(7, {Encode(left.first), Encode(left.second), Encode(right.first),
                     Encode(right.second)}),
          left.second + right.second};
}

TEST(SumTree, IsTheOneOfTheDefinitionForEverySizeUpTo50) {
  test::Random random;
  for (std::size_t size = 1; size <= 50; ++size) {
    std::vector<Liability> liabilities;
    std::vector<std::pair<Digest, Int128>> leaves;
    for (std::size_t i = 0; i < size; ++i) {
      const auto claim = static_cast<Int128>(random() >> 8) * 1000 - (Int128{1} << 60);
      const Liability liability = NumberedLiability(i, claim);
      liabilities.push_back(liability);
      leaves.push_back({HashOf(6, {Encode(kAsset), Encode(kHeight), Encode(liability.account),
                                   Encode(liability.nonce)}),
                        claim < 0 ? 0 : claim});
    }
    std::ranges::sort(leaves);
    const auto [digest, sum] = ReferenceTop(leaves);
    const SumHead expected{kAsset, kHeight, size, Amount(sum), digest};
    EXPECT_EQ(TreeOf(liabilities)->Head(), expected) << size;
    random.Shuffle(liabilities);
    EXPECT_EQ(TreeOf(liabilities)->Head(), expected) << size;
  }
}

TEST(SumTree, OfNoAccountHasNoTotalAndTheEmptyRoot) {
  const Result<SumTree<>> tree = TreeOf({});
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree->Head(), (SumHead{kAsset, kHeight, 0, Amount(0), Sha256().EmptyRoot()}));
  EXPECT_EQ(tree->Prove(NumberedLiability(1, 1)).reason(), LedgerReason::kNoSuchKey);
}

TEST(SumTree, CountsANegativeClaimAsZeroAndNeverAgainstAnother) {
  const std::vector<Liability> liabilities = {NumberedLiability(1, 100), NumberedLiability(2, -70),
                                              NumberedLiability(3, 0),
                                              NumberedLiability(4, kMin<Int128>)};
  const Result<SumTree<>> tree = TreeOf(liabilities);
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree->Head().total, Amount(100));
  for (const Liability& liability : liabilities) {
    const Result<SumProof> proof = tree->Prove(liability);
    ASSERT_TRUE(proof.ok());
    EXPECT_EQ(VerifyLiability(Sha256(), tree->Head(), liability, *proof), Reason());
  }
}

TEST(SumTree, RefusesATotalBeyondTheBoundAndTakesTheBoundItself) {
  std::vector<Liability> liabilities;
  for (std::uint64_t i = 0; i < 7; ++i) liabilities.push_back(NumberedLiability(i, 5));
  liabilities.push_back(NumberedLiability(7, kMax<Int128> - 35));
  const Result<SumTree<>> tree = TreeOf(liabilities);
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree->Head().total, Amount(kMax<Int128>));
  liabilities[3].claim = Amount(6);
  EXPECT_EQ(TreeOf(liabilities).reason(), BaseReason::kOverflow);
}

TEST(SumTree, RefusesAnAccountThatComesTwiceWithOneNonce) {
  std::vector<Liability> liabilities = {NumberedLiability(1, 5), NumberedLiability(2, 5),
                                        NumberedLiability(1, 6)};
  EXPECT_EQ(TreeOf(liabilities).reason(), LedgerReason::kDuplicateKey);
  liabilities[2].account.group = MarginGroup(2);
  EXPECT_TRUE(TreeOf(liabilities).ok());
}

TEST(SumTree, ProvesNothingThatItDoesNotCount) {
  const std::vector<Liability> liabilities = {NumberedLiability(1, 5), NumberedLiability(2, 6)};
  const Result<SumTree<>> tree = TreeOf(liabilities);
  Liability other = liabilities[0];
  other.claim = Amount(6);
  EXPECT_EQ(tree->Prove(other).reason(), LedgerReason::kNoSuchKey);
  EXPECT_EQ(tree->Prove(NumberedLiability(3, 5)).reason(), LedgerReason::kNoSuchKey);
}

Int128 SumOf(const nlohmann::json& node) {
  return static_cast<Int128>(std::strtoull(node["sum"].get<std::string>().c_str(), nullptr, 10));
}

// The liabilities that a published case leaves in its tree.
std::vector<Liability> LiabilitiesOf(const nlohmann::json& file, const nlohmann::json& one) {
  std::map<std::string, Int128> sums;
  for (const nlohmann::json& leaf : file["all_tree_leaves"]) {
    for (const nlohmann::json& key : one["inserted_leaves"]) {
      if (key == leaf["key"]) sums[key.get<std::string>()] = SumOf(leaf["node"]);
    }
  }
  if (one.contains("deleted_leaves") && one["deleted_leaves"].is_array()) {
    for (const nlohmann::json& key : one["deleted_leaves"]) sums.erase(key.get<std::string>());
  }
  if (one.contains("replaced_leaves") && one["replaced_leaves"].is_array()) {
    for (const nlohmann::json& leaf : one["replaced_leaves"]) {
      sums[leaf["key"].get<std::string>()] = SumOf(leaf["node"]);
    }
  }
  std::vector<Liability> liabilities;
  for (const auto& [key, sum] : sums) {
    liabilities.push_back(NumberedLiability(liabilities.size(), sum));
  }
  return liabilities;
}

// Their nodes commit to the sum of both children alone and their sums are of 64 bits, so that their
// roots are not ours; the sums are, and so is the overflow, each at its own width.
TEST(SumTree, HasTheSumsOfMssmtAndRefusesItsOverflowAtOurWidth) {
  constexpr std::string_view kFolder = "mssmt";
  const std::vector<std::string> files = test::ListVectors(kFolder, ".json");
  if (files.empty()) GTEST_SKIP() << test::Missing(kFolder);
  std::size_t valid = 0;
  std::size_t refused = 0;
  for (const std::string& name : files) {
    const std::optional<nlohmann::json> file = test::ReadVectorJson(name);
    ASSERT_TRUE(file) << name;
    if ((*file)["valid_test_cases"].is_array()) {
      for (const nlohmann::json& one : (*file)["valid_test_cases"]) {
        const Result<SumTree<>> tree = TreeOf(LiabilitiesOf(*file, one));
        ASSERT_TRUE(tree.ok()) << name;
        EXPECT_EQ(std::to_string(static_cast<std::uint64_t>(tree->Head().total.value())),
                  one["root_sum"].get<std::string>());
        ++valid;
      }
    }
    if (!(*file)["error_test_cases"].is_array()) continue;
    for (const nlohmann::json& one : (*file)["error_test_cases"]) {
      ASSERT_EQ(one["error"].get<std::string>(), "integer overflow");
      std::vector<Liability> liabilities = LiabilitiesOf(*file, one);
      // What overflows 64 bits by one does not overflow ours, and what is lifted by the difference
      // of the two greatest numbers does, by one as well.
      const Result<SumTree<>> tree = TreeOf(liabilities);
      ASSERT_TRUE(tree.ok());
      EXPECT_EQ(tree->Head().total.value(), Int128{1} << 64);
      const auto greatest = static_cast<Int128>(~std::uint64_t{0});
      for (Liability& liability : liabilities) {
        if (liability.claim.value() != greatest) continue;
        liability.claim = Amount(liability.claim.value() + (kMax<Int128> - greatest));
      }
      EXPECT_EQ(TreeOf(liabilities).reason(), BaseReason::kOverflow);
      ++refused;
    }
  }
  test::CountVectors("mssmt", valid + refused);
  EXPECT_EQ(valid, 3u);
  EXPECT_EQ(refused, 1u);
}

}  // namespace
}  // namespace settle
