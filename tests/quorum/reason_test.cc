// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/quorum/reason.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <string_view>

#include "settle/base/reason.h"

namespace settle {
namespace {

struct Row {
  QuorumReason reason;
  std::uint16_t number;
  std::string_view name;
};

// In order of precedence. A number never changes.
constexpr Row kRows[] = {
    {QuorumReason::kOk, 0, "Ok"},
    {QuorumReason::kEmptySet, 1, "EmptySet"},
    {QuorumReason::kTooManyMembers, 2, "TooManyMembers"},
    {QuorumReason::kUnknownFaultModel, 3, "UnknownFaultModel"},
    {QuorumReason::kZeroWeight, 4, "ZeroWeight"},
    {QuorumReason::kWeightOverflow, 5, "WeightOverflow"},
    {QuorumReason::kDuplicateKey, 6, "DuplicateKey"},
    {QuorumReason::kWrongOrder, 7, "WrongOrder"},
    {QuorumReason::kBadKey, 8, "BadKey"},
    {QuorumReason::kBadTrustLevel, 9, "BadTrustLevel"},
    {QuorumReason::kUnknownKind, 10, "UnknownKind"},
    {QuorumReason::kWrongNetwork, 11, "WrongNetwork"},
    {QuorumReason::kWrongGroup, 12, "WrongGroup"},
    {QuorumReason::kWrongEpoch, 13, "WrongEpoch"},
    {QuorumReason::kWrongSet, 14, "WrongSet"},
    {QuorumReason::kWrongSignerBits, 15, "WrongSignerBits"},
    {QuorumReason::kBitmapMalformed, 16, "BitmapMalformed"},
    {QuorumReason::kWrongSignatureCount, 17, "WrongSignatureCount"},
    {QuorumReason::kRoundOutsideWindow, 18, "RoundOutsideWindow"},
    {QuorumReason::kUnknownSigner, 19, "UnknownSigner"},
    {QuorumReason::kConflictingVote, 20, "ConflictingVote"},
    {QuorumReason::kTooLittleWeight, 21, "TooLittleWeight"},
    {QuorumReason::kBadSignature, 22, "BadSignature"},
};

TEST(QuorumReason, KeepsItsNumbersAndNames) {
  for (const Row& row : kRows) {
    EXPECT_EQ(static_cast<std::uint16_t>(row.reason), row.number) << row.name;
    EXPECT_EQ(ReasonName(row.reason), row.name);
    EXPECT_EQ(Reason(row.reason).module(), row.number == 0 ? Module::kNone : Module::kQuorum);
    EXPECT_EQ(Reason(row.reason).code(), row.number);
  }
}

TEST(QuorumReason, NamesNoNumberOutsideItsRows) {
  const auto rows = static_cast<std::uint16_t>(std::size(kRows));
  for (std::uint32_t number = rows; number <= 0xffff; ++number) {
    ASSERT_EQ(ReasonName(static_cast<QuorumReason>(number)), "UnknownQuorumReason") << number;
  }
}

}  // namespace
}  // namespace settle
