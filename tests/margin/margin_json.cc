// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Judges margin accounts that are written down as JSON, for a model in another language to compare
// with: tests/margin/slow_model.py.
//
//   margin_json --json < books > answers
//
// One book a line: an object with
//   policy                  "exact_ppm" or "ceil_per_leg"
//   quote, profit_cap, withdrawal_profit_cap
//   instruments             {kind, compartment, asset, multiplier, initial, maintenance, ...,
//                            tiers, premium, open_interest, collateral, mark, slow}, see ReadCurve
//                            and its neighbours
//   owner, group            whose account it is
//   elsewhere               lots of owners in margin accounts: {owner, group, asset, lots}
//   before, after           balances: {compartment, asset, posted, debits, credits, interest};
//                           `after` may be absent
// Every number is a string of decimal digits, so that none loses a digit on the way; an absent one
// is what the headers give it. The answer, one line each, is {"refused": reason} for a table or
// parameters that are not valid, else {"before", "after", "verdict"}: of each state {"reason"} or
// the numbers of its risk, and what the transition rule says. Exit code 2: no such book.

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "settle/base/fixed.h"
#include "settle/base/integer.h"
#include "settle/base/reason.h"
#include "settle/base/text.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"
#include "settle/margin/evaluation.h"
#include "settle/margin/instrument.h"
#include "settle/margin/owner_lots.h"
#include "settle/margin/parameters.h"
#include "settle/margin/prices.h"
#include "settle/margin/requirement.h"
#include "settle/margin/requirement_curve.h"
#include "settle/margin/risk.h"
#include "settle/margin/transition_rule.h"
#include "settle/margin/types.h"
#include "settle/margin/valuation.h"

namespace settle {
namespace {

using Json = nlohmann::json;

// Reads the members of objects. What is absent keeps its value; what is not as it should be spoils
// the whole line.
class Reader {
 public:
  [[nodiscard]] bool ok() const { return ok_; }
  void Spoil() { ok_ = false; }

  template <CheckedInteger T>
  void Read(const Json& object, const char* name, T& value) {
    const Json* const member = Find(object, name);
    if (member == nullptr) return;
    if (!member->is_string()) return Spoil();
    const Result<Int128> number = ParseDecimal(member->get_ref<const std::string&>(), 0);
    const auto narrow = number.ok() ? CheckedCast<T>(*number) : std::nullopt;
    if (!narrow) return Spoil();
    value = *narrow;
  }
  template <StrongType T>
  void Read(const Json& object, const char* name, T& value) {
    auto number = value.value();
    Read(object, name, number);
    value = T(number);
  }
  void Read(const Json& object, const char* name, RatePpm& value) {
    std::int64_t parts = value.parts();
    Read(object, name, parts);
    value = RatePpm(parts);
  }
  void Read(const Json& object, const char* name, OwnerId& value) {
    std::uint64_t number = 0;
    Read(object, name, number);
    value = OwnerId::FromNumber(number);
  }

  // The member, or nothing where it is absent or null.
  [[nodiscard]] const Json* Find(const Json& object, const char* name) {
    if (!object.is_object()) Spoil();
    const auto member = object.find(name);
    return member == object.end() || member->is_null() ? nullptr : &*member;
  }
  // The elements of a list, none where it is absent.
  [[nodiscard]] const Json& List(const Json& object, const char* name) {
    static const Json kNone = Json::array();
    const Json* const list = Find(object, name);
    if (list == nullptr) return kNone;
    if (list->is_array()) return *list;
    Spoil();
    return kNone;
  }
  [[nodiscard]] std::string_view Text(const Json& object, const char* name) {
    const Json* const text = Find(object, name);
    if (text != nullptr && text->is_string()) return text->get_ref<const std::string&>();
    Spoil();
    return {};
  }

