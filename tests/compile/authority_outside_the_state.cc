// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What an authority knows is state: without a root, a state from a stranger could hold any.
// expect: reverts with its block and stands under the state root

#include <cstdint>

#include "settle/engine/settlement_engine.h"

struct OneGroup {
  [[nodiscard]] std::optional<settle::MarginGroup> GroupOf(const settle::AccountKey&) const {
    return settle::MarginGroup(0);
  }
  [[nodiscard]] settle::Limits LimitsOf(const settle::AccountKey&) const {
    return settle::kUnlimited;
  }
};

// Vouches for everything, and remembers.
struct Remembering : settle::HostVouches {
  std::uint64_t updates = 0;
  settle::UndoLog<std::uint64_t> undo{};
  [[nodiscard]] settle::Result<settle::Mark> Begin() { return undo.Begin(); }
  settle::Reason RevertTo(settle::Mark mark) {
    return undo.RevertTo(mark, [this](std::uint64_t before) { updates = before; });
  }
  settle::Reason Release(settle::Mark mark) { return undo.Release(mark); }
#ifdef SETTLE_REJECT
  [[nodiscard]] settle::Digest Root() const { return settle::Digest::FromNumber(updates); }
#else
  [[nodiscard]] settle::Digest root() const { return settle::Digest::FromNumber(updates); }
#endif
  using Fields = settle::Members<&Remembering::updates>;
};

using Engine = settle::SettlementEngine<settle::Unmargined, Remembering, OneGroup>;

Engine Make() { return Engine({}, settle::Unmargined{}, Remembering{}); }
