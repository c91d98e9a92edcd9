// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Why something was refused, as a value.
//
// Each module declares its own `enum class <Module>Reason : std::uint16_t` whose numbers never
// change and whose order is the order of precedence: of two reasons that apply, the one declared
// first is given. `Reason` is the pair (module, code) that every one of them converts to, so that a
// function can hand on a refusal of a module it does not know. Zero is success in every module.
//
//   Reason Check(...);
//   if (Reason reason = Check(...); !reason.ok()) return reason;
//
// A boundary turns a Reason into an `absl::Status` with both numbers in its text, see
// settle/base/status.h.

#ifndef SETTLE_BASE_REASON_H_
#define SETTLE_BASE_REASON_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "settle/base/config.h"

SETTLE_NAMESPACE_BEGIN

// The modules that own reasons. The numbers are part of the wire format of refusals.
enum class Module : std::uint16_t {
  kNone = 0,
  kBase = 1,
  kCrypto = 2,
  kQuorum = 3,
  kLedger = 4,
  kCommit = 5,
  kMargin = 6,
  kMarket = 7,
  kConsensus = 8,
  kEngine = 9,
  // Numbers from here on belong to hosts, for policies of their own.
  kHost = 1000,
};

// An enum that is a module's reason: found by argument-dependent lookup of `ReasonModule(e)` and
// `ReasonName(e)`, which the module declares beside the enum.
template <typename E>
concept ReasonEnum = std::is_enum_v<E> && std::same_as<std::underlying_type_t<E>, std::uint16_t> &&
    requires(E e) {
  { ReasonModule(e) } -> std::same_as<Module>;
  { ReasonName(e) } -> std::same_as<std::string_view>;
};

class [[nodiscard]] Reason {
 public:
  // Success.
  constexpr Reason() = default;

  // From any module's enumerator; the enumerator 0 of every module is the same success.
  template <ReasonEnum E>
  constexpr Reason(E code) : Reason(ReasonModule(code), static_cast<std::uint16_t>(code)) {}

  constexpr Reason(Module module, std::uint16_t code)
      : module_(code == 0 ? Module::kNone : module), code_(code) {}

  [[nodiscard]] constexpr bool ok() const { return code_ == 0; }
  [[nodiscard]] constexpr Module module() const { return module_; }
  [[nodiscard]] constexpr std::uint16_t code() const { return code_; }

  // True when this is the enumerator `code` of its module.
  template <ReasonEnum E>
  [[nodiscard]] constexpr bool Is(E code) const {
    return *this == Reason(code);
  }

  friend constexpr bool operator==(const Reason&, const Reason&) = default;

 private:
  Module module_ = Module::kNone;
  std::uint16_t code_ = 0;
};

// What the vocabulary itself refuses: decoding, arithmetic, text and the shapes of state machines.
// Decoding and parsing read from the front, and of two of these give the one met first.
enum class BaseReason : std::uint16_t {
  kOk = 0,
  kTruncated = 1,          // fewer bytes than the encoding needs
  kTrailingBytes = 2,      // bytes left after a whole value
  kWrongKind = 3,          // the record is of another kind
  kUnknownVersion = 4,     // the record's version is not in the reader's table
  kTooMany = 5,            // more elements than the sequence's bound
  kNotCanonical = 6,       // a second encoding of a value that has another one
  kUnknownEnumerator = 7,  // a number that names no enumerator
  kOutOfRange = 8,         // a number outside the range its type states
  kOverflow = 9,           // arithmetic would leave the type's range
  kDivisionByZero = 10,    // a divisor of zero
  kNotANumber = 11,        // text that is no decimal number
  kSurplusDecimals = 12,   // more decimals than the scale holds
  kNotHex = 13,            // text that is no hexadecimal number of the length asked for
  kNoSuchMark = 14,        // the mark was released, reverted or never begun
  kTooManyMarks = 15,      // more nested marks than the bound
  kNoSuchTicket = 16,      // the ticket is not the next one awaited
  kPoisoned = 17,          // a write failed before; reload first
  kFull = 18,              // a bounded list has no room
};

constexpr Module ReasonModule(BaseReason) { return Module::kBase; }

constexpr std::string_view ReasonName(BaseReason reason) {
  switch (reason) {
    case BaseReason::kOk:
      return "Ok";
    case BaseReason::kTruncated:
      return "Truncated";
    case BaseReason::kTrailingBytes:
      return "TrailingBytes";
    case BaseReason::kWrongKind:
      return "WrongKind";
    case BaseReason::kUnknownVersion:
      return "UnknownVersion";
    case BaseReason::kTooMany:
      return "TooMany";
    case BaseReason::kNotCanonical:
      return "NotCanonical";
    case BaseReason::kUnknownEnumerator:
      return "UnknownEnumerator";
    case BaseReason::kOutOfRange:
      return "OutOfRange";
    case BaseReason::kOverflow:
      return "Overflow";
    case BaseReason::kDivisionByZero:
      return "DivisionByZero";
    case BaseReason::kNotANumber:
      return "NotANumber";
    case BaseReason::kSurplusDecimals:
      return "SurplusDecimals";
    case BaseReason::kNotHex:
      return "NotHex";
    case BaseReason::kNoSuchMark:
      return "NoSuchMark";
    case BaseReason::kTooManyMarks:
      return "TooManyMarks";
    case BaseReason::kNoSuchTicket:
      return "NoSuchTicket";
    case BaseReason::kPoisoned:
      return "Poisoned";
    case BaseReason::kFull:
      return "Full";
  }
  return "UnknownBaseReason";
}

// A value or the reason why there is none, for the vocabulary and for hot paths: no allocation, no
// text. Boundaries use `absl::StatusOr`. After a refusal of a T that has a default value, reading
// it by mistake gives that default; a T without one must not be read.
template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::convertible_to<T, Reason>, "a function that answers a reason returns Reason");

 public:
  constexpr Result(T value) : value_(std::move(value)) {}
  // A success without a value is a mistake of the callee and becomes a refusal.
  constexpr Result(Reason reason)
      : reason_(reason.ok() ? Reason(BaseReason::kUnknownEnumerator) : reason) {}
  template <ReasonEnum E>
  constexpr Result(E code) : Result(Reason(code)) {}

  [[nodiscard]] constexpr bool ok() const { return reason_.ok(); }
  [[nodiscard]] constexpr Reason reason() const { return reason_; }
  constexpr const T& operator*() const& { return *Value(value_); }
  constexpr T& operator*() & { return *Value(value_); }
  constexpr T&& operator*() && { return std::move(*Value(value_)); }
  constexpr const T* operator->() const { return Value(value_); }
  constexpr T* operator->() { return Value(value_); }

 private:
  static constexpr bool kPlain = std::default_initializable<T>;
  using Storage = std::conditional_t<kPlain, T, std::optional<T>>;

  template <typename S>
  static constexpr auto* Value(S& storage) {
    if constexpr (kPlain) {
      return &storage;
    } else {
      return storage.operator->();
    }
  }

  Storage value_{};
  Reason reason_;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_REASON_H_
