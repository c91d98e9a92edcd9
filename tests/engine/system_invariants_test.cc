// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Each invariant of the whole holds of a real run after every step, and is found violated where a
// violation is planted, with the place and both numbers.

#include "settle/engine/system_invariants.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "settle/base/status.h"
#include "tests/margin/books.h"
#include "tests/margin/digest_run.h"

namespace settle {
namespace {

using test::Book;
using test::kQuote;
using test::Perpetual;

constexpr Int128 kMost = kMax<Int128>;
constexpr Int128 kLeast = kMin<Int128>;

// Owners 1 to 9 are members with one margin account each.
constexpr std::uint64_t kOutside = 10;
constexpr std::uint64_t kFund = 11;
constexpr std::uint64_t kPool = 12;

struct Everybody {
  std::uint64_t named = 0;  // the member who may owe
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey& key) const {
    if (HolderOf(key) != AccountHolder::kMember) return std::nullopt;
    return MarginGroup(0);
  }
  [[nodiscard]] Limits LimitsOf(const AccountKey&) const { return kUnlimited; }
  [[nodiscard]] AccountHolder HolderOf(const AccountKey& key) const {
    if (key.owner == OwnerId::FromNumber(kOutside)) return AccountHolder::kOutside;
    if (key.owner == OwnerId::FromNumber(kPool)) return AccountHolder::kRoundingPool;
    const bool is_fund = key.owner == OwnerId::FromNumber(kFund);
    return is_fund ? AccountHolder::kFund : AccountHolder::kMember;
  }
  [[nodiscard]] bool MayOwe(const MarginAccountId& account) const {
    return account.owner == OwnerId::FromNumber(named);
  }
};
static_assert(SystemPolicy<Everybody> && SystemPolicy<test::RunAccounts>);

// Accounts as they are written down: no ledger would let them become what some tests need.
class Listing {
 public:
  Listing& Add(std::uint64_t owner, Compartment compartment, AssetId asset, Int128 balance) {
    accounts_.push_back(
        {.key = {OwnerId::FromNumber(owner), compartment, asset}, .balance = Amount(balance)});
    return *this;
  }
  Listing& Cash(std::uint64_t owner, Int128 quanta) { return Add(owner, kCash, kQuote, quanta); }
  // Lots of contract number `n` and the quote balance beside them.
  Listing& Position(std::uint64_t owner, std::uint32_t n, Int128 lots, Int128 quote) {
    return Add(owner, Compartment(n), ContractId(n), lots)
        .Add(owner, Compartment(n), kQuote, quote);
  }

  template <typename Visit>
  void ForEachAccount(Visit&& visit) const {
    for (const AccountState& account : accounts_) visit(account);
  }
  [[nodiscard]] Amount OpenInterestOf(AssetId) const { return {}; }

