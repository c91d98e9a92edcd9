// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// An index from the hash of a key to a row number. Derived: rebuilt after decoding, never iterated,
// no part of any value. `seed` is the host's secret against keys ground to collide; it changes no
// result.
//
// Open addressing by cache lines. A line holds seven slots and a word of marks: a byte for each
// slot, zero while it is free and else a few bits of the hash, and a byte that counts the rows
// which found the line full and went on to the next. One comparison of the word finds the slots
// that may be meant, so that a look-up takes no branch that depends on where in the line a row
// lies; and a row leaves without moving others.

#ifndef SETTLE_LEDGER_DETAIL_ROW_INDEX_H_
#define SETTLE_LEDGER_DETAIL_ROW_INDEX_H_

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
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
        factor_(XXH3_64bits_withSeed("factor", 6, seed) | 1) {}

  // The two halves of a 128-bit product folded for each word, as XXH3 treats short keys, but in
  // line: a call of XXH3 takes as many instructions as all else that a look-up does.
  template <typename Key>
  [[nodiscard]] std::uint64_t HashOf(const Key& key) const {
    static_assert(std::has_unique_object_representations_v<Key>, "padding would be hashed");
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      std::uint64_t hash = start_;
      ((hash = Fold(UInt128{hash ^ WordAt<8 * i>(key)} * factor_)), ...);
      return hash;
    }
    (std::make_index_sequence<(sizeof(Key) + 7) / 8>());
  }

  void Prefetch(std::uint64_t hash) const { __builtin_prefetch(&lines_[Home(hash)], 0, 3); }

  // The first row with this hash for which `is_it(row)` holds, or kNoRow.
  template <typename IsIt>
  [[nodiscard]] std::uint32_t Find(std::uint64_t hash, IsIt&& is_it) const {
    const std::size_t home = Home(hash);
    std::size_t at = home;
    do {
      const Line& line = lines_[at];
      for (std::uint64_t marks = line.Marked(hash); marks != 0; marks &= marks - 1) {
        const Slot slot = line.slots[PositionOf(marks)];
        if (Tag(slot) == Tag(hash) && is_it(RowOf(slot))) return RowOf(slot);
      }
      if (line.passed() == 0) break;
      at = (at + 1) & mask_;
    } while (at != home);
    return kNoRow;
  }

  // The row that `hash` most likely leads to, found without looking at rows, or kNoRow.
  [[nodiscard]] std::uint32_t Candidate(std::uint64_t hash) const {
    return Find(hash, [](std::uint32_t) { return true; });
  }

  // One key's place: 32 bits of its hash above its row. What Insert answers, Erase takes.
  using Slot = std::uint64_t;
  [[nodiscard]] static std::uint32_t RowOf(Slot slot) { return static_cast<std::uint32_t>(slot); }

  Slot Insert(std::uint64_t hash, std::uint32_t row) {
    if (count_ >= lines_.size() * kRowsPerLine) Grow();
    const Slot slot = SlotOf(hash, row);
    Place(slot);
    ++count_;
    return slot;
  }

  void Erase(std::uint64_t hash, std::uint32_t row) { Erase(SlotOf(hash, row)); }

  // Removes a slot. Nothing when absent.
  void Erase(Slot slot) {
    const std::size_t home = Home(slot);
    std::size_t at = home;
    do {
      Line& line = lines_[at];
      for (std::uint64_t marks = line.Marked(slot); marks != 0; marks &= marks - 1) {
        if (line.slots[PositionOf(marks)] != slot) continue;
        line.marks &= ~(std::uint64_t{0xff} << (8 * PositionOf(marks)));
        for (; at != home; at = (at - 1) & mask_) lines_[(at - 1) & mask_].AddPassed(-1);
        --count_;
        return;
      }
      if (line.passed() == 0) return;
      at = (at + 1) & mask_;
    } while (at != home);
  }

  void Clear() {
    lines_.assign(1, {});
    mask_ = 0;
    count_ = 0;
  }

  void Reserve(std::size_t rows) {
    while (lines_.size() * kRowsPerLine < rows) Grow();
  }

  [[nodiscard]] std::size_t bytes() const { return lines_.capacity() * sizeof(Line); }

 private:
  // At four of seven slots in use on average one row in fifty passes a full line.
  static constexpr std::size_t kRowsPerLine = 4;

  struct alignas(64) Line {
    // From the lowest byte: a mark for each slot, and how many rows passed this line.
    std::uint64_t marks = 0;
    std::array<Slot, 7> slots{};

    static constexpr std::uint64_t kOnes = 0x00010101'01010101;
    static constexpr std::uint64_t kHighs = kOnes << 7;

    // The mark of a row in use: its highest bit says so, the others are of the hash.
    [[nodiscard]] static std::uint64_t MarkOf(std::uint64_t slot_or_hash) {
      return 0x80 | slot_or_hash >> 57;
    }
    // The highest bit of each mark that equals the hash's; now and then of one that does not.
    [[nodiscard]] std::uint64_t Marked(std::uint64_t slot_or_hash) const {
      const std::uint64_t differ = marks ^ (MarkOf(slot_or_hash) * kOnes);
      return (differ - kOnes) & ~differ & kHighs;
    }
    // The highest bit of each mark of a free slot.
    [[nodiscard]] std::uint64_t Free() const { return ~marks & kHighs; }
    [[nodiscard]] std::uint64_t passed() const { return marks >> 56; }
    // A count that has reached 255 stays, and costs look-ups a needless step.
    void AddPassed(int change) {
      if (passed() != 255) marks += static_cast<std::uint64_t>(change) << 56;
    }
  };
  static_assert(sizeof(Line) == 64);

  // Of the slot that the lowest bit of `marks` stands for.
  [[nodiscard]] static std::size_t PositionOf(std::uint64_t marks) {
    return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
  }

  // Eight bytes of the key, or what is left of it behind zeros.
  template <std::size_t offset, typename Key>
  [[nodiscard]] static std::uint64_t WordAt(const Key& key) {
    std::uint64_t word = 0;
    std::memcpy(&word, reinterpret_cast<const std::byte*>(&key) + offset,
                (std::min)(sizeof(word), sizeof(Key) - offset));
    return word;
  }
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
    for (; lines_[at].Free() == 0; at = (at + 1) & mask_) lines_[at].AddPassed(1);
    Line& line = lines_[at];
    const std::size_t position = PositionOf(line.Free());
    line.slots[position] = slot;
    line.marks |= Line::MarkOf(slot) << (8 * position);
  }

  void Grow() {
    std::vector<Line> old(lines_.size() * 2);
    old.swap(lines_);
    mask_ = lines_.size() - 1;
    for (const Line& line : old) {
      for (std::uint64_t used = line.marks & Line::kHighs; used != 0; used &= used - 1) {
        Place(line.slots[PositionOf(used)]);
      }
    }
  }

  std::uint64_t start_;
  std::uint64_t factor_;
  std::vector<Line> lines_ = std::vector<Line>(1);  // a power of two
  std::size_t mask_ = 0;                            // their number less one
  std::size_t count_ = 0;
};

}  // namespace detail

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_ROW_INDEX_H_
