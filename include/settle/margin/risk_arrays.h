// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Risk arrays: what one lot of each contract gains or loses in each scenario.
//
// Whoever prices options publishes them; replicas price nothing. They travel as certified data: the
// validators sign a RiskArraysStatement with the digest of the record, and a host judges accounts
// only by arrays whose digest they signed.
//
// The exact profit of a lot, in millionths of a quantum, is floored toward minus infinity to whole
// quanta, for each scenario. For a long the floor never understates a loss, and never overstates it
// by a whole quantum a lot. For a short the loss is the lot's profit, of which the floor would
// understate up to a quantum a lot. So beside the floor stands whether it is exact: a short counts
// floor + 1 where it is not, which is the profit rounded up. Each side then sees its own profit
// rounded down, -ceil(x) = floor(-x), and neither ever sees a smaller loss than the exact one.
//
//   const MicroQuanta profits[] = {...};   // one for each scenario
//   const ExactRiskRow rows[] = {{.contract = ContractId(7), .profits = profits}};
//   Result<RiskArrays> arrays =
//       RiskArrays::Create({.round = 12, .valid_from = Timestamp{...}, .scenarios = 16}, rows);
//   std::optional<RiskRow> row = arrays->Find(ContractId(7));
//   RiskArraysStatement statement = StatementOf(*arrays, hasher.Hash(EncodeRecord(*arrays)));
//   BytesToSign(domain, statement);        // settle/crypto/statement.h

#ifndef SETTLE_MARGIN_RISK_ARRAYS_H_
#define SETTLE_MARGIN_RISK_ARRAYS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/ledger/types.h"
#include "settle/margin/detail/id_index.h"
#include "settle/margin/portfolio.h"
#include "settle/margin/reason.h"
#include "settle/margin/types.h"

SETTLE_NAMESPACE_BEGIN

inline constexpr std::size_t kMaxRiskRows = 65'536;

// The exact profits of one long lot of a contract, one for each scenario, as they were computed.
struct ExactRiskRow {
  AssetId contract;
  std::span<const MicroQuanta> profits;
};

// What is said of a round of risk arrays besides its rows.
struct RiskArraysHead {
  // Rises with each round of one publisher.
  std::uint64_t round = 0;
  // From when on accounts are judged by them: future-dated, so that nobody is surprised.
  Timestamp valid_from;
  std::uint32_t scenarios = 1;
  using Fields =
      Members<&RiskArraysHead::round, &RiskArraysHead::valid_from, &RiskArraysHead::scenarios>;
};

// The profits of one lot in each scenario, in quanta, for each side rounded against it. A view into
// the RiskArrays that gave it.
struct RiskRow {
  const std::int64_t* floors = nullptr;    // of a long lot, rounded down
  const std::int64_t* ceilings = nullptr;  // the same, rounded up: what a short lot pays
  std::uint64_t largest = 0;               // no profit of the row is further from zero
  std::size_t scenarios = 0;

  // What each of `lots` contributes in each scenario, to be multiplied by `lots`.
  [[nodiscard]] std::span<const std::int64_t> ProfitsOf(Lots lots) const {
    return {lots < Lots(0) ? ceilings : floors, scenarios};
  }
};

// An immutable value: another round is another object.
class RiskArrays {
 public:
  static constexpr Kind kKind = Kind::kRiskArrays;
  static constexpr std::uint16_t kVersion = 1;

  // One scenario and no rows.
  RiskArrays() = default;
  // Moves copy: what was moved from still agrees with its index.
  RiskArrays(const RiskArrays&) = default;
  RiskArrays& operator=(const RiskArrays&) = default;

