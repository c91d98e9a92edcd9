// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Funding of perpetual contracts: what a position owes since its last payment, and how far a rate
// of it may go.
//
// An index counts what one lot held long since the contract began has paid, in millionths of a
// quantum. Between two of its values a position of q lots gets floor(-(now - since) * q): divided
// once, against the account, so that the funding account never pays more than it got. A host brings
// it to the ledger as a compulsory transaction before an account is judged at a later index.
// Source: dYdX v4, GetSettlementPpmWithPerpetual, GetMaxAbsFundingClampPpm.
//
//   const std::optional<Quanta> due = AccruedFunding({.since = last, .now = index}, lots);

#ifndef SETTLE_MARGIN_FUNDING_H_
#define SETTLE_MARGIN_FUNDING_H_

#include <optional>

#include "settle/base/config.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/members.h"
#include "settle/base/strong.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

// From one value of an index to another.
struct FundingPeriod {
  FundingIndex since{};
  FundingIndex now{};
  using Fields = Members<&FundingPeriod::since, &FundingPeriod::now>;
};

// What a position gets for the period, below zero what it pays, exactly. Nothing beyond 128 bits.
[[nodiscard]] constexpr std::optional<MicroQuanta> AccruedFundingMicro(const FundingPeriod& period,
                                                                       Lots lots) {
  const auto paid = CheckedSub(period.now.value(), period.since.value());
  if (!paid) return std::nullopt;
  const auto owed = CheckedMul(*paid, Int128{lots.value()});
  if (!owed) return std::nullopt;
  return detail::Wrap<MicroQuanta>(CheckedNegate(*owed));
}

// The same in whole quanta, rounded down. Nothing where the exact amount leaves 128 bits.
[[nodiscard]] constexpr std::optional<Quanta> AccruedFunding(const FundingPeriod& period,
                                                             Lots lots) {
  const std::optional<MicroQuanta> exact = AccruedFundingMicro(period, lots);
  if (!exact) return std::nullopt;
  return detail::Wrap<Quanta>(Divide(exact->value(), kMicroPerQuantum, Rounding::kDown));
}

// The largest funding rate of a period, of either sign: `factor` of what initial demands above
// maintenance in the first tier, rounded down. So a payment does not take, at once, more than the
// distance between the two. Nothing beyond 64 bits.
[[nodiscard]] inline std::optional<RatePpm> FundingClamp(const RequirementCurve& curve,
                                                         RatePpm factor) {
  const auto room = CheckedSub(curve.initial, curve.maintenance);
  const auto rate = room ? factor.Of(room->parts(), Rounding::kDown) : std::nullopt;
  const auto parts = rate ? CheckedCast<std::int64_t>(*rate) : std::nullopt;
  if (!parts) return std::nullopt;
  return RatePpm(*parts);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_FUNDING_H_
