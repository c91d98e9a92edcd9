// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// How the input of a hash is laid out in memory before it is hashed, and why so.
//
// RFC 6962 puts one byte before its data, so that nothing is aligned any more. A hash of two blocks
// takes about 100 ns; reading a block back that was just written at other offsets than it is read
// costs 17 of them, because a processor hands a pending store on to a load only when the one store
// covers the whole load. SHA-256 loads 16 bytes at multiples of 16, so that is how the input is
// written here: then joining costs 1 to 2 ns.

#ifndef SETTLE_CRYPTO_DETAIL_RFC6962_INPUT_H_
#define SETTLE_CRYPTO_DETAIL_RFC6962_INPUT_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "settle/base/bytes.h"
#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

inline constexpr std::byte kLeafPrefix{0x00};
inline constexpr std::byte kNodePrefix{0x01};

// Writes `first` and then data[0..14], in one store.
inline void WriteFirstBlock(std::byte* out, std::byte first, const std::byte* data) {
  typedef std::uint64_t Halves __attribute__((vector_size(16)));
  std::uint64_t low;
  std::uint64_t high;
  std::memcpy(&low, data, sizeof(low));
  std::memcpy(&high, data + 7, sizeof(high));
  const auto prefix = std::to_integer<std::uint64_t>(first);
  if constexpr (std::endian::native == std::endian::little) {
    low = (low << 8) | prefix;
  } else {
    low = (low >> 8) | (prefix << 56);
  }
  const Halves block = {low, high};
  std::memcpy(out, &block, sizeof(block));
}

// Writes `first` and then the `size` bytes of `data`: size + 1 bytes.
inline void WriteShifted(std::byte* out, std::byte first, const std::byte* data, std::size_t size) {
  if (size < 15) {
    out[0] = first;
    if (size > 0) std::memcpy(out + 1, data, size);
    return;
  }
  WriteFirstBlock(out, first, data);
  std::size_t at = 16;
  for (; at + 16 <= size + 1; at += 16) {
    std::memcpy(out + at, data + at - 1, 16);
    // Without this GCC may see a copy of unknown length and make it a `rep movs`: 60 ns.
    asm("" : "+r"(at));
  }
  if (at < size + 1) std::memcpy(out + at, data + at - 1, size + 1 - at);
}

// What is hashed for a node, padded as FIPS 180-4 section 5.1.1 says: two whole blocks.
//
// A node's children are often digests just made, of which a word can be read at once that lies
// within one store; all else waits. So they are read in words, shifted in registers, and written
// as SHA-256 reads them.
class NodeBlocks {
 public:
  static constexpr std::size_t kBlock = 64;

  NodeBlocks(const Digest& left, const Digest& right) {
    const Words l(left);
    const Words r(right);
    const std::uint64_t prefix = std::to_integer<std::uint64_t>(kNodePrefix);
    constexpr std::uint64_t kBits = 8 * (1 + 2 * Digest::kSize);
    halves_[0] = Halves{Join(l.a, prefix), Join(l.b, l.a >> 56)};
    halves_[1] = Halves{Join(l.c, l.b >> 56), Join(l.d, l.c >> 56)};
    halves_[2] = Halves{Join(r.a, l.d >> 56), Join(r.b, r.a >> 56)};
    halves_[3] = Halves{Join(r.c, r.b >> 56), Join(r.d, r.c >> 56)};
    halves_[4] = Halves{Join(0x80, r.d >> 56), 0};
    halves_[5] = Halves{0, 0};
    halves_[6] = Halves{0, 0};
    halves_[7] = Halves{0, __builtin_bswap64(kBits)};
    if constexpr (std::endian::native != std::endian::little) {
      for (Halves& pair : halves_) {
        pair = Halves{__builtin_bswap64(pair[0]), __builtin_bswap64(pair[1])};
      }
    }
  }

  [[nodiscard]] const unsigned char* block(std::size_t i) const {
    return reinterpret_cast<const unsigned char*>(halves_) + i * kBlock;
  }

 private:
  typedef std::uint64_t Halves __attribute__((vector_size(16)));

  // A digest in words whose lowest byte is the first.
  struct Words {
    explicit Words(const Digest& digest)
        : a(Load(digest, 0)), b(Load(digest, 8)), c(Load(digest, 16)), d(Load(digest, 24)) {}
    static std::uint64_t Load(const Digest& digest, std::size_t at) {
      std::uint64_t word;
      std::memcpy(&word, digest.data() + at, sizeof(word));
      return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
    }
    std::uint64_t a, b, c, d;
  };

  // `word` moved on by one byte, behind the byte `before`.
  static std::uint64_t Join(std::uint64_t word, std::uint64_t before) {
    return (word << 8) | before;
  }

  Halves halves_[2 * kBlock / 16];
};

// A stream has `Update(bytes)`; these feed it the three inputs of RFC 6962 and any concatenation,
// each in as few and as contiguous pieces as pays.

// Up to here an input is joined on the stack; beyond, it is fed where it lies.
inline constexpr std::size_t kJoinedSize = 256;

template <typename Stream>
void FeedNode(Stream& stream, const Digest& left, const Digest& right) {
  std::array<std::byte, 1 + 2 * Digest::kSize> input;
  std::byte* out = input.data();
  WriteFirstBlock(out, kNodePrefix, left.data());
  std::memcpy(out + 16, left.data() + 15, 16);
  WriteFirstBlock(out + 32, left[31], right.data());
  std::memcpy(out + 48, right.data() + 15, 16);
  out[64] = right[31];
  stream.Update(input);
}

template <typename Stream>
void FeedLeaf(Stream& stream, ByteView data) {
  constexpr std::size_t kBlock = 64;
  std::array<std::byte, kJoinedSize> input;
  if (data.size() < kJoinedSize) {
    WriteShifted(input.data(), kLeafPrefix, data.data(), data.size());
    stream.Update(ByteView(input.data(), data.size() + 1));
    return;
  }
  // The first block is joined; all others are hashed where they lie.
  WriteShifted(input.data(), kLeafPrefix, data.data(), kBlock - 1);
  stream.Update(ByteView(input.data(), kBlock));
  stream.Update(data.subspan(kBlock - 1));
}

template <typename Stream>
void FeedParts(Stream& stream, ByteView whole) {
  stream.Update(whole);
}

template <typename Stream, typename... Parts>
void FeedParts(Stream& stream, ByteView first, const Parts&... rest) {
  const std::array<ByteView, 1 + sizeof...(Parts)> parts = {first, ByteView(rest)...};
  std::size_t size = 0;
  bool fits = true;
  for (const ByteView part : parts) {
    fits = fits && part.size() <= kJoinedSize - size;
    if (fits) size += part.size();
  }
  if (!fits) {
    for (const ByteView part : parts) stream.Update(part);
    return;
  }
  std::array<std::byte, kJoinedSize> input;
  std::size_t at = 0;
  for (const ByteView part : parts) {
    if (!part.empty()) std::memcpy(input.data() + at, part.data(), part.size());
    at += part.size();
  }
  stream.Update(ByteView(input.data(), at));
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_DETAIL_RFC6962_INPUT_H_