 private:
  bool ok_ = true;
};

RequirementCurve ReadCurve(Reader& reader, const Json& from) {
  RequirementCurve curve;
  reader.Read(from, "initial", curve.initial);
  reader.Read(from, "maintenance", curve.maintenance);
  reader.Read(from, "initial_per_lot", curve.initial_per_lot);
  reader.Read(from, "maintenance_per_lot", curve.maintenance_per_lot);
  for (const Json& one : reader.List(from, "tiers")) {
    MarginTier tier;
    reader.Read(one, "floor", tier.floor);
    reader.Read(one, "initial", tier.initial);
    reader.Read(one, "maintenance", tier.maintenance);
    if (!curve.tiers.Add(tier)) reader.Spoil();
  }
  if (const Json* const premium = reader.Find(from, "premium")) {
    reader.Read(*premium, "scale", curve.premium.scale);
    reader.Read(*premium, "initial", curve.premium.initial);
    reader.Read(*premium, "maintenance", curve.premium.maintenance);
  }
  if (const Json* const interest = reader.Find(from, "open_interest")) {
    reader.Read(*interest, "lower", curve.open_interest.lower);
    reader.Read(*interest, "upper", curve.open_interest.upper);
  }
  return curve;
}

CollateralTerms ReadCollateral(Reader& reader, const Json& from) {
  CollateralTerms terms;
  reader.Read(from, "lot_size", terms.lot_size);
  reader.Read(from, "initial_haircut", terms.initial_haircut);
  reader.Read(from, "maintenance_haircut", terms.maintenance_haircut);
  reader.Read(from, "cap", terms.cap);
  reader.Read(from, "issuer", terms.issuer);
  return terms;
}

InstrumentKind ReadKind(Reader& reader, const Json& from) {
  const std::string_view name = reader.Text(from, "kind");
  if (name == "linear") return InstrumentKind::kLinear;
  if (name == "inverse") return InstrumentKind::kInverse;
  if (name == "option") return InstrumentKind::kOption;
  if (name != "spot") reader.Spoil();
  return InstrumentKind::kSpot;
}

Instrument ReadInstrument(Reader& reader, const Json& from, AssetId quote) {
  Instrument instrument{.kind = ReadKind(reader, from), .quote = quote};
  reader.Read(from, "compartment", instrument.compartment);
  reader.Read(from, "asset", instrument.asset);
  reader.Read(from, "quote", instrument.quote);
  reader.Read(from, "multiplier", instrument.multiplier);
  reader.Read(from, "min_price", instrument.min_price);
  reader.Read(from, "max_price", instrument.max_price);
  reader.Read(from, "max_lots", instrument.max_lots);
  instrument.curve = ReadCurve(reader, from);
  if (const Json* const terms = reader.Find(from, "collateral")) {
    instrument.collateral = ReadCollateral(reader, *terms);
  }
  return instrument;
}

std::vector<BalanceView> ReadBalances(Reader& reader, const Json& from) {
  std::vector<BalanceView> balances;
  for (const Json& one : from) {
    BalanceView balance;
    reader.Read(one, "compartment", balance.compartment);
    reader.Read(one, "asset", balance.asset);
    reader.Read(one, "posted", balance.posted);
    reader.Read(one, "debits", balance.pending_debits);
    reader.Read(one, "credits", balance.pending_credits);
    reader.Read(one, "interest", balance.open_interest);
    balances.push_back(balance);
  }
  return balances;
}

OwnerLots ReadElsewhere(Reader& reader, const Json& from) {
  OwnerLots lots;
  for (const Json& one : from) {
    MarginAccountId account;
    AssetId asset;
    Lots size;
    reader.Read(one, "owner", account.owner);
    reader.Read(one, "group", account.group);
    reader.Read(one, "asset", asset);
    reader.Read(one, "lots", size);
    lots.Add(account, asset, size);
  }
  return lots;
}

// A table of as many instruments that allow any price that one may have: prices that it takes may
// be beyond what the table of the book allows, as decoded ones may.
InstrumentTable AnyPrices(std::size_t count) {
  std::vector<Instrument> instruments(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto most = static_cast<std::int64_t>(kMaxLotValue.value());
    instruments[i].compartment = Compartment(i + 1);
    instruments[i].asset = ContractId(i + 1);
    instruments[i].multiplier = 1;
    instruments[i].min_price = PriceTicks(-most);
    instruments[i].max_price = PriceTicks(most);
    instruments[i].max_lots = Lots(1);
  }
  const Result<InstrumentTable> table = InstrumentTable::Create(AssetId(), instruments);
  return table.ok() ? *table : InstrumentTable();
}

MarkPrices ReadPrices(Reader& reader, const Json& instruments) {
  const InstrumentTable any = AnyPrices(instruments.size());
  MarkPrices prices(any);
  for (std::uint32_t i = 0; i < instruments.size(); ++i) {
    PricePair pair;
    reader.Read(instruments[i], "mark", pair.mark);
    reader.Read(instruments[i], "slow", pair.slow);
    const InstrumentIndex index(i);
    if (pair.mark != kNoPrice && !prices.Set(any, index, pair.mark).ok()) reader.Spoil();
    if (pair.slow != kNoPrice && !prices.SetSlow(any, index, pair.slow).ok()) reader.Spoil();
  }
  return prices;
}

std::string NameOf(Reason reason) {
  if (reason.ok()) return "Ok";
  if (reason.module() == Module::kMargin) {
    return std::string(ReasonName(static_cast<MarginReason>(reason.code())));
  }
  return ToString(reason);
}

template <RequirementPolicy Policy>
Json Describe(const MarginContext& context, const OwnerView& account) {
  const Result<RiskSum> sum = SumOf<Policy>(context, account);
  if (!sum.ok()) return {{"reason", NameOf(sum.reason())}};
  const Result<Risk> risk = Finish(*sum, context.valuation.parameters().profit_cap);
  if (!risk.ok()) return {{"reason", NameOf(risk.reason())}};
  return {{"equity", ToString(risk->equity)},
          {"profit", ToString(sum->profit)},
          {"initial", ToString(sum->initial)},
          {"maintenance", ToString(risk->maintenance)},
          {"initial_headroom", ToString(risk->initial_headroom)}};
}

// The states of one account.
struct States {
  OwnerView before;
  std::optional<OwnerView> after;
};

template <RequirementPolicy Policy>
Json Judge(const MarginContext& context, const States& states) {
  Json answer = {{"before", Describe<Policy>(context, states.before)}};
  if (states.after) {
    answer["after"] = Describe<Policy>(context, *states.after);
    answer["verdict"] =
        NameOf(TransitionRule<Policy>().Admit(context, states.before, *states.after));
  }
  return answer;
}

// The rule is told of the same accounts in the same order.
bool AreOfTheSameAccounts(const std::vector<BalanceView>& a, const std::vector<BalanceView>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].compartment != b[i].compartment || a[i].asset != b[i].asset) return false;
  }
  return true;
}

