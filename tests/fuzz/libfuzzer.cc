// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What libFuzzer calls: the one target that is linked with this file. Now and then its input is a
// seed of the target, so that no corpus has to be kept.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace {

const settle::test::FuzzTarget& Target() { return *settle::test::FuzzTarget::All().front(); }

}  // namespace

extern "C" {

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int violated = Target()(settle::test::InputOf(data, size));
  if (violated != 0) {
    std::fprintf(stderr, "property %d does not hold\n", violated);
    __builtin_trap();
  }
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned int number);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned int number) {
  if (number % 64 != 0) return LLVMFuzzerMutate(data, size, max_size);
  static const std::vector<std::vector<std::byte>> seeds = Target().seeds();
  const std::vector<std::byte>& seed = seeds[number / 64 % seeds.size()];
  size = (std::min)(seed.size(), max_size);
  std::memcpy(data, seed.data(), size);
  return size;
}

}  // extern "C"
