// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/status.h"

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/cord.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settle/crypto/reason.h"
#include "settle/ledger/reason.h"
#include "tests/base/codec_samples.h"

namespace settle {

// As CodecRecord, and refused by a rule of another module.
struct StatusRecord {
  static constexpr Kind kKind = Kind::kVote;
  static constexpr std::uint16_t kVersion = 1;
  std::uint8_t number = 0;
  [[nodiscard]] Reason Validate() const {
    return number == 9 ? Reason(LedgerReason::kUnbalanced) : Reason();
  }
  using Fields = Members<&StatusRecord::number>;
};

namespace {

using test::BytesOf;
using ::testing::HasSubstr;

std::string_view Text(const absl::Status& status) { return FromAbsl(status.message()); }

TEST(Status, CarriesTheReasonOfAnyModuleAndGivesItBack) {
  for (const Reason reason : {Reason(BaseReason::kTruncated), Reason(CryptoReason::kBadSignature),
                              Reason(LedgerReason::kUnbalanced), Reason(Module{1001}, 0xffff),
                              Reason(Module{0xffff}, 1)}) {
    const absl::Status status = ToStatus(reason, "text");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Text(status), "text");
    EXPECT_EQ(ReasonOf(status), reason);
    const absl::Status copy = status;
    EXPECT_EQ(ReasonOf(copy), reason);
    EXPECT_EQ(ReasonOf(absl::StatusOr<int>(status).status()), reason);
  }
}

TEST(Status, SuccessIsOk) {
  EXPECT_TRUE(ToStatus(Reason(), "text").ok());
  EXPECT_TRUE(ToStatus(LedgerReason::kOk, "text").ok());
  EXPECT_TRUE(ReasonOf(absl::OkStatus()).ok());
}

TEST(Status, NamesTheReasonBeforeTheText) {
  EXPECT_EQ(Text(ToStatus(LedgerReason::kUnbalanced, "asset 3: 40, not 0")),
            "Unbalanced: asset 3: 40, not 0");
  EXPECT_EQ(Text(ToStatus(LedgerReason::kUnbalanced, "")), "Unbalanced");
}

TEST(Status, ThatIsForeignHasNoReasonOfItsOwn) {
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), BaseReason::kUnknownEnumerator);
  EXPECT_EQ(ReasonOf(absl::CancelledError()), BaseReason::kUnknownEnumerator);
}

TEST(Status, PayloadThatIsNoReasonGivesNone) {
  const auto with_payload = [](std::string_view payload) {
    absl::Status status = absl::InternalError("x");
    status.SetPayload(ToAbsl(kReasonPayload), absl::Cord(ToAbsl(payload)));
    return ReasonOf(status);
  };
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(with_payload(""sv), BaseReason::kUnknownEnumerator);
  EXPECT_EQ(with_payload("\4\0\5"sv), BaseReason::kUnknownEnumerator);
  EXPECT_EQ(with_payload("\4\0\5\0\0"sv), BaseReason::kUnknownEnumerator);
  // A refusal is never turned into a success.
  EXPECT_EQ(with_payload("\4\0\0\0"sv), BaseReason::kUnknownEnumerator);
  EXPECT_EQ(with_payload("\4\0\5\1"sv), Reason(Module::kLedger, 0x0105));
}

TEST(Status, TextsAreViewedAndNotCopied) {
  const std::string text = "abc";
  EXPECT_EQ(ToAbsl(text).data(), text.data());
  EXPECT_EQ(FromAbsl(ToAbsl(text)).data(), text.data());
  EXPECT_EQ(FromAbsl(ToAbsl("")).size(), 0u);
}

TEST(Status, DecodeGivesTheValueOrTheReasonAndTheByte) {
  const std::vector<std::byte> bytes = Encode(CodecInner{7, true});
  const absl::StatusOr<CodecInner> good = Decode<CodecInner>(bytes);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, (CodecInner{7, true}));
  const absl::Status cut = Decode<CodecInner>(std::span(bytes).first(2)).status();
  EXPECT_EQ(ReasonOf(cut), BaseReason::kTruncated);
  EXPECT_EQ(Text(cut), "Truncated at byte 2 of 2");
  const absl::Status longer = Decode<CodecInner>(BytesOf({7, 0, 1, 0, 0})).status();
  EXPECT_EQ(ReasonOf(longer), BaseReason::kTrailingBytes);
  EXPECT_EQ(Text(longer), "TrailingBytes at byte 3 of 5");
  EXPECT_EQ(Text(Decode<CodecInner>(BytesOf({7, 0, 2})).status()), "NotCanonical at byte 3 of 3");
}

