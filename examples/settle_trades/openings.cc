// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/openings.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "examples/settle_trades/csv.h"
#include "examples/settle_trades/position.h"
#include "settle/ledger/position.h"
#include "settle/ledger/types.h"

namespace settle::example {

namespace {

// What the pass knows of a holding.
struct Trace {
  bool seen = false;
  bool solved = false;
  Int128 units = 0;     // now, following the fills
  Int128 expected = 0;  // what the next row should start with, following the file
  Int128 opened = 0;    // quote balance that came from opening fills
};

class OpeningPass {
 public:
  explicit OpeningPass(TradeStream& stream) : stream_(stream), traces_(stream.holdings.size()) {}

  absl::Status Run() {
    for (std::size_t i = 0; i < stream_.trades.size(); ++i) {
      const Trade& trade = stream_.trades[i];
      for (const Direction direction : {Direction::kBuy, Direction::kSell}) {
        const Side& side = direction == Direction::kBuy ? trade.buyer : trade.seller;
        Follow(trade, side, direction);
        if (!stream_.coins[trade.coin].is_spot) Solve(i, trade, side, direction);
        if (absl::Status status = CheckRange(side); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  // Continuity, and the first row.
  void Follow(const Trade& trade, const Side& side, Direction direction) {
    Trace& trace = traces_[side.holding];
    Holding& holding = stream_.holdings[side.holding];
    if (trace.seen) {
      ++stream_.continuity.checks;
      if (trace.expected != side.start) ++stream_.continuity.gaps;
    } else {
      trace.seen = true;
      trace.units = side.start;
      holding.opening_units = side.start;
      holding.source = holding.is_spot ? Holding::Source::kToken : Holding::Source::kFlat;
      if (!holding.is_spot && side.start != 0) {
        holding.source = Holding::Source::kFirstPrice;
        holding.opening_quote =
            -static_cast<Int128>(side.start) * stream_.coins[trade.coin].first_price;
      }
    }
    trace.expected = side.start + static_cast<int>(direction) * UnitsOf(stream_, trade) -
                     FeeInUnits(stream_, trade, side);
  }

  void Solve(std::size_t index, const Trade& trade, const Side& side, Direction direction) {
    Trace& trace = traces_[side.holding];
    const Position position{.units = trace.units};
    const auto sign = static_cast<int>(direction);
    const Amount change(sign * static_cast<Int128>(trade.lots));
    const Int128 closed = ClosedLots(BalanceOf(position), change)->value();
    Holding& holding = stream_.holdings[side.holding];
    if (holding.opening_units != 0 && !trace.solved) {
      if (closed == 0) {
        trace.opened -= sign * static_cast<Int128>(trade.notional);
      } else {
        trace.solved = true;
        const Int128 held = trace.units < 0 ? -trace.units : trace.units;
        const Int128 rest = side.closed_pnl - Sign(trace.units) * closed * trade.price;
        holding.opening_quote =
            MulDiv(rest, held, closed, Rounding::kUp).value_or(kMax<Int128> / 2) - trace.opened;
        holding.source = Holding::Source::kSolved;
        holding.solved_at = index;
      }
    }
    trace.units += sign * static_cast<Int128>(trade.lots);
  }

  absl::Status CheckRange(const Side& side) const {
    const Int128 quote = stream_.holdings[side.holding].opening_quote;
    if (Magnitude(quote) <= static_cast<UInt128>(kMaxOpeningQuote)) return absl::OkStatus();
    return BadLine(
        stream_.name, side.line,
        absl::StrCat("start_position and closed_pnl of account ", stream_.accounts[side.account],
                     " give an opening cost out of range"));
  }

  TradeStream& stream_;
  std::vector<Trace> traces_;  // beside stream_.holdings
};

}  // namespace

absl::Status FindOpenings(TradeStream& stream) { return OpeningPass(stream).Run(); }

}  // namespace settle::example
