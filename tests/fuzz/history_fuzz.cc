// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// Histories of accounts as they come from a stranger: what is decoded has one encoding and no more
// lines than there is room for, answers every question, and goes on and back.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "settle/ledger/history.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/ledger/world.h"

namespace settle::test {
namespace {

constexpr std::size_t kCapacity = 24;

// What the block at `height` posts to the cash of owners 1 and 3.
LedgerChanges Posted(std::uint64_t height) {
  LedgerChanges changes;
  for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{3}}) {
    AccountChange change{.first_entry = changes.entries.size(), .entry_count = 2};
    change.account.key = Cash(owner);
    change.account.flags = {AccountFlag::kHistory};
    change.account.balance = Of(Int128{height} * 10);
    changes.accounts.push_back(change);
    changes.entries.push_back({LogIndex(10 * height + owner), Of(15)});
    changes.entries.push_back({LogIndex(10 * height + owner + 4), Of(-5)});
  }
  return changes;
}

History KnownHistory(std::uint64_t blocks) {
  History history({.capacity = kCapacity});
  for (std::uint64_t height = 1; height <= blocks; ++height) {
    (void)history.Append(Posted(height), Height(height), Timestamp(100 + height));
  }
  return history;
}

int Ask(const History& history) {
  std::vector<HistoryLine> lines(kCapacity);
  std::size_t all = 0;
  for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}}) {
    HistoryQuery query{.account = Cash(owner)};
    const Result<std::size_t> count = history.Query(query, lines);
    if (!count.ok()) return 2;
    all += *count;
    for (std::size_t i = 1; i < *count; ++i) {
      if (lines[i].index <= lines[i - 1].index || lines[i].height < lines[i - 1].height) return 3;
    }
    Bounded<StatementPage, kCapacity> pages;
    if (!history.Pages(Cash(owner), Height(), Height(kMax<std::uint64_t>), pages).ok()) return 4;
    std::size_t paged = 0;
    for (const StatementPage& page : pages) paged += page.entries.size();
    if (paged < *count) return 5;  // a query ends before the last number that there is
  }
  return all <= history.size() && history.size() <= kCapacity ? 0 : 6;
}

// Whether lines of blocks before the ninth have receipts that it has.
bool NumbersGoBeyond(const History& history, std::uint64_t index) {
  for (const std::uint64_t owner : {std::uint64_t{1}, std::uint64_t{3}}) {
    Bounded<StatementPage, kCapacity> pages;
    (void)history.Pages(Cash(owner), Height(), Height(std::uint64_t{8}), pages);
    if (pages.empty()) continue;
    const auto& last = pages[pages.size() - 1].entries;
    if (last[last.size() - 1].index.value() >= index) return true;
  }
  return false;
}

int FuzzHistory(const std::uint8_t* data, std::size_t size) {
  const ByteView input = InputOf(data, size);
  History history({.capacity = kCapacity});
  bool violated = false;
  const bool decoded = RecordDecodesCanonically(input, history, violated);
  if (violated) return 1;
  if (!decoded) return 0;
  if (const int reason = Ask(history); reason != 0) return reason;
  const Mark mark = *history.Begin();
  const Height next(std::uint64_t{9});
  if (history.Append(Posted(next.value()), next, Timestamp(std::uint64_t{1000})).ok()) {
    // Receipts of a later block have later numbers: of a history that says otherwise nothing more
    // is asked than to go back.
    if (!NumbersGoBeyond(history, 10 * next.value())) {
      if (const int reason = Ask(history); reason != 0) return 10 + reason;
    }
  }
  if (!history.RevertTo(mark).ok()) return 7;
  if (EncodeRecord(history) != std::vector<std::byte>(input.begin(), input.end())) return 8;
  return 0;
}

std::vector<std::vector<std::byte>> Seeds() {
  std::vector<std::vector<std::byte>> seeds;
  for (std::uint64_t blocks = 0; blocks <= 6; ++blocks) {
    seeds.push_back(EncodeRecord(KnownHistory(blocks)));
  }
  return seeds;
}

const FuzzTarget kTarget("History", FuzzHistory, Seeds);

}  // namespace
}  // namespace settle::test
