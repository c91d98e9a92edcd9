// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/units.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "examples/settle_trades/csv.h"
#include "examples/settle_trades/decimal.h"

namespace settle::example {

namespace {
constexpr std::string_view kUsdcName = "USDC";
}  // namespace

absl::StatusOr<Units> Units::Of(const std::string& path, std::span<const FillPair> trades) {
  Units units(path);
  for (const FillPair& trade : trades) {
    for (const Fill* fill : {&trade.buyer, &trade.seller}) {
      if (absl::Status status = units.AddFill(*fill); !status.ok()) return status;
    }
  }
  if (absl::Status status = units.MakeTokens(trades); !status.ok()) return status;
  units.Scale();
  return units;
}

absl::Status Units::AddFill(const Fill& fill) {
  const auto [place, is_new] = coin_of_.try_emplace(std::pair(fill.coin, fill.is_spot),
                                                    static_cast<std::uint32_t>(coins_.size()));
  if (is_new) {
    coins_.push_back({.name = fill.coin, .is_spot = fill.is_spot});
    seen_.emplace_back();
  }
  CoinSeen& seen = seen_[place->second];
  const auto raise = [&fill](Seen& most, int decimals) {
    if (decimals > most.decimals || most.line == 0) most = {decimals, fill.line};
  };
  raise(seen.lot, fill.sz.decimals);
  raise(seen.tick, fill.px.decimals);
  if (seen.lot.decimals + seen.tick.decimals > kUsdcDecimals) {
    return BadLine(path_, fill.line,
                   absl::StrCat("surplus decimals: sz of ", fill.coin, " has ", seen.lot.decimals,
                                " (line ", seen.lot.line, ") and px has ", seen.tick.decimals,
                                " (line ", seen.tick.line, "), together at most ", kUsdcDecimals));
  }
  if (fill.closed_pnl.decimals > kUsdcDecimals) {
    return BadLine(path_, fill.line,
                   absl::StrCat("closed_pnl has ", fill.closed_pnl.decimals,
                                " decimals, surplus over ", kUsdcDecimals));
  }
  return AddFee(fill, seen);
}

absl::Status Units::AddFee(const Fill& fill, CoinSeen& seen) {
  if (fill.fee_token == kUsdcName) {
    if (fill.fee.decimals <= kUsdcDecimals) return absl::OkStatus();
    return BadLine(
        path_, fill.line,
        absl::StrCat("fee has ", fill.fee.decimals, " decimals, surplus over ", kUsdcDecimals));
  }
  if (!fill.is_spot) {
    return BadLine(path_, fill.line,
                   absl::StrCat("fee_token ", fill.fee_token, ", but fees of perpetuals are in ",
                                std::string(kUsdcName)));
  }
  if (seen.base.empty()) {
    seen.base = fill.fee_token;
    seen.base_line = fill.line;
  } else if (seen.base != fill.fee_token) {
    return BadLine(path_, fill.line,
                   absl::StrCat("fee_token ", fill.fee_token, ", but the base token of ", fill.coin,
                                " is ", seen.base, " (line ", seen.base_line, ")"));
  }
  return absl::OkStatus();
}

absl::Status Units::MakeTokens(std::span<const FillPair> trades) {
  tokens_.push_back({.name = std::string(kUsdcName), .decimals = kUsdcDecimals});
  token_of_[std::string(kUsdcName)] = kUsdc;
  for (std::size_t i = 0; i < coins_.size(); ++i) {
    if (!coins_[i].is_spot) continue;
    const std::string& name = seen_[i].base.empty() ? coins_[i].name : seen_[i].base;
    if (name == kUsdcName) {
      return BadLine(path_, seen_[i].lot.line, absl::StrCat("a pair of ", name, " with itself"));
    }
    const auto [place, is_new] =
        token_of_.try_emplace(name, static_cast<std::uint32_t>(tokens_.size()));
    if (is_new) tokens_.push_back({.name = name});
    coins_[i].token = place->second;
    Token& token = tokens_[place->second];
    token.decimals = std::max(token.decimals, seen_[i].lot.decimals);
  }
  for (const FillPair& trade : trades) {
    for (const Fill* fill : {&trade.buyer, &trade.seller}) {
      Token& token = tokens_[FeeTokenOf(*fill)];
      token.decimals = std::max(token.decimals, fill->fee.decimals);
    }
  }
  return absl::OkStatus();
}

void Units::Scale() {
  for (std::size_t i = 0; i < coins_.size(); ++i) {
    Coin& coin = coins_[i];
    coin.lot_decimals = seen_[i].lot.decimals;
    coin.price_decimals = seen_[i].tick.decimals;
    coin.tick_value = static_cast<std::int64_t>(
        PowerOfTen(kUsdcDecimals - coin.lot_decimals - coin.price_decimals));
    if (!coin.is_spot) continue;
    const int surplus = tokens_[coin.token].decimals - coin.lot_decimals;
    coin.units_per_lot = static_cast<std::int64_t>(PowerOfTen(surplus));
  }
}

std::uint32_t Units::CoinOf(const Fill& fill) const {
  return coin_of_.at(std::pair(fill.coin, fill.is_spot));
}

std::uint32_t Units::FeeTokenOf(const Fill& fill) const { return token_of_.at(fill.fee_token); }

}  // namespace settle::example
