// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// An independent pair of eyes: what must hold after every trade, checked with books of its own.
//
// Two books are kept. One follows the stream, refused trades included, as the venue's own file
// does: positions and realised profit are compared with the file on it. The other mirrors the
// ledger leg by leg and is compared with the ledger itself after every block. After every trade:
//
//   - the legs of the transaction sum to zero in every asset, so that every asset does
//   - what the ledger moved for each (owner, asset) is what the book moved, if the trade settled;
//     leg for leg, unless an earlier refusal touched a position of the trade
//   - a position closed to zero lots has a quote balance of exactly zero, in both

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_AUDIT_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_AUDIT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "examples/settle_trades/legs.h"
#include "examples/settle_trades/position.h"
#include "examples/settle_trades/stream.h"
#include "settle/base/codec.h"  // hashes an account key
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/types.h"

namespace settle::example {

// A closing fill whose realised profit is not what the file says.
struct ProfitDifference {
  std::size_t trade = 0;  // index in the stream
  Direction side = Direction::kBuy;
  Int128 book = 0;
  Int128 file = 0;
};

class Audit {
 public:
  // The stream outlives the audit. Profit is compared when the stream is one that states it.
  enum class Profit : std::uint8_t { kIgnored = 0, kCompared = 1 };
  Audit(const TradeStream& stream, Profit profit);

  // The legs of one genesis transaction.
  void FollowGenesis(std::span<const Leg> legs);
  // The next trade of the stream, with the legs that the ledger was asked to apply.
  enum class Outcome : std::uint8_t { kRefused = 0, kSettled = 1 };
  void Follow(std::span<const Leg> legs, Outcome outcome);

  // The ledger, after a block: calls CompareAccount for each of its accounts, then this. Zero
  // accounts may be absent on either side.
  template <typename LedgerType>
  void CompareLedger(const LedgerType& ledger) {
    BeginComparison();
    ledger.ForEachAccount([this](const AccountState& account) {
      CompareAccount(account.key, account.balance.value());
    });
    EndComparison();
  }

  // Whether the book ends where the file does, for every holding.
  [[nodiscard]] std::size_t CountFinalDifferences() const;

  // True while nothing that must hold has failed; else the first failures, in words.
  [[nodiscard]] bool conserved() const { return conserved_; }
  [[nodiscard]] bool ok() const { return faults_.empty(); }
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

  [[nodiscard]] std::size_t trade_count() const { return next_; }
  [[nodiscard]] std::size_t profits_compared() const { return profits_compared_; }
  [[nodiscard]] const std::vector<ProfitDifference>& differences() const { return differences_; }
  [[nodiscard]] Int128 total_profit() const { return total_profit_; }
  [[nodiscard]] std::size_t closed_to_zero() const { return closed_to_zero_; }
  // How many trades had so many legs.
  [[nodiscard]] const std::array<std::size_t, kMaxTradeLegs + 1>& leg_counts() const {
    return leg_counts_;
  }
  // The mirror of the ledger.
  [[nodiscard]] Int128 BalanceOf(const AccountKey& key) const;
  [[nodiscard]] const Booking& book() const { return book_; }

 private:
  void Fault(std::string what);
  void CheckZeroSum(std::span<const Leg> legs);
  void CheckAgainstBook(const Trade& trade, std::span<const Leg> legs,
                        std::span<const Leg> book_legs);
  void CompareProfit(const Trade& trade, Direction direction);
  void CheckClosed(const Trade& trade, const Side& side);
  void BeginComparison();
  void CompareAccount(const AccountKey& key, Int128 balance);
  void EndComparison();

  const TradeStream& stream_;
  Profit profit_;
  Booking book_;
  absl::flat_hash_map<AccountKey, Int128> mirror_;
  std::vector<std::uint8_t> touched_by_refusal_;  // beside stream.holdings
  std::vector<Int128> file_units_;                // where the file says each holding is
  std::size_t next_ = 0;

  bool conserved_ = true;
  std::vector<std::string> faults_;
  std::size_t profits_compared_ = 0;
  std::vector<ProfitDifference> differences_;
  Int128 total_profit_ = 0;
  std::size_t closed_to_zero_ = 0;
  std::array<std::size_t, kMaxTradeLegs + 1> leg_counts_{};

  // During a comparison.
  std::size_t equal_ = 0;
  std::map<AssetId, Int128> sums_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_AUDIT_H_
