// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A ledger cannot be had without naming who may move what.
// expect: constraint failure || constraints not satisfied for class template

#include "settle/ledger/ledger.h"

struct OneGroup {
  [[nodiscard]] std::optional<settle::MarginGroup> GroupOf(const settle::AccountKey&) const {
    return settle::MarginGroup(0);
  }
  [[nodiscard]] settle::Limits LimitsOf(const settle::AccountKey&) const {
    return settle::kUnlimited;
  }
};

#ifdef SETTLE_REJECT
using Authority = settle::Unmargined;
#else
using Authority = settle::HostVouches;
#endif

settle::Ledger<settle::Unmargined, Authority, OneGroup> Make() {
  return settle::Ledger<settle::Unmargined, Authority, OneGroup>({});
}
