// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What decoding does with input that somebody else made.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <variant>
#include <vector>

#include "settle/base/codec.h"
#include "tests/base/codec_samples.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {

struct CodecNested {
  Bounded<Bounded<std::uint8_t, 100>, 100> lists;
  Bounded<std::uint64_t, 1000> numbers;
  using Fields = Members<&CodecNested::lists, &CodecNested::numbers>;
};

namespace {

using test::BytesOf;

// Where each part of an encoding begins.
class PartSink {
 public:
  void Write(ByteView bytes) {
    begins_.insert(size_);
    size_ += bytes.size();
  }
  [[nodiscard]] const std::set<std::size_t>& begins() const { return begins_; }

 private:
  std::set<std::size_t> begins_;
  std::size_t size_ = 0;
};

template <typename T>
std::set<std::size_t> PartsOf(const T& value) {
  PartSink sink;
  EncodeTo(sink, value);
  return sink.begins();
}

TEST(HostileInput, EachTruncationOfAFixedSizeIsRefusedWhereThePartThatIsCutBegins) {
  const CodecNumbers numbers{.u8 = 1, .u64 = 2, .i128 = -3};
  const std::vector<std::byte> bytes = Encode(numbers);
  const std::set<std::size_t> parts = PartsOf(numbers);
  ASSERT_EQ(parts.size(), 10u);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CodecNumbers copy;
    const DecodeOutcome outcome = DecodeInto(std::span(bytes).first(length), copy);
    ASSERT_EQ(outcome.reason, BaseReason::kTruncated) << length;
    ASSERT_EQ(outcome.offset, *std::prev(parts.upper_bound(length))) << length;
  }
}

TEST(HostileInput, EachTruncationOfEveryShapeIsRefusedAtTheBeginningOfAPart) {
  test::Random random;
  for (int i = 0; i < 50; ++i) {
    const CodecSample sample = test::RandomCodecSample(random);
    const std::vector<std::byte> bytes = Encode(sample);
    const std::set<std::size_t> parts = PartsOf(sample);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      CodecSample copy;
      const DecodeOutcome outcome = DecodeInto(std::span(bytes).first(length), copy);
      ASSERT_EQ(outcome.reason, BaseReason::kTruncated) << length;
      ASSERT_LE(outcome.offset, length);
      // Bytes of a text that is cut are one part, which begins behind its length.
      ASSERT_TRUE(parts.contains(outcome.offset)) << length << ": " << outcome.offset;
    }
  }
}

TEST(HostileInput, TruncatedSequenceIsRefusedBehindItsLength) {
  Bounded<std::uint32_t, 5> list;
  for (std::size_t elements = 0; elements < 20; ++elements) {
    std::vector<std::byte> bytes = BytesOf({5, 0, 0, 0});
    bytes.resize(4 + elements);
    const DecodeOutcome outcome = DecodeInto(bytes, list);
    ASSERT_EQ(outcome.reason, BaseReason::kTruncated);
    ASSERT_EQ(outcome.offset, 4u);
  }
}

TEST(HostileInput, EachTrailingByteIsRefusedWhereItStands) {
  const std::vector<std::byte> good = Encode(test::MakeCodecSample());
  for (int value = 0; value < 256; ++value) {
    std::vector<std::byte> bytes = good;
    bytes.push_back(static_cast<std::byte>(value));
    CodecSample copy;
    const DecodeOutcome outcome = DecodeInto(bytes, copy);
    ASSERT_EQ(outcome.reason, BaseReason::kTrailingBytes);
    ASSERT_EQ(outcome.offset, good.size());
  }
  CodecInner inner;
  EXPECT_EQ(DecodeInto(BytesOf({1, 0, 1, 0}), inner).reason, BaseReason::kTrailingBytes);
}

// Whatever is accepted is the one encoding of what it decodes to.
template <typename T>
bool IsRefusedOrCanonical(const std::vector<std::byte>& bytes) {
  T value{};
  const DecodeOutcome outcome = DecodeInto(bytes, value);
  return outcome.ok() ? Encode(value) == bytes : outcome.offset <= bytes.size();
}

TEST(HostileInput, EachFlippedBitIsRefusedOrIsAnotherValue) {
  test::Random random;
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    const CodecSample sample = i == 0 ? test::MakeCodecSample() : test::RandomCodecSample(random);
    const std::vector<std::byte> bytes = Encode(sample);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::vector<std::byte> flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      CodecSample copy;
      if (!DecodeInto(flipped, copy).ok()) {
        ++refused;
        continue;
      }
      ++accepted;
      ASSERT_NE(copy, sample) << bit;
      ASSERT_EQ(Encode(copy), flipped) << bit;
    }
  }
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(refused, 1000);
}

