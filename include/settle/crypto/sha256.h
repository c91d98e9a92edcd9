// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// SHA-256 (FIPS 180-4) through the calls of OpenSSL that cost least for small inputs, with the
// state on the stack.
//
// OpenSSL calls SHA256_Init, SHA256_Update, SHA256_Final and SHA256_Transform deprecated in favour
// of interfaces that cost three times as much for a Merkle node; they always succeed and do not
// touch the error queue. A node is two blocks whose padding never changes: it is laid out here and
// goes through SHA256_Transform alone, which costs four fifths of the other three.
//
//   constexpr Sha256 kHasher;
//   const Digest root = kHasher.HashNode(kHasher.HashLeaf(a), kHasher.HashLeaf(b));

#ifndef SETTLE_CRYPTO_SHA256_H_
#define SETTLE_CRYPTO_SHA256_H_

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/crypto/detail/rfc6962_input.h"
#include "settle/crypto/hasher.h"

// As <openssl/sha.h> declares them, which hides them from a host that defines
// OPENSSL_NO_DEPRECATED. The two declarations may meet in either order.
struct SHA256state_st;
extern "C" int SHA256_Init(SHA256state_st* state);
extern "C" int SHA256_Update(SHA256state_st* state, const void* data, std::size_t size);
extern "C" int SHA256_Final(unsigned char* digest, SHA256state_st* state);
extern "C" void SHA256_Transform(SHA256state_st* state, const unsigned char* block);

SETTLE_NAMESPACE_BEGIN

namespace detail {

// One hash in the making.
class Sha256Stream {
 public:
  // Room for a SHA256_CTX, whose 112 bytes have been part of OpenSSL's binary interface since
  // 0.9.8.
  static constexpr std::size_t kStateSize = 128;
  static constexpr std::size_t kStateAlignment = 16;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  Sha256Stream() { SHA256_Init(state()); }
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void Update(ByteView bytes) { SHA256_Update(state(), bytes.data(), bytes.size()); }

  [[nodiscard]] Digest Finish() {
    Digest digest;
    SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), state());
    return digest;
  }
#pragma GCC diagnostic pop

 private:
  SHA256state_st* state() { return reinterpret_cast<SHA256state_st*>(state_); }

  alignas(kStateAlignment) std::byte state_[kStateSize];
};

// The hash of the message whose one or two blocks, padding included, these are; `second` is nullptr
// where there is one. SHA256_Transform reads and writes only the eight words of the chaining value,
// which stand first in a SHA256_CTX, in the order of the machine.
[[nodiscard]] inline Digest Sha256OfBlocks(const unsigned char* first,
                                           const unsigned char* second) {
  // FIPS 180-4 section 5.3.3.
  static constexpr std::array<std::uint32_t, 8> kStart = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                                          0xa54ff53a, 0x510e527f, 0x9b05688c,
                                                          0x1f83d9ab, 0x5be0cd19};
  // The room of a whole SHA256_CTX, of which only the chaining value is ever written.
  alignas(Sha256Stream::kStateAlignment) std::byte room[Sha256Stream::kStateSize];
  std::memcpy(room, kStart.data(), sizeof(kStart));
  auto* const state = reinterpret_cast<SHA256state_st*>(room);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  SHA256_Transform(state, first);
  if (second != nullptr) SHA256_Transform(state, second);
#pragma GCC diagnostic pop
  // Big-endian words. Stored in halves, so that the next hash can read any aligned word at once.
  typedef std::uint64_t Halves __attribute__((vector_size(16)));
  const auto pair = [&room](std::size_t i) {
    std::uint64_t value;
    std::memcpy(&value, room + sizeof(value) * i, sizeof(value));
    if constexpr (std::endian::native != std::endian::little) return value;
    return std::rotl(__builtin_bswap64(value), 32);
  };
  const Halves low = {pair(0), pair(1)};
  const Halves high = {pair(2), pair(3)};
  Digest digest;
  std::memcpy(digest.data(), &low, sizeof(low));
  std::memcpy(digest.data() + sizeof(low), &high, sizeof(high));
  return digest;
}

// The longest message that fits two blocks with its padding.
inline constexpr std::size_t kSha256ShortSize = 2 * 64 - 9;

