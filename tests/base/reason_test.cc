// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/crypto/reason.h"
#include "settle/engine/reason.h"
#include "settle/ledger/reason.h"
#include "settle/margin/reason.h"
#include "settle/quorum/reason.h"
#include "tests/support/golden.h"

namespace settle {

// What a host declares for a policy of its own.
enum class HostTestReason : std::uint16_t { kOk = 0, kClosed = 7 };
constexpr Module ReasonModule(HostTestReason) { return Module{1001}; }
constexpr std::string_view ReasonName(HostTestReason reason) {
  return reason == HostTestReason::kClosed ? "Closed" : "UnknownHostTestReason";
}

namespace {

// Every module that has reasons. A new one is a line here and lines in tests/golden/reasons.txt.
std::vector<std::string> LinesOfAllModules() {
  std::vector<std::string> lines;
  const auto add = [&lines](const std::vector<std::string>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
  };
  add(test::ReasonLines<BaseReason>("base"));
  add(test::ReasonLines<CryptoReason>("crypto"));
  add(test::ReasonLines<QuorumReason>("quorum"));
  add(test::ReasonLines<LedgerReason>("ledger"));
  add(test::ReasonLines<MarginReason>("margin"));
  add(test::ReasonLines<EngineReason>("engine"));
  return lines;
}

TEST(Reason, NumbersAndNamesOfEveryModuleAreThoseOfTheGoldenFile) {
  std::vector<std::string> actual = LinesOfAllModules();
  std::vector<std::string> golden = test::GoldenLines("reasons.txt");
  std::sort(actual.begin(), actual.end());
  std::sort(golden.begin(), golden.end());
  std::vector<std::string> missing;
  std::set_difference(actual.begin(), actual.end(), golden.begin(), golden.end(),
                      std::back_inserter(missing));
  for (const std::string& line : missing) ADD_FAILURE() << "not in reasons.txt: " << line;
  missing.clear();
  std::set_difference(golden.begin(), golden.end(), actual.begin(), actual.end(),
                      std::back_inserter(missing));
  for (const std::string& line : missing) ADD_FAILURE() << "only in reasons.txt: " << line;
}

TEST(Reason, NoTwoReasonsOfAModuleShareANumberOrName) {
  std::vector<std::string> numbers;
  std::vector<std::string> names;
  for (const std::string& line : LinesOfAllModules()) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    numbers.push_back(line.substr(0, last));
    names.push_back(line.substr(0, first) + line.substr(last));
  }
  for (std::vector<std::string>* keys : {&numbers, &names}) {
    std::sort(keys->begin(), keys->end());
    EXPECT_EQ(std::adjacent_find(keys->begin(), keys->end()), keys->end());
  }
}

TEST(Reason, NumbersOfModulesNeverChange) {
  const auto number = [](Module module) { return static_cast<std::uint16_t>(module); };
  EXPECT_EQ(number(Module::kNone), 0);
  EXPECT_EQ(number(ReasonModule(BaseReason::kOk)), 1);
  EXPECT_EQ(number(ReasonModule(CryptoReason::kOk)), 2);
  EXPECT_EQ(number(ReasonModule(QuorumReason::kOk)), 3);
  EXPECT_EQ(number(ReasonModule(LedgerReason::kOk)), 4);
  EXPECT_EQ(number(Module::kCommit), 5);
  EXPECT_EQ(number(ReasonModule(MarginReason::kOk)), 6);
  EXPECT_EQ(number(Module::kMarket), 7);
  EXPECT_EQ(number(Module::kConsensus), 8);
  EXPECT_EQ(number(ReasonModule(EngineReason::kOk)), 9);
  EXPECT_EQ(number(Module::kHost), 1000);
}

TEST(Reason, NumberOutsideTheEnumHasANameThatSaysSo) {
  EXPECT_EQ(ReasonName(static_cast<BaseReason>(19)), "UnknownBaseReason");
  EXPECT_EQ(ReasonName(static_cast<BaseReason>(0xffff)), "UnknownBaseReason");
}

Reason RefuseAs(HostTestReason reason) { return reason; }

TEST(Reason, IsMadeImplicitlyFromTheEnumOfAnyModule) {
  const Reason reason = RefuseAs(HostTestReason::kClosed);
  EXPECT_FALSE(reason.ok());
  EXPECT_EQ(reason.module(), Module{1001});
  EXPECT_EQ(reason.code(), 7);
  EXPECT_TRUE(reason.Is(HostTestReason::kClosed));
  EXPECT_FALSE(reason.Is(static_cast<BaseReason>(7)));
  static_assert(std::is_convertible_v<BaseReason, Reason>);
  static_assert(std::is_convertible_v<LedgerReason, Reason>);
  static_assert(Reason(BaseReason::kOverflow) == BaseReason::kOverflow);
}

enum class NoReason : std::uint16_t { kOk };
enum class NarrowReason : std::uint8_t { kOk };
[[maybe_unused]] constexpr Module ReasonModule(NarrowReason) { return Module::kHost; }
[[maybe_unused]] constexpr std::string_view ReasonName(NarrowReason) { return ""; }

TEST(Reason, IsNotMadeFromOtherEnumsNorFromNumbers) {
  static_assert(!std::is_convertible_v<NoReason, Reason>);
  static_assert(!std::is_convertible_v<NarrowReason, Reason>);
  static_assert(!std::is_constructible_v<Reason, int>);
  static_assert(!std::is_constructible_v<Reason, bool>);
  static_assert(!std::is_convertible_v<Reason, bool>);
}

TEST(Reason, ZeroOfEveryModuleIsTheSameSuccess) {
  for (const Reason reason :
       {Reason(), Reason(BaseReason::kOk), Reason(CryptoReason::kOk), Reason(QuorumReason::kOk),
        Reason(LedgerReason::kOk), Reason(MarginReason::kOk), Reason(HostTestReason::kOk),
        Reason(Module::kEngine, 0), Reason(Module{65535}, 0)}) {
    EXPECT_TRUE(reason.ok());
    EXPECT_EQ(reason, Reason());
    EXPECT_EQ(reason.module(), Module::kNone);
    EXPECT_TRUE(reason.Is(LedgerReason::kOk));
  }
}

TEST(Reason, SameCodeOfAnotherModuleIsAnotherReason) {
  EXPECT_NE(Reason(Module::kBase, 1), Reason(Module::kCrypto, 1));
  EXPECT_NE(Reason(Module::kBase, 1), Reason(Module::kBase, 2));
  EXPECT_NE(Reason(Module::kNone, 1), Reason());
}

TEST(Reason, IsFourBytesWithoutPadding) {
  static_assert(sizeof(Reason) == 4);
  static_assert(std::has_unique_object_representations_v<Reason>);
  static_assert(std::is_trivially_copyable_v<Reason>);
}

// --- Result -------------------------------------------------------------------------------------

class NoDefault {
 public:
  explicit NoDefault(int number) : number_(number) {}
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

Result<NoDefault> MakeNoDefault(int number) {
  if (number < 0) return BaseReason::kOutOfRange;
  return NoDefault(number);
}

TEST(Result, HoldsATypeWithoutDefaultValue) {
  static_assert(!std::is_default_constructible_v<NoDefault>);
  const Result<NoDefault> good = MakeNoDefault(5);
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(good.reason().ok());
  EXPECT_EQ(good->number(), 5);
  EXPECT_EQ((*good).number(), 5);
  EXPECT_TRUE(MakeNoDefault(-1).reason().Is(BaseReason::kOutOfRange));
  EXPECT_FALSE(MakeNoDefault(-1).ok());
}

TEST(Result, HoldsATypeThatOnlyMoves) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);
}

