// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// An authenticated map: one digest, its root, stands for every key and value, and what the map
// holds under a key, or that it holds nothing, is proved to a stranger by a logarithmic number of
// hashes. Which trie it is and how proofs are checked is in settle/ledger/state_proof.h.
//
//   StateMap<AccountKey, Balance> balances(options.hash_seed);
//   Reason reason = balances.Update(changes);                 // a block's, each key once
//   StateHead head = balances.Head();                         // into the block's header
//   Result<PresenceProof> proof = balances.ProvePresent(key);
//   Reason verified = VerifyPresent(Sha256(), head.root, key, *balances.Find(key), *proof);
//
// Keys and values are of fixed size, see settle/base/codec.h: a host with longer values keeps their
// digests here. The root is a function of the content alone: the order in which keys came and
// whatever was erased leave no trace in it.
//
// A machine of settle/base/revertible.h: the content, and with it root and proofs, and the version
// of a mark come back exactly.

#ifndef SETTLE_LEDGER_STATE_MAP_H_
#define SETTLE_LEDGER_STATE_MAP_H_

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/fingerprint.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/revertible.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/detail/row_index.h"
#include "settle/ledger/detail/state_digest.h"
#include "settle/ledger/detail/state_trie.h"
#include "settle/ledger/fwd.h"
#include "settle/ledger/reason.h"
#include "settle/ledger/state_proof.h"

SETTLE_NAMESPACE_BEGIN

// A key or a value of a map: default-constructible, copyable, of fixed encoded size.
template <typename T>
concept StateField = std::semiregular<T> && requires {
  kEncodedSize<T>;
};

// One entry, as snapshots and iteration give it.
template <typename Key, typename Value>
struct StateEntry {
  Key key{};
  Value value{};
  using Fields = Members<&StateEntry::key, &StateEntry::value>;
};

// What an update makes of one key: its new value, or nothing for none.
template <typename Key, typename Value>
struct StateChange {
  Key key{};
  std::optional<Value> value{};
  using Fields = Members<&StateChange::key, &StateChange::value>;
};

// What a header says of a map.
struct StateHead {
  std::uint64_t version = 0;  // updates since the beginning
  std::uint64_t size = 0;     // entries
  Digest root{};
  using Fields = Members<&StateHead::version, &StateHead::size, &StateHead::root>;
};

template <typename Key, typename Value, typename H>
class StateMap {
  static_assert(RequireHasher<H>());
  static_assert(StateField<Key> && std::totally_ordered<Key>,
                "a key is a totally ordered value of fixed encoded size");
  static_assert(StateField<Value>, "a value has a fixed encoded size: keep the digest of others");

 public:
  using Entry = StateEntry<Key, Value>;
  using Change = StateChange<Key, Value>;
  static constexpr std::size_t kMaxEntries = detail::StateTrie::kMaxLeaves;

  // The empty map. `hash_seed` is the host's secret against keys ground to collide in its table; it
  // changes no result.
  explicit StateMap(std::uint64_t hash_seed = 0, H hasher = {})
      : index_(hash_seed), hasher_(std::move(hasher)) {}

  [[nodiscard]] std::size_t size() const { return trie_.size(); }
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // H("") for the empty map. No hash but for that one.
  [[nodiscard]] Digest Root() const {
    return size() == 0 ? hasher_.EmptyRoot() : trie_.DigestAt(detail::kRootSlot);
  }
  [[nodiscard]] StateHead Head() const { return {version_, size(), Root()}; }

  // The value under `key`, until the next change; nullptr for none. Cost: two cache lines.
  [[nodiscard]] const Value* Find(const Key& key) const {
    const std::uint32_t row = FindRow(key, HashOf(key));
    return row == detail::kNoRow ? nullptr : &rows_[row].value;
  }

  // Calls `visit(i, value)` for i = 0, 1, ... below `count`, `value` as Find answers it for the key
  // `key_of(i)`. Cost: as of Find, but what later keys need is fetched meanwhile, so that many keys
  // take a fraction of the time where the map is larger than the cache.
  template <typename KeyOf, typename Visit>
  void FindEach(std::size_t count, const KeyOf& key_of, const Visit& visit) const {
    std::array<std::uint64_t, 2 * kAhead> hashes{};
    for (std::size_t i = 0; i < count + 2 * kAhead; ++i) {
      if (i >= 2 * kAhead) {
        const std::size_t at = i - 2 * kAhead;
        const std::uint32_t row = FindRow(key_of(at), hashes[at % hashes.size()]);
        visit(at, row == detail::kNoRow ? nullptr : &rows_[row].value);
      }
      if (i >= kAhead && i - kAhead < count) PrefetchRow(hashes[(i - kAhead) % hashes.size()]);
      if (i >= count) continue;
      hashes[i % hashes.size()] = HashOf(key_of(i));
      index_.Prefetch(hashes[i % hashes.size()]);
    }
  }

