// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The snapshot's reader: what it accepts is what a writer would have written, and it allocates no
// more than its input.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/kinds.h"
#include "settle/ledger/journal.h"
#include "settle/ledger/snapshot.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/journal_frames.h"

namespace settle::test {
namespace {

int FuzzSnapshot(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Bytes bytes(InputOf(data + 1, size - 1).begin(), InputOf(data + 1, size - 1).end());
  Mend(data[0], detail::SnapshotBegin(Start().identity), bytes);
  SnapshotHead head;
  Bytes state;
  const SnapshotOutcome outcome = ReadSnapshot(bytes, Start().identity, head, state);
  if (state.capacity() > std::max<std::size_t>(bytes.size(), 1)) return 1;
  if (outcome.offset > bytes.size()) return 2;
  if (!outcome.ok()) return 0;
  if (head.position.identity != Start().identity) return 3;
  SnapshotWriter writer(head.position, Kind{head.kind}, state);
  Bytes buffer(kSnapshotBuffer);
  Bytes written;
  while (!writer.done()) {
    const Result<std::size_t> frame = writer.Next(buffer);
    if (!frame.ok()) return 4;
    written.insert(written.end(), buffer.begin(),
                   buffer.begin() + static_cast<std::ptrdiff_t>(*frame));
  }
  return written == bytes ? 0 : 5;
}

std::vector<Bytes> Seeds() {
  std::vector<Bytes> seeds;
  const std::size_t sizes[] = {0, 1, 30, 300, kSnapshotChunk + 5};
  for (const unsigned mend : {0u, 4u, 5u, 7u}) {
    for (const std::size_t size : sizes) {
      Bytes seed = {static_cast<std::byte>(mend)};
      const Bytes state = Content(size);
      SnapshotWriter writer(Start(), Kind::kLedgerState, state);
      Bytes out(kSnapshotBuffer);
      while (!writer.done()) {
        const Result<std::size_t> frame = writer.Next(out);
        seed.insert(seed.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*frame));
      }
      seeds.push_back(std::move(seed));
    }
  }
  return seeds;
}

const FuzzTarget kTarget("Snapshot", FuzzSnapshot, Seeds);

}  // namespace
}  // namespace settle::test
