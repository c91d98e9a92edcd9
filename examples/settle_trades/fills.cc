// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/fills.h"

#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "settle/base/status.h"

namespace settle::example {

namespace {

// The places of the columns in kFillColumns.
enum Column : std::size_t {
  kBlock,
  kTimeMs,
  kCoin,
  kTradeId,
  kOrderId,
  kAccount,
  kSide,
  kPx,
  kSz,
  kDir,
  kStartPosition,
  kClosedPnl,
  kFee,
  kFeeToken,
  kTaker,
  kLiqMarkPx,
  kLiqMethod,
  kLiqAccount,
};

// Log time counts nanoseconds in 64 bits.
constexpr std::uint64_t kMaxTimeMs = 9'000'000'000'000;
constexpr std::uint64_t kMaxNumber = static_cast<std::uint64_t>(kMax<std::int64_t>);

struct DirectionName {
  std::string_view name;
  bool is_buyer;
  bool is_spot;
};
constexpr std::array kDirections = {
    DirectionName{"Buy", true, true},
    DirectionName{"Sell", false, true},
    DirectionName{"Open Long", true, false},
    DirectionName{"Close Long", false, false},
    DirectionName{"Open Short", false, false},
    DirectionName{"Close Short", true, false},
    DirectionName{"Long > Short", false, false},
    DirectionName{"Short > Long", true, false},
};

const DirectionName* FindDirection(std::string_view name) {
  for (const DirectionName& direction : kDirections) {
    if (direction.name == name) return &direction;
  }
  return nullptr;
}

// Reads the fields of one row; the first refusal is kept and the rest of the row is not looked at.
class RowReader {
 public:
  RowReader(const CsvTable& table, std::size_t row)
      : path_(table.path()), line_(CsvTable::LineOf(row)), fields_(table.Row(row)) {}

  [[nodiscard]] const absl::Status& status() const { return status_; }
  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] std::string_view Text(Column column) const { return fields_[column]; }

  void Refuse(Column column, std::string_view what) {
    if (!status_.ok()) return;
    status_ = BadLine(path_, line_,
                      absl::StrCat(ToAbsl(kFillColumns[column]), " \"", ToAbsl(Text(column)),
                                   "\": ", ToAbsl(what)));
  }

  std::uint64_t Number(Column column, std::uint64_t most) {
    const Result<Int128> number = ParseDecimal(Text(column), 0);
    if (!number.ok() && !number.reason().Is(BaseReason::kOverflow)) {
      Refuse(column, "not a whole number");
      return 0;
    }
    if (!number.ok() || *number < 0 || *number > static_cast<Int128>(most)) {
      Refuse(column, absl::StrCat("out of range, 0 to ", most));
      return 0;
    }
    return static_cast<std::uint64_t>(*number);
  }

  Decimal Fraction(Column column) {
    const Result<Decimal> number = ReadDecimal(Text(column));
    if (number.ok()) return *number;
    if (number.reason().Is(BaseReason::kSurplusDecimals)) {
      Refuse(column, absl::StrCat("surplus decimals, at most ", kMostDecimals));
    } else if (number.reason().Is(BaseReason::kOverflow)) {
      Refuse(column, "out of range");
    } else {
      Refuse(column, "not a number");
    }
    return {};
  }

  Decimal Positive(Column column) {
    const Decimal number = Fraction(column);
    if (number.digits <= 0) Refuse(column, "out of range, must be above zero");
    return number;
  }

  // One of two words.
  bool Is(Column column, std::string_view yes, std::string_view no) {
    if (Text(column) != yes && Text(column) != no) {
      Refuse(column, absl::StrCat("neither ", ToAbsl(yes), " nor ", ToAbsl(no)));
    }
    return Text(column) == yes;
  }

  std::string Name(Column column) {
    if (Text(column).empty()) Refuse(column, "empty");
    return std::string(Text(column));
  }

 private:
  std::string_view path_;
  std::size_t line_;
  std::vector<std::string_view> fields_;
  absl::Status status_;
};

absl::StatusOr<Fill> ReadFill(const CsvTable& table, std::size_t row) {
  RowReader reader(table, row);
  Fill fill;
  fill.line = reader.line();
  reader.Number(kBlock, kMaxNumber);
  fill.time_ms = reader.Number(kTimeMs, kMaxTimeMs);
  fill.coin = reader.Name(kCoin);
  fill.trade_id = reader.Number(kTradeId, kMaxNumber);
  reader.Number(kOrderId, kMaxNumber);
  fill.account = reader.Number(kAccount, kMaxNumber);
  fill.is_buyer = reader.Is(kSide, "B", "A");
  fill.px = reader.Positive(kPx);
  fill.sz = reader.Positive(kSz);
  fill.start_position = reader.Fraction(kStartPosition);
  fill.closed_pnl = reader.Fraction(kClosedPnl);
  fill.fee = reader.Fraction(kFee);
  fill.fee_token = reader.Name(kFeeToken);
  fill.is_taker = reader.Is(kTaker, "1", "0");
  if (!reader.Text(kLiqMarkPx).empty()) reader.Positive(kLiqMarkPx);
  if (!reader.Text(kLiqAccount).empty()) reader.Number(kLiqAccount, kMaxNumber);

  const DirectionName* direction = FindDirection(reader.Text(kDir));
  if (direction == nullptr) {
    reader.Refuse(kDir, "unknown direction");
  } else {
    fill.is_spot = direction->is_spot;
    if (direction->is_buyer != fill.is_buyer) {
      reader.Refuse(kDir,
                    fill.is_buyer ? "of a seller, but side is B" : "of a buyer, but side is A");
    }
    if (fill.coin.starts_with('@') && !fill.is_spot) {
      reader.Refuse(kDir, absl::StrCat("of a perpetual, but ", fill.coin, " is a spot pair"));
    }
  }
  if (!reader.status().ok()) return reader.status();
  return fill;
}

class Pairing {
 public:
  explicit Pairing(const CsvTable& table) : table_(table) {}

