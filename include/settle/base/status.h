// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The boundary to absl::Status: a refusal with its Reason inside and both numbers in its text.
//
//   return ToStatus(QuorumReason::kTooLittleWeight, "signed weight 40, quorum 67");
//   ...
//   if (ReasonOf(status).Is(QuorumReason::kTooLittleWeight)) ...
//
// The only header of base/ that includes Abseil.

#ifndef SETTLE_BASE_STATUS_H_
#define SETTLE_BASE_STATUS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"

SETTLE_NAMESPACE_BEGIN

// Some builds of Abseil have a string_view of their own: these two are the only conversions.
[[nodiscard]] inline absl::string_view ToAbsl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}
[[nodiscard]] inline std::string_view FromAbsl(absl::string_view text) {
  return std::string_view(text.data(), text.size());
}

// The payload that carries the Reason: module and code, two bytes each, little-endian.
inline constexpr std::string_view kReasonPayload = "settle.reason";

// A status of code kInvalidArgument with `text` as its message, or OkStatus for success.
[[nodiscard]] inline absl::Status ToStatus(Reason reason, std::string_view text) {
  if (reason.ok()) return absl::OkStatus();
  absl::Status status(absl::StatusCode::kInvalidArgument, ToAbsl(text));
  const std::array<std::uint16_t, 2> numbers = {static_cast<std::uint16_t>(reason.module()),
                                                reason.code()};
  const auto bytes = EncodeFixed(numbers);
  const std::string payload(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  status.SetPayload(ToAbsl(kReasonPayload), absl::Cord(payload));
  return status;
}

// The same with the reason's own name before the text: "TooLittleWeight: signed weight 40, ...".
template <ReasonEnum E>
[[nodiscard]] absl::Status ToStatus(E code, std::string_view text) {
  std::string message(ReasonName(code));
  if (!text.empty()) {
    message += ": ";
    message += text;
  }
  return ToStatus(Reason(code), message);
}

// The Reason that a status carries; success for OkStatus. A status of another library's making
// has none and gives kUnknownEnumerator.
[[nodiscard]] inline Reason ReasonOf(const absl::Status& status) {
  if (status.ok()) return {};
  const auto payload = status.GetPayload(ToAbsl(kReasonPayload));
  if (payload.has_value()) {
    const std::string bytes(*payload);
    std::array<std::uint16_t, 2> numbers{};
    if (DecodeInto(AsBytes(bytes), numbers).ok() && numbers[1] != 0) {
      return {static_cast<Module>(numbers[0]), numbers[1]};
    }
  }
  return BaseReason::kUnknownEnumerator;
}

namespace detail {
// The reason's name if its module is one of these, else its numbers.
template <ReasonEnum... Known>
std::string NameAmong(Reason reason) {
  std::string text;
  const auto name = [&]<typename E>(E code) {
    if (reason.module() == ReasonModule(code)) text = ReasonName(code);
  };
  (name(static_cast<Known>(reason.code())), ...);
  if (text.empty()) AppendTo(text, reason);
  return text;
}

// What decoding `size` bytes met; `Known` are the modules besides base whose reasons it gives.
template <ReasonEnum... Known>
absl::Status DecodeStatus(const DecodeOutcome& outcome, std::size_t size) {
  std::string text = NameAmong<BaseReason, Known...>(outcome.reason);
  if (outcome.found != outcome.expected) {
    text += ": found ";
    AppendTo(text, outcome.found);
    text += ", expected ";
    AppendTo(text, outcome.expected);
  }
  text += " at byte ";
  const std::uint64_t offset = outcome.offset;
  const std::uint64_t total = size;
  AppendTo(text, offset);
  text += " of ";
  AppendTo(text, total);
  return ToStatus(outcome.reason, text);
}
}  // namespace detail

// Decodes exactly `bytes` as a T, or says why not and at which byte. Errors as DecodeInto.
template <typename T>
[[nodiscard]] absl::StatusOr<T> Decode(ByteView bytes) {
  T value;
  const DecodeOutcome outcome = DecodeInto(bytes, value);
  if (!outcome.ok()) return detail::DecodeStatus(outcome, bytes.size());
  return value;
}

// Decodes exactly one record. Errors as DecodeRecordInto.
template <RecordType T>
[[nodiscard]] absl::StatusOr<T> DecodeRecord(ByteView bytes) {
  T value;
  const DecodeOutcome outcome = DecodeRecordInto(bytes, value);
  if (!outcome.ok()) return detail::DecodeStatus(outcome, bytes.size());
  return value;
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_STATUS_H_
