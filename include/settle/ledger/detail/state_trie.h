// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The Patricia trie of a state map: leaves by their paths, and the digest of every node.
//
// A branch is two cache lines. The first has its links and the prefix, the second the digests of
// its sides; from the tags on, both lie as they are hashed, so that a branch is hashed in place.
// Branch 0 is the anchor: the trie hangs from its left side, where the root's digest therefore is.
//
// Changes to the shape only note what they touched. Rehash sorts that into groups by the first bits
// of the paths. From all nodes of a group it climbs at once, level by level, so that what it needs
// next is fetched while it works, and then hashes every branch above once, those with the greatest
// bit first. What is above the groups comes last.

#ifndef SETTLE_LEDGER_DETAIL_STATE_TRIE_H_
#define SETTLE_LEDGER_DETAIL_STATE_TRIE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/ledger/detail/state_digest.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// What hangs from a side: nothing, a branch, or a leaf.
class StateNode {
 public:
  StateNode() = default;
  static StateNode Branch(std::uint32_t number) { return StateNode(2 * number); }
  static StateNode Leaf(std::uint32_t number) { return StateNode(2 * number + 1); }

  [[nodiscard]] bool is_none() const { return value_ == kNone; }
  [[nodiscard]] bool is_leaf() const { return value_ % 2 == 1; }
  [[nodiscard]] std::uint32_t number() const { return value_ / 2; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  explicit StateNode(std::uint32_t value) : value_(value) {}
  std::uint32_t value_ = kNone;
};

// One side of one branch: 2 * branch + side.
using StateSlot = std::uint32_t;
inline constexpr StateSlot kRootSlot = 0;
inline constexpr StateSlot kNoSlot = 0xffffffff;

class StateTrie {
 public:
  // Leaves and branches are numbered in 31 bits, and the last leaf would read as no node.
  static constexpr std::size_t kMaxLeaves = (std::size_t{1} << 31) - 1;

  // Where the way along a path ends.
  struct End {
    StateSlot slot = kRootSlot;  // the last side on the way
    StateNode node{};            // what hangs there: nothing, or what the path does not go through
    std::size_t bit = 0;         // in which the path differs from it; kPathBits if it is its leaf
  };

  StateTrie() : branches_(1) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  // The numbers of leaves are below this.
  [[nodiscard]] std::uint32_t leaf_range() const {
    return static_cast<std::uint32_t>(leaves_.size());
  }
  [[nodiscard]] bool IsLeaf(std::uint32_t leaf) const { return leaves_[leaf].up != kNoSlot; }
  [[nodiscard]] const Digest& PathOf(std::uint32_t leaf) const { return leaves_[leaf].path; }
  [[nodiscard]] StateSlot UpOf(std::uint32_t leaf) const { return leaves_[leaf].up; }
  [[nodiscard]] const BranchInput& BranchAbove(StateSlot slot) const {
    return branches_[slot / 2].input;
  }
  [[nodiscard]] StateSlot UpOfBranchAbove(StateSlot slot) const { return branches_[slot / 2].up; }
  [[nodiscard]] const BranchInput& BranchOf(StateNode node) const {
    return branches_[node.number()].input;
  }
  // The digest of what hangs at `slot`, as of the last Rehash.
  [[nodiscard]] const Digest& DigestAt(StateSlot slot) const {
    return branches_[slot / 2].input.side[slot % 2];
  }
  [[nodiscard]] std::size_t allocated_bytes() const {
    return branches_.capacity() * sizeof(Branch) + leaves_.capacity() * sizeof(Leaf);
  }

  void Reserve(std::size_t leaves) {
    branches_.reserve(leaves + 1);
    leaves_.reserve(leaves);
  }

  // Cost: O(depth), at most kPathBits steps.
  [[nodiscard]] End Locate(const Digest& path) const {
    End end;
    for (end.node = ChildAt(kRootSlot); !end.node.is_none(); end.node = ChildAt(end.slot)) {
      if (end.node.is_leaf()) {
        end.bit = FirstDifference(path, leaves_[end.node.number()].path);
        return end;
      }
      const std::uint32_t branch = end.node.number();
      const BranchInput& input = branches_[branch].input;
      end.bit = FirstDifference(path, input.prefix);
      if (end.bit < input.bit()) return end;
      end.slot = 2 * branch + static_cast<StateSlot>(BitOf(path, input.bit()));
    }
    return end;
  }

