// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The gate against an obvious model, in every order of a few operations and in random orders of
// many; and twins of the gate with one fault each, which the same judge must catch.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/effects.h"
#include "settle/base/fingerprint.h"
#include "tests/support/random.h"

namespace settle {

struct GateModelMachine {
  using Record = std::uint8_t;
  using Address = std::uint8_t;
  using Message = std::uint32_t;  // a number of its own for each, so that none is taken for another
  using Notice = std::uint8_t;
};

namespace {

using Machine = GateModelMachine;
using Out = std::vector<Effect<Machine>>;
constexpr std::size_t kCapacity = 4;

std::uint64_t AfterOf(const Effect<Machine>& effect) {
  if (const auto* sent = std::get_if<1>(&effect)) return sent->after.value();
  if (const auto* timer = std::get_if<2>(&effect)) return timer->after.value();
  if (const auto* told = std::get_if<3>(&effect)) return told->after.value();
  return 0;
}
bool IsWrite(const Effect<Machine>& effect) { return effect.index() == 0; }

// --- the model ----------------------------------------------------------------------------------

// Everything taken and not yet gone, in order. What may go goes.
struct Model {
  std::uint64_t issued = 0;
  std::uint64_t confirmed = 0;
  bool poisoned = false;
  Out waiting;

  Out Go() {
    Out gone;
    Out rest;
    for (const Effect<Machine>& effect : waiting) {
      (AfterOf(effect) <= confirmed ? gone : rest).push_back(effect);
    }
    waiting = rest;
    return gone;
  }

  Reason Take(const Out& effects, Out& out) {
    if (poisoned) return BaseReason::kPoisoned;
    Model next = *this;
    for (const Effect<Machine>& effect : effects) {
      if (IsWrite(effect) && std::get<0>(effect).ticket.value() != ++next.issued) {
        return BaseReason::kNoSuchTicket;
      }
      if (AfterOf(effect) > next.issued) return BaseReason::kNoSuchTicket;
      next.waiting.push_back(effect);
    }
    const Out gone = next.Go();
    if (next.waiting.size() > kCapacity) return BaseReason::kFull;
    out.insert(out.end(), gone.begin(), gone.end());
    *this = next;
    return {};
  }
  Reason Confirm(std::uint64_t ticket, Out& out) {
    if (poisoned) return BaseReason::kPoisoned;
    if (ticket > issued) return BaseReason::kNoSuchTicket;
    confirmed = std::max(confirmed, ticket);
    const Out gone = Go();
    out.insert(out.end(), gone.begin(), gone.end());
    return {};
  }
  Reason Fail(std::uint64_t ticket) {
    if (ticket <= confirmed || ticket > issued) return BaseReason::kNoSuchTicket;
    poisoned = true;
    waiting.clear();
    return {};
  }
};

// --- gates with a fault -------------------------------------------------------------------------

enum class Fault {
  kNone,
  kReleasesWhatIsIssued,  // at `after <= issued`: the write may still be lost
  kReleasesOneTooEarly,   // at `after <= confirmed + 1`
  kHoldsOneTooLong,       // at `after < confirmed`
  kConfirmsAfterFailure,  // a later write that succeeds releases
  kTakesAfterFailure,     // sends what waits for nothing although the state is lost
  kKeepsAfterFailure,     // still holds what will never go
  kSkipsTickets,          // accepts a ticket that does not follow
  kTakesUnknownTickets,   // holds what waits for a ticket that is not issued
  kForgetsTheOrder,       // releases the latest first
  kReleasesTwice,         // does not forget what it released
  kTakesHalf,             // a refused list leaves what stood before the fault
  kHoldsOneMore,          // above its capacity
  kFailsWhatIsConfirmed,  // poisons for a write that is durable
};

// The gate again, as simple as it can be written, with one fault.
template <Fault kFault>
class FaultyGate {
 public:
  Reason Take(const Effects<Machine>& effects, Out& out) {
    if (poisoned_ && kFault != Fault::kTakesAfterFailure) return BaseReason::kPoisoned;
    FaultyGate next = *this;
    Out now;
    Reason reason;
    for (const Effect<Machine>& effect : effects) {
      reason = next.TakeOne(effect, now);
      if (!reason.ok()) break;
    }
    const std::size_t capacity = kCapacity + (kFault == Fault::kHoldsOneMore ? 1 : 0);
    if (reason.ok() && next.held_.size() > capacity) reason = BaseReason::kFull;
    if (reason.ok() || kFault == Fault::kTakesHalf) {
      *this = next;
      out.insert(out.end(), now.begin(), now.end());
    }
    return reason;
  }
  Reason Confirm(Ticket ticket, Out& out) {
    if (poisoned_ && kFault != Fault::kConfirmsAfterFailure) return BaseReason::kPoisoned;
    if (ticket > issued_) return BaseReason::kNoSuchTicket;
    if (ticket > confirmed_) confirmed_ = ticket;
    Out gone;
    Out rest;
    for (const Effect<Machine>& effect : held_) (Goes(effect) ? gone : rest).push_back(effect);
    if (kFault == Fault::kForgetsTheOrder) std::reverse(gone.begin(), gone.end());
    if (kFault != Fault::kReleasesTwice) held_ = rest;
    out.insert(out.end(), gone.begin(), gone.end());
    return {};
  }
  Reason Fail(Ticket ticket) {
    const bool durable = ticket <= confirmed_ && kFault != Fault::kFailsWhatIsConfirmed;
    if (ticket > issued_ || durable) return BaseReason::kNoSuchTicket;
    poisoned_ = true;
    if (kFault != Fault::kKeepsAfterFailure && kFault != Fault::kConfirmsAfterFailure) {
      held_.clear();
    }
    return {};
  }

