// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Hashes that are counted twice, or with too long inputs, make every bound easy.

#include "benchmarks/counted_hashes.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "settle/base/bytes.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/compact_range.h"

namespace settle::benchmarks {
namespace {

using Sizes = std::map<std::size_t, std::size_t>;

Digest DigestOf(std::uint8_t value) {
  Digest digest;
  for (std::size_t i = 0; i < Digest::kSize; ++i) digest.data()[i] = std::byte{value};
  return digest;
}

TEST(CountingSha256, AnswersWhatSha256Answers) {
  HashCounts counts;
  const Digest a = DigestOf(1);
  const Digest b = DigestOf(2);
  for (const CountingSha256& hasher : {CountingSha256(&counts), CountingSha256()}) {
    EXPECT_EQ(hasher.Hash(a.view(), b.view(), a.view()),
              Sha256().Hash(a.view(), b.view(), a.view()));
    EXPECT_EQ(hasher.HashLeaf(a.view()), Sha256().HashLeaf(a.view()));
    EXPECT_EQ(hasher.HashNode(a, b), Sha256().HashNode(a, b));
    EXPECT_EQ(hasher.EmptyRoot(), Sha256().EmptyRoot());
    const std::array<Digest, 4> children = {a, b, b, a};
    std::array<Digest, 2> parents;
    hasher.HashNodes(children, parents);
    EXPECT_EQ(parents[0], Sha256().HashNode(a, b));
    EXPECT_EQ(parents[1], Sha256().HashNode(b, a));
    const std::array<ByteView, 2> data = {a.view(), b.view().first(5)};
    std::array<Digest, 2> leaves;
    hasher.HashLeaves(data, leaves);
    EXPECT_EQ(leaves[0], Sha256().HashLeaf(a.view()));
    EXPECT_EQ(leaves[1], Sha256().HashLeaf(b.view().first(5)));
  }
}

TEST(CountingSha256, CountsEachHashOnceWithAllThatItReads) {
  HashCounts counts;
  const CountingSha256 hasher(&counts);
  const Digest a = DigestOf(1);
  (void)hasher.Hash(a.view(), a.view().first(5));
  EXPECT_EQ(counts.by_size(), (Sizes{{37, 1}}));
  (void)hasher.HashLeaf(a.view());
  (void)hasher.HashNode(a, a);
  (void)hasher.EmptyRoot();
  EXPECT_EQ(counts.by_size(), (Sizes{{0, 1}, {33, 1}, {37, 1}, {65, 1}}));

  counts = HashCounts();
  const std::array<Digest, 5> children = {a, a, a, a, a};
  std::array<Digest, 3> parents;
  hasher.HashNodes(children, parents);  // the last two have no two children
  const std::array<ByteView, 2> data = {a.view(), a.view()};
  hasher.HashLeaves(data, parents);
  EXPECT_EQ(counts.by_size(), (Sizes{{33, 2}, {65, 2}}));
  EXPECT_EQ(counts.total(), 4u);
}

TEST(CountingSha256, CountsTheHashesOfATree) {
  HashCounts counts;
  CompactRange<CountingSha256> tree{CountingSha256(&counts)};
  for (std::uint8_t leaf = 0; leaf < 7; ++leaf) (void)tree.Append(DigestOf(leaf).view());
  (void)tree.Root();
  EXPECT_EQ(counts.by_size(), (Sizes{{33, 7}, {65, 6}}));
}

TEST(BareHashes, MakesEveryHashThatWasCounted) {
  HashCounts counts;
  counts.Add(65, 3);
  counts.Add(0);
  counts.Add(200, 2);
  counts.Add(65);
  BareHashes hashes(counts);
  // The same chain by OpenSSL's one-shot interface.
  std::vector<std::byte> input(200);
  std::uint64_t word = 1;
  for (const std::size_t size : std::array<std::size_t, 7>{0, 65, 65, 65, 65, 200, 200}) {
    Node digest;
    ASSERT_EQ(EVP_Digest(input.data(), size, reinterpret_cast<unsigned char*>(digest.data()),
                         nullptr, EVP_sha256(), nullptr),
              1);
    input[0] = digest[0];
    word += FirstWord(digest);
  }
  EXPECT_EQ(hashes.Step(), word | 1);
}

}  // namespace
}  // namespace settle::benchmarks
