// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Which account of the ledger holds what.
//
//   (owner, cash, token)            cash and spot tokens: never below zero, but cash in USDC, where
//                                   margin is judged and a loss may be paid from a position's gain
//   (owner, coin, contract)         a position's lots
//   (owner, coin, USDC)             its quote balance
//   (venue, cash, token)            fees: below zero where rebates exceed them
//   (outside, ...)                  everyone who is not in the stream: whence openings come
//
// A coin's compartment is its place in the stream plus one, and a contract's number its place.

#ifndef SETTLE_EXAMPLES_SETTLE_TRADES_ACCOUNTS_H_
#define SETTLE_EXAMPLES_SETTLE_TRADES_ACCOUNTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "examples/settle_trades/stream.h"
#include "settle/base/types.h"
#include "settle/ledger/invariant.h"
#include "settle/ledger/types.h"

namespace settle::example {

namespace detail {
// Owners that belong to no account of the venue are told by their first byte.
inline constexpr std::byte kHouseByte{0xff};
constexpr OwnerId HouseOwner(std::uint64_t number) {
  OwnerId owner = OwnerId::FromNumber(number);
  owner.data()[0] = kHouseByte;
  return owner;
}
}  // namespace detail

inline constexpr OwnerId kVenue = detail::HouseOwner(1);
inline constexpr OwnerId kOutside = detail::HouseOwner(2);
// Who has no account.
inline constexpr OwnerId kNobody = detail::HouseOwner(3);

[[nodiscard]] constexpr bool IsHouse(const OwnerId& owner) {
  return owner[0] == detail::kHouseByte;
}

// The owner of an account, by the venue's number of it.
[[nodiscard]] constexpr OwnerId OwnerOf(std::uint64_t account) {
  return OwnerId::FromNumber(account);
}

[[nodiscard]] constexpr Compartment CompartmentOf(std::uint32_t coin) {
  return Compartment(coin + 1);
}

[[nodiscard]] constexpr AccountKey CashAccount(const OwnerId& owner, std::uint32_t token) {
  return {.owner = owner, .compartment = kCash, .asset = TokenId(token)};
}
[[nodiscard]] constexpr AccountKey LotsAccount(const OwnerId& owner, std::uint32_t coin) {
  return {.owner = owner, .compartment = CompartmentOf(coin), .asset = ContractId(coin)};
}
[[nodiscard]] constexpr AccountKey QuoteAccount(const OwnerId& owner, std::uint32_t coin) {
  return {.owner = owner, .compartment = CompartmentOf(coin), .asset = TokenId(kUsdc)};
}

// The ledger's account policy: one margin account for each owner, none for the house.
struct VenueAccounts {
  [[nodiscard]] std::optional<MarginGroup> GroupOf(const AccountKey& key) const {
    if (IsHouse(key.owner)) return std::nullopt;
    return MarginGroup(0);
  }
  [[nodiscard]] Limits LimitsOf(const AccountKey& key) const {
    const bool is_spot_token = key.compartment == kCash && key.asset != TokenId(kUsdc);
    return is_spot_token && !IsHouse(key.owner) ? kNotNegative : kUnlimited;
  }
};
static_assert(AccountPolicy<VenueAccounts>);

}  // namespace settle::example

#endif  // SETTLE_EXAMPLES_SETTLE_TRADES_ACCOUNTS_H_
