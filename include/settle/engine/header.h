// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The header of a block: all that a quorum certifies and all that a verifier needs.
//
// It commits, by the heads of Merkle trees, to every transaction of the block with its verdict, to
// every receipt since genesis, to the state after the block and to the liabilities; by digests, to
// the parameters and the prices it was executed with; and to its parent. A commit certificate over
// its digest makes it final; a proposal certificate does not.

#ifndef SETTLE_ENGINE_HEADER_H_
#define SETTLE_ENGINE_HEADER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/base/kinds.h"
#include "settle/base/members.h"
#include "settle/base/reason.h"
#include "settle/base/types.h"
#include "settle/crypto/hasher.h"
#include "settle/crypto/statement.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

struct Header {
  static constexpr Kind kKind = Kind::kHeader;
  static constexpr std::uint16_t kVersion = 1;

  NetworkId network{};
  GroupId group{};
  Height height{};
  Digest parent{};   // of the previous header; zero at genesis
  Timestamp time{};  // log time, never before the parent's
  Epoch epoch{};
  ValidatorSetId validator_set{};       // whose quorum certifies this header
  ValidatorSetId next_validator_set{};  // ... and the next one
  TreeHead transactions{};  // of this block: one TransactionEntry each, refused ones included
  TreeHead receipts{};      // of all receipts since genesis
  TreeHead state{};         // the size counts accounts
  TreeHead liabilities{};   // the empty tree's where it is not computed
  Digest parameters{};      // of margin rates, limits and the like
  Digest prices{};          // of the certified prices the block was executed with
  using Fields =
      Members<&Header::network, &Header::group, &Header::height, &Header::parent, &Header::time,
              &Header::epoch, &Header::validator_set, &Header::next_validator_set,
              &Header::transactions, &Header::receipts, &Header::state, &Header::liabilities,
              &Header::parameters, &Header::prices>;

  // The domain in which validators sign for this header.
  [[nodiscard]] Domain domain() const {
    return {.network = network, .group = group, .epoch = epoch, .set = validator_set};
  }
};

// What validators commit to: the hash of the header's record.
template <Hasher H>
[[nodiscard]] Digest HeaderDigest(const H& hasher, const Header& header) {
  std::array<std::byte, kEncodedSize<detail::RecordHead> + kEncodedSize<Header>> bytes{};
  BufferSink sink(bytes.data());
  EncodeRecordTo(sink, header);
  return hasher.Hash(bytes);
}

// A leaf of a block's transactions tree: a transaction and what became of it.
struct TransactionEntry {
  static constexpr Kind kKind = Kind::kTransactionEntry;
  static constexpr std::uint16_t kVersion = 1;

  TransactionId id{};
  Digest content{};
  Disposition disposition = Disposition::kRefused;
  std::uint16_t module = 0;  // of the reason for a refusal
  std::uint16_t code = 0;
  using Fields =
      Members<&TransactionEntry::id, &TransactionEntry::content, &TransactionEntry::disposition,
              &TransactionEntry::module, &TransactionEntry::code>;
};

SETTLE_NAMESPACE_END

#endif  // SETTLE_ENGINE_HEADER_H_
