// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The digest of a transaction: what its owners consent to and what its receipt names.
//
//   content = H(kind u32 | version u16 | header | whether terms follow | terms
//               | number of legs u32 | legs)
//
// which is the hash of the record of the Transaction: the id, the class, the time until which it is
// valid, what it does and to which hold, and every leg are bound.

#ifndef SETTLE_LEDGER_TRANSACTION_H_
#define SETTLE_LEDGER_TRANSACTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/bytes.h"
#include "settle/base/codec.h"
#include "settle/base/config.h"
#include "settle/crypto/hasher.h"
#include "settle/ledger/types.h"

SETTLE_NAMESPACE_BEGIN

// The size of a transaction's record in bytes.
[[nodiscard]] inline std::size_t RecordSize(const TransactionView& transaction) {
  return kEncodedSize<detail::RecordHead> + kEncodedSize<TransactionHeader> + 1 +
         (transaction.terms == nullptr ? 0 : kEncodedSize<HoldTerms>)+4 +
         transaction.legs.size() * kEncodedSize<Leg>;
}

// The digest of one transaction; `scratch` holds its record and is grown as needed. About 40 ns a
// leg.
template <Hasher H>
[[nodiscard]] Digest TransactionDigest(const H& hasher, const TransactionView& transaction,
                                       std::vector<std::byte>& scratch) {
  const std::size_t size = RecordSize(transaction);
  if (scratch.size() < size) scratch.resize(size);
  BufferSink sink(scratch.data());
  EncodeTo(sink, detail::RecordHead{static_cast<std::uint32_t>(Transaction::kKind),
                                    Transaction::kVersion});
  EncodeTo(sink, transaction.header);
  EncodeTo(sink, transaction.terms != nullptr);
  if (transaction.terms != nullptr) EncodeTo(sink, *transaction.terms);
  EncodeTo(sink, static_cast<std::uint32_t>(transaction.legs.size()));
  for (const Leg& leg : transaction.legs) EncodeTo(sink, leg);
  return hasher.Hash(ByteView(scratch.data(), size));
}

template <Hasher H>
[[nodiscard]] Digest TransactionDigest(const H& hasher, const TransactionView& transaction) {
  std::vector<std::byte> scratch;
  return TransactionDigest(hasher, transaction, scratch);
}

// The leaf of a receipt in the receipts tree: H(0x00 || record).
template <Hasher H>
[[nodiscard]] Digest ReceiptLeaf(const H& hasher, const Receipt& receipt) {
  std::array<std::byte, kEncodedSize<detail::RecordHead> + kEncodedSize<Receipt>> bytes{};
  BufferSink sink(bytes.data());
  EncodeRecordTo(sink, receipt);
  return hasher.HashLeaf(bytes);
}

SETTLE_NAMESPACE_END

#endif  // SETTLE_LEDGER_TRANSACTION_H_
