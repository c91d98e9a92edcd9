// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a state machine asks of its host, as values, and the gate that holds back what must wait.
//
// A machine is driven by `Step(event, now, effects)`: it writes nothing and sends nothing, it
// appends effects to a list that the caller owns. Whatever must never be forgotten is a
// `Persist{ticket, record}`; whatever depends on it names that ticket in `after`. Tickets rise by
// one per machine. The host hands each step's list to its `EffectGate`, writes the records that
// come out, and reports `Confirm(ticket)` once they are durable; only then does the gate let the
// dependent effects go. After `Fail(ticket)` nothing that waited ever goes: the host reloads.
//
//   machine.Step(event, now, effects);
//   gate.Take(effects, out);         // out: records to write, messages that wait for nothing
//   ...write and sync the records...
//   gate.Confirm(ticket, out);       // out: the messages that waited for them

#ifndef SETTLE_BASE_EFFECTS_H_
#define SETTLE_BASE_EFFECTS_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/base/types.h"

SETTLE_NAMESPACE_BEGIN

struct TicketTag : Ordinal {};
// Names one durable write of one machine. 0 is "none": what waits for it waits for nothing.
using Ticket = Strong<TicketTag, std::uint64_t>;

struct TimerIdTag : Identifier {};
using TimerId = Strong<TimerIdTag, std::uint32_t>;

// Satisfied by a struct that names the four types of a machine's effects.
template <typename M>
concept EffectTypes = requires {
  typename M::Record;   // what is made durable
  typename M::Address;  // whom messages go to
  typename M::Message;  // what is sent
  typename M::Notice;   // what the host is told
};

// Make `record` durable, then confirm `ticket`.
template <typename Record>
struct Persist {
  Ticket ticket;
  Record record;
  using Fields = Members<&Persist::ticket, &Persist::record>;
};

// Once `after` is durable, send `message` to `to`. It may be lost, repeated and overtaken.
template <typename Address, typename Message>
struct Send {
  Ticket after;
  Address to;
  Message message;
  using Fields = Members<&Send::after, &Send::to, &Send::message>;
};

// Once `after` is durable, hand the machine the timer's event at log time `at` or later.
struct SetTimer {
  Ticket after;
  TimerId timer;
  Timestamp at;
  using Fields = Members<&SetTimer::after, &SetTimer::timer, &SetTimer::at>;
};

// Once `after` is durable, tell the host.
template <typename Notice>
struct Report {
  Ticket after;
  Notice notice;
  using Fields = Members<&Report::after, &Report::notice>;
};

template <EffectTypes M>
using Effect =
    std::variant<Persist<typename M::Record>, Send<typename M::Address, typename M::Message>,
                 SetTimer, Report<typename M::Notice>>;

// The list that a step appends to: owned by the caller, reused, and bounded. A machine whose step
// needs more room than `room()` refuses the event before it changes anything.
template <EffectTypes M>
class Effects {
 public:
  explicit Effects(std::size_t capacity) : capacity_(capacity) { list_.reserve(capacity); }

  [[nodiscard]] std::size_t room() const { return capacity_ - list_.size(); }
  [[nodiscard]] std::size_t size() const { return list_.size(); }
  [[nodiscard]] const Effect<M>& operator[](std::size_t i) const { return list_[i]; }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  void Clear() { list_.clear(); }

  // False, with nothing added, when the list is full.
  [[nodiscard]] bool Add(Effect<M> effect) {
    if (room() == 0) return false;
    list_.push_back(std::move(effect));
    return true;
  }

 private:
  std::vector<Effect<M>> list_;
  std::size_t capacity_;
};

