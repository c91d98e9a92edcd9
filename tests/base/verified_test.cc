// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/base/verified.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "settle/base/codec.h"

namespace settle {

struct VerifiedClaim {
  std::uint32_t number = 0;
  using Fields = Members<&VerifiedClaim::number>;
};

// Evidence that says of itself whether it is genuine.
struct VerifiedToken {
  VerifiedClaim claim;
  ValidatorSetId set;
  bool genuine = false;
};

namespace {

struct TokenVerifier {
  Result<Proven<VerifiedClaim>> Verify(const VerifiedToken& token) const {
    ++*calls;
    if (!token.genuine) return BaseReason::kOutOfRange;
    return Proven<VerifiedClaim>{
        token.claim, {token.set, *Digest::From(std::vector<std::byte>(32, std::byte{7}))}};
  }
  int* calls;
};

using Claim = Verified<VerifiedClaim>;

// A verifier of other evidence, and one that answers with a bare value.
struct OtherVerifier {
  Result<Proven<int>> Verify(const VerifiedToken&) { return Proven<int>{1, {}}; }
};
struct BareVerifier {
  Result<VerifiedClaim> Verify(const VerifiedToken&) { return VerifiedClaim{}; }
};

template <typename V, typename Evidence>
concept Verifies = requires(V& verifier, const Evidence& evidence) {
  Claim::By(verifier, evidence);
};

TEST(Verified, ComesOutOfAVerificationWithItsBinding) {
  int calls = 0;
  const VerifiedToken token{{5}, ValidatorSetId::FromNumber(9), true};
  const Result<Claim> claim = Claim::By(TokenVerifier{&calls}, token);
  ASSERT_TRUE(claim.ok());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(claim->value(), (VerifiedClaim{5}));
  EXPECT_EQ((*claim)->number, 5u);
  EXPECT_EQ((**claim).number, 5u);
  EXPECT_EQ(claim->set_id(), ValidatorSetId::FromNumber(9));
  EXPECT_EQ(claim->statement_digest()[31], std::byte{7});
}

TEST(Verified, RefusalIsTheVerifiersOwn) {
  int calls = 0;
  const TokenVerifier verifier{&calls};
  const Result<Claim> claim = Claim::By(verifier, VerifiedToken{{5}, {}, false});
  EXPECT_EQ(claim.reason(), BaseReason::kOutOfRange);
  EXPECT_EQ(calls, 1);
}

TEST(Verified, CannotBeMadeUp) {
  static_assert(!std::is_default_constructible_v<Claim>);
  static_assert(!std::is_constructible_v<Claim, VerifiedClaim>);
  static_assert(!std::is_constructible_v<Claim, VerifiedClaim, Binding>);
  static_assert(!std::is_constructible_v<Claim, Proven<VerifiedClaim>>);
  static_assert(!std::is_constructible_v<Claim, Verified<int>>);
  static_assert(!std::is_aggregate_v<Claim>);
  static_assert(!std::is_convertible_v<VerifiedClaim, Claim>);
}

TEST(Verified, OnlyAVerifierOfThatClaimMakesIt) {
  static_assert(Verifies<TokenVerifier, VerifiedToken>);
  static_assert(Verifies<const TokenVerifier, VerifiedToken>);
  static_assert(!Verifies<TokenVerifier, VerifiedClaim>);
  static_assert(!Verifies<OtherVerifier, VerifiedToken>);
  static_assert(!Verifies<BareVerifier, VerifiedToken>);
  static_assert(!Verifies<int, VerifiedToken>);
}

TEST(Verified, CannotBeChangedOnceMade) {
  static_assert(!std::is_assignable_v<Claim&, Claim>);
  static_assert(!std::is_assignable_v<Claim&, const Claim&>);
  static_assert(std::is_same_v<decltype(std::declval<Claim&>().value()), const VerifiedClaim&>);
  static_assert(std::is_same_v<decltype(*std::declval<Claim&>()), const VerifiedClaim&>);
}

TEST(Verified, CopiesAndMovesAreCopies) {
  int calls = 0;
  Result<Claim> made = Claim::By(TokenVerifier{&calls}, VerifiedToken{{5}, {}, true});
  ASSERT_TRUE(made.ok());
  const Claim copy = *made;
  const Claim moved = *std::move(made);
  EXPECT_EQ(copy->number, 5u);
  EXPECT_EQ(moved->number, 5u);
  EXPECT_EQ((*made)->number, 5u);
  std::vector<Claim> claims(3, copy);
  claims.push_back(copy);
  EXPECT_EQ(claims.back()->number, 5u);
  EXPECT_EQ(calls, 1);
}

TEST(Verified, HasNoEncoding) {
  static_assert(!HasFields<Claim>);
  static_assert(HasFields<Binding>);
  // In a list of members it does not compile: tests/compile/encode_verified.cc.
}

}  // namespace
}  // namespace settle
