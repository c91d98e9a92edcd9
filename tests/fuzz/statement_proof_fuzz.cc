// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Statements of accounts: whatever is accepted has every page of the period and no other.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/engine/statement_proof.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_chain.h"

namespace settle::test {
namespace {

int FuzzStatementProof(const std::uint8_t* data, std::size_t size) {
  StatementProof<> proof;
  bool violated = false;
  const bool decoded = RecordDecodesCanonically(InputOf(data, size), proof, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const KnownChain& chain = KnownChain::Get();
  const Domain& domain = chain.domain();
  const auto shown =
      VerifyStatement(chain.set(), domain.network, domain.group, domain.epoch, proof);
  if (shown.ok() != chain.IsTrue(proof)) return 2;
  if (!shown.ok()) return 0;
  return (*shown)->pages == proof.pages ? 0 : 3;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (const auto& proof : KnownChain::Get().Statements()) seeds.push_back(EncodeRecord(proof));
  return seeds;
}

const FuzzTarget kTarget("StatementProof", FuzzStatementProof, Seeds);

}  // namespace
}  // namespace settle::test
