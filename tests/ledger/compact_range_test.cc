// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/compact_range.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/text.h"
#include "settle/crypto/sha256.h"
#include "tests/ledger/reference_tree.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using Range = CompactRange<Sha256>;
using test::NumberedLeaves;
using test::ReferenceRoot;

constexpr char kRootsFile[] = "rfc6962/rfc6962_roots.json";

TEST(CompactRange, GivesTheRootsOfRfc6962) {
  const std::optional<nlohmann::json> vectors = test::ReadVectorJson(kRootsFile);
  if (!vectors) GTEST_SKIP() << test::Missing(kRootsFile);
  const nlohmann::json& inputs = (*vectors)["leaf_inputs_hex"];
  const nlohmann::json& roots = (*vectors)["root_by_size_hex"];
  ASSERT_EQ(inputs.size(), 8u);
  ASSERT_EQ(roots.size(), 9u);
  Range range;
  for (std::size_t size = 0; size < roots.size(); ++size) {
    EXPECT_EQ(ToHex(range.Root().view()), roots[size].get<std::string>());
    EXPECT_EQ(range.size(), size);
    if (size == inputs.size()) break;
    const auto bytes = ParseHex(inputs[size].get<std::string>());
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(range.Append(*bytes), LogIndex(size));
  }
  test::CountVectors("rfc6962/roots (compact range)", roots.size());
}

TEST(CompactRange, HasTheDefinedRootOfEverySizeUpTo300) {
  const std::vector<Digest> leaves = NumberedLeaves(300);
  Range range;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    const Digest root = ReferenceRoot(std::span(leaves).first(size));
    ASSERT_EQ(range.Root(), root) << size;
    ASSERT_EQ(range.Head(), (TreeHead{.size = size, .root = root}));
    ASSERT_EQ(range.Validate(), Reason());
    if (size == leaves.size()) break;
    ASSERT_EQ(range.AppendDigest(leaves[size]), LogIndex(size));
  }
}

TEST(CompactRange, AppendsALeafAsItsDigest) {
  Range of_leaves;
  Range of_digests;
  for (std::uint64_t i = 0; i < 50; ++i) {
    of_leaves.Append(EncodeFixed(i));
    of_digests.AppendDigest(test::ReferenceLeaf(EncodeFixed(i)));
  }
  EXPECT_EQ(of_leaves, of_digests);
}

TEST(CompactRange, DecodesToTheSameRangeAndGoesOn) {
  const std::vector<Digest> leaves = NumberedLeaves(70);
  Range range;
  for (const Digest& leaf : leaves) {
    const std::vector<std::byte> bytes = Encode(range);
    EXPECT_EQ(bytes.size(), 8 + 4 + 32 * static_cast<std::size_t>(std::popcount(range.size())));
    Range decoded;
    ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
    ASSERT_EQ(decoded, range);
    ASSERT_EQ(FingerprintOf(decoded), FingerprintOf(range));
    range.AppendDigest(leaf);
    decoded.AppendDigest(leaf);
    ASSERT_EQ(decoded, range);
  }
}

TEST(CompactRange, HasAnotherFingerprintForEveryFlippedByteThatDecodes) {
  Range range;
  for (const Digest& leaf : NumberedLeaves(11)) range.AppendDigest(leaf);
  const std::vector<std::byte> bytes = Encode(range);
  std::size_t decodes = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::vector<std::byte> other = bytes;
    other[i] ^= std::byte{1};
    Range decoded;
    if (!DecodeInto(other, decoded).ok()) continue;
    ++decodes;
    EXPECT_NE(decoded, range);
    EXPECT_NE(FingerprintOf(decoded), FingerprintOf(range));
  }
  // Sizes 10 and 11 have other numbers of one-bits, and so have all that a flipped lowest bit of a
  // byte of the size makes.
  EXPECT_EQ(decodes, 3u * 32);
}

// The encoding of a size and so many roots.
std::vector<std::byte> Bytes(std::uint64_t size, std::uint32_t roots) {
  std::vector<std::byte> bytes;
  AppendEncoding(bytes, size);
  AppendEncoding(bytes, roots);
  bytes.resize(bytes.size() + roots * Digest::kSize);
  return bytes;
}

TEST(CompactRange, DecodesExactlyOneRootForEachOneBitOfTheSize) {
  for (const std::uint64_t size : {0ull, 1ull, 2ull, 7ull, 8ull, 0x5555ull, (1ull << 63) - 1}) {
    const auto ones = static_cast<std::uint32_t>(std::popcount(size));
    for (std::uint32_t roots = 0; roots <= 64; ++roots) {
      Range range;
      const Reason expected = roots == ones ? Reason() : BaseReason::kNotCanonical;
      EXPECT_EQ(DecodeInto(Bytes(size, roots), range).reason, expected) << size << " " << roots;
    }
  }
  Range range;
  EXPECT_EQ(DecodeInto(Bytes(7, 65), range).reason, BaseReason::kTooMany);
}

