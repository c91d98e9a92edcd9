// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// States of ledgers as they come from strangers: what is recovered is said again in the same bytes,
// and goes on and back as any ledger does.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/ledger/ledger_state.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_ledger.h"

namespace settle::test {
namespace {

int FuzzLedgerState(const std::uint8_t* data, std::size_t size) {
  LedgerState state;
  bool violated = false;
  const bool decoded = RecordDecodesCanonically(InputOf(data, size), state, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  Result<TestLedger> ledger = TestLedger::Recover(state, KnownOptions());
  if (!ledger.ok()) return 0;
  if (!(ledger->State() == state)) return 2;
  if (!Imbalances(*ledger).empty()) return 3;

  const Fingerprint before = ledger->fingerprint();
  const Mark mark = *ledger->Begin();
  std::vector<Transaction> transactions = KnownTransactions();
  for (Transaction& transaction : transactions) {
    transaction.header.valid_until = Timestamp(state.now.value() + 20);
  }
  (void)ApplyBatch(*ledger, transactions);
  if (!IsSound(*ledger)) return 4;
  for (const std::uint64_t later : {std::uint64_t{15}, std::uint64_t{1000}}) {
    if (state.now.value() > kMax<std::uint64_t> - later) continue;
    if (!ledger->Advance(state.height, Timestamp(state.now.value() + later)).ok()) return 5;
    if (!IsSound(*ledger)) return 6;
  }
  if (!ledger->RevertTo(mark).ok() || ledger->fingerprint() != before) return 7;
  return 0;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds = {EncodeRecord(KnownLedger().ledger.State()),
                                               EncodeRecord(LedgerState())};
  TestLedger ledger = KnownLedger().ledger;
  for (const std::uint64_t now : {std::uint64_t{1049}, std::uint64_t{1050}, std::uint64_t{1075}}) {
    (void)ledger.Advance(Height(now), Timestamp(now));
    seeds.push_back(EncodeRecord(ledger.State()));
  }
  return seeds;
}

const FuzzTarget kTarget("LedgerState", FuzzLedgerState, Seeds);

}  // namespace
}  // namespace settle::test
