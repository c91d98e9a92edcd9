// SPDX-License-Identifier: Apache-2.0
// Copyright the settle authors.

// The bytes of ledger/, against tests/golden/ledger.json.

#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "settle/base/codec.h"
#include "settle/base/types.h"
#include "settle/crypto/sha256.h"
#include "settle/crypto/statement.h"
#include "settle/ledger/account_settings.h"
#include "settle/ledger/accumulator.h"
#include "settle/ledger/compact_range.h"
#include "settle/ledger/consent.h"
#include "settle/ledger/consistency.h"
#include "settle/ledger/history.h"
#include "settle/ledger/inclusion.h"
#include "settle/ledger/ledger_state.h"
#include "settle/ledger/multi_proof.h"
#include "settle/ledger/state_commitment.h"
#include "settle/ledger/state_map.h"
#include "settle/ledger/state_proof.h"
#include "settle/ledger/sum_proof.h"
#include "settle/ledger/types.h"

namespace settle {
namespace {

// What an owner's key signs for the network and group of the examples.
template <typename S>
std::vector<std::byte> Signed(const S& statement) {
  const auto bytes = BytesToSign(OwnerDomain(NetworkId::FromNumber(0x11), GroupId(3)), statement);
  return {bytes.view().begin(), bytes.view().end()};
}

const AccountKey kAlice{OwnerId::FromNumber(0xa1), kCash, TokenId(1)};
const AccountKey kBob{OwnerId::FromNumber(0xa2), Compartment(7), ContractId(2)};

TransactionHeader ChosenHeader() {
  return {.id = TransactionId::FromNumber(0x51), .valid_until = Timestamp(1'000'000'007)};
}

Transaction ChosenTransaction() {
  Transaction transaction{.header = ChosenHeader()};
  EXPECT_TRUE(transaction.legs.Add({kAlice, Amount(-kMax<Int128>)}));
  EXPECT_TRUE(transaction.legs.Add({kBob, Amount(kMax<Int128>)}));
  return transaction;
}

Transaction HoldTransaction() {
  Transaction hold = ChosenTransaction();
  hold.header.action = TransactionAction::kHold;
  hold.terms =
      HoldTerms{.in_parts = true, .expires_at = Timestamp(1'000'000'005), .resolver = kBob.owner};
  return hold;
}

Delegation SomeDelegation() {
  Delegation delegation{.owner = kAlice.owner, .venue = OwnerId::FromNumber(0xb1)};
  EXPECT_TRUE(delegation.compartments.Add(kCash) && delegation.compartments.Add(Compartment(7)));
  EXPECT_TRUE(delegation.limits.Add({TokenId(1), Amount(1000)}));
  EXPECT_TRUE(delegation.limits.Add({ContractId(2), Amount(0)}));
  delegation.until = Timestamp(2'000'000'000);
  delegation.number = 9;
  return delegation;
}

LedgerState SomeState() {
  LedgerState state{
      .height = Height(54), .now = Timestamp(1'000'000'001), .next_index = LogIndex(53)};
  EXPECT_TRUE(state.accounts.Add({.key = kAlice,
                                  .balance = Amount(-5),
                                  .entries = 2,
                                  .flags = {AccountFlag::kDebitsFrozen, AccountFlag::kHistory},
                                  .has_limits = true,
                                  .limits = {Amount(-7), Amount(8)}}) &&
              state.accounts.Add({kBob, Amount(5), 1}));
  IdState applied{
      .header = ChosenHeader(), .index = LogIndex(52), .height = Height(54), .time = Timestamp(55)};
  EXPECT_TRUE(applied.legs.Add({0, Amount(-5)}) && applied.legs.Add({1, Amount(5)}));
  IdState refused{.header = {.id = TransactionId::FromNumber(0x54),
                             .transaction_class = TransactionClass::kPromised,
                             .valid_until = Timestamp(1'000'000'010)},
                  .refusal_module = 4,
                  .refusal_code = 23};
  IdState held = applied;
  held.header.id = TransactionId::FromNumber(0x55);
  held.header.action = TransactionAction::kHold;
  held.terms =
      HoldTerms{.kind = HoldKind::kSettlement, .settlement = SettlementId::FromNumber(0x63)};
  EXPECT_TRUE(state.ids.Add(applied) && state.ids.Add(held) && state.ids.Add(refused));
  HoldState hold{.id = held.header.id, .terms = *held.terms};
  EXPECT_TRUE(hold.legs.Add({0, Amount(-4)}) && hold.legs.Add({1, Amount(4)}));
  EXPECT_TRUE(state.holds.Add(hold));
  return state;
}

StateSteps SomeSteps() {
  StateSteps steps;
  EXPECT_TRUE(steps.Add({9, Digest::FromNumber(0x63)}) && steps.Add({2, Digest::FromNumber(0x64)}));
  return steps;
}

// A prefix of ten bits.
OtherBranch SomeBranch() {
  OtherBranch branch{
      .bit = 10, .left = Digest::FromNumber(0x65), .right = Digest::FromNumber(0x66)};
  branch.prefix.data()[1] = std::byte{0x40};
  return branch;
}

SumProof SomeSumProof() {
  SumProof proof{.index = LogIndex(70)};
  EXPECT_TRUE(proof.path.Add({Digest::FromNumber(0x71), Amount(72)}));
  return proof;
}

template <typename Proof>
std::vector<std::byte> ProofOf(std::initializer_list<std::uint8_t> numbers) {
  Proof proof;
  for (const std::uint8_t number : numbers) {
    EXPECT_TRUE(proof.path.Add(Digest::FromNumber(number)));
  }
  return Encode(proof);
}

// Trees, parts of them and their proofs.
void AddTrees(test::GoldenBytes& actual) {
  const std::array<Digest, 2> roots = {Digest::FromNumber(0x6a), Digest::FromNumber(0x6b)};
  const Result<CompactRange<>> range = CompactRange<>::From(5, roots);
  ASSERT_TRUE(range.ok());
  Result<Accumulator<>> tree = Accumulator<>::Thaw(*range);
  ASSERT_TRUE(tree.ok());
  EXPECT_TRUE(tree->AppendDigest(Digest::FromNumber(0x6e)).ok());
  EXPECT_TRUE(tree->AppendDigest(Digest::FromNumber(0x6f)).ok());
  // Leaf 3 alone, and a subtree of two.
  CompactSegment<> segment(LogIndex(3));
  segment.AppendDigest(Digest::FromNumber(0x6c));
  std::vector<std::byte> segment_bytes = Encode(segment);
  segment_bytes[8] = std::byte{6};
  segment_bytes[16] = std::byte{2};
  AppendEncoding(segment_bytes, Digest::FromNumber(0x6d));
  EXPECT_TRUE(DecodeInto(segment_bytes, segment).ok());
  const SubtreeHead head{.leaves = {.start = 4, .end = 7}, .root = Digest::FromNumber(0x63)};
  actual.merge(test::GoldenBytes{
      {"subtree head", Encode(head)},
      {"consistency proof", ProofOf<ConsistencyProof>({0x64, 0x65, 0x66})},
      {"leaf range", Encode(LeafRange{.first = LogIndex(67), .count = 68})},
      {"range proof", ProofOf<RangeProof>({0x67})},
      {"multi proof", ProofOf<MultiProof>({0x68, 0x69})},
      {"compact range", Encode(*range)},
      {"compact segment", Encode(segment)},
      {"pruned accumulator", Encode(*tree)},
  });
}

History SomeHistory() {
  LedgerChanges changes;
  AccountChange change{.entry_count = 1};
  change.account.key = kAlice;
  change.account.balance = Amount(9);
  change.account.flags = {AccountFlag::kHistory};
  changes.accounts.push_back(change);
  changes.entries.push_back({LogIndex(7), Amount(-8)});
  History history;
  EXPECT_TRUE(history.Append(changes, Height(5), Timestamp(6)).ok());
  return history;
}

TEST(LedgerGolden, BytesAreThoseOfTheTables) {
  const Transaction compulsory{.header = {.id = TransactionId::FromNumber(0x53),
                                          .transaction_class = TransactionClass::kCompulsory,
                                          .rule = CompulsoryRule::kWaterfall}};
  const Transaction post{.header = {.id = TransactionId::FromNumber(0x56),
                                    .transaction_class = TransactionClass::kPromised,
                                    .valid_until = Timestamp(1'000'000'008),
                                    .action = TransactionAction::kPost,
                                    .target = TransactionId::FromNumber(0x51)}};
  const Transaction chained{.header = {.id = TransactionId::FromNumber(0x58),
                                       .valid_until = Timestamp(std::uint64_t{9}),
                                       .chained = true}};
  InclusionProof proof;
  EXPECT_TRUE(proof.path.Add(Digest::FromNumber(0x61)) && proof.path.Add(Digest::FromNumber(0x62)));
  test::GoldenBytes actual = {
      {"limits", Encode(kUnlimited)},
      {"margin account", Encode(MarginAccountId{kAlice.owner, MarginGroup(6)})},
      {"transaction", EncodeRecord(ChosenTransaction())},
      {"compulsory transaction", EncodeRecord(compulsory)},
      {"chained transaction", EncodeRecord(chained)},
      {"hold", EncodeRecord(HoldTransaction())},
      {"post", EncodeRecord(post)},
      {"receipt", EncodeRecord(Receipt{.id = TransactionId::FromNumber(0x51),
                                       .content = Digest::FromNumber(0x52),
                                       .index = LogIndex(53),
                                       .height = Height(54),
                                       .time = Timestamp(55)})},
      {"account settings",
       EncodeRecord(AccountSettings{.account = kAlice,
                                    .flags = {AccountFlag::kClosed, AccountFlag::kCreditsFrozen},
                                    .limits = Limits{Amount(-7), Amount(8)}})},
      {"consent", Signed(Consent{.content = Digest::FromNumber(0x52),
                                 .owner = kAlice.owner,
                                 .valid_until = Timestamp(1'000'000'007)})},
      {"venue consent", Signed(VenueConsent{.venue = OwnerId::FromNumber(0xb1),
                                            .root = Digest::FromNumber(0x57),
                                            .count = 58,
                                            .valid_until = Timestamp(1'000'000'009)})},
      {"delegation", Signed(SomeDelegation())},
      {"ledger state", EncodeRecord(SomeState())},
      {"tree head", Encode(TreeHead{.size = 59, .root = Digest::FromNumber(0x60)})},
      {"inclusion proof", Encode(proof)},
      {"liability", Encode(Liability{.account = {kAlice.owner, MarginGroup(6)},
                                     .nonce = BlindingNonce::FromNumber(0x73),
                                     .claim = Amount(-74)})},
      {"sum head", Encode(SumHead{.asset = TokenId(1),
                                  .height = Height(54),
                                  .size = 75,
                                  .total = Amount(76),
                                  .root = Digest::FromNumber(0x77)})},
      {"sum proof", Encode(SomeSumProof())},
      {"state head",
       Encode(StateHead{.version = 67, .size = 68, .root = Digest::FromNumber(0x69)})},
      {"history", EncodeRecord(SomeHistory())},
      {"state commitment", EncodeRecord(StateCommitment{.accounts = {1, 2, Digest::FromNumber(3)},
                                                        .holds = {4, 5, Digest::FromNumber(6)},
                                                        .ids = {7, 8, Digest::FromNumber(9)},
                                                        .authority = Digest::FromNumber(10)})},
      {"presence proof", Encode(PresenceProof{SomeSteps()})},
      {"absence proof of the empty map", Encode(AbsenceProof{})},
      {"absence proof at a leaf",
       Encode(AbsenceProof{OtherLeaf{Digest::FromNumber(0x6a), Digest::FromNumber(0x6b)},
                           SomeSteps()})},
      {"absence proof at a branch", Encode(AbsenceProof{SomeBranch(), SomeSteps()})},
  };
  AddTrees(actual);
  EXPECT_EQ(test::GoldenDifferences("ledger", actual), "");
}

}  // namespace
}  // namespace settle
