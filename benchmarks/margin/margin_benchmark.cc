// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What judging an account costs beside its bare arithmetic: for each position the value and two
// requirements, three multiplies and adds in 128 bits. The rest is finding instrument and price and
// checking every bound.

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/margin/risk.h"
#include "settle/margin/transition_rule.h"

namespace settle::benchmarks {
namespace {

constexpr std::uint32_t kInstruments = 170;
constexpr std::size_t kAccounts = 64;
constexpr AssetId kQuote{TokenId(0)};

// Accounts with some positions each among many instruments, before and after each sells a tenth of
// its first position, and the factors of their arithmetic.
struct World {
  MarginParameters parameters;
  MarkPrices prices;
  std::vector<std::vector<BalanceView>> before;
  std::vector<std::vector<BalanceView>> after;
  std::vector<std::int64_t> left;
  std::vector<std::int64_t> right;
};

World MakeWorld(std::size_t positions, Int128 cash) {
  std::vector<Instrument> instruments;
  for (std::uint32_t n = 1; n <= kInstruments; ++n) {
    Instrument instrument;
    instrument.compartment = Compartment(n);
    instrument.asset = ContractId(n);
    instrument.quote = kQuote;
    instrument.multiplier = 100;
    instrument.curve.initial = RatePpm(50'000);
    instrument.curve.maintenance = RatePpm(25'000);
    instrument.max_price = PriceTicks(std::int64_t{1} << 32);
    instrument.max_lots = Lots(std::int64_t{1} << 40);
    instruments.push_back(instrument);
  }
  World world;
  world.parameters.instruments = *InstrumentTable::Create(kQuote, instruments);
  world.prices = MarkPrices(world.parameters.instruments);
  std::mt19937_64 random(1);
  for (std::uint32_t i = 0; i < kInstruments; ++i) {
    const auto ticks = static_cast<std::int64_t>(1 + random() % 100'000);
    (void)world.prices.Set(world.parameters.instruments, InstrumentIndex(i), PriceTicks(ticks));
  }
  for (std::size_t account = 0; account < kAccounts; ++account) {
    std::vector<BalanceView> balances = {{kCash, kQuote, Amount(cash), {}, {}}};
    std::uint32_t n = static_cast<std::uint32_t>(random() % kInstruments);
    for (std::size_t i = 0; i < positions; ++i) {
      n = (n + 1 + static_cast<std::uint32_t>(random() % 20)) % kInstruments;
      const auto lots = static_cast<std::int64_t>(random() % 2'000'001) - 1'000'000;
      balances.push_back({Compartment(n + 1), ContractId(n + 1), Amount(Int128{lots}), {}, {}});
      for (int product = 0; product < 3; ++product) {
        world.left.push_back(lots);
        world.right.push_back(static_cast<std::int64_t>(random() % 100'000'000));
      }
    }
    world.before.push_back(balances);
    balances[1].posted = Amount(balances[1].posted.value() * 9 / 10);
    world.after.push_back(balances);
  }
  return world;
}

std::uint64_t WordOf(const Result<Risk>& risk) {
  return risk.ok() ? static_cast<std::uint64_t>(risk->maintenance.value()) | 1 : 0;
}

// One account whole, against its multiplies and adds.
void BM_MarginFullCheck(benchmark::State& state) {
  const auto positions = static_cast<std::size_t>(state.range(0));
  const World world = MakeWorld(positions, Int128{1} << 60);
  const Valuation valuation(world.parameters, world.prices);
  const MarginContext context{.valuation = valuation};
  const std::span<const std::int64_t> left(world.left);
  const std::span<const std::int64_t> right(world.right);
  const std::size_t terms = 3 * positions;
  const auto work = [&, i = std::size_t{0}]() mutable {
    const std::vector<BalanceView>& account = world.before[i++ % kAccounts];
    return WordOf(Evaluate<ExactPpm>(context, {.id = {}, .balances = account}));
  };
  const auto baseline = [&, i = std::size_t{0}]() mutable {
    const std::size_t at = (i++ % kAccounts) * terms;
    return BareMulAdd(left.subspan(at, terms), right.subspan(at, terms)) | 1;
  };
  RunPaired(state, {.checksums = Checksums::kUnrelated}, work, baseline);
}
BENCHMARK(BM_MarginFullCheck)->Arg(1)->Arg(8)->Arg(64)->Apply(Paired);

// The transition rule against one full check: of accounts that hold initial margin after (0), and
// of accounts that do not and are looked at twice (1).
void BM_TransitionRule(benchmark::State& state) {
  constexpr std::size_t kPositions = 8;
  const bool below = state.range(0) != 0;
  const World world = MakeWorld(kPositions, below ? -(Int128{1} << 60) : Int128{1} << 60);
  const Valuation valuation(world.parameters, world.prices);
  const MarginContext context{.valuation = valuation};
  const TransitionRule<ExactPpm> rule;
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t at = i++ % kAccounts;
    const Reason reason = rule.Admit(context, {.id = {}, .balances = world.before[at]},
                                     {.id = {}, .balances = world.after[at]});
    const bool expected = below ? reason.code() >= 16 : reason.ok();
    return expected ? 1 : 0;
  };
  const auto baseline = [&, i = std::size_t{0}]() mutable {
    const std::vector<BalanceView>& account = world.before[i++ % kAccounts];
    return WordOf(Evaluate<ExactPpm>(context, {.id = {}, .balances = account}));
  };
  RunPaired(state, {.checksums = Checksums::kUnrelated}, work, baseline);
}
BENCHMARK(BM_TransitionRule)->Arg(0)->Arg(1)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
