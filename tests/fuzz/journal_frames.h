// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What the fuzz targets of journals and snapshots share.
//
// The first byte of their inputs says what the headers are given before they are read: a checksum
// that nobody can guess would keep every change of what it covers from getting far.

#ifndef SETTLE_TESTS_FUZZ_JOURNAL_FRAMES_H_
#define SETTLE_TESTS_FUZZ_JOURNAL_FRAMES_H_

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/codec.h"
#include "settle/ledger/journal.h"

namespace settle::test {

using Bytes = std::vector<std::byte>;

inline constexpr std::uint8_t kPayloads = 1;   // the right checksums of payloads
inline constexpr std::uint8_t kOrder = 2;      // the right links and sequences
inline constexpr std::uint8_t kChecksums = 4;  // the right checksums of headers
inline constexpr std::uint8_t kKnown = 8;      // the host knows that nothing is acknowledged

inline JournalPosition Start() { return JournalPosition::Begin(AsBytes("fuzz")); }

// Walks the frames by their lengths and mends them.
inline void Mend(std::uint8_t what, JournalPosition at, std::span<std::byte> bytes) {
  while (bytes.size() >= kJournalHeaderSize) {
    detail::JournalHeader header;
    (void)DecodeInto(ByteView(bytes).first(kJournalHeaderSize), header);
    const std::size_t length =
        std::min<std::size_t>(header.length, bytes.size() - kJournalHeaderSize);
    if ((what & kPayloads) != 0) {
      header.payload = XXH3_64bits(bytes.data() + kJournalHeaderSize, length);
    }
    if ((what & kOrder) != 0) {
      header.link = at.link;
      header.sequence = at.last.value() + 1;
    }
    if ((what & kChecksums) != 0) header.checksum = detail::HeaderChecksum(header, at.identity);
    BufferSink sink(bytes.data());
    EncodeTo(sink, header);
    at.link = header.checksum;
    at.last = JournalSequence(header.sequence);
    bytes = bytes.subspan(kJournalHeaderSize + length);
  }
}

// Bytes of some variety.
inline Bytes Content(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 37 % 251);
  return bytes;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_FUZZ_JOURNAL_FRAMES_H_
