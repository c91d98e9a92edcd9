// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What judging an account costs beside its bare arithmetic: for each position the value and two
// requirements, three multiplies and adds in 128 bits. The rest is finding instrument and price and
// checking every bound.
//
// BM_MarginFullCheck is a whole account from a host's own positions, BM_MarginLedgerView the same
// from the ledger's view of its balances, which must be found among the instruments first. What is
// kept from one judgement to the next is judged again by BM_MarginOneLeg, BM_TransitionRule and the
// orders; all accounts at once by BM_DenseReprice.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "benchmarks/baseline.h"
#include "benchmarks/paired.h"
#include "settle/margin/account_book.h"
#include "settle/margin/dense_book.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/transition_rule.h"

namespace settle::benchmarks {
namespace {

constexpr std::uint32_t kInstruments = 170;
constexpr std::size_t kAccounts = 64;
constexpr AssetId kQuote{TokenId(0)};

// Instruments at 5 % and 2.5 %, with a second tier at twice of both if there are two.
MarginParameters MakeParameters(std::uint32_t count, int tiers) {
  std::vector<Instrument> instruments;
  for (std::uint32_t n = 1; n <= count; ++n) {
    Instrument instrument;
    instrument.compartment = Compartment(n);
    instrument.asset = ContractId(n);
    instrument.quote = kQuote;
    instrument.multiplier = 100;
    instrument.curve.initial = RatePpm(50'000);
    instrument.curve.maintenance = RatePpm(25'000);
    if (tiers == 2) {
      (void)instrument.curve.tiers.Add(
          {Quanta(Int128{50'000'000'000}), RatePpm(100'000), RatePpm(50'000)});
    }
    instrument.max_price = PriceTicks(std::int64_t{1} << 32);
    instrument.max_lots = Lots(std::int64_t{1} << 40);
    instruments.push_back(instrument);
  }
  MarginParameters parameters;
  parameters.instruments = *InstrumentTable::Create(kQuote, instruments);
  return parameters;
}

MarkPrices MakePrices(const MarginParameters& parameters, std::mt19937_64& random) {
  MarkPrices prices(parameters.instruments);
  for (std::uint32_t i = 0; i < parameters.instruments.size(); ++i) {
    const auto ticks = static_cast<std::int64_t>(1 + random() % 100'000);
    (void)prices.Set(parameters.instruments, InstrumentIndex(i), PriceTicks(ticks));
  }
  return prices;
}

// Accounts with some positions each among many instruments, the same as the ledger would show them,
// and the factors of their arithmetic.
struct World {
  World(std::size_t positions, Int128 cash_of_each)
      : parameters(MakeParameters(kInstruments, 1)),
        random(1),
        prices(MakePrices(parameters, random)),
        valuation(parameters, prices),
        cash(cash_of_each) {
    for (std::size_t account = 0; account < kAccounts; ++account) AddAccount(positions);
  }

  void AddAccount(std::size_t positions) {
    std::vector<MarginPosition> held;
    std::vector<BalanceView> balances = {{kCash, kQuote, Amount(cash.value())}};
    auto n = static_cast<std::uint32_t>(random() % kInstruments);
    for (std::size_t i = 0; i < positions; ++i) {
      n = (n + 1 + static_cast<std::uint32_t>(random() % 2)) % kInstruments;
      const auto lots = static_cast<std::int64_t>(random() % 2'000'001) - 1'000'000;
      held.push_back({.instrument = InstrumentIndex(n), .lots = Lots(lots)});
      balances.push_back({Compartment(n + 1), ContractId(n + 1), Amount(Int128{lots})});
      for (int product = 0; product < 3; ++product) {
        left.push_back(lots);
        right.push_back(static_cast<std::int64_t>(random() % 100'000'000));
      }
    }
    accounts.push_back(held);
    views.push_back(balances);
  }

  [[nodiscard]] Result<Risk> Check(std::size_t account) const {
    return Evaluate<ExactPpm>({.valuation = valuation}, cash, accounts[account]);
  }

  MarginParameters parameters;
  std::mt19937_64 random;
  MarkPrices prices;
  Valuation valuation;
  Quanta cash;
  std::vector<std::vector<MarginPosition>> accounts;
  std::vector<std::vector<BalanceView>> views;
  std::vector<std::int64_t> left;
  std::vector<std::int64_t> right;
};

constexpr Int128 kEnough = Int128{1} << 60;

std::uint64_t WordOf(const Result<Risk>& risk) {
  return risk.ok() ? static_cast<std::uint64_t>(risk->maintenance.value()) | 1 : 0;
}

// The multiplies and adds of one account after the other.
auto BareArithmeticOf(const World& world, std::size_t positions) {
  return [&world, terms = 3 * positions, i = std::size_t{0}]() mutable {
    const std::size_t at = (i++ % kAccounts) * terms;
    return BareMulAdd(std::span(world.left).subspan(at, terms),
                      std::span(world.right).subspan(at, terms)) |
           1;
  };
}

// The whole check of one account of 8 positions after the other.
auto FullCheckOf(const World& world) {
  return [&world, i = std::size_t{0}]() mutable { return WordOf(world.Check(i++ % kAccounts)); };
}

// One account whole, against its multiplies and adds. Growth: 1 to 64 positions.
void BM_MarginFullCheck(benchmark::State& state) {
  const auto positions = static_cast<std::size_t>(state.range(0));
  const World world(positions, kEnough);
  RunPaired(state, {.bound = 1.3, .checksums = Checksums::kUnrelated}, FullCheckOf(world),
            BareArithmeticOf(world, positions));
}
BENCHMARK(BM_MarginFullCheck)->Arg(8)->Apply(Paired);

void BM_MarginFullCheckGrowth(benchmark::State& state) {
  const auto positions = static_cast<std::size_t>(state.range(0));
  const World world(positions, kEnough);
  RunPaired(state, {.checksums = Checksums::kUnrelated}, FullCheckOf(world),
            BareArithmeticOf(world, positions));
}
BENCHMARK(BM_MarginFullCheckGrowth)->Arg(1)->Arg(4)->Arg(16)->Arg(64)->Apply(Paired);

// The same account from its balances, each found by a probe.
void BM_MarginLedgerView(benchmark::State& state) {
  const auto positions = static_cast<std::size_t>(state.range(0));
  const World world(positions, kEnough);
  const auto work = [&, i = std::size_t{0}]() mutable {
    const std::vector<BalanceView>& account = world.views[i++ % kAccounts];
    return WordOf(
        Evaluate<ExactPpm>({.valuation = world.valuation}, {.id = {}, .balances = account}));
  };
  RunPaired(state, {.checksums = Checksums::kUnrelated}, work, BareArithmeticOf(world, positions));
}
BENCHMARK(BM_MarginLedgerView)->Arg(8)->Arg(64)->Apply(Paired);

// Where a host keeps the sum of an account: one position changes.
struct Kept {
  explicit Kept(const World& world) {
    for (const std::vector<MarginPosition>& account : world.accounts) {
      sums.push_back(*SumOf<ExactPpm>(world.valuation, world.cash, account));
    }
  }
  std::vector<RiskSum> sums;
};

// The sum of an account after its first position fell by a tenth.
bool ChangeOneLeg(const World& world, std::size_t account, RiskSum& sum) {
  const MarginPosition& old = world.accounts[account][0];
  MarginPosition now = old;
  now.lots = Lots(old.lots.value() - old.lots.value() / 8);
  return Exchange<ExactPpm>(world.valuation, old, now, sum).ok();
}

auto OneLegOf(const World& world, const Kept& kept) {
  return [&world, &kept, i = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t account = i++ % kAccounts;
    RiskSum sum = kept.sums[account];
    return ChangeOneLeg(world, account, sum) ? WordOf(Finish(sum)) : 0;
  };
}

void BM_MarginOneLeg(benchmark::State& state) {
  const World world(8, kEnough);
  const Kept kept(world);
  RunPaired(state, {.bound = 0.7, .checksums = Checksums::kUnrelated}, OneLegOf(world, kept),
            FullCheckOf(world));
}
BENCHMARK(BM_MarginOneLeg)->Apply(Paired);

// The transition from the kept sum to that with one position changed: of accounts that hold initial
// margin after (0), and of accounts that do not and are compared (1).
void BM_TransitionRule(benchmark::State& state) {
  const bool below = state.range(0) != 0;
  const World world(8, below ? -kEnough : kEnough);
  const Kept kept(world);
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t account = i++ % kAccounts;
    const RiskSum& before = kept.sums[account];
    RiskSum after = before;
    if (!ChangeOneLeg(world, account, after)) return 0;
    const Result<Risk> risk_before = Finish(before);
    const Result<Risk> risk_after = Finish(after);
    const bool admitted = CheckTransition(*risk_before, *risk_after).ok();
    return admitted != below ? 1 : 0;
  };
  RunPaired(state, {.bound = 0.7, .checksums = Checksums::kUnrelated}, work, FullCheckOf(world));
}
BENCHMARK(BM_TransitionRule)->Arg(0)->Arg(1)->Apply(Paired);

// Accounts with 8 positions and 4 orders in the first of them.
struct Orders {
  explicit Orders(const World& of) : world(of) {
    for (const std::vector<MarginPosition>& account : world.accounts) {
      AccountBook<> book(world.cash);
      for (const MarginPosition& position : account) {
        const std::size_t place = *book.PlaceOf(position.instrument);
        (void)book.SetPosition(world.valuation, place, position);
      }
      for (int n = 0; n < 4; ++n) (void)book.AddOrder(world.valuation, 0, OrderOf(account[0], n));
      books.push_back(book);
    }
  }
  PendingTrade OrderOf(const MarginPosition& position, int n) const {
    const std::int64_t value = world.valuation[position.instrument].value;
    const std::int64_t lots = n % 2 == 0 ? 100 + n : -100 - n;
    return {.instrument = position.instrument,
            .lots = Lots(lots),
            .quote = Quanta(-Int128{lots} * (value + n))};
  }
  const World& world;
  std::vector<AccountBook<>> books;
};

// An order that is added and one that is taken out, each against a position that changes; what is
// measured of both is half of an addition and a cancellation, so that the accounts stay as they
// are.
void BM_OrderAdd(benchmark::State& state) {
  const World world(8, kEnough);
  const Kept kept(world);
  Orders orders(world);
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t account = i++ % kAccounts;
    const PendingTrade order = orders.OrderOf(world.accounts[account][0], 5);
    return orders.books[account].JudgeOrder(world.valuation, 0, order).ok() ? 1 : 0;
  };
  RunPaired(state, {.bound = 1.0, .checksums = Checksums::kUnrelated}, work, OneLegOf(world, kept));
}
BENCHMARK(BM_OrderAdd)->Apply(Paired);

void BM_OrderCancel(benchmark::State& state) {
  const World world(8, kEnough);
  const Kept kept(world);
  Orders orders(world);
  const auto work = [&, i = std::size_t{0}]() mutable -> std::uint64_t {
    const std::size_t account = i++ % kAccounts;
    const PendingTrade order = orders.OrderOf(world.accounts[account][0], 5);
    AccountBook<>& book = orders.books[account];
    return book.AddOrder(world.valuation, 0, order).ok() &&
                   book.CancelOrder(world.valuation, 0, order).ok()
               ? 1
               : 0;
  };
  RunPaired(state, {.bound = 1.0, .checksums = Checksums::kUnrelated, .work_operations = 2}, work,
            OneLegOf(world, kept));
}
BENCHMARK(BM_OrderCancel)->Apply(Paired);

// All accounts at new prices, against one pass over what is read and written: lots, money and the
// three numbers of each account.
void RepriceAll(benchmark::State& state, std::optional<double> bound) {
  constexpr std::uint32_t kColumns = 16;
  const auto accounts = static_cast<std::size_t>(state.range(0));
  const MarginParameters parameters = MakeParameters(kColumns, 2);
  std::mt19937_64 random(1);
  const MarkPrices prices = MakePrices(parameters, random);
  const Valuation valuation(parameters, prices);
  std::vector<InstrumentIndex> columns;
  for (std::uint32_t i = 0; i < kColumns; ++i) columns.emplace_back(i);
  DenseBook book(accounts, columns);
  for (std::size_t account = 0; account < accounts; ++account) {
    book.SetMoney(account, Quanta(static_cast<Int128>(random() % 1'000'000'000'000)));
    for (std::size_t i = 0; i < kColumns; ++i) {
      book.SetLots(account, i, Lots(static_cast<std::int64_t>(random() % 20'001) - 10'000));
    }
  }
  std::vector<Risk> risks(accounts);
  const std::vector<std::byte> bytes(accounts * (kColumns * 8 + 16 + sizeof(Risk)), std::byte{1});
  const auto work = [&]() -> std::uint64_t {
    if (!book.Reprice(valuation, risks).ok()) return 0;
    benchmark::DoNotOptimize(risks.data());
    return static_cast<std::uint64_t>(risks[accounts / 2].maintenance.value()) | 1;
  };
  const auto baseline = [&] { return BareSum(bytes) | 1; };
  RunPaired(state, {.bound = bound, .checksums = Checksums::kUnrelated}, work, baseline);
}
void BM_DenseReprice(benchmark::State& state) { RepriceAll(state, 2); }
BENCHMARK(BM_DenseReprice)->Arg(100'000)->Apply(Paired);
void BM_DenseRepriceGrowth(benchmark::State& state) { RepriceAll(state, std::nullopt); }
BENCHMARK(BM_DenseRepriceGrowth)->Arg(1'000)->Arg(1'000'000)->Apply(Paired);

}  // namespace
}  // namespace settle::benchmarks
