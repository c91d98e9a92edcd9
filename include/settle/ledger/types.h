// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The vocabulary of the ledger: assets, accounts, legs, transactions and what became of them.
//
// Everything that moves is a leg {account, signed amount}, and a transaction is a set of legs that
// sums to zero in every asset. An account is (owner, compartment, asset): compartment 0 holds cash,
// each instrument has a compartment of its own for positions, others are the host's to label.
// A token and a contract are different assets even where their names are equal: the highest bit of
// the asset id says which. Amounts of a token count its quanta, amounts of a contract count lots
// and are negative for a short position.

#ifndef SETTLE_LEDGER_TYPES_H_
#define SETTLE_LEDGER_TYPES_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "settle/base/bounded.h"
#include "settle/base/bytes.h"
#include "settle/base/config.h"
#include "settle/base/integer.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/strong.h"
#include "settle/base/types.h"
#include "settle/ledger/hold.h"

SETTLE_NAMESPACE_BEGIN

struct AssetIdTag : Identifier {};
using AssetId = Strong<AssetIdTag, std::uint32_t>;

inline constexpr std::uint32_t kContractBit = std::uint32_t{1} << 31;

// The ids of token and of contract number `number`, which is below 2^31; its highest bit is lost.
[[nodiscard]] constexpr AssetId TokenId(std::uint32_t number) {
  return AssetId(number & ~kContractBit);
}
[[nodiscard]] constexpr AssetId ContractId(std::uint32_t number) {
  return AssetId(number | kContractBit);
}
[[nodiscard]] constexpr bool IsContract(AssetId asset) {
  return (asset.value() & kContractBit) != 0;
}

struct CompartmentTag : Identifier {};
// The host's label of a part of an owner's accounts.
using Compartment = Strong<CompartmentTag, std::uint32_t>;
inline constexpr Compartment kCash{0};

struct AmountTag : Additive {};
// Quanta of a token, or lots of a contract.
using Amount = Strong<AmountTag, Int128>;

struct AccountKey {
  OwnerId owner{};
  Compartment compartment{};
  AssetId asset{};
  friend constexpr auto operator<=>(const AccountKey&, const AccountKey&) = default;
  using Fields = Members<&AccountKey::owner, &AccountKey::compartment, &AccountKey::asset>;
};
static_assert(sizeof(AccountKey) == 24, "a key has no padding: its bytes are hashed");

struct Leg {
  AccountKey account{};
  Amount amount{};
  using Fields = Members<&Leg::account, &Leg::amount>;
};

// What is reserved of an account and not yet posted: each is zero or positive, and any part of it
// may still be posted.
struct Pending {
  Amount debits{};
  Amount credits{};
  using Fields = Members<&Pending::debits, &Pending::credits>;
};

// The least and the largest balance that an account may have; both are allowed.
struct Limits {
  Amount floor{kMin<Int128>};
  Amount ceiling{kMax<Int128>};
  using Fields = Members<&Limits::floor, &Limits::ceiling>;
};
inline constexpr Limits kUnlimited{};
inline constexpr Limits kNotNegative{Amount(Int128{0}), Amount(kMax<Int128>)};

struct MarginGroupTag : Identifier {};
// Which of an owner's margin accounts: an owner with cross margin has one.
using MarginGroup = Strong<MarginGroupTag, std::uint32_t>;

struct MarginAccountId {
  OwnerId owner{};
  MarginGroup group{};
  friend constexpr auto operator<=>(const MarginAccountId&, const MarginAccountId&) = default;
  using Fields = Members<&MarginAccountId::owner, &MarginAccountId::group>;
};

// Why a transaction may happen.
enum class TransactionClass : std::uint8_t {
  kChosen = 1,      // somebody chose it: consent, and the invariant of every account it weakens
  kPromised = 2,    // the post of a reservation: judged when it was reserved, never again
  kCompulsory = 3,  // a rule demands it: never refused for margin, never asks for consent
};
[[nodiscard]] constexpr bool IsKnownEnumerator(TransactionClass value) {
  return value >= TransactionClass::kChosen && value <= TransactionClass::kCompulsory;
}

