// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A claim in what a header reports: whatever is accepted is counted and is the one proof of it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/engine/liability_proof.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_chain.h"

namespace settle::test {
namespace {

int FuzzLiabilityProof(const std::uint8_t* data, std::size_t size) {
  LiabilityProof<> proof;
  bool violated = false;
  const bool decoded = RecordDecodesCanonically(InputOf(data, size), proof, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const KnownChain& chain = KnownChain::Get();
  const Domain& domain = chain.domain();
  const auto shown =
      VerifyLiabilities(chain.set(), domain.network, domain.group, domain.epoch, proof);
  if (shown.ok() != chain.IsTrue(proof)) return 2;
  if (!shown.ok()) return 0;
  // Of a claim below zero nothing more is shown than that none is counted.
  Liability counted = proof.liability;
  counted.claim = (std::max)(Amount(), counted.claim);
  return (*shown)->liability == counted && (*shown)->head == proof.head ? 0 : 3;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (const auto& proof : KnownChain::Get().Liabilities()) seeds.push_back(EncodeRecord(proof));
  return seeds;
}

const FuzzTarget kTarget("LiabilityProof", FuzzLiabilityProof, Seeds);

}  // namespace
}  // namespace settle::test
