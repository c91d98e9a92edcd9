// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// One level of a Merkle tree: digests that come and go at the end only, in chunks that never move.

#ifndef SETTLE_LEDGER_DETAIL_DIGEST_LEVEL_H_
#define SETTLE_LEDGER_DETAIL_DIGEST_LEVEL_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// From the first digest of a level to its last, for range loops.
template <typename Level>
class LevelIterator {
 public:
  LevelIterator(Level& level, std::size_t index) : level_(&level), index_(index) {}
  auto& operator*() const { return (*level_)[index_]; }
  LevelIterator& operator++() {
    ++index_;
    return *this;
  }
  friend bool operator==(const LevelIterator& a, const LevelIterator& b) {
    return a.index_ == b.index_;
  }

 private:
  Level* level_;
  std::size_t index_;
};

// Chunks begin at a cache line, so that two siblings lie in one. All have kChunk digests but the
// first of a level, which doubles from one pair: trees are often small. At 32 KiB a chunk the room
// of the last chunk of each level and the table of chunks together come to less than half a byte a
// leaf from 2^20 leaves on, and nothing larger than a chunk is ever copied but that table.
class DigestLevel {
 public:
  static constexpr std::size_t kChunk = 1024;
  static constexpr std::size_t kAlignment = 64;

  DigestLevel() = default;
  DigestLevel(const DigestLevel& other) : size_(other.size_), first_room_(other.first_room_) {
    chunks_.reserve(other.chunks_.size());
    for (std::size_t i = 0; i < other.chunks_.size(); ++i) {
      chunks_.push_back(MakeChunk(RoomOf(i)));
      std::ranges::copy(other.Run(i * kChunk), chunks_[i].get());
    }
  }
  DigestLevel(DigestLevel&& other) noexcept { Swap(other); }
  DigestLevel& operator=(DigestLevel other) noexcept {
    Swap(other);
    return *this;
  }
  ~DigestLevel() = default;

  [[nodiscard]] std::size_t size() const { return size_; }

  // index < size()
  [[nodiscard]] const Digest& operator[](std::size_t index) const {
    return chunks_[index / kChunk][index % kChunk];
  }
  [[nodiscard]] Digest& operator[](std::size_t index) {
    return chunks_[index / kChunk][index % kChunk];
  }

  [[nodiscard]] auto begin() const { return LevelIterator<const DigestLevel>(*this, 0); }
  [[nodiscard]] auto end() const { return LevelIterator<const DigestLevel>(*this, size_); }
  [[nodiscard]] auto begin() { return LevelIterator<DigestLevel>(*this, 0); }
  [[nodiscard]] auto end() { return LevelIterator<DigestLevel>(*this, size_); }

  // The digests from `index` on as far as they lie in one piece, which ends with the level or
  // between two pairs. index < size()
  [[nodiscard]] std::span<const Digest> Run(std::size_t index) const {
    return {&(*this)[index], (std::min)(kChunk - index % kChunk, size_ - index)};
  }

  // Adds between one and `count` digests, as many as lie in one piece, and answers where they are,
  // for the caller to write. count > 0
  [[nodiscard]] std::span<Digest> Extend(std::size_t count) {
    if (size_ == Room()) MakeRoom(count);
    const std::size_t added = (std::min)(count, Room() - size_);
    Digest* const first = &(*this)[size_];
    size_ += added;
    return {first, added};
  }

  // Takes away all but the first `count`; the memory of whole chunks goes with them. count <=
  // size()
  void Truncate(std::size_t count) {
    size_ = count;
    chunks_.resize((count + kChunk - 1) / kChunk);
    if (chunks_.empty()) first_room_ = 0;
  }

  // What is allocated, the table of chunks included.
  [[nodiscard]] std::size_t allocated_bytes() const {
    return Room() * sizeof(Digest) + chunks_.capacity() * sizeof(Chunk);
  }

 private:
  struct Free {
    void operator()(Digest* chunk) const {
      ::operator delete (chunk, std::align_val_t{kAlignment});
    }
  };
  using Chunk = std::unique_ptr<Digest[], Free>;

  [[nodiscard]] static Chunk MakeChunk(std::size_t room) {
    void* const memory = ::operator new (room * sizeof(Digest), std::align_val_t{kAlignment});
    auto* const first = static_cast<Digest*>(memory);
    std::uninitialized_default_construct_n(first, room);
    return Chunk(first);
  }

  [[nodiscard]] std::size_t RoomOf(std::size_t chunk) const {
    return chunk == 0 ? first_room_ : kChunk;
  }
  [[nodiscard]] std::size_t Room() const {
    return chunks_.empty() ? 0 : (chunks_.size() - 1) * kChunk + first_room_;
  }

  // Room for at least one more: the first chunk grows until it is whole, then others follow.
  void MakeRoom(std::size_t count) {
    if (chunks_.empty() || first_room_ < kChunk) {
      std::size_t room = (std::max<std::size_t>)(2, 2 * first_room_);
      while (room < kChunk && room < size_ + count) room *= 2;
      Chunk larger = MakeChunk(room);
      if (!chunks_.empty()) std::copy_n(chunks_[0].get(), size_, larger.get());
      chunks_.resize(1);
      chunks_[0] = std::move(larger);
      first_room_ = room;
    } else {
      chunks_.push_back(MakeChunk(kChunk));
    }
  }

  void Swap(DigestLevel& other) noexcept {
    chunks_.swap(other.chunks_);
    std::swap(size_, other.size_);
    std::swap(first_room_, other.first_room_);
  }

  std::vector<Chunk> chunks_;
  std::size_t size_ = 0;
  std::size_t first_room_ = 0;  // digests that the first chunk holds
};

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_DIGEST_LEVEL_H_
