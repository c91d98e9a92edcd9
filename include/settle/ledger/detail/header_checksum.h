// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// XXH3-64 of exactly 32 bytes, given as the four words that they hold in little-endian order.
//
// The value is that of XXH3_64bits_withSeed (the specification's medium inputs), and a test
// compares the two. In line it costs a third of the call and needs the words nowhere in memory: for
// frames of 128 bytes the call alone would be as dear as the checksum of the payload.

#ifndef SETTLE_LEDGER_DETAIL_HEADER_CHECKSUM_H_
#define SETTLE_LEDGER_DETAIL_HEADER_CHECKSUM_H_

#include <array>
#include <cstdint>

#include "settle/base/config.h"
#include "settle/base/integer.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// The two halves of a product, added without carry.
[[nodiscard]] constexpr std::uint64_t FoldProduct(std::uint64_t a, std::uint64_t b) {
  const UInt128 product = static_cast<UInt128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

[[nodiscard]] constexpr std::uint64_t Xxh3OfWords(const std::array<std::uint64_t, 4>& words,
                                                  std::uint64_t seed) {
  // The first 32 bytes of the default secret, and two of the primes.
  constexpr std::array<std::uint64_t, 4> kSecret = {0xbe4ba423396cfeb8, 0x1cad21f72c81017c,
                                                    0xdb979083e96dd4de, 0x1f67b3b7a4a44072};
  constexpr std::uint64_t kPrime64 = 0x9e3779b185ebca87;
  constexpr std::uint64_t kPrimeMix = 0x165667919e3779f9;

  std::uint64_t sum = 32 * kPrime64;
  sum += FoldProduct(words[0] ^ (kSecret[0] + seed), words[1] ^ (kSecret[1] - seed));
  sum += FoldProduct(words[2] ^ (kSecret[2] + seed), words[3] ^ (kSecret[3] - seed));
  sum = (sum ^ (sum >> 37)) * kPrimeMix;
  return sum ^ (sum >> 32);
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_HEADER_CHECKSUM_H_
