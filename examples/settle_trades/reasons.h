// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The words of a refusal, whichever module it comes from.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_REASONS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_REASONS_H_

#include <string>
#include <string_view>

#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/crypto/reason.h"
#include "settle/engine/reason.h"
#include "settle/ledger/reason.h"
#include "settle/margin/reason.h"
#include "settle/quorum/reason.h"

namespace settle::example {

// "margin" for all that margin refuses: the heading under which refused trades are counted.
[[nodiscard]] inline std::string HeadingOf(Reason reason) {
  switch (reason.module()) {
    case Module::kMargin:
      return "margin";
    case Module::kLedger:
      return std::string(ReasonName(static_cast<LedgerReason>(reason.code())));
    case Module::kCrypto:
      return std::string(ReasonName(static_cast<CryptoReason>(reason.code())));
    case Module::kBase:
      return std::string(ReasonName(static_cast<BaseReason>(reason.code())));
    case Module::kQuorum:
      return std::string(ReasonName(static_cast<QuorumReason>(reason.code())));
    case Module::kEngine:
      return std::string(ReasonName(static_cast<EngineReason>(reason.code())));
    case Module::kNone:
    case Module::kCommit:
    case Module::kMarket:
    case Module::kConsensus:
    case Module::kHost:
      break;
  }
  return ToString(reason);
}

// The same with the name of the rule that margin refuses by: "margin, InitialMargin".
[[nodiscard]] inline std::string NameOf(Reason reason) {
  std::string heading = HeadingOf(reason);
  if (reason.module() != Module::kMargin) return heading;
  return heading + ", " + std::string(ReasonName(static_cast<MarginReason>(reason.code())));
}

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_REASONS_H_
