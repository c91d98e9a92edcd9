// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A type that only inherits a list would be encoded without its own members.
// expect: Fields must be a type's own list

#include <cstdint>

#include "settle/base/codec.h"

struct Base {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  using Fields = settle::Members<&Base::first, &Base::second>;
};
struct Derived : Base {
  std::uint32_t third = 0;
};

#ifdef SETTLE_REJECT
using Encoded = Derived;
#else
using Encoded = Base;
#endif

auto Bytes(const Encoded& value) { return settle::Encode(value); }
