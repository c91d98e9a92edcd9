// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A small stream of blocks, and what the ledger is after each of them.

#ifndef SETTLE_TESTS_EXAMPLES_DURABLE_WORLD_H_
#define SETTLE_TESTS_EXAMPLES_DURABLE_WORLD_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "examples/durable_ledger/machine.h"
#include "examples/durable_ledger/stream.h"
#include "settle/base/fingerprint.h"
#include "settle/base/types.h"

namespace settle::test {

// Frames of a block are of a bit over two sectors.
inline constexpr example::StreamOptions kSmallStream{.owners = 5, .block_size = 9};

inline example::PaymentBlock SmallBlock(std::uint64_t height) {
  return example::BlockAt(Height(height), kSmallStream);
}

// The fingerprints that the ledger has after each block, made as far as they are asked for by a
// machine that was never interrupted.
class Expected {
 public:
  const Fingerprint& At(std::uint64_t height) {
    while (fingerprints_.size() <= height) {
      EXPECT_TRUE(machine_.Replay(SmallBlock(fingerprints_.size())).ok());
      fingerprints_.push_back(machine_.ledger().fingerprint());
    }
    return fingerprints_[static_cast<std::size_t>(height)];
  }

 private:
  example::PaymentMachine machine_;
  std::vector<Fingerprint> fingerprints_ = {machine_.ledger().fingerprint()};
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_EXAMPLES_DURABLE_WORLD_H_