// The blocks that end a message of kSize bytes, without what they hold of it. Behind whole blocks
// there is one; else all is in them.
template <std::size_t kSize>
inline constexpr auto kSha256Padding = [] {
  constexpr std::size_t kBlock = 64;
  constexpr std::size_t kRest = kSize % kBlock;
  constexpr std::size_t kBlocks = kRest + 9 > kBlock ? 2 : 1;
  std::array<std::byte, kBlocks * kBlock> padding{};
  padding[kRest] = std::byte{0x80};
  padding[padding.size() - 2] = static_cast<std::byte>(8 * kSize / 256);
  padding[padding.size() - 1] = static_cast<std::byte>(8 * kSize % 256);
  return padding;
}();

// The hash of a message of kSize <= kSha256ShortSize bytes. A whole block is read where it lies.
template <std::size_t kSize>
[[nodiscard]] Digest Sha256OfShort(const std::byte* message) {
  constexpr std::size_t kBlock = 64;
  constexpr std::size_t kRest = kSize % kBlock;
  // In stores as wide as the loads of the transform, which else waits for them to reach the cache.
  typedef std::uint64_t Halves __attribute__((vector_size(16)));
  constexpr std::size_t kPadded = kSha256Padding<kSize>.size();
  alignas(16) std::array<std::byte, kPadded> last;
  for (std::size_t at = kRest / 16 * 16; at < kPadded; at += 16) {
    std::array<std::uint64_t, 2> padding;
    std::memcpy(padding.data(), kSha256Padding<kSize>.data() + at, sizeof(padding));
    // A constant g++ would store in two pieces.
    asm("" : "+r"(padding[0]));
    const Halves halves = {padding[0], padding[1]};
    std::memcpy(last.data() + at, &halves, sizeof(halves));
  }
  if constexpr (kRest > 0) std::memcpy(last.data(), message + (kSize - kRest), kRest);
  const auto* const end = reinterpret_cast<const unsigned char*>(last.data());
  if constexpr (kSize >= kBlock) {
    return Sha256OfBlocks(reinterpret_cast<const unsigned char*>(message), end);
  } else {
    return Sha256OfBlocks(end, last.size() > kBlock ? end + kBlock : nullptr);
  }
}

}  // namespace detail

// Without state: any number of threads may share one or make their own. About 70 to 85 ns for a
// node, four fifths of the bare Init, Update and Final over 65 contiguous bytes. Never allocates.
class Sha256 {
 public:
  // H of the parts, one after the other.
  template <std::convertible_to<ByteView>... Parts>
  [[nodiscard]] Digest Hash(const Parts&... parts) const {
    detail::Sha256Stream stream;
    if constexpr (sizeof...(Parts) > 0) detail::FeedParts(stream, ByteView(parts)...);
    return stream.Finish();
  }

  // H of a message whose size is known, of at most two blocks: as a node, about 70 to 85 ns.
  template <std::size_t kSize>
  requires(kSize <= detail::kSha256ShortSize) [[nodiscard]] Digest
      Hash(const std::span<const std::byte, kSize>& message) const {
    return detail::Sha256OfShort<kSize>(message.data());
  }

  [[nodiscard]] Digest HashLeaf(ByteView data) const {
    detail::Sha256Stream stream;
    detail::FeedLeaf(stream, data);
    return stream.Finish();
  }

  [[nodiscard]] Digest HashNode(const Digest& left, const Digest& right) const {
    const detail::NodeBlocks blocks(left, right);
    return detail::Sha256OfBlocks(blocks.block(0), blocks.block(1));
  }

  void HashNodes(std::span<const Digest> children, std::span<Digest> parents) const {
    for (std::size_t i = 0; i < parents.size() && 2 * i + 1 < children.size(); ++i) {
      parents[i] = HashNode(children[2 * i], children[2 * i + 1]);
    }
  }

  void HashLeaves(std::span<const ByteView> data, std::span<Digest> leaves) const {
    for (std::size_t i = 0; i < leaves.size() && i < data.size(); ++i)
      leaves[i] = HashLeaf(data[i]);
  }

  [[nodiscard]] Digest EmptyRoot() const { return Hash(); }
};

static_assert(RequireHasher<Sha256>());

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_SHA256_H_
