// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

#include "settle/ledger/transaction.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "settle/base/status.h"
#include "settle/crypto/sha256.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

TEST(TransactionDigest, IsTheHashOfTheTransactionsRecord) {
  for (const std::size_t legs : {std::size_t{0}, std::size_t{1}, std::size_t{2}, kMaxLegs}) {
    Transaction transaction = Make({.id = 7, .valid_until = 50}, {});
    for (std::size_t i = 0; i < legs; ++i) {
      ASSERT_TRUE(transaction.legs.Add({Cash(i), Of(-Int128{i} - 1)}));
    }
    const std::vector<std::byte> record = EncodeRecord(transaction);
    EXPECT_EQ(RecordSize(transaction.view()), record.size());
    EXPECT_EQ(TransactionDigest(Sha256(), transaction.view()), Sha256().Hash(record));
  }
}

TEST(TransactionDigest, DoesNotDependOnWhatTheScratchHeld) {
  std::vector<std::byte> scratch(10'000, std::byte{0xaa});
  const Transaction transaction = Pay({.id = 7, .valid_until = 50}, 1, 2, 3);
  const Digest digest = TransactionDigest(Sha256(), transaction.view(), scratch);
  EXPECT_EQ(digest, TransactionDigest(Sha256(), transaction.view()));
  scratch.clear();
  EXPECT_EQ(digest, TransactionDigest(Sha256(), transaction.view(), scratch));
}

TEST(TransactionDigest, EveryFieldAndEveryLegIsBound) {
  const Transaction base = Pay({.id = 7, .valid_until = 50}, 1, 2, 3);
  std::vector<Transaction> others(12, base);
  others[1].header.id = TransactionId::FromNumber(8);
  others[2].header.transaction_class = TransactionClass::kPromised;
  others[3].header.rule = CompulsoryRule::kGenesis;
  others[4].header.valid_until = Timestamp(std::uint64_t{51});
  others[5].legs[0].account.owner = OwnerOf(9);
  others[6].legs[0].account.compartment = Compartment(9);
  others[7].legs[0].account.asset = kBtc;
  others[8].legs[1].amount = Of(4);
  std::swap(others[9].legs[0], others[9].legs[1]);
  others[10].legs.PopBack();
  (void)others[11].legs.Add(base.legs[0]);
  std::set<Digest> digests;
  for (const Transaction& transaction : others) {
    digests.insert(TransactionDigest(Sha256(), transaction.view()));
  }
  EXPECT_EQ(digests.size(), others.size());
}

TEST(ReceiptLeaf, IsTheLeafOfTheReceiptsRecord) {
  const Receipt receipt{.id = TransactionId::FromNumber(1),
                        .content = Digest::FromNumber(2),
                        .index = LogIndex(3),
                        .height = Height(4),
                        .time = Timestamp(std::uint64_t{5})};
  EXPECT_EQ(ReceiptLeaf(Sha256(), receipt), Sha256().HashLeaf(EncodeRecord(receipt)));
}

// Leaf and digest are of different domains: a transaction's record is never taken for a leaf.
TEST(ReceiptLeaf, EveryFieldIsBound) {
  std::vector<Receipt> receipts(6);
  receipts[1].id = TransactionId::FromNumber(1);
  receipts[2].content = Digest::FromNumber(1);
  receipts[3].index = LogIndex(1);
  receipts[4].height = Height(1);
  receipts[5].time = Timestamp(std::uint64_t{1});
  std::set<Digest> leaves;
  for (const Receipt& receipt : receipts) leaves.insert(ReceiptLeaf(Sha256(), receipt));
  EXPECT_EQ(leaves.size(), receipts.size());
}

}  // namespace
}  // namespace settle::test
