// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Only a verified commit finalizes a block; a statement that only claims so does not.
// expect: cannot convert || no viable conversion

#include "settle/engine/settlement_engine.h"

template <typename Engine>
absl::Status Run(Engine& engine, [[maybe_unused]] const settle::VoteStatement& claimed,
                 [[maybe_unused]] const settle::Verified<settle::VoteStatement>& verified) {
#ifdef SETTLE_REJECT
  return engine.Finalize(claimed);
#else
  return engine.Finalize(verified);
#endif
}

struct OneGroup {
  [[nodiscard]] std::optional<settle::MarginGroup> GroupOf(const settle::AccountKey&) const {
    return settle::MarginGroup(0);
  }
  [[nodiscard]] settle::Limits LimitsOf(const settle::AccountKey&) const {
    return settle::kUnlimited;
  }
};
using Engine = settle::SettlementEngine<settle::Unmargined, settle::HostVouches, OneGroup>;

template absl::Status Run<Engine>(Engine&, const settle::VoteStatement&,
                                  const settle::Verified<settle::VoteStatement>&);
