// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// One list of members gives encoding, decoding, size, hash and equality.
//
//   struct Transfer {
//     AccountKey from, to;
//     Quanta amount;
//     Reason Validate() const;   // optional, public: ranges, order, uniqueness of the members
//     Reason Rebuild();          // optional, public, after Validate: makes what is derived
//     using Fields = Members<&Transfer::from, &Transfer::to, &Transfer::amount>;
//   };
//   std::vector<std::byte> bytes = Encode(transfer);
//   Transfer copy;
//   Reason reason = DecodeInto(bytes, copy).reason;  // or absl::StatusOr: settle/base/status.h
//
// The format: integers little-endian and of fixed width; fixed bytes as they are; a sequence as its
// length (four bytes) and its elements, with its bound in its type; an optional as a byte 0 or 1
// and the value; a variant as the number of its alternative in one byte and the value; a structure
// as its members in the order of the list. A value has exactly one encoding and decoding refuses
// every other, consumes all of its input, and reserves at most sizeof(T) for each smallest encoding
// of a T that the remaining input could hold. A record is its kind (four bytes), its version (two
// bytes) and its members.

#ifndef SETTLE_BASE_CODEC_H_
#define SETTLE_BASE_CODEC_H_

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/detail/encoded_size.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"

SETTLE_NAMESPACE_BEGIN

// The bytes still to decode and where they stand in the whole input.
class Reader {
 public:
  explicit constexpr Reader(ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] constexpr std::size_t offset() const { return offset_; }
  [[nodiscard]] constexpr std::size_t remaining() const { return bytes_.size() - offset_; }

  // The next `count` bytes, or kTruncated with nothing consumed.
  constexpr Reason Take(std::size_t count, ByteView& out) {
    if (remaining() < count) return BaseReason::kTruncated;
    out = bytes_.subspan(offset_, count);
    offset_ += count;
    return {};
  }

 private:
  ByteView bytes_;
  std::size_t offset_ = 0;
};

namespace detail {

// The bytes of an integer from memory order to little-endian order and back. A loop of shifts would
// say the same and take g++ ten times as long.
template <std::size_t N>
constexpr std::array<std::byte, N> InLittleEndianOrder(std::array<std::byte, N> bytes) {
  if constexpr (std::endian::native != std::endian::little) {
    for (std::size_t i = 0; i < N / 2; ++i) std::swap(bytes[i], bytes[N - 1 - i]);
  }
  return bytes;
}

template <CheckedInteger T>
constexpr std::array<std::byte, sizeof(T)> LittleEndian(T value) {
  return InLittleEndianOrder(std::bit_cast<std::array<std::byte, sizeof(T)>>(value));
}

template <CheckedInteger T>
constexpr T FromLittleEndian(ByteView bytes) {
  std::array<std::byte, sizeof(T)> copy{};
  if (std::is_constant_evaluated()) {
    for (std::size_t i = 0; i < sizeof(T); ++i) copy[i] = bytes[i];
  } else {
    std::memcpy(copy.data(), bytes.data(), sizeof(T));
  }
  return std::bit_cast<T>(InLittleEndianOrder(copy));
}

}  // namespace detail

// The encoded size of every T, for a T whose values all have the same.
template <typename T>
requires(detail::IsFixedSize<T>()) inline constexpr std::size_t kEncodedSize =
    detail::MinimumSize<T>();

