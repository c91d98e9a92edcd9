// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a hash back end offers: any concatenation, and Merkle hashing by RFC 6962 section 2.1 (and
// RFC 9162 section 2.1), so that anybody's Certificate Transparency verifier checks our proofs.
//
//   leaf        H(0x00 || data)
//   node        H(0x01 || left || right)
//   empty tree  H("")
//
// A hasher is an object that is passed or kept beside the state ([[no_unique_address]]) and is no
// part of it. A back end is another type, never another build: settle/crypto/sha256.h is the one to
// take, settle/crypto/sha256_evp.h the one for hosts that need a provider of OpenSSL. One that
// hashes several nodes side by side does so in HashNodes.
//
//   template <typename H>
//   class Tree {
//     static_assert(RequireHasher<H>());
//     ...
//     SETTLE_NO_UNIQUE_ADDRESS H hasher_;
//   };

#ifndef SETTLE_CRYPTO_HASHER_H_
#define SETTLE_CRYPTO_HASHER_H_

#include <concepts>
#include <span>

#include "settle/base/bytes.h"
#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

// Satisfied by a copyable type with these const members. None of them fails and none allocates.
//   Hash(parts...)              of any number of ByteView parts, concatenated
//   HashLeaf(data)              H(0x00 || data)
//   HashNode(left, right)       H(0x01 || left || right)
//   HashNodes(children, parents)  parents[i] = HashNode(children[2i], children[2i + 1]), for every
//   i
//                               for which both exist; the two ranges do not overlap
//   HashLeaves(data, leaves)    leaves[i] = HashLeaf(data[i]), for every i for which both exist
//   EmptyRoot()                 H("")
template <typename H>
concept Hasher = std::copyable<H> &&
    requires(const H& hasher, ByteView data, const Digest& digest, std::span<const Digest> children,
             std::span<const ByteView> leaves, std::span<Digest> out) {
  { hasher.Hash(data) } -> std::same_as<Digest>;
  { hasher.Hash(data, data, data) } -> std::same_as<Digest>;
  { hasher.HashLeaf(data) } -> std::same_as<Digest>;
  { hasher.HashNode(digest, digest) } -> std::same_as<Digest>;
  { hasher.HashNodes(children, out) } -> std::same_as<void>;
  { hasher.HashLeaves(leaves, out) } -> std::same_as<void>;
  { hasher.EmptyRoot() } -> std::same_as<Digest>;
};

// For the head of a class that takes a hasher: `static_assert(RequireHasher<H>());` says in one
// sentence what is missing.
template <typename H>
consteval bool RequireHasher() {
  static_assert(Hasher<H>, "a hasher offers the const members listed in settle/crypto/hasher.h");
  return true;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_HASHER_H_
