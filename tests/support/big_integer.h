// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A slow signed integer of 384 bits, to judge the library's arithmetic by: schoolbook operations on
// limbs of 32 bits, with nothing shared with the code that it judges.

#ifndef SETTLE_TESTS_SUPPORT_BIG_INTEGER_H_
#define SETTLE_TESTS_SUPPORT_BIG_INTEGER_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "settle/base/integer.h"

namespace settle::test {

class BigInteger {
 public:
  BigInteger() = default;
  BigInteger(Int128 value) : negative_(value < 0) {
    // Digit by digit from the lower end, so that the least value needs no negation.
    Int128 rest = value;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto limb = static_cast<std::int64_t>(rest % (Int128{1} << 32));
      limbs_[i] = static_cast<std::uint32_t>(limb < 0 ? -limb : limb);
      rest /= Int128{1} << 32;
    }
  }

  friend bool operator==(const BigInteger& a, const BigInteger& b) { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const BigInteger& a, const BigInteger& b) {
    if (a.negative_ != b.negative_) return b.negative_ <=> a.negative_;
    return a.negative_ ? CompareMagnitudes(b, a) : CompareMagnitudes(a, b);
  }

  friend BigInteger operator-(BigInteger a) {
    a.negative_ = !a.negative_ && !a.IsZero();
    return a;
  }
  friend BigInteger operator+(const BigInteger& a, const BigInteger& b) {
    if (a.negative_ == b.negative_) return WithSign(AddMagnitudes(a, b), a.negative_);
    if (CompareMagnitudes(a, b) >= 0) return WithSign(SubtractMagnitudes(a, b), a.negative_);
    return WithSign(SubtractMagnitudes(b, a), b.negative_);
  }
  friend BigInteger operator-(const BigInteger& a, const BigInteger& b) { return a + (-b); }
  friend BigInteger operator*(const BigInteger& a, const BigInteger& b) {
    BigInteger product;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; i + j < kLimbs; ++j) {
        carry += product.limbs_[i + j] + std::uint64_t{a.limbs_[i]} * b.limbs_[j];
        product.limbs_[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
    }
    return WithSign(product, a.negative_ != b.negative_);
  }

  // The largest integer that is at most a / divisor, for a divisor above zero.
  friend BigInteger FloorDivide(const BigInteger& a, const BigInteger& divisor) {
    BigInteger quotient;
    BigInteger rest;
    for (std::size_t bit = 32 * kLimbs; bit-- > 0;) {
      rest = rest + rest;
      rest.limbs_[0] |= (a.limbs_[bit / 32] >> (bit % 32)) & 1;
      if (CompareMagnitudes(rest, divisor) >= 0) {
        rest = SubtractMagnitudes(rest, divisor);
        quotient.limbs_[bit / 32] |= std::uint32_t{1} << (bit % 32);
      }
    }
    if (!a.negative_) return quotient;
    return rest.IsZero() ? -quotient : -quotient - BigInteger(1);
  }

  [[nodiscard]] bool IsZero() const { return limbs_ == std::array<std::uint32_t, kLimbs>{}; }
  [[nodiscard]] bool IsEven() const { return limbs_[0] % 2 == 0; }

 private:
  static constexpr std::size_t kLimbs = 12;

  static BigInteger WithSign(BigInteger magnitude, bool negative) {
    magnitude.negative_ = negative && !magnitude.IsZero();
    return magnitude;
  }
  static std::strong_ordering CompareMagnitudes(const BigInteger& a, const BigInteger& b) {
    for (std::size_t i = kLimbs; i-- > 0;) {
      if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
    }
    return std::strong_ordering::equal;
  }
  static BigInteger AddMagnitudes(const BigInteger& a, const BigInteger& b) {
    BigInteger sum;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      carry += std::uint64_t{a.limbs_[i]} + b.limbs_[i];
      sum.limbs_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    return sum;
  }
  // For a of at least b's magnitude.
  static BigInteger SubtractMagnitudes(const BigInteger& a, const BigInteger& b) {
    BigInteger difference;
    std::int64_t borrow = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      const std::int64_t limb = std::int64_t{a.limbs_[i]} - b.limbs_[i] - borrow;
      borrow = limb < 0 ? 1 : 0;
      difference.limbs_[i] = static_cast<std::uint32_t>(limb + (borrow << 32));
    }
    return difference;
  }

  std::array<std::uint32_t, kLimbs> limbs_{};
  bool negative_ = false;
};

}  // namespace settle::test

#endif  // SETTLE_TESTS_SUPPORT_BIG_INTEGER_H_
