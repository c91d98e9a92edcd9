// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A sequence on the wire has its bound in its type.
// expect: a type is encoded by its `using Fields = Members<...>;`

#include <cstdint>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/codec.h"

using Unbounded = std::vector<std::uint32_t>;
using AtMostThree = settle::Bounded<std::uint32_t, 3>;

struct Record {
#ifdef SETTLE_REJECT
  Unbounded numbers;
#else
  AtMostThree numbers;
#endif
  using Fields = settle::Members<&Record::numbers>;
};

auto Bytes(const Record& record) { return settle::Encode(record); }