  // Makes all changes, or none, as one version. To set what is there already, or to erase what is
  // not there, changes nothing and costs no hash. Errors in this order, with nothing changed:
  // kDuplicateKey for a key that is named twice (or for two keys of one path, which nobody finds
  // for a hash that resists collisions), BaseReason::kFull beyond kMaxEntries.
  // Cost: two hashes for each changed key, one more for a new one, and one for each branch above
  // any of them; no allocation while the tables have room.
  Reason Update(std::span<const Change> changes) {
    if (const Reason reason = Plan(changes); !reason.ok()) return reason;
    // From here on nothing is refused.
    ++version_;
    undo_.Record({});
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (planned_[i].row != detail::kNoRow) Assign(planned_[i].row, changes[i].value);
    }
    for (const New& added : new_) {
      const Change& change = changes[added.change];
      undo_.Record({.key = change.key, .is_entry = true});
      Add(change.key, *change.value, added.path);
    }
    Rehash();
    return {};
  }

  // The proof of what `key` holds. Errors: kNoSuchKey. Cost: a look-up and a cache line for each
  // step.
  [[nodiscard]] Result<PresenceProof> ProvePresent(const Key& key) const {
    const std::uint32_t row = FindRow(key, HashOf(key));
    if (row == detail::kNoRow) return LedgerReason::kNoSuchKey;
    PresenceProof proof;
    WriteSteps(trie_.UpOf(row), proof.steps);
    return proof;
  }

  // The proof that `key` holds nothing. Errors: kNotAbsent. Cost: a hash and a cache line or two
  // for each step.
  [[nodiscard]] Result<AbsenceProof> ProveAbsent(const Key& key) const;

  // Calls `visit(key, value)` for every entry, in the order of the keys. Cost: O(n log n), and four
  // bytes allocated for each entry.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    std::vector<std::uint32_t> rows;
    rows.reserve(size());
    for (std::uint32_t row = 0; row < trie_.leaf_range(); ++row) {
      if (trie_.IsLeaf(row)) rows.push_back(row);
    }
    std::ranges::sort(rows, {}, [this](std::uint32_t row) -> const Key& { return rows_[row].key; });
    for (const std::uint32_t row : rows) visit(rows_[row].key, rows_[row].value);
  }

  // All entries, in the order of the keys: with the head a snapshot of the map.
  [[nodiscard]] std::vector<Entry> Freeze() const {
    std::vector<Entry> entries;
    entries.reserve(size());
    ForEach([&](const Key& key, const Value& value) { entries.push_back({key, value}); });
    return entries;
  }

  // Becomes the map that was frozen; no mark remains. Errors in this order, with nothing changed:
  // BaseReason::kNotCanonical for keys that do not ascend, those of Update, kRootMismatch for a
  // head of another content. Cost: three hashes for each entry and one for each branch.
  Reason Thaw(std::span<const Entry> entries, const StateHead& head);

  // Becomes the empty map at version 0; no mark remains, and the room does not either.
  void Clear() {
    trie_ = detail::StateTrie();
    rows_.clear();
    index_.Clear();
    version_ = 0;
    undo_.Clear();
  }

  // Room for so many entries without another allocation.
  void Reserve(std::size_t entries) {
    trie_.Reserve(entries);
    rows_.reserve(entries);
    index_.Reserve(entries);
  }

  // Marks, see settle/base/revertible.h.
  [[nodiscard]] Result<Mark> Begin() { return undo_.Begin(); }
  // Cost: as an update of what was changed since.
  Reason RevertTo(Mark mark) {
    const Reason reason = undo_.RevertTo(mark, [this](const Undo& undo) { TakeBack(undo); });
    Rehash();
    return reason;
  }
  Reason Release(Mark mark) { return undo_.Release(mark); }

  // Of the head, which commits to everything. O(1).
  [[nodiscard]] Fingerprint fingerprint() const { return FingerprintOf(Head()); }
  friend bool operator==(const StateMap& a, const StateMap& b) { return a.Head() == b.Head(); }

  [[nodiscard]] std::size_t allocated_bytes() const {
    return trie_.allocated_bytes() + rows_.capacity() * sizeof(Row) + index_.bytes();
  }

 private:
  struct Row {
    Key key{};
    bool is_named = false;  // only within Plan
    Value value{};
  };
  // How to undo one write: what the key held, or that the version rose.
  struct Undo {
    Key key{};
    std::optional<Value> before{};
    bool is_entry = false;
  };
  struct Planned {
    std::uint64_t hash = 0;
    std::uint32_t row = detail::kNoRow;
  };
  struct New {
    Digest path{};
    std::size_t change = 0;
  };

  // How many keys ahead of their use cache lines are asked for.
  static constexpr std::size_t kAhead = 16;
  static constexpr std::size_t kLine = 64;

  [[nodiscard]] std::uint64_t HashOf(const Key& key) const {
    return index_.HashOf(EncodeFixed(key));
  }
  [[nodiscard]] std::uint32_t FindRow(const Key& key, std::uint64_t hash) const {
    return index_.Find(hash, [&](std::uint32_t row) { return rows_[row].key == key; });
  }

  // Asks for all lines of the row that a key of this hash most likely has.
  [[gnu::always_inline]] void PrefetchRow(std::uint64_t hash) const {
    const std::uint32_t row = detail::RowIndex::RowOf(index_.Candidate(hash));
    if (row == detail::kNoRow) return;
    const auto* const bytes = reinterpret_cast<const std::byte*>(&rows_[row]);
    for (std::size_t at = 0; at < sizeof(Row); at += kLine) __builtin_prefetch(bytes + at, 1);
    __builtin_prefetch(bytes + sizeof(Row) - 1, 1);
  }

  // Looks all changes up, into `planned_` and `new_`, and says what is wrong with them.
  Reason Plan(std::span<const Change> changes);
  Reason PlanRows(std::span<const Change> changes);
  Reason PlanNew(std::span<const Change> changes);

  void Assign(std::uint32_t row, const std::optional<Value>& value) {
    Row& held = rows_[row];
    if (value && EncodeFixed(held.value) == EncodeFixed(*value)) return;
    undo_.Record({.key = held.key, .before = held.value, .is_entry = true});
    if (value) {
      Put(row, *value);
    } else {
      Drop(row);
    }
  }

  // The three writes.
  void Put(std::uint32_t row, const Value& value) {
    rows_[row].value = value;
    trie_.Touch(row);
  }
  void Drop(std::uint32_t row) {
    index_.Erase(HashOf(rows_[row].key), row);
    trie_.Remove(row);
  }
  void Add(const Key& key, const Value& value, const Digest& path) {
    const std::uint32_t row = trie_.Insert(path);
    if (row == rows_.size()) rows_.emplace_back();
    rows_[row] = Row{.key = key, .value = value};
    index_.Insert(HashOf(key), row);
  }

  void TakeBack(const Undo& undo) {
    if (!undo.is_entry) {
      --version_;
      return;
    }
    const std::uint32_t row = FindRow(undo.key, HashOf(undo.key));
    if (!undo.before) {
      Drop(row);
    } else if (row == detail::kNoRow) {
      Add(undo.key, *undo.before, detail::StatePath(hasher_, undo.key));
    } else {
      Put(row, *undo.before);
    }
  }

  void Rehash() {
    trie_.Rehash(
        hasher_, [this](std::uint32_t row) { return ContentOf(row); },
        [this](std::uint32_t row) { return std::as_bytes(std::span(&rows_[row], 1)); });
  }

  [[nodiscard]] Digest ContentOf(std::uint32_t row) const {
    return detail::StateContent(hasher_, rows_[row].key, rows_[row].value);
  }

  void WriteSteps(detail::StateSlot slot, StateSteps& steps) const {
    for (; slot != detail::kRootSlot; slot = trie_.UpOfBranchAbove(slot)) {
      (void)steps.Add({trie_.BranchAbove(slot).bit(), trie_.DigestAt(slot ^ 1)});
    }
  }

  detail::StateTrie trie_;
  std::vector<Row> rows_;  // by the numbers of the trie's leaves
  detail::RowIndex index_;
  std::uint64_t version_ = 0;
  UndoLog<Undo> undo_;
  SETTLE_NO_UNIQUE_ADDRESS H hasher_{};

  // Of one update; kept for their room.
  std::vector<Planned> planned_;
  std::vector<New> new_;
};