// Holds back effects until what they depend on is durable. A value: simulators and explorers drive
// this very class. kCapacity bounds what may wait at once.
template <EffectTypes M, std::size_t kCapacity = 65536>
class EffectGate {
 public:
  // Appends to `out` what may go now, in order, and holds the rest. Errors, with nothing taken:
  // kPoisoned after a failed write; kNoSuchTicket when tickets do not rise by one or an effect
  // names a ticket not yet issued; kFull.
  Reason Take(const Effects<M>& effects, std::vector<Effect<M>>& out) {
    if (poisoned_) return BaseReason::kPoisoned;
    if (Reason reason = Admit(effects); !reason.ok()) return reason;
    for (const Effect<M>& effect : effects) {
      if (const auto* write = std::get_if<0>(&effect)) {
        issued_ = write->ticket;
        out.push_back(effect);
      } else if (After(effect) <= confirmed_) {
        out.push_back(effect);
      } else {
        (void)held_.Add(effect);
      }
    }
    return {};
  }

  // Everything up to `ticket` is durable: appends to `out` what waited for it, in the order in
  // which it was taken. Confirming again is harmless. Errors: kPoisoned, kNoSuchTicket for a
  // ticket that was never issued.
  Reason Confirm(Ticket ticket, std::vector<Effect<M>>& out) {
    if (poisoned_) return BaseReason::kPoisoned;
    if (ticket > issued_) return BaseReason::kNoSuchTicket;
    if (ticket <= confirmed_) return {};
    confirmed_ = ticket;
    std::size_t kept = 0;
    for (Effect<M>& effect : held_) {
      if (After(effect) <= confirmed_) {
        out.push_back(std::move(effect));
      } else {
        Effect<M> waiting = std::move(effect);
        held_[kept++] = std::move(waiting);
      }
    }
    return held_.Resize(kept) ? Reason() : Reason(BaseReason::kFull);
  }

  // The write of `ticket` failed, and with it every later one: what is held never goes, and nothing
  // is taken until the host has reloaded the machine and begun with a new gate. Errors:
  // kNoSuchTicket for a ticket that is not outstanding.
  Reason Fail(Ticket ticket) {
    if (ticket > issued_ || ticket <= confirmed_) return BaseReason::kNoSuchTicket;
    poisoned_ = true;
    held_.Clear();
    return {};
  }

  // What decoding asks: only what waits for an outstanding ticket is held. Errors: kOutOfRange.
  [[nodiscard]] Reason Validate() const {
    bool sound = confirmed_ <= issued_;
    if (poisoned_) sound = sound && confirmed_ < issued_ && held_.empty();
    for (const Effect<M>& effect : held_) {
      sound = sound && After(effect) > confirmed_ && After(effect) <= issued_;
    }
    return sound ? Reason() : Reason(BaseReason::kOutOfRange);
  }

  [[nodiscard]] Ticket issued() const { return issued_; }
  [[nodiscard]] Ticket confirmed() const { return confirmed_; }
  [[nodiscard]] bool poisoned() const { return poisoned_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  [[nodiscard]] static Ticket After(const Effect<M>& effect) {
    return std::visit(
        []<typename E>(const E& e) {
          if constexpr (requires { e.after; }) {
            return e.after;
          } else {
            return Ticket();
          }
        },
        effect);
  }

  [[nodiscard]] Reason Admit(const Effects<M>& effects) const {
    Ticket last = issued_;
    std::size_t waiting = held_.size();
    for (const Effect<M>& effect : effects) {
      if (const auto* write = std::get_if<0>(&effect)) {
        if (Next(last) != write->ticket) return BaseReason::kNoSuchTicket;
        last = write->ticket;
      } else {
        if (After(effect) > last) return BaseReason::kNoSuchTicket;
        if (After(effect) > confirmed_) ++waiting;
      }
    }
    return waiting > kCapacity ? Reason(BaseReason::kFull) : Reason();
  }

  Ticket issued_;
  Ticket confirmed_;
  bool poisoned_ = false;
  Bounded<Effect<M>, kCapacity> held_;

 public:
  using Fields = Members<&EffectGate::issued_, &EffectGate::confirmed_, &EffectGate::poisoned_,
                         &EffectGate::held_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_BASE_EFFECTS_H_
