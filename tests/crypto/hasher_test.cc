// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// One suite for every back end: RFC 6962 roots, published answers, and agreement with OpenSSL's
// one-shot interface, which shares no call with either.

#include "settle/crypto/hasher.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/types.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/sha256_evp.h"
#include "tests/crypto/hex.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::DigestFromHex;
using test::FromHex;

Digest OneShot(ByteView bytes) {
  Digest digest;
  EXPECT_EQ(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                       nullptr, EVP_sha256(), nullptr),
            1);
  return digest;
}

std::vector<std::byte> Joined(std::initializer_list<ByteView> parts) {
  std::vector<std::byte> all;
  for (const ByteView part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The definition of RFC 6962 section 2.1, by recursion.
template <Hasher H>
Digest MerkleRoot(const H& hasher, std::span<const std::vector<std::byte>> leaves) {
  if (leaves.empty()) return hasher.EmptyRoot();
  if (leaves.size() == 1) return hasher.HashLeaf(leaves[0]);
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  return hasher.HashNode(MerkleRoot(hasher, leaves.first(split)),
                         MerkleRoot(hasher, leaves.subspan(split)));
}

template <typename H>
class HasherTest : public testing::Test {
 protected:
  const H hasher_{};
};

struct BackEndName {
  template <typename H>
  static std::string GetName(int) {
    return std::is_same_v<H, Sha256> ? "Sha256" : "Sha256Evp";
  }
};

using BackEnds = testing::Types<Sha256, Sha256Evp>;
TYPED_TEST_SUITE(HasherTest, BackEnds, BackEndName);

TYPED_TEST(HasherTest, GivesTheRootsOfRfc6962) {
  constexpr std::string_view kFile = "rfc6962/rfc6962_roots.json";
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kFile);
  std::vector<std::vector<std::byte>> leaves;
  for (const nlohmann::json& leaf : (*vectors)["leaf_inputs_hex"]) {
    leaves.push_back(FromHex(leaf.get_ref<const std::string&>()));
  }
  const nlohmann::json& roots = (*vectors)["root_by_size_hex"];
  ASSERT_EQ(leaves.size(), 8u);
  ASSERT_EQ(roots.size(), 9u);
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    EXPECT_EQ(MerkleRoot(this->hasher_, std::span(leaves).first(size)),
              DigestFromHex(roots[size].get_ref<const std::string&>()))
        << size;
  }
  test::CountVectors("rfc6962/roots", roots.size());
}

