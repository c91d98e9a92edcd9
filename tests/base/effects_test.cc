// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/effects.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "tests/support/allocations.h"
#include "tests/support/fields.h"

namespace settle {

struct EffectsMachine {
  using Record = std::uint8_t;
  using Address = std::uint16_t;
  using Message = std::uint32_t;
  using Notice = std::uint8_t;
};

namespace {

using Machine = EffectsMachine;
using Write = Persist<std::uint8_t>;
using Sent = Send<std::uint16_t, std::uint32_t>;
using Told = Report<std::uint8_t>;
using Gate = EffectGate<Machine, 8>;
using Out = std::vector<Effect<Machine>>;

static_assert(EffectTypes<Machine>);
static_assert(!EffectTypes<int>);

Sent SendAfter(std::uint64_t ticket) { return {Ticket(ticket), 1, 2}; }
Write PersistAs(std::uint64_t ticket) { return {Ticket(ticket), 9}; }

Effects<Machine> ListOf(std::vector<Effect<Machine>> effects) {
  Effects<Machine> list(8);
  for (Effect<Machine>& effect : effects) EXPECT_TRUE(list.Add(std::move(effect)));
  return list;
}

// --- the list -----------------------------------------------------------------------------------

TEST(Effects, TakesAsManyAsItsCapacity) {
  Effects<Machine> list(2);
  EXPECT_EQ(list.room(), 2u);
  EXPECT_TRUE(list.Add(SendAfter(0)));
  EXPECT_TRUE(list.Add(PersistAs(1)));
  EXPECT_EQ(list.room(), 0u);
  EXPECT_FALSE(list.Add(SendAfter(1)));
  EXPECT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1], Effect<Machine>(PersistAs(1)));
  list.Clear();
  EXPECT_EQ(list.room(), 2u);
  EXPECT_EQ(list.begin(), list.end());
}

TEST(Effects, IsReusedWithoutAllocation) {
  Effects<Machine> list(4);
  const test::AllocationCounter counter;
  bool added = true;
  for (int i = 0; i < 100; ++i) {
    list.Clear();
    for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) {
      added = list.Add(SendAfter(ticket)) && added;
    }
  }
  const std::size_t calls = counter.calls();
  EXPECT_TRUE(added);
  EXPECT_EQ(calls, 0u);
}

// --- the gate -----------------------------------------------------------------------------------

TEST(EffectGate, WritesAndWhatWaitsForNothingGoAtOnceAndInOrder) {
  Gate gate;
  Out out;
  EXPECT_TRUE(
      gate.Take(ListOf({SendAfter(0), PersistAs(1), SendAfter(1), Told{Ticket(0), 3}}), out).ok());
  EXPECT_EQ(out, (Out{SendAfter(0), PersistAs(1), Told{Ticket(0), 3}}));
  EXPECT_EQ(gate.held(), 1u);
  EXPECT_EQ(gate.issued(), Ticket(1));
  EXPECT_EQ(gate.confirmed(), Ticket(0));
}

TEST(EffectGate, ConfirmReleasesWhatWaitedInTheOrderTaken) {
  Gate gate;
  Out out;
  const SetTimer timer{Ticket(1), TimerId(4), Timestamp(5)};
  const Told told{Ticket(2), 6};
  ASSERT_TRUE(gate.Take(ListOf({PersistAs(1), PersistAs(2), told, timer, SendAfter(1)}), out).ok());
  ASSERT_TRUE(gate.Take(ListOf({PersistAs(3), SendAfter(3), SendAfter(2)}), out).ok());
  out.clear();
  EXPECT_TRUE(gate.Confirm(Ticket(1), out).ok());
  EXPECT_EQ(out, (Out{timer, SendAfter(1)}));
  EXPECT_TRUE(gate.Confirm(Ticket(1), out).ok());
  EXPECT_EQ(out.size(), 2u);
  out.clear();
  EXPECT_TRUE(gate.Confirm(Ticket(3), out).ok());
  EXPECT_EQ(out, (Out{told, SendAfter(3), SendAfter(2)}));
  EXPECT_EQ(gate.held(), 0u);
  EXPECT_TRUE(gate.Confirm(Ticket(2), out).ok());
  EXPECT_EQ(gate.confirmed(), Ticket(3));
}