  // The arrays of these rows, floored. Errors: kBadScenarioCount, kWrongRowLength, kWrongAssetKind,
  // kRowsNotAscending, kProfitOutOfRange when a floor or ceiling is beyond 64 bits, kTooMany (of
  // base) rows. O(rows x scenarios).
  [[nodiscard]] static Result<RiskArrays> Create(const RiskArraysHead& head,
                                                 std::span<const ExactRiskRow> rows) {
    RiskArrays arrays;
    arrays.head_ = head;
    if (!arrays.HasGoodCount()) return MarginReason::kBadScenarioCount;
    if (rows.size() > kMaxRiskRows) return BaseReason::kTooMany;
    (void)arrays.contracts_.Resize(rows.size());
    (void)arrays.floors_.Resize(rows.size() * head.scenarios);
    (void)arrays.inexact_.Resize(rows.size() * arrays.WordsOfRow());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (Reason reason = arrays.Fill(i, rows[i]); !reason.ok()) return reason;
    }
    if (Reason reason = arrays.Validate(); !reason.ok()) return reason;
    if (Reason reason = arrays.Rebuild(); !reason.ok()) return reason;
    return arrays;
  }

  [[nodiscard]] const RiskArraysHead& head() const { return head_; }
  [[nodiscard]] std::size_t scenarios() const { return head_.scenarios; }
  // The number of rows, and the contract of one of them, in ascending order.
  [[nodiscard]] std::size_t size() const { return contracts_.size(); }
  [[nodiscard]] AssetId ContractAt(std::size_t row) const { return contracts_[row]; }

  // The row of `contract`, if there is one. One probe.
  [[nodiscard]] std::optional<RiskRow> Find(AssetId contract) const {
    const auto row = by_contract_.Find(contract.value());
    if (!row) return std::nullopt;
    const std::size_t at = *row * scenarios();
    return RiskRow{.floors = floors_.data() + at,
                   .ceilings = ceilings_.data() + at,
                   .largest = largest_[*row],
                   .scenarios = scenarios()};
  }

  // Errors: kBadScenarioCount, kWrongRowLength, kWrongAssetKind, kRowsNotAscending,
  // kProfitOutOfRange, kNotCanonical (of base) for a mark beyond the scenarios.
  [[nodiscard]] Reason Validate() const {
    if (!HasGoodCount()) return MarginReason::kBadScenarioCount;
    if (floors_.size() != size() * scenarios() || inexact_.size() != size() * WordsOfRow()) {
      return MarginReason::kWrongRowLength;
    }
    for (std::size_t i = 0; i < size(); ++i) {
      if (!IsContract(contracts_[i])) return MarginReason::kWrongAssetKind;
      if (i > 0 && contracts_[i] <= contracts_[i - 1]) return MarginReason::kRowsNotAscending;
    }
    for (std::size_t row = 0; row < size(); ++row) {
      for (std::size_t s = 0; s < WordsOfRow() * kBitsOfWord; ++s) {
        if (!IsInexact(row, s)) continue;
        if (s >= scenarios()) return BaseReason::kNotCanonical;
        if (FloorAt(row, s) == kMax<std::int64_t>) return MarginReason::kProfitOutOfRange;
      }
    }
    return {};
  }

  // Makes the derived parts anew from the members. Errors: kRowsNotAscending.
  Reason Rebuild() {
    by_contract_.Reset(size());
    ceilings_.assign(floors_.begin(), floors_.end());
    largest_.assign(size(), 0);
    for (std::uint32_t row = 0; row < size(); ++row) {
      if (!by_contract_.Insert(contracts_[row].value(), row)) {
        return MarginReason::kRowsNotAscending;
      }
      for (std::size_t s = 0; s < scenarios(); ++s) {
        std::int64_t& ceiling = ceilings_[row * scenarios() + s];
        if (IsInexact(row, s)) ++ceiling;
        for (const std::int64_t profit : {FloorAt(row, s), ceiling}) {
          largest_[row] = (std::max)(largest_[row], Magnitude(profit));
        }
      }
    }
    return {};
  }

 private:
  static constexpr std::size_t kBitsOfWord = 64;

  [[nodiscard]] bool HasGoodCount() const {
    return 1 <= head_.scenarios && head_.scenarios <= kMaxScenarios;
  }
  [[nodiscard]] std::size_t WordsOfRow() const {
    return (scenarios() + kBitsOfWord - 1) / kBitsOfWord;
  }
  [[nodiscard]] std::int64_t FloorAt(std::size_t row, std::size_t scenario) const {
    return floors_[row * scenarios() + scenario];
  }
  [[nodiscard]] bool IsInexact(std::size_t row, std::size_t scenario) const {
    const std::uint64_t word = inexact_[row * WordsOfRow() + scenario / kBitsOfWord];
    return (word >> (scenario % kBitsOfWord) & 1) != 0;
  }

  // Floors `exact` into row number `row`, for which there is room.
  Reason Fill(std::size_t row, const ExactRiskRow& exact) {
    if (exact.profits.size() != scenarios()) return MarginReason::kWrongRowLength;
    contracts_[row] = exact.contract;
    for (std::size_t s = 0; s < scenarios(); ++s) {
      const Int128 profit = exact.profits[s].value();
      const auto floor = Divide(profit, kMicroPerQuantum, Rounding::kDown);
      const auto narrow = floor ? CheckedCast<std::int64_t>(*floor) : std::nullopt;
      if (!narrow) return MarginReason::kProfitOutOfRange;
      floors_[row * scenarios() + s] = *narrow;
      if (Int128{*narrow} * kMicroPerQuantum != profit) {
        inexact_[row * WordsOfRow() + s / kBitsOfWord] |= std::uint64_t{1} << (s % kBitsOfWord);
      }
    }
    return {};
  }

  RiskArraysHead head_;
  Bounded<AssetId, kMaxRiskRows> contracts_;
  // Row after row, a scenario after the other.
  Bounded<std::int64_t, kMaxRiskRows * kMaxScenarios> floors_;
  // For each row a bit for each scenario, the lowest first, in as many words as they need: set
  // where the exact profit is not whole.
  Bounded<std::uint64_t, kMaxRiskRows * kMaxScenarios / kBitsOfWord> inexact_;
  std::vector<std::int64_t> ceilings_;  // as floors_
  std::vector<std::uint64_t> largest_;  // of each row
  detail::IdIndex by_contract_;

 public:
  using Fields = Members<&RiskArrays::head_, &RiskArrays::contracts_, &RiskArrays::floors_,
                         &RiskArrays::inexact_>;
  using Derived = Members<&RiskArrays::ceilings_, &RiskArrays::largest_, &RiskArrays::by_contract_>;
};

// What validators sign: in this round, from this instant on, the risk arrays are those whose record
// has this digest.
struct RiskArraysStatement {
  std::uint64_t round = 0;
  Timestamp valid_from;
  Digest arrays{};
  static constexpr Kind SignedKind() { return Kind::kRiskArraysStatement; }
  using Fields = Members<&RiskArraysStatement::round, &RiskArraysStatement::valid_from,
                         &RiskArraysStatement::arrays>;
};

// The statement for `arrays`, whose record (EncodeRecord) has `digest`. Arrays are those of a
// certified statement when this one is equal to it.
[[nodiscard]] inline RiskArraysStatement StatementOf(const RiskArrays& arrays,
                                                     const Digest& digest) {
  return {.round = arrays.head().round, .valid_from = arrays.head().valid_from, .arrays = digest};
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_MARGIN_RISK_ARRAYS_H_
