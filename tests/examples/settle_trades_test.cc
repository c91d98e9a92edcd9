// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The program settle_trades, run as a user runs it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "settle_programs.h"
#include "tests/examples/fills_text.h"
#include "tests/examples/program.h"
#include "tests/support/vectors.h"

namespace settle::example {
namespace {

using test::FileOf;
using test::FillText;
using test::ProgramResult;
using test::SellerOf;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kFile = "hyperliquid_fills_20251027T1700Z.csv";

ProgramResult SettleTrades(const std::vector<std::string>& arguments) {
  return test::RunProgram(SETTLE_TRADES_PROGRAM, arguments);
}

nlohmann::json JsonOf(const ProgramResult& result) {
  EXPECT_EQ(result.exit_code, 0) << result.err;
  nlohmann::json summary = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_TRUE(summary.is_object()) << result.out;
  return summary;
}

class RealFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::optional<std::string> path = test::FindData(kFile);
    if (!path) GTEST_SKIP() << test::Missing(kFile);
    path_ = *path;
  }
  nlohmann::json Run(const std::string& collateral) const {
    return JsonOf(SettleTrades({"--fills", path_, "--collateral", collateral, "--json"}));
  }
  std::string path_;
};

TEST_F(RealFile, SettlesAllOfItsTradesUnderAmpleCollateral) {
  const nlohmann::json summary = Run("ample");
  EXPECT_EQ(summary["fills_read"], 7282);
  EXPECT_EQ(summary["trades"], 3641);
  EXPECT_EQ(summary["settled"], 3641);
  EXPECT_EQ(summary["refused"], 0);
  EXPECT_EQ(summary["refused_by_reason"], nlohmann::json::object());
  EXPECT_EQ(summary["conservation_ok"], true);
  EXPECT_EQ(summary["ledger_equals_book"], true);
  EXPECT_EQ(summary["accounts"], 899);
  EXPECT_EQ(summary["assets"], 188);
  EXPECT_EQ(summary["legs_least"], 4);
  EXPECT_EQ(summary["legs_most"], 12);
  EXPECT_EQ(summary["legs_total"], 34376);  // mean 9.44
  EXPECT_EQ(summary["continuity_checks"], 5290);
  EXPECT_EQ(summary["continuity_gaps"], 0);
  EXPECT_EQ(summary["final_position_differences"], 0);
  EXPECT_EQ(summary["pnl_compared"], 2401);
  EXPECT_EQ(summary["pnl_differ"], 18);
  EXPECT_EQ(summary["pnl_differences"].size(), 18u);
  EXPECT_EQ(summary["pnl_differences"][0]["line"], 4117);
  EXPECT_EQ(summary["pnl_differences"][0]["account"], 255);
  EXPECT_EQ(summary["pnl_differences"][0]["book"], "-2.859408");
  EXPECT_EQ(summary["pnl_differences"][0]["file"], "-2.577222");
  EXPECT_EQ(summary["realised_profit"], "-11598.99250178");
  EXPECT_EQ(summary["fees"], "2759.99021036");
  EXPECT_EQ(summary["blocks"], 4);
  EXPECT_EQ(summary["certificate_weight"], 4);
  EXPECT_EQ(summary["total_weight"], 4);
  EXPECT_EQ(summary["balances_proved"], 5112);
  EXPECT_EQ(summary["balances_verified"], 52);
  EXPECT_EQ(summary["absences_verified"], 1);
  EXPECT_GT(summary["trades_per_second"], 0);
  EXPECT_FALSE(summary.contains("stage_seconds"));
}

