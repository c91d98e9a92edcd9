// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/crypto/ed25519.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <atomic>
#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/crypto/reason.h"
#include "tests/crypto/hex.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

using test::FromHex;

// RFC 8032 section 7.1, TEST 3.
struct Known {
  std::vector<std::byte> key =
      FromHex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  std::vector<std::byte> message = FromHex("af82");
  std::vector<std::byte> signature = FromHex(
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
};

Reason ReasonOfKey(ByteView bytes) { return Ed25519::PublicKey::From(bytes).reason(); }

bool Verifies(ByteView key, ByteView message, ByteView signature) {
  const Result<Ed25519::PublicKey> parsed = Ed25519::PublicKey::From(key);
  const auto bytes = Ed25519::Signature::From(signature);
  return parsed.ok() && bytes && Ed25519::Verify(*parsed, message, *bytes);
}

// y as 32 bytes, the lowest first: a small number, or one counted down from 2^255 - 19.
std::array<std::byte, 32> Y(unsigned y) {
  std::array<std::byte, 32> bytes{};
  bytes[0] = static_cast<std::byte>(y);
  return bytes;
}
std::array<std::byte, 32> PrimePlus(int offset) {
  std::array<std::byte, 32> bytes;
  bytes.fill(std::byte{0xff});
  bytes[0] = static_cast<std::byte>(0xed + offset);
  bytes[31] = std::byte{0x7f};
  return bytes;
}
std::array<std::byte, 32> WithSign(std::array<std::byte, 32> bytes) {
  bytes[31] |= std::byte{0x80};
  return bytes;
}

TEST(Ed25519Key, IsMadeOfThirtyTwoBytesOnly) {
  const Known known;
  const std::vector<std::byte> longer = FromHex(ToHex(known.key) + ToHex(known.key));
  for (std::size_t size = 0; size <= longer.size(); ++size) {
    const ByteView bytes = ByteView(longer).first(size);
    EXPECT_EQ(ReasonOfKey(bytes), size == 32 ? CryptoReason::kOk : CryptoReason::kWrongLength)
        << size;
  }
}

// There are 19 numbers from p to 2^255 - 1, with either sign: each is a second encoding.
TEST(Ed25519Key, RefusesEveryCoordinateThatIsNotReduced) {
  for (int offset = 0; offset < 19; ++offset) {
    EXPECT_EQ(ReasonOfKey(PrimePlus(offset)), CryptoReason::kNotCanonicalKey) << offset;
    EXPECT_EQ(ReasonOfKey(WithSign(PrimePlus(offset))), CryptoReason::kNotCanonicalKey) << offset;
  }
  // p - 1 is the point of order 2; p - 2 is reduced, and no point.
  EXPECT_EQ(ReasonOfKey(PrimePlus(-1)), CryptoReason::kSmallOrderKey);
  EXPECT_EQ(ReasonOfKey(WithSign(PrimePlus(-1))), CryptoReason::kSmallOrderKey);
  EXPECT_EQ(ReasonOfKey(PrimePlus(-2)), CryptoReason::kNotAPoint);
}

TEST(Ed25519Key, RefusesSmallOrderWhateverTheSign) {
  for (const unsigned y : {0u, 1u}) {
    EXPECT_EQ(ReasonOfKey(Y(y)), CryptoReason::kSmallOrderKey) << y;
    EXPECT_EQ(ReasonOfKey(WithSign(Y(y))), CryptoReason::kSmallOrderKey) << y;
  }
}

TEST(Ed25519Key, GivesTheFirstReasonThatApplies) {
  // p + 1 is both a second encoding and of small order; 31 bytes of it are neither.
  EXPECT_EQ(ReasonOfKey(PrimePlus(1)), CryptoReason::kNotCanonicalKey);
  EXPECT_EQ(ReasonOfKey(ByteView(PrimePlus(1)).first(31)), CryptoReason::kWrongLength);
}

// The y from 2 to 39 that are points, computed from the equation of RFC 8032 section 5.1 with
// Python's integers.
TEST(Ed25519Key, RefusesWhatIsNoPoint) {
  const std::set<unsigned> points = {3,  4,  5,  6,  9,  10, 14, 15, 16, 18, 19, 21, 23,
                                     24, 25, 26, 27, 28, 29, 30, 32, 33, 35, 37, 39};
  for (unsigned y = 2; y < 40; ++y) {
    const Reason expected = points.contains(y) ? CryptoReason::kOk : CryptoReason::kNotAPoint;
    EXPECT_EQ(ReasonOfKey(Y(y)), expected) << y;
    EXPECT_EQ(ReasonOfKey(WithSign(Y(y))), expected) << y;
  }
}

// Euler's criterion, (u v)^((p - 1) / 2), decides what the Kronecker symbol does.
bool IsPointByEuler(ByteView key) {
  const detail::UniqueNumberContext context(BN_CTX_new());
  const auto number = [](const char* hex) {
    BIGNUM* parsed = nullptr;
    EXPECT_NE(BN_hex2bn(&parsed, hex), 0);
    return detail::UniqueNumber(parsed);
  };
  const auto p = number("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED");
  const auto d = number("52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3");
  const auto half = number("3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6");
  std::array<std::byte, 32> y_bytes;
  for (std::size_t i = 0; i < 32; ++i) y_bytes[i] = key[i];
  y_bytes[31] &= std::byte{0x7f};
  const detail::UniqueNumber y(BN_lebin2bn(detail::Raw(y_bytes.data()), 32, nullptr));
  const detail::UniqueNumber v(BN_new());
  const detail::UniqueNumber power(BN_new());
  BN_mod_sqr(y.get(), y.get(), p.get(), context.get());
  BN_mod_mul(v.get(), y.get(), d.get(), p.get(), context.get());
  BN_add_word(v.get(), 1);
  BN_sub_word(y.get(), 1);
  BN_mod_mul(y.get(), y.get(), v.get(), p.get(), context.get());
  BN_mod_exp(power.get(), y.get(), half.get(), p.get(), context.get());
  return BN_is_one(power.get()) == 1 || BN_is_zero(power.get()) == 1;
}

TEST(Ed25519Key, AgreesWithEulersCriterionOnRandomBytes) {
  test::Random random;
  int points = 0;
  for (int i = 0; i < 400; ++i) {
    const std::vector<std::byte> bytes = random.Bytes(32);
    const bool point = IsPointByEuler(bytes);
    points += point ? 1 : 0;
    ASSERT_EQ(ReasonOfKey(bytes), point ? CryptoReason::kOk : CryptoReason::kNotAPoint)
        << ToHex(bytes);
  }
  EXPECT_GT(points, 140);  // about half of all numbers are points
  EXPECT_LT(points, 260);
}

// What OpenSSL would do with a key that is no point: import it, and verify nothing. So the check
// protects against dead keys, and its absence would not make a forgery.
TEST(Ed25519Key, OpensslItselfVerifiesNothingUnderWhatIsNoPoint) {
  const std::array<std::byte, 32> key = PrimePlus(-2);
  const detail::UniqueKey imported(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, detail::Raw(key.data()), 32));
  ASSERT_TRUE(imported);
  const Known known;
  const detail::UniqueDigestContext context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, imported.get()), 1);
  EXPECT_NE(EVP_DigestVerify(context.get(), detail::Raw(known.signature.data()), 64,
                             detail::Raw(known.message.data()), known.message.size()),
            1);
  ERR_clear_error();
}