  absl::StatusOr<FillFile> Run() {
    const std::size_t rows = table_.row_count();
    if (rows == 0)
      return BadLine(table_.path(), 1, "no fills: the file has no row after its header");
    FillFile file;
    file.fills_read = rows;
    for (std::size_t row = 0; row < rows; row += 2) {
      absl::StatusOr<Fill> first = ReadFill(table_, row);
      if (!first.ok()) return first.status();
      const auto [place, is_new] = rows_of_.try_emplace(first->trade_id, row);
      if (!is_new) {
        if (absl::Status same = CheckRepeated(place->second, row); !same.ok()) return same;
        ++file.repeated_trades;
        continue;
      }
      if (row + 1 == rows) return OneSideOnly(*first);
      absl::StatusOr<Fill> second = ReadFill(table_, row + 1);
      if (!second.ok()) return second.status();
      if (second->trade_id != first->trade_id) return OneSideOnly(*first);
      if (absl::Status status = CheckPair(row, *first, *second); !status.ok()) return status;
      if (!first->is_buyer) std::swap(*first, *second);
      file.trades.push_back({.buyer = *std::move(first), .seller = *std::move(second)});
    }
    return file;
  }

 private:
  absl::Status OneSideOnly(const Fill& fill) const {
    return BadLine(table_.path(), fill.line,
                   absl::StrCat("trade ", fill.trade_id, " has one side only: no row of its ",
                                fill.is_buyer ? "seller" : "buyer", " stands beside it"));
  }

  // The trade whose rows begin at `row` was read from `earlier` on.
  absl::Status CheckRepeated(std::size_t earlier, std::size_t row) const {
    for (std::size_t i = 0; i < 2; ++i) {
      if (row + i == table_.row_count()) {
        return BadLine(
            table_.path(), CsvTable::LineOf(row),
            absl::StrCat("trade id ", ToAbsl(table_.Row(row)[kTradeId]),
                         " again, with one side only; first in line ", CsvTable::LineOf(earlier)));
      }
      for (std::size_t column = 0; column < kFillColumns.size(); ++column) {
        if (absl::Status status = CheckEqual(earlier + i, row + i, column, "trade id again: ");
            !status.ok()) {
          return status;
        }
      }
    }
    return absl::OkStatus();
  }

  // The two rows of a trade agree where they must.
  absl::Status CheckPair(std::size_t row, const Fill& first, const Fill& second) const {
    for (const Column column : {kCoin, kTimeMs, kBlock, kPx, kSz}) {
      if (absl::Status status = CheckEqual(row, row + 1, column, "two sides of a trade differ: ");
          !status.ok()) {
        return status;
      }
    }
    const auto refuse = [this, &second](std::string_view what) {
      return BadLine(table_.path(), second.line,
                     absl::StrCat("trade ", second.trade_id, " has ", ToAbsl(what)));
    };
    if (first.is_buyer == second.is_buyer) {
      return refuse(first.is_buyer ? "two buyers and no seller" : "two sellers and no buyer");
    }
    if (first.is_taker == second.is_taker) {
      return refuse(first.is_taker ? "two takers" : "no taker");
    }
    if (first.is_spot != second.is_spot) return refuse("a side in spot and a side in a perpetual");
    if (first.account == second.account) {
      return refuse(absl::StrCat("account ", first.account, " on both sides"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckEqual(std::size_t earlier, std::size_t row, std::size_t column,
                          std::string_view what) const {
    const std::string_view before = table_.Row(earlier)[column];
    const std::string_view here = table_.Row(row)[column];
    if (before == here) return absl::OkStatus();
    return BadLine(table_.path(), CsvTable::LineOf(row),
                   absl::StrCat(ToAbsl(what), "trade ", ToAbsl(table_.Row(row)[kTradeId]), ", ",
                                ToAbsl(kFillColumns[column]), " ", ToAbsl(here), " here, ",
                                ToAbsl(before), " in line ", CsvTable::LineOf(earlier)));
  }

  const CsvTable& table_;
  absl::flat_hash_map<std::uint64_t, std::size_t> rows_of_;  // the first row of each trade
};

}  // namespace

absl::StatusOr<FillFile> ReadFills(const CsvTable& table) { return Pairing(table).Run(); }

absl::StatusOr<FillFile> ReadFills(const std::string& path) {
  const absl::StatusOr<CsvTable> table = CsvTable::Read(path, kFillColumns);
  if (!table.ok()) return table.status();
  return ReadFills(*table);
}

}  // namespace settle::example
