// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/summary.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "examples/settle_trades/reasons.h"
#include "settle/base/status.h"
#include "settle/base/text.h"

namespace settle::example {

namespace {

constexpr std::size_t kMostListed = 40;

// 1234567 as "1,234,567".
std::string Grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string Count(std::uint64_t number, const char* of_what) {
  return absl::StrCat(Grouped(number), " ", of_what, number == 1 ? "" : "s");
}

std::string Usdc(Int128 quanta) { return FormatDecimal(quanta, kUsdcDecimals); }

std::size_t SettledOf(const Run& run) { return run.audit.trade_count() - run.refusals.size(); }

std::uint64_t TradesPerSecond(const Run& run) {
  if (run.settling_seconds <= 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(run.audit.trade_count()) /
                                    run.settling_seconds);
}

std::map<std::string, std::size_t> RefusedByReason(const Run& run) {
  std::map<std::string, std::size_t> counts;
  for (const Refusal& refusal : run.refusals) ++counts[HeadingOf(refusal.reason)];
  return counts;
}

struct LegStatistics {
  std::size_t least = 0;
  std::size_t most = 0;
  std::size_t total = 0;
};

LegStatistics LegsOf(const Run& run) {
  LegStatistics statistics;
  const auto& counts = run.audit.leg_counts();
  for (std::size_t legs = 0; legs < counts.size(); ++legs) {
    if (counts[legs] == 0) continue;
    if (statistics.total == 0) statistics.least = legs;
    statistics.most = legs;
    statistics.total += legs * counts[legs];
  }
  return statistics;
}

double MeanLegs(const Run& run) {
  if (run.audit.trade_count() == 0) return 0;
  return static_cast<double>(LegsOf(run).total) / static_cast<double>(run.audit.trade_count());
}

// "line 700, trade 752319522890039, @142"
std::string TradeText(const Run& run, std::size_t index, const Side& side) {
  const Trade& trade = run.stream.trades[index];
  const std::string place = side.line == 0 ? "" : absl::StrCat("line ", side.line, ", ");
  return absl::StrCat(place, "trade ", trade.id, ", ", run.stream.coins[trade.coin].name);
}

class TextWriter {
 public:
  void Line(const char* name, const std::string& text) {
    absl::StrAppend(&out_, absl::StrFormat("  %-16s ", name), text, "\n");
  }
  void Item(const std::string& text) { absl::StrAppend(&out_, "      ", text, "\n"); }
  void Cut(std::size_t count, const char* what) {
    if (count > kMostListed) {
      Item(absl::StrCat("and ", Grouped(count - kMostListed), " more ", what, ", see --json"));
    }
  }
  std::string out_;
};

std::string DifferenceText(const Run& run, const ProfitDifference& difference) {
  const Trade& trade = run.stream.trades[difference.trade];
  const Side& side = difference.side == Direction::kBuy ? trade.buyer : trade.seller;
  return absl::StrCat(TradeText(run, difference.trade, side), ", account ",
                      run.stream.accounts[side.account], ": book ", Usdc(difference.book),
                      ", file ", Usdc(difference.file));
}

void WriteInput(const Run& run, TextWriter& out) {
  const TradeStream& stream = run.stream;
  const std::size_t contracts = stream.asset_count() - stream.tokens.size();
  absl::StrAppend(&out.out_, stream.name, "\n");
  out.Line("read", absl::StrCat(Count(stream.fills_read, "fill"), ", ",
                                Count(stream.trades.size(), "trade"), ", ",
                                Count(stream.accounts.size(), "account"), ", ",
                                Count(contracts, "contract"), ", ",
                                Count(stream.tokens.size() - 1, "token"), " and USDC"));
  if (stream.repeated_trades > 0) {
    out.Line("", absl::StrCat(Count(stream.repeated_trades, "trade"), " stood there twice"));
  }
  out.Line("collateral", absl::StrCat(ToAbsl(NameOf(run.collateral)), ": ",
                                      ToAbsl(DescriptionOf(run.collateral))));
  out.Line("margin", "initial 5 %, maintenance 2.5 %, mark = last trade before the block");
}

void WriteOutcome(const Run& run, TextWriter& out) {
  const TradeStream& stream = run.stream;
  out.Line("settled", Count(SettledOf(run), "trade"));
  out.Line("refused", Count(run.refusals.size(), "trade"));
  for (const auto& [reason, count] : RefusedByReason(run)) {
    out.Item(absl::StrCat(reason, ": ", Grouped(count)));
  }
  for (std::size_t i = 0; i < std::min(run.refusals.size(), kMostListed); ++i) {
    out.Item(absl::StrCat(
        TradeText(run, run.refusals[i].trade, run.stream.trades[run.refusals[i].trade].buyer), ": ",
        NameOf(run.refusals[i].reason)));
  }
  out.Cut(run.refusals.size(), "refused");
  out.Line("conservation", run.audit.conserved()
                               ? absl::StrCat("all ", stream.asset_count(),
                                              " assets sum to exactly zero after every transaction")
                               : std::string("FAILED"));
  out.Line("ledger", run.audit.ok() ? std::string("equals the book after every trade, less the "
                                                  "refused trades")
                                    : std::string("FAILED"));
  for (const std::string& fault : run.audit.faults()) out.Item(fault);
  const LegStatistics legs = LegsOf(run);
  out.Line("legs",
           absl::StrFormat("%d to %d a trade, mean %.2f", legs.least, legs.most, MeanLegs(run)));
  out.Line("closed", absl::StrCat(Grouped(run.audit.closed_to_zero()),
                                  " positions closed to zero lots, each with a quote balance of "
                                  "exactly 0"));
}

void WriteComparison(const Run& run, TextWriter& out) {
  if (!run.is_from_file) return;
  const TradeStream& stream = run.stream;
  const auto& differences = run.audit.differences();
  out.Line("continuity", absl::StrCat(Grouped(stream.continuity.gaps), " gaps in ",
                                      Grouped(stream.continuity.checks), " checks"));
  out.Line("positions", absl::StrCat(Grouped(run.audit.CountFinalDifferences()), " of ",
                                     Grouped(stream.holdings.size()), " end away from the file's"));
  out.Line("profit",
           absl::StrCat(Grouped(run.audit.profits_compared()),
                        " closing fills compared with closed_pnl, ", Grouped(differences.size()),
                        " differ by more than 1e-5 of the notional"));
  for (std::size_t i = 0; i < std::min(differences.size(), kMostListed); ++i) {
    out.Item(DifferenceText(run, differences[i]));
  }
  out.Cut(differences.size(), "that differ");
}

void WriteEngine(const Run& run, TextWriter& out) {
  const Runner& runner = run.runner;
  out.Line("blocks", absl::StrCat(Grouped(runner.blocks()), " of up to ", Grouped(run.block_size),
                                  " trades after genesis; taken back and executed again: ",
                                  Grouped(runner.rollbacks())));
  out.Line("certificate", absl::StrCat("weight ", ToString(runner.certificate_weight()), " of ",
                                       ToString(runner.validators().total_weight()), ", quorum ",
                                       ToString(runner.validators().quorum().weight())));
  out.Line("final header", ToString(runner.engine().final_digest()));
  out.Line("proofs", absl::StrCat("of every receipt; ", Grouped(runner.proofs_verified()),
                                  " verified against the validator set"));
  out.Line("balances",
           absl::StrCat(Count(run.balances.proved, "balance"),
                        " proved, each equal to the book's; ", Grouped(run.balances.whole),
                        " of them and ", Count(run.balances.absent, "absent account"),
                        " verified against the validator set alone"));
  out.Line("time",
           absl::StrFormat("%.3f s to settle, %s trades per second on one thread; "
                           "%.3f s in all",
                           run.settling_seconds, Grouped(TradesPerSecond(run)), run.total_seconds));
}

// Milliseconds, percent of what it takes to settle, and nanoseconds a trade.
std::string StatisticsText(const Run& run, const StatisticsLine& line) {
  const double share = run.settling_seconds > 0 ? line.seconds / run.settling_seconds * 100 : 0;
  const double trades = static_cast<double>(std::max<std::size_t>(run.audit.trade_count(), 1));
  return absl::StrFormat("%-34s %9.1f ms %6.1f %% %8.0f ns a trade",
                         line.is_part ? absl::StrCat("  ", line.name) : line.name,
                         line.seconds * 1e3, share, line.seconds * 1e9 / trades);
}

void WriteStatistics(const Run& run, TextWriter& out) {
  if (run.statistics == nullptr) return;
  out.Line("stages",
           "of the time to settle; the parts of execution were timed in a second run over "
           "the same blocks,");
  out.Line("", absl::StrFormat("by the library's parts called one by one, which took %.1f ms",
                               run.statistics->parts.total_seconds() * 1e3));
  for (const StatisticsLine& line : LinesOf(*run.statistics)) out.Item(StatisticsText(run, line));
  out.Line("", absl::StrFormat("proofs of all balances: %.1f ms beside it",
                               run.statistics->balance_seconds * 1e3));
}

}  // namespace

bool Passed(const Run& run) {
  const bool ends_as_file =
      run.stream.continuity.gaps > 0 || run.audit.CountFinalDifferences() == 0;
  return run.audit.ok() && run.audit.conserved() && ends_as_file;
}

std::string SummaryText(const Run& run) {
  TextWriter out;
  WriteInput(run, out);
  WriteOutcome(run, out);
  WriteComparison(run, out);
  WriteEngine(run, out);
  WriteStatistics(run, out);
  return out.out_;
}

std::string SummaryLine(const Run& run) {
  return absl::StrCat(Passed(run) ? "" : "FAILED: ", Grouped(SettledOf(run)), " of ",
                      Grouped(run.audit.trade_count()), " trades settled, ",
                      Grouped(run.refusals.size()), " refused, ", Grouped(run.runner.blocks()),
                      " blocks, final header ", ToString(run.runner.engine().final_digest()), "\n");
}

namespace {

using Json = nlohmann::ordered_json;

Json RefusalsJson(const Run& run) {
  Json refusals = Json::array();
  for (const Refusal& refusal : run.refusals) {
    const Trade& trade = run.stream.trades[refusal.trade];
    refusals.push_back({{"trade", refusal.trade},
                        {"line", trade.buyer.line},
                        {"trade_id", trade.id},
                        {"coin", run.stream.coins[trade.coin].name},
                        {"reason", NameOf(refusal.reason)}});
  }
  return refusals;
}

// Exact, but for the ratio.
Json MarginReportJson(const Run& run) {
  constexpr int kMicroDecimals = kUsdcDecimals + 6;
  Json report = Json::array();
  for (const auto& [account, risk] : run.nearest_to_limit) {
    const std::optional<Int128> ratio = RatioOf(risk);
    report.push_back(
        {{"account", account},
         {"equity", Usdc(risk.equity.value())},
         {"maintenance", FormatDecimal(risk.maintenance.value(), kMicroDecimals)},
         {"initial_headroom", FormatDecimal(risk.initial_headroom.value(), kMicroDecimals)},
         {"equity_to_maintenance_percent", ratio ? Json(Hundredths(*ratio)) : Json()}});
  }
  return report;
}

}  // namespace

std::string SummaryJson(const Run& run) {
  const TradeStream& stream = run.stream;
  const Runner& runner = run.runner;
  Json refused_by_reason = Json::object();
  for (const auto& [reason, count] : RefusedByReason(run)) refused_by_reason[reason] = count;
  Json differences = Json::array();
  for (const ProfitDifference& difference : run.audit.differences()) {
    const Trade& trade = stream.trades[difference.trade];
    const Side& side = difference.side == Direction::kBuy ? trade.buyer : trade.seller;
    differences.push_back({{"trade", difference.trade},
                           {"line", side.line},
                           {"trade_id", trade.id},
                           {"coin", stream.coins[trade.coin].name},
                           {"account", stream.accounts[side.account]},
                           {"book", Usdc(difference.book)},
                           {"file", Usdc(difference.file)}});
  }
  const LegStatistics legs = LegsOf(run);
  Json summary = {
      {"input", stream.name},
      {"fills_read", stream.fills_read},
      {"trades", run.audit.trade_count()},
      {"settled", SettledOf(run)},
      {"refused", run.refusals.size()},
      {"refused_by_reason", refused_by_reason},
      {"conservation_ok", run.audit.conserved()},
      {"ledger_equals_book", run.audit.ok()},
      {"pnl_compared", run.audit.profits_compared()},
      {"pnl_differ", run.audit.differences().size()},
      {"continuity_gaps", stream.continuity.gaps},
      {"continuity_checks", stream.continuity.checks},
      {"final_position_differences", run.audit.CountFinalDifferences()},
      {"blocks", runner.blocks()},
      {"rollbacks", runner.rollbacks()},
      {"final_digest", ToString(runner.engine().final_digest())},
      {"certificate_weight", runner.certificate_weight().value()},
      {"total_weight", runner.validators().total_weight().value()},
      {"accounts", stream.accounts.size()},
      {"assets", stream.asset_count()},
      {"legs_least", legs.least},
      {"legs_most", legs.most},
      {"legs_total", legs.total},
      {"realised_profit", Usdc(run.audit.total_profit())},
      {"fees", Usdc(run.audit.BalanceOf(CashAccount(kVenue, kUsdc)))},
      {"collateral", std::string(NameOf(run.collateral))},
      {"proofs_verified", runner.proofs_verified()},
      {"balances_proved", run.balances.proved},
      {"balances_verified", run.balances.whole},
      {"absences_verified", run.balances.absent},
      {"refusals", RefusalsJson(run)},
      {"pnl_differences", differences},
      {"settling_seconds", run.settling_seconds},
      {"wall_seconds", run.total_seconds},
      {"trades_per_second", TradesPerSecond(run)},
  };
  if (run.statistics != nullptr) {
    Json stages = Json::object();
    for (const StatisticsLine& line : LinesOf(*run.statistics)) stages[line.key] = line.seconds;
    stages["balance_proofs"] = run.statistics->balance_seconds;
    summary["stage_seconds"] = stages;
  }
  if (run.margin_report > 0) summary["margin_report"] = MarginReportJson(run);
  return summary.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace settle::example
