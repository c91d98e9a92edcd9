// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What each balance of a margin account contributes to its risk, and the risk of the whole.
//
//   - Cash in the quote asset counts as it is, and so does the quote balance in a contract's
//     compartment (minus the entry cost of a long, plus the proceeds of a short).
//   - Lots count what they are worth at the mark, and demand what the instrument's curve says. For
//     initial margin whichever of mark and slow price is worse for the position counts.
//   - A token that the table lists counts its value up to its cap, less a haircut; for its issuer,
//     or without a price, nothing. A debt in one is refused, as one in any other token: a margin
//     account borrows the quote asset alone.
//   - Of a token that is reserved, debits count as gone and credits as not come: so little remains
//     at the least, whichever part is posted. Anybody may promise somebody a token, and nobody is
//     judged otherwise for it.
//   - Of reserved lots any part may be posted: the worse end of what the position may become
//   counts,
//     for each number by itself. What belongs together in one hold is not known here, so that this
//     never understates and may overstate; settle/margin/pending.h is exact for open orders.
//   - Contracts of a portfolio demand, beside their curves, what their scenarios together come to
//     (settle/margin/scenario_margin.h). What is reserved of them is refused.
//   - A contract that the table does not place in that compartment is refused, never left out.
// A balance of zero is as one that was never opened: it needs neither instrument nor price.
//
//   const MarginContext context{.valuation = valuation};
//   Result<Risk> risk = Evaluate<ExactPpm>(context, account);
//
// Where positions are known without the ledger's view of them, as in a host's own dense books, they
// are judged as MarginPositions, with the same bits as result.

#ifndef SETTLE_MARGIN_EVALUATION_H_
#define SETTLE_MARGIN_EVALUATION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/detail/portfolio_pass.h"
#include "settle/margin/detail/position_risk.h"
#include "settle/margin/instrument.h"
#include "settle/margin/owner_lots.h"
#include "settle/margin/reason.h"
#include "settle/margin/requirement.h"
#include "settle/margin/risk.h"
#include "settle/margin/risk_arrays.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

SETTLE_NAMESPACE_BEGIN

// By what accounts are judged, fixed for a block: made anew for each at no cost. Both outlive it.
struct MarginContext {
  const Valuation& valuation;
  // Where tiers are of owners and not of margin accounts: what their other accounts have.
  const OwnerLots* owner_lots = nullptr;
  // What lots gain and lose in the scenarios of portfolios, where there are any.
  const RiskArrays* arrays = nullptr;
};

namespace detail {

// What an account is judged with.
template <RequirementPolicy Requirement>
class AccountPass {
 public:
  AccountPass(const MarginContext& context, const MarginAccountId& account,
              std::span<const BalanceView> balances)
      : context_(context), account_(account), balances_(balances) {}

  // Adds what one of the balances contributes. After a refusal the sum is meaningless.
  [[nodiscard]] Reason Add(const BalanceView& balance) {
    if (IsContract(balance.asset)) return AddContract(balance);
    return balance.asset == Table().quote() ? AddQuote(balance) : AddToken(balance);
  }
  [[nodiscard]] const RiskSum& sum() const { return sum_; }

 private:
  [[nodiscard]] const InstrumentTable& Table() const { return context_.valuation.instruments(); }

  // What is left of a token at the least. Nothing below 128 bits.
  [[nodiscard]] static std::optional<Int128> LeastOf(const BalanceView& balance) {
    return CheckedSub(balance.posted.value(), balance.pending_debits.value());
  }

  [[nodiscard]] Reason AddQuote(const BalanceView& balance) {
    const auto least = LeastOf(balance);
    if (balance.compartment != kCash && !Table().FindByCompartment(balance.compartment)) {
      return !least || *least < 0 ? MarginReason::kUnvaluedDebt : Reason();
    }
    if (!least || *least > kMaxEquity.value() || *least < -kMaxEquity.value() ||
        !AddTo(sum_.equity, Quanta(*least))) {
      return MarginReason::kMarginOverflow;
    }
    return {};
  }

  [[nodiscard]] Reason AddToken(const BalanceView& balance) {
    const auto least = LeastOf(balance);
    if (!least || *least < 0) return MarginReason::kUnvaluedDebt;
    if (*least == 0 || balance.compartment != kCash) return {};
    const auto index = Table().FindByAsset(balance.asset);
    if (!index) return {};
    const Instrument& token = Table()[*index];
    const PricePair prices = context_.valuation.PricesOf(*index);
    const bool counts = token.collateral.issuer != account_.owner && token.Allows(prices.mark) &&
                        token.Allows(prices.slow);
    if (!counts) return {};
    const RiskSum part = RiskOfCollateral(token, prices, Amount(*least));
    return AddTo(sum_, part) ? Reason() : MarginReason::kMarginOverflow;
  }