// The rule that allows a compulsory transaction.
enum class CompulsoryRule : std::uint8_t {
  kNone = 0,  // the transaction is not compulsory
  kGenesis = 1,
  kFunding = 2,
  kVariation = 3,
  kSettlementPrice = 4,
  kExpiry = 5,
  kAssignment = 6,
  kLiquidation = 7,
  kWaterfall = 8,
};
[[nodiscard]] constexpr bool IsKnownEnumerator(CompulsoryRule value) {
  return value <= CompulsoryRule::kWaterfall;
}

// What a transaction does with its legs.
enum class TransactionAction : std::uint8_t {
  kApply = 1,  // posts them
  kHold = 2,   // reserves them, on its terms
  kPost = 3,   // posts them out of the hold `target`; no legs: all that is left of it
  kVoid = 4,   // releases what is left of the hold `target`; has no legs
};
[[nodiscard]] constexpr bool IsKnownEnumerator(TransactionAction value) {
  return value >= TransactionAction::kApply && value <= TransactionAction::kVoid;
}

inline constexpr std::size_t kMaxLegs = 1024;

// All of a transaction but its terms and legs.
struct TransactionHeader {
  TransactionId id{};
  TransactionClass transaction_class = TransactionClass::kChosen;
  CompulsoryRule rule = CompulsoryRule::kNone;
  Timestamp valid_until{};  // refused at this instant and after
  TransactionAction action = TransactionAction::kApply;
  // kPost, kVoid: the hold. kApply: an applied transaction that this one compensates, or zero.
  TransactionId target{};
  // kApply: this one and the next of the batch succeed or fail together. A chain is judged by what
  // all of its members come to. To agree to a member is to agree to it whatever it is chained with:
  // who wants more puts all legs into one transaction.
  bool chained = false;
  using Fields =
      Members<&TransactionHeader::id, &TransactionHeader::transaction_class,
              &TransactionHeader::rule, &TransactionHeader::valid_until, &TransactionHeader::action,
              &TransactionHeader::target, &TransactionHeader::chained>;
};

// A transaction as hot functions take it: the legs stay where the caller has them.
struct TransactionView {
  TransactionHeader header{};
  std::span<const Leg> legs{};
  const HoldTerms* terms = nullptr;  // of kHold, and of no other action
};

// A transaction that owns its legs, for storage and the wire.
struct Transaction {
  static constexpr Kind kKind = Kind::kTransaction;
  static constexpr std::uint16_t kVersion = 1;

  TransactionHeader header{};
  std::optional<HoldTerms> terms{};
  Bounded<Leg, kMaxLegs> legs{};

  [[nodiscard]] TransactionView view() const { return {header, legs, terms ? &*terms : nullptr}; }
  using Fields = Members<&Transaction::header, &Transaction::terms, &Transaction::legs>;
};

// What became of a transaction.
enum class Disposition : std::uint8_t {
  kApplied = 1,   // now
  kRepeated = 2,  // earlier, with the same content: the receipt is the one given then
  kRefused = 3,   // not, see the reason
};
[[nodiscard]] constexpr bool IsKnownEnumerator(Disposition value) {
  return value >= Disposition::kApplied && value <= Disposition::kRefused;
}

// The answer of Apply. Where and when it was applied stand there for kApplied and kRepeated.
struct Verdict {
  Disposition disposition = Disposition::kRefused;
  Reason reason{};
  LogIndex index{};  // of the receipt among all receipts since genesis
  Height height{};
  Timestamp time{};

  [[nodiscard]] bool ok() const { return disposition != Disposition::kRefused; }
};

// The proof that a transaction was applied: a leaf of the receipts tree.
struct Receipt {
  static constexpr Kind kKind = Kind::kReceipt;
  static constexpr std::uint16_t kVersion = 1;

  TransactionId id{};
  Digest content{};  // of header and legs, see TransactionDigest
  LogIndex index{};  // among all receipts since genesis, which is its leaf's index
  Height height{};
  Timestamp time{};
  using Fields =
      Members<&Receipt::id, &Receipt::content, &Receipt::index, &Receipt::height, &Receipt::time>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_TYPES_H_
