// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Bytes: views, digests and opaque identifiers of a fixed length.
//
// `FixedBytes<Tag, N>` is N bytes with a name: trivially copyable, ordered as unsigned bytes, and
// of no conversion to another name. A digest is not an owner id although both are bytes.
//
//   Digest root;                        // 32 zero bytes
//   OwnerId alice = OwnerId::From(bytes).value();

#ifndef SETTLE_BASE_BYTES_H_
#define SETTLE_BASE_BYTES_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

using ByteView = std::span<const std::byte>;

// The bytes of a text, for tags and messages.
[[nodiscard]] inline ByteView AsBytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

template <typename Tag, std::size_t N>
class FixedBytes {
 public:
  static constexpr std::size_t kSize = N;

  constexpr FixedBytes() = default;
  explicit constexpr FixedBytes(const std::array<std::byte, N>& bytes) : bytes_(bytes) {}

  // A copy of exactly N bytes; nothing for another length.
  [[nodiscard]] static constexpr std::optional<FixedBytes> From(ByteView bytes) {
    if (bytes.size() != N) return std::nullopt;
    FixedBytes result;
    for (std::size_t i = 0; i < N; ++i) result.bytes_[i] = bytes[i];
    return result;
  }

  // The number in the last eight bytes, most significant first, behind zeros: identifiers of
  // examples and tests sort as their numbers do.
  [[nodiscard]] static constexpr FixedBytes FromNumber(std::uint64_t number) requires(N >= 8) {
    FixedBytes result;
    for (std::size_t i = 0; i < 8; ++i) {
      result.bytes_[N - 1 - i] = static_cast<std::byte>((number >> (8 * i)) & 0xff);
    }
    return result;
  }

  [[nodiscard]] constexpr const std::byte* data() const { return bytes_.data(); }
  [[nodiscard]] constexpr std::byte* data() { return bytes_.data(); }
  [[nodiscard]] static constexpr std::size_t size() { return N; }
  [[nodiscard]] constexpr ByteView view() const { return ByteView(bytes_.data(), N); }
  [[nodiscard]] constexpr const std::array<std::byte, N>& bytes() const { return bytes_; }
  [[nodiscard]] constexpr std::byte operator[](std::size_t i) const { return bytes_[i]; }
  [[nodiscard]] constexpr bool IsZero() const { return *this == FixedBytes(); }

  friend constexpr bool operator==(const FixedBytes& a, const FixedBytes& b) {
    if (!std::is_constant_evaluated()) {
      return std::memcmp(a.bytes_.data(), b.bytes_.data(), N) == 0;
    }
    return a.bytes_ == b.bytes_;
  }
  friend constexpr std::strong_ordering operator<=>(const FixedBytes& a, const FixedBytes& b) {
    if (!std::is_constant_evaluated()) {
      return std::memcmp(a.bytes_.data(), b.bytes_.data(), N) <=> 0;
    }
    return a.bytes_ <=> b.bytes_;
  }
  template <typename H>
  friend H AbslHashValue(H state, const FixedBytes& value) {
    return H::combine_contiguous(std::move(state),
                                 reinterpret_cast<const unsigned char*>(value.data()), N);
  }

 private:
  std::array<std::byte, N> bytes_{};
};

template <typename T>
inline constexpr bool kIsFixedBytes = false;
template <typename Tag, std::size_t N>
inline constexpr bool kIsFixedBytes<FixedBytes<Tag, N>> = true;

struct DigestTag {};
// The 32 bytes of a cryptographic hash.
using Digest = FixedBytes<DigestTag, 32>;

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_BYTES_H_