template <typename Key, typename Value, typename H>
Reason StateMap<Key, Value, H>::Plan(std::span<const Change> changes) {
  planned_.clear();
  new_.clear();
  for (const Change& change : changes) {
    planned_.push_back({.hash = HashOf(change.key)});
    index_.Prefetch(planned_.back().hash);
  }
  const Reason reason = PlanRows(changes);
  for (const Planned& planned : planned_) {
    if (planned.row != detail::kNoRow) rows_[planned.row].is_named = false;
  }
  if (!reason.ok()) return reason;
  // In the order of their paths, so that neighbours in the trie come one after the other.
  std::ranges::sort(new_, {}, &New::path);
  return PlanNew(changes);
}

template <typename Key, typename Value, typename H>
Reason StateMap<Key, Value, H>::PlanRows(std::span<const Change> changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i + kAhead < changes.size()) PrefetchRow(planned_[i + kAhead].hash);
    const Change& change = changes[i];
    const std::uint32_t row = FindRow(change.key, planned_[i].hash);
    if (row == detail::kNoRow) {
      new_.push_back({detail::StatePath(hasher_, change.key), i});
      continue;
    }
    if (rows_[row].is_named) return LedgerReason::kDuplicateKey;
    rows_[row].is_named = true;
    planned_[i].row = row;
  }
  return {};
}

