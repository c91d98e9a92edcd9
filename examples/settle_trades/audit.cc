// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/audit.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "settle/base/text.h"

namespace settle::example {

namespace {

constexpr std::size_t kMostFaults = 10;
// A difference of more than this part of the trade's notional is listed.
constexpr Int128 kProfitTolerance = 100'000;

struct Move {
  OwnerId owner;
  AssetId asset;
  Int128 amount = 0;
  friend bool operator==(const Move&, const Move&) = default;
};

// What the legs move for each owner and asset, over all compartments; nothing that nets to zero.
std::vector<Move> NetMoves(std::span<const Leg> legs) {
  std::vector<Move> moves;
  for (const Leg& leg : legs) {
    const auto at = std::find_if(moves.begin(), moves.end(), [&leg](const Move& move) {
      return move.owner == leg.account.owner && move.asset == leg.account.asset;
    });
    if (at != moves.end()) {
      at->amount += leg.amount.value();
    } else {
      moves.push_back({leg.account.owner, leg.account.asset, leg.amount.value()});
    }
  }
  std::erase_if(moves, [](const Move& move) { return move.amount == 0; });
  std::sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) {
    return std::tie(a.owner, a.asset) < std::tie(b.owner, b.asset);
  });
  return moves;
}

bool SameLegs(std::span<const Leg> a, std::span<const Leg> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::string AccountText(const AccountKey& key) {
  return absl::StrCat("(owner ", ToString(key.owner), ", compartment ", ToString(key.compartment),
                      ", asset ", ToString(key.asset), ")");
}

}  // namespace

Audit::Audit(const TradeStream& stream, Profit profit)
    : stream_(stream),
      profit_(profit),
      book_(stream),
      touched_by_refusal_(stream.holdings.size(), 0),
      file_units_(stream.holdings.size()) {
  for (std::size_t i = 0; i < stream.holdings.size(); ++i) {
    file_units_[i] = stream.holdings[i].opening_units;
  }
}

void Audit::Fault(std::string what) {
  if (faults_.size() < kMostFaults) faults_.push_back(std::move(what));
}

void Audit::FollowGenesis(std::span<const Leg> legs) {
  CheckZeroSum(legs);
  for (const Leg& leg : legs) mirror_[leg.account] += leg.amount.value();
}

void Audit::Follow(std::span<const Leg> legs, Outcome outcome) {
  const Trade& trade = stream_.trades[next_];
  const bool is_perpetual = !stream_.coins[trade.coin].is_spot;
  ++leg_counts_[std::min(legs.size(), kMaxTradeLegs)];
  if (outcome == Outcome::kSettled) {
    CheckZeroSum(legs);
    CheckAgainstBook(trade, legs, book_.LegsOf(trade).view());
    for (const Leg& leg : legs) mirror_[leg.account] += leg.amount.value();
  } else if (is_perpetual) {
    touched_by_refusal_[trade.buyer.holding] = 1;
    touched_by_refusal_[trade.seller.holding] = 1;
  }
  CompareProfit(trade, Direction::kBuy);
  CompareProfit(trade, Direction::kSell);
  book_.Mark();
  book_.Book(trade);
  for (const Side* side : {&trade.buyer, &trade.seller}) {
    const int sign = side == &trade.buyer ? 1 : -1;
    file_units_[side->holding] =
        side->start + sign * UnitsOf(stream_, trade) - FeeInUnits(stream_, trade, *side);
    if (is_perpetual) CheckClosed(trade, *side);
  }
  ++next_;
}

void Audit::CheckZeroSum(std::span<const Leg> legs) {
  for (std::size_t i = 0; i < legs.size(); ++i) {
    Int128 sum = 0;
    for (const Leg& leg : legs) {
      if (leg.account.asset == legs[i].account.asset) sum += leg.amount.value();
    }
    if (sum == 0) continue;
    conserved_ = false;
    Fault(absl::StrCat("trade ", next_, ": asset ", ToString(legs[i].account.asset), " sums to ",
                       ToString(sum)));
    return;
  }
}

void Audit::CheckAgainstBook(const Trade& trade, std::span<const Leg> legs,
                             std::span<const Leg> book_legs) {
  if (SameLegs(legs, book_legs)) return;
  if (touched_by_refusal_[trade.buyer.holding] == 0 &&
      touched_by_refusal_[trade.seller.holding] == 0) {
    Fault(absl::StrCat("trade ", next_, ": the ledger's legs are not the book's"));
  } else if (NetMoves(legs) != NetMoves(book_legs)) {
    Fault(absl::StrCat("trade ", next_, ": the ledger moved other amounts than the book"));
  }
}

void Audit::CompareProfit(const Trade& trade, Direction direction) {
  const std::optional<Int128> profit = book_.ProfitOf(trade, direction);
  if (!profit) return;
  total_profit_ += *profit;
  if (profit_ == Profit::kIgnored) return;
  const Side& side = direction == Direction::kBuy ? trade.buyer : trade.seller;
  const Holding& holding = stream_.holdings[side.holding];
  if (holding.source == Holding::Source::kSolved && holding.solved_at == next_) return;
  ++profits_compared_;
  const Int128 difference = *profit - side.closed_pnl;
  if ((difference < 0 ? -difference : difference) * kProfitTolerance > trade.notional) {
    differences_.push_back(
        {.trade = next_, .side = direction, .book = *profit, .file = side.closed_pnl});
  }
}

void Audit::CheckClosed(const Trade& trade, const Side& side) {
  if (book_[side.holding].units == 0) {
    ++closed_to_zero_;
    if (book_[side.holding].quote != 0) {
      Fault(absl::StrCat("trade ", next_, ": a closed position keeps ",
                         ToString(book_[side.holding].quote), " quanta on the book"));
    }
  }
  const OwnerId owner = OwnerOf(stream_.accounts[side.account]);
  if (BalanceOf(LotsAccount(owner, trade.coin)) == 0) {
    const Int128 quote = BalanceOf(QuoteAccount(owner, trade.coin));
    if (quote != 0) {
      Fault(absl::StrCat("trade ", next_, ": a closed position keeps ", ToString(quote),
                         " quanta on the ledger"));
    }
  }
}

Int128 Audit::BalanceOf(const AccountKey& key) const {
  const auto at = mirror_.find(key);
  return at == mirror_.end() ? Int128{0} : at->second;
}

void Audit::BeginComparison() {
  equal_ = 0;
  sums_.clear();
}

void Audit::CompareAccount(const AccountKey& key, Int128 balance) {
  sums_[key.asset] += balance;
  const auto at = mirror_.find(key);
  if (at != mirror_.end()) ++equal_;
  const Int128 expected = at == mirror_.end() ? Int128{0} : at->second;
  if (balance != expected) {
    Fault(absl::StrCat("after trade ", next_, ": account ", AccountText(key), " has ",
                       ToString(balance), ", the settled legs give ", ToString(expected)));
  }
}

void Audit::EndComparison() {
  if (equal_ != mirror_.size()) {
    Fault(absl::StrCat("after trade ", next_, ": the ledger has ", equal_, " of ", mirror_.size(),
                       " accounts"));
  }
  for (const auto& [asset, sum] : sums_) {
    if (sum == 0) continue;
    conserved_ = false;
    Fault(absl::StrCat("after trade ", next_, ": asset ", ToString(asset), " sums to ",
                       ToString(sum)));
  }
}

std::size_t Audit::CountFinalDifferences() const {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < file_units_.size(); ++i) {
    if (book_[i].units != file_units_[i]) ++count;
  }
  return count;
}

}  // namespace settle::example
