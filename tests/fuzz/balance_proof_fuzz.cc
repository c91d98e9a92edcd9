// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What an account has after a block: whatever is accepted is what the engine itself proves of it.

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "settle/engine/balance_proof.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_chain.h"

namespace settle::test {
namespace {

int FuzzBalanceProof(const std::uint8_t* data, std::size_t size) {
  BalanceProof<> proof;
  bool violated = false;
  const bool decoded = RecordDecodesCanonically(InputOf(data, size), proof, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const KnownChain& chain = KnownChain::Get();
  const Domain& domain = chain.domain();
  const auto shown = VerifyBalance(chain.set(), domain.network, domain.group, domain.epoch, proof);
  if (shown.ok() != chain.IsTrue(proof)) return 2;
  if (!shown.ok()) return 0;
  const bool opened = std::holds_alternative<OpenedAccount>(proof.account.found);
  return (*shown)->account == proof.account.account && (*shown)->opened == opened ? 0 : 3;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (const auto& proof : KnownChain::Get().Balances()) seeds.push_back(EncodeRecord(proof));
  return seeds;
}

const FuzzTarget kTarget("BalanceProof", FuzzBalanceProof, Seeds);

}  // namespace
}  // namespace settle::test