TEST_F(RealFile, RefusesNineOfItsTradesForMarginUnderTightCollateral) {
  const nlohmann::json summary = Run("tight");
  EXPECT_EQ(summary["settled"], 3632);
  EXPECT_EQ(summary["refused"], 9);
  EXPECT_EQ(summary["refused_by_reason"], (nlohmann::json{{"margin", 9}}));
  EXPECT_EQ(summary["conservation_ok"], true);
  EXPECT_EQ(summary["ledger_equals_book"], true);
  // The book follows the file, refusals or not.
  EXPECT_EQ(summary["pnl_compared"], 2401);
  EXPECT_EQ(summary["pnl_differ"], 18);
  EXPECT_EQ(summary["realised_profit"], "-11598.99250178");
  EXPECT_EQ(summary["fees"], "2643.20425268");
  std::vector<int> refused;
  std::vector<int> lines;
  for (const nlohmann::json& refusal : summary["refusals"]) {
    refused.push_back(refusal["trade"]);
    lines.push_back(refusal["line"]);
  }
  EXPECT_THAT(refused, ElementsAre(349, 350, 1957, 2155, 2193, 2195, 2711, 3367, 3638));
  EXPECT_THAT(lines, ElementsAre(700, 702, 3916, 4312, 4388, 4392, 5424, 6736, 7278));
}

// 0-based trade index % 10 == 5, both rows.
std::string WithoutEveryTenthTrade(const std::string& text) {
  std::string kept;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin) + 1;
    if (line == 0 || (line - 1) / 2 % 10 != 5) kept.append(text, begin, end - begin);
    begin = end;
  }
  return kept;
}

TEST_F(RealFile, HasContinuityGapsWithoutEveryTenthTrade) {
  const TemporaryFolder folder;
  const std::string copy = folder.File("copy.csv");
  test::WriteText(copy, WithoutEveryTenthTrade(test::ReadText(path_)));
  const nlohmann::json summary = JsonOf(SettleTrades({"--fills", copy, "--json"}));
  EXPECT_EQ(summary["trades"], 3277);
  EXPECT_EQ(summary["settled"], 3277);
  EXPECT_EQ(summary["continuity_checks"], 4645);
  EXPECT_EQ(summary["continuity_gaps"], 392);
  EXPECT_EQ(summary["conservation_ok"], true);
  EXPECT_EQ(summary["ledger_equals_book"], true);
  EXPECT_EQ(summary["pnl_compared"], 2102);
  EXPECT_EQ(summary["pnl_differ"], 116);
  EXPECT_EQ(summary["final_position_differences"], 236);
  const ProgramResult tight = SettleTrades({"--fills", copy, "--collateral", "tight", "--json"});
  EXPECT_EQ(JsonOf(tight)["refused"], 7);
}

// The same on every run, compiler and optimisation level: each build of this test says so again.
TEST_F(RealFile, GivesTheSameFinalDigestASecondTimeAndInEveryBuild) {
  for (const auto& [collateral, digest] :
       {std::pair{"ample", "4fca43d4717c314d19d3ed09adcf96369b3a87d8d7f7aa6ba87bdb717f76876a"},
        std::pair{"tight", "2f61a8fc8217a32a61ee96a6cc1bd193975393ee46800be235f725e03d4a1b23"}}) {
    EXPECT_EQ(Run(collateral)["final_digest"], digest);
    EXPECT_EQ(Run(collateral)["final_digest"], digest);
  }
}

