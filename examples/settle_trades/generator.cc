// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/generator.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "examples/settle_trades/decimal.h"

namespace settle::example {

namespace {

constexpr std::uint64_t kFirstTimeMs = 1'761'584'400'000;
// Parts of a million of the notional, and of the tokens bought.
constexpr Int128 kTakerFee = 450;
constexpr Int128 kMakerRebate = 30;
constexpr Int128 kTokenFee = 700;
constexpr Int128 kMillion = 1'000'000;
// So many quanta of its token an account has at the start: more than it ever sells.
constexpr std::int64_t kOpeningTokens = 100'000'000'000;

struct CoinModel {
  std::string_view name;
  bool is_spot;
  int lot_decimals;
  int price_decimals;
  std::int64_t first_ticks;
  std::int64_t most_lots;   // of one trade
  std::int64_t most_ticks;  // that the price moves from one trade to the next
};

constexpr std::array kModels = {
    CoinModel{"BTC", false, 4, 1, 1'150'000, 800, 60},
    CoinModel{"ETH", false, 3, 1, 42'000, 2'000, 3},
    CoinModel{"SOL", false, 2, 2, 20'000, 4'000, 2},
    CoinModel{"DOGE", false, 0, 5, 20'000, 40'000, 2},
    CoinModel{"@1", true, 2, 3, 47'260, 1'000, 3},
};
constexpr int kTokenDecimals = 6;

// SplitMix64 (Steele, Lea, Flood 2014).
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to bound - 1; the higher half of the product is off uniform by less than bound / 2^64.
  std::uint64_t Below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<UInt128>(Next()) * bound) >> 64);
  }
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }

 private:
  std::uint64_t state_;
};

class Generator {
 public:
  explicit Generator(const GeneratorOptions& options) : options_(options), numbers_(options.seed) {}

  TradeStream Run() {
    stream_.name = absl::StrCat("generated stream, seed ", options_.seed);
    stream_.tokens = {{.name = "USDC", .decimals = kUsdcDecimals},
                      {.name = "GOLD", .decimals = kTokenDecimals}};
    for (const CoinModel& model : kModels) AddCoin(model);
    for (std::size_t i = 0; i < options_.accounts; ++i) AddAccount(i + 1);
    stream_.trades.reserve(options_.trades);
    for (std::size_t i = 0; i < options_.trades; ++i) AddTrade(i);
    stream_.fills_read = 2 * stream_.trades.size();
    return std::move(stream_);
  }

 private:
  static std::int64_t TickValue(const CoinModel& model) {
    return static_cast<std::int64_t>(
        PowerOfTen(kUsdcDecimals - model.lot_decimals - model.price_decimals));
  }

  void AddCoin(const CoinModel& model) {
    Coin coin{.name = std::string(model.name),
              .is_spot = model.is_spot,
              .lot_decimals = model.lot_decimals,
              .price_decimals = model.price_decimals,
              .tick_value = TickValue(model)};
    coin.first_price = model.first_ticks * coin.tick_value;
    if (model.is_spot) {
      coin.token = 1;
      coin.units_per_lot =
          static_cast<std::int64_t>(PowerOfTen(kTokenDecimals - model.lot_decimals));
    }
    stream_.coins.push_back(coin);
    ticks_.push_back(model.first_ticks);
  }

  void AddAccount(std::uint64_t number) {
    const auto account = static_cast<std::uint32_t>(stream_.accounts.size());
    stream_.accounts.push_back(number);
    for (std::uint32_t coin = 0; coin < kModels.size(); ++coin) {
      Holding holding{.account = account, .coin = coin, .is_spot = kModels[coin].is_spot};
      if (holding.is_spot) {
        holding.source = Holding::Source::kToken;
        holding.opening_units = kOpeningTokens;
      } else if (numbers_.Below(3) == 0) {
        holding.source = Holding::Source::kFirstPrice;
        holding.opening_units = numbers_.Between(-kModels[coin].most_lots, kModels[coin].most_lots);
        holding.opening_quote =
            -static_cast<Int128>(holding.opening_units) * stream_.coins[coin].first_price;
      }
      stream_.holdings.push_back(holding);
      units_.push_back(holding.opening_units);
    }
  }

  void AddTrade(std::size_t index) {
    const auto coin = static_cast<std::uint32_t>(numbers_.Below(kModels.size()));
    const CoinModel& model = kModels[coin];
    // It stays within a half and twice its first value.
    std::int64_t& ticks = ticks_[coin];
    ticks += numbers_.Between(-model.most_ticks, model.most_ticks);
    ticks = std::clamp(ticks, model.first_ticks / 2, model.first_ticks * 2);

    Trade trade{.id = index + 1, .time_ms = kFirstTimeMs + index, .coin = coin};
    trade.lots = numbers_.Between(1, model.most_lots);
    trade.price = ticks * stream_.coins[coin].tick_value;
    trade.notional = trade.lots * trade.price;
    const std::uint64_t accounts = stream_.accounts.size();
    const std::uint64_t buyer = numbers_.Below(accounts);
    // Anyone but the buyer.
    const std::uint64_t seller = (buyer + 1 + numbers_.Below(accounts - 1)) % accounts;
    const bool buyer_takes = numbers_.Below(2) == 0;
    trade.buyer = MakeSide(trade, buyer, buyer_takes);
    trade.seller = MakeSide(trade, seller, !buyer_takes);
    if (model.is_spot) {
      trade.buyer.fee_token = stream_.coins[coin].token;
      trade.buyer.fee = Part(UnitsOf(stream_, trade), kTokenFee, Rounding::kUp);
    }
    Move(trade, trade.buyer, 1);
    Move(trade, trade.seller, -1);
    stream_.trades.push_back(trade);
  }

  [[nodiscard]] Side MakeSide(const Trade& trade, std::uint64_t account, bool takes) const {
    Side side;
    side.account = static_cast<std::uint32_t>(account);
    side.holding = static_cast<std::uint32_t>(account * kModels.size() + trade.coin);
    side.is_taker = takes;
    side.start = units_[side.holding];
    side.fee = takes ? Part(trade.notional, kTakerFee, Rounding::kUp)
                     : -Part(trade.notional, kMakerRebate, Rounding::kDown);
    return side;
  }

  static std::int64_t Part(Int128 amount, Int128 parts, Rounding rounding) {
    return static_cast<std::int64_t>(*MulDiv(amount, parts, kMillion, rounding));
  }

  void Move(const Trade& trade, const Side& side, int sign) {
    units_[side.holding] += static_cast<std::int64_t>(sign * UnitsOf(stream_, trade)) -
                            FeeInUnits(stream_, trade, side);
  }

  GeneratorOptions options_;
  Numbers numbers_;
  TradeStream stream_;
  std::vector<std::int64_t> ticks_;  // of each coin, now
  std::vector<std::int64_t> units_;  // of each holding, now
};

}  // namespace

TradeStream GenerateStream(const GeneratorOptions& options) { return Generator(options).Run(); }

}  // namespace settle::example