TEST(EffectGate, RefusedTakeLeavesGateAndOutputBitIdentical) {
  Gate gate;
  Out out;
  ASSERT_TRUE(gate.Take(ListOf({PersistAs(1), SendAfter(1)}), out).ok());
  const Fingerprint before = FingerprintOf(gate);
  const Out taken = out;
  const auto refused = [&](const std::vector<Effect<Machine>>& effects) {
    const Reason reason = gate.Take(ListOf(effects), out);
    EXPECT_EQ(FingerprintOf(gate), before);
    EXPECT_EQ(out, taken);
    return reason;
  };
  EXPECT_EQ(refused({SendAfter(0), PersistAs(1)}), BaseReason::kNoSuchTicket);
  EXPECT_EQ(refused({SendAfter(0), PersistAs(3)}), BaseReason::kNoSuchTicket);
  EXPECT_EQ(refused({PersistAs(2), PersistAs(2)}), BaseReason::kNoSuchTicket);
  EXPECT_EQ(refused({PersistAs(0)}), BaseReason::kNoSuchTicket);
  EXPECT_EQ(refused({SendAfter(2)}), BaseReason::kNoSuchTicket);
  EXPECT_EQ(refused({SendAfter(2), PersistAs(2)}), BaseReason::kNoSuchTicket);
  EXPECT_EQ(refused(std::vector<Effect<Machine>>(8, SendAfter(1))), BaseReason::kFull);
}

TEST(EffectGate, HoldsExactlyAsManyAsItsCapacity) {
  EffectGate<Machine, 2> gate;
  Out out;
  EXPECT_TRUE(
      gate.Take(ListOf({PersistAs(1), SendAfter(1), SendAfter(1), SendAfter(0)}), out).ok());
  EXPECT_EQ(gate.held(), 2u);
  EXPECT_EQ(gate.Take(ListOf({SendAfter(1)}), out), BaseReason::kFull);
  EXPECT_TRUE(gate.Take(ListOf({SendAfter(0), PersistAs(2)}), out).ok());
  EXPECT_TRUE(gate.Confirm(Ticket(1), out).ok());
  EXPECT_TRUE(gate.Take(ListOf({SendAfter(2), SendAfter(2)}), out).ok());
  EXPECT_EQ(gate.Take(ListOf({SendAfter(2)}), out), BaseReason::kFull);
}

TEST(EffectGate, LastTicketHasNoSuccessor) {
  // Issued and confirmed up to the end of the range; no test could count up to it.
  std::vector<std::byte> bytes(8, std::byte{0xff});
  bytes.resize(16, std::byte{0xff});
  bytes.resize(16 + 1 + 4);
  Gate gate;
  ASSERT_TRUE(DecodeInto(bytes, gate).ok());
  ASSERT_EQ(gate.issued(), Ticket(~std::uint64_t{0}));
  Out out;
  EXPECT_EQ(gate.Take(ListOf({PersistAs(0)}), out), BaseReason::kNoSuchTicket);
  EXPECT_EQ(gate.Take(ListOf({PersistAs(1)}), out), BaseReason::kNoSuchTicket);
  EXPECT_TRUE(gate.Take(ListOf({SendAfter(~std::uint64_t{0})}), out).ok());
  EXPECT_EQ(out.size(), 1u);
}

TEST(EffectGate, AfterAFailureNothingEverGoes) {
  Gate gate;
  Out out;
  ASSERT_TRUE(
      gate.Take(ListOf({PersistAs(1), SendAfter(1), PersistAs(2), SendAfter(2)}), out).ok());
  ASSERT_TRUE(gate.Confirm(Ticket(1), out).ok());
  out.clear();
  EXPECT_EQ(gate.Fail(Ticket(1)), BaseReason::kNoSuchTicket);
  EXPECT_EQ(gate.Fail(Ticket(3)), BaseReason::kNoSuchTicket);
  EXPECT_FALSE(gate.poisoned());
  EXPECT_TRUE(gate.Fail(Ticket(2)).ok());
  EXPECT_TRUE(gate.poisoned());
  EXPECT_EQ(gate.held(), 0u);
  const Fingerprint poisoned = FingerprintOf(gate);
  EXPECT_EQ(gate.Confirm(Ticket(2), out), BaseReason::kPoisoned);
  EXPECT_EQ(gate.Confirm(Ticket(1), out), BaseReason::kPoisoned);
  EXPECT_EQ(gate.Take(ListOf({SendAfter(0)}), out), BaseReason::kPoisoned);
  EXPECT_EQ(gate.Take(ListOf({}), out), BaseReason::kPoisoned);
  EXPECT_TRUE(gate.Fail(Ticket(2)).ok());
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(FingerprintOf(gate), poisoned);
}