  // Adds a leaf, touched. No leaf has this path and there are fewer than kMaxLeaves.
  std::uint32_t Insert(const Digest& path) {
    const End end = Locate(path);
    const std::uint32_t leaf = TakeLeaf(path);
    ++size_;
    if (end.node.is_none()) {
      Attach(end.slot, StateNode::Leaf(leaf));
    } else {
      const std::uint32_t branch = TakeBranch(path, static_cast<std::uint8_t>(end.bit));
      const StateSlot own = 2 * branch + static_cast<StateSlot>(BitOf(path, end.bit));
      SetDigestAt(own ^ 1, DigestAt(end.slot));
      Attach(own ^ 1, end.node);
      Attach(own, StateNode::Leaf(leaf));
      Attach(end.slot, StateNode::Branch(branch));
    }
    Touch(leaf);
    return leaf;
  }

  // Takes a leaf away, and the branch above it; what it leaves alone moves up.
  void Remove(std::uint32_t leaf) {
    const StateSlot slot = leaves_[leaf].up;
    leaves_[leaf].up = kNoSlot;
    free_leaves_.push_back(leaf);
    --size_;
    if (slot == kRootSlot) {
      branches_[0].child[0] = StateNode();
      return;
    }
    const std::uint32_t branch = slot / 2;
    const StateSlot up = branches_[branch].up;
    SetDigestAt(up, DigestAt(slot ^ 1));
    Attach(up, ChildAt(slot ^ 1));
    branches_[branch].up = kNoSlot;
    free_branches_.push_back(branch);
    // Whatever was to be hashed because of the branch is above this one.
    if (up != kRootSlot) touched_.push_back(StateNode::Branch(up / 2));
  }

  // Notes that the content of a leaf changed.
  void Touch(std::uint32_t leaf) { touched_.push_back(StateNode::Leaf(leaf)); }

  // Brings every digest up to date, each touched node hashed once. For each touched leaf
  // `content_of(leaf)` answers the digest of its content, and before that `row_of(leaf)` the bytes
  // that this will read.
  template <typename H, typename ContentOf, typename RowOf>
  void Rehash(const H& hasher, const ContentOf& content_of, const RowOf& row_of);

 private:
  // How many nodes ahead of their use cache lines are asked for.
  static constexpr std::size_t kAhead = 8;
  // Touched nodes that are climbed from together: with all branches above them that no other group
  // has they take some 64 KiB, so that whatever was fetched to climb is still there to be hashed.
  static constexpr std::size_t kGroupSize = 64;

  struct alignas(64) Branch {
    std::array<StateNode, 2> child{};
    StateSlot up = kNoSlot;  // kNoSlot while it is free
    bool is_marked = false;  // to be hashed; only within Rehash
    alignas(16) BranchInput input{};
  };
  static_assert(sizeof(Branch) == 128 && sizeof(BranchInput) == 112,
                "links, tags and prefix are in one cache line, the sides in the next");

  struct Leaf {
    StateSlot up = kNoSlot;  // kNoSlot while it is free
    bool is_hashed = false;  // only within Rehash
    Digest path{};
  };

  struct HashedLeaf {
    std::uint32_t leaf = 0;
    Digest content{};
  };

  // Always inlined: g++ takes a function that only prefetches for one that does nothing, and drops
  // the calls.
  [[gnu::always_inline]] void PrefetchLeaf(std::uint32_t leaf) const {
    __builtin_prefetch(&leaves_[leaf], 1);
    __builtin_prefetch(&leaves_[leaf] + 1, 1);  // its last bytes may be in the next line
  }
  [[gnu::always_inline]] void PrefetchBranch(std::uint32_t branch) const {
    __builtin_prefetch(&branches_[branch], 1);
    __builtin_prefetch(&branches_[branch].input.side, 1);
  }
  [[nodiscard]] StateNode ChildAt(StateSlot slot) const {
    return branches_[slot / 2].child[slot % 2];
  }
  void SetDigestAt(StateSlot slot, const Digest& digest) {
    branches_[slot / 2].input.side[slot % 2] = digest;
  }
  void Attach(StateSlot slot, StateNode node) {
    branches_[slot / 2].child[slot % 2] = node;
    (node.is_leaf() ? leaves_[node.number()].up : branches_[node.number()].up) = slot;
  }

