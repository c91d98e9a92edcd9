// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A stream of trades in whole numbers: what a file of fills is read into, and what the generator
// makes. Nothing after this point knows decimals or names but what prints them.
//
// Units: a coin's size counts lots of 10^-lot_decimals, a price counts ticks of
// 10^-price_decimals, USDC counts quanta of 10^-8. One lot moving one tick is worth a whole number
// of quanta, so that notional = lots * price exactly, with the price in quanta for one lot.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_STREAM_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "settle/base/integer.h"

namespace settle::example {

inline constexpr int kUsdcDecimals = 8;
// Every single amount of a file is at most this, in its own unit: sums of any number of rows that a
// file can hold then fit 128 bits.
inline constexpr std::int64_t kMaxUnits = 1'000'000'000'000'000'000;
// A price is at most this many quanta for one lot, and a position that many lots: margin judges
// no larger ones.
inline constexpr std::int64_t kMaxPrice = 4'000'000'000'000;
inline constexpr std::int64_t kMaxLots = std::int64_t{1} << 50;

struct Token {
  std::string name;
  int decimals = 0;
};
// The place of USDC among a stream's tokens.
inline constexpr std::uint32_t kUsdc = 0;

struct Coin {
  std::string name;  // as the venue writes it: "BTC", "@107", "xyz:XYZ100"
  bool is_spot = false;
  int lot_decimals = 0;
  int price_decimals = 0;
  std::uint32_t token = kUsdc;     // spot: the base token
  std::int64_t tick_value = 1;     // quanta of USDC that one lot moves by with one tick
  std::int64_t units_per_lot = 1;  // spot: quanta of the base token in one lot
  std::int64_t first_price = 0;    // quanta for one lot: its mark before its first trade
};

// What one account has of one coin: a perpetual's position or, shared by all pairs of a base token,
// the token itself.
struct Holding {
  enum class Source : std::uint8_t {
    kFlat = 0,        // it opened with nothing
    kSolved = 1,      // its cost follows from its first closing fill
    kFirstPrice = 2,  // it never closed: its cost is taken at the coin's first price
    kToken = 3,       // it is a token, which has no cost
  };
  std::uint32_t account = 0;
  std::uint32_t coin = 0;  // of its first trade
  bool is_spot = false;
  std::int64_t opening_units = 0;  // lots, or quanta of the token
  Int128 opening_quote = 0;        // the quote balance C it opened with
  Source source = Source::kFlat;
  std::size_t solved_at = 0;  // kSolved: the index of that trade
};

struct Side {
  std::uint32_t account = 0;  // index into TradeStream::accounts
  std::uint32_t holding = 0;  // index into TradeStream::holdings
  std::size_t line = 0;       // of its row in the file; 0 when generated
  std::uint32_t fee_token = kUsdc;
  bool is_taker = false;
  std::int64_t start = 0;       // units held before the fill, as the venue says, rounded
  std::int64_t closed_pnl = 0;  // quanta of USDC, as the venue says
  std::int64_t fee = 0;         // quanta of fee_token; a rebate is negative
};

struct Trade {
  std::uint64_t id = 0;
  std::uint64_t time_ms = 0;
  std::uint32_t coin = 0;
  std::int64_t lots = 0;
  std::int64_t price = 0;     // quanta for one lot
  std::int64_t notional = 0;  // quanta: lots * price
  Side buyer{};
  Side seller{};
};

// What the rows of a file say about each other.
struct Continuity {
  std::size_t checks = 0;
  std::size_t gaps = 0;
};

struct TradeStream {
  std::string name;  // the file, or how it was generated
  std::size_t fills_read = 0;
  std::size_t repeated_trades = 0;  // whole trades that stood in the file once more; left out
  std::vector<Token> tokens;        // tokens[kUsdc] is USDC
  std::vector<Coin> coins;
  std::vector<std::uint64_t> accounts;  // the venue's number of each
  std::vector<Holding> holdings;
  std::vector<Trade> trades;
  Continuity continuity;

  // Contracts and tokens.
  [[nodiscard]] std::size_t asset_count() const {
    std::size_t count = tokens.size();
    for (const Coin& coin : coins) count += coin.is_spot ? 0 : 1;
    return count;
  }
};

// The change of `side`'s holding in `trade`, fee aside: +1 for the buyer, -1 for the seller.
[[nodiscard]] inline Int128 UnitsOf(const TradeStream& stream, const Trade& trade) {
  return static_cast<Int128>(trade.lots) * stream.coins[trade.coin].units_per_lot;
}

// What a fee takes out of the holding itself: all of it when it is paid in the coin's base token.
[[nodiscard]] inline std::int64_t FeeInUnits(const TradeStream& stream, const Trade& trade,
                                             const Side& side) {
  return stream.coins[trade.coin].is_spot && side.fee_token != kUsdc ? side.fee : 0;
}

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_STREAM_H_
