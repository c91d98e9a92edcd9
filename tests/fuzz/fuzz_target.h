// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Functions that take any bytes, for libFuzzer and for the ordinary test run.
//
//   // 0, or the number of the property that does not hold.
//   int FuzzTilePath(const std::uint8_t* data, std::size_t size) { ... }
//
//   std::vector<std::vector<std::byte>> Seeds() { ... }   // inputs that get far
//
//   const test::FuzzTarget kTarget("TilePath", FuzzTilePath, Seeds);
//
// One target to a file tests/fuzz/<name>_fuzz.cc. settle_fuzz_test runs all of them over their
// seeds and a few thousand mutations of these, the same each time; with SETTLE_BUILD_FUZZERS and
// clang each becomes a program fuzz_<name> of libFuzzer, whose runs have no end.

#ifndef SETTLE_TESTS_FUZZ_FUZZ_TARGET_H_
#define SETTLE_TESTS_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "tests/support/allocations.h"

namespace settle::test {

class FuzzTarget {
 public:
  using Run = int (*)(const std::uint8_t* data, std::size_t size);
  using Seeds = std::vector<std::vector<std::byte>> (*)();

  // Registers itself for as long as the program runs.
  FuzzTarget(std::string_view name, Run run, Seeds make_seeds)
      : name_(name), run_(run), make_seeds_(make_seeds) {
    All().push_back(this);
  }
  FuzzTarget(const FuzzTarget&) = delete;
  FuzzTarget& operator=(const FuzzTarget&) = delete;

  std::string_view name() const { return name_; }
  int operator()(ByteView input) const {
    return run_(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  std::vector<std::vector<std::byte>> seeds() const { return make_seeds_(); }

  // In no particular order.
  static std::vector<const FuzzTarget*>& All() {
    static std::vector<const FuzzTarget*> all;
    return all;
  }

 private:
  std::string_view name_;
  Run run_;
  Seeds make_seeds_;
};

inline ByteView InputOf(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

// What decoding allocates at most: room for the elements themselves, which are larger than their
// encodings, for what is derived from them, and for the first pieces of a store.
inline constexpr std::size_t kMostAllocatedPerByte = 32;
inline constexpr std::size_t kMostAllocatedBeside = 65'536;

// Runs `decode`, and sets `violated` where it allocates more than the input is worth.
template <typename Decode>
bool DecodesWithinBounds(ByteView input, const Decode& decode, bool& violated) {
  const AllocationCounter counter;
  const bool decoded = decode();
  const std::size_t most = kMostAllocatedBeside + kMostAllocatedPerByte * input.size();
  violated = violated || counter.bytes() > most;
  return decoded;
}

// Decodes the whole input as a T. Sets `violated` where a value was accepted of which these bytes
// are not the encoding, or where more was allocated than they are worth.
template <typename T>
bool DecodesCanonically(ByteView input, T& value, bool& violated) {
  const auto decode = [&] { return DecodeInto(input, value).ok(); };
  if (!DecodesWithinBounds(input, decode, violated)) return false;
  const std::vector<std::byte> again = Encode(value);
  violated = violated || again != std::vector<std::byte>(input.begin(), input.end());
  return true;
}

// The same of a record.
template <typename T>
bool RecordDecodesCanonically(ByteView input, T& value, bool& violated) {
  const auto decode = [&] { return DecodeRecordInto(input, value).ok(); };
  if (!DecodesWithinBounds(input, decode, violated)) return false;
  const std::vector<std::byte> again = EncodeRecord(value);
  violated = violated || again != std::vector<std::byte>(input.begin(), input.end());
  return true;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_FUZZ_FUZZ_TARGET_H_
