// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// There is no encoding of a floating-point number.
// expect: a type is encoded by its `using Fields = Members<...>;`

#include <cstdint>

#include "settle/base/codec.h"

struct Record {
#ifdef SETTLE_REJECT
  double price = 0;
#else
  int64_t price = 0;
#endif
  using Fields = settle::Members<&Record::price>;
};

auto Bytes(const Record& record) { return settle::Encode(record); }
