// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/crypto/reason.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "settle/base/reason.h"

namespace settle {
namespace {

// In order of precedence. The numbers are on the wire: a line here is never changed.
constexpr std::array<std::pair<CryptoReason, std::string_view>, 8> kReasons = {{
    {CryptoReason::kOk, "Ok"},
    {CryptoReason::kWrongLength, "WrongLength"},
    {CryptoReason::kNotCanonicalKey, "NotCanonicalKey"},
    {CryptoReason::kSmallOrderKey, "SmallOrderKey"},
    {CryptoReason::kNotAPoint, "NotAPoint"},
    {CryptoReason::kNoSecret, "NoSecret"},
    {CryptoReason::kBadSignature, "BadSignature"},
    {CryptoReason::kLibraryFailure, "LibraryFailure"},
}};

TEST(CryptoReason, NumbersAndNamesNeverChange) {
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    EXPECT_EQ(static_cast<std::uint16_t>(kReasons[i].first), i);
    EXPECT_EQ(ReasonName(kReasons[i].first), kReasons[i].second);
  }
}

TEST(CryptoReason, NumberOutsideTheEnumHasNoName) {
  for (const unsigned number : {unsigned{kReasons.size()}, 0xffffu}) {
    EXPECT_EQ(ReasonName(static_cast<CryptoReason>(number)), "UnknownCryptoReason");
  }
}

TEST(CryptoReason, ConvertsToAReasonOfItsModule) {
  const Reason reason = CryptoReason::kSmallOrderKey;
  EXPECT_EQ(reason.module(), Module::kCrypto);
  EXPECT_EQ(reason.code(), 3);
  EXPECT_TRUE(reason.Is(CryptoReason::kSmallOrderKey));
  EXPECT_FALSE(reason.Is(BaseReason::kWrongKind));  // the same number in another module
  EXPECT_TRUE(Reason(CryptoReason::kOk).ok());
}

}  // namespace
}  // namespace settle
