// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Amounts of different things do not add up.
// expect: no matching function for call to 'CheckedAdd

#include <cstdint>

#include "settle/base/strong.h"

struct LotsTag : settle::Additive {};
struct QuantaTag : settle::Additive {};
using Lots = settle::Strong<LotsTag, std::int64_t>;
using Quanta = settle::Strong<QuantaTag, std::int64_t>;

auto Sum(Lots lots, [[maybe_unused]] Quanta quanta) {
#ifdef SETTLE_REJECT
  return CheckedAdd(lots, quanta);
#else
  return CheckedAdd(lots, lots);
#endif
}