  [[nodiscard]] Reason AddContract(const BalanceView& balance) {
    const Int128 debits = balance.pending_debits.value();
    const Int128 credits = balance.pending_credits.value();
    if (balance.posted.value() == 0 && (debits | credits) == 0) return {};
    const auto index = Table().FindByCompartment(balance.compartment);
    if (!index || Table()[*index].asset != balance.asset) return MarginReason::kUnknownInstrument;
    MarginPosition position{.instrument = *index,
                            .open_interest = SaturatedLots(balance.open_interest)};
    if (context_.owner_lots != nullptr) {
      position.elsewhere = context_.owner_lots->Elsewhere(account_, balance.asset);
    }
    if ((debits | credits) != 0) return AddReserved(balance, position);
    End end{.lots = balance.posted.value()};
    if (Reason reason = At(end.lots, position, end.risk); !reason.ok()) return reason;
    const bool fits = AddPositionTo(sum_, end.risk) && AddProfit(balance.compartment, end, end);
    return fits ? Reason() : MarginReason::kMarginOverflow;
  }

  // A position of which lots are reserved: the worse of the two ends, each number for itself.
  [[nodiscard]] Reason AddReserved(const BalanceView& balance, const MarginPosition& position) {
    const auto least = CheckedSub(balance.posted.value(), balance.pending_debits.value());
    const auto most = CheckedAdd(balance.posted.value(), balance.pending_credits.value());
    if (!least || !most) return MarginReason::kPositionTooLarge;
    if (context_.valuation.IsInPortfolio(position.instrument)) return MarginReason::kInPortfolio;
    End low{.lots = *least};
    End high{.lots = *most};
    Reason reason = At(low.lots, position, low.risk);
    if (reason.ok()) reason = At(high.lots, position, high.risk);
    if (!reason.ok()) return reason;
    PositionRisk worst = WorseOf(low.risk, high.risk);
    if (Table()[position.instrument].kind == InstrumentKind::kInverse) {
      // Its value is rounded down and its notional up, between the two ends as well.
      worst.initial += 2 * kMicroPerQuantum;
    }
    const bool fits = AddPositionTo(sum_, worst) && AddProfit(balance.compartment, low, high);
    return fits ? Reason() : MarginReason::kMarginOverflow;
  }

  // The position with so many lots.
  [[nodiscard]] Reason At(Int128 balance, MarginPosition position, PositionRisk& out) const {
    const auto lots = LotsOf(Amount(balance));
    if (!lots) return MarginReason::kPositionTooLarge;
    position.lots = *lots;
    return RiskOfPosition<Requirement>(context_.valuation, position, out);
  }

  // A position with so many lots.
  struct End {
    Int128 lots = 0;
    PositionRisk risk{};
  };

  // Adds the profit of a position that may end at either, with the quote balance beside it.
  [[nodiscard]] bool AddProfit(Compartment compartment, const End& low, const End& high) {
    if (!context_.valuation.parameters().CapsProfit()) return true;
    Int128 quote = 0;
    for (const BalanceView& balance : balances_) {
      if (balance.compartment != compartment || balance.asset != Table().quote()) continue;
      const auto least = LeastOf(balance);
      if (!least || !AddTo(quote, *least)) return false;
    }
    const auto profit_at = [&](const End& end) {
      const auto profit = CheckedAdd(end.risk.worse_value, quote);
      return profit && (*profit < 0 || end.lots == 0) ? Int128{0} : profit;
    };
    const auto profit_low = profit_at(low);
    const auto profit_high = profit_at(high);
    if (!profit_low || !profit_high) return false;
    const auto profit = low.lots == high.lots
                            ? profit_low
                            : ProfitOfEither(low.risk, *profit_low, high.risk, *profit_high);
    return profit && AddTo(sum_.profit, Quanta(*profit));
  }

  const MarginContext& context_;
  MarginAccountId account_;
  std::span<const BalanceView> balances_;
  RiskSum sum_{};
};

}  // namespace detail

// What one balance of an account adds to its risk. Where profit is capped, a position's lots bring
// in the profit of lots and quote balance together: both change what the lots contribute. Errors:
// kUnknownInstrument, kUnvaluedDebt, kPositionTooLarge, kMissingPrice, kPriceOutOfRange,
// kMarginOverflow. One probe of the table, and a look at each of the account's balances where
// profit is capped; no allocation.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskSum> ContributionOf(const MarginContext& context, const OwnerView& account,
                                             const BalanceView& balance) {
  detail::AccountPass<Requirement> pass(context, account.id, account.balances);
  if (Reason reason = pass.Add(balance); !reason.ok()) return reason;
  return pass.sum();
}

// The contributions of all balances of an account: all of its risk that is additive, and so without
// what portfolios demand. Errors: those of ContributionOf, of all balances the one that takes
// precedence, so that their order changes nothing. O(balances), and its square where profit is
// capped.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskSum> SumOf(const MarginContext& context, const OwnerView& account) {
  detail::AccountPass<Requirement> pass(context, account.id, account.balances);
  Reason refusal;
  for (const BalanceView& balance : account.balances) {
    const Reason reason = pass.Add(balance);
    if (!reason.ok()) refusal = FirstOf(refusal, reason);
  }
  if (!refusal.ok()) return refusal;
  return pass.sum();
}

