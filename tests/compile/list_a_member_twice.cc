// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A list that names one member twice has the right length and leaves another out.
// expect: MemberListedOnce

#include <cstdint>

#include "settle/base/codec.h"

struct Record {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
#ifdef SETTLE_REJECT
  using Fields = settle::Members<&Record::first, &Record::first>;
#else
  using Fields = settle::Members<&Record::first, &Record::second>;
#endif
};

auto Bytes(const Record& record) { return settle::Encode(record); }