// The answer to a book, or nothing where it is none.
std::optional<Json> AnswerTo(const Json& book) {
  Reader reader;
  MarginParameters parameters;
  AssetId quote;
  reader.Read(book, "quote", quote);
  reader.Read(book, "profit_cap", parameters.profit_cap);
  reader.Read(book, "withdrawal_profit_cap", parameters.withdrawal_profit_cap);
  std::vector<Instrument> instruments;
  for (const Json& one : reader.List(book, "instruments")) {
    instruments.push_back(ReadInstrument(reader, one, quote));
  }
  const MarkPrices prices = ReadPrices(reader, reader.List(book, "instruments"));
  const OwnerLots lots = ReadElsewhere(reader, reader.List(book, "elsewhere"));
  MarginAccountId account;
  reader.Read(book, "owner", account.owner);
  reader.Read(book, "group", account.group);
  const std::vector<BalanceView> before = ReadBalances(reader, reader.List(book, "before"));
  const std::vector<BalanceView> after = ReadBalances(reader, reader.List(book, "after"));
  const bool is_pair = reader.Find(book, "after") != nullptr;
  const std::string_view policy = reader.Text(book, "policy");
  const bool is_known = policy == "exact_ppm" || policy == "ceil_per_leg";
  if (!reader.ok() || !is_known || (is_pair && !AreOfTheSameAccounts(before, after))) {
    return std::nullopt;
  }

  const Result<InstrumentTable> table = InstrumentTable::Create(quote, instruments);
  if (!table.ok()) return Json{{"refused", NameOf(table.reason())}};
  parameters.instruments = *table;
  if (Reason reason = parameters.Validate(); !reason.ok()) {
    return Json{{"refused", NameOf(reason)}};
  }
  const Valuation valuation(parameters, prices);
  const MarginContext context{.valuation = valuation, .owner_lots = &lots};
  States states{.before = {.id = account, .balances = before}, .after = std::nullopt};
  if (is_pair) states.after = OwnerView{.id = account, .balances = after};
  return policy == "exact_ppm" ? Judge<ExactPpm>(context, states)
                               : Judge<CeilPerLeg>(context, states);
}

int Run(int argc, const char* const* argv) {
  if (argc != 2 || std::string_view(argv[1]) != "--json") {
    std::cerr << "usage: margin_json --json < books > answers\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  std::size_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    const Json book = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const std::optional<Json> answer = book.is_object() ? AnswerTo(book) : std::nullopt;
    if (!answer) {
      std::cerr << "margin_json: line " << number << " is no book\n";
      return 2;
    }
    std::cout << answer->dump() << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace settle

int main(int argc, char** argv) { return settle::Run(argc, argv); }
