// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// An index from the hash of a key to a row number: open addressing with linear probing over 8-byte
// slots, eight to a cache line. Derived: rebuilt after decoding, never iterated, no part of any
// value. `seed` is the host's secret against keys ground to collide; it changes no result.

#ifndef SETTLE_LEDGER_DETAIL_ROW_INDEX_H_
#define SETTLE_LEDGER_DETAIL_ROW_INDEX_H_

#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/base/config.h"
#include "settle/base/integer.h"

SETTLE_NAMESPACE_BEGIN

namespace detail {

inline constexpr std::uint32_t kNoRow = 0xffffffff;

// Maps the hash of a key to a row number; equality of keys is the caller's to decide.
class RowIndex {
 public:
  explicit RowIndex(std::uint64_t seed)
      : start_(XXH3_64bits_withSeed("start", 5, seed)),
        factor_(XXH3_64bits_withSeed("factor", 6, seed) | 1),
        slots_(kInitialSlots, kEmpty) {}

  // The two halves of a 128-bit product folded for each word, as XXH3 treats short keys, but in
  // line: a call of XXH3 takes as many instructions as all else that a look-up does.
  template <typename Key>
  [[nodiscard]] std::uint64_t HashOf(const Key& key) const {
    static_assert(std::has_unique_object_representations_v<Key>, "padding would be hashed");
    std::array<std::uint64_t, (sizeof(Key) + 7) / 8> words{};
    std::memcpy(words.data(), &key, sizeof(Key));
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      std::uint64_t hash = start_;
      ((hash = Fold(UInt128{hash ^ words[i]} * factor_)), ...);
      return hash;
    }
    (std::make_index_sequence<words.size()>());
  }

  void Prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[Home(hash)], 0, 3); }

  // The first row with this hash for which `is_it(row)` holds, or kNoRow.
  template <typename IsIt>
  [[nodiscard]] std::uint32_t Find(std::uint64_t hash, IsIt&& is_it) const {
    for (std::size_t at = Home(hash); slots_[at] != kEmpty; at = (at + 1) & mask_) {
      if (Tag(slots_[at]) == Tag(hash) && is_it(RowOf(slots_[at]))) return RowOf(slots_[at]);
    }
    return kNoRow;
  }

  // The first row with this tag without looking at the row itself, or kNoRow.
  [[nodiscard]] std::uint32_t Candidate(std::uint64_t hash) const {
    for (std::size_t at = Home(hash); slots_[at] != kEmpty; at = (at + 1) & mask_) {
      if (Tag(slots_[at]) == Tag(hash)) return RowOf(slots_[at]);
    }
    return kNoRow;
  }

  // One key's place: 32 bits of its hash above its row. What Insert answers, Erase takes.
  using Slot = std::uint64_t;
  [[nodiscard]] static std::uint32_t RowOf(Slot slot) { return static_cast<std::uint32_t>(slot); }

  Slot Insert(std::uint64_t hash, std::uint32_t row) {
    if ((count_ + 1) * 2 > mask_ + 1) Grow();
    const Slot slot = SlotOf(hash, row);
    Place(slot);
    ++count_;
    return slot;
  }

  void Erase(std::uint64_t hash, std::uint32_t row) { Erase(SlotOf(hash, row)); }

  // Removes a slot, moving later ones of its run back. Nothing when absent.
  void Erase(Slot slot) {
    std::size_t at = Home(slot);
    while (slots_[at] != slot) {
      if (slots_[at] == kEmpty) return;
      at = (at + 1) & mask_;
    }
    std::size_t next = (at + 1) & mask_;
    while (slots_[next] != kEmpty) {
      // A slot may move back to `at` unless its home lies cyclically in (at, next].
      const std::size_t home = Home(slots_[next]);
      if (((next - home) & mask_) >= ((next - at) & mask_)) {
        slots_[at] = slots_[next];
        at = next;
      }
      next = (next + 1) & mask_;
    }
    slots_[at] = kEmpty;
    --count_;
  }

  void Clear() {
    slots_.assign(kInitialSlots, kEmpty);
    mask_ = kInitialSlots - 1;
    count_ = 0;
  }

  void Reserve(std::size_t rows) {
    while (slots_.size() < rows * 2) Grow();
  }

  [[nodiscard]] std::size_t bytes() const { return slots_.capacity() * sizeof(slots_[0]); }

 private:
  static constexpr std::size_t kInitialSlots = 16;
  // Row numbers stay below kNoRow, so no slot in use equals this.
  static constexpr Slot kEmpty = 0xffffffff;

  [[nodiscard]] static std::uint64_t Fold(UInt128 product) {
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  // High half: 32 bits of the hash, which also choose the home. Low half: the row.
  [[nodiscard]] static Slot SlotOf(std::uint64_t hash, std::uint32_t row) {
    return (hash & 0xffffffff00000000) | row;
  }
  [[nodiscard]] static std::uint32_t Tag(std::uint64_t slot_or_hash) {
    return static_cast<std::uint32_t>(slot_or_hash >> 32);
  }
  [[nodiscard]] std::size_t Home(std::uint64_t slot_or_hash) const {
    return Tag(slot_or_hash) & mask_;
  }

  void Place(Slot slot) {
    std::size_t at = Home(slot);
    while (slots_[at] != kEmpty) at = (at + 1) & mask_;
    slots_[at] = slot;
  }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2, kEmpty);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot slot : old) {
      if (slot != kEmpty) Place(slot);
    }
  }

  std::uint64_t start_;
  std::uint64_t factor_;
  std::vector<Slot> slots_;               // a power of two
  std::size_t mask_ = kInitialSlots - 1;  // their number less one
  std::size_t count_ = 0;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_ROW_INDEX_H_