// Writes the encoding of `value` into `sink`, whose `Write(bytes)` is called with its parts in
// order.
template <typename Sink, typename T>
constexpr void EncodeTo(Sink& sink, const T& value) {
  if constexpr (CheckedInteger<T>) {
    sink.Write(detail::LittleEndian(value));
  } else if constexpr (std::same_as<T, bool>) {
    sink.Write(std::array{static_cast<std::byte>(value ? 1 : 0)});
  } else if constexpr (std::same_as<T, std::byte>) {
    sink.Write(std::array{value});
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(CodecEnum<T>, "an encoded enum needs `IsKnownEnumerator` beside it");
    EncodeTo(sink, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (StrongType<T>) {
    EncodeTo(sink, value.value());
  } else if constexpr (FixedType<T>) {
    EncodeTo(sink, value.parts());
  } else if constexpr (kIsFixedBytes<T>) {
    sink.Write(value.view());
  } else if constexpr (detail::kIsStdArray<T>) {
    for (const auto& element : value) EncodeTo(sink, element);
  } else if constexpr (detail::kIsBounded<T>) {
    EncodeTo(sink, static_cast<std::uint32_t>(value.size()));
    if constexpr (std::same_as<typename T::value_type, std::byte>) {
      sink.Write(ByteView(value.data(), value.size()));
    } else {
      for (const auto& element : value) EncodeTo(sink, element);
    }
  } else if constexpr (detail::kIsOptional<T>) {
    EncodeTo(sink, value.has_value());
    if (value) EncodeTo(sink, *value);
  } else if constexpr (detail::kIsVariant<T>) {
    static_assert(std::variant_size_v<T> <= 256, "an alternative is encoded in one byte");
    EncodeTo(sink, static_cast<std::uint8_t>(value.index()));
    std::visit([&sink](const auto& held) { EncodeTo(sink, held); }, value);
  } else {
    static_assert(HasFields<T>, "a type is encoded by its `using Fields = Members<...>;`");
    detail::RequireAllMembers<T>();
    detail::FieldsOf<typename T::Fields>::ForEach(
        value, [&sink](const auto& member) { EncodeTo(sink, member); });
  }
}

// Sinks: a buffer that is known to be large enough, and a count.
class BufferSink {
 public:
  explicit constexpr BufferSink(std::byte* out) : out_(out) {}
  constexpr void Write(ByteView bytes) {
    if (std::is_constant_evaluated()) {
      for (std::byte byte : bytes) *out_++ = byte;
    } else if (!bytes.empty()) {
      std::memcpy(out_, bytes.data(), bytes.size());
      out_ += bytes.size();
    }
  }

 private:
  std::byte* out_;
};

class SizeSink {
 public:
  constexpr void Write(ByteView bytes) { size_ += bytes.size(); }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

template <typename T>
[[nodiscard]] constexpr std::size_t EncodedSize(const T& value) {
  if constexpr (detail::IsFixedSize<T>()) {
    return kEncodedSize<T>;
  } else {
    SizeSink sink;
    EncodeTo(sink, value);
    return sink.size();
  }
}

// The encoding of a value of fixed size, without allocation.
template <typename T>
[[nodiscard]] constexpr std::array<std::byte, kEncodedSize<T>> EncodeFixed(const T& value) {
  std::array<std::byte, kEncodedSize<T>> bytes{};
  BufferSink sink(bytes.data());
  EncodeTo(sink, value);
  return bytes;
}

template <typename T>
void AppendEncoding(std::vector<std::byte>& out, const T& value) {
  const std::size_t before = out.size();
  out.resize(before + EncodedSize(value));
  BufferSink sink(out.data() + before);
  EncodeTo(sink, value);
}

template <typename T>
[[nodiscard]] std::vector<std::byte> Encode(const T& value) {
  std::vector<std::byte> bytes(EncodedSize(value));
  BufferSink sink(bytes.data());
  EncodeTo(sink, value);
  return bytes;
}

namespace detail {
struct RecordHead {
  std::uint32_t kind = 0;
  std::uint16_t version = 0;
  using Fields = Members<&RecordHead::kind, &RecordHead::version>;
};
}  // namespace detail

// Kind, version and members.
template <typename Sink, RecordType T>
constexpr void EncodeRecordTo(Sink& sink, const T& value) {
  detail::RequireRecord<T>();
  EncodeTo(sink, detail::RecordHead{static_cast<std::uint32_t>(T::kKind), T::kVersion});
  EncodeTo(sink, value);
}

template <RecordType T>
[[nodiscard]] std::vector<std::byte> EncodeRecord(const T& value) {
  std::vector<std::byte> bytes(kEncodedSize<detail::RecordHead> + EncodedSize(value));
  BufferSink sink(bytes.data());
  EncodeRecordTo(sink, value);
  return bytes;
}

// Reads one T. On a refusal `out` holds what was read so far and the reader stands where the
// refused part begins or ends.
template <typename T>
constexpr Reason DecodeFrom(Reader& reader, T& out);

namespace detail {

template <typename T>
constexpr Reason DecodeSequence(Reader& reader, T& out) {
  using Element = typename T::value_type;
  static_assert(MinimumSize<Element>() > 0, "an element must take at least one byte");
  static_assert(NestsWithin<Element, kMaxNesting>(),
                "a type must not contain itself, nor nest too deep");
  std::uint32_t count = 0;
  if (Reason reason = DecodeFrom(reader, count); !reason.ok()) return reason;
  if (count > T::kMax) return BaseReason::kTooMany;
  // Before any allocation: the input must be able to hold that many.
  if (reader.remaining() / MinimumSize<Element>() < count) return BaseReason::kTruncated;
  out.Clear();
  if (!out.Resize(count)) return BaseReason::kTooMany;
  if constexpr (std::same_as<Element, std::byte>) {
    ByteView bytes;
    if (Reason reason = reader.Take(count, bytes); !reason.ok()) return reason;
    if (count > 0) std::memcpy(out.data(), bytes.data(), count);
  } else {
    for (auto& element : out) {
      if (Reason reason = DecodeFrom(reader, element); !reason.ok()) return reason;
    }
  }
  return {};
}

// Decodes the alternative of number `index` into `out`, trying them in order.
template <std::size_t kIndex = 0, typename T>
constexpr Reason DecodeAlternative(Reader& reader, std::size_t index, T& out) {
  if constexpr (kIndex == std::variant_size_v<T>) {
    return BaseReason::kUnknownEnumerator;
  } else {
    if (index != kIndex) return DecodeAlternative<kIndex + 1>(reader, index, out);
    return DecodeFrom(reader, out.template emplace<kIndex>());
  }
}

template <typename T>
constexpr Reason DecodeFields(Reader& reader, T& out) {
  static_assert(HasFields<T>, "a type is decoded by its `using Fields = Members<...>;`");
  RequireAllMembers<T>();
  Reason reason = FieldsOf<typename T::Fields>::Until(
      out, [&reader](auto& member) { return DecodeFrom(reader, member); });
  if (!reason.ok()) return reason;
  constexpr bool kValidates = requires(const T& value) { value.Validate(); };
  static_assert(
      kValidates || !requires { out.Validate(); }, "Validate must be const");
  if constexpr (kValidates) {
    if (reason = std::as_const(out).Validate(); !reason.ok()) return reason;
  }
  // Derived parts are rebuilt from valid members, never read from the input.
  if constexpr (requires { out.Rebuild(); }) reason = out.Rebuild();
  return reason;
}

}  // namespace detail

template <typename T>
constexpr Reason DecodeFrom(Reader& reader, T& out) {
  if constexpr (CheckedInteger<T>) {
    ByteView bytes;
    if (Reason reason = reader.Take(sizeof(T), bytes); !reason.ok()) return reason;
    out = detail::FromLittleEndian<T>(bytes);
    return {};
  } else if constexpr (std::same_as<T, bool> || std::same_as<T, std::byte>) {
    std::uint8_t number = 0;
    if (Reason reason = DecodeFrom(reader, number); !reason.ok()) return reason;
    if (std::same_as<T, bool> && number > 1) return BaseReason::kNotCanonical;
    out = static_cast<T>(number);
    return {};
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(CodecEnum<T>, "a decoded enum needs `IsKnownEnumerator` beside it");
    std::underlying_type_t<T> number{};
    if (Reason reason = DecodeFrom(reader, number); !reason.ok()) return reason;
    if (!IsKnownEnumerator(static_cast<T>(number))) return BaseReason::kUnknownEnumerator;
    out = static_cast<T>(number);
    return {};
  } else if constexpr (StrongType<T> || FixedType<T>) {
    typename T::RepType number{};
    if (Reason reason = DecodeFrom(reader, number); !reason.ok()) return reason;
    out = T(number);
    return {};
  } else if constexpr (kIsFixedBytes<T>) {
    ByteView bytes;
    if (Reason reason = reader.Take(T::kSize, bytes); !reason.ok()) return reason;
    out = *T::From(bytes);
    return {};
  } else if constexpr (detail::kIsStdArray<T>) {
    for (auto& element : out) {
      if (Reason reason = DecodeFrom(reader, element); !reason.ok()) return reason;
    }
    return {};
  } else if constexpr (detail::kIsBounded<T>) {
    return detail::DecodeSequence(reader, out);
  } else if constexpr (detail::kIsOptional<T>) {
    bool present = false;
    if (Reason reason = DecodeFrom(reader, present); !reason.ok()) return reason;
    out.reset();
    return present ? DecodeFrom(reader, out.emplace()) : Reason();
  } else if constexpr (detail::kIsVariant<T>) {
    std::uint8_t index = 0;
    if (Reason reason = DecodeFrom(reader, index); !reason.ok()) return reason;
    return detail::DecodeAlternative(reader, index, out);
  } else {
    return detail::DecodeFields(reader, out);
  }
}

// What a decode of a whole input came to, and the byte offset at which it stopped.
struct DecodeOutcome {
  Reason reason;
  std::size_t offset = 0;
  // For kUnknownVersion and kWrongKind: what stood there and what the reader accepts.
  std::uint32_t found = 0;
  std::uint32_t expected = 0;

  [[nodiscard]] constexpr bool ok() const { return reason.ok(); }
};

// Decodes exactly `bytes` into `out`. `out` is meaningful only when the outcome is ok.
// Errors: kTruncated, kTrailingBytes, kTooMany, kNotCanonical, kUnknownEnumerator, or what the
// type's own Validate says.
template <typename T>
[[nodiscard]] constexpr DecodeOutcome DecodeInto(ByteView bytes, T& out) {
  Reader reader(bytes);
  Reason reason = DecodeFrom(reader, out);
  if (reason.ok() && reader.remaining() != 0) reason = BaseReason::kTrailingBytes;
  return {.reason = reason, .offset = reader.offset()};
}

// Decodes exactly one record: kind and version first (kWrongKind, kUnknownVersion).
template <RecordType T>
[[nodiscard]] constexpr DecodeOutcome DecodeRecordInto(ByteView bytes, T& out) {
  detail::RequireRecord<T>();
  Reader reader(bytes);
  detail::RecordHead head;
  Reason reason = DecodeFrom(reader, head);
  if (!reason.ok()) return {.reason = reason, .offset = reader.offset()};
  if (head.kind != static_cast<std::uint32_t>(T::kKind)) {
    return {.reason = BaseReason::kWrongKind,
            .offset = 0,
            .found = head.kind,
            .expected = static_cast<std::uint32_t>(T::kKind)};
  }
  if (head.version != T::kVersion) {
    return {.reason = BaseReason::kUnknownVersion,
            .offset = 4,
            .found = head.version,
            .expected = T::kVersion};
  }
  reason = DecodeFrom(reader, out);
  if (reason.ok() && reader.remaining() != 0) reason = BaseReason::kTrailingBytes;
  return {.reason = reason, .offset = reader.offset()};
}

namespace detail {
template <typename H>
class HashSink {
 public:
  explicit HashSink(H state) : state_(std::move(state)) {}
  void Write(ByteView bytes) {
    state_ = H::combine_contiguous(
        std::move(state_), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  H Finish() && { return std::move(state_); }

 private:
  H state_;
};
}  // namespace detail

// absl::Hash of the encoding: equal values hash alike whatever their padding and derived parts.
template <typename H, HasFields T>
H AbslHashValue(H state, const T& value) {
  detail::HashSink<H> sink(std::move(state));
  EncodeTo(sink, value);
  return std::move(sink).Finish();
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_CODEC_H_