  [[nodiscard]] Ticket issued() const { return issued_; }
  [[nodiscard]] Ticket confirmed() const { return confirmed_; }
  [[nodiscard]] bool poisoned() const { return poisoned_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  [[nodiscard]] bool Goes(const Effect<Machine>& effect) const {
    const std::uint64_t after = AfterOf(effect);
    const std::uint64_t confirmed = confirmed_.value();
    if (kFault == Fault::kReleasesWhatIsIssued) return after <= issued_.value();
    if (kFault == Fault::kReleasesOneTooEarly) return after <= confirmed + 1;
    if (kFault == Fault::kHoldsOneTooLong) return after == 0 || after < confirmed;
    return after <= confirmed;
  }
  Reason TakeOne(const Effect<Machine>& effect, Out& out) {
    if (const auto* write = std::get_if<0>(&effect)) {
      if (write->ticket != Next(issued_) && kFault != Fault::kSkipsTickets) {
        return BaseReason::kNoSuchTicket;
      }
      issued_ = write->ticket;
      out.push_back(effect);
      return {};
    }
    if (AfterOf(effect) > issued_.value() && kFault != Fault::kTakesUnknownTickets) {
      return BaseReason::kNoSuchTicket;
    }
    (Goes(effect) ? out : held_).push_back(effect);
    return {};
  }

  Ticket issued_;
  Ticket confirmed_;
  bool poisoned_ = false;
  Out held_;
};

// --- the judge ----------------------------------------------------------------------------------

// A gate and the model side by side. Each operation answers what is wrong, or nothing.
template <typename G>
class Judge {
 public:
  std::string Take(const Out& effects) {
    Effects<Machine> list(8);
    for (const Effect<Machine>& effect : effects) (void)list.Add(effect);
    const Judge before = *this;
    Out actual;
    Out expected;
    const Reason reason = gate_.Take(list, actual);
    if (reason != model_.Take(effects, expected)) return "Take answers another reason";
    if (!reason.ok() && !actual.empty()) return "a refused Take gives something";
    if constexpr (HasFields<G>) {
      if (!reason.ok() && FingerprintOf(gate_) != FingerprintOf(before.gate_)) {
        return "a refused Take changes the gate";
      }
    }
    return Compare(actual, expected);
  }
  std::string Confirm(std::uint64_t ticket) {
    Out actual;
    Out expected;
    const Reason reason = gate_.Confirm(Ticket(ticket), actual);
    if (reason != model_.Confirm(ticket, expected)) return "Confirm answers another reason";
    if (reason.ok()) durable_ = std::max(durable_, ticket);
    return Compare(actual, expected);
  }
  std::string Fail(std::uint64_t ticket) {
    if (gate_.Fail(Ticket(ticket)) != model_.Fail(ticket)) return "Fail answers another reason";
    return Compare({}, {});
  }

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const G& gate() const { return gate_; }

 private:
  [[nodiscard]] std::string Compare(const Out& actual, const Out& expected) const {
    // The rule itself, apart from the model: nothing goes before what it waits for is durable.
    for (const Effect<Machine>& effect : actual) {
      if (!IsWrite(effect) && AfterOf(effect) > durable_) return "an effect goes too early";
    }
    if (actual != expected) return "other effects go";
    if (gate_.issued().value() != model_.issued) return "another ticket is issued";
    if (gate_.confirmed().value() != model_.confirmed) return "another ticket is confirmed";
    if (gate_.poisoned() != model_.poisoned) return "poison differs";
    return gate_.held() == model_.waiting.size() ? "" : "another number is held";
  }

