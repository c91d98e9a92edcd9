// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Verifies one settlement from a proof and a validator set, and says what was settled. It knows
// nothing of the ledger, the trades or the program that wrote the proof.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "examples/settle_trades/reasons.h"
#include "examples/verify_settlement/arguments.h"
#include "settle/base/status.h"
#include "settle/base/text.h"
#include "settle/engine/settlement_proof.h"
#include "settle/quorum/certificate.h"
#include "settle/quorum/types.h"
#include "settle/quorum/validator_set.h"
#include "settle/quorum/verify.h"

namespace settle::example {
namespace {

constexpr int kProved = 0;
constexpr int kNotProved = 1;
constexpr int kCannotRead = 2;
// No record that is read here is larger.
constexpr std::size_t kMostBytes = std::size_t{1} << 25;

int Fail(int code, const std::string& what, const absl::Status& status) {
  std::fprintf(stderr, "verify_settlement: %s: %s\n", what.c_str(),
               std::string(status.message()).c_str());
  return code;
}

absl::StatusOr<std::vector<std::byte>> ReadFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) return absl::NotFoundError(std::strerror(errno));
  std::vector<std::byte> bytes;
  std::vector<std::byte> buffer(std::size_t{1} << 16);
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    if (bytes.size() > kMostBytes) {
      return absl::InvalidArgumentError(absl::StrCat("longer than ", kMostBytes, " bytes"));
    }
  }
  if (std::ferror(file.get()) != 0) return absl::DataLossError(std::strerror(errno));
  return bytes;
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

std::string Describe(const Receipt& receipt, const SettlementProof<>& proof,
                     const ValidatorSet<>& set, const Certificate<>& certificate) {
  Weight weight;
  for (std::uint16_t i = 0; i < set.size(); ++i) {
    if (certificate.signers.Contains(SignerIndex(i))) (void)AddTo(weight, set.members()[i].weight);
  }
  std::string text = absl::StrCat("settled: transaction ", ToString(receipt.id), "\n");
  const auto line = [&text](const char* name, const std::string& value) {
    absl::StrAppend(&text, absl::StrFormat("  %-12s ", name), value, "\n");
  };
  line("time", TimeText(receipt.time));
  line("height", ToString(receipt.height));
  line("receipt", absl::StrCat(ToString(receipt.index), " of ", proof.header.receipts.size,
                               " under the header of height ", ToString(proof.header.height)));
  line("network", ToString(proof.header.network));
  line("certified by",
       absl::StrCat("a quorum, weight ", ToString(set.quorum().weight()), " or more of ",
                    ToString(set.total_weight()), ", of validator set ", ToString(set.id())));
  for (const Leg& leg : proof.transaction.legs) {
    const std::string sign = Sign(leg.amount) > 0 ? "+" : "";
    line("leg", absl::StrCat("owner ", ToString(leg.account.owner), " compartment ",
                             ToString(leg.account.compartment), " ", AssetText(leg.account.asset),
                             ": ", sign, ToString(leg.amount)));
  }
  return text;
}

int Main(int argc, const char* const* argv) {
  const auto parsed = ParseVerifyArguments(argc, argv);
  if (const auto* exit = std::get_if<VerifyExitCode>(&parsed)) return exit->code;
  const auto& arguments = *std::get_if<VerifyArguments>(&parsed);

  const auto trust_bytes = ReadFile(arguments.trust);
  if (!trust_bytes.ok()) return Fail(kCannotRead, arguments.trust, trust_bytes.status());
  const auto root = DecodeRecord<TrustRoot>(*trust_bytes);
  if (!root.ok()) return Fail(kCannotRead, arguments.trust, root.status());
  const auto set = ValidatorSet<>::Decode({root->validator_set.data(), root->validator_set.size()});
  if (!set.ok()) return Fail(kCannotRead, arguments.trust, set.status());

  const auto proof_bytes = ReadFile(arguments.proof);
  if (!proof_bytes.ok()) return Fail(kCannotRead, arguments.proof, proof_bytes.status());
  const auto proof = DecodeRecord<SettlementProof<>>(*proof_bytes);
  if (!proof.ok()) {
    const std::string reason = NameOf(ReasonOf(proof.status()));
    return Fail(kNotProved, absl::StrCat(arguments.proof, ": no proof, ", reason), proof.status());
  }
  const auto settled = VerifySettlement(*set, root->network, root->group, root->epoch, *proof);
  if (!settled.ok()) return Fail(kNotProved, arguments.proof, settled.status());
  // A quorum is enough for the verdict. A stranger who is shown more signatures looks at them all:
  // a proof with anything false in it is not one to hand on.
  const auto complete = VerifyAll(*set, proof->header.domain(), proof->certificate);
  if (!complete.ok()) return Fail(kNotProved, arguments.proof, complete.status());
  std::fputs(Describe(**settled, *proof, *set, **complete).c_str(), stdout);
  return kProved;
}

}  // namespace
}  // namespace settle::example

int main(int argc, char** argv) { return settle::example::Main(argc, argv); }
