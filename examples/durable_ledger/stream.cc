// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "examples/durable_ledger/stream.h"

#include <utility>

#include "settle/base/bytes.h"
#include "settle/ledger/types.h"

namespace settle::example {
namespace {

constexpr std::uint64_t kBlockNanoseconds = 100'000'000;
constexpr std::uint64_t kValidNanoseconds = 4'000'000'000;
constexpr AssetId kMoney = TokenId(1);
constexpr std::uint64_t kOpening = 1'000;

// SplitMix64 (Steele, Lea, Flood 2014): a good number from each counter.
std::uint64_t NumberAt(std::uint64_t counter) {
  std::uint64_t z = (counter + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

AccountKey CashOf(std::uint64_t owner) { return {OwnerId::FromNumber(owner), kCash, kMoney}; }

Transaction Pay(std::uint64_t id, std::uint64_t from, std::uint64_t to, std::uint64_t amount,
                Timestamp time) {
  Transaction payment;
  payment.header.id = TransactionId::FromNumber(id);
  payment.header.valid_until = Timestamp(time.value() + kValidNanoseconds);
  (void)payment.legs.Add({CashOf(from), Amount(-Int128{amount})});
  (void)payment.legs.Add({CashOf(to), Amount(Int128{amount})});
  return payment;
}

}  // namespace

PaymentBlock BlockAt(Height height, const StreamOptions& options) {
  PaymentBlock block{.height = height, .time = Timestamp(height.value() * kBlockNanoseconds)};
  const std::uint64_t first_id = height.value() << 20;
  if (height == Height(1)) {
    for (std::uint64_t owner = 1; owner <= options.owners; ++owner) {
      Transaction opening = Pay(first_id + owner, 0, owner, kOpening, block.time);
      opening.header.transaction_class = TransactionClass::kCompulsory;
      opening.header.rule = CompulsoryRule::kGenesis;
      (void)block.transactions.Add(std::move(opening));
    }
    return block;
  }
  for (std::size_t i = 0; i < options.block_size; ++i) {
    const std::uint64_t counter = first_id + i;
    const std::uint64_t from = 1 + NumberAt(3 * counter) % options.owners;
    const std::uint64_t to = 1 + NumberAt(3 * counter + 1) % options.owners;
    const std::uint64_t amount = 1 + NumberAt(3 * counter + 2) % kOpening;
    (void)block.transactions.Add(Pay(counter, from, to, amount, block.time));
  }
  return block;
}

}  // namespace settle::example
