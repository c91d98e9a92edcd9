// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Margin parameters as they come from strangers: whatever is decoded can judge any account at any
// price that its instruments allow, to the ends of all ranges, and both ways of judging agree.
// Beside them what is kept of them: schedules, and calls.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/integer.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/transition_rule.h"
#include "settle/margin/valuation.h"
#include "tests/fuzz/fuzz_target.h"

namespace settle::test {
namespace {

constexpr std::uint32_t kInstruments = 8;  // so many of them are looked at

// Everything at the least price, or at the greatest, or the two apart.
MarkPrices PricesOf(const InstrumentTable& table, int which) {
  MarkPrices prices(table);
  for (std::uint32_t i = 0; i < table.size() && i < kInstruments; ++i) {
    const InstrumentIndex index(i);
    const PriceTicks least = table[index].min_price;
    const PriceTicks most = table[index].max_price;
    (void)prices.Set(table, index, which == 0 ? least : most);
    if (which == 2) (void)prices.SetSlow(table, index, least);
  }
  return prices;
}

// An account with the same number of lots, or of units, of everything, as far as it may have them.
struct Held {
  std::vector<BalanceView> balances;
  std::vector<MarginPosition> positions;
};
Held Hold(const InstrumentTable& table, std::int64_t lots) {
  Held held;
  for (std::uint32_t i = 0; i < table.size() && i < kInstruments; ++i) {
    const Instrument& instrument = table[InstrumentIndex(i)];
    const bool is_token = instrument.kind == InstrumentKind::kSpot;
    if (is_token || instrument.scenario.portfolio != kNoPortfolio) continue;
    const std::int64_t most = instrument.max_lots.value();
    const std::int64_t some = (std::max)((std::min)(lots, most), -most);
    BalanceView balance{.compartment = instrument.compartment, .asset = instrument.asset};
    balance.posted = balance.open_interest = Amount(Int128{some});
    if (some < 0) balance.open_interest = Amount(-Int128{some});
    held.balances.push_back(balance);
    held.positions.push_back({.instrument = InstrumentIndex(i),
                              .lots = Lots(some),
                              .quote = {},
                              .open_interest = Lots(some < 0 ? -some : some),
                              .elsewhere = {}});
  }
  return held;
}

// Whether the account is judged alike from balances and positions, and as a risk must be.
bool IsJudged(const MarginContext& context, const Held& held) {
  const Result<Risk> risk = Evaluate<ExactPpm>(context, {.id = {}, .balances = held.balances});
  const Result<Risk> same = Evaluate<ExactPpm>(context, Quanta(), held.positions);
  if (risk.reason() != same.reason()) return false;
  if (!risk.ok()) return risk.reason() == Reason(MarginReason::kMarginOverflow);
  const auto bound = CheckedAdd(risk->initial_headroom, risk->maintenance);
  return *risk == *same && Sign(risk->maintenance) >= 0 && bound &&
         CompareProducts(risk->equity.value(), kMicroPerQuantum, bound->value(), 1) >= 0;
}

int FuzzMarginParameters(const std::uint8_t* data, std::size_t size) {
  MarginParameters parameters;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), parameters, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  for (const int which : {0, 1, 2}) {
    const MarkPrices prices = PricesOf(parameters.instruments, which);
    const Valuation valuation(parameters, prices);
    for (const std::int64_t lots : {std::int64_t{1}, std::int64_t{-1}, std::int64_t{1'000'000},
                                    kMax<std::int64_t>, -kMax<std::int64_t>}) {
      const Held held = Hold(parameters.instruments, lots);
      if (!IsJudged({.valuation = valuation}, held)) return 2;
      (void)TransitionRule<CeilPerLeg>().Admit({.valuation = valuation},
                                               {.id = {}, .balances = held.balances},
                                               {.id = {}, .balances = held.balances});
    }
  }
  return 0;
}

Instrument Perpetual(std::uint32_t n) {
  Instrument instrument;
  instrument.compartment = Compartment(n);
  instrument.asset = ContractId(n);
  instrument.multiplier = 3;
  instrument.curve.initial = RatePpm(50'000);
  instrument.curve.maintenance = RatePpm(25'000);
  instrument.max_price = PriceTicks(1'000'000);
  instrument.max_lots = Lots(1'000'000'000);
  return instrument;
}

// A perpetual, one with all that a curve may have, an inverse one, and a token.
MarginParameters Parameters() {
  std::vector<Instrument> instruments = {Perpetual(1), Perpetual(2), Perpetual(3), Instrument()};
  instruments[1].min_price = PriceTicks(-1'000'000);
  (void)instruments[1].curve.tiers.Add({Quanta(Int128{1'000}), RatePpm(60'000), RatePpm(30'000)});
  instruments[1].curve.premium = {Lots(1'000), RatePpm(1'000), RatePpm(500)};
  instruments[1].curve.open_interest = {Quanta(Int128{1'000}), Quanta(Int128{9'000})};
  instruments[1].curve.initial_per_lot = Quanta(Int128{9});
  instruments[2].kind = InstrumentKind::kInverse;
  instruments[2].min_price = PriceTicks(1);
  Instrument& token = instruments[3];
  token.kind = InstrumentKind::kSpot;
  token.asset = TokenId(1);
  token.multiplier = 1;
  token.max_price = PriceTicks(1'000);
  token.collateral.initial_haircut = token.collateral.maintenance_haircut = RatePpm(100'000);
  MarginParameters parameters;
  parameters.instruments = *InstrumentTable::Create(TokenId(0), instruments);
  return parameters;
}

std::vector<std::vector<std::byte>> Seeds() {
  MarginParameters parameters = Parameters();
  std::vector<std::vector<std::byte>> seeds = {Encode(parameters), Encode(MarginParameters())};
  parameters.withdrawal_profit_cap = Quanta(Int128{5});
  seeds.push_back(Encode(parameters));
  return seeds;
}

const FuzzTarget kTarget("MarginParameters", FuzzMarginParameters, Seeds);

}  // namespace
}  // namespace settle::test
