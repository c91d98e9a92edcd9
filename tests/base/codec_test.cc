// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/codec.h"

#include <absl/hash/hash.h>
#include <absl/hash/hash_testing.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "tests/base/codec_samples.h"
#include "tests/support/allocations.h"
#include "tests/support/fields.h"
#include "tests/support/golden.h"
#include "tests/support/random.h"

namespace settle {

// A rule that looks at what Rebuild makes would see it before it is made.
class CodecOrder {
 public:
  Reason Validate() const { return rebuilt_ ? Reason(BaseReason::kPoisoned) : Reason(); }
  Reason Rebuild() {
    rebuilt_ = true;
    return number_ == 13 ? Reason(BaseReason::kFull) : Reason();
  }
  [[nodiscard]] bool rebuilt() const { return rebuilt_; }

 private:
  std::uint8_t number_ = 0;
  bool rebuilt_ = false;

 public:
  using Fields = Members<&CodecOrder::number_>;
};

struct CodecNothing {
  using Fields = Members<>;
};

struct CodecHolder {
  std::optional<CodecRising> maybe;
  std::variant<CodecInner, CodecRising> either;
  Bounded<CodecRising, 2> list;
  std::array<CodecRising, 1> array;
  using Fields =
      Members<&CodecHolder::maybe, &CodecHolder::either, &CodecHolder::list, &CodecHolder::array>;
};

namespace {

using test::BytesOf;

// --- the format ---------------------------------------------------------------------------------

TEST(Codec, IntegersAreLittleEndianAndOfFixedWidth) {
  EXPECT_EQ(Encode(std::uint8_t{0xab}), BytesOf({0xab}));
  EXPECT_EQ(Encode(std::uint16_t{0x0102}), BytesOf({2, 1}));
  EXPECT_EQ(Encode(std::int16_t{-2}), BytesOf({0xfe, 0xff}));
  EXPECT_EQ(Encode(std::uint32_t{0x01020304}), BytesOf({4, 3, 2, 1}));
  EXPECT_EQ(Encode(std::int64_t{-3}), BytesOf({0xfd, 255, 255, 255, 255, 255, 255, 255}));
  EXPECT_EQ(Encode(std::uint64_t{0x0102030405060708}), BytesOf({8, 7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(Encode((Int128{0x0102} << 64) | 0x0304),
            BytesOf({4, 3, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Encode(kMin<Int128>), BytesOf({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}));
  EXPECT_EQ(Encode(3LL), Encode(std::int64_t{3}));
}

TEST(Codec, EveryShapeHasItsGoldenBytes) {
  EXPECT_EQ(Encode(true), BytesOf({1}));
  EXPECT_EQ(Encode(false), BytesOf({0}));
  EXPECT_EQ(Encode(std::byte{7}), BytesOf({7}));
  EXPECT_EQ(Encode(CodecColor::kBlue), BytesOf({7, 2}));
  EXPECT_EQ(Encode(Epoch(5)), BytesOf({5, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Encode(RatePpm(-1)), BytesOf({255, 255, 255, 255, 255, 255, 255, 255}));
  EXPECT_EQ(Encode(OwnerId::FromNumber(0x0102)),
            BytesOf({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2}));
  EXPECT_EQ(Encode(std::array<std::uint16_t, 2>{1, 2}), BytesOf({1, 0, 2, 0}));
  EXPECT_EQ(Encode(*Bounded<std::uint16_t, 9>::From({1, 2})), BytesOf({2, 0, 0, 0, 1, 0, 2, 0}));
  EXPECT_EQ(Encode(Bounded<std::uint16_t, 9>()), BytesOf({0, 0, 0, 0}));
  EXPECT_EQ(Encode(*Bounded<std::byte, 9>::From(BytesOf({9, 8}))), BytesOf({2, 0, 0, 0, 9, 8}));
  EXPECT_EQ(Encode(std::optional<std::uint16_t>()), BytesOf({0}));
  EXPECT_EQ(Encode(std::optional<std::uint16_t>(3)), BytesOf({1, 3, 0}));
  EXPECT_EQ(Encode(CodecChoice(CodecInner{3, true})), BytesOf({0, 3, 0, 1}));
  EXPECT_EQ(Encode(CodecChoice(Bounded<std::uint8_t, 2>())), BytesOf({2, 0, 0, 0, 0}));
  EXPECT_EQ(Encode(CodecInner{0x0102, true}), BytesOf({2, 1, 1}));
  EXPECT_EQ(Encode(CodecNothing()), BytesOf({}));
}

TEST(Codec, GoldenBytesAreThoseThatAnotherLanguageMakes) {
  CodecNumbers numbers;
  numbers.u8 = 0xf1;
  numbers.u16 = 0xf2f3;
  numbers.u32 = 0xf4f5f6f7;
  numbers.u64 = 0xf8f9fafbfcfdfeff;
  numbers.u128 = kMax<UInt128> - 1;
  numbers.i8 = -128;
  numbers.i16 = -2;
  numbers.i32 = kMin<std::int32_t>;
  numbers.i64 = -3;
  numbers.i128 = kMin<Int128> + 1;
  const Result<CodecRising> rising = CodecRising::Create({1, 2, 0x01020304});
  ASSERT_TRUE(rising.ok());
  CodecSample other;
  other.either = CodecInner{3, false};
  EXPECT_EQ(test::GoldenDifferences("base", {{"numbers", Encode(numbers)},
                                             {"numbers of zero", Encode(CodecNumbers())},
                                             {"sample", Encode(test::MakeCodecSample())},
                                             {"smallest sample", Encode(CodecSample())},
                                             {"sample with another choice", Encode(other)},
                                             {"rising", Encode(*rising)}}),
            "");
}

TEST(Codec, SizeIsKnownWithoutEncoding) {
  static_assert(kEncodedSize<CodecInner> == 3);
  static_assert(kEncodedSize<CodecNumbers> == 2 * (1 + 2 + 4 + 8 + 16));
  static_assert(kEncodedSize<std::array<CodecInner, 5>> == 15);
  static_assert(kEncodedSize<CodecNothing> == 0);
  static_assert(!detail::IsFixedSize<CodecSample>());
  static_assert(!detail::IsFixedSize<std::array<std::optional<bool>, 2>>());
  static_assert(detail::MinimumSize<CodecSample>() ==
                2 + 8 + 8 + 16 + 1 + 4 + 6 + 4 + 4 + 4 + 1 + 1 + 1 + 3);
  EXPECT_EQ(EncodedSize(CodecInner()), 3u);
  test::Random random;
  for (int i = 0; i < 100; ++i) {
    const CodecSample sample = test::RandomCodecSample(random);
    EXPECT_EQ(EncodedSize(sample), Encode(sample).size());
    EXPECT_GE(EncodedSize(sample), detail::MinimumSize<CodecSample>());
  }
}

TEST(Codec, FixedSizeIsEncodedAtCompileTime) {
  constexpr std::array kBytes = EncodeFixed(CodecInner{0x0102, true});
  static_assert(kBytes == std::array{std::byte{2}, std::byte{1}, std::byte{1}});
  constexpr std::array kWide = EncodeFixed(CodecNumbers{.i128 = -1});
  static_assert(kWide[61] == std::byte{255} && kWide[0] == std::byte{0});
  constexpr std::array kNames = EncodeFixed(std::array{OwnerId::FromNumber(1), OwnerId()});
  static_assert(kNames[15] == std::byte{1} && kNames[31] == std::byte{0});
  constexpr CodecInner kBack = [] {
    CodecInner inner;
    return DecodeInto(EncodeFixed(CodecInner{7, true}), inner).ok() ? inner : CodecInner{};
  }();
  static_assert(kBack == CodecInner{7, true});
}

TEST(Codec, FixedSizeIsEncodedWithoutAllocation) {
  const CodecNumbers numbers{.u8 = 1, .i128 = -1};
  const test::AllocationCounter counter;
  const auto bytes = EncodeFixed(numbers);
  CodecNumbers copy;
  const bool decoded = DecodeInto(bytes, copy).ok() && copy == numbers;
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(decoded);
  EXPECT_EQ(calls, 0u);
}

TEST(Codec, EncodingAllocatesOnce) {
  const CodecSample sample = test::MakeCodecSample();
  const test::AllocationCounter counter;
  const std::vector<std::byte> bytes = Encode(sample);
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 1u);
  EXPECT_EQ(bytes.capacity(), bytes.size());
}

TEST(Codec, AppendsBehindWhatIsThere) {
  std::vector<std::byte> bytes = BytesOf({42});
  AppendEncoding(bytes, std::uint16_t{1});
  AppendEncoding(bytes, true);
  EXPECT_EQ(bytes, BytesOf({42, 1, 0, 1}));
}

// --- round trips --------------------------------------------------------------------------------

template <typename T>
T RoundTrip(const T& value) {
  const std::vector<std::byte> bytes = Encode(value);
  T copy{};
  const DecodeOutcome outcome = DecodeInto(bytes, copy);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.offset, bytes.size());
  EXPECT_EQ(Encode(copy), bytes);
  return copy;
}

TEST(Codec, EveryIntegerComesBackAtItsLimits) {
  const auto check = []<typename T>(T) {
    for (const T value : {kMin<T>, kMax<T>, static_cast<T>(0), static_cast<T>(1)}) {
      EXPECT_EQ(RoundTrip(value), value);
    }
  };
  check(std::int8_t{});
  check(std::uint8_t{});
  check(std::int16_t{});
  check(std::uint16_t{});
  check(std::int32_t{});
  check(std::uint32_t{});
  check(std::int64_t{});
  check(std::uint64_t{});
  check(Int128{});
  check(UInt128{});
}

TEST(Codec, RandomValuesComeBack) {
  test::Random random;
  for (int i = 0; i < 2000; ++i) {
    const CodecSample sample = test::RandomCodecSample(random);
    ASSERT_EQ(RoundTrip(sample), sample);
  }
}

TEST(Codec, DifferentValuesHaveDifferentBytes) {
  test::Random random;
  CodecSample before = test::RandomCodecSample(random);
  for (int i = 0; i < 2000; ++i) {
    CodecSample sample = before;
    // One member of another value.
    const CodecSample other = test::RandomCodecSample(random);
    switch (random.Below(4)) {
      case 0:
        sample.list = other.list;
        break;
      case 1:
        sample.maybe = other.maybe;
        break;
      case 2:
        sample.either = other.either;
        break;
      default:
        sample.lists = other.lists;
        break;
    }
    ASSERT_EQ(sample == before, Encode(sample) == Encode(before));
    before = other;
  }
}

TEST(Codec, DecodingIntoAUsedValueLeavesNothingOfIt) {
  const CodecSample full = test::MakeCodecSample();
  CodecSample used = full;
  ASSERT_TRUE(DecodeInto(Encode(CodecSample()), used).ok());
  EXPECT_EQ(used, CodecSample());
  ASSERT_TRUE(DecodeInto(Encode(full), used).ok());
  EXPECT_EQ(used, full);
}

// --- what a class says of itself ----------------------------------------------------------------

TEST(Codec, DerivedPartsAreRebuiltAndNotEncoded) {
  Result<CodecRising> rising = CodecRising::Create({1, 2, 5});
  ASSERT_TRUE(rising.ok());
  const std::vector<std::byte> bytes = Encode(*rising);
  EXPECT_EQ(bytes, BytesOf({3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0}));
  rising->SpoilSum();
  EXPECT_EQ(Encode(*rising), bytes);
  CodecRising copy;
  ASSERT_TRUE(DecodeInto(bytes, copy).ok());
  EXPECT_EQ(copy.sum(), 8u);
  EXPECT_EQ(test::UncountedBytes(copy), "");
}

TEST(Codec, RulesOfATypeAreAskedByDecode) {
  CodecRising copy;
  const auto refused = [&copy](std::initializer_list<int> bytes) {
    return DecodeInto(BytesOf(bytes), copy).reason;
  };
  EXPECT_EQ(refused({2, 0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0}), BaseReason::kOutOfRange);
  EXPECT_EQ(refused({2, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0}), BaseReason::kOutOfRange);
  EXPECT_EQ(refused({2, 0, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255}), BaseReason::kOverflow);
  EXPECT_TRUE(refused({2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255}).ok());
  EXPECT_EQ(copy.sum(), 0xffffffff);
}

TEST(Codec, RulesAreAskedBeforeAnythingIsDerived) {
  CodecOrder order;
  EXPECT_TRUE(DecodeInto(BytesOf({1}), order).ok());
  EXPECT_TRUE(order.rebuilt());
  CodecOrder refused;
  EXPECT_EQ(DecodeInto(BytesOf({13}), refused).reason, BaseReason::kFull);
}

TEST(Codec, RulesAreAskedWhereverATypeIsNested) {
  const std::vector<std::byte> good = BytesOf({1, 0, 0, 0, 3, 0, 0, 0});
  std::vector<std::byte> bad = BytesOf({2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0});
  // As the optional, the alternative, an element of the sequence and one of the array.
  for (int place = 0; place < 5; ++place) {
    std::vector<std::byte> bytes;
    const auto append = [&bytes](const std::vector<std::byte>& more) {
      bytes.insert(bytes.end(), more.begin(), more.end());
    };
    append(BytesOf({1}));
    append(place == 0 ? bad : good);
    append(BytesOf({1}));
    append(place == 1 ? bad : good);
    append(BytesOf({1, 0, 0, 0}));
    append(place == 2 ? bad : good);
    append(place == 3 ? bad : good);
    CodecHolder holder;
    const Reason reason = DecodeInto(bytes, holder).reason;
    EXPECT_EQ(reason, place < 4 ? Reason(BaseReason::kOutOfRange) : Reason()) << place;
    if (place < 4) continue;
    EXPECT_EQ(holder.maybe->sum(), 3u);
    EXPECT_EQ(std::get<1>(holder.either).sum(), 3u);
    EXPECT_EQ(holder.list[0].sum(), 3u);
    EXPECT_EQ(holder.array[0].sum(), 3u);
  }
}

// --- hash and equality --------------------------------------------------------------------------

TEST(Codec, ValuesHashAsTheyCompare) {
  test::Random random;
  std::vector<CodecSample> samples = {CodecSample(), test::MakeCodecSample()};
  for (int i = 0; i < 30; ++i) samples.push_back(test::RandomCodecSample(random));
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(samples));
}

TEST(Codec, HashIgnoresWhatIsDerived) {
  CodecRising rising = *CodecRising::Create({1, 2});
  CodecRising spoiled = rising;
  spoiled.SpoilSum();
  EXPECT_EQ(rising, spoiled);
  EXPECT_EQ(absl::HashOf(rising), absl::HashOf(spoiled));
  EXPECT_EQ(FingerprintOf(rising), FingerprintOf(spoiled));
  EXPECT_NE(absl::HashOf(rising), absl::HashOf(*CodecRising::Create({1, 3})));
}

TEST(Codec, HashIgnoresPadding) {
  alignas(CodecInner) std::array<std::byte, sizeof(CodecInner)> zeros{};
  alignas(CodecInner) std::array<std::byte, sizeof(CodecInner)> ones;
  ones.fill(std::byte{0xff});
  auto* a = new (zeros.data()) CodecInner;
  auto* b = new (ones.data()) CodecInner;
  a->number = b->number = 7;
  a->flag = b->flag = true;
  EXPECT_EQ(*a, *b);
  EXPECT_EQ(absl::HashOf(*a), absl::HashOf(*b));
  EXPECT_EQ(FingerprintOf(*a), FingerprintOf(*b));
}

TEST(Codec, EveryListedByteReachesTheFingerprint) {
  EXPECT_EQ(test::FlipsWithoutEffect(CodecInner{5, true}), "");
  EXPECT_EQ(test::FlipsWithoutEffect(CodecNumbers()), "");
}

}  // namespace
}  // namespace settle
