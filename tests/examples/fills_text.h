// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Small files of fills, written row by row.

#ifndef SETTLE_TESTS_EXAMPLES_FILLS_TEXT_H_
#define SETTLE_TESTS_EXAMPLES_FILLS_TEXT_H_

#include <initializer_list>
#include <string>

namespace settle::test {

inline const std::string kFillHeader =
    "block,time_ms,coin,trade_id,order_id,account,side,px,sz,start_position,dir,closed_pnl,fee,"
    "fee_token,taker,liq_mark_px,liq_method,liq_account\n";

// A row; by default the buyer of one contract.
struct FillText {
  std::string coin = "BTC";
  std::string id = "1";
  std::string account = "1";
  std::string side = "B";
  std::string px = "100.0";
  std::string sz = "1.0";
  std::string start = "0.0";
  std::string dir = "Open Long";
  std::string pnl = "0.0";
  std::string fee = "0.0";
  std::string fee_token = "USDC";
  std::string taker = "1";
  std::string time = "1000";
  std::string block = "9";

  [[nodiscard]] std::string Line() const {
    return block + "," + time + "," + coin + "," + id + ",77," + account + "," + side + "," + px +
           "," + sz + "," + start + "," + dir + "," + pnl + "," + fee + "," + fee_token + "," +
           taker + ",,,\n";
  }
};

// The buyer's row with what a seller's has otherwise.
inline FillText SellerOf(FillText buyer) {
  buyer.account = "2";
  buyer.side = "A";
  buyer.taker = buyer.taker == "1" ? "0" : "1";
  if (buyer.dir == "Open Long") buyer.dir = "Open Short";
  if (buyer.dir == "Buy") buyer.dir = "Sell";
  return buyer;
}

inline std::string FileOf(std::initializer_list<FillText> rows) {
  std::string text = kFillHeader;
  for (const FillText& row : rows) text += row.Line();
  return text;
}

}  // namespace settle::test

#endif  // SETTLE_TESTS_EXAMPLES_FILLS_TEXT_H_
