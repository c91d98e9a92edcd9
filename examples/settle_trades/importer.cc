// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/importer.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "examples/settle_trades/csv.h"
#include "examples/settle_trades/decimal.h"
#include "examples/settle_trades/openings.h"
#include "examples/settle_trades/units.h"
#include "settle/base/integer.h"
#include "settle/base/status.h"

namespace settle::example {

namespace {

class Importer {
 public:
  Importer(const std::string& path, const Units& units) : path_(path), units_(units) {
    stream_.name = path;
    stream_.tokens = units.tokens();
    stream_.coins = units.coins();
  }

  absl::Status Add(const FillPair& pair) {
    const Fill& fill = pair.buyer;
    Trade trade{.id = fill.trade_id, .time_ms = fill.time_ms};
    trade.coin = units_.CoinOf(fill);
    Coin& coin = stream_.coins[trade.coin];
    line_ = fill.line;
    trade.lots = Scaled("sz", fill.sz, coin.lot_decimals);
    const std::int64_t ticks = Scaled("px", fill.px, coin.price_decimals);
    trade.price = Within("px", static_cast<Int128>(ticks) * coin.tick_value, kMaxPrice);
    trade.notional = Within("px * sz", static_cast<Int128>(trade.lots) * trade.price, kMaxUnits);
    Within("sz", UnitsOf(stream_, trade), kMaxUnits);
    if (coin.first_price == 0) coin.first_price = trade.price;
    trade.buyer = ToSide(pair.buyer, trade.coin);
    trade.seller = ToSide(pair.seller, trade.coin);
    if (!status_.ok()) return status_;
    stream_.trades.push_back(trade);
    return absl::OkStatus();
  }

  TradeStream Take() { return std::move(stream_); }

 private:
  Side ToSide(const Fill& fill, std::uint32_t coin_index) {
    const Coin& coin = stream_.coins[coin_index];
    line_ = fill.line;
    Side side;
    side.line = fill.line;
    side.account = AccountOf(fill.account);
    side.holding = HoldingOf(side.account, coin_index);
    side.fee_token = units_.FeeTokenOf(fill);
    side.is_taker = fill.is_taker;
    const int unit = coin.is_spot ? stream_.tokens[coin.token].decimals : coin.lot_decimals;
    side.start = Checked("start_position", ToNearestUnits(fill.start_position, unit));
    side.closed_pnl = Scaled("closed_pnl", fill.closed_pnl, kUsdcDecimals);
    side.fee = Scaled("fee", fill.fee, stream_.tokens[side.fee_token].decimals);
    return side;
  }

  std::uint32_t AccountOf(std::uint64_t number) {
    const auto next = static_cast<std::uint32_t>(stream_.accounts.size());
    const auto [place, is_new] = account_of_.try_emplace(number, next);
    if (is_new) stream_.accounts.push_back(number);
    return place->second;
  }

  // Pairs of one base token share a holding.
  std::uint32_t HoldingOf(std::uint32_t account, std::uint32_t coin_index) {
    const Coin& coin = stream_.coins[coin_index];
    const auto next = static_cast<std::uint32_t>(stream_.holdings.size());
    const auto [place, is_new] = holding_of_.try_emplace(
        std::tuple(account, coin.is_spot, coin.is_spot ? coin.token : coin_index), next);
    if (is_new) {
      stream_.holdings.push_back({.account = account, .coin = coin_index, .is_spot = coin.is_spot});
    }
    return place->second;
  }

  std::int64_t Checked(std::string_view what, const Result<std::int64_t>& units) {
    if (units.ok()) return *units;
    if (units.reason().Is(BaseReason::kSurplusDecimals)) {
      Refuse(what, "surplus decimals");
    } else {
      Refuse(what, absl::StrCat("out of range: more than ", kMaxUnits, " of the smallest units"));
    }
    return 1;
  }
  std::int64_t Scaled(std::string_view what, const Decimal& number, int decimals) {
    return Checked(what, ToUnits(number, decimals));
  }
  std::int64_t Within(std::string_view what, Int128 value, std::int64_t most) {
    if (Magnitude(value) <= static_cast<UInt128>(most)) return static_cast<std::int64_t>(value);
    Refuse(what, absl::StrCat("out of range: more than ", most, " of the smallest units"));
    return 1;
  }

  void Refuse(std::string_view what, std::string_view why) {
    if (!status_.ok()) return;
    status_ = BadLine(path_, line_, absl::StrCat(ToAbsl(what), ": ", ToAbsl(why)));
  }

  const std::string& path_;
  const Units& units_;
  TradeStream stream_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> account_of_;
  absl::flat_hash_map<std::tuple<std::uint32_t, bool, std::uint32_t>, std::uint32_t> holding_of_;
  std::size_t line_ = 0;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<TradeStream> ImportFills(const std::string& path, const FillFile& file) {
  const absl::StatusOr<Units> units = Units::Of(path, file.trades);
  if (!units.ok()) return units.status();
  Importer importer(path, *units);
  for (const FillPair& pair : file.trades) {
    if (absl::Status status = importer.Add(pair); !status.ok()) return status;
  }
  TradeStream stream = importer.Take();
  stream.fills_read = file.fills_read;
  stream.repeated_trades = file.repeated_trades;
  if (absl::Status status = FindOpenings(stream); !status.ok()) return status;
  return stream;
}

absl::StatusOr<TradeStream> ImportFills(const std::string& path) {
  const absl::StatusOr<FillFile> file = ReadFills(path);
  if (!file.ok()) return file.status();
  return ImportFills(path, *file);
}

}  // namespace settle::example
