// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A Patricia trie that is hashed as settle/ledger/state_proof.h defines it, from the whole content
// each time: the first and the last of the sorted paths say where all of them part.

#ifndef SETTLE_TESTS_LEDGER_REFERENCE_TRIE_H_
#define SETTLE_TESTS_LEDGER_REFERENCE_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/crypto/sha256.h"

namespace settle::test {

// SHA-256 that counts what it hashes by the first byte of the input, where the map says what a hash
// is for, and that gives chosen keys paths of its own.
class WatchedSha256 {
 public:
  struct Watch {
    std::map<std::uint8_t, std::size_t> hashes;
    // The first bytes of the paths of keys whose encoding begins so.
    std::map<std::byte, std::vector<std::byte>> prefixes;
  };
  WatchedSha256() = default;
  explicit WatchedSha256(Watch* watch) : watch_(watch) {}

  template <std::convertible_to<ByteView>... Parts>
  Digest Hash(const Parts&... parts) const {
    Digest digest = Sha256().Hash(parts...);
    if constexpr (sizeof...(Parts) == 1) (Look(parts, digest), ...);
    return digest;
  }
  Digest HashLeaf(ByteView data) const { return Sha256().HashLeaf(data); }
  Digest HashNode(const Digest& left, const Digest& right) const {
    return Sha256().HashNode(left, right);
  }
  void HashNodes(std::span<const Digest> children, std::span<Digest> parents) const {
    Sha256().HashNodes(children, parents);
  }
  void HashLeaves(std::span<const ByteView> data, std::span<Digest> leaves) const {
    Sha256().HashLeaves(data, leaves);
  }
  Digest EmptyRoot() const { return Sha256().EmptyRoot(); }

 private:
  void Look(ByteView input, Digest& digest) const {
    if (watch_ == nullptr || input.empty()) return;
    ++watch_->hashes[std::to_integer<std::uint8_t>(input[0])];
    if (input[0] != std::byte{0x02} || input.size() < 17) return;
    const auto found = watch_->prefixes.find(input[16]);
    if (found == watch_->prefixes.end()) return;
    for (std::size_t i = 0; i < found->second.size(); ++i) digest.data()[i] = found->second[i];
  }

  Watch* watch_ = nullptr;
};

// The sorted paths of a map, each with its content's digest.
using ReferencePaths = std::map<Digest, Digest>;

// H(prefix bit 0^14 || parts).
template <typename H>
Digest ReferenceHash(const H& hasher, unsigned prefix, std::size_t bit,
                     const std::vector<ByteView>& parts) {
  std::vector<std::byte> input(16);
  input[0] = static_cast<std::byte>(prefix);
  input[1] = static_cast<std::byte>(bit);
  for (const ByteView part : parts) input.insert(input.end(), part.begin(), part.end());
  return hasher.Hash(ByteView(input));
}

inline bool ReferenceBit(const Digest& path, std::size_t bit) {
  return (std::to_integer<unsigned>(path[bit / 8]) & (0x80u >> (bit % 8))) != 0;
}

// The bits before `bit`, and zeros.
inline Digest ReferencePrefix(const Digest& path, std::size_t bit) {
  Digest prefix;
  for (std::size_t i = 0; i < bit; ++i) {
    if (ReferenceBit(path, i)) prefix.data()[i / 8] |= static_cast<std::byte>(0x80u >> (i % 8));
  }
  return prefix;
}

template <typename H, typename Key>
Digest ReferencePath(const H& hasher, const Key& key) {
  return ReferenceHash(hasher, 0x02, 0, {Encode(key)});
}

template <typename H, typename Key, typename Value>
ReferencePaths ReferencePathsOf(const H& hasher, const std::map<Key, Value>& content) {
  ReferencePaths paths;
  for (const auto& [key, value] : content) {
    paths[ReferencePath(hasher, key)] =
        ReferenceHash(hasher, 0x03, 0, {Encode(key), Encode(value)});
  }
  return paths;
}

using ReferenceRange = std::span<const std::pair<Digest, Digest>>;

// The bit in which the paths of a range of two or more part.
inline std::size_t ReferenceBranchBit(ReferenceRange range) {
  std::size_t bit = 0;
  while (ReferenceBit(range.front().first, bit) == ReferenceBit(range.back().first, bit)) ++bit;
  return bit;
}

// Those of a range whose paths have a zero in `bit`.
inline std::size_t ReferenceSplitAt(ReferenceRange range, std::size_t bit) {
  std::size_t left = 0;
  while (!ReferenceBit(range[left].first, bit)) ++left;
  return left;
}

// The root over a range. `prefixes` takes, of each branch, its bit and its prefix.
template <typename H>
Digest ReferenceTrieRoot(const H& hasher, ReferenceRange range,
                         std::set<std::pair<std::size_t, Digest>>* prefixes = nullptr) {
  if (range.empty()) return hasher.Hash(ByteView());
  const auto& [path, content] = range.front();
  if (range.size() == 1) {
    return ReferenceHash(hasher, 0x04, 0, {path.view(), content.view()});
  }
  const std::size_t bit = ReferenceBranchBit(range);
  const std::size_t split = ReferenceSplitAt(range, bit);
  const Digest prefix = ReferencePrefix(path, bit);
  if (prefixes != nullptr) prefixes->insert({bit, prefix});
  const Digest left = ReferenceTrieRoot(hasher, range.first(split), prefixes);
  const Digest right = ReferenceTrieRoot(hasher, range.subspan(split), prefixes);
  return ReferenceHash(hasher, 0x05, bit, {prefix.view(), left.view(), right.view()});
}

inline std::vector<std::pair<Digest, Digest>> ReferenceSorted(const ReferencePaths& paths) {
  return {paths.begin(), paths.end()};
}

template <typename H, typename Key, typename Value>
Digest ReferenceMapRoot(const H& hasher, const std::map<Key, Value>& content) {
  return ReferenceTrieRoot(hasher, ReferenceSorted(ReferencePathsOf(hasher, content)));
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_REFERENCE_TRIE_H_
