// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/verify_settlement/verify.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "examples/settle_trades/reasons.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/quorum/types.h"
#include "settle/quorum/verify.h"

namespace settle::example {

namespace {

// A decoder knows the numbers of a refusal and not always its name.
absl::Status Undecodable(const char* what, const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  return ToStatus(
      reason, absl::StrCat("no ", what, ", ", NameOf(reason), ": ", std::string(status.message())));
}

// "2025-10-27 17:00:01.500000000 UTC"
std::string TimeText(Timestamp time) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::uint64_t kDay = 86'400;
  const std::uint64_t seconds = time.value() / kSecond;
  const std::uint64_t of_day = seconds % kDay;
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(seconds / kDay)))};
  return absl::StrFormat("%04d-%02d-%02d %02d:%02d:%02d.%09d UTC", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                         of_day / 3600, of_day / 60 % 60, of_day % 60, time.value() % kSecond);
}

std::string AssetText(AssetId asset) {
  return absl::StrCat(IsContract(asset) ? "contract " : "token ", asset.value() & ~kContractBit);
}

}  // namespace

absl::StatusOr<Trust> DecodeTrust(ByteView bytes) {
  const auto root = DecodeRecord<TrustRoot>(bytes);
  if (!root.ok()) return Undecodable("validator set", root.status());
  auto set = ValidatorSet<>::Decode({root->validator_set.data(), root->validator_set.size()});
  if (!set.ok()) return Undecodable("validator set", set.status());
  return Trust{
      .network = root->network, .group = root->group, .epoch = root->epoch, .set = *std::move(set)};
}

absl::StatusOr<Settlement> CheckProof(const Trust& trust, ByteView bytes) {
  auto proof = DecodeRecord<SettlementProof<>>(bytes);
  if (!proof.ok()) return Undecodable("proof", proof.status());
  const auto settled = VerifySettlement(trust.set, trust.network, trust.group, trust.epoch, *proof);
  if (!settled.ok()) return settled.status();
  const auto complete = VerifyAll(trust.set, proof->header.domain(), proof->certificate);
  if (!complete.ok()) return complete.status();
  Settlement settlement{.receipt = **settled, .proof = *std::move(proof), .weight = Weight(0)};
  for (std::uint16_t i = 0; i < trust.set.size(); ++i) {
    if (!settlement.proof.certificate.signers.Contains(SignerIndex(i))) continue;
    (void)AddTo(settlement.weight, trust.set.members()[i].weight);
  }
  return settlement;
}

std::string Describe(const Trust& trust, const Settlement& settlement) {
  const Receipt& receipt = settlement.receipt;
  const Header& header = settlement.proof.header;
  std::string text = absl::StrCat("settled: transaction ", ToString(receipt.id), "\n");
  const auto line = [&text](const char* name, const std::string& value) {
    absl::StrAppend(&text, absl::StrFormat("  %-12s ", name), value, "\n");
  };
  line("time", TimeText(receipt.time));
  line("height", ToString(receipt.height));
  line("receipt", absl::StrCat(ToString(receipt.index), " of ", header.receipts.size,
                               " under the header of height ", ToString(header.height)));
  line("network", ToString(header.network));
  line("certified by", absl::StrCat("weight ", ToString(settlement.weight), " of ",
                                    ToString(trust.set.total_weight()), ", quorum ",
                                    ToString(trust.set.quorum().weight()), ", of validator set ",
                                    ToString(trust.set.id())));
  for (const Leg& leg : settlement.proof.transaction.legs) {
    line("leg", absl::StrCat("owner ", ToString(leg.account.owner), " compartment ",
                             ToString(leg.account.compartment), " ", AssetText(leg.account.asset),
                             ": ", Sign(leg.amount) > 0 ? "+" : "", ToString(leg.amount)));
  }
  return text;
}

}  // namespace settle::example
