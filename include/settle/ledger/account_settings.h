// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// What may be set of one account: whether it is closed or frozen, and limits of its own.
//
// A setting is a value and no change of one: to set the same again changes nothing. It is judged by
// nobody's consent and moves nothing; it comes from who runs the ledger, by certified inputs.
//
//   ledger.Configure({.account = account, .flags = {AccountFlag::kDebitsFrozen}});   // a freeze
//   ledger.Configure({.account = account});                                          // and its end
//
// Chosen transactions and new holds obey the flags; compulsory transactions ignore them, and what
// was reserved before a freeze is posted in spite of it:
//
//                        apply, hold             post of a timed hold   of a settlement's   void,
//                                                                                           expiry
//   kClosed              refused                 refused                (cannot be)         done
//   kDebitsFrozen        refused if it falls     done                   done                done
//   kCreditsFrozen       refused if it rises     done                   done                done
//
// An account on which a settlement reserves something cannot be closed. After account closing as
// TigerBeetle has it, as a setting instead of a transfer.

#ifndef SETTLE_LEDGER_ACCOUNT_SETTINGS_H_
#define SETTLE_LEDGER_ACCOUNT_SETTINGS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

enum class AccountFlag : std::uint8_t {
  kClosed = 1,         // nobody names it
  kDebitsFrozen = 2,   // nobody lowers it: pays from it, or makes its position shorter
  kCreditsFrozen = 4,  // nobody raises it, not even by a gift of dust
  kHistory = 8,        // its entries are kept for statements; the ledger judges nothing by it
};
[[nodiscard]] constexpr bool IsKnownEnumerator(AccountFlag value) {
  return value == AccountFlag::kClosed || value == AccountFlag::kDebitsFrozen ||
         value == AccountFlag::kCreditsFrozen || value == AccountFlag::kHistory;
}

// A set of flags, in one byte.
class AccountFlags {
 public:
  constexpr AccountFlags() = default;
  constexpr AccountFlags(std::initializer_list<AccountFlag> flags) {
    for (const AccountFlag flag : flags) bits_ |= static_cast<std::uint8_t>(flag);
  }
  // The set of which these are the bits, unknown ones among them: see Validate.
  [[nodiscard]] static constexpr AccountFlags FromBits(std::uint8_t bits) {
    AccountFlags flags;
    flags.bits_ = bits;
    return flags;
  }
  [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
  [[nodiscard]] constexpr bool Has(AccountFlag flag) const {
    return (bits_ & static_cast<std::uint8_t>(flag)) != 0;
  }
  friend constexpr bool operator==(const AccountFlags&, const AccountFlags&) = default;

  // Errors: kUnknownEnumerator for a bit that is no flag.
  [[nodiscard]] constexpr Reason Validate() const {
    constexpr std::uint8_t kKnown = 15;
    return bits_ > kKnown ? Reason(BaseReason::kUnknownEnumerator) : Reason();
  }

 private:
  std::uint8_t bits_ = 0;

 public:
  using Fields = Members<&AccountFlags::bits_>;
};
// Those by which a transaction may be refused.
inline constexpr AccountFlags kRestricting{AccountFlag::kClosed, AccountFlag::kDebitsFrozen,
                                           AccountFlag::kCreditsFrozen};

// What an account's flags and limits are from now on.
struct AccountSettings {
  static constexpr Kind kKind = Kind::kAccountSettings;
  static constexpr std::uint16_t kVersion = 1;

  AccountKey account{};
  AccountFlags flags{};
  // Nothing: those that the AccountPolicy gives. A balance, or what is reserved, may lie outside of
  // new limits: it may move towards them, and what is reserved may be posted.
  std::optional<Limits> limits{};
  using Fields =
      Members<&AccountSettings::account, &AccountSettings::flags, &AccountSettings::limits>;

  // Errors: kUnknownEnumerator for a bit that is no flag, kOutOfRange for a floor above the
  // ceiling.
  [[nodiscard]] constexpr Reason Validate() const {
    if (Reason reason = flags.Validate(); !reason.ok()) return reason;
    if (limits && limits->floor > limits->ceiling) return BaseReason::kOutOfRange;
    return {};
  }
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_ACCOUNT_SETTINGS_H_