// The examples of FIPS 180-4 and two of NIST's short messages (SHA256ShortMsg).
TYPED_TEST(HasherTest, GivesThePublishedDigests) {
  const std::array<std::pair<std::vector<std::byte>, std::string_view>, 6> cases = {{
      {{}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {FromHex("d3"), "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
      {FromHex("5738c929c4f4ccb6"),
       "963bb88f27f512777aab6c8b1a02c70ec0ad651d428f870036e1917120fb48bf"},
      {Joined({AsBytes("abc")}),
       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {Joined({AsBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")}),
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {Joined({AsBytes("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"),
               AsBytes("hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")}),
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
  }};
  for (const auto& [message, digest] : cases) {
    EXPECT_EQ(this->hasher_.Hash(message), DigestFromHex(digest)) << message.size();
  }
}

TYPED_TEST(HasherTest, AgreesWithTheOneShotInterfaceAtEveryLength) {
  test::Random random;
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::vector<std::byte> data = random.Bytes(size);
    ASSERT_EQ(this->hasher_.Hash(data), OneShot(data)) << size;
    ASSERT_EQ(this->hasher_.HashLeaf(data),
              OneShot(Joined({std::array{std::byte{0}}, ByteView(data)})))
        << size;
  }
  for (const std::size_t size : {1000u, 4096u, 100'000u}) {
    const std::vector<std::byte> data = random.Bytes(size);
    ASSERT_EQ(this->hasher_.Hash(data), OneShot(data)) << size;
    ASSERT_EQ(this->hasher_.HashLeaf(data),
              OneShot(Joined({std::array{std::byte{0}}, ByteView(data)})))
        << size;
  }
}

// Joining must not depend on where the bytes lie.
TYPED_TEST(HasherTest, HashesTheSameAtEveryAlignment) {
  test::Random random;
  const std::vector<std::byte> buffer = random.Bytes(600);
  for (std::size_t offset = 0; offset < 64; ++offset) {
    for (const std::size_t size : {14u, 15u, 16u, 63u, 64u, 65u, 255u, 256u, 257u}) {
      const ByteView data = ByteView(buffer).subspan(offset, size);
      ASSERT_EQ(this->hasher_.HashLeaf(data), OneShot(Joined({std::array{std::byte{0}}, data})))
          << offset << " " << size;
    }
  }
}

TYPED_TEST(HasherTest, HashesPartsAsTheirConcatenation) {
  test::Random random;
  for (int i = 0; i < 500; ++i) {
    // On both sides of the size up to which parts are joined first.
    const std::size_t most = random.Chance(1, 2) ? 100 : 300;
    const std::vector<std::byte> a = random.Bytes(random.Below(most));
    const std::vector<std::byte> b = random.Bytes(random.Below(most));
    const std::vector<std::byte> c = random.Bytes(random.Below(most));
    ASSERT_EQ(this->hasher_.Hash(a, b), OneShot(Joined({a, b})));
    ASSERT_EQ(this->hasher_.Hash(a, b, c), OneShot(Joined({a, b, c})));
    ASSERT_EQ(this->hasher_.Hash(ByteView(), a), OneShot(a));
  }
  // Exactly at that size, and one beyond.
  const std::vector<std::byte> half = random.Bytes(128);
  const std::vector<std::byte> more = random.Bytes(129);
  EXPECT_EQ(this->hasher_.Hash(half, half), OneShot(Joined({half, half})));
  EXPECT_EQ(this->hasher_.Hash(half, more), OneShot(Joined({half, more})));
  EXPECT_EQ(this->hasher_.Hash(more, half), OneShot(Joined({more, half})));
  EXPECT_EQ(this->hasher_.Hash(), OneShot({}));
}

TYPED_TEST(HasherTest, NodeIsThePrefixOneAndBothChildrenInOrder) {
  test::Random random;
  for (int i = 0; i < 500; ++i) {
    const auto left = random.Fixed<Digest>();
    const auto right = random.Fixed<Digest>();
    ASSERT_EQ(this->hasher_.HashNode(left, right),
              OneShot(Joined({std::array{std::byte{1}}, left.view(), right.view()})));
    ASSERT_NE(this->hasher_.HashNode(left, right), this->hasher_.HashNode(right, left));
  }
}

// CASES Q24: each part of what is hashed counts.
TYPED_TEST(HasherTest, EveryBitOfEitherChildChangesTheNode) {
  test::Random random;
  const auto left = random.Fixed<Digest>();
  const auto right = random.Fixed<Digest>();
  const Digest node = this->hasher_.HashNode(left, right);
  for (std::size_t bit = 0; bit < 8 * Digest::kSize; ++bit) {
    const auto flip = static_cast<std::byte>(1u << (bit % 8));
    Digest other = left;
    other.data()[bit / 8] ^= flip;
    EXPECT_NE(this->hasher_.HashNode(other, right), node) << bit;
    other = right;
    other.data()[bit / 8] ^= flip;
    EXPECT_NE(this->hasher_.HashNode(left, other), node) << bit;
  }
}

TYPED_TEST(HasherTest, LeafAndNodeOfTheSameBytesDiffer) {
  const Digest zero;
  const std::array<std::byte, 64> both{};
  EXPECT_NE(this->hasher_.HashLeaf(both), this->hasher_.HashNode(zero, zero));
}

TYPED_TEST(HasherTest, HashesManyAsOneByOne) {
  test::Random random;
  for (const std::size_t count : {0u, 1u, 2u, 7u, 33u}) {
    std::vector<Digest> children;
    std::vector<std::vector<std::byte>> data;
    for (std::size_t i = 0; i < count; ++i) {
      children.push_back(random.Fixed<Digest>());
      children.push_back(random.Fixed<Digest>());
      data.push_back(random.Bytes(random.Below(300)));
    }
    std::vector<Digest> parents(count);
    std::vector<Digest> leaves(count);
    this->hasher_.HashNodes(children, parents);
    this->hasher_.HashLeaves(std::vector<ByteView>(data.begin(), data.end()), leaves);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(parents[i], this->hasher_.HashNode(children[2 * i], children[2 * i + 1]));
      EXPECT_EQ(leaves[i], this->hasher_.HashLeaf(data[i]));
    }
  }
}

// Ranges of other lengths than asked for: nothing outside either is read or written.
TYPED_TEST(HasherTest, LeavesWhatHasNoCounterpart) {
  const std::array<Digest, 5> children{};
  const Digest untouched = Digest::FromNumber(7);
  std::array<Digest, 4> parents;
  parents.fill(untouched);
  this->hasher_.HashNodes(children, parents);
  const Digest node = this->hasher_.HashNode(Digest(), Digest());
  EXPECT_EQ(parents, (std::array{node, node, untouched, untouched}));

  parents.fill(untouched);
  this->hasher_.HashNodes(children, std::span(parents).first(1));
  EXPECT_EQ(parents, (std::array{node, untouched, untouched, untouched}));

  const std::array<ByteView, 1> data{};
  std::array<Digest, 2> leaves;
  leaves.fill(untouched);
  this->hasher_.HashLeaves(data, leaves);
  EXPECT_EQ(leaves, (std::array{this->hasher_.HashLeaf({}), untouched}));

  const std::array<ByteView, 2> more{};
  leaves.fill(untouched);
  this->hasher_.HashLeaves(more, std::span(leaves).first(1));
  EXPECT_EQ(leaves, (std::array{this->hasher_.HashLeaf({}), untouched}));
}

TYPED_TEST(HasherTest, EmptyRootIsTheHashOfNothing) {
  EXPECT_EQ(this->hasher_.EmptyRoot(), this->hasher_.Hash());
}

TYPED_TEST(HasherTest, DoesNotAllocate) {
  const std::vector<std::byte> data(1000);
  const std::array<ByteView, 1> many = {data};
  std::array<Digest, 2> digests{};
  const test::AllocationCounter counter;
  digests[0] = this->hasher_.Hash(data, data);
  digests[1] = this->hasher_.HashLeaf(data);
  digests[0] = this->hasher_.HashNode(digests[0], digests[1]);
  this->hasher_.HashLeaves(many, digests);
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
}

TYPED_TEST(HasherTest, LeavesTheErrorQueueAsItWas) {
  for (const int errors : {0, 1, 2}) {
    ERR_clear_error();
    for (int i = 0; i < errors; ++i) ERR_raise(ERR_LIB_USER, 100 + i);
    const TypeParam hasher;
    const TypeParam copy = hasher;
    const Digest digest = copy.HashNode(hasher.Hash(), hasher.HashLeaf({}));
    EXPECT_EQ(digest, this->hasher_.HashNode(this->hasher_.Hash(), this->hasher_.HashLeaf({})));
    for (int i = 0; i < errors; ++i) {
      EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), 100 + i);
    }
    EXPECT_EQ(ERR_get_error(), 0u);
  }
}

// Not a hasher: a digest of another type, and a member that is missing.
struct NoLeaf : Sha256 {
  void HashLeaf(ByteView) const = delete;
};
struct WrongDigest : Sha256 {
  [[nodiscard]] OwnerId HashNode(const Digest&, const Digest&) const { return {}; }
};
static_assert(!Hasher<int> && !Hasher<NoLeaf> && !Hasher<WrongDigest>);
static_assert(RequireHasher<Sha256>() && RequireHasher<Sha256Evp>());

}  // namespace
}  // namespace settle
