// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Heights follow each other; they are not added.
// expect: no matching function for call to 'CheckedAdd

#include "settle/base/types.h"

auto Sum() {
#ifdef SETTLE_REJECT
  using Number = settle::Height;
#else
  using Number = settle::Duration;
#endif
  return CheckedAdd(Number(1), Number(2));
}