TEST(Ed25519Key, IsComparedByItsBytes) {
  const Known known;
  const auto a = *Ed25519::PublicKey::From(known.key);
  const auto again = *Ed25519::PublicKey::From(known.key);
  const auto other = *Ed25519::PublicKey::From(
      FromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  EXPECT_EQ(a, again);
  EXPECT_NE(a, other);
  EXPECT_GT(a, other);
  EXPECT_EQ(a <=> other, a.bytes() <=> other.bytes());
  EXPECT_EQ(ToHex(a.bytes().view()), ToHex(known.key));
}

TEST(Ed25519Key, WhatWasMovedFromStillVerifies) {
  const Known known;
  auto key = *Ed25519::PublicKey::From(known.key);
  const auto moved = std::move(key);
  auto assigned = *Ed25519::PublicKey::From(
      FromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  assigned = std::move(key);
  const auto signature = *Ed25519::Signature::From(known.signature);
  for (const Ed25519::PublicKey* each : {&std::as_const(key), &moved, &std::as_const(assigned)}) {
    EXPECT_TRUE(Ed25519::Verify(*each, known.message, signature));
  }
}

static_assert(!std::is_default_constructible_v<Ed25519::PublicKey>);
static_assert(!std::is_constructible_v<Ed25519::PublicKey, Ed25519::KeyBytes>);

// CASES Q23.
TEST(Ed25519, RefusesEverySingleFlippedBit) {
  const Known known;
  ASSERT_TRUE(Verifies(known.key, known.message, known.signature));
  const auto flip_each = [](std::vector<std::byte> bytes, auto verifies) {
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      EXPECT_FALSE(verifies(bytes)) << bit;
      bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    }
  };
  flip_each(known.key, [&](ByteView key) { return Verifies(key, known.message, known.signature); });
  flip_each(known.message,
            [&](ByteView message) { return Verifies(known.key, message, known.signature); });
  flip_each(known.signature,
            [&](ByteView signature) { return Verifies(known.key, known.message, signature); });
}

TEST(Ed25519, RefusesAMessageThatIsCutOrLonger) {
  const Known known;
  EXPECT_FALSE(Verifies(known.key, {}, known.signature));
  EXPECT_FALSE(Verifies(known.key, FromHex("af"), known.signature));
  EXPECT_FALSE(Verifies(known.key, FromHex("af8200"), known.signature));
}

TEST(Ed25519, RefusesSignaturesOfAnotherLength) {
  const Known known;
  const std::vector<std::byte> longer = FromHex(ToHex(known.signature) + "00");
  for (std::size_t size = 0; size <= longer.size(); ++size) {
    EXPECT_EQ(Verifies(known.key, known.message, ByteView(longer).first(size)), size == 64) << size;
  }
}

// Adding L, the order of the base point, to S would give a second signature of the same message.
TEST(Ed25519, RefusesAScalarThatIsNotReduced) {
  const Known known;
  const detail::UniqueNumber order([] {
    BIGNUM* parsed = nullptr;
    EXPECT_NE(
        BN_hex2bn(&parsed, "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED"), 0);
    return parsed;
  }());
  const detail::UniqueNumber s(BN_lebin2bn(detail::Raw(known.signature.data() + 32), 32, nullptr));
  // All of S + L to S + 15 L: the sum fits 32 bytes.
  for (int times = 1; times < 16; ++times) {
    ASSERT_EQ(BN_add(s.get(), s.get(), order.get()), 1);
    std::vector<std::byte> signature = known.signature;
    ASSERT_EQ(BN_bn2lebinpad(s.get(), detail::Raw(signature.data() + 32), 32), 32) << times;
    EXPECT_FALSE(Verifies(known.key, known.message, signature)) << times;
  }
}

TEST(Ed25519, LeavesTheErrorQueueAsItWas) {
  const Known known;
  std::vector<std::byte> bad_signature = known.signature;
  bad_signature[63] = std::byte{0xff};  // S >= L
  for (const int errors : {0, 1, 2}) {
    ERR_clear_error();
    for (int i = 0; i < errors; ++i) ERR_raise(ERR_LIB_USER, 100 + i);
    EXPECT_TRUE(Verifies(known.key, known.message, known.signature));
    EXPECT_FALSE(Verifies(known.key, known.message, bad_signature));
    EXPECT_FALSE(Verifies(PrimePlus(-2), known.message, known.signature));
    EXPECT_FALSE(Verifies(Y(1), known.message, known.signature));
    for (int i = 0; i < errors; ++i) EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), 100 + i);
    EXPECT_EQ(ERR_get_error(), 0u);
  }
}

