// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What a user's program is: it includes settle, uses each of its dependencies once, and says so.

#include <cstdint>
#include <cstdio>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/base/status.h"
#include "settle/base/types.h"

namespace {

struct Block {
  settle::Height height;
  settle::OwnerId proposer;
  using Fields = settle::Members<&Block::height, &Block::proposer>;
};

}  // namespace

int main() {
  const Block block{settle::Height(7), settle::OwnerId::FromNumber(1)};
  const std::vector<std::byte> bytes = settle::Encode(block);

  const absl::StatusOr<Block> copy = settle::Decode<Block>(bytes);
  if (!copy.ok() || !settle::FieldsEqual(*copy, block)) return 1;

  const absl::StatusOr<Block> truncated =
      settle::Decode<Block>(settle::ByteView(bytes).first(bytes.size() - 1));
  if (!settle::ReasonOf(truncated.status()).Is(settle::BaseReason::kTruncated)) return 2;

  if (settle::FingerprintOf(*copy) != settle::FingerprintOf(block)) return 3;

  std::printf("settle %d.%d.%d: a block of %zu bytes\n", SETTLE_VERSION_MAJOR, SETTLE_VERSION_MINOR,
              SETTLE_VERSION_PATCH, bytes.size());
  return 0;
}
