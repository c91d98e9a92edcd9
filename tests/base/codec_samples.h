// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Types of every shape that the codec knows, and values of them. tests/golden/base.json describes
// the same types in its tables.

#ifndef SETTLE_TESTS_BASE_CODEC_SAMPLES_H_
#define SETTLE_TESTS_BASE_CODEC_SAMPLES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "tests/support/random.h"

namespace settle {

enum class CodecColor : std::uint16_t { kRed = 1, kBlue = 0x0207 };
constexpr bool IsKnownEnumerator(CodecColor color) {
  return color == CodecColor::kRed || color == CodecColor::kBlue;
}

struct CodecInner {
  std::uint16_t number = 0;
  bool flag = false;
  using Fields = Members<&CodecInner::number, &CodecInner::flag>;
};

// One of each integer.
struct CodecNumbers {
  std::uint8_t u8 = 0;
  std::uint16_t u16 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  UInt128 u128 = 0;
  std::int8_t i8 = 0;
  std::int16_t i16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  Int128 i128 = 0;
  using Fields =
      Members<&CodecNumbers::u8, &CodecNumbers::u16, &CodecNumbers::u32, &CodecNumbers::u64,
              &CodecNumbers::u128, &CodecNumbers::i8, &CodecNumbers::i16, &CodecNumbers::i32,
              &CodecNumbers::i64, &CodecNumbers::i128>;
};

using CodecChoice = std::variant<CodecInner, Epoch, Bounded<std::uint8_t, 2>>;

// One of everything else.
struct CodecSample {
  CodecColor color = CodecColor::kRed;
  Epoch epoch;
  RatePpm rate;
  OwnerId owner;
  std::byte byte{};
  std::array<std::uint16_t, 2> pair{};
  std::array<CodecInner, 2> inners{};
  Bounded<CodecInner, 3> list;
  Bounded<std::byte, 5> text;
  Bounded<Bounded<std::uint16_t, 2>, 2> lists;
  std::optional<CodecInner> maybe;
  CodecChoice either;
  bool flag = false;
  CodecInner inner;
  using Fields =
      Members<&CodecSample::color, &CodecSample::epoch, &CodecSample::rate, &CodecSample::owner,
              &CodecSample::byte, &CodecSample::pair, &CodecSample::inners, &CodecSample::list,
              &CodecSample::text, &CodecSample::lists, &CodecSample::maybe, &CodecSample::either,
              &CodecSample::flag, &CodecSample::inner>;
};

// A class with private members, a rule and a derived part: numbers that rise, and their sum.
class CodecRising {
 public:
  CodecRising() = default;
  // Errors: kOutOfRange, kOverflow.
  static Result<CodecRising> Create(std::vector<std::uint32_t> numbers) {
    CodecRising made;
    auto bounded = Bounded<std::uint32_t, 4>::From(std::move(numbers));
    if (!bounded) return BaseReason::kTooMany;
    made.numbers_ = std::move(*bounded);
    if (Reason reason = made.Validate(); !reason.ok()) return reason;
    if (Reason reason = made.Rebuild(); !reason.ok()) return reason;
    return made;
  }

  [[nodiscard]] Reason Validate() const {
    for (std::size_t i = 1; i < numbers_.size(); ++i) {
      if (numbers_[i - 1] >= numbers_[i]) return BaseReason::kOutOfRange;
    }
    return {};
  }
  Reason Rebuild() {
    sum_ = 0;
    for (const std::uint32_t number : numbers_) {
      if (!AddTo(sum_, number)) return BaseReason::kOverflow;
    }
    return {};
  }

  [[nodiscard]] std::uint32_t sum() const { return sum_; }
  void SpoilSum() { sum_ ^= 0xffffffff; }

 private:
  Bounded<std::uint32_t, 4> numbers_;
  std::uint32_t sum_ = 0;

 public:
  using Fields = Members<&CodecRising::numbers_>;
  using Derived = Members<&CodecRising::sum_>;
};

struct CodecRecord {
  static constexpr Kind kKind = Kind::kPriceBatch;
  static constexpr std::uint16_t kVersion = 2;
  Bounded<std::uint16_t, 3> numbers;
  using Fields = Members<&CodecRecord::numbers>;
};

namespace test {

inline std::vector<std::byte> BytesOf(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

inline CodecSample MakeCodecSample() {
  CodecSample sample;
  sample.color = CodecColor::kBlue;
  sample.epoch = Epoch(0x0102030405060708u);
  sample.rate = RatePpm(-50'000);
  sample.owner = OwnerId::FromNumber(0xa1a2a3a4a5a6a7a8);
  sample.byte = std::byte{0x5a};
  sample.pair = {0x1122, 0x3344};
  sample.inners = {{{1, true}, {2, false}}};
  (void)sample.list.Add({0x0304, true});
  (void)sample.list.Add({0x0506, false});
  (void)sample.text.Add(std::byte{0xde});
  (void)sample.text.Add(std::byte{0xad});
  (void)sample.lists.Add({});
  (void)sample.lists.Add(*Bounded<std::uint16_t, 2>::From({7, 8}));
  sample.maybe = CodecInner{9, true};
  sample.either = Epoch(10);
  sample.flag = true;
  sample.inner = {0xffff, true};
  return sample;
}

inline CodecInner RandomCodecInner(Random& random) {
  return {random.Any<std::uint16_t>(), random.Chance(1, 2)};
}

inline CodecSample RandomCodecSample(Random& random) {
  CodecSample sample;
  sample.color = random.Chance(1, 2) ? CodecColor::kRed : CodecColor::kBlue;
  sample.epoch = Epoch(random.Edge<std::uint64_t>());
  sample.rate = RatePpm(random.Edge<std::int64_t>());
  sample.owner = random.Fixed<OwnerId>();
  sample.byte = static_cast<std::byte>(random.Below(256));
  sample.pair = {random.Any<std::uint16_t>(), random.Any<std::uint16_t>()};
  sample.inners = {RandomCodecInner(random), RandomCodecInner(random)};
  for (std::uint64_t i = random.Below(4); i > 0; --i)
    (void)sample.list.Add(RandomCodecInner(random));
  for (std::uint64_t i = random.Below(6); i > 0; --i) (void)sample.text.Add(random.Bytes(1)[0]);
  for (std::uint64_t i = random.Below(3); i > 0; --i) {
    (void)sample.lists.Add(
        *Bounded<std::uint16_t, 2>::From(std::vector<std::uint16_t>(random.Below(3), 0x0101)));
  }
  if (random.Chance(1, 2)) sample.maybe = RandomCodecInner(random);
  switch (random.Below(3)) {
    case 0:
      sample.either = RandomCodecInner(random);
      break;
    case 1:
      sample.either = Epoch(random.Edge<std::uint64_t>());
      break;
    default:
      sample.either =
          *Bounded<std::uint8_t, 2>::From(std::vector<std::uint8_t>(random.Below(3), 0xee));
      break;
  }
  sample.flag = random.Chance(1, 2);
  sample.inner = RandomCodecInner(random);
  return sample;
}

}  // namespace test
}  // namespace settle

#endif  // SETTLE_TESTS_BASE_CODEC_SAMPLES_H_
