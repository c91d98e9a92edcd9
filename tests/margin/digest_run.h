// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// A run of a ledger under the transition rule whose every verdict, balance and risk goes into one
// digest: the same on every compiler, at every level of optimisation and in either byte order.
//
//   DigestRun run;
//   for (int step = 0; step < 100'000; ++step) run.Step();
//   ... = run.digest();
//
// Twelve members trade two linear contracts, two inverse ones, an option and two tokens; four of
// them hold the second inverse contract in a margin account of its own. Prices move, slow ones
// behind them; funding and daily settlement are compulsory; holds are made, posted, voided and
// left to expire; trades are chained, repeated, spoiled and refused. The generator of numbers is
// the run's own, and nothing depends on a test library.

#ifndef SETTLE_TESTS_MARGIN_DIGEST_RUN_H_
#define SETTLE_TESTS_MARGIN_DIGEST_RUN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/types.h"
#include "settle/crypto/sha256.h"
#include "settle/engine/system_invariants.h"
#include "settle/ledger/authority.h"
#include "settle/ledger/booking.h"
#include "settle/ledger/event_booking.h"
#include "settle/ledger/ledger.h"
#include "settle/ledger/leg_buffer.h"
#include "settle/ledger/types.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/instrument.h"
#include "settle/margin/owner_lots.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/requirement.h"
#include "settle/margin/transition_rule.h"
#include "settle/margin/valuation.h"

namespace settle::test {

inline constexpr std::uint64_t kRunMembers = 12;  // owners 1 to 12
inline constexpr std::uint64_t kRunIsolated = 4;  // of them 1 to 4 have a second margin account
inline constexpr std::uint64_t kRunOutside = 100;
inline constexpr std::uint64_t kRunFees = 101;
inline constexpr std::uint64_t kRunFunding = 102;
inline constexpr std::uint64_t kRunHouse = 103;
inline constexpr std::uint64_t kRunPool = 104;
inline constexpr AssetId kRunQuote = TokenId(0);
inline constexpr std::uint32_t kRunIsolatedContract = 5;

// Whose accounts are whose.
struct RunAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey& key) const {
    if (HolderOf(key) != AccountHolder::kMember) return std::nullopt;
    const bool is_isolated = key.compartment == Compartment(kRunIsolatedContract);
    return is_isolated ? MarginGroup(1) : MarginGroup(0);
  }
  [[nodiscard]] Limits LimitsOf(const AccountKey& key) const {
    const bool is_owned =
        HolderOf(key) == AccountHolder::kMember && !IsContract(key.asset) && key.asset != kRunQuote;
    return is_owned || key.owner == OwnerId::FromNumber(kRunPool) ? kNotNegative : kUnlimited;
  }
  [[nodiscard]] AccountHolder HolderOf(const AccountKey& key) const {
    if (key.owner == OwnerId::FromNumber(kRunOutside)) return AccountHolder::kOutside;
    if (key.owner == OwnerId::FromNumber(kRunPool)) return AccountHolder::kRoundingPool;
    const bool is_fund = key.owner == OwnerId::FromNumber(kRunFees) ||
                         key.owner == OwnerId::FromNumber(kRunFunding) ||
                         key.owner == OwnerId::FromNumber(kRunHouse);
    return is_fund ? AccountHolder::kFund : AccountHolder::kMember;
  }
  [[nodiscard]] bool MayOwe(const MarginAccountId&) const { return false; }
};

// SplitMix64 (Steele, Lea and Flood).
class RunNumbers {
 public:
  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // 0 to bound - 1, close enough to equally likely.
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }
  bool OneIn(std::uint64_t of) { return Below(of) == 0; }

 private:
  std::uint64_t state_ = 20260101;
};