// What one position adds to the risk of its account, with its quote balance. Errors:
// kUnknownInstrument for an index that is not of the table or a token's, kPositionTooLarge,
// kMissingPrice, kPriceOutOfRange, kMarginOverflow.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskSum> ContributionOf(const Valuation& valuation,
                                             const MarginPosition& position) {
  RiskSum sum;
  const Reason reason = detail::AddPosition<Requirement>(valuation, position, sum);
  if (!reason.ok()) return reason;
  return sum;
}

// Takes the contribution of a position, which was added to `sum` at the same prices, out of it and
// adds that of what the position has become: as SubtractFrom and AddTo of both contributions, in
// two thirds of the time. Errors, with `sum` untouched: those of ContributionOf, kMarginOverflow
// for a position that cannot have been added too.
template <RequirementPolicy Requirement>
[[nodiscard]] Reason Exchange(const Valuation& valuation, const MarginPosition& old,
                              const MarginPosition& now, RiskSum& sum) {
  detail::ProductSum taken;
  detail::ProductSum given;
  RiskSum result = sum;
  if (detail::MayBeProducts<Requirement>(valuation, 1) && taken.Add(valuation, old) &&
      given.Add(valuation, now)) [[likely]] {
    if (!SubtractFrom(result, taken.sum()) || !AddTo(result, given.sum())) {
      return MarginReason::kMarginOverflow;
    }
    sum = result;
    return {};
  }
  const Result<RiskSum> before = ContributionOf<Requirement>(valuation, old);
  if (!before.ok()) return before.reason();
  const Result<RiskSum> after = ContributionOf<Requirement>(valuation, now);
  if (!after.ok()) return after.reason();
  if (!SubtractFrom(result, *before) || !AddTo(result, *after)) {
    return MarginReason::kMarginOverflow;
  }
  sum = result;
  return {};
}

// The contributions of all positions of an account, and of its cash in the quote asset. Errors:
// those of ContributionOf, of all positions the one that takes precedence. O(positions).
template <RequirementPolicy Requirement>
[[nodiscard]] Result<RiskSum> SumOf(const Valuation& valuation, Quanta cash,
                                    std::span<const MarginPosition> positions) {
  if (cash < Quanta(-kMaxEquity.value()) || kMaxEquity < cash) {
    return MarginReason::kMarginOverflow;
  }
  Reason refusal;
  RiskSum others{.equity = cash};
  detail::ProductSum products;
  const bool may_be_products = detail::MayBeProducts<Requirement>(valuation, positions.size());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (may_be_products) i += products.AddLeading(valuation, positions.subspan(i));
    if (i == positions.size()) break;
    const Reason reason = detail::AddPosition<Requirement>(valuation, positions[i], others);
    if (!reason.ok()) refusal = FirstOf(refusal, reason);
  }
  if (!refusal.ok()) return refusal;
  if (!AddTo(others, products.sum())) return MarginReason::kMarginOverflow;
  return others;
}

// The risk of an account where no more of its profit counts than the cap. Errors: those of SumOf
// and Finish; kMissingScenarios and those of ScenarioSum for positions of portfolios. No
// allocation.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<Risk> Evaluate(const MarginContext& context, const OwnerView& account,
                                    Quanta profit_cap) {
  Result<RiskSum> sum = SumOf<Requirement>(context, account);
  if (!sum.ok()) return sum.reason();
  const InstrumentTable& instruments = context.valuation.instruments();
  const auto for_each_position = [&](auto&& visit) {
    for (const BalanceView& balance : account.balances) {
      if (!IsContract(balance.asset) || balance.posted == Amount()) continue;
      visit(*instruments.FindByCompartment(balance.compartment), *LotsOf(balance.posted));
    }
  };
  const Reason reason =
      detail::AddPortfolios(context.valuation, context.arrays, for_each_position, *sum);
  if (!reason.ok()) return reason;
  return Finish(*sum, profit_cap);
}
// With the cap of the parameters for positions.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<Risk> Evaluate(const MarginContext& context, const OwnerView& account) {
  return Evaluate<Requirement>(context, account, context.valuation.parameters().profit_cap);
}
// Of an account's cash and positions, with the cap for positions.
template <RequirementPolicy Requirement>
[[nodiscard]] Result<Risk> Evaluate(const MarginContext& context, Quanta cash,
                                    std::span<const MarginPosition> positions) {
  // Most accounts: all products, and cash that keeps them within 128 bits.
  detail::ProductSum products;
  const bool is_small = Quanta(-kMaxNotional.value()) < cash && cash < kMaxNotional;
  if (is_small && detail::MayBeProducts<Requirement>(context.valuation, positions.size()) &&
      products.AddLeading(context.valuation, positions) == positions.size()) [[likely]] {
    return products.Finish(cash);
  }
  Result<RiskSum> sum = SumOf<Requirement>(context.valuation, cash, positions);
  if (!sum.ok()) return sum.reason();
  const auto for_each_position = [&](auto&& visit) {
    for (const MarginPosition& position : positions) visit(position.instrument, position.lots);
  };
  const Reason reason =
      detail::AddPortfolios(context.valuation, context.arrays, for_each_position, *sum);
  if (!reason.ok()) return reason;
  return Finish(*sum, context.valuation.parameters().profit_cap);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_EVALUATION_H_