TEST(EffectGate, SteadyStateAllocatesNothing) {
  Gate gate;
  Out out;
  out.reserve(16);
  Effects<Machine> list(4);
  std::size_t calls = 0;
  bool good = true;
  for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) {
    const test::AllocationCounter counter;
    list.Clear();
    out.clear();
    good = list.Add(PersistAs(ticket)) && list.Add(SendAfter(ticket)) && good;
    good = gate.Take(list, out).ok() && gate.Confirm(Ticket(ticket), out).ok() && good;
    if (ticket > 1) calls += counter.calls();
  }
  EXPECT_TRUE(good);
  EXPECT_EQ(calls, 0u);
}

// --- the gate as a value ------------------------------------------------------------------------

TEST(EffectGate, IsItsFieldsAndComesBackFromItsBytes) {
  Gate gate;
  Out out;
  ASSERT_TRUE(gate.Take(ListOf({PersistAs(1), PersistAs(2), SendAfter(1),
                                SetTimer{Ticket(2), TimerId(3), Timestamp(4)}}),
                        out)
                  .ok());
  EXPECT_EQ(test::UncountedBytes(gate), "");
  Gate copy;
  ASSERT_TRUE(DecodeInto(Encode(gate), copy).ok());
  EXPECT_EQ(copy, gate);
  Out of_gate;
  Out of_copy;
  EXPECT_TRUE(gate.Confirm(Ticket(2), of_gate).ok());
  EXPECT_TRUE(copy.Confirm(Ticket(2), of_copy).ok());
  EXPECT_EQ(of_gate, of_copy);
  EXPECT_EQ(of_copy.size(), 2u);
}

// The bytes of a gate, sound or not.
struct GateParts {
  std::uint64_t issued = 0;
  std::uint64_t confirmed = 0;
  bool poisoned = false;
  Bounded<Effect<Machine>, 8> held{};
};

Reason WhyNot(const GateParts& parts) {
  std::vector<std::byte> bytes;
  AppendEncoding(bytes, parts.issued);
  AppendEncoding(bytes, parts.confirmed);
  AppendEncoding(bytes, parts.poisoned);
  AppendEncoding(bytes, parts.held);
  Gate gate;
  return DecodeInto(bytes, gate).reason;
}

TEST(EffectGate, OnlyWhatAGateCanBeIsDecoded) {
  const auto held = [](std::vector<Effect<Machine>> effects) {
    return *Bounded<Effect<Machine>, 8>::From(std::move(effects));
  };
  EXPECT_TRUE(WhyNot({}).ok());
  EXPECT_TRUE(WhyNot({.issued = 3, .confirmed = 1, .held = held({SendAfter(2)})}).ok());
  EXPECT_TRUE(WhyNot({.issued = 3, .confirmed = 2, .poisoned = true}).ok());
  // More confirmed than issued: everything would go at once.
  EXPECT_EQ(WhyNot({.issued = 1, .confirmed = 2}), BaseReason::kOutOfRange);
  EXPECT_EQ(WhyNot({.issued = 3, .confirmed = 1, .held = held({SendAfter(1)})}),
            BaseReason::kOutOfRange);
  EXPECT_EQ(WhyNot({.issued = 3, .confirmed = 1, .held = held({SendAfter(4)})}),
            BaseReason::kOutOfRange);
  EXPECT_EQ(WhyNot({.issued = 3, .confirmed = 1, .held = held({SendAfter(2), PersistAs(2)})}),
            BaseReason::kOutOfRange);
  EXPECT_EQ(WhyNot({.issued = 3, .confirmed = 3, .poisoned = true}), BaseReason::kOutOfRange);
  EXPECT_EQ(WhyNot({.issued = 3, .confirmed = 1, .poisoned = true, .held = held({SendAfter(2)})}),
            BaseReason::kOutOfRange);
}

}  // namespace
}  // namespace settle
