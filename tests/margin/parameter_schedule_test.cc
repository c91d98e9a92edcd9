// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/margin/parameter_schedule.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/fingerprint.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/margin/reason.h"
#include "tests/margin/books.h"
#include "tests/support/fields.h"
#include "tests/support/golden.h"
#include "tests/support/random.h"
#include "tests/support/vectors.h"

namespace settle {
namespace {

using test::Balances;
using test::Cash;
using test::Cost;
using test::Perpetual;
using test::Position;
using test::Random;

constexpr std::uint64_t kDay = 86'400'000'000'000;

MarginParameters Parameters(std::uint64_t version, std::uint64_t from) {
  return {.version = version,
          .effective_from = Timestamp(from),
          .instruments = test::TableOf({Perpetual(1), Perpetual(2)})};
}

ParameterSchedule Since(std::uint64_t from) {
  const Result<ParameterSchedule> schedule = ParameterSchedule::Create(Parameters(7, from));
  EXPECT_EQ(schedule.reason(), Reason());
  return *schedule;
}

// Announces, and says whether a refusal changed anything.
Reason Announce(ParameterSchedule& schedule, const MarginParameters& parameters,
                std::uint64_t now) {
  const ParameterSchedule before = schedule;
  const Reason reason = schedule.Announce(parameters, Timestamp(now));
  if (reason.ok()) return reason;
  EXPECT_EQ(schedule, before);
  EXPECT_EQ(EncodeRecord(schedule), EncodeRecord(before));
  return reason;
}

TEST(ParameterSchedule, AnnouncesTheNextVersionStrictlyInTheFuture) {
  ParameterSchedule schedule = Since(1'000);
  EXPECT_EQ(Announce(schedule, Parameters(7, 3'000), 2'000), Reason(MarginReason::kWrongVersion));
  EXPECT_EQ(Announce(schedule, Parameters(9, 3'000), 2'000), Reason(MarginReason::kWrongVersion));
  EXPECT_EQ(Announce(schedule, Parameters(8, 1'999), 2'000), Reason(MarginReason::kNotInFuture));
  EXPECT_EQ(Announce(schedule, Parameters(8, 2'000), 2'000), Reason(MarginReason::kNotInFuture));
  EXPECT_EQ(Announce(schedule, Parameters(8, 2'001), 2'000), Reason());
  ASSERT_EQ(schedule.announced().size(), 1u);
  EXPECT_EQ(schedule.announced()[0], Parameters(8, 2'001));
  EXPECT_EQ(schedule.in_force(), Parameters(7, 1'000));
}

TEST(ParameterSchedule, AnnouncesNothingThatAppliesNoLaterThanWhatIsKnown) {
  ParameterSchedule schedule = Since(1'000);
  const Reason refused = MarginReason::kNotAfterLast;
  EXPECT_EQ(Announce(schedule, Parameters(8, 1'000), 500), refused);  // than those in force
  EXPECT_EQ(Announce(schedule, Parameters(8, 3'000), 500), Reason());
  EXPECT_EQ(Announce(schedule, Parameters(9, 2'999), 500), refused);
  EXPECT_EQ(Announce(schedule, Parameters(9, 3'000), 500), refused);
  EXPECT_EQ(Announce(schedule, Parameters(8, 3'001), 500), Reason(MarginReason::kWrongVersion));
  EXPECT_EQ(Announce(schedule, Parameters(9, 3'001), 500), Reason());
}

TEST(ParameterSchedule, AnnouncesNothingThatIsNotValid) {
  ParameterSchedule schedule = Since(1'000);
  MarginParameters parameters = Parameters(8, 3'000);
  parameters.withdrawal_profit_cap = Quanta(Int128{-1});
  EXPECT_EQ(Announce(schedule, parameters, 0), Reason(MarginReason::kBadParameters));
  // Which comes before all else that may be wrong.
  parameters.version = 5;
  parameters.effective_from = Timestamp(std::uint64_t{0});
  EXPECT_EQ(Announce(schedule, parameters, 0), Reason(MarginReason::kBadParameters));
  EXPECT_EQ(ParameterSchedule::Create(parameters).reason(), Reason(MarginReason::kBadParameters));
}

TEST(ParameterSchedule, HoldsFourAnnouncementsAndNoFifthUntilOneIsInForce) {
  ParameterSchedule schedule = Since(1'000);
  for (std::uint64_t n = 1; n <= kMaxAnnouncedParameters; ++n) {
    ASSERT_EQ(Announce(schedule, Parameters(7 + n, 1'000 + n), 1'000), Reason()) << n;
  }
  EXPECT_EQ(schedule.announced().size(), 4u);
  EXPECT_EQ(Announce(schedule, Parameters(12, 2'000), 1'000), Reason(MarginReason::kScheduleFull));
  EXPECT_EQ(Announce(schedule, Parameters(12, 1'004), 1'000), Reason(MarginReason::kNotAfterLast));
  EXPECT_EQ(Announce(schedule, Parameters(12, 1'000), 1'000), Reason(MarginReason::kNotInFuture));
  EXPECT_EQ(schedule.Advance(Timestamp(std::uint64_t{1'001})), 1u);
  EXPECT_EQ(Announce(schedule, Parameters(12, 2'000), 1'001), Reason());
}

TEST(ParameterSchedule, HasNoVersionAfterTheLastNumber) {
  const std::uint64_t last = kMax<std::uint64_t>;
  ParameterSchedule schedule = *ParameterSchedule::Create(Parameters(last - 1, 0));
  EXPECT_EQ(Announce(schedule, Parameters(last, 1), 0), Reason());
  EXPECT_EQ(Announce(schedule, Parameters(0, 2), 0), Reason(MarginReason::kWrongVersion));
}

TEST(ParameterSchedule, PutsInForceWhatIsDueAtItsInstantAndNotBefore) {
  ParameterSchedule schedule = Since(1'000);
  ASSERT_EQ(Announce(schedule, Parameters(8, 2'000), 1'500), Reason());
  ASSERT_EQ(Announce(schedule, Parameters(9, 3'000), 1'500), Reason());
  ASSERT_EQ(Announce(schedule, Parameters(10, 4'000), 1'500), Reason());
  EXPECT_EQ(schedule.Advance(Timestamp(std::uint64_t{1'999})), 0u);
  EXPECT_EQ(schedule.in_force(), Parameters(7, 1'000));
  EXPECT_EQ(schedule.Advance(Timestamp(std::uint64_t{2'000})), 1u);
  EXPECT_EQ(schedule.in_force(), Parameters(8, 2'000));
  EXPECT_EQ(schedule.Advance(Timestamp(std::uint64_t{0})), 0u);  // time does not run backwards
  EXPECT_EQ(schedule.in_force(), Parameters(8, 2'000));
  ASSERT_EQ(schedule.announced().size(), 2u);
  EXPECT_EQ(schedule.announced()[0], Parameters(9, 3'000));
  // Two at once: the later one.
  EXPECT_EQ(schedule.Advance(Timestamp(std::uint64_t{9'000})), 2u);
  EXPECT_EQ(schedule.in_force(), Parameters(10, 4'000));
  EXPECT_TRUE(schedule.announced().empty());
}

TEST(ParameterSchedule, AnswersWhatAppliesWhenAndForgetsThePast) {
  ParameterSchedule schedule = Since(1'000);
  ASSERT_EQ(Announce(schedule, Parameters(8, 2'000), 1'500), Reason());
  ASSERT_EQ(Announce(schedule, Parameters(9, 3'000), 1'500), Reason());
  const auto version_at = [&](std::uint64_t time) {
    const MarginParameters* parameters = schedule.At(Timestamp(time));
    return parameters == nullptr ? 0 : parameters->version;
  };
  for (int advanced = 0; advanced < 2; ++advanced) {
    EXPECT_EQ(version_at(999), 0u);
    EXPECT_EQ(version_at(1'000), advanced == 0 ? 7u : 0u);
    EXPECT_EQ(version_at(1'999), advanced == 0 ? 7u : 0u);
    EXPECT_EQ(version_at(2'000), 8u);
    EXPECT_EQ(version_at(2'999), 8u);
    EXPECT_EQ(version_at(3'000), 9u);
    EXPECT_EQ(version_at(kMax<std::uint64_t>), 9u);
    schedule.Advance(Timestamp(std::uint64_t{2'500}));
  }
}

// Against a list of all that ever was announced, from which nothing is taken.
TEST(ParameterSchedule, AgreesWithAListOfAllThatWasAnnounced) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    std::uint64_t now = random.Below(10);
    ParameterSchedule schedule = Since(now);
    std::vector<std::uint64_t> instants = {now};  // of versions 7, 8, ...
    std::size_t in_force = 0;
    for (int step = 0; step < 60; ++step) {
      now += random.Below(4);
      const std::uint64_t from = now + random.Below(8);
      const std::uint64_t version = 7 + instants.size() + (random.Chance(1, 8) ? 1 : 0);
      const bool fits = version == 7 + instants.size() && from > now && from > instants.back() &&
                        instants.size() - in_force <= kMaxAnnouncedParameters;
      ASSERT_EQ(Announce(schedule, Parameters(version, from), now).ok(), fits);
      if (fits) instants.push_back(from);
      std::size_t due = 0;
      if (random.Chance(1, 2)) {
        while (in_force + 1 < instants.size() && instants[in_force + 1] <= now) {
          ++in_force;
          ++due;
        }
        ASSERT_EQ(schedule.Advance(Timestamp(now)), due);
      }
      ASSERT_EQ(schedule.in_force().version, 7 + in_force);
      const std::uint64_t time = now + random.Below(8);
      std::size_t applies = in_force;
      while (applies + 1 < instants.size() && instants[applies + 1] <= time) ++applies;
      ASSERT_EQ(schedule.At(Timestamp(time))->version, 7 + applies);
    }
  }
}

TEST(ParameterSchedule, DecodesToTheSameAndNothingElse) {
  ParameterSchedule schedule = Since(1'000);
  ASSERT_EQ(Announce(schedule, Parameters(8, 2'000), 1'500), Reason());
  ASSERT_EQ(Announce(schedule, Parameters(9, 3'000), 1'500), Reason());
  const std::vector<std::byte> bytes = EncodeRecord(schedule);
  ParameterSchedule copy;
  ASSERT_EQ(DecodeRecordInto(bytes, copy).reason, Reason());
  EXPECT_EQ(copy, schedule);
  EXPECT_EQ(copy.At(Timestamp(std::uint64_t{2'000}))->instruments.FindByAsset(ContractId(2)),
            InstrumentIndex(1));
  EXPECT_EQ(test::UncountedBytes(schedule), "");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(DecodeRecordInto(ByteView(bytes.data(), size), copy).ok()) << size;
  }
  std::vector<std::byte> spoiled = bytes;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const std::byte mask{static_cast<unsigned char>(1u << (bit % 8))};
    spoiled[bit / 8] ^= mask;
    ParameterSchedule other;
    const bool decodes = DecodeRecordInto(spoiled, other).ok();
    ASSERT_FALSE(decodes && other == schedule) << bit;
    spoiled[bit / 8] ^= mask;
  }
}

// A record of any sets, whether they follow each other or not.
struct LooseSchedule {
  static constexpr Kind kKind = Kind::kParameterSchedule;
  static constexpr std::uint16_t kVersion = 1;
  MarginParameters in_force;
  Bounded<MarginParameters, 8> announced;
  using Fields = Members<&LooseSchedule::in_force, &LooseSchedule::announced>;
};

TEST(ParameterSchedule, DecodesNothingThatAnnounceWouldNotMake) {
  const auto reason = [](const std::vector<MarginParameters>& announced) {
    const LooseSchedule loose{.in_force = Parameters(7, 1'000),
                              .announced = *Bounded<MarginParameters, 8>::From(announced)};
    ParameterSchedule schedule;
    return DecodeRecordInto(EncodeRecord(loose), schedule).reason;
  };
  EXPECT_EQ(reason({}), Reason());
  EXPECT_EQ(reason({Parameters(8, 1'001), Parameters(9, 1'002)}), Reason());
  EXPECT_EQ(reason({Parameters(7, 1'001)}), Reason(MarginReason::kWrongVersion));
  EXPECT_EQ(reason({Parameters(8, 1'001), Parameters(10, 1'002)}),
            Reason(MarginReason::kWrongVersion));
  EXPECT_EQ(reason({Parameters(8, 1'000)}), Reason(MarginReason::kNotAfterLast));
  EXPECT_EQ(reason({Parameters(8, 1'001), Parameters(9, 1'001)}),
            Reason(MarginReason::kNotAfterLast));
  MarginParameters bad = Parameters(8, 1'001);
  bad.profit_cap = Quanta(Int128{-1});
  EXPECT_EQ(reason({bad}), Reason(MarginReason::kBadParameters));
  std::vector<MarginParameters> five;
  for (std::uint64_t n = 1; n <= 5; ++n) five.push_back(Parameters(7 + n, 1'000 + n));
  EXPECT_EQ(reason(five), Reason(BaseReason::kTooMany));
}

TEST(ParametersStatement, NamesVersionInstantAndDigestOfTheRecord) {
  const Sha256 hasher;
  const MarginParameters parameters = Parameters(8, 2'000);
  const auto statement_of = [&](const MarginParameters& of) {
    return StatementOf(of, hasher.Hash(EncodeRecord(of)));
  };
  const ParametersStatement statement = statement_of(parameters);
  EXPECT_EQ(statement.version, 8u);
  EXPECT_EQ(statement.effective_from, Timestamp(std::uint64_t{2'000}));
  MarginParameters other = parameters;
  EXPECT_TRUE(statement_of(other) == statement);
  other.profit_cap = Quanta(kMaxEquity.value() - 1);
  EXPECT_FALSE(statement_of(other) == statement);
}

TEST(ParametersStatement, IsSignedInItsDomainAsItsOwnKind) {
  const ParametersStatement statement{.version = 3,
                                      .effective_from = Timestamp(std::uint64_t{5}),
                                      .parameters = Digest::FromNumber(9)};
  const Domain domain{.network = NetworkId::FromNumber(1),
                      .group = GroupId(2),
                      .epoch = Epoch(std::uint64_t{3}),
                      .set = ValidatorSetId::FromNumber(4)};
  const StatementBytes<ParametersStatement> bytes = BytesToSign(domain, statement);
  EXPECT_EQ(bytes.kind(), Kind::kParametersStatement);
  // Tag, kind, domain; then version, instant and digest.
  EXPECT_EQ(bytes.view().size(), 88u + 8 + 8 + 32);
  ParametersStatement decoded;
  ASSERT_EQ(DecodeInto(bytes.view().subspan(88), decoded).reason, Reason());
  EXPECT_TRUE(decoded == statement);
  EXPECT_EQ(test::FlipsWithoutEffect(statement), "");
  Domain elsewhere = domain;
  elsewhere.epoch = Epoch(std::uint64_t{4});
  const Sha256 hasher;
  EXPECT_NE(StatementDigest(hasher, domain, statement),
            StatementDigest(hasher, elsewhere, statement));
}

TEST(ParameterScheduleGolden, BytesAreThoseOfTheTables) {
  ParameterSchedule schedule;
  ASSERT_EQ(
      schedule.Announce(
          {.version = 1, .effective_from = Timestamp(std::uint64_t{1'767'225'600'000'000'000})},
          Timestamp(std::uint64_t{0})),
      Reason());
  const Domain domain{.network = NetworkId::FromNumber(0x11),
                      .group = GroupId(3),
                      .epoch = Epoch(std::uint64_t{4}),
                      .set = ValidatorSetId::FromNumber(0x12)};
  const StatementBytes<ParametersStatement> bytes =
      BytesToSign(domain, StatementOf(schedule.announced()[0], Digest::FromNumber(0x53)));
  const std::vector<std::byte> signed_bytes(bytes.view().begin(), bytes.view().end());
  EXPECT_EQ(test::GoldenDifferences("schedule", {{"one announcement", EncodeRecord(schedule)},
                                                 {"statement of parameters", signed_bytes}}),
            "");
}

// --- both sets before the next takes effect -----------------------------------------------------

// The second tier, from a notional of 1,000 on, demands twice the first.
Instrument Tiered(std::uint32_t n) {
  Instrument instrument = Perpetual(n);
  EXPECT_TRUE(
      instrument.curve.tiers.Add({Quanta(Int128{1'000}), RatePpm(200'000), RatePpm(100'000)}));
  return instrument;
}

// Two sets of parameters at the same prices.
class PreviewTest : public ::testing::Test {
 protected:
  void Raise(const std::vector<Instrument>& now, const std::vector<Instrument>& next) {
    now_.instruments = test::TableOf(now);
    next_.instruments = test::TableOf(next);
    prices_ = MarkPrices(now_.instruments);
    for (std::uint32_t i = 0; i < now.size(); ++i) {
      ASSERT_EQ(prices_.Set(now_.instruments, InstrumentIndex(i), PriceTicks(10)), Reason());
    }
    carried_ = CarryPrices(now_.instruments, prices_, next_.instruments);
  }
  Result<RiskPreview> Of(const Balances& account) const {
    const Valuation now(now_, prices_);
    const Valuation next(next_, carried_);
    return Preview<ExactPpm>({.valuation = now}, {.valuation = next}, test::View(account));
  }
  Result<RiskPreview> Of(Quanta cash, const std::vector<MarginPosition>& positions) const {
    const Valuation now(now_, prices_);
    const Valuation next(next_, carried_);
    return Preview<ExactPpm>({.valuation = now}, {.valuation = next}, cash, positions);
  }

  MarginParameters now_;
  MarginParameters next_;
  MarkPrices prices_;
  MarkPrices carried_;
};

TEST_F(PreviewTest, KnowsBeforehandWhoBecomesLiquidatable) {
  Raise({Perpetual(1)}, {Tiered(1)});
  struct Case {
    Int128 lots;
    Int128 cash;
    bool loses_initial;
    bool becomes_liquidatable;
  };
  // 100 lots are the first tier, 200 lots twice that: initial 200 and then 100 + 200, maintenance
  // 100 and then 50 + 100.
  const Case cases[] = {
      {100, 100, false, false},  {200, 300, false, false}, {200, 299, true, false},
      {200, 200, true, false},   {200, 199, false, false}, {200, 150, false, false},
      {200, 149, false, true},   {200, 100, false, true},  {200, 99, false, false},
      {-200, 300, false, false}, {-200, 149, false, true}};
  for (const Case& one : cases) {
    const Balances account = {Cash(one.cash), Position(1, one.lots), Cost(1, -10 * one.lots)};
    const Result<RiskPreview> preview = Of(account);
    ASSERT_EQ(preview.reason(), Reason());
    EXPECT_EQ(LosesInitialMargin(*preview), one.loses_initial) << static_cast<int>(one.cash);
    EXPECT_EQ(BecomesLiquidatable(*preview), one.becomes_liquidatable)
        << static_cast<int>(one.cash);
    // The same where the host knows the positions without the ledger.
    const Result<RiskPreview> dense = Of(Quanta(one.cash), {{.instrument = InstrumentIndex(0),
                                                             .lots = *LotsOf(Amount(one.lots)),
                                                             .quote = Quanta(-10 * one.lots)}});
    ASSERT_EQ(dense.reason(), Reason());
    EXPECT_EQ(*dense, *preview);
  }
}

TEST_F(PreviewTest, IsTheRiskThatTheAccountHasOnTheDay) {
  Raise({Perpetual(1), Perpetual(2)}, {Tiered(1), Tiered(2)});
  ParameterSchedule schedule = *ParameterSchedule::Create(now_);
  next_.version = 1;
  next_.effective_from = Timestamp(kDay);
  ASSERT_EQ(Announce(schedule, next_, 0), Reason());
  const Balances account = {Cash(400), Position(1, 170), Cost(1, -1'600), Position(2, -300),
                            Cost(2, 3'100)};
  const Result<RiskPreview> preview = Of(account);
  ASSERT_EQ(preview.reason(), Reason());
  const auto risk = [&] {
    const Valuation valuation(schedule.in_force(), prices_);
    return *Evaluate<ExactPpm>({.valuation = valuation}, test::View(account));
  };
  EXPECT_EQ(risk(), preview->now);
  EXPECT_EQ(schedule.Advance(Timestamp(kDay)), 1u);
  EXPECT_EQ(risk(), preview->next);
  EXPECT_NE(preview->now, preview->next);
}

TEST_F(PreviewTest, SaysWhyAnAccountCannotBeJudgedThen) {
  Raise({Perpetual(1), Perpetual(2)}, {Perpetual(2)});
  EXPECT_EQ(Of({Cash(100), Position(1, 5)}).reason(), Reason(MarginReason::kUnknownInstrument));
  EXPECT_EQ(Of({Cash(100), Position(2, 5)}).reason(), Reason());
  // A position that the next table has at another place would be judged by another instrument.
  const MarginPosition second{.instrument = InstrumentIndex(1), .lots = Lots(5)};
  EXPECT_EQ(Of(Quanta(Int128{100}), {second}).reason(), Reason(MarginReason::kUnknownInstrument));
  const MarginPosition none{.instrument = InstrumentIndex(2), .lots = Lots(5)};
  EXPECT_EQ(Of(Quanta(Int128{100}), {none}).reason(), Reason(MarginReason::kUnknownInstrument));
}

TEST(CarryPrices, KeepsThePricesOfEachAssetWhereverItIsListed) {
  Instrument narrow = Perpetual(3);
  narrow.max_price = PriceTicks(50);
  const InstrumentTable from = test::TableOf({Perpetual(1), Perpetual(2), Perpetual(3)});
  const InstrumentTable to = test::TableOf({narrow, Perpetual(4), Perpetual(2), Perpetual(1)});
  MarkPrices prices(from);
  ASSERT_EQ(prices.Set(from, InstrumentIndex(0), PriceTicks(10)), Reason());
  ASSERT_EQ(prices.SetSlow(from, InstrumentIndex(0), PriceTicks(11)), Reason());
  ASSERT_EQ(prices.Set(from, InstrumentIndex(1), PriceTicks(20)), Reason());
  ASSERT_EQ(prices.Set(from, InstrumentIndex(2), PriceTicks(50)), Reason());
  const PricePair none;
  MarkPrices carried = CarryPrices(from, prices, to);
  EXPECT_EQ(carried.size(), 4u);
  EXPECT_EQ(carried.Of(InstrumentIndex(0)), (PricePair{PriceTicks(50), kNoPrice}));
  EXPECT_EQ(carried.Of(InstrumentIndex(1)), none);
  EXPECT_EQ(carried.Of(InstrumentIndex(2)), (PricePair{PriceTicks(20), kNoPrice}));
  EXPECT_EQ(carried.Of(InstrumentIndex(3)), (PricePair{PriceTicks(10), PriceTicks(11)}));
  // By a mark alone an account could be judged better than by both.
  ASSERT_EQ(prices.SetSlow(from, InstrumentIndex(2), PriceTicks(51)), Reason());
  EXPECT_EQ(CarryPrices(from, prices, to).Of(InstrumentIndex(0)), none);
  ASSERT_EQ(prices.SetSlow(from, InstrumentIndex(2), PriceTicks(50)), Reason());
  ASSERT_EQ(prices.Set(from, InstrumentIndex(2), PriceTicks(51)), Reason());
  EXPECT_EQ(CarryPrices(from, prices, to).Of(InstrumentIndex(0)), none);
}

// --- margins of an exchange over years ----------------------------------------------------------

constexpr const char* kMargins = "cme_BTC_margins.csv";

struct Margins {
  std::uint64_t date = 0;  // 20171218
  std::int64_t initial = 0;
  std::int64_t maintenance = 0;
};

std::vector<Margins> ReadMargins(const std::string& text) {
  std::vector<Margins> rows;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);  // the names of the columns
  while (std::getline(lines, line)) {
    std::istringstream row(line);
    Margins& margins = rows.emplace_back();
    char comma = 0;
    row >> margins.date >> comma >> margins.initial >> comma >> margins.maintenance;
    EXPECT_FALSE(row.fail()) << line;
  }
  return rows;
}

// Initial and maintenance margin in dollars a contract, by the day from which they apply: the
// date's own number stands for its instant.
MarginParameters ParametersOf(std::uint64_t version, const Margins& margins) {
  Instrument future = Perpetual(1);
  future.curve = {};
  future.curve.initial_per_lot = Quanta(Int128{margins.initial});
  future.curve.maintenance_per_lot = Quanta(Int128{margins.maintenance});
  return {.version = version,
          .effective_from = Timestamp(margins.date),
          .instruments = test::TableOf({future})};
}

TEST(ParameterSchedule, FollowsTheMarginsOfAnExchangeAnnouncedDaysAhead) {
  const std::optional<std::string> text = test::ReadDataText(kMargins);
  if (!text) GTEST_SKIP() << test::Missing(kMargins);
  const std::vector<Margins> rows = ReadMargins(*text);
  test::CountVectors("data/cme_BTC_margins by schedule", rows.size());
  ASSERT_EQ(rows.size(), 163u);
  ParameterSchedule schedule = *ParameterSchedule::Create(ParametersOf(0, rows[0]));
  std::size_t announced = 1;
  for (std::size_t day = 0; day < rows.size(); ++day) {
    const std::uint64_t now = rows[day].date;
    EXPECT_EQ(schedule.Advance(Timestamp(now)), day == 0 ? 0u : 1u);
    for (; announced < rows.size(); ++announced) {
      const MarginParameters next = ParametersOf(announced, rows[announced]);
      if (Announce(schedule, next, now) == Reason(MarginReason::kScheduleFull)) break;
    }
    EXPECT_EQ(announced, std::min(rows.size(), day + 1 + kMaxAnnouncedParameters));
    const MarginParameters& parameters = schedule.in_force();
    MarkPrices prices(parameters.instruments);
    ASSERT_EQ(prices.Set(parameters.instruments, InstrumentIndex(0), PriceTicks(20'000)), Reason());
    const Valuation valuation(parameters, prices);
    const MarginPosition seven{.instrument = InstrumentIndex(0), .lots = Lots(-7)};
    const RiskSum sum = *ContributionOf<ExactPpm>(valuation, seven);
    EXPECT_EQ(sum.initial, MicroQuanta(Int128{7} * rows[day].initial * kMicroPerQuantum));
    EXPECT_EQ(sum.maintenance, MicroQuanta(Int128{7} * rows[day].maintenance * kMicroPerQuantum));
  }
  EXPECT_TRUE(schedule.announced().empty());
}

}  // namespace
}  // namespace settle
