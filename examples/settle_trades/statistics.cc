// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/statistics.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "examples/settle_trades/genesis.h"
#include "settle/ledger/owner_keys.h"

namespace settle::example {

namespace {

struct Name {
  const char* name;
  const char* key;
};

Name NameOf(Stage stage) {
  switch (stage) {
    case Stage::kBooking:
      return {"booking", "booking"};
    case Stage::kConsent:
      return {"venue's digests and signature", "consent"};
    case Stage::kExecution:
      return {"execution", "execution"};
    case Stage::kVotes:
      return {"votes and certificates", "votes"};
    case Stage::kProofs:
      return {"proofs of receipts", "proofs"};
    case Stage::kVerification:
      return {"verification of proofs", "verification"};
  }
  return {"unknown stage", "unknown"};
}

Name NameOf(EnginePart part) {
  switch (part) {
    case EnginePart::kDigests:
      return {"digests of contents", "execution_digests"};
    case EnginePart::kConsent:
      return {"check of the consent", "execution_consent"};
    case EnginePart::kApply:
      return {"apply, with margin", "execution_apply"};
    case EnginePart::kReceipts:
      return {"receipts", "execution_receipts"};
    case EnginePart::kChanges:
      return {"changes", "execution_changes"};
    case EnginePart::kState:
      return {"state roots", "execution_state"};
    case EnginePart::kHeader:
      return {"header and end of block", "execution_header"};
  }
  return {"unknown part", "unknown"};
}

}  // namespace

absl::StatusOr<EnginePartTimes> MeasureEngineParts(const TradeStream& stream,
                                                   const RunnerOptions& options) {
  absl::StatusOr<OwnerKeys<>> keys = MakeOwnerKeys(stream);
  if (!keys.ok()) return keys.status();
  EngineParts<> parts(stream, *std::move(keys));
  EnginePartTimes times;
  RunnerOptions observed = options;
  observed.on_stage = nullptr;
  observed.on_executed = [&parts, &times](const VenueEngine::Block& block,
                                          const BlockResult& result) {
    absl::Status status =
        parts.Follow(block, result, [&times](EnginePart part) { times.Enter(part); });
    times.Stop();
    return status;
  };
  const absl::StatusOr<std::unique_ptr<Runner>> runner = Runner::Create(stream, observed);
  if (!runner.ok()) return runner.status();
  absl::Status status = parts.FollowGenesis((*runner)->transactions(), (*runner)->result());
  while (status.ok() && !(*runner)->done()) status = (*runner)->SettleNextBlock();
  if (!status.ok()) return status;
  return times;
}

std::vector<StatisticsLine> LinesOf(const Statistics& statistics) {
  std::vector<StatisticsLine> lines;
  for (std::size_t i = 0; i < kStageCount; ++i) {
    const auto stage = static_cast<Stage>(i);
    lines.push_back({NameOf(stage).name, NameOf(stage).key, statistics.stages.seconds(stage)});
    if (stage != Stage::kExecution) continue;
    for (std::size_t j = 0; j < kEnginePartCount; ++j) {
      const auto part = static_cast<EnginePart>(j);
      lines.push_back({NameOf(part).name, NameOf(part).key, statistics.parts.seconds(part), true});
    }
  }
  return lines;
}

}  // namespace settle::example