  G gate_;
  Model model_;
  std::uint64_t durable_ = 0;
};

// The lists that a step may hand over when `issued` tickets are: good ones and bad ones.
std::vector<Out> ListsAfter(std::uint64_t issued, std::uint32_t number) {
  const auto send = [number](std::uint64_t after, std::uint32_t more = 0) {
    return Send<std::uint8_t, std::uint32_t>{Ticket(after), 1, 10 * number + more};
  };
  const auto write = [](std::uint64_t ticket) { return Persist<std::uint8_t>{Ticket(ticket), 5}; };
  const std::uint64_t next = issued + 1;
  return {
      {},
      {send(0)},
      {send(issued)},
      {write(next)},
      {write(next), send(next, 1), send(issued, 2)},
      {write(next), write(next + 1), send(next, 1), SetTimer{Ticket(next + 1), TimerId(1), {}},
       Report<std::uint8_t>{Ticket(0), 7}},
      {send(0), send(next)},                // waits for what is not issued
      {send(0), write(next + 1)},           // leaves one out
      {write(next), send(0), write(next)},  // repeats one
  };
}

// Every order of `depth` operations from here on; what is wrong in the first bad one.
template <typename G>
std::string Explore(const Judge<G>& from, int depth, std::size_t& states) {
  ++states;
  if (depth == 0) return "";
  const std::uint64_t issued = from.model().issued;
  const std::uint64_t confirmed = from.model().confirmed;
  const auto go_on = [&](auto&& operation) {
    Judge<G> next = from;
    std::string wrong = operation(next);
    return wrong.empty() ? Explore(next, depth - 1, states) : wrong;
  };
  for (const Out& list : ListsAfter(issued, static_cast<std::uint32_t>(depth))) {
    std::string wrong = go_on([&](Judge<G>& judge) { return judge.Take(list); });
    if (!wrong.empty()) return wrong;
  }
  for (std::uint64_t ticket = confirmed; ticket <= issued + 1; ++ticket) {
    std::string wrong = go_on([&](Judge<G>& judge) { return judge.Confirm(ticket); });
    if (wrong.empty()) wrong = go_on([&](Judge<G>& judge) { return judge.Fail(ticket); });
    if (!wrong.empty()) return wrong;
  }
  return "";
}

template <typename G>
std::string ExploreAll(int depth) {
  std::size_t states = 0;
  std::string wrong = Explore(Judge<G>(), depth, states);
  EXPECT_TRUE(!wrong.empty() || states > 20000) << states;
  return wrong;
}

using Gate = EffectGate<Machine, kCapacity>;

TEST(EffectGateModel, EveryOrderOfFourOperationsIsThatOfTheModel) {
  EXPECT_EQ(ExploreAll<Gate>(4), "");
}

TEST(EffectGateModel, RandomOrdersOfManyOperationsAreThoseOfTheModel) {
  test::Random random;
  for (int run = 0; run < 200; ++run) {
    Judge<Gate> judge;
    for (std::uint32_t step = 0; step < 60; ++step) {
      const std::uint64_t issued = judge.model().issued;
      const std::uint64_t confirmed = judge.model().confirmed;
      const std::uint64_t ticket = random.Between(confirmed, issued + 1);
      if (random.Chance(1, 2)) {
        ASSERT_EQ(judge.Take(random.Pick(ListsAfter(issued, step))), "");
      } else if (random.Chance(1, 40)) {
        ASSERT_EQ(judge.Fail(ticket), "");
      } else {
        ASSERT_EQ(judge.Confirm(ticket), "");
      }
      Gate copy;
      ASSERT_TRUE(DecodeInto(Encode(judge.gate()), copy).ok());
      ASSERT_EQ(copy, judge.gate());
    }
  }
}

template <Fault kFault>
std::string WhatIsWrongWith() {
  return ExploreAll<FaultyGate<kFault>>(4);
}

TEST(EffectGateModel, JudgeFindsNothingInATwinWithoutFault) {
  EXPECT_EQ(WhatIsWrongWith<Fault::kNone>(), "");
}

TEST(EffectGateModel, JudgeCatchesEveryFault) {
  EXPECT_EQ(WhatIsWrongWith<Fault::kReleasesWhatIsIssued>(), "an effect goes too early");
  EXPECT_EQ(WhatIsWrongWith<Fault::kReleasesOneTooEarly>(), "an effect goes too early");
  EXPECT_EQ(WhatIsWrongWith<Fault::kHoldsOneTooLong>(), "other effects go");
  EXPECT_EQ(WhatIsWrongWith<Fault::kConfirmsAfterFailure>(), "another number is held");
  EXPECT_EQ(WhatIsWrongWith<Fault::kTakesAfterFailure>(), "Take answers another reason");
  EXPECT_EQ(WhatIsWrongWith<Fault::kKeepsAfterFailure>(), "another number is held");
  EXPECT_EQ(WhatIsWrongWith<Fault::kSkipsTickets>(), "Take answers another reason");
  EXPECT_EQ(WhatIsWrongWith<Fault::kTakesUnknownTickets>(), "Take answers another reason");
  EXPECT_EQ(WhatIsWrongWith<Fault::kForgetsTheOrder>(), "other effects go");
  EXPECT_EQ(WhatIsWrongWith<Fault::kReleasesTwice>(), "another number is held");
  EXPECT_EQ(WhatIsWrongWith<Fault::kTakesHalf>(), "a refused Take gives something");
  EXPECT_EQ(WhatIsWrongWith<Fault::kHoldsOneMore>(), "Take answers another reason");
  EXPECT_EQ(WhatIsWrongWith<Fault::kFailsWhatIsConfirmed>(), "Fail answers another reason");
}

}  // namespace
}  // namespace settle
