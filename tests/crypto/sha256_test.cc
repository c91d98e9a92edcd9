// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What hasher_test.cc does not ask of every back end.

#include "settle/crypto/sha256.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>  // after the header under test: both declare the calls

#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/crypto/sha256_evp.h"
#include "tests/support/random.h"

namespace settle {
namespace {

// The room that the header keeps for OpenSSL's state.
static_assert(sizeof(SHA256_CTX) <= detail::Sha256Stream::kStateSize);
static_assert(alignof(SHA256_CTX) <= detail::Sha256Stream::kStateAlignment);
static_assert(std::same_as<SHA256_CTX, SHA256state_st>);
// The chaining value stands first: eight words, of which a node's digest is made.
static_assert(offsetof(SHA256_CTX, h) == 0 && sizeof(SHA256_CTX::h) == Digest::kSize);

// Kept in a class it takes no room.
static_assert(std::is_empty_v<Sha256> && std::is_trivially_copyable_v<Sha256>);

TEST(Sha256, AgreesWithTheProviderInterface) {
  test::Random random;
  const Sha256Evp evp;
  for (std::size_t size = 0; size <= 300; ++size) {
    const std::vector<std::byte> data = random.Bytes(size);
    const Digest digest = Sha256().Hash(data);
    ASSERT_EQ(digest, evp.Hash(data)) << size;
    ASSERT_EQ(Sha256().HashLeaf(data), evp.HashLeaf(data)) << size;
    ASSERT_EQ(Sha256().HashNode(digest, digest), evp.HashNode(digest, digest)) << size;
  }
}

TEST(Sha256, LeavesTheBytesBesideTheStateAlone) {
  // OpenSSL writes no further than its own structure: the rest of the room keeps its pattern.
  alignas(16) std::byte room[detail::Sha256Stream::kStateSize];
  for (std::byte& byte : room) byte = std::byte{0xa5};
  auto* state = reinterpret_cast<SHA256state_st*>(room);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const std::vector<std::byte> data(200, std::byte{0xff});
  unsigned char digest[32];
  ASSERT_EQ(SHA256_Init(state), 1);
  ASSERT_EQ(SHA256_Update(state, data.data(), data.size()), 1);
  ASSERT_EQ(SHA256_Final(digest, state), 1);
#pragma GCC diagnostic pop
  for (std::size_t i = sizeof(SHA256_CTX); i < sizeof(room); ++i) {
    EXPECT_EQ(room[i], std::byte{0xa5}) << i;
  }
}

TEST(Sha256, TransformsNothingButTheChainingValue) {
  SHA256_CTX state;
  std::memset(&state, 0xa5, sizeof(state));
  const std::vector<unsigned char> block(64, 0x5a);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  SHA256_Transform(&state, block.data());
#pragma GCC diagnostic pop
  const auto* const bytes = reinterpret_cast<const unsigned char*>(&state);
  for (std::size_t i = sizeof(state.h); i < sizeof(state); ++i) EXPECT_EQ(bytes[i], 0xa5) << i;
}

// Every byte of either child stands where it should, whatever the machine's order of bytes.
TEST(Sha256, HashesANodeAsTheConcatenationOfItsParts) {
  test::Random random;
  const std::byte prefix{1};
  for (std::size_t at = 0; at < 2 * Digest::kSize; ++at) {
    std::array<Digest, 2> children = {random.Fixed<Digest>(), random.Fixed<Digest>()};
    children[at / 32].data()[at % 32] ^= std::byte{0xff};
    EXPECT_EQ(Sha256().HashNode(children[0], children[1]),
              Sha256().Hash(ByteView(&prefix, 1), children[0].view(), children[1].view()));
  }
}

template <std::size_t kSize>
void ExpectTheHashOfAMessageOfKnownSize(test::Random& random) {
  std::array<std::byte, kSize> message;
  random.Fill(message);
  const std::span<const std::byte, kSize> known(message);
  EXPECT_EQ(Sha256().Hash(known), Sha256().Hash(ByteView(message))) << kSize;
  EXPECT_EQ(Sha256().Hash(known), Sha256Evp().Hash(ByteView(message))) << kSize;
}

// Through the transform alone up to 119 bytes, and beyond as any other.
TEST(Sha256, HashesAMessageOfKnownSizeAsAnyOther) {
  test::Random random;
  [&]<std::size_t... kSizes>(std::index_sequence<kSizes...>) {
    (ExpectTheHashOfAMessageOfKnownSize<kSizes>(random), ...);
  }
  (std::make_index_sequence<130>());
}

}  // namespace
}  // namespace settle
