// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// All by which margin is judged and that is no price: instruments with their rates, and the caps of
// whole accounts. Certified data: one version after the other, each from an instant on.
//
//   MarginParameters parameters{.version = 1, .instruments = table};
//
// A header carries the digest of the record (EncodeRecord) that its block was judged by.

#ifndef SETTLE_MARGIN_PARAMETERS_H_
#define SETTLE_MARGIN_PARAMETERS_H_

#include <cstdint>

#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/margin/instrument.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

struct MarginParameters {
  static constexpr Kind kKind = Kind::kParameters;
  static constexpr std::uint16_t kVersion = 2;

  std::uint64_t version = 0;
  Timestamp effective_from{};  // of the blocks at this log time and after
  // Of the profit that an account's positions have and have not realised, each position by itself,
  // no more counts than this: the first for initial margin, the second where no position changes
  // and so what leaves may be the profit itself. kMaxEquity is no cap.
  Quanta profit_cap = kMaxEquity;
  Quanta withdrawal_profit_cap = kMaxEquity;
  InstrumentTable instruments{};

  // Errors: kBadParameters.
  [[nodiscard]] constexpr Reason Validate() const {
    const bool holds = Quanta(0) <= withdrawal_profit_cap && withdrawal_profit_cap <= profit_cap &&
                       profit_cap <= kMaxEquity;
    return holds ? Reason() : MarginReason::kBadParameters;
  }
  [[nodiscard]] constexpr bool CapsProfit() const { return withdrawal_profit_cap < kMaxEquity; }

  using Fields = Members<&MarginParameters::version, &MarginParameters::effective_from,
                         &MarginParameters::profit_cap, &MarginParameters::withdrawal_profit_cap,
                         &MarginParameters::instruments>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_PARAMETERS_H_
