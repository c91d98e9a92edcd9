// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/fingerprint.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "settle/base/text.h"
#include "tests/base/codec_samples.h"

namespace settle {
namespace {

// The first bytes of the sequence that xxHash's own sanity check hashes.
std::vector<std::byte> SanityBytes(std::size_t count) {
  std::vector<std::byte> bytes;
  std::uint64_t generator = 2654435761u;
  for (std::size_t i = 0; i < count; ++i) {
    bytes.push_back(static_cast<std::byte>(generator >> 56));
    generator *= 11400714785074694797u;
  }
  return bytes;
}

// From the sanity test of xxHash 0.8: XXH3_128bits without seed, high half first.
TEST(Fingerprint, IsThePublishedXxh3Of128Bits) {
  EXPECT_EQ(ToString(FingerprintOfBytes({})), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(ToString(FingerprintOfBytes(SanityBytes(1))), "a6cd5e9392000f6ac44bdff4074eecdb");
  EXPECT_EQ(ToString(FingerprintOfBytes(SanityBytes(6))), "082afe0b8162d12a3e7039bdda43cfc6");
}

TEST(Fingerprint, IsThatOfTheEncoding) {
  const CodecSample sample = test::MakeCodecSample();
  EXPECT_EQ(FingerprintOf(sample), FingerprintOfBytes(Encode(sample)));
}

TEST(Fingerprint, OfAFixedValueNeverChanges) {
  EXPECT_EQ(ToString(FingerprintOf(test::MakeCodecSample())), "1568a1f19bc443f6125761a245138038");
}

TEST(Fingerprint, EveryBitOfTheEncodingCounts) {
  const std::vector<std::byte> bytes = Encode(test::MakeCodecSample());
  std::set<Fingerprint> seen = {FingerprintOfBytes(bytes)};
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::vector<std::byte> flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    seen.insert(FingerprintOfBytes(flipped));
  }
  EXPECT_EQ(seen.size(), 1 + 8 * bytes.size());
}

}  // namespace
}  // namespace settle
