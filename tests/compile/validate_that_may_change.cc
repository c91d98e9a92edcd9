// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A Validate that is not const would be passed over in silence.
// expect: Validate must be const

#include <cstdint>

#include "settle/base/codec.h"

struct Record {
  std::uint8_t number = 0;
#ifdef SETTLE_REJECT
  settle::Reason Validate() & { return {}; }
#else
  settle::Reason Validate() const { return {}; }
#endif
  using Fields = settle::Members<&Record::number>;
};

bool Decodes(settle::ByteView bytes, Record& record) {
  return settle::DecodeInto(bytes, record).ok();
}
