// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// An epoch is never compared with a round, although both are 64-bit numbers.
// expect: no match for 'operator==' || invalid operands to binary expression

#include "settle/base/types.h"

bool Same(settle::Epoch epoch, [[maybe_unused]] settle::Round round) {
#ifdef SETTLE_REJECT
  return epoch == round;
#else
  return epoch == epoch;
#endif
}
