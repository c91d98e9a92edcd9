// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a benchmark of settle is compared with: named functions, each of which makes exactly the
// calls that its comment lists and nothing else. A bound such as 1.05 means "at most 5 % more than
// these calls, made in the same run on the same machine" (see paired.h).
//
// None of them includes settle: a baseline must not move when the library does.
//
//   BareHash65  BareHash           one SHA-256, single lane
//   BareVerify  BareSign           one Ed25519 verification or signature
//   BareTouch   BareGather         the same cache lines; the same Merkle nodes
//   BareSum     BareMulAdd         the same bytes; the same multiplies and adds in 128 bits
//   BareLog                        the same bytes copied, and their checksum
//
// Those that compute a word answer it, so that the optimiser cannot drop them and a paired run can
// compare it with the word of the other side; for a digest FirstWord does the same.

#ifndef SETTLE_BENCHMARKS_BASELINE_H_
#define SETTLE_BENCHMARKS_BASELINE_H_

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace settle::benchmarks {

// One digest or Merkle node.
using Node = std::array<std::byte, 32>;

// What RFC 6962 hashes for one inner node: 0x01, the left child, the right child.
using NodeInput = std::array<std::byte, 65>;

// An Ed25519 signature.
using SignatureBytes = std::array<std::byte, 64>;

// The first eight bytes of `bytes` as a word: the checksum of a side that computed a digest.
template <std::size_t size>
std::uint64_t FirstWord(const std::array<std::byte, size>& bytes) {
  static_assert(size >= sizeof(std::uint64_t));
  std::uint64_t word;
  std::memcpy(&word, bytes.data(), sizeof(word));
  return word;
}

// One SHA-256 of contiguous bytes of any length, with the state on the stack:
//   SHA256_Init, SHA256_Update(input), SHA256_Final.
// These three are the cheapest interface of OpenSSL for one hash; version 3 calls them deprecated.
inline void BareHash(std::span<const std::byte> input, Node& digest) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, input.data(), input.size());
  SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
#pragma GCC diagnostic pop
}

// One Merkle node or one leaf of 64 bytes: the three calls of BareHash over 65 bytes which already
// lie in one piece (0x01, left, right). Joining them is part of the work, not of the baseline.
inline void BareHash65(const NodeInput& input, Node& digest) { BareHash(input, digest); }

// Frees what OpenSSL allocated.
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;
using DigestContextHandle = std::unique_ptr<EVP_MD_CTX, FreeDigestContext>;

// One Ed25519 verification with a key and a context that are kept:
//   EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key), EVP_DigestVerify.
// One object per key: a context that is not reset keeps its first key, whatever key it is given
// later (OpenSSL 3.0.22).
class BareVerify {
 public:
  // A key that OpenSSL refuses makes an object whose every answer is 0.
  explicit BareVerify(const std::array<std::byte, 32>& public_key)
      : key_(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                         reinterpret_cast<const unsigned char*>(public_key.data()),
                                         public_key.size())),
        context_(EVP_MD_CTX_new()) {}

  // 1 if the signature is good, 0 if not.
  std::uint64_t operator()(std::span<const std::byte> message, const SignatureBytes& signature) {
    if (EVP_DigestVerifyInit(context_.get(), nullptr, nullptr, nullptr, key_.get()) != 1) return 0;
    return EVP_DigestVerify(
               context_.get(), reinterpret_cast<const unsigned char*>(signature.data()),
               signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
               message.size()) == 1
               ? 1
               : 0;
  }

 private:
  KeyHandle key_;
  DigestContextHandle context_;
};