  std::uint32_t TakeLeaf(const Digest& path) {
    std::uint32_t leaf = leaf_range();
    if (free_leaves_.empty()) {
      leaves_.emplace_back();
    } else {
      leaf = free_leaves_.back();
      free_leaves_.pop_back();
    }
    leaves_[leaf] = Leaf{.path = path};
    return leaf;
  }

  std::uint32_t TakeBranch(const Digest& path, std::uint8_t bit) {
    auto branch = static_cast<std::uint32_t>(branches_.size());
    if (free_branches_.empty()) {
      branches_.emplace_back();
    } else {
      branch = free_branches_.back();
      free_branches_.pop_back();
    }
    branches_[branch] =
        Branch{.input = {.head = HeadOf(kStateBranchPrefix, bit), .prefix = PrefixOf(path, bit)}};
    return branch;
  }

  // Into how many groups touched nodes are sorted: by so many first bits of their paths.
  [[nodiscard]] static std::size_t GroupBits(std::size_t touched);
  // The group of a touched node: above those of leaves for a branch that is above them itself.
  [[nodiscard]] std::size_t GroupOf(StateNode node, std::size_t bits) const;
  // Sorts `touched_` into `grouped_` and answers where groups end.
  std::vector<std::uint32_t>& SortIntoGroups(std::size_t bits);

  // Hashes the touched leaves and fills `climbing_` with the branches right above them and with the
  // touched branches.
  template <typename H, typename ContentOf, typename RowOf>
  void HashLeaves(const H& hasher, std::span<const StateNode> touched, const ContentOf& content_of,
                  const RowOf& row_of);
  // Reduces `climbing_` to all branches above, each once, down to bit `floor`, adds those above
  // that to `upper_`, and counts the others by their bits.
  void Climb(std::size_t floor, std::array<std::uint32_t, kPathBits>& count);
  // Climbs and hashes all that was climbed.
  template <typename H>
  void HashBranches(const H& hasher, std::size_t floor);

  std::vector<Branch> branches_;
  std::vector<Leaf> leaves_;
  std::vector<std::uint32_t> free_branches_;
  std::vector<std::uint32_t> free_leaves_;
  std::size_t size_ = 0;

  // Empty but within a change; kept for their room.
  std::vector<StateNode> touched_;
  std::vector<StateNode> grouped_;
  std::vector<std::uint32_t> group_ends_;
  std::vector<HashedLeaf> hashed_;
  std::vector<std::uint32_t> climbing_;
  std::vector<std::uint32_t> upper_;
  std::vector<std::uint32_t> ordered_;
};

inline std::size_t StateTrie::GroupBits(std::size_t touched) {
  std::size_t bits = 0;
  while (bits < 16 && touched >> bits > kGroupSize) ++bits;
  return bits;
}

inline std::size_t StateTrie::GroupOf(StateNode node, std::size_t bits) const {
  const Digest* path = nullptr;
  if (node.is_leaf()) {
    path = &leaves_[node.number()].path;
  } else {
    const BranchInput& input = branches_[node.number()].input;
    if (input.bit() < bits) return std::size_t{1} << bits;
    path = &input.prefix;
  }
  const std::size_t first =
      std::to_integer<std::size_t>((*path)[0]) << 8 | std::to_integer<std::size_t>((*path)[1]);
  return first >> (16 - bits);
}

inline std::vector<std::uint32_t>& StateTrie::SortIntoGroups(std::size_t bits) {
  group_ends_.assign((std::size_t{1} << bits) + 1, 0);
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    if (i + kAhead < touched_.size() && touched_[i + kAhead].is_leaf()) {
      PrefetchLeaf(touched_[i + kAhead].number());
    }
    ++group_ends_[GroupOf(touched_[i], bits)];
  }
  std::uint32_t first = 0;
  for (std::uint32_t& end : group_ends_) first += std::exchange(end, first);
  grouped_.resize(touched_.size());
  for (const StateNode node : touched_) grouped_[group_ends_[GroupOf(node, bits)]++] = node;
  touched_.clear();
  return group_ends_;
}

