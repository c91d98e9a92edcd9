// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/durable_ledger/check.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "settle/base/integer.h"
#include "settle/base/text.h"

namespace settle::example {
namespace {

absl::Status CheckSums(const PaymentLedger& ledger) {
  std::map<std::uint32_t, Int128> sums;
  ledger.ForEachAccount([&sums](const AccountState& account) {
    sums[account.key.asset.value()] += account.balance.value();
  });
  for (const auto& [asset, sum] : sums) {
    if (sum == 0) continue;
    return absl::DataLossError(
        absl::StrCat("asset ", asset, " sums to ", ToString(Amount(sum)), ", not to 0"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Checked> Check(const Files& files) {
  const absl::StatusOr<Layout> layout = ReadLayout(files);
  if (!layout.ok()) return layout.status();
  absl::StatusOr<Recovered> newest = Recover(files);
  if (!newest.ok()) return newest.status();
  if (absl::Status status = CheckSums(newest->machine.ledger()); !status.ok()) return status;
  Checked checked{.recovered = *std::move(newest), .fingerprint = {}, .from = {}};
  checked.fingerprint = checked.recovered.machine.ledger().fingerprint();

  // What is older than two snapshots was removed, or a power loss brought some of it back.
  std::vector<JournalSequence> others = layout->snapshots;
  if (others.size() < 2) others.push_back(JournalSequence());
  others.resize(std::min<std::size_t>(others.size(), 2));
  for (const JournalSequence from : others) {
    if (from >= checked.recovered.snapshot) continue;
    const absl::StatusOr<Recovered> other = Recover(files, from);
    if (!other.ok()) return other.status();
    if (other->machine.ledger().fingerprint() != checked.fingerprint ||
        other->position != checked.recovered.position) {
      return absl::DataLossError(absl::StrCat(SnapshotName(checked.recovered.snapshot), " and ",
                                              SnapshotName(from), " lead to different ledgers"));
    }
    checked.from.push_back(from);
  }
  return checked;
}

absl::StatusOr<DiskUse> MeasureDisk(const Files& files) {
  const absl::StatusOr<std::vector<std::string>> names = files.List();
  if (!names.ok()) return names.status();
  DiskUse use;
  for (const std::string& name : *names) {
    const absl::StatusOr<Bytes> bytes = files.Read(name);
    if (!bytes.ok()) return bytes.status();
    use.bytes += bytes->size();
    ++use.files;
  }
  return use;
}

}  // namespace settle::example
