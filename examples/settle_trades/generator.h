// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A stream of trades that needs no file: seeded, and the same everywhere.
//
// Accounts 1 to N trade four perpetuals and one spot pair at prices that walk at random. A third of
// the positions are open at the start. The taker pays 4.5 basis points and the maker gets 0.3; the
// buyer of a token pays his fee in it. Only integers are used, and no distribution of the standard
// library, whose numbers differ from one to the next.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_GENERATOR_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_GENERATOR_H_

#include <cstddef>
#include <cstdint>

#include "examples/settle_trades/stream.h"

namespace settle::example {

struct GeneratorOptions {
  std::uint64_t seed = 1;
  std::size_t trades = 100'000;
  std::size_t accounts = 1'000;  // at least 2
};

[[nodiscard]] TradeStream GenerateStream(const GeneratorOptions& options);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_GENERATOR_H_
