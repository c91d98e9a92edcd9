// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/risk_arrays.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/integer.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/margin/reason.h"
#include "tests/support/big_integer.h"
#include "tests/support/fields.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::BigInteger;
using test::Random;

constexpr std::int64_t kInt64Max = kMax<std::int64_t>;
constexpr std::int64_t kInt64Min = kMin<std::int64_t>;

struct Row {
  AssetId contract;
  std::vector<Int128> profits;
};

Result<RiskArrays> Make(std::uint32_t scenarios, const std::vector<Row>& rows) {
  std::vector<std::vector<MicroQuanta>> profits(rows.size());
  std::vector<ExactRiskRow> exact;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const Int128 profit : rows[i].profits) profits[i].push_back(MicroQuanta(profit));
    exact.push_back({.contract = rows[i].contract, .profits = profits[i]});
  }
  return RiskArrays::Create(
      {.round = 7, .valid_from = Timestamp(std::uint64_t{1'000}), .scenarios = scenarios}, exact);
}

RiskArrays SomeArrays() {
  const Result<RiskArrays> arrays =
      Make(3, {{ContractId(2), {-1'500'000, 0, 1'500'000}}, {ContractId(9), {4'000'000, -1, 1}}});
  EXPECT_EQ(arrays.reason(), Reason());
  return *arrays;
}

Reason DecodeReason(const std::vector<std::byte>& bytes) {
  RiskArrays decoded;
  return DecodeRecordInto(bytes, decoded).reason;
}

TEST(RiskArrays, AreFlooredForALongAndCeiledForAShort) {
  const RiskArrays arrays = SomeArrays();
  const RiskRow row = *arrays.Find(ContractId(2));
  const auto of = [](std::span<const std::int64_t> profits) {
    return std::vector<std::int64_t>(profits.begin(), profits.end());
  };
  EXPECT_EQ(of(row.ProfitsOf(Lots(1))), (std::vector<std::int64_t>{-2, 0, 1}));
  EXPECT_EQ(of(row.ProfitsOf(Lots(-1))), (std::vector<std::int64_t>{-1, 0, 2}));
  EXPECT_EQ(row.largest, 2u);
  const RiskRow small = *arrays.Find(ContractId(9));
  EXPECT_EQ(of(small.ProfitsOf(Lots(1))), (std::vector<std::int64_t>{4, -1, 0}));
  EXPECT_EQ(of(small.ProfitsOf(Lots(-1))), (std::vector<std::int64_t>{4, 0, 1}));
  EXPECT_EQ(small.largest, 4u);
}

// Neither side ever sees a smaller loss than the exact one, nor one that is greater by a quantum.
TEST(RiskArrays, UnderstateTheLossOfNeitherSide) {
  Random random;
  for (int round = 0; round < 20'000; ++round) {
    const auto exact =
        Int128{random.Edge<std::int64_t>()} * static_cast<Int128>(random.Below(900'000)) +
        random.Edge<std::int32_t>();
    const Result<RiskArrays> arrays = Make(1, {{ContractId(1), {exact}}});
    ASSERT_EQ(arrays.reason(), Reason());
    const RiskRow row = *arrays->Find(ContractId(1));
    const BigInteger million(1'000'000);
    for (const std::int64_t lot : {1, -1}) {
      const BigInteger seen = BigInteger(lot) * BigInteger(row.ProfitsOf(Lots(lot))[0]) * million;
      const BigInteger true_profit = BigInteger(lot) * BigInteger(exact);
      ASSERT_LE(seen, true_profit);
      ASSERT_LT(true_profit - seen, million);
      ASSERT_LE(seen, million * BigInteger(Int128{row.largest}));
      ASSERT_LE(-seen, million * BigInteger(Int128{row.largest}));
    }
  }
}

TEST(RiskArrays, HoldProfitsOf64BitsAndNoMore) {
  const Int128 most = Int128{kInt64Max} * 1'000'000;
  const Int128 least = Int128{kInt64Min} * 1'000'000;
  const Result<RiskArrays> both = Make(2, {{ContractId(1), {most, least}}});
  ASSERT_EQ(both.reason(), Reason());
  EXPECT_EQ(both->Find(ContractId(1))->largest, std::uint64_t{1} << 63);
  const Reason refused = MarginReason::kProfitOutOfRange;
  // Its ceiling is beyond.
  EXPECT_EQ(Make(1, {{ContractId(1), {most + 1}}}).reason(), refused);
  EXPECT_EQ(Make(1, {{ContractId(1), {most + 1'000'000}}}).reason(), refused);
  EXPECT_EQ(Make(1, {{ContractId(1), {least - 1}}}).reason(), refused);
  EXPECT_EQ(Make(1, {{ContractId(1), {kMax<Int128>}}}).reason(), refused);
  EXPECT_EQ(Make(1, {{ContractId(1), {kMin<Int128>}}}).reason(), refused);
  EXPECT_EQ(Make(1, {{ContractId(1), {least + 1}}}).reason(), Reason());
}

TEST(RiskArrays, RefuseRowsThatDoNotRiseOrDoNotFit) {
  EXPECT_EQ(Make(0, {}).reason(), Reason(MarginReason::kBadScenarioCount));
  EXPECT_EQ(Make(257, {}).reason(), Reason(MarginReason::kBadScenarioCount));
  EXPECT_EQ(Make(256, {}).reason(), Reason());
  const std::vector<Int128> two = {1, 2};
  EXPECT_EQ(Make(3, {{ContractId(1), two}}).reason(), Reason(MarginReason::kWrongRowLength));
  EXPECT_EQ(Make(1, {{ContractId(1), two}}).reason(), Reason(MarginReason::kWrongRowLength));
  EXPECT_EQ(Make(2, {{TokenId(1), two}}).reason(), Reason(MarginReason::kWrongAssetKind));
  const Reason unsorted = MarginReason::kRowsNotAscending;
  EXPECT_EQ(Make(2, {{ContractId(2), two}, {ContractId(1), two}}).reason(), unsorted);
  EXPECT_EQ(Make(2, {{ContractId(2), two}, {ContractId(2), two}}).reason(), unsorted);
  EXPECT_EQ(Make(2, {{ContractId(2), two}, {ContractId(3), two}}).reason(), Reason());
}

TEST(RiskArrays, HoldExactlyTheirBoundOfRows) {
  const MicroQuanta profit(Int128{1});
  std::vector<ExactRiskRow> rows;
  for (std::uint32_t n = 0; n < kMaxRiskRows; ++n) {
    rows.push_back({.contract = ContractId(n), .profits = {&profit, 1}});
  }
  const Result<RiskArrays> arrays = RiskArrays::Create({}, rows);
  ASSERT_EQ(arrays.reason(), Reason());
  EXPECT_EQ(arrays->size(), kMaxRiskRows);
  EXPECT_TRUE(arrays->Find(ContractId(65'535)).has_value());
  rows.push_back({.contract = ContractId(kMaxRiskRows), .profits = {&profit, 1}});
  EXPECT_EQ(RiskArrays::Create({}, rows).reason(), Reason(BaseReason::kTooMany));
}

TEST(RiskArrays, FindEachContractAndNoOther) {
  Random random;
  for (int round = 0; round < 100; ++round) {
    const auto scenarios = static_cast<std::uint32_t>(1 + random.Below(70));
    std::vector<Row> rows;
    std::uint32_t number = 0;
    for (std::uint64_t left = random.Below(40); left > 0; --left) {
      number += static_cast<std::uint32_t>(1 + random.Below(3));
      rows.push_back({ContractId(number), {}});
      for (std::uint32_t s = 0; s < scenarios; ++s) {
        rows.back().profits.push_back(random.Any<std::int64_t>());
      }
    }
    const RiskArrays arrays = *Make(scenarios, rows);
    std::size_t found = 0;
    for (std::uint32_t n = 0; n <= number + 1; ++n) {
      const auto row = arrays.Find(ContractId(n));
      if (!row) continue;
      ASSERT_EQ(rows[found].contract, ContractId(n));
      ASSERT_EQ(arrays.ContractAt(found), ContractId(n));
      ASSERT_EQ(row->scenarios, scenarios);
      for (std::uint32_t s = 0; s < scenarios; ++s) {
        const Int128 exact = rows[found].profits[s];
        ASSERT_EQ(row->floors[s], *Divide(exact, 1'000'000, Rounding::kDown));
        ASSERT_EQ(row->ceilings[s], *Divide(exact, 1'000'000, Rounding::kUp));
      }
      ++found;
    }
    ASSERT_EQ(found, rows.size());
    ASSERT_FALSE(arrays.Find(TokenId(1)).has_value());
  }
}

TEST(RiskArrays, DecodeToTheSameAndStayUsableWhenCopiedAndMoved) {
  RiskArrays arrays = SomeArrays();
  RiskArrays decoded;
  ASSERT_EQ(DecodeRecordInto(EncodeRecord(arrays), decoded).reason, Reason());
  EXPECT_TRUE(decoded == arrays);
  EXPECT_EQ(decoded.Find(ContractId(9))->ceilings[2], 1);
  const RiskArrays moved(static_cast<RiskArrays&&>(arrays));
  EXPECT_EQ(moved.Find(ContractId(2))->floors[0], -2);
  EXPECT_EQ(arrays.Find(ContractId(2))->floors[0], -2);
  EXPECT_EQ(DecodeReason(EncodeRecord(RiskArrays())), Reason());
  EXPECT_EQ(test::UncountedBytes(arrays), "");
}

TEST(RiskArrays, ChangeWithEverySingleBit) {
  const RiskArrays arrays = SomeArrays();
  const std::vector<std::byte> bytes = EncodeRecord(arrays);
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::vector<std::byte> spoiled = bytes;
    spoiled[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    RiskArrays decoded;
    if (!DecodeRecordInto(spoiled, decoded).ok()) continue;
    ++accepted;
    ASSERT_FALSE(decoded == arrays) << bit;
    ASSERT_EQ(EncodeRecord(decoded), spoiled) << bit;
  }
  // Round and instant, contracts that still rise, floors, and marks: 3 scenarios of 2 rows.
  EXPECT_GE(accepted, 64 + 64 + 6 * 64 + 6);
}

TEST(RiskArrays, RefuseEveryPartOfARecord) {
  const std::vector<std::byte> bytes = EncodeRecord(SomeArrays());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> part(bytes.begin(),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_NE(DecodeReason(part), Reason()) << size;
  }
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_EQ(DecodeReason(longer), Reason(BaseReason::kTrailingBytes));
}

// A record of these parts, whether they go together or not.
struct LooseArrays {
  static constexpr Kind kKind = Kind::kRiskArrays;
  static constexpr std::uint16_t kVersion = 1;
  std::uint64_t round = 1;
  Timestamp valid_from;
  std::uint32_t scenarios = 2;
  Bounded<AssetId, 8> contracts;
  Bounded<std::int64_t, 1'024> floors;
  Bounded<std::uint64_t, 8> inexact;
  using Fields = Members<&LooseArrays::round, &LooseArrays::valid_from, &LooseArrays::scenarios,
                         &LooseArrays::contracts, &LooseArrays::floors, &LooseArrays::inexact>;
};

LooseArrays Loose(std::uint32_t scenarios, const std::vector<AssetId>& contracts,
                  const std::vector<std::int64_t>& floors,
                  const std::vector<std::uint64_t>& inexact) {
  return {.round = 1,
          .valid_from = {},
          .scenarios = scenarios,
          .contracts = *Bounded<AssetId, 8>::From(contracts),
          .floors = *Bounded<std::int64_t, 1'024>::From(floors),
          .inexact = *Bounded<std::uint64_t, 8>::From(inexact)};
}

TEST(RiskArrays, DecodeNothingThatCreateWouldNotMake) {
  const auto reason = [](const LooseArrays& arrays) { return DecodeReason(EncodeRecord(arrays)); };
  const AssetId one = ContractId(1);
  const AssetId two = ContractId(2);
  EXPECT_EQ(reason(Loose(2, {one}, {3, -4}, {0b10})), Reason());
  EXPECT_EQ(reason(Loose(2, {one, two}, {3, -4, 5, 6}, {0, 3})), Reason());
  EXPECT_EQ(reason(Loose(0, {}, {}, {})), Reason(MarginReason::kBadScenarioCount));
  EXPECT_EQ(reason(Loose(257, {}, {}, {})), Reason(MarginReason::kBadScenarioCount));
  const Reason length = MarginReason::kWrongRowLength;
  EXPECT_EQ(reason(Loose(2, {one}, {3}, {0})), length);
  EXPECT_EQ(reason(Loose(2, {one}, {3, 4, 5}, {0})), length);
  EXPECT_EQ(reason(Loose(2, {one}, {3, 4}, {})), length);
  EXPECT_EQ(reason(Loose(2, {one}, {3, 4}, {0, 0})), length);
  EXPECT_EQ(reason(Loose(2, {}, {3, 4}, {0})), length);
  const std::vector<std::int64_t> wide(65, 1);
  EXPECT_EQ(reason(Loose(65, {one}, wide, {0})), length);
  EXPECT_EQ(reason(Loose(65, {one}, wide, {0, 1})), Reason());
  EXPECT_EQ(reason(Loose(2, {TokenId(1)}, {3, 4}, {0})), Reason(MarginReason::kWrongAssetKind));
  const Reason order = MarginReason::kRowsNotAscending;
  EXPECT_EQ(reason(Loose(2, {two, one}, {3, 4, 5, 6}, {0, 0})), order);
  EXPECT_EQ(reason(Loose(2, {one, one}, {3, 4, 5, 6}, {0, 0})), order);
  // A mark of a scenario that is none, in the first word and in the second.
  EXPECT_EQ(reason(Loose(2, {one}, {3, 4}, {0b100})), Reason(BaseReason::kNotCanonical));
  EXPECT_EQ(reason(Loose(65, {one}, wide, {0, 2})), Reason(BaseReason::kNotCanonical));
  // A ceiling beyond 64 bits.
  EXPECT_EQ(reason(Loose(2, {one}, {3, kInt64Max}, {0b01})), Reason());
  EXPECT_EQ(reason(Loose(2, {one}, {3, kInt64Max}, {0b10})),
            Reason(MarginReason::kProfitOutOfRange));
}

TEST(RiskArraysStatement, NamesRoundInstantAndDigestOfTheRecord) {
  const RiskArrays arrays = SomeArrays();
  const Sha256 hasher;
  const RiskArraysStatement statement = StatementOf(arrays, hasher.Hash(EncodeRecord(arrays)));
  EXPECT_EQ(statement.round, 7u);
  EXPECT_EQ(statement.valid_from, Timestamp(std::uint64_t{1'000}));
  // Another round of the same numbers, and other numbers in the same round, are other statements.
  const RiskArrays other =
      *Make(3, {{ContractId(2), {-1'500'000, 0, 1'500'000}}, {ContractId(9), {4'000'000, -1, 2}}});
  // 1 and 2 millionths are both rounded to the same whole quanta.
  EXPECT_TRUE(StatementOf(other, hasher.Hash(EncodeRecord(other))) == statement);
  const RiskArrays third =
      *Make(3, {{ContractId(2), {-1'500'000, 0, 1'500'000}}, {ContractId(9), {4'000'000, -1, 0}}});
  EXPECT_FALSE(StatementOf(third, hasher.Hash(EncodeRecord(third))) == statement);
}

TEST(RiskArraysStatement, IsSignedInItsDomainAsItsOwnKind) {
  const RiskArraysStatement statement{
      .round = 3, .valid_from = Timestamp(std::uint64_t{5}), .arrays = Digest::FromNumber(9)};
  const Domain domain{.network = NetworkId::FromNumber(1),
                      .group = GroupId(2),
                      .epoch = Epoch(std::uint64_t{3}),
                      .set = ValidatorSetId::FromNumber(4)};
  const StatementBytes<RiskArraysStatement> bytes = BytesToSign(domain, statement);
  EXPECT_EQ(bytes.kind(), Kind::kRiskArraysStatement);
  // Tag, kind, domain; then round, instant and digest.
  EXPECT_EQ(bytes.view().size(), 88u + 8 + 8 + 32);
  RiskArraysStatement decoded;
  ASSERT_EQ(DecodeInto(bytes.view().subspan(88), decoded).reason, Reason());
  EXPECT_TRUE(decoded == statement);
  EXPECT_EQ(test::FlipsWithoutEffect(statement), "");
  Domain elsewhere = domain;
  elsewhere.group = GroupId(3);
  const Sha256 hasher;
  EXPECT_NE(StatementDigest(hasher, domain, statement),
            StatementDigest(hasher, elsewhere, statement));
}

}  // namespace
}  // namespace settle
