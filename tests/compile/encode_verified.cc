// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What was verified is not written anywhere: whoever reads it verifies it again.
// expect: a type is encoded by its `using Fields = Members<...>;`

#include <cstdint>

#include "settle/base/codec.h"
#include "settle/base/verified.h"

struct Statement {
  std::uint64_t height = 0;
  using Fields = settle::Members<&Statement::height>;
};

using Plain = Statement;
using Proven = settle::Verified<Statement>;

struct Record {
#ifdef SETTLE_REJECT
  Proven statement;
#else
  Plain statement;
#endif
  using Fields = settle::Members<&Record::statement>;
};

auto Bytes(const Record& record) { return settle::Encode(record); }
