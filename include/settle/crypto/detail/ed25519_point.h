// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What is wrong with 32 bytes as an Ed25519 public key.
//
// OpenSSL 3.0 imports any 32 bytes. Its verification refuses keys that are no points, but accepts
// the eight points of small order: under the neutral element anybody signs anything. And it takes a
// second encoding of a point as another key. So this judges the bytes, which are public, before
// OpenSSL sees them; it is no arithmetic of points.

#ifndef SETTLE_CRYPTO_DETAIL_ED25519_POINT_H_
#define SETTLE_CRYPTO_DETAIL_ED25519_POINT_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "settle/base/config.h"
#include "settle/crypto/detail/openssl.h"
#include "settle/crypto/reason.h"

SETTLE_NAMESPACE_BEGIN
namespace detail {

// A y coordinate, or any number below 2^256, as four words of 64 bits, the lowest first.
using Words256 = std::array<std::uint64_t, 4>;

// The prime of the field, 2^255 - 19, and the constant of the curve, -121665/121666
// (RFC 8032 section 5.1).
inline constexpr Words256 kEd25519Prime = {0xffffffffffffffed, 0xffffffffffffffff,
                                           0xffffffffffffffff, 0x7fffffffffffffff};
inline constexpr Words256 kEd25519D = {0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898,
                                       0x52036cee2b6ffe73};

// The y coordinates of the points whose order divides 8: order 4, 1, 2, and the two of order 8.
inline constexpr std::array<Words256, 5> kEd25519SmallOrderY = {{
    {0, 0, 0, 0},
    {1, 0, 0, 0},
    {0xffffffffffffffec, 0xffffffffffffffff, 0xffffffffffffffff, 0x7fffffffffffffff},
    {0xb027b2c28f95e826, 0xf098eff289f4c345, 0x3933c6d305acdfd5, 0x05fc536d880238b1},
    {0x4fd84d3d706a17c7, 0x0f67100d760b3cba, 0xc6cc392cfa53202a, 0x7a03ac9277fdc74e},
}};

constexpr bool LessThan(const Words256& a, const Words256& b) {
  for (std::size_t i = 4; i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

inline UniqueNumber ToNumber(const Words256& words) {
  std::array<unsigned char, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>((words[i / 8] >> (8 * (i % 8))) & 0xff);
  }
  return UniqueNumber(BN_lebin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

// Whether some x has -x^2 + y^2 = 1 + d x^2 y^2: whether (y^2 - 1) / (d y^2 + 1) is a square, which
// its product with the square of the denominator is as well. The denominator is never zero, because
// -1/d is no square.
inline CryptoReason CheckOnEd25519(const Words256& y_words) {
  const UniqueNumberContext context(BN_CTX_new());
  const UniqueNumber p = ToNumber(kEd25519Prime);
  const UniqueNumber d = ToNumber(kEd25519D);
  const UniqueNumber y = ToNumber(y_words);
  const UniqueNumber y2(BN_new());
  const UniqueNumber u(BN_new());
  const UniqueNumber v(BN_new());
  const bool computed =
      context && p && d && y && y2 && u && v &&
      BN_mod_sqr(y2.get(), y.get(), p.get(), context.get()) == 1 &&
      BN_mod_sub(u.get(), y2.get(), BN_value_one(), p.get(), context.get()) == 1 &&
      BN_mod_mul(v.get(), d.get(), y2.get(), p.get(), context.get()) == 1 &&
      BN_mod_add(v.get(), v.get(), BN_value_one(), p.get(), context.get()) == 1 &&
      BN_mod_mul(u.get(), u.get(), v.get(), p.get(), context.get()) == 1;
  if (!computed) return CryptoReason::kLibraryFailure;
  switch (BN_kronecker(u.get(), p.get(), context.get())) {
    case -1:
      return CryptoReason::kNotAPoint;
    case 0:
    case 1:
      return CryptoReason::kOk;
    default:
      return CryptoReason::kLibraryFailure;
  }
}

// kNotCanonicalKey when y >= p, kSmallOrderKey, kNotAPoint, in this order; kLibraryFailure.
// About 30 us.
inline CryptoReason CheckEd25519Key(const std::array<std::byte, 32>& key) {
  Words256 y{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    y[i / 8] |= std::to_integer<std::uint64_t>(key[i]) << (8 * (i % 8));
  }
  y[3] &= 0x7fffffffffffffff;  // the highest bit is the sign of x
  if (!LessThan(y, kEd25519Prime)) return CryptoReason::kNotCanonicalKey;
  // Whatever the sign: both points, or where x is 0 the second encoding of one.
  for (const Words256& small : kEd25519SmallOrderY) {
    if (y == small) return CryptoReason::kSmallOrderKey;
  }
  return CheckOnEd25519(y);
}

}  // namespace detail
SETTLE_NAMESPACE_END

#endif  // SETTLE_CRYPTO_DETAIL_ED25519_POINT_H_
