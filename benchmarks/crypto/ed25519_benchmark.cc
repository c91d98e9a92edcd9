// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What verifying and signing cost beside OpenSSL's two calls on a kept key and context. Keys and
// messages change from call to call, as those of a certificate do.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/crypto/ed25519.h"
#include "settle/crypto/signer.h"
#include "settle/crypto/statement.h"

namespace settle::benchmarks {
namespace {

constexpr std::size_t kSigners = 16;

// As large as what a validator signs most often.
struct Statement {
  std::uint64_t height = 0;
  Digest digest;
  static constexpr Kind SignedKind() { return Kind::kCommit; }
  using Fields = Members<&Statement::height, &Statement::digest>;
};

// One signer as the library has it and as OpenSSL has it, with the same key and message.
struct Party {
  Ed25519Signer signer;
  Ed25519::Signature signature;
  StatementBytes<Statement> message;
  BareSign bare_sign;
  BareVerify bare_verify;
};

std::vector<Party> MakeParties() {
  std::vector<Party> parties;
  for (std::size_t i = 0; i < kSigners; ++i) {
    std::array<std::byte, 32> seed{};
    seed[0] = static_cast<std::byte>(i + 1);
    auto secret = Ed25519SecretKey::From(seed);
    auto signer = Ed25519Signer::From(*std::move(secret));
    const auto message = BytesToSign(Domain{}, Statement{i, Digest::FromNumber(i)});
    const auto signature = signer->Sign(message);
    BareSign bare_sign(seed);
    BareVerify bare_verify(bare_sign.PublicKey());
    parties.push_back(
        {*std::move(signer), *signature, message, std::move(bare_sign), std::move(bare_verify)});
  }
  return parties;
}

// Calls operation(party) for each party in turn.
template <typename Operation>
auto InTurn(std::vector<Party>& parties, Operation operation) {
  return [&parties, operation, next = std::size_t{0}]() mutable -> std::uint64_t {
    return operation(parties[next++ % kSigners]);
  };
}

void BM_Ed25519Verify(benchmark::State& state) {
  std::vector<Party> parties = MakeParties();
  RunPaired(state, {.bound = 1.02},
            InTurn(parties,
                   [](Party& party) -> std::uint64_t {
                     return Ed25519::Verify(party.signer.public_key(), party.message.view(),
                                            party.signature)
                                ? 1
                                : 0;
                   }),
            InTurn(parties, [](Party& party) {
              return party.bare_verify(party.message.view(), party.signature.bytes());
            }));
}
BENCHMARK(BM_Ed25519Verify)->Apply(Paired);

void BM_Ed25519Sign(benchmark::State& state) {
  std::vector<Party> parties = MakeParties();
  RunPaired(state, {},
            InTurn(parties,
                   [](Party& party) {
                     const auto signature = party.signer.Sign(party.message);
                     return signature.ok() ? FirstWord(signature->bytes()) : 0;
                   }),
            InTurn(parties, [](Party& party) {
              SignatureBytes signature;
              return party.bare_sign(party.message.view(), signature);
            }));
}
BENCHMARK(BM_Ed25519Sign)->Apply(Paired);

// Making a key of its bytes, in units of one verification.
void BM_Ed25519KeyFrom(benchmark::State& state) {
  std::vector<Party> parties = MakeParties();
  RunPaired(state, {.checksums = Checksums::kUnrelated},
            InTurn(parties,
                   [](Party& party) -> std::uint64_t {
                     const auto& bytes = party.signer.public_key().bytes();
                     return Ed25519::PublicKey::From(bytes).ok() ? 1 : 0;
                   }),
            InTurn(parties, [](Party& party) {
              return party.bare_verify(party.message.view(), party.signature.bytes());
            }));
}
BENCHMARK(BM_Ed25519KeyFrom)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
