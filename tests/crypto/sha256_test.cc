// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What hasher_test.cc does not ask of every back end.

#include "settle/crypto/sha256.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>  // after the header under test: both declare the three calls

#include <concepts>
#include <type_traits>

#include "settle/crypto/sha256_evp.h"
#include "tests/support/random.h"

namespace settle {
namespace {

// The room that the header keeps for OpenSSL's state.
static_assert(sizeof(SHA256_CTX) <= detail::Sha256Stream::kStateSize);
static_assert(alignof(SHA256_CTX) <= detail::Sha256Stream::kStateAlignment);
static_assert(std::same_as<SHA256_CTX, SHA256state_st>);

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

}  // namespace
}  // namespace settle
