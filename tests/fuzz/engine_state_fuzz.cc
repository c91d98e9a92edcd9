// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Frozen engines as they come from a stranger: what is recovered is what a quorum made final, and a
// refusal changes nothing.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/fingerprint.h"
#include "settle/engine/engine_state.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_chain.h"

namespace settle::test {
namespace {

const EngineState& KnownState() {
  static const EngineState state = *KnownChain::Get().engine().Freeze(ReceiptsKept::kAll);
  return state;
}

int FuzzEngineState(const std::uint8_t* data, std::size_t size) {
  const ByteView input = InputOf(data, size);
  EngineState state;
  bool violated = false;
  const bool decoded = RecordDecodesCanonically(input, state, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  static const Verified<VoteStatement> commit = KnownChain::Get().Commit();
  static const TestEngine empty = KnownChain::Get().EmptyEngine();
  TestEngine engine = empty;
  if (!engine.Recover(state, commit).ok()) {
    const bool unchanged = engine.latest_header() == nullptr &&
                           engine.ledger().fingerprint() == empty.ledger().fingerprint() &&
                           FingerprintOf(engine.authority()) == FingerprintOf(empty.authority());
    return unchanged ? 0 : 2;
  }
  // All but how many receipts are kept is what the header says.
  const EngineState& known = KnownState();
  if (engine.final_digest() != KnownChain::Get().engine().final_digest()) return 3;
  if (!(state.header == known.header && state.state == known.state)) return 4;
  if (!(state.ledger == known.ledger && state.histories == known.histories)) return 5;
  if (!(state.authority == known.authority)) return 6;
  return EncodeRecord(*engine.Freeze(ReceiptsKept::kAll)) ==
                 std::vector<std::byte>(input.begin(), input.end())
             ? 0
             : 7;
}

std::vector<std::vector<std::byte>> Seeds() {
  return {EncodeRecord(KnownState()),
          EncodeRecord(*KnownChain::Get().engine().Freeze(ReceiptsKept::kFrontier))};
}

const FuzzTarget kTarget("EngineState", FuzzEngineState, Seeds);

}  // namespace
}  // namespace settle::test