 private:
  std::vector<AccountState> accounts_;
};
static_assert(AccountSource<Listing>);

// Contract 1 is linear, contract 2 inverse: a lot is worth 1,000 / price quanta. Token 5 is
// collateral.
Book TwoContracts() {
  Instrument inverse = Perpetual(2);
  inverse.kind = InstrumentKind::kInverse;
  inverse.multiplier = 1'000;
  inverse.min_price = PriceTicks(1);
  Book book({Perpetual(1), inverse, test::SpotToken(5)});
  book.SetPrice(1, 100);
  book.SetPrice(2, 7);
  return book;
}

SystemFinding Check(const Listing& listing, const Everybody& policy = {}) {
  const Book book = TwoContracts();
  return CheckSystem<ExactPpm>(listing, book.context(), policy);
}

void ExpectFinding(const SystemFinding& finding, Reason reason, Int128 found, Int128 bound) {
  EXPECT_EQ(finding.reason, reason) << ToStatus(finding);
  EXPECT_EQ(finding.found, found) << ToStatus(finding);
  EXPECT_EQ(finding.bound, bound) << ToStatus(finding);
}

TEST(SystemInvariants, HoldAfterEveryStepOfARun) {
  test::DigestRun run;
  int with_holds = 0;
  for (int step = 0; step < 4'000; ++step) {
    run.Step();
    with_holds += run.ledger().hold_count() > 0 ? 1 : 0;
    const SystemFinding finding =
        CheckSystem<ExactPpm>(run.ledger(), run.context(), test::RunAccounts());
    ASSERT_TRUE(finding.ok()) << "step " << step << ": " << ToStatus(finding);
  }
  EXPECT_GT(run.applied(), 2'000u);
  EXPECT_GT(run.refused_for_margin(), 400u);
  EXPECT_GT(with_holds, 1'000);
}

TEST(Conservation, HoldsOfSumsThatAreZeroByWayOfNumbersBeyond128Bits) {
  Listing listing;
  listing.Cash(1, kMost).Cash(2, kMost).Cash(3, kLeast).Cash(4, kLeast).Cash(5, 2);
  EXPECT_TRUE(CheckConservation(listing).ok());
  listing.Cash(6, -1);
  ExpectFinding(CheckConservation(listing), EngineReason::kAssetUnbalanced, -1, 0);
}

TEST(Conservation, FindsTheAssetOfTheLeastIdThatDoesNotSumToZero) {
  Listing listing;
  listing.Add(1, kCash, TokenId(9), 1).Add(1, kCash, TokenId(3), 5).Add(2, kCash, TokenId(3), -3);
  listing.Cash(1, 7).Cash(2, -7);
  const SystemFinding finding = Check(listing);
  ExpectFinding(finding, EngineReason::kAssetUnbalanced, 2, 0);
  EXPECT_EQ(finding.place.asset, TokenId(3));
}

TEST(Conservation, SaysTheLeastOrGreatestNumberOfASumBeyond128Bits) {
  ExpectFinding(CheckConservation(Listing().Cash(1, kMost).Cash(2, 1)),
                EngineReason::kAssetUnbalanced, kMost, 0);
  ExpectFinding(CheckConservation(Listing().Cash(1, kLeast).Cash(2, -1)),
                EngineReason::kAssetUnbalanced, kLeast, 0);
}

TEST(RoundingPool, IsNeverBelowZero) {
  EXPECT_TRUE(Check(Listing().Cash(kPool, 0).Cash(kFund, -5).Cash(1, 5)).ok());
  const SystemFinding finding = Check(Listing().Cash(kPool, -1).Cash(1, 1));
  ExpectFinding(finding, EngineReason::kRoundingPoolNegative, -1, 0);
  EXPECT_EQ(finding.place.owner, OwnerId::FromNumber(kPool));
}

TEST(VaultTally, IsWithinTheNumberOfRoundedPositions) {
  const auto check = [](Int128 vault, std::uint64_t rounded) {
    return CheckValuation({.vault = Quanta(vault),
                           .equities = Quanta(Int128{70}),
                           .funds = Quanta(Int128{30}),
                           .rounded = rounded});
  };
  EXPECT_TRUE(check(100, 0).ok());
  ExpectFinding(check(99, 0), EngineReason::kVaultShort, -1, 0);
  ExpectFinding(check(101, 0), EngineReason::kVaultExceeds, 1, 0);
  EXPECT_TRUE(check(103, 3).ok());
  ExpectFinding(check(104, 3), EngineReason::kVaultExceeds, 4, 3);
  ExpectFinding(check(99, 3), EngineReason::kVaultShort, -1, 0);
}

TEST(VaultTally, OfTheWidestNumbersIsJudgedOrRefused) {
  ExpectFinding(CheckValuation({.vault = Quanta(kMost), .equities = Quanta(-kMost)}),
                EngineReason::kVaultExceeds, kMost, 0);
  ExpectFinding(CheckValuation({.vault = Quanta(kLeast), .equities = Quanta(kMost)}),
                EngineReason::kVaultShort, kLeast, 0);
  ExpectFinding(CheckValuation({.funds = Quanta(kLeast)}), MarginReason::kMarginOverflow, kLeast,
                0);
}

TEST(Valuation, OfLinearBooksIsExact) {
  Listing listing;
  listing.Cash(kOutside, -1'000).Cash(1, 600).Cash(2, 395).Cash(kFund, 5);
  listing.Position(1, 1, 3, -250).Position(2, 1, -3, 250);
  EXPECT_TRUE(Check(listing).ok());
}

TEST(Valuation, OfInverseBooksLosesLessThanAQuantumAPosition) {
  // -1,000 / 7 = -142.86 and 142.86, rounded down: one quantum less than nothing in all.
  Listing listing;
  listing.Cash(kOutside, -2'000).Cash(1, 1'000).Cash(2, 1'000);
  listing.Position(1, 2, 1, 140).Position(2, 2, -1, -140);
  EXPECT_TRUE(Check(listing).ok());
  // With members' positions alone it would be a quantum short, and is not: the vault's own side of
  // a position counts as well.
  Listing with_outside;
  with_outside.Cash(kOutside, -1'000).Cash(1, 1'000);
  with_outside.Position(1, 2, 1, 140).Position(kOutside, 2, -1, -140);
  EXPECT_TRUE(Check(with_outside).ok());
}

// Lots that do not sum to zero are found as such before anybody asks what they are worth; taken by
// itself the valuation finds what they would cost the vault.
TEST(Valuation, FindsAPositionThatNobodyHoldsTheOtherSideOf) {
  Listing listing;
  listing.Cash(kOutside, -1'000).Cash(1, 1'000).Position(1, 1, 3, 0);
  const Book book = TwoContracts();
  ExpectFinding(CheckValuation(listing, book.valuation(), Everybody()), EngineReason::kVaultShort,
                -300, 0);
  ExpectFinding(Check(listing), EngineReason::kAssetUnbalanced, 3, 0);
  listing.Position(2, 1, -4, 0);
  ExpectFinding(CheckValuation(listing, book.valuation(), Everybody()), EngineReason::kVaultExceeds,
                100, 0);
}

TEST(Valuation, NamesThePositionThatCannotBeValued) {
  Book book = TwoContracts();
  book.ClearPrice(1);
  const std::uint64_t holders[] = {1, kFund, kOutside};
  for (const std::uint64_t holder : holders) {
    Listing listing;
    listing.Cash(1, 5).Cash(2, -5).Position(holder, 1, 3, 0);
    const SystemFinding finding = CheckValuation(listing, book.valuation(), Everybody());
    ExpectFinding(finding, MarginReason::kMissingPrice, 3, 0);
    EXPECT_EQ(finding.place,
              (AccountKey{OwnerId::FromNumber(holder), Compartment(1), ContractId(1)}));
  }
}

// Those of the outside are as many as all others together, whatever one member may have.
TEST(Valuation, TakesMoreLotsThanAMemberMayHaveFromTheOutsideAlone) {
  const Book book = TwoContracts();
  const Int128 beyond = (Int128{1} << 40) + 1;
  Listing listing;
  listing.Position(kOutside, 1, -beyond, 0).Position(kFund, 1, beyond, 0);
  EXPECT_TRUE(CheckValuation(listing, book.valuation(), Everybody()).ok());
  ExpectFinding(CheckValuation(Listing().Position(1, 1, beyond, 0), book.valuation(), Everybody()),
                MarginReason::kPositionTooLarge, beyond, 0);
  const Int128 no_lots = Int128{1} << 63;
  ExpectFinding(
      CheckValuation(Listing().Position(kOutside, 1, no_lots, 0), book.valuation(), Everybody()),
      MarginReason::kPositionTooLarge, no_lots, 0);
}

TEST(Debt, IsFoundOfAnAccountThatHasNothingLeftToClose) {
  Listing listing;
  listing.Cash(1, 5).Cash(2, -4).Add(2, Compartment(1), kQuote, -1);
  const SystemFinding finding = Check(listing);
  ExpectFinding(finding, EngineReason::kDebtWithoutPosition, -5, 0);
  EXPECT_EQ(finding.place.owner, OwnerId::FromNumber(2));
  EXPECT_EQ(finding.place.asset, kQuote);
  EXPECT_TRUE(Check(listing, {.named = 2}).ok());
  EXPECT_FALSE(Check(listing, {.named = 1}).ok());
}

TEST(Debt, IsNoneWhereOneCompartmentPaysForAnother) {
  Listing listing;
  listing.Cash(1, -9).Cash(2, 4).Add(2, Compartment(1), kQuote, -4).Cash(1, 9);
  EXPECT_TRUE(Check(listing).ok());
}

TEST(Debt, MayBeOwedBesidePositionsAndCollateral) {
  Listing with_position;
  with_position.Cash(1, 5).Cash(2, -5).Position(1, 1, -1, 100).Position(2, 1, 1, -100);
  EXPECT_TRUE(Check(with_position).ok());
  Listing with_collateral;
  with_collateral.Cash(1, 5).Cash(2, -5);
  with_collateral.Add(2, kCash, TokenId(5), 1).Add(kOutside, kCash, TokenId(5), -1);
  EXPECT_TRUE(Check(with_collateral).ok());
  Listing with_what_counts_nothing;
  with_what_counts_nothing.Cash(1, 5).Cash(2, -5);
  with_what_counts_nothing.Add(2, kCash, TokenId(6), 1).Add(kOutside, kCash, TokenId(6), -1);
  ExpectFinding(Check(with_what_counts_nothing), EngineReason::kDebtWithoutPosition, -5, 0);
}

TEST(Debt, IsFoundOfAnyToken) {
  Listing listing;
  listing.Cash(1, 5).Cash(kOutside, -5);
  listing.Add(1, Compartment(3), TokenId(5), -2).Add(kOutside, kCash, TokenId(5), 2);
  const SystemFinding finding = Check(listing);
  ExpectFinding(finding, EngineReason::kDebtWithoutPosition, -2, 0);
  EXPECT_EQ(finding.place, (AccountKey{OwnerId::FromNumber(1), Compartment(3), TokenId(5)}));
}

TEST(Headroom, MayBeEquityLessMaintenanceAndNoMillionthMore) {
  const MarginAccountId account{.owner = OwnerId::FromNumber(1)};
  const Risk risk{.equity = Quanta(Int128{7}),
                  .maintenance = MicroQuanta(Int128{2'000'001}),
                  .initial_headroom = MicroQuanta(Int128{4'999'999})};
  EXPECT_TRUE(CheckHeadroom(account, risk).ok());
  Risk above = risk;
  above.initial_headroom = MicroQuanta(Int128{5'000'000});
  ExpectFinding(CheckHeadroom(account, above), EngineReason::kHeadroomTooLarge, 5'000'000,
                4'999'999);
  above.initial_headroom = MicroQuanta(kMost);
  ExpectFinding(CheckHeadroom(account, above), EngineReason::kHeadroomTooLarge, kMost, 4'999'999);
  above.equity = Quanta(kLeast);
  ExpectFinding(CheckHeadroom(account, above), EngineReason::kHeadroomTooLarge, kMost, kLeast);
}

// A policy that keeps more than it asks for: no such one may be used, and it is found.
struct Inverted {
  static constexpr bool kIsExact = false;
  static constexpr Rounding kRateRounding = Rounding::kUp;
  [[nodiscard]] static std::optional<Requirement> Round(const Requirement& exact,
                                                        const RequirementCurve&, Quanta) {
    return Requirement{.initial = exact.maintenance, .maintenance = exact.initial};
  }
};

TEST(Headroom, IsFoundTooLargeOfAnAccountWhoseMaintenanceIsAboveItsInitialMargin) {
  Listing listing;
  listing.Cash(kOutside, -1'000).Cash(1, 500).Cash(2, 500);
  listing.Position(1, 1, 3, -300).Position(2, 1, -3, 300);
  EXPECT_TRUE(Check(listing).ok());
  const Book book = TwoContracts();
  const SystemFinding finding = CheckSystem<Inverted>(listing, book.context(), Everybody());
  // Of a notional of 300 it keeps 10 % and asks for 5 %.
  ExpectFinding(finding, EngineReason::kHeadroomTooLarge, 485'000'000, 470'000'000);
  EXPECT_EQ(finding.place.owner, OwnerId::FromNumber(1));
}

TEST(MarginAccounts, NamesTheOwnerWhoCannotBeJudged) {
  const Book book = TwoContracts();
  Listing listing;
  listing.Cash(1, 5).Add(2, Compartment(8), ContractId(8), 1).Cash(2, 1);
  const SystemFinding finding = CheckMarginAccounts<ExactPpm>(listing, book.context(), Everybody());
  ExpectFinding(finding, MarginReason::kUnknownInstrument, 0, 0);
  EXPECT_EQ(finding.place.owner, OwnerId::FromNumber(2));
}

TEST(SystemFinding, IsAStatusWithThePlaceAndBothNumbers) {
  EXPECT_TRUE(ToStatus(SystemFinding()).ok());
  const SystemFinding finding{.reason = EngineReason::kVaultExceeds,
                              .place = {.asset = TokenId(3)},
                              .found = 4,
                              .bound = 3};
  const absl::Status status = ToStatus(finding);
  EXPECT_EQ(status.message(), "VaultExceeds: asset 3: found 4, bound 3");
  EXPECT_TRUE(ReasonOf(status).Is(EngineReason::kVaultExceeds));
  SystemFinding of_account{.reason = MarginReason::kMissingPrice,
                           .place = {OwnerId::FromNumber(1), Compartment(2), TokenId(3)},
                           .found = -1};
  EXPECT_EQ(std::string(ToStatus(of_account).message()),
            "MissingPrice: owner " + ToString(OwnerId::FromNumber(1)) +
                ", compartment 2, asset 3: found -1, bound 0");
}

TEST(AccountHolder, KnowsItsEnumerators) {
  for (const int number : {1, 2, 3, 4}) {
    EXPECT_TRUE(IsKnownEnumerator(static_cast<AccountHolder>(number)));
  }
  for (const int number : {0, 5, 255}) {
    EXPECT_FALSE(IsKnownEnumerator(static_cast<AccountHolder>(number)));
  }
}

}  // namespace
}  // namespace settle