TEST(Result, RefusedGivesTheDefaultValueWhenReadByMistake) {
  const Result<int> refused = BaseReason::kOverflow;
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(*refused, 0);
  const Result<std::string> text = Reason(LedgerReason::kExpired);
  EXPECT_EQ(text->size(), 0u);
  EXPECT_TRUE(text.reason().Is(LedgerReason::kExpired));
}

TEST(Result, HandsOnTheReasonOfAModuleThatItDoesNotKnow) {
  const auto outer = [](int number) -> Result<std::string> {
    const Result<NoDefault> inner = MakeNoDefault(number);
    if (!inner.ok()) return inner.reason();
    return std::string("made");
  };
  EXPECT_EQ(*outer(1), "made");
  EXPECT_TRUE(outer(-1).reason().Is(BaseReason::kOutOfRange));
}

TEST(Result, SuccessWithoutAValueIsARefusal) {
  EXPECT_TRUE(Result<int>(Reason()).reason().Is(BaseReason::kUnknownEnumerator));
  EXPECT_TRUE(Result<int>(BaseReason::kOk).reason().Is(BaseReason::kUnknownEnumerator));
  EXPECT_TRUE(Result<NoDefault>(LedgerReason::kOk).reason().Is(BaseReason::kUnknownEnumerator));
}

TEST(Result, IsUsableInConstantExpressions) {
  constexpr Result<int> kGood = 3;
  static_assert(kGood.ok() && *kGood == 3);
  constexpr Result<int> kBad = BaseReason::kFull;
  static_assert(!kBad.ok() && kBad.reason().Is(BaseReason::kFull));
}

TEST(Result, ValueCanBeChangedInPlace) {
  Result<std::string> result = std::string("a");
  *result += "b";
  result->push_back('c');
  EXPECT_EQ(*result, "abc");
}

}  // namespace
}  // namespace settle