TEST(Status, DecodeSaysTheNumbersOfAnotherModulesReason) {
  const absl::Status status = Decode<StatusRecord>(BytesOf({9})).status();
  EXPECT_EQ(ReasonOf(status), LedgerReason::kUnbalanced);
  EXPECT_EQ(Text(status), "module 4 code 12 at byte 1 of 1");
  // A function that knows the module has its name.
  const DecodeOutcome outcome{.reason = LedgerReason::kUnbalanced, .offset = 1};
  EXPECT_EQ(Text(detail::DecodeStatus<LedgerReason>(outcome, 1)), "Unbalanced at byte 1 of 1");
}

// --- records ------------------------------------------------------------------------------------

TEST(Record, IsKindVersionAndMembers) {
  CodecRecord record;
  (void)record.numbers.Add(0x0102);
  const std::vector<std::byte> bytes = EncodeRecord(record);
  EXPECT_EQ(bytes, BytesOf({0x23, 0x10, 0, 0, 2, 0, 1, 0, 0, 0, 2, 1}));
  const absl::StatusOr<CodecRecord> copy = DecodeRecord<CodecRecord>(bytes);
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(*copy, record);
}

TEST(Record, OfAnotherKindIsRefusedWithBothNumbers) {
  const absl::Status status =
      DecodeRecord<CodecRecord>(EncodeRecord(StatusRecord{.number = 1})).status();
  EXPECT_EQ(ReasonOf(status), BaseReason::kWrongKind);
  EXPECT_EQ(Text(status), "WrongKind: found 4097, expected 4131 at byte 0 of 7");
}

TEST(Record, OfAnotherVersionIsRefusedWithBothNumbers) {
  for (const int version : {0, 2, 255}) {
    const absl::Status status =
        DecodeRecord<StatusRecord>(BytesOf({1, 16, 0, 0, version, 0, 5})).status();
    EXPECT_EQ(ReasonOf(status), BaseReason::kUnknownVersion);
    EXPECT_EQ(Text(status),
              "UnknownVersion: found " + std::to_string(version) + ", expected 1 at byte 4 of 7");
  }
  EXPECT_TRUE(DecodeRecord<StatusRecord>(BytesOf({1, 16, 0, 0, 1, 0, 5})).ok());
}

TEST(Record, KindIsJudgedBeforeVersionAndVersionBeforeMembers) {
  StatusRecord record;
  EXPECT_EQ(DecodeRecordInto(BytesOf({2, 16, 0, 0, 9, 0}), record).reason, BaseReason::kWrongKind);
  EXPECT_EQ(DecodeRecordInto(BytesOf({1, 16, 0, 0, 9, 0}), record).reason,
            BaseReason::kUnknownVersion);
  EXPECT_EQ(DecodeRecordInto(BytesOf({1, 16, 0, 0, 1, 0}), record).reason, BaseReason::kTruncated);
}

TEST(Record, EachTruncationAndTrailingByteIsRefused) {
  const std::vector<std::byte> bytes = EncodeRecord(StatusRecord{.number = 1});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    StatusRecord record;
    const DecodeOutcome outcome = DecodeRecordInto(std::span(bytes).first(length), record);
    EXPECT_EQ(outcome.reason, BaseReason::kTruncated) << length;
    EXPECT_EQ(outcome.offset, length < 4 ? 0u : length < 6 ? 4u : 6u);
  }
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  StatusRecord record;
  const DecodeOutcome outcome = DecodeRecordInto(longer, record);
  EXPECT_EQ(outcome.reason, BaseReason::kTrailingBytes);
  EXPECT_EQ(outcome.offset, bytes.size());
}

TEST(Record, EachFlippedBitIsRefusedOrIsAnotherValue) {
  const StatusRecord original{.number = 8};
  const std::vector<std::byte> bytes = EncodeRecord(original);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::vector<std::byte> flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    StatusRecord copy;
    const DecodeOutcome outcome = DecodeRecordInto(flipped, copy);
    EXPECT_EQ(outcome.ok(), bit >= 8 * 6 + 1) << bit;  // 9 is refused by the type's own rule
    EXPECT_TRUE(!outcome.ok() || copy != original);
  }
}

TEST(Record, SignedKindIsNoRecord) {
  // The head of a signed statement as a record: no reader accepts it.
  EXPECT_EQ(ReasonOf(DecodeRecord<StatusRecord>(BytesOf({1, 0, 0, 0, 1, 0, 5})).status()),
            BaseReason::kWrongKind);
}

}  // namespace
}  // namespace settle