// A default property query that nothing satisfies: OpenSSL offers no Ed25519 any more, and to a
// key made before no SHA-512.
TEST(Ed25519, RefusesWhenOpensslOffersNoSuchAlgorithm) {
  const Known known;
  const auto key = *Ed25519::PublicKey::From(known.key);
  const auto signature = *Ed25519::Signature::From(known.signature);
  ERR_clear_error();
  ASSERT_EQ(EVP_set_default_properties(nullptr, "settle.absent=yes"), 1);
  const bool verified = Ed25519::Verify(key, known.message, signature);
  const unsigned long error_of_verify = ERR_peek_error();
  const Reason good = ReasonOfKey(known.key);
  const Reason small = ReasonOfKey(Y(1));
  const unsigned long error_of_key = ERR_peek_error();
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  EXPECT_FALSE(verified);
  EXPECT_EQ(error_of_verify, 0u);
  EXPECT_EQ(good, CryptoReason::kLibraryFailure);
  EXPECT_EQ(small, CryptoReason::kSmallOrderKey);  // comes first
  EXPECT_EQ(error_of_key, 0u);
  EXPECT_TRUE(Ed25519::Verify(key, known.message, signature));
}

TEST(Ed25519, VerifyDoesNotAllocate) {
  const Known known;
  const auto key = *Ed25519::PublicKey::From(known.key);
  const auto signature = *Ed25519::Signature::From(known.signature);
  const test::AllocationCounter counter;
  const Ed25519::PublicKey copy = key;
  const bool good = Ed25519::Verify(copy, known.message, signature);
  const std::size_t calls = counter.calls();
  EXPECT_EQ(calls, 0u);
  EXPECT_TRUE(good);
}

// One parsed key, many threads, good and bad signatures mixed.
TEST(Ed25519, VerifiesUnderOneKeyInManyThreads) {
  const Known known;
  const auto key = *Ed25519::PublicKey::From(known.key);
  const auto good = *Ed25519::Signature::From(known.signature);
  auto bad = good;
  bad.data()[0] ^= std::byte{1};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, copy = key] {
      for (int round = 0; round < 50; ++round) {
        if (!Ed25519::Verify(key, known.message, good)) ++wrong;
        if (Ed25519::Verify(copy, known.message, bad)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace settle