// What a digest is made of: integers, least significant byte first, whatever the machine.
class RunBytes {
 public:
  void Clear() { bytes_.clear(); }
  void Add(std::uint64_t number) {
    std::byte word[8];
    for (int i = 0; i < 8; ++i) word[i] = static_cast<std::byte>(number >> 8 * i & 0xff);
    bytes_.insert(bytes_.end(), word, word + 8);
  }
  void Add(Int128 number) {
    Add(static_cast<std::uint64_t>(number));
    Add(static_cast<std::uint64_t>(number >> 64));
  }
  void Add(Reason reason) {
    Add(static_cast<std::uint64_t>(reason.module()) << 16 | reason.code());
  }
  [[nodiscard]] ByteView view() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// The instruments in the order of their table; contract n has compartment n.
inline std::vector<Instrument> RunInstruments() {
  std::vector<Instrument> list(7);
  const auto contract = [&](std::uint32_t n, InstrumentKind kind, std::int64_t multiplier) {
    Instrument& one = list[n - 1];
    one.kind = kind;
    one.compartment = Compartment(n);
    one.asset = ContractId(n);
    one.quote = kRunQuote;
    one.multiplier = multiplier;
    one.curve.initial = RatePpm(50'000);
    one.curve.maintenance = RatePpm(30'000);
    one.min_price = PriceTicks(1);
    one.max_price = PriceTicks(1'000'000);
    one.max_lots = Lots(1'000'000);
  };
  contract(1, InstrumentKind::kLinear, 10);
  list[0].curve.open_interest = {Quanta(Int128{4'000'000}), Quanta(Int128{90'000'000})};
  contract(2, InstrumentKind::kLinear, 7);
  list[1].min_price = PriceTicks(-1'000'000);
  list[1].curve.initial_per_lot = Quanta(Int128{40});
  list[1].curve.maintenance_per_lot = Quanta(Int128{25});
  for (const std::int64_t floor : {20'000, 100'000, 700'000}) {
    const RatePpm rate(60'000 + floor / 10);
    (void)list[1].curve.tiers.Add(
        {.floor = Quanta(Int128{floor}), .initial = rate, .maintenance = rate});
  }
  contract(3, InstrumentKind::kInverse, 300'000'007);
  contract(4, InstrumentKind::kOption, 3);
  contract(5, InstrumentKind::kInverse, 1'000'003);
  list[4].curve.premium = {Lots(5'000), RatePpm(30'001), RatePpm(10'001)};
  const auto token = [&](std::uint32_t n, std::int64_t multiplier, const CollateralTerms& terms) {
    Instrument& one = list[n - 1];
    one.kind = InstrumentKind::kSpot;
    one.asset = TokenId(n);
    one.quote = kRunQuote;
    one.multiplier = multiplier;
    one.max_price = PriceTicks(1'000'000);
    one.collateral = terms;
  };
  token(6, 11,
        {.lot_size = 1'000,
         .initial_haircut = RatePpm(150'000),
         .maintenance_haircut = RatePpm(80'001)});
  token(7, 1,
        {.lot_size = 7,
         .initial_haircut = RatePpm(400'000),
         .maintenance_haircut = RatePpm(300'000),
         .cap = Quanta(Int128{150'000}),
         .issuer = OwnerId::FromNumber(3)});
  return list;
}

// Where prices begin, and the most lots or units of a trade.
struct RunMarket {
  std::int64_t price = 0;
  std::uint64_t size = 0;
};
inline constexpr std::array<RunMarket, 7> kRunMarkets = {
    {{1'000, 60}, {150, 80}, {42'000, 12}, {900, 9}, {777, 60}, {500, 4'000}, {30, 5'000}}};

class DigestRun {
 public:
  DigestRun() : DigestRun(RunInstruments()) {}
  DigestRun(const DigestRun&) = delete;
  DigestRun& operator=(const DigestRun&) = delete;

  // One event, and everything that it touched into the digest.
  void Step();

  [[nodiscard]] const Digest& digest() const { return digest_; }
  [[nodiscard]] const auto& ledger() const { return ledger_; }
  [[nodiscard]] MarginContext context() const {
    return {.valuation = valuation_, .owner_lots = &owner_lots_};
  }
  // How many verdicts were of each disposition, and how many of them were refused for margin.
  [[nodiscard]] std::uint64_t applied() const { return applied_; }
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t refused_for_margin() const { return refused_for_margin_; }

 private:
  using RunLedger = Ledger<TransitionRule<ExactPpm>, HostVouches, RunAccounts>;
  struct Booked {
    std::array<Leg, 64> storage;
    LegBuffer legs{storage};
    TransactionHeader header{};
    std::optional<HoldTerms> terms{};
    [[nodiscard]] TransactionView view() const {
      return {header, legs.view(), terms ? &*terms : nullptr};
    }
  };

  explicit DigestRun(const std::vector<Instrument>& instruments);

  // The actors and their accounts.
  [[nodiscard]] std::uint64_t AnyMember() { return 1 + numbers_.Below(kRunMembers); }
  [[nodiscard]] static PositionHolder HolderOf(std::uint64_t owner, std::uint32_t contract) {
    return {.owner = OwnerId::FromNumber(owner), .compartment = Compartment(contract)};
  }
  [[nodiscard]] static ContractAssets AssetsOf(std::uint32_t contract) {
    return {.contract = ContractId(contract), .quote = kRunQuote};
  }
  [[nodiscard]] TradeSide SideOf(std::uint64_t owner, std::uint32_t contract) const {
    const PositionHolder holder = HolderOf(owner, contract);
    return {.holder = holder,
            .before = {.lots = ledger_.BalanceOf(holder.In(ContractId(contract))),
                       .quote = ledger_.BalanceOf(holder.In(kRunQuote))}};
  }

  // Time and prices.
  void BeginBlock();
  void MovePrice(std::uint32_t index);

  // Transactions.
  Booked& Next();
  void BookTrade(Booked& out);
  void BookContract(Booked& out, const TradeParties& parties, std::uint32_t contract);
  void BookPayment(Booked& out);
  void Trade(bool as_hold);
  void Chain();
  void EndHold();
  void Repeat();
  void Spoil();
  void Fund();
  void SettleDaily();
  bool Submit(std::size_t count);
  void SubmitCompulsory(CompulsoryRule rule);

  // The digest.
  void Note(const Verdict& verdict);
  void NoteAccounts(std::span<const Leg> legs);
  void NoteRisk(std::uint64_t owner);
  void AddView(std::uint64_t owner, Compartment compartment, AssetId asset);
  void NoteRiskOf(const MarginAccountId& id);
  void Conclude();

  RunNumbers numbers_;
  MarginParameters parameters_;
  MarkPrices prices_;
  Valuation valuation_;
  OwnerLots owner_lots_;
  RunLedger ledger_{{.id_capacity = 8'192,
                     .hold_capacity = 1'024,
                     .hold_horizon = Duration(400),
                     .id_horizon = Duration(1'000),
                     .id_period = Duration(10)}};
  std::array<Booked, 2> booked_;
  std::size_t booked_count_ = 0;
  std::vector<TransactionId> holds_;
  std::array<FundingPerLot, 6> funding_now_{};
  std::array<std::array<FundingPerLot, 6>, kRunMembers + 1> funding_since_{};
  std::vector<BalanceView> views_;
  RunBytes bytes_;
  Digest digest_;
  std::uint64_t member_ = 1;  // whom the step is about
  std::uint64_t steps_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t refused_for_margin_ = 0;
};

}  // namespace settle::test

#include "tests/margin/digest_run_impl.h"

#endif  // SETTLE_TESTS_MARGIN_DIGEST_RUN_H_
