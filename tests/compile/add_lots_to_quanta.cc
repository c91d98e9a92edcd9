// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Amounts of different things do not add up.
// expect: no matching function for call to 'CheckedAdd

#include "settle/margin/types.h"

auto Sum(settle::Lots lots, [[maybe_unused]] settle::Quanta quanta) {
#ifdef SETTLE_REJECT
  return CheckedAdd(lots, quanta);
#else
  return CheckedAdd(lots, lots);
#endif
}
