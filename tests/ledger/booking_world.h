// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// For the tests of what books legs: short names of accounts, legs as text, and the two things that
// every booking keeps, which are that its legs sum to zero and that they come whole or not at all.

#ifndef SETTLE_TESTS_LEDGER_BOOKING_WORLD_H_
#define SETTLE_TESTS_LEDGER_BOOKING_WORLD_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "settle/base/text.h"
#include "settle/ledger/booking.h"
#include "settle/ledger/leg_buffer.h"
#include "settle/ledger/position.h"
#include "settle/ledger/types.h"
#include "tests/ledger/world.h"

namespace settle::test {

inline constexpr ContractAssets kPerpAssets{.contract = kPerp, .quote = kUsd};
inline constexpr ContractAssets kInverseAssets{.contract = ContractId(5), .quote = kBtc};
inline constexpr std::uint64_t kHouse = 90;
inline constexpr std::uint64_t kFees = 91;
inline constexpr std::uint64_t kFunding = 92;

inline PositionHolder Holder(std::uint64_t owner, Compartment compartment = kPerpBook) {
  return {.owner = OwnerOf(owner), .compartment = compartment};
}
inline CashHolder Purse(std::uint64_t owner) { return {.owner = OwnerOf(owner)}; }
inline PositionBalance Holding(Int128 lots, Int128 quote) {
  return {.lots = Of(lots), .quote = Of(quote)};
}
inline TradeSide SideOf(std::uint64_t owner, const PositionBalance& before = {}) {
  return {.holder = Holder(owner), .before = before};
}
// Owner 1 buys from owner 2.
inline TradeParties Parties(const PositionBalance& buyer = {}, const PositionBalance& seller = {}) {
  return {.assets = kPerpAssets, .buyer = SideOf(1, buyer), .seller = SideOf(2, seller)};
}

// A buffer with storage of its own.
class Legs {
 public:
  explicit Legs(std::size_t room = 64) : storage_(room), buffer_(storage_) {}
  operator LegBuffer&() { return buffer_; }
  [[nodiscard]] std::span<const Leg> view() const { return buffer_.view(); }
  [[nodiscard]] std::size_t size() const { return buffer_.size(); }
  void Clear() { buffer_.Clear(); }

 private:
  std::vector<Leg> storage_;
  LegBuffer buffer_;
};

using Lines = std::vector<std::string>;

// "1 book perp +5", in the order in which they were booked; "1.7" is owner 1 in compartment 7.
inline Lines Texts(std::span<const Leg> legs) {
  Lines texts;
  for (const Leg& leg : legs) {
    const AccountKey& key = leg.account;
    std::uint64_t owner = 0;
    while (OwnerOf(owner) != key.owner && owner < 100) ++owner;
    std::string text = std::to_string(owner);
    text += key.compartment == kCash       ? " cash"
            : key.compartment == kPerpBook ? " book"
                                           : "." + std::to_string(key.compartment.value());
    text += key.asset == kUsd                      ? " usd "
            : key.asset == kBtc                    ? " btc "
            : key.asset == kPerp                   ? " perp "
            : key.asset == kInverseAssets.contract ? " inverse "
                                                   : " other ";
    texts.push_back(text + (Sign(leg.amount) > 0 ? "+" : "") + ToString(leg.amount));
  }
  return texts;
}
inline Lines Texts(const Legs& legs) { return Texts(legs.view()); }

// The sum of each asset whose legs do not sum to zero: nothing, always.
inline std::map<std::uint32_t, Int128> Imbalances(std::span<const Leg> legs) {
  std::map<std::uint32_t, Int128> sums;
  for (const Leg& leg : legs) sums[leg.account.asset.value()] += leg.amount.value();
  std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
  return sums;
}

using Recipe = std::function<Reason(LegBuffer&)>;

// What a buffer holds before: a recipe adds to it and leaves it alone.
inline const std::vector<Leg>& LegsBefore() {
  static const std::vector<Leg> legs = {{Cash(7), Of(5)}, {Cash(8), Of(-5)}};
  return legs;
}
inline Reason RunAfterOthers(const Recipe& recipe, LegBuffer& buffer) {
  for (const Leg& leg : LegsBefore()) EXPECT_TRUE(buffer.Add(leg).ok());
  return recipe(buffer);
}

// The recipe gives `legs` legs that sum to zero, behind what was there, if there is room for all of
// them, and otherwise refuses as kFull and leaves the buffer as it was.
inline void ExpectLegsWholeOrNone(std::size_t legs, const Recipe& recipe) {
  for (std::size_t room = 0; room <= legs + 1; ++room) {
    SCOPED_TRACE(room);
    Legs buffer(LegsBefore().size() + room);
    const Reason reason = RunAfterOthers(recipe, buffer);
    const std::span<const Leg> all = buffer.view();
    ASSERT_GE(all.size(), LegsBefore().size());
    EXPECT_EQ(Texts(all.first(LegsBefore().size())), Texts(LegsBefore()));
    if (room < legs) {
      EXPECT_EQ(reason, Reason(BaseReason::kFull));
      EXPECT_EQ(all.size(), LegsBefore().size());
    } else {
      EXPECT_TRUE(reason.ok()) << reason.code();
      EXPECT_EQ(all.size(), LegsBefore().size() + legs);
      EXPECT_TRUE(Imbalances(all).empty());
      for (const Leg& leg : all) EXPECT_NE(leg.amount, Amount());
    }
  }
}

// The recipe refuses, and leaves the buffer as it was.
inline void ExpectRefusal(Reason expected, const Recipe& recipe) {
  Legs buffer;
  EXPECT_EQ(RunAfterOthers(recipe, buffer), expected);
  EXPECT_EQ(Texts(buffer), Texts(LegsBefore()));
}

// The reason of what also answers a value.
template <typename T>
Reason ReasonFrom(const Result<T>& result) {
  return result.reason();
}
inline Reason ReasonFrom(Reason reason) { return reason; }

}  // namespace settle::test

#endif  // SETTLE_TESTS_LEDGER_BOOKING_WORLD_H_
