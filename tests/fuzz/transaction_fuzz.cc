// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Transactions as they come from strangers, of every kind and in chains: they have one encoding,
// and whatever a ledger does with them it sums to zero, is made again by its state, and goes back.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "settle/base/bounded.h"
#include "settle/crypto/sha256.h"
#include "settle/ledger/transaction.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/known_ledger.h"

namespace settle::test {
namespace {

struct Batch {
  std::uint8_t time = 0;  // how much later
  Bounded<Transaction, 12> transactions{};
  using Fields = Members<&Batch::time, &Batch::transactions>;
};

// The digest without an allocated record is that of the record.
bool DigestIsOfTheRecord(const Transaction& transaction) {
  const std::vector<std::byte> record = EncodeRecord(transaction);
  return RecordSize(transaction.view()) == record.size() &&
         TransactionDigest(Sha256(), transaction.view()) == Sha256().Hash(ByteView(record));
}

// Chains are applied whole or not at all.
bool ChainsAreWhole(std::span<const Transaction> batch, std::span<const Verdict> verdicts) {
  for (std::size_t i = 0, end = 0; i < batch.size(); i = end) {
    end = i + 1;
    while (end < batch.size() && batch[end - 1].header.chained) ++end;
    for (std::size_t member = i; member < end; ++member) {
      if (verdicts[member].ok() != verdicts[i].ok()) return false;
    }
  }
  return true;
}

int FuzzTransaction(const std::uint8_t* data, std::size_t size) {
  Batch batch;
  bool violated = false;
  const bool decoded = DecodesCanonically(InputOf(data, size), batch, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  const std::span<const Transaction> all(batch.transactions.data(), batch.transactions.size());
  if (!std::all_of(all.begin(), all.end(), DigestIsOfTheRecord)) return 2;

  TestLedger ledger = KnownLedger().ledger;
  const Fingerprint before = ledger.fingerprint();
  const Mark mark = *ledger.Begin();
  if (!ledger.Advance(ledger.height(), Timestamp(ledger.now().value() + batch.time)).ok()) return 3;
  const LogIndex first = ledger.next_index();
  const std::vector<Verdict> verdicts = ApplyBatch(ledger, all);
  if (!ChainsAreWhole(all, verdicts)) return 4;
  const auto applied = std::ranges::count(verdicts, Disposition::kApplied, &Verdict::disposition);
  if (ledger.next_index().value() != first.value() + static_cast<std::uint64_t>(applied)) return 5;
  if (!IsSound(ledger)) return 6;
  // The same once more changes nothing but for what failed without using up its id.
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!verdicts[i].ok() || all[i].header.chained || (i > 0 && all[i - 1].header.chained))
      continue;
    const Fingerprint now = ledger.fingerprint();
    const std::vector<Verdict> again = ApplyBatch(ledger, all.subspan(i, 1));
    if (again[0].disposition != Disposition::kRepeated) return 7;
    if (ledger.fingerprint() != now) return 8;
  }
  for (const Transaction& transaction : all) {
    (void)ledger.ApplyCompulsory(transaction.view());
    (void)ledger.Reserve(transaction.view(), Digest(), KnownJudgement());
    (void)ledger.Resolve(transaction.view());
  }
  if (!IsSound(ledger)) return 9;
  if (!ledger.RevertTo(mark).ok() || ledger.fingerprint() != before) return 10;
  return 0;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  // As they were, which is to repeat them, and with new ids.
  for (const bool renamed : {false, true}) {
    Batch whole;
    std::vector<Transaction> transactions = KnownTransactions();
    transactions.push_back(KnownReservation());
    for (Transaction& transaction : transactions) {
      if (renamed) *(transaction.header.id.data() + 1) = std::byte{7};
      (void)whole.transactions.Add(transaction);
      Batch single{.time = static_cast<std::uint8_t>(whole.transactions.size()),
                   .transactions = {}};
      (void)single.transactions.Add(transaction);
      seeds.push_back(Encode(single));
    }
    seeds.push_back(Encode(whole));
  }
  Batch ends{.time = 60, .transactions = {}};
  for (const std::uint64_t hold : {std::uint64_t{7}, std::uint64_t{9}}) {
    for (const TransactionAction action : {TransactionAction::kPost, TransactionAction::kVoid}) {
      const auto id = 100 + 2 * hold + static_cast<std::uint64_t>(action);
      (void)ends.transactions.Add(Make({.id = id,
                                        .valid_until = 1090,
                                        .transaction_class = TransactionClass::kPromised,
                                        .action = action,
                                        .target = hold},
                                       {}));
    }
  }
  seeds.push_back(Encode(ends));
  ends.time = 0;
  seeds.push_back(Encode(ends));
  Batch compulsory;
  (void)compulsory.transactions.Add(
      Make({.id = 300,
            .valid_until = 1090,
            .transaction_class = TransactionClass::kCompulsory,
            .rule = CompulsoryRule::kFunding},
           {{Cash(1), Of(-2000)}, {Cash(4), Of(1500)}, {Cash(5), Of(500)}}));
  seeds.push_back(Encode(compulsory));
  return seeds;
}

const FuzzTarget kTarget("Transaction", FuzzTransaction, Seeds);

}  // namespace
}  // namespace settle::test
