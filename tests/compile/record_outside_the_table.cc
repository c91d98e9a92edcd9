// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Readers accept exactly the versions of the table of kinds.
// expect: a record's kind and version must be those of a record in the table of kinds

#include <cstdint>

#include "settle/base/codec.h"

struct Record {
  static constexpr settle::Kind kKind = settle::Kind::kReceipt;
#ifdef SETTLE_REJECT
  static constexpr std::uint16_t kVersion = 99;
#else
  static constexpr std::uint16_t kVersion = 1;
#endif
  std::uint8_t number = 0;
  using Fields = settle::Members<&Record::number>;
};

auto Bytes(const Record& record) { return settle::EncodeRecord(record); }
