// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A member that is not in the list of an aggregate would be no part of its value.
// expect: Fields must list every member of the aggregate

#include <cstdint>

#include "settle/base/codec.h"

template <typename T>
using OnlyFirst = settle::Members<&T::first>;
template <typename T>
using BothMembers = settle::Members<&T::first, &T::second>;

struct Record {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
#ifdef SETTLE_REJECT
  using Fields = OnlyFirst<Record>;
#else
  using Fields = BothMembers<Record>;
#endif
};

auto Bytes(const Record& record) { return settle::Encode(record); }