TEST_F(RealFile, IsSummedUpForPeople) {
  const ProgramResult result = SettleTrades({"--fills", path_, "--collateral", "tight"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, IsEmpty());  // no terminal, no bar
  for (const char* line :
       {"7,282 fills, 3,641 trades, 899 accounts, 169 contracts, 18 tokens and USDC",
        "tight: 10,000 USDC + 10 % of opening notional + opening loss", "3,632 trades", "margin: 9",
        "line 3916, trade 950491998296925, ETH: margin, InitialMargin",
        "all 188 assets sum to exactly zero after every transaction",
        "equals the book after every trade", "4 to 12 a trade, mean 9.44", "0 gaps in 5,290 checks",
        "2,401 closing fills compared with closed_pnl, 18 differ",
        "line 4117, trade 989674662103266, PUMP, account 255: book -2.859408, file -2.577222",
        "weight 4 of 4, quorum 3", "trades per second"}) {
    EXPECT_THAT(result.out, HasSubstr(line));
  }
}

TEST_F(RealFile, WritesAllThatAStrangerNeeds) {
  const TemporaryFolder folder;
  const nlohmann::json summary =
      JsonOf(SettleTrades({"--fills", path_, "--out", folder.File("out"), "--json"}));
  const nlohmann::json written =
      nlohmann::json::parse(test::ReadText(folder.File("out/summary.json")), nullptr, false);
  EXPECT_EQ(written["final_digest"], summary["final_digest"]);
  std::size_t headers = 0;
  std::size_t certificates = 0;
  std::size_t proofs = 0;
  for (const std::string& name : folder.List()) {
    headers += name.ends_with(".header") ? 1 : 0;
    certificates += name.ends_with(".certificate") ? 1 : 0;
    proofs += name.ends_with(".proof") && name.find("genesis") == std::string::npos ? 1 : 0;
    EXPECT_EQ(name.find("partial"), std::string::npos) << name;
  }
  EXPECT_EQ(headers, 5u);
  EXPECT_EQ(certificates, 5u);
  EXPECT_EQ(proofs, 3641u);
}

TEST(GeneratedStream, SettlesWithoutAFile) {
  const ProgramResult first = SettleTrades({"--json"});
  const nlohmann::json summary = JsonOf(first);
  EXPECT_EQ(summary["input"], "generated stream, seed 1");
  EXPECT_EQ(summary["final_digest"],
            "f9a29ff19bb9a6c976d113ed8c1d6e749e10ead03a9a3d70240c3405ebe0aa4b");
  EXPECT_EQ(summary["fills_read"], 200000);
  EXPECT_EQ(summary["trades"], 100000);
  EXPECT_EQ(summary["settled"], 100000);
  EXPECT_EQ(summary["conservation_ok"], true);
  EXPECT_EQ(summary["ledger_equals_book"], true);
  EXPECT_EQ(summary["continuity_gaps"], 0);
  EXPECT_EQ(summary["pnl_compared"], 0);
  EXPECT_EQ(summary["blocks"], 100);
  EXPECT_EQ(summary["final_digest"],
            "f9a29ff19bb9a6c976d113ed8c1d6e749e10ead03a9a3d70240c3405ebe0aa4b");
  EXPECT_EQ(summary["proofs_verified"], 1010);  // one in 100, genesis included
  EXPECT_EQ(summary["balances_proved"], 10012);
}

TEST_F(RealFile, IsDividedIntoStagesWhenThatIsAsked) {
  const nlohmann::json summary =
      JsonOf(SettleTrades({"--fills", path_, "--json", "--stats", "--collateral", "tight"}));
  const nlohmann::json& stages = summary["stage_seconds"];
  double sum = 0;
  for (const char* stage : {"booking", "consent", "execution", "votes", "proofs", "verification"}) {
    ASSERT_TRUE(stages.contains(stage)) << stage;
    EXPECT_GT(stages[stage], 0.0) << stage;
    sum += stages[stage].get<double>();
  }
  const double settling = summary["settling_seconds"];
  EXPECT_LE(sum, settling + 1e-6);
  EXPECT_GE(sum, 0.8 * settling);  // all of it but what a stolen processor takes in between
  for (const char* part :
       {"digests", "consent", "apply", "receipts", "changes", "state", "header"}) {
    EXPECT_GT(stages["execution_" + std::string(part)], 0.0) << part;
  }
  EXPECT_GT(stages["balance_proofs"], 0.0);

  const ProgramResult text = SettleTrades({"--fills", path_, "--stats"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("5,112 balances proved, each equal to the book's; 52 of them and "
                                  "1 absent account verified"));
  for (const char* line : {"booking", "execution", "state roots", "verification of proofs",
                           "ns a trade", "second run over the same blocks"}) {
    EXPECT_THAT(text.out, HasSubstr(line));
  }
}

// The whole report as text, and the same accounts with --json.
TEST_F(RealFile, ListsTheAccountsNearestToTheirLimit) {
  const std::string head =
      "\nNearest to their limit are, of 899 accounts, in USDC at the last prices (below 100 %: may "
      "be liquidated)\n";
  const std::pair<const char*, std::string> cases[] = {
      {"ample",
       "  account   equity  maintenance  initial headroom  equity/maintenance\n"
       "      216   120.00        34.42             51.17            348.70 %\n"
       "      251  2459.96       700.87           1058.23            350.99 %\n"
       "      277   319.71        91.05            137.62            351.15 %\n"},
      {"tight",
       "  account    equity  maintenance  initial headroom  equity/maintenance\n"
       "      342  21468.59      9417.45           2633.69            227.96 %\n"
       "      565  24476.10      9026.35           6423.41            271.16 %\n"
       "      772  35744.75     12586.47          10571.82            283.99 %\n"}};
  for (const auto& [collateral, table] : cases) {
    const std::vector<std::string> arguments = {
        "--fills", path_, "--collateral", collateral, "--margin-report", "3"};
    const ProgramResult result = SettleTrades(arguments);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.err, IsEmpty());
    EXPECT_THAT(result.out, ::testing::EndsWith(head + table));
  }
  const nlohmann::json report =
      JsonOf(SettleTrades({"--fills", path_, "--collateral", "tight", "--json", "--margin-report",
                           "2"}))["margin_report"];
  EXPECT_EQ(report, (nlohmann::json::array({{{"account", 342},
                                             {"equity", "21468.597489"},
                                             {"maintenance", "9417.449895"},
                                             {"initial_headroom", "2633.697699"},
                                             {"equity_to_maintenance_percent", "227.96"}},
                                            {{"account", 565},
                                             {"equity", "24476.107603"},
                                             {"maintenance", "9026.3461"},
                                             {"initial_headroom", "6423.415403"},
                                             {"equity_to_maintenance_percent", "271.16"}}})));
  EXPECT_FALSE(Run("tight").contains("margin_report"));
}

TEST(GeneratedStream, ListsTheAccountsNearestToTheirLimitAfterTheOneLine) {
  const ProgramResult result = SettleTrades({"--quiet", "--margin-report", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, StartsWith("100,000 of 100,000 trades settled, "));
  EXPECT_THAT(result.out,
              ::testing::EndsWith(
                  "of 1000 accounts, in USDC at the last prices (below 100 %: may be liquidated)\n"
                  "  account    equity  maintenance  initial headroom  equity/maintenance\n"
                  "      765  76633.63      6762.97          63107.70           1133.13 %\n"
                  "      228  76244.23      6474.94          63294.36           1177.52 %\n"));
}

TEST(GeneratedStream, SaysOneLineWhenItIsAskedToBeQuiet) {
  const ProgramResult result =
      SettleTrades({"--quiet", "--collateral", "tight", "--block-size", "5000"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(result.out, StartsWith("99,7"));
  EXPECT_THAT(result.out, HasSubstr(" of 100,000 trades settled, "));
  EXPECT_THAT(result.out, HasSubstr(", 20 blocks, final header "));
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1);
}

TEST(GeneratedStream, ShowsABarOnATerminalUnlessItIsAskedToBeQuiet) {
  const std::string shown = test::RunOnTerminal(SETTLE_TRADES_PROGRAM, {"--block-size", "50000"});
  EXPECT_THAT(shown,
              HasSubstr("[####################....................] 50000 of 100000 trades"));
  EXPECT_THAT(shown, ::testing::EndsWith(" \r"));  // and leaves nothing of it
  EXPECT_THAT(test::RunOnTerminal(SETTLE_TRADES_PROGRAM, {"--block-size", "50000", "--quiet"}),
              IsEmpty());
}

TEST(SettleTrades, ExplainsItself) {
  const ProgramResult help = SettleTrades({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* option : {"--fills", "--validators", "--block-size", "--collateral", "--out",
                             "--quiet", "--json", "--stats", "--margin-report"}) {
    EXPECT_THAT(help.out, HasSubstr(option));
  }
}

TEST(SettleTrades, RefusesBadUsageWithCodeTwo) {
  const std::vector<std::vector<std::string>> cases = {
      {"--nonsense"},
      {"--validators", "0"},
      {"--validators", "x"},
      {"--block-size", "0"},
      {"--block-size", "-1"},
      {"--collateral", "loose"},
      {"--fills"},
      {"stray"},
      {"--validators", "1001"},
      {"--block-size", "1.5"},
      {"--margin-report"},
      {"--margin-report", "0"},
      {"--margin-report", "x"},
  };
  for (const std::vector<std::string>& arguments : cases) {
    const ProgramResult result = SettleTrades(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments[0];
    EXPECT_THAT(result.err, StartsWith("settle_trades: "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
  }
}

struct BadInput {
  const char* name;
  std::string text;
  const char* message;  // after the file's name
};

// Every kind of refusal stands in fills_test.cc; here each of the program's ways to it.
TEST(SettleTrades, RefusesBadInputWithOneLineAndCodeTwoAndWritesNothing) {
  const FillText buyer;
  const FillText seller = SellerOf(buyer);
  FillText second = buyer;
  second.px = "101.0";
  FillText surplus = buyer;
  surplus.px = "1.123456789";
  const std::string good = FileOf({buyer, seller});
  const BadInput kCases[] = {
      {"missing column", good.substr(good.find(',') + 1), ":1: column \"block\" is missing"},
      {"unknown column", "x," + good, ":1: unknown column \"x\""},
      {"surplus decimals", FileOf({surplus, SellerOf(surplus)}), ":2: surplus decimals: "},
      {"one side", FileOf({buyer, seller, FillText{.id = "2"}}), ":4: trade 2 has one side only"},
      {"duplicate", FileOf({buyer, seller, second, SellerOf(second)}), ":4: trade id again: "},
      {"truncated", good.substr(0, good.size() - 3), ":3: the last line is truncated"},
      {"no rows", test::kFillHeader, ":1: no fills"},
      {"empty", "", ":1: the file is empty"},
  };
  for (const BadInput& one : kCases) {
    SCOPED_TRACE(one.name);
    const TemporaryFolder folder;
    const std::string path = folder.File("bad.csv");
    test::WriteText(path, one.text);
    const ProgramResult result =
        SettleTrades({"--fills", path, "--out", folder.File("out"), "--json"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, StartsWith("settle_trades: " + path + one.message));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(folder.List(), ElementsAre("bad.csv"));
  }
}

TEST(SettleTrades, RefusesAFileThatIsNotThere) {
  const ProgramResult result = SettleTrades({"--fills", "/nowhere/fills.csv"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, StartsWith("settle_trades: /nowhere/fills.csv: cannot be read: "));
}

TEST(SettleTrades, RefusesAnUnwritableFolderBeforeAnyWork) {
  const TemporaryFolder folder;
  test::WriteText(folder.File("file"), "");
  // The file of fills does not exist either: the folder is looked at first.
  const ProgramResult result =
      SettleTrades({"--fills", "/nowhere/fills.csv", "--out", folder.File("file/out")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, StartsWith("settle_trades: --out " + folder.File("file/out") + ": "));
}

TEST(SettleTrades, SettlesASmallFile) {
  const TemporaryFolder folder;
  const FillText buyer;
  test::WriteText(folder.File("fills.csv"), FileOf({buyer, SellerOf(buyer)}));
  const nlohmann::json summary =
      JsonOf(SettleTrades({"--fills", folder.File("fills.csv"), "--validators", "1", "--out",
                           folder.File("out"), "--json"}));
  EXPECT_EQ(summary["settled"], 1);
  EXPECT_TRUE(std::filesystem::exists(folder.File("out/proofs/000001/1.proof")));
}

// Ended by each signal after a while: the folder asked for is not there.
TEST(SettleTrades, LeavesNothingHalfWrittenWhenItIsInterrupted) {
  for (const int signal : {SIGTERM, SIGINT, SIGKILL}) {
    SCOPED_TRACE(signal);
    const TemporaryFolder folder;
    test::RunningProgram program(SETTLE_TRADES_PROGRAM,
                                 {"--block-size", "50", "--out", folder.File("out"), "--quiet"});
    // Until it has begun to write proofs of trades.
    const auto has_begun = [&folder] {
      for (const std::string& name : folder.List()) {
        if (name.ends_with("proofs/000003")) return true;
      }
      return false;
    };
    while (!has_begun() && !program.HasEnded()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_FALSE(program.HasEnded());
    EXPECT_EQ(program.End(signal), signal == SIGKILL ? 128 + SIGKILL : 130);
    EXPECT_FALSE(std::filesystem::exists(folder.File("out")));
    // What can clean up does.
    if (signal != SIGKILL) {
      EXPECT_THAT(folder.List(), IsEmpty());
    }
  }
}

}  // namespace
}  // namespace settle::example
