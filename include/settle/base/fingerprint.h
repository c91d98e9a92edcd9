// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The fingerprint of a value: XXH3-128 of its encoding.
//
// For explorers, tests and comparisons between honest replicas: equal values have equal
// fingerprints on every machine and in every process. It resists no adversary and is never signed.

#ifndef SETTLE_BASE_FINGERPRINT_H_
#define SETTLE_BASE_FINGERPRINT_H_

#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

struct FingerprintTag {};
// In canonical (big-endian) order, alike on every machine.
using Fingerprint = FixedBytes<FingerprintTag, 16>;

[[nodiscard]] inline Fingerprint FingerprintOfBytes(ByteView bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  Fingerprint result;
  static_assert(sizeof(canonical.digest) == Fingerprint::kSize);
  std::memcpy(result.data(), canonical.digest, Fingerprint::kSize);
  return result;
}

// The fingerprint of the members in T's list. Allocates the encoding.
template <typename T>
[[nodiscard]] Fingerprint FingerprintOf(const T& value) {
  return FingerprintOfBytes(Encode(value));
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_FINGERPRINT_H_
