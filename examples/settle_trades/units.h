// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Which units a file of fills is counted in: found in the file, before anything is scaled.
//
//   lot of a coin      10^-d, d the most decimals of its sz
//   tick of a coin     10^-d, d the most decimals of its px; together at most 8, so that a lot
//   times
//                      a tick is a whole number of USDC quanta
//   quantum of a token 10^-d, d the most decimals of the sz of its pairs and of the fees in it
//   quantum of USDC    10^-8
//
// The base token of a spot pair is the one that its fees are paid in when they are not paid in
// USDC; a pair whose fees are all in USDC names its token itself.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_UNITS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_UNITS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/settle_trades/fills.h"
#include "examples/settle_trades/stream.h"

namespace settle::example {

class Units {
 public:
  // Looks at every fill. Errors: InvalidArgument "file:line: what".
  [[nodiscard]] static absl::StatusOr<Units> Of(const std::string& path,
                                                std::span<const FillPair> trades);

  [[nodiscard]] const std::vector<Coin>& coins() const { return coins_; }
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }

  // The place of a fill's coin among coins(). A perpetual and a spot pair of one name are two.
  [[nodiscard]] std::uint32_t CoinOf(const Fill& fill) const;
  // The place of its fee's token among tokens().
  [[nodiscard]] std::uint32_t FeeTokenOf(const Fill& fill) const;

 private:
  // Where a number of decimals was first seen.
  struct Seen {
    int decimals = 0;
    std::size_t line = 0;
  };
  struct CoinSeen {
    Seen lot;
    Seen tick;
    std::string base;  // empty until a fee names it
    std::size_t base_line = 0;
  };

  explicit Units(const std::string& path) : path_(path) {}

  absl::Status AddFill(const Fill& fill);
  absl::Status AddFee(const Fill& fill, CoinSeen& seen);
  absl::Status MakeTokens(std::span<const FillPair> trades);
  void Scale();

  std::string path_;
  std::vector<Coin> coins_;
  std::vector<CoinSeen> seen_;  // beside coins_
  std::vector<Token> tokens_;
  absl::flat_hash_map<std::pair<std::string, bool>, std::uint32_t> coin_of_;
  absl::flat_hash_map<std::string, std::uint32_t> token_of_;
};

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_UNITS_H_
