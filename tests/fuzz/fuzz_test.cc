// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Every fuzz target over its seeds and over mutations of these.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "settle/base/text.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/random.h"

namespace settle::test {
namespace {

using Bytes = std::vector<std::byte>;

// Mutations of each target; more in a long run.
std::uint64_t Rounds() {
  const char* const text = std::getenv("SETTLE_FUZZ_ROUNDS");
  return text == nullptr ? 20'000 : std::strtoull(text, nullptr, 10);
}

std::ptrdiff_t Offset(Random& random, const Bytes& bytes) {
  return static_cast<std::ptrdiff_t>(random.Below(bytes.size() + 1));
}

// One change: of a bit, of a number, of a run of bytes, of the length.
void Mutate(Random& random, const Bytes& other, Bytes& bytes) {
  switch (random.Below(7)) {
    case 0:
      if (!bytes.empty()) {
        bytes[random.Below(bytes.size())] ^= static_cast<std::byte>(1u << random.Below(8));
      }
      return;
    case 1: {  // a number near a limit or a power of two
      const std::uint64_t number = random.Edge<std::uint64_t>();
      const std::size_t width = std::array<std::size_t, 4>{1, 2, 4, 8}[random.Below(4)];
      if (bytes.size() < width) return;
      std::memcpy(bytes.data() + random.Below(bytes.size() - width + 1), &number, width);
      return;
    }
    case 2:
      bytes.resize(random.Below(bytes.size() + 1));
      return;
    case 3: {  // a run of it once more, elsewhere
      const std::ptrdiff_t begin = Offset(random, bytes);
      const auto length = static_cast<std::ptrdiff_t>(
          random.Below(static_cast<std::uint64_t>(std::ssize(bytes) - begin) + 1));
      const Bytes run(bytes.begin() + begin, bytes.begin() + begin + length);
      bytes.insert(bytes.begin() + Offset(random, bytes), run.begin(), run.end());
      return;
    }
    case 4: {  // without a run
      const std::ptrdiff_t begin = Offset(random, bytes);
      const auto length = static_cast<std::ptrdiff_t>(
          random.Below(static_cast<std::uint64_t>(std::ssize(bytes) - begin) + 1));
      bytes.erase(bytes.begin() + begin, bytes.begin() + begin + length);
      return;
    }
    case 5: {  // the beginning of it and the end of another
      const std::size_t at = random.Below((std::min)(bytes.size(), other.size()) + 1);
      bytes.resize(at);
      bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(at), other.end());
      return;
    }
    default: {
      const Bytes run = random.Bytes(random.Between(1, 40));
      bytes.insert(bytes.begin() + Offset(random, bytes), run.begin(), run.end());
      return;
    }
  }
}

class Fuzz : public testing::TestWithParam<const FuzzTarget*> {};

TEST_P(Fuzz, HoldsForSeedsAndTheirMutations) {
  const FuzzTarget& target = *GetParam();
  const std::vector<Bytes> seeds = target.seeds();
  ASSERT_FALSE(seeds.empty());
  ASSERT_EQ(target({}), 0);
  for (const Bytes& seed : seeds) ASSERT_EQ(target(seed), 0) << ToHex(seed);
  Random random;
  for (std::uint64_t round = Rounds(); round > 0; --round) {
    Bytes input = random.Pick(seeds);
    for (std::uint64_t i = random.Between(1, 4); i > 0; --i) {
      Mutate(random, random.Pick(seeds), input);
    }
    ASSERT_EQ(target(input), 0) << ToHex(input);
  }
}

// In the order of their names, which that of linking is not.
std::vector<const FuzzTarget*> SortedTargets() {
  std::vector<const FuzzTarget*> targets = FuzzTarget::All();
  std::ranges::sort(targets, {}, [](const FuzzTarget* target) { return target->name(); });
  return targets;
}

INSTANTIATE_TEST_SUITE_P(All, Fuzz, testing::ValuesIn(SortedTargets()),
                         [](const auto& target) { return std::string(target.param->name()); });

}  // namespace
}  // namespace settle::test
