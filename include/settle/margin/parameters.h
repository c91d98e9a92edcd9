// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// All by which margin is judged and that is no price: instruments with their rates, and the caps of
// whole accounts. Certified data: one version after the other, each from an instant on.
//
//   MarginParameters parameters{.version = 1, .instruments = table};
//
// A header carries the digest of the record (EncodeRecord) that its block was judged by. Who gets
// the bytes from a stranger compares their digest with the one that was certified before decoding
// them: identifiers that were chosen for it make the indexes of a table slow to build.

#ifndef SETTLE_MARGIN_PARAMETERS_H_
#define SETTLE_MARGIN_PARAMETERS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/margin/instrument.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxPortfolios = 256;

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
  Bounded<PortfolioTerms, kMaxPortfolios> portfolios{};  // by ascending id, none of kNoPortfolio

  // Errors: kBadParameters for caps or ids that are not in order, those of
  // PortfolioTerms::Validate, kBadScenarioTerms for an instrument of a portfolio that is not
  // listed, kBadMonth for one of a month that its portfolio does not have.
  [[nodiscard]] Reason Validate() const;
  // The portfolio, or nullptr.
  [[nodiscard]] const PortfolioTerms* FindPortfolio(PortfolioId id) const {
    const auto at = std::lower_bound(
        portfolios.begin(), portfolios.end(), id,
        [](const PortfolioTerms& terms, PortfolioId sought) { return terms.id < sought; });
    return at != portfolios.end() && at->id == id ? &*at : nullptr;
  }
  [[nodiscard]] constexpr bool CapsProfit() const { return withdrawal_profit_cap < kMaxEquity; }

  using Fields = Members<&MarginParameters::version, &MarginParameters::effective_from,
                         &MarginParameters::profit_cap, &MarginParameters::withdrawal_profit_cap,
                         &MarginParameters::instruments, &MarginParameters::portfolios>;
};

inline Reason MarginParameters::Validate() const {
  const bool holds = Quanta(0) <= withdrawal_profit_cap && withdrawal_profit_cap <= profit_cap &&
                     profit_cap <= kMaxEquity;
  if (!holds) return MarginReason::kBadParameters;
  PortfolioId below = kNoPortfolio;
  for (const PortfolioTerms& terms : portfolios) {
    if (terms.id.value() <= below.value()) return MarginReason::kBadParameters;
    if (Reason reason = terms.Validate(); !reason.ok()) return reason;
    below = terms.id;
  }
  for (std::uint32_t i = 0; i < instruments.size(); ++i) {
    const ScenarioTerms& terms = instruments[InstrumentIndex(i)].scenario;
    if (terms.portfolio == kNoPortfolio) continue;
    const PortfolioTerms* portfolio = FindPortfolio(terms.portfolio);
    if (portfolio == nullptr) return MarginReason::kBadScenarioTerms;
    if (terms.month.value() >= portfolio->months) return MarginReason::kBadMonth;
  }
  return {};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_PARAMETERS_H_