// One Ed25519 signature with a key and a context that are kept:
//   EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key), EVP_DigestSign.
class BareSign {
 public:
  // `seed` is the secret key of RFC 8032: a benchmark's own, never one that guards anything.
  explicit BareSign(const std::array<std::byte, 32>& seed)
      : key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                          reinterpret_cast<const unsigned char*>(seed.data()),
                                          seed.size())),
        context_(EVP_MD_CTX_new()) {}

  // The first word of the signature, 0 if OpenSSL refused.
  std::uint64_t operator()(std::span<const std::byte> message, SignatureBytes& signature) {
    if (EVP_DigestSignInit(context_.get(), nullptr, nullptr, nullptr, key_.get()) != 1) return 0;
    std::size_t size = signature.size();
    if (EVP_DigestSign(context_.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1) {
      return 0;
    }
    return FirstWord(signature);
  }

  // The public key of the seed, for a BareVerify.
  std::array<std::byte, 32> PublicKey() const {
    std::array<std::byte, 32> public_key{};
    std::size_t size = public_key.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(public_key.data()),
                                &size);
    return public_key;
  }

 private:
  KeyHandle key_;
  DigestContextHandle context_;
};

// How many lines ahead BareTouch asks for. The lines do not depend on each other, so the processor
// overlaps them anyhow: on random lines of 64 MB and 512 MB, 4 to 64 differ by less than 6 %.
inline constexpr std::size_t kPrefetchDistance = 16;

// Touches the given cache lines in the given order: per line one prefetch for writing
// kPrefetchDistance ahead, one word read, one word written (the old value plus one).
// Each pointer names one word of a line. Answers the sum of the words read.
inline std::uint64_t BareTouch(std::span<std::uint64_t* const> lines) {
  std::uint64_t sum = 0;
  const std::size_t ahead = lines.size() < kPrefetchDistance ? 0 : lines.size() - kPrefetchDistance;
  for (std::size_t i = 0; i < ahead; ++i) {
    __builtin_prefetch(lines[i + kPrefetchDistance], 1);
    sum += (*lines[i])++;
  }
  for (std::size_t i = ahead; i < lines.size(); ++i) sum += (*lines[i])++;
  return sum;
}

// Copies the given nodes, one after the other, into `out`, which has room for all of them: per node
// one 32-byte copy from its address. What a proof must at least do with the nodes of its path.
// Answers the first word of the last one.
inline std::uint64_t BareGather(std::span<const Node* const> nodes, std::span<Node> out) {
  for (std::size_t i = 0; i < nodes.size(); ++i) out[i] = *nodes[i];
  return nodes.empty() ? 0 : FirstWord(out[nodes.size() - 1]);
}

// Reads the given bytes once, in order: one 64-bit add per eight bytes, in four independent sums
// so that the reads and not the adds set the pace. A rest of less than 32 bytes is left out.
inline std::uint64_t BareSum(std::span<const std::byte> bytes) {
  const auto word_at = [&](std::size_t offset) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + offset, sizeof(word));
    return word;
  };
  // Four variables and not an array, which g++ 12 keeps in memory at five times the cost.
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t c = 0;
  std::uint64_t d = 0;
  for (std::size_t i = 0; i + 32 <= bytes.size(); i += 32) {
    a += word_at(i);
    b += word_at(i + 8);
    c += word_at(i + 16);
    d += word_at(i + 24);
  }
  return a + b + c + d;
}

// The sum of left[i] * right[i], per pair one 64 x 64 -> 128-bit multiply and one 128-bit add.
// Answers the two halves of the sum, added. Both spans have the same length.
inline std::uint64_t BareMulAdd(std::span<const std::int64_t> left,
                                std::span<const std::int64_t> right) {
  __extension__ typedef __int128 Wide;
  __extension__ typedef unsigned __int128 WideSum;  // unsigned, so that it may wrap
  WideSum sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    sum += static_cast<WideSum>(static_cast<Wide>(left[i]) * right[i]);
  }
  return static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(sum >> 64);
}

// Checksums a record and copies it to where a log will be written from: one XXH3_64bits, one copy,
// in this order, which takes half of the time that hashing the copy takes. Answers the checksum.
inline std::uint64_t BareLog(std::span<const std::byte> record, std::byte* log) {
  const std::uint64_t checksum = XXH3_64bits(record.data(), record.size());
  std::memcpy(log, record.data(), record.size());
  return checksum;
}

}  // namespace settle::benchmarks

#endif  // SETTLE_BENCHMARKS_BASELINE_H_
