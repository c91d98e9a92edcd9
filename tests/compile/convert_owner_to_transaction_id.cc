// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Both are 16 bytes, and neither is the other.
// expect: could not convert || no viable conversion

#include "settle/base/types.h"

settle::OwnerId Copy(const settle::OwnerId& owner,
                     [[maybe_unused]] const settle::TransactionId& transaction) {
#ifdef SETTLE_REJECT
  return transaction;
#else
  return owner;
#endif
}
