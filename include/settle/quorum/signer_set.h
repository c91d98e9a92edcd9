// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Which members of a validator set signed: one bit for each member, and no other.
//
// One bit cannot count twice, so a certificate that names a signer twice cannot be written down.
// The bitmap has exactly the bytes that its bits need and zeros behind the last of them, so a set
// of signers has one encoding: its size in bits (two bytes) and its bytes, bit i of the whole being
// bit i % 8 of byte i / 8.
//
//   SignerSet signers(4);
//   signers.Add(SignerIndex(2));            // true; false the second time
//   signers.count();                        // 1

#ifndef SETTLE_QUORUM_SIGNER_SET_H_
#define SETTLE_QUORUM_SIGNER_SET_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "settle/base/bounded.h"
#include "settle/base/config.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/quorum/reason.h"
#include "settle/quorum/types.h"

SETTLE_NAMESPACE_BEGIN

class SignerSet {
 public:
  // Of no members.
  SignerSet() = default;

  // Of `members` members, none of whom signed. Allocates their bits.
  explicit SignerSet(std::uint16_t members) : members_(members) {
    // Always fits: the bound is that of the largest number of members.
    (void)bytes_.Resize(BytesFor(members));
  }

  // How many members the set has that these signers belong to.
  [[nodiscard]] std::uint16_t members() const { return members_; }

  // How many of them signed. O(members / 8).
  [[nodiscard]] std::size_t count() const {
    std::size_t count = 0;
    for (const std::byte byte : bytes_) {
      count += static_cast<std::size_t>(std::popcount(std::to_integer<std::uint8_t>(byte)));
    }
    return count;
  }

  // False for an index that no member has.
  [[nodiscard]] bool Contains(SignerIndex signer) const {
    const std::size_t i = signer.value();
    return i < members_ && (bytes_[i / 8] & Bit(i)) != std::byte{0};
  }

  // False, with nothing changed, when no member has the index or it has signed already.
  [[nodiscard]] bool Add(SignerIndex signer) {
    const std::size_t i = signer.value();
    if (i >= members_ || Contains(signer)) return false;
    bytes_[i / 8] |= Bit(i);
    return true;
  }

  // Errors: kBitmapMalformed.
  [[nodiscard]] Reason Validate() const {
    if (bytes_.size() != BytesFor(members_)) return QuorumReason::kBitmapMalformed;
    if (members_ % 8 != 0 && (bytes_[bytes_.size() - 1] >> (members_ % 8)) != std::byte{0}) {
      return QuorumReason::kBitmapMalformed;
    }
    return {};
  }

 private:
  static constexpr std::size_t BytesFor(std::size_t members) { return (members + 7) / 8; }
  static constexpr std::byte Bit(std::size_t i) { return std::byte{1} << (i % 8); }

  std::uint16_t members_ = 0;
  Bounded<std::byte, (kMaxMembers + 7) / 8> bytes_;

 public:
  using Fields = Members<&SignerSet::members_, &SignerSet::bytes_>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_QUORUM_SIGNER_SET_H_
