// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A baseline that does less than it says makes every bound easy: each must do what it is named for.

#include "benchmarks/baseline.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace settle::benchmarks {
namespace {

std::array<std::byte, 32> Seed(std::uint8_t value) {
  std::array<std::byte, 32> seed;
  seed.fill(std::byte{value});
  return seed;
}

std::vector<std::byte> Bytes(std::string_view text) {
  std::vector<std::byte> bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

// The digest by OpenSSL's one-shot interface, which shares no call with the baseline.
Node OneShotHash(std::span<const std::byte> input) {
  Node digest;
  EXPECT_EQ(EVP_Digest(input.data(), input.size(), reinterpret_cast<unsigned char*>(digest.data()),
                       nullptr, EVP_sha256(), nullptr),
            1);
  return digest;
}

TEST(Baseline, BareHashIsSha256OfItsInputAtEveryLength) {
  std::vector<std::byte> input;
  for (unsigned length = 0; length < 300; ++length) {
    Node digest;
    BareHash(input, digest);
    ASSERT_EQ(digest, OneShotHash(input)) << length;
    input.push_back(static_cast<std::byte>(length * 7));
  }
}

TEST(Baseline, BareHash65IsSha256OfAllSixtyFiveBytes) {
  NodeInput input;
  input.fill(std::byte{1});
  for (std::size_t i = 0; i < input.size(); ++i) {
    input[i] = std::byte{2};
    Node digest;
    BareHash65(input, digest);
    ASSERT_EQ(digest, OneShotHash(input)) << i;
  }
}

TEST(Baseline, FirstWordTellsDigestsApart) {
  Node digest{};
  EXPECT_EQ(FirstWord(digest), 0u);
  digest[7] = std::byte{1};
  EXPECT_NE(FirstWord(digest), 0u);
}

TEST(Baseline, BareVerifyAcceptsWhatBareSignSigned) {
  BareSign sign(Seed(1));
  BareVerify verify(sign.PublicKey());
  for (const std::string_view text : {"", "a", "a longer message"}) {
    SignatureBytes signature{};
    const std::uint64_t word = sign(Bytes(text), signature);
    EXPECT_EQ(word, FirstWord(signature));
    EXPECT_EQ(verify(Bytes(text), signature), 1u) << text;
  }
}

TEST(Baseline, BareVerifyAnswersZeroForEveryFlippedBitOfTheSignature) {
  BareSign sign(Seed(1));
  BareVerify verify(sign.PublicKey());
  SignatureBytes signature{};
  sign(Bytes("message"), signature);
  for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    SignatureBytes flipped = signature;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    ASSERT_EQ(verify(Bytes("message"), flipped), 0u) << bit;
  }
  EXPECT_EQ(verify(Bytes("massage"), signature), 0u);
  EXPECT_EQ(verify(Bytes("message"), signature), 1u);
}

TEST(Baseline, BareVerifyAnswersZeroForAnotherKey) {
  BareSign sign(Seed(1));
  BareVerify verify(BareSign(Seed(2)).PublicKey());
  SignatureBytes signature{};
  sign(Bytes("message"), signature);
  EXPECT_EQ(verify(Bytes("message"), signature), 0u);
}

TEST(Baseline, BareTouchWritesEachGivenLineOnceAndSumsWhatItRead) {
  // Around the prefetch distance, where the loop is split.
  for (const std::size_t lines : {std::size_t{0}, std::size_t{1}, kPrefetchDistance - 1,
                                  kPrefetchDistance, kPrefetchDistance + 1, std::size_t{100}}) {
    std::vector<std::uint64_t> memory(8 * 100, 5);
    std::vector<std::uint64_t*> touched;
    for (std::size_t i = 0; i < lines; ++i) touched.push_back(&memory[8 * ((i * 37) % 100)]);
    EXPECT_EQ(BareTouch(touched), 5 * lines);
    EXPECT_EQ(BareTouch(touched), 6 * lines);
    for (const std::uint64_t* word : touched) EXPECT_EQ(*word, 7u);
    std::uint64_t sum = 0;
    for (const std::uint64_t word : memory) sum += word;
    EXPECT_EQ(sum, 5 * memory.size() + 2 * lines) << "another word was written";
  }
}

TEST(Baseline, BareGatherCopiesTheGivenNodesInOrder) {
  std::vector<Node> nodes(50);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].fill(static_cast<std::byte>(i + 1));
  const std::array<const Node*, 3> path{&nodes[49], &nodes[0], &nodes[20]};
  std::array<Node, 4> out{};
  EXPECT_EQ(BareGather(path, out), FirstWord(nodes[20]));
  EXPECT_EQ(out, (std::array<Node, 4>{nodes[49], nodes[0], nodes[20], Node{}}));
  EXPECT_EQ(BareGather({}, out), 0u);
}

TEST(Baseline, BareLogCopiesTheRecordAndAnswersItsChecksum) {
  const std::vector<std::byte> record = Bytes("a record");
  std::array<std::byte, 9> log{};
  EXPECT_EQ(BareLog(record, log.data()), XXH3_64bits(record.data(), record.size()));
  EXPECT_TRUE(std::equal(record.begin(), record.end(), log.begin()));
  EXPECT_EQ(log[8], std::byte{}) << "another byte was written";
}

TEST(Baseline, BareSumReadsEveryWord) {
  std::vector<std::uint64_t> words(64);
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < words.size(); ++i) expected += words[i] = i * i * 0x123456789u;
  EXPECT_EQ(BareSum(std::as_bytes(std::span(words))), expected);
}

TEST(Baseline, BareMulAddIsTheSumOfProductsInOneHundredAndTwentyEightBits) {
  const std::vector<std::int64_t> left{1, -2, INT64_MAX, INT64_MIN, INT64_MAX};
  const std::vector<std::int64_t> right{7, 11, INT64_MAX, INT64_MAX, -3};
  // 7 - 22 + (2^63-1)^2 - 2^63 (2^63-1) - 3 (2^63-1) = -15 - 4 (2^63-1) = -2^65 - 11
  const std::uint64_t high = ~std::uint64_t{0} - 2;
  const std::uint64_t low = ~std::uint64_t{0} - 10;
  EXPECT_EQ(BareMulAdd(left, right), high + low);
}

}  // namespace
}  // namespace settle::benchmarks