TEST(CompactRange, RefusesSizesThatLeaveNoRoomForAppends) {
  Range range;
  ASSERT_TRUE(DecodeInto(Bytes((1ull << 63) - 1, 63), range).ok());
  EXPECT_EQ(range.AppendDigest(Digest()), LogIndex((1ull << 63) - 1));
  EXPECT_EQ(range.size(), 1ull << 63);
  EXPECT_EQ(DecodeInto(Bytes(1ull << 63, 1), range).reason, BaseReason::kOutOfRange);
  EXPECT_EQ(DecodeInto(Bytes(~0ull, 64), range).reason, BaseReason::kOutOfRange);
}

TEST(CompactRange, RefusesEveryTruncationAndEveryTrailingByte) {
  std::vector<std::byte> bytes = Bytes(7, 3);
  Range range;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeInto(ByteView(bytes).first(size), range).reason, BaseReason::kTruncated);
  }
  bytes.push_back(std::byte{0});
  EXPECT_EQ(DecodeInto(bytes, range).reason, BaseReason::kTrailingBytes);
}

TEST(CompactRange, AllocatesNothingOnceItHasBeenAsWide) {
  Range range;
  for (int i = 0; i < 1023; ++i) range.AppendDigest(Digest());
  const test::AllocationCounter counter;
  for (int i = 0; i < 1023; ++i) range.AppendDigest(Digest());
  const Digest root = range.Root();
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_NE(root, Digest());
}

// The largest subtrees within [begin, end), by trying them: at each place the largest that is
// aligned and fits.
std::vector<Digest> DefinedRoots(std::span<const Digest> leaves, std::size_t begin,
                                 std::size_t end) {
  std::vector<Digest> roots;
  while (begin < end) {
    std::size_t width = 1;
    while (begin % (2 * width) == 0 && begin + 2 * width <= end) width *= 2;
    roots.push_back(ReferenceRoot(leaves.subspan(begin, width)));
    begin += width;
  }
  return roots;
}

CompactSegment<Sha256> SegmentOf(std::span<const Digest> leaves, std::size_t begin,
                                 std::size_t end) {
  CompactSegment<Sha256> segment((LogIndex(begin)));
  for (std::size_t i = begin; i < end; ++i) EXPECT_EQ(segment.AppendDigest(leaves[i]), LogIndex(i));
  return segment;
}

TEST(CompactSegment, HoldsTheLargestSubtreesOfEveryRunUpTo70) {
  const std::vector<Digest> leaves = NumberedLeaves(70);
  for (std::size_t begin = 0; begin <= leaves.size(); ++begin) {
    CompactSegment<Sha256> segment((LogIndex(begin)));
    for (std::size_t end = begin; end <= leaves.size(); ++end) {
      ASSERT_EQ(segment.begin(), LogIndex(begin));
      ASSERT_EQ(segment.end(), LogIndex(end));
      ASSERT_EQ(std::vector<Digest>(segment.roots().begin(), segment.roots().end()),
                DefinedRoots(leaves, begin, end))
          << begin << " " << end;
      ASSERT_EQ(segment.Validate(), Reason());
      if (end < leaves.size()) segment.AppendDigest(leaves[end]);
    }
  }
}

TEST(CompactSegment, MergesWithTheNextAsIfItsLeavesHadBeenAppended) {
  const std::vector<Digest> leaves = NumberedLeaves(34);
  for (std::size_t a = 0; a <= leaves.size(); ++a) {
    for (std::size_t b = a; b <= leaves.size(); ++b) {
      for (std::size_t c = b; c <= leaves.size(); ++c) {
        CompactSegment<Sha256> segment = SegmentOf(leaves, a, b);
        ASSERT_TRUE(segment.Merge(SegmentOf(leaves, b, c)).ok());
        ASSERT_EQ(segment, SegmentOf(leaves, a, c)) << a << " " << b << " " << c;
      }
    }
  }
}

TEST(CompactSegment, MergesIntoTheTreeOfAllLeavesWhereverTheyAreCut) {
  test::Random random;
  const std::vector<Digest> leaves = NumberedLeaves(2000);
  const Digest root = ReferenceRoot(leaves);
  for (int round = 0; round < 10; ++round) {
    Range range;
    while (range.size() < leaves.size()) {
      const std::uint64_t end = random.Between(range.size(), leaves.size());
      ASSERT_TRUE(range.Merge(SegmentOf(leaves, range.size(), end)).ok());
    }
    EXPECT_EQ(range.Root(), root);
  }
}

