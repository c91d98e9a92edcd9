// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A rate is a whole number of parts: 0.05 would be zero parts.
// expect: no matching function for call to || no matching conversion for functional-style cast

#include "settle/base/fixed.h"

#ifdef SETTLE_REJECT
using Number = double;
#else
using Number = long;
#endif

settle::RatePpm Convert(Number number) { return settle::RatePpm(number); }
