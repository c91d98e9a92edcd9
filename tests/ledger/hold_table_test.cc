// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/detail/hold_table.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "settle/ledger/hold.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using detail::Hold;
using detail::HoldTable;

TransactionId Id(std::uint64_t number) { return TransactionId::FromNumber(number); }

Hold Timed(std::uint64_t id, std::uint64_t expires_at) {
  return {.id = Id(id),
          .terms = {.expires_at = Timestamp(expires_at)},
          .legs = {{1, Amount(-5)}, {2, Amount(5)}}};
}

Hold OfSettlement(std::uint64_t id) {
  return {.id = Id(id),
          .terms = {.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(id)},
          .legs = {{1, Amount(-5)}, {2, Amount(5)}}};
}

// The whole value: (id, time, amounts left) of each open hold.
using Value = std::map<TransactionId, std::tuple<Timestamp, std::vector<Int128>>>;
Value ValueOf(const HoldTable& table) {
  Value value;
  table.ForEach([&](const Hold& hold) {
    std::vector<Int128> left;
    for (const StoredLeg& leg : hold.legs) left.push_back(leg.amount.value());
    EXPECT_TRUE(value.empty() || value.rbegin()->first < hold.id);
    value[hold.id] = {hold.terms.expires_at, left};
  });
  EXPECT_EQ(value.size(), table.size());
  return value;
}

TEST(HoldTerms, NameWhatTheirKindUsesAndNothingElse) {
  const auto timed = Timestamp(7);
  const auto settlement = SettlementId::FromNumber(1);
  const auto owner = OwnerId::FromNumber(1);
  using K = HoldKind;
  EXPECT_TRUE((HoldTerms{K::kTimed, false, timed, owner, {}}).Validate().ok());
  EXPECT_TRUE((HoldTerms{K::kTimed, true, timed, {}, {}}).Validate().ok());
  EXPECT_TRUE((HoldTerms{K::kSettlement, false, {}, {}, settlement}).Validate().ok());
  for (const HoldTerms& wrong : {HoldTerms{K::kTimed, false, {}, owner, {}},
                                 HoldTerms{K::kTimed, false, timed, owner, settlement},
                                 HoldTerms{K::kTimed, false, {}, {}, settlement},
                                 HoldTerms{K::kSettlement, false, timed, {}, settlement},
                                 HoldTerms{K::kSettlement, false, {}, owner, settlement},
                                 HoldTerms{K::kSettlement, true, {}, {}, settlement},
                                 HoldTerms{K::kSettlement, false, {}, {}, {}},
                                 HoldTerms{static_cast<K>(7), false, {}, {}, settlement}}) {
    EXPECT_EQ(wrong.Validate(), BaseReason::kNotCanonical);
  }
}

TEST(HoldTable, FindsWhatIsOpenUntilItIsClosed) {
  HoldTable table(10, 1);
  EXPECT_EQ(table.Find(Id(1)), nullptr);
  table.Open(Timed(1, 100));
  table.Open(OfSettlement(2));
  ASSERT_NE(table.Find(Id(1)), nullptr);
  EXPECT_EQ(table.Find(Id(1))->legs.size(), 2u);
  table.SetLegs(Id(1), std::vector<StoredLeg>{{1, Amount(-1)}, {2, Amount(1)}});
  EXPECT_EQ(table.Find(Id(1))->legs[1].amount, Amount(1));
  table.Close(Id(1));
  EXPECT_EQ(table.Find(Id(1)), nullptr);
  EXPECT_EQ(table.size(), 1u);
}

TEST(HoldTable, IsFullAtItsCapacity) {
  HoldTable table(2, 1);
  table.Open(Timed(1, 100));
  EXPECT_FALSE(table.full());
  table.Open(Timed(2, 100));
  EXPECT_TRUE(table.full());
  table.Close(Id(1));
  EXPECT_FALSE(table.full());
}

