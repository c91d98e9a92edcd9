// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Commitments to a ledger, and histories of its accounts, as they come from strangers: to the true
// commitment only the true histories lead.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/ledger/state_commitment.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_ledger.h"

namespace settle::test {
namespace {

struct Claim {
  StateCommitment head{};
  Bounded<Digest, 64> histories{};
  using Fields = Members<&Claim::head, &Claim::histories>;
};

// The truth, but for the authority, of which the commitment says nothing.
const Claim& Truth() {
  static const Claim truth = [] {
    const CommittedLedger& known = KnownLedger();
    Claim made{.head = known.commitment.Head(Digest()), .histories = {}};
    known.ledger.ForEachAccount([&](const AccountState& account) {
      (void)made.histories.Add(known.commitment.accounts().Find(account.key)->history);
    });
    return made;
  }();
  return truth;
}

// How many updates there were, nothing but the head says.
bool SameContent(const StateHead& a, const StateHead& b) {
  return a.size == b.size && a.root == b.root;
}
bool SameContent(const StateCommitment& a, const StateCommitment& b) {
  return SameContent(a.accounts, b.accounts) && SameContent(a.holds, b.holds) &&
         SameContent(a.ids, b.ids);
}

int FuzzStateCommitment(const std::uint8_t* data, std::size_t size) {
  const ByteView input = InputOf(data, size);
  StateCommitment record;
  Claim claim;
  bool violated = false;
  (void)RecordDecodesCanonically(input, record, violated);
  const bool decoded = DecodesCanonically(input, claim, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  LedgerCommitment<> commitment;
  const StateCommitment before = commitment.Head(claim.head.authority);
  const bool accepted =
      commitment
          .Recover(KnownLedger().ledger, std::span(claim.histories.data(), claim.histories.size()),
                   claim.head)
          .ok();
  // A commitment to other histories is a sound one, if not of this ledger: who calls knows which
  // is.
  const bool same_head = SameContent(claim.head, Truth().head);
  const bool same_histories = claim.histories == Truth().histories;
  if (accepted && same_head != same_histories) return 2;
  if (!accepted && same_head && same_histories) return 3;
  return commitment.Head(claim.head.authority) == (accepted ? claim.head : before) ? 0 : 4;
}

std::vector<std::vector<std::byte>> Seeds() {
  return {Encode(Truth()), EncodeRecord(Truth().head)};
}

const FuzzTarget kTarget("StateCommitment", FuzzStateCommitment, Seeds);

}  // namespace
}  // namespace settle::test
