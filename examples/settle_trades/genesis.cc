// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/settle_trades/genesis.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "examples/settle_trades/accounts.h"
#include "examples/settle_trades/keys.h"
#include "examples/settle_trades/reasons.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/consent.h"

namespace settle::example {

namespace {

constexpr Timestamp kForEver{kMax<std::uint64_t>};

absl::Status Failed(const std::string& what, Reason reason) {
  return absl::InternalError(absl::StrCat(what, ": ", NameOf(reason)));
}

// Registers a key and, of anyone but the venue, a delegation to it.
absl::Status AddOwner(OwnerKeys<>& keys, const OwnerId& owner, const Ed25519Signer& signer) {
  const std::string name = "owner " + ToString(owner);
  Reason reason = keys.Register({.owner = owner, .key = signer.public_key().bytes()});
  if (!reason.ok()) return Failed(name, reason);
  if (owner == kVenue) return absl::OkStatus();
  const Delegation delegation{.owner = owner, .venue = kVenue, .until = kForEver, .number = 1};
  const Result<Ed25519::Signature> signature = signer.Sign(BytesToSign(keys.domain(), delegation));
  if (!signature.ok()) return Failed(name, signature.reason());
  reason = keys.Delegate({.delegation = delegation, .signature = *signature});
  return reason.ok() ? absl::OkStatus() : Failed(name, reason);
}

// Collects legs into transactions.
class OpeningsBuilder {
 public:
  void Move(const AccountKey& to, const AccountKey& from, Int128 amount) {
    if (amount == 0) return;
    if (openings_.legs.size() - Begin() + 2 > kMaxLegs) End();
    openings_.legs.push_back({.account = to, .amount = Amount(amount)});
    openings_.legs.push_back({.account = from, .amount = Amount(-amount)});
  }
  void End() {
    if (openings_.legs.size() > Begin()) openings_.ends.push_back(openings_.legs.size());
  }
  Openings Take() { return std::move(openings_); }

 private:
  [[nodiscard]] std::size_t Begin() const {
    return openings_.ends.empty() ? 0 : openings_.ends.back();
  }
  Openings openings_;
};

}  // namespace

NetworkId DemonstrationNetwork() {
  constexpr std::string_view kLabel = "settle_trades demonstration network";
  return NetworkId(Sha256().Hash(AsBytes(kLabel)).bytes());
}

absl::StatusOr<Validators> MakeValidators(std::size_t count) {
  std::vector<Ed25519Signer> signers;
  std::vector<Validator<>> members;
  for (std::size_t i = 0; i < count; ++i) {
    Result<Ed25519Signer> signer = DemonstrationSigner("validator", i);
    if (!signer.ok()) return Failed("validator", signer.reason());
    members.push_back({.key = signer->public_key().bytes(), .weight = Weight(1)});
    signers.push_back(*std::move(signer));
  }
  absl::StatusOr<ValidatorSet<>> set = ValidatorSet<>::Create(FaultModel::kByzantine, members);
  if (!set.ok()) return set.status();
  // Of equal weights the set is in the order of the keys.
  std::sort(signers.begin(), signers.end(), [](const Ed25519Signer& a, const Ed25519Signer& b) {
    return a.public_key().bytes() < b.public_key().bytes();
  });
  return Validators{.set = *std::move(set), .signers = std::move(signers)};
}

absl::StatusOr<OwnerKeys<>> MakeOwnerKeys(const TradeStream& stream) {
  OwnerKeys<> keys(DemonstrationNetwork(), kGroup);
  const Result<Ed25519Signer> venue = DemonstrationSigner("venue", 0);
  if (!venue.ok()) return Failed("venue", venue.reason());
  if (absl::Status status = AddOwner(keys, kVenue, *venue); !status.ok()) return status;
  for (const std::uint64_t account : stream.accounts) {
    const Result<Ed25519Signer> signer = DemonstrationSigner("owner", account);
    if (!signer.ok()) return Failed("owner", signer.reason());
    absl::Status status = AddOwner(keys, OwnerOf(account), *signer);
    if (!status.ok()) return status;
  }
  return keys;
}

absl::StatusOr<Market> MakeMarket(const TradeStream& stream) {
  std::vector<Instrument> perpetuals;
  Market market;
  for (std::uint32_t i = 0; i < stream.coins.size(); ++i) {
    const Coin& coin = stream.coins[i];
    market.instrument_of.emplace_back(static_cast<std::uint32_t>(perpetuals.size()));
    if (coin.is_spot) continue;
    Instrument perpetual;
    perpetual.compartment = CompartmentOf(i);
    perpetual.asset = ContractId(i);
    perpetual.quote = TokenId(kUsdc);
    perpetual.multiplier = coin.tick_value;
    perpetual.curve.initial = kInitialMargin;
    perpetual.curve.maintenance = kMaintenanceMargin;
    perpetual.max_price = PriceTicks(kMaxPrice / coin.tick_value);
    perpetual.max_lots = Lots(kMaxLots);
    perpetuals.push_back(perpetual);
  }
  Result<InstrumentTable> table = InstrumentTable::Create(TokenId(kUsdc), perpetuals);
  if (!table.ok()) return Failed("instruments", table.reason());
  market.parameters = {.version = 1, .instruments = *table};
  const InstrumentTable& instruments = market.parameters.instruments;
  market.prices = MarkPrices(instruments);
  for (std::size_t i = 0; i < stream.coins.size(); ++i) {
    const Coin& coin = stream.coins[i];
    if (coin.is_spot) continue;
    const PriceTicks ticks(coin.first_price / coin.tick_value);
    Reason reason = market.prices.Set(instruments, market.instrument_of[i], ticks);
    if (!reason.ok()) return Failed("first price of " + coin.name, reason);
  }
  return market;
}

Openings BookOpenings(const TradeStream& stream, Collateral collateral) {
  // Holdings by account, in the order of the stream.
  std::vector<std::vector<const Holding*>> of_account(stream.accounts.size());
  for (const Holding& holding : stream.holdings) of_account[holding.account].push_back(&holding);
  const std::vector<Int128> deposits = Deposits(stream, collateral);
  OpeningsBuilder builder;
  for (std::size_t i = 0; i < stream.accounts.size(); ++i) {
    const OwnerId owner = OwnerOf(stream.accounts[i]);
    builder.Move(CashAccount(owner, kUsdc), CashAccount(kOutside, kUsdc), deposits[i]);
    for (const Holding* holding : of_account[i]) {
      const std::uint32_t coin = holding->coin;
      if (holding->is_spot) {
        const std::uint32_t token = stream.coins[coin].token;
        builder.Move(CashAccount(owner, token), CashAccount(kOutside, token),
                     holding->opening_units);
      } else {
        builder.Move(LotsAccount(owner, coin), LotsAccount(kOutside, coin), holding->opening_units);
        builder.Move(QuoteAccount(owner, coin), QuoteAccount(kOutside, coin),
                     holding->opening_quote);
      }
    }
    builder.End();
  }
  return builder.Take();
}

LedgerSize SizeOf(const TradeStream& stream) {
  const std::size_t holdings = stream.holdings.size();
  const std::size_t accounts = stream.accounts.size();
  return {.accounts = 3 * holdings + 2 * accounts,
          .ids = stream.trades.size() + holdings + accounts};
}

TransactionId GenesisId(std::uint64_t number) {
  TransactionId id = TransactionId::FromNumber(number);
  id.data()[0] = std::byte{1};
  return id;
}

}  // namespace settle::example