TEST(HoldTable, C10GivesExpiredHoldsByTimeAndThenById) {
  HoldTable table(10, 1);
  for (const auto& [id, time] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {5, 30}, {3, 20}, {4, 10}, {1, 20}, {2, 31}}) {
    table.Open(Timed(id, time));
  }
  table.Open(OfSettlement(6));
  EXPECT_EQ(table.NextExpired(Timestamp(9)), nullptr);  // never early
  std::vector<TransactionId> order;
  while (const Hold* hold = table.NextExpired(Timestamp(30))) {
    order.push_back(hold->id);
    table.Close(order.back());
  }
  EXPECT_EQ(order, (std::vector{Id(4), Id(1), Id(3), Id(5)}));
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.NextExpired(Timestamp(~0ull))->id, Id(2));
}

TEST(HoldTable, ForgetsTheTimesOfHoldsThatWereClosedLongBefore) {
  HoldTable table(10, 1);
  for (std::uint64_t id = 1; id <= 10'000; ++id) {
    table.Open(Timed(id, 1'000'000));
    table.Close(Id(id));
  }
  EXPECT_LT(table.expiries(), 100u);
}

TEST(HoldTable, KeepsFewTimesOfAHoldThatIsEndedAndTakenBackAgainAndAgain) {
  HoldTable table(10, 1);
  table.Open(Timed(1, 1'000));
  for (int i = 0; i < 10'000; ++i) {
    const Mark mark = *table.Begin();
    table.Close(Id(1));
    ASSERT_TRUE(table.RevertTo(mark).ok());
  }
  EXPECT_LT(table.expiries(), 100u);
  EXPECT_EQ(table.NextExpired(Timestamp(999)), nullptr);
  ASSERT_NE(table.NextExpired(Timestamp(1'000)), nullptr);
  table.Close(Id(1));
  EXPECT_EQ(table.NextExpired(Timestamp(1'000)), nullptr);
}

// Against a map, with nested marks that are taken back or released.
TEST(HoldTable, AgreesWithAMapWhateverIsTakenBack) {
  test::Random random;
  HoldTable table(1000, 7);
  struct Set {
    Mark mark;
    Value value;
  };
  std::vector<Set> marks;
  Value model;
  std::uint64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t id = random.Below(40);
    const bool open = model.contains(Id(id));
    switch (random.Below(12)) {
      case 0:
        if (marks.size() < kMaxMarks) marks.push_back({*table.Begin(), model});
        break;
      case 1:
        if (!marks.empty()) {
          const std::size_t at = random.Below(marks.size());
          ASSERT_TRUE(table.RevertTo(marks[at].mark).ok());
          model = marks[at].value;
          marks.resize(at);
        }
        break;
      case 2:
        if (!marks.empty()) {
          const std::size_t at = random.Below(marks.size());
          ASSERT_TRUE(table.Release(marks[at].mark).ok());
          marks.erase(marks.begin() + static_cast<std::ptrdiff_t>(at));
        }
        break;
      case 3:
        if (open) {
          const auto amount = static_cast<std::int64_t>(random.Below(5));
          table.SetLegs(Id(id), std::vector<StoredLeg>{{1, Amount(-amount)}, {2, Amount(amount)}});
          std::get<1>(model[Id(id)]) = {-amount, amount};
        }
        break;
      case 4: {
        now += random.Below(3);
        while (const Hold* hold = table.NextExpired(Timestamp(now))) {
          const TransactionId expired = hold->id;
          for (const auto& [other, value] : model) {
            const Timestamp time = std::get<0>(value);
            if (time == Timestamp()) continue;
            EXPECT_GE(std::tie(time, other), std::tie(hold->terms.expires_at, expired));
          }
          table.Close(expired);
          model.erase(expired);
        }
        for (const auto& [other, value] : model) {
          EXPECT_TRUE(std::get<0>(value) == Timestamp() || std::get<0>(value) > Timestamp(now));
        }
        break;
      }
      default:
        if (open) {
          table.Close(Id(id));
          model.erase(Id(id));
        } else if (random.Below(3) == 0) {
          table.Open(OfSettlement(id));
          model[Id(id)] = {Timestamp(), {-5, 5}};
        } else {
          const std::uint64_t expires_at = now + 1 + random.Below(20);
          table.Open(Timed(id, expires_at));
          model[Id(id)] = {Timestamp(expires_at), {-5, 5}};
        }
    }
    ASSERT_EQ(ValueOf(table), model) << "step " << step;
  }
}

}  // namespace
}  // namespace settle
