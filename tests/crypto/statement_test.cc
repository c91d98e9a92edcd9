// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/crypto/statement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/kinds.h"
#include "settle/base/text.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/sha256_evp.h"
#include "tests/crypto/hex.h"
#include "tests/support/allocations.h"
#include "tests/support/random.h"

namespace settle {
namespace {

// A statement of fixed size with one kind.
struct Final {
  Height height;
  Digest header;
  static constexpr Kind SignedKind() { return Kind::kCommit; }
  using Fields = Members<&Final::height, &Final::header>;
};

// The same fields under any kind.
struct Any {
  Kind kind = Kind::kProposal;
  Height height;
  Digest header;
  [[nodiscard]] Kind SignedKind() const { return kind; }
  using Fields = Members<&Any::kind, &Any::height, &Any::header>;
};

// A statement whose size differs from value to value.
struct Batch {
  Bounded<std::uint16_t, 100> items;
  static constexpr Kind SignedKind() { return Kind::kStatementRoot; }
  using Fields = Members<&Batch::items>;
};

template <typename F>
F Filled(std::uint8_t byte) {
  F value;
  for (std::size_t i = 0; i < F::kSize; ++i) value.data()[i] = std::byte{byte};
  return value;
}

Domain SomeDomain() {
  return {.network = Filled<NetworkId>(0x11),
          .group = GroupId(0x01020304u),
          .epoch = Epoch(std::uint64_t{0x05060708090a0b0c}),
          .set = Filled<ValidatorSetId>(0x22)};
}

Final SomeFinal() {
  return {.height = Height(std::uint64_t{0x0d0e0f1011121314}), .header = Filled<Digest>(0x33)};
}

std::string HexOf(ByteView bytes) { return ToHex(bytes); }

// Written out from the table in the header, by hand: integers have their lowest byte first.
const std::string kGoldenHead =
    "736574746c652f31"                                                  // "settle/1"
    "02000000"                                                          // kind: commit
    "1111111111111111111111111111111111111111111111111111111111111111"  // network
    "04030201"                                                          // group
    "0c0b0a0908070605"                                                  // epoch
    "2222222222222222222222222222222222222222222222222222222222222222"  // validator set
    ;

TEST(Statement, SignedBytesAreTheGoldenOnes) {
  EXPECT_EQ(HexOf(BytesToSign(SomeDomain(), SomeFinal()).view()),
            kGoldenHead +
                "14131211100f0e0d"  // height
                "3333333333333333333333333333333333333333333333333333333333333333");
}

TEST(Statement, SignedBytesOfAStatementOfVaryingSizeAreTheGoldenOnes) {
  Batch batch;
  ASSERT_TRUE(batch.items.Add(0x0102) && batch.items.Add(0x0304));
  std::string head = kGoldenHead;
  head.replace(16, 8, "03000000");  // kind: statement root
  EXPECT_EQ(HexOf(BytesToSign(SomeDomain(), batch).view()), head +
                                                                "02000000"
                                                                "0201"
                                                                "0403");
  EXPECT_EQ(HexOf(BytesToSign(SomeDomain(), Batch()).view()), head + "00000000");
}

TEST(Statement, DigestIsTheHashOfTheSignedBytes) {
  const StatementBytes<Final> bytes = BytesToSign(SomeDomain(), SomeFinal());
  const Digest digest = StatementDigest(Sha256(), SomeDomain(), SomeFinal());
  EXPECT_EQ(digest, Sha256().Hash(bytes.view()));
  EXPECT_EQ(digest, StatementDigest(Sha256Evp(), SomeDomain(), SomeFinal()));
  EXPECT_EQ(ToHex(digest.view()),
            "90523903681160abad3adbc4ff4f93b4dc0b289a8d3e1b4369f4d5a0a0e46730");
}

// CASES Q21: no signature is worth anything in another domain, or for another statement.
TEST(Statement, EachPartOfDomainAndStatementChangesTheBytes) {
  std::set<std::string> seen = {HexOf(BytesToSign(SomeDomain(), SomeFinal()).view())};
  const auto expect_new = [&seen](const Domain& domain, const Final& statement) {
    EXPECT_TRUE(seen.insert(HexOf(BytesToSign(domain, statement).view())).second);
  };
  for (std::size_t i = 0; i < 32; ++i) {
    Domain domain = SomeDomain();
    domain.network.data()[i] ^= std::byte{1};
    expect_new(domain, SomeFinal());
    domain = SomeDomain();
    domain.set.data()[i] ^= std::byte{1};
    expect_new(domain, SomeFinal());
    Final statement = SomeFinal();
    statement.header.data()[i] ^= std::byte{1};
    expect_new(SomeDomain(), statement);
  }
  for (int bit = 0; bit < 64; ++bit) {
    Domain domain = SomeDomain();
    domain.epoch = Epoch(domain.epoch.value() ^ (std::uint64_t{1} << bit));
    expect_new(domain, SomeFinal());
    Final statement = SomeFinal();
    statement.height = Height(statement.height.value() ^ (std::uint64_t{1} << bit));
    expect_new(SomeDomain(), statement);
  }
  for (int bit = 0; bit < 32; ++bit) {
    Domain domain = SomeDomain();
    domain.group = GroupId(domain.group.value() ^ (std::uint32_t{1} << bit));
    expect_new(domain, SomeFinal());
  }
  EXPECT_EQ(seen.size(), 1u + 3 * 32 + 2 * 64 + 32);
}

// CASES Q21, Q22: a prepare is no commit, and nothing that is signed is something that is stored.
TEST(Statement, NoTwoKindsShareBytes) {
  std::set<std::string> seen;
  std::size_t kinds = 0;
  for (const KindEntry& entry : kKinds) {
    if (!IsSignedKind(entry.kind)) continue;
    ++kinds;
    Any statement;
    statement.kind = entry.kind;
    const StatementBytes<Any> bytes = BytesToSign(SomeDomain(), statement);
    EXPECT_EQ(bytes.kind(), entry.kind);
    // The kind stands at one place in every statement, so bytes of two kinds differ there whatever
    // their fields are, and neither begins with the other.
    const std::string hex = HexOf(bytes.view());
    EXPECT_TRUE(seen.insert(hex.substr(0, 24)).second) << entry.name;
    EXPECT_EQ(hex.substr(0, 16), "736574746c652f31");
  }
  EXPECT_GE(kinds, 6u);
  EXPECT_EQ(seen.size(), kinds);
}

TEST(Statement, SignedBytesAreNoRecord) {
  // A record's first four bytes are its kind; those of the tag name none.
  Kind kind{};
  const StatementBytes<Final> bytes = BytesToSign(SomeDomain(), SomeFinal());
  EXPECT_EQ(DecodeInto(bytes.view().first(4), kind).reason, BaseReason::kUnknownEnumerator);
  for (const KindEntry& entry : kKinds) {
    EXPECT_NE(static_cast<std::uint32_t>(entry.kind), 0x74746573u) << entry.name;
  }
}

TEST(Statement, FixedSizeNeedsNoAllocationAndAnotherOne) {
  const Domain domain = SomeDomain();
  const Final statement = SomeFinal();
  Batch batch;
  for (std::uint16_t i = 0; i < 100; ++i) ASSERT_TRUE(batch.items.Add(i));
  std::size_t sum = 0;

  const test::AllocationCounter fixed;
  sum += BytesToSign(domain, statement).view().size();
  sum += std::to_integer<std::size_t>(StatementDigest(Sha256(), domain, statement)[0]);
  const std::size_t fixed_calls = fixed.calls();

  const test::AllocationCounter varying;
  sum += BytesToSign(domain, batch).view().size();
  const std::size_t varying_calls = varying.calls();
  const std::size_t varying_bytes = varying.bytes();

  EXPECT_EQ(fixed_calls, 0u);
  EXPECT_EQ(varying_calls, 1u);
  EXPECT_EQ(varying_bytes, 88u + 4 + 200);
  EXPECT_GT(sum, 0u);
}

TEST(Statement, ViewShowsTheBytesAndTheKind) {
  const StatementBytes<Final> bytes = BytesToSign(SomeDomain(), SomeFinal());
  const StatementView view = bytes;
  EXPECT_EQ(view.view().data(), bytes.view().data());
  EXPECT_EQ(view.view().size(), bytes.view().size());
  EXPECT_EQ(view.kind(), Kind::kCommit);
}

TEST(Statement, DomainEncodesAsItStandsInSignedBytes) {
  const auto encoded = EncodeFixed(SomeDomain());
  const StatementBytes<Final> bytes = BytesToSign(SomeDomain(), SomeFinal());
  EXPECT_TRUE(std::ranges::equal(encoded, bytes.view().subspan(12, 76)));
  Domain copy;
  ASSERT_TRUE(DecodeInto(encoded, copy).ok());
  EXPECT_EQ(copy, SomeDomain());
}

// Bytes to sign come out of BytesToSign and nowhere else.
using FinalBytes = StatementBytes<Final>;
static_assert(!std::is_default_constructible_v<FinalBytes>);
static_assert(!std::is_constructible_v<FinalBytes, ByteView>);
static_assert(!std::is_constructible_v<FinalBytes, std::array<std::byte, 128>>);
static_assert(!std::is_aggregate_v<FinalBytes>);
static_assert(!HasFields<FinalBytes>, "a codec would make bytes to sign out of any bytes");
static_assert(!std::is_default_constructible_v<StatementView>);
static_assert(!std::is_constructible_v<StatementView, ByteView>);
static_assert(!std::is_constructible_v<StatementView, ByteView, Kind>);
static_assert(!std::is_constructible_v<StatementView, std::vector<std::byte>>);
static_assert(std::is_convertible_v<const FinalBytes&, StatementView>);

// Not a statement: without members, without a kind, of another kind of kind.
struct NoFields {
  static constexpr Kind SignedKind() { return Kind::kCommit; }
};
struct NoKind {
  std::uint32_t a = 0;
  using Fields = Members<&NoKind::a>;
};
struct NumberForKind {
  std::uint32_t a = 0;
  static constexpr std::uint32_t SignedKind() { return 2; }
  using Fields = Members<&NumberForKind::a>;
};
static_assert(StatementType<Final> && StatementType<Any> && StatementType<Batch>);
static_assert(!StatementType<NoFields> && !StatementType<NoKind> && !StatementType<NumberForKind>);
static_assert(detail::HasOneKind<Final> && !detail::HasOneKind<Any>);

}  // namespace
}  // namespace settle
