// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A strong type is made from exactly its representation: nothing is narrowed, no sign is lost.
// expect: no matching function for call to || no matching conversion for functional-style cast

#include <cstdint>

#include "settle/base/types.h"

#ifdef SETTLE_REJECT
using Number = std::int64_t;
#else
using Number = std::uint64_t;
#endif

settle::Height Convert(Number number) { return settle::Height(number); }
