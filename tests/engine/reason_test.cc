// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/engine/reason.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <string_view>

#include "settle/base/reason.h"

namespace settle {
namespace {

struct Row {
  EngineReason reason;
  std::uint16_t number;
  std::string_view name;
};

// In order of precedence. A number never changes.
constexpr Row kRows[] = {
    {EngineReason::kOk, 0, "Ok"},
    {EngineReason::kNoGenesis, 1, "NoGenesis"},
    {EngineReason::kGenesisTwice, 2, "GenesisTwice"},
    {EngineReason::kTooManySpeculative, 3, "TooManySpeculative"},
    {EngineReason::kTooManyTransactions, 4, "TooManyTransactions"},
    {EngineReason::kGenesisRefused, 5, "GenesisRefused"},
    {EngineReason::kReportRefused, 16, "ReportRefused"},
    {EngineReason::kUpdateRefused, 6, "UpdateRefused"},
    {EngineReason::kSettingsRefused, 19, "SettingsRefused"},
    {EngineReason::kEventRefused, 20, "EventRefused"},
    {EngineReason::kCredentialsRefused, 7, "CredentialsRefused"},
    {EngineReason::kNothingSpeculative, 8, "NothingSpeculative"},
    {EngineReason::kNotCommit, 9, "NotCommit"},
    {EngineReason::kWrongHeader, 10, "WrongHeader"},
    {EngineReason::kWrongDomain, 11, "WrongDomain"},
    {EngineReason::kNoSuchHeight, 12, "NoSuchHeight"},
    {EngineReason::kNotFinal, 13, "NotFinal"},
    {EngineReason::kContentMismatch, 14, "ContentMismatch"},
    {EngineReason::kReceiptTooNew, 15, "ReceiptTooNew"},
    {EngineReason::kStateMismatch, 17, "StateMismatch"},
    {EngineReason::kWrongAccount, 18, "WrongAccount"},
    {EngineReason::kAssetUnbalanced, 21, "AssetUnbalanced"},
    {EngineReason::kRoundingPoolNegative, 22, "RoundingPoolNegative"},
    {EngineReason::kVaultShort, 23, "VaultShort"},
    {EngineReason::kVaultExceeds, 24, "VaultExceeds"},
    {EngineReason::kDebtWithoutPosition, 25, "DebtWithoutPosition"},
    {EngineReason::kHeadroomTooLarge, 26, "HeadroomTooLarge"},
};

TEST(EngineReason, KeepsItsNumbersAndNames) {
  for (const Row& row : kRows) {
    EXPECT_EQ(static_cast<std::uint16_t>(row.reason), row.number) << row.name;
    EXPECT_EQ(ReasonName(row.reason), row.name);
    EXPECT_EQ(Reason(row.reason).module(), row.number == 0 ? Module::kNone : Module::kEngine);
    EXPECT_EQ(Reason(row.reason).code(), row.number);
  }
}

TEST(EngineReason, NamesNoNumberOutsideItsRows) {
  const auto rows = static_cast<std::uint16_t>(std::size(kRows));
  for (std::uint32_t number = rows; number <= 0xffff; ++number) {
    ASSERT_EQ(ReasonName(static_cast<EngineReason>(number)), "UnknownEngineReason") << number;
  }
}

}  // namespace
}  // namespace settle
