// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Settings of accounts as they come from strangers: what is decoded is what a ledger takes, but for
// closing what a settlement reserves, and it can be read off and taken back.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/reason.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_ledger.h"

namespace settle::test {
namespace {

using Several = Bounded<AccountSettings, 16>;

int FuzzAccountSettings(const std::uint8_t* data, std::size_t size) {
  Several several;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), several, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  TestLedger ledger = KnownLedger().ledger;
  const Fingerprint before = ledger.fingerprint();
  const Mark mark = *ledger.Begin();
  for (const AccountSettings& settings : several) {
    const Fingerprint now = ledger.fingerprint();
    const Reason reason = ledger.Configure(settings);
    if (!reason.ok()) {
      const bool held = settings.flags.Has(AccountFlag::kClosed) &&
                        ledger.PendingOf(settings.account) != Pending();
      if (!reason.Is(LedgerReason::kAccountHeld) || !held) return 2;
      if (ledger.fingerprint() != now) return 3;
    } else if (!(ledger.SettingsOf(settings.account) == settings)) {
      return 4;
    }
  }
  if (!IsSound(ledger)) return 5;
  (void)ApplyBatch(ledger, KnownTransactions());
  if (!IsSound(ledger)) return 6;
  return ledger.RevertTo(mark).ok() && ledger.fingerprint() == before ? 0 : 7;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  Several all;
  for (AccountSettings settings : KnownSettings()) {
    (void)all.Add(settings);
    for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{7}}) {
      settings.account.owner = OwnerOf(owner);
      Several one;
      (void)one.Add(settings);
      seeds.push_back(Encode(one));
    }
  }
  seeds.push_back(Encode(all));
  return seeds;
}

const FuzzTarget kTarget("AccountSettings", FuzzAccountSettings, Seeds);

}  // namespace
}  // namespace settle::test
