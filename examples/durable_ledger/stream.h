// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A generated stream of blocks: a function of the height and of what it is asked for, the same on
// every machine. Block 1 gives every owner money; the others pay it around, and now and then more
// than there is.

#ifndef SETTLE_EXAMPLES_DURABLE_LEDGER_STREAM_H_
#define SETTLE_EXAMPLES_DURABLE_LEDGER_STREAM_H_

#include <cstddef>
#include <cstdint>

#include "examples/durable_ledger/machine.h"
#include "settle/base/types.h"

namespace settle::example {

struct StreamOptions {
  std::uint64_t owners = 100;
  std::size_t block_size = 100;  // payments, at most 4096
};

[[nodiscard]] PaymentBlock BlockAt(Height height, const StreamOptions& options);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_DURABLE_LEDGER_STREAM_H_
