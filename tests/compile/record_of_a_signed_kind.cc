// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What is stored can never be taken for what is signed.
// expect: a record's kind and version must be those of a record in the table of kinds

#include <cstdint>

#include "settle/base/codec.h"

struct Record {
#ifdef SETTLE_REJECT
  static constexpr settle::Kind kKind = settle::Kind::kConsent;
#else
  static constexpr settle::Kind kKind = settle::Kind::kReceipt;
#endif
  static constexpr std::uint16_t kVersion = settle::IsSignedKind(kKind) ? 0 : 1;
  std::uint8_t number = 0;
  using Fields = settle::Members<&Record::number>;
};

settle::DecodeOutcome Read(settle::ByteView bytes, Record& record) {
  return settle::DecodeRecordInto(bytes, record);
}
