// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Seeded numbers for random tests: the same on every machine, and the seed stands in each failure.
//
//   Random random;                         // seed 1, or $SETTLE_TEST_SEED
//   const std::uint64_t n = random.Below(6);
//   const Int128 x = random.Edge<Int128>();  // often near a limit or a power of two
//
// While a Random lives, every failure of the thread prints "SETTLE_TEST_SEED=<seed>", which repeats
// the run; SETTLE_TEST_SEED=random takes another seed each time. The standard distributions differ
// between standard libraries, so none is used.

#ifndef SETTLE_TESTS_SUPPORT_RANDOM_H_
#define SETTLE_TESTS_SUPPORT_RANDOM_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/integer.h"

namespace settle::test {

// The seed of this run.
inline std::uint64_t TestSeed() {
  static const std::uint64_t seed = [] {
    const char* text = std::getenv("SETTLE_TEST_SEED");
    if (text == nullptr || *text == '\0') return std::uint64_t{1};
    if (std::string(text) == "random") {
      std::random_device device;
      return (std::uint64_t{device()} << 32) | device();
    }
    return static_cast<std::uint64_t>(std::strtoull(text, nullptr, 10));
  }();
  return seed;
}

class Random {
 public:
  Random() : Random(TestSeed()) {}
  explicit Random(std::uint64_t seed)
      : engine_(seed), trace_(__FILE__, __LINE__, "SETTLE_TEST_SEED=" + std::to_string(seed)) {}
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;

  // A uniform random bit generator, for std::shuffle and the like.
  using result_type = std::uint64_t;
  static constexpr result_type min() { return std::mt19937_64::min(); }
  static constexpr result_type max() { return std::mt19937_64::max(); }
  result_type operator()() { return engine_(); }

  // 0 to bound - 1, each equally likely; 0 for a bound of 0.
  std::uint64_t Below(std::uint64_t bound) {
    if (bound < 2) return 0;
    const std::uint64_t surplus = (0 - bound) % bound;  // 2^64 mod bound
    std::uint64_t number = engine_();
    while (number < surplus) number = engine_();
    return number % bound;
  }

  // low to high, both included.
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    return high - low == max() ? engine_() : low + Below(high - low + 1);
  }

  // True in `times` of `of` cases.
  bool Chance(std::uint64_t times, std::uint64_t of) { return Below(of) < times; }

  // Any T, each equally likely.
  template <CheckedInteger T>
  T Any() {
    if constexpr (sizeof(T) == 16) {
      const std::uint64_t high = engine_();
      return static_cast<T>((static_cast<UInt128>(high) << 64) | engine_());
    } else {
      return static_cast<T>(engine_());
    }
  }

  // A T of any magnitude, half of the time within 2 of a limit or of a power of two.
  template <CheckedInteger T>
  T Edge() {
    using U = UnsignedOf<T>;
    constexpr int kBits = static_cast<int>(8 * sizeof(T));
    const auto bits = static_cast<int>(Below(static_cast<std::uint64_t>(kBits)));
    if (Chance(1, 2)) return static_cast<T>(static_cast<U>(Any<U>() >> bits));
    const auto power = static_cast<U>(static_cast<U>(1) << bits);
    const auto near = static_cast<U>(power + static_cast<U>(Below(5)) - static_cast<U>(2));
    return static_cast<T>(Chance(1, 2) ? near : static_cast<U>(static_cast<U>(0) - near));
  }

  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(Below(from.size()))];
  }

  void Fill(std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(engine_() & 0xff);
  }
  std::vector<std::byte> Bytes(std::size_t count) {
    std::vector<std::byte> bytes(count);
    Fill(bytes);
    return bytes;
  }
  // A FixedBytes type such as OwnerId or Digest.
  template <typename F>
  F Fixed() {
    F value;
    Fill(std::span<std::byte>(value.data(), F::kSize));
    return value;
  }

  // Puts the elements into any order, each equally likely.
  template <typename T>
  void Shuffle(std::vector<T>& values) {
    for (std::size_t left = values.size(); left > 1; --left) {
      using std::swap;
      swap(values[left - 1], values[static_cast<std::size_t>(Below(left))]);
    }
  }

 private:
  std::mt19937_64 engine_;
  ::testing::ScopedTrace trace_;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_SUPPORT_RANDOM_H_