template <typename Key, typename Value, typename H>
Reason StateMap<Key, Value, H>::PlanNew(std::span<const Change> changes) {
  const auto same_path = [](const New& a, const New& b) { return a.path == b.path; };
  if (std::ranges::adjacent_find(new_, same_path) != new_.end()) return LedgerReason::kDuplicateKey;
  std::erase_if(new_, [&](const New& added) { return !changes[added.change].value; });
  for (const New& added : new_) {
    if (trie_.Locate(added.path).bit == detail::kPathBits) return LedgerReason::kDuplicateKey;
  }
  std::size_t erased = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (planned_[i].row != detail::kNoRow && !changes[i].value) ++erased;
  }
  if (new_.size() > kMaxEntries - (size() - erased)) return BaseReason::kFull;
  return {};
}

template <typename Key, typename Value, typename H>
Result<AbsenceProof> StateMap<Key, Value, H>::ProveAbsent(const Key& key) const {
  const detail::StateTrie::End end = trie_.Locate(detail::StatePath(hasher_, key));
  if (end.bit == detail::kPathBits) return LedgerReason::kNotAbsent;
  AbsenceProof proof;
  if (end.node.is_none()) return proof;
  if (end.node.is_leaf()) {
    const std::uint32_t row = end.node.number();
    proof.end = OtherLeaf{trie_.PathOf(row), ContentOf(row)};
  } else {
    const detail::BranchInput& branch = trie_.BranchOf(end.node);
    proof.end = OtherBranch{branch.bit(), branch.prefix, branch.side[0], branch.side[1]};
  }
  WriteSteps(end.slot, proof.steps);
  return proof;
}

template <typename Key, typename Value, typename H>
Reason StateMap<Key, Value, H>::Thaw(std::span<const Entry> entries, const StateHead& head) {
  const auto descend = [](const Entry& a, const Entry& b) { return !(a.key < b.key); };
  if (std::ranges::adjacent_find(entries, descend) != entries.end()) {
    return BaseReason::kNotCanonical;
  }
  StateMap thawed(0, hasher_);
  thawed.index_ = index_;  // for its seed
  thawed.index_.Clear();
  thawed.Reserve((std::min)(entries.size(), kMaxEntries));
  std::vector<Change> changes;
  changes.reserve(entries.size());
  for (const Entry& entry : entries) changes.push_back({entry.key, entry.value});
  if (const Reason reason = thawed.Update(changes); !reason.ok()) return reason;
  thawed.version_ = head.version;
  if (thawed.Head() != head) return LedgerReason::kRootMismatch;

  trie_ = std::move(thawed.trie_);
  rows_ = std::move(thawed.rows_);
  index_ = std::move(thawed.index_);
  version_ = head.version;
  undo_.Clear();
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_STATE_MAP_H_
