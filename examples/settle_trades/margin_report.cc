// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/margin_report.h"

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/decimal.h"
#include "examples/settle_trades/genesis.h"
#include "examples/settle_trades/reasons.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/ledger/invariant.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/requirement.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

namespace settle::example {

namespace {

using Row = std::array<std::string, 5>;

// Quanta of USDC in a cent.
constexpr Int128 kCent = PowerOfTen(kUsdcDecimals - 2);
constexpr Int128 kMicroCent = kCent * kMicroPerQuantum;

// Nobody has a hold, and no rate of these instruments rises with open interest.
std::map<OwnerId, std::vector<BalanceView>> BalancesOf(const Runner& runner) {
  std::map<OwnerId, std::vector<BalanceView>> balances;
  runner.engine().ledger().ForEachAccount([&](const AccountState& account) {
    balances[account.key.owner].push_back({.compartment = account.key.compartment,
                                           .asset = account.key.asset,
                                           .posted = account.balance,
                                           .pending_debits = {},
                                           .pending_credits = {}});
  });
  return balances;
}

std::string Cents(Int128 number, Int128 per_cent, Rounding rounding) {
  return Hundredths(*Divide(number, per_cent, rounding));
}

Row RowOf(const AccountRisk& account) {
  const Risk& risk = account.risk;
  const std::optional<Int128> ratio = RatioOf(risk);
  return {absl::StrCat(account.account), Cents(risk.equity.value(), kCent, Rounding::kDown),
          Cents(risk.maintenance.value(), kMicroCent, Rounding::kUp),
          Cents(risk.initial_headroom.value(), kMicroCent, Rounding::kDown),
          ratio ? absl::StrCat(Hundredths(*ratio), " %") : "-"};
}

}  // namespace

std::string Hundredths(Int128 number) {
  const UInt128 size = Magnitude(number);
  return absl::StrCat(number < 0 ? "-" : "", ToString(static_cast<Int128>(size / 100)),
                      absl::StrFormat(".%02d", static_cast<int>(size % 100)));
}

std::optional<Int128> RatioOf(const Risk& risk) {
  constexpr Int128 kHundredths = 10'000;
  if (risk.maintenance == MicroQuanta(0)) return std::nullopt;
  return MulDiv(risk.equity.value(), kHundredths * kMicroPerQuantum, risk.maintenance.value(),
                Rounding::kDown);
}

absl::StatusOr<std::vector<AccountRisk>> NearestToLimit(const Runner& runner,
                                                        const TradeStream& stream,
                                                        std::size_t count) {
  std::vector<AccountRisk> accounts;
  if (count == 0) return accounts;
  const std::map<OwnerId, std::vector<BalanceView>> balances = BalancesOf(runner);
  const Market& market = runner.market();
  const Valuation valuation(market.parameters, market.prices);
  for (const std::uint64_t account : stream.accounts) {
    OwnerView view{.id = {.owner = OwnerOf(account), .group = MarginGroup(0)}};
    const auto found = balances.find(view.id.owner);
    if (found != balances.end()) view.balances = found->second;
    const Result<Risk> risk = Evaluate<ExactPpm>({.valuation = valuation}, view);
    if (!risk.ok()) {
      return absl::InternalError(
          absl::StrCat("margin of account ", account, ": ", NameOf(risk.reason())));
    }
    accounts.push_back({.account = account, .risk = *risk});
  }
  std::sort(accounts.begin(), accounts.end(), [](const AccountRisk& a, const AccountRisk& b) {
    const std::strong_ordering order = CompareRisk(a.risk, b.risk);
    return order == std::strong_ordering::equal ? a.account < b.account : order > 0;
  });
  accounts.resize(std::min(count, accounts.size()));
  return accounts;
}

std::string MarginReportText(std::span<const AccountRisk> nearest, std::size_t account_count) {
  if (nearest.empty()) return "";
  std::vector<Row> rows = {
      {"account", "equity", "maintenance", "initial headroom", "equity/maintenance"}};
  for (const AccountRisk& account : nearest) rows.push_back(RowOf(account));
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text =
      absl::StrCat("\nNearest to their limit are, of ", account_count,
                   " accounts, in USDC at the last prices (below 100 %: may be liquidated)\n");
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&text, "  ", std::string(widths[i] - row[i].size(), ' '), row[i]);
    }
    text.push_back('\n');
  }
  return text;
}

}  // namespace settle::example