TEST(HostileInput, WhateverIsAcceptedIsTheOneEncodingOfItsValue) {
  test::Random random;
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::byte> bytes;
    if (random.Chance(1, 4)) {
      bytes = random.Bytes(static_cast<std::size_t>(random.Below(90)));
    } else {
      bytes = Encode(test::RandomCodecSample(random));
      for (std::uint64_t edits = random.Below(4); edits > 0 && !bytes.empty(); --edits) {
        const auto at = static_cast<std::size_t>(random.Below(bytes.size()));
        const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
        switch (random.Below(3)) {
          case 0:
            *place = static_cast<std::byte>(random.Below(4));
            break;
          case 1:
            bytes.erase(place);
            break;
          default:
            bytes.insert(place, static_cast<std::byte>(random.Below(3)));
            break;
        }
      }
    }
    ASSERT_TRUE(IsRefusedOrCanonical<CodecSample>(bytes));
    ASSERT_TRUE(IsRefusedOrCanonical<CodecRising>(bytes));
    ASSERT_TRUE(IsRefusedOrCanonical<CodecNested>(bytes));
    ASSERT_TRUE(IsRefusedOrCanonical<CodecChoice>(bytes));
  }
}

// --- single bytes that mean nothing -------------------------------------------------------------

TEST(HostileInput, BoolIsZeroOrOne) {
  for (int value = 0; value < 256; ++value) {
    bool flag = false;
    const DecodeOutcome outcome = DecodeInto(BytesOf({value}), flag);
    ASSERT_EQ(outcome.reason, value < 2 ? Reason() : Reason(BaseReason::kNotCanonical));
    ASSERT_EQ(outcome.offset, 1u);
    ASSERT_EQ(flag, value == 1);
  }
}

TEST(HostileInput, OptionalIsAbsentOrPresent) {
  std::optional<std::uint8_t> maybe;
  EXPECT_EQ(DecodeInto(BytesOf({2, 5}), maybe).reason, BaseReason::kNotCanonical);
  EXPECT_EQ(DecodeInto(BytesOf({0, 5}), maybe).reason, BaseReason::kTrailingBytes);
  EXPECT_EQ(DecodeInto(BytesOf({1}), maybe).reason, BaseReason::kTruncated);
  EXPECT_TRUE(DecodeInto(BytesOf({1, 5}), maybe).ok());
  EXPECT_EQ(maybe, std::uint8_t{5});
}

TEST(HostileInput, EnumIsOneOfItsEnumerators) {
  int accepted = 0;
  for (int low = 0; low < 256; ++low) {
    for (const int high : {0, 1, 2, 3, 255}) {
      CodecColor color{};
      const DecodeOutcome outcome = DecodeInto(BytesOf({low, high}), color);
      const bool known = (low == 1 && high == 0) || (low == 7 && high == 2);
      ASSERT_EQ(outcome.reason, known ? Reason() : Reason(BaseReason::kUnknownEnumerator));
      accepted += outcome.ok() ? 1 : 0;
      ASSERT_TRUE(known || color == CodecColor{});
    }
  }
  EXPECT_EQ(accepted, 2);
}

TEST(HostileInput, VariantIsOneOfItsAlternatives) {
  for (int index = 3; index < 256; ++index) {
    CodecChoice choice;
    const DecodeOutcome outcome = DecodeInto(BytesOf({index, 0, 0, 0, 0}), choice);
    ASSERT_EQ(outcome.reason, BaseReason::kUnknownEnumerator);
    ASSERT_EQ(outcome.offset, 1u);
  }
  CodecChoice choice;
  EXPECT_EQ(DecodeInto(BytesOf({}), choice).reason, BaseReason::kTruncated);
  EXPECT_EQ(DecodeInto(BytesOf({2, 3, 0, 0, 0, 0, 0, 0}), choice).reason, BaseReason::kTooMany);
  EXPECT_EQ(DecodeInto(BytesOf({0, 1, 0, 2}), choice).reason, BaseReason::kNotCanonical);
}

// --- bounds and allocation ----------------------------------------------------------------------

template <typename T>
std::vector<std::byte> SequenceOf(std::uint32_t count, std::size_t elements) {
  std::vector<std::byte> bytes = Encode(count);
  bytes.resize(4 + elements * sizeof(T));
  return bytes;
}