TEST(CompactSegment, IsNotMergedAnywhereButAtItsPlace) {
  const std::vector<Digest> leaves = NumberedLeaves(12);
  Range range;
  for (const Digest& leaf : std::span(leaves).first(5)) range.AppendDigest(leaf);
  CompactSegment<Sha256> segment = SegmentOf(leaves, 2, 5);
  const Range range_before = range;
  const CompactSegment<Sha256> segment_before = segment;
  for (const std::size_t begin : {std::size_t{0}, std::size_t{4}, std::size_t{6}}) {
    EXPECT_EQ(range.Merge(SegmentOf(leaves, begin, 9)), LedgerReason::kBadIndex);
    EXPECT_EQ(segment.Merge(SegmentOf(leaves, begin, 9)), LedgerReason::kBadIndex);
  }
  EXPECT_EQ(range, range_before);
  EXPECT_EQ(segment, segment_before);
}

TEST(CompactSegment, DecodesExactlyOneRootForEachSubtree) {
  const std::vector<Digest> leaves = NumberedLeaves(20);
  for (std::size_t begin = 0; begin <= leaves.size(); ++begin) {
    for (std::size_t end = begin; end <= leaves.size(); ++end) {
      const CompactSegment<Sha256> segment = SegmentOf(leaves, begin, end);
      const std::vector<std::byte> bytes = Encode(segment);
      CompactSegment<Sha256> decoded;
      ASSERT_TRUE(DecodeInto(bytes, decoded).ok());
      ASSERT_EQ(decoded, segment);
      ASSERT_EQ(FingerprintOf(decoded), FingerprintOf(segment));
      std::vector<std::byte> other = bytes;
      other[16] ^= std::byte{1};
      other.resize(16 + 4 + 32 * std::to_integer<std::size_t>(other[16]));
      EXPECT_EQ(DecodeInto(other, decoded).reason, BaseReason::kNotCanonical);
      other = bytes;
      other[15] ^= std::byte{0x80};
      EXPECT_EQ(DecodeInto(other, decoded).reason, BaseReason::kOutOfRange);
    }
  }
  std::vector<std::byte> reversed;
  for (const std::uint64_t end : {5u, 4u}) AppendEncoding(reversed, end);
  AppendEncoding(reversed, std::uint32_t{0});
  CompactSegment<Sha256> decoded;
  EXPECT_EQ(DecodeInto(reversed, decoded).reason, BaseReason::kOutOfRange);
}

TEST(CompactSegment, HasRoomForTheMostSubtreesThatARunCanHave) {
  // [1, 2^63 - 1): one subtree of each height but the highest, upwards and downwards.
  std::vector<std::byte> bytes;
  AppendEncoding(bytes, std::uint64_t{1});
  AppendEncoding(bytes, (std::uint64_t{1} << 63) - 1);
  AppendEncoding(bytes, std::uint32_t{124});
  bytes.resize(bytes.size() + 124 * std::size_t{32});
  CompactSegment<Sha256> segment;
  ASSERT_TRUE(DecodeInto(bytes, segment).ok());
  segment.AppendDigest(Digest());
  EXPECT_EQ(segment.roots().size(), 63u);
}

TEST(CompactRange, IsMadeOfItsRoots) {
  Range range;
  for (const Digest& leaf : NumberedLeaves(13)) {
    range.AppendDigest(leaf);
    const Result<Range> again = Range::From(range.size(), range.roots());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, range);
    EXPECT_EQ(Range::From(range.size() + 1, range.roots()).ok(),
              std::popcount(range.size()) == std::popcount(range.size() + 1));
    EXPECT_EQ(Range::From(range.size(), range.roots().subspan(1)).reason(),
              BaseReason::kNotCanonical);
  }
  EXPECT_EQ(Range::From(~std::uint64_t{0}, std::vector<Digest>(64)).reason(),
            BaseReason::kOutOfRange);
  EXPECT_EQ(Range::From(3, std::vector<Digest>(65)).reason(), BaseReason::kNotCanonical);
}

TEST(CompactRange, CopiesAreIndependent) {
  Range range;
  for (const Digest& leaf : NumberedLeaves(5)) range.AppendDigest(leaf);
  const Range before = range;
  range.AppendDigest(Digest());
  EXPECT_NE(range, before);
  EXPECT_EQ(before.Root(), ReferenceRoot(NumberedLeaves(5)));
}

}  // namespace
}  // namespace settle