template <typename H, typename ContentOf, typename RowOf>
void StateTrie::HashLeaves(const H& hasher, std::span<const StateNode> touched,
                           const ContentOf& content_of, const RowOf& row_of) {
  climbing_.clear();
  hashed_.clear();
  for (const StateNode node : touched) {
    const std::uint32_t number = node.number();
    if (!node.is_leaf()) {
      // One that was freed has touched what it hung from, and one that was taken anew has a leaf
      // that is new too.
      if (branches_[number].up != kNoSlot) climbing_.push_back(number);
      continue;
    }
    Leaf& leaf = leaves_[number];
    if (leaf.up == kNoSlot || leaf.is_hashed) continue;
    leaf.is_hashed = true;
    hashed_.push_back({number, Digest()});
    const ByteView row = row_of(number);
    __builtin_prefetch(row.data());
    __builtin_prefetch(row.data() + row.size() - 1);
    // Where the digest goes, and all that follows begins.
    PrefetchBranch(leaf.up / 2);
  }
  // Two loops: a leaf waits for its content, but leaves do not wait for each other.
  for (HashedLeaf& hashed : hashed_) hashed.content = content_of(hashed.leaf);
  for (const HashedLeaf& hashed : hashed_) {
    Leaf& leaf = leaves_[hashed.leaf];
    leaf.is_hashed = false;
    SetDigestAt(leaf.up, StateLeaf(hasher, leaf.path, hashed.content));
    climbing_.push_back(leaf.up / 2);
  }
}

inline void StateTrie::Climb(std::size_t floor, std::array<std::uint32_t, kPathBits>& count) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < climbing_.size(); ++i) {
    if (i + kAhead < climbing_.size()) PrefetchBranch(climbing_[i + kAhead]);
    const std::uint32_t number = climbing_[i];
    Branch& branch = branches_[number];
    if (number == 0 || branch.is_marked) continue;
    if (branch.input.bit() < floor) {
      upper_.push_back(number);
      continue;
    }
    branch.is_marked = true;
    ++count[branch.input.bit()];
    climbing_[kept++] = number;
    climbing_.push_back(branch.up / 2);
  }
  climbing_.resize(kept);
}

template <typename H>
void StateTrie::HashBranches(const H& hasher, std::size_t floor) {
  std::array<std::uint32_t, kPathBits> place{};
  Climb(floor, place);
  // Those with the greatest bit first: a child's bit is greater than its parent's.
  std::uint32_t first = 0;
  for (std::size_t bit = kPathBits; bit-- > floor;) first += std::exchange(place[bit], first);
  ordered_.resize(climbing_.size());
  for (const std::uint32_t number : climbing_) {
    ordered_[place[branches_[number].input.bit()]++] = number;
  }
  for (std::size_t i = 0; i < ordered_.size(); ++i) {
    if (i + kAhead < ordered_.size()) PrefetchBranch(ordered_[i + kAhead]);
    Branch& branch = branches_[ordered_[i]];
    branch.is_marked = false;
    SetDigestAt(branch.up, HashInput(hasher, branch.input));
  }
}

template <typename H, typename ContentOf, typename RowOf>
void StateTrie::Rehash(const H& hasher, const ContentOf& content_of, const RowOf& row_of) {
  const std::size_t bits = GroupBits(touched_.size());
  upper_.clear();
  std::uint32_t begin = 0;
  for (const std::uint32_t end : SortIntoGroups(bits)) {
    HashLeaves(hasher, std::span(grouped_).subspan(begin, end - begin), content_of, row_of);
    HashBranches(hasher, bits);
    begin = end;
  }
  climbing_.swap(upper_);
  HashBranches(hasher, 0);
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_DETAIL_STATE_TRIE_H_
