// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The four hashes of a state map (settle/ledger/state_proof.h says what they mean) and the bits of
// a path. Each input begins with a block of sixteen bytes that says what it is, so that everything
// behind it is aligned as SHA-256 reads it (see crypto/detail/rfc6962_input.h) and a branch still
// takes two blocks of SHA-256, as a node of RFC 6962 does.

#ifndef SETTLE_LEDGER_DETAIL_STATE_DIGEST_H_
#define SETTLE_LEDGER_DETAIL_STATE_DIGEST_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// RFC 6962 has 0x00 and 0x01.
inline constexpr std::byte kStatePathPrefix{0x02};
inline constexpr std::byte kStateContentPrefix{0x03};
inline constexpr std::byte kStateLeafPrefix{0x04};
inline constexpr std::byte kStateBranchPrefix{0x05};

inline constexpr std::size_t kPathBits = 8 * Digest::kSize;

using InputHead = std::array<std::byte, 16>;

constexpr InputHead HeadOf(std::byte prefix, std::uint8_t bit = 0) {
  InputHead head{};
  head[0] = prefix;
  head[1] = static_cast<std::byte>(bit);
  return head;
}

// Writes it in one store: SHA-256 reads it at once, and would wait for two to reach the cache.
inline void WriteHead(std::byte* out, std::byte prefix, std::uint8_t bit = 0) {
  typedef std::uint64_t Halves __attribute__((vector_size(16)));
  std::array<std::uint64_t, 2> head =
      std::bit_cast<std::array<std::uint64_t, 2>>(HeadOf(prefix, bit));
  // A constant g++ would store in two pieces.
  asm("" : "+r"(head[0]));
  const Halves halves = {head[0], head[1]};
  std::memcpy(out, &halves, sizeof(halves));
}

// Bit 0 is the highest of the first byte: the order of paths is that of their bytes.
constexpr std::size_t BitOf(const Digest& path, std::size_t bit) {
  return (std::to_integer<std::size_t>(path[bit / 8]) >> (7 - bit % 8)) & 1;
}

// The first bit in which the two differ; kPathBits if they are equal.
inline std::size_t FirstDifference(const Digest& a, const Digest& b) {
  for (std::size_t at = 0; at < Digest::kSize; at += 8) {
    std::uint64_t left;
    std::uint64_t right;
    std::memcpy(&left, a.data() + at, sizeof(left));
    std::memcpy(&right, b.data() + at, sizeof(right));
    std::uint64_t differ = left ^ right;
    if (differ == 0) continue;
    if constexpr (std::endian::native == std::endian::little) differ = __builtin_bswap64(differ);
    return 8 * at + static_cast<std::size_t>(std::countl_zero(differ));
  }
  return kPathBits;
}

// The first `bits` < kPathBits bits of `path`, and zeros.
inline Digest PrefixOf(const Digest& path, std::size_t bits) {
  Digest prefix;
  const std::size_t whole = bits / 8;
  if (whole > 0) std::memcpy(prefix.data(), path.data(), whole);
  prefix.data()[whole] = path[whole] & static_cast<std::byte>(0xff00u >> (bits % 8) & 0xff);
  return prefix;
}

// What is hashed for a branch, as it lies in memory.
struct BranchInput {
  InputHead head{};
  Digest prefix{};
  std::array<Digest, 2> side{};

  [[nodiscard]] std::uint8_t bit() const { return std::to_integer<std::uint8_t>(head[1]); }
};
static_assert(sizeof(BranchInput) == 112 && std::is_trivially_copyable_v<BranchInput>);

// Of a size that is known, so that a hasher may take a short way.
template <typename H, std::size_t kSize>
[[nodiscard]] Digest HashInput(const H& hasher, const std::array<std::byte, kSize>& input) {
  return hasher.Hash(std::span<const std::byte, kSize>(input));
}
template <typename H>
[[nodiscard]] Digest HashInput(const H& hasher, const BranchInput& input) {
  return hasher.Hash(std::as_bytes(std::span<const BranchInput, 1>(&input, 1)));
}

template <typename H, typename Key>
[[nodiscard]] Digest StatePath(const H& hasher, const Key& key) {
  std::array<std::byte, sizeof(InputHead) + kEncodedSize<Key>> input;
  WriteHead(input.data(), kStatePathPrefix);
  BufferSink sink(input.data() + sizeof(InputHead));
  EncodeTo(sink, key);
  return HashInput(hasher, input);
}

template <typename H, typename Key, typename Value>
[[nodiscard]] Digest StateContent(const H& hasher, const Key& key, const Value& value) {
  std::array<std::byte, sizeof(InputHead) + kEncodedSize<Key> + kEncodedSize<Value>> input;
  WriteHead(input.data(), kStateContentPrefix);
  BufferSink sink(input.data() + sizeof(InputHead));
  EncodeTo(sink, key);
  EncodeTo(sink, value);
  return HashInput(hasher, input);
}

template <typename H>
[[nodiscard]] Digest StateLeaf(const H& hasher, const Digest& path, const Digest& content) {
  std::array<std::byte, sizeof(InputHead) + 2 * Digest::kSize> input;
  WriteHead(input.data(), kStateLeafPrefix);
  BufferSink sink(input.data() + sizeof(InputHead));
  sink.Write(path.view());
  sink.Write(content.view());
  return HashInput(hasher, input);
}

// The branch at `bit` on the way along `path`.
template <typename H>
[[nodiscard]] Digest StateBranch(const H& hasher, std::uint8_t bit, const Digest& path,
                                 const Digest& left, const Digest& right) {
  BranchInput input{.prefix = PrefixOf(path, bit), .side = {left, right}};
  WriteHead(input.head.data(), kStateBranchPrefix, bit);
  return HashInput(hasher, input);
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_STATE_DIGEST_H_