// Decodes, and says what it cost.
template <typename T>
DecodeOutcome DecodeCounting(ByteView bytes, T& out, std::size_t& calls, std::size_t& allocated) {
  const test::AllocationCounter counter;
  const DecodeOutcome outcome = DecodeInto(bytes, out);
  calls = counter.calls();
  allocated = counter.bytes();
  return outcome;
}

TEST(HostileInput, AsManyElementsAsTheBoundAreTakenAndOneMoreIsRefusedBeforeAnyAllocation) {
  std::size_t calls = 0;
  std::size_t allocated = 0;
  Bounded<std::uint64_t, 100> full;
  EXPECT_TRUE(DecodeCounting(SequenceOf<std::uint64_t>(100, 100), full, calls, allocated).ok());
  EXPECT_EQ(full.size(), 100u);
  EXPECT_EQ(calls, 1u);
  EXPECT_EQ(allocated, 800u);
  Bounded<std::uint64_t, 100> refused;
  const DecodeOutcome outcome =
      DecodeCounting(SequenceOf<std::uint64_t>(101, 101), refused, calls, allocated);
  EXPECT_EQ(outcome.reason, BaseReason::kTooMany);
  EXPECT_EQ(outcome.offset, 4u);
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(refused.empty());
}

TEST(HostileInput, LengthBeyondTheInputAllocatesNothing) {
  std::size_t calls = 1;
  std::size_t allocated = 1;
  const std::vector<std::byte> huge = BytesOf({255, 255, 255, 255, 1, 2, 3, 4});
  Bounded<std::uint64_t, 100> bounded;
  EXPECT_EQ(DecodeCounting(huge, bounded, calls, allocated).reason, BaseReason::kTooMany);
  EXPECT_EQ(calls, 0u);
  Bounded<std::uint64_t, 0xffffffff> wide;
  EXPECT_EQ(DecodeCounting(huge, wide, calls, allocated).reason, BaseReason::kTruncated);
  EXPECT_EQ(calls, 0u);
  Bounded<std::byte, 0xffffffff> text;
  EXPECT_EQ(DecodeCounting(huge, text, calls, allocated).reason, BaseReason::kTruncated);
  EXPECT_EQ(calls, 0u);
  Bounded<Bounded<CodecSample, 0xffffffff>, 0xffffffff> lists;
  EXPECT_EQ(DecodeCounting(huge, lists, calls, allocated).reason, BaseReason::kTruncated);
  EXPECT_EQ(calls, 0u);
}

TEST(HostileInput, LengthOfOneMoreThanTheInputHoldsAllocatesNothing) {
  std::size_t calls = 1;
  std::size_t allocated = 1;
  Bounded<std::uint64_t, 100> numbers;
  std::vector<std::byte> bytes = SequenceOf<std::uint64_t>(10, 10);
  bytes.pop_back();
  EXPECT_EQ(DecodeCounting(bytes, numbers, calls, allocated).reason, BaseReason::kTruncated);
  EXPECT_EQ(calls, 0u);
  Bounded<std::byte, 100> text;
  EXPECT_EQ(DecodeCounting(SequenceOf<std::byte>(11, 10), text, calls, allocated).reason,
            BaseReason::kTruncated);
  EXPECT_EQ(calls, 0u);
}

TEST(HostileInput, DecodingAllocatesAtMostAStatedFactorOfTheInput) {
  // An empty list takes 24 bytes for 4 encoded, an element as much as its encoding.
  constexpr std::size_t kFactor = sizeof(Bounded<std::uint8_t, 100>) / 4 + 1;
  test::Random random;
  std::size_t most = 0;
  for (int i = 0; i < 20000; ++i) {
    // Small lengths at random places: many of these go deep before they are refused.
    std::vector<std::byte> bytes(static_cast<std::size_t>(random.Below(400)));
    for (std::uint64_t marks = random.Below(12); marks > 0 && !bytes.empty(); --marks) {
      bytes[static_cast<std::size_t>(random.Below(bytes.size()))] =
          static_cast<std::byte>(random.Below(100));
    }
    if (bytes.size() > 4) bytes[0] = static_cast<std::byte>(random.Below(bytes.size() / 4));
    std::size_t calls = 0;
    std::size_t allocated = 0;
    CodecNested nested;
    (void)DecodeCounting(bytes, nested, calls, allocated);
    ASSERT_LE(allocated, kFactor * bytes.size());
    most = std::max(most, bytes.empty() ? 0 : allocated / bytes.size());
  }
  EXPECT_GE(most, 4u);  // the bound was nearly reached: it is not an empty one
}

}  // namespace
}  // namespace settle
